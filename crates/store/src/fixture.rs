//! What the tests of all tables share: a workspace in a temporary folder, a data set, a run, a stage's result.

use crate::{NewArtifact, NewDataset, NewExample, NewRun, Owner, PartResult, Store};
use contract::{
    ArtifactKind, CandidateMeasures, DeviceChoice, ErrorCode, ErrorPlace, ErrorReport, Measures,
    Origin, Progress, Reported, SampleItem, Split, StageName, Step, System,
};
use host::Identity;
use serde_json::json;
use std::collections::BTreeMap;

/// Stages of [`run`], in order.
pub(crate) const STAGES: &[StageName] = &[StageName::Topics, StageName::Summaries];

/// An empty workspace; the folder lives as long as the first value.
pub(crate) fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

/// A process that asks for a lease.
pub(crate) fn owner(pid: u32) -> Owner {
    Owner {
        process: Identity {
            pid,
            boot_id: "boot".into(),
            start: Some(1_000),
        },
        token: format!("token of {pid}"),
    }
}

/// One example in `split`.
pub(crate) fn example(id: &str, split: Split) -> NewExample {
    NewExample {
        external_id: id.into(),
        split,
        origin: Origin::Imported,
        dialogue: format!("A: {id}?\nB: yes"),
        references: vec![format!("A asks {id}."), "B agrees.".into()],
    }
}

/// A data set with two train, one validation and one test example; its id.
pub(crate) fn dataset(store: &Store, name: &str) -> i64 {
    let new = NewDataset {
        name: name.into(),
        format: "json".into(),
        mapping: json!({"dialogue": "d"}),
        created_at_ms: 1,
    };
    let examples = [
        example("t1", Split::Train),
        example("v1", Split::Validation),
        example("t2", Split::Train),
        example("e1", Split::Test),
    ];
    store.insert_dataset(&new, &examples).unwrap().id
}

/// A run `id` on a data set of the same name.
pub(crate) fn run(store: &Store, id: &str) {
    let dataset_id = dataset(store, &format!("data of {id}"));
    run_on(store, id, dataset_id, 10);
}

/// A run `id` on `dataset_id`.
pub(crate) fn run_on(store: &Store, id: &str, dataset_id: i64, created_at_ms: i64) {
    store
        .insert_run(&new_run(id, dataset_id, created_at_ms))
        .unwrap();
}

/// What [`run_on`] inserts.
pub(crate) fn new_run(id: &str, dataset_id: i64, created_at_ms: i64) -> NewRun<'static> {
    NewRun {
        id: id.into(),
        dataset_id,
        model_path: "models/m".into(),
        model_id: "ab12".into(),
        model_name: "m".into(),
        model_parameters: 7_000_000,
        recipe: "shots = 100\n".into(),
        seed: u64::MAX - 1,
        shots: json!(["t1", "t2"]),
        threads: 2,
        device: DeviceChoice::Cpu,
        version: "0.1.0".into(),
        created_at_ms,
        stages: STAGES,
    }
}

/// Artifacts 0..n of kind `topic`.
pub(crate) fn artifacts(n: u32) -> Vec<NewArtifact> {
    (0..n)
        .map(|item| NewArtifact {
            kind: ArtifactKind::Topic,
            item,
            payload: json!({"text": item}),
        })
        .collect()
}

/// A stage's result with inputs `in`.
pub(crate) fn result<'a>(artifacts: &'a [NewArtifact], output_sha256: &'a str) -> PartResult<'a> {
    PartResult {
        inputs_sha256: "in",
        output_sha256,
        artifacts,
        n_in: 3,
        n_out: artifacts.len() as u64,
        dropped: BTreeMap::from([("too_long".to_owned(), 1)]),
        measures: Measures::Candidates(CandidateMeasures { format_rate: 0.1 }),
        wall_s: 1.5,
        cpu_s: 2.5,
        peak_rss_bytes: 1 << 33,
        now_ms: 77,
    }
}

/// The sign of progress of a stage at `step`.
pub(crate) fn progress(step: usize) -> Progress {
    Progress {
        step: Step {
            stage: StageName::Topics,
            task: "topics".to_owned(),
            step,
            total_steps: 9,
            loss: None,
            lr: None,
            tokens_per_s: 1.5,
            eta_s: 4.0,
            rss_bytes: 1 << 33,
        },
        sample: Some(SampleItem::Prediction {
            system: System::SftReal,
            prediction: None,
        }),
    }
}

/// Why something failed.
pub(crate) fn error() -> ErrorReport {
    ErrorReport {
        what: Reported::Code {
            code: ErrorCode::Stalled,
        },
        message: "nothing was made".to_owned(),
        fix: String::new(),
        place: ErrorPlace::default(),
    }
}
