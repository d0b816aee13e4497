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

/// Columns of a table, as many as a sheet of Excel has: names after them are not looked at.
pub(super) const MOST_COLUMNS: usize = 16_384;

/// What may be made of a file, in bytes: this much for any file, and this much for each of its own bytes. The rest of
/// what an import may take, 50 MB and ten times the file, goes to the texts themselves.
const FREE_BYTES: usize = 36_000_000;
const TIMES: usize = 7;
/// The number of pieces is given in thousands.
const ROUND: usize = 1000;
/// What an example takes besides its texts, in bytes.
pub(super) const EXAMPLE_BYTES: usize = 360;
/// What a row that is not part of a conversation takes, besides its text and the name of its file.
pub(super) const LEFT_OUT_BYTES: usize = 160;

/// Room for what a file is divided into. Rows of a few bytes each take many times their length, and no conversation has
/// such rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    most: usize,
    taken: usize,
    /// Pieces that took it.
    pieces: usize,
}

impl Room {
    /// The room for a file of this length, in bytes.
    pub(super) fn of(bytes: usize) -> Self {
        Self {
            most: FREE_BYTES + bytes.saturating_mul(TIMES),
            taken: 0,
            pieces: 0,
        }
    }

    /// The file is longer by `bytes`.
    pub(super) fn grow(&mut self, bytes: usize) {
        self.most += bytes.saturating_mul(TIMES);
    }

    /// The same room with nothing in it.
    pub(super) fn empty(&self) -> Self {
        Self {
            taken: 0,
            pieces: 0,
            ..*self
        }
    }

    /// The whole room, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.most
    }

    /// Takes a number of bytes for a piece; `false` if too few are left.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        self.take_each(1, bytes)
    }

    /// Takes a number of bytes for each of several pieces.
    pub(super) fn take_each(&mut self, pieces: usize, bytes: usize) -> bool {
        self.pieces = self.pieces.saturating_add(pieces);
        self.taken = self.taken.saturating_add(pieces.saturating_mul(bytes));
        !self.is_full()
    }

    /// Whether more was wanted than is available.
    pub(super) fn is_full(&self) -> bool {
        self.taken > self.most
    }

    /// Refuses a file that wanted more.
    pub(super) fn check(&self, file: &str) -> Result<(), ImportProblem> {
        match self.is_full() {
            false => Ok(()),
            true => Err(self.refusal(file)),
        }
    }

    /// The refusal of a file that is divided into too many pieces. It says how many of them a part may have that is
    /// read however short they are: as many as the room of any file holds.
    pub(super) fn refusal(&self, file: &str) -> ImportProblem {
        let each = self.taken / self.pieces.max(1);
        let most = FREE_BYTES / each.max(EXAMPLE_BYTES);
        ImportProblem::TooLarge {
            file: file.to_owned(),
            limit: IntakeLimit::Pieces,
            most: (most / ROUND * ROUND).max(1) as u64,
        }
    }
}

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
        IntakeLimit::Columns => MOST_COLUMNS as u64,
        IntakeLimit::Pieces | IntakeLimit::Reach => (FREE_BYTES / EXAMPLE_BYTES) as u64,
    }
}
