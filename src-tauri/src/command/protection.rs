//! Protecting the workspace, locking it and unlocking it.

use std::time::{Duration, Instant};

use contract::SlotKind;
use contract::problem::WorkspaceProblem;
use host::clock::now_ms;
use project::protection::{self, Cost, KeyFile, RecoveryKey, RootKey};
use project::session::Session;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use crate::command::file::picked_place;
use crate::command::start::keep_copy;
use crate::dto::{AppError, Protection};
use crate::error::Answer;
use crate::place::Place;
use crate::watch::Watcher;
use crate::worker::Demo;

/// How long a conversion waits for questions of the page that are still being answered: each has the workspace open.
const PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(100);

/// Whether the workspace is protected, and what opens it.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn protection(place: State<'_, Place>) -> Answer<Protection> {
    let slots = protection::slots(&place.workspace)?;
    Ok(Protection {
        protected: slots.is_some(),
        slots: slots.as_ref().map(kinds).unwrap_or_default(),
    })
}

fn kinds(slots: &KeyFile) -> Vec<SlotKind> {
    slots.slots().into_iter().map(|slot| slot.kind).collect()
}

/// Opens a locked workspace with its passphrase or recovery key.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn unlock(place: State<'_, Place>, secret: String) -> Answer<()> {
    let slots = protection::slots(&place.workspace)?.ok_or_else(|| not_protected(&place))?;
    let key = protection::unlock(
        &place.workspace,
        &slots,
        secret.trim_end_matches(['\r', '\n']),
    )?;
    // Slots and database could belong to different workspaces; nothing is kept before both are open.
    drop(match place.read_only {
        true => Session::open_read_only(&place.workspace, Some(&key))?,
        false => Session::open_with(&place.workspace, Some(&key))?,
    });
    place.key.set(Some(key));
    if !place.read_only {
        keep_copy(&place);
    }
    Ok(())
}

/// Forgets the key of the workspace. A run at work keeps its own.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn lock(
    place: State<'_, Place>,
    demo: State<'_, Demo>,
    watcher: State<'_, Watcher>,
) -> Answer<()> {
    if protection::slots(&place.workspace)?.is_none() {
        return Err(not_protected(&place));
    }
    watcher.end();
    demo.close();
    place.key.set(None);
    Ok(())
}

/// Encrypts the workspace; returns its recovery key, which is shown once.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn protect(
    place: State<'_, Place>,
    demo: State<'_, Demo>,
    watcher: State<'_, Watcher>,
    passphrase: String,
) -> Answer<String> {
    if protection::slots(&place.workspace)?.is_some() {
        let file = place.workspace.display().to_string();
        return Err(WorkspaceProblem::AlreadyProtected { file }.into());
    }
    let root = RootKey::random().map_err(project::Error::from)?;
    let recovery = RecoveryKey::random().map_err(project::Error::from)?;
    let now = now_ms();
    let slots = || -> project::Result<KeyFile> {
        let mut slots = KeyFile::new(now)?;
        slots.set_passphrase(&root, &passphrase, Cost::USUAL, now)?;
        slots.set_recovery(&root, &recovery, now)?;
        Ok(slots)
    };
    let slots = slots()?;
    watcher.end();
    demo.close();
    patiently(|| protection::protect(&place.workspace, &root, &slots))?;
    place.key.set(Some(root));
    Ok(recovery.shown().to_string())
}

/// Asks in the system's own dialog where a backup goes, and writes the workspace there as one file; `None` if the user
/// cancelled.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn back_up(app: AppHandle, place: State<'_, Place>) -> Answer<Option<String>> {
    let dialog = app.dialog().file().set_file_name("duologue-backup.zip");
    let Some(picked) = dialog.blocking_save_file() else {
        return Ok(None);
    };
    let file = picked_place(picked)?;
    project::backup::back_up(&place.session()?, &file)?;
    Ok(Some(file.display().to_string()))
}

/// Makes the workspace plain again.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn unprotect(
    place: State<'_, Place>,
    demo: State<'_, Demo>,
    watcher: State<'_, Watcher>,
) -> Answer<()> {
    let key = place.key.get().ok_or_else(|| not_protected(&place))?;
    watcher.end();
    demo.close();
    patiently(|| protection::unprotect(&place.workspace, &key))?;
    place.key.set(None);
    Ok(())
}

/// Sets another passphrase; nothing that is encrypted changes.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn change_passphrase(place: State<'_, Place>, passphrase: String) -> Answer<()> {
    change(&place, |root, slots, now| {
        Ok(slots.set_passphrase(root, &passphrase, Cost::USUAL, now)?)
    })
}

/// Makes a new recovery key, after which the old one is void; returns it to be shown once.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn change_recovery_key(place: State<'_, Place>) -> Answer<String> {
    let recovery = RecoveryKey::random().map_err(project::Error::from)?;
    change(&place, |root, slots, now| {
        Ok(slots.set_recovery(root, &recovery, now)?)
    })?;
    Ok(recovery.shown().to_string())
}

fn change(
    place: &Place,
    edit: impl FnOnce(&RootKey, &mut KeyFile, i64) -> project::Result<()>,
) -> Answer<()> {
    let slots = protection::slots(&place.workspace)?;
    let (Some(key), Some(mut slots)) = (place.key.get(), slots) else {
        return Err(not_protected(place));
    };
    edit(&key, &mut slots, now_ms())?;
    Ok(slots
        .write(&place.workspace)
        .map_err(project::Error::from)?)
}

/// Tries again while the workspace is open elsewhere in this window.
fn patiently<T>(convert: impl Fn() -> project::Result<T>) -> Answer<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        match convert() {
            Err(error) if is_open(&error) && Instant::now() < end => std::thread::sleep(POLL),
            done => return Ok(done?),
        }
    }
}

fn is_open(error: &project::Error) -> bool {
    error.problem().code() == contract::ErrorCode::WorkspaceOpen
}

fn not_protected(place: &Place) -> AppError {
    let file = place.workspace.display().to_string();
    WorkspaceProblem::NotProtected { file }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::problem::Problem;

    #[test]
    fn a_conversion_waits_for_questions_that_are_being_answered() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        let session = Session::open(place).unwrap();
        let root = RootKey::random().unwrap();
        let mut slots = KeyFile::new(1).unwrap();
        let recovery = RecoveryKey::random().unwrap();
        slots.set_recovery(&root, &recovery, 1).unwrap();
        let answered = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            drop(session);
        });
        patiently(|| protection::protect(place, &root, &slots)).unwrap();
        answered.join().unwrap();
        assert!(Session::open_with(place, Some(&root)).is_ok());
    }

    #[test]
    fn what_waiting_does_not_mend_is_told_at_once() {
        let begun = Instant::now();
        let refused: Answer<()> = patiently(|| {
            Err(project::Error::from(Problem::from(
                WorkspaceProblem::NoCipher,
            )))
        });
        assert_eq!(refused.unwrap_err().code(), contract::ErrorCode::NoCipher);
        assert!(begun.elapsed() < PATIENCE);
    }
}
