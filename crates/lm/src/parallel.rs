//! Micro-batches side by side on the CPU.
//!
//! One pass on one core does less waiting than one pass spread over all cores: most of its operations are too small to
//! be worth splitting. Results come back in the order of the work, so sums do not depend on which pass finished first.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::device::Place;
use crate::error::{Error, Result};

/// Makes the calling thread one of `threads` that compute together from now on. Otherwise every operation would be
/// handed to a thread of the pool and waited for: with small models this takes a tenth of the time. To be called once,
/// before any computing; an existing pool stays as it is.
pub fn compute_here(threads: usize) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .use_current_thread();
    let _there_already = pool.build_global();
}

/// A token budget is shared by at most this many micro-batches that run side by side.
const SIDE_BY_SIDE: usize = 8;
/// Below this many tokens a micro-batch is slow, because its products have few rows.
const MIN_MICROBATCH_TOKENS: usize = 256;

/// Tokens of one micro-batch on the CPU and how many run at once on `threads`, within `budget` tokens in all. The size
/// does not depend on the number of cores, so neither do the results.
pub(crate) fn share_budget(budget: usize, threads: usize) -> (usize, usize) {
    let tokens = (budget / SIDE_BY_SIDE)
        .max(MIN_MICROBATCH_TOKENS)
        .min(budget)
        .max(1);
    (tokens, (budget / tokens).min(threads))
}

/// [`share_budget`] on this machine; a device computes one pass at a time.
pub fn passes(place: &Place, budget: usize) -> (usize, usize) {
    match place.is_host() {
        true => share_budget(budget, rayon::current_num_threads()),
        false => (budget, 1),
    }
}

/// Splits a batch into runs of consecutive items of at most `budget` tokens each (one item may exceed it alone).
/// Items are never split; returns ranges of places in `tokens`, the size of each item.
pub fn micro_batches(tokens: &[usize], budget: usize) -> Vec<Range<usize>> {
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

/// How often a request to stop is checked while work is running.
const STOP_POLL_MS: u64 = 20;

/// Runs `work` for each of `0..count` on up to `workers` threads and returns the results in order. `stop` is called on
/// the calling thread; no further work is begun once it returns true, or after a failure.
///
/// # Errors
/// The first failure in the order of the work, or [`Error::Interrupted`].
pub fn run_in_order<R: Send>(
    count: usize,
    workers: usize,
    stop: &dyn Fn() -> bool,
    work: impl Fn(usize) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let mut results = Vec::with_capacity(count);
    let take = |result| {
        results.push(result);
        Ok(())
    };
    fold_in_order(count, workers, stop, work, take)?;
    Ok(results)
}

/// [`run_in_order`] that hands each result to `take` as soon as those before it have been taken, so that few of them
/// are held at once.
///
/// # Errors
/// Those of [`run_in_order`] and `take`.
pub(crate) fn fold_in_order<R: Send>(
    count: usize,
    workers: usize,
    stop: &dyn Fn() -> bool,
    work: impl Fn(usize) -> Result<R> + Sync,
    mut take: impl FnMut(R) -> Result<()> + Send,
) -> Result<()> {
    let workers = workers.min(count);
    if workers <= 1 {
        let unless_stopped = |index| {
            if stop() {
                Err(Error::Interrupted)
            } else {
                take(work(index)?)
            }
        };
        return (0..count).try_for_each(unless_stopped);
    }
    let threads_each = (rayon::current_num_threads() / workers).max(1);
    let pools = (0..workers)
        .map(|_| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads_each)
                .build()
        })
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|e| Error::Device {
            spec: "cpu".to_owned(),
            reason: format!("no threads can be started: {e}"),
        })?;
    let (next, cancelled) = (AtomicUsize::new(0), AtomicBool::new(false));
    let queue = Mutex::new(Queue {
        taken: 0,
        waiting: BTreeMap::new(),
        failed: None,
        take,
    });
    std::thread::scope(|scope| {
        let (finished, wait) = channel::<()>();
        for pool in &pools {
            let finished = finished.clone();
            let (next, cancelled, queue, work) = (&next, &cancelled, &queue, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count || cancelled.load(Ordering::Relaxed) {
                        break;
                    }
                    pool.install(|| {
                        let result = work(index);
                        let failed = result.is_err();
                        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                        queue.enter(index, result);
                        if failed || queue.failed.is_some() {
                            cancelled.store(true, Ordering::Relaxed);
                        }
                    });
                }
                drop(finished);
            });
        }
        drop(finished);
        // Nothing is ever sent: the channel closes when the last worker has ended.
        while let Err(RecvTimeoutError::Timeout) =
            wait.recv_timeout(Duration::from_millis(STOP_POLL_MS))
        {
            if stop() {
                cancelled.store(true, Ordering::Relaxed);
            }
        }
    });
    let queue = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    match queue.failed {
        Some(error) => Err(error),
        None if queue.taken < count => Err(Error::Interrupted),
        None => Ok(()),
    }
}

/// Results on their way to `take`, in the order of the work.
struct Queue<R, T> {
    taken: usize,
    waiting: BTreeMap<usize, Result<R>>,
    failed: Option<Error>,
    take: T,
}

impl<R, T: FnMut(R) -> Result<()>> Queue<R, T> {
    /// Enters a result, then takes every result whose turn has come, up to the first failure.
    fn enter(&mut self, index: usize, result: Result<R>) {
        self.waiting.insert(index, result);
        while self.failed.is_none()
            && let Some(result) = self.waiting.remove(&self.taken)
        {
            match result.and_then(&mut self.take) {
                Ok(()) => self.taken += 1,
                Err(error) => self.failed = Some(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn micro_batches_cover_the_batch_within_the_budget() {
        assert_eq!(
            micro_batches(&[5, 5, 5, 20, 1], 10),
            [0..2, 2..3, 3..4, 4..5]
        );
        assert_eq!(micro_batches(&[5, 5], 100).first(), Some(&(0..2)));
        assert!(micro_batches(&[], 10).is_empty());
    }

    #[test]
    fn results_are_in_order_and_failures_are_reported() {
        for workers in [1, 3] {
            let squares = run_in_order(20, workers, &|| false, |i| Ok(i * i)).unwrap();
            assert_eq!(squares, (0..20).map(|i| i * i).collect::<Vec<_>>());
            let failing = |i| {
                if i == 5 {
                    Err(Error::ContextExceeded {
                        tokens: i,
                        limit: 4,
                    })
                } else {
                    Ok(i)
                }
            };
            let error = run_in_order(20, workers, &|| false, failing).unwrap_err();
            assert!(matches!(error, Error::ContextExceeded { tokens: 5, .. }));
        }
    }

    #[test]
    fn results_are_taken_as_soon_as_it_is_their_turn() {
        let (begun, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut held_most = 0;
        let work = |index| Ok((index, begun.fetch_add(1, Ordering::SeqCst)));
        let take = |(index, _)| {
            assert_eq!(index, taken.fetch_add(1, Ordering::SeqCst));
            held_most = held_most.max(begun.load(Ordering::SeqCst) - index);
            if index == 30 {
                Err(Error::ContextExceeded {
                    tokens: index,
                    limit: 4,
                })
            } else {
                Ok(())
            }
        };
        let error = fold_in_order(40, 1, &|| false, work, take).unwrap_err();
        assert!(matches!(error, Error::ContextExceeded { tokens: 30, .. }));
        assert_eq!((held_most, taken.load(Ordering::SeqCst)), (1, 31));

        let mut order = Vec::new();
        let take = |index: usize| {
            order.push(index);
            Ok(())
        };
        fold_in_order(200, 3, &|| false, Ok, take).unwrap();
        assert!(order.iter().copied().eq(0..200));
        let refuse = |index: usize| {
            if index == 7 {
                Err(Error::ContextExceeded {
                    tokens: index,
                    limit: 4,
                })
            } else {
                Ok(())
            }
        };
        let error = fold_in_order(200, 3, &|| false, Ok, refuse).unwrap_err();
        assert!(matches!(error, Error::ContextExceeded { tokens: 7, .. }));
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
            assert!(matches!(
                run_in_order(200, workers, &stop, work),
                Err(Error::Interrupted)
            ));
            assert!(begun.load(Ordering::Relaxed) < 100);
        }
    }
}
