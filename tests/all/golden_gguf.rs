//! GGUF files against gguf-py (dequantised values), transformers (logits) and llama.cpp (token ids, rough logits).

use std::path::Path;

use lm::device::Place;
use lm::model::shape::Shape;
use lm::{
    Checkpoint, DType, Device, Gguf, LanguageModel, PackedBatch, Quantize, SpecialTokens, Tensor,
    Weight,
};

use crate::fixture::{TensorFile, assert_close, ids, json, own_golden};

/// Names of the tiny models, each of a different family and with different quantisation.
const MODELS: [&str; 2] = ["llama-q4_k_m", "qwen2-q8_0"];

fn load(path: &Path) -> LanguageModel {
    LanguageModel::load(path, &Device::Cpu).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn logits(model: &LanguageModel, seq: &[u32]) -> Vec<f32> {
    let batch = PackedBatch::new(&[seq.to_vec()], &Device::Cpu).unwrap();
    let hidden = model.decoder.forward(&batch, None, None, None).unwrap();
    model
        .decoder
        .logits(&hidden)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap()
}

#[test]
fn every_number_type_dequantises_as_gguf_py_does() {
    let dir = own_golden("gguf");
    let file = Gguf::open(&dir.join("quants.gguf")).unwrap();
    let expected = TensorFile::open(&dir.join("quants.safetensors"));
    let names = expected.names();
    for name in &names {
        let (shape, values) = expected.f32(name);
        let weight = file.matrix(name, (shape[0], shape[1])).unwrap();
        let found = weight
            .to_dense()
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        assert_close(name, &found, &values, 1e-6, 1e-6);
    }
    assert_eq!(names.len(), 13);
    println!("{}: {} number types checked", dir.display(), names.len());
}

#[test]
fn logits_are_those_of_the_dequantised_weights() {
    let dir = own_golden("gguf");
    let cases = &json(&dir.join("golden.json"))["cases"];
    for name in MODELS {
        let model = load(&dir.join(format!("{name}.gguf")));
        let seq = ids(&cases[name]["ids"]);
        let tensors = TensorFile::open(&dir.join(format!("{name}.safetensors")));
        let found = logits(&model, &seq);
        assert_close(name, &found, &tensors.f32("logits").1, 2e-4, 1e-4);
        // llama.cpp quantises activations to 8 bits, so its logits are close but not equal.
        let near = tensors.f32("llama_cpp_logits").1;
        let last = &found[found.len() - near.len()..];
        let largest = last.iter().fold(0f32, |m, v| m.max(v.abs()));
        let off = last
            .iter()
            .zip(&near)
            .fold(0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(
            off < 0.06 * largest,
            "{name}: llama.cpp is {off} away, largest logit {largest}"
        );
    }
    println!(
        "{}: logits of {} models checked",
        dir.display(),
        MODELS.len()
    );
}

/// Loads a file as for a card: blocks stay packed, everything else becomes bf16, and all values are those on the
/// processor, rounded once.
#[test]
fn a_card_holds_the_blocks_of_the_file() {
    let dir = own_golden("gguf");
    let place = Place {
        device: Device::Cpu,
        dtype: DType::BF16,
    };
    let values = |weight: &Tensor| weight.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    for name in MODELS {
        let path = dir.join(format!("{name}.gguf"));
        let there = LanguageModel::load_placed(&path, Quantize::None, &place)
            .unwrap()
            .decoder;
        let here = load(&path).decoder;
        let mut packed = 0;
        for (found, expected) in there.layers.iter().zip(&here.layers) {
            let bf16 = |t: &Tensor| {
                t.to_dtype(DType::BF16)
                    .unwrap()
                    .to_dtype(DType::F32)
                    .unwrap()
            };
            assert_eq!(found.input_layernorm.dtype(), DType::BF16);
            let norm = found.input_layernorm.to_dtype(DType::F32).unwrap();
            assert_eq!(
                values(&norm),
                values(&bf16(&expected.input_layernorm)),
                "{name}"
            );
            for (found, expected) in found.projections.iter().zip(&expected.projections) {
                packed += usize::from(matches!(found.weight, Weight::Blocks(_)));
                let expected = expected.weight.to_dense().unwrap();
                let expected = match found.weight {
                    Weight::Blocks(_) => expected,
                    _ => bf16(&expected),
                };
                assert_eq!(
                    values(&found.weight.to_dense().unwrap()),
                    values(&expected),
                    "{name}"
                );
            }
        }
        assert!(packed >= 7, "{name}: {packed} matrices are packed");
    }
}

#[test]
fn tokens_are_those_of_llama_cpp() {
    let dir = own_golden("gguf");
    let cases = json(&dir.join("golden.json"))["cases"].clone();
    let mut checked = 0;
    for name in ["sentence_piece", "llama-q4_k_m", "qwen2-q8_0"] {
        let checkpoint = Checkpoint::open(&dir.join(format!("{name}.gguf"))).unwrap();
        // The first file holds a tokenizer alone: any shape with room for its tokens will do.
        let config = match name {
            "sentence_piece" => Shape::B1.config().unwrap(),
            _ => checkpoint.config().unwrap(),
        };
        let tokenizer = checkpoint.tokenizer(&config).unwrap();
        let case = &cases[name];
        for (text, expected) in case["texts"]
            .as_array()
            .unwrap()
            .iter()
            .zip(case["llama_cpp_ids"].as_array().unwrap())
        {
            let text = text.as_str().unwrap();
            let found = tokenizer
                .encode_with_added(text, SpecialTokens::AsText)
                .unwrap();
            assert_eq!(found, ids(expected), "{name}: {text:?}");
            assert_eq!(tokenizer.decode(&found, true).unwrap(), text, "{name}");
            checked += 1;
        }
    }
    println!("{}: {checked} texts checked", dir.display());
}

#[test]
fn configuration_template_and_end_tokens_come_from_the_metadata() {
    let dir = own_golden("gguf");
    let model = load(&dir.join("llama-q4_k_m.gguf"));
    let config = &model.decoder.config;
    assert_eq!(
        (
            config.hidden_size,
            config.num_key_value_heads,
            config.head_dim
        ),
        (256, 1, 64)
    );
    assert_eq!(config.rms_norm_eps, 1e-5);
    assert!(config.tie_word_embeddings && model.chat.own);
    // The scaling is recovered from the divisors, so it equals the one in the family's config.json.
    let tiny = Checkpoint::open(&own_golden("gguf").with_file_name("llama-tiny"))
        .unwrap()
        .config()
        .unwrap();
    assert_eq!(config.rope_scaling, tiny.rope_scaling);
    assert_eq!(model.tokenizer.token_to_id("<|eot_id|>"), Some(511));
    assert!(model.stop_ids.contains(&511), "{:?}", model.stop_ids);
}

#[test]
fn a_folder_with_one_gguf_file_is_a_model_and_with_two_is_a_question() {
    let source = own_golden("gguf").join("llama-q4_k_m.gguf");
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(&source, dir.path().join("a.gguf")).unwrap();
    let alone = load(dir.path());
    assert_eq!(
        logits(&alone, &[1, 2, 3]),
        logits(&load(&source), &[1, 2, 3])
    );
    std::fs::copy(&source, dir.path().join("b.gguf")).unwrap();
    let error = LanguageModel::load(dir.path(), &Device::Cpu)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("a.gguf") && error.contains("b.gguf"),
        "{error}"
    );
}

#[test]
fn a_quantised_file_stays_as_it_is_and_a_dense_one_is_quantised_on_load() {
    let file = own_golden("gguf").join("llama-q4_k_m.gguf");
    let quantised = LanguageModel::load_quantized(&file, Quantize::Q8_0, &Device::Cpu).unwrap();
    assert_eq!(
        logits(&quantised, &[5, 6, 7]),
        logits(&load(&file), &[5, 6, 7])
    );
    let dense = own_golden("gguf").with_file_name("llama-tiny");
    let exact = logits(&load(&dense), &[5, 6, 7]);
    let largest = exact.iter().fold(0f32, |m, v| m.max(v.abs()));
    let mut last = 0.0;
    for (quantize, bound) in [(Quantize::Q8_0, 0.05), (Quantize::Q4_0, 0.5)] {
        let model = LanguageModel::load_quantized(&dense, quantize, &Device::Cpu).unwrap();
        let found = logits(&model, &[5, 6, 7]);
        let off = found
            .iter()
            .zip(&exact)
            .fold(0f32, |m, (a, b)| m.max((a - b).abs()))
            / largest;
        assert!(off > last && off < bound, "{}: {off}", quantize.as_str());
        last = off;
    }
}
