//! The familiar tests beside the exact one, for readers who expect them: they are only in `companion.csv` and decide
//! nothing. Where differences are skewed, Wilcoxon's test finds "differences" of equal means far too often
//! (`duologue bench rating` has such a population).

use metrics::cluster::{self, Block};
use metrics::significance::sign_test;
use metrics::text;
use metrics::wilcoxon::{Zeros, signed_rank};
use serde::Serialize;

use super::record::{Sheet, StudyRecord};

/// A comparison on a criterion by other tests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct CompanionLine {
    criterion: String,
    a: String,
    b: String,
    /// Dialogues in which every system has a score.
    dialogues: usize,
    diff: Option<f64>,
    wilcoxon_pratt_z: Option<f64>,
    wilcoxon_pratt_p: Option<f64>,
    wins: usize,
    losses: usize,
    ties: usize,
    sign_test_p: Option<f64>,
    /// Dialogues in which these two have a score, whatever the others have.
    pairwise_dialogues: usize,
    pairwise_diff: Option<f64>,
}

/// A line for each planned comparison on each criterion.
pub(super) fn lines(record: &StudyRecord) -> Vec<CompanionLine> {
    let sheet = Sheet::new(record);
    let planned = record.plan.comparisons.iter();
    let pairs = planned.flat_map(|pair| record.plan.criteria.iter().map(move |key| (pair, key)));
    pairs
        .filter_map(|(pair, criterion)| {
            let (a, b) = (sheet.system(&pair.a)?, sheet.system(&pair.b)?);
            let blocks = sheet.blocks(&criterion.key).scores;
            let complete = blocks.iter().map(|((dialogue, rater), scores)| Block {
                dialogue: *dialogue as usize,
                rater: *rater,
                difference: scores[a] - scores[b],
            });
            let complete = by_dialogue(complete.collect());
            let pairwise = by_dialogue(pairwise(&sheet, (a, b), &criterion.key));
            let wilcoxon = signed_rank(&complete, Zeros::Pratt);
            let count = |is: fn(f64) -> bool| complete.iter().filter(|d| is(**d)).count();
            let (wins, losses) = (count(|d| d > 0.0), count(|d| d < 0.0));
            Some(CompanionLine {
                criterion: criterion.key.clone(),
                a: pair.a.clone(),
                b: pair.b.clone(),
                dialogues: complete.len(),
                diff: text::mean(&complete),
                wilcoxon_pratt_z: wilcoxon.map(|found| found.z),
                wilcoxon_pratt_p: wilcoxon.map(|found| found.p_two_sided),
                wins,
                losses,
                ties: complete.len() - wins - losses,
                sign_test_p: (wins + losses > 0).then(|| sign_test(wins, losses)),
                pairwise_dialogues: pairwise.len(),
                pairwise_diff: text::mean(&pairwise),
            })
        })
        .collect()
}

fn by_dialogue(blocks: Vec<Block>) -> Vec<f64> {
    cluster::by_dialogue(&blocks).into_values().collect()
}

/// Differences wherever these two systems have a score of the same rater.
fn pairwise(sheet: &Sheet<'_>, (a, b): (usize, usize), criterion: &str) -> Vec<Block> {
    let mut found: std::collections::BTreeMap<(u32, usize), [Option<f64>; 2]> =
        std::collections::BTreeMap::new();
    for (rater, line) in sheet
        .lines()
        .filter(|(_, line)| line.criterion == criterion)
    {
        for (place, system) in [a, b].into_iter().enumerate() {
            let item = sheet.item(line.dialogue, system);
            if item.is_some_and(|item| item.i == line.item) {
                found.entry((line.dialogue, rater)).or_default()[place] = line.score.map(f64::from);
            }
        }
    }
    let block = |((dialogue, rater), scores): ((u32, usize), [Option<f64>; 2])| {
        Some(Block {
            dialogue: dialogue as usize,
            rater,
            difference: scores[0]? - scores[1]?,
        })
    };
    found.into_iter().filter_map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use super::*;
    use std::path::Path;

    #[test]
    fn the_familiar_tests_agree_with_what_is_compared() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/study_results");
        let record = import::read(&golden).unwrap();
        let found = super::super::results::results(&record);
        let lines = lines(&record);
        assert_eq!(lines.len(), found.comparisons.len());
        for line in &lines {
            let same = |other: &&contract::Comparison| {
                (&other.criterion, &other.a, &other.b) == (&line.criterion, &line.a, &line.b)
            };
            let comparison = found.comparisons.iter().find(same).unwrap();
            assert_eq!(
                (line.dialogues, line.diff),
                (comparison.dialogues, comparison.diff)
            );
            assert!(line.pairwise_dialogues >= line.dialogues);
            assert_eq!(line.wins + line.losses + line.ties, line.dialogues);
            assert!(
                line.wilcoxon_pratt_p
                    .is_none_or(|p| (0.0..=1.0).contains(&p))
            );
        }
    }
}
