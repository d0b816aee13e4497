//! What was found about the judge, in sentences, in English and German.

use contract::{Corruption, JudgeAccuracy, JudgeAfter, JudgeMeasures, JudgeVerdict, Words};

use crate::sentence::{german, listed};

/// Below this accuracy a corruption is not seen: chance is a half.
const SEEN_FROM: f64 = 0.75;

/// From this correlation with the words of a dialogue on, a score rewards length.
const REWARDS_LENGTH: f64 = 0.4;
/// From this correlation with the share that is copied on, it rewards quoting.
const REWARDS_QUOTING: f64 = 0.2;

/// What the score turned out to correlate with in what was written, where that is length or quoting.
pub fn rewards(after: &JudgeAfter) -> Vec<Words> {
    let links = [
        (
            after.words,
            REWARDS_LENGTH,
            "The score goes with the length of a conversation",
            "Die Bewertung folgt der L\u{e4}nge eines Gespr\u{e4}chs",
        ),
        (
            after.copy_share,
            REWARDS_QUOTING,
            "The score goes with quoting the summary",
            "Die Bewertung folgt dem Zitieren der Zusammenfassung",
        ),
    ];
    let sentence = |(link, limit, en, de): (Option<_>, f64, &str, &str)| {
        let link: contract::ScoreLink = link?;
        (link.rho.abs() > limit).then(|| Words {
            en: format!("{en} (rho {:.2}).", link.rho),
            de: format!("{de} (rho {}).", german(&format!("{:.2}", link.rho))),
        })
    };
    links.into_iter().filter_map(sentence).collect()
}

/// The sentences, the verdict first; none if nothing was tried.
pub fn sentences(found: &JudgeMeasures) -> Vec<Words> {
    let Some(verdict) = found.verdict else {
        return Vec::new();
    };
    let accuracy = |corruption| found.corruptions.get(&corruption);
    let mut sentences = vec![verdict_sentence(verdict)];
    if let Some(topic) = accuracy(Corruption::OtherTopic) {
        let (right, n) = (cases(topic), topic.n);
        sentences.push(Words {
            en: format!("It recognises the right conversation in {right} of {n} cases."),
            de: format!("Das richtige Gespr\u{e4}ch erkennt er in {right} von {n} F\u{e4}llen."),
        });
    }
    if let Some(key) = accuracy(Corruption::KeyTurn) {
        let (missed, n) = (key.n - cases(key), key.n);
        sentences.push(Words {
            en: format!("It misses that the most important turn is gone in {missed} of {n}."),
            de: format!(
                "Dass der wichtigste Beitrag fehlt, \u{fc}bersieht er in {missed} von {n}."
            ),
        });
    }
    let is_blind = |corruption| {
        accuracy(corruption).is_some_and(|found: &JudgeAccuracy| found.accuracy < SEEN_FROM)
    };
    let (english, german): (Vec<&str>, Vec<&str>) = UNSEEN
        .iter()
        .filter(|(corruption, ..)| is_blind(*corruption))
        .map(|(_, english, german)| (*english, *german))
        .unzip();
    if !english.is_empty() {
        sentences.push(Words {
            en: format!("It cannot tell {}.", listed(&english, "and")),
            de: format!("Er sieht nicht, {}.", listed(&german, "und")),
        });
    }
    if let Some(quote) = accuracy(Corruption::Quote).filter(|_| is_blind(Corruption::Quote)) {
        let (won, n) = (quote.n - cases(quote), quote.n);
        sentences.push(Words {
            en: format!(
                "A made-up conversation that quotes its summary would win in {won} of {n} cases, so such ones are \
                 filtered out."
            ),
            de: format!(
                "Ein erfundenes Gespr\u{e4}ch, das seine Zusammenfassung zitiert, w\u{fc}rde in {won} von {n} F\u{e4}llen \
                 gewinnen; solche werden deshalb ausgesondert."
            ),
        });
    }
    sentences
}

/// What a judge may not see, in both languages.
const UNSEEN: [(Corruption, &str, &str); 3] = [
    (
        Corruption::Facts,
        "which figures and names are right",
        "welche Zahlen und Namen stimmen",
    ),
    (Corruption::Swapped, "who said what", "wer was gesagt hat"),
    (
        Corruption::Shuffled,
        "in what order",
        "in welcher Reihenfolge",
    ),
];

fn verdict_sentence(verdict: JudgeVerdict) -> Words {
    let (en, de) = match verdict {
        JudgeVerdict::Able => (
            "The judge is able: it sees topic and content.",
            "Der Pr\u{fc}fer ist f\u{e4}hig: Er erkennt Thema und Inhalt.",
        ),
        JudgeVerdict::Partly => (
            "The judge is partly able: it sees the topic, but not reliably the content.",
            "Der Pr\u{fc}fer ist teilweise f\u{e4}hig: Er erkennt das Thema, den Inhalt nicht zuverl\u{e4}ssig.",
        ),
        JudgeVerdict::Unable => (
            "The judge is not able: it does not reliably see what a conversation is about.",
            "Der Pr\u{fc}fer ist nicht f\u{e4}hig: Er erkennt nicht zuverl\u{e4}ssig, worum es in einem Gespr\u{e4}ch geht.",
        ),
    };
    Words {
        en: en.to_owned(),
        de: de.to_owned(),
    }
}

/// Cases in which the judge was right; ties count against it.
fn cases(found: &JudgeAccuracy) -> usize {
    found.right.floor() as usize
}

#[cfg(test)]
mod tests {
    use contract::{JudgeAction, ScoreLink, Scorer};

    use super::*;
    use crate::artifact::Judgement;
    use crate::judge::measure;

    fn found() -> JudgeMeasures {
        let mut judgements = Vec::new();
        for (corruption, right) in [
            (Corruption::OtherTopic, 20),
            (Corruption::KeyTurn, 18),
            (Corruption::Swapped, 11),
            (Corruption::Shuffled, 12),
            (Corruption::Quote, 1),
        ] {
            judgements.extend((0..20).map(|item| Judgement {
                id: format!("d{item}"),
                corruption,
                real: if item < right { 0.0 } else { -2.0 },
                damaged: -1.0,
            }));
        }
        measure(&judgements, Scorer::Base, JudgeAction::Warn, 0.1)
    }

    #[test]
    fn the_words_name_what_is_seen_and_what_is_not() {
        let found = sentences(&found());
        let english: Vec<&str> = found.iter().map(|words| words.en.as_str()).collect();
        assert_eq!(
            english.join(" "),
            "The judge is able: it sees topic and content. It recognises the right conversation in 20 of 20 cases. It \
             misses that the most important turn is gone in 2 of 20. It cannot tell who said what and in what order. A \
             made-up conversation that quotes its summary would win in 19 of 20 cases, so such ones are filtered out."
        );
        let german = &found[3].de;
        assert!(
            german.contains("wer was gesagt hat und in welcher Reihenfolge"),
            "{german}"
        );
    }

    #[test]
    fn a_score_that_rewards_length_or_quoting_is_named() {
        let link = |rho| {
            Some(ScoreLink {
                rho,
                ci95: (rho - 0.1, rho + 0.1),
            })
        };
        let after = |words, copy_share| JudgeAfter {
            format: None,
            copy_share: link(copy_share),
            words: link(words),
        };
        assert!(rewards(&after(0.4, 0.2)).is_empty());
        let both = rewards(&after(-0.41, 0.25));
        assert_eq!(
            both[0].en,
            "The score goes with the length of a conversation (rho -0.41)."
        );
        assert!(both[1].de.contains("rho 0,25"), "{both:?}");
    }

    #[test]
    fn nothing_tried_nothing_claimed() {
        let nothing = measure(&[], Scorer::Base, JudgeAction::Warn, 0.1);
        assert!(sentences(&nothing).is_empty());
    }
}
