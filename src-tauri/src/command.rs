//! What the page may ask, one file for each room of the interface. Every command is thin: DTO in, `Session`, DTO out.

pub(crate) mod dataset;
pub(crate) mod demo;
pub(crate) mod everyday;
pub(crate) mod experiment;
pub(crate) mod file;
pub(crate) mod forget;
pub(crate) mod handover;
pub(crate) mod model;
pub(crate) mod network;
pub(crate) mod output;
pub(crate) mod pack;
pub(crate) mod protection;
pub(crate) mod run;
pub(crate) mod setting;
pub(crate) mod start;
pub(crate) mod study;
pub(crate) mod workbench;

use project::dialogue::Dialogue;

use crate::dto::Turn;

/// A dialogue's text as turns.
pub(crate) fn turns(text: &str) -> Vec<Turn> {
    let turn = |turn: project::dialogue::Turn| Turn {
        speaker: turn.speaker.unwrap_or_default(),
        text: turn.text,
    };
    Dialogue::parse(text).turns.into_iter().map(turn).collect()
}

/// A count for the page; more than four billion of anything is shown as that.
pub(crate) fn count<N: TryInto<u32>>(n: N) -> u32 {
    n.try_into().unwrap_or(u32::MAX)
}
