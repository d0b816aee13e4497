//! The arguments of `audit`: which run, texts or figures are looked at.

use contract::RunId;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Audit {
    #[command(subcommand)]
    pub(crate) what: Option<AuditWhat>,
    /// A run: every text that it made, beside all that it learnt from
    #[arg(required = true)]
    pub(crate) run: Option<RunId>,
    /// Also print a line for each text that gives something away
    #[arg(long)]
    pub(crate) items: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditWhat {
    /// Made-up texts beside all training text: copied runs of words, nearness, identifiers that survive
    Text(AuditText),
    /// Values that were planted in training text: how far a model remembers each
    Exposure(Figures),
    /// Scores of training texts and others: how well they tell which is which
    Membership(Figures),
    /// What a model wrote after the beginning of training texts: how many came back
    Extraction(Figures),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct AuditText {
    /// The training text: lines with id, dialogue and summary
    #[arg(long, value_name = "FILE")]
    pub(crate) train: PathBuf,
    /// The texts that are looked at: lines with id and text
    #[arg(long, value_name = "FILE")]
    pub(crate) synthetic: PathBuf,
    /// What identifies somebody in the training text: lines with kind, value and conversations
    #[arg(long, value_name = "FILE")]
    pub(crate) identifiers: Option<PathBuf>,
    /// Also print a line for each text
    #[arg(long)]
    pub(crate) items: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Figures {
    /// The figures, a JSON file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}
