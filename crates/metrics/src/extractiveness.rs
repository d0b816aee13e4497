//! How much of a summary is new, and how much of it consists of pieces of the conversation.
//!
//! - novel n-grams: See et al., "Get to the point" (ACL 2017): the share of the summary's n-gram occurrences that the
//!   conversation lacks, pooled over the summaries.
//! - compression, coverage, density: Grusky et al., "Newsroom" (NAACL 2018). With the greedy fragments f that both texts
//!   share: `coverage = sum |f| / |s|`, `density = sum |f|^2 / |s|`, `compression = |d| / |s|`, all in tokens.
//!
//! For none of them is higher or lower better; they are read beside the same figures for the reference summaries.
//! Tokens are those of [`crate::copy::tokenize`].

use crate::copy::CopiedNgrams;
use crate::metric::{Level, Metric, Need, Unit};

/// New words of the summary.
pub const NOVEL_1: Metric = Metric {
    name: "novel1",
    label: "New words",
    higher_is_better: None,
    range: (0.0, 1.0),
    unit: Unit::Share,
    level: Level::Corpus,
    needs: &[Need::Dialogue],
    source: "novel n-grams (See et al., 2017), pooled over the summaries",
};
/// New word pairs of the summary.
pub const NOVEL_2: Metric = Metric {
    name: "novel2",
    label: "New word pairs",
    ..NOVEL_1
};
/// New 3-grams of the summary.
pub const NOVEL_3: Metric = Metric {
    name: "novel3",
    label: "New 3-grams",
    ..NOVEL_1
};
/// New 4-grams of the summary.
pub const NOVEL_4: Metric = Metric {
    name: "novel4",
    label: "New 4-grams",
    ..NOVEL_1
};

/// Tokens of the conversation for each token of the summary.
pub const COMPRESSION: Metric = Metric {
    name: "compression",
    label: "Compression",
    higher_is_better: None,
    range: (0.0, f64::INFINITY),
    unit: Unit::Ratio,
    level: Level::Item,
    needs: &[Need::Dialogue],
    source: "Grusky et al., 2018: tokens of the conversation by tokens of the summary",
};

/// Share of the summary that consists of fragments of the conversation.
pub const COVERAGE: Metric = Metric {
    name: "coverage",
    label: "Extractive coverage",
    higher_is_better: None,
    range: (0.0, 1.0),
    unit: Unit::Share,
    level: Level::Item,
    needs: &[Need::Dialogue],
    source: "Grusky et al., 2018: tokens in shared fragments by tokens of the summary",
};

/// Mean length of the fragment that a token of the summary belongs to.
pub const DENSITY: Metric = Metric {
    name: "density",
    label: "Extractive density",
    higher_is_better: None,
    range: (0.0, f64::INFINITY),
    unit: Unit::Tokens,
    level: Level::Item,
    needs: &[Need::Dialogue],
    source: "Grusky et al., 2018: squared lengths of shared fragments by tokens of the summary",
};

impl CopiedNgrams {
    /// Share of n-grams that were not copied; `None` without an n-gram.
    pub fn novel_share(&self) -> Option<f64> {
        (self.total > 0).then(|| (self.total - self.copied) as f64 / self.total as f64)
    }
}

/// Compression, coverage and density of one summary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extractiveness {
    /// Tokens of the conversation divided by tokens of the summary.
    pub compression: f64,
    /// Share of the summary's tokens that are in a fragment.
    pub coverage: f64,
    /// Sum of the squared lengths of the fragments, divided by the summary's tokens.
    pub density: f64,
}

/// Measures a summary against its conversation; `None` for an empty summary.
pub fn extractiveness<T: PartialEq>(summary: &[T], dialogue: &[T]) -> Option<Extractiveness> {
    if summary.is_empty() {
        return None;
    }
    let fragments = fragment_lengths(summary, dialogue);
    let by_tokens = |sum: usize| sum as f64 / summary.len() as f64;
    Some(Extractiveness {
        compression: by_tokens(dialogue.len()),
        coverage: by_tokens(fragments.iter().sum()),
        density: by_tokens(fragments.iter().map(|length| length * length).sum()),
    })
}

/// Lengths of the greedy fragments (Grusky et al., figure 3): from each place of the summary the longest match in the
/// conversation, searched onwards after each match that was tried; then on from the place after that fragment.
fn fragment_lengths<T: PartialEq>(summary: &[T], dialogue: &[T]) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut place = 0;
    while place < summary.len() {
        let (mut longest, mut start) = (0, 0);
        while start < dialogue.len() {
            let length = shared_prefix(&summary[place..], &dialogue[start..]);
            longest = longest.max(length);
            start += length.max(1);
        }
        if longest > 0 {
            lengths.push(longest);
        }
        place += longest.max(1);
    }
    lengths
}

fn shared_prefix<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copy::{copied_ngrams, tokenize};
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        let (summary, dialogue) = (tokenize("a b x c"), tokenize("c a b d a"));
        let found = extractiveness(&summary, &dialogue).unwrap();
        // Fragments "a b" and "c": 3 of 4 tokens, (4 + 1) / 4.
        assert_eq!(
            (found.compression, found.coverage, found.density),
            (1.25, 0.75, 1.25)
        );
        assert_eq!(extractiveness(&[], &dialogue), None);
        // ab is copied; bx and xc are new.
        assert_eq!(
            copied_ngrams(&summary, &dialogue, 2).novel_share(),
            Some(2.0 / 3.0)
        );
        assert_eq!(copied_ngrams(&summary, &dialogue, 5).novel_share(), None);
    }

    proptest! {
        #[test]
        fn all_are_in_range(summary in prop::collection::vec(0_u8..4, 1..20), dialogue in prop::collection::vec(0_u8..4, 0..30)) {
            let found = extractiveness(&summary, &dialogue).unwrap();
            prop_assert!((0.0..=1.0).contains(&found.coverage));
            prop_assert!(found.coverage <= found.density && found.density <= summary.len() as f64);
            // Greedy fragments cover exactly the tokens that the conversation has.
            let new = copied_ngrams(&summary, &dialogue, 1).novel_share().unwrap();
            prop_assert!((found.coverage + new - 1.0).abs() < 1e-12);
        }
    }
}
