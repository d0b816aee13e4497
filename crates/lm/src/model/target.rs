//! The seven linear projections of a decoder block, which an adapter can act on, and a value for each of them.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// A linear projection of a decoder block that an adapter can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// Query projection of the attention.
    Q,
    /// Key projection of the attention.
    K,
    /// Value projection of the attention.
    V,
    /// Output projection of the attention.
    O,
    /// Gate projection of the SwiGLU.
    Gate,
    /// Up projection of the SwiGLU.
    Up,
    /// Down projection of the SwiGLU.
    Down,
}

impl Target {
    /// Every projection, in the order of [`PerTarget`].
    pub const ALL: [Self; 7] = [
        Self::Q,
        Self::K,
        Self::V,
        Self::O,
        Self::Gate,
        Self::Up,
        Self::Down,
    ];

    /// Module name in Hugging Face checkpoints, for example `q_proj`.
    pub const fn module_name(self) -> &'static str {
        match self {
            Self::Q => "q_proj",
            Self::K => "k_proj",
            Self::V => "v_proj",
            Self::O => "o_proj",
            Self::Gate => "gate_proj",
            Self::Up => "up_proj",
            Self::Down => "down_proj",
        }
    }

    /// The submodule of the block that holds the projection: `self_attn` or `mlp`.
    pub const fn block_name(self) -> &'static str {
        match self {
            Self::Q | Self::K | Self::V | Self::O => "self_attn",
            Self::Gate | Self::Up | Self::Down => "mlp",
        }
    }

    /// The projection with this module name, if there is one.
    pub fn from_module_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|target| target.module_name() == name)
    }

    /// The projection's own name in Hugging Face's Llama: `model.layers.0.self_attn.q_proj`.
    pub(crate) fn name(self, layer: usize) -> String {
        format!(
            "model.layers.{layer}.{}.{}",
            self.block_name(),
            self.module_name()
        )
    }
}

/// A value for each projection of a block, indexed by [`Target`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PerTarget<T>([T; 7]);

impl<T> PerTarget<T> {
    /// The values that `make` returns, in the order of [`Target::ALL`].
    pub fn from_fn(make: impl FnMut(Target) -> T) -> Self {
        Self(Target::ALL.map(make))
    }

    /// The values that `make` returns, unless it fails for one of them.
    ///
    /// # Errors
    /// The first error that `make` returns.
    pub fn try_from_fn<E>(mut make: impl FnMut(Target) -> Result<T, E>) -> Result<Self, E> {
        let [q, k, v, o, gate, up, down] = Target::ALL;
        Ok(Self([
            make(q)?,
            make(k)?,
            make(v)?,
            make(o)?,
            make(gate)?,
            make(up)?,
            make(down)?,
        ]))
    }

    /// Every value, in the order of [`Target::ALL`].
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// Every value, in the order of [`Target::ALL`].
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.iter_mut()
    }
}

impl<T> Index<Target> for PerTarget<T> {
    type Output = T;

    fn index(&self, target: Target) -> &T {
        &self.0[target as usize]
    }
}

impl<T> IndexMut<Target> for PerTarget<T> {
    fn index_mut(&mut self, target: Target) -> &mut T {
        &mut self.0[target as usize]
    }
}

impl<T> IntoIterator for PerTarget<T> {
    type Item = T;
    type IntoIter = std::array::IntoIter<T, 7>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a PerTarget<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut PerTarget<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_under_the_projection_it_was_made_for() {
        let mut named = PerTarget::from_fn(Target::module_name);
        for (target, name) in Target::ALL.into_iter().zip(&named) {
            assert_eq!(
                (named[target], *name),
                (target.module_name(), target.module_name())
            );
            assert_eq!(Target::from_module_name(name), Some(target));
        }
        named[Target::Gate] = "gate";
        assert_eq!(named.iter().filter(|name| **name == "gate").count(), 1);
        let refused = PerTarget::try_from_fn(|target| match target {
            Target::Up => Err(target),
            other => Ok(other),
        });
        assert_eq!(refused, Err(Target::Up));
    }
}
