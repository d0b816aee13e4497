//! Rounds: the loop once more, from new summaries to another summarizer. What a later round makes, why rounds end, and
//! the figures by which they are watched.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{StageName, Synthesizer, System, UnknownWord, Words};

/// Largest number of rounds of a run.
pub const MOST_ROUNDS: u32 = 20;
/// Before the number of a round in the name of a part.
const ROUND: &str = "round";
/// Before the name of a synthesizer among the parts of `preferences`: the judge of its round.
const OF_JUDGE: &str = "judge/";
/// Before the name of a system among the parts of `summarizer`: the figures of its round.
const OF_FIGURES: &str = "figures/";

closed_set! {
    /// The frozen model that the alignment of a later round is held to.
    RoundReference, "reference" {
        /// The supervised synthesizer, in every round.
        Sft = "sft",
        /// The synthesizer that the round begins with.
        Last = "last",
    }
}

closed_set! {
    /// The made-up pairs that the summarizer of a later round learns from.
    RoundData, "data of a round" {
        /// Those of every round so far.
        Accumulate = "accumulate",
        /// Those of the round alone.
        Replace = "replace",
    }
}

closed_set! {
    /// Why no further round is begun.
    RoundStop, "reason to stop" {
        /// The summarizer is no better on the validation pairs.
        NoGain = "no_gain",
        /// The made-up conversations became alike.
        Narrowing = "narrowing",
        /// The two dialogues of a pair hardly differ.
        NoContrast = "no_contrast",
        /// The tuned judge comes to like what the base model likes less and less.
        JudgeDrift = "judge_drift",
    }
}

closed_set! {
    /// What is said about a round without ending it.
    RoundWarning, "warning" {
        /// The made-up conversations are much shorter or longer than the real ones.
        Length = "length",
        /// Real conversations have become unlikely for the synthesizer.
        RealCe = "real_ce",
    }
}

/// What a later round makes in one of the stages, for a synthesizer or its system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoundStep {
    /// New summaries, unlike those of every earlier round.
    Summaries,
    /// Dialogues by the synthesizer of the round before.
    Candidates(Synthesizer),
    /// Whether the judge of the round is able.
    Judge(Synthesizer),
    /// Pairs of these candidates.
    Preferences(Synthesizer),
    /// The synthesizer of the round before, aligned once more.
    Align(Synthesizer),
    /// Its dialogues for the new summaries.
    Dialogues(Synthesizer),
    /// The summarizer, from the base model again.
    Summarizer(System),
    /// The figures by which the round is watched; the first round has them too.
    Figures(System),
    /// The summarizer on the test split.
    Evaluate(System),
}

/// A step of a round (`align/round2/dpo_separate`). Everything else of the first round is a part without a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoundPart {
    /// The round, counted from 1.
    pub round: u32,
    /// What is made.
    pub step: RoundStep,
}

impl RoundStep {
    /// The stage that it belongs to.
    pub const fn stage(self) -> StageName {
        match self {
            Self::Summaries => StageName::Summaries,
            Self::Candidates(_) => StageName::Candidates,
            Self::Judge(_) | Self::Preferences(_) => StageName::Preferences,
            Self::Align(_) => StageName::Align,
            Self::Dialogues(_) => StageName::Dialogues,
            Self::Summarizer(_) | Self::Figures(_) => StageName::Summarizer,
            Self::Evaluate(_) => StageName::Evaluate,
        }
    }

    /// The system that goes round; none for what all of them share.
    pub fn system(self) -> Option<System> {
        match self {
            Self::Summaries => None,
            Self::Candidates(role)
            | Self::Judge(role)
            | Self::Preferences(role)
            | Self::Align(role)
            | Self::Dialogues(role) => role.system(),
            Self::Summarizer(system) | Self::Figures(system) | Self::Evaluate(system) => {
                Some(system)
            }
        }
    }
}

impl RoundPart {
    /// The round and the step that have this name in a stage; none if the name is that of another part.
    ///
    /// # Errors
    /// [`UnknownWord`] for a synthesizer or system that does not exist.
    pub(crate) fn of(stage: StageName, name: &str) -> Result<Option<Self>, UnknownWord> {
        let Some(numbered) = name.strip_prefix(ROUND) else {
            return Ok(None);
        };
        let (number, of_whom) = numbered.split_once('/').unwrap_or((numbered, ""));
        let Some(round) = number.parse::<u32>().ok().filter(|round| *round >= 1) else {
            return Ok(None);
        };
        let step = match (stage, of_whom) {
            (StageName::Summaries, "") => RoundStep::Summaries,
            (StageName::Candidates, role) => RoundStep::Candidates(role.parse()?),
            (StageName::Preferences, role) => match role.strip_prefix(OF_JUDGE) {
                Some(role) => RoundStep::Judge(role.parse()?),
                None => RoundStep::Preferences(role.parse()?),
            },
            (StageName::Align, role) => RoundStep::Align(role.parse()?),
            (StageName::Dialogues, role) => RoundStep::Dialogues(role.parse()?),
            (StageName::Summarizer, system) => match system.strip_prefix(OF_FIGURES) {
                Some(system) => RoundStep::Figures(system.parse()?),
                None => RoundStep::Summarizer(system.parse()?),
            },
            (StageName::Evaluate, system) => RoundStep::Evaluate(system.parse()?),
            _ => return Ok(None),
        };
        Ok(Some(Self { round, step }))
    }
}

impl fmt::Display for RoundPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ROUND}{}", self.round)?;
        match self.step {
            RoundStep::Summaries => Ok(()),
            RoundStep::Judge(role) => write!(f, "/{OF_JUDGE}{role}"),
            RoundStep::Candidates(role)
            | RoundStep::Preferences(role)
            | RoundStep::Align(role)
            | RoundStep::Dialogues(role) => write!(f, "/{role}"),
            RoundStep::Figures(system) => write!(f, "/{OF_FIGURES}{system}"),
            RoundStep::Summarizer(system) | RoundStep::Evaluate(system) => write!(f, "/{system}"),
        }
    }
}

/// The figures of a round. Shares and ratios are plain numbers; `None` where there was nothing to compute them from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RoundFigures {
    /// The system that goes round.
    pub system: System,
    /// The round, counted from 1.
    pub round: u32,
    /// Made-up dialogues that the round accepted.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub accepted: usize,
    /// Their share of the round's summaries.
    pub accepted_rate: f64,
    /// Dialogues on each side of a comparison of texts.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub compared: usize,
    /// Different pairs of words as a share of all, among the made-up dialogues.
    pub distinct2: Option<f64>,
    /// The same, divided by that of the first round.
    pub distinct2_ratio: Option<f64>,
    /// The same, divided by that of the shots.
    pub distinct2_of_shots: Option<f64>,
    /// Mean BLEU-4 of a made-up dialogue against the others.
    pub self_bleu4: Option<f64>,
    /// The same, less that of the first round.
    pub self_bleu4_rise: Option<f64>,
    /// The same, less that of the shots.
    pub self_bleu4_over_shots: Option<f64>,
    /// Mean tokens of the made-up dialogues, divided by that of the shots.
    pub length_ratio: Option<f64>,
    /// Mean score difference of a content pair, nats per token; of a joint pair where the alignment learns from those.
    pub pair_gap: Option<f64>,
    /// The same, divided by that of the first round.
    pub pair_gap_ratio: Option<f64>,
    /// Nats per token of the summaries given the made-up dialogues, under the base model.
    pub scorer_ce: Option<f64>,
    /// The same under the judge of the round, where that is not the base model.
    pub judge_ce: Option<f64>,
    /// Nats per token by which real validation dialogues have become less likely for the synthesizer than they were for
    /// the supervised one.
    pub real_ce_rise: Option<f64>,
    /// Mean over the made-up dialogues of log-probability under the synthesizer less that under the supervised one, per
    /// token.
    pub drift_kl: Option<f64>,
    /// Share of the made-up dialogues that quote their summary beyond the guards.
    pub copy_rate: Option<f64>,
    /// How well a classifier tells made-up dialogues from the shots: 0.5 is not at all.
    pub two_sample_auc: Option<f64>,
    /// Nats per token of the validation summaries under the round's summarizer.
    pub validation_ce: f64,
    /// ROUGE-1 of its validation summaries.
    pub validation_rouge1: Option<f64>,
}

/// A round as it is shown: its figures with what follows from them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Round {
    /// What was measured.
    #[serde(flatten)]
    pub figures: RoundFigures,
    /// Change of `judge_ce` since the first round less that of `scorer_ce`; none if the base model is the judge.
    pub scorer_split: Option<f64>,
    /// Why no further round is begun after this one; `None` if nothing speaks against it.
    pub stop: Option<RoundStop>,
    /// What is said about it besides.
    pub warnings: Vec<RoundWarning>,
    /// Whether its summarizer is the one that the run ends with.
    pub chosen: bool,
}

/// The rounds of a system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Rounds {
    /// Which system.
    pub system: System,
    /// Rounds that were asked for.
    pub asked: u32,
    /// Those that were carried out, in order.
    pub rounds: Vec<Round>,
    /// Nats per token of the validation summaries after training on real pairs alone; `None` if the run does
    /// not include that.
    pub real_ce: Option<f64>,
    /// How they ended, in sentences.
    pub sentences: Vec<Words>,
}
