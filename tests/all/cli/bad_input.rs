//! Bad input: one clear message that names file, row or field and the way out, the exit code of the contract, and the
//! workspace as it was.

use std::path::Path;

use serde_json::{Value, json};

use super::{Place, row, rows, text, tiny};
use crate::fixture;

/// Settings that fit a handful of invented rows.
const FEW: [&str; 4] = ["--shots", "2", "--validation", "1"];

/// A place with a data set `d` that a run would accept.
fn ready() -> Place {
    let place = Place::new();
    place.import("d", &rows(4, 2, 2));
    place
}

fn run<'a>(model: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["run", "--dataset", "d", "--model", model], &FEW[..], more].concat()
}

/// Asserts that every command that loads a model refuses the damaged one.
fn refuses_model(model: &Path, damaged: &str, code: &str, words: &[&str]) {
    let place = ready();
    let model = model.display().to_string();
    let words = [words, &[damaged]].concat();
    let error = place.refuses(&run(&model, &[]), 2, code, &words);
    if let Some(file) = error["file"].as_str() {
        assert!(file.ends_with(damaged), "{file}");
    }
    place.fails(&run(&model, &["--dry-run"]), 2, code);
    let file = place.write("d.txt", "Ann: Hi\nBo: Hi");
    place.refuses(&["summarize", "--model", &model, &file], 2, code, &words);
    place.fails(&["models", "verify", &model], 2, code);
}

fn change(path: &Path, change: impl Fn(&mut Value)) {
    let mut value = fixture::json(path);
    change(&mut value);
    std::fs::write(path, value.to_string()).expect("a file written");
}

#[test]
fn a_missing_safetensors_file() {
    let place = Place::new();
    let model = place.copy_of_model("m");
    std::fs::remove_file(model.join("model.safetensors")).expect("a file removed");
    refuses_model(&model, "model.safetensors", "missing_file", &["missing"]);
    // A shard that only the index knows.
    let index = json!({"metadata": {}, "weight_map": {"model.norm.weight": "model-00002-of-00002.safetensors"}});
    std::fs::write(
        model.join("model.safetensors.index.json"),
        index.to_string(),
    )
    .expect("a file written");
    refuses_model(
        &model,
        "model-00002-of-00002.safetensors",
        "missing_file",
        &["missing"],
    );
}

#[test]
fn a_truncated_safetensors_file() {
    let place = Place::new();
    let model = place.copy_of_model("m");
    let path = model.join("model.safetensors");
    let bytes = std::fs::read(&path).expect("the weights");
    for length in [bytes.len() / 2, bytes.len() - 1, 4, 0] {
        std::fs::write(&path, &bytes[..length]).expect("a file written");
        refuses_model(&model, "model.safetensors", "truncated_weights", &["again"]);
    }
}

#[test]
fn an_unknown_architecture() {
    let place = Place::new();
    let model = place.copy_of_model("m");
    change(&model.join("config.json"), |config| {
        config["architectures"] = json!(["AbacusForCausalLM"]);
        config["model_type"] = json!("abacus");
    });
    refuses_model(
        &model,
        "AbacusForCausalLM",
        "unsupported_architecture",
        &["supported"],
    );
}

#[test]
fn a_tokenizer_with_more_tokens_than_the_model() {
    let place = Place::new();
    let model = place.copy_of_model("m");
    let size = fixture::json(&model.join("config.json"))["vocab_size"]
        .as_u64()
        .expect("a size");
    // A model may have more rows than its tokenizer has tokens.
    let known = lm::Tokenizer::load(&model)
        .expect("a tokenizer")
        .vocab_size() as u64;
    change(&model.join("tokenizer.json"), |tokenizer| {
        let tokens = tokenizer["added_tokens"]
            .as_array_mut()
            .expect("added tokens");
        for id in known..=size {
            let mut extra = tokens[0].clone();
            (extra["id"], extra["content"]) = (json!(id), json!(format!("<|extra{id}|>")));
            tokens.push(extra);
        }
    });
    refuses_model(
        &model,
        "tokenizer.json",
        "vocabulary_mismatch",
        &[&size.to_string(), &(size + 1).to_string()],
    );
}

#[test]
fn no_model_folder_at_all() {
    let place = ready();
    place.refuses(&run("nowhere", &[]), 2, "file", &["nowhere", "models list"]);
    place.refuses(&run(&place.path(""), &[]), 2, "missing_file", &["missing"]);
    place.refuses(
        &["run", "--dataset", "nope", "--model", &tiny()],
        2,
        "no_such_dataset",
        &["nope"],
    );
}

#[test]
fn a_dialogue_longer_than_the_context() {
    let place = Place::new();
    let mut rows = rows(3, 1, 2);
    let turns: Vec<String> = (0..120)
        .map(|i| format!("Ann: Stop {i}?\nBo: Stop {i}."))
        .collect();
    rows.push(row(
        "endless",
        "test",
        &turns.join("\n"),
        "Bo names all stops.",
    ));
    place.import("d", &rows);
    let model = tiny();
    let words = [
        "endless",
        "tokens",
        "too_long=drop",
        "too_long=cut_dialogue_end",
    ];
    place.refuses(&run(&model, &[]), 2, "too_long", &words);
    place.refuses(&run(&model, &["--dry-run"]), 2, "too_long", &words);

    let counts = |more: &[&str]| {
        place.ok(&run(&model, &[more, &["--dry-run"]].concat()))["dataset"]["counts"].clone()
    };
    // The recipe's own room for a summary is part of the sequence.
    let short = ["--set", "summary_max_new_tokens=32"];
    let with = |rule: &'static str| [&short[..], &["--set", rule]].concat();
    let dropped = counts(&with("too_long=drop"));
    assert_eq!(
        (&dropped["test"], &dropped["dropped"], &dropped["cut"]),
        (&json!(2), &json!(1), &json!(0))
    );
    let cut = counts(&with("too_long=cut_dialogue_end"));
    assert_eq!(
        (&cut["test"], &cut["dropped"], &cut["cut"]),
        (&json!(3), &json!(0), &json!(1))
    );
    assert_eq!(place.ok(&["runs"])["runs"], json!([]));
}

#[test]
fn a_summary_is_never_cut() {
    let place = Place::new();
    let mut rows = rows(3, 1, 1);
    let summary = "Bo names every single stop of the line. ".repeat(60);
    rows.push(row("wordy", "test", "Ann: Stops?\nBo: Many.", &summary));
    place.import("d", &rows);
    let cut = [
        "--set",
        "too_long=cut_dialogue_end",
        "--set",
        "summary_max_new_tokens=32",
        "--dry-run",
    ];
    let model = tiny();
    let counts = place.ok(&run(&model, &cut))["dataset"]["counts"].clone();
    assert_eq!(
        (&counts["test"], &counts["dropped"], &counts["cut"]),
        (&json!(1), &json!(1), &json!(0))
    );
}

#[test]
fn an_empty_data_set_or_one_without_test_rows() {
    let place = Place::new();
    for (name, content) in [
        ("a.jsonl", ""),
        ("b.json", "[]"),
        ("c.csv", "dialogue,summary\n"),
    ] {
        let file = place.write(name, content);
        let error = place.refuses(&["import", &file, "--name", "d"], 2, "empty", &[name]);
        assert_eq!(error["file"], json!(file));
    }
    place.import("d", &rows(4, 2, 0));
    place.refuses(
        &run(&tiny(), &[]),
        2,
        "empty_dataset",
        &["`d`", "test", "--split"],
    );
    place.import("e", &rows(0, 2, 2));
    let model = tiny();
    let args = ["run", "--dataset", "e", "--model", &model];
    place.refuses(&args, 2, "empty_dataset", &["`e`", "training"]);
}

#[test]
fn fewer_rows_than_shots() {
    let place = ready();
    let model = tiny();
    let run = ["run", "--dataset", "d", "--model", model.as_str()];
    let shots = [&run[..], &["--shots", "5", "--validation", "1"]].concat();
    assert_eq!(
        place.refuses(&shots, 2, "too_few_rows", &["4", "5", "--set shots=4"])["field"],
        "shots"
    );
    let validation = [&run[..], &["--shots", "2", "--validation", "3"]].concat();
    let error = place.refuses(
        &validation,
        2,
        "too_few_rows",
        &["2", "3", "--set validation=2"],
    );
    assert_eq!(error["field"], "validation");
}

#[test]
fn a_summary_without_a_dialogue() {
    let place = ready();
    for dialogue in [json!(null), json!(""), json!(" \n "), json!([]), json!(7)] {
        let rows = [json!({"id": "lonely", "dialogue": dialogue, "summary": "Bo is late."})];
        let file = place.write_rows("lonely.jsonl", &rows);
        let error = place.refuses(
            &["import", &file, "--name", "d"],
            2,
            "bad_rows",
            &["row 1", "--skip-bad"],
        );
        assert_eq!(
            (&error["file"], &error["field"]),
            (&json!(file), &json!("dialogue"))
        );
        let args = ["import", file.as_str(), "--name", "d", "--skip-bad"];
        place.refuses(&args, 2, "empty_dataset", &["nothing was imported"]);
    }
}

#[test]
fn invalid_utf8() {
    let place = ready();
    let good = rows(1, 0, 0)[0].to_string();
    let lines = [
        good.as_bytes(),
        b"\n{\"dialogue\":\"Ann: caf\xe9\",\"summary\":\"S\"}\n",
    ]
    .concat();
    let file = place.write("latin.jsonl", lines);
    let error = place.refuses(
        &["import", &file, "--name", "d"],
        2,
        "bad_rows",
        &["row 2", "UTF-8"],
    );
    assert_eq!((&error["file"], &error["row"]), (&json!(file), &json!(2)));
    let list = place.write(
        "latin.json",
        b"[{\"dialogue\":\"Ann: caf\xe9\",\"summary\":\"S\"}]",
    );
    assert_eq!(
        place.refuses(
            &["import", &list, "--name", "d"],
            2,
            "invalid_utf8",
            &["UTF-8"]
        )["file"],
        json!(list)
    );
    // The files of the other commands.
    for command in [
        &["format"][..],
        &["evaluate"],
        &["score", "--model", &tiny()],
        &["summarize", "--model", &tiny()],
    ] {
        let args = [command, &[file.as_str()]].concat();
        let error = place.refuses(&args, 2, "file", &["UTF-8", "line 2"]);
        assert_eq!((&error["file"], &error["row"]), (&json!(file), &json!(2)));
    }
}

#[test]
fn a_file_without_a_readable_row() {
    let place = ready();
    let noise = place.write("noise.jsonl", b"\x00\xff\xfe\x80 nothing\n\x93\x12\n");
    let error = place.refuses(
        &["import", &noise, "--name", "d"],
        2,
        "bad_rows",
        &["2 of 2", "row 1", "UTF-8"],
    );
    assert_eq!((&error["file"], &error["row"]), (&json!(noise), &json!(1)));
}

#[test]
fn a_data_set_without_a_name() {
    let place = Place::new();
    let file = place.write_rows("a.jsonl", &rows(1, 0, 1));
    for name in ["", "  "] {
        place.refuses(&["import", &file, "--name", name], 2, "usage", &["--name"]);
    }
}

#[test]
fn a_line_that_no_model_can_read() {
    let place = Place::new();
    let model = tiny();
    let limit = fixture::json(&fixture::golden("llama-tiny").join("config.json"))["max_position_embeddings"]
        .to_string();
    let short = json!({"prompt": "Hi", "completion": "x"});
    let long = json!({"prompt": "word ".repeat(1000), "completion": "x"});
    let file = place.write_rows("long.jsonl", &[short, long]);
    for command in ["score", "generate"] {
        let error = place.refuses(
            &[command, "--model", &model, &file],
            2,
            "too_long",
            &["line 2", &limit],
        );
        assert_eq!((&error["file"], &error["row"]), (&json!(file), &json!(2)));
    }
    let none = place.write_rows("none.jsonl", &[json!({"messages": [], "completion": "x"})]);
    place.refuses(
        &["score", "--model", &model, &none],
        2,
        "file",
        &["line 1", "at least one message"],
    );
    // An adapter's folder is not a model's.
    let single = place.write_rows("one.jsonl", &[json!({"prompt": "Hi", "completion": ""})]);
    let (score, nowhere) = (["score", "--model", &model, &single], place.path("nowhere"));
    let error = place.refuses(
        &[&score[..], &["--adapter", &nowhere]].concat(),
        2,
        "missing_file",
        &["adapter"],
    );
    assert!(
        text(&error["fix"]).contains("adapter_model.safetensors"),
        "{error}"
    );
    let error = place.refuses(
        &["score", "--model", &nowhere, &single],
        2,
        "no_such_model",
        &["nowhere"],
    );
    assert!(text(&error["fix"]).contains("name"), "{error}");
    // Nothing to score costs nothing.
    let nothing = place.ok(&score);
    assert_eq!(
        (&nothing["n_tokens"], nothing["ce"].to_string().as_str()),
        (&json!(0), "0.0")
    );
}

#[test]
fn a_model_without_tokenizer_is_not_exported() {
    let place = Place::new();
    let (model, to) = (place.copy_of_model("m"), place.path("exported"));
    std::fs::remove_file(model.join("tokenizer.json")).expect("a file removed");
    let model = model.display().to_string();
    for format in ["merged", "gguf"] {
        let export = ["export", "--model", &model, "--to", &to, "--as", format];
        place.refuses(&export, 2, "missing_file", &["tokenizer.json"]);
        assert!(!Path::new(&to).exists(), "{format}");
    }
}

#[test]
fn a_file_that_is_no_workspace() {
    let place = Place::new();
    std::fs::write(place.workspace(), "a letter").expect("a file written");
    let error = place.json(&["datasets"]);
    assert_ne!(error.code, 0, "{}", error.last);
    assert!(
        text(&error.last["message"]).contains("workspace"),
        "{}",
        error.last
    );
    assert_eq!(
        std::fs::read(place.workspace()).expect("the letter"),
        b"a letter"
    );
}

/// On a real file system without space, in a mount namespace of its own that ends with the commands.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    use std::process::{Command, Stdio};
    let namespaces = [&["-rm"][..], &["-m"]];
    let works = |flags: &&&[&str]| {
        let mut command = Command::new("unshare");
        command.args(**flags).arg("true");
        let started = command.stdout(Stdio::null()).spawn();
        started.is_ok_and(|child| duologue_tests::end(child, "unshare").status.success())
    };
    let Some(flags) = namespaces.iter().find(works) else {
        duologue_tests::skip("this machine lets nobody mount a small disk (unshare)");
        return;
    };
    let place = Place::new();
    let small = place.write_rows("small.jsonl", &rows(2, 1, 1));
    let big: Vec<Value> = (0..400)
        .map(|i| {
            row(
                &format!("b{i}"),
                "train",
                &format!("Ann: {i} {}\nBo: Yes.", "again ".repeat(1000)),
                "S.",
            )
        })
        .collect();
    let big = place.write_rows("big.jsonl", &big);
    let (disk, out) = (place.path("disk"), place.path("out"));
    std::fs::create_dir(&disk).expect("a folder");
    std::fs::create_dir(&out).expect("a folder");
    let script = r#"
        mount -t tmpfs -o size=1m tmpfs "$1" || exit 99
        say() { name=$1; shift; "$BIN" --json --workspace "$DISK/w" "$@" > "$OUT/$name"; echo $? > "$OUT/$name.exit"; }
        DISK=$1 OUT=$2 BIN=$3
        say import import "$4" --name d
        say before datasets d --items
        say new import "$5" --name e
        say more import "$5" --name d
        say after datasets d --items
        say sets datasets
        mount -o remount,size=16m "$DISK" || exit 99
        say again import "$5" --name e
    "#;
    let mut shell = Command::new("unshare");
    shell
        .args(*flags)
        .args(["sh", "-c", script, "sh", &disk, &out])
        .arg(crate::program::binary())
        .args([&small, &big]);
    if duologue_tests::output(&mut shell).status.code() == Some(99) {
        duologue_tests::skip("this machine lets nobody mount a small disk (tmpfs)");
        return;
    }
    let answer = |name: &str| {
        let read =
            |file: String| std::fs::read_to_string(Path::new(&out).join(file)).expect("an answer");
        let last = read(name.to_owned())
            .lines()
            .last()
            .expect("a line")
            .to_owned();
        (
            read(format!("{name}.exit")).trim().to_owned(),
            serde_json::from_str::<Value>(&last).expect("JSON"),
        )
    };
    assert_eq!(answer("import").0, "0", "{}", answer("import").1);
    for name in ["new", "more"] {
        let (exit, error) = answer(name);
        assert_eq!(
            (exit.as_str(), text(&error["code"])),
            ("1", "disk_full"),
            "{error}"
        );
        assert!(
            text(&error["message"]).contains("full") && text(&error["fix"]).contains("Free"),
            "{error}"
        );
    }
    assert_eq!(
        answer("before").1,
        answer("after").1,
        "the data set is as it was"
    );
    assert_eq!(
        answer("sets").1["datasets"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(
        answer("again").0,
        "0",
        "with room again it works: {}",
        answer("again").1
    );
}

/// A model of a kind that puts nothing before a text has no row to score an empty prompt from.
#[test]
fn an_empty_prompt_for_a_tokenizer_without_a_begin_token() {
    let place = Place::new();
    let model = place.copy_of_model("m");
    change(&model.join("tokenizer.json"), |tokenizer| {
        tokenizer["post_processor"] = Value::Null;
    });
    let model = model.display().to_string();
    let lines = "{\"prompt\": \"Hi\", \"completion\": \"abc\"}\n{\"prompt\": \"\", \"completion\": \"abc\"}";
    let file = place.write("p.jsonl", lines);
    for command in ["score", "generate"] {
        let words = [
            "p.jsonl, line 2",
            "the prompt is empty and the tokenizer has no begin token",
        ];
        let error = place.refuses(&[command, "--model", &model, &file], 2, "file", &words);
        assert_eq!(error["row"], 2);
    }
    // With one, the empty prompt is that token.
    place.ok(&["score", "--model", &tiny(), &file]);
}

#[test]
fn a_template_that_writes_nothing() {
    let place = Place::new();
    let model = place.copy_of_model("m");
    std::fs::write(model.join("chat_template.jinja"), "").expect("a file written");
    let model = model.display().to_string();
    let file = place.write(
        "p.jsonl",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}",
    );
    let words = [
        "line 1",
        "the template writes nothing",
        "chat_template.jinja",
    ];
    let args = ["generate", "--model", &model, &file];
    place.refuses(&args, 2, "chat_template", &words);
}

#[test]
fn several_templates_without_a_default() {
    let place = Place::new();
    let model = place.copy_of_model("m");
    change(&model.join("tokenizer_config.json"), |config| {
        let usual = config["chat_template"].take();
        config["chat_template"] =
            json!([{"name": "tool_use", "template": "X"}, {"name": "rag", "template": usual}]);
    });
    refuses_model(
        &model,
        "tokenizer_config.json",
        "model_config",
        &["chat_template", "rag, tool_use", "default"],
    );
}

/// `inf` and `nan` are numbers in TOML.
#[test]
fn a_setting_that_is_not_finite() {
    let place = ready();
    for (field, value) in [
        ("dialogue_temperature", "nan"),
        ("weight_decay", "inf"),
        ("lr_search", "[1.0, nan]"),
    ] {
        let set = format!("{field}={value}");
        let words = [field, "at most", value.trim_matches(['[', ']'])];
        place.refuses(&run(&tiny(), &["--set", &set]), 2, "recipe", &words);
        let file = place.write("recipe.toml", format!("{field} = {value}\n"));
        place.refuses(&run(&tiny(), &["--recipe", &file]), 2, "recipe", &words);
    }
}
