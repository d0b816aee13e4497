//! Does the summary deny what the conversation affirms, or affirm what it denies?
//!
//! For each clause of the summary the turn that supports it best is looked up ([`crate::support`]); if that turn is a
//! question, the next speaker's turn is taken as the
//! answer. Where clause and turn share a content word, and one denies it and the other does
//! not, the summary has changed it. It is shown as something to check: questions are answered in more ways than `no`.

use super::token::{Token, tokenize};
use super::{CheckedFact, Fact, FactStatus, Value};
use crate::lexicon::{Class, Lexicon};
use crate::stemmer;
use crate::support::Turns;
use crate::turn::Turn;
use std::collections::HashSet;

/// Number of content words after a negating word that it may apply to.
const SCOPE: usize = 2;
/// Words at the beginning of an answer among which yes or no is looked for.
const ANSWER: usize = 3;
/// A turn whose support for a clause is below this says nothing about it.
const LEAST_SUPPORT: f64 = 0.15;

/// A summary's facts about negation.
pub fn check(summary: &str, turns: &[Turn<'_>], lexicon: &Lexicon) -> Vec<CheckedFact> {
    let index = Turns::new(turns, lexicon);
    let speakers: HashSet<String> = turns
        .iter()
        .flat_map(|turn| super::words_of_name(turn.speaker))
        .collect();
    clauses(summary, lexicon)
        .iter()
        .filter_map(|clause| check_clause(clause, turns, &index, &speakers, lexicon))
        .collect()
}

/// The words of a clause, and which of them are denied.
struct Clause {
    tokens: Vec<Token>,
    is_question: bool,
}

impl Clause {
    fn text(&self) -> String {
        self.tokens
            .iter()
            .map(|token| token.text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Stems of content words, each with whether a word before it denies it.
    fn heads(&self, lexicon: &Lexicon) -> Vec<(String, bool)> {
        let mut left = 0;
        let mut heads = Vec::new();
        for token in &self.tokens {
            if lexicon.negates(&token.lower) {
                left = SCOPE;
            } else if is_content(token, lexicon) {
                heads.push((stemmer::stem(&token.lower), left > 0));
                left = left.saturating_sub(1);
            }
        }
        heads
    }
}

fn is_content(token: &Token, lexicon: &Lexicon) -> bool {
    let is_word = token.lower.chars().all(|c| c.is_alphabetic() || c == '\'');
    is_word
        && token.lower.chars().count() > 2
        && !lexicon.is(Class::Stop, &token.lower)
        && !lexicon.negates(&token.lower)
}

/// Clauses end with sentences, at commas and before conjunctions.
fn clauses(text: &str, lexicon: &Lexicon) -> Vec<Clause> {
    let mut clauses = vec![Vec::new()];
    for token in tokenize(text, lexicon) {
        let ends = token.ends_sentence || token.ends_clause;
        if lexicon.is(Class::Conjunction, &token.lower) {
            clauses.push(Vec::new());
        }
        if let Some(clause) = clauses.last_mut() {
            clause.push(token);
        }
        if ends {
            clauses.push(Vec::new());
        }
    }
    let clause = |tokens: Vec<Token>| Clause {
        is_question: tokens.iter().any(|token| token.asks),
        tokens,
    };
    clauses
        .into_iter()
        .filter(|tokens| !tokens.is_empty())
        .map(clause)
        .collect()
}

fn check_clause(
    clause: &Clause,
    turns: &[Turn<'_>],
    index: &Turns,
    speakers: &HashSet<String>,
    lexicon: &Lexicon,
) -> Option<CheckedFact> {
    let heads: Vec<(String, bool)> = clause
        .heads(lexicon)
        .into_iter()
        .filter(|(head, _)| {
            !speakers
                .iter()
                .any(|speaker| stemmer::stem(speaker) == *head)
        })
        .collect();
    let text = clause.text();
    let (turn, _) = index
        .shares(&text)
        .into_iter()
        .enumerate()
        .filter(|(_, support)| *support >= LEAST_SUPPORT)
        .reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    let spoken = clauses(turns[turn].text, lexicon);
    let answer = turns[turn + 1..]
        .iter()
        .find(|next| next.speaker != turns[turn].speaker);
    for (head, is_denied) in &heads {
        let about_the_same = spoken.iter().find_map(|part| {
            let known = part.heads(lexicon);
            let is_denied = known.iter().find(|(other, _)| other == head)?.1;
            is_about_the_same(&heads, &known).then_some((part, is_denied))
        });
        let Some((found, in_turn)) = about_the_same else {
            continue;
        };
        let in_turn = if found.is_question {
            answer.and_then(|answer| answers(answer.text, lexicon))
        } else {
            Some(in_turn)
        };
        let Some(is_denied_there) = in_turn else {
            continue;
        };
        // Affirmations are facts only where the conversation asks or denies; otherwise every word would be a fact.
        if *is_denied || is_denied_there || found.is_question {
            let status = if *is_denied == is_denied_there {
                FactStatus::Kept
            } else {
                FactStatus::Changed
            };
            return Some(CheckedFact {
                fact: Fact {
                    value: Value::Negation {
                        head: head.clone(),
                        is_denied: *is_denied,
                    },
                    text,
                    surroundings: Vec::new(),
                    next: None,
                },
                status,
            });
        }
    }
    None
}

/// Whether two clauses share at least half of the content words of either: a single word in common says little.
fn is_about_the_same(heads: &[(String, bool)], others: &[(String, bool)]) -> bool {
    let is_half = |words: &[(String, bool)], known: &[(String, bool)]| {
        let shared = words
            .iter()
            .filter(|(word, _)| known.iter().any(|(other, _)| other == word));
        2 * shared.count() >= words.len()
    };
    is_half(heads, others) && is_half(others, heads)
}

/// Whether an answer denies; `None` if it neither affirms nor denies.
fn answers(text: &str, lexicon: &Lexicon) -> Option<bool> {
    let tokens = tokenize(text, lexicon);
    let beginning = || tokens.iter().take(ANSWER).map(|token| token.lower.as_str());
    // The word that comes first counts: `no, yes please` is a no.
    beginning().find_map(|word| match () {
        () if lexicon.is(Class::No, word) => Some(true),
        () if lexicon.is(Class::Yes, word) => Some(false),
        () => lexicon.negates(word).then_some(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(turns: &[(&str, &str)], summary: &str) -> Option<FactStatus> {
        let turns: Vec<Turn<'_>> = turns
            .iter()
            .map(|(speaker, text)| Turn { speaker, text })
            .collect();
        let facts = check(summary, &turns, &Lexicon::english());
        assert!(facts.len() < 2, "{facts:?}");
        facts.first().map(|checked| checked.status)
    }

    #[test]
    fn an_answer_decides() {
        let no = [("A", "Do you have a fever?"), ("B", "No, not at all.")];
        let yes = [("A", "Do you have a fever?"), ("B", "Yes, since Monday.")];
        let open = [("A", "Do you have a fever?"), ("B", "Let me see.")];
        for (turns, summary, expected) in [
            (no, "B does not have a fever.", Some(FactStatus::Kept)),
            (no, "B has a fever.", Some(FactStatus::Changed)),
            (yes, "B denies having a fever.", Some(FactStatus::Changed)),
            (yes, "B has a fever.", Some(FactStatus::Kept)),
            (open, "B has no fever.", None),
        ] {
            assert_eq!(status(&turns, summary), expected, "{turns:?} {summary}");
        }
    }

    #[test]
    fn a_statement_is_compared_as_it_stands() {
        let turns = [
            ("A", "I never eat mushrooms, but I like cheese."),
            ("B", "Fine."),
        ];
        assert_eq!(
            status(&turns, "A eats mushrooms."),
            Some(FactStatus::Changed)
        );
        assert_eq!(
            status(&turns, "A doesn't eat mushrooms."),
            Some(FactStatus::Kept)
        );
        assert_eq!(status(&turns, "A likes cheese."), None);
    }
}
