//! `--help` of the commands about models.

use insta::assert_snapshot;

use super::help;

#[test]
fn models() {
    assert_snapshot!(help("models"), @"");
}

#[test]
fn models_add() {
    assert_snapshot!(help("models add"), @"");
}

#[test]
fn models_login() {
    assert_snapshot!(help("models login"), @"");
}

#[test]
fn models_logout() {
    assert_snapshot!(help("models logout"), @"");
}

#[test]
fn models_list() {
    assert_snapshot!(help("models list"), @"");
}

#[test]
fn models_verify() {
    assert_snapshot!(help("models verify"), @"");
}

#[test]
fn models_remove() {
    assert_snapshot!(help("models remove"), @"");
}

#[test]
fn pretrain() {
    assert_snapshot!(help("pretrain"), @"");
}
