//! An experiment as it travels: where it and its cells stand, its table, its comparisons and its verdicts; and what a run
//! gave up to end in time. The JSON of `duologue experiment`, which the window reads too.

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{
    Change, DatasetName, ErrorCode, ExperimentName, JudgeVerdict, Lack, ModelName, Outcome,
    ResultMetric, RunId, RunStanding, Synthesizer, System, Verdict, Words,
};

closed_set! {
    /// An experiment that comes with Duologue.
    ExperimentPreset, "experiment preset" {
        /// The paper's first: what a few real pairs give.
        Paper1Baseline = "paper-1-baseline",
        /// The paper's second: which synthesizer writes well-formed dialogues.
        Paper2Synthesis = "paper-2-synthesis",
        /// The paper's third: two stages or a fixed ratio.
        Paper3Schedule = "paper-3-schedule",
        /// Which preference sets, and whether preferences are needed at all.
        JointSeparate = "joint-separate",
        /// What well-formed dialogues cost in each way of writing them.
        IdsSpeed = "ids-speed",
        /// Whether scoring by the tuned summarizer beats static scoring.
        LoopWorthIt = "loop-worth-it",
        /// How many examples are enough.
        LearningCurve = "learning-curve",
        /// How much the result depends on a setting.
        Sensitivity = "sensitivity",
        /// Whose likelihood should judge a dialogue.
        WhoseJudge = "whose-judge",
        /// Whether the gain carries over to another kind of conversation.
        Domains = "domains",
    }
}

closed_set! {
    /// How the values of several axes are combined.
    GridMode, "mode of a grid" {
        /// Every value with every other.
        Product = "product",
        /// Each value alone, beside an arm that changes nothing.
        OneAtATime = "one_at_a_time",
        /// The first values together, the second ones together, and so on.
        Zip = "zip",
    }
}

closed_set! {
    /// Where an experiment stands.
    ExperimentStanding, "standing of an experiment" {
        /// No cell has begun.
        Planned = "planned",
        /// A cell is at work.
        Running = "running",
        /// Cells wait in the queue.
        Queued = "queued",
        /// Nothing is waiting, but something is unfinished.
        Paused = "paused",
        /// Nothing is waiting, and a cell has failed.
        Failed = "failed",
        /// Stopped for good.
        Cancelled = "cancelled",
        /// Every cell is done.
        Done = "done",
    }
}

closed_set! {
    /// What can be asked of an experiment.
    ExperimentAction, "action on an experiment" {
        /// Go on with the cells that are not done.
        Resume = "resume",
        /// Take the cells off the queue, and ask the one at work to save and stop.
        Pause = "pause",
        /// Stop for good; what is done stays.
        Cancel = "cancel",
        /// Remove it; its runs stay.
        Delete = "delete",
    }
}

impl Budget {
    /// What is missing if even the minimum takes longer than the time available.
    pub fn lack(&self) -> Option<Lack> {
        (!self.fits).then_some(Lack::Time {
            need_s: self.least_s as u64,
            within_s: self.within_s as u64,
        })
    }
}

/// An experiment in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentSummary {
    /// Its name.
    pub experiment: ExperimentName,
    /// What it asks.
    pub question: String,
    /// Where it stands.
    pub status: ExperimentStanding,
    /// Cells that are done.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub done: usize,
    /// All cells.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub cells: usize,
    /// When it was created.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub created_at_ms: i64,
}

/// Everything about an experiment: the answer of `experiment show`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentReport {
    /// Its name.
    pub experiment: ExperimentName,
    /// What it asks.
    pub question: String,
    /// Where it stands.
    pub status: ExperimentStanding,
    /// Cells that are done.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub done: usize,
    /// Its file, as TOML.
    pub spec: String,
    /// What differs from arm to arm.
    pub arms: Vec<ExperimentArm>,
    /// The seeds, in order.
    #[cfg_attr(feature = "specta", specta(type = Vec<f64>))]
    pub seeds: Vec<u64>,
    /// Every cell, in the order in which they are carried out.
    pub cells: Vec<ExperimentCell>,
    /// What finished cells measured.
    pub table: Vec<ExperimentRow>,
    /// The declared comparisons.
    pub comparisons: Vec<ExperimentComparison>,
    /// The synthesizers of finished cells.
    pub synthesizers: Vec<ExperimentSynthesizer>,
    /// What the comparisons came to; none before all of their cells are done.
    pub verdicts: Vec<ExperimentVerdict>,
    /// What the method gives on each data set, side by side; empty for one data set.
    pub domains: Vec<Domain>,
    /// Whether the gains on the data sets differ, each beside the first one.
    pub gain_differences: Vec<GainDifference>,
    /// What more real examples may bring; empty unless at least four numbers of them were tried.
    pub curves: Vec<ExperimentCurve>,
    /// What was given up to end in time; none without a limit.
    pub budget: Option<Budget>,
}

/// What the method gives on a data set: what the base model knows there, whether its likelihood can judge, and the gain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Domain {
    /// The data set.
    pub dataset: DatasetName,
    /// The model.
    pub model: ModelName,
    /// The arm.
    pub arm: String,
    /// ROUGE-1 of the bare model, mean over seeds and items.
    pub zero_shot: Option<f64>,
    /// ROUGE-1 of the first three lines.
    pub lead_3: Option<f64>,
    /// The lowest verdict on the judge over the seeds.
    pub judge: Option<JudgeVerdict>,
    /// How often the judge recognised the right conversation, mean over seeds.
    pub judge_topic: Option<f64>,
    /// How often the judge saw damaged content, mean over seeds.
    pub judge_content: Option<f64>,
    /// Share of dialogues of the fine-tuned synthesizer that keep the format, mean over seeds.
    pub sft_format_rate: Option<f64>,
    /// ROUGE-1 of the method minus that of training on real pairs alone.
    pub gain: f64,
    /// Its 95 % interval.
    pub gain_ci95: [f64; 2],
    /// The same in a sentence.
    pub sentence: Words,
}

/// Whether the gains on two data sets differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct GainDifference {
    /// The first data set.
    pub of: DatasetName,
    /// The second one.
    pub to: DatasetName,
    /// The model.
    pub model: ModelName,
    /// Gain on the first minus gain on the second.
    pub diff: f64,
    /// 95 % interval: two independent experiments, degrees of freedom by Welch and Satterthwaite.
    pub ci95: [f64; 2],
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided p-value; none before all cells are done.
    pub p: Option<f64>,
    /// The same in a sentence.
    pub sentence: Words,
}

/// One combination of the settings that an experiment varies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentArm {
    /// Its name: the labels of its values.
    pub name: String,
    /// The fields of the recipe that it sets.
    pub settings: Vec<Change>,
    /// The arm that has the same recipe and is computed in its place; none for an arm with cells of its own.
    pub same_as: Option<String>,
}

/// One arm on one data set with one model and one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentCell {
    /// Its arm.
    pub arm: String,
    /// Its data set.
    pub dataset: DatasetName,
    /// Its model, as the experiment names it.
    pub model: ModelName,
    /// Its seed.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub seed: u64,
    /// Its run; none before it was created.
    pub run: Option<RunId>,
    /// Where it stands.
    pub status: RunStanding,
    /// Wall-clock seconds of its stages so far.
    pub wall_s: f64,
    /// Why it failed.
    pub error: Option<ErrorCode>,
}

/// A figure of a system in an arm, over all seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentRow {
    /// The arm.
    pub arm: String,
    /// The data set.
    pub dataset: DatasetName,
    /// The model.
    pub model: ModelName,
    /// The system.
    pub system: System,
    /// What was measured.
    pub metric: ResultMetric,
    /// Mean over seeds and items.
    pub mean: f64,
    /// Standard deviation of the seeds' means; none for one seed.
    pub sd: Option<f64>,
    /// 95 % interval over seeds and items.
    pub ci95: [f64; 2],
    /// The mean of each seed, in the order of the seeds.
    pub by_seed: Vec<f64>,
    /// Seeds that are done; 1 for a system that no seed changes.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub seeds: usize,
    /// Test items.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub items: usize,
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentSide {
    /// The system.
    pub system: System,
    /// Its arm.
    pub arm: String,
}

/// Two systems over the same seeds and test items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentComparison {
    /// The comparisons that Holm's adjustment takes together, separately for each data set and model.
    pub family: String,
    /// The data set; none for the mean over the data sets.
    pub dataset: Option<DatasetName>,
    /// The model.
    pub model: ModelName,
    /// What was measured.
    pub metric: ResultMetric,
    /// The system that is compared.
    pub of: ExperimentSide,
    /// The system that it is compared with.
    pub to: ExperimentSide,
    /// Whether every cell that it reads is done; before that no p-value is given.
    pub complete: bool,
    /// Mean difference, the first minus the second.
    pub diff: f64,
    /// Its standard error.
    pub se: f64,
    /// 95 % interval of the two-way t: both seeds and items are drawn.
    pub ci95: [f64; 2],
    /// 90 % interval, compared with the margin.
    pub ci90: [f64; 2],
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided p-value of the two-way t.
    pub p: Option<f64>,
    /// The p-value adjusted for the family.
    pub p_holm: Option<f64>,
    /// Seeds that both sides have.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub seeds: usize,
    /// Test items.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub items: usize,
    /// Standard deviation of the seeds' differences; none for one seed.
    pub sd_seeds: Option<f64>,
    /// The difference of each seed.
    pub by_seed: Vec<f64>,
    /// 95 % interval of the hierarchical bootstrap.
    pub ci95_bootstrap: Option<[f64; 2]>,
    /// Randomisation of the items: for these trained models alone.
    pub p_randomisation: Option<f64>,
    /// The smallest true difference that this many seeds and items find with 80 % power.
    pub detectable_diff: Option<f64>,
    /// Seeds that would show a difference of 1.5 points; none if it cannot be said.
    #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
    pub seeds_for_1_5: Option<usize>,
    /// Margin within which two systems count as practically equal.
    pub margin: f64,
    /// What it came to; none before it is complete.
    pub verdict: Option<Outcome>,
}

/// A comparison in a sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentVerdict {
    /// The family of the comparison.
    pub family: String,
    /// Its place among the comparisons.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub comparison: usize,
    /// What it came to.
    pub code: Outcome,
    /// The same in a sentence.
    pub text: Words,
    /// Whether the first three lines of the dialogue score higher than the first system.
    pub below_lines: bool,
}

/// What more real examples may bring a system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentCurve {
    /// The data set.
    pub dataset: DatasetName,
    /// The model.
    pub model: ModelName,
    /// The system.
    pub system: System,
    /// Numbers of real examples that were tried.
    pub sizes: Vec<u32>,
    /// The number that is asked about, twice the largest.
    pub to: u32,
    /// What it may bring beyond the largest, in ROUGE-1; `None` where that cannot be told.
    pub band: Option<[f64; 2]>,
    /// The same in a sentence.
    pub text: Words,
}

/// A synthesizer in an arm, over all seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentSynthesizer {
    /// The arm.
    pub arm: String,
    /// The data set.
    pub dataset: DatasetName,
    /// The model.
    pub model: ModelName,
    /// The synthesizer.
    pub system: Synthesizer,
    /// Seeds that are done.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub seeds: usize,
    /// Dialogues of all seeds.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub n: usize,
    /// Share of dialogues that keep the format, mean over seeds.
    pub format_rate: f64,
    /// Its standard deviation over seeds; none for one seed.
    pub format_rate_sd: Option<f64>,
    /// The base model's nats per token of the summary given the dialogue, mean over seeds.
    pub scorer_ce: Option<f64>,
    /// Share of dialogues that repeat their summary, mean over seeds.
    pub copy_rate: f64,
    /// Seconds for each accepted dialogue, mean over seeds.
    pub seconds_per_accepted: Option<f64>,
}

/// The answer of `experiment plan`: what an experiment would take, before anything is begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ExperimentPlan {
    /// Its name.
    pub experiment: ExperimentName,
    /// Whether it can start.
    pub verdict: Verdict,
    /// What prevents it.
    pub missing: Vec<Lack>,
    /// Number of cells.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub cells: usize,
    /// Runs that would have to be carried out: cells that are not done.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub runs: usize,
    /// Parts of all cells that differ from each other: those that are computed.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub parts: usize,
    /// Parts that are reused from another cell.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub parts_shared: usize,
    /// Seconds of the parts that are computed.
    pub seconds: f64,
    /// What they leave on disk.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub disk_bytes: u64,
    /// Peak memory of all cells.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub peak_bytes: u64,
    /// The smallest difference that the planned seeds and test items find with 80 % power, by the usual variance.
    pub detectable_diff: Option<f64>,
    /// Seeds that would show a difference of 1.5 points, by the usual variance; none if the items are too few.
    #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
    pub seeds_for_1_5: Option<usize>,
    /// What differs from arm to arm.
    pub arms: Vec<ExperimentArm>,
    /// Every cell with the seconds that it adds.
    pub cells_detail: Vec<PlannedCell>,
    /// What was given up to end in time; none without a limit.
    pub budget: Option<Budget>,
}

/// A cell of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PlannedCell {
    /// Its arm.
    pub arm: String,
    /// Its data set.
    pub dataset: DatasetName,
    /// Its model.
    pub model: ModelName,
    /// Its seed.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub seed: u64,
    /// Seconds of the parts that no cell before it has computed.
    pub seconds: f64,
}

/// The answer of `experiment new`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewExperiment {
    /// The file; none if it was only printed.
    pub path: Option<String>,
    /// Its text.
    pub spec: String,
    /// Cells that it has.
    pub cells: usize,
}

/// How a recipe was brought down to a time, and what was given up for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Budget {
    /// The time available.
    pub within_s: f64,
    /// Whether the forecast leaves a tenth of it free.
    pub fits: bool,
    /// Forecast of the reduced recipe.
    pub seconds: f64,
    /// What was given up, in that order.
    pub cut: Vec<Cut>,
    /// Forecast of the minimum that can be asked for.
    pub least_s: f64,
    /// The smallest difference that is then found with 80 % power, by the usual variance; none if it cannot be said.
    pub detectable_diff: Option<f64>,
}

/// A setting that was lowered to save time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Cut {
    /// The field of the recipe.
    pub field: String,
    /// Its value before, as TOML.
    pub from: String,
    /// Its value now.
    pub to: String,
    /// Seconds that it saves.
    pub saved_s: f64,
    /// What it costs, in the units in which the steps were weighed.
    pub price: f64,
}
