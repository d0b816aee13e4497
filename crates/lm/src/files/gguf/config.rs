//! GGUF metadata ↔ Hugging Face's `config.json` (key names: llama.cpp's `gguf-py/gguf/constants.py`).

use std::path::Path;

use serde_json::{Value as Json, json};

use super::format::{Metadata, TensorInfo, Value};
use crate::error::{Error, Result};
use crate::model::{Architecture, NO_ROPE_INTERVAL};

/// llama.cpp's name of the family with fused matrices and partly rotated heads.
pub(crate) const PHI3: &str = "phi3";

/// llama.cpp's name of the family with four norms in a block.
pub(crate) const GEMMA3: &str = "gemma3";

/// llama.cpp's name of the family in which every fourth block rotates nothing, although no key says so.
const SMOLLM3: &str = "smollm3";

/// llama.cpp's name of the family with factors on embeddings, scores, block outputs, and logits.
pub(crate) const GRANITE: &str = "granite";

/// Number of blocks by which llama.cpp recognises the model whose scores it divides by a root other than that of the
/// head's width (Gemma 3 27B; `llama-model.cpp`, `f_attention_scale`).
const BLOCKS_OF_27B: u64 = 62;

/// llama.cpp's name of a family; it computes Mistral as `llama`, and Granite 4 as `granite` with gate and up separate.
pub(crate) fn architecture_name(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::Llama | Architecture::Mistral => "llama",
        Architecture::Qwen2 => "qwen2",
        Architecture::Qwen3 => "qwen3",
        Architecture::Phi3 => PHI3,
        Architecture::Gemma3 => GEMMA3,
        Architecture::SmolLm3 => SMOLLM3,
        Architecture::Granite | Architecture::GraniteMoeHybrid => GRANITE,
    }
}

/// Whether the two halves of each query and key head alternate row by row under this name: this holds for the families
/// that llama.cpp's converter handles with its `LlamaModel`, whose rotation is `LLAMA_ROPE_TYPE_NORM`.
pub(crate) fn interleaves(arch: &str) -> bool {
    ["llama", SMOLLM3, GRANITE].contains(&arch)
}

/// The `config.json` of a GGUF file; `tensor` finds a tensor by its GGUF name.
pub(super) fn to_json<'a>(
    metadata: &Metadata,
    path: &Path,
    tensor: &dyn Fn(&str) -> Option<&'a TensorInfo>,
) -> Result<Json> {
    let text = |key: &str| metadata.get(key).and_then(Value::as_str);
    let arch = text("general.architecture").ok_or_else(|| {
        Error::config(path, "general.architecture", "is missing from the metadata")
    })?;
    let Some(family) = Architecture::ALL
        .into_iter()
        .find(|family| architecture_name(*family) == arch)
    else {
        let mut supported = Architecture::ALL.map(architecture_name).to_vec();
        supported.dedup();
        return Err(Error::UnsupportedArchitecture {
            found: arch.to_owned(),
            supported: supported.join(", "),
        });
    };
    let number = |key: &str| {
        metadata
            .get(&format!("{arch}.{key}"))
            .and_then(Value::as_f64)
    };
    let size = |key: &str| {
        metadata
            .get(&format!("{arch}.{key}"))
            .and_then(Value::as_u64)
    };
    let needed = |key: &str| {
        size(key).ok_or_else(|| Error::config(path, format!("{arch}.{key}"), "is missing"))
    };
    let (hidden, heads) = (needed("embedding_length")?, needed("attention.head_count")?);
    let head_dim = size("attention.key_length").unwrap_or(hidden / heads.max(1));
    let rotated = size("rope.dimension_count").unwrap_or(head_dim);
    if arch != PHI3 && rotated != head_dim {
        return Err(Error::config(
            path,
            format!("{arch}.rope.dimension_count"),
            "is not the width of a head",
        ));
    }
    let vocab = tensor("token_embd.weight")
        .and_then(|t| t.shape.first().copied())
        .unwrap_or(0);
    let mut eos: Vec<u64> = ["eos", "eot"]
        .iter()
        .filter_map(|token| {
            metadata
                .get(&format!("tokenizer.ggml.{token}_token_id"))
                .and_then(Value::as_u64)
        })
        .collect();
    eos.dedup();
    let mut json = json!({
        "architectures": [family.class_name()],
        "model_type": family.model_type(),
        "hidden_act": "silu",
        "vocab_size": vocab,
        "hidden_size": hidden,
        "intermediate_size": needed("feed_forward_length")?,
        "num_hidden_layers": needed("block_count")?,
        "num_attention_heads": heads,
        "num_key_value_heads": size("attention.head_count_kv").unwrap_or(heads),
        "head_dim": head_dim,
        "max_position_embeddings": needed("context_length")?,
        "rms_norm_eps": number("attention.layer_norm_rms_epsilon").unwrap_or(1e-6),
        "rope_theta": number("rope.freq_base").unwrap_or(10_000.0),
        "partial_rotary_factor": (arch == PHI3).then(|| share(rotated, head_dim)),
        // llama.cpp ignores Phi-3's window; the model has it.
        "sliding_window": size("attention.sliding_window").filter(|window| arch == PHI3 && *window > 0),
        "tie_word_embeddings": tensor("output.weight").is_none(),
        "attention_bias": tensor("blk.0.attn_output.bias").is_some(),
        "mlp_bias": tensor("blk.0.ffn_gate.bias").is_some(),
        "bos_token_id": metadata.get("tokenizer.ggml.bos_token_id").and_then(Value::as_u64),
        "eos_token_id": eos,
    });
    match family {
        Architecture::Gemma3 => gemma3(&mut json, metadata, path)?,
        Architecture::SmolLm3 => json["no_rope_layer_interval"] = json!(NO_ROPE_INTERVAL),
        Architecture::Granite => granite(&mut json, metadata, path)?,
        _ => {}
    }
    Ok(json)
}

/// The factors of Granite, with llama.cpp's defaults where the file is silent: 0 means no factor, which for scores is
/// one over the square root of a head's width.
fn granite(json: &mut Json, metadata: &Metadata, path: &Path) -> Result<()> {
    let value = |key: &str| metadata.get(&format!("{GRANITE}.{key}"));
    let number = |key: &str| {
        let number = value(key).and_then(Value::as_f64);
        number.filter(|number| *number != 0.0)
    };
    let bad = |key: &str, reason: &str| Error::config(path, format!("{GRANITE}.{key}"), reason);
    // The key that switches rotation on or off for this family (`llama-model.cpp`).
    const ROTATES: &str = "rope.scaling.finetuned";
    if value(ROTATES).and_then(Value::as_bool) == Some(false) {
        return Err(bad(
            ROTATES,
            "is false: a Granite that rotates nothing is not supported",
        ));
    }
    const LOGITS: &str = "logit_scale";
    let logits = number(LOGITS).ok_or_else(|| bad(LOGITS, "is missing"))?;
    let head_dim = json["head_dim"].as_f64().unwrap_or(1.0);
    let scores = number("attention.scale").unwrap_or(1.0 / head_dim.sqrt());
    for (name, factor) in [
        (
            "embedding_multiplier",
            number("embedding_scale").unwrap_or(1.0),
        ),
        ("attention_multiplier", scores),
        (
            "residual_multiplier",
            number("residual_scale").unwrap_or(1.0),
        ),
        ("logits_scaling", logits),
    ] {
        json[name] = json!(factor);
    }
    Ok(())
}

/// The fields of Gemma 3 that no other family has, with llama.cpp's defaults where the file is silent: blocks with a
/// window rotate with a base of 10,000, and every sixth block sees everything.
fn gemma3(json: &mut Json, metadata: &Metadata, path: &Path) -> Result<()> {
    const LOCAL_BASE: f64 = 10_000.0;
    const PATTERN: u64 = 6;
    let value = |key: &str| metadata.get(&format!("{GEMMA3}.{key}"));
    let number = |key: &str| value(key).and_then(Value::as_f64);
    let number_or = |key: &str, default: u64| match value(key) {
        None => Ok(default),
        Some(value) => value
            .as_u64()
            .ok_or_else(|| Error::config(path, format!("{GEMMA3}.{key}"), "is no whole number")),
    };
    // llama.cpp's own default is that of other families, which no Gemma 3 has.
    let base = number("rope.freq_base");
    let base =
        base.ok_or_else(|| Error::config(path, format!("{GEMMA3}.rope.freq_base"), "is missing"))?;
    let window = number_or("attention.sliding_window", 0)?;
    let (hidden, heads, head_dim, blocks) = (
        json["hidden_size"].as_u64().unwrap_or(0),
        json["num_attention_heads"].as_u64().unwrap_or(0),
        json["head_dim"].as_u64().unwrap_or(0),
        json["num_hidden_layers"].as_u64().unwrap_or(0),
    );
    let fields = [
        ("hidden_activation", json!("gelu_pytorch_tanh")),
        ("rope_theta", json!(base)),
        (
            "rope_local_base_freq",
            json!(number("rope.freq_base_swa").unwrap_or(LOCAL_BASE)),
        ),
        (
            // Without a window there are no blocks with one.
            "sliding_window_pattern",
            json!(match window {
                0 => 1,
                _ => number_or("attention.sliding_window_pattern", PATTERN)?,
            }),
        ),
        ("sliding_window", json!((window > 0).then_some(window))),
        (
            "query_pre_attn_scalar",
            json!(scores_divided_by(blocks, hidden, heads, head_dim)),
        ),
        (
            "final_logit_softcapping",
            json!(number("final_logit_softcapping").filter(|cap| *cap != 0.0)),
        ),
        (
            "attn_logit_softcapping",
            json!(number("attn_logit_softcapping").filter(|cap| *cap != 0.0)),
        ),
    ];
    for (name, value) in fields {
        json[name] = value;
    }
    if let Some(fields) = json.as_object_mut() {
        fields.remove("hidden_act");
        fields.remove("mlp_bias");
        fields.remove("partial_rotary_factor");
    }
    Ok(())
}

/// The number whose square root llama.cpp divides Gemma 3's attention scores by; no key gives it.
pub(crate) fn scores_divided_by(blocks: u64, hidden: u64, heads: u64, head_dim: u64) -> u64 {
    match blocks {
        BLOCKS_OF_27B => hidden / heads.max(1),
        _ => head_dim,
    }
}

/// The share of each head that is rotated, chosen so that head width times share, rounded down, is `rotated`.
fn share(rotated: u64, head_dim: u64) -> f64 {
    let share = rotated as f64 / head_dim as f64;
    if (share * head_dim as f64) as u64 == rotated {
        share
    } else {
        share.next_up()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DecoderConfig;

    /// The `config.json` of a file with these keys under its family's prefix, in addition to those that every file has.
    fn read(arch: &str, keys: &[(&str, Value)]) -> Result<Json> {
        let sizes = [
            ("embedding_length", 64),
            ("feed_forward_length", 96),
            ("block_count", 8),
            ("context_length", 512),
            ("attention.head_count", 4),
        ];
        let sizes = sizes.map(|(key, size)| (key, Value::U32(size)));
        let mut metadata: Metadata = sizes
            .iter()
            .chain(keys)
            .map(|(key, value)| (format!("{arch}.{key}"), value.clone()))
            .collect();
        let family = Value::String(arch.to_owned());
        metadata.insert("general.architecture".to_owned(), family);
        to_json(&metadata, Path::new("m.gguf"), &|_| None)
    }

    #[test]
    fn granite_s_factors_are_read_as_llama_cpp_does() {
        let names = [
            "embedding_multiplier",
            "attention_multiplier",
            "residual_multiplier",
            "logits_scaling",
        ];
        let factors = |keys: &[(&str, Value)]| {
            let json = read(GRANITE, keys).unwrap();
            names.map(|name| json[name].as_f64().unwrap())
        };
        let published = [
            ("embedding_scale", Value::F32(12.0)),
            ("attention.scale", Value::F32(0.015625)),
            ("residual_scale", Value::F32(0.22)),
            ("logit_scale", Value::F32(8.0)),
            ("rope.scaling.finetuned", Value::Bool(true)),
        ];
        assert_eq!(factors(&published), [12.0, 0.015625, 0.22, 8.0]);
        // Absent and 0 mean no factor; for scores that is what other families have.
        assert_eq!(factors(&published[3..]), [1.0, 0.25, 1.0, 8.0]);
        let zero = ["embedding_scale", "attention.scale", "residual_scale"];
        let zero = zero.map(|key| (key, Value::F32(0.0)));
        let logits = ("logit_scale", Value::F32(2.0));
        assert_eq!(
            factors(&[&zero[..], &[logits]].concat()),
            [1.0, 0.25, 1.0, 2.0]
        );
        let told = |keys: &[(&str, Value)]| read(GRANITE, keys).unwrap_err().to_string();
        assert!(told(&published[..3]).contains("granite.logit_scale"));
        let still = ("rope.scaling.finetuned", Value::Bool(false));
        assert!(told(&[&published[..4], &[still]].concat()).contains("rope.scaling.finetuned"));
    }

    #[test]
    fn every_fourth_block_of_smollm3_rotates_nothing() {
        let mut json = read(SMOLLM3, &[]).unwrap();
        json["vocab_size"] = json!(32);
        let config = DecoderConfig::from_json(&json, Path::new("m.gguf")).unwrap();
        assert_eq!(config.rope_layers, [true, true, true, false].repeat(2));
        assert_eq!(config.rope_theta, 10_000.0);
        assert_eq!(config.num_key_value_heads, 4);
    }
}
