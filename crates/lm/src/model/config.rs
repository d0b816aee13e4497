//! `config.json` and `generation_config.json` of a checkpoint, as one typed configuration.
//!
//! Field names are Hugging Face transformers'. Only what the decoder computes exactly is let through: an
//! unknown architecture, activation or rope scaling is an error and never a silent approximation.

use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Result};

/// Architectures that the golden tests prove, as config.json names them.
const SUPPORTED: [&str; 3] = ["LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM"];

/// Largest believed size: products of two must not overflow.
const MAX_SIZE: usize = 1 << 28;

/// Sizes and constants of a decoder.
#[derive(Debug, Clone, PartialEq)]
pub struct DecoderConfig {
    /// Architecture as config.json names it.
    pub architecture: String,
    /// Rows of the embedding (V).
    pub vocab_size: usize,
    /// Width of the residual stream (D).
    pub hidden_size: usize,
    /// Width of the gated MLP (F).
    pub intermediate_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
    /// Query heads (H).
    pub num_attention_heads: usize,
    /// Key/value heads (K); divides H.
    pub num_key_value_heads: usize,
    /// Width of a head (Dh).
    pub head_dim: usize,
    /// Longest sequence, in tokens.
    pub max_position_embeddings: usize,
    /// Added to the mean square before the root.
    pub rms_norm_eps: f64,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// Scaling of the rotary frequencies.
    pub rope_scaling: RopeScaling,
    /// The head shares the embedding's matrix.
    pub tie_word_embeddings: bool,
    /// q, k and v projections have a bias.
    pub qkv_bias: bool,
    /// The output projection of attention has a bias.
    pub o_bias: bool,
    /// The MLP's projections have a bias.
    pub mlp_bias: bool,
    /// Token that begins a sequence.
    pub bos_token_id: Option<u32>,
    /// Tokens that end a sequence, of config.json and generation_config.json together, ascending.
    pub eos_token_ids: Vec<u32>,
}

/// Scaling of the rotary frequencies beyond the context of pretraining.
#[derive(Debug, Clone, PartialEq)]
pub enum RopeScaling {
    /// As trained.
    None,
    /// All frequencies divided by `factor`.
    Linear {
        /// Divisor.
        factor: f64,
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

impl DecoderConfig {
    /// Reads `config.json` and, where present, the end tokens of `generation_config.json` in `dir`.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Config`], [`Error::UnsupportedArchitecture`].
    pub fn load(dir: &Path) -> Result<Self> {
        let path = dir.join("config.json");
        let json = read_json(&path)?;
        let mut config = Self::from_json(&json, &path)?;
        let generation = dir.join("generation_config.json");
        if generation.is_file() {
            let json = read_json(&generation)?;
            config.eos_token_ids.extend(Fields { json: &json, path: &generation }.ids("eos_token_id")?);
        }
        config.eos_token_ids.sort_unstable();
        config.eos_token_ids.dedup();
        Ok(config)
    }

    /// Reads a `config.json`, or what stands for one; `path` is named in errors.
    pub(crate) fn from_json(json: &Value, path: &Path) -> Result<Self> {
        let fields = Fields { json, path };
        let architecture = architecture(json, path)?;
        refuse_unknown(&fields, &architecture)?;
        let hidden_size = fields.size("hidden_size")?;
        let num_attention_heads = fields.size("num_attention_heads")?;
        let attention_bias = fields.flag("attention_bias");
        let config = Self {
            vocab_size: fields.size("vocab_size")?,
            hidden_size,
            intermediate_size: fields.size("intermediate_size")?,
            num_hidden_layers: fields.size("num_hidden_layers")?,
            num_attention_heads,
            num_key_value_heads: fields.size_or("num_key_value_heads", num_attention_heads)?,
            head_dim: fields.size_or("head_dim", hidden_size / num_attention_heads.max(1))?,
            max_position_embeddings: fields.size("max_position_embeddings")?,
            rms_norm_eps: fields.number("rms_norm_eps")?.unwrap_or(1e-6),
            rope_theta: rope_field(json, "rope_theta").map_or(Ok(10_000.0), |v| {
                v.as_f64().ok_or_else(|| fields.bad("rope_theta", "is no number"))
            })?,
            rope_scaling: rope_scaling(&fields)?,
            tie_word_embeddings: fields.flag("tie_word_embeddings"),
            qkv_bias: attention_bias || architecture == "Qwen2ForCausalLM",
            o_bias: attention_bias,
            mlp_bias: fields.flag("mlp_bias"),
            bos_token_id: fields.ids("bos_token_id")?.first().copied(),
            eos_token_ids: fields.ids("eos_token_id")?,
            architecture,
        };
        config.check(&fields)?;
        Ok(config)
    }

    fn check(&self, fields: &Fields<'_>) -> Result<()> {
        for (name, value) in [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("num_key_value_heads", self.num_key_value_heads),
            ("max_position_embeddings", self.max_position_embeddings),
        ] {
            if value == 0 {
                return Err(fields.bad(name, "is zero"));
            }
            if value > MAX_SIZE {
                return Err(fields.bad(name, format!("is {value}, beyond any model")));
            }
        }
        if !self.num_attention_heads.is_multiple_of(self.num_key_value_heads) {
            return Err(fields.bad("num_key_value_heads", "does not divide num_attention_heads"));
        }
        if self.head_dim == 0 || self.head_dim > MAX_SIZE || !self.head_dim.is_multiple_of(2) {
            return Err(fields.bad("head_dim", "is not an even number above zero"));
        }
        Ok(())
    }

    /// Shape `[out, in]` of a block's projection.
    pub fn projection_shape(&self, target: crate::lora::Target) -> (usize, usize) {
        use crate::lora::Target;
        let (hidden, inner) = (self.hidden_size, self.intermediate_size);
        let (q, kv) = (self.num_attention_heads * self.head_dim, self.num_key_value_heads * self.head_dim);
        match target {
            Target::Q => (q, hidden),
            Target::K | Target::V => (kv, hidden),
            Target::O => (hidden, q),
            Target::Gate | Target::Up => (inner, hidden),
            Target::Down => (hidden, inner),
        }
    }

    /// Whether a block's projection has a bias.
    pub fn projection_bias(&self, target: crate::lora::Target) -> bool {
        use crate::lora::Target;
        match target {
            Target::Q | Target::K | Target::V => self.qkv_bias,
            Target::O => self.o_bias,
            Target::Gate | Target::Up | Target::Down => self.mlp_bias,
        }
    }
}

/// Reads a JSON file; the error names it.
pub(crate) fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    serde_json::from_slice(&text).map_err(|e| Error::config(path, "JSON", format!("cannot be read: {e}")))
}

fn architecture(json: &Value, path: &Path) -> Result<String> {
    let found = json["architectures"][0].as_str().or_else(|| json["model_type"].as_str());
    let found = found.ok_or_else(|| Error::config(path, "architectures", "is missing"))?;
    // A config without the list names the type only.
    let name = match found {
        "llama" => "LlamaForCausalLM",
        "mistral" => "MistralForCausalLM",
        "qwen2" => "Qwen2ForCausalLM",
        other => other,
    };
    if SUPPORTED.contains(&name) {
        return Ok(name.to_string());
    }
    Err(Error::UnsupportedArchitecture { found: found.to_string(), supported: SUPPORTED.join(", ") })
}

/// Refuses what would change the numbers and is not computed.
fn refuse_unknown(fields: &Fields<'_>, architecture: &str) -> Result<()> {
    let activation = fields.json["hidden_act"].as_str().unwrap_or("silu");
    if activation != "silu" {
        return Err(fields.bad("hidden_act", format!("is `{activation}`; only silu is supported")));
    }
    let context = fields.size("max_position_embeddings")? as u64;
    let window = fields.json["sliding_window"].as_u64().filter(|window| *window < context);
    let slides = match architecture {
        "MistralForCausalLM" => window.is_some(),
        _ => fields.flag("use_sliding_window"),
    };
    if slides {
        let found = format!("{architecture} with a sliding attention window");
        let supported = format!("{} (attention over the whole text)", SUPPORTED.join(", "));
        return Err(Error::UnsupportedArchitecture { found, supported });
    }
    if fields.json.get("quantization_config").is_some_and(|q| !q.is_null()) {
        return Err(fields.bad("quantization_config", "is set; choose the model's unquantised version"));
    }
    Ok(())
}

/// A rope field at top level, in `rope_parameters` (newer) or in `rope_scaling` (older).
fn rope_field<'a>(json: &'a Value, name: &str) -> Option<&'a Value> {
    [&json["rope_parameters"][name], &json["rope_scaling"][name], &json[name]]
        .into_iter()
        .find(|value| !value.is_null())
}

fn rope_scaling(fields: &Fields<'_>) -> Result<RopeScaling> {
    let kind = rope_field(fields.json, "rope_type").or_else(|| rope_field(fields.json, "type"));
    let number = |name: &str| {
        rope_field(fields.json, name)
            .and_then(Value::as_f64)
            .filter(|value| *value > 0.0)
            .ok_or_else(|| fields.bad(name, "is missing from the rope settings or not above zero"))
    };
    match kind.and_then(Value::as_str).unwrap_or("default") {
        "default" => Ok(RopeScaling::None),
        "linear" => Ok(RopeScaling::Linear { factor: number("factor")? }),
        "llama3" => Ok(RopeScaling::Llama3 {
            factor: number("factor")?,
            low_freq_factor: number("low_freq_factor")?,
            high_freq_factor: number("high_freq_factor")?,
            original_context: number("original_max_position_embeddings")? as usize,
        }),
        other => {
            Err(fields.bad("rope_type", format!("is `{other}`; default, linear and llama3 are supported")))
        }
    }
}

/// Typed access to the fields of one file.
struct Fields<'a> {
    json: &'a Value,
    path: &'a Path,
}

impl Fields<'_> {
    fn bad(&self, field: &str, reason: impl Into<String>) -> Error {
        Error::config(self.path, field, reason)
    }

    fn size(&self, name: &str) -> Result<usize> {
        self.json[name]
            .as_u64()
            .map(|v| v as usize)
            .ok_or_else(|| self.bad(name, "is missing or no whole number"))
    }

    fn size_or(&self, name: &str, default: usize) -> Result<usize> {
        if self.json[name].is_null() { Ok(default) } else { self.size(name) }
    }

    fn number(&self, name: &str) -> Result<Option<f64>> {
        match &self.json[name] {
            Value::Null => Ok(None),
            value => value.as_f64().map(Some).ok_or_else(|| self.bad(name, "is no number")),
        }
    }

    fn flag(&self, name: &str) -> bool {
        self.json[name].as_bool().unwrap_or(false)
    }

    /// One id, a list of ids, or none.
    fn ids(&self, name: &str) -> Result<Vec<u32>> {
        let id = |value: &Value| {
            let id = value.as_u64().and_then(|id| u32::try_from(id).ok());
            id.ok_or_else(|| self.bad(name, "is neither a token id nor a list of them"))
        };
        match &self.json[name] {
            Value::Null => Ok(Vec::new()),
            Value::Array(list) => list.iter().map(id).collect(),
            value => Ok(vec![id(value)?]),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(change: impl FnOnce(&mut Value)) -> Result<DecoderConfig> {
        let mut json = crate::test_model::config();
        change(&mut json);
        DecoderConfig::from_json(&json, Path::new("config.json"))
    }

    #[test]
    fn rope_settings_are_read_in_old_and_new_places() {
        let linear = RopeScaling::Linear { factor: 4.0 };
        let old = read(|c| c["rope_scaling"] = json!({"type": "linear", "factor": 4.0})).unwrap();
        assert_eq!((old.rope_theta, &old.rope_scaling), (1000.0, &linear));
        let new = read(|c| {
            c["rope_parameters"] = json!({"rope_type": "linear", "factor": 4.0, "rope_theta": 500.0});
        });
        let new = new.unwrap();
        assert_eq!((new.rope_theta, &new.rope_scaling), (500.0, &linear));
        assert_eq!(read(|c| c["rope_scaling"] = Value::Null).unwrap().rope_scaling, RopeScaling::None);
        let llama3 = read(|c| c["rope_scaling"] = json!({"rope_type": "llama3", "factor": 8.0}));
        assert!(llama3.unwrap_err().to_string().contains("low_freq_factor"));
        let yarn = read(|c| c["rope_scaling"] = json!({"rope_type": "yarn", "factor": 8.0}));
        assert!(yarn.unwrap_err().to_string().contains("yarn"));
    }

    #[test]
    fn absent_fields_have_the_family_s_defaults() {
        let config = read(|c| {
            let fields = c.as_object_mut().unwrap();
            fields.remove("head_dim");
            fields.remove("num_key_value_heads");
            fields["eos_token_id"] = json!([3, 9]);
        });
        let config = config.unwrap();
        assert_eq!((config.head_dim, config.num_key_value_heads), (6, 4));
        assert_eq!(config.eos_token_ids, [3, 9]);
    }

    #[test]
    fn what_is_not_computed_exactly_is_refused() {
        let unknown = read(|c| c["architectures"] = json!(["MambaForCausalLM"])).unwrap_err();
        assert!(matches!(&unknown, Error::UnsupportedArchitecture { found, .. } if found.contains("Mamba")));
        assert!(unknown.to_string().contains("LlamaForCausalLM"), "{unknown}");
        let sliding = read(|c| {
            c["architectures"] = json!(["MistralForCausalLM"]);
            c["sliding_window"] = json!(32);
        });
        assert!(matches!(sliding, Err(Error::UnsupportedArchitecture { .. })));
        for (field, value) in [
            ("hidden_act", json!("gelu")),
            ("num_key_value_heads", json!(3)),
            ("head_dim", json!(5)),
            ("vocab_size", json!("many")),
            ("eos_token_id", json!("</s>")),
            ("quantization_config", json!({"bits": 4})),
        ] {
            let error = read(|c| c[field] = value).unwrap_err();
            assert!(matches!(&error, Error::Config { field: found, .. } if found == field), "{error}");
        }
    }
}
