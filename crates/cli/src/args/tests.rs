//! `--help` of every command. Options that all commands share are shown on the first page alone.

mod backup;
mod bench;
mod deid;
mod everyday;
mod experiment;
mod figures;
mod forget;
mod models;
mod network;
mod protect;
mod runs;
mod study;

use std::collections::BTreeSet;

use clap::{Command, CommandFactory as _};
use insta::assert_snapshot;

use super::Args;

/// The options of every command, and clap's own.
const COMMON: &[&str] = &[
    "workspace",
    "json",
    "offline",
    "threads",
    "device",
    "key_stdin",
    "passphrase_file",
];

/// What `duologue COMMAND --help` prints, without the common options.
fn help(command: &str) -> String {
    let mut root = program();
    for option in COMMON {
        root = root.mut_arg(option, |arg| arg.hide(true));
    }
    page(root, command)
}

/// The program with its help of this place alone, whatever the environment holds.
fn program() -> Command {
    Args::command().mut_arg("workspace", |arg| arg.hide_env_values(true))
}

fn page(root: Command, command: &str) -> String {
    let words = ["duologue"].into_iter().chain(command.split_whitespace());
    let shown = root.try_get_matches_from(words.chain(["--help"]));
    shown.unwrap_err().to_string()
}

/// The commands that a page is shown for by this file and those below it.
#[test]
fn no_command_is_left_out() {
    let sources = [
        include_str!("tests.rs"),
        include_str!("tests/backup.rs"),
        include_str!("tests/bench.rs"),
        include_str!("tests/deid.rs"),
        include_str!("tests/everyday.rs"),
        include_str!("tests/experiment.rs"),
        include_str!("tests/figures.rs"),
        include_str!("tests/forget.rs"),
        include_str!("tests/models.rs"),
        include_str!("tests/network.rs"),
        include_str!("tests/protect.rs"),
        include_str!("tests/runs.rs"),
        include_str!("tests/study.rs"),
    ];
    let shown: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.split("help(\"").skip(1))
        .filter_map(|shown| shown.split('"').next())
        .collect();
    let mut commands = BTreeSet::new();
    for command in program().get_subcommands().filter(|c| !c.is_hide_set()) {
        commands.insert(command.get_name().to_owned());
        for inner in command.get_subcommands() {
            commands.insert(format!("{} {}", command.get_name(), inner.get_name()));
        }
    }
    let missing: Vec<&String> = commands
        .iter()
        .filter(|command| !shown.contains(command.as_str()))
        .collect();
    assert!(missing.is_empty(), "no page of {missing:?}");
}

#[test]
fn the_program() {
    assert_snapshot!(page(program(), ""), @"
    The duologue command line and worker process

    Usage: duologue [OPTIONS] <COMMAND>

    Commands:
      import      Read dialogues with summaries from files into a data set
      datasets    List the data sets, or the examples of one
      format      Check dialogues against the format rule
      recipe      Print the recipe: every setting with its default, meaning and source
      run         Carry out the whole method on a data set
      plan        What a run would take on this machine: memory, disk and time of each stage
      experiment  Experiments: arms, seeds and data sets compared in one file
      runs        List the runs
      show        Show a run: stages, figures, results, or the artifacts of a stage
      report      A run as a file to hand over (HTML, Markdown, JSON), or the check of such a file
      diff        How runs differ: settings, data, figures, and the summaries that changed
      resume      Go on with a run where it stopped
      label       Give a run, a data set or a model a name and a note, or print them
      delete      Remove a run or a data set, with everything that hangs on it
      queue       Show the queue of runs, hold it back or let it go
      pause       Ask a run's process to save and stop
      cancel      Stop a run for good
      evaluate    ROUGE of predictions against references, from a file or a run
      deid        What identifies somebody in conversations: look for it, answer words in doubt, read twenty, check the rules
      audit       What made-up texts and adapters give away of real conversations
      score       Log-likelihood of completions
      generate    Complete prompts
      summarize   Summarize a dialogue
      demo        What demos left: votes with their win rate, and corrections
      export      Write a trained adapter to a folder, and prove that it gives the same numbers
      pack        Write a run with its data set and adapters as a workspace of its own
      unpack      Take a run in that `pack` wrote, here or on another computer
      study       Ratings by people: what a study could show, the study itself, and its results
      sample      Put the sample project into the workspace: invented pairs, a small model, a finished run
      models      Download, list, check and remove models
      pretrain    Train all weights of a small model on text of your own, from random numbers or from a model folder
      protect     Encrypt the workspace: its database, adapters, checkpoints and logs
      unprotect   Make a protected workspace plain again
      key         What opens a protected workspace: passphrase, recovery key, keychain
      backup      Write the workspace into one file, while others may work with it
      restore     Make a workspace out of a backup, and check every file of it
      forget      Forget conversations and all that came from them: the list before, the receipt after, the search that proves it
      network     Every connection that was opened, tried or refused, and the lock that lets no further one through
      doctor      What this machine offers
      bench       Measure the speed of training and generation on this machine
      help        Print this message or the help of the given subcommand(s)

    Options:
          --workspace <DIR>         Folder of the workspace; created on first use [default: the platform's data folder] [env: DUOLOGUE_WORKSPACE]
          --json                    Write JSON Lines to standard output, and nothing else
          --offline                 Never open a connection; only `models add` would
          --threads <N>             Threads to compute with [default: all cores]
          --device <DEVICE>         Where to compute: cpu, cuda:N or metal [default: cpu]
          --key-stdin               Read the key of a protected workspace from the first line of standard input: 64 hexadecimal digits
          --passphrase-file <FILE>  Read its passphrase or recovery key from the first line of a file, or - [default: the keychain, else a prompt]
      -h, --help                    Print help
      -V, --version                 Print version
    ");
}

#[test]
fn import() {
    assert_snapshot!(help("import"), @"
    Read dialogues with summaries from files into a data set

    Usage: duologue import [OPTIONS] --name <NAME> <FILES>...

    Arguments:
      <FILES>...  Tables (CSV, TSV, XLSX, XLS, ODS, JSON, JSONL), transcripts (TXT, Markdown, WebVTT, SRT, DOCX) or exported chats (WhatsApp, Telegram, Slack, Zoom; TXT, JSON, ZIP)

    Options:
          --name <NAME>            Name of the data set; an existing one is added to
          --split <SPLIT>          Split of the rows [default: auto] [possible values: train, validation, test, auto]
          --map <MAP>              Columns: dialogue=C,summary=C[,C2..][,id=C][,split=C]
          --speakers <SPEAKERS>    Speakers of turns that name none, first speaker first: Customer,Agent
          --skip-bad               Import the good rows although there are bad ones
          --strict                 Refuse if a dialogue is in two splits
          --keep-unsummarised      Keep dialogues without a summary: they wait for one, and no run reads them
          --dry-run                Report only, store nothing
          --seed <SEED>            Seed for drawing the splits if nothing else tells them [default: 0]
          --encoding <ENCODING>    Encoding of the texts [default: detected] [possible values: utf-8, utf-16-le, utf-16-be, utf-32-le, utf-32-be, cp1252, cp1250, cp1254, iso8859-15, mac-roman]
          --separator <SEPARATOR>  Separator of the tables [default: detected] [possible values: comma, semicolon, tab, bar]
          --gap <HOURS>            Hours of silence that end a dialogue of a chat, 0 for never [default: 8]
          --turns <MAP>            Columns of a table with one turn a row: text=C,speaker=C[,group=C][,summary=C]
          --keep-dropped <REASON>  Let back in what is left out for this reason, where somebody says it; once for each reason [possible values: system, media, deleted, call, reaction, bot, header, time, footer, tracked_deletion, client, empty, repeated]
          --drop-repeated          Leave out every message that several people send again and again, as a chat program writes them
          --deid <HOW>             Names, numbers and whatever else identifies somebody: off leaves them, replace puts invented ones, mask their kind [default: off] [possible values: off, replace, mask]
          --deid-scope <SCOPE>     Within what a person keeps one invented name: conversation or dataset [default: conversation] [possible values: conversation, dataset]
          --deid-words <FILE>      Answers to the words in doubt, and words of your own: lines WORD = name|town|org|no
          --accept-open            Import although words in doubt are open: they stay as they are
      -h, --help                   Print help
      -V, --version                Print version
    ");
}

#[test]
fn datasets() {
    assert_snapshot!(help("datasets"), @"
    List the data sets, or the examples of one

    Usage: duologue datasets [OPTIONS] [NAME]

    Arguments:
      [NAME]  A data set

    Options:
          --items          Print its examples
          --model <DIR>    Count tokens as this model does, and name the examples that are longer than its context
          --imports        List the imports that it was made of
          --undo <IMPORT>  Undo an import, by its number
          --to <FILE>      Write it as a file that `import` reads; its ending is the form: .jsonl, .json, .csv or .tsv
      -h, --help           Print help
      -V, --version        Print version
    ");
}

#[test]
fn format() {
    assert_snapshot!(help("format"), @r#"
    Check dialogues against the format rule

    Usage: duologue format [OPTIONS] <FILE>

    Arguments:
      <FILE>  JSONL with {"text"} or {"dialogue"}, and "ended" (true where absent)

    Options:
          --dataset <DATASET>  Calibrate the rule on this data set's training pairs
      -h, --help               Print help
      -V, --version            Print version
    "#);
}

#[test]
fn doctor() {
    assert_snapshot!(help("doctor"), @"
    What this machine offers

    Usage: duologue doctor

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn sample() {
    assert_snapshot!(help("sample"), @"
    Put the sample project into the workspace: invented pairs, a small model, a finished run

    Usage: duologue sample [OPTIONS]

    Options:
          --from <DIR>  The folder `models` that comes with Duologue [default: the one beside this program, or above]
      -h, --help        Print help
      -V, --version     Print version
    ");
}
