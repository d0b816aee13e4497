//! audit: what made-up texts and trained adapters give away of real conversations, from files. Needs no model.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use contract::LeakReason;
use privacy::audit::exposure::{Canary, exposures};
use privacy::audit::extraction::{Attempt, extraction};
use privacy::audit::membership::{Scores, membership};
use privacy::audit::text::{Conversation, Identifier, Training};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Done, read_lines, read_text};
use crate::answer::{AuditedLine, AuditedText};
use crate::args::{AuditText, AuditWhat};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;

pub(super) fn audit(what: &AuditWhat, output: &Output) -> Done {
    match what {
        AuditWhat::Text(args) => text(args, output),
        AuditWhat::Exposure(figures) => exposure(&figures.file, output),
        AuditWhat::Membership(figures) => of_members(&figures.file, output),
        AuditWhat::Extraction(figures) => continued(&figures.file, output),
    }
}

/// A made-up text.
#[derive(Deserialize)]
struct Synthetic {
    id: String,
    text: String,
}

fn text(args: &AuditText, output: &Output) -> Done {
    let lines = |path: &Path| -> Result<Vec<Conversation>, Failure> { rows(path) };
    let conversations = lines(&args.train)?;
    let identifiers: Vec<Identifier> = match &args.identifiers {
        Some(file) => rows(file)?,
        None => Vec::new(),
    };
    let texts: Vec<Synthetic> = rows(&args.synthetic)?;
    let training = Training::new(&conversations, &identifiers);
    let null = training.null();
    let mut result = AuditedText {
        n: texts.len(),
        null,
        longest_run: 0,
        dropped: Vec::new(),
        reasons: BTreeMap::new(),
        identifiers: BTreeMap::new(),
    };
    for text in texts {
        let shared = training.shared(&text.text);
        let reasons = result.null.thresholds.reasons(&shared);
        result.longest_run = result.longest_run.max(shared.longest_run);
        for reason in &reasons {
            *result.reasons.entry(*reason).or_default() += 1;
        }
        for kind in &shared.identifier_kinds {
            *result.identifiers.entry(*kind).or_default() += 1;
        }
        if !reasons.is_empty() {
            result.dropped.push(text.id.clone());
        }
        if args.items {
            output.line(&AuditedLine::Text {
                id: text.id,
                shared,
                reasons,
            });
        }
    }
    output.text(describe(&result));
    output.result(&result);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn describe(result: &AuditedText) -> String {
    let limits = result.null.thresholds;
    let mut table = Table::new(&["reason", "dropped from", "texts"]);
    for reason in LeakReason::ALL {
        let limit = match reason {
            LeakReason::Run => format!("a run of {} words", limits.run),
            LeakReason::Share8 => format!("above {:.1} % of runs of 8", 100.0 * limits.share8),
            LeakReason::Near5 => format!("{:.0} % of runs of 5 of one text", 100.0 * limits.near5),
            LeakReason::Identifier => "one identifier".to_owned(),
        };
        let count = result.reasons.get(reason).copied().unwrap_or(0);
        table.row(vec![reason.to_string(), limit, count.to_string()]);
    }
    format!(
        "{} of {} texts give something away. Longest copied run: {} words.\n{table}",
        result.dropped.len(),
        result.n,
        result.longest_run,
    )
}

/// Planted values.
#[derive(Deserialize)]
struct Canaries {
    canaries: Vec<Canary>,
}

fn exposure(file: &Path, output: &Output) -> Done {
    let figures: Canaries = whole(file)?;
    let result = exposures(&figures.canaries);
    let (mean, null) = (result.mean_bits, result.null_mean_bits);
    output.text(match (mean, null, result.p) {
        (Some(mean), Some(null), Some(p)) => format!(
            "{} values: {mean:.2} bits in the mean, {null:.2} if nothing is remembered (p = {p:.2e}).",
            result.canaries.len()
        ),
        _ => "No values.".to_owned(),
    });
    output.result(&result);
    Ok(ExitCode::SUCCESS)
}

fn of_members(file: &Path, output: &Output) -> Done {
    let scores: Scores = whole(file)?;
    let Some(result) = membership(&scores) else {
        let fix = "Give scores of at least one text of each: members and non_members.";
        return Err(Failure::file(
            file,
            None,
            "there is nothing to tell apart",
            fix,
        ));
    };
    output.text(format!(
        "Somebody who already has a conversation can tell with AUC {:.2} (standard error {:.2}) whether it was used.",
        result.auc, result.hanley_mcneil_se,
    ));
    output.result(&result);
    Ok(ExitCode::SUCCESS)
}

/// Texts that a model was to continue.
#[derive(Deserialize)]
struct Attempts {
    rows: Vec<Attempt>,
}

fn continued(file: &Path, output: &Output) -> Done {
    let attempts: Attempts = whole(file)?;
    let result = extraction(&attempts.rows);
    output.text(match result.rate {
        Some(rate) => format!("{:.1} % of {} texts came back.", 100.0 * rate, result.n),
        None => "No text goes on for sixteen tokens, so nothing can be said.".to_owned(),
    });
    output.result(&result);
    Ok(ExitCode::SUCCESS)
}

fn rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Failure> {
    let lines = read_lines(path)?;
    Ok(lines.into_iter().map(|(_, row)| row).collect())
}

fn whole<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    serde_json::from_str(&read_text(path)?).map_err(|error| {
        let fix = "Give a file as the command line's reference describes it.";
        Failure::file(path, Some(error.line()), error, fix)
    })
}
