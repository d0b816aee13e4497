//! Elementwise and row-wise operations of the forward pass that candle would split or spread badly.
//!
//! candle hands every elementwise operation of more than 65,536 values to one process-wide pool that spins and takes
//! one caller at a time; training runs several passes side by side and would queue there. These run where they are
//! called, in one pass over memory. On devices other than the CPU they are plain candle operations.

use std::ops::{Deref, Range};

use candle_core::{CpuStorage, D, InplaceOp1, InplaceOp2, Layout, Storage, Tensor};
use rayon::prelude::*;

use crate::error::Result;

/// Values handed to one thread at a time.
const BLOCK: usize = 8192;

/// Runs `read` on the f32 values of a CPU tensor, copied first where they are not contiguous.
pub(crate) fn with_values<R>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> Result<R>) -> Result<R> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(cpu) = storage.deref() else {
        return Err(candle_core::Error::Msg("a CPU tensor was expected".to_owned()).into());
    };
    let start = layout.start_offset();
    read(&cpu.as_slice::<f32>()?[start..start + tensor.elem_count()])
}

/// `e^x` to two units in the last place, in a form that the compiler turns into vector instructions (range
/// reduction and polynomial of Cephes' `expf`). Below about -87 the result is 0.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it leaves the rounded integer in the low bits.
    let clamped = x.clamp(-87.0, 88.0);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = clamped - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let mantissa = p * r * r + r + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    if x < -87.0 { 0.0 } else { mantissa * power }
}

/// Sum of `f(i)` over `0..n` in eight running sums, so that the additions can be done as vectors.
#[inline(always)]
pub(crate) fn sum_lanes(n: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0f32; 8];
    let whole = n - n % 8;
    for base in (0..whole).step_by(8) {
        for (offset, lane) in lanes.iter_mut().enumerate() {
            *lane += f(base + offset);
        }
    }
    lanes.iter().sum::<f32>() + (whole..n).map(f).sum::<f32>()
}

/// `silu(gate) * up`, the input of the down projection, all `[N, F]`.
pub(crate) fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    if !gate.device().is_cpu() {
        return Ok((gate.silu()? * up)?);
    }
    let mut out = vec![0f32; gate.elem_count()];
    with_values(gate, |gate| {
        with_values(up, |up| {
            out.par_chunks_mut(BLOCK).zip(gate.par_chunks(BLOCK)).zip(up.par_chunks(BLOCK)).for_each(
                |((out, gate), up)| {
                    for ((out, g), u) in out.iter_mut().zip(gate).zip(up) {
                        *out = g / (1.0 + exp(-g)) * u;
                    }
                },
            );
            Ok(())
        })
    })?;
    Ok(Tensor::from_vec(out, gate.shape(), gate.device())?)
}

/// Which keys a row of attention scores sees: row `r` of a matrix belongs to the query at key `first + r % queries`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    pub(crate) queries: usize,
    pub(crate) first: usize,
    /// How many keys, its own and those just before; none: all before.
    pub(crate) window: Option<usize>,
}

impl Sight {
    fn keys(&self, row: usize) -> Range<usize> {
        let end = self.first + row % self.queries + 1;
        self.window.map_or(0, |window| end.saturating_sub(window))..end
    }
}

/// Softmax over the last axis of `[B, rows, keys]` of what each row sees, 0 elsewhere, in place on the CPU; `scale`
/// multiplies the scores.
pub(crate) fn causal_softmax(scores: Tensor, sight: Sight, scale: f64) -> Result<Tensor> {
    if !scores.device().is_cpu() {
        return causal_softmax_composed(&scores, sight, scale);
    }
    scores.inplace_op1(&CausalSoftmax { sight, scale: scale as f32 })?;
    Ok(scores)
}

struct CausalSoftmax {
    sight: Sight,
    scale: f32,
}

impl InplaceOp1 for CausalSoftmax {
    fn name(&self) -> &'static str {
        "causal-softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let keys = layout.dims()[layout.dims().len() - 1];
        let values = contiguous_mut(storage, layout)?;
        for (row, scores) in values.chunks_exact_mut(keys).enumerate() {
            let seen = self.sight.keys(row);
            let (before, rest) = scores.split_at_mut(seen.start);
            let (seen, after) = rest.split_at_mut(seen.len());
            before.fill(0.0);
            after.fill(0.0);
            let max = seen.iter().fold(f32::NEG_INFINITY, |max, v| if *v > max { *v } else { max });
            for v in seen.iter_mut() {
                *v = exp((*v - max) * self.scale);
            }
            let inverse = 1.0 / sum_lanes(seen.len(), |i| seen[i]);
            for v in seen.iter_mut() {
                *v *= inverse;
            }
        }
        Ok(())
    }
}

/// The same, to be written.
pub(crate) fn contiguous_mut<'a>(
    storage: &'a mut CpuStorage,
    layout: &Layout,
) -> candle_core::Result<&'a mut [f32]> {
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::Msg("a contiguous tensor was expected".to_owned()))?;
    match storage {
        CpuStorage::F32(values) => Ok(&mut values[start..end]),
        _ => Err(candle_core::Error::Msg("an f32 tensor was expected".to_owned())),
    }
}

pub(crate) fn causal_softmax_composed(scores: &Tensor, sight: Sight, scale: f64) -> Result<Tensor> {
    let (_, rows, keys) = scores.dims3()?;
    let mask: Vec<f32> = (0..rows * keys)
        .map(|i| if sight.keys(i / keys).contains(&(i % keys)) { 0.0 } else { f32::NEG_INFINITY })
        .collect();
    let mask = Tensor::from_vec(mask, (1, rows, keys), scores.device())?.to_dtype(scores.dtype())?;
    let scores = (scores * scale)?.broadcast_add(&mask)?;
    let weights = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?)?.exp()?;
    Ok(weights.broadcast_div(&weights.sum_keepdim(D::Minus1)?)?)
}

/// The values of a contiguous f32 storage.
pub(crate) fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::Msg("a contiguous tensor was expected".to_owned()))?;
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// `fresh + other`, in place in `fresh` on the CPU: it must be a result that nothing else refers to.
pub(crate) fn add_into(fresh: Tensor, other: &Tensor) -> Result<Tensor> {
    if !fresh.device().is_cpu()
        || !fresh.is_contiguous()
        || !other.is_contiguous()
        || fresh.dims() != other.dims()
    {
        return Ok((fresh + other)?);
    }
    fresh.inplace_op2(other, &AddInto)?;
    Ok(fresh)
}

struct AddInto;

impl InplaceOp2 for AddInto {
    fn name(&self) -> &'static str {
        "add-into"
    }

    fn cpu_fwd(
        &self,
        sum: &mut CpuStorage,
        sum_layout: &Layout,
        other: &CpuStorage,
        other_layout: &Layout,
    ) -> candle_core::Result<()> {
        let (sum, other) = (contiguous_mut(sum, sum_layout)?, contiguous(other, other_layout)?);
        sum.par_chunks_mut(BLOCK).zip(other.par_chunks(BLOCK)).for_each(|(sum, other)| {
            for (sum, other) in sum.iter_mut().zip(other) {
                *sum += other;
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn exp_is_accurate_to_a_few_units_in_the_last_place() {
        for i in -8700..8800 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= 3e-7 * exact, "exp({x})");
        }
        assert_eq!(exp(-100.0), 0.0);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    }

    #[test]
    fn add_into_adds() {
        let a = Tensor::new(&[[1f32, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap();
        let sum = add_into(a.copy().unwrap(), &a).unwrap();
        assert_eq!(sum.to_vec2::<f32>().unwrap(), [[2.0, 4.0], [6.0, 8.0]]);
        let transposed = add_into(a.copy().unwrap(), &a.t().unwrap()).unwrap();
        assert_eq!(transposed.to_vec2::<f32>().unwrap(), [[2.0, 5.0], [5.0, 8.0]]);
    }
}
