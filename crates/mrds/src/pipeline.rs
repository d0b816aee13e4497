//! The method from top to bottom (Lu et al., arXiv 2502.17328): nine stages in order, each through one cache step.
//!
//! A stage's result is kept under the hash of its inputs and settings. So a run resumes where it stopped, an unchanged
//! stage is taken over from an earlier run, and an edited artifact makes exactly what depends on it stale.

use contract::problem::{Full, RunProblem, SmallerPlan, WrongState};
use contract::{Event, StageName, StageStanding, StageStatus};
use project::artifact::{inputs_sha256, output_sha256};
use store::StageResult;

use crate::error::{Error, Result};
use crate::run::{Run, StageRange};
use crate::selection::TestData;
use crate::stage::{self, Stage, StageOutput};

/// Carries out the stages in the range `stages`. Returns whether every stage of the run is now finished.
///
/// # Errors
/// [`Error::Interrupted`] when asked to stop; whatever a stage reports otherwise. Finished stages, finished batches
/// and the last checkpoint are kept in every case.
pub fn run(run: &Run<'_>, test: &TestData, stages: StageRange) -> Result<bool> {
    let mut steps = Steps {
        run,
        stages,
        open: true,
    };
    steps.step(StageName::Topics, stage::topics::run)?;
    steps.step(StageName::Summaries, stage::summaries::run)?;
    steps.step(StageName::Synthesizer, stage::synthesizer::run)?;
    steps.step(StageName::Candidates, stage::candidates::run)?;
    steps.step(StageName::Preferences, stage::preferences::run)?;
    steps.step(StageName::Align, stage::align::run)?;
    steps.step(StageName::Dialogues, stage::dialogues::run)?;
    steps.step(StageName::Summarizer, stage::summarizer::run)?;
    steps.step(StageName::Evaluate, |stage| {
        stage::evaluate::run(stage, test)
    })?;
    Ok(steps.open)
}

struct Steps<'a, 'r> {
    run: &'a Run<'r>,
    stages: StageRange,
    open: bool,
}

impl Steps<'_, '_> {
    /// Runs one stage unless its result is at hand: in this run, or in another with the same inputs.
    fn step(
        &mut self,
        name: StageName,
        body: impl FnOnce(&Stage<'_>) -> Result<StageOutput>,
    ) -> Result<()> {
        if !self.open {
            return Ok(());
        }
        let (store, id) = (self.run.store, self.run.row.id.as_str());
        let inputs = self.inputs(name)?;
        let row = store.stage(id, name)?;
        let forced = self.stages.from == Some(name);
        let finished = matches!(row.status, StageStatus::Done | StageStatus::Reused);
        let current = finished && row.inputs_sha256.as_deref() == Some(inputs.as_str());
        if forced || !current {
            match store
                .find_stage(name, &inputs)?
                .filter(|from| !forced && from != id)
            {
                Some(from) => {
                    store.reuse_stage(&from, id, name, (self.run.now_ms)())?;
                    self.say(name, StageStanding::Reused);
                }
                None => {
                    let unfinished = row.status != StageStatus::Waiting && !finished;
                    let goes_on =
                        unfinished && row.inputs_sha256.as_deref() == Some(inputs.as_str());
                    self.compute(name, &inputs, goes_on, body)?;
                }
            }
        }
        self.open = self.stages.until != Some(name);
        Ok(())
    }

    fn compute(
        &self,
        name: StageName,
        inputs: &str,
        goes_on: bool,
        body: impl FnOnce(&Stage<'_>) -> Result<StageOutput>,
    ) -> Result<()> {
        let (store, id) = (self.run.store, self.run.row.id.as_str());
        if !goes_on {
            // The store lets the partial results go; a checkpoint without them would go on from half a stage.
            stage::remove_checkpoints(store, id, name)?;
        }
        store.start_stage(id, name, inputs)?;
        self.say(name, StageStanding::Running);
        let stage = Stage::begin(self.run, name, inputs)?;
        let output = match body(&stage) {
            Ok(output) => output,
            Err(error @ Error::Interrupted { .. }) => {
                stage.save_usage()?;
                return Err(error);
            }
            Err(error) => {
                let error = with_stage(error, name, self.run.next_smaller)?;
                store.fail_stage(id, name, &error.problem().into())?;
                self.say(name, StageStanding::Failed);
                return Err(error);
            }
        };
        self.commit(&stage, inputs, output)?;
        self.say(name, StageStanding::Done);
        Ok(())
    }

    fn commit(&self, stage: &Stage<'_>, inputs: &str, output: StageOutput) -> Result<()> {
        let items = output
            .artifacts
            .iter()
            .map(|a| (a.kind.as_str(), a.item, &a.payload));
        let mut sorted: Vec<_> = items.collect();
        sorted.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let usage = stage.usage();
        self.run.store.commit_stage(
            &self.run.row.id,
            stage.name,
            &StageResult {
                inputs_sha256: inputs,
                output_sha256: &output_sha256(sorted.into_iter()),
                artifacts: &output.artifacts,
                n_in: output.n_in,
                n_out: output.n_out,
                dropped: output.dropped,
                measures: output.measures,
                wall_s: usage.wall_s,
                cpu_s: usage.cpu_s,
                peak_rss_bytes: usage.peak_rss_bytes,
                now_ms: (self.run.now_ms)(),
            },
        )?;
        stage::remove_checkpoints(self.run.store, &self.run.row.id, stage.name)
    }

    fn inputs(&self, name: StageName) -> Result<String> {
        let store = self.run.store;
        let output_of = |earlier: StageName| {
            let row = store.stage(&self.run.row.id, earlier).ok()?;
            matches!(row.status, StageStatus::Done | StageStatus::Reused)
                .then_some(row.output_sha256)
                .flatten()
        };
        inputs_sha256(&self.run.row, &self.run.recipe, name, &output_of)?
            .ok_or_else(|| Error::from(WrongState::StageUnready { stage: name }))
    }

    fn say(&self, name: StageName, status: StageStanding) {
        self.run.sink.event(&Event::Stage { name, status });
    }
}

/// A full card's error with the stage that met it and the next smaller plan; others as they are.
fn with_stage(
    error: Error,
    stage: StageName,
    next_smaller: &dyn Fn(StageName) -> Result<Option<SmallerPlan>>,
) -> Result<Error> {
    match error {
        Error::Model(lm::Error::OutOfMemory) => {
            let smaller = next_smaller(stage)?;
            Ok(RunProblem::OutOfMemory(Full::Stage { stage, smaller }).into())
        }
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{ErrorCode, Kind, Price};

    #[test]
    fn a_full_card_names_the_stage_and_what_to_do() {
        let full = || Error::Model(lm::Error::OutOfMemory);
        let plan = SmallerPlan {
            settings: vec!["recompute=on".to_owned()],
            price: Price::Recompute,
        };
        let next = |_stage: StageName| Ok(Some(plan.clone()));
        let error = with_stage(full(), StageName::Align, &next).unwrap();
        assert_eq!(
            (error.code(), error.kind()),
            (ErrorCode::OutOfMemory, Kind::Failure)
        );
        assert_eq!(
            error.problem(),
            RunProblem::OutOfMemory(Full::Stage {
                stage: StageName::Align,
                smaller: Some(plan.clone()),
            })
            .into()
        );
        assert!(error.to_string().contains("align"), "{error}");
        assert_eq!(full().code(), ErrorCode::OutOfMemory);
        let other = with_stage(
            Error::Model(lm::Error::Interrupted),
            StageName::Align,
            &next,
        )
        .unwrap();
        assert_eq!(other.code(), ErrorCode::Interrupted);
    }
}
