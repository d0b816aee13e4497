//! Every test that needs more than one crate. One module per subject.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "all of it is test code; clippy's own exception sees only functions marked #[test]"
)]

mod cli;
mod desktop;
mod fixture;
mod golden_adapters;
mod golden_agreement;
mod golden_gguf;
mod golden_lm;
mod golden_rouge;
mod golden_train;
mod method;
mod program;
mod resume;
mod tidy;
