//! How made-up conversations differ from real ones in their shape: every figure of both sides, near-duplicates, and whether
//! a simple classifier tells them apart ([`metrics::two_sample`]).
//!
//! Flow: the synthetic dialogues of a run and the real conversations of its data set → [`audit`] → kept with what the run
//! gives away ([`crate::leak_audit`]), shown by `audit`, Results and the report.

mod words;
pub(crate) use words::label;

use std::collections::BTreeMap;

use contract::{
    Distribution, NearDuplicates, ShapeAudit, ShapeFigure, Split, Spread, StageName, Synthesizer,
    TwoSampleResult, Weight,
};
use metrics::copy::tokenize;
use metrics::distance::kolmogorov_smirnov;
use metrics::diversity::{near_duplicate_share, near_duplicate_share_of};
use metrics::random::Stream;
use metrics::text::{mean, quantile, standard_deviation, word_count};
use metrics::turn::Turn;
use metrics::two_sample::shape::{NAMES, shape};
use metrics::two_sample::{MOST_OF_A_SIDE, two_sample};
use store::{ExampleRow, RunRow, Store};

use crate::artifact::{Artifact, SyntheticDialogue, read};
use crate::dialogue::Dialogue;
use crate::error::Result;
use crate::selection::Selection;

/// ROUGE-L from which two conversations count as one.
const NEAR_DUPLICATE: f64 = 0.7;
/// Quantiles of a spread.
const QUANTILES: [f64; 5] = [0.01, 0.25, 0.5, 0.75, 0.99];

/// A conversation, read.
struct Conversation {
    dialogue: Dialogue,
    summary: Option<String>,
    tokens: Vec<String>,
    /// The classifier's figures, in the order of [`NAMES`].
    shape: [f64; NAMES.len()],
}

impl Conversation {
    fn new(text: &str, summary: Option<&str>) -> Self {
        let dialogue = Dialogue::parse(text);
        let texts: Vec<&str> = dialogue
            .turns
            .iter()
            .map(|turn| turn.text.as_str())
            .collect();
        Self {
            tokens: tokenize(&texts.join(" ")),
            summary: summary.map(str::to_owned),
            shape: shape(&dialogue.spoken()),
            dialogue,
        }
    }

    /// `None` for the words of a summary that nobody wrote.
    fn figure(&self, figure: ShapeFigure) -> Option<f64> {
        let words = |turn: &crate::dialogue::Turn| word_count(&turn.text);
        // What the classifier looks at too is taken from its own figures.
        let shaped = |name: &str| {
            let place = NAMES.iter().position(|known| *known == name)?;
            Some(self.shape[place])
        };
        match figure {
            ShapeFigure::Words => Some(self.dialogue.turns.iter().map(words).sum::<usize>() as f64),
            ShapeFigure::Turns => Some(self.dialogue.turns.len() as f64),
            ShapeFigure::WordsPerTurn => shaped("words_per_turn"),
            // A line that names nobody is not a person.
            ShapeFigure::Speakers => Some(self.dialogue.speakers().len() as f64),
            ShapeFigure::Alternation => shaped("alternation"),
            ShapeFigure::Questions => shaped("question_turns"),
            ShapeFigure::Variety => shaped("distinct1_of_100"),
            ShapeFigure::SummaryWords => Some(word_count(self.summary.as_ref()?) as f64),
        }
    }
}

/// The made-up conversations of every synthesizer of a run beside the real ones of its data set; nothing before the stage
/// `dialogues`.
///
/// # Errors
/// [`crate::Error::Corrupt`] where the run's record or an artifact holds something else; any error of the store.
pub fn audit(store: &Store, row: &RunRow) -> Result<Vec<ShapeAudit>> {
    let kind = Some(SyntheticDialogue::KIND);
    let dialogues: Vec<SyntheticDialogue> =
        read(&store.artifacts(&row.id, StageName::Dialogues, kind)?)?;
    let mut by_source: BTreeMap<Synthesizer, Vec<Conversation>> = BTreeMap::new();
    for dialogue in &dialogues {
        let conversation = Conversation::new(&dialogue.text, Some(&dialogue.summary));
        by_source
            .entry(dialogue.source)
            .or_default()
            .push(conversation);
    }
    if by_source.is_empty() {
        return Ok(Vec::new());
    }
    let examples = store.examples(row.dataset_id, None)?;
    let selection = Selection::of_run(row)?;
    let chosen = |ids: &[i64]| -> Vec<Vec<String>> {
        let rows = examples.iter().filter(|row| ids.contains(&row.id));
        rows.map(|row| Conversation::new(&row.dialogue, None).tokens)
            .collect()
    };
    let (shots, validation) = (chosen(&selection.shots), chosen(&selection.validation));
    // Test conversations stay unseen.
    let is_real = |row: &&ExampleRow| matches!(row.split, Split::Train | Split::Validation);
    let real = examples.iter().filter(is_real).map(|row| {
        let summary = row.references.first().map(String::as_str);
        Conversation::new(&row.dialogue, summary)
    });
    let real = drawn(real.collect(), row.seed);
    let beside = |(source, made_up): (Synthesizer, Vec<Conversation>)| {
        let n = made_up.len();
        let made_up = drawn(made_up, row.seed);
        let tokens: Vec<Vec<String>> = made_up.iter().map(|c| c.tokens.clone()).collect();
        let near = |others: &[Vec<String>]| {
            near_duplicate_share_of(&tokens, others, NEAR_DUPLICATE).unwrap_or(0.0)
        };
        let mut audit = ShapeAudit {
            source,
            n,
            n_real: real.len(),
            distributions: distributions(&real, &made_up),
            near_duplicates: NearDuplicates {
                among: near_duplicate_share(&tokens, NEAR_DUPLICATE).unwrap_or(0.0),
                shots: near(&shots),
                validation: near(&validation),
            },
            two_sample: tested(&real, &made_up, row.seed),
            sentences: Vec::new(),
        };
        audit.sentences = words::sentences(&audit);
        audit
    };
    Ok(by_source.into_iter().map(beside).collect())
}

/// At most [`MOST_OF_A_SIDE`] of them, drawn by the run's seed.
fn drawn(conversations: Vec<Conversation>, seed: u64) -> Vec<Conversation> {
    let stream = Stream::new(seed);
    let mut ranked: Vec<(u64, Conversation)> = conversations
        .into_iter()
        .enumerate()
        .map(|(place, conversation)| (stream.bits(place as u64), conversation))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(MOST_OF_A_SIDE);
    ranked
        .into_iter()
        .map(|(_, conversation)| conversation)
        .collect()
}

fn distributions(real: &[Conversation], made_up: &[Conversation]) -> Vec<Distribution> {
    let values = |side: &[Conversation], figure| -> Vec<f64> {
        side.iter().filter_map(|c| c.figure(figure)).collect()
    };
    let compared = |figure: &ShapeFigure| {
        let (real, made_up) = (values(real, *figure), values(made_up, *figure));
        Some(Distribution {
            figure: *figure,
            d: kolmogorov_smirnov(&real, &made_up)?,
            real: spread(&real)?,
            made_up: spread(&made_up)?,
        })
    };
    let mut found: Vec<Distribution> = ShapeFigure::ALL.iter().filter_map(compared).collect();
    found.sort_by(|a, b| b.d.total_cmp(&a.d));
    found
}

fn spread(values: &[f64]) -> Option<Spread> {
    Some(Spread {
        mean: mean(values)?,
        sd: standard_deviation(values),
        quantiles: QUANTILES.map(|q| quantile(values, q).unwrap_or(f64::NAN)),
    })
}

fn tested(real: &[Conversation], made_up: &[Conversation], seed: u64) -> Option<TwoSampleResult> {
    let found = two_sample(&turns(real), &turns(made_up), seed)?;
    let weight = |(figure, weight): (&str, f64)| Weight {
        figure: figure.to_owned(),
        weight,
    };
    Some(TwoSampleResult {
        n: found.n,
        auc: found.auc,
        p: found.p,
        band95: [found.band95.0, found.band95.1],
        weights: found.weights.into_iter().map(weight).collect(),
    })
}

fn turns(side: &[Conversation]) -> Vec<Vec<Turn<'_>>> {
    side.iter()
        .map(|conversation| conversation.dialogue.spoken())
        .collect()
}
