//! What commands print with `--json`, as `docs/cli.md` describes it: the last line of each, and the lines before it.
//! Answers that the window reads as well are in [`contract`].

mod backup;
mod deid;
mod everyday;
mod forget;
mod network;
mod protect;

use std::collections::BTreeMap;
use std::path::Path;

use bench::PipelineFigures;
use contract::{
    ArtifactKind, Budget, DatasetName, Devices, ExperimentName, ExperimentStanding,
    ExperimentSummary, IdentifierKind, KnownModel, LeakReason, Measures, ModelId, Origin, Part,
    PastImport, RunId, RunStanding, RunStatus, Split, SplitCounts, StageName, StageStanding,
    StudyName, StudyState, StudySummary, TooLong,
};
use metrics::rouge::RougeScore;
use mrds::models::{Removal, Unfinished};
use privacy::audit::text::{Null, Shared};
use project::format_rule::{Limit, RuleId, Source};
use project::import::Issue;
use project::recipe::{Field, Recipe};
use project::report::SystemResult;
use project::report::run::{RunReport, RunVerdict};
use project::rows::QueueRow;
use project::session::{ImportReport, RunSummary};
use project::study::export::WrittenFile;
use serde::Serialize;
use serde_json::Value;

use crate::args::{Compared, Multi};

use crate::wording;
pub(crate) use backup::{BackedUp, Restored};
pub(crate) use deid::{AskedWord, DeidLine, DeidRead, DeidScanned, DeidSpan, ReadMarks};
pub(crate) use everyday::{BatchDone, BatchLine, Deleted, DemoAnswer, Labelled};
pub(crate) use forget::{Forgotten, Receipts};
pub(crate) use network::{Network, NetworkLock};
pub(crate) use protect::{KeyStatus, ProtectOutlook, Protected, SlotShown, Unprotected};

/// `import`.
#[derive(Serialize)]
pub(crate) struct Imported {
    #[serde(flatten)]
    pub(crate) report: ImportReport,
    pub(crate) issues: Vec<WordedIssue>,
    pub(crate) dry_run: bool,
    pub(crate) seed: u64,
}

/// A problem or remark on a row, as facts and in words.
#[derive(Serialize)]
pub(crate) struct WordedIssue {
    #[serde(flatten)]
    issue: Issue,
    reason: String,
    fix: String,
}

impl From<&Issue> for WordedIssue {
    fn from(issue: &Issue) -> Self {
        Self {
            reason: wording::row::reason(issue),
            fix: wording::row::fix(issue),
            issue: issue.clone(),
        }
    }
}

/// `bench rating`.
#[derive(Serialize)]
pub(crate) struct BenchRatings {
    pub(crate) seed: u64,
    pub(crate) rows: Vec<BenchRatingRow>,
}

/// Invented studies of a population and size; rates are from 0 to 1.
#[derive(Serialize)]
pub(crate) struct BenchRatingRow {
    pub(crate) population: &'static str,
    pub(crate) dialogues: usize,
    pub(crate) raters: usize,
    pub(crate) studies: usize,
    /// Share in which the exact test found a difference at 5 %.
    pub(crate) type_i: f64,
    /// What 1,500 to 10,000 studies gave when the instrument was designed; none for populations that were not tried.
    pub(crate) type_i_designed: Option<f64>,
    /// Share of Student's intervals that contain the true value.
    pub(crate) coverage: f64,
    pub(crate) coverage_designed: Option<f64>,
    /// Share of the intervals for other raters; none below three raters.
    pub(crate) coverage_others: Option<f64>,
}

/// `study list`.
#[derive(Serialize)]
pub(crate) struct Studies {
    pub(crate) studies: Vec<StudySummary>,
}

/// `study add-rater`.
#[derive(Serialize)]
pub(crate) struct RaterAdded<'a> {
    pub(crate) study: &'a StudyName,
    pub(crate) slot: String,
    pub(crate) name: &'a str,
}

/// `study withdraw`, `study close`.
#[derive(Serialize)]
pub(crate) struct StudyStands<'a> {
    pub(crate) study: &'a StudyName,
    pub(crate) state: StudyState,
}

/// `study reveal`.
#[derive(Serialize)]
pub(crate) struct Revealed<'a> {
    pub(crate) study: &'a StudyName,
    pub(crate) revealed_at_ms: Option<i64>,
    /// Raters who had not locked.
    pub(crate) open_raters: Vec<String>,
}

/// `study delete`.
#[derive(Serialize)]
pub(crate) struct StudyDeleted<'a> {
    pub(crate) study: &'a StudyName,
    pub(crate) items: usize,
    pub(crate) ratings: usize,
}

/// `study export`.
#[derive(Serialize)]
pub(crate) struct StudyFiles {
    pub(crate) files: Vec<WrittenFile>,
}

/// `show RUN`, and the last line of `run` and `resume`.
#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    #[serde(flatten)]
    pub(crate) report: &'a RunReport,
    /// What it gave up to end in time; absent without a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<Budget>,
}

/// `experiment list`.
#[derive(Serialize)]
pub(crate) struct Experiments {
    pub(crate) experiments: Vec<ExperimentSummary>,
}

/// Lines of `experiment run` and `experiment resume`, besides those of its runs.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum ExperimentEvent<'a> {
    ExperimentStarted {
        experiment: &'a ExperimentName,
        cells: usize,
    },
    Cell {
        run: &'a RunId,
        status: RunStanding,
    },
}

/// `experiment run` and `experiment resume` after Ctrl-C.
#[derive(Serialize)]
pub(crate) struct ExperimentPaused<'a> {
    pub(crate) experiment: &'a ExperimentName,
    pub(crate) status: ExperimentStanding,
    pub(crate) resume: &'a str,
}

/// `experiment delete`.
#[derive(Serialize)]
pub(crate) struct ExperimentDeleted<'a> {
    pub(crate) experiment: &'a ExperimentName,
    /// Runs that were removed with it.
    pub(crate) runs: usize,
}

/// `datasets`.
#[derive(Serialize)]
pub(crate) struct Datasets {
    pub(crate) datasets: Vec<DatasetLine>,
}

/// A data set in a list.
#[derive(Serialize)]
pub(crate) struct DatasetLine {
    pub(crate) name: DatasetName,
    pub(crate) format: String,
    pub(crate) n: u64,
    pub(crate) splits: SplitCounts,
    /// Dialogues that wait for a summary, of all splits.
    pub(crate) unsummarised: u64,
}

/// `datasets NAME`.
#[derive(Serialize)]
pub(crate) struct Dataset {
    pub(crate) name: DatasetName,
    pub(crate) n: u64,
    pub(crate) splits: SplitCounts,
    pub(crate) unsummarised: u64,
    /// Examples whose references are held back because people are rating summaries of their dialogues.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) in_study: usize,
    #[serde(flatten)]
    pub(crate) too_long: Option<TooLong>,
    /// With `--imports`, the newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) imports: Option<Vec<PastImport>>,
}

/// `datasets NAME --to FILE`.
#[derive(Serialize)]
pub(crate) struct WrittenDataset<'a> {
    pub(crate) name: &'a DatasetName,
    pub(crate) file: &'a Path,
    pub(crate) bytes: u64,
}

/// `datasets NAME --undo IMPORT`.
#[derive(Serialize)]
pub(crate) struct Undone<'a> {
    pub(crate) name: &'a DatasetName,
    pub(crate) undone: i64,
    /// Examples that were removed.
    pub(crate) removed: usize,
}

/// A line of `datasets NAME --items`.
#[derive(Serialize)]
pub(crate) struct ExampleLine<'a> {
    pub(crate) id: &'a str,
    pub(crate) split: Split,
    pub(crate) origin: Origin,
    pub(crate) dialogue: &'a str,
    /// None while they are held back.
    pub(crate) references: &'a [String],
    /// Whether people are rating summaries of the dialogue now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) in_study: bool,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// `format`.
#[derive(Serialize)]
pub(crate) struct Format {
    pub(crate) n: usize,
    pub(crate) format_rate: f64,
    pub(crate) rules: BTreeMap<RuleId, RuleRate>,
}

/// How often a rule was kept.
#[derive(Serialize)]
pub(crate) struct RuleRate {
    /// `None` for a rule that is off.
    pub(crate) rate: Option<f64>,
    pub(crate) limit: Limit,
    pub(crate) source: Source,
    pub(crate) real_reject: f64,
}

/// A line of `format`: the verdict on one dialogue.
#[derive(Serialize)]
pub(crate) struct FormatLine {
    /// The file's own id, or else the line's number.
    pub(crate) id: Value,
    pub(crate) pass: bool,
    pub(crate) rules: BTreeMap<&'static str, bool>,
}

/// `recipe`.
#[derive(Serialize)]
pub(crate) struct RecipeFields {
    pub(crate) fields: Vec<Field>,
}

/// `run --dry-run`.
#[derive(Serialize)]
pub(crate) struct DryRun<'a> {
    pub(crate) dry_run: bool,
    pub(crate) dataset: ChosenExamples<'a>,
    pub(crate) seed: u64,
    pub(crate) model: ChosenModel<'a>,
    pub(crate) recipe: &'a Recipe,
    /// What it gives up to end in time; absent without a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<&'a Budget>,
}

/// The data set of a run that may begin.
#[derive(Serialize)]
pub(crate) struct ChosenExamples<'a> {
    pub(crate) name: &'a str,
    pub(crate) counts: ChosenCounts,
}

/// How many examples a run takes for each purpose.
#[derive(Serialize)]
pub(crate) struct ChosenCounts {
    pub(crate) shots: usize,
    pub(crate) validation: usize,
    pub(crate) test: usize,
    pub(crate) dropped: usize,
    pub(crate) cut: usize,
}

/// The model of a run that may begin.
#[derive(Serialize)]
pub(crate) struct ChosenModel<'a> {
    pub(crate) id: &'a str,
    pub(crate) parameters: u64,
}

/// `run`, `resume` and the worker after Ctrl-C.
#[derive(Serialize)]
pub(crate) struct Paused<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) status: RunStatus,
    /// The command that continues.
    pub(crate) resume: &'a str,
}

/// `runs`.
#[derive(Serialize)]
pub(crate) struct Runs {
    pub(crate) runs: Vec<RunSummary>,
}

/// `show RUN --stage STAGE`.
#[derive(Serialize)]
pub(crate) struct Stage<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) stage: StageName,
    pub(crate) status: StageStanding,
    pub(crate) items: u64,
    pub(crate) output_sha256: Option<String>,
    pub(crate) dropped: BTreeMap<String, u64>,
    pub(crate) measures: Measures,
}

/// A line of `show RUN --stage STAGE --items`: an artifact, with its fields and its place.
#[derive(Serialize)]
pub(crate) struct ArtifactLine<'a> {
    pub(crate) kind: ArtifactKind,
    /// The part that made it; none for what belongs to the stage as such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<Part>,
    pub(crate) item: u32,
    pub(crate) version: u32,
    #[serde(flatten)]
    pub(crate) payload: &'a Value,
}

/// A line of `show RUN --stage evaluate --items` beside the artifacts: what was measured of a summary, and what its
/// conversation says about it.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum SummaryLine<'a> {
    Score(&'a project::report::tables::Score),
    Backing(&'a project::report::tables::Backed),
}

/// `queue`.
#[derive(Serialize)]
pub(crate) struct Queue {
    pub(crate) started: Option<RunId>,
    pub(crate) held: bool,
    /// The computer stays awake while a run works.
    pub(crate) keep_awake: bool,
    pub(crate) queue: Vec<QueueRow>,
}

/// `pause` and `cancel`.
#[derive(Serialize)]
pub(crate) struct Stopping<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) status: RunStatus,
    pub(crate) from_stage: Option<StageName>,
    pub(crate) from_step: Option<usize>,
}

/// `evaluate FILE`.
#[derive(Serialize)]
pub(crate) struct Evaluated {
    pub(crate) n: usize,
    /// Lines in which a text that is not empty has no token for ROUGE: it is written in another script.
    pub(crate) without_tokens: usize,
    pub(crate) stemmer: bool,
    pub(crate) multi: Multi,
    /// By the name of the metric.
    #[serde(flatten)]
    pub(crate) scores: BTreeMap<&'static str, Score>,
}

/// Precision, recall and F.
#[derive(Serialize)]
pub(crate) struct Score {
    pub(crate) p: f64,
    pub(crate) r: f64,
    pub(crate) f: f64,
}

impl From<RougeScore> for Score {
    fn from(score: RougeScore) -> Self {
        Self {
            p: score.precision,
            r: score.recall,
            f: score.fmeasure,
        }
    }
}

/// `evaluate --run RUN`.
#[derive(Serialize)]
pub(crate) struct EvaluatedRun<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) seed: u64,
    pub(crate) verdict: Option<RunVerdict>,
    pub(crate) results: Vec<SystemResult>,
}

/// `score`.
#[derive(Serialize)]
pub(crate) struct Scored {
    pub(crate) n: usize,
    pub(crate) n_tokens: usize,
    pub(crate) logp_sum: f64,
    pub(crate) ce: f64,
}

/// A line of `score`.
#[derive(Serialize)]
pub(crate) struct ScoredLine {
    pub(crate) logp_sum: f64,
    pub(crate) n_tokens: usize,
    /// Only with `--tokens`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_logps: Option<Vec<f64>>,
}

/// `generate`.
#[derive(Serialize)]
pub(crate) struct Generated {
    pub(crate) n: usize,
    pub(crate) seed: u64,
}

/// A line of `generate`.
#[derive(Serialize)]
pub(crate) struct GeneratedLine<'a> {
    pub(crate) text: &'a str,
    pub(crate) ids: &'a [u32],
    pub(crate) finish: Finish,
}

/// Why a completion ended.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Finish {
    Stop,
    Length,
}

impl From<lm::infer::generate::Finish> for Finish {
    fn from(finish: lm::infer::generate::Finish) -> Self {
        match finish {
            lm::infer::generate::Finish::Stop => Self::Stop,
            lm::infer::generate::Finish::Length => Self::Length,
        }
    }
}

/// `summarize --serve`.
#[derive(Serialize)]
pub(crate) struct Served {
    pub(crate) n: usize,
}

/// `pack`.
#[derive(Serialize)]
pub(crate) struct Packed<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) path: &'a Path,
}

/// `models login`.
#[derive(Serialize)]
pub(crate) struct Login<'a> {
    pub(crate) host: &'a str,
    pub(crate) keychain: &'static str,
    pub(crate) service: &'static str,
}

/// `models logout`.
#[derive(Serialize)]
pub(crate) struct Logout<'a> {
    #[serde(flatten)]
    pub(crate) entry: Login<'a>,
    pub(crate) removed: bool,
}

/// `models list`.
#[derive(Serialize)]
pub(crate) struct Models {
    pub(crate) models: Vec<KnownModel>,
    pub(crate) unfinished: Vec<Unfinished>,
}

/// `models remove`.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum ModelRemoval {
    /// It is gone.
    Removed {
        #[serde(flatten)]
        removal: Removal,
        removed: bool,
    },
    /// The person who was asked said no.
    Kept { id: ModelId, removed: bool },
}

/// `pretrain`.
#[derive(Serialize)]
pub(crate) struct Pretrained<'a> {
    pub(crate) out: &'a Path,
    pub(crate) updates: usize,
    pub(crate) tokens: usize,
    pub(crate) val_loss: f64,
    pub(crate) wall_s: f64,
    pub(crate) parameters: u64,
    pub(crate) seed: u64,
}

/// `pretrain` after Ctrl-C.
#[derive(Serialize)]
pub(crate) struct PretrainPaused<'a> {
    pub(crate) status: RunStatus,
    /// The command that continues.
    pub(crate) resume: &'a str,
    pub(crate) updates: usize,
    pub(crate) tokens: usize,
    pub(crate) wall_s: f64,
}

/// A line of `pretrain` at work.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum PretrainLine<'a> {
    /// An update.
    Step {
        update: usize,
        loss: f64,
        lr: f64,
        tokens: usize,
        progress: f64,
    },
    /// A validation.
    Evaluation {
        update: usize,
        val_loss: f64,
        sample: &'a str,
    },
}

/// `doctor`.
#[derive(Serialize)]
pub(crate) struct Doctor {
    pub(crate) version: &'static str,
    pub(crate) cpu: String,
    pub(crate) simd: &'static str,
    pub(crate) threads: usize,
    /// What `--device` can name.
    pub(crate) devices: Vec<String>,
    /// What computes besides the processor, or why nothing does.
    #[serde(flatten)]
    pub(crate) found: Devices,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) memory_free_bytes: Option<u64>,
    pub(crate) disk_free_bytes: Option<u64>,
    pub(crate) connections: Option<usize>,
    pub(crate) network_locked: Option<bool>,
    /// The system lets no command but `models add` open connections.
    pub(crate) kernel_lock: bool,
    pub(crate) workspace_problem: Option<String>,
}

/// `audit text`.
#[derive(Serialize)]
pub(crate) struct AuditedText {
    pub(crate) n: usize,
    #[serde(flatten)]
    pub(crate) null: Null,
    /// Length in words of the longest copied run of words in any text.
    pub(crate) longest_run: usize,
    /// The texts that give something away.
    pub(crate) dropped: Vec<String>,
    /// How many texts each reason applies to.
    pub(crate) reasons: BTreeMap<LeakReason, usize>,
    /// How many texts hold an identifier of each kind.
    pub(crate) identifiers: BTreeMap<IdentifierKind, usize>,
}

/// The lines of `audit text --items`.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum AuditedLine {
    Text {
        id: String,
        #[serde(flatten)]
        shared: Shared,
        reasons: Vec<LeakReason>,
    },
}

/// `bench train`.
#[derive(Serialize)]
pub(crate) struct BenchTrain {
    pub(crate) cpu_s_per_step: f64,
    pub(crate) wall_s_per_step: f64,
    pub(crate) cpu_s: f64,
    pub(crate) tokens: usize,
    pub(crate) tokens_per_s: f64,
    pub(crate) peak_rss_bytes: u64,
    pub(crate) floor_share: f64,
    pub(crate) threads: usize,
    pub(crate) steps: usize,
    pub(crate) loss: f64,
    #[serde(flatten)]
    pub(crate) floor: Floor,
    pub(crate) peak_device_bytes: Option<u64>,
}

/// What the matrix products of an update take at the speed of a large product. On the processor the limit is in
/// processor-seconds; a card computes while the processor waits, so there it is in wall-clock seconds.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(crate) enum Floor {
    Processor {
        floor_cpu_s: f64,
        gemm_gflop_per_cpu_s: f64,
    },
    Card {
        floor_s: f64,
        gemm_gflop_per_s: f64,
    },
}

/// `bench score`.
#[derive(Serialize)]
pub(crate) struct BenchScore<'a> {
    pub(crate) shape: &'a str,
    pub(crate) items: usize,
    pub(crate) prompt_tokens: usize,
    pub(crate) completion_tokens: usize,
    pub(crate) tokens: usize,
    pub(crate) tokens_per_s: f64,
    pub(crate) tokens_per_cpu_s: f64,
    pub(crate) forward_tokens_per_s: f64,
    pub(crate) forward_tokens_per_cpu_s: f64,
    pub(crate) share_of_forward: f64,
    pub(crate) threads: usize,
    pub(crate) peak_rss_bytes: u64,
}

/// `bench generate`.
#[derive(Serialize)]
pub(crate) struct BenchGenerate<'a> {
    pub(crate) shape: &'a str,
    pub(crate) rows: Vec<BenchGenerateRow>,
    pub(crate) threads: usize,
    pub(crate) prompt_tokens: usize,
    pub(crate) new_tokens: usize,
    pub(crate) peak_rss_bytes: u64,
    pub(crate) peak_device_bytes: Option<u64>,
}

/// A number of sequences with one kind of weights.
#[derive(Serialize)]
pub(crate) struct BenchGenerateRow {
    pub(crate) batch: usize,
    pub(crate) quant: &'static str,
    pub(crate) tokens_per_s: f64,
    pub(crate) tokens_per_cpu_s: f64,
    pub(crate) prefill_tokens_per_cpu_s: f64,
    pub(crate) product_share: Option<f64>,
}

/// `bench parity`.
#[derive(Serialize)]
pub(crate) struct BenchParity {
    pub(crate) dtype: &'static str,
    pub(crate) checks: Vec<ParityCheck>,
    pub(crate) failed: usize,
}

/// One comparison of a device with the processor.
#[derive(Serialize)]
pub(crate) struct ParityCheck {
    pub(crate) name: String,
    pub(crate) off: f64,
    pub(crate) tolerance: f64,
    pub(crate) passed: bool,
}

/// `bench growth`.
#[derive(Serialize)]
pub(crate) struct BenchGrowth {
    pub(crate) rows: Vec<BenchGrowthRow>,
    pub(crate) threads: usize,
}

/// A size, measured and expected.
#[derive(Serialize)]
pub(crate) struct BenchGrowthRow {
    pub(crate) what: &'static str,
    pub(crate) amount: usize,
    pub(crate) cpu_s: f64,
    pub(crate) expected_cpu_s: f64,
    pub(crate) peak_rss_bytes: u64,
    pub(crate) expected_peak_rss_bytes: u64,
}

/// `bench pipeline`.
#[derive(Serialize)]
pub(crate) struct BenchPipeline {
    #[serde(flatten)]
    pub(crate) figures: PipelineFigures,
    pub(crate) threads: usize,
    pub(crate) seed: u64,
}

/// `bench compare`.
#[derive(Serialize)]
pub(crate) struct BenchCompare {
    pub(crate) processor: Option<String>,
    pub(crate) simd: &'static str,
    pub(crate) threads: usize,
    pub(crate) rows: Vec<CompareRow>,
    pub(crate) not_measured: Vec<NotMeasured>,
}

/// One kind of work, done by this program and by another in turns.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CompareRow {
    pub(crate) what: Compared,
    /// Which of several: a stage, or the weights and the sequences side by side.
    pub(crate) part: Option<String>,
    pub(crate) peer: String,
    pub(crate) unit: CompareUnit,
    /// In the order in which they were measured.
    pub(crate) ours: Vec<f64>,
    pub(crate) theirs: Vec<f64>,
    /// Work per second of processor time, this program's divided by the other's, from the medians: above 1 this program
    /// is faster.
    pub(crate) times_as_fast: f64,
    pub(crate) ours_peak_rss_bytes: Option<u64>,
    pub(crate) theirs_peak_rss_bytes: Option<u64>,
}

/// What the figures of a comparison count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CompareUnit {
    /// Processor-seconds: less is faster.
    CpuS,
    /// Tokens per processor-second: more is faster.
    TokensPerCpuS,
}

/// What was asked for and could not be done, with the last output of the other program.
#[derive(Serialize)]
pub(crate) struct NotMeasured {
    pub(crate) what: Compared,
    pub(crate) reason: String,
}

/// `bench pipeline` after Ctrl-C.
#[derive(Serialize)]
pub(crate) struct BenchStopped {
    pub(crate) status: &'static str,
}

#[cfg(test)]
mod tests;
