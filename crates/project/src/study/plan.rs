//! What a study could show: the planner of `metrics` with what is known about how much dialogues, raters and the rest
//! make the difference between two systems vary, and with the default design of 40 dialogues for each rater.

use std::collections::BTreeMap;

use contract::{Criterion, CriterionOutlook, StudyKind, StudyOutlook, Words};
use metrics::planner::{self, Components, Design, Question};

use super::instrument;
use crate::sentence::german;

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

const fn components(a2: f64, b2: f64, e2: f64) -> Components {
    Components { a2, b2, e2 }
}

/// Components of the criteria that come with Duologue: those of the close pairs of systems (means at most 0.6 apart) in
/// DialSummEval (Gao and Wan, NAACL 2022), the mean of both rounds.
const KNOWN: [(&str, Components); 3] = [
    ("faithfulness", components(0.60, 0.10, 0.90)),
    ("informativeness", components(0.45, 0.30, 0.80)),
    ("fluency", components(0.15, 0.10, 0.40)),
];

/// No public data covers redundancy, which takes these from informativeness, as does any criterion of which nothing is
/// known.
const UNKNOWN: Components = components(0.45, 0.30, 0.80);

/// Components of votes of +1, 0 and -1, from 599 pairs of news summaries.
const VOTES: Components = components(0.10, 0.05, 0.75);

/// A criterion whose outlook is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Word under which scores are stored.
    key: String,
    /// How a sentence names it.
    name: Words,
    /// Its components on its own scale.
    components: Components,
    /// How many of its points equal one point on a scale of five.
    scale: f64,
}

impl From<&Criterion> for Asked {
    fn from(criterion: &Criterion) -> Self {
        let known = KNOWN.iter().find(|(key, _)| *key == criterion.key);
        let Components { a2, b2, e2 } = known.map_or(UNKNOWN, |(_, components)| *components);
        let scale = f64::from(criterion.scale.points().saturating_sub(1)) / 4.0;
        let squared = scale * scale;
        Self {
            key: criterion.key.clone(),
            name: criterion.texts.in_sentence(),
            components: components(a2 * squared, b2 * squared, e2 * squared),
            scale,
        }
    }
}

impl Asked {
    /// Which of two summaries somebody would rather have.
    pub fn preference() -> Self {
        Self {
            key: "preference".to_owned(),
            name: Words {
                en: "preference".to_owned(),
                de: "Vorliebe".to_owned(),
            },
            components: VOTES,
            scale: 1.0,
        }
    }

    /// The four criteria that come with Duologue.
    pub fn usual() -> Vec<Self> {
        instrument::criteria().iter().map(Self::from).collect()
    }
}

/// A study that somebody is considering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanRequest {
    /// What is judged: summaries of dialogues, or the dialogues of summaries.
    pub kind: StudyKind,
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
    /// Accepted chance of one false finding.
    pub alpha: f64,
    /// The difference that matters.
    pub delta: f64,
    /// Words of a dialogue.
    pub words: usize,
}

impl PlanRequest {
    /// What each rater gets unless somebody asks for another number: [`LOAD`] dialogues, which are fewer summaries where
    /// each of them has several dialogues.
    fn usual_load(&self) -> usize {
        match self.kind {
            StudyKind::Summaries => LOAD,
            StudyKind::Dialogues => LOAD / self.systems.max(1),
        }
    }

    /// Words that a rater reads of each dialogue, or of all dialogues of a summary.
    fn words_read(&self) -> usize {
        match self.kind {
            StudyKind::Summaries => self.words,
            StudyKind::Dialogues => self.words * self.systems,
        }
    }
}

/// The design of a request: `n = 40 / (s + (1 - s) / k)` rounded to five, with s the shared quarter and k raters; where the
/// split has fewer dialogues, more of them are shared, so that each rater keeps the same load.
pub fn design(request: &PlanRequest) -> Design {
    let k = request.raters.max(1) as f64;
    let per_dialogue = SHARE + (1.0 - SHARE) / k;
    let load = request.usual_load() as f64;
    let wished = (load / per_dialogue / 5.0).round() as usize * 5;
    let most = request.available.unwrap_or(usize::MAX);
    let dialogues = request.dialogues.unwrap_or(wished).min(most);
    let n = dialogues as f64;
    let default_share = if request.raters < 2 {
        1.0
    } else if request.dialogues.is_none() && dialogues < wished {
        ((load / n - 1.0 / k) / (1.0 - 1.0 / k)).clamp(SHARE, 1.0)
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

/// What the study could show on these criteria; none below two dialogues or without raters.
pub fn outlook(request: &PlanRequest, asked: &[Asked]) -> Option<StudyOutlook> {
    let design = design(request);
    let single = Question {
        comparisons: 1,
        alpha: request.alpha,
        power: POWER,
        delta: request.delta,
    };
    let family = request.comparisons.max(1) * asked.len().max(1);
    let (mut criteria, mut sentences) = (BTreeMap::new(), BTreeMap::new());
    for criterion in asked {
        let single = Question {
            delta: request.delta * criterion.scale,
            ..single
        };
        let together = Question {
            comparisons: family,
            ..single
        };
        let alone = planner::outlook(criterion.components, design, single)?;
        let among = planner::outlook(criterion.components, design, together)?;
        let sd = planner::deviation(criterion.components, alone.h);
        let found = CriterionOutlook {
            detectable: alone.detectable,
            detectable_family: among.detectable,
            half_width: alone.half_width,
            power_at_delta: alone.power_at_delta,
            taste_95: alone.taste_95,
            dialogues_needed: together.dialogues_needed(sd),
        };
        criteria.insert(criterion.key.clone(), found);
        sentences.insert(
            criterion.key.clone(),
            sentence(&criterion.name, request, design, found.detectable),
        );
    }
    let load = design.load();
    let most = *load.iter().max()? as f64;
    let reading = most * request.words_read() as f64 / WORDS_PER_MINUTE * 60.0;
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

fn sentence(name: &Words, request: &PlanRequest, design: Design, detectable: f64) -> Words {
    let Design {
        dialogues, raters, ..
    } = design;
    let size = format!("{detectable:.2}");
    let (plural, people) = match raters {
        1 => ("rater", "1 Person".to_owned()),
        _ => ("raters", format!("{raters} Personen")),
    };
    let made_up = dialogues * request.systems.saturating_sub(1);
    let (texts, texts_de) = match request.kind {
        StudyKind::Summaries => (
            format!("{dialogues} dialogues"),
            format!("{dialogues} Dialogen"),
        ),
        StudyKind::Dialogues => (
            format!("{dialogues} real dialogues, {made_up} made-up ones"),
            format!("{dialogues} echten Dialogen, {made_up} erfundenen"),
        ),
    };
    Words {
        en: format!(
            "With {texts} and {raters} {plural} a true difference of {size} in {} is found four times in five.",
            name.en
        ),
        de: format!(
            "Mit {texts_de} und {people} wird ein wahrer Unterschied von {} bei {} viermal von fünf gefunden.",
            german(&size),
            name.de
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(raters: usize) -> PlanRequest {
        PlanRequest {
            kind: StudyKind::Summaries,
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
    fn an_audit_has_as_many_dialogues_for_each_rater() {
        let audit = PlanRequest {
            kind: StudyKind::Dialogues,
            systems: 2,
            ..request(3)
        };
        let found = outlook(&audit, &Asked::usual()).unwrap();
        // Twenty summaries with two dialogues each, and a few more because twelve are shared.
        assert_eq!((found.dialogues, found.shared), (40, 12));
        assert_eq!(found.load, [22, 21, 21]);
        assert!(
            found.sentences["fluency"]
                .en
                .starts_with("With 40 real dialogues, 40 made-up ones and 3 raters"),
        );
        // Both dialogues are read.
        assert!((found.hours - (44.0 / 60.0 + 44.0 * 45.0 / 3_600.0)).abs() < 1e-12);
    }

    #[test]
    fn what_eighty_dialogues_show() {
        let found = outlook(&request(3), &Asked::usual()).unwrap();
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
        assert_eq!(outlook(&request(0), &Asked::usual()), None);
    }
}
