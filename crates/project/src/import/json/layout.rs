//! Where the rows of a JSON document are: a list, a list for each split, or a table as pandas (`orient="columns"`,
//! `"index"`, `"split"`, `"list"`) and the Hugging Face data set viewer write it.

use std::collections::HashMap;

use super::super::limits::MOST_COLUMNS;
use super::super::value::{Fields, Name, Value};
use super::super::{columns, split};
use crate::work;

/// Maximum number of objects around the rows that are looked into.
const WRAPPERS: usize = 3;
/// Where pandas keeps the names and cells of a table of `orient="split"`.
const COLUMNS: &str = "columns";
const CELLS: &str = "data";
/// Where the data set viewer keeps a row, and its number.
const ROW: &str = "row";
const ROW_NUMBER: &str = "row_idx";
/// The fields that a row is given where the layout says more than its cells.
const ID: &str = "id";
const SPLIT: &str = "split";

/// What a document holds.
pub(super) enum Found {
    /// Rows that a table or splits were made of.
    Rows(Vec<Fields>),
    /// A list, item by item.
    Items(Vec<Value>),
    /// The object itself is a row.
    Row(Fields),
    /// Several lists could be the rows: their names.
    SeveralLists(Vec<String>),
}

/// Finds the rows of a document.
pub(super) fn find(mut fields: Fields) -> Found {
    for _ in 0..WRAPPERS {
        fields = match table(fields) {
            Ok(rows) => return Found::Rows(rows),
            Err(fields) => fields,
        };
        if is_row(&fields) {
            return Found::Row(fields);
        }
        fields = match lists(fields) {
            Ok(found) => return found,
            Err(fields) => fields,
        };
        let only = {
            let is_inner = |(_, value): &(&Name, &Value)| value.is_object() || value.is_array();
            let mut inner = fields.iter().filter(is_inner);
            match (inner.next(), inner.next()) {
                (Some((name, Value::Object(_))), None) => name.clone(),
                _ => break,
            }
        };
        match fields.remove(&only) {
            Some(Value::Object(inside)) => fields = inside,
            _ => break,
        }
    }
    Found::Row(fields)
}

/// Items as they are meant: rows of the data set viewer without what is around them, lists under a list of names as
/// objects.
pub(super) fn unwrapped(items: Vec<Value>) -> Vec<Value> {
    let is_wrapped = |item: &Value| {
        item.as_object().is_some_and(|fields| {
            fields.contains(ROW_NUMBER) && fields.get(ROW).is_some_and(Value::is_object)
        })
    };
    if !items.is_empty() && items.iter().all(is_wrapped) {
        let inside = |item: Value| match item {
            Value::Object(mut fields) => fields.remove(ROW),
            _ => None,
        };
        return items.into_iter().filter_map(inside).collect();
    }
    if let Some(names) = items.first().and_then(names_in)
        && columns::guess(&texts(&names)).is_some()
        && items.iter().all(Value::is_array)
    {
        let rows = items.into_iter().skip(1);
        return rows
            .map(|cells| Value::Object(zip(&names, cells)))
            .collect();
    }
    items
}

/// A list of texts, as a list of names is one.
fn names_in(value: &Value) -> Option<Vec<Name>> {
    let names = value.as_array()?.iter();
    names.map(|name| name.as_str().map(Name::from)).collect()
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}

fn zip(names: &[Name], cells: Value) -> Fields {
    match cells {
        Value::Array(cells) => names.iter().cloned().zip(cells).collect(),
        _ => Fields::default(),
    }
}

fn names_of(fields: &Fields) -> Vec<String> {
    let names = fields.names().take(MOST_COLUMNS);
    let names: Vec<String> = names.map(|name| name.to_string()).collect();
    work::visit(names.iter().map(String::len).sum());
    names
}

/// A dialogue's own turns are a list of objects too: an object with dialogue and summary is itself a row.
fn is_row(fields: &Fields) -> bool {
    columns::guess(&names_of(fields)).is_some()
}

/// The rows of a table, or the fields as they were.
fn table(mut fields: Fields) -> Result<Vec<Fields>, Fields> {
    if let Some((map, _)) = columns::guess(&names_of(&fields)) {
        let (dialogue, summary) = (&map.dialogue, map.summaries.first());
        let column = |name: Option<&String>| name.and_then(|name| fields.get(name));
        let is_even = |count: usize| {
            let mut lists = fields.values();
            lists.all(|value| value.as_array().is_some_and(|list| list.len() == count))
        };
        let is_plural = may_be_turns(dialogue) || summary.is_none_or(|name| name.ends_with('s'));
        return match (column(Some(dialogue)), column(summary)) {
            (Some(Value::Array(dialogues)), Some(Value::Array(summaries)))
                if dialogues.len() == summaries.len()
                    && (are_dialogues(dialogues) || !is_plural && is_even(dialogues.len())) =>
            {
                let count = dialogues.len();
                Ok(from_lists(fields, count))
            }
            (Some(Value::Object(dialogues)), Some(Value::Object(_))) if !dialogues.is_empty() => {
                let keys: Vec<Name> = dialogues.names().cloned().collect();
                Ok(from_objects(fields, &keys))
            }
            _ => Err(fields),
        };
    }
    if let (Some(names), Some(Value::Array(rows))) =
        (fields.get(COLUMNS).and_then(names_in), fields.get(CELLS))
        && rows.iter().all(Value::is_array)
        && let Some(Value::Array(rows)) = fields.remove(CELLS)
    {
        return Ok(rows.into_iter().map(|cells| zip(&names, cells)).collect());
    }
    let is_index = !fields.is_empty()
        && fields
            .values()
            .all(|row| row.as_object().is_some_and(|row| !row.is_empty()))
        && fields
            .values()
            .next()
            .and_then(Value::as_object)
            .is_some_and(|row| is_row(row) && !row.values().all(Value::is_array));
    match is_index {
        true => Ok(from_index(fields)),
        false => Err(fields),
    }
}

/// Whether a column's name is that of a list of turns.
fn may_be_turns(name: &str) -> bool {
    ["turn", "utterance", "message"]
        .iter()
        .any(|word| name.to_lowercase().contains(word))
}

/// Whether a list holds dialogues, one an item, and is not the turns of one.
fn are_dialogues(items: &[Value]) -> bool {
    !items.is_empty()
        && (items.iter().all(Value::is_array)
            || items
                .iter()
                .any(|item| item.as_str().is_some_and(|text| text.trim().contains('\n'))))
}

/// A list for each column.
fn from_lists(fields: Fields, count: usize) -> Vec<Fields> {
    let mut rows = vec![Fields::default(); count];
    for (name, column) in fields {
        if let Value::Array(cells) = column
            && cells.len() == count
        {
            for (row, cell) in rows.iter_mut().zip(cells) {
                row.push(name.clone(), cell);
            }
        }
    }
    rows
}

/// An object for each column, with the rows' names as keys.
fn from_objects(fields: Fields, keys: &[Name]) -> Vec<Fields> {
    let mut rows = vec![Fields::default(); keys.len()];
    let places: HashMap<&Name, usize> = keys.iter().zip(0..).collect();
    for (name, column) in fields {
        if let Value::Object(cells) = column {
            for (key, cell) in cells {
                if let Some(row) = places.get(&key).and_then(|place| rows.get_mut(*place)) {
                    row.push(name.clone(), cell);
                }
            }
        }
    }
    rows
}

/// An object for each row, whose name is its id unless it has one.
fn from_index(fields: Fields) -> Vec<Fields> {
    let rows = fields.into_iter().map(|(name, row)| {
        let mut row = match row {
            Value::Object(row) => row,
            _ => Fields::default(),
        };
        let has_id = columns::guess(&names_of(&row)).is_some_and(|(map, _)| map.id.is_some());
        if !has_id {
            row.insert(ID.into(), Value::String((&*name).into()));
        }
        row
    });
    rows.collect()
}

/// The list with the rows, or one for each split; the fields as they were where no list holds objects.
fn lists(mut fields: Fields) -> Result<Found, Fields> {
    let is_split = |name: &str| split::by_either(name).is_some();
    let (mut splits, mut mapped, mut other) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in fields.iter() {
        let is_table = || value.as_object().is_some_and(table_like);
        match value {
            _ if is_split(name) && (is_list_of_objects(value) || is_table()) => {
                splits.push(name.to_string());
            }
            Value::Array(items) if is_list_of_objects(value) => match has_rows(items) {
                true => mapped.push(name.to_string()),
                false => other.push(name.to_string()),
            },
            _ => {}
        }
    }
    if !splits.is_empty() {
        if !mapped.is_empty() {
            splits.extend(mapped);
            return Ok(Found::SeveralLists(splits));
        }
        return Ok(Found::Rows(rows_of_splits(fields, &splits)));
    }
    let candidates = if mapped.is_empty() { other } else { mapped };
    match candidates.as_slice() {
        [] => Err(fields),
        [only] => match fields.remove(only) {
            Some(Value::Array(items)) => Ok(Found::Items(items)),
            _ => Err(fields),
        },
        _ => Ok(Found::SeveralLists(candidates)),
    }
}

fn is_list_of_objects(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_object))
}

/// Whether the first item looks like a row.
fn has_rows(items: &[Value]) -> bool {
    let first = items.first().and_then(Value::as_object);
    first.is_some_and(|fields| match fields.get(ROW).and_then(Value::as_object) {
        Some(row) => is_row(row),
        None => is_row(fields),
    })
}

/// Whether an object is a table of one of the forms that [`table`] reads.
fn table_like(fields: &Fields) -> bool {
    is_row(fields)
        || fields.contains(CELLS)
        || fields
            .values()
            .next()
            .and_then(Value::as_object)
            .is_some_and(is_row)
}

fn rows_of_splits(mut fields: Fields, splits: &[String]) -> Vec<Fields> {
    let mut rows = Vec::new();
    for name in splits {
        let found = match fields.remove(name) {
            Some(Value::Array(items)) => unwrapped(items)
                .into_iter()
                .filter_map(|item| match item {
                    Value::Object(row) => Some(row),
                    _ => None,
                })
                .collect(),
            Some(Value::Object(inner)) => table(inner).unwrap_or_else(|row| vec![row]),
            _ => Vec::new(),
        };
        let word = split::by_either(name).map_or(name.as_str(), |split| split.as_str());
        rows.extend(found.into_iter().map(|mut row| {
            if !row.contains(SPLIT) {
                row.push(SPLIT.into(), word.into());
            }
            row
        }));
    }
    rows
}
