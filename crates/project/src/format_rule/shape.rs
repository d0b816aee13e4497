//! What can be measured about a dialogue's form, taken once per text; the rules only compare these numbers.

use std::collections::HashMap;

use super::markup;
use crate::dialogue::{Dialogue, normalise_text, split_strict};

/// A text repeated this often is a loop (0.37 % of real SAMSum dialogues).
const LOOP_COUNT: usize = 4;

/// The measures of one text.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) every_line_has_speaker: bool,
    pub(super) speakers: usize,
    pub(super) turns: usize,
    /// White-space separated words, names included.
    pub(super) words: usize,
    pub(super) max_turn_words: usize,
    pub(super) repeated: bool,
    pub(super) looped: bool,
    pub(super) markup: bool,
    /// All speakers are `#PersonN#`.
    pub(super) person_speakers: bool,
}

impl Shape {
    pub(super) fn of(text: &str) -> Self {
        let text = normalise_text(text);
        line_shape(&text.split('\n').collect::<Vec<_>>())
    }
}

/// The measures of lines that are normalised already.
pub(super) fn line_shape(lines: &[&str]) -> Shape {
    let written = || lines.iter().filter(|line| !line.trim().is_empty());
    let dialogue = Dialogue::parse(&lines.join("\n"));
    let spoken: Vec<_> = dialogue
        .turns
        .iter()
        .filter(|turn| turn.speaker.is_some())
        .collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for turn in spoken.iter().filter(|turn| !turn.text.is_empty()) {
        *counts.entry(&turn.text).or_default() += 1;
    }
    let speakers = dialogue.speakers();
    Shape {
        every_line_has_speaker: written().next().is_some()
            && written().all(|line| split_strict(line).is_some()),
        speakers: speakers.len(),
        turns: spoken.len(),
        words: lines
            .iter()
            .map(|line| line.split_whitespace().count())
            .sum(),
        max_turn_words: spoken
            .iter()
            .map(|turn| turn.text.split_whitespace().count())
            .max()
            .unwrap_or(0),
        repeated: spoken.windows(2).any(|pair| pair[0] == pair[1]),
        looped: counts.values().any(|&count| count >= LOOP_COUNT),
        markup: markup::found_in(&dialogue),
        person_speakers: speakers.iter().all(|name| is_person(name)),
    }
}

/// `#Person1#`, as DialogSum names its speakers.
fn is_person(name: &str) -> bool {
    let number = name
        .strip_prefix("#Person")
        .and_then(|numbered| numbered.strip_suffix('#'));
    number.is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
