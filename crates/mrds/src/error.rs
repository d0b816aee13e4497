//! What can go wrong with weights at hand: the project's errors, the language model's, a download's and those of a run.
//!
//! [`Error::code`] is the closed set that programs look at; they never match on the sentences.

use std::path::PathBuf;

use contract::{ErrorCode, ErrorPlace, ErrorReport, Kind, StageName};
use hub::HubError;

#[path = "error_model.rs"]
mod model;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A run that could not go on, or work with a model that was not possible.
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
    /// Dialogues longer than the model's context.
    #[error(
        "{count} dialogues do not fit the model's context of {limit} tokens; the longest is example `{id}` with {tokens}"
    )]
    TooLong {
        /// How many there are.
        count: usize,
        /// The longest one.
        id: String,
        /// Its tokens, prompt and answer included.
        tokens: usize,
        /// The model's context, in tokens.
        limit: usize,
    },
    /// Another process works on the run.
    #[error("run `{run}` is being worked on by process {pid}")]
    Locked {
        /// The run's id.
        run: String,
        /// Process id of the one that works on it.
        pid: u32,
    },
    /// Pause, cancel or Ctrl-C; everything finished is kept.
    #[error("run `{run}` was interrupted; everything finished is kept")]
    Interrupted {
        /// The run's id.
        run: String,
    },
    /// The model folder no longer holds the model that the run began with.
    #[error("the model in {path} is not the one this run began with")]
    ModelChanged {
        /// The folder that cannot be used.
        path: PathBuf,
    },
    /// A stage produced nothing for the next one to work on.
    #[error("stage {stage} cannot go on: {reason}")]
    Stalled {
        /// The stage that reports.
        stage: StageName,
        /// What is missing.
        reason: String,
        /// Which recipe field to change.
        fix: String,
    },
    /// The card's memory did not suffice for a stage.
    #[error(
        "stage {stage} stopped: the card has no memory left. Everything finished before is kept"
    )]
    DeviceMemory {
        /// The stage that reports.
        stage: StageName,
        /// The next smaller plan.
        fix: String,
    },
}

impl From<project::import::ImportError> for Error {
    fn from(error: project::import::ImportError) -> Self {
        Self::Project(error.into())
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Project(error.into())
    }
}

impl Error {
    /// A stable word for programs.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Project(error) => error.code(),
            Self::Model(error) => model::model_code(error),
            Self::Hub(error) => error.code(),
            Self::TooLong { .. } => ErrorCode::TooLong,
            Self::Locked { .. } => ErrorCode::Locked,
            Self::Interrupted { .. } => ErrorCode::Interrupted,
            Self::ModelChanged { .. } => ErrorCode::ModelChanged,
            Self::Stalled { .. } => ErrorCode::Stalled,
            Self::DeviceMemory { .. } => ErrorCode::OutOfMemory,
        }
    }

    /// What to do next, one sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::Project(error) => error.fix(),
            Self::Model(error) => model::model_fix(error),
            Self::Hub(error) => error.fix(),
            Self::TooLong { .. } => "Choose a model with a longer context, or say what to do with them: `--set too_long=drop` leaves them out for every system, `--set too_long=cut_dialogue_end` cuts the end of the dialogue.".into(),
            Self::Locked { run, .. } => format!("Wait for it, or stop it with `duologue pause {run}`."),
            Self::Interrupted { run } => format!("Go on with `duologue resume {run}`."),
            Self::ModelChanged { .. } => "Put the original files back, or start a new run with this model.".into(),
            Self::Stalled { fix, .. } | Self::DeviceMemory { fix, .. } => fix.clone(),
        }
    }

    /// How a program should treat it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Project(error) => error.kind(),
            Self::Model(error) => model::model_kind(error),
            Self::Hub(error) => model::hub_kind(error),
            Self::Locked { .. } => Kind::Locked,
            Self::Interrupted { .. } => Kind::Interrupted,
            Self::TooLong { .. } | Self::ModelChanged { .. } => Kind::Input,
            Self::Stalled { .. } | Self::DeviceMemory { .. } => Kind::Failure,
        }
    }

    /// The error as it leaves the program.
    pub fn report(&self) -> ErrorReport {
        ErrorReport {
            code: self.code(),
            message: self.to_string(),
            fix: self.fix(),
            place: self.place(),
        }
    }

    /// The file, row and field concerned, where there is one.
    pub fn place(&self) -> ErrorPlace {
        match self {
            Self::Project(error) => error.place(),
            Self::Model(error) => model::model_place(error),
            Self::Hub(HubError::BadManifest { path, .. } | HubError::Io { path, .. })
            | Self::ModelChanged { path } => ErrorPlace::file(path.display().to_string()),
            _ => ErrorPlace::default(),
        }
    }
}
