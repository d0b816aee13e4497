//! A turn of a conversation, as the metrics read it: who speaks, and what is said.

/// One turn. Text and speaker are borrowed from the conversation, which belongs to another crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn<'a> {
    /// Who speaks; empty if the line names nobody.
    pub speaker: &'a str,
    /// What is said.
    pub text: &'a str,
}
