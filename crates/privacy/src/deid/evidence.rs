//! What a data set says about its words: which it writes in lower case, which follow an article, which label many
//! conversations. No dictionary of nouns is needed.

use std::collections::{HashMap, HashSet};

use super::token::{Word, words};
use super::words::{Tongue, is_given, is_role, is_usual, word_list};

/// How often a word occurs in a data set, and in which ways.
#[derive(Clone, Copy, Debug, Default)]
struct Uses {
    small: usize,
    capital_inside: usize,
    /// Twice for each that is definite.
    after_determiner: usize,
}

/// What the conversations say about their words.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    uses: HashMap<String, Uses>,
    /// Labels that are not a given name and occur in many conversations.
    labels_of_many: HashSet<String>,
    /// Words of labels, whoever they are.
    labels: HashSet<String>,
}

// Words before a German noun, and hardly before a name.
word_list!(pub(super) DETERMINERS = "der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner mein meine meinen \
     meinem meiner dein deine deinen deinem deiner sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser \
     unsere unseren unserem unserer dieser diese dieses diesen diesem jeder jede jedes jeden jedem welcher welche \
     welches welchen am im ins zum zur vom beim ans viel viele vielen mehr wenig alle allen etwas einige mehrere \
     beide beiden pro ohne the a an this every each");

impl Evidence {
    /// What the texts of each conversation say; the first of them is the dialogue.
    pub(super) fn of(conversations: &[&[&str]]) -> Self {
        let mut found = Self::default();
        let mut labelled: HashMap<String, usize> = HashMap::new();
        for texts in conversations {
            let mut labels = HashSet::new();
            for text in *texts {
                let words = words(text);
                for line in words.chunk_by(|_, next| !next.gap.contains('\n')) {
                    // Somebody who writes no capitals says nothing about any word.
                    let has_capitals = line.iter().any(|word| !word.label && word.is_capital());
                    for (place, word) in line.iter().enumerate() {
                        if word.label {
                            labels.insert(word.lower());
                        } else if has_capitals {
                            found.count(line, place, word);
                        }
                    }
                }
            }
            for label in &labels {
                *labelled.entry(label.clone()).or_default() += 1;
            }
            found.labels.extend(labels);
        }
        let many = (conversations.len() / 20).max(3);
        let of_many = labelled
            .into_iter()
            .filter(|(label, count)| *count >= many && !is_given(label));
        found.labels_of_many = of_many.map(|(label, _)| label).collect();
        found
    }

    fn count(&mut self, words: &[Word<'_>], place: usize, word: &Word<'_>) {
        let uses = self.uses.entry(word.lower()).or_default();
        if !word.is_capital() {
            uses.small += 1;
        } else if !word.opens {
            uses.capital_inside += 1;
            let before = place.checked_sub(1).map(|before| words[before].lower());
            let before = before
                .filter(|_| word.follows_closely())
                .unwrap_or_default();
            // `von einer Mieke`: an indefinite article alone does not make a noun of it.
            uses.after_determiner += match before.as_str() {
                "ein" | "eine" | "einen" | "einem" | "einer" | "a" | "an" => 1,
                before if DETERMINERS.contains(&before) => 2,
                _ => 0,
            };
        }
    }

    /// Whether a word in lower case names nobody, unless something else says so.
    pub(super) fn is_common(&self, tongue: Tongue, word: &str) -> bool {
        if is_usual(tongue, word) {
            return true;
        }
        if self.labels.contains(word) && !self.is_label_of_many(word) || is_given(word) {
            return false;
        }
        let uses = self.uses.get(word).copied().unwrap_or_default();
        let written_small = uses.small > 0 && uses.small >= uses.capital_inside;
        match tongue {
            Tongue::English => written_small,
            Tongue::German => {
                written_small || uses.after_determiner > uses.capital_inside || is_noun(word)
            }
        }
    }

    /// Whether a label is what somebody does rather than who they are.
    pub(super) fn is_label_of_many(&self, word: &str) -> bool {
        is_role(word) || self.labels_of_many.contains(word)
    }
}

/// Whether a German word ends as nouns do that no person is called by.
fn is_noun(word: &str) -> bool {
    word_list!(
        ENDS = "ung ungen heit heiten keit keiten schaft schaften tion tionen tät täten nis nisse chen tum ismus ment ment enz \
     anz ik ur zeug werk stelle stück nummer termin brief vertrag rechnung kosten schein dienst amt karte konto plan \
     zeit tag tage woche jahr euro mittel wert werte schmerzen kasse frist gerät"
    );
    word.chars().count() > 5 && ENDS.iter().any(|end| word.ends_with(end))
}
