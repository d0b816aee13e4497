//! The demo: one dialogue, one streamed summary, from a process that keeps the model loaded; what people say about it; and
//! many dialogues at once.

use std::path::PathBuf;

use contract::problem::Misuse;
use contract::{DemoCorrection, DemoEvidence, DemoVote};
use host::clock::now_ms;
use project::demo;
use tauri::State;
use tauri::ipc::Channel;

use crate::coalesce::coalesced;
use crate::dto::{BatchDialogue, BatchFound, BatchUnread, DemoChoice, DemoEvent};
use crate::error::Answer;
use crate::place::Place;
use crate::worker::Demo;

/// Summarizes a dialogue; the text comes through the channel as it is written.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn demo(
    place: State<'_, Place>,
    demo: State<'_, Demo>,
    choice: DemoChoice,
    dialogue: String,
    on_event: Channel<DemoEvent>,
) -> Answer<()> {
    if dialogue.trim().is_empty() {
        return Err(Misuse::NoDialogue.into());
    }
    let send = |event| {
        // A page that has gone needs no text.
        let _gone = on_event.send(event);
    };
    coalesced(send, |event| {
        demo.summarize(&place, choice, &dialogue, event)
    })
}

/// Ends the demo's process and gives its memory back.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn close_demo(demo: State<'_, Demo>) {
    demo.close();
}

/// Keeps a vote about two summaries of a dialogue, with the dialogue's hash and the time, which are filled in here.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn keep_vote(place: State<'_, Place>, dialogue: String, vote: DemoVote) -> Answer<()> {
    Ok(place.session()?.keep_demo_vote(&dialogue, vote, now_ms())?)
}

/// Keeps a summary of a dialogue that somebody corrected, with the dialogue's hash and the time.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn keep_correction(
    place: State<'_, Place>,
    dialogue: String,
    correction: DemoCorrection,
) -> Answer<()> {
    Ok(place
        .session()?
        .keep_demo_correction(&dialogue, correction, now_ms())?)
}

/// Every vote and correction of this workspace, with what they come to.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn demo_evidence(place: State<'_, Place>) -> Answer<DemoEvidence> {
    Ok(place.session()?.demo_evidence()?)
}

/// The same as a table in CSV, for a file.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn demo_table(place: State<'_, Place>) -> Answer<String> {
    Ok(demo::csv(&place.session()?.demo_evidence()?)?)
}

/// Removes every vote and every correction. The page has asked for confirmation.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn clear_demo(place: State<'_, Place>) -> Answer<()> {
    place.session()?.clear_demo()?;
    Ok(())
}

/// Every dialogue of these files, and of the files in these folders. Nothing is stored.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn read_dialogues(places: Vec<String>) -> Answer<BatchFound> {
    let places: Vec<PathBuf> = places.into_iter().map(PathBuf::from).collect();
    let found = demo::batch(&places)?;
    let dialogue = |found: demo::BatchDialogue| BatchDialogue {
        name: found.name,
        text: found.text,
        reference: found.reference,
    };
    let unread = |found: demo::Unread| BatchUnread {
        file: found.file,
        problem: found.problem.into(),
    };
    Ok(BatchFound {
        dialogues: found.dialogues.into_iter().map(dialogue).collect(),
        unread: found.unread.into_iter().map(unread).collect(),
    })
}
