//! Nothing is redone, nothing is lost: a run that is killed, paused, cut into single stages or edited ends with the
//! hashes of an uninterrupted one, and only what depends on a change is computed again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use contract::{ArtifactKind, StageName};
use duologue_tests::wait_until;
use project::session::{Browsable, Session};
use serde_json::Value;

use crate::program::{DATASET, FEW_SYSTEMS, RUN, Worker, Workspace, model, run_args};

/// Seed of the runs that are compared.
pub(crate) const SEED: &str = "1";
/// Moments at which the worker is killed.
const KILLS: usize = 20;
/// Kills by stage: long stages and trainings more often.
const KILLS_OF: [(&str, usize); 9] = [
    ("topics", 1),
    ("summaries", 3),
    ("synthesizer", 2),
    ("candidates", 3),
    ("preferences", 1),
    ("align", 4),
    ("dialogues", 2),
    ("summarizer", 2),
    ("evaluate", 2),
];

/// What an uninterrupted run gives.
pub(crate) struct Uninterrupted {
    pub(crate) hashes: BTreeMap<String, String>,
}

/// The uninterrupted run, made once.
pub(crate) fn uninterrupted() -> &'static Uninterrupted {
    static RUN_ONCE: OnceLock<Uninterrupted> = OnceLock::new();
    let make = || {
        let model = model();
        let workspace = Workspace::new();
        let begun = Instant::now();
        let done = workspace.ok(&run_args(
            &model.display().to_string(),
            SEED,
            &[FEW_SYSTEMS],
            &[],
        ));
        println!(
            "an uninterrupted run took {:.1} s",
            begun.elapsed().as_secs_f64()
        );
        assert_eq!(done.last()["status"], "done");
        Uninterrupted {
            hashes: workspace.hashes(RUN),
        }
    };
    RUN_ONCE.get_or_init(make)
}

/// Numbers that look random and are the same in every test run (splitmix64).
struct Chance(u64);

impl Chance {
    /// In [0, 1).
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn pause(&mut self, longest_s: f64) {
        std::thread::sleep(Duration::from_secs_f64(self.next() * longest_s));
    }

    /// Lets a stage that has just begun report a few steps, and a moment more. Steps and not seconds, so that the
    /// moment falls inside the stage on a busy machine too.
    fn steps(&mut self, worker: &mut Worker) {
        for _ in 0..(self.next() * 3.0) as usize {
            if !worker.wait_for(|line| line["event"] == "step" || line["event"] == "stage")
                || worker
                    .seen
                    .last()
                    .is_some_and(|line| line["event"] == "stage")
            {
                return;
            }
        }
        self.pause(0.2);
    }
}

/// The stage that was being computed when the lines broke off.
fn stage_at_end(lines: &[Value]) -> String {
    let last = lines.iter().rev().find(|line| line["event"] == "stage");
    match last {
        Some(line) if line["status"] == "running" => {
            line["name"].as_str().expect("a name").to_owned()
        }
        _ => "between stages".to_owned(),
    }
}

#[test]
fn a_worker_killed_at_twenty_random_moments_gives_the_same_hashes() {
    let (model, whole) = (model(), uninterrupted());
    let model = model.display().to_string();
    let workspace = Workspace::new();
    let order = |stage: &str| {
        StageName::ALL
            .iter()
            .position(|name| name.as_str() == stage)
    };
    let mut chance = Chance(20);
    let mut where_killed: Vec<String> = Vec::new();
    let targets = KILLS_OF
        .iter()
        .flat_map(|&(stage, kills)| std::iter::repeat_n(stage, kills));
    for (number, stage) in targets.enumerate() {
        let mut worker = match number {
            0 => workspace.start(&run_args(&model, SEED, &[FEW_SYSTEMS], &[])),
            _ => workspace.start(&["resume", RUN]),
        };
        // Every fifth falls into the first moments of a process: lease, model, choice of examples.
        let early = number % 5 == 4;
        if early {
            chance.pause(0.4);
        } else if worker.wait_for(|line| {
            let there = line["name"]
                .as_str()
                .is_some_and(|name| order(name) >= order(stage));
            line["event"] == "stage" && line["status"] == "running" && there
        }) {
            chance.steps(&mut worker);
        }
        let still_at_work = worker.is_alive();
        let lines = worker.kill();
        let refused = lines.iter().find(|line| line["event"] == "error");
        assert!(
            refused.is_none(),
            "the lease of a dead process is taken over at once: {refused:?}"
        );
        where_killed.push(if still_at_work {
            stage_at_end(&lines)
        } else {
            "ended".to_owned()
        });
    }
    println!("killed in: {}", where_killed.join(", "));
    assert_eq!(where_killed.len(), KILLS);
    let at_work = where_killed
        .iter()
        .filter(|place| *place != "ended")
        .count();
    assert!(
        at_work + 2 >= KILLS,
        "the run ended before it could be killed often enough"
    );
    let places: BTreeSet<&str> = where_killed.iter().map(String::as_str).collect();
    let among = |stages: &[&str]| stages.iter().any(|stage| places.contains(stage));
    assert!(
        places.len() >= 6,
        "the moments do not spread over the run: {places:?}"
    );
    assert!(
        among(&["synthesizer", "align", "summarizer"]),
        "no training was killed: {places:?}"
    );
    assert!(
        among(&["candidates", "dialogues", "evaluate"]),
        "no generation was killed: {places:?}"
    );

    let done = workspace.ok(&["resume", RUN]);
    assert_eq!(done.last()["status"], "done");
    assert_eq!(workspace.hashes(RUN), whole.hashes);
    let left: Vec<_> = std::fs::read_dir(workspace.path().join("checkpoints").join(RUN))
        .map(|entries| entries.flatten().map(|entry| entry.file_name()).collect())
        .unwrap_or_default();
    assert!(
        left.is_empty(),
        "checkpoints of finished stages are left: {left:?}"
    );
}

/// Lets a worker get into the middle of a stage's first long task.
fn into_stage(worker: &mut Worker, stage: &str) {
    let amid = |line: &Value| {
        let at_work = line["step"].as_u64() < line["total_steps"].as_u64();
        line["event"] == "step" && line["stage"] == stage && at_work
    };
    assert!(
        worker.wait_for(amid),
        "{stage} was never at work: {:?}",
        worker.seen.last()
    );
}

#[test]
fn pause_interrupt_discard_and_a_second_process() {
    let (model, whole) = (model(), uninterrupted());
    let workspace = Workspace::new();
    let status = || workspace.show(RUN)["status"].clone();
    let checkpoints = workspace.path().join("checkpoints").join(RUN);

    let mut worker = workspace.start(&run_args(
        &model.display().to_string(),
        SEED,
        &[FEW_SYSTEMS],
        &[],
    ));
    into_stage(&mut worker, "synthesizer");
    // Its last sign of life is half a century old, as after a jump of the clock, but it is alive.
    let store = store::Store::open(&workspace.path()).expect("the workspace");
    let lease = store.lease(&RUN.into()).expect("a query").expect("a lease");
    let renewed = store.heartbeat(&RUN.into(), &lease.owner.token, 0);
    assert!(renewed.expect("a change"));
    let second = workspace.run(&["resume", RUN]);
    assert_eq!(
        (second.code, &second.last()["code"]),
        (3, &Value::from("locked")),
        "{}",
        second.last()
    );
    assert!(worker.is_alive(), "the second process disturbed the first");
    workspace.ok(&["pause", RUN]);
    let paused = worker.finish();
    assert_eq!(
        (paused.code, &paused.last()["status"]),
        (130, &Value::from("paused")),
        "{}",
        paused.last()
    );
    assert_eq!(status(), "paused");

    // A request that comes while the model is still being loaded is heard too.
    let worker = workspace.start(&["resume", RUN]);
    wait_until("the worker's lease", || {
        store.lease(&RUN.into()).expect("a query").is_some()
    });
    workspace.ok(&["pause", RUN]);
    assert_eq!(worker.finish().code, 130);

    let mut worker = workspace.start(&["resume", RUN]);
    into_stage(&mut worker, "align");
    worker.interrupt();
    let interrupted = worker.finish();
    assert_eq!(interrupted.code, 130);
    let command = interrupted.last()["resume"]
        .as_str()
        .expect("the command that resumes");
    assert!(command.contains(&format!("resume {RUN}")), "{command}");
    assert_eq!(status(), "paused");
    let saved: Vec<_> = std::fs::read_dir(&checkpoints)
        .expect("a folder")
        .flatten()
        .collect();
    assert!(!saved.is_empty(), "Ctrl-C left no checkpoint");
    let kept: Vec<_> = saved
        .iter()
        .map(|file| {
            (
                file.path(),
                std::fs::read(file.path()).expect("a checkpoint"),
            )
        })
        .collect();

    let mut worker = workspace.start(&["resume", RUN]);
    assert!(worker.wait_for_stage("align"));
    workspace.ok(&["cancel", RUN, "--discard"]);
    let cancelled = worker.finish();
    assert_eq!(
        (cancelled.code, &cancelled.last()["status"]),
        (0, &Value::from("cancelled"))
    );
    assert!(!checkpoints.exists(), "discard leaves checkpoints");
    assert!(
        store
            .work_all(&RUN.into(), StageName::Align)
            .expect("a query")
            .is_empty(),
        "discard leaves partial results"
    );
    assert_ne!(
        workspace.run(&["resume", RUN]).code,
        0,
        "a cancelled run goes on only from a named stage"
    );
    workspace.ok(&["resume", RUN, "--from", "align"]);
    assert_eq!(workspace.hashes(RUN), whole.hashes);

    // A process killed between a stage's commit and its cleaning up leaves a checkpoint; a redone stage begins afresh.
    std::fs::create_dir_all(&checkpoints).expect("a folder");
    for (path, bytes) in kept {
        std::fs::write(path, bytes).expect("a checkpoint put back");
    }
    let redone = workspace.ok(&["resume", RUN, "--from", "align"]);
    assert_eq!(
        redone.stages("running"),
        ["align"],
        "equal results make nothing stale"
    );
    assert_eq!(workspace.hashes(RUN), whole.hashes);
}

#[test]
fn stages_singly_reuse_between_runs_and_edits() {
    let (model, whole) = (model(), uninterrupted());
    let model = model.display().to_string();
    let workspace = Workspace::new();
    let args = |more| run_args(&model, SEED, &[FEW_SYSTEMS], more);

    let begun = workspace.ok(&args(&["--until", "summaries"]));
    assert_eq!(begun.stages("running"), ["topics", "summaries"]);
    assert_eq!(begun.last()["status"], "paused");
    let continued = workspace.ok(&["resume", RUN, "--until", "synthesizer"]);
    assert_eq!(continued.stages("running"), ["synthesizer"]);
    let redone = workspace.ok(&[
        "resume",
        RUN,
        "--from",
        "summaries",
        "--until",
        "candidates",
    ]);
    assert_eq!(
        redone.stages("running"),
        ["summaries", "candidates"],
        "a finished stage is redone on request"
    );
    let backwards = workspace.run(&["resume", RUN, "--from", "evaluate", "--until", "topics"]);
    assert_eq!(backwards.code, 2, "{}", backwards.last());
    assert_eq!(
        workspace.show(RUN)["status"],
        "paused",
        "a refused wish changes nothing"
    );
    let finished = workspace.ok(&["resume", RUN]);
    assert_eq!(
        finished.stages("running"),
        [
            "preferences",
            "align",
            "dialogues",
            "summarizer",
            "evaluate"
        ]
    );
    assert_eq!(
        workspace.hashes(RUN),
        whole.hashes,
        "launched singly or at once, the results are the same"
    );

    let again = workspace.ok(&args(&[]));
    assert_eq!(
        (again.stages("reused").len(), again.stages("running").len()),
        (StageName::ALL.len(), 0)
    );
    let second = again.last()["run"].as_str().expect("an id");
    assert_eq!(workspace.hashes(second), whole.hashes);
    assert!(
        workspace
            .statuses(second)
            .values()
            .all(|status| status == "reused")
    );

    let sets = [FEW_SYSTEMS, "dpo_beta=0.3"];
    let other = workspace.ok(&run_args(&model, SEED, &sets, &["--until", "align"]));
    assert_eq!(other.stages("running"), ["align"]);
    assert_eq!(
        other.stages("reused"),
        [
            "topics",
            "summaries",
            "synthesizer",
            "candidates",
            "preferences"
        ]
    );
    let other_seed = workspace.ok(&run_args(
        &model,
        "2",
        &[FEW_SYSTEMS],
        &["--until", "synthesizer"],
    ));
    let hashes = workspace.hashes(other_seed.last()["run"].as_str().expect("an id"));
    assert_eq!(hashes.len(), 3);
    for (stage, hash) in hashes {
        assert_ne!(
            hash, whole.hashes[&stage],
            "another seed gives another {stage}"
        );
    }
    edits(&workspace, whole);
}

/// Edits make stale what depends on them, and a resumed run redoes what has changed inputs and nothing else.
fn edits(workspace: &Workspace, whole: &Uninterrupted) {
    edit(
        workspace,
        StageName::Preferences,
        ArtifactKind::Pair,
        |pair| {
            for (key, other) in [("chosen", "rejected"), ("chosen_ids", "rejected_ids")] {
                let kept = pair[key].take();
                pair[key] = pair[other].take();
                pair[other] = kept;
            }
        },
    );
    assert_eq!(
        stale(workspace),
        ["align", "dialogues", "summarizer", "evaluate"]
    );
    let redone = workspace.ok(&["resume", RUN]);
    assert_eq!(stale(workspace), [""; 0]);
    let hashes = workspace.hashes(RUN);
    let changed = |stage: &str| hashes[stage] != whole.hashes[stage];
    let reads = [
        ("align", vec!["synthesizer", "preferences"]),
        ("dialogues", vec!["summaries", "synthesizer", "align"]),
        ("summarizer", vec!["dialogues"]),
        ("evaluate", vec!["synthesizer", "align", "summarizer"]),
    ];
    let due = reads
        .iter()
        .filter(|(_, sources)| sources.iter().any(|source| changed(source)));
    assert_eq!(
        redone.stages("running"),
        due.map(|(stage, _)| *stage).collect::<Vec<_>>()
    );
    assert!(
        changed("preferences") && changed("align") && changed("evaluate"),
        "{hashes:?}"
    );
    for stage in ["topics", "summaries", "synthesizer", "candidates"] {
        assert!(!changed(stage), "{stage}");
    }

    edit(workspace, StageName::Topics, ArtifactKind::Topic, |topic| {
        topic["topic"] = Value::from("a lost key")
    });
    let following = [
        "summaries",
        "candidates",
        "preferences",
        "align",
        "dialogues",
        "summarizer",
        "evaluate",
    ];
    assert_eq!(
        stale(workspace),
        following,
        "the synthesizer learns from real pairs alone"
    );
    let redone = workspace.ok(&["resume", RUN, "--until", "summaries"]);
    assert_eq!(redone.stages("running"), ["summaries"]);
    let topics = workspace.items(RUN, "topics", "topic");
    assert_eq!(
        (&topics[0]["topic"], &topics[0]["version"]),
        (&Value::from("a lost key"), &Value::from(2))
    );
    assert_eq!(
        workspace.hashes(&format!("{DATASET}-2")),
        whole.hashes,
        "other runs keep what they took over"
    );
}

/// Changes the first artifact of a kind by hand.
fn edit(workspace: &Workspace, stage: StageName, kind: ArtifactKind, change: impl Fn(&mut Value)) {
    let session = Session::open(&workspace.path()).expect("the workspace");
    let stage = Browsable::new(stage).expect("a stage before the last");
    let page = session
        .items(&RUN.into(), stage, Some(kind), 0, 1)
        .expect("an artifact");
    let mut payload = page.rows[0].payload.clone();
    change(&mut payload);
    let edit = store::ArtifactEdit {
        kind,
        item: page.rows[0].item,
        payload: &payload,
        author: "me",
        edited_at_ms: 1,
    };
    let version = session
        .edit_item(&RUN.into(), page.rows[0].part, &edit)
        .expect("an edit");
    assert_eq!(version, 2);
}

/// Stale stages in the order of the run.
fn stale(workspace: &Workspace) -> Vec<&'static str> {
    let statuses = workspace.statuses(RUN);
    let names = StageName::ALL.iter().map(|stage| stage.as_str());
    names.filter(|name| statuses[*name] == "stale").collect()
}
