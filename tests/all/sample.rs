//! What comes with Duologue. The sample's pairs and finished run are in the checkout, complete and up to date; the real
//! program takes them into a workspace and packs them. The base model of that run is fetched by the set-up, and what
//! needs it skips where no registry answered.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use contract::{ArtifactKind, ErrorCode, LeakVerdict, StageName};
use duologue_tests::skip;
use project::report::run::RunReport;
use project::selection::Selection;
use project::session::{Browsable, Departure, Session};
use store::ArtifactEdit;

use crate::program::{INVENTED, Workspace, rows};

/// The sample's finished run.
const RUN: &str = "physiotherapy-1";

/// The folder of what comes with Duologue.
fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models")
}

/// Folder of the sample's base model. If the set-up could not fetch it, prints that the test is skipped and returns
/// `None`.
pub(crate) fn base() -> Option<PathBuf> {
    let folder = models().join("SmolLM2-135M-Instruct");
    if folder.join("SmolLM2-135M-Instruct.Q4_1.gguf").is_file() {
        return Some(folder);
    }
    skip("the base model of the sample is not here (`cargo xtask model` fetches it)");
    None
}

/// A workspace that already had a data set and has taken the sample.
fn taken() -> Workspace {
    let workspace = Workspace::with(&rows()[..3]);
    let from = models().display().to_string();
    let answer = workspace.ok(&["sample", "--from", &from]);
    assert_eq!(answer.last()["known"], false);
    assert_eq!(answer.last()["examples"], 200);
    workspace
}

#[test]
fn the_finished_run_is_whole_and_readable() {
    let workspace = taken();
    let statuses = workspace.statuses(RUN);
    assert_eq!(statuses.len(), 9);
    assert!(
        statuses.values().all(|status| status == "done"),
        "{statuses:?}: a run of an earlier version stands as it was left"
    );
    if base().is_none() {
        return;
    }
    // Every file that the run names exists: `export` reads the adapter of each training.
    let exported = tempfile::tempdir().unwrap();
    for adapter in ["synthesizer", "summarizer"] {
        let to = exported.path().join(adapter).display().to_string();
        let answer = workspace.ok(&[
            &["export", RUN, "--adapter", adapter, "--to", &to][..],
            &INVENTED,
        ]
        .concat());
        assert_eq!(answer.last()["replay"]["equal"], true, "{}", answer.last());
    }
}

#[test]
fn its_summarizer_works_at_once_and_its_examples_keep_their_numbers() {
    if base().is_none() {
        return;
    }
    let workspace = taken();
    let test = fs::read_to_string(models().join("practice/test.jsonl")).unwrap();
    let pair: serde_json::Value = serde_json::from_str(test.lines().next().unwrap()).unwrap();
    let chat = tempfile::NamedTempFile::new().unwrap();
    fs::write(chat.path(), pair["dialogue"].as_str().unwrap()).unwrap();
    let file = chat.path().display().to_string();
    let answer = workspace.ok(&["summarize", "--run", RUN, &file]);
    let summary = answer.last()["summary"].as_str().unwrap();
    assert!(summary.split_whitespace().count() >= 4, "{summary}");
    // A resumed run finds its topics by the numbers of its shots, so nothing is computed again.
    let answer = workspace.ok(&["resume", RUN]);
    assert_eq!(answer.stages("running"), [""; 0], "everything is finished");
}

#[test]
fn it_is_taken_once_and_goes_on_from_a_pack() {
    let workspace = taken();
    let from = models().display().to_string();
    let again = workspace.ok(&["sample", "--from", &from]);
    assert_eq!(again.last()["known"], true);
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("packed").display().to_string();
    workspace.ok(&[&["pack", RUN, "--to", &to][..], &INVENTED].concat());
    let elsewhere = store::Store::open(Path::new(&to)).unwrap();
    assert_eq!(
        elsewhere.run(&RUN.into()).unwrap().dataset_name,
        "physiotherapy"
    );
    let occupied = workspace.run(&[&["pack", RUN, "--to", &to][..], &INVENTED].concat());
    assert_eq!(
        (occupied.code, occupied.last()["code"].as_str()),
        (2, Some("wrong_state"))
    );
    let nothing = workspace.run(&["sample", "--from", &folder.path().display().to_string()]);
    assert_eq!(
        (nothing.code, nothing.last()["code"].as_str()),
        (2, Some("usage")),
        "nothing of Duologue's is there"
    );
}

/// A run bundle opens in another workspace as it left this one, and a damaged one does not.
#[test]
fn a_pack_is_taken_in_elsewhere() {
    let workspace = taken();
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let packed = place("packed");
    workspace.ok(&[&["pack", RUN, "--to", &packed][..], &INVENTED].concat());

    let elsewhere = Workspace::with(&rows()[..3]);
    let answer = elsewhere.ok(&["unpack", &packed, "--name", "from Ada"]);
    let unpacked = answer.last();
    assert_eq!(
        (unpacked["run"].as_str(), unpacked["dataset"].as_str()),
        (Some(RUN), Some("from Ada"))
    );
    assert_eq!(unpacked["examples"], 200);
    assert!(
        unpacked["model_path"].is_null(),
        "the model does not travel"
    );
    assert_eq!(elsewhere.statuses(RUN), workspace.statuses(RUN));
    let again = elsewhere.run(&["unpack", &packed, "--name", "once more"]);
    assert_eq!(again.last()["code"], "name_taken");

    let (file, recipe) = (place("pairs.csv"), place("recipe.toml"));
    let written = elsewhere.ok(&["datasets", "from Ada", "--to", &file]);
    assert_eq!(written.last()["name"], "from Ada");
    let read = elsewhere.ok(&["import", &file, "--name", "again"]);
    assert_eq!(read.last()["imported"], 200);
    elsewhere.ok(&["recipe", "--run", RUN, "--to", &recipe]);
    elsewhere.ok(&["recipe", "--recipe", &recipe]);
    let form = elsewhere.run(&["datasets", "again", "--to", &place("pairs.pdf")]);
    assert_eq!(form.last()["code"], "usage");

    for blob in fs::read_dir(Path::new(&packed).join("blobs")).unwrap() {
        let weights = blob.unwrap().path().join("adapter_model.safetensors");
        fs::write(weights, "another").unwrap();
    }
    let empty = Workspace::with(&rows()[..3]);
    for folder in [&packed, &place("nothing")] {
        let refused = empty.run(&["unpack", folder]);
        assert_eq!(refused.last()["code"], "wrong_state", "{}", refused.last());
    }
}

/// A synthesizer that copies a conversation is not exported unless somebody says why; the log keeps the reason.
#[test]
fn a_copied_dialogue_keeps_a_run_from_leaving() {
    let workspace = taken();
    let session = Session::open(&workspace.path()).unwrap();
    let row = session.run(&RUN.into()).unwrap();
    let before = session.show(&session.sight(&RUN.into()).unwrap()).unwrap();
    let selection = Selection::of_run(&row).unwrap();
    let examples = session
        .examples(&"physiotherapy".into(), 0, u32::MAX)
        .unwrap();
    let shot = examples.iter().find(|row| row.id == selection.shots[0]);
    let copied = shot.unwrap().dialogue.clone();
    let kind = Some(ArtifactKind::Dialogue);
    let page = session
        .items(
            &RUN.into(),
            Browsable::new(StageName::Dialogues).unwrap(),
            kind,
            0,
            1,
        )
        .unwrap();
    let first = &page.rows[0];
    let mut payload = first.payload.clone();
    payload["text"] = copied.into();
    let edit = ArtifactEdit {
        kind: first.kind,
        item: first.item,
        payload: &payload,
        author: "test",
        edited_at_ms: 1,
    };
    session.edit_item(&RUN.into(), first.part, &edit).unwrap();

    let to = tempfile::tempdir().unwrap();
    let folder = to.path().join("packed");
    let leaving = |reason| {
        let departure = Departure { reason, now_ms: 2 };
        session.pack_run(
            &session.sight(&RUN.into()).unwrap(),
            &folder,
            &departure,
            &mut |_| ControlFlow::Continue(()),
        )
    };
    let refused = leaving(None).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Leak, "{refused}");
    assert!(!folder.exists(), "nothing was written");
    assert_eq!(
        leaving(Some(" ")).unwrap_err().code(),
        ErrorCode::Leak,
        "a blank is no reason"
    );
    leaving(Some("the sample is invented")).unwrap();
    let log = session.exports().unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!(
        (log[0].verdict, log[0].reason.as_deref()),
        (Some(LeakVerdict::Stop), Some("the sample is invented"))
    );
    // What was found is shown with the run, and is part of none of its hashes.
    let shown = session.show(&session.sight(&RUN.into()).unwrap()).unwrap();
    let leaks = shown.leaks.unwrap();
    assert_eq!(leaks.verdict, LeakVerdict::Stop);
    let hashes = |report: &RunReport| -> Vec<Option<String>> {
        let stages = report.stages.iter();
        let others = stages.filter(|stage| stage.name != StageName::Dialogues);
        others.map(|stage| stage.output_sha256.clone()).collect()
    };
    assert_eq!(
        hashes(&session.show(&session.sight(&RUN.into()).unwrap()).unwrap()),
        hashes(&before)
    );
}

#[test]
fn what_comes_along_is_small_and_the_toy_says_what_it_is() {
    let bytes = |path: &Path| fs::metadata(path).map_or(0, |data| data.len());
    let toy = models().join("duo-mini");
    let files = [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ];
    let total: u64 = files.iter().map(|file| bytes(&toy.join(file))).sum();
    assert!(
        files.iter().all(|file| bytes(&toy.join(file)) > 0) && total < 20_000_000,
        "{total} bytes"
    );
    let card = fs::read_to_string(toy.join("README.md")).unwrap();
    for word in ["on purpose", "no evidence", "cargo xtask duo-mini"] {
        assert!(card.contains(word), "the card has to say: {word}");
    }
    let run = models().join("practice/run");
    let blobs = fs::read_dir(run.join("blobs")).unwrap().flatten();
    let adapters: u64 = blobs
        .map(|blob| bytes(&blob.path().join("adapter_model.safetensors")))
        .sum();
    let database = bytes(&run.join("workspace.sqlite"));
    assert!(
        adapters > 0 && database > 0 && adapters + database <= 15_000_000,
        "{adapters} + {database} bytes"
    );
}

/// The conversations of `models/practice`, written by hand: what a person may expect of each.
#[test]
fn the_practice_is_read_whole_and_each_pair_has_its_measure() {
    let practice = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/practice");
    let files = ["train", "validation", "test"].map(|split| {
        practice
            .join(format!("{split}.jsonl"))
            .display()
            .to_string()
    });
    let workspace = Workspace::new();
    let mut import = vec!["import"];
    import.extend(files.iter().map(String::as_str));
    import.extend(["--name", "practice"]);
    let answer = workspace.ok(&import);
    assert_eq!(
        answer.last()["splits"],
        serde_json::json!({"train": 100, "validation": 20, "test": 80})
    );
    assert_eq!(answer.last()["issues"], serde_json::json!([]));
    assert_eq!(answer.last()["leaks"], serde_json::json!([]));

    let further = practice.join("try.jsonl").display().to_string();
    for file in files.iter().chain([&further]) {
        for line in fs::read_to_string(file).unwrap().lines() {
            let pair: serde_json::Value = serde_json::from_str(line).unwrap();
            let [id, dialogue, summary] =
                ["id", "dialogue", "summary"].map(|field| pair[field].as_str().unwrap());
            let turns: Vec<(&str, &str)> = dialogue
                .lines()
                .map(|turn| {
                    turn.split_once(": ")
                        .unwrap_or_else(|| panic!("{id}: {turn}"))
                })
                .collect();
            assert!((6..=24).contains(&turns.len()), "{id}: turns");
            assert!(
                turns.windows(2).all(|pair| pair[0].0 != pair[1].0),
                "{id}: somebody speaks twice in a row"
            );
            let words = |text: &str| text.split_whitespace().count();
            assert!((20..=60).contains(&words(summary)), "{id}: summary");
            let spoken: usize = turns.iter().map(|(_, text)| words(text)).sum();
            assert!((70..=260).contains(&spoken), "{id}: {spoken} words");
            assert_eq!(file == &further, pair["title"].is_string(), "{id}: title");
        }
    }
}
