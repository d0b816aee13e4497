//! De-identification of conversations in English and German: what identifies somebody is found by rules and dictionaries,
//! doubtful words are asked about once per data set, and what is found is replaced by invented pieces of the same kind.
//!
//! Flow: conversations → what the data set says about its words ([`Dataset`]) → pieces ([`Findings`]) → invented ones
//! ([`surrogate`]). The kinds are those of [`contract::IdentifierKind`]. [`check`] compares the result with marked
//! conversations, [`reading`] says what a person who read some of them knows about the others. A text is less
//! identifying afterwards, no more: what happened may still give somebody away.
//!
//! Other tools that were consulted for kinds and order: Presidio, Philter, scrubadub; Carrell et al. (2020, PMC7647331)
//! on why pieces are replaced rather than blacked out.

pub mod check;
mod cues;
mod dates;
mod digits;
mod evidence;
mod names;
mod places;
pub mod reading;
pub mod review;
mod shapes;
pub mod surrogate;
mod token;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use contract::{FoundBy, IdentifierKind as Kind, WordVerdict};

use dates::{Day, Order};
use evidence::Evidence;
use names::{Names, Reading};
use words::Tongue;

/// A conversation with its summaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its name, which tells its surrogates from those of others.
    pub id: String,
    /// The dialogue as `Name: text` lines, then its summaries.
    pub texts: Vec<String>,
}

/// A piece that identifies somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
    /// How it was found.
    pub by: FoundBy,
}

impl Found {
    const fn by_rule(start: usize, end: usize, kind: Kind) -> Self {
        Self {
            start,
            end,
            kind,
            by: FoundBy::Rule,
        }
    }

    const fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// What the user says about words, in lower case.
pub type Verdicts = BTreeMap<String, WordVerdict>;

/// What was found in a conversation.
#[derive(Debug)]
pub struct Findings {
    /// The pieces of each text, in order and without overlap.
    pub pieces: Vec<Vec<Found>>,
    tongue: Tongue,
    names: Names,
    days: Vec<Vec<Day>>,
}

impl Findings {
    /// How many pieces of each kind.
    pub fn counts(&self) -> BTreeMap<Kind, usize> {
        let mut counts = BTreeMap::new();
        for piece in self.pieces.iter().flatten() {
            *counts.entry(piece.kind).or_default() += 1;
        }
        counts
    }
}

/// What a data set says about its words and dates, and what the user says.
#[derive(Clone, Debug)]
pub struct Dataset {
    evidence: Evidence,
    order: Order,
    verdicts: Verdicts,
}

impl Dataset {
    /// Looks at all conversations; the pieces of each are found afterwards.
    pub fn of(conversations: &[Conversation], verdicts: Verdicts) -> Self {
        let texts: Vec<Vec<&str>> = conversations.iter().map(texts_of).collect();
        let slices: Vec<&[&str]> = texts.iter().map(Vec::as_slice).collect();
        Self {
            evidence: Evidence::of(&slices),
            order: Order::of(slices.iter().copied().flatten().copied()),
            verdicts,
        }
    }

    /// What identifies somebody in a conversation.
    pub fn find(&self, conversation: &Conversation) -> Findings {
        let texts = texts_of(conversation);
        let tongue = Tongue::of(&texts);
        let order = Order::of(texts.iter().copied());
        let year = dates::usual_year(&texts, order, self.order);
        let days: Vec<Vec<Day>> = texts
            .iter()
            .map(|text| dates::days(text, order, self.order, year))
            .collect();
        let mut pieces: Vec<Vec<Found>> = texts
            .iter()
            .zip(&days)
            .map(|(text, days)| formed(text, tongue, days))
            .collect();
        repeat(&texts, &mut pieces);
        let readings: Vec<Reading<'_>> = texts
            .iter()
            .zip(&pieces)
            .map(|(text, pieces)| reading(text, pieces))
            .collect();
        let names = names::names(&readings, tongue, &self.evidence, &self.known(&readings));
        for ((pieces, names), text) in pieces.iter_mut().zip(&names.places).zip(&readings) {
            let free: Vec<Found> = names
                .iter()
                .filter(|name| !pieces.iter().any(|piece| piece.overlaps(name)))
                .copied()
                .collect();
            pieces.extend(free);
            self.add_words(text, tongue, pieces);
            pieces.sort_by_key(|piece| piece.start);
        }
        for (pieces, text) in pieces.iter_mut().zip(&texts) {
            pieces.retain(|piece| !self.is_spared(piece, text));
        }
        let mut findings = Findings {
            pieces,
            tongue,
            names,
            days,
        };
        self.say_who_was_asked(&mut findings, &texts);
        findings
    }

    /// The words that the user calls names, as far as these texts have them.
    fn known(&self, readings: &[Reading<'_>]) -> BTreeSet<String> {
        let words = readings.iter().flat_map(|text| &text.words);
        let lower = words.map(token::Word::lower);
        lower
            .filter(|word| self.verdicts.get(word) == Some(&WordVerdict::Name))
            .collect()
    }

    /// Towns of the gazetteer, and the words that the user calls towns or firms.
    fn add_words(&self, text: &Reading<'_>, tongue: Tongue, pieces: &mut Vec<Found>) {
        for (place, word) in text.words.iter().enumerate() {
            let verdict = self.verdicts.get(&word.lower());
            let (kind, by) = match verdict {
                Some(WordVerdict::Town) => (Kind::Town, FoundBy::Asked),
                Some(WordVerdict::Org) => (Kind::Org, FoundBy::Asked),
                _ if stands_at_an_address(text, place, pieces) && words::is_town(&word.lower()) => {
                    (Kind::Town, FoundBy::Rule)
                }
                _ if places::is_town_here(
                    tongue,
                    &text.words,
                    place,
                    words::is_given(&word.lower()) || words::is_family(&word.lower()),
                ) =>
                {
                    (Kind::Town, FoundBy::Rule)
                }
                _ => continue,
            };
            let next = Found {
                start: word.start,
                end: word.end,
                kind,
                by,
            };
            if !pieces.iter().any(|piece| piece.overlaps(&next)) {
                pieces.push(next);
            }
        }
    }

    /// Whether the user says that these words identify nobody.
    fn is_spared(&self, piece: &Found, text: &str) -> bool {
        let worded = matches!(piece.kind, Kind::Name | Kind::Town | Kind::Org);
        let mut words = text[piece.start..piece.end].split(' ');
        worded
            && words.all(|word| self.verdicts.get(&word.to_lowercase()) == Some(&WordVerdict::No))
    }

    fn say_who_was_asked(&self, findings: &mut Findings, texts: &[&str]) {
        for (pieces, text) in findings.pieces.iter_mut().zip(texts) {
            for piece in pieces.iter_mut().filter(|piece| piece.kind == Kind::Name) {
                let mut words = text[piece.start..piece.end].split(' ');
                let asked = words.all(|word| {
                    self.verdicts.get(&word.to_lowercase()) == Some(&WordVerdict::Name)
                });
                if asked {
                    piece.by = FoundBy::Asked;
                }
            }
        }
    }
}

/// Whether a word with a capital follows a street, with or without a postcode.
fn stands_at_an_address(text: &Reading<'_>, place: usize, pieces: &[Found]) -> bool {
    let word = text.words[place];
    let gap_start = word.start - word.gap.len();
    let beside = |piece: &Found| {
        matches!(piece.kind, Kind::Street | Kind::Postcode)
            && piece.end <= word.start
            && piece.end >= gap_start
    };
    word.is_capital()
        && !word.gap.contains('\n')
        && pieces
            .iter()
            .any(|piece| beside(piece) && word.start - piece.end <= 4)
}

fn texts_of(conversation: &Conversation) -> Vec<&str> {
    conversation.texts.iter().map(String::as_str).collect()
}

/// The pieces that are known by their form.
fn formed(text: &str, tongue: Tongue, days: &[Day]) -> Vec<Found> {
    let days = days
        .iter()
        .map(|day| Found::by_rule(day.place.start, day.place.end, Kind::Date));
    let mut pieces: Vec<Found> = days.collect();
    pieces.extend(places::places(text, tongue, &pieces));
    pieces.extend(shapes::shapes(text, &pieces));
    pieces
}

/// A number that was found by what is beside it is the same number elsewhere.
fn repeat(texts: &[&str], pieces: &mut [Vec<Found>]) {
    let repeats = |kind: Kind| !matches!(kind, Kind::Date | Kind::Age90 | Kind::Town | Kind::Name);
    let mut known: Vec<(String, Kind)> = Vec::new();
    for (text, found) in texts.iter().zip(pieces.iter()) {
        for piece in found
            .iter()
            .filter(|piece| repeats(piece.kind) && piece.end - piece.start > 3)
        {
            known.push((text[piece.start..piece.end].to_owned(), piece.kind));
        }
    }
    known.sort();
    known.dedup();
    // The longest first: a street goes before the house in it.
    known.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    let inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    for (text, found) in texts.iter().zip(pieces.iter_mut()) {
        for (value, kind) in &known {
            for (start, value) in text.match_indices(value.as_str()) {
                let next = Found::by_rule(start, start + value.len(), *kind);
                let alone = !inside(text[..start].chars().next_back())
                    && !inside(text[next.end..].chars().next());
                if alone && !found.iter().any(|piece| piece.overlaps(&next)) {
                    found.push(next);
                }
            }
        }
    }
}

fn reading<'a>(text: &'a str, pieces: &[Found]) -> Reading<'a> {
    let words = token::words(text);
    let taken = |word: &token::Word<'_>| {
        let word = Found::by_rule(word.start, word.end, Kind::Name);
        pieces.iter().any(|piece| piece.overlaps(&word))
    };
    Reading {
        taken: words
            .iter()
            .map(|word| !word.label && taken(word))
            .collect(),
        words,
    }
}
