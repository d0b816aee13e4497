//! Help of `backup` and `restore`.

use super::*;

#[test]
fn backup() {
    assert_snapshot!(help("backup"), @"
    Write the workspace into one file, while others may work with it

    Usage: duologue backup --to <FILE>

    Options:
          --to <FILE>  The file, which does not exist yet
      -h, --help       Print help
      -V, --version    Print version
    ");
}

#[test]
fn restore() {
    assert_snapshot!(help("restore"), @"
    Make a workspace out of a backup, and check every file of it

    Usage: duologue restore --to <DIR> <FILE>

    Arguments:
      <FILE>  The backup

    Options:
          --to <DIR>  The workspace that it becomes: a folder that is empty or not there
      -h, --help      Print help
      -V, --version   Print version
    ");
}
