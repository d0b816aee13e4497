//! `study`: ratings by people.

use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, Subcommand, ValueEnum};
use contract::{
    Keep, Language, RatingMode, RatingProgram, RunId, StudyKind, StudyName, Synthesizer, System,
};
use project::study::ratings::RatingMap;

use super::word_of;

#[derive(Debug, ClapArgs)]
pub(crate) struct Study {
    #[command(subcommand)]
    pub(crate) action: StudyAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StudyAction {
    /// What a study could show before anybody rates: detectable differences, load, hours; it stores nothing
    Plan(StudyPlanArgs),
    /// Bring in a study that was rated elsewhere: a folder with study.json, dialogues.json, items.json and ratings.csv, or
    /// the export of another program
    Import(StudyImport),
    /// Plan a study of finished runs and start it: the plan is frozen, hashed and sealed
    Create(Box<StudyCreate>),
    /// Start a study that was kept as a draft
    Start {
        /// Its name or number
        study: StudyName,
    },
    /// List the studies
    List,
    /// How far the raters of a study are: no score, no mean
    Progress {
        /// Its name or number
        study: StudyName,
    },
    /// Put somebody onto the roster of a study that runs
    AddRater {
        /// The study's name or number
        study: StudyName,
        /// The person's name
        name: String,
    },
    /// Take a rater out before the results open
    Withdraw(StudyWithdraw),
    /// Withdraw everybody who is still rating, and close the study
    Close {
        /// Its name or number
        study: StudyName,
        /// Why
        #[arg(long, default_value = "closed by the owner")]
        reason: String,
    },
    /// Open the results before every rater has locked; this cannot be taken back, and every result says so
    Reveal {
        /// The study's name or number
        study: StudyName,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Write a rater pack: one encrypted HTML file that a rater elsewhere opens in a browser, without a network
    Pack(StudyPack),
    /// Take the answers that a rater saved from their pack
    Merge(StudyMerge),
    /// Recompute the seal and the hash of the plan, once the results are open
    Verify {
        /// The study's name or number
        study: StudyName,
    },
    /// Remove a study with its texts and ratings
    Delete {
        /// Its name or number
        study: StudyName,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Every figure of a study whose results are open, and each comparison in a sentence
    Results {
        /// Its name or number
        study: StudyName,
        /// With settled scores in the place of the raters' scores of the same summary
        #[arg(long)]
        adjudicated: bool,
    },
    /// The summaries of a finished study that deserve a second look
    Disputed {
        /// Its name or number
        study: StudyName,
    },
    /// Settle a score of a finished study; it stands beside the raters' scores and never takes their place
    Adjudicate(StudyAdjudicate),
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
pub(crate) struct StudyImport {
    /// The folder, or the other program's file
    pub(crate) path: PathBuf,
    /// The program that the ratings were made in
    #[arg(long, value_parser = word_of(RatingProgram::ALL, RatingProgram::as_str))]
    pub(crate) format: Option<RatingProgram>,
    /// Fields of an item: dialogue=FIELD,system=FIELD,summary=FIELD
    #[arg(long, requires = "format")]
    pub(crate) map: Option<RatingMap>,
    /// Potato's data file with the items by their id, as JSON or JSON Lines
    #[arg(long, value_name = "FILE", requires = "format")]
    pub(crate) items: Option<PathBuf>,
    /// Name of the study [default: the file's]
    #[arg(long, requires = "format")]
    pub(crate) name: Option<StudyName>,
    /// Criteria that are read: a,b [default: every one]
    #[arg(long, value_delimiter = ',', requires = "format")]
    pub(crate) criteria: Vec<String>,
    /// Points of the scale, which begins at 1 [default: 5]
    #[arg(long, value_parser = clap::value_parser!(u8).range(2..=10), requires = "format")]
    pub(crate) points: Option<u8>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyCreate {
    /// A plan as TOML; options go before what it says
    #[arg(value_name = "FILE", required_unless_present = "run")]
    pub(crate) file: Option<PathBuf>,
    /// A finished run whose texts are rated; several times for several runs
    #[arg(long)]
    pub(crate) run: Vec<RunId>,
    /// What people judge; dialogues are an audit: real and made-up ones, mixed [default: summaries]
    #[arg(long, value_parser = word_of(StudyKind::ALL, StudyKind::as_str))]
    pub(crate) kind: Option<StudyKind>,
    /// Systems of the runs [default: sft_real and mrds_separate; every system if a run lacks one]
    #[arg(long, value_delimiter = ',', value_parser = word_of(System::ALL, System::as_str))]
    pub(crate) systems: Vec<System>,
    /// In an audit the synthesizers whose dialogues are mixed with real ones [default: dpo_separate, else the last]
    #[arg(long, value_delimiter = ',', value_parser = word_of(Synthesizer::ALL, Synthesizer::as_str))]
    pub(crate) synthesizers: Vec<Synthesizer>,
    /// Whether the human reference is one more system
    #[arg(long, num_args = 0..=1, default_value_t = true, default_missing_value = "true", action = ArgAction::Set)]
    pub(crate) reference: bool,
    /// Name of the study [default: the run's]
    #[arg(long)]
    pub(crate) name: Option<StudyName>,
    /// Names of the raters: A,B,C
    #[arg(long, value_delimiter = ',')]
    pub(crate) raters: Vec<String>,
    /// Dialogues; in an audit summaries with their dialogues [default: 40 dialogues for each rater]
    #[arg(long)]
    pub(crate) n: Option<usize>,
    /// Dialogues that all raters rate [default: a quarter, 12 at least]
    #[arg(long)]
    pub(crate) shared: Option<usize>,
    /// What raters are asked [default: criteria]
    #[arg(long, value_parser = word_of(RatingMode::ALL, RatingMode::as_str))]
    pub(crate) mode: Option<RatingMode>,
    /// Criteria as JSON, each with key, scale, higher_is_better and texts [default: those of Duologue]
    #[arg(long, value_name = "FILE")]
    pub(crate) criteria: Option<PathBuf>,
    /// Seed by which the dialogues are drawn
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Keep it as a draft that may still change
    #[arg(long)]
    pub(crate) draft: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyWithdraw {
    /// The study's name or number
    pub(crate) study: StudyName,
    /// The rater's name or slot
    pub(crate) rater: String,
    /// Why
    #[arg(long)]
    pub(crate) reason: String,
    /// What they rated does not count [default: it counts from half of their load on]
    #[arg(long)]
    pub(crate) not_counted: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyPack {
    /// The study's name or number
    pub(crate) study: StudyName,
    /// The rater's name or slot
    #[arg(long)]
    pub(crate) rater: String,
    /// The file to write [default: STUDY--R1.duopack.html]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Language of the page
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = word_of(Language::ALL, Language::as_str))]
    pub(crate) language: Language,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyMerge {
    /// The study's name or number
    pub(crate) study: StudyName,
    /// The file that the rater saved
    pub(crate) file: PathBuf,
    /// The secret of the pack [default: the one that is kept with it]
    #[arg(long)]
    pub(crate) secret: Option<String>,
    /// Which answers count if the rater has others here: those that are here, those of the file, or both as two people
    #[arg(long, value_parser = word_of(Keep::ALL, Keep::as_str))]
    pub(crate) keep: Option<Keep>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyAdjudicate {
    /// The study's name or number
    pub(crate) study: StudyName,
    /// Number of the summary
    #[arg(long)]
    pub(crate) item: u32,
    /// The criterion
    #[arg(long)]
    pub(crate) criterion: String,
    /// The score
    #[arg(long)]
    pub(crate) score: u8,
    /// Why
    #[arg(long)]
    pub(crate) reason: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyExport {
    /// Its name or number
    pub(crate) study: StudyName,
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
