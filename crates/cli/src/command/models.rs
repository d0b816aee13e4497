//! models, doctor: what is on this computer.

use std::process::ExitCode;

use mrds::lm::LanguageModel;
use mrds::lm::device;
use serde_json::json;

use super::work::model_folder;
use super::{Done, session, workspace};
use crate::args::{Global, ModelAction};
use crate::output::Output;
use crate::process::cores;
use crate::table::Table;

pub(super) fn models(global: &Global, action: &ModelAction, output: &Output) -> Done {
    let session = session(global)?;
    match action {
        ModelAction::List => {
            let models = session.models()?;
            let mut table = Table::new(&["model", "parameters", "bytes", "folder"]);
            for m in &models {
                table.row(vec![
                    m.name.clone(),
                    m.parameters.to_string(),
                    m.bytes.to_string(),
                    m.path.clone(),
                ]);
            }
            output.text(if models.is_empty() {
                "No model used yet; a run remembers its model.".into()
            } else {
                table.to_string()
            });
            output.result(&json!({"models": models}));
        }
        ModelAction::Verify { model } => {
            let folder = model_folder(&session, model)?;
            let loaded = LanguageModel::load(&folder, &device::select(&global.device)?)?;
            // Stored paths are absolute.
            let path = folder.canonicalize().unwrap_or(folder).display().to_string();
            let known =
                session.models()?.into_iter().find(|m| m.id == *model || m.name == *model || m.path == path);
            let ok = known.map(|known| known.id == loaded.sha256);
            output.text(match ok {
                Some(true) => "The model loads, and its files are those of its first use.",
                Some(false) => "The files have CHANGED since the model's first use.",
                None => "The model loads. It was not used in this workspace, so there is nothing to compare it with.",
            });
            output.result(
                &json!({"id": loaded.sha256, "path": path, "parameters": loaded.parameters, "sha256_ok": ok}),
            );
            return Ok(ExitCode::from(u8::from(ok == Some(false))));
        }
        ModelAction::Remove { id } => {
            session.remove_model(id)?;
            output.text("Forgotten; the files stay where they are.");
            output.result(&json!({"id": id}));
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn doctor(global: &Global, output: &Output) -> Done {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpu
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map_or("unknown", |l| l.trim_matches([' ', '\t', ':']));
    let simd = simd();
    device::select(&global.device)?;
    let folder = workspace(global)?;
    let disk_free_bytes = disk_free_bytes(&folder);
    output.text(format!(
        "duologue {}\nProcessor: {name}, {} threads, {simd}\nDevices: cpu (this build computes on the processor)\nWorkspace: {}{}\nConnections opened: 0",
        env!("CARGO_PKG_VERSION"),
        cores(),
        folder.display(),
        disk_free_bytes.map_or(String::new(), |bytes| format!(", {:.1} GB free", bytes as f64 / 1e9)),
    ));
    output.result(
        &json!({"version": env!("CARGO_PKG_VERSION"), "cpu": name, "simd": simd, "threads": global.threads(),
        "devices": ["cpu"], "disk_free_bytes": disk_free_bytes, "connections": 0}),
    );
    Ok(ExitCode::SUCCESS)
}

#[cfg(target_arch = "x86_64")]
fn simd() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        "avx512"
    } else if std::arch::is_x86_feature_detected!("avx2") {
        "avx2"
    } else {
        "sse2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn simd() -> &'static str {
    std::env::consts::ARCH
}

/// Free bytes where the workspace is, or will be; none where the system does not tell.
#[cfg(unix)]
fn disk_free_bytes(folder: &std::path::Path) -> Option<u64> {
    let existing = folder.ancestors().find(|part| part.exists())?;
    let found = nix::sys::statvfs::statvfs(existing).ok()?;
    Some(found.blocks_available() as u64 * found.fragment_size() as u64)
}

#[cfg(not(unix))]
fn disk_free_bytes(_folder: &std::path::Path) -> Option<u64> {
    None
}
