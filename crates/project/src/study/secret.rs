//! Secret randomness of a study, and its seal. Everything that could tell who wrote what (numbers, orders, sides) is drawn
//! from a key that leaves the workspace only after the reveal; the public seed of a study decides only which
//! dialogues are rated. The seal is the hash of the assignment with the key: whoever wrote it down can see afterwards that
//! nobody reassigned anything.

use hmac::{Hmac, KeyInit, Mac};
use metrics::random::Stream;
use serde::Serialize;
use sha2::Sha256;

use crate::error::{Result, corrupt};

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// The key of a study's secret randomness.
#[derive(Clone, Copy)]
pub struct BlindKey([u8; KEY_BYTES]);

impl BlindKey {
    /// A key of random bytes, which are made at the edge.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The key as it is stored.
    ///
    /// # Errors
    /// A stored value of another length.
    pub fn from_stored(bytes: Option<Vec<u8>>) -> Result<Self> {
        let bytes = bytes.unwrap_or_default();
        let length = bytes.len();
        match <[u8; KEY_BYTES]>::try_from(bytes) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(_) => Err(corrupt(
                "key of a study",
                format!("it has {length} bytes instead of {KEY_BYTES}"),
            )),
        }
    }

    pub(super) fn bytes(&self) -> [u8; KEY_BYTES] {
        self.0
    }

    /// Random numbers for a purpose: the stream whose seed is the beginning of `HMAC-SHA-256(key, purpose)`.
    pub(super) fn draws(&self, purpose: &str) -> Draws {
        // HMAC fills a short key up with zeros to the length of a block (RFC 2104).
        let mut block = [0; 64];
        block[..KEY_BYTES].copy_from_slice(&self.0);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(purpose.as_bytes());
        let digest = mac.finalize().into_bytes();
        let mut seed = [0; 8];
        seed.copy_from_slice(&digest[..8]);
        Draws::new(u64::from_le_bytes(seed))
    }
}

/// Random numbers, one after the other.
pub(super) struct Draws {
    stream: Stream,
    position: u64,
}

impl Draws {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            stream: Stream::new(seed),
            position: 0,
        }
    }

    /// A number below `n`.
    pub(super) fn index(&mut self, n: usize) -> usize {
        let found = self.stream.index(self.position, n);
        self.position += 1;
        found
    }

    /// The items in a drawn order (Fisher-Yates).
    pub(super) fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        for last in (1..items.len()).rev() {
            let chosen = self.index(last + 1);
            items.swap(last, chosen);
        }
        items
    }

    /// A permutation of `0..n`.
    pub(super) fn permutation(&mut self, n: usize) -> Vec<usize> {
        self.shuffled((0..n).collect())
    }
}

/// SHA-256 of a value in its canonical form (RFC 8785), so that any program can compute it.
pub(crate) fn canonical_sha256(value: &impl Serialize) -> Result<String> {
    Ok(store::sha256_hex(&canonical(value)?))
}

/// The canonical form of a value.
pub(super) fn canonical(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json_canonicalizer::to_vec(value).map_err(|error| corrupt("protocol", error))
}

/// What is sealed about an item.
#[derive(Debug, Serialize)]
pub(super) struct SealedItem {
    pub(super) item: u32,
    pub(super) dialogue: u32,
    pub(super) text_sha256: String,
    pub(super) systems: Vec<String>,
}

/// The seal of an assignment: SHA-256 of the canonical list of items, each `[item, dialogue, sha256(text), systems]`,
/// followed by the key.
pub(super) fn seal(items: &[SealedItem], key: &BlindKey) -> Result<String> {
    let rows: Vec<(u32, u32, &str, &[String])> = items
        .iter()
        .map(|row| {
            (
                row.item,
                row.dialogue,
                row.text_sha256.as_str(),
                row.systems.as_slice(),
            )
        })
        .collect();
    let mut bytes = canonical(&rows)?;
    bytes.extend(key.bytes());
    Ok(store::sha256_hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn streams_differ_by_purpose_and_key() {
        let key = BlindKey::new([7; 32]);
        let order = |key: &BlindKey, purpose: &str| key.draws(purpose).permutation(50);
        assert_eq!(order(&key, "item"), order(&key, "item"));
        assert_ne!(order(&key, "item"), order(&key, "rows/R1"));
        assert_ne!(order(&key, "item"), order(&BlindKey::new([8; 32]), "item"));
        let mut sorted = order(&key, "item");
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    }

    /// RFC 4231, test case 2, whose key is shorter than a block: here with its zeros written out.
    #[test]
    fn the_seed_is_the_beginning_of_an_hmac() {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(b"Jefe");
        let draws = BlindKey::new(bytes).draws("what do ya want for nothing?");
        let expected = u64::from_le_bytes([0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
        assert_eq!(draws.stream.bits(0), Stream::new(expected).bits(0));
    }

    #[test]
    fn canonical_json_sorts_keys_and_writes_numbers_as_a_browser_does() {
        let value = json!({"b": 1.0, "a": [0.05, "é\n"], "A": 1e21});
        assert_eq!(
            String::from_utf8(canonical(&value).unwrap()).unwrap(),
            "{\"A\":1e+21,\"a\":[0.05,\"é\\n\"],\"b\":1}"
        );
    }
}
