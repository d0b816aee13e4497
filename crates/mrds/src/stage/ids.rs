//! Carries out iterative dialogue synthesis turn by turn ([`super::turns`]): in every round one line of each open dialogue
//! is drawn, side by side.

use lm::SpecialTokens;
use lm::infer::generate::{Constraint, GenerateConfig, GenerateRequest};
use lm::lora::Adapter;
use project::format_rule::{ContentGuards, FormatRule};

use super::context::Stage;
use super::line_grammar::{Cast, LineGrammar, Vocabulary};
use super::preferences::guards;
use super::sampling::{Attempt, Attempts, Task};
use super::scoring::content_scores;
use super::turns::{Bounds, Demands, LineLimits, Lines};
use crate::error::Result;

/// What all dialogues of a block have in common.
struct Writer<'a> {
    rule: &'a FormatRule,
    guards: ContentGuards,
    bounds: Bounds,
    corrections: usize,
}

impl Writer<'_> {
    fn demands<'d>(&'d self, cast: &'d [String], summary: &'d str) -> Demands<'d> {
        Demands {
            rule: self.rule,
            guards: &self.guards,
            bounds: self.bounds,
            cast,
            summary,
            corrections: self.corrections,
        }
    }

    /// The speakers of a summary whose names keep the rule.
    fn cast(&self, names: Vec<String>) -> Vec<String> {
        let keeps = |name: &String| {
            let line = format!("{name}: Well then.");
            self.rule.first_violation_line(&line).is_none()
        };
        let kept: Vec<String> = names.iter().filter(|name| keeps(name)).cloned().collect();
        if kept.is_empty() { names } else { kept }
    }
}

impl Stage<'_> {
    /// Writes one dialogue for each summary, of which the first has the number `first` in the part.
    pub(super) fn write_turns(
        &self,
        task: Task<'_>,
        adapter: &Adapter,
        summaries: &[&str],
        first: usize,
        rule: &FormatRule,
    ) -> Result<Attempts> {
        let writer = Writer {
            rule,
            guards: guards(self),
            bounds: Bounds::of(rule),
            corrections: self.recipe().ids_max_iterations,
        };
        let vocabulary = Vocabulary::of(self.run.model);
        let cast = Cast::of(&self.data().shots);
        let casts: Vec<Vec<String>> = summaries
            .iter()
            .map(|summary| writer.cast(cast.speakers(summary)))
            .collect();
        let mut config = GenerateConfig {
            max_new_tokens: writer.bounds.line_tokens(),
            ..self.dialogue_config()
        };
        config.stop_ids.extend_from_slice(vocabulary.line_ends());
        let mut dialogues = vec![Lines::default(); summaries.len()];
        let mut attempts = Attempts {
            items: vec![Attempt::default(); summaries.len()],
            wall_s: 0.0,
        };
        for round in 0.. {
            let (mut open, mut requests) = (Vec::new(), Vec::new());
            for (item, dialogue) in dialogues.iter_mut().enumerate() {
                let demands = writer.demands(&casts[item], summaries[item]);
                if let Some(prompt_ids) = self.turn_prompt(dialogue, &demands)? {
                    let key = self.key(task.stream, first + item, round);
                    requests.push(GenerateRequest { prompt_ids, key });
                    open.push(item);
                }
            }
            if open.is_empty() {
                break;
            }
            let limit = |item: &usize| {
                dialogues[*item].limits(&writer.demands(&casts[*item], summaries[*item]))
            };
            let limits: Vec<LineLimits> = open.iter().map(limit).collect();
            let grammars: Vec<LineGrammar<'_>> = limits
                .iter()
                .map(|limits| LineGrammar::new(&vocabulary, &limits.speakers))
                .collect();
            let mask = |place: usize, ids: &[u32], logits: &mut [f32]| {
                if let (Some(grammar), Some(limits)) = (grammars.get(place), limits.get(place)) {
                    grammar.mask_line(ids, logits, limits);
                }
            };
            let name = format!("{}, line {}", task.name, round + 1);
            let constraint = Some(&mask as &Constraint<'_>);
            let generated =
                self.generate_constrained(&name, Some(adapter), &requests, &config, constraint)?;
            attempts.wall_s += generated.wall_s;
            let mut taken = Vec::new();
            for (&item, generation) in open.iter().zip(&generated.generations) {
                let model = self.run.model;
                let before = dialogues[item].len();
                let ends = |id: &u32| model.stop_ids.contains(id);
                let line = self.text(&generation.ids)?;
                let demands = writer.demands(&casts[item], summaries[item]);
                dialogues[item].take(&line, generation.ids.last().is_some_and(ends), &demands);
                attempts.items[item].tokens += generation.ids.len();
                if dialogues[item].len() > before {
                    taken.push(item);
                }
            }
            if self.recipe().ids_score {
                self.judge_lines(&mut dialogues, &taken, &writer, (&casts, summaries))?;
            }
        }
        for (attempt, dialogue) in attempts.items.iter_mut().zip(&dialogues) {
            attempt.text = dialogue.text().trim().to_owned();
            attempt.ended = dialogue.is_closed;
            attempt.tries = 1 + dialogue.resampled;
            attempt.resampled = dialogue.resampled;
            attempt.forced = dialogue.is_forced;
            attempt.take(rule.check(&attempt.text, attempt.ended));
        }
        Ok(attempts)
    }

    /// Has the scorer look at the lines that were taken last (`ids_score`). `asked` holds the cast and the summary of
    /// each dialogue.
    fn judge_lines(
        &self,
        dialogues: &mut [Lines],
        taken: &[usize],
        writer: &Writer<'_>,
        asked: (&[Vec<String>], &[&str]),
    ) -> Result<()> {
        let (casts, summaries) = asked;
        let texts: Vec<String> = taken.iter().map(|&item| dialogues[item].text()).collect();
        let pairs: Vec<(&str, &str)> = texts
            .iter()
            .zip(taken)
            .map(|(text, &item)| (text.trim_end(), summaries[item]))
            .collect();
        let min_gap = self.recipe().min_gap;
        for (&item, score) in taken.iter().zip(content_scores(self, &pairs)?) {
            let demands = writer.demands(&casts[item], summaries[item]);
            dialogues[item].judge(score, min_gap, &demands);
        }
        Ok(())
    }

    /// The prompt of a dialogue's next line; `None` if it has ended, by itself or because no more fits.
    fn turn_prompt(&self, dialogue: &mut Lines, demands: &Demands<'_>) -> Result<Option<Vec<u32>>> {
        if !dialogue.is_open() {
            return Ok(None);
        }
        let model = self.run.model;
        let prompt = self.prompts().dialogue(demands.summary)?;
        let begun = model
            .tokenizer
            .encode(&dialogue.text(), SpecialTokens::AsText)?;
        let is_long = begun.len() >= self.recipe().dialogue_max_new_tokens;
        let room = model
            .context_tokens()
            .saturating_sub(prompt.len() + begun.len());
        let is_full = room <= demands.bounds.line_tokens();
        if is_long || is_full {
            dialogue.close(demands, is_full);
        }
        Ok(dialogue.is_open().then(|| [prompt, begun].concat()))
    }
}
