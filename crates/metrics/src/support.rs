//! Which turns of a conversation support a sentence of its summary?
//!
//! Words are stemmed content words; the speaker is a word of the turn. With `idf(w) = ln((N + 1) / (df + 0.5))` over the
//! N turns of the conversation,
//! `support(s, t) = sum of idf over words of s that t has / sum of idf over words of s`.
//! Up to three turns are linked that have a support of 0.15 or more and at least half of the best turn's; if there is
//! none, the sentence is marked "no turn supports this".
//!
//! In conversations of more than a hundred turns, a turn is too short to be found on its own: there BM25 (Robertson &
//! Zaragoza, 2009; k1 1.2, b 0.75) takes the place of the share, smoothed over five turns on either side, and a span of
//! turns is linked.
//!
//! Measured against human choices, adding the drop in a 7M model's likelihood makes the ranking worse, so words alone
//! decide.

use crate::copy::tokenize;
use crate::lexicon::{Class, Lexicon};
use crate::metric::{Level, Metric, Need, Unit};
use crate::stemmer;
use crate::turn::Turn;
use std::collections::{HashMap, HashSet};

/// Least support of a link.
const LEAST_SUPPORT: f64 = 0.15;
/// Least support of a link as a share of the best turn's.
const LEAST_OF_BEST: f64 = 0.5;
/// The most links of a sentence.
const MOST_LINKS: usize = 3;
/// Conversations with more turns are linked by spans.
const LONG_FROM: usize = 100;
/// Turns on either side over which the support in a long conversation is smoothed.
const SMOOTHED_OVER: usize = 5;
/// Saturation of a word's repetition in BM25.
const K1: f64 = 1.2;
/// How much a long turn is discounted in BM25.
const B: f64 = 0.75;

/// Sentences of the summary that a turn supports.
pub const SUPPORTED_SENTENCES: Metric = Metric {
    name: "support_sentences",
    label: "Sentences with a turn behind them",
    higher_is_better: None,
    range: (0.0, 1.0),
    unit: Unit::Share,
    level: Level::Item,
    needs: &[Need::Dialogue],
    source: "share of sentences with a turn that has 15 % of their content, by idf over turns",
};

/// Turns that support a sentence: one turn, or a span of a long conversation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Place of the first turn.
    pub first: usize,
    /// Place of the last turn; the same as `first` for a single turn.
    pub last: usize,
    /// Its support, or the smoothed score of the span's best turn.
    pub support: f64,
}

/// The turns of a conversation, ready for look-ups.
pub struct Turns<'a> {
    lexicon: &'a Lexicon,
    words: Vec<Vec<String>>,
    with_word: HashMap<String, usize>,
}

impl<'a> Turns<'a> {
    /// Reads the turns of a conversation.
    pub fn new(turns: &[Turn<'_>], lexicon: &'a Lexicon) -> Self {
        let words: Vec<Vec<String>> = turns
            .iter()
            .map(|turn| content_words(&format!("{} {}", turn.speaker, turn.text), lexicon))
            .collect();
        let mut with_word: HashMap<String, usize> = HashMap::new();
        for turn in &words {
            for word in turn.iter().collect::<HashSet<_>>() {
                *with_word.entry(word.clone()).or_default() += 1;
            }
        }
        Self {
            lexicon,
            words,
            with_word,
        }
    }

    /// How much each turn supports a sentence: shares in conversations of up to a hundred turns, smoothed BM25 in
    /// longer ones.
    pub fn scores(&self, sentence: &str) -> Vec<f64> {
        if self.words.len() > LONG_FROM {
            smoothed(&self.bm25(sentence))
        } else {
            self.shares(sentence)
        }
    }

    /// The turns to be shown beside a sentence, the best first; empty if no turn supports it.
    pub fn links(&self, sentence: &str) -> Vec<Link> {
        let scores = self.scores(sentence);
        let highest = scores.iter().copied().fold(0.0, f64::max);
        let is_long = self.words.len() > LONG_FROM;
        let least = if is_long { 0.0 } else { LEAST_SUPPORT };
        let mut links: Vec<Link> = scores
            .iter()
            .enumerate()
            .filter(|(_, support)| {
                **support > 0.0 && **support >= least.max(LEAST_OF_BEST * highest)
            })
            .map(|(place, support)| Link {
                first: place,
                last: place,
                support: *support,
            })
            .collect();
        if is_long {
            links = joined(links);
        }
        links.sort_by(|a, b| b.support.total_cmp(&a.support).then(a.first.cmp(&b.first)));
        links.truncate(MOST_LINKS);
        links
    }

    /// Share of the sentences of a summary that have a link; `None` without a sentence.
    pub fn supported_sentences(&self, summary: &str) -> Option<f64> {
        let sentences = sentences(summary);
        let linked = sentences
            .iter()
            .filter(|sentence| !self.links(sentence).is_empty());
        (!sentences.is_empty()).then(|| linked.count() as f64 / sentences.len() as f64)
    }

    /// The support of each turn as a share of the sentence's words.
    pub(crate) fn shares(&self, sentence: &str) -> Vec<f64> {
        let words: HashSet<String> = content_words(sentence, self.lexicon).into_iter().collect();
        // In a fixed order, so that sums are the same every time.
        let mut words: Vec<(String, f64)> = words
            .into_iter()
            .map(|word| {
                let idf = self.idf(&word);
                (word, idf)
            })
            .collect();
        words.sort_by(|a, b| a.0.cmp(&b.0));
        let total: f64 = words.iter().map(|(_, idf)| idf).sum();
        let share = |turn: &Vec<String>| {
            let shared = words.iter().filter(|(word, _)| turn.contains(word));
            let sum: f64 = shared.map(|(_, idf)| idf).sum();
            if total > 0.0 { sum / total } else { 0.0 }
        };
        self.words.iter().map(share).collect()
    }

    fn bm25(&self, sentence: &str) -> Vec<f64> {
        let mut words = content_words(sentence, self.lexicon);
        words.sort();
        words.dedup();
        let lengths: usize = self.words.iter().map(Vec::len).sum();
        let mean_length = (lengths as f64 / self.words.len().max(1) as f64).max(1.0);
        let score = |turn: &Vec<String>| {
            let discount = K1 * (1.0 - B + B * turn.len() as f64 / mean_length);
            let part = |word: &String| {
                let times = turn.iter().filter(|other| *other == word).count() as f64;
                self.idf(word) * times * (K1 + 1.0) / (times + discount)
            };
            words.iter().map(part).sum()
        };
        self.words.iter().map(score).collect()
    }

    /// `ln((N + 1) / (df + 0.5))`.
    fn idf(&self, word: &str) -> f64 {
        let df = self.with_word.get(word).copied().unwrap_or(0);
        ((self.words.len() + 1) as f64 / (df as f64 + 0.5)).ln()
    }
}

/// The sentences of a text: they end at `.`, `!`, `?` and `…` before white space and a word that does not begin in lower
/// case, unless the full stop belongs to a single letter or a title; and at line ends.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    for line in text.lines() {
        let mut start = 0;
        for (place, gap) in line.match_indices(char::is_whitespace) {
            let (before, after) = (&line[start..place], line[place + gap.len()..].trim_start());
            let last = before
                .rsplit(char::is_whitespace)
                .next()
                .unwrap_or_default();
            let is_short = last.ends_with('.') && (last.chars().count() < 3 || is_title(last));
            let closes = last.trim_end_matches(['"', '\u{201d}', '\'', ')']);
            let ends = closes.ends_with(['.', '!', '?', '\u{2026}']) && !is_short;
            if ends && !after.starts_with(char::is_lowercase) {
                sentences.push(before);
                start = place + gap.len();
            }
        }
        sentences.push(&line[start..]);
    }
    let trimmed = sentences.into_iter().map(str::trim);
    trimmed.filter(|sentence| !sentence.is_empty()).collect()
}

fn is_title(word: &str) -> bool {
    matches!(
        word,
        "Dr." | "Mr." | "Mrs." | "Ms." | "Prof." | "St." | "No." | "Nr." | "approx." | "ca."
    )
}

/// Stems of the words that are not in the stop list.
fn content_words(text: &str, lexicon: &Lexicon) -> Vec<String> {
    let words = tokenize(text).into_iter();
    words
        .filter(|word| !lexicon.is(Class::Stop, word))
        .map(|word| stemmer::stem(&word))
        .collect()
}

/// Means over each place and its neighbours.
fn smoothed(scores: &[f64]) -> Vec<f64> {
    let mean = |place: usize| {
        let near = &scores
            [place.saturating_sub(SMOOTHED_OVER)..scores.len().min(place + SMOOTHED_OVER + 1)];
        near.iter().sum::<f64>() / (2 * SMOOTHED_OVER + 1) as f64
    };
    (0..scores.len()).map(mean).collect()
}

/// Joins links to neighbouring turns into one span.
fn joined(links: Vec<Link>) -> Vec<Link> {
    let mut spans: Vec<Link> = Vec::new();
    for link in links {
        match spans.last_mut() {
            Some(span) if span.last + 1 == link.first => {
                span.last = link.last;
                span.support = span.support.max(link.support);
            }
            _ => spans.push(link),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn turns<'a>(texts: &[(&'a str, &'a str)]) -> Vec<Turn<'a>> {
        texts
            .iter()
            .map(|(speaker, text)| Turn { speaker, text })
            .collect()
    }

    #[test]
    fn shares_by_hand() {
        let lexicon = Lexicon::english();
        let turns = turns(&[
            ("Ann", "I bought a violin."),
            ("Bo", "Where?"),
            ("Ann", "In Wexmoor, a violin shop."),
        ]);
        let index = Turns::new(&turns, &lexicon);
        // ann, violin: in two of three turns, ln(4 / 2.5); bought: in one, ln(4 / 1.5).
        let (common, rare) = ((4.0 / 2.5_f64).ln(), (4.0 / 1.5_f64).ln());
        let found = index.shares("Ann bought the violin");
        assert!((found[0] - 1.0).abs() < 1e-12 && found[1] == 0.0);
        assert!((found[2] - 2.0 * common / (2.0 * common + rare)).abs() < 1e-12);
        let links = index.links("Ann bought the violin");
        assert_eq!((links.len(), links[0].first), (1, 0));
        assert!(index.links("The weather was fine").is_empty());
        assert!(index.links("").is_empty());
    }

    #[test]
    fn sentences_end_where_the_next_begins() {
        let found =
            sentences("Ann met Dr. Kern at 5 p.m. yesterday. He said \"no.\" She left!\nIt rained");
        assert_eq!(
            found,
            [
                "Ann met Dr. Kern at 5 p.m. yesterday.",
                "He said \"no.\"",
                "She left!",
                "It rained"
            ]
        );
        assert!(sentences(" \n").is_empty());
    }

    #[test]
    fn sentences_without_a_turn_are_counted() {
        let lexicon = Lexicon::english();
        let turns = turns(&[("Ann", "I bought a violin.")]);
        let index = Turns::new(&turns, &lexicon);
        assert_eq!(
            index.supported_sentences("Ann bought a violin. Mars is red."),
            Some(0.5)
        );
        assert_eq!(index.supported_sentences(""), None);
    }

    #[test]
    fn a_long_conversation_is_linked_by_a_span() {
        let lexicon = Lexicon::english();
        let mut texts = vec![("A", "Moving on."); 150];
        texts[60] = ("B", "The remote needs a rubber case.");
        texts[62] = ("C", "Rubber is cheap.");
        let turns = turns(&texts);
        let links = Turns::new(&turns, &lexicon).links("They want a rubber case for the remote");
        assert_eq!(links.len(), 1);
        assert!(
            links[0].first <= 60 && links[0].last >= 62 && links[0].last - links[0].first < 20,
            "{links:?}"
        );
    }

    proptest! {
        #[test]
        fn links_are_the_best_turns(
            texts in prop::collection::vec("[a-f]{3}( [a-f]{3}){0,4}", 1..20),
            sentence in "[a-f]{3}( [a-f]{3}){0,4}",
        ) {
            let lexicon = Lexicon::english();
            let turns: Vec<Turn<'_>> = texts.iter().map(|text| Turn { speaker: "", text }).collect();
            let index = Turns::new(&turns, &lexicon);
            let (scores, links) = (index.scores(&sentence), index.links(&sentence));
            let highest = scores.iter().copied().fold(0.0, f64::max);
            prop_assert!(scores.iter().all(|score| (0.0..=1.0 + 1e-12).contains(score)));
            prop_assert_eq!(links.is_empty(), highest < LEAST_SUPPORT);
            prop_assert!(links.first().is_none_or(|link| link.support == highest));
            prop_assert!(links.len() <= MOST_LINKS);
        }
    }
}
