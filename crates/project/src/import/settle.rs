//! What a line alone does not say, its dialogue does: a speaker comes back, words before a colon do not.

use std::collections::{HashMap, HashSet};

use crate::dialogue::Turn;
use crate::speaker::Surety;

/// A turn whose speaker is not sure.
#[derive(Clone, Debug)]
pub(crate) struct Doubt {
    /// Its place among the turns.
    pub(crate) turn: usize,
    /// How sure its line is.
    pub(crate) surety: Surety,
    /// The line as it is read if it names nobody.
    pub(crate) plain: String,
    /// Length of what the line says if it names somebody; more was added later.
    pub(crate) text_bytes: usize,
    /// It then belongs to the turn before it, as a further line of a cue does.
    pub(crate) goes_on: bool,
}

/// Who speaks in a dialogue, besides its sure speakers.
struct Cast<'a> {
    sure: HashSet<&'a str>,
    /// How often each name occurs on lines that are not sure, by kind.
    counts: HashMap<(&'a str, Kind), usize>,
    /// Speakers that are sure or come back.
    known: usize,
    /// Nobody is named before a colon for sure, and a name in brackets comes back.
    is_bracketed: bool,
    /// Lines with a time behind a name.
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

/// Decides every doubt. Turns whose line names nobody lose their speaker; those a person should see are returned, as
/// the lines read.
pub(crate) fn settle(turns: &mut Vec<Turn>, doubts: &[Doubt]) -> Vec<String> {
    if doubts.is_empty() {
        return Vec::new();
    }
    let refused: Vec<&Doubt> = {
        let cast = Cast::of(turns, doubts);
        doubts
            .iter()
            .filter(|doubt| {
                let name = turns
                    .get(doubt.turn)
                    .and_then(|turn| turn.speaker.as_deref());
                name.is_some_and(|name| !cast.accepts(name, doubt.surety))
            })
            .collect()
    };
    let mut merged: HashSet<usize> = HashSet::new();
    let mut shown = Vec::new();
    for doubt in refused {
        let turn = &mut turns[doubt.turn];
        turn.speaker = None;
        let added = turn.text.get(doubt.text_bytes..).unwrap_or_default();
        let added = added.trim_start().to_owned();
        turn.text = doubt.plain.clone();
        turn.add(&added);
        if doubt.goes_on {
            merged.insert(doubt.turn);
        }
        if !matches!(doubt.surety, Surety::Aside) {
            shown.push(doubt.plain.clone());
        }
    }
    if !merged.is_empty() {
        join(turns, &merged);
    }
    shown
}

/// Adds the turns at these places to the ones before them.
fn join(turns: &mut Vec<Turn>, places: &HashSet<usize>) {
    let apart = std::mem::take(turns);
    for (place, turn) in apart.into_iter().enumerate() {
        match turns.last_mut() {
            Some(last) if places.contains(&place) => last.add(&turn.text),
            _ => turns.push(turn),
        }
    }
}

impl<'a> Cast<'a> {
    fn of(turns: &'a [Turn], doubts: &[Doubt]) -> Self {
        let unsure: HashMap<usize, Surety> = doubts
            .iter()
            .map(|doubt| (doubt.turn, doubt.surety))
            .collect();
        let mut sure = HashSet::new();
        let mut counts: HashMap<(&str, Kind), usize> = HashMap::new();
        let mut timed = 0;
        for (place, turn) in turns.iter().enumerate() {
            let Some(name) = turn.speaker.as_deref() else {
                continue;
            };
            match unsure.get(&place) {
                None => drop(sure.insert(name)),
                Some(Surety::Timed) => timed += 1,
                Some(surety) => *counts.entry((name, kind(*surety))).or_default() += 1,
            }
        }
        let recurring = counts
            .iter()
            .filter(|((name, kind), count)| {
                *kind != Kind::Label && **count > 1 && !sure.contains(name)
            })
            .count();
        let is_bracketed = sure.is_empty()
            && counts
                .iter()
                .any(|((_, kind), count)| *kind == Kind::Bracket && *count > 1);
        Self {
            is_bracketed,
            known: sure.len() + recurring,
            is_complete: turns.len() > 1 && turns.iter().all(|turn| turn.speaker.is_some()),
            sure,
            counts,
            timed,
        }
    }

    fn accepts(&self, name: &str, surety: Surety) -> bool {
        let comes_back = self
            .counts
            .get(&(name, kind(surety)))
            .is_some_and(|count| *count > 1);
        let is_only_way = self.known == 0 && self.is_complete;
        match surety {
            Surety::Sure | Surety::Refused => true,
            Surety::Likely => {
                let is_word = !name.contains(char::is_whitespace);
                self.sure.contains(name) || comes_back || (self.known < 2 && is_word) || is_only_way
            }
            Surety::Label => (comes_back && self.known < 2) || is_only_way,
            Surety::Bracket => {
                self.sure.contains(name) || comes_back || self.is_bracketed || self.known == 0
            }
            Surety::Aside => {
                self.sure.contains(name) || comes_back || self.is_bracketed || is_only_way
            }
            Surety::Timed => self.sure.contains(name) || (self.timed > 1 && self.known == 0),
        }
    }
}
