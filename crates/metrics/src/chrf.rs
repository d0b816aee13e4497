//! chrF and chrF++, with the same results as the Python package `sacrebleu` 2.6.0.
//!
//! Popovic, "chrF: character n-gram F-score for automatic MT evaluation" (WMT 2015) and "chrF++: words helping character
//! n-grams" (WMT 2017). Characters are Unicode scalars without white space, orders 1 to 6; chrF++ adds words, orders 1
//! and 2. Over the orders that prediction and reference both have, P = mean precision and R = mean recall of clipped
//! matches; with beta = 2, `F = (1 + beta^2) P R / (beta^2 P + R)`.
//!
//! Of several references the one with the best F counts, the first on ties. The score of a corpus comes from the sums
//! of those counts.

use crate::bleu::ngram_counts;
use crate::metric::{Level, Metric, Need, Unit};
use crate::text::{is_python_space, python_words};
use std::hash::Hash;
use std::iter::Sum;

/// Largest order of character n-grams.
const CHARACTER_ORDERS: usize = 6;
/// Largest order of word n-grams of chrF++.
const WORD_ORDERS: usize = 2;
/// Weight of recall relative to precision, squared.
const BETA_SQUARED: f64 = 4.0;

/// chrF: character n-grams.
pub const CHRF: Metric = Metric {
    name: "chrf",
    label: "chrF",
    higher_is_better: Some(true),
    range: (0.0, 1.0),
    unit: Unit::Points,
    level: Level::Item,
    needs: &[Need::References],
    source: "sacrebleu 2.6.0 (Popovic, 2015): characters 1-6, beta 2, best reference",
};

/// chrF++: character and word n-grams.
pub const CHRF_PLUS_PLUS: Metric = Metric {
    name: "chrf++",
    label: "chrF++",
    source: "sacrebleu 2.6.0 (Popovic, 2017): characters 1-6, words 1-2, beta 2, best reference",
    ..CHRF
};

/// Which n-grams count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grams {
    /// Characters: chrF.
    Characters,
    /// Characters and words: chrF++.
    CharactersAndWords,
}

/// Counts of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct OrderCounts {
    /// n-grams of the prediction; 0 where the reference has none.
    predicted: usize,
    /// n-grams of the reference.
    reference: usize,
    /// n-grams of both, clipped to the smaller count.
    matches: usize,
}

/// What chrF counts in one prediction with its best reference, or the sums over many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChrfCounts {
    orders: [OrderCounts; CHARACTER_ORDERS + WORD_ORDERS],
}

impl Sum for ChrfCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, next| Self {
            orders: std::array::from_fn(|n| OrderCounts {
                predicted: sum.orders[n].predicted + next.orders[n].predicted,
                reference: sum.orders[n].reference + next.orders[n].reference,
                matches: sum.orders[n].matches + next.orders[n].matches,
            }),
        })
    }
}

impl ChrfCounts {
    /// The F-score in 0..=1; 0 where no order occurs on both sides.
    pub fn score(&self) -> f64 {
        let on_both_sides = |order: &&OrderCounts| order.predicted > 0 && order.reference > 0;
        let orders: Vec<&OrderCounts> = self.orders.iter().filter(on_both_sides).collect();
        let mean = |share: fn(&OrderCounts) -> f64| {
            orders.iter().map(|order| share(order)).sum::<f64>() / orders.len().max(1) as f64
        };
        let precision = mean(|order| order.matches as f64 / order.predicted as f64);
        let recall = mean(|order| order.matches as f64 / order.reference as f64);
        if precision + recall == 0.0 {
            return 0.0;
        }
        (1.0 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)
    }
}

/// Counts one prediction against the reference with the best F; nothing counts without references.
pub fn count<R: AsRef<str>>(prediction: &str, references: &[R], grams: Grams) -> ChrfCounts {
    let prediction = Units::of(prediction, grams);
    let mut best: Option<ChrfCounts> = None;
    for reference in references {
        let counts = prediction.against(&Units::of(reference.as_ref(), grams));
        if best.is_none_or(|best| counts.score() > best.score()) {
            best = Some(counts);
        }
    }
    best.unwrap_or_default()
}

/// A text as the units whose n-grams count.
struct Units<'a> {
    characters: Vec<char>,
    words: Vec<&'a str>,
}

impl<'a> Units<'a> {
    fn of(text: &'a str, grams: Grams) -> Self {
        Self {
            characters: text.chars().filter(|c| !is_python_space(*c)).collect(),
            words: match grams {
                Grams::Characters => Vec::new(),
                Grams::CharactersAndWords => words(text),
            },
        }
    }

    fn against(&self, reference: &Self) -> ChrfCounts {
        let mut counts = ChrfCounts::default();
        for n in 0..CHARACTER_ORDERS {
            counts.orders[n] = order_counts(&self.characters, &reference.characters, n + 1);
        }
        for n in 0..WORD_ORDERS {
            counts.orders[CHARACTER_ORDERS + n] =
                order_counts(&self.words, &reference.words, n + 1);
        }
        counts
    }
}

fn order_counts<T: Hash + Eq>(prediction: &[T], reference: &[T], n: usize) -> OrderCounts {
    let known = ngram_counts(reference, n);
    let size = |tokens: &[T]| (tokens.len() + 1).saturating_sub(n);
    OrderCounts {
        predicted: if known.is_empty() {
            0
        } else {
            size(prediction)
        },
        reference: size(reference),
        matches: ngram_counts(prediction, n)
            .into_iter()
            .map(|(gram, count)| count.min(known.get(gram).copied().unwrap_or(0)))
            .sum(),
    }
}

/// Words with one ASCII punctuation mark cut off the end, else off the beginning.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for word in python_words(text) {
        let last = word.chars().next_back().filter(char::is_ascii_punctuation);
        let first = word.chars().next().filter(char::is_ascii_punctuation);
        // An ASCII punctuation mark is one byte.
        match (word.len(), last, first) {
            (2.., Some(_), _) => words.extend([&word[..word.len() - 1], &word[word.len() - 1..]]),
            (2.., None, Some(_)) => words.extend([&word[..1], &word[1..]]),
            _ => words.push(word),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        // "ab" and "abc": P = (2/2 + 1/1) / 2, R = (2/3 + 1/2) / 2; order 3 is in the reference only.
        let score = count("a b", &["abc"], Grams::Characters).score();
        let (precision, recall) = (1.0, 7.0 / 12.0);
        assert!((score - 5.0 * precision * recall / (4.0 * precision + recall)).abs() < 1e-12);
    }

    #[test]
    fn one_mark_is_cut_off() {
        assert_eq!(
            words("(hi) 'so . \u{e9}! !\u{e9}"),
            ["(hi", ")", "'", "so", ".", "\u{e9}", "!", "!", "\u{e9}"]
        );
    }

    #[test]
    fn the_best_reference_counts() {
        let score =
            |references: &[&str]| count("abc", references, Grams::CharactersAndWords).score();
        assert_eq!(score(&["xyz", "abc"]), 1.0);
        assert_eq!(score(&[]), 0.0);
        assert_eq!(score(&[""]), 0.0);
    }

    proptest! {
        #[test]
        fn scores_are_in_range(prediction in "\\PC{0,20}|[a-c. ]{0,20}", reference in "[a-c. ]{0,20}") {
            for grams in [Grams::Characters, Grams::CharactersAndWords] {
                let score = count(&prediction, &[&reference], grams).score();
                prop_assert!((0.0..=1.0).contains(&score));
            }
        }

        #[test]
        fn white_space_is_no_character(text in "[a-c]{1,20}", blanks in " {0,3}") {
            let spread: String = text.chars().flat_map(|c| [c.to_string(), blanks.clone()]).collect();
            prop_assert!((count(&spread, &[&text], Grams::Characters).score() - 1.0).abs() < 1e-12);
        }
    }
}
