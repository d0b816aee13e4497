//! What more examples would bring: a power law through the means of several sizes, and how far it may be trusted.
//!
//! `a - b n^-c` with `b >= 0`, least squares for each `c` of a grid. The band is that of resampled seeds within each size,
//! widened: the plain 90 % band covers 75 to 84 % even where the truth is a power law. A forecast may go up to three
//! times the largest size.

use crate::random::Stream;
use crate::text;

/// Fewest sizes for a fit.
pub const LEAST_SIZES: usize = 4;
/// How far beyond the largest size a forecast may go.
pub const FURTHEST: f64 = 3.0;
/// Exponents that are tried.
const EXPONENTS: std::ops::RangeInclusive<u32> = 2..=24;
/// Step between exponents, so that they range from 0.1 to 1.2.
const EXPONENT_STEP: f64 = 0.05;
/// Resamples of the band.
const RESAMPLES: usize = 1_000;
/// Factor by which the band is widened.
const WIDENED: f64 = 1.4;

/// The scores at a size, one for each seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Size {
    /// How many examples.
    pub n: f64,
    /// Score of each seed.
    pub by_seed: Vec<f64>,
}

/// What going from one size to another brings: the fit's gain and its band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gain {
    /// Gain according to the fit.
    pub gain: f64,
    /// Lower end of the band.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// `a - b n^-c`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Curve {
    b: f64,
    c: f64,
}

impl Curve {
    /// The least-squares fit over the grid of exponents.
    fn fit(points: &[(f64, f64)]) -> Option<Self> {
        let mut best: Option<(f64, Self)> = None;
        for c in EXPONENTS.map(|step| f64::from(step) * EXPONENT_STEP) {
            let x: Vec<f64> = points.iter().map(|(n, _)| n.powf(-c)).collect();
            let y: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
            let (mean_x, mean_y) = (text::mean(&x)?, text::mean(&y)?);
            let spread: f64 = x.iter().map(|x| (x - mean_x).powi(2)).sum();
            let together: f64 = x
                .iter()
                .zip(&y)
                .map(|(x, y)| (x - mean_x) * (y - mean_y))
                .sum();
            let b = if spread > 0.0 {
                (-together / spread).max(0.0)
            } else {
                0.0
            };
            let miss = |(x, y): (&f64, &f64)| (y - mean_y + b * (x - mean_x)).powi(2);
            let error: f64 = x.iter().zip(&y).map(miss).sum();
            if best.is_none_or(|(least, _)| error < least) {
                best = Some((error, Self { b, c }));
            }
        }
        best.map(|(_, curve)| curve)
    }

    fn gain(self, from: f64, to: f64) -> f64 {
        self.b * (from.powf(-self.c) - to.powf(-self.c))
    }
}

/// What going from the largest of the sizes to `to` brings; `None` with fewer than [`LEAST_SIZES`] sizes, where a size
/// has no score, and beyond [`FURTHEST`] times the largest.
pub fn forecast(sizes: &[Size], to: f64, seed: u64) -> Option<Gain> {
    let largest = sizes.iter().map(|size| size.n).fold(0.0, f64::max);
    if sizes.len() < LEAST_SIZES || to > FURTHEST * largest {
        return None;
    }
    let points = |mean: &dyn Fn(usize, &Size) -> Option<f64>| -> Option<Vec<(f64, f64)>> {
        let point = |(place, size): (usize, &Size)| Some((size.n, mean(place, size)?));
        sizes.iter().enumerate().map(point).collect()
    };
    let gain = Curve::fit(&points(&|_, size| text::mean(&size.by_seed))?)?.gain(largest, to);
    let stream = Stream::new(seed);
    let mut resampled = Vec::with_capacity(RESAMPLES);
    for sample in 0..RESAMPLES {
        let drawn = points(&|place, size| {
            let seeds = size.by_seed.len();
            let first = ((sample * sizes.len() + place) * seeds) as u64;
            let score = |i: usize| size.by_seed[stream.index(first + i as u64, seeds)];
            text::mean(&(0..seeds).map(score).collect::<Vec<_>>())
        })?;
        resampled.push(Curve::fit(&drawn)?.gain(largest, to));
    }
    Some(Gain {
        gain,
        low: gain - WIDENED * (gain - text::quantile(&resampled, 0.05)?),
        high: gain + WIDENED * (text::quantile(&resampled, 0.95)? - gain),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(score: impl Fn(f64) -> f64, noise: f64) -> Vec<Size> {
        [12.0, 25.0, 50.0, 100.0]
            .into_iter()
            .map(|n| Size {
                n,
                by_seed: [-1.0, 0.5, 0.0, 1.0, -0.5]
                    .iter()
                    .map(|z| score(n) + noise * z)
                    .collect(),
            })
            .collect()
    }

    #[test]
    fn a_power_law_is_found_again() {
        let law = |n: f64| 0.4 - 0.5 * n.powf(-0.6);
        let found = forecast(&sizes(law, 0.0), 200.0, 1).unwrap();
        let truth = law(200.0) - law(100.0);
        assert!((found.gain - truth).abs() < 1e-9, "{found:?}, {truth}");
        assert!((found.high - found.low).abs() < 1e-9);
        let noisy = forecast(&sizes(law, 0.01), 200.0, 1).unwrap();
        assert!(noisy.low <= truth && truth <= noisy.high, "{noisy:?}");
        assert!(noisy.high > noisy.low);
    }

    #[test]
    fn what_falls_gains_nothing_and_far_away_is_not_told() {
        let falling = forecast(&sizes(|n| 0.4 - 0.001 * n, 0.0), 200.0, 1).unwrap();
        assert_eq!(falling.gain, 0.0);
        let law = sizes(|n| 0.4 - n.powf(-0.5), 0.0);
        assert!(forecast(&law, 300.0, 1).is_some());
        assert_eq!(forecast(&law, 301.0, 1), None);
        assert_eq!(forecast(&law[1..], 200.0, 1), None, "three sizes");
    }
}
