//! protect, unprotect and key: encrypts a workspace, makes it plain again, and says who may open it.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use contract::SlotKind;
use contract::problem::WorkspaceProblem;
use host::clock::now_ms;
use hub::keychain;
use project::protection::{self, Conversion, Cost, KeyFile, RecoveryKey, RootKey};
use project::session::Session;

use super::{Done, workspace};
use crate::answer::{KeyStatus, ProtectOutlook, Protected, SlotShown, Unprotected};
use crate::args::{
    Global, KeyAction, KeyKeychain, KeyPassphrase, KeyRecovery, KeyRotate, Protect, Unprotect,
};
use crate::failure::Failure;
use crate::output::{Output, note};
use crate::table::Table;
use crate::unlock;

pub(super) fn protect(global: &Global, args: &Protect, output: &Output) -> Done {
    let workspace = workspace(global)?;
    if protection::slots(&workspace)?.is_some() {
        let file = workspace.display().to_string();
        return Err(unlock::problem(WorkspaceProblem::AlreadyProtected { file }));
    }
    // What is not a workspace is refused before anybody types a passphrase, and a new one is made.
    drop(Session::open(&workspace)?);
    if args.dry_run {
        return outlook(&workspace, output);
    }
    let begun = Instant::now();
    let root = RootKey::random()?;
    let ways = Ways {
        passphrase_file: global.passphrase_file.as_deref(),
        recovery_file: args.recovery_file.as_deref(),
        no_keychain: args.no_keychain,
    };
    let made = make_slots(global, &root, &ways)?;
    let done = protection::protect(&workspace, &root, &made.slots);
    let done = done.inspect_err(|_| made.take_back())?;
    let residue = "The old plain files were overwritten once. On SSDs and in snapshots that promises nothing: protect a \
                   workspace before the first import, and encrypt the disk as well.";
    output.text(format!(
        "The workspace is protected: its database and {} files are encrypted.\n{residue}\nThe files that you imported from \
         are where they were, unprotected.",
        done.files
    ));
    made.show(output);
    output.result(&protected(&made.slots, done, begun, true));
    Ok(ExitCode::SUCCESS)
}

/// What protecting would write anew.
fn outlook(workspace: &Path, output: &Output) -> Done {
    let outlook = protection::outlook(workspace)?;
    let disk_free_bytes = host::machine::disk_free_bytes(workspace);
    output.text(format!(
        "The database ({} bytes) and {} files ({} bytes) would be encrypted, which needs as much room again; {} bytes are free. \
         Nothing was changed.",
        outlook.database_bytes,
        outlook.files,
        outlook.file_bytes,
        disk_free_bytes.map_or_else(|| "an unknown number of".to_owned(), |free| free.to_string())
    ));
    output.result(&ProtectOutlook {
        dry_run: true,
        database_bytes: outlook.database_bytes,
        files: outlook.files,
        file_bytes: outlook.file_bytes,
        disk_free_bytes,
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unprotect(global: &Global, args: &Unprotect, output: &Output) -> Done {
    if !args.yes {
        return Err(Failure::usage(
            "afterwards whoever gets the folder can read it",
            "Say so with --yes.",
        ));
    }
    let workspace = workspace(global)?;
    let (root, slots) = opened(global, &workspace)?;
    let begun = Instant::now();
    let done = protection::unprotect(&workspace, &root)?;
    forget_in_keychain(&slots);
    output.text(format!(
        "The workspace is plain again: its database and {} files are readable for whoever gets the folder.",
        done.files
    ));
    output.result(&Unprotected {
        protected: false,
        database_bytes: done.database_bytes,
        files: done.files,
        file_bytes: done.file_bytes,
        seconds: begun.elapsed().as_secs_f64(),
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn key(global: &Global, action: &KeyAction, output: &Output) -> Done {
    match action {
        KeyAction::Status => status(global, output),
        KeyAction::Passphrase(args) => passphrase(global, args, output),
        KeyAction::Recovery(args) => recovery(global, args, output),
        KeyAction::Keychain(args) => of_keychain(global, args, output),
        KeyAction::Rotate(args) => rotate(global, args, output),
    }
}

fn status(global: &Global, output: &Output) -> Done {
    let slots = protection::slots(&workspace(global)?)?;
    say(slots.as_ref(), output);
    Ok(ExitCode::SUCCESS)
}

fn say(slots: Option<&KeyFile>, output: &Output) {
    let rows: Vec<SlotShown> = slots
        .map(KeyFile::slots)
        .unwrap_or_default()
        .into_iter()
        .map(|slot| SlotShown {
            kind: slot.kind,
            created_at_ms: slot.created_at_ms,
            m_kib: slot.cost.map(|cost| cost.m_kib),
            t: slot.cost.map(|cost| cost.t),
        })
        .collect();
    if slots.is_some() {
        let mut table = Table::new(&["opened by", "a try costs"]);
        for row in &rows {
            let cost = row.m_kib.map_or_else(
                || "nobody can guess it".to_owned(),
                |m_kib| format!("{} MiB of memory", m_kib / 1024),
            );
            table.row(vec![named(row.kind).to_owned(), cost]);
        }
        output.text(format!("The workspace is protected.\n{table}"));
    } else {
        output.text("The workspace is not protected: whoever gets the folder can read it.");
    }
    output.result(&KeyStatus {
        protected: slots.is_some(),
        slots: rows,
    });
}

/// A way to open a workspace, for people.
fn named(kind: SlotKind) -> &'static str {
    match kind {
        SlotKind::Passphrase => "a passphrase",
        SlotKind::Recovery => "the recovery key",
        SlotKind::Keychain => keychain::NAME,
    }
}

fn passphrase(global: &Global, args: &KeyPassphrase, output: &Output) -> Done {
    change(global, output, |root, slots| {
        if args.remove {
            return Ok(slots.remove(SlotKind::Passphrase)?);
        }
        let file = args.new_passphrase_file.as_deref();
        let Some(typed) = new_passphrase(global, file)? else {
            return Err(no_way());
        };
        Ok(slots.set_passphrase(root, &typed, Cost::USUAL, now_ms())?)
    })
}

fn recovery(global: &Global, args: &KeyRecovery, output: &Output) -> Done {
    let mut shown = None;
    let done = change(global, output, |root, slots| {
        if args.remove {
            return Ok(slots.remove(SlotKind::Recovery)?);
        }
        let Some(key) = new_recovery(global, args.recovery_file.as_deref())? else {
            return Err(Failure::usage(
                "the recovery key can be shown nowhere",
                "Name a new file for it: --recovery-file FILE.",
            ));
        };
        slots.set_recovery(root, &key, now_ms())?;
        shown = Some(key);
        Ok(())
    })?;
    if args.recovery_file.is_none()
        && let Some(key) = &shown
    {
        show(key);
    }
    Ok(done)
}

fn of_keychain(global: &Global, args: &KeyKeychain, output: &Output) -> Done {
    change(global, output, |root, slots| {
        if args.remove {
            let had = slots.clone();
            slots.remove(SlotKind::Keychain)?;
            forget_in_keychain(&had);
            return Ok(());
        }
        let kept = slots.set_keychain(root, now_ms())?;
        keychain::store(&slots.account(), kept.to_string()).map_err(Failure::Keychain)
    })
}

/// Changes the slots of a workspace that was opened; nothing that is encrypted changes.
fn change(
    global: &Global,
    output: &Output,
    edit: impl FnOnce(&RootKey, &mut KeyFile) -> Result<(), Failure>,
) -> Done {
    let workspace = workspace(global)?;
    let (root, mut slots) = opened(global, &workspace)?;
    edit(&root, &mut slots)?;
    slots.write(&workspace)?;
    say(Some(&slots), output);
    Ok(ExitCode::SUCCESS)
}

fn rotate(global: &Global, args: &KeyRotate, output: &Output) -> Done {
    let workspace = workspace(global)?;
    let (old, before) = opened(global, &workspace)?;
    let begun = Instant::now();
    let root = RootKey::random()?;
    let ways = Ways {
        passphrase_file: args.new_passphrase_file.as_deref(),
        recovery_file: args.recovery_file.as_deref(),
        no_keychain: args.no_keychain || !before.has(SlotKind::Keychain),
    };
    let made = make_slots(global, &root, &ways)?;
    let done = protection::rotate(&workspace, &old, &root, &made.slots);
    let done = done.inspect_err(|_| made.take_back())?;
    forget_in_keychain(&before);
    output.text(format!(
        "Everything is encrypted under a new root key: the database and {} files. Older backups open with the keys of their \
         day.",
        done.files
    ));
    made.show(output);
    output.result(&protected(&made.slots, done, begun, false));
    Ok(ExitCode::SUCCESS)
}

fn protected(slots: &KeyFile, done: Conversion, begun: Instant, residue: bool) -> Protected {
    Protected {
        protected: true,
        slots: slots.slots().into_iter().map(|slot| slot.kind).collect(),
        database_bytes: done.database_bytes,
        files: done.files,
        file_bytes: done.file_bytes,
        seconds: begun.elapsed().as_secs_f64(),
        residue,
    }
}

/// The key and the slots of a protected workspace, once the key has proved itself.
fn opened(global: &Global, workspace: &Path) -> Result<(RootKey, KeyFile), Failure> {
    let key = unlock::key(global, workspace)?;
    let (Some(key), Some(slots)) = (key, protection::slots(workspace)?) else {
        let file = workspace.display().to_string();
        return Err(unlock::problem(WorkspaceProblem::NotProtected { file }));
    };
    drop(Session::open_with(workspace, Some(&key))?);
    Ok((key, slots))
}

/// Which ways to open a workspace are asked for.
struct Ways<'a> {
    passphrase_file: Option<&'a Path>,
    recovery_file: Option<&'a Path>,
    no_keychain: bool,
}

/// The slots of a new root key.
struct Made {
    slots: KeyFile,
    /// A recovery key that is to be shown here.
    shown: Option<RecoveryKey>,
    /// The file that holds it.
    file: Option<PathBuf>,
}

impl Made {
    /// Undoes what was written outside the workspace, for a workspace that stays as it was.
    fn take_back(&self) {
        forget_in_keychain(&self.slots);
        if let Some(file) = &self.file {
            let _gone = std::fs::remove_file(file);
        }
    }

    fn show(&self, output: &Output) {
        if let Some(key) = &self.shown {
            show(key);
        }
        if let Some(file) = &self.file {
            output.text(format!(
                "The recovery key is in {}. Keep it away from this computer.",
                file.display()
            ));
        }
    }
}

fn show(key: &RecoveryKey) {
    note(&format!(
        "Recovery key, shown this once; write it down and keep it away from this computer:\n\n    {}\n",
        &*key.shown()
    ));
}

fn make_slots(global: &Global, root: &RootKey, ways: &Ways<'_>) -> Result<Made, Failure> {
    let mut slots = KeyFile::new(now_ms())?;
    if let Some(typed) = new_passphrase(global, ways.passphrase_file)? {
        slots.set_passphrase(root, &typed, Cost::USUAL, now_ms())?;
    }
    let recovery = new_recovery(global, ways.recovery_file)?;
    if let Some(key) = &recovery {
        slots.set_recovery(root, key, now_ms())?;
    }
    if slots.slots().is_empty() {
        return Err(no_way());
    }
    let file = recovery.as_ref().and(ways.recovery_file);
    let made = Made {
        shown: recovery.filter(|_| file.is_none()),
        file: file.map(Path::to_path_buf),
        slots,
    };
    match ways.no_keychain {
        true => Ok(made),
        false => with_keychain(made, root),
    }
}

/// Adds the keychain; without one the workspace has its other ways.
fn with_keychain(made: Made, root: &RootKey) -> Result<Made, Failure> {
    let mut slots = made.slots.clone();
    let kept = slots.set_keychain(root, now_ms())?;
    match keychain::store(&slots.account(), kept.to_string()) {
        Ok(()) => Ok(Made { slots, ..made }),
        Err(reason) => {
            note(&format!(
                "{} cannot open the workspace: {reason}.",
                keychain::NAME
            ));
            Ok(made)
        }
    }
}

/// What is removed from a keychain may be gone already, and the keychain with it.
fn forget_in_keychain(slots: &KeyFile) {
    if slots.has(SlotKind::Keychain) {
        let _gone = keychain::forget(&slots.account());
    }
}

/// A passphrase from a file, or typed twice; `None` if nobody can be asked or nothing was typed.
fn new_passphrase(global: &Global, file: Option<&Path>) -> Result<Option<unlock::Secret>, Failure> {
    if let Some(file) = file {
        return unlock::passphrase_of(file).map(Some);
    }
    if !unlock::may_prompt(global) {
        return Ok(None);
    }
    let typed = unlock::prompt("New passphrase, at least 8 characters; nothing for none:")?;
    if typed.is_empty() {
        return Ok(None);
    }
    if *unlock::prompt("The same again:")? != *typed {
        return Err(Failure::usage(
            "the two passphrases differ",
            "Type the same one twice; nothing was changed.",
        ));
    }
    Ok(Some(typed))
}

/// A recovery key, written to a new file or to be shown on a terminal; `None` where neither is possible.
fn new_recovery(global: &Global, file: Option<&Path>) -> Result<Option<RecoveryKey>, Failure> {
    let key = RecoveryKey::random()?;
    if let Some(file) = file {
        write_recovery(file, &key)?;
        return Ok(Some(key));
    }
    let is_seen = !global.json && std::io::stderr().is_terminal();
    Ok(is_seen.then_some(key))
}

fn write_recovery(file: &Path, key: &RecoveryKey) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::file(
            file,
            None,
            error,
            "Name a file that does not exist yet, in a folder that you may write to.",
        )
    };
    if file.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    host::private::create_file(file).map_err(failed)?;
    std::fs::write(file, format!("{}\n", &*key.shown())).map_err(failed)
}

fn no_way() -> Failure {
    Failure::usage(
        "nothing would open the workspace again",
        "Give a passphrase (--passphrase-file FILE, or at the prompt) or a file for a recovery key (--recovery-file FILE).",
    )
}
