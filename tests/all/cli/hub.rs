//! models add, list, verify, remove: the real binary against a Hub on loopback that loses connections.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use duologue_tests::{end, output, wait_until};
use hub::{Download, Gateway, HubAccess};
use mrds::ledger::Ledger;
use mrds::models::AddModel;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use project::session::Session;
use serde_json::{Value, json};

use super::hub_server::{Accidents, COMMIT, Hub, ID};
use super::{Place, Said, list, number, text};
use crate::fixture::golden;

const WEIGHTS: &str = "model.safetensors";

pub(super) fn hub() -> Hub {
    Hub::serve(&golden("llama-tiny"))
}

/// The command, with nothing of this machine's own settings for the Hub, and with no keychain.
pub(super) fn command(place: &Place, hub: &Hub, args: &[&str]) -> Command {
    let mut command = place.command(args);
    for name in [
        "HF_TOKEN",
        "HUGGING_FACE_HUB_TOKEN",
        "HF_TOKEN_PATH",
        "HF_HUB_OFFLINE",
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ] {
        command.env_remove(name);
    }
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/no-such-bus");
    command
        .env("HF_ENDPOINT", hub.endpoint())
        .env("HF_HOME", place.path("no-such-folder"));
    command
}

fn said(place: &Place, hub: &Hub, args: &[&str]) -> Said {
    Said::new(args, &output(command(place, hub, args).arg("--json")))
}

fn added(place: &Place, hub: &Hub) -> Value {
    let answer = said(place, hub, &["models", "add", ID]);
    assert_eq!(answer.code, 0, "{}", answer.last);
    answer.last
}

fn refused(place: &Place, hub: &Hub, args: &[&str], exit: i32, code: &str, words: &[&str]) {
    let answer = said(place, hub, args);
    assert_eq!(
        (answer.code, answer.last["code"].as_str()),
        (exit, Some(code)),
        "{args:?}: {}",
        answer.last
    );
    let told = format!("{} {}", answer.last["message"], answer.last["fix"]);
    for word in words {
        assert!(told.contains(word), "{args:?}: `{word}` is not in {told}");
    }
    assert_eq!(
        place.ok(&["models", "list"])["models"],
        json!([]),
        "{args:?} entered a model"
    );
}

fn folder(place: &Place) -> PathBuf {
    place.workspace().join("models/acme--tiny")
}

/// The part of the weights that has arrived.
fn part(place: &Place) -> PathBuf {
    let mut parts = std::fs::read_dir(folder(place))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "part"));
    parts.next().expect("a part")
}

#[test]
fn a_model_arrives_over_broken_connections_and_only_what_is_needed() {
    let (place, hub) = (Place::new(), hub());
    hub.let_happen(Accidents {
        cut: Some((9_000, 3)),
        token: Some("hf_secret"),
        ..Accidents::default()
    });
    let args = ["models", "add", ID, "--json"];
    let output = output(command(&place, &hub, &args).env("HF_TOKEN", "hf_secret"));
    let answer = Said::new(&args, &output);
    assert_eq!(answer.code, 0, "{}", answer.last);
    for (key, value) in [
        ("hub_id", ID),
        ("commit", COMMIT),
        ("licence", "apache-2.0"),
        ("name", ID),
    ] {
        assert_eq!(answer.last[key], value, "{key}");
    }
    let requests = hub.requests();
    let ranges: Vec<&str> = requests
        .iter()
        .filter(|request| request.path.ends_with(WEIGHTS) && request.path.starts_with("/store/"))
        .map(|request| request.headers.get("range").map_or("", String::as_str))
        .collect();
    assert_eq!(ranges, ["", "bytes=9000-", "bytes=18000-", "bytes=27000-"]);
    for request in &requests {
        let to_the_store = request.path.starts_with("/store/");
        assert_eq!(
            request.headers.contains_key("authorization"),
            !to_the_store,
            "{request:?}"
        );
        assert!(
            !request.path.contains("pytorch") && !request.path.contains("onnx"),
            "{request:?}"
        );
        assert!(!request.path.contains("golden"), "{request:?}");
    }
    let last = answer.lines.last().expect("progress");
    assert_eq!(
        (&last["event"], &last["done_bytes"]),
        (&json!("download"), &last["total_bytes"])
    );
    assert!(
        number(&last["bytes_per_s"]) > 0.0 && number(&last["eta_s"]) == 0.0,
        "{last}"
    );
    assert_eq!(answer.last["received_bytes"], last["total_bytes"]);
    assert_eq!(
        number(&answer.last["connections"]) as usize,
        requests.len(),
        "one connection a request"
    );
    assert_eq!(
        place.ok(&["doctor"])["connections"],
        answer.last["connections"]
    );
    for name in ["config.json", "tokenizer.json", WEIGHTS] {
        let (ours, theirs) = (folder(&place).join(name), golden("llama-tiny").join(name));
        assert_eq!(
            std::fs::read(ours).expect("ours"),
            std::fs::read(theirs).expect("theirs"),
            "{name}"
        );
    }
    assert!(!folder(&place).join("pytorch_model.bin").exists());

    // It is here now: adding it again opens no connection.
    assert_eq!(added(&place, &hub)["connections"], 0);
    assert!(hub.requests().is_empty());
    let listed = &place.ok(&["models", "list"])["models"][0];
    assert_eq!(
        (&listed["id"], &listed["present"], &listed["runs"]),
        (&answer.last["id"], &json!(true), &json!([]))
    );
    assert!(number(&listed["context_tokens"]) > 0.0);
    assert_eq!(place.ok(&["models", "verify", ID])["sha256_ok"], true);
}

#[test]
fn what_the_hub_refuses_is_said_in_words() {
    let (place, hub) = (Place::new(), hub());
    let add = ["models", "add", ID];
    let refuse = |status, code| {
        hub.let_happen(Accidents {
            refuse: Some((status, code)),
            ..Accidents::default()
        })
    };
    refuse(401, "");
    refused(
        &place,
        &hub,
        &add,
        2,
        "unauthorized",
        &["HF_TOKEN", "spelling"],
    );
    refuse(403, "");
    refused(&place, &hub, &add, 2, "gated", &["licence", ID]);
    refuse(401, "GatedRepo");
    refused(&place, &hub, &add, 2, "gated", &["accept"]);
    refuse(429, "");
    refused(&place, &hub, &add, 1, "rate_limited", &["7 seconds"]);
    refuse(503, "");
    refused(&place, &hub, &add, 1, "unreachable", &["503"]);
    hub.let_happen(Accidents::default());
    refused(
        &place,
        &hub,
        &["models", "add", "acme/nothing"],
        2,
        "not_on_hub",
        &["acme/nothing", "spelling"],
    );
    refused(
        &place,
        &hub,
        &["models", "add", "nonsense"],
        2,
        "bad_id",
        &["owner/name"],
    );
    refused(
        &place,
        &hub,
        &[&add[..], &["--file", "x.gguf"]].concat(),
        2,
        "not_on_hub",
        &["x.gguf"],
    );
    hub.requests();
    let with = |name, value| {
        let args = ["models", "add", ID, "--json"];
        let output = output(command(&place, &hub, &args).env(name, value));
        let answer = Said::new(&args, &output);
        (answer.code, text(&answer.last["code"]).to_owned())
    };
    assert_eq!(
        with("HF_ENDPOINT", "http://127.0.0.1:1"),
        (1, "unreachable".to_owned())
    );
    assert_eq!(
        with("HF_ENDPOINT", "huggingface.co"),
        (2, "bad_endpoint".to_owned())
    );
    assert_eq!(
        with("HF_TOKEN", "hf_two words"),
        (2, "bad_token".to_owned())
    );
    for args in [&["--revision", ""], &["--file", ""]] {
        refused(
            &place,
            &hub,
            &[&add[..], args].concat(),
            2,
            "usage",
            &[args[0]],
        );
    }
    assert!(hub.requests().is_empty(), "somebody was asked");
}

/// Anything else among the downloads is not a download, and a damaged manifest is named with a way to continue.
#[test]
fn strangers_among_the_downloads_do_no_harm() {
    let (place, hub) = (Place::new(), hub());
    added(&place, &hub);
    std::fs::write(place.workspace().join("models/.DS_Store"), "x").expect("a file");
    assert_eq!(place.ok(&["models", "list"])["unfinished"], json!([]));
    let manifest = folder(&place).join("duologue.json");
    std::fs::write(&manifest, "{").expect("damage");
    for args in [
        &["models", "list"][..],
        &["models", "add", ID],
        &["models", "remove", ID],
    ] {
        let error = place.fails(args, 2, "bad_manifest");
        assert_eq!(error["file"], manifest.display().to_string());
        assert!(text(&error["fix"]).contains("Delete this file"), "{error}");
    }
    std::fs::remove_file(manifest).expect("gone");
    assert_eq!(
        added(&place, &hub)["received_bytes"],
        0,
        "only the description is fetched again"
    );
}

/// The disk is as small as the call says: the refusal names both sizes, and no trace of the download is left.
#[test]
fn a_full_disk_is_noticed_before_anything_is_written() {
    const FREE: u64 = 12_345;
    let (place, hub) = (Place::new(), hub());
    let session = Session::open(&place.workspace()).expect("a workspace");
    let access = HubAccess {
        endpoint: Some(hub.endpoint()),
        ..HubAccess::default()
    };
    let ledger = Ledger::open(&session, "a test", ID.to_owned(), || 0).expect("the ledger");
    let gateway = Gateway::new(access, Arc::default(), Arc::new(ledger));
    let request = AddModel {
        hub_id: ID.to_owned(),
        revision: "main".to_owned(),
        gguf: None,
    };
    let mut download = Download {
        gateway: &gateway,
        free_bytes: Some(FREE),
        progress: &mut |_| {},
    };
    let refusal =
        mrds::models::add_model(&session, &request, &mut download, 0).expect_err("a refusal");
    assert_eq!(refusal.code(), contract::ErrorCode::DiskFull);
    // What is fetched of `llama-tiny`, and 64 MiB that stay free beside it.
    let fetched = [
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        WEIGHTS,
    ];
    let need = fetched
        .iter()
        .map(|name| hub.bytes_of(name) as u64)
        .sum::<u64>()
        + (64 << 20);
    let told = refusal.to_string();
    for word in [
        FREE.to_string(),
        need.to_string(),
        folder(&place).display().to_string(),
    ] {
        assert!(told.contains(&word), "`{word}` is not in {told}");
    }
    assert!(!folder(&place).exists());
    assert_eq!(
        (
            mrds::models::known_models(&session).expect("models"),
            mrds::models::unfinished_models(&session).expect("none")
        ),
        (vec![], vec![])
    );
    assert_eq!(hub.requests().len(), 1, "only the description is asked for");

    // With that much space the download succeeds.
    download.free_bytes = Some(need);
    mrds::models::add_model(&session, &request, &mut download, 0).expect("a model");
}

#[test]
fn offline_opens_no_connection() {
    let (place, hub) = (Place::new(), hub());
    refused(
        &place,
        &hub,
        &["models", "add", ID, "--offline"],
        2,
        "offline",
        &["--offline"],
    );
    let args = ["models", "add", ID, "--json"];
    let output = output(command(&place, &hub, &args).env("HF_HUB_OFFLINE", "1"));
    assert_eq!(text(&Said::new(&args, &output).last["code"]), "offline");
    assert!(hub.requests().is_empty(), "somebody was asked");
    assert_eq!(place.ok(&["doctor"])["connections"], 0);
}

#[test]
fn damage_on_the_way_is_found_and_only_that_file_is_fetched_again() {
    let (place, hub) = (Place::new(), hub());
    hub.let_happen(Accidents {
        corrupt: true,
        ..Accidents::default()
    });
    let add = ["models", "add", ID];
    refused(&place, &hub, &add, 1, "checksum", &["again"]);
    hub.let_happen(Accidents::default());
    hub.requests();
    assert_eq!(added(&place, &hub)["sha256_ok"], true);
    assert!(
        hub.requests()
            .iter()
            .all(|request| !request.path.ends_with("config.json"))
    );

    // Damage at rest: found by verify, mended by add.
    let weights = folder(&place).join(WEIGHTS);
    let mut content = std::fs::read(&weights).expect("weights");
    *content.last_mut().expect("a byte") ^= 1;
    std::fs::write(&weights, content).expect("damage");
    let answer = said(&place, &hub, &["models", "verify", ID]);
    assert_eq!(
        (answer.code, &answer.last["damaged"]),
        (1, &json!([WEIGHTS])),
        "{}",
        answer.last
    );
    added(&place, &hub);
    assert_eq!(place.ok(&["models", "verify", ID])["sha256_ok"], true);
}

#[test]
fn an_interrupted_download_goes_on_where_it_stopped() {
    let (place, hub) = (Place::new(), hub());
    const HAVE: usize = 20_000;
    hub.let_happen(Accidents {
        stall: Some(HAVE),
        ..Accidents::default()
    });
    let mut child = started(&place, &hub);
    // The first bytes of the weights: they are coming.
    wait_until("the first bytes", || {
        assert!(child.try_wait().expect("a state").is_none(), "it has ended");
        part_is(&place, HAVE)
    });
    // Another process is kept out meanwhile.
    refused(
        &place,
        &hub,
        &["models", "add", ID],
        3,
        "locked",
        &["another process"],
    );
    interrupted(child);
    assert_eq!(
        std::fs::metadata(part(&place)).expect("the part").len(),
        HAVE as u64
    );
    assert_eq!(
        list(&place.ok(&["models", "list"])["unfinished"])[0]["hub_id"],
        ID
    );

    // A mirror without byte ranges sends all of it again; one with them only the rest.
    hub.requests();
    hub.let_happen(Accidents {
        no_ranges: true,
        ..Accidents::default()
    });
    let backup = std::fs::read(part(&place)).expect("the part");
    let name = part(&place);
    added(&place, &hub);
    std::fs::remove_file(folder(&place).join(WEIGHTS)).expect("gone");
    std::fs::write(name, backup).expect("the part again");
    hub.let_happen(Accidents::default());
    let remainder = added(&place, &hub);
    assert_eq!(
        number(&remainder["received_bytes"]) as usize,
        hub.bytes_of(WEIGHTS) - HAVE
    );
    assert_eq!(place.ok(&["models", "verify", ID])["sha256_ok"], true);
}

/// A download in a process of its own.
fn started(place: &Place, hub: &Hub) -> Child {
    let mut command = command(place, hub, &["models", "add", ID, "--json"]);
    start(&mut command)
}

fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// The same as a script starts it in the background: Ctrl-C is ignored from the start.
fn in_background(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", r#"trap "" INT; exec "$0" "$@""#])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// Presses Ctrl-C; the download has to say that it has paused, and how to continue.
fn interrupted(child: Child) -> Value {
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("a signal");
    let answer = Said::new(&["models", "add"], &end(child, "the download's pause"));
    assert_eq!(
        (answer.code, text(&answer.last["status"])),
        (130, "paused"),
        "{}",
        answer.last
    );
    assert!(
        text(&answer.last["resume"]).ends_with("models add 'acme/tiny'"),
        "{}",
        answer.last
    );
    answer.last
}

/// Without an answer there is nothing that could be resumed, and still it is an interruption, not a failure.
#[test]
fn ctrl_c_is_heard_before_the_hub_has_answered() {
    let (place, hub) = (Place::new(), hub());
    hub.let_happen(Accidents {
        silent: true,
        ..Accidents::default()
    });
    let plain = command(&place, &hub, &["models", "add", ID, "--json"]);
    for mut command in [in_background(&plain), plain] {
        let child = start(&mut command);
        wait_until("the first request", || !hub.requests().is_empty());
        let last = interrupted(child);
        assert_eq!(number(&last["connections"]), 1.0, "{last}");
        assert!(!folder(&place).exists());
    }
}

fn part_is(place: &Place, bytes: usize) -> bool {
    let Ok(entries) = std::fs::read_dir(folder(place)) else {
        return false;
    };
    entries.flatten().any(|e| {
        e.path().extension().is_some_and(|x| x == "part")
            && e.metadata().is_ok_and(|m| m.len() == bytes as u64)
    })
}

#[test]
fn a_family_that_is_not_supported_is_refused_before_its_weights_come() {
    let place = Place::new();
    let source = place.copy_of_model("mamba");
    let config = source.join("config.json");
    let changed = std::fs::read_to_string(&config)
        .expect("text")
        .replace("LlamaForCausalLM", "MambaForCausalLM");
    std::fs::write(&config, changed).expect("a config");
    let hub = Hub::serve(&source);
    refused(
        &place,
        &hub,
        &["models", "add", ID],
        2,
        "unsupported_architecture",
        &["Mamba", "Llama"],
    );
    assert!(
        hub.requests()
            .iter()
            .all(|request| !request.path.ends_with(WEIGHTS))
    );
    place.ok(&["models", "remove", ID, "--yes"]);
    assert!(!folder(&place).exists());
}

/// A repository of GGUF files: the names of all if none is chosen, else that one alone.
#[test]
fn one_gguf_file_is_chosen_by_name() {
    let (place, hub) = (Place::new(), Hub::serve(&golden("gguf")));
    refused(
        &place,
        &hub,
        &["models", "add", ID],
        2,
        "no_weights",
        &["--file", "qwen2-q8_0.gguf"],
    );
    let added = said(
        &place,
        &hub,
        &["models", "add", ID, "--file", "llama-q4_k_m.gguf"],
    );
    assert_eq!(
        (added.code, text(&added.last["name"])),
        (0, "acme/tiny:llama-q4_k_m.gguf"),
        "{}",
        added.last
    );
    let folder = place
        .workspace()
        .join("models/acme--tiny-llama-q4_k_m.gguf");
    assert!(folder.join("llama-q4_k_m.gguf").is_file() && !folder.join("qwen2-q8_0.gguf").exists());
    assert!(number(&place.ok(&["models", "list"])["models"][0]["context_tokens"]) > 0.0);
    assert_eq!(
        place.ok(&["models", "verify", text(&added.last["name"])])["sha256_ok"],
        true
    );
    let file = folder.join("llama-q4_k_m.gguf").display().to_string();
    assert!(number(&place.ok(&["models", "verify", &file])["parameters"]) > 0.0);
}

#[test]
fn removing_asks_and_spares_what_is_the_user_s_own() {
    let (place, hub) = (Place::new(), hub());
    added(&place, &hub);
    place.import("d", &super::rows(8, 2, 2));
    let small = [
        "--set",
        "shots=2",
        "--set",
        "validation=1",
        "--until",
        "topics",
    ];
    let ran = said(
        &place,
        &hub,
        &[&["run", "--dataset", "d", "--model", ID][..], &small].concat(),
    );
    assert_eq!(ran.code, 0, "{}", ran.last);
    let run = text(&ran.last["run"]);
    assert_eq!(
        place.ok(&["models", "list"])["models"][0]["runs"],
        json!([run])
    );
    place.refuses(
        &["models", "remove", ID],
        2,
        "usage",
        &[run, "deletes", "--yes"],
    );
    std::fs::write(folder(&place).join("notes.txt"), "mine").expect("a note");
    let gone = place.ok(&["models", "remove", ID, "--yes"]);
    assert_eq!(
        (&gone["removed"], &gone["runs"]),
        (&json!(true), &json!([run]))
    );
    assert_eq!(names(&folder(&place)), ["notes.txt"]);

    // A user's own folder is only removed from the list.
    let folder = place.copy_of_model("own");
    let path = folder.display().to_string();
    let ran = said(
        &place,
        &hub,
        &[
            &["run", "--dataset", "d", "--model", path.as_str()][..],
            &small,
        ]
        .concat(),
    );
    assert_eq!(ran.code, 0, "{}", ran.last);
    let before = names(&folder);
    let removed = place.ok(&["models", "remove", "own", "--yes"]);
    assert_eq!(removed["deleted_bytes"], 0);
    assert_eq!(names(&folder), before);
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}
