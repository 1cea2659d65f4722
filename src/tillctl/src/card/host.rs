//! Who stands at the bench: cardholder, cashier and, unless a collector is asked, the host.

use std::io::stderr;

use sealpoint_emv::{HostAnswer, HostDecision, OnlineRequest};
use sealpoint_lane::bench::{Attendant, HostSaid};
use sealpoint_wire::lane::CardPrompt;

use super::{collector::Asking, words};
use crate::{
    args::{Host, Wanted},
    say,
};

/// Response codes that tillctl gives as the issuer (ISO 8583 DE 39).
const APPROVED: [u8; 2] = *b"00";
const DO_NOT_HONOUR: [u8; 2] = *b"05";

/// The attendant of a bench.
pub(super) struct AtBench {
    host: Host,
    collector: Option<Asking>,
    choose: usize,
    /// Whether to say what the cardholder should do.
    speaks: bool,
    seen: Seen,
}

/// What an attendant noticed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Seen {
    /// EMV data that the host was asked with.
    pub(super) de55: Option<Vec<u8>>,
    /// What the cardholder was offered.
    pub(super) choices: Vec<String>,
    /// What the host answered (DE 39).
    pub(super) response_code: Option<[u8; 2]>,
}

impl AtBench {
    pub(super) fn new(wanted: &Wanted, collector: Option<Asking>) -> Self {
        Self {
            host: wanted.host.clone(),
            collector,
            choose: wanted.choose,
            speaks: !wanted.json,
            seen: Seen::default(),
        }
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Undoes what a collector approved; what became of that, if there was something to undo.
    pub(super) fn undo(&mut self) -> Option<Result<(), String>> {
        self.collector.as_mut().and_then(Asking::undo)
    }

    fn answer(&mut self, decision: HostDecision, code: [u8; 2]) -> HostSaid {
        match HostAnswer::new(decision, code, &[], &[]) {
            Ok(answer) => {
                self.seen.response_code = Some(code);
                HostSaid::Answered(answer)
            }
            Err(_) => HostSaid::Unreachable,
        }
    }
}

impl Attendant for AtBench {
    fn prompt(&mut self, prompt: CardPrompt) {
        if self.speaks {
            say(&mut stderr(), words::prompt(prompt));
        }
    }

    fn choose(&mut self, labels: &[String]) -> Option<usize> {
        self.seen.choices = labels.to_vec();
        Some(self.choose)
    }

    fn host(&mut self, request: OnlineRequest) -> HostSaid {
        self.seen.de55 = Some(request.de55.clone());
        match &self.host {
            Host::Approve => self.answer(HostDecision::Approved, APPROVED),
            Host::Decline => self.answer(HostDecision::Declined, DO_NOT_HONOUR),
            Host::Nobody => HostSaid::Unreachable,
            Host::Collector(_) => match self.collector.as_mut() {
                Some(asking) => {
                    let said = asking.ask(request);
                    self.seen.response_code = asking.response_code();
                    said
                }
                None => HostSaid::Unreachable,
            },
        }
    }
}
