//! The table of a run's systems, from what its parts of `evaluate` have stored. What needs no weights is computed here, at
//! the end of a run and again where a table of an earlier version is read: figures of texts, and the summaries that are
//! lines of the conversation, with which every table begins.

use std::collections::BTreeMap;

use contract::{
    ArtifactKind, BackedFact, BackedSentence, Part, ResultMetric, RunId, StageName, System,
};
use metrics::extractive::{lead_3, longest_3};
use metrics::significance::holm;
use serde::Serialize;
use store::{ArtifactRow, ExampleRow, RunRow, Store};

use super::figures::{Conversation, Conversations, Measured, measure};
use super::{Difference, SystemResult, bootstrap_seed, item_scores, results};
use crate::artifact::{BertScores, Output, TrainedAdapter, outputs_sha256, read};
use crate::error::Result;
use crate::recipe::Recipe;
use crate::rounds::{first_artifacts, last_artifacts};
use crate::selection::Selection;

/// A value of one summary, from which the table is recomputed and runs are compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Who wrote the summary.
    pub system: System,
    /// The example's id in the data set.
    pub id: String,
    /// What was measured.
    pub metric: ResultMetric,
    /// The value.
    pub value: f64,
}

/// A summary beside its conversation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Backed {
    /// Who wrote the summary.
    pub system: System,
    /// The example's id in the data set.
    pub id: String,
    /// Its sentences with the turns that support them.
    pub sentences: Vec<BackedSentence>,
    /// Its facts in order, then those that it leaves out.
    pub facts: Vec<BackedFact>,
}

/// What a run's table is made of.
struct Material<'a> {
    store: &'a Store,
    run: &'a RunRow,
    recipe: &'a Recipe,
    /// The round of each system whose outputs are of a later one.
    rounds: BTreeMap<System, u32>,
    conversations: Conversations,
    /// By system in the order of the table.
    outputs: Vec<Vec<Output>>,
}

/// The figures of all systems that need no weights: lines of the conversation first, then in the recipe's order. Empty if
/// there is no output yet.
///
/// # Errors
/// What the store reports.
pub fn systems(store: &Store, run: &RunRow, recipe: &Recipe) -> Result<Vec<SystemResult>> {
    Material::of(store, run, recipe)?.table_with_rounds()
}

/// The same with what a measuring model found. `wanted` chooses some systems; what they are compared with stays. Empty if
/// there is none of them yet.
///
/// # Errors
/// What the store reports.
pub(crate) fn evaluated(
    store: &Store,
    run: &RunRow,
    recipe: &Recipe,
    wanted: Option<&[System]>,
) -> Result<Vec<SystemResult>> {
    let material = Material::of(store, run, recipe)?;
    let mut rows = material.table_with_rounds()?;
    material.add_bertscores(&mut rows)?;
    if let Some(wanted) = wanted {
        let is_wanted = |row: &SystemResult| wanted.contains(&row.system);
        let is_any = rows.iter().any(is_wanted);
        let is_baseline =
            |row: &SystemResult| row.system == System::SftReal || !row.system.has_model();
        rows.retain(|row| is_any && (is_wanted(row) || is_baseline(row)));
    }
    Ok(rows)
}

/// The stored table of a run, with what a measuring model found. One that an earlier version made lacks figures and lines of
/// the conversation: they are computed here.
///
/// # Errors
/// What the store reports.
pub(crate) fn stored(
    store: &Store,
    run: &RunRow,
    recipe: &Recipe,
    mut rows: Vec<SystemResult>,
) -> Result<Vec<SystemResult>> {
    let kind = Some(ArtifactKind::BertScore);
    let is_plain = store
        .artifacts(&run.id, StageName::Evaluate, kind)?
        .is_empty();
    let has_figures = |row: &SystemResult| row.figures.contains_key(&ResultMetric::RougeLsum);
    let is_whole = rows.iter().all(has_figures);
    if rows.is_empty() || (is_whole && is_plain) {
        return Ok(rows);
    }
    let material = Material::of(store, run, recipe)?;
    if !is_whole {
        rows.extend(material.lines_beside(&rows));
        rows.sort_by_key(|row| place(recipe, row.system));
        material.complete(&mut rows)?;
    }
    material.add_bertscores(&mut rows)?;
    Ok(rows)
}

/// The value of every summary on every metric that has one, system by system.
///
/// # Errors
/// What the store reports.
pub fn scores(store: &Store, run: &RunRow) -> Result<Vec<Score>> {
    let recipe = Recipe::from_toml(&run.recipe)?;
    let material = Material::of(store, run, &recipe)?;
    let mut scores = Vec::new();
    for outputs in &material.outputs {
        let mut items = material.measure(outputs).items;
        items.extend(item_scores(outputs));
        if let Some(found) = bertscores(store, &run.id, outputs)? {
            items.extend(columns(found));
        }
        for (metric, values) in items {
            for (output, value) in outputs.iter().zip(values) {
                scores.extend(value.map(|value| Score {
                    system: output.system,
                    id: output.id.clone(),
                    metric,
                    value,
                }));
            }
        }
    }
    Ok(scores)
}

/// Every summary beside its conversation, system by system; without those whose conversation is not at hand.
///
/// # Errors
/// What the store reports.
pub fn backings(store: &Store, run: &RunRow) -> Result<Vec<Backed>> {
    let recipe = Recipe::from_toml(&run.recipe)?;
    let material = Material::of(store, run, &recipe)?;
    let backed = |output: &Output| {
        let found = material.conversations.backing(output)?;
        Some(Backed {
            system: output.system,
            id: output.id.clone(),
            sentences: found.sentences,
            facts: found.facts,
        })
    };
    Ok(material
        .outputs
        .iter()
        .flatten()
        .filter_map(backed)
        .collect())
}

/// The outputs of each system of a run, as a table lists them.
///
/// # Errors
/// What the store reports.
pub fn outputs(store: &Store, run: &RunRow) -> Result<Vec<Vec<Output>>> {
    let recipe = Recipe::from_toml(&run.recipe)?;
    Ok(Material::of(store, run, &recipe)?.outputs)
}

/// Lines of the conversation first, then the recipe's order.
fn place(recipe: &Recipe, system: System) -> (bool, usize, System) {
    let named = recipe.systems.iter().position(|known| *known == system);
    match system.has_model() {
        true => (true, named.unwrap_or(usize::MAX), system),
        false => (false, 0, system),
    }
}

impl<'a> Material<'a> {
    fn of(store: &'a Store, run: &'a RunRow, recipe: &'a Recipe) -> Result<Self> {
        let rows = last_artifacts(store, &run.id, StageName::Evaluate, ArtifactKind::Output)?;
        let round = |row: &ArtifactRow| match row.part {
            Part::Round(part) => Some((part.step.system()?, part.round)),
            _ => None,
        };
        let rounds = rows.iter().filter_map(round).collect();
        let material = Self::of_outputs(store, run, recipe, read(&rows)?)?;
        Ok(Self { rounds, ..material })
    }

    /// As above, for every system as it was after the first round.
    fn of_first(store: &'a Store, run: &'a RunRow, recipe: &'a Recipe) -> Result<Self> {
        let rows = first_artifacts(store, &run.id, StageName::Evaluate, ArtifactKind::Output)?;
        Self::of_outputs(store, run, recipe, read(&rows)?)
    }

    fn of_outputs(
        store: &'a Store,
        run: &'a RunRow,
        recipe: &'a Recipe,
        stored: Vec<Output>,
    ) -> Result<Self> {
        let mut by_system: BTreeMap<(bool, usize, System), Vec<Output>> = BTreeMap::new();
        for output in stored {
            let group = by_system.entry(place(recipe, output.system)).or_default();
            group.push(output);
        }
        let conversations = conversations(store, run)?;
        // Any system's outputs name the test examples and their references.
        if let Some(examples) = by_system.values().next().cloned() {
            for system in [System::Lead3, System::Longest3] {
                let missing = !by_system.contains_key(&place(recipe, system));
                let lines = missing.then(|| lines(system, &examples, &conversations));
                by_system.extend(lines.flatten().map(|lines| (place(recipe, system), lines)));
            }
        }
        Ok(Self {
            store,
            run,
            recipe,
            rounds: BTreeMap::new(),
            conversations,
            outputs: by_system.into_values().collect(),
        })
    }

    fn seed(&self) -> u64 {
        bootstrap_seed(self.run.seed)
    }

    fn table(&self) -> Result<Vec<SystemResult>> {
        let outputs: Vec<Output> = self.outputs.iter().flatten().cloned().collect();
        let mut rows = results(&outputs, self.recipe.bootstrap, self.seed());
        self.complete(&mut rows)?;
        Ok(rows)
    }

    /// The table, with the row of the first round after that of a later one: what the rounds gained is seen between
    /// them.
    fn table_with_rounds(&self) -> Result<Vec<SystemResult>> {
        let mut rows = self.table()?;
        let goes_on = |row: &SystemResult| self.rounds.contains_key(&row.system);
        if !rows.iter().any(goes_on) {
            return Ok(rows);
        }
        let first = Self::of_first(self.store, self.run, self.recipe)?.table()?;
        for mut before in first.into_iter().filter(goes_on) {
            if let Some(place) = rows.iter().position(|row| row.system == before.system) {
                rows[place].round = self.rounds.get(&before.system).copied();
                before.round = Some(1);
                rows.insert(place + 1, before);
            }
        }
        Ok(rows)
    }

    /// The rows of lines of the conversation that a table lacks, compared with real-only training.
    fn lines_beside(&self, rows: &[SystemResult]) -> Vec<SystemResult> {
        let is_missing =
            |system: System| !system.has_model() && rows.iter().all(|row| row.system != system);
        let outputs: Vec<Output> = self
            .outputs
            .iter()
            .flatten()
            .filter(|output| output.system == System::SftReal || is_missing(output.system))
            .cloned()
            .collect();
        let mut fresh = results(&outputs, self.recipe.bootstrap, self.seed());
        fresh.retain(|row| is_missing(row.system));
        fresh
    }

    fn measure(&self, outputs: &[Output]) -> Measured {
        measure(outputs, &self.conversations, self.seed())
    }

    /// Adds to each row what is not ROUGE: the figures of its texts, on which terms it was trained, and its differences on
    /// other metrics.
    fn complete(&self, rows: &mut [SystemResult]) -> Result<()> {
        let mut measured: BTreeMap<System, Measured> = BTreeMap::new();
        for outputs in &self.outputs {
            let system = outputs.first().map(|output| output.system);
            measured.extend(system.map(|system| (system, self.measure(outputs))));
        }
        let chrf = |system: System| {
            let values = measured.get(&system)?.items.get(&ResultMetric::Chrf)?;
            values.iter().copied().collect::<Option<Vec<f64>>>()
        };
        let baseline = chrf(System::SftReal);
        for row in rows.iter_mut() {
            let round = self.rounds.get(&row.system).copied().unwrap_or(1);
            let trained = Part::summarizer(round, row.system);
            let kind = Some(ArtifactKind::Adapter);
            let adapters = self.store.part_artifacts(&self.run.id, trained, kind)?;
            if let Some(adapter) = read::<TrainedAdapter>(&adapters)?.into_iter().next() {
                row.settings_tried = adapter.settings_tried;
                row.synthetic_n = adapter.synthetic_n;
            }
            let pair = chrf(row.system).zip(baseline.as_ref());
            self.compare(row, ResultMetric::Chrf, pair);
            if let Some(measured) = measured.get(&row.system) {
                row.figures.extend(measured.figures());
                row.facts = measured.facts.clone();
                row.reference_words = measured.reference_words;
            }
        }
        adjust(rows);
        Ok(())
    }

    /// Adds what a measuring model found.
    fn add_bertscores(&self, rows: &mut [SystemResult]) -> Result<()> {
        let mut found: BTreeMap<System, BertScores> = BTreeMap::new();
        for outputs in &self.outputs {
            let scores = bertscores(self.store, &self.run.id, outputs)?;
            found.extend(scores.map(|scores| (scores.system, scores)));
        }
        let baseline = found.get(&System::SftReal).cloned();
        for row in rows {
            let Some(scores) = found.remove(&row.system) else {
                continue;
            };
            // The figures of two measuring models cannot be compared.
            let same = baseline
                .as_ref()
                .filter(|baseline| baseline.label == scores.label);
            let pair = same.map(|baseline| (scores.f1.clone(), &baseline.f1));
            self.compare(row, ResultMetric::BertscoreF, pair);
            row.bertscore = Some(scores.label.clone());
            let measured = Measured {
                items: columns(scores).into(),
                ..Measured::default()
            };
            row.figures.extend(measured.figures());
        }
        Ok(())
    }

    /// The difference of a row from real-only training on a metric, where both have it for the same items.
    fn compare(
        &self,
        row: &mut SystemResult,
        metric: ResultMetric,
        pair: Option<(Vec<f64>, &Vec<f64>)>,
    ) {
        // A row that is compared on nothing is real-only training itself, or has other items.
        let Some((ours, theirs)) = pair.filter(|_| !row.vs_sft_real.is_empty()) else {
            return;
        };
        let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a - b).collect();
        let found = Difference::of(&differences, self.recipe.bootstrap, self.seed());
        row.vs_sft_real
            .extend(found.map(|difference| (metric, difference)));
    }
}

/// Adjusts the comparisons on the main metric for each other.
fn adjust(rows: &mut [SystemResult]) {
    let mut main: Vec<&mut Difference> = rows
        .iter_mut()
        .filter_map(|row| row.vs_sft_real.get_mut(&ResultMetric::Rouge1))
        .collect();
    let p: Vec<f64> = main.iter().map(|difference| difference.p).collect();
    for (difference, adjusted) in main.iter_mut().zip(holm(&p)) {
        difference.p_holm = Some(adjusted);
    }
}

/// The conversations of a run's data set.
fn conversations(store: &Store, run: &RunRow) -> Result<Conversations> {
    let selection = Selection::of_run(run)?;
    let examples = store.examples(run.dataset_id, None)?;
    let every: Vec<Conversation<'_>> = examples.iter().map(conversation).collect();
    let of_rows = |ids: &[i64]| -> Vec<&Conversation<'_>> {
        let pairs = examples.iter().zip(&every);
        pairs
            .filter(|(row, _)| ids.contains(&row.id))
            .map(|(_, conversation)| conversation)
            .collect()
    };
    Ok(Conversations::new(
        &every,
        &of_rows(&selection.shots),
        &of_rows(&selection.test),
    ))
}

fn conversation(row: &ExampleRow) -> Conversation<'_> {
    Conversation {
        id: &row.external_id,
        dialogue: &row.dialogue,
        references: &row.references,
    }
}

/// Lines of the conversation as a system's summaries; none if a conversation is not at hand.
fn lines(
    system: System,
    examples: &[Output],
    conversations: &Conversations,
) -> Option<Vec<Output>> {
    let of_example = |example: &Output| {
        let lines = conversations.lines(&example.id)?;
        Some(Output {
            system,
            id: example.id.clone(),
            prediction: match system {
                System::Longest3 => longest_3(&lines),
                _ => lead_3(&lines),
            },
            references: example.references.clone(),
            reference_ce: None,
            base_ce: None,
            tokens: 0,
            examples: 0,
        })
    };
    examples.iter().map(of_example).collect()
}

/// What a measuring model found of these outputs; none if it has not read them.
pub(crate) fn bertscores(
    store: &Store,
    run: &RunId,
    outputs: &[Output],
) -> Result<Option<BertScores>> {
    let Some(first) = outputs.first() else {
        return Ok(None);
    };
    let part = Part::BertScore(first.system);
    let stored = store.part_artifacts(run, part, Some(ArtifactKind::BertScore))?;
    let found = read::<BertScores>(&stored)?.into_iter().next();
    Ok(found.filter(|found| {
        found.f1.len() == outputs.len() && found.outputs_sha256 == outputs_sha256(outputs)
    }))
}

fn columns(found: BertScores) -> [(ResultMetric, Vec<Option<f64>>); 3] {
    let column = |values: Vec<f64>| values.into_iter().map(Some).collect();
    [
        (ResultMetric::BertscoreP, column(found.precision)),
        (ResultMetric::BertscoreR, column(found.recall)),
        (ResultMetric::BertscoreF, column(found.f1)),
    ]
}
