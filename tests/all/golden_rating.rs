//! The statistics of ratings against the Python packages irrCAC, choix, statsmodels and SciPy, recorded in
//! `tests/golden/{gwet,bradley_terry,best_worst,cluster_bootstrap,planner}`: a few cases of each, and all of them where
//! the data beside the repository is at hand. Their READMEs hold formulas and tolerances.

use crate::fixture::{self, TensorFile};
use metrics::agreement::{self, Level};
use metrics::best_worst::{self, Choice};
use metrics::cluster::{self, Block};
use metrics::davidson::{self, Counts};
use metrics::gwet::{self, Weights};
use metrics::planner::{self, Components, Design, Question};
use metrics::{flip, interval, student};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder of this repository, and the larger one beside the repository, if that is there.
fn folders(name: &str) -> Vec<PathBuf> {
    let beside = fixture::shared(&format!("golden/{name}"));
    [Some(fixture::golden(name)), beside]
        .into_iter()
        .flatten()
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"))
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

fn count(value: &Value) -> usize {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("no count: {value}")) as usize
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}

#[track_caller]
fn near(what: &str, found: f64, expected: &Value, tolerance: f64) {
    let expected = number(expected);
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected}"
    );
}

/// An interval that may be undefined.
#[track_caller]
fn ends(what: &str, found: Option<(f64, f64)>, expected: &Value, tolerance: f64) {
    match found {
        Some((low, high)) => {
            near(what, low, &expected[0], tolerance);
            near(what, high, &expected[1], tolerance);
        }
        None => assert!(expected.is_null(), "{what}: none, expected {expected}"),
    }
}

fn report(what: &str, folder: &Path, cases: usize) {
    assert!(cases > 0, "no case of {what}");
    println!("golden: {cases} cases of {what} in {}", folder.display());
}

/// Recorded resamples of a case: place `i` of resample `b` is at `b * width + i`.
fn recorded(file: &TensorFile, case: &Value) -> (usize, Vec<usize>) {
    let (shape, indices) = file.indices(&format!("case{}.indices", case["case"]));
    (shape[1], indices)
}

#[test]
fn gwet_coefficients() {
    for folder in folders("gwet") {
        let cases = fixture::json(&folder.join("ratings.json"));
        for (index, case) in list(&cases).iter().enumerate() {
            let row = |row: &Value| list(row).iter().map(Value::as_f64).collect();
            let ratings: Vec<Vec<Option<f64>>> = list(&case["ratings"]).iter().map(row).collect();
            let categories = numbers(&case["categories"]);
            for (name, weights) in [
                ("identity", Weights::Identity),
                ("linear", Weights::Linear),
                ("quadratic", Weights::Quadratic),
                ("ordinal", Weights::Ordinal),
            ] {
                let expected = &case["gwet"][name];
                let what = format!("matrix {index} {name}");
                let Some(found) = gwet::coefficient(&ratings, &categories, weights) else {
                    assert!(expected.is_null() || expected["ac"].is_null(), "{what}");
                    continue;
                };
                near(&what, found.ac, &expected["ac"], 1e-9);
                near(&what, found.pa, &expected["pa"], 1e-9);
                near(&what, found.pe, &expected["pe"], 1e-9);
                if let Some(se) = found.se {
                    near(&what, se, &expected["se"], 1e-8);
                }
                ends(&what, found.ci95, &expected["ci95"], 1e-8);
                assert_eq!(found.items, count(&expected["items"]), "{what}");
                assert_eq!(found.items_two, count(&expected["items_two"]), "{what}");
            }
            let alpha = agreement::krippendorff_alpha(&ratings, Level::Ordinal);
            match alpha {
                Some(alpha) => near("alpha", alpha, &case["krippendorff_ordinal"], 1e-9),
                None => assert!(case["krippendorff_ordinal"].is_null(), "matrix {index}"),
            }
            shares(&ratings, &case["shares"]);
        }
        report("Gwet's coefficients", &folder, list(&cases).len());
    }
}

fn shares(ratings: &[Vec<Option<f64>>], expected: &Value) {
    let Some(found) = agreement::agreement_shares(ratings) else {
        assert!(expected.is_null() || count(&expected["items"]) == 0);
        return;
    };
    assert_eq!(found.items, count(&expected["items"]));
    near("equal", found.all_equal, &expected["all_equal"], 1e-9);
    near(
        "within one",
        found.within_one,
        &expected["within_one"],
        1e-9,
    );
    near("pairs", found.pairs_equal, &expected["pairs_equal"], 1e-9);
}

fn matrix_counts(case: &Value) -> Counts {
    let systems = count(&case["systems"]);
    let mut counts = Counts::new(systems);
    for a in 0..systems {
        for b in 0..systems {
            counts.add_wins(a, b, number(&case["wins"][a][b]));
            if a < b {
                counts.add_ties(a, b, number(&case["tie_counts"][a][b]));
            }
        }
    }
    counts
}

/// The choices of each dialogue of a case.
fn votes(case: &Value) -> Vec<Counts> {
    let mut counts = vec![Counts::new(count(&case["systems"])); count(&case["dialogues"])];
    for vote in list(&case["votes"]) {
        let (a, b) = (count(&vote["a"]), count(&vote["b"]));
        let dialogue = &mut counts[count(&vote["dialogue"])];
        match text(&vote["choice"]) {
            "a" => dialogue.add_wins(a, b, 1.0),
            "b" => dialogue.add_wins(b, a, 1.0),
            _ => dialogue.add_ties(a, b, 1.0),
        }
    }
    counts
}

#[test]
fn strengths_from_pairs() {
    for folder in folders("bradley_terry") {
        let cases = fixture::json(&folder.join("cases.json"));
        let file = TensorFile::open(&folder.join("bootstrap_indices.safetensors"));
        for case in list(&cases) {
            let counts = matrix_counts(case);
            let Some(found) = davidson::fit(&counts) else {
                assert!(case["fit"].is_null(), "case {}", case["case"]);
                continue;
            };
            strengths(&found, case);
            if !case["votes"].is_null() {
                let votes = votes(case);
                let (width, indices) = recorded(&file, case);
                assert_eq!(width, votes.len());
                resampled_strengths(case, &votes, &indices);
            }
        }
        report("Bradley-Terry", &folder, list(&cases).len());
    }
}

fn strengths(found: &davidson::Fit, case: &Value) {
    let (what, expected) = (format!("case {}", case["case"]), &case["fit"]);
    near(&what, found.nu, &expected["nu"], 1e-7);
    near(
        &what,
        found.log_likelihood,
        &expected["log_likelihood"],
        1e-7,
    );
    match found.eta_se {
        Some(se) => near(&what, se, &expected["eta_se"], 1e-7),
        None => assert!(expected["eta_se"].is_null(), "{what}"),
    }
    for a in 0..found.theta.len() {
        near(&what, found.theta[a], &expected["theta"][a], 1e-7);
        near(&what, found.se[a], &expected["se"][a], 1e-7);
        for b in (0..found.theta.len()).filter(|b| *b != a) {
            near(
                &what,
                found.difference(a, b),
                &expected["difference"][a][b],
                1e-7,
            );
            let se = found.difference_se(a, b);
            near(&what, se, &expected["difference_se"][a][b], 1e-7);
            let (chances, share) = (found.chances(a, b), &case["expected"][a][b]);
            near(&what, chances.win, &share["win"], 1e-7);
            near(&what, chances.tie, &share["tie"], 1e-7);
            near(&what, chances.loss, &share["loss"], 1e-7);
        }
    }
}

fn resampled_strengths(case: &Value, votes: &[Counts], indices: &[usize]) {
    let (what, expected) = (
        format!("case {} resampled", case["case"]),
        &case["bootstrap"],
    );
    let resamples = count(&expected["resamples"]);
    let found = davidson::bootstrap(votes, resamples, |b, i| indices[b * votes.len() + i]);
    assert_eq!(found.dropped, count(&expected["dropped"]), "{what}");
    for (theta, expected) in found.thetas.iter().zip(list(&expected["theta_first3"])) {
        for (theta, expected) in theta.iter().zip(list(expected)) {
            near(&what, *theta, expected, 1e-6);
        }
    }
    let systems = count(&case["systems"]);
    for a in 0..systems {
        ends(&what, found.theta_ci95(a), &expected["theta_ci95"][a], 1e-6);
        for b in (0..systems).filter(|b| *b != a) {
            let interval = &expected["difference_ci95"][a][b];
            ends(&what, found.difference_ci95(a, b), interval, 1e-6);
        }
    }
}

#[test]
fn best_and_worst() {
    for folder in folders("best_worst") {
        let cases = fixture::json(&folder.join("cases.json"));
        let file = TensorFile::open(&folder.join("bootstrap_indices.safetensors"));
        for case in list(&cases) {
            let systems: Vec<&str> = list(&case["systems"]).iter().map(text).collect();
            let place = |name: &Value| {
                let known = systems.iter().position(|known| *known == text(name));
                known.expect("a system of the case")
            };
            let choice = |choice: &Value| Choice {
                dialogue: count(&choice["dialogue"]),
                shown: list(&choice["shown"]).iter().map(place).collect(),
                best: place(&choice["best"]),
                worst: place(&choice["worst"]),
            };
            let choices: Vec<Choice> = list(&case["choices"]).iter().map(choice).collect();
            let (width, indices) = recorded(&file, case);
            let index = |b: usize, i: usize| indices[b * width + i];
            let resamples = count(&case["resamples"]);
            for (system, name) in systems.iter().enumerate() {
                let (tally, expected) = (best_worst::tally(&choices, system), &case["score"][name]);
                assert_eq!(tally.shown, count(&expected["shown"]), "{name}");
                assert_eq!(tally.best, count(&expected["best"]), "{name}");
                assert_eq!(tally.worst, count(&expected["worst"]), "{name}");
                near(
                    name,
                    tally.score().expect("shown"),
                    &expected["score"],
                    1e-12,
                );
                let mean = best_worst::mean_mark(&choices, system, resamples, index);
                same_mean(
                    name,
                    &mean.expect("a choice"),
                    &case["mean_by_dialogue"][name],
                    "mean",
                );
            }
            let pairs = best_worst::pairs(&choices, systems.len(), resamples, index, 1);
            assert_eq!(pairs.len(), list(&case["pairs"]).len());
            for (found, expected) in pairs.iter().zip(list(&case["pairs"])) {
                assert_eq!(systems[found.a], text(&expected["a"]));
                assert_eq!(systems[found.b], text(&expected["b"]));
                assert_eq!(found.difference.dialogues, count(&expected["dialogues"]));
                same_mean("pair", &found.difference, expected, "diff");
                near("p", found.p, &expected["p"], 1e-10);
                near("adjusted p", found.p_holm, &expected["p_holm"], 1e-10);
            }
            let places: Vec<usize> = list(&case["position_best"]).iter().map(count).collect();
            assert_eq!(best_worst::best_by_place(&choices), places);
        }
        report("best-worst choices", &folder, list(&cases).len());
    }
}

fn same_mean(what: &str, found: &best_worst::Mean, expected: &Value, key: &str) {
    near(what, found.mean, &expected[key], 1e-12);
    ends(what, found.ci95, &expected["ci95"], 1e-9);
    ends(
        what,
        found.ci95_percentile,
        &expected["ci95_percentile"],
        1e-9,
    );
}

#[test]
fn dialogues_as_clusters() {
    for folder in folders("cluster_bootstrap") {
        let cases = fixture::json(&folder.join("cases.json"));
        let file = TensorFile::open(&folder.join("bootstrap_indices.safetensors"));
        for case in list(&cases) {
            let what = format!("case {}", case["case"]);
            if !case["ratings"].is_null() {
                rated_case(&what, case, &file);
            }
            let differences = numbers(&case["differences"]);
            let mean = metrics::text::mean(&differences).expect("differences");
            near(&what, mean, &case["diff"], 1e-9);
            ends(
                &what,
                student::mean_interval(&differences, 0.95),
                &case["ci95_t"],
                1e-9,
            );
            if !case["ci90_t"].is_null() {
                ends(
                    &what,
                    student::mean_interval(&differences, 0.90),
                    &case["ci90_t"],
                    1e-9,
                );
            }
            let exact = flip::exact(&differences).expect("a lattice");
            near(&what, exact.p_two_sided, &case["p_exact"], 1e-10);
            if !case["resamples"].is_null() {
                let (width, indices) = recorded(&file, case);
                let index = |b: usize, i: usize| indices[b * width + i];
                let resamples = count(&case["resamples"]);
                let means = interval::resampled_means(&differences, resamples, index);
                if !case["means_first5"].is_null() {
                    for (found, expected) in means.iter().zip(list(&case["means_first5"])) {
                        near(&what, *found, expected, 1e-9);
                    }
                }
                ends(
                    &what,
                    interval::percentiles_95(&means),
                    &case["ci95_percentile"],
                    1e-9,
                );
                let studentised = cluster::studentised(&differences, resamples, index);
                ends(&what, studentised, &case["ci95_studentised"], 1e-9);
            }
        }
        report("dialogues as clusters", &folder, list(&cases).len());
    }
}

/// What a case says about its blocks: differences, components, other raters, agreement.
fn rated_case(what: &str, case: &Value, file: &TensorFile) {
    let rows: Vec<(usize, usize, f64, f64)> = list(&case["ratings"])
        .iter()
        .filter_map(|row| {
            let (a, b) = (row[2].as_f64()?, row[3].as_f64()?);
            Some((count(&row[0]), count(&row[1]), a, b))
        })
        .collect();
    let blocks: Vec<Block> = rows
        .iter()
        .map(|(dialogue, rater, a, b)| Block {
            dialogue: *dialogue,
            rater: *rater,
            difference: a - b,
        })
        .collect();
    let dropped = list(&case["ratings"]).len() - rows.len();
    assert_eq!(dropped, count(&case["dropped_blocks"]), "{what}");
    let differences = cluster::by_dialogue(&blocks);
    let counted: Vec<usize> = list(&case["counted_dialogues"]).iter().map(count).collect();
    assert_eq!(differences.keys().copied().collect::<Vec<_>>(), counted);
    for (found, expected) in differences.values().zip(list(&case["differences"])) {
        near(what, *found, expected, 1e-9);
    }
    let values: Vec<f64> = differences.into_values().collect();
    let sd = metrics::text::standard_deviation(&values).expect("two dialogues");
    near(what, sd, &case["sd"], 1e-9);
    match cluster::components(&cluster::shared_table(&blocks)) {
        Some(found) => {
            let expected = &case["components"];
            near(what, found.a2, &expected["a2"], 1e-9);
            near(what, found.b2, &expected["b2"], 1e-9);
            near(what, found.e2, &expected["e2"], 1e-9);
        }
        None => assert!(case["components"].is_null(), "{what}"),
    }
    match cluster::other_raters(&blocks) {
        Some(found) => {
            let expected = &case["other_raters"];
            ends(what, Some(found.ci95), &expected["ci95"], 1e-9);
            near(what, found.df, &expected["df"], 1e-9);
            near(what, found.w2, &expected["w2"], 1e-9);
            assert_eq!(found.shared, count(&expected["shared"]), "{what}");
            assert_eq!(found.raters, count(&expected["raters"]), "{what}");
        }
        None => assert!(case["other_raters"].is_null(), "{what}"),
    }
    summaries_of(what, case, file, &rows, &counted);
}

/// Agreement over the summaries of a case, two for each dialogue.
fn summaries_of(
    what: &str,
    case: &Value,
    file: &TensorFile,
    rows: &[(usize, usize, f64, f64)],
    counted: &[usize],
) {
    let place: BTreeMap<usize, usize> = counted.iter().copied().zip(0..).collect();
    let raters = rows.iter().map(|row| row.1).max().expect("a rater") + 1;
    let mut ratings = vec![vec![None; 2 * counted.len()]; raters];
    for (dialogue, rater, a, b) in rows {
        ratings[*rater][2 * place[dialogue]] = Some(*a);
        ratings[*rater][2 * place[dialogue] + 1] = Some(*b);
    }
    let dialogues: Vec<usize> = (0..2 * counted.len()).map(|item| item / 2).collect();
    let (width, indices) = recorded(file, case);
    let index = |b: usize, i: usize| indices[b * width + i];
    let (n, resamples) = (counted.len(), count(&case["resamples"]));
    let level = Level::Ordinal;
    match agreement::bootstrap_alpha(&ratings, level, &dialogues, n, resamples, index) {
        Some(found) => {
            near(what, found.value, &case["alpha"], 1e-9);
            ends(
                what,
                Some((found.low, found.high)),
                &case["alpha_ci95"],
                1e-9,
            );
        }
        None => assert!(case["alpha"].is_null(), "{what}"),
    }
    shares(&ratings, &case["shares"]);
}

#[test]
fn plans() {
    for folder in folders("planner") {
        let cases = fixture::json(&folder.join("cases.json"));
        for (index, case) in list(&cases).iter().enumerate() {
            let (input, expected) = (&case["input"], &case["output"]);
            let what = format!("plan {index}");
            let components = Components {
                a2: number(&input["a2"]),
                b2: number(&input["b2"]),
                e2: number(&input["e2"]),
            };
            let design = Design {
                dialogues: count(&input["dialogues"]),
                raters: count(&input["raters"]),
                shared: count(&input["shared"]),
            };
            let question = Question {
                comparisons: count(&input["comparisons"]),
                alpha: number(&input["alpha"]),
                power: number(&input["power"]),
                delta: number(&input["delta"]),
            };
            let found = planner::outlook(components, design, question).expect("a plan");
            near(&what, found.h, &expected["h"], 1e-8);
            near(&what, found.w2, &expected["w2"], 1e-8);
            near(&what, found.se, &expected["se"], 1e-8);
            near(
                &what,
                found.se_other_raters,
                &expected["se_other_raters"],
                1e-8,
            );
            near(&what, found.half_width, &expected["half_width"], 1e-8);
            near(&what, found.detectable, &expected["detectable"], 1e-8);
            near(&what, found.taste_95, &expected["taste_95"], 1e-8);
            near(
                &what,
                found.power_at_delta,
                &expected["power_at_delta"],
                1e-8,
            );
            let load: Vec<usize> = list(&expected["load"]).iter().map(count).collect();
            assert_eq!(found.load, load, "{what}");
            let needed = question.dialogues_needed(planner::deviation(components, found.h));
            assert_eq!(
                needed,
                case["dialogues_needed"].as_u64().map(|n| n as usize),
                "{what}"
            );
        }
        report("plans", &folder, list(&cases).len());
    }
}
