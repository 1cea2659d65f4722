//! Findings from facts: what is so, how much it matters, what to do. No file and no clock.

mod cards;
mod certificate;
mod clock;
mod database;
mod disk;
mod files;
mod keys;
mod machine;
mod network;
mod processes;
mod protections;
mod till;
mod updates;

#[cfg(test)]
mod tests;

use super::{
    facts::Facts,
    finding::{Finding, Level},
};

pub use protections::{PROTECTIONS, seen};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Every finding, worst first, then in the order of the page.
pub fn all(facts: &Facts) -> Vec<Finding> {
    let mut findings = till::findings(facts);
    // Without a state folder nothing of a till can be judged, and the rest would be noise.
    if facts.till.folder.there().is_some() {
        findings.extend(cards::findings(facts));
        findings.extend(keys::findings(facts));
        findings.extend(database::findings(facts));
        findings.extend(certificate::findings(facts));
        findings.extend(disk::findings(facts));
    }
    findings.extend(processes::findings(facts));
    findings.extend(files::findings(facts));
    findings.extend(clock::findings(facts));
    findings.extend(network::findings(facts));
    findings.extend(machine::findings(facts));
    findings.extend(updates::findings(facts));
    findings.sort_by_key(|finding| {
        let place = finding.id.area();
        (std::cmp::Reverse(finding.level), place, finding.id)
    });
    findings
}

/// How much a protection matters that a shop must have: a demo is warned.
const fn in_shop(production: Option<bool>) -> Level {
    match production {
        Some(true) => Level::Critical,
        Some(false) | None => Level::Warning,
    }
}

/// A day for people, in UTC, of milliseconds since the Unix epoch.
fn day(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).map_or_else(
        |_| "a day that no calendar has".to_owned(),
        |at| at.strftime("%Y-%m-%d").to_string(),
    )
}

/// `1 record`, `2 records`.
fn count(number: u64, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        other => format!("{other} {one}s"),
    }
}

/// A list for people that does not fill the page.
fn some_of(all: &[String]) -> String {
    const SHOWN: usize = 4;
    let mut text = all
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if all.len() > SHOWN {
        text.push_str(&format!(" and {} more", all.len() - SHOWN));
    }
    text
}
