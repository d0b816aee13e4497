//! What a rater does, press by press: each is one transaction that changes the answers and adds a line to a record that
//! never changes, with what would take it back. So a program that is killed after any press has lost nothing, and undo
//! goes back as many steps as there were.

use super::rating_acts::require_unlocked;
use super::rating_rows::{RatingChoiceRow, RatingStepItemRow};
use super::rating_study::{choice_from_row, rows, step_item_from_row};
use super::{Json, Word, word};
use crate::{Result, Store};
use contract::{ItemState, RaterAct, RaterState, SkipReason};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A change of a rater's answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "set", rename_all = "snake_case")]
pub enum DeskEdit {
    /// A score, or none.
    Score {
        /// Place in the rater's order.
        step: u32,
        /// Number of the item.
        item: u32,
        /// The criterion.
        criterion: String,
        /// The score.
        score: Option<u8>,
        /// When it was given.
        at_ms: i64,
    },
    /// A choice, or none.
    Choice {
        /// Place in the rater's order.
        step: u32,
        /// What was chosen; none takes the choice back.
        choice: Option<Chosen>,
    },
    /// How far the rater is with an item.
    State {
        /// Place in the rater's order.
        step: u32,
        /// Number of the item.
        item: u32,
        /// How far; none if it is untouched.
        state: Option<ItemState>,
        /// Why it was left out.
        reason: Option<SkipReason>,
    },
    /// A note.
    Note {
        /// Place in the rater's order.
        step: u32,
        /// Number of the item.
        item: u32,
        /// The text.
        note: String,
    },
    /// A mark that a summary may contain a real person's data.
    Flag {
        /// Place in the rater's order.
        step: u32,
        /// Number of the item.
        item: u32,
        /// Whether it has the mark.
        flagged: bool,
    },
}

/// What was chosen among the items of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// The item named best; none for a tie.
    pub best: Option<u32>,
    /// The item named worst.
    pub worst: Option<u32>,
    /// When it was made.
    pub at_ms: i64,
}

/// Time that a rater has spent on an item since their last press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskTime {
    /// Place in the rater's order.
    pub step: u32,
    /// Number of the item.
    pub item: u32,
    /// Milliseconds in which the rater was active.
    pub active_ms: i64,
    /// Milliseconds in which the rater was idle.
    pub idle_ms: i64,
}

/// A press: what it is called in the record, and what it changes.
#[derive(Debug, Clone, PartialEq)]
pub struct DeskPress {
    /// What the rater did.
    pub what: RaterAct,
    /// What it changes.
    pub edits: Vec<DeskEdit>,
    /// What the record keeps beside the changes.
    pub detail: Value,
    /// The time that it took.
    pub time: Option<DeskTime>,
    /// When it happened.
    pub at_ms: i64,
}

/// A line of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingPressRow {
    /// Slot of the rater.
    pub rater: String,
    /// Its number.
    pub seq: u32,
    /// When it happened.
    pub at_ms: i64,
    /// What the rater did.
    pub what: RaterAct,
    /// More about it.
    pub payload: PressPayload,
}

/// What the record keeps of a press.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PressPayload {
    /// What it changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<DeskEdit>,
    /// What takes it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub back: Vec<DeskEdit>,
    /// The number of the press that an undo took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<u32>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

pub(super) fn presses(
    conn: &Connection,
    id: i64,
    rater: Option<&str>,
) -> Result<Vec<RatingPressRow>> {
    let found = rows(
        conn,
        "SELECT * FROM rating_press WHERE study_id = ?1 ORDER BY rater, seq",
        id,
        |row| {
            Ok(RatingPressRow {
                rater: row.get("rater")?,
                seq: row.get("seq")?,
                at_ms: row.get("at_ms")?,
                what: word(row, "what")?,
                payload: row.get::<_, Json<_>>("payload")?.0,
            })
        },
    )?;
    let mine = |row: &RatingPressRow| rater.is_none_or(|rater| row.rater == rater);
    Ok(found.into_iter().filter(mine).collect())
}

/// Adds a line to the record of a rater of a study.
pub(super) fn record(
    tx: &Connection,
    (study, rater): (i64, &str),
    (at_ms, what): (i64, RaterAct),
    payload: &PressPayload,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO rating_press (study_id, rater, seq, at_ms, what, payload)
         SELECT ?1, ?2, COALESCE(MAX(seq) + 1, 0), ?3, ?4, ?5 FROM rating_press
         WHERE study_id = ?1 AND rater = ?2",
    )?
    .execute(params![study, rater, at_ms, Word(what), Json(payload)])?;
    Ok(())
}

/// The tables as one rater changes them.
struct Desk<'a> {
    tx: &'a Connection,
    study: i64,
    rater: &'a str,
}

impl Desk<'_> {
    fn record(&self, at_ms: i64, what: RaterAct, payload: &PressPayload) -> Result<()> {
        record(self.tx, (self.study, self.rater), (at_ms, what), payload)
    }

    /// Carries out an edit and returns the one that takes it back.
    fn edit(&self, edit: &DeskEdit) -> Result<DeskEdit> {
        match edit {
            DeskEdit::Score {
                step,
                item,
                criterion,
                score,
                at_ms,
            } => self.score((*step, *item), criterion, *score, *at_ms),
            DeskEdit::Choice { step, choice } => self.choose(*step, *choice),
            DeskEdit::State {
                step,
                item,
                state,
                reason,
            } => self.state((*step, *item), *state, *reason),
            DeskEdit::Note { step, item, note } => self.note((*step, *item), note),
            DeskEdit::Flag {
                step,
                item,
                flagged,
            } => self.flag((*step, *item), *flagged),
        }
    }

    /// Every answer about an item belongs to its row, which begins as a draft.
    fn touch(&self, (step, item): (u32, u32)) -> Result<()> {
        self.tx
            .prepare_cached(
                "INSERT OR IGNORE INTO rating_step_item (study_id, rater, step, item, state, active_ms)
                 VALUES (?1, ?2, ?3, ?4, 'draft', 0)",
            )?
            .execute(params![self.study, self.rater, step, item])?;
        Ok(())
    }

    fn score(
        &self,
        place: (u32, u32),
        criterion: &str,
        score: Option<u8>,
        at_ms: i64,
    ) -> Result<DeskEdit> {
        self.touch(place)?;
        let (step, item) = place;
        let key = params![self.study, self.rater, step, item, criterion];
        let before: Option<(u8, i64)> = self
            .tx
            .prepare_cached(
                "SELECT score, at_ms FROM rating_score
                 WHERE study_id = ?1 AND rater = ?2 AND step = ?3 AND item = ?4 AND criterion = ?5",
            )?
            .query_row(key, |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match score {
            Some(score) => self
                .tx
                .prepare_cached(
                    "INSERT OR REPLACE INTO rating_score (study_id, rater, step, item, criterion, score, at_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    self.study, self.rater, step, item, criterion, score, at_ms
                ])?,
            None => self
                .tx
                .prepare_cached(
                    "DELETE FROM rating_score
                     WHERE study_id = ?1 AND rater = ?2 AND step = ?3 AND item = ?4 AND criterion = ?5",
                )?
                .execute(key)?,
        };
        Ok(DeskEdit::Score {
            step,
            item,
            criterion: criterion.to_owned(),
            score: before.map(|(score, _)| score),
            at_ms: before.map_or(at_ms, |(_, at_ms)| at_ms),
        })
    }

    fn choose(&self, step: u32, choice: Option<Chosen>) -> Result<DeskEdit> {
        let key = params![self.study, self.rater, step];
        let before: Option<RatingChoiceRow> = self
            .tx
            .prepare_cached(
                "SELECT * FROM rating_choice WHERE study_id = ?1 AND rater = ?2 AND step = ?3",
            )?
            .query_row(key, choice_from_row)
            .optional()?;
        match choice {
            Some(chosen) => self
                .tx
                .prepare_cached(
                    "INSERT OR REPLACE INTO rating_choice (study_id, rater, step, best, worst, active_ms, at_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    self.study,
                    self.rater,
                    step,
                    chosen.best,
                    chosen.worst,
                    before.as_ref().map_or(0, |row| row.active_ms),
                    chosen.at_ms
                ])?,
            None => self
                .tx
                .prepare_cached(
                    "DELETE FROM rating_choice WHERE study_id = ?1 AND rater = ?2 AND step = ?3",
                )?
                .execute(key)?,
        };
        Ok(DeskEdit::Choice {
            step,
            choice: before.map(|row| Chosen {
                best: row.best,
                worst: row.worst,
                at_ms: row.at_ms.unwrap_or_default(),
            }),
        })
    }

    fn item(&self, (step, item): (u32, u32)) -> Result<Option<RatingStepItemRow>> {
        Ok(self
            .tx
            .prepare_cached(
                "SELECT * FROM rating_step_item WHERE study_id = ?1 AND rater = ?2 AND step = ?3 AND item = ?4",
            )?
            .query_row(
                params![self.study, self.rater, step, item],
                step_item_from_row,
            )
            .optional()?)
    }

    fn state(
        &self,
        place: (u32, u32),
        state: Option<ItemState>,
        reason: Option<SkipReason>,
    ) -> Result<DeskEdit> {
        let before = self.item(place)?;
        self.touch(place)?;
        let (step, item) = place;
        self.tx
            .prepare_cached(
                "UPDATE rating_step_item SET state = ?5, reason = ?6
                 WHERE study_id = ?1 AND rater = ?2 AND step = ?3 AND item = ?4",
            )?
            .execute(params![
                self.study,
                self.rater,
                step,
                item,
                Word(state.unwrap_or(ItemState::Draft)),
                reason.map(Word)
            ])?;
        Ok(DeskEdit::State {
            step,
            item,
            state: before.as_ref().map(|row| row.state),
            reason: before.and_then(|row| row.reason),
        })
    }

    fn note(&self, place: (u32, u32), note: &str) -> Result<DeskEdit> {
        let before = self.item(place)?;
        self.touch(place)?;
        let (step, item) = place;
        self.tx
            .prepare_cached(
                "UPDATE rating_step_item SET note = ?5
                 WHERE study_id = ?1 AND rater = ?2 AND step = ?3 AND item = ?4",
            )?
            .execute(params![self.study, self.rater, step, item, note])?;
        Ok(DeskEdit::Note {
            step,
            item,
            note: before.map(|row| row.note).unwrap_or_default(),
        })
    }

    fn flag(&self, place: (u32, u32), flagged: bool) -> Result<DeskEdit> {
        let before = self.item(place)?;
        self.touch(place)?;
        let (step, item) = place;
        self.tx
            .prepare_cached(
                "UPDATE rating_step_item SET flagged = ?5
                 WHERE study_id = ?1 AND rater = ?2 AND step = ?3 AND item = ?4",
            )?
            .execute(params![self.study, self.rater, step, item, flagged])?;
        Ok(DeskEdit::Flag {
            step,
            item,
            flagged: before.is_some_and(|row| row.flagged),
        })
    }

    fn spend(&self, time: DeskTime) -> Result<()> {
        self.touch((time.step, time.item))?;
        self.tx
            .prepare_cached(
                "UPDATE rating_step_item SET active_ms = active_ms + ?5, idle_ms = idle_ms + ?6
                 WHERE study_id = ?1 AND rater = ?2 AND step = ?3 AND item = ?4",
            )?
            .execute(params![
                self.study,
                self.rater,
                time.step,
                time.item,
                time.active_ms,
                time.idle_ms
            ])?;
        self.tx
            .prepare_cached(
                "UPDATE rating_choice SET active_ms = active_ms + ?4 WHERE study_id = ?1 AND rater = ?2 AND step = ?3",
            )?
            .execute(params![self.study, self.rater, time.step, time.active_ms])?;
        Ok(())
    }

    /// A rater's first press makes them active.
    fn begin(&self, at_ms: i64) -> Result<()> {
        if require_unlocked(self.tx, self.study, self.rater)? == RaterState::Invited {
            self.tx
                .prepare_cached(
                    "UPDATE rating_rater SET state = ?3, joined_at_ms = ?4 WHERE study_id = ?1 AND rater = ?2",
                )?
                .execute(params![
                    self.study,
                    self.rater,
                    Word(RaterState::Active),
                    at_ms
                ])?;
        }
        Ok(())
    }
}

impl Store {
    /// Carries out a rater's press: all of it or nothing.
    ///
    /// # Errors
    /// [`crate::Error::AlreadyLocked`], [`crate::Error::NotFound`].
    pub fn press(&self, study: i64, rater: &str, press: &DeskPress) -> Result<()> {
        self.write(|tx| {
            let desk = Desk { tx, study, rater };
            desk.begin(press.at_ms)?;
            let back: Result<Vec<DeskEdit>> =
                press.edits.iter().map(|edit| desk.edit(edit)).collect();
            let mut back = back?;
            back.reverse();
            if let Some(time) = press.time {
                desk.spend(time)?;
            }
            let payload = PressPayload {
                edits: press.edits.clone(),
                back,
                undone: None,
                detail: press.detail.clone(),
            };
            desk.record(press.at_ms, press.what, &payload)
        })
    }

    /// Undoes the last press that can be undone; returns what it changed, or none if there is nothing left.
    ///
    /// # Errors
    /// [`crate::Error::AlreadyLocked`], [`crate::Error::NotFound`].
    pub fn undo_press(&self, study: i64, rater: &str, at_ms: i64) -> Result<Option<Vec<DeskEdit>>> {
        self.write(|tx| {
            let desk = Desk { tx, study, rater };
            require_unlocked(tx, study, rater)?;
            let record = presses(tx, study, Some(rater))?;
            let undone: Vec<u32> = record.iter().filter_map(|row| row.payload.undone).collect();
            let last = record
                .iter()
                .rev()
                .find(|row| !row.payload.back.is_empty() && !undone.contains(&row.seq));
            let Some(last) = last else { return Ok(None) };
            for edit in &last.payload.back {
                desk.edit(edit)?;
            }
            let payload = PressPayload {
                undone: Some(last.seq),
                ..PressPayload::default()
            };
            desk.record(at_ms, RaterAct::Undo, &payload)?;
            Ok(Some(last.payload.edits.clone()))
        })
    }

    /// The record of a study's presses, of one rater or of all.
    pub fn presses(&self, study: i64, rater: Option<&str>) -> Result<Vec<RatingPressRow>> {
        self.read(|conn| presses(conn, study, rater))
    }
}
