//! The blind rating study: which summaries people see, in which order, and what is done with their scores.
//!
//! Within-item design: for each drawn dialogue every system's summary is rated, in an order drawn per rater from a
//! stored seed. Items are named by an opaque number; a system's name leaves this module only after the rater has
//! locked their set.

pub mod export;
pub mod import;
pub mod kept;
pub mod plan;
pub mod record;
pub mod results;

use contract::problem::WrongState;
use std::collections::BTreeMap;

use contract::{ArtifactKind, ItemState, Split, StageName, System};
use metrics::interval::bootstrap_mean;
use metrics::random::Stream;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{ItemStateRow, NewStudy, NewStudyItem, RaterRow, RatingRow, StudyItemRow, StudyRow};

use crate::artifact::{Output, read};
use crate::error::Result;
use crate::session::Session;

/// Version of the wording below; stored with each study.
pub const GUIDELINE_VERSION: &str = "1";

/// A criterion as raters see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Criterion {
    /// Word under which scores are stored.
    pub key: &'static str,
    /// What is asked.
    pub question: &'static str,
    /// What 1 to 5 mean.
    pub anchors: [&'static str; 5],
}

/// A press of one of the five keys by a rater.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press<'a> {
    /// Name of the rater.
    pub rater: &'a str,
    /// Number of the item within the study.
    pub item: u32,
    /// [`Criterion::key`] of what is scored.
    pub criterion: &'a str,
    /// 1 to 5; `None` takes the score back.
    pub score: Option<u8>,
    /// Time since the item was shown.
    pub time_ms: i64,
    /// When the key was pressed, in Unix milliseconds.
    pub at_ms: i64,
}

/// The four criteria of the paper (Lu et al., arXiv 2502.17328, human evaluation); 5 is always best.
pub const CRITERIA: [Criterion; 4] = [
    Criterion {
        key: "informativeness",
        question: "Does the summary contain what matters in the dialogue?",
        anchors: [
            "None of the key points",
            "Few key points",
            "About half",
            "Most key points",
            "All key points",
        ],
    },
    Criterion {
        key: "faithfulness",
        question: "Is everything in the summary supported by the dialogue?",
        anchors: [
            "Misleading",
            "One serious or several minor unsupported statements",
            "One minor unsupported statement",
            "A harmless imprecision",
            "Nothing unsupported",
        ],
    },
    Criterion {
        key: "fluency",
        question: "Is it well-formed, natural language?",
        anchors: [
            "Hard to understand",
            "Many faults",
            "Some faults",
            "Minor faults",
            "Flawless",
        ],
    },
    Criterion {
        key: "redundancy",
        question: "Is it free of repetition?",
        anchors: [
            "Mostly repetition",
            "Much is repeated",
            "Some is repeated",
            "Little is repeated",
            "No repetition",
        ],
    },
];

/// A study to be created.
#[derive(Clone, Debug, Deserialize)]
pub struct StudyRequest {
    /// The finished run.
    pub run: String,
    /// Name of the study; unique.
    pub name: String,
    /// Systems whose summaries are rated; all of the run where empty.
    pub systems: Vec<System>,
    /// Dialogues to draw.
    pub items: usize,
    /// Seed of draw and orders.
    pub seed: u64,
}

/// What a rater sees of one item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RatingItem {
    /// Place in the rater's order, from 0.
    pub position: usize,
    /// Number of the item, which says nothing about its system.
    pub item: u32,
    /// The dialogue as `Name: text` lines.
    pub dialogue: String,
    /// The summary, without its author.
    pub summary: String,
    /// Scores given so far, by criterion.
    pub scores: BTreeMap<String, u8>,
    /// draft, done or skipped; `None` if untouched.
    pub state: Option<ItemState>,
    /// The rater's remark.
    pub note: String,
}

/// A rater's queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Queue {
    /// The items in the rater's order.
    pub items: Vec<RatingItem>,
    /// Whether the set is locked.
    pub locked: bool,
}

/// Means of one system after locking.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SystemRatings {
    /// The system, named only after the lock.
    pub system: String,
    /// Mean and interval over dialogues, by criterion.
    pub criteria: BTreeMap<String, crate::report::Mean>,
    /// Number of items with a complete rating.
    pub n: usize,
}

impl Session {
    /// Draws dialogues of the test split and stores one item for each system's summary of each.
    pub fn create_study(&self, request: &StudyRequest, now_ms: i64) -> Result<StudyRow> {
        let row = self.store.run(&request.run)?;
        let outputs: Vec<Output> = read(&self.store.artifacts(
            &request.run,
            StageName::Evaluate,
            Some(ArtifactKind::Output),
        )?)?;
        if outputs.is_empty() {
            return Err(WrongState::NothingToRate {
                run: request.run.clone(),
            }
            .into());
        }
        let examples = self.store.examples(row.dataset_id, Some(Split::Test))?;
        let systems = |output: &&Output| {
            request.systems.is_empty() || request.systems.contains(&output.system)
        };
        let mut ids: Vec<&str> = outputs
            .iter()
            .filter(systems)
            .map(|output| output.id.as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let drawn = shuffled(ids.len(), request.seed, 0);
        let mut items = Vec::new();
        for id in drawn
            .into_iter()
            .take(request.items.max(1))
            .map(|index| ids[index])
        {
            let Some(example) = examples.iter().find(|example| example.external_id == id) else {
                continue;
            };
            for output in outputs
                .iter()
                .filter(systems)
                .filter(|output| output.id == id)
            {
                items.push(NewStudyItem {
                    item: items.len() as u32,
                    example_id: example.id,
                    system: output.system.to_string(),
                    dialogue: example.dialogue.clone(),
                    summary: output.prediction.clone(),
                    repeat_of: None,
                });
            }
        }
        let new = NewStudy {
            run_id: request.run.clone(),
            name: request.name.clone(),
            seed: request.seed,
            criteria: json!(CRITERIA),
            guideline_version: GUIDELINE_VERSION.to_owned(),
            created_at_ms: now_ms,
        };
        Ok(self
            .store
            .insert_study(&new, &blind_numbers(items, request.seed))?)
    }

    /// Every study of the workspace, newest first.
    pub fn studies(&self) -> Result<Vec<StudyRow>> {
        Ok(self.store.studies()?)
    }

    /// The people who rate in a study, in the order of their first visit.
    pub fn raters(&self, study: i64) -> Result<Vec<RaterRow>> {
        Ok(self.store.raters(study)?)
    }

    /// How many summaries a study has.
    pub fn study_size(&self, study: i64) -> Result<usize> {
        Ok(self.store.study_items(study)?.len())
    }

    /// A rater's items in their own order; the rater is entered on first use. Nothing here names a system.
    pub fn rating_queue(&self, study: i64, rater: &str) -> Result<Queue> {
        let row = self.store.study(study)?;
        let items = self.store.study_items(study)?;
        if !self
            .store
            .raters(study)?
            .iter()
            .any(|known| known.name == rater)
        {
            let order = shuffled(items.len(), row.seed, name_label(rater));
            self.store
                .add_rater(study, rater, row.seed, &json!(order))?;
        }
        let known = self.store.raters(study)?;
        let me = known.iter().find(|known| known.name == rater);
        let order: Vec<usize> = me
            .and_then(|me| serde_json::from_value(me.order.clone()).ok())
            .unwrap_or_default();
        let ratings = self.store.ratings(study, Some(rater))?;
        let states = self.store.item_states(study, Some(rater))?;
        let queue = order
            .iter()
            .filter_map(|&index| items.get(index))
            .enumerate();
        Ok(Queue {
            items: queue
                .map(|(position, item)| rating_item(position, item, &ratings, &states))
                .collect(),
            locked: me.is_some_and(|me| me.locked_at_ms.is_some()),
        })
    }

    /// Gives a score, or takes it back.
    pub fn rate(&self, study: i64, press: Press<'_>) -> Result<()> {
        let Press {
            rater,
            item,
            criterion,
            score,
            time_ms,
            at_ms,
        } = press;
        let criterion = CRITERIA
            .iter()
            .find(|known| known.key == criterion)
            .ok_or_else(|| WrongState::NoSuchCriterion {
                criterion: criterion.to_owned(),
                known: CRITERIA.map(|known| known.key.to_owned()).to_vec(),
            })?;
        let rater = rater.to_owned();
        match score {
            Some(score) => {
                let criterion = criterion.key.to_owned();
                self.store.set_rating(&RatingRow {
                    study_id: study,
                    item,
                    rater: rater.clone(),
                    criterion,
                    score,
                    time_ms,
                    at_ms,
                })?;
            }
            None => self
                .store
                .clear_rating(study, item, &rater, criterion.key)?,
        }
        let given = self
            .store
            .ratings(study, Some(&rater))?
            .iter()
            .filter(|rating| rating.item == item)
            .count();
        let state = if given == CRITERIA.len() {
            ItemState::Done
        } else {
            ItemState::Draft
        };
        self.set_item(study, &rater, item, state, None)
    }

    /// Marks an item as skipped, done or draft, and keeps a remark.
    pub fn set_item(
        &self,
        study: i64,
        rater: &str,
        item: u32,
        state: ItemState,
        note: Option<&str>,
    ) -> Result<()> {
        let old = self
            .store
            .item_states(study, Some(rater))?
            .into_iter()
            .find(|row| row.item == item);
        let note = note
            .map(str::to_owned)
            .or(old.map(|row| row.note))
            .unwrap_or_default();
        Ok(self.store.set_item_state(&ItemStateRow {
            study_id: study,
            item,
            rater: rater.to_owned(),
            state,
            note,
        })?)
    }

    /// Locks a rater's set: it can no longer be changed, and the systems may now be named to them.
    pub fn lock_ratings(&self, study: i64, rater: &str, now_ms: i64) -> Result<()> {
        let queue = self.rating_queue(study, rater)?;
        let open = queue
            .items
            .iter()
            .filter(|item| matches!(item.state, None | Some(ItemState::Draft)))
            .count();
        if open > 0 {
            return Err(WrongState::Unrated {
                open,
                total: queue.items.len(),
            }
            .into());
        }
        Ok(self.store.lock_rater(study, rater, now_ms)?)
    }

    /// Means by system, from locked sets only.
    ///
    /// # Errors
    /// [`WrongState::NoneLocked`] while no rater has locked their set.
    pub fn study_results(&self, study: i64) -> Result<Vec<SystemRatings>> {
        let row = self.store.study(study)?;
        let raters = self.store.raters(study)?;
        let locked: Vec<&str> = raters
            .iter()
            .filter(|rater| rater.locked_at_ms.is_some())
            .map(|rater| rater.name.as_str())
            .collect();
        if locked.is_empty() {
            return Err(WrongState::NoneLocked.into());
        }
        let items = self.store.study_items(study)?;
        let ratings: Vec<RatingRow> = self
            .store
            .ratings(study, None)?
            .into_iter()
            .filter(|r| locked.contains(&r.rater.as_str()))
            .collect();
        let mut by_system: BTreeMap<&str, Vec<&StudyItemRow>> = BTreeMap::new();
        items
            .iter()
            .for_each(|item| by_system.entry(&item.system).or_default().push(item));
        Ok(by_system
            .into_iter()
            .map(|(system, items)| system_ratings(system, &items, &ratings, row.seed))
            .collect())
    }
}

fn system_ratings(
    system: &str,
    items: &[&StudyItemRow],
    ratings: &[RatingRow],
    seed: u64,
) -> SystemRatings {
    let mut criteria = BTreeMap::new();
    let mut rated = std::collections::BTreeSet::new();
    for criterion in CRITERIA {
        let mut means = Vec::new();
        for item in items {
            let ours = ratings
                .iter()
                .filter(|r| r.item == item.item && r.criterion == criterion.key);
            let scores: Vec<f64> = ours.map(|r| f64::from(r.score)).collect();
            if let Some(mean) = metrics::text::mean(&scores) {
                means.push(mean);
                rated.insert(item.item);
            }
        }
        if let Some(found) = bootstrap_mean(&means, 10_000, seed) {
            let mean = crate::report::Mean {
                mean: found.value,
                ci95: [found.low, found.high],
            };
            criteria.insert(criterion.key.to_owned(), mean);
        }
    }
    SystemRatings {
        system: system.to_owned(),
        criteria,
        n: rated.len(),
    }
}

fn rating_item(
    position: usize,
    item: &StudyItemRow,
    ratings: &[RatingRow],
    states: &[ItemStateRow],
) -> RatingItem {
    let state = states.iter().find(|state| state.item == item.item);
    RatingItem {
        position,
        item: item.item,
        dialogue: item.dialogue.clone(),
        summary: item.summary.clone(),
        scores: ratings
            .iter()
            .filter(|r| r.item == item.item)
            .map(|r| (r.criterion.clone(), r.score))
            .collect(),
        state: state.map(|state| state.state),
        note: state.map(|state| state.note.clone()).unwrap_or_default(),
    }
}

/// Numbers the items in a drawn order, so that a number says nothing about its system.
fn blind_numbers(items: Vec<NewStudyItem>, seed: u64) -> Vec<NewStudyItem> {
    let order = shuffled(items.len(), seed, 1);
    let mut numbered: Vec<NewStudyItem> = items
        .into_iter()
        .zip(order)
        .map(|(item, number)| NewStudyItem {
            item: number as u32,
            ..item
        })
        .collect();
    numbered.sort_by_key(|item| item.item);
    numbered
}

/// A permutation of 0..n drawn from the seed (Fisher-Yates).
fn shuffled(n: usize, seed: u64, label: u64) -> Vec<usize> {
    let stream = Stream::new(Stream::new(seed).bits(label));
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last, stream.index(last as u64, last + 1));
    }
    order
}

/// A number for a rater's name (FNV-1a), so that each rater has their own order.
fn name_label(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_permutations_and_differ_by_rater() {
        let mut order = shuffled(50, 7, name_label("ada"));
        assert_ne!(order, shuffled(50, 7, name_label("ben")));
        assert_eq!(order, shuffled(50, 7, name_label("ada")));
        order.sort_unstable();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
    }
}
