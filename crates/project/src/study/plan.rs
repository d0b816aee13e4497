//! What a study could show: the planner of `metrics` with what is known about how much dialogues, raters and the rest
//! make the difference of two systems vary, and with the default design of 40 dialogues for each rater.

use std::collections::BTreeMap;

use contract::{CriterionOutlook, StudyOutlook, Words};
use metrics::planner::{self, Components, Design, Question};

/// Dialogues that each rater gets unless somebody asks for another number.
pub const LOAD: usize = 40;

/// Fewest dialogues that all raters rate, so that their agreement can be seen.
const FEWEST_SHARED: usize = 12;

/// Share of the dialogues that all raters rate.
const SHARE: f64 = 0.25;

/// How often a difference is to be found.
const POWER: f64 = 0.8;

/// Seconds that a rater needs for one summary on four criteria.
const SECONDS_PER_SUMMARY: f64 = 45.0;

/// Words that a rater reads in a minute.
const WORDS_PER_MINUTE: f64 = 180.0;

/// A criterion that comes with Duologue. The components are those of the close pairs of systems (means at most 0.6 apart)
/// in DialSummEval (Gao and Wan, NAACL 2022), the mean of both rounds; no public data has redundancy, which takes those of
/// informativeness, as any criterion would that nothing is known about.
struct Known {
    key: &'static str,
    en: &'static str,
    de: &'static str,
    components: Components,
}

const fn components(a2: f64, b2: f64, e2: f64) -> Components {
    Components { a2, b2, e2 }
}

/// Faithfulness comes first: it is the gate.
const CRITERIA: [Known; 4] = [
    Known {
        key: "faithfulness",
        en: "faithfulness",
        de: "Treue",
        components: components(0.60, 0.10, 0.90),
    },
    Known {
        key: "informativeness",
        en: "informativeness",
        de: "Gehalt",
        components: components(0.45, 0.30, 0.80),
    },
    Known {
        key: "fluency",
        en: "fluency",
        de: "Sprachfluss",
        components: components(0.15, 0.10, 0.40),
    },
    Known {
        key: "redundancy",
        en: "freedom from repetition",
        de: "Wiederholungsfreiheit",
        components: components(0.45, 0.30, 0.80),
    },
];

/// A study that somebody thinks about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanRequest {
    /// Raters.
    pub raters: usize,
    /// Dialogues; by default as many as give each rater [`LOAD`].
    pub dialogues: Option<usize>,
    /// Dialogues that all raters rate; by default a quarter.
    pub shared: Option<usize>,
    /// Dialogues that the split has; none if that is not known.
    pub available: Option<usize>,
    /// Systems, the human reference included.
    pub systems: usize,
    /// Comparisons of two systems that are tested.
    pub comparisons: usize,
    /// Chance of one false finding that is accepted.
    pub alpha: f64,
    /// The difference that matters.
    pub delta: f64,
    /// Words of a dialogue.
    pub words: usize,
}

/// The design of a request: `n = 40 / (s + (1 - s) / k)` rounded to five, with s the shared quarter and k raters; where the
/// split has fewer dialogues, more of them are shared, so that each rater keeps the same load.
pub fn design(request: &PlanRequest) -> Design {
    let k = request.raters.max(1) as f64;
    let per_dialogue = SHARE + (1.0 - SHARE) / k;
    let wished = (LOAD as f64 / per_dialogue / 5.0).round() as usize * 5;
    let most = request.available.unwrap_or(usize::MAX);
    let dialogues = request.dialogues.unwrap_or(wished).min(most);
    let n = dialogues as f64;
    let default_share = if request.raters < 2 {
        1.0
    } else if request.dialogues.is_none() && dialogues < wished {
        ((LOAD as f64 / n - 1.0 / k) / (1.0 - 1.0 / k)).clamp(SHARE, 1.0)
    } else {
        SHARE
    };
    let shared = request
        .shared
        .unwrap_or(((default_share * n).round() as usize).max(FEWEST_SHARED));
    Design {
        dialogues,
        raters: request.raters,
        shared: shared.min(dialogues),
    }
}

/// What the study could show; none below two dialogues or without raters.
pub fn outlook(request: &PlanRequest) -> Option<StudyOutlook> {
    let design = design(request);
    let single = Question {
        comparisons: 1,
        alpha: request.alpha,
        power: POWER,
        delta: request.delta,
    };
    let family = request.comparisons.max(1) * CRITERIA.len();
    let together = Question {
        comparisons: family,
        ..single
    };
    let (mut criteria, mut sentences) = (BTreeMap::new(), BTreeMap::new());
    for known in &CRITERIA {
        let alone = planner::outlook(known.components, design, single)?;
        let among = planner::outlook(known.components, design, together)?;
        let sd = planner::deviation(known.components, alone.h);
        let found = CriterionOutlook {
            detectable: alone.detectable,
            detectable_family: among.detectable,
            half_width: alone.half_width,
            power_at_delta: alone.power_at_delta,
            taste_95: alone.taste_95,
            dialogues_needed: together.dialogues_needed(sd),
        };
        criteria.insert(known.key.to_owned(), found);
        sentences.insert(
            known.key.to_owned(),
            sentence(known, design, found.detectable),
        );
    }
    let load = design.load();
    let most = *load.iter().max()? as f64;
    let reading = most * request.words as f64 / WORDS_PER_MINUTE * 60.0;
    let rating = most * request.systems as f64 * SECONDS_PER_SUMMARY;
    Some(StudyOutlook {
        dialogues: design.dialogues,
        raters: design.raters,
        shared: design.shared,
        family,
        criteria,
        h: design.h()?,
        load,
        hours: (reading + rating) / 3_600.0,
        sentences,
    })
}

fn sentence(known: &Known, design: Design, detectable: f64) -> Words {
    let Design {
        dialogues, raters, ..
    } = design;
    let size = format!("{detectable:.2}");
    let (plural, people) = match raters {
        1 => ("rater", "1 Person".to_owned()),
        _ => ("raters", format!("{raters} Personen")),
    };
    Words {
        en: format!(
            "With {dialogues} dialogues and {raters} {plural} a true difference of {size} in {} is found four times in \
             five.",
            known.en
        ),
        de: format!(
            "Mit {dialogues} Dialogen und {people} wird ein wahrer Unterschied von {} bei {} viermal von fünf gefunden.",
            size.replace('.', ","),
            known.de
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(raters: usize) -> PlanRequest {
        PlanRequest {
            raters,
            dialogues: None,
            shared: None,
            available: None,
            systems: 3,
            comparisons: 1,
            alpha: 0.05,
            delta: 0.3,
            words: 180,
        }
    }

    #[test]
    fn forty_dialogues_for_each_rater() {
        for (raters, dialogues, shared) in [(1, 40, 40), (2, 65, 16), (3, 80, 20), (5, 100, 25)] {
            let found = design(&request(raters));
            assert_eq!(
                (found.dialogues, found.shared),
                (dialogues, shared),
                "{raters} raters"
            );
        }
        // A small split: more are shared, up to all of them.
        let cut = |available| {
            design(&PlanRequest {
                available: Some(available),
                ..request(3)
            })
        };
        assert_eq!((cut(60).dialogues, cut(60).shared), (60, 30));
        assert_eq!((cut(30).dialogues, cut(30).shared), (30, 30));
        let asked = PlanRequest {
            dialogues: Some(50),
            ..request(3)
        };
        assert_eq!(design(&asked).shared, 13);
    }

    #[test]
    fn what_eighty_dialogues_show() {
        let found = outlook(&request(3)).unwrap();
        assert_eq!(found.load, [40, 40, 40]);
        assert_eq!(
            found.sentences["faithfulness"].en,
            "With 80 dialogues and 3 raters a true difference of 0.37 in faithfulness is found four times in five."
        );
        assert_eq!(
            found.sentences["fluency"].de,
            "Mit 80 Dialogen und 3 Personen wird ein wahrer Unterschied von 0,22 bei Sprachfluss viermal von fünf gefunden."
        );
        // 40 dialogues of one minute, 120 summaries of 45 seconds.
        assert!((found.hours - (40.0 / 60.0 + 1.5)).abs() < 1e-12);
        assert!((found.criteria["faithfulness"].detectable_family - 0.44).abs() < 0.005);
        assert_eq!(outlook(&request(0)), None);
    }
}
