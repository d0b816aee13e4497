//! A model in several GGUF files, as `llama-gguf-split` writes them (`tools/gguf-split`): `NAME-00001-of-00003.gguf` has
//! the metadata, every part has some of the
//! tensors, and `split.no`, `split.count` and `split.tensors.count` say what belongs
//! together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Gguf;
use super::format::Value;
use crate::error::{Error, Result};
use crate::text::sources::shortened;

/// The most missing parts that a message names.
const NAMED_PARTS: usize = 3;
/// The most parts a model may have; llama.cpp counts them with 16 bits.
const MAX_PARTS: u64 = 1 << 16;

/// The part that a file claims to be.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    /// Number of the part, from 0.
    index: u64,
    count: u64,
}

impl Part {
    /// The part that a file claims to be; `None` for a file that is not split.
    fn of(file: &Gguf) -> Option<Self> {
        let number = |key: &str| file.metadata.get(key).and_then(Value::as_u64);
        let count = number("split.count").filter(|count| *count > 1)?;
        let index = number("split.no").unwrap_or(0);
        Some(Self { index, count })
    }

    /// The file's name without the suffix that says which part it is.
    fn stem(self, path: &Path) -> Option<String> {
        let name = path.file_name()?.to_str()?;
        let stem = name.strip_suffix(&self.ending(self.index))?;
        Some(stem.to_owned())
    }

    fn ending(self, index: u64) -> String {
        format!("-{:05}-of-{:05}.gguf", index + 1, self.count)
    }

    fn refuse(self, path: &Path, why: &str) -> Error {
        let (number, count) = (self.index + 1, self.count);
        let reason = format!(
            "this is part {number} of {count}{why}; put all parts into one folder, or join the parts with \
             llama-gguf-split --merge"
        );
        Error::weights(path, reason)
    }
}

/// The first of several files whose names mark them as the parts of one model.
pub(crate) fn first(files: &[PathBuf]) -> Option<&PathBuf> {
    let named = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix(".gguf")?;
        let (name, count) = name.rsplit_once("-of-")?;
        let (stem, number) = name.rsplit_once('-')?;
        number.parse::<u32>().ok()?;
        count.parse::<u32>().ok()?;
        Some((stem.to_owned(), count.to_owned()))
    };
    let models: BTreeSet<_> = files.iter().map(named).collect();
    let is_one = models.len() == 1 && models.first().is_some_and(Option::is_some);
    files.iter().min().filter(|_| is_one)
}

/// The file with the other parts of its model, if it is a part.
///
/// # Errors
/// [`Error::Weights`] naming what is missing.
pub(super) fn whole(file: Gguf) -> Result<Gguf> {
    let Some(part) = Part::of(&file) else {
        return Ok(file);
    };
    let refuse = |why: &str| part.refuse(&file.path, why);
    if part.index >= part.count || part.count > MAX_PARTS {
        return Err(refuse(", which cannot be"));
    }
    let stem = part.stem(&file.path).ok_or_else(|| {
        let ending = part.ending(part.index);
        refuse(&format!(
            ", and the others are not found, because its name does not end in {ending}"
        ))
    })?;
    let paths: Vec<PathBuf> = (0..part.count)
        .map(|index| file.path.with_file_name(stem.clone() + &part.ending(index)))
        .collect();
    let missing: Vec<&PathBuf> = paths.iter().filter(|path| !path.is_file()).collect();
    if !missing.is_empty() {
        let name = |path: &&PathBuf| {
            path.file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let names: Vec<String> = missing.iter().take(NAMED_PARTS).map(name).collect();
        let more = match missing.len().saturating_sub(NAMED_PARTS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        return Err(refuse(&format!(
            ", and {}{more} is not there",
            names.join(", ")
        )));
    }
    let mut parts = paths.iter().map(|path| Gguf::open(path));
    let Some(first) = parts.next().transpose()? else {
        return Ok(file);
    };
    join(first, parts, part)
}

/// The tensors of all parts under the metadata of the first.
fn join(mut first: Gguf, others: impl Iterator<Item = Result<Gguf>>, part: Part) -> Result<Gguf> {
    let announced = first
        .metadata
        .get("split.tensors.count")
        .and_then(Value::as_u64);
    let expected = |file: &Gguf, index: u64| match Part::of(file) {
        Some(found) if found == (Part { index, ..part }) => Ok(()),
        found => {
            let ending = part.ending(index);
            let told = found.map_or("no part".to_owned(), |found| {
                format!("part {} of {}", found.index + 1, found.count)
            });
            let why = format!(", but the file whose name ends in {ending} says that it is {told}");
            Err(part.refuse(&file.path, &why))
        }
    };
    expected(&first, 0)?;
    let mut names: BTreeSet<String> = first.tensors.iter().map(|t| t.name.clone()).collect();
    for (other, index) in others.zip(1..) {
        let other = other?;
        expected(&other, index)?;
        for mut tensor in other.tensors {
            if !names.insert(tensor.name.clone()) {
                let why = format!(
                    ", but two parts hold the tensor `{}`",
                    shortened(&tensor.name)
                );
                return Err(part.refuse(&other.path, &why));
            }
            tensor.part = first.others.len() + 1;
            first.tensors.push(tensor);
        }
        first.others.push((other.path, other.map));
    }
    let found = first.tensors.len() as u64;
    if announced.is_some_and(|announced| announced != found) {
        let announced = announced.unwrap_or_default();
        let why = format!(", but the parts hold {found} tensors and {announced} are announced");
        return Err(part.refuse(&first.path, &why));
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Device;
    use crate::files::checkpoint::Checkpoint;
    use crate::files::gguf::format::{Planned, write_header, write_padding};

    /// Writes a file with a one-value tensor for each name.
    fn write(path: &Path, metadata: &[(&str, Value)], tensors: &[(&str, f32)]) {
        let metadata: Vec<(String, Value)> = metadata
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect();
        let plan: Vec<Planned> = tensors
            .iter()
            .map(|(name, _)| Planned {
                name: (*name).to_owned(),
                dtype: candle_core::quantized::GgmlDType::F32,
                shape: vec![1],
            })
            .collect();
        let mut bytes = Vec::new();
        write_header(&mut bytes, &metadata, &plan).unwrap();
        for (_, value) in tensors {
            bytes.extend(value.to_le_bytes());
            write_padding(&mut bytes, 4).unwrap();
        }
        std::fs::write(path, bytes).unwrap();
    }

    fn part(index: u32, count: u32) -> Vec<(&'static str, Value)> {
        vec![
            ("split.no", Value::U32(index)),
            ("split.count", Value::U32(count)),
            ("split.tensors.count", Value::I32(3)),
        ]
    }

    #[test]
    fn parts_are_read_from_any_of_them_and_from_their_folder() {
        let dir = tempfile::tempdir().unwrap();
        let path = |index: u32| dir.path().join(format!("m-{index:05}-of-00003.gguf"));
        let first = [
            part(0, 3),
            vec![("general.type", Value::String("model".to_owned()))],
        ]
        .concat();
        write(&path(1), &first, &[("a", 1.0)]);
        write(&path(2), &part(1, 3), &[("b", 2.0)]);
        write(&path(3), &part(2, 3), &[("c", 3.0)]);
        for file in [path(1), path(2), dir.path().to_path_buf()] {
            let Checkpoint::Gguf(file) = Checkpoint::open(&file).unwrap() else {
                panic!("a folder of parts is a GGUF model");
            };
            assert_eq!(file.paths(), [path(1), path(2), path(3)]);
            assert!(file.metadata.contains_key("general.type"));
            for (name, value) in [("a", 1.0), ("b", 2.0), ("c", 3.0)] {
                assert_eq!(file.divisors(name).unwrap().unwrap(), [value], "{name}");
            }
        }
        std::fs::remove_file(path(2)).unwrap();
        let told = Gguf::open_model(&path(1)).unwrap_err().to_string();
        for word in [
            "part 1 of 3",
            "m-00002-of-00003.gguf",
            "join the parts with llama-gguf-split",
        ] {
            assert!(told.contains(word), "{told}");
        }
        assert!(!told.contains("m-00003"), "{told}");
        let told = Checkpoint::open(dir.path()).unwrap_err().to_string();
        assert!(told.contains("m-00002-of-00003.gguf"), "{told}");
    }

    #[test]
    fn parts_that_do_not_belong_together_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = |index: u32| dir.path().join(format!("m-{index:05}-of-00002.gguf"));
        let refuse = || Gguf::open_model(&path(1)).unwrap_err().to_string();
        write(&path(1), &part(0, 2), &[("a", 1.0), ("b", 1.0)]);
        write(&path(2), &part(0, 2), &[("c", 1.0)]);
        assert!(
            refuse().contains("says that it is part 1 of 2"),
            "{}",
            refuse()
        );
        write(&path(2), &part(1, 2), &[("b", 1.0)]);
        assert!(
            refuse().contains("two parts hold the tensor `b`"),
            "{}",
            refuse()
        );
        write(&path(2), &part(1, 2), &[("c", 1.0), ("d", 1.0)]);
        assert!(refuse().contains("hold 4 tensors and 3"), "{}", refuse());
        let renamed = dir.path().join("model.gguf");
        write(&renamed, &part(0, 2), &[("a", 1.0)]);
        let told = Gguf::open_model(&renamed).unwrap_err().to_string();
        assert!(
            told.contains("part 1 of 2") && told.contains("-00001-of-00002.gguf"),
            "{told}"
        );
        assert!(matches!(
            Checkpoint::open(dir.path()),
            Err(Error::SeveralModels { .. })
        ));
    }

    /// A model in two files gives the same results as in one.
    #[test]
    fn a_split_model_computes_what_the_whole_one_computes() {
        let dir = tempfile::tempdir().unwrap();
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/gguf/llama-q4_k_m.gguf");
        let whole = Gguf::open_model(&source).unwrap();
        let middle = whole.tensors.len() / 2;
        for (index, tensors) in [&whole.tensors[..middle], &whole.tensors[middle..]]
            .into_iter()
            .enumerate()
        {
            let mut metadata: Vec<(String, Value)> = part(index as u32, 2)
                .into_iter()
                .take(2)
                .map(|(key, value)| (key.to_owned(), value))
                .collect();
            if index == 0 {
                metadata.extend(whole.metadata.clone());
            }
            let plan: Vec<Planned> = tensors
                .iter()
                .map(|tensor| Planned {
                    name: tensor.name.clone(),
                    dtype: tensor.dtype.unwrap(),
                    shape: tensor.shape.clone(),
                })
                .collect();
            let mut bytes = Vec::new();
            write_header(&mut bytes, &metadata, &plan).unwrap();
            for tensor in tensors {
                bytes.extend(&whole.map[tensor.start..tensor.start + tensor.bytes]);
                write_padding(&mut bytes, tensor.bytes).unwrap();
            }
            std::fs::write(
                dir.path()
                    .join(format!("m-0000{}-of-00002.gguf", index + 1)),
                bytes,
            )
            .unwrap();
        }
        let load = |path: &Path| crate::LanguageModel::load(path, &Device::Cpu).unwrap();
        let (split, whole) = (load(dir.path()), load(&source));
        let ids = [[1u32, 7, 300, 44].to_vec()];
        let logits = |model: &crate::LanguageModel| {
            let batch = crate::model::PackedBatch::new(&ids, &Device::Cpu).unwrap();
            let hidden = model.decoder.forward(&batch, None, None, None).unwrap();
            let logits = model.decoder.logits(&hidden).unwrap();
            logits.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(logits(&split), logits(&whole));
        assert_ne!(split.sha256, whole.sha256);
    }
}
