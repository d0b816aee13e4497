//! What can go wrong with a recipe, a run, a stage or a rating.

use std::collections::BTreeMap;
use std::fmt;

use super::{cases, problems};
use crate::{
    ArtifactKind, DatasetName, ErrorPlace, ExampleKind, ExperimentName, Lack, Price, RecipeRule,
    RunId, RunStatus, SettingShape, StageName, Synthesizer, System,
};

problems! {
    /// A problem with a recipe, a run or a rating.
    RunProblem {
        /// A recipe's field or file is not valid.
        Recipe(RecipeFault),
        /// An experiment's file is not valid.
        Experiment(ExperimentFault),
        /// A data set lacks a kind of example altogether.
        EmptyDataset {
            /// Which data set.
            dataset: DatasetName,
            /// What it lacks.
            lacks: ExampleKind,
        },
        /// A data set has fewer examples than the recipe asks for.
        TooFewRows {
            /// Which data set.
            dataset: DatasetName,
            /// Which kind of examples.
            kind: ExampleKind,
            /// How many there are.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            have: usize,
            /// How many are needed.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            need: usize,
            /// The field of the recipe that sets the need.
            field: String,
        },
        /// There is nothing to learn from the data set's examples.
        NotReady {
            /// Which data set.
            dataset: DatasetName,
            /// What it lacks.
            lack: Lack,
        },
        /// A text is longer than the model's context.
        TooLong(TooLong),
        /// Another process is working on the run or download.
        Locked(Locked),
        /// Stopped on request; what is finished is kept.
        Interrupted(Interrupted),
        /// The model is not the one that the run began with.
        ModelChanged {
            /// The model's folder.
            file: String,
        },
        /// The run or stage is not in a state in which this can be done.
        WrongState(WrongState),
        /// A stage produced nothing for the next one.
        Stalled {
            /// The stage.
            stage: StageName,
            /// What is missing.
            why: Stall,
        },
        /// The card has no memory left.
        OutOfMemory(Full),
        /// What would be written gives real conversations away.
        Leak {
            /// The run.
            run: RunId,
            /// Made-up texts that repeat a passage of one real conversation which no two real ones share.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            copied: usize,
            /// Made-up texts that hold what identifies somebody.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            identifying: usize,
            /// Made-up texts that were looked at.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            texts: usize,
        },
    }
}

cases! {
    /// What is wrong with a recipe.
    RecipeFault {
        /// It is not TOML, or a field is unknown or of the wrong form.
        Unreadable {
            /// What the parser met.
            reason: String,
        },
        /// A change is not of the form `key=value`.
        Assignment {
            /// What was given.
            text: String,
        },
        /// There is no such field.
        UnknownField {
            /// What was given.
            field: String,
        },
        /// A field's value is of the wrong form or outside its range.
        Value {
            /// The field.
            field: String,
            /// What was given.
            value: String,
            /// What it takes.
            takes: SettingShape,
        },
        /// A field's value does not go with others.
        Rule {
            /// The field.
            field: String,
            /// What it has to be.
            rule: RecipeRule,
        },
    }
}

cases! {
    /// What is wrong with an experiment's file.
    ExperimentFault {
        /// It is not TOML, or a key is unknown or of the wrong form.
        Unreadable {
            /// What the parser met.
            reason: String,
        },
        /// It has a form that this version does not know.
        Schema {
            /// The number in the file.
            schema: u32,
        },
        /// A key is empty.
        Empty {
            /// The key.
            key: String,
        },
        /// A name that cannot be used: it may have only letters, digits, `-`, `_` and `.`.
        Name {
            /// What was given.
            name: String,
        },
        /// Two keys that exclude each other.
        Both {
            /// The first key.
            key: String,
            /// The second key.
            other: String,
        },
        /// An axis without a name, or with a value of a form that it cannot have.
        Axis {
            /// Its place among the axes, from 1.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            axis: usize,
        },
        /// Axes of different lengths that are to go side by side.
        Lengths,
        /// A time that cannot be read.
        Time {
            /// What was given.
            text: String,
        },
        /// A comparison names a system that the experiment does not have.
        System {
            /// The comparison's family.
            family: String,
            /// The system.
            system: System,
        },
        /// A comparison names an axis or a label that the experiment does not have.
        Arm {
            /// The comparison's family.
            family: String,
            /// The axis.
            axis: String,
            /// The label.
            label: String,
        },
        /// More runs than the experiment allows itself.
        TooManyRuns {
            /// How many it has.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            runs: usize,
            /// How many it may have.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            limit: usize,
        },
        /// It cannot start, because something is lacking.
        NotReady {
            /// The experiment.
            experiment: ExperimentName,
            /// What it lacks.
            lack: Lack,
        },
    }
}

cases! {
    /// What is longer than the model's context.
    TooLong {
        /// Dialogues of a data set.
        Dialogues {
            /// How many there are.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            count: usize,
            /// The longest one.
            id: String,
            /// Its tokens, prompt and answer included.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            tokens: usize,
            /// The model's context, in tokens.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            limit: usize,
        },
        /// A text.
        Text {
            /// Its tokens, prompt and answer included.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            tokens: usize,
            /// The model's context, in tokens.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            limit: usize,
        },
    }
}

cases! {
    /// What another process works on.
    Locked {
        /// A run.
        Run {
            /// The run.
            run: RunId,
            /// The process.
            pid: u32,
        },
        /// A download.
        Download {
            /// The folder that it fills.
            file: String,
        },
    }
}

cases! {
    /// What was stopped on request.
    Interrupted {
        /// A run.
        Run {
            /// The run.
            run: RunId,
        },
        /// A download.
        Download,
        /// An export.
        Export,
        /// Other work with a model.
        Work,
    }
}

cases! {
    /// What cannot be done now, and why.
    WrongState {
        /// Examples cannot be changed: a run that is not finished reads them.
        ReadByRun {
            /// The run.
            run: RunId,
            /// Its data set.
            dataset: DatasetName,
        },
        /// Undoing an import after runs have read its examples.
        ImportInUse {
            /// The import's number.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            import: u64,
            /// Its data set.
            dataset: DatasetName,
            /// The runs.
            runs: Vec<RunId>,
        },
        /// A pair without a dialogue or without a summary.
        EmptyPair,
        /// A rating set of a run without test summaries.
        NothingToRate {
            /// The run.
            run: RunId,
        },
        /// A score for a criterion that does not exist.
        NoSuchCriterion {
            /// What was given.
            criterion: String,
            /// The criteria there are.
            known: Vec<String>,
        },
        /// Locking a set that is not fully rated.
        Unrated {
            /// Summaries without ratings.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            open: usize,
            /// Summaries in all.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            total: usize,
        },
        /// Results before any rater has locked their set.
        NoneLocked,
        /// Stopping a run that is over.
        NothingToStop {
            /// The run.
            run: RunId,
            /// Where it stands.
            status: RunStatus,
        },
        /// Pausing a run that has failed.
        NothingToPause {
            /// The run.
            run: RunId,
        },
        /// Resuming a cancelled run without naming a stage.
        Cancelled {
            /// The run.
            run: RunId,
        },
        /// Using an adapter that has not been trained yet.
        NotTrained {
            /// The run.
            run: RunId,
            /// The adapter's part in the method.
            role: String,
            /// The stage that trains it.
            stage: StageName,
        },
        /// Starting a stage before those it reads from are finished.
        StageUnready {
            /// The stage.
            stage: StageName,
        },
        /// Resuming a run whose examples have changed.
        ExamplesChanged {
            /// The run.
            run: RunId,
            /// Its data set.
            dataset: DatasetName,
        },
        /// A range of stages whose end comes before its beginning.
        StagesReversed {
            /// The run.
            run: RunId,
            /// The first stage that was asked for.
            from: StageName,
            /// The last one.
            until: StageName,
        },
        /// Exporting an adapter that the run does not have.
        AdapterNeeded,
        /// Writing into a folder that is not empty.
        FolderNotEmpty {
            /// The folder.
            file: String,
        },
        /// Changing by hand an item that is evidence, or one that later stages read as drawn tokens.
        NotByHand {
            /// Which kind of item.
            kind: ArtifactKind,
        },
        /// An empty text in place of what a stage made.
        EmptyItem {
            /// Which kind of item.
            kind: ArtifactKind,
        },
        /// Rejecting the last item that a later stage could read.
        LastItem {
            /// Which kind of item.
            kind: ArtifactKind,
        },
        /// Changing by hand a run that was carried out before stages had parts.
        EarlierRun {
            /// The run.
            run: RunId,
        },
        /// Continuing after changes by hand, none of which a later stage would read.
        NothingStale {
            /// The run.
            run: RunId,
        },
        /// Taking in a run bundle from a folder that holds none, or whose workspace does not have exactly one run.
        NotABundle {
            /// The folder.
            file: String,
            /// Runs that are in it.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            runs: usize,
        },
        /// Taking in a run bundle in which an adapter was lost or changed on the way.
        BundleDamaged {
            /// The folder.
            file: String,
            /// Which of the run's adapters is missing, or is not the one that was packed.
            role: String,
        },
    }
}

cases! {
    /// What keeps a stage from going on.
    Stall {
        /// The model named no topic for any summary.
        NoTopic,
        /// No synthetic summary passed the filters.
        NoSummary {
            /// How many each filter dropped.
            #[cfg_attr(feature = "specta", specta(type = BTreeMap<String, u32>))]
            dropped: BTreeMap<String, u64>,
        },
        /// No dialogue passed the format rule.
        NoDialogue {
            /// Whose dialogues.
            synthesizer: Synthesizer,
        },
        /// No two dialogues differ enough to prefer one.
        NoPreference,
        /// The judge does not see what a conversation is about, and the recipe stops there.
        UnableJudge {
            /// Cases in which it preferred the right conversation.
            right: u32,
            /// Cases in all.
            n: u32,
        },
        /// A synthesizer has no pair to learn from.
        NoPair {
            /// The synthesizer.
            synthesizer: Synthesizer,
        },
    }
}

cases! {
    /// What did not fit into the card's memory.
    Full {
        /// Work outside a run.
        Card,
        /// A stage.
        Stage {
            /// The stage.
            stage: StageName,
            /// The next smaller plan, where there is one.
            smaller: Option<SmallerPlan>,
        },
    }
}

/// A change of a recipe that needs less memory.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SmallerPlan {
    /// Fields of the recipe with their values, `key=value`.
    pub settings: Vec<String>,
    /// What it costs.
    pub price: Price,
}

impl RunProblem {
    /// The field or folder concerned.
    pub fn place(&self) -> ErrorPlace {
        match self {
            Self::TooFewRows { field, .. } => ErrorPlace::field(field.clone()),
            Self::ModelChanged { file } => ErrorPlace::file(file.clone()),
            _ => ErrorPlace::default(),
        }
    }
}

impl fmt::Display for RunProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipe(fault) => write!(f, "the recipe is not valid: {fault}"),
            Self::Experiment(ExperimentFault::NotReady { experiment, lack }) => {
                write!(
                    f,
                    "the experiment `{experiment}` cannot start; it lacks {lack}"
                )
            }
            Self::Experiment(fault) => write!(f, "the experiment is not valid: {fault}"),
            Self::EmptyDataset {
                dataset,
                lacks: ExampleKind::Usable,
            } => write!(
                f,
                "the data set `{dataset}` has no usable row: nothing was imported"
            ),
            Self::EmptyDataset { dataset, lacks } => {
                write!(f, "the data set `{dataset}` has no {lacks}")
            }
            Self::TooFewRows {
                dataset,
                kind,
                have,
                need,
                ..
            } => write!(
                f,
                "the data set `{dataset}` has {have} {kind}, but the recipe asks for {need}"
            ),
            Self::NotReady { dataset, lack } => write!(
                f,
                "there is nothing to learn from the data set `{dataset}`; it lacks {lack}"
            ),
            Self::TooLong(TooLong::Dialogues {
                count,
                id,
                tokens,
                limit,
            }) => write!(
                f,
                "{count} dialogues do not fit the model's context of {limit} tokens; the longest is example `{id}` with \
                 {tokens}"
            ),
            Self::TooLong(TooLong::Text { tokens, limit }) => write!(
                f,
                "the text needs {tokens} tokens, the model can read {limit}"
            ),
            Self::Locked(Locked::Run { run, pid }) => {
                write!(f, "run `{run}` is being worked on by process {pid}")
            }
            Self::Locked(Locked::Download { file }) => {
                write!(f, "another process is downloading into {file}")
            }
            Self::Interrupted(Interrupted::Run { run }) => {
                write!(
                    f,
                    "run `{run}` was interrupted; everything finished is kept"
                )
            }
            Self::Interrupted(Interrupted::Download) => {
                write!(f, "the download was stopped; what has arrived is kept")
            }
            Self::Interrupted(Interrupted::Export) => {
                write!(f, "stopped on request; nothing was written")
            }
            Self::Interrupted(Interrupted::Work) => write!(f, "stopped on request"),
            Self::ModelChanged { file } => {
                write!(f, "the model in {file} is not the one this run began with")
            }
            Self::WrongState(state) => state.fmt(f),
            Self::Stalled { stage, why } => write!(f, "stage {stage} cannot go on: {why}"),
            Self::OutOfMemory(Full::Card) => write!(f, "the card has no memory left"),
            Self::OutOfMemory(Full::Stage { stage, .. }) => write!(
                f,
                "stage {stage} stopped: the card has no memory left. Everything finished before is kept"
            ),
            Self::Leak {
                run,
                copied,
                identifying,
                texts,
            } => write!(
                f,
                "what run `{run}` made gives real conversations away: of {texts} texts {copied} repeat a long passage and \
                 {identifying} hold what identifies somebody. Nothing was written"
            ),
        }
    }
}

impl fmt::Display for RecipeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { reason } => write!(f, "{reason}"),
            Self::Assignment { text } => write!(f, "`{text}` is not of the form key=value"),
            Self::UnknownField { field } => write!(f, "there is no field `{field}`"),
            Self::Value {
                field,
                value,
                takes,
            } => write!(f, "`{field}` {takes}, not `{value}`"),
            Self::Rule { field, rule } => write!(f, "`{field}` {}", rule_text(*rule)),
        }
    }
}

impl fmt::Display for ExperimentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { reason } => write!(f, "{reason}"),
            Self::Schema { schema } => {
                write!(
                    f,
                    "`schema = {schema}` is a form that this version does not know"
                )
            }
            Self::Empty { key } => write!(f, "`{key}` is empty"),
            Self::Name { name } => write!(
                f,
                "`name = \"{name}\"`: a name has letters, digits, `-`, `_` and `.`, 60 characters at most"
            ),
            Self::Both { key, other } => write!(f, "`{key}` and `{other}` exclude each other"),
            Self::Axis { axis } => write!(
                f,
                "`[[axis]]` number {axis} needs `name` with values of the form {{ label = \"..\", set = {{ .. }} }}, or \
                 `field` with plain values"
            ),
            Self::Lengths => write!(f, "`mode = \"zip\"` needs axes with equally many values"),
            Self::Time { text } => {
                write!(f, "`{text}` is no time: write it as 45m, 8h or 1h30m")
            }
            Self::System { family, system } => write!(
                f,
                "`[[compare]]` of family `{family}` names the system {system}, which `systems` does not list"
            ),
            Self::Arm {
                family,
                axis,
                label,
            } => write!(
                f,
                "`[[compare]]` of family `{family}` names {axis} = {label}, which no axis has"
            ),
            Self::TooManyRuns { runs, limit } => {
                write!(f, "it has {runs} runs, and `max_runs` allows {limit}")
            }
            Self::NotReady { experiment, lack } => {
                write!(f, "`{experiment}` lacks {lack}")
            }
        }
    }
}

fn rule_text(rule: RecipeRule) -> &'static str {
    match rule {
        RecipeRule::PositiveFactors => "must list positive factors, for example [0.5, 1, 2]",
        RecipeRule::Compared => "must name a system, or `synthesizers` has to name a synthesizer",
        RecipeRule::SigmoidOrRobust => "acts on the losses sigmoid and robust only; set it to 0",
        RecipeRule::TwoForFixedRatio => {
            "must be at least 2 for the system `fixed_ratio`, which mixes real and synthetic pairs in every batch"
        }
        RecipeRule::NamesScorer => "must name the folder of a model, because `scorer` is model",
    }
}

impl fmt::Display for WrongState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadByRun { run, dataset } => write!(
                f,
                "run `{run}` on “{dataset}” is not finished and reads these examples"
            ),
            Self::ImportInUse {
                import,
                dataset,
                runs,
            } => write!(
                f,
                "import {import} of `{dataset}` cannot be undone: {} read its examples",
                runs.join(", ")
            ),
            Self::EmptyPair => write!(f, "a pair needs a dialogue and a summary"),
            Self::NothingToRate { run } => write!(f, "run `{run}` has no summaries to rate yet"),
            Self::NoSuchCriterion { criterion, .. } => {
                write!(f, "there is no criterion `{criterion}`")
            }
            Self::Unrated { open, total } => {
                write!(f, "{open} of {total} summaries are not rated yet")
            }
            Self::NoneLocked => write!(
                f,
                "no rater has locked their set yet, so the systems stay hidden"
            ),
            Self::NothingToStop { run, status } => {
                write!(f, "run `{run}` is {status}: there is nothing to stop")
            }
            Self::NothingToPause { run } => {
                write!(f, "run `{run}` has failed: there is nothing to pause")
            }
            Self::Cancelled { run } => write!(f, "run `{run}` was cancelled"),
            Self::NotTrained { run, role, .. } => {
                write!(f, "run `{run}` has no trained {role} yet")
            }
            Self::StageUnready { stage } => write!(
                f,
                "stage {stage} cannot start: a stage before it is unfinished"
            ),
            Self::ExamplesChanged { run, dataset } => write!(
                f,
                "the examples of `{dataset}` have changed since run `{run}` began"
            ),
            Self::StagesReversed { run, from, until } => write!(
                f,
                "run `{run}` cannot go from {from} until {until}: {until} comes first"
            ),
            Self::AdapterNeeded => write!(
                f,
                "this format holds an adapter, and none was named; nothing was written"
            ),
            Self::FolderNotEmpty { file } => {
                write!(f, "{file} is not empty; nothing was written")
            }
            Self::NotByHand { kind } => {
                write!(f, "this {kind} is not changed by hand; it stays as it is")
            }
            Self::EmptyItem { kind } => write!(f, "the {kind} has no text; it stays as it is"),
            Self::LastItem { kind } => {
                write!(
                    f,
                    "it is the last {kind} that a later stage could read; it stays"
                )
            }
            Self::EarlierRun { run } => write!(
                f,
                "run `{run}` was carried out by an earlier version, which did not note what each result was made from"
            ),
            Self::NothingStale { run } => {
                write!(
                    f,
                    "nothing in run `{run}` was made from something that has changed since"
                )
            }
            Self::NotABundle { file, runs: 0 } => {
                write!(f, "{file} holds no run bundle; nothing was taken")
            }
            Self::NotABundle { file, runs } => {
                write!(
                    f,
                    "{file} is a workspace with {runs} runs, not a run bundle; nothing was taken"
                )
            }
            Self::BundleDamaged { file, role } => {
                write!(
                    f,
                    "in the run bundle {file} the adapter {role} is missing or not the one that was packed; nothing was taken"
                )
            }
        }
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTopic => write!(f, "the model named no topic for any summary"),
            Self::NoSummary { dropped } => {
                let counts: Vec<String> = dropped
                    .iter()
                    .map(|(filter, count)| format!("{filter} {count}"))
                    .collect();
                write!(
                    f,
                    "no synthetic summary passed the filters (dropped: {})",
                    counts.join(", ")
                )
            }
            Self::NoDialogue { synthesizer } => {
                write!(f, "no dialogue by {synthesizer} passed the format rule")
            }
            Self::NoPreference => write!(
                f,
                "no two dialogues of any summary differ enough to prefer one"
            ),
            Self::UnableJudge { right, n } => write!(
                f,
                "the judge recognises the right conversation in only {right} of {n} cases"
            ),
            Self::NoPair { synthesizer } => {
                write!(f, "{synthesizer} has no preference pair to learn from")
            }
        }
    }
}
