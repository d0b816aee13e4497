//! Which format a file has and which columns hold what: known formats first, then the usual names, then a guess
//! that asks to be looked at. A mapping by the user always wins.

use std::collections::HashMap;

use contract::{Detection, FileFormat, MapPart, excerpt, excerpts};

use super::value::Value;
use super::{ColumnMap, ImportOptions, ImportProblem, Records, names};
use crate::work;

/// A published format and where it keeps what.
struct Known {
    name: FileFormat,
    /// The layout of its files.
    layout: FileFormat,
    /// Columns that must be there.
    required: &'static [&'static str],
    dialogue: &'static str,
    /// `+` after a column stands for it and its numbered siblings (`summary`, `summary1`, `summary2`…).
    summary: &'static str,
    id: &'static str,
}

const KNOWN: [Known; 6] = [
    Known {
        name: FileFormat::SamsumJson,
        layout: FileFormat::Json,
        required: &["id", "summary", "dialogue"],
        dialogue: "dialogue",
        summary: "summary",
        id: "id",
    },
    Known {
        name: FileFormat::DialogsumJsonl,
        layout: FileFormat::Jsonl,
        required: &["fname", "dialogue"],
        dialogue: "dialogue",
        summary: "summary+",
        id: "fname",
    },
    Known {
        name: FileFormat::MtsDialogCsv,
        layout: FileFormat::Csv,
        required: &["section_text", "dialogue"],
        dialogue: "dialogue",
        summary: "section_text",
        id: "ID",
    },
    Known {
        name: FileFormat::TweetsummJsonl,
        layout: FileFormat::Jsonl,
        required: &["turns", "summaries"],
        dialogue: "turns",
        summary: "summaries",
        id: "conversation_id",
    },
    Known {
        name: FileFormat::Primock57Jsonl,
        layout: FileFormat::Jsonl,
        required: &["utterances", "note"],
        dialogue: "utterances",
        summary: "note",
        id: "id",
    },
    Known {
        name: FileFormat::TodsumJsonl,
        layout: FileFormat::Jsonl,
        required: &["dialog_id", "text", "summary"],
        dialogue: "text",
        summary: "summary",
        id: "dialog_id",
    },
];

/// Usual names of the dialogue, the surest first; from [`UNSURE_DIALOGUE`] on a person should look.
const DIALOGUE: [&str; 13] = [
    "dialogue",
    "dialog",
    "dialogues",
    "conversation",
    "transcript",
    "meeting_transcripts",
    "chat",
    "utterances",
    "turns",
    "messages",
    "text",
    "content",
    "input",
];
const UNSURE_DIALOGUE: usize = 10;
/// Usual stems of a summary's name; from [`UNSURE_SUMMARY`] on a person should look.
const SUMMARY: [&str; 14] = [
    "summary",
    "summaries",
    "section_text",
    "reference_summary",
    "reference",
    "references",
    "gold_summary",
    "abstractive",
    "abstract",
    "note",
    "highlights",
    "target",
    "label",
    "output",
];
const UNSURE_SUMMARY: usize = 9;
const ID: [&str; 8] = [
    "id",
    "fname",
    "conversation_id",
    "dialog_id",
    "dialogue_id",
    "example_id",
    "uid",
    "guid",
];
const SPLIT: [&str; 4] = ["split", "subset", "partition", "fold"];
/// Among several columns with summaries, one whose name says that a person wrote it comes first.
const BY_HAND: [&str; 5] = ["human", "gold", "reference", "manual", "expert"];
/// Number of rows that are looked at to see what a column holds.
const LOOKED_AT: usize = 50;

/// What a column is guessed to hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Dialogue,
    Summary,
}

/// A file's format with the columns in use.
pub(super) struct Layout {
    pub(super) format: FileFormat,
    pub(super) map: ColumnMap,
    pub(super) detection: Detection,
}

/// Whether the records are those of a published format.
pub(super) fn is_known(records: &Records) -> bool {
    known(records).is_some()
}

fn known(records: &Records) -> Option<&'static Known> {
    KNOWN.iter().find(|known| {
        known.layout == records.layout
            && known
                .required
                .iter()
                .all(|name| records.columns.iter().any(|column| column == name))
    })
}

/// Whether a column's name says that it holds summaries.
pub(super) fn is_summary(column: &str) -> bool {
    let name = plain(column);
    let is_usual = SUMMARY[..UNSURE_SUMMARY].contains(&name.as_str());
    is_usual || name.contains("summar") || name.contains("zusammenfassung")
}

/// The column that says which split a row belongs to.
pub(super) fn split_column(columns: &[String]) -> Option<String> {
    find(columns, &SPLIT)
}

/// Finds the layout; a mapped column that does not exist is an error. Where dialogues without a summary are kept, no
/// column has to hold summaries.
pub(super) fn detect(
    records: &Records,
    options: &ImportOptions,
    file: &str,
) -> Result<Layout, ImportProblem> {
    let columns = &records.columns;
    let known = known(records);
    let format = known.map_or(records.layout, |known| known.name);
    if let Some(map) = &options.map {
        check_map(map, columns, file)?;
        if map.summaries.is_empty() && !options.keep_unsummarised {
            return Err(ImportProblem::IncompleteMap {
                lacks: MapPart::Summary,
            });
        }
        let mut map = map.clone();
        map.id = map.id.or_else(|| find(columns, &ID));
        map.split = map.split.or_else(|| find(columns, &SPLIT));
        return Ok(Layout {
            format,
            map,
            detection: Detection::Detected,
        });
    }
    if let Some(known) = known {
        let summaries = match known.summary.strip_suffix('+') {
            Some(stem) => family(columns, stem),
            None => vec![known.summary.to_owned()],
        };
        if !summaries.is_empty() {
            let id = columns.iter().find(|column| *column == known.id).cloned();
            let map = ColumnMap {
                dialogue: known.dialogue.to_owned(),
                summaries,
                id,
                split: find(columns, &SPLIT),
            };
            return Ok(Layout {
                format,
                map,
                detection: Detection::Detected,
            });
        }
    }
    let fits = |column: &str, role| holds(records, column, role);
    let names = Names::of(columns);
    let guess = names.guess(&fits).or_else(|| {
        let guess = names.guess_open(&fits);
        guess.filter(|(map, _)| options.keep_unsummarised && has_no_other_words(records, map))
    });
    Ok(match guess {
        Some((map, detection)) => Layout {
            format,
            map,
            detection,
        },
        None => Layout {
            format,
            map: ColumnMap::default(),
            detection: Detection::NeedsMapping,
        },
    })
}

fn check_map(map: &ColumnMap, columns: &[String], file: &str) -> Result<(), ImportProblem> {
    if map.dialogue.is_empty() {
        return Err(ImportProblem::IncompleteMap {
            lacks: MapPart::Dialogue,
        });
    }
    let asked = std::iter::once(&map.dialogue)
        .chain(&map.summaries)
        .chain(&map.id)
        .chain(&map.split);
    for name in asked {
        if !columns.contains(name) {
            return Err(ImportProblem::UnknownColumn {
                file: file.into(),
                field: excerpt(name),
                columns: excerpts(columns),
            });
        }
    }
    Ok(())
}

/// Whether no column other than those of the mapping holds words that could be a summary.
fn has_no_other_words(records: &Records, map: &ColumnMap) -> bool {
    let known = [Some(&map.dialogue), map.id.as_ref(), map.split.as_ref()];
    let mut others = records.columns.iter().filter(|column| {
        let is_known = known.contains(&Some(*column));
        !is_known && names::find(std::slice::from_ref(*column), names::TIME).is_none()
    });
    let rows = &records.rows[..records.rows.len().min(LOOKED_AT)];
    !others.any(|column| {
        rows.iter().any(|record| match record.fields.get(column) {
            Some(Value::String(text)) => text.trim().contains(char::is_whitespace),
            Some(Value::Array(_)) => true,
            _ => false,
        })
    })
}

/// Guesses the mapping from the names; `None` where dialogue or summary has no telling name.
pub(super) fn guess(columns: &[String]) -> Option<(ColumnMap, Detection)> {
    Names::of(columns).guess(&|_, _| true)
}

/// Whether the name of one of these columns says that it holds dialogues.
pub(super) fn has_dialogue(columns: &[String]) -> bool {
    Names::of(columns).guess_open(&|_, _| true).is_some()
}

/// Whether the values of a column fit its role: numbers and single words are not a dialogue, nor numbers a summary. A
/// column without values fits.
fn holds(records: &Records, column: &str, role: Role) -> bool {
    let rows = records.rows.iter().take(LOOKED_AT);
    let mut values = rows
        .filter_map(|record| record.fields.get(column))
        .filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        })
        .peekable();
    values.peek().is_none()
        || values.any(|value| match (value, role) {
            (Value::String(text), Role::Dialogue) => text
                .trim()
                .contains(|c: char| c.is_whitespace() || c == ':' || c == '：'),
            (Value::String(text), Role::Summary) => text.chars().any(char::is_alphabetic),
            (Value::Array(_), _) => true,
            (Value::Object(_), _) => role == Role::Dialogue,
            _ => false,
        })
}

/// The names of the columns, looked up many times.
struct Names<'a> {
    columns: &'a [String],
    /// In lower case with `_` for spaces and hyphens.
    plain: Vec<String>,
    /// The first column of each plain name.
    first: HashMap<String, usize>,
    /// Columns by their name without a number at its end, with that number.
    families: HashMap<String, Vec<(u32, usize)>>,
}

type Fits<'a> = &'a dyn Fn(&str, Role) -> bool;

impl<'a> Names<'a> {
    fn of(columns: &'a [String]) -> Self {
        let plain: Vec<String> = columns.iter().map(|column| plain(column)).collect();
        work::visit(plain.iter().map(|name| name.len() * 4).sum());
        let mut first = HashMap::new();
        let mut families: HashMap<String, Vec<(u32, usize)>> = HashMap::new();
        for (place, name) in plain.iter().enumerate() {
            first.entry(name.clone()).or_insert(place);
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let number = match &name[stem.len()..] {
                "" => Some(0),
                digits => digits.parse().ok(),
            };
            if let Some(number) = number {
                let stem = if stem.len() < name.len() {
                    stem.trim_end_matches('_')
                } else {
                    stem
                };
                let members = families.entry(stem.to_owned()).or_default();
                members.push((number, place));
            }
        }
        for members in families.values_mut() {
            members.sort_by_key(|(number, _)| *number);
        }
        Self {
            columns,
            plain,
            first,
            families,
        }
    }

    fn guess(&self, fits: Fits<'_>) -> Option<(ColumnMap, Detection)> {
        let (dialogue, sure_dialogue) = self.dialogue(fits)?;
        let (summaries, sure_summary) = self.summaries(dialogue, fits)?;
        let detection = if sure_dialogue && sure_summary {
            Detection::Detected
        } else {
            Detection::PleaseCheck
        };
        let name = |place: usize| self.columns[place].clone();
        let map = ColumnMap {
            dialogue: name(dialogue),
            summaries: summaries.into_iter().map(name).collect(),
            id: self.find(&ID),
            split: self.find(&SPLIT),
        };
        Some((map, detection))
    }

    /// The same where no column holds summaries.
    fn guess_open(&self, fits: Fits<'_>) -> Option<(ColumnMap, Detection)> {
        let (dialogue, is_sure) = self.dialogue(fits)?;
        let map = ColumnMap {
            dialogue: self.columns[dialogue].clone(),
            summaries: Vec::new(),
            id: self.find(&ID),
            split: self.find(&SPLIT),
        };
        let detection = match is_sure {
            true => Detection::Detected,
            false => Detection::PleaseCheck,
        };
        Some((map, detection))
    }

    /// The first usual name whose values fit. One that is passed over makes the guess unsure; if none fits, the rows
    /// of the likeliest name say what is wrong.
    fn dialogue(&self, fits: Fits<'_>) -> Option<(usize, bool)> {
        let mut passed = None;
        for (rank, name) in DIALOGUE.iter().enumerate() {
            let Some(&place) = self.first.get(*name) else {
                continue;
            };
            // With two columns of the same name, nobody knows which is meant.
            let is_single = self
                .families
                .get(*name)
                .is_none_or(|found| found.len() == 1);
            let is_sure = rank < UNSURE_DIALOGUE && is_single;
            if fits(&self.columns[place], Role::Dialogue) {
                return Some((place, is_sure && passed.is_none()));
            }
            if is_sure {
                passed.get_or_insert(place);
            }
        }
        let telling = ["dialog", "conversation", "transcript", "utterance", "turn"];
        let is_id = |name: &str| name.ends_with("id");
        let place = (0..self.plain.len()).find(|place| {
            let name = &self.plain[*place];
            !is_id(name)
                && Some(*place) != passed
                && telling.iter().any(|part| name.contains(part))
                && fits(&self.columns[*place], Role::Dialogue)
        });
        place
            .map(|place| (place, false))
            .or_else(|| passed.map(|place| (place, true)))
    }

    fn summaries(&self, dialogue: usize, fits: Fits<'_>) -> Option<(Vec<usize>, bool)> {
        let mut passed = None;
        for (rank, stem) in SUMMARY.iter().enumerate() {
            let Some(members) = self.families.get(*stem) else {
                continue;
            };
            let found: Vec<usize> = members
                .iter()
                .map(|(_, place)| *place)
                .filter(|place| *place != dialogue)
                .collect();
            if found.is_empty() {
                continue;
            }
            let is_sure = rank < UNSURE_SUMMARY;
            if found
                .iter()
                .any(|place| fits(&self.columns[*place], Role::Summary))
            {
                return Some((found, is_sure && passed.is_none()));
            }
            if is_sure {
                passed.get_or_insert(found);
            }
        }
        let telling = |place: &usize| {
            *place != dialogue
                && self.plain[*place].contains("summar")
                && fits(&self.columns[*place], Role::Summary)
        };
        let by_hand = |place: &usize| {
            let name = &self.plain[*place];
            BY_HAND.iter().any(|word| name.contains(word))
        };
        let found = || (0..self.plain.len()).filter(telling);
        let place = found().find(by_hand).or_else(|| found().next());
        place
            .map(|place| (vec![place], false))
            .or_else(|| passed.map(|found| (found, true)))
    }

    fn find(&self, names: &[&str]) -> Option<String> {
        let place = names.iter().find_map(|name| self.first.get(*name))?;
        Some(self.columns[*place].clone())
    }
}

/// `summary`, `summary1`, `summary_2`…: the columns with this stem, the bare one first, then by number.
fn family(columns: &[String], stem: &str) -> Vec<String> {
    let names = Names::of(columns);
    let members = names.families.get(stem).into_iter().flatten();
    members.map(|(_, place)| columns[*place].clone()).collect()
}

fn find(columns: &[String], names: &[&str]) -> Option<String> {
    Names::of(columns).find(names)
}

/// A column's name in lower case with `_` for spaces and hyphens.
fn plain(column: &str) -> String {
    column.trim().to_lowercase().replace([' ', '-'], "_")
}
