//! Where fixtures are and how they are read; shared by the golden tests of every module.
//!
//! Golden numbers come from the reference Python implementations and are in `tests/golden`, or in another folder of the
//! same layout named by `DUOLOGUE_GOLDEN`. Data that may not be copied into the repository is found through
//! `DUOLOGUE_SHARED` (default: `shared` beside the repository).

use std::path::{Path, PathBuf};

pub(crate) use duologue_tests::{shared, shared_if_there};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

/// The golden folder `name`. A folder named by the environment variable must exist.
pub(crate) fn golden(name: &str) -> PathBuf {
    let root = match std::env::var_os("DUOLOGUE_GOLDEN") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"),
    };
    let dir = root.join(name);
    assert!(
        dir.is_dir(),
        "golden fixtures are missing: {}",
        dir.display()
    );
    dir
}

/// Every folder of [`golden`] that holds a tiny model with its weights, by name. Where the rest of a family is proven by
/// `families`, this repository keeps only its tokenizer; a folder named by `DUOLOGUE_GOLDEN` may have more.
pub(crate) fn tiny_models() -> Vec<PathBuf> {
    let root = golden("llama-tiny");
    let root = root.parent().expect("a folder of goldens");
    let mut models: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap_or_else(|e| panic!("{}: {e}", root.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|dir| dir.to_string_lossy().contains("-tiny"))
        .chain([own_golden("gemma3-tiny")])
        .filter(|dir| dir.join("model.safetensors").is_file())
        .collect();
    models.sort();
    models.dedup_by(|a, b| a.file_name() == b.file_name());
    assert!(models.len() >= 4, "tiny models: {models:?}");
    models
}

/// The golden folder `name` that this repository records itself; one of that name in `DUOLOGUE_GOLDEN` takes its place.
pub(crate) fn own_golden(name: &str) -> PathBuf {
    let elsewhere = std::env::var_os("DUOLOGUE_GOLDEN").map(|root| PathBuf::from(root).join(name));
    let in_repository = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(name);
    elsewhere
        .filter(|dir| dir.is_dir())
        .unwrap_or(in_repository)
}

/// Reads a JSON file.
pub(crate) fn json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A JSON array of token ids.
pub(crate) fn ids(value: &Value) -> Vec<u32> {
    let list = value
        .as_array()
        .unwrap_or_else(|| panic!("no list of ids: {value}"));
    list.iter()
        .map(|id| id.as_u64().expect("an id") as u32)
        .collect()
}

/// A safetensors file in memory.
pub(crate) struct TensorFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl TensorFile {
    /// Reads the file.
    pub(crate) fn open(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self {
            path: path.to_path_buf(),
            bytes,
        }
    }

    /// Names of all tensors, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .parsed()
            .names()
            .into_iter()
            .map(str::to_string)
            .collect();
        names.sort_unstable();
        names
    }

    /// Shape and values of a float32 tensor.
    pub(crate) fn f32(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        self.numbers(name, Dtype::F32, f32::from_le_bytes)
    }

    /// Shape and values of an int64 tensor.
    pub(crate) fn i64(&self, name: &str) -> (Vec<usize>, Vec<i64>) {
        self.numbers(name, Dtype::I64, i64::from_le_bytes)
    }

    /// Shape and values of a tensor of indices: int32 as recorded, or uint16 or uint8, which are smaller.
    pub(crate) fn indices(&self, name: &str) -> (Vec<usize>, Vec<usize>) {
        let dtype = self.parsed().tensor(name).map(|view| view.dtype());
        if matches!(dtype, Ok(Dtype::U16)) {
            return self.numbers(name, Dtype::U16, |bytes| {
                usize::from(u16::from_le_bytes(bytes))
            });
        }
        if matches!(dtype, Ok(Dtype::U8)) {
            return self.numbers(name, Dtype::U8, |[byte]| usize::from(byte));
        }
        self.numbers(name, Dtype::I32, |bytes| {
            usize::try_from(i32::from_le_bytes(bytes)).expect("an index")
        })
    }

    /// Rows of a matrix of 0 and 1 in single bytes.
    pub(crate) fn bits(&self, name: &str) -> Vec<Vec<bool>> {
        let (shape, numbers) = self.numbers(name, Dtype::U8, |[byte]| byte != 0);
        numbers.chunks(shape[1]).map(<[bool]>::to_vec).collect()
    }

    fn numbers<T, const BYTES: usize>(
        &self,
        name: &str,
        dtype: Dtype,
        convert: fn([u8; BYTES]) -> T,
    ) -> (Vec<usize>, Vec<T>) {
        let parsed = self.parsed();
        let view = parsed
            .tensor(name)
            .unwrap_or_else(|e| panic!("{}: {name}: {e}", self.path.display()));
        assert_eq!(view.dtype(), dtype, "{name}");
        let (numbers, trailing) = view.data().as_chunks::<BYTES>();
        assert!(trailing.is_empty(), "{name}");
        (
            view.shape().to_vec(),
            numbers.iter().map(|bytes| convert(*bytes)).collect(),
        )
    }

    fn parsed(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes)
            .unwrap_or_else(|e| panic!("{}: {e}", self.path.display()))
    }
}

/// The first `kept` of every `width` values. Logits of this repository's own folders are recorded for the first tokens of
/// the vocabulary only, to keep the files small; log-probabilities cover the rest.
pub(crate) fn first_columns(values: &[f32], width: usize, kept: usize) -> Vec<f32> {
    values
        .chunks(width)
        .flat_map(|row| &row[..kept])
        .copied()
        .collect()
}

/// Asserts `|found - expected| <= atol + rtol * |expected|` for every element; names the worst one.
pub(crate) fn assert_close(what: &str, found: &[f32], expected: &[f32], atol: f64, rtol: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: number of elements");
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        let (f, e) = (f64::from(*f), f64::from(*e));
        assert!(
            (f - e).abs() <= atol + rtol * e.abs(),
            "{what}: element {i} is {f}, expected {e}"
        );
    }
}
