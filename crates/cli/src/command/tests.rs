//! Every table for people, with fixed figures.

use contract::SplitCounts;
use insta::assert_snapshot;
use project::format_rule::RuleId;
use project::rows::DatasetRow;

use super::{bench, compare, data, download, models, plan, runs};
use crate::examples::{self, Sample};

#[test]
fn data_sets() {
    let row = DatasetRow {
        id: 1,
        name: "calls".into(),
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
    To fit in 2.3 h it takes about 2.0 h and gives up:
      lr_search: [1.0] instead of [0.5, 1.0, 2.0], which saves 2.5 h
    A difference below 1.2 points then goes unseen.
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
    run              name  status  data set       model                  seed  stages done
    ---------------  ----  ------  -------------  ---------------------  ----  -----------
    physiotherapy-1        done    physiotherapy  SmolLM2-135M-Instruct  1     9 of 9
    ");
}

#[test]
fn a_run_with_its_tables() {
    let sample = Sample::new();
    assert_snapshot!(runs::describe(&sample.shown(), false), @"
    Run physiotherapy-1 (done), seed 1

    stage        status  seconds  in  out
    -----------  ------  -------  --  ---
    topics       done    21.7     50  50
    summaries    done    194.9    50  50
    synthesizer  done    296.9    50  1
    candidates   done    405.4    40  120
    preferences  done    0.0      40  66
    align        done    401.4    66  1
    dialogues    done    238.6    50  31
    summarizer   done    3541.5   31  2
    evaluate     done    549.4    80  295

    synthesizer   n   format rate [95 %]   CE all  CE passing  copies  s per accepted
    ------------  --  -------------------  ------  ----------  ------  --------------
    sft           12  41.7 % [19.3, 68.0]  3.974   3.922       0.0 %   6.942
    dpo_separate  12  41.7 % [19.3, 68.0]  3.928   3.832       0.0 %   7.316
    ids           12  41.7 % [19.3, 68.0]  3.974   3.922       0.0 %   6.213
    rejection     12  58.3 % [32.0, 80.7]  4.040   3.940       0.0 %   8.011

    No evidence of a difference between MRDS and fine-tuning on real data alone: −0.8 ROUGE-1 on 80 test dialogues (95 % interval −2.9 to +1.3). Not yet useful: the three longest lines of the conversation (41.6 ROUGE-1) score higher than MRDS (40.9). This is one training; another draw may come out differently.

    system         n   words  ROUGE-1 [95 %]        ROUGE-2  ROUGE-L  chrF   CE     unfounded  ROUGE-1 vs real-only [95 %]
    -------------  --  -----  --------------------  -------  -------  -----  -----  ---------  ---------------------------
    lead_3         80  39.0   26.12 [24.08, 28.15]  6.16     15.61    23.27  –      0.0 %      -15.62 [-18.09, -12.96]
    longest_3      80  82.2   41.55 [40.05, 43.05]  14.45    22.20    40.38  –      0.0 %      -0.18 [-2.31, 2.05]
    zero_shot      80  51.9   21.83 [19.42, 24.29]  4.54     14.17    23.30  3.313  4.1 %      -19.91 [-22.71, -16.95]
    sft_real       80  53.8   41.74 [39.79, 43.59]  13.86    28.27    35.82  2.603  6.4 %      –
    mrds_separate  80  50.0   40.90 [39.19, 42.57]  13.10    27.64    34.10  2.614  6.9 %      -0.83 [-2.95, 1.34]
    Words of a reference: 56.8.
    BERTScore is not measured: choose a measuring model, `duologue evaluate --run physiotherapy-1 --encoder DIR`.
    Unfounded: Figures and names found in the conversation. It does not judge meaning: most errors of summaries use the right words wrongly.
    Left out of it, because your own summaries contain such facts that the conversation does not: negation.
    A true ROUGE-1 difference below 3.08 points would often go unnoticed with this number of items.

    Nobody has looked yet at what its texts give away: `duologue audit physiotherapy-1`.
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
    model        licence     tried     weights  context  use  LoRA  QLoRA  DPO  a run here  takes
    -----------  ----------  --------  -------  -------  ---  ----  -----  ---  ----------  -----
    owner/small  apache-2.0  not here  0.3      2048     0.4  1.3   0.9    2.1  too big     2.5 h

    owner/small: Small, and trains in minutes.

    Proven: a published file of the model gives what transformers computes (docs/models.md). Memory in GB and time of a run on 100 dialogues with the default recipe, on this processor; 1.5 GB are free here. `duologue models licence ID` prints a licence, `duologue models add ID` downloads a model.
    ");
}

#[test]
fn the_licence_before_a_download() {
    let mut model = examples::catalogue().catalogue.remove(0).model;
    assert_snapshot!(
        download::licence_line(&model),
        @"owner/small is under the Apache License 2.0 (apache-2.0). Its text: `duologue models licence small`"
    );
    model.licence = contract::Licence::Gemma;
    assert_snapshot!(
        download::licence_line(&model),
        @"owner/small is under the Gemma Terms of Use (gemma). It limits what the model may be used for: read it with `duologue models licence small`"
    );
}

#[test]
fn folders_with_their_fit() {
    assert_snapshot!(models::fit_table(&examples::folder_fits().fits), @"
    folder        use  LoRA  QLoRA  DPO  a run here  takes
    ------------  ---  ----  -----  ---  ----------  -----
    models/small  0.4  1.3   0.9    2.1  fits        5 min
    notes         –    –     –      –    unknown     –
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
    weights  batch  tokens/s  tokens/CPU-s  prompt tokens/CPU-s  products
    -------  -----  --------  ------------  -------------------  --------
    q8_0     8      123.5     61.7          800.0                0.90
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

#[test]
fn a_comparison_says_what_is_faster_and_what_was_not_measured() {
    assert_snapshot!(compare::text(&examples::bench_compare()), @"
    A processor, avx2, threads: 1.
    what                         beside             ours        theirs  times as fast  memory
    ---------------------------  -----------------  ----------  ------  -------------  ---------------
    train                        transformers+peft  3.90, 4.10  9.20    2.30           1070 of 4400 MB
    llama: q8_0, 8 side by side  llama.cpp          261, 249    165     1.54

    Training and stages in processor-seconds, generation in tokens a processor-second.
    Not measured: dpo (No module named 'trl').
    ");
}
