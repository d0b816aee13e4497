//! What a run's rows mean to a person looking at it now: a run whose worker has died is not running.

use contract::{ArtifactKind, RunStanding, StageName};
use host::clock::now_ms;
use host::process::liveness;
use project::rows::QueueRow;
use project::session::{self, Session};
use serde_json::Value;

use crate::dto::{AppError, Progress, Queue, QueuedRun, RunLive, RunSummary, StageState};
use crate::error::Answer;

/// Reads runs of one workspace.
pub(crate) struct Runs {
    /// The facade.
    pub(crate) session: Session,
}

impl Runs {
    /// Reads the runs of an open session's workspace.
    pub(crate) fn new(session: Session) -> Self {
        Self { session }
    }

    /// All runs, newest first.
    pub(crate) fn all(&self) -> Answer<Vec<RunSummary>> {
        let waiting = self.session.queue()?;
        let summary = |run: session::RunSummary| {
            let queued = waiting.iter().any(|row| row.run_id == run.run);
            self.summary(run, queued)
        };
        self.session.runs()?.into_iter().map(summary).collect()
    }

    /// The runs that wait for their turn.
    pub(crate) fn queue(&self) -> Answer<Queue> {
        let queued = |row: QueueRow| {
            let run = self.session.run(&row.run_id)?;
            Ok(QueuedRun {
                id: row.run_id,
                dataset: run.dataset_name,
                model_name: run.model_name,
                seed: u32::try_from(run.seed).unwrap_or(u32::MAX),
                from: row.from_stage,
                until: row.until_stage,
            })
        };
        let runs: Answer<Vec<QueuedRun>> = self.session.queue()?.into_iter().map(queued).collect();
        Ok(Queue {
            runs: runs?,
            held: self.session.queue_held()?,
        })
    }

    /// One run with its wish and its error.
    pub(crate) fn live(&self, run: &str) -> Answer<RunLive> {
        let row = self.session.run(run)?;
        let queued = self
            .session
            .queue()?
            .iter()
            .any(|waiting| waiting.run_id == row.id);
        let run = self.summary(self.session.status(run)?, queued)?;
        let error = row
            .error
            .as_ref()
            .filter(|_| run.status == RunStanding::Failed)
            .map(AppError::from);
        Ok(RunLive {
            run,
            control: row.control,
            error,
        })
    }

    fn summary(&self, run: session::RunSummary, queued: bool) -> Answer<RunSummary> {
        let working = self.session.is_worked_on(&run.run, now_ms(), &liveness)?;
        let status = match queued && !working {
            true => RunStanding::Queued,
            false => run.status.standing(working),
        };
        let stages = run
            .stages
            .into_iter()
            .map(|stage| stage_state(stage, working))
            .collect();
        let headline_rouge1 = self.headline(&run.run)?;
        Ok(RunSummary {
            status,
            dataset: run.dataset,
            model_name: run.model,
            created_at_ms: run.created_at_ms as f64,
            seed: u32::try_from(run.seed).unwrap_or(u32::MAX),
            stages,
            headline_rouge1,
            id: run.run,
        })
    }

    fn headline(&self, run: &str) -> Answer<Option<f64>> {
        let results =
            self.session
                .items(run, StageName::Evaluate, Some(ArtifactKind::Result), 0, 16)?;
        let main = results
            .rows
            .iter()
            .find(|row| row.payload["system"] == "mrds_separate");
        Ok(main.and_then(|row| row.payload["rouge1"]["mean"].as_f64()))
    }
}

fn stage_state(stage: session::StageState, working: bool) -> StageState {
    let status = match working {
        true => stage.status,
        false => stage.status.without_worker(),
    };
    StageState {
        name: stage.name,
        status,
        wall_s: (stage.wall_s > 0.0).then_some(stage.wall_s),
        progress: progress(&stage.progress),
    }
}

fn progress(value: &Value) -> Option<Progress> {
    let count = |key: &str| {
        value[key]
            .as_u64()
            .map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    };
    Some(Progress {
        task: value["task"].as_str().unwrap_or_default().to_owned(),
        step: count("step")?,
        total_steps: count("total_steps")?,
        rss_bytes: value["rss_bytes"].as_f64(),
        loss: value["loss"].as_f64(),
        lr: value["lr"].as_f64(),
        tokens_per_s: value["tokens_per_s"].as_f64(),
        eta_s: value["eta_s"].as_f64(),
        sample: sample(&value["sample"]),
    })
}

/// The text worth looking at in a sample: a dialogue, a summary or a prediction.
pub(crate) fn sample(value: &Value) -> Option<String> {
    let text = |key: &str| value[key].as_str();
    let body = value.as_str().or_else(|| {
        text("dialogue")
            .or_else(|| text("text"))
            .or_else(|| text("prediction"))
    });
    let parts: Vec<&str> = text("summary").into_iter().chain(body).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn samples_are_shown_with_their_summary() {
        assert_eq!(
            sample(&json!({"summary": "S", "dialogue": "A: b"})).as_deref(),
            Some("S\n\nA: b")
        );
        assert_eq!(sample(&json!("text")).as_deref(), Some("text"));
        assert_eq!(sample(&json!({"format_rate": 0.5})), None);
    }

    #[test]
    fn a_stage_without_a_step_has_no_progress() {
        assert!(progress(&json!({})).is_none());
        let now =
            progress(&json!({"step": 3, "total_steps": 9, "task": "t", "loss": null})).unwrap();
        assert_eq!((now.step, now.total_steps, now.loss), (3, 9, None));
    }
}
