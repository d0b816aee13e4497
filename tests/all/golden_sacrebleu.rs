//! BLEU, chrF and chrF++ against numbers from the Python package sacrebleu 2.6.0, recorded in `tests/golden/sacrebleu`.

use crate::fixture;
use crate::values::{Worst, count, counts, list, number, string, strings};
use metrics::bleu::{self, BleuCounts, ORDERS, Orders, Tokens};
use metrics::chrf::{self, ChrfCounts, Grams};
use serde_json::Value;

/// The package prints scores from 0 to 100; 1e-9 on that scale.
const TOLERANCE: f64 = 1e-11;

const TOKENS: [(&str, Tokens); 2] = [
    ("bleu", Tokens::Words13a),
    ("bleu_char", Tokens::Characters),
];
const GRAMS: [(&str, Grams); 2] = [
    ("chrf", Grams::Characters),
    ("chrf++", Grams::CharactersAndWords),
];

/// Texts of the fixture; where a reference is missing (null), the sentence has one fewer.
struct Pair<'a> {
    prediction: &'a str,
    references: Vec<&'a str>,
}

fn pairs(value: &Value) -> Vec<Pair<'_>> {
    let pair = |pair| -> Pair<'_> {
        let pair: &Value = pair;
        Pair {
            prediction: string(&pair["prediction"]),
            references: list(&pair["references"])
                .iter()
                .filter_map(Value::as_str)
                .collect(),
        }
    };
    list(value).iter().map(pair).collect()
}

fn compare_bleu(
    worst: &mut Worst,
    what: &str,
    found: &BleuCounts,
    orders: Orders,
    expected: &Value,
) {
    assert_eq!(
        found.matches.to_vec(),
        counts(&expected["matches"]),
        "{what}"
    );
    assert_eq!(found.totals.to_vec(), counts(&expected["totals"]), "{what}");
    assert_eq!(
        found.predicted_tokens,
        count(&expected["sys_len"]),
        "{what}"
    );
    assert_eq!(
        found.reference_tokens,
        count(&expected["ref_len"]),
        "{what}"
    );
    worst.compare(what, found.brevity_penalty(), number(&expected["bp"]));
    if let Some(precisions) = expected["precisions"].as_array() {
        for (found, expected) in found.precisions().iter().zip(precisions) {
            worst.compare(what, *found, number(expected) / 100.0);
        }
    }
    let score = number(&expected["score"]) / 100.0;
    worst.compare(what, found.score(ORDERS, orders), score);
}

#[test]
fn sentences() {
    let fixture = fixture::json(&fixture::golden("sacrebleu").join("pairs.json"));
    let mut worst = Worst::within(TOLERANCE);
    for (pair, expected) in pairs(&fixture).iter().zip(list(&fixture)) {
        for (name, tokens) in TOKENS {
            let what = format!("pair {} {name}", expected["id"]);
            let found = bleu::count(pair.prediction, &pair.references, tokens);
            compare_bleu(
                &mut worst,
                &what,
                &found,
                Orders::Effective,
                &expected[name],
            );
        }
        for (name, grams) in GRAMS {
            let found = chrf::count(pair.prediction, &pair.references, grams).score();
            let what = format!("pair {} {name}", expected["id"]);
            worst.compare(&what, found, number(&expected[name]) / 100.0);
        }
    }
    worst.report("sacrebleu/pairs.json", list(&fixture).len());
}

/// The part of the pairs and whether only the first reference counts, by the key's words: `first_reference`,
/// `all_references`, `first_34_edge_cases`, `plain_34_to_99`.
fn selected<'a>(key: &str, pairs: &'a [Pair<'a>]) -> (&'a [Pair<'a>], bool) {
    let numbers: Vec<usize> = key
        .split('_')
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers[..] {
        [first, last] => (&pairs[first..=last], false),
        [size] => (&pairs[..size], false),
        _ => (pairs, key == "first_reference"),
    }
}

#[test]
fn corpora() {
    let folder = fixture::golden("sacrebleu");
    let fixture = fixture::json(&folder.join("pairs.json"));
    let pairs = pairs(&fixture);
    let corpora = fixture::json(&folder.join("corpus.json"));
    let corpora = corpora.as_object().expect("a map of corpora");
    let mut worst = Worst::within(TOLERANCE);
    for (key, expected) in corpora {
        let (part, is_first_only) = selected(key, &pairs);
        let references = |pair: &'_ Pair<'_>| -> Vec<String> {
            let references = if is_first_only {
                1
            } else {
                pair.references.len()
            };
            pair.references[..references]
                .iter()
                .map(|text| (*text).to_owned())
                .collect()
        };
        for (name, tokens) in TOKENS {
            let found: BleuCounts = part
                .iter()
                .map(|pair| bleu::count(pair.prediction, &references(pair), tokens))
                .sum();
            compare_bleu(
                &mut worst,
                &format!("{key} {name}"),
                &found,
                Orders::Whole,
                &expected[name],
            );
        }
        for (name, grams) in GRAMS {
            let found: ChrfCounts = part
                .iter()
                .map(|pair| chrf::count(pair.prediction, &references(pair), grams))
                .sum();
            let expected = number(&expected[name]["score"]) / 100.0;
            worst.compare(&format!("{key} {name}"), found.score(), expected);
        }
    }
    worst.report("sacrebleu/corpus.json", corpora.len());
}

#[test]
fn tokens() {
    let texts = fixture::json(&fixture::golden("sacrebleu").join("tokens_13a.json"));
    for case in list(&texts) {
        let text = string(&case["text"]);
        assert_eq!(
            bleu::tokenize(text, Tokens::Words13a),
            strings(&case["tokens"]),
            "{text:?}"
        );
    }
    Worst::within(0.0).report("sacrebleu/tokens_13a.json", list(&texts).len());
}
