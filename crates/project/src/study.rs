//! Rating studies: people judge summaries without knowing who wrote them.
//!
//! Flow: [`request`] (what is planned) → [`begin`] (texts are drawn, numbered, ordered and sealed) → [`desk`] (a rater's
//! presses), [`blind`] (what an owner may do meanwhile) and [`withheld`] (what the data set shows meanwhile) → [`record`]
//! (answers with authors, once the results are open) → [`results`] → [`export`]. A rater elsewhere gets a [`pack`], whose
//! answers [`merge`] takes. What raters are asked unless an owner says otherwise is in [`instrument`] and, about dialogues,
//! in `audit`. Then [`afterwards`] and [`enclosures`]. [`import`] brings in studies that were rated elsewhere,
//! [`ratings`] what was rated in other programs.

pub mod afterwards;
mod audit;
pub mod begin;
pub mod blind;
mod companion;
mod datasheet;
pub mod desk;
mod draw;
pub mod enclosures;
pub mod export;
pub mod import;
pub mod instrument;
pub mod kept;
mod measured;
pub mod merge;
mod order;
pub mod pack;
mod phrase;
pub mod plan;
pub mod ratings;
pub mod record;
pub mod request;
pub mod results;
pub mod secret;
pub mod withheld;

#[cfg(test)]
mod tests;
