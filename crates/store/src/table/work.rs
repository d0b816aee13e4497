//! Partial results inside a part, by key: what a resumed part need not redo. Gone with the part's commit.

use super::{Json, Word, stage};
use crate::{Result, Store};
use contract::{Part, RunId, StageName};
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

// Recreated with the table of parts (`super::part`).
pub(crate) const SQL: &str = "
CREATE TABLE work (
    run_id TEXT NOT NULL,
    stage  TEXT NOT NULL,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (run_id, stage, key),
    FOREIGN KEY (run_id, stage) REFERENCES stage (run_id, name) ON DELETE CASCADE
) STRICT;
";

impl Store {
    /// Keeps a partial result, replacing an older one of the same key.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] where the run lacks the stage, [`crate::Error::LeaseLost`].
    pub fn put_work(&self, run: &RunId, part: Part, key: &str, value: &Value) -> Result<()> {
        self.write_run(run, |tx| {
            stage::require(tx, run, part.stage())?;
            tx.prepare_cached(
                "INSERT OR REPLACE INTO work (run_id, stage, part, key, value) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![run.as_str(), Word(part.stage()), part.name(), key, Json(value)])?;
            Ok(())
        })
    }

    /// The partial result of a key.
    pub fn work(&self, run: &RunId, part: Part, key: &str) -> Result<Option<Value>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT value FROM work WHERE run_id = ?1 AND stage = ?2 AND part = ?3 AND key = ?4",
            )?;
            let key = params![run.as_str(), Word(part.stage()), part.name(), key];
            let found = query
                .query_row(key, |r| r.get::<_, Json<Value>>(0))
                .optional()?;
            Ok(found.map(|json| json.0))
        })
    }

    /// Every partial result of a stage, parts and keys in byte order.
    pub fn work_all(&self, run: &RunId, stage: StageName) -> Result<Vec<(String, Value)>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT key, value FROM work WHERE run_id = ?1 AND stage = ?2 ORDER BY part, key",
            )?;
            let rows = query.query_map(params![run.as_str(), Word(stage)], |r| {
                Ok((r.get(0)?, r.get::<_, Json<Value>>(1)?.0))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Throws the partial results of a stage away.
    ///
    /// # Errors
    /// [`crate::Error::LeaseLost`].
    pub fn clear_work(&self, run: &RunId, stage: StageName) -> Result<()> {
        self.write_run(run, |tx| {
            tx.prepare_cached("DELETE FROM work WHERE run_id = ?1 AND stage = ?2")?
                .execute(params![run.as_str(), Word(stage)])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Error, fixture};
    use contract::{Part, StageName};
    use serde_json::json;

    #[test]
    fn put_get_clear() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        store
            .put_work(&"r".into(), Part::Whole(StageName::Topics), "b", &json!(1))
            .unwrap();
        store
            .put_work(
                &"r".into(),
                Part::Whole(StageName::Topics),
                "a",
                &json!([null]),
            )
            .unwrap();
        store
            .put_work(&"r".into(), Part::Whole(StageName::Topics), "b", &json!(2))
            .unwrap();
        store
            .put_work(
                &"r".into(),
                Part::Whole(StageName::Summaries),
                "b",
                &json!(3),
            )
            .unwrap();
        assert_eq!(
            store
                .work(&"r".into(), Part::Whole(StageName::Topics), "b")
                .unwrap(),
            Some(json!(2))
        );
        assert_eq!(
            store
                .work(&"r".into(), Part::Whole(StageName::Topics), "c")
                .unwrap(),
            None
        );
        assert_eq!(
            store.work_all(&"r".into(), StageName::Topics).unwrap(),
            [("a".into(), json!([null])), ("b".into(), json!(2))]
        );
        store.clear_work(&"r".into(), StageName::Topics).unwrap();
        assert!(
            store
                .work_all(&"r".into(), StageName::Topics)
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            store
                .work_all(&"r".into(), StageName::Summaries)
                .unwrap()
                .len(),
            1
        );
        assert!(matches!(
            store.put_work(&"r".into(), Part::Whole(StageName::Align), "k", &json!(1)),
            Err(Error::NotFound { .. })
        ));
    }
}
