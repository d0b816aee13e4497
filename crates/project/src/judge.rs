//! Is the judge able? Before pairs are made by what a scorer says about dialogues, real validation dialogues are damaged in
//! nine ways while their summaries stay ([`corrupt`]), and it is counted how often the scorer prefers the real one. The
//! summary's own likelihood cancels, and the comparison is the one that makes content pairs. (FacEval, arXiv
//! 2210.11777, and FIB, arXiv 2211.08412, damage the summary and use the same share.)
//!
//! With an accuracy of a, a label is wrong with 1 - a and the gradient of DPO shrinks by 2a - 1 (cDPO's epsilon).

pub mod corrupt;
mod words;

use std::collections::BTreeMap;

use contract::{
    Corruption, CorruptionGroup, GroupAccuracy, JudgeAccuracy, JudgeAction, JudgeMeasures,
    JudgeVerdict, Scorer,
};
use metrics::interval::{bootstrap_mean, wilson};
use metrics::text::{mean, quantile};

use crate::artifact::Judgement;

pub use words::{rewards, sentences};

/// Smallest lower end of the topic accuracy's interval for a judge that is able or partly able.
const ABLE_TOPIC: f64 = 0.75;
/// The same for the content accuracy, for a judge that is able.
const ABLE_CONTENT: f64 = 0.65;
/// Resamples of a group's interval.
const RESAMPLES: usize = 2_000;
/// Largest share of labels that may be taken to be wrong.
const MOST_SMOOTHING: f64 = 0.4;

/// How far the judge's labels are trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trust {
    /// As they are.
    Whole,
    /// As far as the judge was right.
    Part {
        /// Share of labels taken to be wrong.
        label_smoothing: f64,
        /// Smallest gap of a content pair, nats per token.
        min_gap: f64,
    },
    /// Not at all: no content pairs.
    None,
}

/// What was found, from the scores of real and damaged dialogues.
pub fn measure(
    judgements: &[Judgement],
    scorer: Scorer,
    action: JudgeAction,
    min_gap: f64,
) -> JudgeMeasures {
    let mut by_corruption: BTreeMap<Corruption, Vec<f64>> = BTreeMap::new();
    let mut by_group: BTreeMap<CorruptionGroup, BTreeMap<&str, Vec<f64>>> = BTreeMap::new();
    for judgement in judgements {
        let gap = judgement.real - judgement.damaged;
        by_corruption
            .entry(judgement.corruption)
            .or_default()
            .push(gap);
        by_group
            .entry(judgement.corruption.group())
            .or_default()
            .entry(&judgement.id)
            .or_default()
            .push(seen(gap));
    }
    let corruptions: BTreeMap<Corruption, JudgeAccuracy> = by_corruption
        .into_iter()
        .filter_map(|(corruption, gaps)| Some((corruption, accuracy(&gaps, min_gap)?)))
        .collect();
    let groups: BTreeMap<CorruptionGroup, GroupAccuracy> = by_group
        .into_iter()
        .filter_map(|(group, items)| {
            let means: Vec<f64> = items.values().filter_map(|seen| mean(seen)).collect();
            let found = bootstrap_mean(&means, RESAMPLES, 0)?;
            let accuracy = GroupAccuracy {
                n: means.len(),
                accuracy: found.value,
                ci95: (found.low, found.high),
            };
            Some((group, accuracy))
        })
        .collect();
    let mut ids: Vec<&str> = judgements.iter().map(|judged| judged.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    JudgeMeasures {
        scorer,
        n: ids.len(),
        verdict: (!ids.is_empty()).then(|| verdict(&corruptions, &groups)),
        action,
        corruptions,
        groups,
    }
}

/// How far the labels of a judge are trusted under what was asked to follow.
pub fn trust(found: &JudgeMeasures, label_smoothing: f64, min_gap: f64) -> Trust {
    match (found.action, found.verdict) {
        (JudgeAction::Warn | JudgeAction::Stop, _) | (_, None) => Trust::Whole,
        (JudgeAction::Adapt, Some(JudgeVerdict::Unable)) => Trust::None,
        (JudgeAction::Adapt, Some(_)) => {
            let content = found.groups.get(&CorruptionGroup::Content);
            let wrong = content.map_or(0.0, |group| {
                (1.0 - group.accuracy).clamp(0.0, MOST_SMOOTHING)
            });
            let is_content =
                |corruption: &Corruption| corruption.group() == CorruptionGroup::Content;
            let worst = found
                .corruptions
                .iter()
                .filter(|(corruption, _)| is_content(corruption))
                .min_by(|a, b| a.1.accuracy.total_cmp(&b.1.accuracy));
            Trust::Part {
                label_smoothing: label_smoothing.max(wrong),
                min_gap: min_gap.max(worst.map_or(0.0, |(_, accuracy)| accuracy.gap_p75)),
            }
        }
    }
}

fn verdict(
    corruptions: &BTreeMap<Corruption, JudgeAccuracy>,
    groups: &BTreeMap<CorruptionGroup, GroupAccuracy>,
) -> JudgeVerdict {
    // One corruption asks for the topic, and Wilson's interval is sound where a bootstrap of a hundred hits is a point.
    let topic = corruptions
        .get(&Corruption::OtherTopic)
        .map_or(0.0, |found| found.ci95.0);
    let content = groups
        .get(&CorruptionGroup::Content)
        .map_or(0.0, |found| found.ci95.0);
    match (topic >= ABLE_TOPIC, content >= ABLE_CONTENT) {
        (true, true) => JudgeVerdict::Able,
        (true, false) => JudgeVerdict::Partly,
        (false, _) => JudgeVerdict::Unable,
    }
}

/// 1 where the real dialogue scores higher, a half for a tie.
fn seen(gap: f64) -> f64 {
    match gap.partial_cmp(&0.0) {
        Some(std::cmp::Ordering::Greater) => 1.0,
        Some(std::cmp::Ordering::Equal) => 0.5,
        _ => 0.0,
    }
}

fn accuracy(gaps: &[f64], min_gap: f64) -> Option<JudgeAccuracy> {
    let n = gaps.len();
    let right: f64 = gaps.iter().map(|gap| seen(*gap)).sum();
    // Half a success has no place in Wilson's formula: the interval is that of the ties decided against the judge.
    let ci95 = wilson(right.floor() as usize, n)?;
    let sizes: Vec<f64> = gaps.iter().map(|gap| gap.abs()).collect();
    Some(JudgeAccuracy {
        n,
        right,
        accuracy: right / n as f64,
        ci95: (ci95.low, ci95.high.max(right / n as f64)),
        mean_gap: mean(gaps)?,
        share_min_gap: gaps.iter().filter(|gap| **gap >= min_gap).count() as f64 / n as f64,
        gap_p75: quantile(&sizes, 0.75)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(corruption: Corruption, gaps: &[f64]) -> Vec<Judgement> {
        let judgement = |(item, gap): (usize, &f64)| Judgement {
            id: format!("d{item}"),
            corruption,
            real: -1.0 + gap,
            damaged: -1.0,
        };
        gaps.iter().enumerate().map(judgement).collect()
    }

    fn found(topic_right: usize, content_right: usize) -> JudgeMeasures {
        let gaps = |right: usize| -> Vec<f64> {
            (0..100)
                .map(|i| if i < right { 0.3 } else { -0.1 })
                .collect()
        };
        let mut judgements = judged(Corruption::OtherTopic, &gaps(topic_right));
        judgements.extend(judged(Corruption::KeyTurn, &gaps(content_right)));
        measure(&judgements, Scorer::Base, JudgeAction::Adapt, 0.1)
    }

    #[test]
    fn the_lower_ends_of_topic_and_content_decide() {
        assert_eq!(found(95, 90).verdict, Some(JudgeVerdict::Able));
        assert_eq!(
            found(95, 70).verdict,
            Some(JudgeVerdict::Partly),
            "0.70 may be 0.61"
        );
        assert_eq!(
            found(75, 90).verdict,
            Some(JudgeVerdict::Unable),
            "0.75 may be 0.66"
        );
        let none = measure(&[], Scorer::Base, JudgeAction::Warn, 0.1);
        assert_eq!((none.n, none.verdict), (0, None));
    }

    #[test]
    fn accuracy_gap_and_share_by_hand() {
        let found = measure(
            &judged(Corruption::Swapped, &[0.5, 0.05, 0.0, -0.25]),
            Scorer::Base,
            JudgeAction::Warn,
            0.1,
        );
        let swapped = found.corruptions[&Corruption::Swapped];
        assert_eq!(
            (swapped.n, swapped.right, swapped.accuracy),
            (4, 2.5, 0.625)
        );
        assert!((swapped.mean_gap - 0.075).abs() < 1e-12);
        assert_eq!(swapped.share_min_gap, 0.25);
        assert!((swapped.gap_p75 - 0.3125).abs() < 1e-12);
        assert!(swapped.ci95.0 < 0.5 && swapped.ci95.1 > 0.625);
        assert_eq!(found.groups[&CorruptionGroup::Who].accuracy, 0.625);
    }

    #[test]
    fn what_adapts_trusts_as_far_as_the_judge_was_right() {
        let Trust::Part {
            label_smoothing,
            min_gap,
        } = trust(&found(95, 70), 0.0, 0.1)
        else {
            panic!("partly");
        };
        assert!((label_smoothing - 0.3).abs() < 1e-12);
        assert!(
            (min_gap - 0.3).abs() < 1e-12,
            "the worst content corruption's gaps"
        );
        assert_eq!(trust(&found(60, 60), 0.0, 0.1), Trust::None);
        let warned = JudgeMeasures {
            action: JudgeAction::Warn,
            ..found(60, 60)
        };
        assert_eq!(trust(&warned, 0.0, 0.1), Trust::Whole);
    }
}
