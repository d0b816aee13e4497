//! What is decided about a study's scores after its results are open: a settled score with its reason is kept beside
//! the raters' scores and never replaces them.

use super::rating_acts::{NewAct, OWNER, Opened, log};
use super::rating_study::rows;
use crate::{Result, Store};
use contract::StudyAct;
use rusqlite::params;
use serde_json::json;

pub(crate) const SQL: &str = "
CREATE TABLE rating_adjudication (
    study_id  INTEGER NOT NULL,
    item      INTEGER NOT NULL,
    criterion TEXT NOT NULL,
    score     INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (study_id, item, criterion),
    FOREIGN KEY (study_id, item) REFERENCES rating_item (study_id, item) ON DELETE CASCADE
) STRICT;
";

/// A score that was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingAdjudicationRow {
    /// Number of the item.
    pub item: u32,
    /// The criterion.
    pub criterion: String,
    /// The score; whoever writes it has checked it against the criterion's scale.
    pub score: u8,
    /// Why it was settled that way.
    pub reason: String,
    /// When it was settled.
    pub at_ms: i64,
}

impl Store {
    /// Settles a score; an earlier settlement of it gives way, and the log keeps both.
    ///
    /// # Errors
    /// An item that the study does not have.
    pub fn adjudicate(&self, opened: &Opened, row: &RatingAdjudicationRow) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT OR REPLACE INTO rating_adjudication (study_id, item, criterion, score, reason, at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                opened.study(),
                row.item,
                row.criterion,
                row.score,
                row.reason,
                row.at_ms
            ])?;
            let act = NewAct {
                at_ms: row.at_ms,
                actor: OWNER,
                what: StudyAct::Adjudicated,
                payload: json!({
                    "item": row.item, "criterion": row.criterion, "score": row.score, "reason": row.reason,
                }),
            };
            log(tx, opened.study(), &act)
        })
    }

    /// The settled scores of a study.
    pub fn adjudications(&self, opened: &Opened) -> Result<Vec<RatingAdjudicationRow>> {
        self.read(|conn| {
            rows(
                conn,
                "SELECT * FROM rating_adjudication WHERE study_id = ?1 ORDER BY item, criterion",
                opened.study(),
                |row| {
                    Ok(RatingAdjudicationRow {
                        item: row.get("item")?,
                        criterion: row.get("criterion")?,
                        score: row.get("score")?,
                        reason: row.get("reason")?,
                        at_ms: row.get("at_ms")?,
                    })
                },
            )
        })
    }
}
