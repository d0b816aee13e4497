//! Steering runs: a dry run, pause, cancel, discard, detached runs, the queue, a killed worker.

use std::process::Command;

use duologue_tests::{output, wait_until};
use serde_json::{Value, json};

use super::run::*;
use super::{list, number, text};
use crate::program::{binary, rows};

#[test]
fn a_dry_run_starts_nothing_and_until_stops_early() {
    let (place, args) = ready();
    let args = words(&args);
    let dry = place.ok(&[&args[..], &["--dry-run"]].concat());
    assert_eq!(
        (&dry["dry_run"], &dry["dataset"]["counts"]["shots"]),
        (&json!(true), &json!(12))
    );
    assert_eq!(
        dry["recipe"]["recompute"], "off",
        "what the recipe leaves to the machine is settled"
    );
    assert_eq!(
        place.ok(&["runs"])["runs"],
        json!([]),
        "a dry run starts nothing"
    );

    let first = place.ok(&[&args[..], &["--until", "topics"]].concat());
    assert_eq!(first["status"], "paused");
    place.refuses(
        &["resume", RUN, "--from", "align", "--until", "topics"],
        2,
        "wrong_state",
        &["order"],
    );
    place.refuses(
        &["resume", RUN, "--from", "nope"],
        2,
        "usage",
        &["nope", "topics"],
    );
}

#[test]
fn pause_cancel_and_discard() {
    let (place, args) = ready();
    let args = [&words(&args)[..], &["--until", "synthesizer"]].concat();
    let mut work = AtWork::start(&place, &args);
    work.until(|line| line["event"] == "step" && line["stage"] == "synthesizer");
    let asked = place.ok(&["pause", RUN]);
    assert_eq!(
        (&asked["run"], &asked["status"]),
        (&json!(RUN), &json!("running"))
    );
    assert_eq!(asked["from_stage"], "synthesizer");
    let paused = work.end();
    assert_eq!(
        (paused.code, &paused.last["status"]),
        (130, &json!("paused")),
        "{}",
        paused.last
    );
    assert_eq!(
        place.ok(&["pause", RUN])["status"],
        "paused",
        "asking twice is fine"
    );

    let mut work = AtWork::start(&place, &["resume", RUN, "--until", "synthesizer"]);
    work.until(|line| line["event"] == "step");
    assert_eq!(place.ok(&["cancel", RUN, "--discard"])["status"], "running");
    let ended = work.end();
    assert_eq!(
        (ended.code, &ended.last["status"]),
        (0, &json!("cancelled")),
        "{}",
        ended.last
    );
    place.refuses(&["pause", RUN], 2, "wrong_state", &["cancelled"]);
    place.refuses(&["cancel", RUN], 2, "wrong_state", &["cancelled"]);
    place.refuses(&["resume", RUN], 2, "wrong_state", &["cancelled", "--from"]);
    let again = place.ok(&["resume", RUN, "--from", "topics", "--until", "topics"]);
    assert_eq!(again["status"], "paused");
    assert_eq!(
        place.ok(&["cancel", RUN])["status"],
        "cancelled",
        "nobody works on it: at once"
    );
    place.refuses(&["pause", "nope"], 2, "no_such_run", &["nope"]);
}

#[test]
fn a_detached_run_goes_on_by_itself_and_keeps_a_log() {
    let (place, args) = ready();
    let started = place.ok(&[&words(&args)[..], &["--detach", "--until", "summaries"]].concat());
    assert_eq!(
        (&started["run"], &started["status"]),
        (&json!(RUN), &json!("started"))
    );
    // The log is the worker's standard output: its last line comes when nothing is left to do.
    let log = place.workspace().join(format!("logs/{RUN}.log"));
    let mut ended = Value::Null;
    wait_until("the last line of the worker's log", || {
        let log_text = std::fs::read_to_string(&log).expect("a log");
        let mut lines = log_text.lines().rev();
        ended = lines
            .find_map(|line| serde_json::from_str::<Value>(line).ok())
            .unwrap_or_default();
        ended["event"] == "result" || ended["event"] == "error"
    });
    assert_eq!(
        (&ended["run"], &ended["status"]),
        (&json!(RUN), &json!("paused")),
        "{ended}"
    );
    assert!(
        number(&ended["at_ms"]) > 1.7e12,
        "a line of a log says when: {}",
        ended["at_ms"]
    );
    let shown = place.ok(&["show", RUN]);
    let statuses: Vec<&str> = list(&shown["stages"])
        .iter()
        .take(3)
        .map(|s| text(&s["status"]))
        .collect();
    assert_eq!(
        statuses,
        ["done", "done", "waiting"],
        "it stopped where it was told to"
    );
    assert_eq!(
        place.ok(&["resume", RUN, "--until", "summaries"])["status"],
        "paused",
        "nobody holds it"
    );
}

/// Two runs in the queue: while held, nothing begins; the first fails, and the second still has its turn.
#[test]
fn the_queue_goes_on_after_a_failure() {
    let (place, args) = ready();
    place.import("e", &rows());
    place.ok(&["queue", "--hold"]);
    let args_for = |dataset: &'static str| -> Vec<String> {
        args.iter()
            .map(|arg| {
                if arg == "d" {
                    dataset.to_owned()
                } else {
                    arg.clone()
                }
            })
            .collect()
    };
    for dataset in ["d", "e"] {
        let added = place.ok(&[
            &words(&args_for(dataset))[..],
            &["--queue", "--until", "topics"],
        ]
        .concat());
        assert_eq!(added["status"], "queued");
    }
    let queue = place.ok(&["queue"]);
    assert_eq!(
        (&queue["held"], &queue["started"]),
        (&json!(true), &json!(null))
    );
    let waiting: Vec<&str> = list(&queue["queue"])
        .iter()
        .map(|row| text(&row["run_id"]))
        .collect();
    assert_eq!(
        (waiting, text(&queue["queue"][0]["until_stage"])),
        (vec!["d-1", "e-1"], "topics")
    );
    // The first run's examples are no longer those that it was made for.
    place.import("d", &super::rows(40, 4, 4));
    assert_eq!(place.ok(&["queue", "--go"])["started"], "d-1");
    let status = |run: &str| text(&place.ok(&["show", run])["status"]).to_owned();
    wait_until("the second run of the queue", || status("e-1") == "paused");
    assert_eq!(status("d-1"), "failed");
    assert_eq!(list(&place.ok(&["queue"])["queue"]).len(), 0);
    assert_eq!(
        list(&place.ok(&["show", "e-1"])["stages"])[0]["status"],
        "done"
    );
}

/// A run's id comes from its data set's name, which may be anything: the command that goes on has to work in a shell.
#[test]
fn the_command_that_goes_on_can_be_pasted() {
    let (place, args) = ready();
    place.import("o'clock d", &rows());
    let args: Vec<String> = args
        .into_iter()
        .map(|arg| {
            if arg == "d" {
                "o'clock d".to_owned()
            } else {
                arg
            }
        })
        .collect();
    let mut work = AtWork::start(&place, &words(&args));
    work.until(|line| line["event"] == "step");
    work.interrupt();
    let paused = work.end();
    assert_eq!(
        (paused.code, &paused.last["status"]),
        (130, &json!("paused")),
        "{}",
        paused.last
    );
    let command = text(&paused.last["resume"])
        .strip_prefix("duologue ")
        .expect("the program")
        .to_owned();
    let line = format!(
        "'{}' {command} --json --threads 1 --until topics",
        binary().display()
    );
    let output = output(Command::new("sh").args(["-c", &line]));
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stdout)
    );
}

/// A worker that was killed leaves its lease; nobody has to wait for it.
#[test]
fn a_killed_run_is_taken_over() {
    let (place, args) = ready();
    let mut work = AtWork::start(&place, &words(&args));
    work.until(|line| line["event"] == "step");
    work.child.kill().expect("a kill");
    work.child.wait().expect("an end");
    assert_eq!(
        place.ok(&["runs"])["runs"][0]["status"],
        "paused",
        "nobody works on it"
    );
    assert_eq!(place.ok(&["show", RUN])["status"], "paused");
    assert_eq!(
        place.ok(&["pause", RUN])["status"],
        "paused",
        "at once: nobody is there to be asked"
    );
    let resumed = place.ok(&["resume", RUN, "--until", "topics"]);
    assert_eq!(resumed["status"], "paused");
}
