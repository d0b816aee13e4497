//! Who speaks on a line: the one grammar that import, stored dialogues, prompts and format rule share.
//!
//! Two readings of a line. [`stored`] is for text in our own form, `Name: text`, and for what a model writes: it reads
//! what comes before the first colon, unless that colon belongs to something else (a link, a time, a path, a smiley).
//! [`heard`] is for real-world files: it also knows list markers, emphasis, times and brackets around names, and says
//! how sure it is ([`Surety`]) by one table of what a name looks like ([`table`]). The whole dialogue decides what
//! it is not sure about (`import/settle`): a speaker comes back, a remark before a colon does not.
//!
//! Only the beginning of a line is looked at, so that time is linear whatever a line holds.

mod table;
pub(crate) mod time;

pub use table::MAX_SPEAKER_CHARS;
pub(crate) use table::{is_readable, tidy};

use std::borrow::Cow;

use crate::work;

/// The part of a line that holds a name and the times around it, in characters.
const WINDOW_CHARS: usize = 1_100;
/// Marks of emphasis in Markdown and in chats.
const EMPHASIS: [char; 2] = ['*', '_'];
/// What may come between a time and a name.
const BETWEEN: [char; 9] = ['-', '–', '—', ' ', ',', '|', '\t', ':', '：'];
/// Brackets that may enclose names.
const BRACKETS: [(char, char); 6] = [
    ('[', ']'),
    ('【', '】'),
    ('［', '］'),
    ('(', ')'),
    ('（', '）'),
    ('<', '>'),
];

/// How sure it is that a line names a speaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surety {
    /// It looks like a name.
    Sure,
    /// Words before a colon that may or may not be a name: `customer service: …`, `one more thing: …`.
    Likely,
    /// A word that comes before a colon in texts, such as `Note:`.
    Label,
    /// A name in brackets, without a colon.
    Bracket,
    /// Other words in brackets: a role, or a stage direction.
    Aside,
    /// A name with a time after it, alone on its line.
    Timed,
    /// A name that no speaker can have in our own form: too long, or only question marks.
    Refused,
}

/// A line of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard<'a> {
    /// Who speaks, if the line names somebody, and how sure that is.
    pub(crate) speaker: Option<(String, Surety)>,
    /// Bytes of `plain` before what is said; none if nobody is named.
    pub(crate) text_at: usize,
    /// The line as it is read if it names nobody: without list marker and bracketed time.
    pub(crate) plain: Cow<'a, str>,
}

impl Heard<'_> {
    /// What is said.
    pub(crate) fn text(&self) -> &str {
        &self.plain[self.text_at..]
    }
}

/// Reads a line of a stored dialogue: name and text.
pub(crate) fn stored(line: &str) -> Option<(&str, &str)> {
    if let Some((name, after)) = stored_bracket(line) {
        return Some((name, after));
    }
    let (head, tail) = at_colon(line)?;
    let name = head.trim();
    (!is_other_colon(head, tail) && table::is_possible(name)).then(|| (name, tail.trim()))
}

/// `[doctor] text` or `[doctor]: text`. A bracket without letters is a time stamp, one without text after it a stage
/// direction.
fn stored_bracket(line: &str) -> Option<(&str, &str)> {
    let inner = line.strip_prefix('[')?;
    let (name, text) = window(inner).split_once(']').map(|(name, _)| {
        let (name, after) = inner.split_at(name.len());
        (name.trim(), after[1..].trim_start())
    })?;
    let text = text.strip_prefix(':').unwrap_or(text).trim();
    let is_name = table::is_possible(name)
        && name.chars().any(char::is_alphabetic)
        && !name.contains([':', '['])
        && !table::is_stage_direction(name);
    (is_name && !text.is_empty()).then_some((name, text))
}

/// Makes sure that a line of nobody is not read as a turn when it is stored: its colon becomes a dash.
pub(crate) fn unspoken(text: &str) -> String {
    let mut text = text.to_owned();
    while stored(&text).is_some() {
        text = match text.find(is_colon) {
            Some(colon) => {
                let (head, tail) = text.split_at(colon);
                let tail = tail.trim_start_matches(is_colon).trim_start();
                let dashed = format!("{} – {tail}", head.trim_end());
                dashed.trim().to_owned()
            }
            None => text.replacen('[', "(", 1),
        };
    }
    text
}

/// Reads a line of a file.
pub(crate) fn heard(line: &str) -> Heard<'_> {
    work::visit(line.len() + WINDOW_CHARS.min(line.len()) * 4);
    let line = line
        .trim_start_matches(|c: char| table::is_mark(c) || c.is_whitespace())
        .trim_end();
    let unmarked = without_marker(line);
    let lead = Lead::of(unmarked);
    let named = named(lead.unread, lead.is_emphasised);
    let plain = lead.plain;
    match named {
        // What is said is the end of the line, however the line begins.
        Some((name, surety, text)) => Heard {
            speaker: Some((name, surety)),
            text_at: plain.len() - text.trim().len(),
            plain,
        },
        None => Heard {
            speaker: None,
            text_at: 0,
            plain,
        },
    }
}

/// Takes emphasis and times off the beginning of a line.
struct Lead<'a> {
    /// What follows them.
    unread: &'a str,
    /// The line without bracketed times.
    plain: Cow<'a, str>,
    is_emphasised: bool,
}

impl<'a> Lead<'a> {
    fn of(line: &'a str) -> Self {
        let mut lead = Self {
            unread: line,
            plain: Cow::Borrowed(line),
            is_emphasised: false,
        };
        // A line begins with a date, a time and a mark of emphasis, in any order; what repeats itself further is text.
        for _ in 0..4 {
            let unmarked = lead.unread.trim_start_matches(EMPHASIS);
            lead.is_emphasised |= unmarked.len() < lead.unread.len();
            let marks = &lead.unread[..lead.unread.len() - unmarked.len()];
            if let Some(after) = time::bracketed(unmarked) {
                lead.unread = after.trim_start_matches(BETWEEN);
                lead.plain = match marks {
                    "" => Cow::Borrowed(lead.unread),
                    _ => Cow::Owned(format!("{marks}{}", lead.unread)),
                };
            } else if let Some(after) = time::bare(unmarked).or_else(|| after_number(unmarked)) {
                lead.unread = after.trim_start_matches(BETWEEN);
            } else {
                lead.unread = unmarked;
                break;
            }
        }
        lead
    }
}

/// What follows the number of a turn: `1. Name: text`, `12) Name: text`, `(12) Name: text`, `#12 Name: text`.
fn after_number(line: &str) -> Option<&str> {
    let number = line.trim_start_matches(['(', '[', '#']);
    let after = number.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = number.len() - after.len();
    let after = match &line[..line.len() - number.len()] {
        "" => after.strip_prefix(['.', ')'])?,
        "(" => after.strip_prefix(')')?,
        "[" => after.strip_prefix(']')?,
        "#" => after,
        _ => return None,
    };
    // `(030) 123-4567` is somebody who calls.
    let is_apart = after.starts_with(' ') && !after.trim_start().starts_with(char::is_numeric);
    ((1..=4).contains(&digits) && is_apart).then_some(after)
}

/// `- Name: text`, `-Name: text`, `* Name: text`, `> Name: text`.
fn without_marker(line: &str) -> &str {
    let line = line.trim_start_matches('>').trim_start();
    let Some(after) = line.strip_prefix(['-', '–', '—', '•', '*', '+']) else {
        return line;
    };
    let is_marker = after.starts_with(' ')
        || (line.starts_with(['-', '–', '—']) && after.starts_with(char::is_alphabetic));
    if is_marker { after.trim_start() } else { line }
}

type Named<'a> = (String, Surety, &'a str);

fn named(line: &str, is_emphasised: bool) -> Option<Named<'_>> {
    in_brackets(line, is_emphasised)
        .or_else(|| before_time(line, is_emphasised))
        .or_else(|| before_colon(line, is_emphasised))
}

/// `[Name] text`, `(Name) text`, `<Name>: text`, `[Name] 10:00:01`.
fn in_brackets(line: &str, is_emphasised: bool) -> Option<Named<'_>> {
    let first = line.chars().next()?;
    let (_, close) = BRACKETS.into_iter().find(|(open, _)| *open == first)?;
    let inner = &line[first.len_utf8()..];
    let end = window(inner).find(close)?;
    let name = table::tidy(&inner[..end]);
    let after = without_emphasis(&inner[end + close.len_utf8()..], is_emphasised);
    let is_square = matches!(close, ']' | '】' | '］');
    // A tidy name has no colon any more: a moment that no list knows is none all the same.
    let is_name = !inner[..end].contains(is_colon)
        && !name.contains(['[', '<'])
        && (is_square || !name.contains('('))
        && name.chars().any(char::is_alphanumeric)
        && !table::is_stage_direction(&name);
    let likeness = table::likeness(&name).filter(|_| is_name)?;
    let stamp = after_stamp(after);
    let timed = stamp.or_else(|| time::bare(after)).map(str::trim_start);
    let (after, is_timed) = match timed {
        Some(unread) if unread.is_empty() || unread.starts_with(is_colon) => (unread, true),
        _ => (stamp.unwrap_or(after).trim_start(), false),
    };
    let text = after.strip_prefix(is_colon);
    let is_called = text.is_some() || is_timed;
    let text = without_emphasis(text.unwrap_or(after), is_emphasised).trim();
    let text = ["- ", "– ", "— "]
        .iter()
        .find_map(|dash| text.strip_prefix(dash))
        .unwrap_or(text);
    let is_lettered = name.chars().any(char::is_alphabetic);
    let surety = match likeness {
        Surety::Refused if is_called => Surety::Refused,
        Surety::Refused => return None,
        _ if !is_lettered && !is_called => return None,
        likeness if is_called => likeness,
        Surety::Sure if is_square && !text.is_empty() => Surety::Sure,
        Surety::Sure => Surety::Bracket,
        _ => Surety::Aside,
    };
    Some((name, surety, text))
}

/// `Name (00:01): text`, `Name [00:01]: text`, `Name 10:02 AM: text`; without text and colon, the name over the lines
/// that follow.
fn before_time(line: &str, is_emphasised: bool) -> Option<Named<'_>> {
    let shown = window(line);
    let colon = shown.find(is_colon)?;
    let bracket = shown[..colon].rfind(['(', '[', '（', '［']);
    let stamp = bracket.and_then(|start| Some((start, time::bracketed(&line[start..])?)));
    let (head, after, is_stamp) = match stamp {
        Some((start, after)) => (&line[..start], after, true),
        None => {
            let start = shown[..colon]
                .rfind(char::is_whitespace)
                .map_or(0, |space| space + 1);
            let start = (start..=colon).find(|start| line.is_char_boundary(*start))?;
            let after = time::bare(&line[start..])?;
            let clock = &line[start..line.len() - after.len()];
            // `John 3:16: …` may be a verse, `John 3:16 pm: …` is not.
            let is_stamp = clock.matches(':').count() > 1 || clock.contains(char::is_alphabetic);
            (&line[..start], after, is_stamp)
        }
    };
    let head = time::without_date(head.trim_end_matches(BETWEEN).trim_end_matches(['@', ' ']));
    if head.is_empty() {
        return None;
    }
    let name = table::tidy(without_closing_emphasis(head, is_emphasised));
    let likeness = table::likeness(&name)?;
    let after = after.trim_start_matches(EMPHASIS).trim_start();
    if let Some(text) = after.strip_prefix(is_colon) {
        let text = without_emphasis(text, is_emphasised);
        let surety = match likeness {
            Surety::Sure if !is_stamp => Surety::Likely,
            likeness => likeness,
        };
        return Some((name, surety, text));
    }
    (after.is_empty() && likeness == Surety::Sure).then_some((name, Surety::Timed, ""))
}

/// `Name: text`, `Name : text`, `**Name:** text`, `Name：text`.
fn before_colon(line: &str, is_emphasised: bool) -> Option<Named<'_>> {
    let (head, tail) = at_colon(line)?;
    let tail = without_emphasis(tail, is_emphasised);
    if is_other_colon(head, tail) {
        return None;
    }
    let head = without_closing_emphasis(head, is_emphasised);
    let name = table::tidy(head);
    let is_direction = name.starts_with(['(', '[', '<']) && table::is_stage_direction(&name);
    if is_direction || (is_emphasised && head.contains('*')) {
        return None;
    }
    let tail = after_stamp(tail).unwrap_or(tail);
    let is_glued_letter = smiley_letter(tail) && !head.ends_with(char::is_whitespace);
    let surety = match table::likeness(&name)? {
        Surety::Sure if is_glued_letter => Surety::Likely,
        likeness => likeness,
    };
    Some((name, surety, tail))
}

/// What follows the time between a name and what is said: `[00:01] text`, `00:01:02 text`. `10:30 suits me` is
/// said.
fn after_stamp(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let word = text.split(char::is_whitespace).next().unwrap_or_default();
    let is_full = word.matches(':').count() == 2 && time::is_time(word);
    time::bracketed(text).or_else(|| is_full.then(|| &text[word.len()..]))
}

fn without_emphasis(text: &str, is_emphasised: bool) -> &str {
    match is_emphasised {
        true => text.trim_start_matches(EMPHASIS),
        false => text,
    }
}

fn without_closing_emphasis(head: &str, is_emphasised: bool) -> &str {
    match is_emphasised {
        true => head.trim_end_matches([EMPHASIS[0], EMPHASIS[1], ' ']),
        false => head,
    }
}

/// The colon of Latin scripts, the wide one of Chinese and Japanese, and characters that are typed in their place.
pub(crate) fn is_colon(c: char) -> bool {
    matches!(
        c,
        ':' | '：' | '﹕' | '︓' | '︰' | '\u{2236}' | '\u{a789}' | '\u{2f8}'
    )
}

/// The line before and after its first colon.
fn at_colon(line: &str) -> Option<(&str, &str)> {
    let (colon, found) = window(line).char_indices().find(|(_, c)| is_colon(*c))?;
    Some((&line[..colon], &line[colon + found.len_utf8()..]))
}

/// The beginning of a line, as far as it is looked at.
fn window(line: &str) -> &str {
    let end = line.char_indices().nth(WINDOW_CHARS);
    &line[..end.map_or(line.len(), |(end, _)| end)]
}

/// Whether a colon between head and tail belongs to a time, a ratio, a verse, a link, a port, a path or a smiley.
fn is_other_colon(head: &str, tail: &str) -> bool {
    let is_number = head.ends_with(char::is_numeric) && tail.starts_with(char::is_numeric);
    let last = head.rsplit(char::is_whitespace).next().unwrap_or_default();
    let is_drive = last.len() == 1
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        && tail.starts_with('/');
    let is_scheme =
        !tail.is_empty() && !tail.starts_with(char::is_whitespace) && table::is_scheme(last);
    is_number
        || is_drive
        || is_scheme
        || is_port(last, tail)
        || tail.starts_with("//")
        || tail.starts_with('\\')
        || is_smiley(head, tail)
        || is_shortcode(head, tail)
}

/// `www.example.org:8080/a`, `localhost:3000`
fn is_port(host: &str, tail: &str) -> bool {
    let after = tail.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_host = host == "localhost"
        || (host.contains('.') && !host.contains('@') && host.ends_with(char::is_alphanumeric));
    is_host && (2..=5).contains(&(tail.len() - after.len()))
}

/// `:)`, `:-(`, `:'D`, `:))`; a letter for a mouth only with a blank before the eyes or with a nose.
fn is_smiley(head: &str, tail: &str) -> bool {
    let face = tail.trim_start_matches(['-', '\'', '’', '^', '~']);
    let has_nose = face.len() < tail.len();
    let Some(mouth) = face.chars().next() else {
        return false;
    };
    let after = face.trim_start_matches(mouth);
    let ends = !after.starts_with(char::is_alphanumeric);
    let is_blank_before = head.is_empty() || head.ends_with(char::is_whitespace);
    ends && (MOUTHS.contains(mouth)
        || (LETTER_MOUTHS.contains(mouth) && (has_nose || is_blank_before)))
}

/// Mouths that are not letters.
const MOUTHS: &str = ")(/\\|*]}[{><$@";
/// Mouths that are letters or digits.
const LETTER_MOUTHS: &str = "DPpOoXxSsVv3cC";

/// Whether a tail is one letter that could be a mouth: `Ann:D`.
fn smiley_letter(tail: &str) -> bool {
    let mut chars = tail.chars();
    chars
        .next()
        .is_some_and(|mouth| LETTER_MOUTHS.contains(mouth) && chars.next().is_none())
}

/// `:thumbsup:` after a blank.
fn is_shortcode(head: &str, tail: &str) -> bool {
    let is_blank_before = head.is_empty() || head.ends_with(char::is_whitespace);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    let after = tail.trim_start_matches(is_part);
    is_blank_before && after.len() < tail.len() && after.starts_with(':')
}

#[cfg(test)]
mod tests;
