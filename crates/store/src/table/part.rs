//! Parts of a run's stages: status, times, hashes of inputs and output. A part becomes visible by one commit
//! ([`Store::commit_part`]), and an equal part of another run is copied instead of computed ([`Store::find_part`],
//! [`Store::reuse_part`]). Every change also brings the stage's row up to date ([`super::stage::refresh`]).

use super::artifact::replace_artifacts;
use super::stage;
use super::{Json, Word, word};
use crate::{Error, NewArtifact, Result, Store};
use contract::{ErrorReport, Measures, Part, Progress, RunId, StageName, StageStatus, Thing};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

// The tables of artifacts and partial results are recreated because their rows now belong to a part, which is in their
// keys; an older program can still use them, because its columns are all there. Partial results of a stage are of no use to
// its parts. `round` is 1 for what is carried out once.
pub(crate) const SQL: &str = "
CREATE TABLE part (
    run_id         TEXT NOT NULL,
    stage          TEXT NOT NULL,
    part           TEXT NOT NULL,
    round          INTEGER NOT NULL DEFAULT 1,
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
    error          TEXT,
    finished_at_ms INTEGER,
    PRIMARY KEY (run_id, stage, part, round),
    FOREIGN KEY (run_id, stage) REFERENCES stage (run_id, name) ON DELETE CASCADE
) STRICT;
CREATE INDEX part_by_inputs ON part (stage, part, inputs_sha256);

CREATE TABLE artifact_of_part (
    id            INTEGER PRIMARY KEY,
    run_id        TEXT NOT NULL,
    stage         TEXT NOT NULL,
    part          TEXT NOT NULL DEFAULT '',
    round         INTEGER NOT NULL DEFAULT 1,
    kind          TEXT NOT NULL,
    item          INTEGER NOT NULL,
    version       INTEGER NOT NULL CHECK (version >= 1),
    author        TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    payload       TEXT NOT NULL,
    UNIQUE (run_id, stage, part, round, kind, item, version),
    FOREIGN KEY (run_id, stage) REFERENCES stage (run_id, name) ON DELETE CASCADE
) STRICT;
INSERT INTO artifact_of_part (id, run_id, stage, kind, item, version, author, created_at_ms, payload)
    SELECT id, run_id, stage, kind, item, version, author, created_at_ms, payload FROM artifact;
DROP TABLE artifact;
ALTER TABLE artifact_of_part RENAME TO artifact;

DROP TABLE work;
CREATE TABLE work (
    run_id TEXT NOT NULL,
    stage  TEXT NOT NULL,
    part   TEXT NOT NULL DEFAULT '',
    round  INTEGER NOT NULL DEFAULT 1,
    key    TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (run_id, stage, part, round, key),
    FOREIGN KEY (run_id, stage) REFERENCES stage (run_id, name) ON DELETE CASCADE
) STRICT;

ALTER TABLE metric_point ADD COLUMN part TEXT NOT NULL DEFAULT '';
";

/// A part of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartRow {
    /// Id of the run.
    pub run_id: RunId,
    /// Which part.
    pub part: Part,
    /// Where it stands.
    pub status: StageStatus,
    /// Wall-clock seconds, over all interruptions.
    pub wall_s: f64,
    /// Seconds of processor time, over all interruptions.
    pub cpu_s: f64,
    /// Peak memory of the process.
    pub peak_rss_bytes: u64,
    /// Items that the part read.
    pub n_in: u64,
    /// Items that the part produced.
    pub n_out: u64,
    /// Items dropped, by rule.
    pub dropped: BTreeMap<String, u64>,
    /// Hash of inputs and settings.
    pub inputs_sha256: Option<String>,
    /// Hash of the output; none until finished.
    pub output_sha256: Option<String>,
    /// Numbers measured in the part.
    pub measures: Measures,
    /// Why it failed.
    pub error: Option<ErrorReport>,
    /// Time of finishing.
    pub finished_at_ms: Option<i64>,
}

impl PartRow {
    /// Whether its result is there.
    pub fn is_finished(&self) -> bool {
        matches!(self.status, StageStatus::Done | StageStatus::Reused)
    }
}

/// What a finished part commits.
#[derive(Debug, Clone, PartialEq)]
pub struct PartResult<'a> {
    /// Hash of inputs and settings.
    pub inputs_sha256: &'a str,
    /// Hash of the output.
    pub output_sha256: &'a str,
    /// What it made; replaces all older artifacts of the part, hand edits included.
    pub artifacts: &'a [NewArtifact],
    /// Items that the part read.
    pub n_in: u64,
    /// Items that the part produced.
    pub n_out: u64,
    /// Items dropped, by rule.
    pub dropped: BTreeMap<String, u64>,
    /// Numbers measured in the part.
    pub measures: Measures,
    /// Wall-clock seconds, over all interruptions.
    pub wall_s: f64,
    /// Seconds of processor time, over all interruptions.
    pub cpu_s: f64,
    /// Peak memory of the process.
    pub peak_rss_bytes: u64,
    /// Time of finishing.
    pub now_ms: i64,
}

/// How far a part at work is; its times are totals over all interruptions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartUsage {
    /// Wall-clock seconds.
    pub wall_s: f64,
    /// Seconds of processor time.
    pub cpu_s: f64,
    /// Peak memory of the process.
    pub peak_rss_bytes: u64,
}

/// The part that a row of any table names by its columns `stage` and `part`.
pub(crate) fn part_of(row: &Row<'_>) -> rusqlite::Result<Part> {
    let (stage, name): (StageName, String) = (word(row, "stage")?, row.get("part")?);
    Part::of(stage, &name).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<PartRow> {
    let unsigned = |column: &str| row.get::<_, i64>(column).map(i64::cast_unsigned);
    Ok(PartRow {
        run_id: word(row, "run_id")?,
        part: part_of(row)?,
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
        error: row.get::<_, Option<Json<_>>>("error")?.map(|e| e.0),
        finished_at_ms: row.get("finished_at_ms")?,
    })
}

/// The parts of a run, or of one of its stages, in the order of the method.
pub(crate) fn rows(
    conn: &Connection,
    run: &RunId,
    stage: Option<StageName>,
) -> Result<Vec<PartRow>> {
    let mut query =
        conn.prepare_cached("SELECT * FROM part WHERE run_id = ?1 AND (?2 IS NULL OR stage = ?2)")?;
    let mut parts = query
        .query_map(params![run.as_str(), stage.map(Word)], from_row)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    parts.sort_by_key(|row| (row.part.stage(), row.part));
    Ok(parts)
}

fn get(conn: &Connection, run: &RunId, part: Part) -> Result<Option<PartRow>> {
    Ok(conn
        .prepare_cached("SELECT * FROM part WHERE run_id = ?1 AND stage = ?2 AND part = ?3")?
        .query_row(
            params![run.as_str(), Word(part.stage()), part.name()],
            from_row,
        )
        .optional()?)
}

/// Enters a part unless it has a row already; fails where the run does not have its stage.
fn enter(conn: &Connection, run: &RunId, part: Part) -> Result<()> {
    stage::require(conn, run, part.stage())?;
    conn.prepare_cached("INSERT OR IGNORE INTO part (run_id, stage, part) VALUES (?1, ?2, ?3)")?
        .execute(params![run.as_str(), Word(part.stage()), part.name()])?;
    Ok(())
}

/// Removes what a stage made before it had parts, and what is made of its parts together: both end with a part's
/// new result. The verdict on a judge removes nothing, nor does a later round before the last stage.
fn remove_of_the_whole(conn: &Connection, run: &RunId, part: Part) -> Result<()> {
    let stands_beside = match part {
        Part::Whole(_) | Part::Judge(_) => true,
        Part::Round(_) => part.stage() != StageName::Evaluate,
        _ => false,
    };
    if stands_beside {
        return Ok(());
    }
    for table in ["artifact", "metric_point"] {
        conn.execute(
            &format!("DELETE FROM {table} WHERE run_id = ?1 AND stage = ?2 AND part = ''"),
            params![run.as_str(), Word(part.stage())],
        )?;
    }
    Ok(())
}

/// Copies results, artifacts and metric points of a finished part; statements of [`Store::reuse_part`].
const REUSE: [&str; 7] = [
    "DELETE FROM artifact WHERE run_id = :to AND stage = :stage AND part = :part",
    "INSERT INTO artifact (run_id, stage, part, kind, item, version, author, created_at_ms, payload, verdict, undoes)
     SELECT :to, stage, part, kind, item, version, author, created_at_ms, payload, verdict, undoes FROM artifact
     WHERE run_id = :from AND stage = :stage AND part = :part ORDER BY id",
    "DELETE FROM metric_point WHERE run_id = :to AND stage = :stage AND part = :part",
    "INSERT OR REPLACE INTO metric_point (run_id, stage, part, series, step, value)
     SELECT :to, stage, part, series, step, value FROM metric_point
     WHERE run_id = :from AND stage = :stage AND part = :part",
    "DELETE FROM work WHERE run_id = :to AND stage = :stage AND part = :part",
    "UPDATE part SET status = 'reused', error = NULL,
         (wall_s, cpu_s, peak_rss_bytes, n_in, n_out, dropped, inputs_sha256, output_sha256, measures)
         = (SELECT wall_s, cpu_s, peak_rss_bytes, n_in, n_out, dropped, inputs_sha256, output_sha256, measures
            FROM part WHERE run_id = :from AND stage = :stage AND part = :part)
     WHERE run_id = :to AND stage = :stage AND part = :part",
    "UPDATE stage SET progress = (SELECT progress FROM stage WHERE run_id = :from AND name = :stage)
     WHERE run_id = :to AND name = :stage AND progress = '{}'",
];

/// What [`Store::reuse_part`] does.
pub(crate) fn copy_part(
    tx: &Connection,
    from_run: &RunId,
    to_run: &RunId,
    part: Part,
    now_ms: i64,
) -> Result<()> {
    if !get(tx, from_run, part)?.is_some_and(|source| source.is_finished()) {
        let key = format!("\"{part}\" of run \"{from_run}\"");
        return Err(Error::NotFound {
            thing: Thing::FinishedStage,
            key,
        });
    }
    if from_run == to_run {
        return Ok(());
    }
    enter(tx, to_run, part)?;
    remove_of_the_whole(tx, to_run, part)?;
    let (stage, name) = (Word(part.stage()), part.name());
    for sql in REUSE {
        let parameters: [(&str, &dyn ToSql); 4] = [
            (":from", &from_run.as_str()),
            (":to", &to_run.as_str()),
            (":stage", &stage),
            (":part", &name),
        ];
        let used: Vec<_> = parameters
            .into_iter()
            .filter(|(key, _)| sql.contains(key))
            .collect();
        tx.prepare_cached(sql)?.execute(used.as_slice())?;
    }
    tx.prepare_cached(
        "UPDATE part SET finished_at_ms = ?4 WHERE run_id = ?1 AND stage = ?2 AND part = ?3",
    )?
    .execute(params![to_run.as_str(), stage, name, now_ms])?;
    stage::refresh(tx, to_run, part.stage())
}

impl Store {
    /// The parts of a run in the order of the method; none for a run that was carried out before there were parts.
    pub fn parts(&self, run: &RunId) -> Result<Vec<PartRow>> {
        self.read(|conn| rows(conn, run, None))
    }

    /// One part of a run; `None` if nobody has asked for it yet.
    pub fn part(&self, run: &RunId, part: Part) -> Result<Option<PartRow>> {
        self.read(|conn| get(conn, run, part))
    }

    /// Enters the parts that a run will have; those that are there stay as they are.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn want_parts(&self, run: &RunId, parts: &[Part]) -> Result<()> {
        self.write_run(run, |tx| {
            for part in parts {
                enter(tx, run, *part)?;
            }
            let mut stages: Vec<StageName> = parts.iter().map(|part| part.stage()).collect();
            stages.dedup();
            stages
                .into_iter()
                .try_for_each(|stage| stage::refresh(tx, run, stage))
        })
    }

    /// Marks a part as running. An interrupted or failed one with the same inputs keeps its partial results, metric
    /// points and times; with other inputs, or redone after it had finished, it starts from scratch. Older artifacts
    /// stay until the commit.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn start_part(&self, run: &RunId, part: Part, inputs_sha256: &str) -> Result<()> {
        self.write_run(run, |tx| {
            enter(tx, run, part)?;
            let goes_on = get(tx, run, part)?.is_some_and(|before| {
                !before.is_finished() && before.inputs_sha256.as_deref() == Some(inputs_sha256)
            });
            let (stage, name) = (Word(part.stage()), part.name());
            if !goes_on {
                for table in ["work", "metric_point"] {
                    tx.execute(
                        &format!("DELETE FROM {table} WHERE run_id = ?1 AND stage = ?2 AND part = ?3"),
                        params![run.as_str(), stage, name],
                    )?;
                }
                tx.prepare_cached(
                    "UPDATE part SET wall_s = 0, cpu_s = 0, peak_rss_bytes = 0, n_in = 0, n_out = 0, dropped = '{}',
                         measures = '{}' WHERE run_id = ?1 AND stage = ?2 AND part = ?3",
                )?
                .execute(params![run.as_str(), stage, name])?;
                tx.prepare_cached("UPDATE stage SET progress = '{}' WHERE run_id = ?1 AND name = ?2")?
                    .execute(params![run.as_str(), stage])?;
            }
            tx.prepare_cached(
                "UPDATE part SET status = 'running', inputs_sha256 = ?4, output_sha256 = NULL, error = NULL,
                     finished_at_ms = NULL WHERE run_id = ?1 AND stage = ?2 AND part = ?3",
            )?
            .execute(params![run.as_str(), stage, name, inputs_sha256])?;
            stage::refresh(tx, run, part.stage())
        })
    }

    /// Records how far a part is (`None` keeps the last record), with the totals of its times over all interruptions.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn set_progress(
        &self,
        run: &RunId,
        part: Part,
        progress: Option<&Progress>,
        usage: PartUsage,
    ) -> Result<()> {
        let (stage, name) = (Word(part.stage()), part.name());
        self.write_run(run, |tx| {
            tx.prepare_cached(
                "UPDATE part SET wall_s = ?4, cpu_s = ?5, peak_rss_bytes = ?6
                 WHERE run_id = ?1 AND stage = ?2 AND part = ?3",
            )?
            .execute(params![
                run.as_str(),
                stage,
                name,
                usage.wall_s,
                usage.cpu_s,
                usage.peak_rss_bytes.cast_signed()
            ])?;
            let changed = tx
                .prepare_cached(
                    "UPDATE stage SET progress = coalesce(?3, progress) WHERE run_id = ?1 AND name = ?2",
                )?
                .execute(params![run.as_str(), stage, progress.map(Json)])?;
            if changed == 0 {
                return Err(stage::no_such(run, part.stage()));
            }
            stage::refresh(tx, run, part.stage())
        })
    }

    /// Marks a part as failed; partial results are kept for a resume.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn fail_part(&self, run: &RunId, part: Part, error: &ErrorReport) -> Result<()> {
        self.write_run(run, |tx| {
            enter(tx, run, part)?;
            tx.prepare_cached(
                "UPDATE part SET status = 'failed', error = ?4 WHERE run_id = ?1 AND stage = ?2 AND part = ?3",
            )?
            .execute(params![run.as_str(), Word(part.stage()), part.name(), Json(error)])?;
            stage::refresh(tx, run, part.stage())
        })
    }

    /// Sets the hash of a part's output after a hand edit, which makes what follows stale. A stage that was carried out
    /// before there were parts has it in its own row.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn set_output_sha256(&self, run: &RunId, part: Part, output_sha256: &str) -> Result<()> {
        self.write_run(run, |tx| {
            stage::require(tx, run, part.stage())?;
            let (stage, name) = (Word(part.stage()), part.name());
            let changed = tx
                .prepare_cached(
                    "UPDATE part SET output_sha256 = ?4 WHERE run_id = ?1 AND stage = ?2 AND part = ?3",
                )?
                .execute(params![run.as_str(), stage, name, output_sha256])?;
            if changed == 0 {
                tx.prepare_cached(
                    "UPDATE stage SET output_sha256 = ?3 WHERE run_id = ?1 AND name = ?2",
                )?
                .execute(params![run.as_str(), stage, output_sha256])?;
                return Ok(());
            }
            stage::refresh(tx, run, part.stage())
        })
    }

    /// Finishes a part in one transaction: its artifacts replace older ones, its partial results go, its row says done.
    /// A crash before the end leaves everything as before.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`], [`Error::DiskFull`].
    pub fn commit_part(&self, run: &RunId, part: Part, result: &PartResult<'_>) -> Result<()> {
        self.write_run(run, |tx| {
            enter(tx, run, part)?;
            let (stage, name) = (Word(part.stage()), part.name());
            remove_of_the_whole(tx, run, part)?;
            replace_artifacts(tx, run, part, result.artifacts, result.now_ms)?;
            tx.prepare_cached("DELETE FROM work WHERE run_id = ?1 AND stage = ?2 AND part = ?3")?
                .execute(params![run.as_str(), stage, name])?;
            tx.prepare_cached(
                "UPDATE part SET status = 'done', error = NULL, wall_s = :wall_s, cpu_s = :cpu_s,
                     peak_rss_bytes = :peak, n_in = :n_in, n_out = :n_out, dropped = :dropped,
                     inputs_sha256 = :inputs, output_sha256 = :output, measures = :measures,
                     finished_at_ms = :now
                 WHERE run_id = :run AND stage = :stage AND part = :part",
            )?
            .execute(named_params! {
                ":run": run.as_str(), ":stage": stage, ":part": name, ":wall_s": result.wall_s, ":cpu_s": result.cpu_s,
                ":peak": result.peak_rss_bytes.cast_signed(), ":n_in": result.n_in.cast_signed(),
                ":n_out": result.n_out.cast_signed(), ":dropped": Json(&result.dropped),
                ":inputs": result.inputs_sha256, ":output": result.output_sha256,
                ":measures": Json(&result.measures), ":now": result.now_ms,
            })?;
            stage::refresh(tx, run, part.stage())
        })
    }

    /// The run whose finished part had these inputs and is still as it was made; the oldest such run. What a person
    /// accepted, or changed and changed back, counts as such; what a person rejected does not.
    pub fn find_part(&self, part: Part, inputs_sha256: &str) -> Result<Option<RunId>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT run_id FROM part
                 WHERE stage = ?1 AND part = ?2 AND inputs_sha256 = ?3 AND status IN ('done', 'reused')
                 AND NOT EXISTS (
                     SELECT 1 FROM artifact a WHERE a.run_id = part.run_id AND a.stage = part.stage
                     AND a.part = part.part AND a.version > 1
                     AND a.version = (
                         SELECT MAX(b.version) FROM artifact b WHERE b.run_id = a.run_id AND b.stage = a.stage
                         AND b.part = a.part AND b.round = a.round AND b.kind = a.kind AND b.item = a.item)
                     AND (a.verdict = 'rejected' OR a.payload <> (
                         SELECT c.payload FROM artifact c WHERE c.run_id = a.run_id AND c.stage = a.stage
                         AND c.part = a.part AND c.round = a.round AND c.kind = a.kind AND c.item = a.item
                         AND c.version = 1)))
                 ORDER BY finished_at_ms, run_id LIMIT 1",
            )?;
            let key = params![Word(part.stage()), part.name(), inputs_sha256];
            Ok(query
                .query_row(key, |row| word(row, "run_id"))
                .optional()?)
        })
    }

    /// Copies a finished part of another run, results, artifacts and metric points, in one transaction.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the target lacks the stage or the source is not finished; [`Error::LeaseLost`].
    pub fn reuse_part(
        &self,
        from_run: &RunId,
        to_run: &RunId,
        part: Part,
        now_ms: i64,
    ) -> Result<()> {
        self.write_run(to_run, |tx| copy_part(tx, from_run, to_run, part, now_ms))
    }

    /// Replaces what is kept beside the parts of a run and read by none of them: the tables of `evaluate`, which are made of
    /// all its parts together, and what a measuring model found. No hash changes.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::LeaseLost`].
    pub fn put_beside(
        &self,
        run: &RunId,
        part: Part,
        artifacts: &[NewArtifact],
        now_ms: i64,
    ) -> Result<()> {
        self.write_run(run, |tx| {
            stage::require(tx, run, part.stage())?;
            replace_artifacts(tx, run, part, artifacts, now_ms)
        })
    }
}

#[cfg(test)]
mod tests;
