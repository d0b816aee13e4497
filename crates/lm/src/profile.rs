//! Where the time goes: seconds in each kind of work and tokens computed, counted in this process from [`start`] on.
//!
//! Only the outermost kind counts: a product within attention counts as attention. Each thread counts its own time, so
//! passes that run side by side add up to processor seconds. Threads that only help with one product are not counted,
//! so the proportions are exact only on one thread.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// A kind of work whose time is counted on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Products with frozen matrices and adapters.
    Gemm,
    /// Scores, softmax and mixing of values, forward and backward.
    Attention,
    /// The head over the vocabulary with its softmax, forward and backward.
    Head,
    /// Norms, rotations, gates, sums and dropout, forward and backward.
    Elementwise,
    /// Clipping and AdamW.
    Optimizer,
    /// Choosing tokens from logits.
    Sampling,
    /// Text to tokens and back.
    Tokenize,
}

impl Work {
    /// All kinds, in the order of [`Totals::seconds`].
    pub const ALL: [Self; 7] = [
        Self::Gemm,
        Self::Attention,
        Self::Head,
        Self::Elementwise,
        Self::Optimizer,
        Self::Sampling,
        Self::Tokenize,
    ];

    /// Its name in the results of `duologue bench`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gemm => "gemm",
            Self::Attention => "attention",
            Self::Head => "head",
            Self::Elementwise => "elementwise",
            Self::Optimizer => "optimizer",
            Self::Sampling => "sampling",
            Self::Tokenize => "tokenize",
        }
    }
}

static COUNTING: AtomicBool = AtomicBool::new(false);
static NANOSECONDS: [AtomicU64; Work::ALL.len()] = [const { AtomicU64::new(0) }; Work::ALL.len()];
static TOKENS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Sets all counters to zero and begins to count.
pub fn start() {
    NANOSECONDS
        .iter()
        .chain([&TOKENS])
        .for_each(|counter| counter.store(0, Ordering::Relaxed));
    COUNTING.store(true, Ordering::Relaxed);
}

/// Time and tokens that were counted since [`start`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Totals {
    /// Seconds of each kind, in the order of [`Work::ALL`].
    pub seconds: [f64; Work::ALL.len()],
    /// Tokens that went through the decoder; a prompt that neighbouring sequences share counts once.
    pub tokens: u64,
}

/// Returns what was counted since [`start`].
pub fn totals() -> Totals {
    let seconds = |work: usize| NANOSECONDS[work].load(Ordering::Relaxed) as f64 / 1e9;
    Totals {
        seconds: std::array::from_fn(seconds),
        tokens: TOKENS.load(Ordering::Relaxed),
    }
}

/// Does some work and counts its time, unless it is part of other counted work.
pub(crate) fn timed<R>(work: Work, run: impl FnOnce() -> R) -> R {
    let _counted = counted(work);
    run()
}

/// Counts processor time until the returned value is dropped, unless other work is being counted on this thread.
pub(crate) fn counted(work: Work) -> Counted {
    let outermost = COUNTING.load(Ordering::Relaxed) && !INSIDE.replace(true);
    Counted {
        work,
        begun: outermost.then(thread_cpu),
    }
}

/// A measurement that ends when it is dropped; made by [`counted`].
pub(crate) struct Counted {
    work: Work,
    /// The thread's processor time at the beginning; `None` if this is part of other work or nothing is counted.
    begun: Option<Duration>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(begun) = self.begun {
            INSIDE.set(false);
            let took = thread_cpu().saturating_sub(begun);
            NANOSECONDS[self.work as usize].fetch_add(took.as_nanos() as u64, Ordering::Relaxed);
        }
    }
}

/// Processor time of this thread, which a busy machine does not stretch.
#[cfg(unix)]
fn thread_cpu() -> Duration {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// Wall-clock time, on systems where the thread's processor time is not available.
#[cfg(not(unix))]
fn thread_cpu() -> Duration {
    static BEGUN: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    BEGUN.elapsed()
}

/// Adds the tokens of a pass to the count, if counting has begun.
pub(crate) fn count_tokens(tokens: usize) {
    if COUNTING.load(Ordering::Relaxed) {
        TOKENS.fetch_add(tokens as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_work_counts() {
        start();
        let outer = counted(Work::Attention);
        let inner = counted(Work::Gemm);
        assert!(outer.begun.is_some() && inner.begun.is_none());
        drop((inner, outer));
        assert!(
            counted(Work::Gemm).begun.is_some(),
            "work that has ended is left"
        );
    }

    #[test]
    fn what_was_counted_adds_up() {
        start();
        let before = totals();
        let mut spun = 0.0f64;
        timed(Work::Tokenize, || {
            (0..1_000_000).for_each(|i| spun += f64::from(i).sqrt())
        });
        count_tokens(3);
        // Other tests of this process are counted too.
        let after = totals();
        assert!(
            after.seconds[Work::Tokenize as usize] > before.seconds[Work::Tokenize as usize],
            "{spun}"
        );
        assert!(after.tokens >= before.tokens + 3);
    }
}
