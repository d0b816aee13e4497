//! Filters that minijinja lacks or that differ from Jinja2's (`jinja2/filters.py`), with Jinja2's parameters.

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value};

use super::{arguments, invalid, pay, python, text, whole};

/// The filter that `source` substitutes for `%`.
pub(super) const MODULO: &str = "python_modulo";

/// The arguments after the value in a call.
type Given = Rest<ValueOrKwargs>;
type Outcome = Result<Value, Error>;

pub(super) fn add(environment: &mut Environment<'_>) {
    environment.add_filter(MODULO, modulo);
    for name in ["default", "d"] {
        environment.add_filter(name, default);
    }
    for name in ["escape", "e"] {
        environment.add_filter(name, escape);
    }
    environment.add_filter("forceescape", force_escape);
    environment.add_filter("string", string);
    environment.add_filter("int", int);
    environment.add_filter("float", float);
    environment.add_filter("join", join);
    environment.add_filter("trim", trim);
    environment.add_filter("attr", attr);
    environment.add_filter("indent", indent);
    environment.add_filter("center", center);
    environment.add_filter("truncate", truncate);
    environment.add_filter("wordcount", |value: String| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let words = value.split(|c| !is_word(c));
        words.filter(|word| !word.is_empty()).count()
    });
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("xmlattr", xml_attributes);
    environment.add_filter("striptags", striptags);
    environment.add_filter("filesizeformat", minijinja_contrib::filters::filesizeformat);
}

/// Python's `%`: printf for a string, the remainder for numbers.
fn modulo(state: &mut State<'_, '_>, left: &Value, right: &Value) -> Outcome {
    if left.as_str().is_some() {
        let mut given = match right.is_tuple() {
            true => right.try_iter()?.collect(),
            false => vec![right.clone()],
        };
        let format = without_repr(state, left.as_str().unwrap_or_default(), &mut given)?;
        given.insert(0, Value::from(format));
        return state.apply_filter("format", &given);
    }
    let whole = |value: &Value| {
        let is_whole = value.is_integer() || value.kind() == ValueKind::Bool;
        i128::try_from(value.clone()).ok().filter(|_| is_whole)
    };
    let number = |value: &Value| whole(value).map(|n| n as f64).or(python::as_float(value));
    match (whole(left), whole(right), number(left), number(right)) {
        (_, _, Some(_), Some(0.0)) => Err(invalid("a division by zero")),
        (Some(left), Some(right), ..) => {
            let remainder = left % right;
            let opposite = remainder != 0 && (remainder < 0) != (right < 0);
            Ok(Value::from(remainder + if opposite { right } else { 0 }))
        }
        (_, _, Some(left), Some(right)) => {
            let remainder = left % right;
            let opposite = remainder != 0.0 && (remainder < 0.0) != (right < 0.0);
            Ok(Value::from(remainder + if opposite { right } else { 0.0 }))
        }
        _ => Err(invalid(format!(
            "% cannot be applied to {} and {}",
            left.kind(),
            right.kind()
        ))),
    }
}

/// A format with `%s` for every `%r`, and the values that these write as Python's `repr` writes them.
fn without_repr(state: &State<'_, '_>, format: &str, given: &mut [Value]) -> Result<String, Error> {
    let (mut out, mut unread, mut index) = (String::new(), format, 0);
    while let Some(start) = unread.find('%') {
        let (before, spec) = unread.split_at(start + 1);
        out.push_str(before);
        let is_flag = |c: char| c.is_ascii_digit() || "#0- +.".contains(c);
        let end = spec.find(|c| !is_flag(c)).unwrap_or(spec.len());
        let (flags, behind) = spec.split_at(end);
        out.push_str(flags);
        unread = behind;
        match behind.chars().next() {
            Some('r') => {
                if let Some(value) = given.get_mut(index) {
                    let mut text = String::new();
                    python::represent(state, value, python::MAX_DEPTH, &mut text)?;
                    *value = Value::from(text);
                }
                out.push('s');
                unread = &behind[1..];
                index += 1;
            }
            Some('%') => {
                out.push('%');
                unread = &behind[1..];
            }
            _ => index += 1,
        }
    }
    Ok(out + unread)
}

fn default(value: &Value, given: Given) -> Outcome {
    let [other, boolean] = arguments(&given.into_values(), ["default_value", "boolean"])?;
    let lax = boolean.is_some_and(|boolean| boolean.is_true());
    match value.is_undefined() || (lax && !value.is_true()) {
        true => Ok(other.unwrap_or_else(|| Value::from(""))),
        false => Ok(value.clone()),
    }
}

/// Already escaped text stays as it is.
fn escape(state: &State<'_, '_>, value: &Value) -> Outcome {
    match value.is_safe() {
        true => Ok(value.clone()),
        false => force_escape(state, value),
    }
}

fn string(state: &State<'_, '_>, value: &Value) -> Outcome {
    match value.as_str() {
        Some(_) => Ok(value.clone()),
        None => python::str(state, value).map(Value::from),
    }
}

/// As markupsafe writes it.
fn force_escape(state: &State<'_, '_>, value: &Value) -> Outcome {
    let text = python::str(state, value)?;
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            other => out.push(other),
        }
    }
    Ok(Value::from_safe_string(out))
}

/// Text that is not a number gives the default, which is 0 unless another is given.
fn int(value: &Value, given: Given) -> Outcome {
    let [default, base] = arguments(&given.into_values(), ["default", "base"])?;
    let base = whole(base.as_ref(), "base")?.unwrap_or(10);
    let found = match value.as_str() {
        Some(word) => whole_number(word, base).or_else(|| fraction(word).and_then(truncated)),
        None => match python::as_float(value) {
            Some(number) => truncated(number),
            None => i128::try_from(value.clone()).ok(),
        },
    };
    Ok(found.map_or_else(|| default.unwrap_or_else(|| Value::from(0)), Value::from))
}

fn float(value: &Value, given: Given) -> Outcome {
    let [default] = arguments(&given.into_values(), ["default"])?;
    let found = match value.as_str() {
        Some(word) => fraction(word),
        None if value.kind() == ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        None => f64::try_from(value.clone()).ok(),
    };
    Ok(found.map_or_else(|| default.unwrap_or_else(|| Value::from(0.0)), Value::from))
}

/// Python's `int(word, base)`: surrounding blanks, a sign, underscores between digits, the base's prefix.
fn whole_number(word: &str, base: i64) -> Option<i128> {
    let word = word.trim();
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixes = [(16, "0x"), (8, "0o"), (2, "0b")];
    let prefixed = prefixes.iter().find_map(|(radix, prefix)| {
        let digits = lower.strip_prefix(prefix)?;
        (base == *radix || base == 0)
            .then_some((*radix, digits.strip_prefix('_').unwrap_or(digits)))
    });
    let (radix, digits) = match (prefixed, base) {
        (Some(found), _) => found,
        (None, 0) => (10, lower.as_str()),
        (None, base) => (base, lower.as_str()),
    };
    let radix = u32::try_from(radix)
        .ok()
        .filter(|radix| (2..=36).contains(radix))?;
    let plain =
        !digits.starts_with(['_', '+', '-']) && !digits.ends_with('_') && !digits.contains("__");
    let number = i128::from_str_radix(&digits.replace('_', ""), radix)
        .ok()
        .filter(|_| plain)?;
    Some(if negative { -number } else { number })
}

/// Python's `float(word)`.
fn fraction(word: &str) -> Option<f64> {
    word.trim().parse().ok()
}

/// Cuts off the fraction; `None` where the result is not an integer.
fn truncated(number: f64) -> Option<i128> {
    number.is_finite().then_some(number as i128)
}

fn join(state: &State<'_, '_>, value: &Value, given: Given) -> Outcome {
    let [between, attribute] = arguments(&given.into_values(), ["d", "attribute"])?;
    let between = match &between {
        Some(between) => python::str(state, between)?,
        None => String::new(),
    };
    let mut out = String::new();
    for (index, item) in value.try_iter()?.enumerate() {
        let item = match attribute.as_ref().filter(|attribute| !attribute.is_none()) {
            Some(attribute) => attribute_of(&item, attribute)?,
            None => item,
        };
        let text = python::str(state, &item)?;
        pay(state, text.len() + between.len())?;
        out.push_str(if index > 0 { between.as_str() } else { "" });
        out.push_str(&text);
    }
    Ok(Value::from(out))
}

/// An item of a value, or an item of an item, by a path with dots.
fn attribute_of(item: &Value, path: &Value) -> Outcome {
    let Some(path) = path.as_str() else {
        return item.get_item(path);
    };
    let step = |value: Value, name: &str| match name.parse::<i64>() {
        Ok(index) => value.get_item(&Value::from(index)),
        Err(_) => value.get_attr(name),
    };
    path.split('.').try_fold(item.clone(), step)
}

fn trim(state: &State<'_, '_>, value: &Value, given: Given) -> Outcome {
    let [chars] = arguments(&given.into_values(), ["chars"])?;
    let whole = python::str(state, value)?;
    let chars = match chars.as_ref().filter(|chars| !chars.is_none()) {
        Some(chars) => Some(text(Some(chars), "chars")?),
        None => None,
    };
    Ok(Value::from(super::methods::stripped(
        &whole, chars, true, true,
    )))
}

/// An attribute; an entry of a mapping does not count as one.
fn attr(value: &Value, name: &str) -> Outcome {
    match value.kind() {
        ValueKind::Map => Ok(Value::UNDEFINED),
        _ => value.get_attr(name),
    }
}

fn indent(state: &State<'_, '_>, value: &Value, given: Given) -> Outcome {
    let [width, first, blank] = arguments(&given.into_values(), ["width", "first", "blank"])?;
    let is_set = |option: Option<Value>| option.is_some_and(|option| option.is_true());
    let (first, blank) = (is_set(first), is_set(blank));
    let indent = match width.as_ref().and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => {
            let width = whole(width.as_ref(), "width")?.unwrap_or(4);
            let width = usize::try_from(width).unwrap_or(0);
            pay(state, width)?;
            " ".repeat(width)
        }
    };
    let text = python::str(state, value)? + "\n";
    let mut out = String::new();
    for (index, line) in super::methods::divided(&text, false).enumerate() {
        pay(state, line.len() + indent.len())?;
        out.push_str(if index > 0 { "\n" } else { "" });
        let indented = if index > 0 {
            blank || !line.is_empty()
        } else {
            first
        };
        out.push_str(if indented { indent.as_str() } else { "" });
        out.push_str(line);
    }
    Ok(Value::from(out))
}

fn center(state: &State<'_, '_>, value: &Value, given: Given) -> Outcome {
    let [width] = arguments(&given.into_values(), ["width"])?;
    let width = whole(width.as_ref(), "width")?.unwrap_or(80);
    let text = python::str(state, value)?;
    super::methods::centred(state, &text, width, ' ').map(Value::from)
}

/// Jinja2 refuses a length too short for the ending; here the result is then the ending alone.
fn truncate(state: &State<'_, '_>, value: &Value, given: Given) -> Outcome {
    let names = ["length", "killwords", "end", "leeway"];
    let [length, kill, end, leeway] = arguments(&given.into_values(), names)?;
    let size = |given: Option<&Value>, name: &str, default: usize| {
        let number = whole(given, name)?;
        Ok::<_, Error>(number.map_or(default, |number| usize::try_from(number).unwrap_or(0)))
    };
    let (length, leeway) = (
        size(length.as_ref(), "length", 255)?,
        size(leeway.as_ref(), "leeway", 5)?,
    );
    let end = match &end {
        Some(end) => text(Some(end), "end")?,
        None => "...",
    };
    let whole = python::str(state, value)?;
    if whole.chars().count() <= length.saturating_add(leeway) {
        return Ok(Value::from(whole));
    }
    let kept: String = whole
        .chars()
        .take(length.saturating_sub(end.chars().count()))
        .collect();
    let kept = match kill.is_some_and(|kill| kill.is_true()) {
        true => kept.as_str(),
        false => kept
            .rsplit_once(' ')
            .map_or(kept.as_str(), |(words, _)| words),
    };
    Ok(Value::from(format!("{kept}{end}")))
}

/// A string is encoded for a path; pairs, or a mapping, for a query.
fn urlencode(state: &State<'_, '_>, value: &Value) -> Result<String, Error> {
    if value.kind() == ValueKind::String || value.try_iter().is_err() {
        return Ok(quoted(&python::str(state, value)?, "/", "%20"));
    }
    let mut pairs = Vec::new();
    for item in value.try_iter()? {
        let (key, found) = match value.kind() {
            ValueKind::Map => (item.clone(), value.get_item(&item)?),
            _ => (item.get_item_by_index(0)?, item.get_item_by_index(1)?),
        };
        let quote = |part: &Value| Ok::<_, Error>(quoted(&python::str(state, part)?, "", "+"));
        pairs.push(format!("{}={}", quote(&key)?, quote(&found)?));
    }
    Ok(pairs.join("&"))
}

/// Attributes of an element; those without a value are left out.
fn xml_attributes(state: &State<'_, '_>, value: &Value, given: Given) -> Outcome {
    let [space] = arguments(&given.into_values(), ["autospace"])?;
    let mut pairs = Vec::new();
    for key in value.try_iter()? {
        let found = value.get_item(&key)?;
        if !found.is_none() && !found.is_undefined() {
            pairs.push(format!(
                "{}=\"{}\"",
                escape(state, &key)?,
                escape(state, &found)?
            ));
        }
    }
    let space = !pairs.is_empty() && space.is_none_or(|space| space.is_true());
    let space = if space { " " } else { "" };
    Ok(Value::from_safe_string(format!(
        "{space}{}",
        pairs.join(" ")
    )))
}

fn quoted(text: &str, safe: &str, blank: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' | '~' => out.push(character),
            ' ' => out.push_str(blank),
            _ if safe.contains(character) => out.push(character),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// markupsafe's `striptags`: without comments and tags, and with one blank between words.
fn striptags(value: String) -> String {
    let without = |text: &str, open: &str, close: &str| {
        let (mut out, mut unread) = (String::new(), text);
        while let Some((before, behind)) = unread.split_once(open) {
            let Some((_, after)) = behind.split_once(close) else {
                break;
            };
            out.push_str(before);
            unread = after;
        }
        out + unread
    };
    let plain = without(&without(&value, "<!--", "-->"), "<", ">");
    let words: Vec<&str> = plain.split_whitespace().collect();
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let unescape =
        |text: String, (entity, character): (&str, &str)| text.replace(entity, character);
    entities.into_iter().fold(words.join(" "), unescape)
}
