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
mod handover;
mod instance;
mod log;
mod model_folder;
mod place;
mod remembered;
mod run_state;
mod start;
mod watch;
mod worker;

use std::process::ExitCode;

use tauri::{Manager, Wry};
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands};

use crate::place::Place;

include!("../commands.in");

/// All commands with their types, for the running window and for the generated bindings.
fn commands() -> Builder<Wry> {
    use command::{
        dataset, demo, everyday, experiment, file, forget, handover, model, network, output, pack,
        protection, run, setting, start, study, workbench,
    };
    Builder::<Wry>::new()
        .commands(with_commands!(collect_commands))
        // What the page reads out of a rater pack and puts into its answers.
        .typ::<contract::PackItems>()
        .typ::<contract::PackAnswers>()
        .typ::<contract::AnswersHeader>()
        .semantic_types(
            specta_typescript::semantic::Configuration::empty().enable_lossless_floats(),
        )
        .error_handling(ErrorHandlingMode::Throw)
        .disable_serde_phases()
}

/// Opens the window and stays until it is closed. Runs go on without it.
pub fn run() -> ExitCode {
    draw_without_dmabuf();
    let place = match Place::find(std::env::args_os().skip(1)) {
        Ok(place) => place,
        Err(error) => return complain(&error.to_string()),
    };
    let Some((start, instance)) = start::begin(&place) else {
        return ExitCode::SUCCESS;
    };
    if instance.is_some() {
        command::file::empty_inbox(&place);
        if place.locked().is_none() {
            command::start::keep_copy(&place);
        }
    }
    let commands = commands();
    let built = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .manage(place)
        .manage(start)
        .manage(watch::Watcher::default())
        .manage(worker::Demo::default())
        .manage(download::Downloads::default())
        .manage(handover::Exports::default())
        .invoke_handler(commands.invoke_handler())
        .setup(move |app| {
            let app = app.handle().clone();
            if let Some(instance) = instance {
                instance.answer(move || raise(&app));
            }
            Ok(())
        })
        .run(tauri::generate_context!());
    match built {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("the window cannot be opened: {error}")),
    }
}

/// Brings the window to the front.
fn raise(app: &tauri::AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        // A window that cannot come forward is still there; nothing better can be done.
        let _raised = window.unminimize().and_then(|()| window.set_focus());
    }
}

/// What WebKitGTK reads when it starts: whether it draws through DMA-BUF.
#[cfg(target_os = "linux")]
const DMABUF: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Has WebKitGTK draw without DMA-BUF, unless the user has said how: with NVIDIA's driver the window stays empty
/// otherwise (tauri-apps/tauri #9304).
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "called before any other thread exists that could read the environment"
)]
fn draw_without_dmabuf() {
    if std::env::var_os(DMABUF).is_none() {
        // SAFETY: no other thread reads the environment.
        unsafe { std::env::set_var(DMABUF, "1") };
    }
}

#[cfg(not(target_os = "linux"))]
fn draw_without_dmabuf() {}

/// Says on the terminal why there is no window.
fn complain(message: &str) -> ExitCode {
    use std::io::Write as _;
    let _closed = writeln!(std::io::stderr(), "duologue-desktop: {message}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    macro_rules! names {
        ($($room:ident::$name:ident,)*) => {
            [$(stringify!($name)),*]
        };
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn webkit_draws_without_dmabuf_unless_it_is_told_how() {
        let before = std::env::var(DMABUF).ok();
        draw_without_dmabuf();
        assert_eq!(
            std::env::var(DMABUF).ok(),
            before.or_else(|| Some("1".to_owned()))
        );
    }

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
    fn the_page_may_call_every_command_of_ours_and_nothing_else() {
        let read = |path: &str| -> serde_json::Value {
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
        };
        let capability = read("capabilities/main.json");
        assert_eq!(capability["permissions"], serde_json::json!(["default"]));
        let granted = &read("gen/schemas/acl-manifests.json")["__app-acl__"]["default_permission"];
        let wanted = with_commands!(names).map(|name| format!("allow-{}", name.replace('_', "-")));
        assert_eq!(granted["permissions"], serde_json::json!(wanted.to_vec()));
    }

    #[test]
    fn a_command_is_added_in_three_places() {
        let roots = [
            "src",
            "capabilities",
            "commands.in",
            "build.rs",
            "tauri.conf.json",
            "../ui/src",
        ];
        let mut files = Vec::new();
        for root in roots {
            collect_files(Path::new(root), &mut files);
        }
        // A name of two words is not an ordinary word; the others are added in the same places.
        for name in with_commands!(names)
            .iter()
            .filter(|name| name.contains('_'))
        {
            let words = [(*name).to_owned(), name.replace('_', "-"), camel(name)];
            let places: Vec<&PathBuf> = files
                .iter()
                .filter(|(_, text)| words.iter().any(|word| names_it(text, word)))
                .map(|(path, _)| path)
                .collect();
            assert!(
                places.len() == 3,
                "{name}: the wrapper, commands.in and the fake bridge name it, and not {places:?}"
            );
        }
    }

    /// Every file that is written by hand below a path, with its text, but for tests and the rooms that name no command:
    /// screens call them, and what a word says or a type holds may be called the same.
    fn collect_files(path: &Path, files: &mut Vec<(PathBuf, String)>) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["screens", "text", "dto", "pack"].contains(&name) {
            for entry in std::fs::read_dir(path).unwrap() {
                collect_files(&entry.unwrap().path(), files);
            }
        } else if path.is_file() && name != "bindings.ts" && !name.ends_with(".test.ts") {
            files.push((path.to_owned(), std::fs::read_to_string(path).unwrap()));
        }
    }

    fn camel(name: &str) -> String {
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |done, word| {
            let (head, tail) = word.split_at(1);
            done + &head.to_uppercase() + tail
        })
    }

    /// Whether a text has the whole word other than after a dot, where it is called.
    fn names_it(text: &str, word: &str) -> bool {
        let inside = |letter: char| letter.is_alphanumeric() || "_-".contains(letter);
        text.match_indices(word).any(|(start, _)| {
            let before = text[..start].chars().next_back();
            let after = text[start + word.len()..].chars().next();
            !before.is_some_and(|letter| inside(letter) || letter == '.')
                && !after.is_some_and(inside)
        })
    }
}
