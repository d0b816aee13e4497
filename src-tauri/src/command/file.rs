//! Texts that enter the workspace (pasted, dropped) or leave it (exported).

use std::path::Path;

use contract::FileAction;
use contract::problem::WorkspaceProblem;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use crate::dto::AppError;
use crate::error::Answer;
use crate::place::Place;

/// Stores a pasted or dropped text as a file in the workspace, where the import reads it like any other.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn keep_text(place: State<'_, Place>, name: String, text: String) -> Answer<String> {
    keep(&place.workspace.join("inbox"), &name, &text)
}

/// Asks in the system's own dialog where a text goes, and writes it there; `None` if the user cancelled.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn save_text(app: AppHandle, name: String, text: String) -> Answer<Option<String>> {
    let Some(picked) = app.dialog().file().set_file_name(name).blocking_save_file() else {
        return Ok(None);
    };
    let file = picked
        .into_path()
        .map_err(|error| unwritable(Path::new(""), &std::io::Error::other(error)))?;
    std::fs::write(&file, text).map_err(|error| unwritable(&file, &error))?;
    Ok(Some(file.display().to_string()))
}

/// Writes a text under the last part of a name; a name that says nothing becomes `pasted.txt`.
fn keep(folder: &Path, name: &str, text: &str) -> Answer<String> {
    let name = Path::new(name)
        .file_name()
        .map_or_else(|| "pasted.txt".into(), ToOwned::to_owned);
    let file = folder.join(name);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, text));
    written
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
}
