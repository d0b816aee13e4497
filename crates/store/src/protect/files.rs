//! The files of a conversion: which there are, and how each is rewritten, read back and put in its place.

use super::NEW;
use crate::vault::{ASIDE, BLOBS, CHECKPOINTS, INBOX, LOGS, Vault};
use crate::{Error, Result};
use std::fs::{self, File};
use std::io::{ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};

/// Bytes that are overwritten at a time.
const PIECE: usize = 1 << 20;

/// Every file that holds conversations or what was made from them, the database left out.
pub(super) fn with_content(workspace: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in [BLOBS, CHECKPOINTS, LOGS, INBOX] {
        below(&workspace.join(folder), &mut found)?;
    }
    let aside = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy());
        name.is_some_and(|name| name.starts_with(ASIDE))
    };
    found.extend(beside(workspace)?.into_iter().filter(aside));
    found.retain(|path| !is_new(path) && !is_unfinished(path));
    found.sort();
    Ok(found)
}

/// Every new file that waits for its place.
pub(super) fn new_ones(workspace: &Path) -> Result<Vec<PathBuf>> {
    let mut found = everything(workspace)?;
    found.retain(|path| is_new(path));
    Ok(found)
}

/// New files whose writing was interrupted.
pub(super) fn unfinished(workspace: &Path) -> Result<Vec<PathBuf>> {
    let mut found = everything(workspace)?;
    found.retain(|path| is_unfinished(path));
    Ok(found)
}

fn everything(workspace: &Path) -> Result<Vec<PathBuf>> {
    let mut found = beside(workspace)?;
    for folder in [BLOBS, CHECKPOINTS, LOGS, INBOX] {
        below(&workspace.join(folder), &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn is_new(path: &Path) -> bool {
    path.to_string_lossy().ends_with(NEW)
}

/// A file that is being written has the name of its place between a dot and a word ([`host::file`]); the log of a new
/// database has that of the database and more.
fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name.contains(NEW) && !name.ends_with(NEW))
}

/// The files of a workspace's own folder.
fn beside(workspace: &Path) -> Result<Vec<PathBuf>> {
    let io = |error| Error::io(workspace, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(workspace).map_err(io)? {
        let entry = entry.map_err(io)?;
        if entry.file_type().map_err(io)?.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The files of a folder and of the folders in it. A link leads outside the workspace.
fn below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let io = |error| Error::io(folder, error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(io)?,
    };
    for entry in entries {
        let entry = entry.map_err(io)?;
        let kind = entry.file_type().map_err(io)?;
        if kind.is_dir() {
            below(&entry.path(), found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Writes the new form of a file and reads it back; returns how many bytes its content has.
pub(super) fn copy(path: &Path, new: &Path, from: &Vault, to: &Vault) -> Result<u64> {
    let plain = from.read(path)?;
    to.write(new, &plain)?;
    if to.read(new)? != plain {
        return Err(Error::io(
            new,
            std::io::Error::other("what was written is not what was read back"),
        ));
    }
    Ok(plain.len() as u64)
}

/// Puts a new file in the place of the old one, which is overwritten first if it was in clear.
pub(super) fn replace(new: &Path, old: &Path, overwrite: bool) -> Result<()> {
    if overwrite {
        erase(old)?;
    }
    host::file::rename(new, old).map_err(|error| Error::io(old, error))
}

/// Overwrites a file with zeros once. On a disk that writes elsewhere what it is told to overwrite, that guarantees
/// nothing.
fn erase(path: &Path) -> Result<()> {
    let io = |error| Error::io(path, error);
    let mut file = match File::options().write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        file => file.map_err(io)?,
    };
    let mut left = file.metadata().map_err(io)?.len();
    file.rewind().map_err(io)?;
    let zeros = vec![0; PIECE];
    while left > 0 {
        let count = left.min(PIECE as u64);
        file.write_all(&zeros[..count as usize]).map_err(io)?;
        left -= count;
    }
    file.sync_all().map_err(io)
}

/// Every file of a folder and of those in it.
pub(crate) fn everything_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    below(folder, &mut found)?;
    found.sort();
    Ok(found)
}

/// Overwrites a file, or every file of a folder, and removes it; what is gone already stays gone.
pub(crate) fn destroy(path: &Path) -> Result<()> {
    if !path.is_dir() {
        erase(path)?;
        return remove(path);
    }
    for file in everything_below(path)? {
        erase(&file)?;
    }
    fs::remove_dir_all(path).map_err(|error| Error::io(path, error))
}

/// Removes a file that may be gone already.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(path, error)),
        _ => Ok(()),
    }
}
