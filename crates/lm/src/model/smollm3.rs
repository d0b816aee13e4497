//! What is specific to SmolLM3 in
//! `config.json` (transformers 5.24, `configuration_smollm3.py`): blocks that rotate nothing
//! (NoPE, Kazemnejad et al. 2023, arXiv 2305.19466), and defaults that other families do not have.

use serde_json::{Value, json};

use super::fields::Fields;
use crate::error::Result;

/// Every fourth block rotates nothing if the file does not say otherwise; llama.cpp supports no other number.
pub(crate) const NO_ROPE_INTERVAL: usize = 4;

/// The fields, completed by the defaults of the configuration class. The defaults for the tied head and the rotation's
/// base matter most: elsewhere absence means false and 10,000.
pub(super) fn with_defaults(json: &Value) -> Value {
    let mut json = json.clone();
    // Here null means as many as there are query heads.
    if json.get("num_key_value_heads").is_none() {
        json["num_key_value_heads"] = json!(4);
    }
    let defaults = [
        ("vocab_size", json!(128_256)),
        ("hidden_size", json!(2048)),
        ("intermediate_size", json!(11_008)),
        ("num_hidden_layers", json!(36)),
        ("num_attention_heads", json!(16)),
        ("max_position_embeddings", json!(32_768)),
        ("rms_norm_eps", json!(1e-6)),
        ("rope_theta", json!(2e6)),
        ("tie_word_embeddings", json!(true)),
    ];
    for (name, default) in defaults {
        if json[name].is_null() {
            json[name] = default;
        }
    }
    json
}

/// For each block, whether it rotates: as listed in `no_rope_layers`, where 1 means that it does, or all but every n-th.
pub(super) fn rope_layers(fields: &Fields<'_>, layers: usize) -> Result<Vec<bool>> {
    const LIST: &str = "no_rope_layers";
    const INTERVAL: &str = "no_rope_layer_interval";
    let listed = &fields.json[LIST];
    if listed.is_null() {
        let interval = fields.size_or(INTERVAL, NO_ROPE_INTERVAL)?;
        if interval == 0 {
            return Err(fields.bad(INTERVAL, "is zero"));
        }
        let rotates = |layer: usize| !(layer + 1).is_multiple_of(interval);
        return Ok((0..layers).map(rotates).collect());
    }
    let flag = |value: &Value| match value {
        Value::Bool(rotates) => Some(*rotates),
        value => value.as_u64().map(|rotates| rotates != 0),
    };
    // The class accepts a list that is longer than the model.
    let listed = listed.as_array().filter(|list| list.len() >= layers);
    let listed: Option<Vec<bool>> =
        listed.and_then(|list| list[..layers].iter().map(flag).collect());
    listed.ok_or_else(|| fields.bad(LIST, "does not say 0 or 1 for each block"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::{Architecture, DecoderConfig};

    fn read(change: impl FnOnce(&mut Value)) -> Result<DecoderConfig> {
        let mut json = json!({
            "architectures": ["SmolLM3ForCausalLM"], "vocab_size": 64, "hidden_size": 24, "intermediate_size": 40,
            "num_hidden_layers": 5, "num_attention_heads": 4, "num_key_value_heads": 2,
            "max_position_embeddings": 96, "rope_theta": 5000.0
        });
        change(&mut json);
        DecoderConfig::from_json(&json, Path::new("config.json"))
    }

    #[test]
    fn blocks_rotate_as_listed_or_all_but_every_fourth() {
        let layers = |change: fn(&mut Value)| read(change).unwrap().rope_layers;
        assert_eq!(layers(|_| ()), [true, true, true, false, true]);
        assert_eq!(
            layers(|json| json["no_rope_layer_interval"] = json!(2)),
            [true, false, true, false, true]
        );
        // A list takes precedence over a number, and may be longer than the model.
        assert_eq!(
            layers(|json| {
                json["no_rope_layer_interval"] = json!(2);
                json["no_rope_layers"] = json!([0, 1, true, false, 1, 0, 0]);
            }),
            [false, true, true, false, true]
        );
    }

    #[test]
    fn windows_are_of_the_blocks_without_rotation_unless_they_are_listed() {
        let windows = |use_it: bool, types: Value| {
            read(|json| {
                json["use_sliding_window"] = json!(use_it);
                json["sliding_window"] = json!(8);
                json["layer_types"] = types;
            })
            .map(|config| config.sliding_windows)
        };
        let window = Some(8);
        let found = windows(true, Value::Null).unwrap();
        assert_eq!(found, [None, None, None, window, None]);
        assert_eq!(windows(false, Value::Null).unwrap(), [None; 5]);
        let types = ["sliding", "full", "full", "full", "sliding"];
        let types = json!(types.map(|kind| format!("{kind}_attention")));
        let found = windows(true, types.clone()).unwrap();
        assert_eq!(found, [window, None, None, None, window]);
        // Whether transformers then applies the window depends on how attention is computed.
        let told = windows(false, types).unwrap_err().to_string();
        assert!(told.contains("layer_types"), "{told}");
        let without = read(|json| json["use_sliding_window"] = json!(true));
        assert_eq!(without.unwrap().sliding_windows, [None; 5]);
    }

    #[test]
    fn absent_fields_have_the_class_s_defaults() {
        let sparse = json!({"model_type": "smollm3", "num_hidden_layers": 4});
        let config = DecoderConfig::from_json(&sparse, Path::new("config.json")).unwrap();
        assert_eq!(config.architecture, Architecture::SmolLm3);
        assert_eq!(
            (
                config.hidden_size,
                config.num_attention_heads,
                config.num_key_value_heads,
                config.head_dim,
                config.max_position_embeddings
            ),
            (2048, 16, 4, 128, 32_768)
        );
        assert_eq!((config.rope_theta, config.rms_norm_eps), (2e6, 1e-6));
        assert!(config.tie_word_embeddings && !config.qkv_bias && !config.mlp_bias);
        let heads = read(|json| json["num_key_value_heads"] = Value::Null);
        assert_eq!(heads.unwrap().num_key_value_heads, 4);
        let newer = read(|json| json["rope_parameters"] = json!({"rope_theta": 7000.0}));
        assert_eq!(newer.unwrap().rope_theta, 7000.0);
    }

    #[test]
    fn what_is_not_computed_exactly_is_refused_by_name() {
        for (field, value) in [
            ("no_rope_layers", json!([1, 1, 1, 0])),
            ("no_rope_layers", json!([1, 1, 1, "no", 1])),
            ("no_rope_layers", json!(4)),
            ("no_rope_layer_interval", json!(0)),
            ("hidden_act", json!("gelu")),
            ("partial_rotary_factor", json!(0.5)),
            ("quantization_config", json!({"bits": 4})),
        ] {
            let error = read(|json| json[field] = value.clone()).unwrap_err();
            assert!(error.to_string().contains(field), "{field}: {error}");
        }
    }
}
