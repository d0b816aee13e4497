//! Products of tensors on the CPU, straight through the `gemm` crate; [`product`](super::product) has those with frozen
//! f32 matrices.
//!
//! Candle's own product asks the operating system for the number of cores each time (on Linux by reading
//! /proc/cpuinfo), which costs more than a small product does. All other products use candle's, after [`without_gaps`].

use candle_core::{CpuStorage, CustomOp2, InplaceOp3, Layout, Shape, Tensor};
use gemm::Parallelism;
use pulp::Arch;

use crate::error::Result;
use crate::ops::{contiguous_mut, fused};
use crate::profile::{Work, timed};
use crate::simd::arch;

/// `a b` for `[M, K] x [K, N]`, or a batch `[B, M, K] x [B, K, N]`; operands may be transposed views.
pub fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    if !fused(a) || !fused(b) {
        return Ok(without_gaps(a)?.matmul(&without_gaps(b)?)?);
    }
    timed(Work::Gemm, || Ok(a.apply_op2_no_bwd(b, &Product)?))
}

/// `fresh + scale * (a b)` for matrices, in place in `fresh` on the CPU: it must be a result that nothing else refers
/// to. Saves writing and reading the product.
pub(crate) fn add_product(fresh: Tensor, a: &Tensor, b: &Tensor, scale: f64) -> Result<Tensor> {
    if !fresh.is_contiguous() || [&fresh, a, b].iter().any(|t| !fused(t)) {
        let product = matmul(a, b)?;
        return Ok(if scale == 1.0 {
            fresh + product
        } else {
            fresh + (product * scale)?
        }?);
    }
    timed(Work::Gemm, || {
        fresh.inplace_op3(
            a,
            b,
            &AddProduct {
                scale: scale as f32,
            },
        )
    })?;
    Ok(fresh)
}

/// An operand as candle's product on CUDA takes it, with its rows or its columns contiguous; copied if they are not.
fn without_gaps(t: &Tensor) -> Result<Tensor> {
    let ([.., rows, columns], [.., down, across]) = (t.dims(), t.stride()) else {
        return Ok(t.clone());
    };
    let in_rows = (*across == 1 || *columns == 1) && (down == columns || *rows == 1);
    let in_columns = (across == rows || *columns == 1) && (*down == 1 || *rows == 1);
    Ok(if in_rows || in_columns {
        t.clone()
    } else {
        t.contiguous()?
    })
}

struct Product;

struct AddProduct {
    scale: f32,
}

impl InplaceOp3 for AddProduct {
    fn name(&self) -> &'static str {
        "add-product"
    }

    fn cpu_fwd(
        &self,
        sum: &mut CpuStorage,
        sum_layout: &Layout,
        a_storage: &CpuStorage,
        a_layout: &Layout,
        b_storage: &CpuStorage,
        b_layout: &Layout,
    ) -> candle_core::Result<()> {
        let (a, b) = (Operand::new(a_layout)?, Operand::new(b_layout)?);
        if a.columns != b.rows
            || a.batches != 1
            || b.batches != 1
            || sum_layout.dims() != [a.rows, b.columns]
        {
            candle_core::bail!(
                "shapes {:?} and {:?} cannot be multiplied",
                a_layout.dims(),
                b_layout.dims()
            );
        }
        let (a_values, b_values) = (
            a.values(a_storage, a_layout)?,
            b.values(b_storage, b_layout)?,
        );
        let sum = contiguous_mut(sum, sum_layout)?;
        if !sum.is_empty() && a.columns > 0 {
            #[expect(unsafe_code, reason = "gemm writes through a pointer")]
            // SAFETY: sum is a slice of a.rows x b.columns values.
            unsafe {
                multiply(
                    (&a, a_values),
                    (&b, b_values),
                    (sum.as_mut_ptr(), b.columns),
                    Some(self.scale),
                );
            }
        }
        Ok(())
    }
}

/// Offsets and strides of one operand: elements, batch, rows, columns.
pub(super) struct Operand {
    batches: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    batch_stride: usize,
    row_stride: usize,
    pub(super) column_stride: usize,
}

impl Operand {
    /// The operand of a matrix stored row by row.
    pub(super) fn row_major(rows: usize, columns: usize) -> Self {
        Self {
            batches: 1,
            rows,
            columns,
            batch_stride: 0,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// The same values with rows as columns.
    pub(super) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Its first columns.
    pub(super) fn first_columns(&self, columns: usize) -> Self {
        Self { columns, ..*self }
    }

    pub(super) fn new(layout: &Layout) -> candle_core::Result<Self> {
        let strides = layout.stride();
        match *layout.dims() {
            [rows, columns] => Ok(Self {
                batches: 1,
                rows,
                columns,
                batch_stride: 0,
                row_stride: strides[0],
                column_stride: strides[1],
            }),
            [batches, rows, columns] => Ok(Self {
                batches,
                rows,
                columns,
                batch_stride: strides[0],
                row_stride: strides[1],
                column_stride: strides[2],
            }),
            ref dims => {
                candle_core::bail!("a product takes matrices or batches of them, not {dims:?}")
            }
        }
    }

    /// The values from the first element on, checked to reach the last one.
    pub(super) fn values<'a>(
        &self,
        storage: &'a CpuStorage,
        layout: &Layout,
    ) -> candle_core::Result<&'a [f32]> {
        let values = &storage.as_slice::<f32>()?[layout.start_offset()..];
        let last = |count: usize, stride: usize| count.saturating_sub(1) * stride;
        let end = last(self.batches, self.batch_stride)
            + last(self.rows, self.row_stride)
            + last(self.columns, self.column_stride);
        if self.batches * self.rows * self.columns > 0 && end >= values.len() {
            candle_core::bail!("a tensor reaches beyond its storage");
        }
        Ok(values)
    }
}

impl CustomOp2 for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn cpu_fwd(
        &self,
        a_storage: &CpuStorage,
        a_layout: &Layout,
        b_storage: &CpuStorage,
        b_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (a, b) = (Operand::new(a_layout)?, Operand::new(b_layout)?);
        if a.columns != b.rows || a.batches != b.batches {
            candle_core::bail!(
                "shapes {:?} and {:?} cannot be multiplied",
                a_layout.dims(),
                b_layout.dims()
            );
        }
        let (a_values, b_values) = (
            a.values(a_storage, a_layout)?,
            b.values(b_storage, b_layout)?,
        );
        let out = product(&a, a_values, &b, b_values);
        let shape = match a_layout.dims().len() {
            2 => Shape::from((a.rows, b.columns)),
            _ => Shape::from((a.batches, a.rows, b.columns)),
        };
        Ok((CpuStorage::F32(out), shape))
    }
}

/// `a b` for each batch, row by row.
fn product(a: &Operand, a_values: &[f32], b: &Operand, b_values: &[f32]) -> Vec<f32> {
    let size = a.rows * b.columns;
    let count = a.batches * size;
    if count == 0 || a.columns == 0 {
        return vec![0f32; count];
    }
    let mut out: Vec<f32> = Vec::with_capacity(count);
    let room = out.spare_capacity_mut()[..count].chunks_exact_mut(size);
    for (batch, room) in room.enumerate() {
        let a_values = &a_values[batch * a.batch_stride..];
        let b_values = &b_values[batch * b.batch_stride..];
        #[expect(
            unsafe_code,
            reason = "memory is not set to zero first, which took 3 % of a training step"
        )]
        // SAFETY: room is a slice of a.rows x b.columns values, which are written and not read.
        unsafe {
            multiply(
                (a, a_values),
                (b, b_values),
                (room.as_mut_ptr().cast(), b.columns),
                None,
            );
        }
    }
    #[expect(unsafe_code, reason = "all of it is written above")]
    // SAFETY: the slices cover the first `count` values, and `multiply` wrote each of theirs.
    unsafe {
        out.set_len(count);
    }
    out
}

/// `out = a b`, or `out += scale * a b` with a scale; writes every value of `out`, a.rows rows of b.columns values,
/// each of which begins `out_stride` values after the one before.
///
/// # Safety
/// The last element of either operand is inside its slice. The values of `out` are allocated, and nothing else uses
/// them meanwhile; with `add` they are initialised.
#[expect(
    unsafe_code,
    reason = "gemm takes pointers; `Operand::values` checks that strides stay inside"
)]
pub(super) unsafe fn multiply(
    (a, a_values): (&Operand, &[f32]),
    (b, b_values): (&Operand, &[f32]),
    (out, out_stride): (*mut f32, usize),
    add: Option<f32>,
) {
    #[cfg(target_arch = "x86_64")]
    if matches!(arch(), Arch::V3(_)) {
        // SAFETY: all of it is the caller's promise.
        return unsafe { multiply_avx2((a, a_values), (b, b_values), (out, out_stride), add) };
    }
    // SAFETY: all of it is the caller's promise.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out,
            1,
            out_stride as isize,
            add.is_some(),
            a_values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b_values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            // The factor on the existing values, then the one on the product.
            1.0,
            add.unwrap_or(1.0),
            false,
            false,
            false,
            // 0 means as many threads as rayon has.
            Parallelism::Rayon(0),
        );
    }
}

/// [`multiply`] with `gemm`'s kernel for AVX2, whatever else the processor has; left to itself, `gemm` takes the widest
/// instructions.
///
/// # Safety
/// As for [`multiply`].
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "gemm takes pointers")]
unsafe fn multiply_avx2(
    (a, a_values): (&Operand, &[f32]),
    (b, b_values): (&Operand, &[f32]),
    (out, out_stride): (*mut f32, usize),
    add: Option<f32>,
) {
    use gemm_common::simd::{MixedSimd, V3};
    use gemm_f32::microkernel::fma::f32::{H_M, H_N, H_UKR, MR_DIV_N, NR, UKR};
    const LANES: usize = 8;
    let Some(v3) = <V3 as MixedSimd<f32, f32, f32, f32>>::try_new() else {
        return;
    };
    // SAFETY: all of it is the caller's promise. Rows and columns change places, because the kernel writes columns.
    unsafe {
        gemm_common::gemm::gemm_basic_generic::<
            _,
            f32,
            LANES,
            { MR_DIV_N * LANES },
            NR,
            MR_DIV_N,
            H_M,
            H_N,
        >(
            v3,
            b.columns,
            a.rows,
            a.columns,
            out,
            out_stride as isize,
            1,
            add.is_some(),
            b_values.as_ptr(),
            b.row_stride as isize,
            b.column_stride as isize,
            a_values.as_ptr(),
            a.row_stride as isize,
            a.column_stride as isize,
            1.0,
            add.unwrap_or(1.0),
            false,
            false,
            false,
            |a, b, c| a * b + c,
            &UKR,
            &H_UKR,
            false,
            Parallelism::Rayon(0),
        );
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn products_of_views_equal_candle_s() {
        let random = |shape: &[usize]| Tensor::randn(0f32, 1.0, shape, &Device::Cpu).unwrap();
        let a = random(&[3, 7, 9]);
        let cases = [
            (random(&[7, 9]), random(&[9, 5])),
            (random(&[9, 7]).t().unwrap(), random(&[5, 9]).t().unwrap()),
            (
                random(&[20, 9]).narrow(0, 4, 7).unwrap(),
                random(&[9, 20]).narrow(1, 3, 5).unwrap(),
            ),
            (
                a.clone(),
                random(&[3, 12, 9]).narrow(1, 2, 6).unwrap().t().unwrap(),
            ),
            (
                a.narrow(0, 1, 2).unwrap(),
                random(&[9, 2, 4]).transpose(0, 1).unwrap(),
            ),
        ];
        for (a, b) in cases {
            let found = matmul(&a, &b).unwrap();
            let expected = a
                .contiguous()
                .unwrap()
                .matmul(&b.contiguous().unwrap())
                .unwrap();
            assert_eq!(found.dims(), expected.dims());
            let error = (found - expected)
                .unwrap()
                .abs()
                .unwrap()
                .max_all()
                .unwrap()
                .to_scalar::<f32>()
                .unwrap();
            assert!(error < 1e-5, "{error}");
        }
        let (sum, a, b) = (
            random(&[7, 5]),
            random(&[7, 9]),
            random(&[5, 9]).t().unwrap(),
        );
        let expected = (&sum + (a.matmul(&b).unwrap() * 0.5).unwrap()).unwrap();
        let found = add_product(sum, &a, &b, 0.5).unwrap();
        let error = (found - expected)
            .unwrap()
            .abs()
            .unwrap()
            .max_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap();
        assert!(error < 1e-5, "{error}");
        for t in [
            a.clone(),
            a.t().unwrap(),
            b.clone(),
            random(&[9, 5]).narrow(0, 2, 3).unwrap(),
        ] {
            assert_eq!(
                without_gaps(&t).unwrap().stride(),
                t.stride(),
                "nothing is copied that need not be"
            );
        }
        let gaps = random(&[7, 9]).narrow(1, 2, 5).unwrap();
        assert_eq!(without_gaps(&gaps).unwrap().stride(), [5, 1]);
        assert_eq!(without_gaps(&gaps.t().unwrap()).unwrap().stride(), [7, 1]);
        assert!(matmul(&random(&[2, 3]), &random(&[4, 2])).is_err());
        assert_eq!(
            matmul(&random(&[0, 3]), &random(&[3, 2])).unwrap().dims(),
            [0, 2]
        );
    }
}
