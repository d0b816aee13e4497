//! The studies of Duologue before there were plans, seals and rosters: their tables, which stay for programs of that time,
//! and how their contents come into the tables of today. Every rating is kept. Such a study showed single summaries in a
//! scattered order, was never sealed, and has no protocol; raters who never rated anything are left out, and so are studies that nobody rated.

/// Tables that only programs of that time write.
pub(crate) const STUDY_SQL: &str = "
CREATE TABLE study (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id            TEXT NOT NULL REFERENCES run (id) ON DELETE RESTRICT,
    name              TEXT NOT NULL UNIQUE,
    seed              INTEGER NOT NULL,
    criteria          TEXT NOT NULL,
    guideline_version TEXT NOT NULL,
    created_at_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX study_by_run ON study (run_id);
CREATE TABLE study_item (
    study_id   INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    item       INTEGER NOT NULL,
    example_id INTEGER NOT NULL,
    system     TEXT NOT NULL,
    dialogue   TEXT NOT NULL,
    summary    TEXT NOT NULL,
    repeat_of  INTEGER,
    PRIMARY KEY (study_id, item),
    FOREIGN KEY (study_id, repeat_of) REFERENCES study_item (study_id, item)
        DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE TABLE rater (
    study_id     INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    seed         INTEGER NOT NULL,
    \"order\"      TEXT NOT NULL,
    locked_at_ms INTEGER,
    PRIMARY KEY (study_id, name)
) STRICT;
";

/// What was rated in them.
pub(crate) const RATING_SQL: &str = "
CREATE TABLE rating (
    study_id  INTEGER NOT NULL,
    item      INTEGER NOT NULL,
    rater     TEXT NOT NULL,
    criterion TEXT NOT NULL,
    score     INTEGER NOT NULL CHECK (score BETWEEN 1 AND 5),
    time_ms   INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (study_id, item, rater, criterion),
    FOREIGN KEY (study_id, item) REFERENCES study_item (study_id, item) ON DELETE CASCADE,
    FOREIGN KEY (study_id, rater) REFERENCES rater (study_id, name) ON DELETE CASCADE
) STRICT;
CREATE TABLE item_state (
    study_id INTEGER NOT NULL,
    item     INTEGER NOT NULL,
    rater    TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('draft', 'done', 'skipped')),
    note     TEXT NOT NULL,
    PRIMARY KEY (study_id, item, rater),
    FOREIGN KEY (study_id, item) REFERENCES study_item (study_id, item) ON DELETE CASCADE,
    FOREIGN KEY (study_id, rater) REFERENCES rater (study_id, name) ON DELETE CASCADE
) STRICT;
";

/// Copies them into the tables of today. `earlier` is the number of the study that a row was copied from.
pub(crate) const COPY_SQL: &str = r#"
ALTER TABLE rating_study ADD COLUMN earlier INTEGER;
INSERT INTO rating_study (name, kind, origin, mode, state, protocol, protocol_sha256, blind_key, created_at_ms,
                          closed_at_ms, earlier)
SELECT CASE WHEN s.name IN (SELECT name FROM rating_study) THEN s.name || ' (rated here)' ELSE s.name END,
       'summaries', 'imported', 'criteria',
       CASE WHEN EXISTS (SELECT 1 FROM rater WHERE study_id = s.id AND locked_at_ms IS NOT NULL)
                 AND NOT EXISTS (SELECT 1 FROM rater JOIN rating ON rating.study_id = s.id AND rating.rater = rater.name
                                 WHERE rater.study_id = s.id AND locked_at_ms IS NULL)
            THEN 'closed' ELSE 'running' END,
       json_object(
           'title', s.name, 'mode', 'criteria', 'state', 'running',
           'systems', (SELECT json_group_array(json_object('key', system, 'label', system))
                       FROM (SELECT DISTINCT system FROM study_item WHERE study_id = s.id ORDER BY system)),
           'criteria', json('[
               {"key":"faithfulness","points":5,"higher_is_better":true,
                "in_sentence":{"en":"faithfulness","de":"Treue"}},
               {"key":"informativeness","points":5,"higher_is_better":true,
                "in_sentence":{"en":"informativeness","de":"Gehalt"}},
               {"key":"fluency","points":5,"higher_is_better":true,
                "in_sentence":{"en":"fluency","de":"Sprachfluss"}},
               {"key":"redundancy","points":5,"higher_is_better":true,
                "in_sentence":{"en":"freedom from repetition","de":"Wiederholungsfreiheit"}}]'),
           'comparisons', (SELECT json_group_array(json_object('a', system, 'b', base, 'test', json('true')))
                           FROM (SELECT DISTINCT system,
                                        (SELECT b.system FROM study_item b WHERE b.study_id = s.id
                                         ORDER BY b.system <> 'sft_real', b.system LIMIT 1) AS base
                                 FROM study_item WHERE study_id = s.id ORDER BY system)
                           WHERE system <> base),
           'alpha', 0.05, 'margin', 0.25, 'delta', 0.3,
           'available_dialogues', (SELECT COUNT(DISTINCT example_id) FROM study_item WHERE study_id = s.id),
           'analysis_seed', 1, 'resamples', 10000, 'raters', json('[]')),
       '', randomblob(32), s.created_at_ms,
       (SELECT MAX(locked_at_ms) FROM rater WHERE study_id = s.id), s.id
FROM study s
WHERE EXISTS (SELECT 1 FROM rating WHERE study_id = s.id) OR EXISTS (SELECT 1 FROM item_state WHERE study_id = s.id)
   OR EXISTS (SELECT 1 FROM rater WHERE study_id = s.id AND locked_at_ms IS NOT NULL)
ORDER BY s.id;
UPDATE rating_study SET closed_at_ms = NULL WHERE earlier IS NOT NULL AND state <> 'closed';
INSERT INTO rating_system (study_id, place, system, label, run_id)
SELECT n.id, ROW_NUMBER() OVER (PARTITION BY n.id ORDER BY i.system) - 1, i.system, i.system, s.run_id
FROM rating_study n JOIN study s ON s.id = n.earlier
JOIN (SELECT DISTINCT study_id, system FROM study_item) i ON i.study_id = s.id;
INSERT INTO rating_dialogue (study_id, dialogue, example_id, turns)
SELECT n.id, ROW_NUMBER() OVER (PARTITION BY n.id ORDER BY i.example_id), i.example_id,
       (SELECT json_group_array(json_object(
                   's', CASE WHEN instr(line.value, ': ') > 0 THEN substr(line.value, 1, instr(line.value, ': ') - 1) ELSE '' END,
                   't', CASE WHEN instr(line.value, ': ') > 0 THEN substr(line.value, instr(line.value, ': ') + 2) ELSE line.value END))
        FROM json_each(CASE WHEN json_valid(i.lines) THEN i.lines ELSE json_array(i.dialogue) END) AS line
        WHERE line.value <> '')
FROM rating_study n
JOIN (SELECT study_id, example_id, MIN(dialogue) AS dialogue,
             '[' || replace(json_quote(replace(MIN(dialogue), char(10), char(31))), '\u001f', '","') || ']' AS lines
      FROM study_item GROUP BY study_id, example_id) i ON i.study_id = n.earlier;
INSERT INTO rating_item (study_id, item, dialogue, role, text)
SELECT n.id, i.item, d.dialogue, 'rated', i.summary
FROM rating_study n JOIN study_item i ON i.study_id = n.earlier
JOIN rating_dialogue d ON d.study_id = n.id AND d.example_id = i.example_id;
INSERT INTO rating_author (study_id, item, system, metrics)
SELECT n.id, i.item, i.system, '{}' FROM rating_study n JOIN study_item i ON i.study_id = n.earlier;
INSERT INTO rating_rater (study_id, rater, place, name, state, counted, joined_at_ms, locked_at_ms)
SELECT n.id, 'R' || ROW_NUMBER() OVER (PARTITION BY n.id ORDER BY r.name),
       ROW_NUMBER() OVER (PARTITION BY n.id ORDER BY r.name) - 1, r.name,
       CASE WHEN r.locked_at_ms IS NULL THEN 'active' ELSE 'locked' END, 1,
       (SELECT MIN(at_ms) FROM rating WHERE study_id = r.study_id AND rater = r.name), r.locked_at_ms
FROM rating_study n JOIN rater r ON r.study_id = n.earlier
WHERE r.locked_at_ms IS NOT NULL
   OR EXISTS (SELECT 1 FROM rating WHERE study_id = r.study_id AND rater = r.name)
   OR EXISTS (SELECT 1 FROM item_state WHERE study_id = r.study_id AND rater = r.name);
INSERT INTO rating_step (study_id, rater, step, kind, dialogue, items)
SELECT n.id, k.rater, o.key, 'rate', ri.dialogue, json_array(i.item)
FROM rating_study n JOIN rating_rater k ON k.study_id = n.id
JOIN rater r ON r.study_id = n.earlier AND r.name = k.name
JOIN json_each(r."order") o
JOIN (SELECT study_id, item, ROW_NUMBER() OVER (PARTITION BY study_id ORDER BY item) - 1 AS nth FROM study_item) i
     ON i.study_id = n.earlier AND i.nth = o.value
JOIN rating_item ri ON ri.study_id = n.id AND ri.item = i.item
WHERE n.earlier IS NOT NULL;
INSERT INTO rating_step_item (study_id, rater, step, item, state, note, active_ms)
SELECT t.study_id, t.rater, t.step, json_extract(t.items, '$[0]'),
       COALESCE(a.state, 'draft'), COALESCE(a.note, ''), COALESCE(g.time_ms, 0)
FROM rating_step t JOIN rating_study n ON n.id = t.study_id AND n.earlier IS NOT NULL
JOIN rating_rater k ON k.study_id = t.study_id AND k.rater = t.rater
LEFT JOIN item_state a ON a.study_id = n.earlier AND a.rater = k.name AND a.item = json_extract(t.items, '$[0]')
LEFT JOIN (SELECT study_id, rater, item, MAX(time_ms) AS time_ms FROM rating GROUP BY study_id, rater, item) g
     ON g.study_id = n.earlier AND g.rater = k.name AND g.item = json_extract(t.items, '$[0]')
WHERE a.state IS NOT NULL OR g.item IS NOT NULL;
INSERT INTO rating_score (study_id, rater, step, item, criterion, score, at_ms)
SELECT t.study_id, t.rater, t.step, g.item, g.criterion, g.score, g.at_ms
FROM rating_step t JOIN rating_study n ON n.id = t.study_id AND n.earlier IS NOT NULL
JOIN rating_rater k ON k.study_id = t.study_id AND k.rater = t.rater
JOIN rating g ON g.study_id = n.earlier AND g.rater = k.name AND g.item = json_extract(t.items, '$[0]');
INSERT INTO rating_event (study_id, seq, at_ms, actor, what, payload)
SELECT id, 0, created_at_ms, 'owner', 'created', '{"origin":"earlier"}' FROM rating_study WHERE earlier IS NOT NULL;
"#;

#[cfg(test)]
mod tests {
    use crate::{DATABASE, Store, fixture};
    use contract::{ItemState, RaterState, StudyState};
    use serde_json::json;

    const OLD: &str = r#"
INSERT INTO study VALUES (4, 'r', 'first', 7, '[]', '1', 5), (6, 'r', 'nobody rated', 7, '[]', '1', 6);
INSERT INTO study_item VALUES
    (4, 0, 30, 'sft_real', 'Ada: a "b" \n' || char(10) || 'Ben: 10: 30' || char(10) || 'stray', 'text 0', NULL),
    (4, 1, 30, 'mrds_separate', 'Ada: a', 'text 1', NULL),
    (4, 2, 31, 'mrds_separate', 'Ada: c', 'text 2', NULL),
    (4, 3, 31, 'sft_real', 'Ada: c', 'text 3', NULL);
INSERT INTO rater VALUES (4, 'Ada', 1, '[2,0,3,1]', NULL), (4, 'Ghost', 1, '[0,1,2,3]', NULL), (4, 'Ben', 1, '[3,1,2,0]', 99);
INSERT INTO rating VALUES (4, 2, 'Ada', 'fluency', 4, 900, 50), (4, 2, 'Ada', 'faithfulness', 3, 1200, 51),
    (4, 3, 'Ben', 'fluency', 1, 10, 52);
INSERT INTO item_state VALUES (4, 2, 'Ada', 'draft', 'a note'), (4, 0, 'Ada', 'skipped', '');
"#;

    #[test]
    fn every_rating_of_an_earlier_version_is_kept() {
        let (dir, store) = fixture::store();
        fixture::run(&store, "r");
        drop(store);
        // As it was before the copy and what came after it.
        let conn = rusqlite::Connection::open(dir.path().join(DATABASE)).unwrap();
        let version: u32 = conn
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap();
        conn.execute_batch(
            "DROP TABLE journal; ALTER TABLE rating_item DROP COLUMN forgotten_sha256;
             ALTER TABLE ledger DROP COLUMN port; ALTER TABLE ledger DROP COLUMN process;
             ALTER TABLE ledger DROP COLUMN sent_bytes; ALTER TABLE ledger DROP COLUMN duration_ms;
             ALTER TABLE ledger DROP COLUMN outcome;
             DROP TABLE demo_vote; DROP TABLE demo_correction;
             DROP TRIGGER label_goes_with_run; DROP TRIGGER label_goes_with_dataset; DROP TABLE label;
             DROP TABLE rating_adjudication; DROP TABLE rating_branch; DROP TABLE rating_pack;
             DROP TRIGGER artifact_made; DROP TRIGGER artifact_gone; DROP TRIGGER artifact_changed;
             DROP TABLE artifact_words; DROP TABLE artifact_fact;
             ALTER TABLE artifact DROP COLUMN verdict; ALTER TABLE artifact DROP COLUMN undoes;
             DROP TABLE leak_audit; DROP TABLE export_log; ALTER TABLE rating_study DROP COLUMN earlier;",
        )
        .unwrap();
        conn.execute_batch(OLD).unwrap();
        conn.pragma_update(None, "user_version", version - 9)
            .unwrap();
        drop(conn);
        let store = Store::open(dir.path()).unwrap();
        let studies = store.rating_studies().unwrap();
        let [study] = studies.as_slice() else {
            panic!("a study that nobody rated stays where it was: {studies:?}")
        };
        assert_eq!(
            (study.name.as_str(), study.state),
            ("first", StudyState::Running)
        );
        let contents = store.rating_contents(study.id).unwrap();
        assert_eq!(contents.dialogues[0].turns, json!([{"s": "Ada", "t": "a"}]));
        assert_eq!((contents.items.len(), contents.scores.len()), (4, 3));
        let raters: Vec<(&str, RaterState)> = contents
            .raters
            .iter()
            .map(|rater| (rater.name.as_str(), rater.state))
            .collect();
        assert_eq!(
            raters,
            [("Ada", RaterState::Active), ("Ben", RaterState::Locked)]
        );
        let ada: Vec<Vec<u32>> = contents
            .steps
            .iter()
            .filter(|step| step.rater == "R1")
            .map(|step| step.items.clone())
            .collect();
        assert_eq!(ada, [[2], [0], [3], [1]]);
        let first = &contents.step_items[0];
        assert_eq!(
            (
                first.item,
                first.state,
                first.active_ms,
                first.note.as_str()
            ),
            (2, ItemState::Draft, 1200, "a note")
        );
        assert_eq!(contents.step_items[1].state, ItemState::Skipped);
        let opened = store.reveal_rating_study(study.id, "test", 100).unwrap();
        assert_eq!(store.rating_authors(&opened).unwrap().len(), 4);
        assert_eq!(store.rating_runs(&opened).unwrap(), ["r"]);
        assert!(store.delete_run(&"r".into()).is_err());
        store.delete_rating_study(study.id).unwrap();
    }
}
