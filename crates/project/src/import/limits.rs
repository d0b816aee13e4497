//! Bounds on what is read, so that no file can fill the memory (`docs/cli.md`).

use contract::IntakeLimit;
use contract::problem::ImportProblem;

/// Bytes of a file.
pub(super) const FILE_BYTES: u64 = 512 << 20;
/// Members of an archive.
pub(super) const MEMBERS: u64 = 10_000;
/// Unpacked bytes of one member.
pub(super) const MEMBER_BYTES: u64 = 256 << 20;
/// Unpacked bytes of all members that are read.
pub(super) const ARCHIVE_BYTES: u64 = 512 << 20;
/// Depth of nested XML elements.
pub(super) const DEPTH: u64 = 64;
/// Bytes of one cell of a workbook.
pub(super) const CELL_BYTES: u64 = 1 << 20;
/// Turns of all dialogues of an import.
pub(super) const TURNS: u64 = 5_000_000;

/// Refuses what exceeds a bound.
pub(super) fn check(file: &str, limit: IntakeLimit, found: u64) -> Result<(), ImportProblem> {
    let most = most(limit);
    match found <= most {
        true => Ok(()),
        false => Err(ImportProblem::TooLarge {
            file: file.to_owned(),
            limit,
            most,
        }),
    }
}

fn most(limit: IntakeLimit) -> u64 {
    match limit {
        IntakeLimit::FileBytes => FILE_BYTES,
        IntakeLimit::Members => MEMBERS,
        IntakeLimit::MemberBytes => MEMBER_BYTES,
        IntakeLimit::ArchiveBytes => ARCHIVE_BYTES,
        IntakeLimit::Depth => DEPTH,
        IntakeLimit::CellBytes => CELL_BYTES,
        IntakeLimit::Turns => TURNS,
    }
}
