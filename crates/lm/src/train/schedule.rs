//! Learning-rate schedules: warm-up with constant, linear or cosine decay as in transformers' `optimization.py`, and
//! the plateau rule of `torch.optim.lr_scheduler.ReduceLROnPlateau` (mode min, relative threshold, no cooldown).

use serde::{Deserialize, Serialize};

/// How the learning rate changes after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The rate stays what it is after the warm-up.
    Constant,
    /// Straight to zero at `total_updates`.
    Linear {
        /// Update at which the rate is zero.
        total_updates: usize,
    },
    /// Half a cosine to zero at `total_updates`.
    Cosine {
        /// Update at which the rate is zero.
        total_updates: usize,
    },
    /// Times `factor` whenever more than `patience` evaluations in a row bring no value below
    /// `best * (1 - threshold)`.
    Plateau {
        /// Multiplier of a reduction, in (0, 1).
        factor: f64,
        /// Evaluations without progress that are tolerated.
        patience: u32,
        /// Relative improvement that counts as progress.
        threshold: f64,
    },
}

impl Schedule {
    /// Learning rate of the update with index `update` (from 0). `plateau_lr` is the rate to which the plateau rule
    /// has come; without plateau it is the configured rate. Warm-up: `lr * update / warmup_updates`, so the first
    /// update of a warm-up moves nothing, as in transformers.
    pub fn lr(&self, plateau_lr: f64, update: usize, warmup_updates: usize) -> f64 {
        if update < warmup_updates {
            return plateau_lr * update as f64 / warmup_updates as f64;
        }
        let progress = |total: usize| {
            let span = total.saturating_sub(warmup_updates).max(1);
            ((update - warmup_updates) as f64 / span as f64).min(1.0)
        };
        match *self {
            Self::Constant | Self::Plateau { .. } => plateau_lr,
            Self::Linear { total_updates } => plateau_lr * (1.0 - progress(total_updates)),
            Self::Cosine { total_updates } => {
                plateau_lr * 0.5 * (1.0 + (std::f64::consts::PI * progress(total_updates)).cos())
            }
        }
    }
}

/// Memory of the plateau rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlateauState {
    /// Rate in force.
    pub lr: f64,
    /// Best value seen; none before the first.
    pub best: Option<f64>,
    /// Values in a row without progress.
    pub bad_evals: u32,
    /// Reductions so far.
    pub reductions: u32,
}

impl PlateauState {
    /// Smallest change of the rate that is made, torch's `eps`.
    const MIN_CHANGE: f64 = 1e-8;

    /// Starts at this rate.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            best: None,
            bad_evals: 0,
            reductions: 0,
        }
    }

    /// Takes one evaluation (lower is better) and reduces the rate where the rule says so.
    pub fn observe(&mut self, value: f64, factor: f64, patience: u32, threshold: f64) {
        if self
            .best
            .is_none_or(|best| value < best * (1.0 - threshold))
        {
            self.best = Some(value);
            self.bad_evals = 0;
        } else {
            self.bad_evals += 1;
        }
        if self.bad_evals > patience {
            let lr = self.lr * factor;
            if self.lr - lr > Self::MIN_CHANGE {
                self.lr = lr;
                self.reductions += 1;
            }
            self.bad_evals = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_and_decay_follow_the_formulas() {
        let linear = Schedule::Linear { total_updates: 10 };
        assert_eq!(linear.lr(1.0, 0, 3), 0.0);
        assert_eq!(linear.lr(1.0, 3, 3), 1.0);
        assert!((linear.lr(1.0, 9, 3) - 1.0 / 7.0).abs() < 1e-15);
        let cosine = Schedule::Cosine { total_updates: 10 };
        assert!((cosine.lr(2.0, 5, 0) - 1.0).abs() < 1e-12);
        assert_eq!(Schedule::Constant.lr(0.5, 1000, 10), 0.5);
        assert_eq!(
            linear.lr(1.0, 50, 3),
            0.0,
            "past the end the rate stays at zero"
        );
    }

    #[test]
    fn a_plateau_reduces_after_patience_is_exceeded() {
        let mut plateau = PlateauState::new(1.0);
        for value in [2.0, 2.0, 2.0] {
            plateau.observe(value, 0.1, 2, 1e-4);
        }
        assert_eq!((plateau.lr, plateau.reductions), (1.0, 0));
        plateau.observe(2.0, 0.1, 2, 1e-4);
        assert_eq!(
            (plateau.lr, plateau.reductions, plateau.bad_evals),
            (0.1, 1, 0)
        );
        plateau.observe(1.0, 0.1, 2, 1e-4);
        assert_eq!(plateau.best, Some(1.0));
    }
}
