//! What a comparison of two systems came to, in a word and in a sentence of both languages: the last step of a rating
//! study, and of an experiment, whose dialogues are repeated by seeds in the place of raters.
//!
//! The first rule that holds: fewer than six dialogues are too few, since `2^(1 - n) <= .05` first holds at six; all
//! differences 0 are identical; an adjusted p of at most alpha says better or worse; a 90 % interval inside the margin
//! says practically equal (two one-sided tests, Schuirmann 1987); an unadjusted p of at most alpha says perhaps ahead or
//! behind; all else is open. A sentence never says "significant", and says what would settle an open question.

mod dialogues;
mod english;
mod german;
mod method;

use contract::{Outcome, Settle, SettleKind, Words};
use metrics::planner;

pub use dialogues::{Guessed, guessed};
pub use method::{Gain, Standing, of_method};

/// A comparison as its sentence needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding<'a> {
    /// Name of the first system.
    pub a: &'a str,
    /// Name of the second system.
    pub b: &'a str,
    /// What was measured.
    pub measure: Measure<'a>,
    /// Who or what repeats each dialogue.
    pub repeats: Repeats,
    /// Dialogues that count.
    pub dialogues: usize,
    /// Mean over dialogues, first minus second.
    pub diff: f64,
    /// Whether every dialogue's difference is 0.
    pub is_identical: bool,
    /// The 95 % interval.
    pub ci95: [f64; 2],
    /// The 90 % interval, compared with the margin.
    pub ci90: [f64; 2],
    /// Unadjusted p-value.
    pub p: f64,
    /// Adjusted for the family.
    pub p_holm: f64,
    /// Dialogues that would show the difference that matters; none if that is more than a million.
    pub dialogues_needed: Option<usize>,
    /// Two raters, one of whom puts the first system ahead and the other the second.
    pub split: Option<(&'a str, &'a str)>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure<'a> {
    /// Points of a criterion or a metric.
    Points {
        /// How a sentence names it.
        name: &'a Words,
        /// Whether more points are better.
        higher_is_better: bool,
    },
    /// Points of a criterion, on which real dialogues (the first system) are compared with made-up ones.
    Dialogues {
        /// How a sentence names it.
        name: &'a Words,
        /// Whether more points are better.
        higher_is_better: bool,
    },
    /// Votes between two summaries; the difference is that of their shares.
    Votes {
        /// Share of votes for the first.
        win: f64,
        /// Share of ties.
        tie: f64,
        /// Share of votes for the second.
        loss: f64,
    },
    /// Best-worst marks from -1 to 1.
    Marks {
        /// Mean mark of the first.
        a: f64,
        /// Mean mark of the second.
        b: f64,
    },
}

/// Who or what repeats a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// People.
    Raters(usize),
    /// Trainings with other seeds.
    Seeds {
        /// How many.
        count: usize,
        /// How many would show the difference that matters; none if a hundred are not enough, because the dialogues are
        /// too few.
        needed: Option<usize>,
    },
}

impl Repeats {
    fn count(self) -> usize {
        match self {
            Self::Raters(count) | Self::Seeds { count, .. } => count,
        }
    }
}

/// What was fixed beforehand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Accepted chance of one false finding in the family.
    pub alpha: f64,
    /// Comparisons that are tested together.
    pub family: usize,
    /// Margin within which two systems count as practically equal.
    pub margin: f64,
    /// The difference that matters.
    pub delta: f64,
    /// Dialogues available.
    pub available: usize,
}

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// In a word.
    pub outcome: Outcome,
    /// What would settle it.
    pub settle: Settle,
    /// In a sentence.
    pub sentence: Words,
}

/// Judges a comparison.
pub fn judge(finding: &Finding<'_>, rules: &Rules) -> Verdict {
    let outcome = outcome(finding, rules);
    let settle = settle(outcome, finding, rules);
    Verdict {
        outcome,
        settle,
        sentence: Words {
            en: english::sentence(finding, rules, outcome, settle),
            de: german::sentence(finding, rules, outcome, settle),
        },
    }
}

fn outcome(finding: &Finding<'_>, rules: &Rules) -> Outcome {
    let is_up = match finding.measure {
        Measure::Points {
            higher_is_better, ..
        }
        | Measure::Dialogues {
            higher_is_better, ..
        } => (finding.diff > 0.0) == higher_is_better,
        Measure::Votes { .. } | Measure::Marks { .. } => finding.diff > 0.0,
    };
    let [low, high] = finding.ci90;
    match is_up {
        _ if finding.dialogues < planner::FEWEST => Outcome::TooFew,
        _ if finding.is_identical => Outcome::Identical,
        true if finding.p_holm <= rules.alpha => Outcome::Better,
        false if finding.p_holm <= rules.alpha => Outcome::Worse,
        _ if -rules.margin <= low && high <= rules.margin => Outcome::Same,
        true if finding.p <= rules.alpha => Outcome::Ahead,
        false if finding.p <= rules.alpha => Outcome::Behind,
        _ => Outcome::Open,
    }
}

/// What would settle an open comparison: with people more dialogues, with trainings more seeds. One training alone says
/// nothing about others, nor about how many would be needed.
fn settle(outcome: Outcome, finding: &Finding<'_>, rules: &Rules) -> Settle {
    let is_open = matches!(outcome, Outcome::Ahead | Outcome::Behind | Outcome::Open);
    match finding.repeats {
        Repeats::Raters(_) => more_dialogues(outcome, finding, rules),
        Repeats::Seeds { count, needed } if is_open && count > 1 => more_seeds(count, needed),
        Repeats::Seeds { .. } => Settle::default(),
    }
}

fn more_seeds(count: usize, needed: Option<usize>) -> Settle {
    let (kind, more) = match needed.map(|needed| needed.saturating_sub(count)) {
        None => (SettleKind::Beyond, None),
        Some(0) => (SettleKind::Enough, None),
        more => (SettleKind::More, more),
    };
    Settle {
        kind: Some(kind),
        more,
    }
}

/// `5 ceil((needed - n) / 5)` more dialogues, unless there are fewer than are needed.
fn more_dialogues(outcome: Outcome, finding: &Finding<'_>, rules: &Rules) -> Settle {
    let (kind, more) = match (outcome, finding.dialogues_needed) {
        (Outcome::Ahead | Outcome::Behind | Outcome::Open, Some(needed)) => {
            match needed.saturating_sub(finding.dialogues) {
                0 => (Some(SettleKind::Enough), None),
                _ if needed > rules.available => (Some(SettleKind::Beyond), None),
                lacking => (Some(SettleKind::More), Some(5 * lacking.div_ceil(5))),
            }
        }
        (Outcome::Ahead | Outcome::Behind | Outcome::Open, None) => {
            (Some(SettleKind::Beyond), None)
        }
        _ => (None, None),
    };
    Settle { kind, more }
}

/// What a verdict adds if the first three lines of the dialogue score higher than the system that it is about: then the
/// system is not useful yet, whatever else it beats. Both figures are points.
pub fn below_lines(system: &str, points: f64, lines: f64) -> Words {
    Words {
        en: english::below_lines(system, points, lines),
        de: german::below_lines(system, points, lines),
    }
}

/// Two systems over all criteria: what each outcome holds for, by the criterion's name.
pub fn headline(a: &str, b: &str, outcomes: &[(Outcome, &Words)]) -> Words {
    Words {
        en: english::headline(a, b, outcomes),
        de: german::headline(a, b, outcomes),
    }
}

/// The order in which a headline names outcomes.
const HEADLINE_ORDER: [Outcome; 8] = [
    Outcome::Better,
    Outcome::Worse,
    Outcome::Ahead,
    Outcome::Behind,
    Outcome::Same,
    Outcome::Identical,
    Outcome::Open,
    Outcome::TooFew,
];

/// The parts of a headline: each outcome that occurs, with the names that it holds for.
fn headline_parts<'a>(
    outcomes: &[(Outcome, &'a Words)],
    name: impl Fn(&'a Words) -> &'a str,
    words: impl Fn(Outcome) -> &'static str,
) -> String {
    let parts = HEADLINE_ORDER.iter().filter_map(|kind| {
        let names: Vec<&str> = outcomes
            .iter()
            .filter(|(outcome, _)| outcome == kind)
            .map(|(_, criterion)| name(criterion))
            .collect();
        (!names.is_empty()).then(|| format!("{} {}", words(*kind), names.join(", ")))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// A p-value as it follows its name: `= 0.023`, `< 0.001`.
fn p_value(p: f64) -> String {
    if p < 0.001 {
        "< 0.001".to_owned()
    } else {
        format!("= {p:.3}")
    }
}

/// A share in whole percent.
fn percent(share: f64) -> String {
    format!("{:.0}", 100.0 * share)
}

#[cfg(test)]
mod tests;
