//! `--help` of the commands that work on files and on what a run trained.

use insta::assert_snapshot;

use super::help;

#[test]
fn evaluate() {
    assert_snapshot!(help("evaluate"), @"");
}

#[test]
fn score() {
    assert_snapshot!(help("score"), @"");
}

#[test]
fn generate() {
    assert_snapshot!(help("generate"), @"");
}

#[test]
fn summarize() {
    assert_snapshot!(help("summarize"), @"");
}

#[test]
fn export() {
    assert_snapshot!(help("export"), @"");
}

#[test]
fn pack() {
    assert_snapshot!(help("pack"), @"");
}
