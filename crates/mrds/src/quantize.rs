//! The number type of a recipe in the engine's words.

use project::quantize::Quantize;

/// The engine's word for a recipe's.
pub(crate) fn engine_quantize(quantize: Quantize) -> lm::Quantize {
    match quantize {
        Quantize::None => lm::Quantize::None,
        Quantize::Q8_0 => lm::Quantize::Q8_0,
        Quantize::Q4_0 => lm::Quantize::Q4_0,
        Quantize::Q4K => lm::Quantize::Q4K,
        Quantize::Q6K => lm::Quantize::Q6K,
    }
}
