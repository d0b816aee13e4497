//! The innermost loops of a product: a few rows of the left side times a few panels of the right side, with the sums in
//! registers. Each sum is one chain of fused multiplications and additions along the depth, so that its bits are the
//! same whatever the width of the vectors and the number of neighbouring rows.

use std::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use super::{BLOCK_PANELS, LINE};

/// Steps of the depth between two checks of the rows' lengths.
const UNROLL: usize = 4;

/// A part of a product that one thread computes.
pub(super) struct Task<'a, 'b> {
    /// The left side, row after row, starting at the task's first row and column.
    pub(super) left: &'a [f32],
    pub(super) left_stride: usize,
    pub(super) right: Laid<'a>,
    /// The result's rows, cut to the task's columns.
    pub(super) out: &'a mut [&'b mut [MaybeUninit<f32>]],
    /// Whether to add to the result, or to write it without reading what was there.
    pub(super) add: bool,
}

/// The right side of a task: panel after panel of `depth` lines.
#[derive(Clone, Copy)]
pub(super) struct Laid<'a> {
    pub(super) panels: &'a [f32],
    pub(super) depth: usize,
    /// Lines whose sums are added to the result at once.
    pub(super) step: usize,
}

impl WithSimd for Task<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // Sums fill the registers, 24 of 32 or 12 of 16, and leave room for a line and a factor.
        match S::F32_LANES {
            16 => self.blocks::<S, 8, 3, 1>(simd),
            8 => self.blocks::<S, 6, 1, 2>(simd),
            4 => self.blocks::<S, 6, 1, 4>(simd),
            2 => self.blocks::<S, 2, 1, 8>(simd),
            _ => self.blocks::<S, 2, 1, 16>(simd),
        }
    }
}

/// The part of a product that the loops over rows and panels cover.
#[derive(Clone, Copy)]
struct Block {
    /// The first panel, and the one after the last.
    panels: (usize, usize),
    /// The first line, and the number of lines.
    first: usize,
    depth: usize,
    add: bool,
}

impl Task<'_, '_> {
    /// Goes through the product in blocks of panels that stay in the level-2 cache while all rows pass over them.
    /// Meanwhile a few rows of the left side are in the level-1 cache, and each writes its part of the result from left
    /// to right.
    #[inline(always)]
    fn blocks<S: Simd, const M: usize, const P: usize, const V: usize>(&mut self, simd: S) {
        let panels = self.out.first().map_or(0, |out| out.len()).div_ceil(LINE);
        let step = self.right.step;
        for panel in (0..panels).step_by(BLOCK_PANELS) {
            for first in (0..self.right.depth).step_by(step) {
                let block = Block {
                    panels: (panel, panels.min(panel + BLOCK_PANELS)),
                    first,
                    depth: step.min(self.right.depth - first),
                    add: self.add || first > 0,
                };
                self.block::<S, M, P, V>(simd, block);
            }
        }
    }

    /// Groups of `M` rows, then the remaining rows as one smaller group.
    #[inline(always)]
    fn block<S: Simd, const M: usize, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        block: Block,
    ) {
        let end = self.out.len();
        let whole = end / M * M;
        self.groups::<S, M, P, V>(simd, block, (0, whole));
        match end - whole {
            0 => {}
            1 => self.groups::<S, 1, 3, V>(simd, block, (whole, end)),
            2 => self.groups::<S, 2, 2, V>(simd, block, (whole, end)),
            3 | 4 => self.groups::<S, 4, 1, V>(simd, block, (whole, end)),
            _ => self.groups::<S, M, P, V>(simd, block, (whole, end)),
        }
    }

    /// Groups of `M` rows with all panels of a block, `P` panels at a time.
    #[inline(always)]
    fn groups<S: Simd, const M: usize, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        block: Block,
        rows: (usize, usize),
    ) {
        for row in (rows.0..rows.1).step_by(M) {
            let (mut panel, end) = block.panels;
            while panel + P <= end {
                self.tile::<S, M, P, V>(simd, block, (row, rows.1), panel);
                panel += P;
            }
            while panel < end {
                self.tile::<S, M, 1, V>(simd, block, (row, rows.1), panel);
                panel += 1;
            }
        }
    }

    /// Up to `M` rows with `P` panels. Where there are fewer rows, the last one is computed again and not stored.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "rows and panels are numbers that several arrays share"
    )]
    fn tile<S: Simd, const M: usize, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        block: Block,
        (row, end): (usize, usize),
        panel: usize,
    ) {
        let mut x = [[].as_slice(); M];
        for m in 0..M {
            let place = (row + m).min(end - 1) * self.left_stride + block.first;
            x[m] = &self.left[place..place + block.depth];
        }
        let mut lines: [&[[S::f32s; V]]; P] = [&[]; P];
        for p in 0..P {
            let place = ((panel + p) * self.right.depth + block.first) * LINE;
            let values = &self.right.panels[place..place + block.depth * LINE];
            lines[p] = S::as_simd_f32s(values).0.as_chunks().0;
        }
        let sums = sums::<S, M, P, V>(simd, x, lines, block.depth);
        for m in 0..M.min(end - row) {
            for p in 0..P {
                let out = &mut *self.out[row + m];
                let start = (panel + p) * LINE;
                let out_end = out.len().min(start + LINE);
                store::<S, V>(simd, &mut out[start..out_end], sums[m][p], block.add);
            }
        }
    }
}

/// Products of `M` rows and the columns of `P` panels.
#[inline(always)]
#[expect(
    clippy::needless_range_loop,
    reason = "rows and panels are numbers that several arrays share"
)]
fn sums<S: Simd, const M: usize, const P: usize, const V: usize>(
    simd: S,
    x: [&[f32]; M],
    lines: [&[[S::f32s; V]]; P],
    depth: usize,
) -> [[[S::f32s; V]; P]; M] {
    let mut sums = [[[simd.splat_f32s(0.0); V]; P]; M];
    let whole = depth / UNROLL;
    let mut chunks: [&[[[S::f32s; V]; UNROLL]]; P] = [&[]; P];
    for p in 0..P {
        chunks[p] = &lines[p].as_chunks().0[..whole];
    }
    for c in 0..whole {
        let mut factors = [&[0.0; UNROLL]; M];
        for m in 0..M {
            factors[m] = &x[m].as_chunks().0[c];
        }
        let mut vectors = [&chunks[0][c]; P];
        for p in 0..P {
            vectors[p] = &chunks[p][c];
        }
        for k in 0..UNROLL {
            for m in 0..M {
                let factor = simd.splat_f32s(factors[m][k]);
                for p in 0..P {
                    for v in 0..V {
                        sums[m][p][v] =
                            simd.mul_add_e_f32s(factor, vectors[p][k][v], sums[m][p][v]);
                    }
                }
            }
        }
    }
    for k in whole * UNROLL..depth {
        for m in 0..M {
            let factor = simd.splat_f32s(x[m][k]);
            for p in 0..P {
                for v in 0..V {
                    sums[m][p][v] = simd.mul_add_e_f32s(factor, lines[p][k][v], sums[m][p][v]);
                }
            }
        }
    }
    sums
}

/// Writes a line of sums to the result, or adds it; the last line of a row may be shorter.
#[inline(always)]
fn store<S: Simd, const V: usize>(
    simd: S,
    out: &mut [MaybeUninit<f32>],
    mut sums: [S::f32s; V],
    add: bool,
) {
    let mut line = [0f32; LINE];
    let whole = out.len() == LINE;
    if add && whole {
        let before = &S::as_simd_f32s(initialised(out)).0[..V];
        for v in 0..V {
            sums[v] = simd.add_f32s(sums[v], before[v]);
        }
    }
    S::as_mut_simd_f32s(&mut line).0[..V].copy_from_slice(&sums);
    if let ([out], []) = out.as_chunks_mut::<LINE>() {
        out.write_copy_of_slice(&line);
        return;
    }
    if add {
        for (value, before) in line.iter_mut().zip(initialised(out)) {
            *value += before;
        }
    }
    out.write_copy_of_slice(&line[..out.len()]);
}

/// The existing values to which sums are added.
#[inline(always)]
fn initialised(line: &[MaybeUninit<f32>]) -> &[f32] {
    #[expect(unsafe_code, reason = "the result is not set before it is written")]
    // SAFETY: the caller of `super::multiply` promises that what is added to is initialised, and a later part of the depth
    // is added to what the first part wrote.
    unsafe {
        line.assume_init_ref()
    }
}
