//! The system under the till, and the till's own release.

use super::{
    super::{facts::Facts, finding::Finding, ids::Id},
    DAY_MS, count, day,
};

/// A system that was not updated for longer needs care (PCI DSS 6.3.3: critical patches within a
/// month; and a few days to plan it).
const OLD_DAYS: i64 = 40;
/// This program's release.
const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// What stands about updates.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let updates = &facts.updates;
    let mut found = Vec::new();
    if let Some(system) = &updates.system {
        let image = updates
            .image
            .as_ref()
            .map(|image| format!(", image {image}"));
        found.push(Finding::ok(
            Id::System,
            format!(
                "{system}{}, kernel {}.",
                image.unwrap_or_default(),
                facts.machine.kernel
            ),
        ));
    }
    if updates.reboot_needed {
        found.push(Finding::warning(
            Id::RebootNeeded,
            "An update waits for a new start of the machine.",
            "Start it again when the shop is closed.",
        ));
    }
    match updates.updated_ms {
        Some(at) => {
            let age = (facts.now_ms - at) / DAY_MS;
            if age > OLD_DAYS {
                found.push(Finding::warning(
                    Id::UpdatesOld,
                    format!(
                        "The system was last updated on {}, {} ago.",
                        day(at),
                        count(age.unsigned_abs(), "day")
                    ),
                    "Update it: critical patches belong on a till within a month.",
                ));
            }
        }
        None => found.push(Finding::note(
            Id::UpdatesUnknown,
            "When the system was last updated cannot be told.",
            "See its package manager, or the version of its image.",
        )),
    }
    if let Some(said) = facts.till.said.there() {
        if said.release == RELEASE {
            found.push(Finding::ok(
                Id::ReleaseOne,
                format!("till and tillctl are of release {RELEASE}."),
            ));
        } else {
            found.push(Finding::warning(
                Id::ReleaseMixed,
                format!(
                    "The till is of release {}, this tillctl of {RELEASE}.",
                    said.release
                ),
                "Install one release, and start the till again.",
            ));
        }
    }
    found
}
