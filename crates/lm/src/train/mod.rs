//! Training of adapters: supervised fine-tuning and DPO with an explicit backward pass.
//!
//! `batch` says what an update sees, `objective` turns a batch into loss and gradients (through `loss`, `preference`,
//! `backward` and its `kernels`), `optimizer` and `schedule` make the update, `checkpoint` keeps the state, `run` is the loop.
//! Follows transformers' Trainer, PEFT and TRL's DPOTrainer, whose trajectories the golden tests reproduce.

mod backward;
mod batch;
mod checkpoint;
mod kernels;
mod loss;
mod objective;
mod optimizer;
mod parallel;
pub mod preference;
mod run;
mod schedule;
#[cfg(test)]
mod tests;

pub use backward::backward;
pub use batch::{BatchPlan, PreferencePair, TrainExample};
pub use checkpoint::{EvalPoint, TrainState};
pub use loss::token_logps;
pub use objective::{BatchGradients, DpoReport, Objective, batch_gradients};
pub use optimizer::{AdamW, Gradients, clip, flatten, global_norm, unflatten};
pub use preference::{PairLogps, PairLoss, PreferenceLoss};
pub use run::{EndedBy, Observer, StepReport, TrainConfig, TrainOutcome, train};
pub use schedule::{PlateauState, Schedule};
