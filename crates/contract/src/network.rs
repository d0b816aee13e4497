//! Words about connections to other machines.

use crate::closed_set::closed_set;

closed_set! {
    /// How a connection ended.
    NetworkOutcome, "outcome of a connection" {
        /// It was begun, and its end was not written down: it is open now, the process was killed, or the Duologue that
        /// opened it kept no ends.
        Open = "open",
        /// The other machine answered, and the connection was closed.
        Ok = "ok",
        /// It was not established, or it broke.
        Failed = "failed",
        /// Duologue refused to open it: the network is locked, or the command was to stay offline.
        Refused = "refused",
    }
}
