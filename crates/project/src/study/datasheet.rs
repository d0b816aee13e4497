//! The datasheet of a human evaluation, by the sections of HEDS 3.0 (Belz and Thomson, arXiv 2412.07940): what the study
//! knows is filled in, and what only people know is listed as to be answered by them.

use contract::{RatingMode, StudyKind, StudyName, StudyResults};
use serde::Serialize;

use super::record::StudyRecord;

/// An entry of the datasheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    /// The section of HEDS 3.0.
    section: &'static str,
    /// What is asked.
    question: &'static str,
    /// The answer; none if only people know it.
    answer: Option<String>,
}

/// What the datasheet knows besides the record and its results.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// What people judged.
    pub(super) kind: StudyKind,
    /// Where the texts of each system come from, by its label; empty for a study that was brought in.
    pub(super) sources: Vec<(String, String)>,
    /// Version of the guideline that raters read.
    pub(super) guideline: Option<String>,
    /// SHA-256 of the plan and the seal; none if nothing was frozen.
    pub(super) frozen: Option<(String, String)>,
    /// Whether the study was rated elsewhere.
    pub(super) is_imported: bool,
}

/// The entries, in order.
pub(super) fn entries(record: &StudyRecord, found: &StudyResults, known: &Known) -> Vec<Entry> {
    let filled = |section, question, answer: String| Entry {
        section,
        question,
        answer: Some(answer),
    };
    let asked = |section, question| Entry {
        section,
        question,
        answer: None,
    };
    let sections = [
        vec![
            asked("1 Paper and resources", "Where is the evaluation reported?"),
            filled(
                "1 Paper and resources",
                "Which resources go with it?",
                resources().to_owned(),
            ),
            asked("1 Paper and resources", "Who can be asked about it?"),
        ],
        vec![
            filled(
                "2 Systems",
                "What goes into the systems?",
                input(known.kind).to_owned(),
            ),
            filled(
                "2 Systems",
                "Which systems are evaluated?",
                systems(record, known),
            ),
        ],
        vec![
            filled(
                "3.1 Sample",
                "How many items, and how were they chosen?",
                sample(record, found),
            ),
            filled(
                "3.1 Sample",
                "What can a sample of this size show?",
                power(record, found),
            ),
        ],
        vec![
            filled(
                "3.2 Evaluators",
                "How many raters are there?",
                raters(found),
            ),
            asked(
                "3.2 Evaluators",
                "Who are they, and how do they relate to the authors?",
            ),
            asked(
                "3.2 Evaluators",
                "How were they recruited, and are they paid?",
            ),
            filled("3.2 Evaluators", "What training is given?", training(known)),
        ],
        vec![
            filled("3.3 Design", "Was the design preregistered?", frozen(known)),
            filled(
                "3.3 Design",
                "How are responses collected and checked?",
                design(record, found, known),
            ),
        ],
        vec![
            filled(
                "4 Criteria",
                "What is asked, and on which scale?",
                criteria(record),
            ),
            filled(
                "4 Criteria",
                "How are responses aggregated and tested?",
                tests(record, found),
            ),
            filled("4 Criteria", "How well do raters agree?", agreement(found)),
        ],
        vec![
            asked(
                "5 Ethics",
                "Was the evaluation approved by an ethics board?",
            ),
            asked(
                "5 Ethics",
                "Do the data hold personal data, and how are they protected?",
            ),
            asked("5 Ethics", "Did raters consent, and to what?"),
        ],
    ];
    sections.concat()
}

fn resources() -> &'static str {
    "The files beside this sheet: study.json and protocol.json (the plan), ratings and choices with dictionary.json, results.json."
}

fn input(kind: StudyKind) -> &'static str {
    match kind {
        StudyKind::Summaries => "Dialogues; the systems write summaries of them.",
        StudyKind::Dialogues => "Summaries; the systems write dialogues for them.",
    }
}

fn systems(record: &StudyRecord, known: &Known) -> String {
    let labels: Vec<String> = match known.sources.is_empty() {
        true => record
            .plan
            .systems
            .iter()
            .map(|system| system.label.clone())
            .collect(),
        false => known
            .sources
            .iter()
            .map(|(label, source)| format!("{label} ({source})"))
            .collect(),
    };
    format!("{}.", labels.join("; "))
}

fn sample(record: &StudyRecord, found: &StudyResults) -> String {
    format!(
        "{} dialogues, drawn at random from {}; {} texts, each with all systems of its dialogue beside it.",
        record.dialogues.len(),
        record.plan.available_dialogues,
        found.n.items
    )
}

fn power(record: &StudyRecord, found: &StudyResults) -> String {
    let widest = found
        .comparisons
        .iter()
        .filter_map(|comparison| comparison.ci95)
        .map(|[low, high]| (high - low) / 2.0)
        .fold(0.0, f64::max);
    format!(
        "The difference that matters was set to {} points of five beforehand; half the widest 95 % interval found is {widest:.2}.",
        record.plan.delta
    )
}

fn raters(found: &StudyResults) -> String {
    format!(
        "{} that count, {} withdrawn; {} dialogues were rated by all.",
        found.n.raters, found.n.withdrawn, found.n.shared
    )
}

fn training(known: &Known) -> String {
    match &known.guideline {
        Some(version) => format!(
            "A guideline (version {version}), statements about it with explanations, and examples with known scores."
        ),
        None => "Not known: the study was rated elsewhere.".to_owned(),
    }
}

fn frozen(known: &Known) -> String {
    match &known.frozen {
        Some((plan, seal)) => format!(
            "The plan was frozen before the first rating (SHA-256 {plan}); the assignment of texts to systems is sealed ({seal})."
        ),
        None => "Nothing was frozen beforehand.".to_owned(),
    }
}

fn design(record: &StudyRecord, found: &StudyResults, known: &Known) -> String {
    if known.is_imported {
        return "Rated elsewhere; nothing is claimed about blinding or order.".to_owned();
    }
    let early = match record.plan.revealed_early {
        Some(_) => " The results were opened before every rater had locked.",
        None => "",
    };
    match known.kind {
        StudyKind::Summaries => format!(
            "Blind: no name of a system was shown before every rater had locked.{early} Order of systems by a Williams square, \
             of dialogues at random for each rater; hidden repeats. {} summaries were skipped.",
            found.n.skipped
        ),
        StudyKind::Dialogues => format!(
            "Blind: where a dialogue came from was not shown before every rater had locked.{early} One dialogue at a time, \
             without its summary; those of one summary in different rounds, at random for each rater; hidden repeats. {} \
             dialogues were skipped.",
            found.n.skipped
        ),
    }
}

fn criteria(record: &StudyRecord) -> String {
    match record.plan.mode {
        RatingMode::Pair => "Which of two texts is better; ties are allowed.".to_owned(),
        RatingMode::BestWorst => "The best and the worst of all texts of a dialogue.".to_owned(),
        RatingMode::Criteria => {
            let criteria = record.plan.criteria.iter().map(|criterion| {
                let best = if criterion.higher_is_better {
                    "best"
                } else {
                    "worst"
                };
                format!(
                    "{}: 1 to {}, {} is {best}",
                    criterion.key, criterion.points, criterion.points
                )
            });
            format!("{}.", criteria.collect::<Vec<_>>().join("; "))
        }
    }
}

fn tests(record: &StudyRecord, found: &StudyResults) -> String {
    format!(
        "Means over dialogues of the mean over raters; Student's intervals over dialogues; exact paired randomisation test by \
         dialogue, adjusted by Holm over {} comparisons at {}.",
        found.family.size, record.plan.alpha
    )
}

fn agreement(found: &StudyResults) -> String {
    let rows = found.agreement.iter().map(|(criterion, row)| {
        let alpha = row
            .alpha
            .map_or("undefined".to_owned(), |alpha| format!("{alpha:.3}"));
        format!(
            "{criterion}: Krippendorff's alpha (ordinal) {alpha} on {} texts",
            row.items
        )
    });
    let rows: Vec<String> = rows.collect();
    match rows.is_empty() {
        true => "Raters chose; agreement is in results.json.".to_owned(),
        false => format!("{}.", rows.join("; ")),
    }
}

/// The entries as a page.
pub(super) fn markdown(study: &StudyName, entries: &[Entry]) -> String {
    let open = entries
        .iter()
        .filter(|entry| entry.answer.is_none())
        .count();
    let mut page = format!(
        "# Datasheet of “{study}”\n\nBy the sections of HEDS 3.0. To be answered by you: {open} entries, marked “?”.\n"
    );
    let mut section = "";
    for entry in entries {
        if entry.section != section {
            section = entry.section;
            page.push_str(&format!("\n## {section}\n\n"));
        }
        let answer = entry.answer.as_deref().unwrap_or("?");
        page.push_str(&format!("- **{}** {answer}\n", entry.question));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::super::{import, results::results};
    use super::*;
    use std::path::Path;

    #[test]
    fn what_people_must_answer_is_marked() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/study_results");
        let record = import::read(&golden).unwrap();
        let known = Known {
            kind: StudyKind::Summaries,
            sources: Vec::new(),
            guideline: None,
            frozen: None,
            is_imported: true,
        };
        let entries = entries(&record, &results(&record), &known);
        let page = markdown(&"S".into(), &entries);
        let open = entries
            .iter()
            .filter(|entry| entry.answer.is_none())
            .count();
        assert_eq!(page.matches("** ?\n").count(), open);
        assert!(page.contains(&format!("To be answered by you: {open} entries")));
        assert!(page.contains("nothing is claimed about blinding"));
        assert!(page.contains("Krippendorff's alpha (ordinal) 0."));
    }
}
