//! The last good copy of a workspace, and a workspace that is only looked at: what the window offers if a workspace
//! cannot be opened as usual.

use std::path::{Path, PathBuf};

use store::{RootKey, Store};

use super::Session;
use crate::error::Result;

/// A copy older than this is renewed when the window opens.
const COPY_EVERY_MS: i64 = 24 * 60 * 60 * 1000;

impl Session {
    /// Opens a workspace to look at; every change is refused and nothing is made in its folder.
    pub fn open_read_only(workspace: &Path, key: Option<&RootKey>) -> Result<Self> {
        Ok(Self {
            store: Store::open_read_only(workspace, key)?,
        })
    }

    /// Copies the database beside itself, unless that was done within a day. A copy takes as much room as the database.
    pub fn keep_daily_copy(&self, now_ms: i64) -> Result<()> {
        let copied = Self::copied_at_ms(self.workspace());
        if copied.is_some_and(|copied| now_ms - copied < COPY_EVERY_MS) {
            return Ok(());
        }
        Ok(self.store.keep_copy()?)
    }

    /// When the copy of a workspace was made; `None` if it has none.
    pub fn copied_at_ms(workspace: &Path) -> Option<i64> {
        Store::copied_at_ms(workspace)
    }

    /// Puts the copy in the place of a database that cannot be opened, which is moved aside; returns where it is now.
    pub fn restore_copy(workspace: &Path, key: Option<&RootKey>) -> Result<PathBuf> {
        Ok(Store::restore_copy(workspace, key)?)
    }
}
