//! `--help` of the commands about runs.

use insta::assert_snapshot;

use super::help;

#[test]
fn recipe() {
    assert_snapshot!(help("recipe"), @"
    Print the recipe: every setting with its default, meaning and source

    Usage: duologue recipe [OPTIONS]

    Options:
          --print            Print every field
          --run <RUN>        The recipe of this run, as it was fitted to its data
          --to <FILE>        Write it as TOML, which `--recipe` reads
          --recipe <FILE>    A TOML file
          --preset <NAME>    A named set of values [possible values: paper, paper300, default, small, sample, quick]
          --set <KEY=VALUE>  Change a field; may be given often
      -h, --help             Print help
      -V, --version          Print version
    ");
}

#[test]
fn run() {
    assert_snapshot!(help("run"), @"
    Carry out the whole method on a data set

    Usage: duologue run [OPTIONS] --dataset <DATASET> --model <MODEL>

    Options:
          --dataset <DATASET>        Name of the data set
          --model <MODEL>            Folder of the base model, or the id of one used before
          --recipe <FILE>            A TOML file
          --preset <NAME>            A named set of values [possible values: paper, paper300, default, small, sample, quick]
          --set <KEY=VALUE>          Change a field; may be given often
          --shots <SHOTS>            Real pairs to learn from [default: at most the recipe's]
          --validation <VALIDATION>  Real pairs that choose checkpoints [default: at most the recipe's]
          --systems <SYSTEMS>        Systems to compare [possible values: lead_3, longest_3, zero_shot, in_context, sft_real, sft_synthetic, sft_synthetic_ids, fixed_ratio_ids, fixed_ratio, best_of_k, mrds_format, mrds_joint, mrds_separate]
          --from <STAGE>             Redo this stage, then whatever depends on it [possible values: topics, summaries, synthesizer, candidates, preferences, align, dialogues, summarizer, evaluate]
          --until <STAGE>            Stop after this stage [possible values: topics, summaries, synthesizer, candidates, preferences, align, dialogues, summarizer, evaluate]
          --seed <SEED>              Seed of every random number [default: 0]
          --within <TIME>            The time that it may take: 45m, 8h, 1h30m; what is given up for it is printed
          --dry-run                  Check everything, start nothing
          --detach                   Start the work in a process of its own and return
          --queue                    Wait for the current run to end, then start in a separate process; at once if there is none
      -h, --help                     Print help
      -V, --version                  Print version
    ");
}

#[test]
fn plan() {
    assert_snapshot!(help("plan"), @"
    What a run would take on this machine: memory, disk and time of each stage

    Usage: duologue plan [OPTIONS] --dataset <DATASET> --model <MODEL>

    Options:
          --dataset <DATASET>        Name of the data set
          --model <MODEL>            Folder, id or name of a model, or one of the catalogue that has not been downloaded yet
          --recipe <FILE>            A TOML file
          --preset <NAME>            A named set of values [possible values: paper, paper300, default, small, sample, quick]
          --set <KEY=VALUE>          Change a field; may be given often
          --shots <SHOTS>            Real pairs to learn from [default: at most the recipe's]
          --validation <VALIDATION>  Real pairs that choose checkpoints [default: at most the recipe's]
          --within <TIME>            The time that it may take: 45m, 8h, 1h30m
      -h, --help                     Print help
      -V, --version                  Print version
    ");
}

#[test]
fn runs() {
    assert_snapshot!(help("runs"), @"
    List the runs

    Usage: duologue runs

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn show() {
    assert_snapshot!(help("show"), @"
    Show a run: stages, figures, results, or the artifacts of a stage

    Usage: duologue show [OPTIONS] <RUN>

    Arguments:
      <RUN>  The run

    Options:
          --stage <STAGE>  A stage [possible values: topics, summaries, synthesizer, candidates, preferences, align, dialogues, summarizer, evaluate]
          --items          Print every artifact of the stage; of evaluate also what was measured of each summary
          --all-metrics    Print every figure of the result table, with what each is
      -h, --help           Print help
      -V, --version        Print version
    ");
}

#[test]
fn resume() {
    assert_snapshot!(help("resume"), @"
    Go on with a run where it stopped

    Usage: duologue resume [OPTIONS] <RUN>

    Arguments:
      <RUN>  The run

    Options:
          --from <STAGE>   Redo this stage, then whatever depends on it [possible values: topics, summaries, synthesizer, candidates, preferences, align, dialogues, summarizer, evaluate]
          --until <STAGE>  Stop after this stage [possible values: topics, summaries, synthesizer, candidates, preferences, align, dialogues, summarizer, evaluate]
          --add <SYSTEM>   Compare these systems too; what the run has already stays [possible values: lead_3, longest_3, zero_shot, in_context, sft_real, sft_synthetic, sft_synthetic_ids, fixed_ratio_ids, fixed_ratio, best_of_k, mrds_format, mrds_joint, mrds_separate]
          --rounds <N>     Go round this often at most; a finished run goes on behind its last round
          --detach         Start the work in a process of its own and return
          --queue          Wait for the current run to end, then start in a separate process; at once if there is none
      -h, --help           Print help
      -V, --version        Print version
    ");
}

#[test]
fn queue() {
    assert_snapshot!(help("queue"), @"
    Show the queue of runs, hold it back or let it go

    Usage: duologue queue [OPTIONS]

    Options:
          --hold        Hold it back: no waiting run starts by itself
          --go          Let it go, and start the next run if none is running
          --may-sleep   Let the computer sleep while runs work, from the next run on
          --keep-awake  Keep it awake while runs work, which is the default
      -h, --help        Print help
      -V, --version     Print version
    ");
}

#[test]
fn pause() {
    assert_snapshot!(help("pause"), @"
    Ask a run's process to save and stop

    Usage: duologue pause <RUN>

    Arguments:
      <RUN>  The run

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn cancel() {
    assert_snapshot!(help("cancel"), @"
    Stop a run for good

    Usage: duologue cancel [OPTIONS] <RUN>

    Arguments:
      <RUN>  The run

    Options:
          --discard  Throw away what the unfinished stage has done so far
      -h, --help     Print help
      -V, --version  Print version
    ");
}
