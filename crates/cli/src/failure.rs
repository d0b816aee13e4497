//! Errors as the user sees them: one JSON line or three sentences, and the exit code of `docs/cli.md`.

use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use contract::problem::{Misuse, ShellProblem};
use contract::{ErrorPlace, ErrorReport, Kind, Problem};
use hub::keychain::NAME;

use crate::output::Output;
use crate::wording;

/// Exit code of an interrupted run, as shells use it for Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// What a command failed with: a problem, and what to do if the call knows that better than [`wording`].
#[derive(Debug)]
pub(crate) enum Failure {
    /// From the method or below.
    Mrds(mrds::Error),
    /// From the method, about a file named on the command line that the error does not name itself.
    In {
        file: String,
        row: Option<usize>,
        error: Box<mrds::Error>,
    },
    /// Of the command line itself.
    Shell { problem: ShellProblem, fix: String },
    /// The system's keychain, with its reason.
    Keychain(String),
}

impl<E: Into<mrds::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Mrds(error.into())
    }
}

impl Failure {
    /// A wrong use of the command line.
    pub(crate) fn usage(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Shell {
            problem: ShellProblem::Usage(Misuse::CommandLine {
                reason: message.into(),
            }),
            fix: fix.into(),
        }
    }

    /// A file, or one of its lines (from 1), that cannot be used; the message names both.
    pub(crate) fn file(
        path: &Path,
        row: Option<usize>,
        reason: impl std::fmt::Display,
        fix: impl Into<String>,
    ) -> Self {
        Self::Shell {
            problem: ShellProblem::File {
                file: path.display().to_string(),
                row,
                reason: reason.to_string(),
            },
            fix: fix.into(),
        }
    }

    /// Prints the error and returns the exit code.
    pub(crate) fn print(&self, output: &Output) -> ExitCode {
        let report = self.report();
        output.error(&report);
        ExitCode::from(match report.code().kind() {
            Kind::Failure => 1,
            Kind::Input => 2,
            Kind::Locked => 3,
            Kind::Interrupted => INTERRUPTED,
        })
    }

    /// The error as it leaves the program.
    pub(crate) fn report(&self) -> ErrorReport {
        match self {
            Self::Mrds(error) => wording::report(error.problem()),
            Self::In { file, row, error } => {
                let place = ErrorPlace {
                    row: *row,
                    ..ErrorPlace::file(file.clone())
                };
                let message = match row {
                    Some(row) => format!("{file}, line {row}: {error}"),
                    None => format!("{file}: {error}"),
                };
                ErrorReport {
                    message,
                    place,
                    ..wording::report(error.problem())
                }
            }
            Self::Shell { problem, fix } => ErrorReport {
                fix: fix.clone(),
                ..Problem::from(problem.clone()).into()
            },
            Self::Keychain(reason) => wording::report(Problem::from(ShellProblem::Keychain {
                keychain: NAME.to_owned(),
                reason: reason.clone(),
            })),
        }
    }
}

/// Help and version go to standard output with exit code 0; anything else that clap refuses is a wrong use.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let asked = !error.use_stderr();
    let json = std::env::args().any(|arg| arg == "--json");
    // clap's own page helps with words that it does not know; a value that does not fit is a refusal like any other.
    let is_value = matches!(
        error.kind(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
    );
    if asked || !(json || is_value) {
        // A closed pipe is not a failure.
        let _closed = error.print();
        return ExitCode::from(if asked { 0 } else { 2 });
    }
    let text = error.to_string();
    // The first paragraph is the reason; usage and hints follow after an empty line.
    let reason: Vec<&str> = text
        .lines()
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    let message = reason.join(" ").trim_start_matches("error: ").to_owned();
    Failure::usage(
        message,
        "`duologue --help` lists the commands and their options.",
    )
    .print(&Output::new(json, "usage"))
}
