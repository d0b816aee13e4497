//! The leak audit against answers that were computed by brute force (`tests/golden/leak`).
#![allow(clippy::unwrap_used, reason = "a test says best where it failed")]

use std::path::{Path, PathBuf};

use privacy::audit::exposure::{Canary, exposures};
use privacy::audit::extraction::{Attempt, extraction};
use privacy::audit::membership::{Scores, membership};
use privacy::audit::text::Training;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Our copy, and the whole one where it is at hand.
fn folders() -> Vec<PathBuf> {
    let copied = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/leak");
    let shared =
        std::env::var_os("DUOLOGUE_SHARED").map(|folder| Path::new(&folder).join("golden/leak"));
    std::iter::once(copied)
        .chain(shared.filter(|folder| folder.is_dir()))
        .collect()
}

fn lines<T: DeserializeOwned>(file: &Path) -> Vec<T> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn whole(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Numbers agree to 1e-9, everything else exactly.
fn assert_alike(got: &Value, expected: &Value, place: &str) {
    match (got, expected) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-9, "{place}: {a} instead of {b}");
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{place}");
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                assert_alike(a, b, &format!("{place}[{n}]"));
            }
        }
        (Value::Object(a), Value::Object(b)) => {
            for (key, b) in b {
                let a = a.get(key).unwrap_or(&Value::Null);
                assert_alike(a, b, &format!("{place}.{key}"));
            }
        }
        (a, b) => assert_eq!(a, b, "{place}"),
    }
}

#[test]
fn every_text_and_the_limits() {
    for folder in folders() {
        let conversations = lines(&folder.join("train.jsonl"));
        let training = Training::new(&conversations, &lines(&folder.join("identifiers.jsonl")));
        let limits = training.null();
        let expected: Vec<Value> = lines(&folder.join("expected.jsonl"));
        let texts: Vec<Value> = lines(&folder.join("synthetic.jsonl"));
        assert_eq!(texts.len(), expected.len());
        let mut dropped = Vec::new();
        for (text, mut expected) in texts.iter().zip(expected) {
            let shared = training.shared(text["text"].as_str().unwrap());
            let id = expected.as_object_mut().unwrap().remove("id").unwrap();
            assert_alike(&json!(shared), &expected, id.as_str().unwrap());
            if !limits.thresholds.reasons(&shared).is_empty() {
                dropped.push(id);
            }
        }
        let mut summary = whole(&folder.join("summary.json"));
        assert_eq!(json!(texts.len()), summary["n"]);
        assert_eq!(json!(dropped), summary["dropped"]);
        let fields = summary.as_object_mut().unwrap();
        fields.retain(|key, _| key != "n" && key != "dropped");
        assert_alike(&json!(limits), &summary, "summary");
    }
}

#[test]
fn exposure_of_planted_values() {
    for folder in folders() {
        let mut expected = whole(&folder.join("exposure.json"));
        let canaries: Vec<Canary> = serde_json::from_value(expected["canaries"].clone()).unwrap();
        assert_eq!(
            canaries.len(),
            expected["canaries"].as_array().unwrap().len()
        );
        for canary in expected["canaries"].as_array_mut().unwrap() {
            canary
                .as_object_mut()
                .unwrap()
                .retain(|key, _| key == "rank" || key == "exposure_bits");
        }
        expected.as_object_mut().unwrap().remove("m");
        assert_alike(&json!(exposures(&canaries)), &expected, "exposure");
    }
}

#[test]
fn membership_by_scores() {
    for folder in folders() {
        let mut expected = whole(&folder.join("membership.json"));
        let scores: Scores = serde_json::from_value(expected.clone()).unwrap();
        expected
            .as_object_mut()
            .unwrap()
            .retain(|key, _| !key.ends_with("members"));
        assert_alike(
            &json!(membership(&scores).unwrap()),
            &expected,
            "membership",
        );
    }
}

#[test]
fn extraction_of_training_texts() {
    for folder in folders() {
        let mut expected = whole(&folder.join("extraction.json"));
        let attempts: Vec<Attempt> = serde_json::from_value(expected["rows"].clone()).unwrap();
        for row in expected["rows"].as_array_mut().unwrap() {
            let inputs = ["true", "prefix_tokens", "got"];
            row.as_object_mut()
                .unwrap()
                .retain(|key, _| !inputs.contains(&key.as_str()));
        }
        assert_alike(&json!(extraction(&attempts)), &expected, "extraction");
    }
}
