//! What WebVTT and SRT share: blocks with a time line, markup in the text, who speaks.

use contract::{FileFormat, IssueCode};

use super::Records;
use super::transcript::{self, Beside, Fault, Line, Talk};
use crate::dialogue::{Dialogue, Turn};

/// Character references that captions use; `&amp;` last, so that what it makes is not read again.
const ENTITIES: [(&str, &str); 9] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&nbsp;", " "),
    ("&lrm;", ""),
    ("&rlm;", ""),
    ("&quot;", "\""),
    ("&apos;", "'"),
    ("&#39;", "'"),
    ("&amp;", "&"),
];

/// The parts of a file between blank lines.
pub(super) fn blocks(lines: &[Line]) -> impl Iterator<Item = &[Line]> {
    lines
        .split(|line| line.text.is_empty())
        .filter(|block| !block.is_empty())
}

/// Whether a text begins with a time line, or with a number and a time line.
pub(super) fn look_like_ones(bytes: &[u8]) -> bool {
    let mut lines = bytes
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let is_number = |line: &[u8]| line.iter().all(u8::is_ascii_digit);
    let first = lines.next().unwrap_or_default();
    let line = if is_number(first) {
        lines.next().unwrap_or_default()
    } else {
        first
    };
    std::str::from_utf8(line).is_ok_and(is_time_line)
}

/// Adds a block: a cue's turns, or the summary, which has no time.
pub(super) fn add(talk: &mut Talk, block: &[Line]) {
    block.iter().for_each(|line| talk.takes(line));
    match block.iter().position(|line| line.text.contains("-->")) {
        Some(time_line) if time_line <= 1 => {
            add_cue(talk, &block[time_line], &block[time_line + 1..])
        }
        Some(time_line) => talk.faults.push(fault(
            &block[time_line],
            "the cue has lines before its time that are no number or name",
        )),
        None => add_summary(talk, block),
    }
}

fn add_cue(talk: &mut Talk, times: &Line, payload: &[Line]) {
    if !is_time_line(&times.text) {
        talk.faults
            .push(fault(times, "the times of this cue cannot be read"));
    }
    if let Some(next) = payload.iter().find(|line| is_time_line(&line.text)) {
        talk.faults
            .push(fault(next, "a cue begins without a blank line before it"));
    }
    let lines: Vec<&str> = payload.iter().map(|line| line.text.as_str()).collect();
    talk.turns.extend(turns_of(&lines.join("\n")));
}

/// Only the summary has no time.
fn add_summary(talk: &mut Talk, block: &[Line]) {
    let [first, following @ ..] = block else {
        return;
    };
    let Some((_, begin)) = transcript::summary_label(&first.text) else {
        return talk.faults.push(fault(first, "this text has no time"));
    };
    talk.summarize(&begin, "\n");
    following
        .iter()
        .for_each(|line| talk.summarize(&line.text, "\n"));
}

/// The file's one dialogue, in which cues of the same speaker that follow each other are one turn.
pub(super) fn finish(
    layout: FileFormat,
    file: &str,
    mut talk: Talk,
    beside: Option<&Beside<'_>>,
) -> Records {
    let cues = Dialogue {
        turns: std::mem::take(&mut talk.turns),
    }
    .join_continuations();
    for turn in cues.turns {
        match talk.turns.last_mut() {
            Some(last) if last.speaker.is_some() && last.speaker == turn.speaker => {
                append(last, &turn.text)
            }
            _ => talk.turns.push(turn),
        }
    }
    let talks = if talk.is_empty() {
        Vec::new()
    } else {
        vec![talk]
    };
    transcript::records(layout, file, talks, beside)
}

/// `00:00:01.000 --> 00:00:04.000`, settings behind it ignored.
fn is_time_line(line: &str) -> bool {
    let Some((begin, end)) = line.split_once("-->") else {
        return false;
    };
    transcript::is_time(begin.trim())
        && end
            .split_whitespace()
            .next()
            .is_some_and(transcript::is_time)
}

fn fault(line: &Line, what: &str) -> Fault {
    let reason = format!("line {}: {what}: `{}`", line.number, line.text);
    let fix = "Write each cue as a line such as `00:00:01.000 --> 00:00:04.000` and its text below; blank lines stand between cues and nowhere else.";
    Fault::new("", IssueCode::Cue, reason, fix)
}

fn append(turn: &mut Turn, text: &str) {
    if !turn.text.is_empty() {
        turn.text.push(' ');
    }
    turn.text.push_str(text);
}

/// The turns of a cue: voice spans, else lines. A line that names nobody and does not begin with a dash continues the
/// line before.
fn turns_of(payload: &str) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for (voice, text) in spans(payload) {
        if let Some(voice) = voice {
            let turn = Turn::new(&voice, &text);
            turns.extend((!turn.text.is_empty()).then_some(turn));
            continue;
        }
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            for turn in transcript::turns_of(line) {
                match turns.last_mut() {
                    Some(last) if turn.speaker.is_none() && !line.starts_with(['-', '–', '—']) =>
                    {
                        append(last, &turn.text);
                    }
                    _ => turns.push(turn),
                }
            }
        }
    }
    turns
}

/// The text between voice tags with the voice, other tags taken out and character references read.
fn spans(payload: &str) -> Vec<(Option<String>, String)> {
    let mut spans = Vec::new();
    let (mut voice, mut text, mut unread) = (None, String::new(), payload);
    while let Some((before, tag, after)) = next_tag(unread) {
        text.push_str(before);
        unread = after;
        let name = tag.split_whitespace().next().unwrap_or_default();
        match name.split('.').next().unwrap_or_default() {
            "v" | "/v" => {
                spans.push((voice.take(), decode(&std::mem::take(&mut text))));
                let speaker = decode(tag.strip_prefix(name).unwrap_or_default().trim());
                voice = (!speaker.is_empty()).then_some(speaker);
            }
            "br" | "br/" => text.push('\n'),
            _ => {}
        }
    }
    text.push_str(unread);
    spans.push((voice, decode(&text)));
    spans
}

/// The next `<tag>` or `{\tag}`: what stands before it, inside it and behind it.
fn next_tag(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices(['<', '{']).find_map(|(start, open)| {
        let inside = &text[start + 1..];
        let (tag, after) = inside.split_once(if open == "<" { '>' } else { '}' })?;
        let is_tag = match open {
            "<" => {
                tag.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
                    || transcript::is_time(tag)
            }
            _ => tag.starts_with('\\'),
        };
        is_tag.then_some((&text[..start], tag, after))
    })
}

fn decode(text: &str) -> String {
    ENTITIES
        .iter()
        .fold(text.to_owned(), |text, (entity, meaning)| {
            text.replace(entity, meaning)
        })
}
