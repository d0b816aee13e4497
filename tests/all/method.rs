//! What a finished run must show: the pairs keep the method's guards, losses begin where they must, the test split
//! is fenced off, and every figure can be recomputed from the stored outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use lm::{LanguageModel, device};
use metrics::interval::wilson;
use metrics::rouge::{RougeOptions, best, mean, rouge_l, score_each, tokenize};
use project::dialogue::Dialogue;
use project::format_rule::{ContentGuards, FormatRule};
use project::session::Session;
use serde_json::{Value, json};
use store::ExampleRow;

use crate::program::{DATASET, FEW_SYSTEMS, RUN, Workspace, model, rows, run_args};
use crate::resume::{SEED, uninterrupted};

/// Every stage before the one that may read the test split, with the kinds of its artifacts.
const BEFORE_EVALUATE: [(&str, &[&str]); 8] = [
    ("topics", &["topic"]),
    ("summaries", &["summary", "adapter"]),
    ("synthesizer", &["adapter"]),
    ("candidates", &["candidate", "format_rule"]),
    ("preferences", &["pair"]),
    ("align", &["adapter", "checkpoint"]),
    ("dialogues", &["dialogue"]),
    ("summarizer", &["adapter"]),
];

/// A finished run with every system, as its commands show it.
struct Finished {
    shown: Value,
    items: BTreeMap<String, Vec<Value>>,
    min_gap: f64,
    shots: Vec<(String, String)>,
    model: LanguageModel,
    folder: String,
}

/// The run, made once.
fn finished() -> &'static Finished {
    static RUN_ONCE: OnceLock<Finished> = OnceLock::new();
    RUN_ONCE.get_or_init(make)
}

fn make() -> Finished {
    let path = model();
    let folder = path.display().to_string();
    let workspace = Workspace::new();
    let sets = [
        "candidates_per_summary=4",
        "candidate_synthetic_limit=2",
        "ids_max_iterations=6",
        "synthesizers=sft,sft_constrained,dpo_separate,dpo_joint,ids,rejection",
    ];
    let done = workspace.ok(&run_args(&folder, SEED, &sets, &[]));
    assert_eq!(done.last()["status"], "done");
    let mut items: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let stages = BEFORE_EVALUATE
        .iter()
        .map(|(stage, _)| *stage)
        .chain(["evaluate"]);
    for stage in stages {
        let mut lines = workspace
            .ok(&["show", RUN, "--stage", stage, "--items"])
            .lines;
        let result = lines.pop().expect("a result");
        // Scores and backing of single summaries are computed, not kept.
        let is_kept = |line: &&Value| line["kind"] != "score" && line["kind"] != "backing";
        let kept = lines.iter().filter(is_kept);
        assert_eq!(result["items"], kept.count());
        for line in lines {
            let kind = line["kind"].as_str().expect("a kind");
            items
                .entry(format!("{stage}/{kind}"))
                .or_default()
                .push(line);
        }
    }
    let preferences = workspace.ok(&["show", RUN, "--stage", "preferences"]);
    let shots = chosen(&workspace, RUN, "shots");
    Finished {
        shown: workspace.show(RUN),
        items,
        min_gap: preferences.last()["measures"]["min_gap"]
            .as_f64()
            .expect("a gap"),
        shots: shots
            .iter()
            .map(|row| (canonical(&row.dialogue), row.references[0].clone()))
            .collect(),
        model: LanguageModel::load(
            &path,
            &device::select(contract::DeviceChoice::Cpu).expect("a CPU"),
        )
        .expect("a model"),
        folder,
    }
}

/// The rows that a run chose for a purpose, in its order.
pub(crate) fn chosen(workspace: &Workspace, run: &str, purpose: &str) -> Vec<ExampleRow> {
    let session = Session::open(&workspace.path()).expect("the workspace");
    let ids = session.run(&run.into()).expect("the run").shots[purpose]
        .as_array()
        .expect("ids")
        .clone();
    let dataset = session
        .store()
        .dataset(&DATASET.into())
        .expect("the data set");
    let rows = session
        .store()
        .examples(dataset.id, None)
        .expect("examples");
    let row_of = |id: &Value| {
        rows.iter()
            .find(|row| json!(row.id) == *id)
            .expect("a row")
            .clone()
    };
    ids.iter().map(row_of).collect()
}

fn canonical(dialogue: &str) -> String {
    Dialogue::parse(dialogue).join_continuations().to_text()
}

impl Finished {
    fn all(&self, stage_and_kind: &str) -> &[Value] {
        self.items
            .get(stage_and_kind)
            .unwrap_or_else(|| panic!("no {stage_and_kind}"))
    }

    fn pairs(&self, set: &str) -> Vec<&Value> {
        self.all("preferences/pair")
            .iter()
            .filter(|pair| pair["set"] == set)
            .collect()
    }

    /// The candidate behind one side of a pair; `None` if it is a real dialogue.
    fn candidate(&self, pair: &Value, side: &str) -> Option<&Value> {
        self.all("candidates/candidate").iter().find(|candidate| {
            candidate["summary_id"] == pair["summary_id"]
                && candidate["ids"] == pair[format!("{side}_ids")]
        })
    }

    fn rule(&self) -> FormatRule {
        serde_json::from_value(self.shown["format_rule"].clone()).expect("a rule")
    }
}

fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).expect("ids")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected}"
    );
}

#[test]
fn alignments_begin_at_ln_2() {
    let run = finished();
    let align = &run.shown["align"];
    for aligned in [align, &align["dpo_joint"]] {
        close(
            "first DPO loss",
            number(&aligned["first_dpo_loss"]),
            std::f64::consts::LN_2,
            1e-4,
        );
        assert!(number(&aligned["updates"]) >= 1.0);
    }
    let roles: BTreeSet<&str> = run
        .all("align/checkpoint")
        .iter()
        .map(|c| text(&c["role"]))
        .collect();
    for role in roles {
        let of_role = run
            .all("align/checkpoint")
            .iter()
            .filter(|c| c["role"] == role);
        let taken: Vec<_> = of_role.filter(|c| c["chosen"] == true).collect();
        assert!(taken.len() == 1, "{role}: {taken:?}");
    }
}

/// Where policy and reference agree, most losses begin at a constant; SimPO's does only if its beta is almost 0.
#[test]
fn every_preference_loss_aligns_and_takes_over_what_came_before() {
    let model = model();
    let (workspace, model) = (Workspace::new(), model.display().to_string());
    let ln_2 = std::f64::consts::LN_2;
    let losses: [(&[&str], Option<f64>); 6] = [
        (&["dpo_loss=sigmoid"], Some(ln_2)),
        (&["dpo_loss=robust", "dpo_label_smoothing=0.1"], Some(ln_2)),
        (&["dpo_loss=ipo", "dpo_beta=0.5"], Some(1.0)),
        (&["dpo_loss=apo_zero"], Some(1.0)),
        (
            &["dpo_loss=simpo", "dpo_beta=1e-9", "simpo_gamma=0.5"],
            Some(0.5_f64.exp().ln_1p()),
        ),
        (&["dpo_loss=orpo"], None),
    ];
    let mut hashes: Vec<BTreeMap<String, String>> = Vec::new();
    for (n, (sets, first)) in losses.into_iter().enumerate() {
        let sets = [
            &[
                "checkpoint_samples=1",
                "dpo_checkpoints=1",
                "synthesizers=sft,dpo_joint",
                FEW_SYSTEMS,
            ],
            sets,
        ]
        .concat();
        let ended = workspace.ok(&run_args(&model, SEED, &sets, &["--until", "align"]));
        let until_align = BEFORE_EVALUATE.map(|(stage, _)| stage);
        let computed = if n == 0 {
            &until_align[..=5]
        } else {
            &until_align[5..=5]
        };
        assert_eq!(ended.stages("running"), computed, "{sets:?}");
        let run = format!("{DATASET}-{}", n + 1);
        let align = &workspace.show(&run)["align"];
        for aligned in [align, &align["dpo_joint"]] {
            let found = number(&aligned["first_dpo_loss"]);
            close(&format!("{sets:?}"), found, first.unwrap_or(found), 1e-4);
            assert!(
                found > 0.0 && number(&aligned["updates"]) >= 1.0,
                "{sets:?}: {aligned}"
            );
            assert!(number(&aligned["margin"]).is_finite());
        }
        hashes.push(workspace.hashes(&run));
    }
    let of_align: BTreeSet<&str> = hashes
        .iter()
        .map(|stages| stages["align"].as_str())
        .collect();
    assert_eq!(
        of_align.len(),
        hashes.len(),
        "each loss trains another adapter"
    );
    let before = |stages: &BTreeMap<String, String>| {
        stages
            .iter()
            .filter(|(stage, _)| *stage != "align")
            .map(|(_, hash)| hash.clone())
            .collect::<Vec<_>>()
    };
    assert!(
        hashes
            .iter()
            .all(|stages| before(stages) == before(&hashes[0]))
    );
}

/// The recipe's filters reach the sampling: with one token to choose from, all candidates of a summary are the same.
#[test]
fn candidates_are_sampled_by_the_recipes_filters() {
    let model = model();
    let workspace = Workspace::new();
    let sets = ["dialogue_top_k=1", "dialogue_max_new_tokens=24"];
    workspace.ok(&run_args(
        &model.display().to_string(),
        SEED,
        &sets,
        &["--until", "candidates"],
    ));
    let mut written: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for candidate in workspace.items(RUN, "candidates", "candidate") {
        written
            .entry(candidate["summary_id"].to_string())
            .or_default()
            .push(candidate["ids"].clone());
    }
    assert!(written.len() > 2);
    for (summary, candidates) in written {
        assert_eq!(candidates, vec![candidates[0].clone(); 3], "{summary}");
    }
}

#[test]
fn pairs_keep_their_promises() {
    let run = finished();
    let recipe = &run.shown["recipe"];
    let limit = number(&recipe["copy_run_words"]) as usize;
    let guards = ContentGuards::with_copy_limits(limit, number(&recipe["copy_share"]))
        .calibrated(&run.shots);
    for pair in run.pairs("format") {
        let rejected = run.candidate(pair, "rejected").expect("a candidate");
        assert_eq!(rejected["pass"], false);
        match run.candidate(pair, "chosen") {
            Some(chosen) => assert_eq!(chosen["pass"], true),
            None => {
                let real = (
                    text(&pair["chosen"]).to_owned(),
                    text(&pair["summary"]).to_owned(),
                );
                assert!(
                    run.shots.contains(&real),
                    "neither a candidate nor the real dialogue: {pair}"
                );
                let mut group = run.all("candidates/candidate").iter();
                assert!(
                    !group.any(|c| c["summary_id"] == pair["summary_id"] && c["pass"] == true),
                    "{pair}"
                );
            }
        }
    }
    for set in ["content", "joint"] {
        for pair in run.pairs(set) {
            let [chosen, rejected] =
                ["chosen", "rejected"].map(|side| run.candidate(pair, side).expect("a candidate"));
            assert_eq!(chosen["pass"], true);
            assert!(
                guards
                    .check(text(&pair["chosen"]), text(&pair["summary"]))
                    .pass,
                "{pair}"
            );
            if rejected["pass"] == true {
                let gap = number(&chosen["score"]) - number(&rejected["score"]);
                close("gap", number(&pair["gap"]), gap, 1e-12);
                assert!(gap >= run.min_gap, "{gap} below {}", run.min_gap);
                let lengths = [chosen, rejected].map(|c| ids(&c["ids"]).len() as f64);
                let [longer, shorter] = [lengths[0].max(lengths[1]), lengths[0].min(lengths[1])];
                assert!(
                    longer - shorter <= number(&recipe["length_balance"]) * longer,
                    "{lengths:?}"
                );
                assert!(
                    guards
                        .check(text(&pair["rejected"]), text(&pair["summary"]))
                        .pass
                );
            } else {
                assert_eq!(set, "joint", "a content pair rejects a failing dialogue");
            }
        }
    }
    let counted = &run.shown["pairs"];
    for set in ["format", "content", "joint"] {
        assert_eq!(counted[set], run.pairs(set).len());
    }
    assert!(
        !run.pairs("format").is_empty() && !run.pairs("joint").is_empty(),
        "{counted}"
    );
    println!("checked {counted} pairs");
}

#[test]
fn stored_ids_are_the_texts_and_end_only_where_sampled() {
    let run = finished();
    let stops = &run.model.stop_ids;
    let decoded = |value: &Value| {
        run.model
            .decode(&ids(value))
            .expect("a text")
            .trim()
            .to_owned()
    };
    let rule = run.rule();
    for candidate in run.all("candidates/candidate") {
        assert_eq!(decoded(&candidate["ids"]), text(&candidate["text"]));
        let found = ids(&candidate["ids"]);
        let (last, before) = found.split_last().expect("ids");
        assert_eq!(
            stops.contains(last),
            candidate["ended"] == true,
            "{candidate}"
        );
        assert!(
            !before.iter().any(|id| stops.contains(id)),
            "a stop token in the middle: {candidate}"
        );
        let check = rule.check(text(&candidate["text"]), candidate["ended"] == true);
        assert_eq!(json!(check.pass), candidate["pass"]);
        assert_eq!(json!(check.rules), candidate["rules"]);
    }
    for pair in run.all("preferences/pair") {
        for side in ["chosen", "rejected"] {
            assert_eq!(decoded(&pair[format!("{side}_ids")]), text(&pair[side]));
        }
    }
}

#[test]
fn content_scores_are_what_the_score_command_gives() {
    let run = finished();
    let instruction = text(&run.shown["recipe"]["prompt_summarize"]);
    let scored: Vec<&Value> = run
        .all("candidates/candidate")
        .iter()
        .filter(|c| !c["score"].is_null())
        .step_by(5)
        .collect();
    let line = |c: &&Value| {
        let content = format!("{instruction}\n\n{}", text(&c["text"]));
        format!(
            "{}\n",
            json!({"messages": [{"role": "user", "content": content}], "completion": c["summary"]})
        )
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("score.jsonl");
    std::fs::write(&file, scored.iter().map(line).collect::<String>()).expect("a file");
    let answer =
        Workspace::new().ok(&["score", "--model", &run.folder, &file.display().to_string()]);
    assert_eq!(answer.lines.len(), scored.len() + 1);
    for (candidate, line) in scored.iter().zip(&answer.lines) {
        let expected = number(&line["logp_sum"]) / number(&line["n_tokens"]);
        close("score", number(&candidate["score"]), expected, 1e-4);
    }
    println!("compared {} scores", scored.len());
}

#[test]
fn accepted_dialogues_pass_and_the_others_are_counted() {
    let run = finished();
    let rule = run.rule();
    for dialogue in run.all("dialogues/dialogue") {
        assert!(rule.check(text(&dialogue["text"]), true).pass, "{dialogue}");
    }
    let tested = run.all("evaluate/test_dialogue");
    let results = run.shown["synthesizers"].as_array().expect("results");
    assert_eq!(results.len(), 6);
    for result in results {
        let name = text(&result["system"]);
        let ours: Vec<&Value> = tested.iter().filter(|d| d["system"] == name).collect();
        let passing = ours.iter().filter(|d| d["pass"] == true).count();
        assert_eq!(
            (json!(ours.len()), json!(passing)),
            (result["n"].clone(), result["accepted"].clone()),
            "{name}"
        );
        close(
            "format rate",
            number(&result["format_rate"]),
            passing as f64 / ours.len() as f64,
            1e-12,
        );
        let interval = wilson(passing, ours.len()).expect("an interval");
        close(
            "Wilson, low",
            number(&result["ci95"][0]),
            interval.low,
            1e-12,
        );
        close(
            "Wilson, high",
            number(&result["ci95"][1]),
            interval.high,
            1e-12,
        );
        for (key, only_passing) in [("scorer_ce_all", false), ("scorer_ce_passing", true)] {
            let counted = ours.iter().filter(|d| d["pass"] == true || !only_passing);
            let ces: Vec<f64> = counted
                .filter_map(|d| d["score"].as_f64())
                .map(|score| -score)
                .collect();
            match ces.len() {
                0 => assert!(result[key].is_null(), "{name}: {result}"),
                n => close(
                    key,
                    number(&result[key]),
                    ces.iter().sum::<f64>() / n as f64,
                    1e-12,
                ),
            }
        }
        let most = match name {
            "ids" => number(&run.shown["recipe"]["ids_max_iterations"]),
            "rejection" => number(&run.shown["recipe"]["rejection_max_tries"]),
            _ => 1.0,
        };
        for dialogue in ours {
            let tries = number(&dialogue["tries"]);
            // Line by line nothing is given up while the rule can be kept.
            let by_lines = name == "ids";
            assert!(
                tries >= 1.0 && (by_lines || tries <= most),
                "{name}: {tries} tries"
            );
            assert!(
                dialogue["pass"] == true || (!by_lines && tries == most),
                "{name} gave up early: {dialogue}"
            );
            let check = rule.check(text(&dialogue["text"]), dialogue["ended"] == true);
            assert_eq!(json!(check.pass), dialogue["pass"]);
        }
    }
}

#[test]
fn dialogues_under_the_grammar_are_lines_with_speakers() {
    let run = finished();
    let written = run.all("evaluate/test_dialogue");
    let dialogues_of = |system: &'static str| written.iter().filter(move |d| d["system"] == system);
    let mut speakers = BTreeSet::new();
    for dialogue in dialogues_of("sft_constrained") {
        // The token cap may cut a name; every line before it is complete.
        let lines: Vec<&str> = text(&dialogue["text"]).lines().collect();
        let whole = if dialogue["ended"] == true {
            lines.len()
        } else {
            lines.len() - 1
        };
        let parsed = Dialogue::parse(&lines[..whole].join("\n"));
        assert!(parsed.stray_lines().is_empty(), "{dialogue}");
        assert!(
            parsed.turns.iter().all(|turn| !turn.text.is_empty()),
            "{dialogue}"
        );
        let named = |name: &&str| text(&dialogue["summary"]).contains(*name);
        let shots = run.shots.iter().map(|(shot, _)| shot.as_str());
        let known = |name: &str| {
            shots
                .clone()
                .any(|shot| Dialogue::parse(shot).speakers().contains(&name))
        };
        assert!(
            parsed
                .speakers()
                .iter()
                .all(|name| named(name) || known(name)),
            "{dialogue}"
        );
        speakers.extend(parsed.speakers().iter().map(|name| (*name).to_owned()));
    }
    assert_eq!(
        dialogues_of("sft_constrained").count(),
        dialogues_of("sft").count()
    );
    assert!(!speakers.is_empty());
}

#[test]
fn every_figure_of_the_results_can_be_recomputed() {
    let run = finished();
    let outputs = run.all("evaluate/output");
    let outputs_of = |system: &str| {
        outputs
            .iter()
            .filter(|o| o["system"] == system)
            .collect::<Vec<_>>()
    };
    let columns = |system: &str| -> BTreeMap<&str, Vec<f64>> {
        let mut columns: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for output in outputs_of(system) {
            let references: Vec<String> =
                serde_json::from_value(output["references"].clone()).expect("texts");
            let each = score_each(
                &references,
                text(&output["prediction"]),
                RougeOptions::default(),
            );
            let (average, top) = (mean(&each).expect("a score"), best(&each).expect("a score"));
            let mut put = |name, value| columns.entry(name).or_default().push(value);
            put("rouge1", average.rouge1.fmeasure);
            put("rouge2", average.rouge2.fmeasure);
            put("rougeL", average.rouge_l.fmeasure);
            put("rouge1_best", top.rouge1.fmeasure);
            put("rouge2_best", top.rouge2.fmeasure);
            put("rougeL_best", top.rouge_l.fmeasure);
            if let Some(ce) = output["reference_ce"].as_f64() {
                put("reference_ce", ce);
            }
        }
        columns
    };
    let average = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let real = columns("sft_real");
    let results = run.shown["results"].as_array().expect("results");
    let (lines, written): (Vec<&Value>, Vec<&Value>) = results
        .iter()
        .partition(|result| result["mean_tokens"].is_null());
    assert_eq!(
        lines.len(),
        2,
        "lines of the conversation, which no model wrote"
    );
    let systems = run.shown["recipe"]["systems"].as_array().expect("systems");
    let asked: Vec<&Value> = systems
        .iter()
        .filter(|system| lines.iter().all(|line| line["system"] != **system))
        .collect();
    assert_eq!(
        written.iter().map(|r| &r["system"]).collect::<Vec<_>>(),
        asked
    );
    for result in written {
        let system = text(&result["system"]);
        assert_eq!(result["n"], outputs_of(system).len());
        for (name, values) in columns(system) {
            close(name, number(&result[name]["mean"]), average(&values), 1e-12);
            let [low, high] = [0, 1].map(|end| number(&result[name]["ci95"][end]));
            let reach = values
                .iter()
                .copied()
                .fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
            assert!(
                reach.0 - 1e-12 <= low && low <= high && high <= reach.1 + 1e-12,
                "{system} {name}"
            );
            let versus = &result["vs_sft_real"][name];
            if system == "sft_real" || name.ends_with("_best") {
                assert!(versus.is_null(), "{system} {name}: {versus}");
            } else {
                let differences: Vec<f64> =
                    values.iter().zip(&real[name]).map(|(a, b)| a - b).collect();
                close(name, number(&versus["diff"]), average(&differences), 1e-12);
            }
        }
        let tokens: Vec<f64> = outputs_of(system)
            .iter()
            .map(|o| number(&o["tokens"]))
            .collect();
        close(
            "tokens",
            number(&result["mean_tokens"]),
            average(&tokens),
            1e-12,
        );
    }
    println!(
        "recomputed {} systems on {} outputs",
        results.len(),
        outputs.len()
    );
}

#[test]
fn trainings_say_why_they_ended() {
    let run = finished();
    let recipe = &run.shown["recipe"];
    let (sft_lr, stop_lr) = (number(&recipe["sft_lr"]), number(&recipe["stage1_stop_lr"]));
    let known = ["plateau_lr", "reductions", "early_stop", "max_updates"];
    assert!(known.contains(&text(&run.shown["summarizer"]["stage1"]["ended_by"])));
    let adapters = BEFORE_EVALUATE.iter().flat_map(|(stage, kinds)| {
        kinds
            .iter()
            .filter(|kind| **kind == "adapter")
            .flat_map(move |_| run.all(&format!("{stage}/adapter")))
    });
    let mut trainings = 0;
    for training in adapters.flat_map(|adapter| adapter["trainings"].as_array().expect("trainings"))
    {
        let ended_by = text(&training["ended_by"]);
        assert!(known.contains(&ended_by), "{training}");
        assert!(
            number(&training["lr_last"]) <= number(&training["lr"]),
            "{training}"
        );
        if ended_by == "plateau_lr" {
            let stop = stop_lr * number(&training["lr"]) / sft_lr;
            assert!(number(&training["lr_last"]) <= stop, "{training}");
        }
        trainings += 1;
    }
    assert!(trainings >= 10, "{trainings} trainings");
}

#[test]
fn synthetic_summaries_are_new() {
    let run = finished();
    let words = |summary: &str| tokenize(summary, RougeOptions::default());
    let mut seen: Vec<Vec<String>> = run
        .shots
        .iter()
        .map(|(_, summary)| words(summary))
        .collect();
    let limit = number(&run.shown["recipe"]["novelty_rouge_l"]);
    for summary in run.all("summaries/summary") {
        let ours = words(text(&summary["text"]));
        let nearest = seen
            .iter()
            .map(|earlier| rouge_l(earlier, &ours).fmeasure)
            .fold(0.0, f64::max);
        assert!(
            nearest < limit,
            "{summary} is {nearest} like an earlier one"
        );
        seen.push(ours);
    }
}

#[test]
fn test_texts_occur_in_nothing_that_is_learnt() {
    let run = finished();
    let fenced: Vec<Value> = rows()
        .into_iter()
        .filter(|row| row["split"] == "test")
        .collect();
    assert!(!fenced.is_empty());
    // As JSON writes them, so that line ends compare.
    let inside = |text: &str| json!(text).to_string().trim_matches('"').to_owned();
    let needles: Vec<String> = fenced
        .iter()
        .flat_map(|row| {
            [
                inside(&canonical(text(&row["dialogue"]))),
                inside(text(&row["summary"]).trim()),
            ]
        })
        .collect();
    for (stage, kinds) in BEFORE_EVALUATE {
        for item in kinds
            .iter()
            .flat_map(|kind| run.all(&format!("{stage}/{kind}")))
        {
            let item = item.to_string();
            assert!(
                !needles.iter().any(|needle| item.contains(needle.as_str())),
                "{stage}: {item}"
            );
        }
    }
    let tested = run
        .all("evaluate/output")
        .iter()
        .map(Value::to_string)
        .collect::<String>();
    assert!(
        needles
            .iter()
            .any(|needle| tested.contains(needle.as_str())),
        "the search finds what is there"
    );
}

#[test]
fn other_test_texts_change_nothing_before_evaluate() {
    let (model, whole) = (model(), uninterrupted());
    let mut changed = rows();
    for row in changed.iter_mut().filter(|row| row["split"] == "test") {
        row["dialogue"] = json!(format!(
            "Ilse: This is another call.\n{}",
            text(&row["dialogue"])
        ));
        row["summary"] = json!(format!("Another call. {}", text(&row["summary"])));
    }
    let workspace = Workspace::with(&changed);
    let args = run_args(
        &model.display().to_string(),
        SEED,
        &[FEW_SYSTEMS],
        &["--until", "summarizer"],
    )
    .iter()
    .map(|arg| (*arg).to_owned())
    .collect::<Vec<_>>();
    workspace.ok(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let hashes = workspace.hashes(RUN);
    assert_eq!(hashes.len(), BEFORE_EVALUATE.len());
    for (stage, hash) in hashes {
        assert_eq!(
            hash, whole.hashes[&stage],
            "{stage} depends on the test split"
        );
    }
    // The reuse between runs is fenced in the same way: only `evaluate` asks for the test split.
    let resumed = workspace.ok(&["resume", RUN]);
    assert_eq!(resumed.stages("running"), ["evaluate"]);
    assert_ne!(workspace.hashes(RUN)["evaluate"], whole.hashes["evaluate"]);
}
