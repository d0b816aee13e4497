//! Stages of a run: status, times, hashes of inputs and output. The row of a stage is the sum of its parts
//! ([`super::part`]), for lists and strips; a run that was carried out before there were parts has the rows alone.

use super::part::{self, PartRow};
use super::{Json, Word, run, word};
use crate::{Error, Result, Store};
use contract::{ErrorReport, Measures, Progress, RunId, StageName, StageStatus, Thing};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
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
    pub run_id: RunId,
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
    /// Peak memory of the process.
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

fn from_row(row: &Row<'_>) -> rusqlite::Result<StageRow> {
    let unsigned = |column: &str| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(StageRow {
        run_id: word(row, "run_id")?,
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
        // A progress record left by another version is no reason to refuse the run.
        progress: serde_json::from_value(row.get::<_, Json<Value>>("progress")?.0).ok(),
        error: row.get::<_, Option<Json<_>>>("error")?.map(|e| e.0),
        finished_at_ms: row.get("finished_at_ms")?,
    })
}

fn get(conn: &Connection, run: &RunId, name: StageName) -> Result<StageRow> {
    conn.prepare_cached("SELECT * FROM stage WHERE run_id = ?1 AND name = ?2")?
        .query_row(params![run.as_str(), Word(name)], from_row)
        .optional()?
        .ok_or_else(|| no_such(run, name))
}

/// The error for a stage that the run does not have.
pub(crate) fn no_such(run: &RunId, name: StageName) -> Error {
    Error::NotFound {
        thing: Thing::Stage,
        key: format!("\"{name}\" of run \"{run}\""),
    }
}

/// Fails where the run does not have the stage.
pub(crate) fn require(conn: &Connection, run: &RunId, name: StageName) -> Result<()> {
    let mut query = conn.prepare_cached("SELECT 1 FROM stage WHERE run_id = ?1 AND name = ?2")?;
    if query.exists(params![run.as_str(), Word(name)])? {
        Ok(())
    } else {
        Err(no_such(run, name))
    }
}

/// Makes the row of a stage the sum of its parts.
pub(crate) fn refresh(conn: &Connection, run: &RunId, name: StageName) -> Result<()> {
    let parts = part::rows(conn, run, Some(name))?;
    let sum = |count: fn(&PartRow) -> u64| parts.iter().map(count).sum::<u64>().cast_signed();
    let seconds = |taken: fn(&PartRow) -> f64| parts.iter().map(taken).sum::<f64>();
    let mut dropped: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, count) in parts.iter().flat_map(|part| &part.dropped) {
        *dropped.entry(reason).or_default() += count;
    }
    let measures = parts
        .iter()
        .map(|part| part.measures.clone())
        .reduce(Measures::and)
        .unwrap_or_default();
    let status = status(&parts);
    let is_finished = matches!(status, StageStatus::Done | StageStatus::Reused);
    let output = together(&parts, |part| part.output_sha256.as_deref());
    let finished_at_ms = parts.iter().filter_map(|part| part.finished_at_ms).max();
    conn.prepare_cached(
        "UPDATE stage SET status = :status, wall_s = :wall_s, cpu_s = :cpu_s, peak_rss_bytes = :peak, n_in = :n_in,
             n_out = :n_out, dropped = :dropped, inputs_sha256 = :inputs, output_sha256 = :output,
             measures = :measures, error = :error, finished_at_ms = :finished
         WHERE run_id = :run AND name = :name",
    )?
    .execute(named_params! {
        ":run": run.as_str(), ":name": Word(name), ":status": Word(status),
        ":wall_s": seconds(|part| part.wall_s), ":cpu_s": seconds(|part| part.cpu_s),
        ":peak": parts.iter().map(|part| part.peak_rss_bytes).max().unwrap_or(0).cast_signed(),
        ":n_in": sum(|part| part.n_in), ":n_out": sum(|part| part.n_out), ":dropped": Json(&dropped),
        ":inputs": together(&parts, |part| part.inputs_sha256.as_deref()), ":output": output,
        ":measures": Json(&measures), ":error": parts.iter().find_map(|part| part.error.as_ref()).map(Json),
        ":finished": finished_at_ms.filter(|_| is_finished),
    })?;
    Ok(())
}

/// Where a stage with these parts stands.
fn status(parts: &[PartRow]) -> StageStatus {
    let any = |status| parts.iter().any(|part| part.status == status);
    if any(StageStatus::Failed) {
        return StageStatus::Failed;
    }
    match (
        parts.iter().any(PartRow::is_finished),
        any(StageStatus::Waiting),
    ) {
        _ if any(StageStatus::Running) => StageStatus::Running,
        (false, _) => StageStatus::Waiting,
        // Some of its parts are there.
        (true, true) => StageStatus::Running,
        (true, false) if any(StageStatus::Done) => StageStatus::Done,
        (true, false) => StageStatus::Reused,
    }
}

/// The hash of all parts' hashes, or the part's own where there is only one; none unless every part has one.
fn together(parts: &[PartRow], hash: fn(&PartRow) -> Option<&str>) -> Option<String> {
    match parts {
        [part] => hash(part).map(str::to_owned),
        parts => {
            let hashes: Option<Vec<Value>> = parts
                .iter()
                .map(|part| hash(part).map(|hash| json!([part.part.name(), hash])))
                .collect();
            hashes
                .filter(|hashes| !hashes.is_empty())
                .map(|hashes| crate::sha256_json(&hashes))
        }
    }
}

impl Store {
    /// The stages of a run in order.
    ///
    /// # Errors
    /// [`Error::NoSuchRun`].
    pub fn stages(&self, run: &RunId) -> Result<Vec<StageRow>> {
        self.read(|conn| {
            if !conn
                .prepare_cached("SELECT 1 FROM run WHERE id = ?1")?
                .exists(params![run.as_str()])?
            {
                return Err(run::no_such(run));
            }
            let mut query =
                conn.prepare_cached("SELECT * FROM stage WHERE run_id = ?1 ORDER BY position")?;
            Ok(query
                .query_map(params![run.as_str()], from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// One stage of a run.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn stage(&self, run: &RunId, name: StageName) -> Result<StageRow> {
        self.read(|conn| get(conn, run, name))
    }
}
