//! `cargo xtask duo-mini` makes the bundled base model from scratch: the invented corpus, a tokenizer, and training in
//! three lessons. It writes the computed files of `models/duo-mini`, which are all but the model's card and sample.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::build;
use crate::corpus;
use crate::place::Place;
use crate::process::{self, command};
use crate::setup::{self, Need};

/// Training on a corpus of its own, continuing with the model of the previous lesson.
struct Lesson {
    name: &'static str,
    seed: u64,
    items: u64,
    lists: usize,
    list_words: usize,
    training: &'static [&'static str],
}

/// How many dialogues in a hundred are in a wrong form.
const WRONG: usize = 45;

/// The lessons with which the committed model was made. Changing any number makes a different model.
///
/// A small model first learns the turns of phrase of a dialogue and only last how to copy from it. With so few tokens,
/// last is too late. Short lists teach copying within a hundred updates to a model that knows the words, and the third
/// lesson carries this over to conversations.
const LESSONS: [Lesson; 3] = [
    Lesson {
        name: "conversations",
        seed: 1,
        items: 66_000,
        lists: 0,
        list_words: 60,
        training: &[
            "--seed",
            "1",
            "--batch-tokens",
            "4096",
            "--eval-every",
            "250",
            "--updates",
            "2065",
        ],
    },
    Lesson {
        name: "lists",
        seed: 2,
        items: 18_000,
        lists: 100,
        list_words: 8,
        training: &[
            "--seed",
            "2",
            "--batch-tokens",
            "2048",
            "--eval-every",
            "40",
            "--lr",
            "1e-3",
        ],
    },
    Lesson {
        name: "both",
        seed: 3,
        items: 42_000,
        lists: 25,
        list_words: 60,
        training: &[
            "--seed",
            "3",
            "--batch-tokens",
            "2048",
            "--eval-every",
            "250",
            "--lr",
            "1.5e-3",
        ],
    },
];

/// Names of the files that make up a model.
const FILES: [&str; 4] = [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
];

/// Makes the model from scratch, or resumes where an earlier call was interrupted, and puts the model's files in place.
pub(crate) fn run(place: &Place) -> Result<bool> {
    setup::machine(place, Need::Engine)?;
    build::engine(place)?;
    let folder = place.target.join("duo-mini");
    let mut model: Option<PathBuf> = None;
    for lesson in &LESSONS {
        model = Some(take(place, &folder, lesson, model.as_deref())?);
    }
    let model = model.context("there is no lesson")?;
    let to = place.duo_mini();
    for file in FILES {
        fs::copy(model.join(file), to.join(file))
            .with_context(|| format!("{file} cannot be put into {}", to.display()))?;
    }
    say!("the model is in {}", to.display());
    Ok(true)
}

/// Carries out a lesson, unless it is already finished, and returns its model folder.
fn take(place: &Place, folder: &Path, lesson: &Lesson, from: Option<&Path>) -> Result<PathBuf> {
    let Lesson {
        name,
        seed,
        items,
        lists,
        list_words,
        training,
    } = *lesson;
    let (text, model) = (folder.join(format!("corpus-{name}")), folder.join(name));
    let over = folder.join(format!("{name}.over"));
    if over.is_file() {
        return Ok(model);
    }
    let mut pretrain = command::<&str>(
        place,
        &place.program("release", "duologue").to_string_lossy(),
        &[],
    );
    pretrain.arg("pretrain").arg("--out").arg(&model);
    if model.join("pretrain.safetensors").is_file() {
        say!("going on with {}", model.display());
        pretrain.arg("--resume");
    } else {
        setup::remove_folder(&model)?;
        let options = corpus::Options {
            out: text.clone(),
            seed,
            items,
            wrong: WRONG,
            lists,
            list_words,
        };
        corpus::run(place, &options)?;
        pretrain.arg("--corpus").arg(text.join("train.jsonl"));
        pretrain
            .arg("--validation")
            .arg(text.join("val.jsonl"))
            .args(training);
        if let Some(from) = from {
            pretrain.arg("--from").arg(from);
        }
    }
    process::run(pretrain)?;
    fs::write(&over, "").with_context(|| format!("{} cannot be written", over.display()))?;
    Ok(model)
}
