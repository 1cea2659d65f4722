//! The acquirer: the simulator's own book of attempts, and a second one that only counts.

use std::collections::{BTreeMap, BTreeSet};

use sealpoint_acquirer::{Answer, AnswerKey, Message};
use sealpoint_hostsim::book::{Before, Book, Undo};
use sealpoint_hostsim::ledger::{Event, Line};
use sealpoint_hostsim::request::{Layout, Request, Trace};
use sealpoint_sale::AttemptId;
use sealpoint_wire::{Bytes, HostAnswer, HostDecision};

use crate::now_ms;

/// How the acquirer takes one message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Yes,
    No,
    Part,
    /// It decides nothing and wants to be told later.
    Later,
}

/// The acquirer.
#[derive(Default)]
pub struct Host {
    book: Book,
    /// It forgets reversals of what it never saw, and says that there is no original.
    pub forgets: bool,
    /// How often each attempt was asked to be authorised.
    pub asked: BTreeMap<AttemptId, u32>,
    /// How often each was captured.
    pub captures: BTreeMap<AttemptId, u32>,
    /// What stands, minor units.
    pub captured: BTreeMap<AttemptId, i64>,
    /// What stands by an advice.
    pub advised: BTreeSet<AttemptId>,
    /// Advices that it declined.
    pub declined_advices: BTreeSet<AttemptId>,
}

impl Host {
    pub fn answer(&mut self, message: &Message, mood: Mood) -> Answer {
        let request = Request::of(message, &Layout::default())
            .unwrap_or_else(|error| unreachable!("the switch writes messages: {error}"));
        let key = AnswerKey::of(message).expect("it has one, for it was sent");
        match request {
            Request::Authorisation(asked) => {
                *self.asked.entry(asked.trace.attempt).or_default() += 1;
                let answer = self.charge(&asked.trace, false, mood);
                spoken(key, &asked.trace, answer)
            }
            Request::Advice(told) => {
                let answer = self.charge(&told.trace, true, mood);
                spoken(key, &told.trace, answer)
            }
            Request::Reversal(trace) => {
                let answer = self.reverse(&trace, mood);
                spoken(key, &trace, answer)
            }
            Request::Inquiry(trace) => {
                let standing = self.book.standing(&trace).unwrap_or_else(|| no("25"));
                spoken(key, &trace, standing)
            }
            Request::Network => unreachable!("the world has no sign-on"),
        }
    }

    fn charge(&mut self, trace: &Trace, is_advice: bool, mood: Mood) -> HostAnswer {
        match self.book.before(trace) {
            Before::Answered(answer) => return answer,
            Before::Reversed => return no("12"),
            Before::Conflict => return no("94"),
            Before::Full => unreachable!("a world makes no 200,000 attempts"),
            Before::Nothing => {}
        }
        let part = trace.amount_minor / 2;
        let (answer, event) = match mood {
            Mood::Later => return no("91"),
            Mood::No if is_advice => (no("51"), Event::AdviceDeclined),
            Mood::No => (no("05"), Event::Declined),
            Mood::Part if !is_advice && part > 0 => (
                HostAnswer {
                    decision: HostDecision::PartlyApproved,
                    response_code: "10".to_owned(),
                    approval_code: Some(self.book.next_approval_code()),
                    approved_minor: Some(part),
                    ..no("10")
                },
                Event::Approved,
            ),
            Mood::Yes | Mood::Part => (
                HostAnswer {
                    decision: HostDecision::Approved,
                    approval_code: Some(self.book.next_approval_code()),
                    ..no("00")
                },
                if is_advice {
                    Event::Advised
                } else {
                    Event::Approved
                },
            ),
        };
        let attempt = trace.attempt;
        match event {
            Event::AdviceDeclined => {
                self.declined_advices.insert(attempt);
            }
            Event::Approved | Event::Advised => {
                *self.captures.entry(attempt).or_default() += 1;
                let amount = answer.approved_minor.unwrap_or(trace.amount_minor);
                self.captured.insert(attempt, amount);
                if event == Event::Advised {
                    self.advised.insert(attempt);
                }
            }
            _ => {}
        }
        self.book.enter(&line(event, trace, &answer));
        answer
    }

    fn reverse(&mut self, trace: &Trace, mood: Mood) -> HostAnswer {
        if mood == Mood::Later {
            return no("96");
        }
        let event = match self.book.undo(trace) {
            Undo::Known => Event::Reversed,
            Undo::Unknown if self.forgets => return no("25"),
            Undo::Unknown => Event::ReversedUnknown,
            Undo::Done => return no("00"),
            Undo::Conflict | Undo::Full => return no("12"),
        };
        self.captured.remove(&trace.attempt);
        self.advised.remove(&trace.attempt);
        let done = no("00");
        self.book.enter(&line(event, trace, &done));
        done
    }
}

/// A code and nothing else.
fn no(code: &str) -> HostAnswer {
    HostAnswer {
        decision: HostDecision::Declined,
        response_code: code.to_owned(),
        approval_code: None,
        approved_minor: None,
        issuer_authentication: Bytes::default(),
        scripts: Bytes::default(),
    }
}

fn line(event: Event, trace: &Trace, answer: &HostAnswer) -> Line {
    Line {
        at_ms: now_ms(),
        event,
        trace: trace.clone(),
        truncated_pan: None,
        response_code: answer.response_code.clone(),
        approval_code: answer.approval_code.clone(),
        approved_minor: answer.approved_minor,
        issuer_authentication: Bytes::default(),
        scripts: Bytes::default(),
        used: None,
        serial: None,
    }
}

/// As the line would bring it.
fn spoken(key: AnswerKey, trace: &Trace, answer: HostAnswer) -> Answer {
    Answer {
        key,
        response_code: answer.response_code,
        approval_code: answer.approval_code,
        amount_minor: Some(answer.approved_minor.unwrap_or(trace.amount_minor)),
        original_minor: answer.approved_minor.map(|_| trace.amount_minor),
        currency: Some(trace.currency.numeric()),
        issuer_authentication: answer.issuer_authentication,
        scripts: answer.scripts,
    }
}
