//! Hashes of payloads and bytes: the keys by which stages are found again (`inputs_sha256`, `output_sha256`).

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Borrow;

/// Hash of a sequence of payloads: SHA-256 over each one's compact JSON, keys in the order as stored, and a line
/// feed. A payload that went through the database hashes as before.
pub fn sha256_json<V: Borrow<Value>>(values: impl IntoIterator<Item = V>) -> String {
    let mut hasher = Sha256::new();
    for value in values {
        hasher.update(value.borrow().to_string().as_bytes());
        hasher.update(b"\n");
    }
    hex(&hasher.finalize())
}

/// SHA-256 of `bytes` in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(digest: &[u8]) -> String {
    digest
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn published_digests() {
        // FIPS 180-2, appendix B.1, and the empty message.
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            sha256_json(Vec::<Value>::new()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn order_and_boundaries_count() {
        let (a, b) = (json!({"x": 1, "y": [0.1, 2]}), json!("t"));
        assert_eq!(
            sha256_json([&a, &b]),
            sha256_json(vec![a.clone(), b.clone()])
        );
        assert_ne!(sha256_json([&a, &b]), sha256_json([&b, &a]));
        assert_ne!(
            sha256_json([&json!([1, 2])]),
            sha256_json([&json!(1), &json!(2)])
        );
    }
}
