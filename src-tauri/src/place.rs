//! Where things are: the workspace and the `duologue` binary.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::problem::{Misuse, ShellProblem, WorkspaceProblem};
use project::protection::{self, RootKey};
use project::sample::{Bundle, FOLDER_VARIABLE};
use project::session::Session;

use crate::dto::AppError;
use crate::error::Answer;
use crate::remembered::{self, Chosen};

/// The places of this window, found once at start.
#[derive(Clone)]
pub(crate) struct Place {
    /// The workspace folder; created on first use.
    pub(crate) workspace: PathBuf,
    /// The binary that does the model work.
    pub(crate) cli: Option<PathBuf>,
    /// What comes with Duologue.
    pub(crate) bundle: Option<Bundle>,
    /// Whether the workspace is only looked at: nothing in it may change.
    pub(crate) read_only: bool,
    /// The workspace that was chosen last, if it is gone and this is another one.
    pub(crate) missing: Option<PathBuf>,
    /// The key of a protected workspace while it is unlocked.
    pub(crate) key: Unlocked,
}

/// A key that the whole window shares, and forgets when it is locked.
#[derive(Clone, Default)]
pub(crate) struct Unlocked(Arc<Mutex<Option<RootKey>>>);

impl Unlocked {
    /// The key, while the workspace is unlocked.
    pub(crate) fn get(&self) -> Option<RootKey> {
        self.slot().clone()
    }

    /// Keeps a key, or forgets it.
    pub(crate) fn set(&self, key: Option<RootKey>) {
        if key.is_some() {
            host::process::keep_memory_private();
        }
        *self.slot() = key;
    }

    fn slot(&self) -> MutexGuard<'_, Option<RootKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Workspace from `--workspace DIR`, else `$DUOLOGUE_WORKSPACE`, else the one that was chosen in a window before and is
    /// still there, else the platform's data folder, else none (an empty path); the binary from `$DUOLOGUE_BIN`, else beside this executable. Opens nothing.
    pub(crate) fn find(arguments: impl Iterator<Item = OsString>) -> Answer<Self> {
        let Arguments {
            workspace: named,
            read_only,
        } = read(arguments)?;
        let named = named.or_else(|| {
            std::env::var_os("DUOLOGUE_WORKSPACE")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        });
        let settings = host::folder::window_settings();
        let (workspace, missing) = choose(
            named,
            || remembered::chosen(settings.as_deref()),
            host::folder::default_workspace(),
        );
        let workspace = std::path::absolute(&workspace).unwrap_or(workspace);
        let program = std::env::current_exe().ok();
        let cli = cli(
            std::env::var_os("DUOLOGUE_BIN").map(PathBuf::from),
            program.as_deref(),
        );
        let bundle = program
            .as_deref()
            .and_then(|program| Bundle::find(std::env::var_os(FOLDER_VARIABLE), program));
        Ok(Self {
            workspace,
            cli,
            bundle,
            read_only,
            missing,
            key: Unlocked::default(),
        })
    }

    /// A connection to the workspace; each command opens its own, so none waits for another.
    pub(crate) fn session(&self) -> Answer<Session> {
        if self.workspace.as_os_str().is_empty() {
            return Err(ShellProblem::WindowWorkspace.into());
        }
        let key = self.key.get();
        Ok(match self.read_only {
            true => Session::open_read_only(&self.workspace, key.as_ref())?,
            false => Session::open_with(&self.workspace, key.as_ref())?,
        })
    }

    /// Why the workspace cannot be opened at the moment, if that is because it is locked.
    pub(crate) fn locked(&self) -> Option<AppError> {
        if self.key.get().is_some() || self.workspace.as_os_str().is_empty() {
            return None;
        }
        let is_protected = protection::slots(&self.workspace).is_ok_and(|slots| slots.is_some());
        is_protected.then(|| {
            let file = self.workspace.display().to_string();
            WorkspaceProblem::KeyNeeded { file }.into()
        })
    }

    /// What comes with Duologue, or what to do without it.
    pub(crate) fn bundle(&self) -> Answer<&Bundle> {
        Ok(self.bundle.as_ref().ok_or(ShellProblem::WindowNoSample)?)
    }

    /// The binary, or what to do without one.
    pub(crate) fn cli(&self) -> Answer<&Path> {
        Ok(self.cli.as_deref().ok_or(ShellProblem::WindowNoWorker)?)
    }
}

/// The workspace, and the one that was chosen before if it is gone: what is named wins, then what was chosen.
fn choose(
    named: Option<PathBuf>,
    chosen: impl FnOnce() -> Chosen,
    usual: Option<PathBuf>,
) -> (PathBuf, Option<PathBuf>) {
    if let Some(named) = named {
        return (named, None);
    }
    match chosen() {
        Chosen::Here(workspace) => (workspace, None),
        Chosen::Gone(gone) => (usual.unwrap_or_default(), Some(gone)),
        Chosen::Nothing => (usual.unwrap_or_default(), None),
    }
}

/// What the window's command line says.
#[derive(Debug, Default, PartialEq)]
struct Arguments {
    /// The folder of the workspace, where it is named.
    workspace: Option<PathBuf>,
    /// It is only looked at.
    read_only: bool,
}

/// The command line of a window on a workspace.
pub(crate) fn arguments(workspace: &str, read_only: bool) -> Vec<OsString> {
    let named = [OsString::from("--workspace"), workspace.into()];
    let look = read_only.then(|| OsString::from(LOOK));
    named.into_iter().chain(look).collect()
}

/// Asks for a window that changes nothing.
const LOOK: &str = "--read-only";

fn read(mut arguments: impl Iterator<Item = OsString>) -> Answer<Arguments> {
    let mut found = Arguments::default();
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if let Some(value) = text.strip_prefix("--workspace=") {
            found.workspace = Some(PathBuf::from(value));
        } else if text == "--workspace" {
            found.workspace = Some(PathBuf::from(
                arguments.next().ok_or(Misuse::WindowArguments)?,
            ));
        } else if text == LOOK {
            found.read_only = true;
        } else {
            return Err(Misuse::WindowArguments.into());
        }
    }
    Ok(found)
}

fn cli(named: Option<PathBuf>, window: Option<&Path>) -> Option<PathBuf> {
    let name = if cfg!(windows) {
        "duologue.exe"
    } else {
        "duologue"
    };
    let beside = || Some(window?.parent()?.join(name));
    named.or_else(beside).filter(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> impl Iterator<Item = OsString> {
        list.iter()
            .map(OsString::from)
            .collect::<Vec<_>>()
            .into_iter()
    }

    #[test]
    fn workspace_is_read_in_both_forms() {
        let workspace = |list: &[&str]| read(words(list)).unwrap().workspace;
        assert_eq!(workspace(&["--workspace", "a b"]), Some("a b".into()));
        assert_eq!(workspace(&["--workspace=x"]), Some("x".into()));
        assert_eq!(read(words(&[])).unwrap(), Arguments::default());
        assert!(read(words(&["--workspace"])).is_err());
        assert!(read(words(&["--other"])).is_err());
    }

    #[test]
    fn a_window_that_is_started_anew_reads_what_was_asked() {
        for read_only in [false, true] {
            let found = read(arguments("a b", read_only).into_iter()).unwrap();
            let workspace = Some("a b".into());
            assert_eq!(
                found,
                Arguments {
                    workspace,
                    read_only
                }
            );
        }
    }

    #[test]
    fn a_named_workspace_wins_and_one_that_is_gone_gives_way() {
        let path = |name: &str| Some(PathBuf::from(name));
        let here = || Chosen::Here("chosen".into());
        let gone = || Chosen::Gone("chosen".into());
        assert_eq!(
            choose(path("named"), gone, path("usual")),
            ("named".into(), None)
        );
        assert_eq!(choose(None, here, path("usual")), ("chosen".into(), None));
        assert_eq!(
            choose(None, gone, path("usual")),
            ("usual".into(), path("chosen"))
        );
        assert_eq!(
            choose(None, || Chosen::Nothing, path("usual")),
            ("usual".into(), None)
        );
    }

    #[test]
    fn binary_is_named_or_beside_the_window() {
        let folder = tempfile::tempdir().unwrap();
        let window = folder.path().join("duologue-desktop");
        assert_eq!(cli(None, Some(&window)), None);
        let beside = folder.path().join(if cfg!(windows) {
            "duologue.exe"
        } else {
            "duologue"
        });
        std::fs::write(&beside, "").unwrap();
        assert_eq!(cli(None, Some(&window)), Some(beside));
        assert_eq!(cli(Some(folder.path().join("gone")), Some(&window)), None);
    }
}
