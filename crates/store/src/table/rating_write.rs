//! Puts rating studies into their tables: those that were rated elsewhere, and those whose plan is frozen now.

use super::rating_acts::{NewAct, OWNER, log};
use super::rating_rows::{
    RatedStudy, RatingContents, RatingRaterRow, RatingStepRow, RatingStudyRow,
};
use super::rating_study::study;
use super::{Json, Word};
use crate::Result;
use crate::error::name_taken;
use contract::{StudyAct, StudyState, Thing};
use rusqlite::{Connection, params};
use serde_json::json;

/// Puts a study into the tables.
pub(super) fn insert(tx: &Connection, rated: &RatedStudy) -> Result<RatingStudyRow> {
    let is_planned = rated.frozen.is_some() || rated.state == StudyState::Draft;
    let origin = if is_planned { "planned" } else { "imported" };
    tx.prepare_cached(
        "INSERT INTO rating_study (name, kind, origin, mode, state, protocol, protocol_sha256, created_at_ms,
                                   closed_at_ms, revealed_early_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        rated.name.as_str(),
        Word(rated.kind),
        origin,
        Word(rated.mode),
        Word(rated.state),
        Json(&rated.protocol),
        crate::sha256_json([&rated.protocol]),
        rated.created_at_ms,
        (rated.state == StudyState::Closed).then_some(rated.created_at_ms),
        rated.revealed_early_at_ms
    ])
    .map_err(|e| name_taken(e, Thing::Study, &rated.name))?;
    let id = tx.last_insert_rowid();
    log(
        tx,
        id,
        &NewAct {
            at_ms: rated.created_at_ms,
            actor: OWNER,
            what: StudyAct::Created,
            payload: json!({"origin": origin}),
        },
    )?;
    fill(tx, id, rated)?;
    study(tx, id)
}

/// Gives a draft everything that was drawn for it and freezes its plan.
pub(super) fn start(tx: &Connection, id: i64, drawn: &RatedStudy) -> Result<RatingStudyRow> {
    tx.prepare_cached("UPDATE rating_study SET protocol = ?2, state = ?3 WHERE id = ?1")?
        .execute(params![id, Json(&drawn.protocol), Word(drawn.state)])?;
    fill(tx, id, drawn)?;
    study(tx, id)
}

fn fill(tx: &Connection, id: i64, rated: &RatedStudy) -> Result<()> {
    let mut system = tx.prepare_cached(
        "INSERT INTO rating_system (study_id, place, system, label, run_id) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (row, place) in rated.systems.iter().zip(0_i64..) {
        system.execute(params![
            id,
            place,
            row.system,
            row.label,
            row.run.as_deref()
        ])?;
    }
    insert_texts(tx, id, rated)?;
    insert_answers(tx, id, &rated.contents)?;
    let Some(frozen) = &rated.frozen else {
        return Ok(());
    };
    tx.prepare_cached(
        "UPDATE rating_study SET uid = ?2, protocol_sha256 = ?3, seal = ?4, blind_key = ?5, started_at_ms = ?6
         WHERE id = ?1",
    )?
    .execute(params![
        id,
        frozen.uid,
        frozen.protocol_sha256,
        frozen.seal,
        frozen.blind_key.as_slice(),
        frozen.started_at_ms
    ])?;
    log(
        tx,
        id,
        &NewAct {
            at_ms: frozen.started_at_ms,
            actor: OWNER,
            what: StudyAct::Started,
            payload: json!({"protocol_sha256": frozen.protocol_sha256, "seal": frozen.seal}),
        },
    )
}

fn insert_texts(tx: &Connection, id: i64, rated: &RatedStudy) -> Result<()> {
    let mut dialogue = tx.prepare_cached(
        "INSERT INTO rating_dialogue (study_id, dialogue, example_id, turns) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for row in &rated.contents.dialogues {
        dialogue.execute(params![id, row.dialogue, row.example, Json(&row.turns)])?;
    }
    let mut item = tx.prepare_cached(
        "INSERT INTO rating_item (study_id, item, dialogue, role, text) VALUES (?1, ?2, ?3, 'rated', ?4)",
    )?;
    for (number, dialogue, text) in &rated.contents.items {
        item.execute(params![id, number, dialogue, text])?;
    }
    let mut author = tx.prepare_cached(
        "INSERT INTO rating_author (study_id, item, system, metrics) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for row in &rated.authors {
        author.execute(params![id, row.item, row.system, Json(&row.metrics)])?;
    }
    Ok(())
}

fn insert_answers(tx: &Connection, id: i64, contents: &RatingContents) -> Result<()> {
    for (row, place) in contents.raters.iter().zip(0..) {
        insert_rater(tx, id, place, row)?;
    }
    insert_steps(tx, id, &contents.steps)?;
    insert_given(tx, id, contents)
}

/// What raters answered about the steps that they have.
pub(super) fn insert_given(tx: &Connection, id: i64, contents: &RatingContents) -> Result<()> {
    let mut item = tx.prepare_cached(
        "INSERT INTO rating_step_item (study_id, rater, step, item, state, reason, note, flagged, active_ms, idle_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for row in &contents.step_items {
        let state = Word(row.state);
        item.execute(params![
            id,
            row.rater,
            row.step,
            row.item,
            state,
            row.reason.map(Word),
            row.note,
            row.flagged,
            row.active_ms,
            row.idle_ms
        ])?;
    }
    let mut score = tx.prepare_cached(
        "INSERT INTO rating_score (study_id, rater, step, item, criterion, score, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for row in &contents.scores {
        let (criterion, given) = (&row.criterion, row.score);
        score.execute(params![
            id, row.rater, row.step, row.item, criterion, given, row.at_ms
        ])?;
    }
    let mut choice = tx.prepare_cached(
        "INSERT INTO rating_choice (study_id, rater, step, best, worst, active_ms, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for row in &contents.choices {
        choice.execute(params![
            id,
            row.rater,
            row.step,
            row.best,
            row.worst,
            row.active_ms,
            row.at_ms
        ])?;
    }
    Ok(())
}

/// What a rater will be shown.
pub(super) fn insert_steps(tx: &Connection, id: i64, steps: &[RatingStepRow]) -> Result<()> {
    let mut step = tx.prepare_cached(
        "INSERT INTO rating_step (study_id, rater, step, kind, dialogue, items, pair)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for row in steps {
        let (kind, items) = (row.kind.as_str(), Json(&row.items));
        step.execute(params![
            id,
            row.rater,
            row.step,
            kind,
            row.dialogue,
            items,
            row.pair
        ])?;
    }
    Ok(())
}

/// A place on the roster.
pub(super) fn insert_rater(
    tx: &Connection,
    id: i64,
    place: i64,
    row: &RatingRaterRow,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO rating_rater (study_id, rater, place, name, state, counted) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![id, row.rater, place, row.name, Word(row.state), row.counted])
    .map_err(|e| name_taken(e, Thing::Rater, &row.name))?;
    Ok(())
}
