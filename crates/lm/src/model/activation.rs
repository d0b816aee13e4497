//! How the gate of a block's MLP opens, which differs from family to family.

use candle_core::Tensor;

use crate::error::Result;
use crate::ops::{geglu, geglu_backward, swiglu, swiglu_backward};

/// The function that the gate's projection passes before it multiplies that of `up`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x s(x)`, which most families have.
    Silu,
    /// GELU in its tanh form, which Gemma has.
    GeluTanh,
}

impl Activation {
    /// The input of the down projection from the outputs of the other two, all `[N, F]`.
    pub(crate) fn gate(self, gate: &Tensor, up: &Tensor) -> Result<Tensor> {
        match self {
            Self::Silu => swiglu(gate, up),
            Self::GeluTanh => geglu(gate, up),
        }
    }

    /// Gradients of [`Activation::gate`]'s inputs, `(dgate, dup)`, from that of its output, all `[N, F]`.
    pub(crate) fn gate_backward(
        self,
        dy: &Tensor,
        gate: &Tensor,
        up: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        match self {
            Self::Silu => swiglu_backward(dy, gate, up),
            Self::GeluTanh => geglu_backward(dy, gate, up),
        }
    }
}
