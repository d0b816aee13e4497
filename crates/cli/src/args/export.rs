//! Arguments of `export`, `pack` and `unpack`.

use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, TypedValueParser};
use clap::{Args as ClapArgs, ValueEnum};
use contract::{DatasetName, Exported, GgufType, RunId};
use mrds::export::ExportFormat;

use super::word::word_of;

#[derive(Debug, ClapArgs)]
pub(crate) struct Export {
    /// The run
    #[arg(required_unless_present = "model", requires = "adapter")]
    pub(crate) run: Option<RunId>,
    /// Export this model folder or GGUF file instead of what a run trained
    #[arg(long, conflicts_with = "run")]
    pub(crate) model: Option<PathBuf>,
    /// synthesizer or summarizer; with --model the folder of an adapter to merge
    #[arg(long)]
    pub(crate) adapter: Option<PathBuf>,
    /// New or empty folder
    #[arg(long)]
    pub(crate) to: PathBuf,
    /// Format of the files
    #[arg(long = "as", value_enum, default_value_t)]
    pub(crate) form: ExportForm,
    /// Number type of the matrices of a GGUF file
    #[arg(
        long,
        default_value_t = GgufType::F16,
        value_parser = word_of(GgufType::ALL, GgufType::as_str)
    )]
    pub(crate) gguf_type: GgufType,
    /// Write it although what the run made gives real conversations away; the reason is kept in the workspace's log
    #[arg(long, value_name = "REASON", conflicts_with = "model")]
    pub(crate) override_leak: Option<String>,
}

/// A word of `export --as`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum ExportForm {
    #[default]
    Peft,
    Merged,
    Gguf,
    GgufAdapter,
}

impl Export {
    /// `--as` with the number type that only one of its words needs.
    pub(crate) fn format(&self) -> ExportFormat {
        match self.form {
            ExportForm::Peft => ExportFormat::Peft,
            ExportForm::Merged => ExportFormat::Merged,
            ExportForm::Gguf => ExportFormat::Gguf(self.gguf_type),
            ExportForm::GgufAdapter => ExportFormat::GgufAdapter,
        }
    }

    /// The adapter of a run that `--adapter` names; `None` if it names none, since without a run it is a folder.
    pub(crate) fn exported(&self) -> Option<Exported> {
        self.adapter.as_ref()?.to_str()?.parse().ok()
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Pack {
    /// The run
    pub(crate) run: RunId,
    /// New or empty folder
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// Write it although what the run made gives real conversations away; the reason is kept in the workspace's log
    #[arg(long, value_name = "REASON")]
    pub(crate) override_leak: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Unpack {
    /// The folder that `pack` wrote
    pub(crate) from: PathBuf,
    /// Name of its data set here [default: as it was]
    #[arg(long, value_parser = NonEmptyStringValueParser::new().map(DatasetName::from))]
    pub(crate) name: Option<DatasetName>,
    /// Folder, GGUF file, id or name of its base model [default: the one of this workspace, if it knows it]
    #[arg(long, value_name = "DIR", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) model: Option<String>,
}
