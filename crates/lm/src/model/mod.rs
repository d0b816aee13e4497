//! The decoder: one forward pass for every supported architecture.
//!
//! `config` maps Hugging Face's config.json to fields, `decoder` is the network over packed sequences
//! (`packed_batch`), `attention` and `rope` with its `rope_scaling` are its specialised parts, `cache` the state of
//! decoding, kept outside the model. `gemma3`, `smollm3` and `granite` read a config.json whose fields have other
//! meanings. `target` names the projections, `low_rank` and `dropout` are what an adapter adds to them. `shape` makes
//! decoders with random weights.

pub mod activation;
pub mod architecture;
pub(crate) mod attention;
mod blocks;
pub(crate) mod cache;
pub mod config;
pub mod decoder;
pub(crate) mod device_blocks;
mod device_cache;
pub mod dropout;
mod few_rows;
mod fields;
mod gemma3;
mod granite;
pub(crate) mod kv_cache;
pub(crate) mod linear;
pub mod low_rank;
pub mod packed;
pub(crate) mod packed_batch;
mod product;
pub mod rope;
pub mod rope_scaling;
mod rotation;
pub mod shape;
mod smollm3;
pub mod target;
pub(crate) mod tensors;
pub mod weight;
mod widened;

pub use activation::Activation;
pub use architecture::Architecture;
pub use config::{DecoderConfig, LocalRope};
pub use decoder::{BlockTape, Decoder, Layer, LayerTape, Projection, Tape};
pub use device_blocks::DeviceBlocks;
pub use dropout::Dropout;
pub use linear::matmul;
pub use low_rank::{LoraLayers, LoraPair, LowRank};
pub use packed::{Packed, Quantize, block_type};
pub use packed_batch::{PackedBatch, Span};
pub use product::Panels;
pub use rope::{Rope, Rotations};
pub use rope_scaling::RopeScaling;
pub(crate) use smollm3::NO_ROPE_INTERVAL;
pub use target::{PerTarget, Target};
pub use tensors::parameters;
pub use weight::Weight;
