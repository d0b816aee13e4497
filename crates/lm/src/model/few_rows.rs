//! The product of a few rows with a packed matrix, as decoding needs it: the matrix is read from memory only once.
//!
//! The matrix is held as `[out, in]`. For one or two rows of x, each block is decoded into registers and multiplied
//! there. For more rows of x, a few rows of the matrix at a time are decoded into a buffer that stays in the level-1
//! cache, and multiplied by all rows of x. Each number of the result is one dot product in f32 with a
//! decoded row.

use candle_core::quantized::GgmlDType;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::blocks::{Block, GROUP_VALUES, Group, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};
use super::packed::Packed;
use crate::error::Result;

/// Values of the matrix in one task, which one thread computes.
const TASK_VALUES: usize = 1 << 17;

/// Values that are decoded at once: 24 KiB of f32, half of a level-1 cache.
const PANEL_VALUES: usize = 6 << 10;

/// Up to this many rows of x, decoding into registers is faster than writing to the buffer and reading from it.
const REGISTER_ROWS: usize = 2;

/// Rows of the matrix whose dot products are computed side by side.
const TILE: usize = 4;

/// Computes `x Wᵀ` for a packed matrix with the instruction set `arch`: x `[M, in]` → `[M, out]`, both flat.
pub(super) fn project(arch: Arch, x: &[f32], weight: &Packed) -> Result<Vec<f32>> {
    let (rows, columns) = (weight.rows(), weight.columns().max(1));
    let mut out = vec![0f32; x.len() / columns * rows];
    let mut copy = Vec::new();
    let copy = aligned(&mut copy, x.len());
    copy.copy_from_slice(x);
    let x = &*copy;
    let task_rows = (TASK_VALUES / columns).max(1);
    let tasks = tasks(&mut out, rows, task_rows).into_par_iter().enumerate();
    tasks.try_for_each(|(i, out)| {
        arch.dispatch(Task {
            weight,
            first: i * task_rows,
            x,
            out,
        })
    })?;
    Ok(out)
}

/// Cuts the result `[M, rows]` into tasks of `task_rows` rows of the matrix; a task has one slice for each row of x.
fn tasks(out: &mut [f32], rows: usize, task_rows: usize) -> Vec<Vec<&mut [f32]>> {
    let mut tasks: Vec<Vec<&mut [f32]>> =
        (0..rows).step_by(task_rows).map(|_| Vec::new()).collect();
    for out in out.chunks_mut(rows.max(1)) {
        tasks
            .iter_mut()
            .zip(out.chunks_mut(task_rows))
            .for_each(|(task, part)| task.push(part));
    }
    tasks
}

/// The product with some rows of a packed matrix, from row `first` on.
struct Task<'a> {
    weight: &'a Packed,
    first: usize,
    x: &'a [f32],
    /// For each row of x, its products with these rows.
    out: Vec<&'a mut [f32]>,
}

impl WithSimd for Task<'_> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Result<()> {
        if self.out.len() > REGISTER_ROWS {
            return self.in_cache(simd);
        }
        match self.weight.dtype() {
            GgmlDType::Q8_0 => self.in_registers::<S, Q8_0, _, _, _>(simd),
            GgmlDType::Q4_0 => self.in_registers::<S, Q4_0, _, _, _>(simd),
            GgmlDType::Q4_1 => self.in_registers::<S, Q4_1, _, _, _>(simd),
            GgmlDType::Q5_0 => self.in_registers::<S, Q5_0, _, _, _>(simd),
            GgmlDType::Q5_1 => self.in_registers::<S, Q5_1, _, _, _>(simd),
            GgmlDType::Q4K => self.in_registers::<S, Q4K, _, _, _>(simd),
            GgmlDType::Q5K => self.in_registers::<S, Q5K, _, _, _>(simd),
            GgmlDType::Q6K => self.in_registers::<S, Q6K, _, _, _>(simd),
            _ => return self.in_cache(simd),
        }
        Ok(())
    }
}

impl Task<'_> {
    fn rows(&self) -> usize {
        self.out.first().map_or(0, |out| out.len())
    }

    /// Goes through the matrix row by row, and multiplies each row by the rows of x.
    #[inline(always)]
    fn in_registers<S, B, const BYTES: usize, const PIECES: usize, const GROUPS: usize>(
        mut self,
        simd: S,
    ) where
        S: Simd,
        B: Block<BYTES, PIECES, GROUPS>,
    {
        for row in 0..self.rows() {
            let blocks = self.weight.row(self.first + row).as_chunks().0;
            let (x, out) = (self.x, self.out.as_mut_slice());
            match out.len() {
                1 => dots::<S, B, BYTES, PIECES, GROUPS, 1>(simd, blocks, x, row, out),
                _ => dots::<S, B, BYTES, PIECES, GROUPS, REGISTER_ROWS>(simd, blocks, x, row, out),
            }
        }
    }

    /// Goes through the matrix panel by panel, and multiplies each panel by all rows of x.
    #[inline(always)]
    fn in_cache<S: Simd>(mut self, simd: S) -> Result<()> {
        let (rows, columns) = (self.rows(), self.weight.columns());
        let panel_rows = (PANEL_VALUES / columns.max(1)).next_multiple_of(TILE);
        let mut panel = Vec::new();
        let panel = aligned(&mut panel, panel_rows * columns);
        for start in (0..rows).step_by(panel_rows) {
            let end = (start + panel_rows).min(rows);
            let values = &mut panel[..(end - start) * columns];
            self.weight
                .decode_rows(self.first + start..self.first + end, values)?;
            let panel = Panel {
                values,
                columns,
                start,
            };
            // A tile's sums stay in registers: 16 of 32, or 8 of 16.
            match S::REGISTER_COUNT {
                32.. => panel.multiply::<S, 4>(simd, self.x, &mut self.out),
                _ => panel.multiply::<S, 2>(simd, self.x, &mut self.out),
            }
        }
        Ok(())
    }
}

/// Dot products of one row of the matrix with the `M` rows of x, into `out[..][row]`.
#[inline(always)]
#[expect(
    clippy::needless_range_loop,
    reason = "pieces and rows are numbers that several arrays share"
)]
fn dots<S, B, const BYTES: usize, const PIECES: usize, const GROUPS: usize, const M: usize>(
    simd: S,
    blocks: &[[u8; BYTES]],
    x: &[f32],
    row: usize,
    out: &mut [&mut [f32]],
) where
    S: Simd,
    B: Block<BYTES, PIECES, GROUPS>,
{
    let columns = blocks.len() * PIECES * GROUPS * GROUP_VALUES;
    let mut xs: [&[[[Group; GROUPS]; PIECES]]; M] = [&[]; M];
    for (blocks_of_x, x) in xs.iter_mut().zip(x.chunks_exact(columns.max(1))) {
        let (lines, _) = x.as_chunks();
        let (groups, _) = lines.as_chunks();
        let (pieces, _) = groups.as_chunks();
        // Stating the length once spares checking every index.
        *blocks_of_x = &pieces.as_chunks().0[..blocks.len()];
    }
    // Two running sums, so that no addition waits for the previous one.
    let mut sums = [[simd.splat_f32s(0.0); 2]; M];
    for (i, block) in blocks.iter().enumerate() {
        let head = B::head(block);
        for n in 0..PIECES {
            let piece = B::piece(block, &head, n);
            let values = S::as_simd_f32s(piece.as_flattened().as_flattened()).0;
            for m in 0..M {
                let x = S::as_simd_f32s(xs[m][i][n].as_flattened().as_flattened()).0;
                for j in 0..GROUPS * GROUP_VALUES / S::F32_LANES {
                    sums[m][j % 2] = simd.mul_add_e_f32s(values[j], x[j], sums[m][j % 2]);
                }
            }
        }
    }
    for m in 0..M {
        out[m][row] = simd.reduce_sum_f32s(simd.add_f32s(sums[m][0], sums[m][1]));
    }
}

/// A slice of zeros from an empty buffer, starting at a cache-line boundary: a vector that spans two lines takes twice
/// as long to load.
fn aligned(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    const LINE_BYTES: usize = 64;
    buffer.resize(length + LINE_BYTES / 4, 0.0);
    let start = buffer.as_ptr().align_offset(LINE_BYTES).min(LINE_BYTES / 4);
    &mut buffer[start..start + length]
}

/// Decoded rows `[R, columns]`; the first is row `start` of the task.
struct Panel<'a> {
    values: &'a [f32],
    columns: usize,
    start: usize,
}

impl Panel<'_> {
    /// Computes the products with all rows of x, `M` rows at a time.
    #[inline(always)]
    fn multiply<S: Simd, const M: usize>(&self, simd: S, x: &[f32], out: &mut [&mut [f32]]) {
        let together = x.len() / self.columns / M * M;
        let (x, x_rest) = x.split_at(together * self.columns);
        let (out, out_rest) = out.split_at_mut(together);
        for (x, out) in x
            .chunks_exact(M * self.columns)
            .zip(out.chunks_exact_mut(M))
        {
            self.tiles::<S, M>(simd, x, out);
        }
        for (x, out) in x_rest
            .chunks_exact(self.columns)
            .zip(out_rest.chunks_exact_mut(1))
        {
            self.tiles::<S, 1>(simd, x, out);
        }
    }

    /// Computes the products of all rows of the panel with `M` rows of x.
    #[inline(always)]
    fn tiles<S: Simd, const M: usize>(&self, simd: S, x: &[f32], out: &mut [&mut [f32]]) {
        let mut row = self.start;
        let tiles = self.values.chunks_exact(TILE * self.columns);
        let remainder = tiles.remainder();
        for weight in tiles {
            tile::<S, TILE, M>(simd, weight, x, self.columns, row, out);
            row += TILE;
        }
        for weight in remainder.chunks_exact(self.columns) {
            tile::<S, 1, M>(simd, weight, x, self.columns, row, out);
            row += 1;
        }
    }
}

/// Dot products of `R` rows of the matrix with `M` rows of x, into `out[..][row..row + R]`. It uses only plain loops:
/// iterator closures would be compiled without the instructions of `S`.
#[inline(always)]
fn tile<S: Simd, const R: usize, const M: usize>(
    simd: S,
    weight: &[f32],
    x: &[f32],
    columns: usize,
    row: usize,
    out: &mut [&mut [f32]],
) {
    let (weight, weight_rest) = vectors::<S, R>(weight, columns);
    let (x, x_rest) = vectors::<S, M>(x, columns);
    let mut sums = [[simd.splat_f32s(0.0); M]; R];
    for i in 0..columns / S::F32_LANES {
        for r in 0..R {
            for m in 0..M {
                sums[r][m] = simd.mul_add_e_f32s(weight[r][i], x[m][i], sums[r][m]);
            }
        }
    }
    if !columns.is_multiple_of(S::F32_LANES) {
        for r in 0..R {
            for m in 0..M {
                let (weight, x) = (
                    simd.partial_load_f32s(weight_rest[r]),
                    simd.partial_load_f32s(x_rest[m]),
                );
                sums[r][m] = simd.mul_add_e_f32s(weight, x, sums[r][m]);
            }
        }
    }
    for r in 0..R {
        for m in 0..M {
            out[m][row + r] = simd.reduce_sum_f32s(sums[r][m]);
        }
    }
}

/// Splits `N` rows of `columns` values each into vectors and the values left over.
#[inline(always)]
fn vectors<S: Simd, const N: usize>(
    values: &[f32],
    columns: usize,
) -> ([&[S::f32s]; N], [&[f32]; N]) {
    let (mut vectors, mut rests) = ([[].as_slice(); N], [[].as_slice(); N]);
    for n in 0..N {
        let (row, remainder) = S::as_simd_f32s(&values[n * columns..(n + 1) * columns]);
        // The length is the same for all rows, which spares checking it for each.
        (vectors[n], rests[n]) = (&row[..columns / S::F32_LANES], remainder);
    }
    (vectors, rests)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use candle_core::Device;

    use super::*;
    use crate::model::packed::{Bytes, encode};
    use crate::random;
    use crate::simd::archs;

    fn uniform(key: u64, count: usize) -> Vec<f32> {
        (0..count as u64)
            .map(|i| random::uniform(key, i) as f32 - 0.5)
            .collect()
    }

    fn packed(dtype: GgmlDType, rows: usize, columns: usize) -> Packed {
        let bytes = encode(dtype, &uniform(1, rows * columns));
        Packed::new(Bytes::Owned(Arc::new(bytes)), dtype, rows, columns).unwrap()
    }

    #[test]
    fn every_number_is_a_dot_product_with_the_dequantised_row() {
        // Enough rows for several tasks and odd panels; rows of x for every width of both methods; numbers of columns
        // that are a multiple of a vector's length, and some that are not.
        for (dtype, rows, columns) in [
            (GgmlDType::Q8_0, 1403, 224),
            (GgmlDType::Q4_0, 5, 32),
            (GgmlDType::Q4_1, 1403, 224),
            (GgmlDType::Q5_0, 9, 576),
            (GgmlDType::Q5_1, 3, 96),
            (GgmlDType::Q2K, 2, 256),
            (GgmlDType::Q4K, 7, 512),
            (GgmlDType::Q5K, 5, 256),
            (GgmlDType::Q6K, 6, 768),
            (GgmlDType::BF16, 30, 37),
            (GgmlDType::F16, 1, 3),
        ] {
            let weight = packed(dtype, rows, columns);
            let dense = weight
                .widen(0..rows, &Device::Cpu)
                .unwrap()
                .to_vec2::<f32>()
                .unwrap();
            let x = uniform(2, 9 * columns);
            for arch in archs() {
                for count in [0, 1, 2, 3, 8, 9] {
                    let found = project(arch, &x[..count * columns], &weight).unwrap();
                    assert_eq!(found.len(), count * rows);
                    let pairs = x
                        .chunks(columns)
                        .take(count)
                        .flat_map(|x| dense.iter().map(move |row| (x, row)));
                    for (found, (x, row)) in found.iter().zip(pairs) {
                        let expected: f64 = x
                            .iter()
                            .zip(row)
                            .map(|(x, w)| f64::from(*x) * f64::from(*w))
                            .sum();
                        assert!(
                            (f64::from(*found) - expected).abs() < 2e-5,
                            "{arch:?} {dtype:?} {found} {expected}"
                        );
                    }
                }
            }
        }
    }
}
