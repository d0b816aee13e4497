//! Where a model is stored: a Hugging Face folder, or a GGUF file with or without tokenizer files beside it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::disk::read_json;
use crate::error::{Error, Result};
use crate::files::gguf::{Gguf, split};
use crate::files::weights::{Weights, weight_files};
use crate::model::DecoderConfig;
use crate::model::tensors::{EMBEDDING, HEAD};
use crate::text::chat_template::ChatTemplate;
use crate::text::sources::{ADDED_FILE, TokenizerFiles};
use crate::text::tokenizer::Tokenizer;

/// Files other than the weights that affect what a safetensors model answers.
const SIDE_FILES: [&str; 7] = [
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "model.safetensors.index.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
];

/// Files beside a GGUF file that take precedence over its own metadata.
const GGUF_SIDE_FILES: [&str; 4] = [
    "chat_template.jinja",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
];

/// An opened model on disk.
#[derive(Debug)]
pub enum Checkpoint {
    /// A folder with `config.json`, `tokenizer.json` and safetensors files.
    Folder(PathBuf),
    /// A GGUF file.
    Gguf(Box<Gguf>),
}

impl Checkpoint {
    /// Opens a folder of safetensors files, a GGUF file, or a folder with one GGUF file and no safetensors.
    ///
    /// # Errors [`Error::NoModel`], [`Error::SeveralModels`] where the folder holds several GGUF files, and whatever
    /// [`Gguf::open`] reports.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Err(Error::NoModel {
                path: path.to_path_buf(),
            });
        }
        if path.is_file() {
            return Ok(Self::Gguf(Box::new(Gguf::open_model(path)?)));
        }
        let has = |name: &str| path.join(name).is_file();
        if has("model.safetensors") || has("model.safetensors.index.json") {
            return Ok(Self::Folder(path.to_path_buf()));
        }
        let mut files = gguf_files(path)?;
        match files.len() {
            0 => Ok(Self::Folder(path.to_path_buf())),
            1 => Ok(Self::Gguf(Box::new(Gguf::open_model(&files.remove(0))?))),
            // The parts of a split file are one model.
            _ => match split::first(&files) {
                Some(first) => Ok(Self::Gguf(Box::new(Gguf::open_model(first)?))),
                None => Err(Error::SeveralModels { files }),
            },
        }
    }

    /// Sizes and constants. A separate head is used even where `tie_word_embeddings` says that there is none, as in
    /// transformers 5 (`PreTrainedModel.tie_weights`): it was trained, and the model is wrong without it.
    pub fn config(&self) -> Result<DecoderConfig> {
        match self {
            Self::Folder(dir) => {
                let mut config = DecoderConfig::load(dir)?;
                // Weights that cannot be opened are reported by whoever reads them.
                let own_head =
                    |dir| Weights::open(dir).is_ok_and(|weights| weights.differ(EMBEDDING, HEAD));
                config.tie_word_embeddings = config.tie_word_embeddings && !own_head(dir);
                Ok(config)
            }
            Self::Gguf(file) => file.config(),
        }
    }

    /// The `config.json`, or its equivalent made from GGUF metadata.
    pub fn config_json(&self) -> Result<Value> {
        match self {
            Self::Folder(dir) => read_json(&dir.join("config.json")),
            Self::Gguf(file) => file.config_json(),
        }
    }

    /// The weights, opened.
    pub fn weights(&self, config: &DecoderConfig) -> Result<Weights> {
        match self {
            Self::Folder(dir) => Weights::open(dir),
            Self::Gguf(file) => file.weights(config),
        }
    }

    /// The tokenizer of a model with this configuration: `tokenizer.json` or, without one, the one in the GGUF file.
    pub fn tokenizer(&self, config: &DecoderConfig) -> Result<Tokenizer> {
        match self {
            Self::Gguf(file) if !self.dir().join("tokenizer.json").is_file() => file.tokenizer(),
            _ => Tokenizer::load_for(self.dir(), config.vocab_size),
        }
    }

    /// The chat template: the folder's, or else the one in the GGUF file, or else the plain one.
    pub fn chat_template(&self) -> Result<ChatTemplate> {
        let beside = ChatTemplate::load(self.dir())?;
        match self {
            Self::Gguf(file) if !beside.own => {
                let template = file.chat_template()?;
                ChatTemplate::from_file(file.path(), template.as_deref(), file.named_tokens())
            }
            _ => Ok(beside),
        }
    }

    /// The folder in which tokenizer files may be.
    pub fn dir(&self) -> &Path {
        match self {
            Self::Folder(dir) => dir,
            Self::Gguf(file) => file.path().parent().unwrap_or(Path::new("")),
        }
    }

    /// The files with the weights.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Config`].
    pub fn weight_files(&self) -> Result<Vec<PathBuf>> {
        match self {
            Self::Folder(dir) => weight_files(dir),
            Self::Gguf(file) => Ok(file.paths()),
        }
    }

    /// Every file that affects what the model answers, in name order.
    ///
    /// # Errors
    /// As [`Checkpoint::weight_files`].
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let side: &[&str] = if matches!(self, Self::Folder(_)) {
            &SIDE_FILES
        } else {
            &GGUF_SIDE_FILES
        };
        let side = side
            .iter()
            .map(|name| self.dir().join(name))
            .filter(|path| path.is_file());
        let mut files: Vec<PathBuf> = side.chain(self.weight_files()?).collect();
        if TokenizerFiles::read(self.dir())?.reads_added_tokens() {
            files.push(self.dir().join(ADDED_FILE));
        }
        files.sort_unstable();
        Ok(files)
    }
}

fn gguf_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|e| Error::io(dir, e))? {
        let path = entry.map_err(|e| Error::io(dir, e))?.path();
        if path.is_file()
            && path
                .extension()
                .is_some_and(|ext| ext.eq_ignore_ascii_case("gguf"))
        {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}
