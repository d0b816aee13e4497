//! The power of a t test: the noncentral t distribution, from which an experiment works out how many seeds it needs.
//!
//! The distribution function is the series of Lenth, "Algorithm AS 243: cumulative distribution function of the
//! non-central t distribution" (Applied Statistics 38, 1989). The special functions are those of `statrs`.

use crate::student;
use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::beta::beta_reg;
use statrs::function::gamma::ln_gamma;

/// Largest noncentrality. Beyond it the weights of the series underflow; power is 1 for every practical purpose long
/// before.
const LARGEST_NONCENTRALITY: f64 = 37.0;
/// The series ends when the terms that are left add up to less.
const SERIES_ERROR: f64 = 1e-13;
/// The most terms of the series.
const MOST_TERMS: usize = 5_000;

/// Probability that a two-sided t test at the level `alpha` finds an effect of `noncentrality` standard errors with `df`
/// degrees of freedom; `None` where one of them is out of range.
pub fn power(noncentrality: f64, df: f64, alpha: f64) -> Option<f64> {
    let is_probability = alpha > 0.0 && alpha < 1.0;
    if noncentrality.is_nan() || !is_probability {
        return None;
    }
    let critical = student::quantile(1.0 - alpha / 2.0, df)?;
    let delta = noncentrality.abs().min(LARGEST_NONCENTRALITY);
    let below = distribution(critical, df, delta)?;
    let far_below = distribution(-critical, df, delta)?;
    Some((1.0 - below + far_below).clamp(0.0, 1.0))
}

/// `P(T <= t)` for the noncentral t distribution with `df` degrees of freedom and noncentrality `delta` (up to 37 in
/// absolute value); `None` where the series does not end.
fn distribution(t: f64, df: f64, delta: f64) -> Option<f64> {
    if t < 0.0 {
        return distribution(-t, df, -delta).map(|above| 1.0 - above);
    }
    let below_zero = Normal::standard().sf(delta);
    let x = t * t / (t * t + df);
    if x <= 0.0 {
        return Some(below_zero);
    }
    let lambda = delta * delta;
    let (mut a, b) = (0.5, df / 2.0);
    // Weights of the odd and even terms: Poisson probabilities at half steps.
    let mut odd_weight = 0.5 * (-lambda / 2.0).exp();
    let mut even_weight = (2.0 / std::f64::consts::PI).sqrt() * odd_weight * delta;
    let mut weight_left = 0.5 - odd_weight;
    let tail = (1.0 - x).powf(b);
    let ln_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let (mut odd, mut even) = (beta_reg(a, b, x), 1.0 - tail);
    let mut odd_step = 2.0 * tail * (a * x.ln() - ln_beta).exp();
    let mut even_step = b * x * tail;
    let mut sum = odd_weight * odd + even_weight * even;
    for term in 1..MOST_TERMS {
        a += 1.0;
        odd -= odd_step;
        even -= even_step;
        odd_step *= x * (a + b - 1.0) / a;
        even_step *= x * (a + b - 0.5) / (a + 0.5);
        odd_weight *= lambda / (2 * term) as f64;
        even_weight *= lambda / (2 * term + 1) as f64;
        weight_left -= odd_weight;
        sum += odd_weight * odd + even_weight * even;
        if (2.0 * weight_left * (odd - odd_step)).abs() < SERIES_ERROR {
            return Some((sum + below_zero).clamp(0.0, 1.0));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;
    use proptest::prelude::*;

    #[test]
    fn as_integrated() {
        // P(T <= t) = integral of Phi(t u - delta) times the density of u = sqrt(V / df), by Simpson's rule.
        for (t, df, delta) in [
            (3.0, 3.0, 0.5),
            (2.5, 8.0, 2.0),
            (-1.0, 5.0, 1.0),
            (2.1, 40.0, 4.0),
            (12.0, 4.0, 7.0),
        ] {
            let ln_scale = (df / 2.0_f64).ln() * df / 2.0 + 2.0_f64.ln() - ln_gamma(df / 2.0);
            let integrand = |u: f64| {
                let density = (ln_scale + (df - 1.0) * u.ln() - df * u * u / 2.0).exp();
                Normal::standard().cdf(t * u - delta) * density
            };
            let (steps, width) = (4_000, 6.0 / 4_000.0);
            let weight = |step: i32| {
                if step == steps {
                    1.0
                } else {
                    f64::from(2 + 2 * (step % 2))
                }
            };
            let sum: f64 = (1..=steps)
                .map(|step| weight(step) * integrand(f64::from(step) * width))
                .sum();
            let (expected, found) = (sum * width / 3.0, distribution(t, df, delta).unwrap());
            assert!(
                (found - expected).abs() < 1e-9,
                "{t} {df} {delta}: {found}, expected {expected}"
            );
        }
        // Without noncentrality and with one degree of freedom: Cauchy.
        let cauchy = 0.5 + 3.0_f64.atan() / std::f64::consts::PI;
        assert!((distribution(3.0, 1.0, 0.0).unwrap() - cauchy).abs() < 1e-12);
    }

    #[test]
    fn without_an_effect_power_is_the_level() {
        for df in [1.0, 2.5, 10.0, 300.0] {
            assert!((power(0.0, df, 0.05).unwrap() - 0.05).abs() < 1e-10, "{df}");
        }
        assert_eq!(power(f64::NAN, 3.0, 0.05), None);
        assert_eq!(power(1.0, 0.0, 0.05), None);
        assert_eq!(power(1.0, 3.0, 0.0), None);
    }

    #[test]
    fn with_many_degrees_of_freedom_it_is_the_normal_power() {
        // z(0.975) + z(0.8) standard errors are found with 80 % power.
        let found = power(crate::interval::Z_ALPHA_POWER, 1e6, 0.05).unwrap();
        assert!((found - 0.8).abs() < 1e-4, "{found}");
        assert!(power(1e9, 3.0, 0.05).unwrap() > 0.999);
    }

    #[test]
    fn as_drawn() {
        // T = (Z + delta) / sqrt(V / df) with drawn Z and V.
        let (df, delta, draws) = (4, 2.5, 40_000_u64);
        let stream = Stream::new(5);
        let uniform = |place| (stream.bits(place) as f64 + 0.5) / u64::MAX as f64;
        let normal = |place: u64| {
            (-2.0 * uniform(2 * place).ln()).sqrt()
                * (std::f64::consts::TAU * uniform(2 * place + 1)).cos()
        };
        let critical = student::quantile(0.975, f64::from(df)).unwrap();
        let is_found = |draw: &u64| {
            let first = draw * (1 + df as u64);
            let squares: f64 = (1..=df as u64).map(|i| normal(first + i).powi(2)).sum();
            ((normal(first) + delta) / (squares / f64::from(df)).sqrt()).abs() > critical
        };
        let share = (0..draws).filter(is_found).count() as f64 / draws as f64;
        let expected = power(delta, f64::from(df), 0.05).unwrap();
        // Four standard errors of a share of 40,000.
        assert!(
            (share - expected).abs() < 0.01,
            "{share}, expected {expected}"
        );
    }

    proptest! {
        #[test]
        fn power_rises_with_the_effect(delta in 0.0..20.0_f64, df in 1.0..60.0_f64) {
            let (less, more) = (power(delta, df, 0.05).unwrap(), power(delta + 0.5, df, 0.05).unwrap());
            prop_assert!((0.0..=1.0).contains(&less) && less <= more + 1e-9, "{} {}", less, more);
        }
    }
}
