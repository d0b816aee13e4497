//! What stages made, as people look through it and change it by hand.

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{ArtifactKind, Part, RunId, StageName, Synthesizer, System};

closed_set! {
    /// What a person said about something that a stage made.
    ItemVerdict, "verdict on an item" {
        /// It was read and is good as it is.
        Accepted = "accepted",
        /// No later stage reads it.
        Rejected = "rejected",
    }
}

closed_set! {
    /// Whether a person has touched an item, and how.
    ItemMark, "mark" {
        /// Read and found good.
        Accepted = "accepted",
        /// Left out.
        Rejected = "rejected",
        /// Changed by hand.
        Edited = "edited",
        /// As the stage made it, and nobody has said anything about it.
        Untouched = "untouched",
    }
}

closed_set! {
    /// What items are sorted by.
    ItemOrder, "order" {
        /// As the stage made them.
        Made = "made",
        /// By the judge's score of a dialogue: the mean log-probability of the summary given it.
        Score = "score",
        /// By how much better the chosen dialogue of a pair is than the rejected one.
        Gap = "gap",
        /// By ROUGE-1 with the reference.
        Rouge1 = "rouge1",
        /// By the cross-entropy of the reference under the system that wrote it.
        ReferenceCe = "reference_ce",
        /// By the length, in tokens.
        Tokens = "tokens",
    }
}

/// Which items of a run, and in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ItemQuery {
    /// The run.
    pub run: RunId,
    /// The kind of the items.
    pub kind: ArtifactKind,
    /// Words that have to be in it, as beginnings of words; every item if no word is given.
    pub words: String,
    /// Where it comes from: `real` or `synthetic`, the set of a pair, who wrote it. Every item if none is named.
    pub source: Option<String>,
    /// A format rule that it breaks.
    pub broken: Option<String>,
    /// What a person did with it.
    pub mark: Option<ItemMark>,
    /// The order.
    pub order: ItemOrder,
    /// Highest first.
    pub descending: bool,
}

/// A word of a filter, and how many items it leaves of those that the words found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ItemCount {
    /// The word.
    pub word: String,
    /// Items.
    pub n: u32,
}

/// The items that a query finds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FoundItems {
    /// Their keys, in order.
    #[cfg_attr(feature = "specta", specta(type = Vec<f64>))]
    pub keys: Vec<i64>,
    /// Items of this kind in all.
    pub total: u32,
    /// Where the found ones come from.
    pub sources: Vec<ItemCount>,
    /// Format rules that some of them break.
    pub broken: Vec<ItemCount>,
    /// What people did with them.
    pub marks: Vec<ItemCount>,
    /// Orders that mean something for this kind.
    pub orders: Vec<ItemOrder>,
}

/// One version of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ItemVersion {
    /// 1 for what the stage made.
    pub version: u32,
    /// Who made it; none for the stage.
    pub author: Option<String>,
    /// When, milliseconds since 1970.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at_ms: i64,
    /// What was said about it then.
    pub verdict: Option<ItemVerdict>,
    /// The version that it took back.
    pub undoes: Option<u32>,
    /// Whether its text differs from the one before.
    pub changed: bool,
}

/// What an item was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MadeFrom {
    /// A conversation of the data set.
    Example {
        /// Its id there.
        id: String,
        /// The dialogue; none while people tell it from made-up ones.
        dialogue: Option<String>,
        /// Its first summary; none while people rate against it.
        summary: Option<String>,
    },
    /// A topic.
    Topic {
        /// Its words.
        topic: String,
        /// Its key.
        #[cfg_attr(feature = "specta", specta(type = f64))]
        key: i64,
    },
    /// A made-up summary.
    Summary {
        /// Its text.
        text: String,
        /// Its key.
        #[cfg_attr(feature = "specta", specta(type = f64))]
        key: i64,
    },
}

/// A setting that the part of an item was carried out with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MadeWith {
    /// Field of the recipe.
    pub key: String,
    /// Its value, as it is written after `--set`.
    pub value: String,
}

/// Where an item comes from and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Lineage {
    /// The stage that made it.
    pub stage: StageName,
    /// For which synthesizer.
    pub synthesizer: Option<Synthesizer>,
    /// For which system; hidden while people rate.
    pub system: Option<System>,
    /// What it was made from, the nearest first.
    pub from: Vec<MadeFrom>,
    /// Settings that are not the default and that its part reads.
    pub settings: Vec<MadeWith>,
    /// Its versions, the oldest first.
    pub versions: Vec<ItemVersion>,
}

/// A change that a person makes to items of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum HandAct {
    /// They are good as they are.
    Accept,
    /// No later stage reads them.
    Reject,
    /// Nothing is said about them any more.
    Clear,
    /// Another text: of a topic, a summary or a dialogue.
    Edit {
        /// The text.
        text: String,
    },
    /// The chosen dialogue of a pair becomes the rejected one, and the other way round.
    Flip,
}

/// What a change by hand came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct HandState {
    /// Stages that were made from something that has changed since, in order.
    pub stale: Vec<StageName>,
    /// Changes by hand that can be undone.
    pub undoable: u32,
    /// The run comes from a version that did not note what each result was made from: it can be read, not changed.
    pub read_only: bool,
}

/// A change by hand that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Undone {
    /// The kind of the item.
    pub kind: ArtifactKind,
    /// Its key now.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub key: i64,
    /// How the run stands after it.
    pub state: HandState,
}

impl ArtifactKind {
    /// The kinds that people look through.
    pub const BROWSED: [Self; 7] = [
        Self::Topic,
        Self::Summary,
        Self::Candidate,
        Self::Pair,
        Self::Dialogue,
        Self::Output,
        Self::TestDialogue,
    ];

    /// Whether a text of this kind may be rewritten by hand. Candidates and pairs are read as the tokens that were
    /// drawn, and what was written in the test is evidence.
    pub const fn is_editable(self) -> bool {
        matches!(self, Self::Topic | Self::Summary | Self::Dialogue)
    }

    /// Whether an item of this kind may be left out. What was written in the test is evidence.
    pub const fn is_rejectable(self) -> bool {
        matches!(
            self,
            Self::Topic | Self::Summary | Self::Candidate | Self::Pair | Self::Dialogue
        )
    }
}

impl Part {
    /// The synthesizer that a part belongs to.
    pub const fn synthesizer(self) -> Option<Synthesizer> {
        match self {
            Self::Align(role) | Self::Dialogues(role) | Self::TestDialogues(role) => Some(role),
            _ => None,
        }
    }

    /// The system that a part belongs to.
    pub const fn system(self) -> Option<System> {
        match self {
            Self::Summarizer(system) | Self::Evaluate(system) | Self::BertScore(system) => {
                Some(system)
            }
            _ => None,
        }
    }
}
