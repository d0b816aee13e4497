//! What is peculiar to Gemma 3: two layouts of its configuration, a template that refuses conversations, and GGUF files
//! whose norms hold 1 more than a checkpoint's. Its numbers are checked with those of the other families.

use lm::files::export::{GgufType, write_gguf, write_merged};
use lm::{Checkpoint, DecoderConfig, Device, Gguf, LanguageModel, Message, Tensor};
use serde_json::Value;

use crate::fixture::{assert_close, golden, json};
use crate::golden_export::{change_config, distance, expressible, load, logits};

/// Published files of Gemma 3 and those that transformers 5 writes have other fields for the same model.
#[test]
fn both_layouts_of_a_configuration_give_the_same_model() {
    let dir = golden("gemma3-tiny");
    let [older, newer] = ["config.json", "config.v5.json"].map(|name| {
        let path = dir.join(name);
        DecoderConfig::from_json(&json(&path), &path).unwrap()
    });
    assert_eq!(older.local_rope.as_ref().unwrap().layers.len(), 6);
    assert_eq!(older, newer);
}

#[test]
fn conversations_that_a_template_refuses_are_refused_in_its_words() {
    let dir = golden("gemma3-tiny");
    let model: LanguageModel = load(&dir);
    let message =
        |m: &Value| Message::new(m["role"].as_str().unwrap(), m["content"].as_str().unwrap());
    let fixture = json(&dir.join("chat_refused.json"));
    let cases = fixture.as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let messages: Vec<Message> = case["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(message)
            .collect();
        let refused = model.chat.render(&messages, true).unwrap_err();
        assert!(
            refused
                .to_string()
                .contains(case["error"].as_str().unwrap()),
            "{refused}"
        );
    }
}

/// Gemma 3 as llama.cpp's converter writes it, read by candle's own reader: norms hold what they multiply by, 1 more than
/// the checkpoint's weight, rows of queries and keys stay in their order. Reading takes the 1 off again.
#[test]
fn gemma_3_goes_to_gguf_and_back() {
    let folder = expressible(&golden("gemma3-tiny"));
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let to = tempfile::tempdir().unwrap();
    let (file, merged) = (to.path().join("m.gguf"), to.path().join("merged"));
    write_gguf(&checkpoint, None, GgufType::F16, &file).unwrap();
    let (found, expected) = (
        Gguf::open(&file).unwrap().config().unwrap(),
        checkpoint.config().unwrap(),
    );
    assert_eq!(
        DecoderConfig {
            // The tokenizer's file names one of the two tokens that end a text, the template the other.
            eos_token_ids: expected.eos_token_ids.clone(),
            ..found
        },
        expected
    );
    let weights = checkpoint.weights(&expected).unwrap();
    let (hidden, head_dim, heads) = (
        expected.hidden_size,
        expected.head_dim,
        expected.num_attention_heads,
    );
    let names = [
        ("model.norm", "output_norm", vec![hidden]),
        (
            "model.layers.2.input_layernorm",
            "blk.2.attn_norm",
            vec![hidden],
        ),
        (
            "model.layers.2.post_attention_layernorm",
            "blk.2.post_attention_norm",
            vec![hidden],
        ),
        (
            "model.layers.2.pre_feedforward_layernorm",
            "blk.2.ffn_norm",
            vec![hidden],
        ),
        (
            "model.layers.2.post_feedforward_layernorm",
            "blk.2.post_ffw_norm",
            vec![hidden],
        ),
        (
            "model.layers.2.self_attn.q_norm",
            "blk.2.attn_q_norm",
            vec![head_dim],
        ),
        (
            "model.layers.2.self_attn.k_norm",
            "blk.2.attn_k_norm",
            vec![head_dim],
        ),
        (
            "model.layers.2.self_attn.q_proj",
            "blk.2.attn_q",
            vec![heads * head_dim, hidden],
        ),
    ];
    let mut reader = std::fs::File::open(&file).unwrap();
    let content = candle_core::quantized::gguf_file::Content::read(&mut reader).unwrap();
    let values = |tensor: Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    for (hf, gguf, shape) in names {
        let place = lm::device::Place::on(&Device::Cpu);
        let stored = weights
            .tensor(&format!("{hf}.weight"), &shape, &place)
            .unwrap();
        let added = f64::from(u8::from(hf.ends_with("norm")));
        let raw = content
            .tensor(&mut reader, &format!("{gguf}.weight"), &Device::Cpu)
            .unwrap();
        assert_close(
            hf,
            &values(raw.dequantize(&Device::Cpu).unwrap()),
            &values((stored + added).unwrap()),
            1e-6,
            1e-3,
        );
    }
    write_merged(&Checkpoint::open(&file).unwrap(), None, &merged, "").unwrap();
    let [source, there, back] =
        [folder.path(), &file, &merged].map(|path| logits(&load(path), None));
    assert!(distance(&there, &source) < 4e-3);
    assert!(
        distance(&back, &there) < 1e-5,
        "norms are written as a checkpoint has them"
    );
}

/// The parts of Gemma 3 that llama.cpp would compute differently, by name.
#[test]
fn a_gemma_3_that_llama_cpp_would_compute_otherwise_is_not_written() {
    let local = serde_json::json!({"full_attention": {"rope_theta": 1e6},
        "sliding_attention": {"rope_theta": 1e4, "rope_type": "linear", "factor": 2.0}});
    for (field, value, what) in [
        ("query_pre_attn_scalar", 48.into(), "query_pre_attn_scalar"),
        ("rope_parameters", local, "blocks with a window"),
        (
            "rope_scaling",
            serde_json::json!({"rope_type": "yarn", "factor": 2.0}),
            "scaling",
        ),
        (
            "layer_types",
            ["full", "sliding", "sliding", "full", "sliding", "sliding"]
                .map(|kind| format!("{kind}_attention"))
                .to_vec()
                .into(),
            "order",
        ),
    ] {
        let folder = expressible(&golden("gemma3-tiny"));
        change_config(folder.path(), field, value);
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        let to = tempfile::tempdir().unwrap();
        let error = write_gguf(
            &checkpoint,
            None,
            GgufType::F16,
            &to.path().join("model.gguf"),
        )
        .unwrap_err();
        assert!(error.to_string().contains(what), "{field}: {error}");
        assert_eq!(std::fs::read_dir(to.path()).unwrap().count(), 0);
    }
}
