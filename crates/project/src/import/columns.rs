//! Which format a file has and which columns hold what: known formats first, then the usual names, then a guess
//! that asks to be looked at. A mapping by the user always wins.

use contract::{Detection, FileFormat, MapPart};

use super::{ColumnMap, ImportProblem, Records};

/// A published format and where it keeps what.
struct Known {
    name: FileFormat,
    /// The layout of its files.
    layout: FileFormat,
    /// Columns that must be there.
    required: &'static [&'static str],
    dialogue: &'static str,
    /// `+` behind a column stands for it and its numbered siblings (`summary`, `summary1`, `summary2`…).
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

/// A file's format with the columns in use.
pub(super) struct Layout {
    pub(super) format: FileFormat,
    pub(super) map: ColumnMap,
    pub(super) detection: Detection,
}

/// Finds the layout; a mapped column that does not exist is an error.
pub(super) fn detect(
    records: &Records,
    map: Option<&ColumnMap>,
    file: &str,
) -> Result<Layout, ImportProblem> {
    let columns = &records.columns;
    let known = KNOWN.iter().find(|known| {
        known.layout == records.layout
            && known
                .required
                .iter()
                .all(|name| columns.iter().any(|c| c == name))
    });
    let format = known.map_or(records.layout, |known| known.name);
    if let Some(map) = map {
        check_map(map, columns, file)?;
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
    Ok(match guess(columns) {
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
    if map.summaries.is_empty() {
        return Err(ImportProblem::IncompleteMap {
            lacks: MapPart::Summary,
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
                field: name.clone(),
                columns: columns.to_vec(),
            });
        }
    }
    Ok(())
}

/// Guesses the mapping from the names; `None` where dialogue or summary has no telling name.
pub(super) fn guess(columns: &[String]) -> Option<(ColumnMap, Detection)> {
    let (dialogue, sure_dialogue) = guess_dialogue(columns)?;
    let others: Vec<String> = columns
        .iter()
        .filter(|column| **column != dialogue)
        .cloned()
        .collect();
    let (summaries, sure_summary) = guess_summaries(&others)?;
    let detection = if sure_dialogue && sure_summary {
        Detection::Detected
    } else {
        Detection::PleaseCheck
    };
    let map = ColumnMap {
        dialogue,
        summaries,
        id: find(columns, &ID),
        split: find(columns, &SPLIT),
    };
    Some((map, detection))
}

fn guess_dialogue(columns: &[String]) -> Option<(String, bool)> {
    for (rank, name) in DIALOGUE.iter().enumerate() {
        if let Some(column) = columns.iter().find(|column| plain(column) == *name) {
            return Some((column.clone(), rank < UNSURE_DIALOGUE));
        }
    }
    let telling = ["dialog", "conversation", "transcript", "utterance", "turn"];
    let is_id = |column: &str| plain(column).ends_with("id");
    let column = columns
        .iter()
        .find(|column| !is_id(column) && telling.iter().any(|part| plain(column).contains(part)))?;
    Some((column.clone(), false))
}

fn guess_summaries(columns: &[String]) -> Option<(Vec<String>, bool)> {
    for (rank, stem) in SUMMARY.iter().enumerate() {
        let found = family(columns, stem);
        if !found.is_empty() {
            return Some((found, rank < UNSURE_SUMMARY));
        }
    }
    let column = columns
        .iter()
        .find(|column| plain(column).contains("summar"))?;
    Some((vec![column.clone()], false))
}

/// `summary`, `summary1`, `summary_2`…: the columns with this stem, the bare one first, then by number.
fn family(columns: &[String], stem: &str) -> Vec<String> {
    let number = |column: &String| -> Option<u32> {
        let name = plain(column);
        let suffix = name.strip_prefix(stem)?;
        if suffix.is_empty() {
            Some(0)
        } else {
            suffix.trim_start_matches('_').parse().ok()
        }
    };
    let mut found: Vec<(u32, &String)> = columns
        .iter()
        .filter_map(|column| Some((number(column)?, column)))
        .collect();
    found.sort_by_key(|(number, _)| *number);
    found
        .into_iter()
        .map(|(_, column)| column.clone())
        .collect()
}

fn find(columns: &[String], names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| columns.iter().find(|column| plain(column) == *name))
        .cloned()
}

/// A column's name in lower case with `_` for spaces and hyphens.
fn plain(column: &str) -> String {
    column.trim().to_lowercase().replace([' ', '-'], "_")
}
