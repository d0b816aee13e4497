//! What a metric is: its stored name, its label, which way is better, its range and unit, what it is a figure of, what
//! it needs, and its source.
//!
//! The direction travels with the metric (as in burn), so that no screen has to decide whether a smaller number is
//! better. A metric that this crate computes is described beside its formula. The few that other crates measure
//! (likelihoods, rates, times) are described here.

/// The unit in which a value is stored. Percent is formatting, done by whatever displays it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A score in 0..=1 whose hundredths are called points.
    Points,
    /// A part of a whole in 0..=1.
    Share,
    /// Natural logarithm of a likelihood, per token.
    NatsPerToken,
    /// Wall-clock time.
    Seconds,
    /// Words between white space.
    Words,
    /// Runs of letters and digits.
    Tokens,
    /// One length divided by another.
    Ratio,
    /// A coefficient of agreement: 1 is perfect, 0 is chance.
    Coefficient,
}

/// What one value is a figure of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// One text; the table shows the mean over texts, with an interval.
    Item,
    /// All texts together, because the figure of a single text means little.
    Corpus,
}

/// What must be available before a metric can be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Gold summaries.
    References,
    /// The conversation that a summary is about, or that a summary is to be found in.
    Dialogue,
    /// A measuring model, which turns tokens into states.
    Encoder,
    /// The language model of the run.
    Model,
}

/// The description of one number, the same in terminal, window and export.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Stable name, as stored in the workspace.
    pub name: &'static str,
    /// Name for people, without unit or direction.
    pub label: &'static str,
    /// `Some(true)`: larger is better; `Some(false)`: smaller is better; `None`: neither (a length, say).
    pub higher_is_better: Option<bool>,
    /// Smallest and largest possible value, both in the unit in which values are stored; infinite if there is no bound.
    pub range: (f64, f64),
    /// Unit of the stored values.
    pub unit: Unit,
    /// Whether a single text has a value.
    pub level: Level,
    /// What it needs besides the texts that are measured; empty if nothing.
    pub needs: &'static [Need],
    /// Source of the definition: a paper, a package or the formula in words.
    pub source: &'static str,
}

impl Metric {
    /// Whether `a` is better than `b`; `None` if neither direction is better or the values are equal.
    pub fn is_better(&self, a: f64, b: f64) -> Option<bool> {
        let higher_is_better = self.higher_is_better?;
        (a != b).then_some((a > b) == higher_is_better)
    }
}

/// Nats per token of the gold summary (with its end token) under a summarizer.
pub const REFERENCE_CE: Metric = Metric {
    name: "reference_ce",
    label: "Cross-entropy of the gold summary",
    higher_is_better: Some(false),
    range: (0.0, f64::INFINITY),
    unit: Unit::NatsPerToken,
    level: Level::Item,
    needs: &[Need::References, Need::Model],
    source: "mean negative log-likelihood per token, natural logarithm",
};

/// Nats per token of a predicted summary (with its end token) under the base model, given the dialogue.
pub const BASE_CE: Metric = Metric {
    name: "base_ce",
    label: "Cross-entropy of the prediction under the base model",
    higher_is_better: Some(false),
    range: (0.0, f64::INFINITY),
    unit: Unit::NatsPerToken,
    level: Level::Item,
    needs: &[Need::Dialogue, Need::Model],
    source: "mean negative log-likelihood per token, natural logarithm",
};

/// Nats per token of the conditioning summary (with its end token) under the base model, given a dialogue.
pub const SCORER_CE: Metric = Metric {
    name: "scorer_ce",
    label: "Cross-entropy of the conditioning summary",
    higher_is_better: Some(false),
    range: (0.0, f64::INFINITY),
    unit: Unit::NatsPerToken,
    level: Level::Item,
    needs: &[Need::Dialogue, Need::Model],
    source: "MRDS (arXiv 2502.17328): M_sum(s|d) by the pretrained model, nats per token",
};

/// Share of generated dialogues that pass the format rule.
pub const FORMAT_RATE: Metric = Metric {
    name: "format_rate",
    label: "Correct format",
    higher_is_better: Some(true),
    range: (0.0, 1.0),
    unit: Unit::Share,
    level: Level::Item,
    needs: &[],
    source: "MRDS (arXiv 2502.17328): share of correct dialogues; interval after Wilson (1927)",
};

/// Wall-clock seconds of generation divided by the number of accepted dialogues.
pub const SECONDS_PER_ACCEPTED: Metric = Metric {
    name: "seconds_per_accepted",
    label: "Seconds per accepted dialogue",
    higher_is_better: Some(false),
    range: (0.0, f64::INFINITY),
    unit: Unit::Seconds,
    level: Level::Corpus,
    needs: &[Need::Model],
    source: "MRDS (arXiv 2502.17328): speed of the synthesizer against iterative synthesis",
};

/// Number of words in a generated summary (split at white space).
pub const SUMMARY_WORDS: Metric = Metric {
    name: "summary_words",
    label: "Words per summary",
    higher_is_better: None,
    range: (0.0, f64::INFINITY),
    unit: Unit::Words,
    level: Level::Item,
    needs: &[],
    source: "words between white space",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_decides_what_is_better() {
        assert_eq!(FORMAT_RATE.is_better(0.9, 0.2), Some(true));
        assert_eq!(REFERENCE_CE.is_better(0.9, 0.2), Some(false));
        assert_eq!(REFERENCE_CE.is_better(0.2, 0.2), None);
        assert_eq!(SUMMARY_WORDS.is_better(9.0, 2.0), None);
    }
}
