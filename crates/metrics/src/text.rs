//! Statistics of texts and of samples: word counts, quantiles, mean and standard deviation.
//!
//! The format rule is calibrated with them (bands are quantiles of the real pairs), and the audit of synthetic data
//! compares them. Quantiles interpolate linearly between order statistics: type 7 of Hyndman & Fan (1996), the default
//! of NumPy and R.

/// Whether Python counts a character as white space in `str.split`: Unicode's White_Space and the four ASCII separators
/// U+001C to U+001F. Metrics that follow a Python package split text by this rule.
pub(crate) fn is_python_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The words of Python's `str.split`.
pub(crate) fn python_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_python_space).filter(|word| !word.is_empty())
}

/// Number of words: runs of characters that are not white space.
pub fn word_count(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Sum divided by count; `None` for an empty sample.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Standard deviation of a sample (`n - 1` in the denominator); `None` with fewer than two values.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// Quantile `q` in 0..=1 (values outside are clamped) with linear interpolation; `None` for an empty sample. NaN sorts
/// last.
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, q)
}

/// As [`quantile`], for values already in ascending order.
pub fn quantile_of_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    Some(low + (high - low) * (place - below as f64))
}

/// A sample in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Description {
    /// Number of values.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the sample; `None` below two values.
    pub sd: Option<f64>,
    /// Smallest value of the sample.
    pub min: f64,
    /// 1 % quantile.
    pub p01: f64,
    /// 50 % quantile.
    pub median: f64,
    /// 99 % quantile.
    pub p99: f64,
    /// Largest value of the sample.
    pub max: f64,
}

/// Describes a sample; `None` for an empty sample.
pub fn describe(values: &[f64]) -> Option<Description> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(Description {
        n: values.len(),
        mean: mean(values)?,
        sd: standard_deviation(values),
        min: *sorted.first()?,
        p01: quantile_of_sorted(&sorted, 0.01)?,
        median: quantile_of_sorted(&sorted, 0.5)?,
        p99: quantile_of_sorted(&sorted, 0.99)?,
        max: *sorted.last()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_split_at_white_space() {
        assert_eq!(word_count("  one two,three\n\u{a0}four "), 3);
        assert_eq!(word_count(""), 0);
    }

    #[test]
    fn quantiles_as_numpy_gives_them() {
        // numpy.quantile([1, 2, 4, 8], [0, .25, .5, .9, 1]) = 1, 1.75, 3, 6.8, 8
        let values = [8.0, 1.0, 4.0, 2.0];
        for (q, expected) in [
            (0.0, 1.0),
            (0.25, 1.75),
            (0.5, 3.0),
            (0.9, 6.8),
            (1.0, 8.0),
            (2.0, 8.0),
        ] {
            assert!(
                (quantile(&values, q).unwrap() - expected).abs() < 1e-12,
                "{q}"
            );
        }
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_sample_by_hand() {
        let found = describe(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        assert_eq!(
            (found.n, found.mean, found.min, found.median, found.max),
            (8, 5.0, 2.0, 4.5, 9.0)
        );
        assert!((found.sd.unwrap() - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(describe(&[3.0]).unwrap().sd, None);
        assert_eq!(describe(&[]), None);
    }

    proptest! {
        #[test]
        fn quantiles_rise_within_the_sample(values in prop::collection::vec(-1e6..1e6_f64, 1..40), q in 0.0..1.0_f64) {
            let described = describe(&values).unwrap();
            let value = quantile(&values, q).unwrap();
            prop_assert!(described.min <= value && value <= described.max);
            prop_assert!(value <= quantile(&values, q + 0.1).unwrap() + 1e-9);
        }
    }
}
