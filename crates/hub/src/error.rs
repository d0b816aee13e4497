//! What can go wrong between this computer and the Hub.

use std::path::{Path, PathBuf};

use contract::Problem;
use contract::problem::{HubProblem, Interrupted, Locked, Room, RunProblem, WorkspaceProblem};

/// Result of this crate's functions; the error is a [`HubError`] unless another is named.
pub type Result<T, E = HubError> = std::result::Result<T, E>;

/// Why a download failed or stopped; what had arrived before is kept.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The Hub, the connection to it or the request is at fault.
    #[error("{0}")]
    Hub(HubProblem),
    /// The disk does not have enough room for the whole download.
    #[error("{}", self.problem())]
    NoRoom {
        /// Folder of the download.
        path: PathBuf,
        /// Bytes still to come, with a margin.
        need_bytes: u64,
        /// Bytes that are free on the folder's disk.
        free_bytes: u64,
    },
    /// Another process is downloading into the folder.
    #[error("{}", self.problem())]
    Locked {
        /// Folder of the download, which the other process holds.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}", self.problem())]
    Io {
        /// File or folder that could not be read or written.
        path: PathBuf,
        /// Error that the operating system gave.
        source: std::io::Error,
    },
    /// The download was stopped on request.
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

    /// Returns what went wrong, as a problem that the window and the command line put into words.
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
