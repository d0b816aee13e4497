//! What is exported is read back and compared: merged checkpoints against PEFT's merge, GGUF files against their source.

use std::path::Path;

use lm::files::export::{GgufType, write_gguf, write_gguf_adapter, write_merged};
use lm::lora::Adapter;
use lm::{Checkpoint, Decoder, Device, Gguf, LanguageModel, PackedBatch, SpecialTokens, Tensor};

use crate::fixture::{TensorFile, assert_close, golden, json, own_golden, tiny_models};
use crate::qlora::random_adapter;

pub(crate) fn load(path: &Path) -> LanguageModel {
    LanguageModel::load(path, &Device::Cpu).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub(crate) fn logits(model: &LanguageModel, adapter: Option<&Adapter>) -> Vec<f32> {
    decoder_logits(&model.decoder, adapter)
}

fn decoder_logits(decoder: &Decoder, adapter: Option<&Adapter>) -> Vec<f32> {
    logits_of(decoder, adapter, &(3..40).collect::<Vec<_>>())
}

fn logits_of(decoder: &Decoder, adapter: Option<&Adapter>, seq: &[u32]) -> Vec<f32> {
    let batch = PackedBatch::new(&[seq.to_vec()], &Device::Cpu).unwrap();
    let hidden = decoder
        .forward(&batch, adapter.map(|adapter| &adapter.update), None, None)
        .unwrap();
    decoder
        .logits(&hidden)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1()
        .unwrap()
}

/// Largest difference as a share of the largest value.
pub(crate) fn distance(found: &[f32], expected: &[f32]) -> f32 {
    let largest = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
    found
        .iter()
        .zip(expected)
        .fold(0f32, |m, (a, b)| m.max((a - b).abs()))
        / largest
}

#[test]
fn a_merged_checkpoint_has_pefts_weights() {
    for (dir, model) in [("lora", "llama-tiny"), ("lora-gemma3", "gemma3-tiny")] {
        check_merged_checkpoint(&golden(dir), &golden(model));
    }
}

fn check_merged_checkpoint(dir: &Path, model: &Path) {
    let checkpoint = Checkpoint::open(model).unwrap();
    let base = load(model);
    let adapter = Adapter::load(dir, &base.decoder.config, &Device::Cpu).unwrap();
    let to = tempfile::tempdir().unwrap();
    write_merged(&checkpoint, Some(&adapter), to.path(), "# A card\n").unwrap();
    let merged = TensorFile::open(&to.path().join("model.safetensors"));
    let expected = TensorFile::open(&dir.join("merged_weights_layer1.safetensors"));
    for name in expected.names() {
        assert_close(
            &name,
            &merged.f32(&name).1,
            &expected.f32(&name).1,
            1e-6,
            1e-5,
        );
    }
    let model = load(to.path());
    assert_close(
        "merged logits",
        &logits(&model, None),
        &logits(&base, Some(&adapter)),
        2e-4,
        1e-4,
    );
    assert_eq!(
        std::fs::read_to_string(to.path().join("README.md")).unwrap(),
        "# A card\n"
    );
    let files = |dir: &Path| -> Vec<_> {
        let names = std::fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().file_name());
        names
            .filter(|name| !name.to_string_lossy().ends_with(".md"))
            .collect()
    };
    assert!(
        files(to.path())
            .iter()
            .all(|name| !name.to_string_lossy().ends_with(".tmp"))
    );
    println!(
        "{}: {} merged weights checked",
        dir.display(),
        expected.names().len()
    );
}

/// Every family, fused matrices and tied heads included: the merged folder gives what model and adapter give.
#[test]
fn every_family_merges() {
    let families = [
        "llama-plain",
        "llama-bias-linear",
        "llama-yarn",
        "llama-dynamic",
        "mistral-window",
        "qwen2-window",
        "qwen3-window",
        "phi3-window",
        "gemma3-window",
        "gemma3-scores",
        "smollm3-nope",
        "granite-factors",
        "granite4-dense",
    ];
    for dir in families.map(|name| own_golden(&format!("families/{name}"))) {
        let base = Decoder::load(&dir, &Device::Cpu).unwrap();
        let adapter = random_adapter(&base);
        let to = tempfile::tempdir().unwrap();
        write_merged(
            &Checkpoint::open(&dir).unwrap(),
            Some(&adapter),
            to.path(),
            "",
        )
        .unwrap();
        let merged = Decoder::load(to.path(), &Device::Cpu).unwrap();
        let (found, expected) = (
            decoder_logits(&merged, None),
            decoder_logits(&base, Some(&adapter)),
        );
        assert!(
            distance(&decoder_logits(&base, None), &expected) > 0.01,
            "{}",
            dir.display()
        );
        assert_close(&format!("{}", dir.display()), &found, &expected, 2e-4, 1e-4);
    }
    println!("{} families merged", families.len());
}

#[test]
fn what_llama_cpp_would_compute_otherwise_is_not_written() {
    let llama3 = serde_json::json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 32});
    let ramp = serde_json::json!({"rope_type": "yarn", "factor": 4.0, "beta_fast": 8.0});
    for (family, change, what) in [
        ("llama-dynamic", None, "dynamic"),
        ("qwen2-yarn", None, "YaRN"),
        ("qwen3-bias-yarn", None, "bias"),
        ("gemma3-scores", None, "query_pre_attn_scalar"),
        ("llama-yarn", Some(("rope_parameters", ramp)), "YaRN"),
        (
            "qwen3-window",
            Some(("rope_scaling", llama3.clone())),
            "Llama 3",
        ),
        ("smollm3-nope", Some(("rope_scaling", llama3)), "Llama 3"),
        (
            "smollm3-nope",
            Some(("no_rope_layer_interval", 2.into())),
            "every fourth",
        ),
        ("smollm3-nope", Some(("mlp_bias", true.into())), "biases"),
        (
            "granite4-dense",
            Some(("position_embedding_type", "nope".into())),
            "rotate nothing",
        ),
        ("phi3-window", Some(("head_dim", 16.into())), "heads"),
    ] {
        let dir = half_precision_family(family);
        if let Some((field, value)) = change {
            change_config(dir.path(), field, value);
        }
        let to = tempfile::tempdir().unwrap();
        let file = to.path().join("model.gguf");
        let checkpoint = Checkpoint::open(dir.path()).unwrap();
        let error = write_gguf(&checkpoint, None, GgufType::F16, &file).unwrap_err();
        assert!(error.to_string().contains(what), "{family}: {error}");
        assert_eq!(std::fs::read_dir(to.path()).unwrap().count(), 0);
    }
}

pub(crate) fn change_config(dir: &Path, field: &str, value: serde_json::Value) {
    let path = dir.join("config.json");
    let mut config = json(&path);
    config[field] = value;
    std::fs::write(path, config.to_string()).unwrap();
}

/// A model of `families` in half precision, with a token for each printable character.
pub(crate) fn half_precision_family(family: &str) -> tempfile::TempDir {
    let source = own_golden(&format!("families/{family}"));
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(source.join("config.json"), dir.path().join("config.json")).unwrap();
    let weights = TensorFile::open(&source.join("model.safetensors"));
    let half = |name: String| {
        let (shape, values) = weights.f32(&name);
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
        (name, tensor.to_dtype(lm::DType::F16).unwrap())
    };
    let tensors: Vec<_> = weights.names().into_iter().map(half).collect();
    let bytes = safetensors::tensor::serialize(tensors, None).unwrap();
    std::fs::write(dir.path().join("model.safetensors"), bytes).unwrap();
    let vocabulary: serde_json::Map<_, _> = (0..94u8)
        .map(|i| (char::from(b'!' + i).to_string(), i.into()))
        .collect();
    let tokenizer = serde_json::json!({"version": "1.0", "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "post_processor": null, "decoder": null,
        "model": {"type": "BPE", "vocab": vocabulary, "merges": []}});
    std::fs::write(dir.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
    dir
}

/// Fused matrices, biases, scalings of each kind and windows: the file holds the same numbers. A window becomes the
/// file's context, within which it has no effect.
#[test]
fn every_family_that_gguf_can_express_is_read_back_the_same() {
    let longrope = serde_json::json!({"rope_type": "longrope", "factor": 4.0, "original_max_position_embeddings": 24,
        "short_factor": [1.0, 1.25, 1.5, 1.75], "long_factor": [1.5, 2.5, 3.5, 4.5]});
    let families = [
        ("llama-plain", None, 64),
        ("llama-plain", Some(("rope_scaling", longrope.clone())), 64),
        ("llama-bias-linear", None, 64),
        ("llama-llama3", None, 64),
        ("llama-yarn", None, 64),
        ("mistral-window", None, 8),
        ("qwen2-window", None, 6),
        ("qwen3-window", None, 7),
        ("phi3-window", None, 9),
        ("phi3-longrope", None, 60),
        ("gemma3-window", None, 64),
        ("smollm3-nope", None, 9),
        (
            "smollm3-nope",
            Some(("use_sliding_window", false.into())),
            64,
        ),
        ("granite-factors", None, 64),
        ("granite-factors", Some(("rope_scaling", longrope)), 64),
        ("granite4-dense", None, 64),
    ];
    for (family, change, context) in families {
        let (dir, to) = (half_precision_family(family), tempfile::tempdir().unwrap());
        if let Some((field, value)) = change {
            change_config(dir.path(), field, value);
        }
        let file = to.path().join("model.gguf");
        write_gguf(
            &Checkpoint::open(dir.path()).unwrap(),
            None,
            GgufType::F16,
            &file,
        )
        .unwrap();
        let (source, found) = (load(dir.path()), load(&file));
        assert_eq!(
            found.decoder.config.max_position_embeddings, context,
            "{family}"
        );
        // On both sides of the contexts at which scalings change.
        for tokens in [context.min(20), context.min(44)] {
            let seq: Vec<u32> = (0..tokens as u32).map(|i| (i * 37 + 11) % 94).collect();
            let (found, expected) = (
                logits_of(&found.decoder, None, &seq),
                logits_of(&source.decoder, None, &seq),
            );
            assert_close(
                &format!("{family}, {tokens} tokens"),
                &found,
                &expected,
                1e-5,
                1e-5,
            );
        }
    }
}

/// Projections that are stored as one matrix get one pair, with the ranks of theirs added up.
#[test]
fn a_gguf_adapter_of_fused_matrices_makes_the_same_update() {
    let base = Decoder::load(&own_golden("families/phi3-window"), &Device::Cpu).unwrap();
    let adapter = random_adapter(&base);
    let to = tempfile::tempdir().unwrap();
    let path = to.path().join("adapter.gguf");
    write_gguf_adapter(&adapter, &base.config, &path).unwrap();
    let file = Gguf::open(&path).unwrap();
    let rank = 3 * adapter.config.rank;
    let part = |name: &str, shape: (usize, usize)| {
        file.matrix(&format!("blk.1.attn_qkv.weight.lora_{name}"), shape)
            .unwrap()
            .to_dense()
            .unwrap()
    };
    let update = part("b", (96, rank))
        .matmul(&part("a", (rank, 32)))
        .unwrap();
    for (target, first) in [(lm::Target::Q, 0), (lm::Target::K, 32), (lm::Target::V, 64)] {
        let pair = adapter.get(1, target).unwrap();
        let expected = (pair.b.matmul(&pair.a).unwrap() * adapter.scale(1, target)).unwrap();
        let found =
            (update.narrow(0, first, 32).unwrap() * (adapter.config.alpha / rank as f64)).unwrap();
        let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_close(
            &format!("{target:?}"),
            &values(&found),
            &values(&expected),
            1e-6,
            1e-5,
        );
    }
}

/// Older configurations call the scaling `type`, and some keep its context next to it.
#[test]
fn llama3_scaling_is_written_however_the_configuration_spells_it() {
    let dir = half_precision_family("llama-llama3");
    let path = dir.path().join("config.json");
    let mut config = json(&path);
    let settings = config["rope_scaling"].as_object_mut().unwrap();
    let (kind, context) = (
        settings.remove("rope_type").unwrap(),
        settings.remove("original_max_position_embeddings").unwrap(),
    );
    settings.insert("type".to_owned(), kind);
    config["original_max_position_embeddings"] = context;
    std::fs::write(&path, config.to_string()).unwrap();
    let file = dir.path().join("model.gguf");
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    write_gguf(&checkpoint, None, GgufType::F16, &file).unwrap();
    let expected = checkpoint.config().unwrap().rope_scaling;
    assert_ne!(expected, lm::RopeScaling::None);
    assert_eq!(
        Gguf::open(&file).unwrap().config().unwrap().rope_scaling,
        expected
    );
}

#[test]
fn a_gguf_file_gives_what_its_source_gives() {
    let mut checked = 0;
    for folder in tiny_models().iter().map(|model| expressible(model)) {
        let dir = folder.path().to_path_buf();
        let (checkpoint, source) = (Checkpoint::open(&dir).unwrap(), load(&dir));
        let exact = logits(&source, None);
        let to = tempfile::tempdir().unwrap();
        for (kind, bound) in [
            (GgufType::F16, 4e-3),
            (GgufType::Q8_0, 0.05),
            (GgufType::Q4KM, 0.05),
        ] {
            let file = to.path().join(format!("{}.gguf", kind.as_str()));
            write_gguf(&checkpoint, None, kind, &file).unwrap();
            let model = load(&file);
            let what = format!("{} as {}", dir.display(), kind.as_str());
            // Rows of 64 and 176 values take Q8_0 and f16 in place of Q4_K, so the mix is as close as Q8_0 here.
            let off = distance(&logits(&model, None), &exact);
            assert!(off < bound, "{what}: {off}");
            let (ours, theirs) = (&model.decoder.config, &source.decoder.config);
            assert_eq!(
                (
                    ours.rope_theta,
                    ours.rms_norm_eps,
                    ours.tie_word_embeddings,
                    ours.max_position_embeddings
                ),
                (
                    theirs.rope_theta,
                    theirs.rms_norm_eps,
                    theirs.tie_word_embeddings,
                    theirs.max_position_embeddings
                ),
                "{what}"
            );
            assert_eq!(ours.rope_scaling, theirs.rope_scaling, "{what}");
            assert_eq!(model.chat.source(), source.chat.source(), "{what}");
            assert!(source.stop_ids.contains(&model.stop_ids[0]), "{what}");
            checked += 1;
        }
        same_tokens(&dir, &source, &load(&to.path().join("f16.gguf")));
    }
    println!("{checked} GGUF files checked");
}

/// A copy of a model with scores that GGUF can express: llama.cpp divides Gemma 3's by the root of the head's width.
pub(crate) fn expressible(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    let head_dim = json(&dir.join("config.json"))["head_dim"].clone();
    if !json(&dir.join("config.json"))["query_pre_attn_scalar"].is_null() {
        change_config(copy.path(), "query_pre_attn_scalar", head_dim);
    }
    copy
}

/// Splitting patterns that no golden tokenizer has: Mistral's tekken, and GPT-4o's, which Phi-4-mini took over.
#[test]
fn splitting_patterns_are_read_back_by_their_names() {
    let word = |ending: &str| {
        let (upper, lower) = (
            r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]",
            r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]",
        );
        format!(
            r"[^\r\n\p{{L}}\p{{N}}]?{upper}*{lower}+{ending}|[^\r\n\p{{L}}\p{{N}}]?{upper}+{lower}*{ending}"
        )
    };
    let punctuation = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    let contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    for pattern in [
        format!(r"{}|\p{{N}}{punctuation}", word("")),
        format!(r"{}|\p{{N}}{{1,3}}{punctuation}", word(contraction)),
    ] {
        let dir = tempfile::tempdir().unwrap();
        for name in ["config.json", "model.safetensors", "tokenizer_config.json"] {
            std::fs::copy(golden("llama-tiny").join(name), dir.path().join(name)).unwrap();
        }
        let mut tokenizer = json(&golden("llama-tiny").join("tokenizer.json"));
        tokenizer["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = pattern.clone().into();
        std::fs::write(dir.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
        let file = tempfile::tempdir().unwrap();
        let path = file.path().join("model.gguf");
        write_gguf(
            &Checkpoint::open(dir.path()).unwrap(),
            None,
            GgufType::F16,
            &path,
        )
        .unwrap();
        let written = Gguf::open(&path).unwrap().tokenizer_json().unwrap();
        assert_eq!(
            written["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"],
            pattern
        );
    }
}

fn same_tokens(dir: &Path, source: &LanguageModel, exported: &LanguageModel) {
    let texts = json(&dir.join("tokenize.json"));
    let mut strings = Vec::new();
    collect_strings(&texts, &mut strings);
    assert!(strings.len() > 5, "{}", dir.display());
    for text in strings {
        let encode =
            |model: &LanguageModel| model.tokenizer.encode(text, SpecialTokens::Parse).unwrap();
        assert_eq!(
            encode(exported),
            encode(source),
            "{}: {text:?}",
            dir.display()
        );
        let whole = |model: &LanguageModel| {
            model
                .tokenizer
                .encode_with_added(text, SpecialTokens::AsText)
                .unwrap()
        };
        assert_eq!(
            whole(exported),
            whole(source),
            "{}: {text:?}",
            dir.display()
        );
    }
}

fn collect_strings<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a str>) {
    match value {
        serde_json::Value::String(text) => found.push(text),
        serde_json::Value::Array(list) => {
            list.iter().for_each(|value| collect_strings(value, found))
        }
        serde_json::Value::Object(map) => {
            map.values().for_each(|value| collect_strings(value, found))
        }
        _ => {}
    }
}

#[test]
fn a_quantised_file_becomes_a_half_precision_checkpoint() {
    let file = golden("gguf").join("llama-q4_k_m.gguf");
    let to = tempfile::tempdir().unwrap();
    write_merged(&Checkpoint::open(&file).unwrap(), None, to.path(), "").unwrap();
    let (source, merged) = (load(&file), load(to.path()));
    let off = distance(&logits(&merged, None), &logits(&source, None));
    assert!(off < 5e-3, "{off}");
    let ids = |model: &LanguageModel| {
        model
            .tokenizer
            .encode_with_added("Anna: 123 noon?\n", SpecialTokens::AsText)
            .unwrap()
    };
    assert_eq!(ids(&merged), ids(&source));
    assert_eq!(merged.chat.source(), source.chat.source());
}

#[test]
fn a_gguf_adapter_holds_the_pairs_under_llama_cpps_names() {
    let config = Checkpoint::open(&golden("llama-tiny"))
        .unwrap()
        .config()
        .unwrap();
    let adapter = Adapter::load(&golden("lora"), &config, &Device::Cpu).unwrap();
    let to = tempfile::tempdir().unwrap();
    let path = to.path().join("adapter.gguf");
    write_gguf_adapter(&adapter, &config, &path).unwrap();
    let file = Gguf::open(&path).unwrap();
    let pair = adapter.get(1, lm::Target::V).unwrap();
    let values = |t: &lm::Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    for (part, expected) in [("lora_a", &pair.a), ("lora_b", &pair.b)] {
        let shape = expected.dims2().unwrap();
        let found = file
            .matrix(&format!("blk.1.attn_v.weight.{part}"), shape)
            .unwrap()
            .to_dense()
            .unwrap();
        assert_eq!(values(&found), values(expected));
    }
    // Rows of queries are interleaved; the pair is otherwise the same.
    let b = &adapter.get(0, lm::Target::Q).unwrap().b;
    let found = file
        .matrix("blk.0.attn_q.weight.lora_b", b.dims2().unwrap())
        .unwrap()
        .to_dense()
        .unwrap();
    let sorted = |t: &lm::Tensor| {
        let mut values = values(t);
        values.sort_by(f32::total_cmp);
        values
    };
    assert_ne!(values(&found), values(b));
    assert_eq!(sorted(&found), sorted(b));
    assert!(
        LanguageModel::load(&path, &Device::Cpu)
            .unwrap_err()
            .to_string()
            .contains("base model")
    );
}
