//! The ledger: every connection the program opened to another machine, or refused to open, so that privacy can be checked.
//! A line is written before its connection is opened and brought up to date when it ends; nothing removes it.

use super::{Word, word};
use crate::{Error, Result, Store};
use contract::NetworkOutcome;
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

/// What a line tells besides. For older lines, nobody knows how their connections ended.
pub(crate) const END_SQL: &str = "
ALTER TABLE ledger ADD COLUMN port INTEGER;
ALTER TABLE ledger ADD COLUMN process TEXT NOT NULL DEFAULT '';
ALTER TABLE ledger ADD COLUMN sent_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN duration_ms INTEGER;
ALTER TABLE ledger ADD COLUMN outcome TEXT NOT NULL DEFAULT 'open';
";

/// A connection, opened or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// Time at which it was about to be opened, milliseconds since 1970.
    pub at_ms: i64,
    /// The command that opened it; empty for one of an earlier Duologue.
    pub process: String,
    /// What it was opened for, such as the model downloaded.
    pub purpose: String,
    /// The other machine.
    pub host: String,
    /// Its port; `None` for a connection of an earlier Duologue.
    pub port: Option<u16>,
    /// Bytes that were sent over it.
    pub sent_bytes: u64,
    /// Bytes that were received over it; of an earlier Duologue, those of files.
    pub received_bytes: u64,
    /// How long it was open, in milliseconds; `None` if its end was not written down.
    pub duration_ms: Option<u64>,
    /// How it ended.
    pub outcome: NetworkOutcome,
}

/// A line with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Counts the lines, from 1.
    pub id: i64,
    /// What it says.
    #[serde(flatten)]
    pub line: LedgerLine,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<LedgerRow> {
    let bytes = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(LedgerRow {
        id: row.get("id")?,
        line: LedgerLine {
            at_ms: row.get("at_ms")?,
            process: row.get("process")?,
            purpose: row.get("purpose")?,
            host: row.get("host")?,
            port: row.get("port")?,
            sent_bytes: bytes("sent_bytes")?,
            received_bytes: bytes("bytes")?,
            duration_ms: row
                .get::<_, Option<i64>>("duration_ms")?
                .map(i64::cast_unsigned),
            outcome: word(row, "outcome")?,
        },
    })
}

impl Store {
    /// Enters a connection and returns the number of its line. Nothing removes it again.
    pub fn append_ledger(&self, line: &LedgerLine) -> Result<i64> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO ledger (at_ms, purpose, host, bytes, port, process, sent_bytes, duration_ms, outcome)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                line.at_ms,
                line.purpose,
                line.host,
                line.received_bytes.cast_signed(),
                line.port,
                line.process,
                line.sent_bytes.cast_signed(),
                line.duration_ms.map(u64::cast_signed),
                Word(line.outcome),
            ])?;
            Ok(tx.last_insert_rowid())
        })
    }

    /// Brings a line up to date with how its connection went; when and why it was opened stays.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if there is no such line.
    pub fn update_ledger(&self, id: i64, line: &LedgerLine) -> Result<()> {
        self.write(|tx| {
            let changed = tx
                .prepare_cached(
                    "UPDATE ledger SET host = ?2, port = ?3, bytes = ?4, sent_bytes = ?5, duration_ms = ?6, outcome = ?7
                     WHERE id = ?1",
                )?
                .execute(params![
                    id,
                    line.host,
                    line.port,
                    line.received_bytes.cast_signed(),
                    line.sent_bytes.cast_signed(),
                    line.duration_ms.map(u64::cast_signed),
                    Word(line.outcome),
                ])?;
            match changed {
                1 => Ok(()),
                _ => Err(Error::Corrupt {
                    path: self.database.clone(),
                    detail: format!("the ledger has no line {id}"),
                }),
            }
        })
    }

    /// Every line, oldest first.
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

    fn line(at_ms: i64, received_bytes: u64) -> LedgerLine {
        LedgerLine {
            at_ms,
            process: "models add".into(),
            purpose: "model".into(),
            host: "h".into(),
            port: Some(443),
            sent_bytes: 7,
            received_bytes,
            duration_ms: None,
            outcome: NetworkOutcome::Open,
        }
    }

    #[test]
    fn lines_stay_in_order_and_are_completed() {
        let (_dir, store) = fixture::store();
        let large = line(9, u64::from(u32::MAX) + 1);
        assert_eq!(store.append_ledger(&large).unwrap(), 1);
        assert_eq!(store.append_ledger(&line(2, 0)).unwrap(), 2);
        let done = LedgerLine {
            host: "other".into(),
            received_bytes: 12,
            duration_ms: Some(3),
            outcome: NetworkOutcome::Ok,
            ..line(2, 0)
        };
        // The time is that of the beginning, whatever the update says.
        let later = LedgerLine {
            at_ms: 99,
            ..done.clone()
        };
        store.update_ledger(2, &later).unwrap();
        let rows = store.ledger().unwrap();
        assert_eq!(rows[0], LedgerRow { id: 1, line: large });
        assert_eq!(rows[1], LedgerRow { id: 2, line: done });
        assert!(store.update_ledger(3, &line(1, 1)).is_err());
    }

    #[test]
    fn a_line_of_an_earlier_duologue_says_that_its_end_is_unknown() {
        let (_dir, store) = fixture::store();
        store
            .write(|tx| {
                tx.execute_batch(
                    "INSERT INTO ledger (at_ms, purpose, host, bytes) VALUES (5, 'model a/b', 'h', 40)",
                )?;
                Ok(())
            })
            .unwrap();
        let old = &store.ledger().unwrap()[0].line;
        assert_eq!((old.port, old.duration_ms), (None, None));
        assert_eq!(
            (old.received_bytes, old.outcome),
            (40, NetworkOutcome::Open)
        );
    }
}
