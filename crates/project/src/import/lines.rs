//! The lines of a text, one after the other and as often as a reader needs them. None is kept: a file may have as many
//! lines as bytes.

use std::borrow::Cow;
use std::sync::Arc;

use crate::plain::normalised;
use crate::work;

/// A line of a file, with one kind of spaces and none at either end.
#[derive(Clone)]
pub(super) struct Line<'a> {
    /// Its number in the file, from 1.
    pub(super) number: usize,
    pub(super) text: Cow<'a, str>,
    /// It has blanks and nothing else; in captions such a line does not end a cue.
    pub(super) is_blank: bool,
    /// Offset in the file of the first byte that is not UTF-8.
    pub(super) bad_byte: Option<usize>,
}

impl Line<'_> {
    /// Its number and the byte of the file, if it is not UTF-8.
    pub(super) fn bad(&self) -> Option<(usize, usize)> {
        self.bad_byte.map(|offset| (self.number, offset))
    }
}

/// The lines of a file, whichever of the three line ends it has.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    /// Where the next line begins; `None` at the end.
    next: Option<usize>,
    /// Number of the last line.
    number: usize,
    /// A line that the rare line ends of Unicode divide further, and where its next piece begins.
    divided: Option<Divided>,
}

#[derive(Clone)]
struct Divided {
    text: Arc<str>,
    next: usize,
    bad_byte: Option<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            next: Some(0),
            number: 0,
            divided: None,
        }
    }

    /// Bytes of the whole text.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The lines that are not empty, each with its neighbours.
    pub(super) fn written(self) -> Written<'a> {
        Written {
            lines: self,
            before: None,
            ahead: std::collections::VecDeque::new(),
        }
    }

    fn piece(&mut self) -> Option<Line<'a>> {
        let divided = self.divided.as_mut()?;
        let unread = &divided.text[divided.next..];
        let length = unread.find('\n');
        let text = unread[..length.unwrap_or(unread.len())].trim().to_owned();
        let line = Line {
            number: self.number,
            is_blank: text.is_empty(),
            text: Cow::Owned(text),
            bad_byte: divided.bad_byte,
        };
        match length {
            Some(length) => divided.next += length + 1,
            None => self.divided = None,
        }
        Some(line)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if let Some(piece) = self.piece() {
            return Some(piece);
        }
        let start = self.next?;
        let unread = &self.bytes[start..];
        let length = unread.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = length.map_or(self.bytes.len(), |length| start + length);
        self.next = length.map(|_| match self.bytes.get(end..end + 2) {
            Some(b"\r\n") => end + 2,
            _ => end + 1,
        });
        self.number += 1;
        let bytes = &self.bytes[start..end];
        work::visit(bytes.len() * 3);
        let bad_byte = std::str::from_utf8(bytes)
            .err()
            .map(|error| start + error.valid_up_to());
        let text = match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(text) => normalised(text),
            Cow::Owned(text) => Cow::Owned(normalised(&text).into_owned()),
        };
        if text.contains('\n') {
            self.divided = Some(Divided {
                text: text.into(),
                next: 0,
                bad_byte,
            });
            return self.piece();
        }
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        Some(Line {
            number: self.number,
            is_blank: text.is_empty() && !bytes.is_empty(),
            text,
            bad_byte,
        })
    }
}

/// How many lines a reader may look ahead.
const AHEAD: usize = 3;

/// The lines that are not empty, and what is around the current one.
pub(super) struct Written<'a> {
    lines: Lines<'a>,
    before: Option<Line<'a>>,
    /// The current line and those after it.
    ahead: std::collections::VecDeque<Line<'a>>,
}

impl<'a> Written<'a> {
    /// Goes to the next line, if there is one.
    pub(super) fn advance(&mut self) -> bool {
        if let Some(line) = self.ahead.pop_front() {
            self.before = Some(line);
        }
        while self.ahead.len() <= AHEAD {
            match self.lines.find(|line| !line.text.is_empty()) {
                Some(line) => self.ahead.push_back(line),
                None => break,
            }
        }
        !self.ahead.is_empty()
    }

    /// The current line; `None` before the first and at the end.
    pub(super) fn line(&self) -> Option<&Line<'a>> {
        self.ahead.front()
    }

    /// The line before it.
    pub(super) fn before(&self) -> Option<&Line<'a>> {
        self.before.as_ref()
    }

    /// The text of the line at this distance after the current one; empty if there is none.
    pub(super) fn follows(&self, distance: usize) -> &str {
        self.ahead.get(distance).map_or("", |line| &line.text)
    }
}
