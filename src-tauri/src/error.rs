//! Errors as the page gets them: problems with typed arguments, which the page puts into words.

use contract::problem::{
    Corrupt, ImportProblem, Misuse, NotFound, ShellProblem, StudyProblem, WorkspaceProblem,
};
use contract::{ErrorReport, Reported};

use crate::dto::{AppError, ToldError};

/// What every command returns.
pub(crate) type Answer<T> = Result<T, AppError>;

impl AppError {
    /// What went wrong, as one word.
    #[cfg(test)]
    pub(crate) fn code(&self) -> contract::ErrorCode {
        match self {
            Self::Problem(problem) => problem.code(),
            Self::Told(told) => told.code,
        }
    }

    /// Something stored that cannot be read.
    pub(crate) fn corrupt(what: &str, reason: impl std::fmt::Display) -> Self {
        let (what, reason) = (what.to_owned(), reason.to_string());
        WorkspaceProblem::Corrupt(Corrupt::Value { what, reason }).into()
    }
}

/// What happened, for the terminal: before there is a page to word it.
impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Problem(problem) => problem.fmt(f),
            Self::Told(told) => told.message.fmt(f),
        }
    }
}

impl From<project::Error> for AppError {
    fn from(error: project::Error) -> Self {
        Self::Problem(error.problem())
    }
}

macro_rules! from_problems {
    ($($problem:ty),+) => {
        $(impl From<$problem> for AppError {
            fn from(problem: $problem) -> Self {
                Self::Problem(problem.into())
            }
        })+
    };
}
from_problems!(ImportProblem, ShellProblem, StudyProblem, WorkspaceProblem);

impl From<Misuse> for AppError {
    fn from(misuse: Misuse) -> Self {
        ShellProblem::Usage(misuse).into()
    }
}

impl From<NotFound> for AppError {
    fn from(absent: NotFound) -> Self {
        ImportProblem::NotFound(absent).into()
    }
}

impl From<&ErrorReport> for AppError {
    fn from(report: &ErrorReport) -> Self {
        match &report.what {
            Reported::Problem(problem) => Self::Problem(problem.as_ref().clone()),
            Reported::Code { code } => Self::Told(ToldError {
                code: *code,
                message: sentence(&report.message),
                fix: sentence(&report.fix),
            }),
        }
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
    use contract::problem::{RunProblem, WrongState};
    use contract::{ErrorCode, ErrorPlace, Problem};

    #[test]
    fn a_report_keeps_its_arguments_and_an_old_one_its_words() {
        let problem = Problem::from(RunProblem::WrongState(WrongState::NoneLocked));
        let report = ErrorReport::from(problem.clone());
        assert_eq!(AppError::from(&report), AppError::Problem(problem));
        let old = ErrorReport {
            what: Reported::Code {
                code: ErrorCode::Stalled,
            },
            message: "nothing was made".to_owned(),
            fix: String::new(),
            place: ErrorPlace::default(),
        };
        let AppError::Told(told) = AppError::from(&old) else {
            panic!("an old report has no arguments");
        };
        assert_eq!(
            (told.message.as_str(), told.fix.as_str()),
            ("Nothing was made.", "")
        );
    }
}
