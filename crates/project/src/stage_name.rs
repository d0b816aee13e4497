//! The closed sets of the method: stages in their order, compared systems, compared synthesizers.
//!
//! They are enums, so the compiler finds every place that a new member needs.

use serde::{Deserialize, Serialize};

macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every member, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name used on the command line, in the database and in reports.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|member| member.as_str() == text).ok_or_else(|| {
                    let known: Vec<&str> = Self::ALL.iter().map(|member| member.as_str()).collect();
                    format!("`{text}` is not one of {}", known.join(", "))
                })
            }
        }
    };
}

named_enum! {
    /// The stages of a run, in the order in which they are carried out.
    StageName {
        /// Topics of the real summaries.
        Topics = "topics",
        /// Synthetic summaries on those topics.
        Summaries = "summaries",
        /// Supervised dialogue synthesizer (summary → dialogue).
        Synthesizer = "synthesizer",
        /// K sampled dialogues per summary, checked for format and scored.
        Candidates = "candidates",
        /// Format, content and joint preference pairs.
        Preferences = "preferences",
        /// DPO + SFT from the frozen supervised synthesizer.
        Align = "align",
        /// Synthetic dialogues for the synthetic summaries.
        Dialogues = "dialogues",
        /// Two-stage summarizers and their trained baselines.
        Summarizer = "summarizer",
        /// Comparison on the fenced test split.
        Evaluate = "evaluate",
    }
}

named_enum! {
    /// The summarizers that are compared.
    System {
        /// The base model with the instruction alone.
        ZeroShot = "zero_shot",
        /// The base model with up to k real examples in its prompt.
        InContext = "in_context",
        /// Supervised training on the real pairs only.
        SftReal = "sft_real",
        /// Two stages: dialogues by the supervised synthesizer under iterative correction, then real pairs.
        SftSyntheticIds = "sft_synthetic_ids",
        /// One stage: real pairs mixed with `mrds_separate`'s synthetic pairs in a fixed ratio.
        FixedRatio = "fixed_ratio",
        /// Two stages, dialogues by the synthesizer aligned with the joint preference set.
        MrdsJoint = "mrds_joint",
        /// Two stages, dialogues by the synthesizer aligned with separate preference sets (the paper's main system).
        MrdsSeparate = "mrds_separate",
    }
}

named_enum! {
    /// The ways to write a dialogue for a summary that are compared.
    Synthesizer {
        /// The supervised synthesizer, one sample.
        Sft = "sft",
        /// The supervised synthesizer, one sample under the grammar of `Name: text` lines.
        SftConstrained = "sft_constrained",
        /// Aligned with separate preference sets, one sample.
        DpoSeparate = "dpo_separate",
        /// Aligned with the joint preference set, one sample.
        DpoJoint = "dpo_joint",
        /// The supervised synthesizer under iterative dialogue synthesis.
        Ids = "ids",
        /// The supervised synthesizer, resampled until the format rule accepts.
        Rejection = "rejection",
    }
}

impl System {
    /// The synthesizer whose dialogues a system's first stage learns from.
    pub fn synthetic_source(self) -> Option<Synthesizer> {
        match self {
            Self::ZeroShot | Self::InContext | Self::SftReal => None,
            Self::SftSyntheticIds => Some(Synthesizer::Ids),
            Self::FixedRatio | Self::MrdsSeparate => Some(Synthesizer::DpoSeparate),
            Self::MrdsJoint => Some(Synthesizer::DpoJoint),
        }
    }

    /// Whether the system has an adapter of its own.
    pub fn is_trained(self) -> bool {
        !matches!(self, Self::ZeroShot | Self::InContext)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for stage in StageName::ALL {
            assert_eq!(stage.as_str().parse::<StageName>().as_ref(), Ok(stage));
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.as_str());
        }
        for system in System::ALL {
            assert_eq!(serde_json::to_value(system).unwrap(), system.as_str());
        }
        assert!(
            "no_such"
                .parse::<System>()
                .unwrap_err()
                .contains("zero_shot")
        );
    }
}
