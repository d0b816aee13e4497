//! An audit: dialogues of a run mixed with real ones, judged at a desk, with nothing said about where they come from.

use contract::{
    ArtifactKind, DeskAct, ErrorCode, ItemOrder, ItemQuery, Part, StudyKind, StudyState,
    StudySystem, Synthesizer,
};
use serde_json::json;
use store::NewArtifact;

use super::{RUN, act, begin, code, commit, everything_told, fresh, score, workspace};
use crate::artifact::TestDialogue;
use crate::session::Session;
use crate::study::request::{StudyRequest, SystemRequest};

/// Dialogues that a synthesizer made up for `n` test summaries, of which every fourth breaks the format rule.
fn make_up(session: &Session, n: usize) {
    let made = (0..n).map(|dialogue| NewArtifact {
        kind: ArtifactKind::TestDialogue,
        item: dialogue as u32,
        payload: json!(TestDialogue {
            system: Synthesizer::DpoSeparate,
            id: format!("t{dialogue:03}"),
            summary: format!("human zq{dialogue} 11"),
            text: format!("Ada: The owl flies at  {dialogue}.\nBen: It does."),
            ended: true,
            pass: !dialogue.is_multiple_of(4),
            rules: std::collections::BTreeMap::new(),
            score: None,
            copies: false,
            tries: 1,
            tokens: 9,
        }),
    });
    let made: Vec<NewArtifact> = made.collect();
    let part = Part::TestDialogues(Synthesizer::DpoSeparate);
    commit(session, part, &made);
}

fn audit(raters: &[&str], n: usize) -> StudyRequest {
    StudyRequest {
        name: "S".into(),
        kind: StudyKind::Dialogues,
        systems: vec![
            SystemRequest::real(),
            SystemRequest::made_up(&RUN.into(), Synthesizer::DpoSeparate),
        ],
        n: Some(n),
        shared: Some(n),
        raters: raters.iter().map(|name| (*name).to_owned()).collect(),
        ..StudyRequest::default()
    }
}

fn is_made_up(text: &str) -> bool {
    text.contains("owl")
}

/// Scores made-up dialogues lower, and takes every fifth step for what it is not.
fn rate(session: &Session, rater: &str, now_ms: i64) {
    let desk = session.desk(&"S".into(), rater).unwrap();
    for step in &desk.steps {
        let made_up = is_made_up(&step.items[0].text);
        let says_made_up = made_up != step.step.is_multiple_of(5);
        for criterion in &desk.criteria {
            let given = match (criterion.key.as_str(), made_up) {
                ("origin", _) => 1 + 2 * u8::from(!says_made_up) + (step.step % 2) as u8,
                ("turn_taking", _) => 4,
                (_, true) => 2 + (step.step % 2) as u8,
                (_, false) => 5,
            };
            let press = score(step.step, 0, &criterion.key, Some(given));
            session
                .press_desk(&"S".into(), rater, &press, now_ms)
                .unwrap();
        }
        let submit = act(step.step, DeskAct::Submit);
        session
            .press_desk(&"S".into(), rater, &submit, now_ms)
            .unwrap();
    }
    session.lock_set(&"S".into(), rater, now_ms + 1).unwrap();
}

#[test]
fn real_and_made_up_dialogues_are_judged_one_at_a_time() {
    let (_dir, session) = workspace(40);
    make_up(&session, 40);
    assert_eq!(
        session.audited_synthesizer(&RUN.into()).unwrap(),
        Synthesizer::DpoSeparate
    );
    let begun = begin(&session, &audit(&["Ada", "Ben"], 20));
    assert_eq!((begun.dialogues, begun.items), (20, 40));
    // Forty dialogues, and three of them a second time.
    assert_eq!(begun.raters[0].load, 43);
    let desk = session.desk(&"S".into(), "Ada").unwrap();
    assert_eq!(desk.kind, StudyKind::Dialogues);
    assert!(desk.steps.iter().all(|step| step.turns.is_empty()));
    let [text] = desk.steps[0].items.as_slice() else {
        panic!("one dialogue at a time");
    };
    assert_eq!(text.text.lines().count(), 2);
    let keys: Vec<&str> = desk.criteria.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(
        keys,
        ["speaker_consistency", "turn_taking", "coherence", "origin"]
    );
    rate(&session, "Ada", 200);
    assert_eq!(code(session.opened(&"S".into())), ErrorCode::Blinded);
    rate(&session, "Ben", 300);
    let opened = session.opened(&"S".into()).unwrap();
    let found = session.rated_results(&opened).unwrap();
    assert_eq!(
        (found.state, found.kind),
        (StudyState::Closed, StudyKind::Dialogues)
    );
    // Nobody compares means of the guess.
    assert_eq!((found.comparisons.len(), found.family.size), (3, 3));
    assert!(found.metrics.is_empty());
    let coherence = found.comparisons.last().unwrap();
    assert_eq!(
        (coherence.a.as_str(), coherence.criterion.as_str()),
        (StudySystem::REAL, "coherence")
    );
    assert!(coherence.diff.unwrap() > 2.0);
    let sentence = coherence.sentence.as_ref().unwrap();
    assert!(
        sentence
            .en
            .starts_with("Real dialogues beat made-up ones (dpo_separate) on coherence: +2.")
    );
    assert!(
        sentence
            .de
            .starts_with("Echte Dialoge schlagen erfundene (dpo_separate) bei Zusammenhang: +2,")
    );
    let [guesses] = found.guesses.as_slice() else {
        panic!("one source");
    };
    assert_eq!((guesses.dialogues, guesses.guesses), (20, 80));
    let wrong = guesses.guesses - guesses.right;
    assert!(
        (14..=18).contains(&wrong),
        "a fifth is taken for the other: {wrong}"
    );
    assert!(guesses.ci95[0] < guesses.share && guesses.share < guesses.ci95[1]);
    assert!(guesses.p_holm.unwrap() < 0.05 && guesses.diff > 0.3);
    assert!(guesses.sentence.en.contains("They can be told apart"));
    let verified = session.verify_study(&opened).unwrap();
    assert!(verified.seal_ok && verified.protocol_ok);
    // The record knows that it is an audit, wherever it goes.
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Session::open(elsewhere.path()).unwrap();
    let taken = other
        .take_study(&session.rated_study(&opened).unwrap(), 5)
        .unwrap();
    assert_eq!(taken.kind, StudyKind::Dialogues);
    let again = other
        .rated_results(&other.opened(&"S".into()).unwrap())
        .unwrap();
    assert_eq!(again.guesses, found.guesses);
}

/// The dialogues of one summary are far apart: half of the sequence lies between two rounds.
#[test]
fn every_round_has_one_dialogue_of_each_summary() {
    let (_dir, session) = workspace(40);
    make_up(&session, 40);
    let begun = begin(
        &session,
        &StudyRequest {
            repeats: 0,
            ..audit(&["Ada"], 20)
        },
    );
    let contents = session.store.rating_contents(begun.study).unwrap();
    let (first, second) = contents.steps.split_at(20);
    for round in [first, second] {
        let mut summaries: Vec<u32> = round.iter().map(|step| step.dialogue).collect();
        summaries.sort_unstable();
        assert_eq!(summaries, (1..=20).collect::<Vec<u32>>());
    }
    let desk = session.desk(&"S".into(), "Ada").unwrap();
    let made_up = desk.steps[..20]
        .iter()
        .filter(|step| is_made_up(&step.items[0].text));
    assert_eq!(made_up.count(), 10);
}

#[test]
fn nothing_tells_a_real_dialogue_before_the_results_are_open() {
    let (_dir, session) = workspace(40);
    make_up(&session, 40);
    let begun = begin(&session, &audit(&["Ada", "Ben"], 20));
    session.add_rater(&"S".into(), "Cleo", 120).unwrap();
    let progress = session.study_progress(&"S".into()).unwrap();
    assert_eq!(
        progress.raters[2].load, 40,
        "both dialogues of each summary"
    );
    let told = everything_told(&session, &begun, "coherence");
    for word in [
        "dpo_separate",
        "\"real\"",
        "run-7",
        "human zq",
        "\"t0",
        "\"repeat",
        "\"item\"",
    ] {
        assert!(!told.contains(word), "`{word}` is told");
    }
    assert_eq!(code(session.sight(&RUN.into())), ErrorCode::Blinded);
    let query = ItemQuery {
        run: RUN.into(),
        kind: ArtifactKind::TestDialogue,
        words: String::new(),
        source: None,
        broken: None,
        mark: None,
        order: ItemOrder::Made,
        descending: false,
    };
    assert_eq!(code(session.find_items(&query)), ErrorCode::Blinded);
    let held_back = || {
        let seen = session.examples(&"notes".into(), 0, u32::MAX).unwrap();
        let kept = seen.iter().filter(|seen| seen.dialogue.is_none());
        (
            kept.clone().count(),
            kept.filter(|seen| !seen.references.is_in_study()).count(),
        )
    };
    assert_eq!(held_back(), (20, 0));
    session.close_study(&"S".into(), "enough", 130).unwrap();
    assert_eq!(held_back(), (0, 0));
    assert!(!session.find_items(&query).unwrap().keys.is_empty());
}

#[test]
fn plans_of_audits_are_checked() {
    let (_dir, session) = workspace(40);
    let refused = |change: &dyn Fn(&mut StudyRequest)| {
        let mut study = audit(&["Ada"], 20);
        change(&mut study);
        code(session.begin_study(&study, &fresh()))
    };
    assert_eq!(
        refused(&|_| {}),
        ErrorCode::WrongState,
        "nothing was made up"
    );
    assert_eq!(
        code(session.audited_synthesizer(&RUN.into())),
        ErrorCode::WrongState
    );
    make_up(&session, 40);
    // Dialogues that break the format rule train nobody.
    let everything = StudyRequest {
        n: None,
        shared: None,
        ..audit(&["Ada", "Ben", "Cleo"], 20)
    };
    let outlook = session.study_outlook(&everything).unwrap().unwrap();
    assert_eq!((outlook.dialogues, outlook.family), (30, 3));
    for change in [
        &(|study: &mut StudyRequest| study.mode = contract::RatingMode::Pair)
            as &dyn Fn(&mut StudyRequest),
        &|study| study.systems[0] = SystemRequest::reference(),
        &|study| study.systems[1] = SystemRequest::of_run(&RUN.into(), contract::System::SftReal),
        &|study| study.systems[0] = SystemRequest::made_up(&RUN.into(), Synthesizer::DpoSeparate),
    ] {
        assert_eq!(refused(change), ErrorCode::StudyPlan);
    }
}
