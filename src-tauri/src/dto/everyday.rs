//! Workspaces as the page lists them.

use serde::{Deserialize, Serialize};
use specta::Type;

/// A workspace that was open lately.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RecentWorkspace {
    /// Its folder.
    pub folder: String,
    /// It is the one that is open.
    pub here: bool,
    /// Its folder is gone, or on a disk that is not connected.
    pub gone: bool,
}
