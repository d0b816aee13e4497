//! Is a difference more than chance? Paired randomisation, and Holm's adjustment for many comparisons.
//!
//! Paired randomisation (Noreen, "Computer-intensive methods for testing hypotheses", 1989): under "no difference" the
//! two system labels of an item may be swapped, which flips the sign of its difference. Where several raters judged
//! one dialogue the labels are swapped **once per dialogue for all its raters together**: ratings of one dialogue are
//! not independent, and a flip for each rater finds differences that are not there. So the input is one difference per
//! dialogue; [`mean_by_dialogue`] makes it.
//!
//! Holm, "A simple sequentially rejective multiple test procedure" (1979): sorted ascending,
//! `p_(i) (m - i + 1)`, running maximum, cut at 1.

use crate::{random::Stream, text};

/// With up to this many non-zero differences, every assignment of signs is counted (65,536 at most).
const EXACT_UP_TO: usize = 16;

/// The result of a paired randomisation test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Randomisation {
    /// Number of dialogues (or items).
    pub n: usize,
    /// Observed mean difference.
    pub diff: f64,
    /// Two-sided p-value; never 0.
    pub p_two_sided: f64,
    /// Whether all assignments of signs were counted; otherwise they were drawn, and the observed one counts as a draw.
    pub exact: bool,
}

/// Mean difference of each dialogue, in order of first appearance, from `(dialogue, difference)` rows.
pub fn mean_by_dialogue(rows: &[(usize, f64)]) -> Vec<f64> {
    let mut sums: Vec<(usize, f64, usize)> = Vec::new();
    let mut place = std::collections::HashMap::new();
    for &(dialogue, difference) in rows {
        let index = *place.entry(dialogue).or_insert_with(|| {
            sums.push((dialogue, 0.0, 0));
            sums.len() - 1
        });
        sums[index].1 += difference;
        sums[index].2 += 1;
    }
    sums.into_iter()
        .map(|(_, sum, count)| sum / count as f64)
        .collect()
}

/// Paired randomisation test of one difference per dialogue; `None` without any.
///
/// With few dialogues, all assignments are enumerated, and `draws` and `seed` are not used.
pub fn paired_randomisation(differences: &[f64], draws: usize, seed: u64) -> Option<Randomisation> {
    let diff = text::mean(differences)?;
    // A difference of 0 is the same under both signs.
    let moving: Vec<f64> = differences
        .iter()
        .copied()
        .filter(|difference| *difference != 0.0)
        .collect();
    let exact = moving.len() <= EXACT_UP_TO;
    let p_two_sided = if exact {
        let assignments = 1_usize << moving.len();
        let as_far = as_far_as(&moving);
        let far = (0..assignments)
            .filter(|bits| as_far(flipped_sum(&moving, |_| *bits as u64)))
            .count();
        far as f64 / assignments as f64
    } else {
        let stream = Stream::new(seed);
        let words = moving.len().div_ceil(64) as u64;
        flipped_p(&moving, draws, |draw, word| {
            stream.bits(draw as u64 * words + word as u64)
        })
    };
    Some(Randomisation {
        n: differences.len(),
        diff,
        p_two_sided,
        exact,
    })
}

/// Two-sided p-value from drawn signs: the share of draws whose sum is at least as far from 0 as the observed one, which
/// counts as one of the draws. In draw `b` the difference `64 w + i` is flipped if bit `i` of `bits(b, w)` is set.
pub fn flipped_p(differences: &[f64], draws: usize, bits: impl Fn(usize, usize) -> u64) -> f64 {
    let as_far = as_far_as(differences);
    let far = (0..draws)
        .filter(|draw| as_far(flipped_sum(differences, |word| bits(*draw, word))))
        .count();
    (1 + far) as f64 / (1 + draws) as f64
}

/// Whether a sum is at least as far from 0 as that of `differences`, up to rounding.
fn as_far_as(differences: &[f64]) -> impl Fn(f64) -> bool {
    let observed = differences.iter().sum::<f64>().abs();
    let sizes = differences.iter().map(|difference| difference.abs());
    let tolerance = 1e-12 * sizes.sum::<f64>();
    move |sum| sum.abs() >= observed - tolerance
}

/// Sum of the differences, each flipped where its bit is set; `bits(w)` are the bits of differences `64 w ..`.
fn flipped_sum(differences: &[f64], bits: impl Fn(usize) -> u64) -> f64 {
    let chunk_sum = |(word, chunk): (usize, &[f64])| {
        let bits = bits(word);
        chunk
            .iter()
            .enumerate()
            .map(|(i, x)| if bits >> i & 1 == 1 { -x } else { *x })
            .sum::<f64>()
    };
    differences.chunks(64).enumerate().map(chunk_sum).sum()
}

/// Holm's adjusted p-values, in the order given. The family is the entire slice: name it where the values are shown.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        largest = largest.max(p[index] * (p.len() - rank) as f64);
        adjusted[index] = largest.min(1.0);
    }
    adjusted
}

/// Sign test: two-sided exact binomial p-value of `wins` against `losses`, ties left out (report their number).
pub fn sign_test(wins: usize, losses: usize) -> f64 {
    let n = wins + losses;
    // ln(n choose k) grows term by term, so that large n neither overflow nor lose the tail.
    let mut ln_term = -(n as f64) * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for k in 0..=wins.min(losses) {
        tail += ln_term.exp();
        ln_term += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_signs_by_hand() {
        // Of the eight assignments of signs to 1, 2, 3 only +++ and --- reach 6. Of those to 1, 1, 4 (observed: 4)
        // the sums are 6, 4, 4, 2 and their negatives: six of eight reach 4.
        let found = paired_randomisation(&[1.0, 2.0, 3.0], 10, 1).unwrap();
        assert_eq!(
            found,
            Randomisation {
                n: 3,
                diff: 2.0,
                p_two_sided: 0.25,
                exact: true
            }
        );
        assert_eq!(
            paired_randomisation(&[1.0, -1.0, 4.0], 10, 1)
                .unwrap()
                .p_two_sided,
            0.75
        );
        // A zero changes nothing but n and the mean.
        assert_eq!(
            paired_randomisation(&[1.0, 2.0, 3.0, 0.0], 10, 1)
                .unwrap()
                .p_two_sided,
            0.25
        );
        assert_eq!(
            paired_randomisation(&[0.0, 0.0], 10, 1)
                .unwrap()
                .p_two_sided,
            1.0
        );
        assert_eq!(paired_randomisation(&[], 10, 1), None);
    }

    #[test]
    fn draws_approach_the_normal_p() {
        // 100 differences of 1 with 62 positive: binomial two-sided 0.0210.
        let differences: Vec<f64> = (0..100).map(|i| if i < 62 { 1.0 } else { -1.0 }).collect();
        let found = paired_randomisation(&differences, 10_000, 11).unwrap();
        assert!(!found.exact);
        assert!(
            (found.p_two_sided - sign_test(62, 38)).abs() < 0.005,
            "{found:?}"
        );
    }

    #[test]
    fn one_flip_per_dialogue_keeps_its_promise() {
        // Dialogues differ (a component that all raters share), systems do not: at alpha 0.05 about 5 % may be found.
        let stream = Stream::new(99);
        let uniform = |position: u64| stream.bits(position) as f64 / u64::MAX as f64 - 0.5;
        let mut position = 0;
        let mut next = || {
            position += 1;
            uniform(position)
        };
        let (studies, mut found) = (400, 0);
        for study in 0..studies {
            let mut rows = Vec::new();
            for dialogue in 0..20 {
                let common = 2.0 * next();
                rows.extend((0..3).map(|_| (dialogue, common + next())));
            }
            let test = paired_randomisation(&mean_by_dialogue(&rows), 300, study).unwrap();
            found += usize::from(test.p_two_sided < 0.05);
        }
        let rate = found as f64 / studies as f64;
        assert!((0.02..0.09).contains(&rate), "{rate}");
    }

    #[test]
    fn means_by_dialogue_in_order() {
        assert_eq!(
            mean_by_dialogue(&[(7, 1.0), (2, 4.0), (7, 2.0)]),
            [1.5, 4.0]
        );
    }

    #[test]
    fn holm_by_hand() {
        let found = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, expected) in found.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn sign_test_by_hand() {
        assert!((sign_test(12, 0) - 2.0 / 4096.0).abs() < 1e-15);
        assert!((sign_test(5, 1) - 14.0 / 64.0).abs() < 1e-15);
        assert_eq!(sign_test(0, 0), 1.0);
        assert!(sign_test(1_000, 1_000) == 1.0 && sign_test(3_000, 2_000) > 0.0);
    }

    proptest! {
        #[test]
        fn p_values_are_probabilities(differences in prop::collection::vec(-3_i8..4, 1..40), seed: u64) {
            let differences: Vec<f64> = differences.into_iter().map(f64::from).collect();
            let found = paired_randomisation(&differences, 100, seed).unwrap();
            prop_assert!(found.p_two_sided > 0.0 && found.p_two_sided <= 1.0);
        }

        #[test]
        fn holm_only_raises_and_keeps_the_order(p in prop::collection::vec(0.0..=1.0_f64, 1..20)) {
            let adjusted = holm(&p);
            for (i, raw) in p.iter().enumerate() {
                prop_assert!(*raw <= adjusted[i] && adjusted[i] <= 1.0);
                for (j, other) in p.iter().enumerate() {
                    prop_assert!(raw > other || adjusted[i] <= adjusted[j]);
                }
            }
        }
    }
}
