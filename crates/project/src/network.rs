//! The network as a workspace sees it: the ledger of connections, and the lock that forbids them.
//!
//! Connections are opened by `hub` alone, for one command. Here is what a person reads about them afterwards, and the
//! setting that blocks any further one.

use contract::NetworkOutcome;
use serde_json::json;
use store::LedgerRow;

use crate::error::Result;
use crate::session::Session;

/// The setting of the workspace that holds the lock.
const LOCK: &str = "network";
/// Its value while no connection may be opened.
const LOCKED: &str = "locked";

/// A moment as people read it anywhere: year, month, day and time of day in UTC.
pub fn utc(at_ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What a workspace knows about the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// No connection may be opened.
    pub locked: bool,
    /// Every connection that was opened, tried or refused, oldest first.
    pub rows: Vec<LedgerRow>,
}

impl Network {
    /// Connections that were opened or tried, without those that were refused.
    pub fn connections(&self) -> usize {
        let tried = |row: &&LedgerRow| row.line.outcome != NetworkOutcome::Refused;
        self.rows.iter().filter(tried).count()
    }
}

impl Session {
    /// The ledger and the lock.
    pub fn network(&self) -> Result<Network> {
        Ok(Network {
            locked: self.setting(LOCK)?.is_some_and(|value| value == LOCKED),
            rows: self.store.ledger()?,
        })
    }

    /// Forbids connections for this workspace, or allows them again.
    pub fn lock_network(&self, locked: bool) -> Result<()> {
        match locked {
            true => self.set_setting(LOCK, &json!(LOCKED)),
            false => Ok(self.store.remove_setting(LOCK)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::LedgerLine;

    #[test]
    fn a_lock_holds_until_it_is_taken_off_and_refusals_are_no_connections() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::open(folder.path()).unwrap();
        assert!(!session.network().unwrap().locked);
        session.lock_network(true).unwrap();
        let line = |outcome| LedgerLine {
            at_ms: 1,
            process: "models add".into(),
            purpose: "model a/b".into(),
            host: "h".into(),
            port: Some(443),
            sent_bytes: 0,
            received_bytes: 0,
            duration_ms: None,
            outcome,
        };
        for outcome in [NetworkOutcome::Refused, NetworkOutcome::Failed] {
            session.store().append_ledger(&line(outcome)).unwrap();
        }
        let again = Session::open(folder.path()).unwrap();
        let network = again.network().unwrap();
        assert!(network.locked);
        assert_eq!((network.rows.len(), network.connections()), (2, 1));
        again.lock_network(false).unwrap();
        assert!(!session.network().unwrap().locked);
    }
}
