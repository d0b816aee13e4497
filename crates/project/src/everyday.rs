//! Names, notes and removals: what people call runs, data sets and models, what is attached to each, and how a run is
//! removed with everything that is its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use contract::problem::{Locked, RunProblem};
use contract::{Attached, FileAction, Hanging, Kept, Label, Removing, RunId};
use host::file::tree_bytes;
use store::RunRow;

use crate::error::{Error, Result};
use crate::experiment::kept::Now;
use crate::session::{Session, budget_key, forecast_key};

impl Session {
    /// What people call the things of a kind, by key: runs by their id, data sets by their name, models by their folder.
    pub fn labels(&self, thing: Kept) -> Result<BTreeMap<String, Label>> {
        let mut labels = self.store.labels(thing)?;
        if thing != Kept::Dataset {
            return Ok(labels);
        }
        let named = self.store.datasets()?.into_iter().filter_map(|dataset| {
            let label = labels.remove(&dataset.id.to_string())?;
            Some((dataset.name.into(), label))
        });
        Ok(named.collect())
    }

    /// What people call one thing; empty if nobody has given it a name or note.
    ///
    /// # Errors
    /// [`store::Error::NoSuchDataset`].
    pub fn label(&self, thing: Kept, key: &str) -> Result<Label> {
        Ok(self.store.label(thing, &self.label_key(thing, key)?)?)
    }

    /// Keeps what a thing is called and what is noted about it. A data set is renamed in place, because files and
    /// commands name it; without a name it is called as before.
    ///
    /// # Errors
    /// [`store::Error::NoSuchRun`], [`store::Error::NoSuchDataset`], [`store::Error::NameTaken`]; [`store::Error::InUse`] for a
    /// data set that an experiment names.
    pub fn set_label(&self, thing: Kept, key: &str, label: &Label, now_ms: i64) -> Result<()> {
        let mut label = Label {
            name: label.name.split_whitespace().collect::<Vec<_>>().join(" "),
            note: label.note.trim().to_owned(),
        };
        let stored = self.label_key(thing, key)?;
        if thing == Kept::Run {
            self.store.run(&key.into())?;
        }
        if thing == Kept::Dataset {
            let name = std::mem::take(&mut label.name);
            if !name.is_empty() {
                let dataset = self.store.dataset(&key.into())?;
                self.store.rename_dataset(dataset.id, &name.into())?;
            }
        }
        Ok(self.store.set_label(thing, &stored, &label, now_ms)?)
    }

    /// A label's key in the store: a data set is addressed by its name and kept under its number, which never changes.
    fn label_key(&self, thing: Kept, key: &str) -> Result<String> {
        Ok(match thing {
            Kept::Dataset => self.store.dataset(&key.into())?.id.to_string(),
            Kept::Run | Kept::Model => key.to_owned(),
        })
    }

    /// What the removal of a thing would do. Nothing is changed.
    ///
    /// # Errors
    /// [`store::Error::NoSuchRun`], [`store::Error::NoSuchDataset`].
    pub fn removing(&self, thing: Kept, key: &str) -> Result<Removing> {
        let mut found = Removing {
            thing,
            key: key.to_owned(),
            goes: Vec::new(),
            stays: Vec::new(),
            blocked_by: Vec::new(),
        };
        match thing {
            Kept::Run => self.hangs_on_run(&key.into(), &mut found)?,
            Kept::Dataset => self.hangs_on_dataset(key, &mut found)?,
            Kept::Model => self.hangs_on_model(key, &mut found)?,
        }
        if self.label(thing, key)? != Label::default() {
            found.goes.push(counted(Attached::Label, 1));
        }
        for list in [&mut found.goes, &mut found.stays, &mut found.blocked_by] {
            list.retain(|hanging| hanging.count > 0);
        }
        Ok(found)
    }

    fn hangs_on_run(&self, run: &RunId, found: &mut Removing) -> Result<()> {
        let hanging = self.store.hangs_on_run(run)?;
        let adapters = self.adapters_by_fate(run)?;
        let folder_of = |sha256: &String| tree_bytes(&self.store.blobs().join(sha256));
        let (checkpoints, log) = (
            self.store.checkpoints().join(run.as_str()),
            self.log_of(run),
        );
        found.goes = vec![
            counted(Attached::Items, hanging.items),
            counted(Attached::Changes, hanging.changes),
            files(
                Attached::Adapters,
                adapters.alone.len(),
                adapters.alone.iter().map(folder_of).sum(),
            ),
            files(
                Attached::Checkpoints,
                usize::from(checkpoints.exists()),
                tree_bytes(&checkpoints),
            ),
            files(Attached::Log, usize::from(log.exists()), tree_bytes(&log)),
            counted(Attached::Votes, hanging.votes),
            counted(Attached::Corrections, hanging.corrections),
            named(Attached::Experiments, hanging.experiments),
        ];
        found.stays = vec![files(
            Attached::SharedAdapters,
            adapters.shared.len(),
            adapters.shared.iter().map(folder_of).sum(),
        )];
        found.blocked_by = vec![named(Attached::Studies, hanging.studies)];
        Ok(())
    }

    fn hangs_on_dataset(&self, name: &str, found: &mut Removing) -> Result<()> {
        let dataset = self.store.dataset(&name.into())?;
        let hanging = self.store.hangs_on_dataset(dataset.id)?;
        found.goes = vec![
            files(
                Attached::Examples,
                dataset.counts.total() as usize,
                self.store.dataset_bytes(dataset.id)?,
            ),
            counted(Attached::Imports, hanging.imports),
        ];
        found.stays = vec![named(Attached::Experiments, hanging.experiments)];
        found.blocked_by = vec![named(Attached::Runs, hanging.runs)];
        Ok(())
    }

    fn hangs_on_model(&self, folder: &str, found: &mut Removing) -> Result<()> {
        let models = self.store.models()?;
        let ids: Vec<&str> = models
            .iter()
            .filter(|model| model.path == folder)
            .map(|model| model.id.as_str())
            .collect();
        let reads = |run: &RunRow| run.model_path == folder || ids.contains(&run.model_id.as_str());
        let runs = self.store.runs()?.into_iter().filter(reads);
        found.stays = vec![named(
            Attached::Runs,
            runs.map(|run| run.id).collect::<Vec<_>>(),
        )];
        let path = Path::new(folder);
        let weights = files(
            Attached::Files,
            usize::from(path.exists()),
            tree_bytes(path),
        );
        // Duologue deletes what it downloaded; any other folder is its owner's.
        match path.parent() == Some(self.workspace().join("models").as_path()) {
            true => found.goes.push(weights),
            false => found.stays.push(weights),
        }
        Ok(())
    }

    /// Removes a run with everything that [`Session::removing`] says goes with it.
    ///
    /// # Errors
    /// [`RunProblem::Locked`] while a process works on it; [`store::Error::InUse`] while a study shows its texts;
    /// [`store::Error::NoSuchRun`].
    pub fn delete_run(&self, run: &RunId, now: Now<'_>) -> Result<()> {
        self.store.run(run)?;
        if let Some(lease) = self.store.lease(run)?
            && lease.lives(now.now_ms, now.liveness)
        {
            let (run, pid) = (run.to_owned(), lease.owner.process.pid);
            return Err(RunProblem::Locked(Locked::Run { run, pid }).into());
        }
        let Fates { alone, shared } = self.adapters_by_fate(run)?;
        self.store.delete_run(run)?;
        for key in [forecast_key(run), budget_key(run)] {
            self.store.remove_setting(&key)?;
        }
        // What is still named now belongs to another run, also one that has taken it over meanwhile.
        let named = self.store.adapters()?;
        for sha256 in alone
            .iter()
            .chain(&shared)
            .filter(|sha256| !named.contains_key(*sha256))
        {
            remove(&self.store.blobs().join(sha256))?;
        }
        remove(&self.store.checkpoints().join(run.as_str()))?;
        remove(&self.log_of(run))
    }

    /// The adapters of a run: those that no other run names, and the others.
    fn adapters_by_fate(&self, run: &RunId) -> Result<Fates> {
        let named = self.store.adapters()?.into_iter();
        let (alone, shared): (Vec<_>, Vec<_>) = named
            .filter(|(_, runs)| runs.contains(run))
            .partition(|(_, runs)| runs.len() == 1);
        let hashes =
            |adapters: Vec<(String, _)>| adapters.into_iter().map(|(sha256, _)| sha256).collect();
        Ok(Fates {
            alone: hashes(alone),
            shared: hashes(shared),
        })
    }
}

/// The adapters of a run that goes, by whether they go too.
struct Fates {
    alone: Vec<String>,
    shared: Vec<String>,
}

fn counted(what: Attached, count: u64) -> Hanging {
    Hanging {
        what,
        count: u32::try_from(count).unwrap_or(u32::MAX),
        bytes: None,
        names: Vec::new(),
    }
}

fn files(what: Attached, count: usize, bytes: u64) -> Hanging {
    Hanging {
        bytes: Some(bytes),
        ..counted(what, count as u64)
    }
}

fn named<Name: Into<String>>(what: Attached, names: Vec<Name>) -> Hanging {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    Hanging {
        count: u32::try_from(names.len()).unwrap_or(u32::MAX),
        names,
        ..counted(what, 0)
    }
}

/// Removes a file or folder; a missing one is fine.
fn remove(path: &Path) -> Result<()> {
    let removed = match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(FileAction::Remove, path, &error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use contract::{
        ArtifactKind, DeviceChoice, ErrorCode, Measures, Origin, Part, Split, StageName,
    };
    use host::{Identity, Liveness};
    use serde_json::json;
    use store::{NewArtifact, NewDataset, NewExample, NewRun, Owner, PartResult};

    use super::*;
    use crate::recipe::Recipe;

    const NOW: Now<'static> = Now {
        now_ms: 9,
        liveness: &|_| Liveness::Gone,
    };

    fn session() -> (tempfile::TempDir, Session) {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::open(folder.path()).unwrap();
        let example = NewExample {
            external_id: "t1".into(),
            split: Split::Train,
            origin: Origin::Imported,
            dialogue: "Ada: yes".into(),
            references: vec!["Ada agrees.".into()],
        };
        let new = NewDataset {
            name: "notes".into(),
            format: "jsonl".into(),
            mapping: json!({}),
            created_at_ms: 1,
        };
        session.store.insert_dataset(&new, &[example]).unwrap();
        (folder, session)
    }

    /// A run with these adapters, a checkpoint and a log.
    fn run(session: &Session, id: &str, adapters: &[&str]) {
        let new = NewRun {
            id: id.into(),
            dataset_id: session.store.dataset(&"notes".into()).unwrap().id,
            model_path: "/m".into(),
            model_id: "m".into(),
            model_name: "m".into(),
            model_parameters: 1,
            recipe: Recipe::default().to_toml().unwrap(),
            seed: 1,
            shots: json!({}),
            threads: 1,
            device: DeviceChoice::Cpu,
            version: "0".into(),
            created_at_ms: 1,
            stages: &[StageName::Summarizer],
        };
        session.store.insert_run(&new).unwrap();
        let artifact = |(item, sha256): (usize, &&str)| NewArtifact {
            kind: ArtifactKind::Adapter,
            item: item as u32,
            payload: json!({"role": format!("role {item}"), "sha256": sha256, "trainings": []}),
        };
        let artifacts: Vec<NewArtifact> = adapters.iter().enumerate().map(artifact).collect();
        let result = PartResult {
            artifacts: &artifacts,
            n_in: 1,
            n_out: adapters.len() as u64,
            dropped: BTreeMap::new(),
            inputs_sha256: "in",
            output_sha256: "out",
            measures: Measures::Nothing,
            wall_s: 1.0,
            cpu_s: 1.0,
            peak_rss_bytes: 1,
            now_ms: 1,
        };
        let part = Part::Whole(StageName::Summarizer);
        session
            .store
            .commit_part(&id.into(), part, &result)
            .unwrap();
        let workspace = session.workspace();
        for folder in [
            session.store.checkpoints().join(id).join("deep"),
            workspace.join("logs"),
        ] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(session.store.checkpoints().join(id).join("deep/a"), "four").unwrap();
        fs::write(session.log_of(&id.into()), "a line").unwrap();
        for sha256 in adapters {
            let blob = session.store.blobs().join(sha256);
            fs::create_dir_all(&blob).unwrap();
            fs::write(blob.join("adapter_model.safetensors"), "weights").unwrap();
        }
    }

    fn found(list: &[Hanging], what: Attached) -> Option<(u32, Option<u64>)> {
        let hanging = list.iter().find(|hanging| hanging.what == what)?;
        Some((hanging.count, hanging.bytes))
    }

    #[test]
    fn a_run_goes_with_everything_of_its_own_and_leaves_what_others_have() {
        let (_folder, session) = session();
        run(&session, "r-1", &["aa", "bb"]);
        run(&session, "r-2", &["bb"]);
        session
            .set_setting(&forecast_key(&"r-1".into()), &json!({}))
            .unwrap();
        let label = Label {
            name: "  the   good one ".into(),
            note: " Anna liked it. ".into(),
        };
        session.set_label(Kept::Run, "r-1", &label, 3).unwrap();
        assert_eq!(
            session.label(Kept::Run, "r-1").unwrap().name,
            "the good one"
        );
        let removing = session.removing(Kept::Run, "r-1").unwrap();
        assert_eq!(found(&removing.goes, Attached::Items), Some((2, None)));
        assert_eq!(
            found(&removing.goes, Attached::Adapters),
            Some((1, Some(7)))
        );
        assert_eq!(
            found(&removing.goes, Attached::Checkpoints),
            Some((1, Some(4)))
        );
        assert_eq!(found(&removing.goes, Attached::Log), Some((1, Some(6))));
        assert_eq!(found(&removing.goes, Attached::Label), Some((1, None)));
        assert_eq!(found(&removing.goes, Attached::Votes), None);
        assert_eq!(
            found(&removing.stays, Attached::SharedAdapters),
            Some((1, Some(7)))
        );
        assert!(removing.blocked_by.is_empty());
        session.delete_run(&"r-1".into(), NOW).unwrap();
        assert!(!session.store.blobs().join("aa").exists());
        assert!(session.store.blobs().join("bb").exists());
        assert!(!session.store.checkpoints().join("r-1").exists());
        assert!(!session.log_of(&"r-1".into()).exists() && session.log_of(&"r-2".into()).exists());
        assert_eq!(session.setting(&forecast_key(&"r-1".into())).unwrap(), None);
        assert!(session.labels(Kept::Run).unwrap().is_empty());
        let error = session.delete_run(&"r-1".into(), NOW).unwrap_err();
        assert_eq!(error.code(), ErrorCode::NoSuchRun);
    }

    #[test]
    fn a_run_at_work_stays() {
        let (_folder, session) = session();
        run(&session, "r-1", &[]);
        let owner = Owner {
            process: Identity {
                pid: 7,
                boot_id: "b".into(),
                start: None,
            },
            token: "t".into(),
        };
        session
            .store
            .acquire(&"r-1".into(), &owner, 9, &|_| Liveness::Alive)
            .unwrap();
        let now = Now {
            now_ms: 9,
            liveness: &|_| Liveness::Alive,
        };
        let error = session.delete_run(&"r-1".into(), now).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Locked);
        assert!(session.log_of(&"r-1".into()).exists());
    }

    #[test]
    fn a_data_set_is_renamed_where_it_stands_and_stays_while_runs_read_it() {
        let (_folder, session) = session();
        run(&session, "r-1", &[]);
        let label = Label {
            name: "visits".into(),
            note: "From May.".into(),
        };
        session
            .set_label(Kept::Dataset, "notes", &label, 3)
            .unwrap();
        assert_eq!(session.run(&"r-1".into()).unwrap().dataset_name, "visits");
        assert_eq!(
            session.labels(Kept::Dataset).unwrap()["visits"].note,
            "From May."
        );
        let removing = session.removing(Kept::Dataset, "visits").unwrap();
        assert_eq!(found(&removing.goes, Attached::Examples).unwrap().0, 1);
        assert_eq!(removing.blocked_by[0].names, ["r-1"]);
        assert!(session.delete_dataset(&"visits".into()).is_err());
        session.delete_run(&"r-1".into(), NOW).unwrap();
        session.delete_dataset(&"visits".into()).unwrap();
    }

    #[test]
    fn a_model_says_which_runs_would_miss_it_and_whose_its_files_are() {
        let (folder, session) = session();
        run(&session, "r-1", &[]);
        let removing = session.removing(Kept::Model, "/m").unwrap();
        assert_eq!(removing.stays[0].names, ["r-1"]);
        let downloaded = folder.path().join("models/toy");
        fs::create_dir_all(&downloaded).unwrap();
        fs::write(downloaded.join("weights"), "12345").unwrap();
        let path = downloaded.display().to_string();
        let removing = session.removing(Kept::Model, &path).unwrap();
        assert_eq!(found(&removing.goes, Attached::Files), Some((1, Some(5))));
    }
}
