//! The gate of the MLP (Shazeer 2020, arXiv 2002.05202): `silu(gate) * up` with `silu(x) = x s(x)`,
//! `s(x) = 1 / (1 + e^-x)`.

use candle_core::Tensor;

use super::gated::{Gate, gated, gated_backward};
use super::{exp, fused};
use crate::error::Result;
use crate::profile::{Work, counted};

/// `silu(gate) * up`, the input of the down projection, all `[N, F]`.
pub(crate) fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    let _counted = counted(Work::Elementwise);
    if !fused(gate) {
        return Ok((gate.silu()? * up)?);
    }
    gated::<Silu>(gate, up)
}

/// Gradient of [`swiglu`] → `(dgate, dup)`, all `[N, F]`: `dup = dy silu(gate)`,
/// `dgate = dy up (s + silu(gate) (1 - s))`.
pub(crate) fn swiglu_backward(dy: &Tensor, gate: &Tensor, up: &Tensor) -> Result<(Tensor, Tensor)> {
    let _counted = counted(Work::Elementwise);
    if !fused(dy) {
        return backward_composed(dy, gate, up);
    }
    gated_backward::<Silu>(dy, gate, up)
}

struct Silu;

impl Gate for Silu {
    #[inline(always)]
    fn forward(out: &mut [f32], gate: &[f32], up: &[f32]) {
        for ((out, g), u) in out.iter_mut().zip(gate).zip(up) {
            *out = g / (1.0 + exp(-g)) * u;
        }
    }

    #[inline(always)]
    fn backward(dgate: &mut [f32], dup: &mut [f32], dy: &[f32], gate: &[f32], up: &[f32]) {
        let n = dgate.len();
        let (dup, dy, gate, up) = (&mut dup[..n], &dy[..n], &gate[..n], &up[..n]);
        for i in 0..n {
            let sigmoid = 1.0 / (1.0 + exp(-gate[i]));
            let silu = gate[i] * sigmoid;
            dup[i] = dy[i] * silu;
            dgate[i] = dy[i] * up[i] * (sigmoid + silu * (1.0 - sigmoid));
        }
    }
}

fn backward_composed(dy: &Tensor, gate: &Tensor, up: &Tensor) -> Result<(Tensor, Tensor)> {
    let logistic = |x: &Tensor| (x.neg()?.exp()? + 1.0)?.recip();
    let sigmoid = logistic(gate)?;
    // 1 - s(x) is computed as s(-x): the subtraction would lose what precision bf16 has.
    let slope = (&sigmoid * ((gate * logistic(&gate.neg()?)?)? + 1.0)?)?;
    Ok(((dy * up)?.mul(&slope)?, (dy * (gate * sigmoid)?)?))
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::*;
    use crate::test_model::{assert_close, random};

    #[test]
    fn swiglu_backward_agrees_with_composed_and_autograd() {
        let (gate, up, dy) = (
            random(1, &[300, 33]),
            random(2, &[300, 33]),
            random(3, &[300, 33]),
        );
        let (dgate, dup) = swiglu_backward(&dy, &gate, &up).unwrap();
        let composed = backward_composed(&dy, &gate, &up).unwrap();
        assert_close(&dgate, &composed.0, 2e-6);
        assert_close(&dup, &composed.1, 2e-6);
        assert_close(
            &swiglu(&gate, &up).unwrap(),
            &(gate.silu().unwrap() * &up).unwrap(),
            2e-6,
        );
        let (g, u) = (
            Var::from_tensor(&gate).unwrap(),
            Var::from_tensor(&up).unwrap(),
        );
        let y = (g.as_tensor().silu().unwrap() * u.as_tensor()).unwrap();
        let grads = (y * &dy).unwrap().sum_all().unwrap().backward().unwrap();
        assert_close(&dgate, grads.get(&g).unwrap(), 2e-6);
        assert_close(&dup, grads.get(&u).unwrap(), 2e-6);
    }
}
