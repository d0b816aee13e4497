//! What a rater pack holds, and what its numbers mean. Every step has a dialogue and summaries of its own, numbered in
//! the order in which they are shown: a dialogue that appears a second time has different numbers, and no number
//! reveals anything that its place does not.

use std::collections::BTreeMap;

use contract::{Language, PackDialogue, PackItem, PackItems, PackStep, PackTurn};
use store::{RatingContents, RatingStepRow, RatingStudyRow};

use super::super::desk::Asked;
use super::super::record::RatedTurn;
use crate::error::{Result, corrupt};

/// The number of the first summary.
const FIRST: u32 = 1;

/// The steps of a rater, in their order.
fn steps<'a>(
    contents: &'a RatingContents,
    rater: &'a str,
) -> impl Iterator<Item = &'a RatingStepRow> {
    contents
        .steps
        .iter()
        .filter(move |step| step.rater == rater)
}

/// Which summary of which step a number of the pack means: `(step, item of the study)`.
pub(in crate::study) fn meaning(
    contents: &RatingContents,
    rater: &str,
) -> BTreeMap<u32, (u32, u32)> {
    let shown = steps(contents, rater)
        .flat_map(|step| step.items.iter().map(move |item| (step.step, *item)));
    (FIRST..).zip(shown).collect()
}

/// What a rater is to rate.
///
/// # Errors
/// Turns that cannot be read.
pub(super) fn of_rater(
    row: &RatingStudyRow,
    contents: &RatingContents,
    rater: &str,
    asked: Asked,
    language: Language,
) -> Result<PackItems> {
    let texts: BTreeMap<u32, &String> = contents
        .items
        .iter()
        .map(|(item, _, text)| (*item, text))
        .collect();
    let mut packed = PackItems {
        title: row.name.clone(),
        language,
        kind: row.kind,
        mode: row.mode,
        question: asked.question,
        guideline: asked.guideline,
        criteria: asked.criteria,
        check: asked.check,
        warmup: asked.warmup,
        dialogues: Vec::new(),
        items: Vec::new(),
        steps: Vec::new(),
    };
    for (step, d) in steps(contents, rater).zip(1..) {
        let mut dialogues = contents.dialogues.iter();
        let dialogue = dialogues.find(|row| row.dialogue == step.dialogue);
        let turns = dialogue.map(|row| row.turns.clone()).unwrap_or_default();
        let turns: Vec<RatedTurn> = serde_json::from_value(turns)
            .map_err(|error| corrupt(&format!("study {}", row.id), error))?;
        packed.dialogues.push(PackDialogue {
            d,
            turns: turns
                .into_iter()
                .map(|turn| PackTurn {
                    s: turn.s,
                    t: turn.t,
                })
                .collect(),
        });
        let next = packed.items.len() as u32 + FIRST;
        let items: Vec<u32> = (next..).take(step.items.len()).collect();
        packed
            .items
            .extend(items.iter().zip(&step.items).map(|(i, item)| {
                PackItem {
                    i: *i,
                    d,
                    text: texts
                        .get(item)
                        .map(|text| (*text).clone())
                        .unwrap_or_default(),
                }
            }));
        packed.steps.push(PackStep {
            n: step.step,
            d,
            items,
        });
    }
    Ok(packed)
}
