//! The ledger of connections and the lock. The window opens none: it shows what was written down by the command that
//! does.

use project::rows::LedgerRow;
use tauri::State;

use super::count;
use crate::dto::{NetworkRow, NetworkState};
use crate::error::Answer;
use crate::place::Place;

/// Every connection that was opened, tried or refused, and whether one may be opened.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn network_state(place: State<'_, Place>) -> Answer<NetworkState> {
    let network = place.session()?.network()?;
    Ok(NetworkState {
        locked: network.locked,
        kernel: host::network::is_enforceable(),
        rows: network.rows.into_iter().rev().map(row).collect(),
    })
}

/// Lets no connection be opened for this workspace, or lets downloads open theirs again.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn lock_network(place: State<'_, Place>, locked: bool) -> Answer<()> {
    Ok(place.session()?.lock_network(locked)?)
}

fn row(row: LedgerRow) -> NetworkRow {
    let LedgerRow { id, line } = row;
    NetworkRow {
        id: count(id),
        at_ms: line.at_ms as f64,
        process: line.process,
        purpose: line.purpose,
        host: line.host,
        port: line.port,
        sent_bytes: line.sent_bytes as f64,
        received_bytes: line.received_bytes as f64,
        duration_ms: line.duration_ms.map(|ms| ms as f64),
        outcome: line.outcome,
    }
}
