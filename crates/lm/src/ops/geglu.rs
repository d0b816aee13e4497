//! The gate of Gemma's MLP (Shazeer 2020, arXiv 2002.05202): `gelu(gate) * up` with the tanh form of GELU (Hendrycks and
//! Gimpel 2016, arXiv 1606.08415), `gelu(x) = x / 2 (1 + tanh(u))` and `u = sqrt(2 / pi) (x + 0.044715 x^3)`.
//!
//! Since `(1 + tanh(u)) / 2 = s(2u)` with the logistic function `s`, it is computed as `x s(2u)`.

use candle_core::Tensor;

use super::gated::{Gate, gated, gated_backward};
use super::{exp, fused};
use crate::error::Result;
use crate::profile::{Work, counted};

/// `2 sqrt(2 / pi)`.
const SLOPE: f32 = 1.595_769;
/// Coefficient of the cubic term.
const CUBE: f32 = 0.044_715;

/// `gelu(gate) * up`, the input of the down projection, all `[N, F]`.
pub(crate) fn geglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    let _counted = counted(Work::Elementwise);
    if !fused(gate) {
        return Ok((gate.gelu()? * up)?);
    }
    gated::<Gelu>(gate, up)
}

/// `2u` of the formula.
#[inline(always)]
fn doubled(x: f32) -> f32 {
    SLOPE * (x + CUBE * x * x * x)
}

/// Gradient of [`geglu`] → `(dgate, dup)`, all `[N, F]`: `dup = dy gelu(gate)`,
/// `dgate = dy up (s + gelu(gate) (1 - s) 2u')` with `s = s(2u)`, `2u' = 2 sqrt(2 / pi) (1 + 3 0.044715 gate^2)`.
pub(crate) fn geglu_backward(dy: &Tensor, gate: &Tensor, up: &Tensor) -> Result<(Tensor, Tensor)> {
    let _counted = counted(Work::Elementwise);
    if !fused(dy) {
        return backward_composed(dy, gate, up);
    }
    gated_backward::<Gelu>(dy, gate, up)
}

struct Gelu;

impl Gate for Gelu {
    #[inline(always)]
    fn forward(out: &mut [f32], gate: &[f32], up: &[f32]) {
        for ((out, g), u) in out.iter_mut().zip(gate).zip(up) {
            *out = g / (1.0 + exp(-doubled(*g))) * u;
        }
    }

    #[inline(always)]
    fn backward(dgate: &mut [f32], dup: &mut [f32], dy: &[f32], gate: &[f32], up: &[f32]) {
        let n = dgate.len();
        let (dup, dy, gate, up) = (&mut dup[..n], &dy[..n], &gate[..n], &up[..n]);
        for i in 0..n {
            let share = 1.0 / (1.0 + exp(-doubled(gate[i])));
            let gelu = gate[i] * share;
            let steepness = SLOPE * (1.0 + 3.0 * CUBE * gate[i] * gate[i]);
            dup[i] = dy[i] * gelu;
            dgate[i] = dy[i] * up[i] * (share + gelu * (1.0 - share) * steepness);
        }
    }
}

fn backward_composed(dy: &Tensor, gate: &Tensor, up: &Tensor) -> Result<(Tensor, Tensor)> {
    let (slope, cube) = (f64::from(SLOPE), f64::from(CUBE));
    let logistic = |x: &Tensor| (x.neg()?.exp()? + 1.0)?.recip();
    let square = gate.sqr()?;
    let doubled = (gate * square.affine(slope * cube, slope)?)?;
    let share = logistic(&doubled)?;
    let steepness = square.affine(3.0 * slope * cube, slope)?;
    // 1 - s(x) is computed as s(-x): the subtraction would lose what precision bf16 has.
    let beyond = (logistic(&doubled.neg()?)? * (gate * steepness)?)?;
    let derivative = (&share * (beyond + 1.0)?)?;
    Ok(((dy * up)?.mul(&derivative)?, (dy * (gate * share)?)?))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Var};

    use super::*;
    use crate::test_model::{assert_close, random};

    #[test]
    fn geglu_and_its_gradient_agree_with_composed_and_autograd() {
        let (gate, up, dy) = (
            (random(1, &[300, 33]) * 2.0).unwrap(),
            random(2, &[300, 33]),
            random(3, &[300, 33]),
        );
        let (dgate, dup) = geglu_backward(&dy, &gate, &up).unwrap();
        let composed = backward_composed(&dy, &gate, &up).unwrap();
        assert_close(&dgate, &composed.0, 5e-6);
        assert_close(&dup, &composed.1, 5e-6);
        // candle calls the tanh form `gelu` and the exact one `gelu_erf`.
        let plain = (gate.gelu().unwrap() * &up).unwrap();
        assert_close(&geglu(&gate, &up).unwrap(), &plain, 5e-6);
        let (g, u) = (
            Var::from_tensor(&gate).unwrap(),
            Var::from_tensor(&up).unwrap(),
        );
        let y = (g.as_tensor().gelu().unwrap() * u.as_tensor()).unwrap();
        let grads = (y * &dy).unwrap().sum_all().unwrap().backward().unwrap();
        assert_close(&dgate, grads.get(&g).unwrap(), 5e-6);
        assert_close(&dup, grads.get(&u).unwrap(), 5e-6);
    }

    /// Compares with the formula itself in f64 and with finite differences of it, also far out on both sides.
    #[test]
    fn gelu_and_its_slope_are_those_of_the_formula() {
        let gelu = |x: f64| {
            let u = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            0.5 * x * (1.0 + u.tanh())
        };
        let inputs: Vec<f32> = (-240..=240).map(|i| i as f32 / 12.0).collect();
        let gate = Tensor::new(inputs.as_slice(), &Device::Cpu).unwrap();
        let ones = Tensor::ones(inputs.len(), DType::F32, &Device::Cpu).unwrap();
        let found = geglu(&gate, &ones).unwrap().to_vec1::<f32>().unwrap();
        let (dgate, _) = geglu_backward(&ones, &gate, &ones).unwrap();
        let slopes = dgate.to_vec1::<f32>().unwrap();
        for ((x, y), slope) in inputs.iter().zip(found).zip(slopes) {
            let x = f64::from(*x);
            let expected = gelu(x);
            assert!(
                (f64::from(y) - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                "gelu({x}) is {y}, expected {expected}"
            );
            let difference = (gelu(x + 1e-5) - gelu(x - 1e-5)) / 2e-5;
            assert!(
                (f64::from(slope) - difference).abs() < 2e-6,
                "the slope at {x} is {slope}, expected {difference}"
            );
        }
    }
}
