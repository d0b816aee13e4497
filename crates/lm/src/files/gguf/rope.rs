//! Rotary scalings, converted between GGUF and `config.json` in both directions.
//!
//! As llama.cpp computes them (`llama-context.cpp`, `ggml_rope_ext`): YaRN from numbers, with an attention factor that
//! multiplies YaRN's own; LongRoPE and Llama 3 from divisors of the frequencies, which are tensors.

use serde_json::{Value as Json, json};

use super::format::{Metadata, Value};
use super::{GEMMA3, llama3};
use crate::model::{Architecture, DecoderConfig, RopeScaling};

/// Divisors of the frequencies, for models scaled as Llama 3.1.
const FREQS: &str = "rope_freqs.weight";
/// LongRoPE's divisors of long sequences.
const LONG: &str = "rope_factors_long.weight";
/// LongRoPE's divisors of short sequences.
const SHORT: &str = "rope_factors_short.weight";

/// Keys below `rope.scaling` that are understood; others would change the numbers.
const KEYS: [&str; 8] = [
    "type",
    "factor",
    "original_context_length",
    "attn_factor",
    "finetuned",
    "yarn_log_multiplier",
    "yarn_beta_fast",
    "yarn_beta_slow",
];

/// Reads a tensor of the file by name, if it exists: a divisor for each frequency.
type Divisors<'a> = dyn Fn(&str) -> Result<Option<Vec<f32>>, String> + 'a;

/// Enters a file's scaling in the `config.json` made from its metadata; `divisors` reads a tensor of the file. The
/// reason for a refusal is written for people.
pub(super) fn read(
    config: &mut Json,
    metadata: &Metadata,
    arch: &str,
    divisors: &Divisors<'_>,
) -> Result<(), String> {
    let prefix = format!("{arch}.rope.scaling.");
    let mut keys = metadata.keys().filter_map(|key| key.strip_prefix(&prefix));
    if let Some(key) = keys.find(|key| !KEYS.contains(key)) {
        return Err(format!(
            "`{prefix}{key}` is not supported; use the model's folder of safetensors files"
        ));
    }
    let number = |key: &str| {
        metadata
            .get(&format!("{prefix}{key}"))
            .and_then(Value::as_f64)
    };
    let kind = metadata
        .get(&format!("{prefix}type"))
        .and_then(Value::as_str)
        .unwrap_or("none");
    let original = number("original_context_length").or(config["max_position_embeddings"].as_f64());
    let original = original.map(|tokens| tokens as u64);
    let attention_factor = number("attn_factor").unwrap_or(1.0);
    let has_divisors = divisors(FREQS)?.is_some() || divisors(LONG)?.is_some();
    if arch == GEMMA3 && (has_divisors || !["none", "linear"].contains(&kind)) {
        return Err(format!(
            "`{prefix}type` is `{kind}`: llama.cpp would scale the blocks with a window too; use the model's folder instead"
        ));
    }
    let scaling = match (divisors(FREQS)?, divisors(LONG)?, divisors(SHORT)?) {
        (Some(freqs), ..) => llama3::recover(&freqs, config).ok_or_else(|| {
            format!("`{FREQS}` is no scaling of Llama 3; use the model's folder instead")
        })?,
        (None, Some(long), Some(short)) => {
            // Phi-3 looks for it only outside the rope settings.
            config["original_max_position_embeddings"] = json!(original);
            json!({"rope_type": "longrope", "long_factor": long, "short_factor": short,
                "attention_factor": attention_factor})
        }
        _ if kind == "yarn" => {
            let factor = number("factor").unwrap_or(1.0);
            let all_dimensions =
                number("yarn_log_multiplier").map_or(1.0, |weight| mscale(factor, weight));
            json!({"rope_type": "yarn", "factor": factor, "original_max_position_embeddings": original,
                "attention_factor": attention_factor * mscale(factor, 1.0) / all_dimensions,
                "beta_fast": number("yarn_beta_fast"), "beta_slow": number("yarn_beta_slow")})
        }
        _ if attention_factor != 1.0 => {
            return Err(format!("`{prefix}attn_factor` is set for `{kind}`"));
        }
        _ => match number("factor").filter(|factor| kind != "none" && *factor != 1.0) {
            Some(factor) => json!({"rope_type": kind, "factor": factor}),
            None => Json::Null,
        },
    };
    config["rope_scaling"] = scaling;
    Ok(())
}

/// The metadata of a scaling, by the key below `rope.scaling`.
pub(crate) fn metadata(scaling: &RopeScaling) -> Vec<(&'static str, Value)> {
    let kind = |kind: &str| ("type", Value::String(kind.to_owned()));
    let number = |key, value: f64| (key, Value::F32(value as f32));
    let context = |tokens: usize| ("original_context_length", Value::U32(tokens as u32));
    match *scaling {
        RopeScaling::None | RopeScaling::Llama3 { .. } | RopeScaling::Dynamic { .. } => Vec::new(),
        RopeScaling::Linear { factor } => vec![kind("linear"), number("factor", factor)],
        RopeScaling::Yarn {
            factor,
            attention_factor,
            original_context,
            ..
        } => vec![
            kind("yarn"),
            number("factor", factor),
            context(original_context),
            number("attn_factor", attention_factor / mscale(factor, 1.0)),
        ],
        RopeScaling::LongRope {
            attention_factor,
            original_context,
            ..
        } => {
            vec![
                kind("longrope"),
                context(original_context),
                number("attn_factor", attention_factor),
            ]
        }
    }
}

/// The divisors that a scaling is written as, by the tensor's name.
pub(crate) fn tensors(config: &DecoderConfig) -> Vec<(&'static str, Vec<f32>)> {
    match &config.rope_scaling {
        &RopeScaling::Llama3 {
            factor,
            low_freq_factor,
            high_freq_factor,
            original_context,
        } => {
            let original_context = original_context as f64;
            let scaling = llama3::Scaling {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_context,
            };
            vec![(FREQS, scaling.divisors(config.rope_theta, config.head_dim))]
        }
        RopeScaling::LongRope {
            short_factor,
            long_factor,
            ..
        } => {
            vec![(LONG, long_factor.clone()), (SHORT, short_factor.clone())]
        }
        _ => Vec::new(),
    }
}

/// The part of a scaling that llama.cpp does not compute: it reads divisors for Llama, Mistral, Granite and Phi-3 only,
/// and the ends of YaRN's ramp for none of these families.
pub(crate) fn inexpressible(config: &DecoderConfig) -> Option<&'static str> {
    let reads_divisors = !matches!(
        config.architecture,
        Architecture::Qwen2 | Architecture::Qwen3 | Architecture::SmolLm3
    );
    if let Some(local) = &config.local_rope {
        let scaled_here = matches!(
            config.rope_scaling,
            RopeScaling::None | RopeScaling::Linear { .. }
        );
        return match local.scaling {
            RopeScaling::None if scaled_here => None,
            RopeScaling::None => Some("this scaling of some blocks alone"),
            _ => Some("a rotary scaling of the blocks with a window"),
        };
    }
    match config.rope_scaling {
        RopeScaling::None | RopeScaling::Linear { .. } => None,
        RopeScaling::Yarn {
            beta_fast,
            beta_slow,
            truncate,
            ..
        } => {
            let usual = (beta_fast, beta_slow, truncate) == (32.0, 1.0, true);
            (!usual).then_some("YaRN scaling with a ramp of its own")
        }
        RopeScaling::Dynamic { .. } => Some("dynamic rotary scaling"),
        RopeScaling::Llama3 { .. } => (!reads_divisors).then_some("Llama 3's rotary scaling"),
        RopeScaling::LongRope { .. } => (!reads_divisors).then_some("LongRoPE scaling"),
    }
}

/// What YaRN multiplies cosines and sines by (Peng et al. 2023, equation 15), with `weight` as in DeepSeek.
fn mscale(factor: f64, weight: f64) -> f64 {
    if factor <= 1.0 {
        1.0
    } else {
        0.1 * weight * factor.ln() + 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scaling read from a file with these keys below `llama.rope.scaling` and these vectors.
    fn read_from(keys: &[(&str, Value)], vectors: &[(&str, Vec<f32>)]) -> Result<Json, String> {
        let key = |key: &str| format!("llama.rope.scaling.{key}");
        let metadata: Metadata = keys
            .iter()
            .map(|(name, value)| (key(name), value.clone()))
            .collect();
        let vector = |name: &str| {
            vectors
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, v)| v.clone())
        };
        let mut config =
            json!({"max_position_embeddings": 4096, "rope_theta": 10_000.0, "head_dim": 4});
        read(&mut config, &metadata, "llama", &|name| Ok(vector(name)))?;
        Ok(config)
    }

    fn text(value: &str) -> Value {
        Value::String(value.to_owned())
    }

    #[test]
    fn scalings_are_read_as_llama_cpp_computes_them() {
        let scaling = |keys: &[(&str, Value)]| {
            read_from(keys, &[]).map(|config| config["rope_scaling"].clone())
        };
        assert_eq!(scaling(&[]).unwrap(), Json::Null);
        assert_eq!(scaling(&[("type", text("linear"))]).unwrap(), Json::Null);
        let linear = [("type", text("linear")), ("factor", Value::F32(4.0))];
        assert_eq!(
            scaling(&linear).unwrap(),
            json!({"rope_type": "linear", "factor": 4.0})
        );
        let yarn = [
            ("type", text("yarn")),
            ("factor", Value::F32(4.0)),
            ("original_context_length", Value::U32(512)),
        ];
        let plain = scaling(&yarn).unwrap();
        assert_eq!(
            (&plain["factor"], &plain["original_max_position_embeddings"]),
            (&json!(4.0), &json!(512))
        );
        // What transformers uses if no attention factor is given.
        assert_eq!(plain["attention_factor"], json!(0.1 * 4f64.ln() + 1.0));
        let weighed = [&yarn[..], &[("yarn_log_multiplier", Value::F32(1.0))]].concat();
        assert_eq!(scaling(&weighed).unwrap()["attention_factor"], json!(1.0));
        for unknown in [
            ("yarn_ext_factor", Value::F32(0.5)),
            ("attn_factor", Value::F32(2.0)),
        ] {
            let refused =
                scaling(&[&linear[..], std::slice::from_ref(&unknown)].concat()).unwrap_err();
            assert!(refused.contains(unknown.0), "{refused}");
        }
    }

    /// llama.cpp's converter writes no type for Phi-3.
    #[test]
    fn two_sets_of_divisors_are_longrope() {
        let vectors = [(LONG, vec![2.0, 3.0]), (SHORT, vec![1.0, 1.5])];
        let keys = [
            ("attn_factor", Value::F32(1.25)),
            ("original_context_length", Value::U32(1024)),
        ];
        let config = read_from(&keys, &vectors).unwrap();
        assert_eq!(config["original_max_position_embeddings"], 1024);
        let expected = json!({"rope_type": "longrope", "long_factor": [2.0, 3.0], "short_factor": [1.0, 1.5],
            "attention_factor": 1.25});
        assert_eq!(config["rope_scaling"], expected);
    }
}
