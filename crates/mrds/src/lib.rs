//! The method: Mutual Reinforcing Data Synthesis (Lu et al., arXiv 2502.17328), from a handful of real
//! dialogues to a rated summarizer.
//!
//! Flow: [`import`] → [`session::Session`] → [`pipeline`] (one function per stage, in `stage/`) → artifacts in the
//! store → [`report`] and [`study`]. The feature `engine` holds everything that loads weights; the window is built
//! without it and starts the `duologue` binary instead.

pub mod artifact;
pub mod dialogue;
pub mod error;
pub mod event;
pub mod format_rule;
pub mod hygiene;
pub mod import;
pub mod quantize;
pub mod recipe;
pub mod report;
pub mod sample;
pub mod session;
pub mod stage_name;
pub mod study;

#[cfg(feature = "engine")]
pub mod bench;
#[cfg(feature = "engine")]
pub mod catalogue;
#[cfg(feature = "engine")]
pub mod demo;
#[cfg(feature = "engine")]
pub mod export;
#[cfg(feature = "engine")]
pub mod forecast;
#[cfg(feature = "engine")]
pub mod models;
#[cfg(feature = "engine")]
pub mod pipeline;
#[cfg(feature = "engine")]
pub mod plan;
#[cfg(feature = "engine")]
pub mod prompt;
#[cfg(feature = "engine")]
mod stage;
#[cfg(feature = "engine")]
pub mod worker;

pub use error::{Error, Result};
#[cfg(feature = "engine")]
pub use lm;
pub use metrics;
pub use stage_name::{StageName, Synthesizer, System};
pub use store;
