//! Agreement of raters: Krippendorff's alpha with missing ratings, Cohen's kappa of two raters, and plain rates of
//! agreement. [`crate::gwet`] has the coefficient that is shown beside alpha.
//!
//! K. Krippendorff, "Computing Krippendorff's alpha-reliability" (2011). Items with fewer than two ratings drop out.
//! Coincidences `o(c,k)` = sum over items of (ordered pairs of different raters that gave c and k) / (m_u - 1), `n_c`
//! their row sums, `n` their total; `e(c,k) = (n_c n_k - [c=k] n_c) / (n - 1)`; `alpha = 1 - sum(o d) / sum(e d)`.
//! Alpha is undefined if all ratings are equal: without variation there is nothing to agree about, which is neither
//! good nor bad. If most ratings are the same, alpha can be low although raw agreement is high, so both are always
//! shown.
//!
//! J. Cohen, "Weighted kappa" (1968): `1 - sum(w O) / sum(w E)` with O the joint counts of two raters, E the product of
//! their marginals divided by n, and w how far apart two categories are.

use crate::gwet::Weights;
use crate::metric::{self, Metric, Unit};
use crate::{
    interval::{self, Interval},
    text,
};

/// Krippendorff's alpha: 1 is perfect, 0 is chance, below 0 is systematic disagreement.
pub const KRIPPENDORFF_ALPHA: Metric = Metric {
    name: "krippendorff_alpha",
    label: "Krippendorff's alpha",
    higher_is_better: Some(true),
    range: (f64::NEG_INFINITY, 1.0),
    unit: Unit::Coefficient,
    level: metric::Level::Corpus,
    needs: &[],
    source: "Krippendorff (2011), ordinal for 1-5 ratings",
};

/// How the distance `d` between two ratings c and k is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Equal or not: `[c != k]`.
    Nominal,
    /// By rank: `(sum of n_g for g from c to k - (n_c + n_k) / 2)^2`.
    Ordinal,
    /// By distance: `(c - k)^2`.
    Interval,
}

/// Ratings `[raters, items]`; `None` is missing. Rows may have different lengths.
pub type Ratings = [Vec<Option<f64>>];

/// The coincidence matrix of each item, over the values that occur. They are kept apart, so that the matrix of a
/// resample is a sum.
struct Coincidences {
    /// Values that occur, ascending.
    values: Vec<f64>,
    /// For each item the entries of its matrix: `(c, k, share)`, with c and k as places in `values`; empty for an item
    /// with fewer than two ratings.
    items: Vec<Vec<(usize, usize, f64)>>,
}

impl Coincidences {
    fn new(ratings: &Ratings) -> Self {
        let items: Vec<Vec<f64>> = ratings_by_item(ratings)
            .map(|given| if given.len() > 1 { given } else { Vec::new() })
            .collect();
        let mut values = items.concat();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let place = |value: f64| values.partition_point(|known| *known < value);
        let pairs = |given: &Vec<f64>| {
            let share = 1.0 / given.len().saturating_sub(1) as f64;
            let mut pairs = Vec::new();
            for (i, a) in given.iter().enumerate() {
                for (j, b) in given.iter().enumerate() {
                    if i != j {
                        pairs.push((place(*a), place(*b), share));
                    }
                }
            }
            pairs
        };
        let items = items.iter().map(pairs).collect();
        Self { values, items }
    }

    /// Alpha of the items at these places (a place may occur more than once).
    fn alpha(&self, level: Level, places: impl Iterator<Item = usize>) -> Option<f64> {
        let size = self.values.len();
        let mut observed = vec![0.0; size * size];
        for place in places {
            for &(c, k, share) in &self.items[place] {
                observed[c * size + k] += share;
            }
        }
        let counts: Vec<f64> = observed
            .chunks(size.max(1))
            .map(|row| row.iter().sum())
            .collect();
        let total: f64 = counts.iter().sum();
        let (mut disagreement, mut expected) = (0.0, 0.0);
        for c in 0..size {
            for k in 0..size {
                let distance = self.distance(level, &counts, c, k);
                disagreement += observed[c * size + k] * distance;
                // Equal values are at distance 0, so the term `[c=k] n_c` never counts.
                expected += counts[c] * counts[k] * distance / (total - 1.0);
            }
        }
        (expected > 0.0).then(|| 1.0 - disagreement / expected)
    }

    fn distance(&self, level: Level, counts: &[f64], c: usize, k: usize) -> f64 {
        match level {
            Level::Nominal => f64::from(u8::from(c != k)),
            Level::Interval => (self.values[c] - self.values[k]).powi(2),
            Level::Ordinal => {
                let between: f64 = counts[c.min(k)..=c.max(k)].iter().sum();
                (between - (counts[c] + counts[k]) / 2.0).powi(2)
            }
        }
    }
}

/// For each item, in order, the ratings that it was given.
pub(crate) fn ratings_by_item(ratings: &Ratings) -> impl Iterator<Item = Vec<f64>> {
    let items = ratings.iter().map(Vec::len).max().unwrap_or(0);
    (0..items).map(|item| {
        ratings
            .iter()
            .filter_map(|row| row.get(item).copied().flatten())
            .collect()
    })
}

/// Krippendorff's alpha; `None` if it is undefined (no item with two ratings, or all ratings equal).
pub fn krippendorff_alpha(ratings: &Ratings, level: Level) -> Option<f64> {
    let coincidences = Coincidences::new(ratings);
    coincidences.alpha(level, 0..coincidences.items.len())
}

/// Alpha with its 95 % percentile bootstrap interval over dialogues: `dialogues[item]` is the dialogue of each item, as a
/// number below `n_dialogues`, and `index(b, i)` names the dialogue at place `i` of resample `b`, all of whose items
/// are included. Items of one dialogue are not independent, so they are never drawn one by one.
///
/// Marginals and distances are those of each resample. Resamples in which alpha is undefined are left out. Returns `None`
/// if alpha itself is undefined, if all resamples are, or if `dialogues` does not name a dialogue for each item.
pub fn bootstrap_alpha(
    ratings: &Ratings,
    level: Level,
    dialogues: &[usize],
    n_dialogues: usize,
    resamples: usize,
    index: impl Fn(usize, usize) -> usize,
) -> Option<Interval> {
    let coincidences = Coincidences::new(ratings);
    let value = coincidences.alpha(level, 0..coincidences.items.len())?;
    let mut members = vec![Vec::new(); n_dialogues];
    for item in 0..coincidences.items.len() {
        members.get_mut(*dialogues.get(item)?)?.push(item);
    }
    let resample = |b: usize| {
        let drawn = (0..n_dialogues).flat_map(|i| members[index(b, i)].iter().copied());
        coincidences.alpha(level, drawn)
    };
    let resampled: Vec<f64> = (0..resamples).filter_map(resample).collect();
    let (low, high) = interval::percentiles_95(&resampled)?;
    Some(Interval { value, low, high })
}

/// Cohen's kappa of two raters on the items that both rated; `None` where it is undefined (no item, one category
/// throughout) or a rating is not one of the categories, which are the scale, in order.
pub fn cohen_kappa(pairs: &[(f64, f64)], categories: &[f64], weights: Weights) -> Option<f64> {
    let q = categories.len();
    if q < 2 {
        return None;
    }
    let place = |score: f64| categories.iter().position(|known| *known == score);
    let (mut joint, mut first, mut second) = (vec![0.0; q * q], vec![0.0; q], vec![0.0; q]);
    for (a, b) in pairs {
        let (a, b) = (place(*a)?, place(*b)?);
        joint[a * q + b] += 1.0;
        first[a] += 1.0;
        second[b] += 1.0;
    }
    let n = pairs.len() as f64;
    let (mut observed, mut expected) = (0.0, 0.0);
    for a in 0..q {
        for b in 0..q {
            let apart = 1.0 - weights.weight(a, b, q);
            observed += apart * joint[a * q + b];
            expected += apart * first[a] * second[b] / n;
        }
    }
    (expected > 0.0).then(|| 1.0 - observed / expected)
}

/// Raw agreement over the items with two or more ratings; the rates are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgreementShares {
    /// Number of items with two ratings or more.
    pub items: usize,
    /// Rate of items on which all raters gave the same rating.
    pub all_equal: f64,
    /// Rate of items whose highest and lowest ratings are at most one point apart.
    pub within_one: f64,
    /// Mean over items of the rate of rater pairs that gave the same rating.
    pub pairs_equal: f64,
}

/// Computes the rates of raw agreement; `None` if no item has two ratings.
pub fn agreement_shares(ratings: &Ratings) -> Option<AgreementShares> {
    let items: Vec<Vec<f64>> = ratings_by_item(ratings)
        .filter(|given| given.len() > 1)
        .collect();
    let spread = |given: &[f64]| {
        let (low, high) = given
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| {
                (l.min(*x), h.max(*x))
            });
        high - low
    };
    let share = |limit: f64| {
        items.iter().filter(|given| spread(given) <= limit).count() as f64 / items.len() as f64
    };
    let equal_pairs = |given: &Vec<f64>| {
        let equal = given
            .iter()
            .map(|a| given.iter().filter(|b| *b == a).count() - 1)
            .sum::<usize>();
        equal as f64 / (given.len() * (given.len() - 1)) as f64
    };
    let pairs_equal = text::mean(&items.iter().map(equal_pairs).collect::<Vec<_>>())?;
    Some(AgreementShares {
        items: items.len(),
        all_equal: share(0.0),
        within_one: share(1.0),
        pairs_equal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A row of one-digit ratings; `.` is missing.
    fn row(digits: &str) -> Vec<Option<f64>> {
        digits
            .chars()
            .map(|c| c.to_digit(10).map(f64::from))
            .collect()
    }

    /// Krippendorff (2011), section C: four observers, twelve units, the last with a single value.
    fn textbook() -> Vec<Vec<Option<f64>>> {
        [
            "123321412...",
            "1233224125.3",
            ".3332342251.",
            "12332441251.",
        ]
        .map(row)
        .to_vec()
    }

    #[test]
    fn alpha_of_the_textbook() {
        // Published: nominal 0.743, ordinal 0.815, interval 0.849.
        for (level, expected) in [
            (Level::Nominal, 0.743),
            (Level::Ordinal, 0.815),
            (Level::Interval, 0.849),
        ] {
            let found = krippendorff_alpha(&textbook(), level).unwrap();
            assert!((found - expected).abs() < 1e-3, "{level:?}: {found}");
        }
    }

    #[test]
    fn interval_of_the_textbook_holds_alpha() {
        let dialogues: Vec<usize> = (0..12).collect();
        let index = interval::seeded_index(12, 5);
        let found =
            bootstrap_alpha(&textbook(), Level::Ordinal, &dialogues, 12, 500, index).unwrap();
        assert!(
            found.low < found.value && found.value < found.high && found.high <= 1.0,
            "{found:?}"
        );
    }

    #[test]
    fn shares_by_hand() {
        // Items: 1 1 1 | 1 2 . | 1 3 3 | 5 . .
        let ratings = vec![row("1115"), row("123."), row("1.3.")];
        let found = agreement_shares(&ratings).unwrap();
        assert_eq!(found.items, 3);
        assert!((found.all_equal - 1.0 / 3.0).abs() < 1e-12);
        assert!((found.within_one - 2.0 / 3.0).abs() < 1e-12);
        assert!((found.pairs_equal - (1.0 + 0.0 + 1.0 / 3.0) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn undefined_is_none() {
        for ratings in [
            vec![],
            vec![row("123")],
            vec![row("333"), row("333")],
            vec![row("1."), row(".1")],
        ] {
            for level in [Level::Nominal, Level::Ordinal, Level::Interval] {
                assert_eq!(krippendorff_alpha(&ratings, level), None);
                let places = [0, 1, 2];
                assert_eq!(
                    bootstrap_alpha(&ratings, level, &places, 3, 50, |_, i| i),
                    None
                );
            }
        }
        assert_eq!(agreement_shares(&[row("1."), row(".1")]), None);
    }

    proptest! {
        #[test]
        fn alpha_never_exceeds_one(
            ratings in prop::collection::vec(
                prop::collection::vec(prop::option::of((1_u8..6).prop_map(f64::from)), 1..15), 1..5),
        ) {
            for level in [Level::Nominal, Level::Ordinal, Level::Interval] {
                prop_assert!(krippendorff_alpha(&ratings, level).is_none_or(|alpha| alpha <= 1.0 + 1e-12));
            }
        }

        #[test]
        fn equal_raters_agree_wholly(ratings in prop::collection::vec((1_u8..6).prop_map(f64::from), 2..15)) {
            let row: Vec<Option<f64>> = ratings.iter().copied().map(Some).collect();
            let varied = ratings.iter().any(|rating| *rating != ratings[0]);
            for level in [Level::Nominal, Level::Ordinal, Level::Interval] {
                let found = krippendorff_alpha(&[row.clone(), row.clone(), row.clone()], level);
                prop_assert_eq!(found, varied.then_some(1.0));
            }
        }
    }
}
