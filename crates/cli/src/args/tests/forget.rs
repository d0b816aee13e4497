//! Help of `forget`.

use super::*;

#[test]
fn forget() {
    assert_snapshot!(help("forget"), @"
    Forget conversations and all that came from them: the list before, the receipt after, the search that proves it

    Usage: duologue forget [OPTIONS] [DATASET] [ID]...

    Arguments:
      [DATASET]  The data set
      [ID]...    Ids of the conversations in it

    Options:
          --dry-run   List what would go, change nothing
          --yes       Forget them, and every run that learnt from them
          --receipts  List what was forgotten so far, without content
      -h, --help      Print help
      -V, --version   Print version
    ");
}
