//! What a run says about the method: against training on real pairs alone, and against lines of the conversation, which cost
//! nothing. The one sentence of terminal, window and report. One training says nothing about another draw, so the sentence
//! says that it is one.

use contract::{Outcome, System, Words};

use super::{english, german};

/// How a summarizer compares with others on ROUGE-1; all figures are shares.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Whether it is the method; otherwise it is training on real pairs alone.
    pub is_method: bool,
    /// Its mean.
    pub mean: f64,
    /// Test dialogues.
    pub dialogues: usize,
    /// The method against training on real pairs alone, where both were run.
    pub gain: Option<Gain>,
    /// Means of the summaries that are lines of the conversation.
    pub lines: Vec<(System, f64)>,
}

/// A difference with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// Mean over dialogues, the method minus the other.
    pub diff: f64,
    /// Its interval, low and high.
    pub ci95: [f64; 2],
}

impl Gain {
    fn outcome(self) -> Outcome {
        let [low, high] = self.ci95;
        match (low > 0.0, high < 0.0) {
            (true, _) => Outcome::Better,
            (_, true) => Outcome::Worse,
            _ => Outcome::Open,
        }
    }
}

/// The lines of the conversation that score higher than the summarizer.
fn above(standing: &Standing) -> Vec<(System, f64)> {
    let is_above = |(_, mean): &&(System, f64)| *mean > standing.mean;
    standing.lines.iter().filter(is_above).copied().collect()
}

/// What the method came to and the sentence; none if there is nothing to say.
pub fn of_method(standing: &Standing) -> Option<(Option<Outcome>, Vec<System>, Words)> {
    let gain = standing.gain.map(|gain| (gain, gain.outcome()));
    let above = above(standing);
    if gain.is_none() && above.is_empty() {
        return None;
    }
    let words = Words {
        en: english::of_method(standing, gain, &above),
        de: german::of_method(standing, gain, &above),
    };
    let systems = above.into_iter().map(|(system, _)| system).collect();
    Some((gain.map(|(_, outcome)| outcome), systems, words))
}
