//! Answers of `label`, `delete`, `demo` and `summarize --all`.

use contract::{
    Attached, DemoMeter, DemoPair, DemoRate, DemoWriter, Hanging, Kept, Label, Removing, System,
};

use super::*;

fn writer() -> DemoWriter {
    DemoWriter::System {
        run: "r-1".into(),
        system: System::MrdsSeparate,
        model: "small".to_owned(),
    }
}

#[test]
fn names_and_removals() {
    let labelled = Labelled {
        thing: Kept::Run,
        key: "r-1",
        label: Label::default(),
    };
    assert_snapshot!(schema(&labelled), @"
    key: string
    name: string
    note: string
    thing: string
    ");
    let hanging = || Hanging {
        what: Attached::Adapters,
        count: 1,
        bytes: Some(1),
        names: vec!["a name".to_owned()],
    };
    let deleted = Deleted {
        removing: Removing {
            thing: Kept::Run,
            key: "r-1".to_owned(),
            goes: vec![hanging()],
            stays: Vec::new(),
            blocked_by: Vec::new(),
        },
        removed: true,
    };
    assert_snapshot!(schema(&deleted), @"
    blocked_by: empty array
    goes[].bytes: number
    goes[].count: number
    goes[].names[]: string
    goes[].what: string
    key: string
    removed: boolean
    stays: empty array
    thing: string
    ");
}

#[test]
fn what_demos_left() {
    let answer = DemoAnswer {
        votes: 1,
        corrections: 1,
        pairs: vec![DemoPair {
            first: writer(),
            second: DemoWriter::Reference,
            first_wins: 1,
            second_wins: 0,
            ties: 0,
            dialogues: 1,
            rate: Some(DemoRate {
                mean: 1.0,
                low: 0.2,
                high: 1.0,
            }),
        }],
        meters: vec![DemoMeter {
            writer: writer(),
            summaries: 1,
            changed_of_100: 3.0,
            seconds: 2.0,
        }],
        file: Some("demo.csv".to_owned()),
        cleared: false,
    };
    assert_snapshot!(schema(&answer), @"
    cleared: boolean
    corrections: number
    file: string
    meters[].changed_of_100: number
    meters[].seconds: number
    meters[].summaries: number
    meters[].writer.case: string
    meters[].writer.model: string
    meters[].writer.run: string
    meters[].writer.system: string
    pairs[].dialogues: number
    pairs[].first.case: string
    pairs[].first.model: string
    pairs[].first.run: string
    pairs[].first.system: string
    pairs[].first_wins: number
    pairs[].rate.high: number
    pairs[].rate.low: number
    pairs[].rate.mean: number
    pairs[].second.case: string
    pairs[].second_wins: number
    pairs[].ties: number
    votes: number
    ");
}

#[test]
fn many_summaries() {
    let summarized = Summarized {
        summary: "S".to_owned(),
        prompt_tokens: 1,
        new_tokens: 1,
        ttft_ms: 1.0,
        tokens_per_s: 1.0,
    };
    let line = BatchLine::Item {
        name: "calls.txt 1",
        summarized: &summarized,
    };
    assert_snapshot!(schema(&line), @"
    event: string
    name: string
    new_tokens: number
    prompt_tokens: number
    summary: string
    tokens_per_s: number
    ttft_ms: number
    ");
    let skipped = BatchLine::Skipped {
        name: "broken.json",
        reason: "it breaks off".to_owned(),
    };
    assert_snapshot!(schema(&skipped), @"
    event: string
    name: string
    reason: string
    ");
    let done = BatchDone {
        n: 1,
        skipped: 0,
        file: Some("summaries.csv".to_owned()),
    };
    assert_snapshot!(schema(&done), @"
    file: string
    n: number
    skipped: number
    ");
}
