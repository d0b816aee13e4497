//! What a run can hand over: which things, under which names, how large, and why something cannot be had now. Data sets,
//! recipes and reports are written here; adapters and models in `mrds`, run bundles in [`crate::bundle`].

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use contract::problem::{ModelProblem, StudyProblem, WrongState};
use contract::{
    ArtifactKind, DatasetForm, DatasetName, Deliverable, ExportKind, Exported, FileAction,
    GgufType, Language, Offered, Problem, ReportForm, RunId, Split, StageName, StudyState,
};
use host::file::tree_bytes;
use serde::Serialize;
use store::{ExampleRow, RunRow};

use crate::artifact::{TrainedAdapter, read};
use crate::document::check::tree;
use crate::document::{Document, page};
use crate::error::{Error, Result, corrupt};
use crate::leak_audit::Leaving;
use crate::recipe::Recipe;
use crate::session::Session;

/// Where an adapter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trained {
    /// The stage that trains it.
    pub stage: StageName,
    /// Its role among that stage's adapters.
    pub role: &'static str,
    /// What the audit treats it as.
    pub leaving: Leaving,
}

impl Trained {
    /// Where one of the adapters that can be exported comes from.
    pub const fn of(adapter: Exported) -> Self {
        match adapter {
            Exported::Synthesizer => Self {
                stage: StageName::Align,
                role: "dpo_separate",
                leaving: Leaving::Synthesizer,
            },
            Exported::Summarizer => Self {
                stage: StageName::Summarizer,
                role: "mrds_separate",
                leaving: Leaving::Summarizer,
            },
        }
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportFile<'a> {
    /// The run or experiment that it is about.
    pub about: &'a str,
    /// The form of the file.
    pub form: ReportForm,
    /// The language of its words.
    pub language: Language,
}

impl Session {
    /// Everything that a run can hand over, each thing in each of its forms. Nothing is computed or written.
    ///
    /// # Errors
    /// [`store::Error::NoSuchRun`].
    pub fn offered(&self, run: &RunId) -> Result<Vec<Offered>> {
        let row = self.run(run)?;
        let mut offered = Vec::new();
        for adapter in Exported::ALL {
            offered.extend(self.offered_adapter(&row, *adapter)?);
        }
        let offer = |deliverable, bytes, refused| Offered {
            name: name(&row, deliverable),
            deliverable,
            bytes,
            refused,
        };
        let texts = self.store.dataset_bytes(row.dataset_id)?;
        let examples = self.store.examples(row.dataset_id, Some(Split::Test))?;
        let in_study = self.no_study_reads(&examples).err();
        for form in DatasetForm::ALL {
            let deliverable = Deliverable::Dataset { form: *form };
            let refused = in_study.as_ref().map(Error::problem);
            offered.push(offer(deliverable, Some(texts), refused));
        }
        let toml = Recipe::from_toml(&row.recipe)?.to_toml()?;
        offered.push(offer(Deliverable::Recipe, Some(toml.len() as u64), None));
        let blinded = || self.sight(run).err().map(|error| error.problem());
        let bundle = self.bundle_bytes(run, texts + self.store.artifact_bytes(run)?)?;
        offered.push(offer(Deliverable::Bundle, Some(bundle), blinded()));
        for form in ReportForm::ALL {
            offered.push(offer(Deliverable::Report { form: *form }, None, blinded()));
        }
        Ok(offered)
    }

    /// An adapter in each of its forms.
    fn offered_adapter(&self, row: &RunRow, adapter: Exported) -> Result<Vec<Offered>> {
        let Trained { stage, role, .. } = Trained::of(adapter);
        let kept = self
            .store
            .artifacts(&row.id, stage, Some(ArtifactKind::Adapter))?;
        let trained: Vec<TrainedAdapter> = read(&kept)?;
        let found = trained.iter().find(|trained| trained.role == role);
        let refused = match found {
            None => Some(Error::from(WrongState::NotTrained {
                run: row.id.clone(),
                role: role.to_owned(),
                stage,
            })),
            Some(_) if !Path::new(&row.model_path).exists() => {
                let file = match row.model_path.is_empty() {
                    true => row.model_name.to_string(),
                    false => row.model_path.clone(),
                };
                Some(Problem::from(ModelProblem::NoSuchModel { file }).into())
            }
            Some(_) => None,
        };
        let blob = found.map(|found| tree_bytes(&self.store.blobs().join(&found.sha256)));
        let merged = self.merged_bytes(row)?;
        let gguf = |gguf_type: &GgufType| {
            let bytes = row.model_parameters as f64 * gguf_type.bits() / 8.0;
            let gguf_type = *gguf_type;
            (Deliverable::Gguf { adapter, gguf_type }, Some(bytes as u64))
        };
        let mut forms = vec![
            (Deliverable::Peft { adapter }, blob),
            (Deliverable::Merged { adapter }, Some(merged)),
        ];
        forms.extend(GgufType::ALL.iter().map(gguf));
        forms.push((Deliverable::GgufAdapter { adapter }, blob));
        let offer = |(deliverable, bytes)| Offered {
            deliverable,
            name: name(row, deliverable),
            bytes,
            refused: refused.as_ref().map(Error::problem),
        };
        Ok(forms.into_iter().map(offer).collect())
    }

    /// A merged model keeps the number type of its base; weights that are quantised become f16.
    fn merged_bytes(&self, row: &RunRow) -> Result<u64> {
        let models = self.store.models()?;
        let base = models.iter().find(|model| model.id == row.model_id);
        let half = 2 * row.model_parameters;
        let kept = base.map(|base| base.bytes);
        Ok(kept.filter(|bytes| *bytes >= half).unwrap_or(half))
    }

    /// Writes a data set as a file that the import reads, and records it.
    ///
    /// # Errors
    /// [`StudyProblem::Blinded`] while people rate summaries of its dialogues: the references are among what they rate.
    pub fn write_dataset(
        &self,
        name: &DatasetName,
        form: DatasetForm,
        to: &Path,
        now_ms: i64,
    ) -> Result<u64> {
        let dataset = self.store.dataset(name)?;
        let examples = self.store.examples(dataset.id, None)?;
        self.no_study_reads(&examples)?;
        let text = dataset_text(&examples, form)?;
        written(to, &text)?;
        self.log_texts(ExportKind::Dataset, name, to, now_ms)?;
        Ok(text.len() as u64)
    }

    /// Refuses if a study that is being rated shows one of the examples' references.
    fn no_study_reads(&self, examples: &[ExampleRow]) -> Result<()> {
        let rated = self.examples_in_study()?;
        if !examples
            .iter()
            .any(|example| rated.contains_key(&example.id))
        {
            return Ok(());
        }
        let rows = self.store.rating_studies()?.into_iter();
        let running = rows.filter(|row| row.state == StudyState::Running);
        let studies = running.map(|row| row.name).collect();
        Err(StudyProblem::Blinded { studies }.into())
    }

    /// Every setting of a run, as TOML that a new run can begin with.
    ///
    /// # Errors
    /// [`store::Error::NoSuchRun`].
    pub fn recipe_of(&self, run: &RunId) -> Result<Recipe> {
        Recipe::from_toml(&self.run(run)?.recipe)
    }

    /// Writes a report, and records it. Returns its size in bytes.
    ///
    /// # Errors
    /// [`Error::Problem`] where the file cannot be written.
    pub fn write_report(
        &self,
        document: &Document,
        file: ReportFile<'_>,
        to: &Path,
        now_ms: i64,
    ) -> Result<usize> {
        let text = rendered(document, file)?;
        written(to, &text)?;
        self.log_texts(ExportKind::Report, file.about, to, now_ms)?;
        Ok(text.len())
    }
}

/// Writes a recipe to a file.
///
/// # Errors
/// [`Error::Problem`] where the file cannot be written.
pub fn write_recipe(recipe: &Recipe, to: &Path) -> Result<()> {
    written(to, &recipe.to_toml()?)
}

fn rendered(document: &Document, file: ReportFile<'_>) -> Result<String> {
    match file.form {
        ReportForm::Html => page::html(document, file.language),
        ReportForm::Markdown => page::markdown(document, file.language),
        ReportForm::Json => Ok(format!("{:#}\n", tree(document)?)),
    }
}

fn written(to: &Path, text: &str) -> Result<()> {
    host::file::write(to, text.as_bytes()).map_err(|error| Error::io(FileAction::Write, to, &error))
}

/// What the file or folder of something is called: the run or data set, and what it is.
pub fn name(row: &RunRow, deliverable: Deliverable) -> String {
    let run = safe(&row.id);
    match deliverable {
        Deliverable::Peft { adapter } => format!("{run}-{adapter}"),
        Deliverable::Merged { adapter } => format!("{run}-{adapter}-merged"),
        Deliverable::Gguf { adapter, gguf_type } => format!("{run}-{adapter}-{gguf_type}"),
        Deliverable::GgufAdapter { adapter } => format!("{run}-{adapter}-gguf"),
        Deliverable::Dataset { form } => format!("{}.{form}", safe(&row.dataset_name)),
        Deliverable::Recipe => format!("{run}-recipe.toml"),
        Deliverable::Bundle => format!("{run}-bundle"),
        Deliverable::Report { form } => format!("{run}-report.{form}"),
    }
}

/// A name without the characters that some system does not allow.
fn safe(name: &str) -> String {
    let allowed = |c: char| !c.is_control() && !"/\\:*?\"<>|".contains(c);
    name.chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .collect()
}

/// A free place in a folder: the name, else with a number from 2 on before its ending.
pub fn free_place(folder: &Path, name: &str) -> PathBuf {
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let numbered = (2..).map(|number| format!("{stem}-{number}{ending}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .map(|name| folder.join(name))
        .find(|place| !place.exists())
        .unwrap_or_else(|| folder.join(name))
}

/// A pair as a file has it, in the form that the import reads.
#[derive(Serialize)]
struct Record<'a> {
    id: &'a str,
    dialogue: &'a str,
    summary: Summaries<'a>,
    split: Split,
}

/// One summary is a text, several are a list.
#[derive(Serialize)]
#[serde(untagged)]
enum Summaries<'a> {
    Single(&'a str),
    Several(&'a [String]),
}

impl<'a> From<&'a ExampleRow> for Record<'a> {
    fn from(row: &'a ExampleRow) -> Self {
        Self {
            id: &row.external_id,
            dialogue: &row.dialogue,
            summary: match row.references.as_slice() {
                [] => Summaries::Single(""),
                [single] => Summaries::Single(single),
                several => Summaries::Several(several),
            },
            split: row.split,
        }
    }
}

/// A data set as text. Tables have a column for the first summary alone.
fn dataset_text(examples: &[ExampleRow], form: DatasetForm) -> Result<String> {
    let records = examples.iter().map(Record::from);
    let broken = |error: serde_json::Error| corrupt("data set", error);
    match form {
        DatasetForm::Json => {
            let records: Vec<Record<'_>> = records.collect();
            serde_json::to_string_pretty(&records).map_err(broken)
        }
        DatasetForm::Jsonl => {
            let mut text = String::new();
            for record in records {
                let line = serde_json::to_string(&record).map_err(broken)?;
                // Writing to a text never fails.
                let _never = writeln!(text, "{line}");
            }
            Ok(text)
        }
        DatasetForm::Csv => table_text(examples, b','),
        DatasetForm::Tsv => table_text(examples, b'\t'),
    }
}

fn table_text(examples: &[ExampleRow], separator: u8) -> Result<String> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    let broken = |error: csv::Error| corrupt("data set", error);
    writer
        .write_record(["id", "dialogue", "summary", "split"])
        .map_err(broken)?;
    for row in examples {
        let first = row.references.first().map_or("", String::as_str);
        writer
            .write_record([&row.external_id, &row.dialogue, first, row.split.as_str()])
            .map_err(broken)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| corrupt("data set", error.error()))?;
    String::from_utf8(bytes).map_err(|error| corrupt("data set", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{self, ImportOptions};
    use contract::Origin;

    fn example(id: i64, references: &[&str]) -> ExampleRow {
        ExampleRow {
            id,
            external_id: format!("ex-{id}"),
            split: Split::Train,
            origin: Origin::Imported,
            position: id,
            dialogue: format!("Ada: She said \"no\", twice.\nBen: Door {id}; 3 £."),
            references: references.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let examples = [example(1, &["A \"no\".", "Second."]), example(2, &["=1+1"])];
        let folder = tempfile::tempdir().unwrap();
        for form in DatasetForm::ALL {
            let file = folder.path().join(format!("pairs.{form}"));
            std::fs::write(&file, dataset_text(&examples, *form).unwrap()).unwrap();
            let read = import::read(&[file], &ImportOptions::default()).unwrap();
            let found: Vec<_> = read
                .examples
                .iter()
                .map(|row| {
                    (
                        row.external_id.as_str(),
                        row.dialogue.as_str(),
                        row.references.len(),
                    )
                })
                .collect();
            let is_table = matches!(form, DatasetForm::Csv | DatasetForm::Tsv);
            let first = if is_table { 1 } else { 2 };
            let [one_pair, other] = &examples;
            assert_eq!(
                found,
                [
                    ("ex-1", &*one_pair.dialogue, first),
                    ("ex-2", &*other.dialogue, 1)
                ],
                "{form}"
            );
            assert_eq!(read.examples[1].references, ["=1+1"]);
        }
    }

    #[test]
    fn names_are_safe_and_places_free() {
        assert_eq!(safe("a/b:c\n.."), "a_b_c_..");
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| {
            let place = free_place(folder.path(), name);
            std::fs::write(&place, "").unwrap();
            place.file_name().unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(place("r-report.html"), "r-report.html");
        assert_eq!(place("r-report.html"), "r-report-2.html");
        assert_eq!(place("r-bundle"), "r-bundle");
        assert_eq!(place("r-bundle"), "r-bundle-2");
    }
}
