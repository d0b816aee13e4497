//! Synthetic texts against all training text: the longest run of words, the share of copied runs of eight, nearness to one
//! document, and identifiers that survive. The limits come from the data: what two real conversations share with each other
//! says nothing about either in particular.
//!
//! Tokens are those of [`metrics::copy::tokenize`]. The documents are all dialogues and then all summaries.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use contract::{IdentifierKind, LeakReason};
use metrics::copy::tokenize;
use serde::{Deserialize, Serialize};

use super::shared::{Document, Runs};

/// Words from which on a run is too long to be copied by chance.
const LONG: usize = 8;
/// Words of the runs by which nearness is counted.
const NEAR: usize = 5;
/// From this many conversations on, an identifier is the organization's own, such as its telephone number.
const OWN_CONVERSATIONS: usize = 3;
/// An identifier shorter than this would be found by chance.
const SHORTEST_IDENTIFIER: usize = 5;

/// A conversation of the training side.
#[derive(Clone, Debug, Deserialize)]
pub struct Conversation {
    /// Its name.
    pub id: String,
    /// Its turns.
    pub dialogue: String,
    /// Its reference.
    pub summary: String,
}

/// A piece of the training text that identifies somebody.
#[derive(Clone, Debug, Deserialize)]
pub struct Identifier {
    /// What it is.
    pub kind: IdentifierKind,
    /// As the text writes it; letters and digits count, capitals do not.
    pub value: String,
    /// The conversations in which it occurs.
    pub conversations: Vec<String>,
}

/// A text of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Its turns.
    Dialogue,
    /// Its reference.
    Summary,
}

/// What a synthetic text shares with the training text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shared {
    /// Words of the longest run that also occurs in a document.
    pub longest_run: usize,
    /// The first document that has it; `None` if no word is shared.
    pub run_with: Option<String>,
    /// Which text of that conversation.
    pub run_field: Option<Field>,
    /// Share of its runs of eight words that occur in any document, each occurrence counted; 0 if it has fewer words.
    pub share8: f64,
    /// Different runs of five words that it shares with one document, as a share of the smaller number; for the
    /// document with the largest share.
    pub near5: f64,
    /// The first document with that share; `None` where nothing is shared.
    pub near_with: Option<(String, Field)>,
    /// Kinds of the identifiers that it holds, each once, sorted by their words.
    pub identifier_kinds: Vec<IdentifierKind>,
    /// Kinds of the identifiers that it holds and that occur in three conversations or more: listed, not counted.
    pub own_kinds: Vec<IdentifierKind>,
}

/// The sizes from which on something counts as copied.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// The longest run: this many words or more.
    pub run: usize,
    /// The share of runs of eight: more than this.
    pub share8: f64,
    /// The nearness: this much or more.
    pub near5: f64,
}

/// What the training dialogues share with each other, and the limits that follow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Null {
    /// The longest run of each dialogue in another conversation.
    pub null_run: Vec<usize>,
    /// Of each dialogue, the share of its runs of eight words that occur in another conversation.
    pub null_share8: Vec<f64>,
    /// The limits that follow.
    pub thresholds: Limits,
}

impl Limits {
    /// Why a text with these figures is dropped; nothing if it gives nothing away.
    pub fn reasons(&self, shared: &Shared) -> Vec<LeakReason> {
        let checks = [
            (LeakReason::Run, shared.longest_run >= self.run),
            (LeakReason::Share8, shared.share8 > self.share8),
            (LeakReason::Near5, shared.near5 >= self.near5),
            (LeakReason::Identifier, !shared.identifier_kinds.is_empty()),
        ];
        let fired = checks.into_iter().filter(|(_, fired)| *fired);
        fired.map(|(reason, _)| reason).collect()
    }
}

/// The training text, laid out so that a text is compared in time that grows with its own length.
#[derive(Debug)]
pub struct Training {
    ids: Vec<String>,
    words: HashMap<String, u32>,
    documents: Vec<Vec<u32>>,
    runs: Runs,
    /// How many different runs of five words each document has.
    near_sizes: Vec<usize>,
    /// The documents of each run of five words, in order.
    near: HashMap<[u32; NEAR], Vec<Document>>,
    identifiers: Vec<Wanted>,
}

/// An identifier as it is looked for.
#[derive(Debug)]
struct Wanted {
    kind: IdentifierKind,
    form: Form,
    is_own: bool,
}

#[derive(Debug)]
enum Form {
    /// A full name, between blanks or marks, in lower case. (Dots between its words make an address of it, not a name.)
    Name(String),
    /// Anything else: letters and digits of ASCII in lower case, wherever they occur.
    Letters(String),
}

impl Training {
    /// Lays out all dialogues and summaries, and what identifies somebody in them. Time and memory grow with their words.
    pub fn new(conversations: &[Conversation], identifiers: &[Identifier]) -> Self {
        let dialogues = conversations.iter().map(|known| known.dialogue.as_str());
        let summaries = conversations.iter().map(|known| known.summary.as_str());
        let mut words = HashMap::new();
        let documents: Vec<Vec<u32>> = dialogues
            .chain(summaries)
            .map(|text| numbered(text, &mut words))
            .collect();
        let count = conversations.len().max(1);
        let of_conversations: Vec<(u32, Vec<u32>)> = documents
            .iter()
            .enumerate()
            .map(|(place, tokens)| ((place % count) as u32, tokens.clone()))
            .collect();
        let mut near: HashMap<[u32; NEAR], Vec<Document>> = HashMap::new();
        let mut near_sizes = Vec::with_capacity(documents.len());
        for (document, tokens) in (0..).zip(&documents) {
            let different: HashSet<[u32; NEAR]> = grams(tokens).collect();
            near_sizes.push(different.len());
            for gram in different {
                near.entry(gram).or_default().push(document);
            }
        }
        Self {
            ids: conversations.iter().map(|known| known.id.clone()).collect(),
            runs: Runs::new(&of_conversations),
            words,
            documents,
            near_sizes,
            near,
            identifiers: identifiers.iter().filter_map(wanted).collect(),
        }
    }

    /// What the dialogues share with each other's conversations, their own left out.
    ///
    /// The limits: one word more than the 99 % quantile of the runs, at least 12 and at most 20; the 99 % quantile of the
    /// shares, at least 0.05 and at most 0.25; a nearness of 0.5. The bounds keep a data set of near-duplicates from opening
    /// the gate, and a small one from closing it.
    pub fn null(&self) -> Null {
        let (mut null_run, mut null_share8) = (Vec::new(), Vec::new());
        for (conversation, tokens) in (0..).zip(&self.documents[..self.ids.len()]) {
            let known: Vec<Option<u32>> = tokens.iter().copied().map(Some).collect();
            let ends = self.runs.ends(&known, Some(conversation));
            null_run.push(ends.iter().map(|run| run.length).max().unwrap_or(0));
            null_share8.push(share_of_long(ends.iter().map(|run| run.length)));
        }
        let runs: Vec<f64> = null_run.iter().map(|run| *run as f64).collect();
        let thresholds = Limits {
            run: (quantile_99(&runs).floor() as usize + 1).clamp(12, 20),
            share8: quantile_99(&null_share8).clamp(0.05, 0.25),
            near5: 0.5,
        };
        Null {
            null_run,
            null_share8,
            thresholds,
        }
    }

    /// What a synthetic text shares with the training text.
    pub fn shared(&self, text: &str) -> Shared {
        let words = tokenize(text);
        let tokens: Vec<Option<u32>> = words
            .iter()
            .map(|word| self.words.get(word).copied())
            .collect();
        let ends = self.runs.ends(&tokens, None);
        let longest_run = ends.iter().map(|run| run.length).max().unwrap_or(0);
        let of_longest = ends.iter().filter(|run| run.length == longest_run);
        let run_with = of_longest.filter_map(|run| run.document).min();
        let (near5, near_with) = self.nearest(&words);
        let found = self.found(text);
        let kinds = |is_own: bool| {
            let kinds = found.iter().filter(|known| known.is_own == is_own);
            let by_word: BTreeMap<&str, IdentifierKind> = kinds
                .map(|known| (known.kind.as_str(), known.kind))
                .collect();
            by_word.into_values().collect()
        };
        Shared {
            longest_run,
            run_with: run_with.map(|document| self.source(document).0),
            run_field: run_with.map(|document| self.source(document).1),
            share8: share_of_long(ends.iter().map(|run| run.length)),
            near5,
            near_with: near_with.map(|document| self.source(document)),
            identifier_kinds: kinds(false),
            own_kinds: kinds(true),
        }
    }

    /// The largest share of runs of five words, and the first document with it.
    fn nearest(&self, words: &[String]) -> (f64, Option<Document>) {
        // A word that no document has makes runs that none has; they are among the text's own.
        let mut new_words = HashMap::new();
        let tokens: Vec<u32> = words
            .iter()
            .map(|word| {
                let next = (self.words.len() + new_words.len()) as u32;
                let known = self.words.get(word).copied();
                known.unwrap_or_else(|| *new_words.entry(word).or_insert(next))
            })
            .collect();
        let different: HashSet<[u32; NEAR]> = grams(&tokens).collect();
        let mut shared: BTreeMap<Document, usize> = BTreeMap::new();
        for gram in &different {
            for document in self.near.get(gram).into_iter().flatten() {
                *shared.entry(*document).or_default() += 1;
            }
        }
        let (mut best, mut nearest) = (0.0, None);
        for (document, count) in shared {
            let fewer = different.len().min(self.near_sizes[document as usize]);
            let share = count as f64 / fewer as f64;
            if share > best {
                (best, nearest) = (share, Some(document));
            }
        }
        (best, nearest)
    }

    fn found(&self, text: &str) -> Vec<&Wanted> {
        let (letters, spaced) = (letters(text), spaced(text));
        let holds = |known: &&Wanted| match &known.form {
            Form::Letters(value) => letters.contains(value.as_str()),
            Form::Name(name) => spaced.match_indices(name.as_str()).any(|(start, name)| {
                let inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
                let (before, after) = (&spaced[..start], &spaced[start + name.len()..]);
                !inside(before.chars().next_back()) && !inside(after.chars().next())
            }),
        };
        self.identifiers.iter().filter(holds).collect()
    }

    fn source(&self, document: Document) -> (String, Field) {
        let (place, count) = (document as usize, self.ids.len());
        match place < count {
            true => (self.ids[place].clone(), Field::Dialogue),
            false => (self.ids[place - count].clone(), Field::Summary),
        }
    }
}

/// The numbers of a text's words; a new word gets the next number.
fn numbered(text: &str, words: &mut HashMap<String, u32>) -> Vec<u32> {
    tokenize(text)
        .into_iter()
        .map(|word| {
            let next = words.len() as u32;
            *words.entry(word).or_insert(next)
        })
        .collect()
}

fn grams(tokens: &[u32]) -> impl Iterator<Item = [u32; NEAR]> {
    tokens.windows(NEAR).filter_map(|run| run.try_into().ok())
}

/// Share of a text's runs of eight words that occur in a document: one does wherever a run of eight or more ends.
fn share_of_long(ends: impl ExactSizeIterator<Item = usize>) -> f64 {
    let count = (ends.len() + 1).saturating_sub(LONG);
    let copied = ends.filter(|length| *length >= LONG).count();
    match count {
        0 => 0.0,
        count => copied as f64 / count as f64,
    }
}

/// Between two values it is interpolated (Hyndman and Fan's type 7); 0 of none.
fn quantile_99(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = 0.99 * last as f64;
    let (below, above) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    below + (above - below) * place.fract()
}

fn letters(text: &str) -> String {
    let kept = text.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// In lower case, with one blank for each gap.
fn spaced(text: &str) -> String {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    words.join(" ")
}

/// How an identifier is looked for; `None` for a value that is too short.
fn wanted(identifier: &Identifier) -> Option<Wanted> {
    let is_name = identifier.kind == IdentifierKind::Name;
    let form = if is_name {
        let name = spaced(&identifier.value);
        // A given name alone is anybody's.
        name.contains(' ').then_some(Form::Name(name))?
    } else {
        let value = letters(&identifier.value);
        (value.len() >= SHORTEST_IDENTIFIER).then_some(Form::Letters(value))?
    };
    let conversations: BTreeSet<&String> = identifier.conversations.iter().collect();
    Some(Wanted {
        kind: identifier.kind,
        form,
        is_own: !is_name && conversations.len() >= OWN_CONVERSATIONS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(id: &str, dialogue: &str, summary: &str) -> Conversation {
        Conversation {
            id: id.to_owned(),
            dialogue: dialogue.to_owned(),
            summary: summary.to_owned(),
        }
    }

    #[test]
    fn a_name_is_found_as_words_and_a_number_as_letters() {
        let identifier = |kind, value: &str, conversations: &[&str]| Identifier {
            kind,
            value: value.to_owned(),
            conversations: conversations.iter().map(|id| (*id).to_owned()).collect(),
        };
        let known = [
            identifier(IdentifierKind::Name, "jana müller", &["a"]),
            identifier(IdentifierKind::Id, "ab1234", &["a"]),
            identifier(IdentifierKind::Phone, "5550100", &["a", "b", "c"]),
            identifier(IdentifierKind::Id, "77", &["a"]),
        ];
        let training = Training::new(&[conversation("a", "x", "y")], &known);
        let found = training.shared("Jana Müller called about AB-12 34 from 555-0100, room 77.");
        assert_eq!(
            found.identifier_kinds,
            [IdentifierKind::Id, IdentifierKind::Name]
        );
        assert_eq!(found.own_kinds, [IdentifierKind::Phone]);
        assert!(
            training
                .shared("jana.müller@example.org, Jana Müllerson")
                .identifier_kinds
                .is_empty()
        );
    }

    #[test]
    fn no_training_text_gives_nothing_away() {
        let training = Training::new(&[], &[]);
        let shared = training.shared("Ann: hello there");
        assert_eq!(
            (shared.longest_run, shared.run_with, shared.near5),
            (0, None, 0.0)
        );
        assert_eq!(training.null().thresholds.run, 12);
    }

    #[test]
    fn a_summary_is_named_as_one() {
        let known = conversation("a", "one two three", "four five six");
        let shared = Training::new(&[known], &[]).shared("zero five six");
        assert_eq!(
            (shared.longest_run, shared.run_field),
            (2, Some(Field::Summary))
        );
    }
}
