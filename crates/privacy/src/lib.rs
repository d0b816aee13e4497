//! What a text or an adapter gives away of the conversations that it was made from.
//!
//! The room is next to the metrics: pure functions on texts and numbers, without models, files or a clock. The stages
//! and the command line hand it synthetic texts beside the training text, and what a model gave for texts that it was
//! or was not trained on; it returns what they share, with the limits that follow from the data itself.

pub mod audit;
pub mod deid;
