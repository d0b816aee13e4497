//! `audit`: what made-up texts and adapters give away, from files.

use serde_json::json;

use super::Place;
use crate::fixture::golden;

#[test]
fn made_up_texts_are_held_against_the_training_text() {
    let place = Place::new();
    let file = |name: &str| golden("leak").join(name).display().to_string();
    let (train, synthetic, identifiers) = (
        file("train.jsonl"),
        file("synthetic.jsonl"),
        file("identifiers.jsonl"),
    );
    let found = place.ok(&[
        "audit",
        "text",
        "--train",
        &train,
        "--synthetic",
        &synthetic,
        "--identifiers",
        &identifiers,
    ]);
    assert_eq!(found["n"], 50);
    assert_eq!(
        found["thresholds"],
        json!({"run": 20, "share8": 0.25, "near5": 0.5})
    );
    assert_eq!(
        found["dropped"].as_array().map(Vec::len),
        Some(32),
        "{found}"
    );
    assert!(found["reasons"]["identifier"].as_u64() > Some(0), "{found}");
    let without = place.ok(&[
        "audit",
        "text",
        "--train",
        &train,
        "--synthetic",
        &synthetic,
    ]);
    assert_eq!(without["identifiers"], json!({}));
}

#[test]
fn figures_of_adapters_are_worked_out() {
    let place = Place::new();
    let figures = |what: &str| {
        let file = golden("leak").join(format!("{what}.json"));
        place.ok(&["audit", what, &file.display().to_string()])
    };
    assert!(figures("exposure")["p"].as_f64() < Some(1.0));
    assert!(figures("membership")["auc"].as_f64() > Some(0.5));
    assert_eq!(figures("extraction")["n"], 17);
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    let place = Place::new();
    let wrong = place.write("wrong.json", "{\n\"members\": [1,\n");
    let refused = place.fails(&["audit", "membership", &wrong], 2, "file");
    assert!(
        refused["message"]
            .as_str()
            .is_some_and(|text| text.contains("wrong.json")),
        "{refused}"
    );
    let none = place.write("none.json", "{\"members\": [], \"non_members\": [1]}");
    let refused = place.fails(&["audit", "membership", &none], 2, "file");
    assert!(
        refused["fix"]
            .as_str()
            .is_some_and(|text| text.contains("non_members")),
        "{refused}"
    );
}

#[test]
fn made_up_dialogues_are_compared_with_real_ones() {
    let whole = super::run::whole();
    let audit = whole.place.ok(&["audit", super::run::RUN]);
    let shapes = audit["shapes"].as_array().expect("shapes");
    assert!(!shapes.is_empty());
    for shape in shapes {
        let distributions = shape["distributions"].as_array().expect("figures");
        let distances: Vec<f64> = distributions
            .iter()
            .map(|row| row["d"].as_f64().expect("a distance"))
            .collect();
        assert_eq!(distances.len(), 8, "{shape}");
        assert!(distances.is_sorted_by(|a, b| a >= b) && distances[0] <= 1.0);
        assert!(shape["n"].as_u64() > Some(0) && shape["n_real"].as_u64() > Some(0));
        let test = &shape["two_sample"];
        let is_large = shape["n"].as_u64().min(shape["n_real"].as_u64()) >= Some(10);
        assert_eq!(test.is_object(), is_large, "{shape}");
        assert!(shape["sentences"][0]["de"].is_string(), "{shape}");
    }
    // The end of a run looks at the same, and so does its report.
    let shown = whole.place.ok(&["show", super::run::RUN]);
    assert_eq!(shown["leaks"]["shapes"], audit["shapes"]);
}
