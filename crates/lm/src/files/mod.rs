//! A model's files: checkpoints read (`weights`, `gguf`, `checkpoint`), decoders made from them (`load`), and models
//! written for other programs (`export`).

pub mod checkpoint;
pub mod export;
pub mod gguf;
mod load;
pub mod weights;

pub use checkpoint::Checkpoint;
pub use gguf::Gguf;
pub(crate) use load::check_tensors;
pub use weights::Weights;
