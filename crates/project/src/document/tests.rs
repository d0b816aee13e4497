//! The report of the sample's finished run, and of an experiment that holds the same.

use std::path::Path;

use contract::{ExperimentStanding, Language, Rounds};
use host::Liveness;
use serde_json::{Value, json};

use super::check::tree;
use super::*;
use crate::sample::{Bundle, RUN};
use crate::study::import;
use crate::study::results::results;

const NOW: Now<'static> = Now {
    now_ms: 1_700_000_000_000,
    liveness: &|_| Liveness::Gone,
};
const OPTIONS: ReportOptions = ReportOptions {
    items: 1,
    texts: true,
};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A workspace with the sample, and the report of its run.
fn sample() -> (tempfile::TempDir, Session, Document) {
    let dir = tempfile::tempdir().unwrap();
    let session = Session::open(dir.path()).unwrap();
    let bundle = Bundle::find(Some(root().join("models").into()), Path::new("/")).unwrap();
    session.take_sample(&bundle).unwrap();
    let sight = session.sight(&RUN.into()).unwrap();
    let document = session.report(&sight, OPTIONS, NOW.now_ms).unwrap();
    (dir, session, document)
}

/// Two rounds of a system.
fn rounds() -> Rounds {
    let round = |round: u32, distinct2: f64| {
        json!({
            "system": "mrds_separate", "round": round, "accepted": 40, "accepted_rate": 0.8, "compared": 40,
            "distinct2": distinct2, "validation_ce": 2.5, "stop": null, "warnings": [], "chosen": round == 1,
        })
    };
    let found = json!({
        "system": "mrds_separate", "asked": 2, "rounds": [round(1, 0.7), round(2, 0.6)], "real_ce": 2.4,
        "sentences": [{"en": "All 2 rounds were carried out.", "de": "Alle 2 Runden sind durchlaufen."}],
    });
    serde_json::from_value(found).unwrap()
}

fn rated() -> StudyResults {
    let record = import::read(&root().join("tests/golden/study_results")).unwrap();
    results(&record)
}

#[test]
fn a_run_is_told_from_its_verdict_to_what_it_cannot_show() {
    let (_dir, _session, mut document) = sample();
    let Subject::Run(subject) = &mut document.subject else {
        panic!("a run");
    };
    assert!(!subject.hand_overs.is_empty() && !subject.retries.is_empty());
    for found in &subject.hand_overs {
        let is_behind = |(step, _): &&(u64, f64)| *step > found.update;
        assert!(
            found.points.iter().any(|point| is_behind(&point)),
            "{}",
            found.system
        );
        assert!(found.lr_before > 0.0 && found.lr_after > 0.0 && found.ce_real.is_some());
    }
    subject.run.rounds = vec![rounds()];
    subject.ratings = vec![rated()];
    let english = page::markdown(&document, Language::English).unwrap();
    let headings: Vec<&str> = english
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    for heading in [
        "What was done",
        "Data",
        "Summaries of the test dialogues",
        "Synthetic dialogues",
        "Rounds",
        "Facts of the summaries",
        "From made-up to real pairs",
        "Curves",
        "The most telling items",
        "What people said",
        "Failures, warnings, repetitions",
        "Where and how long",
        "What the figures are",
        "What this cannot show",
    ] {
        assert!(headings.contains(&heading), "{heading}: {headings:?}");
    }
    // Every row of a table has as many cells as its header.
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    for lines in english.lines().collect::<Vec<_>>().windows(2) {
        if lines.iter().all(|line| line.starts_with('|')) {
            assert_eq!(cells(lines[0]), cells(lines[1]), "{lines:?}");
        }
    }
    let german = page::html(&document, Language::German).unwrap();
    for word in [
        "Was Menschen sagten",
        "Krippendorffs Alpha",
        "Runde 1 (genommen)",
        "<line ",
        "<svg",
    ] {
        assert!(german.contains(word), "{word}");
    }
    assert!(!german.contains("<script") && !german.contains("://"));
}

#[test]
fn an_experiment_tells_what_its_cells_found() {
    let (_dir, _session, document) = sample();
    let Subject::Run(subject) = document.subject else {
        panic!("a run");
    };
    let experiment = ExperimentReport {
        experiment: "e".into(),
        question: "Which is better?".to_owned(),
        status: ExperimentStanding::Running,
        done: 1,
        spec: "schema = 1".to_owned(),
        arms: Vec::new(),
        seeds: vec![1],
        cells: Vec::new(),
        table: Vec::new(),
        comparisons: Vec::new(),
        synthesizers: Vec::new(),
        verdicts: Vec::new(),
        domains: Vec::new(),
        gain_differences: Vec::new(),
        curves: Vec::new(),
        budget: None,
    };
    let failures = vec![Failure {
        place: "e-2".to_owned(),
        code: contract::ErrorCode::ModelChanged,
        message: "the model has changed".to_owned(),
    }];
    let cells = vec![CellFound {
        run: "e-1".into(),
        version: subject.run.version,
        model_sha256: subject.run.model.sha256.to_string(),
        device: subject.run.device,
        threads: subject.run.threads,
        data: subject.data,
        judge: subject.judge,
        rounds: vec![rounds()],
        leaks: subject.run.leaks,
        warnings: vec![Words::new("Look at it.", "Ansehen.")],
        retries: subject.retries,
    }];
    let subject = ExperimentSubject {
        experiment,
        cells,
        ratings: vec![rated()],
        failures,
    };
    let document = written(Subject::Experiment(Box::new(subject)), Vec::new(), 0).unwrap();
    let page = page::markdown(&document, Language::English).unwrap();
    for text in [
        "## Rounds",
        "## What people said",
        "| e-2 | model_changed |",
        "- Look at it.",
        "### e-1",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

/// The first number below a place of a report, one higher.
fn raised(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => {
            *value = match number.as_u64() {
                Some(count) => json!(count + 1),
                None => json!(number.as_f64().unwrap_or_default() + 1.0),
            };
            true
        }
        Value::Array(items) => items.iter_mut().any(raised),
        Value::Object(map) => map.values_mut().any(raised),
        _ => false,
    }
}

#[test]
fn a_changed_number_in_each_section_is_found() {
    let (_dir, session, document) = sample();
    let report = tree(&document).unwrap();
    let checked = session.check_report(&report.to_string(), NOW).unwrap();
    assert!(checked.equal, "{:?}", checked.mismatches);
    for section in [
        "/run/results",
        "/run/synthesizers",
        "/run/stages",
        "/run/dataset/counts",
        "/hand_overs",
        "/curves",
        "/items",
        "/retries",
    ] {
        let mut changed = report.clone();
        assert!(raised(changed.pointer_mut(section).unwrap()), "{section}");
        let checked = session.check_report(&changed.to_string(), NOW).unwrap();
        let is_there = |found: &check::Mismatch| {
            format!("/{}", found.path.replace('.', "/")).starts_with(section)
        };
        assert!(
            checked.mismatches.iter().any(is_there),
            "{section}: {checked:?}"
        );
    }
    for (place, word) in [
        ("/method/0/en", "7 real pairs"),
        ("/data/test_sha256", "00"),
    ] {
        let mut changed = report.clone();
        *changed.pointer_mut(place).unwrap() = json!(word);
        assert!(
            !session
                .check_report(&changed.to_string(), NOW)
                .unwrap()
                .equal,
            "{place}"
        );
    }
    // What nobody rated is not a result.
    let mut changed = report.clone();
    changed["ratings"] = json!([rated()]);
    assert!(
        !session
            .check_report(&changed.to_string(), NOW)
            .unwrap()
            .equal
    );
}
