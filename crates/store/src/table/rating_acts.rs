//! What an owner does with a rating study, and its log: withdrawing, closing, opening the results. Here are the two
//! proofs that keep a study blind: [`Opened`], without which nobody learns who wrote a text, and [`Sight`], without which
//! nobody sees figures of a run whose texts are being rated. Both can only be made here, after a look at the tables.

use super::rating_rows::{RatingAuthorRow, RatingRaterRow, RatingStepRow, RatingStudyRow};
use super::rating_study::{rows, study};
use super::rating_write::{insert_rater, insert_steps};
use super::{Json, Word, rating_write, word};
use crate::{Error, RatedStudy, Result, Store};
use contract::{RaterState, RunId, StudyAct, StudyKind, StudyName, StudyState, Thing};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

/// Who does what nobody on the roster does.
pub(crate) const OWNER: &str = "owner";

pub(crate) const SQL: &str = "
ALTER TABLE rating_study ADD COLUMN uid TEXT NOT NULL DEFAULT '';
CREATE TABLE rating_press (
    study_id INTEGER NOT NULL,
    rater    TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    what     TEXT NOT NULL,
    payload  TEXT NOT NULL,
    PRIMARY KEY (study_id, rater, seq),
    FOREIGN KEY (study_id, rater) REFERENCES rating_rater (study_id, rater) ON DELETE CASCADE
) STRICT;
CREATE TRIGGER rating_press_is_append_only BEFORE UPDATE ON rating_press
BEGIN SELECT RAISE(ABORT, 'a press is never changed'); END;
";

/// The proof that a study's results are open: every rater has locked or was withdrawn, or they were opened early. Only
/// [`Store::opened`] makes one.
///
/// ```compile_fail
/// let opened = store::Opened { study: 1 };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    study: i64,
}

impl Opened {
    /// Row id of the study.
    pub fn study(&self) -> i64 {
        self.study
    }
}

/// The proof that figures of a run may be seen: nobody rates its texts now, or somebody said why they have to look. Only
/// [`Store::sight`] and [`Store::look_anyway`] make one.
///
/// ```compile_fail
/// let sight = store::Sight { run: "r".into() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    run: RunId,
}

impl Sight {
    /// The run.
    pub fn run(&self) -> &RunId {
        &self.run
    }
}

/// A line for a study's log.
pub(super) struct NewAct<'a> {
    pub(super) at_ms: i64,
    pub(super) actor: &'a str,
    pub(super) what: StudyAct,
    pub(super) payload: Value,
}

/// A line of a study's log.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingActRow {
    /// Its number.
    pub seq: u32,
    /// When it happened.
    pub at_ms: i64,
    /// The slot of a rater, or `owner`.
    pub actor: String,
    /// What happened.
    pub what: StudyAct,
    /// More about it.
    pub payload: Value,
}

/// An example in a study that people are rating now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleInStudy {
    /// Row id of the example.
    pub example: i64,
    /// Name of the study.
    pub study: StudyName,
    /// What people judge there.
    pub kind: StudyKind,
}

/// A rater who comes onto the roster of a study that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRater {
    /// Their place.
    pub rater: RatingRaterRow,
    /// What they will be shown.
    pub steps: Vec<RatingStepRow>,
}

/// Adds a line to a study's log.
pub(super) fn log(tx: &Connection, id: i64, act: &NewAct<'_>) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO rating_event (study_id, seq, at_ms, actor, what, payload)
         SELECT ?1, COALESCE(MAX(seq) + 1, 0), ?2, ?3, ?4, ?5 FROM rating_event WHERE study_id = ?1",
    )?
    .execute(params![
        id,
        act.at_ms,
        act.actor,
        Word(act.what),
        Json(&act.payload)
    ])?;
    Ok(())
}

/// Closes a study in which nobody is left who could rate.
pub(super) fn close_if_finished(tx: &Connection, id: i64, now_ms: i64) -> Result<StudyState> {
    let row = study(tx, id)?;
    let is_open = tx
        .prepare_cached(
            "SELECT 1 FROM rating_rater WHERE study_id = ?1 AND state IN ('invited', 'active')",
        )?
        .exists(params![id])?;
    if row.state != StudyState::Running || is_open {
        return Ok(row.state);
    }
    tx.prepare_cached("UPDATE rating_study SET state = 'closed', closed_at_ms = ?2 WHERE id = ?1")?
        .execute(params![id, now_ms])?;
    log(
        tx,
        id,
        &NewAct {
            at_ms: now_ms,
            actor: OWNER,
            what: StudyAct::Closed,
            payload: json!({}),
        },
    )?;
    Ok(StudyState::Closed)
}

fn withdraw(
    tx: &Connection,
    id: i64,
    rater: &str,
    reason: &str,
    counted: bool,
    now_ms: i64,
) -> Result<()> {
    tx.prepare_cached(
        "UPDATE rating_rater SET state = ?3, reason = ?4, counted = ?5 WHERE study_id = ?1 AND rater = ?2",
    )?
    .execute(params![
        id,
        rater,
        Word(RaterState::Withdrawn),
        reason,
        counted
    ])?;
    log(
        tx,
        id,
        &NewAct {
            at_ms: now_ms,
            actor: OWNER,
            what: StudyAct::Withdrew,
            payload: json!({"rater": rater, "reason": reason, "counted": counted}),
        },
    )
}

/// A rater who is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawal<'a> {
    /// Their slot.
    pub rater: &'a str,
    /// Why they are taken out.
    pub reason: &'a str,
    /// Whether what they rated counts.
    pub counted: bool,
}

impl Store {
    /// Gives a draft everything that was drawn for it and freezes its plan.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn start_rating_study(&self, id: i64, drawn: &RatedStudy) -> Result<RatingStudyRow> {
        self.write(|tx| {
            study(tx, id)?;
            rating_write::start(tx, id, drawn)
        })
    }

    /// The rating study with this number.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn rating_study(&self, id: i64) -> Result<RatingStudyRow> {
        self.read(|conn| study(conn, id))
    }

    /// The key of all secret random numbers of a study; none for one that was brought in. It tells who wrote what to
    /// anybody who knows the protocol.
    pub fn rating_blind_key(&self, id: i64) -> Result<Option<Vec<u8>>> {
        self.read(|conn| {
            Ok(conn
                .prepare_cached("SELECT blind_key FROM rating_study WHERE id = ?1")?
                .query_row(params![id], |row| row.get(0))?)
        })
    }

    /// Opens the results of a study that is closed, or whose results were opened early; none for any other.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn opened(&self, id: i64) -> Result<Option<Opened>> {
        let row = self.rating_study(id)?;
        let is_open = row.state == StudyState::Closed || row.revealed_early_at_ms.is_some();
        Ok(is_open.then_some(Opened { study: id }))
    }

    /// Opens the results before every rater has locked. This cannot be taken back, and every result says so.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn reveal_rating_study(&self, id: i64, reason: &str, now_ms: i64) -> Result<Opened> {
        self.write(|tx| {
            let row = study(tx, id)?;
            if row.state != StudyState::Closed && row.revealed_early_at_ms.is_none() {
                tx.prepare_cached(
                    "UPDATE rating_study SET revealed_early_at_ms = ?2 WHERE id = ?1",
                )?
                .execute(params![id, now_ms])?;
                log(
                    tx,
                    id,
                    &NewAct {
                        at_ms: now_ms,
                        actor: OWNER,
                        what: StudyAct::Revealed,
                        payload: json!({"reason": reason}),
                    },
                )?;
            }
            Ok(Opened { study: id })
        })
    }

    /// Who wrote the texts of a study: for those who have its results open.
    pub fn rating_authors(&self, opened: &Opened) -> Result<Vec<RatingAuthorRow>> {
        self.read(|conn| {
            rows(
                conn,
                "SELECT item, rating_author.system, metrics FROM rating_author
                 JOIN rating_system USING (study_id, system) WHERE study_id = ?1 ORDER BY item, place",
                opened.study,
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

    /// The runs that the texts of a study come from.
    pub fn rating_runs(&self, opened: &Opened) -> Result<Vec<RunId>> {
        self.read(|conn| {
            rows(
                conn,
                "SELECT DISTINCT run_id FROM rating_system WHERE study_id = ?1 AND run_id IS NOT NULL ORDER BY 1",
                opened.study,
                |row| row.get::<_, Word<_>>(0).map(|run| run.0),
            )
        })
    }

    /// The studies in which people are rating texts of this run now.
    pub fn rating_studies_of_run(&self, run: &RunId) -> Result<Vec<RatingStudyRow>> {
        let ids: Vec<i64> = self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT DISTINCT id FROM rating_study JOIN rating_system ON study_id = id
                 WHERE state = 'running' AND revealed_early_at_ms IS NULL AND run_id = ?1 ORDER BY id",
            )?;
            Ok(query
                .query_map(params![run.as_str()], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?)
        })?;
        ids.into_iter().map(|id| self.rating_study(id)).collect()
    }

    /// The examples whose references people rate now, or rate against, or whose dialogues they tell from made-up ones.
    pub fn examples_in_study(&self) -> Result<Vec<ExampleInStudy>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT DISTINCT example_id, name, kind FROM rating_dialogue JOIN rating_study ON study_id = id
                 WHERE state = 'running' AND revealed_early_at_ms IS NULL AND example_id IS NOT NULL ORDER BY 1, 2",
            )?;
            Ok(query
                .query_map([], |row| {
                    Ok(ExampleInStudy {
                        example: row.get(0)?,
                        study: row.get::<_, Word<_>>(1)?.0,
                        kind: word(row, "kind")?,
                    })
                })?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The turns of every dialogue about which texts are being rated, each with the study's name.
    pub fn dialogues_in_study(&self) -> Result<Vec<(StudyName, Value)>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT name, turns FROM rating_dialogue JOIN rating_study ON study_id = id
                 WHERE state = 'running' AND revealed_early_at_ms IS NULL ORDER BY id, dialogue",
            )?;
            Ok(query
                .query_map([], |row| {
                    Ok((row.get::<_, Word<_>>(0)?.0, row.get::<_, Json<_>>(1)?.0))
                })?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Lets figures of a run be seen unless people are rating its texts now.
    pub fn sight(&self, run: &RunId) -> Result<Option<Sight>> {
        let is_blind = !self.rating_studies_of_run(run)?.is_empty();
        Ok((!is_blind).then(|| Sight {
            run: run.to_owned(),
        }))
    }

    /// Lets figures of a run be seen although people are rating its texts now. The log of each study says so.
    pub fn look_anyway(&self, run: &RunId, reason: &str, now_ms: i64) -> Result<Sight> {
        let studies = self.rating_studies_of_run(run)?;
        self.write(|tx| {
            for row in &studies {
                let act = NewAct {
                    at_ms: now_ms,
                    actor: OWNER,
                    what: StudyAct::MetricsSeen,
                    payload: json!({"run": run, "reason": reason}),
                };
                log(tx, row.id, &act)?;
            }
            Ok(())
        })?;
        Ok(Sight {
            run: run.to_owned(),
        })
    }

    /// Takes raters out of a study, which closes if nobody is left who could rate.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn withdraw_raters(
        &self,
        id: i64,
        withdrawals: &[Withdrawal<'_>],
        now_ms: i64,
    ) -> Result<StudyState> {
        self.write(|tx| {
            for gone in withdrawals {
                withdraw(tx, id, gone.rater, gone.reason, gone.counted, now_ms)?;
            }
            close_if_finished(tx, id, now_ms)
        })
    }

    /// Puts a rater onto the roster of a study that runs.
    ///
    /// # Errors
    /// [`Error::NameTaken`].
    pub fn add_rating_rater(&self, id: i64, new: &NewRater, now_ms: i64) -> Result<()> {
        self.write(|tx| {
            let place: i64 = tx
                .prepare_cached("SELECT COUNT(*) FROM rating_rater WHERE study_id = ?1")?
                .query_row(params![id], |row| row.get(0))?;
            insert_rater(tx, id, place, &new.rater)?;
            insert_steps(tx, id, &new.steps)?;
            log(
                tx,
                id,
                &NewAct {
                    at_ms: now_ms,
                    actor: OWNER,
                    what: StudyAct::RaterAdded,
                    payload: json!({"rater": new.rater.rater}),
                },
            )
        })
    }

    /// Adds a line to a study's log.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn log_rating_act(
        &self,
        id: i64,
        what: StudyAct,
        payload: &Value,
        now_ms: i64,
    ) -> Result<()> {
        self.write(|tx| {
            study(tx, id)?;
            let act = NewAct {
                at_ms: now_ms,
                actor: OWNER,
                what,
                payload: payload.clone(),
            };
            log(tx, id, &act)
        })
    }

    /// The log of a study, oldest first.
    pub fn rating_acts(&self, id: i64) -> Result<Vec<RatingActRow>> {
        self.read(|conn| {
            rows(
                conn,
                "SELECT * FROM rating_event WHERE study_id = ?1 ORDER BY seq",
                id,
                |row| {
                    Ok(RatingActRow {
                        seq: row.get("seq")?,
                        at_ms: row.get("at_ms")?,
                        actor: row.get("actor")?,
                        what: word(row, "what")?,
                        payload: row.get::<_, Json<_>>("payload")?.0,
                    })
                },
            )
        })
    }

    /// Makes a rater's set final; the study closes with the last one.
    ///
    /// # Errors
    /// [`Error::AlreadyLocked`], [`Error::NotFound`].
    pub fn lock_rating_rater(&self, id: i64, rater: &str, now_ms: i64) -> Result<StudyState> {
        self.write(|tx| {
            require_unlocked(tx, id, rater)?;
            tx.prepare_cached(
                "UPDATE rating_rater SET state = ?3, locked_at_ms = ?4 WHERE study_id = ?1 AND rater = ?2",
            )?
            .execute(params![id, rater, Word(RaterState::Locked), now_ms])?;
            log(
                tx,
                id,
                &NewAct {
                    at_ms: now_ms,
                    actor: rater,
                    what: StudyAct::Locked,
                    payload: json!({}),
                },
            )?;
            close_if_finished(tx, id, now_ms)
        })
    }
}

/// Fails if the rater does not exist or may not change anything.
pub(super) fn require_unlocked(conn: &Connection, id: i64, rater: &str) -> Result<RaterState> {
    let state: Option<Word<RaterState>> = conn
        .prepare_cached("SELECT state FROM rating_rater WHERE study_id = ?1 AND rater = ?2")?
        .query_row(params![id, rater], |row| row.get(0))
        .optional()?;
    match state.map(|word| word.0) {
        None => Err(Error::NotFound {
            thing: Thing::Rater,
            key: format!("\"{rater}\" of study {id}"),
        }),
        Some(RaterState::Locked | RaterState::Withdrawn) => Err(Error::AlreadyLocked {
            rater: rater.to_owned(),
        }),
        Some(state) => Ok(state),
    }
}
