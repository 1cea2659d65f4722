//! Date and time.

use super::{
    super::{facts::Facts, finding::Finding, ids::Id},
    DAY_MS, day,
};

/// The day on which this release was made: 2026-11-01T00:00:00Z. No clock is before it.
const RELEASED_MS: i64 = 1_793_491_200_000;
/// A file may be newer than the clock by as much: two looks are not at one moment.
const SLACK_MS: i64 = 5 * 60_000;

const SET: &str = "Set the clock, and see that a time service keeps it right.";

/// What stands about the clock.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let clock = &facts.clock;
    let mut found = Vec::new();
    let written = facts.till.said.there().map(|said| said.written_at_ms);
    let newest = clock.newest_file_ms.max(written);
    if facts.now_ms < RELEASED_MS {
        found.push(Finding::critical(
            Id::ClockBeforeRelease,
            format!(
                "The clock says {}, before this release was made ({}).",
                day(facts.now_ms),
                day(RELEASED_MS)
            ),
            SET,
        ));
    } else if let Some(newest) = newest.filter(|newest| *newest > facts.now_ms + SLACK_MS) {
        found.push(Finding::critical(
            Id::ClockBehindFiles,
            format!(
                "The clock says {}, but the till wrote something on {}: it was set back, or was \
                 ahead then{}.",
                facts.now,
                day(newest),
                if newest - facts.now_ms > DAY_MS {
                    ""
                } else {
                    " (by hours)"
                }
            ),
            SET,
        ));
    } else {
        found.push(Finding::ok(
            Id::ClockPlausible,
            format!("The clock says {}, which can be right.", facts.now),
        ));
    }
    match (&clock.timekeeper, clock.synchronised) {
        (_, true) => found.push(Finding::ok(
            Id::ClockSynchronised,
            "It was set by the network since the start.",
        )),
        (Some(name), false) => found.push(Finding::note(
            Id::ClockUnknown,
            format!("{name} runs; whether it has set the clock cannot be seen from here."),
            "Ask it: `timedatectl`, `chronyc tracking` or `ntpq -p`.",
        )),
        (None, false) => found.push(Finding::warning(
            Id::ClockNotSynchronised,
            "No time service runs that is known here, so the clock drifts.",
            "Start systemd-timesyncd or chrony. Keys and certificates are judged by the clock.",
        )),
    }
    if !clock.zone {
        found.push(Finding::note(
            Id::ZoneUnknown,
            "No time zone is set, so receipts and shifts are in UTC.",
            "Set it with `timedatectl set-timezone`.",
        ));
    }
    found
}
