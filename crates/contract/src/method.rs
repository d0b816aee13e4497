//! The closed sets of the method: stages in their order, compared systems, compared synthesizers, presets, ends of trainings.

use crate::closed_set::closed_set;

closed_set! {
    /// The stages of a run, in the order in which they are carried out.
    StageName, "stage" {
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

closed_set! {
    /// The summarizers that are compared.
    System, "system" {
        /// The first three lines of the dialogue; no model.
        Lead3 = "lead_3",
        /// The three longest lines of the dialogue, the longest first; no model.
        Longest3 = "longest_3",
        /// The base model with the instruction alone.
        ZeroShot = "zero_shot",
        /// The base model with up to k real examples in its prompt.
        InContext = "in_context",
        /// Supervised training on the real pairs only.
        SftReal = "sft_real",
        /// Two stages: dialogues by the supervised synthesizer, then real pairs.
        SftSynthetic = "sft_synthetic",
        /// Two stages: dialogues by the supervised synthesizer under iterative correction, then real pairs.
        SftSyntheticIds = "sft_synthetic_ids",
        /// One stage: real pairs mixed with `sft_synthetic_ids`'s synthetic pairs in a fixed ratio.
        FixedRatioIds = "fixed_ratio_ids",
        /// One stage: real pairs mixed with `mrds_separate`'s synthetic pairs in a fixed ratio.
        FixedRatio = "fixed_ratio",
        /// Two stages, dialogues by the synthesizer trained on each summary's best candidate instead of preferences.
        BestOfK = "best_of_k",
        /// Two stages, dialogues by the synthesizer aligned with the format pairs alone.
        MrdsFormat = "mrds_format",
        /// Two stages, dialogues by the synthesizer aligned with the joint preference set.
        MrdsJoint = "mrds_joint",
        /// Two stages, dialogues by the synthesizer aligned with separate preference sets (the paper's main system).
        MrdsSeparate = "mrds_separate",
    }
}

closed_set! {
    /// The ways to write a dialogue for a summary that are compared.
    Synthesizer, "synthesizer" {
        /// The supervised synthesizer, one sample.
        Sft = "sft",
        /// The supervised synthesizer, one sample under the grammar of `Name: text` lines.
        SftConstrained = "sft_constrained",
        /// Trained further on each summary's best candidate, one sample.
        BestOfK = "best_of_k",
        /// Aligned with the format pairs alone, one sample.
        DpoFormat = "dpo_format",
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

closed_set! {
    /// What the default of a setting rests on.
    Basis, "basis of a default" {
        /// The method's paper states it.
        Paper = "paper",
        /// It was measured here.
        Measured = "measured",
        /// There are reasons, among them other people's work, and no measurement here.
        Argued = "argued",
    }
}

closed_set! {
    /// A named set of values of the recipe.
    Preset, "preset" {
        /// What the paper states, and the defaults elsewhere; for 8 B models on a GPU.
        Paper = "paper",
        /// The same with 300 shots, of which the first 100 are those of `paper`.
        Paper300 = "paper300",
        /// Learning rates by the size of the base model.
        Default = "default",
        /// A few minutes on two cores with a small model.
        Small = "small",
        /// For SmolLM2-135M-Instruct on the conversations of models/practice: the method in miniature.
        Sample = "sample",
        /// For the toy model that comes with Duologue: the whole loop in minutes, with rates found on invented pairs.
        Quick = "quick",
    }
}

impl System {
    /// The synthesizer whose dialogues a system's first stage learns from.
    pub fn synthetic_source(self) -> Option<Synthesizer> {
        match self {
            Self::Lead3 | Self::Longest3 | Self::ZeroShot | Self::InContext | Self::SftReal => None,
            Self::SftSynthetic => Some(Synthesizer::Sft),
            Self::SftSyntheticIds | Self::FixedRatioIds => Some(Synthesizer::Ids),
            Self::BestOfK => Some(Synthesizer::BestOfK),
            Self::MrdsFormat => Some(Synthesizer::DpoFormat),
            Self::FixedRatio | Self::MrdsSeparate => Some(Synthesizer::DpoSeparate),
            Self::MrdsJoint => Some(Synthesizer::DpoJoint),
        }
    }

    /// The two-stage system whose number of updates this one adopts for its own training.
    pub fn updates_of(self) -> Option<Self> {
        match self {
            Self::FixedRatio => Some(Self::MrdsSeparate),
            Self::FixedRatioIds => Some(Self::SftSyntheticIds),
            _ => None,
        }
    }

    /// Whether the system has an adapter of its own.
    pub fn is_trained(self) -> bool {
        self.has_model() && !matches!(self, Self::ZeroShot | Self::InContext)
    }

    /// Whether a model writes its summaries; the others take lines of the dialogue.
    pub fn has_model(self) -> bool {
        !matches!(self, Self::Lead3 | Self::Longest3)
    }
}

impl Synthesizer {
    /// The system that learns from its dialogues in two stages, and so may go round with it.
    pub fn system(self) -> Option<System> {
        let learns = |system: &System| {
            system.synthetic_source() == Some(self) && system.updates_of().is_none()
        };
        System::ALL.iter().copied().find(learns)
    }

    /// Whether it goes on from the supervised synthesizer with an adapter of its own.
    pub fn is_aligned(self) -> bool {
        matches!(
            self,
            Self::BestOfK | Self::DpoFormat | Self::DpoSeparate | Self::DpoJoint
        )
    }
}

closed_set! {
    /// Why a training ended.
    EndedBy, "end of a training" {
        /// The plateau rule brought the rate to the lowest one.
        PlateauLr = "plateau_lr",
        /// The plateau rule reduced the rate as often as it may.
        Reductions = "reductions",
        /// No new best value in as many evaluations as the rule waits for.
        EarlyStop = "early_stop",
        /// All updates were done.
        MaxUpdates = "max_updates",
    }
}
