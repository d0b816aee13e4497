//! Compares what is found with conversations in which every identifying piece is marked, by the rules alone and after a
//! review that answers every doubtful word truly.

use std::collections::BTreeMap;

use contract::{IdentifierKind as Kind, WordVerdict};
use metrics::interval::wilson;
use serde::{Deserialize, Serialize};

use super::surrogate::Plan;
use super::{Conversation, Dataset, Found, Verdicts, token};

/// A conversation with its marks.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// `Name: text` lines.
    pub dialogue: String,
    /// Its summary.
    pub summary: String,
    /// What identifies somebody in it.
    pub spans: Vec<Mark>,
}

/// A marked piece.
#[derive(Clone, Debug, Deserialize)]
pub struct Mark {
    /// In which text.
    pub field: Field,
    /// The first character's number.
    pub start: usize,
    /// The number of the first character after it.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
    /// The piece itself.
    pub text: String,
}

/// A text of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Its turns.
    Dialogue,
    /// Its summary.
    Summary,
}

/// How many marked pieces were found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Marked pieces.
    pub n: usize,
    /// Those of which every letter and digit was found.
    pub found: usize,
    /// Their share; `None` without marked pieces.
    pub recall: Option<f64>,
    /// Wilson's 95 % interval.
    pub ci95: Option<[f64; 2]>,
}

/// What the rules reach, and what the review adds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// By kind.
    pub kinds: BTreeMap<Kind, Share>,
    /// Share of the pieces that name a person on their own.
    pub direct: Share,
    /// Share of the other pieces.
    pub indirect: Share,
    /// The share of the characters taken that is marked; `None` where nothing was taken.
    pub precision_chars: Option<f64>,
    /// The share of the conversations in which no direct piece was missed.
    pub document_recall: Option<f64>,
    /// Marked direct pieces that still occur in their replaced conversation.
    pub leaks: usize,
}

/// The score by rules alone, and after the review.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    /// Rules and dictionaries alone.
    #[serde(flatten)]
    pub alone: Score,
    /// After every doubtful word was answered truly.
    pub reviewed: Score,
    /// How many words are asked about.
    pub asked: usize,
    /// Conversations.
    pub conversations: usize,
}

impl Case {
    /// The conversation without its marks.
    pub fn conversation(&self) -> Conversation {
        Conversation {
            id: self.id.clone(),
            texts: vec![self.dialogue.clone(), self.summary.clone()],
        }
    }
}

/// Compares the rules, and the rules with a review, with the marks.
pub fn check(cases: &[Case], plan: &Plan) -> Checked {
    let conversations: Vec<Conversation> = cases.iter().map(Case::conversation).collect();
    let alone = Dataset::of(&conversations, Verdicts::new());
    let doubts = alone.doubts(&conversations);
    let truth = truth(cases);
    let verdict = |word: &str| {
        let lower = word.to_lowercase();
        (
            lower.clone(),
            truth.get(&lower).copied().unwrap_or(WordVerdict::No),
        )
    };
    let verdicts: Verdicts = doubts.iter().map(|doubt| verdict(&doubt.word)).collect();
    let reviewed = Dataset::of(&conversations, verdicts);
    Checked {
        alone: score(cases, &conversations, &alone, plan),
        reviewed: score(cases, &conversations, &reviewed, plan),
        asked: doubts.len(),
        conversations: cases.len(),
    }
}

/// What somebody who knows the marks says about each marked word.
fn truth(cases: &[Case]) -> BTreeMap<String, WordVerdict> {
    let mut found = BTreeMap::new();
    for mark in cases.iter().flat_map(|case| &case.spans) {
        let verdict = match mark.kind {
            Kind::Name => WordVerdict::Name,
            Kind::Town => WordVerdict::Town,
            Kind::Org => WordVerdict::Org,
            _ => continue,
        };
        for word in token::words(&mark.text) {
            // A name before anything else: it is what must not stay.
            let known = found.entry(word.lower()).or_insert(verdict);
            if verdict == WordVerdict::Name {
                *known = verdict;
            }
        }
    }
    found
}

fn score(cases: &[Case], conversations: &[Conversation], dataset: &Dataset, plan: &Plan) -> Score {
    let mut kinds: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    let (mut taken, mut marked, mut whole, mut leaks) = (0, 0, 0, 0);
    for (case, conversation) in cases.iter().zip(conversations) {
        let findings = dataset.find(conversation);
        let covered: Vec<Vec<bool>> = conversation
            .texts
            .iter()
            .zip(&findings.pieces)
            .map(|(text, pieces)| covered(text, pieces))
            .collect();
        let mut is_true: Vec<Vec<bool>> =
            covered.iter().map(|text| vec![false; text.len()]).collect();
        let mut missed = false;
        for mark in &case.spans {
            let text = usize::from(mark.field == Field::Summary);
            let letters = (mark.start..mark.end).zip(mark.text.chars());
            let mut needed = letters.filter(|(_, letter)| letter.is_alphanumeric());
            let found = needed.all(|(place, _)| covered[text].get(place) == Some(&true));
            is_true[text]
                .iter_mut()
                .take(mark.end)
                .skip(mark.start)
                .for_each(|is_true| *is_true = true);
            let count = kinds.entry(mark.kind).or_default();
            *count = (count.0 + 1, count.1 + usize::from(found));
            missed |= mark.kind.is_direct() && !found;
        }
        whole += usize::from(!missed);
        for (covered, is_true) in covered.iter().zip(&is_true) {
            taken += covered.iter().filter(|covered| **covered).count();
            marked += covered
                .iter()
                .zip(is_true)
                .filter(|(covered, is_true)| **covered && **is_true)
                .count();
        }
        let new = plan.apply(conversation, &findings).texts.concat();
        let direct = case.spans.iter().filter(|mark| mark.kind.is_direct());
        leaks += direct.filter(|mark| stands_in(&mark.text, &new)).count();
    }
    let sums = |direct: bool| {
        let counts = kinds.iter().filter(|(kind, _)| kind.is_direct() == direct);
        counts.fold((0, 0), |sum, (_, count)| (sum.0 + count.0, sum.1 + count.1))
    };
    let part = |part: usize, count: usize| (count > 0).then(|| part as f64 / count as f64);
    Score {
        direct: share(sums(true)),
        indirect: share(sums(false)),
        kinds: kinds
            .iter()
            .map(|(kind, count)| (*kind, share(*count)))
            .collect(),
        precision_chars: part(marked, taken),
        document_recall: part(whole, cases.len()),
        leaks,
    }
}

fn share((n, found): (usize, usize)) -> Share {
    let interval = wilson(found, n);
    Share {
        n,
        found,
        recall: interval.map(|share| share.value),
        ci95: interval.map(|share| [share.low, share.high]),
    }
}

/// For each character of a text, whether a piece has it.
fn covered(text: &str, pieces: &[Found]) -> Vec<bool> {
    let inside = |place: usize| {
        pieces
            .iter()
            .any(|piece| (piece.start..piece.end).contains(&place))
    };
    text.char_indices()
        .map(|(place, _)| inside(place))
        .collect()
}

/// Whether a value occurs in a text as words of its own.
fn stands_in(value: &str, text: &str) -> bool {
    let inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(value).any(|(start, _)| {
        !inside(text[..start].chars().next_back())
            && !inside(text[start + value.len()..].chars().next())
    })
}
