//! Iterative dialogue synthesis turn by turn (`ids = "turns"`): each line is drawn under the line grammar within what the
//! format rule still allows, and the dialogue can end only where the rule accepts it. So whatever is written keeps the
//! format by construction.
//!
//! A line that breaks a rule which no mask can see, or that quotes the summary, is drawn again; after four failures one
//! line is removed, then two, then four. When the corrections are spent, the dialogue is closed at the next line end at
//! which the rule holds.

use std::collections::HashMap;

use project::dialogue::split_strict;
use project::format_rule::guard::GuardId;
use project::format_rule::{ContentGuards, FormatRule, Limit, RuleId};

/// Draws of a line before lines are taken off.
const TRIES_PER_LINE: usize = 4;
/// Most lines that are taken off at once.
const MOST_TAKEN_OFF: usize = 4;
/// Tokens that a word of a turn may take, and those of a line besides its words.
const TOKENS_PER_WORD: usize = 4;
const TOKENS_OF_NAME: usize = 24;

/// The numbers of a format rule that decide where a line and a dialogue may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    min_speakers: usize,
    max_speakers: usize,
    min_turns: usize,
    max_turns: usize,
    min_words: usize,
    max_words: usize,
    max_turn_words: usize,
}

impl Bounds {
    pub(crate) fn of(rule: &FormatRule) -> Self {
        let limit = |id: RuleId| {
            let active = rule
                .rules
                .iter()
                .find(|rule| rule.id == id && rule.is_active());
            match active.map(|rule| rule.limit) {
                Some(Limit::Band { min, max }) => (min, max),
                _ => (None, None),
            }
        };
        let least = |id: RuleId| limit(id).0.map_or(1, |min| (min.ceil() as usize).max(1));
        let most = |id: RuleId, otherwise: usize| {
            limit(id)
                .1
                .map_or(otherwise, |max| (max.floor() as usize).max(1))
        };
        let min_turns = least(RuleId::MinTurns);
        Self {
            min_speakers: least(RuleId::MinSpeakers),
            max_speakers: most(RuleId::MaxSpeakers, usize::MAX),
            min_turns,
            // A rule that is off bounds nothing; what is written still has to end.
            max_turns: most(RuleId::MaxTurns, 60).max(min_turns),
            min_words: least(RuleId::MinWords),
            max_words: most(RuleId::MaxWords, usize::MAX),
            max_turn_words: most(RuleId::MaxTurnWords, 120),
        }
    }

    /// Tokens after which a line ends.
    pub(crate) fn line_tokens(&self) -> usize {
        TOKENS_PER_WORD * self.max_turn_words + TOKENS_OF_NAME
    }
}

/// Where the next line may end and who may speak it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineLimits {
    /// Who may speak.
    pub(crate) speakers: Vec<String>,
    /// Fewest words of its text.
    pub(crate) min_words: usize,
    /// Most words of its text.
    pub(crate) max_words: usize,
    /// Most tokens.
    pub(crate) max_tokens: usize,
    /// Fewest words of its text with which the dialogue may end.
    pub(crate) closing_words: usize,
    /// Who may speak the last line; nobody where turns or speakers are missing.
    pub(crate) closers: Vec<String>,
    /// What its speaker must not say: it is in the dialogue too often.
    pub(crate) refused: Vec<(String, String)>,
    /// What nobody may say any more.
    pub(crate) looped: Vec<String>,
}

/// A dialogue that is being written line by line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    lines: Vec<String>,
    /// The most lines that it has had.
    most: usize,
    tries: usize,
    /// Draws that the last accepted line took.
    tries_of_last: usize,
    taken_off: usize,
    /// Score of the summary after each line, where lines are scored; none if the dialogue is too long for that.
    scores: Vec<Option<f64>>,
    /// Lines that failed.
    pub(crate) resampled: usize,
    /// Whether it has ended.
    pub(crate) is_closed: bool,
    /// Whether a maximum or the spent corrections ended it.
    pub(crate) is_forced: bool,
    /// Whether it cannot be ended.
    pub(crate) is_given_up: bool,
}

/// What a dialogue is checked against while it is written.
pub(crate) struct Demands<'a> {
    pub(crate) rule: &'a FormatRule,
    pub(crate) guards: &'a ContentGuards,
    pub(crate) bounds: Bounds,
    /// Who may speak.
    pub(crate) cast: &'a [String],
    pub(crate) summary: &'a str,
    /// Failed lines before it is closed.
    pub(crate) corrections: usize,
}

impl Lines {
    /// The dialogue so far, each line with its end.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.is_closed && !self.is_given_up
    }

    /// Words so far, names included.
    fn words(&self) -> usize {
        self.lines
            .iter()
            .map(|line| line.split_whitespace().count())
            .sum()
    }

    fn speakers(&self) -> Vec<&str> {
        let mut speakers: Vec<&str> = self
            .lines
            .iter()
            .filter_map(|line| split_strict(line).map(|(speaker, _)| speaker))
            .collect();
        speakers.sort_unstable();
        speakers.dedup();
        speakers
    }

    /// What the next line may be.
    pub(crate) fn limits(&self, demands: &Demands<'_>) -> LineLimits {
        let bounds = &demands.bounds;
        let (turns, words, seen) = (self.lines.len(), self.words(), self.speakers());
        let longest_name = demands
            .cast
            .iter()
            .map(|name| name.split_whitespace().count())
            .max()
            .unwrap_or(1);
        // The shortest line, and how many of them turns and words still leave room for.
        let shortest = longest_name + 1;
        let words_left = bounds.max_words.saturating_sub(words);
        let turns_left = bounds.max_turns.saturating_sub(turns);
        let left = turns_left.min(words_left / shortest).max(1);
        let missing_speakers = bounds.min_speakers.saturating_sub(seen.len());
        let must_be_new = missing_speakers >= left;
        let may_be_new = seen.len() < bounds.max_speakers;
        let fits = |name: &&String| match seen.contains(&name.as_str()) {
            true => !must_be_new || missing_speakers == 0,
            false => may_be_new,
        };
        let mut speakers: Vec<String> = demands.cast.iter().filter(fits).cloned().collect();
        if speakers.is_empty() {
            speakers = demands.cast.to_vec();
        }
        // Lines that have to follow this one keep their words.
        let speakers_after = missing_speakers - usize::from(must_be_new && missing_speakers > 0);
        let turns_after = bounds.min_turns.saturating_sub(turns + 1);
        let kept_words = shortest.saturating_mul(speakers_after.max(turns_after));
        let room = words_left.saturating_sub(longest_name.saturating_add(kept_words));
        let max_words = bounds.max_turn_words.min(room).max(1);
        // What the lines after this one could still bring.
        let later = (left - 1).saturating_mul(bounds.max_turn_words);
        let missing_words = bounds.min_words.saturating_sub(words + 1);
        let may_close = |name: &&String| {
            let completes = missing_speakers == 1 && !seen.contains(&name.as_str());
            turns + 1 >= bounds.min_turns && (missing_speakers == 0 || completes)
        };
        let closers = speakers.iter().filter(may_close).cloned().collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let spoken: Vec<(&str, &str)> = self
            .lines
            .iter()
            .filter_map(|line| split_strict(line))
            .collect();
        for (_, text) in &spoken {
            *counts.entry(text).or_default() += 1;
        }
        LineLimits {
            closers,
            closing_words: missing_words.max(1),
            speakers,
            min_words: missing_words.saturating_sub(later).clamp(1, max_words),
            max_words,
            max_tokens: bounds.line_tokens(),
            refused: spoken
                .last()
                .map(|(speaker, text)| ((*speaker).to_owned(), (*text).to_owned()))
                .into_iter()
                .collect(),
            looped: counts
                .into_iter()
                .filter(|(_, count)| *count >= 3)
                .map(|(text, _)| text.to_owned())
                .collect(),
        }
    }

    /// Takes the next line, or refuses it. `ends` is whether the model ended the dialogue with it.
    pub(crate) fn take(&mut self, line: &str, ends: bool, demands: &Demands<'_>) {
        let line = line.trim();
        let whole = format!("{}{line}", self.text());
        let is_spent = self.resampled >= demands.corrections;
        let is_line = split_strict(line).is_some_and(|(_, text)| !text.is_empty());
        let keeps = is_line && demands.rule.first_violation_line(&whole).is_none();
        if !keeps || (!is_spent && quotes(&whole, demands)) {
            self.refuse(demands);
            return;
        }
        self.lines.push(line.to_owned());
        (self.tries_of_last, self.tries) = (self.tries, 0);
        if self.lines.len() > self.most {
            (self.most, self.taken_off) = (self.lines.len(), 0);
        }
        if !demands.rule.check(&whole, true).pass {
            if self.lines.len() >= demands.bounds.max_turns {
                // No line can follow, and the rule does not hold: these lines lead nowhere.
                self.refuse(demands);
            }
            return;
        }
        let is_full = self.lines.len() >= demands.bounds.max_turns
            || self.words() + 2 > demands.bounds.max_words;
        self.is_closed = ends || is_full || is_spent;
        self.is_forced = self.is_closed && !ends;
    }

    /// Number of lines so far.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Is told how well the summary follows from the dialogue with the line that was taken last. A line that lowers the
    /// score by more than `min_gap` is drawn again, as long as corrections are left.
    pub(crate) fn judge(&mut self, score: Option<f64>, min_gap: f64, demands: &Demands<'_>) {
        self.scores.truncate(self.lines.len().saturating_sub(1));
        let before = self.scores.last().copied().flatten();
        let falls = before
            .zip(score)
            .is_some_and(|(before, now)| now < before - min_gap);
        if !falls || self.resampled >= demands.corrections {
            self.scores.push(score);
            return;
        }
        self.lines.pop();
        self.tries = self.tries_of_last;
        (self.is_closed, self.is_forced) = (false, false);
        self.refuse(demands);
    }

    /// A line failed: after some tries earlier lines go.
    fn refuse(&mut self, demands: &Demands<'_>) {
        self.resampled += 1;
        self.tries += 1;
        // Nothing that this model writes can be ended: far beyond the corrections it is no use going on.
        if self.resampled > 4 * demands.corrections + 40 {
            self.is_given_up = true;
            return;
        }
        if self.tries >= TRIES_PER_LINE || self.lines.len() >= demands.bounds.max_turns {
            self.tries = 0;
            self.taken_off = (2 * self.taken_off).clamp(1, MOST_TAKEN_OFF);
            let kept = self.lines.len().saturating_sub(self.taken_off);
            self.lines.truncate(kept);
        }
    }

    /// Ends it here where the rule allows, because it is long. Otherwise, if nothing more fits, it is given up.
    pub(crate) fn close(&mut self, demands: &Demands<'_>, is_full: bool) {
        let holds = demands.rule.check(self.text().trim_end(), true).pass;
        (self.is_closed, self.is_forced) = (holds, holds);
        self.is_given_up = is_full && !holds;
    }
}

/// Whether a dialogue quotes its summary.
fn quotes(dialogue: &str, demands: &Demands<'_>) -> bool {
    let check = demands.guards.check(dialogue, demands.summary);
    let fails = |guard: &GuardId| check.rules.get(guard.as_str()) == Some(&false);
    [GuardId::CopyRun, GuardId::CopyShare].iter().any(fails)
}

#[cfg(test)]
mod tests;
