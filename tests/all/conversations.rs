//! Conversations with summaries from the data that may not be copied into the repository, for tests that skip without it.

use crate::fixture;
use crate::values::{list, string, strings};
use metrics::turn::Turn;
use serde_json::Value;

/// A conversation as (speaker, text) turns, and its summary.
pub(crate) struct Pair {
    pub(crate) turns: Vec<(String, String)>,
    pub(crate) summary: String,
}

impl Pair {
    pub(crate) fn turns(&self) -> Vec<Turn<'_>> {
        turns(&self.turns)
    }
}

/// The turns as the metrics read them.
pub(crate) fn turns(turns: &[(String, String)]) -> Vec<Turn<'_>> {
    turns
        .iter()
        .map(|(speaker, text)| Turn { speaker, text })
        .collect()
}

/// The turns of `Speaker: text` lines.
pub(crate) fn turns_of(dialogue: &str) -> Vec<(String, String)> {
    let lines = dialogue
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let turn = |line: &str| match line.split_once(": ") {
        Some((speaker, text)) => (speaker.trim_matches('#').to_owned(), text.trim().to_owned()),
        None => (String::new(), line.to_owned()),
    };
    lines.map(turn).collect()
}

/// The rows of a file of JSON lines below the shared data.
pub(crate) fn json_lines(path: &str) -> Option<Vec<Value>> {
    let path = fixture::shared(&format!("data/{path}"))?;
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let row =
        |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Some(text.lines().map(row).collect())
}

/// SAMSum, validation split.
pub(crate) fn samsum() -> Option<Vec<Pair>> {
    let rows = fixture::json(&fixture::shared("data/samsum/val.json")?);
    let pair = |row: &Value| Pair {
        turns: turns_of(string(&row["dialogue"])),
        summary: string(&row["summary"]).to_owned(),
    };
    Some(list(&rows).iter().map(pair).collect())
}

/// DialogSum, development split.
pub(crate) fn dialogsum() -> Option<Vec<Pair>> {
    let pair = |row: &Value| Pair {
        turns: turns_of(string(&row["dialogue"])),
        summary: string(&row["summary"]).to_owned(),
    };
    Some(
        json_lines("dialogsum/dev.jsonl")?
            .iter()
            .map(pair)
            .collect(),
    )
}

/// TODSum, validation split: turns of user and agent alternate.
pub(crate) fn todsum() -> Option<Vec<Pair>> {
    let pair = |row: &Value| Pair {
        turns: strings(&row["text"])
            .into_iter()
            .enumerate()
            .map(|(place, text)| (["user", "agent"][place % 2].to_owned(), text.to_owned()))
            .collect(),
        summary: strings(&row["summary"]).join(" "),
    };
    Some(json_lines("todsum/valid.jsonl")?.iter().map(pair).collect())
}
