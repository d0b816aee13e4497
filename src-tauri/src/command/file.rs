//! Texts that enter the workspace (pasted, dropped) or leave it (exported).

use std::ffi::OsString;
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
    let file = inbox(&place).join(last_part(&name));
    place.session()?.keep_text(&file, &text)?;
    Ok(file.display().to_string())
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

/// Removes what was left behind by a window that ended before it imported a text.
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

/// The last part of a name; one that says nothing becomes `pasted.txt`.
fn last_part(name: &str) -> OsString {
    Path::new(name)
        .file_name()
        .map_or_else(|| "pasted.txt".into(), ToOwned::to_owned)
}

fn unwritable(file: &Path, error: &std::io::Error) -> AppError {
    WorkspaceProblem::failed(FileAction::Write, file.display().to_string(), error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_text_stays_in_its_folder() {
        assert_eq!(last_part("../../notes.csv"), "notes.csv");
        assert_eq!(last_part(".."), "pasted.txt");
        assert_eq!(last_part(""), "pasted.txt");
    }

    #[test]
    fn a_kept_text_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = folder.path().join("inbox");
        let kept = inbox.join("notes.csv");
        host::file::write(&kept, b"a,b").unwrap();
        let mine = folder.path().join("notes.csv");
        std::fs::write(&mine, "a,b").unwrap();
        for file in [&mine, &inbox.join("../notes.csv"), &inbox, &kept] {
            forget(&inbox, file);
        }
        assert!(mine.exists() && inbox.exists() && !kept.exists());
    }
}
