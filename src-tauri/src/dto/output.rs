//! Results and the things that stages made, as the page sees them.

use contract::{
    EndedBy, FactKind, HandState, ItemVerdict, LeakVerdict, Mean, MetricCard, PairCounts,
    ResultMetric, Rounds, RunId, ShapeAudit, Synthesizer, System, Words,
};
use serde::{Deserialize, Serialize};
use specta::Type;

use super::Turn;

/// A paired difference with interval and p.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
pub struct Difference {
    /// Mean difference.
    pub diff: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Two-sided p of the paired bootstrap.
    pub p: f64,
}

/// One line of the result table.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct SystemResult {
    /// Which system.
    pub system: System,
    /// The round that it was trained in; none if it does not go round or ended with the first.
    pub round: Option<u32>,
    /// Test examples.
    pub n: u32,
    /// ROUGE-1.
    pub rouge1: Mean,
    /// ROUGE-2.
    pub rouge2: Mean,
    /// ROUGE-L.
    pub rouge_l: Mean,
    /// Cross-entropy of the references, nats a token.
    pub reference_ce: Option<f64>,
    /// ROUGE-1 against real-only fine-tuning.
    pub vs_sft_real: Option<Difference>,
    /// Every figure that it has, in the order of the cards.
    pub figures: Vec<Figure>,
}

/// A figure of a system.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
pub struct Figure {
    /// Which figure.
    pub metric: ResultMetric,
    /// The mean over summaries, or the figure of all of them.
    pub mean: f64,
    /// Lower end of the mean's interval; none for a figure of all summaries.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
}

/// What is said beside the figures of a run.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct FigureNotes {
    /// Every figure with its words.
    pub cards: Vec<MetricCard>,
    /// Mean words of the references.
    pub reference_words: Option<f64>,
    /// The measuring model of BERTScore; none if it was not measured.
    pub bertscore: Option<String>,
    /// What the ledger of facts does not tell.
    pub facts: Words,
    /// Kinds of facts that are left out of its rates, because the user's own summaries break them.
    pub greyed: Vec<FactKind>,
}

/// One line of the synthesizer table.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct SynthesizerResult {
    /// Which synthesizer.
    pub system: Synthesizer,
    /// Dialogues made.
    pub n: u32,
    /// Share that keeps the format.
    pub format_rate: f64,
    /// Wilson interval of that share, lower end.
    pub format_lo: f64,
    /// Wilson interval of that share, upper end.
    pub format_hi: f64,
    /// Scorer cross-entropy over all, nats a token.
    pub scorer_ce_all: Option<f64>,
    /// Scorer cross-entropy over those that keep the format.
    pub scorer_ce_passing: Option<f64>,
    /// Dialogues accepted.
    pub accepted: Option<u32>,
    /// Seconds for each accepted dialogue.
    pub seconds_per_accepted: Option<f64>,
    /// Share with long verbatim runs of real dialogues.
    pub copy_rate: Option<f64>,
}

/// What a run found.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RunResults {
    /// Run id.
    pub run: RunId,
    /// Seed.
    pub seed: u32,
    /// What the table says about the method, in a sentence; none if there is nothing to say.
    pub verdict: Option<Words>,
    /// Summarizers.
    pub results: Vec<SystemResult>,
    /// What is said beside their figures.
    pub notes: FigureNotes,
    /// The smallest ROUGE-1 difference that this test set can show.
    pub detectable_diff: Option<f64>,
    /// Synthesizers.
    pub synthesizers: Vec<SynthesizerResult>,
    /// First DPO loss (ln 2 where all is well).
    pub first_dpo_loss: Option<f64>,
    /// Whether the judge was found able, in sentences; empty where it was not tried.
    pub judge: Vec<Words>,
    /// How the made-up dialogues of each synthesizer differ from real ones; empty before the run's end.
    pub shapes: Vec<ShapeAudit>,
    /// What the texts of the run give away; none before the run's end.
    pub leaks: Option<LeakSummary>,
    /// The rounds of each system that goes round; empty for a run with one round.
    pub rounds: Vec<Rounds>,
    /// Preference pairs of each set; none before they were made.
    pub pairs: Option<PairCounts>,
    /// How stage 1 of the summarizer ended.
    pub stage1_ended_by: Option<EndedBy>,
}

/// What the texts of a run give away of the conversations that it learnt from.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct LeakSummary {
    /// The worst of all parts.
    pub verdict: LeakVerdict,
    /// Texts that were looked at.
    pub n: u32,
    /// Texts that give something away.
    pub leaking: u32,
    /// Number of words from which a passage counts as copied.
    pub passage_words: u32,
    /// Words of the longest passage that also occurs in a real conversation.
    pub longest_words: u32,
}

/// A rule of the format check and whether a candidate keeps it.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RuleVerdict {
    /// Rule name.
    pub rule: String,
    /// Whether the candidate keeps it.
    pub pass: bool,
}

/// Something a stage made.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Item {
    /// A topic of a real summary.
    Topic {
        /// Item id.
        id: String,
        /// The example it came from.
        example_id: String,
        /// The topic.
        topic: String,
    },
    /// A made-up summary.
    Summary {
        /// Item id.
        id: String,
        /// Its topic.
        topic: String,
        /// The summary.
        text: String,
        /// `prompt` or `lora`.
        method: String,
    },
    /// A made-up dialogue, not yet judged.
    Candidate {
        /// Item id.
        id: String,
        /// The summary it was made from.
        summary: String,
        /// `real` or `synthetic`.
        origin: String,
        /// The dialogue.
        turns: Vec<Turn>,
        /// Format rules.
        rules: Vec<RuleVerdict>,
        /// Keeps all rules.
        pass: bool,
        /// Mean log-probability of the summary given the dialogue.
        score: Option<f64>,
    },
    /// A preference.
    Pair {
        /// Item id.
        id: String,
        /// `format`, `content` or `joint`.
        set: String,
        /// The summary.
        summary: String,
        /// The preferred dialogue.
        chosen: Vec<Turn>,
        /// The other one.
        rejected: Vec<Turn>,
        /// Difference of the scores.
        gap: Option<f64>,
        /// `real` or `synthetic`.
        origin: String,
    },
    /// A made-up dialogue that trains the summarizer.
    Dialogue {
        /// Item id.
        id: String,
        /// `dpo_separate`, `dpo_joint` or `ids`.
        source: String,
        /// The summary.
        summary: String,
        /// The dialogue.
        turns: Vec<Turn>,
    },
    /// A dialogue that a synthesizer wrote for a test summary.
    TestDialogue {
        /// The example's id.
        id: String,
        /// Who wrote it.
        system: Synthesizer,
        /// The summary.
        summary: String,
        /// The dialogue.
        turns: Vec<Turn>,
        /// Format rules.
        rules: Vec<RuleVerdict>,
        /// Keeps all rules.
        pass: bool,
        /// Mean log-probability of the summary given the dialogue.
        score: Option<f64>,
        /// Whether it repeats its summary.
        copies: bool,
    },
    /// A summary written by a system for a test dialogue.
    Output {
        /// The example's id; the dialogue's number while a rating set is open.
        id: String,
        /// Who wrote it; none while a rating set on this run is open.
        system: Option<System>,
        /// What it wrote.
        prediction: String,
        /// The references.
        references: Vec<String>,
    },
}

/// An item with what people did with it.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct ItemEntry {
    /// Its key; below 0 for a text that people rate.
    pub key: f64,
    /// Its number among those of its kind and part, from 0.
    pub number: u32,
    /// The item.
    pub item: Item,
    /// Who changed it last; none for what a stage made.
    pub author: Option<String>,
    /// When, milliseconds since 1970.
    pub changed_at_ms: Option<f64>,
    /// What a person said about it.
    pub verdict: Option<ItemVerdict>,
    /// Whether it differs from what the stage made.
    pub edited: bool,
    /// Whether its text may be rewritten.
    pub editable: bool,
    /// Whether it may be left out.
    pub rejectable: bool,
}

/// Items after a change by hand.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct ChangedItems {
    /// Their keys now, in the order in which they were asked for.
    pub keys: Vec<f64>,
    /// The state of the run.
    pub state: HandState,
}
