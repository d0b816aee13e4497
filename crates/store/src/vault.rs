//! The one door to the files of a workspace that hold conversations or what was made from them: adapters, checkpoints,
//! logs, what was pasted. In a plain workspace they are what they always were; in a protected one they are sealed
//! ([`crate::key::sealed`]), and nobody else needs to know which it is.
//!
//! The database has its own door, [`connect`]. Downloaded models are public and pass neither.

use crate::key::sealed::{self, Kind};
use crate::key::slot::KeyFile;
use crate::key::{Keys, RootKey};
use crate::{Error, Result};
use contract::problem::WorkspaceProblem;
use rusqlite::{Connection, OpenFlags};
use std::path::{Component, Path, PathBuf};
use zeroize::Zeroizing;

/// Folder of trained adapters.
pub(crate) const BLOBS: &str = "blobs";
/// Folder of unfinished trainings.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
/// Folder of what processes printed.
pub(crate) const LOGS: &str = "logs";
/// Folder of what was pasted.
pub(crate) const INBOX: &str = "inbox";
/// How the names of databases that were put aside begin.
pub(crate) const ASIDE: &str = "workspace.damaged";

/// Pages of a protected database that are kept decrypted, in KiB: reading one costs a decryption.
const CACHE_KIB: u32 = 65_536;

/// Reads and writes the files of one workspace.
#[derive(Clone)]
pub struct Vault {
    workspace: PathBuf,
    keys: Option<Keys>,
}

impl Vault {
    pub(crate) fn new(workspace: &Path, keys: Option<Keys>) -> Self {
        Self {
            workspace: workspace.to_path_buf(),
            keys,
        }
    }

    /// The door of a workspace as it is: plain without a key, protected with one.
    pub(crate) fn find(workspace: &Path, key: Option<&RootKey>) -> Result<Self> {
        let file = || workspace.display().to_string();
        let keys = match (KeyFile::read(workspace)?, key) {
            (None, None) => None,
            (Some(slots), Some(root)) => Some(Keys::new(root, slots.workspace_id())?),
            (None, Some(_)) => {
                return Err(WorkspaceProblem::NotProtected { file: file() }.into());
            }
            (Some(_), None) => return Err(WorkspaceProblem::KeyNeeded { file: file() }.into()),
        };
        Ok(Self::new(workspace, keys))
    }

    /// Whether what is written here is encrypted.
    pub fn is_protected(&self) -> bool {
        self.keys.is_some()
    }

    /// The root key, to be handed to a process that works on the same workspace.
    pub fn key(&self) -> Option<&RootKey> {
        self.keys.as_ref().map(Keys::root)
    }

    pub(crate) fn keys(&self) -> Option<&Keys> {
        self.keys.as_ref()
    }

    /// The content of a file; one outside the workspace is read as it is.
    ///
    /// # Errors
    /// [`WorkspaceProblem::Damaged`] for a file that was changed, truncated or brought here from elsewhere.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
        self.opened(path, bytes)
    }

    fn opened(&self, path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>> {
        let (Some(keys), Some(kind)) = (&self.keys, self.kind(path)) else {
            return Ok(bytes);
        };
        sealed::open(keys, kind, &bytes)?.map_err(|fault| {
            Error::Protection(WorkspaceProblem::Damaged {
                file: path.display().to_string(),
                reason: fault.reason().to_owned(),
            })
        })
    }

    /// Writes a file, completely or not at all; one outside the workspace is written as it is.
    ///
    /// # Errors
    /// Where the disk is full or the folder cannot be written.
    pub fn write(&self, path: &Path, plain: &[u8]) -> Result<()> {
        let io = |error| Error::io(path, error);
        match self.sealed(path, plain)? {
            Some(sealed) => host::file::write(path, &sealed).map_err(io),
            None => host::file::write(path, plain).map_err(io),
        }
    }

    /// What is to be written in place of `plain`, if that is not `plain` itself.
    pub(crate) fn sealed(&self, path: &Path, plain: &[u8]) -> Result<Option<Vec<u8>>> {
        match (&self.keys, self.kind(path)) {
            (Some(keys), Some(kind)) => sealed::seal(keys, kind, plain).map(Some),
            _ => Ok(None),
        }
    }

    /// What a file holds, by its place; `None` for one that is never sealed.
    pub(crate) fn kind(&self, path: &Path) -> Option<Kind> {
        let inside = path.strip_prefix(&self.workspace).ok()?;
        let Component::Normal(first) = inside.components().next()? else {
            return None;
        };
        match first.to_str()? {
            BLOBS => Some(Kind::Adapter),
            CHECKPOINTS => Some(Kind::Checkpoint),
            LOGS => Some(Kind::Log),
            INBOX => Some(Kind::Inbox),
            name if name.starts_with(ASIDE) => Some(Kind::Aside),
            _ => None,
        }
    }
}

/// Opens a database with the keys of its workspace.
pub(crate) fn connect(database: &Path, keys: Option<&Keys>) -> Result<Connection> {
    let conn = Connection::open(database)?;
    unlock(&conn, keys)?;
    Ok(conn)
}

/// The same with SQLite's flags.
pub(crate) fn connect_as(
    database: &str,
    flags: OpenFlags,
    keys: Option<&Keys>,
) -> Result<Connection> {
    let conn = Connection::open_with_flags(database, flags)?;
    unlock(&conn, keys)?;
    Ok(conn)
}

/// The first statements of a connection; none in a plain workspace.
fn unlock(conn: &Connection, keys: Option<&Keys>) -> Result<()> {
    let Some(keys) = keys else { return Ok(()) };
    // SQLCipher would print to standard error what our errors say.
    conn.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    let key = Zeroizing::new(format!("PRAGMA key = \"{}\";", &*keys.sql()));
    conn.execute_batch(&key)?;
    conn.execute_batch(&format!("PRAGMA cache_size = -{CACHE_KIB};"))?;
    Ok(())
}

/// The end of an `ATTACH` statement: without it an attached database would be taken for one under the main key. Empty
/// for a connection without a key, whose statements stay those of SQLite.
pub(crate) fn attached_key(main: Option<&Keys>, attached: Option<&Keys>) -> Zeroizing<String> {
    Zeroizing::new(match (main, attached) {
        (None, None) => String::new(),
        (Some(_), None) => " KEY ''".to_owned(),
        (_, Some(keys)) => format!(" KEY \"{}\"", &*keys.sql()),
    })
}

/// Whether this build can encrypt a database.
pub(crate) fn has_cipher(conn: &Connection) -> bool {
    conn.query_row("PRAGMA cipher_version", [], |row| row.get::<_, String>(0))
        .is_ok()
}

/// Why a database that has keys does not open: it is plain, or the key is a different one.
pub(crate) fn refused(workspace: &Path, database: &Path) -> Error {
    let file = workspace.display().to_string();
    let plain = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|conn| conn.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(())));
    Error::Protection(match plain {
        Ok(()) => WorkspaceProblem::MixedWorkspace { file },
        Err(_) => WorkspaceProblem::WrongKey { file },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::WorkspaceId;

    fn vaults(workspace: &Path) -> (Vault, Vault) {
        let root = RootKey::random().unwrap();
        let keys = Keys::new(&root, WorkspaceId::random().unwrap()).unwrap();
        (
            Vault::new(workspace, None),
            Vault::new(workspace, Some(keys)),
        )
    }

    #[test]
    fn files_with_content_are_sealed_and_models_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let (plain, protected) = vaults(dir.path());
        let content = b"Mara: the appointment is on Friday";
        for (name, is_sealed) in [
            ("blobs/ab/adapter_model.safetensors", true),
            ("checkpoints/r/align.safetensors", true),
            ("logs/r.log", true),
            ("inbox/pasted.txt", true),
            ("workspace.damaged-1.sqlite", true),
            ("models/m/config.json", false),
            ("window.lock", false),
        ] {
            let path = dir.path().join(name);
            plain.write(&path, content).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), content, "{name}");
            assert_eq!(plain.read(&path).unwrap(), content, "{name}");
            protected.write(&path, content).unwrap();
            let stored = std::fs::read(&path).unwrap();
            assert_eq!(sealed::is_sealed(&stored), is_sealed, "{name}");
            assert_eq!(protected.read(&path).unwrap(), content, "{name}");
        }
    }

    #[test]
    fn a_plain_file_in_a_protected_workspace_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let (plain, protected) = vaults(dir.path());
        let path = dir.path().join("blobs/a/adapter_config.json");
        plain.write(&path, b"{}").unwrap();
        assert!(matches!(
            protected.read(&path),
            Err(Error::Protection(WorkspaceProblem::Damaged { .. }))
        ));
        let outside = tempfile::tempdir().unwrap();
        let path = outside.path().join("blobs");
        protected.write(&path, b"mine").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    }
}
