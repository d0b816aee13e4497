//! Numbers about texts and ratings, as pure functions: no models, no files, no clock, no global random state.
//!
//! This crate is at the end of the flow: the method's stages pass it texts and scores, and show what it returns.
//! ROUGE follows the Python package `rouge-score` 0.1.2, chrF and BLEU `sacrebleu` 2.6.0, BERTScore `bert-score` 0.3.13; the
//! intervals follow Efron (percentile bootstrap), Wilson (1927) and, over seeds and items, Satterthwaite (1946); agreement
//! follows Krippendorff (2011) and Gwet (2014), the tests follow Fisher's randomisation, Noreen (1989) and Wilcoxon (1945) with
//! Pratt's treatment of zeros, choices follow Davidson (1970) and Orme (2009).
//!
//! Two conventions hold everywhere:
//! - scores stay in their natural range (ROUGE 0..=1); percent is formatting, done by whatever displays them;
//! - what is undefined is `None`, never a NaN and never a silent zero.
//!
//! A new metric is a file with its formula, a const [`Metric`], and one entry in [`ALL`].

pub mod agreement;
pub mod bertscore;
pub mod best_worst;
pub mod bleu;
pub mod chrf;
pub mod cluster;
pub mod copy;
pub mod davidson;
pub mod distance;
pub mod diversity;
pub mod experiment;
pub mod extractive;
pub mod extractiveness;
pub mod facts;
pub mod flip;
pub mod gwet;
pub mod interval;
pub mod learning_curve;
pub mod lexicon;
pub mod metric;
pub mod nearest;
pub mod noncentral;
pub mod pick;
pub mod planner;
pub mod random;
pub mod rank;
pub mod rouge;
pub mod significance;
pub mod simulation;
pub mod stemmer;
pub mod student;
pub mod support;
pub mod text;
pub mod turn;
pub mod two_sample;
pub mod wilcoxon;

pub use metric::Metric;

/// Every metric the application may show, in the order in which tables list them.
pub const ALL: &[Metric] = &[
    rouge::ROUGE_1,
    rouge::ROUGE_2,
    rouge::ROUGE_L,
    rouge::ROUGE_LSUM,
    rouge::ROUGE_1_PLAIN,
    rouge::ROUGE_2_PLAIN,
    rouge::ROUGE_L_PLAIN,
    rouge::ROUGE_1_RECALL,
    rouge::ROUGE_1_PRECISION,
    chrf::CHRF,
    chrf::CHRF_PLUS_PLUS,
    bleu::BLEU,
    bleu::BLEU_CHAR,
    bertscore::BERTSCORE_F,
    bertscore::BERTSCORE_P,
    bertscore::BERTSCORE_R,
    metric::REFERENCE_CE,
    metric::BASE_CE,
    metric::SUMMARY_WORDS,
    extractiveness::NOVEL_1,
    extractiveness::NOVEL_2,
    extractiveness::NOVEL_3,
    extractiveness::NOVEL_4,
    extractiveness::COMPRESSION,
    extractiveness::COVERAGE,
    extractiveness::DENSITY,
    facts::rates::FACTS_UNSUPPORTED,
    facts::rates::FACTS_KEPT,
    facts::rates::FACTS_CHANGED,
    facts::rates::FACTS_INVENTED,
    facts::rates::FACTS_MISSING,
    support::SUPPORTED_SENTENCES,
    metric::FORMAT_RATE,
    metric::SCORER_CE,
    metric::SECONDS_PER_ACCEPTED,
    copy::LONGEST_SHARED_RUN,
    copy::COPIED_TRIGRAMS,
    diversity::DISTINCT_1,
    diversity::DISTINCT_2,
    diversity::DISTINCT_3,
    diversity::DISTINCT_4,
    diversity::SELF_BLEU_4,
    diversity::REPEAT_1,
    diversity::REPEAT_2,
    diversity::REPEAT_3,
    diversity::REPEAT_4,
    diversity::NEAR_DUPLICATES,
    two_sample::TWO_SAMPLE_AUC,
    agreement::KRIPPENDORFF_ALPHA,
];

/// The metric with this name (as stored in the workspace), if it is known.
pub fn by_name(name: &str) -> Option<&'static Metric> {
    ALL.iter().find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_found() {
        let names: HashSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        assert_eq!(by_name("rouge2"), Some(&rouge::ROUGE_2));
        assert_eq!(by_name("no such metric"), None);
    }

    #[test]
    fn every_metric_says_what_it_is() {
        for metric in ALL {
            assert!(
                !metric.label.is_empty() && !metric.source.is_empty(),
                "{metric:?}"
            );
            assert!(metric.range.0 < metric.range.1, "{metric:?}");
        }
    }
}
