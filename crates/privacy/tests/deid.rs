//! De-identification against conversations in which every identifying piece is marked (`tests/golden/deid`): some of
//! those in the shared folder, others that were written after the rules, and all of the shared ones if they are at hand.
#![allow(clippy::unwrap_used, reason = "a test says best where it failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use contract::{IdentifierKind, Replacing, SurrogateScope};
use privacy::deid::check::{Case, Share, check};
use privacy::deid::surrogate::{Deidentified, Key, Plan};
use privacy::deid::{Conversation, Dataset, Verdicts};
use proptest::prelude::*;

/// Our copies, and the complete shared file if it is at hand.
fn files() -> Vec<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/deid");
    let shared = std::env::var_os("DUOLOGUE_SHARED")
        .map(|folder| Path::new(&folder).join("golden/deid/cases.jsonl"));
    ["cases.jsonl", "others.jsonl"]
        .map(|name| ours.join(name))
        .into_iter()
        .chain(shared.filter(|file| file.is_file()))
        .collect()
}

fn cases(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn plan(replacing: Replacing, key: u8) -> Plan {
    Plan {
        replacing,
        scope: SurrogateScope::Conversation,
        key: Key::new([key; 32]),
    }
}

/// Each case after replacement.
fn replaced(file: &Path, plan: &Plan) -> Vec<(Case, Deidentified)> {
    let cases = cases(file);
    let conversations: Vec<Conversation> = cases.iter().map(Case::conversation).collect();
    let dataset = Dataset::of(&conversations, Verdicts::new());
    let new = conversations
        .iter()
        .map(|conversation| plan.apply(conversation, &dataset.find(conversation)));
    let new: Vec<Deidentified> = new.collect();
    cases.into_iter().zip(new).collect()
}

#[test]
fn recall_and_precision() {
    for file in files() {
        let found = check(&cases(&file), &plan(Replacing::Replace, 7));
        let recall = |share: Share| share.recall.unwrap();
        let message = format!("{}: {found:?}", file.display());
        assert!(recall(found.alone.direct) >= 0.90, "{message}");
        assert!(recall(found.reviewed.direct) >= 0.98, "{message}");
        assert!(found.alone.precision_chars.unwrap() >= 0.97, "{message}");
        assert!(found.reviewed.precision_chars.unwrap() >= 0.97, "{message}");
    }
}

#[test]
fn lines_and_speakers_stay_apart() {
    for file in files() {
        for (case, new) in replaced(&file, &plan(Replacing::Replace, 7)) {
            let labels = |text: &str| -> Vec<String> {
                let label = |line: &str| line.split_once(": ").map(|(label, _)| label.to_owned());
                text.lines().map(|line| label(line).unwrap()).collect()
            };
            let (old, now) = (labels(&case.dialogue), labels(&new.texts[0]));
            assert_eq!(old.len(), now.len(), "{}", case.id);
            for (a, b) in old.iter().zip(&now) {
                for (c, d) in old.iter().zip(&now) {
                    assert_eq!(a == c, b == d, "{}: {a} and {c} are {b} and {d}", case.id);
                }
            }
        }
    }
}

#[test]
fn a_person_is_one_person_in_dialogue_and_summary() {
    for file in files() {
        for (case, new) in replaced(&file, &plan(Replacing::Replace, 7)) {
            let mut known = std::collections::BTreeMap::new();
            let pieces = new.texts.iter().zip(&new.replaced);
            for (text, piece) in
                pieces.flat_map(|(text, pieces)| pieces.iter().map(move |p| (text, p)))
            {
                if piece.found.kind != IdentifierKind::Name {
                    continue;
                }
                let now = &text[piece.found.start..piece.found.end];
                let parts = piece.original.split(' ').zip(now.split(' '));
                for (a, b) in parts {
                    let before = known.insert(a.to_lowercase(), b.to_lowercase());
                    let same = before.is_none_or(|before| before == b.to_lowercase());
                    assert!(same, "{}: {a} is {b} and another", case.id);
                }
            }
            let different: BTreeSet<&String> = known.values().collect();
            assert_eq!(
                different.len(),
                known.len(),
                "{}: two became one: {known:?}",
                case.id
            );
        }
    }
}

/// The days between two dates of a conversation stay the same, and so do weekdays: all dates move by the same whole weeks.
#[test]
fn dates_move_together() {
    let moved = |text: &str, piece: &privacy::deid::surrogate::Replaced| -> Option<i64> {
        let date = |text: &str| -> Option<jiff::civil::Date> { text.parse().ok() };
        let (from, to) = (
            date(&piece.original)?,
            date(&text[piece.found.start..piece.found.end])?,
        );
        Some(i64::from((to - from).get_days()))
    };
    let days = |new: &Deidentified| -> BTreeSet<i64> {
        let pieces = new.texts.iter().zip(&new.replaced);
        pieces
            .flat_map(|(text, pieces)| pieces.iter().filter_map(move |piece| moved(text, piece)))
            .collect()
    };
    // The marked conversations write their dates in words, and words are not a `Date` here.
    let visits = Conversation {
        id: "visits".to_owned(),
        texts: vec![
            "Ada: I came on 2024-03-05 and on 2024-03-19.\nDesk: See you on 2024-04-02.".to_owned(),
            "Ada came on 2024-03-05 and comes back on 2024-04-02.".to_owned(),
        ],
    };
    let found = Dataset::of(std::slice::from_ref(&visits), Verdicts::new()).find(&visits);
    let plan = plan(Replacing::Replace, 7);
    let new = plan.apply(&visits, &found);
    assert_eq!(new.replaced.iter().flatten().count(), 7, "{new:?}");
    assert_eq!(days(&new).len(), 1, "{new:?}");
    for file in files() {
        for (case, new) in replaced(&file, &plan) {
            let days = days(&new);
            assert!(days.len() < 2, "{}: {days:?}", case.id);
            assert!(
                days.iter().all(|days| days % 7 == 0 && *days != 0),
                "{}: {days:?}",
                case.id
            );
        }
    }
}

#[test]
fn numbers_are_gone_and_the_key_decides() {
    for file in files() {
        let (first, again, other) = (
            replaced(&file, &plan(Replacing::Replace, 7)),
            replaced(&file, &plan(Replacing::Replace, 7)),
            replaced(&file, &plan(Replacing::Replace, 8)),
        );
        let mut differ = 0;
        for (((case, a), (_, b)), (_, c)) in first.iter().zip(&again).zip(&other) {
            assert_eq!(a.texts, b.texts, "{}", case.id);
            differ += usize::from(a.texts != c.texts);
            for (text, pieces) in a.texts.iter().zip(&a.replaced) {
                for piece in pieces.iter().filter(|piece| piece.found.kind.is_direct()) {
                    let now = &text[piece.found.start..piece.found.end];
                    assert_ne!(now, piece.original, "{}: {:?}", case.id, piece.found.kind);
                }
            }
        }
        assert_eq!(differ, first.len());
    }
}

#[test]
fn a_mask_tells_persons_apart() {
    let conversation = Conversation {
        id: "a".to_owned(),
        texts: vec![
            "Harriet: This is Harriet Blackwood, I met Ingrid on 3 May 2021.\nAgent: Thanks, Ms Blackwood.".to_owned(),
            "Harriet Blackwood met Ingrid.".to_owned(),
        ],
    };
    let dataset = Dataset::of(std::slice::from_ref(&conversation), Verdicts::new());
    let new = plan(Replacing::Mask, 7).apply(&conversation, &dataset.find(&conversation));
    assert_eq!(
        new.texts,
        [
            "NAME_1: This is NAME_1, I met NAME_2 on DATE_1.\nAgent: Thanks, Ms NAME_1.",
            "NAME_1 met NAME_2."
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a text contains, the pieces found lie inside it, end at character boundaries, are in order and do not overlap.
    #[test]
    fn pieces_lie_in_their_text(
        text in "([A-Za-zÄÖÜäöüßéİ:@.,'’€$#/+()-]{1,9}[ \n]|[0-9./-]{1,12}[ ,]|Dr\\. |Herr |Ms |am |\u{1F600}){0,40}"
    ) {
        let conversation = Conversation { id: "x".to_owned(), texts: vec![text.clone(), text] };
        let dataset = Dataset::of(std::slice::from_ref(&conversation), Verdicts::new());
        let findings = dataset.find(&conversation);
        for (text, pieces) in conversation.texts.iter().zip(&findings.pieces) {
            for piece in pieces {
                prop_assert!(piece.start < piece.end && text.get(piece.start..piece.end).is_some());
            }
            prop_assert!(pieces.windows(2).all(|two| two[0].end <= two[1].start));
        }
        plan(Replacing::Replace, 7).apply(&conversation, &findings);
        plan(Replacing::Mask, 7).apply(&conversation, &findings);
    }
}
