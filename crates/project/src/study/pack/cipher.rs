//! The secret of a rater pack and what it encrypts: PBKDF2 because every browser has it, AES-256-GCM because it refuses a
//! changed file. The secret has 100 random bits, so the rounds of PBKDF2 carry no weight; they are those of OWASP's advice
//! (600,000 for HMAC-SHA-256, Password Storage Cheat Sheet 2023).
//!
//! `ui/src/pack/cipher.ts` does the same with WebCrypto; `tests/golden/pack` holds the two together.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::{Cipher, Kdf};
use hkdf::Hkdf;
use pbkdf2::pbkdf2_hmac;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::super::secret::canonical;
use crate::error::{Error, Result, corrupt};

/// Random bytes that a secret is made of.
pub const SECRET_BYTES: usize = 13;
/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;
/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 12;
/// Rounds of PBKDF2 in a pack that is written here.
pub const ITERATIONS: u32 = 600_000;
/// Maximum rounds that are carried out for a file: a changed number must not keep the program busy for hours.
const MOST_ITERATIONS: u32 = 10_000_000;

/// Characters of a secret.
const CHARACTERS: usize = 20;
/// Characters of a group, as a secret is spoken.
const GROUP: usize = 4;
/// Crockford's base 32: no character looks like another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What opens a rater pack and its answers.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret made from random bytes; bits beyond the twentieth character are left out.
    pub fn new(bytes: &[u8]) -> Self {
        let bit = |place: usize| {
            let byte = bytes.get(place / 8).copied().unwrap_or_default();
            usize::from((byte >> (7 - place % 8)) & 1)
        };
        let character = |place: usize| {
            let value = (0..5).fold(0, |value, next| (value << 1) | bit(5 * place + next));
            char::from(ALPHABET[value])
        };
        Self((0..CHARACTERS).map(character).collect())
    }

    /// A secret as somebody types it: in any case, with or without blanks and hyphens, O for 0, I and L for 1.
    pub fn typed(text: &str) -> Option<Self> {
        let read = |letter: char| match letter.to_ascii_uppercase() {
            'O' => Some('0'),
            'I' | 'L' => Some('1'),
            letter => u8::try_from(letter)
                .ok()
                .filter(|byte| ALPHABET.contains(byte))
                .map(char::from),
        };
        let letters = text
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-');
        let secret: String = letters.map(read).collect::<Option<_>>()?;
        (secret.len() == CHARACTERS).then_some(Self(secret))
    }

    /// The secret in groups of four, as it is read out.
    pub fn spoken(&self) -> String {
        let groups = self.0.as_bytes().chunks(GROUP);
        let groups: Vec<String> = groups
            .map(|group| group.iter().copied().map(char::from).collect())
            .collect();
        groups.join("-")
    }
}

/// The two keys of a pack.
pub struct Keys {
    /// For what is to be rated.
    pub items: [u8; 32],
    /// For what was answered.
    pub answers: [u8; 32],
}

impl Keys {
    /// The keys of a secret; none if the description of their making cannot be followed.
    pub fn new(secret: &Secret, kdf: &Kdf) -> Option<Self> {
        let salt = bytes(&kdf.salt)?;
        if salt.len() != SALT_BYTES || !(1..=MOST_ITERATIONS).contains(&kdf.iterations) {
            return None;
        }
        let mut master = [0; 32];
        pbkdf2_hmac::<Sha256>(secret.0.as_bytes(), &salt, kdf.iterations, &mut master);
        let expanded = Hkdf::<Sha256>::new(None, &master);
        let key = |purpose: &str| {
            let mut key = [0; 32];
            let info = format!("duologue/pack/1/{purpose}");
            expanded.expand(info.as_bytes(), &mut key).ok()?;
            Some(key)
        };
        Some(Self {
            items: key("items")?,
            answers: key("answers")?,
        })
    }
}

/// The error for a description of keys that this program has just written itself.
pub(super) fn no_key() -> Error {
    corrupt("rater pack", "its keys cannot be made")
}

/// Bytes as text.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn nonce(cipher: &Cipher) -> Option<[u8; NONCE_BYTES]> {
    bytes(&cipher.nonce)?.try_into().ok()
}

/// A payload as the ciphertext of an envelope, authenticated together with its header.
///
/// # Errors
/// A header that is none of this program's.
pub fn encrypt(
    key: &[u8; 32],
    cipher: &Cipher,
    header: &impl Serialize,
    payload: &impl Serialize,
) -> Result<String> {
    let nonce = nonce(cipher).ok_or_else(no_key)?;
    let msg = serde_json::to_vec(payload).map_err(|error| corrupt("rater pack", error))?;
    let aad = canonical(header)?;
    let (msg, aad) = (msg.as_slice(), aad.as_slice());
    let sealed = Aes256Gcm::new(key.into())
        .encrypt(&nonce.into(), Payload { msg, aad })
        .map_err(|error| corrupt("rater pack", error))?;
    Ok(base64(&sealed))
}

/// The payload of an envelope; none if the key is wrong or anything was changed.
pub fn decrypt<T: DeserializeOwned>(
    key: &[u8; 32],
    cipher: &Cipher,
    header: &impl Serialize,
    ciphertext: &str,
) -> Option<T> {
    let (nonce, msg) = (nonce(cipher)?, bytes(ciphertext)?);
    let aad = canonical(header).ok()?;
    let (msg, aad) = (msg.as_slice(), aad.as_slice());
    let opened = Aes256Gcm::new(key.into())
        .decrypt(&nonce.into(), Payload { msg, aad })
        .ok()?;
    serde_json::from_slice(&opened).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{CipherName, KdfName};

    #[test]
    fn a_secret_has_a_hundred_bits_and_is_read_as_it_is_heard() {
        let secret = Secret::new(&[0xff; SECRET_BYTES]);
        assert_eq!(secret.spoken(), "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        let mut bytes = [0; SECRET_BYTES];
        bytes[12] = 0x10;
        assert_eq!(Secret::new(&bytes).spoken(), "0000-0000-0000-0000-0001");
        bytes[12] = 0x0f;
        assert_eq!(Secret::new(&bytes).spoken(), "0000-0000-0000-0000-0000");
        let heard = Secret::typed(" ooil 0000 0000-0000\t0001").unwrap();
        assert_eq!(heard.spoken(), "0011-0000-0000-0000-0001");
        for wrong in [
            "",
            "0000",
            "UUUU-0000-0000-0000-0000",
            "0000-0000-0000-0000-00000",
            "ä",
        ] {
            assert!(Secret::typed(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_changed_byte_is_refused_wherever_it_stands() {
        let kdf = Kdf {
            name: KdfName::Pbkdf2,
            iterations: 1_000,
            salt: base64(&[7; SALT_BYTES]),
        };
        let cipher = Cipher {
            name: CipherName::AesGcm,
            nonce: base64(&[9; NONCE_BYTES]),
        };
        let secret = Secret::new(&[3; SECRET_BYTES]);
        let keys = Keys::new(&secret, &kdf).unwrap();
        let header = ("R2", "seal");
        let sealed = encrypt(&keys.items, &cipher, &header, &["text"]).unwrap();
        let open = |key, header: &(&str, &str), text: &str| {
            decrypt::<Vec<String>>(key, &cipher, header, text)
        };
        assert_eq!(
            open(&keys.items, &header, &sealed),
            Some(vec!["text".to_owned()])
        );
        assert_eq!(open(&keys.answers, &header, &sealed), None);
        assert_eq!(open(&keys.items, &("R3", "seal"), &sealed), None);
        let mut changed = bytes(&sealed).unwrap();
        changed[1] ^= 1;
        assert_eq!(open(&keys.items, &header, &base64(&changed)), None);
        let other = Keys::new(&Secret::new(&[4; SECRET_BYTES]), &kdf).unwrap();
        assert_eq!(open(&other.items, &header, &sealed), None);
        for iterations in [0, MOST_ITERATIONS + 1] {
            assert!(
                Keys::new(
                    &secret,
                    &Kdf {
                        iterations,
                        ..kdf.clone()
                    }
                )
                .is_none()
            );
        }
    }
}
