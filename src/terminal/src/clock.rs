//! The clock and the random source, which the till's core does not have.

/// A clock that never goes back, for pauses.
pub use std::time::Instant;

use jiff::Zoned;
use sealpoint_till::Stamp;
use uuid::Uuid;

/// Milliseconds since the Unix epoch.
#[must_use]
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// This moment, with fresh ids.
#[must_use]
pub fn stamp() -> Stamp {
    let now = Zoned::now();
    Stamp {
        now_ms: now.timestamp().as_millisecond(),
        local: now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        fresh: [Uuid::now_v7(), Uuid::now_v7()],
    }
}
