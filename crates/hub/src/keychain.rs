//! Tokens in the keychain of the system, one for each Hub: what is stored for one is never sent to another.

use std::sync::mpsc::channel;
use std::time::Duration;

use keyring::{Entry, Error};

/// The keychain as people know it.
pub const NAME: &str = if cfg!(target_os = "macos") {
    "the macOS Keychain"
} else if cfg!(windows) {
    "the Windows Credential Manager"
} else {
    "the Secret Service (GNOME Keyring, KWallet)"
};
/// Service of the entries; the user is the Hub's host.
pub const SERVICE: &str = "duologue";
/// Longest wait for a keychain, and for whoever it asks to unlock it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The token for a Hub; `None` if none was stored.
///
/// # Errors
/// Why the keychain could not be asked.
pub fn token(host: &str) -> Result<Option<String>, String> {
    ask(host, |entry| entry.get_password())
}

/// Stores the token for a Hub.
///
/// # Errors
/// Why the keychain could not be asked.
pub fn store(host: &str, token: String) -> Result<(), String> {
    ask(host, move |entry| entry.set_password(&token)).map(|_stored| ())
}

/// Removes the token for a Hub; returns whether there was one.
///
/// # Errors
/// Why the keychain could not be asked.
pub fn forget(host: &str) -> Result<bool, String> {
    ask(host, |entry| entry.delete_credential()).map(|removed| removed.is_some())
}

/// Asks on a separate thread: a keychain may wait for a person who is away.
fn ask<T: Send + 'static>(
    host: &str,
    question: impl FnOnce(Entry) -> keyring::Result<T> + Send + 'static,
) -> Result<Option<T>, String> {
    let (send, answer) = channel();
    let host = host.to_owned();
    std::thread::spawn(move || send.send(heard(Entry::new(SERVICE, &host).and_then(question))));
    answer
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|_silent| Err("it does not answer".to_owned()))
}

/// A missing entry is not an error; if there is no keychain at all, the reason is the one from starting it.
fn heard<T>(answer: keyring::Result<T>) -> Result<Option<T>, String> {
    match (answer, Entry::store_status()) {
        (Ok(found), _) => Ok(Some(found)),
        (Err(Error::NoEntry), _) => Ok(None),
        (Err(Error::NoDefaultStore), Err(error)) => Err(reason(error)),
        (Err(error), _) => Err(reason(&error)),
    }
}

fn reason(error: &Error) -> String {
    match error {
        Error::PlatformFailure(inner) | Error::NoStorageAccess(inner) => inner.to_string(),
        other => other.to_string(),
    }
}
