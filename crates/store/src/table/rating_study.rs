//! Rating studies with all that was answered in them. These tables take the place of `study`, `study_item`, `rater`,
//! `rating` and `item_state`, which hold single summaries of one run for four criteria; they are apart from them so that
//! a workspace with both can still be read by an older program.
//!
//! Who wrote a text is in `rating_author` alone, which only [`Store::rating_authors`] reads: nothing that a rater sees
//! comes from it. What a rater sees is a step: a dialogue with its items in the order shown, for the first or a second
//! time, or a pair of items side by side.

use super::{Json, Word, word};
use crate::error::name_taken;
use crate::{Error, Result, Store};
use contract::{ItemState, RaterState, RatingMode, StudyState, Thing};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

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

/// A rating study as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingStudyRow {
    /// Row id.
    pub id: i64,
    /// Name, unique in the workspace.
    pub name: String,
    /// Whether it was rated elsewhere and brought in.
    pub is_imported: bool,
    /// What raters are asked.
    pub mode: RatingMode,
    /// Where it stands.
    pub state: StudyState,
    /// What was fixed before.
    pub protocol: Value,
    /// SHA-256 of the protocol.
    pub protocol_sha256: String,
    /// Time of creation.
    pub created_at_ms: i64,
    /// When its results were opened before every rater had locked.
    pub revealed_early_at_ms: Option<i64>,
}

/// A study that is rated already, with all that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct RatedStudy {
    /// Name, unique in the workspace.
    pub name: String,
    /// What raters were asked.
    pub mode: RatingMode,
    /// Where it stands.
    pub state: StudyState,
    /// What was fixed before.
    pub protocol: Value,
    /// Time of creation.
    pub created_at_ms: i64,
    /// When its results were opened before every rater had locked.
    pub revealed_early_at_ms: Option<i64>,
    /// Its systems: key and label, in order.
    pub systems: Vec<(String, String)>,
    /// Texts and answers.
    pub contents: RatingContents,
    /// Who wrote the texts.
    pub authors: Vec<RatingAuthorRow>,
}

/// What a study holds apart from its plan and its authors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RatingContents {
    /// Dialogues: number and turns.
    pub dialogues: Vec<(u32, Value)>,
    /// Summaries: number, dialogue, text.
    pub items: Vec<(u32, u32, String)>,
    /// The roster, in order.
    pub raters: Vec<RatingRaterRow>,
    /// What was shown to whom.
    pub steps: Vec<RatingStepRow>,
    /// How far raters came with each summary.
    pub step_items: Vec<RatingStepItemRow>,
    /// The scores.
    pub scores: Vec<RatingScoreRow>,
    /// The choices.
    pub choices: Vec<RatingChoiceRow>,
}

/// The author of a text, with what metrics say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingAuthorRow {
    /// Number of the item.
    pub item: u32,
    /// Key of the system.
    pub system: String,
    /// Metrics by name.
    pub metrics: Value,
}

/// A rater of a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingRaterRow {
    /// The slot on the roster.
    pub rater: String,
    /// The person's name.
    pub name: String,
    /// Where they stand.
    pub state: RaterState,
    /// Whether their ratings count.
    pub counted: bool,
}

/// What a rater is shown at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingStepRow {
    /// The slot of the rater.
    pub rater: String,
    /// Place in their order.
    pub step: u32,
    /// What it is: `rate`, `repeat`, `pair`, `check` or `warmup`.
    pub kind: StepKind,
    /// Number of the dialogue.
    pub dialogue: u32,
    /// Numbers of the items in the order shown.
    pub items: Vec<u32>,
    /// Place of the planned comparison, for a pair.
    pub pair: Option<u32>,
}

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// A dialogue for the first time.
    Rate,
    /// The same dialogue a second time.
    Repeat,
    /// Two items side by side.
    Pair,
    /// A statement about the guideline.
    Check,
    /// An example with its answer.
    Warmup,
}

impl StepKind {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Rate, "rate"),
        (Self::Repeat, "repeat"),
        (Self::Pair, "pair"),
        (Self::Check, "check"),
        (Self::Warmup, "warmup"),
    ];

    fn as_str(self) -> &'static str {
        let known = Self::ALL.iter().find(|(kind, _)| *kind == self);
        known.map_or("rate", |(_, word)| word)
    }

    fn parse(word: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == word);
        known.map(|(kind, _)| *kind)
    }
}

/// How far a rater came with a summary of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingStepItemRow {
    /// The slot of the rater.
    pub rater: String,
    /// The step.
    pub step: u32,
    /// Number of the item.
    pub item: u32,
    /// How far.
    pub state: ItemState,
    /// Active time.
    pub active_ms: i64,
}

/// A score of a rater.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingScoreRow {
    /// The slot of the rater.
    pub rater: String,
    /// The step.
    pub step: u32,
    /// Number of the item.
    pub item: u32,
    /// The criterion.
    pub criterion: String,
    /// The score; whoever writes it has checked it against the criterion's scale.
    pub score: u8,
    /// When it was given.
    pub at_ms: i64,
}

/// A choice of a rater among the items of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingChoiceRow {
    /// The slot of the rater.
    pub rater: String,
    /// The step.
    pub step: u32,
    /// The item named best; none for a tie.
    pub best: Option<u32>,
    /// The item named worst; none in pairs.
    pub worst: Option<u32>,
    /// Active time.
    pub active_ms: i64,
}

fn study_from_row(row: &Row<'_>) -> rusqlite::Result<RatingStudyRow> {
    Ok(RatingStudyRow {
        id: row.get("id")?,
        name: row.get("name")?,
        is_imported: row.get::<_, String>("origin")? == "imported",
        mode: word(row, "mode")?,
        state: word(row, "state")?,
        protocol: row.get::<_, Json<_>>("protocol")?.0,
        protocol_sha256: row.get("protocol_sha256")?,
        created_at_ms: row.get("created_at_ms")?,
        revealed_early_at_ms: row.get("revealed_early_at_ms")?,
    })
}

fn study(conn: &Connection, id: i64) -> Result<RatingStudyRow> {
    conn.prepare_cached("SELECT * FROM rating_study WHERE id = ?1")?
        .query_row(params![id], study_from_row)
        .optional()?
        .ok_or_else(|| Error::NotFound {
            thing: Thing::Study,
            key: id.to_string(),
        })
}

fn insert(tx: &Connection, rated: &RatedStudy) -> Result<RatingStudyRow> {
    tx.prepare_cached(
        "INSERT INTO rating_study (name, kind, origin, mode, state, protocol, protocol_sha256, created_at_ms,
                                   closed_at_ms, revealed_early_at_ms)
         VALUES (?1, 'summaries', 'imported', ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        rated.name,
        Word(rated.mode),
        Word(rated.state),
        Json(&rated.protocol),
        crate::sha256_json([&rated.protocol]),
        rated.created_at_ms,
        (rated.state == StudyState::Closed).then_some(rated.created_at_ms),
        rated.revealed_early_at_ms
    ])
    .map_err(|e| name_taken(e, Thing::Study, &rated.name))?;
    let id = tx.last_insert_rowid();
    let mut system = tx.prepare_cached(
        "INSERT INTO rating_system (study_id, place, system, label) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for ((key, label), place) in rated.systems.iter().zip(0_i64..) {
        system.execute(params![id, place, key, label])?;
    }
    insert_texts(tx, id, rated)?;
    insert_answers(tx, id, &rated.contents)?;
    tx.prepare_cached(
        "INSERT INTO rating_event (study_id, seq, at_ms, actor, what, payload)
         VALUES (?1, 0, ?2, 'owner', 'created', '{\"origin\":\"imported\"}')",
    )?
    .execute(params![id, rated.created_at_ms])?;
    study(tx, id)
}

fn insert_texts(tx: &Connection, id: i64, rated: &RatedStudy) -> Result<()> {
    let mut dialogue = tx.prepare_cached(
        "INSERT INTO rating_dialogue (study_id, dialogue, turns) VALUES (?1, ?2, ?3)",
    )?;
    for (number, turns) in &rated.contents.dialogues {
        dialogue.execute(params![id, number, Json(turns)])?;
    }
    let mut item = tx.prepare_cached(
        "INSERT INTO rating_item (study_id, item, dialogue, role, text) VALUES (?1, ?2, ?3, 'rated', ?4)",
    )?;
    for (number, dialogue, text) in &rated.contents.items {
        item.execute(params![id, number, dialogue, text])?;
    }
    let mut author = tx.prepare_cached(
        "INSERT INTO rating_author (study_id, item, system, metrics) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for row in &rated.authors {
        author.execute(params![id, row.item, row.system, Json(&row.metrics)])?;
    }
    Ok(())
}

fn insert_answers(tx: &Connection, id: i64, contents: &RatingContents) -> Result<()> {
    let mut rater = tx.prepare_cached(
        "INSERT INTO rating_rater (study_id, rater, place, name, state, counted) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (row, place) in contents.raters.iter().zip(0_i64..) {
        let state = Word(row.state);
        rater.execute(params![id, row.rater, place, row.name, state, row.counted])?;
    }
    let mut step = tx.prepare_cached(
        "INSERT INTO rating_step (study_id, rater, step, kind, dialogue, items, pair)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for row in &contents.steps {
        let (kind, items) = (row.kind.as_str(), Json(&row.items));
        step.execute(params![
            id,
            row.rater,
            row.step,
            kind,
            row.dialogue,
            items,
            row.pair
        ])?;
    }
    let mut item = tx.prepare_cached(
        "INSERT INTO rating_step_item (study_id, rater, step, item, state, active_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for row in &contents.step_items {
        let state = Word(row.state);
        item.execute(params![
            id,
            row.rater,
            row.step,
            row.item,
            state,
            row.active_ms
        ])?;
    }
    let mut score = tx.prepare_cached(
        "INSERT INTO rating_score (study_id, rater, step, item, criterion, score, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for row in &contents.scores {
        let (criterion, given) = (&row.criterion, row.score);
        score.execute(params![
            id, row.rater, row.step, row.item, criterion, given, row.at_ms
        ])?;
    }
    let mut choice = tx.prepare_cached(
        "INSERT INTO rating_choice (study_id, rater, step, best, worst, active_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for row in &contents.choices {
        choice.execute(params![
            id,
            row.rater,
            row.step,
            row.best,
            row.worst,
            row.active_ms
        ])?;
    }
    Ok(())
}

/// Every row of a query about a study.
fn rows<T>(
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

fn contents(conn: &Connection, id: i64) -> Result<RatingContents> {
    Ok(RatingContents {
        dialogues: rows(
            conn,
            "SELECT dialogue, turns FROM rating_dialogue WHERE study_id = ?1 ORDER BY dialogue",
            id,
            |row| Ok((row.get(0)?, row.get::<_, Json<_>>(1)?.0)),
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
            |row| {
                Ok(RatingStepItemRow {
                    rater: row.get("rater")?,
                    step: row.get("step")?,
                    item: row.get("item")?,
                    state: word(row, "state")?,
                    active_ms: row.get("active_ms")?,
                })
            },
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
            |row| {
                Ok(RatingChoiceRow {
                    rater: row.get("rater")?,
                    step: row.get("step")?,
                    best: row.get("best")?,
                    worst: row.get("worst")?,
                    active_ms: row.get("active_ms")?,
                })
            },
        )?,
    })
}

impl Store {
    /// Puts a study that is rated already into the workspace.
    ///
    /// # Errors
    /// [`Error::NameTaken`].
    pub fn insert_rated_study(&self, rated: &RatedStudy) -> Result<RatingStudyRow> {
        self.write(|tx| insert(tx, rated))
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

    /// Who wrote the texts of a study: not for a rater's eyes.
    pub fn rating_authors(&self, study_id: i64) -> Result<Vec<RatingAuthorRow>> {
        self.read(|conn| {
            rows(
                conn,
                "SELECT item, rating_author.system, metrics FROM rating_author
                 JOIN rating_system USING (study_id, system) WHERE study_id = ?1 ORDER BY item, place",
                study_id,
                |row| {
                    Ok(RatingAuthorRow {
                        item: row.get(0)?,
                        system: row.get(1)?,
                        metrics: row.get::<_, Json<_>>(2)?.0,
                    })
                },
            )
        })
    }

    /// Removes a study with its texts and answers.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn delete_rating_study(&self, id: i64) -> Result<()> {
        self.write(|tx| {
            study(tx, id)?;
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
            mode: RatingMode::Criteria,
            state: StudyState::Closed,
            protocol: json!({"alpha": 0.05}),
            created_at_ms: 3,
            revealed_early_at_ms: None,
            systems: vec![("b".into(), "B".into()), ("a".into(), "A".into())],
            contents: RatingContents {
                dialogues: vec![(7, json!([{"s": "Ada", "t": "Hi."}]))],
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
                    active_ms: 900,
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
        assert_eq!(store.rating_authors(row.id).unwrap(), study.authors);
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
