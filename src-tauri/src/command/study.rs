//! Rating studies. No command here reveals who wrote a text before the results are open, which the session decides.

use contract::{
    Criterion, Desk, DeskPress, DeskStep, Disputes, RunId, StudyKind, StudyName, StudyProgress,
    StudyResults, StudyState, StudySummary, Synthesizer, System,
};
use host::clock::now_ms;
use project::study::afterwards::Settlement;
use project::study::begin::Fresh;
use project::study::blind::Gone;
use project::study::instrument;
use project::study::request::{StudyRequest as Request, SystemRequest};
use tauri::State;

use crate::dto::{AppError, PlanAnswer, StudyRequest};
use crate::error::Answer;
use crate::place::Place;

/// The systems of a run that can be rated.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn ratable_systems(place: State<'_, Place>, run: RunId) -> Answer<Vec<System>> {
    Ok(place.session()?.ratable_systems(&run)?)
}

/// The synthesizers of a run whose dialogues can be judged beside real ones.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn auditable_synthesizers(
    place: State<'_, Place>,
    run: RunId,
) -> Answer<Vec<Synthesizer>> {
    Ok(place.session()?.auditable_synthesizers(&run)?)
}

/// What is scored unless an owner asks for something else.
#[tauri::command]
#[specta::specta]
pub(crate) fn usual_criteria(kind: StudyKind) -> Answer<Vec<Criterion>> {
    Ok(instrument::criteria_of(kind))
}

/// What a study could show; nothing is stored.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn plan_study(place: State<'_, Place>, request: StudyRequest) -> Answer<PlanAnswer> {
    let outlook = place.session()?.study_outlook(&planned(request))?;
    Ok(PlanAnswer { outlook })
}

/// Freezes a plan and starts its study.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn create_study(place: State<'_, Place>, request: StudyRequest) -> Answer<StudySummary> {
    let session = place.session()?;
    let no_source = |error: std::io::Error| AppError::corrupt("random numbers", error);
    let fresh = Fresh {
        now_ms: now_ms(),
        blind_key: host::process::secret_key().map_err(no_source)?,
        uid: host::process::token().map_err(no_source)?,
    };
    let begun = session.begin_study(&planned(request), &fresh)?;
    Ok(session
        .study_progress(&begun.study.to_string().into())?
        .study)
}

/// The studies, newest first.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn studies(place: State<'_, Place>) -> Answer<Vec<StudySummary>> {
    Ok(place.session()?.rated_studies()?)
}

/// Everything that a rater needs to go on.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn desk(place: State<'_, Place>, study: StudyName, rater: String) -> Answer<Desk> {
    Ok(place.session()?.desk(&study, &rater)?)
}

/// Keeps one press; returns the step as it is then.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn press(
    place: State<'_, Place>,
    study: StudyName,
    rater: String,
    press: DeskPress,
) -> Answer<Option<DeskStep>> {
    Ok(place
        .session()?
        .press_desk(&study, &rater, &press, now_ms())?)
}

/// Takes the last press back; returns the step as it is then, or none if there is nothing to take back.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn undo_press(
    place: State<'_, Place>,
    study: StudyName,
    rater: String,
) -> Answer<Option<DeskStep>> {
    Ok(place.session()?.undo_desk(&study, &rater, now_ms())?)
}

/// Makes a rater's set final; with the last one the study closes.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn lock_set(
    place: State<'_, Place>,
    study: StudyName,
    rater: String,
) -> Answer<StudyState> {
    Ok(place.session()?.lock_set(&study, &rater, now_ms())?)
}

/// Where a study's raters stand: no score, no mean.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn study_progress(place: State<'_, Place>, study: StudyName) -> Answer<StudyProgress> {
    Ok(place.session()?.study_progress(&study)?)
}

/// Puts somebody onto the roster.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn add_rater(place: State<'_, Place>, study: StudyName, name: String) -> Answer<()> {
    place.session()?.add_rater(&study, &name, now_ms())?;
    Ok(())
}

/// Takes a rater out.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn withdraw_rater(
    place: State<'_, Place>,
    study: StudyName,
    rater: String,
    reason: String,
    counted: Option<bool>,
) -> Answer<StudyState> {
    let gone = Gone {
        rater: &rater,
        reason: &reason,
        counted,
    };
    Ok(place.session()?.withdraw_rater(&study, gone, now_ms())?)
}

/// Withdraws everybody who is still rating.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn close_study(
    place: State<'_, Place>,
    study: StudyName,
    reason: String,
) -> Answer<StudyState> {
    Ok(place.session()?.close_study(&study, &reason, now_ms())?)
}

/// Opens the results before every rater has locked.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn reveal_study(
    place: State<'_, Place>,
    study: StudyName,
    reason: String,
) -> Answer<()> {
    let _opened = place.session()?.reveal(&study, &reason, now_ms())?;
    Ok(())
}

/// Removes a study with its texts and ratings.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn delete_study(place: State<'_, Place>, study: StudyName) -> Answer<()> {
    let session = place.session()?;
    let number = session.study_row(&study)?.id;
    Ok(session.delete_rated_study(number)?)
}

/// The summaries of a study that deserve a second look; refused while people rate.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn disputed(place: State<'_, Place>, study: StudyName) -> Answer<Disputes> {
    let session = place.session()?;
    Ok(session.disputed(&session.opened(&study)?)?)
}

/// Settles a score of a summary, with a reason.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn adjudicate(
    place: State<'_, Place>,
    study: StudyName,
    item: u32,
    criterion: String,
    score: u8,
    reason: String,
) -> Answer<Disputes> {
    let session = place.session()?;
    let opened = session.opened(&study)?;
    let settlement = Settlement {
        item,
        criterion: &criterion,
        score,
        reason: &reason,
    };
    session.adjudicate(&opened, settlement, now_ms())?;
    Ok(session.disputed(&opened)?)
}

/// Every figure of a study; refused while people rate. With `adjudicated`, settled scores take the place of the raters'.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn study_results(
    place: State<'_, Place>,
    study: StudyName,
    adjudicated: bool,
) -> Answer<StudyResults> {
    let session = place.session()?;
    let opened = session.opened(&study)?;
    Ok(match adjudicated {
        true => session.adjudicated_results(&opened)?,
        false => session.rated_results(&opened)?,
    })
}

fn planned(request: StudyRequest) -> Request {
    let run = &request.run;
    let systems = request.systems.iter().map(|planned| SystemRequest {
        label: Some(planned.label.clone()),
        ..match (planned.system, planned.synthesizer, request.kind) {
            (Some(system), _, _) => SystemRequest::of_run(run, system),
            (None, Some(role), _) => SystemRequest::made_up(run, role),
            (None, None, StudyKind::Summaries) => SystemRequest::reference(),
            (None, None, StudyKind::Dialogues) => SystemRequest::real(),
        }
    });
    let count = |number: Option<u32>| number.map(|number| number as usize);
    Request {
        systems: systems.collect(),
        name: request.name.into(),
        kind: request.kind,
        mode: request.mode,
        criteria: request.criteria,
        n: count(request.dialogues),
        seed: u64::from(request.seed),
        raters: request.raters,
        shared: count(request.shared),
        repeats: request.repeats as usize,
        margin: request.margin,
        delta: request.delta,
        ..Request::default()
    }
}
