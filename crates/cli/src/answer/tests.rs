//! The schema of every answer: which keys it has, at which path, and of which types. `docs/cli.md` describes them in
//! words; any change here is a change for scripts.

mod engine;
mod everyday;
mod figures;
mod runs;

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    Download, DownloadPaused, Launch, Leak, LongExample, Replay, Started, Summarized, Synthesizer,
    Unpacked, Verified, WritingMeasures,
};
use insta::assert_snapshot;
use mrds::export::{Export, ExportedFile};
use project::import::{ColumnMap, Issue};
use project::session::MinMax;
use serde_json::json;

use super::*;
use crate::examples::{self, Sample};

/// One line for each path in the answer's JSON, with the types found there.
fn schema(answer: &impl Serialize) -> String {
    let mut paths = BTreeMap::new();
    collect("", &serde_json::to_value(answer).unwrap(), &mut paths);
    let line = |(path, types): (&String, &BTreeSet<&str>)| {
        let types: Vec<&str> = types.iter().copied().collect();
        format!("{path}: {}", types.join(" | "))
    };
    paths.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn collect(path: &str, value: &Value, paths: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let mut leaf = |kind| {
        paths.entry(path.to_owned()).or_default().insert(kind);
    };
    match value {
        Value::Null => leaf("null"),
        Value::Bool(_) => leaf("boolean"),
        Value::Number(_) => leaf("number"),
        Value::String(_) => leaf("string"),
        Value::Array(items) if items.is_empty() => leaf("empty array"),
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect(&format!("{path}[]"), item, paths)),
        Value::Object(fields) if fields.is_empty() => leaf("empty object"),
        Value::Object(fields) => fields.iter().for_each(|(key, field)| {
            let path = match path {
                "" => key.clone(),
                path => format!("{path}.{key}"),
            };
            collect(&path, field, paths);
        }),
    }
}

const COUNTS: SplitCounts = SplitCounts {
    train: 8,
    validation: 1,
    test: 1,
};

fn import_report() -> ImportReport {
    ImportReport {
        dataset: "d".into(),
        format: contract::FileFormat::ALL[0].into(),
        mapping: ColumnMap {
            dialogue: "dialogue".to_owned(),
            summaries: vec!["summary".to_owned()],
            id: Some("id".to_owned()),
            split: Some("split".to_owned()),
        },
        split_rule: Some(contract::SplitRule::Column),
        read: 10,
        imported: 10,
        skipped: 0,
        import: Some(3),
        unsummarised: 1,
        splits: COUNTS,
        references: MinMax { min: 1, max: 2 },
        leaks: vec![Leak {
            id: "1".to_owned(),
            split: Split::Train,
            with: "2".to_owned(),
            with_split: Split::Test,
        }],
        issues: vec![Issue {
            file: "a.jsonl".to_owned(),
            row: 1,
            field: "id".to_owned(),
            fault: contract::problem::RowFault::DuplicateId {
                id: "7".to_owned(),
                row: 2,
            },
            severity: contract::Severity::Error,
            more: Some(project::import::More {
                count: 2,
                last_row: 9,
            }),
        }],
        detection: contract::Detection::Detected,
        encoding: Some(contract::Encoding::Utf8),
        sources: vec![contract::SourceFile {
            file: "a.zip".to_owned(),
            format: contract::FileFormat::WhatsappIos,
            encoding: contract::Encoding::Cp1252,
            encoding_guessed: true,
            sample: Some("Größe".to_owned()),
            separator: Some(contract::Separator::Comma),
            inside: Some("_chat.txt".to_owned()),
            sheet: Some("Sheet1".to_owned()),
        }],
        account: contract::Account {
            unit: contract::AccountUnit::Message,
            read: 12,
            imported: 10,
            skipped: 0,
            merged: 1,
            dropped: 1,
        },
        dropped: vec![contract::Dropped {
            file: "a.zip".to_owned(),
            at: 1,
            reason: contract::DropReason::Media,
            text: "image omitted".to_owned(),
        }],
        deid: None,
        dropped_by: BTreeMap::from([(contract::DropReason::Media, 1)]),
        remarks: vec![
            contract::Remark::OneSplit { split: Split::Test },
            contract::Remark::MemberRead {
                file: "a.zip".to_owned(),
                inside: "_chat.txt".to_owned(),
                members: 1,
            },
        ],
    }
}

#[test]
fn import() {
    let report = import_report();
    let issues = report.issues.iter().map(WordedIssue::from).collect();
    assert_snapshot!(schema(&Imported { report, issues, dry_run: true, seed: 0 }), @"
    account.dropped: number
    account.imported: number
    account.merged: number
    account.read: number
    account.skipped: number
    account.unit: string
    dataset: string
    detection: string
    dropped[].at: number
    dropped[].file: string
    dropped[].reason: string
    dropped[].text: string
    dropped_by.media: number
    dry_run: boolean
    encoding: string
    format: string
    import: number
    imported: number
    issues[].args.id: string
    issues[].args.row: number
    issues[].code: string
    issues[].field: string
    issues[].file: string
    issues[].fix: string
    issues[].more.count: number
    issues[].more.last_row: number
    issues[].reason: string
    issues[].row: number
    issues[].severity: string
    leaks[].id: string
    leaks[].split: string
    leaks[].with: string
    leaks[].with_split: string
    mapping.dialogue: string
    mapping.id: string
    mapping.split: string
    mapping.summaries[]: string
    read: number
    references.max: number
    references.min: number
    remarks[].case: string
    remarks[].file: string
    remarks[].inside: string
    remarks[].members: number
    remarks[].split: string
    seed: number
    skipped: number
    sources[].encoding: string
    sources[].encoding_guessed: boolean
    sources[].file: string
    sources[].format: string
    sources[].inside: string
    sources[].sample: string
    sources[].separator: string
    sources[].sheet: string
    split_rule.rule: string
    splits.test: number
    splits.train: number
    splits.validation: number
    unsummarised: number
    ");
}

#[test]
fn datasets() {
    let line = DatasetLine {
        name: "d".into(),
        format: "samsum_json".to_owned(),
        n: 10,
        splits: COUNTS,
        unsummarised: 2,
    };
    assert_snapshot!(schema(&Datasets { datasets: vec![line] }), @"
    datasets[].format: string
    datasets[].n: number
    datasets[].name: string
    datasets[].splits.test: number
    datasets[].splits.train: number
    datasets[].splits.validation: number
    datasets[].unsummarised: number
    ");
}

#[test]
fn a_data_set() {
    let mut answer = Dataset {
        name: "d".into(),
        n: 10,
        splits: COUNTS,
        unsummarised: 2,
        in_study: 0,
        too_long: None,
        imports: None,
    };
    assert_snapshot!(schema(&answer), @"
    n: number
    name: string
    splits.test: number
    splits.train: number
    splits.validation: number
    unsummarised: number
    ");
    answer.too_long = Some(TooLong {
        context_tokens: 64,
        too_long: vec![LongExample {
            id: "1".to_owned(),
            key: 1,
            tokens: 80,
        }],
    });
    assert_snapshot!(schema(&answer), @"
    context_tokens: number
    n: number
    name: string
    splits.test: number
    splits.train: number
    splits.validation: number
    too_long[].id: string
    too_long[].key: number
    too_long[].tokens: number
    unsummarised: number
    ");
    let line = ExampleLine {
        id: "1",
        split: Split::Train,
        origin: Origin::Imported,
        dialogue: "A: b",
        references: &["c".to_owned()],
        in_study: false,
    };
    assert_snapshot!(schema(&line), @"
    dialogue: string
    id: string
    origin: string
    references[]: string
    split: string
    ");
}

#[test]
fn format() {
    let answer = Format {
        n: 1,
        format_rate: 1.0,
        rules: [(RuleId::MinSpeakers, examples::rule_rate())].into(),
    };
    assert_snapshot!(schema(&answer), @"
    format_rate: number
    n: number
    rules.min_speakers.limit.min: number
    rules.min_speakers.rate: number
    rules.min_speakers.real_reject: number
    rules.min_speakers.source: string
    ");
    let line = FormatLine {
        id: json!(1),
        pass: true,
        rules: [("min_speakers", true)].into(),
    };
    assert_snapshot!(schema(&line), @"
    id: number
    pass: boolean
    rules.min_speakers: boolean
    ");
}

#[test]
fn recipe() {
    let fields = Recipe::default().fields().unwrap();
    assert_snapshot!(schema(&RecipeFields { fields }), @"
    fields[].basis: string
    fields[].default: boolean | empty array | number | string
    fields[].default[]: number | string
    fields[].doc: string
    fields[].key: string
    fields[].source: string
    fields[].value: boolean | empty array | number | string
    fields[].value[]: number | string
    ");
}
