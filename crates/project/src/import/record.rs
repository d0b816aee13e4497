//! One row → one example, or an issue that says what is missing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use contract::{FileFormat, IssueCode, excerpt};
use serde_json::{Map, Value};

use super::account::Units;
use super::columns::Layout;
use super::json::kind_of;
use super::transcript;
use super::{ImportOptions, ImportProblem, Issue, Records, Severity, Split};
use crate::dialogue::{Dialogue, normalise_text};
use crate::speaker;

mod turns;

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
    pub(super) units: Units,
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

/// What a dialogue field holds.
#[derive(Default)]
struct Conversation {
    dialogue: Dialogue,
    /// Lines that may name a speaker and were read as text.
    unsure: Vec<String>,
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
    // Splits in one file may count their rows alike.
    let mut ids: HashMap<(Option<String>, String), usize> = HashMap::new();
    for record in &records.rows {
        let row = record.row;
        let mut faults: Vec<(&str, Fault)> = Vec::new();
        let field = layout.map.dialogue.as_str();
        let value = record.fields.get(field);
        let is_stored = is_stored_form(layout.format);
        let Conversation { dialogue, unsure } =
            match conversation(value, is_stored, options.speakers.as_deref()) {
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
            let found = doubts_about(&dialogue, &unsure);
            faults.extend(found.into_iter().map(|fault| (field, fault)));
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
        let split_word = layout
            .map
            .split
            .as_ref()
            .and_then(|split| id_of(record.fields.get(split)));
        if let (Some(id), Some(column)) = (&id, &layout.map.id) {
            match ids.entry((split_word.clone(), id.clone())) {
                Entry::Occupied(first) => faults.push((column, duplicate_id(id, *first.get()))),
                Entry::Vacant(free) => drop(free.insert(row)),
            }
        }
        let is_good = faults
            .iter()
            .all(|(_, fault)| fault.severity == Severity::Warning);
        issues.extend(faults.into_iter().map(|(field, fault)| {
            let mut issue = fault.into_issue(file, row, field);
            if issue.code == IssueCode::MissingSummary
                && issue.severity == Severity::Error
                && let Some(fix) = &records.summary_fix
            {
                issue.reason = "the dialogue that begins here has no summary".to_owned();
                issue.fix.clone_from(fix);
            }
            issue
        }));
        if is_good {
            let dialogue = dialogue.to_text();
            drafts.push(Draft {
                id,
                file: file.into(),
                row,
                dialogue,
                references,
                split_word,
                split: Split::Train,
                units: records.measure.units(row),
            });
        }
    }
    Ok(drafts)
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
fn doubts_about(dialogue: &Dialogue, unsure: &[String]) -> Vec<Fault> {
    let speakers = dialogue.speakers();
    let mut faults = Vec::new();
    if let Some(name) = speakers.iter().find(|name| !speaker::is_readable(name)) {
        let reason = transcript::bad_speaker_reason(name);
        faults.push(fault(
            IssueCode::BadSpeaker,
            &reason,
            transcript::BAD_SPEAKER_FIX,
        ));
    }
    if let Some(reason) = transcript::unsure_speaker(unsure) {
        faults.push(warning(
            IssueCode::UnsureSpeaker,
            &reason,
            transcript::UNSURE_FIX,
        ));
    }
    if speakers.is_empty() {
        faults.push(no_speaker());
    }
    faults
}

/// A text of lines, a list of texts or a list of objects with speaker and text.
fn conversation(
    value: Option<&Value>,
    is_stored: bool,
    speakers: Option<&[String]>,
) -> Result<Conversation, DialogueFault> {
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
        Some(Value::String(text)) if is_stored => Ok(turns::stored(text, speakers)),
        Some(Value::String(text)) => Ok(turns::from_text(text, speakers)),
        Some(Value::Array(list)) => turns::from_list(list, speakers),
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

fn warning(code: IssueCode, reason: &str, fix: &'static str) -> Fault {
    Fault {
        severity: Severity::Warning,
        ..fault(code, reason, fix)
    }
}

fn no_speaker() -> Fault {
    let fix = "Write each turn as `Name: text`, or name the speakers of the lines in turn with --speakers.";
    warning(
        IssueCode::NoSpeaker,
        "no line of the dialogue names a speaker",
        fix,
    )
}

fn duplicate_id(id: &str, first: usize) -> Fault {
    fault(
        IssueCode::DuplicateId,
        &format!("the id `{}` stands in row {first} already", excerpt(id)),
        "Give each row its own id.",
    )
}

impl Fault {
    fn into_issue(self, file: &str, row: usize, field: &str) -> Issue {
        Issue {
            file: file.into(),
            row,
            field: excerpt(field),
            code: self.code,
            reason: self.reason,
            fix: self.fix.into(),
            severity: self.severity,
        }
    }
}

#[cfg(test)]
mod tests;
