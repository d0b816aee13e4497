//! A run with everything it found: the answer of `duologue show` (docs/cli.md), from which the command line also prints
//! its tables. Built by [`crate::session::Session::show`].

use std::collections::BTreeMap;

use contract::{
    DatasetName, DeviceChoice, ErrorReport, JudgeMeasures, Measures, ModelId, ModelName,
    OriginCounts, Outcome, PairCounts, Part, ResultMetric, Rounds, RunId, RunStatus, StageName,
    StageStanding, Synthesizer, System, Words,
};
use serde::{Deserialize, Serialize};
use store::{RunRow, StageRow};

use super::{SynthesizerResult, SystemResult};
use crate::artifact::{Checkpoint, TrainRecord, TrainedAdapter};
use crate::error::Result;
use crate::format_rule::FormatRule;
use crate::judge::{rewards, sentences};
use crate::leak_audit::RunLeaks;
use crate::part::PartState;
use crate::recipe::Recipe;
use crate::selection::Selection;
use crate::verdict;

/// A run: what it is, where it stands, what it found. What a run has not reached yet is absent (`null`) or empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The run's id.
    pub run: RunId,
    /// Where it stands.
    pub status: RunStatus,
    /// Seed of every random number.
    pub seed: u64,
    /// Threads of the computation.
    pub threads: u32,
    /// Where it computes.
    pub device: DeviceChoice,
    /// Version of the program that created it.
    pub version: String,
    /// When it was created, milliseconds since 1970.
    pub created_at_ms: i64,
    /// Why it failed; `None` if it did not.
    pub error: Option<ErrorReport>,
    /// The base model.
    pub model: ModelReport,
    /// The data set and what was chosen of it.
    pub dataset: DatasetReport,
    /// Every setting.
    pub recipe: Recipe,
    /// The stages, in order.
    pub stages: Vec<StageReport>,
    /// The format rule as calibrated on the shots; none before `candidates`.
    pub format_rule: Option<FormatRule>,
    /// Whether the judge was found able, by the real validation pairs; none before `preferences`, and where it was not tried.
    #[serde(default)]
    pub judge: Option<JudgeMeasures>,
    /// Preference pairs of each set; none before `preferences`.
    pub pairs: Option<PairCounts>,
    /// Preference pairs by the summary's origin; none before `preferences`.
    pub pairs_by_origin: Option<OriginCounts>,
    /// How the preference training went; none before `align`.
    pub align: Option<AlignReport>,
    /// How the summarizers' trainings went.
    pub summarizer: SummarizerReport,
    /// The rounds of each system that goes round; empty for a run with one round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Rounds>,
    /// The synthesizer table.
    pub synthesizers: Vec<SynthesizerRow>,
    /// The result table.
    pub results: Vec<SystemResult>,
    /// What the table says about the method, in a sentence; `None` where there is nothing to say.
    pub verdict: Option<RunVerdict>,
    /// The true ROUGE-1 difference between the method and real-only training that this number of items would show with
    /// 80 % power.
    pub detectable_diff: Option<f64>,
    /// What the texts that it made give away of the conversations that it learnt from; `None` if nobody has looked since it
    /// made them.
    #[serde(default)]
    pub leaks: Option<RunLeaks>,
}

/// What a run says about the method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunVerdict {
    /// The system that the sentence is about.
    pub system: System,
    /// The method against training on real pairs alone; `None` where not both were run.
    pub outcome: Option<Outcome>,
    /// Lines of the conversation that score higher on ROUGE-1 than the system.
    pub below: Vec<System>,
    /// In a sentence.
    pub sentence: Words,
}

impl RunVerdict {
    /// The verdict on the method with separate pairs, else with joint ones, else on training on real pairs alone.
    pub fn of(results: &[SystemResult]) -> Option<Self> {
        let row = |system: System| results.iter().find(|row| row.system == system);
        let versus = |row: &SystemResult| row.vs_sft_real.get(&ResultMetric::Rouge1).cloned();
        let method = [System::MrdsSeparate, System::MrdsJoint]
            .into_iter()
            .filter_map(row)
            .find(|row| versus(row).is_some());
        let subject = method.or_else(|| row(System::SftReal))?;
        let lines = results.iter().filter(|row| !row.system.has_model());
        let standing = verdict::Standing {
            is_method: method.is_some(),
            mean: subject.rouge1.mean,
            dialogues: subject.n,
            gain: method.and_then(versus).map(|difference| verdict::Gain {
                diff: difference.diff,
                ci95: difference.ci95,
            }),
            lines: lines.map(|row| (row.system, row.rouge1.mean)).collect(),
        };
        let (outcome, below, sentence) = verdict::of_method(&standing)?;
        Some(Self {
            system: subject.system,
            outcome,
            below,
            sentence,
        })
    }
}

/// The base model of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelReport {
    /// Hash of its weights.
    pub id: ModelId,
    /// The same hash, under the name that it has elsewhere.
    pub sha256: ModelId,
    /// Its name, to show to people.
    pub name: ModelName,
    /// Path of its folder.
    pub path: String,
    /// Number of weights.
    pub parameters: u64,
}

/// The data set of a run and what was chosen of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetReport {
    /// Its name, to show to people.
    pub name: DatasetName,
    /// Hash of the shots' ids: two runs with the same hash learnt from the same examples.
    pub shot_ids_sha256: String,
    /// How many examples of each kind.
    pub counts: SelectionCounts,
    /// Where the validation examples come from.
    pub validation_from: String,
    /// Ids of the examples that were left out because they are too long.
    pub dropped: Vec<String>,
}

/// How many examples a run uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionCounts {
    /// To learn from.
    pub shots: usize,
    /// To choose checkpoints by.
    pub validation: usize,
    /// To compare the systems on.
    pub test: usize,
    /// Left out because they are too long.
    pub dropped: usize,
    /// Shortened because they are too long.
    pub cut: usize,
}

/// A stage: where it stands, what it cost, its hashes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// Which stage.
    pub name: StageName,
    /// Where it stands.
    pub status: StageStanding,
    /// Wall-clock seconds, over all interruptions.
    pub wall_s: f64,
    /// Seconds of processor time, over all interruptions.
    pub cpu_s: f64,
    /// Peak memory of the process.
    pub peak_rss_bytes: u64,
    /// Items that the stage read.
    pub n_in: u64,
    /// Items that the stage produced.
    pub n_out: u64,
    /// Items left out, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Hash of inputs and settings; none before it was begun.
    pub inputs_sha256: Option<String>,
    /// Hash of the output; none before it was finished.
    pub output_sha256: Option<String>,
    /// Numbers measured in the stage.
    pub measures: Measures,
    /// Why it failed; `None` if it did not.
    pub error: Option<ErrorReport>,
    /// What it made for each system or synthesizer; none for a stage without roles, and for what was carried out before
    /// there were parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartReport>,
}

/// A part of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartReport {
    /// Which part.
    pub part: Part,
    /// Where it stands.
    pub status: StageStanding,
    /// Wall-clock seconds, over all interruptions.
    pub wall_s: f64,
    /// Seconds of processor time, over all interruptions.
    pub cpu_s: f64,
    /// Items that the part produced.
    pub n_out: u64,
    /// Hash of inputs and settings; none before it was begun.
    pub inputs_sha256: Option<String>,
    /// Hash of the output; none before it was finished.
    pub output_sha256: Option<String>,
}

/// How an alignment went: its first loss and its last figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlignmentReport {
    /// DPO loss of the first update, ln 2 where the policy began as its reference.
    pub first_dpo_loss: Option<f64>,
    /// Mean reward margin of the last update.
    pub margin: Option<f64>,
    /// Share of the last update's pairs with a positive margin.
    pub accuracy: Option<f64>,
    /// Mean summed log-probability of the chosen dialogues in the last update.
    pub logps_chosen: Option<f64>,
    /// The same for the rejected ones.
    pub logps_rejected: Option<f64>,
    /// Updates done before the training ended.
    pub updates: usize,
    /// The update whose adapter was taken.
    pub best_update: usize,
    /// The alignment did not help on the validation summaries: the adapter that it began with was kept.
    pub kept_start: bool,
}

/// The alignment with separate preference sets (if there is none, the joint one), and what goes with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlignReport {
    /// Of `dpo_separate`, or of `dpo_joint` where that is the only one.
    #[serde(flatten)]
    pub main: AlignmentReport,
    /// Of `dpo_joint` beside `dpo_separate`.
    pub dpo_joint: Option<AlignmentReport>,
    /// Every judged checkpoint.
    pub checkpoints: Vec<Checkpoint>,
}

/// The trainings of one summarizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TrainingsReport {
    /// Synthetic pairs first, real pairs second.
    TwoStages {
        /// On synthetic pairs.
        stage1: Box<TrainRecord>,
        /// On real pairs.
        stage2: Box<TrainRecord>,
    },
    /// Any other number of trainings, in order.
    Trainings {
        /// The trainings.
        trainings: Vec<TrainRecord>,
    },
}

/// The trainings of the main system, and those of every system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SummarizerReport {
    /// Of `mrds_separate`, where the run trains it.
    #[serde(flatten)]
    pub main: Option<TrainingsReport>,
    /// Of every system that is trained.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub systems: BTreeMap<System, TrainingsReport>,
}

/// A row of the synthesizer table with what writing took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SynthesizerRow {
    /// The figures that the seed determines.
    #[serde(flatten)]
    pub result: SynthesizerResult,
    /// Seconds for each accepted dialogue; `None` if none was accepted.
    pub seconds_per_accepted: Option<f64>,
}

/// What the stages of a run have left behind.
pub(crate) struct Found {
    pub(crate) format_rule: Option<FormatRule>,
    pub(crate) aligned: Vec<TrainedAdapter>,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) summarizers: Vec<TrainedAdapter>,
    pub(crate) synthesizers: Vec<SynthesizerResult>,
    pub(crate) results: Vec<SystemResult>,
    pub(crate) rounds: Vec<Rounds>,
    pub(crate) leaks: Option<RunLeaks>,
}

impl RunReport {
    pub(crate) fn new(
        row: &RunRow,
        stages: Vec<(StageRow, StageStanding)>,
        parts: &[PartState],
        dataset: &DatasetName,
        found: Found,
    ) -> Result<Self> {
        let selection = Selection::of_run(row)?;
        let measures = |name: StageName| {
            let stage = stages.iter().find(|(stage, _)| stage.name == name);
            stage.map(|(stage, _)| stage.measures.clone())
        };
        let preferences = match measures(StageName::Preferences) {
            Some(Measures::Preferences(counted)) => Some(counted),
            _ => None,
        };
        let writing = match measures(StageName::Evaluate) {
            Some(Measures::Writing(seconds)) => seconds,
            _ => BTreeMap::new(),
        };
        let with_seconds = |result: SynthesizerResult| SynthesizerRow {
            seconds_per_accepted: writing
                .get(&result.system)
                .and_then(|measured| measured.seconds_per_accepted),
            result,
        };
        Ok(Self {
            run: row.id.clone(),
            status: row.status,
            seed: row.seed,
            threads: row.threads,
            device: row.device,
            version: row.version.clone(),
            created_at_ms: row.created_at_ms,
            error: row.error.clone(),
            model: ModelReport {
                id: row.model_id.clone(),
                sha256: row.model_id.clone(),
                name: row.model_name.clone(),
                path: row.model_path.clone(),
                parameters: row.model_parameters,
            },
            dataset: DatasetReport::new(dataset, selection),
            recipe: Recipe::from_toml(&row.recipe)?,
            judge: parts.iter().find_map(judge),
            pairs: preferences.as_ref().map(|counted| counted.pairs),
            pairs_by_origin: preferences.as_ref().map(|counted| counted.by_origin),
            format_rule: found.format_rule,
            align: AlignReport::new(&found.aligned, found.checkpoints),
            summarizer: SummarizerReport::new(found.summarizers),
            rounds: found.rounds,
            synthesizers: found.synthesizers.into_iter().map(with_seconds).collect(),
            detectable_diff: found
                .results
                .iter()
                .find(|result| result.system == System::MrdsSeparate)
                .and_then(|main| main.vs_sft_real.get(&ResultMetric::Rouge1)?.detectable_diff),
            verdict: RunVerdict::of(&found.results),
            results: found.results,
            leaks: found.leaks,
            stages: stages
                .into_iter()
                .map(|(row, standing)| StageReport::new(row, standing, parts))
                .collect(),
        })
    }
}

impl RunReport {
    /// What is said about the judge: what it was able to see before there were pairs, and what its score went with in the
    /// dialogues that were written.
    pub fn of_the_judge(&self) -> Vec<Words> {
        let before = self.judge.as_ref().map(sentences).unwrap_or_default();
        let written = |role| {
            self.synthesizers
                .iter()
                .find(|row| row.result.system == role)
        };
        let row = [
            Synthesizer::DpoSeparate,
            Synthesizer::DpoJoint,
            Synthesizer::Sft,
        ]
        .into_iter()
        .find_map(written);
        let after = row.and_then(|row| row.result.judge_after.as_ref());
        let after = after.map(rewards).unwrap_or_default();
        before.into_iter().chain(after).collect()
    }
}

/// What a part found about the judge.
fn judge(part: &PartState) -> Option<JudgeMeasures> {
    match &part.row.as_ref()?.measures {
        Measures::Judge(found) => Some(found.clone()),
        _ => None,
    }
}

impl DatasetReport {
    fn new(name: &str, selection: Selection) -> Self {
        Self {
            name: name.to_owned().into(),
            counts: SelectionCounts::from(&selection),
            shot_ids_sha256: selection.shot_ids_sha256,
            validation_from: selection.validation_from,
            dropped: selection.dropped,
        }
    }
}

impl From<&Selection> for SelectionCounts {
    fn from(selection: &Selection) -> Self {
        Self {
            shots: selection.shots.len(),
            validation: selection.validation.len(),
            test: selection.test.len(),
            dropped: selection.dropped.len(),
            cut: selection.cut.len(),
        }
    }
}

impl StageReport {
    fn new(row: StageRow, status: StageStanding, parts: &[PartState]) -> Self {
        let has_role =
            |part: &&PartState| part.part.stage() == row.name && part.part != Part::Whole(row.name);
        Self {
            parts: parts
                .iter()
                .filter(has_role)
                .filter_map(PartReport::of)
                .collect(),
            name: row.name,
            status,
            wall_s: row.wall_s,
            cpu_s: row.cpu_s,
            peak_rss_bytes: row.peak_rss_bytes,
            n_in: row.n_in,
            n_out: row.n_out,
            dropped: row.dropped,
            inputs_sha256: row.inputs_sha256,
            output_sha256: row.output_sha256,
            measures: row.measures,
            error: row.error,
        }
    }
}

impl PartReport {
    /// None before a worker has begun the run.
    fn of(part: &PartState) -> Option<Self> {
        let row = part.row.as_ref()?;
        Some(Self {
            part: part.part,
            status: part.status,
            wall_s: row.wall_s,
            cpu_s: row.cpu_s,
            n_out: row.n_out,
            inputs_sha256: row.inputs_sha256.clone(),
            output_sha256: row.output_sha256.clone(),
        })
    }
}

impl AlignReport {
    fn new(adapters: &[TrainedAdapter], checkpoints: Vec<Checkpoint>) -> Option<Self> {
        let alignment = |role: Synthesizer| {
            let adapter = adapters.iter().find(|found| found.role == role.as_str())?;
            adapter.trainings.first().map(AlignmentReport::from)
        };
        let joint = alignment(Synthesizer::DpoJoint);
        match alignment(Synthesizer::DpoSeparate) {
            Some(main) => Some(Self {
                main,
                dpo_joint: joint,
                checkpoints,
            }),
            None => joint.map(|main| Self {
                main,
                dpo_joint: None,
                checkpoints,
            }),
        }
    }
}

impl From<&TrainRecord> for AlignmentReport {
    fn from(training: &TrainRecord) -> Self {
        let last = training.last_dpo.as_ref();
        Self {
            first_dpo_loss: training.first_dpo_loss,
            margin: last.map(|figures| figures.margin),
            accuracy: last.map(|figures| figures.accuracy),
            logps_chosen: last.map(|figures| figures.logps_chosen),
            logps_rejected: last.map(|figures| figures.logps_rejected),
            updates: training.updates,
            best_update: training.best_update,
            kept_start: training.best_update == 0,
        }
    }
}

impl From<Vec<TrainRecord>> for TrainingsReport {
    fn from(trainings: Vec<TrainRecord>) -> Self {
        match <[TrainRecord; 2]>::try_from(trainings) {
            Ok([stage1, stage2]) => Self::TwoStages {
                stage1: Box::new(stage1),
                stage2: Box::new(stage2),
            },
            Err(trainings) => Self::Trainings { trainings },
        }
    }
}

impl SummarizerReport {
    fn new(adapters: Vec<TrainedAdapter>) -> Self {
        // A role that is not a system is not one of the compared summarizers.
        let of_system = |adapter: TrainedAdapter| {
            let system: System = adapter.role.parse().ok()?;
            Some((system, TrainingsReport::from(adapter.trainings)))
        };
        let systems: BTreeMap<System, TrainingsReport> =
            adapters.into_iter().filter_map(of_system).collect();
        Self {
            main: systems.get(&System::MrdsSeparate).cloned(),
            systems,
        }
    }
}
