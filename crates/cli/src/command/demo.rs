//! demo: what demos left, in figures and as a file; and `summarize --all`, which summarizes every dialogue of files.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use contract::{DemoEvidence, DemoPair};
use mrds::demo::Summarizer;
use project::demo::{self, BatchTable, writer_name};

use super::engine::may_summarize;
use super::everyday::ask;
use super::{Done, session};
use crate::answer::{BatchDone, BatchLine, DemoAnswer};
use crate::args::{Demo, Global};
use crate::failure::Failure;
use crate::output::{Output, note};

pub(super) fn demo(global: &Global, args: &Demo, output: &Output) -> Done {
    let session = session(global)?;
    let evidence = session.demo_evidence()?;
    let count = evidence.votes.len() + evidence.corrections.len();
    let mut cleared = false;
    if args.clear {
        let what = format!("{count} votes and corrections go for good");
        cleared = args.yes || ask(&what)?;
        if cleared {
            session.clear_demo()?;
        }
    }
    if let Some(to) = &args.to {
        written(to, &table(&evidence, to)?)?;
    }
    output.text(match (cleared, count) {
        (true, _) => format!("{count} votes and corrections are removed."),
        (false, 0) => "No vote and no correction yet: the window's Demo takes them.".to_owned(),
        (false, _) => described(&evidence),
    });
    output.result(&DemoAnswer {
        votes: evidence.votes.len(),
        corrections: evidence.corrections.len(),
        pairs: evidence.pairs,
        meters: evidence.meters,
        file: args.to.as_ref().map(|file| file.display().to_string()),
        cleared,
    });
    Ok(ExitCode::SUCCESS)
}

/// What demos left, in the form that a file's ending names.
fn table(evidence: &DemoEvidence, to: &Path) -> Result<String, Failure> {
    match ending(to) {
        "csv" => Ok(demo::csv(evidence)?),
        "json" => Ok(demo::json(evidence)?),
        _ => Err(unknown_form(to, ".csv or .json")),
    }
}

fn ending(file: &Path) -> &str {
    file.extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default()
}

fn unknown_form(file: &Path, known: &str) -> Failure {
    Failure::usage(
        format!("the ending of {} names no form", file.display()),
        format!("End its name with {known}."),
    )
}

fn written(file: &Path, text: &str) -> Result<(), Failure> {
    host::file::write(file, text.as_bytes()).map_err(|error| {
        Failure::file(
            file,
            None,
            error,
            "Name a file in a folder that you may write.",
        )
    })
}

fn described(evidence: &DemoEvidence) -> String {
    let pair = |pair: &DemoPair| {
        let rate = pair.rate.map_or_else(String::new, |rate| {
            format!(
                ", {:.0} % (95 % {:.0} to {:.0})",
                100.0 * rate.mean,
                100.0 * rate.low,
                100.0 * rate.high
            )
        });
        format!(
            "{} against {}: {} to {}, {} for neither{rate}; {} dialogues",
            writer_name(&pair.first),
            writer_name(&pair.second),
            pair.first_wins,
            pair.second_wins,
            pair.ties,
            pair.dialogues
        )
    };
    let mut lines: Vec<String> = evidence.pairs.iter().map(pair).collect();
    lines.extend(evidence.meters.iter().map(|meter| {
        format!(
            "{}: {} corrected, {:.0} words of 100 changed, {:.0} s each",
            writer_name(&meter.writer),
            meter.summaries,
            meter.changed_of_100,
            meter.seconds
        )
    }));
    lines.join("\n")
}

/// Every dialogue of a file or a folder, one after the other.
pub(super) fn summarize_all(
    global: &Global,
    summarizer: &Summarizer,
    from: &Path,
    to: Option<&Path>,
    output: &Output,
) -> Done {
    let form = match to {
        None => BatchTable::Csv,
        Some(to) => {
            BatchTable::of_ending(ending(to)).ok_or_else(|| unknown_form(to, ".csv or .jsonl"))?
        }
    };
    let batch = demo::batch(&[from.to_owned()])?;
    let mut skipped = batch.unread.len();
    for unread in &batch.unread {
        skip(&unread.file, unread.problem.to_string(), output);
    }
    let mut rows = Vec::new();
    for dialogue in batch.dialogues {
        let done = may_summarize(global, &dialogue.text).and_then(|()| {
            let go_on = &mut |_: &str| ControlFlow::Continue(());
            Ok(summarizer.summarize(&dialogue.text, go_on)?)
        });
        match done {
            Ok(summarized) => {
                output.line(&BatchLine::Item {
                    name: &dialogue.name,
                    summarized: &summarized,
                });
                output.text(format!("{}\n{}\n", dialogue.name, summarized.summary));
                rows.push(dialogue.summarized(&summarized));
            }
            Err(failure) => {
                skip(&dialogue.name, failure.report().message, output);
                skipped += 1;
            }
        }
    }
    if let Some(to) = to {
        written(to, &demo::batch_table(&rows, form)?)?;
    }
    output.result(&BatchDone {
        n: rows.len(),
        skipped,
        file: to.map(|to| to.display().to_string()),
    });
    Ok(ExitCode::SUCCESS)
}

fn skip(name: &str, reason: String, output: &Output) {
    note(&format!("{name}: {reason}"));
    output.line(&BatchLine::Skipped { name, reason });
}
