//! How varied generated texts are: distinct n-grams, similarity to the other texts, repetition within a text, and texts
//! that nearly repeat an earlier one.
//!
//! - distinct-n is Li et al., "A diversity-promoting objective function for neural conversation models" (NAACL 2016):
//!   different n-grams divided by all n-grams, pooled over the texts.
//! - self-BLEU is Zhu et al., "Texygen" (SIGIR 2018): the mean BLEU of a text with all other texts as its references. It
//!   grows with the number of texts, so two figures can be compared only if both come from [`SELF_BLEU_TEXTS`] texts.
//! - seq-rep-n is Welleck et al., "Neural text generation with unlikelihood training" (ICLR 2020): 1 minus different
//!   n-grams divided by all n-grams of a text, averaged over the texts.
//! - Two texts are near duplicates if their ROUGE-L F-measure reaches a threshold (0.7 is Self-Instruct's novelty
//!   filter).
//!
//! Tokens are those of [`crate::copy::tokenize`].

use crate::bleu::{self, BleuCounts, Orders, ngram_counts};
use crate::metric::{Level, Metric, Unit};
use crate::random::Stream;
use crate::{rouge, text};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// Texts of a self-BLEU that is to be compared with another.
pub const SELF_BLEU_TEXTS: usize = 100;

/// Different tokens divided by all tokens.
pub const DISTINCT_1: Metric = Metric {
    name: "distinct1",
    label: "Distinct words",
    higher_is_better: Some(true),
    range: (0.0, 1.0),
    unit: Unit::Share,
    level: Level::Corpus,
    needs: &[],
    source: "distinct-n (Li et al., 2016), pooled over the texts; falls with the amount of text",
};
/// Different bigrams divided by all bigrams.
pub const DISTINCT_2: Metric = Metric {
    name: "distinct2",
    label: "Distinct word pairs",
    ..DISTINCT_1
};
/// Different 3-grams divided by all 3-grams.
pub const DISTINCT_3: Metric = Metric {
    name: "distinct3",
    label: "Distinct 3-grams",
    ..DISTINCT_1
};
/// Different 4-grams divided by all 4-grams.
pub const DISTINCT_4: Metric = Metric {
    name: "distinct4",
    label: "Distinct 4-grams",
    ..DISTINCT_1
};

/// Mean BLEU-4 of a text against the other texts.
pub const SELF_BLEU_4: Metric = Metric {
    name: "self_bleu4",
    label: "Likeness to each other",
    higher_is_better: Some(false),
    range: (0.0, 1.0),
    unit: Unit::Points,
    level: Level::Corpus,
    needs: &[],
    source: "self-BLEU-4 (Zhu et al., 2018) on 100 texts; grows with the number of texts",
};

/// Repeated words within a text.
pub const REPEAT_1: Metric = Metric {
    name: "repeat1",
    label: "Repeated words",
    higher_is_better: Some(false),
    range: (0.0, 1.0),
    unit: Unit::Share,
    level: Level::Item,
    needs: &[],
    source: "seq-rep-n (Welleck et al., 2020) within a text",
};
/// Repeated bigrams within a text.
pub const REPEAT_2: Metric = Metric {
    name: "repeat2",
    label: "Repeated word pairs",
    ..REPEAT_1
};
/// Repeated 3-grams within a text.
pub const REPEAT_3: Metric = Metric {
    name: "repeat3",
    label: "Repeated 3-grams",
    ..REPEAT_1
};
/// Repeated 4-grams within a text.
pub const REPEAT_4: Metric = Metric {
    name: "repeat4",
    label: "Repeated 4-grams",
    ..REPEAT_1
};

/// Share of texts that nearly repeat another.
pub const NEAR_DUPLICATES: Metric = Metric {
    name: "near_duplicates",
    label: "Near duplicates",
    higher_is_better: Some(false),
    range: (0.0, 1.0),
    unit: Unit::Share,
    level: Level::Corpus,
    needs: &[],
    source: "share of texts with ROUGE-L F at or above a threshold to another text",
};

/// Different n-grams divided by all n-grams of the texts; `None` where there is no n-gram. n-grams do not cross texts.
pub fn distinct_n<T: Hash + Eq>(texts: &[Vec<T>], n: usize) -> Option<f64> {
    if n == 0 {
        return None;
    }
    let grams = || texts.iter().flat_map(|text| text.windows(n));
    let total = grams().count();
    (total > 0).then(|| grams().collect::<HashSet<_>>().len() as f64 / total as f64)
}

/// Repeated n-grams within one text: 1 minus different n-grams divided by all; `None` if it has no n-gram.
pub fn repeat_n<T: Hash + Eq>(tokens: &[T], n: usize) -> Option<f64> {
    if n == 0 || tokens.len() < n {
        return None;
    }
    let different = ngram_counts(tokens, n).len();
    Some(1.0 - different as f64 / (tokens.len() + 1 - n) as f64)
}

/// Mean of [`repeat_n`] over the texts that have an n-gram; `None` without such a text.
pub fn mean_repeat_n<T: Hash + Eq>(texts: &[Vec<T>], n: usize) -> Option<f64> {
    let repeats: Vec<f64> = texts.iter().filter_map(|text| repeat_n(text, n)).collect();
    text::mean(&repeats)
}

/// Mean over the texts of BLEU up to `order` (at most 4) against all other texts, with the orders that the text has.
/// Empty texts are left out; `None` with fewer than two non-empty texts.
pub fn self_bleu<T: Hash + Eq>(texts: &[Vec<T>], order: usize) -> Option<f64> {
    let texts: Vec<&Vec<T>> = texts.iter().filter(|text| !text.is_empty()).collect();
    if texts.len() < 2 {
        return None;
    }
    let highest: Vec<HashMap<&[T], Highest>> = (1..=order.min(bleu::ORDERS))
        .map(|n| highest_counts(&texts, n))
        .collect();
    let score = |(place, tokens): (usize, &&Vec<T>)| {
        let others = texts
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != place);
        let mut counts = BleuCounts {
            predicted_tokens: tokens.len(),
            reference_tokens: bleu::nearest_length(
                tokens.len(),
                others.map(|(_, text)| text.len()),
            ),
            ..BleuCounts::default()
        };
        for (n, highest) in highest.iter().enumerate() {
            for (gram, occurrences) in ngram_counts(tokens, n + 1) {
                let known = highest
                    .get(gram)
                    .map_or(0, |highest| highest.elsewhere(place));
                counts.totals[n] += occurrences;
                counts.matches[n] += occurrences.min(known);
            }
        }
        counts.score(order, Orders::Effective)
    };
    let scores: Vec<f64> = texts.iter().enumerate().map(score).collect();
    text::mean(&scores)
}

/// Self-BLEU-4 of exactly [`SELF_BLEU_TEXTS`] texts drawn without replacement, so that two sets of any size can be
/// compared; `None` if there are fewer that are not empty.
pub fn self_bleu_of_100<T: Hash + Eq + Clone>(texts: &[Vec<T>], seed: u64) -> Option<f64> {
    let mut drawn: Vec<&Vec<T>> = texts.iter().filter(|text| !text.is_empty()).collect();
    if drawn.len() < SELF_BLEU_TEXTS {
        return None;
    }
    let stream = Stream::new(seed);
    for place in 0..SELF_BLEU_TEXTS {
        let from = place + stream.index(place as u64, drawn.len() - place);
        drawn.swap(place, from);
    }
    let drawn: Vec<Vec<T>> = drawn.into_iter().take(SELF_BLEU_TEXTS).cloned().collect();
    self_bleu(&drawn, bleu::ORDERS)
}

/// The two largest counts of an n-gram in different texts, so that a text's own can be left out.
#[derive(Default)]
struct Highest {
    count: usize,
    text: usize,
    runner_up: usize,
}

impl Highest {
    /// The largest count in any text but the one at `place`.
    fn elsewhere(&self, place: usize) -> usize {
        if self.text == place {
            self.runner_up
        } else {
            self.count
        }
    }
}

fn highest_counts<'a, T: Hash + Eq>(texts: &[&'a Vec<T>], n: usize) -> HashMap<&'a [T], Highest> {
    let mut highest: HashMap<&[T], Highest> = HashMap::new();
    for (place, text) in texts.iter().enumerate() {
        for (gram, count) in ngram_counts(text, n) {
            let known = highest.entry(gram).or_default();
            if count > known.count {
                *known = Highest {
                    count,
                    text: place,
                    runner_up: known.count,
                };
            } else {
                known.runner_up = known.runner_up.max(count);
            }
        }
    }
    highest
}

/// Whether ROUGE-L F of two token lists reaches `threshold`, without computing the table if the lengths rule it out
/// (`F <= 2 min / (a + b)`). Empty texts count as unlike any other.
pub fn is_near_duplicate<T: PartialEq>(a: &[T], b: &[T], threshold: f64) -> bool {
    let bound = 2.0 * a.len().min(b.len()) as f64 / (a.len() + b.len()).max(1) as f64;
    bound >= threshold
        && !a.is_empty()
        && !b.is_empty()
        && rouge::rouge_l(a, b).fmeasure >= threshold
}

/// Share of `texts` that are near duplicates of an earlier text; `None` without texts.
pub fn near_duplicate_share<T: PartialEq>(texts: &[Vec<T>], threshold: f64) -> Option<f64> {
    let repeats = |i: &usize| {
        texts[..*i]
            .iter()
            .any(|earlier| is_near_duplicate(&texts[*i], earlier, threshold))
    };
    share((0..texts.len()).filter(repeats).count(), texts.len())
}

/// Share of `texts` that are near duplicates of any of `others` (of the test items, say); `None` without texts.
pub fn near_duplicate_share_of<T: PartialEq>(
    texts: &[Vec<T>],
    others: &[Vec<T>],
    threshold: f64,
) -> Option<f64> {
    let repeats = |text: &&Vec<T>| {
        others
            .iter()
            .any(|other| is_near_duplicate(text, other, threshold))
    };
    share(texts.iter().filter(repeats).count(), texts.len())
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(lines: &[&str]) -> Vec<Vec<String>> {
        lines
            .iter()
            .map(|line| line.split_whitespace().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn distinct_by_hand() {
        let texts = texts(&["i do not know", "i do not care", "i"]);
        // 9 tokens, 5 different; 6 bigrams, 4 different.
        assert_eq!(distinct_n(&texts, 1), Some(5.0 / 9.0));
        assert_eq!(distinct_n(&texts, 2), Some(4.0 / 6.0));
        assert_eq!(distinct_n(&texts, 5), None);
        assert_eq!(distinct_n(&texts, 0), None);
    }

    #[test]
    fn repeats_by_hand() {
        let texts = texts(&["a b a b a", "c", "d e f"]);
        // ab, ba, ab, ba: 2 different ones of 4; the second text has no pair.
        assert_eq!(repeat_n(&texts[0], 2), Some(0.5));
        assert_eq!(mean_repeat_n(&texts, 2), Some(0.25));
        assert_eq!(mean_repeat_n(&texts, 4), Some(0.0));
        assert_eq!(mean_repeat_n(&texts[1..2], 2), None);
        assert_eq!(repeat_n(&texts[0], 0), None);
    }

    #[test]
    fn likeness_by_hand() {
        // Each shares one of its two words with the other, and no pair: sqrt(1/2 * 1/2).
        let found = self_bleu(&texts(&["a b", "b c", ""]), 4).unwrap();
        assert!((found - 0.5).abs() < 1e-12, "{found}");
        assert_eq!(self_bleu(&texts(&["a b", ""]), 4), None);
    }

    #[test]
    fn a_hundred_texts_are_drawn() {
        let lines: Vec<String> = (0..120)
            .map(|i| format!("w{} w{} w{}", i % 7, i % 5, i % 3))
            .collect();
        let texts = texts(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let found = self_bleu_of_100(&texts, 1).unwrap();
        assert_eq!(Some(found), self_bleu_of_100(&texts, 1));
        assert_eq!(self_bleu_of_100(&texts[..99], 1), None);
        // Of a hundred texts all are drawn, in whatever order.
        let whole = self_bleu(&texts[..100], 4).unwrap();
        assert!((self_bleu_of_100(&texts[..100], 1).unwrap() - whole).abs() < 1e-12);
    }

    #[test]
    fn near_duplicates_by_hand() {
        let texts = texts(&["a b c d", "a b c e", "x y z", "a b c d", ""]);
        // LCS 3 of 4 and 4: F = 0.75.
        assert_eq!(near_duplicate_share(&texts, 0.7), Some(0.4));
        assert_eq!(near_duplicate_share(&texts, 0.8), Some(0.2));
        assert_eq!(
            near_duplicate_share_of(&texts[2..3], &texts[..2], 0.7),
            Some(0.0)
        );
        assert_eq!(
            near_duplicate_share_of(&texts[1..2], &texts[..1], 0.75),
            Some(1.0)
        );
        assert_eq!(near_duplicate_share::<String>(&[], 0.7), None);
    }

    proptest! {
        #[test]
        fn shares_are_in_range(texts in prop::collection::vec(prop::collection::vec(0_u8..4, 0..8), 1..12)) {
            for n in 1..4 {
                prop_assert!(distinct_n(&texts, n).is_none_or(|share| share > 0.0 && share <= 1.0));
            }
            prop_assert!(near_duplicate_share(&texts, 0.7).is_some_and(|share| (0.0..1.0).contains(&share)));
        }

        #[test]
        fn the_two_largest_counts_are_enough(texts in prop::collection::vec(prop::collection::vec(0_u8..4, 0..9), 0..9)) {
            let texts: Vec<Vec<u8>> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            let score = |place: usize| {
                let mut others = texts.clone();
                others.remove(place);
                bleu::count_tokens(&texts[place], &others).score(4, Orders::Effective)
            };
            let scores: Vec<f64> = (0..texts.len()).map(score).collect();
            let expected = text::mean(&scores).filter(|_| texts.len() > 1);
            prop_assert_eq!(self_bleu(&texts, 4), expected);
        }

        #[test]
        fn the_short_cut_changes_nothing(
            a in prop::collection::vec(0_u8..4, 1..12),
            b in prop::collection::vec(0_u8..4, 1..12),
            threshold in 0.0..1.0_f64,
        ) {
            prop_assert_eq!(is_near_duplicate(&a, &b, threshold), rouge::rouge_l(&a, &b).fmeasure >= threshold);
            prop_assert!(is_near_duplicate(&a, &a, threshold));
        }
    }
}
