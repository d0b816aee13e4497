//! Three ways to get a dialogue for a summary: one sample, resampling until the format rule accepts, and iterative
//! dialogue synthesis (IDS, method page 3.5). Used by `candidates`, `align`, `dialogues` and `evaluate`.

use std::collections::BTreeMap;

use lm::SpecialTokens;
use lm::generate::{Finish, GenerateConfig, GenerateRequest, Generation};
use lm::lora::Adapter;

use super::context::Stage;
use crate::error::Result;
use crate::format_rule::FormatRule;

/// How a dialogue is got.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// Sample until the rule accepts, at most so often (once: one sample, whatever it is).
    Resample(usize),
    /// Keep the longest valid beginning and go on from there, at most so often.
    Iterate(usize),
}

/// The last state of one item.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) text: String,
    pub(crate) ended: bool,
    pub(crate) pass: bool,
    pub(crate) rules: BTreeMap<String, bool>,
    pub(crate) tries: usize,
    pub(crate) tokens: usize,
}

/// Every item's last state, and the seconds that all took.
pub(crate) struct Attempts {
    pub(crate) items: Vec<Attempt>,
    pub(crate) wall_s: f64,
}

impl Stage<'_> {
    /// Sampling settings of dialogues.
    pub(crate) fn dialogue_config(&self) -> GenerateConfig {
        let recipe = self.recipe();
        GenerateConfig {
            max_new_tokens: recipe.dialogue_max_new_tokens,
            temperature: recipe.dialogue_temperature,
            top_k: 0,
            top_p: recipe.dialogue_top_p,
            stop_ids: self.run.model.stop_ids.clone(),
            batch_size: recipe.generate_batch_size,
        }
    }

    /// The format rule, calibrated on the shots.
    pub(crate) fn format_rule(&self) -> FormatRule {
        let pairs: Vec<(String, String)> =
            self.data().shots.iter().map(|shot| (shot.dialogue.clone(), shot.summary.clone())).collect();
        FormatRule::calibrate(&pairs)
    }

    /// Writes one dialogue for each summary. Round after round, the unfinished ones are generated side by side.
    /// `task` names the work, `stream` its random numbers: two tasks with one stream see the same numbers.
    pub(crate) fn write_dialogues(
        &self,
        (task, stream): (&str, &str),
        adapter: &Adapter,
        summaries: &[&str],
        rule: &FormatRule,
        way: Way,
    ) -> Result<Attempts> {
        let rounds = match way {
            Way::Resample(rounds) | Way::Iterate(rounds) => rounds.max(1),
        };
        let empty = Attempt {
            text: String::new(),
            ended: false,
            pass: false,
            rules: BTreeMap::new(),
            tries: 0,
            tokens: 0,
        };
        let mut attempts = Attempts { items: vec![empty; summaries.len()], wall_s: 0.0 };
        let mut prefixes = vec![String::new(); summaries.len()];
        for round in 0..rounds {
            let open: Vec<usize> = (0..summaries.len()).filter(|&item| !attempts.items[item].pass).collect();
            if open.is_empty() {
                break;
            }
            let requests = open
                .iter()
                .map(|&item| self.dialogue_request(stream, summaries[item], &mut prefixes[item], item, round))
                .collect::<Result<Vec<_>>>()?;
            let name = if rounds == 1 { task.to_owned() } else { format!("{task}, try {}", round + 1) };
            let generated = self.generate(&name, Some(adapter), &requests, &self.dialogue_config())?;
            attempts.wall_s += generated.wall_s;
            for (&item, generation) in open.iter().zip(&generated.generations) {
                let attempt = &mut attempts.items[item];
                self.judge(attempt, &prefixes[item], generation, rule)?;
                if let Way::Iterate(_) = way {
                    prefixes[item] = next_prefix(&prefixes[item], &attempt.text, rule);
                }
            }
        }
        Ok(attempts)
    }

    /// Lines that leave the context no room to go on are taken off the prefix.
    fn dialogue_request(
        &self,
        stream: &str,
        summary: &str,
        prefix: &mut String,
        item: usize,
        round: usize,
    ) -> Result<GenerateRequest> {
        let (model, prompt) = (self.run.model, self.prompts().dialogue(summary)?);
        loop {
            let begun = model.tokenizer.encode(prefix, SpecialTokens::AsText)?;
            if prefix.is_empty() || prompt.len() + begun.len() < model.context_tokens() {
                let prompt_ids = [prompt, begun].concat();
                return Ok(GenerateRequest { prompt_ids, key: self.key(stream, item, round) });
            }
            *prefix = without_last_line(prefix);
        }
    }

    fn judge(
        &self,
        attempt: &mut Attempt,
        prefix: &str,
        generation: &Generation,
        rule: &FormatRule,
    ) -> Result<()> {
        let continued = self.run.model.decode(&generation.ids)?;
        attempt.text = format!("{prefix}{continued}").trim().to_owned();
        attempt.ended = generation.finish == Finish::Stop;
        attempt.tries += 1;
        attempt.tokens += generation.ids.len();
        let check = rule.check(&attempt.text, attempt.ended);
        attempt.pass = check.pass;
        attempt.rules = check.rules.into_iter().map(|(rule, kept)| (rule.to_string(), kept)).collect();
        Ok(())
    }
}

/// The longest valid beginning; one line less where nothing was gained, so that the loop cannot stand still.
fn next_prefix(prefix: &str, text: &str, rule: &FormatRule) -> String {
    let keep = rule.longest_valid_prefix(text);
    if keep.trim().len() <= prefix.trim().len() {
        return without_last_line(&keep);
    }
    keep + "\n"
}

/// The lines but the last, each with its line end.
fn without_last_line(text: &str) -> String {
    match text.trim_end().rsplit_once('\n') {
        Some((before, _)) => format!("{}\n", before.trim_end()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "Ana: Is the van back?\n";
    const SECOND: &str = "Bo: It came in at noon.\n";

    fn next(prefix: &str, text: &str) -> String {
        next_prefix(prefix, text.trim(), &FormatRule::default())
    }

    #[test]
    fn what_is_valid_is_kept_and_what_follows_goes() {
        assert_eq!(
            next("", &format!("{FIRST}{SECOND}and then nobody said a word\n")),
            format!("{FIRST}{SECOND}")
        );
        assert_eq!(next("", &format!("{FIRST}{SECOND}")), format!("{FIRST}{SECOND}"), "short but valid");
        assert_eq!(next("", "no speaker at all"), "");
        assert_eq!(next("", ""), "");
    }

    #[test]
    fn an_attempt_that_gains_nothing_costs_a_line() {
        let both = format!("{FIRST}{SECOND}");
        assert_eq!(next(&both, &format!("{both}no speaker here")), FIRST);
        assert_eq!(next(&both, &both), FIRST, "nothing was added");
        assert_eq!(next(FIRST, FIRST), "");
        let gained = format!("{both}Ana: Good.\n");
        assert_eq!(next(&both, &format!("{gained}no speaker here")), gained);
    }

    #[test]
    fn failing_attempts_never_stand_still() {
        let mut prefix = format!("{FIRST}{SECOND}");
        let mut seen = vec![prefix.clone()];
        while !prefix.is_empty() {
            prefix = next(&prefix, &format!("{prefix}broken"));
            assert!(!seen.contains(&prefix), "{prefix}");
            seen.push(prefix.clone());
        }
        assert_eq!(seen.len(), 3);
    }
}
