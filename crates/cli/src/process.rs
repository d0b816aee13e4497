//! This process: who it is, its threads and the signals it hears.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mrds::event::EventSink;
use mrds::worker::Process;
use project::rows::Owner;

/// Tells both thread pools of the engine (rayon's and candle's own) how many threads to use, this one among them.
/// To be called once, before any computing.
#[expect(
    unsafe_code,
    reason = "called before any other thread exists that could read the environment"
)]
pub(crate) fn set_threads(threads: usize) {
    unsafe { std::env::set_var("CANDLE_NUM_THREADS", threads.to_string()) };
    lm::parallel::compute_here(threads);
}

/// This process as the worker of a run.
pub(crate) fn worker<'a>(
    stop: &'a AtomicBool,
    sink: &'a dyn EventSink,
) -> Result<Process<'a>, project::Error> {
    let token = host::process::token().map_err(|error| {
        let path = std::path::Path::new("the system's random numbers");
        project::Error::io(contract::FileAction::Read, path, &error)
    })?;
    Ok(Process {
        owner: Owner {
            process: host::process::this(),
            token,
        },
        liveness: &host::process::liveness,
        now_ms: &host::clock::now_ms,
        stop,
        sink,
    })
}

/// A flag that Ctrl-C (or SIGTERM) sets, saying `message`; the second time ends the process at once.
pub(crate) fn stop_flag(message: &'static str) -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    // It is set even where a script that started this in the background has Ctrl-C ignored. Without a handler Ctrl-C
    // still ends the process, and nothing finished is lost.
    let _without = ctrlc::set_handler(move || {
        if set.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(crate::failure::INTERRUPTED));
        }
        crate::output::note(message);
    });
    flag
}
