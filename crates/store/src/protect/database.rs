//! The database of a conversion: exported by SQLCipher under the new key, then compared with the old one, row by row.

use super::{files, new};
use crate::copy::COPY;
use crate::key::Keys;
use crate::vault::{Vault, attached_key, connect, has_cipher, refused};
use crate::{DATABASE, Error, Result};
use contract::problem::WorkspaceProblem;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Refuses a build that cannot encrypt, a key that does not open the database, and a database that is somebody else's.
pub(super) fn check(database: &Path, workspace: &Path, from: &Vault) -> Result<()> {
    // Nothing is announced and nobody else is here: what an older Duologue left is brought up to date.
    let opened = crate::migration::open(workspace, database, from.keys());
    let conn = opened.map_err(|error| match error.explain(database) {
        Error::NotAWorkspace { .. } if from.is_protected() => refused(workspace, database),
        other => other,
    })?;
    if !has_cipher(&conn) {
        return Err(WorkspaceProblem::NoCipher.into());
    }
    Ok(())
}

/// Writes the new database beside the old one, and the same in place of the daily copy; returns its size.
pub(super) fn copy(workspace: &Path, from: &Vault, to: &Vault) -> Result<u64> {
    let database = workspace.join(DATABASE);
    let fresh = new(&database);
    let written = write(&database, &fresh, from.keys(), to.keys());
    written.map_err(|error| error.explain(&database))?;
    let io = |error| Error::io(&fresh, error);
    let copy = workspace.join(COPY);
    if copy.exists() {
        host::file::copy(&fresh, &new(&copy)).map_err(io)?;
    }
    Ok(std::fs::metadata(&fresh).map_err(io)?.len())
}

fn write(database: &Path, fresh: &Path, from: Option<&Keys>, to: Option<&Keys>) -> Result<()> {
    files::remove(fresh)?;
    // SQLite fills a file that is empty, and would make one that everybody can read.
    host::private::create_file(fresh).map_err(|error| Error::io(fresh, error))?;
    let old = connect(database, from)?;
    let is_busy: i64 = old.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy != 0 {
        return Err(Error::Busy {
            path: database.to_path_buf(),
        });
    }
    export(&old, fresh, from, to)?;
    let copied = connect(fresh, to)?;
    copied.pragma_update(None, "journal_mode", "WAL")?;
    compare(&old, &copied, fresh)?;
    if to.is_some() {
        let mut query = copied.prepare("PRAGMA cipher_integrity_check")?;
        let faults: Vec<String> = query
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if let Some(fault) = faults.into_iter().next() {
            return Err(differs(fresh, fault));
        }
    }
    drop(copied);
    let io = |error| Error::io(fresh, error);
    let written = std::fs::File::open(fresh).map_err(io)?;
    written.sync_all().map_err(io)
}

/// Copies a database into an empty file under another key, or none. What SQLCipher leaves out is set afterwards.
pub(crate) fn export(
    old: &Connection,
    fresh: &Path,
    from: Option<&Keys>,
    to: Option<&Keys>,
) -> Result<()> {
    let pragma = |name: &str| {
        old.query_row(&format!("PRAGMA main.{name}"), [], |row| {
            row.get::<_, i64>(0)
        })
    };
    let (version, owner) = (pragma("user_version")?, pragma("application_id")?);
    // From a plain connection too, the new database gets a key of its own, or explicitly none.
    let key = match (from, to) {
        (None, None) => " KEY ''".to_owned().into(),
        (from, to) => attached_key(from, to),
    };
    let attach = zeroize::Zeroizing::new(format!("ATTACH ?1 AS fresh{}", &*key));
    old.execute(&attach, [fresh.to_string_lossy()])?;
    let exported = old
        .query_row("SELECT sqlcipher_export('fresh')", [], |_| Ok(()))
        .and_then(|()| {
            old.execute_batch(&format!(
                "PRAGMA fresh.user_version = {version}; PRAGMA fresh.application_id = {owner};"
            ))
        });
    old.execute_batch("DETACH fresh")?;
    Ok(exported?)
}

/// Refuses a copy that is not sound or differs from the original in a table, a row or a value.
fn compare(old: &Connection, copied: &Connection, fresh: &Path) -> Result<()> {
    let sound: String = copied.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(differs(fresh, sound));
    }
    let tables = tables(old)?;
    if tables != self::tables(copied)? {
        return Err(differs(fresh, "its tables are others".to_owned()));
    }
    // A virtual table keeps its rows in tables of its own, which are compared.
    for table in tables.iter().filter(|table| table.has_rows) {
        let table = table.name.as_str();
        if digest(old, table)? != digest(copied, table)? {
            return Err(differs(fresh, format!("its table {table} has other rows")));
        }
    }
    for pragma in ["user_version", "application_id"] {
        let value = |conn: &Connection| {
            conn.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
        };
        if value(old)? != value(copied)? {
            return Err(differs(fresh, format!("its {pragma} is another")));
        }
    }
    Ok(())
}

fn differs(fresh: &Path, detail: String) -> Error {
    Error::Corrupt {
        path: fresh.to_path_buf(),
        detail,
    }
}

/// A table as the schema names it.
#[derive(PartialEq)]
struct Table {
    name: String,
    /// The statement that made it.
    sql: Option<String>,
    /// Whether rows are stored under its name: not those of a virtual table.
    has_rows: bool,
}

fn tables(conn: &Connection) -> Result<Vec<Table>> {
    let mut query = conn.prepare(
        "SELECT name, sql, rootpage <> 0 FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%'
         ORDER BY name",
    )?;
    let rows = query.query_map([], |row| {
        Ok(Table {
            name: row.get(0)?,
            sql: row.get(1)?,
            has_rows: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// SHA-256 over every value of a table, in the order of its rows.
fn digest(conn: &Connection, table: &str) -> Result<(u64, Vec<u8>)> {
    let has_rows: bool = conn.query_row(
        "SELECT wr = 0 FROM pragma_table_list WHERE schema = 'main' AND name = ?1",
        [table],
        |row| row.get(0),
    )?;
    // A table without row numbers is kept in the order of its key.
    let order = if has_rows { " ORDER BY rowid" } else { "" };
    let mut query = conn.prepare(&format!("SELECT * FROM main.\"{table}\"{order}"))?;
    let columns = query.column_count();
    let mut rows = query.query([])?;
    let (mut count, mut hash) = (0, Sha256::new());
    while let Some(row) = rows.next()? {
        count += 1;
        for column in 0..columns {
            let (mark, bytes) = match row.get_ref(column)? {
                ValueRef::Null => (0u8, Vec::new()),
                ValueRef::Integer(value) => (1, value.to_be_bytes().to_vec()),
                ValueRef::Real(value) => (2, value.to_bits().to_be_bytes().to_vec()),
                ValueRef::Text(value) => (3, value.to_vec()),
                ValueRef::Blob(value) => (4, value.to_vec()),
            };
            hash.update([mark]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(&bytes);
        }
    }
    Ok((count, hash.finalize().to_vec()))
}
