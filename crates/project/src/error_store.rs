//! Codes and ways out for the errors of the room below: the store.

use super::Kind;

pub(super) fn store_code(error: &store::Error) -> &'static str {
    use store::Error::*;
    match error {
        NewerSchema { .. } => "newer_workspace",
        NotAWorkspace { .. } => "not_a_workspace",
        DiskFull { .. } => "disk_full",
        Busy { .. } => "busy",
        ReadOnly { .. } => "read_only",
        Corrupt { .. } => "corrupt",
        Io { .. } => "io",
        NameTaken { .. } => "name_taken",
        NoSuchDataset { .. } => "no_such_dataset",
        NoSuchRun { .. } => "no_such_run",
        NotFound { .. } => "not_found",
        InUse { .. } => "in_use",
        AlreadyLocked { .. } => "ratings_locked",
        ScoreOutOfRange { .. } => "score_out_of_range",
        LeaseLost { .. } => "lease_lost",
        UnknownWord { .. } => "unknown_word",
        Sql(_) => "database",
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
        NotFound { .. } | UnknownWord { .. } => "Choose one of those that exist.",
        InUse { .. } => "Remove what uses it first.",
        AlreadyLocked { .. } => "Create a new study to rate again.",
        ScoreOutOfRange { .. } => "Give a whole number from 1 to 5.",
        LeaseLost { .. } => "Nothing: the other process goes on with the run.",
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
        | ScoreOutOfRange { .. }
        | UnknownWord { .. } => Kind::Input,
        _ => Kind::Failure,
    }
}
