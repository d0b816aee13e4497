//! Learning-rate schedules: warm-up, then a constant rate or linear or cosine decay as in transformers'
//! `optimization.py`, and the plateau rule of `torch.optim.lr_scheduler.ReduceLROnPlateau` (mode min, relative
//! threshold, no cooldown).

use serde::{Deserialize, Serialize};

/// How the learning rate changes after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The rate stays the same after the warm-up.
    Constant,
    /// The rate falls in a straight line to zero at `total_updates`.
    Linear {
        /// Update at which the rate is zero.
        total_updates: usize,
    },
    /// The rate falls along half a cosine to zero at `total_updates`.
    Cosine {
        /// Update at which the rate is zero.
        total_updates: usize,
    },
    /// The rate is multiplied by `factor` whenever more than `patience` evaluations in a row bring no value below
    /// `best * (1 - threshold)`.
    Plateau {
        /// What a reduction multiplies the rate by, in (0, 1).
        factor: f64,
        /// Number of evaluations in a row that may bring no progress.
        patience: u32,
        /// Smallest relative improvement that counts as progress.
        threshold: f64,
    },
}

impl Schedule {
    /// Returns the learning rate of the update with index `update` (from 0). `plateau_lr` is the rate that the plateau
    /// rule has reached or, with another schedule, the configured rate. During the warm-up the rate is
    /// `plateau_lr * update / warmup_updates`, so the first update changes no weight, as in transformers.
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

/// What the plateau rule remembers from one evaluation to the next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlateauState {
    /// Learning rate after all reductions so far.
    pub lr: f64,
    /// Lowest value observed so far that counted as progress; `None` before the first evaluation.
    pub best: Option<f64>,
    /// Evaluations without progress since the last progress or reduction.
    pub bad_evals: u32,
    /// Number of reductions made so far.
    pub reductions: u32,
}

impl PlateauState {
    /// A reduction of the rate by no more than this is skipped (`eps` in torch).
    const MIN_CHANGE: f64 = 1e-8;

    /// Starts at the rate `lr`, before the first evaluation.
    pub fn new(lr: f64) -> Self {
        Self {
            lr,
            best: None,
            bad_evals: 0,
            reductions: 0,
        }
    }

    /// Takes the value of one evaluation (lower is better) and reduces the rate if the rule says so.
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
