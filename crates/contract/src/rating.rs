//! The closed set of a rating study.

use crate::closed_set::closed_set;

closed_set! {
    /// How far a rater is with an item.
    ItemState, "item state" {
        /// Begun, may still change.
        Draft = "draft",
        /// Rated on every criterion.
        Done = "done",
        /// Left out on purpose.
        Skipped = "skipped",
    }
}
