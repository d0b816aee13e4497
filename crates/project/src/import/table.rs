//! Tables: CSV and TSV with a header, quoted line breaks and a byte-order mark, as spreadsheets write them.
//!
//! A row's number is the one that a spreadsheet shows: the header is row 1, however many lines a cell has.

use std::collections::{HashMap, HashSet};

use contract::problem::{BadBytes, Quote, RowFault};
use contract::{DropReason, FileFormat, IntakeLimit, Separator, excerpt};

use super::limits::{self, LEFT_OUT_BYTES, MOST_COLUMNS, Room};
use super::value::{Fields, Name, Value};
use super::{ImportProblem, Issue, Record, Records};

mod quotes;

use quotes::{QuoteFault, Row, Rows, line_end};

/// Lines at the top of a file that are looked at to find its header.
const HEADER_LINES: usize = 10;

/// What a row and a cell of it take besides their text, in bytes.
const ROW_BYTES: usize = 2 * size_of::<Record>();
const CELL_BYTES: usize = size_of::<(Name, Value)>() + 16;

/// Reads a table; rows with another number of cells, with quotation marks that do not fit, or that are not UTF-8,
/// become issues. The separator is found where it is not given.
pub(super) fn read(
    file: &str,
    bytes: &[u8],
    separator: Option<Separator>,
) -> Result<Records, ImportProblem> {
    let (told, start) = match hint(bytes) {
        Some((delimiter, start)) => (Some(delimiter), start),
        None => (None, 0),
    };
    let delimiter = separator
        .map(byte_of)
        .or(told)
        .unwrap_or_else(|| delimiter_of(bytes));
    let mut rows = Rows::new(bytes, delimiter, start);
    while rows.skip_empty_line() {}
    let columns = match rows.next() {
        Some(first) => {
            limits::check(file, IntakeLimit::Columns, first.width as u64)?;
            header(file, first)?
        }
        None => return Err(ImportProblem::Empty { file: file.into() }),
    };
    check_header(file, &bytes[start..], &columns)?;
    rows.expect(columns.len());
    let mut records = Records {
        layout: if delimiter == b'\t' {
            FileFormat::Tsv
        } else {
            FileFormat::Csv
        },
        columns: unlike(columns),
        separator: separator_of(delimiter),
        ..Records::new(FileFormat::Csv)
    };
    let names: Vec<Name> = records
        .columns
        .iter()
        .map(|name| name.as_str().into())
        .collect();
    let mut room = Room::of(bytes.len());
    let mut row = 1;
    loop {
        row += 1;
        if rows.skip_empty_line() {
            continue;
        }
        let Some(next) = rows.next() else {
            break;
        };
        if next.is_blank() {
            // A spreadsheet writes its separators in every row that has been touched.
            if !room.take(LEFT_OUT_BYTES + file.len()) {
                break;
            }
            records
                .measure
                .drop(file, row as u64, DropReason::Empty, "");
            continue;
        }
        match fields_of(&names, next) {
            Ok(_) if !room.take(ROW_BYTES + CELL_BYTES * names.len()) => break,
            Ok(fields) => records.rows.push(Record { row, fields }),
            Err(fault) => records.issues.push(Issue::error(file, row, "", fault)),
        }
    }
    room.check(file)?;
    records.room = room;
    Ok(records)
}

/// Whether a text without a telling ending has a header row with several cells, among them a dialogue and a summary. A
/// colon marks the line as part of a transcript.
pub(super) fn looks_like_one(bytes: &[u8]) -> bool {
    if hint(bytes).is_some() {
        return true;
    }
    let first = first_line(bytes);
    let Ok(header) = std::str::from_utf8(first) else {
        return false;
    };
    let names = names_of(header, delimiter_of(bytes));
    names.len() >= 2 && !header.contains(": ") && super::columns::guess(&names).is_some()
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    &bytes[..end.unwrap_or(bytes.len())]
}

fn names_of(header: &str, delimiter: u8) -> Vec<String> {
    header
        .trim()
        .split(char::from(delimiter))
        .take(MOST_COLUMNS)
        .map(|name| name.trim().trim_matches('"').to_owned())
        .collect()
}

/// Excel's own hint, `sep=;` on a line before the header: the separator, and where the table begins.
fn hint(bytes: &[u8]) -> Option<(u8, usize)> {
    let line = first_line(bytes).trim_ascii();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let (word, separator) = line.split_at_checked(4)?;
    let is_hint = word.eq_ignore_ascii_case(b"sep=");
    let delimiter = match separator.strip_suffix(b"\"").unwrap_or(separator) {
        [delimiter] => *delimiter,
        [] | [b'\\', b't'] => b'\t',
        _ => return None,
    };
    is_hint.then(|| (delimiter, line_end(bytes, 0)))
}

const fn byte_of(separator: Separator) -> u8 {
    match separator {
        Separator::Comma => b',',
        Separator::Semicolon => b';',
        Separator::Tab => b'\t',
        Separator::Bar => b'|',
    }
}

fn separator_of(delimiter: u8) -> Option<Separator> {
    Separator::ALL
        .iter()
        .copied()
        .find(|separator| byte_of(*separator) == delimiter)
}

/// The separator that splits the header most often; a comma if none does.
fn delimiter_of(bytes: &[u8]) -> u8 {
    let header = first_line(bytes);
    let count = |delimiter: u8| {
        let mut quoted = false;
        let mut count = 0;
        for &byte in header {
            match byte {
                b'"' => quoted = !quoted,
                _ if byte == delimiter && !quoted => count += 1,
                _ => {}
            }
        }
        count
    };
    let mut best = (b',', count(b','));
    let others = [Separator::Tab, Separator::Semicolon, Separator::Bar];
    for delimiter in others.map(byte_of) {
        let found = count(delimiter);
        if found > best.1 {
            best = (delimiter, found);
        }
    }
    best.0
}

fn header(file: &str, first: Row) -> Result<Vec<String>, ImportProblem> {
    let cells = first.cells.map_err(|fault| ImportProblem::Table {
        file: file.into(),
        row: 1,
        reason: quote(fault).to_string(),
    })?;
    let mut columns = Vec::with_capacity(cells.len());
    for cell in cells {
        let Ok(name) = String::from_utf8(cell) else {
            return Err(ImportProblem::InvalidUtf8 {
                file: file.into(),
                row: 1,
                offset: first.start,
                utf16: false,
            });
        };
        columns.push(name.trim().to_owned());
    }
    Ok(columns)
}

/// Refuses a table whose first line is a title, if one of the next lines has the names of columns.
fn check_header(file: &str, bytes: &[u8], columns: &[String]) -> Result<(), ImportProblem> {
    if super::columns::guess(columns).is_some() {
        return Ok(());
    }
    let mut place = 0;
    for number in 1..=HEADER_LINES {
        let line = first_line(&bytes[place.min(bytes.len())..]);
        let names = match std::str::from_utf8(line) {
            Ok(line) => names_of(line, delimiter_of(line.as_bytes())),
            Err(_) => Vec::new(),
        };
        let is_header = names.len() > 1
            && names.iter().all(|name| name.chars().count() <= 40)
            && super::columns::guess(&names).is_some();
        if is_header && number > 1 {
            return Err(ImportProblem::HeaderNotFirst {
                file: file.into(),
                first: excerpt(&String::from_utf8_lossy(first_line(bytes))),
                header: Some(number),
            });
        }
        place = line_end(bytes, place.min(bytes.len()));
    }
    Ok(())
}

/// The names of columns, each once: a second `summary` becomes `summary_2`, a column without a name `column_3`.
pub(super) fn unlike(columns: Vec<String>) -> Vec<String> {
    let names: HashSet<String> = columns.iter().cloned().collect();
    let mut taken = HashSet::new();
    let mut next: HashMap<String, usize> = HashMap::new();
    let mut unlike = Vec::with_capacity(columns.len());
    for (place, name) in columns.into_iter().enumerate() {
        let name = match name.is_empty() {
            true => format!("column_{}", place + 1),
            false => name,
        };
        let mut free = name.clone();
        while taken.contains(&free) || (free != name && names.contains(&free)) {
            let number = next.entry(name.clone()).or_insert(1);
            *number += 1;
            free = format!("{name}_{number}");
        }
        taken.insert(free.clone());
        unlike.push(free);
    }
    unlike
}

fn fields_of(columns: &[Name], row: Row) -> Result<Fields, RowFault> {
    let cells = row
        .cells
        .map_err(|fault| RowFault::OpenQuote(quote(fault)))?;
    if row.width != columns.len() {
        return Err(RowFault::RaggedRow {
            cells: row.width,
            columns: columns.len(),
        });
    }
    let mut fields = Fields::with_capacity(columns.len());
    for (column, cell) in columns.iter().zip(cells) {
        let Ok(text) = String::from_utf8(cell) else {
            return Err(RowFault::InvalidUtf8(BadBytes::Row { offset: row.start }));
        };
        fields.push(column.clone(), text.into());
    }
    Ok(fields)
}

fn quote(fault: QuoteFault) -> Quote {
    match fault {
        QuoteFault::Open => Quote::Open {},
        QuoteFault::TextBehind => Quote::TextBehind {},
    }
}

#[cfg(test)]
mod tests;
