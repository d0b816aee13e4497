//! Every test that needs more than one crate, one module per subject.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "all of it is test code; clippy's own exception sees only functions marked #[test]"
)]

mod audit;
mod blinding;
mod cli;
mod conversations;
mod corpus;
mod desktop;
mod docs_models;
mod experiment;
mod fixture;
mod german;
mod golden_adapters;
mod golden_agreement;
mod golden_bertscore;
mod golden_diversity;
mod golden_dpo;
mod golden_experiment;
mod golden_export;
mod golden_facts;
mod golden_families;
mod golden_gemma3;
mod golden_generate;
mod golden_gguf;
mod golden_lm;
mod golden_rating;
mod golden_rouge;
mod golden_sacrebleu;
mod golden_smollm3_granite;
mod golden_text;
mod golden_train;
mod golden_two_sample;
mod ids;
mod live;
mod lookups;
mod method;
mod names;
mod parity_candle;
mod parts;
mod program;
mod prose;
mod qlora;
mod real_models;
mod resume;
mod rooms;
mod rounds;
mod sample;
mod tidy;
mod turn_links;
mod values;
