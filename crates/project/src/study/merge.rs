//! Answers of a rater pack come back as a file: a complete snapshot, which takes the place of what the same browser or
//! program sent before. Two sets of answers of one rater are never averaged and never mixed: the owner says which set counts.
//!
//! Flow: the file's envelope ([`super::pack::file`]) → who it says it is from ([`claimed`]) → the answers, each checked
//! against what the rater was shown ([`read_answers`]) → one transaction ([`store::Store::merge_rating_answers`]).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use contract::problem::{StudyProblem, WrongState};
use contract::{
    AnswersHeader, Conflict, Criterion, Envelope, FileAction, ItemState, Keep, Merged, PackAnswers,
    PackFormat, RaterAct, RaterState, RatingMode, StudyName,
};
use serde_json::json;
use store::{
    NewRater, PackMerge, PressPayload, RatingBranchRow, RatingChoiceRow, RatingContents,
    RatingPackRow, RatingPressRow, RatingRaterRow, RatingScoreRow, RatingStepItemRow,
    RatingStepRow, RatingStudyRow,
};

use super::blind::{done, find_rater};
use super::desk::{Asked, Introduced, NOT_APPLICABLE, unknown};
use super::pack::cipher::{Keys, Secret, decrypt};
use super::pack::{file, items};
use crate::error::{Error, Result};
use crate::session::Session;

/// A file of answers.
#[derive(Clone, Copy, Debug)]
pub struct AnswersFile<'a> {
    /// The file.
    pub path: &'a Path,
    /// The secret as somebody typed it; if it is absent, the one kept with the pack is used.
    pub secret: Option<&'a str>,
    /// Which answers count if the rater has others here.
    pub keep: Option<Keep>,
}

/// What this workspace holds of a study whose answers come back.
struct Here {
    row: RatingStudyRow,
    contents: RatingContents,
    asked: Asked,
    packs: Vec<RatingPackRow>,
    branches: Vec<RatingBranchRow>,
}

impl Session {
    /// Takes the answers of a rater pack into a study.
    ///
    /// # Errors
    /// A [`StudyProblem`] that says why the file is refused; nothing is taken from it.
    pub fn merge_answers(
        &self,
        study: &StudyName,
        answers: AnswersFile<'_>,
        now_ms: i64,
    ) -> Result<Merged> {
        let row = self.running_study(study)?;
        let text = std::fs::read_to_string(answers.path)
            .map_err(|error| Error::io(FileAction::Read, answers.path, &error))?;
        let name = answers.path.display().to_string();
        let envelope: Envelope<AnswersHeader> = file::read(&text, &name, PackFormat::Answers)?;
        let here = Here {
            asked: Asked::new(&row)?,
            contents: self.store.rating_contents(row.id)?,
            packs: self.store.rating_packs(row.id)?,
            branches: self.store.rating_branches(row.id)?,
            row,
        };
        let pack = here.claimed(&envelope.header, &name)?;
        let given = open(&envelope, answers.secret.unwrap_or(&pack.secret), &name)?;
        let sha256 = store::sha256_hex(text.as_bytes());
        let header = &envelope.header;
        let branches = here.branches.iter();
        let mut known = branches.filter(|known| known.pack_id == header.pack_id);
        let known = known.find(|known| known.branch == header.branch);
        let slot = known.map_or(pack.rater.as_str(), |known| known.rater.as_str());
        if let Some(known) = known {
            let is_same = header.revision == known.revision && sha256 == known.answers_sha256;
            if is_same {
                return Ok(nothing_new(header, slot, &here.contents));
            }
            may_follow(header, known)?;
        }
        here.is_open(slot)?;
        let taken =
            here.read_answers(slot, &given, here.row.revealed_early_at_ms.map(|_| now_ms))?;
        let conflict = match known {
            Some(_) => None,
            None => conflict(&here.contents, slot, &taken),
        };
        let keep = match (conflict, answers.keep) {
            (None, _) => Keep::Second,
            (Some(_), Some(keep)) => keep,
            (Some(found), None) => return Err(refused(&here.contents, slot, found).into()),
        };
        let merge = match keep {
            Keep::First => {
                return Ok(Merged {
                    rater: None,
                    conflict,
                    ..nothing_new(header, slot, &here.contents)
                });
            }
            Keep::Second => here.merge(header, slot, taken, &given),
            Keep::Other => here.merge_as_another(header, slot, taken, &given)?,
        };
        here.is_complete(&merge)?;
        let merge = PackMerge {
            was_conflict: conflict.is_some(),
            branch: RatingBranchRow {
                answers_sha256: sha256,
                ..merge.branch.clone()
            },
            ..merge
        };
        self.store
            .merge_rating_answers(here.row.id, &merge, now_ms)?;
        let (new, replaced) = merge.counts;
        Ok(Merged {
            rater: Some(merge.branch.rater),
            branch: merge.branch.branch,
            revision: merge.branch.revision,
            new,
            replaced,
            locked: merge.locked,
            conflict,
        })
    }
}

/// Decrypts answers.
fn open(
    envelope: &Envelope<AnswersHeader>,
    secret: &str,
    name: &str,
) -> Result<PackAnswers, StudyProblem> {
    let header = &envelope.header;
    let keys = Secret::typed(secret).and_then(|secret| Keys::new(&secret, &header.kdf));
    let opened =
        keys.and_then(|keys| decrypt(&keys.answers, &header.cipher, header, &envelope.ciphertext));
    opened.ok_or_else(|| StudyProblem::WrongSecretOrChanged {
        file: name.to_owned(),
    })
}

fn nothing_new(header: &AnswersHeader, slot: &str, contents: &RatingContents) -> Merged {
    let mut raters = contents.raters.iter();
    Merged {
        rater: Some(slot.to_owned()),
        branch: header.branch.clone(),
        revision: header.revision,
        new: 0,
        replaced: 0,
        locked: raters.any(|rater| rater.rater == slot && rater.state == RaterState::Locked),
        conflict: None,
    }
}

/// A later save replaces an earlier one, never the other way round.
fn may_follow(header: &AnswersHeader, known: &RatingBranchRow) -> Result<(), StudyProblem> {
    match header.revision > known.revision {
        true => Ok(()),
        false => Err(StudyProblem::OlderRevision {
            found: header.revision,
            have: known.revision,
        }),
    }
}

fn refused(contents: &RatingContents, slot: &str, found: Conflict) -> StudyProblem {
    StudyProblem::PackConflict {
        rater: person(contents, slot),
        both: found.both,
        only_first: found.only_first,
        only_second: found.only_second,
        different: found.different,
    }
}

/// The name of whoever has a slot.
fn person(contents: &RatingContents, slot: &str) -> String {
    let mut raters = contents.raters.iter();
    let rater = raters.find(|rater| rater.rater == slot);
    rater.map_or_else(|| slot.to_owned(), |rater| rater.name.clone())
}

/// What can be compared about an answer: a score of a summary, or the choice of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About<'a> {
    Score(u32, u32, &'a str),
    Choice(u32),
}

/// A rater's answers, by what they are about.
fn answers<'a>(contents: &'a RatingContents, rater: &str) -> BTreeMap<About<'a>, (u32, u32)> {
    let scores = contents.scores.iter().filter(|row| row.rater == rater);
    let scores = scores.map(|row| {
        let about = About::Score(row.step, row.item, &row.criterion);
        (about, (u32::from(row.score), 0))
    });
    let choices = contents.choices.iter().filter(|row| row.rater == rater);
    let choices = choices.map(|row| {
        let chosen = (row.best.unwrap_or_default(), row.worst.unwrap_or_default());
        (About::Choice(row.step), chosen)
    });
    scores.chain(choices).collect()
}

fn compare<'a>(
    first: &BTreeMap<About<'a>, (u32, u32)>,
    second: &BTreeMap<About<'a>, (u32, u32)>,
) -> Conflict {
    let both = first
        .keys()
        .filter(|about| second.contains_key(*about))
        .count();
    let different = first
        .iter()
        .filter(|(about, value)| second.get(*about).is_some_and(|other| other != *value));
    Conflict {
        both: both as u32,
        only_first: (first.len() - both) as u32,
        only_second: (second.len() - both) as u32,
        different: different.count() as u32,
    }
}

/// How a rater's answers here compare with those from elsewhere; none if nothing was answered here.
fn conflict(here: &RatingContents, rater: &str, taken: &RatingContents) -> Option<Conflict> {
    let first = answers(here, rater);
    (!first.is_empty()).then(|| compare(&first, &answers(taken, rater)))
}

impl Here {
    /// The pack that a file says it answers, if that can be true.
    fn claimed(&self, header: &AnswersHeader, name: &str) -> Result<&RatingPackRow, StudyProblem> {
        let file = || name.to_owned();
        if header.study_uid != self.row.uid {
            return Err(StudyProblem::OtherStudy { file: file() });
        }
        let mut packs = self.packs.iter();
        let pack = packs.find(|pack| pack.pack_id == header.pack_id);
        let pack = pack.ok_or_else(|| StudyProblem::UnknownPack { file: file() })?;
        if header.rater != pack.rater {
            return Err(StudyProblem::RaterMismatch {
                found: header.rater.clone(),
                expected: pack.rater.clone(),
            });
        }
        match self.row.seal.as_ref() == Some(&header.seal) {
            true => Ok(pack),
            false => Err(StudyProblem::SealMismatch { file: file() }),
        }
    }

    /// Whether a rater's answers may still change.
    fn is_open(&self, slot: &str) -> Result<(), StudyProblem> {
        let rater = find_rater(&self.contents, slot)?;
        match rater.state {
            RaterState::Invited | RaterState::Active => Ok(()),
            RaterState::Locked | RaterState::Withdrawn => Err(StudyProblem::SetLocked {
                rater: rater.name.clone(),
            }),
        }
    }

    fn criterion(&self, key: &str) -> Result<&Criterion, StudyProblem> {
        let mut criteria = self.asked.criteria.iter();
        let known = criteria.find(|criterion| criterion.key == key);
        known.ok_or_else(|| StudyProblem::ProtocolChanged {
            criterion: key.to_owned(),
        })
    }

    /// The answers as rows, each about something that the rater was shown and within its scale. What comes after an early
    /// reveal is late, whatever the clock of the rater's device said.
    fn read_answers(
        &self,
        rater: &str,
        given: &PackAnswers,
        late_ms: Option<i64>,
    ) -> Result<RatingContents> {
        let meaning = items::meaning(&self.contents, rater);
        let item = |step: u32, number: u32| match meaning.get(&number) {
            Some((shown, item)) if *shown == step => Ok(*item),
            _ => Err(unknown(
                step,
                "the answers name a summary that it does not have",
            )),
        };
        let mut rows = RatingContents::default();
        for state in &given.items {
            rows.step_items.push(RatingStepItemRow {
                rater: rater.to_owned(),
                step: state.n,
                item: item(state.n, state.i)?,
                state: state.state,
                reason: state.reason,
                note: state.note.trim().to_owned(),
                flagged: state.flag,
                active_ms: state.active_ms.into(),
                idle_ms: state.idle_ms.into(),
            });
        }
        for score in &given.ratings {
            let criterion = self.criterion(&score.c)?;
            let is_fine = match score.v {
                NOT_APPLICABLE => criterion.na,
                score => score <= criterion.scale.points(),
            };
            if !is_fine {
                let score = score.v.into();
                return Err(store::Error::ScoreOutOfRange { score }.into());
            }
            rows.scores.push(RatingScoreRow {
                rater: rater.to_owned(),
                step: score.n,
                item: item(score.n, score.i)?,
                criterion: score.c.clone(),
                score: score.v,
                at_ms: late_ms.unwrap_or(score.at),
            });
        }
        for choice in &given.choices {
            let chosen = |number: Option<u32>| number.map(|i| item(choice.n, i)).transpose();
            let (best, worst) = (chosen(choice.best)?, chosen(choice.worst)?);
            let is_fine = match self.row.mode {
                RatingMode::Criteria => false,
                RatingMode::Pair => worst.is_none(),
                RatingMode::BestWorst => best.is_some() && best != worst,
            };
            if !is_fine {
                return Err(unknown(choice.n, "it does not ask for this choice").into());
            }
            let spent = rows.step_items.iter().filter(|row| row.step == choice.n);
            rows.choices.push(RatingChoiceRow {
                rater: rater.to_owned(),
                step: choice.n,
                best,
                worst,
                active_ms: spent.map(|row| row.active_ms).sum(),
                at_ms: Some(late_ms.unwrap_or(choice.at)),
            });
        }
        // Every answer about a summary belongs to that summary's row.
        let mut touched: BTreeSet<(u32, u32)> = BTreeSet::new();
        touched.extend(rows.step_items.iter().map(|row| (row.step, row.item)));
        let scored: BTreeSet<(u32, u32)> = rows
            .scores
            .iter()
            .map(|row| (row.step, row.item))
            .filter(|key| !touched.contains(key))
            .collect();
        rows.step_items
            .extend(scored.into_iter().map(|(step, item)| RatingStepItemRow {
                rater: rater.to_owned(),
                step,
                item,
                state: ItemState::Draft,
                reason: None,
                note: String::new(),
                flagged: false,
                active_ms: 0,
                idle_ms: 0,
            }));
        Ok(rows)
    }

    fn merge(
        &self,
        header: &AnswersHeader,
        rater: &str,
        taken: RatingContents,
        given: &PackAnswers,
    ) -> PackMerge {
        let (before, after) = (answers(&self.contents, rater), answers(&taken, rater));
        let change = compare(&before, &after);
        PackMerge {
            branch: RatingBranchRow {
                pack_id: header.pack_id.clone(),
                branch: header.branch.clone(),
                rater: rater.to_owned(),
                revision: header.revision,
                answers_sha256: String::new(),
            },
            new_rater: None,
            introduced: self.introduced(rater, given),
            locked: header.locked,
            counts: (change.only_second, change.different + change.only_first),
            was_conflict: false,
            answers: taken,
        }
    }

    /// The answers as those of another person, who gets a place with the same dialogues in the same order.
    fn merge_as_another(
        &self,
        header: &AnswersHeader,
        rater: &str,
        taken: RatingContents,
        given: &PackAnswers,
    ) -> Result<PackMerge> {
        let free = ('b'..='z').find_map(|letter| {
            let slot = format!("{rater}{letter}");
            let mut raters = self.contents.raters.iter();
            raters
                .all(|known| known.rater != slot)
                .then_some((slot, letter))
        });
        let (slot, letter) = free.ok_or_else(|| StudyProblem::SetLocked {
            rater: rater.to_owned(),
        })?;
        let steps = self.contents.steps.iter();
        let new_rater = NewRater {
            rater: RatingRaterRow {
                rater: slot.clone(),
                name: format!("{} ({letter})", person(&self.contents, rater)),
                state: RaterState::Invited,
                counted: true,
            },
            steps: steps
                .filter(|step| step.rater == rater)
                .map(|step| RatingStepRow {
                    rater: slot.clone(),
                    ..step.clone()
                })
                .collect(),
        };
        let mut answers = taken;
        answers
            .step_items
            .iter_mut()
            .for_each(|row| row.rater.clone_from(&slot));
        answers
            .scores
            .iter_mut()
            .for_each(|row| row.rater.clone_from(&slot));
        answers
            .choices
            .iter_mut()
            .for_each(|row| row.rater.clone_from(&slot));
        Ok(PackMerge {
            new_rater: Some(new_rater),
            ..self.merge(header, &slot, answers, given)
        })
    }

    /// What the rater did before the first dialogue, as the record keeps it.
    fn introduced(&self, rater: &str, given: &PackAnswers) -> Vec<RatingPressRow> {
        let press = |what, at_ms, detail: Introduced| RatingPressRow {
            rater: rater.to_owned(),
            seq: 0,
            at_ms,
            what,
            payload: PressPayload {
                detail: json!(detail),
                ..PressPayload::default()
            },
        };
        let checks = given.checks.iter().filter_map(|check| {
            let statement = self.asked.check.get(check.place as usize)?;
            let detail = Introduced {
                place: check.place,
                right: statement.holds == check.answer,
                scores: BTreeMap::new(),
            };
            Some(press(RaterAct::Check, check.at, detail))
        });
        let examples = given.warmup.iter().map(|example| {
            let detail = Introduced {
                place: example.place,
                right: true,
                scores: example.scores.clone(),
            };
            press(RaterAct::Warmup, example.at, detail)
        });
        checks.chain(examples).collect()
    }

    /// Checks that a set handed in as final is fully rated.
    fn is_complete(&self, merge: &PackMerge) -> Result<()> {
        if !merge.locked {
            return Ok(());
        }
        let rater = &merge.branch.rater;
        let new_steps = merge.new_rater.iter().flat_map(|new| &new.steps);
        let steps = self.contents.steps.iter().chain(new_steps);
        let answered = RatingContents {
            steps: steps.filter(|step| step.rater == *rater).cloned().collect(),
            ..merge.answers.clone()
        };
        let (finished, total) = done(&answered, rater);
        match finished < total {
            true => Err(WrongState::Unrated {
                open: total - finished,
                total,
            }
            .into()),
            false => Ok(()),
        }
    }
}
