//! The sentences of an audit, in which real dialogues are compared with made-up ones, in English and German.

use contract::{OriginGuesses, Outcome, Words};

use super::{Finding, Repeats, Rules, p_value};
use crate::sentence::{german, signed};

/// The guesses about a source as their sentence needs them.
#[derive(Clone, Copy, Debug)]
pub struct Guessed<'a> {
    /// Name of the source.
    pub source: &'a str,
    /// What was counted.
    pub guesses: &'a OriginGuesses,
    /// Number of raters.
    pub raters: usize,
    /// Accepted chance of one false finding among all sources.
    pub alpha: f64,
}

/// Numbers of a comparison in the form of a language.
struct Numbers {
    difference: String,
    ci95: [String; 2],
    ci90: [String; 2],
    p: String,
    margin: String,
}

impl Numbers {
    fn new(finding: &Finding<'_>, rules: &Rules, form: fn(&str) -> String) -> Self {
        let number = |value: f64| form(&signed(value, 2));
        Self {
            difference: number(finding.diff),
            ci95: finding.ci95.map(number),
            ci90: finding.ci90.map(number),
            p: form(&p_value(finding.p_holm)),
            margin: form(&rules.margin.to_string()),
        }
    }
}

pub(super) fn english(
    finding: &Finding<'_>,
    rules: &Rules,
    outcome: Outcome,
    name: &str,
) -> String {
    let Finding { b, dialogues, .. } = finding;
    let Numbers {
        difference,
        ci95: [low, high],
        ci90: [low90, high90],
        p,
        margin,
    } = Numbers::new(finding, rules, str::to_owned);
    let who = people(finding.repeats);
    let interval = format!("95 % interval {low} to {high}; {dialogues} of each, {who}");
    let plain = format!("{difference} points ({interval}; adjusted p {p})");
    let chance = format!(
        "{difference} points ({interval}), but among {} comparisons that can be chance (adjusted p {p})",
        rules.family
    );
    match outcome {
        Outcome::Better => format!("Real dialogues beat made-up ones ({b}) on {name}: {plain}."),
        Outcome::Worse => {
            format!("Real dialogues fall behind made-up ones ({b}) on {name}: {plain}.")
        }
        Outcome::Ahead => {
            format!("Real dialogues may be ahead of made-up ones ({b}) on {name}: {chance}.")
        }
        Outcome::Behind => {
            format!("Real dialogues may be behind made-up ones ({b}) on {name}: {chance}.")
        }
        Outcome::Same => format!(
            "Real and made-up dialogues ({b}) are practically equal on {name}: {difference} points, and the 90 % interval \
             {low90} to {high90} stays within {margin} points ({dialogues} of each, {who})."
        ),
        Outcome::Open => format!(
            "No evidence of a difference between real and made-up dialogues ({b}) on {name}: {plain}."
        ),
        Outcome::Identical => format!(
            "Real and made-up dialogues ({b}) got the same scores on {name}, {dialogues} of each."
        ),
        Outcome::TooFew => format!(
            "Too few dialogues to compare real and made-up ones ({b}) on {name}: {dialogues} of each counted, at least 6 are \
             needed."
        ),
    }
}

pub(super) fn in_german(
    finding: &Finding<'_>,
    rules: &Rules,
    outcome: Outcome,
    name: &str,
) -> String {
    let Finding { b, dialogues, .. } = finding;
    let Numbers {
        difference,
        ci95: [low, high],
        ci90: [low90, high90],
        p,
        margin,
    } = Numbers::new(finding, rules, german);
    let who = people_in_german(finding.repeats);
    let interval = format!("95-%-Intervall {low} bis {high}; je {dialogues}, {who}");
    let plain = format!("{difference} Punkte ({interval}; angepasst p {p})");
    let chance = format!(
        "{difference} Punkte ({interval}), aber bei {} Vergleichen kann das Zufall sein (angepasst p {p})",
        rules.family
    );
    match outcome {
        Outcome::Better => format!("Echte Dialoge schlagen erfundene ({b}) bei {name}: {plain}."),
        Outcome::Worse => {
            format!("Echte Dialoge bleiben bei {name} hinter erfundenen ({b}) zurück: {plain}.")
        }
        Outcome::Ahead => {
            format!("Echte Dialoge liegen bei {name} vielleicht vor erfundenen ({b}): {chance}.")
        }
        Outcome::Behind => {
            format!("Echte Dialoge liegen bei {name} vielleicht hinter erfundenen ({b}): {chance}.")
        }
        Outcome::Same => format!(
            "Echte und erfundene Dialoge ({b}) sind bei {name} praktisch gleich: {difference} Punkte, und das \
             90-%-Intervall {low90} bis {high90} bleibt innerhalb von {margin} Punkten (je {dialogues}, {who})."
        ),
        Outcome::Open => format!(
            "Kein Beleg für einen Unterschied zwischen echten und erfundenen Dialogen ({b}) bei {name}: {plain}."
        ),
        Outcome::Identical => format!(
            "Echte und erfundene Dialoge ({b}) bekamen bei {name} dieselben Noten, je {dialogues}."
        ),
        Outcome::TooFew => format!(
            "Zu wenige Dialoge, um echte und erfundene ({b}) bei {name} zu vergleichen: je {dialogues} gezählt, mindestens \
             6 sind nötig."
        ),
    }
}

fn people(repeats: Repeats) -> String {
    match repeats.count() {
        1 => "1 rater".to_owned(),
        count => format!("{count} raters"),
    }
}

fn people_in_german(repeats: Repeats) -> String {
    match repeats.count() {
        1 => "1 Person".to_owned(),
        count => format!("{count} Personen"),
    }
}

/// Whether people tell the dialogues of a source from real ones, in a sentence.
pub fn guessed(about: &Guessed<'_>) -> Words {
    let Guessed {
        source: b,
        guesses: found,
        raters,
        alpha,
    } = about;
    let percent = |share: f64| format!("{:.0}", 100.0 * share);
    let [low, high] = found.ci95.map(percent);
    let (share, n) = (percent(found.share), found.guesses);
    let real = percent(found.real_called_real);
    let made = percent(found.made_called_real);
    let p = found.p_holm.map_or("-".to_owned(), p_value);
    let is_told = found.p_holm.is_some_and(|p| p <= *alpha);
    let (told, told_de) = match (is_told, found.diff > 0.0) {
        (true, true) => (
            "They can be told apart",
            "Sie lassen sich auseinanderhalten",
        ),
        (true, false) => (
            "Made-up ones are rather taken for real",
            "Eher werden die erfundenen für echt gehalten",
        ),
        (false, _) => (
            "No evidence that they can be told apart",
            "Kein Beleg, dass sie sich auseinanderhalten lassen",
        ),
    };
    let (whose, whose_de) = match raters {
        1 => (
            " This is one person's view.",
            " Das ist die Sicht einer einzigen Person.",
        ),
        _ => ("", ""),
    };
    Words {
        en: format!(
            "Real and made-up dialogues ({b}) were told apart in {share} % of {n} guesses (95 % interval {low} to {high}; a \
             coin: 50). {real} % of guesses about real ones and {made} % of those about made-up ones said “real”. {told} \
             (adjusted p {p}).{whose}"
        ),
        de: format!(
            "Echte und erfundene Dialoge ({b}) wurden bei {share} % von {n} Einschätzungen richtig erkannt (95-%-Intervall \
             {low} bis {high}; eine Münze: 50). {real} % der Einschätzungen zu echten und {made} % zu erfundenen lauteten \
             „echt“. {told_de} (angepasst p {}).{whose_de}",
            german(&p)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(right: usize, p_holm: f64, diff: f64) -> OriginGuesses {
        OriginGuesses {
            system: "dpo_separate".to_owned(),
            dialogues: 40,
            guesses: 160,
            right,
            share: right as f64 / 160.0,
            ci95: [0.523, 0.672],
            real_called_real: 0.7,
            made_called_real: 0.5,
            diff,
            diff_ci95: None,
            p: Some(p_holm),
            p_holm: Some(p_holm),
            sentence: Words::default(),
        }
    }

    #[test]
    fn guesses_in_a_sentence() {
        let sentence = |guesses: &OriginGuesses, raters| {
            guessed(&Guessed {
                source: "MRDS",
                guesses,
                raters,
                alpha: 0.05,
            })
        };
        let told = sentence(&found(96, 0.0123, 0.2), 2);
        assert_eq!(
            told.en,
            "Real and made-up dialogues (MRDS) were told apart in 60 % of 160 guesses (95 % interval 52 to 67; a coin: 50). \
             70 % of guesses about real ones and 50 % of those about made-up ones said “real”. They can be told apart \
             (adjusted p = 0.012)."
        );
        assert!(
            told.de
                .ends_with("Sie lassen sich auseinanderhalten (angepasst p = 0,012).")
        );
        let open = sentence(&found(90, 0.4, 0.1), 1);
        assert!(
            open.en
                .contains("No evidence that they can be told apart (adjusted p = 0.400).")
        );
        assert!(
            open.de
                .ends_with("Das ist die Sicht einer einzigen Person.")
        );
        let turned = sentence(&found(60, 0.01, -0.2), 2);
        assert!(turned.en.contains("rather taken for real"));
    }
}
