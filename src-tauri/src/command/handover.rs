//! What leaves the workspace, and a run that comes in.

use contract::{DatasetForm, DatasetName, HandOver, Offered, RunId, Unpacked};
use host::clock::now_ms;
use tauri::ipc::Channel;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use super::file::picked_place;
use crate::dto::HandOverEvent;
use crate::error::Answer;
use crate::handover::Exports;
use crate::place::Place;
use crate::worker;

/// Everything that a run can hand over, with its size, and why something cannot be had now.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn offered(place: State<'_, Place>, run: RunId) -> Answer<Vec<Offered>> {
    Ok(place.session()?.offered(&run)?)
}

/// Writes something of a run into a folder, under a name that is free there; one thing at a time.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn hand_over(
    place: State<'_, Place>,
    exports: State<'_, Exports>,
    request: HandOver,
    on_event: Channel<HandOverEvent>,
) -> Answer<()> {
    exports.write(&place, &request, |event| {
        // A page that has gone needs no progress; what was begun is finished.
        let _gone = on_event.send(event);
    })
}

/// Stops what is being written; it leaves nothing behind.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn stop_hand_over(exports: State<'_, Exports>) {
    exports.stop();
}

/// Takes a run bundle in. The data set is called `name`, or as it was; the model is the one at `model`, or the one that the
/// workspace knows.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn unpack(
    place: State<'_, Place>,
    folder: String,
    name: Option<String>,
    model: Option<String>,
) -> Answer<Unpacked> {
    worker::ask(&place, &unpack_arguments(folder, name, model))
}

/// Asks in the system's own dialog where a data set goes, and writes it there; `None` if the user cancelled.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn save_dataset(
    app: AppHandle,
    place: State<'_, Place>,
    dataset: DatasetName,
    form: DatasetForm,
) -> Answer<Option<String>> {
    let asked = app.dialog().file();
    let asked = asked.set_file_name(format!("{dataset}.{form}"));
    let Some(picked) = asked.blocking_save_file() else {
        return Ok(None);
    };
    let file = picked_place(picked)?;
    place
        .session()?
        .write_dataset(&dataset, form, &file, now_ms())?;
    Ok(Some(file.display().to_string()))
}

fn unpack_arguments(folder: String, name: Option<String>, model: Option<String>) -> Vec<String> {
    let named = |flag: &str, value: Option<String>| {
        let value = value.filter(|value| !value.trim().is_empty());
        value.map(|value| format!("--{flag}={value}"))
    };
    let options = [named("name", name), named("model", model)];
    let words = ["unpack".to_owned()];
    let words = words.into_iter().chain(options.into_iter().flatten());
    words.chain(["--".to_owned(), folder]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_taken_in_under_its_own_name_or_another() {
        let words = |name: Option<&str>, model: Option<&str>| {
            let text = |value: Option<&str>| value.map(str::to_owned);
            unpack_arguments("/from".into(), text(name), text(model)).join(" ")
        };
        assert_eq!(words(None, Some("")), "unpack -- /from");
        assert_eq!(
            words(Some("-mine"), Some("/m")),
            "unpack --name=-mine --model=/m -- /from"
        );
    }
}
