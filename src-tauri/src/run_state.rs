//! What a run's rows mean to a person looking at it now: a run whose worker has died is not running.

use contract::{ArtifactKind, RunId, RunStanding, SampleItem, StageStanding, System};
use host::clock::now_ms;
use host::process::liveness;
use project::report::SystemResult;
use project::rows::QueueRow;
use project::session::{self, Forecast, Session};

use crate::command::count;
use crate::dto::{
    AppError, PartState, Progress, Queue, QueuedRun, RunLive, RunSummary, StageState,
};
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
            keep_awake: self.session.keeps_awake()?,
            awake_for: self.session.awake_for()?,
        })
    }

    /// One run with its pending request and its error.
    pub(crate) fn live(&self, run: &RunId) -> Answer<RunLive> {
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
        // Nobody waits for a run that is done.
        let forecast = match status {
            RunStanding::Done => Forecast::new(),
            _ => self.session.forecast(&run.run)?,
        };
        let mut parts = run.parts;
        let mut of_stage = |stage: &session::StageState| {
            let (of_this, others) = std::mem::take(&mut parts)
                .into_iter()
                .partition::<Vec<_>, _>(|part| part.part.stage() == stage.name);
            parts = others;
            of_this
                .into_iter()
                .map(|part| part_state(part, working))
                .collect()
        };
        let stages = run
            .stages
            .into_iter()
            .map(|stage| {
                let parts = of_stage(&stage);
                stage_state(stage, parts, working, &forecast)
            })
            .collect();
        let headline_rouge1 = self.headline(&run.run)?;
        Ok(RunSummary {
            status,
            dataset: run.dataset,
            model_name: run.model,
            created_at_ms: run.created_at_ms as f64,
            seed: u32::try_from(run.seed).unwrap_or(u32::MAX),
            stages,
            systems: run.systems,
            headline_rouge1,
            label: run.label,
            id: run.run,
        })
    }

    fn headline(&self, run: &RunId) -> Answer<Option<f64>> {
        let Some(sight) = self.session.may_see(run)? else {
            return Ok(None);
        };
        let kind = Some(ArtifactKind::Result);
        let results = self.session.evaluated(&sight, kind, 0, 16)?;
        let rows: Vec<SystemResult> = project::artifact::read(&results.rows)?;
        let main = rows.iter().find(|row| row.system == System::MrdsSeparate);
        Ok(main.map(|row| row.rouge1.mean))
    }
}

/// Where something stands, if nobody works on it.
fn standing(status: StageStanding, working: bool) -> StageStanding {
    match working {
        true => status,
        false => status.without_worker(),
    }
}

fn part_state(part: project::part::PartState, working: bool) -> PartState {
    let row = part.row.as_ref();
    let seconds = |used: f64| (used > 0.0).then_some(used);
    PartState {
        name: part.part.name(),
        status: standing(part.status, working),
        wall_s: row.and_then(|row| seconds(row.wall_s)),
        cpu_s: row.and_then(|row| seconds(row.cpu_s)),
        n_out: row
            .filter(|row| row.is_finished())
            .map(|row| count(row.n_out)),
    }
}

fn stage_state(
    stage: session::StageState,
    parts: Vec<PartState>,
    working: bool,
    forecast: &Forecast,
) -> StageState {
    StageState {
        name: stage.name,
        status: standing(stage.status, working),
        parts,
        wall_s: (stage.wall_s > 0.0).then_some(stage.wall_s),
        forecast_s: forecast.get(&stage.name).copied(),
        progress: stage.progress.map(progress),
    }
}

fn progress(stored: contract::Progress) -> Progress {
    let step = stored.step;
    Progress {
        task: step.task,
        step: count(step.step),
        total_steps: count(step.total_steps),
        rss_bytes: Some(step.rss_bytes as f64),
        loss: step.loss,
        lr: step.lr,
        tokens_per_s: Some(step.tokens_per_s),
        eta_s: Some(step.eta_s),
        sample: stored.sample.as_ref().and_then(sample),
    }
}

/// The text worth looking at in a sample, after the summary that it was written for.
pub(crate) fn sample(item: &SampleItem) -> Option<String> {
    let parts: Vec<&str> = item.asked_for().into_iter().chain(item.text()).collect();
    let open = matches!(item, SampleItem::Draft { ended: false, .. });
    (!parts.is_empty()).then(|| parts.join("\n\n") + if open { " …" } else { "" })
}

#[cfg(test)]
mod tests {
    use contract::{StageName, Step, Synthesizer};

    use super::*;

    #[test]
    fn samples_are_shown_behind_the_summary_that_they_were_written_for() {
        let accepted = SampleItem::Accepted {
            source: Synthesizer::DpoSeparate,
            dialogue: "A: b".into(),
            summary: "S".into(),
        };
        assert_eq!(sample(&accepted).as_deref(), Some("S\n\nA: b"));
        let nothing = SampleItem::Prediction {
            system: System::ZeroShot,
            prediction: None,
        };
        assert_eq!(sample(&nothing), None);
    }

    #[test]
    fn a_text_that_is_still_being_written_says_so() {
        let draft = |ended| SampleItem::Draft {
            draft: "Ana: Is the van".into(),
            ended,
        };
        assert_eq!(sample(&draft(false)).as_deref(), Some("Ana: Is the van …"));
        assert_eq!(sample(&draft(true)).as_deref(), Some("Ana: Is the van"));
    }

    #[test]
    fn progress_shows_the_last_step_and_its_sample() {
        let stored = contract::Progress {
            step: Step {
                stage: StageName::Summaries,
                task: "t".into(),
                step: 3,
                total_steps: 9,
                loss: None,
                lr: None,
                tokens_per_s: 1.0,
                eta_s: 2.0,
                rss_bytes: 1,
            },
            sample: Some(SampleItem::Summary {
                summary: "S".into(),
                topic: "T".into(),
            }),
        };
        let now = progress(stored);
        assert_eq!((now.step, now.total_steps, now.loss), (3, 9, None));
        assert_eq!(now.sample.as_deref(), Some("S"));
    }
}
