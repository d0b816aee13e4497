//! Rated studies in the workspace: a record becomes rows and rows become the record again, so that a study that was
//! brought in, or has been rated here, gives the same results from the same function.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Protocol, StudyPlan, StudyRater, StudyResults, StudySummary};
use serde_json::json;
use store::{
    Opened, RatedStudy, RatingAuthorRow, RatingChoiceRow, RatingContents, RatingDialogueRow,
    RatingRaterRow, RatingScoreRow, RatingStepItemRow, RatingStepRow, RatingStudyRow,
    RatingSystemRow, StepKind,
};

use super::blind::summary;
use super::desk::NOT_APPLICABLE;
use super::record::{
    GivenMark, GivenScore, GivenVote, RatedDialogue, RatedItem, Side, StudyRecord,
};
use super::results::results;
use crate::error::{Result, corrupt};
use crate::session::Session;

impl Session {
    /// Puts a study that was rated elsewhere into the workspace, under its own title.
    pub fn take_study(&self, record: &StudyRecord, now_ms: i64) -> Result<StudySummary> {
        let row = self.store.insert_rated_study(&rows(record, now_ms))?;
        self.study_summary(&row)
    }

    /// The studies, newest first.
    pub fn rated_studies(&self) -> Result<Vec<StudySummary>> {
        let rows = self.store.rating_studies()?;
        rows.iter().map(|row| self.study_summary(row)).collect()
    }

    fn study_summary(&self, row: &RatingStudyRow) -> Result<StudySummary> {
        let mut summary = summary(row, &self.store.rating_contents(row.id)?);
        if let Some(opened) = self.store.opened(row.id)? {
            summary.runs = self.store.rating_runs(&opened)?;
        }
        Ok(summary)
    }

    /// A study with everything that was answered and with the authors of the texts.
    pub fn rated_study(&self, opened: &Opened) -> Result<StudyRecord> {
        let row = self.store.rating_study(opened.study())?;
        let contents = self.store.rating_contents(row.id)?;
        let authors = self.store.rating_authors(opened)?;
        let dialogues = contents.dialogues.clone();
        let mut record = record(&row, contents, &authors)?;
        if !row.is_imported {
            let protocol: Protocol =
                serde_json::from_value(row.protocol).map_err(|error| corrupt("protocol", error))?;
            self.add_measured(&protocol, &dialogues, &mut record)?;
        }
        Ok(record)
    }

    /// Every number of a study's results page.
    pub fn rated_results(&self, opened: &Opened) -> Result<StudyResults> {
        Ok(results(&self.rated_study(opened)?))
    }

    /// Removes a rated study with its texts and answers.
    pub fn delete_rated_study(&self, study: i64) -> Result<()> {
        Ok(self.store.delete_rating_study(study)?)
    }
}

/// Dialogue, kind, items with their places, and what was answered about each of a rater's steps.
type Steps<'a> = BTreeMap<(&'a str, u32), Vec<&'a GivenScore>>;

fn rows(record: &StudyRecord, now_ms: i64) -> RatedStudy {
    let plan = &record.plan;
    let mut contents = RatingContents {
        dialogues: record
            .dialogues
            .iter()
            .map(|dialogue| RatingDialogueRow {
                dialogue: dialogue.d,
                example: None,
                turns: json!(dialogue.turns),
            })
            .collect(),
        items: record
            .items
            .iter()
            .map(|item| (item.i, item.d, item.text.clone()))
            .collect(),
        raters: plan
            .raters
            .iter()
            .map(|rater| RatingRaterRow {
                rater: rater.name.clone(),
                name: rater.name.clone(),
                state: rater.state,
                counted: rater.counted,
            })
            .collect(),
        ..RatingContents::default()
    };
    let mut steps = Steps::new();
    for line in &record.scores {
        let step = steps.entry((&line.rater, line.step)).or_default();
        step.push(line);
    }
    for lines in steps.values() {
        add_step(&mut contents, lines);
    }
    add_votes(&mut contents, record);
    let authors = record.items.iter().flat_map(|item| {
        item.systems.iter().map(|system| RatingAuthorRow {
            item: item.i,
            system: system.clone(),
            metrics: json!(item.metrics),
        })
    });
    RatedStudy {
        name: plan.title.clone(),
        kind: plan.kind,
        frozen: None,
        mode: plan.mode,
        state: plan.state,
        protocol: json!(plan),
        created_at_ms: now_ms,
        revealed_early_at_ms: plan.revealed_early,
        systems: plan
            .systems
            .iter()
            .map(|system| RatingSystemRow {
                system: system.key.clone(),
                label: system.label.clone(),
                run: None,
            })
            .collect(),
        contents,
        authors: authors.collect(),
    }
}

fn add_step(contents: &mut RatingContents, lines: &[&GivenScore]) {
    let Some(first) = lines.first() else { return };
    let shown: BTreeSet<(u32, u32)> = lines.iter().map(|line| (line.place, line.item)).collect();
    let (rater, step) = (&first.rater, first.step);
    contents.steps.push(RatingStepRow {
        rater: rater.clone(),
        step,
        kind: match first.repeat {
            true => StepKind::Repeat,
            false => StepKind::Rate,
        },
        dialogue: first.dialogue,
        items: shown.iter().map(|(_, item)| *item).collect(),
        pair: None,
    });
    let mut seen = BTreeSet::new();
    for line in lines {
        if seen.insert(line.item) {
            contents.step_items.push(RatingStepItemRow {
                rater: rater.clone(),
                step,
                item: line.item,
                state: line.state,
                reason: None,
                note: String::new(),
                flagged: false,
                active_ms: line.active_ms,
                idle_ms: 0,
            });
        }
        if let Some(score) = line.score {
            contents.scores.push(RatingScoreRow {
                rater: rater.clone(),
                step,
                item: line.item,
                criterion: line.criterion.clone(),
                score,
                at_ms: line.at_ms.unwrap_or_default(),
            });
        }
    }
}

/// A choice of the best and the worst is a step like a dialogue that is scored.
fn add_marks(
    contents: &mut RatingContents,
    record: &StudyRecord,
    next: &mut BTreeMap<String, u32>,
) {
    for mark in &record.marks {
        let step = next.entry(mark.rater.clone()).or_default();
        let items = mark.shown.split(' ').filter_map(|item| item.parse().ok());
        contents.steps.push(RatingStepRow {
            rater: mark.rater.clone(),
            step: *step,
            kind: StepKind::Rate,
            dialogue: mark.dialogue,
            items: items.collect(),
            pair: None,
        });
        contents.choices.push(RatingChoiceRow {
            rater: mark.rater.clone(),
            step: *step,
            best: Some(mark.best),
            worst: Some(mark.worst),
            active_ms: mark.active_ms,
            at_ms: None,
        });
        *step += 1;
    }
}

/// Votes follow the rater's other steps, one step for each pair. A pair without two texts has nothing to choose from.
fn add_votes(contents: &mut RatingContents, record: &StudyRecord) {
    let item_of = |dialogue: u32, system: &String| {
        let mut items = record.items.iter();
        let written = items.find(|item| item.d == dialogue && item.systems.contains(system));
        written.map(|item| item.i)
    };
    let mut next: BTreeMap<String, u32> = BTreeMap::new();
    for line in &record.scores {
        let step = next.entry(line.rater.clone()).or_default();
        *step = (*step).max(line.step + 1);
    }
    for vote in &record.votes {
        let items = (
            item_of(vote.dialogue, &vote.left),
            item_of(vote.dialogue, &vote.right),
        );
        let pair = record.plan.comparisons.iter().position(|planned| {
            [&vote.left, &vote.right] == [&planned.a, &planned.b]
                || [&vote.left, &vote.right] == [&planned.b, &planned.a]
        });
        let ((Some(left), Some(right)), Some(pair)) = (items, pair) else {
            continue;
        };
        let step = next.entry(vote.rater.clone()).or_default();
        contents.steps.push(RatingStepRow {
            rater: vote.rater.clone(),
            step: *step,
            kind: StepKind::Pair,
            dialogue: vote.dialogue,
            items: vec![left, right],
            pair: Some(pair as u32),
        });
        contents.choices.push(RatingChoiceRow {
            rater: vote.rater.clone(),
            step: *step,
            best: match vote.choice {
                Side::Left => Some(left),
                Side::Right => Some(right),
                Side::Tie => None,
            },
            worst: None,
            active_ms: vote.active_ms,
            at_ms: None,
        });
        *step += 1;
    }
    add_marks(contents, record, &mut next);
}

/// The record of stored rows. Roster and state are those of the tables, which change after the plan is fixed.
fn record(
    row: &RatingStudyRow,
    contents: RatingContents,
    authors: &[RatingAuthorRow],
) -> Result<StudyRecord> {
    let what = format!("rating study {}", row.id);
    let raters = contents
        .raters
        .iter()
        .map(|rater| StudyRater {
            name: rater.rater.clone(),
            state: rater.state,
            counted: rater.counted,
        })
        .collect();
    let plan = match row.is_imported {
        true => serde_json::from_value(row.protocol.clone()),
        false => serde_json::from_value(row.protocol.clone())
            .map(|protocol: Protocol| protocol.plan(row.state, Vec::new())),
    };
    let mut plan: StudyPlan = plan.map_err(|error| corrupt(&what, error))?;
    plan.title.clone_from(&row.name);
    plan.state = row.state;
    plan.revealed_early = row.revealed_early_at_ms;
    plan.raters = raters;
    let mut items: BTreeMap<u32, RatedItem> = BTreeMap::new();
    for (i, d, text) in &contents.items {
        items.insert(
            *i,
            RatedItem {
                i: *i,
                d: *d,
                systems: Vec::new(),
                text: text.clone(),
                metrics: BTreeMap::new(),
            },
        );
    }
    for author in authors {
        if let Some(item) = items.get_mut(&author.item) {
            item.systems.push(author.system.clone());
            item.metrics = serde_json::from_value(author.metrics.clone())
                .map_err(|error| corrupt(&what, error))?;
        }
    }
    let dialogues = contents.dialogues.iter().map(|row| {
        let turns =
            serde_json::from_value(row.turns.clone()).map_err(|error| corrupt(&what, error))?;
        Ok(RatedDialogue {
            d: row.dialogue,
            turns,
        })
    });
    let dialogues = dialogues.collect::<Result<_>>()?;
    let items: Vec<RatedItem> = items.into_values().collect();
    Ok(StudyRecord {
        scores: scores(&plan, &contents),
        votes: votes(&plan, &items, &contents),
        marks: marks(&plan, &contents),
        plan,
        dialogues,
        items,
    })
}

/// A line for each criterion of each summary that a rater was shown, with or without a score.
fn scores(plan: &StudyPlan, contents: &RatingContents) -> Vec<GivenScore> {
    // What came after an early reveal was no longer blind.
    let is_blind = |row: &&RatingScoreRow| {
        plan.revealed_early
            .is_none_or(|revealed| row.at_ms <= revealed)
    };
    let given: BTreeMap<(&str, u32, u32, &str), &RatingScoreRow> = contents
        .scores
        .iter()
        .filter(is_blind)
        .map(|row| {
            let key = (
                row.rater.as_str(),
                row.step,
                row.item,
                row.criterion.as_str(),
            );
            (key, row)
        })
        .collect();
    let states: BTreeMap<(&str, u32, u32), &RatingStepItemRow> = contents
        .step_items
        .iter()
        .map(|row| ((row.rater.as_str(), row.step, row.item), row))
        .collect();
    let mut lines = Vec::new();
    for step in &contents.steps {
        for (item, place) in step.items.iter().zip(0..) {
            let Some(shown) = states.get(&(step.rater.as_str(), step.step, *item)) else {
                continue;
            };
            for criterion in &plan.criteria {
                let key = (
                    step.rater.as_str(),
                    step.step,
                    *item,
                    criterion.key.as_str(),
                );
                let score = given.get(&key);
                lines.push(GivenScore {
                    dialogue: step.dialogue,
                    item: *item,
                    rater: step.rater.clone(),
                    step: step.step,
                    place,
                    repeat: step.kind == StepKind::Repeat,
                    criterion: criterion.key.clone(),
                    score: score
                        .map(|row| row.score)
                        .filter(|score| *score != NOT_APPLICABLE),
                    state: shown.state,
                    active_ms: shown.active_ms,
                    at_ms: score.map(|row| row.at_ms),
                });
            }
        }
    }
    lines
}

fn votes(plan: &StudyPlan, items: &[RatedItem], contents: &RatingContents) -> Vec<GivenVote> {
    let steps: BTreeMap<(&str, u32), &RatingStepRow> = contents
        .steps
        .iter()
        .map(|step| ((step.rater.as_str(), step.step), step))
        .collect();
    let wrote = |item: u32, system: &String| {
        let mut items = items.iter().filter(|known| known.i == item);
        items.any(|known| known.systems.contains(system))
    };
    let vote = |choice: &RatingChoiceRow| {
        let step = steps.get(&(choice.rater.as_str(), choice.step))?;
        let pair = plan.comparisons.get(step.pair? as usize)?;
        let (left, right) = match step.items.as_slice() {
            [left, right] if wrote(*left, &pair.a) && wrote(*right, &pair.b) => (&pair.a, &pair.b),
            [_, _] => (&pair.b, &pair.a),
            _ => return None,
        };
        Some(GivenVote {
            dialogue: step.dialogue,
            rater: step.rater.clone(),
            left: left.clone(),
            right: right.clone(),
            choice: match choice.best {
                None => Side::Tie,
                Some(best) if step.items.first() == Some(&best) => Side::Left,
                Some(_) => Side::Right,
            },
            active_ms: choice.active_ms,
        })
    };
    // What came after an early reveal was no longer blind.
    let is_blind = |row: &&RatingChoiceRow| {
        let is_late = |revealed| row.at_ms.is_some_and(|at_ms| at_ms > revealed);
        !plan.revealed_early.is_some_and(is_late)
    };
    contents
        .choices
        .iter()
        .filter(is_blind)
        .filter_map(vote)
        .collect()
}

/// Choices of the best and the worst, first showings only.
fn marks(plan: &StudyPlan, contents: &RatingContents) -> Vec<GivenMark> {
    let mark = |choice: &RatingChoiceRow| {
        let step = contents.steps.iter().find(|step| {
            step.rater == choice.rater && step.step == choice.step && step.kind == StepKind::Rate
        })?;
        let is_late = |revealed| choice.at_ms.is_some_and(|at_ms| at_ms > revealed);
        if plan.revealed_early.is_some_and(is_late) {
            return None;
        }
        let shown: Vec<String> = step.items.iter().map(u32::to_string).collect();
        Some(GivenMark {
            dialogue: step.dialogue,
            rater: choice.rater.clone(),
            shown: shown.join(" "),
            best: choice.best?,
            worst: choice.worst?,
            active_ms: choice.active_ms,
        })
    };
    contents.choices.iter().filter_map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use super::*;
    use std::path::Path;

    #[test]
    fn a_study_comes_back_from_the_workspace() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/study_results");
        let read = import::read(&golden).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let session = Session::open(dir.path()).unwrap();
        let taken = session.take_study(&read, 5).unwrap();
        assert_eq!(
            session.rated_studies().unwrap(),
            std::slice::from_ref(&taken)
        );
        let (by_name, by_number) = (read.plan.title.clone(), taken.study.to_string());
        let opened = session.opened(&by_name).unwrap();
        let kept = session.rated_study(&opened).unwrap();
        assert_eq!(
            (kept.scores.len(), kept.votes.len()),
            (read.scores.len(), read.votes.len())
        );
        assert_eq!(
            session
                .rated_results(&session.opened(&by_number.as_str().into()).unwrap())
                .unwrap(),
            results(&read)
        );
        assert!(session.take_study(&read, 6).is_err(), "the name is taken");
        session.delete_rated_study(taken.study).unwrap();
        assert!(session.opened(&by_name).is_err());
    }
}
