//! `--help` of the commands about names, removals and demos.

use insta::assert_snapshot;

use super::help;

#[test]
fn label() {
    assert_snapshot!(help("label"), @"
    Give a run, a data set or a model a name and a note, or print them

    Usage: duologue label [OPTIONS] <THING> <KEY>

    Arguments:
      <THING>  Of what kind it is [possible values: run, dataset, model]
      <KEY>    The id of a run, the name of a data set, the folder, id or name of a model

    Options:
          --name <NAME>  What it is called from now on; empty for what it was called at first
          --note <NOTE>  What is worth knowing about it; empty for nothing
      -h, --help         Print help
      -V, --version      Print version
    ");
}

#[test]
fn delete() {
    assert_snapshot!(help("delete"), @"
    Remove a run or a data set, with everything that hangs on it

    Usage: duologue delete [OPTIONS] <THING> <KEY>

    Arguments:
      <THING>  Of what kind it is [possible values: run, dataset]
      <KEY>    The id of a run, the name of a data set

    Options:
          --yes      Do not ask
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn demo() {
    assert_snapshot!(help("demo"), @"
    What demos left: votes with their win rate, and corrections

    Usage: duologue demo [OPTIONS]

    Options:
          --to <FILE>  Write every vote and correction as a file; its ending is the form: .csv or .json
          --clear      Remove every vote and correction
          --yes        Do not ask
      -h, --help       Print help
      -V, --version    Print version
    ");
}
