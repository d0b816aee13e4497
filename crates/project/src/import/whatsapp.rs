//! Chats that WhatsApp exports, from iPhones and Android telephones, in the languages of the telephone.
//!
//! A message begins with its date and time: `[14.03.25, 09:12:23] Name: text` on iPhones, `14/03/2025, 09:12 - Name: text`
//! on Android. iPhones put the mark U+200E before what the program itself writes, which tells it from people's words in any
//! language; the words in `words` tell which kind it is. Android has no such mark.

mod words;

use std::borrow::Cow;
use std::collections::HashSet;

use contract::problem::ImportProblem;
use contract::{AccountUnit, DropReason, FileFormat, Remark};
use words::{deleted, is_call, is_edited_mark, is_media, is_system};

use super::chat::{Chat, Follows, Message, SummaryLines, hash, take_summary};
use super::lines::{Line, Lines};
use super::stamp::{Clock, Cursor, DateParts, Dates, is_mark, seconds, without_marks};
use super::transcript::{Beside, MOST_FAULTS};
use super::{Reading, Records};
use crate::work;

/// Lines that have to begin with date and time for a text to be a chat.
const SURE_LINES: usize = 3;
/// Lines looked at where there are fewer than that.
const FIRST_LINES: usize = 20;
/// Longest name of somebody who writes, in characters.
const NAME_CHARS: usize = 80;

/// What comes before a message, and the message.
struct Head<'a> {
    date: DateParts,
    clock: Clock,
    /// Whether date and time are in brackets, as on iPhones.
    bracketed: bool,
    body: &'a str,
}

/// A message with all its lines.
struct Raw {
    /// The line that it begins on.
    number: usize,
    /// What follows date and time.
    body: String,
    /// The lines below.
    below: String,
    date: DateParts,
    clock: Clock,
    bracketed: bool,
    /// Lines that are not UTF-8, by their number and the byte of the file.
    bad: Vec<(usize, usize)>,
}

impl Raw {
    fn new(line: &Line<'_>, head: &Head<'_>) -> Self {
        Self {
            number: line.number,
            body: head.body.to_owned(),
            below: String::new(),
            date: head.date,
            clock: head.clock,
            bracketed: head.bracketed,
            bad: line.bad().into_iter().collect(),
        }
    }

    fn add(&mut self, line: &Line<'_>) {
        self.below.push('\n');
        self.below.push_str(&line.text);
        if self.bad.len() < MOST_FAULTS {
            self.bad.extend(line.bad());
        }
    }
}

/// Whether the lines are those of a chat: three begin with date and time, or half of the first twenty, and somebody
/// writes.
#[derive(Default)]
pub(super) struct Look {
    written: usize,
    heads: usize,
    first_heads: usize,
    is_spoken: bool,
}

impl Look {
    /// Sees the next line that is not empty.
    pub(super) fn see(&mut self, text: &str) {
        work::visit(text.len().min(40));
        self.written += 1;
        let Some(head) = head(text) else {
            return;
        };
        self.heads += 1;
        self.first_heads += usize::from(self.written <= FIRST_LINES);
        self.is_spoken = self.is_spoken
            || named(head.body).is_some_and(|(name, _)| !name.starts_with(['<', '[', '(']));
    }

    pub(super) fn is_one(&self) -> bool {
        let first = self.written.min(FIRST_LINES);
        let is_sure = self.heads >= SURE_LINES || (first > 0 && self.first_heads * 2 >= first);
        is_sure && self.is_spoken
    }
}

/// [`Look`] at all lines.
pub(super) fn look_like_ones(lines: Lines<'_>) -> bool {
    let mut look = Look::default();
    for line in lines.filter(|line| !line.text.is_empty()) {
        look.see(&line.text);
    }
    look.is_one()
}

/// What only the whole chat tells.
#[derive(Default)]
struct Whole {
    dates: Dates,
    /// The first day, and whether another one comes.
    day: Option<[u32; 3]>,
    has_days: bool,
    is_ios: bool,
    /// Who writes, by a hash.
    names: HashSet<u64>,
}

impl Whole {
    fn of(lines: Lines<'_>) -> Self {
        let mut whole = Self::default();
        for line in lines {
            let Some(head) = head(&line.text) else {
                continue;
            };
            whole.dates.see(head.date, head.clock.twelve_hours);
            let day = *whole.day.get_or_insert(head.date.parts);
            whole.has_days |= day != head.date.parts;
            whole.is_ios |= head.bracketed;
            if let Some((name, _)) = named(head.body) {
                whole.names.insert(hash(name));
            }
        }
        whole
    }
}

/// Reads the dialogues of a chat.
pub(super) fn read(
    file: &str,
    lines: Lines<'_>,
    reading: &Reading,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let whole = Whole::of(lines.clone());
    let (order, guessed) = whole.dates.order();
    let mut chat = Chat::new(file, reading, lines.bytes());
    let say = |chat: &mut Chat<'_>, raw: Option<Raw>| {
        let Some(raw) = raw else {
            return;
        };
        let moment = seconds(raw.date, raw.clock, order);
        let is_known = |name: &str| whole.names.contains(&hash(name));
        let (reason, message) = message(&raw, moment, is_known);
        match reason {
            None => chat.say(message),
            Some(reason) => chat.leave_out(reason, message),
        }
        chat.not_utf8(&raw.bad);
    };
    let mut current: Option<Raw> = None;
    let mut summary = SummaryLines::default();
    let mut has_begun = false;
    for line in lines {
        if line.text.is_empty() {
            summary.blank();
            continue;
        }
        if let Some(head) = head(&line.text) {
            summary.head();
            has_begun = true;
            say(&mut chat, current.replace(Raw::new(&line, &head)));
            continue;
        }
        if !has_begun {
            let position = line.number as u64;
            chat.note(line.number, position, DropReason::Header, &line.text);
            continue;
        }
        match (summary.follow(&line.text), &mut current) {
            (Follows::Summary(text, separator), _) => {
                say(&mut chat, current.take());
                chat.summarize(&text, separator);
            }
            (Follows::Text, Some(raw)) => raw.add(&line),
            (Follows::Text, None) => {}
        }
    }
    let below = current
        .as_mut()
        .and_then(|raw| take_summary(&mut raw.below));
    say(&mut chat, current);
    if let Some(summary) = below {
        chat.summarize(&summary, "");
    }
    let layout = match whole.is_ios {
        true => FileFormat::WhatsappIos,
        false => FileFormat::WhatsappAndroid,
    };
    let mut records = chat.finish(layout, AccountUnit::Message, beside)?;
    if guessed && whole.has_days {
        records.remarks.push(Remark::DateOrderGuessed {
            file: file.to_owned(),
            order,
        });
    }
    Ok(records)
}

/// Date and time at the beginning of a line.
fn head(line: &str) -> Option<Head<'_>> {
    let mut cursor = Cursor(line);
    cursor.marks();
    let bracketed = cursor.eat('[');
    cursor.marks();
    let date = cursor.date()?;
    let _ = cursor.eat(',') || cursor.eat('،');
    cursor.marks();
    cursor.blanks();
    for word in ["klo", "um", "at", "kl.", "à", "às", "ore", "om"] {
        let mut after = cursor;
        if after.eat_word(word) && after.blanks() {
            cursor = after;
        }
    }
    let clock = cursor.clock()?;
    match bracketed {
        true => cursor.eat(']').then_some(())?,
        false => {
            let blank = cursor.blanks();
            let dash = cursor.eat('-') || cursor.eat('–');
            (blank && dash).then_some(())?;
        }
    }
    cursor.blanks();
    let body = cursor.0;
    Some(Head {
        date,
        clock,
        bracketed,
        body,
    })
}

/// Who writes and what follows, if the message names somebody.
fn named(body: &str) -> Option<(&str, &str)> {
    let (name, text) = body.split_once(": ")?;
    is_name(name).then_some((name, text))
}

/// The program quotes titles of groups; people's names hold no quotation marks.
fn is_name(name: &str) -> bool {
    !name.trim().is_empty()
        && name.chars().count() <= NAME_CHARS
        && !name.contains(['"', '“', '”', '„', '«', '»'])
}

fn message(
    raw: &Raw,
    seconds: Option<i64>,
    is_known: impl Fn(&str) -> bool,
) -> (Option<DropReason>, Message) {
    let row = raw.number;
    let begin = raw.body.as_str();
    // Only the colon is left of a message without a text.
    let bare = begin
        .trim_end()
        .strip_suffix(':')
        .filter(|name| is_known(name));
    let (name, begin) = match (named(begin), bare) {
        (Some((name, text)), _) => (Some(name), text),
        (None, Some(name)) => (Some(name), ""),
        (None, None) => (None, begin),
    };
    let text = match raw.below.as_str() {
        "" => Cow::Borrowed(begin),
        below => Cow::Owned(format!("{begin}{below}")),
    };
    let text = without_edited_mark(&text);
    let message = |text: &str| Message {
        row,
        position: row as u64,
        seconds,
        speaker: name.map(speaker).unwrap_or_default(),
        text: text.to_owned(),
    };
    if name.is_none() {
        return (Some(DropReason::System), message(text));
    }
    match kind(text, raw.bracketed) {
        Kind::Speech(caption) => (None, message(caption)),
        Kind::Other(reason) => (Some(reason), message(text)),
    }
}

/// A name without the sign for somebody who is not among the contacts.
fn speaker(name: &str) -> String {
    let name = without_marks(name);
    let name = name.trim();
    match name.strip_prefix('~') {
        Some(after) if !after.trim().is_empty() => after.trim().to_owned(),
        _ => name.to_owned(),
    }
}

/// What a message is.
enum Kind<'a> {
    /// Somebody's words; of a picture with a caption, the caption.
    Speech(&'a str),
    Other(DropReason),
}

fn kind(text: &str, is_ios: bool) -> Kind<'_> {
    let plain = without_marks(text);
    let plain = plain.trim();
    let is_marked = text.trim_start().starts_with('\u{200e}');
    if deleted(plain) {
        return Kind::Other(DropReason::Deleted);
    }
    if is_call(plain, is_ios && is_marked) {
        return Kind::Other(DropReason::Call);
    }
    if let Some(caption) = after_attachment(text) {
        return match without_marks(caption).trim().is_empty() {
            true => Kind::Other(DropReason::Media),
            false => Kind::Speech(caption),
        };
    }
    if !is_ios
        && let Some((first, caption)) = text.split_once('\n')
        && words::is_omitted(&without_marks(first))
    {
        return Kind::Speech(caption);
    }
    // A document's name may come before the mark.
    let last = text.rsplit('\u{200e}').next().unwrap_or_default();
    let is_ios_media = is_ios && text.contains('\u{200e}') && is_media(&without_marks(last));
    let is_bracketed = plain.starts_with('<') && plain.ends_with('>') && !plain[1..].contains('<');
    if is_ios_media || is_bracketed || (plain == "null" && !is_ios) {
        return Kind::Other(DropReason::Media);
    }
    match is_ios && is_marked {
        true if is_system(plain) => Kind::Other(DropReason::System),
        true => Kind::Other(DropReason::Client),
        false => Kind::Speech(text),
    }
}

/// What follows `IMG-20250314-WA0001.jpg (file attached)` on the next lines.
fn after_attachment(text: &str) -> Option<&str> {
    let (first, caption) = text.split_once('\n').unwrap_or((text, ""));
    let is_marked = first.starts_with('\u{200e}');
    let first = first.trim_matches(|sign: char| is_mark(sign) || sign.is_whitespace());
    let (name, words) = first.strip_suffix(')')?.rsplit_once(" (")?;
    let (stem, ending) = name.rsplit_once('.')?;
    let is_ending = (1..=5).contains(&ending.len()) && ending.chars().all(char::is_alphanumeric);
    let is_numbered = stem.contains("-WA") && stem.contains('-');
    (is_ending && (is_marked || is_numbered || words::is_attached(words))).then_some(caption)
}

/// A message without `<This message was edited>` at its end.
fn without_edited_mark(text: &str) -> &str {
    let trimmed = text.trim_end();
    let Some(open) = trimmed.rfind('<').filter(|_| trimmed.ends_with('>')) else {
        return text;
    };
    let (before, mark) = trimmed.split_at(open);
    let has_words = !without_marks(before).trim().is_empty();
    match before.strip_suffix('\u{200e}') {
        Some(before) if has_words && !mark.contains('\n') => before.trim_end(),
        None if has_words && is_edited_mark(mark) => before.trim_end(),
        _ => text,
    }
}
