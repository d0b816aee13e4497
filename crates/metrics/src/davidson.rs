//! Strengths of systems from pairwise choices: the Bradley–Terry model, with Davidson's treatment of ties.
//!
//! R. A. Bradley and M. E. Terry (1952); R. R. Davidson, "On extending the Bradley-Terry model to accommodate ties"
//! (1970): with `x_i = exp(theta_i)`, `N = x_i + x_j + nu sqrt(x_i x_j)`, `P(i beats j) = x_i / N`,
//! `P(tie) = nu sqrt(x_i x_j) / N`, and the thetas summing to 0. Without a tie in the counts nu is 0.
//!
//! The likelihood is that of a log-linear model in `(theta, eta = ln nu)`, concave, so Newton's method finds its maximum
//! from anywhere. The maximum is finite only if the graph "i won against j at least once" is strongly connected (L. R.
//! Ford, 1957). Ties do not count for that: between two systems with ties and no loss, nu takes up the slack.

use crate::interval;
use crate::student::Ends;

/// How often each of a set of systems won against each other system, and how often they tied.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    systems: usize,
    wins: Vec<f64>,
    ties: Vec<f64>,
}

impl Counts {
    /// Counts without any choice yet.
    pub fn new(systems: usize) -> Self {
        Self {
            systems,
            wins: vec![0.0; systems * systems],
            ties: vec![0.0; systems * systems],
        }
    }

    /// Adds choices of `winner` over `loser`.
    pub fn add_wins(&mut self, winner: usize, loser: usize, times: f64) {
        self.wins[winner * self.systems + loser] += times;
    }

    /// Adds ties; the order of the two does not matter.
    pub fn add_ties(&mut self, a: usize, b: usize, times: f64) {
        self.ties[a * self.systems + b] += times;
        self.ties[b * self.systems + a] += times;
    }

    /// How often `a` won against `b`.
    pub fn wins(&self, a: usize, b: usize) -> f64 {
        self.wins[a * self.systems + b]
    }

    /// How often `a` and `b` tied.
    pub fn ties(&self, a: usize, b: usize) -> f64 {
        self.ties[a * self.systems + b]
    }

    /// The counts of these systems alone, in this order.
    pub fn among(&self, systems: &[usize]) -> Self {
        let mut among = Self::new(systems.len());
        for (i, a) in systems.iter().enumerate() {
            for (j, b) in systems.iter().enumerate() {
                among.add_wins(i, j, self.wins(*a, *b));
                if i < j {
                    among.add_ties(i, j, self.ties(*a, *b));
                }
            }
        }
        among
    }

    /// Adds other counts of the same systems.
    pub fn add(&mut self, others: &Self) {
        let sum = |sums: &mut Vec<f64>, added: &[f64]| {
            sums.iter_mut()
                .zip(added)
                .for_each(|(sum, added)| *sum += added);
        };
        sum(&mut self.wins, &others.wins);
        sum(&mut self.ties, &others.ties);
    }

    /// Whether every system can be reached from every other by following wins.
    fn is_strongly_connected(&self) -> bool {
        let n = self.systems;
        let mut reached: Vec<bool> = self.wins.iter().map(|wins| *wins > 0.0).collect();
        for via in 0..n {
            for from in 0..n {
                for to in 0..n {
                    reached[from * n + to] |= reached[from * n + via] && reached[via * n + to];
                }
            }
        }
        let pairs = (0..n).flat_map(|a| (0..n).map(move |b| (a, b)));
        n > 0
            && pairs
                .filter(|(a, b)| a != b)
                .all(|(a, b)| reached[a * n + b])
    }

    fn has_ties(&self) -> bool {
        self.ties.iter().any(|ties| *ties > 0.0)
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let n = self.systems;
        (0..n).flat_map(move |a| (a + 1..n).map(move |b| (a, b)))
    }
}

/// The chances of one system against another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chances {
    /// Chance of winning.
    pub win: f64,
    /// Chance of a tie.
    pub tie: f64,
    /// Chance of losing.
    pub loss: f64,
}

/// The strengths of maximum likelihood. Standard errors treat choices as independent; for human choices, show the
/// interval of [`bootstrap`].
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Strength of each system; they sum to 0.
    pub theta: Vec<f64>,
    /// Standard error of each: square root of the diagonal of the information's pseudo-inverse.
    pub se: Vec<f64>,
    /// Propensity to tie; 0 where nothing tied.
    pub nu: f64,
    /// Standard error of `ln nu`; `None` where nothing tied.
    pub eta_se: Option<f64>,
    /// The maximum of the log-likelihood.
    pub log_likelihood: f64,
    covariance: Vec<f64>,
}

impl Fit {
    /// `theta_a - theta_b`.
    pub fn difference(&self, a: usize, b: usize) -> f64 {
        self.theta[a] - self.theta[b]
    }

    /// Standard error of [`Fit::difference`].
    pub fn difference_se(&self, a: usize, b: usize) -> f64 {
        let size = self.theta.len() + usize::from(self.eta_se.is_some());
        let entry = |i: usize, j: usize| self.covariance[i * size + j];
        (entry(a, a) + entry(b, b) - entry(a, b) - entry(b, a))
            .max(0.0)
            .sqrt()
    }

    /// Chances of `a` against `b` under the model.
    pub fn chances(&self, a: usize, b: usize) -> Chances {
        let (x, y) = (self.theta[a].exp(), self.theta[b].exp());
        let tie = self.nu * (x * y).sqrt();
        let total = x + y + tie;
        Chances {
            win: x / total,
            tie: tie / total,
            loss: y / total,
        }
    }
}

/// The most steps of the search; Newton's method on a concave function needs a dozen steps.
const MOST_STEPS: usize = 200;

/// Maximum likelihood; `None` where the maximum is not finite, or for fewer than two systems.
pub fn fit(counts: &Counts) -> Option<Fit> {
    let systems = counts.systems;
    if systems < 2 || !counts.is_strongly_connected() {
        return None;
    }
    let size = systems + usize::from(counts.has_ties());
    let mut point = vec![0.0; size];
    let mut here = Slope::at(counts, &point);
    for _ in 0..MOST_STEPS {
        let step = solve(&here.anchored(systems), &here.gradient)?;
        let steepness = step.iter().map(|x| x.abs()).fold(0.0, f64::max);
        let mut scale = 1.0;
        // Takes half a step where a full one overshoots; rounding near the maximum must not stop the search.
        let next = loop {
            let moved: Vec<f64> = point
                .iter()
                .zip(&step)
                .map(|(x, s)| x + scale * s)
                .collect();
            let there = Slope::at(counts, &moved);
            let tolerance = 1e-12 * here.log_likelihood.abs();
            if there.log_likelihood >= here.log_likelihood - tolerance || scale < 1e-9 {
                break (moved, there);
            }
            scale /= 2.0;
        };
        (point, here) = next;
        if steepness < 1e-13 {
            break;
        }
    }
    let inverse = inverse(&here.anchored(systems))?;
    let mut covariance = inverse;
    for i in 0..systems {
        for j in 0..systems {
            covariance[i * size + j] -= 1.0 / systems as f64;
        }
    }
    let se = |i: usize| covariance[i * size + i].max(0.0).sqrt();
    let mean = point[..systems].iter().sum::<f64>() / systems as f64;
    let eta = point.get(systems);
    Some(Fit {
        theta: point[..systems].iter().map(|theta| theta - mean).collect(),
        se: (0..systems).map(se).collect(),
        nu: eta.map_or(0.0, |eta| eta.exp()),
        eta_se: eta.map(|_| se(systems)),
        log_likelihood: here.log_likelihood,
        covariance,
    })
}

/// The log-likelihood at a point, its gradient, and the information (its negative second derivative).
struct Slope {
    log_likelihood: f64,
    gradient: Vec<f64>,
    information: Vec<f64>,
}

/// An outcome of a choice: how often it was seen, its log-weight, and its vector as places with values.
type Outcome = (f64, f64, Vec<(usize, f64)>);

impl Slope {
    /// A choice between a and b is a draw of one of three vectors: `e_a`, `e_b`, or `(e_a + e_b) / 2 + e_eta` for a tie.
    /// The gradient is what was observed minus what is expected, the information the covariance of the draws.
    fn at(counts: &Counts, point: &[f64]) -> Self {
        let (size, systems) = (point.len(), counts.systems);
        let mut found = Self {
            log_likelihood: 0.0,
            gradient: vec![0.0; size],
            information: vec![0.0; size * size],
        };
        for (a, b) in counts.pairs() {
            let half = (point[a] + point[b]) / 2.0;
            let mut outcomes = vec![
                (counts.wins(a, b), point[a], vec![(a, 1.0)]),
                (counts.wins(b, a), point[b], vec![(b, 1.0)]),
            ];
            if let Some(eta) = point.get(systems) {
                let vector = vec![(a, 0.5), (b, 0.5), (systems, 1.0)];
                outcomes.push((counts.ties(a, b), eta + half, vector));
            }
            let total: f64 = outcomes.iter().map(|(count, ..)| count).sum();
            if total > 0.0 {
                found.add(&outcomes, total);
            }
        }
        found
    }

    fn add(&mut self, outcomes: &[Outcome], total: f64) {
        let size = self.gradient.len();
        let most = outcomes
            .iter()
            .map(|(_, log, _)| *log)
            .fold(f64::MIN, f64::max);
        let norm = outcomes
            .iter()
            .map(|(_, log, _)| (log - most).exp())
            .sum::<f64>();
        let log_norm = most + norm.ln();
        let mut mean = vec![0.0; size];
        for (count, log, vector) in outcomes {
            let chance = (log - log_norm).exp();
            self.log_likelihood += count * (log - log_norm);
            for (i, x) in vector {
                mean[*i] += chance * x;
                self.gradient[*i] += (count - total * chance) * x;
                for (j, y) in vector {
                    self.information[i * size + j] += total * chance * x * y;
                }
            }
        }
        for i in 0..size {
            for j in 0..size {
                self.information[i * size + j] -= total * mean[i] * mean[j];
            }
        }
    }

    /// The information, which is 0 in the direction in which all thetas move alike, with 1/S added there: the inverse
    /// of this, minus the same 1/S, is the pseudo-inverse.
    fn anchored(&self, systems: usize) -> Vec<f64> {
        let size = self.gradient.len();
        let mut anchored = self.information.clone();
        for i in 0..systems {
            for j in 0..systems {
                anchored[i * size + j] += 1.0 / systems as f64;
            }
        }
        anchored
    }
}

/// The solution of `matrix x = right` by elimination with pivots; `None` where the matrix is singular.
fn solve(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    let (mut a, mut x) = (matrix.to_vec(), right.to_vec());
    for column in 0..n {
        let size = |row: &usize| a[row * n + column].abs();
        let pivot = (column..n).max_by(|p, q| size(p).total_cmp(&size(q)))?;
        if a[pivot * n + column].abs() < 1e-14 {
            return None;
        }
        for k in 0..n {
            a.swap(column * n + k, pivot * n + k);
        }
        x.swap(column, pivot);
        for row in 0..n {
            if row != column {
                let factor = a[row * n + column] / a[column * n + column];
                for k in column..n {
                    a[row * n + k] -= factor * a[column * n + k];
                }
                x[row] -= factor * x[column];
            }
        }
    }
    Some((0..n).map(|i| x[i] / a[i * n + i]).collect())
}

fn inverse(matrix: &[f64]) -> Option<Vec<f64>> {
    let n = matrix.len().isqrt();
    let mut inverse = vec![0.0; n * n];
    for column in 0..n {
        let unit: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i == column))).collect();
        for (row, value) in solve(matrix, &unit)?.into_iter().enumerate() {
            inverse[row * n + column] = value;
        }
    }
    Some(inverse)
}

/// Percentile intervals of the strengths over dialogues.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    /// Resamples without a finite maximum, which are left out.
    pub dropped: usize,
    /// Strengths of each resample that is left, in order.
    pub thetas: Vec<Vec<f64>>,
}

impl Bootstrap {
    /// The 95 % interval of a system's strength; `None` where every resample was dropped.
    pub fn theta_ci95(&self, system: usize) -> Option<Ends> {
        let drawn: Vec<f64> = self.thetas.iter().map(|theta| theta[system]).collect();
        interval::percentiles_95(&drawn)
    }

    /// The 95 % interval of the difference of two strengths.
    pub fn difference_ci95(&self, a: usize, b: usize) -> Option<Ends> {
        let difference = |theta: &Vec<f64>| theta[a] - theta[b];
        interval::percentiles_95(&self.thetas.iter().map(difference).collect::<Vec<_>>())
    }
}

/// Fits resamples of dialogues: `index(b, i)` names the dialogue at place `i` of resample `b`, all of whose choices are
/// included.
pub fn bootstrap(
    by_dialogue: &[Counts],
    resamples: usize,
    index: impl Fn(usize, usize) -> usize,
) -> Bootstrap {
    let systems = by_dialogue.first().map_or(0, |counts| counts.systems);
    let resample = |b: usize| {
        let mut sum = Counts::new(systems);
        (0..by_dialogue.len()).for_each(|i| sum.add(&by_dialogue[index(b, i)]));
        fit(&sum).map(|fit| fit.theta)
    };
    let thetas: Vec<Vec<f64>> = (0..resamples).filter_map(resample).collect();
    Bootstrap {
        dropped: resamples - thetas.len(),
        thetas,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn two(wins: f64, losses: f64, ties: f64) -> Counts {
        let mut counts = Counts::new(2);
        counts.add_wins(0, 1, wins);
        counts.add_wins(1, 0, losses);
        counts.add_ties(0, 1, ties);
        counts
    }

    #[test]
    fn two_systems_by_hand() {
        // Without ties the log odds are ln(6/2); with them the shares are fitted exactly.
        let plain = fit(&two(6.0, 2.0, 0.0)).unwrap();
        assert!((plain.difference(0, 1) - 3.0_f64.ln()).abs() < 1e-12);
        assert!((plain.difference_se(0, 1) - (1.0_f64 / 6.0 + 0.5).sqrt()).abs() < 1e-12);
        assert_eq!((plain.nu, plain.eta_se), (0.0, None));
        let tied = fit(&two(6.0, 2.0, 4.0)).unwrap();
        let chances = tied.chances(0, 1);
        for (found, expected) in [
            (chances.win, 0.5),
            (chances.tie, 1.0 / 3.0),
            (chances.loss, 1.0 / 6.0),
        ] {
            assert!((found - expected).abs() < 1e-12, "{chances:?}");
        }
    }

    #[test]
    fn a_system_that_never_lost_has_no_finite_strength() {
        for counts in [two(5.0, 0.0, 0.0), two(5.0, 0.0, 3.0), two(0.0, 0.0, 4.0)] {
            assert_eq!(fit(&counts), None);
        }
        assert_eq!(fit(&Counts::new(1)), None);
        let found = bootstrap(&[two(1.0, 0.0, 0.0), two(0.0, 1.0, 0.0)], 4, |b, _| b % 2);
        assert_eq!((found.dropped, found.theta_ci95(0)), (4, None));
    }

    proptest! {
        #[test]
        fn a_maximum_is_flat_and_even(counts in prop::collection::vec(1_u8..40, 12), ties in 0_u8..9) {
            let mut counted = Counts::new(4);
            let pairs = (0..4).flat_map(|a| (0..4).map(move |b| (a, b))).filter(|(a, b)| a != b);
            for ((a, b), count) in pairs.zip(counts) {
                counted.add_wins(a, b, f64::from(count));
            }
            counted.add_ties(1, 3, f64::from(ties));
            let found = fit(&counted).unwrap();
            prop_assert!(found.theta.iter().sum::<f64>().abs() < 1e-9);
            // At the maximum the expected wins and half ties of a system are those observed.
            for a in 0..4 {
                let off = (0..4).filter(|b| *b != a).map(|b| {
                    let n = counted.wins(a, b) + counted.wins(b, a) + counted.ties(a, b);
                    let chances = found.chances(a, b);
                    counted.wins(a, b) + counted.ties(a, b) / 2.0 - n * (chances.win + chances.tie / 2.0)
                });
                prop_assert!(off.sum::<f64>().abs() < 1e-6);
            }
        }
    }
}
