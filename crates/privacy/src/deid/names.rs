//! People's names: by the label of a speaker, a title, a cue (*my name is*), a relation (*my daughter*), a dictionary, or what
//! stands around them. Every part of a name that is found is then looked for in the whole conversation and its summaries.

use std::collections::{BTreeMap, BTreeSet};

use contract::IdentifierKind as Kind;

use super::Found;
use super::cues::{CUES, DOINGS, OF_MEN, OF_WOMEN, ONLY_PEOPLE, PARTICLES, SURE, TITLES};
use super::evidence::{DETERMINERS, Evidence};
use super::token::Word;
use super::words::{
    Gender, Tongue, gender, is_capital_of_none, is_family, is_given, is_relation, is_role, is_town,
    is_usual,
};

/// The words of a text, and those that belong to something else.
pub(super) struct Reading<'a> {
    pub(super) words: Vec<Word<'a>>,
    /// For each word, whether a street, a firm or a number has it.
    pub(super) taken: Vec<bool>,
}

/// What is known of a part of a name.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    /// Times it occurred as, or before, another's given name; or alone where given names occur.
    pub(super) given: usize,
    /// Times it came last of several, or after a title.
    pub(super) family: usize,
    /// What a title or a relation says.
    pub(super) gender: Option<Gender>,
}

/// The names of a conversation.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Each part in lower case.
    pub(super) parts: BTreeMap<String, Part>,
    /// Parts that occur together: given name and family name.
    pub(super) full: BTreeSet<(String, String)>,
    /// Where they stand in each text, and the words of each.
    pub(super) places: Vec<Vec<Found>>,
}

/// Finds the names of a conversation; the first text is its dialogue.
pub(super) fn names(
    texts: &[Reading<'_>],
    tongue: Tongue,
    evidence: &Evidence,
    known: &BTreeSet<String>,
) -> Names {
    let mut finder = Finder {
        tongue,
        evidence,
        names: Names::default(),
    };
    for part in known {
        finder.names.parts.entry(part.clone()).or_default();
    }
    for text in texts {
        finder.labels(text);
    }
    for text in texts {
        finder.seeds(text);
    }
    // A name beside a known one is found by it, and may be known by the next; two rounds are one more than names have.
    for _ in 0..2 {
        for text in texts {
            finder.neighbours(text);
        }
    }
    let places = texts.iter().map(|text| finder.places(text)).collect();
    finder.names.places = places;
    finder.names
}

struct Finder<'a> {
    tongue: Tongue,
    evidence: &'a Evidence,
    names: Names,
}

impl Finder<'_> {
    fn is_common(&self, word: &str) -> bool {
        self.evidence.is_common(self.tongue, word)
    }

    /// Whether a word may be part of a name: it has a capital, nothing else claims it, and it is not a month, town or
    /// title.
    fn may_name(&self, text: &Reading<'_>, place: usize) -> bool {
        let Some(word) = text.words.get(place) else {
            return false;
        };
        let lower = word.lower();
        word.is_capital()
            && !text.taken[place]
            && !TITLES.contains(&lower.as_str())
            && (!is_capital_of_none(&lower) || is_given(&lower))
            && !(word.is_upper() && word.text.chars().count() < 4 && !is_given(&lower))
    }

    /// The same, and the word is not a common one.
    fn is_unknown(&self, text: &Reading<'_>, place: usize) -> bool {
        self.may_name(text, place) && {
            let lower = text.words[place].lower();
            !self.is_common(&lower)
                && !is_capital_of_none(&lower)
                && !is_town(&lower)
                && !is_relation(&lower)
                && !is_role(&lower)
        }
    }

    /// A given name of a dictionary that is not a common word.
    fn is_plain_given(&self, text: &Reading<'_>, place: usize) -> bool {
        let given = text
            .words
            .get(place)
            .is_some_and(|word| is_given(&word.lower()));
        given
            && self.may_name(text, place)
            && !self.is_common(&text.words[place].lower())
            && !is_capital_of_none(&text.words[place].lower())
    }

    /// Everybody who speaks under a name.
    fn labels(&mut self, text: &Reading<'_>) {
        let mut place = 0;
        while place < text.words.len() {
            let end = (place..text.words.len()).find(|next| {
                !text.words[*next].label || *next > place && text.words[*next].gap.contains('\n')
            });
            let end = end.unwrap_or(text.words.len());
            if end == place {
                place += 1;
                continue;
            }
            let parts: Vec<usize> = (place..end)
                .filter(|part| {
                    let lower = text.words[*part].lower();
                    let role = self.evidence.is_label_of_many(&lower)
                        || TITLES.contains(&lower.as_str())
                        || is_relation(&lower);
                    let letters = text.words[*part].text.chars().count();
                    (!role || is_given(&lower))
                        && !PARTICLES.contains(&lower.as_str())
                        && letters > 1
                        && !(self.is_common(&lower) && !is_given(&lower) && !is_family(&lower))
                })
                .collect();
            self.add(text, &parts, None);
            place = end;
        }
    }

    /// The words of a name that begins at a place: given names, particles, family names.
    fn run(&self, text: &Reading<'_>, place: usize, first_is_sure: bool) -> Vec<usize> {
        let first = if first_is_sure {
            self.may_name(text, place)
        } else {
            self.is_unknown(text, place) || self.is_plain_given(text, place)
        };
        if !first {
            return Vec::new();
        }
        let mut parts = vec![place];
        let mut next = place + 1;
        while let Some(word) = text.words.get(next) {
            if !word.follows_closely()
                || word.opens && word.gap != ". "
                || word.label != text.words[place].label
                || parts.len() > 3
            {
                break;
            }
            let lower = word.lower();
            let initial = word.text.chars().count() == 1 && word.is_capital() && lower != "i";
            let particle = PARTICLES.contains(&lower.as_str())
                && !word.is_capital()
                && self.is_unknown(text, next + 1)
                && text
                    .words
                    .get(next + 1)
                    .is_some_and(|word| word.follows_closely());
            if initial || particle {
                next += 1;
                continue;
            }
            let last = self.is_unknown(text, next)
                || self.is_plain_given(text, next)
                || self.may_name(text, next) && self.names.parts.contains_key(&lower)
                || self.may_name(text, next)
                    && is_family(&lower)
                    && !is_role(&lower)
                    && (self.tongue == Tongue::English
                        || !is_usual(self.tongue, &lower)
                        || is_given(&text.words[place].lower()));
            if !last {
                break;
            }
            parts.push(next);
            next += 1;
        }
        parts
    }

    fn ends_with(&self, text: &Reading<'_>, place: usize, cues: &[Vec<&str>]) -> bool {
        cues.iter().any(|cue| {
            place >= cue.len()
                && cue.iter().rev().enumerate().all(|(back, word)| {
                    let before = &text.words[place - 1 - back];
                    before.lower() == *word && !before.label
                })
                && (place + 1 - cue.len()..=place).all(|inner| {
                    let gap = text.words[inner].gap;
                    matches!(gap, " " | ": " | ", ") && (inner == place || gap == " ")
                })
        })
    }

    fn seeds(&mut self, text: &Reading<'_>) {
        let mut place = 0;
        while place < text.words.len() {
            let parts = match text.words[place].label {
                true => Vec::new(),
                false => self.seed(text, place),
            };
            place = parts.last().map_or(place, |last| *last) + 1;
        }
    }

    /// Looks for a name that begins at a place, and returns its words.
    fn seed(&mut self, text: &Reading<'_>, place: usize) -> Vec<usize> {
        let word = text.words[place];
        let before = place
            .checked_sub(1)
            .map(|before| (before, text.words[before].lower()));
        // `Frau von Stetten`: the name is what follows.
        let is_titled = before.as_ref().is_some_and(|(at_title, title)| {
            TITLES.contains(&title.as_str()) && self.is_title(text, *at_title)
        });
        if is_titled && self.is_particle(text, place) {
            let parts = self.run(text, place + 1, true);
            self.add_as(
                text,
                &parts,
                before.and_then(|(_, title)| of_title(&title)),
                parts.len() == 1,
            );
            return parts;
        }
        let close = word.follows_closely();
        let (sure, gender) = match &before {
            Some((at_title, title))
                if close && TITLES.contains(&title.as_str()) && self.is_title(text, *at_title) =>
            {
                (true, of_title(title))
            }
            Some((_, relation)) if is_relation(relation) && (close || word.gap == ", ") => {
                let apart = word.gap == ", " && !self.stands_apart(text, place);
                (
                    !apart && self.is_unknown_or_given(text, place),
                    of_title(relation),
                )
            }
            _ => (false, None),
        };
        if sure && self.may_name(text, place) && !(self.is_small_word(text, place)) {
            let parts = self.run(text, place, true);
            let titled = before
                .is_some_and(|(_, title)| TITLES.contains(&title.as_str()) && !is_relation(&title));
            self.add_as(text, &parts, gender, titled && parts.len() == 1);
            return parts;
        }
        if self.ends_with(text, place, &SURE)
            && (self.is_unknown_or_given(text, place))
            && !self.is_led(text, place)
        {
            let parts = self.run(text, place, true);
            self.add(text, &parts, None);
            return parts;
        }
        if self.is_named_by_its_place(text, place) {
            let parts = self.run(text, place, true);
            self.add(text, &parts, None);
            return parts;
        }
        Vec::new()
    }

    /// Whether a lower-case word belongs to the name that follows.
    fn is_particle(&self, text: &Reading<'_>, place: usize) -> bool {
        let word = text.words[place];
        let next = text.words.get(place + 1);
        !word.is_capital()
            && PARTICLES.contains(&word.lower().as_str())
            && next.is_some_and(|next| next.gap == " ")
            && self.may_name(text, place + 1)
    }

    /// Whether a particle is in a name that is known: after another part of it or a title, before a family name.
    fn is_particle_here(&self, text: &Reading<'_>, place: usize) -> bool {
        let Some(before) = place
            .checked_sub(1)
            .map(|before| text.words[before].lower())
        else {
            return false;
        };
        let is_family_name = |part: &Part| part.family > 0 && part.given == 0;
        let next = text
            .words
            .get(place + 1)
            .map(Word::lower)
            .unwrap_or_default();
        self.is_particle(text, place)
            && text.words[place].gap == " "
            && self.names.parts.get(&next).is_some_and(is_family_name)
            && (TITLES.contains(&before.as_str()) || self.names.full.contains(&(before, next)))
    }

    /// Whether `Sister` and the like are a title here: not after an article, and with a capital where English has one.
    fn is_title(&self, text: &Reading<'_>, place: usize) -> bool {
        let word = text.words[place];
        let lower = word.lower();
        let short = [
            "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "herr", "herrn", "frau", "hr", "fr",
        ];
        word.is_capital() || short.contains(&lower.as_str())
    }

    fn is_unknown_or_given(&self, text: &Reading<'_>, place: usize) -> bool {
        let lower = text.words[place].lower();
        self.is_unknown(text, place)
            || self.is_plain_given(text, place)
            || self.may_name(text, place)
                && is_given(&lower)
                && !text.words[place].opens
                && !self.is_led(text, place)
    }

    /// Whether an article or the like comes right before a word.
    fn is_led(&self, text: &Reading<'_>, place: usize) -> bool {
        let before = place
            .checked_sub(1)
            .map(|before| text.words[before].lower());
        text.words[place].gap == " "
            && before.is_some_and(|before| DETERMINERS.contains(&before.as_str()))
    }

    fn is_small_word(&self, text: &Reading<'_>, place: usize) -> bool {
        let lower = text.words[place].lower();
        ["i", "i'm", "ich", "sie", "and", "und", "doktor", "doctor"].contains(&lower.as_str())
            || lower.chars().count() < 2
    }

    /// Whether a word between commas ends there: `the nurse, Elin, says`.
    fn stands_apart(&self, text: &Reading<'_>, place: usize) -> bool {
        let end = (place + 1..text.words.len())
            .find(|next| !self.may_name(text, *next) || !text.words[*next].follows_closely());
        end.is_none_or(|next| {
            text.words[next]
                .gap
                .starts_with([',', '.', '?', '!', ')', ';', '\n'])
        })
    }

    fn is_named_by_its_place(&self, text: &Reading<'_>, place: usize) -> bool {
        let word = text.words[place];
        let lower = word.lower();
        if !self.may_name(text, place)
            || self.is_led(text, place) && !self.is_plain_given(text, place)
        {
            return false;
        }
        let next = text.words.get(place + 1);
        let then = next
            .filter(|next| next.gap == " ")
            .map(Word::lower)
            .unwrap_or_default();
        let unknown = self.is_unknown(text, place);
        let follows = next.is_some_and(|next| next.gap == " " && !next.label);
        let next_unknown = follows && self.is_unknown(text, place + 1);
        let next_family =
            follows && self.may_name(text, place + 1) && is_family(&text.words[place + 1].lower());
        // A name of the dictionary.
        if self.is_plain_given(text, place) && !is_town(&lower) {
            return true;
        }
        if is_given(&lower) && (next_unknown || next_family && !is_role(&then)) {
            return true;
        }
        // A word that is a name too.
        if is_given(&lower) {
            let inside =
                !word.opens && self.tongue == Tongue::English && !is_capital_of_none(&lower);
            return inside && !self.is_led(text, place)
                || is_modal(&then) && self.tongue == Tongue::English;
        }
        if !unknown {
            return false;
        }
        match self.tongue {
            Tongue::English => {
                let pair = next_unknown || next_family;
                let doing = DOINGS.contains(&then.as_str()) && then != "and";
                pair || doing
                    || !word.opens && self.ends_with(text, place, &CUES)
                    || self.is_called(text, place)
            }
            Tongue::German => {
                let pair = next_unknown
                    && (is_family(&lower)
                        || next_family
                        || is_given(&then)
                        || word.opens
                        || self.is_free(text, place));
                let doing = ONLY_PEOPLE.contains(&then.as_str())
                    && (then != "am" || self.is_at_the_telephone(text, place));
                pair || doing && self.is_free(text, place)
                    || is_family(&lower) && self.is_free(text, place) && !word.opens
                    || self.is_called(text, place)
            }
        }
    }

    fn is_at_the_telephone(&self, text: &Reading<'_>, place: usize) -> bool {
        text.words
            .get(place + 2)
            .is_some_and(|word| ["apparat", "telefon"].contains(&word.lower().as_str()))
    }

    /// Whether nothing that comes before a German word makes a noun of it.
    fn is_free(&self, text: &Reading<'_>, place: usize) -> bool {
        let Some(before) = place.checked_sub(1).map(|before| text.words[before]) else {
            return true;
        };
        let word = text.words[place];
        if word.gap != " " {
            return !word.gap.ends_with(|letter: char| letter.is_ascii_digit())
                && !word.gap.contains(|letter: char| letter.is_ascii_digit());
        }
        let lower = before.lower();
        let inflected = ["e", "en", "er", "es", "em"]
            .iter()
            .any(|end| lower.ends_with(end))
            && !before.is_capital()
            && !is_usual(Tongue::German, &lower);
        !DETERMINERS.contains(&lower.as_str()) && !inflected && !before.is_capital()
    }

    /// Whether somebody is spoken to by a word: alone at the beginning or the end of a speech.
    fn is_called(&self, text: &Reading<'_>, place: usize) -> bool {
        let word = text.words[place];
        let next = text.words.get(place + 1);
        let ends = next.is_none_or(|next| {
            next.gap.starts_with(['.', '!', '?', '\n', ',']) || next.gap.starts_with(" -")
        });
        let last = next.is_none_or(|next| next.gap.starts_with(['.', '!', '?', '\n']));
        let first = word.opens
            && next.is_some_and(|next| {
                next.gap.starts_with(',') || next.gap.starts_with('!') || next.gap.starts_with('?')
            });
        match self.tongue {
            Tongue::English => word.gap.starts_with(", ") && ends && !word.opens || first,
            Tongue::German => {
                word.gap == ", " && last && is_family(&word.lower())
                    || first && (word.opens && is_family(&word.lower()))
            }
        }
    }

    /// Capitals beside known parts.
    fn neighbours(&mut self, text: &Reading<'_>) {
        for place in 0..text.words.len() {
            if !self.names.parts.contains_key(&text.words[place].lower())
                || !self.may_name(text, place)
                || !self.is_part_here(text, place)
            {
                continue;
            }
            let parts = self.run(text, place, true);
            if parts.len() > 1 {
                self.add(text, &parts, None);
            }
            let Some(before) = place.checked_sub(1) else {
                continue;
            };
            let close =
                text.words[place].gap == " " && text.words[before].label == text.words[place].label;
            // `Family, Given`.
            let turned = text.words[place].gap == ", "
                && !text.words[before].opens
                && self.is_unknown(text, before)
                && self.is_named_list(text, before);
            if close && self.is_unknown(text, before) && self.is_free_before(text, before) {
                self.add(text, &[before, place], None);
            } else if turned {
                self.add(text, &[place, before], None);
            }
        }
    }

    fn is_named_list(&self, text: &Reading<'_>, place: usize) -> bool {
        let before = place
            .checked_sub(1)
            .map(|before| text.words[before].lower());
        before.is_some_and(|before| {
            [
                "name",
                "patient",
                "patientin",
                "client",
                "customer",
                "nachname",
                "kunde",
                "kundin",
                "tenant",
            ]
            .contains(&before.as_str())
        })
    }

    fn is_free_before(&self, text: &Reading<'_>, place: usize) -> bool {
        self.tongue == Tongue::English
            || self.is_free(text, place)
            || is_given(&text.words[place].lower())
    }

    /// Whether a word that is a known part is that name here: a common word only with its capital, unless it begins
    /// a sentence or follows an article.
    fn is_part_here(&self, text: &Reading<'_>, place: usize) -> bool {
        let word = text.words[place];
        let lower = word.lower();
        if word.label {
            return true;
        }
        if text.taken[place] {
            return false;
        }
        let usual = is_usual(self.tongue, &lower) || is_capital_of_none(&lower);
        if !usual {
            return word.is_capital() || lower.chars().count() >= 3;
        }
        let next = text.words.get(place + 1);
        if !word.is_capital() {
            // In a chat without capitals: `its will again`, `rosa?`, `will tanner`.
            let alone =
                word.opens && next.is_some_and(|next| next.gap.starts_with(['?', '!', ',']));
            let full = next.is_some_and(|next| {
                next.gap == " " && self.names.full.contains(&(lower.clone(), next.lower()))
            });
            return alone || full || self.ends_with(text, place, &SURE);
        }
        if self.is_led(text, place) {
            return false;
        }
        let then = next
            .filter(|next| next.gap == " ")
            .map(Word::lower)
            .unwrap_or_default();
        let titled = place.checked_sub(1).is_some_and(|before| {
            word.follows_closely() && TITLES.contains(&text.words[before].lower().as_str())
        });
        let beside = next.is_some_and(|next| {
            next.gap == " " && self.names.full.contains(&(lower.clone(), next.lower()))
        }) || place.checked_sub(1).is_some_and(|before| {
            word.gap == " "
                && self
                    .names
                    .full
                    .contains(&(text.words[before].lower(), lower.clone()))
        });
        if titled || beside {
            return true;
        }
        if is_capital_of_none(&lower)
            && ([
                "in", "since", "until", "of", "by", "im", "seit", "bis", "ab", "last", "next",
                "and", "und", "early", "late",
            ]
            .contains(
                &place
                    .checked_sub(1)
                    .map(|before| text.words[before].lower())
                    .unwrap_or_default()
                    .as_str(),
            ) || next
                .is_some_and(|next| next.gap.contains(|letter: char| letter.is_ascii_digit())))
        {
            return false;
        }
        match self.tongue {
            Tongue::English => {
                !word.opens
                    || is_modal(&then)
                    || DOINGS.contains(&then.as_str()) && then != "and"
                    || next.is_some_and(|next| next.gap.starts_with(['\'', '’', ',', '!', '?']))
            }
            Tongue::German => {
                self.is_free(text, place) && (!word.opens || DOINGS.contains(&then.as_str()))
            }
        }
    }

    fn add(&mut self, text: &Reading<'_>, parts: &[usize], gender: Option<Gender>) {
        self.add_as(text, parts, gender, false);
    }

    fn add_as(
        &mut self,
        text: &Reading<'_>,
        parts: &[usize],
        told: Option<Gender>,
        is_family_alone: bool,
    ) {
        let lower: Vec<String> = parts
            .iter()
            .map(|place| self.stem(&text.words[*place].lower()))
            .collect();
        let several = lower.len() > 1;
        for (index, part) in lower.iter().enumerate() {
            let last = index + 1 == lower.len();
            let known = self.names.parts.entry(part.clone()).or_default();
            match several && last || !several && is_family_alone {
                true => known.family += 1,
                false => {
                    known.given +=
                        usize::from(several || is_given(part) || text.words[parts[index]].label)
                }
            }
            known.gender = gender(part).or(known.gender).or(told);
        }
        if let (true, Some(last)) = (several, lower.last()) {
            for given in &lower[..lower.len() - 1] {
                self.names.full.insert((given.clone(), last.clone()));
            }
        }
    }

    /// A German genitive is its name.
    fn stem(&self, word: &str) -> String {
        let stem = word
            .strip_suffix('s')
            .filter(|_| self.tongue == Tongue::German);
        match stem {
            Some(stem)
                if self.names.parts.contains_key(stem)
                    || is_given(stem) && !is_given(word) && !is_family(word) =>
            {
                stem.to_owned()
            }
            _ => word.to_owned(),
        }
    }

    /// Where the parts occur in a text.
    fn places(&self, text: &Reading<'_>) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for (place, word) in text.words.iter().enumerate() {
            let lower = word.lower();
            let stem = self.stem(&lower);
            let is_part = self.names.parts.contains_key(&stem) && self.is_part_here(text, place);
            if !is_part && !self.is_particle_here(text, place) {
                continue;
            }
            let end = match is_part {
                true => word.end - (lower.len() - stem.len()),
                false => word.end,
            };
            match found.last_mut() {
                // One name of several words is one piece.
                Some(last)
                    if word.gap.chars().all(|letter| letter == ' ')
                        && last.end + word.gap.len() == word.start =>
                {
                    last.end = end
                }
                _ => found.push(Found::by_rule(word.start, end, Kind::Name)),
            }
        }
        found
    }
}

fn of_title(title: &str) -> Option<Gender> {
    match (OF_WOMEN.contains(&title), OF_MEN.contains(&title)) {
        (true, _) => Some(Gender::F),
        (_, true) => Some(Gender::M),
        _ => None,
    }
}

/// Verbs after which a common word with a capital is a person's name: *Will would*.
fn is_modal(word: &str) -> bool {
    [
        "would", "will", "could", "can", "should", "said", "says", "told", "asked", "signed",
        "wants", "wanted", "thinks", "called", "rang", "moved", "lives", "has", "had", "doesn't",
        "didn't", "promised", "sees", "saw", "wrote", "gave",
    ]
    .contains(&word)
}
