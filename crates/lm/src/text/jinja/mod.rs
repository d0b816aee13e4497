//! Jinja as transformers runs it for chat templates: Jinja2 3.1 with its sandbox (`utils/chat_template_utils.py`).
//!
//! minijinja is the engine. What it does differently from Jinja2 is here: Python's string methods (`methods`), filters
//! with Jinja2's parameters (`filters`), transformers' `tojson` (`json`), how Python writes values (`python`), and what
//! has to be rewritten before a template is compiled (`source`). Templates are untrusted code: a rendering has a budget
//! of steps, and no access to files or the clock.

mod filters;
mod json;
mod methods;
mod python;
mod source;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Rest, ValueKind, from_args};
use minijinja::{Environment, Error, ErrorKind, State, Value};

pub(super) use source::compilable;

/// What a rendering may consume, in minijinja's unit (an instruction, or 64 bytes of data); the longest
/// conversation of the shared templates takes less than a thousandth.
pub(super) const FUEL: u64 = 5_000_000;

/// Greatest depth of nested macros and loops: the most that minijinja's own stack checks allow. A macro that
/// calls itself gets 80 levels deep.
const RECURSION_LIMIT: usize = 500;

/// Bytes that cost one unit of fuel.
const BYTES_PER_FUEL: usize = 64;

/// An environment with everything that transformers' has, except `strftime_now`.
///
/// # Errors
/// None in practice: the syntax is a constant.
pub(super) fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()?;
    environment.set_syntax(syntax);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION_LIMIT);
    environment.set_unknown_method_callback(methods::call);
    environment.set_formatter(python::write);
    environment.add_function("raise_exception", |message: String| -> Result<(), _> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_function("cycler", |items: Rest<Value>| {
        minijinja_contrib::globals::cycler(items.0)
    });
    environment.add_function("joiner", minijinja_contrib::globals::joiner);
    // A text is a sequence of its letters, a mapping one of its keys.
    environment.add_test("sequence", |value: &Value| {
        let is_counted = value.len().is_some();
        is_counted && !matches!(value.kind(), ValueKind::Bytes | ValueKind::Iterable)
    });
    filters::add(&mut environment);
    environment.add_filter("tojson", json::to_json);
    Ok(environment)
}

/// The arguments of a call by the names of its parameters: given by position, or by name.
fn arguments<const N: usize>(
    given: &[Value],
    names: [&str; N],
) -> Result<[Option<Value>; N], Error> {
    let (positional, named): (&[Value], Kwargs) = from_args(given)?;
    if positional.len() > N {
        return Err(Error::from(ErrorKind::TooManyArguments));
    }
    let mut found = [const { None }; N];
    for (index, name) in names.into_iter().enumerate() {
        let by_name = match named.has(name) {
            true => Some(named.get::<Value>(name)?),
            false => None,
        };
        found[index] = positional.get(index).cloned().or(by_name);
    }
    named.assert_all_used()?;
    Ok(found)
}

/// An argument that has to be text.
fn text<'a>(argument: Option<&'a Value>, name: &str) -> Result<&'a str, Error> {
    let found = argument.and_then(Value::as_str);
    found.ok_or_else(|| invalid(format!("the argument `{name}` must be text")))
}

/// A whole number that may be left out or `none`.
fn whole(argument: Option<&Value>, name: &str) -> Result<Option<i64>, Error> {
    match argument {
        None => Ok(None),
        Some(value) if value.is_none() => Ok(None),
        Some(value) => i64::try_from(value.clone())
            .map(Some)
            .map_err(|_| invalid(format!("the argument `{name}` must be a whole number"))),
    }
}

/// Pays for a text before it is made: a width or a number of repetitions can be any number.
fn pay(state: &State<'_, '_>, bytes: usize) -> Result<(), Error> {
    state.consume_fuel((bytes / BYTES_PER_FUEL) as u64 + 1)
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason.into())
}
