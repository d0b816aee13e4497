//! Parts: a run computes what its systems need and nothing else, another system costs its own parts, and runs that have
//! a part in common compute it once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fixture;
use crate::method::chosen;
use crate::program::{Answer, DATASET, FEW_SYSTEMS, RUN, Workspace, model, run_args};
use crate::resume::SEED;

/// The parts that reported this status, in order.
fn parts<'r>(ran: &'r Answer, status: &str) -> Vec<&'r str> {
    let events = ran
        .lines
        .iter()
        .filter(|line| line["event"] == "part" && line["status"] == status);
    events.filter_map(|line| line["part"].as_str()).collect()
}

/// Part, status and key of every part with a role, as `show` tells them.
fn shown(workspace: &Workspace, run: &str) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let shown = workspace.show(run);
    let stages = shown["stages"].as_array().expect("stages");
    stages
        .iter()
        .flat_map(|stage| stage["parts"].as_array().cloned().unwrap_or_default())
        .map(|part| {
            let key = text(&part["inputs_sha256"]);
            (text(&part["part"]), text(&part["status"]), key)
        })
        .collect()
}

fn systems(workspace: &Workspace, run: &str) -> Vec<Value> {
    let shown = workspace.show(run);
    let results = shown["results"].as_array().expect("results").iter();
    results.map(|row| row["system"].clone()).collect()
}

#[test]
fn without_synthetic_pairs_no_synthesizer_is_trained() {
    let model = model().display().to_string();
    let workspace = Workspace::new();
    let sets = ["systems=lead_3,longest_3,zero_shot,sft_real"];
    let done = workspace.ok(&run_args(&model, SEED, &sets, &[]));
    assert_eq!(done.stages("running"), ["summarizer", "evaluate"]);
    assert_eq!(
        parts(&done, "running"),
        [
            "summarizer/sft_real",
            "evaluate/lead_3",
            "evaluate/longest_3",
            "evaluate/zero_shot",
            "evaluate/sft_real"
        ]
    );
    let statuses = workspace.statuses(RUN);
    let unneeded: BTreeSet<&str> = statuses
        .iter()
        .filter(|(_, status)| *status == "unneeded")
        .map(|(stage, _)| stage.as_str())
        .collect();
    assert_eq!(unneeded.len(), 7, "{statuses:?}");
    let shown = workspace.show(RUN);
    assert_eq!(
        (&shown["status"], &shown["synthesizers"]),
        (&json!("done"), &json!([]))
    );
    assert_eq!(
        systems(&workspace, RUN),
        ["lead_3", "longest_3", "zero_shot", "sft_real"]
    );
    assert!(
        shown["results"][0]["reference_ce"].is_null(),
        "no model wrote it"
    );
    assert_eq!(shown["results"][3]["settings_tried"], 1);
    a_measuring_model_reads_the_outputs(&workspace);
}

/// What a measuring model finds is kept beside the parts: it changes no hash, and is removed with the outputs that it
/// read.
fn a_measuring_model_reads_the_outputs(workspace: &Workspace) {
    let Some(fixture) = fixture::shared("golden/bertscore_roberta") else {
        return;
    };
    let encoder = fixture.join("model").display().to_string();
    let measure = ["evaluate", "--run", RUN, "--encoder", &encoder];
    let before = workspace.hashes(RUN);
    let measured = workspace.ok(&measure).last()["results"].clone();
    let rows = measured.as_array().expect("rows");
    assert_eq!(rows.len(), 4);
    for row in rows {
        assert_eq!(row["bertscore"], "model L3 (its last), no idf, raw");
        let f = row["bertscore_f"]["mean"].as_f64().expect("a figure");
        assert!(0.0 < f && f <= 1.0 + 1e-6, "{row}");
        let is_compared = row["vs_sft_real"]["bertscore_f"]["diff"].is_f64();
        assert_eq!(is_compared, row["system"] != "sft_real");
    }
    let shown = workspace.show(RUN);
    assert_eq!(shown["results"], measured, "it is kept");
    assert_eq!(workspace.hashes(RUN), before);
    let refused = workspace.run(&[&measure[..], &["--rescale"]].concat());
    assert_eq!(refused.code, 2, "{:?}", refused.last());
}

#[test]
fn another_system_in_a_finished_run_costs_four_parts() {
    let model = model().display().to_string();
    let workspace = Workspace::new();
    let few = [FEW_SYSTEMS, "synthesizers=sft", "match_synthetic=false"];
    workspace.ok(&run_args(&model, SEED, &few, &[]));
    let added = workspace.ok(&["resume", RUN, "--add", "best_of_k"]);
    assert_eq!(
        parts(&added, "running"),
        [
            "align/best_of_k",
            "dialogues/best_of_k",
            "summarizer/best_of_k",
            "evaluate/best_of_k"
        ]
    );
    assert_eq!(parts(&added, "reused"), [""; 0]);
    // Lines of the conversation cost nothing and are in every table.
    let wanted = [
        "lead_3",
        "longest_3",
        "zero_shot",
        "sft_real",
        "mrds_separate",
        "best_of_k",
    ];
    assert_eq!(systems(&workspace, RUN), wanted);

    // A run that has it from the beginning takes every part over, and is the same.
    let sets = [
        "systems=zero_shot,sft_real,mrds_separate,best_of_k",
        "synthesizers=sft",
        "match_synthetic=false",
    ];
    let again = workspace.ok(&run_args(&model, SEED, &sets, &[]));
    assert_eq!(parts(&again, "running"), [""; 0]);
    let second = format!("{DATASET}-2");
    assert_eq!(workspace.hashes(&second), workspace.hashes(RUN));
    let tables = |run: &str| workspace.show(run)["results"].clone();
    assert_eq!(tables(&second), tables(RUN));
}

/// Three arms with two seeds. A part that another cell has computed is taken over, so that what is done, counted in the
/// database, is each distinct key once.
#[test]
fn a_grid_computes_each_distinct_key_once() {
    let model = model().display().to_string();
    let workspace = Workspace::new();
    let mut cells = 0;
    for arm in ["icl_examples=1", "icl_examples=2", "icl_examples=3"] {
        for seed in ["1", "2"] {
            let sets = ["systems=lead_3,zero_shot,in_context,sft_real", arm];
            workspace.ok(&run_args(&model, seed, &sets, &[]));
            cells += 1;
        }
    }
    let every: Vec<_> = (1..=cells)
        .flat_map(|cell| shown(&workspace, &format!("{DATASET}-{cell}")))
        .collect();
    let distinct: BTreeSet<(&str, &str)> = every
        .iter()
        .map(|(part, _, key)| (part.as_str(), key.as_str()))
        .collect();
    let computed = every
        .iter()
        .filter(|(_, status, _)| status == "done")
        .count();
    assert_eq!((cells, every.len()), (6, 6 * 5));
    // Lines and the bare model once, six prompts with examples, and a training with its outputs for each seed.
    assert_eq!(distinct.len(), 1 + 1 + 6 + 2 * 2);
    assert_eq!(computed, distinct.len());
    // The same counted in the database itself.
    let count = |sql: &str| -> usize {
        let database = workspace.path().join(project::rows::DATABASE);
        let open = rusqlite::Connection::open(database).expect("the database");
        let found: u32 = open.query_row(sql, [], |row| row.get(0)).expect("a number");
        found as usize
    };
    let keys = "SELECT DISTINCT stage, part, inputs_sha256 FROM part WHERE part != ''";
    assert_eq!(
        count(&format!("SELECT count(*) FROM ({keys})")),
        distinct.len()
    );
    let done = "SELECT count(*) FROM part WHERE part != '' AND status = 'done'";
    assert_eq!(count(done), distinct.len());
    let reused = "SELECT count(*) FROM part WHERE part != '' AND status = 'reused'";
    assert_eq!(count(reused), every.len() - distinct.len());
}

#[test]
fn shots_are_nested() {
    let model = model();
    let (workspace, model) = (Workspace::new(), model.display().to_string());
    let drawn = |run: &str, n: &str, seed: &str| {
        workspace.ok(&run_args(&model, seed, &[n], &["--until", "topics"]));
        chosen(&workspace, run, "shots")
            .into_iter()
            .map(|row| row.external_id)
            .collect::<Vec<_>>()
    };
    let (small, large) = (
        drawn(RUN, "shots=5", "0"),
        drawn("clinic-2", "shots=10", "0"),
    );
    assert_eq!((small.len(), large.len()), (5, 10));
    assert_eq!(small, large[..5]);
    let other = drawn("clinic-3", "shots=5", "1");
    assert_ne!(
        small.iter().collect::<BTreeSet<_>>(),
        other.iter().collect::<BTreeSet<_>>()
    );
    let hash = |run| workspace.show(run)["dataset"]["shot_ids_sha256"].clone();
    assert_ne!(hash(RUN), hash("clinic-2"));
}
