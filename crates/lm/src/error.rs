//! Everything that can go wrong with a model, as one error type.
//!
//! Messages are for people: what happened and what it means. What to do next depends on who shows them (`fix` of
//! `mrds::Error`). Variants exist where a caller can act on the difference.

use std::path::{Path, PathBuf};

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong when models are loaded, run or trained.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that the model needs is absent.
    #[error("{} is missing: the folder is not complete", path.display())]
    MissingFile {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// Neither a folder nor a file has the name of the model.
    #[error("there is no model at {}", path.display())]
    NoModel {
        /// The name given.
        path: PathBuf,
    },
    /// A folder with several GGUF files and nothing that says which one is meant.
    #[error(
        "the folder holds several models: {}",
        files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    SeveralModels {
        /// The GGUF files.
        files: Vec<PathBuf>,
    },
    /// A weight file is shorter than its header says: an interrupted download or copy.
    #[error(
        "{} is incomplete: the file has {found_bytes} bytes, its header announces {expected_bytes}",
        path.display()
    )]
    Truncated {
        /// The weight file.
        path: PathBuf,
        /// Bytes on disk.
        found_bytes: u64,
        /// Bytes the header announces.
        expected_bytes: u64,
    },
    /// A weight file cannot be used: broken header, tensor missing, wrong shape or number type.
    #[error("the weights in {} cannot be used: {reason}", path.display())]
    Weights {
        /// The weight file.
        path: PathBuf,
        /// What is wrong, naming the tensor where there is one.
        reason: String,
    },
    /// The model's architecture is not one that the decoder computes exactly.
    #[error("models of type {found} are not supported. Supported are: {supported}")]
    UnsupportedArchitecture {
        /// Architecture as config.json names it.
        found: String,
        /// The supported ones, comma separated.
        supported: String,
    },
    /// llama.cpp would read something else from a GGUF file of this model.
    #[error("a GGUF file cannot hold {what} as the model has it; nothing was written")]
    NotInGguf {
        /// What of the model.
        what: String,
    },
    /// A configuration file cannot be read or contradicts itself.
    #[error("{}: `{field}` {reason}", path.display())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// The field in question.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Tokenizer and weights do not belong together.
    #[error(
        "the tokenizer knows {tokenizer} tokens but the model only {model}: they do not belong together"
    )]
    VocabularyMismatch {
        /// Entries of the tokenizer (highest id + 1).
        tokenizer: usize,
        /// Rows of the embedding.
        model: usize,
    },
    /// The tokenizer cannot be read or refuses a text.
    #[error("tokenizer {}: {reason}", path.display())]
    Tokenizer {
        /// The tokenizer file.
        path: PathBuf,
        /// What the tokenizer library says.
        reason: String,
    },
    /// The chat template is invalid or refuses the conversation.
    #[error("the model's chat template cannot render this conversation: {reason}")]
    ChatTemplate {
        /// What the template engine, or the template itself, says.
        reason: String,
    },
    /// An adapter does not fit the model or cannot be read.
    #[error("adapter {}: {reason}", path.display())]
    Adapter {
        /// The adapter's file or folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A saved training state cannot be continued from.
    #[error("the saved training state {} cannot be used: {reason}", path.display())]
    Checkpoint {
        /// The state's file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// More tokens than the model can attend to.
    #[error("the text needs {tokens} tokens, the model can read {limit}")]
    ContextExceeded {
        /// Tokens of prompt and completion together.
        tokens: usize,
        /// The model's limit.
        limit: usize,
    },
    /// A value became infinite or not a number.
    #[error(
        "{what} is not a finite number: the weights are damaged, or a learning rate is too high"
    )]
    NonFinite {
        /// The quantity, for instance "loss".
        what: String,
    },
    /// A setting has a value that makes no sense.
    #[error("setting `{name}` {reason}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The compute device asked for is not there.
    #[error("compute device `{spec}` cannot be used: {reason}")]
    Device {
        /// The device asked for.
        spec: String,
        /// Why it is not available: not built in, no driver, no such number.
        reason: String,
    },
    /// The work was stopped on request; its state was saved first.
    #[error("stopped on request")]
    Interrupted,
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The card has no room for what was to be put there.
    #[error("the card has no memory left")]
    OutOfMemory,
    /// A tensor operation failed.
    #[error("tensor computation failed: {0}")]
    Candle(#[source] candle_core::Error),
}

/// What the driver and its library of products say where memory does not suffice. candle hands their errors on in a box
/// whose type exists in builds with CUDA alone, so the name of the code in its text is what tells; this is the one
/// place that looks.
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

impl Error {
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

    /// Unusable weights in `path`.
    pub fn weights(path: &Path, reason: impl Into<String>) -> Self {
        Error::Weights {
            path: path.to_path_buf(),
            reason: reason.into(),
        }
    }

    /// A bad field of the configuration file `path`.
    pub fn config(path: &Path, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Config {
            path: path.to_path_buf(),
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// An unusable adapter at `path`.
    pub fn adapter(path: &Path, reason: impl Into<String>) -> Self {
        Error::Adapter {
            path: path.to_path_buf(),
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error as the driver's bindings make it.
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

    /// Whoever shows an error adds what to do; the message itself must not say it again.
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
