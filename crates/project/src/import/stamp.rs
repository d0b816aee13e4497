//! Dates and times in front of messages, as chat programs write them in many countries.
//!
//! `14.03.25, 09:05`, `3/14/25, 9:05:12 AM`, `2023-12-20, 5:46 p.m.`, `2025. 3. 14. 9:05`. Which part is the day is decided
//! for a whole file ([`Dates`]).

use contract::DateOrder;
use jiff::civil::{Date, DateTime};

/// Characters that only set the direction of writing, or that say nothing at all.
pub(super) const fn is_mark(sign: char) -> bool {
    matches!(sign, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Words before a time that say which half of the day it is in, and whether that is the afternoon.
const FRONT_HALVES: [(&str, bool); 11] = [
    ("上午", false),
    ("凌晨", false),
    ("清晨", false),
    ("早上", false),
    ("午前", false),
    ("오전", false),
    ("下午", true),
    ("中午", true),
    ("晚上", true),
    ("午後", true),
    ("오후", true),
];
/// The same after a time, where it is not written as in English.
const HALVES: [(&str, bool); 10] = [
    ("ص", false),
    ("م", true),
    ("ق.ظ.", false),
    ("ب.ظ.", true),
    ("π.μ.", false),
    ("μ.μ.", true),
    ("SA", false),
    ("CH", true),
    ("PTG", true),
    ("PG", false),
];

/// A digit of the scripts in which telephones write dates.
fn digit(sign: char) -> Option<u32> {
    let zero = match sign {
        '0'..='9' => '0',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        '\u{966}'..='\u{96f}' => '\u{966}',
        _ => return None,
    };
    Some(sign as u32 - zero as u32)
}

/// A text without such characters.
pub(super) fn without_marks(text: &str) -> String {
    text.chars().filter(|sign| !is_mark(*sign)).collect()
}

/// What is left of a line that is read from its beginning.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a str);

/// Three parts of a date, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateParts {
    pub(super) parts: [u32; 3],
    /// The first part has four digits.
    pub(super) year_first: bool,
    pub(super) separator: char,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) seconds: u32,
    /// Whether it says before or after noon.
    pub(super) twelve_hours: bool,
}

impl<'a> Cursor<'a> {
    pub(super) fn eat(&mut self, sign: char) -> bool {
        let after = self.0.strip_prefix(sign);
        self.0 = after.unwrap_or(self.0);
        after.is_some()
    }

    /// Skips a word, ignoring its case.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let Some(begin) = self.0.get(..word.len()) else {
            return false;
        };
        let is_word = begin.eq_ignore_ascii_case(word);
        if is_word {
            self.0 = &self.0[word.len()..];
        }
        is_word
    }

    pub(super) fn blanks(&mut self) -> bool {
        let after = self.0.trim_start_matches([' ', '\t', '\u{a0}', '\u{202f}']);
        let any = after.len() < self.0.len();
        self.0 = after;
        any
    }

    pub(super) fn marks(&mut self) {
        self.0 = self.0.trim_start_matches(is_mark);
    }

    /// A number with a count of digits within bounds.
    pub(super) fn number(&mut self, fewest: usize, most: usize) -> Option<(u32, usize)> {
        let mut number = 0;
        let mut length = 0;
        let mut after = self.0;
        while let Some(sign) = after.chars().next()
            && let Some(digit) = digit(sign)
        {
            length += 1;
            if length > most {
                return None;
            }
            number = number * 10 + digit;
            after = &after[sign.len_utf8()..];
        }
        if length < fewest {
            return None;
        }
        self.0 = after;
        Some((number, length))
    }

    /// `d/d/y` in any order, with `/`, `.` or `-`, also with a blank after the separator.
    pub(super) fn date(&mut self) -> Option<DateParts> {
        let mut cursor = *self;
        let (first, length) = cursor.number(1, 4)?;
        cursor.marks();
        let separator = cursor
            .0
            .chars()
            .next()
            .filter(|sign| "/.-".contains(*sign))?;
        cursor.eat(separator);
        cursor.blanks();
        let (second, _) = cursor.number(1, 2)?;
        cursor.marks();
        cursor.eat(separator).then_some(())?;
        cursor.blanks();
        let (third, last) = cursor.number(1, 4)?;
        let is_date = match length {
            4 => last <= 2,
            _ => length <= 2 && (last == 2 || last == 4),
        };
        if !is_date {
            return None;
        }
        if separator == '.' && cursor.0.starts_with(". ") {
            cursor.eat('.');
        }
        *self = cursor;
        Some(DateParts {
            parts: [first, second, third],
            year_first: length == 4,
            separator,
        })
    }

    /// `9:05`, `09.05:12`, `9:05:12 AM`, `5:46 p. m.`
    pub(super) fn clock(&mut self) -> Option<Clock> {
        let mut cursor = *self;
        let front = cursor.front_half();
        let (hour, _) = cursor.number(1, 2)?;
        (cursor.eat(':') || cursor.eat('.')).then_some(())?;
        let (minute, _) = cursor.number(2, 2)?;
        let mut second = 0;
        let mut seconds = cursor;
        if (seconds.eat(':') || seconds.eat('.'))
            && let Some((number, _)) = seconds.number(2, 2)
        {
            (second, cursor) = (number, seconds);
        }
        if hour > 24
            || minute > 59
            || second > 60
            || cursor.0.starts_with(|c: char| digit(c).is_some())
        {
            return None;
        }
        let half = front.or_else(|| cursor.half());
        let hour = match half {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            _ => hour,
        };
        *self = cursor;
        Some(Clock {
            seconds: hour * 3600 + minute * 60 + second,
            twelve_hours: half.is_some(),
        })
    }

    /// `上午`, `오후`, which come before the time: whether it is the afternoon.
    fn front_half(&mut self) -> Option<bool> {
        let (half, afternoon) = FRONT_HALVES
            .iter()
            .find(|(half, _)| self.0.starts_with(half))?;
        self.0 = &self.0[half.len()..];
        self.blanks();
        Some(*afternoon)
    }

    /// `AM`, `p.m.`, `a. m.`, `م`: whether it is the afternoon.
    fn half(&mut self) -> Option<bool> {
        let mut cursor = *self;
        cursor.blanks();
        for (half, afternoon) in HALVES {
            let after = cursor.0.strip_prefix(half);
            if let Some(after) = after.filter(|after| !after.starts_with(char::is_alphanumeric)) {
                self.0 = after;
                return Some(afternoon);
            }
        }
        let afternoon = match cursor.eat_word("p") {
            true => true,
            false => cursor.eat_word("a").then_some(false)?,
        };
        if cursor.eat('.') {
            cursor.blanks();
        }
        cursor.eat_word("m").then_some(())?;
        cursor.eat('.');
        if cursor.0.starts_with(char::is_alphanumeric) {
            return None;
        }
        *self = cursor;
        Some(afternoon)
    }
}

/// The dates of a file, as far as they tell the order of their parts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dates {
    has_year_first: bool,
    /// The first or the second part is too large for a month.
    is_above: [bool; 2],
    is_american: bool,
}

impl Dates {
    /// Sees a date, and whether its time says before or after noon.
    pub(super) fn see(&mut self, date: DateParts, twelve_hours: bool) {
        self.has_year_first |= date.year_first;
        for (above, part) in self.is_above.iter_mut().zip(date.parts) {
            *above |= part > 12;
        }
        // A clock of twelve hours and slashes are how the United States write; the app follows the telephone.
        self.is_american |= twelve_hours && date.separator == '/';
    }

    /// The order, and whether nothing in the file proves it.
    pub(super) fn order(&self) -> (DateOrder, bool) {
        match (self.has_year_first, self.is_above, self.is_american) {
            (true, ..) => (DateOrder::YearFirst, false),
            (false, [true, _], _) => (DateOrder::DayFirst, false),
            (false, [_, true], _) => (DateOrder::MonthFirst, false),
            (false, _, true) => (DateOrder::MonthFirst, true),
            (false, _, false) => (DateOrder::DayFirst, true),
        }
    }
}

/// Seconds of a moment, to be compared with others of the same file; `None` if there is no such day.
pub(super) fn seconds(date: DateParts, clock: Clock, order: DateOrder) -> Option<i64> {
    let [first, second, third] = date.parts;
    let (year, month, day) = match order {
        DateOrder::YearFirst => (first, second, third),
        DateOrder::DayFirst => (third, second, first),
        DateOrder::MonthFirst => (third, first, second),
    };
    let year = if year < 100 { 2000 + year } else { year };
    let date = Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    );
    Some(days(date.ok()?) * 86_400 + i64::from(clock.seconds))
}

/// Seconds of a moment such as `2025-03-14T09:05:12`.
pub(super) fn iso_seconds(text: &str) -> Option<i64> {
    let moment: DateTime = text.parse().ok()?;
    let time = moment.time();
    let of_day = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60;
    Some(days(moment.date()) * 86_400 + of_day + i64::from(time.second()))
}

fn days(date: Date) -> i64 {
    let epoch = jiff::civil::date(1970, 1, 1);
    (date - epoch).get_days().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_of_many_countries() {
        for (text, parts, seconds, left) in [
            ("14.03.25, 09:05", [14, 3, 25], 32_700, ""),
            ("3/14/25, 9:05:12\u{202f}AM] x", [3, 14, 25], 32_712, "] x"),
            ("2023-12-20, 5:46 p.m. - x", [2023, 12, 20], 63_960, " - x"),
            ("2026/7/9 02:28:09] x", [2026, 7, 9], 8_889, "] x"),
            ("14. 3. 2025 9.05 - x", [14, 3, 2025], 32_700, " - x"),
            ("1/2/23, 12:10 a. m. - x", [1, 2, 23], 600, " - x"),
            ("2025/3/14 上午9:05:12] x", [2025, 3, 14], 32_712, "] x"),
            ("2025. 3. 14. 오후 9:05 - x", [2025, 3, 14], 75_900, " - x"),
            (
                "١٤\u{200f}/٣\u{200f}/٢٠٢٥, ٩:٠٥ م - x",
                [14, 3, 2025],
                75_900,
                " - x",
            ),
            ("۱۴/۳/۲۰۲۵, ۹:۰۵ - x", [14, 3, 2025], 32_700, " - x"),
        ] {
            let mut cursor = Cursor(text);
            let date = cursor.date().unwrap();
            cursor.eat(',');
            cursor.blanks();
            let clock = cursor.clock().unwrap();
            assert_eq!(
                (date.parts, clock.seconds, cursor.0),
                (parts, seconds, left),
                "{text}"
            );
        }
        for text in ["1.5", "10:30 suits", "192.168.0.1", "1/2/345", "2/3"] {
            assert_eq!(Cursor(text).date(), None, "{text}");
        }
        assert!(!Cursor("9:05 Amy").clock().unwrap().twelve_hours);
    }

    #[test]
    fn the_file_shows_whether_the_day_stands_first() {
        let order = |texts: &[&str], half| {
            let mut dates = Dates::default();
            for text in texts {
                dates.see(Cursor(text).date().unwrap(), half);
            }
            dates.order()
        };
        assert_eq!(
            order(&["1/2/23", "1/13/23"], false),
            (DateOrder::MonthFirst, false)
        );
        assert_eq!(
            order(&["1/2/23", "13/1/23"], true),
            (DateOrder::DayFirst, false)
        );
        assert_eq!(order(&["1/2/23"], true), (DateOrder::MonthFirst, true));
        assert_eq!(order(&["1/2/23"], false), (DateOrder::DayFirst, true));
        assert_eq!(order(&["2023-01-02"], false), (DateOrder::YearFirst, false));
        let noon = Clock {
            seconds: 43_200,
            twelve_hours: false,
        };
        let date = Cursor("14.03.25").date().unwrap();
        assert_eq!(
            seconds(date, noon, DateOrder::DayFirst),
            iso_seconds("2025-03-14T12:00:00")
        );
        assert_eq!(seconds(date, noon, DateOrder::MonthFirst), None);
    }
}
