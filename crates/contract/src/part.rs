//! Parts: what a stage makes for one system or synthesizer, computed, stored and reused on its own
//! (`summarizer/mrds_joint`). A stage without roles has one part, which is the stage itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{RoundPart, RoundStep, Scorer, StageName, Synthesizer, System, UnknownWord};

/// Before the name of a synthesizer among the parts of `evaluate`, whose other parts are systems.
const OF_SYNTHESIZER: &str = "synthesizer/";
/// Before the name of a system whose outputs a measuring model has read.
const OF_BERTSCORE: &str = "bertscore/";

/// Before the name of a scorer among the parts of `preferences`.
const OF_JUDGE: &str = "judge/";

/// A part of a run. In JSON and in words it is `STAGE` or `STAGE/NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Part {
    /// Whether a judge is able, before pairs are made by what it says.
    Judge(Scorer),
    /// A stage without roles; for a stage with roles, what was made before there were parts, and what is made from all
    /// its parts together.
    Whole(StageName),
    /// The training of a synthesizer that goes on from the supervised one.
    Align(Synthesizer),
    /// The synthetic dialogues of a synthesizer.
    Dialogues(Synthesizer),
    /// The training of a system.
    Summarizer(System),
    /// A system on the test split.
    Evaluate(System),
    /// A synthesizer on the summaries of the test split.
    TestDialogues(Synthesizer),
    /// The outputs of a system as a measuring model sees them: asked for by hand, never by a recipe, and read by nothing.
    BertScore(System),
    /// A step of a later round, and the figures of every round.
    Round(RoundPart),
}

impl Part {
    /// New summaries of a round.
    pub const fn summaries(round: u32) -> Self {
        Self::in_round(
            round,
            Self::Whole(StageName::Summaries),
            RoundStep::Summaries,
        )
    }

    /// Candidates of a round for a synthesizer; those of the first round serve all synthesizers.
    pub const fn candidates(round: u32, role: Synthesizer) -> Self {
        let step = RoundStep::Candidates(role);
        Self::in_round(round, Self::Whole(StageName::Candidates), step)
    }

    /// Pairs of a round for a synthesizer; those of the first round serve all synthesizers.
    pub const fn preferences(round: u32, role: Synthesizer) -> Self {
        let step = RoundStep::Preferences(role);
        Self::in_round(round, Self::Whole(StageName::Preferences), step)
    }

    /// The alignment of a round.
    pub const fn align(round: u32, role: Synthesizer) -> Self {
        Self::in_round(round, Self::Align(role), RoundStep::Align(role))
    }

    /// The dialogues of a round.
    pub const fn dialogues(round: u32, source: Synthesizer) -> Self {
        Self::in_round(round, Self::Dialogues(source), RoundStep::Dialogues(source))
    }

    /// The training of a system in a round.
    pub const fn summarizer(round: u32, system: System) -> Self {
        Self::in_round(
            round,
            Self::Summarizer(system),
            RoundStep::Summarizer(system),
        )
    }

    /// A system as it is after a round, on the test split.
    pub const fn evaluate(round: u32, system: System) -> Self {
        Self::in_round(round, Self::Evaluate(system), RoundStep::Evaluate(system))
    }

    /// The figures of a round, the first one included.
    pub const fn figures(round: u32, system: System) -> Self {
        let step = RoundStep::Figures(system);
        Self::Round(RoundPart { round, step })
    }

    /// The first round is the run as it is without rounds.
    const fn in_round(round: u32, first: Self, step: RoundStep) -> Self {
        match round {
            0 | 1 => first,
            round => Self::Round(RoundPart { round, step }),
        }
    }

    /// The round that it belongs to, counted from 1.
    pub const fn round(self) -> u32 {
        match self {
            Self::Round(RoundPart { round, .. }) => round,
            _ => 1,
        }
    }

    /// The stage that the part belongs to.
    pub const fn stage(self) -> StageName {
        match self {
            Self::Judge(_) => StageName::Preferences,
            Self::Whole(stage) => stage,
            Self::Align(_) => StageName::Align,
            Self::Dialogues(_) => StageName::Dialogues,
            Self::Summarizer(_) => StageName::Summarizer,
            Self::Evaluate(_) | Self::TestDialogues(_) | Self::BertScore(_) => StageName::Evaluate,
            Self::Round(part) => part.step.stage(),
        }
    }

    /// Its name within the stage; empty for a whole stage.
    pub fn name(self) -> String {
        match self {
            Self::Judge(scorer) => format!("{OF_JUDGE}{scorer}"),
            Self::Whole(_) => String::new(),
            Self::Align(role) | Self::Dialogues(role) => role.to_string(),
            Self::Summarizer(system) | Self::Evaluate(system) => system.to_string(),
            Self::TestDialogues(role) => format!("{OF_SYNTHESIZER}{role}"),
            Self::BertScore(system) => format!("{OF_BERTSCORE}{system}"),
            Self::Round(part) => part.to_string(),
        }
    }

    /// The part of a stage that has this name.
    ///
    /// # Errors
    /// [`UnknownWord`] where the stage has no such part.
    pub fn of(stage: StageName, name: &str) -> Result<Self, UnknownWord> {
        if name.is_empty() {
            return Ok(Self::Whole(stage));
        }
        if let Some(part) = RoundPart::of(stage, name)? {
            return Ok(Self::Round(part));
        }
        if let (StageName::Preferences, Some(scorer)) = (stage, name.strip_prefix(OF_JUDGE)) {
            return scorer.parse().map(Self::Judge);
        }
        if let Some(system) = name.strip_prefix(OF_BERTSCORE)
            && stage == StageName::Evaluate
        {
            return system.parse().map(Self::BertScore);
        }
        match (stage, name.strip_prefix(OF_SYNTHESIZER)) {
            (StageName::Align, None) => name.parse().map(Self::Align),
            (StageName::Dialogues, None) => name.parse().map(Self::Dialogues),
            (StageName::Summarizer, None) => name.parse().map(Self::Summarizer),
            (StageName::Evaluate, None) => name.parse().map(Self::Evaluate),
            (StageName::Evaluate, Some(role)) => role.parse().map(Self::TestDialogues),
            _ => Err(UnknownWord {
                what: "part",
                word: format!("{stage}/{name}"),
                known: vec![stage.as_str()],
            }),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(stage) => f.pad(stage.as_str()),
            part => f.pad(&format!("{}/{}", part.stage(), part.name())),
        }
    }
}

impl FromStr for Part {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let (stage, name) = word.split_once('/').unwrap_or((word, ""));
        Self::of(stage.parse()?, name)
    }
}

impl TryFrom<String> for Part {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        word.parse()
    }
}

impl From<Part> for String {
    fn from(part: Part) -> Self {
        part.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every step of two later rounds, with the figures of the first.
    fn of_rounds() -> Vec<Part> {
        let mut parts = Vec::new();
        for round in [2, 13] {
            parts.push(Part::summaries(round));
            for role in Synthesizer::ALL.iter().copied() {
                let step = RoundStep::Judge(role);
                parts.extend([
                    Part::candidates(round, role),
                    Part::preferences(round, role),
                    Part::align(round, role),
                    Part::dialogues(round, role),
                    Part::Round(RoundPart { round, step }),
                ]);
            }
            for system in System::ALL.iter().copied() {
                parts.extend([
                    Part::summarizer(round, system),
                    Part::evaluate(round, system),
                    Part::figures(round, system),
                    Part::figures(1, system),
                ]);
            }
        }
        parts
    }

    #[test]
    fn the_first_round_is_the_run_without_rounds() {
        let role = Synthesizer::DpoSeparate;
        assert_eq!(Part::align(1, role), Part::Align(role));
        assert_eq!(
            Part::candidates(1, role),
            Part::Whole(StageName::Candidates)
        );
        let second = Part::align(2, role);
        assert_eq!(second.to_string(), "align/round2/dpo_separate");
        assert_eq!((second.round(), Part::Align(role).round()), (2, 1));
        assert_eq!(Part::summaries(3).to_string(), "summaries/round3");
    }

    #[test]
    fn every_part_is_found_by_its_word() {
        let whole = StageName::ALL.iter().map(|stage| Part::Whole(*stage));
        let of_system = |system: &System| {
            [
                Part::Summarizer(*system),
                Part::Evaluate(*system),
                Part::BertScore(*system),
            ]
        };
        let of_role = |role: &Synthesizer| {
            [
                Part::Align(*role),
                Part::Dialogues(*role),
                Part::TestDialogues(*role),
            ]
        };
        let parts: Vec<Part> = whole
            .chain(System::ALL.iter().flat_map(of_system))
            .chain(Synthesizer::ALL.iter().flat_map(of_role))
            .chain(Scorer::ALL.iter().copied().map(Part::Judge))
            .chain(of_rounds())
            .collect();
        for part in parts {
            assert_eq!(part.to_string().parse(), Ok(part));
            assert_eq!(Part::of(part.stage(), &part.name()), Ok(part));
            let json = serde_json::to_value(part).unwrap();
            assert_eq!(json, part.to_string());
            assert_eq!(serde_json::from_value::<Part>(json).unwrap(), part);
        }
        let word = Part::TestDialogues(Synthesizer::Ids).to_string();
        assert_eq!(word, "evaluate/synthesizer/ids");
        for wrong in [
            "",
            "topic",
            "topics/sft",
            "align/mrds_joint",
            "evaluate/synthesizer/",
            "topics/round2",
            "summaries/round2/sft",
            "summaries/round0",
            "align/round2",
            "align/roundtwo/dpo_separate",
        ] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }
}
