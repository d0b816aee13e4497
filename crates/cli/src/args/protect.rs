//! The arguments of `protect`, `unprotect` and `key`: who may open the workspace.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
pub(crate) struct Protect {
    /// Do not let the system's keychain open the workspace
    #[arg(long)]
    pub(crate) no_keychain: bool,
    /// Write the recovery key to this new file, for you alone to read
    #[arg(long, value_name = "FILE")]
    pub(crate) recovery_file: Option<PathBuf>,
    /// Say how much would be encrypted, change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Unprotect {
    /// Make it readable for everybody who gets the folder
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Key {
    #[command(subcommand)]
    pub(crate) action: KeyAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyAction {
    /// What opens the workspace
    Status,
    /// Set or remove the passphrase
    Passphrase(KeyPassphrase),
    /// Make a new recovery key, after which the old one is void, or remove it
    Recovery(KeyRecovery),
    /// Let the system's keychain open the workspace, or no longer
    Keychain(KeyKeychain),
    /// Encrypt everything anew under a new root key, with a new recovery key
    Rotate(KeyRotate),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct KeyPassphrase {
    /// Read the new passphrase from the first line of a file [default: a prompt]
    #[arg(long, value_name = "FILE")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// Remove it
    #[arg(long)]
    pub(crate) remove: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct KeyRecovery {
    /// Write the recovery key to this new file, for you alone to read
    #[arg(long, value_name = "FILE")]
    pub(crate) recovery_file: Option<PathBuf>,
    /// Remove it
    #[arg(long)]
    pub(crate) remove: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct KeyKeychain {
    /// Remove it
    #[arg(long)]
    pub(crate) remove: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct KeyRotate {
    /// Read the passphrase from now on from the first line of a file [default: a prompt]
    #[arg(long, value_name = "FILE")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// Do not let the system's keychain open the workspace
    #[arg(long)]
    pub(crate) no_keychain: bool,
    /// Write the recovery key to this new file, for you alone to read
    #[arg(long, value_name = "FILE")]
    pub(crate) recovery_file: Option<PathBuf>,
}
