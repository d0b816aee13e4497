//! What can go wrong without weights: the store's errors and the [`Problem`]s of imports, recipes, runs and ratings.

use std::path::Path;

use contract::problem::{
    Corrupt, ImportProblem, RunProblem, StudyProblem, WorkspaceProblem, WrongState,
};
use contract::{ErrorCode, FileAction, Kind, Problem};

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An import, a recipe, a rating or a change of the workspace that was not possible.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workspace could not be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Everything else.
    #[error(transparent)]
    Problem(#[from] Problem),
}

impl From<ImportProblem> for Error {
    fn from(problem: ImportProblem) -> Self {
        Self::Problem(problem.into())
    }
}

impl From<RunProblem> for Error {
    fn from(problem: RunProblem) -> Self {
        Self::Problem(problem.into())
    }
}

impl From<StudyProblem> for Error {
    fn from(problem: StudyProblem) -> Self {
        Self::Problem(problem.into())
    }
}

impl From<WrongState> for Error {
    fn from(state: WrongState) -> Self {
        RunProblem::WrongState(state).into()
    }
}

impl Error {
    /// A file or folder with which something could not be done.
    pub fn io(action: FileAction, path: &Path, error: &std::io::Error) -> Self {
        let file = path.display().to_string();
        Self::Problem(WorkspaceProblem::failed(action, file, error).into())
    }

    /// What went wrong, for whoever puts it into words.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Store(error) => error.problem(),
            Self::Problem(problem) => problem.clone(),
        }
    }

    /// What went wrong, as one word.
    pub fn code(&self) -> ErrorCode {
        self.problem().code()
    }

    /// How a program should treat it.
    pub fn kind(&self) -> Kind {
        self.code().kind()
    }
}

/// The error of a stored `what` (a stage's name, a plan) that is not of the form that this version expects.
pub fn corrupt(what: &str, reason: impl std::fmt::Display) -> Error {
    let (what, reason) = (what.to_owned(), reason.to_string());
    Error::Problem(WorkspaceProblem::Corrupt(Corrupt::Value { what, reason }).into())
}
