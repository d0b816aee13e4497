//! The rules of the house that no compiler checks: which room may use which, sizes, headers, what is tracked.
//!
//! Each message says which file is wrong, why, and what to do. The rules are those of ARCHITECTURE.md. Paper: none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The package with the words that all rooms share. Every room may use it.
const CONTRACT: &str = "duologue-contract";

/// Which rooms each room may use besides the contract. A package missing from this list has not been placed yet.
const EDGES: &[(&str, &[&str])] = &[
    (CONTRACT, &[]),
    ("duologue-host", &[]),
    ("duologue-lm", &["duologue-host"]),
    ("duologue-hub", &["duologue-host"]),
    ("duologue-metrics", &[]),
    ("duologue-corpus", &["duologue-metrics"]),
    ("duologue-privacy", &["duologue-metrics"]),
    ("duologue-store", &["duologue-host"]),
    (
        "duologue-project",
        &[
            "duologue-host",
            "duologue-metrics",
            "duologue-privacy",
            "duologue-store",
            // For development only: `duologue_tests::skip` is what a test says when it is skipped.
            "duologue-tests",
        ],
    ),
    (
        "duologue-mrds",
        &[
            "duologue-host",
            "duologue-hub",
            "duologue-lm",
            "duologue-metrics",
            "duologue-project",
            "duologue-store",
        ],
    ),
    (
        "duologue-bench",
        &[
            "duologue-host",
            "duologue-lm",
            "duologue-mrds",
            "duologue-project",
        ],
    ),
    (
        "duologue",
        &[
            "duologue-bench",
            "duologue-host",
            "duologue-hub",
            "duologue-lm",
            "duologue-metrics",
            "duologue-mrds",
            "duologue-privacy",
            "duologue-project",
        ],
    ),
    ("duologue-desktop", &["duologue-host", "duologue-project"]),
    (
        "duologue-tests",
        &[
            "duologue-host",
            "duologue-hub",
            "duologue-lm",
            "duologue-metrics",
            "duologue-corpus",
            "duologue-store",
            "duologue-project",
            "duologue-mrds",
        ],
    ),
    ("xtask", &["duologue-corpus", "duologue-host"]),
];

/// Foreign packages (by the start of their name), each with the only room that may use it. Replacing such a package
/// then changes that room alone.
const OWNED: &[(&str, &str)] = &[
    ("candle", "duologue-lm"),
    ("tokenizers", "duologue-lm"),
    ("ureq", "duologue-hub"),
    ("webpki", "duologue-hub"),
    ("rusqlite", "duologue-store"),
    ("argon2", "duologue-store"),
    ("chacha20poly1305", "duologue-store"),
    ("data-encoding", "duologue-store"),
    ("tauri", "duologue-desktop"),
    ("clap", "duologue"),
    ("indicatif", "duologue"),
    ("keyring", "duologue-hub"),
    ("sysinfo", "duologue-host"),
    ("getrandom", "duologue-host"),
    ("dirs", "duologue-host"),
    ("seccompiler", "duologue-host"),
    ("aes-gcm", "duologue-project"),
    ("pbkdf2", "duologue-project"),
];

/// Packages that must not be linked into the window, which starts a worker to run models and opens no connection.
const NOT_IN_THE_WINDOW: &[&str] = &[
    "candle-core",
    "tokenizers",
    "reqwest",
    "hyper",
    "ureq",
    "hf-hub",
];

const MAX_LINES: usize = 800;
/// Limit for all tracked files together. The toy model (14 MB) and the sample with its finished run (9 MB) take half of it.
const MAX_TRACKED_BYTES: u64 = 45 * 1024 * 1024;

/// Widest length that a style may give in pixels, as for strokes. Anything wider is a size and comes from the scale.
const MAX_STROKE_PX: f64 = 3.0;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Runs a program that must succeed, in the repository's root, and returns its standard output.
fn output(program: &str, arguments: &[&str]) -> String {
    let answer = duologue_tests::output(
        Command::new(program)
            .args(arguments)
            .current_dir(root())
            .stdin(Stdio::null()),
    );
    assert!(
        answer.status.success(),
        "`{program} {}` failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&answer.stderr)
    );
    String::from_utf8(answer.stdout).unwrap()
}

fn cargo(arguments: &[&str]) -> String {
    output(
        &std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()),
        arguments,
    )
}

fn packages() -> Vec<Value> {
    let text = cargo(&[
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]);
    let metadata: Value = serde_json::from_str(&text).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap()
}

/// Tracked files that exist, relative to the repository, with `/` between folders.
pub(crate) fn tracked() -> Vec<String> {
    let listed = output("git", &["ls-files", "-z"]);
    let files: Vec<String> = listed
        .split('\0')
        .filter(|file| root().join(file).is_file())
        .map(str::to_owned)
        .collect();
    assert!(!files.is_empty(), "git lists no tracked file");
    files
}

pub(crate) fn has_extension(file: &str, extensions: &[&str]) -> bool {
    Path::new(file).extension().is_some_and(|found| {
        extensions
            .iter()
            .any(|extension| found.eq_ignore_ascii_case(extension))
    })
}

/// Text of a tracked file; `None` if the file is not UTF-8.
pub(crate) fn text(file: &str) -> Option<String> {
    String::from_utf8(std::fs::read(root().join(file)).unwrap()).ok()
}

/// Fails if there are findings, with all of them in one message that says what to do.
pub(crate) fn none(findings: &[String], what_to_do: &str) {
    assert!(
        findings.is_empty(),
        "{what_to_do}\n  {}",
        findings.join("\n  ")
    );
}

/// Whether a program wrote the file, not a person.
pub(crate) fn is_generated(file: &str) -> bool {
    file.starts_with("ui/src/bridge/bindings")
}

#[test]
fn rooms_know_only_the_rooms_below_them() {
    let edges: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let packages = packages();
    let rooms: BTreeSet<&str> = packages.iter().map(name).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let room = name(package);
        let Some(allowed) = edges.get(room) else {
            wrong.push(format!("{room} is not placed in EDGES"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let known = name(dependency);
            if rooms.contains(known) && known != CONTRACT && !allowed.contains(&known) {
                wrong.push(format!("{room} uses {known}"));
            }
            if room == "duologue-tests" && dependency["kind"].is_null() {
                wrong.push(format!("{room} uses {known} outside [dev-dependencies]"));
            }
        }
    }
    none(
        &wrong,
        "the dependency goes against ARCHITECTURE.md; move the code, or call through the room between:",
    );
}

#[test]
fn no_room_passes_on_another() {
    let libraries: Vec<String> = packages()
        .iter()
        .flat_map(|package| package["targets"].as_array().unwrap().clone())
        .filter(|target| target["kind"][0] == "lib")
        .map(|target| name(&target).to_owned())
        .collect();
    assert!(libraries.iter().any(|library| library == "lm"));
    let mut wrong = Vec::new();
    for file in tracked().iter().filter(|file| has_extension(file, &["rs"])) {
        for (number, line) in text(file).unwrap_or_default().lines().enumerate() {
            let Some(used) = line.trim_start().strip_prefix("pub use ") else {
                continue;
            };
            let passed_on = libraries.iter().any(|library| {
                let after = used.strip_prefix(library.as_str());
                after.is_some_and(|after| {
                    [";", " as ", "::*"]
                        .iter()
                        .any(|end| after.starts_with(end))
                })
            });
            if passed_on {
                wrong.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none(
        &wrong,
        "whoever reaches a room through another has an edge that cargo does not know; depend on it, or pass on single items:",
    );
}

#[test]
fn foreign_packages_stay_in_their_room() {
    let mut wrong = Vec::new();
    for package in &packages() {
        let room = name(package);
        for dependency in package["dependencies"].as_array().unwrap() {
            let foreign = name(dependency);
            let owner = OWNED
                .iter()
                .find(|(start, _)| foreign.starts_with(start))
                .map(|(_, owner)| *owner);
            if owner.is_some_and(|owner| owner != room) && dependency["kind"] != "dev" {
                wrong.push(format!(
                    "{room} uses {foreign}, which belongs to {}",
                    owner.unwrap_or_default()
                ));
            }
        }
        if room == "duologue-metrics"
            && package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                // Distribution functions; themselves pure.
                .any(|d| d["kind"].is_null() && d["name"] != "statrs")
        {
            wrong.push(
                "duologue-metrics has a dependency beside statrs: it is pure functions on numbers and texts"
                    .to_owned(),
            );
        }
    }
    none(
        &wrong,
        "use the foreign package through the room that owns it:",
    );
}

#[test]
fn the_window_links_neither_models_nor_a_network_client() {
    let tree = cargo(&[
        "tree",
        "--offline",
        "--package",
        "duologue-desktop",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let linked: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    for expected in ["tauri", "duologue-project"] {
        assert!(
            linked.contains(expected),
            "cargo tree shows no {expected} in the window; this test looks at nothing"
        );
    }
    let wrong: Vec<String> = NOT_IN_THE_WINDOW
        .iter()
        .filter(|name| linked.contains(*name))
        .map(|name| format!("{name}: see `cargo tree --package duologue-desktop --invert {name}`"))
        .collect();
    none(
        &wrong,
        "the window starts the worker for this and must not link it; keep it out of the project room:",
    );
}

#[test]
fn only_the_gateway_opens_connections() {
    let gateway = "crates/hub/src/gateway.rs";
    // Spelt in two parts, so that this file is not a finding itself.
    let words = [
        concat!("ur", "eq::"),
        concat!("Tcp", "Stream"),
        concat!("Udp", "Socket"),
    ];
    let finds = |file: &String| {
        let text = text(file).unwrap_or_default();
        words.iter().any(|word| text.contains(word))
    };
    let shipped = |file: &String| file.starts_with("crates/") || file.starts_with("src-tauri/");
    let wrong: Vec<String> = tracked()
        .into_iter()
        .filter(|file| {
            shipped(file) && has_extension(file, &["rs"]) && file != gateway && finds(file)
        })
        .collect();
    assert!(
        finds(&gateway.to_owned()),
        "{gateway} opens no connection; tell this test where the client went"
    );
    none(
        &wrong,
        "connections are opened by `duologue models add` alone, through the gateway:",
    );
}

#[test]
fn only_the_edge_asks_this_computer() {
    let edge = ["crates/cli/", "crates/host/", "src-tauri/", "xtask/"];
    // Spelt in two parts, so that this file is not a finding itself.
    let asked = [
        "clock", "detached", "folder", "machine", "network", "process",
    ]
    .map(|part| ["host", part].join("::"));
    let finds = |file: &String| {
        // The processor's vector instructions are not a time, process or place.
        let vectors = ["host", "machine", "simd()"].join("::");
        let name = ["host", "machine", "AVX2"].join("::");
        // A key that nobody may know beforehand cannot be an argument.
        let key = ["host", "process", "secret_key()"].join("::");
        let text = text(file)
            .unwrap_or_default()
            .replace(&vectors, "")
            .replace(&name, "")
            .replace(&key, "");
        asked.iter().any(|word| text.contains(word))
    };
    let files = tracked();
    let rust = || files.iter().filter(|file| has_extension(file, &["rs"]));
    let at_edge = |file: &&String| edge.iter().any(|room| file.starts_with(room));
    assert!(
        rust().filter(at_edge).any(finds),
        "nobody asks the computer; tell this test where its questions went"
    );
    let wrong: Vec<String> = rust()
        .filter(|file| file.starts_with("crates/") && !at_edge(file) && finds(file))
        .cloned()
        .collect();
    none(
        &wrong,
        "take time, processes and places as arguments; only the edge asks for them:",
    );
}

#[test]
fn files_are_short() {
    let mut wrong = Vec::new();
    for file in tracked()
        .iter()
        .filter(|file| has_extension(file, &["rs", "ts", "svelte"]) && !is_generated(file))
    {
        let lines = text(file).map_or(0, |text| text.lines().count());
        if lines > MAX_LINES {
            wrong.push(format!("{file}: {lines} lines"));
        }
    }
    none(
        &wrong,
        &format!(
            "split these files (at most {MAX_LINES} lines; better 500), by what changes together:"
        ),
    );
}

#[test]
fn rust_files_begin_with_what_they_are() {
    let wrong: Vec<String> = tracked()
        .into_iter()
        .filter(|file| {
            has_extension(file, &["rs"]) && text(file).is_none_or(|text| !text.starts_with("//!"))
        })
        .collect();
    none(
        &wrong,
        "begin these files with `//!`: what it is, where in the flow, which source it follows:",
    );
}

#[test]
fn no_message_of_the_product_writes_special_tokens() {
    let rooms = [
        "crates/project/src/",
        "crates/mrds/src/",
        "crates/cli/src/",
        "src-tauri/src/",
    ];
    let mut found = Vec::new();
    let mut encodes = 0;
    for file in tracked()
        .into_iter()
        .filter(|file| rooms.iter().any(|room| file.starts_with(room)))
    {
        let Some(text) = text(&file) else { continue };
        encodes += text.matches("SpecialTokens::AsText").count();
        found.extend(text.contains("SpecialTokens::Parse").then_some(file));
    }
    assert!(encodes > 0, "the rule looks for a name that is gone");
    none(
        &found,
        "encode with SpecialTokens::AsText; only templates write special tokens:",
    );
}

#[test]
fn the_map_names_every_room_and_stage() {
    let map = text("ARCHITECTURE.md").expect("ARCHITECTURE.md is the map of the project");
    let mut missing = Vec::new();
    for package in &packages() {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let folder = manifest
            .parent()
            .unwrap()
            .strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        if !map.contains(&format!("`{folder}`")) {
            missing.push(format!("`{folder}` ({})", name(package)));
        }
    }
    for stage in contract::StageName::ALL {
        if !map.contains(&format!("`{stage}`")) {
            missing.push(format!("stage `{stage}`"));
        }
    }
    none(&missing, "describe these in ARCHITECTURE.md, in backticks:");
}

#[test]
fn the_repository_stays_small() {
    let mut files: Vec<(u64, String)> = tracked()
        .into_iter()
        .map(|file| (std::fs::metadata(root().join(&file)).unwrap().len(), file))
        .collect();
    files.sort_unstable_by(|a, b| b.cmp(a));
    let sum: u64 = files.iter().map(|(bytes, _)| bytes).sum();
    let largest: Vec<String> = files
        .iter()
        .take(5)
        .map(|(bytes, file)| format!("{bytes} {file}"))
        .collect();
    assert!(
        sum <= MAX_TRACKED_BYTES,
        "tracked files take {sum} bytes, more than {MAX_TRACKED_BYTES}; make these smaller or generate them:\n  {}",
        largest.join("\n  ")
    );
}

#[test]
fn no_file_speaks_of_one_machine() {
    // Spelt in two parts, so that this file is not a finding itself.
    let folders = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/tm", "p/"),
    ];
    let mut wrong = Vec::new();
    for file in tracked() {
        let Some(text) = text(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            for folder in folders {
                // `../x/y` and `https://host/x/y` are not paths of a machine.
                let starts_a_path = |index: usize| {
                    !line[..index].ends_with(|c: char| c.is_alphanumeric() || "._-~})>".contains(c))
                };
                if line
                    .match_indices(folder)
                    .any(|(index, _)| starts_a_path(index))
                {
                    wrong.push(format!("{file}:{}: {folder}", number + 1));
                }
            }
        }
    }
    none(
        &wrong,
        "use a path relative to the repository, a temporary folder or a variable:",
    );
}

#[test]
fn only_the_bridge_knows_tauri() {
    let mut wrong = Vec::new();
    for file in tracked()
        .iter()
        .filter(|file| file.starts_with("ui/src/") && !file.starts_with("ui/src/bridge/"))
    {
        for (number, line) in text(file).unwrap_or_default().lines().enumerate() {
            if line.contains("@tauri-apps") {
                wrong.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none(
        &wrong,
        "screens call `ui/src/bridge`, so that they run on the fake bridge too; add what is missing there:",
    );
}

#[test]
fn colours_and_sizes_come_from_the_theme() {
    let mut wrong = Vec::new();
    let is_styled = |file: &&String| {
        file.starts_with("ui/src/")
            && !file.starts_with("ui/src/theme/")
            && has_extension(file, &["svelte", "css", "ts"])
            && !file.ends_with(".test.ts")
            && !is_generated(file)
    };
    for file in tracked().iter().filter(is_styled) {
        let mut in_style = has_extension(file, &["css"]);
        for (number, line) in text(file).unwrap_or_default().lines().enumerate() {
            in_style |= line.starts_with("<style");
            if has_raw_colour(line) {
                wrong.push(format!("{file}:{}: colour: {}", number + 1, line.trim()));
            }
            if in_style && widest_px(line) > MAX_STROKE_PX {
                wrong.push(format!("{file}:{}: size: {}", number + 1, line.trim()));
            }
        }
    }
    none(
        &wrong,
        "use a variable of ui/src/theme/tokens.css, or add one there (strokes up to 3px are fine):",
    );
}

/// Whether a line spells out a colour, as a function call or as a hexadecimal number.
fn has_raw_colour(line: &str) -> bool {
    let called = ["rgb(", "rgba(", "hsl(", "hsla(", "oklch("]
        .iter()
        .any(|call| line.contains(call));
    let hexadecimal = line.match_indices('#').any(|(start, _)| {
        let digits = line[start + 1..]
            .chars()
            .take_while(char::is_ascii_hexdigit)
            .count();
        let ends = line[start + 1 + digits..]
            .chars()
            .next()
            .is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '_');
        let starts = line[..start]
            .chars()
            .next_back()
            .is_none_or(|c| " :,('\"`".contains(c));
        matches!(digits, 3 | 4 | 6 | 8) && starts && ends
    });
    called || hexadecimal
}

/// The largest number of pixels that a line of CSS names, 0 if it names none.
fn widest_px(line: &str) -> f64 {
    let before = |end: usize| {
        let digits = line[..end]
            .rfind(|c: char| !c.is_ascii_digit() && c != '.')
            .map_or(0, |last| last + 1);
        line[digits..end].parse().unwrap_or(0.0)
    };
    line.match_indices("px")
        .map(|(end, _)| before(end))
        .fold(0.0, f64::max)
}

#[test]
fn the_style_rules_find_what_they_look_for() {
    assert!(has_raw_colour("  color: #0d6670;") && has_raw_colour("background: rgb(0 0 0 / 45%);"));
    assert!(has_raw_colour("const line = '#abc';"));
    assert!(
        !has_raw_colour("{#each rows as row}")
            && !has_raw_colour("href=\"#/runs\"")
            && !has_raw_colour("#Person1#")
    );
    assert!(widest_px("  padding: 2px 12.5px;") > 12.0 && widest_px("  border: 1px solid;") < 2.0);
}

#[test]
fn both_licences_are_there_and_every_package_names_them() {
    for file in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(
            tracked().iter().any(|tracked| tracked == file),
            "{file} is gone; the project is under both licences"
        );
    }
    let wrong: Vec<String> = packages()
        .iter()
        .filter(|package| package["license"] != "MIT OR Apache-2.0")
        .map(|package| name(package).to_owned())
        .collect();
    none(
        &wrong,
        "write `license.workspace = true` in the Cargo.toml of:",
    );
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    let mut wrong = Vec::new();
    for package in &packages() {
        let manifest = std::fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        if !manifest.contains("[lints]\nworkspace = true") {
            wrong.push(name(package).to_owned());
        }
    }
    none(
        &wrong,
        "write `[lints]` and `workspace = true` in the Cargo.toml of:",
    );
}
