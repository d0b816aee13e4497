//! A backup of a workspace as one file, and the way back.
//!
//! The file is a ZIP archive without compression, so that anybody can look into it: the database, copied whole while others may
//! read and write it; the ways to open it, if it is protected; and the files beside it as they are, encrypted where they are
//! encrypted. Left out is what can be had again or is on its way: downloaded models, unfinished trainings, pasted texts.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};

use contract::FileAction;
use host::file::{Draft, DraftFolder};
use sha2::{Digest, Sha256};
use store::RootKey;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::error::{Error, Result};
use crate::rows::DATABASE;
use crate::session::Session;

/// Folders of a workspace that a backup has.
const FOLDERS: [&str; 2] = ["blobs", "logs"];
/// The file that holds the ways to open a protected workspace.
const KEYS: &str = "keys.json";

/// What a backup is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Files in it.
    pub files: usize,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Files that were written and read back.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Writes a backup of an open workspace into a file, whole or not at all.
///
/// # Errors
/// [`contract::problem::WorkspaceProblem::Io`] where the file cannot be written; what was in its place stays then.
pub fn back_up(session: &Session, to: &Path) -> Result<Backup> {
    let io = |error: std::io::Error| Error::io(FileAction::Write, to, &error);
    let workspace = session.workspace();
    let copy = tempfile::Builder::new()
        .prefix(".backup.")
        .tempdir_in(workspace)
        .map_err(io)?;
    let database = copy.path().join(DATABASE);
    session.store.copy_database(&database)?;
    let mut entries = vec![(PathBuf::from(DATABASE), database)];
    let keys = workspace.join(KEYS);
    if keys.exists() {
        entries.push((PathBuf::from(KEYS), keys));
    }
    for folder in FOLDERS {
        for path in session.store.files_below(&workspace.join(folder))? {
            let name = path.strip_prefix(workspace).unwrap_or(&path).to_owned();
            entries.push((name, path));
        }
    }
    let mut draft = Draft::create(to).map_err(io)?;
    let mut archive = ZipWriter::new_stream(&mut draft);
    let stored = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true);
    for (name, path) in &entries {
        let failed = |error| Error::io(FileAction::Read, path, &error);
        let name: Vec<String> = name
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        archive
            .start_file(name.join("/"), stored)
            .map_err(|error| io(std::io::Error::other(error)))?;
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        std::io::copy(&mut file, &mut archive).map_err(io)?;
    }
    archive
        .finish()
        .map_err(|error| io(std::io::Error::other(error)))?;
    draft.commit().map_err(io)?;
    let (bytes, sha256) = digest(to)?;
    Ok(Backup {
        files: entries.len(),
        bytes,
        sha256,
    })
}

fn digest(path: &Path) -> Result<(u64, String)> {
    let io = |error: std::io::Error| Error::io(FileAction::Read, path, &error);
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut piece).map_err(io)?;
        if read == 0 {
            let hex = hash
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            return Ok((bytes, hex));
        }
        hash.update(&piece[..read]);
        bytes += read as u64;
    }
}

/// A backup that was taken out of its file and not looked at yet. Dropped without [`Taken::finish`] it leaves nothing.
#[derive(Debug)]
pub struct Taken {
    folder: DraftFolder,
}

impl Taken {
    /// Takes a backup out of its file; `to` is a folder that is empty or not there.
    ///
    /// # Errors
    /// [`store::Error::Corrupt`] for a file that is no backup; where the folder cannot be written.
    pub fn out_of(file: &Path, to: &Path) -> Result<Self> {
        let io = |error: std::io::Error| Error::io(FileAction::Read, file, &error);
        let folder = DraftFolder::create(to, true)
            .map_err(|error| Error::io(FileAction::Create, to, &error))?;
        let mut archive = ZipArchive::new(BufReader::new(File::open(file).map_err(io)?))
            .map_err(|error| no_backup(file, &error.to_string()))?;
        for index in 0..archive.len() {
            let mut entry = archive
                .by_index(index)
                .map_err(|error| no_backup(file, &error.to_string()))?;
            let name = entry
                .name()
                .map_err(|error| no_backup(file, &error.to_string()))?
                .into_owned();
            let name = PathBuf::from(name);
            if !is_of_a_backup(&name) {
                return Err(no_backup(file, &format!("it holds {}", name.display())));
            }
            let path = folder.path().join(name);
            let failed = |error: std::io::Error| Error::io(FileAction::Write, &path, &error);
            let mut draft = Draft::create(&path).map_err(failed)?;
            std::io::copy(&mut entry, &mut draft).map_err(failed)?;
            draft.flush().map_err(failed)?;
            draft.commit().map_err(failed)?;
        }
        if !folder.path().join(DATABASE).exists() {
            return Err(no_backup(file, "it holds no database"));
        }
        Ok(Self { folder })
    }

    /// Where it is for now; what opens it is there too.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Reads everything back, decrypting what is encrypted, and puts the workspace in its place.
    ///
    /// # Errors
    /// [`contract::problem::WorkspaceProblem::Damaged`], [`store::Error::Corrupt`] and whatever opening it says; then nothing is in its place.
    pub fn finish(self, key: Option<&RootKey>) -> Result<Restored> {
        let session = Session::open_with(self.folder.path(), key)?;
        session.store.check_database()?;
        let mut restored = Restored { files: 1, bytes: 0 };
        let database = self.folder.path().join(DATABASE);
        restored.bytes += std::fs::metadata(&database).map_or(0, |file| file.len());
        for folder in FOLDERS {
            for path in session
                .store
                .files_below(&self.folder.path().join(folder))?
            {
                restored.bytes += session.store.vault().read(&path)?.len() as u64;
                restored.files += 1;
            }
        }
        drop(session);
        let folder = self.folder.path().to_owned();
        self.folder
            .commit()
            .map_err(|error| Error::io(FileAction::Write, &folder, &error))?;
        Ok(restored)
    }
}

/// Whether a name in an archive is that of a file which a backup has; no other is written.
fn is_of_a_backup(name: &Path) -> bool {
    let parts: Vec<&str> = name
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    let is_plain = parts.len() == name.components().count();
    is_plain
        && match parts.as_slice() {
            [file] => [DATABASE, KEYS].contains(file),
            [folder, ..] => FOLDERS.contains(folder),
            [] => false,
        }
}

fn no_backup(file: &Path, detail: &str) -> Error {
    store::Error::Corrupt {
        path: file.to_owned(),
        detail: format!("it is no backup of Duologue: {detail}"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use contract::ErrorCode;
    use serde_json::json;

    use super::*;
    use crate::protection::{KeyFile, RecoveryKey, protect};

    fn workspace(folder: &Path) -> Session {
        let session = Session::open(folder).unwrap();
        session.set_setting("kept", &json!("value")).unwrap();
        for (file, text) in [("blobs/ab/adapter.bin", "weights"), ("logs/r.log", "said")] {
            let path = folder.join(file);
            session.store.vault().write(&path, text.as_bytes()).unwrap();
        }
        let passing = folder.join("inbox/p.txt");
        session.store.vault().write(&passing, b"pasted").unwrap();
        session
    }

    #[test]
    fn a_backup_comes_back_whole_plain_and_protected() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("w");
        let session = workspace(&from);
        let file = dir.path().join("plain.zip");
        let backup = back_up(&session, &file).unwrap();
        assert_eq!(backup.files, 3);
        assert_eq!(
            backup.sha256,
            store::sha256_hex(&std::fs::read(&file).unwrap())
        );
        let to = dir.path().join("again");
        let restored = Taken::out_of(&file, &to).unwrap().finish(None).unwrap();
        assert_eq!(restored.files, 3);
        let again = Session::open(&to).unwrap();
        assert_eq!(again.setting("kept").unwrap(), Some(json!("value")));
        assert_eq!(std::fs::read(to.join("logs/r.log")).unwrap(), b"said");
        assert!(!to.join("inbox").exists());
        drop((session, again));

        let (root, recovery) = (RootKey::random().unwrap(), RecoveryKey::random().unwrap());
        let mut slots = KeyFile::new(1).unwrap();
        slots.set_recovery(&root, &recovery, 1).unwrap();
        protect(&from, &root, &slots).unwrap();
        let session = Session::open_with(&from, Some(&root)).unwrap();
        let file = dir.path().join("protected.zip");
        assert_eq!(back_up(&session, &file).unwrap().files, 4);
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(7).any(|part| part == b"weights"));
        let to = dir.path().join("sealed");
        assert_eq!(
            Taken::out_of(&file, &to)
                .unwrap()
                .finish(None)
                .unwrap_err()
                .code(),
            ErrorCode::KeyNeeded
        );
        assert!(!to.exists());
        Taken::out_of(&file, &to)
            .unwrap()
            .finish(Some(&root))
            .unwrap();
        let again = Session::open_with(&to, Some(&root)).unwrap();
        assert_eq!(again.setting("kept").unwrap(), Some(json!("value")));
    }

    #[test]
    fn what_is_no_backup_is_refused_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("to");
        let file = dir.path().join("f");
        std::fs::write(&file, "no archive").unwrap();
        assert_eq!(
            Taken::out_of(&file, &to).unwrap_err().code(),
            ErrorCode::Corrupt
        );
        for name in [
            "../escape",
            "models/m/config.json",
            "/etc/x",
            "blobs/../../x",
        ] {
            let mut archive = ZipWriter::new(File::create(&file).unwrap());
            archive
                .start_file(name, SimpleFileOptions::default())
                .unwrap();
            archive.finish().unwrap();
            assert_eq!(
                Taken::out_of(&file, &to).unwrap_err().code(),
                ErrorCode::Corrupt,
                "{name}"
            );
        }
        assert!(!to.exists());
        assert!(!dir.path().join("escape").exists());
    }
}
