//! Prometheus text exposition, version 0.0.4.

use std::fmt::Write;

use crate::counters::Counters;
use crate::store::{AttestedView, SinkLag};

/// What each metric of the counters means.
const HELP: [(&str, &str); 8] = [
    (
        "sealpoint_records_total",
        "Records that tills pushed since the start, by outcome.",
    ),
    (
        "sealpoint_authorisations_total",
        "Authorisations asked for since the start, by outcome.",
    ),
    (
        "sealpoint_reversals_total",
        "Reversals asked for since the start, by outcome.",
    ),
    (
        "sealpoint_sink_records_total",
        "Records published to the sink since the start, by outcome.",
    ),
    (
        "sealpoint_sink_rounds_total",
        "Rounds of feeding the sink since the start that failed and were made again.",
    ),
    (
        "sealpoint_requests_refused_total",
        "Requests that were told to come back later since the start, by reason.",
    ),
    (
        "sealpoint_attestations_total",
        "Evidence of tills since the start, by verdict.",
    ),
    (
        "sealpoint_connections_total",
        "TLS connections of tills since the start, by outcome.",
    ),
];

/// What the store says of itself.
pub(super) struct Stored {
    pub(super) records: i64,
    pub(super) alarms: i64,
    pub(super) work: u64,
    pub(super) quarantined: u64,
    pub(super) attested: Standings,
    pub(super) sink: SinkLag,
    pub(super) waiting: usize,
    pub(super) errors: u64,
    pub(super) retries: u64,
}

/// How many tills stand how, by the word of their TPMs.
#[derive(Default)]
pub(super) struct Standings {
    pub(super) trusted: u64,
    pub(super) untrusted: u64,
    pub(super) no_tpm: u64,
    pub(super) silent: u64,
}

impl Standings {
    /// Counts them.
    pub(super) fn of(tills: &[AttestedView], now_ms: i64) -> Self {
        let mut all = Self::default();
        for till in tills {
            let one = match till.standing(now_ms) {
                "trusted" => &mut all.trusted,
                "no_tpm" => &mut all.no_tpm,
                "silent" => &mut all.silent,
                _ => &mut all.untrusted,
            };
            *one += 1;
        }
        all
    }
}

pub(super) fn text(counters: &Counters, stored: &Stored, now_ms: i64) -> String {
    let mut text = String::new();
    let all = counters.all();
    for (metric, help) in HELP {
        line(&mut text, format_args!("# HELP {metric} {help}"));
        line(&mut text, format_args!("# TYPE {metric} counter"));
        for (_, label, value, count) in all.iter().filter(|(name, ..)| *name == metric) {
            line(
                &mut text,
                format_args!("{metric}{{{label}=\"{value}\"}} {count}"),
            );
        }
    }
    latencies(&mut text, counters);
    let oldest_ms = stored
        .sink
        .oldest_ms
        .map_or(0, |oldest| (now_ms - oldest).max(0));
    let gauges = [
        (
            "stored_records",
            "gauge",
            "Records in the store.",
            stored.records,
        ),
        (
            "alarms",
            "gauge",
            "Different alarms in the store.",
            stored.alarms,
        ),
        (
            "work_items",
            "gauge",
            "Work items that are open.",
            signed(stored.work),
        ),
        (
            "quarantined_records",
            "gauge",
            "Records in quarantine.",
            signed(stored.quarantined),
        ),
        (
            "tills_trusted",
            "gauge",
            "Tills whose TPM shows an image of the retailer's.",
            signed(stored.attested.trusted),
        ),
        (
            "tills_untrusted",
            "gauge",
            "Tills whose TPM does not show one.",
            signed(stored.attested.untrusted),
        ),
        (
            "tills_without_tpm",
            "gauge",
            "Tills that said that they have no TPM.",
            signed(stored.attested.no_tpm),
        ),
        (
            "tills_silent",
            "gauge",
            "Tills that have not shown what they run for too long.",
            signed(stored.attested.silent),
        ),
        (
            "sink_waiting",
            "gauge",
            "Records that the sink has not taken yet.",
            signed(stored.sink.waiting),
        ),
        (
            "sink_oldest_ms",
            "gauge",
            "Age of the oldest of them, milliseconds.",
            oldest_ms,
        ),
        (
            "store_waiting",
            "gauge",
            "Steps that wait for the store.",
            signed(stored.waiting as u64),
        ),
        (
            "store_errors_total",
            "counter",
            "Steps of the store that failed since the start.",
            signed(stored.errors),
        ),
        (
            "store_retries_total",
            "counter",
            "Steps of the store that met another and were repeated.",
            signed(stored.retries),
        ),
    ];
    for (name, kind, help, value) in gauges {
        line(&mut text, format_args!("# HELP sealpoint_{name} {help}"));
        line(&mut text, format_args!("# TYPE sealpoint_{name} {kind}"));
        line(&mut text, format_args!("sealpoint_{name} {value}"));
    }
    text
}

fn latencies(text: &mut String, counters: &Counters) {
    let (steps, count, sum_us) = counters.acknowledged.read();
    let name = "sealpoint_ack_seconds";
    line(
        text,
        format_args!("# HELP {name} From a push's last byte to its durable acknowledgement."),
    );
    line(text, format_args!("# TYPE {name} histogram"));
    for (ms, so_far) in steps {
        let (s, ms) = (ms / 1000, ms % 1000);
        line(
            text,
            format_args!("{name}_bucket{{le=\"{s}.{ms:03}\"}} {so_far}"),
        );
    }
    line(text, format_args!("{name}_bucket{{le=\"+Inf\"}} {count}"));
    let (s, us) = (sum_us / 1_000_000, sum_us % 1_000_000);
    line(text, format_args!("{name}_sum {s}.{us:06}"));
    line(text, format_args!("{name}_count {count}"));
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("a String takes everything");
}
