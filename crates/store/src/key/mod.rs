//! Keys of a protected workspace: one random root key, the keys derived from it, the slots that hold it wrapped
//! (`keys.json`), and the form of a sealed file.
//!
//! Nothing here opens a database or decides what is sealed: that is [`crate::vault`] and [`mod@crate::protect`]. The root
//! key is never derived from a passphrase, so a passphrase can change without touching what is encrypted. Derivation is
//! HKDF-SHA256 (RFC 5869), wrapping and sealing ChaCha20-Poly1305 (RFC 8439), passphrases go through Argon2id (RFC 9106).

pub(crate) mod recovery;
pub(crate) mod sealed;
pub(crate) mod slot;

use crate::{Error, Result};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use data_encoding::HEXLOWER;
use hkdf::Hkdf;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// 32 secret bytes that are overwritten when they are no longer needed.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

/// The root key of a workspace, from which all others are derived. It is handed between processes over standard input
/// and is never an argument, an environment variable or a file.
#[derive(Clone)]
pub struct RootKey(Secret);

impl RootKey {
    /// A new key, from the system's random numbers.
    ///
    /// # Errors
    /// Where the system has no source of random numbers.
    pub fn random() -> Result<Self> {
        Ok(Self(random()?))
    }

    /// The key written as 64 hexadecimal digits; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(HEXLOWER.decode(text.to_ascii_lowercase().as_bytes()).ok()?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// The key as 64 hexadecimal digits, to be handed to a process that this one starts.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(HEXLOWER.encode(&self.0[..]))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey")
    }
}

/// 16 random bytes that name a workspace: what is sealed in one cannot be passed off as another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkspaceId(pub(crate) [u8; 16]);

impl WorkspaceId {
    /// A new name.
    ///
    /// # Errors
    /// Where the system has no source of random numbers.
    pub fn random() -> Result<Self> {
        Ok(Self(random_16()?))
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl Serialize for WorkspaceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WorkspaceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a workspace_id has 32 hexadecimal digits"))
    }
}

/// What the root key of a workspace opens.
#[derive(Clone)]
pub(crate) struct Keys {
    root: RootKey,
    workspace: WorkspaceId,
    database: Secret,
    files: Secret,
}

impl Keys {
    pub(crate) fn new(root: &RootKey, workspace: WorkspaceId) -> Result<Self> {
        let key = |purpose: &str| derive(root.bytes(), &workspace.0, purpose);
        Ok(Self {
            root: root.clone(),
            workspace,
            database: key("duologue/db/1")?,
            files: key("duologue/files/1")?,
        })
    }

    pub(crate) fn root(&self) -> &RootKey {
        &self.root
    }

    pub(crate) fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The database's key, as SQLCipher takes a key that it need not derive.
    pub(crate) fn sql(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(HEXLOWER.encode(&self.database[..]));
        Zeroizing::new(format!("x'{}'", &*digits))
    }

    /// The key of one sealed file.
    pub(crate) fn file(&self, file_id: &[u8; 16]) -> Result<Secret> {
        derive(&self.files[..], file_id, "duologue/file/1")
    }
}

/// HKDF-SHA256 to 32 bytes.
pub(crate) fn derive(secret: &[u8], salt: &[u8], purpose: &str) -> Result<Secret> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), secret)
        .expand(purpose.as_bytes(), &mut key[..])
        .map_err(|error| cipher_failed(&error))?;
    Ok(key)
}

/// 32 bytes of the system's random numbers.
pub(crate) fn random() -> Result<Secret> {
    let bytes = host::process::secret_key()
        .map_err(|error| Error::io(Path::new("the system's random numbers"), error))?;
    Ok(Zeroizing::new(bytes))
}

/// 16 bytes of the system's random numbers.
pub(crate) fn random_16() -> Result<[u8; 16]> {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&random()?[..16]);
    Ok(bytes)
}

/// Encrypts under a key that is used only once with this nonce.
pub(crate) fn encrypt(key: &Secret, nonce: [u8; 12], aad: &[u8], msg: &[u8]) -> Result<Vec<u8>> {
    cipher(key)?
        .encrypt(&Nonce::from(nonce), Payload { msg, aad })
        .map_err(|error| cipher_failed(&error))
}

/// Decrypts; `None` where key, nonce, associated data or a single bit differ.
pub(crate) fn decrypt(
    key: &Secret,
    nonce: [u8; 12],
    aad: &[u8],
    msg: &[u8],
) -> Result<Option<Vec<u8>>> {
    Ok(cipher(key)?
        .decrypt(&Nonce::from(nonce), Payload { msg, aad })
        .ok())
}

fn cipher(key: &Secret) -> Result<ChaCha20Poly1305> {
    ChaCha20Poly1305::new_from_slice(&key[..]).map_err(|error| cipher_failed(&error))
}

/// The error for a length that the cipher does not take; none of ours is one.
fn cipher_failed(error: &dyn fmt::Display) -> Error {
    Error::io(
        Path::new("the cipher"),
        std::io::Error::other(error.to_string()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn root(byte: u8) -> RootKey {
        RootKey(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn a_root_key_survives_hexadecimal_and_shows_itself_to_nobody() {
        let key = RootKey::random().unwrap();
        assert_eq!(
            RootKey::from_hex(&key.to_hex()).unwrap().bytes(),
            key.bytes()
        );
        assert_eq!(format!("{key:?}"), "RootKey");
        for wrong in ["", "00", &"0".repeat(63), &"g".repeat(64), &"0".repeat(65)] {
            assert!(RootKey::from_hex(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn each_purpose_and_workspace_has_its_own_key() {
        let keys = |root_byte, id| Keys::new(&root(root_byte), WorkspaceId([id; 16])).unwrap();
        let variants = [keys(1, 1), keys(1, 2), keys(2, 1)];
        let mut seen: Vec<[u8; 32]> = Vec::new();
        for keys in &variants {
            seen.extend([
                *keys.database,
                *keys.files,
                *keys.file(&[0; 16]).unwrap(),
                *keys.file(&[1; 16]).unwrap(),
            ]);
        }
        let n = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), n);
    }
}
