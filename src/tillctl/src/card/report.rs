//! What is told of a charge: the format of `--json`. Fields are added without a new version; none is
//! renamed or removed.

use std::time::Duration;

use data_encoding::HEXUPPER;
use sealpoint_emv::{ChargeKind, Evidence, HostVerdict, TerminalData};
use sealpoint_lane::{bench::BenchOutcome, transcript::Transcript};
use serde::Serialize;

use super::{host::Seen, words};
use crate::{args::Wanted, exit::Exit};

/// Version of the format.
pub(super) const VERSION: u8 = 1;

/// One charge. Hexadecimal is in upper case; what is not known is null. It holds nothing that may not
/// be stored: the PAN is truncated.
#[derive(Serialize)]
pub(super) struct Report {
    version: u8,
    #[serde(skip)]
    exit: Exit,
    pub(super) outcome: &'static str,
    exit_code: u8,
    pub(super) reason: Option<String>,
    pub(super) reader: Option<String>,
    pub(super) interface: Option<&'static str>,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
    pub(super) kind: &'static str,
    pub(super) aid: Option<String>,
    pub(super) label: Option<String>,
    pub(super) scheme: Option<&'static str>,
    pub(super) truncated_pan: Option<String>,
    pub(super) cvm: Option<String>,
    pub(super) cvm_results: Option<String>,
    pub(super) signature: bool,
    pub(super) tvr: Option<String>,
    pub(super) tsi: Option<String>,
    pub(super) data_authentication: Option<&'static str>,
    pub(super) data_authentication_flaw: Option<String>,
    pub(super) ac_type: Option<String>,
    pub(super) ac: Option<String>,
    pub(super) cid: Option<String>,
    pub(super) atc: Option<String>,
    pub(super) host: &'static str,
    pub(super) response_code: Option<String>,
    pub(super) scripts: Vec<Script>,
    pub(super) advice: bool,
    pub(super) reversal: Option<Reversal>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) choices: Vec<String>,
    pub(super) terminal: Terminal,
    pub(super) apdus: u32,
    pub(super) bytes_sent: u32,
    pub(super) bytes_received: u32,
    pub(super) times_ms: Times,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) de55: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transcript: Option<Vec<String>>,
}

/// What became of an issuer script (EMV 4.4 Book 4 Annex A5).
#[derive(Serialize)]
pub(super) struct Script {
    pub(super) id: String,
    pub(super) result: String,
}

/// What became of undoing what a collector approved.
#[derive(Serialize)]
pub(super) struct Reversal {
    pub(super) acknowledged: bool,
    pub(super) why: Option<String>,
}

/// What the terminal claims to be and to do.
#[derive(Serialize)]
pub(super) struct Terminal {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) capabilities: String,
    pub(super) additional_capabilities: String,
    pub(super) country: String,
}

/// Milliseconds with three decimals.
#[derive(Serialize)]
pub(super) struct Times {
    pub(super) presenting: f64,
    pub(super) card: f64,
    pub(super) cardholder: f64,
    pub(super) host: f64,
    pub(super) own: f64,
    pub(super) total: f64,
}

impl Report {
    pub(super) fn new(
        wanted: &Wanted,
        terminal: &TerminalData,
        ended: &BenchOutcome,
        seen: &Seen,
        undone: Option<Result<(), String>>,
        transcript: Option<Transcript>,
    ) -> Self {
        let ending = ended.kernel.as_ref().map(|outcome| outcome.ending);
        let (outcome, exit) = Exit::of(ended.card.kind, ending);
        let exit = exit.after_undoing(undone.as_ref());
        let evidence = ended.kernel.as_ref().map(|outcome| &outcome.evidence);
        // Results count once an application was selected; before that every bit is zero.
        let selected = evidence.filter(|evidence| evidence.aid.is_some());
        let cryptogram = evidence.and_then(|evidence| evidence.cryptogram);
        let aid = evidence.and_then(|evidence| evidence.aid);
        Self {
            version: VERSION,
            exit,
            outcome,
            exit_code: exit.code(),
            reason: ended.card.why.clone(),
            reader: ended.reader.clone(),
            interface: evidence.map(|evidence| words::interface(evidence.interface)),
            amount_minor: wanted.amount_minor,
            currency: format!("{:03}", wanted.currency),
            kind: kind(wanted.kind),
            aid: aid.map(|aid| HEXUPPER.encode(aid.as_slice())),
            label: evidence.and_then(|evidence| evidence.label.clone()),
            scheme: aid.map(|aid| words::scheme(aid.as_slice())),
            truncated_pan: evidence
                .and_then(|evidence| evidence.truncated_pan.as_ref())
                .map(|pan| pan.as_str().to_owned()),
            cvm: selected.map(|evidence| words::cvm(evidence.cvm_results)),
            cvm_results: selected.map(|evidence| HEXUPPER.encode(&evidence.cvm_results)),
            signature: evidence.is_some_and(|evidence| evidence.signature),
            tvr: selected.map(|evidence| evidence.tvr.to_string()),
            tsi: selected.map(|evidence| evidence.tsi.to_string()),
            data_authentication: selected.map(|evidence| words::data_authentication(evidence.oda)),
            data_authentication_flaw: evidence
                .and_then(|evidence| evidence.oda_flaw)
                .map(|flaw| flaw.to_string()),
            ac_type: cryptogram.map(|cryptogram| cryptogram.kind.to_string()),
            ac: cryptogram.map(|cryptogram| HEXUPPER.encode(&cryptogram.value)),
            cid: cryptogram.map(|cryptogram| format!("{:02X}", cryptogram.cid)),
            atc: cryptogram.map(|cryptogram| format!("{:04X}", cryptogram.atc)),
            host: host(evidence),
            response_code: seen
                .response_code
                .map(|code| String::from_utf8_lossy(&code).into_owned()),
            scripts: evidence.map(scripts).unwrap_or_default(),
            advice: evidence.is_some_and(|evidence| evidence.advice),
            reversal: undone.map(|undone| Reversal {
                acknowledged: undone.is_ok(),
                why: undone.err(),
            }),
            choices: seen.choices.clone(),
            terminal: Terminal {
                kind: format!("{:02X}", terminal.kind.bcd()),
                capabilities: HEXUPPER.encode(&terminal.capabilities),
                additional_capabilities: HEXUPPER.encode(&terminal.more_capabilities),
                country: format!("{:03}", terminal.country),
            },
            apdus: ended.counts.apdus,
            bytes_sent: ended.counts.sent,
            bytes_received: ended.counts.received,
            times_ms: Times::of(ended),
            de55: seen
                .de55
                .as_ref()
                .filter(|_| wanted.de55)
                .map(|data| HEXUPPER.encode(data)),
            transcript: transcript
                .map(|transcript| transcript.steps().iter().map(ToString::to_string).collect()),
        }
    }

    /// How the program ends.
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// One JSON object.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl Times {
    fn of(ended: &BenchOutcome) -> Self {
        let times = &ended.times;
        let others = times.presenting + times.card + times.cardholder + times.host;
        Self {
            presenting: millis(times.presenting),
            card: millis(times.card),
            cardholder: millis(times.cardholder),
            host: millis(times.host),
            own: millis(times.total.saturating_sub(others)),
            total: millis(times.total),
        }
    }
}

fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}

fn kind(kind: ChargeKind) -> &'static str {
    match kind {
        ChargeKind::Refund => "refund",
        ChargeKind::Cash => "cash",
        _ => "purchase",
    }
}

fn host(evidence: Option<&Evidence>) -> &'static str {
    match evidence.map_or(HostVerdict::NotAsked, |evidence| evidence.host) {
        HostVerdict::NotAsked => "not_asked",
        HostVerdict::Asked => "asked",
        HostVerdict::Approved => "approved",
        HostVerdict::Declined(_) => "declined",
        HostVerdict::Referred(_) => "referred",
        HostVerdict::Unreachable => "unreachable",
    }
}

fn scripts(evidence: &Evidence) -> Vec<Script> {
    let script = |script: &sealpoint_emv::ScriptResult| Script {
        id: HEXUPPER.encode(&script.id),
        result: format!("{:02X}", script.result),
    };
    evidence.scripts.iter().map(script).collect()
}
