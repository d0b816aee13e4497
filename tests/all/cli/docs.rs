//! `docs/cli.md` is true: it has every command and option of `--help`, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Place;

/// Options of every command are documented once, under this heading.
const GLOBAL: &str = "every command";

/// Long options in a text: `--` and a name.
fn options(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
        if let Some(name) = word.strip_prefix("--")
            && name.starts_with(|c: char| c.is_ascii_lowercase())
        {
            found.insert(format!("--{}", name.trim_end_matches('-')));
        }
    }
    found
}

/// Options that a help page defines: its lines that begin with one.
fn defined(help: &str) -> BTreeSet<String> {
    let lines = help
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('-'));
    let names = lines.flat_map(|line| options(line.split("  ").next().unwrap_or(line)));
    names
        .filter(|name| name != "--help" && name != "--version")
        .collect()
}

/// The commands that a help page lists.
fn listed(help: &str) -> Vec<String> {
    let after = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let rows = after.take_while(|line| line.starts_with("  "));
    rows.filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(String::from)
        .collect()
}

/// The sections of the page under `### \`NAME …\``, and the one on all commands.
fn sections(page: &str) -> BTreeMap<String, String> {
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut current = None;
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("### `") {
            current = Some(title.trim_end_matches('`').to_owned());
        } else if line == format!("## For {GLOBAL}") {
            current = Some(GLOBAL.to_owned());
        } else if line.starts_with("## ") {
            current = None;
        }
        if let Some(name) = &current {
            sections
                .entry(name.clone())
                .or_default()
                .push_str(&format!("{line}\n"));
        }
    }
    sections
}

#[test]
fn every_command_and_option_is_documented_and_exists() {
    let place = Place::new();
    let help = |words: &[&str]| place.human(&[words, &["--help"]].concat(), 0).0;
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md"))
            .expect("the page");
    let sections = sections(&page);
    let root = help(&[]);
    let global = defined(&root);
    assert_eq!(
        options(&sections[GLOBAL])
            .difference(&global)
            .collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert_eq!(
        global
            .difference(&options(&sections[GLOBAL]))
            .collect::<Vec<_>>(),
        Vec::<&String>::new()
    );

    let mut commands: Vec<String> = Vec::new();
    for name in listed(&root) {
        let inner = listed(&help(&[&name]));
        match inner.is_empty() {
            true => commands.push(name),
            false => {
                commands.extend(inner.iter().map(|inner| format!("{name} {inner}")));
                // `audit RUN` beside `audit text`: a command of its own.
                if help(&[&name]).contains("\nArguments:") {
                    commands.push(name);
                }
            }
        }
    }
    let documented: BTreeSet<&String> = sections.keys().filter(|name| *name != GLOBAL).collect();
    assert_eq!(
        commands.iter().collect::<BTreeSet<_>>(),
        documented,
        "commands of the program and of the page"
    );
    let everywhere: BTreeSet<String> = commands
        .iter()
        .flat_map(|name| defined(&help(&name.split(' ').collect::<Vec<_>>())))
        .chain(["--help".to_owned(), "--version".to_owned()])
        .collect();
    for name in &commands {
        let (in_help, in_page) = (
            defined(&help(&name.split(' ').collect::<Vec<_>>())),
            options(&sections[name]),
        );
        let missing: Vec<&String> = in_help
            .iter()
            .filter(|o| !global.contains(*o) && !in_page.contains(*o))
            .collect();
        assert!(
            missing.is_empty(),
            "docs/cli.md, `{name}`: {missing:?} are not documented"
        );
        let unknown: Vec<&String> = in_page.difference(&everywhere).collect();
        assert!(
            unknown.is_empty(),
            "docs/cli.md, `{name}`: there are no options {unknown:?}"
        );
        let usage: Vec<&str> = sections[name]
            .lines()
            .filter(|l| l.starts_with("    duologue "))
            .collect();
        assert!(!usage.is_empty(), "docs/cli.md, `{name}`: no usage line");
        let foreign: Vec<String> = options(&usage.join(" "))
            .difference(&in_help)
            .cloned()
            .collect();
        assert!(
            foreign.is_empty(),
            "docs/cli.md, `{name}`: it does not take {foreign:?}"
        );
    }
    for name in options(&page) {
        assert!(
            everywhere.contains(&name),
            "docs/cli.md: there is no option {name}"
        );
    }
}
