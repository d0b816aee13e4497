//! AdamW with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101) in the form of
//! `torch.optim.AdamW`, and clipping of the gradient by its global norm.
//!
//! All tensors of an adapter are one flat vector here, in the order of [`flatten`]; a step is then a handful of
//! operations on any device.

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

use crate::device::read_back;
use crate::error::Result;
use crate::lora::Adapter;
use crate::model::{LoraPair, PerTarget};
use crate::ops::{fused, vectorised, with_values};

/// All tensors as one vector `[P]`: by layer, by target, A before B, each row by row.
pub fn flatten(layers: &[PerTarget<Option<LoraPair>>]) -> Result<Tensor> {
    let mut parts = Vec::new();
    for pair in layers.iter().flatten().flatten() {
        parts.push(pair.a.flatten_all()?);
        parts.push(pair.b.flatten_all()?);
    }
    Ok(Tensor::cat(&parts, 0)?)
}

/// The adapter with its tensors replaced by the parts of `flat` `[P]` (views, no copy).
pub fn unflatten(adapter: &Adapter, flat: &Tensor) -> Result<Adapter> {
    let mut start = 0;
    let mut take = |like: &Tensor| -> Result<Tensor> {
        let part = flat
            .narrow(0, start, like.elem_count())?
            .reshape(like.shape())?;
        start += like.elem_count();
        Ok(part)
    };
    let mut updated = adapter.clone();
    for pair in updated.update.layers.iter_mut().flatten().flatten() {
        pair.a = take(&pair.a)?;
        pair.b = take(&pair.b)?;
    }
    Ok(updated)
}

/// L2 norm of a flat gradient; summed in f64 on the CPU.
pub fn global_norm(flat: &Tensor) -> Result<f64> {
    if fused(flat) {
        let values = flat.to_vec1::<f32>()?;
        return Ok(values
            .iter()
            .map(|g| f64::from(*g) * f64::from(*g))
            .sum::<f64>()
            .sqrt());
    }
    Ok(read_back(&flat.sqr()?.sum_all()?)?
        .into_iter()
        .map(f64::from)
        .sum::<f64>()
        .sqrt())
}

/// Multiplies by `bound / (norm + 1e-6)` where that is below one, as `torch.nn.utils.clip_grad_norm_` does.
pub fn clip(flat: Tensor, norm: f64, bound: f64) -> Result<Tensor> {
    let factor = bound / (norm + 1e-6);
    if factor < 1.0 {
        Ok((flat * factor)?)
    } else {
        Ok(flat)
    }
}

/// Running moments of AdamW with betas 0.9 and 0.999 and eps 1e-8.
#[derive(Debug, Clone)]
pub struct AdamW {
    /// First moment `[P]`.
    pub exp_avg: Tensor,
    /// Second moment `[P]`.
    pub exp_avg_sq: Tensor,
    /// Steps taken, for the bias correction.
    pub steps: usize,
}

impl AdamW {
    const BETA1: f64 = 0.9;
    const BETA2: f64 = 0.999;
    const EPS: f64 = 1e-8;

    /// Fresh moments for an adapter.
    pub fn new(adapter: &Adapter, device: &Device) -> Result<Self> {
        let tensors = adapter.update.layers.iter().flatten().flatten();
        Self::of_size(
            tensors
                .map(|pair| pair.a.elem_count() + pair.b.elem_count())
                .sum(),
            device,
        )
    }

    /// Fresh moments for this number of parameters.
    pub fn of_size(parameters: usize, device: &Device) -> Result<Self> {
        let zeros = || Tensor::zeros(parameters, DType::F32, device);
        Ok(Self {
            exp_avg: zeros()?,
            exp_avg_sq: zeros()?,
            steps: 0,
        })
    }

    /// One update of `parameters` `[P]` along `gradient` `[P]` → the new parameters. Nothing is changed in place: older
    /// parameters and moments may still be in use.
    pub fn step(
        &mut self,
        parameters: &Tensor,
        gradient: &Tensor,
        lr: f64,
        weight_decay: f64,
    ) -> Result<Tensor> {
        self.steps += 1;
        let factors = Factors::new(self.steps, lr, weight_decay);
        let step = if fused(parameters) {
            step_fused
        } else {
            step_composed
        };
        let [parameters, exp_avg, exp_avg_sq] = step(
            parameters,
            gradient,
            &self.exp_avg,
            &self.exp_avg_sq,
            &factors,
        )?;
        (self.exp_avg, self.exp_avg_sq) = (exp_avg, exp_avg_sq);
        Ok(parameters)
    }
}

/// What one step multiplies by.
struct Factors {
    decay: f64,
    /// `lr / (1 - beta1^t)`
    rate: f64,
    /// `sqrt(1 - beta2^t)`
    correction2: f64,
}

impl Factors {
    fn new(steps: usize, lr: f64, weight_decay: f64) -> Self {
        Self {
            decay: 1.0 - lr * weight_decay,
            rate: lr / (1.0 - AdamW::BETA1.powi(steps as i32)),
            correction2: (1.0 - AdamW::BETA2.powi(steps as i32)).sqrt(),
        }
    }
}

/// `[parameters, exp_avg, exp_avg_sq]` after a step, in candle operations.
fn step_composed(
    parameters: &Tensor,
    gradient: &Tensor,
    exp_avg: &Tensor,
    exp_avg_sq: &Tensor,
    factors: &Factors,
) -> Result<[Tensor; 3]> {
    let exp_avg = ((exp_avg * AdamW::BETA1)? + (gradient * (1.0 - AdamW::BETA1))?)?;
    let exp_avg_sq = ((exp_avg_sq * AdamW::BETA2)? + (gradient.sqr()? * (1.0 - AdamW::BETA2))?)?;
    let denominator = ((exp_avg_sq.sqrt()? / factors.correction2)? + AdamW::EPS)?;
    let direction = (&exp_avg / denominator)?;
    let parameters = ((parameters * factors.decay)? - (direction * factors.rate)?)?;
    Ok([parameters, exp_avg, exp_avg_sq])
}

/// The same in one pass over memory.
fn step_fused(
    parameters: &Tensor,
    gradient: &Tensor,
    exp_avg: &Tensor,
    exp_avg_sq: &Tensor,
    factors: &Factors,
) -> Result<[Tensor; 3]> {
    const BLOCK: usize = 8192;
    let copy = |t: &Tensor| with_values(t, |values| Ok(values.to_vec()));
    let (mut p, mut m, mut v) = (copy(parameters)?, copy(exp_avg)?, copy(exp_avg_sq)?);
    let (decay, rate, correction2) = (
        factors.decay as f32,
        factors.rate as f32,
        factors.correction2 as f32,
    );
    let (keep1, new1) = (AdamW::BETA1 as f32, (1.0 - AdamW::BETA1) as f32);
    let (keep2, new2) = (AdamW::BETA2 as f32, (1.0 - AdamW::BETA2) as f32);
    with_values(gradient, |gradient| {
        let moments = m.par_chunks_mut(BLOCK).zip(v.par_chunks_mut(BLOCK));
        p.par_chunks_mut(BLOCK)
            .zip(moments)
            .zip(gradient.par_chunks(BLOCK))
            .for_each(|((p, (m, v)), g)| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (((p, m), v), g) in p.iter_mut().zip(m).zip(v).zip(g) {
                            *m = *m * keep1 + g * new1;
                            *v = *v * keep2 + g * g * new2;
                            let denominator = v.sqrt() / correction2 + AdamW::EPS as f32;
                            *p = *p * decay - *m / denominator * rate;
                        }
                    },
                );
            });
        Ok(())
    })?;
    let tensor =
        |values: Vec<f32>| Tensor::from_vec(values, parameters.shape(), parameters.device());
    Ok([tensor(p)?, tensor(m)?, tensor(v)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_is_the_sign_of_the_gradient_times_lr() {
        let device = Device::Cpu;
        let p = Tensor::new(&[1f32, -2.0, 3.0], &device).unwrap();
        let g = Tensor::new(&[0.5f32, -4.0, 0.0], &device).unwrap();
        let zeros = p.zeros_like().unwrap();
        let mut adamw = AdamW {
            exp_avg: zeros.clone(),
            exp_avg_sq: zeros,
            steps: 0,
        };
        let q = adamw
            .step(&p, &g, 0.1, 0.0)
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        for (found, expected) in q.iter().zip([0.9, -1.9, 3.0]) {
            assert!((found - expected).abs() < 1e-6, "{q:?}");
        }
    }

    #[test]
    fn one_pass_gives_what_the_operations_give() {
        let random = |spread: f32| Tensor::randn(0f32, spread, 20_000, &Device::Cpu).unwrap();
        let (p, g, m, v) = (
            random(1.0),
            random(0.3),
            random(0.1),
            random(0.1).sqr().unwrap(),
        );
        let factors = Factors::new(7, 1e-3, 0.01);
        let fused = step_fused(&p, &g, &m, &v, &factors).unwrap();
        let composed = step_composed(&p, &g, &m, &v, &factors).unwrap();
        for (fused, composed) in fused.iter().zip(&composed) {
            let off = (fused - composed)
                .unwrap()
                .abs()
                .unwrap()
                .max_all()
                .unwrap();
            assert!(off.to_scalar::<f32>().unwrap() < 1e-6);
        }
    }

    #[test]
    fn weight_decay_is_decoupled_from_the_moments() {
        let p = Tensor::new(&[2f32], &Device::Cpu).unwrap();
        let zeros = p.zeros_like().unwrap();
        let mut adamw = AdamW {
            exp_avg: zeros.clone(),
            exp_avg_sq: zeros.clone(),
            steps: 0,
        };
        let q = adamw
            .step(&p, &zeros, 0.1, 0.5)
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        assert!((q[0] - 1.9).abs() < 1e-6);
        assert_eq!(adamw.exp_avg.to_vec1::<f32>().unwrap(), [0.0]);
    }

    #[test]
    fn clipping_acts_only_above_the_bound() {
        let g = Tensor::new(&[3f32, 4.0], &Device::Cpu).unwrap();
        let norm = global_norm(&g).unwrap();
        assert!((norm - 5.0).abs() < 1e-12);
        assert_eq!(
            clip(g.clone(), norm, 6.0)
                .unwrap()
                .to_vec1::<f32>()
                .unwrap(),
            [3.0, 4.0]
        );
        let clipped = clip(g.clone(), norm, 1.0).unwrap();
        assert!((global_norm(&clipped).unwrap() - 1.0).abs() < 1e-6);
    }
}
