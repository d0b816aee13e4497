//! A rating study as it travels: what was fixed before it, and what its results say. The JSON of `duologue study`, and
//! the layout of a study that is brought in from files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    AgreementWord, BootstrapKind, Outcome, RaterState, RatingMode, SettleKind, StudyKind,
    StudyName, StudyState,
};

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Words {
    /// English.
    pub en: String,
    /// German.
    pub de: String,
}

impl Words {
    /// The text in both.
    pub fn new(en: &str, de: &str) -> Self {
        Self {
            en: en.to_owned(),
            de: de.to_owned(),
        }
    }
}

/// What is fixed before the first rating.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StudyPlan {
    /// Name of the study.
    pub title: StudyName,
    /// What people judge; summaries in files that were written before dialogues could be.
    #[serde(default = "summaries")]
    pub kind: StudyKind,
    /// What raters are asked.
    pub mode: RatingMode,
    /// Where it stands.
    pub state: StudyState,
    /// The systems, in the order of the tables.
    pub systems: Vec<StudySystem>,
    /// What is scored; empty where only choices are made.
    #[serde(default)]
    pub criteria: Vec<StudyCriterion>,
    /// The comparisons, in the order of the tables.
    pub comparisons: Vec<PlannedComparison>,
    /// Accepted chance of one false finding among all tested comparisons.
    pub alpha: f64,
    /// Number of points within which two systems count as practically equal, on a scale of five.
    pub margin: f64,
    /// The difference that matters, on a scale of five.
    pub delta: f64,
    /// Dialogues of the split that the study drew from.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub available_dialogues: usize,
    /// Seed of the resamples.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub analysis_seed: u64,
    /// Number of resamples.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub resamples: usize,
    /// The roster.
    pub raters: Vec<StudyRater>,
    /// When the results were opened before every rater had locked, in Unix milliseconds.
    #[serde(default)]
    #[cfg_attr(feature = "specta", specta(type = Option<f64>))]
    pub revealed_early: Option<i64>,
}

fn summaries() -> StudyKind {
    StudyKind::Summaries
}

impl StudyPlan {
    /// Whether systems are compared on a criterion: not on the guess where a dialogue comes from, which is counted.
    pub fn is_compared(&self, criterion: &StudyCriterion) -> bool {
        self.kind == StudyKind::Summaries || criterion.key != StudyCriterion::ORIGIN
    }
}

/// A system of a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StudySystem {
    /// Its word in the study's files; [`StudySystem::REFERENCE`] for the human reference, [`StudySystem::REAL`] for real
    /// dialogues.
    pub key: String,
    /// Its name in tables and sentences.
    pub label: String,
}

impl StudySystem {
    /// Key of the summary that a person wrote.
    pub const REFERENCE: &str = "reference";

    /// Key of the dialogues that took place between people.
    pub const REAL: &str = "real";
}

/// A criterion of a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StudyCriterion {
    /// Word under which scores are stored.
    pub key: String,
    /// Points of its scale, which begins at 1.
    pub points: u8,
    /// Whether the highest score is the best.
    pub higher_is_better: bool,
    /// How a sentence names it.
    pub in_sentence: Words,
}

impl StudyCriterion {
    /// Key of the guess whether a dialogue is real: the upper half of its scale says so.
    pub const ORIGIN: &str = "origin";
}

/// A comparison of two systems that was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PlannedComparison {
    /// Key of the first system.
    pub a: String,
    /// Key of the second system.
    pub b: String,
    /// Whether it is tested; otherwise it is only described.
    pub test: bool,
}

/// A rater of a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StudyRater {
    /// The slot on the roster, which files and tables show.
    pub name: String,
    /// Where they stand.
    pub state: RaterState,
    /// Whether their ratings count; decided before the reveal.
    pub counted: bool,
}

/// What a study has, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StudyCounts {
    /// Dialogues that count on some criterion.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
    /// Dialogues that every counted rater rated.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub shared: usize,
    /// Summaries, each counted once.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub items: usize,
    /// Raters that count.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub raters: usize,
    /// Raters that were withdrawn.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub withdrawn: usize,
    /// Scores that count, without repeats.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub ratings: usize,
    /// Summaries that a counted rater left out.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub skipped: usize,
    /// By criterion: dialogues of a rater that do not count because a system has no score there.
    #[cfg_attr(feature = "specta", specta(type = BTreeMap<String, u32>))]
    pub dropped_blocks: BTreeMap<String, usize>,
}

/// The means of a system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SystemScores {
    /// Its key.
    pub system: String,
    /// Its means by criterion.
    pub criteria: BTreeMap<String, CriterionMean>,
}

/// The mean of a system on a criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CriterionMean {
    /// Mean over dialogues; none without a dialogue.
    pub mean: Option<f64>,
    /// Student's interval over dialogues, cut at the scale's ends; none below two dialogues.
    pub ci95: Option<[f64; 2]>,
    /// Dialogues that count.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
    /// Scores that count.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub ratings: usize,
    /// How often each point of the scale was given.
    #[cfg_attr(feature = "specta", specta(type = Vec<u32>))]
    pub distribution: Vec<usize>,
}

/// A comparison of two systems on a criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Comparison {
    /// The criterion.
    pub criterion: String,
    /// Key of the first system.
    pub a: String,
    /// Key of the second system.
    pub b: String,
    /// Whether it is tested.
    pub test: bool,
    /// Dialogues that count.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
    /// Mean over dialogues, first minus second; none without a dialogue.
    pub diff: Option<f64>,
    /// Standard deviation over dialogues; none below two.
    pub sd: Option<f64>,
    /// Student's interval.
    pub ci95: Option<[f64; 2]>,
    /// The interval that is compared with the margin.
    pub ci90: Option<[f64; 2]>,
    /// The bootstrap's interval, as a second opinion; none if it is infinite.
    pub ci95_bootstrap: Option<[f64; 2]>,
    /// Which bootstrap.
    pub bootstrap: BootstrapKind,
    /// Exact two-sided p-value over all flips of the dialogues; none if nothing is tested.
    pub p: Option<f64>,
    /// The same on the dialogues of each rater.
    pub by_rater: Vec<RaterDifference>,
    /// The interval for other raters like these; none below three raters or ten dialogues rated by all.
    pub other_raters: Option<OtherRaters>,
    /// Whether one rater's interval lies above 0 and another's below.
    pub raters_split: bool,
    /// Dialogues that would show the difference that matters; none if that is more than a million.
    #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
    pub dialogues_needed: Option<usize>,
    /// Adjusted for all tested comparisons; none if nothing is tested.
    pub p_holm: Option<f64>,
    /// What it came to; none if nothing is tested.
    pub outcome: Option<Outcome>,
    /// What would settle it; none if nothing is tested.
    pub settle: Option<Settle>,
    /// All of it in a sentence; none if nothing is tested.
    pub sentence: Option<Words>,
}

/// What would settle an open comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Settle {
    /// How; none if nothing is open.
    pub kind: Option<SettleKind>,
    /// How many more dialogues.
    #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
    pub more: Option<usize>,
}

/// The difference of two systems as one rater sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RaterDifference {
    /// The rater.
    pub rater: String,
    /// Their dialogues that count.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
    /// Mean over them.
    pub diff: f64,
    /// Student's interval; none for a single dialogue.
    pub ci95: Option<[f64; 2]>,
}

/// The interval of a difference for other raters like these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct OtherRaters {
    /// The interval.
    pub ci95: [f64; 2],
    /// Its degrees of freedom.
    pub df: f64,
    /// Variance between raters.
    pub b2: f64,
    /// Sum of the raters' squared weights.
    pub w2: f64,
    /// Dialogues rated by all.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub shared: usize,
    /// Number of raters.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub raters: usize,
}

/// Which comparisons are adjusted together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Family {
    /// Number of comparisons.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub size: usize,
    /// Accepted chance of one false finding among them.
    pub alpha: f64,
    /// How they are adjusted: Holm.
    pub method: String,
}

/// How well raters agree on a criterion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CriterionAgreement {
    /// Krippendorff's alpha, ordinal.
    pub alpha: Option<f64>,
    /// Its interval over dialogues.
    pub alpha_ci95: Option<[f64; 2]>,
    /// Gwet's AC2 with ordinal weights.
    pub ac2: Option<f64>,
    /// Its standard error.
    pub ac2_se: Option<f64>,
    /// Summaries with two scores or more.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub items: usize,
    /// Dialogues with such a summary.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
    /// Share of summaries to which all gave the same score.
    pub all_equal: Option<f64>,
    /// Share of summaries whose scores lie within one point.
    pub within_one: Option<f64>,
    /// Share of rater pairs that gave the same score.
    pub pairs_equal: Option<f64>,
    /// The same in a word.
    pub word: AgreementWord,
}

/// How a rater scores what they see a second time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Consistency {
    /// Scores given twice.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub pairs: usize,
    /// Share of equal ones.
    pub equal: f64,
    /// Share within one point.
    pub within_one: f64,
    /// Mean distance.
    pub mean_abs: f64,
    /// Standard deviation of one score: `sqrt(sum d^2 / (2 pairs))`.
    pub sd: f64,
}

/// A rater's mean against that of all raters, on dialogues that all rated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SeverityShift {
    /// Above 0 the rater scores higher than the others.
    pub value: f64,
    /// Student's interval over dialogues.
    pub ci95: Option<[f64; 2]>,
    /// Dialogues that all rated.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
}

/// How a rater's scores move from their first dialogue to their last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Drift {
    /// Change from first to last.
    pub change: f64,
    /// Interval of the slope.
    pub ci95: [f64; 2],
    /// Dialogues of the rater that count.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
}

/// How long a rater takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RaterTime {
    /// Summaries rated, without repeats and skipped ones.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub summaries: usize,
    /// Median of the active seconds of one.
    pub median_s: f64,
}

/// How often a metric picks the summary that people prefer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MetricPick {
    /// Share of pairs of summaries that it orders as people do.
    pub pair_accuracy: f64,
    /// Percentile interval over dialogues.
    pub ci95: Option<[f64; 2]>,
    /// Number of pairs.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub pairs: usize,
    /// Kendall's tau-b over all summaries, with the metric unchanged.
    pub kendall_b: Option<f64>,
    /// Dialogues that count.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
}

/// The comparison of two systems by side-by-side choices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PairComparison {
    /// Key of the first system.
    pub a: String,
    /// Key of the second system.
    pub b: String,
    /// Dialogues with a vote.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
    /// Number of votes.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub votes: usize,
    /// Dialogues in which both wrote the same text, so that there was nothing to choose.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub same_text: usize,
    /// Mean over dialogues of the share of votes for the first.
    pub win: Option<f64>,
    /// The share of ties.
    pub tie: Option<f64>,
    /// The share of votes for the second.
    pub loss: Option<f64>,
    /// Mean over dialogues of the mean vote, from -1 to 1.
    pub net: Option<f64>,
    /// Its interval by Student's t.
    pub ci95: Option<[f64; 2]>,
    /// Exact two-sided p-value.
    pub p: Option<f64>,
    /// Share of rater pairs with the same vote.
    pub pairs_equal: Option<f64>,
    /// Krippendorff's alpha, nominal, on the categories first, tie, second.
    pub alpha_nominal: Option<f64>,
    /// Its interval over dialogues.
    pub alpha_ci95: Option<[f64; 2]>,
    /// Cohen's kappa of the first two raters.
    pub cohen: Option<PairKappa>,
    /// How often the summary on the left won.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub left_won: usize,
    /// Votes that are not a tie.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub decided: usize,
    /// The p-value adjusted for all side-by-side comparisons; none if nothing is tested.
    pub p_holm: Option<f64>,
    /// What it came to.
    pub outcome: Option<Outcome>,
    /// All of it in a sentence.
    pub sentence: Option<Words>,
}

/// Cohen's kappa of two raters: their names, joined by a comma, with the coefficient, and the number of dialogues.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PairKappa {
    /// The coefficient under the names of the two.
    #[serde(flatten)]
    pub kappa: BTreeMap<String, Option<f64>>,
    /// Dialogues with a vote of both.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub n: usize,
}

/// The strengths of all systems from choices (Davidson).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Strength {
    /// Key of the system.
    pub system: String,
    /// Its strength; those of all systems sum to 0.
    pub theta: f64,
    /// Percentile interval over dialogues.
    pub ci95: Option<[f64; 2]>,
}

/// What side-by-side choices say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PairResults {
    /// The comparisons for which there are votes.
    pub comparisons: Vec<PairComparison>,
    /// Strengths of three systems or more; none if they are not finite.
    pub strengths: Option<Vec<Strength>>,
}

/// What naming the best and the worst says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct BestWorstResults {
    /// The marks of each system.
    pub systems: Vec<SystemMarks>,
    /// The planned comparisons that are tested.
    pub comparisons: Vec<MarkComparison>,
    /// How often the summary at each place was named best: if the order plays no part, about equally often.
    #[cfg_attr(feature = "specta", specta(type = Vec<u32>))]
    pub best_by_place: Vec<usize>,
}

/// The marks of a system: +1 for the best, -1 for the worst, 0 otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SystemMarks {
    /// Its key.
    pub system: String,
    /// Choices in which it was shown.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub shown: usize,
    /// Times named best.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub best: usize,
    /// Times named worst.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub worst: usize,
    /// Mean over dialogues of the mean mark.
    pub mean: Option<f64>,
    /// Its interval by Student's t.
    pub ci95: Option<[f64; 2]>,
}

/// Two systems by their marks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MarkComparison {
    /// Key of the first system.
    pub a: String,
    /// Key of the second system.
    pub b: String,
    /// Dialogues with a choice.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
    /// Mean over dialogues, first minus second.
    pub diff: Option<f64>,
    /// Student's interval.
    pub ci95: Option<[f64; 2]>,
    /// Exact two-sided p-value.
    pub p: Option<f64>,
    /// Adjusted for all comparisons.
    pub p_holm: Option<f64>,
    /// What it came to.
    pub outcome: Option<Outcome>,
    /// All of it in a sentence.
    pub sentence: Option<Words>,
}

/// Whether people tell the real dialogues from those of a source that made some up for the same summaries. Every guess
/// counts once, and there are as many about real dialogues as about made-up ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct OriginGuesses {
    /// Key of the source.
    pub system: String,
    /// Summaries whose dialogues count.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
    /// Number of guesses.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub guesses: usize,
    /// Those that are right.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub right: usize,
    /// Their share; a coin has 0.5.
    pub share: f64,
    /// Its interval by Wilson, as if no two guesses were about the same dialogue.
    pub ci95: [f64; 2],
    /// Share of guesses about real dialogues that call them real.
    pub real_called_real: f64,
    /// Share of guesses about made-up dialogues that call them real.
    pub made_called_real: f64,
    /// Mean over summaries, real minus made-up.
    pub diff: f64,
    /// Its interval by Student's t; none for a single summary.
    pub diff_ci95: Option<[f64; 2]>,
    /// Exact two-sided p-value over all flips of the two dialogues of a summary.
    pub p: Option<f64>,
    /// Adjusted for all sources.
    pub p_holm: Option<f64>,
    /// All of it in a sentence.
    pub sentence: Words,
}

/// What the random numbers of the results are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct AnalysisSeeds {
    /// Seed of the resamples.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub analysis: u64,
    /// Number of resamples.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub resamples: usize,
}

/// Every number of a study's results page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StudyResults {
    /// Name of the study.
    pub study: StudyName,
    /// What people judged.
    pub kind: StudyKind,
    /// Where it stands.
    pub state: StudyState,
    /// When the results were opened before every rater had locked.
    #[cfg_attr(feature = "specta", specta(type = Option<f64>))]
    pub revealed_early: Option<i64>,
    /// Its size in numbers.
    pub n: StudyCounts,
    /// Means by system.
    pub systems: Vec<SystemScores>,
    /// The planned comparisons on each criterion.
    pub comparisons: Vec<Comparison>,
    /// Each pair of systems in one sentence over all criteria.
    pub headlines: Vec<Headline>,
    /// Which comparisons are adjusted together.
    pub family: Family,
    /// Agreement by criterion.
    pub agreement: BTreeMap<String, CriterionAgreement>,
    /// By rater: scores given twice.
    pub consistency: BTreeMap<String, Consistency>,
    /// By rater and criterion: shift from the other raters.
    pub severity: BTreeMap<String, BTreeMap<String, SeverityShift>>,
    /// By rater and criterion: change from first dialogue to last.
    pub drift: BTreeMap<String, BTreeMap<String, Drift>>,
    /// By rater: how long they take.
    pub time: BTreeMap<String, RaterTime>,
    /// By metric and criterion: how often it picks as people do.
    pub metrics: BTreeMap<String, BTreeMap<String, MetricPick>>,
    /// Side-by-side choices; none without votes.
    pub pairs: Option<PairResults>,
    /// Best and worst; none if nobody was asked for them.
    pub best_worst: Option<BestWorstResults>,
    /// By source of made-up dialogues: whether people tell them from real ones. Empty where summaries are judged.
    pub guesses: Vec<OriginGuesses>,
    /// Seeds of the resamples.
    pub seeds: AnalysisSeeds,
}

/// Two systems over all criteria, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Headline {
    /// Key of the first system.
    pub a: String,
    /// Key of the second system.
    pub b: String,
    /// The sentence.
    pub sentence: Words,
}

/// What a study could show, before anybody rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StudyOutlook {
    /// Number of dialogues.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dialogues: usize,
    /// Number of raters.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub raters: usize,
    /// Dialogues that all raters rate.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub shared: usize,
    /// Comparisons that are tested together, times the criteria.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub family: usize,
    /// By criterion.
    pub criteria: BTreeMap<String, CriterionOutlook>,
    /// Mean over dialogues of one divided by the number of raters.
    pub h: f64,
    /// Dialogues of each rater.
    #[cfg_attr(feature = "specta", specta(type = Vec<u32>))]
    pub load: Vec<usize>,
    /// Hours of the rater with the most dialogues, estimated.
    pub hours: f64,
    /// What the study can show, in a sentence for each criterion.
    pub sentences: BTreeMap<String, Words>,
}

/// What a study could show on a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CriterionOutlook {
    /// The true difference that one comparison finds four times in five.
    pub detectable: f64,
    /// The same if all comparisons on all criteria are tested together.
    pub detectable_family: f64,
    /// Half the width of the 95 % interval.
    pub half_width: f64,
    /// How often a true difference of `delta` is found.
    pub power_at_delta: f64,
    /// How far these raters' taste can shift the difference.
    pub taste_95: f64,
    /// Dialogues that would show `delta` in the family; none if that is more than a million.
    #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
    pub dialogues_needed: Option<usize>,
}
