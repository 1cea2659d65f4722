//! Scan to view: from the line on the till's input to the view that answers it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::bench::{Table, millis};
use crate::till::Till;

/// How many scans are measured.
const SCANS: usize = 1_000;
/// A sale ends after this many: a full trolley.
const LINES: usize = 40;
/// What is scanned, in turn: none of it asks for an age.
const CODES: [&str; 8] = [
    "2900000012189",
    "2900000013063",
    "2900000013421",
    "2900000016033",
    "2111001012508",
    "2900000012363",
    "2900000016309",
    "2900000012547",
];

/// Measures a thousand scans, in sales of forty that are paid in cash in between.
///
/// # Errors
/// If a scan rings nothing up.
pub fn measure(till: &mut Till, table: &mut Table) -> Result<(), String> {
    let mut times = Vec::with_capacity(SCANS);
    let mut sales = Vec::new();
    for (number, code) in (0..SCANS).zip(CODES.iter().cycle()) {
        let scan = json!({ "do": "scan", "code": code });
        let began = Instant::now();
        let view = till.ask(&scan)?;
        times.push(began.elapsed());
        if view["basket"]["lines"].as_array().is_none_or(Vec::is_empty) {
            return Err(format!(
                "The scan of {code} rang nothing up: {}",
                view["notice"]
            ));
        }
        if number % LINES == LINES - 1 {
            let began = Instant::now();
            till.ask(&json!({ "do": "cash_exact" }))?;
            sales.push(began.elapsed());
        }
    }
    let scans = format!("scan to view, {SCANS} scans");
    table.row(
        &format!("{scans}, p50"),
        &millis(percentile(&mut times, 50)),
    );
    table.row(
        &format!("{scans}, p99"),
        &millis(percentile(&mut times, 99)),
    );
    let name = "exact cash to paid and on the disk, p50";
    table.row(name, &millis(percentile(&mut sales, 50)));
    Ok(())
}

/// The smallest time that is not less than this many per cent of them (nearest rank).
fn percentile(times: &mut [Duration], per_cent: usize) -> Duration {
    times.sort_unstable();
    let rank = (times.len() * per_cent).div_ceil(100).max(1);
    times.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::percentile;
    use std::time::Duration;

    #[test]
    fn the_nearest_rank_is_taken() {
        let mut times: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut times, 50), Duration::from_millis(100));
        assert_eq!(percentile(&mut times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&mut [], 99), Duration::ZERO);
    }
}
