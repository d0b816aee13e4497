//! Llama 3's rotary scaling, which GGUF keeps as a tensor of divisors and a configuration as four numbers.

use serde_json::{Value as Json, json};

/// Frequency factors of every release of Llama 3.1 to 3.3.
const LOW_FREQ_FACTOR: f64 = 1.0;
const HIGH_FREQ_FACTOR: f64 = 4.0;
/// Context of pretraining of those releases, in tokens.
const ORIGINAL_CONTEXT: f64 = 8192.0;

/// The four numbers that a configuration holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scaling {
    pub(super) factor: f64,
    pub(super) low_freq_factor: f64,
    pub(super) high_freq_factor: f64,
    pub(super) original_context: f64,
}

impl Scaling {
    /// What the frequency `theta^(-2i / head_dim)` is divided by, `[Dh/2]` (`convert_hf_to_gguf.py`).
    pub(super) fn divisors(&self, theta: f64, head_dim: usize) -> Vec<f32> {
        let divisor = |i: usize| {
            let wavelength = wavelength(theta, i, head_dim);
            let (low, high) = (self.low_freq_factor, self.high_freq_factor);
            if wavelength < self.original_context / high {
                return 1.0;
            }
            if wavelength > self.original_context / low {
                return self.factor;
            }
            let smooth = (self.original_context / wavelength - low) / (high - low);
            1.0 / ((1.0 - smooth) / self.factor + smooth)
        };
        (0..head_dim / 2).map(|i| divisor(i) as f32).collect()
    }
}

/// Wavelength of the frequency `theta^(-2i / head_dim)`, in tokens.
fn wavelength(theta: f64, i: usize, head_dim: usize) -> f64 {
    2.0 * std::f64::consts::PI * theta.powf((2 * i) as f64 / head_dim as f64)
}

/// The rope settings whose divisors are these, for the `config.json` that they belong to; the frequency factors are
/// those of every release.
pub(super) fn recover(divisors: &[f32], config: &Json) -> Option<Json> {
    let theta = config["rope_theta"].as_f64()?;
    let factor = f64::from(divisors.iter().copied().fold(1.0, f32::max));
    let scaling = Scaling {
        factor,
        low_freq_factor: LOW_FREQ_FACTOR,
        high_freq_factor: HIGH_FREQ_FACTOR,
        original_context: original_context(divisors, factor, theta),
    };
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * b.abs();
    let same = config["head_dim"].as_u64() == Some(2 * divisors.len() as u64)
        && divisors
            .iter()
            .zip(&scaling.divisors(theta, 2 * divisors.len()))
            .all(near);
    same.then(|| {
        json!({"rope_type": "llama3", "factor": factor, "low_freq_factor": LOW_FREQ_FACTOR,
            "high_freq_factor": HIGH_FREQ_FACTOR, "original_max_position_embeddings": scaling.original_context as u64})
    })
}

/// The context of pretraining that follows from a divisor between 1 and the factor; if all divisors are at the ends,
/// that of the releases.
fn original_context(divisors: &[f32], factor: f64, theta: f64) -> f64 {
    let between = divisors
        .iter()
        .position(|d| *d > 1.0 && f64::from(*d) < factor);
    between.map_or(ORIGINAL_CONTEXT, |i| {
        let smooth = (1.0 / f64::from(divisors[i]) - 1.0 / factor) / (1.0 - 1.0 / factor);
        let cycles = LOW_FREQ_FACTOR + smooth * (HIGH_FREQ_FACTOR - LOW_FREQ_FACTOR);
        (wavelength(theta, i, 2 * divisors.len()) * cycles).round()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaling(factor: f64, original_context: f64) -> Scaling {
        Scaling {
            factor,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_context,
        }
    }

    fn settings(factor: f64, context: u32) -> Json {
        json!({"rope_type": "llama3", "factor": factor, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": context})
    }

    #[test]
    fn divisors_lead_back_to_their_settings() {
        let divisors = scaling(32.0, 8192.0).divisors(500_000.0, 64);
        assert!(divisors.contains(&1.0) && divisors.contains(&32.0));
        assert!(
            divisors.iter().any(|d| *d > 1.0 && *d < 32.0),
            "{divisors:?}"
        );
        let config = json!({"rope_theta": 500_000.0, "head_dim": 64});
        assert_eq!(recover(&divisors, &config), Some(settings(32.0, 8192)));
        let mut other = divisors;
        other[20] *= 1.1;
        assert_eq!(recover(&other, &config), None);
    }

    #[test]
    fn any_context_of_pretraining_is_found_again() {
        for (context, theta, head_dim) in [
            (64u32, 20_000.0, 14),
            (4096, 500_000.0, 64),
            (32_768, 1e6, 128),
        ] {
            let divisors = scaling(4.0, f64::from(context)).divisors(theta, head_dim);
            let config = json!({"rope_theta": theta, "head_dim": head_dim});
            assert_eq!(recover(&divisors, &config), Some(settings(4.0, context)));
        }
    }
}
