//! Parts from start to commit, kept work, reuse, and the stage's row beside them.

use super::*;
use crate::{ArtifactEdit, fixture};
use contract::{ArtifactKind, RunId, Synthesizer, System};
use serde_json::json;

fn usage(wall_s: f64, cpu_s: f64, peak_rss_bytes: u64) -> PartUsage {
    PartUsage {
        wall_s,
        cpu_s,
        peak_rss_bytes,
    }
}

fn with_run() -> (tempfile::TempDir, Store) {
    let (dir, store) = fixture::store();
    fixture::run(&store, "r");
    (dir, store)
}

#[test]
fn a_stage_from_start_to_commit() {
    let (_dir, store) = with_run();
    store
        .start_part(&"r".into(), Part::Whole(StageName::Topics), "in")
        .unwrap();
    store
        .set_progress(
            &"r".into(),
            Part::Whole(StageName::Topics),
            Some(&fixture::progress(3)),
            usage(1.0, 2.0, 4),
        )
        .unwrap();
    store
        .put_work(&"r".into(), Part::Whole(StageName::Topics), "k", &json!(1))
        .unwrap();
    let running = store.stage(&"r".into(), StageName::Topics).unwrap();
    assert_eq!(
        (running.status, running.wall_s, running.cpu_s),
        (StageStatus::Running, 1.0, 2.0)
    );
    assert_eq!(running.progress, Some(fixture::progress(3)));
    let artifacts = fixture::artifacts(3);
    let result = fixture::result(&artifacts, "out");
    store
        .commit_part(&"r".into(), Part::Whole(StageName::Topics), &result)
        .unwrap();
    let done = store.stage(&"r".into(), StageName::Topics).unwrap();
    assert_eq!(done.status, StageStatus::Done);
    assert_eq!(
        (done.n_in, done.n_out, done.peak_rss_bytes),
        (3, 3, result.peak_rss_bytes)
    );
    assert_eq!(
        (done.wall_s, done.cpu_s, done.finished_at_ms),
        (1.5, 2.5, Some(77))
    );
    assert_eq!(
        (&done.dropped, &done.measures),
        (&result.dropped, &result.measures)
    );
    assert_eq!(
        (done.inputs_sha256.as_deref(), done.output_sha256.as_deref()),
        (Some("in"), Some("out"))
    );
    assert!(
        store
            .work_all(&"r".into(), StageName::Topics)
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        store
            .artifacts(&"r".into(), StageName::Topics, None)
            .unwrap()
            .len(),
        3
    );
    store
        .set_output_sha256(&"r".into(), Part::Whole(StageName::Topics), "edited")
        .unwrap();
    assert_eq!(
        store
            .stage(&"r".into(), StageName::Topics)
            .unwrap()
            .output_sha256
            .as_deref(),
        Some("edited")
    );
}

#[test]
fn a_failing_commit_leaves_the_old_artifacts() {
    let (_dir, store) = with_run();
    store
        .commit_part(
            &"r".into(),
            Part::Whole(StageName::Topics),
            &fixture::result(&fixture::artifacts(2), "out"),
        )
        .unwrap();
    store
        .put_work(&"r".into(), Part::Whole(StageName::Topics), "k", &json!(1))
        .unwrap();
    let before = (
        store.stage(&"r".into(), StageName::Topics).unwrap(),
        store
            .artifacts(&"r".into(), StageName::Topics, None)
            .unwrap(),
    );
    let mut twice = fixture::artifacts(3);
    twice[2].item = 0;
    assert!(
        store
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &fixture::result(&twice, "other")
            )
            .is_err()
    );
    let after = (
        store.stage(&"r".into(), StageName::Topics).unwrap(),
        store
            .artifacts(&"r".into(), StageName::Topics, None)
            .unwrap(),
    );
    assert_eq!(after, before);
    assert_eq!(
        store
            .work(&"r".into(), Part::Whole(StageName::Topics), "k")
            .unwrap(),
        Some(json!(1))
    );
}

#[test]
fn resuming_keeps_and_other_inputs_clear() {
    let (_dir, store) = with_run();
    let fill = || {
        store
            .set_progress(
                &"r".into(),
                Part::Whole(StageName::Topics),
                None,
                usage(3.0, 3.0, 3),
            )
            .unwrap();
        store
            .put_work(&"r".into(), Part::Whole(StageName::Topics), "k", &json!(1))
            .unwrap();
        store
            .put_metric_points(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &[("loss", 1, 0.5)],
            )
            .unwrap();
    };
    let kept = || {
        let stage = store.stage(&"r".into(), StageName::Topics).unwrap();
        let work = store
            .work_all(&"r".into(), StageName::Topics)
            .unwrap()
            .len();
        (
            stage.wall_s,
            work,
            store
                .metric_points(&"r".into(), Some(StageName::Topics))
                .unwrap()
                .len(),
        )
    };
    store
        .start_part(&"r".into(), Part::Whole(StageName::Topics), "a")
        .unwrap();
    fill();
    store
        .start_part(&"r".into(), Part::Whole(StageName::Topics), "a")
        .unwrap();
    assert_eq!(kept(), (3.0, 1, 1), "interrupted");
    store
        .fail_part(
            &"r".into(),
            Part::Whole(StageName::Topics),
            &fixture::error(),
        )
        .unwrap();
    assert_eq!(
        store.stage(&"r".into(), StageName::Topics).unwrap().error,
        Some(fixture::error())
    );
    store
        .start_part(&"r".into(), Part::Whole(StageName::Topics), "a")
        .unwrap();
    assert_eq!(kept(), (3.0, 1, 1), "failed");
    assert_eq!(
        store.stage(&"r".into(), StageName::Topics).unwrap().error,
        None
    );
    store
        .start_part(&"r".into(), Part::Whole(StageName::Topics), "b")
        .unwrap();
    assert_eq!(kept(), (0.0, 0, 0), "other inputs");
    fill();
    store
        .commit_part(
            &"r".into(),
            Part::Whole(StageName::Topics),
            &fixture::result(&fixture::artifacts(1), "out"),
        )
        .unwrap();
    store
        .start_part(&"r".into(), Part::Whole(StageName::Topics), "in")
        .unwrap();
    assert_eq!(kept(), (0.0, 0, 0), "redone");
    let redone = store.stage(&"r".into(), StageName::Topics).unwrap();
    assert_eq!((redone.output_sha256, redone.finished_at_ms), (None, None));
    assert_eq!(
        store
            .artifacts(&"r".into(), StageName::Topics, None)
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn an_equal_stage_is_reused_unless_edited() {
    const TOPICS: Part = Part::Whole(StageName::Topics);
    let (_dir, store) = with_run();
    let (from_run, to_run): (RunId, RunId) = ("r".into(), "to".into());
    fixture::run(&store, "to");
    assert_eq!(store.find_part(TOPICS, "in").unwrap(), None);
    assert!(matches!(
        store.reuse_part(&from_run, &to_run, TOPICS, 5),
        Err(Error::NotFound { .. })
    ));
    store
        .commit_part(
            &from_run,
            TOPICS,
            &fixture::result(&fixture::artifacts(2), "out"),
        )
        .unwrap();
    store
        .put_metric_points(&from_run, TOPICS, &[("loss", 1, 0.5)])
        .unwrap();
    store.put_work(&to_run, TOPICS, "k", &json!(1)).unwrap();
    assert_eq!(store.find_part(TOPICS, "in").unwrap().as_deref(), Some("r"));
    assert_eq!(
        store
            .find_part(Part::Whole(StageName::Summaries), "in")
            .unwrap(),
        None
    );
    store.reuse_part(&from_run, &to_run, TOPICS, 99).unwrap();
    let (from, to) = (
        store.stage(&from_run, StageName::Topics).unwrap(),
        store.stage(&to_run, StageName::Topics).unwrap(),
    );
    let expected = crate::StageRow {
        run_id: "to".into(),
        status: StageStatus::Reused,
        finished_at_ms: Some(99),
        ..from
    };
    assert_eq!(to, expected);
    let payloads = |run: &RunId| {
        let rows = store.artifacts(run, StageName::Topics, None).unwrap();
        rows.into_iter()
            .map(|a| (a.kind, a.item, a.payload))
            .collect::<Vec<_>>()
    };
    assert_eq!(payloads(&to_run), payloads(&from_run));
    assert_eq!(
        store.metric_points(&to_run, None).unwrap(),
        store.metric_points(&from_run, None).unwrap()
    );
    assert!(
        store
            .work_all(&to_run, StageName::Topics)
            .unwrap()
            .is_empty()
    );
    store.reuse_part(&from_run, &from_run, TOPICS, 5).unwrap();
    assert_eq!(payloads(&from_run).len(), 2);

    let edit = ArtifactEdit {
        kind: ArtifactKind::Topic,
        item: 0,
        payload: &json!("e"),
        author: "me",
        edited_at_ms: 100,
    };
    store.edit_artifact(&from_run, TOPICS, &edit).unwrap();
    assert_eq!(
        store.find_part(TOPICS, "in").unwrap().as_deref(),
        Some("to")
    );
    store.edit_artifact(&to_run, TOPICS, &edit).unwrap();
    assert_eq!(store.find_part(TOPICS, "in").unwrap(), None);
}

#[test]
fn unknown_stages_are_named() {
    let (_dir, store) = with_run();
    assert!(matches!(
        store.stages(&"no".into()),
        Err(Error::NoSuchRun { .. })
    ));
    for error in [
        store.stage(&"r".into(), StageName::Align).unwrap_err(),
        store
            .start_part(&"r".into(), Part::Whole(StageName::Align), "i")
            .unwrap_err(),
        store
            .set_progress(
                &"r".into(),
                Part::Whole(StageName::Align),
                None,
                usage(0.0, 0.0, 0),
            )
            .unwrap_err(),
        store
            .fail_part(
                &"r".into(),
                Part::Whole(StageName::Align),
                &fixture::error(),
            )
            .unwrap_err(),
        store
            .set_output_sha256(&"r".into(), Part::Whole(StageName::Align), "")
            .unwrap_err(),
        store
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Align),
                &fixture::result(&[], ""),
            )
            .unwrap_err(),
    ] {
        assert!(
            error.to_string().contains("\"align\" of run \"r\""),
            "{error}"
        );
    }
}

/// A run with every stage of the method.
fn with_roles(store: &Store, id: &str) {
    let dataset = fixture::dataset(store, &format!("data of {id}"));
    let run = crate::NewRun {
        stages: StageName::ALL,
        ..fixture::new_run(id, dataset, 1)
    };
    store.insert_run(&run).unwrap();
}

#[test]
fn the_row_of_a_stage_is_the_sum_of_its_parts() {
    let (_dir, store) = fixture::store();
    with_roles(&store, "r");
    let [real, main] = [System::SftReal, System::MrdsSeparate].map(Part::Summarizer);
    let stage = || store.stage(&"r".into(), StageName::Summarizer).unwrap();
    store.want_parts(&"r".into(), &[real, main]).unwrap();
    assert_eq!(stage().status, StageStatus::Waiting);
    let artifacts = fixture::artifacts(2);
    store
        .commit_part(&"r".into(), real, &fixture::result(&artifacts, "a"))
        .unwrap();
    let half = stage();
    assert_eq!(
        (half.status, half.output_sha256, half.finished_at_ms),
        (StageStatus::Running, None, None),
        "a part of it is there"
    );
    store
        .commit_part(&"r".into(), main, &fixture::result(&artifacts, "b"))
        .unwrap();
    let both = stage();
    assert_eq!(both.status, StageStatus::Done);
    assert_eq!((both.n_in, both.n_out, both.wall_s), (6, 4, 3.0));
    assert_eq!(
        (both.peak_rss_bytes, both.dropped["too_long"]),
        (1 << 33, 2)
    );
    assert_eq!(both.output_sha256.as_ref().map(String::len), Some(64));
    let found = |part| store.part_artifacts(&"r".into(), part, None).unwrap();
    assert_eq!(found(real).len(), 2, "both number their artifacts from 0");
    assert_eq!(found(main).len(), 2);
    let parts = store
        .artifacts(&"r".into(), StageName::Summarizer, None)
        .unwrap();
    assert_eq!(parts.len(), 4);
    assert!(parts[..2].iter().all(|row| row.part == main));
    // Doing one part again leaves the other unchanged.
    store
        .commit_part(&"r".into(), real, &fixture::result(&artifacts[..1], "c"))
        .unwrap();
    assert_eq!((found(real).len(), found(main).len()), (1, 2));
    assert_ne!(stage().output_sha256, both.output_sha256);
}

#[test]
fn what_a_stage_made_before_it_had_parts_ends_with_its_first_part() {
    let (_dir, store) = fixture::store();
    with_roles(&store, "old");
    let whole = Part::Whole(StageName::Align);
    store
        .put_beside(
            &"old".into(),
            Part::Whole(StageName::Align),
            &fixture::artifacts(3),
            5,
        )
        .unwrap();
    store
        .put_metric_points(&"old".into(), whole, &[("sft/loss", 1, 0.5)])
        .unwrap();
    assert!(store.parts(&"old".into()).unwrap().is_empty());
    assert_eq!(
        store
            .artifacts(&"old".into(), StageName::Align, None)
            .unwrap()
            .len(),
        3
    );
    let part = Part::Align(Synthesizer::DpoSeparate);
    store
        .commit_part(
            &"old".into(),
            part,
            &fixture::result(&fixture::artifacts(1), "a"),
        )
        .unwrap();
    let rows = store
        .artifacts(&"old".into(), StageName::Align, None)
        .unwrap();
    assert!(rows.len() == 1 && rows[0].part == part, "{rows:?}");
    assert!(store.metric_points(&"old".into(), None).unwrap().is_empty());
}

#[test]
fn a_bundle_brings_the_parts() {
    let (_dir, store) = fixture::store();
    with_roles(&store, "r");
    let part = Part::TestDialogues(Synthesizer::Ids);
    store
        .commit_part(
            &"r".into(),
            part,
            &fixture::result(&fixture::artifacts(1), "a"),
        )
        .unwrap();
    let to = tempfile::tempdir().unwrap();
    store.write_bundle(&"r".into(), to.path()).unwrap();
    let (_other_dir, other) = fixture::store();
    let taken = crate::TakenRun::<serde_json::Value, serde_json::Value> {
        id: &"r".into(),
        dataset: &"taken".into(),
        model_path: "m",
        renumber_shots: &|_, _| (),
        names_example: ArtifactKind::Pair,
        renumber_artifact: &|_, _| (),
    };
    other.take_run(to.path(), &taken).unwrap();
    assert_eq!(
        other.parts(&"r".into()).unwrap(),
        store.parts(&"r".into()).unwrap()
    );
    assert_eq!(
        other.part_artifacts(&"r".into(), part, None).unwrap()[0].payload,
        json!({"text": 0})
    );
    assert_eq!(other.find_part(part, "in").unwrap().as_deref(), Some("r"));
}
