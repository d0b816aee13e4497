//! What WebVTT and SRT share: blocks with a time line, markup in the text, who speaks, captions that roll.
//!
//! Live captions and those of YouTube show every line twice or more: at the bottom when it is spoken, and above it
//! while the next one is. Such a line is said once ([`without_repeats`]).

use contract::{AccountUnit, FileFormat, IssueCode, excerpt};

use super::Records;
use super::transcript::{self, Beside, Fault, Line, Talk};
use crate::dialogue::Turn;
use crate::speaker;
use crate::work;

mod markup;
#[cfg(test)]
mod tests;

/// Most lines of a cue that are compared with the cue before.
const SHOWN_LINES: usize = 4;
/// Captions roll if every fifth cue or more repeats what the one before it showed and adds to it.
const ROLLING_SHARE: usize = 5;

/// What is shown at one time.
#[derive(Default)]
struct Cue {
    /// The name that a Webex identifier gives.
    called: Option<String>,
    lines: Vec<CueLine>,
}

/// A line of a cue without markup.
#[derive(Clone, PartialEq, Eq)]
struct CueLine {
    /// Who speaks by a voice tag.
    voice: Option<String>,
    text: String,
}

/// The cues of a file on their way to turns.
#[derive(Default)]
pub(super) struct Captions {
    cues: Vec<Cue>,
    /// Words have times of their own, as YouTube writes them.
    is_word_timed: bool,
    /// Cues that have a number, as Zoom writes them.
    numbered: usize,
}

/// The parts of a file between empty lines. A line of blanks belongs to its cue (W3C WebVTT), unless a new part begins
/// behind it: people who write by hand do not see the difference.
pub(super) fn blocks(lines: &[Line]) -> Vec<&[Line]> {
    let mut blocks = Vec::new();
    let mut start = 0;
    for (place, line) in lines.iter().enumerate() {
        let is_end = line.text.is_empty()
            && !(line.is_blank && !begins_part(&lines[place + 1..]) && place > start);
        if is_end {
            blocks.push(&lines[start..place]);
            start = place + 1;
        }
    }
    blocks.push(&lines[start..]);
    blocks.retain(|block| block.iter().any(|line| !line.text.is_empty()));
    blocks
}

/// Whether a cue, a note or a summary begins here, or the file ends.
fn begins_part(lines: &[Line]) -> bool {
    let mut next = lines.iter().map(|line| line.text.as_str());
    let Some(first) = next.next() else {
        return true;
    };
    first.is_empty()
        || is_time_line(first)
        || next.next().is_some_and(is_time_line)
        || first.starts_with("NOTE")
        || transcript::summary_label(first).is_some()
}

/// Whether a text begins with a time line, or with a number and a time line.
pub(super) fn look_like_ones(bytes: &[u8]) -> bool {
    let mut lines = bytes
        .split(|&byte| matches!(byte, b'\n' | b'\r'))
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

impl Captions {
    /// Adds a block: a cue, or the summary, which has no time.
    pub(super) fn add(&mut self, talk: &mut Talk, block: &[Line]) {
        let cues = talk.units.read;
        block.iter().for_each(|line| talk.takes(line));
        // A caption is one piece, however many lines it has.
        talk.units.read = cues + 1;
        match block.iter().position(|line| line.text.contains("-->")) {
            Some(0) => self.add_cue(talk, None, block),
            Some(1) => self.add_cue(talk, Some(&block[0]), &block[1..]),
            Some(time_line) => talk.faults.push(fault(
                &block[time_line],
                "the cue has lines before its time that are no number or name",
            )),
            None => add_summary(talk, block),
        }
    }

    fn add_cue(&mut self, talk: &mut Talk, identifier: Option<&Line>, cue: &[Line]) {
        let [times, payload @ ..] = cue else {
            return;
        };
        if !is_time_line(&times.text) {
            talk.faults
                .push(fault(times, "the times of this cue cannot be read"));
        }
        if let Some(next) = payload.iter().find(|line| is_time_line(&line.text)) {
            talk.faults
                .push(fault(next, "a cue begins without a blank line before it"));
        }
        let lines: Vec<&str> = payload
            .iter()
            .map(|line| line.text.as_str())
            .filter(|text| !text.is_empty())
            .collect();
        let payload = lines.join("\n");
        work::visit(payload.len() * 2);
        let (spans, is_word_timed) = markup::spans(&payload);
        self.is_word_timed |= is_word_timed;
        let is_number = |line: &Line| line.text.bytes().all(|byte| byte.is_ascii_digit());
        self.numbered += usize::from(identifier.is_some_and(is_number));
        self.cues.push(Cue {
            called: identifier.and_then(|line| webex_name(&line.text)),
            lines: spans.into_iter().flat_map(cue_lines).collect(),
        });
    }

    /// The file's one dialogue, in which cues of the same speaker that follow each other are one turn.
    pub(super) fn finish(
        mut self,
        layout: FileFormat,
        file: &str,
        mut talk: Talk,
        beside: Option<&Beside<'_>>,
    ) -> Records {
        without_repeats(&mut self.cues, self.is_word_timed);
        for cue in &self.cues {
            say(&mut talk, cue);
        }
        talk.settle();
        // Zoom numbers its cues and says in each who speaks: they are utterances, not pieces of one.
        let are_named = layout == FileFormat::Vtt
            && self.numbered == self.cues.len()
            && talk.turns.len() >= self.cues.len()
            && self.cues.iter().all(Cue::is_without_voice)
            && talk.turns.iter().all(|turn| turn.speaker.is_some());
        for turn in std::mem::take(&mut talk.turns) {
            match talk.turns.last_mut() {
                Some(last)
                    if !are_named && last.speaker.is_some() && last.speaker == turn.speaker =>
                {
                    last.add(&turn.text);
                }
                _ => talk.turns.push(turn),
            }
        }
        talk.units.merged = talk.units.read.saturating_sub(talk.turns.len());
        let talks = if talk.is_empty() {
            Vec::new()
        } else {
            vec![talk]
        };
        let mut records = transcript::records(layout, file, talks, beside);
        records.measure.unit = AccountUnit::Cue;
        records
    }
}

impl Cue {
    /// Nobody is named by a tag or an identifier.
    fn is_without_voice(&self) -> bool {
        self.called.is_none() && self.lines.iter().all(|line| line.voice.is_none())
    }
}

/// A span of one voice as lines; those of a voice are one line, so that no name is looked for in them.
fn cue_lines((voice, text): markup::Span) -> Vec<CueLine> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| CueLine {
            voice: voice.clone(),
            text: line.to_owned(),
        })
        .collect()
}

/// The turns of a cue: voice spans, else lines. A line that names nobody and does not begin with a dash continues the
/// line before.
fn say(talk: &mut Talk, cue: &Cue) {
    let mut is_first = true;
    let mut voice_before: Option<&str> = None;
    for line in &cue.lines {
        let voice = line.voice.as_deref();
        if let Some(name) = voice.or(cue.called.as_deref().filter(|_| is_first)) {
            match talk.turns.last_mut() {
                Some(last) if !is_first && voice_before == voice => last.add(&line.text),
                _ => talk.turns.push(Turn::new(&speaker::tidy(name), &line.text)),
            }
        } else if cue.called.is_some() {
            if let Some(last) = talk.turns.last_mut() {
                last.add(&line.text);
            }
        } else {
            let changes = line.text.starts_with(['-', '–', '—']) || line.text.starts_with(">>");
            let heard = speaker::heard(&line.text);
            if changes && heard.speaker.is_none() {
                talk.changes.push(line.text.clone());
            }
            talk.hear(heard, !(is_first || changes));
        }
        voice_before = voice;
        is_first = false;
    }
}

/// `1 "Jane Doe" (1234567)`, as Webex identifies its cues.
fn webex_name(identifier: &str) -> Option<String> {
    let after = identifier.trim_start_matches(|c: char| c.is_ascii_digit());
    let quoted = after.trim_start().strip_prefix('"')?;
    let (name, number) = quoted.rsplit_once('"')?;
    let number = number.trim();
    let is_number = number.is_empty()
        || number
            .strip_prefix('(')
            .and_then(|number| number.strip_suffix(')'))
            .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    (after.len() < identifier.len() && is_number && !name.trim().is_empty())
        .then(|| name.trim().to_owned())
}

/// Takes out what a cue shows again from the one before, if the captions of the file roll.
fn without_repeats(cues: &mut [Cue], is_word_timed: bool) {
    let repeats: Vec<Repeat> = cues
        .windows(2)
        .map(|pair| Repeat::of(&pair[0].lines, &pair[1].lines))
        .collect();
    let growing = repeats.iter().filter(|repeat| repeat.adds).count();
    let rolls = is_word_timed || (growing > 0 && growing * ROLLING_SHARE >= repeats.len());
    if !rolls {
        return;
    }
    for (repeat, cue) in repeats.into_iter().zip(&mut cues[1..]) {
        cue.lines.drain(..repeat.lines);
        if let (Some(chars), Some(first)) = (repeat.begun, cue.lines.first_mut()) {
            first.text = first.text[chars..].trim_start().to_owned();
        }
    }
}

/// What a cue shows again.
#[derive(Clone, Copy, Default)]
struct Repeat {
    /// Whole lines.
    lines: usize,
    /// Bytes of the line that follows them, which the cue before had begun.
    begun: Option<usize>,
    /// The cue shows something else too.
    adds: bool,
}

impl Repeat {
    /// The longest end of a cue with which the next one begins.
    fn of(before: &[CueLine], cue: &[CueLine]) -> Self {
        let most = before.len().min(cue.len()).min(SHOWN_LINES);
        for count in (1..=most).rev() {
            let shown = &before[before.len() - count..];
            work::visit(shown.iter().map(|line| line.text.len()).sum());
            let (Some(last), Some(line)) = (shown.last(), cue.get(count - 1)) else {
                continue;
            };
            if shown[..count - 1] != cue[..count - 1] || last.voice != line.voice {
                continue;
            }
            if last.text == line.text {
                return Self {
                    lines: count,
                    begun: None,
                    adds: cue.len() > count,
                };
            }
            let grown = line.text.strip_prefix(last.text.as_str());
            if grown.is_some_and(|grown| grown.starts_with(' ')) {
                return Self {
                    lines: count - 1,
                    begun: Some(last.text.len()),
                    adds: true,
                };
            }
        }
        Self::default()
    }
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

/// `00:00:01.000 --> 00:00:04.000`, settings behind it ignored.
fn is_time_line(line: &str) -> bool {
    let Some((begin, end)) = line.split_once("-->") else {
        return false;
    };
    is_cue_time(begin.trim()) && end.split_whitespace().next().is_some_and(is_cue_time)
}

/// A time as programs write it into captions, with fewer or more digits than the formats ask for: it is not used.
fn is_cue_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let is_number = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts = clock.split(':').count();
    (2..=3).contains(&parts)
        && clock.split(':').all(|part| is_number(part, 4))
        && is_number(fraction, 9)
}

fn fault(line: &Line, what: &str) -> Fault {
    let reason = format!("line {}: {what}: `{}`", line.number, excerpt(&line.text));
    let fix = "Write each cue as a line such as `00:00:01.000 --> 00:00:04.000` and its text below; blank lines stand between cues and nowhere else.";
    Fault::new("", IssueCode::Cue, reason, fix)
}
