//! Files, grids, cells in the queue, and what comparisons say about invented scores.

use std::collections::BTreeMap;

use contract::problem::RunProblem;
use contract::{
    DeviceChoice, ErrorReport, ExperimentComparison, ExperimentPreset, ExperimentStanding,
    Language, Outcome, Problem, ResultMetric, RunId, RunStanding, RunStatus, StageName, System,
};
use host::Liveness;
use serde_json::json;
use store::{NewDataset, NewRun};

use super::compare::comparisons;
use super::domains::Transfer;
use super::grid::{Arm, arms, cells};
use super::kept::{Now, cell_rows};
use super::preset::{Filling, described, filled};
use super::scores::CellScores;
use super::spec::Spec;
use super::table::table;
use crate::document::{Subject, page};
use crate::session::Session;

const HEAD: &str = "schema = 1\nname = \"e\"\ndatasets = [\"d\"]\nmodels = [\"m\"]\nseeds = 2\n";

fn spec(text: &str) -> Spec {
    Spec::from_toml(&format!("{HEAD}{text}")).unwrap()
}

fn names(arms: &[Arm]) -> Vec<&str> {
    arms.iter().map(|arm| arm.name.as_str()).collect()
}

#[test]
fn every_preset_is_a_whole_experiment() {
    for preset in ExperimentPreset::ALL {
        let asked = described(*preset).unwrap();
        assert_eq!(asked.name, preset.as_str());
        assert!(asked.question.ends_with('?'), "{preset}");
        let filling = Filling {
            datasets: vec!["d".into()],
            models: vec!["m".into()],
            seeds: Some(2),
            within: Some("8h".parse().unwrap()),
            set: vec!["sft_max_epochs=3".into()],
            ..Filling::default()
        };
        let spec = filled(*preset, filling).unwrap();
        assert_eq!(Spec::from_toml(&spec.to_toml().unwrap()).unwrap(), spec);
        let arms = arms(&spec).unwrap();
        let cells = cells(&spec, &arms).unwrap();
        assert!(arms.iter().all(|arm| arm.unknown.is_empty()), "{preset}");
        assert!(!cells.is_empty(), "{preset}");
        assert!(cells.iter().all(|cell| cell.recipe.sft_max_epochs == 3));
    }
    let curve = arms(&described(ExperimentPreset::LearningCurve).unwrap()).unwrap();
    assert_eq!(curve.len(), 12);
    assert_eq!(curve[0].name, "shots=12, synthetic_per_shot=1");
}

#[test]
fn axes_are_combined_in_three_ways() {
    let axes = "[[axis]]\nfield = \"lora_rank\"\nvalues = [4, 8]\n[[axis]]\nname = \"loss\"\nvalues = [
        { label = \"plain\", set = { dpo_loss = \"sigmoid\" } }, { label = \"robust\", set = { dpo_loss = \"robust\" } }]\n";
    let with_mode = |mode: &str| arms(&spec(&format!("mode = \"{mode}\"\n{axes}"))).unwrap();
    let product = with_mode("product");
    assert_eq!(
        names(&product),
        [
            "lora_rank=4, plain",
            "lora_rank=4, robust",
            "lora_rank=8, plain",
            "lora_rank=8, robust"
        ]
    );
    let recipe = product[3].recipe.as_ref().unwrap();
    assert_eq!(recipe.lora_rank, 8);
    assert_eq!(product[3].labels["loss"], "robust");
    let alone = with_mode("one_at_a_time");
    assert_eq!(
        names(&alone),
        ["base", "lora_rank=4", "lora_rank=8", "plain", "robust"]
    );
    // The default loss is what the base has.
    assert_eq!(alone[3].same_as.as_deref(), Some("base"));
    assert_eq!(
        names(&with_mode("zip")),
        ["lora_rank=4, plain", "lora_rank=8, robust"]
    );
    let alone = spec(&format!("mode = \"one_at_a_time\"\n{axes}"));
    let cells = cells(&alone, &arms(&alone).unwrap()).unwrap();
    assert_eq!(
        cells.len(),
        4 * 2,
        "an arm with the recipe of another has no cells"
    );
    assert_eq!(
        (cells[0].seed, cells[4].seed),
        (1, 2),
        "arms of a seed behind each other"
    );
    assert_eq!(names(&arms(&spec("")).unwrap()), ["base"]);
}

#[test]
fn a_wrong_file_is_refused_by_its_key() {
    let refused = |text: &str, wanted: &str| {
        let refusal = Spec::from_toml(text).and_then(|spec| {
            let arms = arms(&spec)?;
            cells(&spec, &arms).map(drop)
        });
        let message = refusal.expect_err(text).to_string();
        assert!(message.contains(wanted), "{text}: {message}");
        assert!(message.len() < 320, "{message}");
    };
    let more = |text: &str, wanted: &str| refused(&format!("{HEAD}{text}"), wanted);
    refused("schema = 2\nname = \"e\"", "schema = 2");
    refused("schema = 1\nname = \"a/b\"", "a/b");
    refused("schema = 1\nname = \"e\"", "datasets");
    refused("schema = 1\nname = \"e\"\nseeds = []", "seeds");
    more("sedes = 3", "sedes");
    more("within = \"soon\"", "soon");
    more("preset = \"small\"\nrecipe = \"r.toml\"", "exclude");
    more("[base]\nshots = 0", "shots");
    more("[base]\nno_such = 1", "no_such");
    more("[[axis]]\nvalues = [1]", "number 1");
    more("[[axis]]\nname = \"a\"\nvalues = [1]", "number 1");
    more("[[axis]]\nfield = \"shots\"\nvalues = []", "values");
    more("[[axis]]\nfield = \"shots\"\nvalues = [0]", "shots");
    more(
        "mode = \"zip\"\n[[axis]]\nfield = \"shots\"\nvalues = [1]\n[[axis]]\nfield = \"lora_rank\"\nvalues = [1, 2]",
        "zip",
    );
    more(
        "systems = [\"lead_3\"]\n[[compare]]\nof = { system = \"sft_real\" }\nto = { system = \"lead_3\" }",
        "sft_real",
    );
    more(
        "[[compare]]\nof = { system = \"sft_real\", arm = { rank = \"4\" } }\nto = { system = \"lead_3\" }",
        "rank = 4",
    );
    more("[limits]\nmax_runs = 1", "max_runs");
    let long = format!("{HEAD}{} = 1", "x".repeat(5000));
    refused(&long, "line 6");
}

#[test]
fn a_recipe_file_becomes_a_part_of_the_experiment() {
    let spec = spec("recipe = \"mine.toml\"\n[base]\nshots = 7");
    let whole = spec.with_recipe("shots = 9\nlora_rank = 4").unwrap();
    assert_eq!(whole.recipe, None);
    let arms = arms(&whole).unwrap();
    let recipe = arms[0].recipe.as_ref().unwrap();
    assert_eq!((recipe.shots, recipe.lora_rank), (7, 4));
    let typed = cells(&whole, &arms).unwrap()[0].typed;
    assert!(typed.shots && !typed.validation);
}

/// Ten items; `real` of each seed, and `main` above it by the seed's gain.
fn scored(arm: &str, dataset: &str, seed: u64, gain: f64) -> CellScores {
    let items: Vec<String> = (0..10).map(|item| format!("i{item}")).collect();
    let real: Vec<f64> = (0..10).map(|item| 0.2 + 0.01 * f64::from(item)).collect();
    // A little noise that differs from item to item and from seed to seed.
    let noise = |item: usize| 0.002 * ((item as u64 * 7 + seed * 3) % 5) as f64;
    let main: Vec<f64> = real
        .iter()
        .enumerate()
        .map(|(item, score)| score + gain + noise(item))
        .collect();
    let rouge1 = |scores: Vec<f64>| BTreeMap::from([(ResultMetric::Rouge1, scores)]);
    CellScores {
        arm: arm.into(),
        dataset: dataset.into(),
        model: "m".into(),
        seed,
        items,
        systems: BTreeMap::from([
            (System::Lead3, rouge1(vec![0.31; 10])),
            (System::SftReal, rouge1(real)),
            (System::MrdsSeparate, rouge1(main)),
        ]),
        synthesizers: Vec::new(),
        seconds_per_accepted: BTreeMap::new(),
        judge: None,
    }
}

const AGAINST_REAL: &str =
    "[[compare]]\nof = { system = \"mrds_separate\" }\nto = { system = \"sft_real\" }\n";

#[test]
fn a_comparison_says_what_it_came_to() {
    let spec = spec(AGAINST_REAL);
    let arms = arms(&spec).unwrap();
    let compared = |gains: &[f64]| {
        let cells: Vec<CellScores> = gains
            .iter()
            .zip(1..)
            .map(|(gain, seed)| scored("base", "d", seed, *gain))
            .collect();
        comparisons(&spec, &arms, &cells)
    };
    let (found, verdicts) = compared(&[0.05, 0.052]);
    assert_eq!((found.len(), found[0].seeds, found[0].items), (1, 2, 10));
    assert!(found[0].complete && found[0].p == found[0].p_holm);
    assert_eq!(found[0].verdict, Some(verdicts[0].code));
    let sentence = &verdicts[0].text;
    assert!(
        sentence.en.contains("mrds_separate") && sentence.en.contains("2 seeds"),
        "{}",
        sentence.en
    );
    // 0.245 and its gain stay below the first three lines.
    assert!(
        verdicts[0].below_lines && sentence.en.contains("first three lines"),
        "{}",
        sentence.en
    );
    assert!(
        sentence.de.contains("ersten drei Zeilen") && sentence.de.contains("31,0"),
        "{}",
        sentence.de
    );
    // Nobody peeks: one of two seeds gives a difference but no p-value.
    let (found, verdicts) = compared(&[0.05]);
    assert!(!found[0].complete && verdicts.is_empty());
    assert_eq!(
        (found[0].p, found[0].p_holm, found[0].verdict),
        (None, None, None)
    );
    assert!((found[0].diff - 0.054).abs() < 1e-9);
    let (_, verdicts) = compared(&[-0.004, -0.0035]);
    assert_eq!(
        verdicts[0].code,
        Outcome::Same,
        "within the margin: {}",
        verdicts[0].text.en
    );
    let identical = |seed| CellScores {
        systems: scored("base", "d", 1, 0.0)
            .systems
            .into_keys()
            .map(|system| {
                (
                    system,
                    BTreeMap::from([(ResultMetric::Rouge1, vec![0.3; 10])]),
                )
            })
            .collect(),
        ..scored("base", "d", seed, 0.0)
    };
    let (_, verdicts) = comparisons(&spec, &arms, &[identical(1), identical(2)]);
    assert_eq!(verdicts[0].code, Outcome::Identical);
}

#[test]
fn families_are_adjusted_by_data_set_and_lines_go_with_every_seed() {
    let text = "systems = [\"lead_3\", \"sft_real\", \"mrds_separate\"]\n".to_owned()
        + AGAINST_REAL
        + "[[compare]]\nof = { system = \"mrds_separate\" }\nto = { system = \"lead_3\" }\n";
    let spec = Spec::from_toml(&format!(
        "schema = 1\nname = \"e\"\ndatasets = [\"d\", \"f\"]\nmodels = [\"m\"]\nseeds = 2\n{text}"
    ))
    .unwrap();
    let arms = arms(&spec).unwrap();
    let cells: Vec<CellScores> = [
        ("d", 1, 0.05),
        ("d", 2, 0.06),
        ("f", 1, 0.0),
        ("f", 2, 0.08),
    ]
    .into_iter()
    .map(|(dataset, seed, gain)| scored("base", dataset, seed, gain))
    .collect();
    let (found, verdicts) = comparisons(&spec, &arms, &cells);
    let on = |dataset: Option<&str>| -> Vec<&ExperimentComparison> {
        found
            .iter()
            .filter(|found| found.dataset.as_deref() == dataset)
            .collect()
    };
    assert_eq!(
        (on(Some("d")).len(), on(Some("f")).len(), on(None).len()),
        (2, 2, 2)
    );
    assert_eq!(verdicts.len(), 4, "what is over the data sets is described");
    let of_d: Vec<f64> = on(Some("d")).iter().filter_map(|found| found.p).collect();
    let adjusted: Vec<f64> = on(Some("d"))
        .iter()
        .filter_map(|found| found.p_holm)
        .collect();
    assert_eq!(
        adjusted,
        metrics::significance::holm(&of_d),
        "each data set is a family"
    );
    let over = on(None);
    let mean = f64::midpoint(on(Some("d"))[0].diff, on(Some("f"))[0].diff);
    assert!((over[0].diff - mean).abs() < 1e-12 && over[0].p.is_none());
    // What is not there yet holds its whole family back.
    let (early, none) = comparisons(&spec, &arms, &cells[..3]);
    let told = |dataset: &str| {
        early
            .iter()
            .filter(|found| found.dataset.as_deref() == Some(dataset) && found.p.is_some())
            .count()
    };
    assert_eq!((told("d"), told("f"), none.len()), (2, 0, 2));
    // The lines have one row, which no seed changes.
    assert_eq!(on(Some("d"))[1].seeds, 2);
    let rows = table(&arms, &cells);
    let lines = rows.iter().find(|row| row.system == System::Lead3).unwrap();
    assert_eq!((lines.seeds, lines.sd), (1, None));
    assert!((lines.mean - 0.31).abs() < 1e-12);
    let real = rows
        .iter()
        .find(|row| row.system == System::SftReal)
        .unwrap();
    assert_eq!((real.seeds, real.items, real.by_seed.len()), (2, 10, 2));
}

#[test]
fn an_arm_is_compared_with_the_arm_that_is_named() {
    let axis = "[[axis]]\nname = \"rank\"\nvalues = [{ label = \"low\", set = { lora_rank = 2 } },
        { label = \"high\", set = { lora_rank = 32 } }, { label = \"usual\", set = { lora_rank = 16 } }]\n";
    let to = "[[compare]]\nof = { system = \"mrds_separate\" }\nto = { system = \"mrds_separate\", arm = { rank = \"low\" } }\n";
    let spec = spec(&format!("{axis}{to}"));
    let arms = arms(&spec).unwrap();
    let cells: Vec<CellScores> = [("low", 0.0), ("high", 0.03), ("usual", 0.02)]
        .into_iter()
        .flat_map(|(arm, gain)| [1, 2].map(|seed| scored(arm, "d", seed, gain)))
        .collect();
    let (found, verdicts) = comparisons(&spec, &arms, &cells);
    let sides: Vec<(&str, &str)> = found
        .iter()
        .map(|found| (found.of.arm.as_str(), found.to.arm.as_str()))
        .collect();
    assert_eq!(
        sides,
        [("high", "low"), ("usual", "low")],
        "not with itself"
    );
    assert!((found[0].diff - 0.03).abs() < 1e-12);
    assert!(
        verdicts[0].text.en.contains("mrds_separate (high)"),
        "{}",
        verdicts[0].text.en
    );
}

fn nobody(_: &host::Identity) -> Liveness {
    Liveness::Gone
}

const NOW: Now<'static> = Now {
    now_ms: 9,
    liveness: &nobody,
};

/// A workspace with an experiment of two cells, whose runs are there.
fn workspace() -> (tempfile::TempDir, Session) {
    let dir = tempfile::tempdir().unwrap();
    let session = Session::open(dir.path()).unwrap();
    let dataset = NewDataset {
        name: "d".into(),
        format: "json".into(),
        mapping: json!({}),
        created_at_ms: 1,
    };
    let dataset_id = session.store.insert_dataset(&dataset, &[]).unwrap().id;
    let spec = spec("[base]\nsystems = [\"lead_3\"]");
    let cells = cells(&spec, &arms(&spec).unwrap()).unwrap();
    let mut rows = cell_rows(&cells, &[]).unwrap();
    for (cell, row) in cells.iter().zip(&mut rows) {
        let id = format!("d-{}", cell.seed);
        session
            .store
            .insert_run(&NewRun {
                id: id.clone().into(),
                dataset_id,
                model_path: String::new(),
                model_id: "m".into(),
                model_name: "m".into(),
                model_parameters: 1,
                recipe: cell.recipe.to_toml().unwrap(),
                seed: cell.seed,
                shots: json!({}),
                threads: 1,
                device: DeviceChoice::Cpu,
                version: String::new(),
                created_at_ms: 1,
                stages: StageName::ALL,
            })
            .unwrap();
        row.run_id = Some(id.into());
    }
    session.keep_experiment(&spec, &rows, None, 5).unwrap();
    (dir, session)
}

#[test]
fn cells_wait_in_the_queue_of_all_runs() {
    let (_dir, session) = workspace();
    let standing = || session.experiments(NOW).unwrap()[0].status;
    assert_eq!(standing(), ExperimentStanding::Planned);
    assert_eq!(session.enqueue_experiment(&"e".into(), NOW).unwrap(), 2);
    let queue: Vec<RunId> = session
        .queue()
        .unwrap()
        .into_iter()
        .map(|row| row.run_id)
        .collect();
    assert_eq!(queue, ["d-1", "d-2"]);
    assert_eq!(
        session.next_cell(&"e".into()).unwrap().as_deref(),
        Some("d-1")
    );
    assert_eq!(standing(), ExperimentStanding::Queued);
    session.pause_experiment(&"e".into(), NOW).unwrap();
    assert!(session.queue().unwrap().is_empty());
    let paused = |run: &str, status| {
        session
            .store
            .set_run_status(&run.into(), status, None, 6)
            .unwrap()
    };
    paused("d-1", RunStatus::Paused);
    assert_eq!(standing(), ExperimentStanding::Paused);
    session.cancel_experiment(&"e".into(), NOW).unwrap();
    assert_eq!(standing(), ExperimentStanding::Cancelled);
    assert_eq!(
        session.enqueue_experiment(&"e".into(), NOW).unwrap(),
        0,
        "stopped for good"
    );
    let report = session.experiment_report(&"e".into(), NOW).unwrap();
    assert_eq!(
        (report.cells.len(), report.done, report.table.len()),
        (2, 0, 0)
    );
    assert_eq!(report.cells[0].status, RunStanding::Cancelled);
    // A changed file keeps the runs of the cells that it still asks for.
    let changed = spec("[base]\nsystems = [\"lead_3\"]\n[limits]\nmax_runs = 9");
    let kept = session.experiment(&"e".into()).unwrap();
    let again = cells(&changed, &arms(&changed).unwrap()).unwrap();
    assert_eq!(cell_rows(&again, &kept.cells).unwrap(), kept.cells);
    let other = spec("[base]\nsystems = [\"lead_3\"]\nlora_rank = 4");
    let other = cells(&other, &arms(&other).unwrap()).unwrap();
    assert!(
        cell_rows(&other, &kept.cells)
            .unwrap()
            .iter()
            .all(|row| row.run_id.is_none())
    );
    assert_eq!(
        session.delete_experiment(&"e".into(), true, NOW).unwrap(),
        2
    );
    assert!(session.runs().unwrap().is_empty() && session.experiment(&"e".into()).is_err());
}

#[test]
fn two_failures_of_a_kind_pause_an_experiment() {
    let (_dir, session) = workspace();
    session.enqueue_experiment(&"e".into(), NOW).unwrap();
    let problem = Problem::from(RunProblem::ModelChanged { file: "m".into() });
    let fail = |run: &str| {
        let report = Some(ErrorReport::from(problem.clone()));
        session.store.dequeue(&run.into()).unwrap();
        session
            .store
            .set_run_status(&run.into(), RunStatus::Failed, report, 7)
            .unwrap();
    };
    fail("d-1");
    assert_eq!(
        session.stop_after_failures(&"d-1".into()).unwrap(),
        None,
        "its own cell alone"
    );
    assert_eq!(session.queue().unwrap().len(), 1);
    fail("d-2");
    session
        .enqueue(&store::QueueRow {
            run_id: "d-1".into(),
            from_stage: None,
            until_stage: None,
        })
        .unwrap();
    assert_eq!(
        session
            .stop_after_failures(&"d-2".into())
            .unwrap()
            .as_deref(),
        Some("e")
    );
    assert!(session.queue().unwrap().is_empty());
    let report = session.experiment_report(&"e".into(), NOW).unwrap();
    assert_eq!(report.status, ExperimentStanding::Failed);
    assert_eq!(
        report.cells[1].error,
        Some(contract::ErrorCode::ModelChanged)
    );
    assert_eq!(
        session.stop_after_failures(&"no such run".into()).unwrap(),
        None
    );
}

#[test]
fn a_report_tells_what_an_experiment_came_to_and_what_it_cannot_show() {
    let (_dir, session) = workspace();
    let mut document = session.report_of_experiment(&"e".into(), NOW).unwrap();
    let limits: Vec<&str> = document
        .limits
        .iter()
        .map(|limit| limit.en.as_str())
        .collect();
    assert!(
        limits[1].starts_with("Only 0 of 2 cells are done"),
        "{limits:?}"
    );
    let text = serde_json::to_string(&document).unwrap();
    let checked = session.check_report(&text, NOW).unwrap();
    assert!(checked.equal, "{:?}", checked.mismatches);
    let Subject::Experiment(subject) = &mut document.subject else {
        panic!("an experiment");
    };
    let spec = spec(AGAINST_REAL);
    let arms = arms(&spec).unwrap();
    let scores = [1, 2].map(|seed| scored("base", "d", seed, 0.05));
    let report = &mut subject.experiment;
    (report.comparisons, report.verdicts) = comparisons(&spec, &arms, &scores);
    report.table = table(&arms, &scores);
    let sentences = report.verdicts[0].text.clone();
    let english = page::markdown(&document, Language::English).unwrap();
    assert!(
        english.contains(&sentences.en) && english.contains("+5.40"),
        "{english}"
    );
    let german = page::html(&document, Language::German).unwrap();
    assert!(
        german.contains("Vergleiche") && german.contains("+5,4"),
        "{german}"
    );
    assert!(
        !german.contains("<script") && !german.contains("://"),
        "{german}"
    );
}

#[test]
fn domains_stand_side_by_side_with_the_difference_of_their_gains() {
    let text = format!("systems = [\"lead_3\", \"sft_real\", \"mrds_separate\"]\n{AGAINST_REAL}");
    let spec = Spec::from_toml(&format!(
        "schema = 1\nname = \"e\"\ndatasets = [\"chat\", \"clinic\"]\nmodels = [\"m\"]\nseeds = 2\n{text}"
    ))
    .unwrap();
    let arms = arms(&spec).unwrap();
    let cells: Vec<CellScores> = [
        ("chat", 1, 0.05),
        ("chat", 2, 0.052),
        ("clinic", 1, 0.0),
        ("clinic", 2, 0.002),
    ]
    .into_iter()
    .map(|(dataset, seed, gain)| scored("base", dataset, seed, gain))
    .collect();
    let transfer = || {
        let (found, _) = comparisons(&spec, &arms, &cells);
        Transfer::new(&found, &table(&arms, &cells), &cells)
    };
    let found = transfer();
    let names: Vec<&str> = found
        .domains
        .iter()
        .map(|domain| domain.dataset.as_str())
        .collect();
    assert_eq!(names, ["chat", "clinic"]);
    assert!(
        (found.domains[0].gain - 0.055).abs() < 1e-9,
        "{:?}",
        found.domains[0]
    );
    assert!(found.domains[0].lead_3.is_some() && found.domains[0].zero_shot.is_none());
    assert!(
        found.domains[0].sentence.en.starts_with("On chat "),
        "{}",
        found.domains[0].sentence.en
    );
    let [difference] = found.gain_differences.as_slice() else {
        panic!("one pair of data sets");
    };
    assert_eq!(
        (difference.of.as_str(), difference.to.as_str()),
        ("chat", "clinic")
    );
    assert!((difference.diff - 0.05).abs() < 1e-9 && difference.p < Some(0.05));
    assert!(
        difference
            .sentence
            .en
            .contains("5.0 points more on chat than on clinic"),
        "{}",
        difference.sentence.en
    );
    assert!(
        difference.sentence.de.contains("5,0"),
        "{}",
        difference.sentence.de
    );
    // One data set is not a transfer.
    let alone = Transfer::new(&comparisons(&spec, &arms, &cells[..2]).0, &[], &cells[..2]);
    assert!(alone.domains.is_empty() && alone.gain_differences.is_empty());
}
