//! JSON in the layouts of data sets: a list of objects, objects one after the other, tables as pandas and the Hugging
//! Face Hub write them, a list for each split.
//!
//! Rows count as their owner sees them: items of a list from 1, lines of a JSON Lines file from 1. What programs write
//! but strict JSON does not have is corrected first ([`tokens`]).

use std::collections::HashSet;

use contract::problem::{BadBytes, RowFault, ValueKind};
use contract::{FileFormat, excerpt, excerpts};
use serde::de::{DeserializeSeed, IgnoredAny};

use super::limits::{MOST_COLUMNS, Room};
use super::value::{Checked, CheckedObject, Fields, Names, Value};
use super::{ImportProblem, Issue, Record, Records};
use crate::work;

mod layout;
mod tokens;

use layout::Found;
use tokens::Tokens;

/// A JSON list; items that are not objects become issues.
pub(super) fn read_list(file: &str, bytes: &[u8]) -> Result<Records, ImportProblem> {
    let tokens = Tokens::of(bytes);
    match document(file, tokens.bytes())? {
        Ok((Value::Array(items), room)) => Ok(from_items(file, items)?.with_room(room)),
        Ok(_) => Err(ImportProblem::UnknownFormat { file: file.into() }),
        Err(error) => Err(whole_file_error(file, bytes, &tokens, &error)),
    }
}

/// Objects one after the other, or one object that holds all rows. A file that is meant as one document (`ending`
/// "json") but breaks off is an error of the file, not of its lines.
pub(super) fn read_objects(
    file: &str,
    bytes: &[u8],
    ending: &str,
) -> Result<Records, ImportProblem> {
    let tokens = Tokens::of(bytes);
    work::visit(bytes.len());
    let is_document = serde_json::from_slice::<Checked>(tokens.bytes()).is_ok();
    if is_document || (ending == "json" && !begins_with_object(tokens.bytes())) {
        return match document(file, tokens.bytes())? {
            Ok((Value::Object(fields), room)) => Ok(from_document(file, fields)?.with_room(room)),
            Ok(_) => Err(ImportProblem::UnknownFormat { file: file.into() }),
            Err(error) => Err(whole_file_error(file, bytes, &tokens, &error)),
        };
    }
    let mut records = Records::new(FileFormat::Jsonl);
    let names = Names::with_room(Room::of(bytes.len()));
    let mut lines = Lines::of(file, tokens.bytes(), &names);
    while lines.read(&mut records) {}
    names.room().check(file)?;
    if records.rows.is_empty() && !matches!(ending, "jsonl" | "ndjson") {
        return Err(ImportProblem::UnknownFormat { file: file.into() });
    }
    records.columns = columns_of(&records.rows);
    records.room = names.room();
    Ok(records)
}

impl Records {
    fn with_room(self, room: Room) -> Self {
        Self { room, ..self }
    }
}

/// A value, and the room of its file with what it has taken.
type Roomed = (Value, Room);

/// The one value of a document, or what is wrong with it.
///
/// # Errors
/// [`ImportProblem::TooLarge`] for a document of too many values.
fn document(file: &str, bytes: &[u8]) -> Result<Result<Roomed, serde_json::Error>, ImportProblem> {
    let names = Names::with_room(Room::of(bytes.len()));
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = names
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    names.room().check(file)?;
    Ok(value.map(|value| (value, names.room())))
}

/// Whether a text without a telling ending is JSON, or begins with an object.
pub(super) fn looks_like_it(bytes: &[u8]) -> bool {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if !matches!(
        first,
        Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
    ) {
        return false;
    }
    let tokens = Tokens::of(bytes);
    serde_json::from_slice::<IgnoredAny>(tokens.bytes()).is_ok()
        || begins_with_object(tokens.bytes())
}

fn begins_with_object(bytes: &[u8]) -> bool {
    work::visit(bytes.len());
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<CheckedObject>();
    values.next().is_some_and(|first| first.is_ok())
}

/// The lines of a file with one object after the other, each on one line or on several.
struct Lines<'a> {
    file: &'a str,
    bytes: &'a [u8],
    names: &'a Names,
    /// The byte that ends a line: a carriage return only where nothing else does.
    line_end: u8,
    /// Offset of the next line, and its number.
    next: usize,
    number: usize,
    /// No object over several lines was found up to here.
    searched: usize,
}

impl<'a> Lines<'a> {
    fn of(file: &'a str, bytes: &'a [u8], names: &'a Names) -> Self {
        Self {
            file,
            bytes,
            names,
            line_end: match bytes.contains(&b'\n') {
                true => b'\n',
                false => b'\r',
            },
            next: 0,
            number: 1,
            searched: 0,
        }
    }

    /// Reads the next object; `false` at the end.
    fn read(&mut self, records: &mut Records) -> bool {
        if self.next >= self.bytes.len() {
            return false;
        }
        let (start, row) = (self.next, self.number);
        let line = self.take_line();
        if line.trim_ascii().is_empty() {
            return true;
        }
        work::visit(line.len() * 2);
        let mut found = match self.object_of(line, start) {
            Ok(fields) => {
                add(records, self.file, row, fields);
                return true;
            }
            Err(fault) => fault,
        };
        match self.over_lines(start, row, line) {
            Ok(objects) => {
                for (row, fields) in objects {
                    add(records, self.file, row, fields);
                }
                return true;
            }
            Err(None) => {}
            Err(Some(broken)) => {
                // The object that begins here is broken: its lines are not rows of their own.
                found = broken;
                while self.next < self.bytes.len() && !self.bytes[self.next..].starts_with(b"{") {
                    self.take_line();
                }
            }
        }
        records.issues.push(Issue::error(self.file, row, "", found));
        true
    }

    fn object_of(&self, line: &[u8], offset: usize) -> Result<Fields, RowFault> {
        if let Err(error) = std::str::from_utf8(line) {
            return Err(RowFault::InvalidUtf8(BadBytes::Row {
                offset: offset + error.valid_up_to(),
            }));
        }
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        let value = self.names.deserialize(&mut deserializer);
        match value.and_then(|value| deserializer.end().map(|()| value)) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(other) => Err(RowFault::NotObject {
                found: kind_of(&other),
            }),
            Err(error) => Err(RowFault::Json {
                line: None,
                column: error.column(),
                reason: plain(&error),
            }),
        }
    }

    fn take_line(&mut self) -> &'a [u8] {
        let length = self.bytes[self.next..]
            .iter()
            .position(|&byte| byte == self.line_end);
        let end = length.map_or(self.bytes.len(), |length| self.next + length);
        let line = &self.bytes[self.next..end];
        self.next = end + 1;
        self.number += 1;
        line
    }

    /// An object that spans the next lines, and those that begin on the line where it ends, each with its row;
    /// else what is wrong with it, where it is certain that it does go on. They fill their last line, but for a comma.
    fn over_lines(
        &mut self,
        start: usize,
        row: usize,
        line: &[u8],
    ) -> Result<Vec<(usize, Fields)>, Option<RowFault>> {
        let line = line.trim_ascii();
        if !line.starts_with(b"{") || start < self.searched {
            return Err(None);
        }
        let unread = &self.bytes[start..];
        let mut values = serde_json::Deserializer::from_slice(unread).into_iter::<CheckedObject>();
        match values.next() {
            Some(Ok(_)) => {
                let (mut objects, mut from, mut place) = (Vec::new(), start, row);
                loop {
                    let end = start + values.byte_offset();
                    work::visit((end - from) * 2);
                    self.searched = end;
                    let object = &self.bytes[from..end];
                    objects.push((place, self.object_of(object, from).map_err(|_| None)?));
                    place += object.iter().filter(|&&byte| byte == self.line_end).count();
                    let after = self.after_blanks(end);
                    match self.bytes.get(after) {
                        Some(b'{') if matches!(values.next(), Some(Ok(_))) => from = after,
                        Some(byte) if *byte != self.line_end => return Err(None),
                        _ => break,
                    }
                }
                while self.next <= self.searched && self.next < self.bytes.len() {
                    self.take_line();
                }
                Ok(objects)
            }
            Some(Err(error)) => {
                // Objects that begin before the place of the error run into it as well.
                let lines = unread.split_inclusive(|&byte| byte == self.line_end);
                let before = lines.take(error.line().saturating_sub(1));
                let read: usize = before.map(<[u8]>::len).sum();
                work::visit(read);
                self.searched = start + read;
                let place = row + error.line().saturating_sub(1);
                let fault = || RowFault::Json {
                    line: Some(place),
                    column: error.column(),
                    reason: plain(&error),
                };
                Err((line == b"{").then(fault))
            }
            None => Err(None),
        }
    }
}

impl Lines<'_> {
    /// The next place of a line that is neither a blank nor a comma at its end.
    fn after_blanks(&self, place: usize) -> usize {
        let skip = |place: usize| {
            let is_blank = |byte: &&u8| byte.is_ascii_whitespace() && **byte != self.line_end;
            let unread = self.bytes[place..].iter();
            place + unread.take_while(is_blank).count()
        };
        let place = skip(place);
        let behind_comma = skip((place + 1).min(self.bytes.len()));
        let is_last = self
            .bytes
            .get(behind_comma)
            .is_none_or(|byte| *byte == self.line_end);
        match self.bytes.get(place) {
            Some(b',') if is_last => behind_comma,
            _ => place,
        }
    }
}

fn from_document(file: &str, fields: Fields) -> Result<Records, ImportProblem> {
    match layout::find(fields) {
        Found::Rows(rows) => {
            let items = rows.into_iter().map(Value::Object).collect();
            from_items(file, items)
        }
        Found::Items(items) => from_items(file, items),
        Found::Row(fields) => {
            let rows = match fields.is_empty() {
                true => Vec::new(),
                false => vec![Record { row: 1, fields }],
            };
            Ok(Records {
                columns: columns_of(&rows),
                rows,
                ..Records::new(FileFormat::Jsonl)
            })
        }
        Found::SeveralLists(lists) => Err(ImportProblem::SeveralLists {
            file: file.into(),
            lists: excerpts(&lists),
        }),
    }
}

fn from_items(file: &str, items: Vec<Value>) -> Result<Records, ImportProblem> {
    let mut records = Records::new(FileFormat::Json);
    let length = items.len();
    for (index, item) in layout::unwrapped(items).into_iter().enumerate() {
        let row = index + 1;
        match item {
            Value::Object(fields) => add(&mut records, file, row, fields),
            other => {
                let found = kind_of(&other);
                let fault = RowFault::NotObject { found };
                records.issues.push(Issue::error(file, row, "", fault));
            }
        }
    }
    if length > 0 && records.rows.is_empty() {
        return Err(ImportProblem::UnknownFormat { file: file.into() });
    }
    records.columns = columns_of(&records.rows);
    Ok(records)
}

/// Adds a row; one without any field says nothing about the columns, and is faulty whatever they are.
fn add(records: &mut Records, file: &str, row: usize, fields: Fields) {
    if !fields.is_empty() {
        return records.rows.push(Record { row, fields });
    }
    let fault = RowFault::NotObject {
        found: ValueKind::Object,
    };
    records.issues.push(Issue::error(file, row, "", fault));
}

fn whole_file_error(
    file: &str,
    bytes: &[u8],
    tokens: &Tokens<'_>,
    error: &serde_json::Error,
) -> ImportProblem {
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
        column: tokens.column(error.line(), error.column()),
        reason: plain(error),
    }
}

/// The parser's sentence without the place, which is given separately.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    excerpt(text.split(" at line ").next().unwrap_or_default())
}

/// What a value of the wrong kind is.
pub(super) fn kind_of(value: &Value) -> ValueKind {
    match value {
        Value::Null => ValueKind::Null,
        Value::Bool(_) => ValueKind::Boolean,
        Value::Number(_) => ValueKind::Number,
        Value::String(_) => ValueKind::Text,
        Value::Array(_) => ValueKind::List,
        Value::Object(_) => ValueKind::Object,
    }
}

/// The fields of all rows, each once, in the order in which they come.
fn columns_of(rows: &[Record]) -> Vec<String> {
    let mut seen: HashSet<&str> = HashSet::new();
    let names = rows.iter().flat_map(|record| record.fields.names());
    names
        .filter(|name| seen.insert(name))
        .take(MOST_COLUMNS)
        .map(|name| name.to_string())
        .collect()
}

#[cfg(test)]
mod tests;
