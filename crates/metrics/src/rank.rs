//! Rank correlation: whether two figures of the same items rise together.
//!
//! Spearman's rho is Pearson's correlation of the ranks, ties sharing their mean rank (Spearman, 1904; as in
//! `scipy.stats.spearmanr`). Its interval is the percentile bootstrap over items.

use crate::interval::{Interval, percentiles_95, seeded_index};

/// The ranks of values from 1, ties sharing their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let mean = below as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|place| ranks[*place] = mean);
        below += tied.len();
    }
    ranks
}

/// Spearman's rho of pairs; `None` where one side does not vary.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let side = |take: fn(&(f64, f64)) -> f64| ranks(&pairs.iter().map(take).collect::<Vec<_>>());
    let (a, b) = (side(|pair| pair.0), side(|pair| pair.1));
    let middle = (pairs.len() as f64 + 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| -> f64 {
        let terms = x.iter().zip(y).map(|(x, y)| (x - middle) * (y - middle));
        terms.sum()
    };
    let spread = product(&a, &a) * product(&b, &b);
    (spread > 0.0).then(|| product(&a, &b) / spread.sqrt())
}

/// The same with its bootstrap interval; resamples in which one side does not vary are left out.
pub fn spearman_interval(pairs: &[(f64, f64)], resamples: usize, seed: u64) -> Option<Interval> {
    let value = spearman(pairs)?;
    let index = seeded_index(pairs.len(), seed);
    let drawn = |b: usize| -> Option<f64> {
        let drawn: Vec<(f64, f64)> = (0..pairs.len()).map(|i| pairs[index(b, i)]).collect();
        spearman(&drawn)
    };
    let found: Vec<f64> = (0..resamples).filter_map(drawn).collect();
    let (low, high) = percentiles_95(&found)?;
    Some(Interval { value, low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rho_by_hand() {
        let pairs = [(1.0, 10.0), (2.0, 30.0), (3.0, 20.0), (4.0, 40.0)];
        // 1 - 6 * 2 / (4 * 15).
        assert!((spearman(&pairs).unwrap() - 0.8).abs() < 1e-12);
        let down = [(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)];
        assert!((spearman(&down).unwrap() + 1.0).abs() < 1e-12);
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
        let tied = [(1.0, 1.0), (2.0, 2.0), (2.0, 3.0), (9.0, 4.0)];
        assert!((spearman(&tied).unwrap() - 4.5 / 22.5_f64.sqrt()).abs() < 1e-12);
        assert_eq!(spearman(&[(1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(spearman(&[]), None);
    }

    #[test]
    fn the_interval_holds_the_value_and_is_repeatable() {
        let pairs: Vec<(f64, f64)> = (0..40)
            .map(|i| (f64::from(i), f64::from(i + 7 * (i % 5))))
            .collect();
        let found = spearman_interval(&pairs, 300, 1).unwrap();
        assert!(found.low < found.value && found.value < found.high + 1e-12);
        assert!(found.low > 0.5, "{found:?}");
        assert_eq!(spearman_interval(&pairs, 300, 1), Some(found));
    }
}
