//! What `protect`, `unprotect` and `key` print with `--json`.

use contract::SlotKind;
use serde::Serialize;

/// `protect` and `key rotate`.
#[derive(Serialize)]
pub(crate) struct Protected {
    pub(crate) protected: bool,
    pub(crate) slots: Vec<SlotKind>,
    pub(crate) database_bytes: u64,
    pub(crate) files: usize,
    pub(crate) file_bytes: u64,
    pub(crate) seconds: f64,
    /// Plain files were here before; a disk may still keep traces of them that cannot be located.
    pub(crate) residue: bool,
}

/// `protect --dry-run`.
#[derive(Serialize)]
pub(crate) struct ProtectOutlook {
    pub(crate) dry_run: bool,
    pub(crate) database_bytes: u64,
    pub(crate) files: usize,
    pub(crate) file_bytes: u64,
    /// Room on the disk, where the system tells it.
    pub(crate) disk_free_bytes: Option<u64>,
}

/// `unprotect`.
#[derive(Serialize)]
pub(crate) struct Unprotected {
    pub(crate) protected: bool,
    pub(crate) database_bytes: u64,
    pub(crate) files: usize,
    pub(crate) file_bytes: u64,
    pub(crate) seconds: f64,
}

/// `key status` and the commands that change a slot.
#[derive(Serialize)]
pub(crate) struct KeyStatus {
    pub(crate) protected: bool,
    pub(crate) slots: Vec<SlotShown>,
}

/// A way to open the workspace.
#[derive(Serialize)]
pub(crate) struct SlotShown {
    pub(crate) kind: SlotKind,
    pub(crate) created_at_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) m_kib: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) t: Option<u32>,
}
