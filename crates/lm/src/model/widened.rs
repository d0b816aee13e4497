//! Products of many rows and a packed matrix, as training needs them, forward and backward: a few rows of the matrix at
//! a time are widened into a buffer and multiplied from there straight into the result. For few rows, [`few_rows`]
//! reads the matrix only once and is faster.
//!
//! [`few_rows`]: super::few_rows

use std::ops::Range;

use candle_core::{CpuStorage, InplaceOp2, Layout, Tensor};

use super::linear::{Operand, multiply};
use super::packed::Packed;
use crate::error::Result;
use crate::ops::{contiguous_mut, with_values};

/// The most values that are widened at once (1 MiB of f32, about a core's level-2 cache). With fewer, gemm packs x or
/// dy more often and adds to the result more often.
const PART_VALUES: usize = 1 << 18;

/// Rows of a part are a multiple of this, the height of gemm's tiles, so that only the last part has an incomplete one.
const TILE_ROWS: usize = 48;

/// Values of a row that gemm multiplies before it adds to the result. It packs that many values of each row of x at a
/// time, so nothing is lost if a part has no more than these, and a part can then have more rows.
const DEPTH: usize = 512;

/// `x Wᵀ`: x `[N, in]` → `[N, out]`.
pub(super) fn project(x: &Tensor, packed: &Packed) -> Result<Tensor> {
    let (count, columns) = x.dims2()?;
    check(columns, packed.columns())?;
    let rows = packed.rows();
    if count == 0 || columns == 0 {
        return Ok(Tensor::zeros((count, rows), x.dtype(), x.device())?);
    }
    let values = with_values(x, |x| {
        let mut out: Vec<f32> = Vec::with_capacity(count * rows);
        let room = &mut out.spare_capacity_mut()[..count * rows];
        in_parts(packed, depth(packed), |part, values| {
            let a = Operand::row_major(count, columns).first_columns(part.columns.len());
            let b = Operand::row_major(part.rows.len(), part.columns.len()).transposed();
            let x = &x[part.columns.start..];
            let out = room[part.rows.start..].as_mut_ptr().cast();
            let add = (part.columns.start > 0).then_some(1.0);
            #[expect(unsafe_code, reason = "parts of rows lie apart in the result")]
            // SAFETY: x has `count` rows of `columns` values, of which those of the part are multiplied, and `values`
            // are those of the part. The result has `count` rows of `rows` values, of which this writes those of the
            // part; the part with the first columns comes first and reads none of them.
            unsafe {
                multiply((&a, x), (&b, values), (out, rows), add);
            }
        })?;
        #[expect(unsafe_code, reason = "setting memory to zero first takes time")]
        // SAFETY: the parts cover the rows of the matrix, so every value of every row is written above.
        unsafe {
            out.set_len(count * rows);
        }
        Ok(out)
    })?;
    Ok(Tensor::from_vec(values, (count, rows), x.device())?)
}

/// `dy W`, plus `sum` where given (which must be a result that nothing else refers to): dy `[N, out]` → `[N, in]`.
pub(super) fn project_backward(
    dy: &Tensor,
    packed: &Packed,
    sum: Option<Tensor>,
) -> Result<Tensor> {
    let (count, rows) = dy.dims2()?;
    check(rows, packed.rows())?;
    let columns = packed.columns();
    if let Some(sum) = sum {
        let sum = sum.contiguous()?;
        sum.inplace_op2(dy, &AddBackward { packed })?;
        return Ok(sum);
    }
    if rows == 0 || count == 0 || columns == 0 {
        return Ok(Tensor::zeros((count, columns), dy.dtype(), dy.device())?);
    }
    let values = with_values(dy, |dy| {
        let mut out: Vec<f32> = Vec::with_capacity(count * columns);
        let room = &mut out.spare_capacity_mut()[..count * columns];
        let dy = (Operand::row_major(count, rows), dy);
        #[expect(unsafe_code, reason = "setting memory to zero first takes time")]
        // SAFETY: `room` has `count` rows of `columns` values, and the matrix has at least one row, so all are written.
        unsafe {
            backward(dy, packed, room.as_mut_ptr().cast(), true)?;
            out.set_len(count * columns);
        }
        Ok(out)
    })?;
    Ok(Tensor::from_vec(values, (count, columns), dy.device())?)
}

/// `out = dy W`, or `out += dy W` if `out` is not `fresh`; dy has a column for each row of the matrix.
///
/// # Safety
/// `out` points to as many rows of values as dy has, each as long as a row of the matrix, and nothing else uses them
/// meanwhile. If it is not `fresh`, they are initialised. All of dy is inside its slice.
#[expect(
    unsafe_code,
    reason = "the first part writes to memory that was not set"
)]
unsafe fn backward(
    (dy, values): (Operand, &[f32]),
    packed: &Packed,
    out: *mut f32,
    fresh: bool,
) -> Result<()> {
    let columns = packed.columns();
    in_parts(packed, columns, |part, w| {
        let first = part.rows.start * dy.column_stride;
        let add = (!fresh || part.rows.start > 0).then_some(1.0);
        let a = dy.first_columns(part.rows.len());
        let b = Operand::row_major(part.rows.len(), columns);
        // SAFETY: those columns of dy are inside its slice, `w` are the values of the part, which has all columns, and the
        // first part writes `out` unless it is initialised.
        unsafe { multiply((&a, &values[first..]), (&b, w), (out, columns), add) };
    })
}

/// Adds the gradient of the input to a sum, `sum += dy W`.
struct AddBackward<'a> {
    packed: &'a Packed,
}

impl InplaceOp2 for AddBackward<'_> {
    fn name(&self) -> &'static str {
        "add-packed-backward"
    }

    fn cpu_fwd(
        &self,
        sum: &mut CpuStorage,
        sum_layout: &Layout,
        dy_storage: &CpuStorage,
        dy_layout: &Layout,
    ) -> candle_core::Result<()> {
        let dy = Operand::new(dy_layout)?;
        let values = dy.values(dy_storage, dy_layout)?;
        if dy_layout.dims().len() != 2 || sum_layout.dims() != [dy.rows, self.packed.columns()] {
            candle_core::bail!(
                "{:?} has not the shape of what is added to it",
                sum_layout.dims()
            );
        }
        check(dy.columns, self.packed.rows())?;
        let sum = contiguous_mut(sum, sum_layout)?;
        if sum.is_empty() {
            return Ok(());
        }
        #[expect(unsafe_code, reason = "gemm writes through a pointer")]
        // SAFETY: `sum` is a slice of as many values as its shape has, which is checked above.
        let added = unsafe { backward((dy, values), self.packed, sum.as_mut_ptr(), false) };
        added.map_err(candle_core::Error::wrap)
    }
}

/// Checks that both sides of a product have the same number of values.
fn check(found: usize, expected: usize) -> candle_core::Result<()> {
    if found != expected {
        candle_core::bail!("{found} values a row do not fit a matrix of {expected}");
    }
    Ok(())
}

/// What is widened at once: some columns of some rows.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// Columns of the parts of a product with x: complete blocks, about [`DEPTH`] columns.
fn depth(packed: &Packed) -> usize {
    let columns = packed.columns();
    let even = columns.div_ceil(columns.div_ceil(DEPTH).max(1));
    even.next_multiple_of(packed.dtype().block_size())
}

/// Widens the parts one after another, each up to `width` columns wide, and passes each to `each` with its values, row
/// after row.
fn in_parts(packed: &Packed, width: usize, mut each: impl FnMut(Part, &[f32])) -> Result<()> {
    let mut buffer = Vec::new();
    for part in parts(packed.rows(), packed.columns(), width) {
        let length = part.rows.len() * part.columns.len();
        // The first part is the largest.
        if buffer.is_empty() {
            buffer.resize(length, 0f32);
        }
        let values = &mut buffer[..length];
        packed.widen_into(part.rows.start, part.columns.clone(), values)?;
        each(part, values);
    }
    Ok(())
}

/// The parts of a matrix, none with more columns than `width`. Parts with the same rows are adjacent.
fn parts(rows: usize, columns: usize, width: usize) -> impl Iterator<Item = Part> {
    let width = width.max(1);
    let most = (PART_VALUES / width / TILE_ROWS).max(1) * TILE_ROWS;
    let even = rows.div_ceil(rows.div_ceil(most).max(1)).max(1);
    let step = even.next_multiple_of(TILE_ROWS);
    (0..rows).step_by(step).flat_map(move |row| {
        (0..columns).step_by(width).map(move |column| Part {
            rows: row..(row + step).min(rows),
            columns: column..(column + width).min(columns),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use candle_core::Device;

    use super::*;
    use crate::model::packed::{Bytes, GgmlDType, encode};

    fn random(rows: usize, columns: usize) -> Tensor {
        Tensor::randn(0f32, 1.0, (rows, columns), &Device::Cpu).unwrap()
    }

    fn packed(rows: usize, columns: usize, dtype: GgmlDType) -> Packed {
        let values = random(rows, columns).flatten_all().unwrap();
        let bytes = encode(dtype, &values.to_vec1::<f32>().unwrap());
        Packed::new(Bytes::Owned(Arc::new(bytes)), dtype, rows, columns).unwrap()
    }

    fn assert_same(found: &Tensor, expected: &Tensor) {
        assert_eq!(found.dims(), expected.dims());
        let off = (found - expected).unwrap().abs().unwrap();
        let off = off.max_all().unwrap().to_scalar::<f32>().unwrap();
        assert!(off < 1e-3, "{off}");
    }

    #[test]
    fn products_over_parts_are_those_with_the_whole_matrix() {
        // Several parts of which the last is smaller; one part made of complete tiles; one smaller than a tile.
        for (rows, columns, dtype, expected_parts) in [
            (1600, 1056, GgmlDType::Q4_1, (9, 7)),
            (100, 768, GgmlDType::Q4K, (2, 1)),
            (96, 64, GgmlDType::Q5_0, (1, 1)),
            (7, 32, GgmlDType::Q8_0, (1, 1)),
            (5, 3, GgmlDType::BF16, (1, 1)),
        ] {
            let matrix = packed(rows, columns, dtype);
            let dense = matrix.widen(0..rows, &Device::Cpu).unwrap();
            let count = |width| parts(rows, columns, width).count();
            assert_eq!((count(depth(&matrix)), count(columns)), expected_parts);
            let (x, dy) = (random(9, columns), random(9, rows));
            let y = x.matmul(&dense.t().unwrap()).unwrap();
            assert_same(&project(&x, &matrix).unwrap(), &y);
            let dx = dy.matmul(&dense).unwrap();
            assert_same(&project_backward(&dy, &matrix, None).unwrap(), &dx);
            let sum = random(9, columns);
            let expected = (&sum + &dx).unwrap();
            let found = project_backward(&dy, &matrix, Some(sum)).unwrap();
            assert_same(&found, &expected);
            // Views with gaps: some rows' columns of a wider matrix.
            let wide = random(9, rows + 4);
            let view = wide.narrow(1, 3, rows).unwrap();
            let expected = view.contiguous().unwrap().matmul(&dense).unwrap();
            assert_same(&project_backward(&view, &matrix, None).unwrap(), &expected);
            let sum = Tensor::zeros((9, columns), x.dtype(), &Device::Cpu).unwrap();
            let found = project_backward(&view, &matrix, Some(sum)).unwrap();
            assert_same(&found, &expected);
        }
    }

    #[test]
    fn nothing_gives_nothing_and_other_sizes_are_refused() {
        let matrix = packed(5, 32, GgmlDType::Q8_0);
        let none = random(0, 32);
        assert_eq!(project(&none, &matrix).unwrap().dims(), [0, 5]);
        let none = random(0, 5);
        let dims = |sum| {
            project_backward(&none, &matrix, sum)
                .unwrap()
                .dims()
                .to_vec()
        };
        assert_eq!(
            (dims(None), dims(Some(random(0, 32)))),
            (vec![0, 32], vec![0, 32])
        );
        let (wrong, dy) = (random(2, 31), random(2, 5));
        assert!(project(&wrong, &matrix).is_err());
        assert!(project_backward(&wrong, &matrix, None).is_err());
        assert!(project_backward(&dy, &matrix, Some(wrong)).is_err());
        assert!(project_backward(&random(2, 4), &matrix, Some(random(2, 32))).is_err());
    }

    #[test]
    fn parts_cover_the_matrix_in_whole_tiles() {
        for (rows, columns, width) in [
            (0, 8, 8),
            (3, 0, 0),
            (1, 1, 1),
            (47, 8, 8),
            (1536, 576, 288),
            (49_152, 576, 576),
            (100, 1 << 21, 512),
            (100, 1 << 21, 1 << 21),
        ] {
            let parts: Vec<_> = parts(rows, columns, width).collect();
            let mut next = (0, 0);
            for Part {
                rows: r,
                columns: c,
            } in &parts
            {
                assert_eq!((r.start, c.start), next);
                assert_eq!(r.start % TILE_ROWS, 0);
                assert!(r.len() <= TILE_ROWS || r.len() * c.len() <= PART_VALUES);
                assert!(r.len() * c.len() <= parts[0].rows.len() * parts[0].columns.len());
                next = if c.end < columns {
                    (r.start, c.end)
                } else {
                    (r.end, 0)
                };
            }
            assert_eq!(next.0 * columns, rows * columns);
        }
    }
}
