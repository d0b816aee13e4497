//! What can go wrong in a shell: the command line's use and files, the window and its worker.

use std::fmt;

use super::{cases, problems};
use crate::ErrorPlace;

problems! {
    /// A problem of the command line or of the window.
    ShellProblem {
        /// The use of the command line, or of a command of the window, is wrong.
        Usage(Misuse),
        /// A file named on the command line cannot be used.
        File {
            /// The file, as given.
            file: String,
            /// The line, counted from 1, if the problem concerns a line.
            #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
            row: Option<usize>,
            /// What is wrong with it.
            reason: String,
        },
        /// The system's keychain cannot be used.
        Keychain {
            /// The keychain as people know it.
            keychain: String,
            /// The system's reason.
            reason: String,
        },
        /// A file of a model folder is missing.
        FileNotFound(FolderFault),
        /// A file of a model folder cannot be used.
        ModelFile {
            /// The file.
            file: String,
            /// What is wrong with it.
            fault: FileFault,
        },
        /// Another model is being downloaded.
        WindowDownloadBusy,
        /// Something else is being written out.
        WindowExportBusy,
        /// The workspace cannot be locked.
        WindowLock {
            /// The file that is locked.
            file: String,
            /// The system's reason.
            reason: String,
        },
        /// The log of a run cannot be read.
        WindowLog {
            /// The log.
            file: String,
            /// The system's reason.
            reason: String,
        },
        /// The sample's model is not here.
        WindowNoSample,
        /// The program that does the model work is not here.
        WindowNoWorker,
        /// The system shows no notifications.
        WindowNotification {
            /// The system's reason.
            reason: String,
        },
        /// Another window has the workspace open.
        WindowTaken {
            /// The workspace.
            workspace: String,
        },
        /// The worker's answer cannot be read.
        WindowWorkerAnswer {
            /// What the parser met.
            reason: String,
        },
        /// The worker cannot be started.
        WindowWorkerStart {
            /// The system's reason.
            reason: String,
        },
        /// The worker stopped without an answer.
        WindowWorkerStopped {
            /// The folder with its logs.
            logs: String,
        },
        /// The page was opened outside the window.
        WindowMissing,
        /// The page met something that no part of Duologue expects.
        WindowUnexpected {
            /// What it was.
            reason: String,
        },
        /// This machine names no folder for a workspace.
        WindowWorkspace,
    }
}

cases! {
    /// What is wrong with a call.
    Misuse {
        /// A call of the command line, which says itself what is wrong.
        CommandLine {
            /// What is wrong.
            reason: String,
        },
        /// A call of the window's own command line.
        WindowArguments,
        /// A summary asked for without a dialogue.
        NoDialogue,
        /// A change of an example that is not stored.
        NotStored,
        /// An import without a name for the data set.
        NoDatasetName,
        /// A column mapping that cannot be read.
        BadColumns {
            /// What was given.
            columns: String,
        },
    }
}

cases! {
    /// What a model folder lacks.
    FolderFault {
        /// Its configuration.
        NoConfig {
            /// The file that was looked for.
            file: String,
            /// The system's reason.
            reason: String,
        },
        /// Its tokenizer.
        NoTokenizer {
            /// The folder.
            file: String,
        },
        /// Weights that Duologue reads.
        NoWeights {
            /// The folder.
            file: String,
        },
    }
}

cases! {
    /// What is wrong with a file of a model folder.
    FileFault {
        /// It is shorter than it says.
        Truncated,
        /// It is shorter than it says, or not of its format at all.
        NotSafetensors,
        /// It cannot be read.
        Unreadable {
            /// The reason of the system or of the parser.
            reason: String,
        },
    }
}

impl ShellProblem {
    /// The file concerned.
    pub fn place(&self) -> ErrorPlace {
        match self {
            Self::File { file, row, .. } => ErrorPlace {
                row: *row,
                ..ErrorPlace::file(file.clone())
            },
            Self::FileNotFound(
                FolderFault::NoConfig { file, .. }
                | FolderFault::NoTokenizer { file }
                | FolderFault::NoWeights { file },
            )
            | Self::ModelFile { file, .. }
            | Self::WindowLock { file, .. }
            | Self::WindowLog { file, .. } => ErrorPlace::file(file.clone()),
            _ => ErrorPlace::default(),
        }
    }
}

impl fmt::Display for ShellProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(misuse) => misuse.fmt(f),
            Self::File {
                file,
                row: Some(row),
                reason,
            } => write!(f, "{file}, line {row}: {reason}"),
            Self::File {
                file,
                row: None,
                reason,
            } => write!(f, "{file}: {reason}"),
            Self::Keychain { keychain, reason } => write!(f, "{keychain} cannot be used: {reason}"),
            Self::FileNotFound(FolderFault::NoConfig { file, reason }) => {
                write!(f, "{file} cannot be read: {reason}")
            }
            Self::FileNotFound(FolderFault::NoTokenizer { file }) => {
                write!(f, "{file} holds no tokenizer.json")
            }
            Self::FileNotFound(FolderFault::NoWeights { file }) => {
                write!(f, "{file} holds no .safetensors file")
            }
            Self::ModelFile { file, fault } => write!(f, "{file} cannot be used: {fault}"),
            Self::WindowDownloadBusy => write!(f, "another model is being downloaded"),
            Self::WindowExportBusy => write!(f, "something else is being written out"),
            Self::WindowLock { file, reason } => write!(f, "{file} cannot be locked: {reason}"),
            Self::WindowLog { file, reason } => {
                write!(f, "the log {file} cannot be read: {reason}")
            }
            Self::WindowNoSample => write!(f, "the sample's model was not found"),
            Self::WindowNoWorker => write!(f, "the program that does the model work was not found"),
            Self::WindowNotification { reason } => {
                write!(f, "the system shows no notification: {reason}")
            }
            Self::WindowTaken { workspace } => write!(
                f,
                "another Duologue window has the workspace {workspace} and does not answer"
            ),
            Self::WindowWorkerAnswer { reason } => {
                write!(f, "the worker's answer cannot be read: {reason}")
            }
            Self::WindowWorkerStart { reason } => {
                write!(f, "the worker could not be started: {reason}")
            }
            Self::WindowWorkerStopped { .. } => write!(
                f,
                "the model worker stopped without an answer; it may have run out of memory"
            ),
            Self::WindowMissing => write!(f, "the page was opened outside the window"),
            Self::WindowUnexpected { reason } => {
                write!(f, "something unexpected went wrong in the window: {reason}")
            }
            Self::WindowWorkspace => write!(f, "no folder for the workspace is known"),
        }
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine { reason } => write!(f, "{reason}"),
            Self::WindowArguments => write!(
                f,
                "the window was started with arguments that it does not know"
            ),
            Self::NoDialogue => write!(f, "the dialogue is empty"),
            Self::NotStored => write!(f, "this example is not stored yet"),
            Self::NoDatasetName => write!(f, "the data set has no name"),
            Self::BadColumns { columns } => write!(f, "the columns “{columns}” cannot be read"),
        }
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => write!(f, "it is truncated"),
            Self::NotSafetensors => write!(f, "it is truncated or not in safetensors format"),
            Self::Unreadable { reason } => write!(f, "{reason}"),
        }
    }
}
