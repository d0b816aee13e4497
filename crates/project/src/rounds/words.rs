//! How the rounds of a system ended, in sentences, in English and German.

use contract::{Round, RoundStop, RoundWarning, Rounds, Words};

use crate::sentence::german;

/// How it ended first, then which round was taken, then what has to be known besides.
pub(super) fn sentences(rounds: &Rounds) -> Vec<Words> {
    let mut sentences = Vec::new();
    sentences.extend(rounds.rounds.last().map(|last| end(rounds, last)));
    let chosen = rounds.rounds.iter().find(|round| round.chosen);
    sentences.extend(chosen.map(taken));
    let beaten = chosen.zip(rounds.real_ce);
    sentences.extend(
        beaten
            .filter(|(chosen, real)| *real < chosen.figures.validation_ce)
            .map(|(_, real)| real_is_better(real)),
    );
    for round in &rounds.rounds {
        sentences.extend(
            round
                .warnings
                .iter()
                .filter_map(|word| warning(round, *word)),
        );
    }
    sentences
}

fn end(rounds: &Rounds, last: &Round) -> Words {
    let (round, asked) = (last.figures.round, rounds.asked);
    let Some(stop) = last.stop else {
        return match round == asked {
            true => Words {
                en: format!("All {asked} rounds were carried out."),
                de: format!("Alle {asked} Runden sind durchlaufen."),
            },
            false => Words {
                en: format!("{round} of {asked} rounds are done."),
                de: format!("{round} von {asked} Runden sind durchlaufen."),
            },
        };
    };
    let (en, de) = match stop {
        RoundStop::NoGain => (
            "the summarizer got no better on the validation pairs",
            "An den Validierungspaaren wurden die Zusammenfassungen nicht besser",
        ),
        RoundStop::Narrowing => (
            "the made-up conversations became alike (each shares more with the others than in round 1)",
            "Die erfundenen Gespr\u{e4}che wurden einander \u{e4}hnlich (jedes teilt mehr mit den anderen als in Runde 1)",
        ),
        RoundStop::NoContrast => (
            "the two conversations of a pair hardly differ, so little can be learnt from them",
            "Die beiden Gespr\u{e4}che eines Paars unterscheiden sich kaum, also l\u{e4}sst sich wenig aus ihnen lernen",
        ),
        RoundStop::JudgeDrift => (
            "the judge likes the made-up conversations better than in round 1 while the base model likes them less",
            "Dem Pr\u{fc}fer gefallen die erfundenen Gespr\u{e4}che besser als in Runde 1, dem Basismodell aber schlechter",
        ),
    };
    Words {
        en: format!("Stopped after round {round}: {en}."),
        de: format!("Nach Runde {round} beendet: {de}."),
    }
}

fn taken(chosen: &Round) -> Words {
    let (round, ce) = (chosen.figures.round, chosen.figures.validation_ce);
    Words {
        en: format!(
            "Round {round} is taken: its summarizer is the least surprised by the validation summaries ({ce:.3} nats \
             per token)."
        ),
        de: format!(
            "Genommen wird Runde {round}: Ihr Zusammenfasser ist von den Validierungszusammenfassungen am wenigsten \
             \u{fc}berrascht ({} Nat je Token).",
            decimal(ce, 3)
        ),
    }
}

fn real_is_better(ce: f64) -> Words {
    Words {
        en: format!("Training on the real pairs alone is better still there ({ce:.3})."),
        de: format!(
            "Das Training mit den echten Paaren allein ist dort noch besser ({}).",
            decimal(ce, 3)
        ),
    }
}

fn warning(round: &Round, warning: RoundWarning) -> Option<Words> {
    let number = round.figures.round;
    Some(match warning {
        RoundWarning::Length => {
            let ratio = round.figures.length_ratio?;
            Words {
                en: format!(
                    "In round {number} the made-up conversations are {ratio:.1} times as long as the real ones."
                ),
                de: format!(
                    "In Runde {number} sind die erfundenen Gespr\u{e4}che {}-mal so lang wie die echten.",
                    decimal(ratio, 1)
                ),
            }
        }
        RoundWarning::RealCe => {
            let rise = round.figures.real_ce_rise?;
            Words {
                en: format!(
                    "In round {number} real conversations have become unlikely for the synthesizer ({rise:.2} nats per \
                     token more than before the loop)."
                ),
                de: format!(
                    "In Runde {number} sind echte Gespr\u{e4}che f\u{fc}r den Synthesizer unwahrscheinlich geworden ({} \
                     Nat je Token mehr als vor der Schleife).",
                    decimal(rise, 2)
                ),
            }
        }
    })
}

/// A number with a decimal comma.
fn decimal(value: f64, digits: usize) -> String {
    german(&format!("{value:.digits$}"))
}
