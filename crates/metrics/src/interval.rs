//! Intervals: Wilson's for a rate, the percentile bootstrap for a mean and for the mean of paired differences.
//!
//! - Wilson (1927): `(p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)`, sound for few trials and rates near
//!   0 or 1, where `p -+ z sqrt(p(1-p)/n)` is not.
//! - Percentile bootstrap (Efron, 1979): means of B resamples of the items with replacement, 2.5 and 97.5 %
//!   percentiles with linear interpolation. Below 30 items it covers less than it claims (91 % at 10, 92 % at 20).
//! - Two-sided p-value of the shifted bootstrap: `(1 + #(|mean* - mean| >= |mean| - 1e-12)) / (B + 1)`.
//! - Detectable difference: `(z_0.975 + z_0.8) sd / sqrt(n)`, the true mean difference found with 80 % power.
//!
//! Items must be independent of each other: dialogues, not ratings of the same dialogue.

use crate::{random::Stream, text};

/// Resamples of a bootstrap, unless there is a reason for another number.
pub const DEFAULT_RESAMPLES: usize = 10_000;

/// Normal quantile at 0.975, for 95 % intervals.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// Sum of the normal quantiles at 0.975 and 0.8: two-sided alpha 0.05, power 80 %.
pub const Z_ALPHA_POWER: f64 = 2.801_585_218_113_0;

/// A number with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate itself, not the middle of the interval.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

/// Wilson's 95 % interval for the rate `successes / trials`; `None` without trials or with more successes than trials.
pub fn wilson(successes: usize, trials: usize) -> Option<Interval> {
    if trials == 0 || successes > trials {
        return None;
    }
    let (n, z2) = (trials as f64, Z_95 * Z_95);
    let value = successes as f64 / n;
    let centre = value + z2 / (2.0 * n);
    let half = Z_95 * (value * (1.0 - value) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    // At 0 and n the formula gives exactly 0 and 1, up to rounding.
    let low = if successes == 0 {
        0.0
    } else {
        (centre - half) / scale
    };
    let high = if successes == trials {
        1.0
    } else {
        (centre + half) / scale
    };
    Some(Interval { value, low, high })
}

/// Means of `resamples` resamples of `values`; `index(b, i)` names the value at place `i` of resample `b`.
pub fn resampled_means(
    values: &[f64],
    resamples: usize,
    index: impl Fn(usize, usize) -> usize,
) -> Vec<f64> {
    let n = values.len();
    (0..resamples)
        .map(|b| (0..n).map(|i| values[index(b, i)]).sum::<f64>() / n as f64)
        .collect()
}

/// The 2.5 and 97.5 % percentiles of resampled values; `None` if there are no values.
pub fn percentiles_95(resampled: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = resampled.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some((
        text::quantile_of_sorted(&sorted, 0.025)?,
        text::quantile_of_sorted(&sorted, 0.975)?,
    ))
}

/// The index function of a seed: `(b, i)`, for resample `b` and place `i`, gives an index below `n`.
pub fn seeded_index(n: usize, seed: u64) -> impl Fn(usize, usize) -> usize {
    let stream = Stream::new(seed);
    move |b, i| stream.index(b as u64 * n as u64 + i as u64, n)
}

/// Mean with its bootstrap interval; `None` without values or resamples.
pub fn bootstrap_mean(values: &[f64], resamples: usize, seed: u64) -> Option<Interval> {
    let value = text::mean(values)?;
    let (low, high) = percentiles_95(&resampled_means(
        values,
        resamples,
        seeded_index(values.len(), seed),
    ))?;
    Some(Interval { value, low, high })
}

/// The comparison of two systems on the same items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairedDifference {
    /// Number of items.
    pub n: usize,
    /// Mean of the differences (first minus second).
    pub diff: f64,
    /// Its 95 % interval.
    pub ci95: (f64, f64),
    /// Two-sided p-value of "no difference", from the shifted bootstrap distribution.
    pub p_two_sided: f64,
    /// The true difference that this many items would find with 80 % power; `None` with fewer than two items.
    pub detectable_diff: Option<f64>,
}

/// Paired bootstrap of per-item differences (first system minus second); `None` without items or resamples.
pub fn paired_bootstrap(
    differences: &[f64],
    resamples: usize,
    seed: u64,
) -> Option<PairedDifference> {
    let means = resampled_means(
        differences,
        resamples,
        seeded_index(differences.len(), seed),
    );
    paired_difference(differences, &means)
}

/// As [`paired_bootstrap`], from resampled means that the caller supplies.
pub fn paired_difference(differences: &[f64], resampled: &[f64]) -> Option<PairedDifference> {
    let diff = text::mean(differences)?;
    let ci95 = percentiles_95(resampled)?;
    let sd = text::standard_deviation(differences);
    let detectable_diff = sd.and_then(|sd| detectable_diff(sd, differences.len()));
    let p_two_sided = shifted_p(diff, resampled);
    Some(PairedDifference {
        n: differences.len(),
        diff,
        ci95,
        p_two_sided,
        detectable_diff,
    })
}

/// Two-sided p-value of the shifted bootstrap: how often a resampled mean is at least as far from the observed mean
/// as the observed mean is from 0. Never 0, since the observation counts as one of the draws.
pub fn shifted_p(observed: f64, resampled: &[f64]) -> f64 {
    let as_far = resampled
        .iter()
        .filter(|mean| (**mean - observed).abs() >= observed.abs() - 1e-12)
        .count();
    (1 + as_far) as f64 / (resampled.len() + 1) as f64
}

/// The smallest true mean difference that `n` items find with 80 % power at a two-sided alpha of 0.05, where per-item
/// differences have the standard deviation `sd`; `None` for no items.
pub fn detectable_diff(sd: f64, n: usize) -> Option<f64> {
    (n > 0).then(|| Z_ALPHA_POWER * sd / (n as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wilson_as_published() {
        // Newcombe (1998), table I, method 3 (score without continuity correction).
        for (successes, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = wilson(successes, trials).unwrap();
            assert!(
                (found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5,
                "{found:?}"
            );
        }
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(2, 1), None);
    }

    #[test]
    fn detectable_difference_by_hand() {
        // z(0.975) + z(0.8) = 1.959964 + 0.841621.
        assert!((Z_ALPHA_POWER - (Z_95 + 0.841_621_233_572_914_2)).abs() < 1e-12);
        assert!((detectable_diff(17.0, 500).unwrap() - 2.1299).abs() < 1e-4);
        assert_eq!(detectable_diff(1.0, 0), None);
    }

    #[test]
    fn bootstrap_of_many_is_near_the_normal_interval() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 20)).collect();
        let found = bootstrap_mean(&values, 4_000, 3).unwrap();
        let half = Z_95 * text::standard_deviation(&values).unwrap() / 20.0;
        assert_eq!(found.value, 9.5);
        assert!((found.low - (9.5 - half)).abs() < 0.05, "{found:?} {half}");
        assert!((found.high - (9.5 + half)).abs() < 0.05, "{found:?} {half}");
    }

    #[test]
    fn a_clear_difference_is_found_and_none_is_not() {
        let clear: Vec<f64> = (0..60).map(|i| 1.0 + f64::from(i % 3)).collect();
        let found = paired_bootstrap(&clear, 999, 1).unwrap();
        assert_eq!((found.n, found.diff, found.p_two_sided), (60, 2.0, 0.001));
        assert!(found.ci95.0 > 1.0 && found.ci95.1 < 3.0);
        let none: Vec<f64> = (0..60).map(|i| f64::from(i % 3) - 1.0).collect();
        assert_eq!(paired_bootstrap(&none, 999, 1).unwrap().p_two_sided, 1.0);
    }

    #[test]
    fn the_seed_alone_decides() {
        let values: Vec<f64> = (1..=30).map(|i| f64::from(i).sqrt()).collect();
        assert_eq!(
            bootstrap_mean(&values, 500, 7),
            bootstrap_mean(&values, 500, 7)
        );
        assert_ne!(
            bootstrap_mean(&values, 500, 7),
            bootstrap_mean(&values, 500, 8)
        );
    }

    #[test]
    fn nothing_has_no_interval() {
        assert_eq!(bootstrap_mean(&[], 100, 1), None);
        assert_eq!(bootstrap_mean(&[1.0], 0, 1), None);
        assert_eq!(paired_bootstrap(&[], 100, 1), None);
    }

    proptest! {
        #[test]
        fn wilson_holds_the_rate(trials in 1_usize..500, part in 0.0..=1.0_f64) {
            let successes = (part * trials as f64) as usize;
            let found = wilson(successes, trials).unwrap();
            prop_assert!(0.0 <= found.low && found.low <= found.value);
            prop_assert!(found.value <= found.high && found.high <= 1.0);
        }

        #[test]
        fn a_bootstrap_stays_within_the_sample(values in prop::collection::vec(-5.0..5.0_f64, 1..20), seed: u64) {
            let found = paired_bootstrap(&values, 200, seed).unwrap();
            let described = text::describe(&values).unwrap();
            prop_assert!(described.min - 1e-9 <= found.ci95.0 && found.ci95.0 <= found.ci95.1);
            prop_assert!(found.ci95.1 <= described.max + 1e-9);
            prop_assert!(found.p_two_sided > 0.0 && found.p_two_sided <= 1.0);
        }
    }
}
