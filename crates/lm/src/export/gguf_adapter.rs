//! A LoRA adapter as llama.cpp reads it (`convert_lora_to_gguf.py`, `llama-adapter.cpp`).

use std::io::Write;
use std::path::Path;

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};

use super::gguf::{architecture, interleave};
use super::write_aside;
use crate::error::{Error, Result};
use crate::gguf::format::{Planned, Value, bytes_of, write_header, write_padding};
use crate::gguf::names;
use crate::lora::{Adapter, Target};
use crate::model::DecoderConfig;
use crate::model::packed::encode;

/// Writes an adapter for a base model of this configuration, in f32.
///
/// llama.cpp computes the scale as `adapter.lora.alpha / rank` of each pair; where the adapter's own differs, B carries
/// the quotient.
///
/// # Errors
/// [`Error::UnsupportedArchitecture`], [`Error::Io`].
pub fn write_gguf_adapter(adapter: &Adapter, config: &DecoderConfig, path: &Path) -> Result<()> {
    let arch = architecture(config)?;
    let mut tensors = Vec::new();
    for layer in 0..config.num_hidden_layers {
        for target in Target::ALL {
            let Some(pair) = adapter.get(layer, target) else { continue };
            let hf = format!("model.layers.{layer}.{}.{}.weight", target.block_name(), target.module_name());
            let Some(name) = names::to_gguf(&hf) else { continue };
            let own = adapter.scale(layer, target) / (adapter.config.alpha / pair.a.dim(0)? as f64);
            let b = (&pair.b * own)?;
            let b = match names::is_query_or_key(&hf) && arch == "llama" {
                true => interleave_rows(&b, config.head_dim)?,
                false => b,
            };
            tensors.push((format!("{name}.lora_a"), pair.a.clone()));
            tensors.push((format!("{name}.lora_b"), b));
        }
    }
    let text = |text: &str| Value::String(text.to_owned());
    let metadata = [
        ("general.architecture".to_owned(), text(arch)),
        ("general.type".to_owned(), text("adapter")),
        ("adapter.type".to_owned(), text("lora")),
        ("adapter.lora.alpha".to_owned(), Value::F32(adapter.config.alpha as f32)),
    ];
    let plan: Vec<Planned> = tensors
        .iter()
        .map(|(name, t)| Planned { name: name.clone(), dtype: GgmlDType::F32, shape: t.dims().to_vec() })
        .collect();
    write_aside(path, &mut |file| {
        let io = |source| Error::Io { path: path.to_path_buf(), source };
        write_header(file, &metadata, &plan).map_err(io)?;
        for ((_, tensor), planned) in tensors.iter().zip(&plan) {
            let values = tensor.to_device(&Device::Cpu)?.flatten_all()?.to_vec1::<f32>()?;
            file.write_all(&encode(GgmlDType::F32, &values)).map_err(io)?;
            write_padding(file, bytes_of(planned.dtype, &planned.shape).unwrap_or(0)).map_err(io)?;
        }
        Ok(())
    })
}

fn interleave_rows(b: &Tensor, head_dim: usize) -> Result<Tensor> {
    let (rows, columns) = b.dims2()?;
    let values = interleave(b.flatten_all()?.to_vec1()?, columns, head_dim);
    Ok(Tensor::from_vec(values, (rows, columns), b.device())?)
}
