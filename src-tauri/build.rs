//! Embeds the page and makes every command of ours opt-in (`capabilities/main.json`).

use std::path::Path;

include!("commands.in");

const PLACEHOLDER: &str =
    "<!doctype html><title>Duologue</title><p>The page has not been built: npm run build\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dist = Path::new("../ui/dist");
    // Without a page the window's Rust side still compiles and can be tested.
    if !dist.join("index.html").exists() {
        std::fs::create_dir_all(dist)?;
        std::fs::write(dist.join("index.html"), PLACEHOLDER)?;
    }
    // The page is embedded, and cargo would not see that it changed.
    println!("cargo:rerun-if-changed=../ui/dist");
    println!("cargo:rerun-if-changed=commands.in");
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))?;
    Ok(())
}
