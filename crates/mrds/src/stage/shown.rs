//! What a person sees of texts while they are being written: which of them, and when. A batch may take minutes on a slow
//! machine, and its results come only at its end; so [`super::context`] asks this module at every token.
//!
//! Nothing here goes into a result: only the clock decides, and only about what is shown.

use std::cell::Cell;

/// A text that has ended is shown after this much writing.
const ENDED_MS: i64 = 15_000;
/// Any text is shown after this much: the next token may be some seconds away, and 30 s are promised.
const ANY_MS: i64 = 25_000;
/// The first text of a stage comes sooner.
const FIRST_MS: i64 = 5_000;

/// How long writing has gone on since something was shown. Time that goes into other work, such as a training, does not
/// count: there is nothing to show then, and the first token after it says little.
#[derive(Debug)]
pub(crate) struct Pulse {
    silent_ms: Cell<i64>,
    looked_ms: Cell<i64>,
}

impl Pulse {
    /// Nothing was shown yet.
    pub(crate) fn new() -> Self {
        Self {
            silent_ms: Cell::new(ANY_MS - FIRST_MS),
            looked_ms: Cell::new(0),
        }
    }

    /// Writing begins.
    pub(crate) fn begin(&self, now_ms: i64) {
        self.looked_ms.set(now_ms);
    }

    /// Something was shown.
    pub(crate) fn shown(&self) {
        self.silent_ms.set(0);
    }

    /// Whether it is time for the next text, now that writing has come so far. A clock that is set back does not count.
    pub(crate) fn is_due(&self, now_ms: i64, ended: bool) -> bool {
        let passed_ms = now_ms.saturating_sub(self.looked_ms.replace(now_ms)).max(0);
        let silent_ms = self.silent_ms.get().saturating_add(passed_ms);
        self.silent_ms.set(silent_ms);
        silent_ms >= if ended { ENDED_MS } else { ANY_MS }
    }
}

/// The texts of a batch as far as they are drawn.
#[derive(Debug)]
pub(crate) struct Drafts {
    drafts: Vec<Draft>,
    tokens: usize,
    ended: usize,
}

#[derive(Clone, Debug, Default)]
struct Draft {
    ids: Vec<u32>,
    /// Tokens that were there when it was shown last.
    shown: usize,
}

impl Drafts {
    /// Of a batch of `items` texts.
    pub(crate) fn new(items: usize) -> Self {
        Self {
            drafts: vec![Draft::default(); items],
            tokens: 0,
            ended: 0,
        }
    }

    /// Takes the next token of a text. Whether it ends there is for the caller to say.
    pub(crate) fn push(&mut self, item: usize, token: u32, ends: impl Fn(&[u32]) -> bool) -> bool {
        let Some(draft) = self.drafts.get_mut(item) else {
            return false;
        };
        draft.ids.push(token);
        self.tokens += 1;
        let ended = ends(&draft.ids);
        self.ended += usize::from(ended);
        ended
    }

    /// Tokens drawn.
    pub(crate) fn tokens(&self) -> usize {
        self.tokens
    }

    /// Texts that have ended.
    pub(crate) fn ended(&self) -> usize {
        self.ended
    }

    /// The text that grew most since it was shown; the first of several.
    pub(crate) fn grown_most(&self) -> Option<usize> {
        let grown = |item: &usize| {
            let draft = &self.drafts[*item];
            (draft.ids.len() - draft.shown, std::cmp::Reverse(*item))
        };
        (0..self.drafts.len()).max_by_key(grown)
    }

    /// A text's tokens so far.
    pub(crate) fn ids(&self, item: usize) -> &[u32] {
        self.drafts
            .get(item)
            .map_or(&[], |draft| draft.ids.as_slice())
    }

    /// A text was shown: what any of the texts says now counts as old.
    pub(crate) fn shown(&mut self) {
        for draft in &mut self.drafts {
            draft.shown = draft.ids.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest silence while one text after another is written on this clock: `token_ms` for each token, `length`
    /// tokens for each text, `pause_ms` of other work after every `batch` texts.
    fn longest_silence_ms(token_ms: i64, length: usize, batch: usize, pause_ms: i64) -> i64 {
        let mut now_ms = 1_700_000_000_000;
        let pulse = Pulse::new();
        let (mut silence_ms, mut longest_ms) = (0, 0);
        for _ in 0..40 {
            pulse.begin(now_ms);
            let mut drafts = Drafts::new(batch);
            for item in 0..batch {
                for token in 0..length {
                    now_ms += token_ms;
                    silence_ms += token_ms;
                    longest_ms = longest_ms.max(silence_ms);
                    let ended = drafts.push(item, token as u32, |ids| ids.len() == length);
                    if pulse.is_due(now_ms, ended) {
                        assert!(!drafts.ids(drafts.grown_most().unwrap()).is_empty());
                        drafts.shown();
                        pulse.shown();
                        silence_ms = 0;
                    }
                }
            }
            assert_eq!(drafts.tokens(), batch * length);
            assert_eq!(drafts.ended(), batch);
            now_ms += pause_ms;
        }
        longest_ms
    }

    #[test]
    fn something_new_is_shown_at_least_every_thirty_seconds_of_writing() {
        for token_ms in [1, 40, 900, 4_900] {
            for (length, batch) in [(1, 1), (3, 2), (200, 8), (700, 1)] {
                for pause_ms in [0, 200, 24_000, 3_600_000] {
                    let silence = longest_silence_ms(token_ms, length, batch, pause_ms);
                    assert!(
                        silence <= 30_000,
                        "{silence} ms at {token_ms} ms a token, {batch} texts of {length}, {pause_ms} ms between"
                    );
                }
            }
        }
    }

    #[test]
    fn a_fast_machine_is_not_made_to_talk() {
        let pulse = Pulse::new();
        pulse.begin(0);
        assert!(!pulse.is_due(4_999, false));
        assert!(pulse.is_due(5_000, false), "the first comes soon");
        pulse.shown();
        assert!(!pulse.is_due(19_999, true));
        assert!(pulse.is_due(20_000, true), "a whole text comes earlier");
        assert!(!pulse.is_due(29_999, false));
        assert!(pulse.is_due(30_000, false));
    }

    #[test]
    fn other_work_does_not_count_as_silence() {
        let pulse = Pulse::new();
        pulse.begin(0);
        pulse.shown();
        assert!(!pulse.is_due(10_000, false));
        pulse.begin(3_600_000);
        assert!(!pulse.is_due(3_614_999, false), "ten seconds and fifteen");
        assert!(pulse.is_due(3_615_000, false));
    }

    #[test]
    fn a_clock_that_is_set_back_silences_nothing() {
        let pulse = Pulse::new();
        pulse.begin(1_000_000_000);
        pulse.shown();
        assert!(!pulse.is_due(900_000_000, false));
        assert!(pulse.is_due(900_025_000, false));
    }

    #[test]
    fn the_text_that_grew_most_is_shown() {
        let mut drafts = Drafts::new(3);
        let never = |_: &[u32]| false;
        for item in [0, 0, 0, 1, 2, 2] {
            drafts.push(item, 7, never);
        }
        assert_eq!(drafts.grown_most(), Some(0));
        drafts.shown();
        for item in [0, 1, 2, 2] {
            drafts.push(item, 8, never);
        }
        assert_eq!(drafts.grown_most(), Some(2));
        assert_eq!(drafts.ids(2), [7, 7, 8, 8]);
        assert!(!drafts.push(9, 1, |_| true), "no such text");
    }
}
