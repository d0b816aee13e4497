//! The network, as the page sees it.

use contract::NetworkOutcome;
use serde::{Deserialize, Serialize};
use specta::Type;

/// What a workspace knows about the network.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct NetworkState {
    /// No connection may be opened.
    pub locked: bool,
    /// The system forbids connections to every command but the one that downloads models.
    pub kernel: bool,
    /// Connections that were opened, tried or refused, the newest first.
    pub rows: Vec<NetworkRow>,
}

/// A line of the ledger.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct NetworkRow {
    /// Counts the lines, from 1.
    pub id: u32,
    /// When it was about to be opened.
    pub at_ms: f64,
    /// The command that opened it; empty for one of an earlier version.
    pub process: String,
    /// What it was opened for.
    pub purpose: String,
    /// The other machine.
    pub host: String,
    /// Its port, where it was written down.
    pub port: Option<u16>,
    /// Bytes that were sent.
    pub sent_bytes: f64,
    /// Bytes that were received.
    pub received_bytes: f64,
    /// How long it was open, where its end was written down.
    pub duration_ms: Option<f64>,
    /// How it ended.
    pub outcome: NetworkOutcome,
}
