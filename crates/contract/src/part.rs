//! Parts: what a stage makes for one system or synthesizer, computed, stored and reused on its own
//! (`summarizer/mrds_joint`). A stage without roles has one part, which is the stage itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Scorer, StageName, Synthesizer, System, UnknownWord};

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
    /// A stage without roles; of a stage with roles, what was made before there were parts, and what is made of all of
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
}

impl Part {
    /// The stage that the part belongs to.
    pub const fn stage(self) -> StageName {
        match self {
            Self::Judge(_) => StageName::Preferences,
            Self::Whole(stage) => stage,
            Self::Align(_) => StageName::Align,
            Self::Dialogues(_) => StageName::Dialogues,
            Self::Summarizer(_) => StageName::Summarizer,
            Self::Evaluate(_) | Self::TestDialogues(_) | Self::BertScore(_) => StageName::Evaluate,
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
        ] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }
}
