//! When rounds stop, which one is taken, and which parts are due.

use super::*;

fn recipe(sets: &[&str]) -> Recipe {
    let mut recipe = Recipe::default();
    recipe.set("rounds=4").unwrap();
    sets.iter().for_each(|set| recipe.set(set).unwrap());
    recipe
}

fn figures(round: u32, validation_ce: f64) -> RoundFigures {
    RoundFigures {
        system: System::MrdsSeparate,
        round,
        accepted: 9,
        accepted_rate: 0.9,
        compared: 9,
        distinct2: Some(0.7),
        distinct2_ratio: Some(1.0),
        distinct2_of_shots: Some(1.0),
        self_bleu4: Some(0.1),
        self_bleu4_rise: Some(0.0),
        self_bleu4_over_shots: Some(0.0),
        length_ratio: Some(1.0),
        pair_gap: Some(0.5),
        pair_gap_ratio: Some(1.0),
        scorer_ce: Some(2.0),
        judge_ce: None,
        real_ce_rise: Some(0.0),
        drift_kl: Some(0.1),
        copy_rate: Some(0.0),
        two_sample_auc: Some(0.6),
        validation_ce,
        validation_rouge1: Some(0.3),
    }
}

fn stops(recipe: &Recipe, found: Vec<RoundFigures>) -> (Vec<Option<RoundStop>>, Option<u32>, bool) {
    let course = Course::new(recipe, found);
    let stops = course.rounds.iter().map(|round| round.stop).collect();
    (stops, course.chosen(), course.is_over)
}

#[test]
fn a_loop_ends_where_validation_gains_nothing() {
    let found = |ces: &[f64]| -> Vec<RoundFigures> {
        (1..)
            .zip(ces)
            .map(|(round, ce)| figures(round, *ce))
            .collect()
    };
    let usual = recipe(&[]);
    assert_eq!(stops(&usual, found(&[2.0])), (vec![None], Some(1), false));
    assert_eq!(
        stops(&usual, found(&[2.0, 1.9, 1.896, 1.0])),
        (vec![None, None, Some(RoundStop::NoGain)], Some(3), true),
        "a gain below round_min_gain is none, and what follows a stop is not looked at"
    );
    let patient = recipe(&["round_patience=2"]);
    assert_eq!(
        stops(&patient, found(&[2.0, 2.1, 1.9, 1.8])),
        (vec![None; 4], Some(4), true)
    );
    assert_eq!(
        stops(&patient, found(&[2.0, 2.1, 2.05])).0.last(),
        Some(&Some(RoundStop::NoGain))
    );
    assert_eq!(stops(&usual, found(&[2.0, 2.2])).1, Some(1));
}

#[test]
fn every_indicator_has_its_threshold() {
    let usual = recipe(&[]);
    let second = |change: &dyn Fn(&mut RoundFigures)| {
        let (mut first, mut now) = (figures(1, 2.0), figures(2, 1.5));
        first.judge_ce = Some(1.8);
        now.judge_ce = Some(1.8);
        change(&mut now);
        let course = Course::new(&usual, vec![first, now]);
        let last = course.rounds.last().unwrap().clone();
        (last.stop, last.warnings, last.scorer_split)
    };
    let stop = |change: &dyn Fn(&mut RoundFigures)| second(change).0;
    assert_eq!(stop(&|_| ()), None);
    assert_eq!(stop(&|now| now.distinct2_ratio = Some(0.8)), None);
    assert_eq!(
        stop(&|now| now.distinct2_ratio = Some(0.79)),
        Some(RoundStop::Narrowing)
    );
    assert_eq!(
        stop(&|now| now.self_bleu4_rise = Some(0.1)),
        Some(RoundStop::Narrowing)
    );
    assert_eq!(
        stop(&|now| now.pair_gap_ratio = Some(0.32)),
        Some(RoundStop::NoContrast)
    );
    let drift = second(&|now| (now.judge_ce, now.scorer_ce) = (Some(1.7), Some(2.06)));
    assert_eq!(drift.0, Some(RoundStop::JudgeDrift));
    assert!((drift.2.unwrap() + 0.16).abs() < 1e-12);
    let together = second(&|now| (now.judge_ce, now.scorer_ce) = (Some(1.7), Some(1.9)));
    assert_eq!(together.0, None, "both like them better");
    let odd = second(&|now| (now.length_ratio, now.real_ce_rise) = (Some(1.6), Some(0.3)));
    assert_eq!(odd.0, None, "a warning ends nothing");
    assert_eq!(odd.1, [RoundWarning::Length, RoundWarning::RealCe]);
}

#[test]
fn a_round_is_due_where_the_one_before_it_speaks_for_it() {
    let recipe = recipe(&["systems=sft_real,mrds_separate,fixed_ratio"]);
    assert_eq!(looping(&recipe), [System::MrdsSeparate]);
    let system = System::MrdsSeparate;
    let courses = |ces: &[f64]| {
        let found = (1..).zip(ces).map(|(round, ce)| figures(round, *ce));
        let course = Course::new(&recipe, found.collect());
        Courses([(system, course)].into())
    };
    let due = |ces: &[f64], part| courses(ces).is_due(part);
    let align = |round| Part::align(round, Synthesizer::DpoSeparate);
    assert!(due(&[], Part::figures(1, system)) && due(&[], align(1)));
    assert!(!due(&[], align(2)) && !due(&[], Part::summaries(2)));
    assert!(due(&[2.0], align(2)) && due(&[2.0], Part::summaries(2)));
    assert!(!due(&[2.0, 2.1], align(3)), "it stopped");
    let evaluate = |round| Part::evaluate(round, system);
    assert!(!due(&[2.0, 1.0], evaluate(2)), "it goes on");
    assert!(due(&[2.0, 1.0, 1.1], evaluate(2)) && !due(&[2.0, 1.0, 1.1], evaluate(3)));
    assert!(due(&[2.0, 2.1], evaluate(1)), "as in a run without rounds");
    assert_eq!(courses(&[2.0, 1.0, 1.1]).chosen(system), 2);
    assert_eq!(courses(&[]).chosen(System::SftReal), 1);
}

#[test]
fn the_sentences_say_how_it_ended() {
    let usual = recipe(&[]);
    let mut narrow = figures(2, 1.5);
    narrow.distinct2_ratio = Some(0.5);
    narrow.length_ratio = Some(1.8);
    let course = Course::new(&usual, vec![figures(1, 2.0), narrow]);
    let rounds = Rounds {
        system: System::MrdsSeparate,
        asked: 4,
        rounds: course.rounds,
        real_ce: Some(1.2),
        sentences: Vec::new(),
    };
    let found = words::sentences(&rounds);
    let english: Vec<&str> = found.iter().map(|words| words.en.as_str()).collect();
    assert_eq!(
        english,
        [
            "Stopped after round 2: the made-up conversations became alike (each shares more with the others than in \
             round 1).",
            "Round 2 is taken: its summarizer is the least surprised by the validation summaries (1.500 nats per token).",
            "Training on the real pairs alone is better still there (1.200).",
            "In round 2 the made-up conversations are 1.8 times as long as the real ones.",
        ]
    );
    assert!(found[3].de.contains("1,8-mal"), "{}", found[3].de);
}
