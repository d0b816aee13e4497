//! The rater's desk: what they were given, in their order, and every press. Summaries are named by their place in a step,
//! never by a number that would tell when one comes a second time.

use std::collections::BTreeMap;

use contract::problem::{StudyProblem, WrongState};
use contract::{
    Criterion, Desk, DeskAct, DeskChoice, DeskItem, DeskPress, DeskStep, DeskTurn, ItemState,
    Protocol, RaterAct, RaterState, RatingMode, StudyName, StudyPlan, StudyState, Words,
};
use serde_json::{Value, json};
use store::{
    Chosen, DeskEdit, DeskTime, RatingContents, RatingPressRow, RatingRaterRow, RatingStepRow,
    RatingStudyRow,
};

use super::blind::{done, find_rater, is_submitted};
use super::instrument;
use super::record::RatedTurn;
use crate::error::{Result, corrupt};
use crate::session::Session;

/// Score of "not applicable": it is an answer, and counts as missing.
pub const NOT_APPLICABLE: u8 = 0;

/// What a study asks, wherever it comes from.
pub(super) struct Asked {
    pub(super) criteria: Vec<Criterion>,
    pub(super) question: Words,
    pub(super) guideline: contract::Guideline,
    pub(super) check: Vec<contract::CheckStatement>,
    pub(super) warmup: Option<contract::Warmup>,
}

impl Asked {
    /// A study of an earlier version takes the words of its criteria from this one.
    pub(super) fn new(row: &RatingStudyRow) -> Result<Self> {
        let what = format!("protocol of study {}", row.id);
        if row.is_imported {
            let plan: StudyPlan = serde_json::from_value(row.protocol.clone())
                .map_err(|error| corrupt(&what, error))?;
            let criteria = plan.criteria.iter();
            return Ok(Self {
                criteria: criteria
                    .filter_map(|criterion| instrument::criterion_by_key(&criterion.key))
                    .collect(),
                question: instrument::question(row.mode),
                guideline: instrument::guideline(row.kind, None),
                check: Vec::new(),
                warmup: None,
            });
        }
        let protocol: Protocol =
            serde_json::from_value(row.protocol.clone()).map_err(|error| corrupt(&what, error))?;
        Ok(Self {
            question: protocol
                .question
                .unwrap_or_else(|| instrument::question(row.mode)),
            criteria: protocol.criteria,
            guideline: protocol.guideline,
            check: protocol.check,
            warmup: protocol.warmup,
        })
    }
}

/// A study opened for one rater.
struct Sitting {
    row: RatingStudyRow,
    contents: RatingContents,
    rater: RatingRaterRow,
    asked: Asked,
    presses: Vec<RatingPressRow>,
}

impl Session {
    fn sitting(&self, study: &StudyName, rater: &str) -> Result<Sitting> {
        let row = self.study_row(study)?;
        if row.state == StudyState::Draft {
            return Err(StudyProblem::NotRunning {
                study: row.name,
                state: row.state,
            }
            .into());
        }
        let contents = self.store.rating_contents(row.id)?;
        let rater = find_rater(&contents, rater)?.clone();
        Ok(Sitting {
            asked: Asked::new(&row)?,
            presses: self.store.presses(row.id, Some(&rater.rater))?,
            row,
            contents,
            rater,
        })
    }

    /// Everything that a rater needs to go on.
    ///
    /// # Errors
    /// [`StudyProblem::UnknownRater`] for somebody who is not on the roster.
    pub fn desk(&self, study: &StudyName, rater: &str) -> Result<Desk> {
        let sitting = self.sitting(study, rater)?;
        let turns = sitting.turns()?;
        let steps = sitting.steps();
        let steps = steps.into_iter().map(|step| sitting.shown(step, &turns));
        Ok(Desk {
            study: sitting.row.id,
            title: sitting.row.name.clone(),
            kind: sitting.row.kind,
            mode: sitting.row.mode,
            slot: sitting.rater.rater.clone(),
            name: sitting.rater.name.clone(),
            state: sitting.rater.state,
            steps: steps.collect(),
            introduced: sitting.is_introduced(),
            can_undo: sitting.can_undo(),
            guideline: sitting.asked.guideline,
            criteria: sitting.asked.criteria,
            question: sitting.asked.question,
            check: sitting.asked.check,
            warmup: sitting.asked.warmup,
        })
    }

    /// Keeps a press, and returns the step as it is then; none for what belongs to no step.
    ///
    /// # Errors
    /// [`StudyProblem`] for a set that is final, a step that is finished, and what was never shown; a score outside its scale.
    pub fn press_desk(
        &self,
        study: &StudyName,
        rater: &str,
        press: &DeskPress,
        now_ms: i64,
    ) -> Result<Option<DeskStep>> {
        let sitting = self.sitting(study, rater)?;
        sitting.may_change()?;
        let (what, edits, detail) = sitting.changes(press, now_ms)?;
        let time = press.time.map(|time| -> Result<DeskTime> {
            Ok(DeskTime {
                step: press.step,
                item: sitting.item(press.step, time.place)?,
                active_ms: time.active_ms.into(),
                idle_ms: time.idle_ms.into(),
            })
        });
        let kept = store::DeskPress {
            what,
            edits,
            detail,
            time: time.transpose()?,
            at_ms: now_ms,
        };
        self.store
            .press(sitting.row.id, &sitting.rater.rater, &kept)?;
        if matches!(what, RaterAct::Check | RaterAct::Warmup) {
            return Ok(None);
        }
        self.desk_step(study, rater, press.step).map(Some)
    }

    fn desk_step(&self, study: &StudyName, rater: &str, step: u32) -> Result<DeskStep> {
        let sitting = self.sitting(study, rater)?;
        Ok(sitting.shown(sitting.step(step)?, &sitting.turns()?))
    }

    /// Takes the last press back; returns the step that it was about, as it is then, or none if there is nothing to
    /// take back.
    ///
    /// # Errors
    /// [`StudyProblem::SetLocked`].
    pub fn undo_desk(
        &self,
        study: &StudyName,
        rater: &str,
        now_ms: i64,
    ) -> Result<Option<DeskStep>> {
        let sitting = self.sitting(study, rater)?;
        sitting.may_change()?;
        let undone = self
            .store
            .undo_press(sitting.row.id, &sitting.rater.rater, now_ms)?;
        let step = undone.as_deref().and_then(<[DeskEdit]>::first);
        let step = step.map(|edit| match edit {
            DeskEdit::Score { step, .. }
            | DeskEdit::Choice { step, .. }
            | DeskEdit::State { step, .. }
            | DeskEdit::Note { step, .. }
            | DeskEdit::Flag { step, .. } => *step,
        });
        step.map(|step| self.desk_step(study, rater, step))
            .transpose()
    }

    /// Makes a rater's set final; with the last one the study closes.
    ///
    /// # Errors
    /// [`WrongState::Unrated`] while something is left to do.
    pub fn lock_set(&self, study: &StudyName, rater: &str, now_ms: i64) -> Result<StudyState> {
        let sitting = self.sitting(study, rater)?;
        sitting.may_change()?;
        let (done, total) = done(&sitting.contents, &sitting.rater.rater);
        if done < total {
            return Err(WrongState::Unrated {
                open: total - done,
                total,
            }
            .into());
        }
        Ok(self
            .store
            .lock_rating_rater(sitting.row.id, &sitting.rater.rater, now_ms)?)
    }
}

impl Sitting {
    fn may_change(&self) -> Result<(), StudyProblem> {
        match (self.row.state, self.rater.state) {
            (StudyState::Running, RaterState::Invited | RaterState::Active) => Ok(()),
            (StudyState::Running, RaterState::Locked | RaterState::Withdrawn) => {
                Err(StudyProblem::SetLocked {
                    rater: self.rater.name.clone(),
                })
            }
            (state, _) => Err(StudyProblem::NotRunning {
                study: self.row.name.clone(),
                state,
            }),
        }
    }

    fn steps(&self) -> Vec<&RatingStepRow> {
        let steps = self.contents.steps.iter();
        steps
            .filter(|step| step.rater == self.rater.rater)
            .collect()
    }

    fn step(&self, number: u32) -> Result<&RatingStepRow, StudyProblem> {
        let steps = self.steps();
        let found = steps.into_iter().find(|step| step.step == number);
        found.ok_or_else(|| unknown(number, "it was not given to this rater"))
    }

    fn item(&self, number: u32, place: u32) -> Result<u32, StudyProblem> {
        let items = &self.step(number)?.items;
        let item = items.get(place as usize).copied();
        item.ok_or_else(|| unknown(number, "it has no such summary"))
    }

    /// Turns of every dialogue.
    fn turns(&self) -> Result<BTreeMap<u32, Vec<DeskTurn>>> {
        let what = format!("study {}", self.row.id);
        let dialogues = self.contents.dialogues.iter().map(|row| {
            let turns: Vec<RatedTurn> =
                serde_json::from_value(row.turns.clone()).map_err(|error| corrupt(&what, error))?;
            let turns = turns.into_iter().map(|turn| DeskTurn {
                speaker: turn.s,
                text: turn.t,
            });
            Ok((row.dialogue, turns.collect()))
        });
        dialogues.collect()
    }

    fn shown(&self, step: &RatingStepRow, turns: &BTreeMap<u32, Vec<DeskTurn>>) -> DeskStep {
        let place = |item: u32| {
            let place = step.items.iter().position(|known| *known == item);
            place.map(|place| place as u32)
        };
        let mut choices = self.contents.choices.iter();
        let choice = choices.find(|row| row.rater == step.rater && row.step == step.step);
        DeskStep {
            step: step.step,
            turns: turns.get(&step.dialogue).cloned().unwrap_or_default(),
            items: step
                .items
                .iter()
                .map(|item| self.shown_item(step, *item))
                .collect(),
            choice: choice.map(|row| DeskChoice {
                best: row.best.and_then(place),
                worst: row.worst.and_then(place),
            }),
            submitted: is_submitted(&self.contents, step),
        }
    }

    fn shown_item(&self, step: &RatingStepRow, item: u32) -> DeskItem {
        let texts = &self.contents.items;
        let text = texts.iter().find(|(number, _, _)| *number == item);
        let mut states = self.contents.step_items.iter();
        let state =
            states.find(|row| row.rater == step.rater && row.step == step.step && row.item == item);
        let scores = self
            .contents
            .scores
            .iter()
            .filter(|row| row.rater == step.rater && row.step == step.step && row.item == item);
        DeskItem {
            text: text.map(|(_, _, text)| text.clone()).unwrap_or_default(),
            scores: scores
                .map(|row| (row.criterion.clone(), row.score))
                .collect(),
            state: state.map(|row| row.state),
            reason: state.and_then(|row| row.reason),
            note: state.map(|row| row.note.clone()).unwrap_or_default(),
            flagged: state.is_some_and(|row| row.flagged),
        }
    }

    /// Whether nothing comes before the first dialogue any more: each statement was judged correctly once, each example
    /// was rated, or the rater has begun all the same.
    fn is_introduced(&self) -> bool {
        let has_begun = self
            .contents
            .step_items
            .iter()
            .any(|row| row.rater == self.rater.rater);
        let places = |what: RaterAct| {
            let mine = self.presses.iter().filter(move |press| press.what == what);
            let detail = mine.map(|press| serde_json::from_value(press.payload.detail.clone()));
            detail
                .filter_map(|detail: Result<Introduced, _>| detail.ok())
                .filter(|detail| detail.right)
                .map(|detail| detail.place)
                .collect::<std::collections::BTreeSet<u32>>()
                .len()
        };
        let examples = self
            .asked
            .warmup
            .as_ref()
            .map_or(0, |warmup| warmup.items.len());
        has_begun
            || (places(RaterAct::Check) >= self.asked.check.len()
                && places(RaterAct::Warmup) >= examples)
    }

    fn can_undo(&self) -> bool {
        let undone: Vec<u32> = self
            .presses
            .iter()
            .filter_map(|press| press.payload.undone)
            .collect();
        self.presses
            .iter()
            .any(|press| !press.payload.back.is_empty() && !undone.contains(&press.seq))
    }

    /// What a press changes, with what the record calls it.
    fn changes(&self, press: &DeskPress, now_ms: i64) -> Result<(RaterAct, Vec<DeskEdit>, Value)> {
        let step = press.step;
        let none = Value::Null;
        Ok(match &press.act {
            DeskAct::Check { place, answer } => {
                let statement = self.asked.check.get(*place as usize);
                let statement =
                    statement.ok_or_else(|| unknown(*place, "there is no such statement"))?;
                let detail = Introduced {
                    place: *place,
                    right: statement.holds == *answer,
                    scores: BTreeMap::new(),
                };
                (RaterAct::Check, Vec::new(), json!(detail))
            }
            DeskAct::Warmup { place, scores } => {
                let detail = Introduced {
                    place: *place,
                    right: true,
                    scores: scores.clone(),
                };
                (RaterAct::Warmup, Vec::new(), json!(detail))
            }
            DeskAct::Note { place, text } => {
                let item = self.item(step, *place)?;
                let note = text.trim().to_owned();
                (
                    RaterAct::Note,
                    vec![DeskEdit::Note { step, item, note }],
                    none,
                )
            }
            DeskAct::Flag { place, flagged } => {
                let (item, flagged) = (self.item(step, *place)?, *flagged);
                (
                    RaterAct::Flag,
                    vec![DeskEdit::Flag {
                        step,
                        item,
                        flagged,
                    }],
                    none,
                )
            }
            DeskAct::Score {
                place,
                criterion,
                score,
            } => {
                let item = self.open_item(step, *place)?;
                self.check_score(criterion, *score)?;
                let what = if score.is_some() {
                    RaterAct::Score
                } else {
                    RaterAct::Clear
                };
                // A score takes back a decision to leave the summary out.
                let edits = vec![
                    DeskEdit::State {
                        step,
                        item,
                        state: Some(ItemState::Draft),
                        reason: None,
                    },
                    DeskEdit::Score {
                        step,
                        item,
                        criterion: criterion.clone(),
                        score: *score,
                        at_ms: now_ms,
                    },
                ];
                (what, edits, none)
            }
            DeskAct::Choose { choice } => {
                let choice = choice
                    .map(|choice| self.chosen(step, choice, now_ms))
                    .transpose()?;
                self.open_item(step, 0)?;
                (
                    RaterAct::Choice,
                    vec![DeskEdit::Choice { step, choice }],
                    none,
                )
            }
            DeskAct::Skip { place, reason } => {
                let item = self.open_item(step, *place)?;
                let state = Some(ItemState::Skipped);
                (
                    RaterAct::Skip,
                    vec![DeskEdit::State {
                        step,
                        item,
                        state,
                        reason: Some(*reason),
                    }],
                    none,
                )
            }
            DeskAct::Submit => (RaterAct::Submit, self.submission(step)?, none),
        })
    }

    /// An item of a step that is not finished.
    fn open_item(&self, step: u32, place: u32) -> Result<u32, StudyProblem> {
        if is_submitted(&self.contents, self.step(step)?) {
            return Err(unknown(step, "it is finished; undo opens it again"));
        }
        self.item(step, place)
    }

    fn check_score(&self, criterion: &str, score: Option<u8>) -> Result<()> {
        let known = self
            .asked
            .criteria
            .iter()
            .find(|known| known.key == criterion);
        let known = known.ok_or_else(|| WrongState::NoSuchCriterion {
            criterion: criterion.to_owned(),
            known: self
                .asked
                .criteria
                .iter()
                .map(|known| known.key.clone())
                .collect(),
        })?;
        match score {
            None => Ok(()),
            Some(NOT_APPLICABLE) if known.na => Ok(()),
            Some(score) if (1..=known.scale.points()).contains(&score) => Ok(()),
            Some(score) => Err(store::Error::ScoreOutOfRange {
                score: score.into(),
            }
            .into()),
        }
    }

    fn chosen(&self, step: u32, choice: DeskChoice, now_ms: i64) -> Result<Chosen, StudyProblem> {
        let item = |place: Option<u32>| place.map(|place| self.item(step, place)).transpose();
        let (best, worst) = (item(choice.best)?, item(choice.worst)?);
        let is_whole = match self.row.mode {
            RatingMode::BestWorst => best.is_some() && best != worst,
            RatingMode::Pair => worst.is_none(),
            RatingMode::Criteria => false,
        };
        match is_whole {
            true => Ok(Chosen {
                best,
                worst,
                at_ms: now_ms,
            }),
            false => Err(unknown(step, "it does not ask for this choice")),
        }
    }

    /// Finishing a step needs every score, or the choice.
    fn submission(&self, number: u32) -> Result<Vec<DeskEdit>> {
        let step = self.step(number)?;
        let turns = BTreeMap::new();
        let shown = self.shown(step, &turns);
        let is_scored = |item: &DeskItem| {
            let mut criteria = self.asked.criteria.iter();
            criteria.all(|criterion| item.scores.contains_key(&criterion.key))
        };
        let needs_scores = self.row.mode == RatingMode::Criteria;
        let mut edits = Vec::new();
        let mut open = 0;
        for (item, key) in shown.items.iter().zip(&step.items) {
            let is_skipped = item.state == Some(ItemState::Skipped);
            if !is_skipped && needs_scores && !is_scored(item) {
                open += 1;
            }
            if !is_skipped {
                edits.push(DeskEdit::State {
                    step: number,
                    item: *key,
                    state: Some(ItemState::Done),
                    reason: None,
                });
            }
        }
        let is_chosen = match (self.row.mode, shown.choice) {
            (RatingMode::Criteria, _) => true,
            (RatingMode::Pair, choice) => choice.is_some(),
            (RatingMode::BestWorst, choice) => choice.is_some_and(|choice| choice.worst.is_some()),
        };
        if open > 0 || (!is_chosen && !edits.is_empty()) {
            let total = shown.items.len();
            return Err(WrongState::Unrated {
                open: open.max(1),
                total,
            }
            .into());
        }
        Ok(edits)
    }
}

/// What the record keeps of a statement or an example.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Introduced {
    pub(super) place: u32,
    pub(super) right: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) scores: BTreeMap<String, u8>,
}

pub(super) fn unknown(step: u32, reason: &str) -> StudyProblem {
    StudyProblem::UnknownItem {
        step,
        reason: reason.to_owned(),
    }
}
