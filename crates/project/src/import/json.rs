//! JSON in three layouts: a list of objects, an object that holds such a list, one object per line.
//!
//! Rows count as their owner sees them: items of a list from 1, lines of a JSON Lines file from 1.

use contract::{FileFormat, IssueCode};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{ImportProblem, Issue, Record, Records, Severity};

/// Rows whose fields make up the list of columns.
const COLUMN_ROWS: usize = 200;

/// A JSON list; items that are no objects become issues.
pub(super) fn read_list(file: &str, bytes: &[u8]) -> Result<Records, ImportProblem> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Array(items)) => from_items(file, items),
        Ok(_) => Err(ImportProblem::UnknownFormat { file: file.into() }),
        Err(error) => Err(whole_file_error(file, bytes, &error)),
    }
}

/// JSON Lines, or one object that holds a list of objects. A file that is meant as one document (`ending` "json")
/// but breaks off is an error of the file, not of its lines.
pub(super) fn read_objects(
    file: &str,
    bytes: &[u8],
    ending: &str,
) -> Result<Records, ImportProblem> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(fields)) => return from_document(file, fields),
        Ok(_) => return Err(ImportProblem::UnknownFormat { file: file.into() }),
        Err(error) if ending == "json" && !begins_with_object(bytes) => {
            return Err(whole_file_error(file, bytes, &error));
        }
        Err(_) => {}
    }
    let mut records = Records {
        layout: FileFormat::Jsonl,
        columns: Vec::new(),
        rows: Vec::new(),
        issues: Vec::new(),
    };
    let mut offset = 0;
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if !line.trim_ascii().is_empty() {
            match object_of(line, offset) {
                Ok(fields) => records.rows.push(Record {
                    row: index + 1,
                    fields,
                }),
                Err((code, reason)) => records.issues.push(issue(file, index + 1, code, reason)),
            }
        }
        offset += line.len() + 1;
    }
    if records.rows.is_empty() && !matches!(ending, "jsonl" | "ndjson") {
        return Err(ImportProblem::UnknownFormat { file: file.into() });
    }
    records.columns = columns_of(&records.rows);
    Ok(records)
}

/// Whether a text without a telling ending is JSON, or JSON Lines by its first line.
pub(super) fn looks_like_it(bytes: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(bytes).is_ok() || begins_with_object(bytes)
}

fn begins_with_object(bytes: &[u8]) -> bool {
    let first = bytes
        .split(|&byte| byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty());
    first.is_some_and(|line| serde_json::from_slice::<Map<String, Value>>(line).is_ok())
}

/// The longest list of objects among the fields; without one the object is a single row.
fn from_document(file: &str, mut fields: Map<String, Value>) -> Result<Records, ImportProblem> {
    let count = |value: &Value| match value {
        Value::Array(items) if items.iter().all(Value::is_object) => items.len(),
        _ => 0,
    };
    // A dialogue's own turns are a list of objects too: an object with dialogue and summary is itself a row.
    let names: Vec<String> = fields.keys().cloned().collect();
    let is_row = super::columns::guess(&names).is_some();
    let longest = fields
        .iter()
        .max_by_key(|(_, value)| count(value))
        .map(|(name, value)| (name.clone(), count(value)));
    if let Some((name, length)) = longest
        && length > 0
        && !is_row
        && let Some(Value::Array(items)) = fields.remove(&name)
    {
        return from_items(file, items);
    }
    let rows = if fields.is_empty() {
        Vec::new()
    } else {
        vec![Record { row: 1, fields }]
    };
    Ok(Records {
        layout: FileFormat::Jsonl,
        columns: columns_of(&rows),
        rows,
        issues: Vec::new(),
    })
}

fn from_items(file: &str, items: Vec<Value>) -> Result<Records, ImportProblem> {
    let mut records = Records {
        layout: FileFormat::Json,
        columns: Vec::new(),
        rows: Vec::new(),
        issues: Vec::new(),
    };
    let length = items.len();
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Value::Object(fields) => records.rows.push(Record {
                row: index + 1,
                fields,
            }),
            other => {
                let reason = format!(
                    "this item is {}, not an object with fields",
                    kind_of(&other)
                );
                records
                    .issues
                    .push(issue(file, index + 1, IssueCode::NotObject, reason));
            }
        }
    }
    if length > 0 && records.rows.is_empty() {
        return Err(ImportProblem::UnknownFormat { file: file.into() });
    }
    records.columns = columns_of(&records.rows);
    Ok(records)
}

fn object_of(line: &[u8], offset: usize) -> Result<Map<String, Value>, (IssueCode, String)> {
    if let Err(error) = std::str::from_utf8(line) {
        return Err((
            IssueCode::InvalidUtf8,
            format!(
                "not UTF-8 at byte {} of the file",
                offset + error.valid_up_to()
            ),
        ));
    }
    match serde_json::from_slice::<Value>(line) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err((
            IssueCode::NotObject,
            format!(
                "this line is {}, not an object with fields",
                kind_of(&other)
            ),
        )),
        Err(error) => Err((
            IssueCode::Json,
            format!(
                "not valid JSON at column {}: {}",
                error.column(),
                plain(&error)
            ),
        )),
    }
}

fn whole_file_error(file: &str, bytes: &[u8], error: &serde_json::Error) -> ImportProblem {
    if let Err(utf8) = std::str::from_utf8(bytes) {
        let offset = utf8.valid_up_to();
        let row = 1 + bytes[..offset]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        return ImportProblem::InvalidUtf8 {
            file: file.into(),
            row,
            offset,
            utf16: false,
        };
    }
    ImportProblem::Json {
        file: file.into(),
        row: error.line(),
        column: error.column(),
        reason: plain(error),
    }
}

/// The parser's sentence without the place, which is given separately.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// "a text", "a number": for sentences about a value of the wrong kind.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn columns_of(rows: &[Record]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for name in rows
        .iter()
        .take(COLUMN_ROWS)
        .flat_map(|record| record.fields.keys())
    {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    columns
}

fn issue(file: &str, row: usize, code: IssueCode, reason: String) -> Issue {
    let fix = match code {
        IssueCode::InvalidUtf8 => "Save the file as UTF-8, or take the row out.",
        _ => {
            "Correct the row or take it out; each row is one object such as {\"dialogue\": …, \"summary\": …}."
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
