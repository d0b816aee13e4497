//! What can go wrong using weights: the project's errors, the language model's, a download's and those of a run.

use std::path::Path;

use contract::problem::{ImportProblem, Interrupted, RunProblem, Stall, WrongState};
use contract::{ErrorCode, FileAction, Kind, Problem, RunId, StageName};
use hub::HubError;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A run that could not continue, or work with a model that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Data, recipe and workspace.
    #[error(transparent)]
    Project(#[from] project::Error),
    /// The language model.
    #[error(transparent)]
    Model(#[from] lm::Error),
    /// Downloading a model.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// Pause, cancel or Ctrl-C; everything finished is kept.
    #[error("{}", self.problem())]
    Interrupted {
        /// The run's id.
        run: RunId,
    },
}

macro_rules! through_the_project {
    ($($error:ty),+) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Project(error.into())
            }
        })+
    };
}
through_the_project!(store::Error, Problem, ImportProblem, RunProblem, WrongState);

impl Error {
    /// A stage that produced nothing for the next one to work on.
    pub(crate) fn stalled(stage: StageName, why: Stall) -> Self {
        RunProblem::Stalled { stage, why }.into()
    }

    /// A file or folder with which something could not be done.
    pub(crate) fn io(action: FileAction, path: &Path, error: &std::io::Error) -> Self {
        Self::Project(project::Error::io(action, path, error))
    }

    /// What went wrong, for the code that words the message.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Project(error) => error.problem(),
            Self::Model(error) => error.problem(),
            Self::Hub(error) => error.problem(),
            Self::Interrupted { run } => {
                RunProblem::Interrupted(Interrupted::Run { run: run.clone() }).into()
            }
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
