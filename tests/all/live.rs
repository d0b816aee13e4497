//! What is shown of a run at work, on a clock of the test's own: a new text at least every thirty seconds of writing, in
//! the events and in the workspace, where the window looks; and no result depends on it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use contract::{DeviceChoice, Event, SampleItem, StageName, StageStanding};
use mrds::event::EventSink;
use mrds::pipeline;
use mrds::run::{Run, RunRequest, StageRange};
use mrds::worker::{create_run, prepare};
use project::recipe::{Recipe, Typed};
use project::session::Session;

use crate::program::{DATASET, TINY, Workspace, model};

/// The last stage that is carried out.
const UNTIL: StageName = StageName::Summaries;

/// Notes each event with the time, and what the workspace shows at each step.
struct Watching<'a> {
    clock: &'a AtomicI64,
    workspace: &'a Path,
    run: &'a str,
    seen: Mutex<Vec<(i64, Event)>>,
}

impl EventSink for Watching<'_> {
    fn event(&self, event: &Event) {
        let mut seen = self.seen.lock().expect("a list");
        if let Event::Step(step) = event {
            let session = Session::open(self.workspace).expect("the workspace");
            let row = session.run(&self.run.into()).expect("the run");
            let stages = session.stages(&row).expect("its stages");
            let (shown, _) = stages
                .into_iter()
                .find(|(stage, _)| stage.name == step.stage)
                .expect("the stage at work");
            let last = seen.iter().rev().find_map(|(_, event)| match event {
                Event::Sample { stage, item } if *stage == step.stage => Some(item.clone()),
                _ => None,
            });
            assert_eq!(shown.progress.expect("its progress").sample, last);
        }
        seen.push((self.clock.load(Ordering::Relaxed), event.clone()));
    }
}

/// The first stages of a run on a clock that advances by `tick_ms` whenever it is read: what was seen, and the
/// stages' hashes.
fn watched(model: PathBuf, tick_ms: i64) -> (Vec<(i64, Event)>, BTreeMap<String, String>) {
    let workspace = Workspace::new();
    let path = workspace.path();
    let session = Session::open(&path).expect("the workspace");
    let mut recipe = Recipe::default();
    for setting in TINY {
        recipe.set(setting).expect("a setting");
    }
    let request = RunRequest {
        dataset: DATASET.to_owned().into(),
        model,
        recipe,
        typed: Typed::BOTH,
        seed: 1,
        device: DeviceChoice::Cpu,
        threads: 1,
        memory_free_bytes: None,
        version: String::new(),
        within: None,
        kept: Vec::new(),
    };
    let prepared = prepare(&session, &request, 0).expect("a plan");
    let row = create_run(&session, &request, &prepared, 0).expect("a run");
    let (clock, stop, id) = (AtomicI64::new(0), AtomicBool::new(false), row.id.clone());
    let sink = Watching {
        clock: &clock,
        workspace: &path,
        run: &id,
        seen: Mutex::default(),
    };
    let run = Run {
        store: session.store(),
        row,
        recipe: prepared.recipe,
        model: &prepared.model,
        data: prepared.selected.data,
        sink: &sink,
        stop: &stop,
        now_ms: &|| clock.fetch_add(tick_ms, Ordering::Relaxed),
        next_smaller: &|_| Ok(None),
    };
    let stages = StageRange {
        from: None,
        until: Some(UNTIL),
    };
    pipeline::run(&run, &prepared.selected.test, stages).expect("the first stages");
    (
        sink.seen.into_inner().expect("a list"),
        workspace.hashes(&id),
    )
}

#[test]
fn a_text_is_shown_every_thirty_seconds_of_writing_and_no_result_knows() {
    let model = model();
    let (silent, expected) = watched(model.clone(), 0);
    let drafts = |seen: &[(i64, Event)]| {
        let is_draft = |event: &Event| matches!(event, Event::Sample { item: SampleItem::Draft { draft, .. }, .. } if !draft.is_empty());
        seen.iter().filter(|(_, event)| is_draft(event)).count()
    };
    // The first text that ends is shown at once, in each of the two stages; after it nothing is due.
    assert!(drafts(&silent) <= 2, "on a clock that stands");

    // A second for each token: a batch of four summaries takes minutes.
    let (seen, hashes) = watched(model, 1_000);
    assert_eq!(hashes, expected);
    assert_eq!(hashes.len(), 2, "two stages have ended: {hashes:?}");
    assert!(drafts(&seen) >= 3, "{seen:?}");
    let mut heard_ms = None;
    for (at_ms, event) in seen {
        let before_ms = match &event {
            Event::Stage {
                name: UNTIL,
                status,
            } if *status == StageStanding::Running => heard_ms.replace(at_ms),
            Event::Stage { name: UNTIL, .. } => heard_ms.take(),
            Event::Sample { stage: UNTIL, .. } => heard_ms.replace(at_ms),
            _ => None,
        };
        if let Some(before_ms) = before_ms {
            assert!(
                at_ms - before_ms <= 30_000,
                "{} s without a text",
                (at_ms - before_ms) / 1000
            );
        }
    }
}
