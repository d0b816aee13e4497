//! The number type that a run holds its base model in, as a recipe names it.

use serde::{Deserialize, Serialize};

/// What dense matrices of the base model are quantised to while it is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantize {
    /// As the model's files store them.
    #[default]
    None,
    /// 8.5 bits a weight.
    Q8_0,
    /// 4.5 bits a weight.
    Q4_0,
    /// 4.5 bits a weight, in blocks of 256.
    Q4K,
    /// 6.6 bits a weight, in blocks of 256.
    Q6K,
}
