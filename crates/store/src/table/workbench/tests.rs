//! Search, changes by hand and their undoing, and what a run that goes on elsewhere takes along.

use super::*;
use crate::{NewArtifact, fixture};
use contract::StageName;
use serde_json::json;

const PART: Part = Part::Whole(StageName::Summaries);

/// A run whose summaries are these texts.
fn with_summaries(texts: &[&str]) -> (tempfile::TempDir, Store) {
    let (dir, store) = fixture::store();
    fixture::run(&store, "r");
    let made: Vec<NewArtifact> = (0..)
        .zip(texts)
        .map(|(item, text)| NewArtifact {
            kind: ArtifactKind::Summary,
            item,
            payload: json!({"text": text, "topic": "a day", "method": "lora"}),
        })
        .collect();
    let hash = hashed(&rows_of(&made));
    store
        .commit_part(&"r".into(), PART, &fixture::result(&made, &hash))
        .unwrap();
    (dir, store)
}

fn rows_of(made: &[NewArtifact]) -> Vec<ArtifactRow> {
    let row = |made: &NewArtifact| ArtifactRow {
        id: 0,
        run_id: "r".into(),
        part: PART,
        kind: made.kind,
        item: made.item,
        version: 1,
        author: String::new(),
        created_at_ms: 0,
        payload: made.payload.clone(),
    };
    made.iter().map(row).collect()
}

fn hashed(rows: &[ArtifactRow]) -> String {
    let parts: Vec<_> = rows
        .iter()
        .map(|row| json!([row.item, row.payload]))
        .collect();
    crate::sha256_json(&parts)
}

fn found(store: &Store, words: &str) -> Vec<u32> {
    let facts = store.item_facts(&"r".into(), ArtifactKind::Summary, words);
    facts.unwrap().iter().map(|facts| facts.item).collect()
}

fn key(store: &Store, item: u32) -> i64 {
    let facts = store
        .item_facts(&"r".into(), ArtifactKind::Summary, "")
        .unwrap();
    facts.iter().find(|facts| facts.item == item).unwrap().id
}

fn change(store: &Store, item: u32, payload: Option<&Value>, verdict: Option<ItemVerdict>) {
    let change = HandChange {
        id: key(store, item),
        payload,
        verdict,
        author: "Ada",
        at_ms: 9,
    };
    store
        .change_by_hand(&"r".into(), &[change], &hashed)
        .unwrap();
}

fn output(store: &Store) -> (String, u64) {
    let row = store.part(&"r".into(), PART).unwrap().unwrap();
    (row.output_sha256.unwrap(), row.n_out)
}

#[test]
fn words_are_found_by_their_beginnings_in_any_spelling() {
    let (_dir, store) = with_summaries(&["Ada moves to Köln.", "Ben stays; \"never\" he says."]);
    assert_eq!(found(&store, ""), [0, 1]);
    assert_eq!(found(&store, "koln MOV"), [0]);
    assert_eq!(found(&store, "never\" OR * NEAR("), [0; 0]);
    assert_eq!(found(&store, "never"), [1]);
    assert_eq!(found(&store, "day"), [0, 1], "topics are words too");
    let facts = store
        .item_facts(&"r".into(), ArtifactKind::Summary, "ben")
        .unwrap();
    assert_eq!(facts[0].facts, json!({"method": "lora"}));
}

#[test]
fn a_text_takes_its_words_with_it() {
    let (dir, store) = with_summaries(&["Zanzibar", "Quetzal"]);
    change(&store, 0, Some(&json!({"text": "Marzipan"})), None);
    assert_eq!(
        found(&store, "zanzibar"),
        [0; 0],
        "an older version is not found"
    );
    assert_eq!(found(&store, "marzipan"), [0]);
    store.delete_run(&"r".into()).unwrap();
    let left: i64 = store
        .read(|conn| {
            let sql = "SELECT COUNT(*) FROM artifact_words WHERE artifact_words MATCH 'zanzibar OR marzipan OR quetzal'";
            Ok(conn.query_row(sql, [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(left, 0);
    // The texts themselves stay on free pages until those are written over; VACUUM takes such pages away.
    drop(store);
    let conn = Connection::open(dir.path().join(crate::DATABASE)).unwrap();
    conn.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
        .unwrap();
    drop(conn);
    let file = std::fs::read(dir.path().join(crate::DATABASE)).unwrap();
    for word in ["zanzibar", "marzipan", "quetzal"] {
        let holds = file
            .windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word.as_bytes()));
        assert!(!holds, "{word} is in the file");
    }
}

#[test]
fn what_is_rejected_is_read_no_more_and_undone_to_the_beginning() {
    let (_dir, store) = with_summaries(&["a", "b", "c"]);
    let before = output(&store);
    change(&store, 1, None, Some(ItemVerdict::Accepted));
    assert_eq!(output(&store), before, "accepting changes nothing");
    assert_eq!(
        store.find_part(PART, "in").unwrap().as_deref(),
        Some("r"),
        "it stands as it was made"
    );
    change(&store, 1, None, Some(ItemVerdict::Rejected));
    let kept = store.part_artifacts(&"r".into(), PART, None).unwrap();
    assert_eq!(kept.iter().map(|row| row.item).collect::<Vec<_>>(), [0, 2]);
    let rejected = output(&store);
    assert_eq!((rejected.0 != before.0, rejected.1), (true, before.1 - 1));
    assert_eq!(store.find_part(PART, "in").unwrap(), None);
    change(&store, 2, Some(&json!({"text": "C"})), None);
    change(&store, 2, Some(&json!({"text": "CC"})), None);
    assert_eq!(store.open_changes(&"r".into()).unwrap(), 4);

    let undo = || store.undo_by_hand(&"r".into(), "Ada", 10, &hashed).unwrap();
    assert_eq!(undo().unwrap().row.payload, json!({"text": "C"}));
    assert!(!undo().unwrap().edited);
    assert_eq!(output(&store), rejected);
    assert_eq!(undo().unwrap().verdict, Some(ItemVerdict::Accepted));
    assert_eq!(output(&store), before);
    assert_eq!(undo().unwrap().verdict, None);
    assert_eq!((undo(), output(&store)), (None, before));
    assert_eq!(store.find_part(PART, "in").unwrap().as_deref(), Some("r"));
    let versions = store.item_versions(&"r".into(), key(&store, 2)).unwrap();
    let undoes: Vec<_> = versions.iter().map(|version| version.undoes).collect();
    assert_eq!(undoes, [None, None, None, Some(3), Some(2)]);
    assert_eq!(
        (
            versions[0].row.author.as_str(),
            versions[4].row.author.as_str()
        ),
        (crate::MACHINE, "Ada")
    );
}

#[test]
fn a_change_of_an_older_version_is_refused_and_leaves_all_as_it_was() {
    let (_dir, store) = with_summaries(&["a", "b"]);
    let old = key(&store, 0);
    change(&store, 0, Some(&json!({"text": "A"})), None);
    let (before, other) = (output(&store), key(&store, 1));
    let change = |id| HandChange {
        id,
        payload: None,
        verdict: Some(ItemVerdict::Rejected),
        author: "Ada",
        at_ms: 9,
    };
    for id in [old, 9_999] {
        let refused = store.change_by_hand(&"r".into(), &[change(other), change(id)], &hashed);
        assert!(
            matches!(refused, Err(Error::NotFound { .. })),
            "{refused:?}"
        );
    }
    assert_eq!((output(&store), found(&store, "")), (before, vec![0, 1]));
}

#[test]
fn a_run_goes_on_elsewhere_with_what_was_changed_by_hand() {
    let (_dir, store) = with_summaries(&["a", "b"]);
    change(&store, 0, None, Some(ItemVerdict::Rejected));
    let row = store.run(&"r".into()).unwrap();
    let new = fixture::new_run("r-2", row.dataset_id, 20);
    store.branch_run("r", &new, &[PART], 21).unwrap();
    let kept = store.part_artifacts(&"r-2".into(), PART, None).unwrap();
    assert_eq!(kept.iter().map(|row| row.item).collect::<Vec<_>>(), [1]);
    let part = store.part(&"r-2".into(), PART).unwrap().unwrap();
    assert_eq!(
        (part.output_sha256, part.n_out),
        (Some(output(&store).0), 1)
    );
    assert_eq!(store.find_part(PART, "in").unwrap(), None);
    let unfinished = Part::Whole(StageName::Candidates);
    let new = fixture::new_run("r-3", row.dataset_id, 20);
    assert!(
        store
            .branch_run("r", &new, &[PART, unfinished], 21)
            .is_err()
    );
    assert!(store.run(&"r-3".into()).is_err(), "all of it or nothing");
}
