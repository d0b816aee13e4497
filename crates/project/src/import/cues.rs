//! What WebVTT and SRT share: blocks with a time line, markup in the text, who speaks, captions that roll.
//!
//! Live captions and those of YouTube show every line twice or more: at the bottom when it is spoken, and above it
//! while the next one is. Such a line is said once. Only the whole file tells whether it is of that kind ([`Whole`]),
//! so it is read twice.

use contract::problem::{CueFault, ImportProblem, RowFault};
use contract::{AccountUnit, FileFormat, excerpt};

use super::Records;
use super::limits::Room;
use super::lines::{Line, Lines};
use super::transcript::{self, Beside, Fault, Talk, Talks};
use crate::dialogue::Turn;
use crate::speaker;
use crate::work;

mod markup;
#[cfg(test)]
mod tests;

/// Maximum lines of a cue that are compared with the cue before.
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

/// What only the whole file tells about its cues.
#[derive(Default)]
struct Whole {
    cues: usize,
    /// Words have times of their own, as YouTube writes them.
    is_word_timed: bool,
    /// Cues that have a number, as Zoom writes them.
    numbered: usize,
    /// Nobody is named by a tag or an identifier.
    is_without_voice: bool,
    /// Cues that repeat what the one before them showed, and add to it.
    growing: usize,
    /// A cue has more voices than there is room for.
    is_full: bool,
}

/// Which parts of a file are not cues.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Notes, styles and regions come between the cues, and a header before them.
    WebVtt,
    SubRip,
}

/// The parts of a file between empty lines. A line of blanks belongs to its cue (W3C WebVTT), unless a new part begins
/// after it: people who write by hand do not see the difference.
struct Blocks<'a> {
    lines: Lines<'a>,
    dialect: Dialect,
    /// Some part had more lines than there is room for.
    is_full: bool,
}

/// What a line of one part takes until its words are said, in bytes.
const LINE_BYTES: usize = 4 * size_of::<Line<'_>>();

/// What the words of one voice take until they are said, in bytes.
const SPAN_BYTES: usize = 300;

impl<'a> Blocks<'a> {
    fn of(lines: Lines<'a>, dialect: Dialect) -> Self {
        Self {
            lines,
            dialect,
            is_full: false,
        }
    }

    /// The next line; for a note with the summary, what follows the word `NOTE`, so that it is read as one.
    fn line(&mut self) -> Option<Line<'a>> {
        let mut line = self.lines.next()?;
        if self.dialect == Dialect::WebVtt
            && let Some(comment) = line.text.strip_prefix("NOTE").map(str::trim)
        {
            let is_over_summary = || {
                let next = self.lines.clone().next();
                next.is_some_and(|next| transcript::summary_label(&next.text).is_some())
            };
            if comment.is_empty() && is_over_summary() {
                line.text = "".into();
            } else if transcript::summary_label(comment).is_some() {
                line.text = comment.to_owned().into();
            }
        }
        Some(line)
    }

    /// Reads the next part into `block`; `false` at the end.
    fn next(&mut self, block: &mut Vec<Line<'a>>) -> bool {
        block.clear();
        let mut room = Room::of(self.lines.bytes());
        while let Some(line) = self.line() {
            let is_end = line.text.is_empty()
                && !(line.is_blank && !block.is_empty() && !begins_part(&self.lines));
            if !is_end {
                // A part with too many lines is refused in the end.
                if room.take(LINE_BYTES) {
                    block.push(line);
                }
            } else if block.iter().any(|line| !line.text.is_empty()) {
                break;
            } else {
                block.clear();
            }
        }
        self.is_full |= room.is_full();
        block.iter().any(|line| !line.text.is_empty())
    }
}

/// Whether a cue, a note or a summary begins here, or the file ends.
fn begins_part(lines: &Lines<'_>) -> bool {
    let mut next = lines.clone();
    let Some(first) = next.next() else {
        return true;
    };
    first.text.is_empty()
        || is_time_line(&first.text)
        || next.next().is_some_and(|next| is_time_line(&next.text))
        || first.text.starts_with("NOTE")
        || transcript::summary_label(&first.text).is_some()
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

/// What a part of a file is.
enum Part<'a, 'b> {
    /// The header, or a note that says nothing.
    Nothing,
    /// A line that may identify it, and its lines from the times on.
    Cue(Option<&'b Line<'a>>, &'b [Line<'a>]),
    /// Lines without a time.
    Text(&'b [Line<'a>]),
    /// Its lines, and the one with its time, which is too far down.
    Broken(&'b [Line<'a>], &'b Line<'a>),
}

impl<'a, 'b> Part<'a, 'b> {
    fn of(block: &'b [Line<'a>], dialect: Dialect) -> Self {
        let is = |word: &str| {
            let first = block.first();
            first.is_some_and(|line| line.text.split_whitespace().next() == Some(word))
        };
        let is_time = |line: &Line<'_>| line.text.contains("-->");
        let mut lines = block;
        if dialect == Dialect::WebVtt {
            if is("WEBVTT") {
                match block.iter().any(is_time) {
                    true => lines = &block[1..],
                    false => return Self::Nothing,
                }
            } else if ["NOTE", "STYLE", "REGION"].iter().any(|word| is(word)) {
                return Self::Nothing;
            }
        }
        match lines.iter().position(is_time) {
            Some(0) => Self::Cue(None, lines),
            Some(1) => Self::Cue(lines.first(), &lines[1..]),
            Some(time_line) => Self::Broken(lines, &lines[time_line]),
            None => Self::Text(lines),
        }
    }

    /// All lines of a part that says something.
    fn lines(&self) -> impl Iterator<Item = &'b Line<'a>> {
        let (first, others): (Option<&Line<'a>>, &[Line<'a>]) = match self {
            Self::Nothing => (None, &[]),
            Self::Cue(identifier, lines) => (*identifier, lines),
            Self::Text(lines) | Self::Broken(lines, _) => (None, lines),
        };
        first.into_iter().chain(others)
    }
}

/// Reads the file's one dialogue, in which cues of the same speaker that follow each other are one turn.
pub(super) fn read(
    layout: FileFormat,
    dialect: Dialect,
    file: &str,
    lines: Lines<'_>,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let bytes = lines.bytes();
    let whole = Whole::of(Blocks::of(lines.clone(), dialect));
    if whole.is_full {
        return Err(Room::of(bytes).refusal(file));
    }
    let mut talk = Talk::default();
    let mut blocks = Blocks::of(lines, dialect);
    let mut before = Cue::default();
    let mut block = Vec::new();
    while blocks.next(&mut block) {
        let part = Part::of(&block, dialect);
        if matches!(part, Part::Nothing) {
            continue;
        }
        let cues = talk.units.read;
        part.lines().for_each(|line| talk.takes(line));
        // A caption is one piece, however many lines it has.
        talk.units.read = cues + 1;
        match part {
            Part::Nothing => {}
            Part::Cue(identifier, lines) => {
                find_faults(&mut talk, lines);
                let (cue, _) = Cue::of(identifier, lines);
                say(&mut talk, &cue, whole.repeat(&before, &cue));
                before = cue;
            }
            Part::Text(lines) => add_summary(&mut talk, lines),
            Part::Broken(_, time_line) => talk.find(fault(time_line, CueFault::Before)),
        }
    }
    if blocks.is_full {
        return Err(Room::of(bytes).refusal(file));
    }
    talk.settle();
    if !whole.are_utterances(layout, &talk) {
        talk.turns.join_speakers();
    }
    talk.units.merged = talk.units.read.saturating_sub(talk.turns.count());
    let mut talks = Talks::of(bytes);
    if !talk.is_empty() {
        talks.push(talk);
    }
    let mut records = transcript::records(layout, file, talks, beside)?;
    records.measure.unit = AccountUnit::Cue;
    Ok(records)
}

impl Whole {
    fn of(mut blocks: Blocks<'_>) -> Self {
        let mut whole = Self {
            is_without_voice: true,
            ..Self::default()
        };
        let mut before = Cue::default();
        let mut block = Vec::new();
        while blocks.next(&mut block) {
            let Part::Cue(identifier, lines) = Part::of(&block, blocks.dialect) else {
                continue;
            };
            let count = |tag: &str| -> usize {
                let counts = lines.iter().map(|line| line.text.matches(tag).count());
                counts.sum()
            };
            let mut room = Room::of(blocks.lines.bytes());
            if !room.take((count("<v") + count("</v")) * SPAN_BYTES) {
                whole.is_full = true;
                break;
            }
            let (cue, is_word_timed) = Cue::of(identifier, lines);
            let is_number = |line: &Line<'_>| line.text.bytes().all(|byte| byte.is_ascii_digit());
            whole.cues += 1;
            whole.is_word_timed |= is_word_timed;
            whole.numbered += usize::from(identifier.is_some_and(is_number));
            whole.is_without_voice &= cue.is_without_voice();
            whole.growing += usize::from(Repeat::of(&before.lines, &cue.lines).adds);
            before = cue;
        }
        whole
    }

    /// What a cue shows again from the one before, if the captions of the file roll.
    fn repeat(&self, before: &Cue, cue: &Cue) -> Repeat {
        let pairs = self.cues.saturating_sub(1);
        let is_growing = self.growing > 0 && self.growing * ROLLING_SHARE >= pairs;
        match self.is_word_timed || is_growing {
            true => Repeat::of(&before.lines, &cue.lines),
            false => Repeat::default(),
        }
    }

    /// Zoom numbers its cues and says in each who speaks: they are utterances, not pieces of one.
    fn are_utterances(&self, layout: FileFormat, talk: &Talk) -> bool {
        layout == FileFormat::Vtt
            && self.numbered == self.cues
            && talk.turns.count() >= self.cues
            && self.is_without_voice
            && talk.turns.turns().all(|turn| turn.name().is_some())
    }
}

impl Cue {
    /// A cue, and whether its words have times.
    fn of(identifier: Option<&Line<'_>>, lines: &[Line<'_>]) -> (Self, bool) {
        let mut payload = String::new();
        for line in lines.iter().skip(1).filter(|line| !line.text.is_empty()) {
            if !payload.is_empty() {
                payload.push('\n');
            }
            payload.push_str(&line.text);
        }
        work::visit(payload.len() * 2);
        let (spans, is_word_timed) = markup::spans(&payload);
        let cue = Self {
            called: identifier.and_then(|line| webex_name(&line.text)),
            lines: spans.into_iter().flat_map(cue_lines).collect(),
        };
        (cue, is_word_timed)
    }

    /// Nobody is named by a tag or an identifier.
    fn is_without_voice(&self) -> bool {
        self.called.is_none() && self.lines.iter().all(|line| line.voice.is_none())
    }
}

/// What is wrong with the times of a cue.
fn find_faults(talk: &mut Talk, lines: &[Line<'_>]) {
    let [times, payload @ ..] = lines else {
        return;
    };
    if !is_time_line(&times.text) {
        talk.find(fault(times, CueFault::Times));
    }
    if let Some(next) = payload.iter().find(|line| is_time_line(&line.text)) {
        talk.find(fault(next, CueFault::NoBlankLine));
    }
}

/// A span of one voice as lines; the text of a voice is one line, so that no name is looked for in it.
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
/// line before. What the cue shows again is not said again.
fn say(talk: &mut Talk, cue: &Cue, repeat: Repeat) {
    let mut voice_before: Option<&str> = None;
    for (place, line) in cue.lines.iter().skip(repeat.lines).enumerate() {
        let is_first = place == 0;
        let begun = repeat.begun.filter(|_| is_first).unwrap_or_default();
        let text = line.text[begun..].trim_start();
        let voice = line.voice.as_deref();
        if let Some(name) = voice.or(cue.called.as_deref().filter(|_| is_first)) {
            match !is_first && voice_before == voice && !talk.turns.is_empty() {
                true => talk.turns.add(text),
                false => talk.say(&Turn::new(&speaker::tidy(name), text)),
            }
        } else if cue.called.is_some() {
            talk.turns.add(text);
        } else {
            let changes = text.starts_with(['-', '–', '—']) || text.starts_with(">>");
            let heard = speaker::heard(text);
            if changes && heard.speaker.is_none() {
                talk.changes.add(text);
            }
            talk.hear(&heard, !(is_first || changes));
        }
        voice_before = voice;
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
fn add_summary(talk: &mut Talk, block: &[Line<'_>]) {
    let [first, following @ ..] = block else {
        return;
    };
    let Some((_, begin)) = transcript::summary_label(&first.text) else {
        return talk.find(fault(first, CueFault::NoTime));
    };
    talk.summarize(&begin, "\n");
    following
        .iter()
        .for_each(|line| talk.summarize(&line.text, "\n"));
}

/// `00:00:01.000 --> 00:00:04.000`, settings after it ignored.
fn is_time_line(line: &str) -> bool {
    let Some((begin, end)) = line.split_once("-->") else {
        return false;
    };
    is_cue_time(begin.trim()) && end.split_whitespace().next().is_some_and(is_cue_time)
}

/// A time as programs write it into captions, with fewer or more digits than the formats ask for, or with frames after
/// a third colon: it is not used.
fn is_cue_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let is_number = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let parts = clock.split(':').count();
    (2..=4).contains(&parts)
        && clock.split(':').all(|part| is_number(part, 4))
        && is_number(fraction, 9)
}

fn fault(line: &Line<'_>, fault: CueFault) -> Fault {
    let fault = RowFault::Cue {
        fault,
        line: line.number,
        text: excerpt(&line.text),
    };
    Fault::new("", fault)
}
