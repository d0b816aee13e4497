//! The dictionaries: given and family names, towns, common words. The lists are in `data` with their sources; which
//! words a data set writes in lower case, or after an article, is added to the common ones.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

/// A list of words between blanks.
macro_rules! word_list {
    ($visibility:vis $name:ident = $text:literal) => {
        $visibility static $name: std::sync::LazyLock<Vec<&'static str>> =
            std::sync::LazyLock::new(|| $text.split_whitespace().collect());
    };
}
pub(super) use word_list;

/// A list of phrases between commas, each as its words.
macro_rules! phrase_list {
    ($visibility:vis $name:ident = $text:literal) => {
        $visibility static $name: std::sync::LazyLock<Vec<Vec<&'static str>>> =
            std::sync::LazyLock::new(|| {
                $text.split(", ").map(|phrase| phrase.split_whitespace().collect()).collect()
            });
    };
}
pub(super) use phrase_list;

/// The gender of a given name, as far as the dictionary knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gender {
    /// Women's.
    F,
    /// Men's.
    M,
}

/// A list with sections.
type Sections = BTreeMap<&'static str, Vec<&'static str>>;

static GIVEN: LazyLock<Sections> = LazyLock::new(|| sections(include_str!("../../data/given.txt")));
static FAMILY: LazyLock<Sections> =
    LazyLock::new(|| sections(include_str!("../../data/family.txt")));
static TOWNS: LazyLock<Sections> = LazyLock::new(|| sections(include_str!("../../data/towns.txt")));
static ENGLISH: LazyLock<Sections> =
    LazyLock::new(|| sections(include_str!("../../data/words_en.txt")));
static GERMAN: LazyLock<Sections> =
    LazyLock::new(|| sections(include_str!("../../data/words_de.txt")));

fn sections(text: &'static str) -> Sections {
    let mut found = Sections::new();
    let mut section = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            Some(name) => section = name,
            None => found.entry(section).or_default().extend(line.split(' ')),
        }
    }
    found
}

/// A language whose words and names are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    /// English.
    English,
    /// German.
    German,
}

impl Tongue {
    /// Its word in the lists.
    const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    fn words(self) -> &'static Sections {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// The language of a text, by its function words.
    pub(super) fn of(texts: &[&str]) -> Self {
        word_list!(
            GERMAN_ONLY = "ich und nicht das der ist sie ein eine mit auf für dem den wir bitte noch auch hat wie ja von mein im"
        );
        word_list!(
            ENGLISH_ONLY = "i the and you is it to of that for on with my have we be your a are this can not what at"
        );
        let (mut german, mut english) = (0_usize, 0_usize);
        for text in texts {
            for word in text.split(|letter: char| !letter.is_alphabetic()) {
                let word = word.to_lowercase();
                german += usize::from(GERMAN_ONLY.contains(&word.as_str()));
                english += usize::from(ENGLISH_ONLY.contains(&word.as_str()));
            }
        }
        match german > english {
            true => Self::German,
            false => Self::English,
        }
    }

    fn section(self, name: &str) -> &'static [&'static str] {
        self.words().get(name).map_or(&[], Vec::as_slice)
    }
}

/// Given names in lower case, with the genders under which each is listed.
static GIVEN_NAMES: LazyLock<HashMap<String, BTreeSet<Gender>>> = LazyLock::new(|| {
    let mut found: HashMap<String, BTreeSet<Gender>> = HashMap::new();
    for (section, names) in GIVEN.iter() {
        let gender = match section.ends_with('f') {
            true => Gender::F,
            false => Gender::M,
        };
        for name in names {
            found.entry(name.to_lowercase()).or_default().insert(gender);
        }
    }
    found
});

static FAMILY_NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| lower(FAMILY.values()));
static TOWN_NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| lower(TOWNS.values()));
static CAPITALS: LazyLock<HashSet<String>> = LazyLock::new(|| set(&[Tongue::English], "capital"));
static ROLES: LazyLock<HashSet<String>> =
    LazyLock::new(|| set(&[Tongue::English, Tongue::German], "role"));
static RELATIONS: LazyLock<HashSet<String>> =
    LazyLock::new(|| set(&[Tongue::English, Tongue::German], "relation"));
static ENGLISH_COMMON: LazyLock<HashSet<String>> =
    LazyLock::new(|| set(&[Tongue::English], "common"));
static GERMAN_COMMON: LazyLock<HashSet<String>> =
    LazyLock::new(|| set(&[Tongue::German], "common"));

fn lower<'a>(lists: impl Iterator<Item = &'a Vec<&'static str>>) -> HashSet<String> {
    lists.flatten().map(|word| word.to_lowercase()).collect()
}

fn set(tongues: &[Tongue], section: &str) -> HashSet<String> {
    let lists = tongues.iter().map(|tongue| tongue.section(section));
    lists.flatten().map(|word| (*word).to_owned()).collect()
}

/// Whether a word in lower case is a given name of a dictionary.
pub(super) fn is_given(word: &str) -> bool {
    GIVEN_NAMES.contains_key(word)
}

/// The gender of a given name; `None` if the dictionary lacks it or has it under both.
pub(super) fn gender(word: &str) -> Option<Gender> {
    let genders = GIVEN_NAMES.get(word)?;
    genders.first().copied().filter(|_| genders.len() == 1)
}

/// Whether a word in lower case is a family name of a dictionary.
pub(super) fn is_family(word: &str) -> bool {
    FAMILY_NAMES.contains(word)
}

/// Whether a word in lower case is a town of the gazetteer.
pub(super) fn is_town(word: &str) -> bool {
    TOWN_NAMES.contains(word)
}

/// Whether a word in lower case is written with a capital and names nobody: a month, a language, a well-known make.
pub(super) fn is_capital_of_none(word: &str) -> bool {
    CAPITALS.contains(word)
}

/// Whether a word in lower case says what somebody does in a conversation.
pub(super) fn is_role(word: &str) -> bool {
    ROLES.contains(word)
}

/// Whether a word in lower case says what somebody is to somebody.
pub(super) fn is_relation(word: &str) -> bool {
    RELATIONS.contains(word)
}

/// Whether a word in lower case is a common word of a language, or an inflected form of one.
pub(super) fn is_usual(tongue: Tongue, word: &str) -> bool {
    let (words, endings): (_, &[&str]) = match tongue {
        Tongue::English => (
            &*ENGLISH_COMMON,
            &[
                "s", "es", "ed", "d", "ing", "ly", "n't", "'ll", "'re", "'ve", "'d",
            ],
        ),
        Tongue::German => (
            &*GERMAN_COMMON,
            &["e", "en", "er", "es", "em", "n", "s", "t"],
        ),
    };
    let stem = |ending: &str| {
        word.strip_suffix(ending)
            .filter(|stem| stem.chars().count() > 2)
    };
    words.contains(word)
        || endings
            .iter()
            .filter_map(|ending| stem(ending))
            .any(|stem| {
                words.contains(stem)
                    || tongue == Tongue::English && words.contains(&format!("{stem}e"))
            })
}

/// Names from which invented ones are drawn.
pub(super) fn given_pool(tongue: Tongue, gender: Option<Gender>) -> Vec<&'static str> {
    let suffix = match gender {
        Some(Gender::F) => " f",
        Some(Gender::M) => " m",
        None => "",
    };
    let lists = GIVEN
        .iter()
        .filter(|(section, _)| section.starts_with(tongue.code()) && section.ends_with(suffix));
    pool(tongue, lists.flat_map(|(_, names)| names.iter().copied()))
}

/// Family names from which invented ones are drawn.
pub(super) fn family_pool(tongue: Tongue) -> Vec<&'static str> {
    let names = FAMILY.get(tongue.code()).into_iter().flatten().copied();
    pool(tongue, names)
}

/// Towns like one: of the same country and size, as far as the gazetteer knows it.
pub(super) fn town_pool(tongue: Tongue, like: &str) -> Vec<&'static str> {
    let has = |list: &&Vec<&str>| list.iter().any(|town| town.eq_ignore_ascii_case(like));
    let usual = match tongue {
        Tongue::English => "en small",
        Tongue::German => "de small",
    };
    let list = TOWNS.values().find(has).or_else(|| TOWNS.get(usual));
    pool(tongue, list.into_iter().flatten().copied())
}

/// Without those that are common words too: an invented name must not be taken for a word.
fn pool(tongue: Tongue, names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut found: Vec<&str> = names
        .filter(|name| {
            !is_usual(tongue, &name.to_lowercase()) && !is_capital_of_none(&name.to_lowercase())
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_read() {
        assert_eq!(gender("harriet"), Some(Gender::F));
        assert_eq!(gender("holger"), Some(Gender::M));
        assert_eq!(gender("casey"), None);
        assert!(is_given("casey") && is_family("schäfer") && is_town("leeds"));
        assert!(is_usual(Tongue::English, "calling") && is_usual(Tongue::German, "rechnungen"));
        assert!(!is_usual(Tongue::English, "blackwood") && !is_usual(Tongue::German, "kowalski"));
        assert!(is_role("receptionist") && is_role("mfa") && is_relation("tochter"));
        assert!(town_pool(Tongue::German, "Köln").contains(&"Berlin"));
        assert!(given_pool(Tongue::English, Some(Gender::F)).len() > 200);
        assert!(family_pool(Tongue::German).len() > 300);
    }

    #[test]
    fn the_language_is_that_of_the_small_words() {
        assert_eq!(Tongue::of(&["Ann: Ich bin da und warte."]), Tongue::German);
        assert_eq!(Tongue::of(&["Ann: I am here", "Waiting."]), Tongue::English);
    }
}
