//! What a repository holds and which of its files a model folder needs.

use std::io::ErrorKind;
use std::path::Path;

use contract::problem::HubProblem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{HubError, Result};
use crate::gateway::{Gateway, escaped};

/// File of a downloaded folder that says where everything came from.
pub const MANIFEST: &str = "duologue.json";

/// Configuration, tokenizer and template: all that is read besides the weights.
const SIDE_FILES: [&str; 9] = [
    "added_tokens.json",
    "chat_template.jinja",
    "config.json",
    "generation_config.json",
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
];
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// What the Hub says about a model is longer only by mistake.
const LONGEST_DESCRIPTION_BYTES: usize = 10 << 20;

/// `owner/name` of a model, checked: it becomes part of addresses and of a folder's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubId(String);

impl HubId {
    /// Checks an id.
    ///
    /// # Errors
    /// [`HubProblem::BadId`].
    pub fn parse(id: &str) -> Result<Self, HubError> {
        let bad = |reason: &str| {
            HubError::from(HubProblem::BadId {
                id: id.to_owned(),
                reason: reason.to_owned(),
            })
        };
        let (owner, name) = id
            .split_once('/')
            .ok_or_else(|| bad("it has to be owner/name"))?;
        for part in [owner, name] {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if part.is_empty()
                || part.starts_with('.')
                || part.contains("..")
                || !part.chars().all(plain)
            {
                return Err(bad("owner and name are letters, digits, `.`, `_` and `-`"));
            }
        }
        Ok(Self(id.to_owned()))
    }

    /// `owner/name`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Digest that the Hub announces for a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checksum {
    /// Of the content, for large files (git LFS).
    Sha256(String),
    /// Of git's blob (`"blob LENGTH\0"` and the content), for small ones.
    GitSha1(String),
}

impl Checksum {
    /// The digest in hexadecimal digits.
    pub fn hex(&self) -> &str {
        match self {
            Self::Sha256(hex) | Self::GitSha1(hex) => hex,
        }
    }
}

/// One file of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoFile {
    /// Name; never with a folder.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// The digest that its content has to have.
    pub checksum: Checksum,
}

/// What the Hub says about a model at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoInfo {
    /// Commit that the revision stood for.
    pub commit: String,
    /// Licence as the model card names it.
    pub licence: Option<String>,
    /// The licence has to be accepted before files are given out.
    pub gated: bool,
    /// All files in the repository's root.
    pub files: Vec<RepoFile>,
    /// Names of files whose length or digest is unknown.
    pub other: Vec<String>,
}

/// What is written beside a download: where it came from and what it has to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `owner/name`.
    pub hub_id: String,
    /// Revision that was asked for.
    pub revision: String,
    /// Commit that it stood for; a resumed download keeps to it even if the revision has moved.
    pub commit: String,
    /// Where it came from.
    pub endpoint: String,
    /// Licence as the model card names it.
    pub licence: Option<String>,
    /// The files to hold, with length and digest.
    pub files: Vec<RepoFile>,
}

impl Manifest {
    /// The manifest of a folder; `None` if Duologue did not download it.
    ///
    /// # Errors
    /// [`HubProblem::BadManifest`] where it cannot be understood.
    pub fn load(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(MANIFEST);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            // A GGUF file is a model too, and not a folder.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(HubError::io(&path, error)),
        };
        let bad = |reason| {
            HubError::from(HubProblem::BadManifest {
                file: path.display().to_string(),
                reason,
            })
        };
        let manifest: Self = serde_json::from_slice(&text).map_err(|e| bad(e.to_string()))?;
        match manifest.files.iter().find(|file| !is_plain(&file.name)) {
            Some(file) => Err(bad(format!("it names a file `{}`", file.name))),
            None => Ok(Some(manifest)),
        }
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Whether a name stays in its folder.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(['/', '\\', ':', '\0'])
        && !name.starts_with('.')
        && name != MANIFEST
}

/// Asks the Hub what a model holds at a revision (branch, tag or commit).
///
/// # Errors
/// [`HubError`].
pub fn repo_info(gateway: &Gateway, id: &HubId, revision: &str) -> Result<RepoInfo> {
    let what = id.as_str();
    let revision = escaped(revision);
    let answer = gateway.get(
        &format!("/api/models/{what}/revision/{revision}?blobs=true"),
        0,
        what,
    )?;
    let unexpected = |reason: String| {
        HubError::from(HubProblem::BadAnswer {
            host: gateway.host().to_owned(),
            reason,
        })
    };
    let text = answer.bytes(LONGEST_DESCRIPTION_BYTES)?;
    let json: Value = serde_json::from_slice(&text).map_err(|e| unexpected(e.to_string()))?;
    parse_info(&json)
        .ok_or_else(|| unexpected("the description of the model has no commit or no files".into()))
}

fn parse_info(json: &Value) -> Option<RepoInfo> {
    let commit = json["sha"]
        .as_str()
        .filter(|sha| sha.chars().all(|c| c.is_ascii_hexdigit()))?;
    let (mut files, mut other) = (Vec::new(), Vec::new());
    for sibling in json["siblings"].as_array()? {
        let name = sibling["rfilename"].as_str()?;
        let lfs = &sibling["lfs"];
        let digest = |value: &Value| value.as_str().map(str::to_owned);
        let checksum = digest(&lfs["sha256"])
            .map(Checksum::Sha256)
            .or_else(|| digest(&sibling["blobId"]).map(Checksum::GitSha1));
        let bytes = lfs["size"].as_u64().or_else(|| sibling["size"].as_u64());
        match (checksum, bytes) {
            (Some(checksum), Some(bytes)) if is_plain(name) => {
                files.push(RepoFile {
                    name: name.to_owned(),
                    bytes,
                    checksum,
                });
            }
            _ => other.push(name.to_owned()),
        }
    }
    let tag = json["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .find_map(|t| t.as_str()?.strip_prefix("license:"));
    let licence = json["cardData"]["license_name"]
        .as_str()
        .or(json["cardData"]["license"].as_str())
        .or(tag);
    // `false`, or how the licence is accepted: "auto" or "manual".
    let gated = json["gated"].is_string() || json["gated"] == true;
    Some(RepoInfo {
        commit: commit.to_owned(),
        licence: licence.map(str::to_owned),
        gated,
        files,
        other,
    })
}

/// The files that a model folder needs: configuration, tokenizer, template, and the safetensors weights or the one
/// GGUF file asked for. Never a pickle.
///
/// # Errors
/// [`HubProblem::NotOnHub`] or [`HubProblem::NoWeights`], naming what the repository holds instead.
pub fn needed(
    id: &HubId,
    info: &RepoInfo,
    gguf: Option<&str>,
    host: &str,
) -> Result<Vec<RepoFile>> {
    let has = |name: &str| info.files.iter().any(|file| file.name == name);
    let side = info
        .files
        .iter()
        .filter(|file| SIDE_FILES.contains(&file.name.as_str()));
    let weights: Vec<&RepoFile> = match gguf {
        Some(name) if !has(name) => {
            let what = format!("file `{name}` in {}", id.as_str());
            return Err(HubProblem::NotOnHub {
                host: host.to_owned(),
                what,
            }
            .into());
        }
        Some(name) if !name.ends_with(".gguf") => {
            return Err(no_weights(id, format!("`{name}` is no .gguf file")));
        }
        Some(name) => info.files.iter().filter(|file| file.name == name).collect(),
        None if has(WEIGHTS) => info
            .files
            .iter()
            .filter(|file| file.name == WEIGHTS)
            .collect(),
        None if has(INDEX) => info
            .files
            .iter()
            .filter(|file| file.name == INDEX || is_shard(&file.name))
            .collect(),
        None => return Err(no_weights(id, what_else(info))),
    };
    let mut files: Vec<RepoFile> = side.chain(weights).cloned().collect();
    // Small files first: a model that is not supported is refused before its weights are fetched.
    files.sort_by(|a, b| (a.bytes, &a.name).cmp(&(b.bytes, &b.name)));
    Ok(files)
}

/// `model-00001-of-00004.safetensors`
fn is_shard(name: &str) -> bool {
    name.strip_prefix("model-")
        .and_then(|numbered| numbered.strip_suffix(".safetensors"))
        .is_some_and(|numbers| {
            numbers
                .split_once("-of-")
                .is_some_and(|(n, count)| n.parse::<u32>().is_ok() && count.parse::<u32>().is_ok())
        })
}

fn no_weights(id: &HubId, reason: String) -> HubError {
    HubProblem::NoWeights {
        id: id.as_str().to_owned(),
        reason,
    }
    .into()
}

fn what_else(info: &RepoInfo) -> String {
    let names = || {
        info.files
            .iter()
            .map(|file| file.name.as_str())
            .chain(info.other.iter().map(String::as_str))
    };
    let gguf: Vec<&str> = names().filter(|name| name.ends_with(".gguf")).collect();
    if !gguf.is_empty() {
        return format!(
            "choose one of its GGUF files with --file: {}",
            gguf.join(", ")
        );
    }
    if names().any(|name| {
        [".bin", ".pt", ".pth", ".ckpt"]
            .iter()
            .any(|ending| name.ends_with(ending))
    }) {
        return "only pickled weights, which run code when they are opened".to_owned();
    }
    "neither safetensors nor GGUF files".to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn info(names: &[&str]) -> RepoInfo {
        let siblings: Vec<Value> = names
            .iter()
            .map(|name| json!({"rfilename": name, "size": name.len(), "blobId": "0a"}))
            .collect();
        parse_info(&json!({"sha": "c0ffee", "siblings": siblings, "tags": ["license:mit"], "gated": "auto"}))
            .unwrap()
    }

    fn chosen(names: &[&str], gguf: Option<&str>) -> Result<Vec<String>> {
        let id = HubId::parse("a/b").unwrap();
        Ok(needed(&id, &info(names), gguf, "hub")?
            .into_iter()
            .map(|file| file.name)
            .collect())
    }

    #[test]
    fn the_description_is_read() {
        let json = json!({"sha": "c0ffee", "gated": false, "cardData": {"license": "other", "license_name": "qwen"},
            "siblings": [{"rfilename": "a.json", "size": 3, "blobId": "0a"},
                {"rfilename": "m.safetensors", "size": 9, "blobId": "0b", "lfs": {"sha256": "0c", "size": 9}},
                {"rfilename": "../../evil", "size": 1, "blobId": "0d"}]});
        let info = parse_info(&json).unwrap();
        assert_eq!((info.licence.as_deref(), info.gated), (Some("qwen"), false));
        assert_eq!(info.files[1].checksum, Checksum::Sha256("0c".into()));
        assert_eq!(
            (info.files.len(), info.other),
            (2, vec!["../../evil".to_owned()])
        );
        assert!(parse_info(&json!({"sha": "main/../x", "siblings": []})).is_none());
    }

    #[test]
    fn only_what_a_folder_needs_is_fetched() {
        let repo = [
            "README.md",
            "config.json",
            "consolidated.safetensors",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
            "onnx/model.onnx",
            "pytorch_model.bin",
            "tokenizer.json",
            "x.Q4_0.gguf",
        ];
        assert_eq!(
            chosen(&repo, None).unwrap(),
            [
                "config.json",
                "tokenizer.json",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors"
            ]
        );
        assert_eq!(
            chosen(&repo, Some("x.Q4_0.gguf")).unwrap(),
            ["config.json", "x.Q4_0.gguf", "tokenizer.json"]
        );
        assert_eq!(info(&repo).licence.as_deref(), Some("mit"));
        assert!(info(&repo).gated);
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_what_there_is() {
        let refusal = |names: &[&str], gguf| chosen(names, gguf).unwrap_err().to_string();
        assert!(refusal(&["pytorch_model.bin"], None).contains("pickled"));
        assert!(refusal(&["a.gguf", "b.gguf"], None).contains("a.gguf, b.gguf"));
        assert!(refusal(&["README.md"], None).contains("neither"));
        assert!(refusal(&["a.gguf"], Some("c.gguf")).contains("c.gguf"));
        assert!(refusal(&["m.bin"], Some("m.bin")).contains("no .gguf"));
    }

    #[test]
    fn ids_cannot_leave_their_folder() {
        assert_eq!(
            HubId::parse("Qwen/Qwen2.5-0.5B").unwrap().as_str(),
            "Qwen/Qwen2.5-0.5B"
        );
        for bad in [
            "", "gpt2", "a/", "/b", "a/b/c", "../b", "a/..", "a/b?c", "a/b#c", "a /b", ".a/b",
        ] {
            assert!(HubId::parse(bad).is_err(), "{bad}");
        }
    }
}
