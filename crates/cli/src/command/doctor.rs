//! doctor: what this machine offers, and how often it was connected to another.

use std::path::Path;
use std::process::ExitCode;

use mrds::lm::device;
use mrds::session::Session;
use serde_json::json;

use super::{Done, workspace};
use crate::args::Global;
use crate::failure::Failure;
use crate::machine::{cores, cpu_name, disk_free_bytes, memory_bytes, simd};
use crate::output::Output;

pub(super) fn doctor(global: &Global, output: &Output) -> Done {
    device::select(&global.device)?;
    let folder = workspace(global)?;
    let (cpu, simd, disk_free_bytes) = (cpu_name(), simd(), disk_free_bytes(&folder));
    let (memory_bytes, memory_free_bytes) = memory_bytes().unzip();
    let connections = connections(&folder)?;
    let gigabytes =
        |bytes: Option<u64>| bytes.map_or("unknown".into(), |b| format!("{:.1} GB", b as f64 / 1e9));
    output.text(format!(
        "duologue {}\nProcessor: {cpu}, {} threads, {simd}\nMemory: {}, {} free\n\
         Devices: cpu (this build computes on the processor)\nWorkspace: {}, {} free\nConnections opened: {connections}",
        env!("CARGO_PKG_VERSION"),
        cores(),
        gigabytes(memory_bytes),
        gigabytes(memory_free_bytes),
        folder.display(),
        gigabytes(disk_free_bytes),
    ));
    output.result(
        &json!({"version": env!("CARGO_PKG_VERSION"), "cpu": cpu, "simd": simd, "threads": global.threads(),
        "devices": ["cpu"], "memory_bytes": memory_bytes, "memory_free_bytes": memory_free_bytes,
        "disk_free_bytes": disk_free_bytes, "connections": connections}),
    );
    Ok(ExitCode::SUCCESS)
}

/// Connections that were ever opened for the workspace; one that does not exist yet has had none.
fn connections(folder: &Path) -> Result<usize, Failure> {
    if !folder.join(mrds::store::DATABASE).exists() {
        return Ok(0);
    }
    Ok(Session::open(folder)?.connections()?.len())
}
