//! What stages made, as people look through it and change it by hand.

use std::collections::BTreeMap;

use contract::{
    ArtifactKind, Backing, FoundItems, HandAct, HandState, ItemQuery, Launch, Lineage, RunId,
    Started, SummaryToBack, Undone,
};
use host::clock::now_ms;
use host::process::liveness;
use project::artifact::{Candidate, Output, Pair, Summary, SyntheticDialogue, TestDialogue, Topic};
use project::rows::{ArtifactRow, ItemRow, MACHINE};
use project::workbench::{Hand, Looked};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tauri::State;

use super::turns;
use crate::dto::{AppError, ChangedItems, Item, ItemEntry, RuleVerdict};
use crate::error::Answer;
use crate::place::Place;
use crate::worker;

/// The items of a run that a query finds, as keys. While people rate its texts, test summaries have keys that lead to the text
/// alone.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn find_items(place: State<'_, Place>, query: ItemQuery) -> Answer<FoundItems> {
    Ok(place.session()?.find_items(&query)?)
}

/// Items by their keys.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn items(place: State<'_, Place>, run: RunId, keys: Vec<f64>) -> Answer<Vec<ItemEntry>> {
    let looked = place.session()?.look_at(&run, &whole(&keys))?;
    looked.into_iter().map(entry).collect()
}

/// Where an item comes from and what became of it.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn lineage(place: State<'_, Place>, run: RunId, key: f64) -> Answer<Lineage> {
    Ok(place.session()?.lineage(&run, key as i64)?)
}

/// What backs a summary in its conversation: turns for each sentence, and what became of its facts.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn back_summary(place: State<'_, Place>, asked: SummaryToBack) -> Answer<Backing> {
    Ok(place.session()?.back(&asked)?)
}

/// Does the same to each of these items, all of them or none.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn change_items(
    place: State<'_, Place>,
    run: RunId,
    keys: Vec<f64>,
    act: HandAct,
) -> Answer<ChangedItems> {
    let author = author();
    let (keys, state) = place
        .session()?
        .change_items(&run, &whole(&keys), &act, hand(&author))?;
    Ok(ChangedItems {
        keys: keys.into_iter().map(|key| key as f64).collect(),
        state,
    })
}

/// Takes back the last change by hand; `None` if there is none left.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn undo_change(place: State<'_, Place>, run: RunId) -> Answer<Option<Undone>> {
    let author = author();
    Ok(place.session()?.undo_change(&run, hand(&author))?)
}

/// Which stages of a run are stale, and how many changes can be undone.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn hand_state(place: State<'_, Place>, run: RunId) -> Answer<HandState> {
    Ok(place.session()?.hand_state(&run)?)
}

/// Begins another run with what is current in this one, now or when its turn comes. Returns its id.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn go_on_from(place: State<'_, Place>, run: RunId, queue: bool) -> Answer<RunId> {
    let next = place.session()?.go_on_from(&run, now_ms())?;
    let when = if queue { "--queue" } else { "--detach" };
    let words = ["resume".to_owned(), next.clone().into(), when.to_owned()];
    // A run that waits or was refused is in the list of runs, and can be resumed there.
    let _begun: Launch = worker::ask::<Started>(&place, &words)?.status;
    Ok(next)
}

fn hand(author: &str) -> Hand<'_> {
    Hand {
        author,
        now_ms: now_ms(),
        liveness: &liveness,
    }
}

/// Who works at this computer, as the system calls them.
fn author() -> String {
    let named = ["USER", "USERNAME"].into_iter().map(std::env::var);
    let named = named.filter_map(Result::ok);
    named
        .map(|name| name.trim().to_owned())
        .find(|name| !name.is_empty() && name != MACHINE)
        .unwrap_or_else(|| "hand".to_owned())
}

/// Keys as the page sends them: JavaScript has no other numbers.
fn whole(keys: &[f64]) -> Vec<i64> {
    keys.iter().map(|key| *key as i64).collect()
}

fn entry(looked: Looked) -> Answer<ItemEntry> {
    let item = match looked {
        Looked::Open(item) => *item,
        Looked::Blind { key, text } => {
            return Ok(ItemEntry {
                key: key as f64,
                number: 0,
                author: None,
                changed_at_ms: None,
                verdict: None,
                edited: false,
                editable: false,
                rejectable: false,
                item: Item::Output {
                    id: text.dialogue.to_string(),
                    system: None,
                    prediction: text.text,
                    references: Vec::new(),
                },
            });
        }
    };
    let ItemRow {
        row,
        verdict,
        edited,
        ..
    } = item;
    let by_hand = row.author != MACHINE;
    Ok(ItemEntry {
        key: row.id as f64,
        number: row.item,
        author: by_hand.then(|| row.author.clone()),
        changed_at_ms: by_hand.then_some(row.created_at_ms as f64),
        verdict,
        edited,
        editable: row.kind.is_editable(),
        rejectable: row.kind.is_rejectable(),
        item: made(row)?,
    })
}

fn read<T: DeserializeOwned>(value: Value) -> Answer<T> {
    serde_json::from_value(value).map_err(|error| AppError::corrupt("item", error))
}

fn made(row: ArtifactRow) -> Answer<Item> {
    let id = format!("{} {}", row.kind, row.item);
    Ok(match row.kind {
        ArtifactKind::Topic => {
            let made: Topic = read(row.payload)?;
            Item::Topic {
                id,
                example_id: made.example_id.to_string(),
                topic: made.topic,
            }
        }
        ArtifactKind::Summary => {
            let made: Summary = read(row.payload)?;
            Item::Summary {
                id,
                topic: made.topic,
                text: made.text,
                method: made.method,
            }
        }
        ArtifactKind::Output => {
            let made: Output = read(row.payload)?;
            Item::Output {
                id: made.id,
                system: Some(made.system),
                prediction: made.prediction,
                references: made.references,
            }
        }
        ArtifactKind::TestDialogue => test_dialogue(read(row.payload)?),
        ArtifactKind::Candidate => candidate(id, read(row.payload)?),
        ArtifactKind::Pair => pair(id, read(row.payload)?),
        ArtifactKind::Dialogue => {
            let made: SyntheticDialogue = read(row.payload)?;
            Item::Dialogue {
                id,
                source: made.source.to_string(),
                summary: made.summary,
                turns: turns(&made.text),
            }
        }
        other => {
            return Err(AppError::corrupt(
                other.as_str(),
                "the window has no form for it",
            ));
        }
    })
}

fn verdicts(rules: BTreeMap<String, bool>) -> Vec<RuleVerdict> {
    let verdict = |(rule, pass)| RuleVerdict { rule, pass };
    rules.into_iter().map(verdict).collect()
}

fn test_dialogue(made: TestDialogue) -> Item {
    Item::TestDialogue {
        id: made.id,
        system: made.system,
        summary: made.summary,
        turns: turns(&made.text),
        rules: verdicts(made.rules),
        pass: made.pass,
        score: made.score,
        copies: made.copies,
    }
}

fn candidate(id: String, made: Candidate) -> Item {
    Item::Candidate {
        id,
        summary: made.summary,
        origin: word(&made.origin),
        turns: turns(&made.text),
        rules: verdicts(made.rules),
        pass: made.pass,
        score: made.score,
    }
}

fn pair(id: String, made: Pair) -> Item {
    Item::Pair {
        id,
        set: word(&made.set),
        summary: made.summary,
        chosen: turns(&made.chosen),
        rejected: turns(&made.rejected),
        gap: made.gap,
        origin: word(&made.origin),
    }
}

/// The stored word of a closed set.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{Part, StageName};
    use serde_json::json;

    fn row(kind: ArtifactKind, payload: Value) -> ArtifactRow {
        ArtifactRow {
            id: 1,
            run_id: "r".into(),
            part: Part::Whole(StageName::Evaluate),
            kind,
            item: 4,
            version: 1,
            author: "duologue".into(),
            created_at_ms: 0,
            payload,
        }
    }

    #[test]
    fn pairs_are_taken_apart_into_turns() {
        let payload = json!({"set": "content", "summary_id": 0, "origin": "synthetic", "summary": "S",
            "chosen": "A: x\nB: y", "rejected": "A: x", "chosen_ids": [], "rejected_ids": [], "gap": 0.5});
        let Item::Pair {
            set,
            chosen,
            rejected,
            origin,
            ..
        } = made(row(ArtifactKind::Pair, payload)).unwrap()
        else {
            panic!()
        };
        assert_eq!(
            (set.as_str(), origin.as_str(), chosen.len(), rejected.len()),
            ("content", "synthetic", 2, 1)
        );
    }

    #[test]
    fn unreadable_items_are_errors_not_panics() {
        assert_eq!(
            made(row(ArtifactKind::Pair, json!({}))).unwrap_err().code(),
            contract::ErrorCode::Corrupt
        );
        assert_eq!(
            made(row(ArtifactKind::Adapter, json!({})))
                .unwrap_err()
                .code(),
            contract::ErrorCode::Corrupt
        );
    }
}
