//! BLEU-4 over words (13a) and over characters, with the same results as the Python package `sacrebleu` 2.6.0.
//!
//! Papineni et al., "BLEU: a method for automatic evaluation of machine translation" (ACL 2002); Post, "A call for
//! clarity in reporting BLEU scores" (WMT 2018) for 13a. With clipped matches `m_n` of `t_n` predicted n-grams:
//! - `precision_n = m_n / t_n`; the k-th order without a match gets `1 / (2^k t_n)` (smoothing `exp`);
//! - reference length `r` = the length nearest to the prediction's length `c`, the shorter one on ties;
//!   `penalty = exp(1 - r / c)` if `c < r`, else 1; 0 if there is no prediction;
//! - `BLEU = penalty * exp(mean of ln precision_n)`, and 0 without any match.
//!
//! A corpus score comes from the sums of counts and lengths, not from the mean of sentence scores. The score of one
//! sentence leaves out orders without an n-gram (effective order); it is for plots only.

use crate::metric::{Level, Metric, Need, Unit};
use crate::text::{is_python_space, python_words};
use std::collections::HashMap;
use std::hash::Hash;
use std::iter::Sum;

/// Largest order of n-grams.
pub const ORDERS: usize = 4;

/// Corpus BLEU-4 over words.
pub const BLEU: Metric = Metric {
    name: "bleu",
    label: "BLEU",
    higher_is_better: Some(true),
    range: (0.0, 1.0),
    unit: Unit::Points,
    level: Level::Corpus,
    needs: &[Need::References],
    source: "sacrebleu 2.6.0 (Papineni et al., 2002): 13a, exp smoothing, nearest reference",
};

/// Corpus BLEU-4 over characters, for scripts whose words 13a does not separate.
pub const BLEU_CHAR: Metric = Metric {
    name: "bleu_char",
    label: "BLEU over characters",
    source: "sacrebleu 2.6.0 (Papineni et al., 2002): char, exp smoothing, nearest reference",
    ..BLEU
};

/// How a text becomes tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    /// `mteval-v13a`: punctuation split off, case kept.
    Words13a,
    /// Every character that is not white space.
    Characters,
}

/// Share of letters outside a to z above which BLEU counts characters: 13a does not separate the words of other scripts.
const OTHER_LETTERS: f64 = 0.03;

impl Tokens {
    /// The tokens by which texts are compared: words, or characters if more than 3 % of the letters are outside a to z.
    pub fn suited_to<T: AsRef<str>>(texts: &[T]) -> Self {
        let letters = || {
            texts
                .iter()
                .flat_map(|text| text.as_ref().chars())
                .filter(|c| c.is_alphabetic())
        };
        let others = letters().filter(|c| !c.is_ascii_alphabetic()).count();
        if others as f64 > OTHER_LETTERS * letters().count() as f64 {
            Self::Characters
        } else {
            Self::Words13a
        }
    }
}

/// Splits a text into tokens.
pub fn tokenize(text: &str, tokens: Tokens) -> Vec<String> {
    let text = text.trim_end_matches(is_python_space);
    match tokens {
        Tokens::Characters => text
            .chars()
            .filter(|c| !is_python_space(*c))
            .map(String::from)
            .collect(),
        Tokens::Words13a => words_13a(text),
    }
}

/// The replacements of `mteval-v13a.pl` in its order; each pass goes from left to right without overlap.
fn words_13a(text: &str) -> Vec<String> {
    let plain = [
        ("<skipped>", ""),
        ("-\n", ""),
        ("\n", " "),
        ("&quot;", "\""),
        ("&amp;", "&"),
        ("&lt;", "<"),
        ("&gt;", ">"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    let mut line: Vec<char> = format!(" {plain} ").chars().collect();
    line = line
        .into_iter()
        .flat_map(|c| {
            let is_apart =
                matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/');
            let blank = is_apart.then_some(' ');
            blank.into_iter().chain([c]).chain(blank)
        })
        .collect();
    let is_digit = |c: char| c.is_ascii_digit();
    let is_stop = |c: char| c == '.' || c == ',';
    line = replace_pairs(&line, |a, b| {
        (!is_digit(a) && is_stop(b)).then_some([a, ' ', b, ' '])
    });
    line = replace_pairs(&line, |a, b| {
        (is_stop(a) && !is_digit(b)).then_some([' ', a, ' ', b])
    });
    line = replace_pairs(&line, |a, b| {
        (is_digit(a) && b == '-').then_some([a, ' ', b, ' '])
    });
    let line: String = line.into_iter().collect();
    python_words(&line).map(str::to_owned).collect()
}

/// Replaces every two neighbours for which `replacement` has an answer; the search continues after them.
fn replace_pairs(
    line: &[char],
    replacement: impl Fn(char, char) -> Option<[char; 4]>,
) -> Vec<char> {
    let mut replaced = Vec::with_capacity(line.len());
    let mut place = 0;
    while let Some(c) = line.get(place) {
        let next = line.get(place + 1);
        if let Some(four) = next.and_then(|next| replacement(*c, *next)) {
            replaced.extend(four);
            place += 2;
        } else {
            replaced.push(*c);
            place += 1;
        }
    }
    replaced
}

/// What BLEU counts in one prediction, or the sums over many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BleuCounts {
    /// Predicted n-grams that also occur in a reference, clipped to its count, by order.
    pub matches: [usize; ORDERS],
    /// Predicted n-grams, by order.
    pub totals: [usize; ORDERS],
    /// Tokens of the prediction.
    pub predicted_tokens: usize,
    /// Tokens of the reference of the nearest length.
    pub reference_tokens: usize,
}

impl Sum for BleuCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, next| Self {
            matches: std::array::from_fn(|n| sum.matches[n] + next.matches[n]),
            totals: std::array::from_fn(|n| sum.totals[n] + next.totals[n]),
            predicted_tokens: sum.predicted_tokens + next.predicted_tokens,
            reference_tokens: sum.reference_tokens + next.reference_tokens,
        })
    }
}

/// What happens to orders for which the prediction is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orders {
    /// They make the score 0, as in the score of a corpus.
    Whole,
    /// They are left out, as in the score of a sentence.
    Effective,
}

impl BleuCounts {
    /// 1, less if the prediction is shorter than its reference, 0 if it is empty and the reference is not.
    pub fn brevity_penalty(&self) -> f64 {
        let (predicted, reference) = (self.predicted_tokens as f64, self.reference_tokens as f64);
        match self.predicted_tokens {
            _ if predicted >= reference => 1.0,
            0 => 0.0,
            _ => (1.0 - reference / predicted).exp(),
        }
    }

    /// Smoothed precision of each order; all 0 if nothing matches, and 0 starting at the first order without an n-gram.
    pub fn precisions(&self) -> [f64; ORDERS] {
        let mut precisions = [0.0; ORDERS];
        if self.matches.iter().all(|matches| *matches == 0) {
            return precisions;
        }
        let mut smoothing = 1.0;
        for (n, precision) in precisions.iter_mut().enumerate() {
            let (matches, total) = (self.matches[n] as f64, self.totals[n] as f64);
            if self.totals[n] == 0 {
                break;
            }
            *precision = if self.matches[n] > 0 {
                matches / total
            } else {
                smoothing *= 2.0;
                1.0 / (smoothing * total)
            };
        }
        precisions
    }

    /// BLEU up to the order `up_to` (usually 4), in 0..=1.
    pub fn score(&self, up_to: usize, orders: Orders) -> f64 {
        let up_to = up_to.min(ORDERS);
        let with_grams = self.totals.iter().take_while(|total| **total > 0).count();
        let order = match orders {
            Orders::Whole => up_to,
            Orders::Effective => up_to.min(with_grams),
        };
        let precisions = &self.precisions()[..order];
        if precisions.is_empty() || precisions.contains(&0.0) {
            return 0.0;
        }
        let logs: f64 = precisions.iter().map(|precision| precision.ln()).sum();
        self.brevity_penalty() * (logs / order as f64).exp()
    }
}

/// Counts one prediction against its references.
pub fn count<R: AsRef<str>>(prediction: &str, references: &[R], tokens: Tokens) -> BleuCounts {
    let references: Vec<Vec<String>> = references
        .iter()
        .map(|reference| tokenize(reference.as_ref(), tokens))
        .collect();
    count_tokens(&tokenize(prediction, tokens), &references)
}

/// As [`count`], for token lists.
pub fn count_tokens<T: Hash + Eq>(prediction: &[T], references: &[Vec<T>]) -> BleuCounts {
    let mut counts = BleuCounts {
        predicted_tokens: prediction.len(),
        reference_tokens: nearest_length(prediction.len(), references.iter().map(Vec::len)),
        ..BleuCounts::default()
    };
    for n in 1..=ORDERS {
        let mut highest: HashMap<&[T], usize> = HashMap::new();
        for reference in references {
            for (gram, occurrences) in ngram_counts(reference, n) {
                let known = highest.entry(gram).or_default();
                *known = occurrences.max(*known);
            }
        }
        for (gram, occurrences) in ngram_counts(prediction, n) {
            counts.totals[n - 1] += occurrences;
            counts.matches[n - 1] += occurrences.min(highest.get(gram).copied().unwrap_or(0));
        }
    }
    counts
}

/// The length nearest to `length`, the shorter one on ties; 0 if there are no lengths.
pub(crate) fn nearest_length(length: usize, lengths: impl Iterator<Item = usize>) -> usize {
    lengths
        .min_by_key(|other| (other.abs_diff(length), *other))
        .unwrap_or(0)
}

/// How often each n-gram occurs.
pub(crate) fn ngram_counts<T: Hash + Eq>(tokens: &[T], n: usize) -> HashMap<&[T], usize> {
    let mut counts = HashMap::new();
    for gram in tokens.windows(n) {
        *counts.entry(gram).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        // "the cat sat": 3, 2 and 1 n-grams; 2 words and 1 pair match; no triple does, so 1 / (2 * 1); there is no
        // order 4.
        let counts = count("the cat sat", &["the cat slept here"], Tokens::Words13a);
        assert_eq!(
            (counts.matches, counts.totals),
            ([2, 1, 0, 0], [3, 2, 1, 0])
        );
        let expected = (1.0 - 4.0 / 3.0_f64).exp() * (2.0 / 3.0 * 0.5 * 0.5_f64).powf(1.0 / 3.0);
        assert!((counts.score(ORDERS, Orders::Effective) - expected).abs() < 1e-12);
        assert_eq!(counts.score(ORDERS, Orders::Whole), 0.0);
    }

    #[test]
    fn the_shorter_reference_wins_a_tie() {
        let counts = count("a b c", &["a b c d", "a b"], Tokens::Words13a);
        assert_eq!(
            (counts.reference_tokens, counts.brevity_penalty()),
            (2, 1.0)
        );
    }

    #[test]
    fn tokens_of_13a() {
        let words = |text: &str| tokenize(text, Tokens::Words13a).join("|");
        assert_eq!(
            words("It costs 1,050.75, (not) 5-6.\n"),
            "It|costs|1,050.75|,|(|not|)|5|-|6|."
        );
        assert_eq!(words("a<skipped>b -\nc &quot;d&quot;"), "ab|c|\"|d|\"");
        assert_eq!(
            tokenize("a b\u{e9} ", Tokens::Characters),
            ["a", "b", "\u{e9}"]
        );
    }

    #[test]
    fn other_scripts_are_compared_by_characters() {
        assert_eq!(
            Tokens::suited_to(&["plain words", "caf\u{e9} and a long line of plain letters"]),
            Tokens::Words13a
        );
        assert_eq!(Tokens::suited_to(&["\u{4f60}\u{597d}"]), Tokens::Characters);
        assert_eq!(Tokens::suited_to::<&str>(&[]), Tokens::Words13a);
    }

    #[test]
    fn nothing_scores_nothing() {
        for (prediction, references) in [
            ("", vec!["a"]),
            ("a", vec![""]),
            ("", vec![""]),
            ("a", vec![]),
        ] {
            let counts = count(prediction, &references, Tokens::Words13a);
            assert_eq!(
                counts.score(ORDERS, Orders::Effective),
                0.0,
                "{prediction:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn scores_are_in_range(prediction in "[a-c .]{0,30}", reference in "[a-c .]{0,30}") {
            for tokens in [Tokens::Words13a, Tokens::Characters] {
                let counts = count(&prediction, &[&reference], tokens);
                let (whole, effective) = (counts.score(ORDERS, Orders::Whole), counts.score(ORDERS, Orders::Effective));
                prop_assert!((0.0..=1.0).contains(&whole) && whole <= effective && effective <= 1.0);
            }
        }

        #[test]
        fn a_text_equals_itself(words in prop::collection::vec("[a-z]{1,6}", 4..20)) {
            let text = words.join(" ");
            let score = count(&text, &["other", &text], Tokens::Words13a).score(ORDERS, Orders::Whole);
            prop_assert!((score - 1.0).abs() < 1e-12);
        }
    }
}
