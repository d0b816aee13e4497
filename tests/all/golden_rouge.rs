//! ROUGE against numbers from the Python package rouge-score 0.1.2 (stemmer of NLTK), recorded in `tests/golden/rouge`.

use crate::fixture::{self, TensorFile};
use metrics::rouge::{self, RougeOptions, RougeScores};
use metrics::{interval, stemmer, text};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Largest difference of scores and means, which both sides compute in double precision.
const TOLERANCE: f64 = 1e-9;
/// Largest difference of a bootstrap with another generator and 1000 resamples. The recorded seeds differ among
/// themselves by up to 0.0073.
const OTHER_GENERATOR: f64 = 0.01;
/// Largest difference from the shared file, whose scores are rounded to six places.
const ROUNDED: f64 = 5.1e-7;

/// The two settings, by their names in the fixture.
const SETTINGS: [(&str, RougeOptions); 2] = [
    ("stemmer", RougeOptions { stemmer: true }),
    ("plain", RougeOptions { stemmer: false }),
];

fn folder() -> PathBuf {
    fixture::golden("rouge")
}

fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"))
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value)
        .iter()
        .map(|number| {
            number
                .as_f64()
                .unwrap_or_else(|| panic!("no number: {number}"))
        })
        .collect()
}

fn strings(value: &Value) -> Vec<&str> {
    list(value).iter().map(string).collect()
}

fn report(file: &str, folder: &Path, cases: usize) {
    assert!(cases > 0, "{file} holds no case");
    println!(
        "golden rouge: {cases} cases of {file} in {}",
        folder.display()
    );
}

/// Compares all types of `found` with `{rouge1: [P, R, F], ..}`; every type of the fixture must be known.
fn assert_scores(what: &str, found: &RougeScores, expected: &Value, tolerance: f64) {
    let types = expected
        .as_object()
        .unwrap_or_else(|| panic!("{what}: no scores"));
    assert!(!types.is_empty(), "{what}: no scores");
    for (name, expected) in types {
        let named = found.named();
        let (_, score) = named
            .iter()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("{what}: {name}"));
        let found = [score.precision, score.recall, score.fmeasure];
        assert_near(
            &format!("{what} {name}"),
            &found,
            &numbers(expected),
            tolerance,
        );
    }
}

fn assert_near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (f, e) in found.iter().zip(expected) {
        assert!(
            (f - e).abs() <= tolerance,
            "{what}: {found:?}, expected {expected:?}"
        );
    }
}

/// Scores of all pairs in the fixture, in the order of the fixture.
fn scores_of_pairs(folder: &Path, options: RougeOptions) -> Vec<RougeScores> {
    let pairs = fixture::json(&folder.join("pairs.json"));
    let score = |pair: &Value| {
        rouge::score(
            string(&pair["reference"]),
            string(&pair["prediction"]),
            options,
        )
    };
    list(&pairs).iter().map(score).collect()
}

#[test]
fn pairs() {
    let folder = folder();
    let pairs = fixture::json(&folder.join("pairs.json"));
    for (setting, options) in SETTINGS {
        for (pair, found) in list(&pairs).iter().zip(scores_of_pairs(&folder, options)) {
            assert_scores(
                &format!("pair {} {setting}", pair["id"]),
                &found,
                &pair[setting],
                TOLERANCE,
            );
        }
    }
    report("pairs.json", &folder, list(&pairs).len());
}

#[test]
fn tokens() {
    let folder = folder();
    let texts = fixture::json(&folder.join("tokens.json"));
    for case in list(&texts) {
        let text = string(&case["text"]);
        for (setting, options) in SETTINGS {
            assert_eq!(
                rouge::tokenize(text, options),
                strings(&case[setting]),
                "{text:?} {setting}"
            );
        }
    }
    report("tokens.json", &folder, list(&texts).len());
}

#[test]
fn stems() {
    let folder = folder();
    let stems = fixture::json(&folder.join("stems.json"));
    let stems = stems.as_object().expect("a map of stems");
    for (word, expected) in stems {
        assert_eq!(stemmer::stem(word), string(expected), "{word}");
    }
    report("stems.json", &folder, stems.len());
}

#[test]
fn several_references() {
    let folder = folder();
    let cases = fixture::json(&folder.join("multi_reference.json"));
    for (index, case) in list(&cases).iter().enumerate() {
        for (setting, options) in SETTINGS {
            let each = rouge::score_each(
                &strings(&case["references"]),
                string(&case["prediction"]),
                options,
            );
            let best = rouge::best(&each).expect("a reference");
            assert_scores(
                &format!("case {index} {setting}"),
                &best,
                &case[setting],
                TOLERANCE,
            );
        }
    }
    report("multi_reference.json", &folder, list(&cases).len());
}

#[test]
fn means() {
    let folder = folder();
    let aggregate = fixture::json(&folder.join("aggregate.json"));
    for (setting, options) in SETTINGS {
        let mean = rouge::mean(&scores_of_pairs(&folder, options)).expect("pairs");
        assert_scores(setting, &mean, &aggregate["mean"][setting], TOLERANCE);
    }
    report("aggregate.json (means)", &folder, SETTINGS.len());
}

/// Precision, recall and F-measure of each pair for one ROUGE type, as three columns.
fn columns(scores: &[RougeScores], name: &str) -> [Vec<f64>; 3] {
    let score_of = |scores: &RougeScores| {
        let named = scores.named();
        named
            .into_iter()
            .find(|(known, _)| *known == name)
            .unwrap_or_else(|| panic!("{name}"))
            .1
    };
    [
        scores
            .iter()
            .map(|scores| score_of(scores).precision)
            .collect(),
        scores
            .iter()
            .map(|scores| score_of(scores).recall)
            .collect(),
        scores
            .iter()
            .map(|scores| score_of(scores).fmeasure)
            .collect(),
    ]
}

/// Compares bootstrap percentiles (low, mid, high of P, R, F), resampled with `index`, with `result[name]` of a case.
fn assert_bootstrap(
    case: &Value,
    name: &str,
    scores: &[RougeScores],
    tolerance: f64,
    index: impl Fn(usize, usize) -> usize,
) {
    let resamples = case["n_samples"].as_u64().expect("n_samples") as usize;
    let tail = (1.0
        - case["confidence_interval"]
            .as_f64()
            .expect("confidence_interval"))
        / 2.0;
    let means =
        columns(scores, name).map(|values| interval::resampled_means(&values, resamples, &index));
    for (place, q) in [("low", tail), ("mid", 0.5), ("high", 1.0 - tail)] {
        let found = means
            .each_ref()
            .map(|means| text::quantile(means, q).expect("resamples"));
        assert_near(
            &format!("{name} {place}"),
            &found,
            &numbers(&case["result"][name][place]),
            tolerance,
        );
    }
}

fn options_of(case: &Value) -> RougeOptions {
    RougeOptions {
        stemmer: case["stemmer"].as_bool().expect("stemmer"),
    }
}

fn types_of(case: &Value) -> Vec<String> {
    case["result"]
        .as_object()
        .expect("a result")
        .keys()
        .cloned()
        .collect()
}

#[test]
fn bootstrap_with_recorded_indices() {
    let folder = folder();
    let aggregate = fixture::json(&folder.join("aggregate.json"));
    let case = &aggregate["bootstrap_200_with_indices"];
    let scores = scores_of_pairs(&folder, options_of(case));
    let recorded = TensorFile::open(&folder.join("bootstrap_indices.safetensors"));
    let types = types_of(case);
    for name in &types {
        let (shape, indices) = recorded.indices(name);
        assert_eq!(shape[1], scores.len(), "one index for each pair");
        assert_bootstrap(case, name, &scores, TOLERANCE, |b, i| {
            indices[b * scores.len() + i]
        });
    }
    report("aggregate.json (recorded indices)", &folder, types.len());
}

#[test]
fn bootstrap_with_our_generator() {
    let folder = folder();
    let aggregate = fixture::json(&folder.join("aggregate.json"));
    let cases = list(&aggregate["bootstrap_1000"]);
    for case in cases {
        let scores = scores_of_pairs(&folder, options_of(case));
        let stream = metrics::random::Stream::new(case["numpy_seed"].as_u64().expect("a seed"));
        for name in types_of(case) {
            let n = scores.len();
            let index = |b: usize, i: usize| stream.index((b * n + i) as u64, n);
            assert_bootstrap(case, &name, &scores, OTHER_GENERATOR, index);
        }
    }
    report("aggregate.json (own generator)", &folder, cases.len());
}

#[test]
fn summaries_of_real_systems() {
    let Some(path) = fixture::shared("data/human_eval/golden_rouge.jsonl") else {
        return;
    };
    let lines = std::fs::read_to_string(&path).expect("a text file");
    let mut cases = 0;
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let case: Value = serde_json::from_str(line).expect("a JSON line");
        for (setting, stemmer) in [("stemmed", true), ("unstemmed", false)] {
            let found = rouge::score(
                string(&case["reference"]),
                string(&case["candidate"]),
                RougeOptions { stemmer },
            );
            assert_scores(
                &format!("{} {} {setting}", case["id"], case["model_id"]),
                &found,
                &case[setting],
                ROUNDED,
            );
        }
        cases += 1;
    }
    report("golden_rouge.jsonl", &path, cases);
}
