//! The closed sets about models: how the base model is stored in memory, and whether it fits.

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
