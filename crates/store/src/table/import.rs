//! Imports: which examples came into a data set together, from which files, and what had to go for them, so that a
//! whole import can be undone.

use super::example::{NewExample, insert_examples, of_dataset, remove_examples};
use super::{Json, Word, dataset};
use crate::table::dataset::NewDataset;
use crate::{Error, ExampleRow, Result, Store};
use contract::{PastImport, RunId, SplitCounts, Thing};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;
use std::collections::HashSet;

pub(crate) const SQL: &str = "
CREATE TABLE import (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset_id INTEGER NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
    at_ms      INTEGER NOT NULL,
    files      TEXT NOT NULL,
    counts     TEXT NOT NULL,
    removed    TEXT NOT NULL
) STRICT;
ALTER TABLE example ADD COLUMN import_id INTEGER REFERENCES import (id) ON DELETE SET NULL;
CREATE INDEX example_by_import ON example (import_id);
";

/// An import as it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct NewImport {
    /// The data set, which is made if there is none of its name. Its time is the import's.
    pub dataset: NewDataset,
    /// The files, as given.
    pub files: Vec<String>,
}

/// What an import changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Keys of examples that go.
    pub removed: Vec<i64>,
    /// Examples that come, in order.
    pub added: Vec<NewExample>,
}

/// A run, and the record of the examples that it reads.
#[derive(Debug, Clone, PartialEq)]
pub struct RunExamples {
    /// The run's id.
    pub run: RunId,
    /// As [`crate::RunRow::shots`].
    pub examples: Value,
}

/// What undoing an import would change.
#[derive(Debug, Clone, PartialEq)]
pub struct Undo {
    /// The examples that came with it and are still there.
    pub leaving: Vec<ExampleRow>,
    /// The other examples of the data set.
    pub staying: Vec<ExampleRow>,
    /// The examples that went for it.
    pub removed: Vec<NewExample>,
    /// The data set's runs.
    pub runs: Vec<RunExamples>,
}

fn import_row(row: &Row<'_>) -> rusqlite::Result<PastImport> {
    Ok(PastImport {
        id: row.get("id")?,
        at_ms: row.get("at_ms")?,
        files: row.get::<_, Json<_>>("files")?.0,
        counts: row.get::<_, Json<_>>("counts")?.0,
        present: row.get::<_, i64>("present")?.cast_unsigned(),
    })
}

/// Enters the import with what it changes; its number.
fn insert(
    tx: &Connection,
    dataset_id: i64,
    new: &NewImport,
    removed: &[NewExample],
    added: &[NewExample],
) -> Result<i64> {
    let mut counts = SplitCounts::default();
    added.iter().for_each(|example| counts.add(example.split));
    tx.prepare_cached(
        "INSERT INTO import (dataset_id, at_ms, files, counts, removed) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        dataset_id,
        new.dataset.created_at_ms,
        Json(&new.files),
        Json(&counts),
        Json(&removed)
    ])?;
    let id = tx.last_insert_rowid();
    insert_examples(tx, dataset_id, Some(id), added)?;
    Ok(id)
}

impl Store {
    /// Brings an import into a data set in one transaction over all processes: `decide` is handed the data set's
    /// examples and says what changes, while no other process can write. Returns the import's number, none if
    /// nothing changes, with the answer of `decide`.
    ///
    /// # Errors
    /// Whatever `decide` refuses; nothing is changed then.
    pub fn import<T, E: From<Error>>(
        &self,
        new: &NewImport,
        decide: impl FnOnce(&[ExampleRow]) -> std::result::Result<(Changes, T), E>,
    ) -> std::result::Result<(Option<i64>, T), E> {
        let name = &new.dataset.name;
        let decided = self.write(|tx| {
            let known = dataset::by_name(tx, name)?;
            let standing = match &known {
                Some(dataset) => of_dataset(tx, dataset.id, None)?,
                None => Vec::new(),
            };
            let (changes, answer) = match decide(&standing) {
                Ok(decided) => decided,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if changes == Changes::default() {
                return Ok(Ok((None, answer)));
            }
            let dataset_id = match known {
                Some(dataset) => dataset.id,
                None => dataset::insert(tx, &new.dataset)?,
            };
            let gone = |row: &&ExampleRow| changes.removed.contains(&row.id);
            let removed: Vec<NewExample> = standing.iter().filter(gone).map(Into::into).collect();
            remove_examples(tx, dataset_id, &changes.removed)?;
            let id = insert(tx, dataset_id, new, &removed, &changes.added)?;
            Ok(Ok((Some(id), answer)))
        });
        decided?
    }

    /// The imports of a data set, the newest first.
    pub fn imports(&self, dataset_id: i64) -> Result<Vec<PastImport>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT *, (SELECT COUNT(*) FROM example WHERE import_id = import.id) AS present
                 FROM import WHERE dataset_id = ?1 ORDER BY id DESC",
            )?;
            Ok(query
                .query_map(params![dataset_id], import_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Undoes an import: its examples go, and the data set goes if nothing is left in it. `decide` is handed what would
    /// change and says which examples come back, or objects. Returns how many went.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the data set has no such import, and whatever `decide` says.
    pub fn undo_import<E: From<Error>>(
        &self,
        dataset_id: i64,
        import: i64,
        decide: impl FnOnce(Undo) -> std::result::Result<Vec<NewExample>, E>,
    ) -> std::result::Result<usize, E> {
        let undone = self.write(|tx| {
            let undo = to_undo(tx, dataset_id, import)?;
            let keys: Vec<i64> = undo.leaving.iter().map(|row| row.id).collect();
            let back = match decide(undo) {
                Ok(back) => back,
                Err(refusal) => return Ok(Err(refusal)),
            };
            remove_examples(tx, dataset_id, &keys)?;
            insert_examples(tx, dataset_id, None, &back)?;
            tx.prepare_cached("DELETE FROM import WHERE id = ?1")?
                .execute(params![import])?;
            // A data set that a run names stays, if only as a name.
            tx.prepare_cached(
                "DELETE FROM dataset WHERE id = ?1
                 AND NOT EXISTS (SELECT 1 FROM example WHERE dataset_id = ?1)
                 AND NOT EXISTS (SELECT 1 FROM run WHERE dataset_id = ?1)",
            )?
            .execute(params![dataset_id])?;
            Ok(Ok(keys.len()))
        });
        undone?
    }
}

/// What there would be to undo.
fn to_undo(tx: &Connection, dataset_id: i64, import: i64) -> Result<Undo> {
    let removed: Option<Json<Vec<NewExample>>> = tx
        .prepare_cached("SELECT removed FROM import WHERE id = ?1 AND dataset_id = ?2")?
        .query_row(params![import, dataset_id], |row| row.get(0))
        .optional()?;
    let removed = removed.ok_or_else(|| Error::NotFound {
        thing: Thing::Import,
        key: import.to_string(),
    })?;
    let keys: HashSet<i64> = tx
        .prepare_cached("SELECT id FROM example WHERE import_id = ?1")?
        .query_map(params![import], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let runs = tx
        .prepare_cached("SELECT id, shots FROM run WHERE dataset_id = ?1 ORDER BY id")?
        .query_map(params![dataset_id], |row| {
            let (run, examples) = (row.get::<_, Word<_>>(0)?.0, row.get::<_, Json<_>>(1)?.0);
            Ok(RunExamples { run, examples })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let (leaving, staying) = of_dataset(tx, dataset_id, None)?
        .into_iter()
        .partition(|row| keys.contains(&row.id));
    Ok(Undo {
        leaving,
        staying,
        removed: removed.0,
        runs,
    })
}

impl From<&ExampleRow> for NewExample {
    fn from(row: &ExampleRow) -> Self {
        Self {
            external_id: row.external_id.clone(),
            split: row.split,
            origin: row.origin,
            dialogue: row.dialogue.clone(),
            references: row.references.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use contract::Split;

    fn new(name: &str) -> NewImport {
        NewImport {
            dataset: NewDataset {
                name: name.into(),
                format: "csv".into(),
                mapping: Value::Null,
                created_at_ms: 7,
            },
            files: vec!["a/log.csv".into()],
        }
    }

    fn adding(examples: Vec<NewExample>) -> Changes {
        Changes {
            removed: Vec::new(),
            added: examples,
        }
    }

    #[test]
    fn what_is_decided_is_stored_and_what_is_refused_changes_nothing() {
        let (_dir, store) = fixture::store();
        let example = fixture::example("a", Split::Train);
        let (id, answer) = store
            .import::<_, Error>(&new("d"), |standing| {
                assert!(standing.is_empty());
                Ok((adding(vec![example.clone()]), "answer"))
            })
            .unwrap();
        assert_eq!((id, answer), (Some(1), "answer"));
        let dataset = store.dataset(&"d".into()).unwrap();
        let imports = store.imports(dataset.id).unwrap();
        let [import] = imports.as_slice() else {
            panic!("{imports:?}")
        };
        assert_eq!(
            (import.at_ms, import.counts.train, import.present),
            (7, 1, 1)
        );
        let refused =
            store.import::<(), Error>(&new("other"), |_| Err(Error::NoSuchRun { id: "r".into() }));
        assert!(matches!(refused, Err(Error::NoSuchRun { .. })));
        let (id, ()) = store
            .import::<_, Error>(&new("other"), |_| Ok((Changes::default(), ())))
            .unwrap();
        assert_eq!((id, store.datasets().unwrap().len()), (None, 1));
    }

    #[test]
    fn imports_of_several_connections_follow_one_another() {
        let (dir, store) = fixture::store();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let path = dir.path();
                scope.spawn(move || {
                    let store = Store::open(path).unwrap();
                    store
                        .import::<_, Error>(&new("d"), |standing| {
                            let id = format!("{}", standing.len());
                            let example = fixture::example(&id, Split::Train);
                            Ok((adding(vec![example]), thread))
                        })
                        .unwrap();
                });
            }
        });
        let rows = store.examples_of(&"d".into()).unwrap();
        let ids: Vec<&str> = rows.iter().map(|row| row.external_id.as_str()).collect();
        assert_eq!(ids, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    }
}
