//! What must hold for every conversation. The tests tell conversations of all families instead of sampling families.

use std::collections::{BTreeMap, BTreeSet};

use crate::diversity::Report;
use crate::family::Family;
use crate::pattern::Name;
use crate::random::Dice;
use crate::world::World;
use crate::{Corpus, Item, Part, Style, tell};

const STYLES: [Style; 3] = [Style::One, Style::Two, Style::Note];

fn corpus() -> Corpus {
    Corpus::load().unwrap()
}

fn families(world: &World) -> impl Iterator<Item = &Family> {
    world.training.iter().chain(&world.held_out)
}

/// `count` conversations of every family, in the three styles in turn, each with the dice that it was told with.
fn told(world: &World, count: u64) -> Vec<(&Family, Dice, Item)> {
    let mut told = Vec::new();
    for family in families(world) {
        for (index, style) in (0..count).zip(STYLES.into_iter().cycle()) {
            let dice = Dice::new(11, index, 0);
            told.push((family, dice.clone(), tell::tell(world, family, style, dice)));
        }
    }
    told
}

/// Fails if there are findings, and prints one for each family.
fn none(findings: impl IntoIterator<Item = (String, String)>) {
    let first: BTreeMap<String, String> = findings.into_iter().collect();
    let lines: Vec<String> = first
        .iter()
        .map(|(family, what)| format!("{family}: {what}"))
        .collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

fn has_words(text: &str, wanted: &str) -> bool {
    let is_inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(wanted).any(|(start, _)| {
        !is_inside(text[..start].chars().next_back())
            && !is_inside(text[start + wanted.len()..].chars().next())
    })
}

#[test]
fn the_grammar_is_large_and_held_out_families_stay_apart() {
    let corpus = corpus();
    let (training, held_out) = (
        corpus.families(Part::Training),
        corpus.families(Part::HeldOut),
    );
    assert!(training.len() >= 60, "{}", training.len());
    assert!(held_out.len() >= 12, "{}", held_out.len());
    let names: BTreeSet<&str> = training.iter().chain(&held_out).copied().collect();
    assert_eq!(
        names.len(),
        training.len() + held_out.len(),
        "a name is there twice"
    );
    let drawn = |part, count| {
        (0..count)
            .map(|index| corpus.item(part, 5, index).family)
            .collect::<BTreeSet<String>>()
    };
    assert_eq!(
        drawn(Part::Training, 2_000),
        training.iter().map(|&name| name.to_owned()).collect()
    );
    assert_eq!(
        drawn(Part::HeldOut, 400),
        held_out.iter().map(|&name| name.to_owned()).collect()
    );
}

#[test]
fn the_same_seed_tells_the_same() {
    let (first, other) = (corpus(), corpus());
    for index in (0..40).rev() {
        assert_eq!(
            first.item(Part::Training, 3, index),
            other.item(Part::Training, 3, index)
        );
    }
    assert_ne!(
        first.item(Part::Training, 3, 0),
        first.item(Part::Training, 4, 0)
    );
}

#[test]
fn every_list_and_field_exists_and_the_typesetting_is_clean() {
    let corpus = corpus();
    let spoilt = [
        "{", "}", "[", "]", "|", "  ", " ,", " .", " ?", ",,", "..", ",.", "?.", "!.", "?,", ":.",
        " a a", " a e", " a i", " a ol",
    ];
    let findings = told(&corpus.world, 240)
        .into_iter()
        .filter_map(|(family, _, item)| {
            let text = format!("{}\n{}\n{}", item.to_text(), item.summary, item.topic);
            let found = spoilt.iter().find(|spoilt| text.contains(**spoilt))?;
            Some((family.name.clone(), format!("`{found}` in\n{text}")))
        });
    none(findings);
}

#[test]
fn turns_are_spoken_in_turn_by_two_to_four() {
    let corpus = corpus();
    let findings = told(&corpus.world, 60)
        .into_iter()
        .filter_map(|(family, _, item)| {
            let speakers: BTreeSet<&str> = item
                .dialogue
                .iter()
                .map(|turn| turn.speaker.as_str())
                .collect();
            let alternate = item
                .dialogue
                .windows(2)
                .all(|pair| pair[0].speaker != pair[1].speaker);
            let full = item
                .dialogue
                .iter()
                .all(|turn| turn.text.chars().any(char::is_alphanumeric));
            let fine = alternate && full && (2..=4).contains(&speakers.len());
            (!fine || !(5..=24).contains(&item.dialogue.len()))
                .then(|| (family.name.clone(), item.to_text()))
        });
    none(findings);
}

#[test]
fn what_a_summary_states_was_said() {
    let corpus = corpus();
    let mut findings = Vec::new();
    for (family, dice, item) in told(&corpus.world, 240) {
        let mut telling = tell::begin(&corpus.world, family, dice);
        assert_eq!(tell::dialogue(&mut telling, family), item.dialogue);
        let heard = std::mem::take(&mut telling.said);
        let summary = telling.text(&family.summaries[item.style as usize]);
        // Two kinds of facts need not be said: a person may be known only by the label of the turns, and a fact in a
        // condition only decides what is said.
        let excused = |name: &String| {
            telling.fact(name, "label").is_some() || family.names().contains(&Name::Condition(name))
        };
        if let Some(name) = telling
            .said
            .iter()
            .find(|name| !heard.contains(*name) && !excused(name))
        {
            findings.push((
                family.name.clone(),
                format!("{name}\n{}\n-> {summary}", item.to_text()),
            ));
        }
    }
    none(findings);
}

#[test]
fn names_and_numbers_of_a_summary_were_said() {
    let corpus = corpus();
    let world = &corpus.world;
    let names: BTreeSet<&String> = world
        .women
        .iter()
        .chain(&world.men)
        .chain(&world.surnames)
        .collect();
    let findings = told(world, 120)
        .into_iter()
        .filter_map(|(family, _, item)| {
            let dialogue = item.to_text();
            let words = item
                .summary
                .split(|c: char| !c.is_alphanumeric())
                .map(str::to_owned);
            let must: Vec<String> = words
                .filter(|word| names.contains(word) || word.chars().any(|c| c.is_ascii_digit()))
                .collect();
            let missing = must.iter().find(|word| !has_words(&dialogue, word))?;
            Some((
                family.name.clone(),
                format!("{missing}\n{dialogue}\n-> {}", item.summary),
            ))
        });
    none(findings);
}

#[test]
fn summaries_speak_in_the_third_person() {
    let corpus = corpus();
    let findings = told(&corpus.world, 240)
        .into_iter()
        .filter_map(|(family, _, item)| {
            let speaking = [
                "I", "I'm", "me", "my", "we", "our", "us", "you", "your", "My", "We", "Our", "You",
                "Your",
            ];
            let found = speaking
                .iter()
                .find(|word| has_words(&item.summary, word))?;
            Some((
                family.name.clone(),
                format!("`{found}` in {}", item.summary),
            ))
        });
    none(findings);
}

#[test]
fn lengths_fit_a_small_context() {
    let corpus = corpus();
    let findings = told(&corpus.world, 90)
        .into_iter()
        .filter_map(|(family, _, item)| {
            let words = |text: &str| text.split_whitespace().count();
            let (dialogue, summary, topic) = (
                words(&item.to_text()),
                words(&item.summary),
                words(&item.topic),
            );
            let fits = (40..=260).contains(&dialogue)
                && (5..=60).contains(&summary)
                && (1..=12).contains(&topic);
            (!fits).then(|| {
                (
                    family.name.clone(),
                    format!("{dialogue}, {summary}, {topic} words: {}", item.summary),
                )
            })
        });
    none(findings);
}

#[test]
fn conversations_are_varied() {
    let corpus = corpus();
    let items: Vec<Item> = (0..3_000)
        .map(|index| corpus.item(Part::Training, 1, index))
        .collect();
    let report = Report::of(&items);
    println!("{report}");
    assert!(report.vocabulary > 3_000);
    assert!(report.distinct[1] > 0.04 && report.distinct[2] > 0.12);
    assert!(report.near_dialogues < 0.01, "{report}");
    assert!(report.near_summaries < 0.12, "{report}");
    assert!(
        (6.0..16.0).contains(&report.turns) && (60.0..180.0).contains(&report.dialogue_words),
        "{report}"
    );
    assert!(report.copied < 0.5, "{report}");
}
