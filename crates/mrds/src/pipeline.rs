//! The method from top to bottom (Lu et al., arXiv 2502.17328): nine stages in order, each divided into the parts that
//! the recipe asks for, each part through one cache step. If a recipe has several rounds, the stages up to the
//! summarizer repeat until a round's figures argue against another (`project::rounds`); the last stage runs once, after
//! all rounds.
//!
//! A part's result is kept under the hash of its inputs and settings. So a run resumes where it stopped, an unchanged
//! part is taken over from an earlier run, another system costs its own parts alone, and an edited artifact makes
//! exactly what depends on it stale.

use contract::problem::{Full, RunProblem, SmallerPlan, WrongState};
use contract::{
    ArtifactKind, Event, LeakGate, Part, RoundPart, RoundStep, StageName, StageStanding,
    StageStatus,
};
use project::artifact::{Output, TestDialogue, output_sha256, read, rows};
use project::leak_audit;
use project::part::{Finished, asked, compared, inputs_sha256, policy};
use project::report::synthesizer_results;
use project::report::tables::systems;
use project::rounds::Courses;
use store::{PartResult, PartRow};

use crate::error::{Error, Result};
use crate::run::{Run, StageRange};
use crate::selection::TestData;
use crate::stage::{self, Stage, StageOutput};

/// Carries out the stages in the range `stages`. Returns whether every stage of the run is now finished.
///
/// # Errors
/// [`Error::Interrupted`] when asked to stop; whatever a stage reports otherwise. Finished parts, finished batches
/// and the last checkpoint are kept in every case.
pub fn run(run: &Run<'_>, test: &TestData, stages: StageRange) -> Result<bool> {
    if stages.from.is_none() && was_finished_before_parts(run)? {
        return Ok(true);
    }
    let (store, id, parts) = (run.store, &run.row.id, asked(&run.recipe));
    let in_first = |part: &Part| part.round() == 1;
    store.want_parts(
        id,
        &parts.iter().copied().filter(in_first).collect::<Vec<_>>(),
    )?;
    let steps = Steps { run, test, stages };
    let wanted = &parts[..end(&parts, stages.until)];
    for of_stage in wanted.chunk_by(|a, b| pass(*a) == pass(*b)) {
        // The figures of the finished rounds decide how many follow.
        let courses = Courses::of(store, id, &run.recipe)?;
        let is_due = |part: &Part| courses.is_due(*part);
        let due: Vec<Part> = of_stage.iter().copied().filter(is_due).collect();
        store.want_parts(id, &due)?;
        steps.stage(of_stage[0].stage(), &due)?;
    }
    Ok(stages.until.is_none())
}

/// Parts that are carried out together: those of a stage in a round, and all of the last stage.
fn pass(part: Part) -> (StageName, u32) {
    match part.stage() {
        StageName::Evaluate => (StageName::Evaluate, 1),
        stage => (stage, part.round()),
    }
}

/// How many parts there are up to the end of a stage in the first round.
fn end(parts: &[Part], until: Option<StageName>) -> usize {
    match until {
        None | Some(StageName::Evaluate) => parts.len(),
        Some(until) => {
            let in_range = |part: &Part| part.round() == 1 && part.stage() <= until;
            parts
                .iter()
                .rposition(in_range)
                .map_or(0, |place| place + 1)
        }
    }
}

/// Whether an earlier version, which kept complete stages, finished the run with every system to compare: resuming it
/// should not compute everything again.
fn was_finished_before_parts(run: &Run<'_>) -> Result<bool> {
    let (store, id) = (run.store, &run.row.id);
    let mut stages = store.stages(id)?.into_iter();
    if !store.parts(id)?.is_empty() || stages.any(|stage| stage.status != StageStatus::Done) {
        return Ok(false);
    }
    let outputs = store.artifacts(id, StageName::Evaluate, Some(ArtifactKind::Output))?;
    let outputs: Vec<Output> = read(&outputs)?;
    let has_output = |system| outputs.iter().any(|output| output.system == system);
    Ok(run.recipe.systems.iter().copied().all(has_output))
}

/// What a part does. Each stage is a file of [`crate::stage`].
fn body(stage: &Stage<'_>, test: &TestData) -> Result<StageOutput> {
    match stage.part {
        Part::Whole(StageName::Topics) => stage::topics::run(stage),
        Part::Whole(StageName::Summaries) => stage::summaries::run(stage),
        Part::Whole(StageName::Synthesizer) => stage::synthesizer::run(stage),
        Part::Whole(StageName::Candidates) => {
            stage::candidates::run(stage, Part::Whole(StageName::Synthesizer))
        }
        Part::Judge(scorer) => stage::judge::run(stage, scorer),
        Part::Whole(StageName::Preferences) => {
            stage::preferences::run(stage, Part::Whole(StageName::Candidates))
        }
        Part::Align(role) => stage::align::run(stage, role),
        Part::Dialogues(source) => stage::dialogues::run(stage, source),
        Part::Summarizer(system) => stage::summarizer::run(stage, system),
        Part::Evaluate(system) => stage::evaluate::summarize(stage, system, test),
        Part::TestDialogues(synthesizer) => stage::evaluate::synthesize(stage, synthesizer, test),
        Part::Round(part) => body_in_round(stage, part, test),
        // The other stages have roles, and no recipe asks for a measuring model: these are never begun.
        Part::Whole(stage) => Err(WrongState::StageUnready { stage }.into()),
        Part::BertScore(_) => Err(WrongState::StageUnready {
            stage: StageName::Evaluate,
        }
        .into()),
    }
}

/// The same stages in a later round, each on what its own round and the one before have made.
fn body_in_round(
    stage: &Stage<'_>,
    RoundPart { round, step }: RoundPart,
    test: &TestData,
) -> Result<StageOutput> {
    match step {
        RoundStep::Summaries => stage::summaries::run(stage),
        RoundStep::Candidates(role) => stage::candidates::run(stage, policy(round - 1, role)),
        RoundStep::Judge(_) => stage::judge::run(stage, stage.recipe().scorer),
        RoundStep::Preferences(role) => {
            stage::preferences::run(stage, Part::candidates(round, role))
        }
        RoundStep::Align(role) => stage::align::run(stage, role),
        RoundStep::Dialogues(source) => stage::dialogues::run(stage, source),
        RoundStep::Summarizer(system) => stage::summarizer::run(stage, system),
        RoundStep::Figures(system) => stage::rounds::measure(stage, system),
        RoundStep::Evaluate(system) => stage::evaluate::summarize(stage, system, test),
    }
}

struct Steps<'a, 'r> {
    run: &'a Run<'r>,
    test: &'a TestData,
    stages: StageRange,
}

impl Steps<'_, '_> {
    /// Runs the parts of a stage whose results are not at hand: in this run, or in another with the same inputs.
    fn stage(&self, name: StageName, parts: &[Part]) -> Result<()> {
        let mut standings = Vec::new();
        for part in parts {
            let is_first = !standings.contains(&Some(StageStanding::Done));
            standings.push(self.step(*part, is_first)?);
        }
        let changed: Vec<StageStanding> = standings.into_iter().flatten().collect();
        match changed
            .iter()
            .max_by_key(|standing| **standing == StageStanding::Done)
        {
            Some(StageStanding::Done) => self.say(name, StageStanding::Done),
            Some(_) => self.say(name, StageStanding::Reused),
            None => {}
        }
        if name == StageName::Evaluate {
            self.tables()?;
            self.look_for_leaks()?;
        }
        Ok(())
    }

    /// Stores beside the run what its texts give away, for export and the results. No hash includes it.
    fn look_for_leaks(&self) -> Result<()> {
        if self.run.recipe.leak_gate != LeakGate::Off {
            leak_audit::audited(self.run.store, &self.run.row)?;
        }
        Ok(())
    }

    /// Returns what became of a part; nothing if its result already existed.
    fn step(&self, part: Part, is_first: bool) -> Result<Option<StageStanding>> {
        let (store, id) = (self.run.store, &self.run.row.id);
        let inputs = self.inputs(part)?;
        let row = store.part(id, part)?;
        let forced = self.stages.from == Some(part.stage());
        let has_inputs = |row: &PartRow| row.inputs_sha256.as_deref() == Some(inputs.as_str());
        let is_current = row
            .as_ref()
            .is_some_and(|row| row.is_finished() && has_inputs(row));
        if is_current && !forced {
            return Ok(None);
        }
        let other = store.find_part(part, &inputs)?;
        if let Some(from) = other.filter(|from| !forced && *from != *id) {
            store.reuse_part(&from, id, part, (self.run.now_ms)())?;
            self.say_part(part, StageStanding::Reused);
            return Ok(Some(StageStanding::Reused));
        }
        let goes_on = row.is_some_and(|row| {
            row.status != StageStatus::Waiting && !row.is_finished() && has_inputs(&row)
        });
        if is_first {
            self.say(part.stage(), StageStanding::Running);
        }
        self.compute(part, &inputs, goes_on)?;
        Ok(Some(StageStanding::Done))
    }

    fn compute(&self, part: Part, inputs: &str, goes_on: bool) -> Result<()> {
        let (store, id) = (self.run.store, &self.run.row.id);
        if !goes_on {
            // The store drops the partial results; a checkpoint without them would continue from half a part.
            stage::remove_checkpoints(store, id, part)?;
        }
        store.start_part(id, part, inputs)?;
        self.say_part(part, StageStanding::Running);
        let stage = Stage::begin(self.run, part, inputs)?;
        let output = match body(&stage, self.test) {
            Ok(output) => output,
            Err(error @ Error::Interrupted { .. }) => {
                stage.save_usage()?;
                return Err(error);
            }
            Err(error) => {
                let error = with_stage(error, part.stage(), self.run.next_smaller)?;
                store.fail_part(id, part, &error.problem().into())?;
                self.say_part(part, StageStanding::Failed);
                self.say(part.stage(), StageStanding::Failed);
                return Err(error);
            }
        };
        self.commit(&stage, inputs, output)?;
        self.say_part(part, StageStanding::Done);
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
        self.run.store.commit_part(
            &self.run.row.id,
            stage.part,
            &PartResult {
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
        stage::remove_checkpoints(self.run.store, &self.run.row.id, stage.part)
    }

    fn inputs(&self, part: Part) -> Result<String> {
        let store = self.run.store;
        let finished = |earlier: Part| {
            let row = store.part(&self.run.row.id, earlier).ok()??;
            row.is_finished().then_some(Finished {
                sha256: row.output_sha256?,
                n_out: row.n_out,
            })
        };
        let stage = part.stage();
        inputs_sha256(&self.run.row, &self.run.recipe, part, &finished)?
            .ok_or_else(|| Error::from(WrongState::StageUnready { stage }))
    }

    /// Makes the tables of all systems and synthesizers. They are figures of what the parts of `evaluate` hold, kept
    /// because their intervals take seconds; every new part removes them.
    fn tables(&self) -> Result<()> {
        let (store, id, recipe) = (self.run.store, &self.run.row.id, &self.run.recipe);
        let whole = Part::Whole(StageName::Evaluate);
        if !store.part_artifacts(id, whole, None)?.is_empty() {
            return Ok(());
        }
        let mut dialogues: Vec<TestDialogue> = Vec::new();
        for synthesizer in compared(recipe) {
            let kind = Some(ArtifactKind::TestDialogue);
            dialogues.extend(read::<TestDialogue>(&store.part_artifacts(
                id,
                Part::TestDialogues(synthesizer),
                kind,
            )?)?);
        }
        let systems = systems(store, &self.run.row, recipe)?;
        let mut tables = rows(&systems)?;
        tables.extend(rows(&synthesizer_results(&dialogues))?);
        Ok(store.put_beside(id, whole, &tables, (self.run.now_ms)())?)
    }

    fn say(&self, name: StageName, status: StageStanding) {
        self.run.sink.event(&Event::Stage { name, status });
    }

    /// A stage without roles has nothing to report besides the stage itself.
    fn say_part(&self, part: Part, status: StageStanding) {
        if part != Part::Whole(part.stage()) {
            self.run.sink.event(&Event::Part { part, status });
        }
    }
}

/// The error of a full card with the stage that hit it and the next smaller plan; other errors unchanged.
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
