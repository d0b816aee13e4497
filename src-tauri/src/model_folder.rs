//! What a model folder says about itself, without loading a weight: config.json and the headers of the safetensors
//! files (8 bytes of length, then JSON with the shape of each tensor).

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use contract::Label;
use contract::problem::{FileFault, FolderFault, ShellProblem};
use serde::Deserialize;
use serde_json::Value;

use crate::command::count;
use crate::dto::{AppError, Model};
use crate::error::Answer;

/// Longest header that is believed; real ones are far below.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// Describes a folder; a folder that cannot be used is described with its problem.
pub(crate) fn describe(path: &Path) -> Model {
    let name = path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    match inspect(path) {
        Ok(model) => Model { name, ..model },
        Err(problem) => Model {
            path: path.display().to_string(),
            name,
            architecture: String::new(),
            parameters: None,
            bytes: 0.0,
            context_tokens: None,
            problem: Some(problem),
            label: Label::default(),
        },
    }
}

fn inspect(path: &Path) -> Answer<Model> {
    if let Some(bytes) = gguf_bytes(path) {
        return Ok(Model {
            path: path.display().to_string(),
            name: String::new(),
            architecture: "GGUF".to_owned(),
            parameters: None,
            bytes,
            context_tokens: None,
            problem: None,
            label: Label::default(),
        });
    }
    let config = read_config(&path.join("config.json"))?;
    if !path.join("tokenizer.json").is_file() {
        let file = path.display().to_string();
        return Err(ShellProblem::FileNotFound(FolderFault::NoTokenizer { file }).into());
    }
    let (mut parameters, mut bytes) = (0.0, 0.0);
    for weights in weight_files(path)? {
        parameters += count_parameters(&weights)?;
        bytes += std::fs::metadata(&weights).map_or(0, |file| file.len()) as f64;
    }
    Ok(Model {
        path: path.display().to_string(),
        name: String::new(),
        architecture: config.architectures.into_iter().next().unwrap_or_default(),
        parameters: Some(parameters),
        bytes,
        context_tokens: config.max_position_embeddings.map(count),
        problem: None,
        label: Label::default(),
    })
}

/// Size of the GGUF file of a folder that holds no model in Hugging Face's layout. Everything else about it is in
/// its header, which the model program reads.
fn gguf_bytes(path: &Path) -> Option<f64> {
    if path.join("config.json").is_file() {
        return None;
    }
    let files = std::fs::read_dir(path).ok()?.flatten();
    let sizes = files
        .filter(|file| {
            Path::new(&file.file_name())
                .extension()
                .is_some_and(|ending| ending == "gguf")
        })
        .filter_map(|file| Some(file.metadata().ok()?.len() as f64));
    sizes.reduce(|all_bytes, bytes| all_bytes + bytes)
}

/// What is read of a model's config.json (Hugging Face).
#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    architectures: Vec<String>,
    max_position_embeddings: Option<u64>,
}

/// A tensor in the header of a safetensors file.
#[derive(Deserialize)]
struct Tensor {
    shape: Vec<f64>,
    data_offsets: [u64; 2],
}

fn read_config(path: &Path) -> Answer<Config> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        ShellProblem::FileNotFound(FolderFault::NoConfig {
            file: path.display().to_string(),
            reason: error.to_string(),
        })
    })?;
    serde_json::from_str(&text).map_err(|error| broken(path, &error))
}

fn weight_files(path: &Path) -> Answer<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path).map_err(|error| broken(path, &error))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| {
            file.extension()
                .is_some_and(|ending| ending == "safetensors")
        })
        .collect();
    found.sort();
    if found.is_empty() {
        let file = path.display().to_string();
        return Err(ShellProblem::FileNotFound(FolderFault::NoWeights { file }).into());
    }
    Ok(found)
}

/// Elements of all tensors in a file; the file must be as long as its header says.
fn count_parameters(path: &Path) -> Answer<f64> {
    let io = |error: std::io::Error| broken(path, &error);
    let mut file = File::open(path).map_err(io)?;
    let mut length = [0u8; 8];
    file.read_exact(&mut length)
        .map_err(|_| unusable(path, FileFault::Truncated))?;
    let length = u64::from_le_bytes(length);
    let size = file.metadata().map_err(io)?.len();
    if length > MAX_HEADER_BYTES || length + 8 > size {
        return Err(unusable(path, FileFault::NotSafetensors));
    }
    let mut header = vec![0u8; length as usize];
    file.read_exact(&mut header).map_err(io)?;
    let mut header: serde_json::Map<String, Value> =
        serde_json::from_slice(&header).map_err(|error| broken(path, &error))?;
    header.remove("__metadata__");
    let tensors = header
        .into_iter()
        .map(|(_, tensor)| serde_json::from_value(tensor));
    let tensors: Vec<Tensor> = tensors
        .collect::<Result<_, _>>()
        .map_err(|error| broken(path, &error))?;
    let end = tensors.iter().map(|tensor| tensor.data_offsets[1]).max();
    if length.saturating_add(8).saturating_add(end.unwrap_or(0)) > size {
        return Err(unusable(path, FileFault::Truncated));
    }
    let elements = |tensor: &Tensor| tensor.shape.iter().product::<f64>();
    Ok(tensors.iter().map(elements).sum())
}

fn unusable(path: &Path, fault: FileFault) -> AppError {
    ShellProblem::ModelFile {
        file: path.display().to_string(),
        fault,
    }
    .into()
}

fn broken(path: &Path, reason: &dyn std::fmt::Display) -> AppError {
    let reason = reason.to_string();
    unusable(path, FileFault::Unreadable { reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(weights: &[u8]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write(
            "config.json",
            br#"{"architectures":["LlamaForCausalLM"],"max_position_embeddings":64}"#,
        );
        write("tokenizer.json", b"{}");
        write("model.safetensors", weights);
        folder
    }

    fn safetensors(payload: usize) -> Vec<u8> {
        let header = br#"{"__metadata__":{},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"F32","shape":[4],"data_offsets":[24,40]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header);
        bytes.resize(bytes.len() + payload, 0);
        bytes
    }

    #[test]
    fn parameters_come_from_the_header() {
        let model = describe(folder(&safetensors(40)).path());
        assert_eq!(
            (model.parameters, model.context_tokens, model.problem),
            (Some(10.0), Some(64), None)
        );
        assert_eq!(model.architecture, "LlamaForCausalLM");
    }

    #[test]
    fn a_folder_with_a_gguf_file_is_a_model() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("m.Q4_1.gguf"), [0; 24]).unwrap();
        let model = describe(folder.path());
        assert_eq!(
            (model.architecture.as_str(), model.bytes, model.problem),
            ("GGUF", 24.0, None)
        );
        assert_eq!((model.parameters, model.context_tokens), (None, None));
    }

    #[test]
    fn broken_folders_say_what_is_missing() {
        let truncated = describe(folder(&safetensors(16)).path()).problem.unwrap();
        assert_eq!(truncated.code(), contract::ErrorCode::ModelFile);
        assert!(truncated.to_string().contains("truncated"), "{truncated}");
        assert!(describe(folder(b"abc").path()).problem.is_some());
        assert!(
            describe(folder(&u64::MAX.to_le_bytes()).path())
                .problem
                .is_some()
        );
        let empty = tempfile::tempdir().unwrap();
        assert!(
            describe(empty.path())
                .problem
                .unwrap()
                .to_string()
                .contains("config.json")
        );
    }
}
