//! Examples: a dialogue with one or several reference summaries, in one split of a data set.

use super::{Json, Word, dataset, word};
use crate::{Error, Result, Store};
use contract::{Origin, Split, Thing};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

pub(crate) const SQL: &str = "
CREATE TABLE example (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset_id   INTEGER NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
    external_id  TEXT NOT NULL,
    split        TEXT NOT NULL CHECK (split IN ('train', 'validation', 'test')),
    origin       TEXT NOT NULL CHECK (origin IN ('imported', 'synthetic', 'edited', 'written')),
    position     INTEGER NOT NULL,
    dialogue     TEXT NOT NULL,
    \"references\" TEXT NOT NULL,
    UNIQUE (dataset_id, position)
) STRICT;
CREATE INDEX example_by_split ON example (dataset_id, split, position);
";

/// An example to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewExample {
    /// The id in the imported file.
    pub external_id: String,
    /// The split it belongs to.
    pub split: Split,
    /// Where its text comes from.
    pub origin: Origin,
    /// The dialogue's text, one turn a line.
    pub dialogue: String,
    /// Gold summaries, the first one is used in training; none while the dialogue waits for one.
    pub references: Vec<String>,
}

/// An example as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExampleRow {
    /// Key; never given to another example.
    pub id: i64,
    /// The id in the imported file.
    pub external_id: String,
    /// The split it belongs to.
    pub split: Split,
    /// Where its text comes from.
    pub origin: Origin,
    /// Place in the data set, from 0, with gaps after removals.
    pub position: i64,
    /// The dialogue's text, one turn a line.
    pub dialogue: String,
    /// Gold summaries, the first one is used in training; none while the dialogue waits for one.
    pub references: Vec<String>,
}

impl ExampleRow {
    /// Whether somebody has summarized the dialogue. What waits for a summary is kept, but no run reads it.
    pub fn is_summarised(&self) -> bool {
        !self.references.is_empty()
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ExampleRow> {
    Ok(ExampleRow {
        id: row.get("id")?,
        external_id: row.get("external_id")?,
        split: word(row, "split")?,
        origin: word(row, "origin")?,
        position: row.get("position")?,
        dialogue: row.get("dialogue")?,
        references: row.get::<_, Json<_>>("references")?.0,
    })
}

/// Adds `examples` at the end of the data set, as those of an import if one is named.
pub(crate) fn insert_examples(
    conn: &Connection,
    dataset_id: i64,
    import: Option<i64>,
    examples: &[NewExample],
) -> Result<()> {
    let first: i64 = conn
        .prepare_cached("SELECT COALESCE(MAX(position) + 1, 0) FROM example WHERE dataset_id = ?1")?
        .query_row(params![dataset_id], |r| r.get(0))?;
    let mut insert = conn.prepare_cached(
        "INSERT INTO example (dataset_id, external_id, split, origin, position, dialogue, \"references\",
             import_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for (position, e) in (first..).zip(examples) {
        let references = Json(&e.references);
        insert.execute(params![
            dataset_id,
            e.external_id,
            Word(e.split),
            Word(e.origin),
            position,
            e.dialogue,
            references,
            import
        ])?;
    }
    Ok(())
}

/// Removes examples of a data set; all or none.
pub(crate) fn remove_examples(tx: &Connection, dataset_id: i64, removed: &[i64]) -> Result<()> {
    let mut delete = tx.prepare_cached("DELETE FROM example WHERE id = ?1 AND dataset_id = ?2")?;
    for id in removed {
        if delete.execute(params![id, dataset_id])? == 0 {
            return Err(no_such(*id));
        }
    }
    Ok(())
}

/// The examples of a data set, or of one split, in order.
pub(crate) fn of_dataset(
    conn: &Connection,
    dataset_id: i64,
    split: Option<Split>,
) -> Result<Vec<ExampleRow>> {
    let mut query = conn.prepare_cached(
        "SELECT * FROM example WHERE dataset_id = ?1 AND (?2 IS NULL OR split = ?2) ORDER BY position",
    )?;
    Ok(query
        .query_map(params![dataset_id, split.map(Word)], from_row)?
        .collect::<rusqlite::Result<_>>()?)
}

fn no_such(id: i64) -> Error {
    Error::NotFound {
        thing: Thing::Example,
        key: id.to_string(),
    }
}

impl Store {
    /// Adds examples at the end of a data set.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the data set does not exist.
    pub fn append_examples(&self, dataset_id: i64, examples: &[NewExample]) -> Result<()> {
        self.write(|tx| {
            dataset::by_id(tx, dataset_id)?;
            insert_examples(tx, dataset_id, None, examples)
        })
    }

    /// Adds examples at the end of a data set and removes others from it, in one transaction: a process that is killed
    /// in between leaves the data set as it was.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the data set, or an example to remove, does not exist in it.
    pub fn replace_in_dataset(
        &self,
        dataset_id: i64,
        removed: &[i64],
        added: &[NewExample],
    ) -> Result<()> {
        self.write(|tx| {
            dataset::by_id(tx, dataset_id)?;
            remove_examples(tx, dataset_id, removed)?;
            insert_examples(tx, dataset_id, None, added)
        })
    }

    /// The examples of a data set, or of one split, in order.
    pub fn examples(&self, dataset_id: i64, split: Option<Split>) -> Result<Vec<ExampleRow>> {
        self.read(|conn| of_dataset(conn, dataset_id, split))
    }

    /// At most `limit` examples of a data set from place `offset` on, in order.
    pub fn examples_page(
        &self,
        dataset_id: i64,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<ExampleRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT * FROM example WHERE dataset_id = ?1 ORDER BY position LIMIT ?3 OFFSET ?2",
            )?;
            let rows = query.query_map(params![dataset_id, offset, limit], from_row)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Moves examples to another split; all or none.
    ///
    /// # Errors
    /// [`Error::NotFound`] where one does not exist.
    pub fn set_split(&self, example_ids: &[i64], split: Split) -> Result<()> {
        self.write(|tx| {
            let mut update = tx.prepare_cached("UPDATE example SET split = ?2 WHERE id = ?1")?;
            for id in example_ids {
                if update.execute(params![id, Word(split)])? == 0 {
                    return Err(no_such(*id));
                }
            }
            Ok(())
        })
    }

    /// Replaces an example's texts, recording where the new ones come from.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn update_example(
        &self,
        example_id: i64,
        dialogue: &str,
        references: &[String],
        origin: Origin,
    ) -> Result<()> {
        self.write(|tx| {
            let changed = tx
                .prepare_cached(
                    "UPDATE example SET dialogue = ?2, \"references\" = ?3, origin = ?4 WHERE id = ?1",
                )?
                .execute(params![example_id, dialogue, Json(&references), Word(origin)])?;
            if changed == 0 { Err(no_such(example_id)) } else { Ok(()) }
        })
    }

    /// Removes examples; all or none.
    ///
    /// # Errors
    /// [`Error::NotFound`] where one does not exist.
    pub fn delete_examples(&self, example_ids: &[i64]) -> Result<()> {
        self.write(|tx| {
            let mut delete = tx.prepare_cached("DELETE FROM example WHERE id = ?1")?;
            for id in example_ids {
                if delete.execute(params![id])? == 0 {
                    return Err(no_such(*id));
                }
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewDataset, fixture};
    use proptest::prelude::*;

    fn ids(rows: &[ExampleRow]) -> Vec<&str> {
        rows.iter().map(|e| e.external_id.as_str()).collect()
    }

    #[test]
    fn order_splits_and_pages() {
        let (_dir, store) = fixture::store();
        let data = fixture::dataset(&store, "d");
        store
            .append_examples(data, &[fixture::example("w1", Split::Train)])
            .unwrap();
        assert_eq!(
            ids(&store.examples(data, None).unwrap()),
            ["t1", "v1", "t2", "e1", "w1"]
        );
        assert_eq!(
            ids(&store.examples(data, Some(Split::Train)).unwrap()),
            ["t1", "t2", "w1"]
        );
        assert_eq!(ids(&store.examples_page(data, 1, 2).unwrap()), ["v1", "t2"]);
        assert!(store.examples_page(data, 9, 2).unwrap().is_empty());
        assert!(matches!(
            store.append_examples(99, &[]),
            Err(Error::NotFound { .. })
        ));
    }

    #[test]
    fn changes_are_all_or_none() {
        let (_dir, store) = fixture::store();
        let data = fixture::dataset(&store, "d");
        let before = store.examples(data, None).unwrap();
        let first = before[0].id;
        assert!(matches!(
            store.set_split(&[first, 99], Split::Test),
            Err(Error::NotFound { .. })
        ));
        assert!(matches!(
            store.delete_examples(&[first, 99]),
            Err(Error::NotFound { .. })
        ));
        assert!(matches!(
            store.update_example(99, "", &[], Origin::Edited),
            Err(Error::NotFound { .. })
        ));
        assert_eq!(store.examples(data, None).unwrap(), before);

        store.set_split(&[first], Split::Test).unwrap();
        store
            .update_example(first, "A: new", &["n".into()], Origin::Edited)
            .unwrap();
        store.delete_examples(&[before[1].id]).unwrap();
        let after = store.examples(data, None).unwrap();
        assert_eq!(ids(&after), ["t1", "t2", "e1"]);
        assert_eq!(
            (after[0].split, after[0].origin),
            (Split::Test, Origin::Edited)
        );
        assert_eq!(
            (after[0].dialogue.as_str(), after[0].references.len()),
            ("A: new", 1)
        );
    }

    #[test]
    fn adding_and_removing_is_one_change() {
        let (_dir, store) = fixture::store();
        let (data, other) = (
            fixture::dataset(&store, "d"),
            fixture::dataset(&store, "other"),
        );
        let before = store.examples(data, None).unwrap();
        let foreign = store.examples(other, None).unwrap()[0].id;
        let new = [fixture::example("n", Split::Test)];
        for removed in [&[before[0].id, 99][..], &[foreign]] {
            assert!(matches!(
                store.replace_in_dataset(data, removed, &new),
                Err(Error::NotFound { .. })
            ));
            assert_eq!(store.examples(data, None).unwrap(), before);
        }
        assert_eq!(store.examples(other, None).unwrap().len(), 4);
        assert!(matches!(
            store.replace_in_dataset(99, &[], &new),
            Err(Error::NotFound { .. })
        ));

        store
            .replace_in_dataset(data, &[before[0].id, before[2].id], &new)
            .unwrap();
        assert_eq!(ids(&store.examples(data, None).unwrap()), ["v1", "e1", "n"]);
    }

    #[test]
    fn texts_come_back_as_they_went_in() {
        let (_dir, store) = fixture::store();
        let n = std::cell::Cell::new(0);
        proptest!(ProptestConfig::with_cases(64), |(
            texts in prop::collection::vec((any::<String>(), prop::collection::vec(any::<String>(), 0..4)), 0..6),
        )| {
            n.set(n.get() + 1);
            let examples: Vec<_> = texts
                .into_iter()
                .map(|(dialogue, references)| NewExample {
                    external_id: dialogue.clone(), split: Split::Test, origin: Origin::Written, dialogue, references,
                })
                .collect();
            let new = NewDataset {
                name: n.get().to_string().into(), format: String::new(), mapping: serde_json::Value::Null, created_at_ms: 0,
            };
            let data = store.insert_dataset(&new, &examples).unwrap();
            prop_assert_eq!(data.counts.test, examples.len() as u64);
            let back = store.examples(data.id, None).unwrap();
            prop_assert_eq!(back.len(), examples.len());
            for (b, e) in back.into_iter().zip(examples) {
                let back = NewExample {
                    external_id: b.external_id, split: b.split, origin: b.origin, dialogue: b.dialogue,
                    references: b.references,
                };
                prop_assert_eq!(back, e);
            }
        });
    }
}
