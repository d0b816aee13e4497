//! The workspaces that were chosen in the window: the last one for the next start that names none, the others to be opened
//! again. A small file in the user's folder of settings; what cannot be read or written there is as if nothing had been
//! chosen.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What the file holds.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Remembered {
    /// The folder of the workspace.
    workspace: PathBuf,
    /// Every folder that was chosen, the latest first; none in files of earlier versions.
    #[serde(default)]
    recent: Vec<PathBuf>,
}

/// This many workspaces are remembered.
const MOST: usize = 12;

/// The workspace that was chosen last, and whether its folder is there.
#[derive(Debug, PartialEq)]
pub(crate) enum Chosen {
    /// None was chosen.
    Nothing,
    /// This one.
    Here(PathBuf),
    /// This one, which is gone: deleted, renamed, or on a disk that is not connected.
    Gone(PathBuf),
}

/// Looks up what was chosen.
pub(crate) fn chosen(file: Option<&Path>) -> Chosen {
    match read(file).map(|remembered| remembered.workspace) {
        Some(workspace) if workspace.is_dir() => Chosen::Here(workspace),
        Some(workspace) if workspace.is_absolute() => Chosen::Gone(workspace),
        _ => Chosen::Nothing,
    }
}

/// The workspaces that were chosen, the latest first.
pub(crate) fn recent(file: Option<&Path>) -> Vec<PathBuf> {
    let Some(Remembered { workspace, recent }) = read(file) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in [workspace].into_iter().chain(recent) {
        if folder.is_absolute() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// Keeps a choice for the next start.
pub(crate) fn remember(file: Option<&Path>, workspace: &Path) {
    let mut recent = recent(file);
    recent.retain(|folder| folder != workspace);
    recent.insert(0, workspace.to_owned());
    recent.truncate(MOST);
    write(
        file,
        &Remembered {
            workspace: workspace.to_owned(),
            recent,
        },
    );
}

/// Takes a workspace off the list. The one that the next start opens stays the one it opens.
pub(crate) fn forget(file: Option<&Path>, workspace: &Path) {
    let Some(mut remembered) = read(file) else {
        return;
    };
    remembered.recent.retain(|folder| folder != workspace);
    if remembered.workspace != workspace {
        write(file, &remembered);
    }
}

fn read(file: Option<&Path>) -> Option<Remembered> {
    let bytes = std::fs::read(file?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn write(file: Option<&Path>, remembered: &Remembered) {
    let Some(file) = file else {
        return;
    };
    // A choice that cannot be kept is made again; the window opens all the same.
    let _kept = file
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| {
            let bytes = serde_json::to_vec_pretty(remembered)?;
            host::file::write(file, &bytes).map_err(std::io::Error::other)
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_kept_until_its_folder_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings/window.json");
        assert_eq!(chosen(Some(&file)), Chosen::Nothing);
        let workspace = folder.path().join("my conversations");
        std::fs::create_dir(&workspace).unwrap();
        remember(Some(&file), &workspace);
        assert_eq!(chosen(Some(&file)), Chosen::Here(workspace.clone()));
        std::fs::remove_dir(&workspace).unwrap();
        assert_eq!(chosen(Some(&file)), Chosen::Gone(workspace));
    }

    #[test]
    fn the_latest_choice_is_first_and_an_older_file_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("window.json");
        let path = |name: &str| folder.path().join(name);
        let old = serde_json::json!({"workspace": path("a")});
        std::fs::write(&file, old.to_string()).unwrap();
        assert_eq!(recent(Some(&file)), [path("a")]);
        for name in ["b", "a", "c"] {
            remember(Some(&file), &path(name));
        }
        assert_eq!(recent(Some(&file)), [path("c"), path("a"), path("b")]);
        forget(Some(&file), &path("a"));
        // The next start opens it, so it stays in the list.
        forget(Some(&file), &path("c"));
        assert_eq!(recent(Some(&file)), [path("c"), path("b")]);
        for number in 0..2 * MOST {
            remember(Some(&file), &path(&number.to_string()));
        }
        assert_eq!(recent(Some(&file)).len(), MOST);
    }

    #[test]
    fn a_damaged_file_chooses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("window.json");
        for text in ["", "{", "[]", "{\"workspace\":7}", "{\"workspace\":\"\"}"] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(chosen(Some(&file)), Chosen::Nothing, "{text}");
        }
        assert_eq!(chosen(None), Chosen::Nothing);
        assert!(recent(None).is_empty());
        remember(None, folder.path());
    }
}
