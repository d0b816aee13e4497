//! Rater packs in the window: one is written for a rater elsewhere, their answers are read, and the pack of somebody else
//! is opened. A pack is opened by the page, as in a browser; this side reads the envelope and ignores the file's script.

use std::path::{Path, PathBuf};

use contract::{
    Envelope, FileAction, Keep, Language, Merged, PackFormat, PackHeader, PackWritten, StudyName,
};
use host::clock::now_ms;
use project::study::merge::AnswersFile;
use project::study::pack::{PackFresh, PackRequest, file};
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use crate::dto::{AppError, OpenedPack};
use crate::error::Answer;
use crate::place::Place;

/// Asks where a rater pack goes and writes it there; `None` if the user cancelled.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn write_pack(
    app: AppHandle,
    place: State<'_, Place>,
    study: StudyName,
    rater: String,
    language: Language,
) -> Answer<Option<PackWritten>> {
    let session = place.session()?;
    let name = session.pack_name(&study, &rater)?;
    let picked = app.dialog().file().set_file_name(name).blocking_save_file();
    let Some(to) = picked.and_then(|picked| picked.into_path().ok()) else {
        return Ok(None);
    };
    let no_source = |error: std::io::Error| AppError::corrupt("random numbers", error);
    let fresh = PackFresh {
        now_ms: now_ms(),
        pack_id: host::process::token().map_err(no_source)?,
        bytes: host::process::secret_key().map_err(no_source)?,
        more: host::process::secret_key().map_err(no_source)?,
    };
    let request = PackRequest {
        study: &study,
        rater: &rater,
        language,
    };
    Ok(Some(session.write_pack(request, &to, &fresh)?))
}

/// The system's own dialog for opening a rater pack or the answers to one; `None` if the user cancelled.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn pick_pack_file(app: AppHandle, format: PackFormat) -> Option<String> {
    let ending = match format {
        PackFormat::Pack => "html",
        PackFormat::Answers => "duoanswers",
    };
    let dialog = app.dialog().file().add_filter("Duologue", &[ending]);
    let picked = dialog.blocking_pick_file()?;
    Some(picked.to_string())
}

/// Takes a rater's answers from a file.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn read_answers(
    place: State<'_, Place>,
    study: StudyName,
    file: String,
    keep: Option<Keep>,
) -> Answer<Merged> {
    let answers = AnswersFile {
        path: Path::new(&file),
        secret: None,
        keep,
    };
    Ok(place.session()?.merge_answers(&study, answers, now_ms())?)
}

/// Reads the envelope of a rater pack that somebody else wrote.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn open_pack(file: String) -> Answer<OpenedPack> {
    opened(&PathBuf::from(file))
}

fn opened(path: &Path) -> Answer<OpenedPack> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| project::Error::io(FileAction::Read, path, &error))?;
    let envelope: Envelope<PackHeader> = file::read(&text, &name, PackFormat::Pack)?;
    let stem = path.file_name().map_or_else(String::new, |name| {
        let name = name.to_string_lossy();
        name.strip_suffix(".duopack.html")
            .unwrap_or(&name)
            .to_owned()
    });
    Ok(OpenedPack {
        name: stem,
        header: envelope.header,
        ciphertext: envelope.ciphertext,
    })
}
