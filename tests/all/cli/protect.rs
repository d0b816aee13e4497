//! protect, unprotect, key: a workspace with a finished run is encrypted, worked with, and searched byte by byte.

use std::path::{Path, PathBuf};

use duologue_tests::wait_until;
use project::protection;
use serde_json::{Value, json};

use super::run::{RUN, ready, whole, words};
use super::{Place, list, text};
use crate::program::rows;

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            std::fs::copy(&path, &copied).expect("a copy");
        }
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let below = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false => vec![path],
    };
    entries.flat_map(|entry| below(entry.path())).collect()
}

/// Which of these texts occur in which files of a folder, as they are or as JSON writes them.
fn found(folder: &Path, texts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(folder) {
        let bytes = std::fs::read(&path).expect("a file");
        let spoken = String::from_utf8_lossy(&bytes);
        for text in texts {
            let escaped = json!(text).to_string();
            if spoken.contains(text.as_str()) || spoken.contains(escaped.trim_matches('"')) {
                found.push(format!("{}: {text}", path.display()));
            }
        }
    }
    found
}

/// Lines of the conversations that nobody else says.
fn sentences(rows: &[Value]) -> Vec<String> {
    let of_row = |row: &Value| -> Vec<String> {
        let dialogue = text(&row["dialogue"]).lines();
        let spoken = dialogue.filter_map(|line| line.split_once(": ").map(|(_, spoken)| spoken));
        let whole = spoken.chain([text(&row["summary"])]);
        whole
            .filter(|spoken| spoken.len() >= 24)
            .map(str::to_owned)
            .collect()
    };
    let mut sentences: Vec<String> = rows.iter().flat_map(of_row).collect();
    sentences.sort();
    sentences.dedup();
    sentences
}

/// The hashes of a run's stages.
fn hashes(shown: &Value) -> Vec<(String, Value)> {
    let stages = list(&shown["stages"]).iter();
    stages
        .map(|stage| {
            (
                text(&stage["name"]).to_owned(),
                stage["output_sha256"].clone(),
            )
        })
        .collect()
}

/// The words of a command with the file of a key before them.
fn with<'a>(key: &'a str, args: &[&'a str]) -> Vec<&'a str> {
    [&["--passphrase-file", key], args].concat()
}

#[test]
fn a_protected_workspace_works_as_before_and_holds_no_sentence_in_clear() {
    let whole = whole();
    let place = Place::new();
    copy(&whole.place.workspace(), &place.workspace());
    let secret = "Quendel had the ninth appointment in Oberwiesenthal";
    let rows = rows();
    let mut sentences = sentences(&rows);
    sentences.push(secret.to_owned());
    assert!(sentences.len() >= 50, "{}", sentences.len());
    assert!(!found(&place.workspace(), &sentences).is_empty());

    let key = place.path("recovery.txt");
    let done = place.ok(&["protect", "--no-keychain", "--recovery-file", &key]);
    assert_eq!(
        (&done["protected"], &done["slots"], &done["residue"]),
        (&json!(true), &json!(["recovery"]), &json!(true))
    );
    assert!(done["files"].as_u64() > Some(0), "{done}");
    let key = key.as_str();
    assert_eq!(found(&place.workspace(), &sentences), Vec::<String>::new());

    // What existed still exists, and what is made now is encrypted too.
    let shown = place.ok(&with(key, &["show", RUN]));
    assert_eq!(shown["results"], whole.shown["results"]);
    let planted = json!({"dialogue": format!("Ada: {secret}\nBen: I see."), "summary": secret});
    let file = place.write_rows("more.jsonl", &[planted]);
    place.ok(&with(
        key,
        &["import", &file, "--name", "more", "--keep-unsummarised"],
    ));
    let again = place.ok(&with(key, &["resume", RUN, "--from", "evaluate"]));
    assert_eq!(hashes(&again), hashes(&whole.shown));
    let chat = place.write("chat.txt", format!("Ada: {secret}\nBen: I see."));
    place.ok(&with(key, &["summarize", "--run", RUN, &chat]));
    assert_eq!(found(&place.workspace(), &sentences), Vec::<String>::new());

    // A packed run leaves unencrypted, with its adapters.
    let packed = place.path("packed");
    let why = ["--override-leak", "a test of ours"];
    place.ok(&with(
        key,
        &[&["pack", RUN, "--to", &packed], &why[..]].concat(),
    ));
    assert!(!found(Path::new(&packed), &sentences).is_empty());

    place.ok(&with(key, &["unprotect", "--yes"]));
    assert_eq!(place.ok(&["show", RUN])["results"], whole.shown["results"]);
    assert!(!found(&place.workspace(), &sentences).is_empty());
}

#[test]
fn a_backup_of_a_protected_workspace_is_ciphertext_and_comes_back_whole() {
    let place = Place::new();
    let rows = rows();
    place.import("d", &rows);
    let (key, file, to) = (
        place.path("key.txt"),
        place.path("backup.zip"),
        place.path("again"),
    );
    place.ok(&["protect", "--no-keychain", "--recovery-file", &key]);
    let made = place.ok(&with(&key, &["backup", "--to", &file]));
    assert_eq!(made["to"], file);
    let folder = place.path("backups");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::copy(&file, Path::new(&folder).join("copy.zip")).expect("a copy");
    assert_eq!(
        found(Path::new(&folder), &sentences(&rows)),
        Vec::<String>::new()
    );
    place.fails(&["restore", &file, "--to", &to], 2, "key_needed");
    let back = place.ok(&with(&key, &["restore", &file, "--to", &to]));
    assert_eq!(
        back["files"].as_u64(),
        made["files"].as_u64().map(|files| files - 1),
        "all but the keys"
    );
    place.fails(&with(&key, &["restore", &file, "--to", &to]), 1, "io");
    std::fs::remove_dir_all(place.workspace()).expect("the protected folder gone");
    copy(Path::new(&to), &place.workspace());
    let kept = place.ok(&with(&key, &["datasets"]));
    assert_eq!(kept["datasets"][0]["n"], rows.len());
    // A single flipped bit of the database is found.
    let mut bytes = std::fs::read(&file).expect("the backup");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = place.write("damaged.zip", &bytes);
    let gone = place.path("gone");
    let refused = place.json(&with(&key, &["restore", &damaged, "--to", &gone]));
    assert_ne!(refused.code, 0, "{}", refused.last);
    assert!(!Path::new(&gone).exists());
}

/// The key goes from process to process over standard input: what anybody may read of a process does not hold it.
#[cfg(target_os = "linux")]
#[test]
fn no_process_has_the_key_in_its_command_line_or_environment() {
    let (place, args) = ready();
    let key = place.path("key.txt");
    place.ok(&["protect", "--no-keychain", "--recovery-file", &key]);
    let secret = std::fs::read_to_string(&key).expect("the recovery key");
    let slots = protection::slots(&place.workspace())
        .expect("slots")
        .expect("a protected workspace");
    let root = protection::unlock(&place.workspace(), &slots, secret.trim()).expect("the key");
    let hex = root.to_hex().to_string();
    let started = place.ok(&with(&key, &[&words(&args)[..], &["--detach"]].concat()));
    assert_eq!(started["status"], "started");
    let workspace = place.workspace().display().to_string();
    let mut workers = 0;
    wait_until("the worker", || {
        let processes = std::fs::read_dir("/proc").expect("processes").flatten();
        for process in processes {
            let read = |name| std::fs::read(process.path().join(name)).unwrap_or_default();
            let (line, environment) = (read("cmdline"), read("environ"));
            let (line, environment) = (
                String::from_utf8_lossy(&line).into_owned(),
                String::from_utf8_lossy(&environment).into_owned(),
            );
            for told in [&line, &environment] {
                assert!(
                    !told.contains(&hex) && !told.contains(secret.trim()),
                    "{line}"
                );
            }
            let is_worker = line.contains(&workspace) && line.contains("worker");
            workers += usize::from(is_worker);
        }
        workers > 0
    });
    place.ok(&with(&key, &["cancel", RUN]));
    wait_until("the end of the run", || {
        let listed = place.ok(&with(&key, &["runs"]));
        listed["runs"][0]["status"] == "cancelled"
    });
}

#[test]
fn without_the_key_nothing_opens_and_nothing_changes() {
    let place = Place::new();
    place.import("d", &rows());
    let (key, wrong) = (
        place.path("key.txt"),
        place.write("wrong.txt", "not the one\n"),
    );
    let outlook = place.ok(&["protect", "--dry-run"]);
    assert_eq!(outlook["dry_run"], true);
    assert!(outlook["database_bytes"].as_u64() > Some(0), "{outlook}");
    place.fails(&["protect", "--no-keychain"], 2, "usage");
    place.ok(&["protect", "--no-keychain", "--recovery-file", &key]);
    let before: Vec<_> = files(&place.workspace())
        .into_iter()
        .map(|path| (std::fs::read(&path).expect("a file"), path))
        .collect();
    place.fails(&["datasets"], 2, "key_needed");
    place.fails(&["--passphrase-file", &wrong, "datasets"], 2, "wrong_key");
    place.fails(&["--key-stdin", "datasets"], 2, "wrong_key");
    place.fails(
        &["protect", "--recovery-file", &key],
        2,
        "already_protected",
    );
    place.fails(&["unprotect", "--yes"], 2, "key_needed");
    for (bytes, path) in before {
        assert_eq!(
            std::fs::read(&path).expect("a file"),
            bytes,
            "{}",
            path.display()
        );
    }
    let status = place.ok(&["key", "status"]);
    assert_eq!(status["slots"][0]["kind"], "recovery");
    assert!(place.ok(&["doctor"])["workspace_problem"].is_string());
}

#[test]
fn the_last_way_to_open_it_stays_and_a_new_root_key_voids_the_old_one() {
    let place = Place::new();
    place.import("d", &rows());
    let [first, second, third] = ["1.txt", "2.txt", "3.txt"].map(|name| place.path(name));
    place.fails(&["key", "recovery", "--remove"], 2, "not_protected");
    place.ok(&["protect", "--no-keychain", "--recovery-file", &first]);
    let ok = |words: Vec<&str>| place.ok(&words);
    let fails = |words: Vec<&str>, code: &str| place.fails(&words, 2, code);
    fails(with(&first, &["key", "recovery", "--remove"]), "last_slot");
    ok(with(
        &first,
        &["key", "recovery", "--recovery-file", &second],
    ));
    fails(with(&first, &["datasets"]), "wrong_key");
    ok(with(&second, &["key", "rotate", "--recovery-file", &third]));
    fails(with(&second, &["datasets"]), "wrong_key");
    let kept = ok(with(&third, &["datasets"]));
    assert_eq!(kept["datasets"][0]["name"], "d");
    ok(with(&third, &["unprotect", "--yes"]));
    place.ok(&["datasets"]);
}
