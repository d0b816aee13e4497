//! score, generate, summarize: the model by itself.

use std::io::{BufRead, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use contract::problem::{Misuse, ShellProblem};
use contract::{DemoLine, DemoRequest, FileAction, Problem};
use lm::infer::generate::{GenerateConfig, GenerateRequest};
use lm::infer::sample::Filters;
use lm::infer::score::Completion;
use lm::lora::Adapter;
use lm::{LanguageModel, Message, SpecialTokens, device, random};
use mrds::demo::Summarizer;
use project::rows::DATABASE;
use serde::Deserialize;

use super::demo::summarize_all;
use super::{Done, read_lines, read_text, session};
use crate::answer::{Generated, GeneratedLine, Scored, ScoredLine, Served};
use crate::args::{Generate, Global, ModelArgs, Score, Summarize};
use crate::failure::Failure;
use crate::output::{Output, note};

/// Tokens computed at once when scoring.
const TOKENS_PER_BATCH: usize = 4096;

#[derive(Deserialize)]
struct Prompt {
    #[serde(default)]
    messages: Option<Vec<ChatMessage>>,
    #[serde(default)]
    prompt: Option<String>,
    #[serde(default)]
    completion: Option<String>,
}

/// A message of a conversation, as the lines of a file have it.
#[derive(Deserialize)]
pub(super) struct ChatMessage {
    pub(super) role: String,
    pub(super) content: String,
}

fn load(global: &Global, args: &ModelArgs) -> Result<(LanguageModel, Option<Adapter>), Failure> {
    let mut model =
        LanguageModel::load_quantized(&args.model, args.quantize, &device::select(global.device)?)?;
    if let Some(date) = args.date {
        model.chat.set_date(date);
    }
    let load = |folder: &std::path::PathBuf| {
        Adapter::load(folder, &model.decoder.config, &model.decoder.device)
    };
    let adapter = args.adapter.as_ref().map(load).transpose()?;
    warn(
        adapter
            .as_ref()
            .and_then(|adapter| adapter.config.base_model_warning(&args.model))
            .as_deref(),
    );
    Ok((model, adapter))
}

/// Problems that may make the result useless without stopping the work.
fn warn(warning: Option<&str>) {
    if let Some(warning) = warning {
        note(&format!("duologue: warning: {warning}"));
    }
}

impl Prompt {
    /// The prompt's tokens; refused, with the line, if they and `completion_tokens` do not fit the model's context.
    fn fitting_ids(
        &self,
        model: &LanguageModel,
        file: &Path,
        row: usize,
        completion_tokens: usize,
    ) -> Result<Vec<u32>, Failure> {
        let ids = self.ids(model, file, row)?;
        let (tokens, limit) = (ids.len() + completion_tokens, model.context_tokens());
        if tokens > limit {
            return Err(in_line(
                file,
                row,
                lm::Error::ContextExceeded { tokens, limit },
            ));
        }
        Ok(ids)
    }

    /// Chat messages through the model's template; a plain prompt as it stands, with the tokenizer's own beginning.
    fn ids(&self, model: &LanguageModel, file: &Path, row: usize) -> Result<Vec<u32>, Failure> {
        match (&self.messages, &self.prompt) {
            (Some(messages), None) if messages.is_empty() => {
                Err(missing(file, row, "at least one message"))
            }
            (Some(messages), None) => {
                let message = |m: &ChatMessage| Message {
                    role: m.role.clone(),
                    content: m.content.clone(),
                };
                let messages: Vec<Message> = messages.iter().map(message).collect();
                model
                    .prompt_ids(&messages)
                    .map_err(|error| in_line(file, row, error))
            }
            (None, Some(prompt)) => {
                let encoded = model
                    .tokenizer
                    .encode_with_added(prompt, SpecialTokens::AsText);
                match encoded.map_err(|error| in_line(file, row, error))? {
                    ids if ids.is_empty() => Err(Failure::file(
                        file,
                        Some(row),
                        "the prompt is empty and the tokenizer has no begin token",
                        "Give the line a prompt of at least one character.",
                    )),
                    ids => Ok(ids),
                }
            }
            _ => Err(missing(
                file,
                row,
                "exactly one of \"messages\" and \"prompt\"",
            )),
        }
    }
}

/// What the model says about one line of a file.
fn in_line(file: &Path, row: usize, error: lm::Error) -> Failure {
    Failure::In {
        file: file.display().to_string(),
        row: Some(row),
        error: Box::new(error.into()),
    }
}

fn missing(file: &Path, row: usize, what: &str) -> Failure {
    Failure::file(
        file,
        Some(row),
        format!("the line needs {what}"),
        "Correct the line.",
    )
}

pub(super) fn score(global: &Global, args: &Score, output: &Output) -> Done {
    let lines: Vec<(usize, Prompt)> = read_lines(&args.file)?;
    let (model, adapter) = load(global, &args.model)?;
    let mut items = Vec::with_capacity(lines.len());
    for (row, line) in &lines {
        let text = line
            .completion
            .as_ref()
            .ok_or_else(|| missing(&args.file, *row, "a \"completion\""))?;
        let completion = match line.messages {
            Some(_) => model.completion_ids(text),
            None => model.tokenizer.encode(text, SpecialTokens::AsText),
        };
        let completion = completion.map_err(|error| in_line(&args.file, *row, error))?;
        items.push((
            line.fitting_ids(&model, &args.file, *row, completion.len())?,
            completion,
        ));
    }
    let batch: Vec<Completion<'_>> = items
        .iter()
        .map(|(p, c)| Completion {
            prompt_ids: p,
            completion_ids: c,
        })
        .collect();
    let scored =
        lm::infer::score::score(&model.decoder, adapter.as_ref(), &batch, TOKENS_PER_BATCH)?;
    let (mut logp, mut tokens) = (0.0, 0);
    for item in &scored {
        let token_logps = || item.token_logps.iter().copied().map(f64::from).collect();
        output.line(&ScoredLine {
            logp_sum: item.logp_sum,
            n_tokens: item.n_tokens,
            token_logps: args.tokens.then(token_logps),
        });
        output.text(format!(
            "{:.4} over {} tokens",
            item.logp_sum, item.n_tokens
        ));
        logp += item.logp_sum;
        tokens += item.n_tokens;
    }
    output.result(&Scored {
        n: scored.len(),
        n_tokens: tokens,
        logp_sum: logp,
        ce: (0.0 - logp) / tokens.max(1) as f64,
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn generate(global: &Global, args: &Generate, output: &Output) -> Done {
    let filters = Filters {
        repetition_penalty: args.repetition_penalty,
        temperature: args.temperature,
        top_k: args.top_k,
        top_p: args.top_p,
        min_p: args.min_p,
        typical_p: args.typical_p,
    };
    filters
        .check()
        .map_err(|e| Failure::usage(e.to_string(), "Correct the option of that name."))?;
    let lines: Vec<(usize, Prompt)> = read_lines(&args.file)?;
    let (model, adapter) = load(global, &args.model)?;
    let mut requests = Vec::with_capacity(lines.len());
    for (index, (row, line)) in lines.iter().enumerate() {
        let prompt_ids = line.fitting_ids(&model, &args.file, *row, 1)?;
        requests.push(GenerateRequest {
            prompt_ids,
            key: random::key(args.seed, &[index as u64]),
        });
    }
    let config = GenerateConfig {
        max_new_tokens: args.max_new_tokens,
        filters,
        stop_ids: model.stop_ids.clone(),
        batch_size: usize::from(args.batch),
    };
    let go_on = &mut |_, _| ControlFlow::Continue(());
    let generated =
        lm::infer::generate::generate(&model.decoder, adapter.as_ref(), &requests, &config, go_on)?;
    for generation in &generated {
        let text = model.decode(&generation.ids)?;
        output.line(&GeneratedLine {
            text: &text,
            ids: &generation.ids,
            finish: generation.finish.into(),
        });
        output.text(text);
    }
    output.result(&Generated {
        n: generated.len(),
        seed: args.seed,
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn summarize(global: &Global, args: &Summarize, output: &Output) -> Done {
    let summarizer = match (&args.run, &args.model) {
        (Some(run), _) => Summarizer::from_run(&session(global)?, run, args.system, global.device)?,
        (None, Some(model)) => {
            Summarizer::from_folder(model, args.adapter.as_deref(), global.device)?
        }
        (None, None) => {
            return Err(Failure::usage(
                "neither a model nor a run was named",
                "Give --model DIR or --run RUN.",
            ));
        }
    };
    warn(summarizer.warning());
    if args.serve {
        return serve(global, &summarizer, output);
    }
    if let (true, Some(from)) = (args.all, &args.file) {
        return summarize_all(global, &summarizer, from, args.to.as_deref(), output);
    }
    let dialogue = match args.file.as_deref() {
        Some(path) if path != Path::new("-") => read_text(path)?,
        _ => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(unheard)?;
            text
        }
    };
    if dialogue.trim().is_empty() {
        return Err(empty());
    }
    may_summarize(global, &dialogue)?;
    let summarized = summarizer.summarize(&dialogue, &mut |text| {
        output.line(&DemoLine::Token {
            text: text.to_owned(),
        });
        ControlFlow::Continue(())
    })?;
    output.text(&summarized.summary);
    output.result(&summarized);
    Ok(ExitCode::SUCCESS)
}

/// Refuses a dialogue that people are rating in this workspace: a summary made here would name its author.
pub(super) fn may_summarize(global: &Global, dialogue: &str) -> Result<(), Failure> {
    let folder = super::workspace(global).unwrap_or_default();
    if !folder.join(DATABASE).exists() {
        // A model can be used where nobody ever rated; no workspace is made for that.
        return Ok(());
    }
    Ok(session(global)?.may_summarize(dialogue)?)
}

fn unheard(error: std::io::Error) -> project::Error {
    project::Error::io(FileAction::Read, Path::new("standard input"), &error)
}

/// The refusal of a dialogue without any words.
fn empty() -> Failure {
    Problem::from(ShellProblem::Usage(Misuse::NoDialogue)).into()
}

/// One summary per line of standard input, until it closes.
fn serve(global: &Global, summarizer: &Summarizer, output: &Output) -> Done {
    output.line(&DemoLine::Ready);
    let mut summaries = 0;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(unheard)?;
        let asked: Result<DemoRequest, _> = serde_json::from_str(&line);
        let Ok(request) = asked else {
            let fix = "Send one object per line: {\"dialogue\": \"Name: text\\n…\"}.";
            output.error(&Failure::usage("the request is not understood", fix).report());
            continue;
        };
        if request.dialogue.trim().is_empty() {
            output.error(&empty().report());
            continue;
        }
        if let Err(refused) = may_summarize(global, &request.dialogue) {
            output.error(&refused.report());
            continue;
        }
        let done = summarizer.summarize(&request.dialogue, &mut |text| {
            output.line(&DemoLine::Token {
                text: text.to_owned(),
            });
            ControlFlow::Continue(())
        });
        match done {
            Ok(summarized) => {
                output.text(&summarized.summary);
                output.line(&DemoLine::Summary(summarized));
                summaries += 1;
            }
            Err(error) => output.error(&Failure::from(error).report()),
        }
    }
    output.result(&Served { n: summaries });
    Ok(ExitCode::SUCCESS)
}
