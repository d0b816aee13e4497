//! Pieces that are known by their form: addresses on the net, numbers of accounts, telephones, plates, cases. Doses, prices,
//! times, readings and versions have forms of their own, which are left alone.

use std::sync::LazyLock;

use contract::IdentifierKind as Kind;
use regex::{Captures, Regex};

use super::Found;
use super::digits::{iban_holds, luhn_holds};
use super::words::word_list;

/// A form, and what else must hold for what it matches.
struct Shape {
    kind: Kind,
    form: Option<Regex>,
    holds: fn(&Context<'_>) -> bool,
}

/// A match with the text around it.
struct Context<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl Context<'_> {
    fn piece(&self) -> &str {
        &self.text[self.start..self.end]
    }

    fn digits(&self) -> String {
        self.piece().chars().filter(char::is_ascii_digit).collect()
    }

    fn before(&self) -> &str {
        &self.text[..self.start]
    }

    fn after(&self) -> &str {
        &self.text[self.end..]
    }

    /// The last words before the match on its line, in lower case.
    fn words_before(&self, count: usize) -> Vec<String> {
        let words = |line: &str| -> Vec<String> {
            let words = line.split(|letter: char| !letter.is_alphanumeric());
            let words = words.filter(|word| !word.is_empty());
            words.map(str::to_lowercase).collect()
        };
        let mut lines = self.before().rsplit('\n');
        let mut found = words(lines.next().unwrap_or_default());
        // An answer with nothing but the number: the question before it says what it is.
        if let (0..3, Some(question)) = (found.len(), lines.next()) {
            // Without the speaker before the colon.
            let answer = found.split_off(found.len().min(1));
            found = [words(question), answer].concat();
        }
        found[found.len().saturating_sub(count)..].to_vec()
    }

    fn word_after(&self) -> String {
        let line = self.after().trim_start_matches([' ', '\u{a0}']);
        let end = line.find(|letter: char| !letter.is_alphabetic() && !"%€$£".contains(letter));
        line[..end.unwrap_or(line.len())].to_lowercase()
    }

    /// Whether it is a piece of its own and not of a longer word or number.
    fn stands_alone(&self) -> bool {
        let joins = |letter: Option<char>| {
            letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        };
        let first = self
            .piece()
            .chars()
            .next()
            .is_some_and(char::is_alphanumeric);
        let last = self
            .piece()
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric);
        let goes_on_before = first && joins(self.before().chars().next_back());
        let goes_on_after = last && joins(self.after().chars().next());
        !goes_on_before && !goes_on_after
    }
}

// Units and the like: a number before one of them identifies nobody.
word_list!(
    COUNTED = "mg ml mcg g kg km m cm mm l kwh mbit gb mb kb tb ghz mhz w kw v euro eur dollar dollars usd pound pounds gbp chf \
     franken cent cents % € $ £ uhr prozent percent people steps schritte kcal kilometer miles"
);

// Words that announce a number that identifies somebody.
word_list!(
    ANNOUNCED = "nhs patient patienten patientennummer case order ticket policy claim matter account customer member membership \
     invoice booking reservation reference ref number no id passport licence license insurance tracking parcel serial \
     file docket employee student contract mrn ssn aktenzeichen az akte aktennummer kundennummer kunden \
     fallnummer fall versichertennummer versicherungsnummer versicherten vertragsnummer vertrag bestellnummer \
     bestellung rechnungsnummer rechnung auftragsnummer auftrag vorgangsnummer vorgang ticketnummer mitgliedsnummer \
     mitgliedsnr personalnummer ausweisnummer ausweis reisepass steuernummer zählernummer sendungsnummer paket \
     sendung paketnummer referenz referenznummer nummer nr kontonummer konto buchungsnummer"
);

// Words that announce a number plate.
word_list!(
    PLATES = "plate plates registration reg registered kennzeichen nummernschild licence license vehicle"
);

fn shape(kind: Kind, form: &str, holds: fn(&Context<'_>) -> bool) -> Shape {
    Shape {
        kind,
        form: Regex::new(form).ok(),
        holds,
    }
}

/// The forms; what an earlier one takes, a later one leaves.
static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    vec![
        shape(
            Kind::Email,
            r"(?i)[\p{L}\d][\p{L}\d._%+-]*@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+",
            |_| true,
        ),
        shape(
            Kind::Url,
            r"(?i)\b(?:https?://|www\.)[^\s<>()]*[^\s<>().,;:!?'\x22]",
            |_| true,
        ),
        shape(
            Kind::Url,
            r"(?i)\b[a-z\d-]+(?:\.[a-z\d-]+)*\.(?:com|org|net|de|at|ch|uk|io|eu|info|biz|ie|us|example|test)(?:/[^\s<>()]*[^\s<>().,;:!?'\x22]|/)?",
            |found| !found.before().ends_with(['@', '.', '-', '/']) && found.stands_alone(),
        ),
        shape(Kind::Ip, r"\d{1,3}(?:\.\d{1,3}){3}", |found| {
            found.stands_alone()
                && found
                    .piece()
                    .split('.')
                    .all(|part| part.parse::<u8>().is_ok())
        }),
        shape(
            Kind::Ip,
            r"(?i)[a-f\d]{1,4}(?::[a-f\d]{0,4}){2,7}",
            |found| {
                let groups = found.piece().split(':').count();
                found.stands_alone() && (found.piece().contains("::") || groups == 8) && groups > 3
            },
        ),
        shape(
            Kind::Iban,
            r"[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,4})?",
            |found| {
                let form = found.piece().replace(' ', "");
                let digits = form.chars().filter(char::is_ascii_digit).count();
                found.stands_alone() && (iban_holds(&form) || digits >= 12)
            },
        ),
        shape(
            Kind::Card,
            r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|\d{4}[ -]\d{6}[ -]\d{5}",
            |found| {
                let digits = found.digits();
                found.stands_alone()
                    && (13..=19).contains(&digits.len())
                    && (luhn_holds(&digits)
                        || is_announced(
                            found,
                            &[
                                "card",
                                "karte",
                                "kreditkarte",
                                "kartennummer",
                                "visa",
                                "mastercard",
                            ],
                        ))
            },
        ),
        shape(
            Kind::Id,
            r"\d{1,4} [A-Z][A-Za-z]{0,3} \d{1,6}/\d{2,4}",
            |found| found.stands_alone(),
        ),
        shape(
            Kind::Plate,
            r"[A-ZÄÖÜ]{1,3}-[A-Z]{1,2} ?\d{1,4}[EH]?",
            |found| found.stands_alone(),
        ),
        shape(Kind::Plate, r"[A-Z]{2}\d{2} ?[A-Z]{3}", |found| {
            found.stands_alone()
        }),
        shape(
            Kind::Plate,
            r"[A-ZÄÖÜ\d]{1,4}[ -][A-Z\d]{1,4}(?:[ -]?\d{1,4})?",
            |found| {
                found.stands_alone() && !found.digits().is_empty() && is_announced(found, &PLATES)
            },
        ),
        shape(
            Kind::Phone,
            r"(?:\+|\b00)\d(?:[ \u{a0}./-]?\(?\d+\)?)+",
            |found| (7..=16).contains(&found.digits().len()),
        ),
        shape(
            Kind::Phone,
            r"\(\+?\d{2,5}\)[ \u{a0}./-]?\d(?:[ \u{a0}./-]?\d+)*",
            |found| (7..=15).contains(&found.digits().len()),
        ),
        shape(Kind::Phone, r"0\d{1,5}(?:[ \u{a0}./-]+\d+)+", |found| {
            found.stands_alone() && (7..=15).contains(&found.digits().len())
        }),
        shape(Kind::Phone, r"0[1-9]\d{6,12}", |found| found.stands_alone()),
        shape(
            Kind::Phone,
            r"\d{3}[-. ]\d{3}[-. ]\d{4}|\d{3}-\d{4}",
            |found| found.stands_alone(),
        ),
        shape(Kind::Phone, r"\d[\d /-]{4,14}\d", |found| {
            found.stands_alone()
                && (6..=15).contains(&found.digits().len())
                && is_announced(
                    found,
                    &[
                        "phone",
                        "mobile",
                        "telephone",
                        "tel",
                        "fax",
                        "telefon",
                        "telefonnummer",
                        "handy",
                        "handynummer",
                        "mobil",
                        "mobilnummer",
                        "rufnummer",
                        "cell",
                        "whatsapp",
                        "anrufen",
                        "durchwahl",
                    ],
                )
        }),
        shape(Kind::Handle, r"@[\p{L}_][\p{L}\d_.]*[\p{L}\d_]", |found| {
            !found
                .before()
                .ends_with(|letter: char| letter.is_alphanumeric() || letter == '.')
        }),
        shape(Kind::Handle, r"[\p{L}_][\p{L}\d_.]{2,}#\d{4}", |found| {
            found.stands_alone()
        }),
        shape(Kind::Handle, r"(?i)u/[a-z\d_-]{3,}", |found| {
            found.stands_alone()
        }),
        shape(
            Kind::Postcode,
            r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
            |found| found.stands_alone(),
        ),
        shape(Kind::Id, r"\d{2,6}(?: \d{2,6})+", |found| {
            found.stands_alone()
                && found.digits().len() >= 7
                && is_number_of(found)
                && is_announced(found, &ANNOUNCED)
        }),
        shape(
            Kind::Id,
            r"#?(?:[\p{Lu}]{1,6}[-./ ]?)?\d[\p{Lu}\d]*(?:[-./]?[\p{Lu}\d]+)*",
            |found| {
                found.stands_alone()
                    && found.digits().len() >= 4
                    && is_number_of(found)
                    && is_announced(found, &ANNOUNCED)
            },
        ),
        shape(Kind::Id, r"#?[\p{Lu}\d]+(?:[-./][\p{Lu}\d]+)*", |found| {
            let letters = found
                .piece()
                .chars()
                .filter(|letter| letter.is_alphabetic())
                .count();
            let digits = found.digits().len();
            let mixed = letters > 0 && letters + digits >= 6 && digits >= 3;
            found.stands_alone() && (mixed || digits >= 7) && is_number_of(found)
        }),
        shape(Kind::Id, r"#\d{4,}", is_number_of),
    ]
});

/// Whether one of the words is among the four before a piece.
fn is_announced(found: &Context<'_>, words: &[&str]) -> bool {
    let near = found.words_before(4);
    near.iter().any(|word| words.contains(&word.as_str()))
}

/// Not an amount, a range of years, a date or a year.
fn is_number_of(found: &Context<'_>) -> bool {
    let piece = found.piece();
    let parts: Vec<&str> = piece.split(['-', '/', '.']).collect();
    let is_year = |part: &&str| {
        part.len() == 4 && (part.starts_with("19") || part.starts_with("20")) && is_digits(part)
    };
    let years = parts
        .iter()
        .all(|part| is_year(part) || part.len() == 2 && is_digits(part));
    let thousands = piece.contains('.')
        && is_digits(&piece.replace('.', ""))
        && parts.iter().skip(1).all(|part| part.len() == 3);
    let after = found.after();
    let goes_on = after.starts_with([',', ':'])
        && after[1..].starts_with(|letter: char| letter.is_ascii_digit());
    let before = found.before();
    let comes_from = before.ends_with(['$', '€', '£', ',', ':', '.'])
        && (before.ends_with(['$', '€', '£'])
            || before[..before.len() - 1].ends_with(|letter: char| letter.is_ascii_digit()));
    !(years || thousands || goes_on || comes_from || COUNTED.contains(&found.word_after().as_str()))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit())
}

/// Ages from 90 on: so few people are that old that the number names one.
static AGES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        \b(?: age[d]?\ (?:of\ )? | turn(?:s|ed|ing)?\  | alter\ von\  | wird\ (?:\p{L}+\ )?(?:schon\ )? | wurde\ (?:schon\ )? | patient(?:in)?,?\  )
          (?P<a> 9\d | 1[01]\d )\b
        | \(\s*(?P<b> 9\d | 1[01]\d )(?:\s*(?:years|jahre|j\.|y/o|yo)?)\s*\)
        | \b(?P<c> 9\d | 1[01]\d )(?: [\ -]? (?:years?|year)[\ -]old | \ years\ of\ age | -?jährig | \ jahre?\ (?:alt|jung) | \ ?y/?o\b | \ lenze )",
    )
    .ok()
});

/// The pieces of a text that are known by their form; what `taken` has is left out.
pub(super) fn shapes(text: &str, taken: &[Found]) -> Vec<Found> {
    let mut found: Vec<Found> = taken.to_vec();
    let kept = found.len();
    for shape in SHAPES.iter() {
        let Some(form) = &shape.form else { continue };
        for piece in form.find_iter(text) {
            let context = Context {
                text,
                start: piece.start(),
                end: piece.end(),
            };
            let next = Found::by_rule(piece.start(), piece.end(), shape.kind);
            if !found.iter().any(|earlier| earlier.overlaps(&next)) && (shape.holds)(&context) {
                found.push(next);
            }
        }
    }
    let age = |ages: Captures<'_>| {
        let group = ages
            .name("a")
            .or_else(|| ages.name("b"))
            .or_else(|| ages.name("c"))?;
        Some(Found::by_rule(group.start(), group.end(), Kind::Age90))
    };
    if let Some(ages) = &*AGES {
        let ages = ages.captures_iter(text).filter_map(age);
        let free: Vec<Found> = ages
            .filter(|next| !found.iter().any(|earlier| earlier.overlaps(next)))
            .collect();
        found.extend(free);
    }
    found.split_off(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        let mut found = shapes(text, &[]);
        found.sort_by_key(|piece| piece.start);
        found
            .iter()
            .map(|piece| (piece.kind, &text[piece.start..piece.end]))
            .collect()
    }

    #[test]
    fn every_form_can_be_read() {
        assert!(SHAPES.iter().all(|shape| shape.form.is_some()));
        assert!(AGES.is_some());
    }

    #[test]
    fn numbers_of_somebody() {
        let cases: [(&str, Kind, &str); 31] = [
            (
                "write to jo.b+x@mail.example, ok?",
                Kind::Email,
                "jo.b+x@mail.example",
            ),
            (
                "see https://a.example/x?y=1.",
                Kind::Url,
                "https://a.example/x?y=1",
            ),
            (
                "at example.org/files/17, please",
                Kind::Url,
                "example.org/files/17",
            ),
            ("from 192.0.2.7 today", Kind::Ip, "192.0.2.7"),
            ("from 2001:db8::1f today", Kind::Ip, "2001:db8::1f"),
            (
                "auf DE02 1203 0000 0000 2020 51.",
                Kind::Iban,
                "DE02 1203 0000 0000 2020 51",
            ),
            (
                "to GB48TEST11575395755131",
                Kind::Iban,
                "GB48TEST11575395755131",
            ),
            (
                "card 4000 0000 0000 0002 then",
                Kind::Card,
                "4000 0000 0000 0002",
            ),
            ("call +44 20 7946 0123 now", Kind::Phone, "+44 20 7946 0123"),
            ("unter 0171/39200-11 da", Kind::Phone, "0171/39200-11"),
            (
                "unter +49 (0)30 23125-795 da",
                Kind::Phone,
                "+49 (0)30 23125-795",
            ),
            ("on (555) 010-0144.", Kind::Phone, "(555) 010-0144"),
            ("at 555-0144 today", Kind::Phone, "555-0144"),
            ("my mobile is 7700 900123", Kind::Phone, "7700 900123"),
            ("order 48211 is late", Kind::Id, "48211"),
            ("case F.37573 is", Kind::Id, "F.37573"),
            ("policy number PX-48211/B", Kind::Id, "PX-48211/B"),
            ("Aktenzeichen 12 O 345/23", Kind::Id, "12 O 345/23"),
            (
                "Ihre Kundennummer?\nB: 4471 9920 13. Ja",
                Kind::Id,
                "4471 9920 13",
            ),
            ("it is 9991191593.", Kind::Id, "9991191593"),
            ("about #48211 again", Kind::Id, "#48211"),
            ("code KX11735QP here", Kind::Id, "KX11735QP"),
            ("Kennzeichen B-MW 1234 da", Kind::Plate, "B-MW 1234"),
            ("car was LD51 ABC there", Kind::Plate, "LD51 ABC"),
            ("registration 7ABC123 then", Kind::Plate, "7ABC123"),
            ("in LS3 9QT, ok", Kind::Postcode, "LS3 9QT"),
            ("ping @jo_91, ok", Kind::Handle, "@jo_91"),
            ("add jona#4821 there", Kind::Handle, "jona#4821"),
            ("she is 93 years old", Kind::Age90, "93"),
            ("der 97-jährige", Kind::Age90, "97"),
            ("Ann Bee (91) fell", Kind::Age90, "91"),
        ];
        for (text, kind, piece) in cases {
            let found = kinds(text);
            // A plate of another country has the form of a code.
            let kind = if piece == "7ABC123" { Kind::Id } else { kind };
            assert_eq!(found, [(kind, piece)], "{text}");
        }
    }

    #[test]
    fn what_counts_or_measures_stays() {
        for text in [
            "12,500 pounds and 850 Euro",
            "1.250.000 Euro und 2.000.000",
            "65 mg of iron, 47,5 mg, 1000 mg",
            "at 10:30, 150 zu 95, 120/80",
            "version 7.29.1, 38 Mbit, 38,9",
            "from 1990-2001 and 2021/22, in 2014",
            "89 years old and 100 %",
            "between 8 and 12, 5 working days",
            "the order of 20 boxes",
            "10000 steps, 3500000 kcal",
            "z.B. und d.h. e.g. this",
            "COVID-19 in May",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }
}
