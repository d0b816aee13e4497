//! Can a simple classifier tell made-up conversations from real ones?
//!
//! Classifier two-sample test (Lopez-Paz & Oquab, "Revisiting classifier two-sample tests", ICLR 2017) with the AUC as
//! the statistic: logistic regression on the figures of [`shape`], five stratified folds, the mean of their AUCs. The
//! p-value and the band come from permutations of the labels within each fold. An interval from DeLong's variance
//! (DeLong et al., Biometrics 1988) is too narrow, because folds share training data; it is included for comparison.
//!
//! A high AUC is not a failure in itself; a rise from round to round is.

pub mod logistic;
pub mod shape;

use crate::interval::{Z_95, percentiles_95};
use crate::metric::{Level, Metric, Unit};
use crate::random::Stream;
use crate::text;
use crate::turn::Turn;
use logistic::Fit;

/// Penalty of the regression on figures.
pub const LAMBDA_SHAPE: f64 = 1.0;
/// Penalty where the bins of 3-grams are used together with the figures.
pub const LAMBDA_TEXT: f64 = 20.0;
/// Folds of the cross-validation.
pub const FOLDS: usize = 5;
/// Permutations behind the p-value.
pub const PERMUTATIONS: usize = 199;
/// The most conversations of each side.
pub const MOST_OF_A_SIDE: usize = 300;

/// How well a classifier tells made-up conversations from real ones: 0.5 is not at all.
pub const TWO_SAMPLE_AUC: Metric = Metric {
    name: "two_sample_auc",
    label: "Told from real ones",
    higher_is_better: Some(false),
    range: (0.0, 1.0),
    unit: Unit::Share,
    level: Level::Corpus,
    needs: &[],
    source: "classifier two-sample test (Lopez-Paz & Oquab, 2017), AUC on 16 figures, permutation band",
};

/// Rows of figures with their labels (`true`: made up) and folds.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// One row of figures for each conversation.
    pub rows: &'a [Vec<f64>],
    /// Whether it was made up.
    pub labels: &'a [bool],
    /// The fold in which it is held out.
    pub folds: &'a [usize],
}

/// The result of a cross-validation.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidation {
    /// Mean of the folds' AUCs.
    pub auc: f64,
    /// AUC of each fold.
    pub fold_auc: Vec<f64>,
    /// Standard error after DeLong; `None` where a fold has fewer than two conversations of one label.
    pub se: Option<f64>,
    /// `auc -+ 1.96 se`, cut to 0..=1; too narrow.
    pub ci95: Option<(f64, f64)>,
    /// The held-out score of each row.
    pub scores: Vec<f64>,
}

/// Cross-validates the regression; `None` where a fold, or the rest of the data without it, lacks one of the labels.
pub fn cross_validate(sample: Sample<'_>, lambda: f64) -> Option<CrossValidation> {
    let folds = sample.folds.iter().max()? + 1;
    let mut scores = vec![0.0; sample.rows.len()];
    let (mut fold_auc, mut variances) = (Vec::new(), Vec::new());
    for fold in 0..folds {
        let places = |is_inside: bool| -> Vec<usize> {
            let is_asked = |place: &usize| (sample.folds[*place] == fold) == is_inside;
            (0..sample.rows.len()).filter(is_asked).collect()
        };
        let (inside, outside) = (places(true), places(false));
        let rows: Vec<&[f64]> = outside
            .iter()
            .map(|place| sample.rows[*place].as_slice())
            .collect();
        let labels: Vec<bool> = outside.iter().map(|place| sample.labels[*place]).collect();
        let fit = Fit::new(&rows, &labels, lambda)?;
        for place in &inside {
            scores[*place] = fit.score(&sample.rows[*place]);
        }
        let of_label = |label: bool| -> Vec<f64> {
            let matching = inside
                .iter()
                .filter(|place| sample.labels[**place] == label);
            matching.map(|place| scores[*place]).collect()
        };
        let order = order(&of_label(true), &of_label(false))?;
        fold_auc.push(order.auc);
        variances.push(order.variance);
    }
    let auc = text::mean(&fold_auc)?;
    let variance: Option<f64> = variances.into_iter().sum();
    let se = variance.map(|variance| variance.sqrt() / folds as f64);
    Some(CrossValidation {
        auc,
        fold_auc,
        se,
        ci95: se.map(|se| ((auc - Z_95 * se).max(0.0), (auc + Z_95 * se).min(1.0))),
        scores,
    })
}

/// How often scores are in the right order.
struct Order {
    auc: f64,
    variance: Option<f64>,
}

/// Share of (positive, negative) pairs in the right order, ties half, with DeLong's variance; `None` unless there are
/// both positives and negatives.
fn order(positive: &[f64], negative: &[f64]) -> Option<Order> {
    let wins = |p: &f64, n: &f64| {
        if p > n {
            1.0
        } else if p == n {
            0.5
        } else {
            0.0
        }
    };
    let by_positive: Vec<f64> = positive
        .iter()
        .filter_map(|p| text::mean(&negative.iter().map(|n| wins(p, n)).collect::<Vec<_>>()))
        .collect();
    let by_negative: Vec<f64> = negative
        .iter()
        .filter_map(|n| text::mean(&positive.iter().map(|p| wins(p, n)).collect::<Vec<_>>()))
        .collect();
    let part =
        |means: &[f64]| text::standard_deviation(means).map(|sd| sd * sd / means.len() as f64);
    Some(Order {
        auc: text::mean(&by_positive)?,
        variance: part(&by_positive)
            .zip(part(&by_negative))
            .map(|(a, b)| a + b),
    })
}

/// What permutations say about an AUC.
#[derive(Debug, Clone, PartialEq)]
pub struct Permuted {
    /// One-sided p-value of "the two sides cannot be told apart".
    pub p: f64,
    /// 2.5 and 97.5 % percentiles of the AUC without a difference.
    pub band95: (f64, f64),
    /// AUC under each permutation.
    pub auc: Vec<f64>,
}

/// Cross-validates again under other labels, `labels(b)` for permutation `b`; `None` where that is not possible.
pub fn permute(
    sample: Sample<'_>,
    lambda: f64,
    permutations: usize,
    labels: impl Fn(usize) -> Vec<bool>,
) -> Option<Permuted> {
    let observed = cross_validate(sample, lambda)?.auc;
    let auc_of = |permutation| {
        let labels = labels(permutation);
        let permuted = Sample {
            labels: &labels,
            ..sample
        };
        cross_validate(permuted, lambda).map(|result| result.auc)
    };
    let auc: Vec<f64> = (0..permutations).map(auc_of).collect::<Option<_>>()?;
    let as_high = auc.iter().filter(|auc| **auc >= observed - 1e-12).count();
    Some(Permuted {
        p: (1 + as_high) as f64 / (1 + permutations) as f64,
        band95: percentiles_95(&auc)?,
        auc,
    })
}

/// A fold for each label, both labels dealt evenly in a drawn order.
pub fn stratified_folds(labels: &[bool], seed: u64) -> Vec<usize> {
    let mut folds = vec![0; labels.len()];
    for label in [true, false] {
        let mut places: Vec<usize> = (0..labels.len())
            .filter(|place| labels[*place] == label)
            .collect();
        shuffle(&mut places, Stream::new(seed).bits(u64::from(label)));
        for (number, place) in places.into_iter().enumerate() {
            folds[place] = number % FOLDS;
        }
    }
    folds
}

/// Labels shuffled within each fold, so that folds stay stratified.
pub fn shuffled_within_folds(labels: &[bool], folds: &[usize], seed: u64) -> Vec<bool> {
    let mut shuffled = labels.to_vec();
    for fold in 0..=folds.iter().copied().max().unwrap_or(0) {
        let places: Vec<usize> = (0..labels.len())
            .filter(|place| folds[*place] == fold)
            .collect();
        let mut drawn = places.clone();
        shuffle(&mut drawn, Stream::new(seed).bits(fold as u64));
        for (place, from) in places.into_iter().zip(drawn) {
            shuffled[place] = labels[from];
        }
    }
    shuffled
}

/// Fisher and Yates's shuffle (Durstenfeld, 1964).
fn shuffle(places: &mut [usize], seed: u64) {
    let stream = Stream::new(seed);
    for last in (1..places.len()).rev() {
        places.swap(last, stream.index(last as u64, last + 1));
    }
}

/// What the test says about two sets of conversations.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoSample {
    /// Number of conversations of each side.
    pub n: usize,
    /// Mean AUC of the folds.
    pub auc: f64,
    /// One-sided p-value by permutation.
    pub p: f64,
    /// 2.5 and 97.5 % percentiles of the AUC without a difference.
    pub band95: (f64, f64),
    /// The figures and their weights in a fit on everything, the most telling one first; positive: more in made-up
    /// conversations.
    pub weights: Vec<(&'static str, f64)>,
}

/// Compares made-up with real conversations, equally many of each: the first of both
/// sides, at most [`MOST_OF_A_SIDE`] (the
/// caller draws them). `None` if there are not two of each side for every fold.
pub fn two_sample(
    real: &[Vec<Turn<'_>>],
    made_up: &[Vec<Turn<'_>>],
    seed: u64,
) -> Option<TwoSample> {
    let n = real.len().min(made_up.len()).min(MOST_OF_A_SIDE);
    if n < 2 * FOLDS {
        return None;
    }
    let sides = real[..n].iter().chain(&made_up[..n]);
    let rows: Vec<Vec<f64>> = sides.map(|turns| shape::shape(turns).to_vec()).collect();
    let labels: Vec<bool> = (0..2 * n).map(|place| place >= n).collect();
    let folds = stratified_folds(&labels, seed);
    let sample = Sample {
        rows: &rows,
        labels: &labels,
        folds: &folds,
    };
    let auc = cross_validate(sample, LAMBDA_SHAPE)?.auc;
    let stream = Stream::new(seed);
    let Permuted { p, band95, .. } = permute(sample, LAMBDA_SHAPE, PERMUTATIONS, |permutation| {
        shuffled_within_folds(&labels, &folds, stream.bits(2 + permutation as u64))
    })?;
    let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    let fit = Fit::new(&rows, &labels, LAMBDA_SHAPE)?;
    let mut weights: Vec<_> = shape::NAMES.into_iter().zip(fit.weights).collect();
    weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    Some(TwoSample {
        n,
        auc,
        p,
        band95,
        weights,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_by_hand() {
        // Pairs: 3>1, 3>2, 2>1, 2=2.
        let found = order(&[3.0, 2.0], &[1.0, 2.0]).unwrap();
        assert_eq!(found.auc, 0.875);
        // Means by row 1, 0.75 and by column 1, 0.75: variances 0.03125 / 2 each.
        assert!((found.variance.unwrap() - 0.03125).abs() < 1e-12);
        assert!(order(&[1.0], &[]).is_none());
        assert_eq!(order(&[1.0], &[1.0]).unwrap().variance, None);
    }

    /// Conversations of six turns, which differ in nothing or only in a full stop.
    fn conversations(count: u64, seed: u64, stop: &str) -> Vec<Vec<(String, String)>> {
        let stream = Stream::new(seed);
        let turn = |conversation: u64, turn: u64| {
            let place = 100 * conversation + 10 * turn;
            let words = 2 + stream.index(place, 6) as u64;
            let word = |i| ["tea", "now", "train", "maybe", "yes"][stream.index(place + 1 + i, 5)];
            let text: Vec<&str> = (0..words).map(word).collect();
            (
                ["Ann", "Bo"][turn as usize % 2].to_owned(),
                text.join(" ") + stop,
            )
        };
        (0..count)
            .map(|c| (0..6).map(|t| turn(c, t)).collect())
            .collect()
    }

    fn turns(conversations: &[Vec<(String, String)>]) -> Vec<Vec<Turn<'_>>> {
        conversations
            .iter()
            .map(|turns| {
                turns
                    .iter()
                    .map(|(speaker, text)| Turn { speaker, text })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn a_difference_is_found_and_named() {
        let (real, made_up) = (conversations(40, 1, ""), conversations(45, 2, "."));
        let found = two_sample(&turns(&real), &turns(&made_up), 5).unwrap();
        assert_eq!((found.n, found.p), (40, 0.005));
        assert!(found.auc > 0.99 && found.band95.1 < 0.8, "{found:?}");
        assert_eq!(found.weights[0].0, "full_stop_turns");
        assert!(found.weights[0].1 > 0.0);
        assert_eq!(two_sample(&turns(&real[..9]), &turns(&made_up), 5), None);
    }

    #[test]
    fn without_a_difference_the_test_keeps_its_level() {
        let is_found = |seed: &u64| {
            let both = [
                conversations(15, 100 + seed, ""),
                conversations(15, 200 + seed, ""),
            ]
            .concat();
            let rows: Vec<Vec<f64>> = turns(&both)
                .iter()
                .map(|turns| shape::shape(turns).to_vec())
                .collect();
            let labels: Vec<bool> = (0..30).map(|place| place >= 15).collect();
            let folds = stratified_folds(&labels, *seed);
            let sample = Sample {
                rows: &rows,
                labels: &labels,
                folds: &folds,
            };
            let shuffled = |b| shuffled_within_folds(&labels, &folds, 1_000 * seed + b as u64);
            permute(sample, LAMBDA_SHAPE, 19, shuffled).unwrap().p <= 0.1
        };
        // Binomial with 40 tries at 0.1: nine or more happen once in fifty draws, and the seeds are fixed.
        let found = (0..40).filter(is_found).count();
        assert!(found <= 8, "{found} of 40");
    }

    proptest! {
        #[test]
        fn shuffling_keeps_each_fold(labels in prop::collection::vec(any::<bool>(), 1..60), seed: u64) {
            let folds = stratified_folds(&labels, seed);
            let shuffled = shuffled_within_folds(&labels, &folds, seed);
            for fold in 0..FOLDS {
                let count = |labels: &[bool]| (0..labels.len()).filter(|i| folds[*i] == fold && labels[*i]).count();
                prop_assert_eq!(count(&labels), count(&shuffled));
                let everywhere = labels.iter().filter(|label| **label).count();
                prop_assert!(count(&labels).abs_diff(everywhere / FOLDS) <= 1);
            }
        }
    }
}
