//! The figures of a system that need no weights: pure functions of its stored summaries, of their references and of the
//! conversations. They are computed where a table is made or read, so that they are in no part's key and runs of
//! earlier versions have them too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contract::{Backing, FactKind, ResultMetric};
use metrics::bleu::{self, BleuCounts, ORDERS, Orders, Tokens};
use metrics::chrf::{self, Grams};
use metrics::copy::{CopiedNgrams, copied_ngrams, tokenize};
use metrics::diversity::{distinct_n, mean_repeat_n, self_bleu_of_100};
use metrics::extractiveness::extractiveness;
use metrics::facts::rates::{self, FactCounts};
use metrics::facts::{self, Evidence, Ledger, Vocabulary};
use metrics::lexicon::Lexicon;
use metrics::rouge::{self, RougeOptions, RougeScores, score_each};
use metrics::student::mean_interval;
use metrics::support::Turns;
use metrics::text::{mean, word_count};
use serde::{Deserialize, Serialize};

use crate::artifact::Output;
use crate::backing::{Words, lexicon_for, of_summary, vocabulary_of};
use crate::dialogue::Dialogue;

/// A figure; with its 95 % interval if it is of single texts, without if it is of all texts together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The mean over summaries, or the figure of all of them.
    pub mean: f64,
    /// Student's 95 % interval of the mean, low and high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci95: Option<[f64; 2]>,
}

/// The ledger of facts of a system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FactsReport {
    /// Kinds that count, together.
    #[serde(flatten)]
    pub total: FactsCount,
    /// Each kind that occurs.
    pub by_kind: BTreeMap<FactKind, FactsCount>,
    /// Kinds that the shots' own summaries break, and which therefore count in no rate.
    pub greyed: Vec<FactKind>,
}

/// Facts by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsCount {
    /// The conversation has them.
    pub kept: usize,
    /// The conversation states them differently.
    pub changed: usize,
    /// The conversation does not have them.
    pub invented: usize,
    /// Facts of the reference that the conversation has and the summary lacks.
    pub missing: usize,
    /// Summaries with a changed or invented fact.
    pub summaries: usize,
}

impl From<&FactCounts> for FactsCount {
    fn from(counts: &FactCounts) -> Self {
        Self {
            kept: counts.kept,
            changed: counts.changed,
            invented: counts.invented,
            missing: counts.missing,
            summaries: counts.summaries,
        }
    }
}

/// An example of the data set, as far as figures read it.
pub struct Conversation<'a> {
    /// Its id in the data set.
    pub id: &'a str,
    /// The dialogue.
    pub dialogue: &'a str,
    /// Its summaries.
    pub references: &'a [String],
}

/// The conversations of a data set: those of the test split, and what the others say about words.
pub struct Conversations {
    lexicon: Lexicon,
    vocabulary: Vocabulary,
    greyed: BTreeSet<facts::FactKind>,
    test: HashMap<String, Dialogue>,
}

impl Conversations {
    /// Reads a data set: `every` example tells which words are names, the shots' own summaries which kinds of facts come
    /// from outside the conversations.
    pub fn new(
        every: &[Conversation<'_>],
        shots: &[&Conversation<'_>],
        test: &[&Conversation<'_>],
    ) -> Self {
        let lexicon = lexicon_for(every.iter().map(|example| example.dialogue));
        let vocabulary = vocabulary_of(
            every
                .iter()
                .map(|example| (example.dialogue, example.references)),
        );
        let ledgers: Vec<Ledger> = shots
            .iter()
            .filter_map(|shot| {
                let dialogue = Dialogue::parse(shot.dialogue);
                let turns = dialogue.spoken();
                let reference = shot.references.first()?;
                Some(Evidence::new(&turns, &lexicon, &vocabulary).check(reference, None))
            })
            .collect();
        let test = test
            .iter()
            .map(|example| (example.id.to_owned(), Dialogue::parse(example.dialogue)));
        Self {
            greyed: rates::greyed(&ledgers),
            test: test.collect(),
            lexicon,
            vocabulary,
        }
    }

    /// The lines of a test dialogue.
    pub fn lines(&self, id: &str) -> Option<Vec<String>> {
        let dialogue = self.test.get(id)?;
        Some(dialogue.to_text().lines().map(str::to_owned).collect())
    }

    /// A test summary beside its conversation; `None` if that is not at hand.
    pub fn backing(&self, output: &Output) -> Option<Backing> {
        let words = Words {
            lexicon: &self.lexicon,
            vocabulary: &self.vocabulary,
        };
        let reference = output.references.first().map(String::as_str);
        let dialogue = self.test.get(&output.id)?;
        Some(of_summary(dialogue, words, &output.prediction, reference))
    }
}

/// What was measured of a system's summaries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// By metric the value of each summary, in their order; none if it is not defined.
    pub items: BTreeMap<ResultMetric, Vec<Option<f64>>>,
    /// Figures of all summaries together.
    pub corpus: BTreeMap<ResultMetric, f64>,
    /// The ledger of facts; none without the conversations.
    pub facts: Option<FactsReport>,
    /// Mean words of the references.
    pub reference_words: Option<f64>,
}

impl Measured {
    /// The figures of the table: means of the summaries, and what is a figure of all of them.
    pub fn figures(&self) -> BTreeMap<ResultMetric, Figure> {
        let of_items = self.items.iter().filter_map(|(metric, values)| {
            let defined: Vec<f64> = values.iter().copied().flatten().collect();
            let figure = Figure {
                mean: mean(&defined)?,
                ci95: mean_interval(&defined, 0.95).map(|(low, high)| [low, high]),
            };
            Some((*metric, figure))
        });
        let of_corpus = self
            .corpus
            .iter()
            .map(|(metric, value)| (*metric, *value))
            .map(|(metric, mean)| (metric, Figure { mean, ci95: None }));
        of_items.chain(of_corpus).collect()
    }
}

/// Measures the summaries of a system. `seed` draws the hundred that are compared with each other.
pub fn measure(outputs: &[Output], conversations: &Conversations, seed: u64) -> Measured {
    let mut measured = Measured {
        reference_words: reference_words(outputs),
        ..Measured::default()
    };
    of_references(outputs, &mut measured);
    let texts: Vec<Vec<String>> = outputs
        .iter()
        .map(|output| tokenize(&output.prediction))
        .collect();
    of_texts(&texts, seed, &mut measured.corpus);
    of_dialogues(outputs, &texts, conversations, &mut measured);
    measured
}

fn reference_words(outputs: &[Output]) -> Option<f64> {
    let references = outputs.iter().flat_map(|output| &output.references);
    let words: Vec<f64> = references
        .map(|reference| word_count(reference) as f64)
        .collect();
    mean(&words)
}

/// Figures against the references.
fn of_references(outputs: &[Output], measured: &mut Measured) {
    let column = |value: &dyn Fn(&Output) -> f64| -> Vec<Option<f64>> {
        outputs.iter().map(|output| Some(value(output))).collect()
    };
    let chrf_of = |grams| {
        move |output: &Output| chrf::count(&output.prediction, &output.references, grams).score()
    };
    let words = |output: &Output| word_count(&output.prediction) as f64;
    let scored = |stemmer| {
        let scores = move |output: &Output| {
            let options = RougeOptions { stemmer };
            let each = score_each(&output.references, &output.prediction, options);
            rouge::mean(&each).unwrap_or_default()
        };
        outputs.iter().map(scores).collect::<Vec<RougeScores>>()
    };
    let (stemmed, plain) = (scored(true), scored(false));
    let of_rouge = |scores: &[RougeScores], value: fn(&RougeScores) -> f64| {
        scores.iter().map(|scores| Some(value(scores))).collect()
    };
    measured.items.extend([
        (
            ResultMetric::RougeLsum,
            of_rouge(&stemmed, |scores| scores.rouge_lsum.fmeasure),
        ),
        (
            ResultMetric::Rouge1Recall,
            of_rouge(&stemmed, |scores| scores.rouge1.recall),
        ),
        (
            ResultMetric::Rouge1Precision,
            of_rouge(&stemmed, |scores| scores.rouge1.precision),
        ),
        (
            ResultMetric::Rouge1Plain,
            of_rouge(&plain, |scores| scores.rouge1.fmeasure),
        ),
        (
            ResultMetric::Rouge2Plain,
            of_rouge(&plain, |scores| scores.rouge2.fmeasure),
        ),
        (
            ResultMetric::RougeLPlain,
            of_rouge(&plain, |scores| scores.rouge_l.fmeasure),
        ),
        (ResultMetric::SummaryWords, column(&words)),
        (ResultMetric::Chrf, column(&chrf_of(Grams::Characters))),
        (
            ResultMetric::ChrfPlusPlus,
            column(&chrf_of(Grams::CharactersAndWords)),
        ),
    ]);
    let base_ces: Vec<Option<f64>> = outputs.iter().map(|output| output.base_ce).collect();
    if base_ces.iter().any(Option::is_some) {
        measured.items.insert(ResultMetric::BaseCe, base_ces);
    }
    let references: Vec<&str> = outputs
        .iter()
        .flat_map(|output| &output.references)
        .map(String::as_str)
        .collect();
    if references.is_empty() {
        return;
    }
    let tokens = Tokens::suited_to(&references);
    let metric = match tokens {
        Tokens::Characters => ResultMetric::BleuChar,
        Tokens::Words13a => ResultMetric::Bleu,
    };
    let counts: BleuCounts = outputs
        .iter()
        .map(|output| bleu::count(&output.prediction, &output.references, tokens))
        .sum();
    measured
        .corpus
        .insert(metric, counts.score(ORDERS, Orders::Whole));
}

/// Figures of the summaries among themselves.
fn of_texts(texts: &[Vec<String>], seed: u64, corpus: &mut BTreeMap<ResultMetric, f64>) {
    let distinct = [
        ResultMetric::Distinct1,
        ResultMetric::Distinct2,
        ResultMetric::Distinct3,
        ResultMetric::Distinct4,
    ];
    let repeat = [
        ResultMetric::Repeat1,
        ResultMetric::Repeat2,
        ResultMetric::Repeat3,
        ResultMetric::Repeat4,
    ];
    let mut put = |metric, value: Option<f64>| corpus.extend(value.map(|value| (metric, value)));
    for (n, (distinct, repeat)) in (1..).zip(distinct.into_iter().zip(repeat)) {
        put(distinct, distinct_n(texts, n));
        put(repeat, mean_repeat_n(texts, n));
    }
    put(ResultMetric::SelfBleu4, self_bleu_of_100(texts, seed));
}

/// Figures against the conversations: nothing where one is not at hand, so that all systems are measured on the same.
fn of_dialogues(
    outputs: &[Output],
    texts: &[Vec<String>],
    conversations: &Conversations,
    measured: &mut Measured,
) {
    let found: Option<Vec<&Dialogue>> = outputs
        .iter()
        .map(|output| conversations.test.get(&output.id))
        .collect();
    let Some(dialogues) = found else {
        return;
    };
    let novel = [
        ResultMetric::Novel1,
        ResultMetric::Novel2,
        ResultMetric::Novel3,
        ResultMetric::Novel4,
    ];
    let mut copied: [CopiedNgrams; 4] = Default::default();
    let mut ledgers = Ledgers::default();
    for ((output, text), dialogue) in outputs.iter().zip(texts).zip(dialogues) {
        let words = tokenize(&dialogue.to_text());
        for (n, copied) in (1..).zip(&mut copied) {
            *copied = [*copied, copied_ngrams(text, &words, n)].into_iter().sum();
        }
        let extracted = extractiveness(text, &words);
        let turns = dialogue.spoken();
        let evidence = Evidence::new(&turns, &conversations.lexicon, &conversations.vocabulary);
        let reference = output.references.first().map(String::as_str);
        let of_prediction = evidence.check(&output.prediction, reference);
        ledgers.predictions.push(of_prediction);
        let of_reference = reference.map(|reference| evidence.check(reference, None));
        ledgers.references.extend(of_reference);
        let supported =
            Turns::new(&turns, &conversations.lexicon).supported_sentences(&output.prediction);
        for (metric, value) in [
            (
                ResultMetric::Compression,
                extracted.map(|found| found.compression),
            ),
            (
                ResultMetric::Coverage,
                extracted.map(|found| found.coverage),
            ),
            (ResultMetric::Density, extracted.map(|found| found.density)),
            (ResultMetric::SupportedSentences, supported),
        ] {
            measured.items.entry(metric).or_default().push(value);
        }
    }
    for (metric, copied) in novel.into_iter().zip(copied) {
        let share = copied.novel_share().map(|share| (metric, share));
        measured.corpus.extend(share);
    }
    of_ledgers(&ledgers, &conversations.greyed, measured);
}

/// Facts of the summaries, and of the references for what is missing.
#[derive(Default)]
struct Ledgers {
    predictions: Vec<Ledger>,
    references: Vec<Ledger>,
}

fn of_ledgers(ledgers: &Ledgers, greyed: &BTreeSet<facts::FactKind>, measured: &mut Measured) {
    let rates = rates::rates(&ledgers.predictions, greyed);
    let total = &rates.total;
    let supported = rates::rates(&ledgers.references, greyed).total.kept;
    let missing = (supported > 0).then(|| total.missing as f64 / supported as f64);
    for (metric, value) in [
        (ResultMetric::FactsUnsupported, total.unsupported()),
        (ResultMetric::FactsKept, total.kept_rate()),
        (ResultMetric::FactsChanged, total.changed_rate()),
        (ResultMetric::FactsInvented, total.invented_rate()),
        (ResultMetric::FactsMissing, missing),
    ] {
        measured.corpus.extend(value.map(|value| (metric, value)));
    }
    let kind = |kind: &facts::FactKind| kind.name().parse::<FactKind>().ok();
    measured.facts = Some(FactsReport {
        total: FactsCount::from(total),
        by_kind: rates
            .by_kind
            .iter()
            .filter_map(|(name, counts)| Some((kind(name)?, FactsCount::from(counts))))
            .collect(),
        greyed: greyed.iter().filter_map(kind).collect(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::{FactStatus, System};

    const DIALOGUE: &str =
        "Ann: The dentist moved us to Monday at 7:15 pm.\nBen: Good, I will bring 20 euros.";

    fn conversations(references: &[String]) -> Conversations {
        let example = Conversation {
            id: "1",
            dialogue: DIALOGUE,
            references,
        };
        let every = [example];
        Conversations::new(&every, &[], &[&every[0]])
    }

    fn output(prediction: &str, references: &[String]) -> Output {
        Output {
            system: System::SftReal,
            id: "1".into(),
            prediction: prediction.into(),
            references: references.to_vec(),
            reference_ce: Some(1.0),
            base_ce: Some(1.5),
            tokens: 3,
            examples: 0,
        }
    }

    #[test]
    fn facts_are_counted_against_the_conversation_and_the_reference() {
        let references = ["Ann and Ben see the dentist on Monday and bring 20 euros.".to_owned()];
        let outputs = [output(
            "Ann sees the dentist on Tuesday at 19:15.",
            &references,
        )];
        let measured = measure(&outputs, &conversations(&references), 1);
        let facts = measured.facts.clone().unwrap();
        // Ann and the time are kept, Tuesday is not Monday; Ben, Monday and the money are missing.
        assert_eq!(
            (facts.total.kept, facts.total.changed + facts.total.invented),
            (2, 1)
        );
        assert_eq!(facts.total.missing, 3);
        assert_eq!(facts.by_kind[&FactKind::Date].summaries, 1);
        let figures = measured.figures();
        let mean = |metric| figures[&metric].mean;
        assert_eq!(mean(ResultMetric::FactsUnsupported), 1.0 / 3.0);
        assert_eq!(mean(ResultMetric::FactsMissing), 3.0 / 4.0);
        assert_eq!(mean(ResultMetric::SummaryWords), 8.0);
        assert_eq!(
            figures[&ResultMetric::SummaryWords].ci95,
            None,
            "of one text"
        );
        assert!(mean(ResultMetric::Bleu) > 0.0 && mean(ResultMetric::Chrf) > 0.0);
        assert!(mean(ResultMetric::Novel1) > 0.0 && mean(ResultMetric::Novel1) < 1.0);
        assert!(
            !figures.contains_key(&ResultMetric::SelfBleu4),
            "of fewer than a hundred"
        );
        assert_eq!(measured.reference_words, Some(12.0));
    }

    #[test]
    fn a_summary_leads_to_its_turns_by_the_words_of_the_whole_data_set() {
        let references = ["Ben brings 20 euros.".to_owned()];
        let summary = output(
            "The dentist moved them to Tuesday. Mars is red.",
            &references,
        );
        let conversations = conversations(&references);
        let found = conversations.backing(&summary).unwrap();
        assert_eq!(found.sentences[0].turns[0].first, 1, "{found:?}");
        assert!(found.sentences[1].turns.is_empty(), "{found:?}");
        let is_there = |kind, status| {
            let mut facts = found.facts.iter();
            facts.any(|fact| (fact.kind, fact.status) == (kind, status))
        };
        assert!(is_there(FactKind::Date, FactStatus::Changed), "{found:?}");
        assert!(is_there(FactKind::Money, FactStatus::Missing), "{found:?}");
        let mut lost = summary;
        lost.id = "2".to_owned();
        assert_eq!(conversations.backing(&lost), None);
    }

    #[test]
    fn rouge_is_also_told_by_lines_without_stems_and_by_its_sides() {
        let references = ["dogs ran home".to_owned()];
        let measured = measure(
            &[output("the dog ran", &references)],
            &conversations(&references),
            1,
        );
        let value = |metric| measured.items[&metric][0].unwrap();
        assert_eq!(value(ResultMetric::Rouge1Recall), 2.0 / 3.0);
        assert_eq!(value(ResultMetric::Rouge1Precision), 2.0 / 3.0);
        assert!((value(ResultMetric::Rouge1Plain) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(value(ResultMetric::Rouge2Plain), 0.0);
        assert_eq!(value(ResultMetric::BaseCe), 1.5, "as the stage stored it");
        assert!((value(ResultMetric::RougeLsum) - 2.0 / 3.0).abs() < 1e-12);
        assert!((value(ResultMetric::RougeLPlain) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn kinds_that_the_shots_break_count_in_no_rate() {
        let references = ["Ann pays 99 euros.".to_owned()];
        let example = Conversation {
            id: "1",
            dialogue: DIALOGUE,
            references: &references,
        };
        let every = [example];
        let conversations = Conversations::new(&every, &[&every[0]], &[&every[0]]);
        let measured = measure(
            &[output("Ann pays 55 euros.", &references)],
            &conversations,
            1,
        );
        let facts = measured.facts.unwrap();
        assert_eq!(facts.greyed, [FactKind::Money]);
        assert_eq!((facts.total.changed, facts.total.invented), (0, 0));
        assert!(facts.by_kind.contains_key(&FactKind::Money), "it is shown");
        assert_eq!(measured.corpus[&ResultMetric::FactsUnsupported], 0.0);
    }

    #[test]
    fn without_its_conversation_a_summary_is_measured_against_references_alone() {
        let references = ["Ann waits.".to_owned()];
        let mut lost = output("Ann waits.", &references);
        lost.id = "2".into();
        let measured = measure(&[lost], &conversations(&references), 1);
        assert_eq!(measured.facts, None);
        assert_eq!(measured.items[&ResultMetric::Chrf], [Some(1.0)]);
        assert!(!measured.corpus.contains_key(&ResultMetric::Novel1));
        assert!(!measured.items.contains_key(&ResultMetric::Density));
    }

    #[test]
    fn a_row_reads_back_with_the_figures_under_their_names() {
        let references = ["Ann waits for Ben.".to_owned()];
        let outputs = [output("Ann waits for Ben today.", &references)];
        let mut row = crate::report::results(&outputs, 50, 1).remove(0);
        row.figures = measure(&outputs, &conversations(&references), 1).figures();
        let json = serde_json::to_value(&row).unwrap();
        assert!(json["chrf"]["mean"].is_f64() && json["chrf++"]["mean"].is_f64());
        assert_eq!(
            serde_json::from_value::<crate::report::SystemResult>(json).unwrap(),
            row
        );
    }
}
