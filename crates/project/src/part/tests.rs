//! Which parts a recipe asks for, and what their keys depend on.

use super::*;
use crate::sample::Bundle;
use crate::session::Session;
use contract::{DeviceChoice, RunStatus, StageStanding};

fn with(sets: &[&str]) -> Recipe {
    let mut recipe = Recipe::default();
    sets.iter().for_each(|set| recipe.set(set).unwrap());
    recipe
}

fn words(recipe: &Recipe) -> Vec<String> {
    asked(recipe).iter().map(Part::to_string).collect()
}

fn run(seed: u64, training: &str) -> RunRow {
    RunRow {
        id: "r".into(),
        dataset_id: 1,
        dataset_name: "d".into(),
        model_path: "m".to_owned(),
        model_id: "ab12".into(),
        model_name: "m".into(),
        model_parameters: 7,
        recipe: String::new(),
        seed,
        shots: json!({"training_sha256": training, "test_sha256": "t"}),
        threads: 1,
        device: DeviceChoice::Cpu,
        version: "0".to_owned(),
        status: RunStatus::Created,
        error: None,
        control: None,
        created_at_ms: 0,
        changed_at_ms: 0,
    }
}

/// The keys of a recipe's parts, where every part's result is identified by its own key, as with a computation.
fn keys(run: &RunRow, recipe: &Recipe) -> Vec<(Part, String)> {
    let mut keys: Vec<(Part, String)> = Vec::new();
    for part in asked(recipe) {
        let finished = |earlier: Part| {
            let found = keys.iter().find(|(known, _)| *known == earlier)?;
            Some(Finished {
                sha256: found.1.clone(),
                n_out: 3,
            })
        };
        let key = inputs_sha256(run, recipe, part, &finished).unwrap();
        let key = key.unwrap_or_else(|| panic!("{part} comes before what it reads"));
        keys.push((part, key));
    }
    keys
}

/// The parts of a recipe whose keys another run does not have.
fn new_parts(before: (&RunRow, &Recipe), after: (&RunRow, &Recipe)) -> Vec<String> {
    let known = keys(before.0, before.1);
    let wanted = keys(after.0, after.1).into_iter();
    wanted
        .filter(|key| !known.contains(key))
        .map(|(part, _)| part.to_string())
        .collect()
}

#[test]
fn a_run_computes_what_its_systems_read_and_nothing_else() {
    assert_eq!(
        words(&with(&["systems=zero_shot,sft_real"])),
        [
            "summarizer/sft_real",
            "evaluate/zero_shot",
            "evaluate/sft_real"
        ],
        "no synthesizer"
    );
    assert_eq!(
        words(&with(&[
            "systems=sft_real,mrds_separate",
            "synthesizers=sft"
        ])),
        [
            "topics",
            "summaries",
            "synthesizer",
            "candidates",
            "preferences/judge/base",
            "preferences",
            "align/dpo_separate",
            "dialogues/dpo_separate",
            "summarizer/sft_real",
            "summarizer/mrds_separate",
            "evaluate/sft_real",
            "evaluate/mrds_separate",
            "evaluate/synthesizer/sft"
        ]
    );
    // Dialogues of the supervised synthesizer need no preference.
    let ids = words(&with(&["systems=sft_synthetic_ids"]));
    assert!(
        !ids.iter()
            .any(|part| part.starts_with("align") || part == "candidates")
    );
    assert!(
        ids.contains(&"evaluate/synthesizer/rejection".to_owned()),
        "it comes along"
    );
    assert_eq!(
        words(&with(&["synthesizers=sft", "systems="])),
        ["synthesizer", "evaluate/synthesizer/sft"],
        "a comparison of synthesizers alone"
    );
}

#[test]
fn a_mixture_comes_after_the_training_whose_updates_it_takes() {
    let parts = words(&with(&["systems=fixed_ratio"]));
    let place = |part: &str| parts.iter().position(|found| found == part).unwrap();
    assert!(place("summarizer/mrds_separate") < place("summarizer/fixed_ratio"));
    assert!(
        !parts.contains(&"evaluate/mrds_separate".to_owned()),
        "nobody asks for it"
    );
}

#[test]
fn another_system_has_parts_of_its_own_and_changes_no_other() {
    let before = with(&["systems=sft_real,mrds_separate", "synthesizers=sft"]);
    let after = with(&[
        "systems=sft_real,mrds_separate,mrds_joint",
        "synthesizers=sft",
    ]);
    let run = run(1, "a");
    assert_eq!(
        new_parts((&run, &before), (&run, &after)),
        [
            "align/dpo_joint",
            "dialogues/dpo_joint",
            "summarizer/mrds_joint",
            "evaluate/mrds_joint"
        ]
    );
}

#[test]
fn the_best_of_k_candidates_cost_four_parts() {
    let before = with(&["systems=sft_real,mrds_separate"]);
    let after = with(&["systems=sft_real,mrds_separate,best_of_k"]);
    let run = run(1, "a");
    assert_eq!(
        new_parts((&run, &before), (&run, &after)),
        [
            "align/best_of_k",
            "dialogues/best_of_k",
            "summarizer/best_of_k",
            "evaluate/best_of_k"
        ]
    );
}

/// A run that goes on costs what later rounds need; its first round is the run without rounds.
#[test]
fn later_rounds_leave_the_first_as_it_was() {
    let before = with(&["systems=sft_real,mrds_separate", "synthesizers=sft"]);
    let after = with(&[
        "systems=sft_real,mrds_separate",
        "synthesizers=sft",
        "rounds=2",
    ]);
    let run = run(1, "a");
    let second = [
        "summarizer/round1/figures/mrds_separate",
        "summaries/round2",
        "candidates/round2/dpo_separate",
        "preferences/round2/dpo_separate",
        "align/round2/dpo_separate",
        "dialogues/round2/dpo_separate",
        "summarizer/round2/mrds_separate",
        "summarizer/round2/figures/mrds_separate",
        "evaluate/round2/mrds_separate",
    ];
    assert_eq!(new_parts((&run, &before), (&run, &after)), second);
    let third = with(&[
        "systems=sft_real,mrds_separate",
        "synthesizers=sft",
        "rounds=3",
    ]);
    let more = new_parts((&run, &after), (&run, &third));
    assert!(more.iter().all(|part| part.contains("round3")), "{more:?}");
    assert_eq!(more.len(), second.len() - 1);
    for set in ["round_min_gain=0.1", "round_patience=3"] {
        let mut other = after.clone();
        other.set(set).unwrap();
        assert_eq!(new_parts((&run, &after), (&run, &other)), [""; 0], "{set}");
    }
    let mut other = after.clone();
    other.set("round_reference=last").unwrap();
    assert_eq!(
        new_parts((&run, &after), (&run, &other))[0],
        "align/round2/dpo_separate"
    );
    other = after.clone();
    other.set("round_data=replace").unwrap();
    assert_eq!(
        new_parts((&run, &after), (&run, &other))[0],
        "summarizer/round2/mrds_separate"
    );
}

/// The summarizer that scores is trained before there are candidates; whose scores they are is part of their key.
#[test]
fn who_scores_is_there_first_and_changes_what_it_scored() {
    let before = with(&["systems=sft_real,mrds_separate", "synthesizers=sft"]);
    let tuned = with(&[
        "systems=sft_real,mrds_separate",
        "synthesizers=sft",
        "scorer=tuned",
        "rounds=2",
    ]);
    let parts = words(&tuned);
    let place = |part: &str| parts.iter().position(|found| found == part).unwrap();
    assert!(place("summarizer/sft_real") < place("candidates"));
    assert!(place("preferences/judge/tuned") < place("preferences"));
    assert!(place("summarizer/mrds_separate") < place("preferences/round2/judge/dpo_separate"));
    let run = run(1, "a");
    let changed = new_parts((&run, &before), (&run, &tuned));
    assert_eq!(changed[0], "candidates");
    let stay = ["topics", "summaries", "synthesizer", "summarizer/sft_real"];
    assert!(!changed.iter().any(|part| stay.contains(&part.as_str())));
    let none = with(&[
        "systems=sft_real,mrds_separate",
        "synthesizers=sft",
        "scorer=none",
    ]);
    let of_none = new_parts((&run, &before), (&run, &none));
    assert_eq!(of_none[0], "preferences", "the same candidates");

    // Of another model the digest counts, wherever its folder is.
    let model = |folder: &str| {
        with(&[
            "systems=mrds_separate",
            "scorer=model",
            &format!("scorer_model={folder}"),
        ])
    };
    let scored = |digest: &str| RunRow {
        shots: json!({"training_sha256": "a", "test_sha256": "t", "scorer_sha256": digest}),
        ..run.clone()
    };
    assert_eq!(
        new_parts((&scored("1"), &model("a")), (&scored("1"), &model("b"))),
        [""; 0]
    );
    let other = new_parts((&scored("1"), &model("a")), (&scored("2"), &model("a")));
    assert_eq!(other[0], "candidates");
    assert!(other.contains(&"preferences/judge/model".to_owned()));
}

/// Every source gives as many pairs as the one with the fewest: a training that leaves pairs out depends on what the
/// others accepted, and no other does.
#[test]
fn equal_data_couples_the_sources_that_have_more() {
    let recipe = with(&["systems=sft_synthetic,mrds_separate", "synthesizers=sft"]);
    let run = run(1, "a");
    let key = |recipe: &Recipe, system, accepted: [u64; 2]| {
        let finished = |part: Part| {
            let n_out = match part {
                Part::Dialogues(Synthesizer::Sft) => accepted[0],
                _ => accepted[1],
            };
            let sha256 = format!("{part}: {n_out}");
            Some(Finished { sha256, n_out })
        };
        inputs_sha256(&run, recipe, Part::Summarizer(system), &finished).unwrap()
    };
    let [few, more] = [System::SftSynthetic, System::MrdsSeparate];
    assert_eq!(key(&recipe, few, [3, 5]), key(&recipe, few, [3, 9]));
    let alone = with(&["systems=mrds_separate", "synthesizers=sft"]);
    assert_ne!(key(&recipe, more, [3, 5]), key(&recipe, more, [4, 5]));
    assert_ne!(key(&recipe, more, [3, 5]), key(&alone, more, [3, 5]));
    assert_eq!(
        key(&recipe, more, [5, 5]),
        key(&alone, more, [5, 5]),
        "nothing is left out"
    );
    let free = with(&[
        "systems=sft_synthetic,mrds_separate",
        "match_synthetic=false",
    ]);
    assert_eq!(key(&free, more, [3, 5]), key(&alone, more, [3, 5]));
}

#[test]
fn a_field_changes_the_parts_that_read_it_and_what_follows() {
    let usual = with(&["systems=in_context,sft_real,fixed_ratio,sft_synthetic_ids"]);
    let run = run(1, "a");
    let changed = |set: &str| {
        let mut recipe = usual.clone();
        recipe.set(set).unwrap();
        new_parts((&run, &usual), (&run, &recipe))
    };
    assert_eq!(changed("icl_examples=3"), ["evaluate/in_context"]);
    assert_eq!(changed("bootstrap=100"), [""; 0], "tables are no part");
    assert_eq!(
        changed("rejection_max_tries=3"),
        ["evaluate/synthesizer/rejection"]
    );
    assert_eq!(
        changed("ids_max_iterations=3"),
        [
            "dialogues/ids",
            "summarizer/sft_synthetic_ids",
            "evaluate/sft_synthetic_ids",
            "evaluate/synthesizer/ids"
        ]
    );
    let of_loss = changed("dpo_beta=0.3");
    assert_eq!(of_loss[0], "align/dpo_separate");
    assert!(
        !of_loss.contains(&"summarizer/sft_real".to_owned()),
        "{of_loss:?}"
    );
    assert_eq!(changed("dialogue_top_k=0"), [""; 0], "off as before");
    assert!(changed("dialogue_top_k=9").contains(&"candidates".to_owned()));
}

#[test]
fn fields_of_later_versions_move_no_key_while_they_are_off() {
    let usual = with(&["systems=zero_shot,sft_synthetic_ids"]);
    let (here, elsewhere) = (run(1, "a"), run(2, "b"));
    let changed = |sets: &[&str]| {
        let mut recipe = usual.clone();
        sets.iter().for_each(|set| recipe.set(set).unwrap());
        (new_parts((&here, &usual), (&here, &recipe)), recipe)
    };
    let off = ["ids_score=false", "prompt_candidates=[]", "min_gap=0.3"];
    assert_eq!(changed(&off).0, [""; 0], "nobody reads the gap");
    let (scored, _) = changed(&["ids_score=true"]);
    assert_eq!(
        scored,
        [
            "dialogues/ids",
            "summarizer/sft_synthetic_ids",
            "evaluate/sft_synthetic_ids",
            "evaluate/synthesizer/ids"
        ]
    );
    let gap = changed(&["ids_score=true", "min_gap=0.3"]).1;
    let scored = changed(&["ids_score=true"]).1;
    assert_eq!(new_parts((&here, &scored), (&here, &gap)).len(), 4);
    let (prompted, recipe) = changed(&["prompt_candidates=Sum it up, in a sentence:"]);
    assert_eq!(recipe.prompt_candidates, ["Sum it up, in a sentence:"]);
    assert_eq!(prompted, ["evaluate/zero_shot"]);
    // What chooses the instruction are validation pairs, which another run draws differently.
    let new = new_parts((&here, &recipe), (&elsewhere, &recipe));
    assert!(new.contains(&"evaluate/zero_shot".to_owned()), "{new:?}");
}

#[test]
fn what_draws_nothing_and_sees_no_shot_is_computed_once_for_every_seed() {
    let recipe = with(&["systems=lead_3,longest_3,zero_shot,in_context,sft_real"]);
    let (first_run, other_seed, other_shots) = (run(1, "a"), run(2, "a"), run(1, "b"));
    let seen = [
        "summarizer/sft_real",
        "evaluate/in_context",
        "evaluate/sft_real",
    ];
    for other in [other_seed, other_shots] {
        assert_eq!(new_parts((&first_run, &recipe), (&other, &recipe)), seen);
    }
}

/// Three arms with two seeds: what is computed if each distinct key is computed once.
#[test]
fn a_grid_shares_what_its_cells_have_in_common() {
    let arms = ["dpo_beta=0.03", "dpo_beta=0.1", "dpo_beta=0.3"];
    let mut distinct = BTreeSet::new();
    let mut cells = 0;
    for arm in arms {
        for seed in [1, 2] {
            let recipe = with(&[
                "systems=zero_shot,sft_real,mrds_separate",
                "synthesizers=sft",
                arm,
            ]);
            let keys = keys(&run(seed, &seed.to_string()), &recipe);
            cells += keys.len();
            distinct.extend(keys);
        }
    }
    // Of fourteen parts four follow the loss, one is the same for every seed, and nine are for each seed alone.
    assert_eq!((cells, distinct.len()), (6 * 14, 3 * 2 * 4 + 1 + 2 * 9));
}

/// The finished run that comes along was carried out before there were parts.
#[test]
fn a_run_of_an_earlier_version_stands_as_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let bundle = Bundle::find(Some(models.into()), std::path::Path::new("")).unwrap();
    let session = Session::open(folder.path()).unwrap();
    let sample = session.take_sample(&bundle).unwrap();
    let row = session.run(&sample.run).unwrap();
    let stages = session.stages(&row).unwrap();
    assert!(
        stages
            .iter()
            .all(|(_, status)| *status == StageStanding::Done)
    );
    let shown = session.show(&session.sight(&sample.run).unwrap()).unwrap();
    assert!(shown.align.is_some());
    let systems: Vec<System> = shown.results.iter().map(|row| row.system).collect();
    assert_eq!(
        systems[..2],
        [System::Lead3, System::Longest3],
        "lines of the conversation come first, though the run has no such parts"
    );
    let row_of = |system| {
        shown
            .results
            .iter()
            .find(|row| row.system == system)
            .unwrap()
    };
    let (lines, real) = (row_of(System::Lead3), row_of(System::SftReal));
    assert!(lines.mean_tokens.is_none() && real.mean_tokens.is_some());
    assert_eq!(lines.figures[&contract::ResultMetric::Novel1].mean, 0.0);
    assert!(
        lines.vs_sft_real[&contract::ResultMetric::Rouge1]
            .p_holm
            .is_some()
    );
    assert!(real.figures[&contract::ResultMetric::Chrf].mean > 0.0 && real.facts.is_some());
    let scores = session
        .scores(&session.sight(&sample.run).unwrap())
        .unwrap();
    let chrf: Vec<f64> = scores
        .iter()
        .filter(|score| score.system == System::SftReal)
        .filter(|score| score.metric == contract::ResultMetric::Chrf)
        .map(|score| score.value)
        .collect();
    assert_eq!(chrf.len(), real.n);
    let mean = chrf.iter().sum::<f64>() / chrf.len() as f64;
    assert!((mean - real.figures[&contract::ResultMetric::Chrf].mean).abs() < 1e-12);
    assert!(shown.stages.iter().all(|stage| stage.parts.is_empty()));
    // No stage of that run is taken for one of today's parts.
    let parts = session.parts(&row).unwrap();
    assert!(!parts.is_empty());
    assert!(
        parts
            .iter()
            .all(|part| part.status == StageStanding::Waiting)
    );
}
