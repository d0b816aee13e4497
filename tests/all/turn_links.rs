//! Links from summaries to turns, against turns that people chose: TweetSumm (the turns each annotator marked) and QMSum
//! (the spans that answer a query). Skips without the data.

use crate::conversations::{self, json_lines};
use crate::values::{list, string, strings};
use metrics::lexicon::Lexicon;
use metrics::support::Turns;
use serde_json::Value;
use std::collections::BTreeSet;

/// Rankings of turns against the chosen ones, mean over summaries.
#[derive(Default)]
struct Ranking {
    summaries: f64,
    auc: f64,
    hit: f64,
    r_precision: f64,
}

impl Ranking {
    fn add(&mut self, scores: &[f64], chosen: &BTreeSet<usize>) {
        let (inside, outside): (Vec<_>, Vec<_>) =
            (0..scores.len()).partition(|place| chosen.contains(place));
        if inside.is_empty() || outside.is_empty() {
            return;
        }
        let wins = |a: &usize, b: &usize| match scores[*a].total_cmp(&scores[*b]) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        };
        let won: f64 = inside
            .iter()
            .flat_map(|a| outside.iter().map(move |b| wins(a, b)))
            .sum();
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let is_chosen = |place: &&usize| chosen.contains(*place);
        self.summaries += 1.0;
        self.auc += won / (inside.len() * outside.len()) as f64;
        self.hit += f64::from(u8::from(chosen.contains(&order[0])));
        self.r_precision +=
            order[..inside.len()].iter().filter(is_chosen).count() as f64 / inside.len() as f64;
    }

    fn assert(&self, name: &str, auc: f64, hit: f64, r_precision: f64) {
        let mean = |sum: f64| sum / self.summaries;
        let found = [mean(self.auc), mean(self.hit), mean(self.r_precision)];
        println!(
            "{name}: {} summaries, AUC, hit@1, R-precision {found:.3?}",
            self.summaries
        );
        assert!(self.summaries > 100.0, "{name}: too few summaries");
        for (found, least) in found.into_iter().zip([auc, hit, r_precision]) {
            assert!(found >= least, "{name}: {found}, at least {least}");
        }
    }
}

#[test]
fn turns_that_annotators_chose() {
    let Some(rows) = json_lines("tweetsumm/valid.jsonl") else {
        return;
    };
    let lexicon = Lexicon::english();
    let mut ranking = Ranking::default();
    for row in &rows {
        let turns: Vec<(String, String)> = strings(&row["turns"])
            .into_iter()
            .map(|text| (String::new(), text.to_owned()))
            .collect();
        let turns = conversations::turns(&turns);
        let index = Turns::new(&turns, &lexicon);
        for (summary, chosen) in list(&row["summaries"])
            .iter()
            .zip(list(&row["extractive_turns"]))
        {
            let chosen = list(chosen)
                .iter()
                .filter_map(Value::as_u64)
                .map(|place| place as usize)
                .collect();
            ranking.add(&index.scores(string(summary)), &chosen);
        }
    }
    ranking.assert("TweetSumm", 0.79, 0.85, 0.70);
}

#[test]
fn spans_that_answer_a_query() {
    let Some(meetings) = json_lines("qmsum/val.jsonl") else {
        return;
    };
    let lexicon = Lexicon::english();
    let mut ranking = Ranking::default();
    for meeting in &meetings {
        let turn = |turn: &Value| {
            (
                string(&turn["speaker"]).to_owned(),
                string(&turn["content"]).to_owned(),
            )
        };
        let turns: Vec<(String, String)> = list(&meeting["meeting_transcripts"])
            .iter()
            .map(turn)
            .collect();
        let turns = conversations::turns(&turns);
        let index = Turns::new(&turns, &lexicon);
        for query in list(&meeting["specific_query_list"]) {
            let place = |value: &Value| string(value).parse::<usize>().expect("a turn");
            let spans = list(&query["relevant_text_span"]).iter();
            let chosen = spans
                .flat_map(|span| place(&span[0])..=place(&span[1]))
                .collect();
            ranking.add(&index.scores(string(&query["answer"])), &chosen);
        }
    }
    ranking.assert("QMSum", 0.85, 0.0, 0.50);
}
