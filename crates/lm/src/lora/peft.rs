//! The files of an adapter folder as the `peft` library lays them out.
//!
//! Optional fields that are missing take PEFT's defaults when a config is read. Settings that would change the result
//! and are not supported here are refused by name, never ignored.

use std::path::Path;

use serde_json::{Value, json};

use super::{LoraConfig, TargetModules};
use crate::error::{Error, Result};

/// File name of the adapter's configuration, as PEFT writes it.
pub const CONFIG_FILE: &str = "adapter_config.json";
/// File name of the adapter's weights, as PEFT writes it.
pub const WEIGHTS_FILE: &str = "adapter_model.safetensors";

/// Reads and checks an `adapter_config.json`.
pub(super) fn read_config(text: &[u8], path: &Path) -> Result<LoraConfig> {
    let value: Value = serde_json::from_slice(text)
        .map_err(|e| Error::adapter(path, format!("it is not valid JSON: {e}")))?;
    parse_config(&value, path)
}

/// The content of an `adapter_config.json`.
pub(super) fn config_text(config: &LoraConfig) -> String {
    format!("{:#}\n", peft_json(config))
}

/// Settings of PEFT that would change the result and are not supported, each with what it means. Only a neutral value
/// is accepted: null, false or empty.
const NEUTRAL_ONLY: [(&str, &str); 16] = [
    ("use_dora", "DoRA"),
    ("use_qalora", "QA-LoRA"),
    ("use_bdlora", "block-diagonal LoRA"),
    ("lora_bias", "a bias on B"),
    ("fan_in_fan_out", "transposed weights"),
    ("layer_replication", "layer replication"),
    ("modules_to_save", "fully trained modules"),
    ("exclude_modules", "excluded modules"),
    ("target_parameters", "target parameters"),
    ("trainable_token_indices", "trainable token embeddings"),
    ("alora_invocation_tokens", "activated LoRA"),
    ("megatron_config", "Megatron layers"),
    ("arrow_config", "Arrow routing"),
    ("kasa_config", "KaSA"),
    ("monteclora_config", "MonteCLoRA"),
    ("velora_config", "VeLoRA"),
];

fn is_neutral(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

fn parse_config(value: &Value, path: &Path) -> Result<LoraConfig> {
    if let Some(kind) = value.get("peft_type").and_then(Value::as_str)
        && kind != "LORA"
    {
        return Err(Error::adapter(
            path,
            format!("peft_type is {kind}; only LORA adapters can be used"),
        ));
    }
    let bias = value.get("bias").and_then(Value::as_str).unwrap_or("none");
    if bias != "none" {
        return Err(Error::adapter(
            path,
            format!("bias is \"{bias}\"; only adapters with bias \"none\" can be used"),
        ));
    }
    for (field, meaning) in NEUTRAL_ONLY {
        if value.get(field).is_some_and(|setting| !is_neutral(setting)) {
            return Err(Error::adapter(
                path,
                format!("{field} is set ({meaning}), which this program does not carry out"),
            ));
        }
    }
    check_initialisation(value, path)?;
    // Fields that a config leaves out have PEFT's defaults.
    let default = LoraConfig::default();
    Ok(LoraConfig {
        rank: optional(value, "r", path, whole_number)?.unwrap_or(default.rank),
        alpha: optional(value, "lora_alpha", path, Value::as_f64)?.unwrap_or(default.alpha),
        dropout: optional(value, "lora_dropout", path, Value::as_f64)?.unwrap_or(default.dropout),
        target_modules: parse_targets(value.get("target_modules"), path)?,
        layers_to_transform: parse_layers(value, path)?,
        rank_pattern: parse_pattern(value, "rank_pattern", path, whole_number)?,
        alpha_pattern: parse_pattern(value, "alpha_pattern", path, Value::as_f64)?,
        use_rslora: optional(value, "use_rslora", path, Value::as_bool)?
            .unwrap_or(default.use_rslora),
        base_model: optional(value, "base_model_name_or_path", path, as_string)?
            .unwrap_or_default(),
    })
}

fn whole_number(value: &Value) -> Option<usize> {
    value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
}

fn as_string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Reads a field that may be absent or null, and refuses a value of another type by the field's name.
fn optional<T>(
    config: &Value,
    field: &str,
    path: &Path,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>> {
    match config.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(found) => read(found)
            .map(Some)
            .ok_or_else(|| unreadable(field, found, path)),
    }
}

fn unreadable(field: &str, found: &Value, path: &Path) -> Error {
    Error::adapter(path, format!("{field} cannot be {found}"))
}

/// Ways to initialise A and B that leave the base model's weights alone.
const PLAIN_INITIALISATIONS: [&str; 3] = ["gaussian", "orthogonal", "eva"];

/// PiSSA, OLoRA, CorDA, LoftQ and LoRA-GA subtract the first update from the base model's weights, so such an
/// adapter does not fit the base model as it is published.
fn check_initialisation(config: &Value, path: &Path) -> Result<()> {
    match config.get("init_lora_weights") {
        Some(Value::String(name)) if !PLAIN_INITIALISATIONS.contains(&name.as_str()) => {
            Err(Error::adapter(
                path,
                format!(
                    "init_lora_weights is \"{name}\", which changes the base model's weights; convert the adapter to \
                     plain LoRA with PEFT (path_initial_model_for_weight_conversion of save_pretrained) first"
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// Reads `layers_to_transform`, which is a layer or a list of layers. `layers_pattern` names the module list that these
/// layers are in, and only the list `layers` is accepted.
fn parse_layers(config: &Value, path: &Path) -> Result<Option<Vec<usize>>> {
    let read = |found: &Value| match found {
        Value::Array(items) => items.iter().map(whole_number).collect(),
        found => whole_number(found).map(|layer| vec![layer]),
    };
    let layers = optional(config, "layers_to_transform", path, read)?;
    let in_layers = |pattern: &Value| match pattern {
        Value::String(pattern) => pattern.is_empty() || pattern == "layers",
        Value::Array(patterns) => {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern == "layers")
        }
        other => other.is_null(),
    };
    match config.get("layers_pattern") {
        Some(pattern) if layers.is_some() && !in_layers(pattern) => Err(Error::adapter(
            path,
            format!("layers_pattern is {pattern}; this model's list is \"layers\""),
        )),
        _ => Ok(layers),
    }
}

/// Reads a map from patterns of module names to numbers, and keeps the order of the file.
fn parse_pattern<T>(
    config: &Value,
    field: &str,
    path: &Path,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Vec<(String, T)>> {
    let entries = |found: &Value| {
        let entry = |(key, value): (&String, &Value)| Some((key.clone(), read(value)?));
        found.as_object()?.iter().map(entry).collect()
    };
    Ok(optional(config, field, path, entries)?.unwrap_or_default())
}

fn parse_targets(value: Option<&Value>, path: &Path) -> Result<TargetModules> {
    match value {
        Some(Value::String(name)) if name == "all-linear" => Ok(TargetModules::AllLinear),
        Some(Value::String(pattern)) => Ok(TargetModules::Regex(pattern.clone())),
        Some(Value::Array(items)) => {
            let names: Option<Vec<String>> = items.iter().map(as_string).collect();
            names
                .map(TargetModules::Names)
                .ok_or_else(|| unreadable("target_modules", &json!(items), path))
        }
        _ => Err(Error::adapter(path, "target_modules is missing")),
    }
}

fn peft_json(config: &LoraConfig) -> Value {
    // An integral alpha is written as an integer, as in PEFT.
    let alpha = |alpha: f64| {
        if alpha.fract() == 0.0 {
            json!(alpha as i64)
        } else {
            json!(alpha)
        }
    };
    let modules = match &config.target_modules {
        TargetModules::AllLinear => json!("all-linear"),
        TargetModules::Names(names) => json!(names),
        TargetModules::Regex(pattern) => json!(pattern),
    };
    let alphas = config
        .alpha_pattern
        .iter()
        .map(|(key, value)| (key.clone(), alpha(*value)));
    let ranks = config
        .rank_pattern
        .iter()
        .map(|(key, value)| (key.clone(), json!(value)));
    json!({
        "alpha_pattern": Value::Object(alphas.collect()),
        "auto_mapping": null,
        "base_model_name_or_path": config.base_model,
        "bias": "none",
        "fan_in_fan_out": false,
        "inference_mode": true,
        "init_lora_weights": true,
        "layers_pattern": null,
        "layers_to_transform": config.layers_to_transform,
        "lora_alpha": alpha(config.alpha),
        "lora_dropout": config.dropout,
        "modules_to_save": null,
        "peft_type": "LORA",
        "r": config.rank,
        "rank_pattern": Value::Object(ranks.collect()),
        "revision": null,
        "target_modules": modules,
        "task_type": "CAUSAL_LM",
        "use_dora": false,
        "use_rslora": config.use_rslora,
    })
}
