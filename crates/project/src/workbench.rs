//! What stages made, as people look through it: found by words, filtered, sorted, each item with where it comes from. What people
//! change is in [`hand`], where an item comes from in [`lineage`].
//!
//! What was written in the test is shown with a [`Sight`](store::Sight) alone; while people rate a run's texts, those texts come
//! without author, number and score ([`TestOutputs::Blind`]). Their keys are negative then, so that none leads to a row.

mod hand;
mod lineage;

use std::collections::{BTreeMap, HashMap};

use contract::{
    ArtifactKind, FoundItems, ItemCount, ItemMark, ItemOrder, ItemQuery, ItemVerdict, RunId,
    StageName,
};
use serde::Deserialize;
use store::{ItemFacts, ItemRow};

use crate::artifact::{Output, read};
use crate::error::{Result, corrupt};
use crate::report::rouge1;
use crate::session::Session;
use crate::study::blind::{BlindText, TestOutputs};

pub use hand::Hand;

/// An item as it may be seen now.
#[derive(Clone, Debug, PartialEq)]
pub enum Looked {
    /// With everything that is known of it.
    Open(Box<ItemRow>),
    /// A text that people rate.
    Blind {
        /// Its key.
        key: i64,
        /// The text alone.
        text: BlindText,
    },
}

/// What filters and orders read of an item.
#[derive(Debug, Default, Deserialize)]
struct Facts {
    #[serde(default)]
    score: Option<f64>,
    #[serde(default)]
    gap: Option<f64>,
    #[serde(default)]
    reference_ce: Option<f64>,
    #[serde(default)]
    tokens: Option<f64>,
    #[serde(default)]
    rules: BTreeMap<String, bool>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    origin: Option<String>,
    #[serde(default)]
    set: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    system: Option<String>,
}

impl Facts {
    /// Where an item of a kind comes from, in a word.
    fn source(&self, kind: ArtifactKind) -> Option<&str> {
        let word = match kind {
            ArtifactKind::Summary => &self.method,
            ArtifactKind::Candidate => &self.origin,
            ArtifactKind::Pair => &self.set,
            ArtifactKind::Dialogue => &self.source,
            ArtifactKind::Output | ArtifactKind::TestDialogue => &self.system,
            _ => &None,
        };
        word.as_deref()
    }

    fn broken(&self) -> impl Iterator<Item = &str> {
        let broken = self.rules.iter().filter(|(_, is_kept)| !**is_kept);
        broken.map(|(rule, _)| rule.as_str())
    }
}

/// An item that the words found.
struct Candidate {
    facts: ItemFacts,
    read: Facts,
}

impl Candidate {
    fn marks(&self) -> Vec<ItemMark> {
        let mut marks = Vec::new();
        marks.extend(match self.facts.verdict {
            Some(ItemVerdict::Accepted) => Some(ItemMark::Accepted),
            Some(ItemVerdict::Rejected) => Some(ItemMark::Rejected),
            None => None,
        });
        marks.extend(self.facts.edited.then_some(ItemMark::Edited));
        if marks.is_empty() {
            marks.push(ItemMark::Untouched);
        }
        marks
    }

    fn matches(&self, query: &ItemQuery) -> bool {
        let from = query.source.as_deref();
        let broken = query.broken.as_deref();
        from.is_none_or(|word| self.read.source(query.kind) == Some(word))
            && broken.is_none_or(|word| self.read.broken().any(|rule| rule == word))
            && query.mark.is_none_or(|mark| self.marks().contains(&mark))
    }
}

impl Session {
    /// The items of a run that a query finds, as keys.
    ///
    /// # Errors
    /// [`contract::problem::StudyProblem::Blinded`] for what the test's synthesizers wrote, while people rate.
    pub fn find_items(&self, query: &ItemQuery) -> Result<FoundItems> {
        self.run(&query.run)?;
        if query.kind == ArtifactKind::Output
            && let TestOutputs::Blind(texts) = self.test_outputs(&query.run)?
        {
            return Ok(blind(&texts, &query.words));
        }
        if is_of_the_test(query.kind) {
            self.sight(&query.run)?;
        }
        let found = self
            .store
            .item_facts(&query.run, query.kind, &query.words)?;
        let found: Vec<Candidate> = found
            .into_iter()
            .map(|facts| {
                let read = serde_json::from_value(facts.facts.clone())
                    .map_err(|error| corrupt(query.kind.as_str(), error))?;
                Ok(Candidate { facts, read })
            })
            .collect::<Result<_>>()?;
        let scores = self.scores_for(query, &found)?;
        let mut chosen: Vec<(Option<f64>, &Candidate)> = scores
            .into_iter()
            .zip(&found)
            .filter(|(_, item)| item.matches(query))
            .collect();
        sort(&mut chosen, query);
        let counted = |words: &dyn Fn(&Candidate) -> Vec<String>| counts(&found, words);
        Ok(FoundItems {
            keys: chosen.iter().map(|(_, item)| item.facts.id).collect(),
            total: self.store.count_items(&query.run, query.kind)?,
            sources: counted(&|item| {
                let word = item.read.source(query.kind).map(str::to_owned);
                word.into_iter().collect()
            }),
            broken: counted(&|item| item.read.broken().map(str::to_owned).collect()),
            marks: counted(&|item| item.marks().iter().map(ToString::to_string).collect()),
            orders: orders(query.kind).to_vec(),
        })
    }

    /// What each found item is sorted by; none for an item without it.
    fn scores_for(&self, query: &ItemQuery, found: &[Candidate]) -> Result<Vec<Option<f64>>> {
        let rouge = match query.order {
            ItemOrder::Rouge1 if query.kind == ArtifactKind::Output => {
                self.rouge1_by_place(&query.run)?
            }
            _ => HashMap::new(),
        };
        let score = |item: &Candidate| match query.order {
            ItemOrder::Made => None,
            ItemOrder::Score => item.read.score,
            ItemOrder::Gap => item.read.gap,
            ItemOrder::ReferenceCe => item.read.reference_ce,
            ItemOrder::Tokens => item.read.tokens,
            ItemOrder::Rouge1 => rouge
                .get(&(item.facts.part.name(), item.facts.item))
                .copied(),
        };
        Ok(found.iter().map(score).collect())
    }

    /// ROUGE-1 of each test summary, by part and number.
    fn rouge1_by_place(&self, run: &RunId) -> Result<HashMap<(String, u32), f64>> {
        let (stage, kind) = (StageName::Evaluate, Some(ArtifactKind::Output));
        let rows = self.store.artifacts(run, stage, kind)?;
        let outputs: Vec<Output> = read(&rows)?;
        let place = |row: &store::ArtifactRow| (row.part.name(), row.item);
        Ok(rows
            .iter()
            .map(place)
            .zip(outputs.iter().map(rouge1))
            .collect())
    }

    /// Items by their keys, as they may be seen now.
    ///
    /// # Errors
    /// [`store::Error::NotFound`]; [`contract::problem::StudyProblem::Blinded`] for a key of a test text, from before people began
    /// to rate.
    pub fn look_at(&self, run: &RunId, keys: &[i64]) -> Result<Vec<Looked>> {
        if keys.iter().any(|key| *key < 0) {
            let TestOutputs::Blind(texts) = self.test_outputs(run)? else {
                // The raters have finished meanwhile; the list is rebuilt.
                return Ok(Vec::new());
            };
            let text = |key: &i64| {
                let place = usize::try_from(-1 - key).ok()?;
                let text = texts.get(place)?.clone();
                Some(Looked::Blind { key: *key, text })
            };
            return Ok(keys.iter().filter_map(text).collect());
        }
        let rows = self.store.items_of(run, keys)?;
        if rows.iter().any(|row| is_of_the_test(row.row.kind)) {
            self.sight(run)?;
        }
        Ok(rows
            .into_iter()
            .map(|row| Looked::Open(Box::new(row)))
            .collect())
    }
}

/// Whether an item shows who wrote what in the test, or the reference.
fn is_of_the_test(kind: ArtifactKind) -> bool {
    !matches!(
        kind,
        ArtifactKind::Topic
            | ArtifactKind::Summary
            | ArtifactKind::Candidate
            | ArtifactKind::Pair
            | ArtifactKind::Dialogue
    )
}

/// Orders that mean something for a kind.
fn orders(kind: ArtifactKind) -> &'static [ItemOrder] {
    use ItemOrder::{Gap, Made, ReferenceCe, Rouge1, Score, Tokens};
    match kind {
        ArtifactKind::Candidate => &[Made, Score],
        ArtifactKind::Pair => &[Made, Gap],
        ArtifactKind::Output => &[Made, Rouge1, ReferenceCe, Tokens],
        ArtifactKind::TestDialogue => &[Made, Score, Tokens],
        _ => &[Made],
    }
}

/// By score, those without one last; equal ones as they were made.
fn sort(items: &mut [(Option<f64>, &Candidate)], query: &ItemQuery) {
    if query.order == ItemOrder::Made {
        if query.descending {
            items.reverse();
        }
        return;
    }
    items.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) if query.descending => b.total_cmp(a),
        (Some(a), Some(b)) => a.total_cmp(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
}

fn counts(found: &[Candidate], words: &dyn Fn(&Candidate) -> Vec<String>) -> Vec<ItemCount> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for word in found.iter().flat_map(words) {
        *counts.entry(word).or_default() += 1;
    }
    let count = |(word, n)| ItemCount { word, n };
    counts.into_iter().map(count).collect()
}

/// Texts that people rate, found by beginnings of words.
fn blind(texts: &[BlindText], words: &str) -> FoundItems {
    let parts = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_alphanumeric());
        let lower = parts.filter(|part| !part.is_empty()).map(str::to_lowercase);
        lower.collect()
    };
    let asked = parts(words);
    let holds = |text: &BlindText| {
        let there = parts(&text.text);
        let begins = |word: &String| there.iter().any(|part| part.starts_with(word.as_str()));
        asked.iter().all(begins)
    };
    let keys = (0_i64..).zip(texts).filter(|(_, text)| holds(text));
    FoundItems {
        keys: keys.map(|(place, _)| -1 - place).collect(),
        total: u32::try_from(texts.len()).unwrap_or(u32::MAX),
        sources: Vec::new(),
        broken: Vec::new(),
        marks: Vec::new(),
        orders: vec![ItemOrder::Made],
    }
}

#[cfg(test)]
mod tests;
