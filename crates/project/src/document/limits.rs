//! What a report cannot show, said in every report.

use contract::{ExperimentReport, Words};

use crate::report::run::RunReport;

/// What a report of one run cannot show.
pub(super) fn of_run(report: &RunReport) -> Vec<Words> {
    let n = report.results.iter().map(|row| row.n).max().unwrap_or(0);
    let mut limits = vec![
        words(
            "It is one training with one seed: another draw of shots or another seed moves differences by about one to two \
             ROUGE-1 points.",
            "Es ist ein Training mit einem Startwert: Andere gezogene Beispiele oder ein anderer Startwert verschieben \
             Unterschiede um etwa ein bis zwei ROUGE-1-Punkte.",
        ),
        Words {
            en: format!("Intervals cover the draw of the {n} test items and nothing else."),
            de: format!(
                "Intervalle decken die Ziehung der {n} Testeintr\u{e4}ge ab und sonst nichts."
            ),
        },
    ];
    limits.extend(of_metrics());
    limits
}

/// What a report of an experiment cannot show.
pub(super) fn of_experiment(report: &ExperimentReport) -> Vec<Words> {
    let seeds = report.seeds.len();
    let mut limits = vec![match seeds {
        1 => words(
            "It has one seed: another draw of shots or another seed moves differences by about one to two ROUGE-1 \
                 points.",
            "Es hat einen Startwert: Andere gezogene Beispiele oder ein anderer Startwert verschieben Unterschiede um \
                 etwa ein bis zwei ROUGE-1-Punkte.",
        ),
        seeds => Words {
            en: format!(
                "Intervals cover the draw of {seeds} seeds and of the test items: other data sets and other base models \
                     may order the systems otherwise."
            ),
            de: format!(
                "Intervalle decken die Ziehung von {seeds} Startwerten und der Testeintr\u{e4}ge ab: Andere Datens\u{e4}tze \
                     und andere Basismodelle ordnen die Systeme vielleicht anders."
            ),
        },
    }];
    if report.done < report.cells.len() {
        let (done, cells) = (report.done, report.cells.len());
        limits.push(Words {
            en: format!("Only {done} of {cells} cells are done; what is missing may change every sentence."),
            de: format!(
                "Erst {done} von {cells} Zellen sind fertig; was fehlt, kann jeden Satz \u{e4}ndern."
            ),
        });
    }
    limits.extend(of_metrics());
    limits
}

fn of_metrics() -> [Words; 2] {
    [
        words(
            "ROUGE, chrF and BLEU count common words; none of them sees whether a summary is true. Have people rate it.",
            "ROUGE, chrF und BLEU z\u{e4}hlen gemeinsame W\u{f6}rter; keines sieht, ob eine Zusammenfassung stimmt. Lassen Sie \
             Menschen bewerten.",
        ),
        words(
            "Word stems are English; figures on other languages are rough.",
            "Wortst\u{e4}mme sind englisch; Zahlen zu anderen Sprachen sind grob.",
        ),
    ]
}

fn words(en: &str, de: &str) -> Words {
    Words {
        en: en.to_owned(),
        de: de.to_owned(),
    }
}
