//! Streets with their numbers, postcodes, towns, and firms, practices and offices.

use std::sync::LazyLock;

use contract::IdentifierKind as Kind;
use regex::Regex;

use super::Found;
use super::token::Word;
use super::words::{Tongue, is_town, is_usual, word_list};

/// A street in English: number, names with capitals, kind of street.
const ENGLISH_STREET: &str = r"(?x)
    (?:(?:Flat|Apartment|Apt\.?|Unit|Suite)\ \d+[A-Za-z]?,?\ )?
    \d{1,5}[A-Za-z]?\ (?:[NSEW]\.?\ )?
    (?:(?:St\.|[\p{Lu}][\p{L}'’-]*|\d{1,3}(?:st|nd|rd|th))\ ){1,4}?
    (?:Streets?|St|Road|Rd|Lane|Ln|Close|Avenue|Ave|Court|Ct|Drive|Dr|Way|Place|Pl|Square|Sq|Terrace|Gardens?|Crescent|Cres|Hill|Park|Grove
      |Row|Mews|Walk|Green|Boulevard|Blvd|Parkway|Pkwy|Quay|View|Rise|Yard|Wharf|Highway|Circle|Trail|Alley|Parade|Gate|Vale|Passage|Esplanade)\b";

/// A street in German: a compound of its kind, or a preposition with names, and a number.
const GERMAN_STREET: &str = r"(?x)
    (?: (?:\p{Lu}[\p{L}.-]*[\ -])? (?: \p{Lu}[\p{L}-]* (?:stra(?:ß|ss)e|str\.|weg|allee|gasse|ring|platz|damm|ufer|chaussee|stieg|pfad|graben|wall|kamp|zeile|promenade|twiete)
          | (?:Stra(?:ß|ss)e|Weg|Allee|Gasse|Ring|Platz|Damm|Ufer|Str\.) )
      | Stra(?:ß|ss)e\ (?:des|der)\ (?:\d+\.\ )?\p{Lu}\p{L}+(?:\ \p{Lu}\p{L}+)?
      | (?:Am|Im|An\ de[rnm]|Auf\ de[rnm]|Hinter\ de[rnm]|Zu[mr]|Unter\ de[rnm]|In\ de[rnm]|Vor\ de[rnm]|Bei\ de[rnm]|Beim|Über\ de[rnm]|Neben\ de[rnm])(?:\ \p{Lu}[\p{L}-]*){1,3}
    )\ \d{1,4}(?:\ ?[a-h]\b)?(?:\ ?[-/]\ ?\d{1,3}(?:\ ?[a-h]\b)?)?";

static STREETS: LazyLock<[Option<Regex>; 2]> = LazyLock::new(|| {
    [
        Regex::new(ENGLISH_STREET).ok(),
        Regex::new(GERMAN_STREET).ok(),
    ]
});

static POSTCODES: LazyLock<[Option<Regex>; 2]> = LazyLock::new(|| {
    [
        Regex::new(r"(?:[A-Z]{1,2}-)?(?P<code>\d{4,5})(?P<town> (?:(?:Bad|Sankt|St\.|Groß|Klein|Neu|Alt) )?\p{Lu}[\p{L}-]+)").ok(),
        Regex::new(r"\b[A-Z]{2},? (?P<code>\d{5}(?:-\d{4})?)").ok(),
    ]
});

/// What a firm's name ends with, and what it begins with.
const ORG_END: &str = r"(?:Surgery|Clinic|Hospital|Infirmary|Practice|Medical\ (?:Centre|Center|Group|Practice)|Health\ (?:Centre|Center)|Pharmacy|LLP|LLC|Ltd\.?|Limited|Inc\.?|PLC|plc|Corp\.?|Corporation|Company|Co\.|Broadband|Telecom|Mobile|Energy|Electric|Utilities|Bank|Building\ Society|Insurance|Assurance|Solicitors|Law|Chambers|Partners|Associates|Group|Holdings|Services|Solutions|Systems|Logistics|Couriers?|Airlines|Airways|Hotel|University|College|School|Academy|Council|Trust|Foundation|Charity|Motors|Dental|Physio|Therapy|GmbH(?:\ &\ Co\.\ KG)?|AG|KG|UG|eG|OHG|GbR|e\.\ ?V\.|SE|Energie|Versicherung(?:en)?|Bau|Telekom|Apotheke|Klinik(?:um)?|Krankenhaus|Praxis|Kanzlei|Stadtwerke|Sparkasse|Volksbank|Zentrum|Pflegedienst|Gymnasium|Grundschule)";

static ORGS: LazyLock<[Option<Regex>; 2]> = LazyLock::new(|| {
    [
        Regex::new(&format!(r"(?:(?:St\.|\p{{Lu}}[\p{{L}}'’-]*)(?:\ (?:&|and|und|of)\ |\ ))+{ORG_END}(?:\ (?:{ORG_END}))*")).ok(),
        Regex::new(r"(?:Praxis|\p{Lu}\p{L}+praxis|Kanzlei|\p{Lu}\p{L}+kanzlei|Klinik|Klinikum|Krankenhaus|Apotheke|Kita|MVZ|Hotel|Pension|Firma|Autohaus|Pflegedienst|Pflegeheim|Seniorenheim|Stadtwerke|Sparkasse|Volksbank|University\ of|Bank\ of|Hospital\ of)(?:\ (?:am|an\ der|im|in\ der|zum|zur|bei\ der|vom|für|Dr\.|Prof\.))*(?:\ (?:\p{Lu}[\p{L}'’-]*))+(?:\ (?:&|und|and)\ \p{Lu}[\p{L}'’-]*)*").ok(),
    ]
});

// Words before a firm that do not belong to it.
word_list!(
    LEADS = "the at for from with by and of your my our is to in against calling die der das bei mit von für ihre meine \
     unsere eine hello hi hallo welcome thanks willkommen dear"
);

/// The streets, postcodes and firms of a text, and the towns beside them; what `taken` has is left out.
pub(super) fn places(text: &str, tongue: Tongue, taken: &[Found]) -> Vec<Found> {
    let mut found: Vec<Found> = taken.to_vec();
    let kept = found.len();
    for form in STREETS.iter().flatten() {
        for street in form.find_iter(text) {
            if is_street(text, street.start(), street.end()) {
                add(
                    &mut found,
                    Found::by_rule(street.start(), street.end(), Kind::Street),
                );
            }
        }
    }
    for form in POSTCODES.iter().flatten() {
        for code in form.captures_iter(text) {
            let (Some(number), town) = (code.name("code"), code.name("town")) else {
                continue;
            };
            let outside = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
            if !outside(text[..number.start()].chars().next_back()) {
                continue;
            }
            let Some(town) = town else {
                add(
                    &mut found,
                    Found::by_rule(number.start(), number.end(), Kind::Postcode),
                );
                continue;
            };
            let name = town.as_str().trim_start();
            if follows_an_address(text, number.start(), &found) || is_town(&name.to_lowercase()) {
                add(
                    &mut found,
                    Found::by_rule(number.start(), number.end(), Kind::Postcode),
                );
                if !is_usual(tongue, &name.to_lowercase()) || is_town(&name.to_lowercase()) {
                    add(
                        &mut found,
                        Found::by_rule(town.end() - name.len(), town.end(), Kind::Town),
                    );
                }
            }
        }
    }
    for form in ORGS.iter().flatten() {
        for org in form.find_iter(text) {
            if let Some(start) = start_of_org(text, org.start(), org.end()) {
                add(&mut found, Found::by_rule(start, org.end(), Kind::Org));
            }
        }
    }
    found.split_off(kept)
}

fn add(found: &mut Vec<Found>, next: Found) {
    if !found.iter().any(|earlier| earlier.overlaps(&next)) {
        found.push(next);
    }
}

/// A number after a street, a comma or `in`.
fn follows_an_address(text: &str, start: usize, found: &[Found]) -> bool {
    let before = text[..start]
        .trim_end_matches(|letter: char| letter.is_alphanumeric() || letter == '-')
        .trim_end();
    let before = match text[..start].ends_with('-') {
        true => before,
        false => text[..start].trim_end(),
    };
    let after_street = found.iter().any(|piece| {
        piece.kind == Kind::Street
            && piece.end <= start
            && text[piece.end..start]
                .chars()
                .all(|letter| !letter.is_alphanumeric() && letter != '\n')
    });
    after_street
        || [",", " in", " nach", " aus", "PLZ", "Postleitzahl"]
            .iter()
            .any(|end| before.ends_with(end))
}

/// Not a day, a month or a count after `Am` or `Im`.
fn is_street(text: &str, start: usize, end: usize) -> bool {
    word_list!(COUNTED = "uhr euro prozent jahre mal stunden minuten tage grad kilo");
    word_list!(
        STREETS = "markt platz hof berg bach tor feld park anger graben hang wall garten wiese see rain bühl weiher mühle schloss \
     dom bahnhof ring brunnen hügel linden ufer hain eck winkel weg teich kirche höhe wald grund stein gärten"
    );
    let after = text[end..]
        .trim_start()
        .split(|letter: char| !letter.is_alphabetic())
        .next();
    let counts = after.is_some_and(|word| COUNTED.contains(&word.to_lowercase().as_str()));
    let words: Vec<String> = text[start..end]
        .split(' ')
        .filter(|word| {
            word.chars()
                .all(|letter| letter.is_alphabetic() || letter == '-')
        })
        .map(str::to_lowercase)
        .collect();
    let first = words.first().map_or("", String::as_str);
    let leads = [
        "am", "im", "an", "auf", "hinter", "zum", "zur", "unter", "in", "vor", "bei", "beim",
        "über", "neben",
    ];
    let named = words.iter().skip(1).any(|word| {
        STREETS.iter().any(|street| {
            word.ends_with(street)
                || word.ends_with(&format!("{street}n"))
                || word.ends_with(&format!("{street}en"))
        })
    });
    let outside = !text[..start].ends_with(char::is_alphanumeric)
        && !text[end..].starts_with(|letter: char| letter.is_ascii_digit());
    outside && !counts && (!leads.contains(&first) || named)
}

/// Where a firm begins: a word that only leads up to it, or one that opens the sentence, is not part of it.
fn start_of_org(text: &str, start: usize, end: usize) -> Option<usize> {
    let mut begins = start;
    if text[..start].ends_with(|letter: char| letter.is_alphanumeric()) {
        return None;
    }
    loop {
        let piece = &text[begins..end];
        let (first, left) = piece.split_once(' ')?;
        let word: String = first
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphabetic())
            .collect();
        if !LEADS.contains(&word.as_str()) {
            return (!left.is_empty()).then_some(begins);
        }
        begins += first.len() + 1;
    }
}

// Words after which a town is named.
word_list!(
    TO_TOWNS = "in from to near nach aus bei court of around towards outside at leave für von ab via über nähe raum visit"
);

/// Whether a word is a town by the gazetteer and by what comes before it; a town that is a word or a name too needs a
/// preposition.
pub(super) fn is_town_here(
    tongue: Tongue,
    words: &[Word<'_>],
    place: usize,
    is_name_too: bool,
) -> bool {
    let word = words[place];
    let lower = word.lower();
    // `Bad Oldesloe`: a spa's name has two words.
    let before = place.checked_sub(1).map(|before| words[before]);
    let of_spa =
        before.is_some_and(|before| before.text == "Bad" && !before.opens && word.gap == " ");
    if word.is_capital()
        && !word.label
        && tongue == Tongue::German
        && of_spa
        && !is_usual(tongue, &lower)
    {
        return true;
    }
    if !word.is_capital() || word.label || !is_town(&lower) {
        return false;
    }
    let before = place.checked_sub(1).map(|before| words[before].lower());
    let led = !word.opens && before.is_some_and(|before| TO_TOWNS.contains(&before.as_str()));
    led || !(is_name_too || is_usual(tongue, &lower) || is_doubtful(&lower))
}

/// Towns whose names mean something else just as often.
fn is_doubtful(word: &str) -> bool {
    [
        "reading",
        "bath",
        "essen",
        "hamm",
        "halle",
        "hof",
        "dover",
        "worms",
        "hull",
        "sandwich",
        "nice",
        "cork",
        "mobile",
        "celle",
        "wesel",
        "stade",
        "lincoln",
        "chester",
        "derby",
        "charlotte",
        "madison",
        "victoria",
        "regina",
        "augusta",
        "jena",
        "savannah",
        "austin",
        "dallas",
        "houston",
        "jackson",
        "sydney",
        "adelaide",
        "darwin",
        "hastings",
        "durham",
        "chelsea",
        "florence",
        "sofia",
        "columbia",
        "ulm",
        "bergen",
        "gera",
        "landau",
        "limburg",
        "hagen",
        "poole",
        "ayr",
        "perth",
        "orlando",
        "denver",
        "eugene",
        "bedford",
        "preston",
        "bolton",
        "bradford",
        "lancaster",
        "norfolk",
        "richmond",
        "wellington",
        "brandenburg",
        "bergisch",
    ]
    .contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Kind, &str)> {
        let mut found = places(text, Tongue::of(&[text]), &[]);
        found.sort_by_key(|piece| piece.start);
        found
            .iter()
            .map(|piece| (piece.kind, &text[piece.start..piece.end]))
            .collect()
    }

    #[test]
    fn every_form_can_be_read() {
        assert!(
            STREETS
                .iter()
                .chain(POSTCODES.iter())
                .chain(ORGS.iter())
                .all(Option::is_some)
        );
    }

    #[test]
    fn streets_and_what_stands_beside_them() {
        for (text, street) in [
            ("at 12 Elm Street, ok", "12 Elm Street"),
            ("to 7 St. Mark's Road and", "7 St. Mark's Road"),
            ("Flat 2, 40b Old Mill Lane is", "Flat 2, 40b Old Mill Lane"),
            ("in der Gartenstraße 5a da", "Gartenstraße 5a"),
            ("wohne Am Neuen Tor 12 und", "Am Neuen Tor 12"),
            ("Berliner Str. 17-19, bitte", "Berliner Str. 17-19"),
            ("Hinter den Gärten 3 ist", "Hinter den Gärten 3"),
            ("die Lange Gasse 8", "Lange Gasse 8"),
        ] {
            assert_eq!(found(text), [(Kind::Street, street)], "{text}");
        }
        assert_eq!(
            found("ich bin in der Gartenstraße 5, 12345 Musterhausen"),
            [
                (Kind::Street, "Gartenstraße 5"),
                (Kind::Postcode, "12345"),
                (Kind::Town, "Musterhausen")
            ]
        );
        for text in [
            "Im Januar 2014 war das, Am Montag 8 Uhr, Im Sommer 17",
            "ich habe 12345 Euro und 20000 Kilometer",
            "I walked 3 miles. 12 of them",
            "Beim Arzt 3 mal",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn firms_by_their_ends_and_beginnings() {
        for (text, org) in [
            (
                "Thanks for calling Redhill Broadband, this is",
                "Redhill Broadband",
            ),
            ("from Moss & Partners LLP on", "Moss & Partners LLP"),
            (
                "bei der Sonnenhof Energie GmbH und",
                "Sonnenhof Energie GmbH",
            ),
            ("Praxis am Stadtpark, guten Tag", "Praxis am Stadtpark"),
            ("die Kanzlei Moser & Lang hat", "Kanzlei Moser & Lang"),
            (
                "Gemeinschaftspraxis Dr. Moser, hallo",
                "Gemeinschaftspraxis Dr. Moser",
            ),
        ] {
            assert_eq!(found(text), [(Kind::Org, org)], "{text}");
        }
        for text in [
            "the surgery is closed",
            "The Bank is",
            "in der Praxis und der Kanzlei",
            "Your Surgery called",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
