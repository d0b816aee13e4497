//! Text with choices and facts: `[Hi|Hello] {P}, [(late)sorry I'm late, ]is {day!} fine?`
//!
//! `[a|b]` draws one, `{x}` is a fact, `{x.2}` one of its fields, `{x!}` a fact that the speaker may first get wrong
//! and correct, `{@list}` draws from a shared list. An alternative that begins with `(x)`, `(!x)` or `(x=value)`
//! (several with commas) is eligible only where that holds, and then takes precedence over those without a
//! condition: `[(x)if
//! so|otherwise]`. Of two choices `[&a|b]` … `[&c|d]`, the second takes the alternative at the place that the first one
//! drew, as for a question and its answer.

use crate::facts::Telling;

/// A parsed text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pattern(Vec<Alternative>);

#[derive(Clone, Debug)]
struct Alternative {
    guard: Guard,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Fact {
        name: String,
        field: String,
        in_doubt: bool,
    },
    List(String),
    Choice(Pattern),
    Linked(Pattern),
}

/// What must hold of the facts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard(Vec<Condition>);

#[derive(Clone, Debug)]
struct Condition {
    name: String,
    /// The text that a fact must have; `None` for any text but the empty one.
    value: Option<String>,
    negated: bool,
}

impl Guard {
    /// Reads `x,!y,z=value`; `None` if it has a different form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let condition = |text: &str| {
            let (negated, text) = text
                .strip_prefix('!')
                .map_or((false, text), |positive| (true, positive));
            let (name, value) = text
                .split_once('=')
                .map_or((text, None), |(name, value)| (name, Some(value.to_owned())));
            is_name(name).then(|| Condition {
                name: name.to_owned(),
                value,
                negated,
            })
        };
        text.split(',')
            .map(|part| condition(part.trim()))
            .collect::<Option<_>>()
            .map(Self)
    }

    /// Splits `(guard)rest`; everything holds if there is none.
    pub(crate) fn split(text: &str) -> (Self, &str) {
        let split = text
            .trim_start()
            .strip_prefix('(')
            .and_then(|inner| inner.split_once(')'));
        match split.and_then(|(guard, after)| Some((Self::parse(guard)?, after))) {
            Some(found) => found,
            None => (Self::default(), text),
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every condition holds.
    pub(crate) fn holds(&self, telling: &Telling<'_>) -> bool {
        self.0.iter().all(|condition| {
            let told = telling.fact(&condition.name, "");
            let equal = match &condition.value {
                Some(value) => told == Some(value.as_str()),
                None => told.is_some_and(|text| !text.is_empty()),
            };
            equal != condition.negated
        })
    }

    pub(crate) fn names<'p>(&'p self, names: &mut Vec<Name<'p>>) {
        names.extend(
            self.0
                .iter()
                .map(|condition| Name::Condition(&condition.name)),
        );
    }
}

/// What a pattern mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name<'p> {
    /// A fact and its field.
    Fact(&'p str, &'p str),
    /// A fact that a condition tests.
    Condition(&'p str),
    /// A shared list.
    List(&'p str),
    /// A linked choice with this many alternatives.
    Linked(usize),
}

impl Pattern {
    /// Reads a text; the error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: text };
        let pattern = reader.alternatives()?;
        if reader.rest.is_empty() {
            Ok(pattern)
        } else {
            Err(format!("`]` too many in `{text}`"))
        }
    }

    /// Renders the text with each choice drawn.
    pub(crate) fn render(&self, telling: &mut Telling<'_>, out: &mut String) {
        let mut open: Vec<&Alternative> =
            self.0.iter().filter(|a| a.guard.holds(telling)).collect();
        if open.iter().any(|alternative| !alternative.guard.is_empty()) {
            open.retain(|alternative| !alternative.guard.is_empty());
        }
        if let Some(drawn) = telling.dice.pick(&open) {
            drawn.render(telling, out);
        }
    }

    /// Draws a place and keeps it, or takes the place that was kept.
    fn render_linked(&self, telling: &mut Telling<'_>, out: &mut String) {
        let place = match telling.linked.take() {
            Some(place) => place,
            None => *telling.linked.insert(telling.dice.below(self.0.len())),
        };
        if let Some(drawn) = self.0.get(place) {
            drawn.render(telling, out);
        }
    }

    /// Every fact and list that the text mentions.
    pub(crate) fn names<'p>(&'p self, names: &mut Vec<Name<'p>>) {
        for alternative in &self.0 {
            alternative.guard.names(names);
            for part in &alternative.parts {
                match part {
                    Part::Text(_) => {}
                    Part::Fact { name, field, .. } => names.push(Name::Fact(name, field)),
                    Part::List(list) => names.push(Name::List(list)),
                    Part::Choice(choice) => choice.names(names),
                    Part::Linked(choice) => {
                        names.push(Name::Linked(choice.0.len()));
                        choice.names(names);
                    }
                }
            }
        }
    }
}

impl Alternative {
    fn render(&self, telling: &mut Telling<'_>, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Fact {
                    name,
                    field,
                    in_doubt,
                } => telling.say(name, field, *in_doubt, out),
                Part::List(list) => out.push_str(&telling.draw_from(list)),
                Part::Choice(choice) => choice.render(telling, out),
                Part::Linked(choice) => choice.render_linked(telling, out),
            }
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// Alternatives up to the end or a `]` that closes them.
    fn alternatives(&mut self) -> Result<Pattern, String> {
        let mut alternatives = Vec::new();
        loop {
            let (guard, after) = Guard::split(self.rest);
            self.rest = after;
            alternatives.push(Alternative {
                guard,
                parts: self.parts()?,
            });
            match self.rest.strip_prefix('|') {
                Some(after) => self.rest = after,
                None => return Ok(Pattern(alternatives)),
            }
        }
    }

    fn parts(&mut self) -> Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        loop {
            let end = self
                .rest
                .find(['[', ']', '{', '|'])
                .unwrap_or(self.rest.len());
            let (text, after) = self.rest.split_at(end);
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            self.rest = after;
            if let Some(bracketed) = after.strip_prefix('[') {
                let linked = bracketed.strip_prefix('&');
                self.rest = linked.unwrap_or(bracketed);
                let choice = self.alternatives()?;
                parts.push(if linked.is_some() {
                    Part::Linked(choice)
                } else {
                    Part::Choice(choice)
                });
                self.rest = self.rest.strip_prefix(']').ok_or("a `[` is not closed")?;
            } else if let Some(braced) = after.strip_prefix('{') {
                let (name, after_brace) = braced.split_once('}').ok_or("a `{` is not closed")?;
                self.rest = after_brace;
                parts.push(fact(name)?);
            } else {
                return Ok(parts);
            }
        }
    }
}

fn fact(text: &str) -> Result<Part, String> {
    if let Some(list) = text.strip_prefix('@').filter(|list| is_name(list)) {
        return Ok(Part::List(list.to_owned()));
    }
    let (text, in_doubt) = text
        .strip_suffix('!')
        .map_or((text, false), |text| (text, true));
    let (name, field) = text.split_once('.').unwrap_or((text, ""));
    if !is_name(name) {
        return Err(format!("`{{{text}}}` names no fact"));
    }
    Ok(Part::Fact {
        name: name.to_owned(),
        field: field.to_owned(),
        in_doubt,
    })
}

/// Whether a text is a name: letters, digits and underscores, a letter first.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_closed_is_named() {
        for text in ["[a|b", "a]", "{day", "{two words}"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_names_what_it_needs() {
        let pattern = Pattern::parse("[(late,!chat)Sorry, |]{P}, {@hello} {day.2!}").unwrap();
        let mut names = Vec::new();
        pattern.names(&mut names);
        let fact = Name::Fact;
        assert_eq!(
            names,
            [
                Name::Condition("late"),
                Name::Condition("chat"),
                fact("P", ""),
                Name::List("hello"),
                fact("day", "2")
            ]
        );
    }
}
