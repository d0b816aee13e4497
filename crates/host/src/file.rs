//! Files and folders that are either complete or absent. Everything is written aside, synced and renamed, and then the
//! folder is synced: a rename lasts through a power cut only once its folder is on the disk.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, IntoInnerError, Result, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

use crate::private;

/// Bytes collected before they are handed to the system.
const BUFFER_BYTES: usize = 1 << 20;

/// A file that is being written beside its place. Dropped without [`Draft::commit`] it leaves nothing, and what was
/// there before is untouched.
#[derive(Debug)]
pub struct Draft {
    aside: BufWriter<NamedTempFile>,
    place: PathBuf,
}

impl Draft {
    /// Begins a file; missing folders are created.
    ///
    /// # Errors
    /// Where the folder cannot be written to.
    pub fn create(path: &Path) -> Result<Self> {
        let prefix = prefix_of(path)?;
        private::create_folder(folder_of(path))?;
        let mut builder = Builder::new();
        builder.prefix(&prefix);
        // Outside a workspace others may read it too, as far as the user's mask lets them.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(
            if private::is_inside(path) {
                0o600
            } else {
                0o666
            },
        ));
        let aside = builder.tempfile_in(folder_of(path))?;
        Ok(Self {
            aside: BufWriter::with_capacity(BUFFER_BYTES, aside),
            place: path.to_owned(),
        })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// Where the disk is full or the place is taken by a folder; the place is as before then.
    pub fn commit(self) -> Result<()> {
        let aside = self
            .aside
            .into_inner()
            .map_err(IntoInnerError::into_error)?;
        aside.as_file().sync_all()?;
        aside.persist(&self.place)?;
        sync(folder_of(&self.place))
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.aside.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.aside.flush()
    }
}

/// A folder that is being filled beside its place. Dropped without [`DraftFolder::commit`] it leaves nothing.
#[derive(Debug)]
pub struct DraftFolder {
    aside: TempDir,
    place: PathBuf,
}

impl DraftFolder {
    /// Begins a folder; missing folders above it are created. It is for the user alone if `is_private`, else for
    /// whoever the user's mask lets in.
    ///
    /// # Errors
    /// Where the folder above it cannot be written to.
    pub fn create(path: &Path, is_private: bool) -> Result<Self> {
        let place = std::path::absolute(path)?;
        let prefix = prefix_of(&place)?;
        private::create_folder(folder_of(&place))?;
        let mut builder = Builder::new();
        builder.prefix(&prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(
            if is_private || private::is_inside(&place) {
                0o700
            } else {
                0o777
            },
        ));
        #[cfg(not(unix))]
        let _no_modes_here = is_private;
        let aside = builder.tempdir_in(folder_of(&place))?;
        Ok(Self { aside, place })
    }

    /// Where it is filled.
    pub fn path(&self) -> &Path {
        self.aside.path()
    }

    /// Puts the folder in its place, which may be an empty folder already.
    ///
    /// # Errors
    /// Where something is in the place; it is as before then.
    pub fn commit(self) -> Result<()> {
        if !self.place.is_dir() {
            return rename(&self.aside.keep(), &self.place);
        }
        if fs::read_dir(&self.place)?.next().is_some() {
            return Err(ErrorKind::DirectoryNotEmpty.into());
        }
        // A process may have that folder as its working directory, so it stays.
        for entry in fs::read_dir(self.aside.path())? {
            let entry = entry?;
            fs::rename(entry.path(), self.place.join(entry.file_name()))?;
        }
        sync(&self.place)
    }
}

/// What a name aside begins with.
fn prefix_of(path: &Path) -> Result<OsString> {
    let name = path.file_name().ok_or(ErrorKind::InvalidFilename)?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    Ok(prefix)
}

/// Writes `bytes` to `path` so that a crash or a full disk leaves either the old file or the new one.
///
/// # Errors
/// As [`Draft::create`] and [`Draft::commit`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut draft = Draft::create(path)?;
    draft.write_all(bytes)?;
    draft.commit()
}

/// Copies a file; the copy is complete or absent.
///
/// # Errors
/// Where the original cannot be read, or as [`write`].
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut original = File::open(from)?;
    let mut draft = Draft::create(to)?;
    std::io::copy(&mut original, &mut draft)?;
    draft.commit()
}

/// Gives a file or folder, complete and synced already, the name under which others look for it.
///
/// # Errors
/// As [`fs::rename`].
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to)?;
    sync(folder_of(to))
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn sync(folder: &Path) -> Result<()> {
    File::open(folder)?.sync_all()
}

/// Windows journals the rename itself and cannot open a folder as a file.
#[cfg(not(unix))]
fn sync(_folder: &Path) -> Result<()> {
    Ok(())
}

/// Bytes of a file, or of every file below a folder; 0 if there is neither.
pub fn tree_bytes(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return 0;
    };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| tree_bytes(&entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_folder_is_that_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("blobs")).unwrap();
        fs::write(folder.path().join("blobs/a"), "four").unwrap();
        fs::write(folder.path().join("b"), "six by").unwrap();
        assert_eq!(tree_bytes(folder.path()), 10);
        assert_eq!(tree_bytes(&folder.path().join("b")), 6);
        assert_eq!(tree_bytes(&folder.path().join("nothing")), 0);
    }

    #[test]
    fn replaces_whole_files_and_leaves_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/er/file.bin");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        copy(&path, &path.with_file_name("copy")).unwrap();
        rename(&path.with_file_name("copy"), &path.with_file_name("named")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read(path.with_file_name("named")).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
    }

    #[test]
    fn a_failed_write_leaves_the_target_and_no_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("folder");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), "kept").unwrap();
        write(&path, b"x").unwrap_err();
        let mut unfinished = Draft::create(&dir.path().join("unfinished")).unwrap();
        unfinished.write_all(b"half").unwrap();
        drop(unfinished);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(fs::read(path.join("inside")).unwrap(), b"kept");
    }

    #[test]
    fn a_folder_is_whole_or_absent() {
        let dir = tempfile::tempdir().unwrap();
        let begun = |name: &str| {
            let draft = DraftFolder::create(&dir.path().join(name), false).unwrap();
            fs::create_dir(draft.path().join("inner")).unwrap();
            fs::write(draft.path().join("inner/file"), name).unwrap();
            draft
        };
        drop(begun("left"));
        begun("deep/er").commit().unwrap();
        fs::create_dir(dir.path().join("empty")).unwrap();
        begun("empty").commit().unwrap();
        begun("deep").commit().unwrap_err();
        let names = |folder: &str| {
            let mut names: Vec<_> = fs::read_dir(dir.path().join(folder))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        assert_eq!(names("."), ["deep", "empty"]);
        assert_eq!(
            (names("deep"), names("empty")),
            (vec!["er".into()], vec!["inner".into()])
        );
        let file = dir.path().join("deep/er/inner/file");
        assert_eq!(fs::read(file).unwrap(), b"deep/er");
    }

    #[cfg(unix)]
    #[test]
    fn a_whole_file_has_the_rights_of_any_other() {
        let dir = tempfile::tempdir().unwrap();
        let (whole, plain) = (dir.path().join("whole"), dir.path().join("plain"));
        write(&whole, b"x").unwrap();
        fs::write(&plain, b"x").unwrap();
        let rights = |path: &Path| fs::metadata(path).unwrap().permissions();
        assert_eq!(rights(&whole), rights(&plain));
    }

    #[test]
    fn parallel_writers_never_mix() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::thread::scope(|scope| {
            for n in 0..4u8 {
                let path = &path;
                scope.spawn(move || write(path, &vec![n; 10_000]).unwrap());
            }
        });
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.len() == 10_000 && bytes.iter().all(|b| *b == bytes[0]));
    }
}
