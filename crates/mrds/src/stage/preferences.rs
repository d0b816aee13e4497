//! Stage 5: preference pairs from the candidates (MRDS; the guards are in `docs/method.md`).
//!
//! Separate sets: *format* (a passing over a failing dialogue) and *content* (the more summarizable of two passing
//! ones). Joint set: best against worst by (format, content). The copy, length-band and length-balance guards bind
//! both sides of a content pair and the chosen side of a format pair, never the rejected side of a format pair:
//! endless or broken dialogues are what the synthesizer has to unlearn.

use contract::problem::Stall;
use std::collections::BTreeMap;

use contract::{
    LeakGate, LeakReason, Measures, OriginCounts, PairCounts, Part, PreferenceMeasures, Scorer,
};
use project::artifact::{Candidate, Pair, PairSet, SummaryOrigin, rows};
use project::format_rule::ContentGuards;
use project::judge::Trust;
use project::leak_audit::Gate;
use project::recipe::Recipe;

use super::context::{Stage, StageOutput, count};
use super::judge;
use crate::error::{Error, Result};

pub(crate) fn run(stage: &Stage<'_>, made: Part) -> Result<StageOutput> {
    let mut candidates: Vec<Candidate> = stage.read(made)?;
    let recipe = stage.recipe();
    let guards = guards(stage);
    let mut dropped = BTreeMap::new();
    let gate = gate(stage);
    candidates.retain(
        |candidate| match first_leak(gate.as_ref(), &candidate.text) {
            Some(reason) => {
                count(&mut dropped, &format!("leak: {reason}"));
                false
            }
            None => true,
        },
    );
    let trust = judge::trust_in(stage)?;
    let mut maker = Maker {
        recipe,
        guards,
        min_gap: match trust {
            Trust::Part { min_gap: least, .. } => min_gap(recipe, &candidates).max(least),
            Trust::Whole | Trust::None => min_gap(recipe, &candidates),
        },
        dropped,
    };
    let is_judged = recipe.scorer != Scorer::None && trust != Trust::None;
    if !is_judged {
        // Dialogues that keep the format are all equal here: the first one is taken.
        candidates.iter_mut().for_each(|candidate| {
            candidate.score = candidate.score.map(|_| 0.0);
        });
    }
    let mut pairs = Vec::new();
    let groups = candidates.chunk_by(|a, b| a.summary_id == b.summary_id);
    let mut n_groups = 0;
    for group in groups {
        n_groups += 1;
        let real = real_dialogue(stage, &group[0])?;
        pairs.extend(maker.format_pairs(group, real));
        if is_judged {
            pairs.extend(maker.content_pair(group));
        }
        pairs.extend(maker.joint_pair(group));
    }
    if pairs.is_empty() {
        return Err(Error::stalled(stage.name, Stall::NoPreference));
    }
    pairs.sort_by_key(|pair| (pair.set, pair.summary_id));
    let n = |set| pairs.iter().filter(|pair| pair.set == set).count();
    let by_origin = |origin| pairs.iter().filter(|pair| pair.origin == origin).count();
    let measures = Measures::Preferences(PreferenceMeasures {
        pairs: PairCounts {
            format: n(PairSet::Format),
            content: n(PairSet::Content),
            joint: n(PairSet::Joint),
        },
        by_origin: OriginCounts {
            real: by_origin(SummaryOrigin::Real),
            synthetic: by_origin(SummaryOrigin::Synthetic),
        },
        min_gap: maker.min_gap,
    });
    let (n_in, n_out) = (n_groups, pairs.len() as u64);
    Ok(StageOutput {
        artifacts: rows(&pairs)?,
        n_in,
        n_out,
        dropped: maker.dropped,
        measures,
    })
}

/// What detects texts that give a real conversation away, if the recipe leaves these out.
pub(crate) fn gate(stage: &Stage<'_>) -> Option<Gate> {
    let data = stage.data();
    let pairs = data.shots.iter().chain(&data.validation);
    (stage.recipe().leak_gate == LeakGate::Drop)
        .then(|| Gate::new(pairs.map(|pair| (pair.dialogue.clone(), pair.summary.clone()))))
}

/// Why a text gives a real conversation away, if that is checked: the first of the reasons.
pub(crate) fn first_leak(gate: Option<&Gate>, text: &str) -> Option<LeakReason> {
    gate.and_then(|gate| gate.reasons(text).first().copied())
}

/// The copy and length guards, calibrated on the shots.
pub(crate) fn guards(stage: &Stage<'_>) -> ContentGuards {
    let pairs: Vec<(String, String)> = stage
        .data()
        .shots
        .iter()
        .map(|shot| (shot.dialogue.clone(), shot.summary.clone()))
        .collect();
    ContentGuards::with_copy_limits(stage.recipe().copy_run_words, stage.recipe().copy_share)
        .calibrated(&pairs)
}

/// The real dialogue of a real summary, with its token ids: it stands in if no candidate passes.
fn real_dialogue(stage: &Stage<'_>, first: &Candidate) -> Result<Option<(String, Vec<u32>)>> {
    if first.origin != SummaryOrigin::Real {
        return Ok(None);
    }
    let Some(shot) = stage
        .data()
        .shots
        .iter()
        .find(|shot| shot.summary == first.summary)
    else {
        return Ok(None);
    };
    Ok(Some((
        shot.dialogue.clone(),
        stage.prompts().completion(&shot.dialogue)?,
    )))
}

/// max(least gap, share of the pooled spread of scores within a summary).
fn min_gap(recipe: &Recipe, candidates: &[Candidate]) -> f64 {
    let (mut squares, mut freedom) = (0.0, 0usize);
    for group in candidates.chunk_by(|a, b| a.summary_id == b.summary_id) {
        let scores: Vec<f64> = group
            .iter()
            .filter(|c| c.pass)
            .filter_map(|c| c.score)
            .collect();
        let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
        squares += scores
            .iter()
            .map(|score| (score - mean).powi(2))
            .sum::<f64>();
        freedom += scores.len().saturating_sub(1);
    }
    let sd = if freedom == 0 {
        0.0
    } else {
        (squares / freedom as f64).sqrt()
    };
    recipe.min_gap.max(recipe.min_gap_sd * sd)
}

struct Maker<'a> {
    recipe: &'a Recipe,
    guards: ContentGuards,
    min_gap: f64,
    dropped: BTreeMap<String, u64>,
}

impl Maker<'_> {
    fn format_pairs(&mut self, group: &[Candidate], real: Option<(String, Vec<u32>)>) -> Vec<Pair> {
        let failing: Vec<&Candidate> = group
            .iter()
            .filter(|c| !c.pass && !c.ids.is_empty())
            .collect();
        let best = preferable(&self.guards, group).first().copied();
        let any_passes = group.iter().any(|c| c.pass);
        let (text, ids, score) = match (best, real) {
            (Some(best), _) => (best.text.clone(), best.ids.clone(), best.score),
            (None, Some((text, ids))) if !any_passes => (text, ids, None),
            _ => {
                if !failing.is_empty() {
                    count(&mut self.dropped, "format: nothing to prefer");
                }
                return Vec::new();
            }
        };
        let pair = |rejected: &&Candidate| Pair {
            set: PairSet::Format,
            summary_id: rejected.summary_id,
            origin: rejected.origin,
            summary: rejected.summary.clone(),
            chosen: text.clone(),
            rejected: rejected.text.clone(),
            chosen_ids: ids.clone(),
            rejected_ids: rejected.ids.clone(),
            gap: score.zip(rejected.score).map(|(a, b)| a - b),
        };
        failing
            .iter()
            .take(self.recipe.format_pairs_per_summary)
            .map(pair)
            .collect()
    }

    fn content_pair(&mut self, group: &[Candidate]) -> Option<Pair> {
        let good = preferable(&self.guards, group);
        let mut best: Option<(f64, &Candidate, &Candidate)> = None;
        for (index, chosen) in good.iter().enumerate() {
            for rejected in &good[index + 1..] {
                let gap = chosen.score? - rejected.score?;
                if self.balanced(chosen, rejected) && best.is_none_or(|(most, ..)| gap > most) {
                    best = Some((gap, chosen, rejected));
                }
            }
        }
        match best {
            Some((gap, chosen, rejected)) if gap >= self.min_gap => {
                Some(pair(PairSet::Content, chosen, rejected))
            }
            Some(_) => {
                count(&mut self.dropped, "content: gap too small");
                None
            }
            None => {
                count(&mut self.dropped, "content: fewer than two comparable");
                None
            }
        }
    }

    fn joint_pair(&mut self, group: &[Candidate]) -> Option<Pair> {
        let good = preferable(&self.guards, group);
        let Some(&chosen) = good.first() else {
            count(&mut self.dropped, "joint: nothing to prefer");
            return None;
        };
        let worst_failing = group
            .iter()
            .filter(|c| !c.pass && !c.ids.is_empty())
            .min_by(|a, b| {
                worst(a)
                    .partial_cmp(&worst(b))
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
        let comparable = || {
            good.iter()
                .rev()
                .copied()
                .find(|c| c.sample != chosen.sample && self.balanced(chosen, c))
        };
        let Some(rejected) = worst_failing.or_else(comparable) else {
            count(&mut self.dropped, "joint: nothing to reject");
            return None;
        };
        let close = rejected.pass && chosen.score? - rejected.score? < self.min_gap;
        if close {
            count(&mut self.dropped, "joint: gap too small");
            return None;
        }
        Some(pair(PairSet::Joint, chosen, rejected))
    }

    fn balanced(&self, a: &Candidate, b: &Candidate) -> bool {
        let (longer, shorter) = (a.ids.len().max(b.ids.len()), a.ids.len().min(b.ids.len()));
        (longer - shorter) as f64 <= self.recipe.length_balance * longer as f64
    }
}

/// The candidates of a summary that keep the rule and the guards, best score first.
pub(crate) fn preferable<'c>(guards: &ContentGuards, group: &'c [Candidate]) -> Vec<&'c Candidate> {
    let is_guarded = |candidate: &Candidate| guards.check(&candidate.text, &candidate.summary).pass;
    let mut good: Vec<&Candidate> = group
        .iter()
        .filter(|c| c.pass && c.score.is_some() && is_guarded(c))
        .collect();
    good.sort_by(|a, b| {
        b.score
            .partial_cmp(&a.score)
            .unwrap_or(std::cmp::Ordering::Equal)
            .then(a.sample.cmp(&b.sample))
    });
    good
}

/// Order among failing candidates: one that cannot even be scored is the worst.
fn worst(candidate: &Candidate) -> f64 {
    candidate.score.unwrap_or(f64::NEG_INFINITY)
}

fn pair(set: PairSet, chosen: &Candidate, rejected: &Candidate) -> Pair {
    Pair {
        set,
        summary_id: chosen.summary_id,
        origin: chosen.origin,
        summary: chosen.summary.clone(),
        chosen: chosen.text.clone(),
        rejected: rejected.text.clone(),
        chosen_ids: chosen.ids.clone(),
        rejected_ids: rejected.ids.clone(),
        gap: chosen.score.zip(rejected.score).map(|(a, b)| a - b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str =
        "Ana asks Bo whether the van is back and Bo tells her that it came in at noon";
    const QUOTE: &str = "Ana: Hi.\nBo: Ana asks Bo whether the van is back and Bo tells her that it came in at noon";

    fn candidate(sample: u32, pass: bool, score: Option<f64>, tokens: usize) -> Candidate {
        Candidate {
            summary_id: 7,
            sample,
            origin: SummaryOrigin::Synthetic,
            summary: SUMMARY.into(),
            text: format!("Ana: Is it here, number {sample}?\nBo: Since midday."),
            ids: vec![sample + 10; tokens],
            ended: pass,
            pass,
            rules: BTreeMap::new(),
            score,
        }
    }

    fn maker(recipe: &Recipe, min_gap: f64) -> Maker<'_> {
        let guards = ContentGuards::with_copy_limits(recipe.copy_run_words, recipe.copy_share);
        Maker {
            recipe,
            guards,
            min_gap,
            dropped: BTreeMap::new(),
        }
    }

    fn samples(pair: &Pair) -> (u32, u32) {
        (pair.chosen_ids[0] - 10, pair.rejected_ids[0] - 10)
    }

    #[test]
    fn format_pairs_take_the_best_passing_over_each_failing() {
        let recipe = Recipe::default();
        let mut maker = maker(&recipe, 0.1);
        let group = [
            candidate(0, false, Some(-1.0), 9),
            candidate(1, true, Some(-3.0), 10),
            candidate(2, true, Some(-2.0), 10),
            candidate(3, false, None, 400),
            candidate(4, false, Some(-5.0), 10),
        ];
        let pairs = maker.format_pairs(&group, Some(("real".into(), vec![1])));
        assert_eq!(
            pairs.iter().map(samples).collect::<Vec<_>>(),
            [(2, 0), (2, 3)],
            "at most two, no length bound"
        );
        assert_eq!(
            pairs.iter().map(|p| p.gap).collect::<Vec<_>>(),
            [Some(-1.0), None]
        );
        assert!(
            pairs
                .iter()
                .all(|pair| pair.set == PairSet::Format && pair.summary_id == 7)
        );
        assert!(maker.dropped.is_empty());
    }

    #[test]
    fn guards_bind_what_is_preferred_and_never_what_a_format_pair_rejects() {
        let recipe = Recipe::default();
        let mut maker = maker(&recipe, 0.1);
        let mut quoting = candidate(0, true, Some(-0.1), 10);
        quoting.text = QUOTE.into();
        assert!(
            preferable(&maker.guards, std::slice::from_ref(&quoting)).is_empty(),
            "the fixture quotes its summary"
        );
        let plain = candidate(1, true, Some(-2.0), 10);
        let failing = Candidate {
            text: QUOTE.into(),
            ..candidate(2, false, Some(-0.1), 10)
        };
        let group = [quoting.clone(), plain, failing.clone()];
        assert_eq!(
            samples(&maker.format_pairs(&group, None)[0]),
            (1, 2),
            "chosen guarded, rejected not"
        );
        assert_eq!(samples(&maker.joint_pair(&group).unwrap()), (1, 2));
        assert!(
            maker.content_pair(&group).is_none(),
            "both sides of a content pair are guarded"
        );
        assert_eq!(
            maker.dropped,
            BTreeMap::from([("content: fewer than two comparable".to_owned(), 1)])
        );

        // If the only passing one quotes its summary, nothing is preferred, not even the real dialogue.
        maker.dropped.clear();
        let real = Some(("Ana: Hi.\nBo: Hi.".to_owned(), vec![1, 2]));
        assert!(
            maker
                .format_pairs(&[quoting.clone(), failing.clone()], real.clone())
                .is_empty()
        );
        assert!(maker.joint_pair(&[quoting, failing.clone()]).is_none());
        let reasons =
            ["format: nothing to prefer", "joint: nothing to prefer"].map(|r| (r.to_owned(), 1));
        assert_eq!(maker.dropped, BTreeMap::from(reasons));

        // If nothing passes, the real dialogue is preferred, and has no score to compare.
        let pairs = maker.format_pairs(&[failing], real);
        assert_eq!(
            (pairs[0].chosen_ids.as_slice(), pairs[0].gap),
            (&[1, 2][..], None)
        );
    }

    #[test]
    fn content_pairs_need_a_gap_and_like_lengths() {
        let recipe = Recipe::default();
        let mut maker = maker(&recipe, 0.5);
        let group = [
            candidate(0, true, Some(-1.0), 10),
            candidate(1, true, Some(-1.6), 13),
            candidate(2, true, Some(-9.0), 20),
            candidate(3, true, None, 10),
            candidate(4, false, Some(-20.0), 10),
        ];
        let pair = maker.content_pair(&group).unwrap();
        assert_eq!(
            samples(&pair),
            (0, 1),
            "20 tokens are too far from 10, a failing one never takes part"
        );
        assert!((pair.gap.unwrap() - 0.6).abs() < 1e-12);
        assert!(maker.content_pair(&group[..1]).is_none());
        maker.min_gap = 0.7;
        assert!(maker.content_pair(&group[..2]).is_none());
        let reasons = [
            "content: fewer than two comparable",
            "content: gap too small",
        ];
        assert_eq!(
            maker.dropped,
            BTreeMap::from(reasons.map(|r| (r.to_owned(), 1)))
        );
    }

    #[test]
    fn joint_pairs_reject_failing_ones_first_and_then_the_lowest_score() {
        let recipe = Recipe::default();
        let mut maker = maker(&recipe, 0.5);
        let good = [
            candidate(0, true, Some(-1.0), 10),
            candidate(1, true, Some(-2.0), 11),
        ];
        let failing = [
            candidate(2, false, Some(-4.0), 50),
            candidate(3, false, None, 90),
        ];
        let joint = maker
            .joint_pair(&[good.as_slice(), &failing].concat())
            .unwrap();
        assert_eq!(
            (samples(&joint), joint.gap),
            ((0, 3), None),
            "what cannot be scored is the worst"
        );
        assert_eq!(
            samples(
                &maker
                    .joint_pair(&[good.as_slice(), &failing[..1]].concat())
                    .unwrap()
            ),
            (0, 2)
        );
        assert_eq!(samples(&maker.joint_pair(&good).unwrap()), (0, 1));
        assert!(maker.joint_pair(&good[..1]).is_none());
        maker.min_gap = 1.5;
        assert!(maker.joint_pair(&good).is_none());
        let reasons = ["joint: gap too small", "joint: nothing to reject"];
        assert_eq!(
            maker.dropped,
            BTreeMap::from(reasons.map(|r| (r.to_owned(), 1)))
        );
    }

    #[test]
    fn the_least_gap_follows_the_spread_within_summaries() {
        let recipe = Recipe::default();
        let mut group = [0.0, 2.0]
            .map(|score| candidate(0, true, Some(score), 10))
            .to_vec();
        assert!(
            (min_gap(&recipe, &group) - 0.5 * 2.0_f64.sqrt()).abs() < 1e-12,
            "half of the sample deviation"
        );
        // Another summary's level adds nothing, and failing ones do not count.
        group.push(Candidate {
            summary_id: 8,
            ..candidate(0, true, Some(100.0), 10)
        });
        group.push(Candidate {
            summary_id: 8,
            ..candidate(1, false, Some(-100.0), 10)
        });
        assert!((min_gap(&recipe, &group) - 0.5 * 2.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(min_gap(&recipe, &group[..1]), recipe.min_gap);
    }
}
