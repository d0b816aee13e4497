//! What this machine has (memory, cores, cards, disk), as far as the system says so without asking the user anything.

use std::path::Path;

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// Memory of the machine, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Memory that is installed.
    pub total_bytes: u64,
    /// Memory that programs can still take, including caches that the system would give up.
    pub free_bytes: u64,
}

/// Number of cores that this process may use; 1 if the system does not say.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Memory of the machine; `None` if the system does not say.
pub fn memory() -> Option<Memory> {
    let asked = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(asked).ok()?;
    let memory = Memory {
        total_bytes: system.total_memory(),
        free_bytes: system.available_memory(),
    };
    (memory.total_bytes > 0).then_some(memory)
}

/// Brand name of the processor; `None` if the system does not say.
pub fn cpu_name() -> Option<String> {
    let asked = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let system = System::new_with_specifics(asked).ok()?;
    let name = system.cpus().first()?.brand().trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// What [`simd`] calls AVX2, and the value of [`SIMD_VARIABLE`] that asks for it.
pub const AVX2: &str = "avx2";

/// Environment variable that keeps the engine to narrower vectors than the processor has, so that a server can measure
/// and test what most laptops compute. Any value but [`AVX2`] changes nothing.
pub const SIMD_VARIABLE: &str = "DUOLOGUE_SIMD";

/// Name of the widest vector instructions that the processor has and the engine uses: `avx512`, `avx2` or `sse2`.
#[cfg(target_arch = "x86_64")]
pub fn simd() -> &'static str {
    let narrow = std::env::var_os(SIMD_VARIABLE).is_some_and(|value| value == AVX2);
    if !narrow && std::arch::is_x86_feature_detected!("avx512f") {
        "avx512"
    } else if std::arch::is_x86_feature_detected!("avx2") {
        AVX2
    } else {
        "sse2"
    }
}

/// Name of the processor's architecture, such as `aarch64`; vector instructions are told apart on x86-64 only.
#[cfg(not(target_arch = "x86_64"))]
pub fn simd() -> &'static str {
    std::env::consts::ARCH
}

/// Name of the first card that NVIDIA's driver lists under `/proc`; `None` if it lists no card. Reading that list needs
/// no library, whereas sysinfo would load the driver into the window, which computes nothing.
pub fn card_name() -> Option<String> {
    first_card(Path::new("/proc/driver/nvidia/gpus"))
}

fn first_card(folder: &Path) -> Option<String> {
    let mut cards: Vec<_> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|card| card.path())
        .collect();
    cards.sort();
    let table = std::fs::read_to_string(cards.first()?.join("information")).ok()?;
    let model = table.lines().find_map(|line| line.strip_prefix("Model:"))?;
    Some(model.trim().to_owned())
}

/// Free bytes on the disk where the folder is, or will be; `None` if the system does not say. sysinfo is not used for
/// this, because it asks every mounted disk: a network share whose server is away would hold the program up.
#[cfg(unix)]
pub fn disk_free_bytes(folder: &Path) -> Option<u64> {
    let disk = nix::sys::statvfs::statvfs(existing(folder)?).ok()?;
    #[allow(
        clippy::unnecessary_cast,
        clippy::useless_conversion,
        reason = "the counts have another width on each system"
    )]
    let bytes = disk.blocks_available() as u64 * disk.fragment_size() as u64;
    Some(bytes)
}

/// Free bytes on the disk where the folder is, or will be; `None` if the system does not say.
#[cfg(not(unix))]
pub fn disk_free_bytes(folder: &Path) -> Option<u64> {
    let folder = existing(folder)?.canonicalize().ok()?;
    let disks = sysinfo::Disks::new_with_refreshed_list().ok()?;
    let letter = |path: &Path| {
        path.to_string_lossy()
            .trim_start_matches(r"\\?\")
            .to_owned()
    };
    let disk = disks
        .iter()
        .filter(|disk| letter(&folder).starts_with(&letter(disk.mount_point())))
        .max_by_key(|disk| disk.mount_point().as_os_str().len())?;
    Some(disk.available_space())
}

fn existing(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|part| part.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_processor_are_known() {
        let memory = memory().unwrap();
        assert!(memory.free_bytes > 0 && memory.free_bytes <= memory.total_bytes);
        assert!(cores() > 0);
        if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            let table = std::fs::read_to_string("/proc/cpuinfo").unwrap();
            assert!(table.contains(&cpu_name().unwrap()));
            let table = std::fs::read_to_string("/proc/meminfo").unwrap();
            assert!(table.contains(&(memory.total_bytes / 1024).to_string()));
        }
    }

    #[test]
    fn a_card_is_named_where_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(first_card(folder.path()), None);
        let card = folder.path().join("0000:01:00.0");
        std::fs::create_dir(&card).unwrap();
        let table = "Model: \t\t Card 9000\nIRQ:   1\n";
        std::fs::write(card.join("information"), table).unwrap();
        assert_eq!(first_card(folder.path()).as_deref(), Some("Card 9000"));
    }

    #[test]
    fn room_on_the_disk_is_known_before_the_workspace_exists() {
        let folder = tempfile::tempdir().unwrap();
        assert!(disk_free_bytes(&folder.path().join("not/yet")) > Some(0));
    }
}
