//! One window per workspace: the first holds a file lock, a second asks it to come forward and ends.
//!
//! The kernel frees the lock of a window that dies, however it dies, so a window started right after a crash never
//! waits for the dead one.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use contract::problem::ShellProblem;

use crate::dto::AppError;
use crate::error::Answer;

const POLL: Duration = Duration::from_millis(100);

/// How long a second window waits for the first: longer than a busy window needs to draw its first page.
const ANSWER: Duration = Duration::from_secs(10);

/// This window's claim on its workspace; once it is dropped, another window may open it.
pub(crate) struct Instance {
    _lock: File,
    request: PathBuf,
}

impl Instance {
    /// Claims a workspace; `None` where another window has it and was asked to come forward.
    ///
    /// # Errors
    /// Another window holds the workspace and does not answer.
    pub(crate) fn claim(workspace: &Path) -> Answer<Option<Self>> {
        Self::claim_within(workspace, ANSWER)
    }

    fn claim_within(workspace: &Path, limit: Duration) -> Answer<Option<Self>> {
        let path = workspace.join("window.lock");
        let request = workspace.join("window.raise");
        let failed = |error: std::io::Error| {
            AppError::from(ShellProblem::WindowLock {
                file: path.display().to_string(),
                reason: error.to_string(),
            })
        };
        let lock = host::private::options(&path)
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        let end = Instant::now() + limit;
        let mut asked = false;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                // Some network folders know no locks; two windows there do no harm to what is stored.
                Err(TryLockError::Error(_)) => break,
                Err(TryLockError::WouldBlock) if !asked => {
                    host::private::create_file(&request).map_err(failed)?;
                    asked = true;
                }
                Err(TryLockError::WouldBlock) if !request.exists() => return Ok(None),
                Err(TryLockError::WouldBlock) if Instant::now() > end => {
                    return Err(ShellProblem::WindowTaken {
                        workspace: workspace.display().to_string(),
                    }
                    .into());
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(POLL / 2),
            }
        }
        // A request left behind by a window that died no longer belongs to anyone.
        let _absent = std::fs::remove_file(&request);
        Ok(Some(Self {
            _lock: lock,
            request,
        }))
    }

    /// Calls `raise` whenever another window asks, for as long as this process lives.
    pub(crate) fn answer(self, mut raise: impl FnMut() + Send + 'static) {
        std::thread::spawn(move || {
            // Moves in all of it, so that the lock is held as long as the thread lives.
            let instance = self;
            loop {
                // Removing it is the answer that the other waits for.
                if instance.request.exists() && std::fs::remove_file(&instance.request).is_ok() {
                    raise();
                }
                std::thread::sleep(POLL);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SHORT: Duration = Duration::from_millis(200);

    #[test]
    fn a_second_window_raises_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = Instance::claim(folder.path()).unwrap().unwrap();
        let (sender, raised) = mpsc::channel();
        first.answer(move || sender.send(()).unwrap());
        assert!(Instance::claim(folder.path()).unwrap().is_none());
        raised.recv_timeout(ANSWER).unwrap();
        assert!(
            Instance::claim(tempfile::tempdir().unwrap().path())
                .unwrap()
                .is_some(),
            "another workspace"
        );
    }

    #[test]
    fn a_window_that_died_leaves_the_workspace_free() {
        let folder = tempfile::tempdir().unwrap();
        drop(Instance::claim(folder.path()).unwrap().unwrap());
        std::fs::write(folder.path().join("window.raise"), []).unwrap();
        assert!(Instance::claim(folder.path()).unwrap().is_some());
        assert!(!folder.path().join("window.raise").exists());
    }

    #[test]
    fn a_window_that_dies_while_it_is_asked_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let first = Instance::claim(folder.path()).unwrap().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(SHORT);
                drop(first);
            });
            assert!(Instance::claim(folder.path()).unwrap().is_some());
        });
    }

    #[test]
    fn a_window_that_hangs_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Instance::claim(folder.path()).unwrap().unwrap();
        let error = Instance::claim_within(folder.path(), SHORT).err().unwrap();
        assert_eq!(error.code(), contract::ErrorCode::WindowTaken);
    }
}
