//! Outcomes in the order of their rules, and sentences with their numbers.

use contract::System;

use super::*;

fn finding(name: &Words) -> Finding<'_> {
    Finding {
        a: "A",
        b: "B",
        measure: Measure::Points {
            name,
            higher_is_better: true,
        },
        repeats: Repeats::Raters(3),
        dialogues: 40,
        diff: 0.31,
        is_identical: false,
        ci95: [0.12, 0.5],
        ci90: [0.15, 0.47],
        p: 0.002,
        p_holm: 0.012,
        dialogues_needed: Some(57),
        split: None,
    }
}

const RULES: Rules = Rules {
    alpha: 0.05,
    family: 8,
    margin: 0.25,
    delta: 0.3,
    available: 90,
};

fn name() -> Words {
    Words {
        en: "faithfulness".into(),
        de: "Treue".into(),
    }
}

#[test]
fn the_first_rule_that_holds() {
    let name = name();
    let outcome = |change: &dyn Fn(&mut Finding<'_>)| {
        let mut changed = finding(&name);
        change(&mut changed);
        judge(&changed, &RULES).outcome
    };
    assert_eq!(outcome(&|_| ()), Outcome::Better);
    assert_eq!(outcome(&|f| f.diff = -0.31), Outcome::Worse);
    assert_eq!(outcome(&|f| f.dialogues = 5), Outcome::TooFew);
    assert_eq!(outcome(&|f| f.is_identical = true), Outcome::Identical);
    assert_eq!(outcome(&|f| f.p_holm = 0.051), Outcome::Ahead);
    let within = |f: &mut Finding<'_>| (f.ci90, f.p_holm) = ([-0.25, 0.25], 0.2);
    assert_eq!(outcome(&within), Outcome::Same);
    assert_eq!(outcome(&|f| (f.p, f.p_holm) = (0.06, 0.2)), Outcome::Open);
}

#[test]
fn fewer_points_may_be_better() {
    let name = name();
    let mut fewer = finding(&name);
    fewer.measure = Measure::Points {
        name: &name,
        higher_is_better: false,
    };
    fewer.diff = -0.31;
    let verdict = judge(&fewer, &RULES);
    assert_eq!(verdict.outcome, Outcome::Better);
    assert!(
        verdict
            .sentence
            .en
            .starts_with("A beats B on faithfulness: \u{2212}0.31 points")
    );
}

#[test]
fn what_would_settle_it() {
    let name = name();
    let mut open = finding(&name);
    (open.p, open.p_holm) = (0.3, 1.0);
    let settled = |needed: Option<usize>| {
        let mut changed = open.clone();
        changed.dialogues_needed = needed;
        judge(&changed, &RULES).settle
    };
    let kind = |kind| Settle {
        kind: Some(kind),
        more: None,
    };
    assert_eq!(settled(Some(57)).more, Some(20));
    assert_eq!(settled(Some(91)), kind(SettleKind::Beyond));
    assert_eq!(settled(None), kind(SettleKind::Beyond));
    assert_eq!(settled(Some(40)), kind(SettleKind::Enough));
    assert_eq!(judge(&finding(&name), &RULES).settle, Settle::default());
}

#[test]
fn votes_turn_with_the_names() {
    let name = name();
    let votes = |diff: f64, ci95: [f64; 2], shares: [f64; 3]| {
        let [win, tie, loss] = shares;
        let finding = Finding {
            measure: Measure::Votes { win, tie, loss },
            diff,
            ci95,
            ..finding(&name)
        };
        judge(&finding, &RULES).sentence
    };
    let better = votes(0.25, [0.05, 0.45], [0.5, 0.25, 0.25]);
    assert_eq!(
        better.en,
        "A is preferred to B: 50 % of votes against 25 %, 25 % ties (net +25, 95 % interval +5 to +45; 40 dialogues, \
         3 raters; adjusted p = 0.012)."
    );
    let worse = votes(-0.25, [-0.45, -0.05], [0.25, 0.25, 0.5]);
    assert_eq!(
        worse.en,
        better
            .en
            .replace("A is preferred to B", "B is preferred to A")
    );
    assert_eq!(
        worse.de,
        "B wird A vorgezogen: 50 % der Stimmen gegen 25 %, 25 % gleich (netto +25, 95-%-Intervall +5 bis +45; 40 \
         Dialoge, 3 Personen; angepasst p = 0,012)."
    );
}

#[test]
fn an_experiment_has_seeds_in_the_place_of_raters() {
    let name = name();
    let of_seeds = |count| Finding {
        repeats: Repeats::Seeds {
            count,
            needed: None,
        },
        ..finding(&name)
    };
    let five = judge(&of_seeds(5), &RULES).sentence;
    assert!(five.en.contains("40 dialogues, 5 seeds;") && five.de.contains("5 Startwerte;"));
    let single = judge(&of_seeds(1), &RULES).sentence;
    assert!(
        single
            .en
            .ends_with("This is one training; another draw may come out differently.")
    );
}

#[test]
fn more_seeds_settle_what_more_dialogues_would_for_people() {
    let name = name();
    let open = |count, needed| {
        let found = Finding {
            repeats: Repeats::Seeds { count, needed },
            p: 0.3,
            p_holm: 0.3,
            ..finding(&name)
        };
        judge(&found, &RULES)
    };
    let more = open(5, Some(9));
    assert_eq!(more.settle.more, Some(4));
    let says = |sentence: &Words, en: &str, de: &str| {
        assert!(sentence.en.contains(en), "{}", sentence.en);
        assert!(sentence.de.contains(de), "{}", sentence.de);
    };
    says(
        &more.sentence,
        "About 9 seeds would show a difference of 0.3 points.",
        "Etwa 9 Startwerte würden einen Unterschied von 0,3 Punkten zeigen.",
    );
    says(
        &open(5, Some(5)).sentence,
        "large enough to show 0.3 points",
        "groß genug für 0,3 Punkte",
    );
    says(&open(5, None).sentence, "up to 100", "auch 100 Startwerte");
    // One training says nothing about how many it would take.
    assert_eq!(open(1, None).settle, Settle::default());
    let lines = below_lines("A", 14.98, 31.31);
    says(&lines, "31.3 against 15.0", "31,3 gegen 15,0 Punkte.");
}

#[test]
fn a_small_p_value_is_told_by_its_limit() {
    assert_eq!(p_value(0.000_99), "< 0.001");
    assert_eq!(p_value(1.0), "= 1.000");
}

#[test]
fn a_headline_groups_the_criteria() {
    let (first, second) = (
        name(),
        Words {
            en: "fluency".into(),
            de: "Sprachfluss".into(),
        },
    );
    let outcomes = [
        (Outcome::Open, &first),
        (Outcome::Better, &second),
        (Outcome::Open, &second),
    ];
    let found = headline("A", "B", &outcomes);
    assert_eq!(
        found.en,
        "A against B: better on fluency, no evidence on faithfulness, fluency."
    );
    assert_eq!(
        found.de,
        "A gegen B: besser bei Sprachfluss, ohne Beleg bei Treue, Sprachfluss."
    );
}

fn standing(diff: f64, ci95: [f64; 2], lines: &[(System, f64)]) -> Standing {
    Standing {
        is_method: true,
        mean: 0.213,
        dialogues: 39,
        gain: Some(Gain { diff, ci95 }),
        lines: lines.to_vec(),
    }
}

#[test]
fn a_method_above_its_baselines_is_better_and_no_more() {
    let above = standing(0.018, [0.004, 0.031], &[(System::Lead3, 0.2)]);
    let (outcome, below, words) = of_method(&above).unwrap();
    assert_eq!((outcome, below), (Some(Outcome::Better), vec![]));
    assert_eq!(
        words.en,
        "MRDS does better than fine-tuning on real data alone: +1.8 ROUGE-1 on 39 test dialogues (95 % interval +0.4 to \
         +3.1). This is one training; another draw may come out differently."
    );
    assert_eq!(
        words.de,
        "MRDS ist besser als das Training an echten Daten allein: +1,8 ROUGE-1 an 39 Testdialogen (95-%-Intervall +0,4 \
         bis +3,1). Das ist ein einziges Training; eine andere Ziehung kann anders ausfallen."
    );
}

#[test]
fn whatever_the_difference_lines_that_score_higher_are_named() {
    let lines = [(System::Lead3, 0.261), (System::Longest3, 0.1)];
    for (diff, ci95, outcome) in [
        (0.018, [0.004, 0.031], Outcome::Better),
        (-0.018, [-0.031, -0.004], Outcome::Worse),
        (0.0, [-0.01, 0.01], Outcome::Open),
    ] {
        let (found, below, words) = of_method(&standing(diff, ci95, &lines)).unwrap();
        assert_eq!((found, below), (Some(outcome), vec![System::Lead3]));
        let en = "Not yet useful: the first three lines of the conversation (26.1 ROUGE-1) score higher than MRDS (21.3).";
        let de = "Noch nicht brauchbar: die ersten drei Zeilen des Gesprächs (26,1 ROUGE-1) erreichen mehr als MRDS (21,3).";
        assert!(words.en.contains(en), "{}", words.en);
        assert!(words.de.contains(de), "{}", words.de);
    }
}

#[test]
fn without_the_method_only_what_lies_above_is_said() {
    let real = Standing {
        is_method: false,
        gain: None,
        ..standing(
            0.0,
            [0.0, 0.0],
            &[(System::Lead3, 0.3), (System::Longest3, 0.25)],
        )
    };
    let (outcome, below, words) = of_method(&real).unwrap();
    assert_eq!(
        (outcome, below),
        (None, vec![System::Lead3, System::Longest3])
    );
    assert_eq!(
        words.en,
        "Not yet useful: the first three lines of the conversation (30.0 ROUGE-1) and the three longest lines of the \
         conversation (25.0 ROUGE-1) score higher than fine-tuning on real data alone (21.3). This is one training; \
         another draw may come out differently."
    );
    let above = Standing {
        mean: 0.4,
        ..real.clone()
    };
    assert_eq!(of_method(&above), None, "nothing is claimed");
}
