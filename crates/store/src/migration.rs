//! Opening a database and bringing its schema up to date.
//!
//! One line per table, oldest first; all pending lines run in one transaction. A released line is never edited: a
//! change to a table is a new line. `PRAGMA user_version` says what a file has ([`Schema`]): how many lines were
//! applied, and the oldest Duologue that can still read it. A line that only adds (a table, a column with a default)
//! leaves that as it is, and an older program reads and writes what it knows; a line that an older program would
//! misread names the first Duologue that knows it, and older ones refuse by that name.
//!
//! Own code, not `rusqlite_migration`: that keeps a plain count in `user_version` and refuses every longer one.

use crate::key::Keys;
use crate::table::{
    artifact, dataset, demo, example, experiment, forget, import, label, leak, lease, ledger,
    metric_point, model, part, queue, rating_acts, rating_after, rating_old, rating_pack,
    rating_study, run, setting, stage, work, workbench,
};
use crate::{Error, Result};
use rusqlite::{Connection, TransactionBehavior};
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// A release of Duologue, by the first two numbers of its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl Release {
    /// Older than all: what every Duologue can read.
    const ANY: Self = Self { major: 0, minor: 0 };
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A step of the schema.
struct Line {
    sql: &'static str,
    /// The oldest Duologue that reads a database with this line.
    needs: Release,
}

impl Line {
    /// A line that an older program need not know.
    const fn additive(sql: &'static str) -> Self {
        Self {
            sql,
            needs: Release::ANY,
        }
    }
}

/// Every line, oldest first.
const LINES: &[Line] = &[
    Line::additive(dataset::SQL),
    Line::additive(example::SQL),
    Line::additive(model::SQL),
    Line::additive(run::SQL),
    Line::additive(lease::SQL),
    Line::additive(stage::SQL),
    Line::additive(artifact::SQL),
    Line::additive(work::SQL),
    Line::additive(metric_point::SQL),
    Line::additive(rating_old::STUDY_SQL),
    Line::additive(rating_old::RATING_SQL),
    Line::additive(setting::SQL),
    Line::additive(ledger::SQL),
    Line::additive(queue::SQL),
    Line::additive(lease::START_SQL),
    Line::additive(import::SQL),
    Line::additive(rating_study::SQL),
    Line::additive(part::SQL),
    Line::additive(experiment::SQL),
    Line::additive(rating_acts::SQL),
    Line::additive(rating_old::COPY_SQL),
    Line::additive(leak::SQL),
    Line::additive(workbench::SQL),
    Line::additive(rating_pack::SQL),
    Line::additive(rating_after::SQL),
    Line::additive(label::SQL),
    Line::additive(demo::SQL),
    Line::additive(ledger::END_SQL),
    Line::additive(forget::SQL),
];

/// What a database has: in decimal, `user_version` is `MMmmmLLL`, the release that it needs (`MM.mmm`) and the number
/// of lines. While no line breaks anything it is the number of lines alone, as it was before there were releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Schema {
    needs: Release,
    lines: usize,
}

impl Schema {
    /// What a program with these lines makes of a database.
    fn of(lines: &[Line]) -> Self {
        Self {
            needs: lines
                .iter()
                .map(|line| line.needs)
                .max()
                .unwrap_or(Release::ANY),
            lines: lines.len(),
        }
    }

    fn user_version(self) -> u32 {
        u32::from(self.needs.major) * 1_000_000
            + u32::from(self.needs.minor) * 1_000
            + self.lines as u32
    }

    fn from_user_version(version: u32) -> Self {
        Self {
            needs: Release {
                major: (version / 1_000_000) as u16,
                minor: (version / 1_000 % 1_000) as u16,
            },
            lines: (version % 1_000) as usize,
        }
    }
}

/// `PRAGMA application_id` of a workspace, "DUOL": tells it from other programs' databases. The first line sets it.
const APPLICATION_ID: i64 = 0x4455_4f4c;

/// How long a statement waits for another process's transaction. Every commit is synced to the disk,
/// so on a loaded machine three processes that commit may wait long for one another.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens `database` with the current schema; checks first, so that a foreign or newer file stays untouched.
pub(crate) fn open(workspace: &Path, database: &Path, keys: Option<&Keys>) -> Result<Connection> {
    open_with(LINES, workspace, database, keys)
}

fn open_with(
    lines: &[Line],
    workspace: &Path,
    database: &Path,
    keys: Option<&Keys>,
) -> Result<Connection> {
    let mut conn = crate::vault::connect(database, keys)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_transaction_behavior(TransactionBehavior::Immediate);
    conn.set_prepared_statement_cache_capacity(64);
    // FULL: a stage that reported its commit is there after a power cut too.
    conn.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;")?;
    if pending(&conn, lines, database)?.is_empty() {
        return Ok(conn);
    }
    // Two processes opening a new workspace at once would both create the tables: one waits here. The system
    // frees the lock when its holder ends, however it ends.
    let lock = workspace.join("workspace.lock");
    let lock_file = host::private::options(&lock)
        .create(true)
        .truncate(true)
        .write(true)
        .open(&lock)
        .map_err(|e| Error::io(&lock, e))?;
    lock_file.lock().map_err(|e| Error::io(&lock, e))?;
    let pending = pending(&conn, lines, database)?;
    if !pending.is_empty() {
        conn.pragma_update(None, "journal_mode", "WAL")?;
        apply(&mut conn, pending, Schema::of(lines))?;
    }
    Ok(conn)
}

/// Opens `database` to look at, and changes nothing: one that lacks lines cannot be read as it is.
pub(crate) fn open_to_read(database: &Path, keys: Option<&Keys>) -> Result<Connection> {
    let conn = crate::copy::connect_to_read(database, keys)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(64);
    if !pending(&conn, LINES, database)?.is_empty() {
        return Err(Error::ReadOnly {
            path: database.to_path_buf(),
        });
    }
    Ok(conn)
}

/// Carries out lines, after which the database has `schema`: all of them or, where one fails, none.
fn apply(conn: &mut Connection, lines: &[Line], schema: Schema) -> Result<()> {
    let tx = conn.transaction()?;
    for line in lines {
        tx.execute_batch(line.sql)?;
    }
    tx.pragma_update(None, "user_version", schema.user_version())?;
    Ok(tx.commit()?)
}

/// The lines that the database lacks; an error where the file is not ours to touch.
fn pending<'a>(conn: &Connection, lines: &'a [Line], database: &Path) -> Result<&'a [Line]> {
    let pragma = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, i64>(0));
    let version = pragma("PRAGMA user_version")?;
    let owner = pragma("PRAGMA application_id")?;
    let tables = pragma("SELECT COUNT(*) FROM sqlite_schema")?;
    let is_new = version == 0 && owner == 0 && tables == 0;
    if !is_new && owner != APPLICATION_ID {
        return Err(Error::NotAWorkspace {
            path: database.to_path_buf(),
        });
    }
    let version = u32::try_from(version).map_err(|_| Error::Corrupt {
        path: database.to_path_buf(),
        detail: format!("user_version is {version}"),
    })?;
    let found = Schema::from_user_version(version);
    if found.needs > Schema::of(lines).needs {
        return Err(Error::NewerSchema {
            path: database.to_path_buf(),
            needs: found.needs,
        });
    }
    Ok(lines.get(found.lines..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DATABASE, Store, fixture};
    use contract::{Part, StageName};
    use serde_json::{Value, json};

    /// A database as left by a Duologue that knew only the first lines.
    fn with_lines(dir: &Path, lines: &[Line]) -> Connection {
        let mut conn = Connection::open(dir.join(DATABASE)).unwrap();
        apply(&mut conn, lines, Schema::of(lines)).unwrap();
        conn
    }

    /// A newer Duologue's lines: those of this one and one more.
    fn newer(line: Line) -> Vec<Line> {
        let known = LINES.iter().map(|line| Line { ..*line });
        known.chain([line]).collect()
    }

    fn additive() -> Vec<Line> {
        newer(Line::additive(
            "CREATE TABLE note (run_id TEXT NOT NULL, text TEXT NOT NULL) STRICT;
             ALTER TABLE run ADD COLUMN colour TEXT;
             ALTER TABLE stage ADD COLUMN joules REAL NOT NULL DEFAULT 0;",
        ))
    }

    fn breaking() -> Vec<Line> {
        newer(Line {
            sql: "ALTER TABLE run RENAME COLUMN seed TO seeds;",
            needs: Release {
                major: 2,
                minor: 31,
            },
        })
    }

    fn open_newer(lines: &[Line], dir: &Path) -> Connection {
        open_with(lines, dir, &dir.join(DATABASE), None).unwrap()
    }

    fn user_version(conn: &Connection) -> u32 {
        conn.query_row("PRAGMA user_version", [], |r| r.get(0))
            .unwrap()
    }

    fn schema(store: &Store) -> Vec<String> {
        store
            .read(|conn| {
                let mut query = conn.prepare(
                    "SELECT name || ':' || COALESCE(sql, '') FROM sqlite_schema ORDER BY 1",
                )?;
                Ok(query
                    .query_map([], |r| r.get(0))?
                    .collect::<rusqlite::Result<_>>()?)
            })
            .unwrap()
    }

    #[test]
    fn every_old_schema_migrates_and_keeps_its_rows() {
        let (_fresh_dir, fresh) = fixture::store();
        for version in 0..=LINES.len() {
            let dir = tempfile::tempdir().unwrap();
            let conn = with_lines(dir.path(), &LINES[..version]);
            assert_eq!(
                user_version(&conn),
                version as u32,
                "a plain count of lines"
            );
            if version >= 2 {
                conn.execute_batch(
                    "INSERT INTO dataset (name, format, mapping, created_at_ms) VALUES ('old', 'json', '{}', 1);
                     INSERT INTO example (dataset_id, external_id, split, origin, position, dialogue, \"references\")
                     VALUES (1, 'e', 'train', 'imported', 0, 'A: hi', '[\"s\"]');",
                )
                .unwrap();
            }
            drop(conn);
            let store = Store::open(dir.path()).unwrap();
            assert_eq!(schema(&store), schema(&fresh), "from version {version}");
            if version >= 2 {
                let old = store.dataset(&"old".into()).unwrap();
                assert_eq!(store.examples(old.id, None).unwrap()[0].references, ["s"]);
            }
            fixture::run(&store, "r");
        }
    }

    #[test]
    fn the_connection_is_durable_and_strict() {
        let (_dir, store) = fixture::store();
        store
            .read(|conn| {
                let get = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, rusqlite::types::Value>(0));
                assert_eq!(get("PRAGMA journal_mode")?, String::from("wal").into());
                assert_eq!(get("PRAGMA foreign_keys")?, 1.into());
                assert_eq!(get("PRAGMA synchronous")?, 2.into());
                assert_eq!(get("PRAGMA busy_timeout")?, 30_000.into());
                let loose = "SELECT COUNT(*) FROM pragma_table_list
                             WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'";
                assert_eq!(get(loose)?, 0.into());
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn the_version_says_what_a_file_needs_and_has() {
        assert_eq!(
            Schema::of(&additive()).user_version(),
            LINES.len() as u32 + 1
        );
        assert_eq!(
            Schema::of(&breaking()).user_version(),
            2_031_000 + LINES.len() as u32 + 1
        );
        for lines in [additive(), breaking()] {
            let schema = Schema::of(&lines);
            assert_eq!(Schema::from_user_version(schema.user_version()), schema);
        }
    }

    #[test]
    fn an_older_program_works_in_a_workspace_with_an_additive_line() {
        let (dir, store) = fixture::store();
        fixture::run(&store, "before");
        drop(store);
        let newer = open_newer(&additive(), dir.path());
        newer
            .execute_batch(
                "INSERT INTO note VALUES ('before', 'a'); UPDATE run SET colour = 'red';",
            )
            .unwrap();
        let store = Store::open(dir.path()).unwrap();
        fixture::run(&store, "after");
        store
            .start_part(&"after".into(), Part::Whole(StageName::Topics), "in")
            .unwrap();
        let result = fixture::result(&[], "out");
        store
            .commit_part(&"after".into(), Part::Whole(StageName::Topics), &result)
            .unwrap();
        let runs: Vec<_> = store
            .runs()
            .unwrap()
            .into_iter()
            .map(|run| run.id)
            .collect();
        assert_eq!(runs, ["after", "before"]);
        let kept: (String, String) = newer
            .query_row(
                "SELECT text, colour FROM note JOIN run ON run.id = run_id",
                [],
                |r| Ok((r.get(0)?, r.get(1)?)),
            )
            .unwrap();
        assert_eq!(kept, ("a".into(), "red".into()));
        assert_eq!(user_version(&newer), LINES.len() as u32 + 1);
    }

    #[test]
    fn runs_move_between_schemas_that_differ_by_an_additive_line() {
        let take = |from: &Path, into: &Store| {
            let taken = crate::TakenRun::<Value, Value> {
                id: &"r".into(),
                dataset: &"taken".into(),
                model_path: "m",
                renumber_shots: &|_, _| (),
                names_example: contract::ArtifactKind::Topic,
                renumber_artifact: &|_, _| (),
            };
            into.take_run(from, &taken).unwrap();
            assert_eq!(into.run(&"r".into()).unwrap().shots, json!(["t1", "t2"]));
        };
        let bundle = |extended: bool| {
            let (dir, store) = fixture::store();
            fixture::run(&store, "r");
            let to = tempfile::tempdir().unwrap();
            if extended {
                open_newer(&additive(), dir.path());
            }
            store.write_bundle(&"r".into(), to.path()).unwrap();
            to
        };
        let (old_dir, old) = fixture::store();
        take(bundle(true).path(), &old);
        drop((old_dir, old));
        let (new_dir, new) = fixture::store();
        open_newer(&additive(), new_dir.path());
        take(bundle(false).path(), &new);
    }

    #[test]
    fn a_breaking_line_is_refused_by_name_and_the_file_untouched() {
        let dir = tempfile::tempdir().unwrap();
        drop(with_lines(dir.path(), &breaking()));
        let before = std::fs::read(dir.path().join(DATABASE)).unwrap();
        let error = Store::open(dir.path()).err().unwrap();
        assert!(matches!(error, Error::NewerSchema { .. }), "{error}");
        assert!(
            error.to_string().contains("needs Duologue 2.31 or newer"),
            "{error}"
        );
        assert_eq!(std::fs::read(dir.path().join(DATABASE)).unwrap(), before);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        // The program that has the line goes on.
        assert_eq!(
            user_version(&open_newer(&breaking(), dir.path())),
            2_031_000 + LINES.len() as u32 + 1
        );
    }

    #[test]
    fn foreign_files_are_refused_and_untouched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(DATABASE);
        std::fs::write(&path, "this is a letter, not a database ".repeat(50)).unwrap();
        assert!(matches!(
            Store::open(dir.path()),
            Err(Error::NotAWorkspace { .. })
        ));
        std::fs::remove_file(&path).unwrap();
        let foreign = Connection::open(&path).unwrap();
        foreign
            .execute_batch("CREATE TABLE bookmark (url TEXT); PRAGMA user_version = 3;")
            .unwrap();
        drop(foreign);
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(
            Store::open(dir.path()),
            Err(Error::NotAWorkspace { .. })
        ));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
