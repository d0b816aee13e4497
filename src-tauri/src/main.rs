//! The window's entry point; everything is in the library, where tests reach it.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    duologue_desktop::run()
}
