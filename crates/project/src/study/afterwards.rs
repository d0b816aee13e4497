//! After a study: the summaries that deserve a second look, and scores that somebody settles. A settled score is a layer
//! of its own: results can be shown with it, and nothing that a rater gave is changed.

use std::collections::{BTreeMap, BTreeSet};

use contract::problem::WrongState;
use contract::{
    Adjudicated, DeskTurn, DisputeReason, Disputed, DisputedNote, DisputedScore, Disputes,
    StudyResults,
};
use store::{Opened, RatingAdjudicationRow, RatingContents};

use super::record::{RatedItem, StudyRecord};
use super::results::results;
use crate::error::Result;
use crate::session::Session;

/// From this distance between two scores on, people disagree.
const APART: u8 = 2;
/// Up to this mean of faithfulness a summary is misleading or seriously wrong.
const UNFAITHFUL: f64 = 2.0;
/// The criterion that says so.
const FAITHFULNESS: &str = "faithfulness";
/// The metric whose order is compared with people's.
const METRIC: &str = "rouge1";

/// A score that somebody settles.
#[derive(Clone, Copy, Debug)]
pub struct Settlement<'a> {
    /// Number of the item.
    pub item: u32,
    /// The criterion.
    pub criterion: &'a str,
    /// The score.
    pub score: u8,
    /// Why it is settled that way.
    pub reason: &'a str,
}

impl Session {
    /// The summaries of a study that deserve a second look, the most disputed first.
    ///
    /// # Errors
    /// Anything stored that cannot be read.
    pub fn disputed(&self, opened: &Opened) -> Result<Disputes> {
        let record = self.rated_study(opened)?;
        let contents = self.store.rating_contents(opened.study())?;
        let settled = self.store.adjudications(opened)?;
        let touched: BTreeSet<u32> = settled.iter().map(|row| row.item).collect();
        Ok(Disputes {
            study: record.plan.title.clone(),
            items: record.items.len(),
            adjudicated: touched.len(),
            criteria: record
                .plan
                .criteria
                .iter()
                .map(|criterion| (criterion.key.clone(), criterion.points))
                .collect(),
            rows: disputes(&record, &contents, &settled),
        })
    }

    /// Settles a score of a summary, with a reason.
    ///
    /// # Errors
    /// A criterion that the study does not have; a score outside its scale; an item that the study does not have.
    pub fn adjudicate(&self, opened: &Opened, settle: Settlement<'_>, now_ms: i64) -> Result<()> {
        let record = self.rated_study(opened)?;
        let mut criteria = record.plan.criteria.iter();
        let known = criteria.find(|criterion| criterion.key == settle.criterion);
        let Some(known) = known else {
            let criteria = record.plan.criteria.iter();
            return Err(WrongState::NoSuchCriterion {
                criterion: settle.criterion.to_owned(),
                known: criteria.map(|criterion| criterion.key.clone()).collect(),
            }
            .into());
        };
        if !(1..=known.points).contains(&settle.score) {
            let score = settle.score.into();
            return Err(store::Error::ScoreOutOfRange { score }.into());
        }
        let row = RatingAdjudicationRow {
            item: settle.item,
            criterion: settle.criterion.to_owned(),
            score: settle.score,
            reason: settle.reason.trim().to_owned(),
            at_ms: now_ms,
        };
        Ok(self.store.adjudicate(opened, &row)?)
    }

    /// The results with every settled score in the place of the raters' scores of it.
    ///
    /// # Errors
    /// Anything stored that cannot be read.
    pub fn adjudicated_results(&self, opened: &Opened) -> Result<StudyResults> {
        let mut record = self.rated_study(opened)?;
        for row in self.store.adjudications(opened)? {
            let about = |line: &&mut super::record::GivenScore| {
                line.item == row.item && line.criterion == row.criterion && line.score.is_some()
            };
            let lines = record.scores.iter_mut().filter(about);
            lines.for_each(|line| line.score = Some(row.score));
        }
        Ok(results(&record))
    }
}

/// What people say about a summary.
struct Heard<'a> {
    item: &'a RatedItem,
    scores: Vec<DisputedScore>,
    notes: Vec<DisputedNote>,
    flagged: bool,
}

impl Heard<'_> {
    fn of_criterion(&self, criterion: &str) -> Vec<u8> {
        let mine = self.scores.iter().filter(|row| row.criterion == criterion);
        mine.map(|row| row.score).collect()
    }

    /// The largest distance of two scores on a criterion.
    fn spread(&self) -> u8 {
        let criteria: BTreeSet<&str> = self
            .scores
            .iter()
            .map(|row| row.criterion.as_str())
            .collect();
        let distances = criteria.into_iter().map(|criterion| {
            let scores = self.of_criterion(criterion);
            let ends = (scores.iter().max(), scores.iter().min());
            ends.0.zip(ends.1).map_or(0, |(high, low)| high - low)
        });
        distances.max().unwrap_or(0)
    }

    fn mean(&self, scores: &[u8]) -> Option<f64> {
        let sum: f64 = scores.iter().map(|score| f64::from(*score)).sum();
        (!scores.is_empty()).then(|| sum / scores.len() as f64)
    }

    /// Mean of all scores, which gives people's order of the summaries of a dialogue.
    fn human(&self) -> Option<f64> {
        let scores: Vec<u8> = self.scores.iter().map(|row| row.score).collect();
        self.mean(&scores)
    }

    fn is_unfaithful(&self) -> bool {
        let mean = self.mean(&self.of_criterion(FAITHFULNESS));
        mean.is_some_and(|mean| mean <= UNFAITHFUL)
    }
}

fn disputes(
    record: &StudyRecord,
    contents: &RatingContents,
    settled: &[RatingAdjudicationRow],
) -> Vec<Disputed> {
    let counted: BTreeSet<&str> = record
        .plan
        .raters
        .iter()
        .filter(|rater| rater.counted)
        .map(|rater| rater.name.as_str())
        .collect();
    let heard: Vec<Heard<'_>> = record
        .items
        .iter()
        .map(|item| {
            let first = record.scores.iter().filter(|line| {
                line.item == item.i && !line.repeat && counted.contains(line.rater.as_str())
            });
            let touched = contents.step_items.iter().filter(|row| row.item == item.i);
            let noted = touched.clone().filter(|row| !row.note.is_empty());
            Heard {
                item,
                scores: first
                    .filter_map(|line| {
                        Some(DisputedScore {
                            rater: line.rater.clone(),
                            criterion: line.criterion.clone(),
                            score: line.score?,
                        })
                    })
                    .collect(),
                notes: noted
                    .map(|row| DisputedNote {
                        rater: row.rater.clone(),
                        note: row.note.clone(),
                    })
                    .collect(),
                flagged: touched.into_iter().any(|row| row.flagged),
            }
        })
        .collect();
    let turned = turned_round(&heard);
    let mut rows: Vec<Disputed> = heard
        .iter()
        .filter_map(|heard| row(record, heard, settled, turned.contains(&heard.item.i)))
        .collect();
    rows.sort_by_key(|row| (std::cmp::Reverse((row.spread, row.reasons.len())), row.item));
    rows
}

/// Summaries that people put first in their dialogue and the metric last, or the other way round.
fn turned_round(heard: &[Heard<'_>]) -> BTreeSet<u32> {
    let mut dialogues: BTreeMap<u32, Vec<(u32, f64, f64)>> = BTreeMap::new();
    for heard in heard {
        if let (Some(human), Some(metric)) = (heard.human(), heard.item.metrics.get(METRIC)) {
            let row = dialogues.entry(heard.item.d).or_default();
            row.push((heard.item.i, human, *metric));
        }
    }
    let mut found = BTreeSet::new();
    for row in dialogues.into_values().filter(|row| row.len() > 2) {
        let only = |is_end: &dyn Fn(&(u32, f64, f64)) -> bool| {
            let ends: Vec<u32> = row
                .iter()
                .filter(|this| is_end(this))
                .map(|(item, ..)| *item)
                .collect();
            match ends.as_slice() {
                [item] => Some(*item),
                _ => None,
            }
        };
        let least = |value: &dyn Fn(&(u32, f64, f64)) -> f64, sign: f64| {
            let end = row
                .iter()
                .map(|this| sign * value(this))
                .fold(f64::INFINITY, f64::min);
            only(&|this| sign * value(this) <= end)
        };
        let (human, metric) = (
            |this: &(u32, f64, f64)| this.1,
            |this: &(u32, f64, f64)| this.2,
        );
        for (first, second) in [
            (least(&human, 1.0), least(&metric, -1.0)),
            (least(&human, -1.0), least(&metric, 1.0)),
        ] {
            found.extend(first.filter(|item| second == Some(*item)));
        }
    }
    found
}

fn row(
    record: &StudyRecord,
    heard: &Heard<'_>,
    settled: &[RatingAdjudicationRow],
    is_turned_round: bool,
) -> Option<Disputed> {
    let spread = heard.spread();
    let reasons: Vec<DisputeReason> = [
        (spread >= APART, DisputeReason::Spread),
        (heard.is_unfaithful(), DisputeReason::Unfaithful),
        (heard.flagged, DisputeReason::Flag),
        (is_turned_round, DisputeReason::Metric),
    ]
    .into_iter()
    .filter_map(|(holds, reason)| holds.then_some(reason))
    .collect();
    if reasons.is_empty() {
        return None;
    }
    let item = heard.item;
    let mut dialogues = record.dialogues.iter();
    let dialogue = dialogues.find(|dialogue| dialogue.d == item.d);
    let turns = dialogue
        .map(|dialogue| dialogue.turns.as_slice())
        .unwrap_or_default();
    let label = |key: &String| {
        let mut systems = record.plan.systems.iter();
        let system = systems.find(|system| system.key == *key);
        system.map_or_else(|| key.clone(), |system| system.label.clone())
    };
    Some(Disputed {
        item: item.i,
        dialogue: item.d,
        turns: turns
            .iter()
            .map(|turn| DeskTurn {
                speaker: turn.s.clone(),
                text: turn.t.clone(),
            })
            .collect(),
        text: item.text.clone(),
        systems: item.systems.iter().map(label).collect(),
        reasons,
        spread,
        scores: heard.scores.clone(),
        notes: heard.notes.clone(),
        adjudicated: settled
            .iter()
            .filter(|row| row.item == item.i)
            .map(|row| {
                let settled = Adjudicated {
                    score: row.score,
                    reason: row.reason.clone(),
                    at_ms: row.at_ms,
                };
                (row.criterion.clone(), settled)
            })
            .collect(),
    })
}
