//! A matrix whose rows are kept as their file stores them: half precision, or the blocks of ggml's quantised types.
//!
//! Numbers and block layouts are ggml's (`ggml-quants.c`), through candle's `k_quants`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

pub use candle_core::quantized::GgmlDType;
use candle_core::{CpuStorage, Device, Tensor};
pub use contract::Quantize;
use half::{bf16, f16};
use memmap2::Mmap;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::blocks;
use crate::error::{Error, Result};
use crate::simd::arch;

/// Bytes of weights: part of a mapped file, or memory of their own.
#[derive(Debug, Clone)]
pub enum Bytes {
    /// A range of a file that stays mapped; the system reads pages as they are used and may drop them again.
    Mapped(Arc<Mmap>, Range<usize>),
    /// Memory, aligned for every block type.
    Owned(Arc<Vec<u8>>),
}

impl Bytes {
    /// The bytes, wherever they are held.
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Mapped(map, range) => &map[range.clone()],
            Self::Owned(bytes) => bytes,
        }
    }

    /// Releases the memory of a mapped file for bytes that are not needed soon; they are read from the file again if
    /// they are.
    pub(crate) fn release(&self) {
        #[cfg(unix)]
        if let Self::Mapped(map, range) = self {
            use memmap2::UncheckedAdvice::DontNeed;
            #[expect(
                unsafe_code,
                reason = "this advice throws away what was written to private memory"
            )]
            // SAFETY: nothing is ever written here: a `Mmap` is a shared, read-only map of a file, and released pages
            // are refilled from that file with the same bytes. So no slice of the map changes.
            let advised = unsafe { map.unchecked_advise_range(DontNeed, range.start, range.len()) };
            // A system that does not take the advice keeps the pages; nothing else differs.
            drop(advised);
        }
    }

    /// A range of these bytes; a mapped file stays mapped.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        match self {
            Self::Mapped(map, whole) => Self::Mapped(
                map.clone(),
                whole.start + range.start..whole.start + range.end,
            ),
            Self::Owned(bytes) => Self::Owned(Arc::new(bytes[range].to_vec())),
        }
    }
}

/// Block type for rows of `columns` values. A row whose length is not a multiple of 256 becomes `Q8_0` (llama.cpp takes
/// the next smaller type for some); one whose length is not a multiple of 32 stays as it is (`None`).
pub fn block_type(quantize: Quantize, columns: usize) -> Option<GgmlDType> {
    fitting_type(wanted_type(quantize)?, columns)
}

/// The block type that a setting names.
pub(super) fn wanted_type(quantize: Quantize) -> Option<GgmlDType> {
    match quantize {
        Quantize::None => None,
        Quantize::Q8_0 => Some(GgmlDType::Q8_0),
        Quantize::Q4_0 => Some(GgmlDType::Q4_0),
        Quantize::Q4K => Some(GgmlDType::Q4K),
        Quantize::Q6K => Some(GgmlDType::Q6K),
    }
}

/// Like [`block_type`], but for a block type that is already known.
pub(super) fn fitting_type(wanted: GgmlDType, columns: usize) -> Option<GgmlDType> {
    let fits = |dtype: &GgmlDType| columns > 0 && columns.is_multiple_of(dtype.block_size());
    [wanted, GgmlDType::Q8_0].into_iter().find(fits)
}

/// A packed matrix; every row is a whole number of blocks.
#[derive(Clone)]
pub struct Packed {
    bytes: Bytes,
    dtype: GgmlDType,
    rows: usize,
    columns: usize,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Packed({:?} [{}, {}])",
            self.dtype, self.rows, self.columns
        )
    }
}

impl Packed {
    /// Interprets `bytes` as `rows` rows of `columns` values of type `dtype`.
    ///
    /// # Errors
    /// [`Error::Setting`] where the length, the blocks or the alignment do not fit.
    pub fn new(bytes: Bytes, dtype: GgmlDType, rows: usize, columns: usize) -> Result<Self> {
        let length = row_bytes(dtype, columns).and_then(|row| row.checked_mul(rows));
        let reason = if length != Some(bytes.as_slice().len()) {
            "does not have the bytes of its shape"
        } else if !(bytes.as_slice().as_ptr() as usize).is_multiple_of(alignment(dtype)) {
            "does not begin where its number type can be read"
        } else {
            return Ok(Self {
                bytes,
                dtype,
                rows,
                columns,
            });
        };
        Err(Error::Setting {
            name: "packed matrix",
            reason: reason.to_owned(),
        })
    }

    /// Quantises rows of `columns` f32 values, which `widen` reads a few rows at a time.
    pub(crate) fn quantize(
        dtype: GgmlDType,
        rows: usize,
        columns: usize,
        widen: impl Fn(Range<usize>) -> Result<Vec<f32>>,
    ) -> Result<Self> {
        let row = row_bytes(dtype, columns).unwrap_or(0);
        let mut bytes = Vec::with_capacity(row * rows);
        let step = ROWS_PER_TASK * rayon::current_num_threads().max(1);
        for start in (0..rows).step_by(step) {
            let values = widen(start..(start + step).min(rows))?;
            bytes.extend(encode_rows(dtype, &values, columns));
        }
        Self::new(Bytes::Owned(Arc::new(bytes)), dtype, rows, columns)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Values of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How values are stored.
    pub fn dtype(&self) -> GgmlDType {
        self.dtype
    }

    /// Size in memory.
    pub fn size_bytes(&self) -> usize {
        self.bytes.as_slice().len()
    }

    /// The bytes of some rows.
    pub(crate) fn rows_bytes(&self, range: Range<usize>) -> &[u8] {
        let row = self.row_bytes();
        &self.bytes.as_slice()[range.start * row..range.end * row]
    }

    /// Rows as f32 `[rows, columns]`.
    pub(crate) fn widen(&self, range: Range<usize>, device: &Device) -> Result<Tensor> {
        let shape = (range.len(), self.columns);
        let mut values = vec![0f32; range.len() * self.columns];
        self.widen_into(range.start, 0..self.columns, &mut values)?;
        Ok(Tensor::from_vec(values, shape, device)?)
    }

    /// Some columns, as f32, of as many rows as there is room for, starting at row `first`. The columns cover whole
    /// blocks.
    pub(super) fn widen_into(
        &self,
        first: usize,
        columns: Range<usize>,
        values: &mut [f32],
    ) -> Result<()> {
        let tasks = values.par_chunks_mut(ROWS_PER_TASK * columns.len().max(1));
        tasks.enumerate().try_for_each(|(i, values)| {
            arch().dispatch(Widen {
                packed: self,
                first: first + i * ROWS_PER_TASK,
                columns: columns.clone(),
                values,
            })
        })
    }

    /// Rows by number as f32 `[ids, columns]`.
    pub(crate) fn select(&self, ids: &[u32], device: &Device) -> Result<Tensor> {
        let mut values = vec![0f32; ids.len() * self.columns];
        let row = self.row_bytes();
        for (id, values) in ids.iter().zip(values.chunks_mut(self.columns.max(1))) {
            let start = *id as usize * row;
            let source = self
                .bytes
                .as_slice()
                .get(start..start + row)
                .ok_or_else(|| Error::Setting {
                    name: "token id",
                    reason: format!("{id} is beyond the {} rows of the embedding", self.rows),
                })?;
            decode(self.dtype, source, values)?;
        }
        Ok(Tensor::from_vec(values, (ids.len(), self.columns), device)?)
    }

    /// Rows as f32, with the instructions of the caller.
    #[inline(always)]
    pub(super) fn decode_rows(&self, range: Range<usize>, values: &mut [f32]) -> Result<()> {
        decode_here(self.dtype, self.rows_bytes(range), values)
    }

    /// The bytes of a row.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[u8] {
        let length = self.row_bytes();
        &self.bytes.as_slice()[row * length..(row + 1) * length]
    }

    fn row_bytes(&self) -> usize {
        row_bytes(self.dtype, self.columns).unwrap_or(0)
    }
}

/// Rows that one thread widens or quantises at a time.
const ROWS_PER_TASK: usize = 16;

/// Bytes of a row of `columns` values, `None` where blocks do not divide it.
pub(crate) fn row_bytes(dtype: GgmlDType, columns: usize) -> Option<usize> {
    let block = dtype.block_size();
    columns
        .is_multiple_of(block)
        .then_some(columns / block)
        .and_then(|n| n.checked_mul(dtype.type_size()))
}

/// Where blocks of a type may begin: blocks hold f16 scales, or f32 scales in the widest types.
fn alignment(dtype: GgmlDType) -> usize {
    match dtype {
        GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16 => 1,
        GgmlDType::Q8_1 | GgmlDType::Q8K => 4,
        GgmlDType::Q4_0
        | GgmlDType::Q4_1
        | GgmlDType::Q5_0
        | GgmlDType::Q5_1
        | GgmlDType::Q8_0
        | GgmlDType::Q2K
        | GgmlDType::Q3K
        | GgmlDType::Q4K
        | GgmlDType::Q5K
        | GgmlDType::Q6K => 2,
    }
}

/// Decodes complete blocks into f32 values.
pub(crate) fn decode(dtype: GgmlDType, source: &[u8], values: &mut [f32]) -> Result<()> {
    arch().dispatch(Decode {
        dtype,
        source,
        values,
    })
}

/// A closure instead would be compiled without the processor's widest instructions.
struct Decode<'a> {
    dtype: GgmlDType,
    source: &'a [u8],
    values: &'a mut [f32],
}

impl WithSimd for Decode<'_> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Result<()> {
        decode_here(self.dtype, self.source, self.values)
    }
}

/// Some columns of rows as f32, as in [`Packed::widen_into`].
struct Widen<'a> {
    packed: &'a Packed,
    first: usize,
    columns: Range<usize>,
    values: &'a mut [f32],
}

impl WithSimd for Widen<'_> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Result<()> {
        let dtype = self.packed.dtype;
        let bytes = |columns: usize| columns / dtype.block_size() * dtype.type_size();
        let (start, end) = (bytes(self.columns.start), bytes(self.columns.end));
        let rows = self.values.chunks_exact_mut(self.columns.len().max(1));
        for (row, values) in rows.enumerate() {
            decode_here(
                dtype,
                &self.packed.row(self.first + row)[start..end],
                values,
            )?;
        }
        Ok(())
    }
}

/// [`decode`], with the instructions of the caller.
#[inline(always)]
fn decode_here(dtype: GgmlDType, source: &[u8], values: &mut [f32]) -> Result<()> {
    match dtype {
        GgmlDType::F32 => blocks::f32s(source, values),
        GgmlDType::F16 => blocks::f16s(source, values),
        GgmlDType::BF16 => blocks::bf16s(source, values),
        GgmlDType::Q8_0 => blocks::blocks::<blocks::Q8_0, _, _, _>(source, values),
        GgmlDType::Q4_0 => blocks::blocks::<blocks::Q4_0, _, _, _>(source, values),
        GgmlDType::Q4_1 => blocks::blocks::<blocks::Q4_1, _, _, _>(source, values),
        GgmlDType::Q5_0 => blocks::blocks::<blocks::Q5_0, _, _, _>(source, values),
        GgmlDType::Q5_1 => blocks::blocks::<blocks::Q5_1, _, _, _>(source, values),
        GgmlDType::Q4K => blocks::blocks::<blocks::Q4K, _, _, _>(source, values),
        GgmlDType::Q5K => blocks::blocks::<blocks::Q5K, _, _, _>(source, values),
        GgmlDType::Q6K => blocks::blocks::<blocks::Q6K, _, _, _>(source, values),
        // Rarer types go through candle.
        _ => {
            let blocks = dtype.from_data(Cow::Borrowed(source));
            if let CpuStorage::F32(widened) = blocks.dequantize(values.len())? {
                values.copy_from_slice(&widened);
            }
        }
    }
    Ok(())
}

/// Bytes of rows of `columns` values in another type, on all threads.
pub(crate) fn encode_rows(dtype: GgmlDType, values: &[f32], columns: usize) -> Vec<u8> {
    let parts = values.par_chunks((ROWS_PER_TASK * columns).max(1));
    parts.flat_map_iter(|part| encode(dtype, part)).collect()
}

/// Bytes of f32 values in another type; the number of values is a multiple of its block.
pub(crate) fn encode(dtype: GgmlDType, values: &[f32]) -> Vec<u8> {
    match dtype {
        GgmlDType::F32 => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        GgmlDType::F16 => values
            .iter()
            .flat_map(|value| f16::from_f32(*value).to_le_bytes())
            .collect(),
        GgmlDType::BF16 => values
            .iter()
            .flat_map(|value| bf16::from_f32(*value).to_le_bytes())
            .collect(),
        _ => {
            let mut blocks = dtype.cpu_zeros(values.len());
            blocks.from_float(values);
            let length = blocks.storage_size_in_bytes();
            #[expect(
                unsafe_code,
                reason = "candle gives quantised blocks out by pointer and length only"
            )]
            // SAFETY: the pointer and the length are those of one vector of plain blocks, which lives on here.
            let bytes = unsafe { std::slice::from_raw_parts(blocks.as_ptr(), length) };
            bytes.to_vec()
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simd::archs;

    const BLOCK_TYPES: [GgmlDType; 10] = [
        GgmlDType::Q4_0,
        GgmlDType::Q4_1,
        GgmlDType::Q5_0,
        GgmlDType::Q5_1,
        GgmlDType::Q8_0,
        GgmlDType::Q2K,
        GgmlDType::Q3K,
        GgmlDType::Q4K,
        GgmlDType::Q5K,
        GgmlDType::Q6K,
    ];

    fn same(found: f32, expected: f32) -> bool {
        found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan()
    }

    /// Compares complete blocks with candle's form, bit by bit, with every instruction set.
    fn assert_as_candle(dtype: GgmlDType, source: &[u8]) {
        let count = source.len() / dtype.type_size() * dtype.block_size();
        let expected = dtype.from_data(Cow::Borrowed(source)).dequantize(count);
        let CpuStorage::F32(expected) = expected.unwrap() else {
            panic!("not f32")
        };
        for arch in archs() {
            let mut found = vec![0f32; count];
            let values = &mut found;
            arch.dispatch(Decode {
                dtype,
                source,
                values,
            })
            .unwrap();
            for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    same(*found, *expected),
                    "{arch:?} {dtype:?}: value {i} is {found}, not {expected}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn blocks_of_any_bytes_have_the_values_that_candle_reads(
            bytes in prop::collection::vec(any::<u8>(), 3 * 210)
        ) {
            for dtype in BLOCK_TYPES {
                let whole = bytes.len() / dtype.type_size() * dtype.type_size();
                assert_as_candle(dtype, &bytes[..whole]);
            }
        }
    }

    /// Numbers that are all low, all high or alternating, under every kind of scale: zero, subnormal, largest,
    /// infinite, NaN.
    #[test]
    fn blocks_at_the_edges_have_the_values_that_candle_reads() {
        const HALVES: [u16; 11] = [
            0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x3c00, 0xbc01, 0x7bff, 0x7c00, 0xfc00, 0x7e00,
        ];
        for dtype in BLOCK_TYPES {
            let size = dtype.type_size();
            // Scales are at the beginning of the block, or at its end.
            let scales_at = match dtype {
                GgmlDType::Q2K | GgmlDType::Q3K | GgmlDType::Q6K => size - 4,
                _ => 0,
            };
            for numbers in [0x00, 0xff, 0x0f, 0xf0, 0x55, 0xaa, 0x80] {
                for (first, second) in HALVES
                    .iter()
                    .flat_map(|first| HALVES.iter().map(move |second| (first, second)))
                {
                    let mut block = vec![numbers; size];
                    block[scales_at..][..2].copy_from_slice(&first.to_le_bytes());
                    block[scales_at + 2..][..2].copy_from_slice(&second.to_le_bytes());
                    assert_as_candle(dtype, &block);
                }
            }
        }
    }

    #[test]
    fn every_half_is_widened_exactly() {
        let halves: Vec<u16> = (0..=u16::MAX).collect();
        let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let mut found = vec![0f32; halves.len()];
        decode(GgmlDType::F16, &bytes, &mut found).unwrap();
        assert!(
            halves
                .iter()
                .zip(&found)
                .all(|(half, found)| same(*found, f16::from_bits(*half).to_f32()))
        );
        decode(GgmlDType::BF16, &bytes, &mut found).unwrap();
        assert!(
            halves
                .iter()
                .zip(&found)
                .all(|(half, found)| same(*found, bf16::from_bits(*half).to_f32()))
        );
    }
}
