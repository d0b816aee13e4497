//! run, resume, pause, cancel, show, export: one complete tiny run, interrupted once, that many tests look at.

use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use duologue_tests::{Lines, end, output};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use project::session::Session;
use serde_json::{Value, json};

use super::{Place, Said, list, number, text};
use crate::program::{INVENTED, binary, model, rows};

pub(super) const RUN: &str = "d-1";
pub(super) const STAGES: [&str; 9] = [
    "topics",
    "summaries",
    "synthesizer",
    "candidates",
    "preferences",
    "align",
    "dialogues",
    "summarizer",
    "evaluate",
];
/// The systems that come first in every table.
const LINES: [&str; 2] = ["lead_3", "longest_3"];
const SYSTEMS: [&str; 3] = ["zero_shot", "sft_real", "mrds_separate"];
pub(super) const SEED: &str = "3";
/// As few shots as leave every stage something to go on with at several seeds, and half a minute of computing.
pub(super) const SETS: [&str; 31] = [
    "shots=12",
    "validation=2",
    "test_items=2",
    "too_long=drop",
    "topic_max_new_tokens=6",
    "synthetic_per_shot=1",
    "summary_max_rounds=2",
    "summary_max_new_tokens=40",
    "lora_rank=4",
    "sft_batch_size=4",
    "sft_max_epochs=3",
    "evals_per_epoch=1",
    "generate_batch_size=16",
    "candidates_per_summary=4",
    "candidate_synthetic_limit=1",
    "format_pairs_per_summary=1",
    "checkpoint_summaries=1",
    "dialogue_temperature=0.5",
    "dialogue_max_new_tokens=128",
    "dpo_epochs=1",
    "dpo_batch_size=4",
    "dpo_checkpoints=1",
    "checkpoint_samples=1",
    "dialogue_tries=8",
    "ids_max_iterations=10",
    "rejection_max_tries=1",
    "lr_search=1",
    "bootstrap=200",
    "min_gap=0.01",
    "min_gap_sd=0.05",
    "length_balance=0.9",
];

/// The arguments of a run on the clinic's rows.
pub(super) fn run_args(model: &str) -> Vec<String> {
    let systems = SYSTEMS.join(",");
    let mut args: Vec<String> = [
        "run",
        "--dataset",
        "d",
        "--model",
        model,
        "--systems",
        &systems,
        "--seed",
        SEED,
    ]
    .map(String::from)
    .to_vec();
    SETS.iter()
        .for_each(|set| args.extend(["--set".to_owned(), (*set).to_owned()]));
    args
}

pub(super) fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

/// A place with the clinic's rows, and the arguments of a run.
pub(super) fn ready() -> (Place, Vec<String>) {
    let model = model().display().to_string();
    let place = Place::new();
    place.import("d", &rows());
    (place, run_args(&model))
}

/// A command at work.
pub(super) struct AtWork {
    pub(super) child: Child,
    lines: Lines,
    heard: String,
}

impl AtWork {
    pub(super) fn start(place: &Place, args: &[&str]) -> Self {
        Self::begin(place.command(args).arg("--json"))
    }

    pub(super) fn begin(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        let lines = Lines::of(child.stdout.take().expect("a pipe"));
        Self {
            child,
            lines,
            heard: String::new(),
        }
    }

    /// Reads until a line matches.
    pub(super) fn until(&mut self, fits: impl Fn(&Value) -> bool) {
        while let Some(line) = self.lines.hear("the next step of a command at work") {
            self.heard.extend([&line, "\n"]);
            if fits(&serde_json::from_str(&line).expect("JSON")) {
                return;
            }
        }
        panic!("it ended early: {}", self.heard);
    }

    /// Interrupts it as Ctrl-C does.
    pub(super) fn interrupt(&self) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).expect("a signal");
    }

    pub(super) fn end(mut self) -> Said {
        while let Some(line) = self.lines.hear("the end of a command at work") {
            self.heard.extend([&line, "\n"]);
        }
        let output = end(self.child, "the end of a command that says nothing more");
        Said::new(
            &["at work"],
            &Output {
                stdout: self.heard.into_bytes(),
                ..output
            },
        )
    }
}

/// The run that all tests look at: started, interrupted while the synthesizer is trained, resumed to its end.
pub(super) struct Whole {
    pub(super) place: Place,
    refused: Value,
    interrupted: Said,
    resumed: Said,
    /// The result of `show`.
    pub(super) shown: Value,
}

/// A static is never dropped: its folder lies below the build's, where a later test removes it.
pub(super) fn whole() -> &'static Whole {
    // A run that failed is not tried again by every test.
    static WHOLE: OnceLock<Result<Whole, ()>> = OnceLock::new();
    let made = WHOLE.get_or_init(|| std::panic::catch_unwind(carry_out).map_err(drop));
    made.as_ref()
        .expect("the run that these tests look at; why it failed stands at the first of them")
}

fn carry_out() -> Whole {
    let args = run_args(&model().display().to_string());
    let place = Place::that_stays();
    place.import("d", &rows());
    let mut work = AtWork::start(&place, &words(&args));
    work.until(|line| line["event"] == "step" && line["stage"] == "synthesizer");
    // While it works, nobody else may.
    let refused = place.fails(&["resume", RUN], 3, "locked");
    work.interrupt();
    let interrupted = work.end();
    // The printed command, as a user would paste it.
    let command = format!("{} --json --threads 1", text(&interrupted.last["resume"]));
    let folder = binary().parent().expect("a folder").to_owned();
    let path = std::env::join_paths([folder].into_iter().chain(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    )));
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &command])
        .env("PATH", path.expect("a path"));
    let output = output(&mut shell);
    let resumed = Said::new(&["resume", RUN], &output);
    assert_eq!(resumed.code, 0, "{}", resumed.last);
    let shown = place.ok(&["show", RUN]);
    Whole {
        place,
        refused,
        interrupted,
        resumed,
        shown,
    }
}

pub(super) fn items(whole: &Whole, stage: &str, kind: &str) -> Vec<Value> {
    let answer = whole
        .place
        .json(&["show", RUN, "--stage", stage, "--items"]);
    // What was measured of summaries is not an artifact, nor what their conversations say about them.
    let is_artifact = |line: &&Value| line["kind"] != "score" && line["kind"] != "backing";
    let artifacts = answer.lines.iter().filter(is_artifact);
    assert_eq!(
        (answer.code, &answer.last["items"]),
        (0, &json!(artifacts.count())),
        "{}",
        answer.last
    );
    answer
        .lines
        .into_iter()
        .filter(|line| line["kind"] == kind)
        .collect()
}

#[test]
fn an_interrupted_run_names_the_command_that_finishes_it() {
    let whole = whole();
    assert!(
        text(&whole.refused["fix"]).contains("duologue pause d-1"),
        "{}",
        whole.refused
    );
    let last = &whole.interrupted.last;
    assert_eq!(
        (whole.interrupted.code, &last["status"], &last["run"]),
        (130, &json!("paused"), &json!(RUN))
    );
    let resumed = &whole.resumed.last;
    assert_eq!(
        (&resumed["status"], text(&resumed["command"])),
        (&json!("done"), "resume")
    );
    let again: Vec<&Value> = whole
        .resumed
        .lines
        .iter()
        .filter(|l| l["event"] == "stage")
        .collect();
    assert!(
        again
            .iter()
            .all(|l| !["topics", "summaries"].contains(&text(&l["name"]))),
        "what was done is kept"
    );
    for key in ["results", "synthesizers", "stages"] {
        assert_eq!(
            resumed[key], whole.shown[key],
            "the result of a run is that of show: {key}"
        );
    }
}

#[test]
fn a_run_that_was_started_here_has_a_forecast_for_the_window() {
    let whole = whole();
    let session = Session::open(&whole.place.workspace()).expect("the workspace");
    let forecast = session.forecast(&RUN.into()).expect("a forecast");
    let names: Vec<&str> = forecast.keys().map(|name| name.as_str()).collect();
    assert_eq!(names.len(), STAGES.len(), "{names:?}");
    assert!(
        forecast
            .values()
            .all(|seconds| seconds.is_finite() && *seconds >= 0.0)
    );
    assert!(forecast.values().sum::<f64>() > 0.0);
}

#[test]
fn events_have_the_fields_of_the_contract() {
    let whole = whole();
    let lines: Vec<&Value> = whole
        .interrupted
        .lines
        .iter()
        .chain(&whole.resumed.lines)
        .collect();
    let events = |event: &str| {
        lines
            .iter()
            .filter(|line| line["event"] == event)
            .copied()
            .collect::<Vec<_>>()
    };
    assert_eq!(events("run_started").len(), 2);
    assert!(events("run_started").iter().all(|line| line["run"] == RUN));
    assert!(
        events("stage")
            .iter()
            .all(|line| STAGES.contains(&text(&line["name"])))
    );
    for key in [
        "stage",
        "task",
        "step",
        "total_steps",
        "tokens_per_s",
        "eta_s",
        "rss_bytes",
    ] {
        assert!(
            events("step").iter().all(|line| !line[key].is_null()),
            "{key}"
        );
    }
    assert!(
        events("step")
            .iter()
            .any(|line| line["loss"].is_f64() && line["lr"].is_f64())
    );
    assert!(!events("sample").is_empty());
    let known = ["run_started", "stage", "part", "step", "sample"];
    assert!(
        lines
            .iter()
            .all(|line| known.contains(&text(&line["event"])))
    );
}

#[test]
fn show_has_the_fields_of_the_contract() {
    let whole = whole();
    let shown = &whole.shown;
    assert_eq!(
        (&shown["status"], &shown["seed"], &shown["threads"]),
        (&json!("done"), &json!(3), &json!(1))
    );
    let has = |value: &Value, keys: &str| {
        keys.split(' ')
            .for_each(|key| assert!(!value[key].is_null(), "{key} in {value}"));
    };
    has(&shown["model"], "id sha256 parameters");
    has(&shown["dataset"], "name shot_ids_sha256 counts");
    has(&shown["pairs"], "format content joint");
    has(
        &shown["align"],
        "first_dpo_loss margin accuracy logps_chosen logps_rejected",
    );
    assert!((number(&shown["align"]["first_dpo_loss"]) - std::f64::consts::LN_2).abs() < 1e-4);
    for stage in ["stage1", "stage2"] {
        has(
            &shown["summarizer"][stage],
            "updates ended_by lr_last best_ce",
        );
    }
    let names: Vec<&str> = list(&shown["stages"])
        .iter()
        .map(|stage| text(&stage["name"]))
        .collect();
    assert_eq!(names, STAGES);
    for stage in list(&shown["stages"]) {
        has(
            stage,
            "status wall_s cpu_s peak_rss_bytes n_in n_out dropped",
        );
        has(stage, "inputs_sha256 output_sha256");
        assert_eq!(stage["status"], "done");
    }
    let systems: Vec<&str> = list(&shown["results"])
        .iter()
        .map(|row| text(&row["system"]))
        .collect();
    assert_eq!(systems[..2], LINES, "lines of the conversation come first");
    assert_eq!(systems[2..], SYSTEMS);
    for row in list(&shown["results"]) {
        has(
            row,
            "n rouge1 rouge2 rougeL vs_sft_real summary_words chrf facts_unsupported facts",
        );
        if !LINES.contains(&text(&row["system"])) {
            has(row, "reference_ce mean_tokens");
        }
        has(&row["rouge1"], "mean ci95");
        has(
            &row["facts"],
            "kept changed invented missing by_kind greyed",
        );
        if row["system"] != "sft_real" {
            has(&row["vs_sft_real"]["rouge1"], "diff ci95 p p_holm");
            has(&row["vs_sft_real"]["chrf"], "diff ci95 p");
        }
    }
    let synthesizers: Vec<&str> = list(&shown["synthesizers"])
        .iter()
        .map(|row| text(&row["system"]))
        .collect();
    assert_eq!(
        synthesizers,
        ["sft", "dpo_separate", "ids", "rejection"],
        "those that come with what the systems learn from"
    );
    for row in list(&shown["synthesizers"]) {
        has(
            row,
            "n format_rate ci95 rules scorer_ce_all accepted copy_rate",
        );
        for key in ["scorer_ce_passing", "seconds_per_accepted"] {
            assert_eq!(row[key].is_null(), row["accepted"] == 0, "{key} in {row}");
        }
    }
    assert!(shown["detectable_diff"].is_f64());
    let fields = whole.place.ok(&["recipe", "--print"]);
    for field in list(&fields["fields"]) {
        has(&shown["recipe"], text(&field["key"]));
    }
}

#[test]
fn every_artifact_of_every_stage_is_shown() {
    let whole = whole();
    let has_keys = |stage: &str, kind: &str, keys: &[&str]| {
        let found = items(whole, stage, kind);
        assert!(!found.is_empty(), "{stage} has no {kind}");
        for item in &found {
            keys.iter()
                .for_each(|key| assert!(item.get(*key).is_some(), "{key} in {item}"));
        }
        found
    };
    has_keys("topics", "topic", &["example_id", "topic"]);
    has_keys("summaries", "summary", &["topic", "text"]);
    has_keys("synthesizer", "adapter", &["role", "sha256", "trainings"]);
    has_keys(
        "candidates",
        "candidate",
        &["summary_id", "text", "ids", "ended", "rules", "score"],
    );
    let pairs = has_keys(
        "preferences",
        "pair",
        &["set", "chosen", "rejected", "gap", "origin"],
    );
    for set in ["format", "content", "joint"] {
        let n = pairs.iter().filter(|pair| pair["set"] == set).count();
        assert_eq!(whole.shown["pairs"][set], n, "{set}");
    }
    has_keys(
        "align",
        "checkpoint",
        &["role", "update", "format_rate", "scorer_ce", "chosen"],
    );
    has_keys("dialogues", "dialogue", &["source", "summary", "text"]);
    has_keys("summarizer", "adapter", &["role"]);
    has_keys(
        "evaluate",
        "output",
        &["system", "id", "prediction", "references"],
    );
    has_keys(
        "evaluate",
        "test_dialogue",
        &["system", "text", "pass", "rules", "score", "copies"],
    );
    let backings = has_keys("evaluate", "backing", &["system", "id", "facts"]);
    let scores = items(whole, "evaluate", "score");
    for found in &backings {
        let sentences = list(&found["sentences"]);
        let is_backed = |sentence: &&Value| !list(&sentence["turns"]).is_empty();
        let share = sentences.iter().filter(is_backed).count() as f64 / sentences.len() as f64;
        let told = scores.iter().find(|score| {
            score["metric"] == "support_sentences"
                && score["system"] == found["system"]
                && score["id"] == found["id"]
        });
        assert!(
            told.is_none_or(|told| number(&told["value"]) == share),
            "{found}"
        );
    }
    whole.place.refuses(
        &["show", RUN, "--stage", "nope"],
        2,
        "usage",
        &["nope", "topics"],
    );
    whole.place.refuses(
        &["show", "nope"],
        2,
        "no_such_run",
        &["nope", "duologue runs"],
    );
    whole.place.refuses(
        &["show", "nope", "--stage", "topics"],
        2,
        "no_such_run",
        &["nope"],
    );
}

/// An outsider who recomputes from the items gets what the run shows.
#[test]
fn results_can_be_recomputed_from_the_outputs() {
    let whole = whole();
    let outputs = items(whole, "evaluate", "output");
    let scores = items(whole, "evaluate", "score");
    for row in list(&whole.shown["results"]) {
        for name in ["rouge1", "chrf", "summary_words"] {
            let values: Vec<f64> = scores
                .iter()
                .filter(|score| score["system"] == row["system"] && score["metric"] == name)
                .map(|score| number(&score["value"]))
                .collect();
            assert_eq!(row["n"], values.len());
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            assert!((mean - number(&row[name]["mean"])).abs() < 1e-12, "{name}");
        }
        if LINES.contains(&text(&row["system"])) {
            assert!(row["mean_tokens"].is_null(), "no model wrote it");
            continue;
        }
        let of_system: Vec<Value> = outputs
            .iter()
            .filter(|output| output["system"] == row["system"])
            .cloned()
            .collect();
        let file = whole
            .place
            .write_rows(&format!("{}.jsonl", text(&row["system"])), &of_system);
        let rouge = whole.place.ok(&["evaluate", &file]);
        assert_eq!(rouge["n"], row["n"]);
        for name in ["rouge1", "rouge2", "rougeL"] {
            assert!(
                (number(&rouge[name]["f"]) - number(&row[name]["mean"])).abs() < 1e-12,
                "{name} of {row}"
            );
        }
        let mean = |key: &str| {
            of_system
                .iter()
                .map(|output| number(&output[key]))
                .sum::<f64>()
                / of_system.len() as f64
        };
        assert!((mean("tokens") - number(&row["mean_tokens"])).abs() < 1e-9);
        assert!((mean("reference_ce") - number(&row["reference_ce"]["mean"])).abs() < 1e-9);
    }
    let again = whole.place.ok(&["evaluate", "--run", RUN]);
    assert_eq!(
        (&again["results"], &again["seed"]),
        (&whole.shown["results"], &json!(3))
    );
    let narrowed = whole
        .place
        .ok(&["evaluate", "--run", RUN, "--systems", "mrds_separate"]);
    let names: Vec<&str> = list(&narrowed["results"])
        .iter()
        .map(|row| text(&row["system"]))
        .collect();
    assert_eq!(
        names,
        ["lead_3", "longest_3", "sft_real", "mrds_separate"],
        "with what it is compared to"
    );
    whole.place.refuses(
        &["evaluate", "--run", RUN, "--systems", "in_context"],
        2,
        "usage",
        &["no outputs"],
    );

    let dialogues = items(whole, "evaluate", "test_dialogue");
    for row in list(&whole.shown["synthesizers"]) {
        let of_system: Vec<&Value> = dialogues
            .iter()
            .filter(|d| d["system"] == row["system"])
            .collect();
        let passing = of_system.iter().filter(|d| d["pass"] == true).count();
        assert_eq!(
            (&row["n"], &row["accepted"]),
            (&json!(of_system.len()), &json!(passing))
        );
        assert!(
            (number(&row["format_rate"]) - passing as f64 / of_system.len() as f64).abs() < 1e-12
        );
    }
}

/// The content score is the base model's, and `score` gives the same.
#[test]
fn candidate_scores_can_be_recomputed() {
    let whole = whole();
    let candidates: Vec<Value> = items(whole, "candidates", "candidate")
        .into_iter()
        .filter(|c| c["score"].is_f64())
        .collect();
    let prompt = text(&whole.shown["recipe"]["prompt_summarize"]);
    let lines: Vec<Value> = candidates
        .iter()
        .map(|c| {
            let content = format!("{prompt}\n\n{}", text(&c["text"]));
            json!({"messages": [{"role": "user", "content": content}], "completion": c["summary"]})
        })
        .collect();
    let file = whole.place.write_rows("score.jsonl", &lines);
    let answer = whole.place.json(&[
        "score",
        "--model",
        text(&whole.shown["model"]["path"]),
        &file,
    ]);
    assert_eq!(
        (answer.code, answer.lines.len()),
        (0, candidates.len()),
        "{}",
        answer.last
    );
    for (line, candidate) in answer.lines.iter().zip(&candidates) {
        let mean = number(&line["logp_sum"]) / number(&line["n_tokens"]);
        assert!(
            (mean - number(&candidate["score"])).abs() < 1e-4,
            "{mean} for {candidate}"
        );
    }
}

#[test]
fn an_export_gives_what_the_workspace_gives() {
    let whole = whole();
    let (place, model) = (&whole.place, text(&whole.shown["model"]["path"]));
    for which in ["synthesizer", "summarizer"] {
        let to = place.path(&format!("export-{which}"));
        let export = place.ok(&[
            &["export", RUN, "--adapter", which, "--to", &to][..],
            &INVENTED,
        ]
        .concat());
        assert_eq!(export["replay"]["equal"], true, "{export}");
        assert!(
            number(&export["replay"]["items"]) > 0.0
                && number(&export["replay"]["max_logp_diff"]) < 1e-3
        );
        for file in list(&export["files"]) {
            let bytes = std::fs::read(text(&file["path"])).expect("an exported file");
            assert_eq!(
                (&file["bytes"], text(&file["sha256"])),
                (&json!(bytes.len()), &*store::sha256_hex(&bytes))
            );
        }
        place.refuses(
            &["export", RUN, "--adapter", which, "--to", &to],
            2,
            "wrong_state",
            &["not empty", "--to"],
        );
    }
    place.refuses(
        &["export", "nope", "--adapter", "summarizer", "--to", "x"],
        2,
        "no_such_run",
        &["nope"],
    );

    let dialogue = place.write(
        "talk.txt",
        "Marta: Can I come at nine?\nReception: Nine is free.",
    );
    let from_run = place.ok(&["summarize", "--run", RUN, &dialogue]);
    let adapter = place.path("export-summarizer");
    let exported = place.ok(&[
        "summarize",
        "--model",
        model,
        "--adapter",
        &adapter,
        &dialogue,
    ]);
    // The run's recipe may end a summary earlier.
    assert!(
        text(&exported["summary"]).starts_with(text(&from_run["summary"])),
        "{from_run} {exported}"
    );
    assert_eq!(from_run["prompt_tokens"], exported["prompt_tokens"]);
    place.ok(&[
        "summarize",
        "--run",
        RUN,
        "--system",
        "zero_shot",
        &dialogue,
    ]);
    place.refuses(
        &[
            "summarize",
            "--run",
            RUN,
            "--system",
            "fixed_ratio",
            &dialogue,
        ],
        2,
        "wrong_state",
        &["fixed_ratio"],
    );
}

#[test]
fn the_model_of_a_run_is_remembered_and_checked() {
    let whole = whole();
    let models = whole.place.ok(&["models", "list"])["models"].clone();
    let model = &list(&models)[0];
    assert_eq!(
        (list(&models).len(), &model["id"]),
        (1, &whole.shown["model"]["id"])
    );
    for name in ["id", "name", "path"] {
        let verified = whole.place.ok(&["models", "verify", text(&model[name])]);
        assert_eq!(
            (&verified["sha256_ok"], &verified["id"]),
            (&json!(true), &model["id"]),
            "{name}"
        );
    }
}

#[test]
fn a_run_for_people_ends_with_its_tables() {
    let whole = whole();
    let (out, _) = whole.place.human(&["show", RUN], 0);
    for word in [
        "Run d-1 (done), seed 3",
        "format rate",
        "ROUGE-1",
        "mrds_separate",
        "dpo_separate",
    ] {
        assert!(out.contains(word), "{word} in {out}");
    }
    let (out, _) = whole.place.human(&["runs"], 0);
    assert!(out.contains("d-1") && out.contains("9 of 9"), "{out}");
}
