//! The store's errors; [`Error::problem`] says what happened, for whoever phrases it.
//!
//! SQLite's own codes are turned into variants a caller can act on at the edge of each transaction
//! ([`Error::explain`]), because only there the path of the database is known.

use crate::migration::Release;
use rusqlite::ffi;
use std::path::{Path, PathBuf};

use contract::problem::{Corrupt, ImportProblem, NotFound, Problem, WorkspaceProblem};
use contract::{FileAction, RunId, Thing};

/// Result with the store's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Everything that can go wrong in a workspace.
#[derive(Debug)]
pub enum Error {
    /// The workspace needs a newer version of the program.
    NewerSchema {
        /// Path of the database file.
        path: PathBuf,
        /// The oldest Duologue that reads it.
        needs: Release,
    },
    /// The database file exists but is not a Duologue workspace.
    NotAWorkspace {
        /// The file that was found.
        path: PathBuf,
    },
    /// No space left; the change was undone.
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// Another process kept the database locked for longer than the busy timeout.
    Busy {
        /// Path of the database file.
        path: PathBuf,
    },
    /// The workspace cannot be written.
    ReadOnly {
        /// Path of the database file.
        path: PathBuf,
    },
    /// The database or a value in it is damaged.
    Corrupt {
        /// Path of the database file.
        path: PathBuf,
        /// What could not be read.
        detail: String,
    },
    /// A file or folder could not be read or written.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The name is taken.
    NameTaken {
        /// Kind of thing: data set, run, study, rater.
        thing: Thing,
        /// The name that was asked for.
        name: String,
    },
    /// No data set has this name.
    NoSuchDataset {
        /// The name asked for.
        name: String,
        /// The existing names.
        known: Vec<String>,
    },
    /// No run has this id.
    NoSuchRun {
        /// The id asked for.
        id: RunId,
    },
    /// Anything else that was asked for by key and does not exist.
    NotFound {
        /// Kind of thing.
        thing: Thing,
        /// The key that was looked for.
        key: String,
    },
    /// Something else still needs what was to be removed.
    InUse {
        /// Kind of thing.
        thing: Thing,
        /// Its name.
        name: String,
        /// What uses it.
        by: Thing,
        /// How many of them do.
        count: usize,
    },
    /// The rater's set is locked.
    AlreadyLocked {
        /// Name of the rater.
        rater: String,
    },
    /// A score outside 1..=5.
    ScoreOutOfRange {
        /// The score given.
        score: i64,
    },
    /// Another process took the run over; this one must stop.
    LeaseLost {
        /// The run's id.
        run: RunId,
    },
    /// What concerns the protection of the workspace: its keys, what is encrypted, what is not.
    Protection(WorkspaceProblem),
    /// Any other answer of SQLite: a defect of this program.
    Sql(rusqlite::Error),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem().fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Sql(error) => Some(error),
            _ => None,
        }
    }
}

impl From<WorkspaceProblem> for Error {
    fn from(problem: WorkspaceProblem) -> Self {
        Self::Protection(problem)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Error {
    /// An I/O error on `path`; a full disk becomes [`Error::DiskFull`].
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        let path = path.to_path_buf();
        match source.kind() {
            StorageFull | QuotaExceeded => Self::DiskFull { path },
            _ => Self::Io { path, source },
        }
    }

    /// What went wrong, for whoever phrases it.
    pub fn problem(&self) -> Problem {
        let file = |path: &PathBuf| path.display().to_string();
        match self {
            Self::NewerSchema { path, needs } => WorkspaceProblem::NewerWorkspace {
                file: file(path),
                needs: needs.to_string(),
            },
            Self::NotAWorkspace { path } => WorkspaceProblem::NotAWorkspace { file: file(path) },
            Self::DiskFull { path } => WorkspaceProblem::DiskFull {
                file: file(path),
                room: None,
            },
            Self::Busy { path } => WorkspaceProblem::Busy { file: file(path) },
            Self::ReadOnly { path } => WorkspaceProblem::ReadOnly { file: file(path) },
            Self::Corrupt { path, detail } => WorkspaceProblem::Corrupt(Corrupt::Database {
                file: file(path),
                reason: detail.clone(),
            }),
            Self::Io { path, source } => WorkspaceProblem::Io {
                action: FileAction::Use,
                file: file(path),
                reason: source.to_string(),
            },
            Self::NameTaken { thing, name } => WorkspaceProblem::NameTaken {
                thing: *thing,
                name: name.clone(),
            },
            Self::NoSuchDataset { name, known } => WorkspaceProblem::NoSuchDataset {
                name: name.clone(),
                known: known.clone(),
            },
            Self::NoSuchRun { id } => WorkspaceProblem::NoSuchRun { run: id.clone() },
            Self::NotFound { thing, key } => {
                return ImportProblem::NotFound(NotFound::Thing {
                    thing: *thing,
                    key: key.clone(),
                })
                .into();
            }
            Self::InUse {
                thing,
                name,
                by,
                count,
            } => WorkspaceProblem::InUse {
                thing: *thing,
                name: name.clone(),
                by: *by,
                count: *count,
            },
            Self::AlreadyLocked { rater } => WorkspaceProblem::RatingsLocked {
                rater: rater.clone(),
            },
            Self::ScoreOutOfRange { score } => WorkspaceProblem::ScoreOutOfRange { score: *score },
            Self::LeaseLost { run } => WorkspaceProblem::LeaseLost { run: run.clone() },
            Self::Protection(problem) => problem.clone(),
            Self::Sql(error) => WorkspaceProblem::Database {
                reason: error.to_string(),
            },
        }
        .into()
    }

    /// True where freeing disk space helps.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::DiskFull { .. })
    }

    /// True where trying again later helps.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    /// Gives a raw SQLite error its meaning; every other error passes unchanged.
    pub(crate) fn explain(self, database: &Path) -> Self {
        let Self::Sql(error) = self else { return self };
        let path = database.to_path_buf();
        match &error {
            rusqlite::Error::FromSqlConversionFailure(_, _, detail) => Self::Corrupt {
                path,
                detail: detail.to_string(),
            },
            rusqlite::Error::InvalidColumnType(_, name, _) => Self::Corrupt {
                path,
                detail: name.clone(),
            },
            _ => match (
                error.sqlite_error_code(),
                error.sqlite_extended_error_code(),
            ) {
                // The log's shared-memory index could not grow: on a full disk this comes before SQLITE_FULL.
                (_, Some(ffi::SQLITE_IOERR_SHMSIZE)) | (Some(ffi::ErrorCode::DiskFull), _) => {
                    Self::DiskFull { path }
                }
                (Some(ffi::ErrorCode::DatabaseBusy | ffi::ErrorCode::DatabaseLocked), _) => {
                    Self::Busy { path }
                }
                (Some(ffi::ErrorCode::NotADatabase), _) => Self::NotAWorkspace { path },
                (Some(ffi::ErrorCode::ReadOnly), _) => Self::ReadOnly { path },
                (Some(ffi::ErrorCode::DatabaseCorrupt), _) => Self::Corrupt {
                    path,
                    detail: error.to_string(),
                },
                (Some(ffi::ErrorCode::CannotOpen | ffi::ErrorCode::SystemIoFailure), _) => {
                    Self::Io {
                        path,
                        source: std::io::Error::other(error),
                    }
                }
                _ => Self::Sql(error),
            },
        }
    }
}

/// What a refused insertion of something with a unique name means.
pub(crate) fn name_taken(error: rusqlite::Error, thing: Thing, name: &str) -> Error {
    match error.sqlite_extended_error_code() {
        Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            Error::NameTaken {
                thing,
                name: name.to_owned(),
            }
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(code: i32) -> Error {
        Error::Sql(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
            .explain(Path::new("w"))
    }

    #[test]
    fn sqlite_codes_get_a_meaning() {
        assert!(sql(ffi::SQLITE_FULL).is_disk_full());
        assert!(sql(ffi::SQLITE_IOERR_SHMSIZE).is_disk_full());
        assert!(sql(ffi::SQLITE_BUSY).is_busy());
        assert!(sql(ffi::SQLITE_BUSY_SNAPSHOT).is_busy());
        assert!(matches!(
            sql(ffi::SQLITE_NOTADB),
            Error::NotAWorkspace { .. }
        ));
        assert!(matches!(sql(ffi::SQLITE_READONLY), Error::ReadOnly { .. }));
        assert!(matches!(sql(ffi::SQLITE_CORRUPT), Error::Corrupt { .. }));
        assert!(matches!(sql(ffi::SQLITE_CANTOPEN), Error::Io { .. }));
        assert!(matches!(sql(ffi::SQLITE_MISUSE), Error::Sql(_)));
    }

    #[test]
    fn a_full_disk_is_told_from_other_io_errors() {
        let error = |kind: std::io::ErrorKind| Error::io(Path::new("f"), kind.into());
        assert!(error(std::io::ErrorKind::StorageFull).is_disk_full());
        assert!(matches!(
            error(std::io::ErrorKind::PermissionDenied),
            Error::Io { .. }
        ));
    }
}
