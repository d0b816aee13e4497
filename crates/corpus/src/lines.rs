//! Reads grammar files as logical lines: drops comments and blank lines, joins continuations and says where errors are.

use std::fmt;

/// A line of a grammar file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrammarError {
    /// Name of the grammar file.
    pub file: &'static str,
    /// Number of the line, from 1; the first if several are joined.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for GrammarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.problem)
    }
}

impl std::error::Error for GrammarError {}

/// A logical line: a line of a grammar file, joined with its continuations.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) file: &'static str,
    pub(crate) number: usize,
    pub(crate) text: String,
}

impl Line {
    /// An error that names this line's file and number.
    pub(crate) fn error(&self, problem: impl Into<String>) -> GrammarError {
        GrammarError {
            file: self.file,
            line: self.number,
            problem: problem.into(),
        }
    }
}

/// Reads a grammar file. A line that begins with a space or `|` continues the one before; a line that begins with `# `
/// is a comment.
pub(crate) fn read(file: &'static str, text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with("# ") {
            continue;
        }
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '|']) => {
                last.text.push(' ');
                last.text.push_str(line.trim());
            }
            _ => lines.push(Line {
                file,
                number: index + 1,
                text: line.trim_end().to_owned(),
            }),
        }
    }
    lines
}

/// Splits `name = right side`; `None` if the line defines nothing.
pub(crate) fn definition(text: &str) -> Option<(&str, &str)> {
    let (name, right) = text.split_once(" = ")?;
    crate::pattern::is_name(name).then_some((name, right))
}
