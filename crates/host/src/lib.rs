//! This computer in one place: its clock, processes, memory, disk, names and folders, the network's lock, and files that are
//! complete.
//!
//! Command line, window and xtask ask here and pass on what they learn as arguments. The rooms below them know the
//! types [`Identity`] and [`Liveness`], the files of [`file`], which are private in a
//! workspace ([`private`]), and what their own work takes ([`usage`]), nothing else; `tests/all/tidy.rs` holds them to it.

pub mod awake;
pub mod clock;
pub mod detached;
pub mod file;
pub mod folder;
pub mod machine;
pub mod network;
pub mod private;
pub mod process;
pub mod usage;

/// Which process: its number, and what distinguishes it from every other that had or will have the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Process id.
    pub pid: u32,
    /// Boot of the machine in which the id counts; empty where the system does not name its boots.
    pub boot_id: String,
    /// Moment of its start, by a clock that nobody sets: ticks since the boot on Linux, elsewhere the seconds since
    /// 1970 that the system noted then. `None` where it is not known.
    pub start: Option<i64>,
}

/// What the system knows about a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It is this very process, and it lives.
    Alive,
    /// It has ended, whether or not another has its number now.
    Gone,
    /// The system cannot tell: the process belongs to another boot, or its start was never noted.
    Unknown,
}
