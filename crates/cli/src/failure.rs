//! Errors on their way out: one JSON line or three sentences, and the exit code of `docs/cli.md`.

use std::path::Path;
use std::process::ExitCode;

use contract::{ErrorCode, Kind};
use serde_json::{Value, json};

use crate::keychain::NAME;
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

    /// A file, or a line of one (from 1), that cannot be used; the message names both.
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
    pub(crate) fn report(&self, output: &Output) -> ExitCode {
        let said = self.json();
        output.error(&said);
        ExitCode::from(self.exit_code())
    }

    /// What went wrong, in a sentence.
    pub(crate) fn message(&self) -> String {
        self.json()["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } | Self::File { .. } => 2,
            Self::Keychain(_) => 1,
            Self::Mrds(error) => code_of(error),
            Self::In { error, .. } => code_of(error),
        }
    }

    fn json(&self) -> Value {
        let (code, message, fix, (file, row, field)) = match self {
            Self::Usage { message, fix } => (
                ErrorCode::Usage,
                message.clone(),
                fix.clone(),
                (None, None, None),
            ),
            Self::Keychain(reason) => {
                let fix =
                    "Start and unlock it, or do without: `models add` takes a token from HF_TOKEN first."
                        .to_owned();
                (
                    ErrorCode::Keychain,
                    format!("{NAME} cannot be used: {reason}"),
                    fix,
                    (None, None, None),
                )
            }
            Self::File {
                message,
                fix,
                file,
                row,
            } => (
                ErrorCode::File,
                message.clone(),
                fix.clone(),
                (Some(file.clone()), *row, None),
            ),
            Self::In { file, row, error } => (
                error.code(),
                at(file, *row, error),
                error.fix(),
                (Some(file.clone()), *row, None),
            ),
            Self::Mrds(error) => (error.code(), error.to_string(), error.fix(), error.place()),
        };
        let mut said =
            json!({"event": "error", "schema": 1, "code": code, "message": message, "fix": fix});
        for (key, value) in [
            ("file", json!(file)),
            ("row", json!(row)),
            ("field", json!(field)),
        ] {
            if !value.is_null() {
                said[key] = value;
            }
        }
        said
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
        // A closed pipe is no reason to fail.
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
    .report(&Output::new(true, "usage"))
}
