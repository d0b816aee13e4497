//! What can go wrong with a language model: its files, its adapter, its numbers. Reasons are technical and shown as
//! they are.

use std::fmt;

use super::problems;
use crate::ErrorPlace;

problems! {
    /// A problem with a language model.
    ModelProblem {
        /// A file of a model or adapter is missing.
        MissingFile {
            /// The file that was looked for.
            file: String,
        },
        /// There is no such model.
        NoSuchModel {
            /// The folder or file that was named.
            file: String,
        },
        /// A folder holds several models.
        SeveralModels {
            /// Their files.
            files: Vec<String>,
        },
        /// A weight file is shorter than it says.
        TruncatedWeights {
            /// The weight file.
            file: String,
            /// Bytes on disk.
            #[cfg_attr(feature = "specta", specta(type = f64))]
            found_bytes: u64,
            /// Bytes that its header announces.
            #[cfg_attr(feature = "specta", specta(type = f64))]
            expected_bytes: u64,
        },
        /// The weights do not fit the configuration.
        Weights {
            /// The weight file.
            file: String,
            /// What is wrong, naming the tensor where there is one.
            reason: String,
        },
        /// The model's family is not supported.
        UnsupportedArchitecture {
            /// The family as config.json names it.
            found: String,
            /// The supported ones, comma separated.
            supported: String,
        },
        /// GGUF cannot express it.
        NotInGguf {
            /// What GGUF cannot express.
            what: String,
        },
        /// The model's configuration cannot be used.
        ModelConfig {
            /// The configuration file.
            file: String,
            /// The field concerned.
            field: String,
            /// What is wrong with it.
            reason: String,
        },
        /// Tokenizer and weights disagree on the vocabulary.
        VocabularyMismatch {
            /// Entries of the tokenizer.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            tokenizer: usize,
            /// Rows of the embedding.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            model: usize,
        },
        /// The tokenizer cannot be used.
        Tokenizer {
            /// The tokenizer file.
            file: String,
            /// The tokenizer library's reason.
            reason: String,
        },
        /// The chat template cannot be used.
        ChatTemplate {
            /// The file that the template is from, where it is from one.
            #[serde(default)]
            file: Option<String>,
            /// The reason of the template engine or of the template itself.
            reason: String,
        },
        /// The adapter cannot be used.
        Adapter {
            /// The adapter's file or folder.
            file: String,
            /// What is wrong with it.
            reason: String,
        },
        /// A checkpoint of a training cannot be used.
        Checkpoint {
            /// The checkpoint's file.
            file: String,
            /// What is wrong with it.
            reason: String,
        },
        /// A number became infinite or undefined.
        NotFinite {
            /// The quantity, for instance "loss".
            what: String,
        },
        /// A setting is outside its range.
        Setting {
            /// The setting.
            field: String,
            /// What is wrong with it.
            reason: String,
        },
        /// The device cannot be used.
        Device {
            /// The device that was asked for.
            device: String,
            /// Why it is not available.
            reason: String,
        },
        /// A tensor operation failed: a defect.
        Tensor {
            /// The reason of the library of tensors.
            reason: String,
        },
    }
}

impl ModelProblem {
    /// The file and field concerned.
    pub fn place(&self) -> ErrorPlace {
        match self {
            Self::MissingFile { file }
            | Self::NoSuchModel { file }
            | Self::TruncatedWeights { file, .. }
            | Self::Weights { file, .. }
            | Self::Tokenizer { file, .. }
            | Self::Adapter { file, .. }
            | Self::Checkpoint { file, .. } => ErrorPlace::file(file.clone()),
            Self::ModelConfig { file, field, .. } => {
                ErrorPlace::file(file.clone()).with_field(field.clone())
            }
            Self::Setting { field, .. } => ErrorPlace::field(field.clone()),
            Self::ChatTemplate {
                file: Some(file), ..
            } => ErrorPlace::file(file.clone()),
            _ => ErrorPlace::default(),
        }
    }
}

impl fmt::Display for ModelProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingFile { file } => {
                write!(f, "{file} is missing: the folder is not complete")
            }
            Self::NoSuchModel { file } => write!(f, "there is no model at {file}"),
            Self::SeveralModels { files } => {
                write!(f, "the folder holds several models: {}", files.join(", "))
            }
            Self::TruncatedWeights {
                file,
                found_bytes,
                expected_bytes,
            } => write!(
                f,
                "{file} is incomplete: the file has {found_bytes} bytes, its header announces {expected_bytes}"
            ),
            Self::Weights { file, reason } => {
                write!(f, "the weights in {file} cannot be used: {reason}")
            }
            Self::UnsupportedArchitecture { found, supported } => write!(
                f,
                "models of type {found} are not supported. Supported are: {supported}"
            ),
            Self::NotInGguf { what } => write!(
                f,
                "a GGUF file cannot hold {what} as the model has it; nothing was written"
            ),
            Self::ModelConfig {
                file,
                field,
                reason,
            } => write!(f, "{file}: `{field}` {reason}"),
            Self::VocabularyMismatch { tokenizer, model } => write!(
                f,
                "the tokenizer knows {tokenizer} tokens but the model only {model}: they do not belong together"
            ),
            Self::Tokenizer { file, reason } => write!(f, "tokenizer {file}: {reason}"),
            Self::ChatTemplate { file, reason } => {
                let from = file.as_ref().map(|file| format!(" ({file})"));
                let from = from.unwrap_or_default();
                write!(
                    f,
                    "the model's chat template{from} cannot render this conversation: {reason}"
                )
            }
            Self::Adapter { file, reason } => write!(f, "adapter {file}: {reason}"),
            Self::Checkpoint { file, reason } => {
                write!(
                    f,
                    "the saved training state {file} cannot be used: {reason}"
                )
            }
            Self::NotFinite { what } => write!(
                f,
                "{what} is not a finite number: the weights are damaged, or a learning rate is too high"
            ),
            Self::Setting { field, reason } => write!(f, "setting `{field}` {reason}"),
            Self::Device { device, reason } => {
                write!(f, "compute device `{device}` cannot be used: {reason}")
            }
            Self::Tensor { reason } => write!(f, "tensor computation failed: {reason}"),
        }
    }
}
