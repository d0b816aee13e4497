//! What can go wrong between this computer and the Hub.

use std::path::{Path, PathBuf};

use contract::Problem;
use contract::problem::{HubProblem, Interrupted, Locked, Room, RunProblem, WorkspaceProblem};

/// Result of this crate.
pub type Result<T, E = HubError> = std::result::Result<T, E>;

/// A download that could not be done; what had arrived before is kept.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The Hub, the way to it, or what it is asked for.
    #[error("{0}")]
    Hub(HubProblem),
    /// The disk has not enough room for the whole download.
    #[error("{}", self.problem())]
    NoRoom {
        /// Where it would go.
        path: PathBuf,
        /// Bytes still to come, with a margin.
        need_bytes: u64,
        /// Bytes there are.
        free_bytes: u64,
    },
    /// Another process fills the folder.
    #[error("{}", self.problem())]
    Locked {
        /// The folder that cannot be used.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}", self.problem())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Stopped on request.
    #[error("{}", self.problem())]
    Interrupted,
}

impl From<HubProblem> for HubError {
    fn from(problem: HubProblem) -> Self {
        Self::Hub(problem)
    }
}

impl HubError {
    /// An I/O failure at `path`.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }

    /// What went wrong, for whoever words it.
    pub fn problem(&self) -> Problem {
        let file = |path: &Path| path.display().to_string();
        match self {
            Self::Hub(problem) => problem.clone().into(),
            Self::NoRoom {
                path,
                need_bytes,
                free_bytes,
            } => WorkspaceProblem::DiskFull {
                file: file(path),
                room: Some(Room {
                    need_bytes: *need_bytes,
                    free_bytes: *free_bytes,
                }),
            }
            .into(),
            Self::Locked { path } => {
                RunProblem::Locked(Locked::Download { file: file(path) }).into()
            }
            Self::Io { path, source } => WorkspaceProblem::io(file(path), source).into(),
            Self::Interrupted => RunProblem::Interrupted(Interrupted::Download).into(),
        }
    }
}
