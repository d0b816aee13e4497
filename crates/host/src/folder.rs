//! The folders of the user's data, of settings, and of what can be fetched again.

use std::path::PathBuf;

/// Where a workspace is when none is named: `duologue` in the platform's folder for application data
/// (`$XDG_DATA_HOME` or `~/.local/share`, `~/Library/Application Support`, `%APPDATA%`).
pub fn default_workspace() -> Option<PathBuf> {
    Some(dirs::data_dir()?.join("duologue"))
}

/// Where the window keeps what it remembers for its next start: `duologue/window.json` in the platform's folder for settings
/// (`$XDG_CONFIG_HOME` or `~/.config`, `~/Library/Application Support`, `%APPDATA%`).
pub fn window_settings() -> Option<PathBuf> {
    Some(dirs::config_dir()?.join("duologue/window.json"))
}

/// Where files that can be fetched again are kept, such as the bundled base model: `duologue` in the platform's folder
/// for caches (`$XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`).
pub fn cache() -> Option<PathBuf> {
    Some(dirs::cache_dir()?.join("duologue"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People have workspaces there.
    #[test]
    fn the_workspace_stays_where_it_always_was() {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let home = || variable("HOME").expect("a home");
        let data = if cfg!(windows) {
            variable("APPDATA").expect("a profile")
        } else if cfg!(target_os = "macos") {
            home().join("Library/Application Support")
        } else {
            variable("XDG_DATA_HOME")
                .filter(|folder| folder.is_absolute())
                .unwrap_or_else(|| home().join(".local/share"))
        };
        assert_eq!(default_workspace(), Some(data.join("duologue")));
    }
}
