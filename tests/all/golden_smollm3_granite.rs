//! What is peculiar to SmolLM3 and Granite in GGUF: rows of queries and keys in llama.cpp's order, blocks that rotate
//! nothing without a key that says so, four factors, and matrices that are one here and two there. Their numbers are checked with those of the other families.

use candle_core::quantized::gguf_file::Content;
use lm::files::export::{GgufType, write_gguf, write_gguf_adapter, write_merged};
use lm::{Architecture, Checkpoint, DecoderConfig, Device, Gguf, Target, Tensor};

use crate::golden_export::{change_config, distance, half_precision_family, load, logits};
use crate::qlora::random_adapter;

/// A model of `families` written as GGUF: what candle's own reader finds in the file. The model that is read from it and
/// the folder that is made of it compute what the source does.
fn there_and_back(family: &str, change: Option<&str>) -> Content {
    let folder = half_precision_family(family);
    if let Some(field) = change {
        change_config(folder.path(), field, false.into());
    }
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let to = tempfile::tempdir().unwrap();
    let (file, merged) = (to.path().join("m.gguf"), to.path().join("merged"));
    write_gguf(&checkpoint, None, GgufType::F16, &file).unwrap();
    let (found, expected) = (
        Gguf::open(&file).unwrap().config().unwrap(),
        checkpoint.config().unwrap(),
    );
    // A vocabulary of characters has no tokens that begin or end a text, and GGUF has one family for all dense Granites.
    let comparable = |config: DecoderConfig| DecoderConfig {
        architecture: match config.architecture {
            Architecture::GraniteMoeHybrid => Architecture::Granite,
            same => same,
        },
        bos_token_id: None,
        eos_token_ids: Vec::new(),
        ..config
    };
    assert_eq!(comparable(found), comparable(expected.clone()));
    let mut reader = std::fs::File::open(&file).unwrap();
    let content = Content::read(&mut reader).unwrap();
    let weights = checkpoint.weights(&expected).unwrap();
    let half = expected.head_dim / 2;
    for (hf, gguf) in [
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
    ] {
        let raw = content
            .tensor(&mut reader, &format!("blk.1.{gguf}.weight"), &Device::Cpu)
            .unwrap();
        let name = format!("model.layers.1.{hf}.weight");
        let rows = |tensor: Tensor| tensor.to_vec2::<f32>().unwrap();
        let found = rows(raw.dequantize(&Device::Cpu).unwrap());
        let place = lm::device::Place::on(&Device::Cpu);
        let shape = [found.len(), expected.hidden_size];
        let stored = rows(weights.tensor(&name, &shape, &place).unwrap());
        for (row, found) in found.iter().enumerate() {
            // The two halves of a head alternate, except for values.
            let within = row % expected.head_dim;
            let from = match gguf {
                "attn_v" => row,
                _ => row - within + (within % 2) * half + within / 2,
            };
            assert_eq!(*found, stored[from], "{name} {row}");
        }
    }
    write_merged(&Checkpoint::open(&file).unwrap(), None, &merged, "").unwrap();
    let [source, there, back] =
        [folder.path(), &file, &merged].map(|path| logits(&load(path), None));
    assert!(distance(&there, &source) < 1e-5, "{family}");
    assert!(distance(&back, &source) < 1e-5, "{family}");
    content
}

#[test]
fn granite_s_factors_are_those_of_llama_cpp_s_keys() {
    let content = there_and_back("granite-factors", None);
    for (key, expected) in [
        ("embedding_scale", 3.0),
        ("attention.scale", 0.6),
        ("residual_scale", 0.7),
        // llama.cpp divides by it, too.
        ("logit_scale", 1.6),
    ] {
        let found = content.metadata[&format!("granite.{key}")].to_f32();
        assert_eq!(found.unwrap(), expected, "{key}");
    }
}

#[test]
fn which_blocks_of_smollm3_rotate_stands_in_no_key() {
    let content = there_and_back("smollm3-nope", Some("use_sliding_window"));
    let architecture = content.metadata["general.architecture"].to_string();
    assert_eq!(architecture.unwrap(), "smollm3");
    let mut keys = content.metadata.keys();
    assert!(!keys.any(|key| key.contains("no_rope") || key.contains("sliding_window")));
}

/// Merged and as a file of its own, an adapter acts on llama.cpp's two matrices as on the checkpoint's one.
#[test]
fn gate_and_up_of_granite_4_are_two_matrices_in_gguf() {
    let content = there_and_back("granite4-dense", None);
    let shape = |name: &str| {
        content.tensor_infos[&format!("blk.1.{name}.weight")]
            .shape
            .clone()
    };
    assert_eq!(shape("ffn_gate").dims(), [12, 32]);
    assert_eq!(shape("ffn_up").dims(), [12, 32]);
    assert_eq!(shape("ffn_down").dims(), [32, 12]);
    let folder = half_precision_family("granite4-dense");
    let (source, to) = (load(folder.path()), tempfile::tempdir().unwrap());
    let adapter = random_adapter(&source.decoder);
    let (file, apart) = (to.path().join("m.gguf"), to.path().join("adapter.gguf"));
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    write_gguf(&checkpoint, Some(&adapter), GgufType::F16, &file).unwrap();
    let expected = logits(&source, Some(&adapter));
    assert!(distance(&logits(&source, None), &expected) > 0.01);
    assert!(distance(&logits(&load(&file), None), &expected) < 4e-3);
    write_gguf_adapter(&adapter, &source.decoder.config, &apart).unwrap();
    let written = Gguf::open(&apart).unwrap();
    for (target, name) in [
        (Target::Gate, "ffn_gate"),
        (Target::Up, "ffn_up"),
        (Target::Down, "ffn_down"),
    ] {
        let pair = adapter.get(1, target).unwrap();
        for (part, expected) in [("lora_a", &pair.a), ("lora_b", &pair.b)] {
            let name = format!("blk.1.{name}.weight.{part}");
            let found = written.matrix(&name, expected.dims2().unwrap()).unwrap();
            assert_eq!(
                found.to_dense().unwrap().to_vec2::<f32>().unwrap(),
                expected.to_vec2::<f32>().unwrap(),
                "{name}"
            );
        }
    }
}
