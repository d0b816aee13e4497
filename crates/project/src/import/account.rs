//! Where everything in a file went: each reader counts here, and the sums have to agree.
//!
//! A reader gives every record its [`Units`], adds what it loses with bad rows and lists what it drops. Whether a record
//! is imported is decided later (columns, splits, leaks), so the account is closed over the examples that are left:
//! [`Import::account`](super::Import::account).

use std::collections::HashMap;

use contract::{AccountUnit, DropReason, Dropped};

/// Longest text of something dropped, in characters.
const DROPPED_CHARS: usize = 60;

/// What a record is made of, in the unit of its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units {
    /// Everything that belongs to it.
    pub read: usize,
    /// How much of it was added to a turn that had begun before.
    pub merged: usize,
}

impl Units {
    /// A row that is a record by itself.
    pub const ROW: Self = Self { read: 1, merged: 0 };
}

/// What a file holds besides its records.
#[derive(Debug)]
pub(super) struct Measure {
    /// What is counted.
    pub(super) unit: AccountUnit,
    /// What is not part of a conversation.
    pub(super) dropped: Vec<Dropped>,
    units: HashMap<usize, Units>,
    /// What was read with rows that are not a record; `None` where each of them is one.
    lost: Option<usize>,
}

impl Measure {
    /// A file whose records are its rows.
    pub(super) fn of_rows() -> Self {
        Self {
            unit: AccountUnit::Row,
            dropped: Vec::new(),
            units: HashMap::new(),
            lost: None,
        }
    }

    /// A file whose records are made of several pieces.
    pub(super) fn of_pieces(unit: AccountUnit) -> Self {
        Self {
            unit,
            lost: Some(0),
            ..Self::of_rows()
        }
    }

    /// Gives the record of a row its pieces.
    pub(super) fn set(&mut self, row: usize, units: Units) {
        self.units.insert(row, units);
    }

    /// Counts pieces that belong to no record, because what they belong to is bad.
    pub(super) fn lose(&mut self, read: usize) {
        *self.lost.get_or_insert(0) += read;
    }

    /// Lists something that is not part of a conversation.
    pub(super) fn drop(&mut self, file: &str, place: u64, reason: DropReason, text: &str) {
        self.list(file, place, reason, shown(text).into());
    }

    /// Lists something whose text is cut to what a list shows.
    pub(super) fn list(&mut self, file: &str, place: u64, reason: DropReason, text: Box<str>) {
        self.dropped.push(Dropped {
            file: file.to_owned(),
            at: place,
            reason,
            text: text.into(),
        });
    }

    /// The pieces of the record of a row.
    pub(super) fn units(&self, row: usize) -> Units {
        self.units.get(&row).copied().unwrap_or(Units::ROW)
    }

    /// All that the file holds, given its records' rows and the number of bad rows.
    pub(super) fn read(&self, rows: impl Iterator<Item = usize>, bad_rows: usize) -> usize {
        rows.map(|row| self.units(row).read).sum::<usize>()
            + self.lost.unwrap_or(bad_rows)
            + self.dropped.len()
    }
}

/// A text on one line and cut to what a list shows.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut chars = 0;
    for word in text.split_whitespace() {
        let blank = if chars > 0 { " " } else { "" };
        for sign in blank.chars().chain(word.chars()) {
            if chars == DROPPED_CHARS {
                return shown;
            }
            shown.push(sign);
            chars += 1;
        }
    }
    shown
}
