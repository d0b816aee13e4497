//! BERTScore from recorded states against the Python package bert-score 0.3.13. The repository keeps no copy: the
//! fixtures `bertscore` and `bertscore_roberta` are read from `DUOLOGUE_GOLDEN` or, if that is not set, below
//! `DUOLOGUE_SHARED`.

use crate::fixture::{self, TensorFile};
use crate::values::{Worst, count, list, number};
use metrics::bertscore::{self, BertScore, Encoded, Weights};
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
