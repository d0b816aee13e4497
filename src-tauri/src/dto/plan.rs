//! What a run would take on this machine, as `duologue plan` says it.

use contract::{
    Lack, Machine, Offer, Plan, PlanExamples, Price, StageForecast, StageName, Verdict,
};
use serde::{Deserialize, Serialize};
use specta::Type;

use crate::command::count;

/// The plan of a run that is not begun yet.
#[derive(Debug, Clone, Serialize, Deserialize, Type, PartialEq)]
pub struct PlanSheet {
    /// Whether it can start.
    pub verdict: Verdict,
    /// What prevents the run.
    pub missing: Vec<Lack>,
    /// The examples that it would take.
    pub examples: PlanExamples,
    /// Whether the speed was measured with the model itself.
    pub probed: bool,
    /// Whether the trainings compute again what they do not keep.
    pub recompute: bool,
    /// Highest memory of all stages.
    pub peak_bytes: f64,
    /// Disk of all stages.
    pub disk_bytes: f64,
    /// Seconds of all stages.
    pub seconds: f64,
    /// Each stage.
    pub stages: Vec<PlanStage>,
    /// Cheaper ways to do it.
    pub offers: Vec<PlanOffer>,
    /// What the machine has.
    pub machine: PlanMachine,
}

/// What one stage would take.
#[derive(Debug, Clone, Serialize, Deserialize, Type, PartialEq)]
pub struct PlanStage {
    /// Stage name.
    pub name: StageName,
    /// Highest memory.
    pub peak_bytes: f64,
    /// Disk.
    pub disk_bytes: f64,
    /// Seconds.
    pub seconds: f64,
}

/// A cheaper way, and what it would take.
#[derive(Debug, Clone, Serialize, Deserialize, Type, PartialEq)]
pub struct PlanOffer {
    /// What to add to the command line.
    pub change: String,
    /// What it costs.
    pub price: Price,
    /// Highest memory of all stages.
    pub peak_bytes: f64,
    /// Seconds of all stages.
    pub seconds: f64,
    /// Whether it fits this machine.
    pub fits: bool,
}

/// The machine that the plan was made for.
#[derive(Debug, Clone, Serialize, Deserialize, Type, PartialEq)]
pub struct PlanMachine {
    /// Memory that programs can still take.
    pub memory_free_bytes: Option<f64>,
    /// Room on the workspace's disk.
    pub disk_free_bytes: Option<f64>,
    /// Threads of the computation.
    pub threads: u32,
}

impl From<Plan> for PlanSheet {
    fn from(plan: Plan) -> Self {
        Self {
            verdict: plan.verdict,
            missing: plan.missing,
            examples: plan.examples,
            probed: plan.probed,
            recompute: plan.recompute,
            peak_bytes: plan.peak_bytes as f64,
            disk_bytes: plan.disk_bytes as f64,
            seconds: plan.seconds,
            stages: plan.stages.into_iter().map(Into::into).collect(),
            offers: plan.offers.into_iter().map(Into::into).collect(),
            machine: plan.machine.into(),
        }
    }
}

impl From<StageForecast> for PlanStage {
    fn from(stage: StageForecast) -> Self {
        Self {
            name: stage.name,
            peak_bytes: stage.peak_bytes as f64,
            disk_bytes: stage.disk_bytes as f64,
            seconds: stage.seconds,
        }
    }
}

impl From<Offer> for PlanOffer {
    fn from(offer: Offer) -> Self {
        Self {
            change: offer.change,
            price: offer.price,
            peak_bytes: offer.peak_bytes as f64,
            seconds: offer.seconds,
            fits: offer.fits,
        }
    }
}

impl From<Machine> for PlanMachine {
    fn from(machine: Machine) -> Self {
        Self {
            memory_free_bytes: machine.memory_free_bytes.map(|bytes| bytes as f64),
            disk_free_bytes: machine.disk_free_bytes.map(|bytes| bytes as f64),
            threads: count(machine.threads),
        }
    }
}
