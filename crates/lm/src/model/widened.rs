//! The products of many rows with a packed matrix, as training takes them, forward and backward: some rows of the matrix
//! at a time are widened into a buffer and multiplied from there straight into the result. For few rows, [`few_rows`]
//! reads the matrix only once and is faster.
//!
//! [`few_rows`]: super::few_rows

use std::ops::Range;

use candle_core::{CpuStorage, InplaceOp2, Layout, Tensor};

use super::linear::{Operand, multiply};
use super::packed::Packed;
use crate::error::Result;
use crate::ops::{contiguous_mut, with_values};

/// Values that are widened at once at most (4 MiB of f32). Each part of the matrix has gemm lay x out anew, so larger
/// parts cost less; beyond this it can no longer be measured.
const PART_VALUES: usize = 1 << 20;

/// Rows of a part are a multiple of this, the height of gemm's tiles, so that only the last part has an incomplete one.
const TILE_ROWS: usize = 48;

/// `x Wᵀ`: x `[N, in]` → `[N, out]`.
pub(super) fn project(x: &Tensor, packed: &Packed) -> Result<Tensor> {
    let (count, columns) = x.dims2()?;
    check(columns, packed.columns())?;
    let rows = packed.rows();
    if count == 0 || columns == 0 {
        return Ok(Tensor::zeros((count, rows), x.dtype(), x.device())?);
    }
    let values = with_values(x, |x| {
        let a = Operand::row_major(count, columns);
        let mut out: Vec<f32> = Vec::with_capacity(count * rows);
        let room = &mut out.spare_capacity_mut()[..count * rows];
        in_parts(packed, |range, part| {
            let b = Operand::row_major(range.len(), columns).transposed();
            let out = room[range.start..].as_mut_ptr().cast();
            #[expect(unsafe_code, reason = "parts of rows lie apart in the result")]
            // SAFETY: x has `count` rows of `columns` values and `part` as many rows as the range. The result has `count`
            // rows of `rows` values, of which this writes those of the range; none of them is read.
            unsafe {
                multiply((&a, x), (&b, part), (out, rows), None);
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

/// `out = dy W`, or `out += dy W` if it is not `fresh`; dy has a column for each row of the matrix.
///
/// # Safety
/// `out` points to as many rows of values as dy has, each as long as the matrix's, which nothing else uses meanwhile.
/// If it is not `fresh`, they are initialised. All of dy is inside its slice.
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
    in_parts(packed, |range, part| {
        let first = range.start * dy.column_stride;
        let add = (!fresh || range.start > 0).then_some(1.0);
        let a = dy.first_columns(range.len());
        let b = Operand::row_major(range.len(), columns);
        // SAFETY: those columns of dy are inside its slice, `part` has as many rows as the range, and the first part
        // writes `out` unless it is initialised.
        unsafe { multiply((&a, &values[first..]), (&b, part), (out, columns), add) };
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

/// A product needs as many values on one side as on the other.
fn check(found: usize, expected: usize) -> candle_core::Result<()> {
    if found != expected {
        candle_core::bail!("{found} values a row do not fit a matrix of {expected}");
    }
    Ok(())
}

/// Widens some rows at a time and hands them on, with their place in the matrix, until there are no more.
fn in_parts(packed: &Packed, mut each: impl FnMut(Range<usize>, &[f32])) -> Result<()> {
    let columns = packed.columns();
    let mut buffer = Vec::new();
    for range in parts(packed.rows(), columns) {
        // The first part is the largest.
        if buffer.is_empty() {
            buffer.resize(range.len() * columns, 0f32);
        }
        let part = &mut buffer[..range.len() * columns];
        packed.widen_into(range.clone(), part)?;
        each(range, part);
    }
    Ok(())
}

/// Ranges of rows that are widened at once, of about the same length.
fn parts(rows: usize, columns: usize) -> impl Iterator<Item = Range<usize>> {
    let most = (PART_VALUES / columns.max(1) / TILE_ROWS).max(1) * TILE_ROWS;
    let even = rows.div_ceil(rows.div_ceil(most).max(1)).max(1);
    let step = even.next_multiple_of(TILE_ROWS);
    (0..rows)
        .step_by(step)
        .map(move |start| start..(start + step).min(rows))
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
        // Several parts of which the last is smaller, one part of whole tiles, one of less than a tile.
        for (rows, columns, dtype, expected_parts) in [
            (250, 8192, GgmlDType::Q4_1, 3),
            (96, 64, GgmlDType::Q5_0, 1),
            (7, 32, GgmlDType::Q8_0, 1),
            (5, 3, GgmlDType::BF16, 1),
        ] {
            let matrix = packed(rows, columns, dtype);
            let dense = matrix.widen(0..rows, &Device::Cpu).unwrap();
            assert_eq!(parts(rows, columns).count(), expected_parts);
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
    fn parts_cover_all_rows_in_whole_tiles() {
        for (rows, columns) in [
            (0, 8),
            (1, 1),
            (47, 8),
            (1536, 576),
            (49_152, 576),
            (100, 1 << 21),
        ] {
            let ranges: Vec<_> = parts(rows, columns).collect();
            let mut next = 0;
            for range in &ranges {
                assert_eq!(range.start, next);
                assert_eq!(range.start % TILE_ROWS, 0);
                assert!(range.len() <= TILE_ROWS || range.len() * columns <= PART_VALUES);
                assert!(range.len() <= ranges[0].len());
                next = range.end;
            }
            assert_eq!(next, rows);
        }
    }
}
