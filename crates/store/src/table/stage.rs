//! Stages of a run: status, times, hashes of inputs and output. A stage becomes visible by one commit
//! ([`Store::commit_stage`]), and an equal stage of another run is copied instead of computed
//! ([`Store::find_stage`], [`Store::reuse_stage`]).

use super::artifact::{NewArtifact, replace_artifacts};
use super::{Json, Word, run, word};
use crate::{Error, Result, Store};
use contract::{ErrorReport, Measures, Progress, StageName, StageStatus, Thing};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

pub(crate) const SQL: &str = "
CREATE TABLE stage (
    run_id         TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    position       INTEGER NOT NULL,
    status         TEXT NOT NULL DEFAULT 'waiting'
        CHECK (status IN ('waiting', 'running', 'done', 'reused', 'failed')),
    wall_s         REAL NOT NULL DEFAULT 0,
    cpu_s          REAL NOT NULL DEFAULT 0,
    peak_rss_bytes INTEGER NOT NULL DEFAULT 0,
    n_in           INTEGER NOT NULL DEFAULT 0,
    n_out          INTEGER NOT NULL DEFAULT 0,
    dropped        TEXT NOT NULL DEFAULT '{}',
    inputs_sha256  TEXT,
    output_sha256  TEXT,
    measures       TEXT NOT NULL DEFAULT '{}',
    progress       TEXT NOT NULL DEFAULT '{}',
    error          TEXT,
    finished_at_ms INTEGER,
    PRIMARY KEY (run_id, name)
) STRICT;
CREATE INDEX stage_by_inputs ON stage (name, inputs_sha256);
";

/// A stage of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageRow {
    /// Id of the run.
    pub run_id: String,
    /// The stage's name.
    pub name: StageName,
    /// Its place in the run, from 0.
    pub position: u32,
    /// Where it stands.
    pub status: StageStatus,
    /// Wall-clock seconds, over all interruptions.
    pub wall_s: f64,
    /// Seconds of processor time, over all interruptions.
    pub cpu_s: f64,
    /// Highest memory of the process.
    pub peak_rss_bytes: u64,
    /// Items that the stage read.
    pub n_in: u64,
    /// Items that the stage produced.
    pub n_out: u64,
    /// Items dropped, by rule.
    pub dropped: BTreeMap<String, u64>,
    /// Hash of inputs and settings.
    pub inputs_sha256: Option<String>,
    /// Hash of the output; none until finished.
    pub output_sha256: Option<String>,
    /// Numbers measured in the stage.
    pub measures: Measures,
    /// Last sign of progress.
    pub progress: Option<Progress>,
    /// Why it failed.
    pub error: Option<ErrorReport>,
    /// Time of finishing.
    pub finished_at_ms: Option<i64>,
}

/// What a finished stage commits.
#[derive(Debug, Clone, PartialEq)]
pub struct StageResult<'a> {
    /// Hash of inputs and settings.
    pub inputs_sha256: &'a str,
    /// Hash of the output.
    pub output_sha256: &'a str,
    /// What it made; replaces all older artifacts of the stage, hand edits included.
    pub artifacts: &'a [NewArtifact],
    /// Items that the stage read.
    pub n_in: u64,
    /// Items that the stage produced.
    pub n_out: u64,
    /// Items dropped, by rule.
    pub dropped: BTreeMap<String, u64>,
    /// Numbers measured in the stage.
    pub measures: Measures,
    /// Wall-clock seconds, over all interruptions.
    pub wall_s: f64,
    /// Seconds of processor time, over all interruptions.
    pub cpu_s: f64,
    /// Highest memory of the process.
    pub peak_rss_bytes: u64,
    /// Time of finishing.
    pub now_ms: i64,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<StageRow> {
    let unsigned = |column: &str| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(StageRow {
        run_id: row.get("run_id")?,
        name: word(row, "name")?,
        position: row.get("position")?,
        status: word(row, "status")?,
        wall_s: row.get("wall_s")?,
        cpu_s: row.get("cpu_s")?,
        peak_rss_bytes: unsigned("peak_rss_bytes")?,
        n_in: unsigned("n_in")?,
        n_out: unsigned("n_out")?,
        dropped: row.get::<_, Json<_>>("dropped")?.0,
        inputs_sha256: row.get("inputs_sha256")?,
        output_sha256: row.get("output_sha256")?,
        measures: row.get::<_, Json<_>>("measures")?.0,
        // A sign that another version left is no reason to refuse the run.
        progress: serde_json::from_value(row.get::<_, Json<Value>>("progress")?.0).ok(),
        error: row.get::<_, Option<Json<_>>>("error")?.map(|e| e.0),
        finished_at_ms: row.get("finished_at_ms")?,
    })
}

fn get(conn: &Connection, run: &str, name: StageName) -> Result<StageRow> {
    conn.prepare_cached("SELECT * FROM stage WHERE run_id = ?1 AND name = ?2")?
        .query_row(params![run, Word(name)], from_row)
        .optional()?
        .ok_or_else(|| no_such(run, name))
}

/// The error for a stage that the run does not have.
pub(crate) fn no_such(run: &str, name: StageName) -> Error {
    Error::NotFound {
        thing: Thing::Stage,
        key: format!("\"{name}\" of run \"{run}\""),
    }
}

/// Fails where the run does not have the stage.
pub(crate) fn require(conn: &Connection, run: &str, name: StageName) -> Result<()> {
    let mut query = conn.prepare_cached("SELECT 1 FROM stage WHERE run_id = ?1 AND name = ?2")?;
    if query.exists(params![run, Word(name)])? {
        Ok(())
    } else {
        Err(no_such(run, name))
    }
}

/// Copies results, artifacts and metric points of a finished stage; statements of [`Store::reuse_stage`].
const REUSE: [&str; 6] = [
    "DELETE FROM artifact WHERE run_id = :to AND stage = :name",
    "INSERT INTO artifact (run_id, stage, kind, item, version, author, created_at_ms, payload)
     SELECT :to, stage, kind, item, version, author, created_at_ms, payload FROM artifact
     WHERE run_id = :from AND stage = :name ORDER BY id",
    "DELETE FROM metric_point WHERE run_id = :to AND stage = :name",
    "INSERT INTO metric_point (run_id, stage, series, step, value)
     SELECT :to, stage, series, step, value FROM metric_point WHERE run_id = :from AND stage = :name",
    "DELETE FROM work WHERE run_id = :to AND stage = :name",
    "UPDATE stage SET status = 'reused', error = NULL,
         (wall_s, cpu_s, peak_rss_bytes, n_in, n_out, dropped, inputs_sha256, output_sha256, measures, progress)
         = (SELECT wall_s, cpu_s, peak_rss_bytes, n_in, n_out, dropped, inputs_sha256, output_sha256, measures,
                progress FROM stage WHERE run_id = :from AND name = :name)
     WHERE run_id = :to AND name = :name",
];

impl Store {
    /// The stages of a run in order.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`].
    pub fn stages(&self, run: &str) -> Result<Vec<StageRow>> {
        self.read(|conn| {
            if !conn
                .prepare_cached("SELECT 1 FROM run WHERE id = ?1")?
                .exists(params![run])?
            {
                return Err(run::no_such(run));
            }
            let mut query =
                conn.prepare_cached("SELECT * FROM stage WHERE run_id = ?1 ORDER BY position")?;
            Ok(query
                .query_map(params![run], from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// One stage of a run.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn stage(&self, run: &str, name: StageName) -> Result<StageRow> {
        self.read(|conn| get(conn, run, name))
    }

    /// Marks a stage as running. An interrupted or failed one with the same inputs keeps its partial results, metric
    /// points and times; with other inputs, or redone after it had finished, it starts from nothing. Older artifacts
    /// stay until the commit.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn start_stage(&self, run: &str, name: StageName, inputs_sha256: &str) -> Result<()> {
        self.write_run(run, |tx| {
            let before = get(tx, run, name)?;
            let is_unfinished = !matches!(before.status, StageStatus::Done | StageStatus::Reused);
            if !is_unfinished || before.inputs_sha256.as_deref() != Some(inputs_sha256) {
                for table in ["work", "metric_point"] {
                    tx.execute(
                        &format!("DELETE FROM {table} WHERE run_id = ?1 AND stage = ?2"),
                        params![run, Word(name)],
                    )?;
                }
                tx.prepare_cached(
                    "UPDATE stage SET wall_s = 0, cpu_s = 0, peak_rss_bytes = 0, n_in = 0, n_out = 0, dropped = '{}',
                         measures = '{}', progress = '{}' WHERE run_id = ?1 AND name = ?2",
                )?
                .execute(params![run, Word(name)])?;
            }
            tx.prepare_cached(
                "UPDATE stage SET status = 'running', inputs_sha256 = ?3, output_sha256 = NULL, error = NULL,
                     finished_at_ms = NULL WHERE run_id = ?1 AND name = ?2",
            )?
            .execute(params![run, Word(name), inputs_sha256])?;
            Ok(())
        })
    }

    /// Records how far a stage is (`None` keeps the last sign), with the totals of its times over all interruptions.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn set_progress(
        &self,
        run: &str,
        name: StageName,
        progress: Option<&Progress>,
        wall_s: f64,
        cpu_s: f64,
        peak_rss_bytes: u64,
    ) -> Result<()> {
        self.update_stage(
            run,
            name,
            "UPDATE stage SET progress = coalesce(?3, progress), wall_s = ?4, cpu_s = ?5, peak_rss_bytes = ?6
             WHERE run_id = ?1 AND name = ?2",
            params![
                run,
                Word(name),
                progress.map(Json),
                wall_s,
                cpu_s,
                peak_rss_bytes.cast_signed()
            ],
        )
    }

    /// Marks a stage as failed; partial results are kept for a resume.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn fail_stage(&self, run: &str, name: StageName, error: &ErrorReport) -> Result<()> {
        self.update_stage(
            run,
            name,
            "UPDATE stage SET status = 'failed', error = ?3 WHERE run_id = ?1 AND name = ?2",
            params![run, Word(name), Json(error)],
        )
    }

    /// Sets the hash of a stage's output after a hand edit, which makes what follows stale.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn set_output_sha256(&self, run: &str, name: StageName, output_sha256: &str) -> Result<()> {
        self.update_stage(
            run,
            name,
            "UPDATE stage SET output_sha256 = ?3 WHERE run_id = ?1 AND name = ?2",
            params![run, Word(name), output_sha256],
        )
    }

    /// Finishes a stage in one transaction: its artifacts replace older ones, its partial results go, its row
    /// says done. A crash before the end leaves all as before.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`], [`Error::DiskFull`].
    pub fn commit_stage(&self, run: &str, name: StageName, result: &StageResult<'_>) -> Result<()> {
        self.write_run(run, |tx| {
            require(tx, run, name)?;
            replace_artifacts(tx, run, name, result.artifacts, result.now_ms)?;
            tx.prepare_cached("DELETE FROM work WHERE run_id = ?1 AND stage = ?2")?
                .execute(params![run, Word(name)])?;
            tx.prepare_cached(
                "UPDATE stage SET status = 'done', error = NULL, wall_s = :wall_s, cpu_s = :cpu_s,
                     peak_rss_bytes = :peak, n_in = :n_in, n_out = :n_out, dropped = :dropped,
                     inputs_sha256 = :inputs, output_sha256 = :output, measures = :measures,
                     finished_at_ms = :now
                 WHERE run_id = :run AND name = :name",
            )?
            .execute(named_params! {
                ":run": run, ":name": Word(name), ":wall_s": result.wall_s, ":cpu_s": result.cpu_s,
                ":peak": result.peak_rss_bytes.cast_signed(), ":n_in": result.n_in.cast_signed(),
                ":n_out": result.n_out.cast_signed(), ":dropped": Json(&result.dropped),
                ":inputs": result.inputs_sha256, ":output": result.output_sha256,
                ":measures": Json(&result.measures), ":now": result.now_ms,
            })?;
            Ok(())
        })
    }

    /// The run whose finished stage `name` had these inputs and no hand edit since; the oldest such run.
    pub fn find_stage(&self, name: StageName, inputs_sha256: &str) -> Result<Option<String>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT run_id FROM stage
                 WHERE name = ?1 AND inputs_sha256 = ?2 AND status IN ('done', 'reused') AND NOT EXISTS (
                     SELECT 1 FROM artifact a WHERE a.run_id = stage.run_id AND a.stage = stage.name AND a.version > 1)
                 ORDER BY finished_at_ms, run_id LIMIT 1",
            )?;
            Ok(query.query_row(params![Word(name), inputs_sha256], |r| r.get(0)).optional()?)
        })
    }

    /// Copies a finished stage of another run, results, artifacts and metric points, in one transaction.
    ///
    /// # Errors
    /// [`Error::NotFound`] where either run lacks the stage or the source is not finished; [`Error::LeaseLost`].
    pub fn reuse_stage(
        &self,
        from_run: &str,
        to_run: &str,
        name: StageName,
        now_ms: i64,
    ) -> Result<()> {
        self.write_run(to_run, |tx| {
            let source = get(tx, from_run, name)?;
            if !matches!(source.status, StageStatus::Done | StageStatus::Reused) {
                let key = format!("\"{name}\" of run \"{from_run}\"");
                return Err(Error::NotFound {
                    thing: Thing::FinishedStage,
                    key,
                });
            }
            require(tx, to_run, name)?;
            if from_run == to_run {
                return Ok(());
            }
            for sql in REUSE {
                let mut statement = tx.prepare_cached(sql)?;
                let parameters: [(&str, &dyn ToSql); 3] = [
                    (":from", &from_run),
                    (":to", &to_run),
                    (":name", &Word(name)),
                ];
                let used: Vec<_> = parameters
                    .into_iter()
                    .filter(|(key, _)| sql.contains(key))
                    .collect();
                statement.execute(used.as_slice())?;
            }
            tx.prepare_cached(
                "UPDATE stage SET finished_at_ms = ?3 WHERE run_id = ?1 AND name = ?2",
            )?
            .execute(params![to_run, Word(name), now_ms])?;
            Ok(())
        })
    }

    fn update_stage(
        &self,
        run: &str,
        name: StageName,
        sql: &str,
        params: &[&dyn ToSql],
    ) -> Result<()> {
        self.write_run(run, |tx| match tx.prepare_cached(sql)?.execute(params)? {
            0 => Err(no_such(run, name)),
            _ => Ok(()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ArtifactEdit, fixture};
    use contract::ArtifactKind;
    use serde_json::json;

    fn with_run() -> (tempfile::TempDir, Store) {
        let (dir, store) = fixture::store();
        fixture::run(&store, "r");
        (dir, store)
    }

    #[test]
    fn a_stage_from_start_to_commit() {
        let (_dir, store) = with_run();
        store.start_stage("r", StageName::Topics, "in").unwrap();
        store
            .set_progress(
                "r",
                StageName::Topics,
                Some(&fixture::progress(3)),
                1.0,
                2.0,
                4,
            )
            .unwrap();
        store
            .put_work("r", StageName::Topics, "k", &json!(1))
            .unwrap();
        let running = store.stage("r", StageName::Topics).unwrap();
        assert_eq!(
            (running.status, running.wall_s, running.cpu_s),
            (StageStatus::Running, 1.0, 2.0)
        );
        assert_eq!(running.progress, Some(fixture::progress(3)));
        let artifacts = fixture::artifacts(3);
        let result = fixture::result(&artifacts, "out");
        store.commit_stage("r", StageName::Topics, &result).unwrap();
        let done = store.stage("r", StageName::Topics).unwrap();
        assert_eq!(done.status, StageStatus::Done);
        assert_eq!(
            (done.n_in, done.n_out, done.peak_rss_bytes),
            (3, 3, result.peak_rss_bytes)
        );
        assert_eq!(
            (done.wall_s, done.cpu_s, done.finished_at_ms),
            (1.5, 2.5, Some(77))
        );
        assert_eq!(
            (&done.dropped, &done.measures),
            (&result.dropped, &result.measures)
        );
        assert_eq!(
            (done.inputs_sha256.as_deref(), done.output_sha256.as_deref()),
            (Some("in"), Some("out"))
        );
        assert!(store.work_all("r", StageName::Topics).unwrap().is_empty());
        assert_eq!(
            store.artifacts("r", StageName::Topics, None).unwrap().len(),
            3
        );
        store
            .set_output_sha256("r", StageName::Topics, "edited")
            .unwrap();
        assert_eq!(
            store
                .stage("r", StageName::Topics)
                .unwrap()
                .output_sha256
                .as_deref(),
            Some("edited")
        );
    }

    #[test]
    fn a_failing_commit_leaves_the_old_artifacts() {
        let (_dir, store) = with_run();
        store
            .commit_stage(
                "r",
                StageName::Topics,
                &fixture::result(&fixture::artifacts(2), "out"),
            )
            .unwrap();
        store
            .put_work("r", StageName::Topics, "k", &json!(1))
            .unwrap();
        let before = (
            store.stage("r", StageName::Topics).unwrap(),
            store.artifacts("r", StageName::Topics, None).unwrap(),
        );
        let mut twice = fixture::artifacts(3);
        twice[2].item = 0;
        assert!(
            store
                .commit_stage("r", StageName::Topics, &fixture::result(&twice, "other"))
                .is_err()
        );
        let after = (
            store.stage("r", StageName::Topics).unwrap(),
            store.artifacts("r", StageName::Topics, None).unwrap(),
        );
        assert_eq!(after, before);
        assert_eq!(
            store.work("r", StageName::Topics, "k").unwrap(),
            Some(json!(1))
        );
    }

    #[test]
    fn resuming_keeps_and_other_inputs_clear() {
        let (_dir, store) = with_run();
        let fill = || {
            store
                .set_progress("r", StageName::Topics, None, 3.0, 3.0, 3)
                .unwrap();
            store
                .put_work("r", StageName::Topics, "k", &json!(1))
                .unwrap();
            store
                .put_metric_points("r", StageName::Topics, &[("loss", 1, 0.5)])
                .unwrap();
        };
        let kept = || {
            let stage = store.stage("r", StageName::Topics).unwrap();
            let work = store.work_all("r", StageName::Topics).unwrap().len();
            (
                stage.wall_s,
                work,
                store
                    .metric_points("r", Some(StageName::Topics))
                    .unwrap()
                    .len(),
            )
        };
        store.start_stage("r", StageName::Topics, "a").unwrap();
        fill();
        store.start_stage("r", StageName::Topics, "a").unwrap();
        assert_eq!(kept(), (3.0, 1, 1), "interrupted");
        store
            .fail_stage("r", StageName::Topics, &fixture::error())
            .unwrap();
        assert_eq!(
            store.stage("r", StageName::Topics).unwrap().error,
            Some(fixture::error())
        );
        store.start_stage("r", StageName::Topics, "a").unwrap();
        assert_eq!(kept(), (3.0, 1, 1), "failed");
        assert_eq!(store.stage("r", StageName::Topics).unwrap().error, None);
        store.start_stage("r", StageName::Topics, "b").unwrap();
        assert_eq!(kept(), (0.0, 0, 0), "other inputs");
        fill();
        store
            .commit_stage(
                "r",
                StageName::Topics,
                &fixture::result(&fixture::artifacts(1), "out"),
            )
            .unwrap();
        store.start_stage("r", StageName::Topics, "in").unwrap();
        assert_eq!(kept(), (0.0, 0, 0), "redone");
        let redone = store.stage("r", StageName::Topics).unwrap();
        assert_eq!((redone.output_sha256, redone.finished_at_ms), (None, None));
        assert_eq!(
            store.artifacts("r", StageName::Topics, None).unwrap().len(),
            1
        );
    }

    #[test]
    fn an_equal_stage_is_reused_unless_edited() {
        let (_dir, store) = with_run();
        fixture::run(&store, "to");
        assert_eq!(store.find_stage(StageName::Topics, "in").unwrap(), None);
        assert!(matches!(
            store.reuse_stage("r", "to", StageName::Topics, 5),
            Err(Error::NotFound { .. })
        ));
        store
            .commit_stage(
                "r",
                StageName::Topics,
                &fixture::result(&fixture::artifacts(2), "out"),
            )
            .unwrap();
        store
            .put_metric_points("r", StageName::Topics, &[("loss", 1, 0.5)])
            .unwrap();
        store
            .put_work("to", StageName::Topics, "k", &json!(1))
            .unwrap();
        assert_eq!(
            store
                .find_stage(StageName::Topics, "in")
                .unwrap()
                .as_deref(),
            Some("r")
        );
        assert_eq!(store.find_stage(StageName::Summaries, "in").unwrap(), None);
        store.reuse_stage("r", "to", StageName::Topics, 99).unwrap();
        let (from, to) = (
            store.stage("r", StageName::Topics).unwrap(),
            store.stage("to", StageName::Topics).unwrap(),
        );
        let expected = StageRow {
            run_id: "to".into(),
            status: StageStatus::Reused,
            finished_at_ms: Some(99),
            ..from
        };
        assert_eq!(to, expected);
        let payloads = |run: &str| {
            let rows = store.artifacts(run, StageName::Topics, None).unwrap();
            rows.into_iter()
                .map(|a| (a.kind, a.item, a.payload))
                .collect::<Vec<_>>()
        };
        assert_eq!(payloads("to"), payloads("r"));
        assert_eq!(
            store.metric_points("to", None).unwrap(),
            store.metric_points("r", None).unwrap()
        );
        assert!(store.work_all("to", StageName::Topics).unwrap().is_empty());
        store.reuse_stage("r", "r", StageName::Topics, 5).unwrap();
        assert_eq!(payloads("r").len(), 2);

        let edit = ArtifactEdit {
            kind: ArtifactKind::Topic,
            item: 0,
            payload: &json!("e"),
            author: "me",
            edited_at_ms: 100,
        };
        store.edit_artifact("r", StageName::Topics, &edit).unwrap();
        assert_eq!(
            store
                .find_stage(StageName::Topics, "in")
                .unwrap()
                .as_deref(),
            Some("to")
        );
        store.edit_artifact("to", StageName::Topics, &edit).unwrap();
        assert_eq!(store.find_stage(StageName::Topics, "in").unwrap(), None);
    }

    #[test]
    fn unknown_stages_are_named() {
        let (_dir, store) = with_run();
        assert!(matches!(store.stages("no"), Err(Error::NoSuchRun { .. })));
        for error in [
            store.stage("r", StageName::Align).unwrap_err(),
            store.start_stage("r", StageName::Align, "i").unwrap_err(),
            store
                .set_progress("r", StageName::Align, None, 0.0, 0.0, 0)
                .unwrap_err(),
            store
                .fail_stage("r", StageName::Align, &fixture::error())
                .unwrap_err(),
            store
                .set_output_sha256("r", StageName::Align, "")
                .unwrap_err(),
            store
                .commit_stage("r", StageName::Align, &fixture::result(&[], ""))
                .unwrap_err(),
        ] {
            assert!(
                error.to_string().contains("\"align\" of run \"r\""),
                "{error}"
            );
        }
    }
}
