//! Rating studies with all that was answered in them. These tables take the place of those in
//! [`super::rating_old`], which stay for older programs.
//!
//! Who wrote a text is in a table of its own, which only [`Store::rating_authors`] reads, for somebody who has the results
//! open: nothing that a rater sees comes from it. What a rater sees is a step: a dialogue with its items in the order shown, for the first or a second
//! time, or a pair of items side by side.

use super::rating_rows::{
    RatedStudy, RatingChoiceRow, RatingContents, RatingDialogueRow, RatingRaterRow, RatingScoreRow,
    RatingStepItemRow, RatingStepRow, RatingStudyRow, StepKind,
};
use super::{Json, optional_word, rating_write, word};
use crate::{Error, Result, Store};
use contract::Thing;
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(crate) const SQL: &str = "
CREATE TABLE rating_study (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    name                 TEXT NOT NULL UNIQUE,
    kind                 TEXT NOT NULL CHECK (kind IN ('summaries', 'dialogues')),
    origin               TEXT NOT NULL CHECK (origin IN ('planned', 'imported')),
    mode                 TEXT NOT NULL CHECK (mode IN ('criteria', 'pair', 'best_worst')),
    state                TEXT NOT NULL CHECK (state IN ('draft', 'running', 'closed')),
    protocol             TEXT NOT NULL,
    protocol_sha256      TEXT NOT NULL,
    seal                 TEXT,
    blind_key            BLOB,
    created_at_ms        INTEGER NOT NULL,
    started_at_ms        INTEGER,
    closed_at_ms         INTEGER,
    revealed_early_at_ms INTEGER
) STRICT;
CREATE TABLE rating_system (
    study_id INTEGER NOT NULL REFERENCES rating_study (id) ON DELETE CASCADE,
    place    INTEGER NOT NULL,
    system   TEXT NOT NULL,
    label    TEXT NOT NULL,
    run_id   TEXT REFERENCES run (id) ON DELETE RESTRICT,
    PRIMARY KEY (study_id, system)
) STRICT;
CREATE INDEX rating_system_by_run ON rating_system (run_id);
CREATE TABLE rating_dialogue (
    study_id   INTEGER NOT NULL REFERENCES rating_study (id) ON DELETE CASCADE,
    dialogue   INTEGER NOT NULL,
    example_id INTEGER,
    batch      INTEGER,
    turns      TEXT NOT NULL,
    PRIMARY KEY (study_id, dialogue)
) STRICT;
CREATE TABLE rating_item (
    study_id INTEGER NOT NULL,
    item     INTEGER NOT NULL,
    dialogue INTEGER NOT NULL,
    role     TEXT NOT NULL CHECK (role IN ('rated', 'warmup')),
    text     TEXT NOT NULL,
    PRIMARY KEY (study_id, item),
    FOREIGN KEY (study_id, dialogue) REFERENCES rating_dialogue (study_id, dialogue) ON DELETE CASCADE
) STRICT;
CREATE TABLE rating_author (
    study_id INTEGER NOT NULL,
    item     INTEGER NOT NULL,
    system   TEXT NOT NULL,
    metrics  TEXT NOT NULL,
    PRIMARY KEY (study_id, item, system),
    FOREIGN KEY (study_id, item) REFERENCES rating_item (study_id, item) ON DELETE CASCADE,
    FOREIGN KEY (study_id, system) REFERENCES rating_system (study_id, system) ON DELETE CASCADE
) STRICT;
CREATE TABLE rating_rater (
    study_id     INTEGER NOT NULL REFERENCES rating_study (id) ON DELETE CASCADE,
    rater        TEXT NOT NULL,
    place        INTEGER NOT NULL,
    name         TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('invited', 'active', 'locked', 'withdrawn')),
    counted      INTEGER NOT NULL,
    joined_at_ms INTEGER,
    locked_at_ms INTEGER,
    reason       TEXT,
    PRIMARY KEY (study_id, rater),
    UNIQUE (study_id, name)
) STRICT;
CREATE TABLE rating_step (
    study_id INTEGER NOT NULL,
    rater    TEXT NOT NULL,
    step     INTEGER NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('check', 'warmup', 'rate', 'repeat', 'pair')),
    dialogue INTEGER NOT NULL,
    items    TEXT NOT NULL,
    pair     INTEGER,
    PRIMARY KEY (study_id, rater, step),
    FOREIGN KEY (study_id, rater) REFERENCES rating_rater (study_id, rater) ON DELETE CASCADE,
    FOREIGN KEY (study_id, dialogue) REFERENCES rating_dialogue (study_id, dialogue) ON DELETE CASCADE
) STRICT;
CREATE TABLE rating_step_item (
    study_id  INTEGER NOT NULL,
    rater     TEXT NOT NULL,
    step      INTEGER NOT NULL,
    item      INTEGER NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('draft', 'done', 'skipped')),
    reason    TEXT,
    note      TEXT NOT NULL DEFAULT '',
    flagged   INTEGER NOT NULL DEFAULT 0,
    active_ms INTEGER NOT NULL,
    idle_ms   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (study_id, rater, step, item),
    FOREIGN KEY (study_id, rater, step) REFERENCES rating_step (study_id, rater, step) ON DELETE CASCADE,
    FOREIGN KEY (study_id, item) REFERENCES rating_item (study_id, item) ON DELETE CASCADE
) STRICT;
CREATE TABLE rating_score (
    study_id  INTEGER NOT NULL,
    rater     TEXT NOT NULL,
    step      INTEGER NOT NULL,
    item      INTEGER NOT NULL,
    criterion TEXT NOT NULL,
    score     INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (study_id, rater, step, item, criterion),
    FOREIGN KEY (study_id, rater, step, item)
        REFERENCES rating_step_item (study_id, rater, step, item) ON DELETE CASCADE
) STRICT;
CREATE TABLE rating_choice (
    study_id  INTEGER NOT NULL,
    rater     TEXT NOT NULL,
    step      INTEGER NOT NULL,
    best      INTEGER,
    worst     INTEGER,
    active_ms INTEGER NOT NULL,
    at_ms     INTEGER,
    PRIMARY KEY (study_id, rater, step),
    FOREIGN KEY (study_id, rater, step) REFERENCES rating_step (study_id, rater, step) ON DELETE CASCADE
) STRICT;
CREATE TABLE rating_event (
    study_id INTEGER NOT NULL REFERENCES rating_study (id) ON DELETE CASCADE,
    seq      INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    what     TEXT NOT NULL,
    payload  TEXT NOT NULL,
    PRIMARY KEY (study_id, seq)
) STRICT;
CREATE TRIGGER rating_event_is_append_only BEFORE UPDATE ON rating_event
BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END;
";

fn study_from_row(row: &Row<'_>) -> rusqlite::Result<RatingStudyRow> {
    Ok(RatingStudyRow {
        id: row.get("id")?,
        name: word(row, "name")?,
        uid: row.get("uid")?,
        kind: word(row, "kind")?,
        is_imported: row.get::<_, String>("origin")? == "imported",
        mode: word(row, "mode")?,
        state: word(row, "state")?,
        protocol: row.get::<_, Json<_>>("protocol")?.0,
        protocol_sha256: row.get("protocol_sha256")?,
        seal: row.get("seal")?,
        created_at_ms: row.get("created_at_ms")?,
        started_at_ms: row.get("started_at_ms")?,
        closed_at_ms: row.get("closed_at_ms")?,
        revealed_early_at_ms: row.get("revealed_early_at_ms")?,
    })
}

pub(super) fn study(conn: &Connection, id: i64) -> Result<RatingStudyRow> {
    conn.prepare_cached("SELECT * FROM rating_study WHERE id = ?1")?
        .query_row(params![id], study_from_row)
        .optional()?
        .ok_or_else(|| Error::NotFound {
            thing: Thing::Study,
            key: id.to_string(),
        })
}

/// Every row of a query about a study.
pub(super) fn rows<T>(
    conn: &Connection,
    sql: &str,
    study_id: i64,
    from_row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut query = conn.prepare_cached(sql)?;
    Ok(query
        .query_map(params![study_id], from_row)?
        .collect::<rusqlite::Result<_>>()?)
}

fn step_from_row(row: &Row<'_>) -> rusqlite::Result<RatingStepRow> {
    Ok(RatingStepRow {
        rater: row.get("rater")?,
        step: row.get("step")?,
        // The table's own check knows no other word.
        kind: StepKind::parse(&row.get::<_, String>("kind")?).unwrap_or(StepKind::Rate),
        dialogue: row.get("dialogue")?,
        items: row.get::<_, Json<_>>("items")?.0,
        pair: row.get("pair")?,
    })
}

pub(super) fn step_item_from_row(row: &Row<'_>) -> rusqlite::Result<RatingStepItemRow> {
    Ok(RatingStepItemRow {
        rater: row.get("rater")?,
        step: row.get("step")?,
        item: row.get("item")?,
        state: word(row, "state")?,
        reason: optional_word(row, "reason")?,
        note: row.get("note")?,
        flagged: row.get("flagged")?,
        active_ms: row.get("active_ms")?,
        idle_ms: row.get("idle_ms")?,
    })
}

pub(super) fn choice_from_row(row: &Row<'_>) -> rusqlite::Result<RatingChoiceRow> {
    Ok(RatingChoiceRow {
        rater: row.get("rater")?,
        step: row.get("step")?,
        best: row.get("best")?,
        worst: row.get("worst")?,
        active_ms: row.get("active_ms")?,
        at_ms: row.get("at_ms")?,
    })
}

fn contents(conn: &Connection, id: i64) -> Result<RatingContents> {
    Ok(RatingContents {
        dialogues: rows(
            conn,
            "SELECT dialogue, example_id, turns FROM rating_dialogue WHERE study_id = ?1 ORDER BY dialogue",
            id,
            |row| {
                Ok(RatingDialogueRow {
                    dialogue: row.get(0)?,
                    example: row.get(1)?,
                    turns: row.get::<_, Json<_>>(2)?.0,
                })
            },
        )?,
        items: rows(
            conn,
            "SELECT item, dialogue, text FROM rating_item WHERE study_id = ?1 AND role = 'rated' ORDER BY item",
            id,
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?,
        raters: rows(
            conn,
            "SELECT * FROM rating_rater WHERE study_id = ?1 ORDER BY place",
            id,
            |row| {
                Ok(RatingRaterRow {
                    rater: row.get("rater")?,
                    name: row.get("name")?,
                    state: word(row, "state")?,
                    counted: row.get("counted")?,
                })
            },
        )?,
        steps: rows(
            conn,
            "SELECT * FROM rating_step WHERE study_id = ?1 ORDER BY rater, step",
            id,
            step_from_row,
        )?,
        step_items: rows(
            conn,
            "SELECT * FROM rating_step_item WHERE study_id = ?1 ORDER BY rater, step, item",
            id,
            step_item_from_row,
        )?,
        scores: rows(
            conn,
            "SELECT * FROM rating_score WHERE study_id = ?1 ORDER BY rater, step, item, criterion",
            id,
            |row| {
                Ok(RatingScoreRow {
                    rater: row.get("rater")?,
                    step: row.get("step")?,
                    item: row.get("item")?,
                    criterion: row.get("criterion")?,
                    score: row.get("score")?,
                    at_ms: row.get("at_ms")?,
                })
            },
        )?,
        choices: rows(
            conn,
            "SELECT * FROM rating_choice WHERE study_id = ?1 ORDER BY rater, step",
            id,
            choice_from_row,
        )?,
    })
}

impl Store {
    /// Puts a study that is rated already into the workspace.
    ///
    /// # Errors
    /// [`Error::NameTaken`].
    pub fn insert_rated_study(&self, rated: &RatedStudy) -> Result<RatingStudyRow> {
        self.write(|tx| rating_write::insert(tx, rated))
    }

    /// Every rating study, newest first.
    pub fn rating_studies(&self) -> Result<Vec<RatingStudyRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT * FROM rating_study ORDER BY created_at_ms DESC, id DESC",
            )?;
            Ok(query
                .query_map([], study_from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The texts and answers of a study, without authors.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn rating_contents(&self, study_id: i64) -> Result<RatingContents> {
        self.read(|conn| {
            study(conn, study_id)?;
            contents(conn, study_id)
        })
    }

    /// Removes a study with its texts and answers.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn delete_rating_study(&self, id: i64) -> Result<()> {
        self.write(|tx| {
            study(tx, id)?;
            // A study of an earlier version was copied into these tables and stays beside them for that version.
            tx.prepare_cached(
                "DELETE FROM study WHERE id = (SELECT earlier FROM rating_study WHERE id = ?1)",
            )?
            .execute(params![id])?;
            tx.prepare_cached("DELETE FROM rating_study WHERE id = ?1")?
                .execute(params![id])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::table::rating_rows::{RatingAuthorRow, RatingSystemRow};
    use contract::{ItemState, RaterState, RatingMode, StudyKind, StudyState};
    use serde_json::json;

    fn rated(name: &str) -> RatedStudy {
        let step = |step, kind, pair| RatingStepRow {
            rater: "R1".into(),
            step,
            kind,
            dialogue: 7,
            items: vec![11, 10],
            pair,
        };
        RatedStudy {
            name: name.into(),
            kind: StudyKind::Summaries,
            frozen: None,
            mode: RatingMode::Criteria,
            state: StudyState::Closed,
            protocol: json!({"alpha": 0.05}),
            created_at_ms: 3,
            revealed_early_at_ms: None,
            systems: [("b", "B"), ("a", "A")]
                .map(|(system, label)| RatingSystemRow {
                    system: system.into(),
                    label: label.into(),
                    run: None,
                })
                .to_vec(),
            contents: RatingContents {
                dialogues: vec![RatingDialogueRow {
                    dialogue: 7,
                    example: Some(4),
                    turns: json!([{"s": "Ada", "t": "Hi."}]),
                }],
                items: vec![(10, 7, "x".into()), (11, 7, "y".into())],
                raters: vec![RatingRaterRow {
                    rater: "R1".into(),
                    name: "R1".into(),
                    state: RaterState::Locked,
                    counted: true,
                }],
                steps: vec![
                    step(0, StepKind::Rate, None),
                    step(1, StepKind::Pair, Some(0)),
                ],
                step_items: vec![RatingStepItemRow {
                    rater: "R1".into(),
                    step: 0,
                    item: 10,
                    state: ItemState::Done,
                    reason: None,
                    note: "n".into(),
                    flagged: true,
                    active_ms: 900,
                    idle_ms: 3,
                }],
                scores: vec![RatingScoreRow {
                    rater: "R1".into(),
                    step: 0,
                    item: 10,
                    criterion: "fluency".into(),
                    score: 7,
                    at_ms: 5,
                }],
                choices: vec![RatingChoiceRow {
                    rater: "R1".into(),
                    step: 1,
                    best: None,
                    worst: None,
                    active_ms: 4,
                    at_ms: Some(6),
                }],
            },
            authors: ["b", "a"]
                .map(|system| RatingAuthorRow {
                    item: 10,
                    system: system.into(),
                    metrics: json!({"rouge1": 0.5}),
                })
                .to_vec(),
        }
    }

    #[test]
    fn a_study_comes_back_whole() {
        let (_dir, store) = fixture::store();
        let study = rated("s");
        let row = store.insert_rated_study(&study).unwrap();
        assert_eq!(store.rating_studies().unwrap(), std::slice::from_ref(&row));
        assert!(row.is_imported && row.protocol == study.protocol);
        assert_eq!(store.rating_contents(row.id).unwrap(), study.contents);
        let opened = store.opened(row.id).unwrap().unwrap();
        assert_eq!(store.rating_authors(&opened).unwrap(), study.authors);
        assert!(matches!(
            store.insert_rated_study(&study),
            Err(Error::NameTaken { .. })
        ));
        store.delete_rating_study(row.id).unwrap();
        assert!(matches!(
            store.rating_contents(row.id),
            Err(Error::NotFound { .. })
        ));
        store.insert_rated_study(&study).unwrap();
    }

    #[test]
    fn what_does_not_belong_together_leaves_nothing() {
        let (_dir, store) = fixture::store();
        let mut study = rated("s");
        study.authors[0].system = "c".into();
        assert!(store.insert_rated_study(&study).is_err());
        study = rated("s");
        study.contents.scores[0].item = 11;
        assert!(store.insert_rated_study(&study).is_err());
        assert!(store.rating_studies().unwrap().is_empty());
    }

    #[test]
    fn an_event_is_never_changed() {
        let (_dir, store) = fixture::store();
        store.insert_rated_study(&rated("s")).unwrap();
        let change = store.write(|tx| Ok(tx.execute("UPDATE rating_event SET what = 'x'", [])?));
        assert!(change.is_err());
    }
}
