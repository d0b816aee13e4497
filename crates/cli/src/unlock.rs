//! The key of a protected workspace: from standard input, a file, the system's keychain or a prompt, in this order.
//!
//! It is never an argument and never an environment variable: both can be read by others and are handed to every process
//! that is started. A process that this one starts gets it on standard input.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::Child;

use console::Term;
use contract::problem::WorkspaceProblem;
use contract::{Problem, SlotKind};
use hub::keychain;
use project::protection::{self, KeyFile, RootKey};

use crate::args::Global;
use crate::failure::Failure;
use crate::output::note;

/// The option by which a process gets the key of its workspace.
pub(crate) const KEY_STDIN: &str = "--key-stdin";

/// A text that is not kept longer than needed.
pub(crate) type Secret = zeroize::Zeroizing<String>;

/// The key of a workspace; `None` if it is not protected. It is asked for once.
pub(crate) fn key(global: &Global, workspace: &Path) -> Result<Option<RootKey>, Failure> {
    if let Some(known) = global.unlocked.get() {
        return Ok(known.clone());
    }
    let found = find(global, workspace)?;
    if found.is_some() {
        host::process::keep_memory_private();
    }
    Ok(global.unlocked.get_or_init(|| found).clone())
}

fn find(global: &Global, workspace: &Path) -> Result<Option<RootKey>, Failure> {
    let file = || workspace.display().to_string();
    let slots = protection::slots(workspace)?;
    if global.key_stdin {
        let line = line_of(&mut std::io::stdin().lock())?;
        if slots.is_none() {
            return Err(problem(WorkspaceProblem::NotProtected { file: file() }));
        }
        let key = RootKey::from_hex(&line);
        let key = key.ok_or_else(|| problem(WorkspaceProblem::WrongKey { file: file() }))?;
        return Ok(Some(key));
    }
    let Some(slots) = slots else { return Ok(None) };
    if let Some(path) = &global.passphrase_file {
        let text = passphrase_of(path)?;
        return Ok(Some(protection::unlock(workspace, &slots, &text)?));
    }
    if let Some(key) = of_keychain(workspace, &slots) {
        return Ok(Some(key));
    }
    if !may_prompt(global) {
        return Err(problem(WorkspaceProblem::KeyNeeded { file: file() }));
    }
    let text = prompt(&format!(
        "Passphrase or recovery key of {}:",
        workspace.display()
    ))?;
    Ok(Some(protection::unlock(workspace, &slots, &text)?))
}

/// Whether somebody is there to be asked.
pub(crate) fn may_prompt(global: &Global) -> bool {
    !global.json && std::io::stdin().is_terminal()
}

/// Asks without showing what is typed.
pub(crate) fn prompt(question: &str) -> Result<Secret, Failure> {
    note(question);
    let typed = Term::stderr().read_secure_line();
    typed.map(Secret::new).map_err(|error| {
        Failure::usage(
            format!("the passphrase could not be read: {error}"),
            "Give it in a file: --passphrase-file FILE.",
        )
    })
}

/// The passphrase in the first line of a file; `-` is standard input.
pub(crate) fn passphrase_of(path: &Path) -> Result<Secret, Failure> {
    if path == Path::new("-") {
        return line_of(&mut std::io::stdin().lock());
    }
    let file = std::fs::File::open(path).map_err(|error| {
        Failure::file(
            path,
            None,
            error,
            "Name a file whose first line is the passphrase.",
        )
    })?;
    line_of(&mut std::io::BufReader::new(file))
}

/// The first line, and not a byte of the second: what follows on standard input is for another reader.
fn line_of(from: &mut impl BufRead) -> Result<Secret, Failure> {
    let mut line = Secret::new(String::new());
    from.read_line(&mut line).map_err(|error| {
        Failure::usage(
            format!("the key could not be read: {error}"),
            "Give one line of UTF-8 text.",
        )
    })?;
    let kept = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(kept);
    Ok(line)
}

/// What the keychain opens. If a keychain is locked, does not answer or lost the key, another way is tried.
fn of_keychain(workspace: &Path, slots: &KeyFile) -> Option<RootKey> {
    if !slots.has(SlotKind::Keychain) {
        return None;
    }
    let kept = match keychain::token(&slots.account()) {
        Ok(kept) => kept.map(Secret::new),
        Err(reason) => {
            note(&format!(
                "{} does not open the workspace: {reason}.",
                keychain::NAME
            ));
            None
        }
    };
    slots.open_with_keychain(workspace, &kept?).ok()
}

/// Hands a key to a process that was started with [`KEY_STDIN`] and a pipe, and closes its standard input.
pub(crate) fn hand_over(key: &RootKey, child: &mut Child) {
    if let Some(mut stdin) = child.stdin.take() {
        // A process that has ended says why by itself.
        let _ended = writeln!(stdin, "{}", &*key.to_hex());
    }
}

/// A problem with the workspace's keys as a command fails with it.
pub(crate) fn problem(problem: WorkspaceProblem) -> Failure {
    Problem::from(problem).into()
}
