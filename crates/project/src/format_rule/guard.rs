//! Guards on content: not part of the format, but calibrated the same way.
//!
//! The content score is the likelihood of the summary given the dialogue, so a dialogue that quotes its summary
//! would win (reward hacking). Real dialogues share at most 9-10 words in a row with their summary (99 %), and a
//! third to half of its 3-grams; a guard that more than 5 % of the real pairs break is off.
//! The caller applies them to both sides of content pairs and to the chosen side of format pairs, never to the
//! rejected side of a format pair.

use std::collections::BTreeMap;

use metrics::copy::{copied_ngram_share, longest_shared_run, tokenize};
use serde::{Deserialize, Serialize};

use super::{Check, Limit, MAX_REAL_REJECT, Rule, Source, widened_quantiles};

/// Fewest copied words in a row that count as quoting (0.4 % of real pairs reach it).
pub const COPY_RUN_WORDS: usize = 12;
/// Largest share of the summary's 3-grams that may occur in the dialogue.
pub const COPY_SHARE: f64 = 0.5;

/// The guards against rewarding copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardId {
    /// Longest run of summary words found in the dialogue.
    CopyRun,
    /// Share of the summary's 3-grams found in the dialogue.
    CopyShare,
    /// Words of the dialogue per word of the summary.
    LengthRatio,
}

impl GuardId {
    /// Every guard, in the order of tables.
    pub const ALL: [Self; 3] = [Self::CopyRun, Self::CopyShare, Self::LengthRatio];

    /// The id that files and tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CopyRun => "copy_run",
            Self::CopyShare => "copy_share",
            Self::LengthRatio => "length_ratio",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::CopyRun => "does not quote the summary (words in a row)",
            Self::CopyShare => "does not repeat the summary (share of its 3-grams)",
            Self::LengthRatio => "length fits the summary (words per summary word)",
        }
    }

    fn measure(self, overlap: &Overlap) -> f64 {
        match self {
            Self::CopyRun => overlap.copy_run as f64,
            Self::CopyShare => overlap.copy_share,
            Self::LengthRatio => overlap.length_ratio,
        }
    }
}

/// What a dialogue takes from its summary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overlap {
    /// Longest run of the summary's words that the dialogue holds, in words.
    pub copy_run: usize,
    /// Share of the summary's 3-grams found in the dialogue, 0..=1.
    pub copy_share: f64,
    /// Words of the dialogue (names included) per word of the summary.
    pub length_ratio: f64,
}

impl Overlap {
    /// Measures a pair. An empty summary counts as one word long.
    pub fn of(dialogue: &str, summary: &str) -> Self {
        let (dialogue_words, summary_words) = (tokenize(dialogue), tokenize(summary));
        let words = |text: &str| text.split_whitespace().count();
        Self {
            copy_run: longest_shared_run(&summary_words, &dialogue_words),
            copy_share: copied_ngram_share(&summary_words, &dialogue_words, 3),
            length_ratio: words(dialogue) as f64 / words(summary).max(1) as f64,
        }
    }
}

/// The calibrated guards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContentGuards {
    /// All guards in the order of [`GuardId::ALL`].
    pub guards: Vec<Rule<GuardId>>,
    /// How many real pairs they were calibrated on; 0 for the defaults.
    pub pairs: usize,
}

impl Default for ContentGuards {
    fn default() -> Self {
        Self::with_copy_limits(COPY_RUN_WORDS, COPY_SHARE)
    }
}

impl ContentGuards {
    /// Guards that reject a run of `copy_run_words` words or more and a 3-gram share above `copy_share`; the
    /// length band is off until it is calibrated.
    pub fn with_copy_limits(copy_run_words: usize, copy_share: f64) -> Self {
        let guards = GuardId::ALL.map(|id| {
            let (limit, source) = match id {
                GuardId::CopyRun => (
                    Limit::at_most(copy_run_words.saturating_sub(1) as f64),
                    Source::Default,
                ),
                GuardId::CopyShare => (Limit::at_most(copy_share), Source::Default),
                GuardId::LengthRatio => (Limit::Flag(false), Source::Off),
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
            guards: guards.to_vec(),
            pairs: 0,
        }
    }

    /// Calibrates on real `(dialogue, summary)` pairs: the length band becomes their 1-99 % quantiles widened by
    /// 20 %, and a guard that more than 5 % of them break is switched off. Without pairs nothing changes.
    pub fn calibrated<D: AsRef<str>, S: AsRef<str>>(mut self, pairs: &[(D, S)]) -> Self {
        let overlaps: Vec<Overlap> = pairs
            .iter()
            .map(|(d, s)| Overlap::of(d.as_ref(), s.as_ref()))
            .collect();
        if overlaps.is_empty() {
            return self;
        }
        self.pairs = overlaps.len();
        for guard in &mut self.guards {
            let values: Vec<f64> = overlaps
                .iter()
                .map(|overlap| guard.id.measure(overlap))
                .collect();
            if guard.id == GuardId::LengthRatio
                && let Some((min, max)) = widened_quantiles(&values)
            {
                guard.limit = Limit::Band {
                    min: Some(min),
                    max: Some(max),
                };
                guard.source = Source::Calibrated;
            }
            let broken = values
                .iter()
                .filter(|&&value| !guard.limit.admits(value))
                .count();
            guard.real_reject = broken as f64 / values.len() as f64;
            if guard.real_reject > MAX_REAL_REJECT {
                guard.source = Source::Off;
            }
        }
        self
    }

    /// Checks a dialogue against the summary it was written for.
    pub fn check(&self, dialogue: &str, summary: &str) -> Check {
        let overlap = Overlap::of(dialogue, summary);
        let active = self.guards.iter().filter(|guard| guard.is_active());
        let rules: BTreeMap<_, _> = active
            .map(|guard| {
                (
                    guard.id.as_str(),
                    guard.limit.admits(guard.id.measure(&overlap)),
                )
            })
            .collect();
        Check {
            pass: rules.values().all(|&holds| holds),
            rules,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALOGUE: &str = "Ivo: The bakery on Mill Street opens again on Monday morning at six, I hear.\nLea: At last!";

    #[test]
    fn a_dialogue_that_quotes_its_summary_is_caught() {
        let guards = ContentGuards::default();
        let quoted = "The bakery on Mill Street opens again on Monday morning at six, I hear.";
        let check = guards.check(DIALOGUE, quoted);
        assert!(!check.pass && !check.rules["copy_run"] && !check.rules["copy_share"]);
        assert!(
            guards
                .check(DIALOGUE, "Ivo tells Lea that the bakery will open soon.")
                .pass
        );
    }

    #[test]
    fn the_run_limit_is_the_number_of_words_that_is_rejected() {
        let guards = ContentGuards::with_copy_limits(3, 1.0);
        assert!(guards.check("A: on Mill", "it is on Mill road").rules["copy_run"]);
        assert!(!guards.check("A: on Mill road", "it is on Mill road").rules["copy_run"]);
    }

    #[test]
    fn calibration_sets_the_length_band_and_switches_a_useless_guard_off() {
        let summary = "Ivo tells Lea that the bakery will open soon.";
        let pairs: Vec<_> = (0..20)
            .map(|i| (DIALOGUE, if i < 2 { DIALOGUE } else { summary }))
            .collect();
        let guards = ContentGuards::default().calibrated(&pairs);
        let guard = |id| guards.guards.iter().find(|guard| guard.id == id).unwrap();
        assert_eq!(guard(GuardId::CopyRun).source, Source::Off);
        assert!((guard(GuardId::CopyRun).real_reject - 0.1).abs() < 1e-12);
        assert_eq!(guard(GuardId::LengthRatio).source, Source::Calibrated);
        let check = guards.check(DIALOGUE, summary);
        assert!(check.pass && !check.rules.contains_key("copy_run"));
        assert!(!guards.check(&DIALOGUE.repeat(20), summary).rules["length_ratio"]);
    }

    #[test]
    fn guards_survive_json() {
        let guards = ContentGuards::default().calibrated(&[(DIALOGUE, "Ivo tells Lea some news.")]);
        let json = serde_json::to_string(&guards).unwrap();
        assert_eq!(
            serde_json::from_str::<ContentGuards>(&json).unwrap(),
            guards
        );
    }
}
