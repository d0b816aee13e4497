//! `--help` of `bench`.

use insta::assert_snapshot;

use super::help;

#[test]
fn bench() {
    assert_snapshot!(help("bench"), @"");
}

#[test]
fn bench_train() {
    assert_snapshot!(help("bench train"), @"");
}

#[test]
fn bench_score() {
    assert_snapshot!(help("bench score"), @"");
}

#[test]
fn bench_generate() {
    assert_snapshot!(help("bench generate"), @"");
}

#[test]
fn bench_growth() {
    assert_snapshot!(help("bench growth"), @"");
}

#[test]
fn bench_pipeline() {
    assert_snapshot!(help("bench pipeline"), @"");
}

#[test]
fn bench_parity() {
    assert_snapshot!(help("bench parity"), @"");
}
