//! One row → one example, or an issue that says what is missing.

use std::collections::HashMap;

use contract::{FileFormat, IssueCode};
use serde_json::{Map, Value};

use super::columns::Layout;
use super::json::kind_of;
use super::{ImportOptions, ImportProblem, Issue, Records, Severity, Split};
use crate::dialogue::{Dialogue, Turn, normalise_text};

/// Field names of a turn given as an object.
const SPEAKER_KEYS: [&str; 7] = [
    "speaker",
    "role",
    "name",
    "from",
    "author",
    "participant",
    "user",
];
const TEXT_KEYS: [&str; 7] = [
    "text",
    "content",
    "utterance",
    "message",
    "value",
    "body",
    "transcript",
];

/// An example before its split and final id are known.
pub(super) struct Draft {
    pub(super) id: Option<String>,
    pub(super) file: String,
    pub(super) row: usize,
    pub(super) dialogue: String,
    pub(super) references: Vec<String>,
    /// The split column's content, where there is one.
    pub(super) split_word: Option<String>,
    pub(super) split: Split,
}

/// Why a field is unusable: code, reason, fix.
struct Fault {
    code: IssueCode,
    reason: String,
    fix: &'static str,
    severity: Severity,
}

/// Why a dialogue field gives no dialogue.
enum DialogueFault {
    Row(Fault),
    SpeakersNeeded,
}

impl From<Fault> for DialogueFault {
    fn from(fault: Fault) -> Self {
        Self::Row(fault)
    }
}

/// All good rows of a file in order; what is wrong with the others goes to `issues`.
///
/// # Errors
/// [`ImportProblem::SpeakersNeeded`] for the first dialogue whose turns name no speaker if none were given.
pub(super) fn drafts(
    records: &Records,
    layout: &Layout,
    options: &ImportOptions,
    file: &str,
    issues: &mut Vec<Issue>,
) -> Result<Vec<Draft>, ImportProblem> {
    let mut drafts = Vec::with_capacity(records.rows.len());
    let mut ids: HashMap<String, usize> = HashMap::new();
    for record in &records.rows {
        let row = record.row;
        let mut faults: Vec<(&str, Fault)> = Vec::new();
        let field = layout.map.dialogue.as_str();
        let dialogue = match dialogue_of(record.fields.get(field), options.speakers.as_deref()) {
            Ok(dialogue) => dialogue,
            Err(DialogueFault::SpeakersNeeded) => {
                return Err(ImportProblem::SpeakersNeeded {
                    file: file.into(),
                    row,
                    field: field.into(),
                });
            }
            Err(DialogueFault::Row(fault)) => {
                faults.push((field, fault));
                Dialogue::default()
            }
        };
        if faults.is_empty() && dialogue.speakers().is_empty() {
            faults.push((field, no_speaker()));
        }
        let references = references_of(&record.fields, layout, &mut faults);
        if options.keep_unsummarised {
            faults.iter_mut().for_each(|(_, fault)| keep_waiting(fault));
        }
        let id = layout
            .map
            .id
            .as_ref()
            .and_then(|id| id_of(record.fields.get(id)));
        if let (Some(id), Some(column)) = (&id, &layout.map.id) {
            match ids.get(id) {
                Some(first) => faults.push((column, duplicate_id(id, *first))),
                None => drop(ids.insert(id.clone(), row)),
            }
        }
        let is_good = faults
            .iter()
            .all(|(_, fault)| fault.severity == Severity::Warning);
        issues.extend(
            faults
                .into_iter()
                .map(|(field, fault)| fault.into_issue(file, row, field)),
        );
        if is_good {
            let split_word = layout
                .map
                .split
                .as_ref()
                .and_then(|split| id_of(record.fields.get(split)));
            let dialogue = dialogue.to_text();
            drafts.push(Draft {
                id,
                file: file.into(),
                row,
                dialogue,
                references,
                split_word,
                split: Split::Train,
            });
        }
    }
    Ok(drafts)
}

/// A text of lines, a list of texts or a list of objects with speaker and text.
fn dialogue_of(
    value: Option<&Value>,
    speakers: Option<&[String]>,
) -> Result<Dialogue, DialogueFault> {
    let missing = "Fill in the dialogue or take the row out.";
    match value {
        None | Some(Value::Null) => Err(fault(
            IssueCode::MissingDialogue,
            "the row has no dialogue",
            missing,
        )
        .into()),
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(fault(IssueCode::EmptyDialogue, "the dialogue is empty", missing).into())
        }
        Some(Value::String(text)) => Ok(from_text(text, speakers)),
        Some(Value::Array(turns)) => from_turns(turns, speakers),
        Some(other) => {
            let reason = format!(
                "the dialogue is {}, not a text or a list of turns",
                kind_of(other)
            );
            Err(fault(
                IssueCode::NotText,
                &reason,
                "Give the dialogue as `Name: text` lines or as a list of turns.",
            )
            .into())
        }
    }
}

/// Lines with speakers. Where no line has one and the user has named the speakers, each line is a turn.
fn from_text(text: &str, speakers: Option<&[String]>) -> Dialogue {
    let dialogue = Dialogue::parse(text);
    match speakers {
        Some(speakers) if dialogue.speakers().is_empty() => alternate(
            dialogue.turns.iter().map(|turn| turn.text.as_str()),
            speakers,
        ),
        _ => dialogue.join_continuations(),
    }
}

fn from_turns(turns: &[Value], speakers: Option<&[String]>) -> Result<Dialogue, DialogueFault> {
    let empty = || {
        fault(
            IssueCode::EmptyDialogue,
            "the dialogue has no turns",
            "Fill in the dialogue or take the row out.",
        )
    };
    let mut texts: Vec<(Option<&str>, &str)> = Vec::with_capacity(turns.len());
    for (index, turn) in turns.iter().enumerate() {
        let (speaker, text) = match turn {
            Value::String(text) => (None, Some(text.as_str())),
            Value::Object(fields) => (
                text_field(fields, &SPEAKER_KEYS),
                text_field(fields, &TEXT_KEYS),
            ),
            _ => (None, None),
        };
        let Some(text) = text else {
            let reason = format!("turn {} is {} without a text", index + 1, kind_of(turn));
            return Err(fault(
                IssueCode::NotText,
                &reason,
                "Give each turn as a text or as {\"speaker\": …, \"text\": …}.",
            )
            .into());
        };
        texts.push((speaker, text));
    }
    if texts.iter().all(|(_, text)| text.trim().is_empty()) {
        return Err(empty().into());
    }
    if texts.iter().any(|(speaker, _)| speaker.is_some()) {
        let named = texts.iter().filter(|(_, text)| !text.trim().is_empty());
        let turns = named
            .map(|(speaker, text)| Turn::new(speaker.unwrap_or_default(), text))
            .collect();
        return Ok(Dialogue { turns }.join_continuations());
    }
    let lines: Vec<&str> = texts.iter().map(|(_, text)| *text).collect();
    match speakers {
        Some(speakers) => Ok(alternate(lines.into_iter(), speakers)),
        None => named_in_text(&lines).ok_or(DialogueFault::SpeakersNeeded),
    }
}

/// Turns that all read `Name: text`, by at most half as many names as turns: tweets begin with all sorts of words
/// before a colon, real speakers come back.
fn named_in_text(lines: &[&str]) -> Option<Dialogue> {
    let dialogue = Dialogue::parse(&lines.join("\n"));
    let written = lines.iter().filter(|line| !line.trim().is_empty()).count();
    let named = dialogue.stray_lines().is_empty() && dialogue.turns.len() == written;
    let speakers = dialogue.speakers().len();
    (named && (speakers * 2 <= written || speakers == 2)).then_some(dialogue)
}

/// The first text is the first speaker's, then they take turns. An empty text keeps its place but leaves no turn.
fn alternate<'a>(texts: impl Iterator<Item = &'a str>, speakers: &[String]) -> Dialogue {
    let turns = texts
        .zip(speakers.iter().cycle())
        .map(|(text, speaker)| Turn::new(speaker, text));
    Dialogue {
        turns: turns.filter(|turn| !turn.text.is_empty()).collect(),
    }
}

fn text_field<'a>(fields: &'a Map<String, Value>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| fields.get(*name)?.as_str())
}

/// All references of a row; an absent or empty further one is left out, a row without any is at fault.
fn references_of<'a>(
    fields: &Map<String, Value>,
    layout: &'a Layout,
    faults: &mut Vec<(&'a str, Fault)>,
) -> Vec<String> {
    let fix = "Fill in the summary or take the row out.";
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
                let reason = format!("the summary is {}, not a text", kind_of(other));
                faults.push((
                    column,
                    fault(IssueCode::NotText, &reason, "Give the summary as a text."),
                ));
                return Vec::new();
            }
        }
    }
    references.retain(|reference| !reference.is_empty());
    if references.is_empty() {
        let field = layout
            .map
            .summaries
            .first()
            .map_or("summary", String::as_str);
        faults.push((
            field,
            match present {
                true => fault(IssueCode::EmptySummary, "the summary is empty", fix),
                false => fault(IssueCode::MissingSummary, "the row has no summary", fix),
            },
        ));
    }
    references
}

/// A row that lacks nothing but its summary is kept and waits for one.
fn keep_waiting(fault: &mut Fault) {
    if matches!(
        fault.code,
        IssueCode::MissingSummary | IssueCode::EmptySummary
    ) {
        fault.severity = Severity::Warning;
        fault.fix = "The dialogue is kept and waits for a summary; no run reads it until then.";
    }
}

fn clean(text: &str) -> String {
    normalise_text(text).trim().to_owned()
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

fn fault(code: IssueCode, reason: &str, fix: &'static str) -> Fault {
    Fault {
        code,
        reason: reason.to_owned(),
        fix,
        severity: Severity::Error,
    }
}

fn no_speaker() -> Fault {
    let fix = "Write each turn as `Name: text`, or name the speakers of the lines in turn with --speakers.";
    Fault {
        severity: Severity::Warning,
        ..fault(
            IssueCode::NoSpeaker,
            "no line of the dialogue names a speaker",
            fix,
        )
    }
}

fn duplicate_id(id: &str, first: usize) -> Fault {
    fault(
        IssueCode::DuplicateId,
        &format!("the id `{id}` stands in row {first} already"),
        "Give each row its own id.",
    )
}

impl Fault {
    fn into_issue(self, file: &str, row: usize, field: &str) -> Issue {
        Issue {
            file: file.into(),
            row,
            field: field.into(),
            code: self.code,
            reason: self.reason,
            fix: self.fix.into(),
            severity: self.severity,
        }
    }
}
