//! The decoder: one forward pass for every supported architecture.
//!
//! `config` maps Hugging Face's config.json to fields, `decoder` is the network over packed sequences,
//! `attention` and `rope` its two special parts, `kv_cache` the state of decoding, kept outside the model.

pub(crate) mod attention;
pub mod config;
pub mod decoder;
pub(crate) mod kv_cache;
pub(crate) mod linear;
pub(crate) mod load;
pub mod packed;
pub mod rope;
pub mod weight;

pub use config::{DecoderConfig, RopeScaling};
pub use decoder::{Decoder, Layer, LayerTape, PackedBatch, Projection, Tape};
pub use packed::{Packed, Quantize};
pub use rope::Rope;
pub use weight::Weight;
