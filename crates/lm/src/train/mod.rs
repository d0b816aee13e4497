//! Training of adapters, supervised fine-tuning and DPO, with an explicit backward pass; and gradients of whole models.
//!
//! `batch` says what an update sees, `objective` turns a batch into loss and gradients (through `loss`, `preference`,
//! `backward` and the derivatives in `ops`), `optimizer` and `schedule` make the update, `checkpoint` keeps the state,
//! `run` is the loop. `weights` has the gradient of every weight, for training without an adapter.
//! Follows transformers' Trainer, PEFT and TRL's DPOTrainer, whose trajectories the golden tests reproduce.
//!
//! Adapter, gradients and optimizer are f32, whatever type the base model is stored in. So bf16 training on the CPU
//! means bf16 storage: frozen matrices are widened where they are used, products and everything after them are f32, and
//! a run equals one on the widened weights (tests/exactness.rs). A device may multiply in bf16; master adapter and
//! moments stay f32 there too.

mod backward;
mod batch;
mod checkpoint;
mod gradients;
mod loss;
mod objective;
mod optimizer;
pub mod preference;
mod run;
mod schedule;
#[cfg(test)]
mod tests;
mod weights;

pub use backward::{backward, backward_weights};
pub use batch::{BatchPlan, PreferencePair, TrainExample};
pub use checkpoint::{EvalPoint, TrainState};
pub use gradients::{Gradients, WeightGradients};
pub(crate) use loss::LOGITS_PER_CHUNK;
pub use loss::token_logps;
pub use objective::{BatchGradients, Budget, DpoReport, Objective, batch_gradients};
pub use optimizer::{AdamW, clip, flatten, global_norm, unflatten};
pub use preference::{PairLogps, PairLoss, PreferenceLoss};
pub use run::{Observer, StepReport, TrainConfig, TrainOutcome, train};
pub use schedule::{PlateauState, Schedule};
pub use weights::{WeightBatch, weight_gradients};
