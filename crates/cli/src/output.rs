//! Standard output: JSON Lines with `--json`, else text for people. A reader that has gone away is no error.

use std::io::Write;

use serde::Serialize;
use serde_json::{Value, json};

/// Where results go.
pub(crate) struct Output {
    pub(crate) json: bool,
    command: &'static str,
}

impl Output {
    pub(crate) fn new(json: bool, command: &'static str) -> Self {
        Self { json, command }
    }

    /// One JSON line, only with `--json`.
    pub(crate) fn line(&self, value: &impl Serialize) {
        if self.json {
            self.write(&serde_json::to_string(value).unwrap_or_default());
        }
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
        if let (Value::Object(result), Ok(Value::Object(fields))) = (&mut result, serde_json::to_value(value))
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
        let _closed = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

/// A line on standard error.
pub(crate) fn note(text: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{text}");
}
