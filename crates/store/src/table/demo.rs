//! What demos leave: votes about two summaries, and summaries that somebody corrected. A dialogue is kept as its hash.
//! Corrections hold a model's text and a person's; both go with the run that wrote the summary.

use crate::table::{Word, optional_word, word};
use crate::{Result, Store};
use contract::{DemoCorrection, DemoVote, DemoWriter, System};
use rusqlite::{Row, params};

// Corrections of earlier versions were a setting, which said neither who wrote nor of what. A writer is a system of a run, a base model where there is no system, and the reference where there is no model either.
pub(crate) const SQL: &str = "
CREATE TABLE demo_vote (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms           INTEGER NOT NULL,
    dialogue_sha256 TEXT NOT NULL,
    seed            INTEGER NOT NULL,
    left_run        TEXT REFERENCES run (id) ON DELETE CASCADE,
    left_system     TEXT,
    left_model      TEXT,
    right_run       TEXT REFERENCES run (id) ON DELETE CASCADE,
    right_system    TEXT,
    right_model     TEXT,
    choice          TEXT NOT NULL CHECK (choice IN ('left', 'right', 'neither'))
) STRICT;
CREATE INDEX demo_vote_by_left ON demo_vote (left_run);
CREATE INDEX demo_vote_by_right ON demo_vote (right_run);
CREATE TABLE demo_correction (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms           INTEGER NOT NULL,
    dialogue_sha256 TEXT NOT NULL,
    run_id          TEXT REFERENCES run (id) ON DELETE CASCADE,
    system          TEXT,
    model           TEXT,
    before          TEXT NOT NULL,
    after           TEXT NOT NULL,
    words           INTEGER NOT NULL,
    words_changed   INTEGER NOT NULL,
    ms              INTEGER NOT NULL
) STRICT;
CREATE INDEX demo_correction_by_run ON demo_correction (run_id);
INSERT INTO demo_correction (at_ms, dialogue_sha256, model, before, after, words, words_changed, ms)
SELECT 0, '', '', kept.value ->> 'before', kept.value ->> 'after',
       length(kept.value ->> 'before') - length(replace(kept.value ->> 'before', ' ', '')) + 1,
       CAST(COALESCE(kept.value ->> 'changed', 0) AS INTEGER), CAST(COALESCE(kept.value ->> 'ms', 0) AS INTEGER)
FROM setting, json_each(CASE WHEN json_valid(setting.value ->> '$') THEN setting.value ->> '$' ELSE '[]' END) AS kept
WHERE setting.key = 'window.corrections' AND kept.type = 'object'
  AND kept.value ->> 'before' IS NOT NULL AND kept.value ->> 'after' IS NOT NULL;
DELETE FROM setting WHERE key = 'window.corrections';
";

/// A writer as three columns: run, system, model.
fn columns(writer: &DemoWriter) -> (Option<&str>, Option<Word<System>>, Option<&str>) {
    match writer {
        DemoWriter::System { run, system, model } => (Some(run), Some(Word(*system)), Some(model)),
        DemoWriter::Base { model } => (None, None, Some(model)),
        DemoWriter::Reference => (None, None, None),
    }
}

/// The columns of a writer, by name.
struct WriterColumns {
    run: &'static str,
    system: &'static str,
    model: &'static str,
}

const LEFT: WriterColumns = WriterColumns {
    run: "left_run",
    system: "left_system",
    model: "left_model",
};
const RIGHT: WriterColumns = WriterColumns {
    run: "right_run",
    system: "right_system",
    model: "right_model",
};
const CORRECTED: WriterColumns = WriterColumns {
    run: "run_id",
    system: "system",
    model: "model",
};

fn writer(row: &Row<'_>, columns: &WriterColumns) -> rusqlite::Result<DemoWriter> {
    let model: Option<String> = row.get(columns.model)?;
    let run = optional_word(row, columns.run)?;
    Ok(match (run, optional_word(row, columns.system)?, model) {
        (Some(run), Some(system), Some(model)) => DemoWriter::System { run, system, model },
        (_, _, Some(model)) => DemoWriter::Base { model },
        _ => DemoWriter::Reference,
    })
}

fn vote(row: &Row<'_>) -> rusqlite::Result<DemoVote> {
    Ok(DemoVote {
        at_ms: row.get("at_ms")?,
        dialogue_sha256: row.get("dialogue_sha256")?,
        left: writer(row, &LEFT)?,
        right: writer(row, &RIGHT)?,
        seed: row.get("seed")?,
        choice: word(row, "choice")?,
    })
}

fn correction(row: &Row<'_>) -> rusqlite::Result<DemoCorrection> {
    Ok(DemoCorrection {
        at_ms: row.get("at_ms")?,
        dialogue_sha256: row.get("dialogue_sha256")?,
        writer: writer(row, &CORRECTED)?,
        before: row.get("before")?,
        after: row.get("after")?,
        words: row.get("words")?,
        words_changed: row.get("words_changed")?,
        ms: row.get("ms")?,
    })
}

impl Store {
    /// Keeps a vote.
    pub fn append_demo_vote(&self, vote: &DemoVote) -> Result<()> {
        let (left_run, left_system, left_model) = columns(&vote.left);
        let (right_run, right_system, right_model) = columns(&vote.right);
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO demo_vote (at_ms, dialogue_sha256, seed, left_run, left_system, left_model,
                     right_run, right_system, right_model, choice)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                vote.at_ms,
                vote.dialogue_sha256,
                vote.seed,
                left_run,
                left_system,
                left_model,
                right_run,
                right_system,
                right_model,
                Word(vote.choice),
            ])?;
            Ok(())
        })
    }

    /// Keeps a correction.
    pub fn append_demo_correction(&self, correction: &DemoCorrection) -> Result<()> {
        let (run, system, model) = columns(&correction.writer);
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO demo_correction (at_ms, dialogue_sha256, run_id, system, model, before, after,
                     words, words_changed, ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                correction.at_ms,
                correction.dialogue_sha256,
                run,
                system,
                model,
                correction.before,
                correction.after,
                correction.words,
                correction.words_changed,
                correction.ms,
            ])?;
            Ok(())
        })
    }

    /// The votes, the oldest first.
    pub fn demo_votes(&self) -> Result<Vec<DemoVote>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT * FROM demo_vote ORDER BY id")?;
            Ok(query
                .query_map([], vote)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The corrections, the oldest first.
    pub fn demo_corrections(&self) -> Result<Vec<DemoCorrection>> {
        self.read(|conn| {
            let mut query = conn.prepare_cached("SELECT * FROM demo_correction ORDER BY id")?;
            Ok(query
                .query_map([], correction)?
                .collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Removes every vote and every correction.
    pub fn clear_demo(&self) -> Result<()> {
        self.write(|tx| {
            tx.execute_batch("DELETE FROM demo_vote; DELETE FROM demo_correction;")?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use contract::DemoSide;

    fn of_run(run: &str) -> DemoWriter {
        DemoWriter::System {
            run: run.into(),
            system: System::MrdsSeparate,
            model: "m".into(),
        }
    }

    #[test]
    fn corrections_of_earlier_versions_are_taken_over() {
        let conn = rusqlite::Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE run (id TEXT PRIMARY KEY) STRICT;")
            .unwrap();
        conn.execute_batch(crate::table::setting::SQL).unwrap();
        let kept = serde_json::json!([{"before": "a b c", "after": "a c", "changed": 1, "ms": 900}, 7, {}]);
        let value = serde_json::to_string(&kept.to_string()).unwrap();
        conn.execute(
            "INSERT INTO setting VALUES ('window.corrections', ?1)",
            [value],
        )
        .unwrap();
        conn.execute_batch(SQL).unwrap();
        let found = conn
            .query_row("SELECT * FROM demo_correction", [], correction)
            .unwrap();
        assert_eq!(
            (
                found.before.as_str(),
                found.words,
                found.words_changed,
                found.ms
            ),
            ("a b c", 3, 1, 900)
        );
        assert_eq!(
            found.writer,
            DemoWriter::Base {
                model: String::new()
            }
        );
        let settings: i64 = conn
            .query_row("SELECT COUNT(*) FROM setting", [], |row| row.get(0))
            .unwrap();
        assert_eq!(settings, 0);
    }

    #[test]
    fn evidence_comes_back_and_goes_with_the_run_that_wrote() {
        let (_dir, store) = fixture::store();
        fixture::run(&store, "r");
        let base = DemoWriter::Base { model: "m".into() };
        let vote = |left: &DemoWriter, right: &DemoWriter| DemoVote {
            at_ms: 5,
            dialogue_sha256: "ab".into(),
            left: left.clone(),
            right: right.clone(),
            seed: 9,
            choice: DemoSide::Neither,
        };
        let votes = [
            vote(&of_run("r"), &base),
            vote(&base, &of_run("r")),
            vote(&DemoWriter::Reference, &base),
        ];
        for vote in &votes {
            store.append_demo_vote(vote).unwrap();
        }
        let correction = |writer| DemoCorrection {
            at_ms: 6,
            dialogue_sha256: "ab".into(),
            writer,
            before: "a b".into(),
            after: "a c".into(),
            words: 2,
            words_changed: 1,
            ms: 700,
        };
        let corrections = [correction(of_run("r")), correction(base)];
        for correction in &corrections {
            store.append_demo_correction(correction).unwrap();
        }
        assert_eq!(store.demo_votes().unwrap(), votes);
        assert_eq!(store.demo_corrections().unwrap(), corrections);
        let hanging = store.hangs_on_run(&"r".into()).unwrap();
        assert_eq!((hanging.votes, hanging.corrections), (2, 1));
        store.delete_run(&"r".into()).unwrap();
        assert_eq!(store.demo_votes().unwrap(), &votes[2..]);
        assert_eq!(store.demo_corrections().unwrap(), &corrections[1..]);
        store.clear_demo().unwrap();
        assert!(store.demo_votes().unwrap().is_empty());
        assert!(store.demo_corrections().unwrap().is_empty());
    }
}
