//! Micro-batches side by side on the CPU.
//!
//! One pass on one core does less waiting than one pass spread over all cores: most of its operations are too small to
//! be worth splitting. Results come back in the order of the work, so sums do not depend on who finished first.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use candle_core::Device;

use crate::error::{Error, Result};

/// Makes the calling thread one of `threads` that compute together from now on. Otherwise every operation would be
/// handed to a thread of the pool and waited for: with small models a tenth of the time. To be called once, before any
/// computing; where there is a pool already, it stays as it is.
pub fn compute_here(threads: usize) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread();
    let _there_already = pool.build_global();
}

/// A token budget is shared by at most this many micro-batches that run side by side.
const SIDE_BY_SIDE: usize = 8;
/// Below this many tokens a micro-batch gets slow: products with few rows.
const MIN_MICROBATCH_TOKENS: usize = 256;

/// Tokens of one micro-batch on the CPU and how many run at once on `threads`, within `budget` tokens in all. The size
/// does not depend on the number of cores, so neither do the results.
pub(crate) fn share_budget(budget: usize, threads: usize) -> (usize, usize) {
    let tokens = (budget / SIDE_BY_SIDE).max(MIN_MICROBATCH_TOKENS).min(budget).max(1);
    (tokens, (budget / tokens).min(threads))
}

/// [`share_budget`] on this machine; another device computes one pass at a time.
pub(crate) fn passes(device: &Device, budget: usize) -> (usize, usize) {
    match device.is_cpu() {
        true => share_budget(budget, rayon::current_num_threads()),
        false => (budget, 1),
    }
}

/// Splits a batch into runs of consecutive items of at most `budget` tokens each (one item may exceed it alone).
/// Items are never split; returns ranges of places in `tokens`, the size of each item.
pub(crate) fn micro_batches(tokens: &[usize], budget: usize) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let (mut start, mut sum) = (0, 0);
    for (place, size) in tokens.iter().enumerate() {
        if place > start && sum + size > budget {
            runs.push(start..place);
            (start, sum) = (place, 0);
        }
        sum += size;
    }
    if start < tokens.len() {
        runs.push(start..tokens.len());
    }
    runs
}

/// How often the request to stop is looked at while work is running.
const STOP_POLL_MS: u64 = 20;

/// Runs `work(0..count)` on up to `workers` threads and returns the results in order. `stop` is asked on the calling
/// thread; no further work is begun after it, or after a failure.
///
/// # Errors
/// The first failure in the order of the work, or [`Error::Interrupted`].
pub(crate) fn run_in_order<R: Send>(
    count: usize,
    workers: usize,
    stop: &dyn Fn() -> bool,
    work: impl Fn(usize) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let workers = workers.min(count);
    if workers <= 1 {
        let one = |index| if stop() { Err(Error::Interrupted) } else { work(index) };
        return (0..count).map(one).collect();
    }
    let threads_each = (rayon::current_num_threads() / workers).max(1);
    let pools = (0..workers)
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(threads_each).build())
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|e| Error::Device {
            spec: "cpu".to_owned(),
            reason: format!("no threads can be started: {e}"),
        })?;
    let (next, cancelled) = (AtomicUsize::new(0), AtomicBool::new(false));
    let results: Mutex<Vec<Option<Result<R>>>> = Mutex::new((0..count).map(|_| None).collect());
    std::thread::scope(|scope| {
        let (finished, wait) = channel::<()>();
        for pool in &pools {
            let finished = finished.clone();
            let (next, cancelled, results, work) = (&next, &cancelled, &results, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || cancelled.load(Ordering::Relaxed) {
                        break;
                    }
                    let result = pool.install(|| work(index));
                    if result.is_err() {
                        cancelled.store(true, Ordering::Relaxed);
                    }
                    results.lock().unwrap_or_else(std::sync::PoisonError::into_inner)[index] = Some(result);
                }
                drop(finished);
            });
        }
        drop(finished);
        // Nothing is ever sent: the channel closes when the last worker has ended.
        while let Err(RecvTimeoutError::Timeout) = wait.recv_timeout(Duration::from_millis(STOP_POLL_MS)) {
            if stop() {
                cancelled.store(true, Ordering::Relaxed);
            }
        }
    });
    let results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut done = Vec::with_capacity(count);
    let mut skipped = false;
    for result in results {
        match result {
            Some(Ok(result)) => done.push(result),
            Some(Err(error)) => return Err(error),
            None => skipped = true,
        }
    }
    if skipped { Err(Error::Interrupted) } else { Ok(done) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn micro_batches_cover_the_batch_within_the_budget() {
        assert_eq!(micro_batches(&[5, 5, 5, 20, 1], 10), [0..2, 2..3, 3..4, 4..5]);
        assert_eq!(micro_batches(&[5, 5], 100).first(), Some(&(0..2)));
        assert!(micro_batches(&[], 10).is_empty());
    }

    #[test]
    fn results_are_in_order_and_failures_are_reported() {
        for workers in [1, 3] {
            let squares = run_in_order(20, workers, &|| false, |i| Ok(i * i)).unwrap();
            assert_eq!(squares, (0..20).map(|i| i * i).collect::<Vec<_>>());
            let failing =
                |i| if i == 5 { Err(Error::ContextExceeded { tokens: i, limit: 4 }) } else { Ok(i) };
            let error = run_in_order(20, workers, &|| false, failing).unwrap_err();
            assert!(matches!(error, Error::ContextExceeded { tokens: 5, .. }));
        }
    }

    #[test]
    fn a_request_to_stop_ends_the_work_early() {
        for workers in [1, 2] {
            let begun = AtomicUsize::new(0);
            let work = |_| {
                begun.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(30));
                Ok(())
            };
            let stop = || begun.load(Ordering::Relaxed) > 0;
            assert!(matches!(run_in_order(200, workers, &stop, work), Err(Error::Interrupted)));
            assert!(begun.load(Ordering::Relaxed) < 100);
        }
    }
}
