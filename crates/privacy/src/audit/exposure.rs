//! How far a value of the training text is remembered: its place among others of its shape, which the model
//! should find as likely (Carlini et al., "The Secret Sharer", USENIX Security 2019).

use serde::{Deserialize, Serialize};

/// What a model gave for a value in its training text and for others of the same shape.
#[derive(Clone, Debug, Deserialize)]
pub struct Canary {
    /// Negative log-probability of the value, in nats.
    pub nats: f64,
    /// Those of the others.
    pub alternatives: Vec<f64>,
}

/// The place of one value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Exposure {
    /// 1 if no other is more likely; others that are as likely count half.
    pub rank: f64,
    /// log2 of the number of all values, less log2 of the rank.
    pub exposure_bits: f64,
}

/// The places of all values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exposures {
    /// In the order in which the values were given.
    pub canaries: Vec<Exposure>,
    /// `None` without a value.
    pub mean_bits: Option<f64>,
    /// What the mean would be if nothing was remembered; `None` without a value.
    pub null_mean_bits: Option<f64>,
    /// How likely a mean as large is if nothing was remembered; `None` without a value.
    pub p: Option<f64>,
}

/// The place of a value among the others: with `m` of them, rank `1 + #{less} + #{equal} / 2` and
/// `log2(m + 1) - log2(rank)` bits.
pub fn exposure(canary: &Canary) -> Exposure {
    let others = &canary.alternatives;
    let less = others.iter().filter(|nats| **nats < canary.nats).count();
    let equal = others.iter().filter(|nats| **nats == canary.nats).count();
    let rank = 1.0 + less as f64 + 0.5 * equal as f64;
    Exposure {
        rank,
        exposure_bits: ((others.len() + 1) as f64).log2() - rank.log2(),
    }
}

/// The places of all values, and how likely they are by chance.
///
/// A value that is not remembered has every rank with the same probability, so its exposure times ln 2 follows, up to 1/m, the
/// exponential distribution; the sum of n of them is Gamma(n, 1), whose upper tail is `p`.
pub fn exposures(canaries: &[Canary]) -> Exposures {
    let places: Vec<Exposure> = canaries.iter().map(exposure).collect();
    let count = places.len() as f64;
    let sum_bits: f64 = places.iter().map(|place| place.exposure_bits).sum();
    let null_bits: f64 = canaries
        .iter()
        .map(|known| null_mean(known.alternatives.len()))
        .sum();
    let of_some = |value: f64| (!places.is_empty()).then_some(value);
    Exposures {
        mean_bits: of_some(sum_bits / count),
        null_mean_bits: of_some(null_bits / count),
        p: of_some(gamma_tail(places.len(), sum_bits * std::f64::consts::LN_2)),
        canaries: places,
    }
}

/// The mean exposure in bits where each of the `others + 1` ranks is equally likely.
fn null_mean(others: usize) -> f64 {
    let ranks_count = (others + 1) as f64;
    let ranks = (1..=others + 1).map(|rank| (rank as f64).log2());
    ranks_count.log2() - ranks.sum::<f64>() / ranks_count
}

/// P(X ≥ x) of a Gamma(n, 1): e^-x times the sum of x^k / k! for k below n.
fn gamma_tail(n: usize, x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 0.0;
    for k in 0..n {
        if k > 0 {
            term *= x / k as f64;
        }
        sum += term;
    }
    (-x).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_likely_of_1024_has_ten_bits() {
        let canary = Canary {
            nats: 1.0,
            alternatives: (0..1023).map(|n| 2.0 + f64::from(n)).collect(),
        };
        let place = exposure(&canary);
        assert_eq!((place.rank, place.exposure_bits), (1.0, 10.0));
        let tied = Canary {
            nats: 1.0,
            alternatives: vec![1.0, 0.5, 2.0],
        };
        assert_eq!(exposure(&tied).rank, 2.5);
    }

    #[test]
    fn nothing_planted_says_nothing() {
        let none = exposures(&[]);
        assert_eq!((none.mean_bits, none.p), (None, None));
    }

    #[test]
    fn one_value_is_exponential() {
        assert!((gamma_tail(1, 2.0) - (-2.0_f64).exp()).abs() < 1e-15);
        assert_eq!(gamma_tail(3, 0.0), 1.0);
    }
}
