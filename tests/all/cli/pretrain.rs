//! `pretrain`: a small model is made from text, stopped, resumed, used, and trained further.

use serde_json::json;

use super::run::AtWork;
use super::{Place, text};

/// Writes 120 greetings with their answers as a JSON Lines file, and returns its path.
fn corpus(place: &Place) -> String {
    let line = |i: usize| {
        let name = ["Ann", "Bo", "Cy", "Di", "Ed"][i % 5];
        let messages = json!([
            {"role": "user", "content": format!("Good day number {i}, my name is {name}.")},
            {"role": "assistant", "content": format!("Good day, {name}.")}
        ]);
        json!({ "messages": messages }).to_string()
    };
    let lines: Vec<String> = (0..120).map(line).collect();
    place.write("corpus.jsonl", lines.join("\n"))
}

const SMALL: [&str; 16] = [
    "--vocab-size",
    "290",
    "--hidden-size",
    "24",
    "--intermediate-size",
    "40",
    "--layers",
    "2",
    "--heads",
    "4",
    "--kv-heads",
    "2",
    "--context",
    "64",
    "--batch-tokens",
    "256",
];

#[test]
fn a_model_is_made_stopped_resumed_and_used() {
    let place = Place::new();
    let (corpus, whole, parts) = (corpus(&place), place.path("whole"), place.path("parts"));
    let start = [
        "pretrain",
        "--corpus",
        &corpus,
        "--epochs",
        "6",
        "--eval-every",
        "4",
        "--out",
    ];
    let done = place.ok(&[&start[..], &[&whole], &SMALL].concat());
    for key in ["updates", "tokens", "val_loss", "wall_s", "parameters"] {
        assert!(
            done[key].as_f64().is_some_and(|n| n > 0.0),
            "{key} of {done}"
        );
    }

    let mut work = AtWork::start(&place, &[&start[..], &[&parts], &SMALL].concat());
    work.until(|line| line["event"] == "evaluation");
    work.interrupt();
    let answer = work.end();
    assert_eq!(answer.last["status"], "paused", "{}", answer.last);
    assert!(text(&answer.last["resume"]).contains("--resume"));
    let resumed = place.ok(&["pretrain", "--out", &parts, "--resume"]);
    assert_eq!(
        (&resumed["updates"], &resumed["val_loss"]),
        (&done["updates"], &done["val_loss"])
    );
    let bytes = |out: &str| std::fs::read(format!("{out}/model.safetensors")).expect("weights");
    assert_eq!(
        bytes(&whole),
        bytes(&parts),
        "a resumed training is the uninterrupted one"
    );

    let verified = place.ok(&["models", "verify", &whole]);
    assert_eq!(text(&verified["id"]).len(), 64);
    let prompts = place.write(
        "prompts.jsonl",
        r#"{"messages":[{"role":"user","content":"Good day"}]}"#,
    );
    place.ok(&[
        "generate",
        "--model",
        &whole,
        &prompts,
        "--max-new-tokens",
        "4",
    ]);

    let further = place.path("further");
    let more = [
        "pretrain",
        "--corpus",
        &corpus,
        "--out",
        &further,
        "--from",
        &whole,
        "--batch-tokens",
        "256",
    ];
    assert!(place.ok(&more)["val_loss"].as_f64() < Some(10.0));
    for (args, what) in [
        (
            vec!["pretrain", "--corpus", &corpus, "--out", &whole],
            "not empty",
        ),
        (vec!["pretrain", "--out", &whole, "--resume"], "has ended"),
    ] {
        place.refuses(&args, 2, "file", &[what]);
    }
}

#[test]
fn text_that_cannot_be_learnt_is_named() {
    let place = Place::new();
    let out = place.path("out");
    place.refuses(
        &["pretrain", "--corpus", "nowhere.txt", "--out", &out],
        2,
        "file",
        &["nowhere.txt"],
    );
    let bad = place.write("bad.jsonl", "{\"text\":\"fine\"}\n{\"messages\":[]}");
    let error = place.refuses(
        &["pretrain", "--corpus", &bad, "--out", &out],
        2,
        "file",
        &["messages"],
    );
    assert_eq!(error["row"], 2);
    let few = place.write("few.txt", "A few words make no vocabulary of thousands.");
    place.refuses(
        &["pretrain", "--corpus", &few, "--out", &out],
        2,
        "setting",
        &["vocab_size"],
    );
    place.refuses(
        &["pretrain", "--corpus", &few, "--out", &out, "--epochs", "0"],
        2,
        "usage",
        &["--epochs"],
    );
}
