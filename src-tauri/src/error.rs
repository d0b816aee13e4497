//! Errors as the page gets them: a code for programs, sentences for people.

use contract::{ErrorCode, ErrorReport};

use crate::dto::AppError;

/// What every command returns.
pub(crate) type Answer<T> = Result<T, AppError>;

impl AppError {
    /// An error of the window itself; codes begin with `window_`.
    pub(crate) fn new(code: ErrorCode, message: impl AsRef<str>, fix: impl AsRef<str>) -> Self {
        Self {
            code,
            message: sentence(message.as_ref()),
            fix: sentence(fix.as_ref()),
        }
    }
}

impl From<project::Error> for AppError {
    fn from(error: project::Error) -> Self {
        Self::new(error.code(), error.to_string(), error.fix())
    }
}

impl From<&ErrorReport> for AppError {
    fn from(report: &ErrorReport) -> Self {
        Self::new(report.code, &report.message, &report.fix)
    }
}

/// Begins with a capital and ends with a stop.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let mut out: String = first.to_uppercase().chain(letters).collect();
    if !out.ends_with(['.', '!', '?', ':']) {
        out.push('.');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_become_sentences() {
        let error = AppError::new(ErrorCode::WindowTaken, "the file has gone", "");
        assert_eq!(
            (error.message.as_str(), error.fix.as_str()),
            ("The file has gone.", "")
        );
    }
}
