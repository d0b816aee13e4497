//! A family of conversations as its grammar file describes it: facts, the flow of turns, and summaries.
//!
//! ```text
//! == barber.late                 the name
//! topic: running late            `|` separates alternatives, here and everywhere
//! setting = phone                which asides of `asides.txt` fit (`call` has none); `chat` for typed messages
//! P = person                     a fact (see `facts`); speakers begin with a capital, and `P` is the client
//! day = @day
//! why = 40%
//! P: Hi, is {day!} free?         a turn
//! | Do you have a slot on {day!}?
//! ?30 S: Long time no see.       a turn that 30 of 100 conversations have
//! (why) S: May I ask why?        a turn if a fact holds; `(why)` or `?30` alone opens a block that `end` closes
//! ~                              up to the next `~`: parts in any order, with `-` between them
//! *                              a place for an aside
//! one: … two: … note: …          the summary in each style
//! ```

use crate::facts::Spec;
use crate::lines::{GrammarError, Line, definition};
use crate::pattern::{Guard, Name, Pattern};
use crate::{Style, pattern};

/// A family: what all its conversations share, and the choices that dice make for each of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Family {
    /// Name in the grammar, for instance `barber.late`.
    pub(crate) name: String,
    /// Whether some of its people get invented names.
    pub(crate) invents_names: bool,
    /// Each fact's name and how it is drawn, in the order of the file: a fact may use those before it.
    pub(crate) specs: Vec<(String, Spec)>,
    /// What is said, in order.
    pub(crate) flow: Vec<Step>,
    pub(crate) topic: Pattern,
    /// The summary in each [`Style`], in the order of its variants.
    pub(crate) summaries: [Pattern; 3],
}

/// A step of the flow: an utterance, or steps that belong together.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Turn {
        when: When,
        speaker: String,
        text: Pattern,
    },
    Block {
        when: When,
        steps: Vec<Step>,
    },
    AnyOrder(Vec<Vec<Step>>),
    Aside,
}

/// The two conditions under which a step happens; both must be met.
#[derive(Clone, Debug)]
pub(crate) struct When {
    /// Probability in percent, 100 if the line gives none.
    pub(crate) percent: usize,
    /// What must hold of the facts.
    pub(crate) guard: Guard,
}

impl When {
    /// Splits `?30`, `(guard)` or both from the rest of a line.
    fn split(text: &str) -> (Self, &str) {
        let (percent, after) = match text.strip_prefix('?') {
            Some(after) => {
                let (number, after) = after.split_at(
                    after
                        .find(|c: char| !c.is_ascii_digit())
                        .unwrap_or(after.len()),
                );
                (number.parse().unwrap_or(100), after)
            }
            None => (100, text),
        };
        let (guard, content) = Guard::split(after);
        (Self { percent, guard }, content.trim())
    }
}

/// Reads the families of one grammar file; each begins with a line `== name`.
pub(crate) fn parse(lines: &[Line]) -> Result<Vec<Family>, GrammarError> {
    let mut families = Vec::new();
    let heads: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.text.starts_with("== "))
        .map(|(index, _)| index)
        .collect();
    for (nth, &start) in heads.iter().enumerate() {
        let end = heads.get(nth + 1).copied().unwrap_or(lines.len());
        families.push(family(&lines[start..end])?);
    }
    Ok(families)
}

fn family(lines: &[Line]) -> Result<Family, GrammarError> {
    let Some((head, body)) = lines.split_first() else {
        return Ok(Family::default());
    };
    let mut family = Family {
        name: head.text[3..].trim().to_owned(),
        ..Family::default()
    };
    let mut flow = Vec::new();
    for line in body {
        if let Some((name, right)) = definition(&line.text) {
            let spec = Spec::parse(right).map_err(|problem| line.error(problem))?;
            family.specs.push((name.to_owned(), spec));
            continue;
        }
        let field = match line.text.split_once(':').map_or("", |(key, _)| key) {
            "topic" => &mut family.topic,
            "one" => &mut family.summaries[Style::One as usize],
            "two" => &mut family.summaries[Style::Two as usize],
            "note" => &mut family.summaries[Style::Note as usize],
            _ => {
                flow.push(line.clone());
                continue;
            }
        };
        let text = line
            .text
            .split_once(':')
            .map_or("", |(_, text)| text.trim());
        *field = Pattern::parse(text).map_err(|problem| line.error(problem))?;
    }
    let mut unread = flow.as_slice();
    family.flow = steps(&mut unread, false)?;
    if let Some(line) = unread.first() {
        return Err(line.error(format!("`{}` closes nothing", line.text)));
    }
    family.check().map_err(|problem| head.error(problem))?;
    Ok(family)
}

/// Reads steps up to the end of the lines or to a line that closes something: `end`, `-`, or `~` inside a group. That
/// line is left for the caller.
pub(crate) fn steps(lines: &mut &[Line], in_group: bool) -> Result<Vec<Step>, GrammarError> {
    let mut steps = Vec::new();
    while let Some((line, following)) = lines.split_first() {
        match line.text.as_str() {
            "end" | "-" => break,
            "~" if in_group => break,
            "~" => {
                *lines = following;
                steps.push(any_order(lines, line)?);
            }
            "*" => {
                *lines = following;
                steps.push(Step::Aside);
            }
            text => {
                *lines = following;
                steps.push(step(text, line, lines, in_group)?);
            }
        }
    }
    Ok(steps)
}

fn step(
    text: &str,
    line: &Line,
    lines: &mut &[Line],
    in_group: bool,
) -> Result<Step, GrammarError> {
    let (when, turn) = When::split(text);
    if turn.is_empty() {
        let inner = steps(lines, in_group)?;
        *lines = match lines.split_first() {
            Some((last, following)) if last.text == "end" => following,
            _ => return Err(line.error("this block has no `end`")),
        };
        return Ok(Step::Block { when, steps: inner });
    }
    let Some((speaker, text)) = turn
        .split_once(": ")
        .filter(|(speaker, _)| pattern::is_name(speaker))
    else {
        return Err(line.error(format!("`{turn}` is no turn")));
    };
    let text = Pattern::parse(text).map_err(|problem| line.error(problem))?;
    Ok(Step::Turn {
        when,
        speaker: speaker.to_owned(),
        text,
    })
}

fn any_order(lines: &mut &[Line], opening: &Line) -> Result<Step, GrammarError> {
    let mut parts = Vec::new();
    loop {
        parts.push(steps(lines, true)?);
        let Some((line, following)) = lines.split_first() else {
            return Err(opening.error("this `~` has no second `~`"));
        };
        *lines = following;
        match line.text.as_str() {
            "-" => {}
            "~" => return Ok(Step::AnyOrder(parts)),
            _ => return Err(line.error("a part in any order ends with `-` or `~`")),
        }
    }
}

impl Family {
    /// Checks that every name used in a text is defined, and that linked choices come in pairs of equal length.
    fn check(&self) -> Result<(), String> {
        let names = self.names();
        for (index, (_, spec)) in self.specs.iter().enumerate() {
            self.check_defined(&spec.names(), &self.specs[..index])?;
        }
        self.check_defined(&names, &self.specs)?;
        let linked: Vec<&Name<'_>> = names
            .iter()
            .filter(|name| matches!(name, Name::Linked(_)))
            .collect();
        let is_paired = linked
            .chunks(2)
            .all(|pair| pair.len() == 2 && pair[0] == pair[1]);
        if is_paired {
            Ok(())
        } else {
            Err(format!(
                "{}: linked choices come in pairs of equal length",
                self.name
            ))
        }
    }

    /// All names that the topic, the summaries and the turns mention.
    pub(crate) fn names(&self) -> Vec<Name<'_>> {
        let mut names = Vec::new();
        self.topic.names(&mut names);
        self.summaries
            .iter()
            .for_each(|summary| summary.names(&mut names));
        walk(&self.flow, &mut names);
        names
    }

    fn check_defined(&self, names: &[Name<'_>], specs: &[(String, Spec)]) -> Result<(), String> {
        let undefined = names.iter().find_map(|name| match name {
            Name::Fact(name, _) | Name::Condition(name) => specs
                .iter()
                .all(|(known, _)| known != name)
                .then_some(*name),
            Name::List(_) | Name::Linked(_) => None,
        });
        undefined.map_or(Ok(()), |name| {
            Err(format!(
                "{} uses `{name}` without defining it before",
                self.name
            ))
        })
    }
}

/// Collects the names that turns mention, including their speakers.
fn walk<'s>(steps: &'s [Step], names: &mut Vec<Name<'s>>) {
    for step in steps {
        match step {
            Step::Turn {
                when,
                speaker,
                text,
            } => {
                when.guard.names(names);
                text.names(names);
                names.push(Name::Fact(speaker, ""));
            }
            Step::Block { when, steps } => {
                when.guard.names(names);
                walk(steps, names);
            }
            Step::AnyOrder(parts) => parts.iter().for_each(|steps| walk(steps, names)),
            Step::Aside => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::read;

    const HEAD: &str = "== t\ntopic: t\nP = person\nx = 30%\none: {P}\ntwo: {P}\nnote: {P}\n";

    fn read_family(flow: &str) -> Result<Family, GrammarError> {
        family(&read("t", &format!("{HEAD}{flow}")))
    }

    #[test]
    fn blocks_and_groups_nest() {
        let family = read_family("P: a\n~\n(x)\nP: b\nend\n-\n?30(x) P: e\n~\n*\nP: f\n").unwrap();
        assert_eq!(family.flow.len(), 4);
        assert!(matches!(&family.flow[1], Step::AnyOrder(parts) if parts.len() == 2));
    }

    #[test]
    fn faults_are_named_with_their_line() {
        for (flow, line) in [
            ("P: a\nend\n", 9),
            ("(x)\nP: a\n", 8),
            ("hello\n", 8),
            ("P: [a\n", 8),
            ("P: {y}\n", 1),
        ] {
            assert_eq!(read_family(flow).unwrap_err().line, line, "{flow}");
        }
    }
}
