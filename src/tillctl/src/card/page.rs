//! The report for people.

use std::fmt::Write;

use super::report::Report;

/// Width of the names on the left.
const NAMES: usize = 22;

/// One fact a line; what is not known has none.
pub(super) fn write(report: &Report) -> String {
    let mut page = Page::default();
    page.line("Outcome", report.outcome);
    page.some("Reason", report.reason.as_deref());
    page.some("Reader", report.reader.as_deref());
    page.some("Interface", report.interface);
    page.line(
        "Charge",
        &format!(
            "{} of {} minor units, currency {}",
            report.kind, report.amount_minor, report.currency
        ),
    );
    page.some("Card", report.truncated_pan.as_deref());
    page.some("Scheme", report.scheme);
    page.some("Application", report.label.as_deref());
    page.some("AID", report.aid.as_deref());
    page.some("Data authentication", report.data_authentication);
    page.some("  because", report.data_authentication_flaw.as_deref());
    page.some("CVM", report.cvm.as_deref());
    page.some("CVM results", report.cvm_results.as_deref());
    page.some("TVR", report.tvr.as_deref());
    page.some("TSI", report.tsi.as_deref());
    if let (Some(kind), Some(value)) = (&report.ac_type, &report.ac) {
        page.line("Cryptogram", &format!("{kind} {value}"));
    }
    page.some("ATC", report.atc.as_deref());
    page.line("Host", report.host);
    page.some("Response code", report.response_code.as_deref());
    for script in &report.scripts {
        page.line("Issuer script", &format!("{} {}", script.id, script.result));
    }
    if report.signature {
        page.line("Signature", "needed on the receipt");
    }
    if report.advice {
        page.line("Advice", "owed to the issuer");
    }
    if let Some(reversal) = &report.reversal {
        page.line(
            "Undone at the host",
            reversal.why.as_deref().unwrap_or("yes"),
        );
    }
    let terminal = &report.terminal;
    page.line(
        "Terminal",
        &format!(
            "type {}, capabilities {} {}, country {}",
            terminal.kind,
            terminal.capabilities,
            terminal.additional_capabilities,
            terminal.country
        ),
    );
    page.line(
        "APDUs",
        &format!(
            "{}, {} bytes sent, {} received",
            report.apdus, report.bytes_sent, report.bytes_received
        ),
    );
    let times = &report.times_ms;
    page.line(
        "Times (ms)",
        &format!(
            "card {}, cardholder {}, host {}, own {}, total {} with {} for the card to come",
            times.card, times.cardholder, times.host, times.own, times.total, times.presenting
        ),
    );
    page.some("DE 55", report.de55.as_deref());
    for step in report.transcript.iter().flatten() {
        page.text(step);
    }
    page.0.trim_end().to_owned()
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, name: &str, value: &str) {
        self.text(&format!("{name:<NAMES$}{value}"));
    }

    fn some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.line(name, value);
        }
    }

    fn text(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _written = writeln!(self.0, "{text}");
    }
}
