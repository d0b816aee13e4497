//! Runs: one recipe on one data set with one model, and what its worker is asked to do (`control`).

use super::{Json, Word, dataset, label, optional_word, queue, word};
use crate::error::name_taken;
use crate::{Error, Result, Store};
use contract::{
    Control, DatasetName, DeviceChoice, ErrorReport, ModelId, ModelName, RunId, RunStatus,
    StageName, Thing,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

// The model is copied, not referenced: a run stays readable after the model has been removed.
pub(crate) const SQL: &str = "
CREATE TABLE run (
    id               TEXT PRIMARY KEY,
    dataset_id       INTEGER NOT NULL REFERENCES dataset (id) ON DELETE RESTRICT,
    model_path       TEXT NOT NULL,
    model_id         TEXT NOT NULL,
    model_name       TEXT NOT NULL,
    model_parameters INTEGER NOT NULL,
    recipe           TEXT NOT NULL,
    seed             INTEGER NOT NULL,
    shots            TEXT NOT NULL,
    threads          INTEGER NOT NULL,
    device           TEXT NOT NULL,
    version          TEXT NOT NULL,
    status           TEXT NOT NULL
        CHECK (status IN ('created', 'running', 'paused', 'done', 'failed', 'cancelled')),
    error            TEXT,
    control          TEXT CHECK (control IN ('pause', 'cancel', 'discard')),
    created_at_ms    INTEGER NOT NULL,
    changed_at_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX run_by_dataset ON run (dataset_id);
";

/// A run to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun<'a> {
    /// Unique id, chosen by the caller.
    pub id: RunId,
    /// The data set.
    pub dataset_id: i64,
    /// Folder of the model.
    pub model_path: String,
    /// SHA-256 over the model's files.
    pub model_id: ModelId,
    /// Name of the model.
    pub model_name: ModelName,
    /// Number of weights.
    pub model_parameters: u64,
    /// The recipe as TOML.
    pub recipe: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Which examples were drawn.
    pub shots: Value,
    /// Threads of the worker.
    pub threads: u32,
    /// Device of the worker.
    pub device: DeviceChoice,
    /// Version of the program.
    pub version: String,
    /// Time of creation.
    pub created_at_ms: i64,
    /// Names of the stages in order; each gets a waiting row.
    pub stages: &'a [StageName],
}

impl<'a> NewRun<'a> {
    /// Another run with the data, model, recipe and draw of one that is there.
    pub fn like(row: RunRow, id: RunId, created_at_ms: i64, stages: &'a [StageName]) -> Self {
        Self {
            id,
            dataset_id: row.dataset_id,
            model_path: row.model_path,
            model_id: row.model_id,
            model_name: row.model_name,
            model_parameters: row.model_parameters,
            recipe: row.recipe,
            seed: row.seed,
            shots: row.shots,
            threads: row.threads,
            device: row.device,
            version: row.version,
            created_at_ms,
            stages,
        }
    }
}

/// A run as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    /// Id, unique in the workspace.
    pub id: RunId,
    /// The data set.
    pub dataset_id: i64,
    /// The data set's name.
    pub dataset_name: DatasetName,
    /// Folder of the model.
    pub model_path: String,
    /// SHA-256 over the model's files.
    pub model_id: ModelId,
    /// Name of the model.
    pub model_name: ModelName,
    /// Number of weights.
    pub model_parameters: u64,
    /// The recipe as TOML.
    pub recipe: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Which examples were drawn.
    pub shots: Value,
    /// Threads of the worker.
    pub threads: u32,
    /// Device of the worker.
    pub device: DeviceChoice,
    /// Version of the program that created it.
    pub version: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it failed.
    pub error: Option<ErrorReport>,
    /// What its worker is asked to do.
    pub control: Option<Control>,
    /// Time of creation.
    pub created_at_ms: i64,
    /// Time of the last change of status.
    pub changed_at_ms: i64,
}

const SELECT: &str = "SELECT run.*, dataset.name AS dataset_name FROM run JOIN dataset ON dataset.id = run.dataset_id";

fn from_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: word(row, "id")?,
        dataset_id: row.get("dataset_id")?,
        dataset_name: word(row, "dataset_name")?,
        model_path: row.get("model_path")?,
        model_id: word(row, "model_id")?,
        model_name: word(row, "model_name")?,
        model_parameters: row.get::<_, i64>("model_parameters")?.cast_unsigned(),
        recipe: row.get("recipe")?,
        seed: row.get::<_, i64>("seed")?.cast_unsigned(),
        shots: row.get::<_, Json<_>>("shots")?.0,
        threads: row.get("threads")?,
        device: word(row, "device")?,
        version: row.get("version")?,
        status: word(row, "status")?,
        error: row.get::<_, Option<Json<_>>>("error")?.map(|e| e.0),
        control: optional_word(row, "control")?,
        created_at_ms: row.get("created_at_ms")?,
        changed_at_ms: row.get("changed_at_ms")?,
    })
}

pub(crate) fn no_such(id: &RunId) -> Error {
    Error::NoSuchRun { id: id.clone() }
}

pub(crate) fn insert(tx: &Connection, new: &NewRun<'_>) -> Result<()> {
    dataset::by_id(tx, new.dataset_id)?;
    tx.prepare_cached(
        "INSERT INTO run (id, dataset_id, model_path, model_id, model_name, model_parameters, recipe, seed, shots,
             threads, device, version, status, created_at_ms, changed_at_ms)
         VALUES (:id, :dataset_id, :model_path, :model_id, :model_name, :model_parameters, :recipe, :seed, :shots,
             :threads, :device, :version, 'created', :now, :now)",
    )?
    .execute(named_params! {
        ":id": new.id.as_str(), ":dataset_id": new.dataset_id, ":model_path": new.model_path, ":model_id": new.model_id.as_str(),
        ":model_name": new.model_name.as_str(), ":model_parameters": new.model_parameters.cast_signed(),
        ":recipe": new.recipe, ":seed": new.seed.cast_signed(), ":shots": Json(&new.shots),
        ":threads": new.threads, ":device": Word(new.device), ":version": new.version, ":now": new.created_at_ms,
    })
    .map_err(|e| name_taken(e, Thing::Run, &new.id))?;
    let mut stage =
        tx.prepare_cached("INSERT INTO stage (run_id, name, position) VALUES (?1, ?2, ?3)")?;
    for (position, name) in (0_u32..).zip(new.stages) {
        stage.execute(params![new.id.as_str(), Word(*name), position])?;
    }
    Ok(())
}

impl Store {
    /// Creates a run and its waiting stages.
    ///
    /// # Errors
    /// [`Error::NameTaken`] where the id exists, [`Error::NotFound`] where the data set does not.
    pub fn insert_run(&self, new: &NewRun<'_>) -> Result<()> {
        self.write(|tx| insert(tx, new))
    }

    /// The run `id`.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`].
    pub fn run(&self, id: &RunId) -> Result<RunRow> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(&format!("{SELECT} WHERE run.id = ?1"))?;
            query
                .query_row(params![id.as_str()], from_row)
                .optional()?
                .ok_or_else(|| no_such(id))
        })
    }

    /// Every run, newest first.
    pub fn runs(&self) -> Result<Vec<RunRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(&format!(
                "{SELECT} ORDER BY run.created_at_ms DESC, run.rowid DESC"
            ))?;
            Ok(query
                .query_map([], from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Sets where a run stands, and why it failed; an older error is cleared by `None`.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`], [`Error::LeaseLost`].
    pub fn set_run_status(
        &self,
        id: &RunId,
        status: RunStatus,
        error: Option<ErrorReport>,
        now_ms: i64,
    ) -> Result<()> {
        self.update_run(
            id,
            "UPDATE run SET status = ?2, error = ?3, changed_at_ms = ?4 WHERE id = ?1",
            params![id.as_str(), Word(status), error.as_ref().map(Json), now_ms],
        )
    }

    /// Replaces a run's recipe (TOML). Stages whose inputs change with it turn stale by their hash.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`], [`Error::LeaseLost`].
    pub fn update_run_recipe(&self, id: &RunId, recipe: &str) -> Result<()> {
        self.update_run(
            id,
            "UPDATE run SET recipe = ?2 WHERE id = ?1",
            params![id.as_str(), recipe],
        )
    }

    /// Asks a run's worker for something, or takes the request back.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`], [`Error::LeaseLost`].
    pub fn set_control(&self, id: &RunId, control: Option<Control>) -> Result<()> {
        self.update_run(
            id,
            "UPDATE run SET control = ?2 WHERE id = ?1",
            params![id.as_str(), control.map(Word)],
        )
    }

    /// What a run's worker is asked to do.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`].
    pub fn control(&self, id: &RunId) -> Result<Option<Control>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT control FROM run WHERE id = ?1")?;
            query
                .query_row(params![id.as_str()], |row| optional_word(row, "control"))
                .optional()?
                .ok_or_else(|| no_such(id))
        })
    }

    /// Removes a run with its stages, artifacts, partial results, metric points and lease. Its files under
    /// `checkpoints` are the caller's to remove.
    ///
    /// # Errors
    /// [`Error::InUse`] while a rating study shows its outputs: ratings are people's work and go only by
    /// [`Store::delete_rating_study`]. [`Error::NoSuchRun`].
    pub fn delete_run(&self, id: &RunId) -> Result<()> {
        self.write(|tx| {
            let studies = label::studies_of(tx, id)?;
            if !studies.is_empty() {
                return Err(Error::InUse {
                    thing: Thing::Run,
                    name: id.to_string(),
                    by: Thing::Study,
                    count: studies.len(),
                });
            }
            match tx
                .prepare_cached("DELETE FROM run WHERE id = ?1")?
                .execute(params![id.as_str()])?
            {
                0 => Err(no_such(id)),
                _ => Ok(()),
            }
        })
    }

    fn update_run(&self, id: &RunId, sql: &str, params: &[&dyn rusqlite::ToSql]) -> Result<()> {
        self.write_run(id, |tx| match tx.prepare_cached(sql)?.execute(params)? {
            0 => Err(no_such(id)),
            _ => Ok(()),
        })
    }
}

/// Records the status of a run. This clears an older error and an older request, and takes the run off the queue.
pub(super) fn settle(tx: &Connection, id: &RunId, status: RunStatus, now_ms: i64) -> Result<()> {
    queue::take_off(tx, id)?;
    let mut change = tx.prepare_cached(
        "UPDATE run SET status = ?2, error = NULL, control = NULL, changed_at_ms = ?3 WHERE id = ?1",
    )?;
    match change.execute(params![id.as_str(), Word(status), now_ms])? {
        0 => Err(no_such(id)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use contract::Part;
    use contract::StageStatus;
    use serde_json::json;

    #[test]
    fn a_new_run_has_waiting_stages() {
        let (_dir, store) = fixture::store();
        let data = fixture::dataset(&store, "d");
        let new = fixture::new_run("r", data, 5);
        store.insert_run(&new).unwrap();
        let run = store.run(&"r".into()).unwrap();
        assert_eq!(
            (run.seed, run.model_parameters, run.threads),
            (new.seed, new.model_parameters, new.threads)
        );
        assert_eq!(
            (run.status, run.error.as_ref(), run.control),
            (RunStatus::Created, None, None)
        );
        assert_eq!((run.dataset_name.as_str(), &run.shots), ("d", &new.shots));
        let stages = store.stages(&"r".into()).unwrap();
        assert_eq!(
            stages.iter().map(|s| s.name).collect::<Vec<_>>(),
            fixture::STAGES
        );
        assert!(stages.iter().all(|s| s.status == StageStatus::Waiting));
    }

    #[test]
    fn failed_inserts_leave_nothing() {
        let (_dir, store) = fixture::store();
        let data = fixture::dataset(&store, "d");
        fixture::run_on(&store, "r", data, 1);
        let mut new = fixture::new_run("r", data, 5);
        assert!(matches!(
            store.insert_run(&new),
            Err(Error::NameTaken { .. })
        ));
        new.id = "q".into();
        new.dataset_id = 99;
        assert!(matches!(
            store.insert_run(&new),
            Err(Error::NotFound { .. })
        ));
        new.dataset_id = data;
        new.stages = &[StageName::Align, StageName::Align];
        assert!(store.insert_run(&new).is_err());
        assert_eq!(store.runs().unwrap().len(), 1);
    }

    #[test]
    fn status_control_recipe_and_order() {
        let (_dir, store) = fixture::store();
        let data = fixture::dataset(&store, "d");
        fixture::run_on(&store, "old", data, 1);
        fixture::run_on(&store, "new", data, 2);
        fixture::run_on(&store, "newest", data, 2);
        let order: Vec<_> = store.runs().unwrap().into_iter().map(|r| r.id).collect();
        assert_eq!(order, ["newest", "new", "old"]);
        store
            .set_run_status(&"old".into(), RunStatus::Failed, Some(fixture::error()), 9)
            .unwrap();
        store
            .set_control(&"old".into(), Some(Control::Pause))
            .unwrap();
        store.update_run_recipe(&"old".into(), "a = 1").unwrap();
        let run = store.run(&"old".into()).unwrap();
        assert_eq!(
            (run.status, run.changed_at_ms, run.recipe.as_str()),
            (RunStatus::Failed, 9, "a = 1")
        );
        assert_eq!(run.error, Some(fixture::error()));
        assert_eq!(store.control(&"old".into()).unwrap(), Some(Control::Pause));
        store.set_control(&"old".into(), None).unwrap();
        store
            .set_run_status(&"old".into(), RunStatus::Running, None, 10)
            .unwrap();
        let run = store.run(&"old".into()).unwrap();
        assert_eq!((run.control, run.error), (None, None));
        for error in [
            store.run(&"no".into()).unwrap_err(),
            store.set_control(&"no".into(), None).unwrap_err(),
            store.control(&"no".into()).unwrap_err(),
            store.delete_run(&"no".into()).unwrap_err(),
        ] {
            assert!(matches!(error, Error::NoSuchRun { .. }), "{error}");
        }
    }

    #[test]
    fn deletion_takes_everything_of_the_run() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        fixture::run(&store, "other");
        for run in ["r", "other"] {
            store
                .commit_part(
                    &run.into(),
                    Part::Whole(StageName::Topics),
                    &fixture::result(&fixture::artifacts(2), "out"),
                )
                .unwrap();
            store
                .put_work(
                    &run.into(),
                    Part::Whole(StageName::Summaries),
                    "k",
                    &json!(1),
                )
                .unwrap();
            store
                .put_metric_points(
                    &run.into(),
                    Part::Whole(StageName::Topics),
                    &[("loss", 1, 0.5)],
                )
                .unwrap();
            let owner = fixture::owner(1);
            store
                .acquire(&run.into(), &owner, 0, &|_| host::Liveness::Alive)
                .unwrap();
        }
        store.delete_run(&"r".into()).unwrap();
        store
            .read(|conn| {
                for table in ["stage", "artifact", "work", "metric_point", "lease"] {
                    let count = |run: &str| {
                        let sql = format!("SELECT COUNT(*) FROM {table} WHERE run_id = ?1");
                        conn.query_row(&sql, [run], |r| r.get::<_, i64>(0))
                    };
                    assert_eq!(count("r")?, 0, "{table}");
                    assert!(count("other")? > 0, "{table}");
                }
                Ok(())
            })
            .unwrap();
    }
}
