//! What raters are asked by default: four criteria, the guideline with its check, three
//! examples with their answers, and the question about two summaries. Each in English and German, equal in content.
//! What is asked about dialogues is in [`super::audit`].

use contract::{
    CheckStatement, Criterion, Guideline, RatingMode, StudyKind, Warmup, WarmupItem, Words,
};

use super::audit;
use super::phrase::{criterion, statement, words};

/// Version of the guideline below.
const GUIDELINE_VERSION: &str = "2";

/// The four criteria of the paper's human evaluation (Lu et al., arXiv 2502.17328); 5 is always best, and faithfulness
/// comes first because it is a prerequisite.
pub fn criteria() -> Vec<Criterion> {
    let mut criteria = vec![
        criterion(
            "faithfulness",
            (
                "Faithfulness",
                "faithfulness",
                "Is everything in the summary supported by the dialogue?",
                [
                    "Misleading",
                    "One serious or several minor unsupported statements",
                    "One minor unsupported statement",
                    "A harmless imprecision",
                    "Nothing unsupported",
                ],
            ),
            (
                "Treue",
                "Treue",
                "Ist alles in der Zusammenfassung durch den Dialog gedeckt?",
                [
                    "Irreführend",
                    "Eine schwere oder mehrere kleine ungedeckte Aussagen",
                    "Eine kleine ungedeckte Aussage",
                    "Eine harmlose Ungenauigkeit",
                    "Nichts Ungedecktes",
                ],
            ),
        ),
        criterion(
            "informativeness",
            (
                "Informativeness",
                "informativeness",
                "Does the summary contain what matters in the dialogue?",
                [
                    "None of the key points",
                    "Few key points",
                    "About half",
                    "Most key points",
                    "All key points",
                ],
            ),
            (
                "Gehalt",
                "Gehalt",
                "Enthält sie, worauf es im Dialog ankommt?",
                [
                    "Keiner der wichtigen Punkte",
                    "Wenige",
                    "Etwa die Hälfte",
                    "Die meisten",
                    "Alle",
                ],
            ),
        ),
    ];
    criteria.extend(criteria_of_language());
    criteria
}

/// Those of the four that can be judged without the dialogue.
fn criteria_of_language() -> [Criterion; 2] {
    [
        criterion(
            "fluency",
            (
                "Fluency",
                "fluency",
                "Is it well-formed, natural language?",
                [
                    "Hard to understand",
                    "Many faults",
                    "Some faults",
                    "Minor faults",
                    "Flawless",
                ],
            ),
            (
                "Sprachfluss",
                "Sprachfluss",
                "Ist es wohlgeformte, natürliche Sprache?",
                [
                    "Kaum verständlich",
                    "Viele Fehler",
                    "Einige Fehler",
                    "Kleine Fehler",
                    "Fehlerlos",
                ],
            ),
        ),
        criterion(
            "redundancy",
            (
                "Repetition",
                "freedom from repetition",
                "Is it free of repetition?",
                [
                    "Mostly repetition",
                    "Much is repeated",
                    "Some is repeated",
                    "Little is repeated",
                    "No repetition",
                ],
            ),
            (
                "Wiederholung",
                "Wiederholungsfreiheit",
                "Ist sie frei von Wiederholung?",
                [
                    "Überwiegend Wiederholung",
                    "Vieles wiederholt",
                    "Einiges",
                    "Wenig",
                    "Keine",
                ],
            ),
        ),
    ]
}

/// The built-in criterion with this key.
pub fn criterion_by_key(key: &str) -> Option<Criterion> {
    criteria()
        .into_iter()
        .find(|criterion| criterion.key == key)
}

/// What is asked where a choice is made.
pub fn question(mode: RatingMode) -> Words {
    match mode {
        RatingMode::BestWorst => words(
            "Which is the best, and which is the worst?",
            "Welche ist die beste, und welche ist die schlechteste?",
        ),
        RatingMode::Criteria | RatingMode::Pair => {
            words("Which would you rather have?", "Welche hätten Sie lieber?")
        }
    }
}

/// What is scored of these texts unless an owner has criteria of another kind.
pub fn criteria_of(kind: StudyKind) -> Vec<Criterion> {
    match kind {
        StudyKind::Summaries => criteria(),
        StudyKind::Dialogues => audit::criteria(),
    }
}

/// Statements about the guideline that comes with Duologue.
pub fn check_of(kind: StudyKind) -> Vec<CheckStatement> {
    match kind {
        StudyKind::Summaries => check(),
        StudyKind::Dialogues => audit::check(),
    }
}

/// Examples with scores on the criteria that come with Duologue.
pub fn warmup_of(kind: StudyKind) -> Warmup {
    match kind {
        StudyKind::Summaries => warmup(),
        StudyKind::Dialogues => audit::warmup(),
    }
}

/// A guideline with these words, or the one that comes with Duologue.
pub fn guideline(kind: StudyKind, custom: Option<&Words>) -> Guideline {
    let paragraphs = |lines: &[(&str, &str)]| {
        let (en, de): (Vec<&str>, Vec<&str>) = lines.iter().copied().unzip();
        words(&en.join("\n"), &de.join("\n"))
    };
    let (version, text) = match (custom, kind) {
        (Some(text), _) => ("own", text.clone()),
        (None, StudyKind::Summaries) => (GUIDELINE_VERSION, paragraphs(&GUIDELINE)),
        (None, StudyKind::Dialogues) => (audit::GUIDELINE_VERSION, paragraphs(&audit::GUIDELINE)),
    };
    Guideline {
        version: version.to_owned(),
        sha256: store::sha256_hex(format!("{}{}", text.en, text.de).as_bytes()),
        text,
    }
}

/// A paragraph a line.
const GUIDELINE: [(&str, &str); 7] = [
    (
        "Read the whole dialogue before the first summary.",
        "Lesen Sie den ganzen Dialog vor der ersten Zusammenfassung.",
    ),
    (
        "Judge the summary against the dialogue, not against what you know or would have written.",
        "Messen Sie die Zusammenfassung am Dialog, nicht an Ihrem Wissen oder daran, wie Sie sie geschrieben hätten.",
    ),
    (
        "Judge each criterion by itself: a fluent summary can be false.",
        "Beurteilen Sie jedes Merkmal für sich: eine flüssige Zusammenfassung kann falsch sein.",
    ),
    (
        "Faithfulness: “inferred but reasonable” is a harmless imprecision (4), not an invention.",
        "Treue: „erschlossen, aber vernünftig“ ist eine harmlose Ungenauigkeit (4), keine Erfindung.",
    ),
    (
        "Use the whole scale; the words under the numbers decide, not the other summaries.",
        "Nutzen Sie die ganze Skala; es gelten die Worte unter den Zahlen, nicht die anderen Zusammenfassungen.",
    ),
    (
        "Some dialogues come twice; answer as you see it then.",
        "Manche Dialoge kommen zweimal; antworten Sie, wie Sie es dann sehen.",
    ),
    (
        "Do not try to guess who wrote a summary, and do not talk about items before everybody has locked.",
        "Raten Sie nicht, wer schrieb, und sprechen Sie nicht über Stücke, bevor alle abgeschlossen haben.",
    ),
];

/// Statements about the guideline, two of them true.
fn check() -> Vec<CheckStatement> {
    vec![
        statement(
            words(
                "A summary that leaves out an important point but states nothing wrong gets 5 in faithfulness.",
                "Eine Zusammenfassung, die Wichtiges weglässt, aber nichts Falsches sagt, bekommt bei Treue eine 5.",
            ),
            true,
            words(
                "What is missing counts in informativeness; faithfulness looks at what is there.",
                "Was fehlt, zählt beim Gehalt; die Treue sieht auf das, was da steht.",
            ),
        ),
        statement(
            words(
                "5 in freedom from repetition means that much is repeated.",
                "Eine 5 bei Wiederholung heißt, dass viel wiederholt wird.",
            ),
            false,
            words(
                "5 is always the best: nothing is repeated.",
                "5 ist immer das Beste: nichts wird wiederholt.",
            ),
        ),
        statement(
            words(
                "If I know from elsewhere that a statement is true, it counts as supported.",
                "Weiß ich aus anderer Quelle, dass eine Aussage stimmt, gilt sie als gedeckt.",
            ),
            false,
            words(
                "Only the dialogue supports a statement.",
                "Nur der Dialog deckt eine Aussage.",
            ),
        ),
        statement(
            words(
                "The same summary may be shown to me twice.",
                "Dieselbe Zusammenfassung kann mir zweimal gezeigt werden.",
            ),
            true,
            words(
                "Some dialogues come twice; answer as you see it then.",
                "Manche Dialoge kommen zweimal; antworten Sie, wie Sie es dann sehen.",
            ),
        ),
    ]
}

const WARMUP_EN: &str = "Practice: Good morning, this is the practice.\n\
    Mr Weber: Good morning. My shoulder has hurt since Sunday, I lifted a box.\n\
    Practice: Can you raise the arm above your head?\n\
    Mr Weber: Only halfway. I take ibuprofen in the evening.\n\
    Practice: Then come on Thursday at ten. Bring the referral with you.\n\
    Mr Weber: I will, thank you.";

const WARMUP_DE: &str = "Praxis: Guten Morgen, hier ist die Praxis.\n\
    Herr Weber: Guten Morgen. Meine Schulter schmerzt seit Sonntag, ich habe eine Kiste gehoben.\n\
    Praxis: Können Sie den Arm über den Kopf heben?\n\
    Herr Weber: Nur halb. Ich nehme abends Ibuprofen.\n\
    Praxis: Dann kommen Sie am Donnerstag um zehn. Bringen Sie die Überweisung mit.\n\
    Herr Weber: Mache ich, danke.";

/// Three summaries of an invented dialogue with their scores.
fn warmup() -> Warmup {
    let item = |text: Words, scores: [u8; 4], reason: Words| WarmupItem {
        text,
        scores: criteria()
            .into_iter()
            .map(|criterion| criterion.key)
            .zip(scores)
            .collect(),
        reason,
    };
    Warmup {
        dialogue: words(WARMUP_EN, WARMUP_DE),
        items: vec![
            item(
                words(
                    "Mr Weber's shoulder hurts.",
                    "Herrn Weber schmerzt die Schulter.",
                ),
                [5, 2, 5, 5],
                words(
                    "Everything in it is true, but cause, medicine and appointment are missing.",
                    "Alles daran stimmt, aber Ursache, Mittel und Termin fehlen.",
                ),
            ),
            item(
                words(
                    "Mr Weber has had shoulder pain since he lifted a box on Sunday and takes ibuprofen in the evening. He \
                     comes on Thursday at ten, and again on Monday for an X-ray.",
                    "Herr Weber hat Schulterschmerzen, seit er am Sonntag eine Kiste hob, und nimmt abends Ibuprofen. Er \
                     kommt am Donnerstag um zehn und am Montag noch einmal zum Röntgen.",
                ),
                [2, 4, 5, 5],
                words(
                    "It reads well and has most points, but nobody spoke of an X-ray: that is a serious invention.",
                    "Sie liest sich gut und hat die meisten Punkte, aber von Röntgen war nie die Rede: das ist eine schwere \
                     Erfindung.",
                ),
            ),
            item(
                words(
                    "Mr Weber shoulder hurts since Sunday, when he lifted a box; he can raise the arm only halfway and takes \
                     ibuprofen in the evening. He comes Thursday at ten with the referral. The appointment is on Thursday \
                     at ten.",
                    "Herr Weber Schulter schmerzt seit Sonntag, als er eine Kiste hob; er kann den Arm nur halb heben und \
                     nimmt abends Ibuprofen. Er kommt Donnerstag um zehn mit der Überweisung. Der Termin ist am Donnerstag \
                     um zehn.",
                ),
                [5, 5, 4, 3],
                words(
                    "It is true and complete, with a small fault of grammar, and says the appointment twice.",
                    "Sie ist wahr und vollständig, mit einem kleinen Grammatikfehler, und nennt den Termin zweimal.",
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
        for criterion in criteria() {
            for text in [&criterion.texts.en, &criterion.texts.de] {
                let text = text.as_ref().unwrap();
                assert_eq!(text.anchors.len(), 5, "{}", criterion.key);
            }
        }
        let usual = guideline(StudyKind::Summaries, None);
        assert_eq!(usual.text.en.lines().count(), usual.text.de.lines().count());
        let custom = guideline(StudyKind::Summaries, Some(&words("a", "b")));
        let audit = guideline(StudyKind::Dialogues, None);
        assert_ne!(custom.sha256, usual.sha256);
        assert_ne!(audit.sha256, usual.sha256);
        assert_eq!(
            check().iter().filter(|statement| statement.holds).count(),
            2
        );
        let warmup = warmup();
        assert_eq!(
            warmup.dialogue.en.lines().count(),
            warmup.dialogue.de.lines().count()
        );
        assert_eq!(warmup.items[1].scores["faithfulness"], 2);
        assert_eq!(criterion_by_key("fluency").unwrap().key, "fluency");
    }
}
