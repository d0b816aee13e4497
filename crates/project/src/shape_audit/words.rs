//! What an audit of shape says to a reader, in English and German.

use contract::{Distribution, ShapeAudit, ShapeFigure, TwoSampleResult, Weight, Words};

use crate::sentence::{german, listed};

/// Maximum number of figures that are named in words.
const NAMED: usize = 3;
/// From this distance on a figure counts as different.
const NAMED_FROM: f64 = 0.1;

/// For each of the classifier's figures: its name, then what made-up conversations do if they have more of it or less,
/// in English and in German.
const TELLING: [(&str, [&str; 4]); 16] = [
    (
        "log_turns",
        [
            "have more turns",
            "have fewer turns",
            "haben mehr Redebeitr\u{e4}ge",
            "haben weniger Redebeitr\u{e4}ge",
        ],
    ),
    (
        "log_words",
        [
            "are longer",
            "are shorter",
            "sind l\u{e4}nger",
            "sind k\u{fc}rzer",
        ],
    ),
    (
        "words_per_turn",
        [
            "say more in a turn",
            "say less in a turn",
            "sagen mehr je Redebeitrag",
            "sagen weniger je Redebeitrag",
        ],
    ),
    (
        "sd_words_per_turn",
        [
            "have turns of less even length",
            "have turns of more even length",
            "haben ungleichm\u{e4}\u{df}iger lange Redebeitr\u{e4}ge",
            "haben gleichm\u{e4}\u{df}iger lange Redebeitr\u{e4}ge",
        ],
    ),
    (
        "speakers",
        [
            "have more speakers",
            "have fewer speakers",
            "haben mehr Sprecher",
            "haben weniger Sprecher",
        ],
    ),
    (
        "largest_speaker_share",
        [
            "leave more of the talking to one person",
            "share the talking more evenly",
            "lassen eine Person mehr reden",
            "verteilen das Reden gleichm\u{e4}\u{df}iger",
        ],
    ),
    (
        "alternation",
        [
            "change the speaker more often",
            "change the speaker less often",
            "wechseln den Sprecher \u{f6}fter",
            "wechseln den Sprecher seltener",
        ],
    ),
    (
        "distinct1_of_100",
        [
            "begin with more varied words",
            "begin with less varied words",
            "beginnen mit abwechslungsreicheren W\u{f6}rtern",
            "beginnen mit weniger abwechslungsreichen W\u{f6}rtern",
        ],
    ),
    (
        "distinct2",
        [
            "repeat themselves less",
            "repeat themselves more",
            "wiederholen sich weniger",
            "wiederholen sich mehr",
        ],
    ),
    (
        "token_length",
        [
            "use longer words",
            "use shorter words",
            "verwenden l\u{e4}ngere W\u{f6}rter",
            "verwenden k\u{fc}rzere W\u{f6}rter",
        ],
    ),
    (
        "question_turns",
        [
            "ask more often",
            "ask less often",
            "fragen \u{f6}fter",
            "fragen seltener",
        ],
    ),
    (
        "exclamation_turns",
        [
            "end turns with an exclamation mark more often",
            "end turns with an exclamation mark less often",
            "enden \u{f6}fter mit einem Ausrufezeichen",
            "enden seltener mit einem Ausrufezeichen",
        ],
    ),
    (
        "full_stop_turns",
        [
            "end turns with a full stop more often",
            "end turns with a full stop less often",
            "enden \u{f6}fter mit einem Punkt",
            "enden seltener mit einem Punkt",
        ],
    ),
    (
        "commas",
        [
            "use more commas",
            "use fewer commas",
            "setzen mehr Kommas",
            "setzen weniger Kommas",
        ],
    ),
    (
        "digits",
        [
            "hold more digits",
            "hold fewer digits",
            "enthalten mehr Ziffern",
            "enthalten weniger Ziffern",
        ],
    ),
    (
        "capitals",
        [
            "begin more words with a capital",
            "begin fewer words with a capital",
            "schreiben mehr W\u{f6}rter gro\u{df}",
            "schreiben weniger W\u{f6}rter gro\u{df}",
        ],
    ),
];

/// What it found, most telling first.
pub(super) fn sentences(audit: &ShapeAudit) -> Vec<Words> {
    let mut sentences = Vec::new();
    sentences.extend(audit.two_sample.as_ref().map(told_apart));
    sentences.extend(largest(&audit.distributions));
    sentences.extend(repeated(audit));
    sentences
}

fn told_apart(found: &TwoSampleResult) -> Words {
    let [low, high] = found.band95;
    let numbers = [found.auc, low, high].map(|value| format!("{value:.2}"));
    let [auc, low, high] = &numbers;
    let [german_auc, german_low, german_high] = numbers.each_ref().map(|number| german(number));
    if found.auc <= found.band95[1] {
        return Words {
            en: format!(
                "A simple classifier does not tell the made-up conversations from real ones by their shape (AUC {auc}; without \
                 a difference it lies between {low} and {high})."
            ),
            de: format!(
                "Ein einfacher Klassifikator unterscheidet die erfundenen Gespr\u{e4}che an ihrer Form nicht von echten (AUC \
                 {german_auc}; ohne Unterschied liegt sie zwischen {german_low} und {german_high})."
            ),
        };
    }
    let telling: Vec<[&str; 2]> = found
        .weights
        .iter()
        .filter_map(telling)
        .take(NAMED)
        .collect();
    let told = |language: usize, and: &str| {
        let parts: Vec<&str> = telling.iter().map(|words| words[language]).collect();
        listed(&parts, and)
    };
    Words {
        en: format!(
            "A simple classifier tells the made-up conversations from real ones by their shape with an AUC of {auc} (0.5 is \
             chance; without a difference it lies between {low} and {high}): the made-up ones {}. That alone is no fault; \
             a rise from round to round is.",
            told(0, "and")
        ),
        de: format!(
            "Ein einfacher Klassifikator unterscheidet die erfundenen Gespr\u{e4}che an ihrer Form mit einer AUC von {german_auc} \
             von echten (0,5 ist Zufall; ohne Unterschied liegt sie zwischen {german_low} und {german_high}): Die erfundenen \
             {}. Das allein ist kein Fehler; ein Anstieg von Runde zu Runde ist einer.",
            told(1, "und")
        ),
    }
}

fn telling(weight: &Weight) -> Option<[&'static str; 2]> {
    let (_, words) = TELLING.iter().find(|(name, _)| *name == weight.figure)?;
    let place = usize::from(weight.weight < 0.0);
    Some([words[place], words[2 + place]])
}

/// The figures that differ most, with both means.
fn largest(distributions: &[Distribution]) -> Option<Words> {
    let named = distributions.iter().filter(|found| found.d >= NAMED_FROM);
    let parts: Vec<Words> = named.take(NAMED).map(means).collect();
    if parts.is_empty() {
        return None;
    }
    let joined = |word: fn(&Words) -> &str| parts.iter().map(word).collect::<Vec<_>>().join("; ");
    Some(Words {
        en: format!(
            "On average, made-up beside real: {}.",
            joined(|words| &words.en)
        ),
        de: format!(
            "Im Mittel, erfunden neben echt: {}.",
            joined(|words| &words.de)
        ),
    })
}

fn means(found: &Distribution) -> Words {
    let label = label(found.figure);
    let value = |mean: f64| match found.figure {
        ShapeFigure::Alternation | ShapeFigure::Questions | ShapeFigure::Variety => {
            format!("{:.0} %", 100.0 * mean)
        }
        _ => format!("{mean:.1}"),
    };
    let (made_up, real) = (value(found.made_up.mean), value(found.real.mean));
    Words {
        en: format!("{} {made_up} beside {real}", label.en),
        de: format!("{} {} neben {}", label.de, german(&made_up), german(&real)),
    }
}

fn repeated(audit: &ShapeAudit) -> Option<Words> {
    let near = audit.near_duplicates;
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let [among, shots] = [near.among, near.shots].map(percent);
    (near.among > 0.0 || near.shots > 0.0).then(|| Words {
        en: format!(
            "{among} of them repeat an earlier one nearly word for word, {shots} a conversation that the run learnt from."
        ),
        de: format!(
            "{} von ihnen wiederholen fast w\u{f6}rtlich ein fr\u{fc}heres, {} ein Gespr\u{e4}ch, aus dem der Lauf gelernt hat.",
            german(&among),
            german(&shots)
        ),
    })
}

/// What a figure is called.
pub(crate) fn label(figure: ShapeFigure) -> Words {
    let [en, de] = match figure {
        ShapeFigure::Words => ["words", "W\u{f6}rter"],
        ShapeFigure::Turns => ["turns", "Redebeitr\u{e4}ge"],
        ShapeFigure::WordsPerTurn => ["words by turn", "W\u{f6}rter je Redebeitrag"],
        ShapeFigure::Speakers => ["speakers", "Sprecher"],
        ShapeFigure::Alternation => ["changes of speaker", "Sprecherwechsel"],
        ShapeFigure::Questions => ["turns that ask", "fragende Redebeitr\u{e4}ge"],
        ShapeFigure::Variety => [
            "different words at the beginning",
            "verschiedene W\u{f6}rter am Anfang",
        ],
        ShapeFigure::SummaryWords => ["words of the summary", "W\u{f6}rter der Zusammenfassung"],
    };
    Words {
        en: en.to_owned(),
        de: de.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::two_sample::shape::NAMES;

    #[test]
    fn every_figure_of_the_classifier_has_words() {
        let known: Vec<&str> = TELLING.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, NAMES);
    }

    #[test]
    fn what_tells_is_named_and_chance_is_called_so() {
        let weight = |figure: &str, weight| Weight {
            figure: figure.to_owned(),
            weight,
        };
        let mut found = TwoSampleResult {
            n: 50,
            auc: 0.83,
            p: 0.005,
            band95: [0.42, 0.58],
            weights: vec![
                weight("full_stop_turns", 1.2),
                weight("log_turns", -0.8),
                weight("commas", 0.1),
                weight("digits", 0.05),
            ],
        };
        let words = told_apart(&found);
        let list = "end turns with a full stop more often, have fewer turns and use more commas";
        assert!(words.en.contains(list), "{}", words.en);
        assert!(words.de.contains("AUC von 0,83") && words.de.contains("weniger Redebeitr"));
        found.auc = 0.55;
        assert!(told_apart(&found).en.contains("does not tell"));
    }
}
