//! The system's guarantee that this process opens no connection: a filter in the kernel (seccomp) that lets a process
//! have no sockets but those of this computer. What it starts has the filter too, and nothing takes it off.
//!
//! Landlock was considered: it covers TCP alone, so a name could still be looked up, and needs Linux 6.7.

/// Whether the kernel forbids connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// It does, from now on.
    Enforced,
    /// It does not, and only Duologue itself refrains from opening any.
    Missing {
        /// Why it does not, in words for people.
        reason: String,
    },
}

impl Lock {
    /// Whether the kernel forbids connections.
    pub fn is_enforced(&self) -> bool {
        *self == Self::Enforced
    }
}

/// Forbids this thread, and the threads and processes that it starts from now on, every socket other than those between
/// processes of this computer. Meant for the first lines of a program, while it has one thread.
pub fn forbid() -> Lock {
    match filter::apply() {
        Ok(()) => Lock::Enforced,
        Err(reason) => Lock::Missing { reason },
    }
}

/// Whether [`forbid`] would be enforced here; nothing is forbidden by asking.
pub fn is_enforceable() -> bool {
    filter::is_offered().is_ok()
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod filter {
    use std::collections::BTreeMap;

    use seccompiler::{
        BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
        SeccompFilter, SeccompRule, TargetArch,
    };

    /// The first Linux on which a filter does not slow computation down: earlier ones switch speculation off for every
    /// process that has one.
    const FIRST: (u32, u32) = (5, 16);

    /// What the kernel can do, as it says itself.
    const ACTIONS: &str = "/proc/sys/kernel/seccomp/actions_avail";

    pub(super) fn is_offered() -> Result<(), String> {
        let release = sysinfo::System::kernel_version().unwrap_or_default();
        let mut numbers = release
            .split(|letter: char| !letter.is_ascii_digit())
            .map_while(|number| number.parse::<u32>().ok());
        let version = (
            numbers.next().unwrap_or_default(),
            numbers.next().unwrap_or_default(),
        );
        if version < FIRST {
            return Err(format!(
                "Linux {release} would compute more slowly with the filter, which needs Linux {}.{}",
                FIRST.0, FIRST.1
            ));
        }
        match std::fs::read_to_string(ACTIONS) {
            Ok(actions) if actions.split_whitespace().any(|action| action == "errno") => Ok(()),
            _ => Err("this kernel has no seccomp filters".to_owned()),
        }
    }

    pub(super) fn apply() -> Result<(), String> {
        is_offered()?;
        let program = program().map_err(|error| error.to_string())?;
        seccompiler::apply_filter(&program).map_err(|error| error.to_string())
    }

    /// Sockets between processes, and those that ask the kernel itself, are allowed; every other kind is refused as if
    /// this user had no right to it. So is the other way to a socket, a ring of requests.
    fn program() -> Result<BpfProgram, Error> {
        let is_no = |family: i32| {
            let family = u64::from(family.cast_unsigned());
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, family)
        };
        let foreign = SeccompRule::new(vec![is_no(libc::AF_UNIX)?, is_no(libc::AF_NETLINK)?])?;
        let rules = BTreeMap::from([
            (libc::SYS_socket, vec![foreign]),
            (libc::SYS_io_uring_setup, Vec::new()),
        ]);
        let refused = SeccompAction::Errno(libc::EACCES.cast_unsigned());
        let here = TargetArch::try_from(std::env::consts::ARCH)?;
        Ok(SeccompFilter::new(rules, SeccompAction::Allow, refused, here)?.try_into()?)
    }
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
mod filter {
    pub(super) fn is_offered() -> Result<(), String> {
        Err("this system has no such filter, or Duologue does not know it".to_owned())
    }

    pub(super) fn apply() -> Result<(), String> {
        is_offered()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::ErrorKind;
    use std::net::TcpListener;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_thread_under_the_filter_and_what_it_starts_have_no_socket_to_elsewhere() {
        if !is_enforceable() {
            println!(
                "skipped: this kernel does not forbid connections: {:?}",
                forbid()
            );
            return;
        }
        // The filter stays with the thread, so it gets one.
        let under = std::thread::spawn(|| {
            assert_eq!(forbid(), Lock::Enforced);
            assert!(UnixStream::pair().is_ok(), "processes may talk");
            let refused = |done: std::io::Result<TcpListener>| done.err().map(|error| error.kind());
            let here = refused(TcpListener::bind("127.0.0.1:0"));
            let child = std::thread::spawn(|| TcpListener::bind("[::1]:0"));
            (here, refused(child.join().unwrap()))
        });
        let denied = Some(ErrorKind::PermissionDenied);
        assert_eq!(under.join().unwrap(), (denied, denied));
        assert!(
            TcpListener::bind("127.0.0.1:0").is_ok(),
            "the other threads are as they were"
        );
    }
}
