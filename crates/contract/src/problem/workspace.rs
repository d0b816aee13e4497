//! What can go wrong with the workspace: its folder, its database and what is stored there.

use std::fmt;

use super::{cases, problems};
use crate::{ErrorPlace, FileAction, RunId, SlotKind, Thing};

problems! {
    /// A problem with the workspace.
    WorkspaceProblem {
        /// The workspace needs a newer Duologue.
        NewerWorkspace {
            /// The database.
            file: String,
            /// The oldest version that reads it.
            needs: String,
        },
        /// The database is not Duologue's.
        NotAWorkspace {
            /// The database.
            file: String,
        },
        /// The disk is full.
        DiskFull {
            /// The file that could not grow, or the folder that lacks the room.
            file: String,
            /// How much is there and how much is needed, where it is known.
            room: Option<Room>,
        },
        /// Another process keeps the database locked.
        Busy {
            /// The database.
            file: String,
        },
        /// The workspace cannot be written.
        ReadOnly {
            /// The database.
            file: String,
        },
        /// Something stored cannot be read.
        Corrupt(Corrupt),
        /// A file or folder cannot be used.
        Io {
            /// What was tried.
            action: FileAction,
            /// The file or folder.
            file: String,
            /// The system's reason.
            reason: String,
        },
        /// The name is taken.
        NameTaken {
            /// What has the name.
            thing: Thing,
            /// The name.
            name: String,
        },
        /// There is no such data set.
        NoSuchDataset {
            /// The name that was asked for.
            name: String,
            /// The existing names.
            known: Vec<String>,
        },
        /// There is no such run.
        NoSuchRun {
            /// The id that was asked for.
            run: RunId,
        },
        /// Something else still needs what was to be removed.
        InUse {
            /// What is needed.
            thing: Thing,
            /// Its name.
            name: String,
            /// What needs it.
            by: Thing,
            /// How many need it.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            count: usize,
        },
        /// A rater's ratings are locked.
        RatingsLocked {
            /// The rater.
            rater: String,
        },
        /// A score outside 1 to 5.
        ScoreOutOfRange {
            /// The score.
            #[cfg_attr(feature = "specta", specta(type = f64))]
            score: i64,
        },
        /// Another process took the run over.
        LeaseLost {
            /// The run.
            run: RunId,
        },
        /// The workspace is protected and no key was given.
        KeyNeeded {
            /// The workspace.
            file: String,
        },
        /// The passphrase or key does not open the workspace.
        WrongKey {
            /// The workspace.
            file: String,
        },
        /// A key was given or asked for, and the workspace is not protected.
        NotProtected {
            /// The workspace.
            file: String,
        },
        /// The workspace is protected already.
        AlreadyProtected {
            /// The workspace.
            file: String,
        },
        /// There are keys, but the database is not encrypted.
        MixedWorkspace {
            /// The workspace.
            file: String,
        },
        /// The workspace has to be closed for this, but somebody has it open.
        WorkspaceOpen {
            /// The workspace.
            file: String,
        },
        /// A conversion was interrupted, and only someone with write access can finish it.
        ProtectInterrupted {
            /// The workspace.
            file: String,
        },
        /// An encrypted file was truncated or changed.
        Damaged {
            /// The file.
            file: String,
            /// What is wrong with it.
            reason: String,
        },
        /// A passphrase has too few characters.
        ShortPassphrase {
            /// The fewest that are accepted.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            least: usize,
        },
        /// Without this way in, no person could open the workspace.
        LastSlot {
            /// What was to be removed.
            slot: SlotKind,
        },
        /// This build cannot encrypt.
        NoCipher,
        /// The database refused a query: a defect.
        Database {
            /// The database's reason.
            reason: String,
        },
    }
}

cases! {
    /// What cannot be read.
    Corrupt {
        /// The database or a value in it is damaged.
        Database {
            /// The database.
            file: String,
            /// What could not be read.
            reason: String,
        },
        /// A value is not of the form that this version expects.
        Value {
            /// Which kind of value.
            what: String,
            /// The parser's reason.
            reason: String,
        },
    }
}

/// Room on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Room {
    /// What is needed.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub need_bytes: u64,
    /// The free bytes.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub free_bytes: u64,
}

impl WorkspaceProblem {
    /// A file that cannot be used; a full disk has its own code.
    pub fn io(file: String, error: &std::io::Error) -> Self {
        Self::failed(FileAction::Use, file, error)
    }

    /// The same, where it is known what was tried.
    pub fn failed(action: FileAction, file: String, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded => Self::DiskFull { file, room: None },
            _ => Self::Io {
                action,
                file,
                reason: error.to_string(),
            },
        }
    }

    /// The file concerned, where the message alone would leave it open.
    pub fn place(&self) -> ErrorPlace {
        match self {
            Self::Io { file, .. } => ErrorPlace::file(file.clone()),
            _ => ErrorPlace::default(),
        }
    }
}

impl WorkspaceProblem {
    /// What went wrong about a protected workspace; nothing for all others.
    fn of_protection(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyNeeded { file } => write!(f, "{file} is protected and no key was given"),
            Self::WrongKey { file } => write!(f, "this key does not open {file}"),
            Self::NotProtected { file } => write!(f, "{file} is not protected; it has no key"),
            Self::AlreadyProtected { file } => write!(f, "{file} is protected already"),
            Self::MixedWorkspace { file } => write!(
                f,
                "{file} has keys, but its database is not encrypted; nothing was changed"
            ),
            Self::WorkspaceOpen { file } => write!(
                f,
                "{file} is open in a window or another process; nothing was changed"
            ),
            Self::ProtectInterrupted { file } => write!(
                f,
                "protecting {file} was interrupted; it has to be opened once where it can be written"
            ),
            Self::Damaged { file, reason } => write!(f, "{file} cannot be decrypted: {reason}"),
            Self::ShortPassphrase { least } => {
                write!(f, "a passphrase has at least {least} characters")
            }
            Self::LastSlot { slot } => write!(
                f,
                "without the slot \"{slot}\" no person could open this workspace; nothing was removed"
            ),
            Self::NoCipher => write!(f, "this build of Duologue cannot encrypt a workspace"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for WorkspaceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewerWorkspace { file, needs } => {
                write!(
                    f,
                    "{file} needs Duologue {needs} or newer; nothing was changed"
                )
            }
            Self::NotAWorkspace { file } => {
                write!(
                    f,
                    "{file} is not a Duologue workspace; it was left untouched"
                )
            }
            Self::DiskFull { file, room: None } => write!(f, "the disk of {file} is full"),
            Self::DiskFull {
                file,
                room: Some(room),
            } => write!(
                f,
                "{file} has {} bytes free, the download needs {}",
                room.free_bytes, room.need_bytes
            ),
            Self::Busy { file } => {
                write!(
                    f,
                    "{file} is locked by another process; nothing was changed"
                )
            }
            Self::ReadOnly { file } => write!(f, "{file} cannot be written"),
            Self::Corrupt(Corrupt::Database { file, reason }) => {
                write!(f, "{file} is damaged ({reason})")
            }
            Self::Corrupt(Corrupt::Value { what, reason }) => {
                write!(f, "a stored {what} cannot be read: {reason}")
            }
            Self::Io {
                action: FileAction::Use,
                file,
                reason,
            } => write!(f, "{file}: {reason}"),
            Self::Io {
                action,
                file,
                reason,
            } => write!(f, "cannot {action} {file}: {reason}"),
            Self::NameTaken { thing, name } => {
                write!(f, "there already is a {thing} named \"{name}\"")
            }
            Self::NoSuchDataset { name, known } if known.is_empty() => {
                write!(
                    f,
                    "there is no data set \"{name}\"; this workspace has none yet"
                )
            }
            Self::NoSuchDataset { name, known } => {
                write!(
                    f,
                    "there is no data set \"{name}\"; known: {}",
                    known.join(", ")
                )
            }
            Self::NoSuchRun { run } => write!(f, "there is no run \"{run}\""),
            Self::InUse {
                thing,
                name,
                by,
                count,
            } => {
                let plural = if *count == 1 { "" } else { "s" };
                write!(
                    f,
                    "the {thing} \"{name}\" is still used by {count} {by}{plural}; nothing was removed"
                )
            }
            Self::RatingsLocked { rater } => {
                write!(
                    f,
                    "the ratings of \"{rater}\" are locked and can no longer be changed"
                )
            }
            Self::ScoreOutOfRange { score } => {
                write!(f, "a score is a whole number from 1 to 5, not {score}")
            }
            Self::LeaseLost { run } => write!(
                f,
                "run \"{run}\" was taken over by another process; this one stops and writes nothing more"
            ),
            Self::KeyNeeded { .. }
            | Self::WrongKey { .. }
            | Self::NotProtected { .. }
            | Self::AlreadyProtected { .. }
            | Self::MixedWorkspace { .. }
            | Self::WorkspaceOpen { .. }
            | Self::ProtectInterrupted { .. }
            | Self::Damaged { .. }
            | Self::ShortPassphrase { .. }
            | Self::LastSlot { .. }
            | Self::NoCipher => self.of_protection(f),
            Self::Database { reason } => write!(f, "the database refused a query: {reason}"),
        }
    }
}
