//! One row → one example, or an issue that says what is missing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use contract::problem::{Nameless, NoDialogue, NoSummary, NoText, RowFault};
use contract::{FileFormat, MapPart, excerpt};

use super::account::Units;
use super::columns::Layout;
use super::issues::Issues;
use super::json::kind_of;
use super::limits::EXAMPLE_BYTES;
use super::spoken::{Said, Unsure};
use super::transcript;
use super::value::{Fields, Value};
use super::{ImportOptions, ImportProblem, Issue, Record, Records, Severity, Split};
use crate::plain::normalised;
use crate::speaker;

mod turns;

/// An example before its split and final id are known.
pub(super) struct Draft {
    pub(super) id: Option<String>,
    pub(super) file: Arc<str>,
    pub(super) row: usize,
    pub(super) dialogue: String,
    pub(super) references: Vec<String>,
    /// The split column's content, where there is one.
    pub(super) split_word: Option<String>,
    pub(super) split: Split,
    pub(super) units: Units,
}

/// Why a field is unusable, or worth a look.
struct Fault {
    fault: RowFault,
    severity: Severity,
}

/// Why a dialogue field gives no dialogue.
enum DialogueFault {
    Row(Fault),
    SpeakersNeeded,
}

/// What a dialogue field holds.
#[derive(Default)]
struct Conversation {
    turns: Said,
    /// Lines that may name a speaker and were read as text.
    unsure: Unsure,
}

impl From<Fault> for DialogueFault {
    fn from(fault: Fault) -> Self {
        Self::Row(fault)
    }
}

/// All good rows of a file in order; what is wrong with the others goes to `issues`. Each record is freed as its draft
/// is made.
///
/// # Errors
/// [`ImportProblem::SpeakersNeeded`] for the first dialogue whose turns name no speaker if none were given,
/// [`ImportProblem::TooLarge`] for too many rows of a few bytes.
pub(super) fn drafts(
    records: &mut Records,
    layout: &Layout,
    options: &ImportOptions,
    file: &str,
    issues: &mut Issues,
) -> Result<Vec<Draft>, ImportProblem> {
    let rows = std::mem::take(&mut records.rows);
    // What the rows have taken is given back, one row after the other.
    let mut room = records.room.empty();
    room.take_each(rows.len(), EXAMPLE_BYTES);
    room.check(file)?;
    let mut drafts = Vec::with_capacity(rows.len());
    let mut ids = Ids::default();
    let name: Arc<str> = file.into();
    for Record { row, fields } in rows {
        let mut faults: Vec<(&str, Fault)> = Vec::new();
        let field = layout.map.dialogue.as_str();
        let is_stored = is_stored_form(layout.format);
        let speakers = options.speakers.as_deref();
        let beside = turns::with_speakers_beside(&fields, field);
        let dialogue = beside.as_ref().or_else(|| fields.get(field));
        let Conversation { turns, unsure } = match conversation(dialogue, is_stored, speakers) {
            Ok(conversation) => conversation,
            Err(DialogueFault::SpeakersNeeded) => {
                return Err(ImportProblem::SpeakersNeeded {
                    file: file.into(),
                    row,
                    field: excerpt(field),
                });
            }
            Err(DialogueFault::Row(fault)) => {
                faults.push((field, fault));
                Conversation::default()
            }
        };
        if faults.is_empty() {
            let found = doubts_about(&turns, &unsure);
            faults.extend(found.into_iter().map(|fault| (field, fault)));
        }
        let references = references_of(&fields, layout, &mut faults);
        if options.keep_unsummarised {
            faults.iter_mut().for_each(|(_, fault)| keep_waiting(fault));
        }
        let word = |column: &Option<String>| {
            let column = column.as_ref()?;
            id_of(fields.get(column))
        };
        let (id, split_word) = (word(&layout.map.id), word(&layout.map.split));
        drop(fields);
        if let (Some(id), Some(column)) = (&id, &layout.map.id)
            && let Some(first) = ids.taken(id, split_word.as_deref(), row)
        {
            faults.push((column, duplicate_id(id, first)));
        }
        let is_good = faults
            .iter()
            .all(|(_, fault)| fault.severity == Severity::Warning);
        for (field, fault) in faults {
            let mut issue = fault.into_issue(file, row, field);
            if let RowFault::MissingSummary(lack) = &mut issue.fault
                && issue.severity == Severity::Error
                && let Some(beside) = &records.beside
            {
                *lack = NoSummary::Transcript {
                    beside: beside.clone(),
                };
            }
            issues.push(issue);
        }
        if is_good {
            drafts.push(Draft {
                id,
                file: name.clone(),
                row,
                dialogue: turns.to_text(),
                references,
                split_word,
                split: Split::Train,
                units: records.measure.units(row),
            });
        }
    }
    Ok(drafts)
}

/// The ids of a file with their rows, by a hash. Splits in one file may count their rows alike.
#[derive(Default)]
struct Ids {
    hasher: RandomState,
    rows: HashMap<u64, usize>,
}

impl Ids {
    /// The row that has this id already.
    fn taken(&mut self, id: &str, split: Option<&str>, row: usize) -> Option<usize> {
        match self.rows.entry(self.hasher.hash_one((id, split))) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(free) => {
                free.insert(row);
                None
            }
        }
    }
}

/// Formats whose reader has decided who speaks: their dialogues are in our own form.
fn is_stored_form(format: FileFormat) -> bool {
    use FileFormat::{
        ChatTxt, CsvTurns, DocxTable, DocxTranscript, GoogleMeet, JsonTurns, Md, OdsTurns,
        OtterTxt, SlackJson, SlackZip, Srt, TelegramJson, TsvTurns, Txt, Vtt, WhatsappAndroid,
        WhatsappIos, XlsTurns, XlsxTurns, ZoomChat,
    };
    matches!(
        format,
        Txt | Md
            | Vtt
            | Srt
            | CsvTurns
            | TsvTurns
            | JsonTurns
            | XlsxTurns
            | XlsTurns
            | OdsTurns
            | WhatsappIos
            | WhatsappAndroid
            | TelegramJson
            | SlackZip
            | SlackJson
            | ZoomChat
            | OtterTxt
            | GoogleMeet
            | ChatTxt
            | DocxTranscript
            | DocxTable
    )
}

/// What is wrong with who speaks, or worth a look.
fn doubts_about(turns: &Said, unsure: &Unsure) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut names = turns.turns().filter_map(|turn| turn.name());
    if let Some(name) = names.find(|name| !speaker::is_readable(name)) {
        let name = excerpt(name);
        faults.push(fault(RowFault::BadSpeaker { name }));
    }
    if let Some(unsure) = transcript::unsure_speaker(unsure) {
        faults.push(warning(unsure));
    }
    if !turns.has_speaker() {
        faults.push(warning(RowFault::NoSpeaker(Nameless::Everybody {})));
    }
    faults
}

/// A text of lines, a list of texts or a list of objects with speaker and text.
fn conversation(
    value: Option<&Value>,
    is_stored: bool,
    speakers: Option<&[String]>,
) -> Result<Conversation, DialogueFault> {
    match value {
        None | Some(Value::Null) => {
            Err(fault(RowFault::MissingDialogue(NoDialogue::Field {})).into())
        }
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(fault(RowFault::EmptyDialogue).into())
        }
        Some(Value::String(text)) if is_stored => Ok(turns::stored(text, speakers)),
        Some(Value::String(text)) => Ok(turns::from_text(text, speakers)),
        Some(Value::Array(list)) => turns::from_list(list, speakers),
        Some(other) => Err(not_text(MapPart::Dialogue, other).into()),
    }
}

/// All references of a row; an absent or empty further one is left out, a row without any is faulty.
fn references_of<'a>(
    fields: &Fields,
    layout: &'a Layout,
    faults: &mut Vec<(&'a str, Fault)>,
) -> Vec<String> {
    let mut references = Vec::new();
    let mut present = false;
    for column in &layout.map.summaries {
        match fields.get(column) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => {
                present = true;
                references.push(clean(text));
            }
            Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
                present = true;
                let texts: Vec<String> =
                    items.iter().filter_map(Value::as_str).map(clean).collect();
                match layout.format == FileFormat::TodsumJsonl {
                    true => references.push(texts.join(" ")),
                    false => references.extend(texts),
                }
            }
            Some(other) => {
                faults.push((column, not_text(MapPart::Summary, other)));
                return Vec::new();
            }
        }
    }
    references.retain(|reference| !reference.is_empty());
    references.shrink_to_fit();
    if references.is_empty() {
        let field = layout
            .map
            .summaries
            .first()
            .map_or("summary", String::as_str);
        faults.push((
            field,
            match present {
                true => fault(RowFault::EmptySummary),
                false => fault(RowFault::MissingSummary(NoSummary::Field {})),
            },
        ));
    }
    references
}

/// A row that lacks nothing but its summary is kept and waits for one.
fn keep_waiting(fault: &mut Fault) {
    if matches!(
        fault.fault,
        RowFault::MissingSummary(_) | RowFault::EmptySummary
    ) {
        fault.severity = Severity::Warning;
    }
}

fn clean(text: &str) -> String {
    normalised(text).trim().to_owned()
}

/// An id or split word: a text or a number.
fn id_of(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn fault(fault: RowFault) -> Fault {
    Fault {
        fault,
        severity: Severity::Error,
    }
}

fn warning(fault: RowFault) -> Fault {
    Fault {
        fault,
        severity: Severity::Warning,
    }
}

fn not_text(part: MapPart, value: &Value) -> Fault {
    let found = kind_of(value);
    fault(RowFault::NotText(NoText::Field { part, found }))
}

fn duplicate_id(id: &str, first: usize) -> Fault {
    fault(RowFault::DuplicateId {
        id: excerpt(id),
        row: first,
    })
}

impl Fault {
    fn into_issue(self, file: &str, row: usize, field: &str) -> Issue {
        Issue {
            severity: self.severity,
            ..Issue::error(file, row, &excerpt(field), self.fault)
        }
    }
}

#[cfg(test)]
mod tests;
