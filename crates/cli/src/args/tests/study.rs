//! `--help` of the commands about ratings by people.

use insta::assert_snapshot;

use super::help;

#[test]
fn study() {
    assert_snapshot!(help("study"), @"
    Ratings by people: what a study could show, the study itself, and its results

    Usage: duologue study <COMMAND>

    Commands:
      plan       What a study could show before anybody rates: detectable differences, load, hours; it stores nothing
      import     Bring in a study that was rated elsewhere, from a folder with study.json, dialogues.json, items.json, ratings.csv
      create     Plan a study of finished runs and start it: the plan is frozen, hashed and sealed
      start      Start a study that was kept as a draft
      list       List the studies
      progress   How far the raters of a study are: no score, no mean
      add-rater  Put somebody onto the roster of a study that runs
      withdraw   Take a rater out before the results open
      close      Withdraw everybody who is still rating, and close the study
      reveal     Open the results before every rater has locked; this cannot be taken back, and every result says so
      verify     Recompute the seal and the hash of the plan, once the results are open
      delete     Remove a study with its texts and ratings
      results    Every figure of a study whose results are open, and each comparison in a sentence
      export     Write a study with its answers, results and a dictionary of its columns to a folder
      help       Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn study_plan() {
    assert_snapshot!(help("study plan"), @"
    What a study could show before anybody rates: detectable differences, load, hours; it stores nothing

    Usage: duologue study plan [OPTIONS] --raters <RATERS>

    Options:
          --raters <RATERS>            Names of the raters: A,B,C
          --n <N>                      Dialogues [default: 40 for each rater]
          --shared <SHARED>            Dialogues that all raters rate [default: a quarter, 12 at least]
          --available <AVAILABLE>      Dialogues of the test split
          --systems <SYSTEMS>          Systems whose summaries are rated, the human reference included [default: 3]
          --comparisons <COMPARISONS>  Comparisons of two systems that are tested [default: 1]
          --alpha <ALPHA>              Chance of one false finding that is accepted [default: 0.05]
          --delta <DELTA>              The difference that matters, in points of five [default: 0.3]
          --words <WORDS>              Words of a dialogue, for the hours [default: 200]
      -h, --help                       Print help
      -V, --version                    Print version
    ");
}

#[test]
fn study_import() {
    assert_snapshot!(help("study import"), @"
    Bring in a study that was rated elsewhere, from a folder with study.json, dialogues.json, items.json, ratings.csv

    Usage: duologue study import <FOLDER>

    Arguments:
      <FOLDER>  The folder

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn study_list() {
    assert_snapshot!(help("study list"), @"
    List the studies

    Usage: duologue study list

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn study_results() {
    assert_snapshot!(help("study results"), @"
    Every figure of a study whose results are open, and each comparison in a sentence

    Usage: duologue study results <STUDY>

    Arguments:
      <STUDY>  Its name or number

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn study_export() {
    assert_snapshot!(help("study export"), @"
    Write a study with its answers, results and a dictionary of its columns to a folder

    Usage: duologue study export [OPTIONS] --to <DIR> <STUDY>

    Arguments:
      <STUDY>
              Its name or number

    Options:
          --to <DIR>
              The folder to write to

          --format <FORMAT>
              How the long tables are written

              Possible values:
              - csv:   With a header, separated by commas
              - jsonl: One JSON object a line
              
              [default: csv]

          --redact
              Leave the texts of dialogues and summaries out

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
}

#[test]
fn study_create() {
    assert_snapshot!(help("study create"), @"");
}

#[test]
fn study_start() {
    assert_snapshot!(help("study start"), @"");
}

#[test]
fn study_progress() {
    assert_snapshot!(help("study progress"), @"");
}

#[test]
fn study_add_rater() {
    assert_snapshot!(help("study add-rater"), @"");
}

#[test]
fn study_withdraw() {
    assert_snapshot!(help("study withdraw"), @"");
}

#[test]
fn study_close() {
    assert_snapshot!(help("study close"), @"");
}

#[test]
fn study_reveal() {
    assert_snapshot!(help("study reveal"), @"");
}

#[test]
fn study_verify() {
    assert_snapshot!(help("study verify"), @"");
}

#[test]
fn study_delete() {
    assert_snapshot!(help("study delete"), @"");
}
