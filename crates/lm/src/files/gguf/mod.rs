//! GGUF files, llama.cpp's single-file model format: opened as configuration, weights, tokenizer and template.
//!
//! Tensors get their Hugging Face names, so the decoder loads them as it loads any checkpoint. llama.cpp stores the
//! query and key rows of Llama (and Mistral), SmolLM3 and Granite with the halves of each head interleaved; whole rows
//! are read back in the checkpoint's order, so that quantised blocks stay as they are. The norms of Gemma 3 hold the
//! factor itself, which is 1 more than the checkpoint's value.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Device;
use candle_core::quantized::GgmlDType;
use memmap2::Mmap;

use crate::device::Place;
use crate::error::{Error, Result};
use crate::files::weights::{Stored, Weights, map_file};
use crate::model::packed::{Bytes, decode};
use crate::model::{DecoderConfig, Quantize, Weight};
use crate::text::named_tokens::{NamedTokens, TOKEN_NAMES};
use crate::text::sources::chosen;
use crate::text::tokenizer::Tokenizer;

mod config;
pub(crate) mod format;
mod llama3;
pub(crate) mod names;
pub(crate) mod rope;
pub(crate) mod split;
pub(crate) mod tokenizer;

use config::GEMMA3;
pub(crate) use config::{GRANITE, PHI3, architecture_name, interleaves, scores_divided_by};
use format::{Metadata, TensorInfo, Value, read_header};

/// An opened file, or the parts of a split one.
#[derive(Debug)]
pub struct Gguf {
    /// The first part, which has the metadata.
    path: PathBuf,
    map: Arc<Mmap>,
    /// The other parts, in their order.
    others: Vec<(PathBuf, Arc<Mmap>)>,
    metadata: Metadata,
    tensors: Vec<TensorInfo>,
}

impl Gguf {
    /// Reads metadata and tensor list and checks that the tensors lie inside the file.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Truncated`] or [`Error::Weights`].
    pub fn open(path: &Path) -> Result<Self> {
        let map = map_file(path, 24)?;
        let (metadata, tensors) =
            read_header(&map).map_err(|reason| Error::weights(path, reason))?;
        let ends = tensors
            .iter()
            .map(|t| t.start.saturating_add(t.bytes))
            .max()
            .unwrap_or(0);
        let (found_bytes, expected_bytes) = (map.len() as u64, ends as u64);
        if found_bytes < expected_bytes {
            return Err(Error::Truncated {
                path: path.to_path_buf(),
                found_bytes,
                expected_bytes,
            });
        }
        Ok(Self {
            path: path.to_path_buf(),
            map: Arc::new(map),
            others: Vec::new(),
            metadata,
            tensors,
        })
    }

    /// Opens the file of a model, with the other parts if it is split; an adapter or anything else in the same format is
    /// refused.
    ///
    /// # Errors
    /// As [`Gguf::open`], and [`Error::Config`].
    pub fn open_model(path: &Path) -> Result<Self> {
        let file = split::whole(Self::open(path)?)?;
        match file.metadata.get("general.type").and_then(Value::as_str) {
            None | Some("model") => Ok(file),
            Some(kind) => {
                let reason = format!("is `{kind}`; choose the file of a base model");
                Err(Error::config(path, "general.type", reason))
            }
        }
    }

    /// Path of the file, or of its first part.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All of the model's files; more than one if it is split.
    pub fn paths(&self) -> Vec<PathBuf> {
        let others = self.others.iter().map(|(path, _)| path.clone());
        std::iter::once(self.path.clone()).chain(others).collect()
    }

    /// The configuration that the metadata describes.
    ///
    /// # Errors
    /// [`Error::UnsupportedArchitecture`] or [`Error::Config`] naming the key.
    pub fn config(&self) -> Result<DecoderConfig> {
        DecoderConfig::from_json(&self.config_json()?, &self.path)
    }

    /// The `config.json` equivalent to the metadata.
    ///
    /// # Errors
    /// As [`Gguf::config`].
    pub fn config_json(&self) -> Result<serde_json::Value> {
        let mut json = config::to_json(&self.metadata, &self.path, &|name| self.tensor(name))?;
        rope::read(&mut json, &self.metadata, self.architecture(), &|name| {
            self.divisors(name)
        })
        .map_err(|reason| Error::weights(&self.path, reason))?;
        Ok(json)
    }

    /// The weights under their Hugging Face names.
    ///
    /// # Errors
    /// [`Error::Weights`] where tensors contradict the configuration.
    pub fn weights(&self, config: &DecoderConfig) -> Result<Weights> {
        let interleaves = interleaves(self.architecture());
        let offset = config.architecture.norm_offset();
        let mut tensors = BTreeMap::new();
        for tensor in &self.tensors {
            let Some(name) = names::from_gguf(&tensor.name, config.architecture) else {
                continue;
            };
            let interleaved =
                (interleaves && names::is_query_or_key(&name)).then_some(config.head_dim);
            let rows = tensor.shape.first().copied().unwrap_or(0);
            if interleaved.is_some_and(|head| !rows.is_multiple_of(head)) {
                return Err(Error::weights(
                    &self.path,
                    format!("`{}` has no whole heads", tensor.name),
                ));
            }
            let mut stored = self.stored(tensor, interleaved);
            if names::is_norm(&name) {
                stored.offset = offset;
            }
            tensors.insert(name, stored);
        }
        Ok(Weights::new(self.path.clone(), tensors))
    }

    /// A matrix `[out, in]` by its GGUF name, with rows in the file's order.
    ///
    /// # Errors
    /// [`Error::Weights`] where it is missing or has another shape or type.
    pub fn matrix(&self, name: &str, shape: (usize, usize)) -> Result<Weight> {
        let found = self.tensors.iter().filter(|tensor| tensor.name == name);
        let tensors = found
            .map(|tensor| (name.to_owned(), self.stored(tensor, None)))
            .collect();
        Weights::new(self.path.clone(), tensors).matrix(
            name,
            shape,
            Quantize::None,
            &Place::on(&Device::Cpu),
        )
    }

    /// The tokenizer's `tokenizer.json`, rebuilt from the metadata.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] if there is none or it is of an unsupported kind.
    pub fn tokenizer_json(&self) -> Result<serde_json::Value> {
        tokenizer::to_json(&self.metadata).map_err(|reason| Error::Tokenizer {
            path: self.path.clone(),
            reason,
        })
    }

    /// The tokenizer, without the detour through a `tokenizer.json`.
    ///
    /// # Errors
    /// As [`Gguf::tokenizer_json`].
    pub(crate) fn tokenizer(&self) -> Result<Tokenizer> {
        let (library, unknown) =
            tokenizer::to_library(&self.metadata).map_err(|reason| Error::Tokenizer {
                path: self.path.clone(),
                reason,
            })?;
        Ok(Tokenizer::from_library(&self.path, library, unknown))
    }

    /// About how many bytes the tokenizer's `tokenizer.json` has.
    ///
    /// # Errors
    /// As [`Gguf::tokenizer_json`].
    pub(crate) fn tokenizer_bytes(&self) -> Result<u64> {
        tokenizer::json_bytes(&self.metadata).map_err(|reason| Error::Tokenizer {
            path: self.path.clone(),
            reason,
        })
    }

    /// The tokenizer's part of the metadata.
    pub(crate) fn tokenizer_metadata(&self) -> Vec<(String, Value)> {
        let entries = self
            .metadata
            .iter()
            .filter(|(key, _)| key.starts_with("tokenizer."));
        entries
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// The chat template of the metadata.
    ///
    /// # Errors
    /// [`Error::Config`] where the metadata has only named templates, and several of them.
    pub fn chat_template(&self) -> Result<Option<String>> {
        const KEY: &str = "tokenizer.chat_template";
        let text = |value: &Value| value.as_str().map(str::to_owned);
        if let Some(template) = self.metadata.get(KEY).and_then(text) {
            return Ok(Some(template));
        }
        let named = self.metadata.iter().filter_map(|(key, value)| {
            let name = key.strip_prefix(KEY)?.strip_prefix('.')?;
            Some((name.to_owned(), text(value)?))
        });
        let named: BTreeMap<String, String> = named.collect();
        match named.is_empty() {
            true => Ok(None),
            false => chosen(named, &self.path, KEY).map(Some),
        }
    }

    /// The special tokens that the metadata names.
    pub fn named_tokens(&self) -> NamedTokens {
        let tokens = self
            .metadata
            .get("tokenizer.ggml.tokens")
            .and_then(Value::as_array)
            .unwrap_or_default();
        let token = |name| {
            let id = self
                .metadata
                .get(&format!("tokenizer.ggml.{}", names::token_key(name)))?
                .as_u64()?;
            tokens.get(usize::try_from(id).ok()?)?.as_str()
        };
        TOKEN_NAMES
            .into_iter()
            .filter_map(|name| Some((name, token(name)?.to_owned())))
            .collect()
    }

    /// The file that holds a tensor.
    fn part(&self, tensor: &TensorInfo) -> (&Path, &Arc<Mmap>) {
        let other = tensor
            .part
            .checked_sub(1)
            .and_then(|index| self.others.get(index));
        other.map_or((&self.path, &self.map), |(path, map)| (path, map))
    }

    fn stored(&self, tensor: &TensorInfo, interleaved: Option<usize>) -> Stored {
        let (path, map) = self.part(tensor);
        Stored {
            path: path.into(),
            bytes: Bytes::Mapped(map.clone(), tensor.start..tensor.start + tensor.bytes),
            dtype: tensor.dtype.map_err(|number| format!("ggml type {number}")),
            shape: tensor.shape.clone(),
            interleaved,
            offset: 0.0,
        }
    }

    /// llama.cpp's name of the family.
    fn architecture(&self) -> &str {
        self.metadata
            .get("general.architecture")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The values of a vector, if the file has it; the reason for a refusal is written for people.
    fn divisors(&self, name: &str) -> Result<Option<Vec<f32>>, String> {
        let Some(tensor) = self.tensor(name) else {
            return Ok(None);
        };
        if tensor.dtype != Ok(GgmlDType::F32) || tensor.shape.len() != 1 {
            return Err(format!("`{name}` is no vector of f32"));
        }
        let mut values = vec![0f32; tensor.bytes / 4];
        decode(
            GgmlDType::F32,
            &self.part(tensor).1[tensor.start..tensor.start + tensor.bytes],
            &mut values,
        )
        .map_err(|e| format!("`{name}`: {e}"))?;
        Ok(Some(values))
    }

    fn tensor(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }
}
