//! While people rate, the data set keeps the references back and nobody has a rated dialogue summarized.

use contract::{ErrorCode, Origin, RunStatus};

use super::{RUN, begin, code, rate_all, request, workspace};
use crate::study::request::StudyRequest;
use crate::study::withheld::References;

#[test]
fn references_are_held_back_until_everybody_has_locked() {
    let (_dir, session) = workspace(12);
    let held_back = || {
        let seen = session.examples(&"notes".into(), 0, u32::MAX).unwrap();
        assert!(seen.iter().all(|example| example.is_summarised()));
        let kept = seen
            .iter()
            .filter(|seen| seen.references == References::InStudy);
        let told = format!("{seen:?}");
        (kept.count(), told.matches("human zq").count())
    };
    assert_eq!(held_back(), (0, 12));
    let study = StudyRequest {
        n: Some(6),
        ..request(&["Ada"])
    };
    begin(&session, &study);
    assert_eq!(held_back(), (6, 6));
    rate_all(&session, "Ada", 200);
    session.lock_set(&"S".into(), "Ada", 300).unwrap();
    assert_eq!(held_back(), (0, 12));
}

#[test]
fn a_rated_dialogue_is_neither_changed_nor_summarized() {
    let (_dir, session) = workspace(12);
    let study = StudyRequest {
        n: Some(6),
        ..request(&["Ada"])
    };
    begin(&session, &study);
    session
        .store
        .set_run_status(&RUN.into(), RunStatus::Done, None, 4)
        .unwrap();
    let seen = session.examples(&"notes".into(), 0, u32::MAX).unwrap();
    let (rated, free): (Vec<_>, Vec<_>) = seen
        .into_iter()
        .partition(|example| example.references.is_in_study());
    let edit = |id| {
        session.edit_example(
            &"notes".into(),
            id,
            "A: b\nB: c",
            &["d".into()],
            Origin::Edited,
        )
    };
    assert_eq!(code(edit(rated[0].id)), ErrorCode::Blinded);
    assert_eq!(
        code(session.delete_examples(&"notes".into(), &[free[0].id, rated[0].id])),
        ErrorCode::Blinded
    );
    edit(free[0].id).unwrap();
    let dialogue = rated[0].dialogue.as_deref().unwrap();
    // Blanks, case and punctuation do not make it a different dialogue.
    let retyped = dialogue.replace(": ", ":   ").to_uppercase();
    for dialogue in [dialogue, &retyped] {
        assert_eq!(code(session.may_summarize(dialogue)), ErrorCode::Blinded);
    }
    session
        .may_summarize(free[1].dialogue.as_deref().unwrap())
        .unwrap();
    session.reveal(&"S".into(), "the deadline", 170).unwrap();
    session.may_summarize(dialogue).unwrap();
    edit(rated[0].id).unwrap();
}
