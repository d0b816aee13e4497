//! import, datasets, format, recipe.

use std::collections::BTreeMap;
use std::process::ExitCode;

use contract::Split;
use host::clock::now_ms;
use mrds::models::TooLong;
use project::format_rule::FormatRule;
use project::import::speakers;
use project::recipe::Recipe;
use project::rows::ExampleRow;
use project::session::{ImportReport, ImportRequest};
use serde::Deserialize;
use serde_json::json;

use super::work::model_folder;
use super::{Done, read_lines, session};
use crate::args::{Datasets, Format, Global, Import, RecipeChoice};
use crate::failure::Failure;
use crate::output::{Output, note};
use crate::table::Table;

pub(super) fn import(global: &Global, args: &Import, output: &Output) -> Done {
    if args.name.trim().is_empty() {
        return Err(Failure::usage(
            "--name is empty",
            "Give the data set a name.",
        ));
    }
    let request = ImportRequest {
        files: args.files.clone(),
        name: args.name.clone(),
        split: args.split,
        map: args.map.clone(),
        speakers: args.speakers.as_deref().map(speakers),
        skip_bad: args.skip_bad,
        strict: args.strict,
        dry_run: args.dry_run,
        seed: args.seed,
    };
    let report = session(global)?.import(&request, now_ms())?;
    say(&report, args.dry_run, output);
    let mut result = json!(report);
    result["dry_run"] = json!(args.dry_run);
    result["seed"] = json!(args.seed);
    output.result(&result);
    Ok(ExitCode::SUCCESS)
}

fn say(report: &ImportReport, dry_run: bool, output: &Output) {
    let verb = if dry_run { "Would import" } else { "Imported" };
    output.text(format!(
        "{verb} {} of {} rows into `{}` ({}): {} train, {} validation, {} test; {}.",
        report.imported,
        report.read,
        report.dataset,
        report.format,
        report.splits["train"],
        report.splits["validation"],
        report.splits["test"],
        report
            .split_rule
            .map_or("not divided yet".to_owned(), |rule| rule.to_string())
    ));
    for issue in report.issues.iter().take(20) {
        output.text(format!(
            "  {} row {}, {}: {} {}",
            issue.file, issue.row, issue.field, issue.reason, issue.fix
        ));
    }
    if report.issues.len() > 20 {
        output.text(format!(
            "  … and {} more; --json lists them all",
            report.issues.len() - 20
        ));
    }
    if !report.leaks.is_empty() {
        output.text(format!(
            "{} dialogues stood in two splits and were taken off the training side:",
            report.leaks.len()
        ));
        report
            .leaks
            .iter()
            .take(20)
            .for_each(|leak| output.text(format!("  {} (also {})", leak.id, leak.with)));
    }
}

pub(super) fn datasets(global: &Global, args: &Datasets, output: &Output) -> Done {
    let session = session(global)?;
    let Some(name) = &args.name else {
        let datasets = session.datasets()?;
        let mut table = Table::new(&["data set", "format", "train", "validation", "test"]);
        for d in &datasets {
            table.row(vec![
                d.name.clone(),
                d.format.clone(),
                d.counts.train.to_string(),
                d.counts.validation.to_string(),
                d.counts.test.to_string(),
            ]);
        }
        output.text(if datasets.is_empty() {
            "No data set yet: `duologue import FILE --name NAME`.".into()
        } else {
            table.to_string()
        });
        let listed: Vec<_> = datasets
            .iter()
            .map(|d| json!({"name": d.name, "format": d.format, "n": d.counts.train + d.counts.validation + d.counts.test, "splits": d.counts}))
            .collect();
        output.result(&json!({"datasets": listed}));
        return Ok(ExitCode::SUCCESS);
    };
    let examples = session.examples(name, 0, u32::MAX)?;
    if args.items {
        examples
            .iter()
            .for_each(|example| print_example(example, output));
    }
    let count = |split: Split| {
        examples
            .iter()
            .filter(|example| example.split == split)
            .count()
    };
    let splits: BTreeMap<&str, usize> = Split::ALL
        .iter()
        .map(|split| (split.as_str(), count(*split)))
        .collect();
    let parts: Vec<String> = Split::ALL
        .iter()
        .map(|split| format!("{} {split}", count(*split)))
        .collect();
    output.text(format!(
        "{name}: {} examples ({})",
        examples.len(),
        parts.join(", ")
    ));
    let mut result = json!({"name": name, "n": examples.len(), "splits": splits});
    if let Some(model) = &args.model {
        let found = mrds::models::too_long(&session, name, &model_folder(&session, model)?)?;
        output.text(too_long_text(&found));
        result["context_tokens"] = json!(found.context_tokens);
        result["too_long"] = json!(found.too_long);
    }
    output.result(&result);
    Ok(ExitCode::SUCCESS)
}

fn too_long_text(found: &TooLong) -> String {
    let ids: Vec<String> = found
        .too_long
        .iter()
        .map(|example| format!("{} ({} tokens)", example.id, example.tokens))
        .collect();
    match ids.is_empty() {
        true => format!(
            "All fit the model's context of {} tokens.",
            found.context_tokens
        ),
        false => {
            format!(
                "Longer than the model's context of {} tokens: {}",
                found.context_tokens,
                ids.join(", ")
            )
        }
    }
}

fn print_example(example: &ExampleRow, output: &Output) {
    output.line(&json!({
        "id": example.external_id, "split": example.split, "origin": example.origin,
        "dialogue": example.dialogue, "references": example.references,
    }));
    output.text(format!(
        "{} ({})\n{}\n→ {}\n",
        example.external_id,
        example.split,
        example.dialogue,
        example.references.join(" | ")
    ));
}

#[derive(Deserialize)]
struct FormatLine {
    #[serde(default)]
    id: Option<serde_json::Value>,
    #[serde(alias = "dialogue")]
    text: String,
    #[serde(default = "yes")]
    ended: bool,
}

fn yes() -> bool {
    true
}

pub(super) fn format(global: &Global, args: &Format, output: &Output) -> Done {
    let lines: Vec<(usize, FormatLine)> = read_lines(&args.file)?;
    let rule = match &args.dataset {
        Some(name) => {
            let examples = session(global)?.examples(name, 0, u32::MAX)?;
            let train = examples
                .into_iter()
                .filter(|example| example.split == Split::Train);
            let pairs: Vec<(String, String)> = train
                .map(|e| {
                    (
                        e.dialogue,
                        e.references.into_iter().next().unwrap_or_default(),
                    )
                })
                .collect();
            FormatRule::calibrate(&pairs)
        }
        None => FormatRule::default(),
    };
    let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
    let mut passing = 0;
    for (row, line) in &lines {
        let check = rule.check(&line.text, line.ended);
        passing += usize::from(check.pass);
        check
            .rules
            .iter()
            .for_each(|(rule, ok)| *kept.entry(rule).or_default() += usize::from(*ok));
        let id = line.id.clone().unwrap_or_else(|| json!(row));
        output.line(&json!({"id": id, "pass": check.pass, "rules": check.rules}));
    }
    let rate = |count: usize| count as f64 / lines.len() as f64;
    let mut rules = serde_json::Map::new();
    let mut table = Table::new(&[
        "rule",
        "passes",
        "limit",
        "source",
        "real pairs that break it",
    ]);
    for r in &rule.rules {
        let share = kept.get(r.id.as_str()).map(|count| rate(*count));
        rules.insert(
            r.id.as_str().into(),
            json!({"rate": share, "limit": r.limit, "source": r.source, "real_reject": r.real_reject}),
        );
        table.row(vec![
            r.id.as_str().to_owned(),
            share.map_or("off".into(), |s| format!("{:.1} %", 100.0 * s)),
            json!(r.limit).to_string(),
            json!(r.source).as_str().unwrap_or_default().to_owned(),
            format!("{:.1} %", 100.0 * r.real_reject),
        ]);
    }
    output.text(format!(
        "{table}\n{passing} of {} keep the format ({:.1} %)",
        lines.len(),
        100.0 * rate(passing)
    ));
    output.result(&json!({"n": lines.len(), "format_rate": rate(passing), "rules": rules}));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn recipe(choice: &RecipeChoice, print: bool, output: &Output) -> Done {
    let recipe: Recipe = super::recipe(choice)?;
    if !print {
        note("The recipe is valid. --print shows every field.");
    }
    if print {
        output.text(recipe.to_toml()?.trim_end());
    }
    output.result(&json!({"fields": recipe.fields()?}));
    Ok(ExitCode::SUCCESS)
}
