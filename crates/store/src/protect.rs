//! Making a workspace protected, making it plain again, and renewing its root key: old or new, never neither.
//!
//! Everything is made anew beside what is there and read back ("prepare"); one file that is written in one step says
//! that the new is good ("swap"); then the new takes the place of the old. A process that is killed before that file
//! leaves a workspace as it was, one that is killed after it leaves work that the next opening finishes ([`settle`]).
//!
//! Every [`crate::Store`] holds [`HELD`] shared for its life. A conversion holds it alone, so nobody reads or writes
//! while the files change places.

mod database;
mod files;

pub(crate) use database::export;
pub(crate) use files::{destroy, everything_below};

use crate::key::slot::{self, KeyFile};
use crate::key::{Keys, RootKey};
use crate::vault::Vault;
use crate::{DATABASE, Error, Result};
use contract::problem::WorkspaceProblem;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The file whose lock says that somebody has the workspace open.
pub(crate) const HELD: &str = "workspace.held";
/// The file that says how far a conversion has come.
const PROGRESS: &str = "protect.json";
/// Ending of the names of new files until they take their place.
const NEW: &str = ".duologue-swap";

/// How far a conversion has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Phase {
    /// The new is being made; the old counts.
    Prepare,
    /// The new is complete and counts.
    Swap,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Progress {
    phase: Phase,
    /// The workspace has no keys afterwards.
    becomes_plain: bool,
    /// The old was not encrypted: it is overwritten before it goes.
    was_plain: bool,
}

/// What a conversion did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// Size of the new database.
    pub database_bytes: u64,
    /// Other files that were rewritten.
    pub files: usize,
    /// Their bytes together.
    pub file_bytes: u64,
}

/// The moments at which a conversion can be interrupted; tests stop it at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Announced,
    KeysWritten,
    DatabaseWritten,
    FileWritten,
    Decided,
    FileSwapped,
    KeysSwapped,
}

/// Lets a test end a conversion.
pub(crate) type Watch<'a> = &'a mut dyn FnMut(Moment) -> Result<()>;

/// The slots of a workspace; `None` if it is not protected. An interrupted conversion is settled first.
///
/// # Errors
/// [`Error::Corrupt`] for slots that cannot be understood, [`Error::Busy`] while a conversion is at work.
pub fn slots(workspace: &Path) -> Result<Option<KeyFile>> {
    if is_unsettled(workspace) {
        settle(workspace)?;
    }
    KeyFile::read(workspace)
}

/// Encrypts a plain workspace under a new root key, whose slots are given.
///
/// # Errors
/// [`WorkspaceProblem::AlreadyProtected`], [`WorkspaceProblem::WorkspaceOpen`] while anybody has it open,
/// [`WorkspaceProblem::NoCipher`]; whatever goes wrong before the end leaves it plain.
pub fn protect(workspace: &Path, root: &RootKey, slots: &KeyFile) -> Result<Conversion> {
    protect_watched(workspace, root, slots, &mut |_| Ok(()))
}

pub(crate) fn protect_watched(
    workspace: &Path,
    root: &RootKey,
    slots: &KeyFile,
    watch: Watch<'_>,
) -> Result<Conversion> {
    let _alone = alone(workspace)?;
    settle_alone(workspace)?;
    if KeyFile::read(workspace)?.is_some() {
        let file = workspace.display().to_string();
        return Err(WorkspaceProblem::AlreadyProtected { file }.into());
    }
    let from = Vault::new(workspace, None);
    let to = Vault::new(workspace, Some(Keys::new(root, slots.workspace_id())?));
    convert(workspace, &from, &to, Some(slots), watch)
}

/// How much a conversion would write anew: it needs as much free room. Nothing is changed.
///
/// # Errors
/// Where the folder cannot be read.
pub fn outlook(workspace: &Path) -> Result<Conversion> {
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let files = files::with_content(workspace)?;
    Ok(Conversion {
        database_bytes: length(&workspace.join(DATABASE)),
        files: files.len(),
        file_bytes: files.iter().map(|path| length(path)).sum(),
    })
}

/// Makes a protected workspace plain again.
///
/// # Errors
/// [`WorkspaceProblem::NotProtected`], [`WorkspaceProblem::WrongKey`], [`WorkspaceProblem::WorkspaceOpen`].
pub fn unprotect(workspace: &Path, root: &RootKey) -> Result<Conversion> {
    unprotect_watched(workspace, root, &mut |_| Ok(()))
}

pub(crate) fn unprotect_watched(
    workspace: &Path,
    root: &RootKey,
    watch: Watch<'_>,
) -> Result<Conversion> {
    let _alone = alone(workspace)?;
    settle_alone(workspace)?;
    let from = Vault::find(workspace, Some(root))?;
    convert(workspace, &from, &Vault::new(workspace, None), None, watch)
}

/// Re-encrypts a protected workspace under another root key, whose slots are given.
///
/// # Errors
/// As [`unprotect`].
pub fn rotate(
    workspace: &Path,
    old: &RootKey,
    new: &RootKey,
    slots: &KeyFile,
) -> Result<Conversion> {
    let _alone = alone(workspace)?;
    settle_alone(workspace)?;
    let from = Vault::find(workspace, Some(old))?;
    let to = Vault::new(workspace, Some(Keys::new(new, slots.workspace_id())?));
    convert(workspace, &from, &to, Some(slots), &mut |_| Ok(()))
}

fn convert(
    workspace: &Path,
    from: &Vault,
    to: &Vault,
    slots: Option<&KeyFile>,
    watch: Watch<'_>,
) -> Result<Conversion> {
    let mut progress = Progress {
        phase: Phase::Prepare,
        becomes_plain: !to.is_protected(),
        was_plain: !from.is_protected(),
    };
    // Before anything is announced: a key that is wrong changes nothing.
    database::check(&workspace.join(DATABASE), workspace, from)?;
    write_progress(workspace, progress)?;
    watch(Moment::Announced)?;
    if let Some(slots) = slots {
        slots.write_to(&new(&slot::path(workspace)))?;
    }
    watch(Moment::KeysWritten)?;
    let mut done = Conversion {
        database_bytes: database::copy(workspace, from, to)?,
        ..Conversion::default()
    };
    watch(Moment::DatabaseWritten)?;
    for path in files::with_content(workspace)? {
        done.file_bytes += files::copy(&path, &new(&path), from, to)?;
        done.files += 1;
        watch(Moment::FileWritten)?;
    }
    progress.phase = Phase::Swap;
    write_progress(workspace, progress)?;
    watch(Moment::Decided)?;
    swap(workspace, progress, watch)?;
    Ok(done)
}

/// Puts everything new in its place. Done again after an interruption, it does what is left.
fn swap(workspace: &Path, progress: Progress, watch: Watch<'_>) -> Result<()> {
    let database = workspace.join(DATABASE);
    // Its log is empty: it was played into the database before the copy.
    for ending in ["-wal", "-shm"] {
        files::remove(&PathBuf::from(format!("{}{ending}", database.display())))?;
    }
    let keys = slot::path(workspace);
    let keys_new = new(&keys);
    for path in files::new_ones(workspace)? {
        // The keys come last of all: until then the files that they open are not all here.
        if path != keys_new {
            files::replace(&path, &old(&path), progress.was_plain)?;
            watch(Moment::FileSwapped)?;
        }
    }
    if keys_new.exists() {
        files::replace(&keys_new, &keys, false)?;
    }
    if progress.becomes_plain {
        files::remove(&keys)?;
    }
    watch(Moment::KeysSwapped)?;
    files::remove(&workspace.join(PROGRESS))
}

/// Finishes or takes back a conversion that was interrupted.
///
/// # Errors
/// [`Error::Busy`] while a conversion is at work.
pub(crate) fn settle(workspace: &Path) -> Result<()> {
    let _alone = alone(workspace).map_err(|error| match error {
        Error::Protection(WorkspaceProblem::WorkspaceOpen { .. }) => Error::Busy {
            path: workspace.join(DATABASE),
        },
        other => other,
    })?;
    settle_alone(workspace)
}

fn settle_alone(workspace: &Path) -> Result<()> {
    let path = workspace.join(PROGRESS);
    let bytes = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        read => read.map_err(|error| Error::io(&path, error))?,
    };
    let progress: Progress = serde_json::from_slice(&bytes).map_err(|error| Error::Corrupt {
        path: path.clone(),
        detail: error.to_string(),
    })?;
    // What a process that was killed while writing left behind; it may be in plain text.
    for unfinished in files::unfinished(workspace)? {
        files::remove(&unfinished)?;
    }
    match progress.phase {
        Phase::Swap => swap(workspace, progress, &mut |_| Ok(())),
        Phase::Prepare => {
            for made in files::new_ones(workspace)? {
                files::remove(&made)?;
            }
            files::remove(&path)
        }
    }
}

/// Whether a conversion was interrupted, or is in progress.
pub(crate) fn is_unsettled(workspace: &Path) -> bool {
    workspace.join(PROGRESS).exists()
}

/// Refuses a workspace whose conversion was interrupted, for those who may only look.
///
/// # Errors
/// [`WorkspaceProblem::ProtectInterrupted`].
pub(crate) fn refuse_unsettled(workspace: &Path) -> Result<()> {
    if is_unsettled(workspace) {
        let file = workspace.display().to_string();
        return Err(WorkspaceProblem::ProtectInterrupted { file }.into());
    }
    Ok(())
}

/// Says, as long as the file lives, that somebody has the workspace open. `None` where nothing can be written or the
/// disk has no locks: nobody converts a workspace there either.
///
/// # Errors
/// [`Error::Busy`] while a conversion is at work.
pub(crate) fn hold(workspace: &Path) -> Result<Option<File>> {
    let path = workspace.join(HELD);
    let opened = host::private::options(&path)
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let Ok(file) = opened else { return Ok(None) };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(Error::Busy {
            path: workspace.join(DATABASE),
        }),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// The workspace for this process alone.
fn alone(workspace: &Path) -> Result<File> {
    let path = workspace.join(HELD);
    if !workspace.join(DATABASE).is_file() {
        return Err(Error::NotAWorkspace {
            path: workspace.join(DATABASE),
        });
    }
    let file = host::private::options(&path)
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Error::io(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let file = workspace.display().to_string();
            Err(WorkspaceProblem::WorkspaceOpen { file }.into())
        }
        Err(TryLockError::Error(error)) => Err(Error::io(&path, error)),
    }
}

fn write_progress(workspace: &Path, progress: Progress) -> Result<()> {
    let path = workspace.join(PROGRESS);
    let text = serde_json::to_vec(&progress).map_err(|error| {
        Error::io(
            &path,
            std::io::Error::new(std::io::ErrorKind::InvalidData, error),
        )
    })?;
    host::file::write(&path, &text).map_err(|error| Error::io(&path, error))
}

/// Where the new form of a file waits.
fn new(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}{NEW}", path.display()))
}

/// The file whose new form this is.
fn old(path: &Path) -> PathBuf {
    let name = path.display().to_string();
    PathBuf::from(name.strip_suffix(NEW).unwrap_or(&name))
}

#[cfg(test)]
mod tests;
