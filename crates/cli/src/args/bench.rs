//! The arguments of `bench`: how much of what is measured.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use lm::model::packed::GgmlDType;
use lm::model::shape::Shape;
use serde::Serialize;

use super::word::word_of;

#[derive(Debug, ClapArgs)]
pub(crate) struct Bench {
    #[command(subcommand)]
    pub(crate) what: BenchWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchWhat {
    /// An update of an adapter's training, beside the least that its matrix products take
    Train(BenchTrain),
    /// Tokens per second of scoring, beside those of training's forward pass
    Score(BenchScore),
    /// Tokens per second of generation and of prompts
    Generate(BenchGenerate),
    /// How time and memory grow with each size, beside what is expected
    Growth(BenchGrowth),
    /// A whole small run: what each stage takes, and which kind of work
    Pipeline(BenchPipeline),
    /// The same work done by transformers, PEFT, TRL and llama.cpp, in turns with this program: how many times as fast
    Compare(BenchCompare),
    /// What --device computes beside the processor's f32: operations, updates and generation on random weights
    Parity,
    /// Invented rating studies without a true difference: false alarms and coverage of the intervals
    Rating(BenchRating),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchRating {
    /// Studies for each population and size
    #[arg(long, default_value_t = 1_000)]
    pub(crate) studies: usize,
    /// Seed of the studies
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// How random weights are held: dense in a number type, or packed in blocks that files hold. There are more types than
/// a recipe quantises to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weights {
    F32,
    Bf16,
    Q8_0,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q4K,
    Q6K,
}

impl Weights {
    pub(crate) const ALL: [Self; 9] = [
        Self::F32,
        Self::Bf16,
        Self::Q8_0,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q4K,
        Self::Q6K,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Q8_0 => "q8_0",
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q4K => "q4_k",
            Self::Q6K => "q6_k",
        }
    }

    /// The type of the blocks of packed weights.
    pub(crate) const fn blocks(self) -> Option<GgmlDType> {
        match self {
            Self::F32 | Self::Bf16 => None,
            Self::Q8_0 => Some(GgmlDType::Q8_0),
            Self::Q4_0 => Some(GgmlDType::Q4_0),
            Self::Q4_1 => Some(GgmlDType::Q4_1),
            Self::Q5_0 => Some(GgmlDType::Q5_0),
            Self::Q5_1 => Some(GgmlDType::Q5_1),
            Self::Q4K => Some(GgmlDType::Q4K),
            Self::Q6K => Some(GgmlDType::Q6K),
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchTrain {
    /// Shape of a model with random weights
    #[arg(long, default_value_t = Shape::M135, value_parser = word_of(&Shape::ALL, Shape::as_str), conflicts_with_all = ["data", "model"])]
    pub(crate) shape: Shape,
    /// How the weights are held [default: f32, on a card bf16]. bf16 on the processor takes the card's operations
    #[arg(
        long,
        value_parser = word_of(&Weights::ALL, Weights::as_str),
        conflicts_with_all = ["data", "model"]
    )]
    pub(crate) quant: Option<Weights>,
    /// Sequences of an update
    #[arg(long, default_value_t = 2, value_parser = positive)]
    pub(crate) batch: usize,
    /// Tokens of each sequence; all but the prompt's have a loss
    #[arg(long, default_value_t = 512, conflicts_with = "data", value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) seq: u32,
    /// Tokens of its prompt
    #[arg(long, default_value_t = 1, conflicts_with = "data", value_parser = positive)]
    pub(crate) prompt: usize,
    /// Train on preference pairs by DPO + SFT: --batch of them, two sequences each with the same prompt
    #[arg(long, conflicts_with = "data")]
    pub(crate) dpo: bool,
    /// Train on real pairs instead, loss on the summaries alone: a file as `import` takes it
    #[arg(long, value_name = "FILE", requires = "model")]
    pub(crate) data: Option<PathBuf>,
    /// The model that is trained on them
    #[arg(long, requires = "data")]
    pub(crate) model: Option<PathBuf>,
    /// Rows of the file
    #[arg(long, default_value_t = 100, requires = "data", value_parser = positive)]
    pub(crate) items: usize,
    /// Passes over them
    #[arg(long, default_value_t = 1, requires = "data", value_parser = positive)]
    pub(crate) epochs: usize,
    /// Updates that count (two more come before) [default: 5; with --data as many as the epochs have]
    #[arg(long, conflicts_with = "epochs", value_parser = positive)]
    pub(crate) steps: Option<usize>,
    /// Rank of the adapter, on all seven projections
    #[arg(long, default_value_t = 16, value_parser = positive)]
    pub(crate) rank: usize,
    /// Tokens computed at once
    #[arg(long, default_value_t = 4096, value_parser = positive)]
    pub(crate) budget_tokens: usize,
    /// Keep block inputs only and compute the rest again: less memory, more time, the same numbers
    #[arg(long)]
    pub(crate) recompute: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchScore {
    /// Shape of a model with random weights
    #[arg(long, default_value_t = Shape::M135, value_parser = word_of(&Shape::ALL, Shape::as_str))]
    pub(crate) shape: Shape,
    /// Texts that are scored
    #[arg(long, default_value_t = 16, value_parser = positive)]
    pub(crate) items: usize,
    /// Tokens before each
    #[arg(long, default_value_t = 256, value_parser = positive)]
    pub(crate) prompt: usize,
    /// Tokens of each
    #[arg(long, default_value_t = 64, value_parser = positive)]
    pub(crate) completion: usize,
    /// Rank of the adapter of training's forward pass
    #[arg(long, default_value_t = 16, value_parser = positive)]
    pub(crate) rank: usize,
    /// Tokens computed at once
    #[arg(long, default_value_t = 4096, value_parser = positive)]
    pub(crate) budget_tokens: usize,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchGenerate {
    /// Shape of a model with random weights
    #[arg(long, default_value_t = Shape::M135, value_parser = word_of(&Shape::ALL, Shape::as_str))]
    pub(crate) shape: Shape,
    /// Sequences side by side
    #[arg(long, default_value = "1,8,32", value_delimiter = ',', value_parser = positive)]
    pub(crate) batch: Vec<usize>,
    /// How the weights are held [default: f32,q8_0, on a card bf16,q8_0]
    #[arg(long, value_delimiter = ',', value_parser = word_of(&Weights::ALL, Weights::as_str))]
    pub(crate) quant: Vec<Weights>,
    /// Tokens of each prompt
    #[arg(long, default_value_t = 128, value_parser = positive)]
    pub(crate) prompt: usize,
    /// Tokens generated for each
    #[arg(long, default_value_t = 64, value_parser = positive)]
    pub(crate) new: usize,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchGrowth {
    /// Examples of the long epoch, beside one over 100
    #[arg(long, default_value_t = 10_000, value_parser = positive)]
    pub(crate) examples: usize,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchPipeline {
    /// Dialogues with summaries, a file as `import` takes it; 22 rows are used
    #[arg(long, value_name = "FILE")]
    pub(crate) data: PathBuf,
    /// Folder of the base model
    #[arg(long)]
    pub(crate) model: PathBuf,
    /// Seed of every random number
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Also write down what the engine was asked to do, call by call, for another program to do the same
    #[arg(long, value_name = "FILE")]
    pub(crate) calls: Option<PathBuf>,
}

/// What is compared with other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Compared {
    /// An update of an adapter.
    Train,
    /// The same with block inputs kept only.
    Recompute,
    /// An update of DPO + SFT.
    Dpo,
    /// Tokens generated, beside transformers.
    Generate,
    /// Tokens generated, beside llama.cpp.
    Llama,
    /// Every stage of a small run.
    Pipeline,
}

impl Compared {
    pub(crate) const ALL: [Self; 6] = [
        Self::Train,
        Self::Recompute,
        Self::Dpo,
        Self::Generate,
        Self::Llama,
        Self::Pipeline,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Recompute => "recompute",
            Self::Dpo => "dpo",
            Self::Generate => "generate",
            Self::Llama => "llama",
            Self::Pipeline => "pipeline",
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BenchCompare {
    /// What is compared [default: all; pipeline with --data and --model]
    #[arg(long, value_delimiter = ',', value_parser = word_of(&Compared::ALL, Compared::as_str))]
    pub(crate) what: Vec<Compared>,
    /// The Python that has the other programs' packages
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    pub(crate) python: PathBuf,
    /// Rounds: this program, the other, this program again
    #[arg(long, default_value_t = 1, value_parser = positive)]
    pub(crate) rounds: usize,
    /// Shape of a model with random weights
    #[arg(long, default_value_t = Shape::M135, value_parser = word_of(&Shape::ALL, Shape::as_str))]
    pub(crate) shape: Shape,
    /// Updates that count
    #[arg(long, default_value_t = 5, value_parser = positive)]
    pub(crate) steps: usize,
    /// Tokens of each training sequence, two of them in an update
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) seq: u32,
    /// Sequences generated side by side
    #[arg(long, default_value = "1,8,32", value_delimiter = ',', value_parser = positive)]
    pub(crate) batch: Vec<usize>,
    /// How the weights are held beside llama.cpp
    #[arg(long, default_value = "f32,q8_0,q4_0,q4_1", value_delimiter = ',', value_parser = word_of(&Weights::ALL, Weights::as_str))]
    pub(crate) quant: Vec<Weights>,
    /// Tokens of each prompt that is continued
    #[arg(long, default_value_t = 16, value_parser = positive)]
    pub(crate) prompt: usize,
    /// Tokens generated for each
    #[arg(long, default_value_t = 32, value_parser = positive)]
    pub(crate) new: usize,
    /// Dialogues with summaries for the small run, a file as `import` takes it
    #[arg(long, value_name = "FILE", requires = "model")]
    pub(crate) data: Option<PathBuf>,
    /// Folder of its base model, in Hugging Face layout
    #[arg(long, requires = "data")]
    pub(crate) model: Option<PathBuf>,
}

/// A whole number from 1 on.
fn positive(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| "is no whole number".to_owned())?;
    if number == 0 {
        Err("must be at least 1".to_owned())
    } else {
        Ok(number)
    }
}
