//! Who speaks and who is spoken of: names with their pronouns, and roles without a name.

use crate::random::Dice;
use crate::world::{InventedNames, World};

/// How many people in a hundred have an invented name, in families that want it.
const INVENTED: usize = 40;

/// How a person is drawn.
#[derive(Clone, Debug)]
pub(crate) enum Cast {
    /// A first name; only a woman's or a man's if a gender is given.
    First(Option<Gender>),
    /// `Ms. Lind`, `Mr. Okafor`.
    Title,
    /// `Dr. Pell`.
    Doctor,
    /// A role: its label, and how a sentence mentions it.
    Role { label: String, mention: String },
}

/// Which pronouns a sentence uses for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gender {
    Woman,
    Man,
}

/// A person in a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// The speaker label.
    pub(crate) label: String,
    /// How a sentence names this person.
    mention: String,
    possessive: String,
    /// `None` for a role, whose name is repeated where a pronoun would be used.
    gender: Option<Gender>,
}

impl Cast {
    /// Reads `person`, `woman`, `man`, `mr`, `dr`, `role Label` or `role Label / mention`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "person" => Self::First(None),
            "woman" => Self::First(Some(Gender::Woman)),
            "man" => Self::First(Some(Gender::Man)),
            "mr" => Self::Title,
            "dr" => Self::Doctor,
            _ => {
                let role = text.strip_prefix("role ")?;
                let (label, mention) = match role.split_once(" / ") {
                    Some((label, mention)) => (label, mention.to_owned()),
                    None => (role, format!("the {}", role.to_lowercase())),
                };
                Self::Role {
                    label: label.to_owned(),
                    mention,
                }
            }
        })
    }

    pub(crate) fn draw(&self, world: &World, invents_names: bool, dice: &mut Dice) -> Person {
        let drawn = if dice.chance(50) {
            Gender::Woman
        } else {
            Gender::Man
        };
        let gender = match self {
            Self::First(Some(gender)) => *gender,
            _ => drawn,
        };
        let title = if gender == Gender::Woman {
            "Ms."
        } else {
            "Mr."
        };
        if let Self::Role { label, mention } = self {
            return Person::new(label.clone(), mention.clone(), None);
        }
        let is_first = matches!(self, Self::First(_));
        let name = match gender {
            _ if invents_names && dice.chance(INVENTED) => {
                world.invented.draw(is_first, gender, dice)
            }
            _ if !is_first => one(&world.surnames, dice).to_owned(),
            Gender::Woman => one(&world.women, dice).to_owned(),
            Gender::Man => one(&world.men, dice).to_owned(),
        };
        let label = match self {
            Self::Title => format!("{title} {name}"),
            Self::Doctor => format!("Dr. {name}"),
            _ => name,
        };
        Person::new(label.clone(), label, Some(gender))
    }
}

impl InventedNames {
    fn draw(&self, is_first: bool, gender: Gender, dice: &mut Dice) -> String {
        if !is_first {
            return format!(
                "{}{}",
                one(&self.surname_heads, dice),
                one(&self.surname_tails, dice)
            );
        }
        let ends = if gender == Gender::Woman {
            &self.women
        } else {
            &self.men
        };
        format!(
            "{}{}{}",
            one(&self.heads, dice),
            one(&self.middles, dice),
            one(ends, dice)
        )
    }
}

fn one<'l>(list: &'l [String], dice: &mut Dice) -> &'l str {
    dice.pick(list).map_or("", String::as_str)
}

impl Person {
    fn new(label: String, mention: String, gender: Option<Gender>) -> Self {
        let possessive = format!("{mention}'s");
        Self {
            label,
            mention,
            possessive,
            gender,
        }
    }

    /// The form that a text asks for: `""` the mention, `call` how others address somebody (empty for a role),
    /// otherwise a form, named by its masculine.
    pub(crate) fn form(&self, form: &str) -> Option<&str> {
        let Some(gender) = self.gender else {
            return match form {
                "" | "he" | "him" => Some(&self.mention),
                "call" => Some(""),
                "his" => Some(&self.possessive),
                "label" => Some(&self.label),
                _ => None,
            };
        };
        if matches!(form, "" | "label" | "call") {
            return Some(&self.label);
        }
        let (man, woman) = FORMS.iter().find(|(man, _)| *man == form)?;
        Some(if gender == Gender::Man { man } else { woman })
    }
}

/// Forms of a man and of a woman.
const FORMS: [(&str, &str); 10] = [
    ("he", "she"),
    ("him", "her"),
    ("his", "her"),
    ("himself", "herself"),
    ("son", "daughter"),
    ("brother", "sister"),
    ("husband", "wife"),
    ("boy", "girl"),
    ("father", "mother"),
    ("uncle", "aunt"),
];
