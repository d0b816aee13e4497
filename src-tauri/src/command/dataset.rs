//! Import, data sets and examples.

use std::collections::HashMap;
use std::path::PathBuf;

use contract::problem::Misuse;
use contract::{
    DatasetName, Doubt, Dropped, Kept, LongExample, Origin, PastImport, Sample, Severity,
    SplitCounts, TooLong,
};
use host::clock::now_ms;
use project::hygiene::Finding;
use project::import::{
    ColumnMap, ENDINGS, Import, ImportOptions, Issue, Reading, Speakers, TurnMap,
};
use project::session::{self, Session};
use project::study::withheld::SeenExample;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use super::{count, file, turns};
use crate::dto::{
    ColumnRole, Dataset, DoubtFound, DroppedCount, Example, ExamplePage, ImportIssue, ImportReport,
    ImportRequest, Turn,
};
use crate::error::Answer;
use crate::place::Place;
use crate::worker;

/// Examples shown before an import.
const SAMPLE_ROWS: usize = 5;

/// The system's own dialog for opening files.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn pick_files(app: AppHandle) -> Vec<String> {
    let dialog = app.dialog().file().add_filter("Dialogues", &ENDINGS);
    let picked = dialog.blocking_pick_files().unwrap_or_default();
    picked.iter().map(ToString::to_string).collect()
}

/// Reads files and says what an import would do. Stores nothing.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn inspect(place: State<'_, Place>, request: ImportRequest) -> Answer<ImportReport> {
    look(&place.session()?, &request)
}

/// Imports files: all of them or nothing.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn import_files(
    place: State<'_, Place>,
    request: ImportRequest,
) -> Answer<ImportReport> {
    let session = place.session()?;
    let request = parse(&request)?;
    let found = session.inspect(&request.files, &options(&request))?;
    let report = session.import(&request, now_ms())?;
    // What was pasted is in the data set now.
    let inbox = file::inbox(&place);
    request
        .files
        .iter()
        .for_each(|path| file::forget(&inbox, path));
    Ok(to_report(report, &found))
}

/// Puts the sample that comes with Duologue into the workspace: data set, model, finished run.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn take_sample(place: State<'_, Place>) -> Answer<Sample> {
    Ok(place.session()?.take_sample(place.bundle()?)?)
}

/// The data sets, newest first.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn datasets(place: State<'_, Place>) -> Answer<Vec<Dataset>> {
    let session = place.session()?;
    let mut rows = session.datasets()?;
    let mut labels = session.labels(Kept::Dataset)?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.created_at_ms));
    let dataset = |row: project::rows::DatasetRow| Dataset {
        n: count(row.counts.total()),
        splits: row.counts,
        unsummarised: count(row.unsummarised),
        created_at_ms: row.created_at_ms as f64,
        note: labels.remove(row.name.as_str()).unwrap_or_default().note,
        name: row.name,
    };
    Ok(rows.into_iter().map(dataset).collect())
}

/// The imports that a data set was made of, the newest first.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn past_imports(
    place: State<'_, Place>,
    dataset: DatasetName,
) -> Answer<Vec<PastImport>> {
    Ok(place.session()?.imports(&dataset)?)
}

/// Undoes an import: its examples go, and the data set with the last of them. Returns how many went.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn undo_import(
    place: State<'_, Place>,
    dataset: DatasetName,
    number: f64,
) -> Answer<u32> {
    Ok(count(
        place.session()?.undo_import(&dataset, number as i64)?,
    ))
}

/// A page of a data set's examples.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn examples(
    place: State<'_, Place>,
    dataset: DatasetName,
    offset: u32,
    limit: u32,
) -> Answer<ExamplePage> {
    let session = place.session()?;
    let rows = session
        .examples(&dataset, offset, limit)?
        .into_iter()
        .map(example)
        .collect();
    let found = session
        .datasets()?
        .into_iter()
        .find(|row| row.name == dataset);
    let total = found.map_or(0, |row| {
        row.counts.train + row.counts.validation + row.counts.test
    });
    Ok(ExamplePage {
        total: count(total),
        rows,
    })
}

/// What is doubtful about a data set.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn doubts(place: State<'_, Place>, dataset: DatasetName) -> Answer<Vec<DoubtFound>> {
    let session = place.session()?;
    let rows = session.examples(&dataset, 0, u32::MAX)?;
    let places: HashMap<i64, usize> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| (row.id, index))
        .collect();
    let place_of = |key: i64| places.get(&key).copied().map(count);
    let found = session.doubts(&dataset)?;
    Ok(found
        .into_iter()
        .filter_map(|finding| doubt(&finding, place_of))
        .collect())
}

/// The examples that are longer than a model's context.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn too_long(
    place: State<'_, Place>,
    dataset: DatasetName,
    model: String,
) -> Answer<Vec<DoubtFound>> {
    let words = ["datasets", &dataset, "--model", &model].map(str::to_owned);
    let found: TooLong = worker::ask(&place, &words)?;
    let rows = place.session()?.examples(&dataset, 0, u32::MAX)?;
    let places: HashMap<i64, usize> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| (row.id, index))
        .collect();
    let doubt = |example: LongExample| {
        Some(DoubtFound {
            doubt: Doubt::TooLong,
            at: count(*places.get(&example.key)?),
            key: example.key as f64,
            other: None,
            detail: example.tokens.to_string(),
        })
    };
    Ok(found.too_long.into_iter().filter_map(doubt).collect())
}

fn doubt(finding: &Finding, place_of: impl Fn(i64) -> Option<u32>) -> Option<DoubtFound> {
    Some(DoubtFound {
        doubt: finding.doubt,
        at: place_of(finding.example)?,
        key: finding.example as f64,
        other: finding.other.and_then(place_of),
        detail: finding.detail.clone(),
    })
}

/// Replaces the texts of an example.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn edit_example(
    place: State<'_, Place>,
    dataset: DatasetName,
    example: Example,
) -> Answer<()> {
    let session = place.session()?;
    let dialogue = dialogue(&example.turns);
    Ok(session.edit_example(
        &dataset,
        key(&example)?,
        &dialogue,
        &example.references,
        example.origin,
    )?)
}

/// Adds a pair at the end.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn write_example(
    place: State<'_, Place>,
    dataset: DatasetName,
    example: Example,
) -> Answer<()> {
    let written = session::WrittenExample {
        split: example.split,
        origin: example.origin,
        dialogue: dialogue(&example.turns),
        external_id: example.id,
        references: example.references,
    };
    Ok(place.session()?.write_example(&dataset, written)?)
}

/// Removes examples by their keys; all or none.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn delete_examples(
    place: State<'_, Place>,
    dataset: DatasetName,
    keys: Vec<f64>,
) -> Answer<()> {
    let keys: Vec<i64> = keys.into_iter().map(|key| key as i64).collect();
    Ok(place.session()?.delete_examples(&dataset, &keys)?)
}

/// Turns as the text that is stored.
fn dialogue(turns: &[Turn]) -> String {
    let turn = |turn: &Turn| project::dialogue::Turn {
        speaker: (!turn.speaker.is_empty()).then(|| turn.speaker.clone()),
        text: turn.text.clone(),
    };
    project::dialogue::Dialogue {
        turns: turns.iter().map(turn).collect(),
    }
    .to_text()
}

fn key(example: &Example) -> Answer<i64> {
    let key = example.key.map(|key| key as i64);
    Ok(key.ok_or(Misuse::NotStored)?)
}

fn look(session: &Session, request: &ImportRequest) -> Answer<ImportReport> {
    let request = session::ImportRequest {
        dry_run: true,
        ..parse(request)?
    };
    let found = session.inspect(&request.files, &options(&request))?;
    if found.needs_mapping {
        return Ok(unmapped(request.name, &found));
    }
    Ok(to_report(session.import(&request, now_ms())?, &found))
}

/// A file whose columns have to be named first: nothing can be counted yet but its rows.
fn unmapped(dataset: DatasetName, found: &Import) -> ImportReport {
    ImportReport {
        dataset,
        format: found.format.to_string(),
        mapping: roles(&found.mapping),
        read: count(found.read),
        imported: 0,
        bad_rows: 0,
        detection: found.detection,
        columns: found.columns.clone(),
        cells: found.preview.clone(),
        split_rule: None,
        splits: SplitCounts::default(),
        references_min: 0,
        references_max: 0,
        leaks: Vec::new(),
        issues: Vec::new(),
        unsummarised: 0,
        import: None,
        sample: Vec::new(),
        sources: found.sources.clone(),
        account: found.account(&[]),
        dropped_by: dropped_by(&found.dropped),
        dropped: found.dropped.clone(),
        remarks: found.remarks.clone(),
    }
}

/// The reasons with how many pieces were left out, the most first.
fn dropped_by(dropped: &[Dropped]) -> Vec<DroppedCount> {
    let mut counts: Vec<DroppedCount> = Vec::new();
    for piece in dropped {
        let reason = piece.reason;
        match counts.iter_mut().find(|count| count.reason == reason) {
            Some(count) => count.count += 1,
            None => counts.push(DroppedCount { reason, count: 1 }),
        }
    }
    counts.sort_by_key(|count| (std::cmp::Reverse(count.count), count.reason));
    counts
}

fn options(request: &session::ImportRequest) -> ImportOptions {
    let (map, speakers) = (request.map.clone(), request.speakers.clone());
    ImportOptions {
        split: request.split,
        map,
        speakers,
        seed: request.seed,
        keep_unsummarised: request.keep_unsummarised,
        reading: request.reading.clone(),
    }
}

fn parse(request: &ImportRequest) -> Answer<session::ImportRequest> {
    let name = request.name.trim();
    if name.is_empty() {
        return Err(Misuse::NoDatasetName.into());
    }
    let map = given(&request.map).map(str::parse::<ColumnMap>).transpose();
    let map = map.map_err(|_unreadable| Misuse::BadColumns {
        columns: request.map.clone(),
    })?;
    let turns = given(&request.turns).map(str::parse::<TurnMap>).transpose();
    let turns = turns.map_err(|_unreadable| Misuse::BadColumns {
        columns: request.turns.clone(),
    })?;
    Ok(session::ImportRequest {
        files: request.files.iter().map(PathBuf::from).collect(),
        name: name.to_owned().into(),
        split: request.split,
        map,
        speakers: given(&request.speakers).map(|text| Speakers::from(text).0),
        skip_bad: request.skip_bad,
        keep_unsummarised: request.keep_unsummarised,
        reading: Reading {
            encoding: request.encoding,
            separator: request.separator,
            gap_hours: request.gap_hours,
            turns,
            keep_dropped: request.keep_dropped.clone(),
            drop_repeated: request.drop_repeated,
            language: Some(request.language),
        },
        ..Default::default()
    })
}

/// A field of the form, if something was entered in it.
fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn to_report(report: session::ImportReport, found: &Import) -> ImportReport {
    ImportReport {
        splits: report.splits,
        remarks: report.remarks,
        unsummarised: count(report.unsummarised),
        import: report.import.map(|import| import as f64),
        dataset: report.dataset,
        format: report.format.to_string(),
        mapping: roles(&report.mapping),
        read: count(report.read),
        imported: count(report.imported),
        bad_rows: count(found.bad_rows()),
        detection: found.detection,
        columns: found.columns.clone(),
        cells: found.preview.clone(),
        split_rule: report.split_rule,
        references_min: count(report.references.min),
        references_max: count(report.references.max),
        leaks: report.leaks,
        issues: report.issues.into_iter().map(issue).collect(),
        sample: found
            .examples
            .iter()
            .take(SAMPLE_ROWS)
            .map(sample_row)
            .collect(),
        sources: report.sources,
        account: report.account,
        dropped_by: dropped_by(&report.dropped),
        dropped: report.dropped,
    }
}

fn roles(map: &ColumnMap) -> Vec<ColumnRole> {
    let role = |role: &str, column: &String| ColumnRole {
        role: role.to_owned(),
        column: column.clone(),
    };
    let dialogue = std::iter::once(&map.dialogue)
        .filter(|column| !column.is_empty())
        .map(|column| role("dialogue", column));
    let summaries = map.summaries.iter().map(|column| role("summary", column));
    let id = map.id.iter().map(|column| role("id", column));
    let split = map.split.iter().map(|column| role("split", column));
    dialogue.chain(summaries).chain(id).chain(split).collect()
}

fn issue(issue: Issue) -> ImportIssue {
    ImportIssue {
        file: issue.file,
        row: Some(count(issue.row)),
        field: Some(issue.field).filter(|field| !field.is_empty()),
        fault: issue.fault,
        bad: issue.severity == Severity::Error,
        more: issue.more.map_or(0, |more| count(more.count)),
    }
}

fn sample_row(row: &project::import::ImportedExample) -> Example {
    Example {
        id: row.external_id.clone(),
        split: row.split,
        origin: Origin::Imported,
        turns: turns(&row.dialogue),
        references: row.references.clone(),
        in_study: false,
        key: None,
    }
}

fn example(row: SeenExample) -> Example {
    Example {
        key: Some(row.id as f64),
        split: row.split,
        origin: row.origin,
        turns: row.dialogue.as_deref().map(turns).unwrap_or_default(),
        id: row.external_id,
        references: row.references.shown().to_vec(),
        in_study: row.references.is_in_study(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(file: &std::path::Path, skip_bad: bool) -> ImportRequest {
        ImportRequest {
            files: vec![file.display().to_string()],
            name: "notes".into(),
            split: contract::SplitChoice::Train,
            map: String::new(),
            speakers: String::new(),
            skip_bad,
            keep_unsummarised: false,
            encoding: None,
            separator: None,
            gap_hours: None,
            turns: String::new(),
            keep_dropped: Vec::new(),
            drop_repeated: false,
            language: contract::Language::English,
        }
    }

    #[test]
    fn a_dry_run_lists_bad_rows_and_stores_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.jsonl");
        std::fs::write(&file, "{\"dialogue\":\"Ada: Hello.\\nBen: Hi.\",\"summary\":\"They greet.\"}\n{\"dialogue\":\"Ada: Alone.\\nBen: Me too.\"}\n").unwrap();
        let session = Session::open(&folder.path().join("workspace")).unwrap();
        let report = look(&session, &request(&file, false)).unwrap();
        assert_eq!((report.read, report.imported, report.bad_rows), (2, 1, 1));
        assert_eq!(
            (report.issues[0].row, report.issues[0].bad),
            (Some(2), true)
        );
        assert_eq!(report.sample[0].turns[1].speaker, "Ben");
        assert_eq!(session.datasets().unwrap().len(), 0);
    }

    #[test]
    fn unknown_columns_are_listed_so_that_they_can_be_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.csv");
        std::fs::write(&file, "alpha,beta\nx,y\nz,w\n").unwrap();
        let session = Session::open(&folder.path().join("workspace")).unwrap();
        let report = look(&session, &request(&file, false)).unwrap();
        assert_eq!(
            (report.detection, report.imported),
            (contract::Detection::NeedsMapping, 0)
        );
        assert_eq!(report.columns, ["alpha", "beta"]);
    }

    #[test]
    fn columns_are_read_as_on_the_command_line() {
        let asked = |map: &str| {
            parse(&ImportRequest {
                map: map.into(),
                speakers: "Customer, Agent".into(),
                ..request(std::path::Path::new("x"), false)
            })
        };
        let read = asked("dialogue=talk, summary=a,b").unwrap();
        assert_eq!(read.map, "dialogue=talk,summary=a,b".parse().ok());
        assert_eq!(read.speakers, Some(vec!["Customer".into(), "Agent".into()]));
        assert_eq!(
            asked("nonsense").unwrap_err().code(),
            contract::ErrorCode::Usage
        );
        assert_eq!(asked(" ").unwrap().map, None);
    }
}
