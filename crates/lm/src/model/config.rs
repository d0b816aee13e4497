//! `config.json` and `generation_config.json` of a checkpoint, as one typed configuration.
//!
//! Field names are those of Hugging Face transformers. Only what the decoder computes exactly is accepted: an unknown
//! architecture, activation or rope scaling is an error, never a silent approximation.

use std::path::Path;

use serde_json::Value;

use super::activation::Activation;
use super::architecture::Architecture;
use super::attention::Attention;
use super::fields::Fields;
use super::gemma3;
use super::granite;
use super::rope_scaling::RopeScaling;
use super::smollm3;
use super::target::Target;
use crate::disk::read_json;
use crate::error::Result;

/// Largest size that is accepted: the product of two sizes must not overflow.
const MAX_SIZE: usize = 1 << 28;

/// Sizes and constants of a decoder, checked so that it can be computed exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct DecoderConfig {
    /// The model family, which determines tensor names and special cases.
    pub architecture: Architecture,
    /// Rows of the embedding (V).
    pub vocab_size: usize,
    /// Width of the residual stream (D).
    pub hidden_size: usize,
    /// Width of the gated MLP (F).
    pub intermediate_size: usize,
    /// Number of transformer blocks (L).
    pub num_hidden_layers: usize,
    /// Number of query heads (H).
    pub num_attention_heads: usize,
    /// Number of key/value heads (K), which divides H.
    pub num_key_value_heads: usize,
    /// Width of a head (Dh), even.
    pub head_dim: usize,
    /// Longest sequence that can be read, in tokens: the config's, or what `rope_scaling` stretches it to.
    pub max_position_embeddings: usize,
    /// Added to the mean square before an RMS norm takes the root.
    pub rms_norm_eps: f64,
    /// Leading values of each head that are rotated (Dr), even.
    pub rotary_dim: usize,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// How the rotary frequencies are scaled to stretch the context.
    pub rope_scaling: RopeScaling,
    /// The rotation of blocks with a window; `None` if they are rotated like the others.
    pub local_rope: Option<LocalRope>,
    /// For each block, whether its queries and keys are rotated at all.
    pub rope_layers: Vec<bool>,
    /// For each block, how many positions a token sees: its own and those just before it. `None` if it sees all earlier
    /// positions.
    pub sliding_windows: Vec<Option<usize>>,
    /// Whether queries and keys each pass through an RMS norm, head by head, before the rotation.
    pub qk_norm: bool,
    /// Whether the outputs of attention and the MLP pass through an RMS norm before they are added to the residual
    /// stream.
    pub post_norms: bool,
    /// Activation function of the MLP's gate.
    pub activation: Activation,
    /// Factor on embedded tokens; the tied head is not scaled.
    pub embedding_multiplier: f64,
    /// Factor on attention scores: one over the square root of a head's width, or what the family uses instead.
    pub attention_multiplier: f64,
    /// Factor on the outputs of attention and the MLP before they are added to the residual stream.
    pub residual_multiplier: f64,
    /// What logits are divided by.
    pub logits_scaling: f64,
    /// Whether the head shares the embedding's matrix.
    pub tie_word_embeddings: bool,
    /// Whether the q, k and v projections have a bias.
    pub qkv_bias: bool,
    /// Whether the output projection of attention has a bias.
    pub o_bias: bool,
    /// Whether the MLP's projections have a bias.
    pub mlp_bias: bool,
    /// Id of the token that begins a sequence; `None` if the configuration names no such token.
    pub bos_token_id: Option<u32>,
    /// Ids of the tokens that end a sequence, from config.json and generation_config.json together, ascending.
    pub eos_token_ids: Vec<u32>,
}

/// The rotation of the blocks with a window, where it differs from that of the blocks that see everything.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalRope {
    /// Base of the frequencies.
    pub theta: f64,
    /// How the frequencies are scaled.
    pub scaling: RopeScaling,
    /// For each block, whether it uses this rotation.
    pub layers: Vec<bool>,
}

impl DecoderConfig {
    /// The same configuration with a different number of blocks; their kinds repeat.
    #[must_use]
    pub fn with_blocks(mut self, blocks: usize) -> Self {
        fn repeated<T: Clone>(kinds: &mut Vec<T>, blocks: usize) {
            *kinds = kinds.iter().cycle().take(blocks).cloned().collect();
        }
        self.num_hidden_layers = blocks;
        repeated(&mut self.sliding_windows, blocks);
        repeated(&mut self.rope_layers, blocks);
        if let Some(local) = &mut self.local_rope {
            repeated(&mut local.layers, blocks);
        }
        self
    }

    /// Reads `config.json` and, if present, the end tokens of `generation_config.json` in `dir`.
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
            config.eos_token_ids.extend(
                Fields {
                    json: &json,
                    path: &generation,
                }
                .ids("eos_token_id")?,
            );
        }
        config.eos_token_ids.sort_unstable();
        config.eos_token_ids.dedup();
        Ok(config)
    }

    /// Reads the content of a `config.json`, or the same fields made from other metadata; errors name `path`.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::UnsupportedArchitecture`].
    pub fn from_json(original: &Value, path: &Path) -> Result<Self> {
        let fields = Fields {
            json: original,
            path,
        };
        let architecture = Architecture::read(original, path)?;
        let gemma3 = match architecture {
            Architecture::Gemma3 => Some(gemma3::plain(&fields)?),
            _ => None,
        };
        let smollm3 = match architecture {
            Architecture::SmolLm3 => Some(smollm3::with_defaults(original)),
            _ => None,
        };
        let json = gemma3.as_ref().map(|plain| &plain.json);
        let json = json.or(smollm3.as_ref()).unwrap_or(original);
        let fields = Fields { json, path };
        refuse_unknown(&fields, architecture)?;
        let config = Self::read(&fields, architecture, gemma3.as_ref())?;
        config.check(&fields)?;
        Ok(config)
    }

    fn read(
        fields: &Fields<'_>,
        architecture: Architecture,
        gemma3: Option<&gemma3::Plain>,
    ) -> Result<Self> {
        let hidden_size = fields.size("hidden_size")?;
        let num_attention_heads = fields.size("num_attention_heads")?;
        let head_dim = fields.size_or("head_dim", hidden_size / num_attention_heads.max(1))?;
        let partial = fields
            .rope_or_plain("partial_rotary_factor")
            .and_then(Value::as_f64)
            .unwrap_or(1.0);
        let rotary_dim = (head_dim as f64 * partial) as usize;
        let rope_scaling = RopeScaling::read(fields, architecture, rotary_dim)?;
        let (qkv_bias, o_bias) = attention_biases(fields, architecture);
        let default_eps = if architecture == Architecture::Phi3 {
            1e-5
        } else {
            1e-6
        };
        let rope_layers = rope_layers(fields, architecture)?;
        let multiplier = |name: &str| match architecture.has_factors() {
            true => above_zero(fields, name, 1.0),
            false => Ok(1.0),
        };
        let inner = match architecture {
            Architecture::GraniteMoeHybrid => "shared_intermediate_size",
            _ => "intermediate_size",
        };
        Ok(Self {
            architecture,
            vocab_size: fields.size("vocab_size")?,
            hidden_size,
            intermediate_size: fields.size(inner)?,
            num_hidden_layers: fields.size("num_hidden_layers")?,
            num_attention_heads,
            num_key_value_heads: fields.size_or("num_key_value_heads", num_attention_heads)?,
            head_dim,
            max_position_embeddings: rope_scaling.context(fields.size("max_position_embeddings")?),
            rms_norm_eps: fields.number("rms_norm_eps")?.unwrap_or(default_eps),
            rotary_dim,
            rope_theta: rope_theta(fields)?,
            rope_scaling,
            local_rope: gemma3
                .map(|plain| local_rope(plain, fields.path, rotary_dim))
                .transpose()?,
            sliding_windows: sliding_windows(fields, architecture, &rope_layers)?,
            rope_layers,
            qk_norm: matches!(architecture, Architecture::Qwen3 | Architecture::Gemma3),
            post_norms: gemma3.is_some(),
            activation: match architecture {
                Architecture::Gemma3 => Activation::GeluTanh,
                _ => Activation::Silu,
            },
            embedding_multiplier: match architecture {
                Architecture::Gemma3 => (hidden_size as f64).sqrt(),
                _ => multiplier("embedding_multiplier")?,
            },
            attention_multiplier: match architecture {
                Architecture::Gemma3 => {
                    let scalar = above_zero(fields, "query_pre_attn_scalar", head_dim as f64)?;
                    1.0 / scalar.sqrt()
                }
                family if family.has_factors() => multiplier("attention_multiplier")?,
                _ => 1.0 / (head_dim as f64).sqrt(),
            },
            residual_multiplier: multiplier("residual_multiplier")?,
            logits_scaling: multiplier("logits_scaling")?,
            tie_word_embeddings: fields.flag("tie_word_embeddings"),
            qkv_bias,
            o_bias,
            mlp_bias: matches!(
                architecture,
                Architecture::Llama | Architecture::SmolLm3 | Architecture::Granite
            ) && fields.flag("mlp_bias"),
            bos_token_id: fields.ids("bos_token_id")?.first().copied(),
            eos_token_ids: fields.ids("eos_token_id")?,
        })
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
        if !self
            .num_attention_heads
            .is_multiple_of(self.num_key_value_heads)
        {
            return Err(fields.bad("num_key_value_heads", "does not divide num_attention_heads"));
        }
        if self.head_dim == 0 || self.head_dim > MAX_SIZE || !self.head_dim.is_multiple_of(2) {
            return Err(fields.bad("head_dim", "is not an even number above zero"));
        }
        if self.rotary_dim == 0
            || !self.rotary_dim.is_multiple_of(2)
            || self.rotary_dim > self.head_dim
        {
            return Err(fields.bad(
                "partial_rotary_factor",
                "does not make an even part of each head",
            ));
        }
        Ok(())
    }

    /// How the queries of a block attend to keys.
    pub(crate) fn attention(&self, layer: usize) -> Attention {
        Attention {
            window: self.sliding_windows[layer],
            scale: self.attention_multiplier,
        }
    }

    /// Shape `[out, in]` of a block's projection.
    pub fn projection_shape(&self, target: Target) -> (usize, usize) {
        let (hidden, inner) = (self.hidden_size, self.intermediate_size);
        let (q, kv) = (
            self.num_attention_heads * self.head_dim,
            self.num_key_value_heads * self.head_dim,
        );
        match target {
            Target::Q => (q, hidden),
            Target::K | Target::V => (kv, hidden),
            Target::O => (hidden, q),
            Target::Gate | Target::Up => (inner, hidden),
            Target::Down => (hidden, inner),
        }
    }

    /// Where a checkpoint keeps a block's projection: (module, number of rows of its matrix, first row of the
    /// projection). Phi-3 stacks q, k and v in one matrix, and gate and up in another; Granite 4 does only the latter.
    pub(crate) fn stored_projection(&self, target: Target) -> (&'static str, usize, usize) {
        let rows = |target: Target| self.projection_shape(target).0;
        let (q, kv, inner) = (rows(Target::Q), rows(Target::K), self.intermediate_size);
        match (self.architecture, target) {
            (Architecture::Phi3, Target::Q) => ("qkv_proj", q + 2 * kv, 0),
            (Architecture::Phi3, Target::K) => ("qkv_proj", q + 2 * kv, q),
            (Architecture::Phi3, Target::V) => ("qkv_proj", q + 2 * kv, q + kv),
            (Architecture::Phi3, Target::Gate) => ("gate_up_proj", 2 * inner, 0),
            (Architecture::Phi3, Target::Up) => ("gate_up_proj", 2 * inner, inner),
            (Architecture::GraniteMoeHybrid, Target::Gate) => ("input_linear", 2 * inner, 0),
            (Architecture::GraniteMoeHybrid, Target::Up) => ("input_linear", 2 * inner, inner),
            (Architecture::GraniteMoeHybrid, Target::Down) => {
                ("output_linear", rows(Target::Down), 0)
            }
            _ => (target.module_name(), rows(target), 0),
        }
    }

    /// Name of the matrix in which a checkpoint keeps a layer's projection: `model.layers.0.self_attn.q_proj`, or for
    /// Phi-3 `model.layers.0.self_attn.qkv_proj`.
    pub(crate) fn stored_name(&self, layer: usize, target: Target) -> String {
        let block = match (self.architecture, target.block_name()) {
            (Architecture::GraniteMoeHybrid, "mlp") => "shared_mlp",
            (_, block) => block,
        };
        let module = self.stored_projection(target).0;
        format!("model.layers.{layer}.{block}.{module}")
    }

    /// Whether a block's projection has a bias.
    pub fn projection_bias(&self, target: Target) -> bool {
        match target {
            Target::Q | Target::K | Target::V => self.qkv_bias,
            Target::O => self.o_bias,
            Target::Gate | Target::Up | Target::Down => self.mlp_bias,
        }
    }
}

/// Refuses settings that would change the numbers but that the decoder does not implement.
fn refuse_unknown(fields: &Fields<'_>, architecture: Architecture) -> Result<()> {
    if architecture == Architecture::GraniteMoeHybrid {
        granite::refuse_mamba_and_experts(fields)?;
    }
    let (name, computed) = match architecture {
        Architecture::Gemma3 => ("hidden_activation", gemma3::ACTIVATION),
        _ => ("hidden_act", "silu"),
    };
    let activation = fields.json[name].as_str().unwrap_or(computed);
    if activation != computed {
        let reason = format!("is `{activation}`; only {computed} is supported");
        return Err(fields.bad(name, reason));
    }
    if fields
        .json
        .get("quantization_config")
        .is_some_and(|q| !q.is_null())
    {
        return Err(fields.bad(
            "quantization_config",
            "is set; choose the model's unquantised version",
        ));
    }
    let partial = fields.rope_or_plain("partial_rotary_factor");
    if architecture != Architecture::Phi3 && partial.is_some_and(|part| part.as_f64() != Some(1.0))
    {
        let reason = format!(
            "is not 1; {} rotates whole heads",
            architecture.class_name()
        );
        return Err(fields.bad("partial_rotary_factor", reason));
    }
    if ["full_attention", "sliding_attention"]
        .iter()
        .any(|kind| fields.rope(kind).is_some())
    {
        return Err(fields.bad(
            "rope_parameters",
            "differ from block to block, which is not supported",
        ));
    }
    Ok(())
}

/// Base of the frequencies; 10,000 if the file has none.
fn rope_theta(fields: &Fields<'_>) -> Result<f64> {
    let theta = fields.rope_or_plain("rope_theta");
    theta.map_or(Ok(10_000.0), |theta| {
        theta
            .as_f64()
            .ok_or_else(|| fields.bad("rope_theta", "is no number"))
    })
}

/// Whether the projections of attention have biases: those of q, k and v, and that of the output.
fn attention_biases(fields: &Fields<'_>, architecture: Architecture) -> (bool, bool) {
    let has_bias = fields.flag("attention_bias");
    match architecture {
        Architecture::Llama
        | Architecture::Qwen3
        | Architecture::Gemma3
        | Architecture::SmolLm3
        | Architecture::Granite
        | Architecture::GraniteMoeHybrid => (has_bias, has_bias),
        Architecture::Qwen2 => (true, false),
        Architecture::Mistral | Architecture::Phi3 => (false, false),
    }
}

/// A factor, which must be above zero.
fn above_zero(fields: &Fields<'_>, name: &str, default: f64) -> Result<f64> {
    let value = fields.number(name)?.unwrap_or(default);
    match value > 0.0 && value.is_finite() {
        true => Ok(value),
        false => Err(fields.bad(name, "is not above zero")),
    }
}

/// For each block, whether it rotates queries and keys.
fn rope_layers(fields: &Fields<'_>, architecture: Architecture) -> Result<Vec<bool>> {
    let layers = fields.layers()?;
    match architecture {
        Architecture::SmolLm3 => smollm3::rope_layers(fields, layers),
        Architecture::GraniteMoeHybrid => Ok(vec![granite::rotates(fields); layers]),
        _ => Ok(vec![true; layers]),
    }
}

fn local_rope(plain: &gemma3::Plain, path: &Path, rotary_dim: usize) -> Result<LocalRope> {
    let fields = Fields {
        json: &plain.local,
        path,
    };
    Ok(LocalRope {
        theta: rope_theta(&fields)?,
        scaling: RopeScaling::read(&fields, Architecture::Gemma3, rotary_dim)?,
        layers: plain.sliding.clone(),
    })
}

/// The window of each block, with the defaults of transformers' configuration classes. A window as wide as the entire
/// context counts as no window.
fn sliding_windows(
    fields: &Fields<'_>,
    architecture: Architecture,
    rope_layers: &[bool],
) -> Result<Vec<Option<usize>>> {
    const CLASS_DEFAULT: usize = 4096;
    const FIRST_WINDOWED_LAYER: usize = 28;
    let layers = rope_layers.len();
    let width = match (architecture, fields.json.get("sliding_window")) {
        (Architecture::Llama | Architecture::Granite | Architecture::GraniteMoeHybrid, _)
        | (Architecture::Phi3 | Architecture::SmolLm3, None)
        | (_, Some(Value::Null)) => None,
        (Architecture::Qwen2 | Architecture::Qwen3 | Architecture::SmolLm3, _)
            if !fields.flag("use_sliding_window") =>
        {
            None
        }
        (_, None) => Some(CLASS_DEFAULT),
        (_, Some(_)) => Some(fields.size("sliding_window")?),
    };
    if width == Some(0) {
        return Err(fields.bad("sliding_window", "is zero: a token would see nothing"));
    }
    let context = fields.size("max_position_embeddings")?;
    let window = width.filter(|width| *width < context);
    let by_layer = match architecture {
        Architecture::Llama
        | Architecture::Mistral
        | Architecture::Phi3
        | Architecture::Granite
        | Architecture::GraniteMoeHybrid => {
            return Ok(vec![window; layers]);
        }
        Architecture::Qwen2
        | Architecture::Qwen3
        | Architecture::Gemma3
        | Architecture::SmolLm3 => &fields.json["layer_types"],
    };
    if by_layer.is_null() && architecture == Architecture::SmolLm3 {
        let of_block = |rotates: &bool| window.filter(|_| !rotates);
        return Ok(rope_layers.iter().map(of_block).collect());
    }
    if by_layer.is_null() {
        let first = fields.size_or("max_window_layers", FIRST_WINDOWED_LAYER)?;
        return Ok((0..layers)
            .map(|layer| window.filter(|_| layer >= first))
            .collect());
    }
    let of_type = |kind: &Value| match kind.as_str() {
        Some("full_attention") => Ok(None),
        Some("sliding_attention") if width.is_some() => Ok(window),
        Some("sliding_attention") => {
            Err(fields.bad("layer_types", "names a window, but none is set"))
        }
        _ => Err(fields.bad(
            "layer_types",
            format!("names {kind}; full_attention and sliding_attention are known"),
        )),
    };
    let types = by_layer.as_array().filter(|types| types.len() == layers);
    let types =
        types.ok_or_else(|| fields.bad("layer_types", "does not name a type for each block"))?;
    types.iter().map(of_type).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Error;

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
            c["rope_parameters"] =
                json!({"rope_type": "linear", "factor": 4.0, "rope_theta": 500.0});
        });
        let new = new.unwrap();
        assert_eq!((new.rope_theta, &new.rope_scaling), (500.0, &linear));
        assert_eq!(
            read(|c| c["rope_scaling"] = Value::Null)
                .unwrap()
                .rope_scaling,
            RopeScaling::None
        );
        let llama3 = read(|c| c["rope_scaling"] = json!({"rope_type": "llama3", "factor": 8.0}));
        assert!(llama3.unwrap_err().to_string().contains("low_freq_factor"));
        let axial = read(|c| c["rope_scaling"] = json!({"rope_type": "axial", "factor": 8.0}));
        assert!(
            axial.unwrap_err().to_string().contains("yarn"),
            "the message lists the known types"
        );
        let both = read(|c| {
            c["rope_scaling"] = json!({"type": "linear", "factor": 4.0});
            c["rope_parameters"] = json!({"rope_type": "linear", "factor": 2.0});
        });
        assert_eq!(both.unwrap().rope_scaling, linear);
    }

    #[test]
    fn the_context_is_what_the_scaling_stretches_it_to() {
        let context = |scaling: Value| {
            read(|c| c["rope_scaling"] = scaling)
                .unwrap()
                .max_position_embeddings
        };
        assert_eq!(context(json!({"type": "linear", "factor": 4.0})), 96);
        assert_eq!(context(json!({"type": "dynamic", "factor": 4.0})), 384);
        assert_eq!(context(json!({"type": "yarn", "factor": 2.5})), 240);
        let yarn = json!({"type": "yarn", "factor": 2.0, "original_max_position_embeddings": 48});
        assert_eq!(context(yarn), 96);
    }

    #[test]
    fn windows_of_the_blocks_follow_the_family() {
        let windows = |family: &str, changes: Value| {
            read(|c| {
                c["architectures"] = json!([family]);
                for (field, value) in changes.as_object().unwrap() {
                    c[field] = value.clone();
                }
            })
            .map(|config| config.sliding_windows)
        };
        let (mistral, qwen) = ("MistralForCausalLM", "Qwen3ForCausalLM");
        let window = json!({"sliding_window": 32});
        assert_eq!(
            windows("LlamaForCausalLM", window.clone()).unwrap(),
            [None, None]
        );
        assert_eq!(windows(mistral, window.clone()).unwrap(), [Some(32); 2]);
        assert_eq!(
            windows(mistral, json!({"sliding_window": null})).unwrap(),
            [None, None]
        );
        assert_eq!(
            windows(mistral, json!({"sliding_window": 96})).unwrap(),
            [None, None]
        );
        let long = json!({"max_position_embeddings": 9000});
        assert_eq!(
            windows(mistral, long).unwrap(),
            [Some(4096); 2],
            "the default of the class"
        );
        assert_eq!(
            windows(qwen, window).unwrap(),
            [None, None],
            "use_sliding_window is off"
        );
        let used =
            json!({"use_sliding_window": true, "sliding_window": 32, "max_window_layers": 1});
        assert_eq!(windows(qwen, used.clone()).unwrap(), [None, Some(32)]);
        let mut typed = used;
        typed["layer_types"] = json!(["sliding_attention", "full_attention"]);
        assert_eq!(windows(qwen, typed.clone()).unwrap(), [Some(32), None]);
        for wrong in [
            json!(["sliding_attention"]),
            json!(["full_attention", "chunked_attention"]),
        ] {
            typed["layer_types"] = wrong;
            assert!(
                windows(qwen, typed.clone())
                    .unwrap_err()
                    .to_string()
                    .contains("layer_types")
            );
        }
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
        assert!(
            matches!(&unknown, Error::UnsupportedArchitecture { found, .. } if found.contains("Mamba"))
        );
        for architecture in Architecture::ALL {
            assert!(
                unknown.to_string().contains(architecture.class_name()),
                "{unknown}"
            );
            let typed = read(|c| {
                c["architectures"] = Value::Null;
                c["model_type"] = json!(architecture.model_type());
                // Without these settings, Granite 4 has Mamba blocks and experts.
                c["layer_types"] = json!(["full_attention", "full_attention"]);
                c["num_local_experts"] = json!(0);
                c["shared_intermediate_size"] = json!(8);
            });
            assert_eq!(typed.unwrap().architecture, architecture);
        }
        for (field, value) in [
            ("hidden_act", json!("gelu")),
            ("num_key_value_heads", json!(3)),
            ("head_dim", json!(5)),
            ("partial_rotary_factor", json!(0.5)),
            ("num_hidden_layers", json!(1_000_000_000)),
            ("vocab_size", json!("many")),
            ("eos_token_id", json!("</s>")),
            ("quantization_config", json!({"bits": 4})),
        ] {
            let error = read(|c| c[field] = value).unwrap_err();
            assert!(
                matches!(&error, Error::Config { field: found, .. } if found == field),
                "{error}"
            );
        }
    }
}
