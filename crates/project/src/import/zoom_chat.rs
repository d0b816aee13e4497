//! The chat of a Zoom meeting: `09:05:40 From Name to Everyone:` with the message on lines that begin with a tab, or,
//! as older programs wrote it, `09:05:40<tab> From  Name : message`.

use contract::problem::ImportProblem;
use contract::{AccountUnit, DropReason, FileFormat};

use super::chat::{Chat, Follows, Message, SummaryLines, take_summary};
use super::lines::Lines;
use super::stamp::Cursor;
use super::transcript::Beside;
use super::{Reading, Records};

/// Lines that have to be heads for a text to be such a chat, and lines looked at where there are fewer.
const SURE_LINES: usize = 3;
const FIRST_LINES: usize = 20;
/// "From" and "to" in the languages of the program.
const WORDS: [(&str, &str); 8] = [
    ("From ", " to "),
    ("Von ", " an "),
    ("De ", " a "),
    ("De ", " à "),
    ("De ", " para "),
    ("Da ", " a "),
    ("Van ", " aan "),
    ("Van ", " naar "),
];
/// How a message that only reacts to another begins.
const REACTIONS: [&str; 4] = ["Reacted to ", "Removed a ", "Reagiert auf ", "A réagi à "];

/// What comes before a message.
struct Head<'a> {
    speaker: &'a str,
    /// What else is on the same line.
    begin: &'a str,
}

/// Whether the lines are those of such a chat: how many begin a message.
#[derive(Default)]
pub(super) struct Look {
    written: usize,
    heads: usize,
    first_heads: usize,
}

impl Look {
    /// Sees the next line that is not empty.
    pub(super) fn see(&mut self, text: &str) {
        self.written += 1;
        let is_head = head(text).is_some();
        self.heads += usize::from(is_head);
        self.first_heads += usize::from(is_head && self.written <= FIRST_LINES);
    }

    pub(super) fn is_one(&self) -> bool {
        let first = self.written.min(FIRST_LINES);
        self.heads >= SURE_LINES || (first > 0 && self.first_heads * 2 >= first)
    }
}

/// Reads the dialogue of such a chat.
pub(super) fn read(
    file: &str,
    lines: Lines<'_>,
    reading: &Reading,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let mut chat = Chat::new(file, reading, lines.bytes());
    let mut summary = SummaryLines::default();
    let mut current: Option<Message> = None;
    for line in lines {
        if line.text.is_empty() {
            summary.blank();
            continue;
        }
        if let Some(head) = head(&line.text) {
            summary.head();
            close(&mut chat, current.take());
            current = Some(Message {
                row: line.number,
                position: line.number as u64,
                seconds: None,
                speaker: head.speaker.to_owned(),
                text: head.begin.to_owned(),
            });
            continue;
        }
        match (summary.follow(&line.text), &mut current) {
            (Follows::Summary(text, separator), _) => {
                close(&mut chat, current.take());
                chat.summarize(&text, separator);
            }
            (Follows::Text, Some(message)) => {
                if !message.text.is_empty() {
                    message.text.push('\n');
                }
                message.text.push_str(&line.text);
            }
            (Follows::Text, None) => {
                chat.note(
                    line.number,
                    line.number as u64,
                    DropReason::Header,
                    &line.text,
                );
            }
        }
    }
    let below = current
        .as_mut()
        .and_then(|message| take_summary(&mut message.text));
    close(&mut chat, current);
    if let Some(summary) = below {
        chat.summarize(&summary, "");
    }
    chat.finish(FileFormat::ZoomChat, AccountUnit::Message, beside)
}

fn close(chat: &mut Chat<'_>, message: Option<Message>) {
    let Some(message) = message else {
        return;
    };
    let is_reaction = REACTIONS
        .iter()
        .any(|begin| message.text.starts_with(begin));
    match is_reaction {
        true => chat.leave_out(DropReason::Reaction, message),
        false => chat.say(message),
    }
}

fn head(line: &str) -> Option<Head<'_>> {
    let mut cursor = Cursor(line);
    let clock = cursor.clock()?;
    cursor.blanks().then_some(())?;
    // Hours, minutes and seconds: two parts are a time that somebody writes about.
    let has_seconds = line.bytes().take(8).filter(|byte| *byte == b':').count() == 2;
    if !has_seconds || clock.twelve_hours {
        return None;
    }
    WORDS
        .iter()
        .find_map(|(from, to)| named(cursor.0, from, to))
}

fn named<'a>(text: &'a str, from: &str, to: &str) -> Option<Head<'a>> {
    let mut cursor = Cursor(text);
    cursor.eat_word(from).then_some(())?;
    let (names, begin) = match cursor.0.strip_suffix(':') {
        Some(names) if !names.contains(": ") => (names, ""),
        _ => cursor
            .0
            .split_once(": ")
            .or_else(|| cursor.0.split_once(" :"))?,
    };
    let names = names.trim().trim_end_matches(':').trim();
    let place = names
        .char_indices()
        .rev()
        .map(|(place, _)| place)
        .find(|place| Cursor(&names[*place..]).eat_word(to));
    let speaker = match (place, from) {
        (Some(place), _) => names[..place].trim(),
        // Older programs name nobody after it, and they existed only in English.
        (None, "From ") => names,
        (None, _) => return None,
    };
    let begin = begin.trim();
    (!speaker.is_empty()).then_some(Head { speaker, begin })
}
