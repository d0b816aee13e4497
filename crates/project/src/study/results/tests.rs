//! The whole invented study of `tests/golden/study_results`, and the one beside the repository where it is at hand: every
//! number to the tolerance of its README, every sentence exactly.

use std::path::{Path, PathBuf};

use contract::{Outcome, StudyPlan, Words};
use serde::Deserialize;
use serde_json::Value;

use super::super::export::{self, TableFormat};
use super::super::import;
use super::super::record::{GivenScore, RatedDialogue, RatedItem, StudyRecord};
use super::results;
use crate::verdict::{Finding, Measure, Repeats, Rules, judge};

/// Numbers; p-values are held to a tenth of it.
const TOLERANCE: f64 = 1e-9;

fn folders() -> Vec<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    let golden = std::env::var_os("DUOLOGUE_GOLDEN").map_or(repository, PathBuf::from);
    let beside = duologue_tests::shared("golden/study_results");
    [Some(golden.join("study_results")), beside]
        .into_iter()
        .flatten()
        .collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Everything expected is found: fields, lists of the same length, numbers within the tolerance.
fn compare(path: &str, found: &Value, expected: &Value, wrong: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (key, expected) in expected {
                let path = format!("{path}.{key}");
                match found.get(key.as_str()) {
                    Some(found) => compare(&path, found, expected, wrong),
                    None => wrong.push(format!("{path} is missing")),
                }
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            if found.len() != expected.len() {
                wrong.push(format!("{path}: {} of {}", found.len(), expected.len()));
            }
            for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                compare(&format!("{path}[{i}]"), found, expected, wrong);
            }
        }
        (Value::Number(found), Value::Number(expected)) => {
            let is_p = path.ends_with(".p") || path.ends_with(".p_holm");
            let tolerance = if is_p { TOLERANCE / 10.0 } else { TOLERANCE };
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            if (found - expected).abs() > tolerance {
                wrong.push(format!("{path}: {found}, expected {expected}"));
            }
        }
        _ if found == expected => {}
        _ => wrong.push(format!("{path}: {found}, expected {expected}")),
    }
}

#[test]
fn every_number_of_the_results_page() {
    for folder in folders() {
        let record = import::read(&folder).unwrap();
        let found = serde_json::to_value(results(&record)).unwrap();
        let mut wrong = Vec::new();
        compare(
            "results",
            &found,
            &json(&folder.join("results.json")),
            &mut wrong,
        );
        let pairs = json(&folder.join("pair_results.json"));
        compare("pairs", found.get("pairs").unwrap(), &pairs, &mut wrong);
        assert!(
            wrong.is_empty(),
            "{}:\n{}",
            folder.display(),
            wrong.join("\n")
        );
    }
}

#[derive(Deserialize)]
struct Case {
    input: Input,
    outcome: Outcome,
    settle: contract::Settle,
    sentence: Words,
}

#[derive(Deserialize)]
struct Input {
    dialogues: usize,
    sd: f64,
    diff: f64,
    ci95: [f64; 2],
    ci90: [f64; 2],
    p: f64,
    p_holm: f64,
    dialogues_needed: Option<usize>,
    #[serde(default)]
    by_rater: Vec<Rater>,
    raters_split: bool,
    a: String,
    b: String,
    criterion: Words,
    raters: usize,
    family: usize,
    margin: f64,
    delta: f64,
    available: usize,
}

#[derive(Deserialize)]
struct Rater {
    rater: String,
    ci95: [f64; 2],
}

#[test]
fn every_outcome_in_both_languages() {
    for folder in folders() {
        let bytes = std::fs::read(folder.join("sentences.json")).unwrap();
        let cases: Vec<Case> = serde_json::from_slice(&bytes).unwrap();
        assert!(cases.len() > 7);
        for case in cases {
            let input = &case.input;
            let first = |is_clear: &dyn Fn([f64; 2]) -> bool| {
                let clear = input.by_rater.iter().find(|rater| is_clear(rater.ci95));
                clear.map(|rater| rater.rater.as_str())
            };
            let split = first(&|[low, _]| low > 0.0).zip(first(&|[_, high]| high < 0.0));
            assert_eq!(split.is_some(), input.raters_split);
            let finding = Finding {
                a: &input.a,
                b: &input.b,
                measure: Measure::Points {
                    name: &input.criterion,
                    higher_is_better: true,
                },
                repeats: Repeats::Raters(input.raters),
                dialogues: input.dialogues,
                diff: input.diff,
                is_identical: input.sd == 0.0 && input.diff == 0.0,
                ci95: input.ci95,
                ci90: input.ci90,
                p: input.p,
                p_holm: input.p_holm,
                dialogues_needed: input.dialogues_needed,
                split,
            };
            let rules = Rules {
                alpha: 0.05,
                family: input.family,
                margin: input.margin,
                delta: input.delta,
                available: input.available,
            };
            let found = judge(&finding, &rules);
            assert_eq!(found.sentence, case.sentence);
            assert_eq!((found.outcome, found.settle), (case.outcome, case.settle));
        }
    }
}

/// Public ratings of people: a summary with what each annotator gave it, 0 for nothing.
#[derive(Deserialize)]
struct Rated {
    id: String,
    model_id: String,
    summary: String,
    #[serde(alias = "expert_annotations")]
    annotations: Vec<std::collections::BTreeMap<String, u8>>,
}

/// What the Python packages say about one criterion of them.
#[derive(Deserialize)]
struct Published {
    alpha: PublishedAlpha,
    exact_agreement_rate: f64,
}

#[derive(Deserialize)]
struct PublishedAlpha {
    ordinal: f64,
}

/// A study of public ratings, in which every annotator rates every summary in the file's order.
fn public_study(title: &str, lines: &[Rated]) -> StudyRecord {
    let distinct = |names: Vec<&String>| {
        let mut names: Vec<String> = names.into_iter().cloned().collect();
        names.sort();
        names.dedup();
        names
    };
    let dialogues = distinct(lines.iter().map(|line| &line.id).collect());
    let systems = distinct(lines.iter().map(|line| &line.model_id).collect());
    let criteria: Vec<String> = lines[0].annotations[0].keys().cloned().collect();
    let mut items: Vec<RatedItem> = Vec::new();
    let mut scores = Vec::new();
    for line in lines {
        let d = dialogues.iter().position(|id| *id == line.id).unwrap() as u32;
        // Systems that wrote the same text were rated apart here, so they stay apart.
        let i = items.len() as u32;
        items.push(RatedItem {
            i,
            d,
            systems: vec![line.model_id.to_string()],
            text: line.summary.clone(),
            metrics: std::collections::BTreeMap::new(),
        });
        for (rater, given) in line.annotations.iter().enumerate() {
            scores.extend(given.iter().map(|(criterion, score)| GivenScore {
                dialogue: d,
                item: i,
                rater: format!("R{rater}"),
                step: d,
                place: i,
                repeat: false,
                criterion: criterion.clone(),
                score: (*score > 0).then_some(*score),
                state: contract::ItemState::Done,
                active_ms: 0,
                at_ms: None,
            }));
        }
    }
    let raters = lines[0].annotations.len();
    let plan = StudyPlan {
        title: title.to_owned().into(),
        kind: contract::StudyKind::Summaries,
        mode: contract::RatingMode::Criteria,
        state: contract::StudyState::Closed,
        comparisons: vec![contract::PlannedComparison {
            a: systems[0].clone(),
            b: systems[1].clone(),
            test: true,
        }],
        systems: systems
            .into_iter()
            .map(|key| contract::StudySystem {
                label: key.clone(),
                key,
            })
            .collect(),
        criteria: criteria
            .into_iter()
            .map(|key| contract::StudyCriterion {
                points: 5,
                higher_is_better: true,
                in_sentence: Words {
                    en: key.clone(),
                    de: key.clone(),
                },
                key,
            })
            .collect(),
        alpha: 0.05,
        margin: 0.25,
        delta: 0.3,
        available_dialogues: dialogues.len(),
        analysis_seed: 1,
        resamples: 500,
        raters: (0..raters)
            .map(|rater| contract::StudyRater {
                name: format!("R{rater}"),
                state: contract::RaterState::Locked,
                counted: true,
            })
            .collect(),
        revealed_early: None,
    };
    let dialogues = (0..dialogues.len() as u32).map(|d| RatedDialogue {
        d,
        turns: Vec::new(),
    });
    StudyRecord {
        plan,
        dialogues: dialogues.collect(),
        items,
        scores,
        votes: Vec::new(),
        marks: Vec::new(),
    }
}

/// The published agreement of people on DialSummEval (Gao and Wan, NAACL 2022, first round) and SummEval (Fabbri et al.
/// 2021, experts), through a folder and back.
#[test]
fn agreement_of_public_ratings() {
    let Some(folder) = duologue_tests::shared("data/human_eval") else {
        return;
    };
    let published = json(&folder.join("golden_agreement.json"));
    for (file, set, round) in [
        ("dialsummeval.jsonl", "dialsummeval", "annotations"),
        (
            "summeval_12_systems.jsonl",
            "summeval_12_systems",
            "expert_annotations",
        ),
    ] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let lines: Vec<Rated> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let record = public_study(set, &lines);
        let dir = tempfile::tempdir().unwrap();
        let written = results(&record);
        export::write(
            &record,
            &written,
            dir.path(),
            TableFormat::Csv,
            false,
            Vec::new(),
        )
        .unwrap();
        let found = results(&import::read(dir.path()).unwrap());
        assert_eq!(found, written);
        let expected = published.get(set).and_then(|set| set.get(round)).unwrap();
        for (criterion, found) in &found.agreement {
            let expected: Published =
                serde_json::from_value(expected.get(criterion).unwrap().clone()).unwrap();
            // The file has six decimals.
            assert!(
                (found.alpha.unwrap() - expected.alpha.ordinal).abs() < 1e-6,
                "{criterion}"
            );
            let equal = found.all_equal.unwrap();
            assert!(
                (equal - expected.exact_agreement_rate).abs() < 1e-6,
                "{criterion}"
            );
            let [low, high] = found.alpha_ci95.unwrap();
            assert!(low < found.alpha.unwrap() && found.alpha.unwrap() < high);
        }
        println!("{set}: {:?}", found.agreement);
    }
}
