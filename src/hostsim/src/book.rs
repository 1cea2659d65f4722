//! What became of each attempt. Pure: the ledger's lines make it, at start and while running.

use std::collections::{HashMap, HashSet};

use sealpoint_wire::{AttemptId, HostAnswer, TerminalId};

use crate::issuer::code;
use crate::ledger::{Event, KeySerial, Line};
use crate::request::Trace;

/// At most this many attempts; a host that is full says so (96) and is started on a new ledger.
pub const MAX_ATTEMPTS: usize = 200_000;

/// Everything that happened, by attempt.
#[derive(Default)]
pub struct Book {
    attempts: HashMap<AttemptId, Attempt>,
    /// Which attempt used a terminal's trace number at a local time.
    traces: HashMap<(TerminalId, u32, String), AttemptId>,
    approvals: u32,
    /// Highest ATC by truncated PAN and sequence number.
    counters: HashMap<(String, u8), u16>,
    /// DUKPT keys that cards came sealed under, at most one an attempt.
    serials: HashSet<KeySerial>,
    alarms: u32,
}

struct Attempt {
    trace: Trace,
    answer: Option<HostAnswer>,
    is_reversed: bool,
    is_advice: bool,
    decided_at_ms: i64,
}

impl Attempt {
    fn is_captured(&self) -> bool {
        let approved = self
            .answer
            .as_ref()
            .is_some_and(|answer| answer.approval_code.is_some());
        approved && !self.is_reversed
    }
}

/// An attempt that a settlement pays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Captured {
    /// The attempt, and what was asked.
    pub trace: Trace,
    /// What is paid, minor units.
    pub amount_minor: i64,
    /// Whether it came by an advice.
    pub is_advice: bool,
    /// When it was decided, milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// How an authorisation request stands to what happened before.
#[derive(PartialEq, Eq, Debug)]
pub enum Before {
    /// Nothing happened.
    Nothing,
    /// The same request was answered: the same answer again, and no second authorisation.
    Answered(HostAnswer),
    /// The attempt was undone, perhaps before this request arrived.
    Reversed,
    /// The attempt or its trace number was used for something else.
    Conflict,
    /// No room for another attempt.
    Full,
}

/// How a reversal stands to what happened before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undo {
    /// The attempt is there and not undone yet.
    Known,
    /// It is undone already: acknowledged again.
    Done,
    /// The attempt never came.
    Unknown,
    /// The attempt is there with another terminal, trace number or amount.
    Conflict,
    /// No room to remember an attempt that never came.
    Full,
}

impl Book {
    /// Looks up an authorisation request.
    #[must_use]
    pub fn before(&self, trace: &Trace) -> Before {
        match self.attempts.get(&trace.attempt) {
            Some(known) if known.is_reversed => Before::Reversed,
            Some(known) if known.trace != *trace => Before::Conflict,
            Some(known) => known
                .answer
                .clone()
                .map_or(Before::Conflict, Before::Answered),
            None if self.traces.contains_key(&key(trace)) => Before::Conflict,
            None if self.attempts.len() >= MAX_ATTEMPTS => Before::Full,
            None => Before::Nothing,
        }
    }

    /// Looks up a reversal.
    #[must_use]
    pub fn undo(&self, trace: &Trace) -> Undo {
        match self.attempts.get(&trace.attempt) {
            Some(known) if known.trace != *trace => Undo::Conflict,
            Some(known) if known.is_reversed => Undo::Done,
            Some(_) => Undo::Known,
            None if self.attempts.len() >= MAX_ATTEMPTS => Undo::Full,
            None => Undo::Unknown,
        }
    }

    /// Enters what has been written to the ledger.
    pub fn enter(&mut self, line: &Line) {
        if let (Some(pan), Some(used)) = (&line.truncated_pan, line.used) {
            // An advice may come after what the card did later.
            let counter = self.counters.entry((pan.clone(), used.sequence));
            let highest = counter.or_default();
            *highest = used.atc.max(*highest);
        }
        if let Some(serial) = &line.serial {
            self.serials.insert(serial.clone());
        }
        let suspected = code::SUSPECTED_FRAUD.map(char::from);
        if line.event == Event::Declined && line.response_code.chars().eq(suspected) {
            self.alarms += 1;
        }
        let attempt = self
            .attempts
            .entry(line.trace.attempt)
            .or_insert_with(|| Attempt {
                trace: line.trace.clone(),
                answer: None,
                is_reversed: false,
                is_advice: matches!(line.event, Event::Advised | Event::AdviceDeclined),
                decided_at_ms: line.at_ms,
            });
        match line.event {
            Event::Approved | Event::Declined | Event::Advised | Event::AdviceDeclined => {
                let approved = matches!(line.event, Event::Approved | Event::Advised);
                self.approvals += u32::from(approved);
                attempt.answer.get_or_insert_with(|| line.answer());
                self.traces
                    .entry(key(&line.trace))
                    .or_insert(line.trace.attempt);
            }
            Event::Repeated => {}
            Event::Reversed | Event::ReversedUnknown => attempt.is_reversed = true,
        }
    }

    /// The highest ATC that a genuine card has come with.
    #[must_use]
    pub fn last_atc(&self, truncated_pan: &str, sequence: u8) -> Option<u16> {
        let key = (truncated_pan.to_owned(), sequence);
        self.counters.get(&key).copied()
    }

    /// Whether a card came sealed under this DUKPT key before.
    #[must_use]
    pub fn has_seen(&self, serial: &KeySerial) -> bool {
        self.serials.contains(serial)
    }

    /// How often fraud was suspected.
    #[must_use]
    pub const fn alarms(&self) -> u32 {
        self.alarms
    }

    /// The next approval code: six digits, counted from 1.
    #[must_use]
    pub fn next_approval_code(&self) -> String {
        format!("{:06}", (self.approvals + 1) % 1_000_000)
    }

    /// How many approvals there are, undone ones included.
    #[must_use]
    pub const fn approvals(&self) -> u32 {
        self.approvals
    }

    /// How many approvals stand: those that a settlement would pay.
    #[must_use]
    pub fn captured(&self) -> usize {
        self.attempts
            .values()
            .filter(|attempt| attempt.is_captured())
            .count()
    }

    /// The approvals that stand, oldest first.
    #[must_use]
    pub fn batch(&self) -> Vec<Captured> {
        let mut batch: Vec<_> = self
            .attempts
            .values()
            .filter(|attempt| attempt.is_captured())
            .map(|attempt| {
                let part = attempt.answer.as_ref().and_then(|a| a.approved_minor);
                Captured {
                    trace: attempt.trace.clone(),
                    amount_minor: part.unwrap_or(attempt.trace.amount_minor),
                    is_advice: attempt.is_advice,
                    at_ms: attempt.decided_at_ms,
                }
            })
            .collect();
        batch.sort_by_key(|captured| (captured.at_ms, captured.trace.attempt));
        batch
    }

    /// What an inquiry is told: the answer that the attempt got, unless it is undone.
    #[must_use]
    pub fn standing(&self, trace: &Trace) -> Option<HostAnswer> {
        let known = self.attempts.get(&trace.attempt)?;
        let same = known.trace == *trace && !known.is_reversed;
        known.answer.clone().filter(|_| same)
    }
}

fn key(trace: &Trace) -> (TerminalId, u32, String) {
    (trace.terminal.clone(), trace.stan, trace.local_time.clone())
}
