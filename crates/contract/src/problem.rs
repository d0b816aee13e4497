//! What went wrong, as facts: a code with typed arguments, and no sentence that only one shell could say.
//!
//! Every room's error becomes a [`Problem`]; a shell phrases it for its users: the command line with commands
//! (`crates/cli/src/wording.rs`), the window with its buttons, in each language (`ui/src/text/*/errors.ts`). In JSON a
//! problem is `{"code": …, "args": {…}}`, one flat union over all rooms. `Display` says in plain English what happened,
//! for logs and as the command line's message; it names no command, no option and no button.

mod hub;
mod import;
mod model;
mod row;
mod run;
mod shell;
mod study;
mod workspace;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ErrorCode, ErrorPlace, Kind};

pub use hub::HubProblem;
pub use import::{ArchiveFault, ImportProblem, NotFound, Unreadable};
pub use model::ModelProblem;
pub use row::{
    BadBytes, CueFault, Double, Nameless, NoDialogue, NoSummary, NoText, Quote, RowFault, ValueKind,
};
pub use run::{
    ExperimentFault, Full, Interrupted, Locked, RecipeFault, RunProblem, SmallerPlan, Stall,
    TooLong, WrongState,
};
pub use shell::{FileFault, FolderFault, Misuse, ShellProblem};
pub use study::StudyProblem;
pub use workspace::{Corrupt, Room, WorkspaceProblem};

/// Declares a room's problems: an enum whose members have the names of their [`ErrorCode`]s, with their arguments.
macro_rules! problems {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident $({ $($fields:tt)* })? $(( $case:ty ))?,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[serde(tag = "code", content = "args", rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_meta])* $variant $({ $($fields)* })? $(( $case ))?,)+
        }

        impl $name {
            /// What went wrong, as one word.
            pub fn code(&self) -> $crate::ErrorCode {
                match self {
                    $(Self::$variant { .. } => $crate::ErrorCode::$variant,)+
                }
            }
        }

        impl std::error::Error for $name {}
    };
}
use problems;

/// Declares the cases of one code: the same for programs that only look at the code, but worded differently.
macro_rules! cases {
    ($(#[$meta:meta])* $name:ident { $($body:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[serde(tag = "case", rename_all = "snake_case")]
        pub enum $name { $($body)* }
    };
}
use cases;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(untagged)]
pub enum Problem {
    /// With the workspace.
    Workspace(WorkspaceProblem),
    /// With the user's files.
    Import(ImportProblem),
    /// With a recipe, a run or a rating.
    Run(RunProblem),
    /// With a language model.
    Model(ModelProblem),
    /// With the Hub.
    Hub(HubProblem),
    /// With a rating study.
    Study(StudyProblem),
    /// With the shell itself: the command line or the window.
    Shell(ShellProblem),
}

macro_rules! from_rooms {
    ($($room:ident($problem:ident)),+) => {
        $(impl From<$problem> for Problem {
            fn from(problem: $problem) -> Self {
                Self::$room(problem)
            }
        })+

        impl Problem {
            /// What went wrong, as one word.
            pub fn code(&self) -> ErrorCode {
                match self {
                    $(Self::$room(problem) => problem.code(),)+
                }
            }

            /// The file, row and field concerned, where there is one.
            pub fn place(&self) -> ErrorPlace {
                match self {
                    $(Self::$room(problem) => problem.place(),)+
                }
            }
        }

        impl fmt::Display for Problem {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$room(problem) => problem.fmt(f),)+
                }
            }
        }
    };
}
from_rooms!(
    Workspace(WorkspaceProblem),
    Import(ImportProblem),
    Run(RunProblem),
    Model(ModelProblem),
    Hub(HubProblem),
    Study(StudyProblem),
    Shell(ShellProblem)
);

impl std::error::Error for Problem {}

impl Problem {
    /// How a program should treat it.
    pub fn kind(&self) -> Kind {
        self.code().kind()
    }
}

/// What an [`ErrorReport`](crate::ErrorReport) knows of a problem: all of it, or the code alone where it was written
/// before problems had arguments or by a newer program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reported {
    /// The problem.
    Problem(Box<Problem>),
    /// Its code.
    Code {
        /// What went wrong.
        code: ErrorCode,
    },
}

impl Reported {
    /// What went wrong, as one word.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Problem(problem) => problem.code(),
            Self::Code { code } => *code,
        }
    }
}
