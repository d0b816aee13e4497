//! Stage 6: DPO + SFT from the frozen supervised synthesizer (MRDS; Rafailov et al. 2023 with the NLL term of Pang et
//! al. 2024) with separate preference sets, the joint set or the format pairs alone, or plain SFT on each summary's best
//! candidate; a part for each of them.
//!
//! `ref_policy` is the supervised adapter; its log-probabilities are taken once. A later round begins with the synthesizer of
//! the round before and keeps that reference (`round_reference`). Other preference losses may take the
//! place of DPO's (`dpo_loss`). The checkpoint is the one whose dialogues for the validation summaries the base model
//! summarizes best, among those whose format rate is near the best; all are sampled with the same random numbers, and
//! what the training began with is one of them.

use contract::problem::Stall;
use contract::{Part, RoundReference, SampleItem, Synthesizer};
use lm::lora::Adapter;
use lm::train::{
    BatchPlan, Objective, PreferenceLoss, PreferencePair, Schedule, TrainConfig, TrainExample,
};
use project::artifact::{Candidate, Checkpoint, Pair, PairSet, SummaryOrigin, rows};
use project::format_rule::FormatRule;
use project::judge::Trust;
use project::part::policy;
use project::recipe::{DpoLoss, Recipe, SftTarget};
use serde::{Deserialize, Serialize};

use super::context::{Stage, StageOutput};
use super::judge;
use super::preferences::{first_leak, gate, guards, preferable};
use super::sampling::{Task, Way};
use super::scoring::content_scores;
use super::training::adapter_artifact;
use crate::error::{Error, Result};

pub(crate) fn run(stage: &Stage<'_>, role: Synthesizer) -> Result<StageOutput> {
    let round = stage.part.round();
    let pairs: Vec<Pair> = stage.read(Part::preferences(round, role))?;
    let start = stage.trained(policy(round - 1, role))?;
    let rule = stage.format_rule();
    let sets = sets(&pairs, role);
    let nothing = || Error::stalled(stage.name, Stall::NoPair { synthesizer: role });
    if sets.iter().all(|set| set.is_empty()) {
        return Err(nothing());
    }
    let config = config(stage, role, &sets);
    let (aligned, n_in) = match role {
        Synthesizer::BestOfK => {
            let examples = best_candidates(stage, role)?;
            if examples.is_empty() {
                return Err(nothing());
            }
            let config = TrainConfig {
                // Each in its turn, as often as the updates of the alignment allow.
                batch_plan: BatchPlan::Shuffled,
                ..config
            };
            let objective = Objective::Sft(&examples);
            (
                align(stage, role, &objective, &config, start, &rule)?,
                examples.len(),
            )
        }
        _ => {
            let flat: Vec<&Pair> = sets.iter().flatten().copied().collect();
            let examples = match moving_reference(stage) {
                true => preference_pairs(stage, role, &flat, &start)?,
                // Held to where the first round began, however far from there this round begins.
                false => preference_pairs(stage, role, &flat, &stage.trained(policy(0, role))?)?,
            };
            let recipe = stage.recipe();
            let objective = Objective::Dpo {
                pairs: &examples,
                loss: preference_loss(recipe, label_smoothing(stage)?),
                beta: recipe.dpo_beta,
                sft_weight: recipe.dpo_sft_weight,
            };
            (
                align(stage, role, &objective, &config, start, &rule)?,
                flat.len(),
            )
        }
    };
    let adapter = adapter_artifact(role.as_str(), aligned.sha256, vec![aligned.record]);
    let mut artifacts = rows(&[adapter])?;
    artifacts.extend(rows(&aligned.checkpoints)?);
    Ok(StageOutput {
        artifacts,
        n_in: n_in as u64,
        n_out: 1,
        ..StageOutput::default()
    })
}

/// Whether the frozen model is the one that the alignment begins with: always in the first round.
fn moving_reference(stage: &Stage<'_>) -> bool {
    stage.part.round() == 1 || stage.recipe().round_reference == RoundReference::Last
}

/// The pairs that a synthesizer learns from; for training on the best candidates, those whose updates it takes.
fn sets(pairs: &[Pair], role: Synthesizer) -> Vec<Vec<&Pair>> {
    let pairs_of = |set| pairs.iter().filter(|pair| pair.set == set).collect();
    match role {
        Synthesizer::DpoJoint => vec![pairs_of(PairSet::Joint)],
        Synthesizer::DpoFormat => vec![pairs_of(PairSet::Format)],
        _ => vec![pairs_of(PairSet::Format), pairs_of(PairSet::Content)],
    }
}

/// Each summary with its best candidate that keeps the rule and the guards.
fn best_candidates(stage: &Stage<'_>, role: Synthesizer) -> Result<Vec<TrainExample>> {
    let mut candidates: Vec<Candidate> = stage.read(Part::candidates(stage.part.round(), role))?;
    let (guards, prompts, gate) = (guards(stage), stage.prompts(), gate(stage));
    candidates.retain(|candidate| first_leak(gate.as_ref(), &candidate.text).is_none());
    candidates
        .chunk_by(|a, b| a.summary_id == b.summary_id)
        .filter_map(|group| preferable(&guards, group).first().copied())
        .map(|best| {
            Ok(TrainExample {
                prompt_ids: prompts.dialogue(&best.summary)?,
                completion_ids: best.ids.clone(),
            })
        })
        .collect()
}

struct Aligned {
    sha256: String,
    record: project::artifact::TrainRecord,
    checkpoints: Vec<Checkpoint>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Judged {
    update: usize,
    sha256: String,
    format_rate: f64,
    scorer_ce: f64,
}

fn align(
    stage: &Stage<'_>,
    role: Synthesizer,
    objective: &Objective<'_>,
    config: &TrainConfig,
    mut start: Adapter,
    rule: &FormatRule,
) -> Result<Aligned> {
    start.config.dropout = 0.0;
    let mut judge = |adapter: &Adapter, update: usize| {
        judge(stage, role, adapter, update, rule).map(|j| j.scorer_ce)
    };
    let trained = stage.train(role.as_str(), objective, config, start, &mut judge)?;
    let judged: Vec<Judged> = judged(stage, role, config.max_updates)?;
    let chosen = choose(&judged, stage.recipe().checkpoint_format_slack);
    let checkpoints = judged
        .iter()
        .map(|j| Checkpoint {
            role: role.to_string(),
            update: j.update,
            format_rate: j.format_rate,
            scorer_ce: j.scorer_ce,
            chosen: chosen.is_some_and(|c| c.update == j.update),
        })
        .collect();
    let mut record = trained.record;
    let sha256 = match chosen {
        Some(chosen) => {
            (record.best_update, record.best_ce) = (chosen.update, chosen.scorer_ce);
            chosen.sha256.clone()
        }
        None => trained.sha256,
    };
    Ok(Aligned {
        sha256,
        record,
        checkpoints,
    })
}

/// Lowest CE among the checkpoints whose format rate is within `slack` of the best; the start, update 0, is one of them.
fn choose(judged: &[Judged], slack: f64) -> Option<&Judged> {
    let best = judged.iter().map(|j| j.format_rate).fold(0.0, f64::max);
    let near = judged
        .iter()
        .filter(|j| j.format_rate >= best - slack && !j.scorer_ce.is_nan());
    near.min_by(|a, b| a.scorer_ce.total_cmp(&b.scorer_ce))
}

fn config(stage: &Stage<'_>, role: Synthesizer, sets: &[Vec<&Pair>]) -> TrainConfig {
    let recipe = stage.recipe();
    let (plan, per_epoch) = batches(sets, recipe.dpo_batch_size, recipe.pair_repeat);
    let updates = (per_epoch * recipe.dpo_epochs).max(1);
    TrainConfig {
        lr: recipe.dpo_lr,
        batch_size: recipe.dpo_batch_size,
        max_updates: updates,
        batch_plan: plan,
        warmup_updates: (recipe.dpo_warmup_share * updates as f64) as usize,
        schedule: Schedule::Cosine {
            total_updates: updates,
        },
        weight_decay: recipe.weight_decay,
        max_grad_norm: recipe.max_grad_norm,
        seed: stage.key(role.as_str(), 1, 0),
        dropout: 0.0,
        eval_every_updates: updates.div_ceil(recipe.dpo_checkpoints).max(1),
        stop_lr: None,
        stop_after_reductions: None,
        early_stop_evals: None,
        budget: stage.budget(),
        checkpoint_every_updates: 5,
    }
}

/// Batches and updates of an epoch. If both sets have pairs, each fills half of every batch; if the smaller one would
/// be repeated more than `repeat` times, its share of the batch shrinks until it is not.
fn batches(sets: &[Vec<&Pair>], batch: usize, repeat: usize) -> (BatchPlan, usize) {
    let sizes: Vec<usize> = sets.iter().map(Vec::len).collect();
    match sizes.as_slice() {
        [format, content] if *format > 0 && *content > 0 && batch > 1 => {
            let [format_shown, content_shown] = [(format, content), (content, format)]
                .map(|(count, other)| (*count * repeat.max(1)).min(*count.max(other)));
            let shown = format_shown + content_shown;
            let share = (batch * content_shown + shown / 2) / shown;
            let content_share = share.clamp(1, batch - 1);
            let shares = vec![
                (0..*format, batch - content_share),
                (*format..format + content, content_share),
            ];
            (BatchPlan::Mixed(shares), shown.div_ceil(batch))
        }
        _ => (
            BatchPlan::Shuffled,
            sizes.iter().sum::<usize>().div_ceil(batch),
        ),
    }
}

/// The recipe's share of wrong labels, or that of the judge where the recipe adapts to it.
fn label_smoothing(stage: &Stage<'_>) -> Result<f64> {
    Ok(match judge::trust_in(stage)? {
        Trust::Part {
            label_smoothing, ..
        } => label_smoothing,
        Trust::Whole | Trust::None => stage.recipe().dpo_label_smoothing,
    })
}

/// The recipe's preference loss with the constants it reads.
fn preference_loss(recipe: &Recipe, label_smoothing: f64) -> PreferenceLoss {
    match recipe.dpo_loss {
        DpoLoss::Sigmoid => PreferenceLoss::Sigmoid { label_smoothing },
        DpoLoss::Robust => PreferenceLoss::Robust { label_smoothing },
        DpoLoss::Ipo => PreferenceLoss::Ipo,
        DpoLoss::ApoZero => PreferenceLoss::ApoZero,
        DpoLoss::SigmoidNorm => PreferenceLoss::SigmoidNorm,
        DpoLoss::Dpop => PreferenceLoss::Dpop {
            lambda: recipe.dpop_lambda,
        },
        DpoLoss::Simpo => PreferenceLoss::Simpo {
            gamma: recipe.simpo_gamma,
        },
        DpoLoss::Orpo => PreferenceLoss::Orpo,
    }
}

fn preference_pairs(
    stage: &Stage<'_>,
    role: Synthesizer,
    pairs: &[&Pair],
    ref_policy: &Adapter,
) -> Result<Vec<PreferencePair>> {
    let prompts = stage.prompts();
    let mut items = Vec::with_capacity(pairs.len() * 2);
    for pair in pairs {
        let prompt = prompts.dialogue(&pair.summary)?;
        items.push((prompt.clone(), pair.chosen_ids.clone()));
        items.push((prompt, pair.rejected_ids.clone()));
    }
    let logps = ref_logps(stage, role, &items, ref_policy)?;
    let make = |(index, pair): (usize, &&Pair)| {
        Ok(PreferencePair {
            prompt_ids: items[2 * index].0.clone(),
            chosen_ids: pair.chosen_ids.clone(),
            rejected_ids: pair.rejected_ids.clone(),
            ref_logps: logps
                .as_ref()
                .map(|logps| (logps[2 * index], logps[2 * index + 1])),
            sft: sft_example(stage, pair)?,
        })
    };
    pairs.iter().enumerate().map(make).collect()
}

/// Log-probabilities of all completions under the reference policy, taken once; `None` if the loss does not need them.
fn ref_logps(
    stage: &Stage<'_>,
    role: Synthesizer,
    items: &[(Vec<u32>, Vec<u32>)],
    ref_policy: &Adapter,
) -> Result<Option<Vec<f64>>> {
    let recipe = stage.recipe();
    if preference_loss(recipe, recipe.dpo_label_smoothing).is_reference_free() {
        return Ok(None);
    }
    let key = format!("ref_logps/{role}");
    if let Some(logps) = stage.work(&key)? {
        return Ok(Some(logps));
    }
    let logps: Vec<f64> = stage
        .score(Some(ref_policy), items)?
        .iter()
        .map(|s| s.logp_sum)
        .collect();
    stage.put_work(&key, &logps)?;
    Ok(Some(logps))
}

/// The real pair of a real summary, if the recipe applies the SFT term to it.
fn sft_example(stage: &Stage<'_>, pair: &Pair) -> Result<Option<TrainExample>> {
    if stage.recipe().dpo_sft_target == SftTarget::Chosen || pair.origin != SummaryOrigin::Real {
        return Ok(None);
    }
    let Some(shot) = stage
        .data()
        .shots
        .iter()
        .find(|shot| shot.summary == pair.summary)
    else {
        return Ok(None);
    };
    let prompts = stage.prompts();
    Ok(Some(TrainExample {
        prompt_ids: prompts.dialogue(&shot.summary)?,
        completion_ids: prompts.completion(&shot.dialogue)?,
    }))
}

/// Samples dialogues for the validation summaries and lets the base model summarize them.
fn judge(
    stage: &Stage<'_>,
    role: Synthesizer,
    adapter: &Adapter,
    update: usize,
    rule: &FormatRule,
) -> Result<Judged> {
    let key = judged_key(role, update);
    if let Some(judged) = stage.work(&key)? {
        return Ok(judged);
    }
    let adapter = &stage.as_kept(adapter)?;
    let recipe = stage.recipe();
    let limit = if recipe.checkpoint_summaries == 0 {
        usize::MAX
    } else {
        recipe.checkpoint_summaries
    };
    let validation = stage.data().validation.iter().take(limit);
    let summaries: Vec<&str> = validation
        .flat_map(|e| std::iter::repeat_n(e.summary.as_str(), recipe.checkpoint_samples))
        .collect();
    let task = format!("judging {role} after {update} updates");
    let task = Task {
        name: &task,
        stream: "judge",
    };
    let attempts = stage.write_dialogues(task, adapter, &summaries, 0, rule, Way::Resample(1))?;
    let pairs: Vec<(&str, &str)> = attempts
        .items
        .iter()
        .map(|a| a.text.as_str())
        .zip(summaries.iter().copied())
        .collect();
    let scores: Vec<f64> = content_scores(stage, &pairs)?
        .into_iter()
        .flatten()
        .collect();
    let passing = attempts.items.iter().filter(|a| a.pass).count();
    let judged = Judged {
        update,
        sha256: stage.save_adapter(adapter)?,
        format_rate: passing as f64 / attempts.items.len().max(1) as f64,
        scorer_ce: -scores.iter().sum::<f64>() / scores.len().max(1) as f64,
    };
    stage.metric(
        &format!("{role}/validation_format_rate"),
        update,
        judged.format_rate,
    )?;
    stage.sample(SampleItem::Judged {
        role,
        update,
        format_rate: judged.format_rate,
        scorer_ce: judged.scorer_ce,
        dialogue: attempts.items.first().map(|attempt| attempt.text.clone()),
    });
    stage.put_work(&key, &judged)?;
    Ok(judged)
}

fn judged_key(role: Synthesizer, update: usize) -> String {
    format!("judged/{role}/{update:06}")
}

fn judged(stage: &Stage<'_>, role: Synthesizer, max_updates: usize) -> Result<Vec<Judged>> {
    let found = (0..=max_updates).map(|update| stage.work(&judged_key(role, update)));
    Ok(found
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .flatten()
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(update: usize, format_rate: f64, scorer_ce: f64) -> Judged {
        Judged {
            update,
            sha256: String::new(),
            format_rate,
            scorer_ce,
        }
    }

    #[test]
    fn a_small_set_is_repeated_within_bounds_and_does_not_starve_the_other() {
        let pair = Pair {
            set: PairSet::Format,
            summary_id: 0,
            origin: SummaryOrigin::Real,
            summary: String::new(),
            chosen: String::new(),
            rejected: String::new(),
            chosen_ids: vec![],
            rejected_ids: vec![],
            gap: None,
        };
        let shares = |format: usize, content: usize| {
            let (plan, updates) = batches(&[vec![&pair; format], vec![&pair; content]], 16, 3);
            match plan {
                BatchPlan::Mixed(shares) => (shares[0].1, shares[1].1, updates),
                _ => (16, 0, updates),
            }
        };
        assert_eq!(shares(100, 100), (8, 8, 13));
        assert_eq!(shares(90, 30), (8, 8, 12));
        assert_eq!(shares(318, 8), (15, 1, 22));
        assert_eq!(shares(8, 318), (1, 15, 22));
        assert_eq!(shares(32, 0), (16, 0, 2));
    }

    #[test]
    fn checkpoint_choice_weighs_ce_among_well_formed() {
        let checkpoints = [
            judged(0, 0.2, 1.0),
            judged(5, 0.5, 2.0),
            judged(10, 0.9, 4.2),
            judged(15, 0.87, 4.1),
        ];
        assert_eq!(choose(&checkpoints, 0.05).map(|j| j.update), Some(15));
        assert_eq!(choose(&checkpoints, 0.0).map(|j| j.update), Some(10));
        assert_eq!(choose(&checkpoints[..1], 0.05).map(|j| j.update), Some(0));
        // An alignment that only makes things worse keeps the start.
        let worse = [judged(0, 0.9, 1.0), judged(5, 0.92, 1.2)];
        assert_eq!(choose(&worse, 0.05).map(|j| j.update), Some(0));
        assert_eq!(choose(&worse, 0.01).map(|j| j.update), Some(5));
    }
}
