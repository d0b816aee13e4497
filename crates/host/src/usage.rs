//! Seconds and memory of this process, as the operating system accounts them.

/// What this process has used so far; zero where the system does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Seconds of processor time, user and system, all threads.
    pub cpu_s: f64,
    /// Highest resident memory since [`reset_peak`].
    pub peak_rss_bytes: u64,
}

/// Resets the highest resident memory to what is resident now, so that each stage has its own peak. Only Linux
/// can (proc_pid_clear_refs(5)); elsewhere the peak stays that of the process.
pub fn reset_peak() {
    if cfg!(target_os = "linux") {
        // A kernel that refuses leaves the process's peak, which is still an upper bound.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
    }
}

/// What this process has used so far.
#[cfg(unix)]
pub fn of_this_process() -> Usage {
    use nix::sys::resource::{UsageWho, getrusage};
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return Usage::default();
    };
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    // Linux counts in KiB, macOS in bytes (getrusage(2) of each).
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let highest = high_water_mark().unwrap_or(usage.max_rss() as u64 * unit);
    Usage {
        cpu_s: seconds(usage.user_time()) + seconds(usage.system_time()),
        peak_rss_bytes: highest,
    }
}

/// Linux's count that [`reset_peak`] resets; getrusage's never falls below what the parent had when it started us.
#[cfg(unix)]
fn high_water_mark() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(kibibytes.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// What this process has used so far: the system is not asked.
#[cfg(not(unix))]
pub fn of_this_process() -> Usage {
    Usage::default()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_peak_that_is_over_is_forgotten() {
        const LARGE: usize = 256 << 20;
        // Written to, so that every page is resident.
        drop(std::hint::black_box(vec![1u8; LARGE]));
        let before = of_this_process().peak_rss_bytes;
        assert!(before >= LARGE as u64);
        reset_peak();
        assert!(of_this_process().peak_rss_bytes < before);
    }
}
