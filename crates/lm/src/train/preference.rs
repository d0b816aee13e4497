//! Preference losses of one pair, each with its derivatives; the mean over pairs is taken in `objective`.
//!
//! With pc, pr the policy's and rc, rr the reference policy's summed log-probabilities of the chosen and the rejected
//! completion, nc and nr their lengths in tokens, `h = (pc - rc) - (pr - rr)` and s the logistic function. Names of the
//! losses are TRL's (`loss_type` of its DPOTrainer; CPOTrainer for SimPO, ORPOTrainer for ORPO), whose numbers the
//! golden tests reproduce. The NLL term that may be added is that of Pang et al. 2024 (arXiv 2404.19733, RPO), a mean
//! over tokens as in TRL.

use crate::error::{Error, Result};

/// Which preference loss is minimised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PreferenceLoss {
    /// DPO, [`sigmoid`]; smoothing as in conservative DPO.
    Sigmoid {
        /// Probability that a label is wrong, at least 0 and below 0.5.
        label_smoothing: f64,
    },
    /// DPO unbiased under wrong labels, [`robust`].
    Robust {
        /// Probability that a label is wrong, at least 0 and below 0.5.
        label_smoothing: f64,
    },
    /// Squared distance to a margin, [`ipo`].
    Ipo,
    /// Each completion against its own anchor, [`apo_zero`].
    ApoZero,
    /// DPO with log-ratios averaged over tokens, [`sigmoid_norm`].
    SigmoidNorm,
    /// DPO that does not let the chosen completion lose probability, [`dpop`].
    Dpop {
        /// Weight of the penalty on lost probability.
        lambda: f64,
    },
    /// Reference-free, average log-probabilities with a target margin, [`simpo`].
    Simpo {
        /// Target margin of the rewards.
        gamma: f64,
    },
    /// Reference-free odds ratio, [`orpo`]; meant to be used with an NLL term of weight 1.
    Orpo,
}

/// What a preference loss is a function of: summed log-probabilities in nats, and lengths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairLogps {
    /// pc: chosen completion under the policy.
    pub chosen: f64,
    /// pr: rejected completion under the policy.
    pub rejected: f64,
    /// rc: chosen completion under the reference policy; not read by reference-free losses.
    pub ref_chosen: f64,
    /// rr: rejected completion under the reference policy; not read by reference-free losses.
    pub ref_rejected: f64,
    /// nc: tokens of the chosen completion.
    pub chosen_tokens: f64,
    /// nr: tokens of the rejected completion.
    pub rejected_tokens: f64,
}

impl PairLogps {
    /// `(pc - rc, pr - rr)`
    fn log_ratios(&self) -> (f64, f64) {
        (
            self.chosen - self.ref_chosen,
            self.rejected - self.ref_rejected,
        )
    }

    /// `(pc / nc, pr / nr)`
    fn averages(&self) -> (f64, f64) {
        (
            self.chosen / self.chosen_tokens,
            self.rejected / self.rejected_tokens,
        )
    }
}

/// A preference loss for one pair, with its derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossAt {
    /// The loss, nats (IPO: a squared difference, APO: a difference of probabilities).
    pub loss: f64,
    /// Derivative with respect to pc.
    pub dchosen: f64,
    /// Derivative with respect to pr.
    pub drejected: f64,
}

/// The preference loss of one pair and its implicit rewards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairLoss {
    /// Loss and derivatives.
    pub at: LossAt,
    /// `beta (pc - rc)`; for a reference-free loss `beta pc / nc`, as TRL reports it.
    pub reward_chosen: f64,
    /// `beta (pr - rr)`; for a reference-free loss `beta pr / nr`.
    pub reward_rejected: f64,
}

impl PreferenceLoss {
    /// Whether the loss needs no log-probabilities of a reference policy.
    pub const fn is_reference_free(self) -> bool {
        matches!(self, Self::Simpo { .. } | Self::Orpo)
    }

    /// The loss of one pair.
    pub fn of_pair(self, pair: &PairLogps, beta: f64) -> PairLoss {
        let loss_at = match self {
            Self::Sigmoid { label_smoothing } => sigmoid(pair, beta, label_smoothing),
            Self::Robust { label_smoothing } => robust(pair, beta, label_smoothing),
            Self::Ipo => ipo(pair, beta),
            Self::ApoZero => apo_zero(pair, beta),
            Self::SigmoidNorm => sigmoid_norm(pair, beta),
            Self::Dpop { lambda } => dpop(pair, beta, lambda),
            Self::Simpo { gamma } => simpo(pair, beta, gamma),
            Self::Orpo => orpo(pair, beta),
        };
        let (chosen, rejected) = if self.is_reference_free() {
            pair.averages()
        } else {
            pair.log_ratios()
        };
        PairLoss {
            at: loss_at,
            reward_chosen: beta * chosen,
            reward_rejected: beta * rejected,
        }
    }

    /// Refuses constants for which the loss is not defined.
    pub(super) fn check(self) -> Result<()> {
        let refuse = |name, reason: &str| {
            Err(Error::Setting {
                name,
                reason: reason.to_owned(),
            })
        };
        match self {
            Self::Sigmoid { label_smoothing: e } | Self::Robust { label_smoothing: e }
                if !(0.0..0.5).contains(&e) =>
            {
                refuse("label_smoothing", "must be at least 0 and below 0.5")
            }
            Self::Dpop { lambda } if !(lambda.is_finite() && lambda >= 0.0) => {
                refuse("dpop_lambda", "must be a number that is not negative")
            }
            Self::Simpo { gamma } if !gamma.is_finite() => {
                refuse("simpo_gamma", "must be a finite number")
            }
            _ => Ok(()),
        }
    }
}

/// DPO: `-(1 - e) log s(beta h) - e log s(-beta h)`. Rafailov et al. 2023 (arXiv 2305.18290), equation 7; with label
/// smoothing e > 0 conservative DPO (Mitchell 2023, "A note on DPO with noisy preferences").
pub fn sigmoid(pair: &PairLogps, beta: f64, label_smoothing: f64) -> LossAt {
    let (chosen, rejected) = pair.log_ratios();
    let logits = beta * (chosen - rejected);
    let loss = (1.0 - label_smoothing) * softplus(-logits) + label_smoothing * softplus(logits);
    let slope =
        beta * (label_smoothing * logistic(logits) - (1.0 - label_smoothing) * logistic(-logits));
    LossAt {
        loss,
        dchosen: slope,
        drejected: -slope,
    }
}

/// Robust DPO: `(-(1 - e) log s(beta h) + e log s(-beta h)) / (1 - 2 e)`. Chowdhury et al. 2024 (arXiv 2403.00409).
pub fn robust(pair: &PairLogps, beta: f64, label_smoothing: f64) -> LossAt {
    let (chosen, rejected) = pair.log_ratios();
    let logits = beta * (chosen - rejected);
    let unbias = 1.0 - 2.0 * label_smoothing;
    let loss = (1.0 - label_smoothing) * softplus(-logits) - label_smoothing * softplus(logits);
    let slope =
        -beta * ((1.0 - label_smoothing) * logistic(-logits) + label_smoothing * logistic(logits));
    LossAt {
        loss: loss / unbias,
        dchosen: slope / unbias,
        drejected: -slope / unbias,
    }
}

/// IPO: `((pc - rc) / nc - (pr - rr) / nr - 1 / (2 beta))²`. Azar et al. 2023 (arXiv 2310.12036), equation 17, with
/// log-ratios averaged over tokens as its authors confirmed to TRL.
pub fn ipo(pair: &PairLogps, beta: f64) -> LossAt {
    let (chosen, rejected) = pair.log_ratios();
    let off = chosen / pair.chosen_tokens - rejected / pair.rejected_tokens - 1.0 / (2.0 * beta);
    LossAt {
        loss: off * off,
        dchosen: 2.0 * off / pair.chosen_tokens,
        drejected: -2.0 * off / pair.rejected_tokens,
    }
}

/// APO-zero: `1 - s(beta (pc - rc)) + s(beta (pr - rr))`. D'Oosterlinck et al. 2024 (arXiv 2408.06266), equation 7.
pub fn apo_zero(pair: &PairLogps, beta: f64) -> LossAt {
    let (chosen, rejected) = pair.log_ratios();
    let slope = |x: f64| beta * logistic(beta * x) * logistic(-beta * x);
    LossAt {
        loss: logistic(-beta * chosen) + logistic(beta * rejected),
        dchosen: -slope(chosen),
        drejected: slope(rejected),
    }
}

/// Length-normalised DPO: `-log s(beta ((pc - rc) / nc - (pr - rr) / nr))`. Tülu 3, Lambert et al. 2024 (arXiv
/// 2411.15124).
pub fn sigmoid_norm(pair: &PairLogps, beta: f64) -> LossAt {
    let (chosen, rejected) = pair.log_ratios();
    let logits = beta * (chosen / pair.chosen_tokens - rejected / pair.rejected_tokens);
    let slope = beta * logistic(-logits);
    LossAt {
        loss: softplus(-logits),
        dchosen: -slope / pair.chosen_tokens,
        drejected: slope / pair.rejected_tokens,
    }
}

/// DPO-Positive: `-log s(beta (h - lambda max(0, rc - pc)))`. Pal et al. 2024 (arXiv 2402.13228).
pub fn dpop(pair: &PairLogps, beta: f64, lambda: f64) -> LossAt {
    let (chosen, rejected) = pair.log_ratios();
    let logits = beta * (chosen - rejected - lambda * (-chosen).max(0.0));
    let slope = beta * logistic(-logits);
    let lost = if chosen < 0.0 { lambda } else { 0.0 };
    LossAt {
        loss: softplus(-logits),
        dchosen: -slope * (1.0 + lost),
        drejected: slope,
    }
}

/// SimPO: `-log s(beta (pc / nc - pr / nr) - gamma)`. Meng et al. 2024 (arXiv 2405.14734), equation 6.
pub fn simpo(pair: &PairLogps, beta: f64, gamma: f64) -> LossAt {
    let (chosen, rejected) = pair.averages();
    let logits = beta * (chosen - rejected) - gamma;
    let slope = beta * logistic(-logits);
    LossAt {
        loss: softplus(-logits),
        dchosen: -slope / pair.chosen_tokens,
        drejected: slope / pair.rejected_tokens,
    }
}

/// ORPO's odds-ratio term: `-beta log s(log odds(pc / nc) - log odds(pr / nr))` with `odds(x) = eˣ / (1 - eˣ)`. Hong et
/// al. 2024 (arXiv 2403.07691), equations 4 and 7; beta is their lambda. Their full loss adds the NLL of the chosen
/// completion with weight 1. TRL takes that NLL over prompt and completion; here, as in the paper, only the completion
/// counts.
pub fn orpo(pair: &PairLogps, beta: f64) -> LossAt {
    // At probability 1 the odds are infinite; a completion that certain is treated as all but certain.
    let certain = |average: f64| average.min(-1e-12);
    let (chosen, rejected) = pair.averages();
    let (chosen, rejected) = (certain(chosen), certain(rejected));
    let log_odds = |average: f64| average - log1mexp(average);
    let logits = log_odds(chosen) - log_odds(rejected);
    let slope = beta * logistic(-logits);
    // d log odds / dx = 1 / (1 - eˣ)
    let rise = |average: f64| -1.0 / average.exp_m1();
    LossAt {
        loss: beta * softplus(-logits),
        dchosen: -slope * rise(chosen) / pair.chosen_tokens,
        drejected: slope * rise(rejected) / pair.rejected_tokens,
    }
}

/// `log(1 + e^x)` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// `1 / (1 + e^-x)` without overflow.
fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// `log(1 - e^x)` for x < 0 without cancellation (Mächler 2012, "Accurately computing log(1 - exp(-|a|))").
fn log1mexp(x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 {
        (-x.exp_m1()).ln()
    } else {
        (-x.exp()).ln_1p()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [PreferenceLoss; 10] = [
        PreferenceLoss::Sigmoid {
            label_smoothing: 0.0,
        },
        PreferenceLoss::Sigmoid {
            label_smoothing: 0.2,
        },
        PreferenceLoss::Robust {
            label_smoothing: 0.0,
        },
        PreferenceLoss::Robust {
            label_smoothing: 0.2,
        },
        PreferenceLoss::Ipo,
        PreferenceLoss::ApoZero,
        PreferenceLoss::SigmoidNorm,
        PreferenceLoss::Dpop { lambda: 3.0 },
        PreferenceLoss::Simpo { gamma: 0.5 },
        PreferenceLoss::Orpo,
    ];

    fn pair(chosen: f64, rejected: f64) -> PairLogps {
        let (ref_chosen, ref_rejected) = (-41.0, -88.0);
        PairLogps {
            chosen,
            rejected,
            ref_chosen,
            ref_rejected,
            chosen_tokens: 12.0,
            rejected_tokens: 31.0,
        }
    }

    #[test]
    fn the_derivatives_are_those_of_the_loss() {
        for loss in ALL {
            for (chosen, rejected) in [(-40.0, -90.0), (-90.0, -40.0), (-3.0, -2.5), (-42.0, -87.0)]
            {
                let loss_at = |chosen, rejected| loss.of_pair(&pair(chosen, rejected), 0.3).at;
                let found = loss_at(chosen, rejected);
                let step = 1e-5;
                let slope = |low: LossAt, high: LossAt| (high.loss - low.loss) / (2.0 * step);
                let dchosen = slope(
                    loss_at(chosen - step, rejected),
                    loss_at(chosen + step, rejected),
                );
                let drejected = slope(
                    loss_at(chosen, rejected - step),
                    loss_at(chosen, rejected + step),
                );
                assert!(
                    (found.dchosen - dchosen).abs() < 1e-8,
                    "{loss:?}: {found:?}, {dchosen}"
                );
                assert!(
                    (found.drejected - drejected).abs() < 1e-8,
                    "{loss:?}: {found:?}, {drejected}"
                );
            }
        }
    }

    #[test]
    fn a_policy_equal_to_its_reference_has_loss_ln_2() {
        let at_start = PreferenceLoss::Sigmoid {
            label_smoothing: 0.0,
        }
        .of_pair(&pair(-41.0, -88.0), 0.1);
        assert!((at_start.at.loss - std::f64::consts::LN_2).abs() < 1e-15);
        assert!((at_start.at.dchosen + 0.05).abs() < 1e-15);
        assert_eq!(
            (at_start.reward_chosen, at_start.reward_rejected),
            (0.0, 0.0)
        );
    }

    #[test]
    fn extreme_log_probabilities_stay_finite() {
        for loss in ALL {
            for (chosen, rejected) in [(-1e6, 0.0), (0.0, -1e6), (0.0, 0.0)] {
                let found = loss.of_pair(&pair(chosen, rejected), 1.0).at;
                let numbers = [found.loss, found.dchosen, found.drejected];
                assert!(
                    numbers.iter().all(|value| value.is_finite()),
                    "{loss:?}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn constants_without_a_loss_are_refused() {
        assert!(
            PreferenceLoss::Robust {
                label_smoothing: 0.5
            }
            .check()
            .is_err()
        );
        assert!(
            PreferenceLoss::Sigmoid {
                label_smoothing: -0.1
            }
            .check()
            .is_err()
        );
        assert!(PreferenceLoss::Dpop { lambda: f64::NAN }.check().is_err());
        assert!(
            PreferenceLoss::Simpo {
                gamma: f64::INFINITY
            }
            .check()
            .is_err()
        );
        assert!(ALL.iter().all(|loss| loss.check().is_ok()));
    }
}
