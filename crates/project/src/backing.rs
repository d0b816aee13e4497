//! What backs a summary in its conversation: the turns that support each sentence (`metrics::support`) and what
//! became of its facts (`metrics::facts`), for whoever reads one summary. The same formulas give the rates of the result table.

use contract::{
    BackedFact, BackedSentence, Backing, FactKind, FactStatus, Language, SummaryToBack,
    SupportingTurns,
};
use metrics::facts::rates::CAVEAT;
use metrics::facts::{self, Evidence, Vocabulary};
use metrics::lexicon::Lexicon;
use metrics::support::{Link, Turns, sentences};
use metrics::turn::Turn;

use crate::dialogue::Dialogue;
use crate::hygiene::other_than_english;

/// Compares a summary with its conversation; `vocabulary` says which words are names.
pub(crate) fn back(asked: &SummaryToBack, vocabulary: &Vocabulary) -> Backing {
    let dialogue = Dialogue::parse(&asked.dialogue);
    let lexicon = lexicon_for([asked.dialogue.as_str()].into_iter());
    let words = Words {
        lexicon: &lexicon,
        vocabulary,
    };
    let (summary, reference) = (asked.summary.as_str(), asked.reference.as_deref());
    of_summary(&dialogue, words, summary, reference)
}

/// What is shown beside every figure of the ledger of facts.
pub fn facts_caveat() -> contract::Words {
    let text = |language: &str| {
        let found = CAVEAT.iter().find(|(known, _)| *known == language);
        found.map_or("", |(_, text)| text)
    };
    contract::Words::new(text("en"), text("de"))
}

/// What is known about words.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) lexicon: &'a Lexicon,
    /// Which words are names.
    pub(crate) vocabulary: &'a Vocabulary,
}

/// Compares a summary with its conversation, once the words are known.
pub(crate) fn of_summary(
    dialogue: &Dialogue,
    words: Words<'_>,
    summary: &str,
    reference: Option<&str>,
) -> Backing {
    let turns = dialogue.spoken();
    let index = Turns::new(&turns, words.lexicon);
    let ledger = Evidence::new(&turns, words.lexicon, words.vocabulary).check(summary, reference);
    let stated = ledger
        .facts
        .iter()
        .map(|checked| (&checked.fact, status(checked.status)));
    let left_out = ledger
        .missing
        .iter()
        .map(|fact| (fact, FactStatus::Missing));
    Backing {
        sentences: sentences(summary)
            .into_iter()
            .map(|sentence| BackedSentence {
                text: sentence.to_owned(),
                turns: index
                    .links(sentence)
                    .iter()
                    .map(|link| supporting(link, &turns))
                    .collect(),
            })
            .collect(),
        facts: stated.chain(left_out).filter_map(backed).collect(),
        caveat: facts_caveat(),
    }
}

/// The word lists for the language of these conversations.
pub(crate) fn lexicon_for<'a>(dialogues: impl Iterator<Item = &'a str>) -> Lexicon {
    match other_than_english(dialogues) {
        Some((Language::German, _)) => Lexicon::german(),
        _ => Lexicon::english(),
    }
}

/// What conversations with their summaries say about words: which are names.
pub(crate) fn vocabulary_of<'a>(
    examples: impl Iterator<Item = (&'a str, &'a [String])>,
) -> Vocabulary {
    let (dialogues, references): (Vec<Dialogue>, Vec<&[String]>) = examples
        .map(|(dialogue, references)| (Dialogue::parse(dialogue), references))
        .unzip();
    let spoken = dialogues.iter().flat_map(|dialogue| &dialogue.turns);
    let summaries = references.into_iter().flatten();
    Vocabulary::of(
        spoken
            .map(|turn| turn.text.as_str())
            .chain(summaries.map(String::as_str)),
        dialogues.iter().flat_map(|dialogue| dialogue.speakers()),
    )
}

fn status(found: facts::FactStatus) -> FactStatus {
    match found {
        facts::FactStatus::Kept => FactStatus::Kept,
        facts::FactStatus::Changed => FactStatus::Changed,
        facts::FactStatus::Invented => FactStatus::Invented,
    }
}

fn backed((fact, status): (&facts::Fact, FactStatus)) -> Option<BackedFact> {
    let kind: FactKind = fact.kind().name().parse().ok()?;
    // Nobody looks for a negation that holds.
    (kind != FactKind::Negation || status != FactStatus::Kept).then(|| BackedFact {
        kind,
        status,
        text: fact.text.clone(),
    })
}

fn supporting(link: &Link, turns: &[Turn<'_>]) -> SupportingTurns {
    let spoken = &turns[link.first..=link.last];
    SupportingTurns {
        first: link.first as u32 + 1,
        last: link.last as u32 + 1,
        speaker: spoken
            .first()
            .map(|turn| turn.speaker.to_owned())
            .unwrap_or_default(),
        text: spoken
            .iter()
            .map(|turn| turn.text)
            .collect::<Vec<_>>()
            .join("\n"),
        support: link.support,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALOGUE: &str = "Ann: The dentist moved us to Monday at 7:15 pm.\nBen: Good, I will bring 20 euros.\nAnn: See you there.";

    fn of(summary: &str, reference: Option<&str>) -> Backing {
        let asked = SummaryToBack {
            run: None,
            dialogue: DIALOGUE.to_owned(),
            summary: summary.to_owned(),
            reference: reference.map(str::to_owned),
        };
        back(
            &asked,
            &vocabulary_of([(DIALOGUE, &[] as &[String])].into_iter()),
        )
    }

    #[test]
    fn each_sentence_leads_to_its_turns_and_an_unsupported_one_to_none() {
        let found = of(
            "The dentist moved the appointment. The weather is splendid.",
            None,
        );
        let numbers: Vec<Vec<u32>> = found
            .sentences
            .iter()
            .map(|sentence| sentence.turns.iter().map(|turns| turns.first).collect())
            .collect();
        assert_eq!(numbers, [vec![1], vec![]]);
        let first = &found.sentences[0].turns[0];
        assert_eq!((first.speaker.as_str(), first.last), ("Ann", 1));
        assert!(first.text.starts_with("The dentist"));
        assert!((0.15..=1.0).contains(&first.support), "{}", first.support);
    }

    #[test]
    fn facts_are_kept_changed_invented_or_missing() {
        let found = of(
            "The dentist moved them to Monday at 8:15 pm.",
            Some("Ben brings 20 euros to the dentist on Monday."),
        );
        let status = |text: &str| {
            let fact = found.facts.iter().find(|fact| fact.text.contains(text));
            fact.map(|fact| (fact.kind, fact.status))
        };
        assert_eq!(status("Monday"), Some((FactKind::Date, FactStatus::Kept)));
        assert_eq!(status("8:15"), Some((FactKind::Time, FactStatus::Changed)));
        assert_eq!(status("20"), Some((FactKind::Money, FactStatus::Missing)));
        let found = of("It costs $500.", None);
        assert_eq!(found.facts[0].kind, FactKind::Money);
        assert_ne!(found.facts[0].status, FactStatus::Kept);
    }

    #[test]
    fn nothing_is_said_about_nothing() {
        let found = of("", None);
        assert!(found.sentences.is_empty() && found.facts.is_empty());
        assert!(!found.caveat.en.is_empty() && !found.caveat.de.is_empty());
    }
}
