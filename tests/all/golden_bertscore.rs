//! BERTScore against the Python package bert-score 0.3.13, from recorded states and by our own encoders. The repository
//! keeps no copy: the fixtures `bertscore` and `bertscore_roberta` are read from `DUOLOGUE_GOLDEN` or, if that is not set,
//! below `DUOLOGUE_SHARED`. The weights of the former are those of all-MiniLM-L6-v2, in the folder named by
//! `DUOLOGUE_MINILM`.

use crate::fixture::{self, TensorFile};
use crate::values::{Worst, count, list, number, string};
use lm::{Device, Encoder};
use metrics::bertscore::{self, BertScore, Encoded, Weights};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Largest difference of P, R and F; the package computes in single precision.
const SCORES: f64 = 1e-5;
/// idf is computed in double precision on both sides.
const IDF: f64 = 1e-9;

/// Token ids that begin and end a text of BERT.
const BERT_BORDERS: [u32; 2] = [101, 102];

fn folder(name: &str) -> Option<PathBuf> {
    match std::env::var_os("DUOLOGUE_GOLDEN") {
        Some(_) => Some(fixture::golden(name)),
        None => fixture::shared(&format!("golden/{name}")),
    }
}

fn references(pairs: &Value) -> Vec<Vec<u32>> {
    let ids = |pair: &Value| fixture::ids(&pair["reference_ids"]);
    list(pairs).iter().map(ids).collect()
}

#[test]
fn rare_tokens_weigh_more() {
    let Some(folder) = folder("bertscore") else {
        return;
    };
    let pairs = fixture::json(&folder.join("pairs.json"));
    let weights = Weights::idf(&BERT_BORDERS, &references(&pairs));
    let recorded = fixture::json(&folder.join("idf.json"));
    let recorded = recorded.as_object().expect("a map of weights");
    let mut worst = Worst::within(IDF);
    for (id, expected) in recorded {
        // A token that no reference has.
        let id = if id == "default" {
            u32::MAX
        } else {
            id.parse().expect("a token id")
        };
        worst.compare(&format!("token {id}"), weights.of(id), number(expected));
    }
    worst.report("bertscore/idf.json", recorded.len());
}

/// The states of one text after a layer.
fn encoded(file: &Path, ids: &Value, name: &str) -> Encoded {
    let (_, states) = TensorFile::open(file).f32(name);
    Encoded::new(fixture::ids(ids), states).expect("one state for each token")
}

fn expected(golden: &Value, setting: &str, pair: usize) -> BertScore {
    let figure = |name: &str| number(&golden["scores"][setting][name][pair]);
    BertScore {
        precision: figure("precision"),
        recall: figure("recall"),
        f1: figure("f1"),
    }
}

/// The pair whose states are recorded: the only one that has as many tokens as there are states.
fn recorded_pair(file: &Path, pairs: &Value) -> usize {
    let size = |name: &str| TensorFile::open(file).f32(name).0[0];
    let (candidate, reference) = (size("candidate.layer6"), size("reference.layer6"));
    let fits = |pair: &Value| {
        list(&pair["candidate_ids"]).len() == candidate
            && list(&pair["reference_ids"]).len() == reference
    };
    let second = &list(pairs)[2];
    assert!(fits(second), "the states are not those of pair 2");
    count(&second["id"])
}

#[test]
fn scores_from_states() {
    let Some(folder) = folder("bertscore") else {
        return;
    };
    let file = folder.join("example.safetensors");
    let (pairs, golden) = (
        fixture::json(&folder.join("pairs.json")),
        fixture::json(&folder.join("golden.json")),
    );
    let number = recorded_pair(&file, &pairs);
    let pair = &list(&pairs)[number];
    let candidate = encoded(&file, &pair["candidate_ids"], "candidate.layer6");
    let reference = encoded(&file, &pair["reference_ids"], "reference.layer6");
    let mut worst = Worst::within(SCORES);
    for (setting, weights) in [
        ("layers6_plain", Weights::even(&BERT_BORDERS)),
        (
            "layers6_idf",
            Weights::idf(&BERT_BORDERS, &references(&pairs)),
        ),
    ] {
        let (found, expected) = (
            bertscore::score(&candidate, &reference, &weights),
            expected(&golden, setting, number),
        );
        worst.compare(setting, found.precision, expected.precision);
        worst.compare(setting, found.recall, expected.recall);
        worst.compare(setting, found.f1, expected.f1);
    }
    worst.report("bertscore, a pair with its states", 1);
}

#[test]
fn rescaling() {
    let Some(folder) = folder("bertscore_roberta") else {
        return;
    };
    let golden = fixture::json(&folder.join("golden.json"));
    let (plain, rescaled) = (&golden["layer3_plain"], &golden["layer3_plain_rescaled"]);
    let line = list(&rescaled["baseline"]);
    let baseline = BertScore {
        precision: number(&line[0]),
        recall: number(&line[1]),
        f1: number(&line[2]),
    };
    let mut worst = Worst::within(1e-12);
    let pairs = list(&plain["f1"]).len();
    for pair in 0..pairs {
        let scores = |scores: &Value| BertScore {
            precision: number(&scores["precision"][pair]),
            recall: number(&scores["recall"][pair]),
            f1: number(&scores["f1"][pair]),
        };
        let (found, expected) = (scores(plain).rescaled(&baseline), scores(rescaled));
        worst.compare("precision", found.precision, expected.precision);
        worst.compare("recall", found.recall, expected.recall);
        worst.compare("F", found.f1, expected.f1);
    }
    worst.report("bertscore_roberta, rescaled", pairs);
}

/// The largest difference of hidden states from another implementation in single precision.
const STATES: f64 = 2e-5;

/// Encodes all pairs with the model in `model` up to `layer`, and compares tokens and scores; `golden` has
/// `{setting: {precision, recall, f1}}`.
fn compare_encoder(model: &Path, layer: usize, pairs: &Value, golden: &Value, settings: [&str; 2]) {
    let encoder = Encoder::load(model, Some(layer), &Device::Cpu).expect("the model");
    assert_eq!(encoder.layers(), layer);
    let borders = encoder.border_tokens().expect("tokens");
    let encode = |pair: &Value, side: &str| {
        let text = encoder.encode(string(&pair[side])).expect("a text");
        assert_eq!(
            text.ids,
            fixture::ids(&pair[format!("{side}_ids")]),
            "{}",
            pair[side]
        );
        Encoded::new(text.ids, text.states).expect("one state for each token")
    };
    let encoded: Vec<(Encoded, Encoded)> = list(pairs)
        .iter()
        .map(|pair| (encode(pair, "candidate"), encode(pair, "reference")))
        .collect();
    let weights = [
        Weights::even(&borders),
        Weights::idf(&borders, &references(pairs)),
    ];
    for (setting, weights) in settings.into_iter().zip(weights) {
        let mut worst = Worst::within(SCORES);
        for (index, (candidate, reference)) in encoded.iter().enumerate() {
            let found = bertscore::score(candidate, reference, &weights);
            let what = format!("{setting}, pair {index}");
            worst.compare(
                &what,
                found.precision,
                number(&golden[setting]["precision"][index]),
            );
            worst.compare(
                &what,
                found.recall,
                number(&golden[setting]["recall"][index]),
            );
            worst.compare(&what, found.f1, number(&golden[setting]["f1"][index]));
        }
        worst.report(&format!("BERTScore of {setting}"), encoded.len());
    }
}

#[test]
fn encoder_of_the_roberta_family() {
    let Some(folder) = folder("bertscore_roberta") else {
        return;
    };
    let (pairs, golden, model) = (
        fixture::json(&folder.join("pairs.json")),
        fixture::json(&folder.join("golden.json")),
        folder.join("model"),
    );
    compare_encoder(&model, 3, &pairs, &golden, ["layer3_plain", "layer3_idf"]);
    compare_encoder(&model, 2, &pairs, &golden, ["layer2_plain", "layer2_idf"]);
    let recorded = TensorFile::open(&folder.join("example.safetensors"));
    let text = string(&list(&pairs)[10]["candidate"]);
    for layer in 0..=3 {
        let encoder = Encoder::load(&model, Some(layer), &Device::Cpu).expect("the model");
        let found = encoder.encode(text).expect("a text");
        let (_, expected) = recorded.f32(&format!("hidden_{layer}"));
        fixture::assert_close(
            &format!("layer {layer}"),
            &found.states,
            &expected,
            STATES,
            0.0,
        );
    }
}

#[test]
fn encoder_of_the_bert_family() {
    let Some(model) = std::env::var_os("DUOLOGUE_MINILM").map(PathBuf::from) else {
        return duologue_tests::skip(
            "all-MiniLM-L6-v2 is not on this machine (set DUOLOGUE_MINILM)",
        );
    };
    let Some(folder) = folder("bertscore") else {
        return;
    };
    let pairs = fixture::json(&folder.join("pairs.json"));
    let golden = &fixture::json(&folder.join("golden.json"))["scores"];
    compare_encoder(&model, 6, &pairs, golden, ["layers6_plain", "layers6_idf"]);
    compare_encoder(&model, 5, &pairs, golden, ["layers5_plain", "layers5_idf"]);
}

#[test]
fn what_is_no_encoder_is_refused() {
    let folder = fixture::golden("llama-tiny");
    let error = Encoder::load(&folder, None, &Device::Cpu)
        .err()
        .expect("a refusal");
    // It says which families there are; a decoder's config has all fields, only its type differs.
    assert!(error.to_string().contains("distilbert"), "{error}");
}

/// Name and values of a float32 tensor.
type Named = (String, Vec<usize>, Vec<f32>);

/// Writes a model folder: tensors, config.json, and the tokenizer of another folder.
fn write_model(folder: &Path, tensors: &[Named], config: &Value, tokenizer: &Path) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor");
        (name.as_str(), view)
    });
    let file = safetensors::serialize(views, None).expect("tensors");
    std::fs::write(folder.join("model.safetensors"), file).expect("a file");
    std::fs::write(folder.join("config.json"), config.to_string()).expect("a file");
    std::fs::copy(
        tokenizer.join("tokenizer.json"),
        folder.join("tokenizer.json"),
    )
    .expect("a file");
}

#[test]
fn distilbert_is_bert_by_other_names_without_token_types() {
    let Some(source) = folder("bertscore_roberta") else {
        return;
    };
    let source = source.join("model");
    let file = TensorFile::open(&source.join("model.safetensors"));
    let tensors: Vec<Named> = file
        .names()
        .into_iter()
        .filter(|name| !name.starts_with("pooler"))
        .map(|name| {
            let (shape, values) = file.f32(&name);
            (name, shape, values)
        })
        .collect();
    let of_roberta = fixture::json(&source.join("config.json"));
    let size = |name: &str| of_roberta[name].clone();
    let bert = serde_json::json!({
        "model_type": "bert", "hidden_size": size("hidden_size"), "num_hidden_layers": size("num_hidden_layers"),
        "num_attention_heads": size("num_attention_heads"), "intermediate_size": size("intermediate_size"),
        "max_position_embeddings": size("max_position_embeddings"), "vocab_size": size("vocab_size"),
        "type_vocab_size": 1, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
    });
    let distilbert = serde_json::json!({
        "model_type": "distilbert", "dim": size("hidden_size"), "n_layers": size("num_hidden_layers"),
        "n_heads": size("num_attention_heads"), "hidden_dim": size("intermediate_size"),
        "max_position_embeddings": size("max_position_embeddings"), "vocab_size": size("vocab_size"),
        "activation": "gelu",
    });
    let types = tensors
        .iter()
        .find(|(name, _, _)| name.contains("token_type"))
        .expect("token types")
        .2
        .clone();
    let renamed = tensors
        .iter()
        .filter(|(name, _, _)| !name.contains("token_type"))
        .map(|(name, shape, values)| {
            let mut values = values.clone();
            if name.contains("word_embeddings") {
                // The one token type of BERT becomes part of the words.
                let rows = values.chunks_mut(types.len());
                rows.for_each(|row| {
                    row.iter_mut()
                        .zip(&types)
                        .for_each(|(value, shared)| *value += shared)
                });
            }
            let name = [
                ("encoder.layer", "distilbert.transformer.layer"),
                ("attention.self.query", "attention.q_lin"),
                ("attention.self.key", "attention.k_lin"),
                ("attention.self.value", "attention.v_lin"),
                ("attention.output.dense", "attention.out_lin"),
                ("attention.output.LayerNorm", "sa_layer_norm"),
                ("intermediate.dense", "ffn.lin1"),
                ("output.dense", "ffn.lin2"),
                ("output.LayerNorm", "output_layer_norm"),
            ]
            .iter()
            .fold(name.clone(), |name, (from, to)| name.replace(from, to));
            let name = match name.strip_prefix("embeddings.") {
                Some(name) => format!("distilbert.embeddings.{name}"),
                None => name,
            };
            // What another conversion calls the norms' tensors.
            let name = name
                .replace("norm.weight", "norm.gamma")
                .replace("norm.bias", "norm.beta");
            (name, shape.clone(), values)
        });
    let renamed: Vec<Named> = renamed.collect();
    let folders = [
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    ];
    write_model(folders[0].path(), &tensors, &bert, &source);
    write_model(folders[1].path(), &renamed, &distilbert, &source);
    let states = folders.each_ref().map(|folder| {
        let encoder = Encoder::load(folder.path(), None, &Device::Cpu).expect("the model");
        encoder
            .encode("Delwyn counted seven samples on Monday.")
            .expect("a text")
    });
    assert_eq!(states[0].ids, states[1].ids);
    assert!(states[0].ids.len() > 5);
    fixture::assert_close("states", &states[1].states, &states[0].states, STATES, 0.0);
}
