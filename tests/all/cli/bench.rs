//! `bench`: every command works and gives figures of the right kind. No test says how fast it is.

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::Place;
use super::run::AtWork;

fn number(value: &Value, key: &str) -> f64 {
    value[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key} of {value}"))
}

#[test]
fn training_and_its_cheaper_form_give_the_same_loss() {
    let place = Place::new();
    let small = [
        "bench", "train", "--shape", "7m", "--batch", "2", "--seq", "24", "--steps", "2",
    ];
    let kept = place.ok(&small);
    for key in [
        "cpu_s_per_step",
        "wall_s_per_step",
        "tokens_per_s",
        "floor_cpu_s",
        "gemm_gflop_per_cpu_s",
    ] {
        assert!(number(&kept, key) > 0.0, "{key} of {kept}");
    }
    assert_eq!(
        (kept["steps"].as_u64(), kept["tokens"].as_u64()),
        (Some(2), Some(2 * 2 * 24))
    );
    assert!(
        number(&kept, "floor_share") > 0.0 && number(&kept, "peak_rss_bytes") > 3e7,
        "{kept}"
    );
    let again = place.ok(&[&small[..], &["--recompute"]].concat());
    assert_eq!(again["loss"], kept["loss"]);
    let pairs = place.ok(&[&small[..], &["--dpo", "--prompt", "8"]].concat());
    assert_eq!(
        pairs["tokens"].as_u64(),
        Some(2 * 2 * 2 * 24),
        "two updates of two pairs: {pairs}"
    );
    assert!(
        number(&pairs, "floor_cpu_s") > 0.0 && number(&pairs, "loss").is_finite(),
        "{pairs}"
    );
}

#[test]
fn scoring_stands_beside_the_forward_pass_of_training() {
    let place = Place::new();
    let done = place.ok(&[
        "bench",
        "score",
        "--shape",
        "7m",
        "--items",
        "3",
        "--prompt",
        "6",
        "--completion",
        "5",
    ]);
    assert_eq!(done["tokens"].as_u64(), Some(3 * 11));
    for key in [
        "tokens_per_s",
        "tokens_per_cpu_s",
        "forward_tokens_per_cpu_s",
        "share_of_forward",
    ] {
        assert!(number(&done, key) > 0.0, "{key} of {done}");
    }
}

#[test]
fn generation_has_a_row_for_each_weight_type_and_batch() {
    let place = Place::new();
    let done = place.ok(&[
        "bench", "generate", "--shape", "7m", "--batch", "1,3", "--quant", "f32,q4_1", "--prompt",
        "6", "--new", "5",
    ]);
    let rows = done["rows"].as_array().expect("rows").clone();
    let named: Vec<_> = rows
        .iter()
        .map(|r| (r["quant"].as_str().unwrap(), r["batch"].as_u64().unwrap()))
        .collect();
    assert_eq!(named, [("f32", 1), ("f32", 3), ("q4_1", 1), ("q4_1", 3)]);
    for row in &rows {
        for key in [
            "tokens_per_s",
            "tokens_per_cpu_s",
            "prefill_tokens_per_cpu_s",
            "product_share",
        ] {
            assert!(number(row, key) > 0.0, "{row}");
        }
    }
}

#[test]
fn what_a_card_computes_is_near_the_processor_s() {
    let done = Place::new().ok(&["bench", "parity"]);
    assert_eq!(
        (&done["dtype"], &done["failed"]),
        (&json!("bf16"), &json!(0))
    );
    let checks = done["checks"].as_array().expect("checks");
    let names: Vec<&str> = checks
        .iter()
        .filter_map(|check| check["name"].as_str())
        .collect();
    for name in [
        "rope",
        "cross_entropy",
        "sft_gradients",
        "dpo_gradients_q4_0",
        "greedy_generation_q8_0",
    ] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(
        checks
            .iter()
            .all(|check| number(check, "off") <= number(check, "tolerance")),
        "{done}"
    );
}

#[test]
fn weights_in_a_card_s_form_are_measured_too() {
    let place = Place::new();
    let small = [
        "bench", "train", "--shape", "7m", "--batch", "1", "--seq", "24", "--steps", "1",
    ];
    for quant in ["bf16", "q8_0", "q5_0"] {
        let done = place.ok(&[&small[..], &["--quant", quant]].concat());
        let floor = if quant == "bf16" {
            "floor_s"
        } else {
            "floor_cpu_s"
        };
        assert!(
            number(&done, floor) > 0.0 && number(&done, "loss") > 0.0,
            "{done}"
        );
        assert!(done["peak_device_bytes"].is_null(), "{done}");
    }
    let done = place.ok(&[
        "bench", "generate", "--shape", "7m", "--batch", "2", "--quant", "bf16", "--prompt", "6",
        "--new", "3",
    ]);
    assert!(number(&done["rows"][0], "tokens_per_s") > 0.0, "{done}");
}

/// `scripts/gpu-check` without a card, with the program that was just built: a word, a file and an exit code of its own.
#[test]
fn gpu_check_says_that_there_is_no_card() {
    let place = Place::new();
    let run = |program: &str, out: &str| -> std::io::Result<Output> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/gpu-check");
        let mut command = Command::new("python3");
        command
            .args([
                script,
                "--program",
                program,
                "--out",
                out,
                "--device",
                "cuda:99",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn()?;
        Ok(duologue_tests::end(child, "the end of gpu-check"))
    };
    let out = place.path("gpu-check.json");
    let Ok(done) = run(&crate::program::binary().display().to_string(), &out) else {
        duologue_tests::skip("there is no python3");
        return;
    };
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(
        done.status.code(),
        Some(3),
        "{printed}{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(printed.starts_with("No card: "), "{printed}");
    let written: Value =
        serde_json::from_str(&std::fs::read_to_string(&out).expect("the file")).expect("JSON");
    assert!(
        written["card"].is_null()
            && written["no_card"]
                .as_str()
                .is_some_and(|why| !why.is_empty())
    );
    let wrong = run(&place.path("nothing"), &out).expect("a program");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("cargo xtask build --cuda"));
}

#[test]
fn growth_has_a_row_for_each_size_beside_what_is_expected() {
    let done = Place::new().ok(&["bench", "growth", "--examples", "300"]);
    let rows = done["rows"].as_array().expect("rows");
    let kinds: std::collections::BTreeSet<_> =
        rows.iter().filter_map(|row| row["what"].as_str()).collect();
    let expected = [
        "base",
        "candidates of a prompt",
        "examples of an epoch",
        "layers",
        "sequences",
        "tokens of a sequence",
        "updates",
        "vocabulary",
        "width",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
    for row in rows {
        for key in [
            "cpu_s",
            "expected_cpu_s",
            "peak_rss_bytes",
            "expected_peak_rss_bytes",
        ] {
            assert!(number(row, key) > 0.0, "{row}");
        }
    }
    // Expected is measured times a ratio of 1, rounded.
    let (measured, expected) = (
        number(&rows[0], "cpu_s"),
        number(&rows[0], "expected_cpu_s"),
    );
    assert!(
        (measured / expected - 1.0).abs() < 1e-9,
        "the first row is the measure: {}",
        rows[0]
    );
    let epochs: Vec<_> = rows
        .iter()
        .filter(|row| row["what"] == "examples of an epoch")
        .collect();
    assert_eq!(
        (epochs[0]["amount"].as_u64(), epochs[1]["amount"].as_u64()),
        (Some(100), Some(300))
    );
    assert_eq!(
        epochs[0]["expected_peak_rss_bytes"],
        epochs[1]["expected_peak_rss_bytes"]
    );
}

#[test]
fn a_small_run_is_measured_stage_by_stage() {
    let model = crate::program::model();
    let place = Place::new();
    let pairs = concat!(env!("CARGO_MANIFEST_DIR"), "/data/clinic_intake.jsonl");
    let (model, file) = (model.display().to_string(), place.path("calls.jsonl"));
    let done = place.ok(&[
        "bench", "pipeline", "--data", pairs, "--model", &model, "--calls", &file,
    ]);
    let stages = done["stages"].as_array().expect("stages");
    assert_eq!(stages.len(), project::StageName::ALL.len());
    let of_stages = |key: &str| stages.iter().map(|stage| number(stage, key)).sum::<f64>();
    assert!(
        of_stages("tokens") > 1000.0 && of_stages("tokens") <= number(&done, "tokens"),
        "{done}"
    );
    assert!(
        of_stages("cpu_s") <= number(&done, "cpu_s") * 1.01,
        "{done}"
    );
    let shares = done["shares"].as_object().expect("shares");
    assert_eq!(
        shares.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "attention",
            "database",
            "elementwise",
            "gemm",
            "head",
            "optimizer",
            "other",
            "sampling",
            "tokenize"
        ]
    );
    assert!((shares.values().filter_map(Value::as_f64).sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(
        number(&done["shares"], "gemm") > number(&done["shares"], "tokenize"),
        "{done}"
    );
    assert_calls(&std::fs::read_to_string(&file).expect("the calls"));
}

/// What another program needs to do the same work: every stage that calls the engine, with all of its calls.
fn assert_calls(lines: &str) {
    let calls: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let calls_of = |stage: &str, call: &str| {
        calls
            .iter()
            .filter(|it| it["stage"] == stage && it["call"] == call)
            .collect::<Vec<_>>()
    };
    let candidates = calls_of("candidates", "generate")[0];
    let length = |value: &Value| value.as_array().expect("a list").len();
    assert_eq!(
        length(&candidates["prompts"]),
        3 * (12 + 6),
        "three for each real and six synthetic summaries"
    );
    assert_eq!(length(&candidates["new_tokens"]), 3 * (12 + 6));
    assert_eq!(
        (
            &candidates["adapter"],
            length(&calls_of("candidates", "score")[0]["items"])
        ),
        (&json!(true), 54)
    );
    assert_eq!(
        calls_of("candidates", "score")[0]["adapter"],
        false,
        "the base model scores"
    );
    assert_eq!(
        length(&calls_of("synthesizer", "sft")[0]["items"]),
        2 * 2 * 8,
        "two epochs of two batches of eight"
    );
    let pair = &calls_of("align", "dpo")[0]["items"][0];
    assert!(
        number(pair, "ref_chosen_logps") < 0.0 && length(&pair["rejected_ids"]) > 0,
        "{pair}"
    );
    assert!(
        calls_of("preferences", "generate").is_empty() && !calls_of("evaluate", "score").is_empty()
    );
}

/// Its workspace is temporary: there is no run to resume, and nothing is left behind.
#[test]
fn an_interrupted_measurement_does_not_speak_of_resuming() {
    let model = crate::program::model();
    let (place, model) = (Place::new(), model.display().to_string());
    let temporary = place.path("temporary");
    std::fs::create_dir(&temporary).expect("a folder");
    let pairs = concat!(env!("CARGO_MANIFEST_DIR"), "/data/clinic_intake.jsonl");
    let mut command = place.command(&[
        "bench", "pipeline", "--data", pairs, "--model", &model, "--json",
    ]);
    let mut work = AtWork::begin(command.env("TMPDIR", &temporary));
    work.until(|line| line["event"] == "stage" && line["name"] == "synthesizer");
    work.interrupt();
    let answer = work.end();
    assert_eq!(
        (answer.code, &answer.last["status"]),
        (130, &json!("stopped")),
        "{}",
        answer.last
    );
    assert!(
        !answer.last.to_string().contains("resume"),
        "{}",
        answer.last
    );
    assert_eq!(
        std::fs::read_dir(&temporary).expect("the folder").count(),
        0
    );
}

#[test]
fn real_pairs_are_read_and_bad_wishes_refused() {
    let place = Place::new();
    for wrong in [
        &["bench", "train", "--shape", "9b"][..],
        &["bench", "train", "--seq", "1"],
        &["bench", "train", "--batch", "0"],
        &["bench", "train", "--data", "pairs.jsonl"],
        &["bench", "train", "--dpo", "--seq", "8", "--prompt", "8"],
        &["bench", "growth", "--examples", "0"],
        &["bench", "generate", "--quant", "q3"],
        &["--device", "cuda:7", "bench", "generate"],
    ] {
        let refused = place.json(wrong);
        assert_eq!(refused.code, 2, "{wrong:?}: {}", refused.last);
        assert!(
            refused.last["fix"]
                .as_str()
                .is_some_and(|fix| !fix.is_empty()),
            "{}",
            refused.last
        );
    }
    let model = crate::program::model();
    let pairs = concat!(env!("CARGO_MANIFEST_DIR"), "/data/clinic_intake.jsonl");
    let model = model.display().to_string();
    let args = [
        "bench", "train", "--data", pairs, "--model", &model, "--items", "4", "--batch", "2",
    ];
    let done = place.ok(&args);
    assert_eq!(done["steps"], 2, "one epoch over four rows");
    assert!(number(&done, "loss") < 8.0, "{done}");
}

#[cfg(unix)]
#[test]
fn other_programs_are_measured_in_turns_with_this_one() {
    let place = Place::new();
    let missing = place.fails(
        &["bench", "compare", "--python", "no-such-python"],
        2,
        "usage",
    );
    assert!(
        missing["fix"]
            .as_str()
            .unwrap_or_default()
            .contains("torch=="),
        "{missing}"
    );
    // A Python that has no llama.cpp and updates in a hundred seconds.
    let python = place.path("python");
    let script = "#!/bin/sh\ncat > /dev/null\ncase \"$*\" in *llama*) echo ModuleNotFoundError >&2; exit 1 ;; esac\n\
                  echo '{\"peer\": \"p\", \"cpu_s_per_step\": 100, \"peak_rss_bytes\": 5}'\n";
    std::fs::write(&python, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&python, mode).unwrap();
    let compared = place.ok(&[
        "bench",
        "compare",
        "--python",
        &python,
        "--what",
        "train,llama",
        "--shape",
        "7m",
        "--steps",
        "1",
        "--seq",
        "8",
        "--quant",
        "f32",
        "--batch",
        "1",
        "--prompt",
        "4",
        "--new",
        "2",
        "--rounds",
        "2",
    ]);
    let row = &compared["rows"][0];
    let listed = |key: &str| row[key].as_array().map_or(0, Vec::len);
    assert_eq!((listed("ours"), listed("theirs")), (4, 2), "{compared}");
    assert!(number(row, "times_as_fast") > 1.0, "{row}");
    assert_eq!((&row["what"], &row["peer"]), (&json!("train"), &json!("p")));
    assert_eq!(
        compared["not_measured"],
        json!([{"what": "llama", "reason": "ModuleNotFoundError"}])
    );
}
