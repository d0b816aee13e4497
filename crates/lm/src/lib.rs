//! Language models: tokens in; tokens, log-probabilities and trained adapters out.
//!
//! One decoder ([`model`]) serves every supported architecture; `generate` and `score` read it,
//! [`train`] writes low-rank adapters ([`lora`]) for it with an explicit backward pass. Nothing here knows
//! dialogues or recipes. Names follow Hugging Face transformers, PEFT and TRL, whose numbers the golden
//! tests reproduce.

pub mod device;
pub mod error;
pub mod lora;
pub mod model;
pub mod random;
pub mod train;
pub mod weights;

pub use candle_core::{DType, Device, Tensor};
pub use error::{Error, Result};
pub use lora::{Adapter, LoraConfig, LoraPair, Target};
pub use model::{Decoder, DecoderConfig, Layer, LayerTape, PackedBatch, Projection, Rope, RopeScaling, Tape};
pub use random::Dropout;
