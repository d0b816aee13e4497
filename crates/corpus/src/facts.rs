//! The facts of one conversation: drawn once, then used by the dialogue and the summary alike.

use std::collections::BTreeSet;

use crate::pattern::{Name, Pattern};
use crate::people::{Cast, Person};
use crate::random::Dice;
use crate::world::World;

/// How often a speaker corrects a fact at a place where that is possible, in percent.
const CORRECTION: usize = 22;
/// The most draws until a value differs from the existing ones.
const TRIES: usize = 30;

/// How a fact is drawn.
#[derive(Clone, Debug)]
pub(crate) enum Spec {
    /// `30%`: `yes` with this probability, otherwise empty.
    Chance(usize),
    /// `#2..9`, `#10..90*5`, `$20..80*5`: a number, with the conversation's currency where it is a price.
    Number {
        low: usize,
        high: usize,
        step: usize,
        price: bool,
    },
    /// `@list`: an entry of a shared list.
    List(String),
    /// `like x`: drawn like the fact `x`, but different from it.
    Like(String),
    /// `person ; role Nurse`: one of these people.
    People(Vec<Cast>),
    /// `a / b ; c / d`: entries with fields.
    Entries(Vec<Entry>),
}

/// An entry of a list: its text, then further fields (`{x.2}`, `{x.3}`).
pub(crate) type Entry = Vec<Pattern>;

/// A drawn fact.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fact {
    /// Its name in the family.
    name: String,
    /// What it was drawn from: two facts from the same source differ.
    source: String,
    /// The text, then the further fields.
    fields: Vec<String>,
    /// A different text from the same source, said wrongly first and then corrected.
    wrong: String,
    /// The person, if the fact is one.
    person: Option<Person>,
}

/// A conversation in the course of being told.
pub(crate) struct Telling<'w> {
    pub(crate) world: &'w World,
    pub(crate) dice: Dice,
    invents_names: bool,
    facts: Vec<Fact>,
    currency: &'static str,
    /// Whether a correction may still happen (at most one in a conversation, none in summaries).
    pub(crate) may_correct: bool,
    /// The place drawn by the first of two linked choices.
    pub(crate) linked: Option<usize>,
    /// The facts that have been said so far.
    pub(crate) said: BTreeSet<String>,
}

impl<'w> Telling<'w> {
    pub(crate) fn new(world: &'w World, invents_names: bool, mut dice: Dice) -> Self {
        let currency = dice.pick(&["$", "$", "£", "€"]).copied().unwrap_or("$");
        Self {
            world,
            dice,
            invents_names,
            facts: Vec::new(),
            currency,
            may_correct: false,
            linked: None,
            said: BTreeSet::new(),
        }
    }

    /// Draws a fact and keeps it.
    pub(crate) fn draw(&mut self, name: &str, spec: &Spec, specs: &[(String, Spec)]) {
        let (spec, source) = match spec {
            Spec::Like(other) => match specs.iter().find(|(name, _)| name == other) {
                Some((_, spec)) => (spec, source(other, spec)),
                None => return,
            },
            _ => (spec, source(name, spec)),
        };
        let mut fact = self.differing(spec, &source);
        fact.name = name.to_owned();
        fact.source.clone_from(&source);
        self.facts.push(fact);
        if matches!(spec, Spec::List(_) | Spec::Number { .. } | Spec::Entries(_)) {
            let wrong = self.differing(spec, &source).text().to_owned();
            if let Some(last) = self.facts.last_mut() {
                last.wrong = wrong;
            }
        }
    }

    /// Makes `alias` refer to the person called `name`.
    pub(crate) fn alias(&mut self, alias: &str, name: &str) {
        self.facts.retain(|fact| fact.name != alias);
        if let Some(fact) = self.facts.iter().find(|fact| fact.name == name) {
            let fact = Fact {
                name: alias.to_owned(),
                ..fact.clone()
            };
            self.facts.push(fact);
        }
    }

    /// A fact's text (field `""`) or one of its fields.
    pub(crate) fn fact(&self, name: &str, field: &str) -> Option<&str> {
        let fact = self.facts.iter().find(|fact| fact.name == name)?;
        if let Some(person) = &fact.person {
            return person.form(field);
        }
        match field {
            "" => Some(fact.text()),
            _ => fact
                .fields
                .get(field.parse::<usize>().ok()?.checked_sub(1)?)
                .map(String::as_str),
        }
    }

    /// Says a fact; one that is `in_doubt` is sometimes said wrongly first. A missing fact shows as `{name}`.
    pub(crate) fn say(&mut self, name: &str, field: &str, in_doubt: bool, out: &mut String) {
        let Some(text) = self.fact(name, field).map(str::to_owned) else {
            out.push_str(&format!("{{{name}.{field}}}"));
            return;
        };
        self.said.insert(name.to_owned());
        if in_doubt && self.may_correct && self.dice.chance(CORRECTION) {
            self.may_correct = false;
            let wrong = self
                .facts
                .iter()
                .find(|fact| fact.name == name)
                .map(|fact| fact.wrong.clone());
            if let Some(wrong) = wrong.filter(|wrong| !wrong.is_empty() && *wrong != text) {
                let oops = self.draw_from("oops");
                out.push_str(&format!("{wrong}, {oops} "));
            }
        }
        out.push_str(&text);
    }

    /// The text of an entry of a shared list.
    pub(crate) fn draw_from(&mut self, list: &str) -> String {
        let Some(entries) = self.world.list(list) else {
            return format!("{{@{list}}}");
        };
        let mut text = String::new();
        if let Some(pattern) = self.dice.pick(entries).and_then(|entry| entry.first()) {
            pattern.render(self, &mut text);
        }
        text
    }

    /// The text that a pattern yields, without further changes.
    pub(crate) fn text(&mut self, pattern: &Pattern) -> String {
        let mut text = String::new();
        pattern.render(self, &mut text);
        text
    }

    fn differing(&mut self, spec: &Spec, source: &str) -> Fact {
        let mut fact = self.any(spec);
        for _ in 0..TRIES {
            if self
                .facts
                .iter()
                .all(|other| other.source != source || other.text() != fact.text())
            {
                break;
            }
            fact = self.any(spec);
        }
        fact
    }

    fn any(&mut self, spec: &Spec) -> Fact {
        let fields = match spec {
            Spec::Chance(percent) => {
                vec![if self.dice.chance(*percent) {
                    "yes".to_owned()
                } else {
                    String::new()
                }]
            }
            Spec::Number {
                low,
                high,
                step,
                price,
            } => {
                let number = low + step * self.dice.below((high - low) / step + 1);
                let currency = if *price { self.currency } else { "" };
                vec![format!("{currency}{number}")]
            }
            Spec::List(list) => {
                let entry = self
                    .world
                    .list(list)
                    .and_then(|entries| self.dice.pick(entries));
                self.fields(entry)
            }
            Spec::Entries(entries) => {
                let entry = self.dice.pick(entries);
                self.fields(entry)
            }
            Spec::Like(_) => Vec::new(),
            Spec::People(casts) => {
                let cast = self.dice.pick(casts);
                let person =
                    cast.map(|cast| cast.draw(self.world, self.invents_names, &mut self.dice));
                let fields = person.iter().map(|person| person.label.clone()).collect();
                return Fact {
                    fields,
                    person,
                    ..Fact::default()
                };
            }
        };
        Fact {
            fields,
            ..Fact::default()
        }
    }

    fn fields(&mut self, entry: Option<&Entry>) -> Vec<String> {
        entry
            .into_iter()
            .flatten()
            .map(|pattern| self.text(pattern))
            .collect()
    }
}

impl Fact {
    fn text(&self) -> &str {
        self.fields.first().map_or("", String::as_str)
    }
}

/// The source of a fact; facts from the same source differ: all people, all numbers, all prices, all draws from one
/// list.
fn source(name: &str, spec: &Spec) -> String {
    match spec {
        Spec::People(_) => "people".to_owned(),
        Spec::Number { price, .. } => format!("number {price}"),
        Spec::List(list) => format!("@{list}"),
        _ => name.to_owned(),
    }
}

impl Spec {
    /// The names that the specification's entries mention.
    pub(crate) fn names(&self) -> Vec<Name<'_>> {
        let mut names = Vec::new();
        match self {
            Self::Entries(entries) => entries
                .iter()
                .flatten()
                .for_each(|pattern| pattern.names(&mut names)),
            Self::Like(other) => names.push(Name::Fact(other, "")),
            _ => {}
        }
        names
    }

    /// Reads the right side of `name = …`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(list) = text
            .strip_prefix('@')
            .filter(|list| crate::pattern::is_name(list))
        {
            return Ok(Self::List(list.to_owned()));
        }
        if let Some(other) = text.strip_prefix("like ") {
            return Ok(Self::Like(other.trim().to_owned()));
        }
        if let Some(percent) = text
            .strip_suffix('%')
            .and_then(|number| number.parse().ok())
        {
            return Ok(Self::Chance(percent));
        }
        if let Some(range) = text.strip_prefix(['#', '$']) {
            return number(range, text.starts_with('$'))
                .ok_or_else(|| format!("`{text}` is no range"));
        }
        let entries: Vec<&str> = text
            .split(';')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .collect();
        if let Some(casts) = entries.iter().map(|entry| Cast::parse(entry)).collect() {
            return Ok(Self::People(casts));
        }
        let entries = entries.iter().map(|entry| {
            entry
                .split(" / ")
                .map(|f| Pattern::parse(f.trim()))
                .collect()
        });
        entries.collect::<Result<_, _>>().map(Self::Entries)
    }
}

/// `2..9` or `10..90*5`.
fn number(range: &str, price: bool) -> Option<Spec> {
    let (range, step) = range.split_once('*').unwrap_or((range, "1"));
    let (low, high) = range.split_once("..")?;
    let (low, high, step) = (low.parse().ok()?, high.parse().ok()?, step.parse().ok()?);
    (low <= high && step > 0).then_some(Spec::Number {
        low,
        high,
        step,
        price,
    })
}
