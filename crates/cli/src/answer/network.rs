//! What `network` prints with `--json`.

use project::rows::LedgerRow;
use serde::Serialize;

/// `network list`.
#[derive(Serialize)]
pub(crate) struct Network {
    /// No connection may be opened.
    pub(crate) locked: bool,
    /// The system lets no command but `models add` open connections.
    pub(crate) kernel: bool,
    /// Why it does not; absent where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kernel_missing: Option<String>,
    /// Connections that were ever opened or tried.
    pub(crate) connections: usize,
    /// Lines of the ledger, oldest first.
    pub(crate) rows: Vec<LedgerRow>,
}

/// `network lock`, `network unlock`.
#[derive(Serialize)]
pub(crate) struct NetworkLock {
    pub(crate) locked: bool,
}
