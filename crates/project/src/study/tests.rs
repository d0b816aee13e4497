//! A study from its plan to its results: three systems of a run, rated at two desks, with nothing revealed before its
//! time.

use contract::problem::{Problem, StudyProblem, WrongState};
use contract::{
    ArtifactKind, DeskAct, DeskChoice, DeskPress, DeskTime, DeviceChoice, ErrorCode, Measures,
    Origin, Part, RaterState, RatingMode, SkipReason, Split, StageName, StudyAct, StudyName,
    StudyState, StudySystem, System,
};
use serde_json::json;
use store::{NewArtifact, NewDataset, NewExample, NewRun, PartResult};

use super::begin::{Begun, Fresh};
use super::blind::{Gone, TestOutputs};
use super::request::{StudyRequest, SystemRequest};
use crate::artifact::Output;
use crate::session::Session;

mod audit;
mod measured;
mod packs;
mod withheld;

const RUN: &str = "run-7";

const SYSTEMS: [System; 3] = [System::SftReal, System::MrdsSeparate, System::Lead3];

/// What a system wrote about a dialogue; two systems agree about every tenth.
fn text(system: System, dialogue: usize) -> String {
    match system {
        System::Lead3 if dialogue.is_multiple_of(10) => text(System::SftReal, dialogue),
        // Words that no file, key or name has.
        _ => format!("zq{} {}", dialogue, system.as_str().len() * 7919),
    }
}

fn output(system: System, dialogue: usize) -> Output {
    Output {
        system,
        id: format!("t{dialogue:03}"),
        prediction: format!(" {} ", text(system, dialogue)),
        references: vec![format!("human zq{dialogue} 11")],
        reference_ce: None,
        // The untrained model finds the method's summaries the least likely.
        base_ce: Some(system.as_str().len() as f64),
        tokens: 3,
        examples: 0,
    }
}

/// A workspace with a finished run on `n` test dialogues.
fn workspace(n: usize) -> (tempfile::TempDir, Session) {
    let dir = tempfile::tempdir().unwrap();
    let session = Session::open(dir.path()).unwrap();
    let examples: Vec<NewExample> = (0..n)
        .map(|dialogue| NewExample {
            external_id: format!("t{dialogue:03}"),
            split: Split::Test,
            origin: Origin::Imported,
            dialogue: format!("Ada: Shall we meet at {dialogue}?\nBen: Yes."),
            references: vec![format!("human zq{dialogue} 11")],
        })
        .collect();
    let dataset = NewDataset {
        name: "notes".into(),
        format: "json".into(),
        mapping: json!({}),
        created_at_ms: 1,
    };
    let dataset_id = session
        .store
        .insert_dataset(&dataset, &examples)
        .unwrap()
        .id;
    let run = NewRun {
        id: RUN.into(),
        dataset_id,
        model_path: "m".into(),
        model_id: "ab12".into(),
        model_name: "m".into(),
        model_parameters: 7,
        recipe: String::new(),
        seed: 1,
        shots: json!({}),
        threads: 1,
        device: DeviceChoice::Cpu,
        version: "0.1.0".into(),
        created_at_ms: 2,
        stages: &[StageName::Evaluate],
    };
    session.store.insert_run(&run).unwrap();
    for system in SYSTEMS {
        let outputs = (0..n).map(|dialogue| NewArtifact {
            kind: ArtifactKind::Output,
            item: dialogue as u32,
            payload: json!(output(system, dialogue)),
        });
        let outputs: Vec<NewArtifact> = outputs.collect();
        let part = Part::Evaluate(system);
        commit(&session, part, &outputs);
    }
    (dir, session)
}

/// Carries a part of the run out, with these items.
fn commit(session: &Session, part: Part, artifacts: &[NewArtifact]) {
    session.store.start_part(&RUN.into(), part, "in").unwrap();
    let result = PartResult {
        inputs_sha256: "in",
        output_sha256: "out",
        artifacts,
        n_in: artifacts.len() as u64,
        n_out: artifacts.len() as u64,
        dropped: std::collections::BTreeMap::new(),
        measures: Measures::default(),
        wall_s: 1.0,
        cpu_s: 1.0,
        peak_rss_bytes: 1,
        now_ms: 3,
    };
    session
        .store
        .commit_part(&RUN.into(), part, &result)
        .unwrap();
}

fn request(raters: &[&str]) -> StudyRequest {
    let mut systems: Vec<SystemRequest> = SYSTEMS
        .iter()
        .map(|system| SystemRequest::of_run(&RUN.into(), *system))
        .collect();
    systems.push(SystemRequest::reference());
    StudyRequest {
        name: "S".into(),
        systems,
        raters: raters.iter().map(|name| (*name).to_owned()).collect(),
        ..StudyRequest::default()
    }
}

fn fresh() -> Fresh {
    Fresh {
        now_ms: 100,
        blind_key: [9; 32],
        uid: "u".into(),
    }
}

fn begin(session: &Session, request: &StudyRequest) -> Begun {
    session.begin_study(request, &fresh()).unwrap()
}

fn score(step: u32, place: u32, criterion: &str, score: Option<u8>) -> DeskPress {
    DeskPress {
        step,
        act: DeskAct::Score {
            place,
            criterion: criterion.to_owned(),
            score,
        },
        time: Some(DeskTime {
            place,
            active_ms: 1_000,
            idle_ms: 10,
        }),
    }
}

fn act(step: u32, act: DeskAct) -> DeskPress {
    DeskPress {
        step,
        act,
        time: None,
    }
}

/// Scores everything: faithfulness by the system's word, so that systems differ.
fn rate_all(session: &Session, rater: &str, now_ms: i64) {
    let desk = session.desk(&"S".into(), rater).unwrap();
    for step in &desk.steps {
        for (place, item) in (0..).zip(&step.items) {
            let longer = item
                .text
                .contains(&(System::MrdsSeparate.as_str().len() * 7919).to_string());
            for criterion in &desk.criteria {
                let given = if longer { 5 } else { 2 + (step.step % 3) as u8 };
                let press = score(step.step, place, &criterion.key, Some(given));
                session
                    .press_desk(&"S".into(), rater, &press, now_ms)
                    .unwrap();
            }
        }
        let press = act(step.step, DeskAct::Submit);
        assert!(
            session
                .press_desk(&"S".into(), rater, &press, now_ms)
                .unwrap()
                .unwrap()
                .submitted
        );
    }
}

fn code<T: std::fmt::Debug>(answer: crate::Result<T>) -> ErrorCode {
    answer.unwrap_err().code()
}

#[test]
fn two_desks_lock_and_the_results_open() {
    let (_dir, session) = workspace(30);
    let study = StudyRequest {
        n: Some(8),
        shared: Some(4),
        ..request(&["Ada", "Ben"])
    };
    let begun = begin(&session, &study);
    assert_eq!((begun.state, begun.dialogues), (StudyState::Running, 8));
    assert_eq!(
        begun
            .raters
            .iter()
            .map(|rater| rater.load)
            .collect::<Vec<_>>(),
        [6, 6]
    );
    assert_eq!(begun.plan.as_ref().unwrap().criteria.len(), 4);
    assert!(begun.items <= 32 && begun.items >= 30);
    assert_eq!(code(session.opened(&"S".into())), ErrorCode::Blinded);
    assert_eq!(
        code(session.desk(&"S".into(), "Cleo")),
        ErrorCode::UnknownRater
    );
    rate_all(&session, "Ada", 200);
    assert_eq!(
        session.lock_set(&"S".into(), "Ada", 300).unwrap(),
        StudyState::Running
    );
    assert_eq!(code(session.opened(&"S".into())), ErrorCode::Blinded);
    let press = score(0, 0, "fluency", Some(1));
    assert_eq!(
        code(session.press_desk(&"S".into(), "Ada", &press, 301)),
        ErrorCode::SetLocked
    );
    assert!(matches!(
        session
            .lock_set(&"S".into(), "Ben", 302)
            .unwrap_err()
            .problem(),
        Problem::Run(contract::problem::RunProblem::WrongState(
            WrongState::Unrated { open: 6, total: 6 }
        ))
    ));
    rate_all(&session, "Ben", 400);
    assert_eq!(
        session.lock_set(&"S".into(), "Ben", 500).unwrap(),
        StudyState::Closed
    );
    let opened = session.opened(&"S".into()).unwrap();
    let results = session.rated_results(&opened).unwrap();
    assert_eq!(
        (results.n.dialogues, results.n.shared, results.n.raters),
        (8, 4, 2)
    );
    let found = results
        .comparisons
        .iter()
        .find(|found| found.a == "mrds_separate" && found.criterion == "faithfulness")
        .unwrap();
    assert!(found.diff.unwrap() > 1.0 && found.test, "{found:?}");
    let described = results
        .comparisons
        .iter()
        .filter(|found| found.b == StudySystem::REFERENCE);
    assert!(described.count() == 12);
    assert!(results.metrics.contains_key("rouge1"));
    let verified = session.verify_study(&opened).unwrap();
    assert!(verified.seal_ok && verified.protocol_ok);
    let acts: Vec<StudyAct> = session
        .store
        .rating_acts(begun.study)
        .unwrap()
        .into_iter()
        .map(|act| act.what)
        .collect();
    assert_eq!(
        acts,
        [
            StudyAct::Created,
            StudyAct::Started,
            StudyAct::Locked,
            StudyAct::Locked,
            StudyAct::Closed
        ]
    );
}

/// Whatever a rater, the page or the command line gets of a running study, as JSON.
fn everything_told(session: &Session, begun: &Begun, criterion: &str) -> String {
    let desk = session.desk(&"S".into(), "Ada").unwrap();
    let progress = session.study_progress(&"S".into()).unwrap();
    let listed = session.rated_studies().unwrap();
    let step = session
        .press_desk(&"S".into(), "Ada", &score(0, 0, criterion, Some(3)), 150)
        .unwrap();
    json!([begun, desk, progress, listed, step]).to_string()
}

#[test]
fn nothing_that_is_told_names_a_system_a_reference_or_a_repeat() {
    let (_dir, session) = workspace(60);
    let study = StudyRequest {
        n: Some(30),
        ..request(&["Ada"])
    };
    let begun = begin(&session, &study);
    assert_eq!(begun.raters[0].load, 33);
    let told = everything_told(&session, &begun, "fluency");
    for word in [
        "sft_real",
        "mrds_separate",
        "lead_3",
        "reference",
        "\"repeat",
        "blind_key",
        "run-7",
        "t0",
        "\"item\"",
        "090909",
        "[9,9",
    ] {
        assert!(!told.contains(word), "`{word}` is told");
    }
    // A dialogue that comes twice looks like any other.
    let desk = session.desk(&"S".into(), "Ada").unwrap();
    let mut texts: Vec<String> = desk
        .steps
        .iter()
        .map(|step| format!("{:?}", step.turns))
        .collect();
    texts.sort();
    texts.dedup();
    assert_eq!((desk.steps.len(), texts.len()), (33, 30));
}

#[test]
fn a_run_is_blind_while_its_texts_are_rated() {
    let (_dir, session) = workspace(12);
    assert!(session.sight(&RUN.into()).is_ok());
    let TestOutputs::Open(open) = session.test_outputs(&RUN.into()).unwrap() else {
        panic!("nobody rates yet")
    };
    assert_eq!(open.len(), 36);
    let study = StudyRequest {
        n: Some(6),
        ..request(&["Ada"])
    };
    let begun = begin(&session, &study);
    assert_eq!(code(session.sight(&RUN.into())), ErrorCode::Blinded);
    let TestOutputs::Blind(texts) = session.test_outputs(&RUN.into()).unwrap() else {
        panic!("people rate")
    };
    // Systems that wrote the same share a text, and the human reference is among them.
    assert_eq!(texts.len(), 12 * 4 - 2);
    assert_eq!(
        texts
            .iter()
            .filter(|text| text.text.starts_with("human"))
            .count(),
        12
    );
    let places: std::collections::BTreeSet<usize> = texts
        .chunk_by(|text, next| text.dialogue == next.dialogue)
        .filter_map(|texts| texts.iter().position(|text| text.text.starts_with("human")))
        .collect();
    assert!(places.len() > 1, "the reference stands in different places");
    assert_eq!(session.examples_in_study().unwrap().len(), 6);
    assert!(
        session.store.delete_run(&RUN.into()).is_err(),
        "the study needs it"
    );
    assert!(
        session
            .look_anyway(&RUN.into(), "the model had to be changed", 160)
            .is_ok()
    );
    let acts = session.store.rating_acts(begun.study).unwrap();
    assert_eq!(acts.last().unwrap().what, StudyAct::MetricsSeen);
    session.reveal(&"S".into(), "the deadline", 170).unwrap();
    assert!(session.opened(&"S".into()).is_ok() && session.sight(&RUN.into()).is_ok());
    assert!(session.examples_in_study().unwrap().is_empty());
}

#[test]
fn every_press_can_be_taken_back() {
    let (_dir, session) = workspace(12);
    begin(
        &session,
        &StudyRequest {
            n: Some(6),
            ..request(&["Ada"])
        },
    );
    let start = session.desk(&"S".into(), "Ada").unwrap();
    assert!(!start.introduced && !start.can_undo && start.state == RaterState::Invited);
    for (place, statement) in (0..).zip(&start.check) {
        let answer = statement.holds;
        session
            .press_desk(
                &"S".into(),
                "Ada",
                &act(0, DeskAct::Check { place, answer }),
                110,
            )
            .unwrap();
    }
    for (place, example) in (0..).zip(&start.warmup.as_ref().unwrap().items) {
        let scores = example.scores.clone();
        session
            .press_desk(
                &"S".into(),
                "Ada",
                &act(0, DeskAct::Warmup { place, scores }),
                111,
            )
            .unwrap();
    }
    let before = session.desk(&"S".into(), "Ada").unwrap();
    assert!(before.introduced && !before.can_undo && before.state == RaterState::Active);
    let mut states = vec![before];
    let n = states[0].steps[0].items.len() as u32;
    let mut presses = vec![
        score(0, 0, "fluency", Some(3)),
        score(0, 0, "fluency", Some(4)),
        score(0, 0, "fluency", None),
        act(
            0,
            DeskAct::Note {
                place: 0,
                text: " odd ".into(),
            },
        ),
        act(
            0,
            DeskAct::Flag {
                place: 0,
                flagged: true,
            },
        ),
        act(
            0,
            DeskAct::Skip {
                place: 0,
                reason: SkipReason::BrokenText,
            },
        ),
    ];
    for place in 1..n {
        for criterion in ["faithfulness", "informativeness", "fluency", "redundancy"] {
            presses.push(score(0, place, criterion, Some(5)));
        }
    }
    presses.push(act(0, DeskAct::Submit));
    for (press, now_ms) in presses.iter().zip(120..) {
        session
            .press_desk(&"S".into(), "Ada", press, now_ms)
            .unwrap();
        states.push(session.desk(&"S".into(), "Ada").unwrap());
    }
    let last = states.last().unwrap();
    assert!(last.steps[0].submitted && last.steps[0].items[0].flagged);
    assert_eq!(last.steps[0].items[0].note, "odd");
    assert_eq!(
        code(session.press_desk(&"S".into(), "Ada", &score(0, 1, "fluency", Some(1)), 900)),
        ErrorCode::UnknownItem,
        "a finished dialogue is folded"
    );
    let plain = |steps: &[contract::DeskStep]| {
        let mut steps = steps.to_vec();
        // An item that was begun stays begun.
        for item in steps.iter_mut().flat_map(|step| &mut step.items) {
            item.state = item
                .state
                .filter(|state| *state != contract::ItemState::Draft);
        }
        steps
    };
    for state in states.iter().rev().skip(1) {
        session.undo_desk(&"S".into(), "Ada", 950).unwrap().unwrap();
        let now = session.desk(&"S".into(), "Ada").unwrap();
        assert_eq!(plain(&now.steps), plain(&state.steps));
    }
    assert_eq!(session.undo_desk(&"S".into(), "Ada", 951).unwrap(), None);
    let presses = session.store.presses(1, Some("R1")).unwrap();
    assert!(presses.len() > 40, "the record keeps what was taken back");
}

#[test]
fn scores_outside_the_scale_and_steps_of_others_are_refused() {
    let (_dir, session) = workspace(12);
    begin(
        &session,
        &StudyRequest {
            n: Some(6),
            ..request(&["Ada"])
        },
    );
    for (press, expected) in [
        (score(0, 0, "fluency", Some(6)), ErrorCode::ScoreOutOfRange),
        (score(0, 0, "fluency", Some(0)), ErrorCode::ScoreOutOfRange),
        (score(0, 0, "style", Some(1)), ErrorCode::WrongState),
        (score(0, 9, "fluency", Some(1)), ErrorCode::UnknownItem),
        (score(99, 0, "fluency", Some(1)), ErrorCode::UnknownItem),
        (act(0, DeskAct::Submit), ErrorCode::WrongState),
        (
            act(0, DeskAct::Choose { choice: None }),
            ErrorCode::UnknownItem,
        ),
    ] {
        let is_choice = matches!(press.act, DeskAct::Choose { .. });
        let answer = session.press_desk(&"S".into(), "Ada", &press, 120);
        match is_choice {
            // Taking back a choice that was never made changes nothing.
            true => assert!(answer.is_ok()),
            false => assert_eq!(code(answer), expected),
        }
    }
}

#[test]
fn choices_between_two_and_among_all() {
    let (_dir, session) = workspace(20);
    let pair = StudyRequest {
        mode: RatingMode::Pair,
        n: Some(10),
        name: "S".into(),
        ..request(&["Ada"])
    };
    let begun = begin(&session, &pair);
    let desk = session.desk(&"S".into(), "Ada").unwrap();
    assert!(desk.criteria.is_empty() && desk.steps.iter().all(|step| step.items.len() == 2));
    assert_eq!(
        begun.plan.unwrap().criteria.keys().collect::<Vec<_>>(),
        ["preference"]
    );
    for step in &desk.steps {
        let best = Some(0);
        let choice = Some(DeskChoice { best, worst: None });
        session
            .press_desk(
                &"S".into(),
                "Ada",
                &act(step.step, DeskAct::Choose { choice }),
                130,
            )
            .unwrap();
        session
            .press_desk(&"S".into(), "Ada", &act(step.step, DeskAct::Submit), 131)
            .unwrap();
    }
    session.lock_set(&"S".into(), "Ada", 140).unwrap();
    let results = session
        .rated_results(&session.opened(&"S".into()).unwrap())
        .unwrap();
    let pairs = results.pairs.unwrap();
    assert_eq!(pairs.comparisons.len(), 2);
    assert!(
        pairs
            .comparisons
            .iter()
            .all(|found| found.left_won == found.decided && found.decided > 0)
    );
    session.delete_rated_study(begun.study).unwrap();

    let best = StudyRequest {
        mode: RatingMode::BestWorst,
        ..pair
    };
    begin(&session, &best);
    let choose = |best, worst| {
        act(
            0,
            DeskAct::Choose {
                choice: Some(DeskChoice { best, worst }),
            },
        )
    };
    assert_eq!(
        code(session.press_desk(&"S".into(), "Ada", &choose(Some(1), Some(1)), 150)),
        ErrorCode::UnknownItem
    );
    session
        .press_desk(&"S".into(), "Ada", &choose(Some(1), None), 150)
        .unwrap();
    assert_eq!(
        code(session.press_desk(&"S".into(), "Ada", &act(0, DeskAct::Submit), 151)),
        ErrorCode::WrongState
    );
    session
        .press_desk(&"S".into(), "Ada", &choose(Some(1), Some(0)), 152)
        .unwrap();
    session
        .press_desk(&"S".into(), "Ada", &act(0, DeskAct::Submit), 153)
        .unwrap();
}

#[test]
fn an_owner_withdraws_adds_and_closes() {
    let (_dir, session) = workspace(40);
    let study = StudyRequest {
        n: Some(12),
        shared: Some(6),
        ..request(&["Ada", "Ben", "Cleo"])
    };
    begin(&session, &study);
    rate_all(&session, "Ada", 200);
    let gone = |rater, counted| Gone {
        rater,
        reason: "moved away",
        counted,
    };
    assert_eq!(
        session
            .withdraw_rater(&"S".into(), gone("Ben", None), 210)
            .unwrap(),
        StudyState::Running
    );
    assert_eq!(
        code(session.withdraw_rater(&"S".into(), gone("Ben", None), 211)),
        ErrorCode::SetLocked
    );
    assert_eq!(
        code(session.withdraw_rater(&"S".into(), gone("Dora", None), 212)),
        ErrorCode::UnknownRater
    );
    assert_eq!(session.add_rater(&"S".into(), "Emil", 220).unwrap(), "R4");
    assert!(
        session.add_rater(&"S".into(), "Ada", 221).is_err(),
        "the name is taken"
    );
    let progress = session.study_progress(&"S".into()).unwrap();
    let loads: Vec<(usize, usize)> = progress
        .raters
        .iter()
        .map(|rater| (rater.done, rater.load))
        .collect();
    assert_eq!(loads, [(8, 8), (0, 8), (0, 8), (0, 6)]);
    assert!(!progress.raters[1].counted && progress.raters[0].median_s == Some(4.0));
    assert_eq!(
        session.close_study(&"S".into(), "enough", 230).unwrap(),
        StudyState::Closed
    );
    let results = session
        .rated_results(&session.opened(&"S".into()).unwrap())
        .unwrap();
    assert_eq!(
        (results.n.raters, results.n.withdrawn, results.n.dialogues),
        (1, 4, 8)
    );
    assert!(matches!(
        session
            .close_study(&"S".into(), "again", 231)
            .unwrap_err()
            .problem(),
        Problem::Study(StudyProblem::NotRunning { .. })
    ));
}

#[test]
fn what_comes_after_an_early_reveal_does_not_count() {
    let (_dir, session) = workspace(12);
    begin(
        &session,
        &StudyRequest {
            n: Some(6),
            ..request(&["Ada"])
        },
    );
    session
        .press_desk(&"S".into(), "Ada", &score(0, 0, "fluency", Some(3)), 150)
        .unwrap();
    let opened = session.reveal(&"S".into(), "a demonstration", 160).unwrap();
    session
        .press_desk(&"S".into(), "Ada", &score(0, 1, "fluency", Some(3)), 170)
        .unwrap();
    let results = session.rated_results(&opened).unwrap();
    assert_eq!((results.revealed_early, results.n.ratings), (Some(160), 1));
}

#[test]
fn drafts_start_once_and_plans_are_checked() {
    let (_dir, session) = workspace(12);
    let draft = session.draft_study(&request(&["Ada"]), 90).unwrap();
    assert_eq!((draft.state, draft.seal), (StudyState::Draft, None));
    assert_eq!(
        code(session.desk(&"S".into(), "Ada")),
        ErrorCode::NotRunning
    );
    let begun = session.start_study(draft.study, &fresh()).unwrap();
    assert_eq!(
        (begun.study, begun.state, begun.dialogues),
        (draft.study, StudyState::Running, 12)
    );
    assert_eq!(
        code(session.start_study(draft.study, &fresh())),
        ErrorCode::Frozen
    );
    let refused = |change: &dyn Fn(&mut StudyRequest)| {
        let mut study = StudyRequest {
            name: "T".into(),
            ..request(&["Ada"])
        };
        change(&mut study);
        code(session.begin_study(&study, &fresh()))
    };
    for change in [
        &(|study: &mut StudyRequest| study.name = StudyName::default())
            as &dyn Fn(&mut StudyRequest),
        &|study| study.systems.truncate(1),
        &|study| study.raters = vec!["Ada".into(), "Ada".into()],
        &|study| study.raters.clear(),
        &|study| study.alpha = 1.0,
        &|study| study.delta = f64::NAN,
        &|study| study.criteria = Some(Vec::new()),
        &|study| {
            let mut asked = super::instrument::criteria();
            let text = asked[0].texts.de.as_mut().unwrap();
            text.anchors[2] = " ".into();
            study.criteria = Some(asked);
        },
        &|study| study.systems[0].source = "run:x".into(),
        &|study| study.systems = vec![SystemRequest::reference(), SystemRequest::reference()],
    ] {
        assert_eq!(refused(change), ErrorCode::StudyPlan);
    }
    assert_eq!(
        refused(&|study| study.n = Some(5)),
        ErrorCode::NotEnoughDialogues
    );
    assert_eq!(
        refused(&|study| study.systems[0] = SystemRequest::of_run(&RUN.into(), System::MrdsJoint)),
        ErrorCode::WrongState
    );
    assert_eq!(
        refused(&|study| study.name = "S".into()),
        ErrorCode::NameTaken
    );
}

#[test]
fn a_file_of_outputs_is_a_system_and_names_stay_apart() {
    let (dir, session) = workspace(12);
    let path = dir.path().join("other.jsonl");
    let lines: String = (0..12)
        .map(|dialogue| {
            format!(
                "{}\n",
                json!({"id": format!("t{dialogue:03}"), "prediction": "p"})
            )
        })
        .collect();
    std::fs::write(&path, lines).unwrap();
    let mut study = request(&["Ada"]);
    study.systems.push(SystemRequest::from_source(format!(
        "file:{}",
        path.display()
    )));
    study
        .systems
        .push(SystemRequest::of_run(&RUN.into(), System::SftReal));
    let begun = begin(&session, &study);
    let row = session.store.rating_study(begun.study).unwrap();
    let protocol: contract::Protocol = serde_json::from_value(row.protocol).unwrap();
    let keys: Vec<&str> = protocol
        .systems
        .iter()
        .map(|system| system.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "sft_real",
            "mrds_separate",
            "lead_3",
            "reference",
            "other",
            "sft_real_2"
        ]
    );
    assert!(
        protocol.systems[4].source.starts_with("file:"),
        "the file's hash, not its path"
    );
    assert!(!protocol.systems[4].source.contains("other"));
}
