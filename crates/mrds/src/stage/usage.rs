//! Seconds and memory of this process, as the operating system accounts them.

/// What a stage has used, over all processes that worked on it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Seconds on the clock.
    pub(crate) wall_s: f64,
    /// Seconds of processor time, user and system, all threads.
    pub(crate) cpu_s: f64,
    /// Highest resident memory.
    pub(crate) peak_rss_bytes: u64,
}

/// Processor seconds and highest resident bytes of this process; zero where the system does not tell.
#[cfg(unix)]
pub(crate) fn process() -> (f64, u64) {
    use nix::sys::resource::{UsageWho, getrusage};
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return (0.0, 0) };
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    // Linux counts in KiB, macOS in bytes (getrusage(2) of each).
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    (seconds(usage.user_time()) + seconds(usage.system_time()), usage.max_rss() as u64 * unit)
}

/// Processor seconds and highest resident bytes of this process; zero where the system does not tell.
#[cfg(not(unix))]
pub(crate) fn process() -> (f64, u64) {
    (0.0, 0)
}
