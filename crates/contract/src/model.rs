//! The closed sets about models: how the base model is stored in memory, whether it fits, what proves it, and its licence.

use crate::closed_set::closed_set;

closed_set! {
    /// What the dense matrices of the base model are quantised to while it is loaded.
    #[derive(Default)]
    Quantize, "number type" {
        /// As the model's files store them.
        #[default]
        None = "none",
        /// 8.5 bits a weight.
        Q8_0 = "q8_0",
        /// 4.5 bits a weight, one scale for 32.
        Q4_0 = "q4_0",
        /// 4.5 bits a weight, in blocks of 256.
        Q4K = "q4_k",
        /// 6.6 bits a weight, in blocks of 256.
        Q6K = "q6_k",
    }
}

closed_set! {
    /// Number type in which a trained adapter is kept. What is measured is what is kept: an adapter is rounded before
    /// anything reads it.
    #[derive(Default)]
    AdapterDtype, "number type of an adapter" {
        /// As it was trained.
        #[default]
        F32 = "f32",
        /// Half the size.
        Bf16 = "bf16",
    }
}

closed_set! {
    /// How the memory that a model needs compares with the memory that is free.
    Fit, "fit" {
        /// Room to spare.
        Fits = "fits",
        /// It fits if nothing else grows.
        Tight = "tight",
        /// It does not fit.
        TooBig = "too_big",
    }
}

closed_set! {
    /// Which part of a catalogue model was compared (docs/models.md).
    Proof, "proof" {
        /// A file that its publisher distributes was compared with transformers: tokens, probabilities, texts.
        Proven = "proven",
        /// Its family was compared with random weights; this model itself was never loaded by the authors.
        NotTried = "not_tried",
    }
}

closed_set! {
    /// A licence of the catalogue, by the name that model cards use.
    Licence, "licence" {
        /// Apache License 2.0.
        Apache2 = "apache-2.0",
        /// The MIT licence.
        Mit = "mit",
        /// Llama 3.1 Community License Agreement.
        Llama31 = "llama3.1",
        /// Llama 3.2 Community License Agreement.
        Llama32 = "llama3.2",
        /// Gemma Terms of Use.
        Gemma = "gemma",
    }
}

impl Licence {
    /// Its name, as its text has it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Apache2 => "Apache License 2.0",
            Self::Mit => "MIT License",
            Self::Llama31 => "Llama 3.1 Community License Agreement",
            Self::Llama32 => "Llama 3.2 Community License Agreement",
            Self::Gemma => "Gemma Terms of Use",
        }
    }

    /// Where its publisher keeps the text.
    pub const fn address(self) -> &'static str {
        match self {
            Self::Apache2 => "https://www.apache.org/licenses/LICENSE-2.0.txt",
            Self::Mit => "https://huggingface.co/microsoft/Phi-4-mini-instruct/blob/main/LICENSE",
            Self::Llama31 => {
                "https://github.com/meta-llama/llama-models/blob/main/models/llama3_1/LICENSE"
            }
            Self::Llama32 => {
                "https://github.com/meta-llama/llama-models/blob/main/models/llama3_2/LICENSE"
            }
            Self::Gemma => "https://ai.google.dev/gemma/terms",
        }
    }

    /// Whether it only asks to be passed on with the model; any other licence limits what the model may be used for.
    pub const fn is_permissive(self) -> bool {
        matches!(self, Self::Apache2 | Self::Mit)
    }
}
