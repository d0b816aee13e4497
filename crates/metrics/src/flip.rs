//! The exact paired randomisation test: one flip of the two labels for each dialogue, every assignment counted.
//!
//! R. A. Fisher, "The design of experiments" (1935), section 21; M. Pagano and D. Tritchler, "On obtaining permutation
//! distributions in polynomial time" (1983) for the convolution. Under "no difference", each dialogue's difference
//! could just as well have the other sign. Means of integer scores over a few raters are on a lattice `1/L`, so the
//! distribution of the sum over all `2^n` assignments is built up dialogue by dialogue: `P(|sum of +-D| >= |observed
//! sum|)` is exact at every n, without draws or a seed.
//!
//! One flip serves all raters of a dialogue. A flip for each rating would treat ratings as independent, and finds a
//! difference where there is no true one in an eighth of studies.

use crate::significance;

/// The finest lattice that is tried: the least common multiple of 1 to 10.
const FINEST: u32 = 2_520;

/// How far from the lattice a difference may be by rounding.
const ROUNDING: f64 = 1e-9;

/// The most additions of a convolution; beyond that, signs are drawn.
const MOST_ADDITIONS: u64 = 400_000_000;

/// Number of sign assignments that are drawn where differences fit no lattice.
pub const DRAWS: usize = 100_000;

/// An exact p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exact {
    /// Share of the `2^n` assignments of signs whose sum is at least as far from 0 as the observed one.
    pub p_two_sided: f64,
    /// All differences are multiples of `1 / lattice`.
    pub lattice: u32,
}

/// The two-sided p-value of one difference for each dialogue, over all assignments of signs; `None` without
/// differences, or where they fit no lattice (or one so fine that counting takes too long).
pub fn exact(differences: &[f64]) -> Option<Exact> {
    if differences.is_empty() {
        return None;
    }
    let lattice = (1..=FINEST).find(|lattice| differences.iter().all(|d| lies_on(*d, *lattice)))?;
    let steps: Vec<i64> = differences
        .iter()
        .map(|d| (d * f64::from(lattice)).round() as i64)
        .filter(|step| *step != 0)
        .collect();
    let total: u64 = steps.iter().map(|step| step.unsigned_abs()).sum();
    if total.saturating_mul(steps.len() as u64) > MOST_ADDITIONS {
        return None;
    }
    Some(Exact {
        p_two_sided: tail(&steps, total),
        lattice,
    })
}

fn lies_on(difference: f64, lattice: u32) -> bool {
    let scaled = difference * f64::from(lattice);
    (scaled - scaled.round()).abs() <= ROUNDING * f64::from(lattice)
}

/// With F the sum of the sizes that are flipped to minus, the sum of all is `total - 2 F`: the distribution of F takes
/// one convolution per dialogue, in which each sign has probability one half.
fn tail(steps: &[i64], total: u64) -> f64 {
    let observed = steps.iter().sum::<i64>().unsigned_abs();
    let mut flipped = vec![0.0; total as usize + 1];
    flipped[0] = 1.0;
    let mut reached = 0;
    for step in steps.iter().map(|step| step.unsigned_abs() as usize) {
        reached += step;
        for sum in (0..=reached).rev() {
            let moved = sum.checked_sub(step).map_or(0.0, |before| flipped[before]);
            flipped[sum] = 0.5 * (flipped[sum] + moved);
        }
    }
    let far = |sum: usize| total.abs_diff(2 * sum as u64) >= observed;
    let share: f64 = flipped
        .iter()
        .enumerate()
        .filter(|(sum, _)| far(*sum))
        .map(|(_, share)| share)
        .sum();
    share.min(1.0)
}

/// The exact p-value if there is one, otherwise that of [`DRAWS`] drawn assignments; `None` without differences.
pub fn p_two_sided(differences: &[f64], seed: u64) -> Option<f64> {
    if let Some(exact) = exact(differences) {
        return Some(exact.p_two_sided);
    }
    Some(significance::paired_randomisation(differences, DRAWS, seed)?.p_two_sided)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_signs_by_hand() {
        // Of the eight assignments of signs to 1, 2, 3 only +++ and --- reach 6.
        let found = exact(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((found.p_two_sided, found.lattice), (0.25, 1));
        // A zero changes nothing.
        assert_eq!(exact(&[1.0, 2.0, 3.0, 0.0]).unwrap().p_two_sided, 0.25);
        assert_eq!(exact(&[0.0, 0.0]).unwrap().p_two_sided, 1.0);
        assert_eq!(exact(&[]), None);
    }

    #[test]
    fn thirds_lie_on_a_lattice_and_roots_on_none() {
        let found = exact(&[1.0 / 3.0, -2.0 / 3.0, 1.0]).unwrap();
        assert_eq!(found.lattice, 3);
        assert_eq!(exact(&[2.0_f64.sqrt(), 1.0]), None);
        // Two differences with one sign: half of all assignments are as far from 0.
        assert!((p_two_sided(&[2.0_f64.sqrt(), 1.0], 3).unwrap() - 0.5).abs() < 0.01);
    }

    #[test]
    fn two_hundred_dialogues_are_counted() {
        // 200 differences of 1 with 124 positive: twice the binomial tail.
        let differences: Vec<f64> = (0..200).map(|i| if i < 124 { 1.0 } else { -1.0 }).collect();
        let found = exact(&differences).unwrap().p_two_sided;
        assert!((found - significance::sign_test(124, 76)).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn enumeration_agrees(halves in prop::collection::vec(-9_i8..10, 1..12)) {
            let differences: Vec<f64> = halves.iter().map(|half| f64::from(*half) / 2.0).collect();
            let observed: f64 = differences.iter().sum::<f64>().abs();
            let n = differences.len();
            let sum = |bits: usize| -> f64 {
                differences.iter().enumerate().map(|(i, d)| if bits >> i & 1 == 1 { -d } else { *d }).sum()
            };
            let far = (0..1_usize << n).filter(|bits| sum(*bits).abs() >= observed - 1e-9).count();
            let expected = far as f64 / (1_usize << n) as f64;
            prop_assert!((exact(&differences).unwrap().p_two_sided - expected).abs() < 1e-12);
        }
    }
}
