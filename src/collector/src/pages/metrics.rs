//! Prometheus text exposition, version 0.0.4.

use std::fmt::Write;

use crate::counters::Counters;

/// What each metric of the counters means.
const HELP: [(&str, &str); 4] = [
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
        "sealpoint_connections_total",
        "TLS connections of tills since the start, by outcome.",
    ),
];

pub(super) fn text(counters: &Counters, records: i64, alarms: i64) -> String {
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
    line(
        &mut text,
        format_args!("# HELP sealpoint_stored_records Records in the store."),
    );
    line(
        &mut text,
        format_args!("# TYPE sealpoint_stored_records gauge"),
    );
    line(
        &mut text,
        format_args!("sealpoint_stored_records {records}"),
    );
    line(
        &mut text,
        format_args!("# HELP sealpoint_alarms Different alarms in the store."),
    );
    line(&mut text, format_args!("# TYPE sealpoint_alarms gauge"));
    line(&mut text, format_args!("sealpoint_alarms {alarms}"));
    text
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("a String takes everything");
}
