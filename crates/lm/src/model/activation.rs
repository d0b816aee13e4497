//! How the gate of a block's MLP opens, which differs from family to family.

use candle_core::Tensor;

use crate::error::Result;
use crate::ops::{geglu, geglu_backward, swiglu, swiglu_backward};

/// The function applied to the gate projection's output before it is multiplied by that of `up`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x s(x)`, used by most families.
    Silu,
    /// GELU in its tanh form, used by Gemma.
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

    /// Gradients of [`Activation::gate`]'s inputs, `(dgate, dup)`, from the gradient of its output, all `[N, F]`.
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
