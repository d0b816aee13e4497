//! The four instructions of the method as token ids, identical in training, scoring and use. A model that can think is
//! asked not to: what its template writes for "no thoughts" belongs to the prompt.

use lm::{LanguageModel, Message};
use project::dialogue::Dialogue;
use project::recipe::Recipe;

use crate::error::Result;

/// Renders prompts and completions with a model's chat template.
pub struct Prompts<'a> {
    model: &'a LanguageModel,
    recipe: &'a Recipe,
}

impl<'a> Prompts<'a> {
    /// Prompts of this recipe for this model.
    pub fn new(model: &'a LanguageModel, recipe: &'a Recipe) -> Self {
        Self { model, recipe }
    }

    /// Dialogue → summary.
    pub fn summarize(&self, dialogue: &str) -> Result<Vec<u32>> {
        self.ask(&format!("{}\n\n{dialogue}", self.recipe.prompt_summarize))
    }

    /// Dialogue → summary, after worked examples given as earlier turns of the conversation.
    pub fn summarize_like(&self, examples: &[(&str, &str)], dialogue: &str) -> Result<Vec<u32>> {
        let ask = |dialogue: &str| {
            message(
                "user",
                &format!("{}\n\n{dialogue}", self.recipe.prompt_summarize),
            )
        };
        let worked = examples
            .iter()
            .flat_map(|(d, s)| [ask(d), message("assistant", s)]);
        let messages: Vec<Message> = worked.chain([ask(dialogue)]).collect();
        Ok(self.model.opened_prompt_ids(&messages)?)
    }

    /// Summary → topic, after worked examples.
    pub fn topic(&self, examples: &[(&str, &str)], summary: &str) -> Result<Vec<u32>> {
        let ask = |summary: &str| {
            message(
                "user",
                &format!("{}\n\n{summary}", self.recipe.prompt_topic),
            )
        };
        let worked = examples
            .iter()
            .flat_map(|(s, t)| [ask(s), message("assistant", t)]);
        let messages: Vec<Message> = worked.chain([ask(summary)]).collect();
        Ok(self.model.opened_prompt_ids(&messages)?)
    }

    /// Topic → summary, with real summaries as examples of the style.
    pub fn summary(&self, style: &[&str], topic: &str) -> Result<Vec<u32>> {
        let mut text = String::new();
        if !style.is_empty() {
            text.push_str("Here are examples of such summaries:\n\n");
            style
                .iter()
                .for_each(|example| text.push_str(&format!("- {example}\n")));
            text.push('\n');
        }
        self.ask(&format!("{text}{} {topic}", self.recipe.prompt_summary))
    }

    /// Summary → dialogue.
    pub fn dialogue(&self, summary: &str) -> Result<Vec<u32>> {
        self.ask(&format!("{}\n\n{summary}", self.recipe.prompt_dialogue))
    }

    /// The answer as the template closes it.
    pub fn completion(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.model.opened_completion_ids(text)?)
    }

    fn ask(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.model.opened_prompt_ids(&[message("user", text)])?)
    }
}

fn message(role: &str, content: &str) -> Message {
    Message {
        role: role.to_owned(),
        content: content.to_owned(),
    }
}

/// A dialogue in the one form that every stage reads and writes: `Name: text` lines.
pub fn canonical(dialogue: &str) -> String {
    Dialogue::parse(dialogue).join_continuations().to_text()
}
