//! `--help` of the commands about what identifies somebody, and of the report to hand over.

use insta::assert_snapshot;

use super::help;

#[test]
fn deid() {
    assert_snapshot!(help("deid"), @"
    What identifies somebody in conversations: look for it, answer words in doubt, read twenty, check the rules

    Usage: duologue deid <COMMAND>

    Commands:
      scan   What identifies somebody in conversations, and the words in doubt; it changes nothing
      read   Draw twenty conversations to read, and say what the pieces that you missed in them mean for the others
      check  Hold the rules against conversations in which every piece is marked
      help   Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn deid_scan() {
    assert_snapshot!(help("deid scan"), @"
    What identifies somebody in conversations, and the words in doubt; it changes nothing

    Usage: duologue deid scan [OPTIONS] [FILES]...

    Arguments:
      [FILES]...  Files, read as `import` reads them

    Options:
          --dataset <NAME>         A data set instead of files
          --map <MAP>              Columns: dialogue=C,summary=C[,C2..][,id=C][,split=C]
          --speakers <SPEAKERS>    Speakers of turns that name none, first speaker first: Customer,Agent
          --encoding <ENCODING>    Encoding of the texts [default: detected] [possible values: utf-8, utf-16-le, utf-16-be, utf-32-le, utf-32-be, cp1252, cp1250, cp1254, iso8859-15, mac-roman]
          --separator <SEPARATOR>  Separator of the tables [default: detected] [possible values: comma, semicolon, tab, bar]
          --gap <HOURS>            Hours of silence that end a dialogue of a chat, 0 for never [default: 8]
          --turns <MAP>            Columns of a table with one turn a row: text=C,speaker=C[,group=C][,summary=C]
          --keep-dropped <REASON>  Let back in what is left out for this reason, where somebody says it; once for each reason [possible values: system, media, deleted, call, reaction, bot, header, time, footer, tracked_deletion, client, empty, repeated]
          --drop-repeated          Leave out every message that several people send again and again, as a chat program writes them
          --deid-words <FILE>      Answers to the words in doubt, and words of your own: lines WORD = name|town|org|no
          --review <FILE>          Write the words in doubt to this file, one a line, to be answered there; answers that it has stay
          --items                  Also print a line for each conversation
      -h, --help                   Print help
      -V, --version                Print version
    ");
}

#[test]
fn deid_read() {
    assert_snapshot!(help("deid read"), @"
    Draw twenty conversations to read, and say what the pieces that you missed in them mean for the others

    Usage: duologue deid read [OPTIONS] --marks <FILE> [FILES]...

    Arguments:
      [FILES]...  Files, read as `import` reads them

    Options:
          --dataset <NAME>         A data set instead of files
          --map <MAP>              Columns: dialogue=C,summary=C[,C2..][,id=C][,split=C]
          --speakers <SPEAKERS>    Speakers of turns that name none, first speaker first: Customer,Agent
          --encoding <ENCODING>    Encoding of the texts [default: detected] [possible values: utf-8, utf-16-le, utf-16-be, utf-32-le, utf-32-be, cp1252, cp1250, cp1254, iso8859-15, mac-roman]
          --separator <SEPARATOR>  Separator of the tables [default: detected] [possible values: comma, semicolon, tab, bar]
          --gap <HOURS>            Hours of silence that end a dialogue of a chat, 0 for never [default: 8]
          --turns <MAP>            Columns of a table with one turn a row: text=C,speaker=C[,group=C][,summary=C]
          --keep-dropped <REASON>  Let back in what is left out for this reason, where somebody says it; once for each reason [possible values: system, media, deleted, call, reaction, bot, header, time, footer, tracked_deletion, client, empty, repeated]
          --drop-repeated          Leave out every message that several people send again and again, as a chat program writes them
          --deid-words <FILE>      Answers to the words in doubt, and words of your own: lines WORD = name|town|org|no
          --marks <FILE>           Where the twenty are written; once you have listed under `missed` what was overlooked, the same command counts it
          --seed <SEED>            Seed by which the twenty are drawn [default: 0]
      -h, --help                   Print help
      -V, --version                Print version
    ");
}

#[test]
fn deid_check() {
    assert_snapshot!(help("deid check"), @"
    Hold the rules against conversations in which every piece is marked

    Usage: duologue deid check <CASES>

    Arguments:
      <CASES>  Lines with id, dialogue, summary and spans

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn diff() {
    assert_snapshot!(help("diff"), @"
    How runs differ: settings, data, figures, and the summaries that changed

    Usage: duologue diff [OPTIONS] <RUNS> <RUNS>...

    Arguments:
      <RUNS> <RUNS>...  The runs; each is compared with the first one

    Options:
          --items <N>  Changed summaries to list, the largest changes first; --json has them all [default: 10]
      -h, --help       Print help
      -V, --version    Print version
    ");
}

#[test]
fn report() {
    assert_snapshot!(help("report"), @"
    A run as a file to hand over (HTML, Markdown, JSON), or the check of such a file

    Usage: duologue report [OPTIONS] [SUBJECT]

    Arguments:
      [SUBJECT]  The run, or the experiment

    Options:
          --to <FILE>            File to write; its ending is the form: .html, .md or .json
          --items <N>            Test items to show of each kind: best, worst, most changed [default: 3]
          --no-texts             Leave the items' texts out; their ids stay
          --language <LANGUAGE>  Language of the words [default: en] [possible values: en, de]
          --check <FILE>         Hold a report in JSON against the workspace, number by number
      -h, --help                 Print help
      -V, --version              Print version
    ");
}
