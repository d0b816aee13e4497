//! Arguments of `pretrain`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde::{Deserialize, Serialize};

#[derive(Debug, ClapArgs)]
pub(crate) struct Pretrain {
    /// Folder of the new model
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Go on with the training in DIR, with its settings
    #[arg(long)]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) settings: PretrainSettings,
}

/// What is kept beside the model, so that a training goes on as it began.
#[derive(Debug, Clone, PartialEq, ClapArgs, Serialize, Deserialize)]
pub(crate) struct PretrainSettings {
    /// Text to learn: JSON Lines with "text" or "messages", or plain text
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "resume")]
    pub(crate) corpus: Vec<PathBuf>,
    /// Text to validate on, of the same kinds [default: a fiftieth of the corpus]
    #[arg(long, value_name = "FILE")]
    pub(crate) validation: Option<PathBuf>,
    /// Go on from this model instead of random weights; its tokenizer stays
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
    /// Tokens of a new vocabulary
    #[arg(long, default_value_t = 4096, value_name = "N")]
    pub(crate) vocab_size: usize,
    /// Width of a new model
    #[arg(long, default_value_t = 256, value_name = "N")]
    pub(crate) hidden_size: usize,
    /// Width of its gated MLP
    #[arg(long, default_value_t = 704, value_name = "N")]
    pub(crate) intermediate_size: usize,
    /// Its blocks
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub(crate) layers: usize,
    /// Its query heads
    #[arg(long, default_value_t = 4, value_name = "N")]
    pub(crate) heads: usize,
    /// Its heads of keys and values
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub(crate) kv_heads: usize,
    /// Its longest sequence
    #[arg(long, default_value_t = 512, value_name = "TOKENS")]
    pub(crate) context: usize,
    /// How often the corpus is read
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub(crate) epochs: f64,
    /// End after this many minutes, if the epochs have not; the result then depends on this machine's speed
    #[arg(long, value_name = "N")]
    pub(crate) minutes: Option<f64>,
    /// End after this many updates, if the epochs have not; the learning rate is that of the full length
    #[arg(long, value_name = "N")]
    pub(crate) updates: Option<usize>,
    /// Highest learning rate [default: 2e-3 from random weights, 2e-4 from a model]
    #[arg(long, value_name = "RATE")]
    pub(crate) lr: Option<f64>,
    /// Tokens of an update
    #[arg(long, default_value_t = 8192, value_name = "TOKENS")]
    pub(crate) batch_tokens: usize,
    /// Updates between validations, samples and checkpoints
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) eval_every: usize,
    /// Random weights and the order of the text
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Write the model in f32 instead of bf16
    #[arg(long)]
    pub(crate) f32: bool,
}
