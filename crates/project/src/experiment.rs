//! Experiments: the same recipe with some settings varied, on several data sets, with several models and seeds, and what
//! the comparison of their systems says.
//!
//! Flow: a file ([`spec`]) → arms and cells ([`grid`]) → one ordinary run for each cell ([`kept`], `mrds::experiment`) →
//! scores of finished cells → the table and the declared comparisons ([`table`], [`compare`], [`domains`], [`curve`]) → a
//! verdict in a sentence ([`crate::verdict`]). [`preset`] has the experiments that come with Duologue.

pub mod compare;
pub mod curve;
pub mod domains;
pub mod grid;
pub mod kept;
pub mod preset;
pub mod scores;
pub mod spec;
pub mod table;

#[cfg(test)]
mod tests;
