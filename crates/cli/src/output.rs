//! Standard output: JSON Lines with `--json`, else text for people. A reader that has gone away is no error; what could
//! not be written otherwise (a full disk) is.

use std::io::{ErrorKind, Write};
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::{Value, json};

/// Where results go.
pub(crate) struct Output {
    pub(crate) json: bool,
    command: &'static str,
    lost: OnceLock<std::io::Error>,
}

impl Output {
    pub(crate) fn new(json: bool, command: &'static str) -> Self {
        Self {
            json,
            command,
            lost: OnceLock::new(),
        }
    }

    /// Why a line could not be written, where one could not.
    pub(crate) fn lost(&self) -> Option<&std::io::Error> {
        self.lost.get()
    }

    /// One JSON line, only with `--json`. A worker's lines are the log of its run: each says when.
    pub(crate) fn line(&self, value: &impl Serialize) {
        if !self.json {
            return;
        }
        let mut said = json!(value);
        if self.command == "worker" {
            said["at_ms"] = json!(host::clock::now_ms());
        }
        self.write(&said.to_string());
    }

    /// One line for people, only without `--json`.
    pub(crate) fn text(&self, text: impl AsRef<str>) {
        if !self.json {
            self.write(text.as_ref());
        }
    }

    /// The last line of a successful command.
    pub(crate) fn result(&self, value: &impl Serialize) {
        let mut result = json!({"event": "result", "schema": 1, "command": self.command});
        if let (Value::Object(result), Ok(Value::Object(fields))) =
            (&mut result, serde_json::to_value(value))
        {
            result.extend(fields);
        }
        self.line(&result);
    }

    /// The last line of a failed command.
    pub(crate) fn error(&self, said: &Value) {
        if self.json {
            self.line(said);
            return;
        }
        let field = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
        note(&format!("duologue: {}", field("message")));
        if !field("fix").is_empty() {
            note(&format!("What to do: {}", field("fix")));
        }
    }

    fn write(&self, line: &str) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush())
            && error.kind() != ErrorKind::BrokenPipe
        {
            let _first = self.lost.set(error);
        }
    }
}

/// A line on standard error.
pub(crate) fn note(text: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{text}");
}
