//! Using a frozen model: texts sampled from it, and log-probabilities of given texts.
//!
//! `language_model` is a model folder, loaded; `generate` draws tokens (`sample` says how), `score` computes
//! log-probabilities of completions.
//! `encoder` is a different kind of model, which computes a state for each token of a text.

pub mod encoder;
pub mod generate;
pub mod language_model;
pub mod sample;
pub mod score;

pub use encoder::{EncodedText, Encoder};
pub use generate::{Finish, GenerateConfig, GenerateRequest, Generation, generate};
pub use language_model::{FolderSummary, LanguageModel, check_folder, file_sha256, model_sha256};
pub use sample::Filters;
pub use score::{Completion, Scored, score};
