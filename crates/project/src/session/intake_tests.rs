//! Imports into a data set that grows: ids, splits, what is here already, several processes, what waits for a summary,
//! and the way back.

use std::path::Path;

use contract::{ErrorCode, IssueCode, Language, Severity, StageName};
use store::NewRun;

use super::*;
use crate::session::{Forecast, WrittenExample};

/// A workspace and a folder for files beside it.
struct Desk {
    folder: tempfile::TempDir,
    session: Session,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::open(&folder.path().join("workspace")).unwrap();
        Self { folder, session }
    }

    /// Writes a file of rows with ids, in a folder of its own.
    fn file(&self, place: &str, rows: &[(String, String)]) -> PathBuf {
        let path = self.folder.path().join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let line = |(id, text): &(String, String)| {
            let dialogue = format!("Ada: {text}?\nBen: That is fine with me.");
            json!({"id": id, "dialogue": dialogue, "summary": format!("On {text}.")}).to_string()
        };
        std::fs::write(&path, rows.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap();
        path
    }

    fn import(&self, file: &Path) -> ImportReport {
        self.session.import(&request(file), 1).unwrap()
    }

    fn rows(&self) -> Vec<ExampleRow> {
        self.session.store.examples_of(&"d".into()).unwrap()
    }
}

fn request(file: &Path) -> ImportRequest {
    ImportRequest {
        files: vec![file.to_owned()],
        name: "d".into(),
        ..Default::default()
    }
}

/// Rows with the ids 0, 1, … and texts that no other file has.
fn rows(topic: &str, n: usize) -> Vec<(String, String)> {
    (0..n)
        .map(|i| (i.to_string(), format!("{topic} {i}")))
        .collect()
}

/// Every row of a report: stored, or named as left out.
fn accounts_for_every_row(report: &ImportReport) {
    let named = report.issues.iter().filter(|issue| {
        issue.code() == IssueCode::AlreadyHere || issue.severity == Severity::Error
    });
    let left_out: HashSet<(&str, usize)> = named
        .map(|issue| (issue.file.as_str(), issue.row))
        .collect();
    assert_eq!(
        report.imported + left_out.len() + report.leaks.len(),
        report.read
    );
    assert_eq!(report.skipped, report.read - report.imported);
}

#[test]
fn any_number_of_files_of_one_name_keep_all_their_rows() {
    let desk = Desk::new();
    for month in ["jan", "feb", "mar", "apr", "may"] {
        let n = 12;
        let report = desk.import(&desk.file(&format!("{month}/log.jsonl"), &rows(month, n)));
        assert_eq!(report.imported, n, "{month}");
        accounts_for_every_row(&report);
    }
    let stored = desk.rows();
    let ids: HashSet<&str> = stored.iter().map(|row| row.external_id.as_str()).collect();
    assert_eq!((stored.len(), ids.len()), (60, 60));
    assert!(
        ids.contains("0") && ids.contains("log:0") && ids.contains("log:0#4"),
        "{ids:?}"
    );
}

#[test]
fn files_without_ids_of_one_name_keep_all_their_rows() {
    let desk = Desk::new();
    for month in ["jan", "feb", "mar"] {
        let path = desk.folder.path().join(month).join("chats.csv");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let line = |i| format!("\"Ada: {month} {i}?\nBen: Fine with me.\",It is {i}.\n");
        let text: String = (0..10).map(line).collect();
        std::fs::write(&path, format!("dialogue,summary\n{text}")).unwrap();
        assert_eq!(desk.import(&path).imported, 10, "{month}");
    }
    assert_eq!(desk.rows().len(), 30);
}

#[test]
fn what_is_imported_again_changes_nothing_and_says_so() {
    let desk = Desk::new();
    let files: Vec<PathBuf> = ["jan", "feb", "mar"]
        .iter()
        .map(|month| desk.file(&format!("{month}/log.jsonl"), &rows(month, 20)))
        .collect();
    files.iter().for_each(|file| drop(desk.import(file)));
    let before = desk.rows();
    for file in &files {
        let report = desk.import(file);
        assert_eq!(
            (report.imported, report.skipped, report.import),
            (0, 20, None)
        );
        assert_eq!(report.remarks, [Remark::AlreadyHere { rows: 20 }]);
        accounts_for_every_row(&report);
    }
    assert_eq!(desk.rows(), before);
    // Another row with the same dialogue is kept, as within a file.
    let again = desk.file("log.jsonl", &[("x".into(), "jan 3".into())]);
    let report = desk.import(&again);
    assert_eq!(
        (report.imported, report.issues[0].code()),
        (1, IssueCode::Duplicate)
    );
    let split = |id: &str| {
        desk.rows()
            .into_iter()
            .find(|row| row.external_id == id)
            .unwrap()
            .split
    };
    assert_eq!(split("x"), split("3"), "and goes where its dialogue is");
}

#[test]
fn a_set_of_single_transcripts_can_be_trained_on() {
    let desk = Desk::new();
    let mut all_in = Vec::new();
    for i in 0..12 {
        let path = desk.folder.path().join(format!("t{i}.txt"));
        let text = format!("Ada: Is it {i}?\nBen: It is {i}, yes.\nSummary: They agree on {i}.\n");
        std::fs::write(&path, text).unwrap();
        let report = desk.import(&path);
        all_in.push(report.remarks.contains(&Remark::OneSplit {
            split: Split::Train,
        }));
        assert!(matches!(report.split_rule, Some(SplitRule::Drawn { .. })));
    }
    let counts = desk.session.store.dataset(&"d".into()).unwrap().counts;
    assert!(
        counts.train >= 7 && counts.validation >= 1 && counts.test >= 1,
        "{counts:?}"
    );
    assert!(
        all_in[0] && !all_in[11],
        "the first says that all is training, the last does not"
    );
}

#[test]
fn eight_imports_at_once_into_one_new_name_lose_and_leak_nothing() {
    let desk = Desk::new();
    // Every file has ten dialogues of its own and five that all of them have.
    let files: Vec<PathBuf> = (0..8)
        .map(|i| {
            let mut lines = rows(&format!("of {i}"), 10);
            lines.extend((0..5).map(|j| (format!("s{i}{j}"), format!("shared {j}"))));
            desk.file(&format!("{i}/log.jsonl"), &lines)
        })
        .collect();
    let workspace = desk.session.workspace();
    let reports: Vec<ImportReport> = std::thread::scope(|scope| {
        let import = |file: &PathBuf| {
            let request = request(file);
            // A connection of its own, as another process has.
            scope.spawn(move || {
                Session::open(workspace)
                    .unwrap()
                    .import(&request, 1)
                    .unwrap()
            })
        };
        let threads: Vec<_> = files.iter().map(import).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    reports.iter().for_each(accounts_for_every_row);
    let stored = desk.rows();
    assert_eq!(
        stored.len(),
        reports.iter().map(|report| report.imported).sum::<usize>()
    );
    assert_eq!(stored.len(), 8 * 15);
    let ids: HashSet<&String> = stored.iter().map(|row| &row.external_id).collect();
    assert_eq!(ids.len(), stored.len());
    let mut splits: HashMap<Key, Split> = HashMap::new();
    for row in &stored {
        let split = *splits.entry(Key::of(0, &row.dialogue)).or_insert(row.split);
        assert_eq!(split, row.split, "{} leaks", row.external_id);
    }
    assert_eq!(desk.session.imports(&"d".into()).unwrap().len(), 8);
}

#[test]
fn dialogues_without_a_summary_wait_for_it() {
    let desk = Desk::new();
    let path = desk.folder.path().join("calls.jsonl");
    let line = |i: usize| {
        let summary = if i < 4 {
            json!(null)
        } else {
            json!("They agree.")
        };
        json!({"dialogue": format!("Ada: Is it {i}?\nBen: Yes."), "summary": summary}).to_string()
    };
    let lines: Vec<String> = (0..10).map(line).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let refused = desk.session.import(&request(&path), 1).unwrap_err();
    assert_eq!(refused.problem().code(), ErrorCode::BadRows);
    let keep = ImportRequest {
        keep_unsummarised: true,
        ..request(&path)
    };
    let report = desk.session.import(&keep, 1).unwrap();
    assert_eq!(
        (report.imported, report.unsummarised, report.references.min),
        (10, 4, 0)
    );
    assert!(report.remarks.contains(&Remark::Unsummarised { rows: 4 }));
    let waiting = || {
        desk.session
            .store
            .dataset(&"d".into())
            .unwrap()
            .unsummarised
    };
    assert_eq!(waiting(), 4);
    let row = desk
        .rows()
        .into_iter()
        .find(|row| !row.is_summarised())
        .unwrap();
    let summary = ["Agreed.".to_owned()];
    desk.session
        .edit_example(&"d".into(), row.id, &row.dialogue, &summary, Origin::Edited)
        .unwrap();
    assert_eq!(waiting(), 3);
    assert_eq!(
        desk.session.import(&keep, 2).unwrap().imported,
        1,
        "the edited one is another now"
    );
}

#[test]
fn what_waits_takes_no_place_of_what_is_learnt_from() {
    let desk = Desk::new();
    let path = desk.folder.path().join("calls.jsonl");
    let line = |i: usize| {
        let summary = if i < 60 { "" } else { "They agree." };
        json!({"dialogue": format!("Ada: Is it {i}?\nBen: Yes."), "summary": summary}).to_string()
    };
    let lines: Vec<String> = (0..100).map(line).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let keep = ImportRequest {
        keep_unsummarised: true,
        ..request(&path)
    };
    desk.session.import(&keep, 1).unwrap();
    let rows = desk.rows();
    let count = |split| {
        rows.iter()
            .filter(|row| row.is_summarised() && row.split == split)
            .count()
    };
    assert_eq!(
        [
            count(Split::Train),
            count(Split::Validation),
            count(Split::Test)
        ],
        [28, 6, 6]
    );
    assert_eq!(desk.session.import(&keep, 2).unwrap().imported, 0);
}

/// A run that reads one example.
fn reading(dataset_id: i64, example: i64) -> NewRun<'static> {
    NewRun {
        id: "r-1".into(),
        dataset_id,
        model_path: "m".into(),
        model_id: "m".into(),
        model_name: "m".into(),
        model_parameters: 1,
        recipe: String::new(),
        seed: 0,
        shots: json!({"shots": [example], "validation": [], "test": []}),
        threads: 1,
        device: contract::DeviceChoice::Cpu,
        version: "0".into(),
        created_at_ms: 1,
        stages: &[],
    }
}

#[test]
fn an_import_is_undone_unless_a_run_reads_it() {
    let desk = Desk::new();
    let first = desk
        .import(&desk.file("jan/log.jsonl", &rows("jan", 10)))
        .import
        .unwrap();
    let before = desk.rows();
    // The second takes a training dialogue away, because it is tested on now.
    let taken = before.iter().find(|row| row.split == Split::Train).unwrap();
    let text = taken
        .dialogue
        .lines()
        .next()
        .unwrap()
        .trim_start_matches("Ada: ");
    let test = desk.file(
        "feb/test.jsonl",
        &[("t".into(), text.trim_end_matches('?').into())],
    );
    let second = desk.import(&test);
    assert_eq!((second.leaks.len(), desk.rows().len()), (1, 10));
    assert_eq!(
        desk.session
            .undo_import(&"d".into(), second.import.unwrap())
            .unwrap(),
        1
    );
    let ids = |rows: &[ExampleRow]| -> HashSet<(String, Split)> {
        rows.iter()
            .map(|row| (row.external_id.clone(), row.split))
            .collect()
    };
    assert_eq!(ids(&desk.rows()), ids(&before));
    let unknown = desk.session.undo_import(&"d".into(), 99).unwrap_err();
    assert_eq!(unknown.problem().code(), ErrorCode::NotFound);

    let third = desk
        .import(&desk.file("mar/log.jsonl", &rows("mar", 3)))
        .import
        .unwrap();
    let read = desk.rows()[0].id;
    let dataset = desk.session.store.dataset(&"d".into()).unwrap().id;
    desk.session
        .store
        .insert_run(&reading(dataset, read))
        .unwrap();
    let refused = desk.session.undo_import(&"d".into(), first).unwrap_err();
    assert!(refused.to_string().contains("r-1"), "{refused}");
    assert_eq!(desk.session.undo_import(&"d".into(), third).unwrap(), 3);
    desk.session.store.delete_run(&"r-1".into()).unwrap();
    desk.session.undo_import(&"d".into(), first).unwrap();
    // The example that came back belongs to no import any more.
    assert_eq!(desk.rows().len(), 1);
}

#[test]
fn what_comes_back_does_not_leak() {
    let desk = Desk::new();
    desk.import(&desk.file("jan/train.jsonl", &rows("jan", 4)));
    let of_test = |place: &str, id: &str| desk.file(place, &[(id.into(), "jan 1".into())]);
    let first = desk.import(&of_test("a/test.jsonl", "a")).import.unwrap();
    desk.import(&of_test("b/test.jsonl", "b"));
    desk.session.undo_import(&"d".into(), first).unwrap();
    let found: Vec<(String, Split)> = desk
        .rows()
        .into_iter()
        .filter(|row| row.dialogue.contains("jan 1?"))
        .map(|row| (row.external_id, row.split))
        .collect();
    assert_eq!(
        found,
        [("b".into(), Split::Test)],
        "it is tested on, so it does not train again"
    );
}

#[test]
fn undoing_the_only_import_leaves_no_data_set_behind() {
    let desk = Desk::new();
    let file = desk.file("log.jsonl", &rows("jan", 5));
    let import = desk.import(&file).import.unwrap();
    assert_eq!(desk.session.undo_import(&"d".into(), import).unwrap(), 5);
    assert!(desk.session.datasets().unwrap().is_empty());
    // Pairs by hand are not part of it.
    let import = desk.import(&file).import.unwrap();
    let mine = WrittenExample {
        external_id: "mine".into(),
        split: Split::Train,
        origin: Origin::Written,
        dialogue: "Ada: No.\nBen: Yes.".into(),
        references: vec!["No.".into()],
    };
    desk.session.write_example(&"d".into(), mine).unwrap();
    desk.session.undo_import(&"d".into(), import).unwrap();
    assert_eq!(desk.rows().len(), 1);
}

#[test]
fn other_languages_get_one_honest_sentence() {
    let desk = Desk::new();
    let path = desk.folder.path().join("gespräche.jsonl");
    let line = |i: usize| {
        let dialogue = format!(
            "Anna: Ich habe das Buch nicht mit der Post geschickt, Nummer {i}.\nBen: Das ist auch nicht schlecht, wir holen es."
        );
        json!({"dialogue": dialogue, "summary": "Es geht um ein Buch."}).to_string()
    };
    let lines: Vec<String> = (0..6).map(line).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let found = Remark::NotEnglish {
        language: Language::German,
        dialogues: 6,
    };
    assert!(desk.import(&path).remarks.contains(&found));
    let english = desk.import(&desk.file("e.jsonl", &rows("the van and what you have", 6)));
    assert!(
        !english
            .remarks
            .iter()
            .any(|remark| matches!(remark, Remark::NotEnglish { .. }))
    );
}

#[test]
fn the_forecast_of_a_run_is_kept_by_stage() {
    let folder = tempfile::tempdir().unwrap();
    let session = Session::open(folder.path()).unwrap();
    let seconds = Forecast::from([(StageName::Topics, 4.0), (StageName::Align, 410.5)]);
    assert_eq!(session.forecast(&"r-1".into()).unwrap(), Forecast::new());
    session.keep_forecast(&"r-1".into(), &seconds).unwrap();
    assert_eq!(session.forecast(&"r-1".into()).unwrap(), seconds);
    assert_eq!(session.forecast(&"r-2".into()).unwrap(), Forecast::new());
}
