//! Ratings: what a rater gave an item of a study on a criterion, and how far they are with each item.

use super::{Word, study, word};
use crate::{Error, Result, Store};
use contract::{ItemState, Thing};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

pub(crate) const SQL: &str = "
CREATE TABLE rating (
    study_id  INTEGER NOT NULL,
    item      INTEGER NOT NULL,
    rater     TEXT NOT NULL,
    criterion TEXT NOT NULL,
    score     INTEGER NOT NULL CHECK (score BETWEEN 1 AND 5),
    time_ms   INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (study_id, item, rater, criterion),
    FOREIGN KEY (study_id, item) REFERENCES study_item (study_id, item) ON DELETE CASCADE,
    FOREIGN KEY (study_id, rater) REFERENCES rater (study_id, name) ON DELETE CASCADE
) STRICT;
CREATE TABLE item_state (
    study_id INTEGER NOT NULL,
    item     INTEGER NOT NULL,
    rater    TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('draft', 'done', 'skipped')),
    note     TEXT NOT NULL,
    PRIMARY KEY (study_id, item, rater),
    FOREIGN KEY (study_id, item) REFERENCES study_item (study_id, item) ON DELETE CASCADE,
    FOREIGN KEY (study_id, rater) REFERENCES rater (study_id, name) ON DELETE CASCADE
) STRICT;
";

/// One score of one rater on one criterion of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingRow {
    /// Row id of the study.
    pub study_id: i64,
    /// Number of the item within the study.
    pub item: u32,
    /// Name of the rater.
    pub rater: String,
    /// The criterion's word.
    pub criterion: String,
    /// 1 (worst) to 5 (best).
    pub score: u8,
    /// Time spent on it.
    pub time_ms: i64,
    /// When it was given.
    pub at_ms: i64,
}

/// How far a rater is with an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemStateRow {
    /// Row id of the study.
    pub study_id: i64,
    /// Number of the item within the study.
    pub item: u32,
    /// Name of the rater.
    pub rater: String,
    /// How far they are.
    pub state: ItemState,
    /// The rater's remark, may be empty.
    pub note: String,
}

fn rating_from_row(row: &Row<'_>) -> rusqlite::Result<RatingRow> {
    Ok(RatingRow {
        study_id: row.get("study_id")?,
        item: row.get("item")?,
        rater: row.get("rater")?,
        criterion: row.get("criterion")?,
        score: row.get("score")?,
        time_ms: row.get("time_ms")?,
        at_ms: row.get("at_ms")?,
    })
}

fn state_from_row(row: &Row<'_>) -> rusqlite::Result<ItemStateRow> {
    Ok(ItemStateRow {
        study_id: row.get("study_id")?,
        item: row.get("item")?,
        rater: row.get("rater")?,
        state: word(row, "state")?,
        note: row.get("note")?,
    })
}

fn require_item(conn: &Connection, study_id: i64, item: u32) -> Result<()> {
    let mut query =
        conn.prepare_cached("SELECT 1 FROM study_item WHERE study_id = ?1 AND item = ?2")?;
    if query.exists(params![study_id, item])? {
        return Ok(());
    }
    Err(Error::NotFound {
        thing: Thing::Item,
        key: format!("{item} of rating study {study_id}"),
    })
}

impl Store {
    /// Gives ratings, replacing older ones of the same item, rater and criterion; all or none.
    ///
    /// # Errors
    /// [`Error::ScoreOutOfRange`], [`Error::AlreadyLocked`], [`Error::NotFound`].
    pub fn set_ratings(&self, ratings: &[RatingRow]) -> Result<()> {
        self.write(|tx| {
            for r in ratings {
                if !(1..=5).contains(&r.score) {
                    return Err(Error::ScoreOutOfRange { score: r.score.into() });
                }
                study::require_unlocked(tx, r.study_id, &r.rater)?;
                require_item(tx, r.study_id, r.item)?;
                tx.prepare_cached(
                    "INSERT OR REPLACE INTO rating (study_id, item, rater, criterion, score, time_ms, at_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    r.study_id,
                    r.item,
                    r.rater,
                    r.criterion,
                    r.score,
                    r.time_ms,
                    r.at_ms
                ])?;
            }
            Ok(())
        })
    }

    /// [`Store::set_ratings`] with one rating.
    ///
    /// # Errors
    /// As there.
    pub fn set_rating(&self, rating: &RatingRow) -> Result<()> {
        self.set_ratings(std::slice::from_ref(rating))
    }

    /// Takes a rating back; does nothing if there is none.
    ///
    /// # Errors
    /// [`Error::AlreadyLocked`], [`Error::NotFound`] where the rater does not exist.
    pub fn clear_rating(
        &self,
        study_id: i64,
        item: u32,
        rater: &str,
        criterion: &str,
    ) -> Result<()> {
        self.write(|tx| {
            study::require_unlocked(tx, study_id, rater)?;
            tx.prepare_cached(
                "DELETE FROM rating WHERE study_id = ?1 AND item = ?2 AND rater = ?3 AND criterion = ?4",
            )?
            .execute(params![study_id, item, rater, criterion])?;
            Ok(())
        })
    }

    /// The ratings of a study, of one rater or of all, by rater, item and criterion.
    pub fn ratings(&self, study_id: i64, rater: Option<&str>) -> Result<Vec<RatingRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT * FROM rating WHERE study_id = ?1 AND (?2 IS NULL OR rater = ?2)
                 ORDER BY rater, item, criterion",
            )?;
            Ok(query
                .query_map(params![study_id, rater], rating_from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Records how far a rater is with an item.
    ///
    /// # Errors
    /// [`Error::AlreadyLocked`], [`Error::NotFound`].
    pub fn set_item_state(&self, state: &ItemStateRow) -> Result<()> {
        self.write(|tx| {
            study::require_unlocked(tx, state.study_id, &state.rater)?;
            require_item(tx, state.study_id, state.item)?;
            tx.prepare_cached(
                "INSERT OR REPLACE INTO item_state (study_id, item, rater, state, note) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![state.study_id, state.item, state.rater, Word(state.state), state.note])?;
            Ok(())
        })
    }

    /// How far raters are, one or all, by rater and item; items not begun are left out.
    pub fn item_states(&self, study_id: i64, rater: Option<&str>) -> Result<Vec<ItemStateRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT * FROM item_state WHERE study_id = ?1 AND (?2 IS NULL OR rater = ?2) ORDER BY rater, item",
            )?;
            Ok(query.query_map(params![study_id, rater], state_from_row)?.collect::<rusqlite::Result<_>>()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::table::study::tests::{item, new_study};
    use serde_json::json;

    fn with_study() -> (tempfile::TempDir, Store, i64) {
        let (dir, store) = fixture::store();
        fixture::run(&store, "r");
        let id = store
            .insert_study(&new_study("s"), &[item(0, None), item(1, None)])
            .unwrap()
            .id;
        store.add_rater(id, "b", 1, &json!([0, 1])).unwrap();
        store.add_rater(id, "a", 2, &json!([1, 0])).unwrap();
        (dir, store, id)
    }

    fn rating(study_id: i64, rater: &str, item: u32, score: u8) -> RatingRow {
        let criterion = "fluency".into();
        RatingRow {
            study_id,
            item,
            rater: rater.into(),
            criterion,
            score,
            time_ms: 900,
            at_ms: 5,
        }
    }

    #[test]
    fn set_change_clear_list() {
        let (_dir, store, id) = with_study();
        store.set_rating(&rating(id, "b", 0, 1)).unwrap();
        store.set_rating(&rating(id, "b", 0, 5)).unwrap();
        store
            .set_ratings(&[rating(id, "a", 1, 2), rating(id, "a", 0, 3)])
            .unwrap();
        let stored = store.ratings(id, None).unwrap();
        assert_eq!(
            stored,
            [
                rating(id, "a", 0, 3),
                rating(id, "a", 1, 2),
                rating(id, "b", 0, 5)
            ]
        );
        assert_eq!(store.ratings(id, Some("b")).unwrap(), stored[2..]);
        store.clear_rating(id, 0, "b", "fluency").unwrap();
        assert!(store.ratings(id, Some("b")).unwrap().is_empty());
    }

    #[test]
    fn bad_ratings_change_nothing() {
        let (_dir, store, id) = with_study();
        let good = rating(id, "a", 0, 3);
        for score in [0, 6] {
            let bad = [good.clone(), rating(id, "a", 1, score)];
            assert!(matches!(
                store.set_ratings(&bad),
                Err(Error::ScoreOutOfRange { .. })
            ));
        }
        for bad in [
            rating(id, "a", 9, 3),
            rating(id, "nobody", 0, 3),
            rating(99, "a", 0, 3),
        ] {
            assert!(matches!(
                store.set_ratings(&[good.clone(), bad]),
                Err(Error::NotFound { .. })
            ));
        }
        assert!(store.ratings(id, None).unwrap().is_empty());
    }

    #[test]
    fn a_lock_is_final_and_for_one_rater() {
        let (_dir, store, id) = with_study();
        let state = |rater: &str, state, note: &str| ItemStateRow {
            study_id: id,
            item: 0,
            rater: rater.into(),
            state,
            note: note.into(),
        };
        store
            .set_item_state(&state("a", ItemState::Draft, ""))
            .unwrap();
        store
            .set_item_state(&state("a", ItemState::Done, "odd"))
            .unwrap();
        store.set_rating(&rating(id, "a", 0, 3)).unwrap();
        store.lock_rater(id, "a", 10).unwrap();
        for error in [
            store.set_rating(&rating(id, "a", 0, 4)).unwrap_err(),
            store.clear_rating(id, 0, "a", "fluency").unwrap_err(),
            store
                .set_item_state(&state("a", ItemState::Skipped, ""))
                .unwrap_err(),
        ] {
            assert!(matches!(error, Error::AlreadyLocked { .. }), "{error}");
        }
        assert_eq!(
            store.ratings(id, Some("a")).unwrap(),
            [rating(id, "a", 0, 3)]
        );
        store
            .set_item_state(&state("b", ItemState::Skipped, ""))
            .unwrap();
        let states = store.item_states(id, None).unwrap();
        assert_eq!(
            states,
            [
                state("a", ItemState::Done, "odd"),
                state("b", ItemState::Skipped, "")
            ]
        );
        assert_eq!(store.item_states(id, Some("b")).unwrap(), states[1..]);
    }

    #[test]
    fn a_removed_study_takes_its_ratings() {
        let (_dir, store, id) = with_study();
        store.set_rating(&rating(id, "a", 0, 3)).unwrap();
        store.delete_study(id).unwrap();
        assert!(store.ratings(id, None).unwrap().is_empty());
    }
}
