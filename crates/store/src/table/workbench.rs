//! What people do with what stages made: a search over its words, and changes by hand.
//!
//! A change by hand is another version of an artifact, with author and time; so is the undoing of one, which names the version
//! that it takes back. What was rejected is read by no later stage: [`super::artifact`] leaves it out. The words are a full-text
//! index without a copy of the texts. SQLite's triggers keep it, so that a text that goes takes its words with it, and
//! `secure-delete` takes them out of the file too. Facts are what is left of a payload without its texts: filters and orders read
//! them instead of texts and token ids.

use super::part::part_of;
use super::{Json, Word, optional_word, stage};
use crate::{ArtifactRow, Error, NewRun, Result, Store};
use contract::{ArtifactKind, ItemVerdict, Part, RunId, Thing};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

/// Kinds whose words are found.
macro_rules! kinds {
    () => {
        "('topic', 'summary', 'candidate', 'pair', 'dialogue', 'output', 'test_dialogue')"
    };
}

/// The words of an artifact: every text that a payload of these kinds may have.
macro_rules! words {
    ($row:literal) => {
        concat!(
            "coalesce(json_extract(",
            $row,
            ".payload, '$.topic'), '') || char(10) || ",
            "coalesce(json_extract(",
            $row,
            ".payload, '$.summary'), '') || char(10) || ",
            "coalesce(json_extract(",
            $row,
            ".payload, '$.text'), '') || char(10) || ",
            "coalesce(json_extract(",
            $row,
            ".payload, '$.chosen'), '') || char(10) || ",
            "coalesce(json_extract(",
            $row,
            ".payload, '$.rejected'), '') || char(10) || ",
            "coalesce(json_extract(",
            $row,
            ".payload, '$.prediction'), '')"
        )
    };
}

/// What is left of an artifact without its texts and tokens.
macro_rules! facts {
    ($row:literal) => {
        concat!(
            "json_remove(", $row, ".payload, '$.topic', '$.summary', '$.text', '$.chosen', '$.rejected', '$.prediction', ",
            "'$.references', '$.ids', '$.chosen_ids', '$.rejected_ids')"
        )
    };
}

pub(crate) const SQL: &str = concat!(
    "ALTER TABLE artifact ADD COLUMN verdict TEXT CHECK (verdict IN ('accepted', 'rejected'));
     ALTER TABLE artifact ADD COLUMN undoes INTEGER;
     CREATE TABLE artifact_fact (
         artifact_id INTEGER PRIMARY KEY REFERENCES artifact (id) ON DELETE CASCADE,
         facts       TEXT NOT NULL
     ) STRICT;
     CREATE VIRTUAL TABLE artifact_words USING fts5(
         words, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');
     INSERT INTO artifact_words(artifact_words, rank) VALUES ('secure-delete', 1);
     CREATE TRIGGER artifact_made AFTER INSERT ON artifact WHEN new.kind IN ",
    kinds!(),
    " BEGIN
         INSERT INTO artifact_fact (artifact_id, facts) VALUES (new.id, ",
    facts!("new"),
    ");
         INSERT INTO artifact_words (rowid, words) VALUES (new.id, ",
    words!("new"),
    ");
     END;
     CREATE TRIGGER artifact_gone BEFORE DELETE ON artifact WHEN old.kind IN ",
    kinds!(),
    " BEGIN
         INSERT INTO artifact_words (artifact_words, rowid, words) VALUES ('delete', old.id, ",
    words!("old"),
    ");
     END;
     CREATE TRIGGER artifact_changed AFTER UPDATE OF payload ON artifact WHEN new.kind IN ",
    kinds!(),
    " BEGIN
         UPDATE artifact_fact SET facts = ",
    facts!("new"),
    " WHERE artifact_id = new.id;
         INSERT INTO artifact_words (artifact_words, rowid, words) VALUES ('delete', old.id, ",
    words!("old"),
    ");
         INSERT INTO artifact_words (rowid, words) VALUES (new.id, ",
    words!("new"),
    ");
     END;
     INSERT INTO artifact_fact (artifact_id, facts)
         SELECT id, ",
    facts!("artifact"),
    " FROM artifact WHERE kind IN ",
    kinds!(),
    ";
     INSERT INTO artifact_words (rowid, words)
         SELECT id, ",
    words!("artifact"),
    " FROM artifact WHERE kind IN ",
    kinds!(),
    ";"
);

/// An item without its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemFacts {
    /// Key of its latest version.
    pub id: i64,
    /// The part that made it.
    pub part: Part,
    /// Number within the kind.
    pub item: u32,
    /// What a person said about it.
    pub verdict: Option<ItemVerdict>,
    /// Whether it differs from what the part made.
    pub edited: bool,
    /// Its payload without texts and tokens; the store does not interpret it.
    pub facts: Value,
}

/// An artifact with what people did with it.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRow {
    /// The latest version.
    pub row: ArtifactRow,
    /// What a person said about it.
    pub verdict: Option<ItemVerdict>,
    /// The version that this one takes back.
    pub undoes: Option<u32>,
    /// Whether it differs from what the part made.
    pub edited: bool,
}

/// A change by hand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HandChange<'a> {
    /// Key of the version that it was made on; refused if there is a newer one.
    pub id: i64,
    /// The new content; `None` leaves it.
    pub payload: Option<&'a Value>,
    /// What the person says about it.
    pub verdict: Option<ItemVerdict>,
    /// Name of the person.
    pub author: &'a str,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
}

/// Computes the hash of a part's remaining artifacts, in order.
pub type Hashed<'a> = &'a dyn Fn(&[ArtifactRow]) -> String;

/// Whether an artifact's content differs from the part's own; only a version after the first can be.
const EDITED: &str = "(a.version > 1 AND a.payload <> (
    SELECT c.payload FROM artifact c WHERE c.run_id = a.run_id AND c.stage = a.stage AND c.part = a.part
    AND c.round = a.round AND c.kind = a.kind AND c.item = a.item AND c.version = 1))";

/// The latest version of each artifact, rejected ones too.
const LATEST: &str = "a.version = (
    SELECT MAX(b.version) FROM artifact b WHERE b.run_id = a.run_id AND b.stage = a.stage AND b.part = a.part
    AND b.round = a.round AND b.kind = a.kind AND b.item = a.item)";

fn item_row(row: &Row<'_>) -> rusqlite::Result<ItemRow> {
    Ok(ItemRow {
        row: super::artifact::from_row(row)?,
        verdict: optional_word(row, "verdict")?,
        undoes: row.get("undoes")?,
        edited: row.get("edited")?,
    })
}

fn facts_row(row: &Row<'_>) -> rusqlite::Result<ItemFacts> {
    Ok(ItemFacts {
        id: row.get("id")?,
        part: part_of(row)?,
        item: row.get("item")?,
        verdict: optional_word(row, "verdict")?,
        edited: row.get("edited")?,
        facts: row.get::<_, Json<_>>("facts")?.0,
    })
}

fn by_id(conn: &Connection, run: &RunId, id: i64) -> Result<Option<ItemRow>> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT a.*, {EDITED} AS edited FROM artifact a WHERE a.run_id = ?1 AND a.id = ?2"
        ))?
        .query_row(params![run.as_str(), id], item_row)
        .optional()?)
}

fn no_such(run: &RunId, id: i64) -> Error {
    Error::NotFound {
        thing: Thing::Artifact,
        key: format!("{id} of run \"{run}\""),
    }
}

/// Enters a version after the latest, and brings hash and count of its part up to date. Returns its key.
fn enter(
    conn: &Connection,
    last: &ItemRow,
    change: &HandChange<'_>,
    undoes: Option<u32>,
    hashed: Hashed<'_>,
) -> Result<i64> {
    let ArtifactRow {
        run_id: run,
        part,
        kind,
        item,
        version,
        payload,
        ..
    } = &last.row;
    let (stage, name) = (Word(part.stage()), part.name());
    conn.prepare_cached(
        "INSERT INTO artifact
         (run_id, stage, part, kind, item, version, author, created_at_ms, payload, verdict, undoes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        run.as_str(),
        stage,
        name,
        Word(*kind),
        item,
        version + 1,
        change.author,
        change.at_ms,
        Json(change.payload.unwrap_or(payload)),
        change.verdict.map(Word),
        undoes,
    ])?;
    let id = conn.last_insert_rowid();
    let rejected = |verdict| i64::from(verdict == Some(ItemVerdict::Rejected));
    let fewer = rejected(change.verdict) - rejected(last.verdict);
    let output = hashed(&super::artifact::kept(conn, run, *part)?);
    conn.prepare_cached(
        "UPDATE part SET output_sha256 = ?4, n_out = MAX(0, n_out - ?5)
         WHERE run_id = ?1 AND stage = ?2 AND part = ?3",
    )?
    .execute(params![run.as_str(), stage, name, output, fewer])?;
    stage::refresh(conn, run, part.stage())?;
    Ok(id)
}

impl Store {
    /// The items of a kind whose words begin with those of `words`, by part and number, without their texts.
    pub fn item_facts(
        &self,
        run: &RunId,
        kind: ArtifactKind,
        words: &str,
    ) -> Result<Vec<ItemFacts>> {
        let asked = match_of(words);
        self.read(|conn| {
            let found = match asked.is_some() {
                true => "AND a.id IN (SELECT rowid FROM artifact_words WHERE artifact_words MATCH ?3)",
                false => "AND ?3 IS NULL",
            };
            let sql = format!(
                "SELECT a.id, a.stage, a.part, a.item, a.verdict, {EDITED} AS edited, f.facts
                 FROM artifact a JOIN artifact_fact f ON f.artifact_id = a.id
                 WHERE a.run_id = ?1 AND a.kind = ?2 AND {LATEST} {found} ORDER BY a.stage, a.part, a.item"
            );
            let mut query = conn.prepare_cached(&sql)?;
            Ok(query
                .query_map(params![run.as_str(), Word(kind), asked], facts_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Number of items of a kind.
    pub fn count_items(&self, run: &RunId, kind: ArtifactKind) -> Result<u32> {
        self.read(|conn| {
            let sql = format!(
                "SELECT COUNT(*) FROM artifact a WHERE a.run_id = ?1 AND a.kind = ?2 AND {LATEST}"
            );
            let mut query = conn.prepare_cached(&sql)?;
            Ok(query.query_row(params![run.as_str(), Word(kind)], |row| row.get(0))?)
        })
    }

    /// Items by their keys, in the order of the keys.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the run has no such item.
    pub fn items_of(&self, run: &RunId, ids: &[i64]) -> Result<Vec<ItemRow>> {
        self.read(|conn| {
            ids.iter()
                .map(|id| by_id(conn, run, *id)?.ok_or_else(|| no_such(run, *id)))
                .collect()
        })
    }

    /// Every version of the item that a key belongs to, the oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the run has no such item.
    pub fn item_versions(&self, run: &RunId, id: i64) -> Result<Vec<ItemRow>> {
        self.read(|conn| {
            let row = by_id(conn, run, id)?.ok_or_else(|| no_such(run, id))?.row;
            let mut query = conn.prepare_cached(&format!(
                "SELECT a.*, {EDITED} AS edited FROM artifact a
                 WHERE run_id = ?1 AND stage = ?2 AND part = ?3 AND kind = ?4 AND item = ?5 ORDER BY version"
            ))?;
            let part = row.part;
            let key = params![run.as_str(), Word(part.stage()), part.name(), Word(row.kind), row.item];
            Ok(query
                .query_map(key, item_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Changes items of a run by hand, all or none, and brings the hashes of their parts up to date in the same transaction.
    /// Returns the keys of the new versions.
    ///
    /// # Errors
    /// [`Error::NotFound`] where an item is not there or has a newer version; [`Error::LeaseLost`].
    pub fn change_by_hand(
        &self,
        run: &RunId,
        changes: &[HandChange<'_>],
        hashed: Hashed<'_>,
    ) -> Result<Vec<i64>> {
        self.write_run(run, |tx| {
            let change = |change: &HandChange<'_>| {
                let last = by_id(tx, run, change.id)?.ok_or_else(|| no_such(run, change.id))?;
                if !is_latest(tx, change.id)? {
                    return Err(no_such(run, change.id));
                }
                enter(tx, &last, change, None, hashed)
            };
            changes.iter().map(change).collect()
        })
    }

    /// Takes back the last change by hand that was not taken back yet: the content and verdict before it become a new
    /// version. Returns that version; `None` if there is no such change.
    ///
    /// # Errors
    /// [`Error::LeaseLost`].
    pub fn undo_by_hand(
        &self,
        run: &RunId,
        author: &str,
        at_ms: i64,
        hashed: Hashed<'_>,
    ) -> Result<Option<ItemRow>> {
        self.write_run(run, |tx| {
            let last: Option<i64> = tx
                .prepare_cached(&format!(
                    "SELECT id FROM artifact a WHERE {OPEN_CHANGES} ORDER BY id DESC LIMIT 1"
                ))?
                .query_row([run.as_str()], |row| row.get(0))
                .optional()?;
            let Some(changed) = last.map(|id| by_id(tx, run, id)).transpose()?.flatten() else {
                return Ok(None);
            };
            let version_that = |version: &str| -> Result<ItemRow> {
                let sql = format!(
                    "SELECT a.*, {EDITED} AS edited FROM artifact a
                     WHERE run_id = ?1 AND stage = ?2 AND part = ?3 AND kind = ?4 AND item = ?5 AND {version}"
                );
                let ArtifactRow { part, kind, item, .. } = changed.row;
                let key = params![run.as_str(), Word(part.stage()), part.name(), Word(kind), item];
                Ok(tx.prepare_cached(&sql)?.query_row(key, item_row)?)
            };
            let before = version_that(&format!("version = {}", changed.row.version - 1))?;
            let newest = version_that(LATEST)?;
            let change = HandChange {
                id: newest.row.id,
                payload: Some(&before.row.payload),
                verdict: before.verdict,
                author,
                at_ms,
            };
            let id = enter(tx, &newest, &change, Some(changed.row.version), hashed)?;
            by_id(tx, run, id)
        })
    }

    /// Changes by hand of a run that can be undone.
    pub fn open_changes(&self, run: &RunId) -> Result<u64> {
        self.read(|conn| {
            let count: i64 = conn
                .prepare_cached(&format!(
                    "SELECT COUNT(*) FROM artifact a WHERE {OPEN_CHANGES}"
                ))?
                .query_row([run.as_str()], |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
    }

    /// Creates a run that begins with parts of another, hand changes included, and leaves that one as it is.
    ///
    /// # Errors
    /// [`Error::NameTaken`]; [`Error::NotFound`] where a part is not finished.
    pub fn branch_run(
        &self,
        from: &str,
        new: &NewRun<'_>,
        parts: &[Part],
        now_ms: i64,
    ) -> Result<()> {
        self.write(|tx| {
            super::run::insert(tx, new)?;
            parts.iter().try_for_each(|part| {
                super::part::copy_part(tx, &from.into(), &new.id, *part, now_ms)
            })
        })
    }
}

/// Changes by hand of run ?1 that were not undone and do not undo another.
const OPEN_CHANGES: &str = "a.run_id = ?1 AND a.version > 1 AND a.undoes IS NULL AND NOT EXISTS (
    SELECT 1 FROM artifact b WHERE b.run_id = a.run_id AND b.stage = a.stage AND b.part = a.part AND b.round = a.round
    AND b.kind = a.kind AND b.item = a.item AND b.undoes = a.version)";

fn is_latest(conn: &Connection, id: i64) -> Result<bool> {
    let sql = format!("SELECT {LATEST} FROM artifact a WHERE a.id = ?1");
    Ok(conn
        .prepare_cached(&sql)?
        .query_row([id], |row| row.get(0))?)
}

/// The query for FTS5: every word as the beginning of one. `None` if there are no words.
fn match_of(words: &str) -> Option<String> {
    let is_part = |c: char| c.is_alphanumeric();
    let terms: Vec<String> = words
        .split(|c: char| !is_part(c))
        .filter(|term| !term.is_empty())
        .map(|term| format!("\"{term}\"*"))
        .collect();
    (!terms.is_empty()).then(|| terms.join(" "))
}

#[cfg(test)]
mod tests;
