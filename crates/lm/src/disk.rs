//! Reads and writes small files in one piece: JSON, and tensors as safetensors. Every module that keeps files uses it.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::Value;

use crate::error::{Error, Result};

/// Reads a JSON file; an error names the file.
pub(crate) fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    serde_json::from_slice(&text)
        .map_err(|e| Error::config(path, "JSON", format!("cannot be read: {e}")))
}

/// Writes `bytes` to `path` completely or not at all.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    host::file::write(path, bytes).map_err(|source| Error::Io {
        path: path.to_path_buf(),
        source,
    })
}

/// The bytes of a safetensors file with these tensors (copied to the CPU) and metadata.
pub(crate) fn serialize_tensors(
    tensors: Vec<(String, Tensor)>,
    metadata: HashMap<String, String>,
    path: &Path,
) -> Result<Vec<u8>> {
    let on_cpu = tensors
        .into_iter()
        .map(|(name, tensor)| Ok((name, tensor.to_device(&Device::Cpu)?.contiguous()?)))
        .collect::<Result<Vec<_>>>()?;
    safetensors::tensor::serialize(on_cpu, Some(metadata))
        .map_err(|e| Error::adapter(path, format!("cannot be written: {e}")))
}
