//! `cargo xtask duo-mini`: the bundled base model, from nothing: the invented corpus, a tokenizer, the training, the
//! files of `models/duo-mini` that are computed. Its card and sample are not.

use std::fs;

use anyhow::{Context, Result};

use crate::build;
use crate::corpus;
use crate::place::Place;
use crate::process::{self, command};
use crate::setup::{self, Need};

/// What the committed model was made with. Another number anywhere makes another model.
const CORPUS: (u64, u64, usize) = (1, 66_000, 45);
const TRAINING: [&str; 10] =
    ["--epochs", "1", "--seed", "1", "--batch-tokens", "2048", "--lr", "1.5e-3", "--eval-every", "500"];

/// The files that a model is.
const FILES: [&str; 4] = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

/// Makes the model anew, or goes on where it was interrupted, and puts its files in place.
pub(crate) fn run(place: &Place) -> Result<bool> {
    setup::machine(place, Need::Engine)?;
    build::engine(place)?;
    let folder = place.target.join("duo-mini");
    let (text, model) = (folder.join("corpus"), folder.join("model"));
    let mut pretrain = command::<&str>(place, &place.program("release", "duologue").to_string_lossy(), &[]);
    pretrain.arg("pretrain").arg("--out").arg(&model);
    if model.join("pretrain.safetensors").is_file() {
        say!("going on with {}", model.display());
        pretrain.arg("--resume");
    } else {
        let (seed, items, wrong) = CORPUS;
        corpus::run(place, &corpus::Options { out: text.clone(), seed, items, wrong })?;
        pretrain.arg("--corpus").arg(text.join("train.jsonl"));
        pretrain.arg("--validation").arg(text.join("val.jsonl")).args(TRAINING);
    }
    process::run(pretrain)?;
    let to = place.root.join("models").join("duo-mini");
    for file in FILES {
        fs::copy(model.join(file), to.join(file))
            .with_context(|| format!("{file} cannot be put into {}", to.display()))?;
    }
    say!("the model is in {}", to.display());
    Ok(true)
}
