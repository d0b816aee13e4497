//! Model files from anywhere: whatever is in them, loading ends with a model or an error for people, never with a panic
//! or memory that the file's own size does not justify. A test program of its own, because it counts allocations.
//!
//! The corpus is the golden folders; mutations are drawn by proptest, and what they found has a case of its own.
#![allow(clippy::unwrap_used, reason = "a test says best where it failed")]

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;

use counting::LARGEST_BYTES;
use lm::{Adapter, DecoderConfig, Device, LanguageModel};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

mod counting;

/// One test at a time, so that allocations have one owner.
static TURN: Mutex<()> = Mutex::new(());

/// Largest block that any of the small files may ask for. The tokenizer's caches are the largest honest ones.
const MAX_BLOCK_BYTES: usize = 32 << 20;

fn corpus(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden")
        .join(path)
}

/// What is done to a file.
#[derive(Debug, Clone)]
enum Mutation {
    Flip(Index, u8),
    /// A little-endian number over eight bytes.
    Number(Index, u64),
    Truncate(Index),
    Repeat(Index, Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let number = prop_oneof![
        Just(0u64),
        Just(1),
        Just(u64::from(u32::MAX)),
        Just(1 << 32),
        Just(1 << 40),
        Just(i64::MAX as u64),
        Just(u64::MAX),
        any::<u64>()
    ];
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(place, bits)| Mutation::Flip(place, bits)),
        4 => (any::<Index>(), number).prop_map(|(place, number)| Mutation::Number(place, number)),
        1 => any::<Index>().prop_map(Mutation::Truncate),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
    ]
}

/// Applies mutations within the first `reach` bytes, where headers are.
fn mutate(bytes: &[u8], mutations: &[Mutation], reach: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for mutation in mutations {
        let reach = reach.min(bytes.len());
        if reach < 16 {
            break;
        }
        match mutation {
            Mutation::Flip(place, bits) => bytes[place.index(reach)] ^= bits,
            Mutation::Number(place, number) => {
                let start = place.index(reach - 8);
                bytes[start..start + 8].copy_from_slice(&number.to_le_bytes());
            }
            Mutation::Truncate(place) => bytes.truncate(place.index(reach)),
            Mutation::Repeat(from, to) => {
                let (from, to) = (from.index(reach - 8), to.index(reach - 8));
                bytes.copy_within(from..from + 8, to);
            }
        }
    }
    bytes
}

/// Loads and forgets; an error must say something.
fn survive<T>(load: impl FnOnce() -> lm::Result<T>) {
    LARGEST_BYTES.store(0, Relaxed);
    if let Err(error) = load() {
        assert!(error.to_string().len() > 10, "{error}");
    }
    let largest = LARGEST_BYTES.load(Relaxed);
    assert!(largest <= MAX_BLOCK_BYTES, "{largest} bytes at once");
}

/// A copy of a golden folder with one file replaced.
fn folder_with(source: &str, file: &str, bytes: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(corpus(source)).unwrap().flatten() {
        let name = entry.file_name();
        if !["golden.safetensors", "golden.json"]
            .iter()
            .any(|skipped| name == *skipped)
        {
            std::fs::copy(entry.path(), dir.path().join(name)).unwrap();
        }
    }
    std::fs::remove_file(dir.path().join(file)).unwrap();
    std::fs::write(dir.path().join(file), bytes).unwrap();
    dir
}

#[test]
fn a_tokenizer_that_makes_its_library_panic_is_an_error() {
    let bytes = std::fs::read(corpus("llama-tiny/tokenizer.json")).unwrap();
    let mut json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    for decoder in [
        serde_json::json!(5),
        serde_json::json!({"type": []}),
        serde_json::json!([]),
    ] {
        json["decoder"] = decoder;
        let dir = folder_with("llama-tiny", "tokenizer.json", json.to_string().as_bytes());
        assert!(matches!(
            LanguageModel::load(dir.path(), &Device::Cpu),
            Err(lm::Error::Tokenizer { .. })
        ));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn gguf_files(
        name in prop_oneof![Just("sentence_piece"), Just("llama-q4_k_m"), Just("qwen2-q8_0"), Just("quants")],
        mutations in prop::collection::vec(mutation(), 1..4),
    ) {
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bytes = std::fs::read(corpus(&format!("gguf/{name}.gguf"))).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.gguf");
        // Keys and sizes stand in the first two kilobytes, tensor entries in the last part of the header.
        std::fs::write(&path, mutate(&bytes, &mutations, 2048)).unwrap();
        survive(|| LanguageModel::load(&path, &Device::Cpu));
        std::fs::write(&path, mutate(&bytes, &mutations, 40_000)).unwrap();
        survive(|| LanguageModel::load(&path, &Device::Cpu));
    }

    #[test]
    fn safetensors_headers(mutations in prop::collection::vec(mutation(), 1..4)) {
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bytes = std::fs::read(corpus("llama-tiny/model.safetensors")).unwrap();
        let dir = folder_with("llama-tiny", "model.safetensors", &mutate(&bytes, &mutations, 4096));
        survive(|| LanguageModel::load(dir.path(), &Device::Cpu));
    }

    #[test]
    fn tokenizers_and_templates(
        file in prop_oneof![Just("tokenizer.json"), Just("tokenizer_config.json"), Just("generation_config.json")],
        mutations in prop::collection::vec(mutation(), 1..4),
    ) {
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bytes = std::fs::read(corpus("llama-tiny").join(file)).unwrap();
        let dir = folder_with("llama-tiny", file, &mutate(&bytes, &mutations, usize::MAX));
        survive(|| LanguageModel::load(dir.path(), &Device::Cpu));
    }

    #[test]
    fn adapters(
        file in prop_oneof![Just("adapter_config.json"), Just("adapter_model.safetensors")],
        mutations in prop::collection::vec(mutation(), 1..4),
    ) {
        let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let config = DecoderConfig::load(&corpus("llama-tiny")).unwrap();
        let dir = tempfile::tempdir().unwrap();
        for name in ["adapter_config.json", "adapter_model.safetensors"] {
            let bytes = std::fs::read(corpus("lora").join(name)).unwrap();
            let bytes = if name == file { mutate(&bytes, &mutations, 4096) } else { bytes };
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        survive(|| Adapter::load(dir.path(), &config, &Device::Cpu));
    }
}

/// Every field of a configuration with every kind of value that does not belong there.
#[test]
fn configurations() {
    let _turn = TURN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let hostile = [
        json!(null),
        json!(0),
        json!(-1),
        json!(3),
        json!(1u64 << 31),
        json!(1u64 << 53),
        json!(u64::MAX),
        json!(1e308),
        json!(-0.5),
        json!("x"),
        json!([]),
        json!([[1]]),
        json!({}),
        json!({"rope_type": "llama3", "factor": 0, "low_freq_factor": 1e-300, "high_freq_factor": 1e300}),
        json!({"rope_type": "yarn", "factor": 1e300, "original_max_position_embeddings": 1}),
        json!({"rope_type": "longrope", "short_factor": [], "long_factor": [1e300]}),
    ];
    for model in ["llama-tiny", "mistral-tiny", "qwen2-tiny"] {
        let text = std::fs::read(corpus(model).join("config.json")).unwrap();
        let config: Value = serde_json::from_slice(&text).unwrap();
        let mut fields: Vec<&str> = config
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        fields.extend([
            "head_dim",
            "rope_parameters",
            "layer_types",
            "partial_rotary_factor",
            "sliding_window",
        ]);
        for field in fields {
            for value in &hostile {
                let mut changed = config.clone();
                changed[field] = value.clone();
                let dir = folder_with(model, "config.json", changed.to_string().as_bytes());
                survive(|| LanguageModel::load(dir.path(), &Device::Cpu));
            }
        }
    }
}

/// A header of `tensors` entries and `keys` keys followed by `body`.
fn gguf(tensors: u64, keys: u64, body: &[u8]) -> Vec<u8> {
    [
        b"GGUF".as_slice(),
        &3u32.to_le_bytes(),
        &tensors.to_le_bytes(),
        &keys.to_le_bytes(),
        body,
    ]
    .concat()
}

fn string(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

#[test]
fn announced_sizes_are_not_believed() {
    let _turn = TURN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let entry = |dimensions: &[u64], kind: u32, offset: u64| {
        let mut bytes = [
            string("token_embd.weight"),
            (dimensions.len() as u32).to_le_bytes().to_vec(),
        ]
        .concat();
        dimensions
            .iter()
            .for_each(|n| bytes.extend(n.to_le_bytes()));
        [
            bytes,
            kind.to_le_bytes().to_vec(),
            offset.to_le_bytes().to_vec(),
        ]
        .concat()
    };
    let array = |element_type: u32, length: u64| {
        [
            string("a"),
            9u32.to_le_bytes().to_vec(),
            element_type.to_le_bytes().to_vec(),
            length.to_le_bytes().to_vec(),
        ]
        .concat()
    };
    // An alignment of zero: rounding up to it divides by zero.
    let zero = [
        string("general.alignment"),
        4u32.to_le_bytes().to_vec(),
        0u32.to_le_bytes().to_vec(),
    ]
    .concat();
    let cases = [
        gguf(u64::MAX, 0, &[]),
        gguf(0, u64::MAX, &[]),
        gguf(0, 1, &u64::MAX.to_le_bytes()),
        gguf(0, 1, &array(8, u64::MAX)),
        gguf(0, 1, &array(0, 1 << 40)),
        gguf(0, 1, &array(9, 4)),
        gguf(0, 1, &zero),
        gguf(1, 0, &entry(&[1 << 40, 1 << 40], 0, 0)),
        gguf(1, 0, &entry(&[u64::MAX, 2], 0, 0)),
        gguf(1, 0, &entry(&[32, 1], 8, u64::MAX)),
        gguf(1, 0, &entry(&[31, 1], 8, 0)),
        gguf(1, 0, &entry(&[32, 1], 99, 0)),
        gguf(1, 0, &entry(&[1, 1, 1, 1, 1], 0, 0)),
    ];
    for (index, case) in cases.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.gguf");
        std::fs::write(&path, case).unwrap();
        survive(|| {
            let loaded = LanguageModel::load(&path, &Device::Cpu);
            assert!(loaded.is_err(), "case {index}");
            loaded
        });
    }
}
