//! The classifier two-sample test against recorded figures, fits and permutations: `tests/golden/two_sample`, whose fit
//! was checked against scikit-learn.

use crate::fixture;
use crate::values::{Worst, count, list, number, numbers, string, strings};
use metrics::turn::Turn;
use metrics::two_sample::logistic::Fit;
use metrics::two_sample::shape::{BINS, NAMES, shape, trigram_bins};
use metrics::two_sample::{self, CrossValidation, LAMBDA_SHAPE, LAMBDA_TEXT, Sample};
use serde_json::Value;
use std::path::PathBuf;

const FIGURES: f64 = 1e-9;
const HASHED: f64 = 1e-12;
const WEIGHTS: f64 = 1e-5;
const AUC: f64 = 1e-9;

fn folder() -> PathBuf {
    fixture::golden("two_sample")
}

fn turns(dialogue: &Value) -> Vec<Turn<'_>> {
    let turn = |turn| -> Turn<'_> {
        let turn: &Value = turn;
        Turn {
            speaker: string(&turn[0]),
            text: string(&turn[1]),
        }
    };
    list(&dialogue["turns"]).iter().map(turn).collect()
}

/// The fixture's dialogues as rows of a sample.
struct Rows {
    shape: Vec<Vec<f64>>,
    text: Vec<Vec<f64>>,
    labels: Vec<bool>,
    folds: Vec<usize>,
}

impl Rows {
    fn read(dialogues: &Value) -> Self {
        let dialogues = list(dialogues);
        let shape: Vec<Vec<f64>> = dialogues
            .iter()
            .map(|dialogue| shape(&turns(dialogue)).to_vec())
            .collect();
        let with_bins = |(dialogue, shape): (&Value, &Vec<f64>)| {
            [shape.clone(), trigram_bins(&turns(dialogue))].concat()
        };
        Self {
            text: dialogues.iter().zip(&shape).map(with_bins).collect(),
            shape,
            labels: dialogues
                .iter()
                .map(|dialogue| count(&dialogue["synthetic"]) == 1)
                .collect(),
            folds: dialogues
                .iter()
                .map(|dialogue| count(&dialogue["fold"]))
                .collect(),
        }
    }

    fn sample<'a>(&'a self, rows: &'a [Vec<f64>]) -> Sample<'a> {
        Sample {
            rows,
            labels: &self.labels,
            folds: &self.folds,
        }
    }
}

#[test]
fn figures() {
    let folder = folder();
    let dialogues = fixture::json(&folder.join("dialogues.json"));
    assert_eq!(
        strings(&fixture::json(&folder.join("golden.json"))["names"]),
        NAMES
    );
    let mut worst = Worst::within(FIGURES);
    for (index, dialogue) in list(&dialogues).iter().enumerate() {
        let found = shape(&turns(dialogue));
        for ((name, found), expected) in NAMES.iter().zip(found).zip(numbers(&dialogue["shape"])) {
            worst.compare(&format!("dialogue {index} {name}"), found, expected);
        }
    }
    worst.report("two_sample/dialogues.json", list(&dialogues).len());
    let bins = fixture::json(&folder.join("bins.json"));
    let mut worst = Worst::within(HASHED);
    for case in list(&bins) {
        let found = trigram_bins(&turns(&list(&dialogues)[count(&case["item"])]));
        let mut expected = vec![0.0; BINS];
        for bin in list(&case["nonzero"]) {
            expected[count(&bin[0])] = number(&bin[1]);
        }
        for (bin, (found, expected)) in found.into_iter().zip(expected).enumerate() {
            worst.compare(
                &format!("dialogue {} bin {bin}", case["item"]),
                found,
                expected,
            );
        }
    }
    worst.report("two_sample/bins.json", list(&bins).len());
}

fn compare(what: &str, found: &CrossValidation, expected: &Value) {
    let (mut auc, mut scores) = (Worst::within(AUC), Worst::within(WEIGHTS));
    auc.compare(what, found.auc, number(&expected["auc"]));
    for (found, expected) in found.fold_auc.iter().zip(numbers(&expected["fold_auc"])) {
        auc.compare(what, *found, expected);
    }
    auc.compare_defined(what, found.se, &expected["se"]);
    let ci95 = numbers(&expected["ci95"]);
    auc.compare_defined(what, found.ci95.map(|ends| ends.0), &ci95[0].into());
    auc.compare_defined(what, found.ci95.map(|ends| ends.1), &ci95[1].into());
    for (found, expected) in found.scores.iter().zip(numbers(&expected["scores"])) {
        scores.compare(what, *found, expected);
    }
    auc.report(&format!("two_sample {what}, AUC"), found.fold_auc.len());
    scores.report(&format!("two_sample {what}, scores"), found.scores.len());
}

#[test]
fn cross_validation() {
    let folder = folder();
    let golden = fixture::json(&folder.join("golden.json"));
    let rows = Rows::read(&fixture::json(&folder.join("dialogues.json")));
    for (name, features, lambda) in [
        ("shape", &rows.shape, LAMBDA_SHAPE),
        ("text", &rows.text, LAMBDA_TEXT),
    ] {
        let found = two_sample::cross_validate(rows.sample(features), lambda).expect("both labels");
        compare(name, &found, &golden[name]);
    }
    // The real ones against each other, by their number among them.
    let real: Vec<usize> = (0..rows.labels.len())
        .filter(|place| !rows.labels[*place])
        .collect();
    let shape: Vec<Vec<f64>> = real
        .iter()
        .map(|place| rows.shape[*place].clone())
        .collect();
    let labels: Vec<bool> = (0..real.len()).map(|number| number % 2 == 1).collect();
    let folds: Vec<usize> = (0..real.len()).map(|number| number / 2 % 5).collect();
    let sample = Sample {
        rows: &shape,
        labels: &labels,
        folds: &folds,
    };
    let found = two_sample::cross_validate(sample, LAMBDA_SHAPE).expect("both labels");
    compare("null", &found, &golden["null"]);
}

#[test]
fn fit_on_everything() {
    let folder = folder();
    let expected = &fixture::json(&folder.join("golden.json"))["all_data"];
    let rows = Rows::read(&fixture::json(&folder.join("dialogues.json")));
    let shape: Vec<&[f64]> = rows.shape.iter().map(Vec::as_slice).collect();
    let found = Fit::new(&shape, &rows.labels, LAMBDA_SHAPE).expect("both labels");
    let mut worst = Worst::within(WEIGHTS);
    for (name, found) in [
        ("weights", &found.weights),
        ("mean", &found.mean),
        ("sd", &found.sd),
    ] {
        for (found, expected) in found.iter().zip(numbers(&expected[name])) {
            worst.compare(name, *found, expected);
        }
    }
    worst.compare("intercept", found.intercept, number(&expected["intercept"]));
    worst.report("two_sample, fit on everything", found.weights.len());
}

#[test]
fn permutations() {
    let folder = folder();
    let expected = &fixture::json(&folder.join("golden.json"))["permutation"];
    let rows = Rows::read(&fixture::json(&folder.join("dialogues.json")));
    let labels = |text: &&str| -> Vec<bool> { text.chars().map(|c| c == '1').collect() };
    let recorded: Vec<Vec<bool>> = strings(&expected["labels"]).iter().map(labels).collect();
    let found = two_sample::permute(
        rows.sample(&rows.shape),
        LAMBDA_SHAPE,
        recorded.len(),
        |permutation| recorded[permutation].clone(),
    )
    .expect("both labels");
    let mut worst = Worst::within(AUC);
    worst.compare("p", found.p, number(&expected["p"]));
    worst.compare("band", found.band95.0, numbers(&expected["band95"])[0]);
    worst.compare("band", found.band95.1, numbers(&expected["band95"])[1]);
    for (found, expected) in found.auc.iter().zip(numbers(&expected["auc"])) {
        worst.compare("AUC", *found, expected);
    }
    worst.report("two_sample, permutations", recorded.len());
}
