//! How much of one text was copied from another: the guard against a dialogue that quotes its summary.
//!
//! Scoring a dialogue by the likelihood of its summary rewards quoting. A candidate with a long shared run or a large
//! share of copied 3-grams is therefore kept out of content pairs. The share follows Lin's n-gram matching; the run is
//! the longest common substring over tokens. Tokens are lower-cased runs of letters and digits of any script.

use crate::metric::{Level, Metric, Need, Unit};
use std::collections::HashSet;

/// Length in tokens of the longest run that two texts share.
pub const LONGEST_SHARED_RUN: Metric = Metric {
    name: "longest_shared_run",
    label: "Longest copied run",
    higher_is_better: Some(false),
    range: (0.0, f64::INFINITY),
    unit: Unit::Tokens,
    level: Level::Item,
    needs: &[Need::Dialogue],
    source: "longest common substring over lower-cased alphanumeric tokens",
};

/// Share of the summary's 3-grams that the dialogue contains.
pub const COPIED_TRIGRAMS: Metric = Metric {
    name: "copied_trigrams",
    label: "Copied 3-grams",
    higher_is_better: Some(false),
    range: (0.0, 1.0),
    unit: Unit::Share,
    level: Level::Item,
    needs: &[Need::Dialogue],
    source: "share of a text's 3-grams found in the other text",
};

/// Lower-cased runs of letters and digits (Unicode), in order.
pub fn tokenize(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|run| !run.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Number of tokens in the longest run of tokens that occurs in both lists.
pub fn longest_shared_run<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let mut longest = 0;
    let mut row = vec![0_usize; b.len() + 1];
    for x in a {
        // Backwards, so that `row[j]` still belongs to the token before `x`.
        for (j, y) in b.iter().enumerate().rev() {
            row[j + 1] = if x == y { row[j] + 1 } else { 0 };
            longest = longest.max(row[j + 1]);
        }
    }
    longest
}

/// n-grams of a text (each occurrence counted), and how many of them the other text contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CopiedNgrams {
    /// n-grams that occur anywhere in the other text.
    pub copied: usize,
    /// n-grams of the text.
    pub total: usize,
}

impl std::iter::Sum for CopiedNgrams {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, next| Self {
            copied: sum.copied + next.copied,
            total: sum.total + next.total,
        })
    }
}

/// Counts the n-grams of `text` that occur anywhere in `source`. If `n` is 0 or `text` has fewer than `n` tokens, there
/// is no n-gram.
pub fn copied_ngrams<T: Eq + std::hash::Hash>(text: &[T], source: &[T], n: usize) -> CopiedNgrams {
    if n == 0 || text.len() < n {
        return CopiedNgrams::default();
    }
    let known: HashSet<&[T]> = source.windows(n).collect();
    CopiedNgrams {
        copied: text.windows(n).filter(|gram| known.contains(gram)).count(),
        total: text.len() + 1 - n,
    }
}

/// Share of the n-grams of `text` that occur anywhere in `source`; 0 without an n-gram, because none could have been
/// copied.
pub fn copied_ngram_share<T: Eq + std::hash::Hash>(text: &[T], source: &[T], n: usize) -> f64 {
    let CopiedNgrams { copied, total } = copied_ngrams(text, source, n);
    copied as f64 / total.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_by_hand() {
        let run = |a: &str, b: &str| longest_shared_run(&tokenize(a), &tokenize(b));
        assert_eq!(
            run("Amy will bake a cake.", "Bob: will you bake a cake?"),
            3
        );
        assert_eq!(run("a b a b a", "b a b c"), 3);
        assert_eq!(run("x", "y"), 0);
        assert_eq!(run("", "y"), 0);
        assert_eq!(run("L\u{c4}RM heute", "l\u{e4}rm HEUTE"), 2);
    }

    #[test]
    fn shares_by_hand() {
        let share =
            |text: &str, source: &str| copied_ngram_share(&tokenize(text), &tokenize(source), 3);
        // will-bake-a is new; bake-a-cake is copied; amy-will-bake is new.
        assert!(
            (share("Amy will bake a cake", "you bake a cake, will you") - 1.0 / 3.0).abs() < 1e-12
        );
        assert_eq!(share("bake a", "bake a cake"), 0.0);
        assert_eq!(share("a b c a b c", "c a b c"), 0.75);
    }

    proptest! {
        #[test]
        fn a_text_is_copied_whole_from_itself(words in prop::collection::vec("[a-c]", 3..30)) {
            prop_assert_eq!(longest_shared_run(&words, &words), words.len());
            prop_assert_eq!(copied_ngram_share(&words, &words, 3), 1.0);
        }

        #[test]
        fn both_are_in_range(
            a in prop::collection::vec(0_u8..3, 0..30),
            b in prop::collection::vec(0_u8..3, 0..30),
            n in 0_usize..5,
        ) {
            let run = longest_shared_run(&a, &b);
            prop_assert!(run <= a.len().min(b.len()));
            prop_assert_eq!(run, longest_shared_run(&b, &a));
            prop_assert!((0.0..=1.0).contains(&copied_ngram_share(&a, &b, n)));
            // The longest run that both share has `run` tokens.
            prop_assert!(run == 0 || copied_ngram_share(&a, &b, run) > 0.0);
            prop_assert_eq!(copied_ngram_share(&a, &b, run + 1), 0.0);
        }
    }
}
