//! Language models: tokens in; tokens, log-probabilities and trained adapters out.
//!
//! One decoder ([`model`]) serves every supported architecture; [`generate()`] and [`score()`] read it,
//! [`train`] writes low-rank adapters ([`lora`]) for it with an explicit backward pass. Nothing here knows
//! dialogues or recipes. Names follow Hugging Face transformers, PEFT and TRL, whose numbers the golden
//! tests reproduce.

pub mod allocator;
pub mod bench;
pub mod chat_template;
pub mod checkpoint;
pub mod device;
pub mod error;
pub mod export;
pub mod generate;
pub mod gguf;
pub mod hub;
pub mod language_model;
pub mod lora;
pub mod memory;
pub mod model;
pub(crate) mod ops;
pub mod parallel;
pub mod pretrain;
pub mod probe;
pub mod profile;
pub mod random;
pub mod sample;
pub mod score;
#[cfg(test)]
mod test_model;
mod token_bytes;
pub mod tokenizer;
pub mod train;
pub mod weights;

pub use candle_core::{DType, Device, Tensor};
pub use chat_template::{ChatTemplate, Message};
pub use checkpoint::Checkpoint;
pub use error::{Error, Result};
pub use generate::{Finish, GenerateConfig, GenerateRequest, Generation, generate};
pub use gguf::Gguf;
pub use language_model::{FolderSummary, LanguageModel, check_folder, file_sha256, model_sha256};
pub use lora::{Adapter, LoraConfig, LoraPair, Target, TargetModules};
pub use model::{
    Architecture, BlockTape, Decoder, DecoderConfig, Layer, LayerTape, PackedBatch, Projection,
};
pub use model::{Quantize, Rope, RopeScaling, Tape, Weight};
pub use random::Dropout;
pub use score::{Completion, Scored, score};
pub use tokenizer::{SpecialTokens, Tokenizer};
