//! Times and dates that exports write around names: none of them is a name, and a line that is only a time is not
//! speech.

/// Longest time in brackets, in bytes.
const BRACKET_BYTES: usize = 64;
/// Maximum number of words in a time: a date, a time with its half of the day, a dash and a second time.
const MOST_WORDS: usize = 9;
/// Words after a time.
const HALVES: [&str; 8] = ["am", "pm", "a.m.", "p.m.", "a.m", "p.m", "uhr", "h"];
/// Words before a time, in Chinese, Japanese and Korean.
const FRONT_HALVES: [&str; 11] = [
    "上午", "下午", "凌晨", "清晨", "早上", "中午", "晚上", "午前", "午後", "오전", "오후",
];
/// Characters after year, month and day in the same languages.
const DATE_SIGNS: [char; 6] = ['年', '月', '日', '년', '월', '일'];
/// Units of a length of time: `1h02m03s`, `12.5s`.
const UNITS: [&str; 7] = ["ms", "min", "sec", "std", "h", "m", "s"];
/// Months and days of the week in dates that are in brackets, by their first three letters.
const CALENDAR: [&str; 52] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mär",
    "mai", "okt", "dez", "fév", "avr", "jui", "aoû", "déc", "ene", "abr", "ago", "dic", "gen",
    "mag", "giu", "lug", "set", "ott", "mrt", "mei", "fev", "out", "mon", "tue", "wed", "thu",
    "fri", "sat", "sun", "die", "mit", "don", "fre", "sam", "son", "lun", "jeu", "ven", "sáb",
];
/// Longest word of a calendar, in characters.
const CALENDAR_CHARS: usize = 10;

/// Words between a date and a time, or before a time.
const JOINTS: [&str; 6] = ["um", "at", "klo", "kl.", "à", "om"];

/// `0:07`, `00:01:02`, and with milliseconds `00:01:02.500` or, as SRT has it, `00:01:02,500`.
pub(crate) fn is_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let is_number = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut parts = 0;
    let is_clock = clock.len() <= 11
        && clock.split(':').all(|part| {
            parts += 1;
            is_number(part, 3) && (parts == 1 || part.len() == 2)
        });
    is_clock && (2..=3).contains(&parts) && is_number(fraction, 6)
}

/// Whether a line is a time and nothing else: `00:05:00`, `[10:02 AM]`, `00:01 - 00:04`.
pub(crate) fn is_only_time(line: &str) -> bool {
    let line = line.trim();
    line.len() <= BRACKET_BYTES
        && line.contains(':')
        && bracketed(line)
            .or_else(|| bare(line))
            .is_some_and(|after| after.trim().is_empty())
}

/// What follows `(00:01)`, `[00:01:02.500]`, `[00:01 - 00:04]` or `[14.03.25, 09:05]` at the beginning of a text.
pub(crate) fn bracketed(text: &str) -> Option<&str> {
    let open = text.chars().next()?;
    let close = match open {
        '(' => ')',
        '[' => ']',
        '（' => '）',
        '［' => '］',
        '【' => '】',
        '<' => '>',
        '{' => '}',
        _ => return None,
    };
    let inner = &text[open.len_utf8()..];
    let end = inner
        .char_indices()
        .take_while(|(place, _)| *place <= BRACKET_BYTES)
        .find(|(_, c)| *c == close)?
        .0;
    let is_time = bare(&inner[..end]).is_some_and(|after| after.trim().is_empty())
        || is_moment(&inner[..end]);
    is_time.then(|| &inner[end + close.len_utf8()..])
}

/// What follows the time or date at the beginning of a text: `10:02 AM`, `5:46 p. m.`, `10.02 Uhr`, `10h02`,
/// `2025-03-14 09:05`, `00:01 --> 00:04`. A colon after it is left.
pub(crate) fn bare(text: &str) -> Option<&str> {
    let (mut unread, mut is_found, mut is_in_half) = (text, false, false);
    for _ in 0..MOST_WORDS {
        let word = first_word(unread);
        let plain = word.trim_end_matches([',', ';', '|']);
        let (core, is_last) = match plain.strip_suffix(':') {
            Some(core) => (core, true),
            None => (plain, false),
        };
        let after = &unread.trim_start()[word.len()..];
        let is_hours = is_dotted(core) && is_half(first_word(after));
        let is_front = FRONT_HALVES.contains(&core) && is_clock(unpointed(first_word(after)));
        let is_part = is_range(core)
            || is_hour_and_minute(core)
            || is_date(core)
            || is_hours
            || is_front
            || is_signed_date(core)
            || is_plain_length(core);
        let is_split = is_found && begins_half(core, unpointed(first_word(after)));
        let goes_on = is_found
            && (is_half(core) || is_dash(core) || is_joint(core) || is_split || is_in_half);
        if !is_part && !goes_on {
            break;
        }
        (is_found, is_in_half) = (true, is_split);
        unread = after;
        if is_last {
            let begin = text.len() - unread.len() - 1;
            return Some(&text[begin..]);
        }
    }
    is_found.then_some(unread)
}

/// The first word of a text; a longer one than any time is cut.
fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .take_while(|(place, _)| *place <= BRACKET_BYTES)
        .find(|(_, c)| c.is_whitespace())
        .map(|(end, _)| end);
    match end {
        Some(end) => &text[..end],
        None if text.len() <= BRACKET_BYTES => text,
        None => "",
    }
}

/// A text without the date at its end, and without a word that joins it to a time: `Ann 2025-03-14`, `Ann at`.
pub(super) fn without_date(text: &str) -> &str {
    let text = text.trim_end();
    match text.rsplit_once(char::is_whitespace) {
        Some((before, word)) if is_date(unpointed(word)) || is_joint(word) => {
            without_date(before.trim_end_matches([',', ';', '|', ' ']))
        }
        _ => text,
    }
}

/// One time, or several with dashes or arrows between them.
fn is_range(word: &str) -> bool {
    let mut parts = word
        .split(['-', '–', '—', '>', '→', '~'])
        .filter(|part| !part.is_empty())
        .peekable();
    // YouTube's own captions have a comma between two times.
    let are_two = |part: &str| {
        part.split_once(',')
            .is_some_and(|(begin, end)| is_clock(begin) && is_clock(end))
    };
    word.contains(':')
        && parts.peek().is_some()
        && parts.all(|part| is_clock(part) || are_two(part))
}

/// A moment in brackets, in words that only brackets make sure of: `12 Jan 2024, 10:02`, `2025. 3. 14. 오전 9:05`,
/// `0.0s - 2.5s`, `12.34 --> 15.67`. It contains a time.
fn is_moment(inner: &str) -> bool {
    let (mut has_time, mut decimals, mut dashes) = (false, 0, 0);
    for word in inner.split([' ', ',', ';', '\t', '\u{a0}', '\u{202f}']) {
        let word = word.trim_matches(super::table::is_mark);
        let is_decimal = is_decimal(word);
        has_time |= is_range(word) || is_length(word) || is_hour_and_minute(word);
        decimals += usize::from(is_decimal);
        dashes += usize::from(is_dash(word));
        let is_known = word.is_empty()
            || is_range(word)
            || is_length(word)
            || is_hour_and_minute(word)
            || is_decimal
            || is_date(word)
            || is_signed_date(word)
            || is_half(word)
            || is_dash(word)
            || is_joint(word)
            || FRONT_HALVES.contains(&word)
            || is_day_or_year(word)
            || is_of_calendar(word);
        if !is_known {
            return false;
        }
    }
    has_time || (decimals == 2 && dashes == 1)
}

/// `1h02m03s`, `5min`, `0.5s`.
fn is_length(word: &str) -> bool {
    let mut unread = word;
    let mut parts = 0;
    while !unread.is_empty() {
        let after = unread.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = &unread[..unread.len() - after.len()];
        let unit = UNITS.iter().find(|unit| after.starts_with(**unit));
        let Some(unit) = unit.filter(|_| is_decimal(number) || is_digits(number, 4)) else {
            return false;
        };
        unread = &after[unit.len()..];
        parts += 1;
    }
    parts > 0
}

/// A length that is recognised without brackets too: it has a fraction or several parts. `3m` may be a name.
fn is_plain_length(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_ascii_alphabetic()).count();
    (word.contains('.') || letters > 1) && is_length(word)
}

/// `10h02`, as French and Portuguese have it.
fn is_hour_and_minute(word: &str) -> bool {
    word.split_once(['h', 'H']).is_some_and(|(hour, minute)| {
        is_digits(hour, 2) && minute.len() == 2 && is_digits(minute, 2)
    })
}

/// `12.34`
fn is_decimal(word: &str) -> bool {
    word.split_once('.')
        .is_some_and(|(whole, fraction)| is_digits(whole, 6) && is_digits(fraction, 6))
}

fn is_digits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `12`, `12.`, `12th`, `2024`
fn is_day_or_year(word: &str) -> bool {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '.');
    let ending = &word[digits.len()..];
    is_digits(digits, 4)
        && digits.len() != 3
        && ["", ".", "st", "nd", "rd", "th", "er", "de"].contains(&ending)
}

/// `Jan`, `January`, `Mo`, `Mittwoch`: a word without a number, which a name in brackets would be too.
fn is_of_calendar(word: &str) -> bool {
    let word = word.trim_end_matches('.').to_lowercase();
    let first: String = word.chars().take(3).collect();
    word.chars().count() <= CALENDAR_CHARS
        && word.chars().all(char::is_alphabetic)
        && (CALENDAR.contains(&first.as_str()) || word == "de")
}

/// `2025年3月14日`, `14일`
fn is_signed_date(word: &str) -> bool {
    let mut parts = 0;
    let are_numbers = word.split_inclusive(DATE_SIGNS).all(|part| {
        parts += 1;
        part.strip_suffix(DATE_SIGNS)
            .is_some_and(|number| is_digits(number, 4))
    });
    are_numbers && (1..=3).contains(&parts)
}

/// A word without the comma or colon after it.
fn unpointed(word: &str) -> &str {
    word.trim_end_matches([',', ';', '|', ':'])
}

/// A time with or without its half of the day: `10:02`, `10:02pm`, `下午9:05`.
fn is_clock(text: &str) -> bool {
    let front = FRONT_HALVES.iter();
    let text = front
        .filter_map(|half| text.strip_prefix(half))
        .next()
        .unwrap_or(text);
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '.');
    let half = &text[digits.len()..];
    is_time(digits) && (half.is_empty() || is_half(half) || half.eq_ignore_ascii_case("z"))
}

/// `10.02`, which is a time only before `Uhr`.
fn is_dotted(word: &str) -> bool {
    word.split_once('.').is_some_and(|(hour, minute)| {
        (1..=2).contains(&hour.len())
            && minute.len() == 2
            && word
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

/// `2025-03-14`, `14.03.25`, `3/14/25`, `2025-03-14T09:05:00Z`.
fn is_date(word: &str) -> bool {
    let (date, time) = match word.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (word, None),
    };
    let is_whole = |separator: char| {
        let mut parts = 0;
        let are_numbers = date.split(separator).all(|part| {
            parts += 1;
            (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        });
        are_numbers && parts == 3
    };
    date.len() <= 10
        && ['-', '.', '/'].into_iter().any(is_whole)
        && time.is_none_or(|time| is_clock(time.split('+').next().unwrap_or_default()))
}

fn is_half(word: &str) -> bool {
    let word = word.trim_end_matches([',', ';', '|', ':']);
    HALVES.iter().any(|half| word.eq_ignore_ascii_case(half))
}

/// `p. m.`, as Spanish has it: the first of the two words.
fn begins_half(word: &str, next: &str) -> bool {
    // In capitals they are the initials of a name.
    matches!((word, next), ("a." | "p.", "m." | "m"))
}

fn is_joint(word: &str) -> bool {
    JOINTS.contains(&word)
}

fn is_dash(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| "-–—>→~".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_everything_that_belongs_to_them() {
        for (text, after) in [
            ("10:02 Ann", " Ann"),
            ("10:02 AM Ann", " Ann"),
            ("10:02am Ann", " Ann"),
            ("10:02 p.m. Ann", " Ann"),
            ("5:46 p. m. Ann", " Ann"),
            ("9:05 a. m.: Ann", ": Ann"),
            ("9:05 A. M. Smith", " A. M. Smith"),
            ("5:46 p. m. - Ann", " Ann"),
            ("10h02 Ann", " Ann"),
            ("10h02 - 10h04 Ann", " Ann"),
            ("10.02 Uhr Ann", " Ann"),
            ("12:30 Uhr: Treffen", ": Treffen"),
            ("10:02: Ann", ": Ann"),
            ("00:01 - 00:04 Ann", " Ann"),
            ("00:01–00:04 Ann", " Ann"),
            ("00:00:01.000 --> 00:00:04,000 Ann", " Ann"),
            ("2025-03-14 09:05:11 Ann", " Ann"),
            ("14.03.25, 09:05 - Ann", " Ann"),
            ("2025-03-14T09:05:00Z Ann", " Ann"),
            ("上午9:05 张三", " 张三"),
            ("오전 9:05, 민수", " 민수"),
            ("2025년 3월 14일 오전 9:05, 민수", " 민수"),
            ("2025年3月14日 9:05 张三", " 张三"),
            ("0.0s - 2.5s Ann", " Ann"),
            ("00h01m05s Ann", " Ann"),
        ] {
            assert_eq!(bare(text), Some(after), "{text}");
        }
        for text in [
            "Ann",
            "2:1 Ann",
            "am Ann",
            "p. m. Ann",
            "10h Ann",
            "10.02 Ann",
            "10:2 Ann",
            "- Ann",
            "3m Ann",
            "日 Ann",
            "上午 Ann",
            "",
        ] {
            assert_eq!(bare(text), None, "{text}");
        }
        assert_eq!(bracketed("[00:01 - 00:04] x"), Some(" x"));
        assert_eq!(bracketed("(3/14/25, 9:05:12 AM) x"), Some(" x"));
        for moment in [
            "12 Jan 2024, 10:02",
            "January 12th, 2024 10:02 AM",
            "Mittwoch, 12. März 2024 um 10:02",
            "12 de ene de 2024 10:02",
            "2025. 3. 14. 오전 9:05:12",
            "2025/3/14 下午9:05:12",
            "2025年3月14日 10:02",
            "0.0s - 2.5s",
            "12.34 --> 15.67",
            "1m 5s",
            "00h01m05s",
        ] {
            let line = format!("[{moment}] x");
            assert_eq!(bracketed(&line), Some(" x"), "{line}");
        }
        for name in [
            "Ann 10:02",
            "Agent 7 10:02",
            "Jan 12",
            "Mai",
            "1.2",
            "12",
            "Kanal: A",
        ] {
            assert_eq!(bracketed(&format!("[{name}] x")), None, "{name}");
        }
        assert_eq!(bracketed("(2:1) x"), None);
        assert_eq!(bracketed(&"[".repeat(100_000)), None);
    }

    #[test]
    fn a_line_that_is_only_a_time() {
        for line in [
            "00:05:00",
            " 0:07 ",
            "[10:02 AM]",
            "00:01 --> 00:04",
            "0:00:01.000,0:00:02.000",
            "10:30 Uhr",
        ] {
            assert!(is_only_time(line), "{line}");
        }
        for line in [
            "10:30 suits me.",
            "at 10:30",
            "2025-03-14",
            "7",
            "",
            "[Ann]",
        ] {
            assert!(!is_only_time(line), "{line}");
        }
    }
}
