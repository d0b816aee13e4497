//! Transcripts and chats in which a line of its own says who speaks and when, and the words follow below.
//!
//! Otter's and Zoom's files, and what people copy out of the windows of Teams, Slack, Telegram and Discord. The grammars are
//! tried one after the other; a text belongs to the first of which it has enough heads, so that a line that happens to end
//! with a time makes no speaker. IRC, with one message a line, is read here too.

use contract::problem::ImportProblem;
use contract::{AccountUnit, DropReason, FileFormat};

use super::chat::{Chat, Follows, Message, SummaryLines, take_summary};
use super::lines::{Line, Lines, Written};
use super::stamp::Cursor;
use super::transcript::{Beside, MOST_FAULTS};
use super::{Reading, Records};
use crate::speaker::time::is_time;
use crate::work;

/// Heads that a text has to have, whatever its length is.
const SURE_HEADS: usize = 3;
/// Longest name of a speaker, in characters.
const NAME_CHARS: usize = 80;
/// Longest head, in bytes.
const HEAD_BYTES: usize = 400;
/// What Otter writes below its transcripts.
const OTTER_FOOTER: &str = "Transcribed by https://otter.ai";

/// How heads look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// `Ann Lee  0:03`
    Otter,
    /// `[Ann Lee] 10:00:01`
    Zoom,
    /// `Ann Lee 0 minutes 3 seconds`, also on two lines.
    Teams,
    /// `Ann  [10:02 AM]`
    Slack,
    /// `Ann, [01.02.23 10:02]`
    Telegram,
    /// `Ann — Today at 10:02 AM`
    Discord,
    /// `[10:02] <ann> text`
    Irc,
}

const GRAMMARS: [Grammar; 7] = [
    Grammar::Otter,
    Grammar::Zoom,
    Grammar::Teams,
    Grammar::Slack,
    Grammar::Telegram,
    Grammar::Discord,
    Grammar::Irc,
];

/// What a line is in a grammar.
enum Part<'a> {
    /// Who speaks, and what else is on the same line.
    Head(&'a str, &'a str),
    /// The same for what somebody does, which does not reveal the grammar.
    Action(&'a str, &'a str),
    /// A time that belongs to the head.
    Time,
    /// What the program says.
    System,
    Text,
}

/// Which grammar the lines have, if any: three heads, or two that are a third of all lines.
#[derive(Default)]
pub(super) struct Look {
    written: usize,
    heads: [usize; GRAMMARS.len()],
    times: [usize; GRAMMARS.len()],
}

impl Look {
    /// Sees the current line.
    pub(super) fn see(&mut self, lines: &Written<'_>) {
        let Some(line) = lines.line() else {
            return;
        };
        self.written += 1;
        for (place, grammar) in GRAMMARS.iter().enumerate() {
            // Most grammars look at an end of the line alone.
            work::visit(line.text.len().min(HEAD_BYTES) / 2);
            match grammar.part(lines) {
                Part::Head(..) => self.heads[place] += 1,
                Part::Time => self.times[place] += 1,
                Part::Action(..) | Part::System | Part::Text => {}
            }
        }
    }

    /// The first grammar of which there are enough heads.
    pub(super) fn grammar(&self) -> Option<Grammar> {
        let mut counts = self.heads.iter().zip(&self.times);
        let place = counts.position(|(heads, times)| {
            *heads >= SURE_HEADS
                || (*heads == 2 && (heads + times) * 3 >= self.written.saturating_sub(1))
        })?;
        GRAMMARS.get(place).copied()
    }
}

/// Reads the dialogues of such a text.
pub(super) fn read(
    grammar: Grammar,
    file: &str,
    lines: Lines<'_>,
    reading: &Reading,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let mut chat = Chat::new(file, reading, lines.bytes());
    let mut summary = SummaryLines::default();
    let mut current: Option<Spoken> = None;
    let mut written = lines.written();
    while written.advance() {
        let Some(line) = written.line() else {
            break;
        };
        let before = written.before();
        if before.is_some_and(|before| before.number + 1 < line.number) {
            summary.blank();
        }
        let position = line.number as u64;
        match grammar.part(&written) {
            Part::Head(name, begin) | Part::Action(name, begin) => {
                summary.head();
                close(&mut chat, current.take());
                current = Some(Spoken::new(line, name, begin));
            }
            Part::Time => chat.note(line.number, position, DropReason::Time, &line.text),
            Part::System => chat.note(line.number, position, DropReason::System, &line.text),
            Part::Text if line.text.starts_with(OTTER_FOOTER) => {
                chat.note(line.number, position, DropReason::Footer, &line.text);
            }
            Part::Text => match (summary.follow(&line.text), &mut current) {
                (Follows::Summary(text, separator), _) => {
                    close(&mut chat, current.take());
                    chat.summarize(&text, separator);
                }
                (Follows::Text, Some(spoken)) => spoken.add(line),
                (Follows::Text, None) => {
                    chat.note(line.number, position, DropReason::Header, &line.text)
                }
            },
        }
    }
    let below = current
        .as_mut()
        .and_then(|spoken| take_summary(&mut spoken.message.text));
    close(&mut chat, current);
    if let Some(summary) = below {
        chat.summarize(&summary, "");
    }
    chat.finish(grammar.format(), AccountUnit::Message, beside)
}

/// What somebody says, until the next head.
struct Spoken {
    message: Message,
    /// Lines that are not UTF-8, by their number and the byte of the file.
    bad: Vec<(usize, usize)>,
}

impl Spoken {
    fn new(line: &Line<'_>, name: &str, begin: &str) -> Self {
        let message = Message {
            row: line.number,
            position: line.number as u64,
            seconds: None,
            speaker: name.to_owned(),
            text: begin.to_owned(),
        };
        let bad = line.bad().into_iter().collect();
        Self { message, bad }
    }

    fn add(&mut self, line: &Line<'_>) {
        if !self.message.text.is_empty() {
            self.message.text.push('\n');
        }
        self.message.text.push_str(&line.text);
        if self.bad.len() < MOST_FAULTS {
            self.bad.extend(line.bad());
        }
    }
}

fn close(chat: &mut Chat<'_>, spoken: Option<Spoken>) {
    if let Some(spoken) = spoken {
        chat.say(spoken.message);
        chat.not_utf8(&spoken.bad);
    }
}

impl Grammar {
    fn format(self) -> FileFormat {
        match self {
            Self::Otter => FileFormat::OtterTxt,
            Self::Zoom => FileFormat::Txt,
            _ => FileFormat::ChatTxt,
        }
    }

    /// What the current line is.
    fn part<'a>(self, lines: &'a Written<'_>) -> Part<'a> {
        let line = lines.follows(0);
        if line.len() > HEAD_BYTES && self != Self::Irc {
            return Part::Text;
        }
        let head = match self {
            Self::Otter => otter(line),
            Self::Zoom => zoom(line),
            Self::Teams => return teams(lines),
            Self::Slack => slack(line),
            Self::Telegram => telegram(line),
            Self::Discord => discord(line),
            Self::Irc => return irc(line),
        };
        head.map_or(Part::Text, |name| Part::Head(name, ""))
    }
}

fn name(text: &str) -> Option<&str> {
    let name = text.trim();
    let is_name = name.chars().any(char::is_alphanumeric)
        && name.chars().count() <= NAME_CHARS
        && !name.contains(": ")
        && !name.ends_with(['.', '?', '!', ',', ';', ':']);
    is_name.then_some(name)
}

/// `Ann Lee  0:03`: two blanks or a tab come before the time.
fn otter(line: &str) -> Option<&str> {
    let place = line.rfind(char::is_whitespace)?;
    let (before, time) = (&line[..place], line[place..].trim());
    let wide = line[place..].starts_with('\t') || before.ends_with([' ', '\t']);
    (wide && is_time(time)).then(|| name(before)).flatten()
}

/// `[Ann Lee] 10:00:01`, `[+1 555****10] 10:00:01`
fn zoom(line: &str) -> Option<&str> {
    let (inside, time) = line.strip_prefix('[')?.split_once(']')?;
    let time = time.trim();
    let is_clock = is_time(time) && time.matches(':').count() == 2;
    // A caller by telephone is shown as a number, with some digits hidden.
    let digits = inside.chars().filter(char::is_ascii_digit).count();
    let is_phone = digits >= 4 && !inside.contains([':', '.']);
    (is_clock && (is_phone || inside.chars().any(char::is_alphabetic)))
        .then(|| name(inside))
        .flatten()
}

/// `Ann  [10:02 AM]`
fn slack(line: &str) -> Option<&str> {
    let (before, inside) = line.strip_suffix(']')?.rsplit_once('[')?;
    let mut cursor = Cursor(inside);
    cursor.clock()?;
    (cursor.0.is_empty() && before.ends_with(' '))
        .then(|| name(before))
        .flatten()
}

/// `Ann, [01.02.23 10:02]`, `Ann, [1 Feb 2023 at 10:02:33]`
fn telegram(line: &str) -> Option<&str> {
    let (before, inside) = line.strip_suffix(']')?.rsplit_once(", [")?;
    let has_digit = inside.starts_with(|sign: char| sign.is_ascii_digit());
    // The time is at the end; `AM` or `PM` may follow it.
    let is_moment = inside
        .char_indices()
        .filter(|(_, sign)| *sign == ' ')
        .any(|(place, _)| {
            let mut cursor = Cursor(&inside[place + 1..]);
            cursor.clock().is_some() && cursor.0.is_empty()
        });
    (has_digit && is_moment).then(|| name(before)).flatten()
}

/// `Ann — Today at 10:02 AM`, `Ann — 14.03.2025 10:02`
fn discord(line: &str) -> Option<&str> {
    let (before, moment) = line.split_once(" — ")?;
    let is_day = moment.starts_with(|sign: char| sign.is_ascii_digit())
        || ["Today", "Yesterday", "heute", "gestern", "Heute", "Gestern"]
            .iter()
            .any(|day| moment.starts_with(day));
    let is_moment = moment
        .char_indices()
        .filter(|(_, sign)| *sign == ' ')
        .any(|(place, _)| {
            let mut cursor = Cursor(&moment[place + 1..]);
            cursor.clock().is_some() && cursor.0.is_empty()
        });
    (is_day && is_moment).then(|| name(before)).flatten()
}

/// Units of a spoken time in the languages of the program; where one begins like another, the longer one comes first.
const SPOKEN_UNITS: [&str; 28] = [
    "hours", "hour", "minutes", "minuten", "minute", "seconds", "second", "stunden", "stunde",
    "sekunden", "sekunde", "heures", "heure", "secondes", "seconden", "seconde", "horas", "hora",
    "minutos", "minuto", "segundos", "segundo", "ore", "ora", "minuti", "secondi", "secondo",
    "uur",
];

/// `0 minutes 3 seconds`, also followed by the clock: `0 minutes 3 seconds0:03`.
fn is_spoken_time(text: &str) -> bool {
    let mut cursor = Cursor(text.trim());
    let mut units = 0;
    while let Some((_, _)) = cursor.number(1, 3) {
        cursor.blanks();
        let unit = SPOKEN_UNITS
            .into_iter()
            .filter(|unit| {
                let after = cursor.0.get(unit.len()..).unwrap_or_default();
                !after.starts_with(char::is_alphabetic)
            })
            .find(|unit| Cursor(cursor.0).eat_word(unit));
        cursor.eat_word(unit.unwrap_or_default());
        if unit.is_none() {
            return false;
        }
        units += 1;
        cursor.blanks();
        if is_time(cursor.0) {
            return true;
        }
    }
    units > 0 && cursor.0.is_empty()
}

/// The head of Teams: a name and a spoken time on one line, or the name alone above the time. Its window
/// shows first the name, then the clock, then both.
fn teams<'a>(lines: &'a Written<'_>) -> Part<'a> {
    let line = lines.follows(0);
    if is_spoken_time(line) {
        return Part::Time;
    }
    if let Some(head) = teams_line(line) {
        return Part::Head(head, "");
    }
    let is_behind_spoken = || {
        let before = lines.before();
        before.is_some_and(|before| is_spoken_time(&before.text))
    };
    if is_time(line) && is_behind_spoken() {
        return Part::Time;
    }
    if is_spoken_time(lines.follows(1)) {
        // The name appears once more, followed by the time: this one is only shown above it.
        let repeats = (2..=3).any(|ahead| teams_line(lines.follows(ahead)) == Some(line.trim()));
        return match (repeats, name(line)) {
            (true, _) => Part::Time,
            (false, Some(name)) => Part::Head(name, ""),
            (false, None) => Part::Text,
        };
    }
    Part::Text
}

fn teams_line(line: &str) -> Option<&str> {
    let digit = line
        .char_indices()
        .filter(|(place, sign)| {
            sign.is_ascii_digit() && line[..*place].ends_with(char::is_whitespace)
        })
        .map(|(place, _)| place)
        .find(|place| is_spoken_time(&line[*place..]))?;
    name(&line[..digit])
}

/// `<ann> text`, `[10:02] <ann> text`, `10:02 <ann> text`
fn irc(line: &str) -> Part<'_> {
    let mut cursor = Cursor(line);
    let bracketed = cursor.eat('[');
    let mut dated = cursor;
    if dated.date().is_some() && dated.blanks() {
        cursor = dated;
    }
    let timed = cursor.clock().is_some();
    if bracketed && !(timed && cursor.eat(']')) {
        return Part::Text;
    }
    cursor.blanks();
    if ["-!- ", "*** ", "--> ", "<-- "]
        .iter()
        .any(|sign| cursor.0.starts_with(sign))
    {
        return Part::System;
    }
    if let Some(action) = cursor.0.strip_prefix("* ")
        && let Some((nick, does)) = action.trim_start().split_once(' ')
        && timed
    {
        return Part::Action(nick, does.trim());
    }
    let Some((nick, text)) = cursor
        .0
        .strip_prefix('<')
        .and_then(|after| after.split_once("> "))
    else {
        return Part::Text;
    };
    let nick = nick.trim_start_matches(['@', '+', '%', '&', '~', ' ']);
    let is_nick = !nick.is_empty()
        && nick.chars().count() <= 30
        && !nick.contains([' ', '<', '/', '=', ':'])
        && nick.chars().any(char::is_alphanumeric);
    match is_nick {
        true => Part::Head(nick, text.trim()),
        false => Part::Text,
    }
}
