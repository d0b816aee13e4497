//! What all transcripts share: the dialogues found, summaries, and summaries beside the file.
//!
//! A transcript says nothing in columns, so its dialogues become records with the two columns `dialogue` and
//! `summary`. A record's row is the line on which its dialogue begins.

use std::path::{Path, PathBuf};

use std::collections::HashSet;

use contract::problem::{BadBytes, ImportProblem, Nameless, NoDialogue, NoSummary, RowFault};
use contract::{AccountUnit, FileFormat, IntakeLimit, excerpt};

use super::account::{Measure, Units};
use super::limits::{self, Room, TURNS};
use super::lines::Line;
use super::settle::settle;
use super::spoken::{Said, Unsure};
use super::value::{Fields, Name, Value};
use super::{Issue, Record, Records, Severity};
use crate::dialogue::{Turn, normalise_text};
use crate::speaker::{self, Heard};

/// Endings of files that may have their summary in a file beside them.
const ENDINGS: [&str; 9] = [
    "txt", "text", "md", "markdown", "vtt", "srt", "docx", "zip", "json",
];
/// What replaces the ending in the name of a summary's file.
const BESIDE: &str = "summary.txt";
/// Words above a summary, in the languages of the window.
const SUMMARY_WORDS: [&str; 2] = ["summary", "zusammenfassung"];

/// Maximum number of faults of one dialogue that are kept.
pub(super) const MOST_FAULTS: usize = 1_000;
/// What a dialogue takes besides its turns, in bytes.
const TALK_BYTES: usize = 600;

/// One dialogue of a transcript.
#[derive(Default)]
pub(super) struct Talk {
    /// The line on which it begins; 0 before it has one.
    pub(super) row: usize,
    pub(super) turns: Said,
    /// Lines that begin as if somebody else spoke, and do not say who.
    pub(super) changes: Unsure,
    /// Lines that may be said by somebody else, and were read as text of the turn before them.
    unsure: Unsure,
    pub(super) summary: Option<String>,
    faults: Vec<Fault>,
    /// The lines, captions or messages that it is made of.
    pub(super) units: Units,
}

/// The dialogues of a file so far.
pub(super) struct Talks {
    list: Vec<Talk>,
    room: Room,
}

/// Something wrong with a dialogue; its file and row are added at the end.
#[derive(Clone)]
pub(super) struct Fault {
    field: &'static str,
    fault: RowFault,
    severity: Severity,
}

/// How far a summary reaches; a rule or a heading ends it in any case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// Under a heading: nothing else ends it.
    Heading,
    /// Under `Summary:` on a line of its own: a turn after a blank line ends it.
    Paragraph,
    /// After `Summary:` on one line: a turn ends it.
    Turn,
}

/// The file with the summaries of a transcript.
pub(super) struct Beside<'a> {
    name: String,
    bytes: &'a [u8],
}

/// The file in which the summary of a transcript is looked for: `talk.summary.txt` for `talk.vtt`.
pub(super) fn path_beside(path: &Path) -> Option<PathBuf> {
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    (ENDINGS.contains(&ending.as_str()) && !is_beside(path)).then(|| path.with_extension(BESIDE))
}

/// Whether a file's name says that it holds the summary of a transcript.
pub(super) fn is_beside(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().ends_with(&format!(".{BESIDE}")))
}

/// A summary whose transcript is not among the files.
pub(super) fn orphan(layout: FileFormat, file: &str) -> Records {
    let fault = RowFault::MissingDialogue(NoDialogue::Alone {});
    let mut records = nothing(layout);
    records
        .issues
        .push(Issue::error(file, 1, "dialogue", fault));
    records.measure.lose(1);
    records
}

impl<'a> Beside<'a> {
    pub(super) fn new(path: &Path, bytes: &'a [u8]) -> Self {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Self {
            name,
            bytes: bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
        }
    }

    /// One summary for each of `count` dialogues; several are separated by rules.
    fn texts(&self, count: usize) -> Result<Vec<String>, Fault> {
        let text = std::str::from_utf8(self.bytes).map_err(|error| {
            let fault = BadBytes::Beside {
                beside: excerpt(&self.name),
                offset: error.valid_up_to(),
            };
            Fault::new("summary", RowFault::InvalidUtf8(fault))
        })?;
        let lines: Vec<&str> = text.lines().collect();
        let is_text = |part: &&[&str]| part.iter().any(|line| !line.trim().is_empty());
        let parts: Vec<&[&str]> = match count {
            1 => vec![lines.as_slice()],
            _ => lines
                .split(|line| is_rule(line.trim()))
                .filter(is_text)
                .collect(),
        };
        if parts.len() != count {
            let fault = NoSummary::Beside {
                beside: excerpt(&self.name),
                dialogues: count,
                summaries: parts.len(),
            };
            return Err(Fault::new("summary", RowFault::MissingSummary(fault)));
        }
        Ok(parts.into_iter().map(without_label).collect())
    }
}

/// A summary's lines without the word `Summary` above them.
fn without_label(lines: &[&str]) -> String {
    let text = normalise_text(&lines.join("\n"));
    let (first, following) = text.split_once('\n').unwrap_or((&text, ""));
    match summary_label(first.trim()) {
        Some((_, begin)) => format!("{begin}\n{following}").trim().to_owned(),
        None => text,
    }
}

impl Fault {
    pub(super) fn new(field: &'static str, fault: RowFault) -> Self {
        Self {
            field,
            fault,
            severity: Severity::Error,
        }
    }

    fn into_issue(self, file: &str, row: usize) -> Issue {
        Issue {
            severity: self.severity,
            ..Issue::error(file, row, self.field, self.fault)
        }
    }
}

impl Talks {
    /// No dialogues yet, of a text of this length, in bytes.
    pub(super) fn of(bytes: usize) -> Self {
        Self {
            list: Vec::new(),
            room: Room::of(bytes),
        }
    }

    pub(super) fn push(&mut self, talk: Talk) {
        // A text with too many dialogues is refused in the end.
        if self.room.take(TALK_BYTES) {
            self.list.push(talk);
        }
    }

    pub(super) fn last_mut(&mut self) -> Option<&mut Talk> {
        self.list.last_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Talk> {
        self.list.iter()
    }

    /// Keeps the dialogues for which this is true.
    pub(super) fn retain(&mut self, stays: impl FnMut(&mut Talk) -> bool) {
        self.list.retain_mut(stays);
    }

    pub(super) fn sort(&mut self) {
        self.list.sort_by_key(|talk| talk.row);
    }

    /// The text is longer by `bytes`.
    pub(super) fn grow(&mut self, bytes: usize) {
        self.room.grow(bytes);
    }
}

impl Talk {
    /// Counts a line as one of this dialogue: its first one is the row, its bytes have to be UTF-8.
    pub(super) fn takes(&mut self, line: &Line<'_>) {
        if self.row == 0 {
            self.row = line.number;
        }
        self.units.read += 1;
        self.check_bytes(line);
    }

    /// Names a line that is not UTF-8.
    pub(super) fn check_bytes(&mut self, line: &Line<'_>) {
        if let Some(offset) = line.bad_byte {
            self.not_utf8(line.number, offset);
        }
    }

    /// Names a line that is not UTF-8 at this byte of the file.
    pub(super) fn not_utf8(&mut self, number: usize, offset: usize) {
        let line = number;
        let fault = RowFault::InvalidUtf8(BadBytes::Line { line, offset });
        self.find(Fault::new("", fault));
    }

    /// Adds something that is wrong with it; a thousand faults tell as much as a million.
    pub(super) fn find(&mut self, fault: Fault) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        }
    }

    /// Adds a line that somebody may say. `goes_on` is whether it belongs to the turn before it where it names nobody.
    pub(super) fn hear(&mut self, heard: &Heard<'_>, goes_on: bool) {
        if self.has_room() {
            self.turns.hear(heard, goes_on);
        }
    }

    /// Adds what somebody says.
    pub(super) fn say(&mut self, turn: &Turn) {
        if self.has_room() {
            self.turns.say(turn);
        }
    }

    /// An import with more turns is refused when all is counted; until then no more of them are kept.
    fn has_room(&self) -> bool {
        self.turns.len() as u64 <= TURNS
    }

    /// Decides who speaks where lines alone do not say it, and adds lines of nobody to the turn before them.
    pub(super) fn settle(&mut self) {
        self.unsure.extend(settle(&mut self.turns));
        let changes = std::mem::take(&mut self.changes);
        if self.turns.has_speaker() {
            self.unsure.extend(changes);
        }
        self.turns.join_continuations();
    }

    /// Adds a piece to the summary, which begins with it where there was none.
    pub(super) fn summarize(&mut self, text: &str, separator: &str) {
        let summary = self.summary.get_or_insert_default();
        if !summary.is_empty() {
            summary.push_str(separator);
        }
        summary.push_str(text);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.row == 0
    }

    /// What is still wrong when all lines are read.
    fn check(&mut self) {
        if self.turns.is_empty() {
            let fault = RowFault::MissingDialogue(NoDialogue::Between {});
            self.find(Fault::new("dialogue", fault));
        }
        let mut unreadable: HashSet<&str> = HashSet::new();
        let names = self.turns.turns().filter_map(|turn| turn.name());
        let bad: Vec<Fault> = names
            .filter(|name| !speaker::is_readable(name) && unreadable.insert(name))
            .take(MOST_FAULTS)
            .map(bad_speaker)
            .collect();
        bad.into_iter().for_each(|fault| self.find(fault));
        let mut warnings = Vec::new();
        let mut warn = |fault| {
            warnings.push(Fault {
                severity: Severity::Warning,
                ..Fault::new("dialogue", fault)
            });
        };
        let stray = self.turns.turns().find(|turn| turn.name().is_none());
        if let (Some(first), true) = (stray, self.turns.has_speaker()) {
            let text = excerpt(&speaker::unspoken(&first.text()));
            warn(RowFault::NoSpeaker(Nameless::Before { text }));
        }
        if let Some(fault) = unsure_speaker(&self.unsure) {
            warn(fault);
        }
        self.faults.extend(warnings);
    }
}

/// The dialogues of a file as records; those with an error become issues.
///
/// # Errors
/// [`ImportProblem::TooLarge`] for a text that is divided into too many dialogues.
pub(super) fn records(
    layout: FileFormat,
    file: &str,
    talks: Talks,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    talks.room.check(file)?;
    let room = talks.room.empty();
    let talks = talks.list;
    let turns: usize = talks.iter().map(|talk| talk.units.read).sum();
    limits::check(file, IntakeLimit::Turns, turns as u64)?;
    let mut records = nothing(layout);
    records.room = room;
    records.beside = Some(beside_of(file));
    let names: [Name; 2] = ["dialogue".into(), "summary".into()];
    let texts = beside.map(|beside| beside.texts(talks.len()));
    for (index, mut talk) in talks.into_iter().enumerate() {
        match &texts {
            Some(Ok(texts)) if talk.summary.is_none() => talk.summary = texts.get(index).cloned(),
            Some(Err(fault)) if talk.summary.is_none() => {
                talk.find(fault.clone());
                talk.summary = Some(String::new());
            }
            _ => {}
        }
        let lines = talk.turns.count();
        talk.settle();
        let joined = lines.saturating_sub(talk.turns.count());
        talk.units.merged = (talk.units.merged + joined).min(talk.units.read);
        talk.check();
        let is_good = talk
            .faults
            .iter()
            .all(|fault| fault.severity == Severity::Warning);
        for fault in std::mem::take(&mut talk.faults) {
            records.issues.push(fault.into_issue(file, talk.row));
        }
        match is_good {
            true => records.measure.set(talk.row, talk.units),
            false => records.measure.lose(talk.units.read),
        }
        if is_good {
            let dialogue = std::mem::take(&mut talk.turns).to_text();
            // A dialogue without a summary has no such field: whether it is kept is decided with the other rows.
            let fields = [("dialogue", Some(dialogue)), ("summary", talk.summary)];
            let fields = fields
                .into_iter()
                .zip(&names)
                .filter_map(|((_, text), name)| Some((name.clone(), Value::from(text?))));
            let fields: Fields = fields.collect();
            records.rows.push(Record {
                row: talk.row,
                fields,
            });
        }
    }
    Ok(records)
}

fn nothing(layout: FileFormat) -> Records {
    let columns = ["dialogue", "summary"].map(str::to_owned).to_vec();
    Records {
        columns,
        measure: Measure::of_pieces(AccountUnit::Line),
        ..Records::new(layout)
    }
}

/// The name of the file that may hold the summaries of a transcript.
fn beside_of(file: &str) -> String {
    let beside = Path::new(file).with_extension(BESIDE);
    excerpt(&beside.file_name().unwrap_or_default().to_string_lossy())
}

/// Lines that may name a speaker; none if there are no such lines.
pub(super) fn unsure_speaker(lines: &Unsure) -> Option<RowFault> {
    Some(RowFault::UnsureSpeaker {
        line: lines.first.clone()?,
        count: lines.count as u64,
    })
}

fn bad_speaker(name: &str) -> Fault {
    let name = excerpt(name);
    Fault::new("dialogue", RowFault::BadSpeaker { name })
}

/// A line of three or more dashes or equals signs.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= 3
        && (line.bytes().all(|byte| byte == b'-') || line.bytes().all(|byte| byte == b'='))
}

/// The text of a Markdown heading.
pub(super) fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    let level = line.len() - text.len();
    ((1..=6).contains(&level) && (text.is_empty() || text.starts_with(' '))).then(|| text.trim())
}

/// Whether a summary begins on this line: how far it reaches, and what of it is here already.
pub(super) fn summary_label(line: &str) -> Option<(Reach, String)> {
    let title = heading(line);
    let text = without_emphasis(title.unwrap_or(line));
    let (word, after) = text.split_once(speaker::is_colon).unwrap_or((&text, ""));
    let word = word.trim_matches(['*', '_', ' ', '#']).to_lowercase();
    let reach = match (title, after.trim()) {
        (Some(_), _) => Reach::Heading,
        (None, "") => Reach::Paragraph,
        _ => Reach::Turn,
    };
    SUMMARY_WORDS
        .contains(&word.as_str())
        .then(|| (reach, after.trim().to_owned()))
}

/// `**Name:** text` and `**Name**: text` as `Name: text`. Emphasis in the text stays.
fn without_emphasis(line: &str) -> String {
    let inner = line.trim_start_matches(['*', '_']);
    let (Some((name, text)), true) = (inner.split_once(':'), inner.len() < line.len()) else {
        return line.to_owned();
    };
    let name = name.trim_end_matches(['*', '_', ' ']);
    match name.contains('*') {
        true => line.to_owned(),
        false => format!(
            "{name}: {}",
            text.trim_start_matches(['*', '_']).trim_start()
        ),
    }
}
