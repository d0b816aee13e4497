//! How varied a collection of conversations is, by the measures of the crate `metrics`.

use std::fmt;

use metrics::copy::{copied_ngram_share, longest_shared_run, tokenize};
use metrics::diversity::{distinct_n, is_near_duplicate, near_duplicate_share};

use crate::Item;

/// ROUGE-L F from which two texts count as nearly repeating each other (Self-Instruct's novelty filter).
pub const NEAR: f64 = 0.7;
/// The most texts that measures over pairs look at: their cost grows with the square of the number.
pub const COMPARED: usize = 600;

/// Whether two texts nearly repeat each other.
pub fn nearly_repeats(text: &str, other: &str) -> bool {
    is_near_duplicate(&tokenize(text), &tokenize(other), NEAR)
}

/// The measures; shares are 0..=1.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Number of conversations measured.
    pub items: usize,
    /// Mean number of turns in a conversation.
    pub turns: f64,
    /// Mean number of words in a conversation, without labels.
    pub dialogue_words: f64,
    /// Mean number of words in a summary.
    pub summary_words: f64,
    /// Different words in all dialogues.
    pub vocabulary: usize,
    /// Distinct 1-, 2- and 3-grams of the dialogues.
    pub distinct: [f64; 3],
    /// Share of the compared dialogues that nearly repeat an earlier one.
    pub near_dialogues: f64,
    /// Share of the compared summaries that nearly repeat an earlier one.
    pub near_summaries: f64,
    /// Mean over the compared dialogues of the longest run of words shared with the preceding dialogue, of whatever
    /// family.
    pub shared_run: f64,
    /// Share of a summary's 3-grams that its dialogue contains.
    pub copied: f64,
}

impl Report {
    /// Measures the conversations.
    pub fn of(items: &[Item]) -> Self {
        let spoken = |item: &Item| {
            tokenize(
                &item
                    .dialogue
                    .iter()
                    .map(|turn| turn.text.as_str())
                    .collect::<Vec<_>>()
                    .join("\n"),
            )
        };
        let dialogues: Vec<_> = items.iter().map(spoken).collect();
        let summaries: Vec<_> = items.iter().map(|item| tokenize(&item.summary)).collect();
        let mean = |sum: f64| sum / items.len().max(1) as f64;
        let words = |texts: &[Vec<String>]| mean(texts.iter().map(|text| text.len() as f64).sum());
        let compared = &dialogues[..dialogues.len().min(COMPARED)];
        let runs = compared
            .windows(2)
            .map(|pair| longest_shared_run(&pair[0], &pair[1]) as f64);
        let copied = summaries
            .iter()
            .zip(&dialogues)
            .map(|(s, d)| copied_ngram_share(s, d, 3));
        Self {
            items: items.len(),
            turns: mean(items.iter().map(|item| item.dialogue.len() as f64).sum()),
            dialogue_words: words(&dialogues),
            summary_words: words(&summaries),
            vocabulary: dialogues
                .iter()
                .flatten()
                .collect::<std::collections::HashSet<_>>()
                .len(),
            distinct: [1, 2, 3].map(|n| distinct_n(&dialogues, n).unwrap_or(0.0)),
            near_dialogues: near_duplicate_share(compared, NEAR).unwrap_or(0.0),
            near_summaries: near_duplicate_share(&summaries[..compared.len()], NEAR).unwrap_or(0.0),
            shared_run: runs.sum::<f64>() / compared.len().saturating_sub(1).max(1) as f64,
            copied: mean(copied.sum()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |label: &str, value: String| writeln!(f, "{label:<44} {value:>10}");
        row("conversations", self.items.to_string())?;
        row("turns, mean", format!("{:.1}", self.turns))?;
        row(
            "words of a dialogue, mean",
            format!("{:.1}", self.dialogue_words),
        )?;
        row(
            "words of a summary, mean",
            format!("{:.1}", self.summary_words),
        )?;
        row("different words", self.vocabulary.to_string())?;
        for (n, share) in self.distinct.iter().enumerate() {
            row(&format!("distinct-{}", n + 1), format!("{share:.4}"))?;
        }
        row(
            "near-duplicate dialogues (ROUGE-L >= 0.7)",
            format!("{:.4}", self.near_dialogues),
        )?;
        row(
            "near-duplicate summaries (ROUGE-L >= 0.7)",
            format!("{:.4}", self.near_summaries),
        )?;
        row(
            "longest run shared with the item before",
            format!("{:.2}", self.shared_run),
        )?;
        row(
            "summary 3-grams found in the dialogue",
            format!("{:.3}", self.copied),
        )
    }
}
