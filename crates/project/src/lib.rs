//! Everything of a project that needs no weights: conversations and how they are read, the recipe, the format rule, the
//! rating and the reports, over the workspace in the store.
//!
//! Flow: [`import`] → [`session::Session`], the facade of both shells → artifacts in the store → [`report`] and
//! [`study`]. The window is built on this room alone; what loads weights is in `mrds`, which builds on it too.

pub mod artifact;
pub mod backing;
pub mod backup;
pub mod budget;
pub mod bundle;
pub mod deidentify;
pub mod demo;
pub mod dialogue;
pub mod difference;
pub mod document;
pub mod error;
pub mod everyday;
pub mod experiment;
pub mod forget;
pub mod format_rule;
pub mod handover;
pub mod hygiene;
pub mod import;
pub mod judge;
pub mod leak_audit;
pub mod network;
pub mod part;
mod plain;
pub mod protection;
pub mod recipe;
pub mod report;
pub mod rounds;
pub mod rows;
pub mod sample;
pub mod selection;
mod sentence;
pub mod session;
pub mod shape_audit;
mod speaker;
pub mod study;
pub mod verdict;
pub mod within;
mod work;
pub mod workbench;

pub use contract::{StageName, Synthesizer, System};
pub use error::{Error, Result};
