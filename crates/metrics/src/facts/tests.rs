//! Facts as they are read, and what the ledger says about them.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn read(text: &str, lexicon: &Lexicon) -> Vec<(FactKind, String)> {
    let vocabulary = Vocabulary::of(["the appointment was fine, they write"], ["Ilka"]);
    let reader = Reader {
        lexicon,
        vocabulary: &vocabulary,
        side: Side::Summary,
    };
    let facts = reader.facts(text).into_iter();
    facts.map(|fact| (fact.kind(), fact.text)).collect()
}

fn assert_read(lexicon: &Lexicon, text: &str, expected: &[(FactKind, &str)]) {
    let found = read(text, lexicon);
    let found: Vec<(FactKind, &str)> = found
        .iter()
        .map(|(kind, text)| (*kind, text.as_str()))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn english_facts() {
    use FactKind::{Date, Identifier, Money, Name, Number, Quantity, Time};
    let english = Lexicon::english();
    for (text, expected) in [
        (
            "They counted 1,050 parcels and twenty-five chairs.",
            vec![(Number, "1,050"), (Number, "twenty five")],
        ),
        (
            "He takes 10 mg, 20ml and two tablets.",
            vec![(Quantity, "10 mg"), (Quantity, "20ml"), (Number, "two")],
        ),
        (
            "It takes one hour, or two and a half days.",
            vec![(Quantity, "one hour"), (Quantity, "two and a half days")],
        ),
        ("No one came first.", vec![]),
        (
            "It costs $20, 30 euros or five bucks.",
            vec![(Money, "$20"), (Money, "30 euros"), (Money, "five bucks")],
        ),
        (
            "We meet at 7:15 pm, 8 p.m. or half past nine.",
            vec![(Time, "7:15 pm"), (Time, "8 p.m"), (Time, "half past nine")],
        ),
        (
            "He arrives on Friday, 18 October 2024.",
            vec![(Date, "Friday"), (Date, "18 October 2024")],
        ),
        (
            "Since May 3rd it may rain in March.",
            vec![(Date, "May 3rd"), (Date, "March")],
        ),
        (
            "Then we march on; the sun is out tomorrow.",
            vec![(Date, "tomorrow")],
        ),
        ("The reference is RT5197.", vec![(Identifier, "RT5197")]),
        (
            "The appointment with Delwyn's aunt is off.",
            vec![(Name, "Delwyn")],
        ),
        (
            "Appointment made. ilka and Ilka agree.",
            vec![(Name, "Ilka")],
        ),
        (
            "Write to a.b@mail.org or call 030-1234567.",
            vec![(Identifier, "a.b@mail.org"), (Identifier, "030-1234567")],
        ),
        (
            "Two hundred and six people, fifty percent of them young.",
            vec![(Number, "Two hundred and six"), (Quantity, "fifty percent")],
        ),
    ] {
        assert_read(&english, text, &expected);
    }
}

#[test]
fn german_facts() {
    use FactKind::{Date, Money, Name, Number, Quantity, Time};
    let german = Lexicon::german();
    for (text, expected) in [
        (
            "Sie nimmt 1,5 mg seit dem 18. Oktober.",
            vec![(Quantity, "1,5 mg"), (Date, "18 Oktober")],
        ),
        (
            "Termin am Mittwoch um 19:15 Uhr oder halb acht.",
            vec![(Date, "Mittwoch"), (Time, "19:15 Uhr"), (Time, "halb acht")],
        ),
        (
            "Das kostet 1.200 Euro f\u{fc}r einundzwanzig St\u{fc}hle.",
            vec![(Money, "1.200 Euro"), (Number, "einundzwanzig")],
        ),
        (
            "Ilka wartet eine Woche und trifft den Arzt.",
            vec![(Name, "Ilka"), (Quantity, "eine Woche")],
        ),
    ] {
        assert_read(&german, text, &expected);
    }
}

/// The status of a summary's only fact, given what two speakers say.
fn status(dialogue: &[&str], summary: &str) -> FactStatus {
    let (lexicon, vocabulary) = (Lexicon::english(), Vocabulary::default());
    let speakers = ["Ilka", "Joren"];
    let turns: Vec<Turn<'_>> = (0..)
        .zip(dialogue)
        .map(|(i, text)| Turn {
            speaker: speakers[i % 2],
            text,
        })
        .collect();
    let facts = Evidence::new(&turns, &lexicon, &vocabulary)
        .check(summary, None)
        .facts;
    let facts: Vec<&CheckedFact> = facts
        .iter()
        .filter(|checked| checked.fact.kind() != FactKind::Negation)
        .collect();
    assert_eq!(facts.len(), 1, "{summary}: {facts:?}");
    facts[0].status
}

#[test]
fn the_same_value_is_kept_however_it_is_written() {
    for (spoken, summary) in [
        ("I counted seven samples", "they counted 7 samples"),
        ("give me fourteen days", "it takes two weeks"),
        ("wait half an hour", "it takes 30 minutes"),
        ("come at 19:15", "they meet at 7:15 pm"),
        ("come at 8", "they meet at 8 pm"),
        ("it was 20 bucks", "it cost $20"),
        ("twenty.", "it cost 20 euros"),
        ("10 mg a day", "the dose was 10"),
        ("it is on the 18th of October", "it is on October 18"),
        ("the code is RT 5197", "the code is RT5197"),
        ("ask for wexmoore", "they ask for Wexmoor"),
        ("hello", "they are 2"),
    ] {
        assert_eq!(
            status(&[spoken, "Fine."], summary),
            FactStatus::Kept,
            "{spoken} / {summary}"
        );
    }
}

#[test]
fn another_value_is_not() {
    for (spoken, summary, expected) in [
        (
            "I counted seven samples",
            "they counted 9 samples",
            FactStatus::Changed,
        ),
        (
            "twelve chairs, 20 mg each",
            "they saw 20 chairs",
            FactStatus::Changed,
        ),
        (
            "take 10 ml of Orbadrin",
            "takes 10 mg of orbadrin",
            FactStatus::Changed,
        ),
        (
            "it costs 20 euros",
            "it costs 20 dollars",
            FactStatus::Changed,
        ),
        (
            "come on Monday",
            "they met on Tuesday",
            FactStatus::Invented,
        ),
        ("nothing", "they saw Wexmoor", FactStatus::Invented),
        ("come at 8 am", "they come at 8 pm", FactStatus::Invented),
    ] {
        let found = status(&[spoken, "Fine."], summary);
        assert_ne!(found, FactStatus::Kept, "{spoken} / {summary}");
        if expected == FactStatus::Changed {
            assert_eq!(found, expected, "{spoken} / {summary}");
        }
    }
}

#[test]
fn what_the_reference_has_more_is_missing() {
    let (lexicon, vocabulary) = (Lexicon::english(), Vocabulary::default());
    let turns = [Turn {
        speaker: "Ilka",
        text: "Seven samples, on Monday, for 20 euros.",
    }];
    let evidence = Evidence::new(&turns, &lexicon, &vocabulary);
    let missing = evidence
        .check(
            "There were 7 samples.",
            Some("7 samples on Monday for 20 euros, RT99."),
        )
        .missing;
    let missing: Vec<&str> = missing.iter().map(|fact| fact.text.as_str()).collect();
    // RT99 is not in the conversation, so nobody can be blamed for leaving it out.
    assert_eq!(missing, ["Monday", "20 euros"]);
}

#[test]
fn rates_and_greyed_kinds() {
    let (lexicon, vocabulary) = (Lexicon::english(), Vocabulary::default());
    let turns = [Turn {
        speaker: "Ilka",
        text: "Seven samples, on Monday.",
    }];
    let evidence = Evidence::new(&turns, &lexicon, &vocabulary);
    let ledgers = [
        "7 samples on Monday",
        "9 samples on Friday",
        "7 samples on Sunday",
    ]
    .map(|summary| evidence.check(summary, None));
    let found = rates::rates(&ledgers, &BTreeSet::new());
    assert_eq!(
        (
            found.n,
            found.total.kept,
            found.total.facts(),
            found.total.summaries
        ),
        (3, 3, 6, 2)
    );
    assert_eq!(found.total.unsupported(), Some(0.5));
    assert_eq!(
        rates::greyed(&ledgers),
        BTreeSet::from([FactKind::Number, FactKind::Date])
    );
    let greyed = BTreeSet::from([FactKind::Date]);
    let found = rates::rates(&ledgers, &greyed);
    assert_eq!((found.total.facts(), found.total.summaries), (3, 1));
    assert_eq!(found.by_kind[&FactKind::Date].facts(), 3);
    assert_eq!(rates::rates(&[], &greyed).total.unsupported(), None);
    assert!(rates::greyed(&[]).is_empty());
}

proptest! {
    #[test]
    fn a_text_keeps_its_own_facts(words in prop::collection::vec(
        prop::sample::select(vec!["7", "seven", "10 mg", "$20", "7:15 pm", "Monday", "18 October", "RT5197", "Wexmoor", "saw", "and", "half", "an hour.", "Ok!"]),
        0..12,
    )) {
        let text = words.join(" ");
        let (lexicon, vocabulary) = (Lexicon::english(), Vocabulary::default());
        let turns = [Turn { speaker: "Ilka", text: &text }];
        let ledger = Evidence::new(&turns, &lexicon, &vocabulary).check(&text, Some(&text));
        for checked in &ledger.facts {
            prop_assert_eq!(checked.status, FactStatus::Kept, "{}: {:?}", &text, &checked.fact);
        }
        prop_assert!(ledger.missing.is_empty());
    }

    #[test]
    fn any_text_can_be_read(text in "\\PC{0,60}", reference in "[0-9a-zA-Z:.,/$ -]{0,40}") {
        let vocabulary = Vocabulary::default();
        let turns = [Turn { speaker: "A", text: &reference }, Turn { speaker: "", text: &text }];
        for lexicon in [Lexicon::english(), Lexicon::german()] {
            let evidence = Evidence::new(&turns, &lexicon, &vocabulary);
            let checked = evidence.check(&text, Some(&reference)).facts.len();
            prop_assert!(checked <= text.len());
        }
    }
}
