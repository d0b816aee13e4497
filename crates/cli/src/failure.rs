//! Errors on their way out: one JSON line or three sentences, and the exit code of `docs/cli.md`.

use std::process::ExitCode;

use mrds::error::Kind;
use serde_json::{Value, json};

use crate::output::Output;

/// Exit code of an interrupted run, as shells use it for Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// What a command failed with.
#[derive(Debug)]
pub(crate) enum Failure {
    /// From the method or below.
    Mrds(mrds::Error),
    /// The use of the command line, or a file named on it.
    Usage { message: String, fix: String, file: Option<String>, row: Option<usize> },
}

impl<E: Into<mrds::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Mrds(error.into())
    }
}

impl Failure {
    /// A wrong use of the command line.
    pub(crate) fn usage(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), fix: fix.into(), file: None, row: None }
    }

    /// Prints the error and tells the exit code.
    pub(crate) fn report(&self, output: &Output) -> ExitCode {
        let said = self.json();
        output.error(&said);
        ExitCode::from(self.exit_code())
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } => 2,
            Self::Mrds(error) => match error.kind() {
                Kind::Failure => 1,
                Kind::Input => 2,
                Kind::Locked => 3,
                Kind::Interrupted => INTERRUPTED,
            },
        }
    }

    fn json(&self) -> Value {
        let (code, message, fix, (file, row, field)) = match self {
            Self::Usage { message, fix, file, row } => {
                ("usage", message.clone(), fix.clone(), (file.clone(), *row, None))
            }
            Self::Mrds(error) => (error.code(), error.to_string(), error.fix(), error.place()),
        };
        let mut said = json!({"event": "error", "schema": 1, "code": code, "message": message, "fix": fix});
        for (key, value) in [("file", json!(file)), ("row", json!(row)), ("field", json!(field))] {
            if !value.is_null() {
                said[key] = value;
            }
        }
        said
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
    let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    Failure::usage(message, "`duologue --help` lists the commands and their options.")
        .report(&Output::new(true, "usage"))
}
