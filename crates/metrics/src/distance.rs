//! How far apart two samples are.

/// The statistic of Kolmogorov and Smirnov's two-sample test: the largest distance between the two empirical
/// distribution functions, from 0 to 1 (Smirnov, 1939). `None` if a sample is empty.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let sorted = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    };
    let (a, b) = (sorted(a), sorted(b));
    let share = |values: &[f64], most: f64| {
        values.partition_point(|value| *value <= most) as f64 / values.len() as f64
    };
    let steps = a.iter().chain(&b);
    Some(
        steps
            .map(|value| (share(&a, *value) - share(&b, *value)).abs())
            .fold(0.0, f64::max),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_scipy_gives_it() {
        // scipy.stats.ks_2samp([1, 2, 2, 5], [2, 3, 4]).statistic = 5/12 after the step at 2: 3/4 against 1/3
        let found = kolmogorov_smirnov(&[1.0, 2.0, 2.0, 5.0], &[2.0, 3.0, 4.0]).unwrap();
        assert!((found - 5.0 / 12.0).abs() < 1e-12, "{found}");
        assert_eq!(kolmogorov_smirnov(&[1.0], &[1.0]), Some(0.0));
        assert_eq!(kolmogorov_smirnov(&[1.0, 2.0], &[3.0]), Some(1.0));
        assert_eq!(kolmogorov_smirnov(&[], &[3.0]), None);
    }
}
