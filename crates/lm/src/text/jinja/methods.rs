//! Python's string methods that minijinja-contrib's `pycompat` lacks or has with fewer parameters. Indices and widths
//! count characters, as in Python.

use minijinja::value::{Tuple, ValueKind};
use minijinja::{Error, State, Value};

use super::{arguments, invalid, pay, text};

/// The environment's callback for methods.
pub(super) fn call(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    given: &[Value],
) -> Result<Value, Error> {
    let found = match (value.kind(), value.as_str()) {
        (_, Some(whole)) => of_text(state, whole, method, given)?,
        (ValueKind::Seq, _) => of_list(value, method, given)?,
        (ValueKind::Map, _) if method == "copy" => Some(value.clone()),
        _ => None,
    };
    match found {
        Some(value) => Ok(value),
        None => minijinja_contrib::pycompat::unknown_method_callback(state, value, method, given),
    }
}

fn of_list(value: &Value, method: &str, given: &[Value]) -> Result<Option<Value>, Error> {
    match method {
        "copy" => Ok(Some(value.clone())),
        "index" => {
            let [wanted] = arguments(given, ["value"])?;
            let wanted = wanted.unwrap_or_default();
            let place = value.try_iter()?.position(|item| item == wanted);
            place
                .map(|place| Some(Value::from(place)))
                .ok_or_else(|| invalid("the value is not in the list"))
        }
        _ => Ok(None),
    }
}

fn of_text(
    state: &State<'_, '_>,
    whole: &str,
    method: &str,
    given: &[Value],
) -> Result<Option<Value>, Error> {
    // Each of them reads the whole text.
    pay(state, whole.len())?;
    let found: Value = match method {
        "strip" | "lstrip" | "rstrip" => {
            let [chars] = arguments(given, ["chars"])?;
            let chars = chars.filter(|chars| !chars.is_none());
            let chars = chars
                .as_ref()
                .map(|chars| text(Some(chars), "chars"))
                .transpose()?;
            stripped(whole, chars, method != "rstrip", method != "lstrip").into()
        }
        "removeprefix" | "removesuffix" => {
            let [part] = arguments(given, ["part"])?;
            let part = text(part.as_ref(), "part")?;
            let found = match method {
                "removeprefix" => whole.strip_prefix(part),
                _ => whole.strip_suffix(part),
            };
            found.unwrap_or(whole).into()
        }
        "split" | "rsplit" => {
            let [sep, most] = arguments(given, ["sep", "maxsplit"])?;
            split(whole, sep.as_ref(), most.as_ref(), method == "rsplit")?
        }
        "partition" | "rpartition" => partition(whole, given, method == "rpartition")?,
        "splitlines" => {
            let [keep] = arguments(given, ["keepends"])?;
            divided(whole, keep.is_some_and(|keep| keep.is_true()))
                .map(Value::from)
                .collect()
        }
        "find" | "rfind" | "index" | "rindex" | "count" => search(whole, method, given)?,
        "startswith" | "endswith" => affix(whole, method == "startswith", given)?,
        "replace" => replace(state, whole, given)?,
        "center" | "ljust" | "rjust" => {
            let [width, fill] = arguments(given, ["width", "fillchar"])?;
            justify(state, whole, method, width.as_ref(), fill.as_ref())?.into()
        }
        "zfill" => {
            let [width] = arguments(given, ["width"])?;
            let width = super::whole(width.as_ref(), "width")?.unwrap_or(0);
            let sign = whole.len() - whole.strip_prefix(['+', '-']).unwrap_or(whole).len();
            let zeros = missing(state, whole, width)?;
            format!("{}{}{}", &whole[..sign], "0".repeat(zeros), &whole[sign..]).into()
        }
        "expandtabs" => {
            let [size] = arguments(given, ["tabsize"])?;
            expand_tabs(
                state,
                whole,
                super::whole(size.as_ref(), "tabsize")?.unwrap_or(8),
            )?
            .into()
        }
        "title" => title(whole).into(),
        "swapcase" => swap_case(whole).into(),
        "casefold" => whole.to_lowercase().replace('ß', "ss").into(),
        "isdecimal" => matches(r"^\p{Nd}+$", whole).into(),
        "isidentifier" => matches(
            r"^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$",
            whole,
        )
        .into(),
        "isprintable" => (!matches(r"[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}", whole)).into(),
        "istitle" => (whole == title(whole) && whole.chars().any(char::is_uppercase)).into(),
        _ => return Ok(None),
    };
    Ok(Some(found))
}

/// Whether the whole text matches; if matching takes too long, it does not.
fn matches(pattern: &str, whole: &str) -> bool {
    let regex = fancy_regex::Regex::new(pattern);
    regex.is_ok_and(|regex| regex.is_match(whole).unwrap_or(false))
}

/// What Python treats as white space.
fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// The text without the given characters (or white space) at one end or both.
pub(super) fn stripped<'a>(
    whole: &'a str,
    chars: Option<&str>,
    left: bool,
    right: bool,
) -> &'a str {
    let goes = |c: char| chars.map_or_else(|| is_space(c), |chars| chars.contains(c));
    let from_left = if left {
        whole.trim_start_matches(goes)
    } else {
        whole
    };
    if right {
        from_left.trim_end_matches(goes)
    } else {
        from_left
    }
}

fn split(
    whole: &str,
    sep: Option<&Value>,
    most: Option<&Value>,
    right: bool,
) -> Result<Value, Error> {
    let most = super::whole(most, "maxsplit")?.unwrap_or(-1);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let pieces = most.saturating_add(1);
    let parts: Vec<&str> = match sep.filter(|sep| !sep.is_none()) {
        None if right => {
            let mut parts = words(
                whole,
                most,
                |text| {
                    let text = text.trim_end_matches(is_space);
                    let start = text.rfind(is_space).map_or(0, |place| {
                        place + text[place..].chars().next().map_or(0, char::len_utf8)
                    });
                    (&text[start..], &text[..start])
                },
                |text| text.trim_end_matches(is_space),
            );
            parts.reverse();
            parts
        }
        None => words(
            whole,
            most,
            |text| {
                let text = text.trim_start_matches(is_space);
                text.split_at(text.find(is_space).unwrap_or(text.len()))
            },
            |text| text.trim_start_matches(is_space),
        ),
        Some(sep) => match text(Some(sep), "sep")? {
            "" => return Err(invalid("an empty separator")),
            sep if right => {
                let mut parts: Vec<&str> = whole.rsplitn(pieces, sep).collect();
                parts.reverse();
                parts
            }
            sep => whole.splitn(pieces, sep).collect(),
        },
    };
    Ok(parts.into_iter().map(Value::from).collect())
}

/// Up to `most` words from one end, and what is left after them.
fn words<'a>(
    whole: &'a str,
    most: usize,
    next: impl Fn(&'a str) -> (&'a str, &'a str),
    trimmed: impl Fn(&'a str) -> &'a str,
) -> Vec<&'a str> {
    let (mut parts, mut unread) = (Vec::new(), whole);
    while !trimmed(unread).is_empty() {
        if parts.len() == most {
            parts.push(trimmed(unread));
            break;
        }
        let (word, behind) = next(unread);
        parts.push(word);
        unread = behind;
    }
    parts
}

fn partition(whole: &str, given: &[Value], right: bool) -> Result<Value, Error> {
    let [sep] = arguments(given, ["sep"])?;
    let sep = text(sep.as_ref(), "sep")?;
    if sep.is_empty() {
        return Err(invalid("an empty separator"));
    }
    let parts = match (whole.split_once(sep), whole.rsplit_once(sep)) {
        (Some((before, behind)), _) if !right => [before, sep, behind],
        (_, Some((before, behind))) if right => [before, sep, behind],
        _ if right => ["", "", whole],
        _ => [whole, "", ""],
    };
    Ok(Value::from(Tuple::new(parts.map(Value::from).to_vec())))
}

/// Lines as Python splits them, not only at `\n`.
pub(super) fn divided(whole: &str, keep: bool) -> impl Iterator<Item = &str> {
    let ends = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'
                ..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let mut unread = whole;
    std::iter::from_fn(move || {
        let place = match unread.find(ends) {
            Some(place) => place,
            None if unread.is_empty() => return None,
            None => return Some(std::mem::take(&mut unread)),
        };
        let end = unread[place..].chars().next().map_or(0, char::len_utf8);
        let length = if unread[place..].starts_with("\r\n") {
            2
        } else {
            end
        };
        let (line, behind) = unread.split_at(place + length);
        unread = behind;
        Some(if keep { line } else { &line[..place] })
    })
}

/// The part of a text from one character index to another, negative indices counted from the end, with the number of
/// characters before it; `None` where it ends before it begins.
fn window<'a>(
    whole: &'a str,
    start: Option<&Value>,
    end: Option<&Value>,
) -> Result<Option<(usize, &'a str)>, Error> {
    let (start, end) = (super::whole(start, "start")?, super::whole(end, "end")?);
    if start.is_none() && end.is_none() {
        return Ok(Some((0, whole)));
    }
    let count = whole.chars().count();
    let place = |given: i64| match usize::try_from(given) {
        Ok(place) => place,
        Err(_) => count.saturating_sub(usize::try_from(given.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    let (start, end) = (start.map_or(0, place), end.map_or(count, place).min(count));
    if start > end {
        return Ok(None);
    }
    let byte = |place: usize| {
        whole
            .char_indices()
            .nth(place)
            .map_or(whole.len(), |(byte, _)| byte)
    };
    Ok(Some((start, &whole[byte(start)..byte(end)])))
}

fn search(whole: &str, method: &str, given: &[Value]) -> Result<Value, Error> {
    let [sub, start, end] = arguments(given, ["sub", "start", "end"])?;
    let sub = text(sub.as_ref(), "sub")?;
    let window = window(whole, start.as_ref(), end.as_ref())?;
    if method == "count" {
        return Ok(Value::from(
            window.map_or(0, |(_, part)| part.matches(sub).count()),
        ));
    }
    let place = window.and_then(|(before, part)| {
        let byte = if method.starts_with('r') {
            part.rfind(sub)
        } else {
            part.find(sub)
        };
        Some(before + part[..byte?].chars().count())
    });
    match place {
        Some(place) => Ok(Value::from(place)),
        None if method.ends_with("find") => Ok(Value::from(-1)),
        None => Err(invalid("substring not found")),
    }
}

fn affix(whole: &str, at_start: bool, given: &[Value]) -> Result<Value, Error> {
    let [affix, start, end] = arguments(given, ["affix", "start", "end"])?;
    let Some((_, part)) = window(whole, start.as_ref(), end.as_ref())? else {
        return Ok(Value::from(false));
    };
    let has = |affix: &Value| {
        let affix = text(Some(affix), "prefix")?;
        Ok::<_, Error>(if at_start {
            part.starts_with(affix)
        } else {
            part.ends_with(affix)
        })
    };
    let affix = affix.unwrap_or_default();
    if affix.kind() != ValueKind::Seq {
        return has(&affix).map(Value::from);
    }
    for affix in affix.try_iter()? {
        if has(&affix)? {
            return Ok(Value::from(true));
        }
    }
    Ok(Value::from(false))
}

fn replace(state: &State<'_, '_>, whole: &str, given: &[Value]) -> Result<Value, Error> {
    let [old, new, count] = arguments(given, ["old", "new", "count"])?;
    let (old, new) = (text(old.as_ref(), "old")?, text(new.as_ref(), "new")?);
    let count = super::whole(count.as_ref(), "count")?.unwrap_or(-1);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let found = whole.matches(old).take(count).count();
    pay(state, found.saturating_mul(new.len()))?;
    Ok(Value::from(whole.replacen(old, new, count)))
}

/// Pays for and returns the number of characters that a text lacks to reach this width.
fn missing(state: &State<'_, '_>, whole: &str, width: i64) -> Result<usize, Error> {
    let width = usize::try_from(width).unwrap_or(0);
    let missing = width.saturating_sub(whole.chars().count());
    pay(state, missing.saturating_mul(4)).map(|()| missing)
}

/// Centres the text; an odd blank goes where Python puts it.
pub(super) fn centred(
    state: &State<'_, '_>,
    whole: &str,
    width: i64,
    fill: char,
) -> Result<String, Error> {
    let missing = missing(state, whole, width)?;
    let left = missing / 2 + (missing & usize::try_from(width).unwrap_or(0) & 1);
    let blanks = |count: usize| String::from(fill).repeat(count);
    Ok(format!("{}{whole}{}", blanks(left), blanks(missing - left)))
}

fn justify(
    state: &State<'_, '_>,
    whole: &str,
    method: &str,
    width: Option<&Value>,
    fill: Option<&Value>,
) -> Result<String, Error> {
    let width = super::whole(width, "width")?.unwrap_or(0);
    let mut fill = match fill {
        Some(fill) => text(Some(fill), "fillchar")?.chars(),
        None => " ".chars(),
    };
    let (Some(fill), None) = (fill.next(), fill.next()) else {
        return Err(invalid("`fillchar` must be one character"));
    };
    if method == "center" {
        return centred(state, whole, width, fill);
    }
    let blanks = String::from(fill).repeat(missing(state, whole, width)?);
    Ok(match method {
        "ljust" => format!("{whole}{blanks}"),
        _ => format!("{blanks}{whole}"),
    })
}

fn expand_tabs(state: &State<'_, '_>, whole: &str, size: i64) -> Result<String, Error> {
    let size = usize::try_from(size).unwrap_or(0);
    pay(state, size.saturating_mul(whole.matches('\t').count()))?;
    let (mut out, mut column) = (String::new(), 0);
    for character in whole.chars() {
        match character {
            '\t' if size == 0 => {}
            '\t' => {
                let blanks = size - column % size;
                out.push_str(&" ".repeat(blanks));
                column += blanks;
            }
            '\n' | '\r' => {
                out.push(character);
                column = 0;
            }
            _ => {
                out.push(character);
                column += 1;
            }
        }
    }
    Ok(out)
}

/// A capital after everything that is not a letter: `they're` is `They'Re`.
fn title(whole: &str) -> String {
    let (mut out, mut inside) = (String::new(), false);
    for character in whole.chars() {
        match inside {
            true => out.extend(character.to_lowercase()),
            false => out.extend(character.to_uppercase()),
        }
        inside = character.is_lowercase() || character.is_uppercase();
    }
    out
}

fn swap_case(whole: &str) -> String {
    let mut out = String::new();
    for character in whole.chars() {
        match character.is_uppercase() {
            true => out.extend(character.to_lowercase()),
            false => out.extend(character.to_uppercase()),
        }
    }
    out
}
