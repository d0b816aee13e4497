//! Whether the judge is able: in what ways real dialogues are damaged to find out, what came out, and what follows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;

closed_set! {
    /// Whose likelihood of the summary chooses between two dialogues that keep the format.
    Scorer, "scorer" {
        /// The base model without an adapter.
        Base = "base",
        /// The summarizer: in the first round the one that learnt from real pairs alone, later that of the round before.
        Tuned = "tuned",
        /// Another model.
        Model = "model",
        /// Nobody: pairs are made by the format rule alone.
        None = "none",
    }
}

closed_set! {
    /// What a judge that is not able means for the run.
    JudgeAction, "action" {
        /// The run says so and goes on.
        Warn = "warn",
        /// The run stops before pairs are made.
        Stop = "stop",
        /// Content pairs count only as far as the judge is right; none are made where it is unable.
        Adapt = "adapt",
    }
}

closed_set! {
    /// A way to damage a real dialogue while its summary stays.
    Corruption, "corruption" {
        /// The dialogue of the pair with the most similar summary.
        OtherTopic = "other_topic",
        /// Its first half.
        FirstHalf = "first_half",
        /// Its last half.
        LastHalf = "last_half",
        /// Without the turn that supports the summary most.
        KeyTurn = "key_turn",
        /// With other figures, days and names where the summary has them too.
        Facts = "facts",
        /// Every turn put into another speaker's mouth.
        Swapped = "swapped",
        /// Its turns in another order.
        Shuffled = "shuffled",
        /// Two lines, of which the first is the summary.
        Quote = "quote",
        /// Nothing at all.
        Empty = "empty",
    }
}

closed_set! {
    /// What a group of corruptions asks the judge to see.
    CorruptionGroup, "group of corruptions" {
        /// What the conversation is about.
        Topic = "topic",
        /// What is in it.
        Content = "content",
        /// Who says what.
        Who = "who",
        /// In what order.
        Order = "order",
        /// A dialogue that only quotes its summary.
        Attack = "attack",
        /// Whether the dialogue matters at all.
        Reference = "reference",
    }
}

closed_set! {
    /// What the judge is able to see.
    JudgeVerdict, "verdict on the judge" {
        /// Topic and content.
        Able = "able",
        /// The topic, but not the content.
        Partly = "partly",
        /// Not even the topic.
        Unable = "unable",
    }
}

impl Corruption {
    /// What it asks the judge to see.
    pub const fn group(self) -> CorruptionGroup {
        match self {
            Self::OtherTopic => CorruptionGroup::Topic,
            Self::FirstHalf | Self::LastHalf | Self::KeyTurn | Self::Facts => {
                CorruptionGroup::Content
            }
            Self::Swapped => CorruptionGroup::Who,
            Self::Shuffled => CorruptionGroup::Order,
            Self::Quote => CorruptionGroup::Attack,
            Self::Empty => CorruptionGroup::Reference,
        }
    }
}

/// How often the judge preferred the real dialogue to a damaged one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct JudgeAccuracy {
    /// Pairs of a real and a damaged dialogue.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub n: usize,
    /// Those in which the real one scores higher; a tie counts as half.
    pub right: f64,
    /// `right / n`.
    pub accuracy: f64,
    /// Its 95 % interval.
    pub ci95: (f64, f64),
    /// Mean of score(real) - score(damaged), nats per token.
    pub mean_gap: f64,
    /// Share of these gaps that are at least the recipe's `min_gap`.
    pub share_min_gap: f64,
    /// The 75 % quantile of their sizes, nats per token.
    pub gap_p75: f64,
}

/// Mean accuracy over the corruptions of a group.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct GroupAccuracy {
    /// Dialogues with at least one corruption of the group.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub n: usize,
    /// Mean over these of the share of corruptions that the judge saw.
    pub accuracy: f64,
    /// Its 95 % interval: a bootstrap over dialogues.
    pub ci95: (f64, f64),
}

/// How a score correlates with something that it should not reward, or should: Spearman's rho over dialogues.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ScoreLink {
    /// The correlation.
    pub rho: f64,
    /// Its 95 % interval: a bootstrap over dialogues.
    pub ci95: (f64, f64),
}

/// What the base model's score correlates with in the dialogues that a synthesizer wrote for test summaries. `None`
/// where one of the two does not vary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct JudgeAfter {
    /// Keeping the format.
    pub format: Option<ScoreLink>,
    /// The share of the summary's 3-grams that the dialogue repeats.
    pub copy_share: Option<ScoreLink>,
    /// Words of the dialogue.
    pub words: Option<ScoreLink>,
}

/// What was found about the judge on real validation pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct JudgeMeasures {
    /// The judge.
    pub scorer: Scorer,
    /// Validation pairs that were long enough to be damaged.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub n: usize,
    /// The verdict; none without such a pair.
    pub verdict: Option<JudgeVerdict>,
    /// What was asked to follow from it.
    pub action: JudgeAction,
    /// By corruption, as far as there were such pairs.
    pub corruptions: BTreeMap<Corruption, JudgeAccuracy>,
    /// By what the corruptions ask.
    pub groups: BTreeMap<CorruptionGroup, GroupAccuracy>,
}
