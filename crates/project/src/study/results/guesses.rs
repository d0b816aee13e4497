//! Whether people tell real dialogues from made-up ones: a guess calls a dialogue real if it is in the upper half of its
//! scale. A block counts as for scores; real and made-up dialogues are guessed about equally often, so that a coin is right
//! half of the time.
//!
//! The share of right guesses has Wilson's interval, for which guesses of several people about one dialogue are
//! independent. Whether the two can be told apart is therefore said by the exact test over dialogues, as for scores.

use contract::{OriginGuesses, StudyCriterion, StudyKind, StudySystem};
use metrics::cluster::{self, Block};
use metrics::{flip, interval, significance, student, text};

use super::{Scored, Sheet, ends};
use crate::verdict::{self, Guessed};

/// By source of made-up dialogues; empty for a study of summaries, and for an audit that did not ask.
pub(super) fn guesses(sheet: &Sheet<'_>, scored: &[Scored<'_>]) -> Vec<OriginGuesses> {
    let plan = sheet.plan();
    let asked = scored
        .iter()
        .find(|scored| scored.criterion.key == StudyCriterion::ORIGIN);
    let (StudyKind::Dialogues, Some(asked), Some(real)) =
        (plan.kind, asked, sheet.system(StudySystem::REAL))
    else {
        return Vec::new();
    };
    let sources = (0..plan.systems.len()).filter(|place| *place != real);
    let mut found: Vec<OriginGuesses> = sources
        .filter_map(|made| of_source(sheet, asked, real, made))
        .collect();
    let p: Vec<f64> = found.iter().filter_map(|found| found.p).collect();
    let mut adjusted = significance::holm(&p).into_iter();
    for guesses in &mut found {
        guesses.p_holm = guesses.p.and_then(|_| adjusted.next());
        let label = sheet.system(&guesses.system);
        let label = label.map_or("", |place| plan.systems[place].label.as_str());
        guesses.sentence = verdict::guessed(&Guessed {
            source: label,
            guesses,
            raters: sheet.raters.len(),
            alpha: plan.alpha,
        });
    }
    found
}

fn of_source(
    sheet: &Sheet<'_>,
    asked: &Scored<'_>,
    real: usize,
    made: usize,
) -> Option<OriginGuesses> {
    let plan = sheet.plan();
    let middle = f64::from(1 + asked.criterion.points) / 2.0;
    let is_called_real = |score: f64| u8::from(score > middle);
    let mut blocks = Vec::new();
    let (mut real_called, mut made_called) = (0, 0);
    for ((dialogue, rater), scores) in &asked.blocks.scores {
        let (of_real, of_made) = (is_called_real(scores[real]), is_called_real(scores[made]));
        real_called += usize::from(of_real);
        made_called += usize::from(of_made);
        blocks.push(Block {
            dialogue: *dialogue as usize,
            rater: *rater,
            difference: f64::from(of_real) - f64::from(of_made),
        });
    }
    let (each, right) = (blocks.len(), real_called + blocks.len() - made_called);
    let wilson = interval::wilson(right, 2 * each)?;
    let differences: Vec<f64> = cluster::by_dialogue(&blocks).into_values().collect();
    Some(OriginGuesses {
        system: plan.systems[made].key.clone(),
        dialogues: differences.len(),
        guesses: 2 * each,
        right,
        share: wilson.value,
        ci95: [wilson.low, wilson.high],
        real_called_real: real_called as f64 / each as f64,
        made_called_real: made_called as f64 / each as f64,
        diff: text::mean(&differences)?,
        diff_ci95: ends(student::mean_interval(&differences, 0.95)),
        p: flip::p_two_sided(&differences, plan.analysis_seed),
        p_holm: None,
        sentence: contract::Words::default(),
    })
}
