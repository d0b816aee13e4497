//! The turns of a dialogue on their way into a record: one stretch of letters and a few bytes for each turn, because a
//! file may hold millions of them.
//!
//! Who speaks may be unsure until the whole dialogue is read (`settle`). A turn whose speaker is unsure keeps its line as it
//! reads if it names nobody, and where in that line the words begin if it does.

use crate::dialogue::Turn;
use crate::speaker::{self, Heard, Surety};

/// The turns of a dialogue in order.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// The name and the line of each turn.
    letters: String,
    pub(super) marks: Vec<Mark>,
}

/// Where a turn is among the letters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    start: u32,
    /// Bytes of the line before the words.
    skip: u32,
    /// Bytes of the name; none if nobody is named.
    name: u16,
    pub(super) surety: Surety,
    pub(super) tie: Tie,
}

/// What a turn has to do with the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tie {
    Apart,
    /// It is more of the turn before it, if it names nobody.
    Loose,
    /// It is more of the turn before it.
    Joined,
}

/// A turn with everything that was joined to it.
#[derive(Clone, Copy)]
pub(crate) struct SaidTurn<'a> {
    turns: &'a Said,
    from: usize,
    to: usize,
}

/// Lines that may name a speaker, and were read as text.
#[derive(Debug, Default)]
pub(crate) struct Unsure {
    /// The first of them.
    pub(crate) first: Option<String>,
    pub(crate) count: usize,
}

impl Unsure {
    pub(crate) fn add(&mut self, line: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| contract::excerpt(line));
    }

    pub(crate) fn extend(&mut self, further: Self) {
        self.count += further.count;
        self.first = self.first.take().or(further.first);
    }
}

impl Said {
    /// Adds a turn whose speaker is sure, or that names nobody.
    pub(crate) fn push(&mut self, name: Option<&str>, text: &str) {
        self.mark(name, Surety::Sure, 0, Tie::Apart);
        self.letters.push_str(text);
    }

    /// Adds a turn.
    pub(crate) fn say(&mut self, turn: &Turn) {
        self.push(turn.speaker.as_deref(), &turn.text);
    }

    /// Adds what a line says. `goes_on` is whether it belongs to the turn before it where it names nobody.
    pub(crate) fn hear(&mut self, heard: &Heard<'_>, goes_on: bool) {
        match &heard.speaker {
            Some((name, Surety::Sure)) => self.push(Some(name), heard.text()),
            Some((name, surety)) => {
                let tie = if goes_on { Tie::Loose } else { Tie::Apart };
                self.mark(Some(name), *surety, heard.text_at, tie);
                self.letters.push_str(&heard.plain);
            }
            None if goes_on && !self.is_empty() => self.add(heard.text()),
            None if heard.text().is_empty() => {}
            None => self.push(None, heard.text()),
        }
    }

    fn mark(&mut self, name: Option<&str>, surety: Surety, skip: usize, tie: Tie) {
        let name = name.unwrap_or_default();
        if self.marks.len() == self.marks.capacity() {
            // By a quarter and not by twice: there may be millions.
            self.marks.reserve_exact(self.marks.len() / 4 + 4);
        }
        self.marks.push(Mark {
            // A file has fewer than 2^32 bytes, and `speaker::tidy` cuts names.
            start: self.letters.len() as u32,
            skip: skip as u32,
            name: name.len() as u16,
            surety,
            tie,
        });
        self.letters.push_str(name);
    }

    /// Adds to the last turn, after a blank.
    pub(crate) fn add(&mut self, text: &str) {
        let Some(last) = self.marks.last() else {
            return;
        };
        if last.surety != Surety::Sure {
            self.mark(None, Surety::Sure, 0, Tie::Joined);
        } else if !text.is_empty() && self.letters.len() > last.words() {
            self.letters.push(' ');
        }
        self.letters.push_str(text);
    }

    /// The number of lines that were added.
    pub(crate) fn len(&self) -> usize {
        self.marks.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// The number of turns.
    pub(crate) fn count(&self) -> usize {
        let joined = self.marks.iter().skip(1);
        let joined = joined.filter(|mark| mark.tie == Tie::Joined).count();
        self.marks.len() - joined
    }

    /// The turns with what is joined to them.
    pub(crate) fn turns(&self) -> impl Iterator<Item = SaidTurn<'_>> {
        let mut from = 0;
        std::iter::from_fn(move || {
            (from < self.marks.len()).then(|| {
                let following = self.marks[from + 1..].iter();
                let joined = following.take_while(|mark| mark.tie == Tie::Joined);
                let to = from + 1 + joined.count();
                let turn = SaidTurn {
                    turns: self,
                    from,
                    to,
                };
                from = to;
                turn
            })
        })
    }

    /// The turns except those whose words satisfy this.
    pub(crate) fn without(&self, are_such: impl Fn(&str) -> bool) -> Self {
        let mut kept = Self::default();
        for turn in self.turns() {
            let text = turn.text();
            if !are_such(&text) {
                kept.push(turn.name(), &text);
            }
        }
        kept
    }

    /// Whether any turn names its speaker.
    pub(crate) fn has_speaker(&self) -> bool {
        self.turns().any(|turn| turn.name().is_some())
    }

    /// Adds every turn of nobody to the one before it, unless that is nobody's too.
    pub(crate) fn join_continuations(&mut self) {
        self.join(|before, name| name.is_none() && before.is_some());
    }

    /// Makes one turn of those that follow each other and have the same speaker.
    pub(crate) fn join_speakers(&mut self) {
        self.join(|before, name| name.is_some() && before == name);
    }

    fn join(&mut self, is_more: impl Fn(Option<&str>, Option<&str>) -> bool) {
        let mut before: Option<Mark> = None;
        for place in 0..self.marks.len() {
            let mark = self.marks[place];
            if place > 0 && mark.tie == Tie::Joined {
                continue;
            }
            let name = before.and_then(|before| self.name(before));
            if before.is_some() && is_more(name, self.name(mark)) {
                self.marks[place].tie = Tie::Joined;
            } else {
                before = Some(mark);
            }
        }
    }

    pub(super) fn name(&self, mark: Mark) -> Option<&str> {
        let start = mark.start as usize;
        (mark.name > 0).then(|| &self.letters[start..start + usize::from(mark.name)])
    }

    /// A turn's line as it reads if it names nobody.
    pub(super) fn line(&self, place: usize) -> &str {
        let mark = self.marks[place];
        let start = mark.start as usize + usize::from(mark.name);
        &self.letters[start..self.end(place)]
    }

    /// Marks a turn as naming nobody after all.
    pub(super) fn refuse(&mut self, place: usize) {
        let mark = &mut self.marks[place];
        (mark.skip, mark.name) = (u32::from(mark.name), 0);
        mark.surety = Surety::Sure;
        if mark.tie == Tie::Loose && place > 0 {
            mark.tie = Tie::Joined;
        }
    }

    /// Where the letters of a turn end.
    fn end(&self, place: usize) -> usize {
        let next = self.marks.get(place + 1);
        next.map_or(self.letters.len(), |next| next.start as usize)
    }

    /// The dialogue as it is stored: a line for each turn.
    pub(crate) fn to_text(&self) -> String {
        let bytes = self
            .marks
            .iter()
            .enumerate()
            .map(|(place, mark)| 3 + usize::from(mark.name) + self.end(place) - mark.words())
            .sum();
        let mut text = String::with_capacity(bytes);
        for (place, turn) in self.turns().enumerate() {
            if place > 0 {
                text.push('\n');
            }
            turn.write(&mut text);
        }
        text
    }
}

impl Mark {
    /// Where the words begin.
    fn words(&self) -> usize {
        self.start as usize + usize::from(self.name) + self.skip as usize
    }
}

impl<'a> SaidTurn<'a> {
    /// Who speaks.
    pub(crate) fn name(&self) -> Option<&'a str> {
        self.turns.name(self.turns.marks[self.from])
    }

    /// The pieces of what is said.
    fn pieces(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let turns = self.turns;
        (self.from..self.to)
            .map(move |place| &turns.letters[turns.marks[place].words()..turns.end(place)])
            .filter(|piece| !piece.is_empty())
    }

    /// What is said, on one line.
    pub(crate) fn text(&self) -> String {
        let pieces: Vec<&str> = self.pieces().collect();
        pieces.join(" ")
    }

    /// `Name: text`; a line that names nobody is written so that it stays one.
    fn write(&self, text: &mut String) {
        let Some(name) = self.name() else {
            return text.push_str(&speaker::unspoken(&self.text()));
        };
        text.push_str(name);
        text.push(':');
        for piece in self.pieces() {
            text.push(' ');
            text.push_str(piece);
        }
    }
}
