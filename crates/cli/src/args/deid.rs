//! The arguments of `deid`, and those by which `import` de-identifies.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use contract::{DatasetName, Replacing, SurrogateScope};
use project::import::{ColumnMap, Speakers};

use super::ReadingArgs;
use super::word::word_of;

/// How `import` de-identifies.
#[derive(Debug, ClapArgs)]
pub(crate) struct DeidArgs {
    /// Names, numbers and whatever else identifies somebody: off leaves them, replace puts invented ones, mask their kind
    #[arg(long, default_value_t = Replacing::Off, value_name = "HOW", value_parser = word_of(Replacing::ALL, Replacing::as_str))]
    pub(crate) deid: Replacing,
    /// Within what a person keeps one invented name: conversation or dataset
    #[arg(long, default_value_t = SurrogateScope::Conversation, value_name = "SCOPE", value_parser = word_of(SurrogateScope::ALL, SurrogateScope::as_str))]
    pub(crate) deid_scope: SurrogateScope,
    /// Answers to the words in doubt, and words of your own: lines WORD = name|town|org|no
    #[arg(long, value_name = "FILE")]
    pub(crate) deid_words: Option<PathBuf>,
    /// Import although words in doubt are open: they stay as they are
    #[arg(long)]
    pub(crate) accept_open: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Deid {
    #[command(subcommand)]
    pub(crate) what: DeidWhat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeidWhat {
    /// What identifies somebody in conversations, and the words in doubt; it changes nothing
    Scan(DeidScan),
    /// Draw twenty conversations to read, and say what the pieces that you missed in them mean for the others
    Read(DeidRead),
    /// Hold the rules against conversations in which every piece is marked
    Check {
        /// Lines with id, dialogue, summary and spans
        #[arg(value_name = "CASES")]
        file: PathBuf,
    },
}

/// The conversations that are looked at.
#[derive(Debug, ClapArgs)]
pub(crate) struct DeidSource {
    /// Files, read as `import` reads them
    #[arg(required_unless_present = "dataset")]
    pub(crate) files: Vec<PathBuf>,
    /// A data set instead of files
    #[arg(long, value_name = "NAME", conflicts_with = "files")]
    pub(crate) dataset: Option<DatasetName>,
    /// Columns: dialogue=C,summary=C[,C2..][,id=C][,split=C]
    #[arg(long, value_name = "MAP")]
    pub(crate) map: Option<ColumnMap>,
    /// Speakers of turns that name none, first speaker first: Customer,Agent
    #[arg(long)]
    pub(crate) speakers: Option<Speakers>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Answers to the words in doubt, and words of your own: lines WORD = name|town|org|no
    #[arg(long, value_name = "FILE")]
    pub(crate) deid_words: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DeidScan {
    #[command(flatten)]
    pub(crate) source: DeidSource,
    /// Write the words in doubt to this file, one a line, to be answered there; answers that it has stay
    #[arg(long, value_name = "FILE")]
    pub(crate) review: Option<PathBuf>,
    /// Also print a line for each conversation
    #[arg(long)]
    pub(crate) items: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DeidRead {
    #[command(flatten)]
    pub(crate) source: DeidSource,
    /// Where the twenty are written; once you have listed under `missed` what was overlooked, the same command counts it
    #[arg(long, value_name = "FILE")]
    pub(crate) marks: PathBuf,
    /// Seed by which the twenty are drawn
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}
