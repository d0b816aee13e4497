//! A corpus of our own: everyday and workplace conversations with faithful summaries and topics, invented here.
//!
//! A conversation is a pure function of seed and number. Grammar files in `grammar/` hold families of conversations
//! (the header of `family.rs` describes their
//! form): the facts of a family are drawn first, then dialogue and summary are
//! told from the same facts, so a summary is faithful by construction, even if a speaker corrects himself. The corpus
//! trains the bundled base model and fills the sample project; none of its text comes from a data set.
//!
//! Flow: grammar files → `world` → `tell` (facts, flow, asides, summary) → [`Item`] → [`surface`] (how it is written
//! down) → [`diversity`] (how varied it is).

pub mod diversity;
mod facts;
mod family;
mod lines;
mod pattern;
mod people;
mod polish;
pub mod random;
pub mod surface;
mod tell;
#[cfg(test)]
mod tests;
mod world;

pub use lines::GrammarError;

use random::Dice;
use world::World;

/// One conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The family it belongs to.
    pub family: String,
    /// What it is about, in a few words.
    pub topic: String,
    /// What was said, in the third person.
    pub summary: String,
    /// How the summary is written.
    pub style: Style,
    /// Who says what.
    pub dialogue: Vec<Turn>,
}

/// One utterance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The speaker's label.
    pub speaker: String,
    /// What is said, on one line.
    pub text: String,
}

/// How a summary is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// One sentence.
    One,
    /// Two or three sentences.
    Two,
    /// A terse note.
    Note,
}

/// Which families conversations come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those that the base model is trained on.
    Training,
    /// Those of `grammar/held_out.txt`, which it has never seen: the sample project's.
    HeldOut,
}

/// The grammar, read and ready to tell conversations.
#[derive(Clone, Debug)]
pub struct Corpus {
    world: World,
}

impl Item {
    /// The conversation in the form that Duologue reads: one `Name: text` line per turn.
    pub fn to_text(&self) -> String {
        surface::Format::Plain.write(self)
    }
}

impl Corpus {
    /// Reads the built-in grammar.
    ///
    /// # Errors
    /// [`GrammarError`] names the file and line that cannot be read; the built-in files have none.
    pub fn load() -> Result<Self, GrammarError> {
        World::load().map(|world| Self { world })
    }

    /// The names of a part's families.
    pub fn families(&self, part: Part) -> Vec<&str> {
        self.part(part)
            .iter()
            .map(|family| family.name.as_str())
            .collect()
    }

    /// Conversation `index` of a seed: the same on every platform. Styles of the summary are mixed.
    pub fn item(&self, part: Part, seed: u64, index: u64) -> Item {
        let style = match Dice::new(seed, index, STYLE).below(10) {
            0..4 => Style::One,
            4..8 => Style::Two,
            _ => Style::Note,
        };
        self.styled_item(part, style, seed, index)
    }

    /// Conversation `index` of a seed with a summary of this style.
    pub fn styled_item(&self, part: Part, style: Style, seed: u64, index: u64) -> Item {
        let purpose = if part == Part::Training {
            STORY
        } else {
            HELD_OUT_STORY
        };
        let mut dice = Dice::new(seed, index, purpose);
        let families = self.part(part);
        let family = &families[dice.below(families.len())];
        tell::tell(&self.world, family, style, dice)
    }

    fn part(&self, part: Part) -> &[family::Family] {
        match part {
            Part::Training => &self.world.training,
            Part::HeldOut => &self.world.held_out,
        }
    }
}

/// The purposes of an item's dice.
const STORY: u64 = 1;
const STYLE: u64 = 2;
const HELD_OUT_STORY: u64 = 3;
