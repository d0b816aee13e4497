//! Keeps the computer from falling asleep during work that nobody watches. Linux asks logind through
//! `systemd-inhibit`, macOS `caffeinate`; both let go by themselves when this process ends, however it ends. Other systems
//! are not asked, and no screen is kept on anywhere.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// Keeps the computer awake until it is dropped.
#[derive(Debug)]
pub struct Awake {
    holder: Child,
}

impl Awake {
    /// Asks the system to stay awake, and says `why` to whoever asks the system. `None` if it cannot be asked or refuses.
    pub fn hold(why: &str) -> Option<Self> {
        held(asking(why)?)
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        // It waits for the end of its input, which comes now; a holder that has ended already holds nothing.
        drop(self.holder.stdin.take());
        let _ended = self.holder.kill();
        let _reaped = self.holder.wait();
    }
}

/// What holds once it has said a line, until its input ends.
const SAY_AND_WAIT: &str = "echo; exec cat";

fn asking(why: &str) -> Option<Command> {
    if cfg!(target_os = "linux") {
        let mut command = Command::new("systemd-inhibit");
        command
            .args(["--what=idle:sleep", "--mode=block", "--who=Duologue"])
            .arg(format!("--why={why}"))
            .args(["sh", "-c", SAY_AND_WAIT]);
        return Some(command);
    }
    if cfg!(target_os = "macos") {
        let mut command = Command::new("caffeinate");
        command.args(["-i", "sh", "-c", SAY_AND_WAIT]);
        return Some(command);
    }
    None
}

/// Starts what holds, and waits until it says that it does.
fn held(mut command: Command) -> Option<Awake> {
    let mut holder = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let is_held = holder.stdout.take().is_some_and(|out| {
        let mut line = String::new();
        BufReader::new(out)
            .read_line(&mut line)
            .is_ok_and(|bytes| bytes > 0)
    });
    // Dropping it reaps a holder that was refused.
    let awake = Awake { holder };
    is_held.then_some(awake)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_holds_ends_when_it_is_let_go() {
        let awake = held(shell(SAY_AND_WAIT)).unwrap();
        let pid = nix::unistd::Pid::from_raw(awake.holder.id().cast_signed());
        assert!(nix::sys::signal::kill(pid, None).is_ok());
        drop(awake);
        assert!(nix::sys::signal::kill(pid, None).is_err());
    }

    #[test]
    fn a_refusal_holds_nothing() {
        assert!(held(shell("exit 1")).is_none());
        assert!(held(Command::new("/no/such/program")).is_none());
    }
}
