//! Arguments of `network`.

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
pub(crate) struct Network {
    #[command(subcommand)]
    pub(crate) action: NetworkAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NetworkAction {
    /// List every connection that was opened, tried or refused for this workspace
    List(NetworkList),
    /// Let no connection be opened for this workspace
    Lock,
    /// Let `models add` open connections again
    Unlock,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct NetworkList {
    /// Those since this time, in milliseconds since 1970
    #[arg(long, value_name = "MS")]
    pub(crate) since: Option<i64>,
}
