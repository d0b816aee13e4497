//! How a conversation is written down: in the right form, or in one of the wrong forms that models produce.

use crate::random::Dice;
use crate::{Item, Turn};

/// A form in which a conversation is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `Name: text`, one turn per line: the right form.
    Plain,
    /// The text of each turn on a line, without its speaker.
    NoLabels,
    /// `Name: text`, but every third line lacks the name.
    SomeLabels,
    /// `- text`, without names.
    Dashes,
    /// `"text"`, without names.
    Quotes,
    /// `"text", says Name.`
    Narrated,
    /// `[10:32] Name: text`.
    Timestamps,
    /// `**Name**: text`.
    Bold,
    /// `1. Name: text`.
    Numbered,
    /// `Name - text`.
    DashedNames,
    /// The name on one line, the text on the next.
    NameAbove,
    /// The turns of the right form, all on one line.
    OneLine,
    /// A line `Here is the dialogue:`, then the right form.
    Preamble,
    /// Half of the turns, then half the words of the next turn without its speaker.
    BrokenOff,
    /// The summary again, in place of a conversation.
    Summary,
    /// The right form, then a sentence that names the topic.
    Commentary,
    /// The first two turns, the second of them five times in all.
    Looped,
    /// Every turn under the name of the first speaker.
    OneSpeaker,
}

impl Format {
    /// Every form except [`Self::Plain`].
    pub const WRONG: [Self; 17] = [
        Self::NoLabels,
        Self::SomeLabels,
        Self::Dashes,
        Self::Quotes,
        Self::Narrated,
        Self::Timestamps,
        Self::Bold,
        Self::Numbered,
        Self::DashedNames,
        Self::NameAbove,
        Self::OneLine,
        Self::Preamble,
        Self::BrokenOff,
        Self::Summary,
        Self::Commentary,
        Self::Looped,
        Self::OneSpeaker,
    ];

    /// Draws a form: the right one, or with a probability of `wrong_percent` one of the wrong ones, all equally likely.
    pub fn draw(dice: &mut Dice, wrong_percent: usize) -> Self {
        if dice.chance(wrong_percent) {
            dice.pick(&Self::WRONG).copied().unwrap_or(Self::Plain)
        } else {
            Self::Plain
        }
    }

    /// Returns the conversation's text in this form, without a line break at its end.
    pub fn write(self, item: &Item) -> String {
        let turns = &item.dialogue;
        let lines = |line: &dyn Fn(usize, &Turn) -> String| {
            turns
                .iter()
                .enumerate()
                .map(|(index, turn)| line(index, turn))
                .collect::<Vec<_>>()
                .join("\n")
        };
        match self {
            Self::Plain => lines(&|_, turn| plain(turn)),
            Self::NoLabels => lines(&|_, turn| turn.text.clone()),
            Self::SomeLabels => lines(&|index, turn| {
                if index % 3 == 1 {
                    turn.text.clone()
                } else {
                    plain(turn)
                }
            }),
            Self::Dashes => lines(&|_, turn| format!("- {}", turn.text)),
            Self::Quotes => lines(&|_, turn| format!("\"{}\"", turn.text)),
            Self::Narrated => lines(&narrated),
            Self::Timestamps => lines(&|index, turn| {
                format!(
                    "[{}:{:02}] {}",
                    9 + index / 20,
                    3 * (index % 20),
                    plain(turn)
                )
            }),
            Self::Bold => lines(&|_, turn| format!("**{}**: {}", turn.speaker, turn.text)),
            Self::Numbered => lines(&|index, turn| format!("{}. {}", index + 1, plain(turn))),
            Self::DashedNames => lines(&|_, turn| format!("{} - {}", turn.speaker, turn.text)),
            Self::NameAbove => lines(&|_, turn| format!("{}\n{}", turn.speaker, turn.text)),
            Self::OneLine => lines(&|_, turn| plain(turn)).replace('\n', " "),
            Self::Preamble => format!("Here is the dialogue:\n{}", item.to_text()),
            Self::BrokenOff => broken_off(turns),
            Self::Summary => item.summary.clone(),
            Self::Commentary => format!(
                "{}\nThis conversation is about {}.",
                item.to_text(),
                item.topic
            ),
            Self::Looped => looped(turns),
            Self::OneSpeaker => {
                let name = turns.first().map_or("", |turn| turn.speaker.as_str());
                lines(&|_, turn| format!("{name}: {}", turn.text))
            }
        }
    }
}

fn plain(turn: &Turn) -> String {
    format!("{}: {}", turn.speaker, turn.text)
}

fn narrated(index: usize, turn: &Turn) -> String {
    let verb = ["says", "answers", "says", "replies"][index % 4];
    let text = turn.text.trim_end_matches('.');
    let mark = if text.ends_with(['?', '!']) { "" } else { "," };
    format!("\"{text}{mark}\" {verb} {}.", turn.speaker)
}

/// Half of the turns, then the first half of the next turn's words without its speaker.
fn broken_off(turns: &[Turn]) -> String {
    let (kept, dropped) = turns.split_at(turns.len() / 2);
    let mut lines: Vec<String> = kept.iter().map(plain).collect();
    if let Some(turn) = dropped.first() {
        let words: Vec<&str> = turn.text.split(' ').collect();
        lines.push(words[..words.len().div_ceil(2)].join(" "));
    }
    lines.join("\n")
}

/// The first turn once, then the second turn five times.
fn looped(turns: &[Turn]) -> String {
    let mut lines: Vec<String> = turns.iter().take(2).map(plain).collect();
    if let Some(last) = lines.last().cloned() {
        lines.extend(std::iter::repeat_n(last, 4));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Style;

    fn item() -> Item {
        let turn = |speaker: &str, text: &str| Turn {
            speaker: speaker.into(),
            text: text.into(),
        };
        Item {
            family: "f".into(),
            topic: "a lost key".into(),
            summary: "Ana looks for a key.".into(),
            style: Style::One,
            dialogue: vec![
                turn("Ana", "Where is the key?"),
                turn("Bo", "Here it is."),
                turn("Ana", "Ah, thanks a lot."),
            ],
        }
    }

    #[test]
    fn forms_by_hand() {
        let item = item();
        assert_eq!(
            item.to_text(),
            "Ana: Where is the key?\nBo: Here it is.\nAna: Ah, thanks a lot."
        );
        assert!(
            Format::Narrated
                .write(&item)
                .starts_with("\"Where is the key?\" says Ana.\n\"Here it is,\" answers Bo.")
        );
        assert_eq!(
            Format::BrokenOff.write(&item),
            "Ana: Where is the key?\nHere it"
        );
        assert_eq!(
            Format::Timestamps.write(&item).lines().nth(1),
            Some("[9:03] Bo: Here it is.")
        );
        assert_eq!(Format::OneLine.write(&item).lines().count(), 1);
    }

    #[test]
    fn a_wrong_form_comes_as_often_as_asked() {
        let mut dice = Dice::new(1, 0, 0);
        let wrong = (0..4000)
            .filter(|_| Format::draw(&mut dice, 35) != Format::Plain)
            .count();
        // 1,400 expected, standard deviation 30.
        assert!((1_250..1_550).contains(&wrong), "{wrong}");
        assert!((0..500).all(|_| Format::draw(&mut dice, 0) == Format::Plain));
    }
}
