//! This process: its clock, identity, threads and signals. The only place of the command line that reads them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;

use mrds::worker::Process;
use project::event::EventSink;
use project::rows::Owner;

/// Milliseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge reads the clock and passes it on"
)]
pub(crate) fn now_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_millis() as i64)
}

/// Seconds since 1970, with fractions.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge reads the clock and passes it on"
)]
pub(crate) fn now_s() -> f64 {
    std::time::SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64())
}

/// Tells both thread pools of the engine (rayon's and candle's own) how many threads to use, this one among them.
/// To be called once, before any computing.
#[expect(
    unsafe_code,
    reason = "called before any other thread exists that could read the environment"
)]
pub(crate) fn set_threads(threads: usize) {
    unsafe { std::env::set_var("CANDLE_NUM_THREADS", threads.to_string()) };
    lm::parallel::compute_here(threads);
}

/// Who asks for a run's lease.
pub(crate) fn owner() -> Owner {
    let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned();
    let pid = std::process::id();
    Owner {
        pid,
        boot_id,
        token: format!("{pid}-{}", now_ms()),
    }
}

/// This process as the worker of a run.
pub(crate) fn worker<'a>(stop: &'a AtomicBool, sink: &'a dyn EventSink) -> Process<'a> {
    Process {
        owner: owner(),
        pid_alive: &pid_alive,
        now_ms: &now_ms,
        stop,
        sink,
    }
}

/// Whether a process of this machine lives.
#[cfg(unix)]
pub(crate) fn pid_alive(pid: u32) -> bool {
    use nix::errno::Errno;
    use nix::sys::signal::kill;
    use nix::unistd::Pid;
    // A zombie has ended, although its number is still taken.
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let zombie = state
        .rsplit(") ")
        .next()
        .is_some_and(|rest| rest.starts_with('Z'));
    !zombie && kill(Pid::from_raw(pid as i32), None) != Err(Errno::ESRCH)
}

/// Whether a process of this machine lives; without a way to ask, its heartbeat decides.
#[cfg(not(unix))]
pub(crate) fn pid_alive(_pid: u32) -> bool {
    true
}

/// Leaves the terminal's session, so that closing the terminal or the window does not end this process.
#[cfg(unix)]
pub(crate) fn leave_session() {
    // A process that already leads its session stays where it is.
    let _leads_already = nix::unistd::setsid();
    // Linux may schedule each session as a group, in which `nice` counts among its own processes only: the group has to
    // yield too, or the window waits for the training.
    let _no_groups_here = std::fs::write("/proc/self/autogroup", "10");
}

/// Leaves the terminal's session.
#[cfg(not(unix))]
pub(crate) fn leave_session() {}

/// A flag that Ctrl-C (or SIGTERM) sets, saying `said`; the second time ends the process at once.
pub(crate) fn stop_flag(said: &'static str) -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    // Without a handler Ctrl-C still ends the process, and nothing finished is lost.
    let _without = ctrlc::set_handler(move || {
        if set.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(crate::failure::INTERRUPTED));
        }
        crate::output::note(said);
    });
    flag
}
