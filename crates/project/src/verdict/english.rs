//! The sentences of a verdict in English.

use contract::{Outcome, Settle, SettleKind, System, Words};

use super::{
    Finding, Gain, Measure, Repeats, Rules, Standing, dialogues, headline_parts, p_value, percent,
};
use crate::sentence::signed;

const ONE_TRAINING: &str = "This is one training; another draw may come out differently.";

pub(super) fn sentence(
    finding: &Finding<'_>,
    rules: &Rules,
    outcome: Outcome,
    settle: Settle,
) -> String {
    let mut sentences = vec![match finding.measure {
        Measure::Points { name, .. } => points(finding, rules, outcome, &name.en),
        Measure::Dialogues { name, .. } => dialogues::english(finding, rules, outcome, &name.en),
        Measure::Votes { win, tie, loss } => votes(finding, rules, outcome, [win, tie, loss]),
        Measure::Marks { a, b } => marks(finding, rules, outcome, [a, b]),
    }];
    let delta = amount(finding, rules.delta);
    sentences.extend(settle.kind.map(|kind| match (kind, finding.repeats) {
        (SettleKind::More, Repeats::Seeds { count, .. }) => format!(
            "About {} seeds would show a difference of {delta}.",
            count + settle.more.unwrap_or_default()
        ),
        (SettleKind::Beyond, Repeats::Seeds { .. }) => format!(
            "With these test dialogues no number of seeds up to 100 would show a difference of {delta}."
        ),
        (SettleKind::Enough, Repeats::Seeds { .. }) => format!(
            "The experiment was large enough to show {delta}; a smaller difference remains possible."
        ),
        (SettleKind::More, Repeats::Raters(_)) => format!(
            "About {} more {} with {} would show a difference of {delta}.",
            settle.more.unwrap_or_default(),
            match finding.measure {
                Measure::Dialogues { .. } => "of each",
                _ => "dialogues",
            },
            repeats(finding.repeats)
        ),
        (SettleKind::Beyond, Repeats::Raters(_)) => format!(
            "Showing a difference of {delta} would take more than the {} test dialogues there are.",
            rules.available
        ),
        (SettleKind::Enough, Repeats::Raters(_)) => format!(
            "The study was large enough to show {delta}; a smaller difference remains possible."
        ),
    }));
    sentences.extend(whose_view(finding, outcome));
    sentences.join(" ")
}

pub(super) fn below_lines(system: &str, points: f64, lines: f64) -> String {
    format!(
        "The first three lines of the conversation score higher than {system}: {lines:.1} against {points:.1} points."
    )
}

/// A difference with its unit.
fn amount(finding: &Finding<'_>, size: f64) -> String {
    match finding.measure {
        Measure::Points { .. } | Measure::Dialogues { .. } => format!("{size} points"),
        Measure::Votes { .. } => format!("{size} votes of 100"),
        Measure::Marks { .. } => format!("{size}"),
    }
}

fn whose_view(finding: &Finding<'_>, outcome: Outcome) -> Option<String> {
    let Finding { a, b, .. } = finding;
    match (finding.repeats, finding.split) {
        _ if outcome == Outcome::TooFew => None,
        (Repeats::Raters(1), _) => Some("This is one person's view.".to_owned()),
        (Repeats::Seeds { count: 1, .. }, _) => Some(ONE_TRAINING.to_owned()),
        (_, Some((first, second))) => Some(format!(
            "The raters disagree: {first} puts {a} ahead, {second} puts {b} ahead."
        )),
        _ => None,
    }
}

fn repeats(repeats: Repeats) -> String {
    let plural = if repeats.count() == 1 { "" } else { "s" };
    match repeats {
        Repeats::Raters(count) => format!("{count} rater{plural}"),
        Repeats::Seeds { count, .. } => format!("{count} seed{plural}"),
    }
}

fn points(finding: &Finding<'_>, rules: &Rules, outcome: Outcome, name: &str) -> String {
    let Finding {
        a, b, dialogues, ..
    } = finding;
    let [low, high] = finding.ci95.map(|end| signed(end, 2));
    let [low90, high90] = finding.ci90.map(|end| signed(end, 2));
    let d = signed(finding.diff, 2);
    let who = repeats(finding.repeats);
    let p = p_value(finding.p_holm);
    let interval = format!("95 % interval {low} to {high}; {dialogues} dialogues, {who}");
    let plain = format!("{d} points ({interval}; adjusted p {p})");
    let chance = format!(
        "{d} points ({interval}), but among {} comparisons that can be chance (adjusted p {p})",
        rules.family
    );
    match outcome {
        Outcome::Better => format!("{a} beats {b} on {name}: {plain}."),
        Outcome::Worse => format!("{a} falls behind {b} on {name}: {plain}."),
        Outcome::Ahead => format!("{a} may be ahead of {b} on {name}: {chance}."),
        Outcome::Behind => format!("{a} may be behind {b} on {name}: {chance}."),
        Outcome::Same => format!(
            "{a} and {b} are practically equal on {name}: {d} points, and the 90 % interval {low90} to {high90} stays \
             within {} points ({dialogues} dialogues, {who}).",
            rules.margin
        ),
        Outcome::Open => {
            format!("No evidence of a difference between {a} and {b} on {name}: {plain}.")
        }
        Outcome::Identical => {
            format!("{a} and {b} got the same scores on {name} in all {dialogues} dialogues.")
        }
        Outcome::TooFew => format!(
            "Too few dialogues to compare {a} and {b} on {name}: {dialogues} counted, at least 6 are needed."
        ),
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
    let counted = format!(
        "{win} % of votes against {loss} %, {tie} % ties (net {net}, 95 % interval {low} to {high}; {dialogues} \
         dialogues, {}",
        repeats(finding.repeats)
    );
    let p = p_value(finding.p_holm);
    match outcome {
        Outcome::Better | Outcome::Worse => {
            format!("{first} is preferred to {second}: {counted}; adjusted p {p}).")
        }
        Outcome::Ahead | Outcome::Behind => format!(
            "{first} may be preferred to {second}: {counted}), but among {} comparisons that can be chance (adjusted p {p}).",
            rules.family
        ),
        Outcome::Same => {
            format!("{a} and {b} are preferred about equally: {counted}; adjusted p {p}).")
        }
        Outcome::Open => {
            format!("No evidence of a preference between {a} and {b}: {counted}; adjusted p {p}).")
        }
        Outcome::Identical => {
            format!("{a} and {b} were chosen equally often in each of {dialogues} dialogues.")
        }
        Outcome::TooFew => format!(
            "Too few dialogues to compare {a} and {b}: {dialogues} counted, at least 6 are needed."
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
    let counted = format!(
        "{mark_a} against {mark_b} on a scale from \u{2212}1 to 1 (difference {}, 95 % interval {low} to {high}; \
         {dialogues} dialogues, {}",
        signed(finding.diff, 2),
        repeats(finding.repeats)
    );
    match outcome {
        Outcome::Better => format!("{a} stands above {b}: {counted}; adjusted p {p})."),
        Outcome::Worse => format!("{a} stands below {b}: {counted}; adjusted p {p})."),
        Outcome::Ahead | Outcome::Behind => {
            let side = if outcome == Outcome::Ahead {
                "above"
            } else {
                "below"
            };
            format!(
                "{a} may stand {side} {b}: {counted}), but among {} comparisons that can be chance (adjusted p {p}).",
                rules.family
            )
        }
        Outcome::Same => format!("{a} and {b} stand about level: {counted}; adjusted p {p})."),
        Outcome::Open => {
            format!("No evidence of a difference between {a} and {b}: {counted}; adjusted p {p}).")
        }
        Outcome::Identical => {
            format!("{a} and {b} got the same marks in all {dialogues} dialogues.")
        }
        Outcome::TooFew => format!(
            "Too few dialogues to compare {a} and {b}: {dialogues} counted, at least 6 are needed."
        ),
    }
}

pub(super) fn headline(a: &str, b: &str, outcomes: &[(Outcome, &Words)]) -> String {
    let parts = headline_parts(
        outcomes,
        |name| &name.en,
        |outcome| match outcome {
            Outcome::Better => "better on",
            Outcome::Worse => "worse on",
            Outcome::Ahead => "perhaps ahead on",
            Outcome::Behind => "perhaps behind on",
            Outcome::Same => "practically equal on",
            Outcome::Identical => "the same scores on",
            Outcome::Open => "no evidence on",
            Outcome::TooFew => "too few dialogues on",
        },
    );
    format!("{a} against {b}: {parts}.")
}

pub(super) fn of_method(
    standing: &Standing,
    gain: Option<(Gain, Outcome)>,
    above: &[(System, f64)],
) -> String {
    let mut sentences = Vec::new();
    if let Some((gain, outcome)) = gain {
        let claim = match outcome {
            Outcome::Better => "MRDS does better than fine-tuning on real data alone",
            Outcome::Worse => "MRDS falls behind fine-tuning on real data alone",
            _ => "No evidence of a difference between MRDS and fine-tuning on real data alone",
        };
        let [low, high] = gain.ci95.map(|end| signed(100.0 * end, 1));
        sentences.push(format!(
            "{claim}: {} ROUGE-1 on {} test dialogues (95 % interval {low} to {high}).",
            signed(100.0 * gain.diff, 1),
            standing.dialogues
        ));
    }
    if !above.is_empty() {
        let lines = above.iter().map(|(system, mean)| {
            let which = match system {
                System::Longest3 => "the three longest lines",
                _ => "the first three lines",
            };
            format!("{which} of the conversation ({:.1} ROUGE-1)", 100.0 * mean)
        });
        let subject = match standing.is_method {
            true => "MRDS",
            false => "fine-tuning on real data alone",
        };
        sentences.push(format!(
            "Not yet useful: {} score higher than {subject} ({:.1}).",
            lines.collect::<Vec<_>>().join(" and "),
            100.0 * standing.mean
        ));
    }
    sentences.push(ONE_TRAINING.to_owned());
    sentences.join(" ")
}
