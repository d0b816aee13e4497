//! Models the workspace knows: folders with weights, identified by the hash of their files. Runs copy what they
//! need of a model, so removing one here loses no run.

use super::word;
use crate::{Error, Result, Store};
use contract::{ModelId, ModelName, Thing};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

pub(crate) const SQL: &str = "
CREATE TABLE model (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    path        TEXT NOT NULL,
    parameters  INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    added_at_ms INTEGER NOT NULL
) STRICT;
";

/// A known model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRow {
    /// SHA-256 over the model's files.
    pub id: ModelId,
    /// Name to show.
    pub name: ModelName,
    /// Folder of its files.
    pub path: String,
    /// Number of weights.
    pub parameters: u64,
    /// Size of its files.
    pub bytes: u64,
    /// Time it was added.
    pub added_at_ms: i64,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ModelRow> {
    Ok(ModelRow {
        id: word(row, "id")?,
        name: word(row, "name")?,
        path: row.get("path")?,
        parameters: row.get::<_, i64>("parameters")?.cast_unsigned(),
        bytes: row.get::<_, i64>("bytes")?.cast_unsigned(),
        added_at_ms: row.get("added_at_ms")?,
    })
}

impl Store {
    /// Adds a model, or updates name, path and sizes of the one with this id; the time of adding stays.
    pub fn upsert_model(&self, model: &ModelRow) -> Result<()> {
        self.write(|tx| {
            let (parameters, bytes) = (model.parameters.cast_signed(), model.bytes.cast_signed());
            tx.prepare_cached(
                "INSERT INTO model (id, name, path, parameters, bytes, added_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name, path = excluded.path,
                     parameters = excluded.parameters, bytes = excluded.bytes",
            )?
            .execute(params![model.id.as_str(), model.name.as_str(), model.path, parameters, bytes, model.added_at_ms])?;
            Ok(())
        })
    }

    /// Every known model, by name.
    pub fn models(&self) -> Result<Vec<ModelRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT * FROM model ORDER BY name, id")?;
            Ok(query
                .query_map([], from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Notes where a model's files are now, for itself and for its runs.
    pub fn move_model(&self, id: &ModelId, path: &str) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached("UPDATE model SET path = ?2 WHERE id = ?1")?
                .execute(params![id.as_str(), path])?;
            tx.prepare_cached("UPDATE run SET model_path = ?2 WHERE model_id = ?1")?
                .execute(params![id.as_str(), path])?;
            Ok(())
        })
    }

    /// Forgets a model; its files are left alone.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn remove_model(&self, id: &ModelId) -> Result<()> {
        self.write(|tx| {
            match tx
                .prepare_cached("DELETE FROM model WHERE id = ?1")?
                .execute(params![id.as_str()])?
            {
                0 => Err(Error::NotFound {
                    thing: Thing::Model,
                    key: id.to_string(),
                }),
                _ => Ok(()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn upsert_list_remove() {
        let (_dir, store) = fixture::store();
        let model = |id: &str, name: &str, added_at_ms| ModelRow {
            id: id.into(),
            name: name.into(),
            path: "p".into(),
            parameters: 7,
            bytes: u64::from(u32::MAX) * 8,
            added_at_ms,
        };
        store.upsert_model(&model("1", "b", 5)).unwrap();
        store.upsert_model(&model("2", "a", 6)).unwrap();
        store.upsert_model(&model("1", "c", 9)).unwrap();
        assert_eq!(
            store.models().unwrap(),
            [model("2", "a", 6), model("1", "c", 5)]
        );
        store.move_model(&"2".into(), "q").unwrap();
        assert_eq!(store.models().unwrap()[0].path, "q");
        store.remove_model(&"2".into()).unwrap();
        assert!(matches!(
            store.remove_model(&"2".into()),
            Err(Error::NotFound { .. })
        ));
        assert_eq!(store.models().unwrap().len(), 1);
    }
}
