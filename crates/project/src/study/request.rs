//! A study that somebody plans: what has to be said, with a default for everything else. It becomes the protocol, which is
//! frozen when the study starts.

use contract::problem::StudyProblem;
use contract::{
    CheckStatement, Criterion, CriterionText, Draw, PROTOCOL_FORMAT, PROTOCOL_VERSION,
    PlannedComparison, Primary, Protocol, ProtocolSystem, RatingMode, RunId, Scale, Slot, Split,
    StopRule, StudyCriterion, StudyKind, StudyName, StudySystem, Synthesizer, System, Warmup,
    Words, excerpt,
};
use serde::{Deserialize, Serialize};

use super::instrument;
use super::plan::{Asked, PlanRequest, design};
use crate::error::Result;

/// Name of real dialogues in tables and sentences, unless an owner gives another.
const REAL_LABEL: &str = "Real dialogues";

/// Dialogues of a rater that come a second time.
const REPEATS: usize = 3;

/// A study to be planned: from a file, from the command line or from the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StudyRequest {
    /// Name of the study; unique in the workspace.
    pub name: StudyName,
    /// What people judge.
    pub kind: StudyKind,
    /// What raters are asked.
    pub mode: RatingMode,
    /// The systems, in the order of the tables.
    pub systems: Vec<SystemRequest>,
    /// Seed by which the dialogues are drawn.
    pub seed: u64,
    /// Dialogues; by default as many as give each rater 40.
    pub n: Option<usize>,
    /// What is scored; by default the criteria that come with Duologue for this kind.
    pub criteria: Option<Vec<Criterion>>,
    /// What is asked where a choice is made.
    pub question: Option<Words>,
    /// The comparisons; by default each system with the baseline, or real dialogues with each made-up source.
    pub comparisons: Option<Vec<PlannedComparison>>,
    /// The comparison that the study is about; by default the first one that is tested.
    pub primary: Option<Primary>,
    /// Accepted chance of one false finding among all tested comparisons.
    pub alpha: f64,
    /// Number of points, out of five, within which two systems count as equal.
    pub margin: f64,
    /// The difference that matters, in points of five.
    pub delta: f64,
    /// Names of the raters.
    pub raters: Vec<String>,
    /// Dialogues that all raters rate; by default a quarter.
    pub shared: Option<usize>,
    /// Dialogues that each rater sees a second time.
    pub repeats: usize,
    /// When the study ends.
    pub stop: StopRule,
    /// What raters read first; by default the guideline that comes with Duologue.
    pub guideline: Option<Words>,
    /// Statements about the guideline; by default those that come with it.
    pub check: Option<Vec<CheckStatement>>,
    /// Examples with their answers; by default those that come with Duologue.
    pub warmup: Option<Warmup>,
    /// Seed of the resamples.
    pub analysis_seed: u64,
    /// Number of resamples.
    pub resamples: usize,
}

impl Default for StudyRequest {
    fn default() -> Self {
        Self {
            name: StudyName::default(),
            kind: StudyKind::Summaries,
            mode: RatingMode::Criteria,
            systems: Vec::new(),
            seed: 1,
            n: None,
            criteria: None,
            question: None,
            comparisons: None,
            primary: None,
            alpha: 0.05,
            margin: 0.25,
            delta: 0.3,
            raters: Vec::new(),
            shared: None,
            repeats: REPEATS,
            stop: StopRule::Fixed,
            guideline: None,
            check: None,
            warmup: None,
            analysis_seed: 1,
            resamples: 10_000,
        }
    }
}

/// A system to be rated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemRequest {
    /// Where its texts come from: `run:ID:SYSTEM`, `reference` or `file:PATH`; where dialogues are judged
    /// `run:ID:SYNTHESIZER`, `real` or `file:PATH`.
    pub source: String,
    /// Its word in the study's files; by default the system's.
    #[serde(default)]
    pub key: Option<String>,
    /// Its name in tables and sentences; by default its key.
    #[serde(default)]
    pub label: Option<String>,
}

/// Where the texts of a system come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A finished run.
    Run { run: RunId, system: System },
    /// What a synthesizer of a finished run made up for the test summaries.
    Made {
        run: RunId,
        synthesizer: Synthesizer,
    },
    /// The first gold summary of each dialogue.
    Reference,
    /// The dialogues that people had.
    Real,
    /// Lines `{id, prediction}`.
    File { path: String },
}

/// A problem of the plan.
pub(super) fn wrong(field: &str, reason: impl Into<String>) -> StudyProblem {
    StudyProblem::StudyPlan {
        field: field.to_owned(),
        reason: reason.into(),
    }
}

impl SystemRequest {
    /// A system of a run under its own name.
    pub fn of_run(run: &RunId, system: System) -> Self {
        Self::from_source(format!("run:{run}:{system}"))
    }

    /// Made-up dialogues of a run under the name of their synthesizer.
    pub fn made_up(run: &RunId, synthesizer: Synthesizer) -> Self {
        Self::from_source(format!("run:{run}:{synthesizer}"))
    }

    /// The dialogues that people had.
    pub fn real() -> Self {
        Self {
            label: Some(REAL_LABEL.to_owned()),
            ..Self::from_source(StudySystem::REAL.to_owned())
        }
    }

    /// The human reference.
    pub fn reference() -> Self {
        Self::from_source(StudySystem::REFERENCE.to_owned())
    }

    /// A system from this place, under its own name.
    pub fn from_source(source: String) -> Self {
        Self {
            source,
            key: None,
            label: None,
        }
    }

    pub(super) fn parsed(&self, kind: StudyKind) -> Result<Source, StudyProblem> {
        let unknown = || {
            let known = match kind {
                StudyKind::Summaries => "`reference`, `file:PATH` or `run:ID:SYSTEM`",
                StudyKind::Dialogues => "`real`, `file:PATH` or `run:ID:SYNTHESIZER`",
            };
            let reason = format!("names `{}`, which is not {known}", excerpt(&self.source));
            wrong("systems", reason)
        };
        match kind {
            StudyKind::Summaries if self.source == StudySystem::REFERENCE => {
                return Ok(Source::Reference);
            }
            StudyKind::Dialogues if self.source == StudySystem::REAL => return Ok(Source::Real),
            StudyKind::Summaries | StudyKind::Dialogues => {}
        }
        if let Some(path) = self.source.strip_prefix("file:") {
            return Ok(Source::File {
                path: path.to_owned(),
            });
        }
        let named = self.source.strip_prefix("run:").ok_or_else(unknown)?;
        let (run, word) = named.rsplit_once(':').ok_or_else(unknown)?;
        let run = run.to_owned();
        let no_such = |what: &str, error: contract::UnknownWord| {
            wrong("systems", format!("names a {what}: {error}"))
        };
        Ok(match kind {
            StudyKind::Summaries => Source::Run {
                run: run.into(),
                system: word.parse().map_err(|error| no_such("system", error))?,
            },
            StudyKind::Dialogues => Source::Made {
                run: run.into(),
                synthesizer: word
                    .parse()
                    .map_err(|error| no_such("synthesizer", error))?,
            },
        })
    }

    /// The key, unless another system before it has that already.
    pub(super) fn key_among(
        &self,
        taken: &[ProtocolSystem],
        kind: StudyKind,
    ) -> Result<String, StudyProblem> {
        let plain = match (&self.key, self.parsed(kind)?) {
            // Results find real dialogues and the human reference by their keys.
            (_, Source::Real) => StudySystem::REAL.to_owned(),
            (Some(key), _) => key.clone(),
            (None, Source::Reference) => StudySystem::REFERENCE.to_owned(),
            (None, Source::Run { system, .. }) => system.to_string(),
            (None, Source::Made { synthesizer, .. }) => synthesizer.to_string(),
            (None, Source::File { path }) => {
                let stem = std::path::Path::new(&path).file_stem();
                stem.map_or_else(
                    || "file".to_owned(),
                    |stem| stem.to_string_lossy().into_owned(),
                )
            }
        };
        let is_taken = |key: &str| taken.iter().any(|system| system.key == key);
        let mut numbered = (2..).map(|number| format!("{plain}_{number}"));
        Ok(match is_taken(&plain) {
            false => plain,
            true => numbered.find(|key| !is_taken(key)).unwrap_or_default(),
        })
    }
}

impl StudyRequest {
    /// Reads a plan.
    ///
    /// # Errors
    /// [`StudyProblem::StudyPlan`] with what the parser met.
    pub fn from_toml(text: &str) -> Result<Self, StudyProblem> {
        toml::from_str(text).map_err(|error| {
            wrong(
                "file",
                format!("cannot be read: {}", excerpt(error.message())),
            )
        })
    }

    /// The criteria that will be scored.
    pub fn asked(&self) -> Vec<Criterion> {
        match (&self.criteria, self.mode) {
            (Some(criteria), _) => criteria.clone(),
            (None, RatingMode::Criteria) => instrument::criteria_of(self.kind),
            (None, RatingMode::Pair | RatingMode::BestWorst) => Vec::new(),
        }
    }

    /// The comparisons of these systems: as planned, or each with the baseline (training on real data alone, else the last
    /// system that no person wrote); those with the human reference are described and not tested. Real dialogues are
    /// compared with those of each source that made some up.
    pub fn compared(&self, systems: &[ProtocolSystem]) -> Vec<PlannedComparison> {
        if let Some(comparisons) = &self.comparisons {
            return comparisons.clone();
        }
        let keys: Vec<&str> = systems.iter().map(|system| system.key.as_str()).collect();
        let planned = |a: &str, b: &str, test: bool| PlannedComparison {
            a: a.to_owned(),
            b: b.to_owned(),
            test,
        };
        if self.kind == StudyKind::Dialogues {
            let made_up = keys.iter().filter(|key| **key != StudySystem::REAL);
            return made_up
                .map(|key| planned(StudySystem::REAL, key, true))
                .collect();
        }
        let machines: Vec<&str> = keys
            .iter()
            .copied()
            .filter(|key| *key != StudySystem::REFERENCE)
            .collect();
        let real = System::SftReal.as_str();
        let baseline = machines
            .iter()
            .find(|key| **key == real)
            .or(machines.last())
            .copied();
        let Some(baseline) = baseline else {
            return Vec::new();
        };
        let others = machines.iter().filter(|key| **key != baseline);
        let mut comparisons: Vec<PlannedComparison> =
            others.map(|key| planned(key, baseline, true)).collect();
        if keys.contains(&StudySystem::REFERENCE) && self.mode == RatingMode::Criteria {
            let described = machines
                .iter()
                .map(|key| planned(key, StudySystem::REFERENCE, false));
            comparisons.extend(described);
        }
        comparisons
    }

    /// What the planner asks about this study.
    pub fn plan(&self, available: usize, words: usize) -> PlanRequest {
        let systems = self.systems.len();
        let tested = match &self.comparisons {
            Some(comparisons) => comparisons.iter().filter(|planned| planned.test).count(),
            None => {
                let is_reference = |system: &&SystemRequest| {
                    self.kind == StudyKind::Summaries && system.source == StudySystem::REFERENCE
                };
                let people = self.systems.iter().filter(is_reference).count();
                (systems - people).saturating_sub(1)
            }
        };
        PlanRequest {
            kind: self.kind,
            raters: self.raters.len(),
            dialogues: self.n,
            shared: self.shared,
            available: Some(available),
            systems,
            comparisons: tested,
            alpha: self.alpha,
            delta: self.delta,
            words,
        }
    }

    /// What the planner needs to know about the criteria.
    pub fn planned_criteria(&self) -> Vec<Asked> {
        match self.mode {
            RatingMode::Criteria => {
                let asked = self.asked();
                let compared = asked.iter().filter(|criterion| {
                    self.kind == StudyKind::Summaries || criterion.key != StudyCriterion::ORIGIN
                });
                compared.map(Asked::from).collect()
            }
            RatingMode::Pair | RatingMode::BestWorst => vec![Asked::preference()],
        }
    }

    /// The protocol of a study of these systems, with everything checked that does not need its texts.
    ///
    /// # Errors
    /// [`StudyProblem::StudyPlan`] with the field.
    pub(super) fn protocol(
        &self,
        systems: Vec<ProtocolSystem>,
        available: usize,
    ) -> Result<Protocol> {
        let design = design(&self.plan(available, 0));
        let comparisons = self.compared(&systems);
        let criteria = self.asked();
        let first = criteria.first();
        let tested = comparisons.iter().find(|planned| planned.test);
        let primary = self.primary.clone().or_else(|| {
            tested.map(|planned| Primary {
                criterion: first
                    .map(|criterion| criterion.key.clone())
                    .unwrap_or_default(),
                a: planned.a.clone(),
                b: planned.b.clone(),
            })
        });
        let raters = self.raters.iter().zip(1..).map(|(name, number)| Slot {
            slot: format!("R{number}"),
            name: name.trim().to_owned(),
        });
        let is_usual = self.guideline.is_none();
        let scores = self.mode == RatingMode::Criteria && self.criteria.is_none();
        let protocol = Protocol {
            format: PROTOCOL_FORMAT.to_owned(),
            version: PROTOCOL_VERSION,
            name: self.name.trim().into(),
            kind: self.kind,
            mode: self.mode,
            split: Split::Test,
            systems,
            draw: Draw {
                seed: self.seed,
                n: design.dialogues,
                from: available,
            },
            criteria,
            question: self.question.clone(),
            comparisons,
            primary,
            alpha: self.alpha,
            margin: self.margin,
            delta: self.delta,
            raters: raters.collect(),
            shared: design.shared,
            repeats: self.repeats,
            stop: self.stop.clone(),
            guideline: instrument::guideline(self.kind, self.guideline.as_ref()),
            // Statements and examples are about the usual guideline and criteria.
            check: self.check.clone().unwrap_or_else(|| {
                if is_usual && scores {
                    instrument::check_of(self.kind)
                } else {
                    Vec::new()
                }
            }),
            warmup: self
                .warmup
                .clone()
                .or_else(|| (is_usual && scores).then(|| instrument::warmup_of(self.kind))),
            analysis_seed: self.analysis_seed,
            resamples: self.resamples,
        };
        check(&protocol)?;
        Ok(protocol)
    }
}

/// Refuses a plan that nobody can carry out.
fn check(protocol: &Protocol) -> Result<(), StudyProblem> {
    let keys: Vec<&str> = protocol
        .systems
        .iter()
        .map(|system| system.key.as_str())
        .collect();
    let most = match protocol.mode {
        RatingMode::BestWorst => 3..=5,
        RatingMode::Criteria | RatingMode::Pair => 2..=8,
    };
    if protocol.name.is_empty() {
        return Err(wrong("name", "is empty"));
    }
    if !most.contains(&keys.len()) {
        let reason = format!("has {} of {} to {}", keys.len(), most.start(), most.end());
        return Err(wrong("systems", reason));
    }
    if protocol.kind == StudyKind::Dialogues {
        if protocol.mode != RatingMode::Criteria {
            return Err(wrong(
                "mode",
                "must be `criteria`: dialogues are shown one at a time",
            ));
        }
        if !keys.contains(&StudySystem::REAL) {
            return Err(wrong(
                "systems",
                "needs `real`, the dialogues that people had",
            ));
        }
    }
    for planned in &protocol.comparisons {
        for key in [&planned.a, &planned.b] {
            if !keys.contains(&key.as_str()) {
                let reason = format!(
                    "names `{}`, which is not one of {}",
                    excerpt(key),
                    keys.join(", ")
                );
                return Err(wrong("comparisons", reason));
            }
        }
    }
    if !(protocol.alpha > 0.0 && protocol.alpha < 1.0) {
        return Err(wrong("alpha", "must be above 0 and below 1"));
    }
    for (field, value) in [("margin", protocol.margin), ("delta", protocol.delta)] {
        if !(value > 0.0 && value.is_finite()) {
            return Err(wrong(field, "must be a positive number of points"));
        }
    }
    if protocol.resamples == 0 {
        return Err(wrong("resamples", "must be at least 1"));
    }
    raters(&protocol.raters)?;
    criteria(protocol)
}

fn raters(raters: &[Slot]) -> Result<(), StudyProblem> {
    if raters.is_empty() {
        return Err(wrong("raters", "names nobody"));
    }
    for (place, slot) in raters.iter().enumerate() {
        if slot.name.is_empty() {
            return Err(wrong("raters", "has an empty name"));
        }
        if raters[..place].iter().any(|known| known.name == slot.name) {
            let reason = format!("names `{}` twice", excerpt(&slot.name));
            return Err(wrong("raters", reason));
        }
    }
    Ok(())
}

fn criteria(protocol: &Protocol) -> Result<(), StudyProblem> {
    let criteria = &protocol.criteria;
    let fewest = usize::from(protocol.mode == RatingMode::Criteria);
    if !(fewest..=12).contains(&criteria.len()) {
        let reason = format!(
            "has {} entries; {fewest} to 12 are possible",
            criteria.len()
        );
        return Err(wrong("criteria", reason));
    }
    for (place, criterion) in criteria.iter().enumerate() {
        let key = excerpt(&criterion.key);
        if criterion.key.is_empty()
            || criteria[..place]
                .iter()
                .any(|known| known.key == criterion.key)
        {
            let reason = format!("has the key `{key}` twice, or an empty one");
            return Err(wrong("criteria", reason));
        }
        if let Scale::Likert { points } = criterion.scale
            && !(2..=10).contains(&points)
        {
            let reason = format!("`{key}` has {points} points; 2 to 10 are possible");
            return Err(wrong("criteria", reason));
        }
        let texts: Vec<&CriterionText> = [&criterion.texts.en, &criterion.texts.de]
            .into_iter()
            .flatten()
            .collect();
        let is_empty = |text: &&CriterionText| {
            let mut words = [&text.name, &text.question]
                .into_iter()
                .chain(&text.anchors);
            words.any(|words| words.trim().is_empty())
        };
        if texts.iter().any(is_empty) {
            let reason = format!("`{key}` has an empty name, question or anchor");
            return Err(wrong("criteria", reason));
        }
        let points = usize::from(criterion.scale.points());
        if texts.is_empty() || texts.iter().any(|text| text.anchors.len() != points) {
            let reason = format!("`{key}` needs words in a language, with {points} anchors");
            return Err(wrong("criteria", reason));
        }
    }
    let primary = protocol.primary.as_ref();
    let is_known = |primary: &Primary| {
        primary.criterion.is_empty() && criteria.is_empty()
            || criteria
                .iter()
                .any(|criterion| criterion.key == primary.criterion)
    };
    match primary {
        Some(primary) if !is_known(primary) => {
            let reason = format!(
                "names the criterion `{}`, which the study does not have",
                excerpt(&primary.criterion)
            );
            Err(wrong("primary", reason))
        }
        _ => Ok(()),
    }
}
