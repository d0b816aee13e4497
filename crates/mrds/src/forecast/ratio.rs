//! How much longer or shorter this machine's parts took than was forecast: the median of measured over forecast time,
//! for each kind of work, by which the next forecast is multiplied.
//!
//! The measure is processor seconds divided by threads, so that a busy machine does not look like a slow one.

use contract::{Part, RunId};
use project::session::Session;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::PartRow;

use super::stages::{KindSeconds, PartForecast};
use crate::error::Result;
use lm::probe::Rates;

/// The setting that keeps the samples.
const SETTING: &str = "forecast.ratio";
/// A factor outside these bounds is not a property of a machine.
const CLIP: (f64, f64) = (0.3, 3.0);
/// How many samples of a kind are kept: the newest ones.
const KEPT: usize = 40;
/// A part that takes less says more about its start-up than about its work.
const SHORTEST_S: f64 = 5.0;
/// A part counts for a kind of work that is at least this share of it.
const DOMINANT: f64 = 0.6;

/// Samples of measured over forecast time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ratios {
    train: Vec<f64>,
    forward: Vec<f64>,
    generate: Vec<f64>,
}

/// The forecast of a part as it is kept with its run, before any factor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptPart {
    part: Part,
    seconds: KindSeconds,
}

impl From<&PartForecast> for KeptPart {
    fn from(forecast: &PartForecast) -> Self {
        Self {
            part: forecast.part,
            seconds: forecast.seconds,
        }
    }
}

impl Ratios {
    /// The samples of a workspace.
    pub(crate) fn of(session: &Session) -> Result<Self> {
        let kept = session.setting(SETTING)?.unwrap_or_default();
        Ok(serde_json::from_value(kept).unwrap_or_default())
    }

    /// Rates that a machine with these samples reaches.
    pub(crate) fn applied(&self, rates: Rates) -> Rates {
        Rates {
            train: rates.train / factor(&self.train),
            forward: rates.forward / factor(&self.forward),
            generate: rates.generate / factor(&self.generate),
        }
    }

    fn add(&mut self, seconds: KindSeconds, measured_s: f64) {
        let total = seconds.total();
        if total < SHORTEST_S || measured_s < SHORTEST_S {
            return;
        }
        let kinds = [
            (seconds.train, &mut self.train),
            (seconds.forward, &mut self.forward),
            (seconds.generate, &mut self.generate),
        ];
        for (of_kind, samples) in kinds {
            if of_kind >= DOMINANT * total {
                samples.push(measured_s / total);
                let surplus = samples.len().saturating_sub(KEPT);
                samples.drain(..surplus);
            }
        }
    }
}

/// Median of the samples within the plausible bounds; 1 without any.
fn factor(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(1.0);
    middle.clamp(CLIP.0, CLIP.1)
}

fn key(run: &RunId) -> String {
    format!("forecast.parts.{run}")
}

/// Keeps the forecast of a run's parts until they are measured.
pub(crate) fn keep(session: &Session, run: &RunId, parts: &[KeptPart]) -> Result<()> {
    Ok(session.set_setting(&key(run), &json!(parts))?)
}

/// Adds the times of a run's finished parts to the samples, each once. Parts that were taken over from another
/// run tell nothing new.
pub(crate) fn learn(session: &Session, run: &RunId, rows: &[PartRow], threads: u32) -> Result<()> {
    let kept = session.setting(&key(run))?.unwrap_or_default();
    let kept: Vec<KeptPart> = serde_json::from_value(kept).unwrap_or_default();
    let mut ratios = Ratios::of(session)?;
    let mut open = Vec::new();
    for forecast in kept {
        let row = rows.iter().find(|row| row.part == forecast.part);
        match row.filter(|row| row.is_finished()) {
            Some(row) if row.status == contract::StageStatus::Done => {
                ratios.add(forecast.seconds, row.cpu_s / f64::from(threads.max(1)));
            }
            Some(_) => {}
            None => open.push(forecast),
        }
    }
    session.set_setting(SETTING, &json!(ratios))?;
    keep(session, run, &open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_learns_from_parts_of_one_kind() {
        let training = KindSeconds {
            train: 90.0,
            forward: 10.0,
            generate: 0.0,
        };
        let mut ratios = Ratios::default();
        for measured_s in [150.0, 50.0, 160.0] {
            ratios.add(training, measured_s);
        }
        ratios.add(training, 1.0);
        let rates = Rates {
            train: 300.0,
            forward: 300.0,
            generate: 300.0,
        };
        let applied = ratios.applied(rates);
        assert_eq!((applied.train, applied.forward), (200.0, 300.0));
        let mixed = KindSeconds {
            train: 50.0,
            forward: 0.0,
            generate: 50.0,
        };
        ratios.add(mixed, 400.0);
        assert_eq!(ratios.applied(rates), applied, "no kind is most of it");
        assert_eq!(
            (factor(&[9.0]), factor(&[0.01]), factor(&[])),
            (3.0, 0.3, 1.0)
        );
        (0..100).for_each(|_| ratios.add(training, 100.0));
        assert_eq!((ratios.train.len(), factor(&ratios.train)), (KEPT, 1.0));
    }
}
