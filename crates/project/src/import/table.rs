//! Tables: CSV and TSV with a header, quoted line breaks and a byte-order mark, as spreadsheets write them.
//!
//! A row's number is the one that a spreadsheet shows: the header is row 1, however many lines a cell has.

use contract::{FileFormat, IssueCode};
use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};

use super::{ImportProblem, Issue, Record, Records, Severity};

/// Reads a table; rows with another number of cells, or that are not UTF-8, become issues.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Records, ImportProblem> {
    let delimiter = delimiter_of(bytes);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(bytes);
    let columns = header(
        file,
        reader
            .byte_headers()
            .map_err(|error| table_error(file, 1, &error))?,
    )?;
    let mut records = Records {
        layout: if delimiter == b'\t' {
            FileFormat::Tsv
        } else {
            FileFormat::Csv
        },
        columns,
        rows: Vec::new(),
        issues: Vec::new(),
    };
    let mut cells = ByteRecord::new();
    let (mut row, mut last_start) = (1, 0);
    while reader
        .read_byte_record(&mut cells)
        .map_err(|error| table_error(file, row + 1, &error))?
    {
        row += 1;
        last_start = cells
            .position()
            .map_or(last_start, |position| position.byte() as usize);
        match fields_of(&records.columns, &cells) {
            Ok(fields) => records.rows.push(Record { row, fields }),
            Err((code, reason)) => records.issues.push(issue(file, row, code, reason)),
        }
    }
    report_open_quote(
        file,
        row,
        bytes.get(last_start..).unwrap_or_default(),
        &mut records,
    );
    Ok(records)
}

/// Whether a text without a telling ending has a header row with several cells, among them a dialogue and a summary. A
/// colon makes the line one of a transcript.
pub(super) fn looks_like_one(bytes: &[u8]) -> bool {
    let first = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let Ok(header) = std::str::from_utf8(first) else {
        return false;
    };
    let delimiter = char::from(delimiter_of(bytes));
    let names: Vec<String> = header
        .trim()
        .split(delimiter)
        .map(|name| name.trim().trim_matches('"').to_owned())
        .collect();
    names.len() >= 2 && !header.contains(": ") && super::columns::guess(&names).is_some()
}

/// The separator that splits the header most often; a comma if none does.
fn delimiter_of(bytes: &[u8]) -> u8 {
    let header = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
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
    for delimiter in [b'\t', b';'] {
        let found = count(delimiter);
        if found > best.1 {
            best = (delimiter, found);
        }
    }
    best.0
}

fn header(file: &str, cells: &ByteRecord) -> Result<Vec<String>, ImportProblem> {
    let mut columns = Vec::with_capacity(cells.len());
    for cell in cells {
        let Ok(name) = std::str::from_utf8(cell) else {
            return Err(ImportProblem::InvalidUtf8 {
                file: file.into(),
                row: 1,
                offset: offset_of(cells),
                utf16: false,
            });
        };
        columns.push(name.trim().to_owned());
    }
    Ok(columns)
}

fn fields_of(
    columns: &[String],
    cells: &ByteRecord,
) -> Result<Map<String, Value>, (IssueCode, String)> {
    if cells.len() != columns.len() {
        let reason = format!(
            "this row has {} cells, the header has {}",
            cells.len(),
            columns.len()
        );
        return Err((IssueCode::RaggedRow, reason));
    }
    let mut fields = Map::new();
    for (column, cell) in columns.iter().zip(cells) {
        let Ok(text) = std::str::from_utf8(cell) else {
            return Err((
                IssueCode::InvalidUtf8,
                format!(
                    "not UTF-8 in the row at byte {} of the file",
                    offset_of(cells)
                ),
            ));
        };
        fields
            .entry(column.clone())
            .or_insert_with(|| Value::String(text.to_owned()));
    }
    Ok(fields)
}

fn offset_of(cells: &ByteRecord) -> usize {
    cells
        .position()
        .map_or(0, |position| position.byte() as usize)
}

/// A quote that is never closed swallows the rest of the file into one row: that row is bad, whatever it holds.
fn report_open_quote(file: &str, row: usize, last: &[u8], records: &mut Records) {
    let opens = [&b",\""[..], b"\t\"", b";\""]
        .iter()
        .any(|open| last.windows(2).any(|pair| pair == *open));
    let quotes = last.iter().filter(|&&byte| byte == b'"').count();
    let is_open = quotes % 2 == 1 && (opens || last.first() == Some(&b'"'));
    if row < 2 || !is_open {
        return;
    }
    records.rows.retain(|record| record.row != row);
    records.issues.retain(|issue| issue.row != row);
    let reason = "a quotation mark is opened in this row and never closed; all lines below were read as part of it";
    records
        .issues
        .push(issue(file, row, IssueCode::OpenQuote, reason.into()));
}

fn table_error(file: &str, row: usize, error: &csv::Error) -> ImportProblem {
    ImportProblem::Table {
        file: file.into(),
        row,
        reason: error.to_string(),
    }
}

fn issue(file: &str, row: usize, code: IssueCode, reason: String) -> Issue {
    let fix = match code {
        IssueCode::InvalidUtf8 => "Save the table as `CSV UTF-8`, or take the row out.",
        IssueCode::OpenQuote => {
            "Close the quotation mark, or write it twice where it belongs to the text."
        }
        _ => {
            "Put text that holds separators or line breaks in quotation marks, or take the row out."
        }
    };
    Issue {
        file: file.into(),
        row,
        field: String::new(),
        code,
        reason,
        fix: fix.into(),
        severity: Severity::Error,
    }
}
