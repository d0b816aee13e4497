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

#[cfg(feature = "engine")]
impl From<Quantize> for lm::Quantize {
    fn from(quantize: Quantize) -> Self {
        match quantize {
            Quantize::None => Self::None,
            Quantize::Q8_0 => Self::Q8_0,
            Quantize::Q4_0 => Self::Q4_0,
            Quantize::Q4K => Self::Q4K,
            Quantize::Q6K => Self::Q6K,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "engine")]
    fn recipe_and_command_line_use_the_same_names() {
        for quantize in [
            Quantize::None,
            Quantize::Q8_0,
            Quantize::Q4_0,
            Quantize::Q4K,
            Quantize::Q6K,
        ] {
            let name = serde_json::to_value(quantize).unwrap();
            assert_eq!(name, lm::Quantize::from(quantize).as_str());
        }
    }
}
