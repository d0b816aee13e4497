//! The review: words that may name somebody and that no rule took, asked about once per data set; and the file in which
//! the answers are written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;

use contract::{UnknownWord, WordVerdict};

use super::cues::TITLES;
use super::evidence::DETERMINERS;
use super::token::{self, Word};
use super::words::{
    Tongue, is_capital_of_none, is_family, is_given, is_relation, is_role, is_usual, word_list,
};
use super::{Conversation, Dataset, Found, Verdicts};

/// Characters that are shown on either side of a word.
const CONTEXT_CHARS: usize = 40;

/// A word that may name somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// As the texts write it.
    pub word: String,
    /// How often it occurs there.
    pub n: usize,
    /// The text around its first occurrence.
    pub context: String,
    /// What the user says; `None` while it is open.
    pub verdict: Option<WordVerdict>,
}

impl Dataset {
    /// The words in doubt, the most frequent first, with what the user says about them.
    pub fn doubts(&self, conversations: &[Conversation]) -> Vec<Doubt> {
        // Without the answers: a word that is answered stays on the list.
        let unanswered = Self {
            verdicts: Verdicts::new(),
            ..self.clone()
        };
        let mut found: BTreeMap<String, Doubt> = BTreeMap::new();
        for conversation in conversations {
            let findings = unanswered.find(conversation);
            for (text, pieces) in conversation.texts.iter().zip(&findings.pieces) {
                let words = token::words(text);
                for (place, word) in words.iter().enumerate() {
                    if !self.is_doubtful(findings.tongue, &words, place, pieces) {
                        continue;
                    }
                    let key = word.lower();
                    let doubt = found.entry(key.clone()).or_insert_with(|| Doubt {
                        word: word.text.to_owned(),
                        n: 0,
                        context: context(text, word),
                        verdict: self.verdicts.get(&key).copied(),
                    });
                    doubt.n += 1;
                }
            }
        }
        let mut doubts: Vec<Doubt> = found.into_values().collect();
        doubts.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.word.cmp(&b.word)));
        doubts
    }

    fn is_doubtful(
        &self,
        tongue: Tongue,
        words: &[Word<'_>],
        place: usize,
        pieces: &[Found],
    ) -> bool {
        let word = words[place];
        let lower = word.lower();
        let letters = word.text.chars().count();
        let inside = pieces
            .iter()
            .any(|piece| piece.start < word.end && word.start < piece.end);
        if inside
            || letters < 2
            || is_capital_of_none(&lower)
            || is_role(&lower)
            || TITLES.contains(&lower.as_str())
            || word.is_upper() && letters < 4
        {
            return false;
        }
        if word.label {
            return !is_usual(tongue, &lower) && !is_relation(&lower);
        }
        let evident = self.evidence.is_common(tongue, &lower);
        if !word.is_capital()
            || is_usual(tongue, &lower)
            || is_relation(&lower)
            || evident && !is_family(&lower)
        {
            return false;
        }
        match tongue {
            Tongue::English => true,
            Tongue::German if word.opens => {
                is_given(&lower) || is_family(&lower) || next_is_small(words, place)
            }
            Tongue::German => is_free(words, place) || is_family(&lower),
        }
    }
}

/// Whether a lower-case word follows, as a verb does after a name that opens a sentence.
fn next_is_small(words: &[Word<'_>], place: usize) -> bool {
    word_list!(
        VERBS = "ist war hat hatte wird kann soll will muss möchte sah misst kommt geht verspricht bekommt"
    );
    words
        .get(place + 1)
        .is_some_and(|next| next.gap == " " && VERBS.contains(&next.lower().as_str()))
}

/// Whether nothing before a German word makes a noun of it: no article, number or inflected adjective.
fn is_free(words: &[Word<'_>], place: usize) -> bool {
    let word = words[place];
    let Some(before) = place.checked_sub(1).map(|before| words[before]) else {
        return true;
    };
    if word.gap.contains(|letter: char| letter.is_ascii_digit()) {
        return false;
    }
    let lower = before.lower();
    let adjective = word.gap == " "
        && !before.is_capital()
        && !is_usual(Tongue::German, &lower)
        && ["e", "en", "er", "es", "em"]
            .iter()
            .any(|end| lower.ends_with(end));
    !(word.gap == " " && DETERMINERS.contains(&lower.as_str()) || adjective)
}

fn context(text: &str, word: &Word<'_>) -> String {
    let before: Vec<char> = text[..word.start]
        .chars()
        .rev()
        .take(CONTEXT_CHARS)
        .collect();
    let before: String = before.into_iter().rev().collect();
    let after: String = text[word.end..].chars().take(CONTEXT_CHARS).collect();
    let around = format!("{before}{}{after}", word.text);
    around.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line of the file that says nothing that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadLine {
    /// It has no `=`.
    NoVerdict {
        /// Counted from 1.
        line: usize,
    },
    /// The word after `=` is not a verdict.
    Unknown {
        /// Counted from 1.
        line: usize,
        /// What it says.
        verdict: UnknownWord,
    },
}

impl std::fmt::Display for BadLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoVerdict { .. } => f.write_str("there is no `=` in it"),
            Self::Unknown { verdict, .. } => write!(f, "{verdict}"),
        }
    }
}

impl BadLine {
    /// Its number, counted from 1.
    pub const fn line(&self) -> usize {
        match self {
            Self::NoVerdict { line } | Self::Unknown { line, .. } => *line,
        }
    }
}

/// The answers in a file: lines `WORD = name|town|org|no`; what follows a `#` is ignored, and a line without an answer
/// is open.
///
/// # Errors
/// [`BadLine`] for the first line that cannot be read.
pub fn read_verdicts(text: &str) -> Result<Verdicts, BadLine> {
    let mut verdicts = Verdicts::new();
    for (place, line) in text.lines().enumerate() {
        let answer = line.split('#').next().unwrap_or_default().trim();
        if answer.is_empty() {
            continue;
        }
        let (word, verdict) = answer
            .split_once('=')
            .ok_or(BadLine::NoVerdict { line: place + 1 })?;
        let (word, verdict) = (word.trim(), verdict.trim());
        if verdict.is_empty() || word.is_empty() {
            continue;
        }
        let verdict = WordVerdict::from_str(verdict).map_err(|verdict| BadLine::Unknown {
            line: place + 1,
            verdict,
        })?;
        verdicts.insert(word.to_lowercase(), verdict);
    }
    Ok(verdicts)
}

/// The file in which the user answers: a line for each word, with the text around it.
pub fn write_review(doubts: &[Doubt]) -> String {
    let mut out =
        "# Words that may name somebody. Write name, town, org or no after each `=`.\n".to_owned();
    for doubt in doubts {
        let verdict = doubt.verdict.map_or("", WordVerdict::as_str);
        // A comment ends at the line's end, and the context is one line.
        let _ = writeln!(
            out,
            "{} = {verdict}  # {}×: … {} …",
            doubt.word, doubt.n, doubt.context
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(texts: &[&str]) -> (Dataset, Vec<Conversation>) {
        let conversation = |(place, text): (usize, &&str)| Conversation {
            id: place.to_string(),
            texts: vec![(*text).to_owned()],
        };
        let conversations: Vec<Conversation> = texts.iter().enumerate().map(conversation).collect();
        (Dataset::of(&conversations, Verdicts::new()), conversations)
    }

    #[test]
    fn a_word_is_asked_once() {
        let (dataset, conversations) = dataset(&[
            "Agent: I read the Zorvex file, then the Zorvex letter.",
            "Agent: What about the Zorvex?",
        ]);
        let doubts = dataset.doubts(&conversations);
        assert_eq!(
            doubts
                .iter()
                .map(|doubt| (doubt.word.as_str(), doubt.n))
                .collect::<Vec<_>>(),
            [("Zorvex", 3)]
        );
        assert!(doubts[0].context.contains("read the Zorvex file"));
        let written = write_review(&doubts);
        assert_eq!(
            read_verdicts(&written),
            Ok(Verdicts::new()),
            "all of it is open"
        );
        let answered = written.replace(" = ", " = name");
        assert_eq!(
            read_verdicts(&answered).unwrap().get("zorvex"),
            Some(&WordVerdict::Name)
        );
    }

    #[test]
    fn a_german_noun_is_not_asked() {
        let (dataset, conversations) = dataset(&[
            "Agent: Wegen Ihrer Zahnzusatzversicherung rufe ich an. Haben Sie die Unterlagen von Zorvex?",
        ]);
        let doubts = dataset.doubts(&conversations);
        assert_eq!(
            doubts
                .iter()
                .map(|doubt| doubt.word.as_str())
                .collect::<Vec<_>>(),
            ["Zorvex"]
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        assert_eq!(
            read_verdicts("a = no\nb"),
            Err(BadLine::NoVerdict { line: 2 })
        );
        let bad = read_verdicts("# x\n\nb = perhaps # y").unwrap_err();
        assert_eq!(bad.line(), 3);
        assert!(bad.to_string().contains("name, town, org, no"));
    }
}
