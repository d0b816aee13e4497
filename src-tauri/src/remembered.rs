//! The workspace that was chosen in the window, for the next start that names none. A small file in the user's folder of
//! settings; what cannot be read or written there is as if nothing had been chosen.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What the file holds.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Remembered {
    /// The folder of the workspace.
    workspace: PathBuf,
}

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
    let read = file.and_then(|file| std::fs::read(file).ok());
    let remembered = read.and_then(|bytes| serde_json::from_slice::<Remembered>(&bytes).ok());
    match remembered {
        Some(Remembered { workspace }) if workspace.is_dir() => Chosen::Here(workspace),
        Some(Remembered { workspace }) if workspace.is_absolute() => Chosen::Gone(workspace),
        _ => Chosen::Nothing,
    }
}

/// Keeps a choice for the next start.
pub(crate) fn remember(file: Option<&Path>, workspace: &Path) {
    let Some(file) = file else {
        return;
    };
    let remembered = Remembered {
        workspace: workspace.to_owned(),
    };
    // A choice that cannot be kept is made again; the window opens all the same.
    let _kept = file
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| {
            let bytes = serde_json::to_vec_pretty(&remembered)?;
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
    fn a_damaged_file_chooses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("window.json");
        for text in ["", "{", "[]", "{\"workspace\":7}", "{\"workspace\":\"\"}"] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(chosen(Some(&file)), Chosen::Nothing, "{text}");
        }
        assert_eq!(chosen(None), Chosen::Nothing);
        remember(None, folder.path());
    }
}
