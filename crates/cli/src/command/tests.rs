//! Every table for people, of fixed figures.

use insta::assert_snapshot;
use project::format_rule::RuleId;
use project::rows::{DatasetRow, SplitCounts};

use super::{bench, data, models, plan, runs};
use crate::examples::{self, Sample};

#[test]
fn data_sets() {
    let row = DatasetRow {
        id: 1,
        name: "calls".to_owned(),
        format: "samsum_json".to_owned(),
        mapping: serde_json::Value::Null,
        created_at_ms: 0,
        counts: SplitCounts {
            train: 80,
            validation: 10,
            test: 10,
        },
    };
    assert_snapshot!(data::dataset_table(&[row]), @"");
}

#[test]
fn format_rules() {
    let off = crate::answer::RuleRate {
        rate: None,
        ..examples::rule_rate()
    };
    let rules = [
        (RuleId::MinSpeakers, examples::rule_rate()),
        (RuleId::MaxTurns, off),
    ];
    assert_snapshot!(data::rule_table(&rules.into()), @"");
}

#[test]
fn a_plan() {
    assert_snapshot!(plan::describe(&examples::plan()), @"");
}

#[test]
fn runs_in_a_list() {
    let sample = Sample::new();
    assert_snapshot!(runs::run_table(&sample.session.runs().unwrap()), @"");
}

#[test]
fn a_run_with_its_tables() {
    let sample = Sample::new();
    assert_snapshot!(runs::describe(&sample.session.show(Sample::RUN).unwrap()), @"");
}

#[test]
fn scores_of_a_file() {
    let score = metrics::rouge::RougeScore {
        precision: 0.5,
        recall: 0.25,
        fmeasure: 1.0 / 3.0,
    };
    let scores = metrics::rouge::RougeScores {
        rouge1: score,
        ..Default::default()
    };
    assert_snapshot!(runs::score_table(&scores), @"");
}

#[test]
fn models_in_a_list() {
    let unfinished = mrds::models::Unfinished {
        hub_id: "owner/large".to_owned(),
        path: "models/owner--large".to_owned(),
        bytes: 16_000_000_000,
    };
    assert_snapshot!(models::listing(&[examples::known_model()], &[unfinished]), @"");
}

#[test]
fn the_catalogue() {
    assert_snapshot!(models::catalogue_text(&examples::catalogue()), @"");
}

#[test]
fn folders_with_their_fit() {
    assert_snapshot!(models::fit_table(&examples::folder_fits().fits), @"");
}

#[test]
fn an_update() {
    assert_snapshot!(bench::describe(&examples::bench_train(examples::ON_PROCESSOR)), @"");
    assert_snapshot!(bench::describe(&examples::bench_train(examples::ON_CARD)), @"");
}

#[test]
fn tokens_per_second() {
    assert_snapshot!(bench::generate_table(&examples::generate_rows()), @"");
}

#[test]
fn comparisons_with_the_processor() {
    assert_snapshot!(bench::parity_table(&examples::parity_checks()), @"");
}

#[test]
fn growth() {
    assert_snapshot!(bench::growth_table(&examples::growth_rows()), @"");
}

#[test]
fn a_small_run() {
    assert_snapshot!(bench::pipeline_text(&examples::pipeline_figures()), @"");
}
