//! What the tests of several packages share: a word for each test that skips, the data that may be absent, and a limit
//! for every process. `main.rs` has the tests themselves.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "all of it is test code; clippy's own exception sees only functions marked #[test]"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// Longest wait for anything that another process does.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// Time between two looks at something that is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Says that the test which calls it proves nothing on this machine. `cargo xtask test` counts these lines: a test that
/// skips has not passed.
pub fn skip(reason: &str) {
    println!("skipped: {reason}");
}

/// A file or folder of the data that may not be copied into the repository, `None` (and the test skips) where it is
/// absent: below `DUOLOGUE_SHARED`, else below `shared` beside the repository.
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = shared_if_there(path);
    if found.is_none() {
        skip(&format!(
            "{path} is not on this machine (set DUOLOGUE_SHARED)"
        ));
    }
    found
}

/// The same for a test that has inputs of its own as well, and so does not skip.
pub fn shared_if_there(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DUOLOGUE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    Some(root.join(path)).filter(|path| path.exists())
}

/// Waits until a condition holds; a test that waits too long fails and says for what.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "waited too long: {what}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Runs a command to its end, as [`Command::output`] does, but not for ever.
pub fn output(command: &mut Command) -> Output {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    end(child, &format!("the end of {command:?}"))
}

/// Waits for the end of a process and reads what it still writes to its pipes, as [`Child::wait_with_output`] does,
/// but not for ever: a process that stays is killed, and the test fails and says what it waited for.
pub fn end(mut child: Child, what: &str) -> Output {
    drop(child.stdin.take());
    let until = Instant::now() + PATIENCE;
    let pipes = [
        child.stdout.take().map(chunks),
        child.stderr.take().map(chunks),
    ];
    let mut texts = [Vec::new(), Vec::new()];
    for (pipe, text) in pipes.iter().zip(&mut texts) {
        let Some(pipe) = pipe else { continue };
        while let Ok(chunk) = pipe.recv_timeout(until.saturating_duration_since(Instant::now())) {
            text.extend(chunk);
        }
    }
    let [stdout, stderr] = texts;
    loop {
        if let Some(status) = child.try_wait().expect("its state") {
            return Output {
                status,
                stdout,
                stderr,
            };
        }
        if Instant::now() >= until {
            // What matters is what was waited for.
            let _killed = child.kill();
            let _buried = child.wait();
            let texts = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
            panic!("waited too long: {what}; it said: {}", texts.join("\n"));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// The lines that a process says through a pipe.
pub struct Lines(Receiver<String>);

impl Lines {
    /// Listens to a pipe on a thread of its own.
    pub fn of(pipe: impl Read + Send + 'static) -> Self {
        let read = |sender: Sender<String>| {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        };
        Self(listen(read))
    }

    /// The next line, `None` at the end; a test that hears nothing for too long fails and says what it waited for.
    pub fn hear(&self, what: &str) -> Option<String> {
        match self.0.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("heard nothing for too long: {what}"),
        }
    }
}

fn chunks(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    listen(move |sender: Sender<Vec<u8>>| {
        let mut chunk = vec![0; 1 << 16];
        while let Ok(read @ 1..) = pipe.read(&mut chunk) {
            if sender.send(chunk[..read].to_vec()).is_err() {
                return;
            }
        }
    })
}

fn listen<T: Send + 'static>(read: impl FnOnce(Sender<T>) + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || read(sender));
    receiver
}
