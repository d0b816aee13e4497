//! transformers' filter `tojson`: Python's `json.dumps` with `ensure_ascii=False`, and its options `ensure_ascii`,
//! `indent`, `separators` and `sort_keys`.

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Error, State, Value};

use super::{arguments, invalid, pay, python};

/// The deepest nesting of values that is written.
const MAX_DEPTH: usize = 200;
/// Widest indentation.
const MAX_INDENT: usize = 1000;

pub(super) fn to_json(
    state: &State<'_, '_>,
    value: &Value,
    options: Rest<ValueOrKwargs>,
) -> Result<String, Error> {
    let names = ["ensure_ascii", "indent", "separators", "sort_keys"];
    let [ascii, indent, separators, sort] = arguments(&options.into_values(), names)?;
    let is_set = |option: &Option<Value>| option.as_ref().is_some_and(Value::is_true);
    let indent = indentation(indent.as_ref())?;
    let (item, key) = match separators.filter(|given| !given.is_none()) {
        Some(given) => pair(&given)?,
        None if indent.is_some() => (",".to_owned(), ": ".to_owned()),
        None => (", ".to_owned(), ": ".to_owned()),
    };
    let writer = Writer {
        state,
        ascii: is_set(&ascii),
        sorted: is_set(&sort),
        indent,
        item,
        key,
    };
    let mut out = String::new();
    writer.value(value, 0, &mut out)?;
    Ok(out)
}

/// What a level is indented by: some blanks, or a given string.
fn indentation(given: Option<&Value>) -> Result<Option<String>, Error> {
    let Some(given) = given.filter(|given| !given.is_none()) else {
        return Ok(None);
    };
    if let Some(text) = given.as_str() {
        return Ok(Some(text.to_owned()));
    }
    let blanks = i64::try_from(given.clone()).map_err(|_| invalid("`indent` must be a number"))?;
    let blanks = usize::try_from(blanks).unwrap_or(0);
    if blanks > MAX_INDENT {
        return Err(invalid(format!("`indent` is larger than {MAX_INDENT}")));
    }
    Ok(Some(" ".repeat(blanks)))
}

fn pair(given: &Value) -> Result<(String, String), Error> {
    let parts: Vec<Value> = given.try_iter()?.take(3).collect();
    let texts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
    match (texts.as_slice(), parts.len()) {
        ([item, key], 2) => Ok(((*item).to_owned(), (*key).to_owned())),
        _ => Err(invalid("`separators` must be two texts")),
    }
}

struct Writer<'a, 'template, 'env> {
    state: &'a State<'template, 'env>,
    ascii: bool,
    sorted: bool,
    indent: Option<String>,
    item: String,
    key: String,
}

impl Writer<'_, '_, '_> {
    fn value(&self, value: &Value, depth: usize, out: &mut String) -> Result<(), Error> {
        // A list that holds another one several times is longer in writing than what was paid for it.
        pay(self.state, 0)?;
        if depth > MAX_DEPTH {
            return Err(invalid("the value is nested too deeply for JSON"));
        }
        if let Some(number) = python::as_float(value) {
            out.push_str(&match number {
                number if number.is_nan() => "NaN".to_owned(),
                f64::INFINITY => "Infinity".to_owned(),
                f64::NEG_INFINITY => "-Infinity".to_owned(),
                number => python::float(number),
            });
            return Ok(());
        }
        match value.kind() {
            ValueKind::None => out.push_str("null"),
            ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => out.push_str(&value.to_string()),
            ValueKind::String => self.string(value.as_str().unwrap_or_default(), out)?,
            ValueKind::Map => self.object(value, depth, out)?,
            ValueKind::Seq | ValueKind::Iterable => {
                let items: Vec<Value> = value.try_iter()?.collect();
                let write = |item: &Value, out: &mut String| self.value(item, depth + 1, out);
                self.items(('[', ']'), &items, depth, out, write)?;
            }
            other => return Err(invalid(format!("{other} cannot be written as JSON"))),
        }
        Ok(())
    }

    fn object(&self, value: &Value, depth: usize, out: &mut String) -> Result<(), Error> {
        let mut keys: Vec<Value> = value.try_iter()?.collect();
        if self.sorted {
            keys.sort();
        }
        let write = |key: &Value, out: &mut String| {
            self.string(&name(key)?, out)?;
            out.push_str(&self.key);
            self.value(&value.get_item(key)?, depth + 1, out)
        };
        self.items(('{', '}'), &keys, depth, out, write)
    }

    fn items(
        &self,
        (open, close): (char, char),
        items: &[Value],
        depth: usize,
        out: &mut String,
        write: impl Fn(&Value, &mut String) -> Result<(), Error>,
    ) -> Result<(), Error> {
        out.push(open);
        for (index, item) in items.iter().enumerate() {
            out.push_str(if index > 0 { self.item.as_str() } else { "" });
            self.line(depth + 1, out)?;
            write(item, out)?;
        }
        if !items.is_empty() {
            self.line(depth, out)?;
        }
        out.push(close);
        Ok(())
    }

    /// A line break and the indentation at this depth, if the output is indented.
    fn line(&self, depth: usize, out: &mut String) -> Result<(), Error> {
        let Some(indent) = &self.indent else {
            return Ok(());
        };
        pay(self.state, indent.len() * depth)?;
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(indent));
        Ok(())
    }

    fn string(&self, text: &str, out: &mut String) -> Result<(), Error> {
        pay(self.state, text.len())?;
        out.push('"');
        for character in text.chars() {
            match character {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                ' '..='~' => out.push(character),
                _ if !self.ascii && character >= ' ' => out.push(character),
                _ => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
            }
        }
        out.push('"');
        Ok(())
    }
}

/// A key as JSON writes it.
fn name(key: &Value) -> Result<String, Error> {
    if let Some(number) = python::as_float(key) {
        return Ok(python::float(number));
    }
    match key.kind() {
        ValueKind::String | ValueKind::Number => Ok(key.to_string()),
        ValueKind::Bool => Ok(if key.is_true() { "true" } else { "false" }.to_owned()),
        ValueKind::None => Ok("null".to_owned()),
        other => Err(invalid(format!("{other} cannot be a key of JSON"))),
    }
}
