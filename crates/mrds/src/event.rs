//! Where the events of a run go ([`contract::Event`]): a terminal, a log, nowhere.

use contract::Event;
use serde_json::Value;

/// Where events go.
pub trait EventSink: Sync {
    /// Takes one event; must return quickly.
    fn event(&self, event: &Event);

    /// Takes one finished call to the engine, which `describe` returns as data. Only a measurement in which another
    /// program repeats the work needs it.
    fn call(&self, _describe: &dyn Fn() -> Value) {}
}

/// Drops every event.
pub struct Silent;

impl EventSink for Silent {
    fn event(&self, _: &Event) {}
}
