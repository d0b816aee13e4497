//! What stages make: the kinds of artifacts and the curves of a training.

use crate::closed_set::closed_set;

closed_set! {
    /// The kind of something that a stage made.
    ArtifactKind, "kind of artifact" {
        /// The topic of a real summary.
        Topic = "topic",
        /// A synthetic summary.
        Summary = "summary",
        /// A sampled dialogue, checked and scored.
        Candidate = "candidate",
        /// How the judge scored a real dialogue and a damaged one.
        Judgement = "judgement",
        /// A preference pair.
        Pair = "pair",
        /// A synthetic dialogue that a summarizer learns from.
        Dialogue = "dialogue",
        /// A trained adapter.
        Adapter = "adapter",
        /// A judged checkpoint of the alignment.
        Checkpoint = "checkpoint",
        /// A system's summary of a test dialogue.
        Output = "output",
        /// A synthesizer's dialogue for a test summary.
        TestDialogue = "test_dialogue",
        /// The format rule as calibrated on the shots.
        FormatRule = "format_rule",
        /// The figures of a round.
        Round = "round",
        /// A system's outputs measured by a measuring model.
        BertScore = "bertscore",
        /// One line of the table of summarizers.
        Result = "result",
        /// One line of the table of synthesizers.
        SynthesizerResult = "synthesizer_result",
    }
}

closed_set! {
    /// A curve of a training, under the name that TRL gives it. The series in the workspace is `TASK/METRIC`.
    Metric, "metric" {
        /// The loss.
        Loss = "loss",
        /// The learning rate.
        LearningRate = "lr",
        /// Norm of the gradient before clipping.
        GradNorm = "grad_norm",
        /// Mean margin between the rewards of chosen and rejected texts.
        RewardMargins = "rewards/margins",
        /// Share of pairs whose chosen text has the higher reward.
        RewardAccuracies = "rewards/accuracies",
        /// Mean log-probability of the chosen texts.
        LogpsChosen = "logps/chosen",
        /// Mean log-probability of the rejected texts.
        LogpsRejected = "logps/rejected",
    }
}
