//! Invented pieces for those that were found: the same original becomes the same one within its scope, a name keeps its
//! gender, a day its weekday and its distance from the others, a number its grouping. Numbers come from ranges that are kept free
//! for fiction and tests where there are any.
//!
//! What a piece becomes is drawn by HMAC-SHA256 of a key over scope, kind and original: without the key nobody can try
//! originals out. The originals are returned beside the new texts, for a map that only a protected workspace may keep.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use contract::{IdentifierKind as Kind, Replacing, SurrogateScope};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::digits::{iban_check, luhn_digit};
use super::words::{
    Gender, Tongue, family_pool, given_pool, is_family, is_given, town_pool, word_list,
};
use super::{Conversation, Findings, Found, token};

/// Fewer names than this of about the same length, and any length will do.
const SMALLEST_POOL: usize = 12;
/// A day is moved by at most this many weeks, forwards or backwards.
const MOST_WEEKS: u64 = 26;

/// The secret by which invented pieces are drawn.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A key of random bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Never its bytes: whoever has them can try originals out.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// How pieces are replaced.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whether by invented ones, by the name of their kind, or not at all.
    pub replacing: Replacing,
    /// The scope within which the same piece becomes the same one.
    pub scope: SurrogateScope,
    /// The secret.
    pub key: Key,
}

/// A piece that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The new piece and its place in the new text.
    pub found: Found,
    /// What was there before.
    pub original: String,
}

/// A conversation with invented pieces.
#[derive(Clone, Debug)]
pub struct Deidentified {
    /// The texts, in the same order.
    pub texts: Vec<String>,
    /// What was replaced in each text.
    pub replaced: Vec<Vec<Replaced>>,
}

impl Plan {
    /// Replaces what was found in a conversation.
    pub fn apply(&self, conversation: &Conversation, findings: &Findings) -> Deidentified {
        let mut replacer = Replacer::new(self, conversation, findings);
        let (mut texts, mut replaced) = (Vec::new(), Vec::new());
        for (place, (text, pieces)) in conversation.texts.iter().zip(&findings.pieces).enumerate() {
            let (mut out, mut end, mut of_text) =
                (String::with_capacity(text.len()), 0, Vec::new());
            for piece in pieces {
                out.push_str(&text[end..piece.start]);
                let (start, original) = (out.len(), &text[piece.start..piece.end]);
                out.push_str(&match self.replacing {
                    Replacing::Off => original.to_owned(),
                    Replacing::Replace => replacer.invented(place, text, piece),
                    Replacing::Mask => replacer.masked(piece.kind, original),
                });
                end = piece.end;
                of_text.push(Replaced {
                    found: Found {
                        start,
                        end: out.len(),
                        ..*piece
                    },
                    original: original.to_owned(),
                });
            }
            out.push_str(&text[end..]);
            texts.push(out);
            replaced.push(of_text);
        }
        Deidentified { texts, replaced }
    }
}

struct Replacer<'a> {
    plan: &'a Plan,
    scope: &'a str,
    findings: &'a Findings,
    /// What the texts hold already, in lower case; an invented name is never among it.
    present: HashSet<String>,
    /// What each original part became.
    names: BTreeMap<String, String>,
    given: HashSet<String>,
    masks: BTreeMap<(Kind, String), usize>,
    weeks: i64,
}

/// Random bytes of an original, as many as are asked for.
struct Draw {
    seed: Hmac<Sha256>,
    count: u32,
    left: Vec<u8>,
}

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        let mut bytes = [0; 8];
        for byte in &mut bytes {
            if self.left.is_empty() {
                let mut next = self.seed.clone();
                next.update(&self.count.to_be_bytes());
                self.left = next.finalize().into_bytes().to_vec();
                self.count += 1;
            }
            *byte = self.left.pop().unwrap_or_default();
        }
        // Multiply and shift; the bias is below n / 2^64.
        ((u128::from(u64::from_be_bytes(bytes)) * n as u128) >> 64) as usize
    }

    fn digit(&mut self) -> char {
        char::from(b'0' + self.below(10) as u8)
    }

    fn letter(&mut self) -> char {
        char::from(b'A' + self.below(26) as u8)
    }

    fn pick<'p>(&mut self, pool: &[&'p str]) -> &'p str {
        pool.get(self.below(pool.len()))
            .copied()
            .unwrap_or_default()
    }
}

impl<'a> Replacer<'a> {
    fn new(plan: &'a Plan, conversation: &'a Conversation, findings: &'a Findings) -> Self {
        let words = conversation
            .texts
            .iter()
            .flat_map(|text| token::words(text));
        let scope = match plan.scope {
            SurrogateScope::Conversation => conversation.id.as_str(),
            SurrogateScope::Dataset => "",
        };
        // What a name becomes in a data set must not depend on the conversation.
        let present = match plan.scope {
            SurrogateScope::Conversation => words.map(|word| word.lower()).collect(),
            SurrogateScope::Dataset => HashSet::new(),
        };
        let mut replacer = Self {
            plan,
            scope,
            findings,
            present,
            names: BTreeMap::new(),
            given: HashSet::new(),
            masks: BTreeMap::new(),
            weeks: 0,
        };
        let weeks =
            replacer.draw(Kind::Date, "").below(2 * MOST_WEEKS as usize) as i64 - MOST_WEEKS as i64;
        replacer.weeks = if weeks < 0 { weeks } else { weeks + 1 };
        replacer
    }

    fn draw(&self, kind: Kind, original: &str) -> Draw {
        // A key of any length is taken, so this is never the empty one.
        let mut seed = match <Hmac<Sha256> as KeyInit>::new_from_slice(&self.plan.key.0) {
            Ok(seed) => seed,
            Err(_) => <Hmac<Sha256> as KeyInit>::new(&Default::default()),
        };
        for part in [self.scope, kind.as_str(), original] {
            seed.update(&(part.len() as u64).to_be_bytes());
            seed.update(part.as_bytes());
        }
        Draw {
            seed,
            count: 0,
            left: Vec::new(),
        }
    }

    fn masked(&mut self, kind: Kind, original: &str) -> String {
        let normal = match kind {
            // One person is one number, under whichever part of the name.
            Kind::Name => self.person(original),
            _ => normal(original),
        };
        let next = 1 + self
            .masks
            .keys()
            .filter(|(other, _)| *other == kind)
            .count();
        let number = *self.masks.entry((kind, normal)).or_insert(next);
        format!("{}_{number}", kind.as_str().to_uppercase())
    }

    /// The first part of a person's name, by whatever part of it they are called.
    fn person(&self, original: &str) -> String {
        let part = token::words(original).first().map(|word| word.lower());
        let part = part.unwrap_or_else(|| normal(original));
        let full = &self.findings.names.full;
        let of_family = full
            .iter()
            .find(|(given, family)| *family == part && given != family);
        of_family.map_or(part, |(given, _)| given.clone())
    }

    fn invented(&mut self, place: usize, text: &str, piece: &Found) -> String {
        let original = &text[piece.start..piece.end];
        let mut draw = self.draw(piece.kind, &normal(original));
        match piece.kind {
            Kind::Name => self.name(original),
            Kind::Date => {
                let days = self.findings.days.get(place).into_iter().flatten();
                let mut same = days.filter(|day| day.place.start == piece.start);
                same.next().map_or_else(
                    || masked_digits(original, &mut draw),
                    |day| day.moved(text, self.weeks),
                )
            }
            Kind::Phone => phone(original, self.findings.tongue, &mut draw),
            Kind::Email => self.email(original, &mut draw),
            Kind::Handle => self.handle(original, &mut draw),
            Kind::Url => url(original, &mut draw),
            Kind::Ip => match original.contains(':') {
                true => format!("2001:db8::{:x}", 1 + draw.below(65_535)),
                false => format!("192.0.2.{}", 1 + draw.below(254)),
            },
            Kind::Iban => iban(original, &mut draw),
            Kind::Card => card(original, &mut draw),
            Kind::Id | Kind::Plate => same_shape(original, &mut draw),
            Kind::Postcode => postcode(original, &mut draw),
            Kind::Street => street(original, &mut draw),
            Kind::Town => self.town(original, &mut draw),
            Kind::Org => org(original, self.findings.tongue, &mut draw),
            Kind::Age90 => "90".to_owned(),
        }
    }

    /// Each part of a name by itself, so that full, given and family name agree; what is not a part stays.
    fn name(&mut self, original: &str) -> String {
        let (mut out, mut end) = (String::new(), 0);
        for word in token::words(original) {
            out.push_str(&original[end..word.start]);
            let lower = word.lower();
            let known = self.findings.names.parts.contains_key(&lower);
            let initial = word.text.chars().count() == 1;
            out.push_str(&match (known, initial) {
                (true, _) => like(word.text, &self.part(&lower)),
                (false, true) => self.draw(Kind::Name, &lower).letter().to_string(),
                (false, false) if word.is_capital() => like(word.text, &self.part(&lower)),
                (false, false) => word.text.to_owned(),
            });
            end = word.end;
        }
        out.push_str(&original[end..]);
        out
    }

    fn part(&mut self, part: &str) -> String {
        if let Some(known) = self.names.get(part) {
            return known.clone();
        }
        let known = self
            .findings
            .names
            .parts
            .get(part)
            .copied()
            .unwrap_or_default();
        let is_family_name = match known.family.cmp(&known.given) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => is_family(part) && !is_given(part),
        };
        let pool = match is_family_name {
            true => family_pool(self.findings.tongue),
            false => given_pool(self.findings.tongue, self.gender(part, known.gender)),
        };
        let length = part.chars().count();
        let alike = |name: &&&str| name.chars().count().abs_diff(length) <= 2;
        let near: Vec<&str> = pool.iter().filter(alike).copied().collect();
        let pool = if near.len() < SMALLEST_POOL {
            pool
        } else {
            near
        };
        let mut draw = self.draw(Kind::Name, part);
        let first = draw.below(pool.len().max(1));
        let mut turned = pool[first.min(pool.len())..]
            .iter()
            .chain(&pool[..first.min(pool.len())]);
        let is_free = |name: &&&str| {
            let lower = name.to_lowercase();
            !self.present.contains(&lower) && !self.given.contains(&lower) && lower != part
        };
        let name = turned
            .find(is_free)
            .or(pool.first())
            .map_or_else(|| part.to_owned(), |name| (*name).to_owned());
        self.given.insert(name.to_lowercase());
        self.names.insert(part.to_owned(), name.clone());
        name
    }

    /// What the name itself says, else what is said beside it, or beside a family name that goes with it.
    fn gender(&self, part: &str, told: Option<Gender>) -> Option<Gender> {
        let beside = || {
            let families = self
                .findings
                .names
                .full
                .iter()
                .filter(|(given, _)| given == part);
            families
                .filter_map(|(_, family)| self.findings.names.parts.get(family)?.gender)
                .next()
        };
        super::words::gender(part).or(told).or_else(beside)
    }

    /// Known parts of names in an address become what they become elsewhere.
    fn email(&mut self, original: &str, draw: &mut Draw) -> String {
        let local = original.split('@').next().unwrap_or_default();
        let parts: Vec<String> = local
            .split(|letter: char| !letter.is_alphabetic())
            .map(str::to_lowercase)
            .collect();
        let known: Vec<String> = parts
            .into_iter()
            .filter(|part| self.findings.names.parts.contains_key(part))
            .collect();
        let names: Vec<String> = known.iter().map(|part| self.part(part)).collect();
        let name = match names.is_empty() {
            true => draw
                .pick(&given_pool(self.findings.tongue, None))
                .to_owned(),
            false => names.join("."),
        };
        format!("{}@example.org", plain(&name))
    }

    fn handle(&mut self, original: &str, draw: &mut Draw) -> String {
        let letters: String = original
            .chars()
            .filter(|letter| letter.is_alphabetic())
            .collect::<String>()
            .to_lowercase();
        let name = match self.findings.names.parts.contains_key(&letters) {
            true => self.part(&letters),
            false => draw
                .pick(&given_pool(self.findings.tongue, None))
                .to_owned(),
        };
        let digits: String = original
            .chars()
            .filter(char::is_ascii_digit)
            .map(|_| draw.digit())
            .collect();
        match original {
            _ if original.starts_with('@') => format!("@{}{digits}", plain(&name)),
            _ if original.contains('#') => format!("{}#{digits:0>4}", plain(&name)),
            _ => format!("u/{}{digits}", plain(&name)),
        }
    }

    fn town(&self, original: &str, draw: &mut Draw) -> String {
        let pool = town_pool(self.findings.tongue, original);
        let free: Vec<&str> = pool
            .into_iter()
            .filter(|town| !self.present.contains(&town.to_lowercase()))
            .collect();
        match free.is_empty() {
            true => "Newtown".to_owned(),
            false => like(original, draw.pick(&free)),
        }
    }
}

/// Letters and digits in lower case.
fn normal(text: &str) -> String {
    let kept = text.chars().filter(|letter| letter.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// In lower-case ASCII letters, as addresses are.
fn plain(name: &str) -> String {
    let mut out = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'a'..='z' | '.' => out.push(letter),
            _ => {}
        }
    }
    out
}

/// With the capitals of the original: none, all, or the first.
fn like(original: &str, new: &str) -> String {
    let letters = original.chars().filter(|letter| letter.is_alphabetic());
    let count = letters.clone().count();
    match original.chars().next() {
        Some(first) if first.is_lowercase() => new.to_lowercase(),
        _ if count > 1 && letters.clone().all(char::is_uppercase) => new.to_uppercase(),
        _ => new.to_owned(),
    }
}

/// Digit for digit and letter for letter.
fn same_shape(original: &str, draw: &mut Draw) -> String {
    let drawn = |letter: char| match letter {
        '0'..='9' => draw.digit(),
        _ if letter.is_uppercase() => draw.letter(),
        _ if letter.is_lowercase() => draw.letter().to_ascii_lowercase(),
        _ => letter,
    };
    original.chars().map(drawn).collect()
}

fn masked_digits(original: &str, draw: &mut Draw) -> String {
    let drawn = |letter: char| {
        if letter.is_ascii_digit() {
            draw.digit()
        } else {
            letter
        }
    };
    original.chars().map(drawn).collect()
}

/// The digits of `new` in the places of the digits of `original`.
fn regrouped(original: &str, new: &str) -> String {
    let mut digits = new.chars();
    let next = |letter: char| match letter.is_ascii_digit() {
        true => digits.next().unwrap_or(letter),
        false => letter,
    };
    original.chars().map(next).collect()
}

/// A number in a range that is kept free for fiction: 555-01xx, 020 7946 0xxx, 030 23125 xxx, 0171 39200 xx.
fn phone(original: &str, tongue: Tongue, draw: &mut Draw) -> String {
    let digits: String = original.chars().filter(char::is_ascii_digit).collect();
    let international = original.starts_with('+') || digits.starts_with("00");
    let skip = match (original.starts_with('+'), digits.starts_with("00")) {
        (true, _) => 0,
        (_, true) => 2,
        _ => 0,
    };
    let country = ["49", "44", "43", "41", "353", "1"]
        .into_iter()
        .find(|code| international && digits[skip..].starts_with(code));
    let head = if international {
        skip + country.map_or(2, str::len)
    } else {
        0
    };
    let (lead, national) = digits.split_at(head.min(digits.len()));
    let trunk = national.starts_with('0');
    let free = match (
        country,
        tongue,
        national.trim_start_matches('0').starts_with('1'),
    ) {
        (Some("1"), _, _) => None,
        (Some("44"), _, _) => Some("2079460"),
        (Some("49"), _, true) => Some("17139200"),
        (Some(_), _, _) => Some("3023125"),
        (None, Tongue::English, _) if trunk => Some("2079460"),
        (None, Tongue::English, _) => None,
        (None, Tongue::German, true) => Some("17139200"),
        (None, Tongue::German, _) => Some("3023125"),
    };
    let length = national.len();
    let mut new = String::new();
    match free {
        Some(free) => {
            new.push_str(if trunk { "0" } else { "" });
            new.push_str(free);
        }
        None => {
            (0..length.saturating_sub(7))
                .for_each(|place| new.push(if place == 0 { '5' } else { draw.digit() }));
            new.push_str("55501");
        }
    }
    while new.len() < length {
        new.push(draw.digit());
    }
    regrouped(original, &format!("{lead}{new}"))
}

fn url(original: &str, draw: &mut Draw) -> String {
    let head = "https://example.org/";
    let length = original.chars().count().saturating_sub(head.len()).max(4);
    let tail: String = (0..length)
        .map(|_| draw.letter().to_ascii_lowercase())
        .collect();
    format!("{head}{tail}")
}

/// The country, a bank of zeros, and check digits that hold.
fn iban(original: &str, draw: &mut Draw) -> String {
    let form: Vec<char> = original.chars().filter(|letter| *letter != ' ').collect();
    let country: String = form.iter().take(2).collect();
    let account = form.iter().skip(4).enumerate().map(|(place, letter)| {
        match (letter.is_ascii_digit(), place) {
            (true, 0..8) => '0',
            (true, _) => draw.digit(),
            (false, _) => 'X',
        }
    });
    let account: String = account.collect();
    let mut new = format!("{country}{:02}{account}", iban_check(&country, &account))
        .chars()
        .collect::<Vec<char>>()
        .into_iter();
    let next = |letter: char| {
        if letter == ' ' {
            ' '
        } else {
            new.next().unwrap_or(letter)
        }
    };
    original.chars().map(next).collect()
}

/// A number that no bank gives out, with a check digit that holds.
fn card(original: &str, draw: &mut Draw) -> String {
    let length = original.chars().filter(char::is_ascii_digit).count();
    let mut new = "400000".to_owned();
    while new.len() + 1 < length {
        new.push(draw.digit());
    }
    let check = luhn_digit(&new);
    new.push_str(&check.to_string());
    regrouped(original, &new)
}

/// Of the same shape, but of no real place: German ones begin with 00, British ones with Q.
fn postcode(original: &str, draw: &mut Draw) -> String {
    let mut new: Vec<char> = same_shape(original, draw).chars().collect();
    match original
        .chars()
        .all(|letter| letter.is_ascii_digit() || letter == '-')
    {
        true => new.iter_mut().take(2).for_each(|digit| *digit = '0'),
        false => new.iter_mut().take(1).for_each(|letter| *letter = 'Q'),
    }
    new.into_iter().collect()
}

word_list!(
    STREETS = "Almond Bramble Clover Dahlia Elder Fennel Gorse Hazel Indigo Juniper Larch Mallow Nutmeg Orchid Poplar Quince \
     Rowan Sorrel Thistle Umber Verbena Willow Yarrow Zinnia"
);
word_list!(
    STRASSEN = "Ahorn Birken Distel Efeu Flieder Ginster Hasel Iris Jasmin Kiefern Lärchen Mohn Nelken Orchideen Pappel Quitten \
     Rotdorn Schlehen Tannen Ulmen Veilchen Weiden Ysop Zedern"
);

/// The kind of street stays, its name and number do not.
fn street(original: &str, draw: &mut Draw) -> String {
    word_list!(KINDS = "straße strasse str. weg allee gasse ring platz damm ufer chaussee");
    let (mut named, mut out) = (false, Vec::new());
    let words: Vec<&str> = original.split(' ').collect();
    let german = words.first().is_some_and(|word| {
        !word.starts_with(|letter: char| letter.is_ascii_digit())
            && !["Flat", "Apartment", "Apt", "Apt.", "Unit", "Suite"].contains(word)
    });
    for (place, word) in words.iter().enumerate() {
        let last_word = place + 1 == words.len();
        let lower = word.to_lowercase();
        let kind = KINDS
            .iter()
            .find(|kind| german && lower.ends_with(**kind) && lower.len() > kind.len());
        let capital = word.starts_with(char::is_uppercase);
        out.push(
            match (word.chars().any(|letter| letter.is_ascii_digit()), kind) {
                (true, _) => number_like(word, draw),
                (_, Some(kind)) => {
                    named = true;
                    format!("{}{kind}", draw.pick(&STRASSEN))
                }
                _ if german
                    && place == 0
                    && !words.iter().any(|word| {
                        KINDS.iter().any(|kind| word.to_lowercase().ends_with(kind))
                    }) =>
                {
                    "Am".to_owned()
                }
                _ if german && capital && !KINDS.contains(&lower.as_str()) => match named {
                    true => continue,
                    false => {
                        named = true;
                        format!("{}hang", draw.pick(&STRASSEN))
                    }
                },
                _ if !german
                    && capital
                    && !last_word
                    && !["Flat", "Apartment", "Apt", "Apt.", "Unit", "Suite"].contains(word) =>
                {
                    match named {
                        true => continue,
                        false => {
                            named = true;
                            draw.pick(&STREETS).to_owned()
                        }
                    }
                }
                _ if german && !capital && !named && place > 0 => continue,
                _ => (*word).to_owned(),
            },
        );
    }
    out.join(" ")
}

/// A number of as many digits that is not zero; letters stay.
fn number_like(word: &str, draw: &mut Draw) -> String {
    let mut first = true;
    let next = |letter: char| match (letter.is_ascii_digit(), std::mem::take(&mut first)) {
        (true, true) => char::from(b'1' + draw.below(9) as u8),
        (true, false) => draw.digit(),
        (false, _) => letter,
    };
    word.chars().map(next).collect()
}

word_list!(
    FIRMS = "Alderbrook Brackenfield Cloudhaven Dunmere Eastmoor Fairwind Greystone Highcliff Ivybridge Kestrel Larkspur \
     Meadowgate Northlight Oakmere Redfern Silverbeck"
);
word_list!(
    FIRMEN = "Abendrot Birkenhain Distelfeld Eichgrund Föhrental Goldregen Heidetal Kranichsee Lindenau Morgentau Nordhang \
     Rosengrund Silbersee Talblick Weidengrund Zedernhof"
);
// Words of firms that say what sort they are.
word_list!(
    SORTS = "surgery clinic hospital infirmary practice medical centre center health group pharmacy llp llc ltd ltd. limited \
     inc inc. plc corp corporation company co. broadband telecom mobile energy electric utilities bank insurance \
     solicitors law chambers partners associates services solutions systems logistics hotel university college school \
     academy gmbh ag kg ug eg ohg gbr se energie versicherung apotheke klinik klinikum krankenhaus praxis kanzlei \
     stadtwerke sparkasse volksbank zentrum pflegedienst"
);

/// The words that say what sort it is stay; the others become invented ones.
fn org(original: &str, tongue: Tongue, draw: &mut Draw) -> String {
    let pool = match tongue {
        Tongue::English => &FIRMS,
        Tongue::German => &FIRMEN,
    };
    let new = |word: &str| {
        let is_sort = SORTS.contains(&word.to_lowercase().as_str())
            || word.to_lowercase().ends_with("praxis")
            || word.to_lowercase().ends_with("kanzlei");
        match word.starts_with(char::is_uppercase) && !is_sort {
            true => draw.pick(pool).to_owned(),
            false => word.to_owned(),
        }
    };
    original
        .split(' ')
        .map(new)
        .collect::<Vec<String>>()
        .join(" ")
}

/// How many originals stand behind the invented piece that has the fewest, over all conversations: for names two are
/// wanted, for numbers one is usual.
pub fn fewest_originals<'a>(
    replaced: impl IntoIterator<Item = (&'a str, &'a Deidentified)>,
) -> BTreeMap<Kind, usize> {
    let mut behind: BTreeMap<(Kind, String), BTreeSet<(String, String)>> = BTreeMap::new();
    for (id, conversation) in replaced {
        for (text, pieces) in conversation.texts.iter().zip(&conversation.replaced) {
            for piece in pieces {
                let new = normal(&text[piece.found.start..piece.found.end]);
                let original = (id.to_owned(), normal(&piece.original));
                behind
                    .entry((piece.found.kind, new))
                    .or_default()
                    .insert(original);
            }
        }
    }
    let mut fewest: BTreeMap<Kind, usize> = BTreeMap::new();
    for ((kind, _), originals) in behind {
        let least = fewest.entry(kind).or_insert(usize::MAX);
        *least = originals.len().min(*least);
    }
    fewest
}
