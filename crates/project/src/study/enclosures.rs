//! What goes out of a study after its results are open, beside what [`super::export`] writes: the plan as it was frozen,
//! what raters did with each text, the roster without names, the log, the familiar tests, and the datasheet.

use std::path::Path;

use contract::{Protocol, StudyAct};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Opened, RatingActRow, RatingContents};

use super::companion;
use super::datasheet::{self, Known};
use super::export::{self, Extra, TableFormat, WrittenFile};
use super::results::results;
use crate::error::{Result, corrupt};
use crate::session::Session;

/// What a rater did with a text.
#[derive(Serialize)]
struct ShownLine<'a> {
    rater: &'a str,
    step: u32,
    item: u32,
    state: &'static str,
    reason: &'static str,
    active_ms: i64,
    idle_ms: i64,
    flag: u8,
    note: &'a str,
}

/// A place on the roster: no name.
#[derive(Serialize)]
struct RaterLine<'a> {
    rater: &'a str,
    state: &'static str,
    counted: u8,
    steps: usize,
}

/// A line of the log.
#[derive(Serialize)]
struct EventLine<'a> {
    seq: u32,
    at_ms: i64,
    actor: &'a str,
    what: &'static str,
    payload: String,
}

impl Session {
    /// Writes a study with everything that was answered in it to a folder; with `redact` without texts and notes.
    ///
    /// # Errors
    /// A folder or file that cannot be written; anything stored that cannot be read.
    pub fn export_study(
        &self,
        opened: &Opened,
        folder: &Path,
        format: TableFormat,
        redact: bool,
        now_ms: i64,
    ) -> Result<Vec<WrittenFile>> {
        let row = self.store.rating_study(opened.study())?;
        let contents = self.store.rating_contents(row.id)?;
        let record = self.rated_study(opened)?;
        let found = results(&record);
        let protocol: Option<Protocol> = match row.is_imported {
            true => None,
            false => Some(
                serde_json::from_value(row.protocol.clone())
                    .map_err(|error| corrupt("protocol", error))?,
            ),
        };
        let known = Known {
            kind: row.kind,
            sources: protocol.iter().flat_map(sources).collect(),
            guideline: protocol.map(|protocol| protocol.guideline.version),
            frozen: row
                .seal
                .clone()
                .map(|seal| (row.protocol_sha256.clone(), seal)),
            is_imported: row.is_imported,
        };
        let sheet = datasheet::entries(&record, &found, &known);
        let shown = shown(&contents, redact);
        let raters = raters(&contents);
        let acts = self.store.rating_acts(row.id)?;
        let events = events(&acts, redact);
        let companion = companion::lines(&record);
        let more = vec![
            Extra::json("protocol.json", 1, &row.protocol),
            Extra::table("shown", &shown, format),
            Extra::table("raters", &raters, format),
            Extra::table("events", &events, format),
            Extra::table("companion", &companion, TableFormat::Csv),
            Extra::json("datasheet.json", sheet.len(), &sheet),
            Extra::text(
                "datasheet.md",
                sheet.len(),
                datasheet::markdown(&row.name, &sheet),
            ),
        ];
        let written = export::write(&record, &found, folder, format, redact, more)?;
        let payload = json!({"files": written.len(), "redacted": redact});
        self.store
            .log_rating_act(row.id, StudyAct::Exported, &payload, now_ms)?;
        Ok(written)
    }
}

/// Where the texts of each system come from.
fn sources(protocol: &Protocol) -> Vec<(String, String)> {
    let systems = protocol.systems.iter();
    systems
        .map(|system| (system.label.clone(), system.source.clone()))
        .collect()
}

fn shown(contents: &RatingContents, redact: bool) -> Vec<ShownLine<'_>> {
    contents
        .step_items
        .iter()
        .map(|row| ShownLine {
            rater: &row.rater,
            step: row.step,
            item: row.item,
            state: row.state.as_str(),
            reason: row.reason.map_or("", |reason| reason.as_str()),
            active_ms: row.active_ms,
            idle_ms: row.idle_ms,
            flag: u8::from(row.flagged),
            note: if redact { "" } else { &row.note },
        })
        .collect()
}

fn raters(contents: &RatingContents) -> Vec<RaterLine<'_>> {
    contents
        .raters
        .iter()
        .map(|rater| RaterLine {
            rater: &rater.rater,
            state: rater.state.as_str(),
            counted: u8::from(rater.counted),
            steps: contents
                .steps
                .iter()
                .filter(|step| step.rater == rater.rater)
                .count(),
        })
        .collect()
}

/// The log; without the reasons that people gave if texts are left out.
fn events(acts: &[RatingActRow], redact: bool) -> Vec<EventLine<'_>> {
    acts.iter()
        .map(|act| EventLine {
            seq: act.seq,
            at_ms: act.at_ms,
            actor: &act.actor,
            what: act.what.as_str(),
            payload: match redact {
                true => Value::Null.to_string(),
                false => act.payload.to_string(),
            },
        })
        .collect()
}
