//! `--help` of the commands that work on files and on what a run trained.

use insta::assert_snapshot;

use super::help;

#[test]
fn evaluate() {
    assert_snapshot!(help("evaluate"), @r#"
    ROUGE of predictions against references, from a file or a run

    Usage: duologue evaluate [OPTIONS] [FILE]

    Arguments:
      [FILE]  JSONL with {"prediction", "references"} ("reference" for a single one)

    Options:
          --run <RUN>          Recompute a run's results from its stored outputs
          --systems <SYSTEMS>  Only these systems [possible values: lead_3, longest_3, zero_shot, in_context, sft_real, sft_synthetic, sft_synthetic_ids, fixed_ratio_ids, fixed_ratio, best_of_k, mrds_format, mrds_joint, mrds_separate]
          --all-metrics        Print every figure of the run's table, with what each is
          --encoder <DIR>      Measure BERTScore with the model in this folder (BERT, RoBERTa, XLM-RoBERTa, DistilBERT) and keep it with the run
          --layer <N>          Layer of the measuring model [default: that of bert-score for the model, or the last]
          --idf                Let tokens count by how rare they are in the references
          --rescale            See BERTScore from the line that bert-score has for the measuring model
          --no-stemmer         Do not stem words
          --multi <MULTI>      Several references: mean over them, or the best [default: mean] [possible values: mean, best]
      -h, --help               Print help
      -V, --version            Print version
    "#);
}

#[test]
fn score() {
    assert_snapshot!(help("score"), @r#"
    Log-likelihood of completions

    Usage: duologue score [OPTIONS] --model <MODEL> <FILE>

    Arguments:
      <FILE>  JSONL with {"messages" or "prompt", "completion"}

    Options:
          --model <MODEL>        Folder of the model, or a GGUF file
          --adapter <ADAPTER>    Folder of an adapter in PEFT's format
          --quantize <QUANTIZE>  Number type that the model's dense matrices are held in [default: none] [possible values: none, q8_0, q4_0, q4_k, q6_k]
          --date <YYYY-MM-DD>    Day that a chat template tells where it asks for today's [default: 2024-07-26]
          --tokens               Also print the log-probability of each token
      -h, --help                 Print help
      -V, --version              Print version
    "#);
}

#[test]
fn generate() {
    assert_snapshot!(help("generate"), @r#"
    Complete prompts

    Usage: duologue generate [OPTIONS] --model <MODEL> <FILE>

    Arguments:
      <FILE>  JSONL with {"messages" or "prompt"}

    Options:
          --model <MODEL>
              Folder of the model, or a GGUF file
          --adapter <ADAPTER>
              Folder of an adapter in PEFT's format
          --quantize <QUANTIZE>
              Number type that the model's dense matrices are held in [default: none] [possible values: none, q8_0, q4_0, q4_k, q6_k]
          --date <YYYY-MM-DD>
              Day that a chat template tells where it asks for today's [default: 2024-07-26]
          --max-new-tokens <MAX_NEW_TOKENS>
              Longest completion, in tokens [default: 128]
          --temperature <TEMPERATURE>
              0 is greedy [default: 0]
          --top-k <TOP_K>
              Sample among the K most likely tokens; 0 is off [default: 0]
          --top-p <TOP_P>
              Sample within this share of the probability [default: 1]
          --min-p <MIN_P>
              Leave out tokens below this share of the likeliest one's probability; 0 is off [default: 0]
          --typical-p <TYPICAL_P>
              Sample within this share of the most typical tokens; 1 is off [default: 1]
          --repetition-penalty <REPETITION_PENALTY>
              Make tokens of the prompt and of the text so far less likely; 1 is off [default: 1]
          --seed <SEED>
              Seed of the samples [default: 0]
          --batch <BATCH>
              Sequences side by side [default: 8]
      -h, --help
              Print help
      -V, --version
              Print version
    "#);
}

#[test]
fn summarize() {
    assert_snapshot!(help("summarize"), @r#"
    Summarize a dialogue

    Usage: duologue summarize [OPTIONS] [FILE]

    Arguments:
      [FILE]  A text file with the dialogue, or - for standard input; with --all a file that `import` reads, or a folder

    Options:
          --model <MODEL>      Folder of the model [default: the run's]
          --adapter <ADAPTER>  Folder of an adapter in PEFT's format
          --run <RUN>          Use a summarizer that this run trained
          --system <SYSTEM>    Which of the run's systems [default: mrds_separate] [possible values: lead_3, longest_3, zero_shot, in_context, sft_real, sft_synthetic, sft_synthetic_ids, fixed_ratio_ids, fixed_ratio, best_of_k, mrds_format, mrds_joint, mrds_separate]
          --serve              Keep the model loaded: read one {"dialogue"} per line of standard input
          --all                Summarize every dialogue of a file that `import` reads, or of all such files of a folder
          --to <FILE>          Write their summaries as a table; its ending is the form: .csv or .jsonl
      -h, --help               Print help
      -V, --version            Print version
    "#);
}

#[test]
fn export() {
    assert_snapshot!(help("export"), @"
    Write a trained adapter to a folder, and prove that it gives the same numbers

    Usage: duologue export [OPTIONS] --to <TO> [RUN]

    Arguments:
      [RUN]  The run

    Options:
          --model <MODEL>           Export this model folder or GGUF file instead of what a run trained
          --adapter <ADAPTER>       synthesizer or summarizer; with --model the folder of an adapter to merge
          --to <TO>                 New or empty folder
          --as <FORM>               Format of the files [default: peft] [possible values: peft, merged, gguf, gguf_adapter]
          --gguf-type <GGUF_TYPE>   Number type of the matrices of a GGUF file [default: f16] [possible values: f16, q8_0, q4_k_m]
          --override-leak <REASON>  Write it although what the run made gives real conversations away; the reason is kept in the workspace's log
      -h, --help                    Print help
      -V, --version                 Print version
    ");
}

#[test]
fn pack() {
    assert_snapshot!(help("pack"), @"
    Write a run with its data set and adapters as a workspace of its own

    Usage: duologue pack [OPTIONS] --to <DIR> <RUN>

    Arguments:
      <RUN>  The run

    Options:
          --to <DIR>                New or empty folder
          --override-leak <REASON>  Write it although what the run made gives real conversations away; the reason is kept in the workspace's log
      -h, --help                    Print help
      -V, --version                 Print version
    ");
}

#[test]
fn unpack() {
    assert_snapshot!(help("unpack"), @"
    Take a run in that `pack` wrote, here or on another computer

    Usage: duologue unpack [OPTIONS] <FROM>

    Arguments:
      <FROM>  The folder that `pack` wrote

    Options:
          --name <NAME>  Name of its data set here [default: as it was]
          --model <DIR>  Folder, GGUF file, id or name of its base model [default: the one of this workspace, if it knows it]
      -h, --help         Print help
      -V, --version      Print version
    ");
}

#[test]
fn audit() {
    assert_snapshot!(help("audit"), @"
    What made-up texts and adapters give away of real conversations

    Usage: duologue audit [OPTIONS] <RUN>
           duologue audit <COMMAND>

    Commands:
      text        Made-up texts beside all training text: copied runs of words, nearness, identifiers that survive
      exposure    Values that were planted in training text: how far a model remembers each
      membership  Scores of training texts and others: how well they tell which is which
      extraction  What a model wrote after the beginning of training texts: how many came back
      help        Print this message or the help of the given subcommand(s)

    Arguments:
      <RUN>  A run: every text that it made, beside all that it learnt from

    Options:
          --items    Also print a line for each text that gives something away
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn audit_text() {
    assert_snapshot!(help("audit text"), @"
    Made-up texts beside all training text: copied runs of words, nearness, identifiers that survive

    Usage: duologue audit text [OPTIONS] --train <FILE> --synthetic <FILE>

    Options:
          --train <FILE>        The training text: lines with id, dialogue and summary
          --synthetic <FILE>    The texts that are looked at: lines with id and text
          --identifiers <FILE>  What identifies somebody in the training text: lines with kind, value and conversations
          --items               Also print a line for each text
      -h, --help                Print help
      -V, --version             Print version
    ");
}

#[test]
fn audit_of_figures() {
    assert_snapshot!(help("audit exposure"), @"
    Values that were planted in training text: how far a model remembers each

    Usage: duologue audit exposure <FILE>

    Arguments:
      <FILE>  The figures, a JSON file

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
    assert_snapshot!(help("audit membership"), @"
    Scores of training texts and others: how well they tell which is which

    Usage: duologue audit membership <FILE>

    Arguments:
      <FILE>  The figures, a JSON file

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
    assert_snapshot!(help("audit extraction"), @"
    What a model wrote after the beginning of training texts: how many came back

    Usage: duologue audit extraction <FILE>

    Arguments:
      <FILE>  The figures, a JSON file

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}
