//! The parts of a run: which of them a recipe asks for, whose results each reads, and the hash by which a part is found
//! again in another run. The window and the pipeline ask the same functions, so that both know what is stale.

use std::collections::BTreeSet;
use std::iter;
use std::ops::RangeInclusive;

use contract::{
    JudgeAction, Part, RoundData, RoundPart, RoundStep, Scorer, StageName, StageStanding,
    Synthesizer, System,
};
use serde_json::json;
use store::{PartRow, RunRow};

use crate::error::Result;
use crate::recipe::Recipe;
use crate::rounds;
use crate::selection::Selection;

/// Raised when a stage's meaning changes, so that results of older versions are not reused.
const PIPELINE_VERSION: u32 = 3;

/// A part of a run.
#[derive(Clone, Debug)]
pub struct PartState {
    /// Which part.
    pub part: Part,
    /// Its row; none before a worker has begun the run.
    pub row: Option<PartRow>,
    /// Where it stands; a worker that has died is not known here.
    pub status: StageStanding,
}

/// A finished part, as far as the parts that read it must know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Hash of its result.
    pub sha256: String,
    /// Items that it produced.
    pub n_out: u64,
}

/// The parts that a recipe asks for, in the order in which they are carried out: those that its systems and synthesizers
/// are compared by, those of its rounds, and whatever these read. Which later rounds are due is told by what the rounds
/// before them found ([`rounds::Course`]).
pub fn asked(recipe: &Recipe) -> Vec<Part> {
    let outputs = recipe.systems.iter().copied().map(Part::Evaluate);
    let dialogues = compared(recipe).into_iter().map(Part::TestDialogues);
    let mut open: Vec<Part> = outputs.chain(dialogues).collect();
    for system in rounds::looping(recipe) {
        open.extend((1..=recipe.rounds).map(|round| Part::figures(round, system)));
        open.extend((2..=recipe.rounds).map(|round| Part::evaluate(round, system)));
    }
    let mut found = BTreeSet::new();
    while let Some(part) = open.pop() {
        if found.insert(part) {
            open.extend(upstream(part, recipe));
            open.extend(judge(part, recipe));
        }
    }
    let mut parts: Vec<Part> = found.into_iter().collect();
    parts.sort_by_key(|part| place(*part, recipe));
    parts
}

/// Where a part comes among those of a run: round by round through the stages, and the test split after all of them.
fn place(part: Part, recipe: &Recipe) -> (bool, u32, StageName, bool, Part) {
    // The summarizer that scores has to be there before candidates are.
    let scores_first = recipe.scorer == Scorer::Tuned && part == Part::Summarizer(System::SftReal);
    let stage = match scores_first {
        true => StageName::Synthesizer,
        false => part.stage(),
    };
    let is_figures = matches!(
        part,
        Part::Round(RoundPart {
            step: RoundStep::Figures(_),
            ..
        })
    );
    let is_last = part.stage() == StageName::Evaluate;
    let follows = takes_updates(part).is_some() || is_figures;
    (is_last, part.round(), stage, follows, part)
}

/// The synthesizers that a recipe compares. Where it names none, they are those that come with what its systems learn
/// from: the supervised one in its three ways, and each aligned one of the paper.
pub fn compared(recipe: &Recipe) -> Vec<Synthesizer> {
    let is_asked = |synthesizer: &Synthesizer| recipe.synthesizers.contains(synthesizer);
    let comes_along = |synthesizer: &Synthesizer| {
        let mut sources = recipe
            .systems
            .iter()
            .filter_map(|system| system.synthetic_source());
        match synthesizer {
            Synthesizer::Sft | Synthesizer::Ids | Synthesizer::Rejection => {
                sources.next().is_some()
            }
            Synthesizer::DpoSeparate | Synthesizer::DpoJoint => {
                sources.any(|source| source == *synthesizer)
            }
            Synthesizer::SftConstrained | Synthesizer::BestOfK | Synthesizer::DpoFormat => false,
        }
    };
    let every = Synthesizer::ALL.iter().copied();
    match recipe.synthesizers.is_empty() {
        true => every.filter(comes_along).collect(),
        false => every.filter(is_asked).collect(),
    }
}

/// The part whose adapter writes a synthesizer's dialogues in a round.
pub fn writer(round: u32, synthesizer: Synthesizer) -> Part {
    match synthesizer.is_aligned() {
        true => policy(round, synthesizer),
        false => policy(0, synthesizer),
    }
}

/// The part that trains for as many updates as the training of another one took, where it is such a part.
fn takes_updates(part: Part) -> Option<Part> {
    match part {
        Part::Summarizer(system) => system.updates_of().map(Part::Summarizer),
        _ => None,
    }
}

/// The judge of the pairs of a round.
fn judge_of(round: u32, role: Synthesizer, recipe: &Recipe) -> Part {
    // The base model and another one are in every round what they were in the first; a summarizer is not.
    match (round, recipe.scorer) {
        (2.., Scorer::Tuned) => Part::Round(RoundPart {
            round,
            step: RoundStep::Judge(role),
        }),
        (_, scorer) => Part::Judge(scorer),
    }
}

/// Whether the judge is able is asked before its word makes pairs.
fn judge(part: Part, recipe: &Recipe) -> Option<Part> {
    let is_tried = recipe.scorer != Scorer::None && recipe.judge_items > 0;
    let judge = match part {
        Part::Whole(StageName::Preferences) => Part::Judge(recipe.scorer),
        Part::Round(RoundPart {
            round,
            step: RoundStep::Preferences(role),
        }) => judge_of(round, role, recipe),
        _ => return None,
    };
    is_tried.then_some(judge)
}

/// The part that says how far a part may trust the judge, where the recipe adapts to that.
pub fn trusted_judge(part: Part, recipe: &Recipe) -> Option<Part> {
    let pairs = match part {
        Part::Align(role) if role != Synthesizer::BestOfK => Part::Whole(StageName::Preferences),
        Part::Round(RoundPart {
            round,
            step: RoundStep::Align(role),
        }) if role != Synthesizer::BestOfK => Part::preferences(round, role),
        part => part,
    };
    judge(pairs, recipe).filter(|_| recipe.judge_action == JudgeAction::Adapt)
}

/// The training whose adapter scores for a part, where the scorer is the summarizer: what it was before the part's round.
pub fn tuned_scorer(part: Part, recipe: &Recipe) -> Option<Part> {
    let (round, role) = match part {
        Part::Whole(StageName::Candidates) | Part::Judge(Scorer::Tuned) => (1, None),
        Part::Round(RoundPart { round, step }) => match step {
            RoundStep::Candidates(role) | RoundStep::Judge(role) => (round, role.system()),
            RoundStep::Figures(system) => (round, Some(system)),
            _ => return None,
        },
        _ => return None,
    };
    let scorer = match (round, role) {
        (2.., Some(system)) => Part::summarizer(round - 1, system),
        _ => Part::Summarizer(System::SftReal),
    };
    (recipe.scorer == Scorer::Tuned).then_some(scorer)
}

/// Whether a part is scored by a model other than the run's own.
fn reads_scorer_model(part: Part, recipe: &Recipe) -> bool {
    let is_scored = match part {
        Part::Whole(StageName::Candidates) | Part::Judge(_) => true,
        Part::Round(RoundPart { step, .. }) => {
            matches!(step, RoundStep::Candidates(_) | RoundStep::Figures(_))
        }
        _ => false,
    };
    is_scored && recipe.scorer == Scorer::Model
}

/// The synthesizer that a round ends with; before the first it is the supervised one.
pub fn policy(round: u32, role: Synthesizer) -> Part {
    match round {
        0 => Part::Whole(StageName::Synthesizer),
        round => Part::align(round, role),
    }
}

/// The parts whose results a part reads.
pub fn upstream(part: Part, recipe: &Recipe) -> Vec<Part> {
    let read = match part {
        Part::Round(part) => upstream_in_round(part, recipe),
        part => upstream_once(part),
    };
    read.into_iter().chain(tuned_scorer(part, recipe)).collect()
}

fn upstream_once(part: Part) -> Vec<Part> {
    use StageName::{Candidates, Preferences, Summaries, Synthesizer as Supervised, Topics};
    match part {
        Part::Whole(Summaries) => vec![Part::Whole(Topics)],
        Part::Whole(Candidates) => vec![Part::Whole(Summaries), Part::Whole(Supervised)],
        Part::Whole(Preferences) => vec![Part::Whole(Candidates)],
        // A judge that is tried sees validation pairs.
        Part::Judge(_) => Vec::new(),
        // Topics and the supervised synthesizer learn from the shots. No other stage is carried out as a whole.
        Part::Whole(_) => Vec::new(),
        // As many updates as preference pairs would take, on candidates.
        Part::Align(Synthesizer::BestOfK) => vec![
            Part::Whole(Supervised),
            Part::Whole(Candidates),
            Part::Whole(Preferences),
        ],
        Part::Align(_) => vec![Part::Whole(Supervised), Part::Whole(Preferences)],
        Part::Dialogues(source) => vec![Part::Whole(Summaries), writer(1, source)],
        Part::Summarizer(system) => {
            let source = system.synthetic_source().map(Part::Dialogues);
            source.into_iter().chain(takes_updates(part)).collect()
        }
        Part::Evaluate(system) if system.is_trained() => vec![Part::Summarizer(system)],
        Part::Evaluate(_) => Vec::new(),
        Part::TestDialogues(synthesizer) => vec![writer(1, synthesizer)],
        Part::BertScore(system) => vec![Part::Evaluate(system)],
        Part::Round(_) => Vec::new(),
    }
}

fn upstream_in_round(RoundPart { round, step }: RoundPart, recipe: &Recipe) -> Vec<Part> {
    let (supervised, before) = (Part::Whole(StageName::Synthesizer), round.saturating_sub(1));
    match step {
        // What is new is unlike all that was there.
        RoundStep::Summaries => iter::once(Part::Whole(StageName::Topics))
            .chain((1..round).map(Part::summaries))
            .collect(),
        RoundStep::Candidates(role) => vec![Part::summaries(round), policy(before, role)],
        RoundStep::Judge(_) => Vec::new(),
        RoundStep::Preferences(role) => vec![Part::candidates(round, role)],
        RoundStep::Align(role) => {
            let mut read = vec![policy(before, role), Part::preferences(round, role)];
            match role {
                Synthesizer::BestOfK => read.push(Part::candidates(round, role)),
                _ => read.push(supervised),
            }
            read
        }
        RoundStep::Dialogues(role) => vec![Part::summaries(round), Part::align(round, role)],
        RoundStep::Summarizer(system) => system
            .synthetic_source()
            .into_iter()
            .flat_map(|source| data_rounds(round, recipe).map(move |r| Part::dialogues(r, source)))
            .collect(),
        RoundStep::Figures(system) => {
            let mut read = vec![supervised, Part::summarizer(round, system)];
            // It is compared with the first round.
            let rounds: BTreeSet<u32> = [1, round].into();
            let role = system.synthetic_source();
            for (round, role) in rounds
                .into_iter()
                .flat_map(|round| role.map(|role| (round, role)))
            {
                read.extend([
                    Part::align(round, role),
                    Part::dialogues(round, role),
                    Part::preferences(round, role),
                ]);
            }
            read
        }
        RoundStep::Evaluate(system) => vec![Part::summarizer(round, system)],
    }
}

/// The rounds whose made-up pairs the summarizer of a round learns from.
pub fn data_rounds(round: u32, recipe: &Recipe) -> RangeInclusive<u32> {
    match recipe.round_data {
        RoundData::Accumulate => 1..=round,
        RoundData::Replace => round..=round,
    }
}

/// Whether a part's result is the same whatever the seed and the shots are: nothing in it is random, and it sees
/// neither shots nor validation pairs.
fn is_free_of_shots(part: Part, recipe: &Recipe) -> bool {
    match part {
        Part::Evaluate(System::Lead3 | System::Longest3) => true,
        Part::Evaluate(System::ZeroShot) => recipe.prompt_candidates.is_empty(),
        _ => false,
    }
}

/// Whether a system's summaries are the same whatever the seed and the shots are, unless validation pairs choose its prompt.
pub fn is_free_of_seeds(system: System) -> bool {
    is_free_of_shots(Part::Evaluate(system), &Recipe::default())
}

/// What a run is made of besides its recipe, as far as a key depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Digest of the model.
    pub model_id: &'a str,
    /// The seed.
    pub seed: u64,
    /// The chosen examples.
    pub selection: &'a Selection,
}

/// The cache key of a part: everything that its result depends on.
///
/// `finished` gives the result of an earlier part; `None` if it is unfinished.
pub fn inputs_sha256(
    run: &RunRow,
    recipe: &Recipe,
    part: Part,
    finished: &dyn Fn(Part) -> Option<Finished>,
) -> Result<Option<String>> {
    let inputs = Inputs {
        model_id: &run.model_id,
        seed: run.seed,
        selection: &Selection::of_run(run)?,
    };
    key(inputs, recipe, part, finished)
}

/// As [`inputs_sha256`], for a run that need not be stored.
pub fn key(
    inputs: Inputs<'_>,
    recipe: &Recipe,
    part: Part,
    finished: &dyn Fn(Part) -> Option<Finished>,
) -> Result<Option<String>> {
    let selection = inputs.selection;
    let mut key = vec![
        json!(PIPELINE_VERSION),
        json!(part.stage().as_str()),
        json!(part.name()),
        json!(inputs.model_id),
        recipe.of_part(part)?,
    ];
    if !is_free_of_shots(part, recipe) {
        key.extend([json!(inputs.seed), json!(selection.training_sha256)]);
    }
    if let Some(date) = &selection.template_date {
        key.push(json!(date));
    }
    if part.stage() == StageName::Evaluate {
        key.push(json!(selection.test_sha256));
    }
    if let Some(scorer) = selection
        .scorer_sha256
        .as_ref()
        .filter(|_| reads_scorer_model(part, recipe))
    {
        key.push(json!(scorer));
    }
    for earlier in upstream(part, recipe)
        .into_iter()
        .chain(trusted_judge(part, recipe))
    {
        let Some(earlier) = finished(earlier) else {
            return Ok(None);
        };
        key.push(json!(earlier.sha256));
    }
    match equal_share(part, recipe, finished) {
        EqualShare::Unknown => return Ok(None),
        EqualShare::All => {}
        EqualShare::Of { n, sources } => {
            key.push(json!(n));
            key.extend(sources.into_iter().map(|sha256| json!(sha256)));
        }
    }
    Ok(Some(store::sha256_json(&key)))
}

/// How many of its synthetic pairs a training takes, so that every source gives the same number (`match_synthetic`).
enum EqualShare {
    /// Every one: its source accepted no more dialogues than any other.
    All,
    /// Some: which of them depends on what the other sources accepted.
    Of {
        /// How many.
        n: u64,
        /// The results of all sources.
        sources: Vec<String>,
    },
    /// A source is not finished.
    Unknown,
}

fn equal_share(
    part: Part,
    recipe: &Recipe,
    finished: &dyn Fn(Part) -> Option<Finished>,
) -> EqualShare {
    let system = match part {
        Part::Summarizer(system) => system,
        Part::Round(RoundPart {
            round,
            step: RoundStep::Summarizer(system),
        }) if data_rounds(round, recipe).contains(&1) => system,
        _ => return EqualShare::All,
    };
    let Some(source) = system.synthetic_source().filter(|_| recipe.match_synthetic) else {
        return EqualShare::All;
    };
    let found: Option<Vec<Finished>> = sources(recipe)
        .into_iter()
        .map(|source| finished(Part::Dialogues(source)))
        .collect();
    let (Some(found), Some(of_source)) = (found, finished(Part::Dialogues(source))) else {
        return EqualShare::Unknown;
    };
    let n = found.iter().map(|source| source.n_out).min().unwrap_or(0);
    match n < of_source.n_out {
        true => EqualShare::Of {
            n,
            sources: found.into_iter().map(|source| source.sha256).collect(),
        },
        false => EqualShare::All,
    }
}

/// The synthesizers whose synthetic pairs the trainings of a run learn from.
pub fn sources(recipe: &Recipe) -> Vec<Synthesizer> {
    let source = |part: Part| match part {
        Part::Dialogues(source) => Some(source),
        _ => None,
    };
    asked(recipe).into_iter().filter_map(source).collect()
}

#[cfg(test)]
mod tests;
