//! Forgetting conversations with everything that came from them: the list beforehand, the removal, and the search that
//! proves it.
//!
//! A run that learnt from a conversation (as a shot, or as a pair that chose its checkpoints) goes completely,
//! because nothing can take it out of an adapter again. A run that only tested with it loses the texts about it, and
//! its figures are those of the others. What left the workspace before is listed: only its recipients can delete it.
//!
//! Files go first and rows after them in one transaction. Killed in between, the conversation is still there, and the same
//! call does what is left.

use std::collections::BTreeMap;
use std::path::PathBuf;

use contract::problem::WrongState;
use contract::{
    DatasetName, ExportKind, ForgetConversation, ForgetCount, ForgetExport, ForgetFound,
    ForgetPlace, ForgetPlan, ForgetReceipt, ForgetRun, ForgetSearch, RunId, RunStatus, Thing,
};
use serde_json::json;
use store::{ExampleRow, Forgetting, JournalRow, Passages, RunRow};

use crate::demo::dialogue_sha256;
use crate::error::Result;
use crate::selection::Selection;
use crate::session::{Session, budget_key, forecast_key};

/// What the journal calls it.
const WHAT: &str = "forget";

/// What forgetting takes, as rows and files.
struct Reach {
    dataset: DatasetName,
    dataset_id: i64,
    examples: Vec<ExampleRow>,
    learnt: Vec<RunRow>,
    tested: Vec<RunId>,
    adapters: Vec<PathBuf>,
    traces: Vec<PathBuf>,
    copies: Vec<PathBuf>,
    inbox: Vec<PathBuf>,
}

impl Reach {
    fn keys(&self) -> Vec<i64> {
        self.examples.iter().map(|row| row.id).collect()
    }

    fn external_ids(&self) -> Vec<String> {
        let ids = self.examples.iter().map(|row| row.external_id.clone());
        ids.collect()
    }

    fn dialogues(&self) -> Vec<String> {
        self.examples
            .iter()
            .map(|row| row.dialogue.clone())
            .collect()
    }

    fn hashes(&self) -> Vec<String> {
        let dialogues = self.examples.iter().map(|row| row.dialogue.as_str());
        dialogues.map(dialogue_sha256).collect()
    }

    fn learnt_ids(&self) -> Vec<RunId> {
        self.learnt.iter().map(|run| run.id.clone()).collect()
    }
}

impl Session {
    /// The keys of conversations of a data set, by their ids in it.
    ///
    /// # Errors
    /// [`store::Error::NotFound`] for an id that the data set does not have.
    pub fn example_keys(&self, dataset: &DatasetName, ids: &[String]) -> Result<Vec<i64>> {
        let rows = self.store.examples_of(dataset)?;
        let mut keys = Vec::new();
        for id in ids {
            let before = keys.len();
            keys.extend(
                rows.iter()
                    .filter(|row| row.external_id == *id)
                    .map(|row| row.id),
            );
            if keys.len() == before {
                return Err(no_such(id.clone()).into());
            }
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
    }

    /// What forgetting these conversations would take away. Nothing is changed.
    ///
    /// # Errors
    /// [`store::Error::NotFound`] for a key that the data set does not have; [`WrongState::ReadByRun`] while a run that
    /// reads one of them is at work; [`contract::problem::StudyProblem::Blinded`] while people rate texts about one.
    pub fn forget_plan(&self, dataset: &DatasetName, keys: &[i64]) -> Result<ForgetPlan> {
        let reach = self.reach(dataset, keys)?;
        self.plan_of(&reach)
    }

    /// Forgets conversations and everything that came from them, and searches the whole workspace for what is left of them.
    /// `now_ms` is the time of the journal's line.
    ///
    /// # Errors
    /// Those of [`Session::forget_plan`]; where files cannot be removed, the conversations are still there.
    pub fn forget(
        &self,
        dataset: &DatasetName,
        keys: &[i64],
        now_ms: i64,
    ) -> Result<ForgetReceipt> {
        let reach = self.reach(dataset, keys)?;
        let plan = self.plan_of(&reach)?;
        let texts = reach.examples.iter().flat_map(|row| {
            let references = row.references.iter().map(String::as_str);
            std::iter::once(row.dialogue.as_str()).chain(references)
        });
        let passages = Passages::of(texts);
        for path in reach
            .adapters
            .iter()
            .chain(&reach.traces)
            .chain(&reach.inbox)
        {
            self.store.destroy(path)?;
        }
        let learnt = reach.learnt_ids();
        let settings: Vec<String> = learnt
            .iter()
            .flat_map(|run| [forecast_key(run), budget_key(run)])
            .collect();
        let mut journal = JournalRow {
            id: 0,
            at_ms: now_ms,
            what: WHAT.to_owned(),
            detail: json!({
                "dataset": plan.dataset,
                "conversations": plan.conversations.len(),
                "places": plan.places,
                "runs": learnt,
            }),
        };
        journal.id = self.store.forget(&Forgetting {
            dataset_id: reach.dataset_id,
            examples: &reach.keys(),
            external_ids: &reach.external_ids(),
            dialogues: &reach.dialogues(),
            sha256: &reach.hashes(),
            learnt: &learnt,
            tested: &reach.tested,
            settings: &settings,
            journal: &journal,
        })?;
        let wal_bytes = self.store.write_anew()?;
        for copy in &reach.copies {
            self.store.destroy(copy)?;
        }
        if !reach.copies.is_empty() {
            self.store.keep_copy()?;
        }
        let verified = self.search(&passages, wal_bytes)?;
        if let Some(detail) = journal.detail.as_object_mut() {
            detail.insert("verified".to_owned(), json!(verified));
        }
        self.store.complete_journal(journal.id, &journal.detail)?;
        Ok(ForgetReceipt { plan, verified })
    }

    /// What was forgotten, and other things that only the journal remembers, oldest first.
    pub fn journal(&self) -> Result<Vec<JournalRow>> {
        Ok(self.store.journal()?)
    }

    fn search(&self, passages: &Passages, wal_bytes: u64) -> Result<ForgetSearch> {
        let search = self.store.search(passages)?;
        let found = search.found.into_iter().map(|found| ForgetFound {
            place: found.place,
            words: found.words as u32,
        });
        Ok(ForgetSearch {
            searched_bytes: search.bytes,
            wal_bytes,
            remaining: found.collect(),
        })
    }

    fn reach(&self, dataset: &DatasetName, keys: &[i64]) -> Result<Reach> {
        let row = self.store.dataset(dataset)?;
        let mut rows: BTreeMap<i64, ExampleRow> = self
            .store
            .examples(row.id, None)?
            .into_iter()
            .map(|example| (example.id, example))
            .collect();
        let examples: Vec<ExampleRow> = keys
            .iter()
            .map(|key| rows.remove(key).ok_or_else(|| no_such(key.to_string())))
            .collect::<Result<_, _>>()?;
        self.may_change_examples(keys)?;
        let (mut learnt, mut tested) = (Vec::new(), Vec::new());
        for run in self.store.runs()? {
            if run.dataset_id != row.id {
                continue;
            }
            let Selection {
                shots,
                validation,
                test,
                ..
            } = Selection::of_run(&run)?;
            let reads = |ids: &[i64]| ids.iter().any(|id| keys.contains(id));
            let has_learnt = reads(&shots) || reads(&validation);
            if (has_learnt || reads(&test)) && run.status == RunStatus::Running {
                let dataset = dataset.to_owned();
                return Err(WrongState::ReadByRun {
                    run: run.id,
                    dataset,
                }
                .into());
            }
            if has_learnt {
                learnt.push(run);
            } else if reads(&test) {
                tested.push(run.id);
            }
        }
        let ids: Vec<RunId> = learnt.iter().map(|run| run.id.clone()).collect();
        // An adapter that another run names too stays for it.
        let adapters = self.store.adapters()?.into_iter();
        let adapters = adapters.filter(|(_, runs)| runs.iter().all(|run| ids.contains(run)));
        let logs = ids.iter().chain(&tested);
        let logs = logs.map(|run| self.log_of(run));
        let checkpoints = ids
            .iter()
            .map(|run| self.store.checkpoints().join(run.as_str()));
        let pasted = std::fs::read_dir(self.workspace().join("inbox"))
            .into_iter()
            .flatten();
        Ok(Reach {
            dataset: row.name,
            dataset_id: row.id,
            adapters: there(adapters.map(|(sha256, _)| self.store.blobs().join(sha256))),
            traces: there(logs.chain(checkpoints)),
            copies: self.store.copies()?,
            inbox: pasted.flatten().map(|entry| entry.path()).collect(),
            examples,
            learnt,
            tested,
        })
    }

    fn plan_of(&self, reach: &Reach) -> Result<ForgetPlan> {
        let rows = self.store.rows_to_forget(&Forgetting {
            dataset_id: reach.dataset_id,
            examples: &reach.keys(),
            external_ids: &reach.external_ids(),
            dialogues: &reach.dialogues(),
            sha256: &reach.hashes(),
            learnt: &reach.learnt_ids(),
            tested: &reach.tested,
            settings: &[],
            journal: &JournalRow {
                id: 0,
                at_ms: 0,
                what: WHAT.to_owned(),
                detail: json!(null),
            },
        })?;
        let counted = [
            (ForgetPlace::Example, reach.examples.len()),
            (ForgetPlace::Import, rows.imports),
            (ForgetPlace::Run, reach.learnt.len()),
            (ForgetPlace::Adapter, reach.adapters.len()),
            (ForgetPlace::Trace, reach.traces.len()),
            (ForgetPlace::Output, rows.outputs),
            (ForgetPlace::Study, rows.studies),
            (ForgetPlace::Demo, rows.demos),
            (ForgetPlace::Copy, reach.copies.len()),
            (ForgetPlace::Inbox, reach.inbox.len()),
        ];
        let places = counted.into_iter().filter(|(_, n)| *n > 0);
        let conversations = reach.examples.iter().map(|row| ForgetConversation {
            id: row.external_id.clone(),
            split: row.split,
        });
        Ok(ForgetPlan {
            dataset: reach.dataset.clone(),
            conversations: conversations.collect(),
            places: places
                .map(|(place, n)| ForgetCount { place, n: n as u32 })
                .collect(),
            runs: reach.learnt.iter().map(again).collect(),
            exports: self.departed(reach)?,
        })
    }

    /// What left the workspace of the data set and of the runs that read the conversations.
    fn departed(&self, reach: &Reach) -> Result<Vec<ForgetExport>> {
        let named: Vec<&str> = reach
            .learnt
            .iter()
            .map(|run| &run.id)
            .chain(&reach.tested)
            .map(RunId::as_str)
            .collect();
        let known_runs: Vec<RunId> = self.store.runs()?.into_iter().map(|run| run.id).collect();
        let exports = self
            .store
            .exports()?
            .into_iter()
            .filter(|row| match row.kind {
                ExportKind::Dataset => reach.dataset == *row.from,
                // A report of an experiment has the experiment's name, and quotes its runs.
                ExportKind::Report => {
                    named.contains(&row.from.as_str())
                        || known_runs.iter().all(|run| *run != *row.from)
                }
                ExportKind::Adapter | ExportKind::Bundle => named.contains(&row.from.as_str()),
            });
        let exports = exports.map(|row| ForgetExport {
            at_ms: row.at_ms,
            kind: row.kind,
            from: row.from,
            path: row.path,
        });
        Ok(exports.collect())
    }
}

/// How a run is made again with what is left.
fn again(run: &RunRow) -> ForgetRun {
    let quoted = |word: &str| format!("'{}'", word.replace('\'', r"'\''"));
    ForgetRun {
        run: run.id.clone(),
        recipe: run.recipe.clone(),
        command: format!(
            "duologue run --dataset {} --model {} --recipe RECIPE.toml --seed {}",
            quoted(&run.dataset_name),
            quoted(&run.model_path),
            run.seed
        ),
    }
}

fn there(paths: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    paths.filter(|path| path.exists()).collect()
}

fn no_such(key: String) -> store::Error {
    store::Error::NotFound {
        thing: Thing::Example,
        key,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use contract::{DemoCorrection, DemoWriter, ErrorCode, Split};
    use store::{ExportRow, Store};

    use super::*;
    use crate::protection::{KeyFile, RecoveryKey, RootKey, protect};
    use crate::sample::{Bundle, RUN};

    /// A workspace with the sample: its data set's name, and the finished run.
    fn sample(folder: &Path) -> (Session, DatasetName) {
        let session = Session::open(folder).unwrap();
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let bundle = Bundle::find(Some(models.into()), Path::new("")).unwrap();
        session.take_sample(&bundle).unwrap();
        let dataset = session.run(&RUN.into()).unwrap().dataset_name;
        (session, dataset)
    }

    fn selection(session: &Session) -> Selection {
        Selection::of_run(&session.run(&RUN.into()).unwrap()).unwrap()
    }

    fn n(plan: &ForgetPlan, place: ForgetPlace) -> u32 {
        let counted = plan.places.iter().find(|counted| counted.place == place);
        counted.map_or(0, |counted| counted.n)
    }

    #[test]
    fn a_test_conversation_goes_from_the_test_and_the_run_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (session, dataset) = sample(folder.path());
        let key = selection(&session).test[0];
        let plan = session.forget_plan(&dataset, &[key]).unwrap();
        assert_eq!(plan.conversations[0].split, Split::Test);
        assert_eq!((n(&plan, ForgetPlace::Run), plan.runs.len()), (0, 0));
        assert!(n(&plan, ForgetPlace::Output) > 1, "{plan:?}");
        let text = session
            .store
            .examples(session.store.dataset(&dataset).unwrap().id, None);
        let text = text.unwrap().into_iter().find(|row| row.id == key).unwrap();
        assert!(contains(folder.path(), &text.dialogue));
        let receipt = session.forget(&dataset, &[key], 7).unwrap();
        assert_eq!(receipt.plan, plan);
        assert_eq!(receipt.verified.remaining, [], "a passage is left");
        assert_eq!(receipt.verified.wal_bytes, 0);
        assert!(!contains(folder.path(), &text.dialogue));
        // The others are still there, and so is the run with its figures.
        let sight = session.sight(&RUN.into()).unwrap();
        session.show(&sight).unwrap();
        assert_eq!(
            session.forget_plan(&dataset, &[key]).unwrap_err().code(),
            ErrorCode::NotFound
        );
        let journal = session.journal().unwrap();
        assert_eq!((journal[0].at_ms, journal[0].what.as_str()), (7, WHAT));
        let told = journal[0].detail.to_string();
        assert!(
            told.contains("searched_bytes") && !told.contains(&text.external_id),
            "{told}"
        );
    }

    /// Whether the longest line of a dialogue is in any file of the folder, as bytes.
    fn contains(folder: &Path, dialogue: &str) -> bool {
        let line = dialogue.lines().max_by_key(|line| line.len()).unwrap();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let bytes = std::fs::read(&path).unwrap();
                if bytes
                    .windows(line.len())
                    .any(|window| window == line.as_bytes())
                {
                    return true;
                }
            }
        }
        false
    }

    #[test]
    fn a_run_that_learnt_from_a_conversation_goes_with_what_it_made() {
        let folder = tempfile::tempdir().unwrap();
        let (session, dataset) = sample(folder.path());
        session.store.keep_copy().unwrap();
        let log = folder.path().join("logs").join(format!("{RUN}.log"));
        let pasted = folder.path().join("inbox/pasted.txt");
        for file in [&log, &pasted] {
            session.store.vault().write(file, b"text").unwrap();
        }
        let left = ExportRow {
            at_ms: 3,
            kind: ExportKind::Bundle,
            from: RUN.to_owned(),
            role: None,
            path: "/somewhere".to_owned(),
            verdict: None,
            reason: None,
        };
        session.store.append_export(&left).unwrap();
        let key = selection(&session).shots[0];
        let plan = session.forget_plan(&dataset, &[key]).unwrap();
        assert_eq!(plan.runs[0].run, RUN);
        assert!(plan.runs[0].command.contains("--recipe RECIPE.toml"));
        assert_eq!(plan.exports[0].path, "/somewhere");
        for place in [
            ForgetPlace::Run,
            ForgetPlace::Copy,
            ForgetPlace::Inbox,
            ForgetPlace::Trace,
        ] {
            assert_eq!(n(&plan, place), 1, "{place}");
        }
        let adapters = n(&plan, ForgetPlace::Adapter) as usize;
        assert!(adapters > 0);
        let blobs = || std::fs::read_dir(session.store.blobs()).unwrap().count();
        let before = blobs();
        let receipt = session.forget(&dataset, &[key], 7).unwrap();
        assert_eq!(receipt.verified.remaining, []);
        assert_eq!(blobs(), before - adapters);
        assert!(!log.exists() && !pasted.exists());
        assert!(Store::copied_at_ms(folder.path()).is_some(), "a new copy");
        assert_eq!(
            session.run(&RUN.into()).unwrap_err().code(),
            ErrorCode::NoSuchRun
        );
    }

    #[test]
    fn what_is_left_somewhere_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (session, dataset) = sample(folder.path());
        let key = selection(&session).test[1];
        let rows = session.store.examples_of(&dataset).unwrap();
        let row = rows.iter().find(|row| row.id == key).unwrap();
        session
            .set_setting("window.note", &json!(row.dialogue))
            .unwrap();
        std::fs::write(folder.path().join("stray.txt"), &row.dialogue).unwrap();
        let corrected = |dialogue: &str, words: &str| {
            let correction = DemoCorrection {
                at_ms: 0,
                dialogue_sha256: String::new(),
                writer: DemoWriter::Reference,
                before: words.to_owned(),
                after: words.to_owned(),
                words: 1,
                words_changed: 1,
                ms: 1,
            };
            session
                .keep_demo_correction(dialogue, correction, 1)
                .unwrap();
        };
        corrected(&row.dialogue, "about this one");
        corrected("Ada: Another one.", "about another");
        let plan = session.forget_plan(&dataset, &[key]).unwrap();
        assert_eq!(n(&plan, ForgetPlace::Demo), 1);
        let receipt = session.forget(&dataset, &[key], 7).unwrap();
        let places: Vec<&str> = receipt
            .verified
            .remaining
            .iter()
            .map(|found| found.place.as_str())
            .collect();
        assert!(places.contains(&"setting.value"), "{places:?}");
        assert!(places.contains(&"stray.txt"), "{places:?}");
        let kept = session.demo_evidence().unwrap().corrections;
        assert_eq!((kept.len(), kept[0].after.as_str()), (1, "about another"));
    }

    #[test]
    fn a_protected_workspace_forgets_too() {
        let folder = tempfile::tempdir().unwrap();
        let (session, dataset) = sample(folder.path());
        let key = selection(&session).shots[0];
        drop(session);
        let (root, recovery) = (RootKey::random().unwrap(), RecoveryKey::random().unwrap());
        let mut slots = KeyFile::new(1).unwrap();
        slots.set_recovery(&root, &recovery, 1).unwrap();
        protect(folder.path(), &root, &slots).unwrap();
        let session = Session::open_with(folder.path(), Some(&root)).unwrap();
        let receipt = session.forget(&dataset, &[key], 7).unwrap();
        assert!(receipt.verified.searched_bytes > 0);
        assert_eq!(receipt.verified.remaining, []);
    }
}
