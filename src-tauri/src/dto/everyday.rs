//! Workspaces as the page lists them.

use serde::{Deserialize, Serialize};
use specta::Type;

/// A workspace that was recently open.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RecentWorkspace {
    /// Its folder.
    pub folder: String,
    /// Whether it is the open one.
    pub here: bool,
    /// Its folder is gone, or on a disk that is not connected.
    pub gone: bool,
}
