//! The sentences of a verdict in German.

use contract::{Outcome, Settle, SettleKind, System, Words};

use super::{Finding, Gain, Measure, Repeats, Rules, Standing, dialogues, headline_parts, percent};
use crate::sentence::{self, german};

const ONE_TRAINING: &str =
    "Das ist ein einziges Training; eine andere Ziehung kann anders ausfallen.";

pub(super) fn sentence(
    finding: &Finding<'_>,
    rules: &Rules,
    outcome: Outcome,
    settle: Settle,
) -> String {
    let mut sentences = vec![match finding.measure {
        Measure::Points { name, .. } => points(finding, rules, outcome, &name.de),
        Measure::Dialogues { name, .. } => dialogues::in_german(finding, rules, outcome, &name.de),
        Measure::Votes { win, tie, loss } => votes(finding, rules, outcome, [win, tie, loss]),
        Measure::Marks { a, b } => marks(finding, rules, outcome, [a, b]),
    }];
    let delta = amount(finding, rules.delta, "Punkte");
    sentences.extend(settle.kind.map(|kind| match (kind, finding.repeats) {
        (SettleKind::More, Repeats::Seeds { count, .. }) => format!(
            "Etwa {} Startwerte würden einen Unterschied von {} zeigen.",
            count + settle.more.unwrap_or_default(),
            amount(finding, rules.delta, "Punkten")
        ),
        (SettleKind::Beyond, Repeats::Seeds { .. }) => format!(
            "Mit diesen Testdialogen würden auch 100 Startwerte keinen Unterschied von {} zeigen.",
            amount(finding, rules.delta, "Punkten")
        ),
        (SettleKind::Enough, Repeats::Seeds { .. }) => format!(
            "Das Experiment war groß genug für {delta}; ein kleinerer Unterschied bleibt möglich."
        ),
        (SettleKind::More, Repeats::Raters(_)) => format!(
            "Etwa {} mit {} würden einen Unterschied von {} zeigen.",
            match (finding.measure, settle.more.unwrap_or_default()) {
                (Measure::Dialogues { .. }, more) => format!("je {more} weitere"),
                (_, more) => format!("{more} weitere Dialoge"),
            },
            repeats(finding.repeats),
            amount(finding, rules.delta, "Punkten")
        ),
        (SettleKind::Beyond, Repeats::Raters(_)) => format!(
            "Um {delta} zu zeigen, bräuchte es mehr als die vorhandenen {} Testdialoge.",
            rules.available
        ),
        (SettleKind::Enough, Repeats::Raters(_)) => format!(
            "Die Studie war groß genug für {delta}; ein kleinerer Unterschied bleibt möglich."
        ),
    }));
    sentences.extend(whose_view(finding, outcome));
    sentences.join(" ")
}

pub(super) fn below_lines(system: &str, points: f64, lines: f64) -> String {
    german(&format!(
        "Die ersten drei Zeilen des Gesprächs schneiden besser ab als {system}: {lines:.1} gegen {points:.1} Punkte"
    )) + "."
}

/// A difference with its unit, with points in the right case.
fn amount(finding: &Finding<'_>, size: f64, points: &str) -> String {
    let size = german(&size.to_string());
    match finding.measure {
        Measure::Points { .. } | Measure::Dialogues { .. } => format!("{size} {points}"),
        Measure::Votes { .. } => format!("{size} von 100 Stimmen"),
        Measure::Marks { .. } => size,
    }
}

fn whose_view(finding: &Finding<'_>, outcome: Outcome) -> Option<String> {
    let Finding { a, b, .. } = finding;
    match (finding.repeats, finding.split) {
        _ if outcome == Outcome::TooFew => None,
        (Repeats::Raters(1), _) => Some("Das ist die Sicht einer einzigen Person.".to_owned()),
        (Repeats::Seeds { count: 1, .. }, _) => Some(ONE_TRAINING.to_owned()),
        (_, Some((first, second))) => Some(format!(
            "Die Bewertungen gehen auseinander: {first} sieht {a} vorn, {second} sieht {b} vorn."
        )),
        _ => None,
    }
}

fn signed(value: f64, places: usize) -> String {
    german(&sentence::signed(value, places))
}

fn p_value(p: f64) -> String {
    german(&super::p_value(p))
}

fn repeats(repeats: Repeats) -> String {
    match repeats {
        Repeats::Raters(1) => "1 Person".to_owned(),
        Repeats::Raters(count) => format!("{count} Personen"),
        Repeats::Seeds { count: 1, .. } => "1 Startwert".to_owned(),
        Repeats::Seeds { count, .. } => format!("{count} Startwerten"),
    }
}

fn points(finding: &Finding<'_>, rules: &Rules, outcome: Outcome, name: &str) -> String {
    let Finding {
        a, b, dialogues, ..
    } = finding;
    let [low, high] = finding.ci95.map(|end| signed(end, 2));
    let [low90, high90] = finding.ci90.map(|end| signed(end, 2));
    let d = signed(finding.diff, 2);
    let who = counted(finding.repeats);
    let p = p_value(finding.p_holm);
    let interval = format!("95-%-Intervall {low} bis {high}; {dialogues} Dialoge, {who}");
    let plain = format!("{d} Punkte ({interval}; angepasst p {p})");
    let chance = format!(
        "{d} Punkte ({interval}), aber bei {} Vergleichen kann das Zufall sein (angepasst p {p})",
        rules.family
    );
    match outcome {
        Outcome::Better => format!("{a} schlägt {b} bei {name}: {plain}."),
        Outcome::Worse => format!("{a} bleibt bei {name} hinter {b} zurück: {plain}."),
        Outcome::Ahead => format!("{a} liegt bei {name} vielleicht vor {b}: {chance}."),
        Outcome::Behind => format!("{a} liegt bei {name} vielleicht hinter {b}: {chance}."),
        Outcome::Same => format!(
            "{a} und {b} sind bei {name} praktisch gleich: {d} Punkte, und das 90-%-Intervall {low90} bis {high90} \
             bleibt innerhalb von {} Punkten ({dialogues} Dialoge, {who}).",
            german(&rules.margin.to_string())
        ),
        Outcome::Open => {
            format!("Kein Beleg für einen Unterschied zwischen {a} und {b} bei {name}: {plain}.")
        }
        Outcome::Identical => {
            format!("{a} und {b} bekamen bei {name} in allen {dialogues} Dialogen dieselben Noten.")
        }
        Outcome::TooFew => format!(
            "Zu wenige Dialoge, um {a} und {b} bei {name} zu vergleichen: {dialogues} gezählt, mindestens 6 sind nötig."
        ),
    }
}

/// As [`repeats`], in a list: without the dative.
fn counted(kind: Repeats) -> String {
    match kind {
        Repeats::Seeds { count, .. } if count != 1 => format!("{count} Startwerte"),
        _ => repeats(kind),
    }
}

fn votes(finding: &Finding<'_>, rules: &Rules, outcome: Outcome, shares: [f64; 3]) -> String {
    let Finding {
        a, b, dialogues, ..
    } = finding;
    let [win, tie, loss] = shares.map(percent);
    let is_turned = matches!(outcome, Outcome::Worse | Outcome::Behind);
    let sign = if is_turned { -100.0 } else { 100.0 };
    let net = signed(sign * finding.diff, 0);
    let mut ends = finding.ci95.map(|end| sign * end);
    ends.sort_by(f64::total_cmp);
    let [low, high] = ends.map(|end| signed(end, 0));
    let (first, second) = if is_turned { (b, a) } else { (a, b) };
    let (win, loss) = if is_turned { (loss, win) } else { (win, loss) };
    let votes = format!(
        "{win} % der Stimmen gegen {loss} %, {tie} % gleich (netto {net}, 95-%-Intervall {low} bis {high}; \
         {dialogues} Dialoge, {}",
        counted(finding.repeats)
    );
    let p = p_value(finding.p_holm);
    match outcome {
        Outcome::Better | Outcome::Worse => {
            format!("{first} wird {second} vorgezogen: {votes}; angepasst p {p}).")
        }
        Outcome::Ahead | Outcome::Behind => format!(
            "{first} wird {second} vielleicht vorgezogen: {votes}), aber bei {} Vergleichen kann das Zufall sein \
             (angepasst p {p}).",
            rules.family
        ),
        Outcome::Same => {
            format!("{a} und {b} werden etwa gleich oft vorgezogen: {votes}; angepasst p {p}).")
        }
        Outcome::Open => {
            format!("Kein Beleg für eine Vorliebe zwischen {a} und {b}: {votes}; angepasst p {p}).")
        }
        Outcome::Identical => {
            format!("{a} und {b} wurden in jedem von {dialogues} Dialogen gleich oft gewählt.")
        }
        Outcome::TooFew => format!(
            "Zu wenige Dialoge, um {a} und {b} zu vergleichen: {dialogues} gezählt, mindestens 6 sind nötig."
        ),
    }
}

fn marks(finding: &Finding<'_>, rules: &Rules, outcome: Outcome, means: [f64; 2]) -> String {
    let Finding {
        a, b, dialogues, ..
    } = finding;
    let [low, high] = finding.ci95.map(|end| signed(end, 2));
    let [mark_a, mark_b] = means.map(|mean| signed(mean, 2));
    let p = p_value(finding.p_holm);
    let marks = format!(
        "{mark_a} gegen {mark_b} auf einer Skala von \u{2212}1 bis 1 (Unterschied {}, 95-%-Intervall {low} bis {high}; \
         {dialogues} Dialoge, {}",
        signed(finding.diff, 2),
        counted(finding.repeats)
    );
    match outcome {
        Outcome::Better => format!("{a} steht über {b}: {marks}; angepasst p {p})."),
        Outcome::Worse => format!("{a} steht unter {b}: {marks}; angepasst p {p})."),
        Outcome::Ahead | Outcome::Behind => {
            let side = if outcome == Outcome::Ahead {
                "über"
            } else {
                "unter"
            };
            format!(
                "{a} steht vielleicht {side} {b}: {marks}), aber bei {} Vergleichen kann das Zufall sein (angepasst p {p}).",
                rules.family
            )
        }
        Outcome::Same => format!("{a} und {b} stehen etwa gleichauf: {marks}; angepasst p {p})."),
        Outcome::Open => format!(
            "Kein Beleg für einen Unterschied zwischen {a} und {b}: {marks}; angepasst p {p})."
        ),
        Outcome::Identical => {
            format!("{a} und {b} bekamen in allen {dialogues} Dialogen dieselben Noten.")
        }
        Outcome::TooFew => format!(
            "Zu wenige Dialoge, um {a} und {b} zu vergleichen: {dialogues} gezählt, mindestens 6 sind nötig."
        ),
    }
}

pub(super) fn headline(a: &str, b: &str, outcomes: &[(Outcome, &Words)]) -> String {
    let parts = headline_parts(
        outcomes,
        |name| &name.de,
        |outcome| match outcome {
            Outcome::Better => "besser bei",
            Outcome::Worse => "schlechter bei",
            Outcome::Ahead => "vielleicht vorn bei",
            Outcome::Behind => "vielleicht zurück bei",
            Outcome::Same => "praktisch gleich bei",
            Outcome::Identical => "dieselben Noten bei",
            Outcome::Open => "ohne Beleg bei",
            Outcome::TooFew => "zu wenige Dialoge bei",
        },
    );
    format!("{a} gegen {b}: {parts}.")
}

pub(super) fn of_method(
    standing: &Standing,
    gain: Option<(Gain, Outcome)>,
    above: &[(System, f64)],
) -> String {
    let mut sentences = Vec::new();
    let points = |share: f64| german(&format!("{:.1}", 100.0 * share));
    if let Some((gain, outcome)) = gain {
        let claim = match outcome {
            Outcome::Better => "MRDS ist besser als das Training an echten Daten allein",
            Outcome::Worse => "MRDS bleibt hinter dem Training an echten Daten allein zurück",
            _ => {
                "Kein Beleg für einen Unterschied zwischen MRDS und dem Training an echten Daten allein"
            }
        };
        let [low, high] = gain.ci95.map(|end| signed(100.0 * end, 1));
        sentences.push(format!(
            "{claim}: {} ROUGE-1 an {} Testdialogen (95-%-Intervall {low} bis {high}).",
            signed(100.0 * gain.diff, 1),
            standing.dialogues
        ));
    }
    if !above.is_empty() {
        let lines = above.iter().map(|(system, mean)| {
            let which = match system {
                System::Longest3 => "die drei längsten Zeilen",
                _ => "die ersten drei Zeilen",
            };
            format!("{which} des Gesprächs ({} ROUGE-1)", points(*mean))
        });
        let subject = match standing.is_method {
            true => "MRDS",
            false => "das Training an echten Daten allein",
        };
        sentences.push(format!(
            "Noch nicht brauchbar: {} erreichen mehr als {subject} ({}).",
            lines.collect::<Vec<_>>().join(" und "),
            points(standing.mean)
        ));
    }
    sentences.push(ONE_TRAINING.to_owned());
    sentences.join(" ")
}
