//! Values as Python writes them: `str` for what a template prints, `repr` inside lists. minijinja does the same except
//! for floating-point numbers (`1e+16`, `1e-05`).

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Output, State, Value, escape_formatter};

use super::{invalid, pay};

/// The deepest nesting of lists that is written; a value cannot contain itself.
pub(super) const MAX_DEPTH: usize = 64;

/// The environment's formatter.
pub(super) fn write(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    if !is_own(value) {
        return escape_formatter(out, state, value);
    }
    let text = str(state, value)?;
    out.write_str(&text)
        .map_err(|_| Error::from(ErrorKind::WriteFailure))
}

/// Python's `str(value)`.
pub(super) fn str(state: &State<'_, '_>, value: &Value) -> Result<String, Error> {
    if !is_own(value) {
        return Ok(value.to_string());
    }
    let mut text = String::new();
    represent(state, value, MAX_DEPTH, &mut text)?;
    Ok(text)
}

/// Whether a value is written here: a floating-point number, or a value that can hold one. Each item is paid for,
/// because a list may hold another one many times over.
fn is_own(value: &Value) -> bool {
    match value.kind() {
        ValueKind::Number => !value.is_integer(),
        ValueKind::Seq | ValueKind::Map => true,
        _ => false,
    }
}

/// Python's `repr(number)`.
pub(super) fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    // Rust switches to exponents where Python does, and writes them without a sign and without padding to two digits.
    let written = format!("{number:?}");
    match written.split_once('e') {
        None => written,
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            let digits = digits.strip_suffix(".0").unwrap_or(digits);
            format!("{digits}e{sign}{exponent:0>2}")
        }
    }
}

/// The number, if the value is a floating-point number.
pub(super) fn as_float(value: &Value) -> Option<f64> {
    let is_float = value.kind() == ValueKind::Number && !value.is_integer();
    f64::try_from(value.clone()).ok().filter(|_| is_float)
}

/// Python's `repr(value)`.
pub(super) fn represent(
    state: &State<'_, '_>,
    value: &Value,
    depth: usize,
    out: &mut String,
) -> Result<(), Error> {
    pay(state, 0)?;
    if let Some(number) = as_float(value) {
        out.push_str(&float(number));
        return Ok(());
    }
    match value.kind() {
        ValueKind::Map if depth > 0 => {
            out.push('{');
            for (index, key) in value.try_iter()?.enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                represent(state, &key, depth - 1, out)?;
                out.push_str(": ");
                represent(state, &value.get_item(&key)?, depth - 1, out)?;
            }
            out.push('}');
        }
        ValueKind::Seq if depth > 0 => {
            let tuple = value.is_tuple();
            out.push(if tuple { '(' } else { '[' });
            let mut items = 0;
            for item in value.try_iter()? {
                out.push_str(if items > 0 { ", " } else { "" });
                represent(state, &item, depth - 1, out)?;
                items += 1;
            }
            out.push_str(match (tuple, items) {
                (true, 1) => ",)",
                (true, _) => ")",
                _ => "]",
            });
        }
        ValueKind::Map | ValueKind::Seq => return Err(invalid("lists are nested too deeply")),
        _ => out.push_str(&format!("{value:?}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_a_fraction_are_written_as_python_does() {
        for (number, expected) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (1e-5, "1e-05"),
            (0.0001, "0.0001"),
            (-2.5e-10, "-2.5e-10"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(float(number), expected);
        }
    }
}
