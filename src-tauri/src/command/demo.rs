//! The demo: one dialogue, one streamed summary, from a process that keeps the model loaded.

use contract::problem::Misuse;
use tauri::State;
use tauri::ipc::Channel;

use crate::coalesce::coalesced;
use crate::dto::{DemoChoice, DemoEvent};
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
