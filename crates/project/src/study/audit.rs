//! What raters are asked about dialogues, real and made up for the same summaries: three criteria, a guess at where a
//! dialogue comes from, the guideline with its check, and two examples. Each in English and German, equal in content.
//!
//! A dialogue is shown alone: its summary would say what to expect, and the other dialogue about it would make the
//! guess a choice between two.

use contract::{CheckStatement, Criterion, StudyCriterion, Warmup, WarmupItem, Words};

use super::phrase::{criterion, statement, words};

/// Version of the guideline below.
pub(super) const GUIDELINE_VERSION: &str = "audit-1";

const SPEAKERS: &str = "speaker_consistency";
const TURNS: &str = "turn_taking";
const COHERENCE: &str = "coherence";

/// Three criteria, on which 5 is best, and the guess, which comes last because it colours whatever is asked after it.
pub(super) fn criteria() -> Vec<Criterion> {
    vec![
        criterion(
            SPEAKERS,
            (
                "Speaker consistency",
                "speaker consistency",
                "Does everyone stay the same person?",
                [
                    "Speakers are mixed up throughout",
                    "Several turns belong to the other speaker",
                    "One turn does",
                    "A slip in knowledge or tone",
                    "Everyone keeps role, knowledge and tone",
                ],
            ),
            (
                "Sprechertreue",
                "Sprechertreue",
                "Bleiben alle dieselbe Person?",
                [
                    "Sprecher durchweg vertauscht",
                    "Mehrere Beiträge gehören zum anderen",
                    "Ein Beitrag gehört zum anderen",
                    "Ein Ausrutscher im Wissen oder Ton",
                    "Alle bleiben bei Rolle, Wissen und Ton",
                ],
            ),
        ),
        criterion(
            TURNS,
            (
                "Turn-taking",
                "turn-taking",
                "Do the turns answer each other?",
                [
                    "Turns do not answer each other",
                    "Often not",
                    "Sometimes not",
                    "Once stiff or abrupt",
                    "As people talk",
                ],
            ),
            (
                "Gesprächsführung",
                "Gesprächsführung",
                "Antworten die Beiträge einander?",
                [
                    "Beiträge antworten einander nicht",
                    "Oft nicht",
                    "Manchmal nicht",
                    "Einmal steif oder abrupt",
                    "Wie Menschen sprechen",
                ],
            ),
        ),
        criterion(
            COHERENCE,
            (
                "Coherence",
                "coherence",
                "Does it have one clear thread?",
                [
                    "No thread",
                    "Several contradictions or jumps",
                    "One contradiction",
                    "A small jump",
                    "One clear thread",
                ],
            ),
            (
                "Zusammenhang",
                "Zusammenhang",
                "Hat er einen klaren Faden?",
                [
                    "Kein Faden",
                    "Mehrere Widersprüche oder Sprünge",
                    "Ein Widerspruch",
                    "Ein kleiner Sprung",
                    "Ein klarer Faden",
                ],
            ),
        ),
        origin(),
    ]
}

/// The guess at where a dialogue comes from.
fn origin() -> Criterion {
    criterion(
        StudyCriterion::ORIGIN,
        (
            "Real or made up?",
            "origin",
            "Did people have this dialogue, or did a program make it up?",
            [
                "Surely made up",
                "Probably made up",
                "Probably real",
                "Surely real",
            ],
        ),
        (
            "Echt oder erfunden?",
            "Herkunft",
            "Haben Menschen so gesprochen, oder hat ein Programm den Dialog erfunden?",
            [
                "Sicher erfunden",
                "Eher erfunden",
                "Eher echt",
                "Sicher echt",
            ],
        ),
    )
}

/// A paragraph a line.
pub(super) const GUIDELINE: [(&str, &str); 8] = [
    (
        "Each page shows one dialogue. Read it to its end before you judge.",
        "Jede Seite zeigt einen Dialog. Lesen Sie ihn bis zum Ende, bevor Sie urteilen.",
    ),
    (
        "Judge each criterion by itself: speakers can stay themselves in a dialogue that leads nowhere.",
        "Beurteilen Sie jedes Merkmal für sich: Sprecher können sich treu bleiben in einem Dialog, der nirgends hinführt.",
    ),
    (
        "A dialogue may be short, dull or full of typing errors: none of the criteria asks about that.",
        "Ein Dialog darf kurz, langweilig oder voller Tippfehler sein: danach fragt kein Merkmal.",
    ),
    (
        "Use the whole scale; the words under the numbers decide, not the other dialogues.",
        "Nutzen Sie die ganze Skala; es gelten die Worte unter den Zahlen, nicht die anderen Dialoge.",
    ),
    (
        "Guess last whether the dialogue is real or made up. Take “probably” if you do not know; nobody is graded on it.",
        "Raten Sie zuletzt, ob der Dialog echt oder erfunden ist. Nehmen Sie „eher“, wenn Sie es nicht wissen; niemand wird daran gemessen.",
    ),
    (
        "Names stay as they were written. Do not look anything up.",
        "Namen bleiben, wie sie geschrieben wurden. Schlagen Sie nichts nach.",
    ),
    (
        "Some dialogues are about the same matter, and some come twice; answer as you see it then.",
        "Manche Dialoge handeln vom selben, und manche kommen zweimal; antworten Sie, wie Sie es dann sehen.",
    ),
    (
        "Do not talk about dialogues before everybody has locked.",
        "Sprechen Sie nicht über Dialoge, bevor alle abgeschlossen haben.",
    ),
];

/// Statements about the guideline, two of them true.
pub(super) fn check() -> Vec<CheckStatement> {
    vec![
        statement(
            words(
                "A dialogue full of typing errors gets a low score in coherence.",
                "Ein Dialog voller Tippfehler bekommt beim Zusammenhang eine niedrige Note.",
            ),
            false,
            words(
                "No criterion asks about typing: coherence is about the thread.",
                "Nach dem Tippen fragt kein Merkmal: beim Zusammenhang geht es um den Faden.",
            ),
        ),
        statement(
            words(
                "If I do not know whether a dialogue is real, I still guess.",
                "Weiß ich nicht, ob ein Dialog echt ist, rate ich trotzdem.",
            ),
            true,
            words(
                "Take “probably”: guesses are what is counted.",
                "Nehmen Sie „eher“: gezählt wird, was geraten wird.",
            ),
        ),
        statement(
            words(
                "The same dialogue may be shown to me twice.",
                "Derselbe Dialog kann mir zweimal gezeigt werden.",
            ),
            true,
            words(
                "Some dialogues come twice; answer as you see it then.",
                "Manche Dialoge kommen zweimal; antworten Sie, wie Sie es dann sehen.",
            ),
        ),
    ]
}

const MIXED_EN: &str = "Nora: Did you book the table for Saturday?\n\
    Emil: Yes, for four people at eight. You wanted to bring the cake.\n\
    Nora: I booked it yesterday, for four people. Are you bringing the cake, Nora?\n\
    Emil: No, there is no table yet. And I bring the cake, as I said.\n\
    Nora: Fine, see you on Saturday.";

const MIXED_DE: &str = "Nora: Hast du den Tisch für Samstag bestellt?\n\
    Emil: Ja, für vier Personen um acht. Du wolltest den Kuchen mitbringen.\n\
    Nora: Ich habe ihn gestern bestellt, für vier Personen. Bringst du den Kuchen mit, Nora?\n\
    Emil: Nein, es gibt noch keinen Tisch. Und den Kuchen bringe ich mit, wie gesagt.\n\
    Nora: Gut, bis Samstag.";

const PLAIN_EN: &str = "Tom: heating is cold again\n\
    Mrs Lang: Since when?\n\
    Tom: this morning, the display says E4\n\
    Mrs Lang: Then it is the pump. I can send somebody at two.\n\
    Tom: two is fine, I am at home";

const PLAIN_DE: &str = "Tom: heizung ist wieder kalt\n\
    Frau Lang: Seit wann?\n\
    Tom: heute früh, im display steht E4\n\
    Frau Lang: Dann ist es die Pumpe. Ich kann um zwei jemanden schicken.\n\
    Tom: zwei passt, ich bin daheim";

/// Two dialogues with their scores; nothing is said about where they come from.
pub(super) fn warmup() -> Warmup {
    let item = |text: Words, scores: [u8; 3], reason: Words| WarmupItem {
        text,
        scores: [SPEAKERS, TURNS, COHERENCE]
            .map(str::to_owned)
            .into_iter()
            .zip(scores)
            .collect(),
        reason,
    };
    Warmup {
        dialogue: Words::default(),
        items: vec![
            item(
                words(MIXED_EN, MIXED_DE),
                [2, 3, 2],
                words(
                    "Nora calls Emil by her name and answers in his place, and he in hers; whether there is a table changes \
                     twice.",
                    "Nora nennt Emil bei ihrem Namen und antwortet an seiner Stelle, er an ihrer; ob es einen Tisch gibt, \
                     ändert sich zweimal.",
                ),
            ),
            item(
                words(PLAIN_EN, PLAIN_DE),
                [5, 5, 5],
                words(
                    "Both stay who they are, every turn answers the one before, and it is about one thing. Small letters are \
                     no fault.",
                    "Beide bleiben, wer sie sind, jeder Beitrag antwortet auf den vorigen, und es geht um eine Sache. \
                     Kleinschreibung ist kein Fehler.",
                ),
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_there_in_both_languages() {
        let criteria = criteria();
        for criterion in &criteria {
            for text in [&criterion.texts.en, &criterion.texts.de] {
                let text = text.as_ref().unwrap();
                assert_eq!(text.anchors.len(), usize::from(criterion.scale.points()));
            }
        }
        assert_eq!(criteria.last().unwrap().key, StudyCriterion::ORIGIN);
        assert_eq!(
            check().iter().filter(|statement| statement.holds).count(),
            2
        );
        for item in warmup().items {
            assert_eq!(item.text.en.lines().count(), item.text.de.lines().count());
            assert!(
                item.scores
                    .keys()
                    .all(|key| criteria.iter().any(|known| known.key == *key))
            );
        }
    }
}
