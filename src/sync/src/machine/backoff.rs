//! How long to wait before the next try.

/// The first wait is at most this long.
pub const BACKOFF_FIRST_MS: u64 = 500;
/// No wait is longer than this.
pub const BACKOFF_MAX_MS: u64 = 30_000;

/// Doubles with each failure in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Counts a failure and gives the wait that follows it: half of it fixed, half of it by
    /// chance, so that the tills of a store do not come back in step after an outage.
    pub(super) fn failed(&mut self, jitter: u32) -> u64 {
        let doublings = self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        let whole = (BACKOFF_FIRST_MS << doublings).min(BACKOFF_MAX_MS);
        let half = whole / 2;
        half + u64::from(jitter) % (half + 1)
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }
}
