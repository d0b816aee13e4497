//! Codes and ways out for the errors of the room below: the store.

use contract::{ErrorCode, Kind};

pub(super) fn store_code(error: &store::Error) -> ErrorCode {
    use store::Error::*;
    match error {
        NewerSchema { .. } => ErrorCode::NewerWorkspace,
        NotAWorkspace { .. } => ErrorCode::NotAWorkspace,
        DiskFull { .. } => ErrorCode::DiskFull,
        Busy { .. } => ErrorCode::Busy,
        ReadOnly { .. } => ErrorCode::ReadOnly,
        Corrupt { .. } => ErrorCode::Corrupt,
        Io { .. } => ErrorCode::Io,
        NameTaken { .. } => ErrorCode::NameTaken,
        NoSuchDataset { .. } => ErrorCode::NoSuchDataset,
        NoSuchRun { .. } => ErrorCode::NoSuchRun,
        NotFound { .. } => ErrorCode::NotFound,
        InUse { .. } => ErrorCode::InUse,
        AlreadyLocked { .. } => ErrorCode::RatingsLocked,
        ScoreOutOfRange { .. } => ErrorCode::ScoreOutOfRange,
        LeaseLost { .. } => ErrorCode::LeaseLost,
        Sql(_) => ErrorCode::Database,
    }
}

pub(super) fn store_fix(error: &store::Error) -> String {
    use store::Error::*;
    match error {
        NewerSchema { .. } => "Update Duologue, or name another workspace with --workspace.",
        NotAWorkspace { .. } => "Name another folder with --workspace.",
        DiskFull { .. } => "Free some space and do it again; everything finished before is kept.",
        Busy { .. } => "Try again in a moment.",
        ReadOnly { .. } | Io { .. } => "Check that the folder exists and that you may write to it.",
        Corrupt { .. } => "Restore the workspace folder from a backup.",
        NameTaken { .. } => "Choose another name.",
        NoSuchDataset { .. } => "`duologue datasets` lists the data sets of this workspace.",
        NoSuchRun { .. } => "`duologue runs` lists the runs of this workspace.",
        NotFound { what: "model", .. } => {
            "`duologue models list` lists the models of this workspace."
        }
        NotFound { .. } => "Choose one of those that exist.",
        InUse { .. } => "Remove what uses it first.",
        AlreadyLocked { .. } => "Create a new study to rate again.",
        ScoreOutOfRange { .. } => "Give a whole number from 1 to 5.",
        LeaseLost { .. } => "Nothing: the other process continues the run.",
        Sql(_) => "This is a defect; please report it with the message.",
    }
    .to_owned()
}

pub(super) fn store_kind(error: &store::Error) -> Kind {
    use store::Error::*;
    match error {
        LeaseLost { .. } => Kind::Locked,
        NewerSchema { .. }
        | NotAWorkspace { .. }
        | NameTaken { .. }
        | NoSuchDataset { .. }
        | NoSuchRun { .. }
        | NotFound { .. }
        | InUse { .. }
        | AlreadyLocked { .. }
        | ScoreOutOfRange { .. } => Kind::Input,
        _ => Kind::Failure,
    }
}
