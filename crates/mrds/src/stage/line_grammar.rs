//! Constrained decoding of dialogues: at every step only tokens that keep `Name: text` lines, spoken by the allowed
//! people, may follow; the dialogue ends at the end of a line, after two turns by two speakers.
//!
//! An automaton over bytes reads what was written so far; a token may follow where the automaton can read its bytes.
//! The tokens for each state of the automaton are found once and kept. The mask goes to
//! [`lm::infer::generate::generate_constrained`], which knows nothing of dialogues.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use lm::LanguageModel;
use project::dialogue::{Dialogue, MAX_SPEAKER_CHARS};

use super::turns::LineLimits;
use crate::selection::Example;

/// A speaker in this share of the shots is a role ("Doctor"), not a person of one dialogue.
const ROLE_SHARE: f64 = 0.1;

/// Characters that [`project::dialogue::normalise_text`] reads as line ends, besides `\n`.
const LINE_ENDS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// The tokens of a model as bytes, sorted by what they may do.
pub(crate) struct Vocabulary {
    bytes: Vec<Option<Vec<u8>>>,
    by_first_byte: Vec<Vec<u32>>,
    /// Tokens that fit anywhere within a line's text.
    inline: Vec<u32>,
    /// Tokens that end a line and may begin the next.
    breaking: Vec<u32>,
    /// Those of them that end the line and no more.
    line_ends: Vec<u32>,
    /// Where each token ends a line; the masks of single lines ask for it with every token.
    line_breaks: Vec<LineBreak>,
    stop_ids: Vec<u32>,
}

impl Vocabulary {
    pub(crate) fn of(model: &LanguageModel) -> Self {
        Self::new(model.tokenizer.token_bytes(), model.stop_ids.clone())
    }

    pub(crate) fn new(bytes: Vec<Option<Vec<u8>>>, stop_ids: Vec<u32>) -> Self {
        let mut by_first_byte = vec![Vec::new(); 256];
        let (mut inline, mut breaking) = (Vec::new(), Vec::new());
        for (id, token) in (0u32..).zip(&bytes) {
            let Some((token, first)) = token
                .as_ref()
                .and_then(|token| Some((token, *token.first()?)))
            else {
                continue;
            };
            if std::str::from_utf8(token).is_ok_and(|text| text.contains(LINE_ENDS)) {
                continue;
            }
            by_first_byte[usize::from(first)].push(id);
            match token.iter().all(|byte| is_inline(*byte)) {
                true => inline.push(id),
                false if token.contains(&b'\n') => breaking.push(id),
                false => {}
            }
        }
        let line_break = |token: &Option<Vec<u8>>| {
            let token = token.as_deref().unwrap_or_default();
            match token.iter().position(|byte| *byte == b'\n') {
                None => LineBreak::Without,
                Some(end) if end + 1 == token.len() => LineBreak::AtEnd,
                Some(_) => LineBreak::Within,
            }
        };
        let line_breaks: Vec<LineBreak> = bytes.iter().map(line_break).collect();
        let ends_line = |id: &u32| line_breaks[*id as usize] == LineBreak::AtEnd;
        let line_ends = breaking.iter().copied().filter(ends_line).collect();
        Self {
            bytes,
            by_first_byte,
            inline,
            breaking,
            line_breaks,
            line_ends,
            stop_ids,
        }
    }

    /// The tokens that end a line and no more.
    pub(crate) fn line_ends(&self) -> &[u32] {
        &self.line_ends
    }

    pub(crate) fn bytes(&self, id: u32) -> &[u8] {
        self.bytes
            .get(id as usize)
            .and_then(Option::as_deref)
            .unwrap_or_default()
    }
}

fn is_inline(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

/// Where a token ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineBreak {
    Without,
    AtEnd,
    Within,
}

/// Words that a single token may begin; nearer to a limit they are counted.
const MOST_WORDS: usize = 8;

/// Words that a token begins, after a blank or within a word.
fn word_starts(token: &[u8], after_blank: bool) -> usize {
    let mut is_blank = after_blank;
    let mut starts = 0;
    for byte in token {
        let blank = byte.is_ascii_whitespace();
        starts += usize::from(is_blank && !blank);
        is_blank = blank;
    }
    starts
}

/// The position of the next byte in a dialogue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// Before the first line; a blank may come first, as some tokenizers write one.
    Begin,
    /// In a name, after these bytes of it.
    Name(Vec<u8>),
    /// After the colon.
    Colon,
    /// Before the first letter of the text.
    Blank,
    /// In the text.
    Text,
}

/// What has been written.
struct Read<'g> {
    place: Place,
    turns: usize,
    speakers: HashSet<&'g [u8]>,
}

/// The dialogues that these speakers can hold.
pub(crate) struct LineGrammar<'v> {
    vocabulary: &'v Vocabulary,
    speakers: Vec<Vec<u8>>,
    allowed: Mutex<HashMap<Place, Arc<Vec<u32>>>>,
}

impl<'v> LineGrammar<'v> {
    pub(crate) fn new(vocabulary: &'v Vocabulary, speakers: &[String]) -> Self {
        let speakers = speakers
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        Self {
            vocabulary,
            speakers,
            allowed: Mutex::new(HashMap::new()),
        }
    }

    /// Sets the logits of all tokens that cannot follow `ids` to minus infinity. If no token can (a vocabulary without
    /// single letters), the dialogue may end, and the format rule refuses it.
    pub(crate) fn mask(&self, ids: &[u32], logits: &mut [f32]) {
        let read = self.read(ids);
        let mut masked = vec![f32::NEG_INFINITY; logits.len()];
        let mut keep = |id: &u32| {
            let id = *id as usize;
            if let (Some(to), Some(from)) = (masked.get_mut(id), logits.get(id)) {
                *to = *from;
            }
        };
        let allowed = read
            .as_ref()
            .map(|read| self.allowed(&read.place))
            .unwrap_or_default();
        allowed.iter().for_each(&mut keep);
        if allowed.is_empty() || read.is_some_and(|read| self.may_end(&read)) {
            self.vocabulary.stop_ids.iter().for_each(keep);
        }
        logits.copy_from_slice(&masked);
    }

    /// The same for a single line: nothing may follow its end, which comes where `limits` allow it.
    pub(crate) fn mask_line(&self, ids: &[u32], logits: &mut [f32], limits: &LineLimits) {
        let place = self.read(ids).map(|read| read.place);
        let vocabulary = self.vocabulary;
        let written: Vec<u8> = ids
            .iter()
            .flat_map(|id| vocabulary.bytes(*id))
            .copied()
            .collect();
        let written = String::from_utf8_lossy(&written);
        let (speaker, text) = written.trim_start().split_once(": ").unwrap_or_default();
        let words = text.split_whitespace().count();
        let is_told = |told: &str| told == text.trim();
        let repeats = limits
            .refused
            .iter()
            .any(|(name, told)| name == speaker && is_told(told))
            || limits.looped.iter().any(|told| is_told(told));
        let in_text = place == Some(Place::Text);
        let may_end = in_text && words >= limits.min_words && !repeats;
        let must_end = in_text && (words >= limits.max_words || ids.len() + 2 >= limits.max_tokens);
        let may_close = may_end
            && words >= limits.closing_words
            && limits.closers.iter().any(|closer| closer == speaker);
        let room = limits.max_words.saturating_sub(words);
        let begins = text.is_empty() || text.ends_with(char::is_whitespace);
        let fits = |id: &u32| match vocabulary.line_breaks.get(*id as usize) {
            Some(LineBreak::Without) => {
                let token = vocabulary.bytes(*id);
                !must_end && (room > MOST_WORDS || word_starts(token, begins) <= room)
            }
            Some(LineBreak::AtEnd) => may_end,
            Some(LineBreak::Within) | None => false,
        };
        let allowed = place
            .as_ref()
            .map(|place| self.allowed(place))
            .unwrap_or_default();
        let mut kept: Vec<u32> = allowed.iter().copied().filter(fits).collect();
        if may_close {
            kept.extend_from_slice(&vocabulary.stop_ids);
        }
        // A line that can neither continue nor end is ended and refused, or continues as the grammar alone allows.
        if kept.is_empty() && in_text {
            kept.extend_from_slice(&vocabulary.line_ends);
        }
        if kept.is_empty() {
            kept.extend_from_slice(&allowed);
        }
        if kept.is_empty() {
            kept.extend_from_slice(&vocabulary.stop_ids);
        }
        let mut masked = vec![f32::NEG_INFINITY; logits.len()];
        for id in kept {
            let id = id as usize;
            if let (Some(to), Some(from)) = (masked.get_mut(id), logits.get(id)) {
                *to = *from;
            }
        }
        logits.copy_from_slice(&masked);
    }

    fn may_end(&self, read: &Read<'_>) -> bool {
        read.place == Place::Text
            && read.turns >= 2
            && read.speakers.len() >= self.speakers.len().min(2)
    }

    /// Reads what was written; `None` if no dialogue can begin like that.
    fn read(&self, ids: &[u32]) -> Option<Read<'_>> {
        let mut read = Read {
            place: Place::Begin,
            turns: 0,
            speakers: HashSet::new(),
        };
        for byte in ids.iter().flat_map(|id| self.vocabulary.bytes(*id)) {
            let next = self.step(&read.place, *byte)?;
            if let (Place::Name(name), Place::Colon) = (&read.place, &next) {
                read.turns += 1;
                read.speakers
                    .extend(self.speakers.iter().find(|s| *s == name).map(Vec::as_slice));
            }
            read.place = next;
        }
        Some(read)
    }

    fn step(&self, place: &Place, byte: u8) -> Option<Place> {
        match place {
            Place::Begin if byte == b' ' => Some(Place::Name(Vec::new())),
            Place::Begin => self.letter(&[], byte),
            Place::Name(name) if byte == b':' && self.speakers.contains(name) => Some(Place::Colon),
            Place::Name(name) => self.letter(name, byte),
            Place::Colon => (byte == b' ').then_some(Place::Blank),
            Place::Blank => (is_inline(byte) && !byte.is_ascii_whitespace()).then_some(Place::Text),
            Place::Text if byte == b'\n' => Some(Place::Name(Vec::new())),
            Place::Text => is_inline(byte).then_some(Place::Text),
        }
    }

    fn letter(&self, name: &[u8], byte: u8) -> Option<Place> {
        let longer = [name, &[byte]].concat();
        self.speakers
            .iter()
            .any(|speaker| speaker.starts_with(&longer))
            .then_some(Place::Name(longer))
    }

    fn can_read(&self, place: &Place, id: u32) -> bool {
        let bytes = self.vocabulary.bytes(id);
        bytes
            .iter()
            .try_fold(place.clone(), |place, byte| self.step(&place, *byte))
            .is_some()
    }

    fn allowed(&self, place: &Place) -> Arc<Vec<u32>> {
        let mut known = self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(place) {
            return Arc::clone(found);
        }
        let vocabulary = self.vocabulary;
        let mut tokens = match place {
            Place::Text => vocabulary.inline.clone(),
            _ => Vec::new(),
        };
        let others: Vec<u32> = match place {
            Place::Text => vocabulary.breaking.clone(),
            _ => {
                let first = (0..=u8::MAX).filter(|byte| self.step(place, *byte).is_some());
                first
                    .flat_map(|byte| &vocabulary.by_first_byte[usize::from(byte)])
                    .copied()
                    .collect()
            }
        };
        tokens.extend(others.into_iter().filter(|id| self.can_read(place, *id)));
        let found = Arc::new(tokens);
        known.insert(place.clone(), Arc::clone(&found));
        found
    }
}

/// Who may speak: learnt from the shots once, then asked for each summary.
pub(crate) struct Cast {
    roles: Vec<String>,
    everybody: Vec<String>,
    /// Words that the shots also write in lower case, so not names.
    words: HashSet<String>,
}

impl Cast {
    pub(crate) fn of(shots: &[Example]) -> Self {
        let mut counts: Vec<(String, usize)> = Vec::new();
        let mut words = HashSet::new();
        for shot in shots {
            let dialogue = Dialogue::parse(&shot.dialogue);
            for speaker in dialogue.speakers() {
                match counts.iter_mut().find(|(name, _)| name == speaker) {
                    Some((_, count)) => *count += 1,
                    None => counts.push((speaker.to_owned(), 1)),
                }
            }
            let texts = dialogue
                .turns
                .iter()
                .map(|turn| turn.text.as_str())
                .chain([shot.summary.as_str()]);
            let lower = |word: &&str| word.starts_with(char::is_lowercase);
            words.extend(
                texts
                    .flat_map(str::split_whitespace)
                    .map(bare)
                    .filter(lower)
                    .map(str::to_owned),
            );
        }
        let least = (ROLE_SHARE * shots.len() as f64).max(2.0);
        let roles = counts
            .iter()
            .filter(|(_, count)| *count as f64 >= least)
            .map(|(name, _)| name.clone());
        Self {
            roles: roles.collect(),
            everybody: counts.iter().map(|(name, _)| name.clone()).collect(),
            words,
        }
    }

    /// The roles of the shots and whom the summary names; if these are fewer than two, every speaker of the shots.
    pub(crate) fn speakers(&self, summary: &str) -> Vec<String> {
        let name = |word: &&str| {
            let mut characters = word.chars();
            characters
                .next()
                .is_some_and(|c| c.is_uppercase() || c == '#')
                && (2..=MAX_SPEAKER_CHARS).contains(&word.chars().count())
                && !word.contains(':')
                && !self.words.contains(&word.to_lowercase())
        };
        let named = summary
            .split_whitespace()
            .map(bare)
            .filter(name)
            .map(str::to_owned);
        let mut speakers: Vec<String> = self.roles.iter().cloned().chain(named).collect();
        if speakers.iter().collect::<HashSet<_>>().len() < 2 {
            speakers.extend(self.everybody.iter().cloned());
        }
        speakers.sort_unstable();
        speakers.dedup();
        speakers
    }
}

/// A word without the punctuation around it, and without a possessive ending.
fn bare(word: &str) -> &str {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '#');
    word.strip_suffix("'s")
        .or_else(|| word.strip_suffix("’s"))
        .unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lm::random;

    /// A vocabulary of single bytes and of pieces that cross every border; id 0 ends.
    fn vocabulary() -> Vocabulary {
        let pieces = [
            "An",
            "Ana",
            "na:",
            "a: ",
            ": H",
            ":",
            " ",
            "  ",
            "Hi",
            ".\n",
            "\n",
            "\n\n",
            "\nA",
            ".\nBo: ",
            "Bo",
            "B",
            "\r\n",
            "ok\nAna: ok",
            ": ",
            "\u{2028}",
            "é",
        ];
        let single = (0..=u8::MAX).map(|byte| vec![byte]);
        let tokens = pieces
            .iter()
            .map(|piece| piece.as_bytes().to_vec())
            .chain(single);
        Vocabulary::new(
            [None].into_iter().chain(tokens.map(Some)).collect(),
            vec![0],
        )
    }

    fn speakers() -> Vec<String> {
        ["Ana", "Bo"].map(str::to_owned).into()
    }

    fn allowed(grammar: &LineGrammar<'_>, ids: &[u32]) -> Vec<u32> {
        let mut logits = vec![0.0; grammar.vocabulary.bytes.len()];
        grammar.mask(ids, &mut logits);
        (0u32..)
            .zip(logits)
            .filter(|(_, logit)| logit.is_finite())
            .map(|(id, _)| id)
            .collect()
    }

    #[test]
    fn whatever_is_drawn_is_a_dialogue() {
        let vocabulary = vocabulary();
        let grammar = LineGrammar::new(&vocabulary, &speakers());
        let mut ended = 0;
        for key in 0..300 {
            let mut ids: Vec<u32> = Vec::new();
            while ids.last() != Some(&0) && ids.len() < 400 {
                let open = allowed(&grammar, &ids);
                // Single bytes make invalid UTF-8; prefer the pieces.
                let pieces: Vec<u32> = open
                    .iter()
                    .copied()
                    .filter(|id| (*id as usize) < 22)
                    .collect();
                let choice = if pieces.is_empty() { &open } else { &pieces };
                let u = random::uniform(key, ids.len() as u64);
                ids.push(choice[(u * choice.len() as f64) as usize]);
            }
            if ids.last() != Some(&0) {
                continue;
            }
            ended += 1;
            let bytes: Vec<u8> = ids
                .iter()
                .flat_map(|id| vocabulary.bytes(*id))
                .copied()
                .collect();
            let text = String::from_utf8(bytes).unwrap();
            let dialogue = Dialogue::parse(text.trim());
            assert!(
                dialogue.turns.len() >= 2 && dialogue.stray_lines().is_empty(),
                "{text:?}"
            );
            assert_eq!(dialogue.speakers().len(), 2, "{text:?}");
            let strict = text
                .trim()
                .lines()
                .all(|line| project::dialogue::split_strict(line).is_some());
            assert!(strict, "{text:?}");
        }
        assert!(ended > 100, "{ended}");
    }

    #[test]
    fn every_token_of_a_dialogue_stays_open() {
        let vocabulary = vocabulary();
        let grammar = LineGrammar::new(&vocabulary, &speakers());
        let id = |piece: &str| {
            vocabulary
                .bytes
                .iter()
                .position(|token| token.as_deref() == Some(piece.as_bytes()))
                .unwrap() as u32
        };
        for pieces in [
            &[
                "Ana",
                ": H",
                "Hi",
                ".\nBo: ",
                "é",
                "\n",
                "An",
                "a: ",
                "ok\nAna: ok",
            ][..],
            &[" ", "Bo", ":", " ", "Hi", "\nA", "na:", " ", "Hi"],
        ] {
            let ids: Vec<u32> = pieces.iter().map(|piece| id(piece)).collect();
            for length in 0..ids.len() {
                assert!(
                    allowed(&grammar, &ids[..length]).contains(&ids[length]),
                    "{}",
                    pieces[length]
                );
            }
            assert!(allowed(&grammar, &ids).contains(&0), "{pieces:?}");
        }
        let refused = [
            &["Hi"][..],
            &["Ana", "na:"],
            &["Ana", ":", "Hi"],
            &["Ana", ": ", " "],
            &["Ana", ": H", "\n\n"],
            &["Ana", ": H", "\r\n"],
            &["Ana", ": H", "\u{2028}"],
            &["  "],
        ];
        for pieces in refused {
            let ids: Vec<u32> = pieces.iter().map(|piece| id(piece)).collect();
            let (last, before) = ids.split_last().unwrap();
            assert!(!allowed(&grammar, before).contains(last), "{pieces:?}");
        }
        let alone: Vec<u32> = ["Ana", ": H", "\nA", "na:", " ", "Hi"].map(id).into();
        assert!(
            !allowed(&grammar, &alone).contains(&0),
            "one speaker alone is no dialogue"
        );
    }

    #[test]
    fn the_cast_is_the_roles_and_whom_the_summary_names() {
        let shot = |dialogue: &str, summary: &str| Example {
            row_id: 0,
            id: String::new(),
            dialogue: dialogue.to_owned(),
            summary: summary.to_owned(),
            references: Vec::new(),
        };
        let clinic = [
            shot(
                "Doctor: Where does it hurt?\nPatient: Here, on the left.",
                "The patient has pain.",
            ),
            shot("Doctor: Hello.\nPatient: Hello, doctor.", "They greet."),
        ];
        assert_eq!(
            Cast::of(&clinic).speakers("The patient, Mr. Wells, sleeps badly."),
            ["Doctor", "Mr", "Patient", "Wells"]
        );
        let chat = [
            shot(
                "Ana: Is the van back?\nBo: the engine is off. they left.",
                "Ana asks Bo about the van.",
            ),
            shot("Cleo: hi\nDan: hi, she is here", "Cleo greets Dan."),
        ];
        let cast = Cast::of(&chat);
        assert_eq!(
            cast.speakers("Mara's sister meets Jon. She is late. They leave."),
            ["Jon", "Mara"]
        );
        assert_eq!(
            cast.speakers("They leave with Mara."),
            ["Ana", "Bo", "Cleo", "Dan", "Mara"]
        );
    }
}
