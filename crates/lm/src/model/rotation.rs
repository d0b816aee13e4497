//! The rotation of a block's queries and keys; `rope` makes it, attention applies it.

use candle_core::Tensor;

use crate::error::Result;
use crate::ops::rotate;

/// How one block rotates the heads of some rows: by cosines and sines `[N, Dr/2]`, or not at all.
#[derive(Debug, Clone)]
pub(crate) struct Rotation(pub(super) Option<(Tensor, Tensor)>);

impl Rotation {
    /// Rotates heads `[N, heads, Dh]`.
    pub(crate) fn apply(&self, x: &Tensor) -> Result<Tensor> {
        match &self.0 {
            Some((cos, sin)) => rotate(x, cos, sin),
            None => Ok(x.clone()),
        }
    }

    /// The gradient of the input from that of the result: the inverse rotation.
    pub(crate) fn backward(&self, dy: &Tensor) -> Result<Tensor> {
        match &self.0 {
            Some((cos, sin)) => rotate(dy, cos, &sin.neg()?),
            None => Ok(dy.clone()),
        }
    }
}
