//! `experiment`: recipes, data sets, models and seeds compared in one file.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use contract::{DatasetName, ExperimentName, ExperimentPreset, ModelName};
use project::within::Within;

use super::word::word_of;

#[derive(Debug, ClapArgs)]
pub(crate) struct Experiment {
    #[command(subcommand)]
    pub(crate) action: ExperimentAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExperimentAction {
    /// Write the file of an experiment that comes with Duologue, filled in with data and models
    New(ExperimentNew),
    /// What an experiment would take: cells, distinct parts, time; it stores nothing
    Plan(ExperimentPlanArgs),
    /// Carry out an experiment: a run for each cell, one after the other
    Run(ExperimentRun),
    /// The table, the declared comparisons and what they came to
    Show(OneExperiment),
    /// List the experiments
    List,
    /// Go on with the cells that are not done
    Resume(ExperimentResume),
    /// Take the cells off the queue, and ask the one at work to save and stop
    Pause(OneExperiment),
    /// Stop an experiment for good; what is done stays
    Cancel(OneExperiment),
    /// Remove an experiment; its runs stay
    Delete(ExperimentDelete),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExperimentNew {
    /// Which experiment
    #[arg(value_parser = word_of(ExperimentPreset::ALL, ExperimentPreset::as_str))]
    pub(crate) preset: ExperimentPreset,
    /// A data set; may be given often
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Vec<DatasetName>,
    /// A model; may be given often
    #[arg(long, value_name = "DIR")]
    pub(crate) model: Vec<ModelName>,
    /// Name of the experiment [default: that of the preset]
    #[arg(long)]
    pub(crate) name: Option<ExperimentName>,
    /// How many seeds [default: the preset's]
    #[arg(long)]
    pub(crate) seeds: Option<u32>,
    /// The time that it may take: 45m, 8h, 1h30m
    #[arg(long, value_name = "TIME")]
    pub(crate) within: Option<Within>,
    /// Change a field of every arm's recipe; may be given often
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Write it to this file [default: print it]
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExperimentPlanArgs {
    /// Its file, or its name if it is stored already
    pub(crate) experiment: String,
    /// The time that it may take: 45m, 8h, 1h30m [default: the file's]
    #[arg(long, value_name = "TIME")]
    pub(crate) within: Option<Within>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExperimentRun {
    /// Its file, or its name if it is stored already
    pub(crate) experiment: String,
    /// The time that it may take: 45m, 8h, 1h30m [default: the file's]
    #[arg(long, value_name = "TIME")]
    pub(crate) within: Option<Within>,
    /// Do the work in processes of its own and return
    #[arg(long)]
    pub(crate) detach: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExperimentResume {
    /// Its name
    pub(crate) name: ExperimentName,
    /// Do the work in processes of its own and return
    #[arg(long)]
    pub(crate) detach: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OneExperiment {
    /// Its name
    pub(crate) name: ExperimentName,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExperimentDelete {
    /// Its name
    pub(crate) name: ExperimentName,
    /// Remove its runs too
    #[arg(long)]
    pub(crate) runs: bool,
}
