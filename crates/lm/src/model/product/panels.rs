//! A frozen f32 matrix `[out, in]` as products read it: panels of 16 rows, each made of lines that hold the 16 values
//! of one column.

use std::ops::Range;
use std::sync::Arc;

use candle_core::{CpuStorage, Device, InplaceOp2, Layout, Tensor};
use rayon::prelude::*;

use super::{LINE, Right, aligned, first_line, multiply};
use crate::error::{Error, Result};
use crate::ops::{contiguous, contiguous_mut, with_values};
use crate::simd::arch;

/// A matrix in panels. Surplus rows of the last panel are zeros.
#[derive(Debug, Clone)]
pub struct Panels {
    values: Arc<Vec<f32>>,
    /// Where the first panel begins, at a cache line.
    start: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Panels {
    /// Builds the matrix from `row`, which fills in one row's `columns` values.
    pub(crate) fn from_rows(
        rows: usize,
        columns: usize,
        row: impl Fn(usize, &mut [f32]) -> Result<()> + Sync,
    ) -> Result<Self> {
        let length = rows.div_ceil(LINE) * LINE * columns;
        let mut values = vec![0f32; length + LINE];
        let panels = aligned(&mut values, length);
        let tasks = panels.par_chunks_mut((LINE * columns).max(1)).enumerate();
        tasks.try_for_each(|(panel, lines)| {
            let mut source = vec![0f32; columns];
            for place in panel * LINE..rows.min((panel + 1) * LINE) {
                row(place, &mut source)?;
                let lines = lines.as_chunks_mut::<LINE>().0;
                for (line, value) in lines.iter_mut().zip(&source) {
                    line[place % LINE] = *value;
                }
            }
            Ok::<_, Error>(())
        })?;
        let start = first_line(&values);
        Ok(Self {
            values: Arc::new(values),
            start,
            rows,
            columns,
        })
    }

    /// All panels.
    pub(super) fn values(&self) -> &[f32] {
        &self.values[self.start..self.start + self.rows.div_ceil(LINE) * LINE * self.columns]
    }

    /// Where a line of a panel begins in [`Panels::values`].
    pub(super) fn place(&self, line: usize, row: usize) -> usize {
        (row / LINE * self.columns + line) * LINE + row % LINE
    }

    /// Shape of the matrix, `(out, in)`.
    pub(crate) fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Rows by number, `[ids, in]`.
    pub(crate) fn select(&self, ids: &[u32]) -> Result<Tensor> {
        let mut gathered = vec![0f32; ids.len() * self.columns];
        for (id, row) in ids.iter().zip(gathered.chunks_mut(self.columns.max(1))) {
            if *id as usize >= self.rows {
                let reason = format!("{id} is beyond the {} rows of the embedding", self.rows);
                return Err(Error::Setting {
                    name: "token id",
                    reason,
                });
            }
            self.read(*id as usize, row);
        }
        let shape = (ids.len(), self.columns);
        Ok(Tensor::from_vec(gathered, shape, &Device::Cpu)?)
    }

    /// Rows `[rows, in]`.
    pub(crate) fn rows(&self, range: Range<usize>) -> Result<Tensor> {
        let shape = (range.len(), self.columns);
        let mut values = vec![0f32; range.len() * self.columns];
        let tasks = values.par_chunks_mut(self.columns.max(1)).enumerate();
        tasks.for_each(|(row, values)| self.read(range.start + row, values));
        Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
    }

    fn read(&self, row: usize, to: &mut [f32]) {
        let lines = &self.values()[self.place(0, row)..];
        for (value, line) in to.iter_mut().zip(lines.chunks(LINE)) {
            *value = line[0];
        }
    }

    /// `x Wᵀ`: x `[N, in]` → `[N, out]`.
    pub(crate) fn project(&self, x: &Tensor) -> Result<Tensor> {
        let (count, columns) = x.dims2()?;
        check(columns, self.columns)?;
        fresh(x, (count, self.rows), Right::Straight(self))
    }

    /// `dy W`, plus `sum` where given (which must be a result that nothing else refers to): dy `[N, out]` → `[N, in]`.
    pub(crate) fn project_backward(&self, dy: &Tensor, sum: Option<Tensor>) -> Result<Tensor> {
        let (count, rows) = dy.dims2()?;
        check(rows, self.rows)?;
        let Some(sum) = sum else {
            return fresh(dy, (count, self.columns), Right::Turned(self));
        };
        let sum = sum.contiguous()?;
        sum.inplace_op2(&dy.contiguous()?, &AddBackward(self))?;
        Ok(sum)
    }
}

/// The product of `x` and `right`, which has this shape, as a fresh tensor.
fn fresh(x: &Tensor, shape: (usize, usize), right: Right<'_>) -> Result<Tensor> {
    let count = shape.0 * shape.1;
    if count * x.dim(1)? == 0 {
        return Ok(Tensor::zeros(shape, x.dtype(), x.device())?);
    }
    let values = with_values(x, |x| {
        let mut out: Vec<f32> = Vec::with_capacity(count);
        let room = &mut out.spare_capacity_mut()[..count];
        #[expect(unsafe_code, reason = "setting memory to zero first takes time")]
        // SAFETY: nothing is added; the whole buffer is written.
        unsafe {
            multiply(arch(), x, right, room, false);
            out.set_len(count);
        }
        Ok(out)
    })?;
    Ok(Tensor::from_vec(values, shape, x.device())?)
}

/// Adds the gradient of the input to a sum, `sum += dy W`.
struct AddBackward<'a>(&'a Panels);

impl InplaceOp2 for AddBackward<'_> {
    fn name(&self) -> &'static str {
        "add-dense-backward"
    }

    fn cpu_fwd(
        &self,
        sum: &mut CpuStorage,
        sum_layout: &Layout,
        dy_storage: &CpuStorage,
        dy_layout: &Layout,
    ) -> candle_core::Result<()> {
        let dy = contiguous(dy_storage, dy_layout)?;
        let [count, rows] = *dy_layout.dims() else {
            candle_core::bail!("a product takes matrices, not {:?}", dy_layout.dims());
        };
        check(rows, self.0.rows)?;
        if sum_layout.dims() != [count, self.0.columns] {
            candle_core::bail!(
                "{:?} has not the shape of what is added to it",
                sum_layout.dims()
            );
        }
        let sum = contiguous_mut(sum, sum_layout)?;
        #[expect(unsafe_code, reason = "the result is one that may be uninitialised")]
        // SAFETY: `sum` is a slice of values, and values are written to it.
        unsafe {
            let out = std::slice::from_raw_parts_mut(sum.as_mut_ptr().cast(), sum.len());
            multiply(arch(), dy, Right::Turned(self.0), out, true);
        }
        Ok(())
    }
}

/// Checks that both sides of a product have the same number of values.
fn check(found: usize, expected: usize) -> candle_core::Result<()> {
    if found != expected {
        candle_core::bail!("{found} values a row do not fit a matrix of {expected}");
    }
    Ok(())
}
