//! Language models: tokens in; tokens, log-probabilities and trained adapters out.
//!
//! One decoder ([`model`]) serves every supported architecture; [`infer`] runs it, [`train`] trains low-rank adapters
//! ([`lora`]) for it with an explicit backward pass. Nothing here knows about dialogues or recipes. Names follow
//! Hugging Face transformers, PEFT and TRL, whose numbers the golden tests reproduce.
//!
//! The order of the modules, in which each uses only those before it (`tests/all/rooms.rs` checks that such an order
//! exists):
//!
//! 1. `error`, `allocator`, [`profile`], [`random`], [`device`], `disk`, [`parallel`]: what everything else builds on;
//! 2. `ops`: the operations of a decoder and their derivatives;
//! 3. [`model`]: configuration, weights in memory, the forward pass, the low-rank update that it reads;
//! 4. [`text`] and [`lora`]: tokens of a text; adapters made, stored and merged;
//! 5. [`files`]: checkpoints read and written;
//! 6. [`infer`] and [`train`], then [`pretrain`], which uses both;
//! 7. [`memory`], [`probe`], [`parity`]: how much memory work takes, how fast it runs, whether two devices agree.

pub mod allocator;
pub mod device;
mod disk;
pub mod error;
pub mod files;
pub mod infer;
pub mod lora;
pub mod memory;
pub mod model;
pub(crate) mod ops;
pub mod parallel;
pub mod parity;
pub mod pretrain;
pub mod probe;
pub mod profile;
pub mod random;
pub(crate) mod simd;
#[cfg(test)]
mod test_model;
pub mod text;
pub mod train;

pub use candle_core::{DType, Device, Tensor};
pub use error::{Error, Result};
pub use files::{Checkpoint, Gguf};
pub use infer::encoder::{EncodedText, Encoder};
pub use infer::generate::{Finish, GenerateConfig, GenerateRequest, Generation, generate};
pub use infer::language_model::{
    FolderSummary, LanguageModel, check_folder, file_sha256, model_sha256,
};
pub use infer::score::{Completion, Scored, score};
pub use lora::{Adapter, LoraConfig, TargetModules};
pub use model::{
    Activation, Architecture, BlockTape, Decoder, DecoderConfig, Dropout, Layer, LayerTape,
    LocalRope, LoraPair, LowRank, PackedBatch, PerTarget, Projection, Quantize, Rope, RopeScaling,
    Rotations, Tape, Target, Weight,
};
pub use text::{ChatTemplate, Message, SpecialTokens, Tokenizer};
