//! Blind rating. No command here names a system before a set is locked; which systems are compared is chosen here.

use contract::problem::NotFound;
use contract::{ItemState, System, Thing};
use host::clock::now_ms;
use project::rows::{RaterRow, StudyRow};
use project::session::Session;
use project::study::{CRITERIA, RatingItem as Row};
use tauri::State;

use super::{count, turns};
use crate::dto::{
    Criterion, Interval, RatingItem, RatingPress, RatingQueue, Score, Study, StudyRequest,
    StudyResult,
};
use crate::error::Answer;
use crate::place::Place;

/// Draws dialogues and stores one item for each system's summary.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn create_study(place: State<'_, Place>, request: StudyRequest) -> Answer<Study> {
    let systems = if request.all_systems {
        Vec::new()
    } else {
        vec![System::SftReal, System::MrdsSeparate]
    };
    let session = place.session()?;
    let request = project::study::StudyRequest {
        run: request.run,
        name: request.name,
        systems,
        items: request.items as usize,
        seed: u64::from(request.seed),
    };
    let row = session.create_study(&request, now_ms())?;
    study(&session, row)
}

/// The studies, newest first.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn studies(place: State<'_, Place>) -> Answer<Vec<Study>> {
    all(&place.session()?)
}

/// A rater's items in their own order; the rater is entered on first use.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn rating_queue(
    place: State<'_, Place>,
    study: String,
    rater: String,
) -> Answer<RatingQueue> {
    let queue = place.session()?.rating_queue(study_id(&study)?, &rater)?;
    let criterion = |criterion: project::study::Criterion| Criterion {
        key: criterion.key.to_owned(),
        question: criterion.question.to_owned(),
        anchors: criterion.anchors.map(str::to_owned).to_vec(),
    };
    Ok(RatingQueue {
        locked: queue.locked,
        criteria: CRITERIA.map(criterion).to_vec(),
        items: queue.items.into_iter().map(rating_item).collect(),
    })
}

/// Keeps one press: a score, or none to take it back.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn rate(place: State<'_, Place>, press: RatingPress) -> Answer<()> {
    let score = press
        .score
        .map(|score| u8::try_from(score).unwrap_or(u8::MAX));
    let study = study_id(&press.study)?;
    let press = project::study::Press {
        rater: &press.rater,
        item: item_number(&press.item_key)?,
        criterion: &press.criterion,
        score,
        time_ms: i64::from(press.time_ms),
        at_ms: now_ms(),
    };
    Ok(place.session()?.rate(study, press)?)
}

/// Leaves an item out.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn skip_item(
    place: State<'_, Place>,
    study: String,
    rater: String,
    item_key: String,
) -> Answer<()> {
    let item = item_number(&item_key)?;
    Ok(place
        .session()?
        .set_item(study_id(&study)?, &rater, item, ItemState::Skipped, None)?)
}

/// Locks a rater's set for good.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn lock_study(place: State<'_, Place>, study: String, rater: String) -> Answer<()> {
    Ok(place
        .session()?
        .lock_ratings(study_id(&study)?, &rater, now_ms())?)
}

/// Means by system from locked sets; refused while none is locked.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn study_results(place: State<'_, Place>, study: String) -> Answer<Vec<StudyResult>> {
    let rows = place.session()?.study_results(study_id(&study)?)?;
    let results = rows.into_iter().flat_map(|row| {
        let (system, n) = (row.system, count(row.n));
        row.criteria
            .into_iter()
            .map(move |(criterion, mean)| StudyResult {
                system: system.clone(),
                criterion,
                n,
                score: Interval {
                    mean: mean.mean,
                    lo: mean.ci95[0],
                    hi: mean.ci95[1],
                },
            })
    });
    Ok(results.collect())
}

/// Whether somebody may still rate this run blind: a study without a rater, or a rater who has not locked.
pub(crate) fn is_blind(session: &Session, run: &str) -> Answer<bool> {
    let open =
        |study: &Study| study.run == run && count(study.locked_raters.len()) < study.raters.max(1);
    Ok(all(session)?.iter().any(open))
}

fn all(session: &Session) -> Answer<Vec<Study>> {
    let mut rows = session.studies()?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.created_at_ms));
    rows.into_iter().map(|row| study(session, row)).collect()
}

fn study(session: &Session, row: StudyRow) -> Answer<Study> {
    let raters = session.raters(row.id)?;
    let locked = |rater: &&RaterRow| rater.locked_at_ms.is_some();
    Ok(Study {
        items: count(session.study_size(row.id)?),
        locked_raters: raters
            .iter()
            .filter(locked)
            .map(|rater| rater.name.clone())
            .collect(),
        raters: count(raters.len()),
        id: row.id.to_string(),
        run: row.run_id,
        name: row.name,
        seed: count(row.seed),
    })
}

fn rating_item(row: Row) -> RatingItem {
    RatingItem {
        position: count(row.position),
        item_key: row.item.to_string(),
        turns: turns(&row.dialogue),
        summary: row.summary,
        scores: row
            .scores
            .into_iter()
            .map(|(criterion, score)| Score {
                criterion,
                score: score.into(),
            })
            .collect(),
        skipped: row.state == Some(ItemState::Skipped),
    }
}

fn study_id(text: &str) -> Answer<i64> {
    Ok(text.parse().map_err(|_| absent(Thing::Study, text))?)
}

fn item_number(text: &str) -> Answer<u32> {
    Ok(text.parse().map_err(|_| absent(Thing::Item, text))?)
}

fn absent(thing: Thing, key: &str) -> NotFound {
    let key = key.to_owned();
    NotFound::Thing { thing, key }
}
