//! Forgetting conversations: every row that holds one goes in one transaction, and a journal says that it happened.
//!
//! What a run learnt from a conversation cannot be taken out of it again, so such a run goes as a whole. A run that
//! only tested with it loses the test's texts about it. Studies keep their ratings and lose the texts, whose hashes
//! stay so that the seal can still be checked. The journal holds no content.

use crate::table::Json;
use crate::{NewExample, Result, Store};
use contract::RunId;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) const SQL: &str = "
CREATE TABLE journal (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms  INTEGER NOT NULL,
    what   TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
ALTER TABLE rating_item ADD COLUMN forgotten_sha256 TEXT;
";

/// How long to wait for other programs that read the database while its log is emptied.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a study's texts become.
const FORGOTTEN: &str = "";

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalRow {
    /// Counts the lines, from 1.
    pub id: i64,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// What happened, as one word.
    pub what: String,
    /// Numbers and names about it, without content.
    pub detail: Value,
}

/// What is forgotten.
#[derive(Debug, Clone, Copy)]
pub struct Forgetting<'a> {
    /// The data set.
    pub dataset_id: i64,
    /// Keys of the conversations.
    pub examples: &'a [i64],
    /// Their ids in the data set, by which outputs name them.
    pub external_ids: &'a [String],
    /// Texts of their dialogues, by which records of imports are known.
    pub dialogues: &'a [String],
    /// Hashes of the dialogues, by which the demo knows them.
    pub sha256: &'a [String],
    /// Runs that learnt from one of them.
    pub learnt: &'a [RunId],
    /// Runs that tested with one of them and did not learn from any.
    pub tested: &'a [RunId],
    /// Settings that belong to the runs that go.
    pub settings: &'a [String],
    /// The line of the journal.
    pub journal: &'a JournalRow,
}

/// How many rows hold something of conversations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ForgetRows {
    /// Records of imports.
    pub imports: usize,
    /// Texts about them in tests.
    pub outputs: usize,
    /// Dialogues in studies.
    pub studies: usize,
    /// Corrections and votes of the demo.
    pub demos: usize,
}

/// An import whose record names conversations that it took out, with what stays of the record.
fn records(conn: &Connection, forgetting: &Forgetting<'_>) -> Result<Vec<(i64, Vec<NewExample>)>> {
    let mut query = conn.prepare("SELECT id, removed FROM import WHERE dataset_id = ?1")?;
    let rows = query.query_map(params![forgetting.dataset_id], |row| {
        Ok((row.get(0)?, row.get::<_, Json<Vec<NewExample>>>(1)?.0))
    })?;
    let mut changed = Vec::new();
    for row in rows {
        let (id, removed): (i64, Vec<NewExample>) = row?;
        let before = removed.len();
        let stays = |example: &NewExample| {
            !forgetting.external_ids.contains(&example.external_id)
                && !forgetting.dialogues.contains(&example.dialogue)
        };
        let staying: Vec<NewExample> = removed.into_iter().filter(stays).collect();
        if staying.len() < before {
            changed.push((id, staying));
        }
    }
    Ok(changed)
}

/// Row numbers of what tests wrote about the conversations.
fn outputs(conn: &Connection, forgetting: &Forgetting<'_>) -> Result<Vec<i64>> {
    let mut query = conn.prepare(
        "SELECT id FROM artifact WHERE run_id = ?1 AND kind IN ('output', 'test_dialogue')
             AND json_extract(payload, '$.id') = ?2",
    )?;
    let mut found = Vec::new();
    for run in forgetting.tested {
        for id in forgetting.external_ids {
            let rows = query.query_map(params![run.as_str(), id], |row| row.get(0))?;
            found.extend(rows.collect::<rusqlite::Result<Vec<i64>>>()?);
        }
    }
    Ok(found)
}

/// Dialogues of studies that are about the conversations: study and number.
fn rated(conn: &Connection, examples: &[i64]) -> Result<Vec<(i64, i64)>> {
    let mut query =
        conn.prepare("SELECT study_id, dialogue FROM rating_dialogue WHERE example_id = ?1")?;
    let mut found = Vec::new();
    for example in examples {
        let rows = query.query_map(params![example], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    Ok(found)
}

/// How many corrections and votes of the demo are about the dialogues with these hashes.
fn demos(conn: &Connection, sha256: &[String]) -> Result<usize> {
    let mut query = conn.prepare(
        "SELECT (SELECT COUNT(*) FROM demo_correction WHERE dialogue_sha256 = ?1)
             + (SELECT COUNT(*) FROM demo_vote WHERE dialogue_sha256 = ?1)",
    )?;
    let mut found = 0;
    for sha256 in sha256 {
        let counted: i64 = query.query_row([sha256], |row| row.get(0))?;
        found += usize::try_from(counted).unwrap_or_default();
    }
    Ok(found)
}

/// Empties the texts of studies; their hashes stay.
fn empty_studies(tx: &Connection, examples: &[i64]) -> Result<()> {
    for (study, dialogue) in rated(tx, examples)? {
        let mut query =
            tx.prepare("SELECT item, text FROM rating_item WHERE study_id = ?1 AND dialogue = ?2")?;
        let items: Vec<(i64, String)> = query
            .query_map(params![study, dialogue], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        for (item, text) in items {
            let sha256 = crate::sha256_hex(text.as_bytes());
            tx.execute(
                "UPDATE rating_item SET text = ?3, forgotten_sha256 = coalesce(forgotten_sha256, ?4)
                 WHERE study_id = ?1 AND item = ?2",
                params![study, item, FORGOTTEN, sha256],
            )?;
            tx.execute(
                "UPDATE rating_step_item SET note = '' WHERE study_id = ?1 AND item = ?2",
                params![study, item],
            )?;
        }
        tx.execute(
            "UPDATE rating_dialogue SET turns = '[]' WHERE study_id = ?1 AND dialogue = ?2",
            params![study, dialogue],
        )?;
    }
    // The tables of earlier versions have the texts once more.
    for example in examples {
        tx.execute(
            "UPDATE item_state SET note = '' WHERE (study_id, item) IN
                 (SELECT study_id, item FROM study_item WHERE example_id = ?1)",
            params![example],
        )?;
        tx.execute(
            "UPDATE study_item SET dialogue = '', summary = '' WHERE example_id = ?1",
            params![example],
        )?;
    }
    Ok(())
}

/// Removes runs with everything that they made. Studies of their texts keep them.
fn remove_runs(tx: &Connection, forgetting: &Forgetting<'_>) -> Result<()> {
    for run in forgetting.learnt {
        tx.execute(
            "UPDATE rating_system SET run_id = NULL WHERE run_id = ?1",
            [run.as_str()],
        )?;
        tx.execute("DELETE FROM study WHERE run_id = ?1", [run.as_str()])?;
        // First, so that the index of words follows.
        tx.execute("DELETE FROM artifact WHERE run_id = ?1", [run.as_str()])?;
        tx.execute("DELETE FROM run WHERE id = ?1", [run.as_str()])?;
    }
    for key in forgetting.settings {
        tx.execute("DELETE FROM setting WHERE key = ?1", [key])?;
    }
    for run in forgetting.tested {
        tx.execute("DELETE FROM work WHERE run_id = ?1", [run.as_str()])?;
    }
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<JournalRow> {
    Ok(JournalRow {
        id: row.get("id")?,
        at_ms: row.get("at_ms")?,
        what: row.get("what")?,
        detail: row.get::<_, Json<_>>("detail")?.0,
    })
}

impl Store {
    /// How many rows [`Store::forget`] would change besides examples and runs.
    pub fn rows_to_forget(&self, forgetting: &Forgetting<'_>) -> Result<ForgetRows> {
        self.read(|conn| {
            Ok(ForgetRows {
                imports: records(conn, forgetting)?.len(),
                outputs: outputs(conn, forgetting)?.len(),
                studies: rated(conn, forgetting.examples)?.len(),
                demos: demos(conn, forgetting.sha256)?,
            })
        })
    }

    /// Removes conversations and every row that holds something of them, in one transaction, and enters that into the
    /// journal; returns the number of the journal's line. What is freed in the file is overwritten.
    ///
    /// # Errors
    /// Nothing is changed then.
    pub fn forget(&self, forgetting: &Forgetting<'_>) -> Result<i64> {
        self.timed(|| self.conn.execute_batch("PRAGMA secure_delete = ON"))?;
        self.write(|tx| {
            for (import, removed) in records(tx, forgetting)? {
                tx.execute(
                    "UPDATE import SET removed = ?2 WHERE id = ?1",
                    params![import, Json(&removed)],
                )?;
            }
            for artifact in outputs(tx, forgetting)? {
                tx.execute("DELETE FROM artifact WHERE id = ?1", [artifact])?;
            }
            empty_studies(tx, forgetting.examples)?;
            for sha256 in forgetting.sha256 {
                tx.execute(
                    "DELETE FROM demo_correction WHERE dialogue_sha256 = ?1",
                    [sha256],
                )?;
                tx.execute("DELETE FROM demo_vote WHERE dialogue_sha256 = ?1", [sha256])?;
            }
            remove_runs(tx, forgetting)?;
            super::example::remove_examples(tx, forgetting.dataset_id, forgetting.examples)?;
            tx.execute(
                "INSERT INTO journal (at_ms, what, detail) VALUES (?1, ?2, ?3)",
                params![
                    forgetting.journal.at_ms,
                    forgetting.journal.what,
                    Json(&forgetting.journal.detail)
                ],
            )?;
            Ok(tx.last_insert_rowid())
        })
    }

    /// Rewrites the database without what was deleted, and empties its log; returns how many bytes of the log are left
    /// because another program reads the database.
    pub fn write_anew(&self) -> Result<u64> {
        let anew = || -> Result<u64> {
            // First, so that what was freed is overwritten where it lay.
            self.conn
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            self.conn.execute_batch("VACUUM")?;
            self.conn.busy_timeout(PATIENCE)?;
            let _is_busy: bool =
                self.conn
                    .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            let log = PathBuf::from(format!("{}-wal", self.database.display()));
            Ok(std::fs::metadata(log).map_or(0, |file| file.len()))
        };
        self.timed(anew)
            .map_err(|error| error.explain(&self.database))
    }

    /// Overwrites and removes a file of the workspace, or a folder with everything in it; what is gone already stays gone.
    ///
    /// # Errors
    /// Where it cannot be written or removed.
    pub fn destroy(&self, path: &Path) -> Result<()> {
        crate::protect::destroy(path)
    }

    /// Replaces the detail of a line of the journal, once more is known.
    pub fn complete_journal(&self, id: i64, detail: &Value) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE journal SET detail = ?2 WHERE id = ?1",
                params![id, Json(detail)],
            )?;
            Ok(())
        })
    }

    /// The journal, oldest line first.
    pub fn journal(&self) -> Result<Vec<JournalRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT * FROM journal ORDER BY id")?;
            Ok(query
                .query_map([], from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// SHA-256 of the texts of a study that were forgotten, by item.
    pub fn forgotten_texts(&self, study: i64) -> Result<BTreeMap<u32, String>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT item, forgotten_sha256 FROM rating_item
                 WHERE study_id = ?1 AND forgotten_sha256 IS NOT NULL",
            )?;
            let rows = query.query_map([study], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}
