//! backup and restore: a workspace as one file, and the way back, with everything read back before it counts.

use std::process::ExitCode;

use project::backup::{Taken, back_up};

use super::{Done, session};
use crate::answer::{BackedUp, Restored};
use crate::args::{Backup, Global, Restore};
use crate::failure::Failure;
use crate::output::Output;
use crate::unlock;

pub(super) fn backup(global: &Global, args: &Backup, output: &Output) -> Done {
    if args.to.exists() {
        let fix = "Name a file that does not exist yet.";
        return Err(Failure::file(&args.to, None, "it is there already", fix));
    }
    let session = session(global)?;
    let done = back_up(&session, &args.to)?;
    let is_protected = session.key().is_some();
    let opened = match is_protected {
        true => "It opens with the passphrase and keys that the workspace has today.",
        false => "The workspace is not protected, so whoever gets this file can read it.",
    };
    output.text(format!(
        "{} files, {} bytes, in {}.\n{opened}\nDownloaded models, unfinished trainings and pasted texts are not in it.",
        done.files,
        done.bytes,
        args.to.display()
    ));
    output.result(&BackedUp {
        to: args.to.display().to_string(),
        files: done.files,
        bytes: done.bytes,
        sha256: done.sha256,
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restore(global: &Global, args: &Restore, output: &Output) -> Done {
    let taken = Taken::out_of(&args.file, &args.to)?;
    let key = unlock::key(global, taken.folder())?;
    let done = taken.finish(key.as_ref())?;
    output.text(format!(
        "{} files were read back and are whole. Use the workspace with `--workspace {}`.",
        done.files,
        super::quoted(&args.to.display().to_string())
    ));
    output.result(&Restored {
        to: args.to.display().to_string(),
        files: done.files,
        bytes: done.bytes,
    });
    Ok(ExitCode::SUCCESS)
}
