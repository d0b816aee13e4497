//! `--help` of the commands about runs.

use insta::assert_snapshot;

use super::help;

#[test]
fn recipe() {
    assert_snapshot!(help("recipe"), @"");
}

#[test]
fn run() {
    assert_snapshot!(help("run"), @"");
}

#[test]
fn plan() {
    assert_snapshot!(help("plan"), @"");
}

#[test]
fn runs() {
    assert_snapshot!(help("runs"), @"");
}

#[test]
fn show() {
    assert_snapshot!(help("show"), @"");
}

#[test]
fn resume() {
    assert_snapshot!(help("resume"), @"");
}

#[test]
fn queue() {
    assert_snapshot!(help("queue"), @"");
}

#[test]
fn pause() {
    assert_snapshot!(help("pause"), @"");
}

#[test]
fn cancel() {
    assert_snapshot!(help("cancel"), @"");
}
