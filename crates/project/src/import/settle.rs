//! What a line alone does not say, its dialogue does: a speaker comes back, words before a colon do not.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::spoken::{Said, Tie, Unsure};
use crate::speaker::Surety;

/// Who speaks in a dialogue, besides its sure speakers. Names are known by a hash: there may be as many as lines.
struct Cast {
    sure: HashSet<u64>,
    /// How often each name occurs on lines that are not sure, by kind.
    counts: HashMap<u64, u32>,
    /// Speakers that are sure or come back.
    known: usize,
    /// No name before a colon is sure, and a name in brackets comes back.
    is_bracketed: bool,
    /// Lines with a time after a name.
    timed: usize,
    /// Every line names somebody, and there are several.
    is_complete: bool,
}

/// Names in brackets and names before colons are counted apart: a label does not become a speaker by a stage direction.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Colon,
    Label,
    Bracket,
}

fn kind(surety: Surety) -> Kind {
    match surety {
        Surety::Label => Kind::Label,
        Surety::Bracket | Surety::Aside => Kind::Bracket,
        Surety::Sure | Surety::Likely | Surety::Timed | Surety::Refused => Kind::Colon,
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Decides who speaks in every turn that is not sure. Turns whose line names nobody lose their speaker; those a person
/// should see are returned.
pub(crate) fn settle(turns: &mut Said) -> Unsure {
    let mut unsure = Unsure::default();
    if turns.marks.iter().all(|mark| mark.surety == Surety::Sure) {
        return unsure;
    }
    let cast = Cast::of(turns);
    for place in 0..turns.marks.len() {
        let mark = turns.marks[place];
        let Some(name) = turns.name(mark).filter(|_| mark.surety != Surety::Sure) else {
            continue;
        };
        if cast.accepts(name, mark.surety) {
            turns.marks[place].surety = Surety::Sure;
            continue;
        }
        if mark.surety != Surety::Aside {
            unsure.add(turns.line(place));
        }
        turns.refuse(place);
    }
    unsure
}

impl Cast {
    fn of(turns: &Said) -> Self {
        let mut sure = HashSet::new();
        let mut counts: HashMap<u64, u32> = HashMap::new();
        // The hash, by name alone, of each name that is not sure, once it comes back.
        let mut back: HashMap<u64, u32> = HashMap::new();
        let (mut timed, mut nameless, mut count_of_turns) = (0, 0, 0);
        let mut has_bracket_back = false;
        for mark in turns.marks.iter().filter(|mark| mark.tie != Tie::Joined) {
            count_of_turns += 1;
            let Some(name) = turns.name(*mark) else {
                nameless += 1;
                continue;
            };
            match mark.surety {
                Surety::Sure => drop(sure.insert(hash(name))),
                Surety::Timed => timed += 1,
                surety => {
                    let kind = kind(surety);
                    let count = counts.entry(hash((name, kind))).or_default();
                    *count += 1;
                    if *count == 2 {
                        has_bracket_back |= kind == Kind::Bracket;
                        if kind != Kind::Label {
                            *back.entry(hash(name)).or_default() += 1;
                        }
                    }
                }
            }
        }
        let recurring = back.iter().filter(|(name, _)| !sure.contains(name));
        Self {
            is_bracketed: sure.is_empty() && has_bracket_back,
            known: sure.len() + recurring.map(|(_, kinds)| *kinds as usize).sum::<usize>(),
            is_complete: count_of_turns > 1 && nameless == 0,
            sure,
            counts,
            timed,
        }
    }

    fn accepts(&self, name: &str, surety: Surety) -> bool {
        let is_sure = || self.sure.contains(&hash(name));
        let comes_back = || {
            let count = self.counts.get(&hash((name, kind(surety))));
            count.is_some_and(|count| *count > 1)
        };
        let is_only_way = self.known == 0 && self.is_complete;
        match surety {
            Surety::Sure | Surety::Refused => true,
            Surety::Likely => {
                let is_word = !name.contains(char::is_whitespace);
                is_sure() || comes_back() || (self.known < 2 && is_word) || is_only_way
            }
            Surety::Label => (comes_back() && self.known < 2) || is_only_way,
            Surety::Bracket => is_sure() || comes_back() || self.is_bracketed || self.known == 0,
            Surety::Aside => is_sure() || comes_back() || self.is_bracketed || is_only_way,
            Surety::Timed => is_sure() || (self.timed > 1 && self.known == 0),
        }
    }
}
