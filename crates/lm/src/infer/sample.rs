//! Logits → the next token: the filters of transformers' `generate`, in the order of its
//! `_get_logits_processor`, as pure functions.
//!
//! Repetition penalty (Keskar et al. 2019), temperature, top-k (Fan et al. 2018), top-p (Holtzman et al.
//! 2020), min-p (Nguyen et al. 2024), typical-p (Meister et al. 2023).

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::ops::exp;

/// Settings of the filters; [`Filters::default`] changes nothing, [`Filters::GREEDY`] takes the likeliest token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filters {
    /// Logits of tokens already present are divided by this (multiplied where negative); 1 = off.
    pub repetition_penalty: f64,
    /// Logits are divided by this; 1 = off. 0 is greedy: the likeliest token after the repetition penalty, with no
    /// other filter.
    pub temperature: f64,
    /// Only logits not below the k-th largest are kept; 0 = off.
    pub top_k: usize,
    /// The smallest set of tokens with at least this mass is kept; 1 = off.
    pub top_p: f64,
    /// Tokens below this share of the largest probability are removed; 0 = off.
    pub min_p: f64,
    /// The tokens whose information is nearest to the expected value, with at least this mass, are kept; 1 = off.
    pub typical_p: f64,
}

impl Default for Filters {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            ..Self::GREEDY
        }
    }
}

impl Filters {
    /// Always the likeliest token.
    pub const GREEDY: Self = Self {
        repetition_penalty: 1.0,
        temperature: 0.0,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.0,
        typical_p: 1.0,
    };

    /// Whether the likeliest token is taken.
    pub fn is_greedy(&self) -> bool {
        self.temperature == 0.0
    }

    /// Checks the ranges, which are those of transformers.
    ///
    /// # Errors
    /// [`Error::Setting`] with the field and its range.
    pub fn check(&self) -> Result<()> {
        let finite = |value: f64, low: f64| value.is_finite() && value >= low;
        let wrong = [
            (
                "repetition_penalty",
                finite(self.repetition_penalty, f64::MIN_POSITIVE),
                "must be a positive number; 1 is off",
            ),
            (
                "temperature",
                finite(self.temperature, 0.0),
                "must be 0 (greedy) or a positive number",
            ),
            (
                "top_p",
                self.top_p > 0.0 && self.top_p <= 1.0,
                "must be above 0 and at most 1; 1 is off",
            ),
            (
                "min_p",
                (0.0..=1.0).contains(&self.min_p),
                "must be at least 0 and at most 1; 0 is off",
            ),
            (
                "typical_p",
                self.typical_p > 0.0 && self.typical_p <= 1.0,
                "must be above 0 and at most 1; 1 is off",
            ),
        ];
        match wrong.into_iter().find(|(_, right, _)| !right) {
            Some((name, _, reason)) => Err(Error::Setting {
                name,
                reason: reason.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// Logits of distinct tokens of `history` (prompt and continuation) are divided by `penalty`, or multiplied where
/// they are negative.
pub fn penalise(logits: &mut [f32], history: &[u32], penalty: f64) {
    let mut seen = history.to_vec();
    seen.sort_unstable();
    seen.dedup();
    for token in seen {
        if let Some(logit) = logits.get_mut(token as usize) {
            let penalty = penalty as f32;
            *logit = if *logit < 0.0 {
                *logit * penalty
            } else {
                *logit / penalty
            };
        }
    }
}

/// Applies the filters of sampling to logits in place; removed tokens become minus infinity. [`penalise`] comes
/// before it.
pub fn filter(logits: &mut [f32], filters: &Filters) {
    if filters.temperature != 1.0 && !filters.is_greedy() {
        let temperature = filters.temperature as f32;
        logits.iter_mut().for_each(|l| *l /= temperature);
    }
    if filters.top_k > 0 && filters.top_k < logits.len() {
        let mut sorted = logits.to_vec();
        let (_, threshold, _) =
            sorted.select_nth_unstable_by(filters.top_k - 1, |a, b| b.total_cmp(a));
        let threshold = *threshold;
        logits
            .iter_mut()
            .filter(|l| **l < threshold)
            .for_each(|l| *l = f32::NEG_INFINITY);
    }
    if filters.top_p < 1.0 {
        keep_mass(logits, filters.top_p);
    }
    if filters.min_p > 0.0 {
        // p < min_p * max(p)  ⇔  logit < max + ln(min_p)
        let threshold = f64::from(max(logits)) + filters.min_p.ln();
        logits
            .iter_mut()
            .filter(|l| f64::from(**l) < threshold)
            .for_each(|l| *l = f32::NEG_INFINITY);
    }
    if filters.typical_p < 1.0 {
        keep_typical(logits, filters.typical_p);
    }
}

/// Softmax; minus infinity becomes exactly 0.
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let max = max(logits);
    let mut probs: Vec<f32> = logits.iter().map(|l| exp(l - max)).collect();
    let sum = sum(&probs);
    probs
        .iter_mut()
        .for_each(|p| *p = (f64::from(*p) / sum) as f32);
    probs
}

/// The token at `u` in `[0, 1)` of the cumulative probabilities.
pub fn draw(probs: &[f32], u: f64) -> usize {
    let total = sum(probs);
    let mut mass = 0.0;
    let mut last = 0;
    for (token, p) in probs.iter().enumerate().filter(|(_, p)| **p > 0.0) {
        mass += f64::from(*p);
        last = token;
        if mass > u * total {
            break;
        }
    }
    last
}

/// The token at `u` in `[0, 1)` of the cumulative probabilities of filtered logits.
pub fn draw_filtered(logits: &[f32], u: f64) -> usize {
    let (tokens, left): (Vec<usize>, Vec<f32>) = logits
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, logit)| *logit > f32::NEG_INFINITY)
        .unzip();
    tokens.get(draw(&softmax(&left), u)).copied().unwrap_or(0)
}

/// The largest logit's token, the first of equals.
pub fn argmax(logits: &[f32]) -> usize {
    let best = logits
        .iter()
        .enumerate()
        .fold((0, f32::NEG_INFINITY), |best, (token, logit)| {
            if *logit > best.1 {
                (token, *logit)
            } else {
                best
            }
        });
    best.0
}

/// The largest value, by eight running maxima, which the compiler turns into vector instructions.
fn max(values: &[f32]) -> f32 {
    let (lanes, remainder) = values.as_chunks::<8>();
    let mut most = [f32::NEG_INFINITY; 8];
    for values in lanes {
        for (most, value) in most.iter_mut().zip(values) {
            *most = if value > most { *value } else { *most };
        }
    }
    most.iter()
        .chain(remainder)
        .copied()
        .fold(f32::NEG_INFINITY, f32::max)
}

/// The sum of the values, by eight running sums.
fn sum(values: &[f32]) -> f64 {
    let (lanes, remainder) = values.as_chunks::<8>();
    let mut sums = [0f64; 8];
    for values in lanes {
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += f64::from(*value);
        }
    }
    sums.iter().sum::<f64>() + remainder.iter().map(|value| f64::from(*value)).sum::<f64>()
}

/// Top-p: from the largest down, a token stays while the mass before it is below `top_p`.
fn keep_mass(logits: &mut [f32], top_p: f64) {
    let max = max(logits);
    let weights: Vec<f32> = logits.iter().map(|logit| exp(logit - max)).collect();
    let total = sum(&weights);
    // Tokens below this hold less than 1 - top_p together, so none of them is kept (a margin of a thousandth allows for
    // rounding).
    let least = (0.999 * (1.0 - top_p) * total / weights.len() as f64) as f32;
    let mut order: Vec<u32> = weights
        .iter()
        .zip(0..)
        .filter(|(weight, _)| **weight >= least)
        .map(|(_, token)| token)
        .collect();
    let descending = |a: &u32, b: &u32| -> Ordering {
        logits[*b as usize]
            .total_cmp(&logits[*a as usize])
            .then(a.cmp(b))
    };
    // Nearly always a few tokens hold the mass: sort only as many as are needed.
    let mut sorted = 0;
    let mut before = 0.0;
    let mut kept = 0;
    while kept == sorted && sorted < order.len() {
        let next = (sorted * 8).max(64).min(order.len());
        let unsorted = &mut order[sorted..];
        if next - sorted < unsorted.len() {
            unsorted.select_nth_unstable_by(next - sorted - 1, descending);
        }
        unsorted[..next - sorted].sort_unstable_by(descending);
        for token in &unsorted[..next - sorted] {
            if kept > 0 && before >= top_p * total {
                break;
            }
            before += f64::from(weights[*token as usize]);
            kept += 1;
        }
        sorted = next;
    }
    let staying: Vec<(usize, f32)> = order[..kept]
        .iter()
        .map(|token| (*token as usize, logits[*token as usize]))
        .collect();
    logits.fill(f32::NEG_INFINITY);
    for (token, logit) in staying {
        logits[token] = logit;
    }
}

/// Typical-p: from the smallest |−log p − entropy| up, a token stays while the mass before it is below `mass`;
/// tokens as near as the last one stay too.
fn keep_typical(logits: &mut [f32], mass: f64) {
    let max = f64::from(max(logits));
    let log_total = logits
        .iter()
        .map(|l| (f64::from(*l) - max).exp())
        .sum::<f64>()
        .ln();
    let logp = |logit: f32| f64::from(logit) - max - log_total;
    let finite = || logits.iter().filter(|l| l.is_finite()).map(|l| logp(*l));
    let entropy: f64 = finite().map(|logp| -logp * logp.exp()).sum();
    let distance = |logp: f64| (-logp - entropy).abs();
    let mut order: Vec<(f64, f64)> = finite().map(|logp| (distance(logp), logp.exp())).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut before = 0.0;
    let reached = order.iter().find(|(_, p)| {
        before += p;
        before >= mass
    });
    let farthest = reached
        .or(order.last())
        .map_or(0.0, |(distance, _)| *distance);
    logits
        .iter_mut()
        .filter(|l| distance(logp(**l)) > farthest)
        .for_each(|l| *l = f32::NEG_INFINITY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn top_p_sorts_no_more_than_it_must_and_keeps_the_right_tokens() {
        // 1000 equal tokens: half of the mass is 500 of them, far more than are sorted at first.
        let mut logits = vec![0.5f32; 1000];
        filter(
            &mut logits,
            &Filters {
                top_p: 0.5,
                ..Filters::default()
            },
        );
        assert_eq!(logits.iter().filter(|l| l.is_finite()).count(), 500);
        let mut logits = vec![3.0, 1.0, 2.0];
        filter(
            &mut logits,
            &Filters {
                top_p: 0.0,
                ..Filters::default()
            },
        );
        assert_eq!(argmax(&logits), 0);
        assert_eq!(logits.iter().filter(|l| l.is_finite()).count(), 1);
    }

    #[test]
    fn draws_follow_the_distribution_and_never_a_removed_token() {
        let probs = [0.2, 0.0, 0.5, 0.3];
        let mut counts = [0; 4];
        for i in 0..10_000 {
            counts[draw(&probs, crate::random::uniform(1, i))] += 1;
        }
        assert_eq!(counts[1], 0);
        for (count, p) in counts.iter().zip(probs) {
            assert!((*count as f32 / 10_000.0 - p).abs() < 0.02, "{counts:?}");
        }
        assert_eq!(draw(&probs, 0.0), 0);
        assert_eq!(draw(&[0.0, 1.0, 0.0], 0.999_999_999), 1);
    }

    #[test]
    fn the_first_of_equal_logits_wins() {
        assert_eq!(argmax(&[1.0, 5.0, 5.0]), 1);
    }
}
