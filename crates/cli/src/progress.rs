//! A run's events: JSON lines on standard output with `--json`, progress bars on standard error for people.

use std::io::IsTerminal;
use std::sync::Mutex;

use contract::{Event, Step};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mrds::event::EventSink;

use crate::output::Output;

/// Shows a run at work.
pub(crate) struct Progress<'a> {
    output: &'a Output,
    bar: Mutex<Option<(String, ProgressBar)>>,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        Self {
            output,
            bar: Mutex::new(None),
        }
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        if let Ok(mut bar) = self.bar.lock()
            && let Some((_, bar)) = bar.take()
        {
            bar.finish_and_clear();
        }
    }

    fn say(&self, text: &str) {
        let shown = self
            .bar
            .lock()
            .ok()
            .and_then(|bar| bar.as_ref().map(|(_, bar)| bar.clone()));
        match shown.filter(|bar| !bar.is_hidden()) {
            Some(bar) => bar.println(text),
            None => crate::output::note(text),
        }
    }

    fn step(&self, event: &Step) {
        let Step {
            stage,
            task,
            step,
            total_steps,
            loss,
            lr,
            tokens_per_s,
            ..
        } = event;
        let name = format!("{stage}: {task}");
        let Ok(mut shown) = self.bar.lock() else {
            return;
        };
        if shown.as_ref().is_none_or(|(current, _)| *current != name) {
            if let Some((_, old)) = shown.take() {
                old.finish_and_clear();
            }
            *shown = Some((name.clone(), new_bar(&name, *total_steps as u64)));
        }
        if let Some((_, bar)) = shown.as_ref() {
            bar.set_length(*total_steps as u64);
            bar.set_position(*step as u64);
            let figure = |name: &str, value: Option<f64>| {
                value.map_or(String::new(), |v| format!("{name} {v:.3} "))
            };
            let rate = lr.map_or(String::new(), |lr| format!("lr {lr:.1e} "));
            bar.set_message(format!(
                "{}{rate}{tokens_per_s:.0} tokens/s",
                figure("loss", *loss)
            ));
        }
    }
}

fn new_bar(name: &str, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template = "{prefix:38!} {bar:24} {pos}/{len} {msg} {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(name.to_owned());
    bar
}

impl EventSink for Progress<'_> {
    fn event(&self, event: &Event) {
        self.output.line(event);
        // With `--json` a log wants the lines alone; somebody at a terminal wants to see the work as well.
        if self.output.json && !std::io::stderr().is_terminal() {
            return;
        }
        match event {
            Event::RunStarted { run } => self.say(&format!("Run {run}")),
            Event::Stage { name, status } => self.say(&format!("{name:<12} {status}")),
            Event::Part { part, status } => self.say(&format!("  {part} {status}")),
            Event::Step(step) => self.step(step),
            Event::Sample { item, .. } => {
                if let Some(text) = item.text() {
                    let line: String = text.replace('\n', " / ").chars().take(96).collect();
                    self.say(&format!("  e.g. {line}"));
                }
            }
        }
    }
}
