//! Checkpoint weights: one safetensors file or several, memory-mapped, checked before use.
//!
//! Weights are read from safetensors only: pickled formats run code when they are opened. Headers are parsed
//! by the `safetensors` crate; numbers of 32, bfloat 16 or float 16 bits are widened to f32.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use half::{bf16, f16};
use memmap2::Mmap;
use rayon::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::error::{Error, Result};
use crate::model::config::read_json;

/// Largest header that is believed, in bytes (the format's own limit).
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// The weight files of one folder, opened.
#[derive(Debug)]
pub struct Weights {
    files: Vec<(PathBuf, Mmap)>,
    /// Tensor name → index into `files`.
    routing: HashMap<String, usize>,
}

impl Weights {
    /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Truncated`] or [`Error::Weights`] naming the file.
    pub fn open(dir: &Path) -> Result<Self> {
        let mut weights = Self { files: Vec::new(), routing: HashMap::new() };
        for path in weight_files(dir)? {
            let map = map_file(&path)?;
            let view = parse(&path, &map)?;
            let index = weights.files.len();
            weights.routing.extend(view.names().into_iter().map(|name| (name.to_string(), index)));
            weights.files.push((path, map));
        }
        Ok(weights)
    }

    /// Opens a single safetensors file.
    pub fn open_file(path: &Path) -> Result<Self> {
        let map = map_file(path)?;
        let names: Vec<String> = parse(path, &map)?.names().into_iter().map(str::to_string).collect();
        let routing = names.into_iter().map(|name| (name, 0)).collect();
        Ok(Self { files: vec![(path.to_path_buf(), map)], routing })
    }

    /// Names of all tensors, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.routing.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Whether there is a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.routing.contains_key(name)
    }

    /// Checks that a tensor is there, has the shape and a readable number type, without reading it.
    ///
    /// # Errors
    /// [`Error::Weights`] naming file and tensor.
    pub fn check(&self, name: &str, shape: &[usize]) -> Result<()> {
        self.view(name, shape).map(|_| ())
    }

    /// Shape of a tensor, `None` where there is none of that name.
    pub fn shape(&self, name: &str) -> Result<Option<Vec<usize>>> {
        let Some((path, map)) = self.routing.get(name).map(|i| &self.files[*i]) else { return Ok(None) };
        let view = parse(path, map)?;
        Ok(view.tensor(name).ok().map(|tensor| tensor.shape().to_vec()))
    }

    /// Reads a tensor of the given shape as f32.
    ///
    /// # Errors
    /// [`Error::Weights`] naming file and tensor where it is missing or has another shape or type.
    pub fn tensor(&self, name: &str, shape: &[usize], device: &Device) -> Result<Tensor> {
        let (path, view) = self.view(name, shape)?;
        let data = view.data();
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => widen::<4>(data, f32::from_le_bytes),
            Dtype::BF16 => widen::<2>(data, |b| bf16::from_le_bytes(b).to_f32()),
            Dtype::F16 => widen::<2>(data, |b| f16::from_le_bytes(b).to_f32()),
            other => return Err(unreadable_type(path, name, other)),
        };
        Ok(Tensor::from_vec(values, shape, device)?)
    }

    fn view(&self, name: &str, shape: &[usize]) -> Result<(&Path, TensorView<'_>)> {
        let Some(index) = self.routing.get(name) else {
            let path = self.files.first().map_or_else(PathBuf::new, |(path, _)| path.clone());
            return Err(Error::weights(&path, format!("tensor `{name}` is missing")));
        };
        let (path, map) = &self.files[*index];
        let view = parse(path, map)?
            .tensor(name)
            .map_err(|e| Error::weights(path, format!("tensor `{name}`: {e}")))?;
        if view.shape() != shape {
            let reason =
                format!("tensor `{name}` has shape {:?}, the configuration asks for {shape:?}", view.shape());
            return Err(Error::weights(path, reason));
        }
        if !matches!(view.dtype(), Dtype::F32 | Dtype::BF16 | Dtype::F16) {
            return Err(unreadable_type(path, name, view.dtype()));
        }
        Ok((path, view))
    }
}

/// The weight files of a model folder, in a fixed order.
///
/// # Errors
/// [`Error::MissingFile`] where there are none, [`Error::Config`] where the index is broken.
pub fn weight_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let single = dir.join("model.safetensors");
    if single.is_file() {
        return Ok(vec![single]);
    }
    let index = dir.join("model.safetensors.index.json");
    if !index.is_file() {
        return Err(Error::MissingFile { path: single });
    }
    let json = read_json(&index)?;
    let map = json["weight_map"].as_object().filter(|map| !map.is_empty());
    let map = map.ok_or_else(|| Error::config(&index, "weight_map", "is missing or empty"))?;
    let mut names = Vec::new();
    for value in map.values() {
        let name = value.as_str().filter(|name| Path::new(name).components().count() == 1 && *name != "..");
        names.push(name.ok_or_else(|| Error::config(&index, "weight_map", "names no plain file"))?);
    }
    names.sort_unstable();
    names.dedup();
    let files: Vec<PathBuf> = names.into_iter().map(|name| dir.join(name)).collect();
    match files.iter().find(|file| !file.is_file()) {
        Some(missing) => Err(Error::MissingFile { path: missing.clone() }),
        None => Ok(files),
    }
}

fn unreadable_type(path: &Path, name: &str, found: Dtype) -> Error {
    Error::weights(path, format!("tensor `{name}` is stored as {found:?}; f32, bf16 and f16 can be read"))
}

fn widen<const BYTES: usize>(data: &[u8], convert: impl Fn([u8; BYTES]) -> f32 + Sync) -> Vec<f32> {
    let (numbers, _) = data.as_chunks::<BYTES>();
    numbers.par_iter().with_min_len(1 << 14).map(|bytes| convert(*bytes)).collect()
}

fn map_file(path: &Path) -> Result<Mmap> {
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    let found_bytes = file.metadata().map_err(|e| Error::io(path, e))?.len();
    if found_bytes < 8 {
        return Err(Error::Truncated { path: path.to_path_buf(), found_bytes, expected_bytes: 8 });
    }
    #[expect(
        unsafe_code,
        reason = "a map is only sound while nobody shortens the file; models are read-only"
    )]
    let map = unsafe { Mmap::map(&file) }.map_err(|e| Error::io(path, e))?;
    check_length(path, &map)?;
    Ok(map)
}

/// Tells a file cut short from one with a broken header: the remedy differs.
fn check_length(path: &Path, map: &Mmap) -> Result<()> {
    let found_bytes = map.len() as u64;
    let (head, rest) = map.split_at(8);
    let header_bytes = u64::from_le_bytes(head.try_into().unwrap_or_default());
    if header_bytes > MAX_HEADER_BYTES {
        return Err(Error::weights(
            path,
            "this is not a safetensors file (its header length is implausible)",
        ));
    }
    let truncated =
        |expected_bytes| Err(Error::Truncated { path: path.to_path_buf(), found_bytes, expected_bytes });
    if (rest.len() as u64) < header_bytes {
        return truncated(8 + header_bytes);
    }
    let header = serde_json::from_slice::<serde_json::Value>(&rest[..header_bytes as usize])
        .map_err(|e| Error::weights(path, format!("the header is not valid JSON: {e}")))?;
    let ends = header.as_object().into_iter().flatten().filter_map(|(_, t)| t["data_offsets"][1].as_u64());
    let data_bytes = ends.max().unwrap_or(0);
    match (rest.len() as u64 - header_bytes) < data_bytes {
        true => truncated(8 + header_bytes + data_bytes),
        false => Ok(()),
    }
}

fn parse<'a>(path: &Path, map: &'a Mmap) -> Result<SafeTensors<'a>> {
    SafeTensors::deserialize(map).map_err(|e| Error::weights(path, format!("the header is invalid: {e}")))
}
