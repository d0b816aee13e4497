//! The decoder's operations other than matrix products: one file each, with the formula, its derivative, the CPU's form
//! (one pass over memory) and the same in candle operations for the other devices.
//!
//! candle hands every elementwise operation of more than 65,536 values to one process-wide pool that spins and serves
//! one caller at a time; training runs several passes side by side and would queue there. Our own operations run on the
//! calling thread, compiled for the processor's widest vectors. No sum depends on their width: additions keep their
//! order.
//!
//! [`fused`] says which form a tensor takes: f32 on the processor takes our own, anything else candle's operations.
//! Those accept bf16 too and do every reduction in f32; on the processor, bf16 takes them as a card would, and this is
//! how they are tested.

mod add;
mod cross_entropy;
mod gated;
mod geglu;
mod rms_norm;
mod rope;
mod softmax;
mod swiglu;

use std::ops::Deref;

use candle_core::{CpuStorage, DType, Layout, Storage, Tensor};

pub(crate) use add::add_into;
pub(crate) use cross_entropy::{DEVICE_LOGITS_PER_CHUNK, target_logps, token_logps_of_logits};
pub(crate) use geglu::{geglu, geglu_backward};
pub(crate) use rms_norm::{rms_norm, rms_norm_backward, rms_norm_weight_backward};
pub(crate) use rope::rotate;
#[cfg(test)]
pub(crate) use softmax::causal_softmax_composed;
pub(crate) use softmax::{Sight, causal_softmax, masked_softmax, softmax_backward};
pub(crate) use swiglu::{swiglu, swiglu_backward};

use crate::error::Result;
use crate::simd::arch;

/// Values handed to one thread at a time.
const BLOCK: usize = 8192;

/// Running sums of one reduction: two registers of AVX-512, four of AVX2.
const LANES: usize = 32;

/// Runs loops compiled for the widest vectors of this processor.
#[inline(always)]
pub(crate) fn vectorised<R>(run: impl FnOnce() -> R) -> R {
    arch().dispatch(run)
}

/// Whether operations on a tensor take the processor's own form, which is f32 alone.
pub(crate) fn fused(tensor: &Tensor) -> bool {
    tensor.device().is_cpu() && tensor.dtype() == DType::F32
}

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

/// The values of a contiguous f32 storage.
pub(crate) fn contiguous<'a>(
    storage: &'a CpuStorage,
    layout: &Layout,
) -> candle_core::Result<&'a [f32]> {
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::Msg("a contiguous tensor was expected".to_owned()))?;
    Ok(&storage.as_slice::<f32>()?[start..end])
}

/// Mutable form of [`contiguous`].
pub(crate) fn contiguous_mut<'a>(
    storage: &'a mut CpuStorage,
    layout: &Layout,
) -> candle_core::Result<&'a mut [f32]> {
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::Msg("a contiguous tensor was expected".to_owned()))?;
    match storage {
        CpuStorage::F32(values) => Ok(&mut values[start..end]),
        _ => Err(candle_core::Error::Msg(
            "an f32 tensor was expected".to_owned(),
        )),
    }
}

/// `e^x` accurate to two units in the last place, in a form that the compiler turns into vector instructions (range
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

/// Sum of `f(i)` over `0..n` in [`LANES`] running sums, so that the additions can be done as vectors.
#[inline(always)]
fn sum_lanes(n: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0f32; LANES];
    let whole = n - n % LANES;
    for base in (0..whole).step_by(LANES) {
        for (offset, lane) in lanes.iter_mut().enumerate() {
            *lane += f(base + offset);
        }
    }
    lanes.iter().sum::<f32>() + (whole..n).map(f).sum::<f32>()
}

/// The greatest value; minus infinity if there is none.
#[inline(always)]
fn max_lanes(values: &[f32]) -> f32 {
    let greater = |max: f32, value: f32| if value > max { value } else { max };
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (whole, remainder) = values.as_chunks::<LANES>();
    for values in whole {
        for (lane, value) in lanes.iter_mut().zip(values) {
            *lane = greater(*lane, *value);
        }
    }
    lanes
        .iter()
        .chain(remainder)
        .fold(f32::NEG_INFINITY, |max, value| greater(max, *value))
}

/// Replaces every value by `exp((value - max) * scale)` and returns their sum.
#[inline(always)]
fn exp_and_sum(values: &mut [f32], max: f32, scale: f32) -> f32 {
    let mut lanes = [0f32; LANES];
    let (whole, remainder) = values.as_chunks_mut::<LANES>();
    for values in whole {
        for (lane, value) in lanes.iter_mut().zip(values) {
            *value = exp((*value - max) * scale);
            *lane += *value;
        }
    }
    let mut sum = lanes.iter().sum::<f32>();
    for value in remainder {
        *value = exp((*value - max) * scale);
        sum += *value;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_accurate_to_a_few_units_in_the_last_place() {
        for i in -8700..8800 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            assert!(
                (f64::from(exp(x)) - exact).abs() <= 3e-7 * exact,
                "exp({x})"
            );
        }
        assert_eq!(exp(-100.0), 0.0);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    }

    #[test]
    fn reductions_take_every_value() {
        for n in [0, 1, 31, 32, 33, 100] {
            let mut values: Vec<f32> = (0..n).map(|i| ((i * 7919) % 101) as f32 / 10.0).collect();
            let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(max_lanes(&values), max);
            let sum: f32 = values.iter().sum();
            assert!((sum_lanes(n, |i| values[i]) - sum).abs() < 1e-3);
            let expected: f32 = values.iter().map(|v| ((v - 10.0) * 0.5).exp()).sum();
            let found = vectorised(
                #[inline(always)]
                || exp_and_sum(&mut values, 10.0, 0.5),
            );
            assert!(
                (found - expected).abs() < 1e-4
                    && (values.iter().sum::<f32>() - found).abs() < 1e-4
            );
        }
    }
}
