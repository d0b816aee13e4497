//! `cargo xtask corpus`: training text for the bundled base model and the sample project, from the invented corpus.
//!
//! Each conversation becomes a chat of a few messages that carries out one task of the method: summarize, name the
//! topic, write a summary on a topic, or write a dialogue from a summary. Some become an exercise in copying. Half of
//! the instructions are the method's own (`crates/project/prompts`); the others say the same in other words. Summaries
//! and topics are always right. Some of the dialogues are written down in a wrong form, so that the model has something
//! to learn from the method.

mod json;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use corpus::diversity::{Report, nearly_repeats};
use corpus::random::Dice;
use corpus::surface::Format;
use corpus::{Corpus, Item, Part, Style};

use crate::place::Place;
use json::{chat, pair};

/// The options of `cargo xtask corpus`.
#[derive(Debug)]
pub(crate) struct Options {
    /// Folder that the files are written to.
    pub(crate) out: PathBuf,
    /// Seed of all random numbers: with equal options, the same seed gives the same files.
    pub(crate) seed: u64,
    /// Number of training items.
    pub(crate) items: u64,
    /// Percentage of dialogues that are in a wrong form.
    pub(crate) wrong: usize,
    /// Percentage of items that are short lists of words to be repeated.
    pub(crate) lists: usize,
    /// Number of words in the longest such list.
    pub(crate) list_words: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            out: PathBuf::new(),
            seed: 1,
            items: 60_000,
            wrong: 35,
            lists: 0,
            list_words: 60,
        }
    }
}

/// Training items for each validation item.
const TRAIN_PER_VALIDATION: u64 = 50;
/// The most validation items: they are scored again and again.
const VALIDATION: u64 = 300;
/// Training pairs of the sample project.
const SHOTS: usize = 120;
/// Test pairs of the sample project.
const TEST: usize = 320;
/// The most items that the table of diversity is computed from.
const MEASURED: u64 = 4_000;

/// The most words that two dialogues in one chat have together.
const TWO_DIALOGUES_WORDS: usize = 200;

/// Purposes of the dice that draw tasks (see [`Dice::new`]); the corpus itself uses small numbers.
const TASK: u64 = 100;
const LIST: u64 = 101;

/// Writes `train.jsonl`, `val.jsonl`, `shots.jsonl` and `test.jsonl`, and prints the table of diversity.
pub(crate) fn run(place: &Place, options: &Options) -> Result<bool> {
    let corpus = Corpus::load()?;
    let tasks = Tasks {
        corpus: &corpus,
        words: Words::read(&place.root)?,
        options,
    };
    fs::create_dir_all(&options.out)
        .with_context(|| format!("{} cannot be made", options.out.display()))?;
    let validation = (options.items / TRAIN_PER_VALIDATION).min(VALIDATION);
    save(
        &options.out,
        "train.jsonl",
        (0..options.items).map(|index| tasks.record(index)),
    )?;
    save(
        &options.out,
        "val.jsonl",
        (options.items..options.items + validation).map(|index| tasks.record(index)),
    )?;
    let sample = sample(&corpus, options.seed);
    save(
        &options.out,
        "shots.jsonl",
        sample[..SHOTS]
            .iter()
            .enumerate()
            .map(|(n, item)| pair("shot", n, item)),
    )?;
    save(
        &options.out,
        "test.jsonl",
        sample[SHOTS..]
            .iter()
            .enumerate()
            .map(|(n, item)| pair("test", n, item)),
    )?;
    let told = |index| corpus.item(Part::Training, options.seed, index);
    let measured: Vec<Item> = (0..options.items.min(MEASURED)).map(told).collect();
    say!("{}", Report::of(&measured));
    Ok(true)
}

fn save(folder: &Path, name: &str, lines: impl Iterator<Item = String>) -> Result<()> {
    let (mut text, mut count) = (String::new(), 0);
    for line in lines {
        text.push_str(&line);
        text.push('\n');
        count += 1;
    }
    let path = folder.join(name);
    host::file::write(&path, text.as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))?;
    say!("{count} lines in {}", path.display());
    Ok(())
}

/// The sample project's pairs, first the shots, then the test pairs. They come from held-out families and have
/// summaries of one style, and no dialogue nearly repeats another.
fn sample(corpus: &Corpus, seed: u64) -> Vec<Item> {
    let mut sample: Vec<Item> = Vec::new();
    let told = (0..).map(|index| corpus.styled_item(Part::HeldOut, Style::Two, seed, index));
    for item in told {
        if sample.len() == SHOTS + TEST {
            break;
        }
        if !sample
            .iter()
            .any(|earlier| nearly_repeats(&earlier.to_text(), &item.to_text()))
        {
            sample.push(item);
        }
    }
    sample
}

/// An instruction in several wordings, the method's first.
type Wordings = Vec<String>;

/// The instructions of the method's four tasks.
struct Words {
    summarize: Wordings,
    topic: Wordings,
    summary: Wordings,
    dialogue: Wordings,
}

impl Words {
    fn read(root: &Path) -> Result<Self> {
        let wordings = |file: &str, others: &[&str]| -> Result<Wordings> {
            let path = root.join("crates/project/prompts").join(file);
            let prompt = fs::read_to_string(&path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            Ok([prompt.as_str()]
                .iter()
                .chain(others)
                .map(|&text| text.to_owned())
                .collect())
        };
        Ok(Self {
            summarize: wordings("summarize.txt", &SUMMARIZE)?,
            topic: wordings("topic.txt", &TOPIC)?,
            summary: wordings("summary.txt", &SUMMARY)?,
            dialogue: wordings("dialogue.txt", &DIALOGUE)?,
        })
    }
}

const SUMMARIZE: [&str; 5] = [
    "Summarize this dialogue.",
    "Write a short summary of this conversation.",
    "What do these people talk about? Answer in one to three sentences.",
    "Sum up the following conversation.",
    "Please summarize the conversation below.",
];
const TOPIC: [&str; 4] = [
    "What is the topic of this summary?",
    "Give the topic of this summary in a few words.",
    "What is this summary about? Answer in a few words.",
    "Name the topic.",
];
const SUMMARY: [&str; 4] = [
    "Write a summary about:",
    "Write a short summary of a dialogue about:",
    "Invent a conversation and write its summary. Topic:",
    "Write one to three sentences on a conversation about:",
];
const DIALOGUE: [&str; 5] = [
    "Write a dialogue for this summary.",
    "Write the conversation that belongs to this summary.",
    "Turn this summary into a dialogue.",
    "Write a conversation between the people in this summary.",
    "Write a dialogue between the people in this summary.",
];

// Two exercises in copying: what a summarizer needs most, and what a small model learns last.
const REWRITE: [&str; 3] = [
    "Write this conversation with one line per turn: the name, a colon, what is said.",
    "Write this dialogue again, each turn on its own line after the speaker's name and a colon.",
    "Put this conversation into the form `Name: text`.",
];
const REPEAT: [&str; 2] = [
    "Repeat these words.",
    "Say these words again in the same order.",
];

/// The wrong forms that keep the words and the speaker of every turn.
const COMPLETE: [Format; 7] = [
    Format::Narrated,
    Format::Timestamps,
    Format::Bold,
    Format::Numbered,
    Format::DashedNames,
    Format::NameAbove,
    Format::OneLine,
];

/// Turns each conversation into a chat.
struct Tasks<'c> {
    corpus: &'c Corpus,
    words: Words,
    options: &'c Options,
}

impl Tasks<'_> {
    /// The chat of conversation `index` as a line of JSON.
    fn record(&self, index: u64) -> String {
        let mut dice = Dice::new(self.options.seed, index, LIST);
        if dice.chance(self.options.lists) {
            // Most lists are short. With long lists alone, a model does not learn to copy within millions of tokens;
            // with short lists it learns to within a hundred updates.
            let longer = dice.below(self.options.list_words.saturating_sub(1)) + 1;
            return self.repeat(index, 2, longer, &mut dice);
        }
        let item = self.item(index);
        let mut dice = Dice::new(self.options.seed, index, TASK);
        match dice.below(100) {
            0..34 => self.dialogue(&item, &mut dice),
            34..68 => self.summarize(&item, index, &mut dice),
            68..79 => self.summary(&item, index, &mut dice),
            79..87 => self.topic(&item, index, &mut dice),
            87..94 => rewrite(&item, &mut dice),
            _ => self.repeat(index, 8, 33, &mut dice),
        }
    }

    fn item(&self, index: u64) -> Item {
        self.corpus.item(Part::Training, self.options.seed, index)
    }

    /// Further conversations for the chat of conversation `index`, as examples or for their words.
    fn others(&self, index: u64, count: usize) -> impl Iterator<Item = Item> {
        (1..=count as u64).map(move |other| self.item((1 << 40) + index * 8 + other))
    }

    /// A chat that asks for the dialogue of a summary; `options.wrong` percent of the answers are in a wrong form.
    fn dialogue(&self, item: &Item, dice: &mut Dice) -> String {
        let asked = format!("{}\n\n{}", worded(&self.words.dialogue, dice), item.summary);
        chat(&[(asked, Format::draw(dice, self.options.wrong).write(item))])
    }

    /// A chat that asks for a summary. In one of five, a worked example comes first if both dialogues together are
    /// short enough for a small context.
    fn summarize(&self, item: &Item, index: u64, dice: &mut Dice) -> String {
        let words = worded(&self.words.summarize, dice);
        let turn = |item: &Item| {
            (
                format!("{words}\n\n{}", item.to_text()),
                item.summary.clone(),
            )
        };
        let length = |item: &Item| item.to_text().split_whitespace().count();
        let fits = |other: &Item| length(other) + length(item) <= TWO_DIALOGUES_WORDS;
        let worked = usize::from(dice.chance(20));
        let turns: Vec<_> = self
            .others(index, worked)
            .filter(fits)
            .map(|other| turn(&other))
            .chain([turn(item)])
            .collect();
        chat(&turns)
    }

    /// A chat that asks for a summary on a topic. Half of these chats first show other summaries as examples of the
    /// style, as the method's prompt does.
    fn summary(&self, item: &Item, index: u64, dice: &mut Dice) -> String {
        let mut asked = String::new();
        if dice.chance(50) {
            asked.push_str("Here are examples of such summaries:\n\n");
            for other in self.others(index, 2 + dice.below(4)) {
                // Writing to a string cannot fail.
                let _ = writeln!(asked, "- {}", other.summary);
            }
            asked.push('\n');
        }
        let _ = write!(
            asked,
            "{} {}",
            worded(&self.words.summary, dice),
            item.topic
        );
        chat(&[(asked, item.summary.clone())])
    }

    /// A chat that asks to repeat words of several conversations in random order: at least `least` words, and fewer
    /// than `spread` more.
    fn repeat(&self, index: u64, least: usize, spread: usize, dice: &mut Dice) -> String {
        let told: Vec<String> = self.others(index, 4).map(|item| item.to_text()).collect();
        let mut words: Vec<&str> = told
            .iter()
            .flat_map(|text| text.split_whitespace())
            .collect();
        dice.shuffle(&mut words);
        words.truncate(least + dice.below(spread));
        let words = words.join(" ");
        chat(&[(
            format!(
                "{}\n\n{words}",
                dice.pick(&REPEAT).copied().unwrap_or_default()
            ),
            words,
        )])
    }

    /// A chat that asks for the topic of a summary. Half of these chats first have one to three worked examples, as the
    /// method's prompt does.
    fn topic(&self, item: &Item, index: u64, dice: &mut Dice) -> String {
        let words = worded(&self.words.topic, dice);
        let turn = |item: &Item| (format!("{words}\n\n{}", item.summary), item.topic.clone());
        let worked = if dice.chance(50) {
            1 + dice.below(3)
        } else {
            0
        };
        let turns: Vec<_> = self
            .others(index, worked)
            .map(|other| turn(&other))
            .chain([turn(item)])
            .collect();
        chat(&turns)
    }
}

/// A chat that asks for the right form of a conversation, which it gives in a wrong form of [`COMPLETE`].
fn rewrite(item: &Item, dice: &mut Dice) -> String {
    let words = dice.pick(&REWRITE).copied().unwrap_or_default();
    let form = dice.pick(&COMPLETE).copied().unwrap_or(Format::Plain);
    chat(&[(format!("{words}\n\n{}", form.write(item)), item.to_text())])
}

/// Draws a wording: half of the time the method's own, otherwise any of them.
fn worded<'w>(wordings: &'w Wordings, dice: &mut Dice) -> &'w str {
    let index = if dice.chance(50) {
        0
    } else {
        dice.below(wordings.len())
    };
    wordings.get(index).map_or("", String::as_str)
}

/// Reads the options of `cargo xtask corpus` from its arguments.
pub(crate) fn options(arguments: &[String]) -> Result<Options> {
    let mut options = Options::default();
    let mut words = arguments.iter();
    while let Some(argument) = words.next() {
        let Some(value) = words.next() else {
            bail!("{argument} needs a value; `cargo xtask --help` says which");
        };
        let wrong = || format!("{argument} takes a whole number, not `{value}`");
        match argument.as_str() {
            "--out" => options.out = PathBuf::from(value),
            "--seed" => options.seed = value.parse().with_context(wrong)?,
            "--items" => options.items = value.parse().with_context(wrong)?,
            "--wrong" => options.wrong = value.parse().with_context(wrong)?,
            "--lists" => options.lists = value.parse().with_context(wrong)?,
            "--list-words" => options.list_words = value.parse().with_context(wrong)?,
            _ => bail!("corpus does not know `{argument}`; `cargo xtask --help` lists its options"),
        }
    }
    if options.out.as_os_str().is_empty() {
        bail!("corpus needs a folder to write to: `cargo xtask corpus --out DIR`");
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(wrong: usize, count: u64) -> Vec<String> {
        let corpus = Corpus::load().unwrap();
        let options = Options {
            wrong,
            ..Options::default()
        };
        let words = Words::read(&Place::find().unwrap().root).unwrap();
        let tasks = Tasks {
            corpus: &corpus,
            words,
            options: &options,
        };
        (0..count).map(|index| tasks.record(index)).collect()
    }

    #[test]
    fn every_task_and_wording_comes() {
        let text = lines(35, 2_000).join("\n");
        let words = Words::read(&Place::find().unwrap().root).unwrap();
        let copying = REWRITE
            .iter()
            .chain(&REPEAT)
            .map(|&wording| wording.to_owned())
            .collect();
        for wording in [
            words.summarize,
            words.topic,
            words.summary,
            words.dialogue,
            copying,
        ]
        .concat()
        {
            assert!(text.contains(&wording), "{wording}");
        }
        assert!(text.contains("Here are examples of such summaries:\\n\\n- "));
    }

    #[test]
    fn dialogues_are_wrong_only_where_asked() {
        let wrong = |lines: &[String]| {
            lines
                .iter()
                .filter(|line| line.contains("Here is the dialogue:"))
                .count()
        };
        assert_eq!(wrong(&lines(0, 1_000)), 0);
        assert!(wrong(&lines(100, 1_000)) > 5);
    }

    #[test]
    fn options_name_what_is_wrong() {
        let read = |line: &str| {
            options(
                &line
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            )
        };
        let given = read("--out o --seed 4 --items 9 --wrong 0").unwrap();
        assert_eq!((given.seed, given.items, given.wrong), (4, 9, 0));
        assert!(
            read("--seed 4")
                .unwrap_err()
                .to_string()
                .contains("--out DIR")
        );
        assert!(
            read("--out o --items many")
                .unwrap_err()
                .to_string()
                .contains("`many`")
        );
        assert!(
            read("--out")
                .unwrap_err()
                .to_string()
                .contains("--out needs a value")
        );
    }
}
