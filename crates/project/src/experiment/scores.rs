//! What the cells of an experiment scored, item by item, from the outputs that their runs have stored.

use std::collections::BTreeMap;

use contract::{
    ArtifactKind, DatasetName, JudgeMeasures, Measures, ModelName, ResultMetric, RunId, StageName,
    Synthesizer, System,
};
use metrics::rouge::{RougeOptions, mean, score_each};
use store::{PartRow, Store};

use crate::artifact::{Output, TestDialogue, read};
use crate::error::Result;
use crate::report::{SynthesizerResult, synthesizer_results};
use crate::rounds::last_artifacts;

/// Scores of a system on the test items, in the order of [`CellScores::items`].
pub type Scores = BTreeMap<ResultMetric, Vec<f64>>;

/// A finished cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellScores {
    /// Its arm.
    pub arm: String,
    /// Its data set.
    pub dataset: DatasetName,
    /// Its model.
    pub model: ModelName,
    /// Its seed.
    pub seed: u64,
    /// Ids of the test items, sorted.
    pub items: Vec<String>,
    /// Scores of each system.
    pub systems: BTreeMap<System, Scores>,
    /// Its result row for each synthesizer.
    pub synthesizers: Vec<SynthesizerResult>,
    /// Seconds for each accepted dialogue.
    pub seconds_per_accepted: BTreeMap<Synthesizer, f64>,
    /// What was found about its judge; none if that was not tried.
    pub judge: Option<JudgeMeasures>,
}

/// The scores of the systems in a run's outputs: ids of the items, and each system's scores in that order. A system that
/// lacks an item has no scores: it could not be compared item by item.
pub fn of_outputs(outputs: &[Output]) -> (Vec<String>, BTreeMap<System, Scores>) {
    let mut by_system: BTreeMap<System, BTreeMap<&str, &Output>> = BTreeMap::new();
    for output in outputs {
        let of_system = by_system.entry(output.system).or_default();
        of_system.insert(&output.id, output);
    }
    let longest = by_system.values().max_by_key(|outputs| outputs.len());
    let items: Vec<String> = longest
        .into_iter()
        .flat_map(|outputs| outputs.keys().map(|id| (*id).to_owned()))
        .collect();
    let systems = by_system
        .into_iter()
        .filter(|(_, outputs)| outputs.len() == items.len())
        .map(|(system, outputs)| (system, scores(&outputs.into_values().collect::<Vec<_>>())))
        .collect();
    (items, systems)
}

fn scores(outputs: &[&Output]) -> Scores {
    let rouge: Vec<_> = outputs
        .iter()
        .map(|output| {
            let each = score_each(
                &output.references,
                &output.prediction,
                RougeOptions::default(),
            );
            mean(&each).unwrap_or_default()
        })
        .collect();
    let mut scores = Scores::from([
        (
            ResultMetric::Rouge1,
            rouge.iter().map(|scores| scores.rouge1.fmeasure).collect(),
        ),
        (
            ResultMetric::Rouge2,
            rouge.iter().map(|scores| scores.rouge2.fmeasure).collect(),
        ),
        (
            ResultMetric::RougeL,
            rouge.iter().map(|scores| scores.rouge_l.fmeasure).collect(),
        ),
    ]);
    let ces: Option<Vec<f64>> = outputs.iter().map(|output| output.reference_ce).collect();
    scores.extend(ces.map(|ces| (ResultMetric::ReferenceCe, ces)));
    scores
}

/// A finished cell's place in its experiment.
#[derive(Clone, Copy, Debug)]
pub struct CellPlace<'a> {
    /// Its arm.
    pub arm: &'a str,
    /// Its data set.
    pub dataset: &'a DatasetName,
    /// Its model.
    pub model: &'a ModelName,
    /// Its seed.
    pub seed: u64,
    /// Its run.
    pub run: &'a RunId,
}

/// The scores of a finished cell.
///
/// # Errors
/// What the store reports.
pub fn of_run(store: &Store, place: CellPlace<'_>) -> Result<CellScores> {
    let kept = |kind| last_artifacts(store, place.run, StageName::Evaluate, kind);
    let outputs: Vec<Output> = read(&kept(ArtifactKind::Output)?)?;
    let (items, systems) = of_outputs(&outputs);
    let mut dialogues: Vec<TestDialogue> = read(&kept(ArtifactKind::TestDialogue)?)?;
    dialogues.sort_by_key(|dialogue| dialogue.system);
    let stage = store.stage(place.run, StageName::Evaluate)?;
    let judge = |part: &PartRow| match &part.measures {
        Measures::Judge(found) => Some(found.clone()),
        _ => None,
    };
    let seconds = match stage.measures {
        Measures::Writing(ways) => ways
            .into_iter()
            .filter_map(|(way, measured)| Some((way, measured.seconds_per_accepted?)))
            .collect(),
        _ => BTreeMap::new(),
    };
    Ok(CellScores {
        arm: place.arm.to_owned(),
        dataset: place.dataset.to_owned(),
        model: place.model.clone(),
        seed: place.seed,
        items,
        systems,
        synthesizers: synthesizer_results(&dialogues),
        seconds_per_accepted: seconds,
        judge: store.parts(place.run)?.iter().find_map(judge),
    })
}
