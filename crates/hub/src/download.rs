//! Fetching the files of a manifest: part by part, over broken connections, checked before they get their name.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::problem::HubProblem;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::error::{HubError, Result};
use crate::gateway::{Answer, Gateway, escaped};
use crate::repository::{Checksum, HubId, Manifest, RepoFile, needed, repo_info};

/// File in a folder, held by the process that fills it.
pub const LOCK: &str = ".lock";
const CHUNK_BYTES: usize = 1 << 18;
/// Attempts in a row that bring nothing before a connection counts as lost; the pause doubles each time.
const FRUITLESS_ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Left free beyond what is fetched: database and logs live on the same disk.
const ROOM_MARGIN_BYTES: u64 = 64 << 20;

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// File that is being fetched.
    pub file: &'a str,
    /// Bytes of it that are here.
    pub file_done_bytes: u64,
    /// Its length in bytes when complete.
    pub file_bytes: u64,
    /// Bytes of all files that are here.
    pub done_bytes: u64,
    /// Length of all files.
    pub total_bytes: u64,
    /// Bytes that came over the network in this call.
    pub received_bytes: u64,
}

/// Asks the Hub what has to be fetched for a model (its safetensors, or the GGUF file of that name) and pins the
/// commit.
///
/// # Errors
/// [`HubError`].
pub fn describe(
    gateway: &Gateway,
    id: &HubId,
    revision: &str,
    gguf: Option<&str>,
) -> Result<Manifest> {
    let info = repo_info(gateway, id, revision)?;
    let files = needed(id, &info, gguf, gateway.host())?;
    Ok(Manifest {
        hub_id: id.as_str().to_owned(),
        revision: revision.to_owned(),
        commit: info.commit,
        endpoint: gateway.endpoint().to_owned(),
        licence: info.licence,
        files,
    })
}

/// Whether every file of the manifest is in the folder at full length.
pub fn is_complete(folder: &Path, manifest: &Manifest) -> bool {
    missing(manifest, folder).next().is_none()
}

/// Names of the files whose content is not what the manifest says, missing ones included.
///
/// # Errors
/// [`HubError::Io`].
pub fn verify(folder: &Path, manifest: &Manifest) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for file in &manifest.files {
        let path = folder.join(&file.name);
        let mut hash = Hash::new(file);
        if !has_whole(folder, file)
            || hash.read(&path)? != file.bytes
            || hash.finish() != file.checksum.hex()
        {
            wrong.push(file.name.clone());
        }
    }
    Ok(wrong)
}

/// How a download is carried out.
pub struct Download<'a> {
    /// The way to the Hub.
    pub gateway: &'a Gateway,
    /// Room on the disk, where it is known.
    pub free_bytes: Option<u64>,
    /// Called with the progress, many times a second.
    pub progress: &'a mut dyn FnMut(&Progress<'_>),
}

impl Download<'_> {
    /// Refuses a download that the disk has no room for; to be asked before anything is written.
    ///
    /// # Errors
    /// [`HubError::NoRoom`].
    pub fn require_room(&self, manifest: &Manifest, folder: &Path) -> Result<()> {
        let here = |file: &RepoFile| length(&part(folder, file));
        let to_come: u64 = missing(manifest, folder)
            .map(|file| file.bytes.saturating_sub(here(file)))
            .sum();
        let need_bytes = to_come.saturating_add(ROOM_MARGIN_BYTES);
        match self.free_bytes {
            Some(free_bytes) if to_come > 0 && free_bytes < need_bytes => Err(HubError::NoRoom {
                path: folder.to_owned(),
                need_bytes,
                free_bytes,
            }),
            _ => Ok(()),
        }
    }

    /// Fetches what is missing of `manifest` into `folder`, the smallest files first. `accept` sees each file as soon as
    /// it is complete, and may refuse the rest. What has arrived stays when it fails: the next call goes on from there.
    ///
    /// # Errors
    /// [`HubError`], and those of `accept`.
    pub fn run<E: From<HubError>>(
        &mut self,
        manifest: &Manifest,
        folder: &Path,
        mut accept: impl FnMut(&RepoFile) -> Result<(), E>,
    ) -> Result<(), E> {
        self.require_room(manifest, folder)?;
        host::private::create_folder(folder).map_err(|e| HubError::io(folder, e))?;
        let _lock = lock(folder)?;
        let missing: Vec<&RepoFile> = missing(manifest, folder).collect();
        let total_bytes = manifest.bytes();
        let whole_bytes = total_bytes - missing.iter().map(|file| file.bytes).sum::<u64>();
        let mut transfer = Transfer {
            how: self,
            manifest,
            folder,
            whole_bytes,
            total_bytes,
            received_bytes: 0,
        };
        for file in missing {
            transfer.file(file)?;
            transfer.whole_bytes += file.bytes;
            accept(file)?;
        }
        Ok(())
    }
}

/// Keeps other processes out of the folder until it is dropped.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let lock = host::private::options(&path)
        .create(true)
        .truncate(true)
        .write(true)
        .open(&path)
        .map_err(|e| HubError::io(&path, e))?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => Err(HubError::Locked {
            path: folder.to_owned(),
        }),
        // Where locks do not work, two downloads at once end in a wrong digest.
        _ => Ok(lock),
    }
}

struct Transfer<'a, 'd> {
    how: &'a mut Download<'d>,
    manifest: &'a Manifest,
    folder: &'a Path,
    /// Bytes of the finished files.
    whole_bytes: u64,
    total_bytes: u64,
    received_bytes: u64,
}

impl Transfer<'_, '_> {
    /// One file, over as many connections as it takes.
    fn file(&mut self, file: &RepoFile) -> Result<()> {
        let part = part(self.folder, file);
        let mut fruitless = 0;
        loop {
            let before = self.received_bytes;
            match self.attempt(file, &part) {
                Err(HubError::Hub(
                    HubProblem::Unreachable { .. } | HubProblem::ProxyUnreachable { .. },
                )) if fruitless + 1 < FRUITLESS_ATTEMPTS => {
                    fruitless = if self.received_bytes > before {
                        0
                    } else {
                        fruitless + 1
                    };
                    self.how.gateway.pause(FIRST_PAUSE * 2u32.pow(fruitless))?;
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        let path = self.folder.join(&file.name);
        host::file::rename(&part, &path).map_err(|e| HubError::io(&path, e))
    }

    /// Continues the part that has arrived until the file is complete and its digest is right.
    fn attempt(&mut self, file: &RepoFile, part: &Path) -> Result<()> {
        let mut hash = Hash::new(file);
        let mut have = if part.exists() { hash.read(part)? } else { 0 };
        if have < file.bytes || !part.exists() {
            let (id, commit) = (&self.manifest.hub_id, &self.manifest.commit);
            let (what, path) = (
                id.as_str(),
                format!("/{id}/resolve/{commit}/{}", escaped(&file.name)),
            );
            let mut answer = self.how.gateway.get(&path, have, what)?;
            if have > 0 && !continues(&answer, file, have) {
                fs::remove_file(part).map_err(|e| HubError::io(part, e))?;
                (hash, have) = (Hash::new(file), 0);
                if answer.status != 200 {
                    answer = self.how.gateway.get(&path, 0, what)?;
                }
            }
            have = self.receive(file, part, &mut hash, have, &answer)?;
        }
        let found = hash.finish();
        if have == file.bytes && found == file.checksum.hex() {
            return Ok(());
        }
        fs::remove_file(part).map_err(|e| HubError::io(part, e))?;
        let (file, expected) = (file.name.clone(), file.checksum.hex().to_owned());
        Err(HubProblem::Checksum {
            file,
            expected,
            found,
        }
        .into())
    }

    /// Writes the body after the `have` bytes of the part; returns its new length, at least that of the file.
    fn receive(
        &mut self,
        file: &RepoFile,
        part: &Path,
        hash: &mut Hash,
        mut have: u64,
        answer: &Answer<'_>,
    ) -> Result<u64> {
        let mut out = host::private::options(part)
            .create(true)
            .append(true)
            .open(part)
            .map_err(|e| HubError::io(part, e))?;
        let host = &answer.host;
        loop {
            let chunk = match answer.chunk() {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => {
                    out.sync_data().map_err(|e| HubError::io(part, e))?;
                    return Err(error);
                }
            };
            out.write_all(&chunk).map_err(|e| HubError::io(part, e))?;
            hash.update(&chunk);
            let read = chunk.len() as u64;
            have += read;
            self.received_bytes += read;
            (self.how.progress)(&Progress {
                file: &file.name,
                file_done_bytes: have,
                file_bytes: file.bytes,
                done_bytes: self.whole_bytes + have,
                total_bytes: self.total_bytes,
                received_bytes: self.received_bytes,
            });
            if have > file.bytes {
                break;
            }
        }
        if have < file.bytes {
            let reason = "the connection ended before the file did".to_owned();
            return Err(HubProblem::Unreachable {
                host: host.clone(),
                reason,
            }
            .into());
        }
        out.sync_all().map_err(|e| HubError::io(part, e))?;
        Ok(have)
    }
}

/// Whether an answer continues the part from its end, and is of the same file.
fn continues(answer: &Answer<'_>, file: &RepoFile, have: u64) -> bool {
    let start = answer.header("Content-Range").and_then(|range| {
        range
            .strip_prefix("bytes ")?
            .split('-')
            .next()?
            .parse::<u64>()
            .ok()
    });
    // Mirrors pass the Hub's own tag on; the tag of the machine that stores the file may be anything.
    let tag = answer
        .header("X-Linked-ETag")
        .map(|tag| tag.trim_start_matches("W/").trim_matches('"'));
    answer.status == 206 && start == Some(have) && tag.is_none_or(|tag| tag == file.checksum.hex())
}

/// The files that are not here at full length.
fn missing<'a>(manifest: &'a Manifest, folder: &'a Path) -> impl Iterator<Item = &'a RepoFile> {
    manifest
        .files
        .iter()
        .filter(move |file| !has_whole(folder, file))
}

fn has_whole(folder: &Path, file: &RepoFile) -> bool {
    fs::metadata(folder.join(&file.name))
        .is_ok_and(|found| found.is_file() && found.len() == file.bytes)
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

/// Where a file grows. The digest in its name keeps parts of two versions of a file apart.
fn part(folder: &Path, file: &RepoFile) -> PathBuf {
    let digest: String = file
        .checksum
        .hex()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(12)
        .collect();
    folder.join(format!("{}.{digest}.part", file.name))
}

/// The digest that the Hub announces, as bytes come by.
enum Hash {
    Sha256(Sha256),
    GitSha1(Sha1),
}

impl Hash {
    fn new(file: &RepoFile) -> Self {
        match file.checksum {
            Checksum::Sha256(_) => Self::Sha256(Sha256::new()),
            Checksum::GitSha1(_) => {
                let mut hash = Sha1::new();
                hash.update(format!("blob {}\0", file.bytes));
                Self::GitSha1(hash)
            }
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::GitSha1(hash) => hash.update(bytes),
        }
    }

    /// Takes in a whole file and returns its length.
    fn read(&mut self, path: &Path) -> Result<u64> {
        let mut file = File::open(path).map_err(|e| HubError::io(path, e))?;
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut bytes = 0;
        loop {
            match file.read(&mut chunk).map_err(|e| HubError::io(path, e))? {
                0 => return Ok(bytes),
                read => {
                    self.update(&chunk[..read]);
                    bytes += read as u64;
                }
            }
        }
    }

    fn finish(self) -> String {
        let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Sha256(hash) => hex(&hash.finalize()),
            Self::GitSha1(hash) => hex(&hash.finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_git_s_and_sha256() {
        let file = |checksum| RepoFile {
            name: "x".into(),
            bytes: 6,
            checksum,
        };
        let digest = |checksum| {
            let mut hash = Hash::new(&file(checksum));
            hash.update(b"hel");
            hash.update(b"lo\n");
            hash.finish()
        };
        // `printf 'hello\n' | git hash-object --stdin` and `… | sha256sum`.
        let sha1 = digest(Checksum::GitSha1(String::new()));
        assert_eq!(sha1, "ce013625030ba8dba906f756967f9e9ca394464a");
        let sha256 = digest(Checksum::Sha256(String::new()));
        assert_eq!(
            sha256,
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
    }

    #[test]
    fn parts_of_two_versions_do_not_meet() {
        let file = |hex: &str| RepoFile {
            name: "m".into(),
            bytes: 1,
            checksum: Checksum::Sha256(hex.into()),
        };
        let path = |hex| part(Path::new("f"), &file(hex));
        assert_ne!(path("aaaaaaaaaaaaa"), path("bbbbbbbbbbbbb"));
        assert_eq!(path("../../../../x").parent(), Some(Path::new("f")));
    }
}
