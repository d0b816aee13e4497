//! The format rule: what counts as a correct dialogue, calibrated on the few-shot pairs.
//!
//! The synthesizer's candidates pass or fail here before anything looks at their content; format pairs, IDS and
//! the format rate all use this one check. The paper reports rates (24 % → 92 %) without its rules; these and
//! their default limits are measured on real dialogues. Fixed limits break other domains, so every band is the
//! 1-99 % quantile of the shots widened by 20 %, and a rule that more than 5 % of real pairs break is off.
//!
//! Flow: text → `shape` (what can be measured) → [`FormatRule::check`]. The guards against rewarding a dialogue that
//! quotes its summary are [`guard::ContentGuards`]: the same calibration, but no part of the format.

pub mod guard;
mod markup;
mod shape;

use std::collections::BTreeMap;

use metrics::text::quantile;
use serde::{Deserialize, Serialize};
use shape::{Shape, line_shape};

pub use guard::{ContentGuards, Overlap};

use crate::dialogue::normalise_text;

/// A rule that more than this share of the real pairs break is switched off.
pub const MAX_REAL_REJECT: f64 = 0.05;
/// How far a band reaches beyond the 1-99 % quantiles, as a share of the quantile.
pub const WIDENING: f64 = 0.2;

/// Where a rule's limit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Measured on the few-shot pairs.
    Calibrated,
    /// The fixed default.
    Default,
    /// Set by the user.
    User,
    /// Not applied: too many real pairs break it, or it has no meaning for them.
    Off,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Calibrated => "calibrated",
            Self::Default => "default",
            Self::User => "user",
            Self::Off => "off",
        })
    }
}

/// What a rule demands: a band of numbers, or yes (no: not applied).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Limit {
    /// Whether the rule is applied.
    Flag(bool),
    /// The number must lie between these, ends included.
    Band {
        /// Lower end; `None` if it is open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// Upper end; `None` if it is open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
}

impl Limit {
    /// A lower end only.
    pub fn at_least(min: f64) -> Self {
        Self::Band {
            min: Some(min),
            max: None,
        }
    }

    /// An upper end only.
    pub fn at_most(max: f64) -> Self {
        Self::Band {
            min: None,
            max: Some(max),
        }
    }

    /// Whether the number lies inside; a flag accepts every number.
    pub fn admits(&self, value: f64) -> bool {
        match *self {
            Self::Flag(_) => true,
            Self::Band { min, max } => {
                min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
            }
        }
    }
}

/// The rules, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleId {
    /// Each non-empty line is `speaker: text`.
    EveryLineHasSpeaker,
    /// Enough distinct speakers.
    MinSpeakers,
    /// Not too many distinct speakers.
    MaxSpeakers,
    /// No fewer turns than the shots have.
    MinTurns,
    /// Not too many turns.
    MaxTurns,
    /// Enough words in all, names included.
    MinWords,
    /// Not too many words in all.
    MaxWords,
    /// Words of the longest turn, without its name.
    MaxTurnWords,
    /// Nobody says the same thing twice in a row.
    NoRepeatedTurn,
    /// No text occurs four times or more.
    NoLoopedTurn,
    /// Ended by itself, not by the token cap.
    Ended,
    /// No markdown, stage directions, preamble or trailing commentary.
    NoMarkup,
    /// Every speaker is `#PersonN#`.
    SpeakerPattern,
}

impl RuleId {
    /// Every rule, in the order of tables.
    pub const ALL: [Self; 13] = [
        Self::EveryLineHasSpeaker,
        Self::MinSpeakers,
        Self::MaxSpeakers,
        Self::MinTurns,
        Self::MaxTurns,
        Self::MinWords,
        Self::MaxWords,
        Self::MaxTurnWords,
        Self::NoRepeatedTurn,
        Self::NoLoopedTurn,
        Self::Ended,
        Self::NoMarkup,
        Self::SpeakerPattern,
    ];

    /// The id that files, tables and recipes use.
    pub fn as_str(self) -> &'static str {
        self.describe().0
    }

    /// A short sentence for people.
    pub fn label(self) -> &'static str {
        self.describe().1
    }

    fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::EveryLineHasSpeaker => ("every_line_has_speaker", "every line is `Name: text`"),
            Self::MinSpeakers => ("min_speakers", "enough speakers"),
            Self::MaxSpeakers => ("max_speakers", "not too many speakers"),
            Self::MinTurns => ("min_turns", "enough turns"),
            Self::MaxTurns => ("max_turns", "not too many turns"),
            Self::MinWords => ("min_words", "long enough (words)"),
            Self::MaxWords => ("max_words", "not too long (words)"),
            Self::MaxTurnWords => ("max_turn_words", "no overlong turn (words)"),
            Self::NoRepeatedTurn => ("no_repeated_turn", "nobody repeats their own turn at once"),
            Self::NoLoopedTurn => ("no_looped_turn", "nothing is said four times"),
            Self::Ended => ("ended", "ends by itself, not at the token cap"),
            Self::NoMarkup => ("no_markup", "no markup, stage directions or commentary"),
            Self::SpeakerPattern => ("speaker_pattern", "every speaker is #PersonN#"),
        }
    }

    /// Default limits: measured on 1,637 SAMSum and 1,000 DialogSum dialogues, of which they reject 4.0 % and
    /// 0.9 % in all.
    fn default_limit(self) -> Limit {
        match self {
            Self::MinSpeakers | Self::MinTurns => Limit::at_least(2.0),
            Self::MaxSpeakers => Limit::at_most(6.0),
            Self::MaxTurns => Limit::at_most(40.0),
            Self::MinWords => Limit::at_least(15.0),
            Self::MaxWords => Limit::at_most(600.0),
            Self::MaxTurnWords => Limit::at_most(120.0),
            Self::SpeakerPattern => Limit::Flag(false),
            _ => Limit::Flag(true),
        }
    }

    /// The number that a banded rule limits; `None` for yes-or-no rules.
    fn measure(self, shape: &Shape) -> Option<f64> {
        let count = match self {
            Self::MinSpeakers | Self::MaxSpeakers => shape.speakers,
            Self::MinTurns | Self::MaxTurns => shape.turns,
            Self::MinWords | Self::MaxWords => shape.words,
            Self::MaxTurnWords => shape.max_turn_words,
            _ => return None,
        };
        Some(count as f64)
    }

    /// Whether the text keeps the rule under this limit.
    fn holds(self, limit: &Limit, shape: &Shape, ended: bool) -> bool {
        match self {
            Self::EveryLineHasSpeaker => shape.every_line_has_speaker,
            Self::NoRepeatedTurn => !shape.repeated,
            Self::NoLoopedTurn => !shape.looped,
            Self::Ended => ended,
            Self::NoMarkup => !shape.markup,
            Self::SpeakerPattern => shape.person_speakers,
            _ => self.measure(shape).is_none_or(|value| limit.admits(value)),
        }
    }
}

/// One rule with its limit, where the limit comes from and what it costs on real pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule<Id = RuleId> {
    /// The rule that is limited.
    pub id: Id,
    /// A short sentence for people.
    pub label: String,
    /// What it demands.
    pub limit: Limit,
    /// Where the limit comes from.
    pub source: Source,
    /// Share of the real pairs that break it (also where it is off), 0..=1; 0 if there were none.
    pub real_reject: f64,
}

impl<Id> Rule<Id> {
    /// Whether the rule takes part in the verdict.
    pub fn is_active(&self) -> bool {
        self.source != Source::Off && self.limit != Limit::Flag(false)
    }
}

/// The verdict on one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Every active rule holds.
    pub pass: bool,
    /// Each active rule's verdict; rules that are off do not appear.
    pub rules: BTreeMap<&'static str, bool>,
}

/// The user's limit names no rule, or has the wrong form for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No such rule.
    #[error("there is no format rule `{id}`; the rules are {known}")]
    Unknown {
        /// The name given.
        id: String,
        /// The names that exist, comma separated.
        known: String,
    },
    /// A band for a yes-or-no rule, or `true` for a rule that needs a number.
    #[error("format rule `{id}` needs {expected}")]
    Form {
        /// The rule's name.
        id: &'static str,
        /// The form it takes.
        expected: &'static str,
    },
}

/// The calibrated rule that a run stores and every candidate is checked against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormatRule {
    /// All rules in the order of [`RuleId::ALL`].
    pub rules: Vec<Rule>,
    /// How many real pairs it was calibrated on; 0 for the defaults.
    pub pairs: usize,
}

impl Default for FormatRule {
    fn default() -> Self {
        let rules = RuleId::ALL.map(|id| {
            let limit = id.default_limit();
            let source = if limit == Limit::Flag(false) {
                Source::Off
            } else {
                Source::Default
            };
            Rule {
                id,
                label: id.label().to_owned(),
                limit,
                source,
                real_reject: 0.0,
            }
        });
        Self {
            rules: rules.to_vec(),
            pairs: 0,
        }
    }
}

impl FormatRule {
    /// Calibrates every limit on real `(dialogue, summary)` pairs: bands are the 1-99 % quantiles widened by
    /// [`WIDENING`] and rounded to whole numbers; a rule that more than [`MAX_REAL_REJECT`] of the pairs break is
    /// off. Without pairs these are the defaults.
    pub fn calibrate<D: AsRef<str>, S>(pairs: &[(D, S)]) -> Self {
        let shapes: Vec<Shape> = pairs
            .iter()
            .map(|(dialogue, _)| Shape::of(dialogue.as_ref()))
            .collect();
        let mut rule = Self::default();
        if shapes.is_empty() {
            return rule;
        }
        for rule in &mut rule.rules {
            let values: Vec<f64> = shapes
                .iter()
                .filter_map(|shape| rule.id.measure(shape))
                .collect();
            if let Some(limit) = calibrated_band(rule.id, &rule.limit, &values) {
                rule.limit = limit;
                rule.source = Source::Calibrated;
            }
            if rule.id == RuleId::SpeakerPattern
                && shapes
                    .iter()
                    .all(|shape| shape.turns > 0 && shape.person_speakers)
            {
                rule.limit = Limit::Flag(true);
                rule.source = Source::Calibrated;
            }
        }
        rule.measure_rejects(&shapes);
        for rule in &mut rule.rules {
            // Shots in which nobody speaks do not make a dialogue of such a text.
            let somebody = rule.id == RuleId::MinSpeakers && rule.limit == Limit::at_least(1.0);
            if rule.real_reject > MAX_REAL_REJECT && !somebody {
                rule.source = Source::Off;
            }
        }
        rule
    }

    /// Measures each rule's reject rate on these texts (taken as ended) without changing any limit: the cost of
    /// the default or the user's limits on real data.
    pub fn measured_on<D: AsRef<str>>(mut self, texts: &[D]) -> Self {
        let shapes: Vec<Shape> = texts.iter().map(|text| Shape::of(text.as_ref())).collect();
        self.measure_rejects(&shapes);
        self
    }

    /// Replaces limits by the user's; `false` switches a rule off, `true` switches it on with the limit it has.
    /// Call [`FormatRule::measured_on`] afterwards for the rates under the new limits.
    ///
    /// # Errors
    /// [`LimitError`] for an unknown rule or a limit of the wrong form; nothing is changed then.
    pub fn with_limits(mut self, limits: &BTreeMap<String, Limit>) -> Result<Self, LimitError> {
        for (id, limit) in limits {
            let Some(rule) = self.rules.iter_mut().find(|rule| rule.id.as_str() == id) else {
                let known = RuleId::ALL.map(RuleId::as_str).join(", ");
                return Err(LimitError::Unknown {
                    id: id.clone(),
                    known,
                });
            };
            let banded = matches!(rule.id.default_limit(), Limit::Band { .. });
            match limit {
                Limit::Flag(true) if banded => {}
                Limit::Band { .. } if !banded => {
                    return Err(LimitError::Form {
                        id: rule.id.as_str(),
                        expected: "true or false",
                    });
                }
                _ => rule.limit = *limit,
            }
            rule.source = Source::User;
        }
        Ok(self)
    }

    /// Checks a generated or real dialogue. `ended` is whether the model ended it (EOS); true for real ones.
    pub fn check(&self, text: &str, ended: bool) -> Check {
        let shape = Shape::of(text);
        let active = self.rules.iter().filter(|rule| rule.is_active());
        let rules: BTreeMap<_, _> = active
            .map(|rule| (rule.id.as_str(), rule.id.holds(&rule.limit, &shape, ended)))
            .collect();
        Check {
            pass: rules.values().all(|&holds| holds),
            rules,
        }
    }

    /// The number (from 0, blank lines counted) of the first line that no continuation can repair: no speaker,
    /// markup, overlong, a repetition, or past the upper limits. `None` where every line may stay.
    pub fn first_violation_line(&self, text: &str) -> Option<usize> {
        let text = normalise_text(text);
        let lines: Vec<&str> = text.split('\n').collect();
        // Each of these rules, once broken by a prefix, is broken by all longer ones: the first broken prefix
        // is found by bisection instead of reading every prefix.
        let broken = |count: usize| !self.prefix_holds(&lines[..count]);
        if text.is_empty() || !broken(lines.len()) {
            return None;
        }
        let (mut passed, mut failed) = (0, lines.len());
        while failed - passed > 1 {
            let middle = (passed + failed) / 2;
            if broken(middle) {
                failed = middle
            } else {
                passed = middle
            }
        }
        Some(failed - 1)
    }

    /// The longest run of leading lines that keeps the line, repetition and upper-limit rules: what IDS keeps of
    /// an attempt before it goes on. Normalised, without a trailing line end.
    pub fn longest_valid_prefix(&self, text: &str) -> String {
        let text = normalise_text(text);
        match self.first_violation_line(&text) {
            None => text,
            Some(line) => text
                .split('\n')
                .take(line)
                .collect::<Vec<_>>()
                .join("\n")
                .trim_end()
                .to_owned(),
        }
    }

    fn prefix_holds(&self, lines: &[&str]) -> bool {
        let shape = line_shape(lines);
        self.rules
            .iter()
            .filter(|rule| rule.is_active())
            .all(|rule| match rule.id {
                RuleId::MinSpeakers | RuleId::MinTurns | RuleId::MinWords | RuleId::Ended => true,
                _ => rule.id.holds(&rule.limit, &shape, true),
            })
    }

    fn measure_rejects(&mut self, shapes: &[Shape]) {
        self.pairs = shapes.len();
        for rule in &mut self.rules {
            let broken = shapes
                .iter()
                .filter(|shape| !rule.id.holds(&rule.limit, shape, true))
                .count();
            rule.real_reject = broken as f64 / shapes.len().max(1) as f64;
        }
    }
}

/// The band around the values on the sides that `default` limits, in whole numbers; `None` for a flag. At least one
/// speaker is always asked for.
fn calibrated_band(id: RuleId, default: &Limit, values: &[f64]) -> Option<Limit> {
    let Limit::Band { min, max } = default else {
        return None;
    };
    let (mut low, mut high) = widened_quantiles(values)?;
    if matches!(id, RuleId::MinSpeakers | RuleId::MaxSpeakers) {
        // A dialogue has at least one speaker, whatever the shots are.
        (low, high) = (low.max(1.0), high.max(1.0));
    }
    Some(Limit::Band {
        min: min.map(|_| low.round()),
        max: max.map(|_| high.round()),
    })
}

/// The 1 % and 99 % quantiles, moved outwards by [`WIDENING`].
fn widened_quantiles(values: &[f64]) -> Option<(f64, f64)> {
    Some((
        quantile(values, 0.01)? * (1.0 - WIDENING),
        quantile(values, 0.99)? * (1.0 + WIDENING),
    ))
}

#[cfg(test)]
mod tests;
