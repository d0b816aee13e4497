//! A quantised matrix on a device: its blocks are stored there as in their file and are dequantised inside each product
//! (QLoRA, Dettmers et al. 2023, arXiv 2305.14314).
//!
//! candle's own dequantising kernels and its look-up of quantised rows do the work, for every block type that occurs in
//! files; candle's quantised products are not used. The values are those of the processor's form, rounded once to the
//! number type that the device computes in. Nothing is dequantised on the host and nothing is read back.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{DType, Device, Tensor};

use super::linear::{add_product, matmul};
use super::packed::Packed;
use crate::error::{Error, Result};

/// Values of one band, 256 MiB as f32: most matrices are one band, the heads of large models several.
pub(crate) const BAND_VALUES: usize = 1 << 26;

/// A matrix of quantised blocks on a device, in bands of rows.
#[derive(Clone)]
pub struct DeviceBlocks {
    bands: Vec<Band>,
    rows: usize,
    columns: usize,
}

#[derive(Clone)]
struct Band {
    rows: Range<usize>,
    blocks: Arc<QTensor>,
}

impl std::fmt::Debug for DeviceBlocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceBlocks([{}, {}])", self.rows, self.columns)
    }
}

impl DeviceBlocks {
    /// Copies the blocks of a matrix to a device, band by band; no other copy of them is made.
    ///
    /// # Errors
    /// [`Error::Setting`] for types that candle has no kernels for.
    pub(crate) fn new(packed: &Packed, device: &Device) -> Result<Self> {
        Self::in_bands(packed, device, BAND_VALUES)
    }

    fn in_bands(packed: &Packed, device: &Device, band_values: usize) -> Result<Self> {
        let (rows, columns, dtype) = (packed.rows(), packed.columns(), packed.dtype());
        if matches!(dtype, GgmlDType::Q8_1 | GgmlDType::Q8K) {
            let reason = format!(
                "of {dtype:?} blocks cannot be used on a device; files do not hold it usually"
            );
            return Err(Error::Setting {
                name: "packed matrix",
                reason,
            });
        }
        let step = (band_values / columns.max(1)).max(1);
        let band = |start: usize| -> Result<Band> {
            let rows = start..(start + step).min(rows);
            let storage = QStorage::from_data(
                Cow::Borrowed(packed.rows_bytes(rows.clone())),
                device,
                dtype,
            )?;
            let blocks = Arc::new(QTensor::new(storage, (rows.len(), columns))?);
            Ok(Band { rows, blocks })
        };
        let bands = (0..rows).step_by(step).map(band).collect::<Result<_>>()?;
        Ok(Self {
            bands,
            rows,
            columns,
        })
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Values of a row.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// `x Wᵀ`: x `[N, in]` → `[N, out]`.
    pub(crate) fn project(&self, x: &Tensor) -> Result<Tensor> {
        let mut parts = Vec::with_capacity(self.bands.len());
        for band in &self.bands {
            parts.push(matmul(x, &band.dequantised(x.dtype())?.t()?)?);
        }
        match parts.len() {
            1 => Ok(parts.remove(0)),
            _ => Ok(Tensor::cat(&parts, 1)?),
        }
    }

    /// `dy W`, plus `sum` where given: dy `[N, out]` → `[N, in]`.
    pub(crate) fn project_backward(&self, dy: &Tensor, sum: Option<Tensor>) -> Result<Tensor> {
        let mut dx = sum;
        for band in &self.bands {
            let weight = band.dequantised(dy.dtype())?;
            let dy = dy.narrow(1, band.rows.start, band.rows.len())?;
            dx = Some(match dx {
                Some(dx) => add_product(dx, &dy, &weight, 1.0)?,
                None => matmul(&dy, &weight)?,
            });
        }
        match dx {
            Some(dx) => Ok(dx),
            None => Ok(Tensor::zeros(
                (dy.dim(0)?, self.columns),
                dy.dtype(),
                dy.device(),
            )?),
        }
    }

    /// Rows by number: ids `[N]` u32 → `[N, in]`. Every band looks up all of them, and those of other bands become
    /// zero: only the device knows which row belongs to which band.
    pub(crate) fn select(&self, ids: &Tensor, dtype: DType) -> Result<Tensor> {
        let places = ids.to_dtype(DType::F32)?;
        let mut sum: Option<Tensor> = None;
        for Band { rows, blocks } in &self.bands {
            let (first, last) = (rows.start as f64, rows.end as f64 - 1.0);
            let inside = (places.ge(first)? * places.le(last)?)?
                .to_dtype(DType::F32)?
                .unsqueeze(1)?;
            let within = (places.clamp(first, last)? - first)?.to_dtype(DType::U32)?;
            let part = blocks.embedding(&within)?.broadcast_mul(&inside)?;
            sum = Some(match sum {
                Some(sum) => (sum + part)?,
                None => part,
            });
        }
        match sum {
            Some(sum) => Ok(sum.to_dtype(dtype)?),
            None => Ok(Tensor::zeros(
                (ids.dim(0)?, self.columns),
                dtype,
                ids.device(),
            )?),
        }
    }

    /// Some rows as f32.
    pub(crate) fn widen(&self, range: Range<usize>) -> Result<Tensor> {
        let parts = self
            .bands
            .iter()
            .map(|band| band.dequantised(DType::F32))
            .collect::<Result<Vec<_>>>()?;
        Ok(Tensor::cat(&parts, 0)?.narrow(0, range.start, range.len())?)
    }
}

impl Band {
    fn dequantised(&self, dtype: DType) -> Result<Tensor> {
        Ok(self
            .blocks
            .dequantize(&self.blocks.device())?
            .to_dtype(dtype)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Weight;
    use crate::model::packed::{Bytes, encode};
    use crate::test_model::{assert_close, random};

    fn packed(dtype: GgmlDType, rows: usize, columns: usize) -> Packed {
        let values = random(5, &[rows, columns])
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        Packed::new(
            Bytes::Owned(Arc::new(encode(dtype, &values))),
            dtype,
            rows,
            columns,
        )
        .unwrap()
    }

    #[test]
    fn blocks_on_a_device_have_the_processor_s_values_rounded_once() {
        for dtype in [
            GgmlDType::Q8_0,
            GgmlDType::Q4_0,
            GgmlDType::Q4K,
            GgmlDType::Q5K,
            GgmlDType::Q6K,
        ] {
            let packed = packed(dtype, 10, 512);
            let expected = packed.widen(0..10, &Device::Cpu).unwrap();
            // One band, and four bands of which the last is short.
            for band_values in [BAND_VALUES, 3 * 512] {
                let blocks = DeviceBlocks::in_bands(&packed, &Device::Cpu, band_values).unwrap();
                assert_eq!(
                    blocks.bands.len(),
                    if band_values == BAND_VALUES { 1 } else { 4 }
                );
                assert_eq!(
                    blocks.widen(2..9).unwrap().to_vec2::<f32>().unwrap(),
                    expected.narrow(0, 2, 7).unwrap().to_vec2::<f32>().unwrap(),
                    "{dtype:?}"
                );
                let ids = Tensor::new(&[9u32, 0, 3, 2, 9], &Device::Cpu).unwrap();
                let rows = expected
                    .index_select(&ids, 0)
                    .unwrap()
                    .to_dtype(DType::BF16)
                    .unwrap();
                let found = blocks.select(&ids, DType::BF16).unwrap();
                assert_eq!(
                    found.to_vec2::<half::bf16>().unwrap(),
                    rows.to_vec2::<half::bf16>().unwrap(),
                    "{dtype:?}"
                );
            }
        }
    }

    #[test]
    fn products_with_bands_are_those_of_the_whole() {
        let packed = packed(GgmlDType::Q8_0, 10, 64);
        let dense = packed.widen(0..10, &Device::Cpu).unwrap();
        let blocks = DeviceBlocks::in_bands(&packed, &Device::Cpu, 3 * 64).unwrap();
        let (x, dy, sum) = (
            random(1, &[7, 64]),
            random(2, &[7, 10]),
            random(3, &[7, 64]),
        );
        assert_close(
            &blocks.project(&x).unwrap(),
            &x.matmul(&dense.t().unwrap()).unwrap(),
            1e-4,
        );
        let dx = dy.matmul(&dense).unwrap();
        assert_close(&blocks.project_backward(&dy, None).unwrap(), &dx, 1e-4);
        let expected = (&sum + dx).unwrap();
        assert_close(
            &blocks
                .project_backward(&dy, Some(sum.copy().unwrap()))
                .unwrap(),
            &expected,
            1e-4,
        );
        let weight = Weight::Blocks(blocks);
        assert_eq!(weight.shape().unwrap(), (10, 64));
        assert_close(&weight.to_dense().unwrap(), &dense, 0.0);
    }
}
