//! `--help` of the commands about ratings by people.

use insta::assert_snapshot;

use super::help;

#[test]
fn study() {
    assert_snapshot!(help("study"), @"
    Ratings by people: what a study could show, the study itself, and its results

    Usage: duologue study <COMMAND>

    Commands:
      plan        What a study could show before anybody rates: detectable differences, load, hours; it stores nothing
      import      Bring in a study that was rated elsewhere: a folder with study.json, dialogues.json, items.json and ratings.csv, or the export of another program
      create      Plan a study of finished runs and start it: the plan is frozen, hashed and sealed
      start       Start a study that was kept as a draft
      list        List the studies
      progress    How far the raters of a study are: no score, no mean
      add-rater   Put somebody onto the roster of a study that runs
      withdraw    Take a rater out before the results open
      close       Withdraw everybody who is still rating, and close the study
      reveal      Open the results before every rater has locked; this cannot be taken back, and every result says so
      pack        Write a rater pack: one encrypted HTML file that a rater elsewhere opens in a browser, without a network
      merge       Take the answers that a rater saved from their pack
      verify      Recompute the seal and the hash of the plan, once the results are open
      delete      Remove a study with its texts and ratings
      results     Every figure of a study whose results are open, and each comparison in a sentence
      disputed    The summaries of a finished study that deserve a second look
      adjudicate  Settle a score of a finished study; it stands beside the raters' scores and never takes their place
      export      Write a study with its answers, results and a dictionary of its columns to a folder
      help        Print this message or the help of the given subcommand(s)

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
    Bring in a study that was rated elsewhere: a folder with study.json, dialogues.json, items.json and ratings.csv, or the export of another program

    Usage: duologue study import [OPTIONS] <PATH>

    Arguments:
      <PATH>  The folder, or the other program's file

    Options:
          --format <FORMAT>      The program that the ratings were made in [possible values: label-studio, argilla, potato]
          --map <MAP>            Fields of an item: dialogue=FIELD,system=FIELD,summary=FIELD
          --items <FILE>         Potato's data file with the items by their id, as JSON or JSON Lines
          --name <NAME>          Name of the study [default: the file's]
          --criteria <CRITERIA>  Criteria that are read: a,b [default: every one]
          --points <POINTS>      Points of the scale, which begins at 1 [default: 5]
      -h, --help                 Print help
      -V, --version              Print version
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

    Usage: duologue study results [OPTIONS] <STUDY>

    Arguments:
      <STUDY>  Its name or number

    Options:
          --adjudicated  With settled scores in the place of the raters' scores of the same summary
      -h, --help         Print help
      -V, --version      Print version
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
    assert_snapshot!(help("study create"), @"
    Plan a study of finished runs and start it: the plan is frozen, hashed and sealed

    Usage: duologue study create [OPTIONS] [FILE]

    Arguments:
      [FILE]  A plan as TOML; options go before what it says

    Options:
          --run <RUN>                    A finished run whose texts are rated; several times for several runs
          --kind <KIND>                  What people judge; dialogues are an audit: real and made-up ones, mixed [default: summaries] [possible values: summaries, dialogues]
          --systems <SYSTEMS>            Systems of the runs [default: sft_real and mrds_separate; every system if a run lacks one] [possible values: lead_3, longest_3, zero_shot, in_context, sft_real, sft_synthetic, sft_synthetic_ids, fixed_ratio_ids, fixed_ratio, best_of_k, mrds_format, mrds_joint, mrds_separate]
          --synthesizers <SYNTHESIZERS>  In an audit the synthesizers whose dialogues are mixed with real ones [default: dpo_separate, else the last] [possible values: sft, sft_constrained, best_of_k, dpo_format, dpo_separate, dpo_joint, ids, rejection]
          --reference [<REFERENCE>]      Whether the human reference is one more system [default: true] [possible values: true, false]
          --name <NAME>                  Name of the study [default: the run's]
          --raters <RATERS>              Names of the raters: A,B,C
          --n <N>                        Dialogues; in an audit summaries with their dialogues [default: 40 dialogues for each rater]
          --shared <SHARED>              Dialogues that all raters rate [default: a quarter, 12 at least]
          --mode <MODE>                  What raters are asked [default: criteria] [possible values: criteria, pair, best_worst]
          --criteria <FILE>              Criteria as JSON, each with key, scale, higher_is_better and texts [default: those of Duologue]
          --seed <SEED>                  Seed by which the dialogues are drawn
          --draft                        Keep it as a draft that may still change
      -h, --help                         Print help
      -V, --version                      Print version
    ");
}

#[test]
fn study_start() {
    assert_snapshot!(help("study start"), @"
    Start a study that was kept as a draft

    Usage: duologue study start <STUDY>

    Arguments:
      <STUDY>  Its name or number

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn study_progress() {
    assert_snapshot!(help("study progress"), @"
    How far the raters of a study are: no score, no mean

    Usage: duologue study progress <STUDY>

    Arguments:
      <STUDY>  Its name or number

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn study_add_rater() {
    assert_snapshot!(help("study add-rater"), @"
    Put somebody onto the roster of a study that runs

    Usage: duologue study add-rater <STUDY> <NAME>

    Arguments:
      <STUDY>  The study's name or number
      <NAME>   The person's name

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn study_withdraw() {
    assert_snapshot!(help("study withdraw"), @"
    Take a rater out before the results open

    Usage: duologue study withdraw [OPTIONS] --reason <REASON> <STUDY> <RATER>

    Arguments:
      <STUDY>  The study's name or number
      <RATER>  The rater's name or slot

    Options:
          --reason <REASON>  Why
          --not-counted      What they rated does not count [default: it counts from half of their load on]
      -h, --help             Print help
      -V, --version          Print version
    ");
}

#[test]
fn study_close() {
    assert_snapshot!(help("study close"), @r#"
    Withdraw everybody who is still rating, and close the study

    Usage: duologue study close [OPTIONS] <STUDY>

    Arguments:
      <STUDY>  Its name or number

    Options:
          --reason <REASON>  Why [default: "closed by the owner"]
      -h, --help             Print help
      -V, --version          Print version
    "#);
}

#[test]
fn study_reveal() {
    assert_snapshot!(help("study reveal"), @"
    Open the results before every rater has locked; this cannot be taken back, and every result says so

    Usage: duologue study reveal --reason <REASON> <STUDY>

    Arguments:
      <STUDY>  The study's name or number

    Options:
          --reason <REASON>  Why
      -h, --help             Print help
      -V, --version          Print version
    ");
}

#[test]
fn study_verify() {
    assert_snapshot!(help("study verify"), @"
    Recompute the seal and the hash of the plan, once the results are open

    Usage: duologue study verify <STUDY>

    Arguments:
      <STUDY>  The study's name or number

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn study_delete() {
    assert_snapshot!(help("study delete"), @"
    Remove a study with its texts and ratings

    Usage: duologue study delete [OPTIONS] <STUDY>

    Arguments:
      <STUDY>  Its name or number

    Options:
          --yes      Do not ask
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn study_adjudicate() {
    assert_snapshot!(help("study adjudicate"), @"
    Settle a score of a finished study; it stands beside the raters' scores and never takes their place

    Usage: duologue study adjudicate --item <ITEM> --criterion <CRITERION> --score <SCORE> --reason <REASON> <STUDY>

    Arguments:
      <STUDY>  The study's name or number

    Options:
          --item <ITEM>            Number of the summary
          --criterion <CRITERION>  The criterion
          --score <SCORE>          The score
          --reason <REASON>        Why
      -h, --help                   Print help
      -V, --version                Print version
    ");
}

#[test]
fn study_disputed() {
    assert_snapshot!(help("study disputed"), @"
    The summaries of a finished study that deserve a second look

    Usage: duologue study disputed <STUDY>

    Arguments:
      <STUDY>  Its name or number

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn study_merge() {
    assert_snapshot!(help("study merge"), @"
    Take the answers that a rater saved from their pack

    Usage: duologue study merge [OPTIONS] <STUDY> <FILE>

    Arguments:
      <STUDY>  The study's name or number
      <FILE>   The file that the rater saved

    Options:
          --secret <SECRET>  The secret of the pack [default: the one that is kept with it]
          --keep <KEEP>      Which answers count if the rater has others here: those that are here, those of the file, or both as two people [possible values: first, second, other]
      -h, --help             Print help
      -V, --version          Print version
    ");
}

#[test]
fn study_pack() {
    assert_snapshot!(help("study pack"), @"
    Write a rater pack: one encrypted HTML file that a rater elsewhere opens in a browser, without a network

    Usage: duologue study pack [OPTIONS] --rater <RATER> <STUDY>

    Arguments:
      <STUDY>  The study's name or number

    Options:
          --rater <RATER>        The rater's name or slot
          --to <FILE>            The file to write [default: STUDY--R1.duopack.html]
          --language <LANGUAGE>  Language of the page [default: en] [possible values: en, de, fr, es, it]
      -h, --help                 Print help
      -V, --version              Print version
    ");
}
