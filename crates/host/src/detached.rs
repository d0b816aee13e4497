//! Work that outlives the program that started it: how a worker is started, and how it leaves the terminal.

use std::path::Path;
use std::process::Command;

/// Returns the command that starts `program` as background work, which yields to whatever the user does: with nice 10
/// if the system has `nice`.
pub fn background(program: &Path) -> Command {
    const NICE: &str = "/usr/bin/nice";
    if cfg!(unix) && Path::new(NICE).exists() {
        let mut command = Command::new(NICE);
        command.args(["-n", "10"]).arg(program);
        return command;
    }
    Command::new(program)
}

/// Puts the process into a group of its own, so that a signal to the starter's group does not end the work.
pub fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _no_groups_here = command;
}

/// Leaves the terminal's session, so that closing the terminal or the window does not end this process.
#[cfg(unix)]
pub fn leave_session() {
    // A process that already leads its session stays where it is.
    let _leads_already = nix::unistd::setsid();
    // Linux may schedule each session as a group, and `nice` then compares only processes within a group. The group has
    // to yield too, or the window waits for the training.
    let _no_groups_here = std::fs::write("/proc/self/autogroup", "10");
}

/// Does nothing: only Unix has sessions to leave.
#[cfg(not(unix))]
pub fn leave_session() {}
