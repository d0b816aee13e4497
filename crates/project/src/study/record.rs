//! A study with everything that was answered in it: what the results are computed from, wherever it comes from. Scores
//! are joined with the systems that wrote the texts only here, after the study.

use std::collections::{BTreeMap, BTreeSet};

use contract::{ItemState, StudyPlan, StudySystem};
use serde::{Deserialize, Serialize};

/// A study with its texts and answers.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyRecord {
    /// What was fixed before the first rating.
    pub plan: StudyPlan,
    /// Its dialogues.
    pub dialogues: Vec<RatedDialogue>,
    /// Its summaries with their authors.
    pub items: Vec<RatedItem>,
    /// Scores, also those that are missing.
    pub scores: Vec<GivenScore>,
    /// Side-by-side choices.
    pub votes: Vec<GivenVote>,
    /// Choices of the best and the worst.
    pub marks: Vec<GivenMark>,
}

/// A dialogue of a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatedDialogue {
    /// Its number in the study.
    pub d: u32,
    /// Its turns.
    pub turns: Vec<RatedTurn>,
}

/// A turn of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatedTurn {
    /// Who speaks.
    pub s: String,
    /// What they say.
    pub t: String,
}

/// A summary of a study. Systems that wrote the same text share an item: it is rated once and counts for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatedItem {
    /// Its number, which says nothing about its systems.
    pub i: u32,
    /// The number of its dialogue.
    pub d: u32,
    /// Keys of the systems that wrote it.
    pub systems: Vec<String>,
    /// The summary.
    pub text: String,
    /// What metrics say about it, by name.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
}

/// A line of the long table: a rater, a summary, a criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenScore {
    /// Number of the dialogue.
    pub dialogue: u32,
    /// Number of the summary.
    pub item: u32,
    /// The rater.
    pub rater: String,
    /// Place of the dialogue in the rater's order, from 0.
    pub step: u32,
    /// Place of the summary in the dialogue, from 0.
    pub place: u32,
    /// Whether the rater sees it for the second time.
    pub repeat: bool,
    /// The criterion.
    pub criterion: String,
    /// The score; none if it was not given.
    pub score: Option<u8>,
    /// How far the rater was with the summary.
    pub state: ItemState,
    /// Active time on the summary.
    pub active_ms: i64,
    /// When it was given, in Unix milliseconds; none if it was not.
    pub at_ms: Option<i64>,
}

/// A choice between two summaries, as it was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenVote {
    /// Number of the dialogue.
    pub dialogue: u32,
    /// The rater.
    pub rater: String,
    /// Key of the system on the left.
    pub left: String,
    /// Key of the system on the right.
    pub right: String,
    /// What was chosen.
    pub choice: Side,
    /// Active time.
    pub active_ms: i64,
}

/// A choice of the best and the worst of a dialogue's summaries, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenMark {
    /// Number of the dialogue.
    pub dialogue: u32,
    /// The rater.
    pub rater: String,
    /// The summaries in the order shown, with spaces between them.
    pub shown: String,
    /// The one named best.
    pub best: u32,
    /// The one named worst.
    pub worst: u32,
    /// Active time.
    pub active_ms: i64,
}

/// What a rater chose between two summaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The left one is better.
    Left,
    /// The right one is better.
    Right,
    /// Neither is.
    Tie,
}

/// The answers of the raters that count, joined with the authors of the texts.
pub(super) struct Sheet<'a> {
    pub(super) record: &'a StudyRecord,
    /// Raters that count, in the order of the roster.
    pub(super) raters: Vec<&'a str>,
    /// Items by dialogue, one for each system.
    items: BTreeMap<u32, Vec<Option<&'a RatedItem>>>,
    /// Lines of each rater about each dialogue, as it was first shown.
    first: BTreeMap<(u32, usize), Vec<&'a GivenScore>>,
}

/// What a criterion's scores come to: for each dialogue and rater one score of each system.
pub(super) struct Blocks {
    /// Scores in the order of the systems, by dialogue and place of the rater.
    pub(super) scores: BTreeMap<(u32, usize), Vec<f64>>,
    /// Dialogues of a rater in which a system has no score.
    pub(super) dropped: usize,
}

impl Blocks {
    /// For each dialogue the mean of each system over its raters.
    pub(super) fn means(&self) -> BTreeMap<u32, Vec<f64>> {
        let mut rows: BTreeMap<u32, Vec<&Vec<f64>>> = BTreeMap::new();
        for ((dialogue, _), scores) in &self.scores {
            rows.entry(*dialogue).or_default().push(scores);
        }
        let mean = |rows: Vec<&Vec<f64>>| -> Vec<f64> {
            let systems = rows.first().map_or(0, |row| row.len());
            let sum = |system: usize| rows.iter().map(|row| row[system]).sum::<f64>();
            (0..systems).map(|s| sum(s) / rows.len() as f64).collect()
        };
        rows.into_iter().map(|(d, rows)| (d, mean(rows))).collect()
    }

    /// Scores of one rater by dialogue.
    pub(super) fn of_rater(&self, rater: usize) -> BTreeMap<u32, &Vec<f64>> {
        let mine = self.scores.iter().filter(|((_, r), _)| *r == rater);
        mine.map(|((dialogue, _), scores)| (*dialogue, scores))
            .collect()
    }
}

impl<'a> Sheet<'a> {
    pub(super) fn new(record: &'a StudyRecord) -> Self {
        let plan = &record.plan;
        let counted = plan.raters.iter().filter(|rater| rater.counted);
        let raters: Vec<&str> = counted.map(|rater| rater.name.as_str()).collect();
        let mut items: BTreeMap<u32, Vec<Option<&RatedItem>>> = BTreeMap::new();
        for item in &record.items {
            let row = items
                .entry(item.d)
                .or_insert_with(|| vec![None; plan.systems.len()]);
            for (system, entry) in plan.systems.iter().zip(row) {
                if item.systems.contains(&system.key) {
                    *entry = Some(item);
                }
            }
        }
        let mut first: BTreeMap<(u32, usize), Vec<&GivenScore>> = BTreeMap::new();
        for line in record.scores.iter().filter(|line| !line.repeat) {
            if let Some(rater) = raters.iter().position(|name| *name == line.rater) {
                first.entry((line.dialogue, rater)).or_default().push(line);
            }
        }
        Self {
            record,
            raters,
            items,
            first,
        }
    }

    pub(super) fn plan(&self) -> &'a StudyPlan {
        &self.record.plan
    }

    /// The place of a system among the plan's.
    pub(super) fn system(&self, key: &str) -> Option<usize> {
        let systems = &self.record.plan.systems;
        systems.iter().position(|system| system.key == key)
    }

    /// The item of a system in a dialogue.
    pub(super) fn item(&self, dialogue: u32, system: usize) -> Option<&'a RatedItem> {
        self.items.get(&dialogue)?.get(system).copied().flatten()
    }

    /// The dialogues in which two systems wrote the same text.
    pub(super) fn same_texts(&self, a: usize, b: usize) -> BTreeSet<u32> {
        let same = |row: &Vec<Option<&RatedItem>>| match (row[a], row[b]) {
            (Some(first), Some(second)) => first.i == second.i,
            _ => false,
        };
        let equal = self.items.iter().filter(|(_, row)| same(row));
        equal.map(|(dialogue, _)| *dialogue).collect()
    }

    /// The places of the systems by which metrics are compared with people's judgement: all but the human reference.
    pub(super) fn machines(&self) -> Vec<usize> {
        let systems = self.record.plan.systems.iter().enumerate();
        let machines = systems.filter(|(_, system)| system.key != StudySystem::REFERENCE);
        machines.map(|(place, _)| place).collect()
    }

    /// All lines that count, without repeats.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &'a GivenScore)> {
        let lines = self.first.iter();
        lines.flat_map(|((_, rater), lines)| lines.iter().map(|line| (*rater, *line)))
    }

    /// Dialogues that every rater who counts has begun.
    pub(super) fn shared(&self) -> usize {
        let mut raters: BTreeMap<u32, usize> = BTreeMap::new();
        for (dialogue, _) in self.first.keys() {
            *raters.entry(*dialogue).or_default() += 1;
        }
        let everybody = raters.values().filter(|count| **count == self.raters.len());
        everybody.count()
    }

    /// The blocks of a criterion: a dialogue of a rater counts if every system has a score there.
    pub(super) fn blocks(&self, criterion: &str) -> Blocks {
        let (mut scores, mut dropped) = (BTreeMap::new(), 0);
        for ((dialogue, rater), lines) in &self.first {
            let given = |item: u32| {
                let line = lines
                    .iter()
                    .find(|line| line.item == item && line.criterion == criterion)?;
                line.score.map(f64::from)
            };
            let systems = 0..self.record.plan.systems.len();
            let row: Option<Vec<f64>> = systems
                .map(|system| given(self.item(*dialogue, system)?.i))
                .collect();
            match row {
                Some(row) => drop(scores.insert((*dialogue, *rater), row)),
                None => dropped += 1,
            }
        }
        Blocks { scores, dropped }
    }

    /// The order of a rater's dialogues, first showings only.
    pub(super) fn order(&self, rater: usize) -> Vec<u32> {
        let mine = self.first.iter().filter(|((_, r), _)| *r == rater);
        let mut steps: Vec<(u32, u32)> = mine
            .filter_map(|((dialogue, _), lines)| Some((lines.first()?.step, *dialogue)))
            .collect();
        steps.sort_unstable();
        steps.into_iter().map(|(_, dialogue)| dialogue).collect()
    }
}
