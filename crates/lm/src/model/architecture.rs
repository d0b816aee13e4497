//! The model families that the decoder computes, by their names in `config.json`.

use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Result};

/// A family of models that the decoder computes exactly; `docs/models.md` says what proves this for each family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Llama 2, 3, 3.1, 3.2, SmolLM2, TinyLlama.
    Llama,
    /// Mistral: a sliding window in every block.
    Mistral,
    /// Qwen2 and Qwen2.5: biases on q, k and v.
    Qwen2,
    /// Qwen3, dense: a norm on each head of q and k.
    Qwen3,
    /// Phi-3 and Phi-4-mini: fused matrices, part of each head rotated.
    Phi3,
    /// Gemma 3, text: four norms in a block, a GELU gate, scaled embeddings, windowed blocks with their own rotation.
    Gemma3,
    /// SmolLM3: some blocks rotate neither queries nor keys.
    SmolLm3,
    /// Granite 3 and 4.1: factors on embeddings, scores, block outputs, and logits.
    Granite,
    /// Granite 4, dense: the same factors, gate and up in one matrix. Its variants with Mamba or experts are refused.
    GraniteMoeHybrid,
}

impl Architecture {
    /// Every family that is supported.
    pub const ALL: [Self; 9] = [
        Self::Llama,
        Self::Mistral,
        Self::Qwen2,
        Self::Qwen3,
        Self::Phi3,
        Self::Gemma3,
        Self::SmolLm3,
        Self::Granite,
        Self::GraniteMoeHybrid,
    ];

    /// Name of the family in the list `architectures` of config.json.
    pub fn class_name(self) -> &'static str {
        match self {
            Self::Llama => "LlamaForCausalLM",
            Self::Mistral => "MistralForCausalLM",
            Self::Qwen2 => "Qwen2ForCausalLM",
            Self::Qwen3 => "Qwen3ForCausalLM",
            Self::Phi3 => "Phi3ForCausalLM",
            Self::Gemma3 => "Gemma3ForCausalLM",
            Self::SmolLm3 => "SmolLM3ForCausalLM",
            Self::Granite => "GraniteForCausalLM",
            Self::GraniteMoeHybrid => "GraniteMoeHybridForCausalLM",
        }
    }

    /// Name of the family in the field `model_type` of config.json.
    pub fn model_type(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Mistral => "mistral",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Phi3 => "phi3",
            Self::Gemma3 => "gemma3_text",
            Self::SmolLm3 => "smollm3",
            Self::Granite => "granite",
            Self::GraniteMoeHybrid => "granitemoehybrid",
        }
    }

    /// What the family adds to a norm's weight before multiplying by it: Gemma stores the distance from 1.
    pub(crate) fn norm_offset(self) -> f32 {
        match self {
            Self::Gemma3 => 1.0,
            Self::Llama
            | Self::Mistral
            | Self::Qwen2
            | Self::Qwen3
            | Self::Phi3
            | Self::SmolLm3
            | Self::Granite
            | Self::GraniteMoeHybrid => 0.0,
        }
    }

    /// Whether the family has Granite's factors on embeddings, scores, block outputs, and logits.
    pub(crate) fn has_factors(self) -> bool {
        matches!(self, Self::Granite | Self::GraniteMoeHybrid)
    }

    /// Reads the family from config.json: the first entry of `architectures` or, without that list, `model_type`.
    pub(super) fn read(json: &Value, path: &Path) -> Result<Self> {
        let found = json["architectures"][0]
            .as_str()
            .or_else(|| json["model_type"].as_str());
        let found = found.ok_or_else(|| Error::config(path, "architectures", "is missing"))?;
        let known = Self::ALL
            .into_iter()
            .find(|a| [a.class_name(), a.model_type()].contains(&found));
        known.ok_or_else(|| Error::UnsupportedArchitecture {
            found: found.to_string(),
            supported: Self::ALL.map(Self::class_name).join(", "),
        })
    }
}
