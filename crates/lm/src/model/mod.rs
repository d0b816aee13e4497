//! The decoder: one forward pass for every supported architecture.
//!
//! `config` maps Hugging Face's config.json to fields, `decoder` is the network over packed sequences
//! (`packed_batch`), `attention` and `rope` with its `rope_scaling` are its special parts, `kv_cache` the state of
//! decoding, kept outside the model.

pub(crate) mod attention;
mod blocks;
pub mod config;
pub mod decoder;
pub(crate) mod device_blocks;
mod device_cache;
mod few_rows;
pub(crate) mod kv_cache;
pub(crate) mod linear;
pub(crate) mod load;
pub mod packed;
pub(crate) mod packed_batch;
pub mod rope;
pub mod rope_scaling;
pub mod weight;

pub use config::{Architecture, DecoderConfig};
pub use decoder::{BlockTape, Decoder, Layer, LayerTape, Projection, Tape};
pub use device_blocks::DeviceBlocks;
pub use load::parameters;
pub use packed::{Packed, Quantize, block_type};
pub use packed_batch::{PackedBatch, Span};
pub use rope::Rope;
pub use rope_scaling::RopeScaling;
pub use weight::Weight;
