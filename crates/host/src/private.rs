//! A workspace is private: its folders can be entered, and its files read, by their owner alone, whatever the user's
//! mask is.
//!
//! What is made below a workspace is made so ([`create_folder`], [`options`], [`crate::file`]), and
//! [`repair`] mends at every opening what an older Duologue or another program left open. On systems without Unix
//! permissions the profile's own protection counts, and nothing is done here.

use std::fs::{self, OpenOptions};
use std::io::Result;
use std::path::Path;

/// The file that makes a folder a workspace.
pub const DATABASE: &str = "workspace.sqlite";

/// What Duologue makes in a workspace beside files that begin with [`DATABASE`]; the folder may hold other things of
/// its owner, which are left alone.
const OURS: [&str; 11] = [
    "workspace.lock",
    "workspace.held",
    "keys.json",
    "protect.json",
    "window.lock",
    "window.raise",
    "blobs",
    "checkpoints",
    "inbox",
    "logs",
    "models",
];

/// Whether a path is in a workspace.
pub fn is_inside(path: &Path) -> bool {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.ancestors()
        .any(|folder| folder.join(DATABASE).is_file())
}

/// Makes a folder with those above it; private if it is in a workspace.
///
/// # Errors
/// Where it cannot be made.
pub fn create_folder(path: &Path) -> Result<()> {
    if is_inside(path) {
        create_private_folder(path)
    } else {
        fs::create_dir_all(path)
    }
}

/// Makes a folder with those above it; those that are new are private.
///
/// # Errors
/// Where it cannot be made.
pub fn create_private_folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// How to open a file: one that this makes in a workspace is private.
pub fn options(path: &Path) -> OpenOptions {
    let mut options = OpenOptions::new();
    if is_inside(path) {
        make_private(&mut options);
    }
    options
}

/// Makes an empty private file if there is none, so that whoever writes it later does not choose its permissions.
///
/// # Errors
/// Where it cannot be made.
pub fn create_file(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    make_private(&mut options);
    match options.write(true).create_new(true).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn make_private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _no_modes_here = options;
}

/// Closes what is Duologue's in a workspace, and the folder itself, to everybody but the owner. What is deeper down
/// is looked at only if something on the first two levels was open: nobody gets past a closed folder.
///
/// What cannot be changed (another owner, a disk without permissions, a medium that cannot be written) stays as it is.
#[cfg(unix)]
pub fn repair(workspace: &Path) {
    let mut was_open = close(workspace);
    let Ok(entries) = fs::read_dir(workspace) else {
        return;
    };
    let ours: Vec<_> = entries.flatten().filter(is_ours).collect();
    for entry in &ours {
        was_open |= close(&entry.path());
    }
    if was_open {
        ours.iter().for_each(|entry| close_below(&entry.path()));
    }
}

/// There is nothing to repair here.
#[cfg(not(unix))]
pub fn repair(_workspace: &Path) {}

#[cfg(unix)]
fn is_ours(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    name.starts_with(DATABASE) || OURS.contains(&&*name)
}

#[cfg(unix)]
fn close_below(folder: &Path) {
    // A link leads outside the workspace.
    if !fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir()) {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        close(&entry.path());
        close_below(&entry.path());
    }
}

/// Closes a file or folder to others; returns whether it was open.
#[cfg(unix)]
fn close(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let Ok(found) = fs::symlink_metadata(path) else {
        return false;
    };
    if found.is_symlink() || found.permissions().mode() & 0o077 == 0 {
        return false;
    }
    let mode = if found.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).is_ok()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn open(path: &Path, bits: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(bits)).unwrap();
    }

    #[test]
    fn what_is_made_in_a_workspace_is_private_and_elsewhere_as_usual() {
        let dir = tempfile::tempdir().unwrap();
        let (workspace, elsewhere) = (dir.path().join("w"), dir.path().join("e"));
        create_private_folder(&workspace).unwrap();
        create_file(&workspace.join(DATABASE)).unwrap();
        create_file(&workspace.join(DATABASE)).unwrap();
        let (inside, outside) = (workspace.join("blobs/a"), elsewhere.join("b"));
        for folder in [&inside, &outside] {
            create_folder(folder).unwrap();
            let file = folder.join("f");
            options(&file)
                .create(true)
                .append(true)
                .open(&file)
                .unwrap();
            crate::file::write(&folder.join("whole"), b"x").unwrap();
        }
        fs::create_dir(elsewhere.join("plain")).unwrap();
        fs::write(elsewhere.join("plain/f"), "").unwrap();
        for (path, bits) in [
            (workspace.clone(), 0o700),
            (workspace.join(DATABASE), 0o600),
            (workspace.join("blobs"), 0o700),
            (inside.clone(), 0o700),
            (inside.join("f"), 0o600),
            (inside.join("whole"), 0o600),
            (outside.clone(), mode(&elsewhere.join("plain"))),
            (outside.join("f"), mode(&elsewhere.join("plain/f"))),
            (outside.join("whole"), mode(&elsewhere.join("plain/f"))),
        ] {
            assert_eq!(mode(&path), bits, "{}", path.display());
        }
    }

    #[test]
    fn what_was_left_open_is_closed_and_what_is_not_ours_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let workspace = dir.path();
        for folder in ["blobs/a", "mine"] {
            fs::create_dir_all(workspace.join(folder)).unwrap();
        }
        let files = [
            "workspace.sqlite",
            "workspace.sqlite-wal",
            "blobs/a/weights",
            "mine/script",
        ];
        for file in files {
            fs::write(workspace.join(file), "").unwrap();
            open(&workspace.join(file), 0o755);
        }
        for folder in ["", "blobs", "blobs/a", "mine"] {
            open(&workspace.join(folder), 0o755);
        }
        repair(workspace);
        let modes = |paths: &[&str]| -> Vec<u32> {
            paths
                .iter()
                .map(|path| mode(&workspace.join(path)))
                .collect()
        };
        assert_eq!(modes(&["", "blobs", "blobs/a"]), [0o700; 3]);
        assert_eq!(modes(&files), [0o600, 0o600, 0o600, 0o755]);
        open(&workspace.join("workspace.sqlite-wal"), 0o644);
        repair(workspace);
        assert_eq!(mode(&workspace.join("workspace.sqlite-wal")), 0o600);
    }
}
