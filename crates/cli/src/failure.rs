//! Errors as the user sees them: one JSON line or three sentences, and the exit code of `docs/cli.md`.

use std::path::Path;
use std::process::ExitCode;

use contract::{ErrorCode, ErrorPlace, ErrorReport, Kind};
use hub::keychain::NAME;

use crate::output::Output;

/// Exit code of an interrupted run, as shells use it for Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// What a command failed with.
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
    /// The use of the command line.
    Usage { message: String, fix: String },
    /// A file named on the command line.
    File {
        message: String,
        fix: String,
        file: String,
        row: Option<usize>,
    },
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
        Self::Usage {
            message: message.into(),
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
        let file = path.display().to_string();
        Self::File {
            message: at(&file, row, reason),
            fix: fix.into(),
            file,
            row,
        }
    }

    /// Prints the error and tells the exit code.
    pub(crate) fn print(&self, output: &Output) -> ExitCode {
        output.error(&self.report());
        ExitCode::from(self.exit_code())
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::File { .. } => 2,
            Self::Keychain(_) => 1,
            Self::Mrds(error) => code_of(error),
            Self::In { error, .. } => code_of(error),
        }
    }

    /// The error as it leaves the program.
    pub(crate) fn report(&self) -> ErrorReport {
        let of_file = |file: &String, row: &Option<usize>| ErrorPlace {
            file: Some(file.clone()),
            row: *row,
            field: None,
        };
        match self {
            Self::Usage { message, fix } => ErrorReport {
                code: ErrorCode::Usage,
                message: message.clone(),
                fix: fix.clone(),
                place: ErrorPlace::default(),
            },
            Self::Keychain(reason) => ErrorReport {
                code: ErrorCode::Keychain,
                message: format!("{NAME} cannot be used: {reason}"),
                fix: "Start and unlock it, or do without: `models add` takes a token from HF_TOKEN first."
                    .to_owned(),
                place: ErrorPlace::default(),
            },
            Self::File {
                message,
                fix,
                file,
                row,
            } => ErrorReport {
                code: ErrorCode::File,
                message: message.clone(),
                fix: fix.clone(),
                place: of_file(file, row),
            },
            Self::In { file, row, error } => ErrorReport {
                message: at(file, *row, error),
                place: of_file(file, row),
                ..error.report()
            },
            Self::Mrds(error) => error.report(),
        }
    }
}

fn code_of(error: &mrds::Error) -> u8 {
    match error.kind() {
        Kind::Failure => 1,
        Kind::Input => 2,
        Kind::Locked => 3,
        Kind::Interrupted => INTERRUPTED,
    }
}

/// A reason with the file, and the line from 1, that it is about.
fn at(file: &str, row: Option<usize>, reason: impl std::fmt::Display) -> String {
    match row {
        Some(row) => format!("{file}, line {row}: {reason}"),
        None => format!("{file}: {reason}"),
    }
}

/// Help and version go to standard output with exit code 0; anything else that clap refuses is a wrong use.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let asked = !error.use_stderr();
    let json = std::env::args().any(|arg| arg == "--json");
    if asked || !json {
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
    .print(&Output::new(true, "usage"))
}
