//! Answers of `label`, `delete`, `demo` and `summarize --all`.

use contract::{DemoMeter, DemoPair, Kept, Label, Removing, Summarized};
use serde::Serialize;

/// `label`.
#[derive(Serialize)]
pub(crate) struct Labelled<'a> {
    pub(crate) thing: Kept,
    pub(crate) key: &'a str,
    #[serde(flatten)]
    pub(crate) label: Label,
}

/// `delete`.
#[derive(Serialize)]
pub(crate) struct Deleted {
    #[serde(flatten)]
    pub(crate) removing: Removing,
    /// False if the person who was asked said no.
    pub(crate) removed: bool,
}

/// `demo`.
#[derive(Serialize)]
pub(crate) struct DemoAnswer {
    pub(crate) votes: usize,
    pub(crate) corrections: usize,
    pub(crate) pairs: Vec<DemoPair>,
    pub(crate) meters: Vec<DemoMeter>,
    /// The file that was written.
    pub(crate) file: Option<String>,
    /// Everything was removed.
    pub(crate) cleared: bool,
}

/// A line of `summarize --all`.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum BatchLine<'a> {
    /// A dialogue was summarized.
    Item {
        name: &'a str,
        #[serde(flatten)]
        summarized: &'a Summarized,
    },
    /// The dialogue was not summarized.
    Skipped { name: &'a str, reason: String },
}

/// `summarize --all`.
#[derive(Serialize)]
pub(crate) struct BatchDone {
    pub(crate) n: usize,
    pub(crate) skipped: usize,
    pub(crate) file: Option<String>,
}
