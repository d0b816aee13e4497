//! Stage 5: preference pairs from the candidates (MRDS; method page 3.6 with the guards of 3.8).
//!
//! Separate sets: *format* (a passing over a failing dialogue) and *content* (the more summarizable of two passing
//! ones). Joint set: best against worst by (format, content). The copy, length-band and length-balance guards bind
//! both sides of a content pair and the chosen side of a format pair, never the rejected side of a format pair:
//! endless or broken dialogues are what the synthesizer has to unlearn.

use std::collections::BTreeMap;

use super::context::{Stage, count};
use crate::artifact::{Candidate, Pair, PairSet, SummaryOrigin, rows};
use crate::error::{Error, Result};
use crate::format_rule::ContentGuards;
use crate::pipeline::StageOutput;
use crate::recipe::Recipe;
use crate::stage_name::StageName;

pub(crate) fn run(stage: &Stage<'_>) -> Result<StageOutput> {
    let candidates: Vec<Candidate> = stage.read(StageName::Candidates)?;
    let guards = guards(stage);
    let mut maker = Maker {
        recipe: stage.recipe(),
        guards,
        min_gap: min_gap(stage.recipe(), &candidates),
        dropped: BTreeMap::new(),
    };
    let mut pairs = Vec::new();
    let groups = candidates.chunk_by(|a, b| a.summary_id == b.summary_id);
    let mut n_groups = 0;
    for group in groups {
        n_groups += 1;
        let real = real_dialogue(stage, &group[0])?;
        pairs.extend(maker.format_pairs(group, real));
        pairs.extend(maker.content_pair(group));
        pairs.extend(maker.joint_pair(group));
    }
    if pairs.is_empty() {
        return Err(Error::Stalled {
            stage: stage.name,
            reason: "no two dialogues of any summary differ enough to prefer one".into(),
            fix: "Raise `candidates_per_summary` or `dialogue_temperature`, or lower `min_gap`.".into(),
        });
    }
    pairs.sort_by_key(|pair| (pair.set, pair.summary_id));
    let n = |set| pairs.iter().filter(|pair| pair.set == set).count();
    let by_origin = |origin| pairs.iter().filter(|pair| pair.origin == origin).count();
    let measures = serde_json::json!({
        "pairs": {"format": n(PairSet::Format), "content": n(PairSet::Content), "joint": n(PairSet::Joint)},
        "by_origin": {"real": by_origin(SummaryOrigin::Real), "synthetic": by_origin(SummaryOrigin::Synthetic)},
        "min_gap": maker.min_gap,
    });
    let (n_in, n_out) = (n_groups, pairs.len() as u64);
    Ok(StageOutput { artifacts: rows(&pairs)?, n_in, n_out, dropped: maker.dropped, measures })
}

/// The copy and length guards, calibrated on the shots.
pub(crate) fn guards(stage: &Stage<'_>) -> ContentGuards {
    let pairs: Vec<(String, String)> =
        stage.data().shots.iter().map(|shot| (shot.dialogue.clone(), shot.summary.clone())).collect();
    ContentGuards::with_copy_limits(stage.recipe().copy_run_words, stage.recipe().copy_share)
        .calibrated(&pairs)
}

/// The real dialogue of a real summary, with its token ids: it stands in where no candidate passes.
fn real_dialogue(stage: &Stage<'_>, first: &Candidate) -> Result<Option<(String, Vec<u32>)>> {
    if first.origin != SummaryOrigin::Real {
        return Ok(None);
    }
    let Some(shot) = stage.data().shots.iter().find(|shot| shot.summary == first.summary) else {
        return Ok(None);
    };
    Ok(Some((shot.dialogue.clone(), stage.prompts().completion(&shot.dialogue)?)))
}

/// max(least gap, share of the pooled spread of scores within a summary).
fn min_gap(recipe: &Recipe, candidates: &[Candidate]) -> f64 {
    let (mut squares, mut freedom) = (0.0, 0usize);
    for group in candidates.chunk_by(|a, b| a.summary_id == b.summary_id) {
        let scores: Vec<f64> = group.iter().filter(|c| c.pass).filter_map(|c| c.score).collect();
        let mean = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
        squares += scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>();
        freedom += scores.len().saturating_sub(1);
    }
    let sd = if freedom == 0 { 0.0 } else { (squares / freedom as f64).sqrt() };
    recipe.min_gap.max(recipe.min_gap_sd * sd)
}

struct Maker<'a> {
    recipe: &'a Recipe,
    guards: ContentGuards,
    min_gap: f64,
    dropped: BTreeMap<String, u64>,
}

impl Maker<'_> {
    fn guarded(&self, candidate: &Candidate) -> bool {
        self.guards.check(&candidate.text, &candidate.summary).pass
    }

    /// Passing and guarded, best score first.
    fn preferable<'c>(&self, group: &'c [Candidate]) -> Vec<&'c Candidate> {
        let mut good: Vec<&Candidate> =
            group.iter().filter(|c| c.pass && c.score.is_some() && self.guarded(c)).collect();
        good.sort_by(|a, b| {
            b.score.partial_cmp(&a.score).unwrap_or(std::cmp::Ordering::Equal).then(a.sample.cmp(&b.sample))
        });
        good
    }

    fn format_pairs(&mut self, group: &[Candidate], real: Option<(String, Vec<u32>)>) -> Vec<Pair> {
        let failing: Vec<&Candidate> = group.iter().filter(|c| !c.pass && !c.ids.is_empty()).collect();
        let best = self.preferable(group).first().copied();
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
        failing.iter().take(self.recipe.format_pairs_per_summary).map(pair).collect()
    }

    fn content_pair(&mut self, group: &[Candidate]) -> Option<Pair> {
        let good = self.preferable(group);
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
        let good = self.preferable(group);
        let chosen = *good.first()?;
        let worst_failing = group
            .iter()
            .filter(|c| !c.pass && !c.ids.is_empty())
            .min_by(|a, b| worst(a).partial_cmp(&worst(b)).unwrap_or(std::cmp::Ordering::Equal));
        let rejected = match worst_failing {
            Some(failing) => failing,
            None => good.iter().rev().find(|c| c.sample != chosen.sample && self.balanced(chosen, c))?,
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
