//! `--help` of `bench`.

use insta::assert_snapshot;

use super::help;

#[test]
fn bench() {
    assert_snapshot!(help("bench"), @"
    Measure the speed of training and generation on this machine

    Usage: duologue bench <COMMAND>

    Commands:
      train     An update of an adapter's training, beside the least that its matrix products take
      score     Tokens per second of scoring, beside those of training's forward pass
      generate  Tokens per second of generation and of prompts
      growth    How time and memory grow with each size, beside what is expected
      pipeline  A whole small run: what each stage takes, and which kind of work
      compare   The same work done by transformers, PEFT, TRL and llama.cpp, in turns with this program: how many times as fast
      parity    What --device computes beside the processor's f32: operations, updates and generation on random weights
      rating    Invented rating studies without a true difference: false alarms and coverage of the intervals
      help      Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn bench_train() {
    assert_snapshot!(help("bench train"), @"
    An update of an adapter's training, beside the least that its matrix products take

    Usage: duologue bench train [OPTIONS]

    Options:
          --shape <SHAPE>                  Shape of a model with random weights [default: 135m] [possible values: 7m, 135m, 360m, 1b, 3b, 8b]
          --quant <QUANT>                  How the weights are held [default: f32, on a card bf16]. bf16 on the processor takes the card's operations [possible values: f32, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q6_k]
          --batch <BATCH>                  Sequences of an update [default: 2]
          --seq <SEQ>                      Tokens of each sequence; all but the prompt's have a loss [default: 512]
          --prompt <PROMPT>                Tokens of its prompt [default: 1]
          --dpo                            Train on preference pairs by DPO + SFT: --batch of them, two sequences each with the same prompt
          --data <FILE>                    Train on real pairs instead, loss on the summaries alone: a file as `import` takes it
          --model <MODEL>                  The model that is trained on them
          --items <ITEMS>                  Rows of the file [default: 100]
          --epochs <EPOCHS>                Passes over them [default: 1]
          --steps <STEPS>                  Updates that count (two more come before) [default: 5; with --data as many as the epochs have]
          --rank <RANK>                    Rank of the adapter, on all seven projections [default: 16]
          --budget-tokens <BUDGET_TOKENS>  Tokens computed at once [default: 4096]
          --recompute                      Keep block inputs only and compute the rest again: less memory, more time, the same numbers
      -h, --help                           Print help
      -V, --version                        Print version
    ");
}

#[test]
fn bench_score() {
    assert_snapshot!(help("bench score"), @"
    Tokens per second of scoring, beside those of training's forward pass

    Usage: duologue bench score [OPTIONS]

    Options:
          --shape <SHAPE>                  Shape of a model with random weights [default: 135m] [possible values: 7m, 135m, 360m, 1b, 3b, 8b]
          --items <ITEMS>                  Texts that are scored [default: 16]
          --prompt <PROMPT>                Tokens before each [default: 256]
          --completion <COMPLETION>        Tokens of each [default: 64]
          --rank <RANK>                    Rank of the adapter of training's forward pass [default: 16]
          --budget-tokens <BUDGET_TOKENS>  Tokens computed at once [default: 4096]
      -h, --help                           Print help
      -V, --version                        Print version
    ");
}

#[test]
fn bench_generate() {
    assert_snapshot!(help("bench generate"), @"
    Tokens per second of generation and of prompts

    Usage: duologue bench generate [OPTIONS]

    Options:
          --shape <SHAPE>    Shape of a model with random weights [default: 135m] [possible values: 7m, 135m, 360m, 1b, 3b, 8b]
          --batch <BATCH>    Sequences side by side [default: 1,8,32]
          --quant <QUANT>    How the weights are held [default: f32,q8_0, on a card bf16,q8_0] [possible values: f32, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q6_k]
          --prompt <PROMPT>  Tokens of each prompt [default: 128]
          --new <NEW>        Tokens generated for each [default: 64]
      -h, --help             Print help
      -V, --version          Print version
    ");
}

#[test]
fn bench_growth() {
    assert_snapshot!(help("bench growth"), @"
    How time and memory grow with each size, beside what is expected

    Usage: duologue bench growth [OPTIONS]

    Options:
          --examples <EXAMPLES>  Examples of the long epoch, beside one over 100 [default: 10000]
      -h, --help                 Print help
      -V, --version              Print version
    ");
}

#[test]
fn bench_pipeline() {
    assert_snapshot!(help("bench pipeline"), @"
    A whole small run: what each stage takes, and which kind of work

    Usage: duologue bench pipeline [OPTIONS] --data <FILE> --model <MODEL>

    Options:
          --data <FILE>    Dialogues with summaries, a file as `import` takes it; 22 rows are used
          --model <MODEL>  Folder of the base model
          --seed <SEED>    Seed of every random number [default: 1]
          --calls <FILE>   Also write down what the engine was asked to do, call by call, for another program to do the same
      -h, --help           Print help
      -V, --version        Print version
    ");
}

#[test]
fn bench_parity() {
    assert_snapshot!(help("bench parity"), @"
    What --device computes beside the processor's f32: operations, updates and generation on random weights

    Usage: duologue bench parity

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn bench_compare() {
    assert_snapshot!(help("bench compare"), @"
    The same work done by transformers, PEFT, TRL and llama.cpp, in turns with this program: how many times as fast

    Usage: duologue bench compare [OPTIONS]

    Options:
          --what <WHAT>       What is compared [default: all; pipeline with --data and --model] [possible values: train, recompute, dpo, generate, llama, pipeline]
          --python <PROGRAM>  The Python that has the other programs' packages [default: python3]
          --rounds <ROUNDS>   Rounds: this program, the other, this program again [default: 1]
          --shape <SHAPE>     Shape of a model with random weights [default: 135m] [possible values: 7m, 135m, 360m, 1b, 3b, 8b]
          --steps <STEPS>     Updates that count [default: 5]
          --seq <SEQ>         Tokens of each training sequence, two of them in an update [default: 512]
          --batch <BATCH>     Sequences generated side by side [default: 1,8,32]
          --quant <QUANT>     How the weights are held beside llama.cpp [default: f32,q8_0,q4_0,q4_1] [possible values: f32, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q6_k]
          --prompt <PROMPT>   Tokens of each prompt that is continued [default: 16]
          --new <NEW>         Tokens generated for each [default: 32]
          --data <FILE>       Dialogues with summaries for the small run, a file as `import` takes it
          --model <MODEL>     Folder of its base model, in Hugging Face layout
      -h, --help              Print help
      -V, --version           Print version
    ");
}

#[test]
fn bench_rating() {
    assert_snapshot!(help("bench rating"), @"
    Invented rating studies without a true difference: false alarms and coverage of the intervals

    Usage: duologue bench rating [OPTIONS]

    Options:
          --studies <STUDIES>  Studies for each population and size [default: 1000]
          --seed <SEED>        Seed of the studies [default: 1]
      -h, --help               Print help
      -V, --version            Print version
    ");
}
