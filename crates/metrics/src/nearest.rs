//! The most similar other text in a set: cosine of TF-IDF vectors over stemmed content words, with
//! `tf = 1 + ln(count)` and `idf = ln((N + 1) / (df + 0.5))` over the N texts.

use std::collections::{BTreeMap, HashMap};

use crate::copy::tokenize;
use crate::lexicon::{Class, Lexicon};
use crate::stemmer;

/// For each text, the index of the most similar other text, the first on ties; `None` if there is no other.
pub fn nearest<T: AsRef<str>>(texts: &[T], lexicon: &Lexicon) -> Vec<Option<usize>> {
    let vectors = vectors(texts, lexicon);
    let likest = |place: usize| {
        let others = (0..vectors.len()).filter(|other| *other != place);
        others
            .map(|other| (cosine(&vectors[place], &vectors[other]), other))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
            .map(|(_, other)| other)
    };
    (0..vectors.len()).map(likest).collect()
}

/// Unit vectors by word, in the words' order, so that sums are the same every time.
fn vectors<T: AsRef<str>>(texts: &[T], lexicon: &Lexicon) -> Vec<BTreeMap<String, f64>> {
    let counts: Vec<BTreeMap<String, f64>> = texts
        .iter()
        .map(|text| {
            let mut counts = BTreeMap::new();
            for word in tokenize(text.as_ref()) {
                if !lexicon.is(Class::Stop, &word) {
                    *counts.entry(stemmer::stem(&word)).or_insert(0.0) += 1.0;
                }
            }
            counts
        })
        .collect();
    let mut with_word: HashMap<&str, f64> = HashMap::new();
    for word in counts.iter().flat_map(BTreeMap::keys) {
        *with_word.entry(word).or_default() += 1.0;
    }
    let n = texts.len() as f64;
    let weigh = |counts: &BTreeMap<String, f64>| {
        let weight = |(word, count): (&String, &f64)| {
            let df = with_word.get(word.as_str()).copied().unwrap_or(0.0);
            let idf = ((n + 1.0) / (df + 0.5)).ln();
            (word.clone(), (1.0 + count.ln()) * idf)
        };
        let weights: BTreeMap<String, f64> = counts.iter().map(weight).collect();
        let length = weights.values().map(|x| x * x).sum::<f64>().sqrt();
        let unit = |(word, x)| (word, if length > 0.0 { x / length } else { 0.0 });
        weights.into_iter().map(unit).collect()
    };
    counts.iter().map(weigh).collect()
}

fn cosine(a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>) -> f64 {
    a.iter()
        .filter_map(|(word, x)| Some(x * b.get(word)?))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_about_the_same_is_nearest() {
        let texts = [
            "Ann buys a bicycle.",
            "The printer in the office is broken.",
            "Bob sold his old bicycles and buys skates.",
            "Nobody repaired the office printer.",
        ];
        let found = nearest(&texts, &Lexicon::english());
        assert_eq!(found, [Some(2), Some(3), Some(0), Some(1)]);
    }

    #[test]
    fn one_text_has_no_other_and_empty_ones_take_the_first() {
        let lexicon = Lexicon::english();
        assert_eq!(nearest(&["alone"], &lexicon), [None]);
        assert_eq!(nearest(&["", ""], &lexicon), [Some(1), Some(0)]);
        assert_eq!(nearest::<&str>(&[], &lexicon), []);
    }
}
