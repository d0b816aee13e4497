//! Training all weights of a small decoder, from scratch or from a model folder, on plain or chat-format text.
//!
//! A new model is a folder like any other ([`create`]): a byte-level BPE tokenizer trained on the corpus, a Llama
//! configuration, random weights. From there on, starting from scratch and continuing with an existing model are the
//! same
//! ([`pretrain`]): documents become windows of the model's context, each with its first token as prompt and the rest as
//! completion, so that the explicit backward pass of [`crate::train::weight_gradients`] can be used. Windows are packed
//! end to end; none sees another's tokens.

mod corpus;
mod create;
mod run;
mod state;
mod weights;

pub use corpus::{Document, windows};
pub use create::{Shape, create};
pub use run::{Evaluation, Observer, Outcome, PretrainConfig, Step, pretrain};
pub use state::PretrainState;

#[cfg(test)]
mod tests;
