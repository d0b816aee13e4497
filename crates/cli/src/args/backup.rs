//! Arguments of `backup` and `restore`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct Backup {
    /// The file, which does not exist yet
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Restore {
    /// The backup
    pub(crate) file: PathBuf,
    /// The workspace that it becomes: a folder that is empty or not there
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}
