//! Wilcoxon's signed-rank test on per-dialogue differences, the familiar companion of the randomisation test.
//!
//! F. Wilcoxon, "Individual comparisons by ranking methods" (1945); J. W. Pratt (1959) for zeros. Normal approximation
//! with tie correction, no continuity correction, two-sided, as in `scipy.stats.wilcoxon(method="asymptotic")`: `z =
//! (W+ - mean) / sqrt(variance)`, `mean = sum of ranks / 2`, `variance = sum of squared ranks / 4` over the ranks that
//! may carry either sign. Ties share their average rank, so the sum of squares includes the tie correction.

/// How differences that are exactly 0 are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zeros {
    /// They are ranked with the others, then their ranks are dropped (Pratt). The default for reports.
    Pratt,
    /// They are dropped before ranking (Wilcoxon).
    Drop,
    /// They are ranked, and half of each one's rank counts for each sign.
    Split,
}

/// The result of a two-sided signed-rank test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRank {
    /// The smaller of the rank sums of positive and negative differences.
    pub statistic: f64,
    /// Standardised rank sum of the positive differences.
    pub z: f64,
    /// Two-sided p-value of the normal approximation.
    pub p_two_sided: f64,
}

/// Signed-rank test of "differences are symmetric about 0"; `None` if every difference is 0.
pub fn signed_rank(differences: &[f64], zeros: Zeros) -> Option<SignedRank> {
    let kept: Vec<f64> = differences
        .iter()
        .copied()
        .filter(|d| *d != 0.0 || zeros != Zeros::Drop)
        .collect();
    let ranks = average_ranks(
        &kept
            .iter()
            .map(|difference| difference.abs())
            .collect::<Vec<_>>(),
    );
    let (mut plus, mut minus, mut squares, mut zero_ranks) = (0.0, 0.0, 0.0, 0.0);
    for (difference, rank) in kept.iter().zip(&ranks) {
        match difference {
            0.0 => zero_ranks += rank,
            d if *d > 0.0 => plus += rank,
            _ => minus += rank,
        }
        // Like SciPy, counts the ranks of zeros in the variance only if they are split.
        if *difference != 0.0 || zeros == Zeros::Split {
            squares += rank * rank;
        }
    }
    if plus + minus == 0.0 {
        return None;
    }
    if zeros == Zeros::Split {
        plus += zero_ranks / 2.0;
        minus += zero_ranks / 2.0;
    }
    let z = (plus - minus) / 2.0 / (squares / 4.0).sqrt();
    Some(SignedRank {
        statistic: plus.min(minus),
        z,
        p_two_sided: erfc(z.abs() / std::f64::consts::SQRT_2).min(1.0),
    })
}

/// The rank of each value, counted from 1; ties share their mean rank.
fn average_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + (tied.len() + 1) as f64 / 2.0;
        tied.iter().for_each(|index| ranks[*index] = rank);
        before += tied.len();
    }
    ranks
}

/// Complementary error function for `x >= 0`: the series of erf below 2, the continued fraction above (Abramowitz &
/// Stegun 7.1.5 and 7.1.14). The relative error is below 1e-11.
fn erfc(x: f64) -> f64 {
    if x < 2.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..100 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return 1.0 - sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let mut tail = x;
    for k in (1..=120).rev() {
        tail = x + f64::from(k) / 2.0 / tail;
    }
    (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI / 2.0 / tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tails_of_the_normal_distribution() {
        // Tables: P(|Z| > 1.959964) = 0.05, 2.575829: 0.01, 3.290527: 0.001; erfc(0) = 1.
        for (z, p) in [
            (1.959_963_984_540_054, 0.05),
            (2.575_829_303_548_901, 0.01),
            (3.290_526_731_491_896, 0.001),
        ] {
            assert!(
                (erfc(z / std::f64::consts::SQRT_2) - p).abs() < 1e-13,
                "{z}"
            );
        }
        assert_eq!(erfc(0.0), 1.0);
        assert!((erfc(2.0 - 1e-9) - erfc(2.0 + 1e-9)).abs() < 1e-10);
    }

    #[test]
    fn by_hand() {
        // |d| = 1 1 2 3 -> ranks 1.5 1.5 3 4; W+ = 8.5, W- = 1.5; variance = (2.25 + 2.25 + 9 + 16) / 4.
        let found = signed_rank(&[1.0, -1.0, 2.0, 3.0], Zeros::Drop).unwrap();
        assert_eq!(found.statistic, 1.5);
        assert!((found.z - 3.5 / (29.5_f64 / 4.0).sqrt()).abs() < 1e-12);
        assert_eq!(signed_rank(&[0.0, 0.0], Zeros::Pratt), None);
        assert_eq!(signed_rank(&[], Zeros::Split), None);
    }

    #[test]
    fn zeros_are_dropped_before_or_after_ranking() {
        // With a zero: ranks 1 (zero), 2, 3.
        let differences = [0.0, 1.0, -2.0];
        assert_eq!(
            signed_rank(&differences, Zeros::Drop).unwrap().statistic,
            1.0
        );
        assert_eq!(
            signed_rank(&differences, Zeros::Pratt).unwrap().statistic,
            2.0
        );
        assert_eq!(
            signed_rank(&differences, Zeros::Split).unwrap().statistic,
            2.5
        );
    }

    proptest! {
        #[test]
        fn swapping_the_systems_changes_the_sign_only(differences in prop::collection::vec(-4_i8..5, 1..30)) {
            let forth: Vec<f64> = differences.iter().map(|d| f64::from(*d)).collect();
            let back: Vec<f64> = forth.iter().map(|d| -d).collect();
            for zeros in [Zeros::Pratt, Zeros::Drop, Zeros::Split] {
                match (signed_rank(&forth, zeros), signed_rank(&back, zeros)) {
                    (Some(a), Some(b)) => {
                        prop_assert_eq!((a.statistic, a.z), (b.statistic, -b.z));
                        prop_assert!(a.p_two_sided > 0.0 && a.p_two_sided <= 1.0);
                    }
                    (a, b) => prop_assert_eq!(a, b),
                }
            }
        }
    }
}
