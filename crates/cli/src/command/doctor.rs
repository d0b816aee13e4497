//! doctor: what this machine offers, and how often it connected to another machine.

use std::path::Path;
use std::process::ExitCode;

use contract::Devices;
use host::machine;
use lm::device::{self, Card};
use project::session::Session;

use super::{Done, workspace};
use crate::answer;
use crate::args::Global;
use crate::failure::Failure;
use crate::output::Output;
use crate::unlock;

pub(super) fn doctor(global: &Global, output: &Output) -> Done {
    device::select(global.device)?;
    let folder = workspace(global)?;
    let cpu = machine::cpu_name().unwrap_or_else(|| "unknown".to_owned());
    let (simd, disk_free_bytes) = (machine::simd(), machine::disk_free_bytes(&folder));
    let (memory_bytes, memory_free_bytes) = machine::memory()
        .map(|memory| (memory.total_bytes, memory.free_bytes))
        .unzip();
    // A workspace that cannot be read is a finding; the machine is still described.
    let (found, problem) = match network(global, &folder) {
        Ok(found) => (Some(found), None),
        Err(failure) => (None, Some(failure.report().message)),
    };
    let (connections, network_locked) = found.unzip();
    let gigabytes = |bytes: Option<u64>| {
        bytes.map_or("unknown".into(), |b| format!("{:.1} GB", b as f64 / 1e9))
    };
    let (cards, missing) = match device::cards() {
        Ok(cards) if cards.is_empty() => (cards, Some("the driver finds no card".to_string())),
        Ok(cards) => (cards, None),
        Err(missing) => (Vec::new(), Some(missing)),
    };
    let missing_lock = super::network::reason(&global.network);
    output.text(format!(
        "duologue {}\nProcessor: {cpu}, {} threads, {simd}\nMemory: {}, {} free\n\
         Devices: cpu{}\nWorkspace: {}, {} free\nConnections opened: {}\nNetwork: {}",
        env!("CARGO_PKG_VERSION"),
        machine::cores(),
        gigabytes(memory_bytes),
        gigabytes(memory_free_bytes),
        described(&cards, missing.as_deref()),
        folder.display(),
        gigabytes(disk_free_bytes),
        match (connections, &problem) {
            (Some(count), _) => count.to_string(),
            (None, problem) => format!("unknown; {}", problem.as_deref().unwrap_or_default()),
        },
        described_lock(network_locked, missing_lock.as_deref()),
    ));
    output.result(&answer::Doctor {
        version: env!("CARGO_PKG_VERSION"),
        cpu,
        simd,
        threads: global.threads(),
        devices: devices(&cards),
        found: Devices {
            cards: cards.into_iter().map(card).collect(),
            no_card: missing,
        },
        memory_bytes,
        memory_free_bytes,
        disk_free_bytes,
        connections,
        network_locked,
        kernel_lock: missing_lock.is_none(),
        workspace_problem: problem,
    });
    Ok(ExitCode::SUCCESS)
}

/// What `--device` can name.
fn devices(cards: &[Card]) -> Vec<String> {
    std::iter::once("cpu".to_owned())
        .chain(cards.iter().map(|card| card.spec.clone()))
        .collect()
}

fn card(card: Card) -> contract::Card {
    let (major, minor) = card.compute_capability;
    contract::Card {
        device: card.spec,
        name: card.name,
        compute_capability: format!("{major}.{minor}"),
        memory_bytes: card.memory_bytes,
        memory_free_bytes: card.memory_free_bytes,
    }
}

/// The cards, or why the processor alone computes and what would change that.
fn described(cards: &[Card], missing: Option<&str>) -> String {
    if let Some(missing) = missing {
        return format!("\n  No card: {missing}. The processor computes.");
    }
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    let line = |card: &Card| {
        let (memory, free) = (
            gigabytes(card.memory_bytes),
            gigabytes(card.memory_free_bytes),
        );
        format!(
            "\n  {}: {}, {memory:.1} GB, {free:.1} GB free",
            card.spec, card.name
        )
    };
    cards.iter().map(line).collect()
}

/// What keeps connections from being opened.
fn described_lock(locked: Option<bool>, missing: Option<&str>) -> String {
    let ours = match locked {
        Some(true) => "locked",
        Some(false) => "open to `models add` alone",
        None => "unknown",
    };
    match missing {
        None => format!("{ours}; the system forbids it to every other command"),
        Some(reason) => format!("{ours}; the system adds nothing: {reason}"),
    }
}

/// Connections that were ever opened for the workspace, and whether its network is locked; one that does not exist yet
/// has had none.
fn network(global: &Global, folder: &Path) -> Result<(usize, bool), Failure> {
    if !folder.join(project::rows::DATABASE).exists() {
        return Ok((0, false));
    }
    // Describing a machine must not prompt for a passphrase.
    let is_given = global.key_stdin || global.passphrase_file.is_some();
    let key = is_given.then(|| unlock::key(global, folder)).transpose()?;
    let session = Session::open_with(folder, key.flatten().as_ref())?;
    let network = session.network()?;
    Ok((network.connections(), network.locked))
}
