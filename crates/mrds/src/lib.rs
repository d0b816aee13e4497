//! The method: Mutual Reinforcing Data Synthesis (Lu et al., arXiv 2502.17328), from a handful of real
//! dialogues to a rated summarizer.
//!
//! Everything here loads weights. Flow: a [`project::session::Session`] → [`selection`] → [`worker`] → [`pipeline`] (one
//! function per stage, in `stage/`) → artifacts in the store. The window is built without this room and starts the
//! `duologue` binary instead.

pub mod bertscore;
pub mod catalogue;
pub mod demo;
pub mod error;
pub mod event;
pub mod experiment;
pub mod export;
pub mod forecast;
mod kept;
pub mod ledger;
pub mod models;
pub mod pipeline;
pub mod prompt;
pub mod run;
pub mod selection;
mod stage;
pub mod worker;

pub use contract::{StageName, Synthesizer, System};
pub use error::{Error, Result};
