//! The leak audit: synthetic texts against all training text, and adapters by what they remember.
//!
//! - [`text`] compares every synthetic text with every conversation and summary of the training side,
//! - [`identifiers`] looks in the training text for what identifies somebody, where nobody has said so,
//! - [`exposure`] ranks a planted or drawn value among others of its shape (Carlini et al., "The Secret Sharer", 2019),
//! - [`extraction`] asks whether a model continues a training text whose beginning it is given,
//! - [`membership`] asks how well its scores tell training texts from others.

pub mod exposure;
pub mod extraction;
pub mod identifiers;
pub mod membership;
mod shared;
pub mod text;
