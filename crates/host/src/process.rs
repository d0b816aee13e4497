//! Processes: who this one is, whether another still lives, and asking it to end.

use std::io::Result;

use crate::{Identity, Liveness};

/// This process.
pub fn this() -> Identity {
    let pid = std::process::id();
    Identity {
        pid,
        boot_id: boot_id(),
        start: match look_up(pid) {
            Found::Living(start) => Some(start),
            Found::Ended | Found::Hidden => None,
        },
    }
}

/// Whether a process lives. No clock is asked, so that setting it makes nobody dead.
pub fn liveness(process: &Identity) -> Liveness {
    if process.boot_id != boot_id() {
        return Liveness::Unknown;
    }
    match (look_up(process.pid), process.start) {
        (Found::Ended, _) => Liveness::Gone,
        (Found::Living(found), Some(start)) if found == start => Liveness::Alive,
        (Found::Living(_), Some(_)) => Liveness::Gone,
        (Found::Living(_), None) | (Found::Hidden, _) => Liveness::Unknown,
    }
}

/// A token that no other process has: 128 random bits of the system, in hexadecimal digits.
///
/// # Errors
/// Where the system has no source of random numbers.
pub fn token() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A key that nobody can guess: 256 random bits of the system.
///
/// # Errors
/// Where the system has no source of random numbers.
pub fn secret_key() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Keeps what this process knows out of core dumps and from other processes of the same user: it holds a key. Where the
/// system gives no such guarantee, nothing is done.
pub fn keep_memory_private() {
    #[cfg(target_os = "linux")]
    let _refused = nix::sys::prctl::set_dumpable(false);
    #[cfg(unix)]
    let _refused = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
}

/// Asks a process to end, as `kill` does. Not with Ctrl-C's signal: what a script starts in the background ignores
/// that one from birth.
#[cfg(unix)]
pub fn ask_to_end(pid: u32) {
    use nix::sys::signal::{Signal, kill};
    if let Ok(pid) = i32::try_from(pid) {
        // A process that has ended just now needs no signal.
        let _ended = kill(nix::unistd::Pid::from_raw(pid), Signal::SIGTERM);
    }
}

/// Asks a process to end. There is no such request here.
#[cfg(not(unix))]
pub fn ask_to_end(_pid: u32) {}

/// What a process id refers to now.
enum Found {
    /// A living process, with its start.
    Living(i64),
    /// None, or one that has ended and waits to be reaped.
    Ended,
    /// One about which the system says nothing.
    Hidden,
}

#[cfg(target_os = "linux")]
fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    text.unwrap_or_default().trim().to_owned()
}

#[cfg(not(target_os = "linux"))]
fn boot_id() -> String {
    String::new()
}

/// Not by sysinfo, which adds the boot's time on the wall clock to the start: setting the clock would move it.
#[cfg(target_os = "linux")]
fn look_up(pid: u32) -> Found {
    use nix::errno::Errno;
    use nix::sys::signal::kill;
    use nix::unistd::Pid;
    let Ok(table) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        // The table of another user's process may be hidden (proc(5), hidepid).
        let signal = i32::try_from(pid).map(|pid| kill(Pid::from_raw(pid), None));
        return match signal {
            Ok(Ok(()) | Err(Errno::EPERM)) => Found::Hidden,
            _ => Found::Ended,
        };
    };
    parse_stat(&table).unwrap_or(Found::Hidden)
}

/// The third field is the state, the twenty-second the start (proc_pid_stat(5)); the second may hold spaces.
#[cfg(target_os = "linux")]
fn parse_stat(table: &str) -> Option<Found> {
    let mut fields = table.rsplit_once(") ")?.1.split(' ');
    if matches!(fields.next()?, "Z" | "X") {
        return Some(Found::Ended);
    }
    Some(Found::Living(fields.nth(18)?.parse().ok()?))
}

#[cfg(not(target_os = "linux"))]
fn look_up(pid: u32) -> Found {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};
    let Ok(mut system) = System::new() else {
        return Found::Hidden;
    };
    let pid = Pid::from_u32(pid);
    let asked = ProcessesToUpdate::Some(&[pid]);
    system.refresh_processes_specifics(asked, true, ProcessRefreshKind::nothing());
    match system.process(pid) {
        None => Found::Ended,
        Some(process) if process.status() == ProcessStatus::Zombie => Found::Ended,
        Some(process) => i64::try_from(process.start_time()).map_or(Found::Hidden, Found::Living),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_one_with_its_number_does_not() {
        let this = this();
        assert_eq!(liveness(&this), Liveness::Alive);
        let earlier = Identity {
            start: this.start.map(|start| start - 1),
            ..this.clone()
        };
        assert_eq!(liveness(&earlier), Liveness::Gone);
        let unnoted = Identity {
            start: None,
            ..this.clone()
        };
        assert_eq!(liveness(&unnoted), Liveness::Unknown);
        let elsewhere = Identity {
            boot_id: "another boot".into(),
            ..this.clone()
        };
        assert_eq!(liveness(&elsewhere), Liveness::Unknown);
        let nobody = Identity {
            pid: i32::MAX.cast_unsigned(),
            ..this
        };
        assert_eq!(liveness(&nobody), Liveness::Gone);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_with_spaces_and_a_zombie_are_read() {
        let table = |state: &str| {
            format!("7 (a) Z (b) {state} 1 1 1 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 64748 31 379\n")
        };
        assert!(matches!(
            parse_stat(&table("S")),
            Some(Found::Living(64748))
        ));
        assert!(matches!(parse_stat(&table("Z")), Some(Found::Ended)));
        assert!(parse_stat("7 (a) S 1").is_none());
    }

    #[test]
    fn tokens_differ() {
        let (first, second) = (token().unwrap(), token().unwrap());
        assert_eq!(first.len(), 32);
        assert_ne!(first, second);
    }
}
