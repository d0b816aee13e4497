//! diff: how two or more runs differ.

use std::process::ExitCode;

use contract::{RunDifferences, RunId};

use super::{Done, session};
use crate::args::{Diff, Global};
use crate::output::Output;
use crate::table::Table;

pub(super) fn difference(global: &Global, args: &Diff, output: &Output) -> Done {
    let found = session(global)?.differences(&args.runs)?;
    output.text(describe(&found, args.items as usize));
    output.result(&found);
    Ok(ExitCode::SUCCESS)
}

/// Settings first, because they are the reason for everything below.
fn describe(found: &RunDifferences, items: usize) -> String {
    let head = |first: &str| {
        let runs = found.runs.iter().map(RunId::as_str);
        Table::new(&std::iter::once(first).chain(runs).collect::<Vec<_>>())
    };
    let mut text = String::new();
    if found.settings.is_empty() {
        text += "Every setting is the same.\n";
    } else {
        let mut table = head("setting");
        for setting in &found.settings {
            table.row([std::slice::from_ref(&setting.field), &setting.values].concat());
        }
        text += &format!("{table}");
    }
    let (added, removed) = (&found.data.added, &found.data.removed);
    text += &match added.len() + removed.len() {
        0 => "\nThey learn from the same pairs.\n".to_owned(),
        _ => format!(
            "\nThe last run learns from {} pairs that the first one does not; {} of the first one are missing.\n",
            added.len(),
            removed.len()
        ),
    };
    if !found.results.is_empty() {
        let mut table = head("ROUGE-1");
        for row in &found.results {
            let points = |value: &Option<f64>| {
                value.map_or("-".to_owned(), |value| format!("{:.2}", 100.0 * value))
            };
            let values: Vec<String> = row.rouge1.iter().map(points).collect();
            table.row([&[row.system.to_string()], values.as_slice()].concat());
        }
        text += &format!("\n{table}");
    }
    for run in &found.hidden {
        text += &format!(
            "\nPeople rate the summaries of {run} now: its figures and texts are hidden.\n"
        );
    }
    let changed = &found.outputs_changed;
    if !changed.is_empty() {
        let mut table = Table::new(&["system", "test item", "words changed"]);
        for row in changed.iter().take(items) {
            table.row(vec![
                row.system.to_string(),
                row.id.clone(),
                format!("{:.0} %", 100.0 * row.distance),
            ]);
        }
        let shown = items.min(changed.len());
        text += &format!(
            "\n{} test summaries changed; the {shown} that changed most:\n{table}",
            changed.len()
        );
    }
    text
}
