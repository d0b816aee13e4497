//! LoRA dropout: which inputs of `A` a forward pass zeroes, drawn again in the backward pass instead of being kept.

use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::target::Target;
use crate::error::Result;
use crate::ops::{fused, with_values};
use crate::profile::{Work, counted};
use crate::random::{bits, key, uniform};

/// LoRA dropout of one forward pass: which inputs of `A` are zeroed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// Stream of this pass (seed, update, micro-batch).
    pub key: u64,
    /// Probability of zeroing an element, in `[0, 1)`.
    pub p: f64,
}

impl Dropout {
    /// Mask `[rows, width]` of zeros and `1 / (1 - p)`, the same for every call with the same arguments, so
    /// that the backward pass can draw it again instead of keeping it.
    pub fn mask(
        &self,
        layer: usize,
        target: Target,
        rows: usize,
        width: usize,
        device: &Device,
    ) -> Result<Tensor> {
        let mut mask = vec![1f32; rows * width];
        let draw = self.draw(layer, target);
        mask.par_chunks_mut(width.max(1))
            .enumerate()
            .for_each(|(row, mask)| draw.apply(row, mask));
        Ok(Tensor::from_vec(mask, (rows, width), device)?)
    }

    /// x `[M, width]` times its mask, without making the mask on the CPU. Row `i` of x is row `rows[i]` of the packed
    /// batch, or row `i` if `rows` is absent.
    pub(crate) fn apply(
        &self,
        x: &Tensor,
        layer: usize,
        target: Target,
        rows: Option<&[u32]>,
    ) -> Result<Tensor> {
        let _counted = counted(Work::Elementwise);
        let (count, width) = x.dims2()?;
        let row = |i: usize| rows.map_or(i, |rows| rows[i] as usize);
        if !fused(x) {
            let rows: Vec<usize> = (0..count).map(row).collect();
            return Ok((x * self.device_mask(layer, target, &rows, width, x)?)?);
        }
        let mut values = with_values(x, |values| Ok(values.to_vec()))?;
        let draw = self.draw(layer, target);
        values
            .par_chunks_mut(width.max(1))
            .enumerate()
            .for_each(|(i, values)| draw.apply(row(i), values));
        Ok(Tensor::from_vec(values, (count, width), x.device())?)
    }

    /// The mask on a device, in the place and number type of `like`, drawn there again in the backward pass: an element
    /// is dropped where the fraction of `u[row] + v[column]` is below p, with u and v uniform. So any two elements are
    /// independent of each other, and only two short vectors are sent. This is not the processor's mask: that needs
    /// 64-bit arithmetic, which candle's operations do not have, or a number from the host for every element.
    fn device_mask(
        &self,
        layer: usize,
        target: Target,
        rows: &[usize],
        width: usize,
        like: &Tensor,
    ) -> Result<Tensor> {
        let stream = |axis: u64| key(self.key, &[layer as u64, target as u64, axis]);
        let (of_rows, of_columns) = (stream(0), stream(1));
        let u: Vec<f32> = rows
            .iter()
            .map(|row| uniform(of_rows, *row as u64) as f32)
            .collect();
        let v: Vec<f32> = (0..width as u64)
            .map(|column| uniform(of_columns, column) as f32)
            .collect();
        let u = Tensor::from_vec(u, (rows.len(), 1), like.device())?;
        let sum = u.broadcast_add(&Tensor::from_vec(v, (1, width), like.device())?)?;
        let kept = (&sum - sum.floor()?)?.ge(self.p)?.to_dtype(like.dtype())?;
        Ok((kept * (1.0 / (1.0 - self.p)))?)
    }

    fn draw(&self, layer: usize, target: Target) -> MaskDraw {
        let threshold = (self.p * 65536.0).round().min(65535.0);
        MaskDraw {
            stream: key(self.key, &[layer as u64, target as u64]),
            threshold: threshold as u16,
            keep: (65536.0 / (65536.0 - threshold)) as f32,
        }
    }
}

/// One mask: element `i` (counted row by row) is dropped where its 16 bits of the stream (a draw of 64 bits serves four
/// elements) are below the threshold. Sixteen bits put p on a grid of 1/65536; `keep` is the factor that matches that
/// p.
struct MaskDraw {
    stream: u64,
    threshold: u16,
    keep: f32,
}

impl MaskDraw {
    /// Multiplies the values of a row by its mask.
    fn apply(&self, row: usize, values: &mut [f32]) {
        let mut element = row * values.len();
        let mut unread = values;
        while !unread.is_empty() {
            let lane = element % 4;
            let (now, later) = unread.split_at_mut(unread.len().min(4 - lane));
            let mut lanes = bits(self.stream, (element / 4) as u64) >> (16 * lane);
            element += now.len();
            for value in now {
                *value *= if (lanes as u16) < self.threshold {
                    0.0
                } else {
                    self.keep
                };
                lanes >>= 16;
            }
            unread = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropout_zeroes_the_asked_share_and_keeps_the_mean() {
        let dropout = Dropout { key: 5, p: 0.25 };
        let mask = dropout.mask(1, Target::Q, 100, 100, &Device::Cpu).unwrap();
        let values = mask.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let zeros = values.iter().filter(|v| **v == 0.0).count();
        assert!((2300..2700).contains(&zeros), "{zeros} zeros");
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        assert!((mean - 1.0).abs() < 0.05, "mean {mean}");
    }

    #[test]
    fn a_device_draws_masks_of_the_asked_share_whose_rows_and_columns_differ() {
        let dropout = Dropout { key: 5, p: 0.25 };
        let like = Tensor::ones((400, 300), candle_core::DType::BF16, &Device::Cpu).unwrap();
        let applied = dropout.apply(&like, 1, Target::Q, None).unwrap();
        let mask = applied
            .to_dtype(candle_core::DType::F32)
            .unwrap()
            .to_vec2::<f32>()
            .unwrap();
        let share = |values: &mut dyn Iterator<Item = f32>| {
            let values: Vec<bool> = values.map(|value| value == 0.0).collect();
            values.iter().filter(|dropped| **dropped).count() as f64 / values.len() as f64
        };
        let dropped = share(&mut mask.iter().flatten().copied());
        assert!((dropped - 0.25).abs() < 0.01, "{dropped}");
        // For neighbouring rows and columns, both are dropped as often as the square of the share.
        let pairs = |pair_at: &dyn Fn(usize, usize) -> (f32, f32)| {
            let both = (0..399)
                .flat_map(|i| (0..299).map(move |j| pair_at(i, j)))
                .filter(|p| p.0 + p.1 == 0.0);
            both.count() as f64 / (399.0 * 299.0)
        };
        for both in [
            pairs(&|i, j| (mask[i][j], mask[i + 1][j])),
            pairs(&|i, j| (mask[i][j], mask[i][j + 1])),
        ] {
            assert!((both - 0.0625).abs() < 0.02, "{both}");
        }
        let rows = [2u32, 3, 399];
        let some = dropout
            .apply(&like.narrow(0, 0, 3).unwrap(), 1, Target::Q, Some(&rows))
            .unwrap();
        let expected = applied
            .index_select(&Tensor::new(&rows, &Device::Cpu).unwrap(), 0)
            .unwrap();
        assert_eq!(
            some.to_vec2::<half::bf16>().unwrap(),
            expected.to_vec2::<half::bf16>().unwrap()
        );
    }

    #[test]
    fn applied_dropout_equals_the_mask_in_all_and_in_some_rows() {
        let dropout = Dropout { key: 5, p: 0.25 };
        for width in [8, 7] {
            let x = Tensor::ones((10, width), candle_core::DType::F32, &Device::Cpu).unwrap();
            let mask = dropout.mask(1, Target::Q, 10, width, &Device::Cpu).unwrap();
            let applied = dropout.apply(&x, 1, Target::Q, None).unwrap();
            assert_eq!(
                applied.to_vec2::<f32>().unwrap(),
                mask.to_vec2::<f32>().unwrap()
            );
            let rows = [2u32, 3, 9];
            let some = dropout
                .apply(&x.narrow(0, 0, 3).unwrap(), 1, Target::Q, Some(&rows))
                .unwrap();
            let expected = mask
                .index_select(&Tensor::new(&rows, &Device::Cpu).unwrap(), 0)
                .unwrap();
            assert_eq!(
                some.to_vec2::<f32>().unwrap(),
                expected.to_vec2::<f32>().unwrap()
            );
        }
    }
}
