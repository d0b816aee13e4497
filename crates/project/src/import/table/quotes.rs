//! One row of a table, by RFC 4180 and by what people do to it: inch signs, quotation marks that are not doubled, not
//! closed, or escaped with a backslash.
//!
//! Readers of tables are lenient: an open quotation mark turns everything below it into one cell, and nobody is told.
//! Here a faulty row ends where its end can be recognised and is named, and the rows below it are read.

use crate::import::limits::MOST_COLUMNS;
use crate::work;

/// Searches to the end of the file for a closing mark, after which a cell may no longer span several lines.
const MOST_SEARCHES: usize = 4;

/// What is wrong with the quotation marks of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuoteFault {
    /// One is opened and never closed.
    Open,
    /// Text follows a closing one.
    TextBehind,
}

/// A row of a table.
pub(super) struct Row {
    /// Offset of its first byte.
    pub(super) start: usize,
    /// The number of its cells.
    pub(super) width: usize,
    /// Its cells, as many as a table may have columns.
    pub(super) cells: Result<Vec<Vec<u8>>, QuoteFault>,
}

impl Row {
    /// Whether it has nothing but separators.
    pub(super) fn is_blank(&self) -> bool {
        let is_blank = |cell: &Vec<u8>| cell.trim_ascii().is_empty();
        self.width > 1
            && self
                .cells
                .as_ref()
                .is_ok_and(|cells| cells.iter().all(is_blank))
    }
}

/// The rows of a table.
pub(super) struct Rows<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    /// Where the next row begins.
    next: usize,
    /// Number of cells of the header; `None` before it is read.
    width: Option<usize>,
    searches: usize,
}

/// A row as far as it could be read.
struct Scan {
    cells: Vec<Vec<u8>>,
    /// The number of cells.
    width: usize,
    /// Where the next row begins.
    end: usize,
    fault: Option<QuoteFault>,
    /// Whether a digit precedes the mark that closes the last quoted cell, as before an inch sign.
    closes_behind_digit: bool,
}

impl Scan {
    fn push(&mut self, cell: Vec<u8>) {
        self.width += 1;
        if self.width <= MOST_COLUMNS {
            self.cells.push(cell);
        }
    }
}

impl<'a> Rows<'a> {
    pub(super) fn new(bytes: &'a [u8], delimiter: u8, next: usize) -> Self {
        Self {
            bytes,
            delimiter,
            next,
            width: None,
            searches: 0,
        }
    }

    /// Says how many cells a row has.
    pub(super) fn expect(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// Whether the next line is empty; it is not a row, but counts.
    pub(super) fn skip_empty_line(&mut self) -> bool {
        let is_empty = matches!(self.bytes.get(self.next), Some(b'\n' | b'\r'));
        if is_empty {
            self.next = line_end(self.bytes, self.next);
        }
        is_empty
    }

    /// Where a faulty row ends: with its first line, or with the line on which its cell is closed.
    fn end_of_bad(&self, start: usize) -> usize {
        let first = line_end(self.bytes, start);
        let mut place = first;
        while place < self.bytes.len() {
            let end = line_end(self.bytes, place);
            work::visit(end - place);
            let line = &self.bytes[place..end];
            if let Some(quote) = line.iter().position(|byte| *byte == b'"') {
                return match self.closes_a_cell(line, quote) {
                    true => end,
                    false => first,
                };
            }
            place = end;
        }
        first
    }

    /// Whether a quotation mark ends a cell that began on an earlier line: a separator or the line's end follows, and
    /// what comes before is neither a separator nor, as before an inch sign, a digit.
    fn closes_a_cell(&self, line: &[u8], quote: usize) -> bool {
        let before = quote.checked_sub(1).map(|place| line[place]);
        let ends = match line.get(quote + 1) {
            None | Some(b'\n' | b'\r') => true,
            Some(byte) => *byte == self.delimiter,
        };
        ends && before.is_some_and(|byte| byte != self.delimiter && !byte.is_ascii_digit())
    }

    fn scan(&mut self, start: usize, is_escaped: bool) -> Scan {
        let is_one_line = self.searches >= MOST_SEARCHES;
        let scan = scan(self.bytes, start, self.delimiter, is_escaped, is_one_line);
        if scan.fault == Some(QuoteFault::Open) {
            self.searches += 1;
        }
        scan
    }

    /// Whether an open quotation mark has made one row of several: each further line is a row by itself.
    fn has_swallowed(&self, start: usize, scan: &Scan, width: usize) -> bool {
        let first = line_end(self.bytes, start);
        if first >= scan.end {
            return false;
        }
        let is_even = scan.width == width;
        if is_even && !scan.closes_behind_digit {
            return false;
        }
        let mut place = if is_even { start } else { first };
        while place < scan.end {
            let end = line_end(self.bytes, place);
            work::visit(end - place);
            let line = &self.bytes[place..end];
            let cells = 1 + line.iter().filter(|byte| **byte == self.delimiter).count();
            let quote = line.iter().position(|byte| *byte == b'"');
            let closes = quote.is_some_and(|quote| self.closes_a_cell(line, quote));
            if cells != width || (place > start && closes) {
                return false;
            }
            place = end;
        }
        width > 1
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let start = self.next;
        if start >= self.bytes.len() {
            return None;
        }
        let mut read = self.scan(start, false);
        let has_backslash =
            |end: usize| self.bytes[start..end].windows(2).any(|two| two == b"\\\"");
        if read.fault.is_some() && has_backslash(read.end) {
            // As MySQL and many scripts write it.
            let escaped = self.scan(start, true);
            if escaped.fault.is_none() && self.width.is_none_or(|n| escaped.width == n) {
                read = escaped;
            }
        }
        let fault = match (read.fault, self.width) {
            (None, Some(width)) if self.has_swallowed(start, &read, width) => {
                self.next = line_end(self.bytes, start);
                Some(QuoteFault::Open)
            }
            (None, _) => {
                self.next = read.end;
                None
            }
            (Some(fault), _) => {
                self.next = self.end_of_bad(start);
                Some(fault)
            }
        };
        let cells = match fault {
            Some(fault) => Err(fault),
            None => Ok(read.cells),
        };
        Some(Row {
            start,
            width: read.width,
            cells,
        })
    }
}

enum State {
    Start,
    Plain,
    Quoted,
    Closed,
}

fn scan(bytes: &[u8], start: usize, delimiter: u8, is_escaped: bool, is_one_line: bool) -> Scan {
    let mut scan = Scan {
        cells: Vec::new(),
        width: 0,
        end: bytes.len(),
        fault: None,
        closes_behind_digit: false,
    };
    let (mut cell, mut state, mut place) = (Vec::new(), State::Start, start);
    while let Some(&byte) = bytes.get(place) {
        let is_end = matches!(byte, b'\n' | b'\r');
        match state {
            State::Start if byte == b'"' => state = State::Quoted,
            State::Quoted if byte == b'"' => {
                state = State::Closed;
                scan.closes_behind_digit = bytes[place - 1].is_ascii_digit();
            }
            State::Quoted if is_escaped && bytes[place..].starts_with(b"\\\"") => {
                cell.push(b'"');
                place += 1;
            }
            State::Quoted if is_end && is_one_line => break,
            State::Quoted => cell.push(byte),
            State::Closed if byte == b'"' => {
                cell.push(b'"');
                state = State::Quoted;
            }
            _ if byte == delimiter => {
                scan.push(std::mem::take(&mut cell));
                state = State::Start;
            }
            _ if is_end => {
                scan.end = line_end(bytes, place);
                scan.push(cell);
                work::visit(scan.end - start);
                return scan;
            }
            State::Closed if byte == b' ' || byte == b'\t' => {}
            State::Closed => {
                scan.fault = Some(QuoteFault::TextBehind);
                scan.end = place;
                work::visit(place - start);
                return scan;
            }
            State::Start | State::Plain => {
                state = State::Plain;
                cell.push(byte);
            }
        }
        place += 1;
    }
    work::visit(place - start);
    scan.end = place;
    if matches!(state, State::Quoted) {
        scan.fault = Some(QuoteFault::Open);
    } else {
        scan.push(cell);
    }
    scan
}

/// Where the next line begins.
pub(super) fn line_end(bytes: &[u8], start: usize) -> usize {
    let length = bytes[start..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'));
    let Some(length) = length else {
        return bytes.len();
    };
    match bytes.get(start + length..start + length + 2) {
        Some(b"\r\n") => start + length + 2,
        _ => start + length + 1,
    }
}
