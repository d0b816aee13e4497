//! Models and adapters written for other programs: merged checkpoints, GGUF models, GGUF adapters.
//!
//! Tensors go from the mapped source file to the new one a few rows at a time, with the adapter's update
//! `W + scale B A` (Hu et al. 2021, section 4.2) added on the way: neither model is ever held in memory. Files are
//! either complete or absent.

use std::ops::Range;
use std::path::Path;

use candle_core::Device;
use candle_core::quantized::GgmlDType;
use host::file::Draft;

use crate::error::{Error, Result};
use crate::files::checkpoint::Checkpoint;
use crate::files::weights::Weights;
use crate::lora::Adapter;
use crate::model::packed::encode_rows;
use crate::model::{DecoderConfig, Target};

mod gguf;
mod gguf_adapter;
mod gguf_tokenizer;
mod merged;

pub use contract::GgufType;
pub use gguf::write_gguf;
pub use gguf_adapter::write_gguf_adapter;
pub use merged::{write_merged, write_side_files};

/// f32 values that are in memory at once.
const BLOCK_VALUES: usize = 1 << 22;

/// A checkpoint with an adapter folded into it.
struct Source<'a> {
    config: DecoderConfig,
    weights: Weights,
    adapter: Option<&'a Adapter>,
}

impl<'a> Source<'a> {
    fn open(checkpoint: &Checkpoint, adapter: Option<&'a Adapter>) -> Result<Self> {
        adapter.map_or(Ok(()), Adapter::check_finite)?;
        let config = checkpoint.config()?;
        let weights = checkpoint.weights(&config)?;
        Ok(Self {
            config,
            weights,
            adapter,
        })
    }

    /// Rows of a tensor with the adapter's update; a vector counts as one column.
    fn rows(&self, name: &str, range: Range<usize>) -> Result<Vec<f32>> {
        let mut values = self.weights.rows(name, range.clone())?;
        let (Some(adapter), Some((layer, module))) = (self.adapter, projection(name)) else {
            return Ok(values);
        };
        for target in Target::ALL {
            let Some(pair) = adapter.get(layer, target) else {
                continue;
            };
            // Some families store several projections as one matrix.
            let (stored, _, first) = self.config.stored_projection(target);
            let last = first + pair.b.dim(0)?;
            let (start, end) = (range.start.max(first), range.end.min(last));
            if stored != module || start >= end {
                continue;
            }
            let (a, b) = (
                pair.a.to_device(&Device::Cpu)?,
                pair.b.to_device(&Device::Cpu)?,
            );
            let update = b.narrow(0, start - first, end - start)?.matmul(&a)?;
            let update = (update * adapter.scale(layer, target))?
                .flatten_all()?
                .to_vec1::<f32>()?;
            let place = (start - range.start) * a.dim(1)?;
            values[place..]
                .iter_mut()
                .zip(update)
                .for_each(|(value, update)| *value += update);
        }
        Ok(values)
    }

    /// Passes on the rows `band` of a tensor whose rows have `columns` values, `unit` rows or a multiple of it at a
    /// time.
    fn each_block(
        &self,
        name: &str,
        (band, columns): (Range<usize>, usize),
        unit: usize,
        take: &mut dyn FnMut(Vec<f32>) -> Result<()>,
    ) -> Result<()> {
        let step = (BLOCK_VALUES / columns.max(1) / unit).max(1) * unit;
        for start in band.clone().step_by(step) {
            take(self.rows(name, start..(start + step).min(band.end))?)?;
        }
        Ok(())
    }
}

/// Values as a file holds them; if the number type cannot represent one, the error names the tensor.
fn encoded(name: &str, dtype: GgmlDType, values: &[f32], columns: usize) -> Result<Vec<u8>> {
    let largest = match dtype {
        GgmlDType::F32 | GgmlDType::BF16 => f32::MAX,
        // Blocks have a scale in half precision.
        _ => f32::from(half::f16::MAX),
    };
    match values
        .iter()
        .find(|value| value.is_nan() || value.abs() > largest)
    {
        None => Ok(encode_rows(dtype, values, columns)),
        Some(value) => Err(Error::NonFinite {
            what: format!("a value of `{name}` ({value}, where {dtype:?} holds up to {largest})"),
        }),
    }
}

/// Layer and module of a weight's name.
fn projection(name: &str) -> Option<(usize, &str)> {
    let (layer, weight) = name.strip_prefix("model.layers.")?.split_once('.')?;
    let (_, module) = weight.strip_suffix(".weight")?.split_once('.')?;
    Some((layer.parse().ok()?, module))
}

/// `[rows, columns]` of a tensor; a vector is a column.
fn matrix_shape(shape: &[usize]) -> (usize, usize) {
    match shape {
        [] => (1, 1),
        [rows] => (*rows, 1),
        [rows, columns @ ..] => (*rows, columns.iter().product()),
    }
}

/// Writes a complete file or nothing.
fn write_aside(path: &Path, write: &mut dyn FnMut(&mut Draft) -> Result<()>) -> Result<()> {
    let io = |source| Error::Io {
        path: path.to_path_buf(),
        source,
    };
    let mut draft = Draft::create(path).map_err(io)?;
    write(&mut draft)?;
    draft.commit().map_err(io)
}
