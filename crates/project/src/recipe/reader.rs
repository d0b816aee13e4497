//! Which parts read which fields of the recipe: a part's key holds the fields that it reads and no others.

use contract::{Part, RoundPart, RoundStep, StageName, Synthesizer, System};

/// Parts that read the same fields. The column `parts` of a field names those that read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Topics,
    Summaries,
    Synthesizer,
    Candidates,
    Preferences,
    /// Whether the judge is able.
    Judge,
    /// Whatever is scored, where a model other than the base model scores.
    Scored,
    /// Whatever goes on from the supervised synthesizer.
    Align,
    /// What learns from preference pairs.
    Dpo,
    /// What learns from the best candidates.
    Best,
    /// Synthetic dialogues of any source.
    Dialogues,
    /// Those that are drawn again until one passes.
    Tries,
    /// Iterative dialogue synthesis, on synthetic and on test summaries.
    Ids,
    /// The same where the scorer looks at each line.
    ScoredIds,
    /// Every training of a summarizer.
    Summarizer,
    /// Those in two stages.
    TwoStage,
    /// Those on a mixture.
    Mixed,
    /// Summaries of the test split by a model.
    Outputs,
    /// Those with examples in their prompt.
    InContext,
    /// Those by the base model with the instruction alone.
    ZeroShot,
    /// Dialogues for the test summaries.
    TestDialogues,
    /// Those by rejection sampling.
    Rejection,
    /// The alignment of a later round.
    RoundAlign,
    /// The summarizer of a later round.
    RoundSummarizer,
}

impl Reader {
    /// What a part is.
    pub(super) fn of(part: Part) -> &'static [Self] {
        match part {
            Part::Whole(StageName::Topics) => &[Self::Topics],
            Part::Whole(StageName::Summaries) => &[Self::Summaries],
            Part::Whole(StageName::Synthesizer) => &[Self::Synthesizer],
            Part::Whole(StageName::Candidates) => &[Self::Candidates],
            Part::Whole(StageName::Preferences) => &[Self::Preferences],
            Part::Judge(_) => &[Self::Judge],
            Part::Whole(_) => &[],
            Part::Align(Synthesizer::BestOfK) => &[Self::Align, Self::Best],
            Part::Align(_) => &[Self::Align, Self::Dpo],
            Part::Dialogues(Synthesizer::Ids) => &[Self::Dialogues, Self::Ids],
            Part::Dialogues(_) => &[Self::Dialogues, Self::Tries],
            Part::Summarizer(System::SftReal) => &[Self::Summarizer],
            Part::Summarizer(System::FixedRatio | System::FixedRatioIds) => {
                &[Self::Summarizer, Self::Mixed]
            }
            Part::Summarizer(_) => &[Self::Summarizer, Self::TwoStage],
            Part::Evaluate(System::Lead3 | System::Longest3) => &[],
            Part::Evaluate(System::InContext) => &[Self::Outputs, Self::InContext],
            Part::Evaluate(System::ZeroShot) => &[Self::Outputs, Self::ZeroShot],
            Part::Evaluate(_) => &[Self::Outputs],
            Part::TestDialogues(Synthesizer::Ids) => &[Self::TestDialogues, Self::Ids],
            Part::TestDialogues(Synthesizer::Rejection) => &[Self::TestDialogues, Self::Rejection],
            Part::TestDialogues(_) => &[Self::TestDialogues],
            Part::BertScore(_) => &[],
            Part::Round(part) => Self::of_round(part),
        }
    }

    /// What a step of a later round is: as in the first round, and what only rounds have.
    fn of_round(part: RoundPart) -> &'static [Self] {
        match part.step {
            RoundStep::Summaries => &[Self::Summaries],
            RoundStep::Candidates(_) => &[Self::Candidates],
            RoundStep::Judge(_) => &[Self::Judge],
            RoundStep::Preferences(_) => &[Self::Preferences],
            RoundStep::Align(Synthesizer::BestOfK) => &[Self::Align, Self::Best, Self::RoundAlign],
            RoundStep::Align(_) => &[Self::Align, Self::Dpo, Self::RoundAlign],
            RoundStep::Dialogues(_) => &[Self::Dialogues, Self::Tries],
            RoundStep::Summarizer(_) => &[Self::Summarizer, Self::TwoStage, Self::RoundSummarizer],
            RoundStep::Figures(_) => &[Self::Outputs, Self::TestDialogues, Self::Scored],
            RoundStep::Evaluate(_) => &[Self::Outputs],
        }
    }
}
