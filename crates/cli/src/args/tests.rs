//! `--help` of every command. What every command has in common stands in the first page alone.

mod bench;
mod figures;
mod models;
mod runs;

use std::collections::BTreeSet;

use clap::{Command, CommandFactory as _};
use insta::assert_snapshot;

use super::Args;

/// The options of every command, and clap's own.
const COMMON: &[&str] = &["workspace", "json", "offline", "threads", "device"];

/// What `duologue COMMAND --help` prints, without the common options.
fn help(command: &str) -> String {
    let mut root = program();
    for option in COMMON {
        root = root.mut_arg(option, |arg| arg.hide(true));
    }
    page(root, command)
}

/// The program with its help of this place alone, whatever the environment holds.
fn program() -> Command {
    Args::command().mut_arg("workspace", |arg| arg.hide_env_values(true))
}

fn page(root: Command, command: &str) -> String {
    let words = ["duologue"].into_iter().chain(command.split_whitespace());
    let shown = root.try_get_matches_from(words.chain(["--help"]));
    shown.unwrap_err().to_string()
}

/// The commands that a page is shown for by this file and those below it.
#[test]
fn no_command_is_left_out() {
    let sources = [
        include_str!("tests.rs"),
        include_str!("tests/bench.rs"),
        include_str!("tests/figures.rs"),
        include_str!("tests/models.rs"),
        include_str!("tests/runs.rs"),
    ];
    let shown: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.split("help(\"").skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let mut commands = BTreeSet::new();
    for command in program().get_subcommands().filter(|c| !c.is_hide_set()) {
        commands.insert(command.get_name().to_owned());
        for inner in command.get_subcommands() {
            commands.insert(format!("{} {}", command.get_name(), inner.get_name()));
        }
    }
    let missing: Vec<&String> = commands
        .iter()
        .filter(|command| !shown.contains(command.as_str()))
        .collect();
    assert!(missing.is_empty(), "no page of {missing:?}");
}

#[test]
fn the_program() {
    assert_snapshot!(page(program(), ""), @"");
}

#[test]
fn import() {
    assert_snapshot!(help("import"), @"");
}

#[test]
fn datasets() {
    assert_snapshot!(help("datasets"), @"");
}

#[test]
fn format() {
    assert_snapshot!(help("format"), @"");
}

#[test]
fn doctor() {
    assert_snapshot!(help("doctor"), @"");
}

#[test]
fn sample() {
    assert_snapshot!(help("sample"), @"");
}
