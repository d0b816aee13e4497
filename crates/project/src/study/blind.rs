//! What keeps a study blind, and what an owner may do while people rate: no answer reveals who wrote a text. The two
//! proofs, [`Opened`] for a study's results and [`Sight`] for figures of a run, are made by the store alone.
//!
//! Not defended: somebody who opens the database file, and an owner who knows a system by its style.

use std::collections::{BTreeMap, BTreeSet};

use contract::problem::StudyProblem;
use contract::{
    ArtifactKind, ItemState, PackStanding, Protocol, RaterProgress, RaterState, RunId, StageName,
    StudyName, StudyProgress, StudyState, StudySummary, excerpt,
};
use serde::Serialize;
use store::{
    NewRater, RatingContents, RatingRaterRow, RatingStepRow, RatingStudyRow, StepKind, Withdrawal,
};

pub use store::{Opened, Sight};

use super::secret::{BlindKey, SealedItem, canonical_sha256, seal};
use crate::artifact::{Output, read};
use crate::error::{Result, corrupt};
use crate::rounds::last_artifacts;
use crate::session::Session;

/// The summaries of a run's test dialogues, as they may be seen now.
#[derive(Clone, Debug, PartialEq)]
pub enum TestOutputs {
    /// With their authors: nobody rates them.
    Open(Vec<Output>),
    /// Without their authors: people are rating them.
    Blind(Vec<BlindText>),
}

/// A text about a dialogue, by a system or a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindText {
    /// Number of the dialogue in this list, from 1.
    pub dialogue: usize,
    /// The text.
    pub text: String,
}

/// Whether the study is the one that was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The assignment of texts to systems gives the seal that was shown at the start.
    pub seal_ok: bool,
    /// The protocol gives the hash that was shown at the start.
    pub protocol_ok: bool,
}

impl Session {
    /// A study by its name or its number.
    ///
    /// # Errors
    /// [`store::Error::NotFound`].
    pub fn study_row(&self, study: &StudyName) -> Result<RatingStudyRow> {
        let rows = self.store.rating_studies()?;
        let named = rows.iter().position(|row| row.name == *study);
        let numbered = || {
            rows.iter()
                .position(|row| row.id.to_string() == study.as_str())
        };
        let found = named.or_else(numbered);
        let found = found.and_then(|place| rows.into_iter().nth(place));
        Ok(found.ok_or_else(|| store::Error::NotFound {
            thing: contract::Thing::Study,
            key: format!("`{}`", excerpt(study)),
        })?)
    }

    /// A study that is being rated.
    pub(super) fn running_study(&self, study: &StudyName) -> Result<RatingStudyRow> {
        let row = self.study_row(study)?;
        match row.state {
            StudyState::Running => Ok(row),
            state => Err(StudyProblem::NotRunning {
                study: row.name,
                state,
            }
            .into()),
        }
    }

    /// Opens the results of a study.
    ///
    /// # Errors
    /// [`StudyProblem::Blinded`] while people rate.
    pub fn opened(&self, study: &StudyName) -> Result<Opened> {
        let row = self.study_row(study)?;
        let opened = self.store.opened(row.id)?;
        Ok(opened.ok_or(StudyProblem::Blinded {
            studies: vec![row.name],
        })?)
    }

    /// Opens the results before every rater has locked. This cannot be taken back, and every result says so.
    ///
    /// # Errors
    /// An unknown study; a draft.
    pub fn reveal(&self, study: &StudyName, reason: &str, now_ms: i64) -> Result<Opened> {
        let row = self.study_row(study)?;
        if row.state == StudyState::Draft {
            return Err(StudyProblem::NotRunning {
                study: row.name,
                state: row.state,
            }
            .into());
        }
        Ok(self.store.reveal_rating_study(row.id, reason, now_ms)?)
    }

    /// Lets figures of a run be seen; none while people rate its texts.
    pub fn may_see(&self, run: &RunId) -> Result<Option<Sight>> {
        Ok(self.store.sight(run)?)
    }

    /// Lets figures of a run be seen.
    ///
    /// # Errors
    /// [`StudyProblem::Blinded`] while people rate its texts.
    pub fn sight(&self, run: &RunId) -> Result<Sight> {
        if let Some(sight) = self.may_see(run)? {
            return Ok(sight);
        }
        let studies = self.store.rating_studies_of_run(run)?;
        let studies = studies.into_iter().map(|row| row.name).collect();
        Err(StudyProblem::Blinded { studies }.into())
    }

    /// Lets figures of a run be seen although people rate its texts; the log of each study keeps the reason, and its
    /// results print it.
    pub fn look_anyway(&self, run: &RunId, reason: &str, now_ms: i64) -> Result<Sight> {
        Ok(self.store.look_anyway(run, reason, now_ms)?)
    }

    /// The summaries of a run's test dialogues. While people rate them they come without author, in an order that is drawn
    /// from the study's secret key, with the human references among them.
    pub fn test_outputs(&self, run: &RunId) -> Result<TestOutputs> {
        let kind = ArtifactKind::Output;
        let rows = last_artifacts(&self.store, run, StageName::Evaluate, kind)?;
        let outputs: Vec<Output> = read(&rows)?;
        let studies = self.store.rating_studies_of_run(run)?;
        let Some(study) = studies.first() else {
            return Ok(TestOutputs::Open(outputs));
        };
        let key = BlindKey::from_stored(self.store.rating_blind_key(study.id)?)?;
        let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for output in outputs {
            let dialogue = texts.entry(output.id).or_default();
            dialogue.insert(output.prediction);
            dialogue.extend(output.references);
        }
        let mut draws = key.draws("outputs");
        let blind = texts.into_values().zip(1..).flat_map(|(texts, dialogue)| {
            let shuffled = draws.shuffled(texts.into_iter().collect());
            shuffled
                .into_iter()
                .map(move |text| BlindText { dialogue, text })
        });
        Ok(TestOutputs::Blind(blind.collect()))
    }

    /// Where a study's raters stand: no score, no mean.
    pub fn study_progress(&self, study: &StudyName) -> Result<StudyProgress> {
        let row = self.study_row(study)?;
        let contents = self.store.rating_contents(row.id)?;
        let presses = self.store.presses(row.id, None)?;
        let packs = self.store.rating_packs(row.id)?;
        let branches = self.store.rating_branches(row.id)?;
        let standing = |slot: &str| {
            let mut written = packs.iter().rev();
            let pack = written.find(|pack| pack.rater == slot)?;
            let merged = branches
                .iter()
                .filter(|branch| branch.pack_id == pack.pack_id);
            Some(PackStanding {
                pack_id: pack.pack_id.clone(),
                written_at_ms: pack.written_at_ms,
                merged_revision: merged.map(|branch| branch.revision).max(),
            })
        };
        let rater = |rater: &RatingRaterRow| {
            let times = contents
                .step_items
                .iter()
                .filter(|item| item.rater == rater.rater && item.state == ItemState::Done)
                .map(|item| item.active_ms as f64 / 1_000.0);
            let mine = presses.iter().filter(|press| press.rater == rater.rater);
            let (done, load) = done(&contents, &rater.rater);
            RaterProgress {
                slot: rater.rater.clone(),
                name: rater.name.clone(),
                state: rater.state,
                counted: rater.counted,
                done,
                load,
                median_s: median(times.collect()),
                last_at_ms: mine.map(|press| press.at_ms).max(),
                pack: standing(&rater.rater),
            }
        };
        Ok(StudyProgress {
            raters: contents.raters.iter().map(rater).collect(),
            revealed_early_at_ms: row.revealed_early_at_ms,
            study: summary(&row, &contents),
        })
    }

    /// Takes a rater out, before the reveal. What they rated counts if they did half of their load, unless it is said
    /// otherwise.
    ///
    /// # Errors
    /// [`StudyProblem::UnknownRater`]; [`StudyProblem::SetLocked`] for a set that is final.
    pub fn withdraw_rater(
        &self,
        study: &StudyName,
        gone: Gone<'_>,
        now_ms: i64,
    ) -> Result<StudyState> {
        let row = self.running_study(study)?;
        let contents = self.store.rating_contents(row.id)?;
        let rater = find_rater(&contents, gone.rater)?;
        if matches!(rater.state, RaterState::Locked | RaterState::Withdrawn) {
            return Err(StudyProblem::SetLocked {
                rater: rater.name.clone(),
            }
            .into());
        }
        let withdrawal = withdrawal(&contents, rater, &gone, &row);
        Ok(self.store.withdraw_raters(row.id, &[withdrawal], now_ms)?)
    }

    /// Withdraws everybody who is still rating, and so closes the study.
    ///
    /// # Errors
    /// [`StudyProblem::NotRunning`].
    pub fn close_study(&self, study: &StudyName, reason: &str, now_ms: i64) -> Result<StudyState> {
        let row = self.running_study(study)?;
        let contents = self.store.rating_contents(row.id)?;
        let open = contents
            .raters
            .iter()
            .filter(|rater| matches!(rater.state, RaterState::Invited | RaterState::Active));
        let gone: Vec<Withdrawal<'_>> = open
            .map(|rater| {
                let gone = Gone {
                    rater: &rater.rater,
                    reason,
                    counted: None,
                };
                withdrawal(&contents, rater, &gone, &row)
            })
            .collect();
        Ok(self.store.withdraw_raters(row.id, &gone, now_ms)?)
    }

    /// Puts somebody onto the roster of a study that runs. They get the dialogues that all raters rate, in their own order.
    ///
    /// # Errors
    /// A name that is on the roster; [`StudyProblem::NotRunning`].
    pub fn add_rater(&self, study: &StudyName, name: &str, now_ms: i64) -> Result<String> {
        let row = self.running_study(study)?;
        let contents = self.store.rating_contents(row.id)?;
        let slot = format!("R{}", contents.raters.len() + 1);
        let key = BlindKey::from_stored(self.store.rating_blind_key(row.id)?)?;
        let rater = RatingRaterRow {
            rater: slot.clone(),
            name: name.trim().to_owned(),
            state: RaterState::Invited,
            counted: true,
        };
        let steps = shared_steps(&contents, &key, &slot);
        self.store
            .add_rating_rater(row.id, &NewRater { rater, steps }, now_ms)?;
        Ok(slot)
    }

    /// Recomputes seal and protocol hash of an open study.
    ///
    /// # Errors
    /// A study that was brought in: it has no seal.
    pub fn verify_study(&self, opened: &Opened) -> Result<Verified> {
        let row = self.store.rating_study(opened.study())?;
        let Some(sealed) = &row.seal else {
            return Err(StudyProblem::StudyPlan {
                field: "seal".to_owned(),
                reason: "was never set: the study was rated elsewhere or by an earlier Duologue"
                    .to_owned(),
            }
            .into());
        };
        let key = BlindKey::from_stored(self.store.rating_blind_key(row.id)?)?;
        let contents = self.store.rating_contents(row.id)?;
        let mut systems: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for author in self.store.rating_authors(opened)? {
            systems.entry(author.item).or_default().push(author.system);
        }
        // Of texts that were forgotten the hashes are left.
        let mut forgotten = self.store.forgotten_texts(row.id)?;
        let items: Vec<SealedItem> = contents
            .items
            .iter()
            .map(|(item, dialogue, text)| SealedItem {
                item: *item,
                dialogue: *dialogue,
                text_sha256: forgotten
                    .remove(item)
                    .unwrap_or_else(|| store::sha256_hex(text.as_bytes())),
                systems: systems.remove(item).unwrap_or_default(),
            })
            .collect();
        let protocol: Protocol = serde_json::from_value(row.protocol.clone())
            .map_err(|error| corrupt("protocol", error))?;
        Ok(Verified {
            seal_ok: seal(&items, &key)? == *sealed,
            protocol_ok: canonical_sha256(&protocol)? == row.protocol_sha256,
        })
    }
}

/// A rater who is to be taken out.
#[derive(Clone, Copy, Debug)]
pub struct Gone<'a> {
    /// Their name or slot.
    pub rater: &'a str,
    /// Why they are to be taken out.
    pub reason: &'a str,
    /// Whether what they rated counts; by default if they did half of their load.
    pub counted: Option<bool>,
}

fn withdrawal<'a>(
    contents: &RatingContents,
    rater: &'a RatingRaterRow,
    gone: &Gone<'a>,
    row: &RatingStudyRow,
) -> Withdrawal<'a> {
    let (done, load) = done(contents, &rater.rater);
    let is_half = done > 0 && 2 * done >= load;
    // After an early reveal nobody may choose any more.
    let counted = match row.revealed_early_at_ms {
        Some(_) => rater.counted,
        None => gone.counted.unwrap_or(is_half),
    };
    Withdrawal {
        rater: &rater.rater,
        reason: gone.reason,
        counted,
    }
}

/// The rater with this name or slot.
pub(super) fn find_rater<'a>(
    contents: &'a RatingContents,
    rater: &str,
) -> Result<&'a RatingRaterRow, StudyProblem> {
    let mut raters = contents.raters.iter();
    let named = raters.find(|known| known.name == rater || known.rater == rater);
    named.ok_or_else(|| StudyProblem::UnknownRater {
        rater: rater.to_owned(),
        known: contents
            .raters
            .iter()
            .map(|known| known.name.clone())
            .collect(),
    })
}

/// Whether a rater has finished a step: every item is done or left out.
pub(super) fn is_submitted(contents: &RatingContents, step: &RatingStepRow) -> bool {
    let finished = |item: &u32| {
        contents.step_items.iter().any(|row| {
            row.rater == step.rater
                && row.step == step.step
                && row.item == *item
                && row.state != ItemState::Draft
        })
    };
    !step.items.is_empty() && step.items.iter().all(finished)
}

/// Steps of a rater that are finished, and all of them.
pub(super) fn done(contents: &RatingContents, rater: &str) -> (usize, usize) {
    let steps: Vec<&RatingStepRow> = contents
        .steps
        .iter()
        .filter(|step| step.rater == rater)
        .collect();
    let finished = steps
        .iter()
        .filter(|step| is_submitted(contents, step))
        .count();
    (finished, steps.len())
}

/// Steps about the dialogues that every rater was given, in an order of this slot's own.
fn shared_steps(contents: &RatingContents, key: &BlindKey, slot: &str) -> Vec<RatingStepRow> {
    // The dialogues of an audit have several steps each.
    let mut given: BTreeMap<_, (BTreeSet<&str>, &RatingStepRow)> = BTreeMap::new();
    let first = contents
        .steps
        .iter()
        .filter(|step| step.kind != StepKind::Repeat);
    for step in first {
        let texts: BTreeSet<u32> = step.items.iter().copied().collect();
        let entry = given.entry((step.dialogue, step.pair, texts));
        entry
            .or_insert_with(|| (BTreeSet::new(), step))
            .0
            .insert(&step.rater);
    }
    let everybody = contents.raters.len();
    let common = given
        .into_values()
        .filter(|(raters, _)| raters.len() >= everybody.max(1));
    let mut steps: Vec<&RatingStepRow> = common.map(|(_, step)| step).collect();
    let mut draws = key.draws(&format!("dialogues/{slot}"));
    steps = draws.shuffled(steps);
    steps
        .into_iter()
        .zip(0..)
        .map(|(step, number)| RatingStepRow {
            rater: slot.to_owned(),
            step: number,
            kind: step.kind,
            dialogue: step.dialogue,
            items: draws.shuffled(step.items.clone()),
            pair: step.pair,
        })
        .collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(values[n / 2]),
        _ => Some((values[n / 2 - 1] + values[n / 2]) / 2.0),
    }
}

/// A study in a list.
pub(super) fn summary(row: &RatingStudyRow, contents: &RatingContents) -> StudySummary {
    let skipped = contents
        .step_items
        .iter()
        .filter(|item| item.state == ItemState::Skipped);
    let locked = contents
        .raters
        .iter()
        .filter(|rater| rater.state == RaterState::Locked);
    StudySummary {
        study: row.id,
        name: row.name.clone(),
        kind: row.kind,
        mode: row.mode,
        state: row.state,
        imported: row.is_imported,
        opened: row.state == StudyState::Closed || row.revealed_early_at_ms.is_some(),
        raters: contents.raters.len(),
        locked: locked.count(),
        items: contents.items.len(),
        ratings: contents.scores.len() + contents.choices.len(),
        skipped: skipped.count(),
        protocol_sha256: row.protocol_sha256.clone(),
        seal: row.seal.clone(),
        created_at_ms: row.created_at_ms,
        runs: Vec::new(),
    }
}
