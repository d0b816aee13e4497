//! What a run says while it works, and what a stage leaves behind besides its artifacts: data, the same in terminal,
//! window, log and database.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{JudgeMeasures, Part, RunId, StageName, StageStanding, Synthesizer, System};

/// One message of a run at work: a line of the worker's output, a line of its log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run exists and begins or goes on.
    RunStarted {
        /// The run's id.
        run: RunId,
    },
    /// A stage changed its state.
    Stage {
        /// Which stage.
        name: StageName,
        /// Where it stands now.
        status: StageStanding,
    },
    /// A part of a stage with roles changed its state.
    Part {
        /// Which part.
        part: Part,
        /// Where it stands now.
        status: StageStanding,
    },
    /// Work went on inside a stage.
    Step(Step),
    /// Something to look at: a text that the model has just written, or an evaluation.
    Sample {
        /// Which stage wrote it.
        stage: StageName,
        /// The text and what belongs to it.
        item: SampleItem,
    },
}

/// An update of a training, or finished items of a generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Which stage.
    pub stage: StageName,
    /// What is being done, in words ("stage 1 of mrds_separate").
    pub task: String,
    /// Finished updates or items.
    pub step: usize,
    /// Updates or items in all, as far as known.
    pub total_steps: usize,
    /// Loss of the last update; none for a generation.
    pub loss: Option<f64>,
    /// Learning rate of the last update; none for a generation.
    pub lr: Option<f64>,
    /// Tokens computed per second since the task began.
    pub tokens_per_s: f64,
    /// Seconds left in this task, an estimate.
    pub eta_s: f64,
    /// Memory of the process.
    pub rss_bytes: u64,
}

/// The last sign of progress of a stage, as the workspace keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The last step that was reported.
    #[serde(flatten)]
    pub step: Step,
    /// The last text that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<SampleItem>,
}

/// A text worth looking at while a run works. Which kind it is follows from its fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SampleItem {
    /// A checkpoint of the alignment was judged.
    Judged {
        /// Whose checkpoint.
        role: Synthesizer,
        /// After how many updates.
        update: usize,
        /// Share of sampled validation dialogues that keep the format.
        format_rate: f64,
        /// Nats per token of the validation summaries given the sampled dialogues, under the base model.
        scorer_ce: f64,
        /// One of the sampled dialogues.
        dialogue: Option<String>,
    },
    /// A synthetic dialogue was accepted.
    Accepted {
        /// Who wrote it.
        source: Synthesizer,
        /// The dialogue.
        dialogue: String,
        /// The summary that it was written for.
        summary: String,
    },
    /// A candidate was sampled.
    Candidate {
        /// The dialogue.
        dialogue: String,
        /// Whether it keeps the format rule.
        pass: bool,
        /// Mean log-probability of its summary under the base model; `None` if it is too long to score.
        score: Option<f64>,
    },
    /// A system summarized a test dialogue.
    Prediction {
        /// The system that wrote it.
        system: System,
        /// Its summary.
        prediction: Option<String>,
    },
    /// A text as far as it has been written: shown when nothing finished has appeared for a while.
    Draft {
        /// The text so far.
        draft: String,
        /// Whether the model has ended it.
        ended: bool,
    },
    /// A synthetic summary was written.
    Summary {
        /// The summary that the dialogue was written for.
        summary: String,
        /// What it was asked to be about.
        topic: String,
    },
}

impl SampleItem {
    /// The newly written text: a dialogue, a summary or a prediction.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Judged { dialogue, .. } => dialogue.as_deref(),
            Self::Accepted { dialogue, .. } | Self::Candidate { dialogue, .. } => Some(dialogue),
            Self::Prediction { prediction, .. } => prediction.as_deref(),
            Self::Draft { draft, .. } => Some(draft),
            Self::Summary { summary, .. } => Some(summary),
        }
    }

    /// The summary that the text was written for, where it is not the text itself.
    pub fn asked_for(&self) -> Option<&str> {
        match self {
            Self::Accepted { summary, .. } => Some(summary),
            _ => None,
        }
    }
}

/// Numbers that a stage measured: seconds, which the seed does not determine, and counts of its artifacts. Which stage
/// measured them follows from the fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Measures {
    /// Nothing, `null`: what all other stages measure.
    #[default]
    Nothing,
    /// What `preferences` measured.
    Preferences(PreferenceMeasures),
    /// What the part of `preferences` that asks whether the judge is able measured.
    Judge(JudgeMeasures),
    /// What `candidates` measured.
    Candidates(CandidateMeasures),
    /// What `dialogues` and `evaluate` measured, for each way to write dialogues. Empty for a stage that has not ended.
    Writing(BTreeMap<Synthesizer, WritingMeasures>),
}

impl Measures {
    /// What two parts of a stage measured, together: each of their ways to write dialogues. Other figures are those of
    /// one part.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Writing(ways), Self::Writing(mut others)) => {
                // If a way wrote in several rounds, the first one counts.
                others.extend(ways);
                Self::Writing(others)
            }
            // What a stage measured of its judge is not what the stage measured.
            (Self::Nothing | Self::Judge(_), measures) | (measures, _) => measures,
        }
    }
}

/// Counts of preference pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreferenceMeasures {
    /// Pairs of each set.
    pub pairs: PairCounts,
    /// Pairs by the summary's origin.
    pub by_origin: OriginCounts,
    /// The smallest score difference of a content pair, nats per token.
    pub min_gap: f64,
}

/// Pairs of each preference set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PairCounts {
    /// A dialogue that keeps the format over one that breaks it.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub format: usize,
    /// The more summarizable of two that keep it.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub content: usize,
    /// Best against worst by (format, content).
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub joint: usize,
}

/// Pairs by the origin of their summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginCounts {
    /// On a shot's reference.
    pub real: usize,
    /// On a synthetic summary.
    pub synthetic: usize,
}

/// How many candidates keep the format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CandidateMeasures {
    /// Their share, 0..=1.
    pub format_rate: f64,
}

/// What one way to write dialogues took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WritingMeasures {
    /// Wall-clock seconds.
    pub wall_s: f64,
    /// Dialogues that were accepted.
    pub accepted: usize,
    /// Seconds for each accepted dialogue; `None` if none was accepted.
    pub seconds_per_accepted: Option<f64>,
    /// Dialogues that a maximum ended, where they were written line by line.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub forced_closures: usize,
    /// Lines that were drawn again, where they were written line by line.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub resampled_turns: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl WritingMeasures {
    /// Of `accepted` dialogues that took `wall_s` seconds.
    pub fn new(wall_s: f64, accepted: usize) -> Self {
        Self {
            wall_s,
            accepted,
            seconds_per_accepted: (accepted > 0).then(|| wall_s / accepted as f64),
            ..Self::default()
        }
    }

    /// The same with this number of accepted dialogues.
    pub fn accepting(self, accepted: usize) -> Self {
        Self {
            forced_closures: self.forced_closures,
            resampled_turns: self.resampled_turns,
            ..Self::new(self.wall_s, accepted)
        }
    }

    /// Both together, before it is known whose dialogues are accepted.
    pub fn and(self, other: &Self) -> Self {
        Self {
            wall_s: self.wall_s + other.wall_s,
            forced_closures: self.forced_closures + other.forced_closures,
            resampled_turns: self.resampled_turns + other.resampled_turns,
            ..self
        }
    }
}
