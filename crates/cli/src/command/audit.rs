//! audit: what made-up texts and trained adapters give away of real conversations, of a run or from files. Needs no model.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use contract::{LeakReason, RunId, ShapeAudit, Spread};
use privacy::audit::exposure::{Canary, exposures};
use privacy::audit::extraction::{Attempt, extraction};
use privacy::audit::membership::{Scores, membership};
use privacy::audit::text::{Conversation, Identifier, Training};
use project::leak_audit::RunLeaks;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Done, read_lines, read_text, session};
use crate::answer::{AuditedLine, AuditedText};
use crate::args::{Audit, AuditText, AuditWhat, Global};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;

pub(super) fn audit(global: &Global, args: &Audit, output: &Output) -> Done {
    match (&args.what, &args.run) {
        (Some(AuditWhat::Text(args)), _) => text(args, output),
        (Some(AuditWhat::Exposure(figures)), _) => exposure(&figures.file, output),
        (Some(AuditWhat::Membership(figures)), _) => of_members(&figures.file, output),
        (Some(AuditWhat::Extraction(figures)), _) => continued(&figures.file, output),
        (None, Some(run)) => of_run(global, run, args.items, output),
        (None, None) => Err(Failure::usage(
            "neither a run nor a file was named",
            "Give RUN, or `audit text`, `exposure`, `membership` or `extraction`.",
        )),
    }
}

/// Every text that a run made, beside all that it learnt from.
fn of_run(global: &Global, run: &RunId, items: bool, output: &Output) -> Done {
    let session = session(global)?;
    let (leaks, texts) = session.audit_run(&session.sight(run)?)?;
    if items {
        for text in &texts {
            output.line(text);
        }
    }
    output.text(leaks_table(&leaks));
    for shape in &leaks.shapes {
        output.text(shape_table(shape));
    }
    output.result(&leaks);
    Ok(ExitCode::SUCCESS)
}

/// How the made-up conversations of a synthesizer differ from real ones, for people.
fn shape_table(audit: &ShapeAudit) -> String {
    let mut table = Table::new(&["figure", "made up", "real", "D"]);
    for row in &audit.distributions {
        let value = |spread: &Spread| match spread.sd {
            Some(sd) => format!("{:.2} (SD {sd:.2})", spread.mean),
            None => format!("{:.2}", spread.mean),
        };
        table.row(vec![
            row.figure.to_string(),
            value(&row.made_up),
            value(&row.real),
            format!("{:.2}", row.d),
        ]);
    }
    let sentences: Vec<&str> = audit
        .sentences
        .iter()
        .map(|words| words.en.as_str())
        .collect();
    format!(
        "The {} conversations of {} beside {} real ones. {}\n{table}",
        audit.n,
        audit.source,
        audit.n_real,
        sentences.join(" ")
    )
}

/// What a run gives away, for people.
pub(super) fn leaks_table(leaks: &RunLeaks) -> String {
    let limits = leaks.thresholds;
    let mut table = Table::new(&[
        "part",
        "texts",
        "give something away",
        "long passage",
        "identifier",
        "longest",
        "verdict",
    ]);
    for part in &leaks.parts {
        table.row(vec![
            part.part.to_string(),
            part.n.to_string(),
            part.leaking.to_string(),
            part.count(LeakReason::Run).to_string(),
            part.count(LeakReason::Identifier).to_string(),
            format!("{} words", part.longest_run),
            part.verdict.to_string(),
        ]);
    }
    format!(
        "What the {} texts of this run give away of the conversations that it learnt from: {}. A passage is long from {} words on; no two \
         of these conversations share one.\n{table}",
        leaks.n, leaks.verdict, limits.run,
    )
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

/// Texts that a model was asked to continue.
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
