//! Ratings that were made in another program, as a study: the exports of Label Studio, Argilla and Potato.
//!
//! Flow: the program's file → items and answers ([`label_studio`], [`argilla`], [`potato`]) → which of an item's fields say
//! dialogue, system and summary ([`RatingMap`]) → a [`StudyRecord`], which is kept in the tables of every study. None of
//! these programs records who was blind to what or in which order texts came, so nothing is claimed about either.
//! What does not fit is refused with its file and item.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use contract::problem::{ImportProblem, NotFound, Unreadable};
use contract::{
    ItemState, PlannedComparison, RaterState, RatingMode, RatingProgram, StudyCriterion, StudyKind,
    StudyName, StudyPlan, StudyRater, StudyState, StudySystem, Words, excerpt, excerpts,
};
use serde::de::DeserializeOwned;

use super::record::{GivenScore, RatedDialogue, RatedItem, RatedTurn, StudyRecord};
use crate::dialogue::Dialogue;

mod argilla;
mod label_studio;
mod potato;

/// Usual names of fields that tell the dialogues apart.
const DIALOGUE: [&str; 9] = [
    "dialogue_id",
    "dialog_id",
    "conversation_id",
    "doc_id",
    "document_id",
    "dialogue",
    "dialog",
    "conversation",
    "source",
];
/// Usual names of fields with the words of a dialogue, besides one that tells dialogues apart.
const TURNS: [&str; 5] = ["dialogue", "dialog", "conversation", "source", "document"];
/// Usual names of fields that say whose summary it is.
const SYSTEM: [&str; 5] = ["system", "system_id", "model", "model_id", "model_name"];
/// Usual names of fields with the summary.
const SUMMARY: [&str; 4] = ["summary", "output", "generation", "text"];
/// Points of a scale whose length nobody named.
const POINTS: u8 = 5;

/// Which fields of an item say what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RatingMap {
    /// What tells the dialogues apart: an id, or the dialogue itself.
    pub dialogue: Option<String>,
    /// Whose summary it is.
    pub system: Option<String>,
    /// Which field is the summary.
    pub summary: Option<String>,
}

/// The text form of a [`RatingMap`] that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` is not understood; write dialogue=FIELD,system=FIELD,summary=FIELD")]
pub struct BadRatingMap {
    /// The part between two commas.
    part: String,
}

/// Reads `dialogue=FIELD,system=FIELD,summary=FIELD`, each of them where it is wanted.
impl std::str::FromStr for RatingMap {
    type Err = BadRatingMap;

    fn from_str(text: &str) -> Result<Self, BadRatingMap> {
        let mut map = Self::default();
        for part in text.split(',') {
            let bad = || BadRatingMap {
                part: excerpt(part.trim()),
            };
            let (role, field) = part.split_once('=').ok_or_else(bad)?;
            let place = match role.trim() {
                "dialogue" => &mut map.dialogue,
                "system" => &mut map.system,
                "summary" => &mut map.summary,
                _ => return Err(bad()),
            };
            *place = Some(field.trim().to_owned()).filter(|field| !field.is_empty());
            if place.is_none() {
                return Err(bad());
            }
        }
        Ok(map)
    }
}

/// Ratings to be brought in.
#[derive(Clone, Debug)]
pub struct RatingsRequest {
    /// The program that they were made in.
    pub program: RatingProgram,
    /// Its file; for Potato the folder of its annotators, or the file of one.
    pub path: PathBuf,
    /// The items that were rated, where the program's file names them by an id alone.
    pub items: Option<PathBuf>,
    /// Which fields say what, where their names do not.
    pub map: RatingMap,
    /// Name of the study; the file's where it has none.
    pub name: Option<StudyName>,
    /// Criteria that are read; every one if the list is empty.
    pub criteria: Vec<String>,
    /// Points of the scale, which begins at 1; five where nobody says.
    pub points: Option<u8>,
}

/// What a file holds.
#[derive(Debug, Default)]
struct Found {
    items: Vec<Item>,
    answers: Vec<Answer>,
}

/// Something that was shown to raters.
#[derive(Debug)]
struct Item {
    /// Its place in the file, from 1.
    row: usize,
    fields: BTreeMap<String, String>,
}

/// What a rater said about an item.
#[derive(Debug)]
struct Answer {
    /// Place of the item in [`Found::items`].
    item: usize,
    rater: String,
    given: Given,
    /// Time on the item, in milliseconds; 0 where the program does not say.
    active_ms: i64,
}

/// An answer.
#[derive(Debug, PartialEq)]
enum Given {
    /// On a criterion, as the program has it.
    Score { criterion: String, score: Score },
    /// The item was left out, or its answers were never submitted.
    Nothing,
}

/// A score as a program has it.
#[derive(Clone, Debug, PartialEq)]
enum Score {
    /// A number.
    Number(f64),
    /// A word, which is not a point of a scale.
    Word(String),
}

impl Score {
    /// A text with a number at its beginning or its end: `4`, `4 - good`, `scale_4`.
    fn of(text: &str) -> Self {
        let text = text.trim();
        let digits = |part: &str| -> Option<f64> {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse().ok())?
        };
        let parts = || text.split(|sign: char| !sign.is_ascii_alphanumeric());
        let number = text
            .parse::<f64>()
            .ok()
            .or_else(|| parts().next().and_then(digits))
            .or_else(|| parts().next_back().and_then(digits));
        number.map_or_else(|| Self::Word(text.to_owned()), Self::Number)
    }
}

/// Reads ratings as a study.
///
/// # Errors
/// [`ImportProblem`] with file and item: a file that is missing or not of its program's format, a field that no item
/// has, a score outside the scale, a rater who answers twice.
pub fn read(request: &RatingsRequest) -> Result<StudyRecord, ImportProblem> {
    let path = &request.path;
    let mut found = match request.program {
        RatingProgram::LabelStudio => label_studio::read(path)?,
        RatingProgram::Argilla => argilla::read(path)?,
        RatingProgram::Potato => potato::read(path, request.items.as_deref())?,
    };
    let wanted = &request.criteria;
    found.answers.retain(|answer| match &answer.given {
        Given::Score { criterion, .. } => wanted.is_empty() || wanted.contains(criterion),
        Given::Nothing => true,
    });
    let is_score = |answer: &Answer| answer.given != Given::Nothing;
    if !found.answers.iter().any(is_score) {
        return Err(ImportProblem::Empty {
            file: path.display().to_string(),
        });
    }
    let fields = Fields::of(request, &found.items)?;
    Sheet::new(request, fields).filled(&found)
}

/// Which fields of the items say what.
struct Fields {
    dialogue: String,
    turns: Option<String>,
    system: String,
    summary: Option<String>,
}

impl Fields {
    fn of(request: &RatingsRequest, items: &[Item]) -> Result<Self, ImportProblem> {
        let known: BTreeSet<&str> = items
            .iter()
            .flat_map(|item| item.fields.keys().map(String::as_str))
            .collect();
        let missing = |field: &str| ImportProblem::UnknownColumn {
            file: request.path.display().to_string(),
            field: excerpt(field),
            columns: names(&known),
        };
        let find = |asked: &Option<String>, usual: &[&str]| match asked {
            Some(field) if known.contains(field.as_str()) => Ok(Some(field.clone())),
            Some(field) => Err(missing(field)),
            None => Ok(usual
                .iter()
                .find(|name| known.contains(**name))
                .map(|name| (*name).to_owned())),
        };
        let needed = |found: Option<String>, role: &str| {
            found.ok_or_else(|| ImportProblem::Ratings {
                file: request.path.display().to_string(),
                row: 1,
                reason: format!(
                    "which field says the {role} is not clear; name it with --map {role}=FIELD. There are {}",
                    names(&known).join(", ")
                ),
            })
        };
        let dialogue = needed(find(&request.map.dialogue, &DIALOGUE)?, "dialogue")?;
        let system = needed(find(&request.map.system, &SYSTEM)?, "system")?;
        let summary = find(&request.map.summary, &SUMMARY)?;
        let is_free = |name: &String| *name != system && Some(name) != summary.as_ref();
        Ok(Self {
            turns: find(&None, &TURNS)?.filter(is_free),
            dialogue,
            system,
            summary,
        })
    }
}

/// The first names of a list.
fn names(known: &BTreeSet<&str>) -> Vec<String> {
    let known: Vec<&str> = known.iter().copied().collect();
    excerpts(&known)
}

/// An answer with the numbers of what it is about.
struct Placed<'f> {
    answer: &'f Answer,
    dialogue: u32,
    item: u32,
    step: u32,
    place: u32,
}

impl Placed<'_> {
    /// A line of the long table; without a score the summary was left out.
    fn score(&self, criterion: &str, score: Option<u8>) -> GivenScore {
        GivenScore {
            dialogue: self.dialogue,
            item: self.item,
            rater: self.answer.rater.clone(),
            step: self.step,
            place: self.place,
            repeat: false,
            criterion: criterion.to_owned(),
            score,
            state: match score {
                Some(_) => ItemState::Done,
                None => ItemState::Skipped,
            },
            active_ms: self.answer.active_ms,
            at_ms: None,
        }
    }
}

/// A study that is being filled.
struct Sheet<'a> {
    request: &'a RatingsRequest,
    fields: Fields,
    points: u8,
    /// Numbers of the dialogues by what tells them apart.
    dialogues: HashMap<String, u32>,
    /// Numbers of the summaries by dialogue and system.
    items: HashMap<(u32, String), u32>,
    systems: Vec<String>,
    criteria: Vec<String>,
    raters: Vec<String>,
    /// For each rater the dialogues in their order, and for each of these the summaries in theirs.
    steps: HashMap<String, Vec<(u32, Vec<u32>)>>,
    record: StudyRecord,
}

impl<'a> Sheet<'a> {
    fn new(request: &'a RatingsRequest, fields: Fields) -> Self {
        Self {
            request,
            fields,
            points: request.points.unwrap_or(POINTS),
            dialogues: HashMap::new(),
            items: HashMap::new(),
            systems: Vec::new(),
            criteria: Vec::new(),
            raters: Vec::new(),
            steps: HashMap::new(),
            record: empty(request),
        }
    }

    fn filled(mut self, found: &Found) -> Result<StudyRecord, ImportProblem> {
        let mut placed = Vec::with_capacity(found.answers.len());
        for answer in &found.answers {
            if let Given::Score { criterion, .. } = &answer.given {
                note(&mut self.criteria, criterion);
            }
            note(&mut self.raters, &answer.rater);
            placed.push(self.place(answer, &found.items[answer.item])?);
        }
        let mut seen: BTreeSet<(&str, u32, &str)> = BTreeSet::new();
        for line in &placed {
            let Given::Score { criterion, score } = &line.answer.given else {
                continue;
            };
            let item = &found.items[line.answer.item];
            let rater = line.answer.rater.as_str();
            if !seen.insert((rater, line.item, criterion.as_str())) {
                let (rater, criterion) = (excerpt(rater), excerpt(criterion));
                let reason = format!("{rater} answers `{criterion}` about it twice");
                return Err(self.refusal(item, reason));
            }
            let score = self.score(item, criterion, score)?;
            self.record.scores.push(line.score(criterion, Some(score)));
        }
        // Whoever answered a summary as well did not leave it out.
        let mut done: BTreeSet<(&str, u32)> = seen
            .iter()
            .map(|(rater, item, _)| (*rater, *item))
            .collect();
        for line in &placed {
            let is_left_out = line.answer.given == Given::Nothing;
            if is_left_out && done.insert((line.answer.rater.as_str(), line.item)) {
                let criteria = self.criteria.iter();
                let lines = criteria.map(|criterion| line.score(criterion, None));
                self.record.scores.extend(lines);
            }
        }
        Ok(self.finished())
    }

    /// The numbers of an item's dialogue and summary; both are new where they were not met before.
    fn item(&mut self, item: &Item) -> Result<(u32, u32), ImportProblem> {
        let text = |field: &str| {
            let text = item.fields.get(field).map(|text| text.trim());
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let lacks = |field: &str| format!("its field `{}` is empty", excerpt(field));
        let Some(key) = text(&self.fields.dialogue) else {
            return Err(self.refusal(item, lacks(&self.fields.dialogue)));
        };
        let Some(system) = text(&self.fields.system) else {
            return Err(self.refusal(item, lacks(&self.fields.system)));
        };
        let words = self.fields.turns.as_deref().and_then(text);
        let next = self.dialogues.len() as u32 + 1;
        let dialogue = *self.dialogues.entry(key).or_insert(next);
        if dialogue == next {
            let turns = words.map(|words| turns(&words)).unwrap_or_default();
            self.record
                .dialogues
                .push(RatedDialogue { d: dialogue, turns });
        }
        note(&mut self.systems, &system);
        let summary = self.fields.summary.as_deref().and_then(text);
        let summary = summary.unwrap_or_default();
        let next = self.items.len() as u32 + 1;
        let number = *self.items.entry((dialogue, system.clone())).or_insert(next);
        if number == next {
            self.record.items.push(RatedItem {
                i: number,
                d: dialogue,
                systems: vec![system],
                text: summary,
                metrics: BTreeMap::new(),
            });
        } else if self.record.items[number as usize - 1].text != summary {
            let reason = format!(
                "its dialogue has another summary of `{}` already",
                excerpt(&system)
            );
            return Err(self.refusal(item, reason));
        }
        Ok((dialogue, number))
    }

    /// Where a rater met a summary: the place of its dialogue, and its own among the summaries of that.
    fn place<'f>(&mut self, answer: &'f Answer, shown: &Item) -> Result<Placed<'f>, ImportProblem> {
        let (dialogue, item) = self.item(shown)?;
        let steps = self.steps.entry(answer.rater.clone()).or_default();
        let step = steps.iter().position(|(known, _)| *known == dialogue);
        let step = step.unwrap_or_else(|| {
            steps.push((dialogue, Vec::new()));
            steps.len() - 1
        });
        let items = &mut steps[step].1;
        let place = items.iter().position(|known| *known == item);
        let place = place.unwrap_or_else(|| {
            items.push(item);
            items.len() - 1
        });
        Ok(Placed {
            answer,
            dialogue,
            item,
            step: step as u32,
            place: place as u32,
        })
    }

    fn score(&self, item: &Item, criterion: &str, score: &Score) -> Result<u8, ImportProblem> {
        let criterion = excerpt(criterion);
        let reason = match score {
            Score::Number(score)
                if score.fract() == 0.0 && (1.0..=f64::from(self.points)).contains(score) =>
            {
                return Ok(*score as u8);
            }
            Score::Number(score) => format!(
                "{score} on `{criterion}` is outside the scale of 1 to {}; --points names the length of the scale",
                self.points
            ),
            Score::Word(word) => format!(
                "`{}` on `{criterion}` is no point of a scale; --criteria names those that are scored",
                excerpt(word)
            ),
        };
        Err(self.refusal(item, reason))
    }

    fn refusal(&self, item: &Item, reason: String) -> ImportProblem {
        ImportProblem::Ratings {
            file: self.request.path.display().to_string(),
            row: item.row,
            reason,
        }
    }

    fn finished(self) -> StudyRecord {
        let mut record = self.record;
        let words = |key: &String| key.replace(['_', '-'], " ");
        let plan = &mut record.plan;
        plan.criteria = self
            .criteria
            .iter()
            .map(|key| StudyCriterion {
                key: key.clone(),
                points: self.points,
                higher_is_better: true,
                in_sentence: Words {
                    en: words(key),
                    de: words(key),
                },
            })
            .collect();
        let pairs = self.systems.iter().enumerate().flat_map(|(place, a)| {
            let others = self.systems[place + 1..].iter();
            others.map(move |b| PlannedComparison {
                a: a.clone(),
                b: b.clone(),
                test: true,
            })
        });
        plan.comparisons = pairs.collect();
        plan.systems = self
            .systems
            .iter()
            .map(|key| StudySystem {
                key: key.clone(),
                label: key.clone(),
            })
            .collect();
        plan.raters = self
            .raters
            .iter()
            .map(|name| StudyRater {
                name: name.clone(),
                state: RaterState::Locked,
                counted: true,
            })
            .collect();
        plan.available_dialogues = record.dialogues.len();
        record
    }
}

fn note(list: &mut Vec<String>, word: &str) {
    if !list.iter().any(|known| known == word) {
        list.push(word.to_owned());
    }
}

/// A dialogue's text as turns; a text without speakers is one.
fn turns(text: &str) -> Vec<RatedTurn> {
    let turns = Dialogue::parse(text).turns.into_iter();
    turns
        .map(|turn| RatedTurn {
            s: turn.speaker.unwrap_or_default(),
            t: turn.text,
        })
        .collect()
}

/// A study that was rated elsewhere, before anything is in it.
fn empty(request: &RatingsRequest) -> StudyRecord {
    let stem = request.path.file_stem().unwrap_or_default();
    let title = match &request.name {
        Some(name) => name.clone(),
        None => stem.to_string_lossy().as_ref().into(),
    };
    StudyRecord {
        plan: StudyPlan {
            title,
            kind: StudyKind::Summaries,
            mode: RatingMode::Criteria,
            state: StudyState::Closed,
            systems: Vec::new(),
            criteria: Vec::new(),
            comparisons: Vec::new(),
            alpha: 0.05,
            margin: 0.25,
            delta: 0.3,
            available_dialogues: 0,
            analysis_seed: 1,
            resamples: 10_000,
            raters: Vec::new(),
            revealed_early: None,
        },
        dialogues: Vec::new(),
        items: Vec::new(),
        scores: Vec::new(),
        votes: Vec::new(),
        marks: Vec::new(),
    }
}

/// The bytes of a file.
fn bytes(path: &Path) -> Result<Vec<u8>, ImportProblem> {
    let file = path.display().to_string();
    std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ImportProblem::NotFound(NotFound::File { file }),
        _ => ImportProblem::Unreadable(Unreadable::Refused {
            file,
            reason: error.to_string(),
        }),
    })
}

/// The objects of a file: a JSON list, or one object a line.
fn objects<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, ImportProblem> {
    let bytes = bytes(path)?;
    let broken = |error: serde_json::Error| ImportProblem::Json {
        file: path.display().to_string(),
        row: error.line(),
        column: error.column(),
        reason: error.to_string().chars().take(160).collect(),
    };
    match bytes.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(&bytes).map_err(broken),
        _ => {
            let values = serde_json::Deserializer::from_slice(&bytes).into_iter::<T>();
            values.collect::<Result<_, _>>().map_err(broken)
        }
    }
}

/// A value of a field as text; `None` for lists and objects.
fn plain(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
