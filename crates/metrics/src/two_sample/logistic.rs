//! Logistic regression with an L2 penalty, by Newton's method: `sum ln(1 + exp(-z f(x))) + lambda/2 |w|^2` over examples
//! with `z = -1` or `+1`, columns standardised, the intercept free. The minimum is unique, so any solver gives the same
//! weights; this one is written out because its linear system has some twenty unknowns and no library of the workspace
//! solves one.

use crate::text;

/// The gradient below which the minimum counts as found.
const GRADIENT: f64 = 1e-10;
/// The gradient that is accepted if rounding allows no better.
const ACCEPTED_GRADIENT: f64 = 1e-8;
/// The most Newton steps; ten are usual.
const MOST_STEPS: usize = 100;
/// The most halvings of a step that goes too far.
const MOST_HALVINGS: usize = 40;

/// A fitted classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Weight of each column in units of its standard deviation.
    pub weights: Vec<f64>,
    /// Intercept.
    pub intercept: f64,
    /// Mean of each column.
    pub mean: Vec<f64>,
    /// Population standard deviation of each column; 1 where it does not vary.
    pub sd: Vec<f64>,
}

impl Fit {
    /// Fits `labels` to `rows`; `None` unless both labels occur and all rows have the same length.
    pub fn new(rows: &[&[f64]], labels: &[bool], lambda: f64) -> Option<Self> {
        let columns = rows.first()?.len();
        let is_even = rows.iter().all(|row| row.len() == columns) && rows.len() == labels.len();
        if !is_even || !labels.contains(&true) || !labels.contains(&false) {
            return None;
        }
        let column = |place: usize| rows.iter().map(move |row| row[place]);
        let mean: Vec<f64> = (0..columns)
            .map(|place| text::mean(&column(place).collect::<Vec<_>>()))
            .collect::<Option<_>>()?;
        let deviation = |place: usize| {
            let squares: f64 = column(place).map(|x| (x - mean[place]).powi(2)).sum();
            let sd = (squares / rows.len() as f64).sqrt();
            if sd == 0.0 { 1.0 } else { sd }
        };
        let sd: Vec<f64> = (0..columns).map(deviation).collect();
        let standardised: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| standardise(row, &mean, &sd))
            .collect();
        let problem = Problem {
            rows: &standardised,
            labels,
            lambda,
        };
        let mut weights = problem.minimum(columns + 1)?;
        let intercept = weights.pop()?;
        Some(Self {
            weights,
            intercept,
            mean,
            sd,
        })
    }

    /// The value of a row: positive if it looks like the label `true`.
    pub fn score(&self, row: &[f64]) -> f64 {
        dot(&standardise(row, &self.mean, &self.sd), &self.weights) + self.intercept
    }
}

fn standardise(row: &[f64], mean: &[f64], sd: &[f64]) -> Vec<f64> {
    row.iter()
        .zip(mean)
        .zip(sd)
        .map(|((x, mean), sd)| (x - mean) / sd)
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Standardised rows; the last of the parameters is the intercept.
struct Problem<'a> {
    rows: &'a [Vec<f64>],
    labels: &'a [bool],
    lambda: f64,
}

/// Derivatives of the loss at a point.
struct Slope {
    gradient: Vec<f64>,
    hessian: Vec<Vec<f64>>,
}

impl Problem<'_> {
    fn minimum(&self, parameters: usize) -> Option<Vec<f64>> {
        let mut place = vec![0.0; parameters];
        let mut loss = self.loss(&place);
        for _ in 0..MOST_STEPS {
            let Slope { gradient, hessian } = self.slope(&place);
            let steepest = gradient.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
            if steepest < GRADIENT {
                return Some(place);
            }
            let step = solve(hessian, &gradient)?;
            let shorter = (0..MOST_HALVINGS).map(|halvings| 0.5_f64.powi(halvings as i32));
            let next = shorter
                .map(|length| -> Vec<f64> {
                    place
                        .iter()
                        .zip(&step)
                        .map(|(x, d)| x - length * d)
                        .collect()
                })
                .map(|next| (self.loss(&next), next))
                .find(|(next_loss, _)| *next_loss <= loss * (1.0 + 1e-14));
            match next {
                Some((next_loss, next)) if next != place => (loss, place) = (next_loss, next),
                _ => return (steepest < ACCEPTED_GRADIENT).then_some(place),
            }
        }
        None
    }

    fn margin(&self, place: &[f64], example: usize) -> f64 {
        let (weights, intercept) = place.split_at(place.len() - 1);
        dot(&self.rows[example], weights) + intercept[0]
    }

    fn loss(&self, place: &[f64]) -> f64 {
        let weights = &place[..place.len() - 1];
        let losses = self.labels.iter().enumerate().map(|(example, label)| {
            let sign = if *label { 1.0 } else { -1.0 };
            softplus(-sign * self.margin(place, example))
        });
        losses.sum::<f64>() + self.lambda / 2.0 * dot(weights, weights)
    }

    fn slope(&self, place: &[f64]) -> Slope {
        let (parameters, last) = (place.len(), place.len() - 1);
        let mut gradient: Vec<f64> = place.iter().map(|weight| self.lambda * weight).collect();
        gradient[last] = 0.0;
        let mut hessian = vec![vec![0.0; parameters]; parameters];
        (0..last).for_each(|column| hessian[column][column] = self.lambda);
        for (example, row) in self.rows.iter().enumerate() {
            let probability = 1.0 / (1.0 + (-self.margin(place, example)).exp());
            let error = probability - f64::from(self.labels[example]);
            let curvature = probability * (1.0 - probability);
            let value = |column: usize| if column == last { 1.0 } else { row[column] };
            for column in 0..parameters {
                gradient[column] += error * value(column);
                // The lower triangle is enough.
                for (other, entry) in hessian[column].iter_mut().enumerate().take(column + 1) {
                    *entry += curvature * value(column) * value(other);
                }
            }
        }
        Slope { gradient, hessian }
    }
}

/// `ln(1 + exp(x))` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Solves `matrix x = right` by Cholesky's decomposition, which takes the lower triangle of a positive definite matrix;
/// `None` if it is not positive definite.
fn solve(mut matrix: Vec<Vec<f64>>, right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    for row in 0..n {
        for column in 0..=row {
            let sum = matrix[row][column] - dot(&matrix[row][..column], &matrix[column][..column]);
            matrix[row][column] = if row == column {
                Some(sum.sqrt()).filter(|root| *root > 0.0)?
            } else {
                sum / matrix[column][column]
            };
        }
    }
    let mut solution = right.to_vec();
    for row in 0..n {
        let known = dot(&matrix[row][..row], &solution[..row]);
        solution[row] = (solution[row] - known) / matrix[row][row];
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n)
            .map(|below| matrix[below][row] * solution[below])
            .sum();
        solution[row] = (solution[row] - known) / matrix[row][row];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_system_by_hand() {
        // [[4, 2], [2, 3]] x = [8, 7]: x = [1.25, 1.5].
        let found = solve(vec![vec![4.0, 0.0], vec![2.0, 3.0]], &[8.0, 7.0]).unwrap();
        assert!((found[0] - 1.25).abs() < 1e-12 && (found[1] - 1.5).abs() < 1e-12);
        assert_eq!(solve(vec![vec![0.0]], &[1.0]), None);
    }

    #[test]
    fn one_label_has_no_fit() {
        let rows: [&[f64]; 2] = [&[1.0], &[2.0]];
        assert_eq!(Fit::new(&rows, &[true, true], 1.0), None);
        assert_eq!(Fit::new(&[], &[], 1.0), None);
        assert_eq!(Fit::new(&[&[1.0], &[1.0, 2.0]], &[true, false], 1.0), None);
    }

    #[test]
    fn a_column_that_does_not_vary_has_no_weight() {
        let rows: [&[f64]; 4] = [&[1.0, 7.0], &[2.0, 7.0], &[3.0, 7.0], &[4.0, 7.0]];
        let found = Fit::new(&rows, &[false, false, true, true], 1.0).unwrap();
        assert!(found.weights[0] > 0.0 && found.weights[1] == 0.0 && found.sd[1] == 1.0);
        assert!(found.score(rows[0]) < 0.0 && found.score(rows[3]) > 0.0);
    }

    proptest! {
        #[test]
        fn the_minimum_is_flat(rows in prop::collection::vec((prop::array::uniform3(-3.0..3.0_f64), any::<bool>()), 4..30)) {
            let labels: Vec<bool> = rows.iter().map(|(_, label)| *label).collect();
            let features: Vec<&[f64]> = rows.iter().map(|(row, _)| row.as_slice()).collect();
            prop_assume!(labels.contains(&true) && labels.contains(&false));
            let fit = Fit::new(&features, &labels, 1.0).unwrap();
            let standardised: Vec<Vec<f64>> = features.iter().map(|row| standardise(row, &fit.mean, &fit.sd)).collect();
            let problem = Problem { rows: &standardised, labels: &labels, lambda: 1.0 };
            let mut place = fit.weights.clone();
            place.push(fit.intercept);
            prop_assert!(problem.slope(&place).gradient.iter().all(|slope| slope.abs() < 1e-8));
        }
    }
}
