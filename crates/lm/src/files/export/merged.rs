//! A checkpoint as Hugging Face lays it out, with an adapter merged into it.

use std::io::Write;
use std::path::Path;

use candle_core::quantized::GgmlDType;
use serde_json::{Map, Value, json};

use super::{Source, encoded, matrix_shape, write_aside};
use crate::disk::write_atomically;
use crate::error::{Error, Result};
use crate::files::checkpoint::Checkpoint;
use crate::lora::Adapter;

/// Largest shard, as Hugging Face's tools split.
const MAX_SHARD_BYTES: u64 = 5_000_000_000;

/// Files that are copied from the source folder if they exist.
const SIDE_FILES: [&str; 7] = [
    "added_tokens.json",
    "chat_template.jinja",
    "generation_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
];

/// Writes a model folder: shards of at most 5 GB with an index, configuration, tokenizer, chat template, and `card` as
/// README.md. Numbers keep their type; those of a quantised source become f16.
///
/// # Errors
/// The errors of reading the source, and [`Error::Io`].
pub fn write_merged(
    checkpoint: &Checkpoint,
    adapter: Option<&Adapter>,
    to: &Path,
    card: &str,
) -> Result<()> {
    write_sharded(checkpoint, adapter, to, card, MAX_SHARD_BYTES)
}

fn write_sharded(
    checkpoint: &Checkpoint,
    adapter: Option<&Adapter>,
    to: &Path,
    card: &str,
    max_shard_bytes: u64,
) -> Result<()> {
    let source = Source::open(checkpoint, adapter)?;
    let tensors = plan(&source)?;
    host::private::create_folder(to).map_err(|source| Error::Io {
        path: to.to_path_buf(),
        source,
    })?;
    let shards = shards(&tensors, max_shard_bytes);
    let count = shards.len();
    let mut weight_map = Map::new();
    for (index, shard) in shards.iter().enumerate() {
        let file = match count {
            1 => "model.safetensors".to_owned(),
            _ => format!("model-{:05}-of-{count:05}.safetensors", index + 1),
        };
        write_shard(&source, shard, &to.join(&file))?;
        weight_map.extend(
            shard
                .iter()
                .map(|tensor| (tensor.name.clone(), json!(file))),
        );
    }
    if count > 1 {
        let total: u64 = tensors.iter().map(Tensor::bytes).sum();
        let index = json!({"metadata": {"total_size": total}, "weight_map": weight_map});
        write_json(&to.join("model.safetensors.index.json"), &index)?;
    }
    let mut config = checkpoint.config_json()?;
    let dtype = tensors
        .iter()
        .find(|t| t.name.contains("embed_tokens"))
        .map_or(GgmlDType::F32, |t| t.dtype);
    config["torch_dtype"] = json!(torch_name(dtype));
    if config["dtype"].is_string() {
        config["dtype"] = config["torch_dtype"].clone();
    }
    // A separate head despite the flag, or in a class that ties the head by default: every reader must use it.
    if config["tie_word_embeddings"] != false && !source.config.tie_word_embeddings {
        config["tie_word_embeddings"] = json!(false);
    }
    write_json(&to.join("config.json"), &config)?;
    write_side_files(checkpoint, to)?;
    write_atomically(&to.join("README.md"), card.as_bytes())
}

struct Tensor {
    name: String,
    dtype: GgmlDType,
    shape: Vec<usize>,
}

impl Tensor {
    fn bytes(&self) -> u64 {
        (self.shape.iter().product::<usize>() * self.dtype.type_size()) as u64
    }
}

fn plan(source: &Source<'_>) -> Result<Vec<Tensor>> {
    let names = source.weights.names();
    names
        .into_iter()
        .map(|name| {
            let (stored, shape) = source.weights.stored_as(name)?;
            let dtype = match stored {
                GgmlDType::F32 | GgmlDType::BF16 => stored,
                _ => GgmlDType::F16,
            };
            Ok(Tensor {
                name: name.to_owned(),
                dtype,
                shape: shape.to_vec(),
            })
        })
        .collect()
}

/// Consecutive tensors that fit a shard together; a tensor too large for one gets a shard of its own.
fn shards(tensors: &[Tensor], max_shard_bytes: u64) -> Vec<&[Tensor]> {
    let mut ends = Vec::new();
    let mut bytes = 0;
    for (index, tensor) in tensors.iter().enumerate() {
        if bytes > 0 && bytes + tensor.bytes() > max_shard_bytes {
            ends.push(index);
            bytes = 0;
        }
        bytes += tensor.bytes();
    }
    ends.push(tensors.len());
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts
        .zip(&ends)
        .map(|(start, end)| &tensors[start..*end])
        .collect()
}

/// The safetensors layout: length of the header, header, tensors in the order of their offsets.
fn write_shard(source: &Source<'_>, tensors: &[Tensor], path: &Path) -> Result<()> {
    let mut header = Map::from_iter([("__metadata__".to_owned(), json!({"format": "pt"}))]);
    let mut start = 0;
    for tensor in tensors {
        let end = start + tensor.bytes();
        let dtype = format!("{:?}", tensor.dtype);
        let entry = json!({"dtype": dtype, "shape": tensor.shape, "data_offsets": [start, end]});
        header.insert(tensor.name.clone(), entry);
        start = end;
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    write_aside(path, &mut |file| {
        let io = |source| Error::Io {
            path: path.to_path_buf(),
            source,
        };
        file.write_all(&(header.len() as u64).to_le_bytes())
            .map_err(io)?;
        file.write_all(&header).map_err(io)?;
        for tensor in tensors {
            let shape = matrix_shape(&tensor.shape);
            source.each_block(&tensor.name, (0..shape.0, shape.1), 1, &mut |values| {
                let bytes = encoded(&tensor.name, tensor.dtype, &values, shape.1)?;
                file.write_all(&bytes).map_err(io)
            })?;
        }
        Ok(())
    })
}

/// Writes what a model folder has besides configuration and weights: tokenizer, chat template, generation settings.
///
/// # Errors
/// The errors of reading the source, and [`Error::Io`].
pub fn write_side_files(checkpoint: &Checkpoint, to: &Path) -> Result<()> {
    for name in SIDE_FILES {
        let from = checkpoint.dir().join(name);
        if from.is_file() {
            let bytes = std::fs::read(&from).map_err(|e| Error::io(&from, e))?;
            write_atomically(&to.join(name), &bytes)?;
        }
    }
    let Checkpoint::Gguf(file) = checkpoint else {
        return Ok(());
    };
    if !to.join("tokenizer.json").is_file() {
        write_json(&to.join("tokenizer.json"), &file.tokenizer_json()?)?;
    }
    if !to.join("tokenizer_config.json").is_file() {
        let mut config = json!({"tokenizer_class": "PreTrainedTokenizerFast",
            "chat_template": file.chat_template()?, "clean_up_tokenization_spaces": false});
        for (name, token) in file.named_tokens() {
            config[name] = json!(token);
        }
        write_json(&to.join("tokenizer_config.json"), &config)?;
    }
    Ok(())
}

fn write_json(path: &Path, json: &Value) -> Result<()> {
    write_atomically(path, format!("{json:#}\n").as_bytes())
}

fn torch_name(dtype: GgmlDType) -> &'static str {
    match dtype {
        GgmlDType::F32 => "float32",
        GgmlDType::BF16 => "bfloat16",
        _ => "float16",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::export::{GgufType, write_gguf, write_gguf_adapter};
    use crate::lora::LoraConfig;
    use crate::model::{Decoder, PackedBatch};
    use crate::{DecoderConfig, Device, test_model};

    fn adapter(config: &DecoderConfig) -> Adapter {
        let targets = crate::lora::TargetModules::of(&crate::Target::ALL);
        let lora = LoraConfig {
            rank: 4,
            target_modules: targets,
            ..LoraConfig::default()
        };
        let mut adapter = Adapter::init(lora, config, 3, &Device::Cpu).unwrap();
        for pair in adapter.update.layers.iter_mut().flatten().flatten() {
            pair.b = candle_core::Tensor::randn(0f32, 0.2, pair.b.dims(), &Device::Cpu).unwrap();
        }
        adapter
    }

    fn logits(decoder: &Decoder, adapter: Option<&Adapter>) -> Vec<f32> {
        let batch = PackedBatch::new(&[vec![1, 2, 3, 4]], &Device::Cpu).unwrap();
        let hidden = decoder
            .forward(&batch, adapter.map(|adapter| &adapter.update), None, None)
            .unwrap();
        decoder
            .logits(&hidden)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1()
            .unwrap()
    }

    #[test]
    fn a_merged_folder_of_any_number_of_shards_gives_what_model_and_adapter_give() {
        let dir = tempfile::tempdir().unwrap();
        test_model::write(dir.path(), 5);
        let checkpoint = Checkpoint::open(dir.path()).unwrap();
        let decoder = Decoder::load(dir.path(), &Device::Cpu).unwrap();
        let adapter = adapter(&decoder.config);
        let expected = logits(&decoder, Some(&adapter));
        assert_ne!(logits(&decoder, None), expected);
        for (max_shard_bytes, files) in [(u64::MAX, 1), (20_000, 3)] {
            let to = tempfile::tempdir().unwrap();
            write_sharded(
                &checkpoint,
                Some(&adapter),
                to.path(),
                "# card\n",
                max_shard_bytes,
            )
            .unwrap();
            let names = std::fs::read_dir(to.path()).unwrap().flatten();
            let shards = names.filter(|e| e.path().extension().is_some_and(|e| e == "safetensors"));
            let sizes: Vec<u64> = shards.map(|e| e.metadata().unwrap().len()).collect();
            assert!(
                sizes.len() >= files
                    && sizes
                        .iter()
                        .all(|size| *size < max_shard_bytes.saturating_add(4096))
            );
            let merged = Decoder::load(to.path(), &Device::Cpu).unwrap();
            for (found, expected) in logits(&merged, None).iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-4, "{found} {expected}");
            }
        }
    }

    /// The output of a separate head survives the export, and other programs are told to use that head.
    #[test]
    fn a_head_of_its_own_is_kept_and_the_flag_cleared() {
        let mut tied = test_model::config();
        tied["tie_word_embeddings"] = json!(true);
        let mut tied_by_class = test_model::config();
        tied_by_class["architectures"] = json!(["SmolLM3ForCausalLM"]);
        tied_by_class["tie_word_embeddings"] = Value::Null;
        for config in [tied, tied_by_class] {
            let dir = tempfile::tempdir().unwrap();
            test_model::write(dir.path(), 5);
            std::fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
            let checkpoint = Checkpoint::open(dir.path()).unwrap();
            let expected = logits(&Decoder::load(dir.path(), &Device::Cpu).unwrap(), None);
            let to = tempfile::tempdir().unwrap();
            write_merged(&checkpoint, None, to.path(), "# card\n").unwrap();
            let written = crate::disk::read_json(&to.path().join("config.json")).unwrap();
            assert_eq!(written["tie_word_embeddings"], false);
            let merged = Decoder::load(to.path(), &Device::Cpu).unwrap();
            assert_eq!(logits(&merged, None), expected);
        }
    }

    #[test]
    fn an_adapter_that_is_not_finite_is_written_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        test_model::write(dir.path(), 5);
        let checkpoint = Checkpoint::open(dir.path()).unwrap();
        let config = checkpoint.config().unwrap();
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut broken = adapter(&config);
            let pair = broken.update.layers[1][crate::Target::Up].as_mut().unwrap();
            let mut values = pair.b.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            values[7] = value;
            pair.b = candle_core::Tensor::from_vec(values, pair.b.dims(), &Device::Cpu).unwrap();
            let to = tempfile::tempdir().unwrap();
            let path = |name: &str| to.path().join(name);
            for written in [
                write_merged(&checkpoint, Some(&broken), &path("merged"), ""),
                write_gguf(&checkpoint, Some(&broken), GgufType::Q8_0, &path("m.gguf")),
                write_gguf_adapter(&broken, &config, &path("a.gguf")),
                broken.export(&path("peft"), &config),
                broken.save(&path("saved")),
                broken.merge_into(&test_model::tiny(1)).map(|_| ()),
            ] {
                let told = written.unwrap_err().to_string();
                assert!(told.contains("layers.1.mlp.up_proj.lora_B"), "{told}");
            }
            assert_eq!(std::fs::read_dir(to.path()).unwrap().count(), 0);
        }
    }

    /// A weight that the update pushes out of the range of the file's number type.
    #[test]
    fn a_merged_weight_that_its_type_cannot_hold_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let tensors = test_model::write(dir.path(), 5);
        let half: std::collections::HashMap<String, candle_core::Tensor> = tensors
            .into_iter()
            .map(|(name, t)| (name, t.to_dtype(candle_core::DType::F16).unwrap()))
            .collect();
        candle_core::safetensors::save(&half, dir.path().join("model.safetensors")).unwrap();
        let checkpoint = Checkpoint::open(dir.path()).unwrap();
        let mut large = adapter(&checkpoint.config().unwrap());
        let pair = large.update.layers[0][crate::Target::Q].as_mut().unwrap();
        pair.b = (&pair.b * 1e9).unwrap();
        let to = tempfile::tempdir().unwrap();
        let written = write_merged(&checkpoint, Some(&large), to.path(), "");
        let told = written.unwrap_err().to_string();
        assert!(
            told.contains("layers.0.self_attn.q_proj.weight") && told.contains("F16"),
            "{told}"
        );
    }
}
