//! A LoRA adapter as llama.cpp reads it (`convert_lora_to_gguf.py`, `llama-adapter.cpp`).

use std::io::Write;
use std::path::Path;

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};

use super::gguf::interleave;
use super::write_aside;
use crate::error::{Error, Result};
use crate::files::gguf::format::{Planned, Value, bytes_of, write_header, write_padding};
use crate::files::gguf::{architecture_name, interleaves, names};
use crate::lora::{Adapter, StoredPair, stored_pairs};
use crate::model::packed::encode;
use crate::model::{Architecture, DecoderConfig};

/// Writes an adapter for a base model of this configuration, in f32.
///
/// llama.cpp computes the scale as `adapter.lora.alpha / rank` of each pair, from one alpha for all; where the adapter's
/// own scale differs (`alpha_pattern`, rank-stabilised), B carries the quotient.
///
/// # Errors
/// [`Error::Io`].
pub fn write_gguf_adapter(adapter: &Adapter, config: &DecoderConfig, path: &Path) -> Result<()> {
    adapter.check_finite()?;
    let arch = architecture_name(config.architecture);
    let config = &DecoderConfig {
        architecture: match config.architecture {
            // llama.cpp keeps its matrices separate.
            Architecture::GraniteMoeHybrid => Architecture::Granite,
            same => same,
        },
        ..config.clone()
    };
    let alpha = common_alpha(adapter.config.alpha);
    let mut tensors = Vec::new();
    for StoredPair {
        name, scale, pair, ..
    } in stored_pairs(adapter, config)?
    {
        let hf = format!("{name}.weight");
        let Some(name) = names::to_gguf(&hf, config.architecture) else {
            continue;
        };
        let common = f64::from(alpha) / pair.a.dim(0)? as f64;
        let b = (&pair.b * (scale / common))?;
        let b = match names::is_query_or_key(&hf) && interleaves(arch) {
            true => interleave_rows(&b, config.head_dim)?,
            false => b,
        };
        tensors.push((format!("{name}.lora_a"), pair.a));
        tensors.push((format!("{name}.lora_b"), b));
    }
    let text = |text: &str| Value::String(text.to_owned());
    let metadata = [
        ("general.architecture".to_owned(), text(arch)),
        ("general.type".to_owned(), text("adapter")),
        ("adapter.type".to_owned(), text("lora")),
        ("adapter.lora.alpha".to_owned(), Value::F32(alpha)),
    ];
    let plan: Vec<Planned> = tensors
        .iter()
        .map(|(name, t)| Planned {
            name: name.clone(),
            dtype: GgmlDType::F32,
            shape: t.dims().to_vec(),
        })
        .collect();
    write_aside(path, &mut |file| {
        let io = |source| Error::Io {
            path: path.to_path_buf(),
            source,
        };
        write_header(file, &metadata, &plan).map_err(io)?;
        for ((_, tensor), planned) in tensors.iter().zip(&plan) {
            let values = tensor
                .to_device(&Device::Cpu)?
                .flatten_all()?
                .to_vec1::<f32>()?;
            file.write_all(&encode(GgmlDType::F32, &values))
                .map_err(io)?;
            write_padding(file, bytes_of(planned.dtype, &planned.shape).unwrap_or(0))
                .map_err(io)?;
        }
        Ok(())
    })
}

/// The alpha that is written: the adapter's, or 1 where the adapter's cannot be used as a divisor. llama.cpp takes 0
/// for "no alpha" and scales by 1.
fn common_alpha(alpha: f64) -> f32 {
    let alpha = alpha as f32;
    if alpha.is_normal() { alpha } else { 1.0 }
}

fn interleave_rows(b: &Tensor, head_dim: usize) -> Result<Tensor> {
    let (rows, columns) = b.dims2()?;
    let values = interleave(b.flatten_all()?.to_vec1()?, columns, head_dim);
    Ok(Tensor::from_vec(values, (rows, columns), b.device())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::gguf::Gguf;
    use crate::files::gguf::format::read_header;
    use crate::model::Target;
    use crate::{DType, LoraConfig, test_model};

    /// What llama.cpp multiplies a pair's product by (`get_scale` of `llama-adapter.h`): one alpha for all pairs, where
    /// 0 means no alpha.
    fn scale_of_llama_cpp(path: &Path, rank: usize) -> f64 {
        let (metadata, _) = read_header(&std::fs::read(path).unwrap()).unwrap();
        let alpha = metadata["adapter.lora.alpha"].as_f64().unwrap();
        if alpha == 0.0 {
            1.0
        } else {
            alpha / rank as f64
        }
    }

    #[test]
    fn every_pair_keeps_its_own_scale() {
        let config = test_model::tiny(1).config;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("adapter.gguf");
        for (alpha, use_rslora) in [(8.0, false), (0.0, false), (1e-300, true), (-8.0, true)] {
            let lora = LoraConfig {
                rank: 4,
                alpha,
                rank_pattern: vec![("up_proj".to_owned(), 2)],
                alpha_pattern: vec![
                    ("v_proj".to_owned(), 24.0),
                    ("layers.1.mlp.up_proj".to_owned(), 3.0),
                ],
                use_rslora,
                ..LoraConfig::default()
            };
            let mut adapter = Adapter::init(lora, &config, 5, &Device::Cpu).unwrap();
            for pair in adapter.update.layers.iter_mut().flatten().flatten() {
                pair.b = Tensor::ones(pair.b.shape(), DType::F32, &Device::Cpu).unwrap();
            }
            write_gguf_adapter(&adapter, &config, &path).unwrap();
            let file = Gguf::open(&path).unwrap();
            for (layer, target) in
                (0..2).flat_map(|layer| Target::ALL.map(|target| (layer, target)))
            {
                let shape = adapter.get(layer, target).unwrap().b.dims2().unwrap();
                let hf = format!(
                    "model.layers.{layer}.{}.{}.weight",
                    target.block_name(),
                    target.module_name()
                );
                let name = format!(
                    "{}.lora_b",
                    names::to_gguf(&hf, config.architecture).unwrap()
                );
                let b = file
                    .matrix(&name, shape)
                    .unwrap()
                    .to_dense()
                    .unwrap()
                    .flatten_all()
                    .unwrap();
                let (applied, expected) = (
                    scale_of_llama_cpp(&path, shape.1),
                    adapter.scale(layer, target),
                );
                for value in b.to_vec1::<f32>().unwrap() {
                    let found = f64::from(value) * applied;
                    assert!(
                        (found - expected).abs() <= 1e-6 * expected.abs().max(1e-3),
                        "{alpha} {name}: {found}, not {expected}"
                    );
                }
            }
        }
    }
}
