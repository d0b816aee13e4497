//! Counts how often the intake looks at a byte, so that tests can hold it to a bound that no clock can: at most
//! [`MOST_VISITS`] for each byte of a file.
//!
//! Outside tests a count is nothing at all.

/// Visits for each decoded byte that an import may need.
#[cfg(test)]
pub(crate) const MOST_VISITS: usize = 20;

/// Counts that a number of bytes are looked at once.
#[cfg(not(test))]
#[inline(always)]
pub(crate) fn visit(_bytes: usize) {}

#[cfg(test)]
pub(crate) use counted::{count, visit};

#[cfg(test)]
mod counted {
    use std::cell::Cell;

    thread_local! {
        static VISITS: Cell<usize> = const { Cell::new(0) };
    }

    /// Counts that a number of bytes are looked at once.
    pub(crate) fn visit(bytes: usize) {
        VISITS.set(VISITS.get() + bytes);
    }

    /// What a piece of work costs, in visits, and what it gives.
    pub(crate) fn count<T>(work: impl FnOnce() -> T) -> (usize, T) {
        VISITS.set(0);
        let result = work();
        (VISITS.get(), result)
    }
}
