//! The invented corpus as the method reads it: its correct form keeps the format rule, every wrong form breaks it, and
//! the sample project imports without a complaint.

use std::path::Path;

use corpus::surface::Format;
use corpus::{Corpus, Item, Part};
use project::dialogue::Dialogue;
use project::format_rule::{ContentGuards, FormatRule};
use project::import::{Import, ImportOptions, find_leaks, read};

fn items(part: Part, count: u64) -> Vec<Item> {
    let corpus = Corpus::load().unwrap();
    (0..count)
        .map(|index| corpus.item(part, 9, index))
        .collect()
}

fn sample(name: &str) -> Import {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../models/duo-mini/sample")
        .join(name);
    let import = read(&[path], &ImportOptions::default()).unwrap();
    assert!(import.issues.is_empty(), "{name}: {:?}", import.issues);
    import
}

#[test]
fn the_right_form_keeps_the_format_rule() {
    let rule = FormatRule::default();
    for part in [Part::Training, Part::HeldOut] {
        for item in items(part, 1_500) {
            let text = item.to_text();
            let check = rule.check(&text, true);
            assert!(check.pass, "{:?}\n{text}", check.rules);
            assert_eq!(Dialogue::parse(&text).to_text(), text);
            assert_eq!(Dialogue::parse(&text).turns.len(), item.dialogue.len());
        }
    }
}

#[test]
fn every_wrong_form_breaks_the_format_rule() {
    let rule = FormatRule::default();
    for item in items(Part::Training, 300) {
        for format in Format::WRONG {
            let text = format.write(&item);
            // Words broken off after a colon ("One thing: it") look like a speaker's.
            let looks_right = text.lines().last().is_some_and(|line| line.contains(": "));
            if format == Format::BrokenOff && looks_right {
                continue;
            }
            assert!(!rule.check(&text, true).pass, "{format:?}\n{text}");
        }
    }
}

#[test]
fn hardly_a_dialogue_quotes_its_summary() {
    let guards = ContentGuards::default();
    let items = items(Part::Training, 1_500);
    let quoting = items
        .iter()
        .filter(|item| !guards.check(&item.to_text(), &item.summary).pass)
        .count();
    assert!(quoting * 50 < items.len(), "{quoting} of {}", items.len());
}

#[test]
fn the_sample_project_is_clean() {
    let (shots, by_hand, test) = (
        sample("shots.jsonl"),
        sample("by_hand.jsonl"),
        sample("test.jsonl"),
    );
    assert_eq!(shots.examples.len(), 120);
    assert!(by_hand.examples.len() >= 20 && test.examples.len() >= 300);
    let rule = FormatRule::default();
    let mut examples: Vec<_> = [shots, by_hand, test]
        .into_iter()
        .flat_map(|import| import.examples)
        .collect();
    for example in &examples {
        assert!(
            rule.check(&example.dialogue, true).pass,
            "{}",
            example.dialogue
        );
    }
    assert!(find_leaks(&mut examples).is_empty());
}
