//! The format rule on invented dialogues, and its reject rates on real ones where the shared data is at hand.

use proptest::prelude::*;

use super::*;
use crate::import::shared_data;

const GOOD: &str = "Nadia: Do you still have a table for two tonight?\nOwen: At eight, by the window.\nNadia: \
                    Perfect, we will take it.\nOwen: Under which name?\nNadia: Brandt, please.";

fn broken(text: &str, ended: bool) -> Vec<&'static str> {
    let check = FormatRule::default().check(text, ended);
    assert_eq!(check.pass, check.rules.values().all(|&holds| holds));
    check
        .rules
        .into_iter()
        .filter(|(_, holds)| !holds)
        .map(|(id, _)| id)
        .collect()
}

#[test]
fn a_plain_dialogue_passes_every_rule() {
    assert_eq!(broken(GOOD, true), [""; 0]);
    assert_eq!(broken(&GOOD.replace('\n', "\r\n"), true), [""; 0]);
}

#[test]
fn each_rule_catches_its_own_fault() {
    let turns = |n: usize| {
        (0..n)
            .map(|i| format!("{}: number {i} of many", ["A", "B"][i % 2]))
            .collect::<Vec<_>>()
    };
    let many_speakers: String = (0..7)
        .map(|i| format!("P{i}: this is my turn number {i}\n"))
        .collect();
    let cases = [
        (
            "every_line_has_speaker",
            format!("{GOOD}\nand then they leave"),
        ),
        ("every_line_has_speaker", format!("{GOOD}\nOwen:")),
        (
            "min_speakers",
            "A: one two three four five six\nA: seven eight nine ten eleven twelve".into(),
        ),
        ("max_speakers", many_speakers),
        ("min_turns", format!("A: {}", "word ".repeat(20))),
        ("max_turns", turns(41).join("\n")),
        ("min_words", "A: hi\nB: hello there".into()),
        (
            "max_words",
            (0..20)
                .map(|i| format!("{}: {i} {}\n", ["A", "B"][i % 2], "word ".repeat(35)))
                .collect(),
        ),
        (
            "max_turn_words",
            format!("{GOOD}\nOwen: {}", "word ".repeat(121)),
        ),
        (
            "no_repeated_turn",
            format!("{GOOD}\nNadia: Brandt, please."),
        ),
        (
            "no_looped_turn",
            format!(
                "{GOOD}{}",
                "\nOwen: Yes.\nNadia: Sure, go on then.".repeat(4)
            ),
        ),
    ];
    for (rule, text) in cases {
        assert!(
            broken(&text, true).contains(&rule),
            "{rule}: {:?}",
            broken(&text, true)
        );
    }
    assert_eq!(broken(GOOD, false), ["ended"]);
}

#[test]
fn markup_is_found_and_what_people_type_is_not() {
    let lines = [
        "Here is the dialogue:",
        "**Owen:** Hello",
        "Owen: **wait** here",
        "- Owen: Hello",
        "1. Owen: Hello",
        "# Scene",
        "```",
        "(they laugh)",
        "Owen: [door opens]",
        "Owen: *sighs*",
        "Note: this is invented",
        "---",
        "End of dialogue",
        "In this dialogue, two people book a table.",
        "Sure! Here is a dialogue: ",
    ];
    for line in lines {
        assert!(
            broken(&format!("{GOOD}\n{line}"), true).contains(&"no_markup"),
            "{line}"
        );
    }
    for line in [
        "Owen: (Y)",
        "Owen: :* :*",
        "Owen: 5 - 3 is 2",
        "Owen: it is f**king late",
        "#Person1#: Hi",
        "Owen: (ok) bye",
    ] {
        assert!(
            !broken(&format!("{GOOD}\n{line}"), true).contains(&"no_markup"),
            "{line}"
        );
    }
}

#[test]
fn calibration_follows_the_shots() {
    let pairs: Vec<(String, &str)> = (0..100)
        .map(|i| {
            (
                format!("#Person1#: {}\n#Person2#: yes {i}", "long ".repeat(200 + i)),
                "A chat.",
            )
        })
        .collect();
    let rule = FormatRule::calibrate(&pairs);
    let rule_of = |id| rule.rules.iter().find(|rule| rule.id == id).unwrap();
    // 204.99 words at 1 % and 302.01 at 99 % (numpy's linear rule), 20 % wider.
    assert_eq!(
        rule_of(RuleId::MinWords).limit,
        Limit::at_least(((204.0 + 0.99) * 0.8_f64).round())
    );
    assert_eq!(
        rule_of(RuleId::MaxWords).limit,
        Limit::at_most(((204.0 + 98.01) * 1.2_f64).round())
    );
    assert_eq!(rule_of(RuleId::MinWords).source, Source::Calibrated);
    assert_eq!(
        (
            rule_of(RuleId::SpeakerPattern).limit,
            rule_of(RuleId::SpeakerPattern).source
        ),
        (Limit::Flag(true), Source::Calibrated)
    );
    assert!(rule.check(&pairs[50].0, true).pass);
    assert!(
        !rule
            .check(&pairs[50].0.replace("#Person2#", "Ann"), true)
            .rules["speaker_pattern"]
    );
}

#[test]
fn a_rule_that_real_pairs_break_is_off_and_says_so() {
    let stray = "Scene: the lobby of a hotel in the late evening\nand nobody speaks\nA: Hello there.\nB: Good evening.";
    let pairs: Vec<(&str, &str)> = (0..50)
        .map(|i| (if i < 3 { stray } else { GOOD }, "s"))
        .collect();
    let rule = FormatRule::calibrate(&pairs);
    let line = rule
        .rules
        .iter()
        .find(|rule| rule.id == RuleId::EveryLineHasSpeaker)
        .unwrap();
    assert_eq!((line.source, line.is_active()), (Source::Off, false));
    assert!((line.real_reject - 0.06).abs() < 1e-12);
    assert!(
        !rule
            .check(stray, true)
            .rules
            .contains_key("every_line_has_speaker")
    );
}

#[test]
fn user_limits_replace_and_bad_ones_are_named() {
    let limits = |text: &str| serde_json::from_str::<BTreeMap<String, Limit>>(text).unwrap();
    let rule = FormatRule::default()
        .with_limits(&limits(r#"{"min_turns":{"min":6},"ended":false}"#))
        .unwrap();
    let check = rule.check(GOOD, false);
    assert!(!check.rules["min_turns"] && !check.rules.contains_key("ended"));
    assert_eq!(rule.clone().measured_on(&[GOOD]).rules[3].real_reject, 1.0);
    let unknown = FormatRule::default()
        .with_limits(&limits(r#"{"min_turn":{"min":6}}"#))
        .unwrap_err();
    assert!(unknown.to_string().contains("min_turns"));
    assert!(
        FormatRule::default()
            .with_limits(&limits(r#"{"ended":{"max":6}}"#))
            .is_err()
    );
}

#[test]
fn the_rule_survives_json() {
    let rule = FormatRule::calibrate(&[(GOOD, "s")]);
    let json = serde_json::to_string(&rule).unwrap();
    assert!(
        json.contains(r#""id":"min_turns""#) && json.contains(r#""source":"calibrated""#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<FormatRule>(&json).unwrap(), rule);
}

#[test]
fn the_valid_prefix_ends_before_the_first_fault() {
    let rule = FormatRule::default();
    assert_eq!(rule.longest_valid_prefix(GOOD), GOOD);
    assert_eq!(rule.first_violation_line(GOOD), None);
    let repeated = format!("{GOOD}\nNadia: Brandt, please.\nOwen: See you.");
    assert_eq!(rule.longest_valid_prefix(&repeated), GOOD);
    assert_eq!(rule.first_violation_line(&repeated), Some(5));
    assert_eq!(rule.longest_valid_prefix("no speaker at all\nA: b"), "");
    assert_eq!(rule.longest_valid_prefix(""), "");
}

proptest! {
    #[test]
    fn checking_never_panics_and_a_prefix_keeps_the_line_rules(text in "(?s)([AB#]{0,2}: ?[a-c*(]{0,3}\n|.{0,20}){0,12}") {
        let rule = FormatRule::default();
        rule.check(&text, true);
        let prefix = rule.longest_valid_prefix(&text);
        prop_assert!(normalise_text(&text).starts_with(&prefix));
        if !prefix.is_empty() {
            let check = rule.check(&prefix, true);
            for id in ["every_line_has_speaker", "no_repeated_turn", "no_looped_turn", "no_markup"] {
                prop_assert!(check.rules[id], "{id} in {prefix:?}");
            }
        }
    }
}

/// Dialogue and summary as the files hold them.
fn pairs_of(file: &str) -> Option<Vec<(String, String)>> {
    let text = std::fs::read_to_string(shared_data(file)?).unwrap();
    let rows: Vec<serde_json::Value> = match serde_json::from_str(&text) {
        Ok(rows) => rows,
        Err(_) => text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    };
    let field = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
    Some(
        rows.iter()
            .map(|row| (field(row, "dialogue"), field(row, "summary")))
            .collect(),
    )
}

fn rejected(rule: &FormatRule, pairs: &[(String, String)]) -> f64 {
    pairs
        .iter()
        .filter(|(dialogue, _)| !rule.check(dialogue, true).pass)
        .count() as f64
        / pairs.len() as f64
}

#[test]
fn limits_hold_on_real_dialogues() {
    default_limits_reject_what_was_measured_on_real_dialogues();
    calibration_on_a_hundred_real_pairs_accepts_the_others();
}

/// The reject rates measured when the rule was made, in percent, within 0.3 points.
fn default_limits_reject_what_was_measured_on_real_dialogues() {
    let (Some(mut samsum), Some(test), Some(dialogsum)) = (
        pairs_of("samsum/val.json"),
        pairs_of("samsum/test.json"),
        pairs_of("dialogsum/dev.jsonl"),
    ) else {
        return;
    };
    samsum.extend(test);
    let expected = [
        ("every_line_has_speaker", 0.67, 0.10),
        ("min_speakers", 0.0, 0.0),
        ("max_speakers", 0.6, 0.0),
        ("max_turns", 0.0, 0.1),
        ("no_repeated_turn", 0.67, 0.0),
        ("no_looped_turn", 0.37, 0.0),
        ("max_turn_words", 0.0, 0.4),
        ("min_words", 2.1, 0.1),
    ];
    for (pairs, column) in [(&samsum, 0), (&dialogsum, 1)] {
        let dialogues: Vec<&str> = pairs
            .iter()
            .map(|(dialogue, _)| dialogue.as_str())
            .collect();
        let rule = FormatRule::default().measured_on(&dialogues);
        for (id, on_samsum, on_dialogsum) in expected {
            let want = [on_samsum, on_dialogsum][column];
            let got = 100.0
                * rule
                    .rules
                    .iter()
                    .find(|rule| rule.id.as_str() == id)
                    .unwrap()
                    .real_reject;
            assert!(
                (got - want).abs() <= 0.3,
                "{id}: {got:.2} % of {} rejected, measured {want} %",
                pairs.len()
            );
        }
        let (total, want) = (
            100.0 * rejected(&FormatRule::default(), pairs),
            [4.0, 0.6][column],
        );
        assert!(
            (total - want).abs() <= 0.3,
            "in all: {total:.2} % rejected, measured {want} %"
        );
    }
}

fn calibration_on_a_hundred_real_pairs_accepts_the_others() {
    for file in ["samsum/val.json", "dialogsum/dev.jsonl"] {
        let Some(pairs) = pairs_of(file) else { return };
        let step = pairs.len() / 100;
        let (shots, others): (Vec<_>, Vec<_>) = pairs
            .into_iter()
            .enumerate()
            .partition(|(i, _)| i % step == 0);
        let plain = |rows: Vec<(usize, (String, String))>| {
            rows.into_iter().map(|(_, pair)| pair).collect::<Vec<_>>()
        };
        let (shots, others) = (plain(shots), plain(others));
        let rule = FormatRule::calibrate(&shots);
        let share = rejected(&rule, &others);
        println!(
            "{file}: {} shots, {share:.3} of the other {} rejected",
            shots.len(),
            others.len()
        );
        assert!(share <= 0.10, "{file}: {share}");
        let guards = ContentGuards::default().calibrated(&shots);
        let guarded = others
            .iter()
            .filter(|(d, s)| !guards.check(d, s).pass)
            .count() as f64
            / others.len() as f64;
        assert!(guarded <= 0.10, "{file}: guards reject {guarded}");
    }
}

#[test]
fn no_rule_is_calibrated_to_dialogues_without_a_speaker() {
    let nobody = (
        "It was a long day and nobody came to the party at all.",
        "s",
    );
    let somebody = ("Ada: Is it nine?\nBen: It is nine, and we are late.", "s");
    for pairs in [
        vec![nobody; 10],
        [vec![nobody; 5], vec![somebody; 5]].concat(),
    ] {
        let rule = FormatRule::calibrate(&pairs);
        let limit = |id| rule.rules.iter().find(|rule| rule.id == id).unwrap();
        let fewest = limit(RuleId::MinSpeakers);
        assert_eq!(fewest.limit, Limit::at_least(1.0));
        assert!(fewest.is_active(), "whatever the shots are");
        assert!(limit(RuleId::MaxSpeakers).limit.admits(1.0));
        assert!(!rule.check(nobody.0, true).pass);
    }
}
