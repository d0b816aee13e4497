//! `config.json` of Gemma 3's text models, whose fields have names, defaults and meanings of their own (transformers
//! 5.24, `configuration_gemma3.py`), translated into the fields of the other families.
//!
//! The file may be in the layout of 2025 (`rope_theta`, `rope_local_base_freq` and `rope_scaling`, which applies to the
//! blocks that see everything;
//! `sliding_window_pattern`) or in that of transformers 5 (`rope_parameters` and `layer_types`).

use serde_json::{Map, Value, json};

use super::fields::Fields;
use crate::error::Result;

/// The activation that the decoder computes for this family.
pub(super) const ACTIVATION: &str = "gelu_pytorch_tanh";

/// What `layer_types` calls a block that sees every earlier position.
const FULL: &str = "full_attention";
/// What `layer_types` calls a block with a window.
const SLIDING: &str = "sliding_attention";

/// Every sixth block sees everything if the file does not say otherwise.
const PATTERN: usize = 6;

/// A file's content in the other families' terms.
pub(super) struct Plain {
    /// Its fields with the class's defaults; `rope_theta`, `rope_scaling` and `layer_types` are those of the blocks
    /// that see everything.
    pub(super) json: Value,
    /// The same, with the rope settings of the blocks with a window.
    pub(super) local: Value,
    /// For each block, whether it has a window.
    pub(super) sliding: Vec<bool>,
}

/// Reads a file; settings that would change the numbers but that the decoder does not implement are refused.
pub(super) fn plain(fields: &Fields<'_>) -> Result<Plain> {
    for cap in ["attn_logit_softcapping", "final_logit_softcapping"] {
        if !fields.json[cap].is_null() {
            return Err(fields.bad(cap, "is set; Gemma 3 is computed without soft caps only"));
        }
    }
    if fields.flag("use_bidirectional_attention") {
        let reason = "is set; the model sees the text behind a token and cannot continue one";
        return Err(fields.bad("use_bidirectional_attention", reason));
    }
    let mut json = with_defaults(fields.json);
    let types = layer_types(&Fields {
        json: &json,
        path: fields.path,
    })?;
    let sliding = types.iter().map(|kind| *kind == SLIDING).collect();
    let [full, local] = ropes(fields)?;
    json["layer_types"] = json!(types);
    if let Some(fields) = json.as_object_mut() {
        fields.remove("rope_parameters");
    }
    let with = |rope: Map<String, Value>| {
        let mut json = json.clone();
        json["rope_theta"] = rope["rope_theta"].clone();
        json["rope_scaling"] = Value::Object(rope);
        json
    };
    Ok(Plain {
        json: with(full),
        local: with(local),
        sliding,
    })
}

/// The fields, completed by the defaults of the configuration class. The default for the tied head matters most: files
/// do not have the field, and elsewhere its absence means false.
fn with_defaults(json: &Value) -> Value {
    let mut json = json.clone();
    let defaults = [
        ("vocab_size", json!(262_208)),
        ("hidden_size", json!(2304)),
        ("intermediate_size", json!(9216)),
        ("num_hidden_layers", json!(26)),
        ("num_attention_heads", json!(8)),
        ("num_key_value_heads", json!(4)),
        ("head_dim", json!(256)),
        ("max_position_embeddings", json!(131_072)),
        ("rms_norm_eps", json!(1e-6)),
        ("query_pre_attn_scalar", json!(256)),
        ("hidden_activation", json!(ACTIVATION)),
        ("tie_word_embeddings", json!(true)),
    ];
    for (name, default) in defaults {
        if json[name].is_null() {
            json[name] = default;
        }
    }
    // Here null means no window, but a list of kinds may still ask for one.
    if json.get("sliding_window").is_none() {
        json["sliding_window"] = json!(4096);
    }
    json
}

/// The kind of each block: as listed, or given by a number n: every n-th block sees everything.
fn layer_types(fields: &Fields<'_>) -> Result<Vec<&'static str>> {
    let layers = fields.layers()?;
    let listed = &fields.json["layer_types"];
    if listed.is_null() {
        // transformers stores the number under a different name when it writes the file again.
        let name = match fields.json["sliding_window_pattern"].is_null() {
            true => "_sliding_window_pattern",
            false => "sliding_window_pattern",
        };
        let pattern = fields.size_or(name, PATTERN)?;
        if pattern == 0 {
            return Err(fields.bad(name, "is zero"));
        }
        let kind = |layer: usize| match (layer + 1).is_multiple_of(pattern) {
            true => FULL,
            false => SLIDING,
        };
        return Ok((0..layers).map(kind).collect());
    }
    let known = |kind: &Value| [FULL, SLIDING].into_iter().find(|known| kind == known);
    let types: Option<Vec<_>> = listed
        .as_array()
        .filter(|types| types.len() == layers)
        .and_then(|types| types.iter().map(known).collect());
    types.ok_or_else(|| {
        let reason = format!("does not name {FULL} or {SLIDING} for each block");
        fields.bad("layer_types", reason)
    })
}

/// The rope settings of the blocks that see everything and of those with a window, each with its `rope_theta`.
fn ropes(fields: &Fields<'_>) -> Result<[Map<String, Value>; 2]> {
    let parameters = &fields.json["rope_parameters"];
    let of_kind = |kind: &str| match &parameters[kind] {
        Value::Null => Ok(Map::new()),
        Value::Object(settings) => Ok(settings.clone()),
        _ => Err(fields.bad("rope_parameters", format!("has no settings under {kind}"))),
    };
    if let Some(settings) = parameters.as_object()
        && let Some(other) = settings
            .keys()
            .find(|key| ![FULL, SLIDING].contains(&key.as_str()))
    {
        let reason = format!("has `{other}` beside {FULL} and {SLIDING}, which each have theirs");
        return Err(fields.bad("rope_parameters", reason));
    }
    let (mut full, mut local) = (of_kind(FULL)?, of_kind(SLIDING)?);
    if let Some(older) = fields.json["rope_scaling"].as_object() {
        if [FULL, SLIDING].iter().any(|kind| older.contains_key(*kind)) {
            return Err(fields.bad("rope_scaling", "is divided by kind; rope_parameters may be"));
        }
        full.extend(older.clone());
    }
    for (settings, name, default) in [
        (&mut full, "rope_theta", 1e6),
        (&mut local, "rope_local_base_freq", 1e4),
    ] {
        if settings.get("rope_theta").is_none_or(Value::is_null) {
            let theta = fields.number(name)?.unwrap_or(default);
            settings.insert("rope_theta".to_owned(), json!(theta));
        }
    }
    Ok([full, local])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::{Activation, Architecture, DecoderConfig, RopeScaling};

    /// As published in 2025.
    fn published() -> Value {
        json!({
            "architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", "vocab_size": 64,
            "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 4, "num_attention_heads": 4,
            "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 96, "rms_norm_eps": 1e-6,
            "query_pre_attn_scalar": 12, "sliding_window": 16, "sliding_window_pattern": 3,
            "rope_theta": 1e6, "rope_local_base_freq": 2e4,
            "rope_scaling": {"rope_type": "linear", "factor": 8.0},
            "hidden_activation": "gelu_pytorch_tanh", "attn_logit_softcapping": null,
            "final_logit_softcapping": null
        })
    }

    fn read(change: impl FnOnce(&mut Value)) -> Result<DecoderConfig> {
        let mut json = published();
        change(&mut json);
        DecoderConfig::from_json(&json, Path::new("config.json"))
    }

    #[test]
    fn both_layouts_read_the_same() {
        let older = read(|_| ()).unwrap();
        assert_eq!(older.architecture, Architecture::Gemma3);
        assert!(older.tie_word_embeddings, "absent means true");
        assert_eq!(older.activation, Activation::GeluTanh);
        assert_eq!(older.attention_multiplier, 1.0 / 12f64.sqrt());
        assert_eq!(older.sliding_windows, [Some(16), Some(16), None, Some(16)]);
        assert_eq!(older.rope_theta, 1e6);
        assert_eq!(older.rope_scaling, RopeScaling::Linear { factor: 8.0 });
        let local = older.local_rope.as_ref().unwrap();
        assert_eq!((local.theta, &local.scaling), (2e4, &RopeScaling::None));
        assert_eq!(local.layers, [true, true, false, true]);
        let newer = read(|json| {
            for name in [
                "rope_theta",
                "rope_local_base_freq",
                "rope_scaling",
                "sliding_window_pattern",
            ] {
                json.as_object_mut().unwrap().remove(name);
            }
            json["tie_word_embeddings"] = json!(true);
            json["layer_types"] = json!([SLIDING, SLIDING, FULL, SLIDING]);
            json["rope_parameters"] = json!({
                FULL: {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                SLIDING: {"rope_type": "default", "rope_theta": 2e4}
            });
        });
        assert_eq!(newer.unwrap(), older);
    }

    #[test]
    fn absent_fields_have_the_class_s_defaults() {
        let sparse =
            json!({"model_type": "gemma3_text", "hidden_size": 640, "num_hidden_layers": 7});
        let config = DecoderConfig::from_json(&sparse, Path::new("config.json")).unwrap();
        assert_eq!(
            (
                config.num_attention_heads,
                config.num_key_value_heads,
                config.head_dim,
                config.max_position_embeddings,
                config.attention_multiplier
            ),
            (8, 4, 256, 131_072, 0.0625)
        );
        let window = Some(4096);
        assert_eq!(
            config.sliding_windows,
            [window, window, window, window, window, None, window]
        );
        assert_eq!(
            (config.rope_theta, config.local_rope.unwrap().theta),
            (1e6, 1e4)
        );
        assert!(config.tie_word_embeddings && config.post_norms && config.qk_norm);
    }

    /// A window as wide as the context hides nothing, but the block keeps the rotation of its kind.
    #[test]
    fn a_window_that_hides_nothing_leaves_the_kind_of_a_block() {
        let wide = read(|json| json["sliding_window"] = json!(96)).unwrap();
        assert_eq!(wide.sliding_windows, [None; 4]);
        assert_eq!(wide.local_rope.unwrap().layers, [true, true, false, true]);
        let untied = read(|json| json["tie_word_embeddings"] = json!(false)).unwrap();
        assert!(!untied.tie_word_embeddings);
        let listed = read(|json| json["layer_types"] = json!([FULL, SLIDING, FULL, FULL]));
        assert_eq!(
            listed.unwrap().sliding_windows,
            [None, Some(16), None, None]
        );
    }

    #[test]
    fn what_is_not_computed_exactly_is_refused_by_name() {
        for (field, value) in [
            ("attn_logit_softcapping", json!(50.0)),
            ("final_logit_softcapping", json!(30.0)),
            ("hidden_activation", json!("gelu")),
            ("sliding_window_pattern", json!(0)),
            ("sliding_window", json!(0)),
            ("layer_types", json!(["full_attention"])),
            (
                "layer_types",
                json!([FULL, FULL, FULL, "chunked_attention"]),
            ),
            ("use_bidirectional_attention", json!(true)),
            ("query_pre_attn_scalar", json!(0)),
            (
                "rope_parameters",
                json!({"rope_type": "linear", "factor": 2.0}),
            ),
            ("rope_local_base_freq", json!("low")),
            ("partial_rotary_factor", json!(0.5)),
            ("quantization_config", json!({"bits": 4})),
        ] {
            let error = read(|json| json[field] = value.clone()).unwrap_err();
            assert!(
                error.to_string().contains(field),
                "{field} {value}: {error}"
            );
        }
        // No window, but blocks that ask for one.
        let error = read(|json| json["sliding_window"] = Value::Null).unwrap_err();
        assert!(error.to_string().contains("layer_types"), "{error}");
        // Models that also take images keep their text model one level down.
        let pictures = json!({"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3",
            "text_config": published()});
        let error = DecoderConfig::from_json(&pictures, Path::new("config.json")).unwrap_err();
        assert!(
            error.to_string().contains("Gemma3ForConditionalGeneration"),
            "{error}"
        );
    }
}
