//! The figures of a run, computed from its artifacts alone, so that an outsider can recompute every one of them.
//!
//! ROUGE as `rouge_score` 0.1.2 with stemming; the mean over the references of an item is primary, the best is shown
//! beside it; intervals by percentile bootstrap over items, comparisons by paired bootstrap against real-only
//! training; format rates with Wilson's interval (`docs/method.md`). What else is measured of summaries is [`figures`].

pub mod cards;
pub mod figures;
pub mod run;
pub mod tables;

use std::collections::BTreeMap;

use contract::{ArtifactKind, JudgeAfter, Mean, ResultMetric, ScoreLink, Synthesizer, System};
use metrics::interval::{Interval, bootstrap_mean, paired_bootstrap, wilson};
use metrics::rank::spearman_interval;
use metrics::rouge::{RougeOptions, RougeScores, best, mean, score_each};
use serde::{Deserialize, Serialize};

use crate::artifact::{Artifact, Output, TestDialogue};
use crate::format_rule::guard::Overlap;
use figures::{FactsReport, Figure};

/// ROUGE-1 F of a test summary, by its best reference.
pub fn rouge1(output: &Output) -> f64 {
    let options = RougeOptions { stemmer: true };
    let each = score_each(&output.references, &output.prediction, options);
    best(&each).map_or(0.0, |scores| scores.rouge1.fmeasure)
}

/// Resamples of the interval of a rank correlation.
const AFTER_RESAMPLES: usize = 1_000;

/// A difference from real-only training on the same items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Mean of this system minus mean of `sft_real`.
    pub diff: f64,
    /// Its 95 % interval, low and high.
    pub ci95: [f64; 2],
    /// Two-sided p-value of the paired bootstrap.
    pub p: f64,
    /// Adjusted by Holm for all systems that are compared with `sft_real`; given for ROUGE-1 alone, the main metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_holm: Option<f64>,
    /// The true difference that this number of items would show with 80 % power.
    pub detectable_diff: Option<f64>,
}

impl Difference {
    /// By paired bootstrap over items; none without items.
    fn of(differences: &[f64], resamples: usize, seed: u64) -> Option<Self> {
        let found = paired_bootstrap(differences, resamples, seed)?;
        Some(Self {
            diff: found.diff,
            ci95: [found.ci95.0, found.ci95.1],
            p: found.p_two_sided,
            p_holm: None,
            detectable_diff: found.detectable_diff,
        })
    }
}

/// One row of the result table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemResult {
    /// The summarizer that the row is about.
    pub system: System,
    /// The round that it was trained in, where it goes round and did not end with the first. Its row for the first
    /// follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    /// Number of test items.
    pub n: usize,
    /// ROUGE-1 F, mean over references.
    pub rouge1: Mean,
    /// ROUGE-2 F, mean over references.
    pub rouge2: Mean,
    /// ROUGE-L F, mean over references.
    #[serde(rename = "rougeL")]
    pub rouge_l: Mean,
    /// ROUGE-1 F of the best reference of each item.
    pub rouge1_best: Mean,
    /// ROUGE-2 F of the best reference.
    pub rouge2_best: Mean,
    /// ROUGE-L F of the best reference.
    #[serde(rename = "rougeL_best")]
    pub rouge_l_best: Mean,
    /// Nats per token of the first reference; none if no model wrote.
    pub reference_ce: Option<Mean>,
    /// Mean length of the predictions in the model's tokens; none if no model wrote.
    pub mean_tokens: Option<f64>,
    /// Mean number of in-context examples.
    pub mean_examples: f64,
    /// Settings that were tried for it by the validation CE; none if nothing is trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_tried: Option<usize>,
    /// Synthetic pairs that it learnt from; none if it learnt from real pairs alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthetic_n: Option<usize>,
    /// Mean words of the references, beside `summary_words`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_words: Option<f64>,
    /// The facts of its summaries; none if the conversations are not at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<FactsReport>,
    /// The measuring model and the way it was used; none if BERTScore was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bertscore: Option<String>,
    /// Differences from `sft_real` by metric; empty for `sft_real` itself and where that was not run.
    pub vs_sft_real: BTreeMap<ResultMetric, Difference>,
    /// Every other figure, under the metric's name.
    #[serde(flatten)]
    pub figures: BTreeMap<ResultMetric, Figure>,
}

/// One row of the synthesizer table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SynthesizerResult {
    /// The synthesizer that the row is about.
    pub system: Synthesizer,
    /// Number of test summaries, one dialogue each.
    pub n: usize,
    /// Share of dialogues that keep the format rule.
    pub format_rate: f64,
    /// Wilson's 95 % interval of the rate, low and high.
    pub ci95: [f64; 2],
    /// Share that keeps each rule.
    pub rules: BTreeMap<String, f64>,
    /// The base model's nats per token of the summary given the dialogue, mean over all scored dialogues.
    pub scorer_ce_all: Option<f64>,
    /// The same over the dialogues that keep the format.
    pub scorer_ce_passing: Option<f64>,
    /// Dialogues that keep the format.
    pub accepted: usize,
    /// Share of dialogues that repeat their summary beyond the guards.
    pub copy_rate: f64,
    /// Mean samples or corrections a dialogue took.
    pub mean_tries: f64,
    /// What the score correlates with; none in tables of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_after: Option<JudgeAfter>,
    /// Mean tokens generated for a dialogue, failed tries included.
    pub mean_tokens: f64,
}

impl Artifact for SystemResult {
    const KIND: ArtifactKind = ArtifactKind::Result;
}

impl Artifact for SynthesizerResult {
    const KIND: ArtifactKind = ArtifactKind::SynthesizerResult;
}

/// Per-item values of one system, in item order.
struct Items {
    system: System,
    ids: Vec<String>,
    metrics: BTreeMap<ResultMetric, Vec<f64>>,
    best: [Vec<f64>; 3],
    tokens: Vec<f64>,
    examples: Vec<f64>,
}

/// The seed of a run's bootstrap, so that anybody gets the same intervals.
pub fn bootstrap_seed(run_seed: u64) -> u64 {
    metrics::random::Stream::new(run_seed).bits(0)
}

/// The result table, in the order of the outputs' systems.
pub fn results(outputs: &[Output], resamples: usize, seed: u64) -> Vec<SystemResult> {
    let systems: Vec<Items> = outputs
        .chunk_by(|a, b| a.system == b.system)
        .map(items)
        .collect();
    let baseline = systems.iter().find(|items| items.system == System::SftReal);
    systems
        .iter()
        .map(|items| row(items, baseline, resamples, seed))
        .collect()
}

fn items(outputs: &[Output]) -> Items {
    let scores: Vec<(RougeScores, RougeScores)> = outputs.iter().map(rouge).collect();
    let column =
        |f: &dyn Fn(&(RougeScores, RougeScores)) -> f64| scores.iter().map(f).collect::<Vec<f64>>();
    let mut metrics = BTreeMap::from([
        (ResultMetric::Rouge1, column(&|s| s.0.rouge1.fmeasure)),
        (ResultMetric::Rouge2, column(&|s| s.0.rouge2.fmeasure)),
        (ResultMetric::RougeL, column(&|s| s.0.rouge_l.fmeasure)),
    ]);
    let ces: Option<Vec<f64>> = outputs.iter().map(|output| output.reference_ce).collect();
    metrics.extend(ces.map(|ces| (ResultMetric::ReferenceCe, ces)));
    Items {
        system: outputs[0].system,
        ids: outputs.iter().map(|output| output.id.clone()).collect(),
        metrics,
        best: [
            column(&|s| s.1.rouge1.fmeasure),
            column(&|s| s.1.rouge2.fmeasure),
            column(&|s| s.1.rouge_l.fmeasure),
        ],
        tokens: outputs.iter().map(|output| output.tokens as f64).collect(),
        examples: outputs
            .iter()
            .map(|output| output.examples as f64)
            .collect(),
    }
}

/// The values of each summary that the table is made of, in the outputs' order.
fn item_scores(outputs: &[Output]) -> BTreeMap<ResultMetric, Vec<Option<f64>>> {
    let defined = |values: Vec<f64>| values.into_iter().map(Some).collect();
    match outputs {
        [] => BTreeMap::new(),
        _ => items(outputs)
            .metrics
            .into_iter()
            .map(|(metric, values)| (metric, defined(values)))
            .collect(),
    }
}

/// Mean over the references, and the best of them.
fn rouge(output: &Output) -> (RougeScores, RougeScores) {
    let each = score_each(
        &output.references,
        &output.prediction,
        RougeOptions::default(),
    );
    (
        mean(&each).unwrap_or_default(),
        best(&each).unwrap_or_default(),
    )
}

fn row(items: &Items, baseline: Option<&Items>, resamples: usize, seed: u64) -> SystemResult {
    let with_interval = |values: &[f64]| interval(bootstrap_mean(values, resamples, seed));
    let average = |values: &[f64]| metrics::text::mean(values).unwrap_or(0.0);
    let metric = |metric| with_interval(items.metrics.get(&metric).map_or(&[][..], Vec::as_slice));
    let mut vs_sft_real = BTreeMap::new();
    if let Some(baseline) = baseline.filter(|b| b.system != items.system && b.ids == items.ids) {
        for (metric, ours) in &items.metrics {
            let Some(theirs) = baseline.metrics.get(metric) else {
                continue;
            };
            let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a - b).collect();
            let found = Difference::of(&differences, resamples, seed);
            vs_sft_real.extend(found.map(|difference| (*metric, difference)));
        }
    }
    SystemResult {
        round: None,
        system: items.system,
        n: items.ids.len(),
        rouge1: metric(ResultMetric::Rouge1),
        rouge2: metric(ResultMetric::Rouge2),
        rouge_l: metric(ResultMetric::RougeL),
        rouge1_best: with_interval(&items.best[0]),
        rouge2_best: with_interval(&items.best[1]),
        rouge_l_best: with_interval(&items.best[2]),
        reference_ce: items
            .metrics
            .get(&ResultMetric::ReferenceCe)
            .map(|ces| with_interval(ces)),
        settings_tried: None,
        synthetic_n: None,
        mean_tokens: items.system.has_model().then(|| average(&items.tokens)),
        mean_examples: average(&items.examples),
        reference_words: None,
        facts: None,
        bertscore: None,
        vs_sft_real,
        figures: BTreeMap::new(),
    }
}

fn interval(found: Option<Interval>) -> Mean {
    found.map_or(
        Mean {
            mean: 0.0,
            ci95: [0.0, 0.0],
        },
        |i| Mean {
            mean: i.value,
            ci95: [i.low, i.high],
        },
    )
}

/// The synthesizer table, in the order of the dialogues' synthesizers.
pub fn synthesizer_results(dialogues: &[TestDialogue]) -> Vec<SynthesizerResult> {
    dialogues
        .chunk_by(|a, b| a.system == b.system)
        .map(synthesizer_row)
        .collect()
}

/// Whether the score rewards length or quoting: its rank correlation with both, and with the format.
fn judge_after(dialogues: &[TestDialogue]) -> JudgeAfter {
    let link = |value: fn(&TestDialogue) -> f64| {
        let scored = dialogues.iter().filter_map(|d| Some((d.score?, value(d))));
        let found = spearman_interval(&scored.collect::<Vec<_>>(), AFTER_RESAMPLES, 0)?;
        Some(ScoreLink {
            rho: found.value,
            ci95: (found.low, found.high),
        })
    };
    JudgeAfter {
        format: link(|d| f64::from(u8::from(d.pass))),
        copy_share: link(|d| Overlap::of(&d.text, &d.summary).copy_share),
        words: link(|d| metrics::text::word_count(&d.text) as f64),
    }
}

fn synthesizer_row(dialogues: &[TestDialogue]) -> SynthesizerResult {
    let n = dialogues.len();
    let share = |count: usize| count as f64 / n.max(1) as f64;
    let accepted = dialogues.iter().filter(|d| d.pass).count();
    let mut kept: BTreeMap<String, usize> = BTreeMap::new();
    for (rule, holds) in dialogues.iter().flat_map(|d| &d.rules) {
        *kept.entry(rule.clone()).or_default() += usize::from(*holds);
    }
    let ce = |passing: bool| {
        let chosen = dialogues.iter().filter(|d| d.pass || !passing);
        metrics::text::mean(
            &chosen
                .filter_map(|d| d.score)
                .map(|score| -score)
                .collect::<Vec<_>>(),
        )
    };
    let average = |f: fn(&TestDialogue) -> usize| {
        dialogues.iter().map(f).sum::<usize>() as f64 / n.max(1) as f64
    };
    SynthesizerResult {
        system: dialogues[0].system,
        n,
        format_rate: share(accepted),
        ci95: wilson(accepted, n).map_or([0.0, 1.0], |i| [i.low, i.high]),
        rules: kept
            .into_iter()
            .map(|(rule, count)| (rule, share(count)))
            .collect(),
        scorer_ce_all: ce(false),
        scorer_ce_passing: ce(true),
        accepted,
        copy_rate: share(dialogues.iter().filter(|d| d.copies).count()),
        mean_tries: average(|d| d.tries),
        judge_after: Some(judge_after(dialogues)),
        mean_tokens: average(|d| d.tokens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(system: System, id: usize, prediction: &str, references: &[&str]) -> Output {
        Output {
            system,
            id: id.to_string(),
            prediction: prediction.into(),
            references: references.iter().map(|r| (*r).to_owned()).collect(),
            reference_ce: system.has_model().then_some(2.0),
            base_ce: None,
            tokens: prediction.split(' ').count(),
            examples: 0,
        }
    }

    #[test]
    fn mean_and_best_over_references() {
        let outputs = [output(
            System::ZeroShot,
            0,
            "a cat sat",
            &["a cat sat", "no match here"],
        )];
        let table = results(&outputs, 100, 1);
        assert_eq!(
            (table[0].rouge1.mean, table[0].rouge1_best.mean),
            (0.5, 1.0)
        );
        assert_eq!(table[0].vs_sft_real.len(), 0);
    }

    #[test]
    fn comparison_is_paired_and_signed() {
        let make = |system, text: &str| {
            (0..12)
                .map(|id| output(system, id, text, &["the dog ran home"]))
                .collect::<Vec<_>>()
        };
        let outputs = [
            make(System::SftReal, "the dog"),
            make(System::MrdsSeparate, "the dog ran home"),
        ]
        .concat();
        let table = results(&outputs, 200, 1);
        let gain = &table[1].vs_sft_real[&ResultMetric::Rouge1];
        assert!((gain.diff - (1.0 - 2.0 / 3.0)).abs() < 1e-12);
        assert_eq!((gain.ci95[0], gain.ci95[1]), (gain.diff, gain.diff));
    }

    #[test]
    fn lines_of_the_dialogue_have_no_likelihood() {
        let outputs = [System::Lead3, System::SftReal]
            .map(|system| output(system, 0, "the dog", &["the dog ran home"]));
        let table = results(&outputs, 100, 1);
        assert_eq!(table[0].reference_ce, None);
        assert!(table[1].reference_ce.is_some());
        let compared: Vec<_> = table[0].vs_sft_real.keys().copied().collect();
        assert_eq!(
            compared,
            [
                ResultMetric::Rouge1,
                ResultMetric::Rouge2,
                ResultMetric::RougeL
            ]
        );
    }

    #[test]
    fn synthesizer_rates_count_passing_dialogues() {
        let dialogue = |pass: bool, score| TestDialogue {
            system: Synthesizer::Sft,
            id: "1".into(),
            summary: String::new(),
            text: String::new(),
            ended: pass,
            pass,
            rules: BTreeMap::from([("ended".to_owned(), pass)]),
            score,
            copies: false,
            tries: 1,
            tokens: 10,
        };
        let table = synthesizer_results(&[
            dialogue(true, Some(-2.0)),
            dialogue(false, Some(-4.0)),
            dialogue(false, None),
        ]);
        assert_eq!(
            (
                table[0].accepted,
                table[0].scorer_ce_all,
                table[0].scorer_ce_passing
            ),
            (1, Some(3.0), Some(2.0))
        );
        assert_eq!(table[0].rules["ended"], 1.0 / 3.0);
        let all_kept = synthesizer_results(&vec![dialogue(true, None); 6]);
        assert_eq!(
            all_kept[0].rules["ended"], 1.0,
            "counted, not summed up from sixths"
        );
    }
}
