//! The form of a sealed file, `DUOV1`: a header in clear, then the content in chunks, each encrypted and authenticated
//! with its number and whether it is the last.
//!
//! It is age's payload (STREAM of Hoang, Reyhanitabar, Rogaway and Vizár 2015, with ChaCha20-Poly1305) behind our own
//! header. So truncated files, chunks in another order, and files of another kind or workspace are refused.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `DUOVLT1\n` |
//! | 1 | kind |
//! | 1 | binary logarithm of the chunk's length |
//! | 6 | zero |
//! | 16 | workspace |
//! | 16 | this file, at random: the salt of its key |
//! | 16 | zero |

use super::{Keys, WorkspaceId, decrypt, encrypt, random_16};
use crate::Result;

const MAGIC: &[u8; 8] = b"DUOVLT1\n";
/// Bytes of the header.
pub(crate) const HEADER: usize = 64;
/// Bytes that authenticate a chunk.
const TAG: usize = 16;
/// Chunks of large files.
const CHUNK_LOG2: u8 = 20;
/// Chunks of files that are short.
const SHORT_CHUNK_LOG2: u8 = 16;
/// What a reader accepts: the chunk is held in memory.
const CHUNKS_READ: std::ops::RangeInclusive<u8> = 10..=24;

/// What a sealed file holds. A file of one kind cannot be passed off as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file of a trained adapter.
    Adapter = 1,
    /// A training's state.
    Checkpoint = 2,
    /// What a process printed.
    Log = 3,
    /// What was pasted and is not imported yet.
    Inbox = 4,
    /// A database that was put aside because it could not be read.
    Aside = 6,
}

impl Kind {
    fn chunk_log2(self) -> u8 {
        match self {
            Self::Log | Self::Inbox => SHORT_CHUNK_LOG2,
            Self::Adapter | Self::Checkpoint | Self::Aside => CHUNK_LOG2,
        }
    }
}

/// Why a file cannot be opened with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It has no header of a sealed file.
    NotSealed,
    /// It is sealed as something else.
    OtherKind,
    /// It belongs to another workspace.
    OtherWorkspace,
    /// It was truncated, or one of its bits is wrong.
    Damaged,
}

impl Fault {
    /// In words, for the message.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NotSealed => "it is not encrypted, although the workspace is",
            Self::OtherKind => "it is the encrypted file of another place",
            Self::OtherWorkspace => "it was encrypted for another workspace",
            Self::Damaged => "it was cut off or changed after it was written",
        }
    }
}

/// Whether these bytes begin as a sealed file does.
#[cfg(test)]
pub(crate) fn is_sealed(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER && bytes.starts_with(MAGIC)
}

/// Encrypts a file's content.
pub(crate) fn seal(keys: &Keys, kind: Kind, plain: &[u8]) -> Result<Vec<u8>> {
    seal_as(keys, kind, kind.chunk_log2(), random_16()?, plain)
}

fn seal_as(
    keys: &Keys,
    kind: Kind,
    chunk_log2: u8,
    file_id: [u8; 16],
    plain: &[u8],
) -> Result<Vec<u8>> {
    let header = header(kind, chunk_log2, keys.workspace(), file_id);
    let key = keys.file(&file_id)?;
    let size = 1 << chunk_log2;
    let count = plain.len().div_ceil(size).max(1);
    let mut sealed = Vec::with_capacity(HEADER + plain.len() + count * TAG);
    sealed.extend(header);
    for index in 0..count {
        let begin = index * size;
        let chunk = &plain[begin..plain.len().min(begin + size)];
        let nonce = nonce(index, index + 1 == count);
        sealed.extend(encrypt(&key, nonce, &header, chunk)?);
    }
    Ok(sealed)
}

/// Decrypts what [`seal`] made.
pub(crate) fn open(
    keys: &Keys,
    kind: Kind,
    sealed: &[u8],
) -> Result<std::result::Result<Vec<u8>, Fault>> {
    let Some((header, body)) = sealed.split_at_checked(HEADER) else {
        return Ok(Err(Fault::NotSealed));
    };
    let (Some(file_id), Some(chunk_log2)) = (sixteen(header, 32), header.get(9).copied()) else {
        return Ok(Err(Fault::NotSealed));
    };
    if !header.starts_with(MAGIC) {
        return Ok(Err(Fault::NotSealed));
    }
    if header[16..32] != keys.workspace().0 {
        return Ok(Err(Fault::OtherWorkspace));
    }
    if header[8] != kind as u8 {
        return Ok(Err(Fault::OtherKind));
    }
    if !CHUNKS_READ.contains(&chunk_log2) {
        return Ok(Err(Fault::Damaged));
    }
    let key = keys.file(&file_id)?;
    let size = (1 << chunk_log2) + TAG;
    let count = body.len().div_ceil(size).max(1);
    let mut plain = Vec::with_capacity(body.len());
    for index in 0..count {
        let begin = index * size;
        let chunk = &body[begin..body.len().min(begin + size)];
        let nonce = nonce(index, index + 1 == count);
        match decrypt(&key, nonce, header, chunk)? {
            Some(chunk) => plain.extend(chunk),
            None => return Ok(Err(Fault::Damaged)),
        }
    }
    Ok(Ok(plain))
}

fn sixteen(header: &[u8], begin: usize) -> Option<[u8; 16]> {
    header.get(begin..begin + 16)?.try_into().ok()
}

fn header(kind: Kind, chunk_log2: u8, workspace: WorkspaceId, file_id: [u8; 16]) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8] = kind as u8;
    header[9] = chunk_log2;
    header[16..32].copy_from_slice(&workspace.0);
    header[32..48].copy_from_slice(&file_id);
    header
}

/// Seven zero bytes, the chunk's number, and whether it is the last.
fn nonce(index: usize, is_last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[7..11].copy_from_slice(&(index as u32).to_be_bytes());
    nonce[11] = u8::from(is_last);
    nonce
}

#[cfg(test)]
mod tests {
    use super::super::tests::root;
    use super::*;
    use crate::sha256_hex;

    fn keys(byte: u8) -> Keys {
        Keys::new(&root(byte), WorkspaceId([9; 16])).unwrap()
    }

    fn opened(keys: &Keys, kind: Kind, sealed: &[u8]) -> std::result::Result<Vec<u8>, Fault> {
        open(keys, kind, sealed).unwrap()
    }

    /// Content of three chunks and a half, of 1 KiB each.
    fn several() -> (Vec<u8>, Vec<u8>) {
        let plain: Vec<u8> = (0..3_584u32).map(|n| (n % 251) as u8).collect();
        let sealed = seal_as(&keys(7), Kind::Adapter, 10, [3; 16], &plain).unwrap();
        (plain, sealed)
    }

    #[test]
    fn files_of_every_length_come_back() {
        for length in [0, 1, 1_023, 1_024, 1_025, 2_048, 70_000] {
            let plain = vec![0x5a; length];
            for log2 in [10, 16] {
                let sealed = seal_as(&keys(7), Kind::Log, log2, [3; 16], &plain).unwrap();
                let tags = plain.len().div_ceil(1 << log2).max(1) * TAG;
                assert_eq!(sealed.len(), HEADER + plain.len() + tags);
                assert!(is_sealed(&sealed));
                assert_eq!(opened(&keys(7), Kind::Log, &sealed).unwrap(), plain);
            }
        }
        let sealed = seal(&keys(7), Kind::Checkpoint, b"x").unwrap();
        assert_eq!(opened(&keys(7), Kind::Checkpoint, &sealed).unwrap(), b"x");
    }

    #[test]
    fn two_files_of_equal_content_have_nothing_in_common_but_the_header() {
        let sealed = |_| seal(&keys(7), Kind::Inbox, &[0; 64]).unwrap();
        let two = [(); 2].map(sealed);
        assert_eq!(two[0][..32], two[1][..32]);
        assert_ne!(two[0][HEADER..], two[1][HEADER..]);
        assert!(!two[0].windows(8).any(|part| part == [0x5a; 8]));
    }

    /// The bytes that an independent program makes: Python's `cryptography` 48, HKDF and ChaCha20Poly1305.
    #[test]
    fn the_bytes_are_those_of_another_implementation() {
        let (_, sealed) = several();
        assert_eq!(sha256_hex(&sealed), SEALED_VECTOR);
    }

    const SEALED_VECTOR: &str = "5fdb6133f2ad972998ec111f335474c05deb9fa4546f6601ca327d02302d558c";

    #[test]
    fn a_wrong_key_another_kind_and_another_workspace_are_told_apart() {
        let (_, sealed) = several();
        assert_eq!(
            opened(&keys(8), Kind::Adapter, &sealed),
            Err(Fault::Damaged)
        );
        assert_eq!(opened(&keys(7), Kind::Log, &sealed), Err(Fault::OtherKind));
        let elsewhere = Keys::new(&root(7), WorkspaceId([8; 16])).unwrap();
        assert_eq!(
            opened(&elsewhere, Kind::Adapter, &sealed),
            Err(Fault::OtherWorkspace)
        );
        for plain in [&b""[..], b"plain text", &[b'x'; 200]] {
            assert_eq!(opened(&keys(7), Kind::Log, plain), Err(Fault::NotSealed));
        }
    }

    #[test]
    fn a_file_that_was_cut_anywhere_is_refused() {
        let (plain, sealed) = several();
        for length in 0..sealed.len() {
            let cut = opened(&keys(7), Kind::Adapter, &sealed[..length]);
            assert!(cut.is_err(), "{length} of {}", sealed.len());
        }
        let longer = [sealed.as_slice(), b"x"].concat();
        assert!(opened(&keys(7), Kind::Adapter, &longer).is_err());
        assert_eq!(opened(&keys(7), Kind::Adapter, &sealed).unwrap(), plain);
    }

    #[test]
    fn a_single_bit_anywhere_is_noticed() {
        let (_, sealed) = several();
        for index in (0..sealed.len()).step_by(7).chain(0..HEADER) {
            let mut changed = sealed.clone();
            changed[index] ^= 1 << (index % 8);
            assert!(
                opened(&keys(7), Kind::Adapter, &changed).is_err(),
                "byte {index}"
            );
        }
    }

    #[test]
    fn chunks_in_another_order_or_twice_are_refused() {
        let (_, sealed) = several();
        let size = 1_024 + TAG;
        let chunk =
            |n: usize| &sealed[HEADER + n * size..sealed.len().min(HEADER + (n + 1) * size)];
        let put = |order: &[usize]| {
            let chunks: Vec<u8> = order.iter().flat_map(|n| chunk(*n)).copied().collect();
            [&sealed[..HEADER], &chunks].concat()
        };
        assert!(opened(&keys(7), Kind::Adapter, &put(&[0, 1, 2, 3])).is_ok());
        for order in [&[1, 0, 2, 3][..], &[0, 1, 1, 3], &[0, 1, 3], &[0, 1, 2]] {
            assert!(
                opened(&keys(7), Kind::Adapter, &put(order)).is_err(),
                "{order:?}"
            );
        }
    }
}
