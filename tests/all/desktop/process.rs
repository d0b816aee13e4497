//! Processes of one test and their connections, read from `/proc`.
//!
//! A test's processes are those that inherited its workspace in their environment. No process is found by its name.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A living process of a test.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    /// Process id.
    pub(crate) pid: i32,
    /// Path of the program that the process runs.
    pub(crate) exe: PathBuf,
}

/// All living processes whose environment holds `marker` (`NAME=value`).
pub(crate) fn with_environment(marker: &str) -> Vec<Process> {
    let this_process = std::process::id().cast_signed();
    let numbers = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers
        .filter(|pid| *pid != this_process)
        .filter_map(|pid| marked(pid, marker))
        .collect()
}

fn marked(pid: i32, marker: &str) -> Option<Process> {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    let environment = std::fs::read(folder.join("environ")).ok()?;
    let has = environment
        .split(|byte| *byte == 0)
        .any(|variable| variable == marker.as_bytes());
    // A zombie no longer has a program.
    let exe = has.then(|| std::fs::read_link(folder.join("exe")).ok())??;
    Some(Process { pid, exe })
}

/// Kills a process at once. It does not matter if the process has just ended by itself.
pub(crate) fn kill_now(pid: i32) {
    let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
}

/// How long a process has lived, to a hundredth of a second; `None` if it is gone. `proc(5)` gives `starttime` in clock
/// ticks since the machine started, 100 a second on Linux.
pub(crate) fn age(pid: i32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name, in brackets, may hold blanks. The third field follows the bracket.
    let started: f64 = stat
        .rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(19)?
        .parse()
        .ok()?;
    let up: f64 = std::fs::read_to_string("/proc/uptime")
        .ok()?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Duration::try_from_secs_f64(up - started / 100.0).ok()
}

/// Inode and remote address of every internet socket (TCP and UDP, both versions) of this machine.
pub(crate) fn sockets() -> Vec<(u64, IpAddr)> {
    ["tcp", "tcp6", "udp", "udp6"]
        .iter()
        .flat_map(|name| rows(&Path::new("/proc/net").join(name)))
        .collect()
}

/// Remote addresses of those `sockets` that a process holds.
pub(crate) fn remote_ends(pid: i32, sockets: &[(u64, IpAddr)]) -> Vec<IpAddr> {
    let inodes = socket_inodes(&PathBuf::from(format!("/proc/{pid}")));
    sockets
        .iter()
        .filter(|(inode, _)| inodes.contains(inode))
        .map(|(_, end)| *end)
        .collect()
}

fn socket_inodes(process: &Path) -> BTreeSet<u64> {
    let Ok(files) = std::fs::read_dir(process.join("fd")) else {
        return BTreeSet::new();
    };
    let inode = |link: PathBuf| {
        link.to_str()?
            .strip_prefix("socket:[")?
            .strip_suffix(']')?
            .parse()
            .ok()
    };
    files
        .filter_map(|file| inode(std::fs::read_link(file.ok()?.path()).ok()?))
        .collect()
}

/// Inode and remote address in each row of one of the kernel's socket tables, such as `/proc/net/tcp`.
fn rows(table: &Path) -> Vec<(u64, IpAddr)> {
    let text = std::fs::read_to_string(table).unwrap_or_default();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let address = address(cells.get(2)?.split(':').next()?)?;
        Some((cells.get(9)?.parse().ok()?, address))
    };
    text.lines().skip(1).filter_map(row).collect()
}

/// Reads an address as the kernel prints it: hexadecimal words of four bytes, each in the machine's byte order.
fn address(hex: &str) -> Option<IpAddr> {
    let words: Vec<u32> = (0..hex.len() / 8)
        .map(|index| u32::from_str_radix(hex.get(index * 8..index * 8 + 8)?, 16).ok())
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    match bytes.len() {
        4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into()),
        16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical()),
        _ => None,
    }
}

/// A thread that looks at the sockets of a test's processes again and again, until [`SocketWatch::seen`] is called.
pub(crate) struct SocketWatch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

/// What a [`SocketWatch`] saw from its start to its end.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// How many times the watch looked at all processes.
    pub(crate) looks: usize,
    /// Programs of the processes that the watch found.
    pub(crate) programs: BTreeSet<PathBuf>,
    /// Programs that had a connection to another machine, with the remote address.
    pub(crate) outside: BTreeSet<(PathBuf, IpAddr)>,
}

impl SocketWatch {
    /// Starts to watch the processes whose environment holds `marker` (`NAME=value`).
    pub(crate) fn start(marker: String) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut seen = Seen::default();
            while !asked.load(Ordering::SeqCst) {
                seen.look(&with_environment(&marker));
                std::thread::sleep(Duration::from_millis(400));
            }
            seen
        });
        Self { stop, thread }
    }

    /// Stops the watch and returns what it saw.
    pub(crate) fn seen(self) -> Seen {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().unwrap()
    }
}

impl Seen {
    fn look(&mut self, processes: &[Process]) {
        self.looks += 1;
        let sockets = sockets();
        for process in processes {
            self.programs.insert(process.exe.clone());
            for end in remote_ends(process.pid, &sockets) {
                // A socket that only listens, or is not connected, has the unspecified address.
                if !end.is_loopback() && !end.is_unspecified() {
                    self.outside.insert((process.exe.clone(), end));
                }
            }
        }
    }
}

#[test]
fn a_connection_is_seen() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let this_process = std::process::id().cast_signed();
    let _connection = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert!(remote_ends(this_process, &sockets()).contains(&IpAddr::from([127, 0, 0, 1])));
    assert_eq!(address("0100007F"), Some(IpAddr::from([127, 0, 0, 1])));
    assert_eq!(
        address("0000000000000000FFFF00000100007F"),
        Some(IpAddr::from([127, 0, 0, 1]))
    );
    assert_eq!(
        address("00000000000000000000000001000000"),
        Some(Ipv6Addr::LOCALHOST.into())
    );
}
