//! Experiments and their cells. A cell names the run that carries it out; everything else about the cell is kept with the run.

use super::{Json, optional_word, word};
use crate::error::name_taken;
use crate::{Error, Result, Store};
use contract::{DatasetName, ExperimentName, ModelName, RunId, Thing};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) const SQL: &str = "
CREATE TABLE experiment (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    spec          TEXT NOT NULL,
    spec_sha256   TEXT NOT NULL,
    budget        TEXT,
    created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE experiment_cell (
    experiment_id INTEGER NOT NULL REFERENCES experiment (id) ON DELETE CASCADE,
    position      INTEGER NOT NULL,
    arm           TEXT NOT NULL,
    dataset       TEXT NOT NULL,
    model         TEXT NOT NULL,
    seed          INTEGER NOT NULL,
    recipe_sha256 TEXT NOT NULL,
    run_id        TEXT REFERENCES run (id) ON DELETE SET NULL,
    PRIMARY KEY (experiment_id, position)
) STRICT;
CREATE INDEX experiment_cell_by_run ON experiment_cell (run_id);
";

/// An experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExperimentRow {
    /// Its number; 0 for one that is not stored yet.
    pub id: i64,
    /// Its name, unique in the workspace.
    pub name: ExperimentName,
    /// Its file, as TOML.
    pub spec: String,
    /// Hash of the file.
    pub spec_sha256: String,
    /// What was left out so as to end in time; none if there is no limit.
    pub budget: Option<Value>,
    /// Time of creation.
    pub created_at_ms: i64,
    /// Time of the last change to its file.
    pub changed_at_ms: i64,
}

/// A cell of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExperimentCellRow {
    /// Its arm.
    pub arm: String,
    /// Its data set.
    pub dataset: DatasetName,
    /// Its model, as the experiment names it.
    pub model: ModelName,
    /// Its seed.
    pub seed: u64,
    /// Hash of the recipe that the experiment asks for.
    pub recipe_sha256: String,
    /// Its run; none before it is created, and after it is deleted.
    pub run_id: Option<RunId>,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ExperimentRow> {
    Ok(ExperimentRow {
        id: row.get("id")?,
        name: word(row, "name")?,
        spec: row.get("spec")?,
        spec_sha256: row.get("spec_sha256")?,
        budget: row.get::<_, Option<Json<_>>>("budget")?.map(|json| json.0),
        created_at_ms: row.get("created_at_ms")?,
        changed_at_ms: row.get("changed_at_ms")?,
    })
}

fn cell_from_row(row: &Row<'_>) -> rusqlite::Result<ExperimentCellRow> {
    Ok(ExperimentCellRow {
        arm: row.get("arm")?,
        dataset: word(row, "dataset")?,
        model: word(row, "model")?,
        seed: row.get::<_, i64>("seed")?.cast_unsigned(),
        recipe_sha256: row.get("recipe_sha256")?,
        run_id: optional_word(row, "run_id")?,
    })
}

fn no_such(name: &ExperimentName) -> Error {
    Error::NotFound {
        thing: Thing::Experiment,
        key: format!("`{}`", contract::excerpt(name)),
    }
}

fn by_name(conn: &Connection, name: &ExperimentName) -> Result<Option<ExperimentRow>> {
    Ok(conn
        .prepare_cached("SELECT * FROM experiment WHERE name = ?1")?
        .query_row(params![name.as_str()], from_row)
        .optional()?)
}

/// Writes the cells of an experiment in this order.
fn put_cells(tx: &Connection, experiment: i64, cells: &[ExperimentCellRow]) -> Result<()> {
    tx.execute(
        "DELETE FROM experiment_cell WHERE experiment_id = ?1",
        params![experiment],
    )?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO experiment_cell (experiment_id, position, arm, dataset, model, seed, recipe_sha256, run_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for (position, cell) in (0_u32..).zip(cells) {
        insert.execute(params![
            experiment,
            position,
            cell.arm,
            cell.dataset.as_str(),
            cell.model.as_str(),
            cell.seed.cast_signed(),
            cell.recipe_sha256,
            cell.run_id.as_deref()
        ])?;
    }
    Ok(())
}

impl Store {
    /// Stores an experiment with its cells, or brings the one of this name up to date; its number and the time of its
    /// creation stay.
    pub fn put_experiment(
        &self,
        row: &ExperimentRow,
        cells: &[ExperimentCellRow],
    ) -> Result<ExperimentRow> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO experiment (name, spec, spec_sha256, budget, created_at_ms, changed_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, spec_sha256 = excluded.spec_sha256,
                     budget = excluded.budget, changed_at_ms = excluded.changed_at_ms",
            )?
            .execute(params![
                row.name.as_str(),
                row.spec,
                row.spec_sha256,
                row.budget.as_ref().map(Json),
                row.created_at_ms,
                row.changed_at_ms
            ])
            .map_err(|error| name_taken(error, Thing::Experiment, &row.name))?;
            let stored = by_name(tx, &row.name)?.ok_or_else(|| no_such(&row.name))?;
            put_cells(tx, stored.id, cells)?;
            Ok(stored)
        })
    }

    /// The experiment of this name.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn experiment(&self, name: &ExperimentName) -> Result<ExperimentRow> {
        self.read(|conn| by_name(conn, name)?.ok_or_else(|| no_such(name)))
    }

    /// Every experiment, newest first.
    pub fn experiments(&self) -> Result<Vec<ExperimentRow>> {
        self.read(|conn| {
            let mut query = conn
                .prepare_cached("SELECT * FROM experiment ORDER BY created_at_ms DESC, id DESC")?;
            Ok(query
                .query_map([], from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The cells of an experiment in their order.
    pub fn experiment_cells(&self, experiment: i64) -> Result<Vec<ExperimentCellRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT * FROM experiment_cell WHERE experiment_id = ?1 ORDER BY position",
            )?;
            Ok(query
                .query_map(params![experiment], cell_from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The experiment that a run is a cell of; none for a run by itself.
    pub fn experiment_of_run(&self, run: &RunId) -> Result<Option<ExperimentRow>> {
        self.read(|conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT experiment.* FROM experiment JOIN experiment_cell ON experiment_id = experiment.id
                     WHERE run_id = ?1 ORDER BY experiment.id LIMIT 1",
                )?
                .query_row(params![run.as_str()], from_row)
                .optional()?)
        })
    }

    /// Deletes an experiment with its cells; their runs stay.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn delete_experiment(&self, name: &ExperimentName) -> Result<()> {
        self.write(|tx| {
            let gone = tx.execute(
                "DELETE FROM experiment WHERE name = ?1",
                params![name.as_str()],
            )?;
            if gone == 1 {
                Ok(())
            } else {
                Err(no_such(name))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use serde_json::json;

    fn row(name: &str, spec: &str) -> ExperimentRow {
        ExperimentRow {
            id: 0,
            name: name.into(),
            spec: spec.into(),
            spec_sha256: format!("hash of {spec}"),
            budget: None,
            created_at_ms: 5,
            changed_at_ms: 5,
        }
    }

    fn cell(seed: u64, run: Option<&RunId>) -> ExperimentCellRow {
        ExperimentCellRow {
            arm: "static".into(),
            dataset: "d".into(),
            model: "m".into(),
            seed,
            recipe_sha256: "r".into(),
            run_id: run.cloned(),
        }
    }

    #[test]
    fn an_experiment_keeps_its_number_when_its_file_changes() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let cells = [cell(u64::MAX, Some(&"r".into())), cell(2, None)];
        let first = store.put_experiment(&row("e", "a"), &cells).unwrap();
        assert_eq!(store.experiment_cells(first.id).unwrap(), cells);
        assert_eq!(
            store.experiment_of_run(&"r".into()).unwrap(),
            Some(first.clone())
        );
        let later = ExperimentRow {
            budget: Some(json!({"within_s": 60.0})),
            created_at_ms: 9,
            changed_at_ms: 9,
            ..row("e", "b")
        };
        let second = store.put_experiment(&later, &cells[..1]).unwrap();
        assert_eq!((second.id, second.created_at_ms), (first.id, 5));
        assert_eq!((second.changed_at_ms, second.spec.as_str()), (9, "b"));
        assert_eq!(store.experiment(&"e".into()).unwrap(), second);
        assert_eq!(store.experiment_cells(first.id).unwrap(), cells[..1]);
        store.put_experiment(&row("f", "a"), &[]).unwrap();
        let names: Vec<ExperimentName> = store
            .experiments()
            .unwrap()
            .into_iter()
            .map(|row| row.name)
            .collect();
        assert_eq!(names, ["f", "e"]);
    }

    #[test]
    fn runs_stay_when_an_experiment_goes_and_cells_stay_when_a_run_goes() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        fixture::run(&store, "s");
        let cells = [cell(1, Some(&"r".into())), cell(2, Some(&"s".into()))];
        let id = store.put_experiment(&row("e", "a"), &cells).unwrap().id;
        store.delete_run(&"s".into()).unwrap();
        assert_eq!(
            store.experiment_cells(id).unwrap(),
            [cells[0].clone(), cell(2, None)]
        );
        store.delete_experiment(&"e".into()).unwrap();
        assert!(store.run(&"r".into()).is_ok());
        assert!(store.experiment_cells(id).unwrap().is_empty());
        for error in [
            store.delete_experiment(&"e".into()).unwrap_err(),
            store.experiment(&"e".into()).map(drop).unwrap_err(),
        ] {
            assert!(matches!(error, Error::NotFound { .. }), "{error}");
        }
    }
}
