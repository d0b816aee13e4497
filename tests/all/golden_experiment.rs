//! Comparisons of two systems over seeds and items, with recorded draws: `tests/golden/experiment_stats`. The repository
//! keeps some of the cases; the whole set is read where `DUOLOGUE_SHARED` has it.

use crate::fixture::{self, TensorFile};
use crate::values::{Worst, count, list, number, numbers};
use metrics::experiment::{self, Hierarchical};
use metrics::{significance, text};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Means, intervals, standard errors.
const TOLERANCE: f64 = 1e-9;

fn folders() -> Vec<PathBuf> {
    let whole = fixture::shared_if_there("golden/experiment_stats");
    [fixture::golden("experiment_stats")]
        .into_iter()
        .chain(whole)
        .collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    list(value).iter().map(numbers).collect()
}

/// The cases of a folder with their differences `b - a`.
fn cases(folder: &Path) -> Vec<(Value, Vec<Vec<f64>>)> {
    let cases = fixture::json(&folder.join("cases.json"));
    let differences = |case: &Value| {
        experiment::differences(&rows(&case["b"]), &rows(&case["a"])).expect("equal shapes")
    };
    list(&cases)
        .iter()
        .map(|case| (case.clone(), differences(case)))
        .collect()
}

fn assert_p(what: &str, found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-8 + 1e-6 * expected,
        "{what}: p {found}, expected {expected}"
    );
}

#[test]
fn two_way() {
    for folder in folders() {
        let mut worst = Worst::within(TOLERANCE);
        let cases = cases(&folder);
        for (case, differences) in &cases {
            let what = format!("case {}", case["id"]);
            let expected = &case["two_way"];
            let found = experiment::two_way(differences).expect("two items");
            worst.compare(&what, found.diff, number(&expected["diff"]));
            worst.compare(&what, found.se, number(&expected["se"]));
            if let (Some(t), Some(expected)) = (found.t, expected["t"].as_f64()) {
                worst.compare(&what, t, expected);
            }
            if found.t.is_some() {
                worst.compare(&what, found.df, number(&expected["df"]));
            }
            let ci95 = numbers(&expected["ci95"]);
            worst.compare(&what, found.ci95.0, ci95[0]);
            worst.compare(&what, found.ci95.1, ci95[1]);
            assert_p(&what, found.p_two_sided, number(&expected["p"]));
            for (side, mean, sd) in [("a", "mean_a", "sd_a"), ("b", "mean_b", "sd_b")] {
                let means = experiment::seed_means(&rows(&case[side]));
                worst.compare_defined(&what, text::mean(&means), &case[mean]);
                worst.compare_defined(&what, text::standard_deviation(&means), &case[sd]);
            }
            let sd = text::standard_deviation(&experiment::seed_means(differences));
            worst.compare_defined(&what, sd, &case["sd_diff"]);
        }
        worst.report("experiment_stats, two-way t", cases.len());
    }
}

/// Recorded rows of draws, `[draws, size]`.
fn draws(file: &TensorFile, name: &str) -> Vec<Vec<usize>> {
    let (shape, indices) = file.indices(name);
    indices.chunks(shape[1]).map(<[usize]>::to_vec).collect()
}

#[test]
fn hierarchical_bootstrap() {
    for folder in folders() {
        let recorded = TensorFile::open(&folder.join("draws.safetensors"));
        let mut worst = Worst::within(TOLERANCE);
        let cases = cases(&folder);
        for (case, differences) in &cases {
            let what = format!("case {}", case["id"]);
            let seeds = draws(&recorded, &format!("seeds_{}", count(&case["id"])));
            let items = draws(&recorded, &format!("items_{}", count(&case["id"])));
            let Hierarchical {
                diff,
                ci95,
                p_two_sided,
            } = experiment::hierarchical(
                differences,
                seeds.len(),
                |b, i| seeds[b][i],
                |b, i| items[b][i],
            )
            .expect("draws");
            let expected = &case["hierarchical"];
            worst.compare(&what, diff, number(&expected["diff"]));
            worst.compare(&what, ci95.0, numbers(&expected["ci95"])[0]);
            worst.compare(&what, ci95.1, numbers(&expected["ci95"])[1]);
            // A value within rounding of the threshold may fall on either side: one draw.
            let off = (p_two_sided - number(&expected["p_two_sided_shifted"])).abs();
            assert!(
                off <= 1.0 / (seeds.len() + 1) as f64 + 1e-12,
                "{what}: p {p_two_sided}"
            );
        }
        worst.report("experiment_stats, hierarchical bootstrap", cases.len());
    }
}

#[test]
fn randomisation() {
    for folder in folders() {
        let recorded = TensorFile::open(&folder.join("draws.safetensors"));
        let cases = cases(&folder);
        let mut worst = Worst::within(1e-8);
        for (case, differences) in &cases {
            let what = format!("case {}", case["id"]);
            let flips = recorded.bits(&format!("flips_{}", count(&case["id"])));
            let by_item = experiment::item_means(differences);
            let found = significance::flipped_p(&by_item, flips.len(), |draw, word| {
                let bits = flips[draw].chunks(64).nth(word).expect("as many as items");
                bits.iter()
                    .rev()
                    .fold(0, |bits, bit| bits << 1 | u64::from(*bit))
            });
            let off = (found - number(&case["randomisation"]["p"])).abs();
            assert!(
                off <= 1.0 / (flips.len() + 1) as f64 + 1e-12,
                "{what}: p {found}"
            );
            let test = significance::paired_randomisation(&by_item, 10, 1).expect("items");
            let exact = test.exact.then_some(test.p_two_sided);
            if !case["randomisation"]["p_exact"].is_null() {
                worst.compare_defined(&what, exact, &case["randomisation"]["p_exact"]);
            }
        }
        worst.report("experiment_stats, randomisation", cases.len());
    }
}

#[test]
fn holm() {
    for folder in folders() {
        let families = fixture::json(&folder.join("holm.json"));
        for family in list(&families) {
            let found = significance::holm(&numbers(&family["p"]));
            let expected = numbers(&family["holm"]);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.into_iter().zip(expected) {
                assert_p("Holm", found, expected);
            }
        }
        Worst::within(0.0).report("experiment_stats, Holm", list(&families).len());
    }
}
