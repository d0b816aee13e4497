//! The sum of two tensors, in place if nothing else refers to the first.

use candle_core::{CpuStorage, InplaceOp2, Layout, Tensor};
use rayon::prelude::*;

use super::{BLOCK, contiguous, contiguous_mut, fused, vectorised};
use crate::error::Result;
use crate::profile::{Work, counted};

/// Returns `fresh + other`. On the CPU the sum overwrites `fresh`, so `fresh` must be a result that nothing else refers
/// to.
pub(crate) fn add_into(fresh: Tensor, other: &Tensor) -> Result<Tensor> {
    let _counted = counted(Work::Elementwise);
    if !fused(&fresh)
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
        let (sum, other) = (
            contiguous_mut(sum, sum_layout)?,
            contiguous(other, other_layout)?,
        );
        sum.par_chunks_mut(BLOCK)
            .zip(other.par_chunks(BLOCK))
            .for_each(|(sum, other)| {
                vectorised(
                    #[inline(always)]
                    || {
                        sum.iter_mut()
                            .zip(other)
                            .for_each(|(sum, other)| *sum += other)
                    },
                );
            });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn add_into_adds() {
        let a = Tensor::new(&[[1f32, 2.0], [3.0, 4.0]], &Device::Cpu).unwrap();
        let sum = add_into(a.copy().unwrap(), &a).unwrap();
        assert_eq!(sum.to_vec2::<f32>().unwrap(), [[2.0, 4.0], [6.0, 8.0]]);
        let transposed = add_into(a.copy().unwrap(), &a.t().unwrap()).unwrap();
        assert_eq!(
            transposed.to_vec2::<f32>().unwrap(),
            [[2.0, 5.0], [5.0, 8.0]]
        );
    }
}
