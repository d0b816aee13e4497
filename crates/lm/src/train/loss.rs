//! Losses: log-probabilities of completion tokens from hidden states, and the preference loss of DPO.
//!
//! [`dpo_pair`] is the sigmoid loss of Rafailov et al. 2023 (arXiv 2305.18290, equation 7); the NLL term that may
//! be added to it is that of Pang et al. 2024 (arXiv 2404.19733), here as TRL computes it: a mean over tokens. The
//! head is evaluated only on rows that have a target, chunk by chunk, so the logits are never held whole.

use candle_core::Tensor;

use super::kernels::token_logps_of_logits;
use crate::error::Result;
use crate::model::Decoder;

/// Logits held at once, as a number of f32 values (64 MiB).
const LOGITS_PER_CHUNK: usize = 1 << 24;

/// Log-probability of `targets[i]` given hidden state row `i` of `hidden` `[M, D]` (after the final norm), and the
/// gradient of each log-probability with respect to its hidden row, `[M, D]`.
///
/// A loss that is a function of token log-probabilities has the gradient `coefficient * row`, so one pass serves
/// every objective.
pub fn token_logps(decoder: &Decoder, hidden: &Tensor, targets: &[u32]) -> Result<(Vec<f32>, Tensor)> {
    let rows_per_chunk = (LOGITS_PER_CHUNK / decoder.config.vocab_size).max(1);
    let mut logps = Vec::with_capacity(targets.len());
    let mut grads = Vec::new();
    for (chunk, targets) in targets.chunks(rows_per_chunk).enumerate() {
        let rows = hidden.narrow(0, chunk * rows_per_chunk, targets.len())?;
        let (chunk_logps, dlogits) = token_logps_of_logits(decoder.logits(&rows)?, targets)?;
        logps.extend(chunk_logps);
        grads.push(decoder.lm_head.project_backward(&dlogits, None)?);
    }
    match grads.len() {
        1 => Ok((logps, grads.remove(0))),
        0 => Ok((logps, hidden.clone())),
        _ => Ok((logps, Tensor::cat(&grads, 0)?)),
    }
}

/// The preference loss of one pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DpoPair {
    /// `-log sigmoid(beta h)`, nats.
    pub loss: f64,
    /// `beta * (log pi(chosen) - log ref(chosen))`.
    pub reward_chosen: f64,
    /// `beta * (log pi(rejected) - log ref(rejected))`.
    pub reward_rejected: f64,
    /// Derivative of the loss with respect to the policy's summed log-probability of the chosen completion; that of
    /// the rejected one is its negative.
    pub dloss_dchosen: f64,
}

/// DPO's sigmoid loss of one pair from summed completion log-probabilities, in nats: with
/// `h = (policy_chosen - ref_chosen) - (policy_rejected - ref_rejected)`, the loss is `-log sigmoid(beta h)`.
pub fn dpo_pair(
    policy_chosen: f64,
    policy_rejected: f64,
    ref_chosen: f64,
    ref_rejected: f64,
    beta: f64,
) -> DpoPair {
    let reward_chosen = beta * (policy_chosen - ref_chosen);
    let reward_rejected = beta * (policy_rejected - ref_rejected);
    let margin = reward_chosen - reward_rejected;
    DpoPair {
        loss: softplus(-margin),
        reward_chosen,
        reward_rejected,
        dloss_dchosen: -beta * sigmoid(-margin),
    }
}

/// `log(1 + e^x)` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// `1 / (1 + e^-x)` without overflow.
fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_equal_to_its_reference_has_loss_ln_2() {
        let pair = dpo_pair(-40.0, -90.0, -40.0, -90.0, 0.1);
        assert!((pair.loss - std::f64::consts::LN_2).abs() < 1e-15);
        assert!((pair.dloss_dchosen + 0.05).abs() < 1e-15);
        assert_eq!((pair.reward_chosen, pair.reward_rejected), (0.0, 0.0));
    }

    #[test]
    fn the_derivative_is_that_of_the_loss() {
        for (pc, pr) in [(-40.0, -90.0), (-90.0, -40.0), (-3.0, -2.5)] {
            let loss = |pc: f64| dpo_pair(pc, pr, -41.0, -88.0, 0.3).loss;
            let numeric = (loss(pc + 1e-5) - loss(pc - 1e-5)) / 2e-5;
            let pair = dpo_pair(pc, pr, -41.0, -88.0, 0.3);
            assert!((numeric - pair.dloss_dchosen).abs() < 1e-8, "{numeric} {pair:?}");
        }
    }

    #[test]
    fn extreme_margins_stay_finite() {
        assert!((dpo_pair(-1e6, 0.0, 0.0, 0.0, 1.0).loss - 1e6).abs() < 1.0);
        assert_eq!(dpo_pair(0.0, -1e6, 0.0, 0.0, 1.0).loss, 0.0);
    }
}
