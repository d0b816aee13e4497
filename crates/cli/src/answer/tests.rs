//! The schema of every answer: which keys it has, at which path, and of which types. `docs/cli.md` describes them in
//! words; whatever changes here changes for scripts.

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    Download, DownloadPaused, Launch, LongExample, Started, Summarized, Synthesizer, Verified,
    WritingMeasures,
};
use insta::assert_snapshot;
use mrds::export::{Export, ExportedFile, Replay};
use project::import::{ColumnMap, Issue, Leak};
use project::session::MinMax;
use serde_json::json;

use super::*;
use crate::examples::{self, Sample};

/// One line for each path in the answer's JSON, with the types that stand there.
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

#[test]
fn import() {
    let report = ImportReport {
        dataset: "d".to_owned(),
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
            field: "summary".to_owned(),
            code: contract::IssueCode::EmptySummary,
            reason: "it is empty".to_owned(),
            fix: "Write one.".to_owned(),
            severity: contract::Severity::Error,
        }],
    };
    assert_snapshot!(schema(&Imported { report, dry_run: true, seed: 0 }), @"");
}

#[test]
fn datasets() {
    let line = DatasetLine {
        name: "d".to_owned(),
        format: "samsum_json".to_owned(),
        n: 10,
        splits: COUNTS,
    };
    assert_snapshot!(schema(&Datasets { datasets: vec![line] }), @"");
}

#[test]
fn a_data_set() {
    let mut answer = Dataset {
        name: "d".to_owned(),
        n: 10,
        splits: COUNTS,
        too_long: None,
    };
    assert_snapshot!(schema(&answer), @"");
    answer.too_long = Some(TooLong {
        context_tokens: 64,
        too_long: vec![LongExample {
            id: "1".to_owned(),
            key: 1,
            tokens: 80,
        }],
    });
    assert_snapshot!(schema(&answer), @"");
    let line = ExampleLine {
        id: "1",
        split: Split::Train,
        origin: Origin::Imported,
        dialogue: "A: b",
        references: &["c".to_owned()],
    };
    assert_snapshot!(schema(&line), @"");
}

#[test]
fn format() {
    let answer = Format {
        n: 1,
        format_rate: 1.0,
        rules: [(RuleId::MinSpeakers, examples::rule_rate())].into(),
    };
    assert_snapshot!(schema(&answer), @"");
    let line = FormatLine {
        id: json!(1),
        pass: true,
        rules: [("min_speakers", true)].into(),
    };
    assert_snapshot!(schema(&line), @"");
}

#[test]
fn recipe() {
    let fields = Recipe::default().fields().unwrap();
    assert_snapshot!(schema(&RecipeFields { fields }), @"");
}

#[test]
fn a_run_that_is_not_begun() {
    let counts = ChosenCounts {
        shots: 8,
        validation: 1,
        test: 1,
        dropped: 0,
        cut: 0,
    };
    let answer = DryRun {
        dry_run: true,
        dataset: ChosenExamples { name: "d", counts },
        seed: 0,
        model: ChosenModel {
            id: "0a1b",
            parameters: 1,
        },
        recipe: &Recipe::default(),
    };
    assert_snapshot!(schema(&answer), @"");
}

#[test]
fn a_run_elsewhere() {
    let started = Started {
        run: "r-1".to_owned(),
        status: Launch::Queued,
    };
    assert_snapshot!(schema(&started), @"");
    let paused = Paused {
        run: "r-1",
        status: RunStatus::Paused,
        resume: "duologue resume r-1",
    };
    assert_snapshot!(schema(&paused), @"");
    let stopping = Stopping {
        run: "r-1",
        status: RunStatus::Running,
        from_stage: Some(StageName::Topics),
        from_step: Some(3),
    };
    assert_snapshot!(schema(&stopping), @"");
    let queue = Queue {
        started: Some("r-1".to_owned()),
        held: false,
        queue: vec![QueueRow {
            run_id: "r-2".to_owned(),
            from_stage: Some(StageName::Topics),
            until_stage: Some(StageName::Evaluate),
        }],
    };
    assert_snapshot!(schema(&queue), @"");
}

#[test]
fn a_plan() {
    assert_snapshot!(schema(&examples::plan()), @"");
}

#[test]
fn runs() {
    let runs = Sample::new().session.runs().unwrap();
    assert_snapshot!(schema(&Runs { runs }), @"");
}

#[test]
fn a_run() {
    let report = Sample::new().session.show(Sample::RUN).unwrap();
    assert_snapshot!(schema(&report), @"");
}

#[test]
fn a_stage() {
    let answer = Stage {
        run: "r-1",
        stage: StageName::Dialogues,
        status: StageStanding::Done,
        items: 1,
        output_sha256: Some("0a1b".to_owned()),
        dropped: [("too_long".to_owned(), 1)].into(),
        measures: Measures::Writing([(Synthesizer::Sft, WritingMeasures::new(1.5, 3))].into()),
    };
    assert_snapshot!(schema(&answer), @"");
    let line = ArtifactLine {
        kind: ArtifactKind::Topic,
        item: 0,
        version: 1,
        payload: &json!({"example_id": 1, "topic": "a bill"}),
    };
    assert_snapshot!(schema(&line), @"");
}

#[test]
fn evaluate() {
    let answer = Evaluated {
        n: 1,
        stemmer: true,
        multi: Multi::Best,
        scores: [("rouge1", examples::score())].into(),
    };
    assert_snapshot!(schema(&answer), @"");
    let results = Sample::new().session.show(Sample::RUN).unwrap().results;
    let answer = EvaluatedRun {
        run: "r-1",
        seed: 0,
        results,
    };
    assert_snapshot!(schema(&answer), @"");
}

#[test]
fn score_and_generate() {
    let scored = Scored {
        n: 1,
        n_tokens: 2,
        logp_sum: -1.5,
        ce: 0.75,
    };
    assert_snapshot!(schema(&scored), @"");
    let line = ScoredLine {
        logp_sum: -1.5,
        n_tokens: 2,
        token_logps: Some(vec![-0.5, -1.0]),
    };
    assert_snapshot!(schema(&line), @"");
    assert_snapshot!(schema(&Generated { n: 1, seed: 0 }), @"");
    let line = GeneratedLine {
        text: "A",
        ids: &[1],
        finish: Finish::Stop,
    };
    assert_snapshot!(schema(&line), @"");
}

#[test]
fn summarize() {
    let summarized = Summarized {
        summary: "A".to_owned(),
        prompt_tokens: 3,
        new_tokens: 2,
        ttft_ms: 1.5,
        tokens_per_s: 9.0,
    };
    assert_snapshot!(schema(&summarized), @"");
    assert_snapshot!(schema(&Served { n: 1 }), @"");
}

#[test]
fn export_and_pack() {
    let export = Export {
        files: vec![ExportedFile {
            path: "adapter_model.safetensors".into(),
            bytes: 1,
            sha256: "0a1b".to_owned(),
        }],
        replay: Some(Replay {
            items: 8,
            max_logp_diff: 0.0,
            max_logp_diff_per_token: 0.0,
            tolerance_per_token: 1e-4,
            equal: true,
        }),
    };
    assert_snapshot!(schema(&export), @"");
    let packed = Packed {
        run: "r-1",
        path: Path::new("packed"),
    };
    assert_snapshot!(schema(&packed), @"");
}

#[test]
fn sample() {
    let sample = project::sample::Sample {
        dataset: "sample".to_owned(),
        run: "sample-1".to_owned(),
        model: "models/duo-mini".into(),
        examples: 100,
        known: false,
    };
    assert_snapshot!(schema(&sample), @"");
}

#[test]
fn models_add() {
    assert_snapshot!(schema(&examples::downloaded()), @"");
    let paused = DownloadPaused {
        hub_id: "owner/small".to_owned(),
        status: RunStatus::Paused,
        resume: "duologue models add owner/small".to_owned(),
        received_bytes: 1,
        connections: 1,
    };
    assert_snapshot!(schema(&paused), @"");
    for answer in [
        Download::Done(examples::downloaded()),
        Download::Paused(paused),
    ] {
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<Download>(&text).unwrap(), answer);
    }
}

#[test]
fn models_list() {
    let unfinished = Unfinished {
        hub_id: "owner/large".to_owned(),
        path: "models/owner--large".to_owned(),
        bytes: 1,
    };
    let answer = Models {
        models: vec![examples::known_model()],
        unfinished: vec![unfinished],
    };
    assert_snapshot!(schema(&answer), @"");
    assert_snapshot!(schema(&examples::catalogue()), @"");
    assert_snapshot!(schema(&examples::folder_fits()), @"");
}

#[test]
fn models_verify_and_remove() {
    let verified = Verified {
        id: Some("0a1b".to_owned()),
        path: "models/small".to_owned(),
        parameters: Some(1),
        sha256_ok: Some(true),
        damaged: vec!["model.safetensors".to_owned()],
    };
    assert_snapshot!(schema(&verified), @"");
    let removal = Removal {
        id: "0a1b".to_owned(),
        name: "small".to_owned(),
        path: "models/small".to_owned(),
        deleted_bytes: 1,
        runs: vec!["r-1".to_owned()],
    };
    let removed = ModelRemoval::Removed {
        removal,
        removed: true,
    };
    assert_snapshot!(schema(&removed), @"");
    let kept = ModelRemoval::Kept {
        id: "0a1b".to_owned(),
        removed: false,
    };
    assert_snapshot!(schema(&kept), @"");
}

#[test]
fn models_login() {
    let entry = Login {
        host: "huggingface.co",
        keychain: "the macOS Keychain",
        service: "duologue",
    };
    assert_snapshot!(schema(&entry), @"");
    assert_snapshot!(schema(&Logout { entry, removed: true }), @"");
}

#[test]
fn pretrain() {
    let answer = Pretrained {
        out: Path::new("model"),
        updates: 1,
        tokens: 8192,
        val_loss: 3.5,
        wall_s: 1.5,
        parameters: 7_000_000,
        seed: 1,
    };
    assert_snapshot!(schema(&answer), @"");
    let paused = PretrainPaused {
        status: RunStatus::Paused,
        resume: "duologue pretrain --out model --resume",
        updates: 1,
        tokens: 8192,
        wall_s: 1.5,
    };
    assert_snapshot!(schema(&paused), @"");
    let step = PretrainLine::Step {
        update: 1,
        loss: 3.5,
        lr: 2e-3,
        tokens: 8192,
        progress: 0.1,
    };
    assert_snapshot!(schema(&step), @"");
    let evaluation = PretrainLine::Evaluation {
        update: 1,
        val_loss: 3.5,
        sample: "A",
    };
    assert_snapshot!(schema(&evaluation), @"");
}

#[test]
fn doctor() {
    let answer = Doctor {
        version: "1.0.0",
        cpu: "a processor".to_owned(),
        simd: "avx2",
        threads: 2,
        devices: vec!["cpu".to_owned()],
        cards: vec![Card {
            device: "cuda:0".to_owned(),
            name: "a card".to_owned(),
            compute_capability: "9.0".to_owned(),
            memory_bytes: 1,
            memory_free_bytes: 1,
        }],
        no_card: Some("the driver finds no card".to_owned()),
        memory_bytes: Some(1),
        memory_free_bytes: Some(1),
        disk_free_bytes: Some(1),
        connections: Some(0),
        workspace_problem: Some("it cannot be read".to_owned()),
    };
    assert_snapshot!(schema(&answer), @"");
}

#[test]
fn bench_train() {
    assert_snapshot!(schema(&examples::bench_train(examples::ON_PROCESSOR)), @"");
    assert_snapshot!(schema(&examples::bench_train(examples::ON_CARD)), @"");
}

#[test]
fn bench_score_and_generate() {
    let score = BenchScore {
        shape: "135m",
        items: 16,
        prompt_tokens: 256,
        completion_tokens: 64,
        tokens: 5120,
        tokens_per_s: 1.0,
        tokens_per_cpu_s: 1.0,
        forward_tokens_per_s: 1.0,
        forward_tokens_per_cpu_s: 1.0,
        share_of_forward: 1.0,
        threads: 2,
        peak_rss_bytes: 1,
    };
    assert_snapshot!(schema(&score), @"");
    let generate = BenchGenerate {
        shape: "135m",
        rows: examples::generate_rows(),
        threads: 2,
        prompt_tokens: 128,
        new_tokens: 64,
        peak_rss_bytes: 1,
        peak_device_bytes: Some(1),
    };
    assert_snapshot!(schema(&generate), @"");
}

#[test]
fn bench_parity_growth_and_pipeline() {
    let parity = BenchParity {
        dtype: "bf16",
        checks: examples::parity_checks(),
        failed: 1,
    };
    assert_snapshot!(schema(&parity), @"");
    let growth = BenchGrowth {
        rows: examples::growth_rows(),
        threads: 2,
    };
    assert_snapshot!(schema(&growth), @"");
    let pipeline = BenchPipeline {
        figures: examples::pipeline_figures(),
        threads: 2,
        seed: 1,
    };
    assert_snapshot!(schema(&pipeline), @"");
    assert_snapshot!(schema(&BenchStopped { status: "stopped" }), @"");
}
