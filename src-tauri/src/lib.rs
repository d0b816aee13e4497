//! The window: Tauri commands over [`project::session::Session`], and the processes of the `duologue` binary that do
//! the model work. Nothing here loads weights or opens a connection.
//!
//! Flow: page → `command` (one file for each room of the interface) → `Session` or `worker`; `watch` sends what
//! changed back, at most twice a second.

mod coalesce;
mod command;
mod download;
pub mod dto;
mod error;
mod instance;
mod log;
mod machine;
mod model_folder;
mod place;
mod run_state;
mod watch;
mod worker;

use std::process::ExitCode;

use tauri::{Manager, Wry};
use tauri_specta::{Builder, collect_commands};

use crate::instance::Instance;
use crate::place::Place;

/// All commands with their types, for the running window and for the generated bindings.
fn commands() -> Builder<Wry> {
    use command::{dataset, demo, file, model, output, run, setting, study};
    Builder::<Wry>::new()
        .commands(collect_commands![
            setting::app_info,
            setting::setting,
            setting::set_setting,
            setting::notify,
            dataset::pick_files,
            model::pick_folder,
            file::keep_text,
            file::save_text,
            dataset::inspect,
            dataset::import_files,
            dataset::take_sample,
            dataset::datasets,
            dataset::examples,
            dataset::doubts,
            dataset::too_long,
            dataset::edit_example,
            dataset::write_example,
            dataset::delete_examples,
            model::models,
            model::add_model,
            model::forget_model,
            model::verify_model,
            model::delete_model,
            model::catalogue,
            model::model_fits,
            model::download_model,
            model::pause_download,
            run::recipe_fields,
            run::plan,
            run::runs,
            run::start_run,
            run::resume_run,
            run::control_run,
            run::move_queued,
            run::remove_queued,
            run::hold_queue,
            run::run_log,
            output::results,
            run::watch,
            output::items,
            study::create_study,
            study::studies,
            study::rating_queue,
            study::rate,
            study::skip_item,
            study::lock_study,
            study::study_results,
            demo::demo,
            demo::close_demo,
        ])
        .semantic_types(
            specta_typescript::semantic::Configuration::empty().enable_lossless_floats(),
        )
        .disable_serde_phases()
}

/// Opens the window and stays until it is closed. Runs go on without it.
pub fn run() -> ExitCode {
    let place = match Place::find(std::env::args_os().skip(1)) {
        Ok(place) => place,
        Err(error) => return complain(&error.message),
    };
    let instance = match Instance::claim(&place.workspace) {
        Ok(Some(instance)) => instance,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => return complain(&error.message),
    };
    let commands = commands();
    let built = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .manage(place)
        .manage(watch::Watcher::default())
        .manage(worker::Demo::default())
        .manage(download::Downloads::default())
        .invoke_handler(commands.invoke_handler())
        .setup(move |app| {
            let app = app.handle().clone();
            instance.answer(move || {
                if let Some(window) = app.get_webview_window("main") {
                    // A window that cannot come forward is still there; nothing better can be done.
                    let _raised = window.unminimize().and_then(|()| window.set_focus());
                }
            });
            Ok(())
        })
        .run(tauri::generate_context!());
    match built {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("the window cannot be opened: {error}")),
    }
}

/// Says on the terminal why there is no window.
fn complain(message: &str) -> ExitCode {
    use std::io::Write as _;
    let _closed = writeln!(std::io::stderr(), "duologue-desktop: {message}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    include!("../commands.in");

    const BINDINGS: &str = "../ui/src/bridge/bindings.ts";

    #[test]
    fn bindings_are_fresh() {
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("bindings.ts");
        commands()
            .export(specta_typescript::Typescript::default(), &fresh)
            .unwrap();
        let fresh = std::fs::read_to_string(fresh).unwrap();
        if std::env::var_os("UPDATE_BINDINGS").is_some() {
            std::fs::write(BINDINGS, &fresh).unwrap();
        }
        let kept = std::fs::read_to_string(BINDINGS).unwrap();
        assert!(
            kept == fresh,
            "{BINDINGS} is stale: UPDATE_BINDINGS=1 cargo test -p duologue-desktop"
        );
    }

    #[test]
    fn every_command_is_allowed_and_nothing_else() {
        let bindings = std::fs::read_to_string(BINDINGS).unwrap();
        let capability: serde_json::Value = serde_json::from_str(
            &std::fs::read_to_string(Path::new("capabilities/main.json")).unwrap(),
        )
        .unwrap();
        let allowed: Vec<&str> = capability["permissions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
        let wanted: Vec<String> = COMMANDS
            .iter()
            .map(|name| format!("allow-{}", name.replace('_', "-")))
            .collect();
        assert_eq!(allowed, wanted);
        // One mention is the import.
        assert_eq!(
            bindings.matches("__TAURI_INVOKE").count(),
            COMMANDS.len() + 1
        );
        for name in COMMANDS {
            assert!(
                bindings.contains(&format!("(\"{name}\"")),
                "{name} is not in the bindings"
            );
        }
    }
}
