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
pub(crate) use counted::{assert_in_proportion, count, visit};

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

    /// What a piece of work costs, in visits, and what it returns.
    pub(crate) fn count<T>(work: impl FnOnce() -> T) -> (usize, T) {
        VISITS.set(0);
        let result = work();
        (VISITS.get(), result)
    }

    /// Holds the reading of each maker's texts to [`super::MOST_VISITS`] a byte, and to the same price a byte for a text of
    /// 80,000 bytes as for one of 20,000.
    pub(crate) fn assert_in_proportion(
        makers: &[fn(usize) -> String],
        framed: impl Fn(String) -> String,
        read: impl Fn(&str),
    ) {
        for (index, maker) in makers.iter().enumerate() {
            let measure = |size: usize| {
                let text = framed(maker(size));
                let (visits, ()) = count(|| read(&text));
                let bytes = text.len();
                assert!(
                    visits <= bytes * super::MOST_VISITS,
                    "{index}: {visits} for {bytes}"
                );
                visits as f64 / bytes as f64
            };
            let (small, large) = (measure(20_000), measure(80_000));
            // The head and foot of a text weigh more in a short one.
            assert!(
                large < small * 1.3 + 0.1,
                "{index}: {small} then {large} visits a byte"
            );
        }
    }
}
