//! How varied generated texts are: distinct n-grams, and texts that nearly repeat an earlier one.
//!
//! distinct-n is Li et al., "A diversity-promoting objective function for neural conversation models" (NAACL 2016):
//! different n-grams divided by all n-grams, pooled over the texts. Two texts are near duplicates where their ROUGE-L
//! F-measure reaches a threshold (0.7 is Self-Instruct's novelty filter).

use crate::{Metric, rouge};
use std::collections::HashSet;
use std::hash::Hash;

const DISTINCT: Metric = Metric {
    name: "distinct1",
    label: "Distinct words",
    higher_is_better: Some(true),
    range: (0.0, 1.0),
    source: "distinct-n (Li et al., 2016), pooled over the texts; falls with the amount of text",
};

/// Different tokens by all tokens.
pub const DISTINCT_1: Metric = DISTINCT;
/// Different bigrams by all bigrams.
pub const DISTINCT_2: Metric = Metric {
    name: "distinct2",
    label: "Distinct word pairs",
    ..DISTINCT
};

/// Share of texts that nearly repeat another.
pub const NEAR_DUPLICATES: Metric = Metric {
    name: "near_duplicates",
    label: "Near duplicates",
    higher_is_better: Some(false),
    range: (0.0, 1.0),
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

/// Whether ROUGE-L F of two token lists reaches `threshold`, without the table where the lengths rule it out
/// (`F <= 2 min / (a + b)`). Empty texts resemble nothing.
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
