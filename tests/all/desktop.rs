//! The real window under a virtual display, driven through WebDriver: `cargo xtask test desktop`.
//!
//! Flow: a test makes a [`desk::Desk`] (workspace, folders and processes of its own), opens a [`window::Window`] on it
//! (tauri-driver, WebKitWebDriver, the application) and acts as a person would. Without `E2E_APP` every test here
//! says that it is skipped; those that need a model also need the shared one.
//!
//! Six journeys, and no more: import to demo (`journey`), the first start (`first_start`), a worker that crashes
//! (`recovery`), close and reopen while running (`window_kill`), a second window (`second_instance`), and the keyboard
//! alone, with every screen's accessibility (`accessibility`). Everything else is tested on the fake bridge.
//!
//! Environment: `E2E_APP` (the window's binary), `DUOLOGUE_BIN` (the worker), `TAURI_DRIVER`, and `E2E_SCREENS`, a
//! folder for pictures named `<screen>-<theme>.png`.
#![cfg(target_os = "linux")]

mod accessibility;
mod desk;
mod first_start;
mod frames;
mod journey;
mod keyboard;
mod privacy;
mod process;
mod rating;
mod recovery;
mod second_instance;
mod settings;
mod window;
mod window_kill;

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

/// The programs under test.
pub(crate) struct Programs {
    /// The window.
    pub(crate) app: PathBuf,
    /// The command line, which is also the worker.
    pub(crate) cli: PathBuf,
    /// tauri-driver.
    pub(crate) driver: PathBuf,
}

/// The programs, `None` (with a line that says so) where no window is to be driven.
pub(crate) fn programs() -> Option<Programs> {
    let Some(app) = std::env::var_os("E2E_APP").map(PathBuf::from) else {
        duologue_tests::skip("E2E_APP names no window (run `cargo xtask test desktop`)");
        return None;
    };
    let app = app
        .canonicalize()
        .unwrap_or_else(|e| panic!("E2E_APP {}: {e}", app.display()));
    let cli = std::env::var_os("DUOLOGUE_BIN")
        .map_or_else(|| app.with_file_name("duologue"), PathBuf::from);
    let cli = cli
        .canonicalize()
        .unwrap_or_else(|e| panic!("DUOLOGUE_BIN {}: {e}", cli.display()));
    let driver = std::env::var_os("TAURI_DRIVER").unwrap_or_else(|| "tauri-driver".into());
    Some(Programs {
        app,
        cli,
        driver: driver.into(),
    })
}

/// Runs a test's steps; a test that hangs in spite of the limits of its steps ends after `limit_s`.
pub(crate) fn drive(limit_s: u64, steps: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended =
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(limit_s), steps).await });
    assert!(ended.is_ok(), "the test did not end within {limit_s} s");
}
