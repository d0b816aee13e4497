//! A run without weights, whose parts are those of its recipe: what is found in it, what changes by hand make stale, and where it
//! goes on.

use super::hand::Hand;
use super::*;
use crate::artifact::{Candidate as Sampled, Summary, SummaryOrigin, SyntheticDialogue, Topic};
use crate::artifact::{output_sha256, rows};
use crate::part::{Finished, asked, inputs_sha256};
use crate::recipe::Recipe;
use contract::problem::{RunProblem, WrongState};
use contract::{
    DeviceChoice, HandAct, MadeFrom, Measures, Origin, Part, Problem, Split, Synthesizer, System,
};
use host::{Identity, Liveness};
use serde_json::json;
use store::{NewArtifact, NewDataset, NewExample, NewRun, PartResult};

const RUN: &str = "notes-1";

fn recipe() -> Recipe {
    let mut recipe = Recipe::default();
    for set in ["systems=lead_3,mrds_separate", "judge_items=0"] {
        recipe.set(set).unwrap();
    }
    recipe
}

/// What a part of the run made.
fn made(part: Part, shot: i64) -> Vec<NewArtifact> {
    let summary = |text: &str| Summary {
        topic: "a visit".into(),
        text: text.into(),
        method: "lora".into(),
    };
    let dialogue = |summary_id, summary: &str, text: &str| SyntheticDialogue {
        source: Synthesizer::DpoSeparate,
        summary_id,
        summary: summary.into(),
        text: text.into(),
    };
    let candidate = |sample, score, pass| Sampled {
        summary_id: 1,
        sample,
        origin: SummaryOrigin::Synthetic,
        summary: "Ada comes.".into(),
        text: format!("Ada: I come {sample}.\nBen: Good."),
        ids: vec![1, 2, 3],
        ended: true,
        pass,
        rules: [("min_turns".to_owned(), pass)].into(),
        score,
    };
    let output = |system| Output {
        system,
        id: "t1".into(),
        prediction: "Ada and Ben meet.".into(),
        references: vec!["Ada and Ben meet on Friday.".into()],
        reference_ce: Some(1.5),
        base_ce: None,
        tokens: 5,
        examples: 0,
    };
    match part {
        Part::Whole(StageName::Topics) => rows(&[Topic {
            example_id: shot,
            topic: "a visit".into(),
        }]),
        Part::Whole(StageName::Summaries) => rows(&[summary("Ada comes."), summary("Ben goes.")]),
        Part::Whole(StageName::Candidates) => rows(&[
            candidate(0, Some(-2.0), true),
            candidate(1, None, false),
            candidate(2, Some(-1.0), true),
        ]),
        Part::Dialogues(Synthesizer::DpoSeparate) => rows(&[
            dialogue(0, "Ada comes.", "Ada: I come.\nBen: Good."),
            dialogue(1, "Ben goes.", "Ben: I go.\nAda: Pity."),
        ]),
        Part::Evaluate(system) => rows(&[output(system)]),
        _ => Ok(Vec::new()),
    }
    .unwrap()
}

/// A workspace with a finished run.
fn finished() -> (tempfile::TempDir, Session) {
    let dir = tempfile::tempdir().unwrap();
    let session = Session::open(dir.path()).unwrap();
    let example = |id: &str, split| NewExample {
        external_id: id.into(),
        split,
        origin: Origin::Imported,
        dialogue: "Ada: Friday?\nBen: Friday.".into(),
        references: vec!["Ada and Ben meet on Friday.".into()],
    };
    let dataset = NewDataset {
        name: "notes".into(),
        format: "json".into(),
        mapping: json!({}),
        created_at_ms: 1,
    };
    let examples = [example("s1", Split::Train), example("t1", Split::Test)];
    let dataset_id = session
        .store
        .insert_dataset(&dataset, &examples)
        .unwrap()
        .id;
    let shot = session.store.examples(dataset_id, None).unwrap()[0].id;
    let recipe = recipe();
    session
        .store
        .insert_run(&NewRun {
            id: RUN.into(),
            dataset_id,
            model_path: "m".into(),
            model_id: "ab12".into(),
            model_name: "m".into(),
            model_parameters: 7,
            recipe: recipe.to_toml().unwrap(),
            seed: 1,
            shots: json!({"training_sha256": "a", "test_sha256": "b"}),
            threads: 1,
            device: DeviceChoice::Cpu,
            version: "0.1.0".into(),
            created_at_ms: 2,
            stages: StageName::ALL,
        })
        .unwrap();
    let row = session.run(&RUN.into()).unwrap();
    for part in asked(&recipe) {
        let earlier = |earlier: Part| {
            let row = session.store.part(&RUN.into(), earlier).ok()??;
            Some(Finished {
                sha256: row.output_sha256?,
                n_out: row.n_out,
            })
        };
        let inputs = inputs_sha256(&row, &recipe, part, &earlier)
            .unwrap()
            .unwrap();
        let made = made(part, shot);
        let items = made
            .iter()
            .map(|row| (row.kind.as_str(), row.item, &row.payload));
        let result = PartResult {
            inputs_sha256: &inputs,
            output_sha256: &output_sha256(items),
            artifacts: &made,
            n_in: 1,
            n_out: made.len() as u64,
            dropped: BTreeMap::new(),
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
    (dir, session)
}

fn nobody(_: &Identity) -> Liveness {
    Liveness::Gone
}

const HAND: Hand<'_> = Hand {
    author: "Ada",
    now_ms: 9,
    liveness: &nobody,
};

fn query(kind: ArtifactKind) -> ItemQuery {
    ItemQuery {
        run: RUN.into(),
        kind,
        words: String::new(),
        source: None,
        broken: None,
        mark: None,
        order: ItemOrder::Made,
        descending: false,
    }
}

fn keys(session: &Session, query: &ItemQuery) -> Vec<i64> {
    session.find_items(query).unwrap().keys
}

/// Numbers of the found items.
fn numbers(session: &Session, query: &ItemQuery) -> Vec<u32> {
    let looked = session.look_at(&query.run, &keys(session, query)).unwrap();
    let number = |looked: Looked| match looked {
        Looked::Open(item) => item.row.item,
        Looked::Blind { .. } => panic!("nobody rates this run"),
    };
    looked.into_iter().map(number).collect()
}

fn refused(session: &Session, keys: &[i64], act: &HandAct) -> WrongState {
    match session
        .change_items(&RUN.into(), keys, act, HAND)
        .unwrap_err()
        .problem()
    {
        Problem::Run(RunProblem::WrongState(state)) => state,
        other => panic!("{other}"),
    }
}

#[test]
fn candidates_are_found_filtered_and_sorted() {
    let (_dir, session) = finished();
    let candidates = query(ArtifactKind::Candidate);
    let found = session.find_items(&candidates).unwrap();
    let words = |counts: &[ItemCount]| -> Vec<(String, u32)> {
        counts
            .iter()
            .map(|count| (count.word.clone(), count.n))
            .collect()
    };
    assert_eq!((found.keys.len(), found.total), (3, 3));
    assert_eq!(words(&found.sources), [("synthetic".to_owned(), 3)]);
    assert_eq!(words(&found.broken), [("min_turns".to_owned(), 1)]);
    assert_eq!(words(&found.marks), [("untouched".to_owned(), 3)]);
    assert_eq!(found.orders, [ItemOrder::Made, ItemOrder::Score]);
    let broken = ItemQuery {
        broken: Some("min_turns".into()),
        ..candidates.clone()
    };
    assert_eq!(numbers(&session, &broken), [1]);
    let scored = ItemQuery {
        order: ItemOrder::Score,
        descending: true,
        ..candidates.clone()
    };
    assert_eq!(
        numbers(&session, &scored),
        [2, 0, 1],
        "without a score comes last"
    );
    let scored = ItemQuery {
        order: ItemOrder::Score,
        ..candidates.clone()
    };
    assert_eq!(numbers(&session, &scored), [0, 2, 1]);
    let worded = ItemQuery {
        words: "come 2".into(),
        ..candidates
    };
    assert_eq!(numbers(&session, &worded), [2]);
    let outputs = ItemQuery {
        order: ItemOrder::Rouge1,
        ..query(ArtifactKind::Output)
    };
    assert_eq!(session.find_items(&outputs).unwrap().keys.len(), 2);
}

#[test]
fn a_change_makes_stale_what_reads_it_and_its_undoing_makes_that_current() {
    let (_dir, session) = finished();
    let fresh = session.hand_state(&RUN.into()).unwrap();
    assert_eq!((fresh.stale, fresh.undoable), (vec![], 0));
    let summaries = query(ArtifactKind::Summary);
    let first = keys(&session, &summaries)[0];
    let (after, state) = session
        .change_items(&RUN.into(), &[first], &HandAct::Accept, HAND)
        .unwrap();
    assert_eq!((state.stale, state.undoable), (vec![], 1));
    let act = HandAct::Edit {
        text: " Ada\n comes at nine. ".into(),
    };
    let (_, state) = session
        .change_items(&RUN.into(), &after, &act, HAND)
        .unwrap();
    let stale = [
        StageName::Candidates,
        StageName::Preferences,
        StageName::Align,
        StageName::Dialogues,
        StageName::Summarizer,
        StageName::Evaluate,
    ];
    assert_eq!(state.stale, stale);
    let edited = ItemQuery {
        mark: Some(ItemMark::Edited),
        words: "nine".into(),
        ..summaries
    };
    let key = keys(&session, &edited)[0];
    let lineage = session.lineage(&RUN.into(), key).unwrap();
    let authors: Vec<_> = lineage
        .versions
        .iter()
        .map(|version| version.author.as_deref())
        .collect();
    assert_eq!(authors, [None, Some("Ada"), Some("Ada")]);
    assert!(lineage.versions[2].changed && !lineage.versions[1].changed);
    let kinds: Vec<bool> = lineage
        .from
        .iter()
        .map(|from| matches!(from, MadeFrom::Topic { .. }))
        .collect();
    assert_eq!(kinds, [true, false], "the topic, then its conversation");
    let undone = session.undo_change(&RUN.into(), HAND).unwrap().unwrap();
    assert_eq!(
        (undone.kind, undone.state.stale),
        (ArtifactKind::Summary, vec![])
    );
    assert_eq!(
        session
            .undo_change(&RUN.into(), HAND)
            .unwrap()
            .unwrap()
            .state
            .undoable,
        0
    );
    assert_eq!(session.undo_change(&RUN.into(), HAND).unwrap(), None);
}

#[test]
fn a_finished_run_stays_and_another_goes_on() {
    let (_dir, session) = finished();
    let nothing = session.go_on_from(&RUN.into(), 20).unwrap_err();
    assert_eq!(
        nothing.problem(),
        crate::Error::from(WrongState::NothingStale { run: RUN.into() }).problem()
    );
    let dialogues = keys(&session, &query(ArtifactKind::Dialogue));
    session
        .change_items(&RUN.into(), &dialogues[..1], &HandAct::Reject, HAND)
        .unwrap();
    let before = session.parts(&session.run(&RUN.into()).unwrap()).unwrap();
    let next = session.go_on_from(&RUN.into(), 20).unwrap();
    assert_eq!(next, "notes-2");
    let after = session.parts(&session.run(&RUN.into()).unwrap()).unwrap();
    let hashes = |parts: &[crate::part::PartState]| -> Vec<Option<String>> {
        let hash = |part: &crate::part::PartState| part.row.clone()?.output_sha256;
        parts.iter().map(hash).collect()
    };
    assert_eq!(hashes(&before), hashes(&after));
    let parts = session.parts(&session.run(&next).unwrap()).unwrap();
    let waiting: Vec<String> = parts
        .iter()
        .filter(|part| part.row.is_none())
        .map(|part| part.part.to_string())
        .collect();
    assert_eq!(
        waiting,
        ["summarizer/mrds_separate", "evaluate/mrds_separate"]
    );
    let rejected = ItemQuery {
        run: next,
        mark: Some(ItemMark::Rejected),
        ..query(ArtifactKind::Dialogue)
    };
    assert_eq!(numbers(&session, &rejected), [0], "the change came along");
}

#[test]
fn what_cannot_be_changed_is_refused_in_words() {
    let (_dir, session) = finished();
    let of_kind = |kind| keys(&session, &query(kind));
    let edit = HandAct::Edit { text: "x".into() };
    let (outputs, candidates) = (
        of_kind(ArtifactKind::Output),
        of_kind(ArtifactKind::Candidate),
    );
    for (keys, act) in [
        (&outputs, &HandAct::Reject),
        (&outputs, &edit),
        (&candidates, &edit),
        (&candidates, &HandAct::Flip),
    ] {
        assert!(matches!(
            refused(&session, &keys[..1], act),
            WrongState::NotByHand { .. }
        ));
    }
    let empty = HandAct::Edit { text: " \n".into() };
    let summaries = of_kind(ArtifactKind::Summary);
    assert!(matches!(
        refused(&session, &summaries[..1], &empty),
        WrongState::EmptyItem { .. }
    ));
    assert!(matches!(
        refused(&session, &summaries, &HandAct::Reject),
        WrongState::LastItem { .. }
    ));
    let topics = of_kind(ArtifactKind::Topic);
    assert!(matches!(
        refused(&session, &topics, &HandAct::Reject),
        WrongState::LastItem { .. }
    ));
    assert_eq!(session.hand_state(&RUN.into()).unwrap().undoable, 0);
    session
        .change_items(&RUN.into(), &outputs, &HandAct::Accept, HAND)
        .unwrap();
}

#[test]
fn an_output_shows_its_conversation_and_its_system() {
    let (_dir, session) = finished();
    let key = keys(&session, &query(ArtifactKind::Output))[1];
    let lineage = session.lineage(&RUN.into(), key).unwrap();
    assert_eq!(lineage.system, Some(System::MrdsSeparate));
    let [MadeFrom::Example { id, summary, .. }] = lineage.from.as_slice() else {
        panic!("{:?}", lineage.from);
    };
    assert_eq!((id.as_str(), summary.is_some()), ("t1", true));
    assert!(
        lineage
            .settings
            .iter()
            .all(|setting| setting.key != "systems")
    );
}

#[test]
fn texts_that_people_rate_are_found_without_their_author() {
    let texts = [(1, "Ada comes."), (1, "Ben goes."), (2, "Adam waits.")];
    let texts = texts.map(|(dialogue, text)| BlindText {
        dialogue,
        text: text.into(),
    });
    assert_eq!(blind(&texts, "ada").keys, [-1, -3]);
    assert_eq!(blind(&texts, "Go ben").keys, [-2]);
    let every = blind(&texts, " ");
    assert_eq!(
        (every.keys, every.total, every.sources),
        (vec![-1, -2, -3], 3, vec![])
    );
}

#[test]
fn a_run_of_an_earlier_version_says_before_anybody_tries_that_it_cannot_be_changed() {
    let (_dir, session) = finished();
    assert!(!session.hand_state(&RUN.into()).unwrap().read_only);
    let row = session.run(&RUN.into()).unwrap();
    let earlier = NewRun::like(row, "earlier".into(), 1, &[StageName::Topics]);
    session.store.insert_run(&earlier).unwrap();
    assert!(session.hand_state(&"earlier".into()).unwrap().read_only);
    let error = session
        .change_items(&"earlier".into(), &[], &HandAct::Accept, HAND)
        .unwrap_err();
    let run = "earlier".to_owned();
    assert_eq!(
        error.problem(),
        crate::Error::from(WrongState::EarlierRun { run: run.into() }).problem()
    );
}
