//! Rater packs: which were written for whom, with what secret, and whose answers came back. Answers come as a whole and
//! take the place of the rater's earlier ones in one transaction; scores are never mixed.

use super::Word;
use super::rating_acts::{NewAct, NewRater, OWNER, close_if_finished, log, require_unlocked};
use super::rating_desk::{PressPayload, RatingPressRow, presses, record};
use super::rating_rows::RatingContents;
use super::rating_study::rows;
use super::rating_write::{insert_given, insert_rater, insert_steps};
use crate::{Result, Store};
use contract::{RaterAct, RaterState, StudyAct, StudyState};
use rusqlite::{Connection, Row, params};
use serde_json::json;

pub(crate) const SQL: &str = "
CREATE TABLE rating_pack (
    pack_id       TEXT PRIMARY KEY,
    study_id      INTEGER NOT NULL,
    rater         TEXT NOT NULL,
    secret        TEXT NOT NULL,
    file_sha256   TEXT NOT NULL,
    written_at_ms INTEGER NOT NULL,
    FOREIGN KEY (study_id, rater) REFERENCES rating_rater (study_id, rater) ON DELETE CASCADE
) STRICT;
CREATE INDEX rating_pack_by_rater ON rating_pack (study_id, rater);
CREATE TABLE rating_branch (
    pack_id        TEXT NOT NULL REFERENCES rating_pack (pack_id) ON DELETE CASCADE,
    branch         TEXT NOT NULL,
    rater          TEXT NOT NULL,
    revision       INTEGER NOT NULL,
    answers_sha256 TEXT NOT NULL,
    merged_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (pack_id, branch)
) STRICT;
";

/// A rater pack that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingPackRow {
    /// A word that no other pack has.
    pub pack_id: String,
    /// Slot of the rater it was written for.
    pub rater: String,
    /// What opens it and its answers.
    pub secret: String,
    /// SHA-256 of the file.
    pub file_sha256: String,
    /// When it was written.
    pub written_at_ms: i64,
}

/// A set of answers to a pack, from one browser or program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingBranchRow {
    /// The pack.
    pub pack_id: String,
    /// The word of the browser or program.
    pub branch: String,
    /// Slot of the rater whose answers they are.
    pub rater: String,
    /// Save number of the answers that are here.
    pub revision: u32,
    /// SHA-256 of their file.
    pub answers_sha256: String,
}

/// Answers that take the place of a rater's earlier ones.
#[derive(Debug, Clone, PartialEq)]
pub struct PackMerge {
    /// Where they come from, and whose they are.
    pub branch: RatingBranchRow,
    /// A place on the roster that they need first.
    pub new_rater: Option<NewRater>,
    /// The answers: only those of the rater.
    pub answers: RatingContents,
    /// What the rater did before the first dialogue.
    pub introduced: Vec<RatingPressRow>,
    /// Whether the set is final.
    pub locked: bool,
    /// How many scores and choices were not here before, and how many take the place of others.
    pub counts: (u32, u32),
    /// Whether they contradicted other answers of the same rater.
    pub was_conflict: bool,
}

fn pack_from_row(row: &Row<'_>) -> rusqlite::Result<RatingPackRow> {
    Ok(RatingPackRow {
        pack_id: row.get("pack_id")?,
        rater: row.get("rater")?,
        secret: row.get("secret")?,
        file_sha256: row.get("file_sha256")?,
        written_at_ms: row.get("written_at_ms")?,
    })
}

fn branch_from_row(row: &Row<'_>) -> rusqlite::Result<RatingBranchRow> {
    Ok(RatingBranchRow {
        pack_id: row.get("pack_id")?,
        branch: row.get("branch")?,
        rater: row.get("rater")?,
        revision: row.get("revision")?,
        answers_sha256: row.get("answers_sha256")?,
    })
}

/// Forgets what a rater answered so far, and the means to take any of it back.
fn clear(tx: &Connection, study: i64, rater: &str, now_ms: i64) -> Result<()> {
    let key = params![study, rater];
    tx.prepare_cached("DELETE FROM rating_choice WHERE study_id = ?1 AND rater = ?2")?
        .execute(key)?;
    // Scores go with the row of their item.
    tx.prepare_cached("DELETE FROM rating_step_item WHERE study_id = ?1 AND rater = ?2")?
        .execute(key)?;
    let made = presses(tx, study, Some(rater))?;
    let undone: Vec<u32> = made.iter().filter_map(|row| row.payload.undone).collect();
    let open = made
        .iter()
        .filter(|row| !row.payload.back.is_empty() && !undone.contains(&row.seq));
    for row in open {
        let payload = PressPayload {
            undone: Some(row.seq),
            ..PressPayload::default()
        };
        record(tx, (study, rater), (now_ms, RaterAct::Undo), &payload)?;
    }
    Ok(())
}

/// Adds what is not in the record of a rater yet.
fn introduce(tx: &Connection, study: i64, rater: &str, acts: &[RatingPressRow]) -> Result<()> {
    let made = presses(tx, study, Some(rater))?;
    let is_known = |act: &&RatingPressRow| {
        !made
            .iter()
            .any(|row| (row.what, row.at_ms) == (act.what, act.at_ms))
    };
    for act in acts.iter().filter(is_known) {
        record(tx, (study, rater), (act.at_ms, act.what), &act.payload)?;
    }
    Ok(())
}

impl Store {
    /// Records that a rater pack was written.
    ///
    /// # Errors
    /// [`crate::Error::AlreadyLocked`], [`crate::Error::NotFound`].
    pub fn insert_rating_pack(&self, study: i64, pack: &RatingPackRow) -> Result<()> {
        self.write(|tx| {
            require_unlocked(tx, study, &pack.rater)?;
            tx.prepare_cached(
                "INSERT INTO rating_pack (pack_id, study_id, rater, secret, file_sha256, written_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                pack.pack_id,
                study,
                pack.rater,
                pack.secret,
                pack.file_sha256,
                pack.written_at_ms
            ])?;
            let act = NewAct {
                at_ms: pack.written_at_ms,
                actor: OWNER,
                what: StudyAct::PackWritten,
                payload: json!({"rater": pack.rater, "pack": pack.pack_id, "file_sha256": pack.file_sha256}),
            };
            log(tx, study, &act)
        })
    }

    /// The packs of a study, oldest first.
    pub fn rating_packs(&self, study: i64) -> Result<Vec<RatingPackRow>> {
        self.read(|conn| {
            rows(
                conn,
                "SELECT * FROM rating_pack WHERE study_id = ?1 ORDER BY written_at_ms, pack_id",
                study,
                pack_from_row,
            )
        })
    }

    /// The sets of answers that came back to a study.
    pub fn rating_branches(&self, study: i64) -> Result<Vec<RatingBranchRow>> {
        self.read(|conn| {
            rows(
                conn,
                "SELECT rating_branch.* FROM rating_branch JOIN rating_pack USING (pack_id)
                 WHERE study_id = ?1 ORDER BY pack_id, branch",
                study,
                branch_from_row,
            )
        })
    }

    /// Puts the answers of a pack in the place of the rater's earlier ones: all of it or nothing.
    ///
    /// # Errors
    /// [`crate::Error::AlreadyLocked`], [`crate::Error::NotFound`]; answers about what the rater was never shown.
    pub fn merge_rating_answers(
        &self,
        study: i64,
        merge: &PackMerge,
        now_ms: i64,
    ) -> Result<StudyState> {
        let rater = merge.branch.rater.as_str();
        self.write(|tx| {
            if let Some(new) = &merge.new_rater {
                let place: i64 = tx
                    .prepare_cached("SELECT COUNT(*) FROM rating_rater WHERE study_id = ?1")?
                    .query_row(params![study], |row| row.get(0))?;
                insert_rater(tx, study, place, &new.rater)?;
                insert_steps(tx, study, &new.steps)?;
            }
            require_unlocked(tx, study, rater)?;
            clear(tx, study, rater, now_ms)?;
            introduce(tx, study, rater, &merge.introduced)?;
            insert_given(tx, study, &merge.answers)?;
            tx.prepare_cached(
                "INSERT OR REPLACE INTO rating_branch (pack_id, branch, rater, revision, answers_sha256, merged_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                merge.branch.pack_id,
                merge.branch.branch,
                rater,
                merge.branch.revision,
                merge.branch.answers_sha256,
                now_ms
            ])?;
            let (new, replaced) = merge.counts;
            let acts = [
                merge.was_conflict.then_some(StudyAct::Conflict),
                Some(StudyAct::PackMerged),
                merge.locked.then_some(StudyAct::Locked),
            ];
            for what in acts.into_iter().flatten() {
                let act = NewAct {
                    at_ms: now_ms,
                    actor: rater,
                    what,
                    payload: json!({
                        "pack": merge.branch.pack_id, "branch": merge.branch.branch,
                        "revision": merge.branch.revision, "new": new, "replaced": replaced,
                    }),
                };
                log(tx, study, &act)?;
            }
            let state = if merge.locked { RaterState::Locked } else { RaterState::Active };
            tx.prepare_cached(
                "UPDATE rating_rater SET state = ?3, joined_at_ms = COALESCE(joined_at_ms, ?4),
                     locked_at_ms = CASE WHEN ?5 THEN ?4 END
                 WHERE study_id = ?1 AND rater = ?2",
            )?
            .execute(params![study, rater, Word(state), now_ms, merge.locked])?;
            close_if_finished(tx, study, now_ms)
        })
    }
}
