//! Where things are: the workspace and the `duologue` binary.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use contract::problem::{Misuse, ShellProblem};
use project::sample::{FOLDER_VARIABLE, bundled_model};
use project::session::Session;

use crate::error::Answer;

/// The places of this window, found once at start.
#[derive(Clone)]
pub(crate) struct Place {
    /// The workspace folder; created on first use.
    pub(crate) workspace: PathBuf,
    /// The binary that does the model work.
    pub(crate) cli: Option<PathBuf>,
    /// The folder of the model that comes with Duologue.
    pub(crate) sample: Option<PathBuf>,
}

impl Place {
    /// Workspace from `--workspace DIR`, else `$DUOLOGUE_WORKSPACE`, else the platform's data folder; the binary from
    /// `$DUOLOGUE_BIN`, else beside this executable.
    pub(crate) fn find(arguments: impl Iterator<Item = OsString>) -> Answer<Self> {
        let named = workspace_argument(arguments)?;
        let workspace = named
            .or_else(|| {
                std::env::var_os("DUOLOGUE_WORKSPACE")
                    .filter(|value| !value.is_empty())
                    .map(PathBuf::from)
            })
            .or_else(host::folder::default_workspace)
            .ok_or(ShellProblem::WindowWorkspace)?;
        let workspace = std::path::absolute(&workspace).unwrap_or(workspace);
        let program = std::env::current_exe().ok();
        let cli = cli(
            std::env::var_os("DUOLOGUE_BIN").map(PathBuf::from),
            program.as_deref(),
        );
        let sample = program
            .as_deref()
            .and_then(|program| bundled_model(std::env::var_os(FOLDER_VARIABLE), program));
        Session::open(&workspace)?;
        Ok(Self {
            workspace,
            cli,
            sample,
        })
    }

    /// A connection to the workspace; each command opens its own, so none waits for another.
    pub(crate) fn session(&self) -> Answer<Session> {
        Ok(Session::open(&self.workspace)?)
    }

    /// The folder of the bundled model, or what to do without it.
    pub(crate) fn sample(&self) -> Answer<&Path> {
        Ok(self.sample.as_deref().ok_or(ShellProblem::WindowNoSample)?)
    }

    /// The binary, or what to do without one.
    pub(crate) fn cli(&self) -> Answer<&Path> {
        Ok(self.cli.as_deref().ok_or(ShellProblem::WindowNoWorker)?)
    }
}

fn workspace_argument(mut arguments: impl Iterator<Item = OsString>) -> Answer<Option<PathBuf>> {
    let mut found = None;
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if let Some(value) = text.strip_prefix("--workspace=") {
            found = Some(PathBuf::from(value));
        } else if text == "--workspace" {
            found = Some(PathBuf::from(
                arguments.next().ok_or(Misuse::WindowArguments)?,
            ));
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
        assert_eq!(
            workspace_argument(words(&["--workspace", "a b"])).unwrap(),
            Some("a b".into())
        );
        assert_eq!(
            workspace_argument(words(&["--workspace=x"])).unwrap(),
            Some("x".into())
        );
        assert_eq!(workspace_argument(words(&[])).unwrap(), None);
        assert!(workspace_argument(words(&["--workspace"])).is_err());
        assert!(workspace_argument(words(&["--other"])).is_err());
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
