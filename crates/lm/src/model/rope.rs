//! Rotary position embedding (Su et al. 2021) with the rotated halves of Hugging Face's layout, and the
//! frequency scalings `linear` and `llama3` as transformers' `modeling_rope_utils.py` computes them.

use candle_core::{DType, Device, Tensor};
use candle_nn::rotary_emb::rope_thd;

use super::config::{DecoderConfig, RopeScaling};
use crate::error::Result;

/// Inverse frequencies; cosines and sines are computed for the positions of each pass.
#[derive(Debug, Clone)]
pub struct Rope {
    /// `[1, Dh/2]` f32
    pub inv_freq: Tensor,
}

impl Rope {
    /// The (scaled) frequencies of `config`.
    pub fn new(config: &DecoderConfig, device: &Device) -> Result<Self> {
        let half = config.head_dim / 2;
        let inv_freq: Vec<f32> = (0..half)
            .map(|i| {
                let exponent = (2 * i) as f32 / config.head_dim as f32;
                let plain = 1.0 / (config.rope_theta as f32).powf(exponent);
                scale(plain, &config.rope_scaling)
            })
            .collect();
        Ok(Self { inv_freq: Tensor::from_vec(inv_freq, (1, half), device)? })
    }

    /// Cosines and sines `[N, Dh/2]` of `positions` `[N]` u32.
    pub fn tables(&self, positions: &Tensor) -> Result<(Tensor, Tensor)> {
        let angles = positions.to_dtype(DType::F32)?.unsqueeze(1)?.broadcast_mul(&self.inv_freq)?;
        Ok((angles.cos()?, angles.sin()?))
    }

    /// Rotates x `[N, heads, Dh]`; the rotation's inverse, which is also its gradient, takes `-sin`.
    pub fn apply(x: &Tensor, cos: &Tensor, sin: &Tensor) -> Result<Tensor> {
        Ok(rope_thd(&x.unsqueeze(0)?.contiguous()?, cos, sin)?.squeeze(0)?)
    }
}

fn scale(inv_freq: f32, scaling: &RopeScaling) -> f32 {
    match *scaling {
        RopeScaling::None => inv_freq,
        RopeScaling::Linear { factor } => inv_freq / factor as f32,
        RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context } => {
            let wavelength = 2.0 * std::f32::consts::PI / inv_freq;
            let context = original_context as f32;
            let (low, high) = (low_freq_factor as f32, high_freq_factor as f32);
            if wavelength > context / low {
                return inv_freq / factor as f32;
            }
            if wavelength < context / high {
                return inv_freq;
            }
            let smooth = (context / wavelength - low) / (high - low);
            (1.0 - smooth) * inv_freq / factor as f32 + smooth * inv_freq
        }
    }
}
