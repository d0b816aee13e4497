//! Conversions of a workspace with everything in it, stopped at every moment.

use super::*;
use crate::key::recovery::RecoveryKey;
use crate::{Store, fixture};
use serde_json::json;

/// A text of the database and of every file of the workspaces here.
const SECRET: &str = "Mara Quendel, 030 23125 482, born in Oberwiesenthal";

/// Files with content, by their place.
const FILES: [&str; 6] = [
    "blobs/ab12/adapter_model.safetensors",
    "blobs/ab12/adapter_config.json",
    "checkpoints/r/align-0.safetensors",
    "logs/r.log",
    "inbox/pasted.txt",
    "workspace.damaged-1.sqlite",
];

fn slots(root: &RootKey) -> KeyFile {
    let mut slots = KeyFile::new(1).unwrap();
    let recovery = RecoveryKey::random().unwrap();
    slots.set_recovery(root, &recovery, 1).unwrap();
    slots
}

/// A plain workspace with the secret everywhere.
fn workspace() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    fixture::run(&store, "r");
    store.set_setting("secret", &json!(SECRET)).unwrap();
    store.keep_copy().unwrap();
    for name in FILES {
        store
            .vault()
            .write(&dir.path().join(name), SECRET.repeat(400).as_bytes())
            .unwrap();
    }
    dir
}

/// Every file below a folder with its content.
fn all_bytes(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.push((path, bytes));
            }
        }
    }
    found
}

fn places_of_the_secret(folder: &Path) -> Vec<PathBuf> {
    let has = |bytes: &[u8]| {
        ["Quendel", "23125 482", "Oberwiesenthal"]
            .iter()
            .any(|part| {
                bytes
                    .windows(part.len())
                    .any(|window| window == part.as_bytes())
            })
    };
    let found = all_bytes(folder).into_iter();
    found
        .filter(|(_, bytes)| has(bytes))
        .map(|(path, _)| path)
        .collect()
}

/// Checks that a workspace opens with this key and holds what it held.
fn holds_everything(workspace: &Path, key: Option<&RootKey>) {
    let store = Store::open_with(workspace, key).unwrap();
    assert_eq!(store.setting("secret").unwrap(), Some(json!(SECRET)));
    assert_eq!(store.runs().unwrap().len(), 1);
    for name in FILES {
        let read = store.vault().read(&workspace.join(name)).unwrap();
        assert_eq!(read, SECRET.repeat(400).as_bytes(), "{name}");
    }
    store.set_setting("written", &json!(1)).unwrap();
    let left: Vec<_> = all_bytes(workspace)
        .into_iter()
        .map(|(path, _)| path.display().to_string())
        .filter(|path| path.contains(NEW) || path.ends_with("protect.json"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

fn problem<T>(result: Result<T>) -> WorkspaceProblem {
    match result.err().unwrap() {
        Error::Protection(problem) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_protected_workspace_holds_everything_and_shows_nothing() {
    let dir = workspace();
    let place = dir.path();
    assert!(places_of_the_secret(place).len() > FILES.len());
    let root = RootKey::random().unwrap();
    let done = protect(place, &root, &slots(&root)).unwrap();
    assert_eq!(done.files, FILES.len());
    assert!(done.database_bytes > 0 && done.file_bytes > 0);
    assert_eq!(places_of_the_secret(place), Vec::<PathBuf>::new());
    holds_everything(place, Some(&root));
    // What is written afterwards is encrypted too, its log and the daily copy included.
    let store = Store::open_with(place, Some(&root)).unwrap();
    store.set_setting("again", &json!(SECRET)).unwrap();
    store.keep_copy().unwrap();
    store
        .vault()
        .write(&place.join("logs/s.log"), SECRET.as_bytes())
        .unwrap();
    assert_eq!(places_of_the_secret(place), Vec::<PathBuf>::new());
    let again = Store::open_with(place, Some(&root)).unwrap();
    assert_eq!(again.setting("again").unwrap(), Some(json!(SECRET)));
    let looking = Store::open_read_only(place, Some(&root)).unwrap();
    assert_eq!(looking.setting("again").unwrap(), Some(json!(SECRET)));
}

#[cfg(unix)]
#[test]
fn what_a_conversion_writes_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = workspace();
    let root = RootKey::random().unwrap();
    protect(dir.path(), &root, &slots(&root)).unwrap();
    for (path, _) in all_bytes(dir.path()) {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
}

#[test]
fn there_and_back_again_and_a_new_root_key() {
    let dir = workspace();
    let place = dir.path();
    let (first, second) = (RootKey::random().unwrap(), RootKey::random().unwrap());
    protect(place, &first, &slots(&first)).unwrap();
    rotate(place, &first, &second, &slots(&second)).unwrap();
    assert_eq!(places_of_the_secret(place), Vec::<PathBuf>::new());
    assert!(matches!(
        problem(Store::open_with(place, Some(&first))),
        WorkspaceProblem::WrongKey { .. }
    ));
    holds_everything(place, Some(&second));
    unprotect(place, &second).unwrap();
    holds_everything(place, None);
    assert!(!place.join("keys.json").exists());
}

#[test]
fn keys_that_are_missing_wrong_or_not_wanted_are_told_apart() {
    let dir = workspace();
    let place = dir.path();
    let (root, other) = (RootKey::random().unwrap(), RootKey::random().unwrap());
    assert!(matches!(
        problem(Store::open_with(place, Some(&root))),
        WorkspaceProblem::NotProtected { .. }
    ));
    assert!(matches!(
        problem(unprotect(place, &root)),
        WorkspaceProblem::NotProtected { .. }
    ));
    protect(place, &root, &slots(&root)).unwrap();
    for opened in [
        Store::open_with(place, Some(&other)),
        Store::open_read_only(place, Some(&other)),
    ] {
        assert!(matches!(problem(opened), WorkspaceProblem::WrongKey { .. }));
    }
    for opened in [Store::open(place), Store::open_read_only(place, None)] {
        assert!(matches!(
            problem(opened),
            WorkspaceProblem::KeyNeeded { .. }
        ));
    }
    assert!(matches!(
        problem(unprotect(place, &other)),
        WorkspaceProblem::WrongKey { .. }
    ));
    assert!(matches!(
        problem(protect(place, &other, &slots(&other))),
        WorkspaceProblem::AlreadyProtected { .. }
    ));
    holds_everything(place, Some(&root));
}

#[test]
fn a_plain_database_beside_keys_is_not_touched() {
    let (dir, root) = (workspace(), RootKey::random().unwrap());
    let place = dir.path();
    slots(&root).write(place).unwrap();
    let before = std::fs::read(place.join(DATABASE)).unwrap();
    assert!(matches!(
        problem(Store::open_with(place, Some(&root))),
        WorkspaceProblem::MixedWorkspace { .. }
    ));
    assert_eq!(std::fs::read(place.join(DATABASE)).unwrap(), before);
}

#[test]
fn an_open_workspace_is_not_converted() {
    let (dir, root) = (workspace(), RootKey::random().unwrap());
    let open = Store::open(dir.path()).unwrap();
    assert!(matches!(
        problem(protect(dir.path(), &root, &slots(&root))),
        WorkspaceProblem::WorkspaceOpen { .. }
    ));
    drop(open);
    let looking = Store::open_read_only(dir.path(), None).unwrap();
    assert!(protect(dir.path(), &root, &slots(&root)).is_err());
    drop(looking);
    protect(dir.path(), &root, &slots(&root)).unwrap();
}

/// Stops a conversion at its `n`-th moment; `None` once it has no such moment.
fn stopped_at(n: usize, convert: impl FnOnce(Watch<'_>) -> Result<Conversion>) -> Option<Moment> {
    let mut passed = 0;
    let mut stopped = None;
    let mut watch = |moment| {
        if passed == n {
            stopped = Some(moment);
            return Err(Error::io(
                Path::new("stopped"),
                std::io::ErrorKind::Interrupted.into(),
            ));
        }
        passed += 1;
        Ok(())
    };
    let converted = convert(&mut watch);
    assert_eq!(converted.is_err(), stopped.is_some(), "{converted:?}");
    stopped
}

fn is_decided(moment: Moment) -> bool {
    matches!(
        moment,
        Moment::Decided | Moment::FileSwapped | Moment::KeysSwapped
    )
}

#[test]
fn protecting_that_is_cut_off_anywhere_leaves_the_old_or_the_new() {
    let root = RootKey::random().unwrap();
    let (mut old, mut new) = (0, 0);
    for n in 0.. {
        let dir = workspace();
        let place = dir.path();
        let Some(moment) = stopped_at(n, |watch| {
            protect_watched(place, &root, &slots(&root), watch)
        }) else {
            holds_everything(place, Some(&root));
            break;
        };
        if !is_decided(moment) {
            assert!(Store::open_read_only(place, None).is_err(), "{moment:?}");
        }
        match is_decided(moment) {
            true => {
                holds_everything(place, Some(&root));
                assert_eq!(places_of_the_secret(place), Vec::<PathBuf>::new());
                new += 1;
            }
            false => {
                holds_everything(place, None);
                assert!(!place.join("keys.json").exists());
                old += 1;
            }
        }
    }
    assert!(
        old >= 9 && new >= 9,
        "{old} before the decision, {new} after"
    );
}

#[test]
fn making_plain_that_is_cut_off_anywhere_leaves_the_old_or_the_new() {
    let root = RootKey::random().unwrap();
    for n in 0.. {
        let dir = workspace();
        let place = dir.path();
        protect(place, &root, &slots(&root)).unwrap();
        let stopped = stopped_at(n, |watch| unprotect_watched(place, &root, watch));
        match stopped {
            Some(moment) if !is_decided(moment) => {
                holds_everything(place, Some(&root));
                assert_eq!(places_of_the_secret(place), Vec::<PathBuf>::new());
            }
            _ => holds_everything(place, None),
        }
        if stopped.is_none() {
            break;
        }
    }
}

#[test]
fn half_of_a_plain_file_is_not_left_in_a_protected_workspace() {
    let (dir, root) = (workspace(), RootKey::random().unwrap());
    let place = dir.path();
    protect(place, &root, &slots(&root)).unwrap();
    stopped_at(0, |watch| unprotect_watched(place, &root, watch));
    let halves = [
        place.join(format!("logs/.r.log{NEW}.Xy12")),
        place.join(format!("{DATABASE}{NEW}-wal")),
    ];
    for half in &halves {
        std::fs::write(half, SECRET).unwrap();
    }
    holds_everything(place, Some(&root));
    assert!(!halves.iter().any(|half| half.exists()));
}

#[test]
fn a_damaged_page_and_a_damaged_file_are_noticed() {
    let (dir, root) = (workspace(), RootKey::random().unwrap());
    let place = dir.path();
    protect(place, &root, &slots(&root)).unwrap();
    let blob = place.join(FILES[0]);
    let mut bytes = std::fs::read(&blob).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&blob, &bytes).unwrap();
    let store = Store::open_with(place, Some(&root)).unwrap();
    assert!(matches!(
        problem(store.vault().read(&blob)),
        WorkspaceProblem::Damaged { .. }
    ));
    drop(store);
    let database = place.join(DATABASE);
    let mut bytes = std::fs::read(&database).unwrap();
    // Every page but the first, which holds what opening reads.
    for page in (4096..bytes.len()).step_by(4096) {
        bytes[page + 200] ^= 1;
    }
    std::fs::write(&database, &bytes).unwrap();
    let read = Store::open_with(place, Some(&root)).and_then(|store| {
        store.setting("secret")?;
        store.runs()
    });
    assert!(read.is_err());
}

#[test]
fn a_run_goes_out_in_clear_and_comes_in_encrypted() {
    let (dir, root) = (workspace(), RootKey::random().unwrap());
    let place = dir.path();
    protect(place, &root, &slots(&root)).unwrap();
    let store = Store::open_with(place, Some(&root)).unwrap();
    let out = tempfile::tempdir().unwrap();
    store.write_bundle(&"r".into(), out.path()).unwrap();
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 1);
    let bundle = Store::open(out.path()).unwrap();
    assert_eq!(bundle.runs().unwrap().len(), 1);
    assert_eq!(bundle.setting("secret").unwrap(), None);
    drop(bundle);
    assert_eq!(places_of_the_secret(out.path()), Vec::<PathBuf>::new());
    let (other_dir, other) = (tempfile::tempdir().unwrap(), RootKey::random().unwrap());
    drop(Store::open(other_dir.path()).unwrap());
    protect(other_dir.path(), &other, &slots(&other)).unwrap();
    let taking = Store::open_with(other_dir.path(), Some(&other)).unwrap();
    let taken = crate::TakenRun::<serde_json::Value, serde_json::Value> {
        id: &"r".into(),
        dataset: &"taken".into(),
        model_path: "m",
        renumber_shots: &|_, _| (),
        names_example: contract::ArtifactKind::Topic,
        renumber_artifact: &|_, _| (),
    };
    taking.take_run(out.path(), &taken).unwrap();
    assert_eq!(taking.runs().unwrap().len(), 1);
}
