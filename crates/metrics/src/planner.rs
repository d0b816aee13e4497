//! Says, before anybody rates, what a comparison of two systems can show, from how much dialogues and raters differ.
//!
//! Components of the *difference* of two systems on one criterion: `a2` between dialogues, `b2` between raters (their
//! taste), `e2` the rest. The first `shared` dialogues are rated by all k raters, dialogue `i >= shared` by rater
//! `(i - shared) mod k`; `m_i` raters rate dialogue i. With `h` the mean of `1 / m_i` and `W_r` the sum of `1 / (n m_i)`
//! over rater r's dialogues:
//!
//! - `se = sqrt((a2 + e2 h) / n)` for these raters, `sqrt(se^2 + b2 sum W_r^2)` for others like them;
//! - `detectable = (t(1 - alpha / 2m, n - 1) + t(power, n - 1)) se` with m comparisons;
//! - the power at a true difference d is `T_{n-1}(d / se - t(1 - alpha / 2m, n - 1))`.
//!
//! J. Cohen, "Statistical power analysis" (1988), with the central t in place of the noncentral one (within 0.026 of
//! its power); more dialogues are better than more raters for
//! each, as in J. Steen and K. Markert, "How to evaluate a summarizer" (EACL
//! 2021).

use crate::interval::Z_95;
use crate::student;

/// Fewest dialogues that can show anything: `2^(1 - n) <= 0.05` first holds at six.
pub const FEWEST: usize = 6;

/// The most dialogues that are tried when searching for enough.
const MOST: usize = 1_000_000;

/// Variance of the difference of two systems, in its parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Components {
    /// Dialogue-by-system component.
    pub a2: f64,
    /// Rater-by-system component: the raters' taste.
    pub b2: f64,
    /// Residual component.
    pub e2: f64,
}

/// Who rates what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Design {
    /// Number of dialogues.
    pub dialogues: usize,
    /// Number of raters.
    pub raters: usize,
    /// Dialogues that all raters rate.
    pub shared: usize,
}

/// What a comparison is meant to show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// Comparisons that are tested together.
    pub comparisons: usize,
    /// Accepted chance of one false finding among them.
    pub alpha: f64,
    /// How often a true difference is to be found.
    pub power: f64,
    /// The difference that matters.
    pub delta: f64,
}

/// What a design can show.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Mean over dialogues of 1 divided by the number of raters.
    pub h: f64,
    /// Sum over raters of their squared weights.
    pub w2: f64,
    /// Number of dialogues of each rater.
    pub load: Vec<usize>,
    /// Standard error for these raters.
    pub se: f64,
    /// Standard error for other raters like these.
    pub se_other_raters: f64,
    /// Half the width of the 95 % interval.
    pub half_width: f64,
    /// The true difference that is found with the power asked for.
    pub detectable: f64,
    /// How far these raters' taste can shift the difference in 95 of 100 studies.
    pub taste_95: f64,
    /// How often a true difference of `delta` is found.
    pub power_at_delta: f64,
}

impl Design {
    /// Number of raters of each dialogue, in order.
    fn raters_by_dialogue(self) -> Vec<usize> {
        let common = self.shared.min(self.dialogues);
        let mut raters = vec![self.raters; common];
        raters.resize(self.dialogues, 1);
        raters
    }

    /// Number of dialogues of each rater, shared and single ones together.
    pub fn load(self) -> Vec<usize> {
        let common = self.shared.min(self.dialogues);
        let singles = self.dialogues - common;
        (0..self.raters)
            .map(|rater| {
                common + singles / self.raters + usize::from(rater < singles % self.raters)
            })
            .collect()
    }

    /// Mean over dialogues of 1 divided by the number of raters; `None` without dialogues or raters.
    pub fn h(self) -> Option<f64> {
        let raters = self.raters_by_dialogue();
        let inverse = raters.iter().map(|m| 1.0 / *m as f64).sum::<f64>();
        (self.dialogues > 0 && self.raters > 0).then(|| inverse / self.dialogues as f64)
    }

    /// Weight of each rater in a mean over dialogues.
    fn weights(self) -> Vec<f64> {
        let common = self.shared.min(self.dialogues);
        let n = self.dialogues as f64;
        let shared = common as f64 / (n * self.raters as f64);
        let singles = self
            .load()
            .into_iter()
            .map(|load| (load - common) as f64 / n);
        singles.map(|single| shared + single).collect()
    }
}

impl Question {
    /// The quantile that a t value must pass to count as found, and that of the power.
    fn quantiles(self, n: usize) -> Option<(f64, f64)> {
        let df = n.checked_sub(1)? as f64;
        let level = 1.0 - self.alpha / (2.0 * self.comparisons as f64);
        Some((
            student::quantile(level, df)?,
            student::quantile(self.power, df)?,
        ))
    }

    /// The smallest number of dialogues, [`FEWEST`] or more, at which a difference of `delta` is found with the power
    /// asked for, if one dialogue's difference has the standard deviation `sd`; `None` beyond a million.
    pub fn dialogues_needed(self, sd: f64) -> Option<usize> {
        let is_enough = |n: usize| {
            self.quantiles(n).is_some_and(|(level, power)| {
                (level + power) * sd / (n as f64).sqrt() <= self.delta
            })
        };
        // The detectable difference falls with n, so the answer is between the last power of two and the next.
        let mut high = FEWEST;
        while !is_enough(high) {
            high *= 2;
            if high > MOST {
                return None;
            }
        }
        let (mut low, mut high) = ((high / 2).max(FEWEST), high);
        while low < high {
            let middle = low.midpoint(high);
            if is_enough(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(high)
    }
}

/// What a design can show; `None` with fewer than two dialogues, without raters, or for a question without comparisons.
pub fn outlook(components: Components, design: Design, question: Question) -> Option<Outlook> {
    let Components { a2, b2, e2 } = components;
    let n = design.dialogues as f64;
    let h = design.h()?;
    let w2 = design.weights().iter().map(|weight| weight * weight).sum();
    let se = ((a2 + e2 * h) / n).sqrt();
    let (level, power) = question.quantiles(design.dialogues)?;
    Some(Outlook {
        h,
        w2,
        load: design.load(),
        se,
        se_other_raters: (se * se + b2 * w2).sqrt(),
        half_width: student::quantile(0.975, n - 1.0)? * se,
        detectable: (level + power) * se,
        taste_95: Z_95 * (b2 * w2).sqrt(),
        power_at_delta: student::cdf(question.delta / se - level, n - 1.0)?,
    })
}

/// Standard deviation of one dialogue's difference under a design with this `h`.
pub fn deviation(components: Components, h: f64) -> f64 {
    (components.a2 + components.e2 * h).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAITHFULNESS: Components = Components {
        a2: 0.6,
        b2: 0.1,
        e2: 0.9,
    };
    const ONE: Question = Question {
        comparisons: 1,
        alpha: 0.05,
        power: 0.8,
        delta: 0.3,
    };

    #[test]
    fn the_default_of_three_raters() {
        // 20 of 80 dialogues are shared: 40 for each rater, and a difference of .37 points of faithfulness can be
        // found.
        let design = Design {
            dialogues: 80,
            raters: 3,
            shared: 20,
        };
        let found = outlook(FAITHFULNESS, design, ONE).unwrap();
        assert_eq!(found.load, [40, 40, 40]);
        assert!((found.detectable - 0.37).abs() < 0.005, "{found:?}");
    }

    #[test]
    fn loads_differ_by_one_at_most_and_weights_sum_to_one() {
        for (dialogues, raters, shared) in [(23, 4, 9), (7, 3, 0), (5, 2, 9), (12, 1, 12)] {
            let design = Design {
                dialogues,
                raters,
                shared,
            };
            let load = design.load();
            assert!(load.iter().max().unwrap() - load.iter().min().unwrap() <= 1);
            assert!((design.weights().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn enough_is_the_first_that_is_enough() {
        for sd in [0.0, 0.4, 1.0, 1.7, 6.0] {
            let n = ONE.dialogues_needed(sd).unwrap();
            let (level, power) = ONE.quantiles(n).unwrap();
            assert!((level + power) * sd / (n as f64).sqrt() <= 0.3);
            if n > FEWEST {
                let (level, power) = ONE.quantiles(n - 1).unwrap();
                assert!((level + power) * sd / (n as f64 - 1.0).sqrt() > 0.3);
            }
        }
        assert_eq!(ONE.dialogues_needed(0.0), Some(FEWEST));
        assert_eq!(ONE.dialogues_needed(1e9), None);
    }

    #[test]
    fn nothing_shows_nothing() {
        for (dialogues, raters) in [(0, 2), (1, 2), (8, 0)] {
            let design = Design {
                dialogues,
                raters,
                shared: 0,
            };
            assert_eq!(outlook(FAITHFULNESS, design, ONE), None);
        }
    }
}
