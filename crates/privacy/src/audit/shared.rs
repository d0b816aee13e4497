//! What a text shares with a set of documents: a suffix automaton over their tokens (Blumer et al., 1985), built in time
//! linear in the documents and asked in time linear in the text.

/// A document, by its place.
pub(super) type Document = u32;

/// A token that no text has separates two documents, so that no run crosses them; it belongs to no document.
const NO_DOCUMENT: Document = Document::MAX;

/// A set of runs of tokens that end at the same places.
#[derive(Clone, Debug, Default)]
struct State {
    /// Tokens of the longest of these runs.
    length: usize,
    /// The state of the longest suffix that ends at more places; the root's is the root.
    link: usize,
    /// The states of these runs with one token more, sorted by token.
    next: Vec<(u32, usize)>,
    /// The first document in which they occur, and the first of another conversation.
    documents: [Option<Document>; 2],
}

impl State {
    fn after(&self, token: u32) -> Option<usize> {
        let found = self.next.binary_search_by_key(&token, |(token, _)| *token);
        found.ok().map(|place| self.next[place].1)
    }

    fn lead(&mut self, token: u32, state: usize) {
        match self.next.binary_search_by_key(&token, |(token, _)| *token) {
            Ok(place) => self.next[place].1 = state,
            Err(place) => self.next.insert(place, (token, state)),
        }
    }
}

/// The state of no token.
const ROOT: usize = 0;

/// All runs of tokens that occur in the documents.
#[derive(Debug)]
pub(super) struct Runs {
    states: Vec<State>,
    /// The conversation of each document.
    conversations: Vec<u32>,
}

/// The longest run of the documents that ends at one token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Its tokens.
    pub(super) length: usize,
    /// The first document that has it; `None` if it has no token.
    pub(super) document: Option<Document>,
}

impl Runs {
    /// The runs of `documents`, each the tokens of a text and the conversation to which it belongs. A token is a number below
    /// `u32::MAX` less the number of documents.
    pub(super) fn new(documents: &[(u32, Vec<u32>)]) -> Self {
        let mut runs = Self {
            states: vec![State::default()],
            conversations: documents.iter().map(|document| document.0).collect(),
        };
        let mut last = ROOT;
        for (document, (_, tokens)) in (0..).zip(documents) {
            for token in tokens {
                last = runs.append(last, *token, Some(document));
            }
            last = runs.append(last, NO_DOCUMENT - document, None);
        }
        runs.spread_documents();
        runs
    }

    /// The state of all tokens so far and one more, where `last` is that of all so far.
    fn append(&mut self, last: usize, token: u32, document: Option<Document>) -> usize {
        let new = self.states.len();
        self.states.push(State {
            length: self.states[last].length + 1,
            documents: [document, None],
            ..State::default()
        });
        let mut state = last;
        loop {
            if let Some(known) = self.states[state].after(token) {
                self.states[new].link = self.of_length(state, token, known);
                return new;
            }
            self.states[state].lead(token, new);
            if state == ROOT {
                return new;
            }
            state = self.states[state].link;
        }
    }

    /// The state of the longest run of `state` followed by `token`, which occurs in `known`: that one, or a new one
    /// taken out of it if longer runs end there too.
    fn of_length(&mut self, mut state: usize, token: u32, known: usize) -> usize {
        let length = self.states[state].length + 1;
        if self.states[known].length == length {
            return known;
        }
        let shorter = self.states.len();
        self.states.push(State {
            length,
            documents: [None; 2],
            ..self.states[known].clone()
        });
        self.states[known].link = shorter;
        while self.states[state].after(token) == Some(known) {
            self.states[state].lead(token, shorter);
            if state == ROOT {
                break;
            }
            state = self.states[state].link;
        }
        shorter
    }

    /// A run occurs wherever a longer one ends with it.
    fn spread_documents(&mut self) {
        let mut longest_first: Vec<usize> = (1..self.states.len()).collect();
        longest_first.sort_by_key(|state| std::cmp::Reverse(self.states[*state].length));
        for state in longest_first {
            let link = self.states[state].link;
            self.states[link].documents =
                self.first_two(self.states[link].documents, self.states[state].documents);
        }
    }

    /// The first of all, and the first of a different conversation.
    fn first_two(
        &self,
        some: [Option<Document>; 2],
        others: [Option<Document>; 2],
    ) -> [Option<Document>; 2] {
        let conversation = |document: Document| self.conversations[document as usize];
        let mut known: Vec<Document> = some.into_iter().chain(others).flatten().collect();
        known.sort_unstable();
        let first = known.first().copied();
        let other = |document: &Document| {
            first.is_some_and(|first| conversation(first) != conversation(*document))
        };
        [first, known.iter().copied().find(other)]
    }

    /// For each token of a text the longest run of the documents that ends there. Documents of `except`, a conversation, do
    /// not count.
    pub(super) fn ends(&self, tokens: &[Option<u32>], except: Option<u32>) -> Vec<Run> {
        let (mut state, mut length) = (ROOT, 0);
        let mut runs = Vec::with_capacity(tokens.len());
        for token in tokens {
            loop {
                let next = token.and_then(|token| self.states[state].after(token));
                if let Some(next) = next.filter(|next| self.document(*next, except).is_some()) {
                    (state, length) = (next, length + 1);
                    break;
                }
                if state == ROOT {
                    length = 0;
                    break;
                }
                state = self.states[state].link;
                length = self.states[state].length;
            }
            let document = self.document(state, except).filter(|_| length > 0);
            runs.push(Run { length, document });
        }
        runs
    }

    /// The first document that has the runs of a state.
    fn document(&self, state: usize, except: Option<u32>) -> Option<Document> {
        let counts = |document: &Document| {
            except.is_none_or(|conversation| self.conversations[*document as usize] != conversation)
        };
        self.states[state]
            .documents
            .into_iter()
            .flatten()
            .find(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::copy::longest_shared_run;
    use proptest::prelude::*;

    fn longest(runs: &[Run]) -> Run {
        let none = Run {
            length: 0,
            document: None,
        };
        runs.iter()
            .copied()
            .fold(none, |best, run| match run.length > best.length {
                true => run,
                false if run.length == best.length && run.document < best.document => run,
                false => best,
            })
    }

    proptest! {
        #[test]
        fn runs_are_those_of_every_pair(
            documents in prop::collection::vec(prop::collection::vec(0_u32..3, 0..12), 1..6),
            text in prop::collection::vec(0_u32..4, 0..16),
        ) {
            let numbered: Vec<(u32, Vec<u32>)> = (0..).zip(documents.clone()).collect();
            let runs = Runs::new(&numbered);
            let tokens: Vec<Option<u32>> = text.iter().copied().map(Some).collect();
            let expected: Vec<usize> =
                documents.iter().map(|document| longest_shared_run(&text, document)).collect();
            let most = expected.iter().copied().max().unwrap_or(0);
            let found = longest(&runs.ends(&tokens, None));
            prop_assert_eq!(found.length, most);
            if most > 0 {
                let first = expected.iter().position(|run| *run == most).map(|place| place as u32);
                prop_assert_eq!(found.document, first);
            }
            for except in 0..documents.len() {
                let most = (0..documents.len()).filter(|place| *place != except).map(|place| expected[place]).max();
                let found = longest(&runs.ends(&tokens, Some(except as u32)));
                prop_assert_eq!(found.length, most.unwrap_or(0));
            }
        }
    }
}
