//! Help of `protect`, `unprotect` and `key`.

use super::*;

#[test]
fn protect() {
    assert_snapshot!(help("protect"), @"
    Encrypt the workspace: its database, adapters, checkpoints and logs

    Usage: duologue protect [OPTIONS]

    Options:
          --no-keychain           Do not let the system's keychain open the workspace
          --recovery-file <FILE>  Write the recovery key to this new file, for you alone to read
          --dry-run               Say how much would be encrypted, change nothing
      -h, --help                  Print help
      -V, --version               Print version
    ");
}

#[test]
fn unprotect() {
    assert_snapshot!(help("unprotect"), @"
    Make a protected workspace plain again

    Usage: duologue unprotect [OPTIONS]

    Options:
          --yes      Make it readable for everybody who gets the folder
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn key() {
    assert_snapshot!(help("key"), @"
    What opens a protected workspace: passphrase, recovery key, keychain

    Usage: duologue key <COMMAND>

    Commands:
      status      What opens the workspace
      passphrase  Set or remove the passphrase
      recovery    Make a new recovery key, after which the old one is void, or remove it
      keychain    Let the system's keychain open the workspace, or no longer
      rotate      Encrypt everything anew under a new root key, with a new recovery key
      help        Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn key_status() {
    assert_snapshot!(help("key status"), @"
    What opens the workspace

    Usage: duologue key status

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn key_passphrase() {
    assert_snapshot!(help("key passphrase"), @"
    Set or remove the passphrase

    Usage: duologue key passphrase [OPTIONS]

    Options:
          --new-passphrase-file <FILE>  Read the new passphrase from the first line of a file [default: a prompt]
          --remove                      Remove it
      -h, --help                        Print help
      -V, --version                     Print version
    ");
}

#[test]
fn key_recovery() {
    assert_snapshot!(help("key recovery"), @"
    Make a new recovery key, after which the old one is void, or remove it

    Usage: duologue key recovery [OPTIONS]

    Options:
          --recovery-file <FILE>  Write the recovery key to this new file, for you alone to read
          --remove                Remove it
      -h, --help                  Print help
      -V, --version               Print version
    ");
}

#[test]
fn key_keychain() {
    assert_snapshot!(help("key keychain"), @"
    Let the system's keychain open the workspace, or no longer

    Usage: duologue key keychain [OPTIONS]

    Options:
          --remove   Remove it
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn key_rotate() {
    assert_snapshot!(help("key rotate"), @"
    Encrypt everything anew under a new root key, with a new recovery key

    Usage: duologue key rotate [OPTIONS]

    Options:
          --new-passphrase-file <FILE>  Read the passphrase from now on from the first line of a file [default: a prompt]
          --no-keychain                 Do not let the system's keychain open the workspace
          --recovery-file <FILE>        Write the recovery key to this new file, for you alone to read
      -h, --help                        Print help
      -V, --version                     Print version
    ");
}
