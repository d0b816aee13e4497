//! The closed sets of a rating study.

use crate::closed_set::closed_set;

closed_set! {
    /// How far a rater is with an item.
    ItemState, "item state" {
        /// Begun, may still change.
        Draft = "draft",
        /// Rated on every criterion.
        Done = "done",
        /// Left out on purpose.
        Skipped = "skipped",
    }
}

closed_set! {
    /// A program whose ratings can be brought in.
    RatingProgram, "program" {
        /// Label Studio's JSON export.
        LabelStudio = "label-studio",
        /// Argilla's records as JSON.
        Argilla = "argilla",
        /// Potato's folder of annotators.
        Potato = "potato",
    }
}

closed_set! {
    /// What raters are asked.
    RatingMode, "rating mode" {
        /// A score on each criterion.
        Criteria = "criteria",
        /// Which of two summaries is better.
        Pair = "pair",
        /// Which of all summaries is best, and which is worst.
        BestWorst = "best_worst",
    }
}

closed_set! {
    /// Where a study stands.
    StudyState, "state of a study" {
        /// Its plan may still change.
        Draft = "draft",
        /// People are rating.
        Running = "running",
        /// Every rater has locked or was withdrawn.
        Closed = "closed",
    }
}

closed_set! {
    /// Where a rater stands.
    RaterState, "state of a rater" {
        /// On the roster, has not begun.
        Invited = "invited",
        /// Is rating.
        Active = "active",
        /// Their answers are final.
        Locked = "locked",
        /// Taken out by the owner before the reveal.
        Withdrawn = "withdrawn",
    }
}

closed_set! {
    /// What a comparison of two systems came to: the first of these that holds, in the order of
    /// `too_few`, `identical`, `better` and `worse`, `same`, `ahead` and `behind`, `open`.
    Outcome, "outcome" {
        /// The first system is better, adjusted for all comparisons.
        Better = "better",
        /// The first system is worse, adjusted for all comparisons.
        Worse = "worse",
        /// It may be better, but among this many comparisons that can be chance.
        Ahead = "ahead",
        /// It may be worse, but among this many comparisons that can be chance.
        Behind = "behind",
        /// The 90 % interval stays within the margin.
        Same = "same",
        /// No evidence either way.
        Open = "open",
        /// All scores are the same.
        Identical = "identical",
        /// Fewer than six dialogues, which cannot show anything.
        TooFew = "too_few",
    }
}

closed_set! {
    /// What would settle an open question.
    SettleKind, "way to settle" {
        /// More dialogues.
        More = "more",
        /// More dialogues than are available.
        Beyond = "beyond",
        /// Nothing: the study was large enough for the difference that matters.
        Enough = "enough",
    }
}

closed_set! {
    /// How well raters agree, in a word.
    AgreementWord, "word for agreement" {
        /// Alpha of .8 or more.
        High = "high",
        /// Alpha of .667 or more.
        Tentative = "tentative",
        /// Lower, but four of five summaries got scores within one point: there is little to agree about.
        Narrow = "narrow",
        /// Lower.
        Low = "low",
        /// Everyone gave the same score, or nothing was rated twice.
        Undefined = "undefined",
    }
}

closed_set! {
    /// Which bootstrap gives the second interval.
    BootstrapKind, "bootstrap" {
        /// Below 30 dialogues.
        Studentised = "studentised",
        /// From 30 dialogues on.
        Percentile = "percentile",
    }
}

closed_set! {
    /// What people judge.
    StudyKind, "kind of study" {
        /// Summaries of a dialogue.
        Summaries = "summaries",
        /// Dialogues, real and made up for the same summaries: an audit.
        Dialogues = "dialogues",
    }
}

closed_set! {
    /// Why a rater left a summary out.
    SkipReason, "reason to skip" {
        /// It cannot be read.
        Unreadable = "unreadable",
        /// It is in a language that the rater does not read.
        OtherLanguage = "other_language",
        /// It breaks off, or is not a text.
        BrokenText = "broken_text",
        /// Anything else.
        Other = "other",
    }
}

closed_set! {
    /// What a rater did, in the record of presses.
    RaterAct, "act of a rater" {
        /// Gave a score.
        Score = "score",
        /// Took a score back.
        Clear = "clear",
        /// Chose between summaries.
        Choice = "choice",
        /// Wrote a note.
        Note = "note",
        /// Marked a summary as possibly a real person's data, or took the mark away.
        Flag = "flag",
        /// Left a summary out.
        Skip = "skip",
        /// Finished a dialogue.
        Submit = "submit",
        /// Took an earlier act back.
        Undo = "undo",
        /// Answered a statement about the guideline.
        Check = "check",
        /// Rated an example whose answer is known.
        Warmup = "warmup",
        /// Made their set final.
        Lock = "lock",
    }
}

closed_set! {
    /// What happened to a study, in its log.
    StudyAct, "act on a study" {
        /// It was planned, or brought in.
        Created = "created",
        /// Its plan was frozen.
        Started = "started",
        /// A rater came onto the roster.
        RaterAdded = "rater_added",
        /// A rater was taken out.
        Withdrew = "withdrew",
        /// A rater without answers was removed.
        RaterRemoved = "rater_removed",
        /// A rater's set became final.
        Locked = "locked",
        /// It was closed.
        Closed = "closed",
        /// A rater pack was written.
        PackWritten = "pack_written",
        /// Answers of a rater pack were taken.
        PackMerged = "pack_merged",
        /// Answers of a rater pack contradicted others.
        Conflict = "conflict",
        /// Somebody asked whether the precision that was planned is reached.
        CheckedPrecision = "checked_precision",
        /// A planned look at the primary comparison.
        Look = "look",
        /// Somebody saw figures of its systems while people still rated.
        MetricsSeen = "metrics_seen",
        /// Its results were opened before every rater had locked.
        Revealed = "revealed",
        /// It was written to files.
        Exported = "exported",
        /// A disputed score was settled.
        Adjudicated = "adjudicated",
    }
}
