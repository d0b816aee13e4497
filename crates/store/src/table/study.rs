//! Rating studies: a sample of a run's outputs that people rate without knowing which system wrote them, and the
//! raters with their order. Texts are copied, so a study outlives edits of the data set.

use super::{Json, run};
use crate::error::name_taken;
use crate::{Error, Result, Store};
use contract::Thing;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) const SQL: &str = "
CREATE TABLE study (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id            TEXT NOT NULL REFERENCES run (id) ON DELETE RESTRICT,
    name              TEXT NOT NULL UNIQUE,
    seed              INTEGER NOT NULL,
    criteria          TEXT NOT NULL,
    guideline_version TEXT NOT NULL,
    created_at_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX study_by_run ON study (run_id);
CREATE TABLE study_item (
    study_id   INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    item       INTEGER NOT NULL,
    example_id INTEGER NOT NULL,
    system     TEXT NOT NULL,
    dialogue   TEXT NOT NULL,
    summary    TEXT NOT NULL,
    repeat_of  INTEGER,
    PRIMARY KEY (study_id, item),
    FOREIGN KEY (study_id, repeat_of) REFERENCES study_item (study_id, item)
        DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE TABLE rater (
    study_id     INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    seed         INTEGER NOT NULL,
    \"order\"      TEXT NOT NULL,
    locked_at_ms INTEGER,
    PRIMARY KEY (study_id, name)
) STRICT;
";

/// A study to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewStudy {
    /// The run whose outputs are rated.
    pub run_id: String,
    /// Name, unique in the workspace.
    pub name: String,
    /// Seed of sample and order.
    pub seed: u64,
    /// What is rated, and how it is explained.
    pub criteria: Value,
    /// Version of the guideline that raters read.
    pub guideline_version: String,
    /// Time of creation.
    pub created_at_ms: i64,
}

/// A rating study as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyRow {
    /// Row id.
    pub id: i64,
    /// The run whose outputs are rated.
    pub run_id: String,
    /// Name, unique in the workspace.
    pub name: String,
    /// Seed of sample and order.
    pub seed: u64,
    /// What is rated, and how it is explained.
    pub criteria: Value,
    /// Version of the guideline that raters read.
    pub guideline_version: String,
    /// Time of creation.
    pub created_at_ms: i64,
}

/// An item of a study to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStudyItem {
    /// Number within the study.
    pub item: u32,
    /// The example it shows.
    pub example_id: i64,
    /// The system that wrote the summary.
    pub system: String,
    /// The dialogue's text.
    pub dialogue: String,
    /// The summary to rate.
    pub summary: String,
    /// The item that this one shows once more, to see whether a rater agrees with themselves.
    pub repeat_of: Option<u32>,
}

/// An item of a study. It names the system: not for the rater's eyes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyItemRow {
    /// Row id of the study.
    pub study_id: i64,
    /// Number within the study.
    pub item: u32,
    /// The example it shows; it may have been removed since.
    pub example_id: i64,
    /// The system that wrote the summary.
    pub system: String,
    /// The dialogue's text.
    pub dialogue: String,
    /// The summary to rate.
    pub summary: String,
    /// The item that this one shows once more.
    pub repeat_of: Option<u32>,
}

/// A rater of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaterRow {
    /// Row id of the study.
    pub study_id: i64,
    /// Name, unique in the study.
    pub name: String,
    /// Seed of the order.
    pub seed: u64,
    /// Order in which items are shown.
    pub order: Value,
    /// Time from which the ratings cannot be changed.
    pub locked_at_ms: Option<i64>,
}

fn study_from_row(row: &Row<'_>) -> rusqlite::Result<StudyRow> {
    Ok(StudyRow {
        id: row.get("id")?,
        run_id: row.get("run_id")?,
        name: row.get("name")?,
        seed: row.get::<_, i64>("seed")?.cast_unsigned(),
        criteria: row.get::<_, Json<_>>("criteria")?.0,
        guideline_version: row.get("guideline_version")?,
        created_at_ms: row.get("created_at_ms")?,
    })
}

fn item_from_row(row: &Row<'_>) -> rusqlite::Result<StudyItemRow> {
    Ok(StudyItemRow {
        study_id: row.get("study_id")?,
        item: row.get("item")?,
        example_id: row.get("example_id")?,
        system: row.get("system")?,
        dialogue: row.get("dialogue")?,
        summary: row.get("summary")?,
        repeat_of: row.get("repeat_of")?,
    })
}

fn rater_from_row(row: &Row<'_>) -> rusqlite::Result<RaterRow> {
    Ok(RaterRow {
        study_id: row.get("study_id")?,
        name: row.get("name")?,
        seed: row.get::<_, i64>("seed")?.cast_unsigned(),
        order: row.get::<_, Json<_>>("order")?.0,
        locked_at_ms: row.get("locked_at_ms")?,
    })
}

fn study(conn: &Connection, id: i64) -> Result<StudyRow> {
    conn.prepare_cached("SELECT * FROM study WHERE id = ?1")?
        .query_row(params![id], study_from_row)
        .optional()?
        .ok_or_else(|| Error::NotFound {
            thing: Thing::Study,
            key: id.to_string(),
        })
}

/// Fails where the rater does not exist or their ratings are locked.
pub(crate) fn require_unlocked(conn: &Connection, study_id: i64, rater: &str) -> Result<()> {
    let locked_at_ms: Option<Option<i64>> = conn
        .prepare_cached("SELECT locked_at_ms FROM rater WHERE study_id = ?1 AND name = ?2")?
        .query_row(params![study_id, rater], |r| r.get(0))
        .optional()?;
    match locked_at_ms {
        None => Err(Error::NotFound {
            thing: Thing::Rater,
            key: format!("\"{rater}\" of study with number {study_id}"),
        }),
        Some(Some(_)) => Err(Error::AlreadyLocked {
            rater: rater.to_owned(),
        }),
        Some(None) => Ok(()),
    }
}

fn insert(tx: &Connection, new: &NewStudy, items: &[NewStudyItem]) -> Result<StudyRow> {
    if !tx
        .prepare_cached("SELECT 1 FROM run WHERE id = ?1")?
        .exists(params![new.run_id])?
    {
        return Err(run::no_such(&new.run_id));
    }
    let (seed, criteria) = (new.seed.cast_signed(), Json(&new.criteria));
    tx.prepare_cached(
        "INSERT INTO study (run_id, name, seed, criteria, guideline_version, created_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        new.run_id,
        new.name,
        seed,
        criteria,
        new.guideline_version,
        new.created_at_ms
    ])
    .map_err(|e| name_taken(e, Thing::Study, &new.name))?;
    let id = tx.last_insert_rowid();
    let mut insert = tx.prepare_cached(
        "INSERT INTO study_item (study_id, item, example_id, system, dialogue, summary, repeat_of)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for i in items {
        insert.execute(params![
            id,
            i.item,
            i.example_id,
            i.system,
            i.dialogue,
            i.summary,
            i.repeat_of
        ])?;
    }
    study(tx, id)
}

impl Store {
    /// Creates a study with its items.
    ///
    /// # Errors
    /// [`Error::NameTaken`], [`Error::NoSuchRun`].
    pub fn insert_study(&self, new: &NewStudy, items: &[NewStudyItem]) -> Result<StudyRow> {
        self.write(|tx| insert(tx, new, items))
    }

    /// Every study, newest first.
    pub fn studies(&self) -> Result<Vec<StudyRow>> {
        self.read(|conn| {
            let mut query =
                conn.prepare_cached("SELECT * FROM study ORDER BY created_at_ms DESC, id DESC")?;
            Ok(query
                .query_map([], study_from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The study `id`.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn study(&self, id: i64) -> Result<StudyRow> {
        self.read(|conn| study(conn, id))
    }

    /// Removes a study with its items, raters and ratings.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn delete_study(&self, id: i64) -> Result<()> {
        self.write(|tx| {
            study(tx, id)?;
            tx.prepare_cached("DELETE FROM study WHERE id = ?1")?
                .execute(params![id])?;
            Ok(())
        })
    }

    /// The items of a study in order. They name the systems: not for the rater's eyes before the lock.
    pub fn study_items(&self, study_id: i64) -> Result<Vec<StudyItemRow>> {
        self.read(|conn| {
            let mut query =
                conn.prepare_cached("SELECT * FROM study_item WHERE study_id = ?1 ORDER BY item")?;
            Ok(query
                .query_map(params![study_id], item_from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Adds a rater with the order in which they see the items.
    ///
    /// # Errors
    /// [`Error::NameTaken`], [`Error::NotFound`] where the study does not exist.
    pub fn add_rater(&self, study_id: i64, name: &str, seed: u64, order: &Value) -> Result<()> {
        self.write(|tx| {
            study(tx, study_id)?;
            tx.prepare_cached(
                "INSERT INTO rater (study_id, name, seed, \"order\") VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![study_id, name, seed.cast_signed(), Json(order)])
            .map_err(|e| name_taken(e, Thing::Rater, name))?;
            Ok(())
        })
    }

    /// The raters of a study, by name.
    pub fn raters(&self, study_id: i64) -> Result<Vec<RaterRow>> {
        self.read(|conn| {
            let mut query =
                conn.prepare_cached("SELECT * FROM rater WHERE study_id = ?1 ORDER BY name")?;
            Ok(query
                .query_map(params![study_id], rater_from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Locks a rater's ratings for good.
    ///
    /// # Errors
    /// [`Error::AlreadyLocked`], [`Error::NotFound`].
    pub fn lock_rater(&self, study_id: i64, name: &str, now_ms: i64) -> Result<()> {
        self.write(|tx| {
            require_unlocked(tx, study_id, name)?;
            tx.prepare_cached(
                "UPDATE rater SET locked_at_ms = ?3 WHERE study_id = ?1 AND name = ?2",
            )?
            .execute(params![study_id, name, now_ms])?;
            Ok(())
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::json;

    pub(crate) fn item(item: u32, repeat_of: Option<u32>) -> NewStudyItem {
        NewStudyItem {
            item,
            example_id: 4,
            system: "sft_real".into(),
            dialogue: "A: hi".into(),
            summary: "A greets.".into(),
            repeat_of,
        }
    }

    pub(crate) fn new_study(name: &str) -> NewStudy {
        NewStudy {
            run_id: "r".into(),
            name: name.into(),
            seed: u64::MAX,
            criteria: json!(["fluency"]),
            guideline_version: "1".into(),
            created_at_ms: 3,
        }
    }

    #[test]
    fn studies_items_raters() {
        let (_dir, store) = fixture::store();
        assert!(matches!(
            store.insert_study(&new_study("s"), &[]),
            Err(Error::NoSuchRun { .. })
        ));
        fixture::run(&store, "r");
        let made = store
            .insert_study(&new_study("s"), &[item(0, Some(1)), item(1, None)])
            .unwrap();
        assert_eq!((made.seed, &made.criteria), (u64::MAX, &json!(["fluency"])));
        assert_eq!(store.studies().unwrap(), std::slice::from_ref(&made));
        assert_eq!(store.study(made.id).unwrap(), made);
        let items = store.study_items(made.id).unwrap();
        assert_eq!(
            (items.len(), items[0].repeat_of, items[1].repeat_of),
            (2, Some(1), None)
        );
        store.add_rater(made.id, "me", 5, &json!([1, 0])).unwrap();
        assert!(matches!(
            store.add_rater(made.id, "me", 5, &json!([])),
            Err(Error::NameTaken { .. })
        ));
        assert!(matches!(
            store.add_rater(99, "me", 5, &json!([])),
            Err(Error::NotFound { .. })
        ));
        let raters = store.raters(made.id).unwrap();
        assert_eq!(
            (&raters[0].order, raters[0].seed, raters[0].locked_at_ms),
            (&json!([1, 0]), 5, None)
        );
        store.lock_rater(made.id, "me", 8).unwrap();
        assert_eq!(store.raters(made.id).unwrap()[0].locked_at_ms, Some(8));
        assert!(matches!(
            store.lock_rater(made.id, "me", 9),
            Err(Error::AlreadyLocked { .. })
        ));
        assert!(matches!(
            store.lock_rater(made.id, "you", 9),
            Err(Error::NotFound { .. })
        ));
    }

    #[test]
    fn failed_inserts_leave_nothing() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        assert!(
            store
                .insert_study(&new_study("s"), &[item(0, None), item(0, None)])
                .is_err()
        );
        assert!(
            store
                .insert_study(&new_study("s"), &[item(0, Some(7))])
                .is_err()
        );
        assert!(store.studies().unwrap().is_empty());
        store.insert_study(&new_study("s"), &[]).unwrap();
        assert!(matches!(
            store.insert_study(&new_study("s"), &[]),
            Err(Error::NameTaken { .. })
        ));
    }

    #[test]
    fn a_rated_run_stays_until_its_study_goes() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let id = store
            .insert_study(&new_study("s"), &[item(0, None)])
            .unwrap()
            .id;
        store.add_rater(id, "me", 1, &json!([0])).unwrap();
        assert!(matches!(store.delete_run("r"), Err(Error::InUse { .. })));
        store.delete_study(id).unwrap();
        assert!(store.study_items(id).unwrap().is_empty() && store.raters(id).unwrap().is_empty());
        store.delete_run("r").unwrap();
    }
}
