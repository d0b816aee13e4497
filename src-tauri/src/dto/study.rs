//! Blind rating as the page sees it: no field names a system before the lock.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Interval, Turn};

/// A rating study to make. Systems are chosen by the window's own side and never named to the page.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct StudyRequest {
    /// A finished run.
    pub run: String,
    /// Name of the study.
    pub name: String,
    /// Dialogues to rate.
    pub items: u32,
    /// Seed of choice and order.
    pub seed: u32,
    /// Every system of the run instead of the method and real-only fine-tuning.
    pub all_systems: bool,
}

/// A study, blind.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct Study {
    /// Study id.
    pub id: String,
    /// The run it rates.
    pub run: String,
    /// Its name.
    pub name: String,
    /// Seed of choice and order.
    pub seed: u32,
    /// Summaries to rate.
    pub items: u32,
    /// Raters whose set is locked.
    pub locked_raters: Vec<String>,
    /// Raters who have begun, locked or not.
    pub raters: u32,
}

/// A score on one criterion.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct Score {
    /// Criterion.
    pub criterion: String,
    /// 1..=5.
    pub score: u32,
}

/// A criterion with its question and what 1 to 5 mean.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct Criterion {
    /// Stable word.
    pub key: String,
    /// What is asked.
    pub question: String,
    /// Five anchors, worst first.
    pub anchors: Vec<String>,
}

/// One summary to rate, without its author.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RatingItem {
    /// Place in this rater's order, from 0.
    pub position: u32,
    /// Opaque key.
    pub item_key: String,
    /// The dialogue.
    pub turns: Vec<Turn>,
    /// The summary.
    pub summary: String,
    /// Scores given so far.
    pub scores: Vec<Score>,
    /// Left out by the rater.
    pub skipped: bool,
}

/// A rater's queue.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RatingQueue {
    /// The set is locked: scores are final and names may be shown.
    pub locked: bool,
    /// Criteria in order.
    pub criteria: Vec<Criterion>,
    /// Items in order.
    pub items: Vec<RatingItem>,
}

/// One press.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RatingPress {
    /// Study id.
    pub study: String,
    /// Who rates.
    pub rater: String,
    /// Opaque key of the item.
    pub item_key: String,
    /// Criterion.
    pub criterion: String,
    /// 1..=5, or none to clear.
    pub score: Option<u32>,
    /// Milliseconds since the item was shown.
    pub time_ms: u32,
}

/// Ratings of one system on one criterion, after the lock.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct StudyResult {
    /// System name.
    pub system: String,
    /// Criterion.
    pub criterion: String,
    /// Ratings.
    pub n: u32,
    /// Mean with interval.
    pub score: Interval,
}
