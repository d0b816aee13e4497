//! score, generate, summarize, evaluate, models, doctor: against the golden files, through the binary.

use std::io::Write;
use std::process::Stdio;

use lm::{LanguageModel, SpecialTokens};
use serde_json::{Value, json};

use super::{Place, list, number, text, tiny};
use crate::fixture::{TensorFile, assert_close, golden, ids, json as read_json};

fn model() -> LanguageModel {
    LanguageModel::load(
        &golden("llama-tiny"),
        &lm::device::select(contract::DeviceChoice::Cpu).expect("a processor"),
    )
    .expect("a model")
}

#[test]
fn generate_gives_the_golden_ids() {
    let place = Place::new();
    let golden_file = read_json(&golden("llama-tiny").join("generation.json"));
    let items = list(&golden_file["items"]);
    let prompts: Vec<Value> = items
        .iter()
        .map(|item| json!({"prompt": item["prompt"]}))
        .collect();
    let file = place.write_rows("prompts.jsonl", &prompts);
    let most = golden_file["max_new_tokens"].to_string();

    // A model without its stop tokens, as the reference ran it.
    let endless = place.copy_of_model("endless");
    for (name, end, other) in [
        ("config.json", "eos_token_id", "bos_token_id"),
        ("generation_config.json", "eos_token_id", "bos_token_id"),
        ("tokenizer_config.json", "eos_token", "bos_token"),
    ] {
        let mut config = read_json(&endless.join(name));
        config[end] = config[other].clone();
        // The template also says how a turn ends.
        if let Some(template) = config.get_mut("chat_template") {
            *template = json!(text(template).replace("<|eot_id|>", ""));
        }
        std::fs::write(endless.join(name), config.to_string()).expect("a file written");
    }
    let endless = endless.display().to_string();
    for batch in ["1", "3"] {
        let args = [
            "generate",
            "--model",
            &endless,
            &file,
            "--max-new-tokens",
            &most,
            "--batch",
            batch,
        ];
        let answer = place.json(&args);
        assert_eq!(
            (answer.code, answer.lines.len()),
            (0, items.len()),
            "{}",
            answer.last
        );
        for (line, item) in answer.lines.iter().zip(items) {
            assert_eq!(ids(&line["ids"]), ids(&item["new_ids"]), "batch {batch}");
            assert_eq!(line["finish"], "length");
        }
    }
    // With them, the same up to the first one.
    let stops = match &read_json(&golden("llama-tiny").join("generation_config.json"))["eos_token_id"]
    {
        Value::Array(stops) => ids(&json!(stops)),
        stop => ids(&json!([stop])),
    };
    let answer = place.json(&[
        "generate",
        "--model",
        &tiny(),
        &file,
        "--max-new-tokens",
        &most,
    ]);
    let mut stopped = 0;
    for (line, item) in answer.lines.iter().zip(items) {
        let new_ids = ids(&item["new_ids"]);
        let end = new_ids.iter().position(|id| stops.contains(id));
        assert_eq!(
            ids(&line["ids"]),
            new_ids[..end.map_or(new_ids.len(), |end| end + 1)]
        );
        assert_eq!(
            line["finish"],
            if end.is_some() { "stop" } else { "length" }
        );
        stopped += usize::from(end.is_some());
    }
    println!(
        "{}: {} greedy generations, {stopped} of them stopped",
        golden("llama-tiny").display(),
        items.len()
    );
}

#[test]
fn samples_follow_the_seed_and_the_place_in_the_file() {
    let place = Place::new();
    let line = json!({"messages": [{"role": "user", "content": "Who comes?"}]});
    let file = place.write_rows("p.jsonl", &vec![line; 3]);
    let sample = |seed: &str, batch: &str| {
        let model = tiny();
        let args = [
            "generate",
            "--model",
            &model,
            &file,
            "--max-new-tokens",
            "8",
            "--temperature",
            "1",
            "--top-k",
            "50",
            "--top-p",
            "0.9",
            "--seed",
            seed,
            "--batch",
            batch,
        ];
        let answer = place.json(&args);
        assert_eq!(
            (answer.code, answer.last["seed"].to_string().as_str()),
            (0, seed)
        );
        answer.lines
    };
    let once = sample("1", "1");
    assert_eq!(once, sample("1", "3"), "the batch changes nothing");
    assert_ne!(once, sample("2", "1"));
    assert_ne!(once[0], once[1], "each line draws its own numbers");
    place.fails(
        &["generate", "--model", &tiny(), &file, "--temperature", "-1"],
        2,
        "usage",
    );
    place.fails(
        &["generate", "--model", &tiny(), &file, "--top-p", "0"],
        2,
        "usage",
    );
}

#[test]
fn score_gives_the_golden_log_probabilities() {
    let place = Place::new();
    let (model, tensors) = (
        model(),
        TensorFile::open(&golden("llama-tiny").join("golden.safetensors")),
    );
    let (shape, all_ids) = tensors.i64("right.input_ids");
    let (_, mask) = tensors.i64("right.attention_mask");
    let (_, logps) = tensors.f32("right.logprobs");
    let (mut lines, mut expected) = (Vec::new(), Vec::new());
    for row in 0..shape[0] {
        let length = (0..shape[1])
            .filter(|t| mask[row * shape[1] + t] == 1)
            .count();
        let sequence: Vec<u32> = all_ids[row * shape[1]..][..length]
            .iter()
            .map(|id| u32::try_from(*id).expect("an id"))
            .collect();
        // Only texts that come back as the same tokens can be given as text.
        let Ok(completion) = model.tokenizer.decode(&sequence[1..], false) else {
            continue;
        };
        let again = model
            .tokenizer
            .encode(&completion, SpecialTokens::AsText)
            .expect("ids");
        let begun = model
            .tokenizer
            .encode_with_added("", SpecialTokens::AsText)
            .expect("ids");
        if again != sequence[1..] || begun != sequence[..1] {
            continue;
        }
        lines.push(json!({"prompt": "", "completion": completion}));
        expected.push(logps[row * (shape[1] - 1)..][..length - 1].to_vec());
    }
    assert!(!lines.is_empty(), "no golden sequence can be given as text");
    let file = place.write_rows("s.jsonl", &lines);
    let answer = place.json(&["score", "--model", &tiny(), &file, "--tokens"]);
    assert_eq!(answer.code, 0, "{}", answer.last);
    for (line, expected) in answer.lines.iter().zip(&expected) {
        let found: Vec<f32> = list(&line["token_logps"])
            .iter()
            .map(|p| number(p) as f32)
            .collect();
        assert_close("token_logps", &found, expected, 2e-4, 0.0);
        assert_eq!(line["n_tokens"], expected.len());
        let sum: f64 = expected.iter().map(|p| f64::from(*p)).sum();
        assert!(
            (number(&line["logp_sum"]) - sum).abs() <= 2e-4 * expected.len() as f64,
            "{line}"
        );
    }
    println!(
        "{}: {} sequences scored",
        golden("llama-tiny").display(),
        lines.len()
    );
    let bad = place.write_rows("b.jsonl", &[json!({"prompt": "x"})]);
    place.refuses(
        &["score", "--model", &tiny(), &bad],
        2,
        "file",
        &["line 1", "completion"],
    );
    let both = place.write_rows(
        "c.jsonl",
        &[json!({"prompt": "x", "messages": [], "completion": "y"})],
    );
    place.refuses(
        &["score", "--model", &tiny(), &both],
        2,
        "file",
        &["exactly one"],
    );
}

/// Shapes cannot tell two models of one size apart, so the base model's name that the adapter records is compared.
#[test]
fn an_adapter_of_another_base_model_is_warned_of() {
    let place = Place::new();
    let adapter = place.path("adapter");
    std::fs::create_dir(&adapter).expect("a folder");
    let source = golden("lora");
    std::fs::copy(
        source.join("adapter_model.safetensors"),
        format!("{adapter}/adapter_model.safetensors"),
    )
    .expect("a copy");
    let line = place.write_rows(
        "w.jsonl",
        &[json!({"prompt": "Who", "completion": " comes?"})],
    );
    let talk = place.write("w.txt", "Ann: Is it late?\nBo: Yes.");
    let model = tiny();
    for (base, warned) in [
        ("acme/llama-large", true),
        ("acme/llama-tiny", false),
        ("", false),
    ] {
        let mut config = read_json(&source.join("adapter_config.json"));
        config["base_model_name_or_path"] = json!(base);
        std::fs::write(format!("{adapter}/adapter_config.json"), config.to_string())
            .expect("a file");
        for (command, input) in [("score", &line), ("generate", &line), ("summarize", &talk)] {
            let (out, err) = place.human(
                &[
                    command,
                    "--model",
                    &model,
                    "--adapter",
                    &adapter,
                    input.as_str(),
                ],
                0,
            );
            let told = err.contains("warning") && err.contains(base) && err.contains(&model);
            assert_eq!(told, warned, "{command} {base}: {err}");
            assert!(
                !out.contains("warning"),
                "standard output is for results: {out}"
            );
        }
    }
}

#[test]
fn evaluate_gives_the_golden_rouge() {
    let place = Place::new();
    let types = ["rouge1", "rouge2", "rougeL", "rougeLsum"];
    let check = |result: &Value, expected: &dyn Fn(&str, usize) -> f64| {
        for name in types {
            for (index, key) in ["p", "r", "f"].into_iter().enumerate() {
                let (found, wanted) = (number(&result[name][key]), expected(name, index));
                assert!(
                    (found - wanted).abs() < 1e-9,
                    "{name}.{key} is {found}, expected {wanted}"
                );
            }
        }
    };
    let pairs = read_json(&golden("rouge").join("pairs.json"));
    let lines: Vec<Value> = list(&pairs)
        .iter()
        .map(|pair| json!({"prediction": pair["prediction"], "reference": pair["reference"]}))
        .collect();
    let file = place.write_rows("pairs.jsonl", &lines);
    let mean = &read_json(&golden("rouge").join("aggregate.json"))["mean"];
    for (stemmer, more) in [("stemmer", &[][..]), ("plain", &["--no-stemmer"])] {
        let result = place.ok(&[&["evaluate", file.as_str()], more].concat());
        assert_eq!(
            (&result["n"], &result["stemmer"]),
            (&json!(lines.len()), &json!(more.is_empty()))
        );
        check(&result, &|name, index| number(&mean[stemmer][name][index]));
    }
    let multi = read_json(&golden("rouge").join("multi_reference.json"));
    for case in list(&multi) {
        let file = place.write_rows(
            "m.jsonl",
            &[json!({"prediction": case["prediction"], "references": case["references"]})],
        );
        let result = place.ok(&["evaluate", &file, "--multi", "best"]);
        check(&result, &|name, index| {
            number(&case["stemmer"][name][index])
        });
        assert_eq!(place.ok(&["evaluate", &file])["multi"], "mean");
    }
    println!(
        "{}: {} pairs, {} with several references",
        golden("rouge").display(),
        lines.len(),
        list(&multi).len()
    );
    let script = place.write_rows(
        "s.jsonl",
        &[
            json!({"prediction": "Они встречаются.", "reference": "Они встречаются."}),
            json!({"prediction": "They meet.", "reference": "They meet."}),
        ],
    );
    let (told, result) = (
        place.human(&["evaluate", &script], 0),
        place.ok(&["evaluate", &script]),
    );
    assert_eq!(result["without_tokens"], 1);
    assert!(told.1.contains("In 1 of 2 lines"), "{}", told.1);
    let none = place.write_rows("n.jsonl", &[json!({"prediction": "a"})]);
    place.refuses(&["evaluate", &none], 2, "file", &["line 1", "reference"]);
}

#[test]
fn summarize_reads_a_file_standard_input_or_requests() {
    let place = Place::new();
    let (model, dialogue) = (tiny(), "Ann: Is it late?\nBo: Yes.");
    let file = place.write("d.txt", dialogue);
    let answer = place.json(&["summarize", "--model", &model, &file]);
    assert_eq!(answer.code, 0, "{}", answer.last);
    for key in [
        "summary",
        "prompt_tokens",
        "new_tokens",
        "ttft_ms",
        "tokens_per_s",
    ] {
        assert!(!answer.last[key].is_null(), "{key} in {}", answer.last);
    }
    let streamed: String = answer
        .lines
        .iter()
        .map(|line| text(&line["text"]))
        .collect();
    assert_eq!(streamed.trim(), text(&answer.last["summary"]));

    let feed = |args: &[&str], input: &str| {
        let mut child = place
            .command(args)
            .arg("--json")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(input.as_bytes())
            .expect("input written");
        super::Said::new(args, &duologue_tests::end(child, "a summary"))
    };
    let piped = feed(&["summarize", "--model", &model, "-"], dialogue);
    assert_eq!(piped.last["summary"], answer.last["summary"]);

    let requests = format!(
        "{}\nnonsense\n{}\n",
        json!({"dialogue": dialogue}),
        json!({"dialogue": " "})
    );
    let served = feed(&["summarize", "--model", &model, "--serve"], &requests);
    assert_eq!(served.lines[0]["event"], "ready");
    let answers: Vec<&Value> = served.lines[1..]
        .iter()
        .filter(|line| line["event"] != "token")
        .collect();
    assert_eq!(answers[0]["summary"], answer.last["summary"]);
    assert_eq!(
        [&answers[1]["event"], &answers[2]["event"]],
        ["error", "error"]
    );
    assert_eq!((answers.len(), &served.last["n"]), (3, &json!(1)));

    let empty = place.write("e.txt", "\n");
    place.refuses(
        &["summarize", "--model", &model, &empty],
        2,
        "usage",
        &["empty", "Name: text"],
    );
    let long = place.write("l.txt", dialogue.repeat(400));
    place.refuses(
        &["summarize", "--model", &model, &long],
        2,
        "too_long",
        &["tokens"],
    );
    place.refuses(
        &["summarize", "--run", "nope", &file],
        2,
        "no_such_run",
        &["nope"],
    );
}

#[test]
fn models_and_doctor_say_what_is_here() {
    let place = Place::new();
    assert_eq!(place.ok(&["models", "list"])["models"], json!([]));
    let verified = place.ok(&["models", "verify", &tiny()]);
    assert_eq!(
        verified["sha256_ok"],
        Value::Null,
        "a model that was never used has nothing to compare with"
    );
    assert_eq!(text(&verified["id"]).len(), 64);
    place.refuses(
        &["models", "verify", "nope"],
        2,
        "file",
        &["nope", "models list"],
    );
    place.refuses(&["models", "remove", "nope"], 2, "not_found", &["nope"]);

    let doctor = place.ok(&["doctor"]);
    for key in [
        "version",
        "cpu",
        "simd",
        "threads",
        "devices",
        "disk_free_bytes",
    ] {
        assert!(!doctor[key].is_null(), "{key} in {doctor}");
    }
    assert_eq!(
        (&doctor["connections"], &doctor["threads"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(
        (&doctor["devices"], &doctor["cards"]),
        (&json!(["cpu"]), &json!([]))
    );
    assert!(
        text(&doctor["no_card"]).contains("xtask build --cuda"),
        "{doctor}"
    );
    let damaged = Place::new();
    std::fs::create_dir(damaged.workspace()).unwrap();
    let database = damaged.workspace().join("workspace.sqlite");
    std::fs::write(database, "no database at all, but long enough to be one").unwrap();
    let doctor = damaged.ok(&["doctor"]);
    assert!(
        doctor["connections"].is_null() && !doctor["workspace_problem"].is_null(),
        "{doctor}"
    );
    assert!(
        !doctor["memory_bytes"].is_null(),
        "the machine is told all the same"
    );
    place.refuses(
        &["doctor", "--device", "abacus"],
        2,
        "usage",
        &["abacus", "cpu"],
    );
    place.refuses(
        &["doctor", "--device", "cuda:0"],
        2,
        "device",
        &["xtask build --cuda"],
    );
    let (out, _) = place.human(&["doctor"], 0);
    assert!(
        out.contains("Connections opened: 0") && out.contains("The processor computes"),
        "{out}"
    );
}

/// A reader that goes away early must cause neither a failure nor a panic.
#[test]
fn a_closed_pipe_is_no_failure() {
    let place = Place::new();
    place.import("d", &super::rows(200, 1, 1));
    for args in [
        &["datasets", "d", "--items"][..],
        &["recipe", "--print"],
        &["--help"],
    ] {
        let mut child = place
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a start");
        drop(child.stdout.take());
        let output = duologue_tests::end(child, "a program whose reader has gone");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(
            output.stderr.is_empty(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let place = Place::new();
    for args in [&["recipe", "--print"][..], &["recipe", "--print", "--json"]] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("a device without room");
        let output = place
            .command(args)
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn()
            .expect("a start");
        let output = duologue_tests::end(output, "a program that cannot write");
        let printed = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{printed}");
        assert!(
            printed.contains("not complete") && printed.contains("What to do: "),
            "{printed}"
        );
    }
}
