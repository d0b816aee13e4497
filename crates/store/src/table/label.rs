//! What people call runs, data sets and models, and what they noted about them; and what is attached to a run or a
//! data set, as shown before one of them is removed. A data set's name is its own column: files and commands use it.

use crate::error::name_taken;
use crate::table::artifact::MACHINE;
use crate::table::{Word, dataset, run};
use crate::{Error, Result, Store};
use contract::{DatasetName, ExperimentName, ExportKind, Kept, Label, RunId, StudyName, Thing};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeMap;

// The key is a run's id, a data set's number or a model's folder. A model that is forgotten may come back, and is then
// called as before.
pub(crate) const SQL: &str = "
CREATE TABLE label (
    thing         TEXT NOT NULL CHECK (thing IN ('run', 'dataset', 'model')),
    key           TEXT NOT NULL,
    name          TEXT NOT NULL,
    note          TEXT NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (thing, key)
) STRICT;
CREATE TRIGGER label_goes_with_run AFTER DELETE ON run BEGIN
    DELETE FROM label WHERE thing = 'run' AND key = OLD.id;
END;
CREATE TRIGGER label_goes_with_dataset AFTER DELETE ON dataset BEGIN
    DELETE FROM label WHERE thing = 'dataset' AND key = CAST(OLD.id AS TEXT);
END;
";

/// What is attached to a run, as far as the database has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HangsOnRun {
    /// Things that stages made, in their first version.
    pub items: u64,
    /// Changes by hand.
    pub changes: u64,
    /// Votes of the demo that one of its systems won or lost.
    pub votes: u64,
    /// Summaries of it that somebody corrected in the demo.
    pub corrections: u64,
    /// Rating studies that show its texts.
    pub studies: Vec<StudyName>,
    /// Experiments with it as a cell.
    pub experiments: Vec<ExperimentName>,
}

/// What is attached to a data set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HangsOnDataset {
    /// Imports that it was made of.
    pub imports: u64,
    /// Runs on it, the newest first.
    pub runs: Vec<RunId>,
    /// Experiments whose file names it.
    pub experiments: Vec<ExperimentName>,
}

fn names<Id: From<String>>(conn: &Connection, sql: &str, key: &str) -> Result<Vec<Id>> {
    let mut query = conn.prepare_cached(sql)?;
    Ok(query
        .query_map([key], |row| row.get::<_, String>(0).map(Id::from))?
        .collect::<rusqlite::Result<_>>()?)
}

fn counted(conn: &Connection, sql: &str, key: &str) -> Result<u64> {
    let count: i64 = conn
        .prepare_cached(sql)?
        .query_row([key], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// Names of the rating studies that show texts of a run, those of earlier versions too.
pub(super) fn studies_of(conn: &Connection, run: &RunId) -> Result<Vec<StudyName>> {
    names(
        conn,
        "SELECT name FROM study WHERE run_id = ?1
         UNION SELECT rating_study.name FROM rating_study
         JOIN rating_system ON rating_system.study_id = rating_study.id WHERE run_id = ?1 ORDER BY 1",
        run,
    )
}

const EXPERIMENTS_OF_DATASET: &str = "SELECT DISTINCT experiment.name FROM experiment
    JOIN experiment_cell ON experiment_cell.experiment_id = experiment.id WHERE dataset = ?1 ORDER BY 1";

impl Store {
    /// What people call the things of a kind, by key.
    pub fn labels(&self, thing: Kept) -> Result<BTreeMap<String, Label>> {
        self.read(|conn| {
            let mut query =
                conn.prepare_cached("SELECT key, name, note FROM label WHERE thing = ?1")?;
            let rows = query.query_map(params![Word(thing)], |row| {
                let label = Label {
                    name: row.get("name")?,
                    note: row.get("note")?,
                };
                Ok((row.get("key")?, label))
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// What people call a thing; empty if nobody has said anything about it.
    pub fn label(&self, thing: Kept, key: &str) -> Result<Label> {
        self.read(|conn| {
            let mut query =
                conn.prepare_cached("SELECT name, note FROM label WHERE thing = ?1 AND key = ?2")?;
            let found = query.query_row(params![Word(thing), key], |row| {
                Ok(Label {
                    name: row.get("name")?,
                    note: row.get("note")?,
                })
            });
            Ok(found.optional()?.unwrap_or_default())
        })
    }

    /// Keeps what a thing is called from now on; an empty label is none.
    pub fn set_label(&self, thing: Kept, key: &str, label: &Label, now_ms: i64) -> Result<()> {
        self.write(|tx| {
            match label.name.is_empty() && label.note.is_empty() {
                true => tx
                    .prepare_cached("DELETE FROM label WHERE thing = ?1 AND key = ?2")?
                    .execute(params![Word(thing), key])?,
                false => tx
                    .prepare_cached(
                        "INSERT OR REPLACE INTO label (thing, key, name, note, changed_at_ms)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                    )?
                    .execute(params![Word(thing), key, label.name, label.note, now_ms])?,
            };
            Ok(())
        })
    }

    /// Gives a data set another name.
    ///
    /// # Errors
    /// [`Error::NameTaken`]; [`Error::InUse`] while the file of an experiment names it; [`Error::NotFound`].
    pub fn rename_dataset(&self, id: i64, name: &DatasetName) -> Result<()> {
        self.write(|tx| {
            let now = dataset::by_id(tx, id)?.name;
            let experiments: Vec<ExperimentName> = names(tx, EXPERIMENTS_OF_DATASET, &now)?;
            if now != *name && !experiments.is_empty() {
                return Err(Error::InUse {
                    thing: Thing::Dataset,
                    name: now.to_string(),
                    by: Thing::Experiment,
                    count: experiments.len(),
                });
            }
            tx.prepare_cached("UPDATE dataset SET name = ?2 WHERE id = ?1")?
                .execute(params![id, name.as_str()])
                .map_err(|e| name_taken(e, Thing::Dataset, name))?;
            // What left is listed by the name; forgetting asks for it.
            tx.prepare_cached("UPDATE export_log SET run_id = ?3 WHERE kind = ?1 AND run_id = ?2")?
                .execute(params![
                    Word(ExportKind::Dataset),
                    now.as_str(),
                    name.as_str()
                ])?;
            Ok(())
        })
    }

    /// What is attached to a run.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`].
    pub fn hangs_on_run(&self, id: &RunId) -> Result<HangsOnRun> {
        self.read(|conn| {
            if counted(conn, "SELECT COUNT(*) FROM run WHERE id = ?1", id)? == 0 {
                return Err(run::no_such(id));
            }
            let changes: i64 = conn
                .prepare_cached("SELECT COUNT(*) FROM artifact WHERE run_id = ?1 AND author <> ?2")?
                .query_row(params![id.as_str(), MACHINE], |row| row.get(0))?;
            Ok(HangsOnRun {
                items: counted(
                    conn,
                    "SELECT COUNT(*) FROM artifact WHERE run_id = ?1 AND version = 1",
                    id,
                )?,
                changes: changes.cast_unsigned(),
                votes: counted(
                    conn,
                    "SELECT COUNT(*) FROM demo_vote WHERE left_run = ?1 OR right_run = ?1",
                    id,
                )?,
                corrections: counted(
                    conn,
                    "SELECT COUNT(*) FROM demo_correction WHERE run_id = ?1",
                    id,
                )?,
                studies: studies_of(conn, id)?,
                experiments: names(
                    conn,
                    "SELECT DISTINCT experiment.name FROM experiment
                     JOIN experiment_cell ON experiment_cell.experiment_id = experiment.id
                     WHERE run_id = ?1 ORDER BY 1",
                    id,
                )?,
            })
        })
    }

    /// What is attached to a data set.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn hangs_on_dataset(&self, id: i64) -> Result<HangsOnDataset> {
        self.read(|conn| {
            let name = dataset::by_id(conn, id)?.name;
            let key = id.to_string();
            Ok(HangsOnDataset {
                imports: counted(
                    conn,
                    "SELECT COUNT(*) FROM import WHERE dataset_id = CAST(?1 AS INTEGER)",
                    &key,
                )?,
                runs: names(
                    conn,
                    "SELECT id FROM run WHERE dataset_id = CAST(?1 AS INTEGER) ORDER BY created_at_ms DESC, rowid DESC",
                    &key,
                )?,
                experiments: names(conn, EXPERIMENTS_OF_DATASET, &name)?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use contract::{Part, StageName};

    fn label(name: &str, note: &str) -> Label {
        Label {
            name: name.into(),
            note: note.into(),
        }
    }

    #[test]
    fn labels_go_with_what_they_are_about() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let dataset = store.run(&"r".into()).unwrap().dataset_id;
        let key = dataset.to_string();
        for (thing, key) in [
            (Kept::Run, "r"),
            (Kept::Dataset, key.as_str()),
            (Kept::Model, "/m"),
        ] {
            assert_eq!(store.label(thing, key).unwrap(), Label::default());
            store
                .set_label(thing, key, &label("Anna", "the good one"), 3)
                .unwrap();
            assert_eq!(
                store.label(thing, key).unwrap(),
                label("Anna", "the good one")
            );
        }
        store.delete_run(&"r".into()).unwrap();
        store.delete_dataset(dataset).unwrap();
        assert!(store.labels(Kept::Run).unwrap().is_empty());
        assert!(store.labels(Kept::Dataset).unwrap().is_empty());
        assert_eq!(store.labels(Kept::Model).unwrap().len(), 1);
        store
            .set_label(Kept::Model, "/m", &Label::default(), 4)
            .unwrap();
        assert!(store.labels(Kept::Model).unwrap().is_empty());
    }

    #[test]
    fn a_data_set_is_renamed_unless_the_name_is_needed() {
        let (_dir, store) = fixture::store();
        let (a, _b) = (fixture::dataset(&store, "a"), fixture::dataset(&store, "b"));
        assert!(matches!(
            store.rename_dataset(a, &"b".into()),
            Err(Error::NameTaken { .. })
        ));
        let left = crate::ExportRow {
            at_ms: 1,
            kind: ExportKind::Dataset,
            from: "a".into(),
            role: None,
            path: "to".into(),
            verdict: None,
            reason: None,
        };
        store.append_export(&left).unwrap();
        store.rename_dataset(a, &"c".into()).unwrap();
        assert_eq!(store.exports().unwrap()[0].from, "c");
        assert_eq!(store.dataset(&"c".into()).unwrap().id, a);
        store
            .write(|tx| {
                tx.execute_batch(
                    "INSERT INTO experiment (id, name, spec, spec_sha256, created_at_ms, changed_at_ms)
                     VALUES (1, 'e', '', '', 0, 0);
                     INSERT INTO experiment_cell VALUES (1, 0, 'arm', 'c', 'm', 0, '', NULL);",
                )?;
                Ok(())
            })
            .unwrap();
        assert!(matches!(
            store.rename_dataset(a, &"d".into()),
            Err(Error::InUse {
                by: Thing::Experiment,
                count: 1,
                ..
            })
        ));
        assert_eq!(store.hangs_on_dataset(a).unwrap().experiments, ["e"]);
    }

    #[test]
    fn what_hangs_on_a_run_is_counted() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        store
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &fixture::result(&fixture::artifacts(3), "out"),
            )
            .unwrap();
        let found = store.hangs_on_run(&"r".into()).unwrap();
        assert_eq!((found.items, found.changes), (3, 0));
        assert!(found.studies.is_empty() && found.experiments.is_empty());
        let dataset = store.run(&"r".into()).unwrap().dataset_id;
        assert_eq!(store.hangs_on_dataset(dataset).unwrap().runs, ["r"]);
        assert!(matches!(
            store.hangs_on_run(&"no".into()),
            Err(Error::NoSuchRun { .. })
        ));
    }
}
