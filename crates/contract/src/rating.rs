//! The closed set of a rating study.

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
        /// People rate.
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
        /// Rates.
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
        /// It may be better; among all comparisons that can be chance.
        Ahead = "ahead",
        /// It may be worse; among all comparisons that can be chance.
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
        /// More dialogues than there are.
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
