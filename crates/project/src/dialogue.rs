//! A dialogue as turns: the one reading of `Name: text` lines that import, format rule and prompts share.
//!
//! Real exports differ in line ends, no-break spaces and the way a speaker is marked (88 % of SAMSum's rows carry
//! `\r\n`), so reading is tolerant and writing is canonical. A line without a speaker is never thrown away: it
//! stays as a [`Turn`] with `speaker: None`, so that the format rule can see it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::plain::normalised;
use crate::speaker;

pub use crate::plain::normalise_text;
pub use crate::speaker::MAX_SPEAKER_CHARS;

/// One utterance. `speaker` is `None` where the line names nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Who speaks, as written; `None` for a stray line.
    pub speaker: Option<String>,
    /// What is said, without the speaker and on one line. Empty where the speaker says nothing.
    pub text: String,
}

/// A conversation in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialogue {
    /// The turns in order; blank lines leave no turn.
    pub turns: Vec<Turn>,
}

impl Dialogue {
    /// The turns, as metrics read them; no name for a turn without a speaker.
    pub(crate) fn spoken(&self) -> Vec<metrics::turn::Turn<'_>> {
        self.turns
            .iter()
            .map(|turn| metrics::turn::Turn {
                speaker: turn.speaker.as_deref().unwrap_or_default(),
                text: &turn.text,
            })
            .collect()
    }

    /// Reads `Name: text`, `Name : text`, `[name] text` and `#Person1#: text` lines after [`normalise_text`], which is
    /// the form of stored dialogues. Never fails: what is not understood becomes a turn without speaker.
    pub fn parse(text: &str) -> Self {
        let text = normalised(text);
        let turns = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(parse_line)
            .collect();
        Self { turns }
    }

    /// Adds every line without speaker to the turn before it, as a chat client wraps one message over several
    /// lines. Lines before the first speaker stay as they are.
    pub fn join_continuations(self) -> Self {
        let mut turns: Vec<Turn> = Vec::with_capacity(self.turns.len());
        for turn in self.turns {
            match turns.last_mut() {
                Some(last) if turn.speaker.is_none() && last.speaker.is_some() => {
                    last.add(&turn.text);
                }
                _ => turns.push(turn),
            }
        }
        Self { turns }
    }

    /// The canonical form: one `Name: text` line per turn, stray lines as they are.
    pub fn to_text(&self) -> String {
        let lines: Vec<String> = self.turns.iter().map(Turn::to_line).collect();
        lines.join("\n")
    }

    /// The distinct speakers in order of appearance.
    pub fn speakers(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        self.turns
            .iter()
            .filter_map(|turn| turn.speaker.as_deref())
            .filter(|name| seen.insert(*name))
            .collect()
    }

    /// The lines that name no speaker.
    pub fn stray_lines(&self) -> Vec<&str> {
        self.turns
            .iter()
            .filter(|turn| turn.speaker.is_none())
            .map(|turn| turn.text.as_str())
            .collect()
    }
}

impl Turn {
    /// A turn on one line: line breaks inside the text become spaces, a colon inside the name a space.
    pub fn new(speaker: &str, text: &str) -> Self {
        let speaker = one_line(&speaker.replace(speaker::is_colon, " "));
        Self {
            speaker: (!speaker.is_empty()).then_some(speaker),
            text: one_line(text),
        }
    }

    /// Adds something that is said, after a blank.
    pub(crate) fn add(&mut self, text: &str) {
        if !self.text.is_empty() && !text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }

    /// `Name: text`, or the bare text of a stray line.
    pub fn to_line(&self) -> String {
        match &self.speaker {
            Some(speaker) if self.text.is_empty() => format!("{speaker}:"),
            Some(speaker) => format!("{speaker}: {}", self.text),
            None => self.text.clone(),
        }
    }
}

/// Whether a stored dialogue has at least `least` speakers; stops reading as soon as it is certain.
pub(crate) fn has_speakers(text: &str, least: usize) -> bool {
    let text = normalised(text);
    let mut seen = HashSet::new();
    text.lines()
        .filter_map(|line| speaker::stored(line.trim()))
        .any(|(name, _)| {
            seen.insert(name);
            seen.len() >= least
        })
}

/// Splits `Name: text` at its first colon under the strict grammar of the format rule: the line starts with the
/// name (at most [`MAX_SPEAKER_CHARS`] characters), then a colon, a space and some text.
pub fn split_strict(line: &str) -> Option<(&str, &str)> {
    let (speaker, text) = line.split_once(':')?;
    let well_formed = !speaker.starts_with(char::is_whitespace)
        && is_speaker(speaker.trim_end())
        && text.starts_with(char::is_whitespace)
        && !text.trim().is_empty();
    well_formed.then(|| (speaker.trim_end(), text.trim()))
}

fn parse_line(line: &str) -> Turn {
    match speaker::stored(line) {
        Some((name, text)) => Turn {
            speaker: Some(name.to_owned()),
            text: text.to_owned(),
        },
        None => Turn {
            speaker: None,
            text: line.to_owned(),
        },
    }
}

/// The strict grammar's names: of letters or digits.
fn is_speaker(name: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= MAX_SPEAKER_CHARS
        && name.chars().any(char::is_alphanumeric)
        && !name.starts_with('[')
}

fn one_line(text: &str) -> String {
    let normal = normalised(text);
    let mut line = String::with_capacity(normal.len());
    for part in normal.split('\n').map(str::trim) {
        if !line.is_empty() && !part.is_empty() {
            line.push(' ');
        }
        line.push_str(part);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn turn(speaker: &str, text: &str) -> Turn {
        Turn {
            speaker: Some(speaker.into()),
            text: text.into(),
        }
    }

    #[test]
    fn reads_every_way_to_mark_a_speaker() {
        let text = "\u{feff}Mara: Morning.\r\nJon : Hi,\u{a0}Mara.\r[nurse] Next, please.\n#Person1#: Me?\n\n[Jon]: Yes.";
        let expected = [
            turn("Mara", "Morning."),
            turn("Jon", "Hi, Mara."),
            turn("nurse", "Next, please."),
            turn("#Person1#", "Me?"),
            turn("Jon", "Yes."),
        ];
        assert_eq!(Dialogue::parse(text).turns, expected);
        assert_eq!(
            Dialogue::parse(text).speakers(),
            ["Mara", "Jon", "nurse", "#Person1#"]
        );
    }

    #[test]
    fn a_line_without_speaker_stays_visible_and_can_be_joined() {
        let dialogue = Dialogue::parse("Scene one\nMara: I need\nthe blue form.\nJon: Here.");
        assert_eq!(dialogue.stray_lines(), ["Scene one", "the blue form."]);
        let joined = dialogue.join_continuations();
        assert_eq!(
            joined.to_text(),
            "Scene one\nMara: I need the blue form.\nJon: Here."
        );
    }

    #[test]
    fn links_times_stage_directions_and_long_clauses_are_no_speakers() {
        for line in [
            "https://example.org/a",
            "10:30 suits me",
            "[laughs]",
            "[09:15] hello",
            ": nobody",
        ] {
            assert_eq!(Dialogue::parse(line).turns[0].speaker, None, "{line}");
        }
        let long = format!("{}: text", "x".repeat(MAX_SPEAKER_CHARS + 1));
        assert_eq!(Dialogue::parse(&long).turns[0].speaker, None);
    }

    #[test]
    fn the_strict_grammar_wants_name_colon_space_text() {
        assert_eq!(split_strict("Mara: Hi: there"), Some(("Mara", "Hi: there")));
        for line in [" Mara: hi", "Mara:hi", "Mara: ", "Mara", ": hi"] {
            assert_eq!(split_strict(line), None, "{line}");
        }
    }

    #[test]
    fn normalising_unifies_line_ends_and_spaces() {
        assert_eq!(normalise_text("\u{feff}a\u{202f}b \r\nc\r\n\r\n"), "a b\nc");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_the_canonical_form_is_stable(text in "(?s).{0,200}") {
            let canonical = Dialogue::parse(&text).to_text();
            prop_assert_eq!(normalise_text(&normalise_text(&text)), normalise_text(&text));
            let again = Dialogue::parse(&canonical);
            prop_assert_eq!(Dialogue::parse(&again.to_text()), again);
        }

        #[test]
        fn well_formed_turns_survive_a_round_trip(
            turns in proptest::collection::vec(("[A-Z][a-z]{1,8}", "[a-z]{1,6}( [a-z0-9:?!]{1,6}){0,5}"), 0..8),
        ) {
            let dialogue = Dialogue { turns: turns.iter().map(|(s, t)| turn(s, t)).collect() };
            prop_assert_eq!(Dialogue::parse(&dialogue.to_text()), dialogue);
        }
    }
}
