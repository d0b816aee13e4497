//! A frozen matrix as it is held in memory, and the two products that the decoder takes with it.
//!
//! f32 matrices are held dense, in [`Panels`]. Half-precision and quantised ones stay as their file stores them and
//! are widened inside each product, forward and backward, a few rows at a time, so that no whole dense matrix ever
//! exists (QLoRA, Dettmers et al. 2023, arXiv 2305.14314, section 3: computation in a wider type than storage).
//! Activations are never quantised: a product is exactly that with the dequantised matrix.
//!
//! On a device, matrices are [`Weight::Rows`] (in the type of the activations) or [`Weight::Blocks`] (quantised).

use std::ops::Range;

use candle_core::{DType, Device, Tensor};

use super::device_blocks::DeviceBlocks;
use super::few_rows;
use super::linear::{add_product, matmul};
use super::packed::Packed;
use super::product::Panels;
use super::widened;
use crate::device::Place;
use crate::error::Result;
use crate::ops::with_values;
use crate::profile::{Work, timed};
use crate::simd::arch;

/// Rows of x up to which [`few_rows`] is faster than products with widened blocks.
const FEW_ROWS: usize = 64;

/// A frozen matrix of `out` rows and `in` columns.
#[derive(Debug, Clone)]
pub enum Weight {
    /// On the processor: f32, in the layout that products read.
    Dense(Panels),
    /// On the processor: half precision or blocks of quantised values, row after row.
    Packed(Packed),
    /// On a device: `[out, in]`, in the type that the device computes in.
    Rows(Tensor),
    /// On a device: blocks of quantised values.
    Blocks(DeviceBlocks),
}

impl Weight {
    /// From a matrix `[out, in]`; on the processor it becomes f32.
    pub fn dense(weight: &Tensor) -> Result<Self> {
        if !weight.device().is_cpu() {
            return Ok(Self::Rows(weight.contiguous()?));
        }
        let (rows, columns) = weight.dims2()?;
        with_values(&weight.to_dtype(DType::F32)?, |values| {
            let panels = Panels::from_rows(rows, columns, |row, to| {
                to.copy_from_slice(&values[row * columns..(row + 1) * columns]);
                Ok(())
            })?;
            Ok(Self::Dense(panels))
        })
    }

    /// The matrix on the device of `place`, in the form used there; a quantised one stays quantised.
    pub(crate) fn placed(&self, place: &Place) -> Result<Self> {
        if place.is_host() {
            return match self {
                Self::Rows(_) | Self::Blocks(_) => {
                    Self::dense(&self.to_dense()?.to_device(&Device::Cpu)?)
                }
                Self::Dense(_) | Self::Packed(_) => Ok(self.clone()),
            };
        }
        match self {
            Self::Packed(packed) if packed.dtype().block_size() > 1 => {
                Ok(Self::Blocks(DeviceBlocks::new(packed, &place.device)?))
            }
            Self::Blocks(_) => Ok(self.clone()),
            _ => Ok(Self::Rows(place.put(&self.to_dense()?)?)),
        }
    }

    /// Shape of the matrix, `(out, in)`, however it is held.
    pub fn shape(&self) -> Result<(usize, usize)> {
        match self {
            Self::Dense(panels) => Ok(panels.shape()),
            Self::Packed(packed) => Ok((packed.rows(), packed.columns())),
            Self::Rows(weight) => Ok(weight.dims2()?),
            Self::Blocks(blocks) => Ok((blocks.rows(), blocks.columns())),
        }
    }

    /// `x Wᵀ`: x `[N, in]` → `[N, out]`.
    pub(crate) fn project(&self, x: &Tensor) -> Result<Tensor> {
        let packed = match self {
            Self::Dense(panels) => return timed(Work::Gemm, || panels.project(x)),
            Self::Rows(weight) => return matmul(x, &weight.t()?),
            Self::Blocks(blocks) => return blocks.project(x),
            Self::Packed(packed) => packed,
        };
        timed(Work::Gemm, || {
            if x.dim(0)? <= FEW_ROWS {
                let values = with_values(x, |x| few_rows::project(arch(), x, packed))?;
                return Ok(Tensor::from_vec(
                    values,
                    (x.dim(0)?, packed.rows()),
                    x.device(),
                )?);
            }
            widened::project(x, packed)
        })
    }

    /// The gradient of [`Weight::project`]'s input, `dy W`, plus `sum` where given (which must be a result that nothing
    /// else refers to): dy `[N, out]` → `[N, in]`.
    pub(crate) fn project_backward(&self, dy: &Tensor, sum: Option<Tensor>) -> Result<Tensor> {
        let add = |sum: Option<Tensor>, dy: &Tensor, weight: &Tensor| match sum {
            Some(sum) => add_product(sum, dy, weight, 1.0),
            None => matmul(dy, weight),
        };
        let packed = match self {
            Self::Dense(panels) => {
                return timed(Work::Gemm, || panels.project_backward(dy, sum));
            }
            Self::Rows(weight) => return add(sum, dy, weight),
            Self::Blocks(blocks) => return blocks.project_backward(dy, sum),
            Self::Packed(packed) => packed,
        };
        timed(Work::Gemm, || widened::project_backward(dy, packed, sum))
    }

    /// Rows by number, as an embedding reads them: ids `[N]` u32 → `[N, in]` in the type of the activations, `dtype`.
    pub(crate) fn select(&self, ids: &Tensor, dtype: DType) -> Result<Tensor> {
        match self {
            Self::Dense(panels) => panels.select(&ids.to_vec1()?),
            Self::Packed(packed) => packed.select(&ids.to_vec1()?, ids.device()),
            Self::Rows(weight) => Ok(weight.index_select(ids, 0)?.to_dtype(dtype)?),
            Self::Blocks(blocks) => blocks.select(ids, dtype),
        }
    }

    /// Rows `[rows, in]` in f32, for export and tests.
    pub fn rows(&self, range: Range<usize>) -> Result<Tensor> {
        match self {
            Self::Dense(panels) => panels.rows(range),
            Self::Packed(packed) => packed.widen(range, &Device::Cpu),
            Self::Rows(weight) => Ok(weight
                .narrow(0, range.start, range.len())?
                .to_dtype(DType::F32)?),
            Self::Blocks(blocks) => blocks.widen(range),
        }
    }

    /// The whole matrix `[out, in]` in f32.
    pub fn to_dense(&self) -> Result<Tensor> {
        self.rows(0..self.shape()?.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use candle_core::quantized::GgmlDType;

    use super::*;
    use crate::model::packed::{Bytes, encode};

    fn random(shape: (usize, usize)) -> Tensor {
        Tensor::randn(0f32, 1.0, shape, &Device::Cpu).unwrap()
    }

    fn packed(weight: &Tensor, dtype: GgmlDType) -> Weight {
        let (rows, columns) = weight.dims2().unwrap();
        let bytes = encode(
            dtype,
            &weight.flatten_all().unwrap().to_vec1::<f32>().unwrap(),
        );
        Weight::Packed(Packed::new(Bytes::Owned(Arc::new(bytes)), dtype, rows, columns).unwrap())
    }

    fn assert_same(found: &Tensor, expected: &Tensor) {
        assert_eq!(found.dims(), expected.dims());
        let error = (found - expected)
            .unwrap()
            .abs()
            .unwrap()
            .max_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap();
        assert!(error < 2e-4, "{error}");
    }

    const SHAPE: (usize, usize) = (1200, 512);

    #[test]
    fn products_are_those_with_the_dequantised_matrix() {
        let source = random(SHAPE);
        let (x, dy) = (random((5, SHAPE.1)), random((5, SHAPE.0)));
        for dtype in [
            GgmlDType::BF16,
            GgmlDType::F16,
            GgmlDType::Q8_0,
            GgmlDType::Q4_0,
            GgmlDType::Q4_1,
            GgmlDType::Q5_0,
            GgmlDType::Q5_1,
            GgmlDType::Q4K,
            GgmlDType::Q6K,
        ] {
            let weight = packed(&source, dtype);
            assert_eq!(weight.shape().unwrap(), SHAPE);
            let dense = weight.to_dense().unwrap();
            assert_same(
                &weight.project(&x).unwrap(),
                &x.matmul(&dense.t().unwrap()).unwrap(),
            );
            let dx = dy.matmul(&dense).unwrap();
            assert_same(&weight.project_backward(&dy, None).unwrap(), &dx);
            let sum = random((5, SHAPE.1));
            let expected = (&sum + &dx).unwrap();
            assert_same(&weight.project_backward(&dy, Some(sum)).unwrap(), &expected);
            let ids = Tensor::new(&[1199u32, 0, 600], &Device::Cpu).unwrap();
            assert_same(
                &weight.select(&ids, DType::F32).unwrap(),
                &dense.index_select(&ids, 0).unwrap(),
            );
            assert_same(
                &Weight::dense(&dense)
                    .unwrap()
                    .select(&ids, DType::F32)
                    .unwrap(),
                &dense.index_select(&ids, 0).unwrap(),
            );
            assert!(
                weight
                    .select(&Tensor::new(&[1200u32], &Device::Cpu).unwrap(), DType::F32)
                    .is_err()
            );
        }
    }

    #[test]
    fn a_packed_matrix_takes_the_memory_of_its_type() {
        for (dtype, bits) in [
            (GgmlDType::BF16, 16.0),
            (GgmlDType::Q8_0, 8.5),
            (GgmlDType::Q4_1, 5.0),
            (GgmlDType::Q4K, 4.5),
        ] {
            let Weight::Packed(packed) = packed(&random(SHAPE), dtype) else {
                panic!("not packed")
            };
            assert_eq!(
                packed.size_bytes() as f64 * 8.0,
                bits * (SHAPE.0 * SHAPE.1) as f64
            );
        }
        let short = Bytes::Owned(Arc::new(vec![0; 17]));
        assert!(Packed::new(short, GgmlDType::Q8_0, 1, 32).is_err());
    }
}
