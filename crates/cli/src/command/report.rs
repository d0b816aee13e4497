//! report: a run or an experiment as a file to hand over, and the check that each of its numbers is what the workspace says.

use std::path::Path;
use std::process::ExitCode;

use contract::ReportForm;
use host::clock::now_ms;
use project::document::{Document, ReportOptions};
use project::handover::ReportFile;
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
    let document = match session.has_experiment(&subject.as_str().into())? {
        true => session.report_of_experiment(&subject.as_str().into(), now())?,
        false => session.report(&session.sight(&subject.as_str().into())?, options, now_ms())?,
    };
    let file = ReportFile {
        about: subject,
        form,
        language: args.language,
    };
    let bytes = session.write_report(&document, file, to, now_ms())?;
    output.text(format!(
        "{} is written ({} KB).",
        to.display(),
        bytes.div_ceil(1000)
    ));
    output.result(&Written {
        subject,
        file: to,
        bytes,
        digest: &document.digest,
    });
    Ok(ExitCode::SUCCESS)
}

/// The form of a report, by the ending of its file.
fn form(to: &Path) -> Result<ReportForm, Failure> {
    let ending = to.extension().and_then(|ending| ending.to_str());
    ending
        .and_then(|ending| ending.to_lowercase().parse().ok())
        .ok_or_else(|| {
            Failure::usage(
                format!("{} does not say what form the report has", to.display()),
                "Name a file that ends in .html, .md or .json.",
            )
        })
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
