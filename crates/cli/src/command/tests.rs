//! Every table for people, of fixed figures.

use insta::assert_snapshot;
use project::format_rule::RuleId;
use project::rows::{DatasetRow, SplitCounts};

use super::{bench, data, models, plan, runs};
use crate::examples::{self, Sample};

#[test]
fn data_sets() {
    let row = DatasetRow {
        id: 1,
        name: "calls".to_owned(),
        format: "samsum_json".to_owned(),
        mapping: serde_json::Value::Null,
        created_at_ms: 0,
        counts: SplitCounts {
            train: 80,
            validation: 10,
            test: 10,
        },
        unsummarised: 2,
    };
    assert_snapshot!(data::dataset_table(&[row]), @"
    data set  format       train  validation  test  no summary
    --------  -----------  -----  ----------  ----  ----------
    calls     samsum_json  80     10          10    2
    ");
}

#[test]
fn format_rules() {
    let off = crate::answer::RuleRate {
        rate: None,
        ..examples::rule_rate()
    };
    let rules = [
        (RuleId::MinSpeakers, examples::rule_rate()),
        (RuleId::MaxTurns, off),
    ];
    assert_snapshot!(data::rule_table(&rules.into()), @r#"
    rule          passes  limit        source      real pairs that break it
    ------------  ------  -----------  ----------  ------------------------
    min_speakers  50.0 %  {"min":2.0}  calibrated  1.0 %
    max_turns     off     {"min":2.0}  calibrated  1.0 %
    "#);
}

#[test]
fn a_plan() {
    assert_snapshot!(plan::describe(&examples::plan()), @"
    stage   peak memory  disk     time
    ------  -----------  -------  -----
    topics  0.90 GB      0.00 GB  80 s
    all     2.10 GB      0.05 GB  2.0 h

    Speed measured with the model, 2 threads. At once: 8 generated texts, 1024 tokens of a training.
    Trainings compute again what they do not keep: less memory, about 1.3 times the time, the same results.
    70 to learn from, 15 to choose by, 15 to test on; the recipe takes at most 100 and 100, fitted to the data set; 2 wait for a summary.
    Missing: memory: 2.1 GB are needed, 2.0 GB are free

    cheaper                      peak memory  time      here  price
    ---------------------------  -----------  --------  ----  --------------------------------------------
    --set generate_batch_size=8  1.90 GB      2.3 days  fits  same results up to rounding; somewhat slower
    ");
}

#[test]
fn runs_in_a_list() {
    let sample = Sample::new();
    assert_snapshot!(runs::run_table(&sample.session.runs().unwrap()), @"
    run       status  data set  model     seed  stages done
    --------  ------  --------  --------  ----  -----------
    sample-1  done    sample    duo-mini  1     9 of 9
    ");
}

#[test]
fn a_run_with_its_tables() {
    let sample = Sample::new();
    assert_snapshot!(runs::describe(&sample.session.show(Sample::RUN).unwrap()), @"
    Run sample-1 (done), seed 1

    stage        status  seconds  in   out
    -----------  ------  -------  ---  ----
    topics       done    0.4      100  100
    summaries    done    7.9      100  200
    synthesizer  done    22.2     100  1
    candidates   done    38.9     160  960
    preferences  done    0.1      160  657
    align        done    143.5    657  2
    dialogues    done    48.0     200  537
    summarizer   done    155.8    537  5
    evaluate     done    131.5    320  3002

    synthesizer   n    format rate [95 %]   CE all  CE passing  copies  s per accepted
    ------------  ---  -------------------  ------  ----------  ------  --------------
    sft           150  44.7 % [36.9, 52.7]  6.213   6.371       0.0 %   0.097
    dpo_separate  150  60.0 % [52.0, 67.5]  6.215   6.295       0.0 %   0.066
    dpo_joint     150  52.7 % [44.7, 60.5]  6.249   6.233       0.0 %   0.067
    ids           150  79.3 % [72.2, 85.0]  6.206   6.259       0.0 %   0.123
    rejection     150  94.7 % [89.8, 97.3]  6.203   6.215       0.0 %   0.101

    system             n    ROUGE-1 [95 %]        ROUGE-2  ROUGE-L  CE     tokens  ROUGE-1 vs real-only [95 %]
    -----------------  ---  --------------------  -------  -------  -----  ------  ---------------------------
    zero_shot          320  22.54 [21.60, 23.49]  3.24     16.75    5.777  31.5    -7.03 [-8.46, -5.65]
    in_context         320  22.30 [21.29, 23.29]  3.20     16.55    5.784  31.9    -7.27 [-8.73, -5.83]
    sft_real           320  29.57 [28.41, 30.77]  7.76     22.02    2.182  34.5    –
    sft_synthetic_ids  320  30.95 [29.69, 32.21]  9.33     23.45    2.232  39.6    +1.37 [-0.01, 2.78]
    fixed_ratio        320  28.68 [27.69, 29.69]  6.04     21.07    2.482  35.7    -0.90 [-2.23, 0.41]
    mrds_joint         320  31.41 [30.23, 32.65]  8.98     23.42    2.171  37.5    +1.83 [0.47, 3.20]
    mrds_separate      320  31.91 [30.78, 33.07]  9.63     23.44    2.198  41.0    +2.34 [0.93, 3.73]
    A true ROUGE-1 difference below 1.99 points would often go unnoticed with this number of items.
    ");
}

#[test]
fn scores_of_a_file() {
    let score = metrics::rouge::RougeScore {
        precision: 0.5,
        recall: 0.25,
        fmeasure: 1.0 / 3.0,
    };
    let scores = metrics::rouge::RougeScores {
        rouge1: score,
        ..Default::default()
    };
    assert_snapshot!(runs::score_table(&scores), @"
    metric     precision  recall  F
    ---------  ---------  ------  -----
    rouge1     50.00      25.00   33.33
    rouge2     0.00       0.00    0.00
    rougeL     0.00       0.00    0.00
    rougeLsum  0.00       0.00    0.00
    ");
}

#[test]
fn models_in_a_list() {
    let unfinished = mrds::models::Unfinished {
        hub_id: "owner/large".to_owned(),
        path: "models/owner--large".to_owned(),
        bytes: 16_000_000_000,
    };
    assert_snapshot!(models::listing(&[examples::known_model()], &[unfinished]), @"
    model  parameters  size      licence     context  runs  folder
    -----  ----------  --------  ----------  -------  ----  -------------------
    small  135.0 M     270.0 MB  apache-2.0  2048     1     models/owner--small
    Unfinished: owner/large (16000.0 MB); go on with `duologue models add owner/large`.
    ");
}

#[test]
fn the_catalogue() {
    assert_snapshot!(models::catalogue_text(&examples::catalogue()), @"
    model        licence     weights  context  use  LoRA  QLoRA  DPO  a run here
    -----------  ----------  -------  -------  ---  ----  -----  ---  ----------
    owner/small  apache-2.0  0.3      2048     0.4  1.3   0.9    2.1  too big

    owner/small: Small, and trains in minutes.

    Memory in GB with the default recipe; 1.5 GB are free here. `duologue models add ID` downloads one.
    ");
}

#[test]
fn folders_with_their_fit() {
    assert_snapshot!(models::fit_table(&examples::folder_fits().fits), @"
    folder        use  LoRA  QLoRA  DPO  a run here
    ------------  ---  ----  -----  ---  ----------
    models/small  0.4  1.3   0.9    2.1  fits
    notes         –    –     –      –    unknown
    ");
}

#[test]
fn an_update() {
    assert_snapshot!(bench::describe(&examples::bench_train(examples::ON_PROCESSOR)), @"
    An update: 1.250 s wall-clock, 2.500 processor-seconds, 819 tokens/s.
    Its matrix products alone would take 2.000 processor-seconds at 60 GFLOP per processor-second: 80 % of the time is theirs.
    Peak memory: 700 MB. Of the card: 900 MB. Threads: 2. Updates: 5.
    ");
    assert_snapshot!(bench::describe(&examples::bench_train(examples::ON_CARD)), @"
    An update: 1.250 s wall-clock, 2.500 processor-seconds, 819 tokens/s.
    Its matrix products alone would take 1.000 seconds at 9000 GFLOP per second: 80 % of the time is theirs.
    Peak memory: 700 MB. Of the card: 900 MB. Threads: 2. Updates: 5.
    ");
}

#[test]
fn tokens_per_second() {
    assert_snapshot!(bench::generate_table(&examples::generate_rows()), @"
    weights  batch  tokens/s  tokens/CPU-s  prompt tokens/CPU-s
    -------  -----  --------  ------------  -------------------
    q8_0     8      123.5     61.7          800.0
    ");
}

#[test]
fn comparisons_with_the_processor() {
    assert_snapshot!(bench::parity_table(&examples::parity_checks()), @"
    what    off by   at most
    ------  -------  -------  ---
    matmul  1.00e-3  1e-2     ok
    rope    5.00e-1  1e-2     OFF
    ");
}

#[test]
fn growth() {
    assert_snapshot!(bench::growth_table(&examples::growth_rows()), @"
    what                  amount  CPU-s  expected  peak memory  expected
    --------------------  ------  -----  --------  -----------  --------
    tokens of a sequence  512     0.500  0.400     300 MB       290 MB
    ");
}

#[test]
fn a_small_run() {
    assert_snapshot!(bench::pipeline_text(&examples::pipeline_figures()), @"
    stage   seconds  CPU-seconds  tokens  peak memory
    ------  -------  -----------  ------  -----------
    topics  1.5      2.9          1000    300 MB

    All: 1.5 s, 2.9 processor-seconds, 1000 tokens.
    Of the processor time: gemm 75.0 %, other 25.0 %.
    ");
}
