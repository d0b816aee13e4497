//! The results of a study as a function of its record: every number of the results page, and its sentences.
//!
//! Only raters that count, and repeats only for consistency. A block (dialogue, rater) counts on a criterion if every
//! system has a score there; means are over dialogues of the mean over raters, so that differences of means are means of
//! differences. The formulas are in `metrics`, each at its function.

mod compare;
mod describe;
mod guesses;
mod marks;
mod pairs;

use std::collections::BTreeSet;

use contract::{AnalysisSeeds, Family, Headline, RaterState, StudyCounts, StudyResults, Words};

use super::record::{Blocks, Sheet, StudyRecord};
use crate::verdict;

/// A criterion with its blocks.
struct Scored<'a> {
    criterion: &'a contract::StudyCriterion,
    blocks: Blocks,
}

/// Computes every number of the results page.
pub fn results(record: &StudyRecord) -> StudyResults {
    let sheet = Sheet::new(record);
    let plan = sheet.plan();
    let scored: Vec<Scored<'_>> = plan
        .criteria
        .iter()
        .map(|criterion| Scored {
            criterion,
            blocks: sheet.blocks(&criterion.key),
        })
        .collect();
    let comparisons = compare::comparisons(&sheet, &scored);
    StudyResults {
        study: plan.title.clone(),
        kind: plan.kind,
        state: plan.state,
        revealed_early: plan.revealed_early,
        n: counts(&sheet, &scored),
        systems: describe::systems(&sheet, &scored),
        headlines: headlines(&sheet, &comparisons),
        family: Family {
            size: compare::family(plan),
            alpha: plan.alpha,
            method: "holm".to_owned(),
        },
        comparisons,
        agreement: describe::agreement(&sheet),
        consistency: describe::consistency(&sheet),
        severity: describe::severity(&sheet, &scored),
        drift: describe::drift(&sheet, &scored),
        time: describe::time(&sheet),
        metrics: describe::metrics(&sheet, &scored),
        pairs: pairs::pairs(&sheet),
        best_worst: marks::marks(&sheet),
        guesses: guesses::guesses(&sheet, &scored),
        seeds: AnalysisSeeds {
            analysis: plan.analysis_seed,
            resamples: plan.resamples,
        },
    }
}

fn counts(sheet: &Sheet<'_>, scored: &[Scored<'_>]) -> StudyCounts {
    let plan = sheet.plan();
    let blocks = scored.iter().flat_map(|scored| scored.blocks.scores.keys());
    let dialogues: BTreeSet<u32> = blocks.map(|(dialogue, _)| *dialogue).collect();
    let skipped: BTreeSet<(usize, u32)> = sheet
        .lines()
        .filter(|(_, line)| line.state == contract::ItemState::Skipped)
        .map(|(rater, line)| (rater, line.item))
        .collect();
    let withdrawn = |rater: &&contract::StudyRater| rater.state == RaterState::Withdrawn;
    StudyCounts {
        dialogues: dialogues.len(),
        shared: sheet.shared(),
        items: sheet.record.items.len(),
        raters: sheet.raters.len(),
        withdrawn: plan.raters.iter().filter(withdrawn).count(),
        ratings: sheet
            .lines()
            .filter(|(_, line)| line.score.is_some())
            .count(),
        skipped: skipped.len(),
        dropped_blocks: scored
            .iter()
            .map(|scored| (scored.criterion.key.clone(), scored.blocks.dropped))
            .collect(),
    }
}

/// A sentence for each tested pair of systems over all criteria.
fn headlines(sheet: &Sheet<'_>, comparisons: &[contract::Comparison]) -> Vec<Headline> {
    let plan = sheet.plan();
    let label = |key: &str| {
        let system = sheet.system(key).map(|place| &plan.systems[place]);
        system.map_or(key.to_owned(), |system| system.label.clone())
    };
    let name = |key: &str| {
        let criterion = plan.criteria.iter().find(|criterion| criterion.key == key);
        criterion.map(|criterion| &criterion.in_sentence)
    };
    let headline = |pair: &contract::PlannedComparison| {
        let outcomes: Vec<(contract::Outcome, &Words)> = comparisons
            .iter()
            .filter(|found| (&found.a, &found.b) == (&pair.a, &pair.b))
            .filter_map(|found| Some((found.outcome?, name(&found.criterion)?)))
            .collect();
        (!outcomes.is_empty()).then(|| Headline {
            a: pair.a.clone(),
            b: pair.b.clone(),
            sentence: verdict::headline(&label(&pair.a), &label(&pair.b), &outcomes),
        })
    };
    plan.comparisons.iter().filter_map(headline).collect()
}

/// An interval as JSON has it.
fn ends(interval: Option<(f64, f64)>) -> Option<[f64; 2]> {
    interval.map(|(low, high)| [low, high])
}

#[cfg(test)]
mod tests;
