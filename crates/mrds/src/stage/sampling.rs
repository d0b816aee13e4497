//! The ways to get a dialogue for a summary: one sample, one sample under the line grammar, resampling until the format
//! rule accepts, and iterative dialogue synthesis (IDS, `docs/method.md`) line by line or by valid beginnings. Used by `candidates`, `align`, `dialogues`
//! and `evaluate`.

use std::collections::BTreeMap;

use contract::WritingMeasures;
use lm::SpecialTokens;
use lm::infer::generate::{Constraint, Finish, GenerateConfig, GenerateRequest, Generation};
use lm::infer::sample::Filters;
use lm::lora::Adapter;
use project::format_rule::{Check, FormatRule};
use serde::{Deserialize, Serialize};

use super::context::Stage;
use super::line_grammar::{Cast, LineGrammar, Vocabulary};
use super::prefix::Prefix;
use crate::error::Result;

/// A piece of work by its name, and which random numbers it draws: two tasks that share a stream see the same numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task<'a> {
    pub(crate) name: &'a str,
    pub(crate) stream: &'a str,
}

/// How a dialogue is obtained.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// Draw until the rule accepts, at most this number of times (once: one draw, whatever it is).
    Resample(usize),
    /// One draw, whatever it is, of `Name: text` lines by construction.
    Constrained,
    /// Line by line within the format rule ([`super::turns`]).
    Turns,
    /// Keep the longest valid beginning and continue from there ([`Prefix`]), at most this number of times.
    Iterate(usize),
}

/// The last state of one item.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) text: String,
    pub(crate) ended: bool,
    pub(crate) pass: bool,
    pub(crate) rules: BTreeMap<String, bool>,
    pub(crate) tries: usize,
    pub(crate) tokens: usize,
    /// Lines that were drawn again, if it was written line by line.
    pub(crate) resampled: usize,
    /// Whether it was ended by a maximum.
    pub(crate) forced: bool,
}

impl Attempt {
    /// Takes the verdict of the format rule.
    pub(super) fn take(&mut self, check: Check) {
        self.pass = check.pass;
        self.rules = check
            .rules
            .into_iter()
            .map(|(rule, kept)| (rule.to_string(), kept))
            .collect();
    }
}

/// Every item's last state, and the seconds that all took.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Attempts {
    pub(crate) items: Vec<Attempt>,
    pub(crate) wall_s: f64,
}

impl Attempts {
    /// What the writing took; which dialogues are accepted is not known here.
    pub(super) fn measures(&self) -> WritingMeasures {
        WritingMeasures {
            wall_s: self.wall_s,
            forced_closures: self.items.iter().filter(|attempt| attempt.forced).count(),
            resampled_turns: self.items.iter().map(|attempt| attempt.resampled).sum(),
            ..WritingMeasures::default()
        }
    }
}

impl FromIterator<Self> for Attempts {
    fn from_iter<I: IntoIterator<Item = Self>>(blocks: I) -> Self {
        blocks
            .into_iter()
            .fold(Self::default(), |mut together, block| {
                together.items.extend(block.items);
                together.wall_s += block.wall_s;
                together
            })
    }
}

impl Stage<'_> {
    /// Sampling settings of dialogues.
    pub(crate) fn dialogue_config(&self) -> GenerateConfig {
        let recipe = self.recipe();
        GenerateConfig {
            max_new_tokens: recipe.dialogue_max_new_tokens,
            filters: Filters {
                temperature: recipe.dialogue_temperature,
                top_k: recipe.dialogue_top_k,
                top_p: recipe.dialogue_top_p,
                min_p: recipe.dialogue_min_p,
                typical_p: recipe.dialogue_typical_p,
                repetition_penalty: recipe.dialogue_repetition_penalty,
            },
            stop_ids: self.run.model.stop_ids.clone(),
            batch_size: recipe.generate_batch_size,
        }
    }

    /// The format rule, calibrated on the shots.
    pub(crate) fn format_rule(&self) -> FormatRule {
        let pairs: Vec<(String, String)> = self
            .data()
            .shots
            .iter()
            .map(|shot| (shot.dialogue.clone(), shot.summary.clone()))
            .collect();
        FormatRule::calibrate(&pairs)
    }

    /// Writes one dialogue for each summary; the first has the number `first` in the part. Round after round, the
    /// unfinished ones are generated side by side.
    pub(crate) fn write_dialogues(
        &self,
        task: Task<'_>,
        adapter: &Adapter,
        summaries: &[&str],
        first: usize,
        rule: &FormatRule,
        way: Way,
    ) -> Result<Attempts> {
        let rounds = match way {
            Way::Turns => return self.write_turns(task, adapter, summaries, first, rule),
            Way::Resample(rounds) | Way::Iterate(rounds) => rounds.max(1),
            Way::Constrained => 1,
        };
        let (vocabulary, cast);
        let grammars: Option<Vec<LineGrammar<'_>>> = match way {
            Way::Constrained => {
                (vocabulary, cast) = (Vocabulary::of(self.run.model), Cast::of(&self.data().shots));
                let grammar =
                    |summary: &&str| LineGrammar::new(&vocabulary, &cast.speakers(summary));
                Some(summaries.iter().map(grammar).collect())
            }
            _ => None,
        };
        let mask = |item: usize, ids: &[u32], logits: &mut [f32]| {
            if let Some(grammar) = grammars.as_ref().and_then(|grammars| grammars.get(item)) {
                grammar.mask(ids, logits);
            }
        };
        let constraint = grammars.is_some().then_some(&mask as &Constraint<'_>);
        let mut attempts = Attempts {
            items: vec![Attempt::default(); summaries.len()],
            wall_s: 0.0,
        };
        let mut prefixes = vec![Prefix::default(); summaries.len()];
        for round in 0..rounds {
            let open: Vec<usize> = (0..summaries.len())
                .filter(|&item| !attempts.items[item].pass)
                .collect();
            if open.is_empty() {
                break;
            }
            let requests = open
                .iter()
                .map(|&item| {
                    self.dialogue_request(
                        task.stream,
                        summaries[item],
                        &mut prefixes[item],
                        first + item,
                        round,
                    )
                })
                .collect::<Result<Vec<_>>>()?;
            let name = if rounds == 1 {
                task.name.to_owned()
            } else {
                format!("{}, try {}", task.name, round + 1)
            };
            let generated = self.generate_constrained(
                &name,
                Some(adapter),
                &requests,
                &self.dialogue_config(),
                constraint,
            )?;
            attempts.wall_s += generated.wall_s;
            for (&item, generation) in open.iter().zip(&generated.generations) {
                let attempt = &mut attempts.items[item];
                self.judge(attempt, &prefixes[item].text, generation, rule)?;
                if let Way::Iterate(_) = way {
                    prefixes[item].follow(&attempt.text, rule);
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
        prefix: &mut Prefix,
        item: usize,
        round: usize,
    ) -> Result<GenerateRequest> {
        let (model, prompt) = (self.run.model, self.prompts().dialogue(summary)?);
        loop {
            let begun = model
                .tokenizer
                .encode(&prefix.text, SpecialTokens::AsText)?;
            if prefix.text.is_empty() || prompt.len() + begun.len() < model.context_tokens() {
                let prompt_ids = [prompt, begun].concat();
                return Ok(GenerateRequest {
                    prompt_ids,
                    key: self.key(stream, item, round),
                });
            }
            prefix.drop_line();
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
        attempt.take(rule.check(&attempt.text, attempt.ended));
        Ok(())
    }
}
