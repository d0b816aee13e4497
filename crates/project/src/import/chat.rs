//! What all chats share: messages become turns, a long silence ends a dialogue, and what nobody said is listed.
//!
//! Readers of chat programs (`whatsapp`, `telegram`, `slack`, `zoom_chat`, `head_lines`) hand over one message after the
//! other. The dialogues become records as those of transcripts do, so a summary beside the file works here too.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use contract::problem::{ImportProblem, RowFault};
use contract::{AccountUnit, DropReason, FileFormat, Remark};

use super::account::shown;
use super::limits::Room;
use super::stamp::without_marks;
use super::transcript::{self, Beside, Talk, Talks};
use super::{Issue, Reading, Records};
use crate::dialogue::Turn;
use crate::speaker::{self, Surety};
use crate::work;

/// Hours of silence that end a dialogue where the user names none.
const GAP_HOURS: u32 = 8;
/// How often one text has to come, from how many people, to look like a program's.
const REPEATS: usize = 3;
/// Texts of one word are repeated by people all the time, unless the word is as long as this.
const REPEATED_CHARS: usize = 12;
/// Issues about repeated texts for one file.
const REPEATED_ISSUES: usize = 20;
/// Longest part of a message that an issue repeats, in characters.
const SHOWN_CHARS: usize = 60;

/// One message as its program has it.
pub(super) struct Message {
    /// Its place in the file, from 1; the first one's is the dialogue's row.
    pub(super) row: usize,
    /// Its place, as a list of dropped messages gives it.
    pub(super) position: u64,
    /// When it was sent, for silences; `None` if the file does not say.
    pub(super) seconds: Option<i64>,
    /// Who sent it; empty if nobody did.
    pub(super) speaker: String,
    pub(super) text: String,
}

/// A chat that is being read.
pub(super) struct Chat<'a> {
    file: &'a str,
    reading: &'a Reading,
    talks: Talks,
    current: Talk,
    dropped: Vec<LeftOut>,
    /// Room for what is left out.
    room: Room,
    /// When the last message was sent.
    last: Option<i64>,
    /// Dialogues that ended with a silence.
    silences: usize,
    bodies: Vec<Body>,
    /// Pieces of a summary that comes before the first dialogue.
    waiting: usize,
}

/// Something that is not part of the conversation.
struct LeftOut {
    row: usize,
    position: u64,
    reason: DropReason,
    text: Box<str>,
}

/// What something that is left out takes, in bytes.
const LEFT_OUT_BYTES: usize = 250;

/// A text that may be a program's, and who wrote it, both by a hash: there may be as many as lines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Body {
    text: u64,
    row: u32,
    speaker: u32,
    position: u64,
}

/// A text that comes again and again: where it comes first, and how often.
type Repeated = (Body, usize);

/// A text as a number.
pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl<'a> Chat<'a> {
    /// A chat in a text of this length, in bytes.
    pub(super) fn new(file: &'a str, reading: &'a Reading, bytes: usize) -> Self {
        Self {
            file,
            reading,
            talks: Talks::of(bytes),
            current: Talk::default(),
            dropped: Vec::new(),
            room: Room::of(bytes),
            last: None,
            silences: 0,
            bodies: Vec::new(),
            waiting: 0,
        }
    }

    /// The text goes on for `bytes` in another member of its archive.
    pub(super) fn grow(&mut self, bytes: usize) {
        self.room.grow(bytes);
        self.talks.grow(bytes);
    }

    /// Adds what somebody says.
    pub(super) fn say(&mut self, message: Message) {
        work::visit(message.text.len() * 6);
        let text = without_marks(&message.text);
        if text.trim().is_empty() {
            return self.note(
                message.row,
                message.position,
                DropReason::Empty,
                &message.speaker,
            );
        }
        self.pass(message.seconds);
        if self.current.summary.is_some() {
            self.end();
        }
        let name = speaker::tidy(&without_marks(&message.speaker));
        let turn = Turn::new(&name, &text);
        self.count(&turn, message.row, message.position);
        if self.current.row == 0 {
            self.current.row = message.row;
        }
        self.current.units.read += 1 + std::mem::take(&mut self.waiting);
        self.current.say(&turn);
    }

    /// Whether the user wants what is left out for this reason.
    pub(super) fn keeps(&self, reason: DropReason) -> bool {
        self.reading.keep_dropped.contains(&reason)
    }

    /// Lists a message that is not part of the conversation, unless the user wants those of this kind back.
    pub(super) fn leave_out(&mut self, reason: DropReason, message: Message) {
        let is_wanted = self.keeps(reason);
        let text = without_marks(&message.text);
        if is_wanted && !message.speaker.trim().is_empty() && !text.trim().is_empty() {
            return self.say(message);
        }
        if reason != DropReason::System {
            self.pass(message.seconds);
        }
        self.note(message.row, message.position, reason, &text);
    }

    /// Lists something attached to a message, or a line that is not a message.
    pub(super) fn note(&mut self, row: usize, position: u64, reason: DropReason, text: &str) {
        if self.room.take(LEFT_OUT_BYTES) {
            self.dropped.push(LeftOut {
                row,
                position,
                reason,
                text: shown(&without_marks(text)).into(),
            });
        }
    }

    /// Names lines of the last message that are not UTF-8, by their number and the byte of the file.
    pub(super) fn not_utf8(&mut self, lines: &[(usize, usize)]) {
        for (number, offset) in lines {
            self.current.not_utf8(*number, *offset);
        }
    }

    /// The last message has `pieces` more, which were added to it.
    pub(super) fn merge(&mut self, pieces: usize) {
        self.current.units.read += pieces;
        self.current.units.merged += pieces;
    }

    /// Counts pieces of the summary of the dialogue so far; before the first dialogue, they are the first one's.
    pub(super) fn count_summary(&mut self, pieces: usize) {
        match (self.current.row, self.talks.last_mut()) {
            (0, Some(last)) => last.units.read += pieces,
            (0, None) => self.waiting += pieces,
            _ => self.current.units.read += pieces,
        }
    }

    /// Adds to the summary of the dialogue so far. Whoever speaks next begins another dialogue.
    pub(super) fn summarize(&mut self, text: &str, separator: &str) {
        if self.current.row > 0 {
            self.current.summarize(text, separator);
        } else if let Some(last) = self.talks.last_mut() {
            last.summarize(text, separator);
        }
    }

    /// Ends a dialogue whatever the time is, as at the end of a channel.
    pub(super) fn end(&mut self) {
        let talk = std::mem::take(&mut self.current);
        if !talk.is_empty() {
            self.talks.push(talk);
        }
    }

    /// Ends everything that depends on time, as at the end of a channel.
    pub(super) fn end_channel(&mut self) {
        self.end();
        self.last = None;
    }

    /// A message of this time is there: after a long silence it belongs to another dialogue.
    fn pass(&mut self, seconds: Option<i64>) {
        let hours = self.reading.gap_hours.unwrap_or(GAP_HOURS);
        let gap = i64::from(hours) * 3600;
        let silence = seconds.zip(self.last).map(|(now, last)| now - last);
        if hours > 0 && silence.is_some_and(|silence| silence >= gap) && !self.current.is_empty() {
            self.silences += 1;
            self.end();
        }
        self.last = seconds.or(self.last);
    }

    fn count(&mut self, turn: &Turn, row: usize, position: u64) {
        let is_telling = turn.text.contains(' ') || turn.text.chars().count() >= REPEATED_CHARS;
        if let (Some(speaker), true) = (&turn.speaker, is_telling) {
            self.bodies.push(Body {
                text: hash(&turn.text),
                row: u32::try_from(row).unwrap_or(u32::MAX),
                speaker: hash(speaker) as u32,
                position,
            });
        }
    }

    /// The dialogues as records.
    pub(super) fn finish(
        mut self,
        layout: FileFormat,
        unit: AccountUnit,
        beside: Option<&Beside<'_>>,
    ) -> Result<Records, ImportProblem> {
        self.end();
        // Threads are read one after the other but are mixed in their file.
        self.talks.sort();
        let repeated = self.repeated();
        self.room.check(self.file)?;
        self.dropped.sort_by_key(|dropped| dropped.row);
        let sessions = self.talks.len();
        let mut records = transcript::records(layout, self.file, self.talks, beside)?;
        records.measure.unit = unit;
        records.measure.lose(self.waiting);
        for dropped in self.dropped {
            let LeftOut {
                position,
                reason,
                text,
                ..
            } = dropped;
            records.measure.list(self.file, position, reason, text);
        }
        let gap_hours = self.reading.gap_hours.unwrap_or(GAP_HOURS);
        if self.silences > 0 {
            records.remarks.push(Remark::SessionsByGap {
                file: self.file.to_owned(),
                gap_hours,
                sessions,
            });
        }
        repeated
            .into_iter()
            .for_each(|issue| records.issues.push(issue));
        Ok(records)
    }

    /// Texts that a program may have written in a language that no list here knows: each is named, or left out where the
    /// user wants that.
    fn repeated(&mut self) -> Vec<Issue> {
        let mut bodies = std::mem::take(&mut self.bodies);
        bodies.sort_unstable();
        let by_several = |same: &[Body]| same.iter().any(|body| body.speaker != same[0].speaker);
        let is_repeated = |same: &&[Body]| same.len() >= REPEATS && by_several(same);
        let repeated = || {
            let alike = bodies.chunk_by(|body, next| body.text == next.text);
            alike.filter(is_repeated)
        };
        if self.reading.drop_repeated && !self.keeps(DropReason::Repeated) {
            let texts: HashSet<u64> = repeated().map(|same| same[0].text).collect();
            let places: Vec<Body> = repeated().flatten().copied().collect();
            self.drop_turns(&texts, &places);
            return Vec::new();
        }
        let mut found: Vec<Repeated> = repeated().map(|same| (same[0], same.len())).collect();
        found.sort_by_key(|(body, _)| body.row);
        found.truncate(REPEATED_ISSUES);
        let texts = self.texts_of(|key| found.iter().any(|(body, _)| body.text == key));
        let issue = |(body, count): Repeated| {
            let text = texts.get(&body.text).map_or("", String::as_str);
            let shown: String = text.chars().take(SHOWN_CHARS).collect();
            let fault = RowFault::RepeatedMessage { text: shown, count };
            Issue::warning(self.file, body.row as usize, "dialogue", fault)
        };
        found.into_iter().map(issue).collect()
    }

    /// Leaves out the messages with these texts, which are at these places.
    fn drop_turns(&mut self, texts: &HashSet<u64>, places: &[Body]) {
        if texts.is_empty() {
            return;
        }
        let words = self.texts_of(|key| texts.contains(&key));
        for body in places {
            let text = words.get(&body.text).map_or("", String::as_str);
            self.note(body.row as usize, body.position, DropReason::Repeated, text);
        }
        self.talks.retain(|talk| {
            let kept = talk.turns.without(|text| texts.contains(&hash(text)));
            talk.units.read -= talk.turns.count() - kept.count();
            talk.turns = kept;
            !talk.turns.is_empty() || talk.summary.is_some()
        });
    }

    /// The texts whose hashes are wanted.
    fn texts_of(&self, is_wanted: impl Fn(u64) -> bool) -> HashMap<u64, String> {
        let mut texts = HashMap::new();
        for turn in self.talks.iter().flat_map(|talk| talk.turns.turns()) {
            let text = turn.text();
            let key = hash(&text);
            if is_wanted(key) {
                texts.entry(key).or_insert(text);
            }
        }
        texts
    }
}

/// Who speaks and what, in a line `Name: text`.
pub(super) fn spoken(line: &str) -> Option<(String, String)> {
    let heard = speaker::heard(line);
    let text = heard.text().to_owned();
    let (name, surety) = heard.speaker?;
    let speaks = !matches!(surety, Surety::Label | Surety::Aside);
    speaks.then_some((name, text))
}

/// Takes a summary off the last message of a file: its label begins a line under the message, with no blank line before
/// it, and words follow. In any other message such a line is what somebody wrote.
pub(super) fn take_summary(text: &mut String) -> Option<String> {
    let mut place = 0;
    for line in text.split_inclusive('\n') {
        if place > 0
            && let Some((_, begin)) = transcript::summary_label(line.trim())
        {
            let below = &text[place + line.len()..];
            let summary = format!("{begin}\n{below}").trim().to_owned();
            if summary.is_empty() {
                return None;
            }
            text.truncate(place);
            text.truncate(text.trim_end().len());
            return Some(summary);
        }
        place += line.len();
    }
    None
}

/// A summary in the text of a chat: its label follows a blank line, and it reaches to the next message.
#[derive(Default)]
pub(super) struct SummaryLines {
    inside: bool,
    after_blank: bool,
}

/// What a line that does not begin a message is.
pub(super) enum Follows {
    /// More of the message before it.
    Text,
    /// A piece of the summary, and what comes between it and the piece before.
    Summary(String, &'static str),
}

impl SummaryLines {
    /// A blank line.
    pub(super) fn blank(&mut self) {
        self.after_blank = true;
    }

    /// A line that begins a message.
    pub(super) fn head(&mut self) {
        *self = Self::default();
    }

    /// A line that does not begin a message.
    pub(super) fn follow(&mut self, text: &str) -> Follows {
        let after_blank = std::mem::take(&mut self.after_blank);
        if after_blank && let Some((_, begin)) = transcript::summary_label(text) {
            self.inside = true;
            return Follows::Summary(begin, "");
        }
        match (self.inside, after_blank) {
            (false, _) => Follows::Text,
            (true, true) => Follows::Summary(text.to_owned(), "\n\n"),
            (true, false) => Follows::Summary(text.to_owned(), "\n"),
        }
    }
}
