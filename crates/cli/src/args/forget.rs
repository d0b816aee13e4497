//! Arguments of `forget`.

use clap::Args as ClapArgs;
use contract::DatasetName;

#[derive(Debug, ClapArgs)]
pub(crate) struct Forget {
    /// The data set
    #[arg(required_unless_present = "receipts")]
    pub(crate) dataset: Option<DatasetName>,
    /// Ids of the conversations in it
    #[arg(value_name = "ID", required_unless_present = "receipts")]
    pub(crate) ids: Vec<String>,
    /// List what would go, change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Forget them, and every run that learnt from them
    #[arg(long)]
    pub(crate) yes: bool,
    /// List what was forgotten so far, without content
    #[arg(long, conflicts_with_all = ["dataset", "dry_run", "yes"])]
    pub(crate) receipts: bool,
}
