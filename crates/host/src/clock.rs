//! The system's clock. It can be set, so nothing that must hold depends on it; clippy refuses it everywhere else.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    i64::try_from(since_1970().as_millis()).unwrap_or(i64::MAX)
}

/// Seconds since 1970, with fractions.
pub fn now_s() -> f64 {
    since_1970().as_secs_f64()
}

/// A clock that is set before 1970 counts as 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock; everything else is given the time"
)]
fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
