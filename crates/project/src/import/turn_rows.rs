//! Tables with one turn a row: the rows of a conversation become one record.
//!
//! The user names the columns (`--turns text=C,speaker=C,group=C`), or their names say it: a column for who speaks, one for
//! what is said and one whose values recur. A table of dialogues has no such column of speakers, and its texts have
//! their speakers inside.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use contract::problem::ImportProblem;
use contract::{DropReason, FileFormat, MapPart, Remark};
use serde::{Deserialize, Serialize};

use super::account::{Measure, Units};
use super::limits::{LEFT_OUT_BYTES, Room};
use super::value::{Fields, Name, Value};
use super::{ColumnMap, Record, Records, columns, names};
use crate::dialogue::has_speakers;

/// Rows that are looked at before the columns are believed.
const LOOK_ROWS: usize = 200;
/// Names that stand for a group only if their values recur: the key of a turn has the same names.
const WEAK_GROUPS: [&str; 3] = ["id", "nr", "group"];

/// Which columns hold what, where each row is one turn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnMap {
    /// What is said.
    pub text: String,
    /// Who says it.
    pub speaker: String,
    /// What tells the conversations apart; without it the file is one conversation.
    #[serde(default)]
    pub group: Option<String>,
    /// The summary, on any row of its conversation.
    #[serde(default)]
    pub summary: Option<String>,
}

/// The text form of a [`TurnMap`] that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTurnMap {
    /// A part of it names no role.
    #[error("`{part}` is not understood; write text=COLUMN,speaker=COLUMN,group=COLUMN")]
    Part {
        /// The part between two commas.
        part: String,
    },
    /// Text or speaker is missing.
    #[error("a column of texts and one of speakers are needed; write text=COLUMN,speaker=COLUMN")]
    Incomplete,
}

/// Reads `text=C,speaker=C[,group=C][,summary=C]`. Blanks around names do not count.
impl std::str::FromStr for TurnMap {
    type Err = BadTurnMap;

    fn from_str(text: &str) -> Result<Self, BadTurnMap> {
        let mut map = Self::default();
        for part in text.split(',').map(str::trim) {
            let (role, column) = part.split_once('=').unwrap_or((part, ""));
            let column = column.trim().to_owned();
            match role.trim() {
                "text" if !column.is_empty() => map.text = column,
                "speaker" if !column.is_empty() => map.speaker = column,
                "group" if !column.is_empty() => map.group = Some(column),
                "summary" if !column.is_empty() => map.summary = Some(column),
                _ => {
                    return Err(BadTurnMap::Part {
                        part: part.to_owned(),
                    });
                }
            }
        }
        match map.text.is_empty() || map.speaker.is_empty() {
            true => Err(BadTurnMap::Incomplete),
            false => Ok(map),
        }
    }
}

/// The columns of a table with one turn a row, by their names alone.
pub(super) fn guess_columns(columns: &[String]) -> Option<TurnMap> {
    let speaker = names::find(columns, names::SPEAKER)?;
    let others: Vec<String> = columns
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != speaker)
        .map(|(_, column)| column.clone())
        .collect();
    let text = others.get(names::find(&others, names::TEXT)?)?.clone();
    let left: Vec<String> = others
        .into_iter()
        .filter(|column| {
            *column != text && names::find(std::slice::from_ref(column), names::TIME).is_none()
        })
        .collect();
    let group = names::find(&left, names::GROUP).map(|place| left[place].clone());
    let summary = left
        .iter()
        .filter(|column| Some(*column) != group.as_ref())
        .find(|column| columns::is_summary(column))
        .cloned();
    Some(TurnMap {
        text,
        speaker: columns[speaker].clone(),
        group,
        summary,
    })
}

/// Turns rows of turns into records of dialogues, if the user or the table says that they are such rows.
pub(super) fn gather(
    file: &str,
    records: Records,
    asked: Option<&TurnMap>,
    map: Option<&ColumnMap>,
) -> Result<Records, ImportProblem> {
    let Some(format) = turns_format(records.layout) else {
        return Ok(records);
    };
    let turns = match (asked, map) {
        (Some(asked), _) => {
            check(file, asked, &records.columns)?;
            Some(asked.clone())
        }
        (None, Some(_)) => None,
        (None, None) if columns::is_known(&records) => None,
        (None, None) => recognise(&records),
    };
    Ok(match turns {
        Some(turns) => joined(file, records, &turns, format, asked.is_none())?,
        None => records,
    })
}

fn turns_format(layout: FileFormat) -> Option<FileFormat> {
    Some(match layout {
        FileFormat::Csv => FileFormat::CsvTurns,
        FileFormat::Tsv => FileFormat::TsvTurns,
        FileFormat::Json | FileFormat::Jsonl => FileFormat::JsonTurns,
        FileFormat::Xlsx => FileFormat::XlsxTurns,
        FileFormat::Xls => FileFormat::XlsTurns,
        FileFormat::Ods => FileFormat::OdsTurns,
        _ => return None,
    })
}

fn check(file: &str, asked: &TurnMap, columns: &[String]) -> Result<(), ImportProblem> {
    if asked.text.is_empty() || asked.speaker.is_empty() {
        return Err(ImportProblem::IncompleteMap {
            lacks: MapPart::Dialogue,
        });
    }
    let named = [&asked.text, &asked.speaker].into_iter();
    let missing = named
        .chain(&asked.group)
        .chain(&asked.summary)
        .find(|column| !columns.contains(column));
    match missing {
        None => Ok(()),
        Some(column) => Err(ImportProblem::UnknownColumn {
            file: file.to_owned(),
            field: column.clone(),
            columns: columns.to_vec(),
        }),
    }
}

/// The columns, if the rows bear them out: every text is short and by one person, some speaker recurs, and so does
/// a value of the group.
fn recognise(records: &Records) -> Option<TurnMap> {
    let mut map = guess_columns(&records.columns)?;
    let rows = &records.rows[..records.rows.len().min(LOOK_ROWS)];
    let cells = |column: &str| -> Vec<Cow<'_, str>> {
        rows.iter()
            .filter_map(|record| record.fields.get(column).and_then(cell))
            .collect()
    };
    let (texts, speakers) = (cells(&map.text), cells(&map.speaker));
    let is_turn = |text: &Cow<'_, str>| !has_speakers(text, 2);
    let is_name = |name: &Cow<'_, str>| name.chars().count() <= 80 && !name.contains('\n');
    let comes_again = |values: &[Cow<'_, str>]| {
        let distinct: HashSet<&Cow<'_, str>> = values.iter().collect();
        distinct.len() < values.len()
    };
    let are_turns = rows.len() >= 2
        && texts.len() * 2 >= rows.len()
        && texts.iter().all(is_turn)
        && speakers.len() * 2 >= rows.len()
        && speakers.iter().all(is_name);
    if !are_turns {
        return None;
    }
    let groups = map.group.as_deref().map(cells);
    let summaries = map.summary.as_deref().map(cells).unwrap_or_default();
    // Merged cells hold their value in the first row alone.
    let is_merged = |groups: &[Cow<'_, str>]| {
        let is_first = rows.first().is_some_and(|first| {
            let group = map.group.as_deref();
            group
                .and_then(|group| first.fields.get(group).and_then(cell))
                .is_some()
        });
        has_merged_cells(records.layout) && is_first && groups.len() < rows.len()
    };
    let map = match groups {
        Some(groups) if comes_again(&groups) || is_merged(&groups) => Some(map),
        // Each row has its own key: of a turn, or of a dialogue whose speakers are listed beside it.
        Some(_) => {
            let is_weak = map
                .group
                .as_ref()
                .is_some_and(|group| WEAK_GROUPS.contains(&names::plain(group).as_str()));
            map.group = None;
            (is_weak && comes_again(&speakers)).then_some(map)
        }
        None => comes_again(&speakers).then_some(map),
    };
    // Several summaries are those of several conversations, whatever else tells these apart.
    let has_several = summaries.iter().any(|summary| *summary != summaries[0]);
    map.map(|map| match &map.group {
        None if has_several => TurnMap {
            group: map.summary.clone(),
            ..map
        },
        _ => map,
    })
}

/// Tables whose cells may be merged.
fn has_merged_cells(layout: FileFormat) -> bool {
    matches!(layout, FileFormat::Xlsx | FileFormat::Xls | FileFormat::Ods)
}

/// A cell as text; `None` if it is empty or no single value.
fn cell(value: &Value) -> Option<Cow<'_, str>> {
    let text = match value {
        Value::String(text) => Cow::Borrowed(text.trim()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::Bool(flag) => Cow::Owned(flag.to_string()),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// What a conversation takes besides the rows that it is made of, in bytes.
const GROUP_BYTES: usize = 500;

/// A conversation that is being gathered.
struct Group {
    row: usize,
    key: Option<String>,
    turns: Vec<Value>,
    summary: Option<String>,
    split: Option<String>,
    units: Units,
}

/// The conversations so far. Keys are known by a hash: there may be as many as rows.
struct Groups {
    list: Vec<Group>,
    hasher: RandomState,
    places: HashMap<u64, usize>,
    /// The room of the file: the rows are still there when their conversations are made.
    room: Room,
    /// Whether the key is an id of the conversation.
    has_ids: bool,
}

impl Groups {
    fn new(room: Room, has_ids: bool) -> Self {
        Self {
            list: Vec::new(),
            hasher: RandomState::new(),
            places: HashMap::new(),
            room,
            has_ids,
        }
    }

    /// The conversation of a key; a new one begins in this row. `None` if there is no room for another.
    fn of(&mut self, key: Option<&String>, row: usize) -> Option<&mut Group> {
        let place = match self.places.entry(self.hasher.hash_one(key)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(_) if !self.room.take(GROUP_BYTES) => return None,
            Entry::Vacant(free) => {
                self.list.push(Group {
                    row,
                    key: key.filter(|_| self.has_ids).cloned(),
                    turns: Vec::new(),
                    summary: None,
                    split: None,
                    units: Units::default(),
                });
                *free.insert(self.list.len() - 1)
            }
        };
        self.list.get_mut(place)
    }
}

impl Group {
    /// Adds what somebody says; without a name it is more of the turn before.
    fn say(&mut self, speaker: Option<String>, words: Value, [name, text]: &[Name; 2]) {
        self.units.read += 1;
        let follows = speaker.is_none() && !self.turns.is_empty();
        self.units.merged += usize::from(follows);
        let mut turn = Fields::with_capacity(2);
        if let Some(speaker) = speaker {
            turn.push(name.clone(), speaker.into());
        }
        turn.push(text.clone(), words);
        self.turns.push(Value::Object(turn));
    }
}

fn joined(
    file: &str,
    records: Records,
    map: &TurnMap,
    format: FileFormat,
    guessed: bool,
) -> Result<Records, ImportProblem> {
    let split = columns::split_column(&records.columns);
    // A summary tells the conversations apart where nothing else does; it is not an id.
    let by_summary = map.group.is_some() && map.group == map.summary;
    // Merged cells of a workbook hold their value in the first row alone.
    let carries = by_summary || has_merged_cells(records.layout);
    let mut groups = Groups::new(records.room, !by_summary);
    let mut measure = Measure::of_rows();
    measure.dropped = records.measure.dropped;
    let bad_rows = records.issues.bad_rows();
    let names: [Name; 2] = ["speaker".into(), "text".into()];
    let mut last: Option<String> = None;
    for record in records.rows {
        let field = |column: &str| {
            let value = record.fields.get(column).and_then(cell);
            value.map(Cow::into_owned)
        };
        let mut key = map.group.as_deref().and_then(field);
        if carries {
            key = key.or_else(|| last.clone());
            last.clone_from(&key);
        }
        let Some(group) = groups.of(key.as_ref(), record.row) else {
            break;
        };
        let summary = map.summary.as_deref().and_then(field);
        group.summary = group.summary.take().or(summary);
        group.split = group.split.take().or(split.as_deref().and_then(field));
        let speaker = field(&map.speaker);
        // A message may be in parts, or an object around its text.
        let words = match record.fields.get(&map.text) {
            Some(parts @ (Value::Array(_) | Value::Object(_))) => Some(parts.clone()),
            value => value.and_then(cell).map(|text| text.into_owned().into()),
        };
        match words {
            Some(words) => group.say(speaker, words, &names),
            None if groups.room.take(LEFT_OUT_BYTES + file.len()) => measure.drop(
                file,
                record.row as u64,
                DropReason::Empty,
                &speaker.unwrap_or_default(),
            ),
            None => break,
        }
    }
    groups.room.check(file)?;
    let mut groups = groups.list;
    groups.retain(|group| !group.turns.is_empty());
    let mut out = Records {
        columns: ["id", "dialogue", "summary"].map(str::to_owned).to_vec(),
        issues: records.issues,
        measure,
        remarks: records.remarks,
        inside: records.inside,
        sheet: records.sheet,
        separator: records.separator,
        room: records.room,
        ..Records::new(format)
    };
    if split.is_some() {
        out.columns.push("split".to_owned());
    }
    if guessed {
        out.remarks.push(Remark::TurnRows {
            file: file.to_owned(),
            text: map.text.clone(),
            speaker: map.speaker.clone(),
            group: map.group.clone(),
            summary: map.summary.clone(),
            dialogues: groups.len(),
        });
    }
    out.measure.lose(bad_rows);
    add_records(&mut out, groups, map);
    Ok(out)
}

/// Adds the conversations as records.
fn add_records(records: &mut Records, groups: Vec<Group>, map: &TurnMap) {
    let [id, dialogue, summary, split]: [Name; 4] =
        ["id", "dialogue", "summary", "split"].map(Into::into);
    records.rows.reserve_exact(groups.len());
    for group in groups {
        records.measure.set(group.row, group.units);
        let known = [&group.key, &group.split].into_iter().flatten().count();
        let mut fields = Fields::with_capacity(1 + known + usize::from(map.summary.is_some()));
        fields.push(dialogue.clone(), Value::Array(group.turns));
        // A table with a column of summaries has an empty one here; one without has none at all.
        let words = map
            .summary
            .is_some()
            .then(|| group.summary.unwrap_or_default());
        for (name, text) in [(&id, group.key), (&split, group.split), (&summary, words)] {
            if let Some(text) = text {
                fields.push(name.clone(), text.into());
            }
        }
        records.rows.push(Record {
            row: group.row,
            fields,
        });
    }
}
