//! Rounds: the loop carried out more than once. Which systems go round, what ends the loop, and whose summarizer a run ends
//! with, as pure functions of the figures that every round leaves behind ([`contract::RoundFigures`]).
//!
//! A round is not a stage: its steps are parts like all others, with the round in their names and so in their keys. The
//! first round has the keys of a run without rounds, so a finished run continues from its end. Starting at the last policy
//! while the reference stays is what RLHFlow does (Dong et al., arXiv 2405.07863); accumulating the data is Gerstgrasser et
//! al., arXiv 2404.01413.

pub mod texts;
mod words;

use std::collections::BTreeMap;

use contract::{
    ArtifactKind, Part, Round, RoundFigures, RoundPart, RoundStep, RoundStop, RoundWarning, Rounds,
    RunId, StageName, Synthesizer, System,
};
use store::{ArtifactRow, Store};

use crate::artifact::{TrainedAdapter, read};
use crate::error::Result;
use crate::recipe::Recipe;

/// Below this share of the first round's different pairs of words the conversations have become alike.
const NARROW_DISTINCT2: f64 = 0.8;
/// The same holds from this rise in their likeness to each other. Real sets differ by 0.04 to 0.10 between domains and
/// by 0.007 within.
const NARROW_SELF_BLEU4: f64 = 0.10;
/// Below this share of the first round's gap a pair has no contrast. Over rounds the gap may shrink nine-fold (Temporal
/// Self-Rewarding).
const LEAST_GAP: f64 = 0.33;
/// Nats per token by which the tuned judge falls while the base model rises, each, where the judge drifts.
const DRIFT: f64 = 0.05;
/// Lengths relative to the shots that need no warning.
const USUAL_LENGTH: std::ops::RangeInclusive<f64> = 0.67..=1.5;
/// Nats per token from which real conversations have become unlikely.
const MUCH_REAL_CE: f64 = 0.2;

/// The systems of a recipe that go round: those in two stages whose synthesizer is aligned. Empty with one round.
pub fn looping(recipe: &Recipe) -> Vec<System> {
    let goes_round = |system: &System| {
        recipe.rounds > 1
            && system
                .synthetic_source()
                .is_some_and(Synthesizer::is_aligned)
            && system.updates_of().is_none()
    };
    recipe.systems.iter().copied().filter(goes_round).collect()
}

/// The rounds of a system as far as they have come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    rounds: Vec<Round>,
    /// Whether there will be no further round.
    is_over: bool,
}

impl Course {
    /// What follows from the figures of the rounds so far, in order from the first.
    pub fn new(recipe: &Recipe, figures: Vec<RoundFigures>) -> Self {
        let mut rounds: Vec<Round> = Vec::new();
        let (mut best, mut without_gain) = (f64::INFINITY, 0);
        for found in figures.into_iter().take(recipe.rounds as usize) {
            let is_gain = found.validation_ce < best - recipe.round_min_gain;
            without_gain = if is_gain { 0 } else { without_gain + 1 };
            best = best.min(found.validation_ce);
            let split = split(rounds.first(), &found);
            let stop = match indicated(&found, split) {
                None if without_gain >= recipe.round_patience => Some(RoundStop::NoGain),
                stop => stop,
            };
            rounds.push(Round {
                scorer_split: split.map(|(judge, base)| judge - base),
                stop,
                warnings: warnings(&found),
                chosen: false,
                figures: found,
            });
            if stop.is_some() {
                break;
            }
        }
        let lowest = rounds.iter_mut().min_by(|a, b| {
            let ce = |round: &Round| round.figures.validation_ce;
            ce(a).total_cmp(&ce(b))
        });
        if let Some(lowest) = lowest {
            lowest.chosen = true;
        }
        let is_stopped = rounds.last().is_some_and(|round| round.stop.is_some());
        Self {
            is_over: is_stopped || rounds.len() >= recipe.rounds as usize,
            rounds,
        }
    }

    /// Whether a round is begun: the first always, a later one where the one before it speaks for it.
    fn begins(&self, round: u32) -> bool {
        let before = self.rounds.get((round as usize).wrapping_sub(2));
        round <= 1 || before.is_some_and(|before| before.stop.is_none())
    }

    /// The round whose summarizer has the lowest validation CE so far.
    fn chosen(&self) -> Option<u32> {
        let chosen = self.rounds.iter().find(|round| round.chosen)?;
        Some(chosen.figures.round)
    }
}

/// Changes since the first round of the CE of the made-up dialogues under the judge and under the base model.
fn split(first: Option<&Round>, now: &RoundFigures) -> Option<(f64, f64)> {
    let first = first.map_or(now, |round| &round.figures);
    let change = |ce: fn(&RoundFigures) -> Option<f64>| Some(ce(now)? - ce(first)?);
    change(|figures| figures.judge_ce).zip(change(|figures| figures.scorer_ce))
}

/// Why the texts and pairs of a round speak against another one.
fn indicated(found: &RoundFigures, split: Option<(f64, f64)>) -> Option<RoundStop> {
    let is_narrow = found.distinct2_ratio.is_some_and(|x| x < NARROW_DISTINCT2)
        || found
            .self_bleu4_rise
            .is_some_and(|x| x >= NARROW_SELF_BLEU4);
    let is_flat = found.pair_gap_ratio.is_some_and(|x| x < LEAST_GAP);
    let drifts = split.is_some_and(|(judge, base)| judge <= -DRIFT && base >= DRIFT);
    let reasons = [
        (is_narrow, RoundStop::Narrowing),
        (is_flat, RoundStop::NoContrast),
        (drifts, RoundStop::JudgeDrift),
    ];
    reasons
        .into_iter()
        .find_map(|(holds, stop)| holds.then_some(stop))
}

fn warnings(found: &RoundFigures) -> Vec<RoundWarning> {
    let is_odd = found
        .length_ratio
        .is_some_and(|x| !USUAL_LENGTH.contains(&x));
    let is_far = found.real_ce_rise.is_some_and(|x| x > MUCH_REAL_CE);
    let both = [
        (is_odd, RoundWarning::Length),
        (is_far, RoundWarning::RealCe),
    ];
    both.into_iter()
        .filter_map(|(holds, warning)| holds.then_some(warning))
        .collect()
}

/// The rounds of every system of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Courses(BTreeMap<System, Course>);

impl Courses {
    /// As far as a run has come.
    ///
    /// # Errors
    /// What the store reports; figures that cannot be read.
    pub fn of(store: &Store, run: &RunId, recipe: &Recipe) -> Result<Self> {
        let mut courses = BTreeMap::new();
        for system in looping(recipe) {
            let mut figures = Vec::new();
            for round in 1..=recipe.rounds {
                let part = Part::figures(round, system);
                let rows = store.part_artifacts(run, part, Some(ArtifactKind::Round))?;
                match read::<RoundFigures>(&rows)?.pop() {
                    Some(found) => figures.push(found),
                    None => break,
                }
            }
            courses.insert(system, Course::new(recipe, figures));
        }
        Ok(Self(courses))
    }

    /// Whether a part is to be carried out, as far as the rounds before it tell.
    pub fn is_due(&self, part: Part) -> bool {
        let Part::Round(RoundPart { round, step }) = part else {
            return true;
        };
        let Some(system) = step.system() else {
            return self.0.values().any(|course| course.begins(round));
        };
        let Some(course) = self.0.get(&system) else {
            return false;
        };
        match step {
            RoundStep::Evaluate(_) => course.is_over && course.chosen() == Some(round),
            _ => course.begins(round),
        }
    }

    /// The round that a system ends with: the first where it does not go round.
    pub fn chosen(&self, system: System) -> u32 {
        self.0.get(&system).and_then(Course::chosen).unwrap_or(1)
    }

    /// The rounds as they are shown; without those of a system that has finished none yet.
    ///
    /// # Errors
    /// What the store reports.
    pub fn shown(&self, store: &Store, run: &RunId, recipe: &Recipe) -> Result<Vec<Rounds>> {
        let real_ce = real_ce(store, run)?;
        let begun = self
            .0
            .iter()
            .filter(|(_, course)| !course.rounds.is_empty());
        let shown = begun.map(|(system, course)| {
            let mut rounds = Rounds {
                system: *system,
                asked: recipe.rounds,
                rounds: course.rounds.clone(),
                real_ce,
                sentences: Vec::new(),
            };
            rounds.sentences = words::sentences(&rounds);
            rounds
        });
        Ok(shown.collect())
    }
}

/// Validation CE of training on real pairs alone, where the run has it.
fn real_ce(store: &Store, run: &RunId) -> Result<Option<f64>> {
    let part = Part::Summarizer(System::SftReal);
    let rows = store.part_artifacts(run, part, Some(ArtifactKind::Adapter))?;
    let adapter = read::<TrainedAdapter>(&rows)?.pop();
    Ok(adapter.and_then(|adapter| Some(adapter.trainings.last()?.best_ce)))
}

/// The system that an artifact of a run belongs to, as far as it may go round.
fn system_of(part: Part) -> Option<System> {
    match part {
        Part::Summarizer(system) | Part::Evaluate(system) => Some(system),
        Part::Align(role) | Part::Dialogues(role) => role.system(),
        Part::Round(part) => part.step.system(),
        _ => None,
    }
}

/// The artifacts of a stage with which a run ends: of a system that goes round those of its chosen round, where the stage
/// has them, else those of the first.
///
/// # Errors
/// What the store reports; figures that cannot be read.
pub fn last_artifacts(
    store: &Store,
    run: &RunId,
    stage: StageName,
    kind: ArtifactKind,
) -> Result<Vec<ArtifactRow>> {
    let mut rows = store.artifacts(run, stage, Some(kind))?;
    if rows.iter().all(|row| row.part.round() == 1) {
        return Ok(rows);
    }
    let recipe = Recipe::from_toml(&store.run(run)?.recipe)?;
    let courses = Courses::of(store, run, &recipe)?;
    let there: Vec<(System, u32)> = rows
        .iter()
        .filter_map(|row| Some((system_of(row.part)?, row.part.round())))
        .collect();
    rows.retain(|row| match system_of(row.part) {
        Some(system) => {
            let chosen = courses.chosen(system);
            let is_there = there.contains(&(system, chosen));
            row.part.round() == if is_there { chosen } else { 1 }
        }
        None => true,
    });
    Ok(rows)
}

/// The artifacts of a stage that the first round left.
///
/// # Errors
/// What the store reports.
pub fn first_artifacts(
    store: &Store,
    run: &RunId,
    stage: StageName,
    kind: ArtifactKind,
) -> Result<Vec<ArtifactRow>> {
    let mut rows = store.artifacts(run, stage, Some(kind))?;
    rows.retain(|row| row.part.round() == 1);
    Ok(rows)
}

#[cfg(test)]
mod tests;
