//! What this machine has, if the system tells us.

use std::path::Path;

/// Number of cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Name of the processor.
pub(crate) fn cpu_name() -> String {
    let table = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = table
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    name.map_or("unknown", |name| name.trim_matches([' ', '\t', ':']))
        .to_owned()
}

/// Memory in all and memory that programs can still take, in bytes; `None` if the system does not tell.
pub(crate) fn memory_bytes() -> Option<(u64, u64)> {
    let table = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib = |name: &str| {
        let line = table
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    Some((kib("MemTotal")? * 1024, kib("MemAvailable")? * 1024))
}

/// Memory that a model on `device` can still take, in bytes: the card's own, else this machine's.
pub(crate) fn memory_free_bytes(device: &str) -> Option<u64> {
    lm::device::memory_free_bytes(device).or_else(|| memory_bytes().map(|(_, free)| free))
}

/// Free bytes where the folder is, or will be; `None` if the system does not tell.
#[cfg(unix)]
pub(crate) fn disk_free_bytes(folder: &Path) -> Option<u64> {
    let existing = folder.ancestors().find(|part| part.exists())?;
    let found = nix::sys::statvfs::statvfs(existing).ok()?;
    Some(found.blocks_available() as u64 * found.fragment_size() as u64)
}

/// Free bytes where the folder is, or will be.
#[cfg(not(unix))]
pub(crate) fn disk_free_bytes(_folder: &Path) -> Option<u64> {
    None
}

/// Widest vector instructions that the engine uses.
#[cfg(target_arch = "x86_64")]
pub(crate) fn simd() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        "avx512"
    } else if std::arch::is_x86_feature_detected!("avx2") {
        "avx2"
    } else {
        "sse2"
    }
}

/// The processor's family.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn simd() -> &'static str {
    std::env::consts::ARCH
}
