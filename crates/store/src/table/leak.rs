//! What runs may give away, and what left the workspace: the last audit of each run, and every export and bundle with the
//! reason if one was made although the audit says stop. None of it holds a text.

use crate::table::{Json, Word, optional_word, word};
use crate::{Result, Store};
use contract::{ExportKind, LeakVerdict, RunId};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) const SQL: &str = "
CREATE TABLE leak_audit (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    texts  TEXT NOT NULL,
    report TEXT NOT NULL
) STRICT;
CREATE TABLE export_log (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms   INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    run_id  TEXT NOT NULL,
    role    TEXT,
    path    TEXT NOT NULL,
    verdict TEXT,
    reason  TEXT
) STRICT;
";

/// Something that left the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportRow {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// What it is.
    pub kind: ExportKind,
    /// The run, data set or experiment that it comes from, by its id or name.
    pub from: String,
    /// The adapter; `None` for a whole run.
    pub role: Option<String>,
    /// Where it was written.
    pub path: String,
    /// What the audit said.
    pub verdict: Option<LeakVerdict>,
    /// Why it was written although the audit says stop; `None` if it did not.
    pub reason: Option<String>,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ExportRow> {
    Ok(ExportRow {
        at_ms: row.get("at_ms")?,
        kind: word(row, "kind")?,
        from: row.get("run_id")?,
        role: row.get("role")?,
        path: row.get("path")?,
        verdict: optional_word(row, "verdict")?,
        reason: row.get("reason")?,
    })
}

impl Store {
    /// Keeps the audit of a run in the place of an earlier one; `texts` says which texts it is about.
    pub fn put_leak_audit(&self, run: &RunId, texts: &str, report: &Value) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO leak_audit (run_id, texts, report) VALUES (?1, ?2, ?3)
                 ON CONFLICT (run_id) DO UPDATE SET texts = excluded.texts, report = excluded.report",
            )?
            .execute(params![run.as_str(), texts, Json(report)])?;
            Ok(())
        })
    }

    /// The audit of a run if it is about these texts.
    pub fn leak_audit(&self, run: &RunId, texts: &str) -> Result<Option<Value>> {
        self.read(|conn| {
            let mut query = conn
                .prepare_cached("SELECT report FROM leak_audit WHERE run_id = ?1 AND texts = ?2")?;
            let report = query.query_row(params![run.as_str(), texts], |row| {
                row.get::<_, Json<Value>>(0)
            });
            Ok(report.optional()?.map(|report| report.0))
        })
    }

    /// Records what left the workspace. Nothing removes it again.
    pub fn append_export(&self, row: &ExportRow) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO export_log (at_ms, kind, run_id, role, path, verdict, reason)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                row.at_ms,
                Word(row.kind),
                row.from,
                row.role,
                row.path,
                row.verdict.map(Word),
                row.reason,
            ])?;
            Ok(())
        })
    }

    /// What left the workspace, the oldest first.
    pub fn exports(&self) -> Result<Vec<ExportRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT * FROM export_log ORDER BY id")?;
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
    use serde_json::json;

    #[test]
    fn an_audit_is_of_its_texts() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        store
            .put_leak_audit(&"r".into(), "a", &json!({"n": 1}))
            .unwrap();
        store
            .put_leak_audit(&"r".into(), "b", &json!({"n": 2}))
            .unwrap();
        assert_eq!(store.leak_audit(&"r".into(), "a").unwrap(), None);
        assert_eq!(
            store.leak_audit(&"r".into(), "b").unwrap(),
            Some(json!({"n": 2}))
        );
    }

    #[test]
    fn exports_stay_in_order() {
        let (_dir, store) = fixture::store();
        let row = |at_ms, role: Option<&str>| ExportRow {
            at_ms,
            kind: ExportKind::Adapter,
            from: "r".into(),
            role: role.map(str::to_owned),
            path: "to".into(),
            verdict: role.map(|_| LeakVerdict::Stop),
            reason: role.map(|_| "invented data".into()),
        };
        let rows = [row(9, Some("mrds_separate")), row(2, None)];
        rows.iter()
            .for_each(|row| store.append_export(row).unwrap());
        assert_eq!(store.exports().unwrap(), rows);
    }
}
