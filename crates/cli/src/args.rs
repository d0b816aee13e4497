//! The arguments, one struct per command; `--help` follows from their comments.

mod audit;
mod backup;
mod bench;
mod deid;
mod everyday;
mod experiment;
mod export;
mod forget;
mod network;
mod pretrain;
mod protect;
mod study;
mod word;

use std::cell::OnceCell;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use contract::{
    DatasetName, DeviceChoice, DropReason, Encoding, Language, Preset, Quantize, RunId, Separator,
    SplitChoice, StageName, System,
};
use lm::text::chat_template::Date;
use project::import::{ColumnMap, Reading, Speakers, TurnMap};
use project::protection::RootKey;
use project::within::Within;
use serde::Serialize;

use self::word::word_of;

pub(crate) use self::audit::{Audit, AuditText, AuditWhat};
pub(crate) use self::backup::{Backup, Restore};
pub(crate) use self::bench::{
    Bench, BenchCompare, BenchGenerate, BenchGrowth, BenchPipeline, BenchRating, BenchScore,
    BenchTrain, BenchWhat, Compared, Weights,
};
pub(crate) use self::deid::{Deid, DeidArgs, DeidRead, DeidScan, DeidSource, DeidWhat};
pub(crate) use self::everyday::{Delete, Demo, LabelArgs};
pub(crate) use self::experiment::{
    Experiment, ExperimentAction, ExperimentDelete, ExperimentNew, ExperimentPlanArgs,
    ExperimentRun,
};
pub(crate) use export::{Export, Pack, Unpack};
pub(crate) use forget::Forget;
pub(crate) use network::{Network, NetworkAction, NetworkList};
pub(crate) use pretrain::{Pretrain, PretrainSettings};
pub(crate) use protect::{
    Key, KeyAction, KeyKeychain, KeyPassphrase, KeyRecovery, KeyRotate, Protect, Unprotect,
};
pub(crate) use study::{
    Study, StudyAction, StudyAdjudicate, StudyCreate, StudyExport, StudyImport, StudyMerge,
    StudyPack, StudyPlanArgs, StudyTable, StudyWithdraw,
};

/// Turn a handful of private conversations into a summarizer of your own, on your own machine.
#[derive(Debug, Parser)]
#[command(name = "duologue", version, about, propagate_version = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, ClapArgs)]
pub(crate) struct Global {
    /// Folder of the workspace; created on first use [default: the platform's data folder]
    #[arg(long, global = true, env = "DUOLOGUE_WORKSPACE", value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// Write JSON Lines to standard output, and nothing else
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Never open a connection; only `models add` would
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Threads to compute with [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) threads: Option<u32>,
    /// Where to compute: cpu, cuda:N or metal
    #[arg(long, global = true, default_value = "cpu", value_name = "DEVICE")]
    pub(crate) device: DeviceChoice,
    /// Read the key of a protected workspace from the first line of standard input: 64 hexadecimal digits
    #[arg(long, global = true)]
    pub(crate) key_stdin: bool,
    /// Read its passphrase or recovery key from the first line of a file, or - [default: the keychain, else a prompt]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The key of the workspace, once it was asked for.
    #[arg(skip)]
    pub(crate) unlocked: OnceCell<Option<RootKey>>,
    /// Whether the system forbids connections to this process; `None` for the one command that may open them.
    #[arg(skip)]
    pub(crate) network: Option<host::network::Lock>,
}

impl Global {
    /// Threads asked for, or all cores.
    pub(crate) fn threads(&self) -> usize {
        self.threads
            .map_or_else(host::machine::cores, |threads| threads as usize)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read dialogues with summaries from files into a data set
    Import(Import),
    /// List the data sets, or the examples of one
    Datasets(Datasets),
    /// Check dialogues against the format rule
    Format(Format),
    /// Print the recipe: every setting with its default, meaning and source
    Recipe(RecipeArgs),
    /// Carry out the whole method on a data set
    Run(Run),
    /// What a run would take on this machine: memory, disk and time of each stage
    Plan(Plan),
    /// Experiments: arms, seeds and data sets compared in one file
    Experiment(Experiment),
    /// List the runs
    Runs,
    /// Show a run: stages, figures, results, or the artifacts of a stage
    Show(Show),
    /// A run as a file to hand over (HTML, Markdown, JSON), or the check of such a file
    Report(Report),
    /// How runs differ: settings, data, figures, and the summaries that changed
    Diff(Diff),
    /// Go on with a run where it stopped
    Resume(Resume),
    /// Give a run, a data set or a model a name and a note, or print them
    Label(LabelArgs),
    /// Remove a run or a data set, with everything that hangs on it
    Delete(Delete),
    /// Show the queue of runs, hold it back or let it go
    Queue(Queue),
    /// Ask a run's process to save and stop
    Pause(OneRun),
    /// Stop a run for good
    Cancel(Cancel),
    /// ROUGE of predictions against references, from a file or a run
    Evaluate(Evaluate),
    /// What identifies somebody in conversations: look for it, answer words in doubt, read twenty, check the rules
    Deid(Deid),
    /// What made-up texts and adapters give away of real conversations
    Audit(Audit),
    /// Log-likelihood of completions
    Score(Score),
    /// Complete prompts
    Generate(Generate),
    /// Summarize a dialogue
    Summarize(Summarize),
    /// What demos left: votes with their win rate, and corrections
    Demo(Demo),
    /// Write a trained adapter to a folder, and prove that it gives the same numbers
    Export(Export),
    /// Write a run with its data set and adapters as a workspace of its own
    Pack(Pack),
    /// Take a run in that `pack` wrote, here or on another computer
    Unpack(Unpack),
    /// Ratings by people: what a study could show, the study itself, and its results
    Study(Study),
    /// Put the sample project into the workspace: invented pairs, a small model, a finished run
    Sample(Sample),
    /// Download, list, check and remove models
    Models(Models),
    /// Train all weights of a small model on text of your own, from random numbers or from a model folder
    Pretrain(Pretrain),
    /// Encrypt the workspace: its database, adapters, checkpoints and logs
    Protect(Protect),
    /// Make a protected workspace plain again
    Unprotect(Unprotect),
    /// What opens a protected workspace: passphrase, recovery key, keychain
    Key(Key),
    /// Write the workspace into one file, while others may work with it
    Backup(Backup),
    /// Make a workspace out of a backup, and check every file of it
    Restore(Restore),
    /// Forget conversations and all that came from them: the list before, the receipt after, the search that proves it
    Forget(Forget),
    /// Every connection that was opened, tried or refused, and the lock that lets no further one through
    Network(Network),
    /// What this machine offers
    Doctor,
    /// Measure the speed of training and generation on this machine
    Bench(Bench),
    /// Work on a run (started by the window and by --detach)
    #[command(hide = true)]
    Worker(Worker),
}

impl Command {
    /// Whether it may open a connection; there is one that may.
    pub(crate) fn may_connect(&self) -> bool {
        let Self::Models(models) = self else {
            return false;
        };
        matches!(models.action, ModelAction::Add(_))
    }

    /// The word in `"command"` of a result.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Import(_) => "import",
            Self::Datasets(_) => "datasets",
            Self::Format(_) => "format",
            Self::Recipe(_) => "recipe",
            Self::Run(_) => "run",
            Self::Plan(_) => "plan",
            Self::Experiment(_) => "experiment",
            Self::Runs => "runs",
            Self::Show(_) => "show",
            Self::Report(_) => "report",
            Self::Diff(_) => "diff",
            Self::Resume(_) => "resume",
            Self::Label(_) => "label",
            Self::Delete(_) => "delete",
            Self::Queue(_) => "queue",
            Self::Pause(_) => "pause",
            Self::Cancel(_) => "cancel",
            Self::Evaluate(_) => "evaluate",
            Self::Deid(_) => "deid",
            Self::Audit(_) => "audit",
            Self::Score(_) => "score",
            Self::Generate(_) => "generate",
            Self::Summarize(_) => "summarize",
            Self::Demo(_) => "demo",
            Self::Export(_) => "export",
            Self::Pack(_) => "pack",
            Self::Unpack(_) => "unpack",
            Self::Study(_) => "study",
            Self::Sample(_) => "sample",
            Self::Models(_) => "models",
            Self::Pretrain(_) => "pretrain",
            Self::Protect(_) => "protect",
            Self::Unprotect(_) => "unprotect",
            Self::Key(_) => "key",
            Self::Backup(_) => "backup",
            Self::Restore(_) => "restore",
            Self::Forget(_) => "forget",
            Self::Network(_) => "network",
            Self::Doctor => "doctor",
            Self::Bench(_) => "bench",
            Self::Worker(_) => "worker",
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Import {
    /// Tables (CSV, TSV, XLSX, XLS, ODS, JSON, JSONL), transcripts (TXT, Markdown, WebVTT, SRT, DOCX) or exported chats
    /// (WhatsApp, Telegram, Slack, Zoom; TXT, JSON, ZIP)
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Name of the data set; an existing one is added to
    #[arg(long)]
    pub(crate) name: DatasetName,
    /// Split of the rows
    #[arg(long, default_value_t, value_parser = word_of(SplitChoice::ALL, SplitChoice::as_str))]
    pub(crate) split: SplitChoice,
    /// Columns: dialogue=C,summary=C[,C2..][,id=C][,split=C]
    #[arg(long, value_name = "MAP")]
    pub(crate) map: Option<ColumnMap>,
    /// Speakers of turns that name none, first speaker first: Customer,Agent
    #[arg(long)]
    pub(crate) speakers: Option<Speakers>,
    /// Import the good rows although there are bad ones
    #[arg(long)]
    pub(crate) skip_bad: bool,
    /// Refuse if a dialogue is in two splits
    #[arg(long)]
    pub(crate) strict: bool,
    /// Keep dialogues without a summary: they wait for one, and no run reads them
    #[arg(long)]
    pub(crate) keep_unsummarised: bool,
    /// Report only, store nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Seed for drawing the splits if nothing else tells them
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) deid: DeidArgs,
}

/// How files are read.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReadingArgs {
    /// Encoding of the texts [default: detected]
    #[arg(long, value_parser = word_of(Encoding::ALL, Encoding::as_str))]
    pub(crate) encoding: Option<Encoding>,
    /// Separator of the tables [default: detected]
    #[arg(long, value_parser = word_of(Separator::ALL, Separator::as_str))]
    pub(crate) separator: Option<Separator>,
    /// Hours of silence that end a dialogue of a chat, 0 for never [default: 8]
    #[arg(long, value_name = "HOURS")]
    pub(crate) gap: Option<u32>,
    /// Columns of a table with one turn a row: text=C,speaker=C[,group=C][,summary=C]
    #[arg(long, value_name = "MAP")]
    pub(crate) turns: Option<TurnMap>,
    /// Let back in what is left out for this reason, where somebody says it; once for each reason
    #[arg(long, value_name = "REASON", value_parser = word_of(DropReason::ALL, DropReason::as_str))]
    pub(crate) keep_dropped: Vec<DropReason>,
    /// Leave out every message that several people send again and again, as a chat program writes them
    #[arg(long)]
    pub(crate) drop_repeated: bool,
}

impl ReadingArgs {
    /// How files are read by somebody of this language.
    pub(crate) fn reading(&self, language: Option<Language>) -> Reading {
        Reading {
            encoding: self.encoding,
            separator: self.separator,
            gap_hours: self.gap,
            turns: self.turns.clone(),
            keep_dropped: self.keep_dropped.clone(),
            drop_repeated: self.drop_repeated,
            language,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Datasets {
    /// A data set
    pub(crate) name: Option<DatasetName>,
    /// Print its examples
    #[arg(long, requires = "name")]
    pub(crate) items: bool,
    /// Count tokens as this model does, and name the examples that are longer than its context
    #[arg(long, value_name = "DIR", requires = "name")]
    pub(crate) model: Option<String>,
    /// List the imports that it was made of
    #[arg(long, requires = "name")]
    pub(crate) imports: bool,
    /// Undo an import, by its number
    #[arg(long, value_name = "IMPORT", requires = "name", conflicts_with_all = ["items", "model", "imports"])]
    pub(crate) undo: Option<i64>,
    /// Write it as a file that `import` reads; its ending is the form: .jsonl, .json, .csv or .tsv
    #[arg(long, value_name = "FILE", requires = "name", conflicts_with_all = ["items", "model", "imports", "undo"])]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Format {
    /// JSONL with {"text"} or {"dialogue"}, and "ended" (true where absent)
    pub(crate) file: PathBuf,
    /// Calibrate the rule on this data set's training pairs
    #[arg(long)]
    pub(crate) dataset: Option<DatasetName>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RecipeArgs {
    /// Print every field
    #[arg(long)]
    pub(crate) print: bool,
    /// The recipe of this run, as it was fitted to its data
    #[arg(long, value_name = "RUN", conflicts_with_all = ["recipe", "preset"])]
    pub(crate) run: Option<RunId>,
    /// Write it as TOML, which `--recipe` reads
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) choice: RecipeChoice,
}

/// Which recipe.
#[derive(Debug, ClapArgs)]
pub(crate) struct RecipeChoice {
    /// A TOML file
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub(crate) recipe: Option<PathBuf>,
    /// A named set of values
    #[arg(long, value_name = "NAME", value_parser = word_of(Preset::ALL, Preset::as_str))]
    pub(crate) preset: Option<Preset>,
    /// Change a field; may be given often
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// Name of the data set
    #[arg(long)]
    pub(crate) dataset: DatasetName,
    /// Folder of the base model, or the id of one used before
    #[arg(long)]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) choice: RecipeChoice,
    /// Real pairs to learn from [default: at most the recipe's]
    #[arg(long)]
    pub(crate) shots: Option<usize>,
    /// Real pairs that choose checkpoints [default: at most the recipe's]
    #[arg(long)]
    pub(crate) validation: Option<usize>,
    /// Systems to compare
    #[arg(long, value_delimiter = ',', value_parser = word_of(System::ALL, System::as_str))]
    pub(crate) systems: Option<Vec<System>>,
    #[command(flatten)]
    pub(crate) stages: StageRangeArgs,
    /// Seed of every random number
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// The time that it may take: 45m, 8h, 1h30m; what is given up for it is printed
    #[arg(long, value_name = "TIME")]
    pub(crate) within: Option<Within>,
    /// Check everything, start nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Start the work in a process of its own and return
    #[arg(long)]
    pub(crate) detach: bool,
    /// Wait for the current run to end, then start in a separate process; at once if there is none
    #[arg(long)]
    pub(crate) queue: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Plan {
    /// Name of the data set
    #[arg(long)]
    pub(crate) dataset: DatasetName,
    /// Folder, id or name of a model, or one of the catalogue that has not been downloaded yet
    #[arg(long)]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) choice: RecipeChoice,
    /// Real pairs to learn from [default: at most the recipe's]
    #[arg(long)]
    pub(crate) shots: Option<usize>,
    /// Real pairs that choose checkpoints [default: at most the recipe's]
    #[arg(long)]
    pub(crate) validation: Option<usize>,
    /// The time that it may take: 45m, 8h, 1h30m
    #[arg(long, value_name = "TIME")]
    pub(crate) within: Option<Within>,
}

/// Which stages.
#[derive(Debug, ClapArgs)]
pub(crate) struct StageRangeArgs {
    /// Redo this stage, then whatever depends on it
    #[arg(long, value_name = "STAGE", value_parser = word_of(StageName::ALL, StageName::as_str))]
    pub(crate) from: Option<StageName>,
    /// Stop after this stage
    #[arg(long, value_name = "STAGE", value_parser = word_of(StageName::ALL, StageName::as_str))]
    pub(crate) until: Option<StageName>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Show {
    /// The run
    pub(crate) run: RunId,
    /// A stage
    #[arg(long, value_parser = word_of(StageName::ALL, StageName::as_str))]
    pub(crate) stage: Option<StageName>,
    /// Print every artifact of the stage; of evaluate also what was measured of each summary
    #[arg(long, requires = "stage")]
    pub(crate) items: bool,
    /// Print every figure of the result table, with what each is
    #[arg(long, conflicts_with = "stage")]
    pub(crate) all_metrics: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Report {
    /// The run, or the experiment
    #[arg(required_unless_present = "check")]
    pub(crate) subject: Option<String>,
    /// File to write; its ending is the form: .html, .md or .json
    #[arg(long, value_name = "FILE", required_unless_present = "check")]
    pub(crate) to: Option<PathBuf>,
    /// Test items to show of each kind: best, worst, most changed
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) items: u32,
    /// Leave the items' texts out; their ids stay
    #[arg(long)]
    pub(crate) no_texts: bool,
    /// Language of the words
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = word_of(&[Language::English, Language::German], Language::as_str))]
    pub(crate) language: Language,
    /// Hold a report in JSON against the workspace, number by number
    #[arg(long, value_name = "FILE", conflicts_with_all = ["subject", "to"])]
    pub(crate) check: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Diff {
    /// The runs; each is compared with the first one
    #[arg(required = true, num_args = 2..)]
    pub(crate) runs: Vec<RunId>,
    /// Changed summaries to list, the largest changes first; --json has them all
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) items: u32,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Resume {
    /// The run
    pub(crate) run: RunId,
    #[command(flatten)]
    pub(crate) stages: StageRangeArgs,
    /// Compare these systems too; what the run has already stays
    #[arg(long, value_name = "SYSTEM", value_delimiter = ',', value_parser = word_of(System::ALL, System::as_str))]
    pub(crate) add: Vec<System>,
    /// Go round this often at most; a finished run goes on behind its last round
    #[arg(long, value_name = "N")]
    pub(crate) rounds: Option<u32>,
    /// Start the work in a process of its own and return
    #[arg(long)]
    pub(crate) detach: bool,
    /// Wait for the current run to end, then start in a separate process; at once if there is none
    #[arg(long)]
    pub(crate) queue: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Queue {
    /// Hold it back: no waiting run starts by itself
    #[arg(long)]
    pub(crate) hold: bool,
    /// Let it go, and start the next run if none is running
    #[arg(long, conflicts_with = "hold")]
    pub(crate) go: bool,
    /// Let the computer sleep while runs work, from the next run on
    #[arg(long)]
    pub(crate) may_sleep: bool,
    /// Keep it awake while runs work, which is the default
    #[arg(long, conflicts_with = "may_sleep")]
    pub(crate) keep_awake: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OneRun {
    /// The run
    pub(crate) run: RunId,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Cancel {
    /// The run
    pub(crate) run: RunId,
    /// Throw away what the unfinished stage has done so far
    #[arg(long)]
    pub(crate) discard: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Evaluate {
    /// JSONL with {"prediction", "references"} ("reference" for a single one)
    #[arg(required_unless_present = "run")]
    pub(crate) file: Option<PathBuf>,
    /// Recompute a run's results from its stored outputs
    #[arg(long, conflicts_with = "file")]
    pub(crate) run: Option<RunId>,
    /// Only these systems
    #[arg(long, value_delimiter = ',', requires = "run", value_parser = word_of(System::ALL, System::as_str))]
    pub(crate) systems: Option<Vec<System>>,
    /// Print every figure of the run's table, with what each is
    #[arg(long, requires = "run")]
    pub(crate) all_metrics: bool,
    /// Measure BERTScore with the model in this folder (BERT, RoBERTa, XLM-RoBERTa, DistilBERT) and keep it with the run
    #[arg(long, value_name = "DIR", requires = "run")]
    pub(crate) encoder: Option<PathBuf>,
    /// Layer of the measuring model [default: that of bert-score for the model, or the last]
    #[arg(long, value_name = "N", requires = "encoder")]
    pub(crate) layer: Option<usize>,
    /// Let tokens count by how rare they are in the references
    #[arg(long, requires = "encoder")]
    pub(crate) idf: bool,
    /// See BERTScore from the line that bert-score has for the measuring model
    #[arg(long, requires = "encoder")]
    pub(crate) rescale: bool,
    /// Do not stem words
    #[arg(long, conflicts_with = "run")]
    pub(crate) no_stemmer: bool,
    /// Several references: mean over them, or the best
    #[arg(long, value_enum, default_value_t, conflicts_with = "run")]
    pub(crate) multi: Multi,
}

/// Which of several references a prediction is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Multi {
    #[default]
    Mean,
    Best,
}

/// Which model.
#[derive(Debug, ClapArgs)]
pub(crate) struct ModelArgs {
    /// Folder of the model, or a GGUF file
    #[arg(long)]
    pub(crate) model: PathBuf,
    /// Folder of an adapter in PEFT's format
    #[arg(long)]
    pub(crate) adapter: Option<PathBuf>,
    /// Number type that the model's dense matrices are held in
    #[arg(long, default_value_t, value_parser = word_of(Quantize::ALL, Quantize::as_str))]
    pub(crate) quantize: Quantize,
    /// Day that a chat template tells where it asks for today's [default: 2024-07-26]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) date: Option<Date>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Score {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// JSONL with {"messages" or "prompt", "completion"}
    pub(crate) file: PathBuf,
    /// Also print the log-probability of each token
    #[arg(long)]
    pub(crate) tokens: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Generate {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// JSONL with {"messages" or "prompt"}
    pub(crate) file: PathBuf,
    /// Longest completion, in tokens
    #[arg(long, default_value_t = 128)]
    pub(crate) max_new_tokens: usize,
    /// 0 is greedy
    #[arg(long, default_value_t = 0.0)]
    pub(crate) temperature: f64,
    /// Sample among the K most likely tokens; 0 is off
    #[arg(long, default_value_t = 0)]
    pub(crate) top_k: usize,
    /// Sample within this share of the probability
    #[arg(long, default_value_t = 1.0)]
    pub(crate) top_p: f64,
    /// Leave out tokens below this share of the likeliest one's probability; 0 is off
    #[arg(long, default_value_t = 0.0)]
    pub(crate) min_p: f64,
    /// Sample within this share of the most typical tokens; 1 is off
    #[arg(long, default_value_t = 1.0)]
    pub(crate) typical_p: f64,
    /// Make tokens of the prompt and of the text so far less likely; 1 is off
    #[arg(long, default_value_t = 1.0)]
    pub(crate) repetition_penalty: f64,
    /// Seed of the samples
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Sequences side by side
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch: u16,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Summarize {
    /// A text file with the dialogue, or - for standard input; with --all a file that `import` reads, or a folder
    #[arg(required_unless_present = "serve")]
    pub(crate) file: Option<PathBuf>,
    /// Folder of the model [default: the run's]
    #[arg(long, required_unless_present = "run")]
    pub(crate) model: Option<PathBuf>,
    /// Folder of an adapter in PEFT's format
    #[arg(long, conflicts_with = "run", requires = "model")]
    pub(crate) adapter: Option<PathBuf>,
    /// Use a summarizer that this run trained
    #[arg(long)]
    pub(crate) run: Option<RunId>,
    /// Which of the run's systems
    #[arg(
        long,
        default_value_t = System::MrdsSeparate,
        requires = "run",
        value_parser = word_of(System::ALL, System::as_str)
    )]
    pub(crate) system: System,
    /// Keep the model loaded: read one {"dialogue"} per line of standard input
    #[arg(long, conflicts_with = "file")]
    pub(crate) serve: bool,
    /// Summarize every dialogue of a file that `import` reads, or of all such files of a folder
    #[arg(long, requires = "file")]
    pub(crate) all: bool,
    /// Write their summaries as a table; its ending is the form: .csv or .jsonl
    #[arg(long, value_name = "FILE", requires = "all")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Sample {
    /// The folder `models` that comes with Duologue [default: the one beside this program, or above]
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Models {
    #[command(subcommand)]
    pub(crate) action: ModelAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelAction {
    /// Download a model from the Hugging Face Hub, or go on with a download
    Add(ModelAdd),
    /// Keep a token for private and gated models in the system's keychain; it is read from standard input or typed
    ///
    /// `models add` takes the first token that it finds: in HF_TOKEN, in the keychain, in the file of `hf auth login`.
    Login,
    /// Remove the token of `models login` from the keychain
    Logout,
    /// The models of this workspace: downloads, and folders that runs have used
    List {
        /// Models to download instead, with what they need and whether this machine has it
        #[arg(long)]
        catalogue: bool,
        /// These folders instead, with what a run on each needs and whether this machine has it
        #[arg(long, value_name = "DIR", conflicts_with = "catalogue")]
        fit: Vec<PathBuf>,
    },
    /// Print the licence of a model of the catalogue
    Licence {
        /// Its name or its id on the Hub
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        model: String,
    },
    /// Load a model, compare its files with the download's digests and with those of its first use
    Verify {
        /// Folder, GGUF file, id or name
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        model: String,
    },
    /// Delete a downloaded model; of a folder of your own only the entry goes
    Remove {
        /// Its id or name
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        model: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ModelAdd {
    /// Its id on the Hub: owner/name
    pub(crate) hub_id: String,
    /// Branch, tag or commit
    #[arg(long, default_value = mrds::models::MAIN, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) revision: String,
    /// A GGUF file of the repository, instead of its safetensors
    #[arg(long, value_name = "X.gguf", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) file: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Worker {
    /// The run
    #[arg(long)]
    pub(crate) run: RunId,
    #[command(flatten)]
    pub(crate) stages: StageRangeArgs,
    /// Take it off the queue; do nothing where it waits no longer or another run is at work
    #[arg(long)]
    pub(crate) queued: bool,
}

#[cfg(test)]
mod tests;
