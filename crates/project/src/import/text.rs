//! TXT and Markdown: turns by line, dialogues by rules and headings, summaries under their label.
//!
//! A summary may come before or after its turns, and be separated from them by a rule or heading. So a section without
//! turns is never a dialogue of its own: it belongs to the turns before it where these have no summary yet, else to
//! those that follow.

use contract::problem::ImportProblem;
use contract::{DropReason, FileFormat};

use super::Records;
use super::account::shown;
use super::limits::Room;
use super::lines::{Line, Lines};
use super::spoken::Said;
use super::transcript::{self, Beside, Reach, Talk, Talks};
use crate::speaker;
use crate::speaker::time::is_only_time;
use crate::work;

/// Reads the dialogues of a text.
pub(super) fn read(
    layout: FileFormat,
    file: &str,
    lines: Lines<'_>,
    beside: Option<&Beside<'_>>,
) -> Result<Records, ImportProblem> {
    let mut reader = Reader {
        talks: Talks::of(lines.bytes()),
        current: Talk::default(),
        closed: false,
        summary: None,
        after_blank: false,
        dropped: Vec::new(),
        room: Room::of(lines.bytes()),
    };
    for line in lines {
        reader.take(&line);
    }
    reader.finish();
    reader.room.check(file)?;
    let mut records = transcript::records(layout, file, reader.talks, beside)?;
    for (line, reason, text) in reader.dropped {
        records.measure.list(file, line as u64, reason, text);
    }
    Ok(records)
}

/// What a line that nobody says takes, in bytes.
const DROPPED_BYTES: usize = 250;

struct Reader {
    talks: Talks,
    current: Talk,
    /// No further turn belongs to the current dialogue.
    closed: bool,
    /// The summary that the next lines belong to.
    summary: Option<Reach>,
    after_blank: bool,
    /// Headings and lines with only a time, which nobody says.
    dropped: Vec<(usize, DropReason, Box<str>)>,
    /// Room for them.
    room: Room,
}

impl Reader {
    fn take(&mut self, line: &Line<'_>) {
        if line.text.is_empty() {
            self.after_blank = true;
            return;
        }
        let after_blank = std::mem::take(&mut self.after_blank);
        if transcript::is_rule(&line.text) {
            return self.rule();
        }
        if let Some((reach, begin)) = transcript::summary_label(&line.text) {
            return self.begin_summary(line, reach, &begin);
        }
        if transcript::heading(&line.text).is_some() {
            self.drop(line, DropReason::Header);
            return self.separate();
        }
        if self.summary.is_none() && is_only_time(&line.text) {
            return self.drop(line, DropReason::Time);
        }
        work::visit(line.text.len() * 2);
        let heard = speaker::heard(&line.text);
        let is_named = heard.speaker.is_some();
        match self.summary {
            Some(Reach::Heading) => self.go_on(line, after_blank),
            Some(Reach::Paragraph) if !(is_named && after_blank) => self.go_on(line, after_blank),
            Some(Reach::Turn) if !is_named => self.go_on(line, after_blank),
            _ => {
                self.summary = None;
                if self.closed {
                    self.finish();
                }
                self.current.takes(line);
                self.current.hear(&heard, false);
            }
        }
    }

    /// A rule separates, except one that underlines a title.
    fn rule(&mut self) {
        let is_empty = self.current.summary.as_ref().is_some_and(String::is_empty);
        if let (Some(reach), true) = (&mut self.summary, is_empty) {
            *reach = Reach::Heading;
            return;
        }
        if let Some(title) = self.title() {
            let row = self.current.row;
            self.leave_out(row, DropReason::Header, &title);
            self.current.units.read = self.current.units.read.saturating_sub(1);
            self.current.turns = Said::default();
            if self.current.summary.is_none() {
                self.current = Talk::default();
            }
        }
        self.separate();
    }

    /// The only line so far, if nobody says it.
    fn title(&self) -> Option<String> {
        if self.closed || self.current.turns.len() != 1 {
            return None;
        }
        let turn = self.current.turns.turns().next()?;
        turn.name().is_none().then(|| turn.text())
    }

    fn drop(&mut self, line: &Line<'_>, reason: DropReason) {
        self.leave_out(line.number, reason, &line.text);
    }

    fn leave_out(&mut self, number: usize, reason: DropReason, text: &str) {
        if self.room.take(DROPPED_BYTES) {
            self.dropped.push((number, reason, shown(text).into()));
        }
    }

    fn separate(&mut self) {
        self.summary = None;
        self.closed |= !self.current.turns.is_empty();
    }

    fn begin_summary(&mut self, line: &Line<'_>, reach: Reach, begin: &str) {
        if self.current.summary.is_some() {
            self.finish();
        }
        self.closed = !self.current.turns.is_empty();
        self.current.takes(line);
        self.current.summarize(begin, "");
        self.summary = Some(reach);
    }

    fn go_on(&mut self, line: &Line<'_>, after_blank: bool) {
        self.current.takes(line);
        self.current
            .summarize(&line.text, if after_blank { "\n\n" } else { "\n" });
    }

    fn finish(&mut self) {
        self.closed = false;
        let talk = std::mem::take(&mut self.current);
        if !talk.is_empty() {
            self.talks.push(talk);
        }
    }
}
