//! How long to wait after what did not work: longer each time, never all collectors at once.

use std::time::Duration;

/// After the first failure.
const FIRST: Duration = Duration::from_millis(250);
/// Never longer than this: a cluster that is back is found soon.
const LONGEST: Duration = Duration::from_secs(15);

/// Counts failures in a row.
#[derive(Clone, Copy, Default, Debug)]
pub struct Pace {
    failures: u32,
}

impl Pace {
    /// It worked: the next pause is a short one.
    pub const fn worked(&mut self) {
        self.failures = 0;
    }

    /// It did not work: the pause before the next try, a half of it by chance.
    pub fn failed(&mut self, chance: u64) -> Duration {
        let full = FIRST
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let half = full / 2;
        let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX).max(1);
        half + Duration::from_nanos(chance % nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST, LONGEST, Pace};

    #[test]
    fn pauses_double_up_to_a_bound_and_start_anew_after_success() {
        let mut pace = Pace::default();
        let pauses: Vec<_> = (0..40).map(|_| pace.failed(0)).collect();
        assert_eq!(pauses.first(), Some(&(FIRST / 2)));
        assert_eq!(pauses.get(1), Some(&FIRST));
        assert!(pauses.is_sorted());
        assert_eq!(pauses.last(), Some(&(LONGEST / 2)));
        pace.worked();
        assert_eq!(pace.failed(0), FIRST / 2);
    }

    #[test]
    fn chance_moves_a_pause_within_its_half() {
        for chance in [0, 1, 12_345_678_901, u64::MAX] {
            let mut pace = Pace::default();
            let pause = pace.failed(chance);
            assert!(pause >= FIRST / 2 && pause < FIRST, "{pause:?}");
        }
    }
}
