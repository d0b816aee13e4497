//! The last good copy of a workspace's database, and looking at a workspace without changing it: what is left to a
//! person whose database is damaged or whose folder cannot be written.
//!
//! There is one copy, beside the database. It is made from a database that SQLite finds sound, completely or not at
//! all, and a damaged database is moved aside when it is put back, never deleted.

use crate::key::{Keys, RootKey};
use crate::vault::{Vault, connect_as};
use crate::{DATABASE, Error, Result, Store, migration, protect};
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// File name of the copy inside a workspace.
pub(crate) const COPY: &str = "workspace.copy.sqlite";

impl Store {
    /// Copies the database beside itself, replacing the previous copy; only a sound one is copied.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where SQLite finds a fault; the previous copy stays.
    pub fn keep_copy(&self) -> Result<()> {
        let found: String =
            self.read(|conn| Ok(conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?))?;
        if found != "ok" {
            return Err(Error::Corrupt {
                path: self.database.clone(),
                detail: found,
            });
        }
        let fresh = self.workspace.join(format!("{COPY}.new"));
        // What an interrupted copy left behind.
        let _absent = std::fs::remove_file(&fresh);
        let copy = || -> Result<()> {
            self.conn
                .execute("VACUUM INTO ?1", [fresh.to_string_lossy()])?;
            Ok(())
        };
        self.timed(copy).map_err(|e| e.explain(&self.database))?;
        private(&fresh)?;
        host::file::rename(&fresh, &self.workspace.join(COPY)).map_err(|e| Error::io(&fresh, e))
    }

    /// Copies the database into a new file, as it is at this moment, encrypted if it is encrypted here.
    ///
    /// # Errors
    /// Where the file exists or cannot be written.
    pub fn copy_database(&self, to: &Path) -> Result<()> {
        let copy = || -> Result<()> {
            self.conn
                .execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
            Ok(())
        };
        self.timed(copy).map_err(|e| e.explain(&self.database))?;
        private(to)
    }

    /// Has SQLite read the whole database, and decrypt every page of an encrypted one.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with what it finds.
    pub fn check_database(&self) -> Result<()> {
        let found = self.read(|conn| {
            let mut found: Vec<String> = Vec::new();
            if self.vault.is_protected() {
                let mut query = conn.prepare("PRAGMA cipher_integrity_check")?;
                let rows = query.query_map([], |row| row.get(0))?;
                found = rows.collect::<rusqlite::Result<_>>()?;
            }
            let whole: String =
                conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
            found.extend((whole != "ok").then_some(whole));
            Ok(found)
        })?;
        match found.first() {
            None => Ok(()),
            Some(detail) => Err(Error::Corrupt {
                path: self.database.clone(),
                detail: detail.clone(),
            }),
        }
    }

    /// The files of a folder of the workspace and of those in it, in order; none if it is not there.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn files_below(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        protect::everything_below(folder)
    }

    /// Copies of the database in this workspace: the last good one, and those that were put aside.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn copies(&self) -> Result<Vec<PathBuf>> {
        let mut found = protect::everything_below(&self.workspace)?;
        found.retain(|path| {
            let name = path.strip_prefix(&self.workspace).unwrap_or(path);
            let name = name.to_string_lossy();
            name.starts_with(COPY) || name.starts_with(crate::vault::ASIDE)
        });
        Ok(found)
    }

    /// When the copy of a workspace was made, in milliseconds since 1970; `None` if it has none.
    pub fn copied_at_ms(workspace: &Path) -> Option<i64> {
        let changed = std::fs::metadata(workspace.join(COPY))
            .ok()?
            .modified()
            .ok()?;
        let since = changed.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_millis()).ok()
    }

    /// Puts the copy of a workspace in the place of its database, and moves the database aside; returns where that is
    /// now.
    ///
    /// # Errors
    /// Those of opening the copy: a copy that cannot be opened changes nothing.
    pub fn restore_copy(workspace: &Path, key: Option<&RootKey>) -> Result<PathBuf> {
        let copy = workspace.join(COPY);
        let vault = Vault::find(workspace, key)?;
        migration::open_to_read(&copy, vault.keys()).map_err(|e| e.explain(&copy))?;
        let aside = (1..)
            .map(|n| workspace.join(format!("workspace.damaged-{n}.sqlite")))
            .find(|path| !path.exists())
            .unwrap_or_else(|| workspace.join("workspace.damaged.sqlite"));
        let database = workspace.join(DATABASE);
        let moved = |from: &Path, to: &Path| match host::file::rename(from, to) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            done => done.map_err(|e| Error::io(from, e)),
        };
        // A log that belongs to the damaged database must not be played into the copy.
        for ending in ["", "-wal", "-shm"] {
            let with = |path: &Path| PathBuf::from(format!("{}{ending}", path.display()));
            moved(&with(&database), &with(&aside))?;
        }
        host::file::copy(&copy, &database).map_err(|e| Error::io(&database, e))?;
        private(&database)?;
        Ok(aside)
    }

    /// Opens a workspace to look at: nothing in its folder is made or changed, and every change is refused.
    ///
    /// # Errors
    /// As [`Store::open`]; [`Error::ReadOnly`] where the database would have to be brought up to date first.
    pub fn open_read_only(workspace: &Path, key: Option<&RootKey>) -> Result<Self> {
        let database = workspace.join(DATABASE);
        let is_known = workspace.join(protect::HELD).exists();
        // Where nobody may write, nobody converts the workspace either.
        let presence = is_known
            .then(|| protect::hold(workspace))
            .transpose()?
            .flatten();
        protect::refuse_unsettled(workspace)?;
        let vault = Vault::find(workspace, key)?;
        let conn = migration::open_to_read(&database, vault.keys())
            .map_err(|e| crate::opened(e, workspace, &database, &vault))?;
        Ok(Self {
            conn,
            workspace: workspace.to_path_buf(),
            database,
            vault,
            _presence: presence,
            fence: RefCell::new(None),
            busy: Cell::default(),
        })
    }
}

/// What is stored is for its owner alone.
#[cfg(unix)]
fn private(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
        .map_err(|e| Error::io(file, e))
}

#[cfg(not(unix))]
fn private(_file: &Path) -> Result<()> {
    Ok(())
}

/// A database opened by SQLite without changing anything, including a log beside it; where not even the log's index can
/// be made, only what the database itself holds.
pub(crate) fn connect_to_read(database: &Path, keys: Option<&Keys>) -> Result<Connection> {
    use rusqlite::OpenFlags;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = connect_as(&database.to_string_lossy(), flags, keys)?;
    let looked = conn.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| {
        row.get::<_, i64>(0)
    });
    match looked.map_err(|error| Error::from(error).explain(database)) {
        Err(Error::Io { .. } | Error::ReadOnly { .. }) => {
            let uri = format!("file:{}?immutable=1", escaped(&database.to_string_lossy()));
            connect_as(&uri, flags | OpenFlags::SQLITE_OPEN_URI, keys)
        }
        Err(error) => Err(error),
        Ok(_) => Ok(conn),
    }
}

/// A path as a URI holds it.
fn escaped(path: &str) -> String {
    path.replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(store: &Store, value: i64) {
        store.set_setting("n", &json!(value)).unwrap();
    }

    #[test]
    fn a_damaged_database_comes_back_as_it_was_copied() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Store::copied_at_ms(dir.path()), None);
        let store = Store::open(dir.path()).unwrap();
        set(&store, 1);
        store.keep_copy().unwrap();
        store.keep_copy().unwrap();
        set(&store, 2);
        drop(store);
        assert!(Store::copied_at_ms(dir.path()).is_some());
        std::fs::write(
            dir.path().join(DATABASE),
            "no database at all, but some text",
        )
        .unwrap();
        assert!(matches!(
            Store::open(dir.path()),
            Err(Error::NotAWorkspace { .. })
        ));
        let aside = Store::restore_copy(dir.path(), None).unwrap();
        assert!(std::fs::read(aside).unwrap().starts_with(b"no database"));
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.setting("n").unwrap(), Some(json!(1)));
        set(&store, 3);
    }

    #[test]
    fn without_a_good_copy_nothing_is_moved() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(DATABASE), "text").unwrap();
        assert!(Store::restore_copy(dir.path(), None).is_err());
        std::fs::write(dir.path().join(COPY), "text").unwrap();
        assert!(Store::restore_copy(dir.path(), None).is_err());
        assert_eq!(std::fs::read(dir.path().join(DATABASE)).unwrap(), b"text");
    }

    #[test]
    fn looking_changes_nothing_and_refuses_changes() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Store::open_read_only(dir.path(), None).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let store = Store::open(dir.path()).unwrap();
        set(&store, 1);
        let looking = Store::open_read_only(dir.path(), None).unwrap();
        assert_eq!(looking.setting("n").unwrap(), Some(json!(1)));
        assert!(matches!(
            looking.set_setting("n", &json!(2)),
            Err(Error::ReadOnly { .. })
        ));
    }

    #[test]
    fn a_path_with_signs_of_a_uri_is_still_a_path() {
        assert_eq!(escaped("/a 100%?b#c"), "/a 100%25%3fb%23c");
    }
}
