//! Help of `network`.

use super::*;

#[test]
fn network() {
    assert_snapshot!(help("network"), @"
    Every connection that was opened, tried or refused, and the lock that lets no further one through

    Usage: duologue network <COMMAND>

    Commands:
      list    List every connection that was opened, tried or refused for this workspace
      lock    Let no connection be opened for this workspace
      unlock  Let `models add` open connections again
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn network_list() {
    assert_snapshot!(help("network list"), @"
    List every connection that was opened, tried or refused for this workspace

    Usage: duologue network list [OPTIONS]

    Options:
          --since <MS>  Those since this time, in milliseconds since 1970
      -h, --help        Print help
      -V, --version     Print version
    ");
}

#[test]
fn network_lock() {
    assert_snapshot!(help("network lock"), @"
    Let no connection be opened for this workspace

    Usage: duologue network lock

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn network_unlock() {
    assert_snapshot!(help("network unlock"), @"
    Let `models add` open connections again

    Usage: duologue network unlock

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}
