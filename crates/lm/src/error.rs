//! Everything that can go wrong with a model, as one error type.
//!
//! [`Error::problem`] turns an error into the [`Problem`] that is shown to people. Two errors are different variants if
//! a caller can act on the difference.

use std::path::{Path, PathBuf};

use contract::Problem;
use contract::problem::{Full, Interrupted, ModelProblem, RunProblem, TooLong, WorkspaceProblem};

/// Result of this crate's functions, with [`Error`] unless another error type is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong when models are loaded, run or trained.
#[derive(Debug)]
pub enum Error {
    /// A file that the model needs is absent.
    MissingFile {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// Neither a folder nor a file has the name of the model.
    NoModel {
        /// The name that was given, as a path.
        path: PathBuf,
    },
    /// A folder has several GGUF files, and nothing says which of them is meant.
    SeveralModels {
        /// All GGUF files in the folder.
        files: Vec<PathBuf>,
    },
    /// A weight file is shorter than its header says: an interrupted download or copy.
    Truncated {
        /// The weight file, in safetensors or GGUF format.
        path: PathBuf,
        /// Size of the file on disk, in bytes.
        found_bytes: u64,
        /// Size that the header announces, in bytes.
        expected_bytes: u64,
    },
    /// A weight file cannot be used: broken header, tensor missing, wrong shape or number type.
    Weights {
        /// The weight file, in safetensors or GGUF format.
        path: PathBuf,
        /// What is wrong; names the tensor if it is about a tensor.
        reason: String,
    },
    /// The model's architecture is not one that the decoder computes exactly.
    UnsupportedArchitecture {
        /// Architecture as config.json names it.
        found: String,
        /// The supported architectures, separated by commas.
        supported: String,
    },
    /// A GGUF file cannot hold this model so that llama.cpp reads the same model from it.
    NotInGguf {
        /// The part of the model that GGUF cannot hold.
        what: String,
    },
    /// A configuration file cannot be read or contradicts itself.
    Config {
        /// The configuration file, for instance `config.json`.
        path: PathBuf,
        /// The field that is wrong; `JSON` if the file cannot be parsed.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Tokenizer and weights do not belong together.
    VocabularyMismatch {
        /// Entries of the tokenizer (highest id + 1).
        tokenizer: usize,
        /// Rows of the model's embedding.
        model: usize,
    },
    /// The tokenizer cannot be read or refuses a text.
    Tokenizer {
        /// The tokenizer's file, for instance `tokenizer.json`.
        path: PathBuf,
        /// What the tokenizer library says.
        reason: String,
    },
    /// The chat template is invalid or refuses the conversation.
    ChatTemplate {
        /// The file that the template is from; `None` for a template that is from no file.
        path: Option<PathBuf>,
        /// What the template engine, or the template itself, says.
        reason: String,
    },
    /// An adapter does not fit the model or cannot be read.
    Adapter {
        /// The adapter's file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Training cannot continue from a saved state.
    Checkpoint {
        /// The file that holds the saved state.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A sequence is longer than the model's context.
    ContextExceeded {
        /// Tokens of prompt and completion together.
        tokens: usize,
        /// The model's context, in tokens.
        limit: usize,
    },
    /// A value became infinite or not a number.
    NonFinite {
        /// The quantity, for instance "loss".
        what: String,
    },
    /// A setting has a value that makes no sense.
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The requested compute device is not available.
    Device {
        /// The device as it was requested, for instance `cuda:0`.
        spec: String,
        /// Why it is not available: not built in, no driver, or no card of that number.
        reason: String,
    },
    /// The work was stopped on request; its state was saved first.
    Interrupted,
    /// A file could not be read or written.
    Io {
        /// The file or folder that was to be read or written.
        path: PathBuf,
        /// The error that the system reported.
        source: std::io::Error,
    },
    /// The graphics card does not have enough free memory.
    OutOfMemory,
    /// A tensor operation failed.
    Candle(candle_core::Error),
}

/// Error codes of the CUDA driver and of cuBLAS when memory does not suffice. candle passes such an error on in a box
/// whose type exists only in builds with CUDA, so it is recognised by the code's name in its text. Nothing else reads
/// messages.
const OUT_OF_MEMORY: [&str; 2] = ["CUDA_ERROR_OUT_OF_MEMORY", "CUBLAS_STATUS_ALLOC_FAILED"];

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        let message = error.to_string();
        match OUT_OF_MEMORY.iter().any(|code| message.contains(code)) {
            true => Self::OutOfMemory,
            false => Self::Candle(error),
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem().fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Candle(error) => Some(error),
            _ => None,
        }
    }
}

impl Error {
    /// What went wrong, as the type that the window and the command line put into words.
    pub fn problem(&self) -> Problem {
        let file = self.path().map(shown).unwrap_or_default();
        Problem::Model(match self {
            Self::MissingFile { .. } => ModelProblem::MissingFile { file },
            Self::NoModel { .. } => ModelProblem::NoSuchModel { file },
            Self::SeveralModels { files } => ModelProblem::SeveralModels {
                files: files.iter().map(|file| shown(file)).collect(),
            },
            Self::Truncated {
                found_bytes,
                expected_bytes,
                ..
            } => ModelProblem::TruncatedWeights {
                file,
                found_bytes: *found_bytes,
                expected_bytes: *expected_bytes,
            },
            Self::Weights { reason, .. } => ModelProblem::Weights {
                file,
                reason: reason.clone(),
            },
            Self::UnsupportedArchitecture { found, supported } => {
                ModelProblem::UnsupportedArchitecture {
                    found: found.clone(),
                    supported: supported.clone(),
                }
            }
            Self::NotInGguf { what } => ModelProblem::NotInGguf { what: what.clone() },
            Self::Config { field, reason, .. } => ModelProblem::ModelConfig {
                file,
                field: field.clone(),
                reason: reason.clone(),
            },
            Self::VocabularyMismatch { tokenizer, model } => ModelProblem::VocabularyMismatch {
                tokenizer: *tokenizer,
                model: *model,
            },
            Self::Tokenizer { reason, .. } => ModelProblem::Tokenizer {
                file,
                reason: reason.clone(),
            },
            Self::ChatTemplate { path, reason } => ModelProblem::ChatTemplate {
                file: path.as_deref().map(shown),
                reason: reason.clone(),
            },
            Self::Adapter { reason, .. } => ModelProblem::Adapter {
                file,
                reason: reason.clone(),
            },
            Self::Checkpoint { reason, .. } => ModelProblem::Checkpoint {
                file,
                reason: reason.clone(),
            },
            Self::NonFinite { what } => ModelProblem::NotFinite { what: what.clone() },
            Self::Setting { name, reason } => ModelProblem::Setting {
                field: (*name).to_owned(),
                reason: reason.clone(),
            },
            Self::Device { spec, reason } => ModelProblem::Device {
                device: spec.clone(),
                reason: reason.clone(),
            },
            Self::Candle(error) => ModelProblem::Tensor {
                reason: error.to_string(),
            },
            Self::ContextExceeded { tokens, limit } => {
                let (tokens, limit) = (*tokens, *limit);
                return RunProblem::TooLong(TooLong::Text { tokens, limit }).into();
            }
            Self::Interrupted => return RunProblem::Interrupted(Interrupted::Work).into(),
            Self::OutOfMemory => return RunProblem::OutOfMemory(Full::Card).into(),
            Self::Io { source, .. } => return WorkspaceProblem::io(file, source).into(),
        })
    }

    /// The file or folder that the error is about; `None` if it is about something else.
    fn path(&self) -> Option<&Path> {
        match self {
            Self::MissingFile { path }
            | Self::NoModel { path }
            | Self::Truncated { path, .. }
            | Self::Weights { path, .. }
            | Self::Config { path, .. }
            | Self::Tokenizer { path, .. }
            | Self::Adapter { path, .. }
            | Self::Checkpoint { path, .. }
            | Self::Io { path, .. } => Some(path),
            Self::ChatTemplate { path, .. } => path.as_deref(),
            _ => None,
        }
    }

    /// An I/O failure at `path`; a missing file becomes [`Error::MissingFile`].
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::NotFound {
            return Error::MissingFile {
                path: path.to_path_buf(),
            };
        }
        Error::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    /// An [`Error::Weights`] about the weight file `path`.
    pub fn weights(path: &Path, reason: impl Into<String>) -> Self {
        Error::Weights {
            path: path.to_path_buf(),
            reason: reason.into(),
        }
    }

    /// An [`Error::Config`] about a field of the configuration file `path`.
    pub fn config(path: &Path, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Config {
            path: path.to_path_buf(),
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// An [`Error::Adapter`] about the adapter's file or folder `path`.
    pub fn adapter(path: &Path, reason: impl Into<String>) -> Self {
        Error::Adapter {
            path: path.to_path_buf(),
            reason: reason.into(),
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error in the form that the driver's bindings give it.
    #[derive(Debug, thiserror::Error)]
    #[error("DriverError({0}, \"said by the driver\")")]
    struct DriverError(&'static str);

    #[test]
    fn a_full_card_is_told_from_other_failures() {
        let raised = |code| candle_core::Error::Cuda(Box::new(DriverError(code)));
        for code in OUT_OF_MEMORY {
            assert!(matches!(Error::from(raised(code)), Error::OutOfMemory));
            assert!(matches!(
                Error::from(raised(code).context("matmul").bt()),
                Error::OutOfMemory
            ));
        }
        assert!(matches!(
            Error::from(raised("CUDA_ERROR_ILLEGAL_ADDRESS")),
            Error::Candle(_)
        ));
    }

    /// The window and the command line add what to do, so the message itself must not.
    #[test]
    fn messages_say_what_happened_and_not_what_to_do() {
        let path = PathBuf::from("model");
        let text = String::from("text");
        let errors = [
            Error::MissingFile { path: path.clone() },
            Error::NoModel { path: path.clone() },
            Error::SeveralModels {
                files: vec![path.clone()],
            },
            Error::Truncated {
                path: path.clone(),
                found_bytes: 1,
                expected_bytes: 2,
            },
            Error::UnsupportedArchitecture {
                found: text.clone(),
                supported: text.clone(),
            },
            Error::NotInGguf { what: text.clone() },
            Error::VocabularyMismatch {
                tokenizer: 2,
                model: 1,
            },
            Error::Checkpoint {
                path,
                reason: text.clone(),
            },
            Error::ContextExceeded {
                tokens: 2,
                limit: 1,
            },
            Error::NonFinite { what: text },
            Error::OutOfMemory,
        ];
        let instructions = [
            "download", "copy", "use ", "choose", "check ", "shorten", "lower ", "start ", "name ",
        ];
        for error in errors {
            let message = error.to_string().to_lowercase();
            assert_eq!(
                instructions.iter().find(|word| message.contains(**word)),
                None,
                "{message}"
            );
            assert!(!message.ends_with('.'), "{message}");
        }
    }
}
