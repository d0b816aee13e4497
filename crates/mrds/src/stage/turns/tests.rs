//! Dialogues line by line by a model that draws anything the masks leave open.

use super::*;
use crate::stage::line_grammar::{LineGrammar, Vocabulary};
use lm::random;
use std::collections::BTreeMap;

const SUMMARY: &str = "Ana tells Bo and Cleo where the van is.";

/// Words, pieces, ends of lines, and what a text model leaves in a dialogue.
const PIECES: [&str; 41] = [
    "Ana",
    "Bo",
    "Cleo",
    ":",
    " ",
    ": ",
    "\n",
    ".\n",
    "?\n",
    "ok\nAna",
    "\n\n",
    " the",
    " van",
    " is",
    " back",
    " now",
    " at noon",
    " we",
    " go",
    " home",
    "er",
    "s",
    " yes",
    "Yes",
    "No",
    " no",
    ",",
    "!",
    " **",
    "** ",
    "(",
    ")",
    " *waves*",
    "[",
    "]",
    "Note",
    " one two three four five",
    "\u{2028}",
    "é",
    " #",
    "- ",
];

/// The same, after the token 0, which ends a dialogue.
fn vocabulary() -> Vocabulary {
    let tokens = PIECES.iter().map(|piece| Some(piece.as_bytes().to_vec()));
    Vocabulary::new([None].into_iter().chain(tokens).collect(), vec![0])
}

fn rule(limits: &[(&str, Limit)]) -> FormatRule {
    let limits: BTreeMap<String, Limit> = limits
        .iter()
        .map(|(id, limit)| ((*id).to_owned(), *limit))
        .collect();
    FormatRule::default().with_limits(&limits).unwrap()
}

fn cast() -> Vec<String> {
    ["Ana", "Bo", "Cleo"].map(str::to_owned).into()
}

/// One dialogue by a random model, with the number of lines that were drawn.
fn write(
    vocabulary: &Vocabulary,
    rule: &FormatRule,
    corrections: usize,
    key: u64,
) -> (Lines, usize) {
    let guards = ContentGuards::with_copy_limits(12, 0.5);
    let cast = cast();
    let demands = Demands {
        rule,
        guards: &guards,
        bounds: Bounds::of(rule),
        cast: &cast,
        summary: SUMMARY,
        corrections,
    };
    let mut lines = Lines::default();
    let mut drawn = 0;
    while lines.is_open() {
        let limits = lines.limits(&demands);
        let grammar = LineGrammar::new(vocabulary, &limits.speakers);
        let (ids, text) = draw(
            vocabulary,
            &grammar,
            &limits,
            random::key(key, &[drawn as u64]),
        );
        lines.take(&text, ids.last() == Some(&0), &demands);
        drawn += 1;
    }
    (lines, drawn)
}

fn draw(
    vocabulary: &Vocabulary,
    grammar: &LineGrammar<'_>,
    limits: &LineLimits,
    key: u64,
) -> (Vec<u32>, String) {
    let mut ids: Vec<u32> = Vec::new();
    while ids.len() < limits.max_tokens {
        let mut logits = vec![0.0; PIECES.len() + 1];
        grammar.mask_line(&ids, &mut logits, limits);
        let open: Vec<u32> = (0u32..)
            .zip(&logits)
            .filter(|(_, logit)| logit.is_finite())
            .map(|(id, _)| id)
            .collect();
        assert!(!open.is_empty(), "nothing may follow {ids:?}");
        let u = random::uniform(key, ids.len() as u64);
        let id = open[(u * open.len() as f64) as usize];
        ids.push(id);
        if id == 0 || vocabulary.line_ends().contains(&id) {
            break;
        }
    }
    let bytes: Vec<u8> = ids
        .iter()
        .flat_map(|id| vocabulary.bytes(*id))
        .copied()
        .collect();
    (ids, String::from_utf8(bytes).unwrap())
}

#[test]
fn whatever_a_random_model_writes_keeps_the_format() {
    let vocabulary = vocabulary();
    let rules = [
        FormatRule::default(),
        rule(&[
            ("max_turns", Limit::at_most(4.0)),
            ("min_turns", Limit::at_least(3.0)),
            ("max_turn_words", Limit::at_most(9.0)),
            ("min_words", Limit::at_least(24.0)),
            ("max_speakers", Limit::at_most(2.0)),
        ]),
        rule(&[
            ("min_speakers", Limit::at_least(3.0)),
            ("max_words", Limit::at_most(40.0)),
            ("max_turn_words", Limit::at_most(6.0)),
        ]),
    ];
    let (mut forced, mut resampled) = (0, 0);
    for key in 0..500 {
        let rule = &rules[key % rules.len()];
        let (lines, drawn) = write(&vocabulary, rule, 20, key as u64);
        let text = lines.text();
        let check = rule.check(text.trim_end(), lines.is_closed);
        assert!(
            check.pass,
            "{key} after {drawn} lines: {:?}\n{text}",
            check.rules
        );
        forced += usize::from(lines.is_forced);
        resampled += lines.resampled;
    }
    assert!(forced > 0 && forced < 500, "{forced} were ended by force");
    assert!(resampled > 0, "markup is drawn again");
}

#[test]
fn without_corrections_it_ends_where_the_rule_first_holds() {
    let rule = FormatRule::default();
    let (lines, _) = write(&vocabulary(), &rule, 0, 3);
    assert!(lines.is_closed && rule.check(lines.text().trim_end(), true).pass);
}

#[test]
fn a_quote_of_the_summary_is_drawn_again_and_lines_go() {
    let rule = FormatRule::default();
    let guards = ContentGuards::with_copy_limits(5, 0.5);
    let cast = cast();
    let demands = Demands {
        rule: &rule,
        guards: &guards,
        bounds: Bounds::of(&rule),
        cast: &cast,
        summary: SUMMARY,
        corrections: 9,
    };
    let mut lines = Lines::default();
    lines.take("Ana: I parked it behind the bakery today.", false, &demands);
    lines.take("Bo: Good, then we can load it.", false, &demands);
    for _ in 0..TRIES_PER_LINE {
        lines.take(
            "Ana: Ana tells Bo and Cleo where the van is.",
            false,
            &demands,
        );
    }
    assert_eq!(
        (lines.resampled, lines.lines.len()),
        (4, 1),
        "a line before it went"
    );
    lines.take("no speaker at all", false, &demands);
    assert_eq!((lines.resampled, lines.lines.len()), (5, 1));
    let limits = lines.limits(&demands);
    assert_eq!(
        limits.closing_words, 6,
        "fifteen with names, of which eight are there"
    );
    assert_eq!(
        (limits.speakers, limits.closers),
        (cast.clone(), vec!["Bo".into(), "Cleo".into()])
    );
}

#[test]
fn the_last_lines_bring_the_speakers_and_words_that_are_missing() {
    let rule = rule(&[
        ("max_turns", Limit::at_most(2.0)),
        ("max_turn_words", Limit::at_most(10.0)),
        ("min_words", Limit::at_least(20.0)),
    ]);
    let guards = ContentGuards::with_copy_limits(12, 0.5);
    let cast = cast();
    let demands = Demands {
        rule: &rule,
        guards: &guards,
        bounds: Bounds::of(&rule),
        cast: &cast,
        summary: SUMMARY,
        corrections: 9,
    };
    let mut lines = Lines::default();
    assert_eq!(
        lines.limits(&demands).min_words,
        9,
        "ten are left to the other line"
    );
    lines.take(
        "Ana: one two three four five six seven eight nine",
        false,
        &demands,
    );
    let limits = lines.limits(&demands);
    assert_eq!(limits.speakers, ["Bo", "Cleo"]);
    assert_eq!((limits.min_words, limits.closing_words), (9, 9));
    assert_eq!(limits.closers, limits.speakers);
    lines.take(
        "Bo: one two three four five six seven eight ten",
        false,
        &demands,
    );
    assert!(lines.is_closed && lines.is_forced);
}

#[test]
fn a_line_that_lowers_the_score_is_drawn_again() {
    let (rule, cast) = (FormatRule::default(), cast());
    let guards = ContentGuards::with_copy_limits(12, 0.5);
    let demands = Demands {
        rule: &rule,
        guards: &guards,
        bounds: Bounds::of(&rule),
        cast: &cast,
        summary: SUMMARY,
        corrections: 2,
    };
    let mut lines = Lines::default();
    lines.take("Ana: the van is back now", false, &demands);
    lines.judge(Some(-2.0), 0.1, &demands);
    lines.take("Bo: yes we go home", false, &demands);
    lines.judge(Some(-2.05), 0.1, &demands);
    assert_eq!((lines.len(), lines.resampled), (2, 0), "within the gap");
    for drawn in 1..=2 {
        lines.take("Cleo: no", true, &demands);
        lines.judge(Some(-2.5), 0.1, &demands);
        assert_eq!((lines.len(), lines.resampled), (2, drawn));
        assert!(lines.is_open(), "a line that went ends nothing");
    }
    lines.take("Cleo: no", false, &demands);
    lines.judge(Some(-2.5), 0.1, &demands);
    assert_eq!(lines.len(), 3, "the corrections are spent");
    lines.take("Ana: ok", false, &demands);
    lines.judge(None, 0.1, &demands);
    assert_eq!(lines.len(), 4, "too long to be scored");
}
