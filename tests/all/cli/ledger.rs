//! network: the ledger and the lock, and the proofs that nothing but `models add` contacts another machine: every other
//! command works where there is no network at all, and opens no socket to another place.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use duologue_tests::{end, output, skip, wait_until};
use serde_json::{Value, json};

use super::hub::{command, hub};
use super::hub_server::{Accidents, ID};
use super::run::{SETS, words};
use super::{Place, Said, list, number, text};
use crate::program::{model, rows};

fn ledger(place: &Place) -> Vec<Value> {
    list(&place.ok(&["network", "list"])["rows"]).to_vec()
}

fn outcomes(place: &Place) -> Vec<String> {
    let rows = ledger(place);
    rows.iter()
        .map(|row| text(&row["outcome"]).to_owned())
        .collect()
}

#[test]
fn each_connection_is_a_row_with_its_bytes_and_its_end() {
    let (place, hub) = (Place::new(), hub());
    let args = ["models", "add", ID];
    let added = Said::new(&args, &output(command(&place, &hub, &args).arg("--json")));
    assert_eq!(added.code, 0, "{}", added.last);
    let rows = ledger(&place);
    assert_eq!(rows.len(), hub.requests().len(), "{rows:?}");
    for row in &rows {
        assert_eq!(
            (&row["process"], &row["outcome"]),
            (&json!("models add"), &json!("ok")),
            "{row}"
        );
        assert_eq!(row["purpose"], format!("model {ID}"));
        assert_eq!(row["port"], hub.port);
        assert!(
            number(&row["sent_bytes"]) > 0.0 && number(&row["duration_ms"]) >= 0.0,
            "{row}"
        );
    }
    let received: f64 = rows.iter().map(|row| number(&row["received_bytes"])).sum();
    assert!(
        received > number(&added.last["received_bytes"]),
        "heads of answers count too"
    );
    let later = number(&rows[rows.len() - 1]["at_ms"]) as i64 + 1;
    let since = place.ok(&["network", "list", "--since", &later.to_string()]);
    assert_eq!(
        (&since["rows"], number(&since["connections"]) as usize),
        (&json!([]), rows.len())
    );
}

#[test]
fn a_locked_network_opens_nothing_and_each_attempt_is_a_row() {
    let (place, hub) = (Place::new(), hub());
    place.ok(&["network", "lock"]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener
        .set_nonblocking(true)
        .expect("a listener that does not wait");
    let port = listener.local_addr().expect("an address").port();
    let args = ["models", "add", ID];
    let mut add = command(&place, &hub, &args);
    add.env("HF_ENDPOINT", format!("http://127.0.0.1:{port}"))
        .arg("--json");
    let refused = Said::new(&args, &output(&mut add));
    assert_eq!(
        (refused.code, text(&refused.last["code"])),
        (2, "network_locked")
    );
    assert!(text(&refused.last["fix"]).contains("duologue network unlock"));
    assert!(listener.accept().is_err(), "somebody connected");
    let listed = place.ok(&["network", "list"]);
    assert_eq!(
        (&listed["locked"], &listed["connections"]),
        (&json!(true), &json!(0))
    );
    let row = &listed["rows"][0];
    assert_eq!(
        (&row["outcome"], &row["port"]),
        (&json!("refused"), &json!(port)),
        "{row}"
    );
    // Staying offline is a refusal too, and the lock is taken off again.
    place.ok(&["network", "unlock"]);
    let args = ["models", "add", ID, "--offline"];
    Said::new(&args, &output(command(&place, &hub, &args).arg("--json")));
    assert_eq!(outcomes(&place), ["refused", "refused"]);
    assert_eq!(place.ok(&["doctor"])["connections"], 0);
    assert!(hub.requests().is_empty());
}

#[test]
fn the_row_of_a_download_that_was_killed_is_there_and_open() {
    let (place, hub) = (Place::new(), hub());
    hub.let_happen(Accidents {
        stall: Some(9_000),
        ..Accidents::default()
    });
    let mut add = command(&place, &hub, &["models", "add", ID]);
    let mut child = add
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    wait_until("the store is asked for the weights", || {
        let asked = hub.requests();
        asked
            .iter()
            .any(|request| request.path.starts_with("/store/"))
    });
    child.kill().expect("it can be killed");
    end(child, "the end of a download");
    let rows = ledger(&place);
    let last = rows.last().expect("a row");
    assert_eq!(
        (&last["outcome"], &last["host"], &last["duration_ms"]),
        (&json!("open"), &json!("localhost"), &Value::Null),
        "{rows:?}"
    );
}

/// A complete small run with what comes before and after it, as arguments of commands.
fn everyday(place: &Place) -> Vec<Vec<String>> {
    let file = place.write_rows("d.jsonl", &rows());
    let model = model().display().to_string();
    let mut run = vec![
        "run",
        "--dataset",
        "d",
        "--model",
        &model,
        "--systems",
        "zero_shot,sft_real",
        "--seed",
        "3",
    ];
    SETS.iter().for_each(|set| run.extend(["--set", *set]));
    let chat = place.write(
        "chat.txt",
        "Ada: My parcel was due on Tuesday.\nBen: It comes today.",
    );
    let to = place.path("packed");
    let report = place.path("report.html");
    let commands: [&[&str]; 12] = [
        &["import", &file, "--name", "d"],
        &["datasets", "d", "--items"],
        &["plan", "--dataset", "d", "--model", &model],
        &run,
        &["runs"],
        &["show", "d-1"],
        &["report", "d-1", "--to", &report],
        &["summarize", "--run", "d-1", "--system", "sft_real", &chat],
        &[
            "pack",
            "d-1",
            "--to",
            &to,
            "--override-leak",
            "a test of ours",
        ],
        &["models", "list"],
        &["network", "list"],
        &["doctor"],
    ];
    let owned = |command: &&[&str]| command.iter().map(|word| (*word).to_owned()).collect();
    commands.iter().map(owned).collect()
}

/// Starts a command of Duologue through another program.
fn through(program: &[&str], place: &Place, args: &[&str]) -> Command {
    let inner = place.command(args);
    let mut outer = Command::new(program[0]);
    outer
        .args(&program[1..])
        .arg(inner.get_program())
        .args(inner.get_args())
        .arg("--json");
    outer.env_remove("DUOLOGUE_WORKSPACE").stdin(Stdio::null());
    outer
}

/// Whether a program of the system can be used here.
fn works(program: &[&str]) -> bool {
    let tried = Command::new(program[0])
        .args(&program[1..])
        .arg("true")
        .stdin(Stdio::null())
        .output();
    tried.is_ok_and(|done| done.status.success())
}

#[test]
fn everything_but_a_download_works_without_any_network() {
    const ALONE: [&str; 2] = ["unshare", "-rn"];
    if !works(&ALONE) {
        return skip("this system lets nobody make a network of their own (unshare -rn)");
    }
    let (place, hub) = (Place::new(), hub());
    for command in everyday(&place) {
        let words = words(&command);
        let answer = Said::new(&words, &output(&mut through(&ALONE, &place, &words)));
        assert_eq!(answer.code, 0, "{words:?}: {}", answer.last);
    }
    assert_eq!(ledger(&place), [] as [Value; 0]);
    // The place without a network really has none: a download fails in it.
    let args = ["models", "add", ID];
    let mut add = through(&ALONE, &place, &args);
    add.env("HF_ENDPOINT", hub.endpoint());
    assert_ne!(Said::new(&args, &output(&mut add)).code, 0);
    assert_eq!(outcomes(&place), ["failed"]);
}

#[test]
fn nothing_but_a_download_asks_the_system_for_a_socket_to_elsewhere() {
    let place = Place::new();
    let trace = place.path("trace");
    let strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        &trace,
        "-e",
        "trace=socket,connect,sendto,bind",
    ];
    if !works(&strace) {
        return skip("strace is not here, or may not look at a process");
    }
    for command in everyday(&place) {
        let words = words(&command);
        output(&mut through(&strace, &place, &words));
        let traced = std::fs::read_to_string(&trace).expect("a trace");
        let elsewhere: Vec<&str> = traced
            .lines()
            .filter(|line| line.contains("AF_INET"))
            .collect();
        assert!(elsewhere.is_empty(), "{words:?}: {elsewhere:?}");
    }
    // The trace would show such a request: a download makes one.
    let hub = hub();
    let args = ["models", "add", ID];
    let mut add = through(&strace, &place, &args);
    add.env("HF_ENDPOINT", hub.endpoint());
    output(&mut add);
    let traced = std::fs::read_to_string(&trace).expect("a trace");
    assert!(traced.contains("AF_INET"), "a download leaves no trace");
}

#[test]
fn the_system_forbids_connections_where_it_can_and_doctor_says_so() {
    let place = Place::new();
    let (doctor, listed) = (place.ok(&["doctor"]), place.ok(&["network", "list"]));
    assert_eq!(doctor["kernel_lock"], listed["kernel"]);
    assert_eq!(doctor["network_locked"], false);
    if listed["kernel"] != true {
        return skip(text(&listed["kernel_missing"]));
    }
    assert!(listed.get("kernel_missing").is_none());
    let (human, _) = place.human(&["network", "list"], 0);
    assert!(human.contains("The system forbids them"), "{human}");
}
