//! Rounds: a finished run continues after its last round and ends, killed or not, with the hashes of one that had all
//! rounds from the beginning; the summarizer of the round before is the judge of the next; `show` says how it ended.

use serde_json::{Value, json};

use crate::program::{DATASET, RUN, Workspace, model, run_args};
use crate::resume::SEED;

/// Rounds whose judge is the summarizer; so few validation pairs cannot tell a gain.
const SETS: [&str; 6] = [
    "systems=sft_real,mrds_separate",
    "synthesizers=sft",
    "scorer=tuned",
    "judge_items=4",
    "candidate_synthetic_limit=0",
    "round_patience=2",
];

/// Keys and results of every part by name.
fn parts(workspace: &Workspace, run: &str) -> Vec<(String, Value, Value)> {
    let shown = workspace.show(run);
    let stages = shown["stages"].as_array().expect("stages").clone();
    let of_stage = |stage: &Value| stage["parts"].as_array().cloned().unwrap_or_default();
    let every = stages.iter().flat_map(of_stage);
    every
        .map(|part| {
            let name = part["part"].as_str().expect("a name").to_owned();
            (
                name,
                part["inputs_sha256"].clone(),
                part["output_sha256"].clone(),
            )
        })
        .collect()
}

#[test]
fn a_finished_run_goes_on_and_a_killed_one_gives_the_same() {
    let model = model().display().to_string();
    let workspace = Workspace::new();
    workspace.ok(&run_args(&model, SEED, &SETS, &[]));
    let once = parts(&workspace, RUN);
    assert!(workspace.show(RUN)["rounds"].is_null(), "one round is none");

    // Another round in the finished run, killed in three of its stages.
    for stage in ["candidates/round2", "align/round2", "summarizer/round2"] {
        let mut worker = workspace.start(&["resume", RUN, "--rounds", "2"]);
        let is_there = worker.wait_for(|line| {
            let part = line["part"].as_str().unwrap_or_default();
            line["status"] == "running" && part.starts_with(stage)
        });
        assert!(is_there, "{stage} was never begun");
        worker.kill();
    }
    let ended = workspace.ok(&["resume", RUN]);
    assert_eq!(ended.last()["status"], "done");
    let killed = parts(&workspace, RUN);
    assert!(once.iter().all(|part| killed.contains(part)), "{once:?}");

    // The same from the beginning, where nothing can be taken over.
    let other = Workspace::new();
    let sets = [&SETS[..], &["rounds=2"]].concat();
    other.ok(&run_args(&model, SEED, &sets, &[]));
    assert_eq!(parts(&other, RUN), killed);
    let figures = |workspace: &Workspace| workspace.show(RUN)["rounds"].clone();
    assert_eq!(figures(&other), figures(&workspace));
    what_is_shown(&workspace);

    // A new run takes every part of the old one over.
    let again = workspace.ok(&run_args(&model, SEED, &sets, &[]));
    assert_eq!(again.stages("running"), [""; 0]);
    assert_eq!(parts(&workspace, &format!("{DATASET}-2")), killed);
}

fn what_is_shown(workspace: &Workspace) {
    let shown = workspace.show(RUN);
    let rounds = &shown["rounds"][0];
    assert_eq!(
        (&rounds["system"], &rounds["asked"]),
        (&json!("mrds_separate"), &json!(2))
    );
    let rows = rounds["rounds"].as_array().expect("rows");
    assert_eq!(rows.len(), 2);
    for (number, row) in (1..).zip(rows) {
        assert_eq!(row["round"], number);
        assert!(row["validation_ce"].as_f64().expect("a CE") > 0.0);
        assert!(
            row["judge_ce"].is_f64() && row["scorer_ce"].is_f64(),
            "{row}"
        );
        assert!(row["compared"].as_u64().expect("a number") >= 1, "{row}");
    }
    assert_eq!(rows[0]["distinct2_ratio"], 1.0);
    let split = rows[0]["scorer_split"]
        .as_f64()
        .expect("the first is the measure");
    assert_eq!(split, 0.0);
    let chosen: Vec<&Value> = rows.iter().filter(|row| row["chosen"] == true).collect();
    assert_eq!(chosen.len(), 1);
    assert!(
        rounds["sentences"][0]["en"]
            .as_str()
            .is_some_and(|sentence| sentence.contains('2')),
        "{rounds}"
    );
    // The table has the chosen round, followed by the first if that is another.
    let results = shown["results"].as_array().expect("results").iter();
    let of_system: Vec<Value> = results
        .filter(|row| row["system"] == "mrds_separate")
        .map(|row| row["round"].clone())
        .collect();
    match chosen[0]["round"].as_u64() {
        Some(1) => assert_eq!(of_system, [Value::Null]),
        _ => assert_eq!(of_system, [json!(2), json!(1)]),
    }
    // New summaries are others, candidates those of the round's own.
    let summaries = workspace.items(RUN, "summaries", "summary");
    let texts: std::collections::BTreeSet<&str> = summaries
        .iter()
        .filter_map(|summary| summary["text"].as_str())
        .collect();
    assert_eq!(texts.len(), summaries.len());
    let judge = &shown["judge"];
    assert_eq!(judge["scorer"], "tuned");
    let refused = workspace.run(&["resume", RUN, "--rounds", "21"]);
    assert_eq!(refused.code, 2, "{:?}", refused.last());
}

#[test]
fn another_model_can_be_the_judge() {
    let model = model().display().to_string();
    let toy = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/duo-mini");
    let workspace = Workspace::new();
    let named = format!("scorer_model={}", toy.display());
    let sets = [
        "systems=mrds_separate",
        "synthesizers=sft",
        "scorer=model",
        &named,
    ];
    let until = ["--until", "preferences"];
    workspace.ok(&run_args(&model, SEED, &sets, &until));
    let shown = workspace.show(RUN);
    assert_eq!(shown["judge"]["scorer"], "model");
    assert_eq!(shown["recipe"]["scorer_model"], "duo-mini", "no path");
    let by_toy = workspace.items(RUN, "candidates", "candidate");
    let base = ["systems=mrds_separate", "synthesizers=sft"];
    workspace.ok(&run_args(&model, SEED, &base, &until));
    let second = format!("{DATASET}-2");
    let by_base = workspace.items(&second, "candidates", "candidate");
    assert_eq!(by_toy.len(), by_base.len());
    let texts =
        |items: &[Value]| -> Vec<Value> { items.iter().map(|item| item["text"].clone()).collect() };
    assert_eq!(texts(&by_toy), texts(&by_base));
    assert!(
        by_toy
            .iter()
            .zip(&by_base)
            .any(|(a, b)| a["score"] != b["score"]),
        "another judge"
    );
    let missing = workspace.run(&run_args(&model, SEED, &["scorer=model"], &[]));
    assert_eq!(missing.code, 2, "{:?}", missing.last());
}
