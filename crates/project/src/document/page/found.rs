//! What the pages of runs and of experiments have in common: the judge, rounds, made-up texts beside real ones, raters,
//! troubles and what was given up for time.

use contract::{
    Budget, Corruption, JudgeAccuracy, JudgeMeasures, LeakReason, LeakVerdict, Round, Rounds,
    ShapeAudit, StudyResults, Words,
};

use super::super::{Failure, Retry};
use super::sheet::{ABSENT, Block, Pen, Points};
use crate::leak_audit::RunLeaks;
use crate::shape_audit::label;

/// The sentences, and how often the judge saw each kind of damage.
pub(super) fn judge(pen: Pen, sentences: &[Words], found: Option<&JudgeMeasures>) -> Vec<Block> {
    let head = [
        ("damage", "Schaden"),
        ("pairs", "Paare"),
        ("seen [95 %]", "gesehen [95 %]"),
        ("mean gap (nats)", "mittlerer Abstand (Nat)"),
        ("gaps that count", "Abstände, die zählen"),
    ];
    let line = |(corruption, seen): (&Corruption, &JudgeAccuracy)| {
        let (low, high) = seen.ci95;
        vec![
            damage(pen, *corruption),
            seen.n.to_string(),
            pen.interval(seen.accuracy, [low, high], Pen::percent),
            pen.digits(seen.mean_gap, 3),
            pen.percent(seen.share_min_gap),
        ]
    };
    let corruptions = found.iter().flat_map(|found| &found.corruptions);
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    Block::text(pen.sentences(sentences).join(" "))
        .into_iter()
        .chain(Block::table(head, corruptions.map(line).collect()))
        .collect()
}

fn damage(pen: Pen, corruption: Corruption) -> String {
    let (en, de) = match corruption {
        Corruption::OtherTopic => ("another conversation", "ein anderes Gespräch"),
        Corruption::FirstHalf => ("first half only", "nur die erste Hälfte"),
        Corruption::LastHalf => ("last half only", "nur die letzte Hälfte"),
        Corruption::KeyTurn => ("key turn removed", "wichtigster Redebeitrag fehlt"),
        Corruption::Facts => ("facts changed", "Angaben verändert"),
        Corruption::Swapped => ("speakers swapped", "Sprecher vertauscht"),
        Corruption::Shuffled => ("turns shuffled", "Redebeiträge vermischt"),
        Corruption::Quote => ("only quotes the summary", "zitiert nur die Zusammenfassung"),
        Corruption::Empty => ("no conversation", "kein Gespräch"),
    };
    pen.say(en, de)
}

/// How a figure of a round is named, and where it is found.
type Indicator = (&'static str, &'static str, fn(&Round) -> Option<f64>);

const INDICATORS: [Indicator; 17] = [
    ("accepted rate", "Anteil angenommen", |round| {
        Some(round.figures.accepted_rate)
    }),
    ("distinct-2", "distinct-2", |round| round.figures.distinct2),
    (
        "distinct-2 by round 1",
        "distinct-2 gegen Runde 1",
        |round| round.figures.distinct2_ratio,
    ),
    ("distinct-2 by shots", "distinct-2 gegen echte", |round| {
        round.figures.distinct2_of_shots
    }),
    ("self-BLEU4", "self-BLEU4", |round| round.figures.self_bleu4),
    (
        "self-BLEU4 less round 1",
        "self-BLEU4 minus Runde 1",
        |round| round.figures.self_bleu4_rise,
    ),
    ("self-BLEU4 less shots", "self-BLEU4 minus echte", |round| {
        round.figures.self_bleu4_over_shots
    }),
    ("length by shots", "Länge gegen echte", |round| {
        round.figures.length_ratio
    }),
    ("gap of pairs", "Abstand der Paare", |round| {
        round.figures.pair_gap
    }),
    ("gap by round 1", "Abstand gegen Runde 1", |round| {
        round.figures.pair_gap_ratio
    }),
    ("scorer CE", "Scorer-CE", |round| round.figures.scorer_ce),
    ("judge less base", "Prüfer minus Basis", |round| {
        round.scorer_split
    }),
    ("rise of real CE", "Anstieg der echten CE", |round| {
        round.figures.real_ce_rise
    }),
    ("drift (KL)", "Drift (KL)", |round| round.figures.drift_kl),
    ("copies", "Kopien", |round| round.figures.copy_rate),
    ("two-sample AUC", "Zwei-Stichproben-AUC", |round| {
        round.figures.two_sample_auc
    }),
    ("validation CE", "Validierungs-CE", |round| {
        Some(round.figures.validation_ce)
    }),
];

/// Every figure of every round, and the course of those that were measured in more than one.
pub(super) fn rounds(pen: Pen, systems: &[Rounds]) -> Vec<Block> {
    systems
        .iter()
        .flat_map(|rounds| rounds_of(pen, rounds))
        .collect()
}

fn rounds_of(pen: Pen, rounds: &Rounds) -> Vec<Block> {
    let heading = Block::Heading {
        text: rounds.system.to_string(),
    };
    let text = Block::text(pen.sentences(&rounds.sentences).join(" "));
    let column = |round: &Round| {
        let chosen = match round.chosen {
            true => pen.say(" (taken)", " (genommen)"),
            false => String::new(),
        };
        format!(
            "{} {}{chosen}",
            pen.say("round", "Runde"),
            round.figures.round
        )
    };
    let head = [pen.say("figure", "Maß")]
        .into_iter()
        .chain(rounds.rounds.iter().map(column));
    let line = |name: String, cell: &dyn Fn(&Round) -> String| -> Vec<String> {
        [name]
            .into_iter()
            .chain(rounds.rounds.iter().map(cell))
            .collect()
    };
    let mut rows = vec![line(pen.say("accepted", "angenommen"), &|round| {
        round.figures.accepted.to_string()
    })];
    let mut curves = Vec::new();
    for (en, de, value) in INDICATORS {
        rows.push(line(pen.say(en, de), &|round| {
            pen.maybe(value(round), Pen::small)
        }));
        let points: Vec<(u64, f64)> = rounds
            .rounds
            .iter()
            .filter_map(|round| Some((round.figures.round.into(), value(round)?)))
            .collect();
        curves.extend(pen.curve(Points {
            name: format!("{}: {}", rounds.system, pen.say(en, de)),
            across: pen.say("round", "Runde"),
            points: &points,
            mark: None,
        }));
    }
    rows.push(line("ROUGE-1".to_owned(), &|round| {
        pen.maybe(round.figures.validation_rouge1, Pen::points)
    }));
    rows.push(line(
        pen.say("ends the loop", "beendet die Schleife"),
        &|round| round.stop.map_or(ABSENT, |stop| stop.as_str()).to_owned(),
    ));
    [heading]
        .into_iter()
        .chain(text)
        .chain(Block::table(head.collect(), rows))
        .chain(curves)
        .collect()
}

/// What made-up texts give away, and how they differ from real ones.
pub(super) fn leaks(pen: Pen, leaks: Option<&RunLeaks>) -> Vec<Block> {
    let Some(leaks) = leaks else {
        return Vec::new();
    };
    let verdict = match leaks.verdict {
        LeakVerdict::Clean => pen.say(
            "No made-up text repeats a real conversation.",
            "Kein erfundener Text wiederholt ein echtes Gespräch.",
        ),
        LeakVerdict::Look => pen.say(
            "Some made-up texts are like real conversations and have to be looked at.",
            "Einige erfundene Texte gleichen echten Gesprächen und sind anzusehen.",
        ),
        LeakVerdict::Stop => pen.say(
            "Some made-up texts give real conversations away.",
            "Einige erfundene Texte geben echte Gespräche preis.",
        ),
    };
    let limits = pen.say(
        &format!(
            "{} texts; the longest run of words shared with a real conversation has {}, and from {} on it counts as copied.",
            leaks.n, leaks.longest_run, leaks.thresholds.run
        ),
        &format!(
            "{} Texte; die längste Folge von Wörtern, die in einem echten Gespräch steht, hat {}; ab {} zählt sie als Kopie.",
            leaks.n, leaks.longest_run, leaks.thresholds.run
        ),
    );
    let head = [
        ("part", "Teil"),
        ("texts", "Texte"),
        ("give away", "geben preis"),
        ("longest run", "längste Folge"),
    ];
    let head: Vec<String> = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    let head = head.into_iter().chain(LeakReason::ALL.iter().map(|reason| {
        let (en, de) = match reason {
            LeakReason::Run => ("run", "Folge"),
            LeakReason::Share8 => ("runs of eight", "Achterfolgen"),
            LeakReason::Near5 => ("near one conversation", "nah an einem Gespräch"),
            LeakReason::Identifier => ("identifier", "Kennung"),
        };
        pen.say(en, de)
    }));
    let rows = leaks.parts.iter().map(|part| {
        let counts = [part.n, part.leaking, part.longest_run];
        let reasons = LeakReason::ALL.iter().map(|reason| part.count(*reason));
        let counts = counts.into_iter().chain(reasons);
        [part.part.to_string()]
            .into_iter()
            .chain(counts.map(|count| count.to_string()))
            .collect()
    });
    let identifiers = leaks.identifiers.iter();
    let identifiers = identifiers.map(|(kind, count)| format!("{kind}: {count}"));
    [Block::Text {
        text: format!("{verdict} {limits}"),
    }]
    .into_iter()
    .chain(Block::table(head.collect(), rows.collect()))
    .chain(Block::list(identifiers.collect()))
    .chain(leaks.shapes.iter().flat_map(|shape| shapes(pen, shape)))
    .collect()
}

fn shapes(pen: Pen, shape: &ShapeAudit) -> Vec<Block> {
    let heading = Block::Heading {
        text: format!("{} ({} : {})", shape.source, shape.n, shape.n_real),
    };
    let text = Block::text(pen.sentences(&shape.sentences).join(" "));
    let head = [
        ("figure", "Maß"),
        ("D", "D"),
        ("made up: mean", "erfunden: Mittel"),
        ("SD", "SD"),
        ("1/25/50/75/99 %", "1/25/50/75/99 %"),
        ("real: mean", "echt: Mittel"),
        ("SD", "SD"),
        ("1/25/50/75/99 %", "1/25/50/75/99 %"),
    ];
    let rows = shape.distributions.iter().map(|found| {
        let sides = [found.made_up, found.real].map(|side| {
            let quantiles = side.quantiles.map(|value| pen.digits(value, 2));
            [
                pen.digits(side.mean, 2),
                pen.maybe(side.sd, |pen, sd| pen.digits(sd, 2)),
                quantiles.join(" / "),
            ]
        });
        let name = pen.words(&label(found.figure));
        [name, pen.digits(found.d, 3)]
            .into_iter()
            .chain(sides.into_iter().flatten())
            .collect()
    });
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    let near = shape.near_duplicates;
    let mut lines = vec![format!(
        "{} {} · {} {} · {} {}",
        pen.say(
            "Near-duplicates: among themselves",
            "Beinahe gleich: untereinander"
        ),
        pen.percent(near.among),
        pen.say("with what is learnt from", "mit dem Gelernten"),
        pen.percent(near.shots),
        pen.say("with validation", "mit der Validierung"),
        pen.percent(near.validation)
    )];
    lines.extend(shape.two_sample.as_ref().map(|found| {
        let weights = found.weights.iter();
        let weights =
            weights.map(|found| format!("{} {}", found.figure, pen.digits(found.weight, 2)));
        format!(
            "{} {}, p {} ({} {}): {}",
            pen.say("Told apart: AUC", "Unterschieden: AUC"),
            pen.interval(found.auc, found.band95, |pen, auc| pen.digits(auc, 3)),
            pen.digits(found.p, 3),
            found.n,
            pen.say(
                "of each side; the band is that of chance",
                "je Seite; das Band ist das des Zufalls"
            ),
            weights.collect::<Vec<_>>().join(", ")
        )
    }));
    [heading]
        .into_iter()
        .chain(text)
        .chain(Block::table(head, rows.collect()))
        .chain(Block::list(lines))
        .collect()
}

/// Each closed study: its sentences, the means, and how far raters agreed.
pub(super) fn ratings(pen: Pen, studies: &[StudyResults]) -> Vec<Block> {
    studies
        .iter()
        .flat_map(|study| ratings_of(pen, study))
        .collect()
}

fn ratings_of(pen: Pen, study: &StudyResults) -> Vec<Block> {
    let n = &study.n;
    let heading = Block::Heading {
        text: study.study.to_string(),
    };
    let early = match study.revealed_early {
        Some(_) => pen.say(
            " The results were opened before every rater had locked.",
            " Die Ergebnisse wurden geöffnet, bevor alle abgeschlossen hatten.",
        ),
        None => String::new(),
    };
    let text = format!(
        "{} {}, {} {}, {} {}.{early}",
        n.dialogues,
        pen.say("conversations", "Gespräche"),
        n.raters,
        pen.say("raters", "Bewertende"),
        n.ratings,
        pen.say("scores", "Noten"),
    );
    let of_pairs = study.pairs.iter().flat_map(|pairs| &pairs.comparisons);
    let of_marks = study.best_worst.iter().flat_map(|found| &found.comparisons);
    let sentences = study.headlines.iter().map(|line| &line.sentence);
    let sentences = sentences
        .chain(of_pairs.filter_map(|found| found.sentence.as_ref()))
        .chain(of_marks.filter_map(|found| found.sentence.as_ref()));
    let head = [
        ("system", "System"),
        ("criterion", "Kriterium"),
        ("mean [95 %]", "Mittel [95 %]"),
        ("conversations", "Gespräche"),
        ("scores", "Noten"),
    ];
    let two = |pen: Pen, value: f64| pen.digits(value, 2);
    let rows = study.systems.iter().flat_map(|system| {
        let criteria = system.criteria.iter();
        criteria.map(move |(criterion, found)| {
            let mean = match (found.mean, found.ci95) {
                (Some(mean), Some(ci95)) => pen.interval(mean, ci95, two),
                (mean, _) => pen.maybe(mean, two),
            };
            vec![
                system.system.clone(),
                criterion.clone(),
                mean,
                found.dialogues.to_string(),
                found.ratings.to_string(),
            ]
        })
    });
    let agreement = study.agreement.iter().map(|(criterion, found)| {
        vec![
            criterion.clone(),
            pen.maybe(found.alpha, two),
            pen.maybe(found.ac2, two),
            pen.maybe(found.within_one, Pen::percent),
            found.word.to_string(),
        ]
    });
    let agreed = [
        ("criterion", "Kriterium"),
        ("Krippendorff's alpha", "Krippendorffs Alpha"),
        ("AC2", "AC2"),
        ("within one point", "höchstens ein Punkt"),
        ("agreement", "Einigkeit"),
    ];
    let named = |head: [(&str, &str); 5]| head.map(|(en, de)| pen.say(en, de)).to_vec();
    [heading, Block::Text { text }]
        .into_iter()
        .chain(Block::list(
            sentences.map(|words| pen.words(words)).collect(),
        ))
        .chain(Block::table(named(head), rows.collect()))
        .chain(Block::table(named(agreed), agreement.collect()))
        .collect()
}

/// What ended with an error, or that nothing did.
pub(super) fn failures(pen: Pen, failures: &[Failure]) -> Vec<Block> {
    let head = [
        pen.say("where", "wo"),
        pen.say("code", "Code"),
        pen.say("what happened", "was geschah"),
    ];
    let line = |failure: &Failure| {
        vec![
            failure.place.clone(),
            failure.code.to_string(),
            failure.message.clone(),
        ]
    };
    let table = Block::words(head.to_vec(), failures.iter().map(line).collect());
    let nothing = Block::Text {
        text: pen.say("Nothing failed.", "Nichts ist fehlgeschlagen."),
    };
    vec![table.unwrap_or(nothing)]
}

/// How often each way to write dialogues had to start over.
pub(super) fn retries(pen: Pen, retries: &[Retry]) -> Option<Block> {
    let head = [
        ("synthesizer", "Synthesizer"),
        ("test dialogues", "Testdialoge"),
        ("tries for each", "Versuche je Dialog"),
        ("lines drawn again", "neu gezogene Zeilen"),
        ("ended by a maximum", "durch ein Höchstmaß beendet"),
    ];
    let rows = retries.iter().map(|retry| {
        vec![
            retry.synthesizer.to_string(),
            retry.dialogues.to_string(),
            pen.digits(retry.mean_tries, 2),
            retry.resampled_turns.to_string(),
            retry.forced_closures.to_string(),
        ]
    });
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    Block::table(head, rows.collect())
}

/// What was given up to end in time.
pub(super) fn budget(pen: Pen, budget: Option<&Budget>) -> Vec<Block> {
    let Some(budget) = budget.filter(|budget| !budget.cut.is_empty()) else {
        return Vec::new();
    };
    let head = [
        ("field", "Feld"),
        ("from", "von"),
        ("to", "auf"),
        ("saves min", "spart min"),
    ];
    let rows = budget.cut.iter().map(|cut| {
        vec![
            cut.field.clone(),
            cut.from.clone(),
            cut.to.clone(),
            pen.minutes(cut.saved_s),
        ]
    });
    let text = pen.say(
        "Given up to end in time",
        "Aufgegeben, um rechtzeitig fertig zu sein",
    );
    let head = head.iter().map(|(en, de)| pen.say(en, de)).collect();
    [Block::Heading { text }]
        .into_iter()
        .chain(Block::words(head, rows.collect()))
        .collect()
}
