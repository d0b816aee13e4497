//! Word documents as conversations: a table with a turn a row, or paragraphs as Teams, Meet and people write them.
//!
//! Teams puts the name in bold, then the time, and the words after a break. Meet has its headers and footers (`meet`).
//! Everybody else writes `Name: text`, or puts the name in bold and no colon. A heading `Summary` or `Zusammenfassung`,
//! or a paragraph that begins with the word, holds the summary.

use std::collections::HashMap;

use contract::problem::ImportProblem;
use contract::{AccountUnit, DropReason, FileFormat};

use super::chat::{Chat, Message, spoken};
use super::docx::{Block, Paragraph};
use super::meet::{self, Meet};
use super::transcript::{self, Beside};
use super::{Reading, Records, names};
use crate::speaker::time::is_time;
use crate::speaker::{self, Surety};

/// Rows of a table that are looked at to find out what its columns hold.
const LOOK_ROWS: usize = 50;
/// Longest name in a column without a header, in characters.
const NAME_CHARS: usize = 40;
/// How Teams' own sentences end, in the languages of its window.
const SYSTEM: [&str; 12] = [
    "started transcription",
    "stopped transcription",
    "hat die transkription gestartet",
    "hat die transkription beendet",
    "inició la transcripción",
    "detuvo la transcripción",
    "a démarré la transcription",
    "a arrêté la transcription",
    "ha avviato la trascrizione",
    "ha interrotto la trascrizione",
    "iniciou a transcrição",
    "is gestart met transcriptie",
];

/// Reads the dialogues of a document, which has `bytes` unpacked.
pub(super) fn read(
    file: &str,
    blocks: Vec<Block>,
    bytes: usize,
    reading: &Reading,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let mut tables = blocks.iter().filter_map(|block| match block {
        Block::Table(rows) => Some(rows),
        Block::Paragraph(_) => None,
    });
    let has_turns = tables.any(|rows| turn_columns(rows).is_some());
    let chat = Chat::new(file, reading, bytes);
    match has_turns {
        true => from_tables(chat, blocks, beside),
        false => from_paragraphs(chat, &blocks, beside),
    }
}

/// What a paragraph says about summaries.
enum Label {
    /// The summary follows in the paragraphs below.
    Heading,
    /// It begins here.
    Begins(String),
}

fn label(paragraph: &Paragraph, text: &str) -> Option<Label> {
    let (_, begin) = transcript::summary_label(text)?;
    Some(match begin.is_empty() || paragraph.is_heading {
        true => Label::Heading,
        false => Label::Begins(begin),
    })
}

/// Which columns of a table hold name and text, and whether its first row says so.
struct Columns {
    speaker: usize,
    text: usize,
    has_head: bool,
}

/// By the words of the first row, else by what the columns hold: names are few, short and repeated, and of the other
/// columns the one with the most text is what is said.
fn turn_columns(rows: &[Vec<String>]) -> Option<Columns> {
    let first = rows.first()?;
    if let (Some(speaker), Some(text)) = (
        names::find(first, names::SPEAKER),
        names::find(first, names::TEXT),
    ) && speaker != text
    {
        return Some(Columns {
            speaker,
            text,
            has_head: true,
        });
    }
    let rows = &rows[..rows.len().min(LOOK_ROWS)];
    let width = rows.iter().map(Vec::len).max()?;
    let column = |place: usize| rows.iter().filter_map(move |row| row.get(place));
    let is_times =
        |place: usize| column(place).all(|cell| cell.trim().is_empty() || is_time(cell.trim()));
    let is_names = |place: usize| {
        let mut distinct: Vec<&str> = column(place).map(|cell| cell.trim()).collect();
        let count = distinct.len();
        let is_short = distinct.iter().all(|cell| {
            !cell.is_empty() && cell.chars().count() <= NAME_CHARS && !cell.contains('\n')
        });
        distinct.sort_unstable();
        distinct.dedup();
        is_short && count >= 3 && (2..count).contains(&distinct.len())
    };
    let length = |place: usize| column(place).map(String::len).sum::<usize>();
    let speaker = (0..width).find(|place| !is_times(*place) && is_names(*place))?;
    let text = (0..width)
        .filter(|place| *place != speaker && !is_times(*place))
        .max_by_key(|place| (length(*place), std::cmp::Reverse(*place)))?;
    (length(text) > length(speaker)).then_some(Columns {
        speaker,
        text,
        has_head: false,
    })
}

fn from_tables(
    mut chat: Chat<'_>,
    blocks: Vec<Block>,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let mut row_number = 0;
    let (mut has_table, mut in_summary) = (false, false);
    // A summary above its table waits for it, with the number of its paragraphs.
    let mut waiting = String::new();
    let mut waiting_pieces = 0;
    for block in blocks {
        let paragraph = match block {
            Block::Table(rows) => {
                let Some(columns) = turn_columns(&rows) else {
                    for row in rows {
                        row_number += 1;
                        chat.note(
                            row_number as usize,
                            row_number,
                            DropReason::Header,
                            &row.join(" "),
                        );
                    }
                    continue;
                };
                chat.end();
                for (place, row) in rows.into_iter().enumerate() {
                    row_number += 1;
                    if place > 0 || !columns.has_head {
                        chat.say(turn(&row, &columns, row_number));
                    }
                }
                if !waiting.is_empty() {
                    chat.summarize(&std::mem::take(&mut waiting), "");
                }
                chat.count_summary(std::mem::take(&mut waiting_pieces));
                (has_table, in_summary) = (true, false);
                continue;
            }
            Block::Paragraph(paragraph) => paragraph,
        };
        note_deleted(&mut chat, &paragraph);
        let text = paragraph.text();
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let mut summarize = |text: &str, separator: &str| match has_table {
            true => {
                if !text.is_empty() {
                    chat.summarize(text, separator);
                }
                chat.count_summary(1);
            }
            false => {
                waiting.push_str(if waiting.is_empty() { "" } else { separator });
                waiting.push_str(text);
                waiting_pieces += 1;
            }
        };
        match label(&paragraph, text) {
            Some(Label::Heading) => {
                in_summary = true;
                summarize("", "");
            }
            Some(Label::Begins(begin)) => {
                in_summary = true;
                summarize(&begin, "\n");
            }
            None if in_summary && !paragraph.is_heading => summarize(text, "\n"),
            None => {
                in_summary = false;
                let reason = match has_table {
                    true => DropReason::Footer,
                    false => DropReason::Header,
                };
                chat.note(paragraph.number as usize, paragraph.number, reason, text);
            }
        }
    }
    chat.finish(FileFormat::DocxTable, AccountUnit::Row, beside)
}

fn turn(row: &[String], columns: &Columns, number: u64) -> Message {
    let cell = |place: usize| row.get(place).map(|cell| cell.trim().to_owned());
    Message {
        row: number as usize,
        position: number,
        seconds: None,
        speaker: cell(columns.speaker).unwrap_or_default(),
        text: cell(columns.text).unwrap_or_default(),
    }
}

fn note_deleted(chat: &mut Chat<'_>, paragraph: &Paragraph) {
    if !paragraph.deleted.trim().is_empty() {
        chat.note(
            paragraph.number as usize,
            paragraph.number,
            DropReason::TrackedDeletion,
            &paragraph.deleted,
        );
    }
}

/// How the paragraphs of a document are to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Teams,
    Meet,
    /// A name in bold, with no colon after it.
    Bold,
    Plain,
}

fn style(paragraphs: &[(&Paragraph, String)]) -> Style {
    let heads = paragraphs
        .iter()
        .filter(|(paragraph, _)| teams_turn(paragraph).is_some());
    if heads.count() >= 2 {
        return Style::Teams;
    }
    if meet::look_like_ones(paragraphs.iter().map(|(_, text)| text.as_str())) {
        return Style::Meet;
    }
    match has_bold_names(paragraphs) {
        true => Style::Bold,
        false => Style::Plain,
    }
}

/// Whether bold names tell who speaks: two people appear again and again, and no colon says more. Titles of sections
/// are bold too, but appear once.
fn has_bold_names(paragraphs: &[(&Paragraph, String)]) -> bool {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (paragraph, _) in paragraphs {
        if let Some((name, _)) = bold_turn(paragraph) {
            *counts.entry(name).or_default() += 1;
        }
    }
    let with_colon = paragraphs.iter().filter(|(_, text)| spoken(text).is_some());
    let heads: usize = counts.values().sum();
    let back = counts.values().filter(|count| **count > 1).count();
    counts.len() >= 2 && back * 2 >= counts.len() && heads > with_colon.count()
}

/// A name in bold and the words after it, in one paragraph or in those below. Other bold words are text.
fn bold_turn(paragraph: &Paragraph) -> Option<(String, String)> {
    if paragraph.is_heading {
        return None;
    }
    let (name, text) = bold_name(paragraph);
    let dashes = [' ', '-', '–', '—'];
    let behind = text.strip_prefix(name.as_str())?.trim();
    let behind = behind.trim_start_matches(dashes);
    let name = name.trim_end_matches(dashes);
    let heard = speaker::heard(&format!("{name}: x")).speaker;
    let is_name = matches!(&heard, Some((heard, Surety::Sure)) if heard == name);
    is_name.then(|| (name.to_owned(), without_time(behind).to_owned()))
}

/// Removes the time that may come between a name and the words.
fn without_time(text: &str) -> &str {
    match text.split_once(char::is_whitespace) {
        Some((first, words)) if is_time(first.trim_matches(['(', ')', '[', ']'])) => words.trim(),
        None if is_time(text.trim_matches(['(', ')', '[', ']'])) => "",
        _ => text,
    }
}

/// The bold words at the beginning of a paragraph, and all of its text.
fn bold_name(paragraph: &Paragraph) -> (String, String) {
    let bold = paragraph
        .runs
        .iter()
        .take_while(|run| run.is_bold || run.text.trim().is_empty())
        .filter(|run| run.is_bold);
    let name: String = bold.map(|run| run.text.as_str()).collect();
    (
        name.trim().to_owned(),
        paragraph.text().trim_start().to_owned(),
    )
}

/// A bold name, a time or nothing after it, a break, and the words.
fn teams_turn(paragraph: &Paragraph) -> Option<(String, String)> {
    let (name, text) = bold_name(paragraph);
    let (first, words) = text.split_once('\n')?;
    let behind = first.strip_prefix(name.as_str())?.trim();
    let is_head = behind.is_empty() || is_time(behind);
    (is_head && !name.is_empty() && !name.contains('\n') && !words.trim().is_empty())
        .then(|| (name, words.trim().to_owned()))
}

fn from_paragraphs(
    chat: Chat<'_>,
    blocks: &[Block],
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let paragraphs: Vec<(&Paragraph, String)> = blocks
        .iter()
        .filter_map(|block| match block {
            Block::Paragraph(paragraph) => Some((paragraph, paragraph.text().trim().to_owned())),
            Block::Table(_) => None,
        })
        .collect();
    let mut reader = Paragraphs {
        chat,
        style: style(&paragraphs),
        meet: Meet::default(),
        current: None,
        followers: 0,
        summary: None,
        waiting: String::new(),
        has_turn: false,
    };
    for (paragraph, text) in &paragraphs {
        note_deleted(&mut reader.chat, paragraph);
        if !text.is_empty() {
            reader.take(paragraph, text);
        }
    }
    for (place, row) in blocks.iter().flat_map(table_rows).enumerate() {
        let position = place as u64 + 1;
        reader
            .chat
            .note(usize::MAX, position, DropReason::Header, &row.join(" "));
    }
    reader.close();
    if !reader.waiting.is_empty() {
        reader.chat.summarize(&reader.waiting, "\n");
    }
    reader
        .chat
        .finish(FileFormat::DocxTranscript, AccountUnit::Paragraph, beside)
}

fn table_rows(block: &Block) -> &[Vec<String>] {
    match block {
        Block::Table(rows) => rows,
        Block::Paragraph(_) => &[],
    }
}

/// Paragraphs that are becoming turns.
struct Paragraphs<'a> {
    chat: Chat<'a>,
    style: Style,
    meet: Meet,
    /// The turn that further paragraphs belong to, and how many they are.
    current: Option<Message>,
    followers: usize,
    summary: Option<Summary>,
    /// A summary above the conversation.
    waiting: String,
    has_turn: bool,
}

/// A summary that is being read.
struct Summary {
    /// Whether it is under a heading, so that lines `Next steps: …` belong to it.
    by_heading: bool,
    is_empty: bool,
}

impl Paragraphs<'_> {
    fn take(&mut self, paragraph: &Paragraph, text: &str) {
        let number = paragraph.number;
        if self.style == Style::Plain
            && let Some(place) = summary_line(text)
        {
            let (above, below) = text.split_at(place);
            self.take(paragraph, above.trim_end());
            return self.take(paragraph, below);
        }
        if self.style == Style::Meet
            && let meet::Part::Dropped(reason) = self.meet.part(text)
        {
            return self.chat.note(number as usize, number, reason, text);
        }
        if is_system(text) {
            return self
                .chat
                .note(number as usize, number, DropReason::System, text);
        }
        if let Some(label) = label(paragraph, text) {
            return self.begin_summary(paragraph, label);
        }
        let turns = self.turns(paragraph, text);
        if let Some(summary) = &mut self.summary {
            let may_speak = !(summary.is_empty || summary.by_heading && self.has_turn);
            if !paragraph.is_heading && (turns.is_empty() || !may_speak) {
                summary.is_empty = false;
                return self.summarize(text);
            }
            self.summary = None;
        }
        if turns.is_empty() || (paragraph.is_heading && self.style == Style::Plain) {
            return self.follow(number, text, paragraph.is_heading);
        }
        for (speaker, text) in turns {
            self.close();
            self.has_turn = true;
            self.current = Some(Message {
                row: number as usize,
                position: number,
                seconds: None,
                speaker,
                text,
            });
        }
    }

    /// Who says what in a paragraph.
    fn turns(&self, paragraph: &Paragraph, text: &str) -> Vec<(String, String)> {
        if self.style == Style::Teams {
            return teams_turn(paragraph).into_iter().collect();
        }
        if self.style == Style::Bold {
            return bold_turn(paragraph).into_iter().collect();
        }
        let mut turns: Vec<(String, String)> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match (spoken(line), turns.last_mut()) {
                (Some(turn), _) => turns.push(turn),
                (None, Some((_, words))) => {
                    words.push('\n');
                    words.push_str(line);
                }
                // Text before the first name means that the paragraph is not a turn.
                (None, None) => return Vec::new(),
            }
        }
        turns
    }

    /// A paragraph that names nobody: more of the turn before it, or a header.
    fn follow(&mut self, number: u64, text: &str, is_heading: bool) {
        match &mut self.current {
            Some(message) if !is_heading => {
                message.text.push('\n');
                message.text.push_str(text);
                self.followers += 1;
            }
            _ => {
                self.close();
                self.chat
                    .note(number as usize, number, DropReason::Header, text);
            }
        }
    }

    fn begin_summary(&mut self, paragraph: &Paragraph, label: Label) {
        self.close();
        let begin = match label {
            Label::Heading => String::new(),
            Label::Begins(begin) => begin,
        };
        self.summary = Some(Summary {
            by_heading: paragraph.is_heading,
            is_empty: begin.is_empty(),
        });
        self.summarize(&begin);
    }

    fn summarize(&mut self, text: &str) {
        self.chat.count_summary(1);
        if self.has_turn {
            return self.chat.summarize(text, "\n");
        }
        if !self.waiting.is_empty() {
            self.waiting.push('\n');
        }
        self.waiting.push_str(text);
    }

    fn close(&mut self) {
        if let Some(message) = self.current.take() {
            self.chat.say(message);
            self.chat.merge(std::mem::take(&mut self.followers));
        }
    }
}

/// Where in a paragraph, below its first line, a summary begins: somebody broke lines instead of beginning paragraphs.
fn summary_line(text: &str) -> Option<usize> {
    let mut places = text.match_indices('\n').map(|(end, _)| end + 1);
    places.find(|place| {
        let line = text[*place..].lines().next().unwrap_or_default();
        transcript::summary_label(line.trim()).is_some()
    })
}

/// Teams says when the transcription began and ended.
fn is_system(text: &str) -> bool {
    let is_short = text.chars().take(121).count() <= 120;
    is_short && {
        let text = text.to_lowercase();
        SYSTEM.iter().any(|sentence| text.ends_with(sentence))
    }
}
