//! import, datasets, format, recipe.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use contract::{
    AccountUnit, Basis, DatasetName, DropReason, Language, PastImport, Split, SplitCounts, TooLong,
};
use host::clock::now_ms;
use project::format_rule::{FormatRule, Rule, RuleId};
use project::recipe::{Field, RATES, Recipe};
use project::rows::DatasetRow;
use project::session::{ImportReport, ImportRequest, Session};
use project::study::withheld::SeenExample;
use serde::Deserialize;
use serde_json::Value;

use super::work::model_folder;
use super::{Done, read_lines, session};
use crate::answer::{self, ExampleLine, Imported, RecipeFields, RuleRate, WordedIssue};
use crate::args::{Datasets, Format, Global, Import, RecipeArgs};
use crate::failure::Failure;
use crate::output::{Output, note};
use crate::table::Table;
use crate::wording;

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
        speakers: args.speakers.clone().map(|speakers| speakers.0),
        skip_bad: args.skip_bad,
        strict: args.strict,
        keep_unsummarised: args.keep_unsummarised,
        dry_run: args.dry_run,
        seed: args.seed,
        reading: args.reading.reading(user_language()),
        deidentify: super::deid::asked(&args.deid)?,
    };
    let report = session(global)?.import(&request, now_ms())?;
    say(&report, args.dry_run, output);
    output.result(&Imported {
        issues: report.issues.iter().map(WordedIssue::from).collect(),
        report,
        dry_run: args.dry_run,
        seed: args.seed,
    });
    Ok(ExitCode::SUCCESS)
}

/// The language of the terminal: `LC_ALL`, else `LC_MESSAGES`, else `LANG`, of which the first that is set counts.
pub(super) fn user_language() -> Option<Language> {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())?;
    // `de_AT.UTF-8`
    set.to_str()?.get(..2)?.parse().ok()
}

fn say(report: &ImportReport, dry_run: bool, output: &Output) {
    let verb = if dry_run { "Would import" } else { "Imported" };
    output.text(format!(
        "{verb} {} of {} rows into `{}` ({}): {} train, {} validation, {} test; {}.",
        report.imported,
        report.read,
        report.dataset,
        report.format,
        report.splits.train,
        report.splits.validation,
        report.splits.test,
        report
            .split_rule
            .map_or("not divided yet".to_owned(), |rule| rule.to_string())
    ));
    if let Some(deid) = &report.deid {
        output.text(super::deid::describe(deid));
    }
    if let Some(left_out) = left_out(report) {
        output.text(left_out);
    }
    for remark in &report.remarks {
        output.text(format!("  Note: {}", wording::remark(remark)));
    }
    for issue in report.issues.iter().take(20) {
        let place = match issue.field.as_str() {
            "" => format!("{} row {}", issue.file, issue.row),
            field => format!("{} row {}, {field}", issue.file, issue.row),
        };
        let (reason, fix) = (wording::row::reason(issue), wording::row::fix(issue));
        output.text(format!("  {place}: {reason} {fix}"));
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

/// `412 messages read, 37 left out: 20 media, 9 system`; nothing if all were read into dialogues.
fn left_out(report: &ImportReport) -> Option<String> {
    let account = &report.account;
    let unit = match account.unit {
        AccountUnit::Mixed => "rows, messages and lines".to_owned(),
        unit => format!("{unit}s"),
    };
    let mut reasons: Vec<(usize, DropReason)> = report
        .dropped_by
        .iter()
        .map(|(reason, count)| (*count, *reason))
        .collect();
    reasons.sort_by_key(|(count, reason)| (Reverse(*count), *reason));
    let reasons: Vec<String> = reasons
        .iter()
        .map(|(count, reason)| format!("{count} {}", reason.as_str().replace('_', " ")))
        .collect();
    (account.dropped > 0).then(|| {
        format!(
            "{} {unit} read, {} left out: {}. --keep-dropped REASON lets them back in.",
            account.read,
            account.dropped,
            reasons.join(", ")
        )
    })
}

pub(super) fn datasets(global: &Global, args: &Datasets, output: &Output) -> Done {
    let session = session(global)?;
    let Some(name) = &args.name else {
        let datasets = session.datasets()?;
        output.text(if datasets.is_empty() {
            "No data set yet: `duologue import FILE --name NAME`.".into()
        } else {
            dataset_table(&datasets).to_string()
        });
        output.result(&answer::Datasets {
            datasets: datasets.into_iter().map(dataset_line).collect(),
        });
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(import) = args.undo {
        let removed = session.undo_import(name, import)?;
        output.text(format!(
            "Import {import} of `{name}` is undone: {removed} examples went."
        ));
        output.result(&answer::Undone {
            name,
            undone: import,
            removed,
        });
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(to) = &args.to {
        return write_dataset(&session, name, to, output);
    }
    let examples = session.examples(name, 0, u32::MAX)?;
    let mut splits = SplitCounts::default();
    for example in &examples {
        splits.add(example.split);
        if args.items {
            print_example(example, output);
        }
    }
    output.text(format!(
        "{name}: {} examples ({} train, {} validation, {} test)",
        splits.total(),
        splits.train,
        splits.validation,
        splits.test
    ));
    let unsummarised = examples
        .iter()
        .filter(|example| !example.is_summarised())
        .count();
    if unsummarised > 0 {
        output.text(format!(
            "{unsummarised} of them wait for a summary; no run reads them."
        ));
    }
    let mut result = answer::Dataset {
        name: name.clone(),
        n: splits.total(),
        splits,
        unsummarised: unsummarised as u64,
        in_study: 0,
        too_long: None,
        imports: None,
    };
    if args.imports {
        let imports = session.imports(name)?;
        output.text(imports_table(&imports).to_string());
        result.imports = Some(imports);
    }
    if let Some(model) = &args.model {
        let found = mrds::models::too_long(&session, name, &model_folder(&session, model)?)?;
        output.text(too_long_text(&found));
        result.too_long = Some(found);
    }
    let in_study = examples
        .iter()
        .filter(|example| example.references.is_in_study())
        .count();
    if in_study > 0 {
        result.in_study = in_study;
        output.text(format!(
            "{in_study} of them are in a study that is running: their references are held back until its results are open."
        ));
    }
    output.result(&result);
    Ok(ExitCode::SUCCESS)
}

/// The data set as a file, in the form that its ending names.
fn write_dataset(session: &Session, name: &DatasetName, to: &Path, output: &Output) -> Done {
    let ending = to.extension().and_then(|ending| ending.to_str());
    let Some(form) = ending.and_then(|ending| ending.to_lowercase().parse().ok()) else {
        return Err(Failure::usage(
            format!("{} does not say what form the data set has", to.display()),
            "Name a file that ends in .jsonl, .json, .csv or .tsv.",
        ));
    };
    let bytes = session.write_dataset(name, form, to, now_ms())?;
    output.text(format!(
        "`{name}` is in {}. The conversations are in it: give it only to whom they may be shown.",
        to.display()
    ));
    output.result(&answer::WrittenDataset {
        name,
        file: to,
        bytes,
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn dataset_table(datasets: &[DatasetRow]) -> Table {
    let mut table = Table::new(&[
        "data set",
        "format",
        "train",
        "validation",
        "test",
        "no summary",
    ]);
    for dataset in datasets {
        table.row(vec![
            dataset.name.to_string(),
            dataset.format.clone(),
            dataset.counts.train.to_string(),
            dataset.counts.validation.to_string(),
            dataset.counts.test.to_string(),
            dataset.unsummarised.to_string(),
        ]);
    }
    table
}

fn imports_table(imports: &[PastImport]) -> Table {
    let mut table = Table::new(&["import", "train", "validation", "test", "present", "files"]);
    for import in imports {
        table.row(vec![
            import.id.to_string(),
            import.counts.train.to_string(),
            import.counts.validation.to_string(),
            import.counts.test.to_string(),
            import.present.to_string(),
            import.files.join(", "),
        ]);
    }
    table
}

fn dataset_line(row: DatasetRow) -> answer::DatasetLine {
    answer::DatasetLine {
        name: row.name.clone(),
        format: row.format,
        n: row.counts.total(),
        splits: row.counts,
        unsummarised: row.unsummarised,
    }
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

fn print_example(example: &SeenExample, output: &Output) {
    output.line(&ExampleLine {
        id: &example.external_id,
        split: example.split,
        origin: example.origin,
        dialogue: example.dialogue.as_deref().unwrap_or_default(),
        references: example.references.shown(),
        in_study: example.references.is_in_study(),
    });
    output.text(format!(
        "{} ({})\n{}\n→ {}\n",
        example.external_id,
        example.split,
        example.dialogue.as_deref().unwrap_or(DIALOGUE_IN_STUDY),
        match example.references.is_in_study() {
            true => IN_STUDY.to_owned(),
            false => example.references.shown().join(" | "),
        }
    ));
}

/// What takes the place of a reference that people are rating now.
const IN_STUDY: &str = "(held back: people rate summaries of this dialogue now)";

/// What takes the place of a dialogue that people are now telling from made-up ones.
const DIALOGUE_IN_STUDY: &str = "(held back: people tell real from made-up dialogues now)";

#[derive(Deserialize)]
struct FormatLine {
    #[serde(default)]
    id: Option<Value>,
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
                .filter(|example| example.split == Split::Train && example.is_summarised());
            let pairs: Vec<(String, String)> = train
                .map(|e| {
                    (
                        e.dialogue.unwrap_or_default(),
                        e.references.shown().first().cloned().unwrap_or_default(),
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
        output.line(&answer::FormatLine {
            id: line.id.clone().unwrap_or_else(|| Value::from(*row)),
            pass: check.pass,
            rules: check.rules,
        });
    }
    let rate = |count: usize| count as f64 / lines.len() as f64;
    let rule_rate = |rule: &Rule| {
        let rate = kept.get(rule.id.as_str()).map(|count| rate(*count));
        let rule_rate = RuleRate {
            rate,
            limit: rule.limit,
            source: rule.source,
            real_reject: rule.real_reject,
        };
        (rule.id, rule_rate)
    };
    let result = answer::Format {
        n: lines.len(),
        format_rate: rate(passing),
        rules: rule.rules.iter().map(rule_rate).collect(),
    };
    output.text(format!(
        "{}\n{passing} of {} keep the format ({:.1} %)",
        rule_table(&result.rules),
        lines.len(),
        100.0 * result.format_rate
    ));
    output.result(&result);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rule_table(rules: &BTreeMap<RuleId, RuleRate>) -> Table {
    let mut table = Table::new(&[
        "rule",
        "passes",
        "limit",
        "source",
        "real pairs that break it",
    ]);
    for (id, rule) in rules {
        table.row(vec![
            id.as_str().to_owned(),
            rule.rate
                .map_or("off".into(), |rate| format!("{:.1} %", 100.0 * rate)),
            serde_json::to_string(&rule.limit).unwrap_or_default(),
            rule.source.to_string(),
            format!("{:.1} %", 100.0 * rule.real_reject),
        ]);
    }
    table
}

pub(super) fn recipe(global: &Global, args: &RecipeArgs, output: &Output) -> Done {
    let print = args.print;
    let (mut recipe, _): (Recipe, _) = super::recipe(&args.choice)?;
    if let Some(run) = &args.run {
        recipe = session(global)?.recipe_of(run)?;
        for assignment in &args.choice.set {
            recipe.set(assignment)?;
        }
    }
    if let Some(to) = &args.to {
        project::handover::write_recipe(&recipe, to)?;
        output.text(format!("The recipe is in {}.", to.display()));
    } else if !print {
        note("The recipe is valid. --print shows every field.");
    }
    if print {
        output.text(recipe.to_toml()?.trim_end());
    }
    let fields = recipe.fields()?;
    if print {
        for rates in RATES {
            let below = match rates.below {
                u64::MAX => "above".to_owned(),
                below => format!("below {} M weights", below / 1_000_000),
            };
            output.text(format!(
                "# Where they are 0, {below}: sft_lr {:e}, dpo_lr {:e} [{}: {}]",
                rates.sft_lr, rates.dpo_lr, rates.basis, rates.reason
            ));
        }
        let from = |basis: Basis| {
            let is_from = |field: &&Field| field.basis == basis;
            fields.iter().filter(is_from).count()
        };
        output.text(format!(
            "# {} values from the paper, {} measured, {} argued, {} of {} fields as in the default.",
            from(Basis::Paper),
            from(Basis::Measured),
            from(Basis::Argued),
            fields
                .iter()
                .filter(|field| field.value == field.default)
                .count(),
            fields.len()
        ));
    }
    output.result(&RecipeFields { fields });
    Ok(ExitCode::SUCCESS)
}
