//! Rating studies: people judge summaries without knowing who wrote them.
//!
//! Flow: [`request`] (what is planned) → [`begin`] (texts are drawn, numbered, ordered and sealed) → [`desk`] (a rater's
//! presses), [`blind`] (what an owner may do meanwhile) and [`withheld`] (what the data set shows meanwhile) → [`record`]
//! (answers with authors, once the results are open) → [`results`] → [`export`]. [`import`] brings in studies that were
//! rated elsewhere, [`ratings`] what was rated in other programs.

pub mod begin;
pub mod blind;
pub mod desk;
mod draw;
pub mod export;
pub mod import;
pub mod instrument;
pub mod kept;
mod order;
pub mod plan;
pub mod ratings;
pub mod record;
pub mod request;
pub mod results;
pub mod secret;
pub mod withheld;

#[cfg(test)]
mod tests;
