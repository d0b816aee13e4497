//! Where the events of a run go ([`contract::Event`]): a terminal, a log, nowhere.

use contract::Event;
use serde_json::Value;

/// Where events go.
pub trait EventSink: Sync {
    /// Takes one event; must return quickly.
    fn event(&self, event: &Event);

    /// Takes one finished call to the engine, which `describe` tells as data. Only a measurement that lets another
    /// program do the same work wants to know.
    fn call(&self, _describe: &dyn Fn() -> Value) {}
}

/// Drops every event.
pub struct Silent;

impl EventSink for Silent {
    fn event(&self, _: &Event) {}
}
