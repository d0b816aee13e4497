//! Arguments of `label`, `delete` and `demo`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use contract::Kept;

use super::word::word_of;

/// What `delete` removes; a model is removed by `models remove`, which knows what was downloaded.
const DELETABLE: &[Kept] = &[Kept::Run, Kept::Dataset];

#[derive(Debug, ClapArgs)]
pub(crate) struct LabelArgs {
    /// Of what kind it is
    #[arg(value_parser = word_of(Kept::ALL, Kept::as_str))]
    pub(crate) thing: Kept,
    /// The id of a run, the name of a data set, the folder, id or name of a model
    pub(crate) key: String,
    /// What it is called from now on; empty for what it was called at first
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What is worth knowing about it; empty for nothing
    #[arg(long)]
    pub(crate) note: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Delete {
    /// Of what kind it is
    #[arg(value_parser = word_of(DELETABLE, Kept::as_str))]
    pub(crate) thing: Kept,
    /// The id of a run, the name of a data set
    pub(crate) key: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Demo {
    /// Write every vote and correction as a file; its ending is the form: .csv or .json
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Remove every vote and correction
    #[arg(long, conflicts_with = "to")]
    pub(crate) clear: bool,
    /// Do not ask
    #[arg(long, requires = "clear")]
    pub(crate) yes: bool,
}
