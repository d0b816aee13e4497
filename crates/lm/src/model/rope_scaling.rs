//! Scalings of the rotary frequencies beyond the context of pretraining, as transformers 5.23 computes them in
//! `modeling_rope_utils.py` (with its formulas, in f32 where it uses f32).

use serde_json::Value;

use super::architecture::Architecture;
use super::fields::Fields;
use crate::error::Result;

/// Which frequencies the rotation has.
#[derive(Debug, Clone, PartialEq)]
pub enum RopeScaling {
    /// Frequencies as in pretraining.
    None,
    /// Position interpolation (Chen et al. 2023): all frequencies divided by `factor`.
    Linear {
        /// Divisor of every frequency.
        factor: f64,
    },
    /// NTK-aware scaling that follows the length: beyond `original_context` tokens, base times
    /// `(factor * seq_len / original_context - (factor - 1)) ^ (Dr / (Dr - 2))`.
    Dynamic {
        /// How many times as long as `original_context` a sequence may get.
        factor: f64,
        /// Context of pretraining, in tokens: the config's `max_position_embeddings`.
        original_context: usize,
    },
    /// YaRN (Peng et al. 2023): low frequencies divided, high ones kept, a linear ramp over the dimensions between.
    Yarn {
        /// Divisor of the low frequencies.
        factor: f64,
        /// Rotations within the original context above which a dimension is kept.
        beta_fast: f64,
        /// Rotations within the original context below which a dimension is divided.
        beta_slow: f64,
        /// Whether the ramp's ends are rounded outwards to whole dimensions.
        truncate: bool,
        /// Factor on cosines and sines.
        attention_factor: f64,
        /// Context of pretraining, in tokens.
        original_context: usize,
    },
    /// LongRoPE (Ding et al. 2024): a divisor for each frequency, one set up to `original_context` tokens and one
    /// for longer sequences.
    LongRope {
        /// Divisors `[Dr/2]` of short sequences.
        short_factor: Vec<f32>,
        /// Divisors `[Dr/2]` of long sequences.
        long_factor: Vec<f32>,
        /// Factor on cosines and sines, for short sequences too.
        attention_factor: f64,
        /// Context of pretraining, in tokens.
        original_context: usize,
    },
    /// Llama 3.1: low frequencies divided, high ones kept, the band between interpolated.
    Llama3 {
        /// Divisor of the low frequencies.
        factor: f64,
        /// Wavelengths above `original_context / low_freq_factor` are divided.
        low_freq_factor: f64,
        /// Wavelengths below `original_context / high_freq_factor` are kept.
        high_freq_factor: f64,
        /// Context of pretraining, in tokens.
        original_context: usize,
    },
}

impl RopeScaling {
    /// Factor on cosines and sines.
    pub(crate) fn attention_factor(&self) -> f64 {
        match *self {
            Self::Yarn {
                attention_factor, ..
            }
            | Self::LongRope {
                attention_factor, ..
            } => attention_factor,
            Self::None | Self::Linear { .. } | Self::Dynamic { .. } | Self::Llama3 { .. } => 1.0,
        }
    }

    /// Inverse frequencies `[rotary_dim / 2]` of a sequence of `seq_len` tokens.
    pub(crate) fn inv_freq(&self, rotary_dim: usize, theta: f64, seq_len: usize) -> Vec<f32> {
        let theta = match *self {
            Self::Dynamic {
                factor,
                original_context,
            } => dynamic_theta(theta, factor, original_context, rotary_dim, seq_len),
            _ => theta as f32,
        };
        let wave = |i: usize| theta.powf((2 * i) as f32 / rotary_dim as f32);
        let frequencies = 0..rotary_dim / 2;
        match self {
            Self::None | Self::Dynamic { .. } => frequencies.map(|i| 1.0 / wave(i)).collect(),
            Self::Linear { factor } => frequencies
                .map(|i| 1.0 / wave(i) / *factor as f32)
                .collect(),
            Self::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_context,
            } => {
                let band = (*low_freq_factor as f32, *high_freq_factor as f32);
                frequencies
                    .map(|i| {
                        llama3(
                            1.0 / wave(i),
                            *factor as f32,
                            band,
                            *original_context as f32,
                        )
                    })
                    .collect()
            }
            Self::Yarn {
                factor,
                beta_fast,
                beta_slow,
                truncate,
                original_context,
                ..
            } => {
                let dim = |rotations: f64| {
                    let context = *original_context as f64;
                    let turns = context / (rotations * 2.0 * std::f64::consts::PI);
                    rotary_dim as f64 * turns.ln() / (2.0 * f64::from(theta).ln())
                };
                let (low, high) = (dim(*beta_fast), dim(*beta_slow));
                let (low, high) = if *truncate {
                    (low.floor(), high.ceil())
                } else {
                    (low, high)
                };
                let (low, high) = (low.max(0.0), high.min(rotary_dim as f64 - 1.0));
                let high = if low == high { high + 0.001 } else { high };
                frequencies
                    .map(|i| {
                        let divided =
                            ((i as f32 - low as f32) / (high - low) as f32).clamp(0.0, 1.0);
                        // Subtracted from one twice, as in the reference, to round as it does.
                        let kept = 1.0 - divided;
                        1.0 / (*factor as f32 * wave(i)) * (1.0 - kept) + 1.0 / wave(i) * kept
                    })
                    .collect()
            }
            Self::LongRope {
                short_factor,
                long_factor,
                original_context,
                ..
            } => {
                let factors = if seq_len > *original_context {
                    long_factor
                } else {
                    short_factor
                };
                frequencies
                    .zip(factors)
                    .map(|(i, factor)| 1.0 / (factor * wave(i)))
                    .collect()
            }
        }
    }

    /// Tokens that can be read: what the config says, or what its scaling stretches that to.
    pub(super) fn context(&self, max_position_embeddings: usize) -> usize {
        match *self {
            Self::Dynamic {
                factor,
                original_context,
            }
            | Self::Yarn {
                factor,
                original_context,
                ..
            } => max_position_embeddings.max((original_context as f64 * factor) as usize),
            Self::None | Self::Linear { .. } | Self::LongRope { .. } | Self::Llama3 { .. } => {
                max_position_embeddings
            }
        }
    }

    /// The scaling that a config asks for in `rope_parameters` (newer) or `rope_scaling` (older).
    pub(super) fn read(
        fields: &Fields<'_>,
        architecture: Architecture,
        rotary_dim: usize,
    ) -> Result<Self> {
        let phi3 = architecture == Architecture::Phi3;
        let kind = fields.rope("rope_type").or_else(|| fields.rope("type"));
        let kind = match kind.and_then(Value::as_str).unwrap_or("default") {
            // Early Phi-3 checkpoints call it that.
            "su" | "yarn" if phi3 => "longrope",
            kind => kind,
        };
        let supported = match phi3 {
            true => &["default", "longrope"][..],
            false => &["default", "linear", "dynamic", "yarn", "longrope", "llama3"],
        };
        if !supported.contains(&kind) {
            let reason = format!("is `{kind}`; supported are: {}", supported.join(", "));
            return Err(fields.bad("rope_type", reason));
        }
        match kind {
            "linear" => Ok(Self::Linear {
                factor: fields.rope_number("factor")?,
            }),
            "dynamic" => Ok(Self::Dynamic {
                factor: fields.rope_number("factor")?,
                original_context: fields.size("max_position_embeddings")?,
            }),
            "yarn" => yarn(fields),
            "longrope" => longrope(fields, architecture, rotary_dim),
            "llama3" => Ok(Self::Llama3 {
                factor: fields.rope_number("factor")?,
                low_freq_factor: fields.rope_number("low_freq_factor")?,
                high_freq_factor: fields.rope_number("high_freq_factor")?,
                original_context: original_context(fields, architecture)?,
            }),
            _ => Ok(Self::None),
        }
    }
}

fn dynamic_theta(
    theta: f64,
    factor: f64,
    original_context: usize,
    rotary_dim: usize,
    seq_len: usize,
) -> f32 {
    let (factor, context) = (factor as f32, original_context as f32);
    let stretch = factor * seq_len.max(original_context) as f32 / context - (factor - 1.0);
    theta as f32 * stretch.powf(rotary_dim as f32 / (rotary_dim as f32 - 2.0))
}

fn llama3(inv_freq: f32, factor: f32, (low, high): (f32, f32), context: f32) -> f32 {
    let wavelength = 2.0 * std::f32::consts::PI / inv_freq;
    if wavelength > context / low {
        return inv_freq / factor;
    }
    if wavelength < context / high {
        return inv_freq;
    }
    let smooth = (context / wavelength - low) / (high - low);
    (1.0 - smooth) * inv_freq / factor + smooth * inv_freq
}

/// A field beside the rope settings takes precedence over one in them, and that over the context itself (Phi-3: 4096).
fn original_context(fields: &Fields<'_>, architecture: Architecture) -> Result<usize> {
    const NAME: &str = "original_max_position_embeddings";
    if !fields.json[NAME].is_null() {
        return fields.size(NAME);
    }
    match (architecture, fields.rope(NAME)) {
        (Architecture::Phi3, _) => Ok(4096),
        (_, Some(_)) => Ok(fields.rope_number(NAME)? as usize),
        (_, None) => fields.size("max_position_embeddings"),
    }
}

/// `factor`, or the ratio of the contexts if there is none.
fn factor(fields: &Fields<'_>, original_context: usize) -> Result<f64> {
    match fields.rope("factor") {
        Some(_) => fields.rope_number("factor"),
        None => Ok(fields.size("max_position_embeddings")? as f64 / original_context as f64),
    }
}

/// A number in the rope settings; `None` if it is absent or 0, as the reference reads it.
fn optional(fields: &Fields<'_>, name: &str) -> Result<Option<f64>> {
    match fields.rope(name) {
        None => Ok(None),
        Some(value) if value.as_f64() == Some(0.0) => Ok(None),
        Some(_) => fields.rope_number(name).map(Some),
    }
}

fn yarn(fields: &Fields<'_>) -> Result<RopeScaling> {
    let original_context = original_context(fields, Architecture::Llama)?;
    let factor = factor(fields, original_context)?;
    let mscale = |weight: f64| {
        if factor <= 1.0 {
            1.0
        } else {
            0.1 * weight * factor.ln() + 1.0
        }
    };
    let attention_factor = match optional(fields, "attention_factor")? {
        Some(given) => given,
        None => match (
            optional(fields, "mscale")?,
            optional(fields, "mscale_all_dim")?,
        ) {
            (Some(weight), Some(all_dim)) => mscale(weight) / mscale(all_dim),
            _ => mscale(1.0),
        },
    };
    Ok(RopeScaling::Yarn {
        factor,
        beta_fast: optional(fields, "beta_fast")?.unwrap_or(32.0),
        beta_slow: optional(fields, "beta_slow")?.unwrap_or(1.0),
        truncate: fields
            .rope("truncate")
            .and_then(Value::as_bool)
            .unwrap_or(true),
        attention_factor,
        original_context,
    })
}

fn longrope(
    fields: &Fields<'_>,
    architecture: Architecture,
    rotary_dim: usize,
) -> Result<RopeScaling> {
    let original_context = original_context(fields, architecture)?;
    let factor = factor(fields, original_context)?;
    let attention_factor = match optional(fields, "attention_factor")? {
        Some(given) => given,
        None if factor <= 1.0 => 1.0,
        None => (1.0 + factor.ln() / (original_context as f64).ln()).sqrt(),
    };
    let divisors = |name: &str| -> Result<Vec<f32>> {
        let list = fields.rope(name).and_then(Value::as_array);
        let numbers: Option<Vec<f32>> =
            list.and_then(|list| list.iter().map(|v| v.as_f64().map(|v| v as f32)).collect());
        numbers
            .filter(|numbers| numbers.len() == rotary_dim / 2 && numbers.iter().all(|n| *n > 0.0))
            .ok_or_else(|| {
                fields.bad(
                    name,
                    format!("is not a list of {} numbers above zero", rotary_dim / 2),
                )
            })
    };
    Ok(RopeScaling::LongRope {
        short_factor: divisors("short_factor")?,
        long_factor: divisors("long_factor")?,
        attention_factor,
        original_context,
    })
}
