//! The ledger: every connection the program ever made to another machine, so that privacy can be checked.

use crate::{Result, Store};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

pub(crate) const SQL: &str = "
CREATE TABLE ledger (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms   INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    host    TEXT NOT NULL,
    bytes   INTEGER NOT NULL
) STRICT;
";

/// A connection that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Time of the connection, milliseconds since 1970.
    pub at_ms: i64,
    /// What it was opened for, such as the model downloaded.
    pub purpose: String,
    /// The other machine.
    pub host: String,
    /// Bytes of files that were received over it.
    pub bytes: u64,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<LedgerRow> {
    Ok(LedgerRow {
        at_ms: row.get("at_ms")?,
        purpose: row.get("purpose")?,
        host: row.get("host")?,
        bytes: row.get::<_, i64>("bytes")?.cast_unsigned(),
    })
}

impl Store {
    /// Records a connection. Nothing removes it again.
    pub fn append_ledger(&self, entry: &LedgerRow) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO ledger (at_ms, purpose, host, bytes) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                entry.at_ms,
                entry.purpose,
                entry.host,
                entry.bytes.cast_signed()
            ])?;
            Ok(())
        })
    }

    /// Every connection, oldest first.
    pub fn ledger(&self) -> Result<Vec<LedgerRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT * FROM ledger ORDER BY id")?;
            Ok(query
                .query_map([], from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn entries_stay_in_order() {
        let (_dir, store) = fixture::store();
        let entry = |at_ms, bytes| LedgerRow {
            at_ms,
            purpose: "model".into(),
            host: "h".into(),
            bytes,
        };
        store
            .append_ledger(&entry(9, u64::from(u32::MAX) + 1))
            .unwrap();
        store.append_ledger(&entry(2, 0)).unwrap();
        assert_eq!(
            store.ledger().unwrap(),
            [entry(9, u64::from(u32::MAX) + 1), entry(2, 0)]
        );
    }
}
