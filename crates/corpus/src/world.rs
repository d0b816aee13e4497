//! Everything that the grammar files hold: names, shared lists, asides and families.

use crate::facts::{Entry, Spec};
use crate::family::{self, Family, Step};
use crate::lines::{GrammarError, Line, definition, read};

/// Name and text of the grammar files that define families, one file for each group of families.
const FAMILIES: [(&str, &str); 9] = [
    ("health.txt", include_str!("../grammar/health.txt")),
    ("service.txt", include_str!("../grammar/service.txt")),
    ("home.txt", include_str!("../grammar/home.txt")),
    ("travel.txt", include_str!("../grammar/travel.txt")),
    ("shopping.txt", include_str!("../grammar/shopping.txt")),
    ("work.txt", include_str!("../grammar/work.txt")),
    ("friends.txt", include_str!("../grammar/friends.txt")),
    ("learning.txt", include_str!("../grammar/learning.txt")),
    ("held_out.txt", include_str!("../grammar/held_out.txt")),
];

/// The file whose families no training item comes from.
const HELD_OUT: &str = "held_out.txt";

/// Pairs of a setting and the exchanges that fit it.
type Asides = Vec<(String, Vec<Vec<Step>>)>;

/// The material that conversations are made from.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) women: Vec<String>,
    pub(crate) men: Vec<String>,
    pub(crate) surnames: Vec<String>,
    pub(crate) invented: InventedNames,
    lists: Vec<(String, Vec<Entry>)>,
    /// Short exchanges that digress from a conversation's subject, by the setting that they fit.
    asides: Asides,
    pub(crate) training: Vec<Family>,
    pub(crate) held_out: Vec<Family>,
}

/// The parts that invented names are made of.
#[derive(Clone, Debug)]
pub(crate) struct InventedNames {
    pub(crate) heads: Vec<String>,
    pub(crate) middles: Vec<String>,
    /// Endings of invented first names: `women` for women, `men` for men.
    pub(crate) women: Vec<String>,
    pub(crate) men: Vec<String>,
    pub(crate) surname_heads: Vec<String>,
    pub(crate) surname_tails: Vec<String>,
}

impl World {
    /// Reads the grammar files that are compiled in.
    pub(crate) fn load() -> Result<Self, GrammarError> {
        let people = read("people.txt", include_str!("../grammar/people.txt"));
        let names = |wanted: &str| {
            let found = people
                .iter()
                .filter_map(|line| definition(&line.text))
                .find(|(name, _)| *name == wanted);
            found
                .map(|(_, names)| names.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default()
        };
        let mut world = Self {
            women: names("women"),
            men: names("men"),
            surnames: names("surnames"),
            invented: InventedNames {
                heads: names("head"),
                middles: names("middle"),
                women: names("woman"),
                men: names("man"),
                surname_heads: names("surhead"),
                surname_tails: names("surtail"),
            },
            lists: lists(&read("lists.txt", include_str!("../grammar/lists.txt")))?,
            asides: asides(&read("asides.txt", include_str!("../grammar/asides.txt")))?,
            training: Vec::new(),
            held_out: Vec::new(),
        };
        for (file, text) in FAMILIES {
            let mut families = family::parse(&read(file, text))?;
            if file == HELD_OUT {
                world.held_out.extend(families);
            } else {
                families
                    .iter_mut()
                    .for_each(|family| family.invents_names = true);
                world.training.extend(families);
            }
        }
        Ok(world)
    }

    /// Entries of a shared list; `None` if no list has this name.
    pub(crate) fn list(&self, name: &str) -> Option<&[Entry]> {
        self.lists
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, entries)| entries.as_slice())
    }

    /// The asides that fit a setting; empty if the setting has no asides.
    pub(crate) fn asides(&self, setting: &str) -> &[Vec<Step>] {
        self.asides
            .iter()
            .find(|(known, _)| known == setting)
            .map_or(&[], |(_, asides)| asides)
    }
}

fn lists(lines: &[Line]) -> Result<Vec<(String, Vec<Entry>)>, GrammarError> {
    let list = |line: &Line| {
        let (name, right) =
            definition(&line.text).ok_or_else(|| line.error("a list is `name = entries`"))?;
        match Spec::parse(right).map_err(|problem| line.error(problem))? {
            Spec::Entries(entries) => Ok((name.to_owned(), entries)),
            _ => Err(line.error("a shared list has entries only")),
        }
    };
    lines.iter().map(list).collect()
}

fn asides(lines: &[Line]) -> Result<Asides, GrammarError> {
    let mut asides = Asides::new();
    let mut unread = lines;
    while let Some((line, after)) = unread.split_first() {
        if let Some(setting) = line.text.strip_prefix("== ") {
            asides.push((setting.to_owned(), Vec::new()));
            unread = after;
            continue;
        }
        let end = unread
            .iter()
            .position(|line| line.text == "-" || line.text.starts_with("== "))
            .unwrap_or(unread.len());
        let (mut exchange, after) = unread.split_at(end);
        let steps = family::steps(&mut exchange, false)?;
        match asides.last_mut() {
            Some((_, exchanges)) if !steps.is_empty() => exchanges.push(steps),
            _ => return Err(line.error("an aside needs a setting (`== phone`) and turns")),
        }
        unread = after
            .split_first()
            .filter(|(line, _)| line.text == "-")
            .map_or(after, |(_, behind)| behind);
    }
    Ok(asides)
}
