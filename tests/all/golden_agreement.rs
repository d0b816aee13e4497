//! Agreement, paired tests and adjusted p-values against the Python packages krippendorff, SciPy and statsmodels,
//! recorded in `tests/golden/agreement`. Only the numbers that the application computes are compared.

use crate::fixture::{self, TensorFile};
use metrics::agreement::{self, Level};
use metrics::gwet::Weights;
use metrics::pick;
use metrics::wilcoxon::{self, Zeros};
use metrics::{interval, significance};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Coefficients and statistics.
const TOLERANCE: f64 = 1e-9;

fn folder() -> PathBuf {
    fixture::golden("agreement")
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

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(number).collect()
}

fn report(what: &str, folder: &Path, cases: usize) {
    assert!(cases > 0, "no case of {what}");
    println!(
        "golden agreement: {cases} cases of {what} in {}",
        folder.display()
    );
}

fn assert_near(what: &str, found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= TOLERANCE,
        "{what}: {found}, expected {expected}"
    );
}

/// A coefficient that may be undefined.
fn assert_same(what: &str, found: Option<f64>, expected: &Value) {
    match found {
        Some(found) => assert_near(what, found, number(expected)),
        None => assert!(expected.is_null(), "{what}: none, expected {expected}"),
    }
}

fn assert_p(what: &str, found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-8 + 1e-6 * expected,
        "{what}: p {found}, expected {expected}"
    );
}

#[test]
fn krippendorff() {
    let folder = folder();
    let matrices = fixture::json(&folder.join("ratings.json"));
    let mut cases = 0;
    for (index, matrix) in list(&matrices).iter().enumerate() {
        let row = |row: &Value| list(row).iter().map(Value::as_f64).collect();
        let ratings: Vec<Vec<Option<f64>>> = list(&matrix["ratings"]).iter().map(row).collect();
        for (name, level) in [
            ("nominal", Level::Nominal),
            ("ordinal", Level::Ordinal),
            ("interval", Level::Interval),
        ] {
            let found = agreement::krippendorff_alpha(&ratings, level);
            match (found, matrix["krippendorff_alpha"][name].as_f64()) {
                (Some(found), Some(expected)) => {
                    assert_near(&format!("matrix {index} {name}"), found, expected)
                }
                (found, expected) => assert_eq!(found, expected, "matrix {index} {name}"),
            }
            cases += 1;
        }
    }
    report("Krippendorff's alpha", &folder, cases);
}

#[test]
fn two_raters() {
    let folder = folder();
    let matrices = fixture::json(&folder.join("ratings.json"));
    let mut cases = 0;
    for (index, matrix) in list(&matrices).iter().enumerate() {
        let row = |row: &Value| list(row).iter().map(Value::as_f64).collect();
        let ratings: Vec<Vec<Option<f64>>> = list(&matrix["ratings"]).iter().map(row).collect();
        for pair in list(&matrix["rater_pairs"]) {
            let rater = |key: &str| &ratings[pair[key].as_u64().expect("a rater") as usize];
            let both = rater("a").iter().zip(rater("b"));
            let both: Vec<(f64, f64)> = both.filter_map(|(a, b)| Some(((*a)?, (*b)?))).collect();
            let what = format!("matrix {index}");
            for (name, weights) in [
                ("cohen_kappa_unweighted", Weights::Identity),
                ("cohen_kappa_linear", Weights::Linear),
                ("cohen_kappa_quadratic", Weights::Quadratic),
            ] {
                let scale = [1.0, 2.0, 3.0, 4.0, 5.0];
                let found = agreement::cohen_kappa(&both, &scale, weights);
                assert_same(&what, found, &pair[name]);
            }
            assert_same(&what, pick::kendall_b(&both), &pair["kendall_tau_b"]);
            cases += 1;
        }
    }
    report("Cohen's kappa", &folder, cases);
}

#[test]
fn holm() {
    let folder = folder();
    let families = fixture::json(&folder.join("adjusted_p.json"));
    for family in list(&families) {
        let found = significance::holm(&numbers(&family["p"]));
        let expected = numbers(&family["holm"]);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.into_iter().zip(expected) {
            assert_p("Holm", found, expected);
        }
    }
    report("Holm's adjustment", &folder, list(&families).len());
}

/// Recorded indices `[resamples, n]` of one test.
fn indices(folder: &Path, name: &str) -> Vec<Vec<usize>> {
    let recorded = TensorFile::open(&folder.join("bootstrap_indices.safetensors"));
    let (shape, numbers) = recorded.indices(name);
    numbers.chunks(shape[1]).map(<[usize]>::to_vec).collect()
}

#[test]
fn paired_bootstrap() {
    let folder = folder();
    let tests = fixture::json(&folder.join("paired_tests.json"));
    for test in list(&tests) {
        let what = format!("test {}", test["id"]);
        let expected = &test["bootstrap"];
        let resamples = expected["resamples"].as_u64().expect("resamples") as usize;
        let indices = indices(&folder, &format!("test{}.indices", test["id"]));
        let differences = numbers(&test["difference"]);
        let means = interval::resampled_means(&differences, resamples, |b, i| indices[b][i]);
        for (found, expected) in means
            .iter()
            .zip(numbers(&expected["mean_differences_first5"]))
        {
            assert_near(&what, *found, expected);
        }
        let found = interval::paired_difference(&differences, &means).expect("differences");
        assert_near(
            &what,
            found.diff,
            number(&expected["observed_mean_difference"]),
        );
        let ci95 = numbers(&expected["ci95"]);
        assert_near(&what, found.ci95.0, ci95[0]);
        assert_near(&what, found.ci95.1, ci95[1]);
        // A mean within rounding of the threshold may fall on either side: one resample.
        let off = (found.p_two_sided - number(&expected["p_two_sided_shifted"])).abs();
        assert!(
            off <= 1.0 / (resamples + 1) as f64 + 1e-12,
            "{what}: {found:?}"
        );
    }
    report("the paired bootstrap", &folder, list(&tests).len());
}

#[test]
fn signed_rank_and_sign_test() {
    let folder = folder();
    let tests = fixture::json(&folder.join("paired_tests.json"));
    let mut cases = 0;
    for test in list(&tests) {
        let differences = numbers(&test["difference"]);
        for row in list(&test["wilcoxon"]) {
            let zeros = match row["zero_method"].as_str() {
                Some("pratt") => Zeros::Pratt,
                Some("wilcox") => Zeros::Drop,
                Some("zsplit") => Zeros::Split,
                _ => continue,
            };
            // The application computes the two-sided normal approximation without continuity correction.
            if row["method"] != "asymptotic"
                || row["alternative"] != "two-sided"
                || row["correction"] != false
            {
                continue;
            }
            let what = format!("test {} {zeros:?}", test["id"]);
            let found = wilcoxon::signed_rank(&differences, zeros).expect("a difference");
            assert_near(&what, found.statistic, number(&row["statistic"]));
            assert_p(&what, found.p_two_sided, number(&row["p"]));
            cases += 1;
        }
        let signs = |sign: f64| {
            differences
                .iter()
                .filter(|difference| **difference * sign > 0.0)
                .count()
        };
        let p = significance::sign_test(signs(1.0), signs(-1.0));
        assert_p(
            &format!("test {} signs", test["id"]),
            p,
            number(&test["sign_test_p"]),
        );
    }
    report("the signed-rank test", &folder, cases);
}
