//! How long to wait before the next try.

/// The first wait is at most this long.
pub const BACKOFF_FIRST_MS: u64 = 500;
/// No wait is longer than this.
pub const BACKOFF_MAX_MS: u64 = 30_000;
/// Doublings after which every wait is the longest one.
const MAX_DOUBLINGS: u32 = 16;

/// Doubles with each failure in a row.
#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
    max_ms: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(BACKOFF_MAX_MS)
    }
}

impl Backoff {
    /// Waits of at most `max_ms`.
    pub(super) fn up_to(max_ms: u64) -> Self {
        Self {
            failures: 0,
            max_ms,
        }
    }

    /// Counts a failure and gives the wait that follows it.
    pub(super) fn failed(&mut self, jitter: u32) -> u64 {
        let doublings = self.failures.min(MAX_DOUBLINGS);
        self.failures = self.failures.saturating_add(1);
        spread((BACKOFF_FIRST_MS << doublings).min(self.max_ms), jitter)
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

/// At most this wait: half of it fixed, half of it by chance, so that the tills of a store do not
/// come back in step after an outage.
pub(super) fn spread(whole_ms: u64, jitter: u32) -> u64 {
    let half = whole_ms / 2;
    half + u64::from(jitter) % (half + 1)
}
