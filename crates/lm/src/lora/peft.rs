//! The files of an adapter folder as the `peft` library lays them out: configuration, tensors, atomic writes.
//!
//! Read side: missing optional fields take PEFT's defaults; what would change the result and is not carried out
//! here is refused by name instead of being ignored.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Value, json};

use super::{LoraConfig, Target};
use crate::error::{Error, Result};

/// File name of the adapter's configuration, as PEFT writes it.
pub const CONFIG_FILE: &str = "adapter_config.json";
/// File name of the adapter's weights, as PEFT writes it.
pub const WEIGHTS_FILE: &str = "adapter_model.safetensors";

/// Reads and checks an `adapter_config.json`.
pub(super) fn read_config(path: &Path) -> Result<LoraConfig> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|e| Error::adapter(path, format!("it is not valid JSON: {e}")))?;
    parse_config(&value, path)
}

/// Writes an `adapter_config.json`.
pub(super) fn write_config(config: &LoraConfig, path: &Path) -> Result<()> {
    write_atomically(path, format!("{:#}\n", peft_json(config)).as_bytes())
}

/// Writes a whole file or nothing: temporary name in the same folder, flush to the disk, rename.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(|source| {
        // The half-written temporary is of no use to anyone; the first failure is the one to report.
        let _ = std::fs::remove_file(&temporary);
        Error::Io { path: path.to_path_buf(), source }
    })
}

/// The bytes of a safetensors file with these tensors (copied to the CPU) and metadata.
pub(crate) fn serialize_tensors(
    tensors: Vec<(String, Tensor)>,
    metadata: HashMap<String, String>,
    path: &Path,
) -> Result<Vec<u8>> {
    let on_cpu = tensors
        .into_iter()
        .map(|(name, tensor)| Ok((name, tensor.to_device(&Device::Cpu)?.contiguous()?)))
        .collect::<Result<Vec<_>>>()?;
    safetensors::tensor::serialize(on_cpu, Some(metadata))
        .map_err(|e| Error::adapter(path, format!("cannot be written: {e}")))
}

/// Settings of PEFT that would change the result and that are not carried out, with their neutral values.
const NEUTRAL_ONLY: [(&str, &str); 21] = [
    ("use_dora", "DoRA"),
    ("use_rslora", "the rank-stabilised scale"),
    ("use_qalora", "QA-LoRA"),
    ("use_bdlora", "block-diagonal LoRA"),
    ("lora_bias", "a bias on B"),
    ("fan_in_fan_out", "transposed weights"),
    ("rank_pattern", "ranks that differ by module"),
    ("alpha_pattern", "alphas that differ by module"),
    ("layers_to_transform", "adapting only some layers"),
    ("layers_pattern", "a layer pattern"),
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
        return Err(Error::adapter(path, format!("peft_type is {kind}; only LORA adapters can be used")));
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
    // PEFT's own defaults for what a config may leave out: r 8, lora_alpha 8, lora_dropout 0.
    let rank = value.get("r").map_or(Some(8), Value::as_u64);
    let rank = rank.ok_or_else(|| Error::adapter(path, "r is not a whole number"))? as usize;
    let number = |field: &str, default: f64| match value.get(field) {
        None => Ok(default),
        Some(found) => found.as_f64().ok_or_else(|| Error::adapter(path, format!("{field} is not a number"))),
    };
    let config = LoraConfig {
        rank,
        alpha: number("lora_alpha", 8.0)?,
        dropout: number("lora_dropout", 0.0)?,
        target_modules: parse_targets(value.get("target_modules"), path)?,
        base_model: value
            .get("base_model_name_or_path")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    };
    config.check(path)?;
    Ok(config)
}

fn parse_targets(value: Option<&Value>, path: &Path) -> Result<Vec<Target>> {
    let names: Vec<&str> = match value {
        Some(Value::String(name)) if name == "all-linear" => return Ok(Target::ALL.to_vec()),
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => return Err(Error::adapter(path, "target_modules is missing")),
    };
    let mut targets = Vec::with_capacity(names.len());
    for name in names {
        let target = Target::from_module_name(name).ok_or_else(|| {
            let known = Target::ALL.map(Target::module_name).join(", ");
            Error::adapter(path, format!("the target module \"{name}\" is not one of {known}"))
        })?;
        targets.push(target);
    }
    targets.sort();
    targets.dedup();
    Ok(targets)
}

fn peft_json(config: &LoraConfig) -> Value {
    // A whole alpha is written as an integer, as PEFT does.
    let alpha = if config.alpha.fract() == 0.0 { json!(config.alpha as i64) } else { json!(config.alpha) };
    let modules: Vec<&str> = config.target_modules.iter().map(|target| target.module_name()).collect();
    json!({
        "alpha_pattern": {},
        "auto_mapping": null,
        "base_model_name_or_path": config.base_model,
        "bias": "none",
        "fan_in_fan_out": false,
        "inference_mode": true,
        "init_lora_weights": true,
        "layers_pattern": null,
        "layers_to_transform": null,
        "lora_alpha": alpha,
        "lora_dropout": config.dropout,
        "modules_to_save": null,
        "peft_type": "LORA",
        "r": config.rank,
        "rank_pattern": {},
        "revision": null,
        "target_modules": modules,
        "task_type": "CAUSAL_LM",
        "use_dora": false,
        "use_rslora": false,
    })
}
