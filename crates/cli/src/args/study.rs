//! `study`: ratings by people.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

#[derive(Debug, ClapArgs)]
pub(crate) struct Study {
    #[command(subcommand)]
    pub(crate) action: StudyAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StudyAction {
    /// What a study could show before anybody rates: detectable differences, load, hours; it stores nothing
    Plan(StudyPlanArgs),
    /// Bring in a study that was rated elsewhere, from a folder with study.json, dialogues.json, items.json, ratings.csv
    Import {
        /// The folder
        folder: PathBuf,
    },
    /// List the studies that were brought in
    List,
    /// Every figure of a study, and each comparison in a sentence
    Results {
        /// Its name or number
        study: String,
    },
    /// Write a study with its answers, results and a dictionary of its columns to a folder
    Export(StudyExport),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyPlanArgs {
    /// Names of the raters: A,B,C
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) raters: Vec<String>,
    /// Dialogues [default: 40 for each rater]
    #[arg(long)]
    pub(crate) n: Option<usize>,
    /// Dialogues that all raters rate [default: a quarter, 12 at least]
    #[arg(long)]
    pub(crate) shared: Option<usize>,
    /// Dialogues of the test split
    #[arg(long)]
    pub(crate) available: Option<usize>,
    /// Systems whose summaries are rated, the human reference included
    #[arg(long, default_value_t = 3)]
    pub(crate) systems: usize,
    /// Comparisons of two systems that are tested
    #[arg(long, default_value_t = 1)]
    pub(crate) comparisons: usize,
    /// Chance of one false finding that is accepted
    #[arg(long, default_value_t = 0.05)]
    pub(crate) alpha: f64,
    /// The difference that matters, in points of five
    #[arg(long, default_value_t = 0.3)]
    pub(crate) delta: f64,
    /// Words of a dialogue, for the hours
    #[arg(long, default_value_t = 200)]
    pub(crate) words: usize,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyExport {
    /// Its name or number
    pub(crate) study: String,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// How the long tables are written
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: StudyTable,
    /// Leave the texts of dialogues and summaries out
    #[arg(long)]
    pub(crate) redact: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum StudyTable {
    /// With a header, separated by commas
    #[default]
    Csv,
    /// One JSON object a line
    Jsonl,
}
