//! The damaged dialogues, as functions of the pairs and a seed.

use contract::Corruption;
use metrics::facts::{Evidence, Vocabulary};
use metrics::lexicon::Lexicon;
use metrics::nearest::nearest;
use metrics::random::Stream;
use metrics::support;
use metrics::turn;

use crate::dialogue::{Dialogue, Turn};

/// Fewest turns of a dialogue that can be damaged.
pub const LEAST_TURNS: usize = 4;
/// What follows the summary in a dialogue that quotes it.
const ANSWER: &str = "Okay.";

/// A real pair with its damaged dialogues.
#[derive(Clone, Debug, PartialEq)]
pub struct Damaged {
    /// Place of the pair among those given.
    pub place: usize,
    /// Each way in which it can be damaged, with the dialogue.
    pub dialogues: Vec<(Corruption, String)>,
}

/// The first `most` pairs (dialogue, summary) with at least [`LEAST_TURNS`] turns, damaged in every way that leaves
/// a dialogue other than the real one.
pub fn damaged(pairs: &[(&str, &str)], most: usize, seed: u64) -> Vec<Damaged> {
    let lexicon = Lexicon::english();
    let dialogues: Vec<Dialogue> = pairs
        .iter()
        .map(|(dialogue, _)| Dialogue::parse(dialogue).join_continuations())
        .collect();
    let texts = pairs
        .iter()
        .flat_map(|(dialogue, summary)| [*dialogue, *summary]);
    let vocabulary = Vocabulary::of(texts, dialogues.iter().flat_map(|d| d.speakers()));
    let summaries: Vec<&str> = pairs.iter().map(|(_, summary)| *summary).collect();
    let similar = nearest(&summaries, &lexicon);
    let able = (0..pairs.len()).filter(|place| dialogues[*place].turns.len() >= LEAST_TURNS);
    able.take(most)
        .map(|place| {
            let pair = Pair {
                dialogue: &dialogues[place],
                summary: pairs[place].1,
                other: similar[place].map(|other| &dialogues[other]),
                lexicon: &lexicon,
                vocabulary: &vocabulary,
                stream: Stream::new(seed ^ (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            };
            let real = dialogues[place].to_text();
            let ways = Corruption::ALL.iter();
            let dialogues = ways
                .filter_map(|way| Some((*way, pair.damaged(*way)?)))
                .filter(|(_, text)| *text != real)
                .collect();
            Damaged { place, dialogues }
        })
        .collect()
}

struct Pair<'a> {
    dialogue: &'a Dialogue,
    summary: &'a str,
    /// The dialogue of the pair with the most similar summary.
    other: Option<&'a Dialogue>,
    lexicon: &'a Lexicon,
    vocabulary: &'a Vocabulary,
    stream: Stream,
}

impl Pair<'_> {
    fn damaged(&self, way: Corruption) -> Option<String> {
        let turns = &self.dialogue.turns;
        let half = turns.len().div_ceil(2);
        match way {
            Corruption::OtherTopic => Some(self.other?.to_text()),
            Corruption::FirstHalf => Some(text(turns[..half].to_vec())),
            Corruption::LastHalf => Some(text(turns[turns.len() - half..].to_vec())),
            Corruption::KeyTurn => self.without_key_turn(),
            Corruption::Facts => self.with_other_facts(),
            Corruption::Swapped => self.swapped(),
            Corruption::Shuffled => Some(self.shuffled()),
            Corruption::Quote => Some(self.quoted()),
            Corruption::Empty => Some(String::new()),
        }
    }

    fn metric_turns(&self) -> Vec<turn::Turn<'_>> {
        let turns = self.dialogue.turns.iter();
        turns
            .map(|turn| turn::Turn {
                speaker: turn.speaker.as_deref().unwrap_or_default(),
                text: &turn.text,
            })
            .collect()
    }

    /// Without the turn that supports a sentence of the summary most; none if no turn supports any.
    fn without_key_turn(&self) -> Option<String> {
        let turns = self.metric_turns();
        let scored = support::Turns::new(&turns, self.lexicon);
        let sentences = support::sentences(self.summary);
        let scores = sentences.iter().map(|sentence| scored.scores(sentence));
        let (_, key) = scores
            .flat_map(|scores| scores.into_iter().enumerate().collect::<Vec<_>>())
            .map(|(place, score)| (score, place))
            .filter(|(score, _)| *score > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))?;
        let mut turns = self.dialogue.turns.clone();
        turns.remove(key);
        Some(text(turns))
    }

    fn with_other_facts(&self) -> Option<String> {
        let turns = self.metric_turns();
        let evidence = Evidence::new(&turns, self.lexicon, self.vocabulary);
        let speakers = self.dialogue.speakers();
        let others = self.other.map(Dialogue::speakers).unwrap_or_default();
        let name = others.into_iter().find(|name| !speakers.contains(name));
        let changed = evidence.with_changed_facts(self.summary, name.unwrap_or("Robin"))?;
        let turns = changed
            .iter()
            .map(|(speaker, text)| Turn::new(speaker, text));
        Some(text(turns.collect()))
    }

    /// Every speaker's turns given to the next speaker; none if only one person speaks.
    fn swapped(&self) -> Option<String> {
        let speakers = self.dialogue.speakers();
        if speakers.len() < 2 {
            return None;
        }
        let next = |name: &str| {
            let place = speakers.iter().position(|known| *known == name)?;
            Some(speakers[(place + 1) % speakers.len()].to_owned())
        };
        let turns = self.dialogue.turns.iter().map(|turn| Turn {
            speaker: turn.speaker.as_deref().and_then(next),
            text: turn.text.clone(),
        });
        Some(text(turns.collect()))
    }

    /// The turns in a random order (Fisher and Yates).
    fn shuffled(&self) -> String {
        let mut turns = self.dialogue.turns.clone();
        for last in (1..turns.len()).rev() {
            turns.swap(last, self.stream.index(last as u64, last + 1));
        }
        text(turns)
    }

    fn quoted(&self) -> String {
        let speakers = self.dialogue.speakers();
        let speaker = |place: usize| speakers.get(place).copied().unwrap_or_default();
        text(vec![
            Turn::new(speaker(0), self.summary),
            Turn::new(speaker(1), ANSWER),
        ])
    }
}

fn text(turns: Vec<Turn>) -> String {
    Dialogue { turns }.to_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: [(&str, &str); 3] = [
        (
            "Ann: Did you sell the bicycle?\nBob: Yes, on Monday.\nAnn: How much did you get?\nBob: 120 euros.\nAnn: Good!",
            "Bob sold the bicycle on Monday for 120 euros.",
        ),
        (
            "Kim: The printer is broken.\nLee: Again?",
            "Kim's printer is broken.",
        ),
        (
            "Sam: I want to buy a bicycle.\nTom: A new one?\nSam: A used one.\nTom: Ask Bob.",
            "Sam wants to buy a used bicycle; Tom says to ask Bob.",
        ),
    ];

    fn of_first(way: Corruption) -> Option<String> {
        let found = damaged(&PAIRS, 10, 1);
        let mut ways = found[0].dialogues.iter();
        let (_, text) = ways.find(|(known, _)| *known == way)?;
        Some(text.clone())
    }

    #[test]
    fn a_pair_is_damaged_in_every_way() {
        let found = damaged(&PAIRS, 10, 1);
        let places: Vec<usize> = found.iter().map(|pair| pair.place).collect();
        assert_eq!(places, [0, 2], "the second has two turns");
        assert_eq!(found[0].dialogues.len(), Corruption::ALL.len());
        assert_eq!(
            of_first(Corruption::OtherTopic).as_deref(),
            Some(PAIRS[2].0),
            "the other bicycle"
        );
        assert!(
            of_first(Corruption::FirstHalf)
                .unwrap()
                .ends_with("How much did you get?")
        );
        assert!(
            of_first(Corruption::LastHalf)
                .unwrap()
                .starts_with("Ann: How much")
        );
        assert!(!of_first(Corruption::KeyTurn).unwrap().contains("120 euros"));
        let facts = of_first(Corruption::Facts).unwrap();
        assert!(
            facts.contains("Wednesday") && facts.contains("453 euros"),
            "{facts}"
        );
        assert!(
            of_first(Corruption::Swapped)
                .unwrap()
                .starts_with("Bob: Did you sell")
        );
        let shuffled = of_first(Corruption::Shuffled).unwrap();
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&shuffled), sorted(PAIRS[0].0));
        let quote = "Ann: Bob sold the bicycle on Monday for 120 euros.\nBob: Okay.";
        assert_eq!(of_first(Corruption::Quote).as_deref(), Some(quote));
        assert_eq!(of_first(Corruption::Empty).as_deref(), Some(""));
    }

    #[test]
    fn the_seed_and_nothing_else_decides() {
        assert_eq!(damaged(&PAIRS, 10, 7), damaged(&PAIRS, 10, 7));
        assert_eq!(damaged(&PAIRS, 1, 7).len(), 1);
        assert!(damaged(&[], 10, 7).is_empty());
    }
}
