//! What `backup` and `restore` print with `--json`.

use serde::Serialize;

/// `backup`.
#[derive(Serialize)]
pub(crate) struct BackedUp {
    pub(crate) to: String,
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// `restore`.
#[derive(Serialize)]
pub(crate) struct Restored {
    pub(crate) to: String,
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}
