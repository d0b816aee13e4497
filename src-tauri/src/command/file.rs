//! Texts that enter the workspace (pasted, dropped) or leave it (exported).

use std::path::{Path, PathBuf};

use contract::FileAction;
use contract::problem::WorkspaceProblem;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::{DialogExt, FilePath};

use crate::dto::AppError;
use crate::error::Answer;
use crate::place::Place;

/// Stores a pasted or dropped text as a file in the workspace, where the import reads it like any other.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn keep_text(place: State<'_, Place>, name: String, text: String) -> Answer<String> {
    keep(&inbox(&place), &name, &text)
}

/// Removes a text that [`keep_text`] stored: it has been imported, or will not be. Other files are left alone.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn forget_text(place: State<'_, Place>, file: String) {
    forget(&inbox(&place), Path::new(&file));
}

/// The folder of pasted texts while they are imported.
pub(crate) fn inbox(place: &Place) -> PathBuf {
    place.workspace.join("inbox")
}

/// Removes a file of the inbox, and no other.
pub(crate) fn forget(inbox: &Path, file: &Path) {
    if file.parent() == Some(inbox) && file.file_name().is_some() {
        // One that is gone already is what was asked for.
        let _gone = std::fs::remove_file(file);
    }
}

/// Removes what a window left behind that ended before it imported a text.
pub(crate) fn empty_inbox(place: &Place) {
    // What cannot be removed now is tried again at the next start.
    let _gone = std::fs::remove_dir_all(inbox(place));
}

/// Asks in the system's own dialog where a text goes, and writes it there; `None` if the user cancelled.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn save_text(app: AppHandle, name: String, text: String) -> Answer<Option<String>> {
    let Some(picked) = app.dialog().file().set_file_name(name).blocking_save_file() else {
        return Ok(None);
    };
    let file = picked_place(picked)?;
    std::fs::write(&file, text).map_err(|error| unwritable(&file, &error))?;
    Ok(Some(file.display().to_string()))
}

/// The place that was chosen in the system's own dialog.
pub(crate) fn picked_place(picked: FilePath) -> Answer<PathBuf> {
    let unusable = |error| unwritable(Path::new(""), &std::io::Error::other(error));
    picked.into_path().map_err(unusable)
}

/// Writes a text under the last part of a name; a name that says nothing becomes `pasted.txt`.
fn keep(folder: &Path, name: &str, text: &str) -> Answer<String> {
    let name = Path::new(name)
        .file_name()
        .map_or_else(|| "pasted.txt".into(), ToOwned::to_owned);
    let file = folder.join(name);
    host::file::write(&file, text.as_bytes())
        .map(|()| file.display().to_string())
        .map_err(|error| unwritable(&file, &error))
}

fn unwritable(file: &Path, error: &std::io::Error) -> AppError {
    WorkspaceProblem::failed(FileAction::Write, file.display().to_string(), error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_text_stays_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = folder.path().join("inbox");
        let kept = keep(&inbox, "../../notes.csv", "a,b").unwrap();
        assert_eq!(kept, inbox.join("notes.csv").display().to_string());
        assert_eq!(std::fs::read_to_string(kept).unwrap(), "a,b");
        assert!(keep(&inbox, "..", "").unwrap().ends_with("pasted.txt"));
    }

    #[test]
    fn a_kept_text_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = folder.path().join("inbox");
        let kept = PathBuf::from(keep(&inbox, "notes.csv", "a,b").unwrap());
        let mine = folder.path().join("notes.csv");
        std::fs::write(&mine, "a,b").unwrap();
        for file in [&mine, &inbox.join("../notes.csv"), &inbox, &kept] {
            forget(&inbox, file);
        }
        assert!(mine.exists() && inbox.exists() && !kept.exists());
    }
}
