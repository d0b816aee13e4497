//! From a plan to a study that people can rate: the protocol is frozen, dialogues are drawn, texts get numbers that say
//! nothing, everybody gets their order, and everything is sealed.

use std::collections::BTreeMap;

use contract::problem::StudyProblem;
use contract::{Protocol, RaterState, RatingMode, StopRule, StudyKind, StudyOutlook, StudyState};
use metrics::planner::FEWEST;
use serde::Serialize;
use serde_json::json;
use store::{
    Frozen, RatedStudy, RatingAuthorRow, RatingContents, RatingDialogueRow, RatingRaterRow,
    RatingStepRow, RatingStudyRow, RatingSystemRow,
};

use super::draw::{Drawable, Material};
use super::order::{self, Order, Seat};
use super::plan::outlook;
use super::request::StudyRequest;
use super::secret::{BlindKey, KEY_BYTES, SealedItem, canonical_sha256, seal};
use super::withheld::turns;
use crate::error::{Result, corrupt};
use crate::session::Session;

/// The number of the first item.
const FIRST_ITEM: u32 = 1000;

/// What only the edge can give: the time and random words.
#[derive(Clone)]
pub struct Fresh {
    /// Now, in Unix milliseconds.
    pub now_ms: i64,
    /// The key of the study's secret randomness.
    pub blind_key: [u8; KEY_BYTES],
    /// A word that no other study anywhere has.
    pub uid: String,
}

/// A study that was planned or has begun.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Begun {
    /// Its number.
    pub study: i64,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: StudyState,
    /// A word that no other study anywhere has; empty for a draft.
    pub uid: String,
    /// SHA-256 of the protocol; empty for a draft.
    pub protocol_sha256: String,
    /// What the assignment of texts to systems can be checked with after the reveal; none for a draft.
    pub seal: Option<String>,
    /// Dialogues.
    pub dialogues: usize,
    /// Texts to rate.
    pub items: usize,
    /// The roster.
    pub raters: Vec<Load>,
    /// What the study can show.
    pub plan: Option<StudyOutlook>,
}

/// How much a rater has to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Load {
    /// The slot on the roster.
    pub slot: String,
    /// The person's name.
    pub name: String,
    /// Steps: dialogues with their repeats, pairs, or single dialogues in an audit.
    pub load: usize,
}

impl Session {
    /// What a study could show, with the number of dialogues that its systems have in common; nothing is stored.
    ///
    /// # Errors
    /// [`StudyProblem`] for a plan that cannot be carried out.
    pub fn study_outlook(&self, request: &StudyRequest) -> Result<Option<StudyOutlook>> {
        let material = self.material(request)?;
        let plan = request.plan(material.dialogues.len(), material.words());
        Ok(outlook(&plan, &request.planned_criteria()))
    }

    /// Keeps a plan that may still change.
    ///
    /// # Errors
    /// A name that is taken; [`StudyProblem`] for a plan that cannot be carried out.
    pub fn draft_study(&self, request: &StudyRequest, now_ms: i64) -> Result<Begun> {
        let material = self.material(request)?;
        let protocol = protocol(request, &material)?;
        let draft = RatedStudy {
            name: protocol.name,
            kind: protocol.kind,
            frozen: None,
            mode: protocol.mode,
            state: StudyState::Draft,
            protocol: json!(request),
            created_at_ms: now_ms,
            revealed_early_at_ms: None,
            systems: Vec::new(),
            contents: RatingContents::default(),
            authors: Vec::new(),
        };
        let row = self.store.insert_rated_study(&draft)?;
        let plan = request.plan(material.dialogues.len(), material.words());
        Ok(begun(
            row,
            &draft.contents,
            outlook(&plan, &request.planned_criteria()),
        ))
    }

    /// Plans a study and starts it at once.
    ///
    /// # Errors
    /// As for [`Session::draft_study`].
    pub fn begin_study(&self, request: &StudyRequest, fresh: &Fresh) -> Result<Begun> {
        let (drawn, plan) = self.drawn_study(request, fresh)?;
        let row = self.store.insert_rated_study(&drawn)?;
        Ok(begun(row, &drawn.contents, plan))
    }

    /// Starts a draft: its plan is frozen.
    ///
    /// # Errors
    /// [`StudyProblem::Frozen`] if it has started already.
    pub fn start_study(&self, study: i64, fresh: &Fresh) -> Result<Begun> {
        let row = self.store.rating_study(study)?;
        if row.state != StudyState::Draft {
            return Err(StudyProblem::Frozen { study: row.name }.into());
        }
        let request: StudyRequest = serde_json::from_value(row.protocol)
            .map_err(|error| corrupt(&format!("plan of study {study}"), error))?;
        let (drawn, plan) = self.drawn_study(&request, fresh)?;
        let row = self.store.start_rating_study(study, &drawn)?;
        Ok(begun(row, &drawn.contents, plan))
    }

    fn drawn_study(
        &self,
        request: &StudyRequest,
        fresh: &Fresh,
    ) -> Result<(RatedStudy, Option<StudyOutlook>)> {
        let material = self.material(request)?;
        let protocol = protocol(request, &material)?;
        let plan = request.plan(material.dialogues.len(), material.words());
        let plan = outlook(&plan, &request.planned_criteria());
        let key = BlindKey::new(fresh.blind_key);
        let sheet = Numbered::new(&material, &protocol, &key);
        let contents = contents(&sheet, &protocol, &key);
        let frozen = Frozen {
            uid: fresh.uid.clone(),
            protocol_sha256: canonical_sha256(&protocol)?,
            seal: seal(&sheet.sealed(), &key)?,
            blind_key: fresh.blind_key,
            started_at_ms: fresh.now_ms,
        };
        let systems = material.systems.iter();
        let drawn = RatedStudy {
            name: protocol.name.clone(),
            kind: protocol.kind,
            frozen: Some(frozen),
            mode: protocol.mode,
            state: StudyState::Running,
            protocol: json!(protocol),
            created_at_ms: fresh.now_ms,
            revealed_early_at_ms: None,
            systems: systems
                .map(|(system, run)| RatingSystemRow {
                    system: system.key.clone(),
                    label: system.label.clone(),
                    run: run.clone(),
                })
                .collect(),
            contents,
            authors: sheet.authors(),
        };
        Ok((drawn, plan))
    }
}

fn protocol(request: &StudyRequest, material: &Material) -> Result<Protocol> {
    let available = material.dialogues.len();
    if available < FEWEST {
        return Err(StudyProblem::NotEnoughDialogues {
            have: available,
            need: FEWEST,
        }
        .into());
    }
    let systems = material.systems.iter();
    let protocol = request.protocol(
        systems.map(|(system, _)| system.clone()).collect(),
        available,
    )?;
    if protocol.draw.n < FEWEST {
        return Err(StudyProblem::NotEnoughDialogues {
            have: protocol.draw.n,
            need: FEWEST,
        }
        .into());
    }
    Ok(protocol)
}

/// The drawn dialogues, with their texts numbered. Systems that wrote the same text share an item.
struct Numbered<'a> {
    keys: Vec<&'a str>,
    drawn: Vec<&'a Drawable>,
    /// By dialogue: each different text with its number and the places of its systems.
    items: Vec<Vec<Item<'a>>>,
}

struct Item<'a> {
    number: u32,
    text: &'a str,
    systems: Vec<usize>,
}

impl<'a> Numbered<'a> {
    fn new(material: &'a Material, protocol: &Protocol, key: &BlindKey) -> Self {
        let mut drawn = material.drawn(protocol.draw.seed);
        drawn.truncate(protocol.draw.n);
        let texts: Vec<BTreeMap<&str, Vec<usize>>> = drawn
            .iter()
            .map(|drawable| {
                let mut texts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
                for (system, text) in drawable.texts.iter().enumerate() {
                    texts.entry(text).or_default().push(system);
                }
                texts
            })
            .collect();
        let n = texts.iter().map(BTreeMap::len).sum();
        let mut numbers = key.draws("item").permutation(n).into_iter();
        let mut next = || numbers.next().unwrap_or_default() as u32 + FIRST_ITEM;
        let number = |texts: BTreeMap<&'a str, Vec<usize>>| {
            texts
                .into_iter()
                .map(|(text, systems)| Item {
                    number: next(),
                    text,
                    systems,
                })
                .collect()
        };
        Self {
            keys: material
                .systems
                .iter()
                .map(|(system, _)| system.key.as_str())
                .collect(),
            drawn,
            items: texts.into_iter().map(number).collect(),
        }
    }

    /// Every item with the number of its dialogue and the dialogue, by number.
    fn all_items(&self) -> Vec<(u32, &Drawable, &Item<'a>)> {
        let dialogues = (1..).zip(&self.drawn).zip(&self.items);
        let mut items: Vec<(u32, &Drawable, &Item<'a>)> = dialogues
            .flat_map(|((dialogue, drawable), items)| {
                items.iter().map(move |item| (dialogue, *drawable, item))
            })
            .collect();
        items.sort_by_key(|(_, _, item)| item.number);
        items
    }

    fn systems(&self, item: &Item<'_>) -> Vec<String> {
        item.systems
            .iter()
            .map(|place| self.keys[*place].to_owned())
            .collect()
    }

    fn sealed(&self) -> Vec<SealedItem> {
        self.all_items()
            .into_iter()
            .map(|(dialogue, _, item)| SealedItem {
                item: item.number,
                dialogue,
                text_sha256: store::sha256_hex(item.text.as_bytes()),
                systems: self.systems(item),
            })
            .collect()
    }

    fn authors(&self) -> Vec<RatingAuthorRow> {
        self.all_items()
            .into_iter()
            .flat_map(|(_, drawable, item)| {
                let metrics = json!(drawable.metrics(item.text));
                self.systems(item)
                    .into_iter()
                    .map(move |system| RatingAuthorRow {
                        item: item.number,
                        system,
                        metrics: metrics.clone(),
                    })
            })
            .collect()
    }

    /// The item of each system, by dialogue.
    fn by_system(&self) -> Vec<Vec<u32>> {
        let row = |items: &Vec<Item<'_>>| {
            let item = |system: usize| {
                let wrote = items.iter().find(|item| item.systems.contains(&system));
                wrote.map(|item| item.number).unwrap_or_default()
            };
            (0..self.keys.len()).map(item).collect()
        };
        self.items.iter().map(row).collect()
    }
}

fn contents(sheet: &Numbered<'_>, protocol: &Protocol, key: &BlindKey) -> RatingContents {
    let dialogues: Vec<u32> = (1..=sheet.drawn.len() as u32).collect();
    let items = sheet.by_system();
    let order = Order {
        key,
        systems: sheet.keys.len(),
        repeats: protocol.repeats,
        in_batches: protocol.stop != StopRule::Fixed,
        dialogues: &dialogues,
        items: &items,
    };
    let dealt = order::deal(dialogues.len(), protocol.raters.len(), protocol.shared);
    let pairs = order::places(&protocol.comparisons, &sheet.keys);
    let steps = protocol.raters.iter().zip(&dealt).enumerate();
    let steps: Vec<RatingStepRow> = steps
        .flat_map(|(place, (slot, dealt))| {
            let seat = Seat {
                slot: &slot.slot,
                place,
            };
            match (protocol.kind, protocol.mode) {
                (StudyKind::Dialogues, _) => order.single_steps(seat, dealt),
                (_, RatingMode::Pair) => order.pair_steps(seat, dealt, &pairs),
                (_, RatingMode::Criteria | RatingMode::BestWorst) => order.steps(seat, dealt),
            }
        })
        .collect();
    RatingContents {
        dialogues: sheet
            .drawn
            .iter()
            .zip(1..)
            .map(|(drawable, dialogue)| RatingDialogueRow {
                dialogue,
                example: Some(drawable.example.id),
                // A dialogue that is judged is a text like any other; nothing is shown beside it.
                turns: match protocol.kind {
                    StudyKind::Summaries => json!(turns(&drawable.example.dialogue)),
                    StudyKind::Dialogues => json!([]),
                },
            })
            .collect(),
        items: sheet
            .all_items()
            .into_iter()
            .map(|(dialogue, _, item)| (item.number, dialogue, item.text.to_owned()))
            .collect(),
        raters: protocol
            .raters
            .iter()
            .map(|slot| RatingRaterRow {
                rater: slot.slot.clone(),
                name: slot.name.clone(),
                state: RaterState::Invited,
                counted: true,
            })
            .collect(),
        steps,
        ..RatingContents::default()
    }
}

fn begun(row: RatingStudyRow, contents: &RatingContents, plan: Option<StudyOutlook>) -> Begun {
    let load = |rater: &RatingRaterRow| Load {
        slot: rater.rater.clone(),
        name: rater.name.clone(),
        load: contents
            .steps
            .iter()
            .filter(|step| step.rater == rater.rater)
            .count(),
    };
    Begun {
        study: row.id,
        name: row.name.to_string(),
        state: row.state,
        uid: row.uid,
        protocol_sha256: if row.state == StudyState::Draft {
            String::new()
        } else {
            row.protocol_sha256
        },
        seal: row.seal,
        dialogues: contents.dialogues.len(),
        items: contents.items.len(),
        raters: contents.raters.iter().map(load).collect(),
        plan,
    }
}
