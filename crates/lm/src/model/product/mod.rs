//! Products with a frozen f32 matrix on the processor.
//!
//! The matrix is held in panels of [`LINE`] of its rows, each panel made of lines that hold one column's values: a
//! panel is read from beginning to end, and a line is one cache line. So the forward pass need not rearrange anything.
//! The backward pass transposes part of the matrix at a time. The left side, x or dy, is read in place.
//!
//! Compared with the `gemm` crate, products by themselves are up to an eighth faster on a training update's matrices
//! (one is slower by a twentieth), and a fifth to a half faster with the 64 rows of a decode step, which are too few to
//! make up for rearranging the matrix (docs/speed.md). No sum depends on the number of threads, on the other rows or on
//! the width of the vectors.

mod kernel;
mod panels;
mod turn;

use std::cell::Cell;
use std::mem::MaybeUninit;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use kernel::{Laid, Task};
pub use panels::Panels;
use turn::Turn;

/// Values of a panel's line: one cache line, one vector of AVX-512, two of AVX2.
const LINE: usize = 16;

/// Lines that are multiplied before their sums are added to the result.
const DEPTH: usize = 576;

/// Panels that stay in the level-2 cache while all rows pass over them: with [`DEPTH`] lines, 650 KiB.
const BLOCK_PANELS: usize = 18;

/// The most columns that are transposed at once; the next constant is about how many values that makes (1 MiB): half a
/// level-2 cache.
const TURNED_COLUMNS: usize = 288;
const TURNED_VALUES: usize = 1 << 18;

/// Number of multiplications from which threads share a product.
const SHARED_FROM: usize = 48 * 48 * 256;

/// Rows of a task are a multiple of this, the heights of all tiles.
const TASK_ROWS: usize = 24;

/// Fewest rows of a task; if each thread would get fewer, threads share the columns instead.
const MIN_TASK_ROWS: usize = 48;

/// Panels of a task are a multiple of this, the widths of all tiles.
const TASK_PANELS: usize = 6;

thread_local! {
    /// Buffer for the transposed part, kept from product to product.
    static TURNED: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// The right side of a product.
#[derive(Clone, Copy)]
enum Right<'a> {
    /// `Wᵀ`, as the panels are stored.
    Straight(&'a Panels),
    /// `W`.
    Turned(&'a Panels),
}

impl Right<'_> {
    /// The operand's depth and number of columns.
    fn shape(self) -> (usize, usize) {
        match self {
            Self::Straight(Panels { rows, columns, .. }) => (*columns, *rows),
            Self::Turned(Panels { rows, columns, .. }) => (*rows, *columns),
        }
    }
}

/// Number of lines in one part of the depth; parts are about the same size, and all but the last are made of complete
/// squares.
fn depth_step(depth: usize) -> usize {
    let parts = depth.div_ceil(DEPTH).max(1);
    depth.div_ceil(parts).next_multiple_of(LINE).max(LINE)
}

/// Rows of a result; no value is read before it is written unless the caller allows it.
type Rows<'a, 'b> = &'a mut [&'b mut [MaybeUninit<f32>]];

/// `out = x b`, or `out += x b`; writes every value of `out`, which has as many rows as `x`, of `depth` values each.
///
/// # Safety
/// If the product is added, `out` must be initialised.
#[expect(
    unsafe_code,
    reason = "the result's memory is not set to zero first, which took 3 % of a training step"
)]
unsafe fn multiply(arch: Arch, x: &[f32], b: Right<'_>, out: &mut [MaybeUninit<f32>], add: bool) {
    let (depth, columns) = b.shape();
    if out.is_empty() || columns == 0 || depth == 0 {
        return;
    }
    let mut rows: Vec<_> = out.chunks_exact_mut(columns).collect();
    let step = depth_step(depth);
    let threads = match rows.len() * columns * depth < SHARED_FROM {
        true => 1,
        false => rayon::current_num_threads(),
    };
    let source = match b {
        Right::Straight(panels) => {
            let right = Laid {
                panels: panels.values(),
                depth,
                step,
            };
            return shared(arch, threads, (x, depth), right, &mut rows, add);
        }
        Right::Turned(source) => source,
    };
    let parts = columns.div_ceil(TURNED_COLUMNS);
    let wide = columns.div_ceil(parts).next_multiple_of(LINE);
    let deep = (TURNED_VALUES / wide / step).max(1) * step;
    let mut turned = TURNED.take();
    for column in (0..columns).step_by(wide) {
        let end = columns.min(column + wide);
        let mut part: Vec<_> = rows.iter_mut().map(|row| &mut row[column..end]).collect();
        for first in (0..depth).step_by(deep) {
            let lines = deep.min(depth - first);
            let count = (end - column).div_ceil(LINE);
            let panels = aligned(&mut turned, count * LINE * lines);
            turn_panels(arch, threads, source, (first, lines), (column, end), panels);
            let right = Laid {
                panels,
                depth: lines,
                step,
            };
            let left = (&x[first..], depth);
            shared(arch, threads, left, right, &mut part, add || first > 0);
        }
    }
    TURNED.set(turned);
}

/// Cuts a product into tasks for the threads: by rows, or by columns where there are few rows.
fn shared(
    arch: Arch,
    threads: usize,
    (left, left_stride): (&[f32], usize),
    right: Laid<'_>,
    out: Rows<'_, '_>,
    add: bool,
) {
    let count = out.len();
    let run = |first_row: usize, right: Laid<'_>, out: Rows<'_, '_>| {
        arch.dispatch(Task {
            left: &left[first_row * left_stride..],
            left_stride,
            right,
            out,
            add,
        });
    };
    if threads <= 1 {
        return run(0, right, out);
    }
    if count >= threads * MIN_TASK_ROWS {
        let each = count.div_ceil(threads).next_multiple_of(TASK_ROWS);
        let tasks = out.par_chunks_mut(each).enumerate();
        return tasks.for_each(|(task, out)| run(task * each, right, out));
    }
    let panels = out.first().map_or(0, |out| out.len()).div_ceil(LINE);
    let each = panels.div_ceil(threads).next_multiple_of(TASK_PANELS);
    let mut tasks: Vec<Vec<&mut [MaybeUninit<f32>]>> = (0..panels)
        .step_by(each)
        .map(|_| Vec::with_capacity(count))
        .collect();
    for row in out.iter_mut() {
        let parts = row.chunks_mut(each * LINE);
        let tasks = tasks.iter_mut().zip(parts);
        tasks.for_each(|(task, part)| task.push(part));
    }
    tasks.par_iter_mut().enumerate().for_each(|(task, out)| {
        let right = Laid {
            panels: &right.panels[task * each * LINE * right.depth..],
            ..right
        };
        run(0, right, out);
    });
}

/// Transposes `lines` rows of the matrix, starting at row `first`, in the columns from the first of a pair up to the
/// second, into panels as long as the number of rows.
fn turn_panels(
    arch: Arch,
    threads: usize,
    source: &Panels,
    (first, lines): (usize, usize),
    (column, end): (usize, usize),
    panels: &mut [f32],
) {
    let turn = Turn::new(arch);
    let each = |index: usize, panel: &mut [f32]| {
        let start = column + index * LINE;
        arch.dispatch(TurnPanel {
            turn,
            source,
            first,
            columns: (start, end.min(start + LINE)),
            lines: panel.as_chunks_mut().0,
        });
    };
    let length = LINE * lines;
    if threads > 1 {
        let panels = panels.par_chunks_mut(length).enumerate();
        panels.for_each(|(index, panel)| each(index, panel));
    } else {
        let panels = panels.chunks_mut(length).enumerate();
        panels.for_each(|(index, panel)| each(index, panel));
    }
}

/// One transposed panel. A closure instead would be compiled without the processor's widest instructions.
struct TurnPanel<'a> {
    turn: Turn,
    source: &'a Panels,
    /// First row of the matrix, a multiple of a line's length.
    first: usize,
    /// First column and the one after the last, at most a line's length later.
    columns: (usize, usize),
    lines: &'a mut [[f32; LINE]],
}

impl WithSimd for TurnPanel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (column, end) = self.columns;
        for (square, lines) in self.lines.chunks_mut(LINE).enumerate() {
            let start = self.source.place(column, self.first + square * LINE);
            let values = &self.source.values()[start..start + (end - column) * LINE];
            let from = values.as_chunks::<LINE>().0;
            match (from.as_chunks().0, lines.as_chunks_mut().0) {
                ([from], [to]) => self.turn.square(from, to),
                _ => {
                    for (k, line) in lines.iter_mut().enumerate() {
                        *line = [0.0; LINE];
                        for (value, from) in line.iter_mut().zip(from) {
                            *value = from[k];
                        }
                    }
                }
            }
        }
    }
}

/// `length` values of a buffer that begin at a cache line; they hold values left from earlier use.
fn aligned(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length + LINE {
        buffer.clear();
        buffer.resize(length + LINE, 0.0);
    }
    let start = first_line(buffer);
    &mut buffer[start..start + length]
}

/// Index at which the first cache line of a buffer begins.
fn first_line(values: &[f32]) -> usize {
    values
        .as_ptr()
        .align_offset(LINE * size_of::<f32>())
        .min(LINE)
}

#[cfg(test)]
mod tests;
