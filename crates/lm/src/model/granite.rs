//! What is specific to Granite 4 in `config.json` (transformers 5.24, `configuration_granitemoehybrid.py`): one class
//! covers models with Mamba, with experts and with neither. The decoder computes only the last kind.

use super::fields::Fields;
use crate::error::Result;

/// What files call a block with attention, the older name first.
const ATTENTION: [&str; 2] = ["attention", "full_attention"];

/// Refuses experts, and blocks that are not attention. The class defaults to both if the file says nothing.
pub(super) fn refuse_mamba_and_experts(fields: &Fields<'_>) -> Result<()> {
    let layers = fields.layers()?;
    let types = fields.json["layer_types"].as_array();
    let types = types.filter(|types| types.len() == layers);
    let types = types.ok_or_else(|| {
        let reason = "does not name a type for each block; without it they are of Mamba";
        fields.bad("layer_types", reason)
    })?;
    if let Some(other) = types
        .iter()
        .find(|kind| !ATTENTION.iter().any(|attention| kind == attention))
    {
        let reason = format!("names {other}; only blocks with attention are computed");
        return Err(fields.bad("layer_types", reason));
    }
    const EXPERTS: &str = "num_local_experts";
    match fields.json[EXPERTS].as_u64() {
        Some(0) => Ok(()),
        _ => Err(fields.bad(EXPERTS, "is not 0; a mixture of experts is not computed")),
    }
}

/// Whether blocks rotate queries and keys: any other value, or none, means no rotation.
pub(super) fn rotates(fields: &Fields<'_>) -> bool {
    fields.json["position_embedding_type"] == "rope"
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;
    use crate::model::{DecoderConfig, Target};

    fn read(class: &str, change: impl FnOnce(&mut Value)) -> Result<DecoderConfig> {
        let mut json = json!({
            "architectures": [class], "vocab_size": 64, "hidden_size": 24, "intermediate_size": 40,
            "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 96,
            "shared_intermediate_size": 28, "num_local_experts": 0, "layer_types": ["attention", "full_attention"],
            "position_embedding_type": "rope", "embedding_multiplier": 12, "attention_multiplier": 0.015625,
            "residual_multiplier": 0.22, "logits_scaling": 8
        });
        change(&mut json);
        DecoderConfig::from_json(&json, Path::new("config.json"))
    }

    const DENSE: &str = "GraniteForCausalLM";
    const HYBRID: &str = "GraniteMoeHybridForCausalLM";

    #[test]
    fn factors_are_those_of_the_file_and_else_1() {
        for class in [DENSE, HYBRID] {
            let factors = |config: DecoderConfig| {
                [
                    config.embedding_multiplier,
                    config.attention_multiplier,
                    config.residual_multiplier,
                    config.logits_scaling,
                ]
            };
            let found = factors(read(class, |_| ()).unwrap());
            assert_eq!(found, [12.0, 0.015625, 0.22, 8.0]);
            // This includes scores: they are not divided by the square root of a head's width.
            let absent = read(class, |json| {
                let fields = json.as_object_mut().unwrap();
                fields.retain(|name, _| !name.ends_with("multiplier") && name != "logits_scaling");
            });
            assert_eq!(factors(absent.unwrap()), [1.0; 4]);
        }
        let llama = read("LlamaForCausalLM", |_| ()).unwrap();
        assert_eq!(
            (llama.embedding_multiplier, llama.logits_scaling),
            (1.0, 1.0)
        );
    }

    #[test]
    fn granite_4_has_a_width_and_names_of_its_own() {
        let (dense, hybrid) = (read(DENSE, |_| ()).unwrap(), read(HYBRID, |_| ()).unwrap());
        assert_eq!(
            (dense.intermediate_size, hybrid.intermediate_size),
            (40, 28)
        );
        let names =
            [Target::Up, Target::Down, Target::Q].map(|target| hybrid.stored_name(1, target));
        assert_eq!(
            names,
            [
                "shared_mlp.input_linear",
                "shared_mlp.output_linear",
                "self_attn.q_proj"
            ]
            .map(|name| format!("model.layers.1.{name}"))
        );
        assert_eq!(hybrid.rope_layers, [true; 2]);
        for other in [json!("nope"), Value::Null] {
            let config = read(HYBRID, |json| json["position_embedding_type"] = other);
            assert_eq!(config.unwrap().rope_layers, [false; 2]);
        }
        assert_eq!(hybrid.sliding_windows, [None; 2]);
    }

    #[test]
    fn what_is_not_computed_exactly_is_refused_by_name() {
        for (field, value) in [
            ("layer_types", json!(["attention", "mamba"])),
            ("layer_types", json!(["attention", "linear_attention"])),
            ("layer_types", json!(["attention"])),
            ("layer_types", Value::Null),
            ("num_local_experts", json!(8)),
            ("num_local_experts", Value::Null),
            ("shared_intermediate_size", Value::Null),
            ("embedding_multiplier", json!(0)),
            ("attention_multiplier", json!(-1.0)),
            ("residual_multiplier", json!("small")),
            ("logits_scaling", json!(0.0)),
            ("hidden_act", json!("gelu")),
        ] {
            let error = read(HYBRID, |json| json[field] = value.clone()).unwrap_err();
            assert!(
                error.to_string().contains(field),
                "{field} {value}: {error}"
            );
        }
    }
}
