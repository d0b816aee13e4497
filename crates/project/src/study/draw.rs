//! The texts that people rate: of finished runs, of files and of the data set's references, for dialogues that are drawn
//! from those for which every system has a text. In an audit the texts are dialogues: the real one, and those that were
//! made up for its summary and keep the format rule, because only such ones train a summarizer.

use std::collections::BTreeMap;
use std::path::Path;

use contract::problem::{ImportProblem, NotFound, WrongState};
use contract::{
    ArtifactKind, FileAction, ProtocolSystem, RunId, Split, StageName, StudyKind, Synthesizer,
    System, excerpt,
};
use metrics::chrf::{self, CHRF, Grams};
use metrics::rouge::{self, RougeOptions};
use serde::Deserialize;
use store::ExampleRow;

use super::request::{Source, StudyRequest, wrong};
use super::secret::Draws;
use crate::artifact::{Output, TestDialogue, read};
use crate::dialogue::Dialogue;
use crate::error::{Error, Result};
use crate::rounds::last_artifacts;
use crate::session::Session;

/// What a study can draw from.
pub(super) struct Material {
    /// The systems, in order, with the run that each comes from.
    pub(super) systems: Vec<(ProtocolSystem, Option<RunId>)>,
    /// Dialogues that every system has a text for, by the id of the example.
    pub(super) dialogues: BTreeMap<String, Drawable>,
}

/// Texts by the id of the example; none if the example itself has them.
type Found = Option<BTreeMap<String, String>>;

/// A dialogue with a text of each system; in an audit a summary with its dialogues.
pub(super) struct Drawable {
    kind: StudyKind,
    pub(super) example: ExampleRow,
    /// In the order of the systems.
    pub(super) texts: Vec<String>,
}

/// A line of a file with a system's texts.
#[derive(Deserialize)]
struct FileLine {
    id: String,
    prediction: String,
}

impl Material {
    /// The dialogues in a drawn order: a shuffle of the sorted ids by the public seed.
    pub(super) fn drawn(&self, seed: u64) -> Vec<&Drawable> {
        Draws::new(seed).shuffled(self.dialogues.values().collect())
    }

    /// Mean words of a dialogue, for the hours that reading takes.
    pub(super) fn words(&self) -> usize {
        let words = |drawable: &Drawable| drawable.example.dialogue.split_whitespace().count();
        let sum: usize = self.dialogues.values().map(words).sum();
        sum / self.dialogues.len().max(1)
    }
}

impl Drawable {
    /// What metrics say about a system's text: ROUGE and chrF against the references, the best of them. Nothing for a
    /// dialogue, which no reference resembles.
    pub(super) fn metrics(&self, text: &str) -> BTreeMap<String, f64> {
        if self.kind == StudyKind::Dialogues {
            return BTreeMap::new();
        }
        let scores: Vec<_> = self
            .example
            .references
            .iter()
            .map(|reference| rouge::score(reference, text, RougeOptions::default()))
            .collect();
        let best = rouge::best(&scores);
        let grams = chrf::count(text, &self.example.references, Grams::Characters);
        let character = (!scores.is_empty()).then(|| (CHRF.name.to_owned(), grams.score()));
        best.iter()
            .flat_map(|best| best.named())
            .map(|(name, score)| (name.to_owned(), score.fmeasure))
            .chain(character)
            .collect()
    }
}

impl Session {
    /// The systems of a run that have written summaries of its test dialogues.
    pub fn ratable_systems(&self, run: &RunId) -> Result<Vec<System>> {
        let outputs: Vec<Output> = read(&last_artifacts(
            &self.store,
            run,
            StageName::Evaluate,
            ArtifactKind::Output,
        )?)?;
        let wrote = |system: &&System| outputs.iter().any(|output| output.system == **system);
        Ok(System::ALL.iter().filter(wrote).copied().collect())
    }

    /// The systems of a run that a study compares unless others are named: the method and its main baseline if the run has
    /// both, else every system that has written summaries of its test dialogues.
    pub fn rated_systems(&self, run: &RunId) -> Result<Vec<System>> {
        let known = self.ratable_systems(run)?;
        let main = [System::SftReal, System::MrdsSeparate];
        Ok(match main.iter().all(|system| known.contains(system)) {
            true => main.to_vec(),
            false => known,
        })
    }

    /// The synthesizers of a run whose dialogues can be audited: those that made some up for its test summaries.
    pub fn auditable_synthesizers(&self, run: &RunId) -> Result<Vec<Synthesizer>> {
        let made = self.made_up(run)?;
        let wrote =
            |role: &&Synthesizer| made.iter().any(|made| made.system == **role && made.pass);
        Ok(Synthesizer::ALL.iter().filter(wrote).copied().collect())
    }

    /// The synthesizer that an audit compares with real dialogues unless others are named: that of the method, else the
    /// last one that the run has.
    ///
    /// # Errors
    /// [`WrongState::NothingToRate`] for a run that made up no dialogue for its test summaries.
    pub fn audited_synthesizer(&self, run: &RunId) -> Result<Synthesizer> {
        let known = self.auditable_synthesizers(run)?;
        let method = known.iter().find(|role| **role == Synthesizer::DpoSeparate);
        let found = method.or(known.last()).copied();
        Ok(found.ok_or_else(|| WrongState::NothingToRate {
            run: run.to_owned(),
        })?)
    }

    fn made_up(&self, run: &RunId) -> Result<Vec<TestDialogue>> {
        let kind = ArtifactKind::TestDialogue;
        read(&last_artifacts(
            &self.store,
            run,
            StageName::Evaluate,
            kind,
        )?)
    }

    /// Everything that a study of these systems can draw from.
    pub(super) fn material(&self, request: &StudyRequest) -> Result<Material> {
        let kind = request.kind;
        let mut systems: Vec<(ProtocolSystem, Option<RunId>)> = Vec::new();
        let mut texts: Vec<Found> = Vec::new();
        let mut dataset = None;
        for asked in &request.systems {
            let known: Vec<ProtocolSystem> =
                systems.iter().map(|(system, _)| system.clone()).collect();
            let key = asked.key_among(&known, kind)?;
            let parsed = asked.parsed(kind)?;
            let run = match &parsed {
                Source::Run { run, .. } | Source::Made { run, .. } => Some(run.clone()),
                Source::Reference | Source::Real | Source::File { .. } => None,
            };
            if let Some(run) = &run {
                let row = self.store.run(run)?;
                if dataset.is_some_and(|known| known != row.dataset_id) {
                    let reason = "has runs on several data sets; their test dialogues differ";
                    return Err(wrong("systems", reason).into());
                }
                dataset = Some(row.dataset_id);
            }
            let (source, found) = self.texts(&parsed)?;
            let label = asked.label.clone().unwrap_or_else(|| key.clone());
            let source = source.unwrap_or_else(|| asked.source.clone());
            systems.push((ProtocolSystem { key, label, source }, run));
            texts.push(found);
        }
        let dataset = dataset
            .ok_or_else(|| wrong("systems", "names no run: its data set has the dialogues"))?;
        let examples = self.store.examples(dataset, Some(Split::Test))?;
        let dialogues = examples.into_iter().filter_map(|example| {
            let text = |found: &Found| {
                let text = match (found, kind) {
                    (Some(found), _) => found.get(&example.external_id),
                    (None, StudyKind::Summaries) => example.references.first(),
                    (None, StudyKind::Dialogues) => Some(&example.dialogue),
                };
                text.map(|text| shown(text, kind))
            };
            let texts: Option<Vec<String>> = texts.iter().map(text).collect();
            Some((
                example.external_id.clone(),
                Drawable {
                    kind,
                    texts: texts?,
                    example,
                },
            ))
        });
        Ok(Material {
            systems,
            dialogues: dialogues.collect(),
        })
    }

    /// The texts of a source, and the word for it that a protocol keeps if it differs from the plan's.
    fn texts(&self, source: &Source) -> Result<(Option<String>, Found)> {
        let (run, found): (&RunId, BTreeMap<String, String>) = match source {
            Source::Reference | Source::Real => return Ok((None, None)),
            Source::File { path } => {
                let (sha256, found) = lines(Path::new(path))?;
                return Ok((Some(format!("file:{sha256}")), Some(found)));
            }
            Source::Run { run, system } => {
                let outputs: Vec<Output> = read(&last_artifacts(
                    &self.store,
                    run,
                    StageName::Evaluate,
                    ArtifactKind::Output,
                )?)?;
                let mine = outputs
                    .into_iter()
                    .filter(|output| output.system == *system);
                let texts = mine.map(|output| (output.id, output.prediction));
                (run, texts.collect())
            }
            Source::Made { run, synthesizer } => {
                let made = self.made_up(run)?.into_iter();
                let mine = made.filter(|made| made.system == *synthesizer && made.pass);
                (run, mine.map(|made| (made.id, made.text)).collect())
            }
        };
        match found.is_empty() {
            true => Err(WrongState::NothingToRate { run: run.clone() }.into()),
            false => Ok((None, Some(found))),
        }
    }
}

/// A text as raters see it: without white space at its ends, and with single spaces inside; a dialogue one turn a line, as
/// any other dialogue is written.
fn shown(text: &str, kind: StudyKind) -> String {
    let single = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match kind {
        StudyKind::Summaries => single(text),
        StudyKind::Dialogues => {
            let text = Dialogue::parse(text).to_text();
            text.lines().map(single).collect::<Vec<_>>().join("\n")
        }
    }
}

/// The texts of a file by id, with the hash of its bytes.
fn lines(path: &Path) -> Result<(String, BTreeMap<String, String>)> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ImportProblem::NotFound(NotFound::File {
            file: path.display().to_string(),
        })
        .into(),
        _ => Error::io(FileAction::Read, path, &error),
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let mut found = BTreeMap::new();
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let parsed: FileLine = serde_json::from_str(line).map_err(|error| {
            let reason = format!(
                "has a file {} whose line {number} is not an object with `id` and `prediction`: {}",
                path.display(),
                excerpt(&error.to_string())
            );
            wrong("systems", reason)
        })?;
        if found.insert(parsed.id.clone(), parsed.prediction).is_some() {
            let reason = format!(
                "has a file {} with two texts for `{}` (line {number})",
                path.display(),
                excerpt(&parsed.id)
            );
            return Err(wrong("systems", reason).into());
        }
    }
    Ok((store::sha256_hex(&bytes), found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_tells_nothing() {
        assert_eq!(shown("  a\n b\t c ", StudyKind::Summaries), "a b c");
        let lines = " Ada:  Is it\tcold? \n\nBen: Yes.\n";
        assert_eq!(
            shown(lines, StudyKind::Dialogues),
            "Ada: Is it cold?\nBen: Yes."
        );
    }

    #[test]
    fn a_file_has_a_text_for_each_id() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("other.jsonl");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write("{\"id\":\"1\",\"prediction\":\"x\"}\n\n{\"id\":\"2\",\"prediction\":\"y\"}\n");
        assert_eq!(lines(&path).unwrap().1["2"], "y");
        write("{\"id\":\"1\",\"prediction\":\"x\"}\n{\"id\":\"1\",\"prediction\":\"y\"}\n");
        assert!(lines(&path).unwrap_err().to_string().contains("line 2"));
        write("{\"id\":1}\n");
        assert!(lines(&path).unwrap_err().to_string().contains("line 1"));
        assert!(lines(&dir.path().join("none")).is_err());
    }
}
