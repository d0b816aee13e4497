//! Diversity, extractiveness and the two baselines without a model against recorded figures: `tests/golden/diversity`
//! and `tests/golden/lead_longest`.

use crate::fixture;
use crate::values::{Worst, count, counts, list, number, numbers, string, strings, texts};
use metrics::copy::{CopiedNgrams, copied_ngrams, longest_shared_run, tokenize};
use metrics::rouge::{RougeOptions, RougeScores, mean, score_each};
use metrics::{diversity, extractive, extractiveness};
use serde_json::Value;

/// Shares are the same divisions on both sides.
const SHARES: f64 = 1e-12;
/// Self-BLEU and ROUGE.
const SCORES: f64 = 1e-9;

/// The order at the end of a name such as `self_bleu4`.
fn order(name: &str) -> usize {
    let digit = name.chars().next_back().and_then(|c| c.to_digit(10));
    digit.unwrap_or_else(|| panic!("{name} has no order")) as usize
}

#[test]
fn groups_of_texts() {
    let folder = fixture::golden("diversity");
    let (groups, expected) = (
        fixture::json(&folder.join("texts.json")),
        fixture::json(&folder.join("golden.json")),
    );
    let (mut shares, mut scores) = (Worst::within(SHARES), Worst::within(SCORES));
    let groups = groups.as_object().expect("groups of texts");
    for (group, members) in groups {
        let tokens: Vec<Vec<String>> = list(members)
            .iter()
            .map(|text| texts(&text["tokens"]))
            .collect();
        for (text, tokens) in list(members).iter().zip(&tokens) {
            assert_eq!(&tokenize(string(&text["text"])), tokens, "{group}");
        }
        for (name, expected) in expected[group].as_object().expect("figures") {
            let (what, n) = (format!("{group} {name}"), order(name));
            match name.trim_end_matches(char::is_numeric) {
                "distinct" => {
                    shares.compare_defined(&what, diversity::distinct_n(&tokens, n), expected)
                }
                "repeat" => {
                    shares.compare_defined(&what, diversity::mean_repeat_n(&tokens, n), expected)
                }
                "self_bleu" => {
                    scores.compare_defined(&what, diversity::self_bleu(&tokens, n), expected)
                }
                _ => panic!("{what}: no such figure"),
            }
        }
    }
    shares.report("diversity/golden.json, shares", groups.len());
    scores.report("diversity/golden.json, self-BLEU", groups.len());
}

#[test]
fn pairs_of_texts() {
    let folder = fixture::golden("diversity");
    let pairs = fixture::json(&folder.join("pairs.json"));
    let mut worst = Worst::within(SHARES);
    let mut pooled: [Vec<CopiedNgrams>; 4] = Default::default();
    for (index, pair) in list(&pairs).iter().enumerate() {
        let (summary, dialogue) = (
            tokenize(string(&pair["summary"])),
            tokenize(string(&pair["dialogue"])),
        );
        for (n, pooled) in (1..).zip(&mut pooled) {
            let copied = copied_ngrams(&summary, &dialogue, n);
            let name = format!("novel{n}");
            worst.compare_defined(
                &format!("pair {index} {name}"),
                copied.novel_share(),
                &pair[&name],
            );
            pooled.push(copied);
        }
        let found = extractiveness::extractiveness(&summary, &dialogue);
        for (name, found) in [
            ("compression", found.map(|found| found.compression)),
            ("coverage", found.map(|found| found.coverage)),
            ("density", found.map(|found| found.density)),
        ] {
            worst.compare_defined(&format!("pair {index} {name}"), found, &pair[name]);
        }
        let run = longest_shared_run(&summary, &dialogue);
        assert_eq!(run, count(&pair["longest_shared_run"]), "pair {index}");
    }
    let expected = fixture::json(&folder.join("pooled.json"));
    for (n, pooled) in (1..).zip(pooled) {
        let name = format!("novel{n}");
        let share = pooled.into_iter().sum::<CopiedNgrams>().novel_share();
        worst.compare_defined(&format!("pooled {name}"), share, &expected[&name]);
    }
    worst.report("diversity/pairs.json", list(&pairs).len());
}

fn compare_rouge(worst: &mut Worst, what: &str, found: &RougeScores, expected: &Value) {
    for (name, score) in found.named() {
        let what = format!("{what} {name}");
        let found = [score.precision, score.recall, score.fmeasure];
        for (found, expected) in found.into_iter().zip(numbers(&expected[name])) {
            worst.compare(&what, found, expected);
        }
    }
}

#[test]
fn baselines_without_a_model() {
    let folder = fixture::golden("lead_longest");
    let dialogues = fixture::json(&folder.join("dialogues.json"));
    let mut worst = Worst::within(SCORES);
    let mut scores: [Vec<RougeScores>; 2] = Default::default();
    for (index, dialogue) in list(&dialogues).iter().enumerate() {
        let lines: Vec<&str> = string(&dialogue["dialogue"]).split('\n').collect();
        let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(
            extractive::longest(&lines, 3),
            counts(&dialogue["longest_lines"]),
            "dialogue {index}"
        );
        let texts = [extractive::lead_3(&lines), extractive::longest_3(&lines)];
        for ((name, text), scores) in ["lead_3", "longest_3"].iter().zip(texts).zip(&mut scores) {
            let what = format!("dialogue {index} {name}");
            assert_eq!(text, string(&dialogue[*name]), "{what}");
            let references = strings(&dialogue["references"]);
            let score =
                mean(&score_each(&references, &text, RougeOptions::default())).expect("references");
            compare_rouge(
                &mut worst,
                &what,
                &score,
                &dialogue[format!("{name}_rouge")],
            );
            scores.push(score);
        }
    }
    let means = fixture::json(&folder.join("mean.json"));
    for (name, scores) in ["lead_3", "longest_3"].iter().zip(&scores) {
        for (rouge, score) in mean(scores).expect("dialogues").named() {
            worst.compare(
                &format!("mean {name} {rouge}"),
                score.fmeasure,
                number(&means[*name][rouge]),
            );
        }
    }
    worst.report("lead_longest/dialogues.json", list(&dialogues).len());
}
