//! The ledger of a workspace as the gateway writes it (feature `engine`): a line before each connection.

use std::sync::{Mutex, PoisonError};

use hub::{Connection, Recorder};
use project::session::Session;
use store::{LedgerLine, Store};

use crate::error::Result;

/// Who opens connections, for what, and when.
pub struct Ledger {
    /// A database connection of its own: threads that open network connections write lines while a session is in use.
    store: Mutex<Store>,
    process: &'static str,
    purpose: String,
    clock: fn() -> i64,
}

impl Ledger {
    /// The ledger of a session's workspace. `process` is the command that connects, `purpose` what for, and `clock`
    /// returns the milliseconds since 1970.
    ///
    /// # Errors
    /// If the workspace cannot be opened a second time.
    pub fn open(
        session: &Session,
        process: &'static str,
        purpose: String,
        clock: fn() -> i64,
    ) -> Result<Self> {
        let store = Store::open_with(session.workspace(), session.key())?;
        Ok(Self {
            store: Mutex::new(store),
            process,
            purpose,
            clock,
        })
    }

    fn line(&self, connection: &Connection) -> LedgerLine {
        LedgerLine {
            at_ms: (self.clock)(),
            process: self.process.to_owned(),
            purpose: self.purpose.clone(),
            host: connection.host.clone(),
            port: Some(connection.port),
            sent_bytes: connection.sent_bytes,
            received_bytes: connection.received_bytes,
            duration_ms: connection.duration_ms,
            outcome: connection.outcome,
        }
    }
}

impl Recorder for Ledger {
    fn enter(&self, connection: &Connection) -> Result<i64, String> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let entered = store.append_ledger(&self.line(connection));
        entered.map_err(|error| error.to_string())
    }

    fn update(&self, line: i64, connection: &Connection) -> Result<(), String> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let updated = store.update_ledger(line, &self.line(connection));
        updated.map_err(|error| error.to_string())
    }
}
