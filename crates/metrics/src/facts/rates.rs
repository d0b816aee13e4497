//! Rates of the ledger over many summaries, and the calibration on a user's own summaries.

use super::{FactKind, FactStatus, KINDS, Ledger};
use crate::metric::{Level, Metric, Need, Unit};
use std::collections::{BTreeMap, BTreeSet};

/// A kind is left out of the rates if more than this share of the shots' own summaries break it.
pub const GREYED_ABOVE: f64 = 0.05;

const UNSUPPORTED: Metric = Metric {
    name: "facts_unsupported",
    label: "Facts not found in the conversation",
    higher_is_better: Some(false),
    range: (0.0, 1.0),
    unit: Unit::Share,
    level: Level::Corpus,
    needs: &[Need::Dialogue],
    source: "ledger of figures and names: changed and invented ones by all, kinds that the shots break left out",
};
/// Facts that are changed or invented, divided by all facts.
pub const FACTS_UNSUPPORTED: Metric = UNSUPPORTED;
/// Facts that the conversation holds, divided by all facts.
pub const FACTS_KEPT: Metric = Metric {
    name: "facts_kept",
    label: "Facts found in the conversation",
    higher_is_better: Some(true),
    source: "ledger of figures and names: same kind and value in the conversation",
    ..UNSUPPORTED
};
/// Facts in whose surroundings the conversation says something else, divided by all facts.
pub const FACTS_CHANGED: Metric = Metric {
    name: "facts_changed",
    label: "Facts changed",
    source: "ledger of figures and names: another value of the kind near the same words",
    ..UNSUPPORTED
};
/// Facts that the conversation does not contain in any form, divided by all facts.
pub const FACTS_INVENTED: Metric = Metric {
    name: "facts_invented",
    label: "Facts invented",
    source: "ledger of figures and names: no value of the kind near the same words",
    ..UNSUPPORTED
};
/// Facts of the reference that the conversation holds and the summary lacks, divided by all those that the conversation
/// holds.
pub const FACTS_MISSING: Metric = Metric {
    name: "facts_missing",
    label: "Facts missing",
    needs: &[Need::Dialogue, Need::References],
    source: "ledger of figures and names: supported facts of the reference that the summary lacks",
    ..UNSUPPORTED
};

/// What the screen shows next to every figure of the ledger, in both languages of the window.
pub const CAVEAT: [(&str, &str); 2] = [
    (
        "en",
        "Figures and names found in the conversation. It does not judge meaning: most errors of summaries use the right \
         words wrongly.",
    ),
    (
        "de",
        "Zahlen und Namen, die im Gespr\u{e4}ch vorkommen. Die Bedeutung wird nicht beurteilt: Die meisten Fehler in \
         Zusammenfassungen verwenden die richtigen W\u{f6}rter falsch.",
    ),
];

/// Counts of one kind, or of several together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FactCounts {
    /// Facts that the conversation holds.
    pub kept: usize,
    /// Facts that it states differently.
    pub changed: usize,
    /// Facts that it does not have.
    pub invented: usize,
    /// Facts of the reference that the summary lacks.
    pub missing: usize,
    /// Summaries with a changed or invented fact.
    pub summaries: usize,
}

impl FactCounts {
    /// All facts of the summaries.
    pub fn facts(&self) -> usize {
        self.kept + self.changed + self.invented
    }

    fn share(part: usize, whole: usize) -> Option<f64> {
        (whole > 0).then(|| part as f64 / whole as f64)
    }

    /// `(changed + invented) / facts`; `None` without facts.
    pub fn unsupported(&self) -> Option<f64> {
        Self::share(self.changed + self.invented, self.facts())
    }

    /// `kept / facts`.
    pub fn kept_rate(&self) -> Option<f64> {
        Self::share(self.kept, self.facts())
    }

    /// `changed / facts`.
    pub fn changed_rate(&self) -> Option<f64> {
        Self::share(self.changed, self.facts())
    }

    /// `invented / facts`.
    pub fn invented_rate(&self) -> Option<f64> {
        Self::share(self.invented, self.facts())
    }

    fn add(&mut self, other: &Self) {
        self.kept += other.kept;
        self.changed += other.changed;
        self.invented += other.invented;
        self.missing += other.missing;
        self.summaries += other.summaries;
    }
}

/// Counts over many summaries.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FactRates {
    /// Number of summaries.
    pub n: usize,
    /// Counts of each kind that occurs.
    pub by_kind: BTreeMap<FactKind, FactCounts>,
    /// All kinds that count: neither greyed nor negation. `summaries` counts each summary once.
    pub total: FactCounts,
}

/// Counts the ledgers of many summaries. Greyed kinds and negations stay out of the total.
pub fn rates(ledgers: &[Ledger], greyed: &BTreeSet<FactKind>) -> FactRates {
    let mut rates = FactRates {
        n: ledgers.len(),
        ..FactRates::default()
    };
    let counts_in_total = |kind: FactKind| kind != FactKind::Negation && !greyed.contains(&kind);
    for ledger in ledgers {
        let mut of_summary = FactCounts::default();
        for kind in KINDS {
            let counts = counts(ledger, kind);
            if counts != FactCounts::default() {
                rates.by_kind.entry(kind).or_default().add(&counts);
            }
            if counts_in_total(kind) {
                of_summary.add(&counts);
            }
        }
        // A summary with two broken kinds counts as one summary.
        of_summary.summaries = of_summary.summaries.min(1);
        rates.total.add(&of_summary);
    }
    rates
}

fn counts(ledger: &Ledger, kind: FactKind) -> FactCounts {
    let with = |status| {
        let facts = ledger
            .facts
            .iter()
            .filter(|checked| checked.fact.kind() == kind);
        facts.filter(|checked| checked.status == status).count()
    };
    let (changed, invented) = (with(FactStatus::Changed), with(FactStatus::Invented));
    FactCounts {
        kept: with(FactStatus::Kept),
        changed,
        invented,
        missing: ledger
            .missing
            .iter()
            .filter(|fact| fact.kind() == kind)
            .count(),
        summaries: usize::from(changed + invented > 0),
    }
}

/// The kinds that the shots' own summaries break in more than 5 % of all summaries, because they hold facts from outside
/// the conversation. They are left out of the rates and greyed in tables.
pub fn greyed(ledgers_of_shots: &[Ledger]) -> BTreeSet<FactKind> {
    let is_broken = |kind: &FactKind| {
        let broken = ledgers_of_shots
            .iter()
            .filter(|ledger| counts(ledger, *kind).summaries > 0);
        broken.count() as f64 > GREYED_ABOVE * ledgers_of_shots.len() as f64
    };
    KINDS.into_iter().filter(is_broken).collect()
}
