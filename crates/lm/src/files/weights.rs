//! Checkpoint weights: safetensors files or one GGUF file, memory-mapped, checked before use.
//!
//! Weights are read from safetensors and GGUF only: pickled formats run code when they are opened. Headers are read
//! once. f32 matrices, and half-precision ones of a small model, are rearranged into the form the decoder multiplies
//! by, and their pages of the file are released; others stay in the mapped file. So the peak while loading is the size
//! of the model plus one tensor.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::quantized::GgmlDType;
use candle_core::{DType, Device, Tensor};
use memmap2::Mmap;
use rayon::prelude::*;
use safetensors::{Dtype, SafeTensors};

use crate::device::Place;
use crate::disk::read_json;
use crate::error::{Error, Result};
use crate::model::packed::{Bytes, Packed, Quantize, block_type, decode, row_bytes};
use crate::model::{Panels, Weight};

/// Half-precision weights up to this size are widened to f32 while they load, which saves widening them in every
/// product. Larger ones stay as they are stored, at half the memory.
pub(crate) const WIDENED_BYTES: usize = 512 << 20;

/// Largest header that is accepted, in bytes (the format's own limit).
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// The weights of one model, opened.
#[derive(Debug)]
pub struct Weights {
    /// The first file, named where a tensor is missing.
    path: PathBuf,
    tensors: BTreeMap<String, Stored>,
    /// Whether half-precision matrices become f32.
    widened: bool,
}

/// One tensor at its place in a file.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) path: Arc<Path>,
    pub(crate) bytes: Bytes,
    /// The number type, or the name of one that cannot be read.
    pub(crate) dtype: std::result::Result<GgmlDType, String>,
    pub(crate) shape: Vec<usize>,
    /// Rows of a head, if the two halves of each head are interleaved, as llama.cpp stores q and k of Llama.
    pub(crate) interleaved: Option<usize>,
    /// What the file adds to every value of a checkpoint, as llama.cpp adds 1 to the norms of Gemma.
    pub(crate) offset: f32,
}

impl Weights {
    /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Truncated`] or [`Error::Weights`] naming the file.
    pub fn open(dir: &Path) -> Result<Self> {
        let mut tensors = BTreeMap::new();
        let files = weight_files(dir)?;
        for path in &files {
            read_header(path, &mut tensors)?;
        }
        Ok(Self::new(
            files
                .into_iter()
                .next()
                .unwrap_or_else(|| dir.to_path_buf()),
            tensors,
        ))
    }

    /// Opens a single safetensors file.
    pub fn open_file(path: &Path) -> Result<Self> {
        let mut tensors = BTreeMap::new();
        read_header(path, &mut tensors)?;
        Ok(Self::new(path.to_path_buf(), tensors))
    }

    /// Tensors of one or several files; `path` is named where one is missing.
    pub(crate) fn new(path: PathBuf, tensors: BTreeMap<String, Stored>) -> Self {
        let half = |stored: &&Stored| matches!(stored.dtype, Ok(GgmlDType::F16 | GgmlDType::BF16));
        let half_bytes: usize = tensors
            .values()
            .filter(half)
            .map(|stored| stored.bytes.as_slice().len())
            .sum();
        Self {
            path,
            tensors,
            widened: half_bytes <= WIDENED_BYTES,
        }
    }

    /// Names of all tensors, sorted.
    pub fn names(&self) -> Vec<&str> {
        self.tensors.keys().map(String::as_str).collect()
    }

    /// Whether there is a tensor of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Whether both tensors are there and do not hold the same numbers.
    pub(crate) fn differ(&self, a: &str, b: &str) -> bool {
        let (Some(a), Some(b)) = (self.tensors.get(a), self.tensors.get(b)) else {
            return false;
        };
        if a.shape != b.shape {
            return true;
        }
        match (&a.dtype, &b.dtype) {
            (Ok(x), Ok(y)) if x != y => {
                let columns = a
                    .shape
                    .get(1..)
                    .map_or(1, |columns| columns.iter().product());
                (0..a.shape.first().copied().unwrap_or(1)).any(|row| {
                    let values =
                        |stored: &Stored, dtype| stored.widen(dtype, columns, row..row + 1);
                    !matches!((values(a, *x), values(b, *y)), (Ok(x), Ok(y)) if x == y)
                })
            }
            _ => {
                let differ = a.bytes.as_slice() != b.bytes.as_slice();
                a.bytes.release();
                b.bytes.release();
                differ
            }
        }
    }

    /// Number type and shape of a tensor.
    ///
    /// # Errors
    /// [`Error::Weights`] where it is missing or cannot be read.
    pub(crate) fn stored_as(&self, name: &str) -> Result<(GgmlDType, &[usize])> {
        let shape = self
            .tensors
            .get(name)
            .map_or(&[][..], |stored| &stored.shape);
        self.stored(name, shape)
            .map(|(stored, dtype)| (dtype, stored.shape.as_slice()))
    }

    /// Rows of a tensor as f32, in the checkpoint's order; a vector counts as one column.
    ///
    /// # Errors
    /// [`Error::Weights`] where it is missing or cannot be read.
    pub(crate) fn rows(&self, name: &str, range: Range<usize>) -> Result<Vec<f32>> {
        let (dtype, shape) = self.stored_as(name)?;
        let columns = shape.get(1..).map_or(1, |columns| columns.iter().product());
        self.stored(name, shape)?.0.widen(dtype, columns, range)
    }

    /// Checks, without reading it, that a tensor exists and has this shape and a readable number type.
    ///
    /// # Errors
    /// [`Error::Weights`] naming file and tensor.
    pub fn check(&self, name: &str, shape: &[usize]) -> Result<()> {
        self.stored(name, shape).map(|_| ())
    }

    /// Reads a tensor of the given shape, into the number type of its place.
    ///
    /// # Errors
    /// [`Error::Weights`] naming file and tensor where it is missing or has another shape or type.
    pub fn tensor(&self, name: &str, shape: &[usize], place: &Place) -> Result<Tensor> {
        self.stored(name, shape)?;
        let values = self.rows(name, 0..shape.first().copied().unwrap_or(1))?;
        place.put(&Tensor::from_vec(values, shape, &Device::Cpu)?)
    }

    /// Reads a matrix of the given shape `[out, in]` in the form that products take: f32 dense, narrower types as they
    /// are stored (half precision of a small model dense too). A dense matrix is quantised on the way if asked for; one
    /// that is quantised already stays as it is. On a device dense matrices have the number type of the place.
    ///
    /// # Errors
    /// [`Error::Weights`] naming file and tensor where it is missing or has another shape or type.
    pub fn matrix(
        &self,
        name: &str,
        shape: (usize, usize),
        quantize: Quantize,
        place: &Place,
    ) -> Result<Weight> {
        self.matrix_rows(name, shape, 0..shape.0, quantize, place)
    }

    /// Like [`Weights::matrix`], for the rows `band` of the matrix that is stored with `shape`.
    pub(crate) fn matrix_rows(
        &self,
        name: &str,
        shape: (usize, usize),
        band: Range<usize>,
        quantize: Quantize,
        place: &Place,
    ) -> Result<Weight> {
        let (rows, columns) = (band.len(), shape.1);
        let (stored, dtype) = self.stored(name, &[shape.0, columns])?;
        let part;
        let stored = match band == (0..shape.0) {
            true => stored,
            false => {
                part = stored.band(dtype, columns, band);
                &part
            }
        };
        let float = matches!(dtype, GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16);
        let named = |e: Error| Error::weights(&stored.path, format!("tensor `{name}`: {e}"));
        let weight = match block_type(quantize, columns) {
            Some(block) if float => {
                let widen = |range| stored.widen(dtype, columns, range);
                Weight::Packed(Packed::quantize(block, rows, columns, widen).map_err(named)?)
                    .placed(place)?
            }
            _ if float && !place.is_host() => stored.on_device(dtype, rows, columns, place)?,
            _ if dtype == GgmlDType::F32 => {
                let panels =
                    Panels::from_rows(rows, columns, |row, to| stored.widen_row(dtype, row, to));
                Weight::Dense(panels?)
            }
            _ if float && self.widened => {
                let values = stored.widen(dtype, columns, 0..rows)?;
                Weight::dense(&Tensor::from_vec(values, (rows, columns), &Device::Cpu)?)?
            }
            _ => {
                let bytes = stored.in_order(dtype, columns)?;
                let packed = Packed::new(bytes, dtype, rows, columns)
                    .map(Weight::Packed)
                    .map_err(named)?;
                if place.is_host() {
                    return Ok(packed);
                }
                packed.placed(place)?
            }
        };
        stored.bytes.release();
        Ok(weight)
    }

    fn stored(&self, name: &str, shape: &[usize]) -> Result<(&Stored, GgmlDType)> {
        let Some(stored) = self.tensors.get(name) else {
            return Err(Error::weights(
                &self.path,
                format!("tensor `{name}` is missing"),
            ));
        };
        if stored.shape != shape {
            let found = &stored.shape;
            let reason = format!(
                "tensor `{name}` has shape {found:?}, the configuration asks for {shape:?}"
            );
            return Err(Error::weights(&stored.path, reason));
        }
        match &stored.dtype {
            Ok(dtype) => Ok((stored, *dtype)),
            Err(found) => {
                let reason = format!(
                    "tensor `{name}` is stored as {found}; f32, bf16, f16 and ggml's \
                     quantised types can be read"
                );
                Err(Error::weights(&stored.path, reason))
            }
        }
    }
}

impl Stored {
    /// Where row `row` of the checkpoint's order is stored.
    fn place(&self, row: usize) -> usize {
        match self.interleaved {
            None => row,
            Some(head) => {
                let (within, half) = (row % head, head / 2);
                row - within + 2 * (within % half) + within / half
            }
        }
    }

    /// Some rows of a matrix whose rows are in the checkpoint's order.
    fn band(&self, dtype: GgmlDType, columns: usize, band: Range<usize>) -> Self {
        let row = row_bytes(dtype, columns).unwrap_or(0);
        Self {
            path: self.path.clone(),
            bytes: self.bytes.part(band.start * row..band.end * row),
            dtype: self.dtype.clone(),
            shape: vec![band.len(), columns],
            interleaved: None,
            offset: self.offset,
        }
    }

    /// Rows as f32, in the checkpoint's order.
    fn widen(&self, dtype: GgmlDType, columns: usize, range: Range<usize>) -> Result<Vec<f32>> {
        let mut values = vec![0f32; range.len() * columns];
        values
            .par_chunks_mut(columns.max(1))
            .with_min_len(16)
            .enumerate()
            .try_for_each(|(i, values)| self.widen_row(dtype, range.start + i, values))?;
        Ok(values)
    }

    /// A row as f32, by its place in the checkpoint's order.
    fn widen_row(&self, dtype: GgmlDType, row: usize, values: &mut [f32]) -> Result<()> {
        let length = row_bytes(dtype, values.len()).unwrap_or(0);
        let start = self.place(row) * length;
        let source = &self.bytes.as_slice()[start..start + length];
        decode(dtype, source, values)?;
        if self.offset != 0.0 {
            values.iter_mut().for_each(|value| *value -= self.offset);
        }
        Ok(())
    }

    /// A float matrix `[rows, columns]` on a device: its bytes go there as they are stored, and are converted there.
    fn on_device(
        &self,
        dtype: GgmlDType,
        rows: usize,
        columns: usize,
        place: &Place,
    ) -> Result<Weight> {
        let stored = match dtype {
            GgmlDType::BF16 => DType::BF16,
            GgmlDType::F16 => DType::F16,
            _ => DType::F32,
        };
        let bytes = self.in_order(dtype, columns)?;
        let raw =
            Tensor::from_raw_buffer(bytes.as_slice(), stored, &[rows, columns], &place.device)?;
        Ok(Weight::Rows(raw.to_dtype(place.dtype)?))
    }

    /// The bytes with rows in the checkpoint's order: the mapped file itself, or a copy where rows are interleaved.
    fn in_order(&self, dtype: GgmlDType, columns: usize) -> Result<Bytes> {
        let Some(row) = row_bytes(dtype, columns).filter(|_| self.interleaved.is_some()) else {
            return Ok(self.bytes.clone());
        };
        let source = self.bytes.as_slice();
        let mut bytes = Vec::with_capacity(source.len());
        for index in 0..self.shape[0] {
            let start = self.place(index) * row;
            bytes.extend_from_slice(&source[start..start + row]);
        }
        Ok(Bytes::Owned(Arc::new(bytes)))
    }
}

/// Adds the tensors of a safetensors file.
fn read_header(path: &Path, tensors: &mut BTreeMap<String, Stored>) -> Result<()> {
    let map = Arc::new(map_file(path, 8)?);
    check_length(path, &map)?;
    let parsed = SafeTensors::deserialize(&map)
        .map_err(|e| Error::weights(path, format!("the header is invalid: {e}")))?;
    let path: Arc<Path> = path.into();
    for (name, view) in parsed.iter() {
        let dtype = match view.dtype() {
            Dtype::F32 => Ok(GgmlDType::F32),
            Dtype::F16 => Ok(GgmlDType::F16),
            Dtype::BF16 => Ok(GgmlDType::BF16),
            other => Err(format!("{other:?}")),
        };
        let start = view.data().as_ptr() as usize - map.as_ptr() as usize;
        let bytes = Bytes::Mapped(map.clone(), start..start + view.data().len());
        let shape = view.shape().to_vec();
        tensors.insert(
            name.to_string(),
            Stored {
                path: path.clone(),
                bytes,
                dtype,
                shape,
                interleaved: None,
                offset: 0.0,
            },
        );
    }
    Ok(())
}

/// The weight files of a model folder, in a fixed order.
///
/// # Errors
/// [`Error::MissingFile`] if the folder has no weight files, [`Error::Config`] where the index is broken.
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
        let name = value
            .as_str()
            .filter(|name| Path::new(name).components().count() == 1 && *name != "..");
        names.push(name.ok_or_else(|| Error::config(&index, "weight_map", "names no plain file"))?);
    }
    names.sort_unstable();
    names.dedup();
    let files: Vec<PathBuf> = names.into_iter().map(|name| dir.join(name)).collect();
    match files.iter().find(|file| !file.is_file()) {
        Some(missing) => Err(Error::MissingFile {
            path: missing.clone(),
        }),
        None => Ok(files),
    }
}

/// Maps a file of at least `expected_bytes`.
pub(crate) fn map_file(path: &Path, expected_bytes: u64) -> Result<Mmap> {
    let file = File::open(path).map_err(|e| Error::io(path, e))?;
    let found_bytes = file.metadata().map_err(|e| Error::io(path, e))?.len();
    if found_bytes < expected_bytes {
        return Err(Error::Truncated {
            path: path.to_path_buf(),
            found_bytes,
            expected_bytes,
        });
    }
    #[expect(
        unsafe_code,
        reason = "a map is only sound while nobody shortens the file; models are read-only"
    )]
    unsafe { Mmap::map(&file) }.map_err(|e| Error::io(path, e))
}

/// Distinguishes a truncated file from one with a broken header: the remedies differ.
fn check_length(path: &Path, map: &Mmap) -> Result<()> {
    let found_bytes = map.len() as u64;
    let (head, after) = map.split_at(8);
    let header_bytes = u64::from_le_bytes(head.try_into().unwrap_or_default());
    if header_bytes > MAX_HEADER_BYTES {
        return Err(Error::weights(
            path,
            "this is not a safetensors file (its header length is implausible)",
        ));
    }
    let truncated = |expected_bytes| {
        Err(Error::Truncated {
            path: path.to_path_buf(),
            found_bytes,
            expected_bytes,
        })
    };
    if (after.len() as u64) < header_bytes {
        return truncated(8 + header_bytes);
    }
    let header = serde_json::from_slice::<serde_json::Value>(&after[..header_bytes as usize])
        .map_err(|e| Error::weights(path, format!("the header is not valid JSON: {e}")))?;
    let ends = header
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(_, t)| t["data_offsets"][1].as_u64());
    let data_bytes = ends.max().unwrap_or(0);
    let expected_bytes = (8 + header_bytes).saturating_add(data_bytes);
    match found_bytes < expected_bytes {
        true => truncated(expected_bytes),
        false => Ok(()),
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    /// Bytes of a mapped file that are in memory.
    fn resident_bytes(path: &Path) -> usize {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let (_, mapping) = maps
            .split_once(&path.display().to_string())
            .expect("the file is mapped");
        let line = mapping
            .lines()
            .find_map(|line| line.strip_prefix("Rss:"))
            .unwrap();
        line.trim()
            .trim_end_matches(" kB")
            .parse::<usize>()
            .unwrap()
            * 1024
    }

    #[test]
    fn the_file_of_a_dense_matrix_does_not_stay_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        let shape = (1 << 10, 1 << 10);
        let values = Tensor::rand(-1f32, 1.0, shape, &Device::Cpu).unwrap();
        let tensors =
            std::collections::HashMap::from([("a", values.clone()), ("b", values.clone())]);
        candle_core::safetensors::save(&tensors, &path).unwrap();
        for quantize in [Quantize::None, Quantize::Q8_0] {
            for dtype in [DType::F32, DType::BF16] {
                let place = Place {
                    device: Device::Cpu,
                    dtype,
                };
                let weights = Weights::open_file(&path).unwrap();
                for name in ["a", "b", "a"] {
                    let weight = weights.matrix(name, shape, quantize, &place).unwrap();
                    let off = (weight.to_dense().unwrap() - &values)
                        .unwrap()
                        .abs()
                        .unwrap();
                    let off = off.max_all().unwrap().to_scalar::<f32>().unwrap();
                    assert!(off < 0.01, "what was given back is read again");
                    let resident = resident_bytes(&path);
                    assert!(
                        resident < 1 << 20,
                        "{resident} bytes of the file are in memory"
                    );
                }
            }
        }
    }
}
