//! Everything of a project that needs no weights: conversations and how they are read, the recipe, the format rule, the
//! rating and the reports, over the workspace in the store.
//!
//! Flow: [`import`] → [`session::Session`], the facade of both shells → artifacts in the store → [`report`] and
//! [`study`]. The window is built on this room alone; what loads weights is in `mrds`, which builds on it too.

pub mod artifact;
pub mod backup;
