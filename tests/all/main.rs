//! Every test that needs more than one crate. One module per subject.

mod fixture;
mod golden_lm;
