//! The ledger of facts on dialogues with planted errors (`tests/golden/facts`), and on the references of real data sets,
//! where it should be silent. There is no reference implementation, so shares are compared. The repository keeps a part
//! of the fixture.

use crate::conversations::{self, Pair};
use crate::fixture;
use crate::values::{list, string};
use metrics::facts::{Evidence, FactKind, FactStatus, Ledger, Vocabulary};
use metrics::lexicon::Lexicon;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Least share of planted errors that are marked, by their kind. `unit` is the right number with a wrong unit.
const TO_BE_FOUND: [(&str, f64); 10] = [
    ("number", 0.95),
    ("quantity", 0.95),
    ("date", 0.95),
    ("month", 0.95),
    ("money", 0.95),
    ("identifier", 0.95),
    ("name", 0.95),
    ("time", 0.9),
    ("unit", 0.9),
    ("negation", 0.8),
];
/// Largest share of summaries without an error in which something is marked.
const FALSE_ALARMS: f64 = 0.02;

fn folders() -> Vec<PathBuf> {
    let whole = fixture::shared_if_there("golden/facts");
    [fixture::golden("facts")]
        .into_iter()
        .chain(whole)
        .collect()
}

/// A ledger for each pair, with the vocabulary of all of them.
fn ledgers(pairs: &[Pair]) -> Vec<Ledger> {
    let lexicon = Lexicon::english();
    let texts = pairs.iter().flat_map(|pair| {
        pair.turns
            .iter()
            .map(|turn| turn.1.as_str())
            .chain([pair.summary.as_str()])
    });
    let speakers = pairs
        .iter()
        .flat_map(|pair| pair.turns.iter().map(|turn| turn.0.as_str()));
    let vocabulary = Vocabulary::of(texts, speakers);
    let ledger = |pair: &Pair| {
        let turns = pair.turns();
        Evidence::new(&turns, &lexicon, &vocabulary).check(&pair.summary, None)
    };
    pairs.iter().map(ledger).collect()
}

/// Whether something is marked; negations are shown but count in no rate.
fn is_flagged(ledger: &Ledger, with_negations: bool) -> bool {
    ledger.facts.iter().any(|checked| {
        checked.status != FactStatus::Kept
            && (with_negations || checked.fact.kind() != FactKind::Negation)
    })
}

fn check_planted(folder: &Path) {
    let items = fixture::json(&folder.join("items.json"));
    let pairs: Vec<Pair> = list(&items)
        .iter()
        .map(|item| Pair {
            turns: conversations::turns_of(string(&item["dialogue"])),
            summary: string(&item["summary"]).to_owned(),
        })
        .collect();
    let mut found: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (item, ledger) in list(&items).iter().zip(ledgers(&pairs)) {
        let planted = item["planted"].as_str().unwrap_or("nothing");
        let (flagged, total) = found.entry(planted).or_default();
        *flagged += usize::from(is_flagged(&ledger, true));
        *total += 1;
        if is_flagged(&ledger, true) != item["planted"].is_string() {
            println!("{planted}: {} {:?}", item["summary"], ledger.facts);
        }
    }
    println!("golden facts in {}: {found:?}", folder.display());
    let share = |planted: &str| {
        let (flagged, total) = found.get(planted).copied().unwrap_or_default();
        assert!(total > 0, "{planted}: no case");
        flagged as f64 / total as f64
    };
    assert!(share("nothing") <= FALSE_ALARMS, "false alarms");
    for (planted, least) in TO_BE_FOUND {
        assert!(share(planted) >= least, "{planted}: {}", share(planted));
    }
}

#[test]
fn planted_errors() {
    folders().iter().for_each(|folder| check_planted(folder));
}

fn check_references(name: &str, pairs: Option<Vec<Pair>>, most: f64) {
    let Some(pairs) = pairs else { return };
    let ledgers = ledgers(&pairs);
    let flagged = ledgers
        .iter()
        .filter(|ledger| is_flagged(ledger, false))
        .count();
    let share = flagged as f64 / pairs.len() as f64;
    println!(
        "{name}: {flagged} of {} references flagged ({share:.4})",
        pairs.len()
    );
    let mut by_kind: BTreeMap<FactKind, Vec<&str>> = BTreeMap::new();
    for checked in ledgers
        .iter()
        .flat_map(|ledger| &ledger.facts)
        .filter(|checked| checked.status != FactStatus::Kept)
    {
        by_kind
            .entry(checked.fact.kind())
            .or_default()
            .push(&checked.fact.text);
    }
    by_kind
        .iter()
        .for_each(|(kind, texts)| println!("  {kind:?} {}", texts.len()));
    assert!(share <= most, "{name}: {share}");
}

#[test]
fn references_of_samsum() {
    check_references("SAMSum", conversations::samsum(), 0.07);
}

#[test]
fn references_of_dialogsum() {
    check_references("DialogSum", conversations::dialogsum(), 0.03);
}

#[test]
fn references_of_todsum() {
    check_references("TODSum", conversations::todsum(), 0.03);
}
