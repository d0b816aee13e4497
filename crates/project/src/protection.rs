//! Encryption of a workspace, as the shells use it: what opens it, and the conversions between plain and protected.
//!
//! The keys and the files are the store's work; this room passes them on and adds the facade that
//! both shells share.

use std::path::Path;

pub use store::{Conversion, Cost, KeyFile, RecoveryKey, RootKey, SHORTEST_PASSPHRASE, SlotRow};

use crate::error::Result;

/// The slots of a workspace; `None` if it is not protected, or not there.
pub fn slots(workspace: &Path) -> Result<Option<KeyFile>> {
    Ok(store::slots(workspace)?)
}

/// The root key that a text opens: a recovery key if it has the form of one, else a passphrase.
pub fn unlock(workspace: &Path, slots: &KeyFile, text: &str) -> Result<RootKey> {
    if let Some(recovery) = RecoveryKey::parse(text)
        && let Ok(root) = slots.open_with_recovery(workspace, &recovery)
    {
        return Ok(root);
    }
    Ok(slots.open_with_passphrase(workspace, text)?)
}

/// Encrypts a workspace that nobody has open.
pub fn protect(workspace: &Path, root: &RootKey, slots: &KeyFile) -> Result<Conversion> {
    Ok(store::protect(workspace, root, slots)?)
}

/// How much protecting would write anew; changes nothing.
pub fn outlook(workspace: &Path) -> Result<Conversion> {
    Ok(store::outlook(workspace)?)
}

/// Makes a protected workspace plain again.
pub fn unprotect(workspace: &Path, root: &RootKey) -> Result<Conversion> {
    Ok(store::unprotect(workspace, root)?)
}

/// Re-encrypts a protected workspace under another root key.
pub fn rotate(
    workspace: &Path,
    old: &RootKey,
    new: &RootKey,
    slots: &KeyFile,
) -> Result<Conversion> {
    Ok(store::rotate(workspace, old, new, slots)?)
}
