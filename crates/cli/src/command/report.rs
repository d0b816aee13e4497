//! report: a run or an experiment as a file to hand over, and the check that each of its numbers is what the workspace says.

use std::path::Path;
use std::process::ExitCode;

use contract::FileAction;
use host::clock::now_ms;
use project::document::check::tree;
use project::document::{Document, ReportOptions, page};
use serde::Serialize;

use super::experiment::now;
use super::{Done, read_text, session};
use crate::args::{Global, Report};
use crate::failure::Failure;
use crate::output::Output;

/// A file that was written.
#[derive(Serialize)]
struct Written<'a> {
    subject: &'a str,
    file: &'a Path,
    bytes: usize,
    digest: &'a str,
}

/// The forms of a report, by the ending of its file.
#[derive(Clone, Copy)]
enum Form {
    Html,
    Markdown,
    Json,
}

pub(super) fn report(global: &Global, args: &Report, output: &Output) -> Done {
    if let Some(file) = &args.check {
        return check(global, file, output);
    }
    let (Some(subject), Some(to)) = (&args.subject, &args.to) else {
        return Err(Failure::usage(
            "a report needs a run or an experiment, and a file",
            "`duologue report RUN --to FILE.html`; `--check FILE.json` checks one.",
        ));
    };
    let form = form(to)?;
    let session = session(global)?;
    let options = ReportOptions {
        items: args.items as usize,
        texts: !args.no_texts,
    };
    let document = match session.has_experiment(subject)? {
        true => session.report_of_experiment(subject, now())?,
        false => session.report(&session.sight(subject)?, options, now_ms())?,
    };
    let text = match form {
        Form::Html => page::html(&document, args.language)?,
        Form::Markdown => page::markdown(&document, args.language)?,
        Form::Json => format!("{:#}\n", tree(&document)?),
    };
    host::file::write(to, text.as_bytes())
        .map_err(|error| project::Error::io(FileAction::Write, to, &error))?;
    output.text(format!(
        "{} is written ({} KB).",
        to.display(),
        text.len().div_ceil(1000)
    ));
    output.result(&Written {
        subject,
        file: to,
        bytes: text.len(),
        digest: &document.digest,
    });
    Ok(ExitCode::SUCCESS)
}

fn form(to: &Path) -> Result<Form, Failure> {
    match to.extension().and_then(|ending| ending.to_str()) {
        Some("html") => Ok(Form::Html),
        Some("md") => Ok(Form::Markdown),
        Some("json") => Ok(Form::Json),
        _ => Err(Failure::usage(
            format!("{} does not say what form the report has", to.display()),
            "Name a file that ends in .html, .md or .json.",
        )),
    }
}

/// Exit code 1 where a number is not what the workspace says.
fn check(global: &Global, file: &Path, output: &Output) -> Done {
    let text = read_text(file)?;
    if serde_json::from_str::<Document>(&text).is_err() {
        return Err(Failure::usage(
            format!("{} is no report in JSON", file.display()),
            "Name a report that was written with `--to FILE.json` by this version.",
        ));
    }
    let found = session(global)?.check_report(&text, now())?;
    for mismatch in &found.mismatches {
        output.text(format!(
            "{}: the report says {}, the workspace {}",
            mismatch.path, mismatch.reported, mismatch.recomputed
        ));
    }
    output.text(match found.mismatches.len() {
        0 => format!("All {} entries are what the workspace says.", found.checked),
        wrong => format!(
            "{wrong} of {} entries are not what the workspace says.",
            found.checked
        ),
    });
    output.result(&found);
    Ok(if found.equal {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
