//! What `forget` prints with `--json`.

use contract::{ForgetPlan, ForgetSearch};
use project::rows::JournalRow;
use serde::Serialize;

/// `forget DATASET ID..`.
#[derive(Serialize)]
pub(crate) struct Forgotten<'a> {
    /// Nothing was changed.
    pub(crate) dry_run: bool,
    #[serde(flatten)]
    pub(crate) plan: &'a ForgetPlan,
    /// The search afterwards; none if nothing was changed.
    pub(crate) verified: Option<&'a ForgetSearch>,
}

/// `forget --receipts`.
#[derive(Serialize)]
pub(crate) struct Receipts {
    pub(crate) receipts: Vec<JournalRow>,
}
