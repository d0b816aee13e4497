//! The workspace: one folder with one SQLite database, a folder of blobs and a folder of checkpoints.
//!
//! Every other room keeps what must survive a crash here: data sets, runs, stages and their artifacts, ratings.
//! The store knows the names of stages but not their meaning: payloads are JSON, times are `*_ms` arguments, and every
//! change is one transaction, so a change that fails leaves everything as it was. One table is one file under `table/`
//! (migration, row, queries, tests), as in GitButler's database crate.
//!
//! Several processes work on one workspace: the window, the command line and the worker. Each holds its own
//! [`Store`] (one connection, `Send`, not `Sync`); SQLite's write-ahead log lets them read while one writes.

mod bundle;
mod copy;
mod error;
#[cfg(test)]
mod fixture;
mod hash;
mod key;
mod migration;
mod protect;
mod search;
mod table;
mod vault;

pub use bundle::TakenRun;
use contract::RunId;
pub use error::{Error, Result};
pub use hash::{sha256_hex, sha256_json};
pub use key::recovery::RecoveryKey;
pub use key::slot::{Cost, KeyFile, SHORTEST_PASSPHRASE, SlotRow};
pub use key::{RootKey, WorkspaceId};
pub use migration::Release;
pub use protect::{Conversion, outlook, protect, rotate, slots, unprotect};
pub use search::{FoundPassage, Passages, Search};
pub use table::artifact::{ArtifactEdit, ArtifactPage, ArtifactRow, MACHINE, NewArtifact};
pub use table::dataset::{DatasetRow, NewDataset};
pub use table::example::{ExampleRow, NewExample};
pub use table::experiment::{ExperimentCellRow, ExperimentRow};
pub use table::forget::{ForgetRows, Forgetting, JournalRow};
pub use table::import::{Changes, NewImport, RunExamples, Undo};
pub use table::label::{HangsOnDataset, HangsOnRun};
pub use table::leak::ExportRow;
pub use table::lease::{Acquire, LEASE_TIMEOUT_MS, LeaseRow, Owner, StopRequest};
pub use table::ledger::{LedgerLine, LedgerRow};
pub use table::metric_point::MetricPointRow;
pub use table::model::ModelRow;
pub use table::part::{PartResult, PartRow, PartUsage};
pub use table::queue::QueueRow;
pub use table::rating_acts::{ExampleInStudy, NewRater, Opened, RatingActRow, Sight, Withdrawal};
pub use table::rating_after::RatingAdjudicationRow;
pub use table::rating_desk::{Chosen, DeskEdit, DeskPress, DeskTime, PressPayload, RatingPressRow};
pub use table::rating_pack::{PackMerge, RatingBranchRow, RatingPackRow};
pub use table::rating_rows::{
    Frozen, RatedStudy, RatingAuthorRow, RatingChoiceRow, RatingContents, RatingDialogueRow,
    RatingRaterRow, RatingScoreRow, RatingStepItemRow, RatingStepRow, RatingStudyRow,
    RatingSystemRow, StepKind,
};
pub use table::run::{NewRun, RunRow};
pub use table::stage::StageRow;
pub use table::workbench::{HandChange, Hashed, ItemFacts, ItemRow};
pub use vault::Vault;

use host::private;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// File name of the database inside a workspace.
pub const DATABASE: &str = private::DATABASE;

/// The lease under which this connection writes a run's rows (see [`Store::acquire`]).
pub(crate) struct Fence {
    pub(crate) run: RunId,
    pub(crate) token: String,
}

/// One connection to a workspace.
pub struct Store {
    conn: Connection,
    workspace: PathBuf,
    database: PathBuf,
    vault: Vault,
    /// Says that somebody has the workspace open.
    _presence: Option<File>,
    pub(crate) fence: RefCell<Option<Fence>>,
    busy: Cell<Duration>,
}

impl Store {
    /// Opens the workspace in `workspace`, creating the folder and the database on first use and bringing an
    /// older schema up to date.
    ///
    /// # Errors
    /// [`Error::NewerSchema`], [`Error::NotAWorkspace`], [`Error::DiskFull`], [`Error::Busy`],
    /// [`Error::ReadOnly`] or [`Error::Io`]; [`Error::Protection`] for a protected workspace; a file that is refused is
    /// left untouched.
    pub fn open(workspace: &Path) -> Result<Self> {
        Self::open_with(workspace, None)
    }

    /// The same with the key of a protected workspace.
    ///
    /// # Errors
    /// As [`Store::open`]; [`Error::Protection`] for a key that is missing, wrong or not wanted, [`Error::Busy`] while
    /// the workspace is being protected.
    pub fn open_with(workspace: &Path, key: Option<&RootKey>) -> Result<Self> {
        create_dir(workspace)?;
        let database = workspace.join(DATABASE);
        // A folder that is known to be ours is held before its database is opened. Any other folder is looked at
        // first: nothing that is not ours is touched.
        let is_ours = !database.exists() || workspace.join(protect::HELD).exists();
        let mut presence = match is_ours {
            true => protect::hold(workspace)?,
            false => None,
        };
        if protect::is_unsettled(workspace) {
            // Whoever finishes a conversion needs the workspace alone.
            drop(presence);
            protect::settle(workspace)?;
            presence = protect::hold(workspace)?;
        }
        let vault = Vault::find(workspace, key)?;
        private::create_file(&database).map_err(|e| Error::io(&database, e))?;
        let conn = migration::open(workspace, &database, vault.keys())
            .map_err(|e| opened(e, workspace, &database, &vault))?;
        let presence = match presence {
            None => protect::hold(workspace)?,
            presence => presence,
        };
        // Only once the folder is known to be ours.
        private::repair(workspace);
        let store = Self {
            conn,
            workspace: workspace.to_path_buf(),
            database,
            vault,
            _presence: presence,
            fence: RefCell::new(None),
            busy: Cell::default(),
        };
        create_dir(&store.blobs())?;
        create_dir(&store.checkpoints())?;
        Ok(store)
    }

    /// The workspace folder.
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The door to the files of the workspace.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Folder for files too large for the database.
    pub fn blobs(&self) -> PathBuf {
        self.workspace.join(vault::BLOBS)
    }

    /// Folder of what processes printed.
    pub fn logs(&self) -> PathBuf {
        self.workspace.join(vault::LOGS)
    }

    /// Folder for training checkpoints and adapters.
    pub fn checkpoints(&self) -> PathBuf {
        self.workspace.join(vault::CHECKPOINTS)
    }

    /// Seconds that this connection has spent in the database.
    pub fn busy_s(&self) -> f64 {
        self.busy.get().as_secs_f64()
    }

    fn timed<T>(&self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = work();
        self.busy.set(self.busy.get() + begun.elapsed());
        result
    }

    /// Runs `query` on one consistent snapshot.
    pub(crate) fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let attempt = || {
            let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Deferred)?;
            query(&tx)
        };
        self.timed(attempt).map_err(|e| e.explain(&self.database))
    }

    /// Runs `change` in one transaction: all of it or, where it fails, nothing.
    ///
    /// IMMEDIATE, because a read transaction that turns into a writing one fails at once instead of waiting
    /// when another process wrote in between.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let attempt = || {
            let tx = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
            let value = change(&tx)?;
            tx.commit()?;
            Ok(value)
        };
        self.timed(attempt)
            .map_err(|e: Error| e.explain(&self.database))
    }

    /// [`Store::write`] to rows of `run`. A connection that took the run's lease writes only while it still
    /// holds it: a worker that slept through a take-over must not write into its successor's stage.
    pub(crate) fn write_run<T>(
        &self,
        run: &RunId,
        change: impl FnOnce(&Connection) -> Result<T>,
    ) -> Result<T> {
        self.write(|tx| {
            if let Some(fence) = self.fence.borrow().as_ref().filter(|f| f.run == *run) {
                let holder: Option<String> = tx
                    .prepare_cached("SELECT token FROM lease WHERE run_id = ?1")?
                    .query_row(params![run.as_str()], |r| r.get(0))
                    .optional()?;
                if holder.as_deref() != Some(fence.token.as_str()) {
                    return Err(Error::LeaseLost {
                        run: run.to_owned(),
                    });
                }
            }
            change(tx)
        })
    }
}

/// What it means that a database does not open.
fn opened(error: Error, workspace: &Path, database: &Path, vault: &Vault) -> Error {
    match error.explain(database) {
        Error::NotAWorkspace { .. } if vault.is_protected() => vault::refused(workspace, database),
        other => other,
    }
}

fn create_dir(path: &Path) -> Result<()> {
    private::create_private_folder(path).map_err(|e| Error::io(path, e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use contract::{ArtifactKind, Part, StageName, StageStatus};

    fn is_send<T: Send>(_: &T) {}

    #[test]
    fn opens_creates_and_reopens() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let store = Store::open(&path).unwrap();
        is_send(&store);
        assert_eq!(store.workspace(), path);
        assert!(store.blobs().is_dir() && store.checkpoints().is_dir());
        fixture::dataset(&store, "kept");
        drop(store);
        assert_eq!(Store::open(&path).unwrap().datasets().unwrap().len(), 1);
    }

    #[test]
    fn many_open_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Store::open(path).map(drop)))
                .collect();
            for thread in threads {
                thread.join().unwrap().unwrap();
            }
        });
    }

    #[test]
    fn three_that_commit_wait_for_one_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path();
        Store::open(path).unwrap();
        std::thread::scope(|scope| {
            let commit = |name: &'static str| {
                let store = Store::open(path).unwrap();
                for n in 0..60 {
                    store.set_setting(name, &n.into())?;
                }
                Ok::<(), Error>(())
            };
            let threads = ["a", "b", "c"].map(|name| scope.spawn(move || commit(name)));
            for thread in threads {
                thread.join().unwrap().unwrap();
            }
        });
        let store = Store::open(path).unwrap();
        for name in ["a", "b", "c"] {
            assert_eq!(store.setting(name).unwrap(), Some(59.into()));
        }
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_reads_a_workspace_and_an_open_one_is_closed() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w");
        let open = |path: &Path| {
            let mode = if path.is_dir() { 0o755 } else { 0o644 };
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let modes = || -> Vec<(String, u32)> {
            let entries = std::fs::read_dir(&path)
                .unwrap()
                .map(|entry| entry.unwrap().path());
            let mode = |path: std::path::PathBuf| {
                let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                (
                    path.file_name().unwrap().to_string_lossy().into_owned(),
                    mode,
                )
            };
            let mut modes: Vec<_> = entries.chain([path.clone()]).map(mode).collect();
            modes.sort();
            modes
        };
        let private = |modes: &[(String, u32)]| {
            let names: Vec<&str> = modes.iter().map(|(name, _)| name.as_str()).collect();
            for name in [
                "workspace.sqlite",
                "workspace.sqlite-wal",
                "workspace.sqlite-shm",
            ] {
                assert!(names.contains(&name), "{names:?}");
            }
            for (name, mode) in modes {
                assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
            }
        };
        let store = Store::open(&path).unwrap();
        fixture::dataset(&store, "d");
        private(&modes());
        for entry in std::fs::read_dir(&path).unwrap() {
            open(&entry.unwrap().path());
        }
        open(&path);
        let again = Store::open(&path).unwrap();
        fixture::dataset(&again, "e");
        private(&modes());
        let bundle = dir.path().join("bundle");
        fixture::run(&again, "r");
        again.write_bundle(&"r".into(), &bundle).unwrap();
        let database = std::fs::metadata(bundle.join(DATABASE)).unwrap();
        assert_eq!(database.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_in_the_way_is_an_io_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "x").unwrap();
        assert!(matches!(Store::open(&path), Err(Error::Io { .. })));
    }

    #[test]
    fn a_full_disk_leaves_everything_as_before() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let before = store
            .artifacts(&"r".into(), StageName::Topics, None)
            .unwrap();
        let pages: i64 = store
            .conn
            .query_row("PRAGMA page_count", [], |r| r.get(0))
            .unwrap();
        store
            .conn
            .query_row(
                &format!("PRAGMA max_page_count = {}", pages + 1),
                [],
                |_| Ok(()),
            )
            .unwrap();
        let big: Vec<_> = (0..64)
            .map(|item| NewArtifact {
                kind: ArtifactKind::Topic,
                item,
                payload: "x".repeat(4096).into(),
            })
            .collect();
        let failed = store
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &fixture::result(&big, "out"),
            )
            .unwrap_err();
        assert!(failed.is_disk_full(), "{failed:?}");
        assert_eq!(
            store
                .artifacts(&"r".into(), StageName::Topics, None)
                .unwrap(),
            before
        );
        assert_eq!(
            store.stage(&"r".into(), StageName::Topics).unwrap().status,
            StageStatus::Waiting
        );
        store
            .conn
            .query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()))
            .unwrap();
        store
            .commit_part(
                &"r".into(),
                Part::Whole(StageName::Topics),
                &fixture::result(&big, "out"),
            )
            .unwrap();
    }

    #[test]
    fn a_long_foreign_write_is_busy_not_a_hang() {
        let (dir, store) = fixture::store();
        let other = Store::open(dir.path()).unwrap();
        other
            .conn
            .busy_timeout(std::time::Duration::from_millis(50))
            .unwrap();
        store
            .write(|_| {
                let error = other.set_setting("k", &true.into()).unwrap_err();
                assert!(error.is_busy(), "{error:?}");
                Ok(())
            })
            .unwrap();
        other.set_setting("k", &true.into()).unwrap();
    }
}
