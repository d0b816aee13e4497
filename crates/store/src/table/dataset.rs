//! Data sets: a named collection of examples, imported from one or several files.

use super::example::{ExampleRow, NewExample, insert_examples, of_dataset};
use super::{Json, word};
use crate::error::name_taken;
use crate::{Error, Result, Store};
use contract::{DatasetName, SplitCounts, Thing};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) const SQL: &str = "
PRAGMA application_id = 0x44554f4c;
CREATE TABLE dataset (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL UNIQUE,
    format        TEXT NOT NULL,
    mapping       TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
";

/// A data set to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDataset {
    /// Name, unique in the workspace.
    pub name: DatasetName,
    /// Import format, as the importer calls it.
    pub format: String,
    /// Which column became what.
    pub mapping: Value,
    /// Time of import.
    pub created_at_ms: i64,
}

/// A data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetRow {
    /// Key; never given to another data set.
    pub id: i64,
    /// Name, unique in the workspace.
    pub name: DatasetName,
    /// Import format, for instance `samsum_json`.
    pub format: String,
    /// Which column became what.
    pub mapping: Value,
    /// Time of import.
    pub created_at_ms: i64,
    /// Number of examples per split.
    pub counts: SplitCounts,
    /// Those of them that wait for a summary.
    #[serde(default)]
    pub unsummarised: u64,
}

const SELECT: &str = "
SELECT id, name, format, mapping, created_at_ms,
    (SELECT COUNT(*) FROM example WHERE dataset_id = dataset.id AND split = 'train') AS train,
    (SELECT COUNT(*) FROM example WHERE dataset_id = dataset.id AND split = 'validation') AS validation,
    (SELECT COUNT(*) FROM example WHERE dataset_id = dataset.id AND split = 'test') AS test,
    (SELECT COUNT(*) FROM example WHERE dataset_id = dataset.id AND \"references\" = '[]') AS unsummarised
FROM dataset";

fn from_row(row: &Row<'_>) -> rusqlite::Result<DatasetRow> {
    let count = |name: &str| row.get::<_, i64>(name).map(i64::cast_unsigned);
    Ok(DatasetRow {
        id: row.get("id")?,
        name: word(row, "name")?,
        format: row.get("format")?,
        mapping: row.get::<_, Json<_>>("mapping")?.0,
        created_at_ms: row.get("created_at_ms")?,
        counts: SplitCounts {
            train: count("train")?,
            validation: count("validation")?,
            test: count("test")?,
        },
        unsummarised: count("unsummarised")?,
    })
}

/// The data set `id`.
pub(crate) fn by_id(conn: &Connection, id: i64) -> Result<DatasetRow> {
    conn.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
        .query_row(params![id], from_row)
        .optional()?
        .ok_or_else(|| Error::NotFound {
            thing: Thing::Dataset,
            key: id.to_string(),
        })
}

/// The data set called `name`, if there is one.
pub(crate) fn by_name(conn: &Connection, name: &DatasetName) -> Result<Option<DatasetRow>> {
    Ok(conn
        .prepare_cached(&format!("{SELECT} WHERE name = ?1"))?
        .query_row(params![name.as_str()], from_row)
        .optional()?)
}

/// Makes a data set without examples; its key.
pub(crate) fn insert(tx: &Connection, new: &NewDataset) -> Result<i64> {
    tx.prepare_cached(
        "INSERT INTO dataset (name, format, mapping, created_at_ms) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        new.name.as_str(),
        new.format,
        Json(&new.mapping),
        new.created_at_ms
    ])
    .map_err(|e| name_taken(e, Thing::Dataset, &new.name))?;
    Ok(tx.last_insert_rowid())
}

impl Store {
    /// Creates a data set with its examples, positions in the given order.
    ///
    /// # Errors
    /// [`Error::NameTaken`].
    pub fn insert_dataset(&self, new: &NewDataset, examples: &[NewExample]) -> Result<DatasetRow> {
        self.write(|tx| {
            let id = insert(tx, new)?;
            insert_examples(tx, id, None, examples)?;
            by_id(tx, id)
        })
    }

    /// Every data set, by name.
    pub fn datasets(&self) -> Result<Vec<DatasetRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(&format!("{SELECT} ORDER BY name"))?;
            Ok(query
                .query_map([], from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The data set called `name`.
    ///
    /// # Errors
    /// [`Error::NoSuchDataset`] with the existing names.
    pub fn dataset(&self, name: &DatasetName) -> Result<DatasetRow> {
        self.read(|conn| {
            if let Some(found) = by_name(conn, name)? {
                return Ok(found);
            }
            let mut query = conn.prepare_cached("SELECT name FROM dataset ORDER BY name")?;
            let known = query
                .query_map([], |r| r.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            Err(Error::NoSuchDataset {
                name: name.to_string(),
                known,
            })
        })
    }

    /// The examples of the data set called `name`, in order; none if there is no such data set.
    pub fn examples_of(&self, name: &DatasetName) -> Result<Vec<ExampleRow>> {
        self.read(|conn| match by_name(conn, name)? {
            Some(dataset) => of_dataset(conn, dataset.id, None),
            None => Ok(Vec::new()),
        })
    }

    /// The data set with key `id`.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn dataset_by_id(&self, id: i64) -> Result<DatasetRow> {
        self.read(|conn| by_id(conn, id))
    }

    /// Removes a data set with its examples.
    ///
    /// # Errors
    /// [`Error::InUse`] while runs were made from it, [`Error::NotFound`].
    pub fn delete_dataset(&self, id: i64) -> Result<()> {
        self.write(|tx| {
            let name = by_id(tx, id)?.name;
            let runs: i64 = tx
                .prepare_cached("SELECT COUNT(*) FROM run WHERE dataset_id = ?1")?
                .query_row(params![id], |r| r.get(0))?;
            if runs > 0 {
                return Err(Error::InUse {
                    thing: Thing::Dataset,
                    name: name.into(),
                    by: Thing::Run,
                    count: runs as usize,
                });
            }
            tx.prepare_cached("DELETE FROM dataset WHERE id = ?1")?
                .execute(params![id])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn counts_and_lookup() {
        let (_dir, store) = fixture::store();
        let id = fixture::dataset(&store, "b");
        fixture::dataset(&store, "a");
        let listed = store.datasets().unwrap();
        assert_eq!(
            listed.iter().map(|d| d.name.as_str()).collect::<Vec<_>>(),
            ["a", "b"]
        );
        let dataset = store.dataset(&"b".into()).unwrap();
        assert_eq!(dataset, listed[1]);
        assert_eq!(dataset, store.dataset_by_id(id).unwrap());
        assert_eq!(
            dataset.counts,
            SplitCounts {
                train: 2,
                validation: 1,
                test: 1
            }
        );
        let Err(Error::NoSuchDataset { known, .. }) = store.dataset(&"c".into()) else {
            panic!("found")
        };
        assert_eq!(known, ["a", "b"]);
    }

    #[test]
    fn a_taken_name_changes_nothing() {
        let (_dir, store) = fixture::store();
        fixture::dataset(&store, "a");
        let before = store.datasets().unwrap();
        let new = NewDataset {
            name: "a".into(),
            format: "csv".into(),
            mapping: Value::Null,
            created_at_ms: 2,
        };
        assert!(matches!(
            store.insert_dataset(&new, &[]),
            Err(Error::NameTaken { .. })
        ));
        assert_eq!(store.datasets().unwrap(), before);
    }

    #[test]
    fn deletion_takes_examples_along_and_spares_what_runs_use() {
        let (_dir, store) = fixture::store();
        let free = fixture::dataset(&store, "free");
        let used = fixture::dataset(&store, "used");
        fixture::run_on(&store, "r", used, 1);
        store.delete_dataset(free).unwrap();
        assert!(store.examples(free, None).unwrap().is_empty());
        assert!(matches!(
            store.delete_dataset(used),
            Err(Error::InUse { .. })
        ));
        assert!(matches!(
            store.delete_dataset(free),
            Err(Error::NotFound { .. })
        ));
        store.delete_run(&"r".into()).unwrap();
        store.delete_dataset(used).unwrap();
        assert!(store.datasets().unwrap().is_empty());
    }
}
