//! The table of an experiment: each figure of a system in an arm, over all seeds that are done.

use std::collections::BTreeMap;

use contract::{
    DatasetName, ExperimentRow, ExperimentSynthesizer, ModelName, ResultMetric, System,
};
use metrics::{experiment, text};

use super::grid::Arm;
use super::scores::CellScores;
use crate::part::is_free_of_seeds;
use crate::report::SynthesizerResult;

/// The cells of an arm on a data set with a model, in the order of their seeds.
pub(super) struct Group<'a> {
    pub(super) arm: &'a str,
    pub(super) dataset: &'a DatasetName,
    pub(super) model: &'a ModelName,
    pub(super) cells: Vec<&'a CellScores>,
}

/// The finished cells in groups, in the order of data sets, models and arms. Arms that share their cells with another
/// have a group of their own.
pub(super) fn groups<'a>(arms: &'a [Arm], cells: &'a [CellScores]) -> Vec<Group<'a>> {
    let mut places: Vec<(&DatasetName, &ModelName)> = Vec::new();
    for cell in cells {
        let place = (&cell.dataset, &cell.model);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let mut groups = Vec::new();
    for (dataset, model) in places {
        for arm in arms {
            let is_member = |cell: &&CellScores| {
                cell.arm == arm.computed() && cell.dataset == *dataset && cell.model == *model
            };
            let mut members: Vec<&CellScores> = cells.iter().filter(is_member).collect();
            members.sort_by_key(|cell| cell.seed);
            if !members.is_empty() {
                groups.push(Group {
                    arm: &arm.name,
                    dataset,
                    model,
                    cells: members,
                });
            }
        }
    }
    groups
}

impl Group<'_> {
    /// Scores of a system by seed, for the seeds whose items are those of the first cell; a single row for a system that
    /// no seed changes. With the seeds that the rows are of.
    pub(super) fn scores(&self, system: System, metric: ResultMetric) -> Vec<(u64, &[f64])> {
        let items = self.cells.first().map(|cell| &cell.items);
        let mut rows: Vec<(u64, &[f64])> = self
            .cells
            .iter()
            .filter(|cell| Some(&cell.items) == items)
            .filter_map(|cell| {
                let scores = cell.systems.get(&system)?.get(&metric)?;
                Some((cell.seed, scores.as_slice()))
            })
            .collect();
        let is_same = rows.windows(2).all(|pair| pair[0].1 == pair[1].1);
        if is_free_of_seeds(system) && is_same {
            rows.truncate(1);
        }
        rows
    }

    fn systems(&self) -> Vec<System> {
        let mut systems: Vec<System> = self
            .cells
            .iter()
            .flat_map(|cell| cell.systems.keys().copied())
            .collect();
        systems.sort_unstable();
        systems.dedup();
        systems
    }
}

/// Every figure, systems without a model first.
pub fn table(arms: &[Arm], cells: &[CellScores]) -> Vec<ExperimentRow> {
    let mut rows = Vec::new();
    for group in groups(arms, cells) {
        for system in group.systems() {
            rows.extend(
                ResultMetric::ALL
                    .iter()
                    .filter_map(|metric| row(&group, system, *metric)),
            );
        }
    }
    rows
}

fn row(group: &Group<'_>, system: System, metric: ResultMetric) -> Option<ExperimentRow> {
    let scores: Vec<Vec<f64>> = group
        .scores(system, metric)
        .into_iter()
        .map(|(_, row)| row.to_vec())
        .collect();
    let items = scores.first()?.len();
    let by_seed = experiment::seed_means(&scores);
    let mean = text::mean(&by_seed)?;
    // Below two items there is no interval, and only the mean is given.
    let ci95 = experiment::two_way(&scores).map_or([mean, mean], |test| test.ci95.into());
    Some(ExperimentRow {
        arm: group.arm.to_owned(),
        dataset: group.dataset.to_owned(),
        model: group.model.clone(),
        system,
        metric,
        mean,
        sd: text::standard_deviation(&by_seed),
        ci95,
        seeds: by_seed.len(),
        by_seed,
        items,
    })
}

/// The synthesizers of finished cells.
pub fn synthesizers(arms: &[Arm], cells: &[CellScores]) -> Vec<ExperimentSynthesizer> {
    let mut rows = Vec::new();
    for group in groups(arms, cells) {
        let mut by_system: BTreeMap<_, Vec<(&CellScores, &SynthesizerResult)>> = BTreeMap::new();
        for cell in &group.cells {
            for result in &cell.synthesizers {
                by_system
                    .entry(result.system)
                    .or_default()
                    .push((cell, result));
            }
        }
        for (system, results) in by_system {
            let figures = |figure: &dyn Fn(&CellScores, &SynthesizerResult) -> Option<f64>| {
                let each = results
                    .iter()
                    .filter_map(|(cell, result)| figure(cell, result));
                each.collect::<Vec<f64>>()
            };
            let rates = figures(&|_, result| Some(result.format_rate));
            rows.push(ExperimentSynthesizer {
                arm: group.arm.to_owned(),
                dataset: group.dataset.to_owned(),
                model: group.model.clone(),
                system,
                seeds: results.len(),
                n: results.iter().map(|(_, result)| result.n).sum(),
                format_rate: text::mean(&rates).unwrap_or(0.0),
                format_rate_sd: text::standard_deviation(&rates),
                scorer_ce: text::mean(&figures(&|_, result| result.scorer_ce_all)),
                copy_rate: text::mean(&figures(&|_, result| Some(result.copy_rate))).unwrap_or(0.0),
                seconds_per_accepted: text::mean(&figures(&|cell, _| {
                    cell.seconds_per_accepted.get(&system).copied()
                })),
            });
        }
    }
    rows
}
