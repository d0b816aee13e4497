//! The machine, as far as the system tells it without asking anything of the user, and its clock.

use crate::dto::AppInfo;
use crate::place::Place;

/// Milliseconds since 1970. Only the edge reads the clock.
#[expect(clippy::disallowed_methods, reason = "the edge reads the clock and passes it on")]
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
        connections: 0,
    }
}

/// The value of the first `name : value` line.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
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
}
