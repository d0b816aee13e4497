//! Curves of a part: loss, learning rate, margins, per step.

use super::{Word, stage, word};
use crate::{Result, Store};
use contract::{Part, RunId, StageName};
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

// A diverged loss is NaN, which SQLite keeps as NULL.
pub(crate) const SQL: &str = "
CREATE TABLE metric_point (
    run_id TEXT NOT NULL,
    stage  TEXT NOT NULL,
    series TEXT NOT NULL,
    step   INTEGER NOT NULL,
    value  REAL,
    PRIMARY KEY (run_id, stage, series, step),
    FOREIGN KEY (run_id, stage) REFERENCES stage (run_id, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
";

/// A point of a curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricPointRow {
    /// The stage.
    pub stage: StageName,
    /// The curve's name.
    pub series: String,
    /// Place on the curve, counted in updates or items.
    pub step: u64,
    /// The value; `None` if it was not a number.
    pub value: Option<f64>,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<MetricPointRow> {
    Ok(MetricPointRow {
        stage: word(row, "stage")?,
        series: row.get("series")?,
        step: row.get::<_, i64>("step")?.cast_unsigned(),
        value: row.get("value")?,
    })
}

impl Store {
    /// Sets points (series, step, value), replacing those of the same series and step.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`] where the run lacks the stage, [`crate::Error::LeaseLost`].
    pub fn put_metric_points(
        &self,
        run: &RunId,
        part: Part,
        points: &[(&str, u64, f64)],
    ) -> Result<()> {
        let (stage, name) = (Word(part.stage()), part.name());
        self.write_run(run, |tx| {
            stage::require(tx, run, part.stage())?;
            let mut insert = tx.prepare_cached(
                "INSERT OR REPLACE INTO metric_point (run_id, stage, part, series, step, value)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for (series, step, value) in points {
                let value = Some(value).filter(|v| !v.is_nan());
                insert.execute(params![
                    run.as_str(),
                    stage,
                    name,
                    series,
                    step.cast_signed(),
                    value
                ])?;
            }
            Ok(())
        })
    }

    /// The points of a stage or of all, by stage, series and step.
    pub fn metric_points(
        &self,
        run: &RunId,
        stage: Option<StageName>,
    ) -> Result<Vec<MetricPointRow>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached(
                "SELECT stage, series, step, value FROM metric_point
                 WHERE run_id = ?1 AND (?2 IS NULL OR stage = ?2) ORDER BY stage, series, step",
            )?;
            Ok(query
                .query_map(params![run.as_str(), stage.map(Word)], from_row)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Removes the points of a stage.
    ///
    /// # Errors
    /// [`crate::Error::LeaseLost`].
    pub fn delete_metric_points(&self, run: &RunId, stage: StageName) -> Result<()> {
        self.write_run(run, |tx| {
            tx.prepare_cached("DELETE FROM metric_point WHERE run_id = ?1 AND stage = ?2")?
                .execute(params![run.as_str(), Word(stage)])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Error, fixture};
    use contract::{Part, StageName};
    use proptest::prelude::*;

    #[test]
    fn upsert_order_delete() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let points = [
            ("lr", 1, 1e-4),
            ("loss", 10, 0.5),
            ("loss", 2, 0.7),
            ("loss", 10, 0.4),
        ];
        store
            .put_metric_points(&"r".into(), Part::Whole(StageName::Topics), &points)
            .unwrap();
        store
            .put_metric_points(
                &"r".into(),
                Part::Whole(StageName::Summaries),
                &[("loss", 1, f64::NAN), ("loss", 2, f64::INFINITY)],
            )
            .unwrap();
        let points = store.metric_points(&"r".into(), None).unwrap();
        let flat: Vec<_> = points
            .iter()
            .map(|p| (p.stage, p.series.as_str(), p.step, p.value))
            .collect();
        assert_eq!(
            flat,
            [
                (StageName::Summaries, "loss", 1, None),
                (StageName::Summaries, "loss", 2, Some(f64::INFINITY)),
                (StageName::Topics, "loss", 2, Some(0.7)),
                (StageName::Topics, "loss", 10, Some(0.4)),
                (StageName::Topics, "lr", 1, Some(1e-4)),
            ]
        );
        store
            .delete_metric_points(&"r".into(), StageName::Topics)
            .unwrap();
        assert_eq!(store.metric_points(&"r".into(), None).unwrap(), points[..2]);
        assert!(matches!(
            store.put_metric_points(&"r".into(), Part::Whole(StageName::Align), &[]),
            Err(Error::NotFound { .. })
        ));
    }

    #[test]
    fn any_number_comes_back() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        proptest!(ProptestConfig::with_cases(64), |(step in any::<u64>(), value in any::<f64>())| {
            store.delete_metric_points(&"r".into(), StageName::Topics).unwrap();
            store.put_metric_points(&"r".into(), Part::Whole(StageName::Topics), &[("s", step, value)]).unwrap();
            let back = store.metric_points(&"r".into(), Some(StageName::Topics)).unwrap().remove(0);
            prop_assert_eq!(back.step, step);
            prop_assert_eq!(back.value, Some(value).filter(|v| !v.is_nan()));
        });
    }
}
