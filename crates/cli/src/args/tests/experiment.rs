//! `--help` of the commands about experiments.

use insta::assert_snapshot;

use super::help;

#[test]
fn experiment() {
    assert_snapshot!(help("experiment"), @"
    Experiments: arms, seeds and data sets compared in one file

    Usage: duologue experiment <COMMAND>

    Commands:
      new     Write the file of an experiment that comes with Duologue, filled in with data and models
      plan    What an experiment would take: cells, distinct parts, time; it stores nothing
      run     Carry out an experiment: a run for each cell, one after the other
      show    The table, the declared comparisons and what they came to
      list    List the experiments
      resume  Go on with the cells that are not done
      pause   Take the cells off the queue, and ask the one at work to save and stop
      cancel  Stop an experiment for good; what is done stays
      delete  Remove an experiment; its runs stay
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn experiment_new() {
    assert_snapshot!(help("experiment new"), @"
    Write the file of an experiment that comes with Duologue, filled in with data and models

    Usage: duologue experiment new [OPTIONS] <PRESET>

    Arguments:
      <PRESET>  Which experiment [possible values: paper-1-baseline, paper-2-synthesis, paper-3-schedule, joint-separate, ids-speed, loop-worth-it, learning-curve, sensitivity, whose-judge, domains]

    Options:
          --dataset <NAME>   A data set; may be given often
          --model <DIR>      A model; may be given often
          --name <NAME>      Name of the experiment [default: that of the preset]
          --seeds <SEEDS>    How many seeds [default: the preset's]
          --within <TIME>    The time that it may take: 45m, 8h, 1h30m
          --set <KEY=VALUE>  Change a field of every arm's recipe; may be given often
          --to <FILE>        Write it to this file [default: print it]
      -h, --help             Print help
      -V, --version          Print version
    ");
}

#[test]
fn experiment_plan() {
    assert_snapshot!(help("experiment plan"), @"
    What an experiment would take: cells, distinct parts, time; it stores nothing

    Usage: duologue experiment plan [OPTIONS] <EXPERIMENT>

    Arguments:
      <EXPERIMENT>  Its file, or its name if it is stored already

    Options:
          --within <TIME>  The time that it may take: 45m, 8h, 1h30m [default: the file's]
      -h, --help           Print help
      -V, --version        Print version
    ");
}

#[test]
fn experiment_run() {
    assert_snapshot!(help("experiment run"), @"
    Carry out an experiment: a run for each cell, one after the other

    Usage: duologue experiment run [OPTIONS] <EXPERIMENT>

    Arguments:
      <EXPERIMENT>  Its file, or its name if it is stored already

    Options:
          --within <TIME>  The time that it may take: 45m, 8h, 1h30m [default: the file's]
          --detach         Do the work in processes of its own and return
      -h, --help           Print help
      -V, --version        Print version
    ");
}

#[test]
fn experiment_show() {
    assert_snapshot!(help("experiment show"), @"
    The table, the declared comparisons and what they came to

    Usage: duologue experiment show <NAME>

    Arguments:
      <NAME>  Its name

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn experiment_list() {
    assert_snapshot!(help("experiment list"), @"
    List the experiments

    Usage: duologue experiment list

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn experiment_resume() {
    assert_snapshot!(help("experiment resume"), @"
    Go on with the cells that are not done

    Usage: duologue experiment resume [OPTIONS] <NAME>

    Arguments:
      <NAME>  Its name

    Options:
          --detach   Do the work in processes of its own and return
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn experiment_pause() {
    assert_snapshot!(help("experiment pause"), @"
    Take the cells off the queue, and ask the one at work to save and stop

    Usage: duologue experiment pause <NAME>

    Arguments:
      <NAME>  Its name

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn experiment_cancel() {
    assert_snapshot!(help("experiment cancel"), @"
    Stop an experiment for good; what is done stays

    Usage: duologue experiment cancel <NAME>

    Arguments:
      <NAME>  Its name

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn experiment_delete() {
    assert_snapshot!(help("experiment delete"), @"
    Remove an experiment; its runs stay

    Usage: duologue experiment delete [OPTIONS] <NAME>

    Arguments:
      <NAME>  Its name

    Options:
          --runs     Remove its runs too
      -h, --help     Print help
      -V, --version  Print version
    ");
}
