//! The machine, as far as the system tells it without asking anything of the user, and its clock.

use std::path::Path;

use crate::dto::AppInfo;
use crate::place::Place;

/// Milliseconds since 1970. Only the edge reads the clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge reads the clock and passes it on"
)]
pub(crate) fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}

/// Version, places, processor and memory.
pub(crate) fn info(place: &Place) -> AppInfo {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    AppInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        workspace: place.workspace.display().to_string(),
        cli_path: place.cli.as_ref().map(|path| path.display().to_string()),
        cpu: field(&cpu, "model name").map(str::to_owned),
        threads: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
        memory_bytes: field(&memory, "MemTotal").and_then(kibibytes),
        memory_free_bytes: field(&memory, "MemAvailable").and_then(kibibytes),
        gpu: gpu(Path::new("/proc/driver/nvidia/gpus")),
        disk_free_bytes: disk_free_bytes(&place.workspace),
        // A workspace that cannot be opened has its own error on every screen.
        connections: place
            .session()
            .ok()
            .and_then(|session| session.connections().ok())
            .map_or(0, |ledger| super::command::count(ledger.len())),
    }
}

/// The first graphics processor of NVIDIA's driver; other makers do not tell a name without a library.
fn gpu(folder: &Path) -> Option<String> {
    let mut cards: Vec<_> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|card| card.path())
        .collect();
    cards.sort();
    let text = std::fs::read_to_string(cards.first()?.join("information")).ok()?;
    field(&text, "Model").map(str::to_owned)
}

/// Free bytes where the folder is, or will be; `None` if the system does not tell.
#[cfg(unix)]
fn disk_free_bytes(folder: &Path) -> Option<f64> {
    let existing = folder.ancestors().find(|part| part.exists())?;
    let found = nix::sys::statvfs::statvfs(existing).ok()?;
    Some(found.blocks_available() as f64 * found.fragment_size() as f64)
}

/// Free bytes where the folder is, or will be.
#[cfg(not(unix))]
fn disk_free_bytes(_folder: &Path) -> Option<f64> {
    None
}

/// The value of the first `name : value` line.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
}

/// `16 kB` as bytes.
fn kibibytes(text: &str) -> Option<f64> {
    let kib: f64 = text.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_systems_table() {
        let text = "MemTotal:       16 kB\nMemAvailable:    8 kB\n";
        assert_eq!(field(text, "MemTotal").and_then(kibibytes), Some(16384.0));
        assert_eq!(field(text, "Swap"), None);
    }

    #[test]
    fn a_graphics_processor_is_named_where_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(gpu(folder.path()), None);
        let card = folder.path().join("0000:01:00.0");
        std::fs::create_dir(&card).unwrap();
        std::fs::write(
            card.join("information"),
            "Model: \t\t Card 9000\nIRQ:   1\n",
        )
        .unwrap();
        assert_eq!(gpu(folder.path()).as_deref(), Some("Card 9000"));
    }

    #[cfg(unix)]
    #[test]
    fn room_on_the_disk_is_known_before_the_workspace_exists() {
        let folder = tempfile::tempdir().unwrap();
        assert!(disk_free_bytes(&folder.path().join("not/yet")) > Some(0.0));
    }
}
