//! Until when a request is on its way and a reversal in somebody's hands: times that stand in the
//! store's rows, for several collectors share it.

use std::time::Duration;

use sealpoint_acquirer::Profile;

/// A request that was sent may be on its way for so long after its sender has stopped waiting, with
/// what the clocks of two collectors differ by.
const MARGIN: Duration = Duration::from_secs(10);

/// When a request that is sent now is on its way no longer.
pub(super) fn in_flight_until_ms(now_ms: i64, profile: &Profile) -> i64 {
    later_ms(now_ms, profile.answer_within + MARGIN)
}

/// Until when whoever takes on a reversal now is at it.
pub(super) fn claimed_until_ms(now_ms: i64, profile: &Profile) -> i64 {
    let dialling = profile.connect_within + profile.network_answer_within;
    later_ms(now_ms, dialling + profile.answer_within + MARGIN)
}

fn later_ms(now_ms: i64, by: Duration) -> i64 {
    // A profile's times are minutes at most.
    now_ms.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}
