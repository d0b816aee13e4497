//! Days, in the forms in which English and German write them; months and weekdays alone do not count. A day is moved by
//! whole weeks, so that weekdays and the days between two of them stay, and keeps the form in which it was written.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::Date;
use regex::{Captures, Regex};

/// Which of two numbers comes first where a form does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    /// Dates of which only the first number can be the day.
    day_first: usize,
    /// Those of which only the second can.
    month_first: usize,
}

impl Order {
    /// What the dates of texts say.
    pub(super) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut order = Self::default();
        let Some(form) = &FORMS[SLASHED] else {
            return order;
        };
        for text in texts {
            for found in form.captures_iter(text) {
                order.day_first += usize::from(number(&found, "a") > 12);
                order.month_first += usize::from(number(&found, "b") > 12);
            }
        }
        order
    }

    /// Whether the day comes first; what the data set says where this says nothing.
    fn is_day_first(self, dataset: Self) -> bool {
        let say = |order: Self| order.day_first.cmp(&order.month_first);
        say(self).then(say(dataset)).is_ge()
    }
}

/// A day in a text.
#[derive(Clone, Debug)]
pub(super) struct Day {
    /// Where it stands.
    pub(super) place: Range<usize>,
    day: Range<usize>,
    month: Range<usize>,
    year: Option<Range<usize>>,
    /// Its year is the usual one where the form has none.
    date: Date,
    is_german: bool,
    /// Whether numbers below ten have a zero before them.
    pads: bool,
}

/// The form with numbers and slashes, of which either may be the day.
const SLASHED: usize = 2;
/// From this one on the forms are German.
const GERMAN: usize = 5;

const MONTHS: &str = "January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec";
const MONATE: &str = "Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|Jan|Feb|Mär|Apr|Jun|Jul|Aug|Sept|Sep|Okt|Nov|Dez";

static FORMS: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
    let forms = [
        r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})".to_owned(),
        r"(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\. ?(?P<y>\d{4}|\d{2})".to_owned(),
        r"(?P<a>\d{1,2})[/-](?P<b>\d{1,2})[/-](?P<y>\d{4}|\d{2})".to_owned(),
        format!(
            r"(?i)(?:the )?(?P<d>\d{{1,2}})(?P<o>st|nd|rd|th)?(?: of)? (?P<n>{MONTHS})\b\.?(?:,? (?P<y>\d{{4}}))?"
        ),
        format!(
            r"(?i)(?P<n>{MONTHS})\.? (?:the )?(?P<d>\d{{1,2}})(?P<o>st|nd|rd|th)?(?:,? (?P<y>\d{{4}}))?"
        ),
        format!(r"(?i)(?P<d>\d{{1,2}})\. ?(?P<n>{MONATE})\b\.?(?: (?P<y>\d{{4}}|\d{{2}}))?"),
        r"(?i)\b(?:am|vom|zum|bis|ab|seit|dem|den) (?P<s>(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.)"
            .to_owned(),
    ];
    forms.iter().map(|form| Regex::new(form).ok()).collect()
});

/// The year of a day that names none, where its conversation names none either: not a leap year.
const USUAL_YEAR: i16 = 2023;

/// The days of a text. `order` is that in its conversation.
pub(super) fn days(text: &str, order: Order, dataset: Order, year: Option<i16>) -> Vec<Day> {
    let day_first = order.is_day_first(dataset);
    let mut found: Vec<Day> = Vec::new();
    for (place, form) in FORMS.iter().enumerate() {
        let captures = form.iter().flat_map(|form| form.captures_iter(text));
        for captures in captures {
            let Some(mut day) = day(&captures, text, day_first, year.unwrap_or(USUAL_YEAR)) else {
                continue;
            };
            day.is_german = place >= GERMAN;
            let free = |other: &Day| {
                day.place.end <= other.place.start || other.place.end <= day.place.start
            };
            if found.iter().all(free) {
                found.push(day);
            }
        }
    }
    found.sort_by_key(|day| day.place.start);
    found
}

/// The year that most days of texts name.
pub(super) fn usual_year(texts: &[&str], order: Order, dataset: Order) -> Option<i16> {
    let found = texts
        .iter()
        .flat_map(|text| days(text, order, dataset, None));
    let mut years: Vec<i16> = found
        .filter(|day| day.year.is_some())
        .map(|day| day.date.year())
        .collect();
    years.sort_unstable();
    let longest = years.chunk_by(|a, b| a == b).max_by_key(|same| same.len());
    longest.and_then(|same| same.first().copied())
}

fn number(found: &Captures<'_>, name: &str) -> u32 {
    let group = found.name(name);
    group
        .and_then(|group| group.as_str().parse().ok())
        .unwrap_or(0)
}

fn day(found: &Captures<'_>, text: &str, day_first: bool, year: i16) -> Option<Day> {
    let whole = found.name("s").or_else(|| found.get(0))?.range();
    // The dot after a month's name ends the sentence as often as it abbreviates the name.
    let dotted = found.name("n").is_some() && text[whole.clone()].ends_with('.');
    let place = whole.start..whole.end - usize::from(dotted);
    let inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let (before, after) = (&text[..place.start], &text[place.end..]);
    let decimal = before.ends_with(['.', ',', ':', '/', '-'])
        && before[..before.len() - 1].ends_with(|letter: char| letter.is_ascii_digit());
    let goes_on = after.starts_with(['/', '-', ':'])
        && after[1..].starts_with(|letter: char| letter.is_ascii_digit());
    if inside(before.chars().next_back()) || inside(after.chars().next()) || decimal || goes_on {
        return None;
    }
    let range = |name: &str| found.name(name).map(|group| group.range());
    let (mut day, mut month) = match (range("a"), range("b")) {
        (Some(first), Some(second)) if day_first => (first, second),
        (Some(first), Some(second)) => (second, first),
        _ => (range("d")?, range("n").or_else(|| range("m"))?),
    };
    if found
        .name("n")
        .is_some_and(|name| is_word_too(name.as_str()))
        && found.name("o").is_none()
        && found.name("y").is_none()
    {
        return None;
    }
    let written = found.name("y").and_then(|year| full_year(year.as_str()));
    let date = |day: &Range<usize>, month: &Range<usize>| {
        let month = month_of(&text[month.clone()])?;
        Date::new(
            written.unwrap_or(year),
            month,
            text[day.clone()].parse().ok()?,
        )
        .ok()
    };
    if date(&day, &month).is_none() && found.name("a").is_some() {
        std::mem::swap(&mut day, &mut month);
    }
    let pads = match found.name("n") {
        Some(_) => text[day.clone()].starts_with('0'),
        None => day.len() == 2 && month.len() == 2,
    };
    Some(Day {
        place,
        date: date(&day, &month)?,
        is_german: false,
        pads,
        day,
        month,
        year: range("y"),
    })
}

/// Whether a month in lower case is a word of its own: somebody may have eaten `may 5`.
fn is_word_too(name: &str) -> bool {
    ["may", "march", "mar", "dec", "mai"].contains(&name)
}

fn full_year(year: &str) -> Option<i16> {
    let number: i16 = year.parse().ok()?;
    Some(match (year.len(), number) {
        (4, _) => number,
        (_, 0..40) => 2000 + number,
        _ => 1900 + number,
    })
}

const NAMES: [[&str; 4]; 12] = [
    ["January", "Jan", "Januar", "Jänner"],
    ["February", "Feb", "Februar", "Februar"],
    ["March", "Mar", "März", "Mär"],
    ["April", "Apr", "April", "Apr"],
    ["May", "May", "Mai", "Mai"],
    ["June", "Jun", "Juni", "Jun"],
    ["July", "Jul", "Juli", "Jul"],
    ["August", "Aug", "August", "Aug"],
    ["September", "Sept", "September", "Sep"],
    ["October", "Oct", "Oktober", "Okt"],
    ["November", "Nov", "November", "Nov"],
    ["December", "Dec", "Dezember", "Dez"],
];

fn month_of(text: &str) -> Option<i8> {
    if let Ok(month) = text.parse() {
        return Some(month);
    }
    let begins = |names: &[&str; 4]| {
        let same = |name: &&str| name.to_lowercase() == text.to_lowercase();
        names.iter().any(same)
    };
    let month = NAMES.iter().position(begins)?;
    i8::try_from(month + 1).ok()
}

impl Day {
    /// The same day some weeks later, as it was written.
    pub(super) fn moved(&self, text: &str, weeks: i64) -> String {
        let moved = self.date.checked_add((7 * weeks).days());
        let moved = moved.unwrap_or(self.date);
        let mut changes = vec![
            (self.day.clone(), self.padded(moved.day())),
            (
                self.month.clone(),
                self.month_like(&text[self.month.clone()], moved.month()),
            ),
        ];
        if let Some(year) = &self.year {
            let number = match year.len() {
                2 => format!("{:02}", moved.year() % 100),
                _ => moved.year().to_string(),
            };
            changes.push((year.clone(), number));
        }
        changes.sort_by_key(|(place, _)| place.start);
        let (mut out, mut end) = (String::new(), self.place.start);
        for (place, new) in changes {
            out.push_str(&text[end..place.start]);
            out.push_str(&new);
            end = place.end;
            // An ordinal's letters go with its number.
            let follows = &text[end..self.place.end];
            if place == self.day
                && ["st", "nd", "rd", "th"]
                    .iter()
                    .any(|ending| follows.starts_with(ending))
            {
                out.push_str(ordinal(moved.day()));
                end += 2;
            }
        }
        out.push_str(&text[end..self.place.end]);
        out
    }

    fn padded(&self, number: i8) -> String {
        match self.pads {
            true => format!("{number:02}"),
            false => number.to_string(),
        }
    }

    fn month_like(&self, old: &str, month: i8) -> String {
        let names = usize::try_from(month - 1)
            .ok()
            .and_then(|place| NAMES.get(place));
        let (true, Some(names)) = (old.chars().any(char::is_alphabetic), names) else {
            return self.padded(month);
        };
        let (long, short) = match self.is_german {
            true => (names[2], names[3]),
            false => (names[0], names[1]),
        };
        let written = |columns: [usize; 2]| {
            let lower = old.to_lowercase();
            let mut names = NAMES
                .iter()
                .flat_map(|names| columns.map(|column| names[column]));
            names.any(|name| name.to_lowercase() == lower)
        };
        let name = match written([0, 2]) || !written([1, 3]) {
            true => long,
            false => short,
        };
        match old.chars().next().is_some_and(char::is_lowercase) {
            true => name.to_lowercase(),
            false => name.to_owned(),
        }
    }
}

fn ordinal(day: i8) -> &'static str {
    match (day % 10, day) {
        (1, 1 | 21 | 31) => "st",
        (2, 2 | 22) => "nd",
        (3, 3 | 23) => "rd",
        _ => "th",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let order = Order::of([text]);
        let days = days(text, order, Order::default(), None);
        days.iter()
            .map(|day| text[day.place.clone()].to_owned())
            .collect()
    }

    fn moved(text: &str, weeks: i64) -> String {
        let order = Order::of([text]);
        let day = days(text, order, Order::default(), None).remove(0);
        day.moved(text, weeks)
    }

    #[test]
    fn every_form_can_be_read() {
        assert!(FORMS.iter().all(Option::is_some));
    }

    #[test]
    fn days_and_nothing_else() {
        for day in [
            "2021-01-03",
            "09.02.2023",
            "9.2.23",
            "04/16/1977",
            "12 March 2024",
            "March 12th, 2024",
            "the 6th of January",
            "12. März",
            "8. Dezember 1988",
            "3 Sept 2021",
            "5 May",
            "May 5",
            "2nd of may",
        ] {
            assert_eq!(found(&format!("It was {day}, I think")), [day]);
        }
        assert_eq!(found("bis zum 12.3. oder"), ["12.3."]);
        for text in [
            "in May 2021 and June",
            "version 7.29.1",
            "am Montag",
            "120/80",
            "12:30",
            "3.5 mg",
            "1/2 a pill",
            "I may 5 times",
            "seit 2014",
            "99.99.2020",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_moved_day_keeps_its_form() {
        for (text, weeks, expected) in [
            ("2021-12-30", 1, "2022-01-06"),
            ("25.12.2021", 1, "01.01.2022"),
            ("25.6.21", 1, "2.7.21"),
            ("22.10.93", 520, "10.10.03"),
            ("04/16/1977", 1, "04/23/1977"),
            ("12 March 2024", 3, "2 April 2024"),
            ("March 12th, 2024", 3, "April 2nd, 2024"),
            ("the 27th of February", 1, "the 6th of March"),
            ("27. Februar", 1, "6. März"),
            ("30. August 2021", 1, "6. September 2021"),
            ("8. Dezember 1988", -1, "1. Dezember 1988"),
            ("3 Sept 2021", 5, "8 Oct 2021"),
            ("5 May 2021", 4, "2 June 2021"),
        ] {
            assert_eq!(moved(text, weeks), expected, "{text}");
        }
    }

    #[test]
    fn the_other_dates_tell_which_number_is_the_day() {
        let order = Order::of(["03/05/2021 and 04/16/1977"]);
        let days = days("03/05/2021", order, Order::default(), None);
        assert_eq!(days[0].date, Date::constant(2021, 3, 5));
        let european = days_of("03/05/2021", Order::default());
        assert_eq!(european.date, Date::constant(2021, 5, 3));
        let american = days_of("03/05/2021", order);
        assert_eq!(
            american.date,
            Date::constant(2021, 3, 5),
            "as in the data set"
        );
    }

    fn days_of(text: &str, dataset: Order) -> Day {
        days(text, Order::default(), dataset, None).remove(0)
    }
}
