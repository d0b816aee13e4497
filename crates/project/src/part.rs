//! The parts of a run: which of them a recipe asks for, whose results each reads, and the hash by which a part is found
//! again in another run. The window and the pipeline ask the same functions, so that both know what is stale.

use std::collections::BTreeSet;

use contract::{JudgeAction, Part, Scorer, StageName, StageStanding, Synthesizer, System};
use serde_json::json;
use store::{PartRow, RunRow};

use crate::error::Result;
use crate::recipe::Recipe;
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
/// are compared by, and whatever these read.
pub fn asked(recipe: &Recipe) -> Vec<Part> {
    let outputs = recipe.systems.iter().copied().map(Part::Evaluate);
    let dialogues = compared(recipe).into_iter().map(Part::TestDialogues);
    let mut open: Vec<Part> = outputs.chain(dialogues).collect();
    let mut found = BTreeSet::new();
    while let Some(part) = open.pop() {
        if found.insert(part) {
            open.extend(upstream(part));
            open.extend(judge(part, recipe));
        }
    }
    let mut parts: Vec<Part> = found.into_iter().collect();
    parts.sort_by_key(|part| (part.stage(), takes_updates(*part).is_some(), *part));
    parts
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

/// The part whose adapter writes a synthesizer's dialogues.
pub fn writer(synthesizer: Synthesizer) -> Part {
    match synthesizer.is_aligned() {
        true => Part::Align(synthesizer),
        false => Part::Whole(StageName::Synthesizer),
    }
}

/// The part that trains for as many updates as the training of another one took, where it is such a part.
fn takes_updates(part: Part) -> Option<Part> {
    match part {
        Part::Summarizer(system) => system.updates_of().map(Part::Summarizer),
        _ => None,
    }
}

/// Whether the judge is able is asked before its word makes pairs.
fn judge(part: Part, recipe: &Recipe) -> Option<Part> {
    let makes_pairs = part == Part::Whole(StageName::Preferences);
    let is_tried = makes_pairs && recipe.scorer != Scorer::None && recipe.judge_items > 0;
    is_tried.then_some(Part::Judge(recipe.scorer))
}

/// The part that says how far a part may trust the judge, where the recipe adapts to that.
pub fn trusted_judge(part: Part, recipe: &Recipe) -> Option<Part> {
    let learns = match part {
        Part::Align(role) => role != Synthesizer::BestOfK,
        part => part == Part::Whole(StageName::Preferences),
    };
    let asked = judge(Part::Whole(StageName::Preferences), recipe);
    asked.filter(|_| learns && recipe.judge_action == JudgeAction::Adapt)
}

/// The parts whose results a part reads.
pub fn upstream(part: Part) -> Vec<Part> {
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
        Part::Dialogues(source) => vec![Part::Whole(Summaries), writer(source)],
        Part::Summarizer(system) => {
            let source = system.synthetic_source().map(Part::Dialogues);
            source.into_iter().chain(takes_updates(part)).collect()
        }
        Part::Evaluate(system) if system.is_trained() => vec![Part::Summarizer(system)],
        Part::Evaluate(_) => Vec::new(),
        Part::TestDialogues(synthesizer) => vec![writer(synthesizer)],
        Part::BertScore(system) => vec![Part::Evaluate(system)],
    }
}

/// Whether a part's result is the same whatever the seed and the shots are: nothing in it is drawn, and it sees neither
/// shots nor validation pairs.
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

/// What a run is made of beside its recipe, as far as a key depends on it.
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
    for earlier in upstream(part)
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
    let Part::Summarizer(system) = part else {
        return EqualShare::All;
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
