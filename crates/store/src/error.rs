//! The store's errors: what happened, what it means, what to do next.
//!
//! SQLite's own codes are turned into variants a caller can act on at the edge of each transaction
//! ([`Error::explain`]), because only there the path of the database is known.

use crate::migration::Release;
use rusqlite::ffi;
use std::path::{Path, PathBuf};

/// Result with the store's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Everything that can go wrong in a workspace.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workspace needs a newer version of the program.
    #[error(
        "{} needs Duologue {needs} or newer; nothing was changed. Update Duologue, or choose another workspace",
        path.display()
    )]
    NewerSchema {
        /// Path of the database file.
        path: PathBuf,
        /// The oldest Duologue that reads it.
        needs: Release,
    },
    /// The database file exists but is not a Duologue workspace.
    #[error("{} is not a Duologue workspace; it was left untouched. Choose another folder", path.display())]
    NotAWorkspace {
        /// The file that was found.
        path: PathBuf,
    },
    /// No space left; the change was undone.
    #[error("the disk of {} is full; nothing was changed. Free some space and try again", path.display())]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// Another process kept the database locked for longer than the busy timeout.
    #[error("{} is locked by another process; nothing was changed. Try again in a moment", path.display())]
    Busy {
        /// Path of the database file.
        path: PathBuf,
    },
    /// The workspace cannot be written.
    #[error("{} cannot be written. Check the permissions of the folder", path.display())]
    ReadOnly {
        /// Path of the database file.
        path: PathBuf,
    },
    /// The database or a value in it is damaged.
    #[error("{} is damaged ({detail}). Restore the workspace folder from a backup", path.display())]
    Corrupt {
        /// Path of the database file.
        path: PathBuf,
        /// What could not be read.
        detail: String,
    },
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The name is taken.
    #[error(
        "there already is a {what} named \"{name}\". Choose another name, or remove that one first"
    )]
    NameTaken {
        /// Kind of thing: data set, run, study, rater.
        what: &'static str,
        /// The name that was asked for.
        name: String,
    },
    /// No data set has this name.
    #[error("there is no data set \"{name}\"; {}", known_list(known))]
    NoSuchDataset {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// No run has this id.
    #[error("there is no run \"{id}\". `duologue runs` lists the runs of this workspace")]
    NoSuchRun {
        /// The id asked for.
        id: String,
    },
    /// Anything else that was asked for by key and does not exist.
    #[error("there is no {what} {key} in this workspace")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// The key that was looked for.
        key: String,
    },
    /// Something else still needs it.
    #[error("the {what} \"{name}\" is still used by {by}; nothing was removed. Remove those first")]
    InUse {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// What uses it.
        by: String,
    },
    /// The rater's set is locked.
    #[error("the ratings of \"{rater}\" are locked and can no longer be changed")]
    AlreadyLocked {
        /// Name of the rater.
        rater: String,
    },
    /// A score outside 1..=5.
    #[error("a score is a whole number from 1 to 5, not {score}")]
    ScoreOutOfRange {
        /// The score given.
        score: i64,
    },
    /// Another process took the run over; this one must stop.
    #[error(
        "run \"{run}\" was taken over by another process; this one stops and writes nothing more"
    )]
    LeaseLost {
        /// The run's id.
        run: String,
    },
    /// Any other answer of SQLite: a defect of this program.
    #[error("the database refused a query: {0}")]
    Sql(#[from] rusqlite::Error),
}

fn known_list(known: &[String]) -> String {
    if known.is_empty() {
        "this workspace has none yet. Import one with `duologue import`".into()
    } else {
        format!("known: {}", known.join(", "))
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

    /// True where freeing disk space helps.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::DiskFull { .. })
    }

    /// True where trying again later helps.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    /// Gives a raw SQLite error its meaning; every other error passes.
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
pub(crate) fn name_taken(error: rusqlite::Error, what: &'static str, name: &str) -> Error {
    match error.sqlite_extended_error_code() {
        Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            Error::NameTaken {
                what,
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

    #[test]
    fn messages_name_the_way_out() {
        let none = Error::NoSuchDataset {
            name: "a".into(),
            known: vec![],
        }
        .to_string();
        assert!(none.contains("duologue import"), "{none}");
        let some = Error::NoSuchDataset {
            name: "a".into(),
            known: vec!["b".into(), "c".into()],
        }
        .to_string();
        assert!(some.contains("known: b, c"), "{some}");
    }
}
